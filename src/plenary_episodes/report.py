"""The answer as one JSON document and as CSV. Nothing is written that holds an identifier: what would is refused."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from datetime import date
from typing import Any

from plenary_episodes.answers import COLUMNS
from plenary_episodes.ascertainment import Ascertainment, Line, Tally
from plenary_episodes.capture import CAUTION, Estimate
from plenary_episodes.comparison import LEVELS
from plenary_episodes.linkage import Linked
from plenary_episodes.pseudonyms import Pseudonyms
from plenary_stats.errors import InputError


def document(found: Ascertainment, pseudonyms: Pseudonyms) -> dict[str, Any]:
    """Return the whole answer as plain values; the same inputs give the same document, with either engine."""
    made = {
        "counts": counts(found),
        "period": {"from": _day(found.period.start), "to": _day(found.period.end)},
        "caution": CAUTION,
        "services": [_tally(one) for one in found.tallies if one.centre == "Total"],
        "centres": [_tally(one) for one in found.tallies if one.centre != "Total"],
        "cases": rows(found, pseudonyms),
        "linkage": _linkage(found.linked) | {"policy": asdict(found.settings)},
        "rules": [
            {
                "service": one.service,
                "version": one.version,
                "rule": rule.id,
                "proposed": one.proposed,
                "explained": rule.explained(),
            }
            for one in found.sets
            for rule in one.rules
        ],
        "files": [
            {"file": one.file, "layout": one.layout, "read": one.read, "kept": one.kept, "refused": dict(one.refused),
             "set_aside": dict(one.set_aside)}
            for one in found.accounts
        ],
        "series": {"read": found.series.read, "kept": len(found.series.cases), "refused": dict(found.series.refused)},
        "findings": [asdict(one) for one in found.findings],
        "inputs": dict(found.inputs),
    }  # fmt: skip
    _check(made, pseudonyms)
    return made


def counts(found: Ascertainment) -> dict[str, int]:
    """Return the account of everything that came in; ``outside`` is what is not of the period that was asked for."""
    read = sum(one.read for one in found.accounts)
    kept = sum(one.kept for one in found.accounts)
    expected = sum(1 for line in found.lines if line.expected is not None)
    return {
        "episodes": read, "episodes_refused": read - kept, "identified": found.identified, "repeated": found.repeated,
        "expected": expected, "matched": found.counted("matched"), "review": found.counted("review"),
        "missing": found.counted("missing"), "cases": found.series.read, "series_only": found.counted("series-only"),
        "cases_refused": sum(found.series.refused.values()),
        "expected_outside": sum(1 for line in found.outside if line.expected is not None),
        "cases_outside": sum(1 for line in found.outside if line.status in ("matched", "series-only")),
    }  # fmt: skip


def rows(found: Ascertainment, pseudonyms: Pseudonyms) -> list[dict[str, Any]]:
    """Return one plain row for each line, in the order of service, centre, status and day."""
    made = [_row(line, pseudonyms) for line in found.lines]
    return sorted(
        made,
        key=lambda row: tuple(str(row[name] or "") for name in ("service", "centre", "status", "event_on", "records", "case")),
    )


def as_json(made: dict[str, Any]) -> str:
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def as_csv(made: dict[str, Any]) -> str:
    """Return the list of cases as CSV that a spreadsheet shows as text and never runs as a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in made["cases"]:
        writer.writerow(_defused(row[name]) for name in COLUMNS)
    return stream.getvalue()


def _row(line: Line, pseudonyms: Pseudonyms) -> dict[str, Any]:
    expected, case, link = line.expected, line.case, line.link
    person = line.person
    return {
        "status": line.status,
        "service": person.service,
        "centre": person.centre,
        "event_on": _day(person.event_on),
        "rules": " ".join(expected.rules) if expected else "",
        "records": "; ".join(expected.records) if expected else "",
        "other_providers": " ".join(expected.providers[1:]) if expected else "",
        "case_centre": case.centre if case else "",
        "case": case.name if case else "",
        "case_event_on": _day(case.event_on) if case else "",
        "linked_by": link.stage if link and line.status != "series-only" else "under review" if link else "",
        "probability": round(link.probability, 6) if link and line.status != "series-only" else None,
        "person": person.nhs if pseudonyms.kept else "",
    }


def _tally(one: Tally) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in ("service", "centre", "expected", "matched", "review", "missing", "series")}
    plain |= {"series_only": one.series_only, "elsewhere": one.elsewhere, "ascertained": _share(one.matched, one.expected)}
    return plain | _estimate(one.estimate) | {"estimate_if_reviewed": _rounded(one.if_reviewed.estimate)}


def _estimate(one: Estimate) -> dict[str, Any]:
    found = {"estimate": _rounded(one.estimate), "lower": one.lower, "upper": one.upper, "method": one.method}
    return found | {"why_not": one.why_not}


def _linkage(one: Linked) -> dict[str, Any]:
    stages = dict.fromkeys(("nhs-number", "local-id", "probability"), 0)
    for link in one.links:
        stages[link.stage] += 1
    weights = [
        {"field": name, "level": said, "m": round(float(m), 6), "u": round(float(u), 6)}
        for name, levels in LEVELS.items()
        if name in one.evidence.m
        for said, m, u in zip(levels, one.evidence.m[name], one.evidence.u[name], strict=True)
    ]
    return {
        "links": stages, "expected_false": round(one.expected_false, 3), "expected_missed": round(one.expected_missed, 3),
        "precision": _rounded(one.precision, 5), "recall": _rounded(one.recall, 5), "weights": weights,
    }  # fmt: skip


def _check(made: Any, pseudonyms: Pseudonyms) -> None:
    """Refuse a document that holds an identifier, wherever it stands: better no answer than a leak."""
    if isinstance(made, dict):
        for name, value in made.items():
            _check(name, pseudonyms)
            _check(value, pseudonyms)
    elif isinstance(made, list):
        for value in made:
            _check(value, pseudonyms)
    elif isinstance(made, str) and pseudonyms.gives_away(made):
        raise InputError("The answer would hold an NHS number, from a case number or a file's row numbers: nothing was written.")


def _day(on: date | None) -> str:
    return on.isoformat() if on else ""


def _defused(value: Any) -> Any:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _rounded(value: float | None, digits: int = 2) -> float | None:
    return None if value is None else round(value, digits)
