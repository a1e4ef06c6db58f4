"""By what a warning is known again in another file: the case, the field, the rule and the value, not the row.

A centre that confirmed a warning with a reason need not do so again when it sends its file anew, unless the value changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from plenary_stats.findings import Finding, Findings
from plenary_stats.ingest.work import Work

DIGITS: Final = 32
"""Hexadecimal digits of an identity."""

MarkMaker = Callable[[str, Sequence[str]], Sequence[str]]


def identified(work: Work, findings: Findings, mark: MarkMaker | None) -> Findings:
    """Return the findings, every warning with its case and its identity."""
    if not any(finding.severity == "warning" for finding in findings):
        return findings
    places = {int(number): place for place, number in enumerate(work.raw.row_numbers.tolist())}
    return Findings(_one(work, finding, places, mark) for finding in findings)


def _one(work: Work, finding: Finding, places: dict[int, int], mark: MarkMaker | None) -> Finding:
    if finding.severity != "warning":
        return finding
    place = places.get(finding.row)
    if place is None:
        return replace(finding, key=key_of("", finding.field, finding.rule, finding.message))
    cases = work.columns.get("case_id")
    case = str(cases[place]) if cases is not None else ""
    told = work.identities.get((finding.rule, finding.row, finding.field))
    value = _value(work, finding.field, place, mark) if told is None else told
    return replace(finding, case=case, key=key_of(case, finding.field, finding.rule, value) if case else "")


def _value(work: Work, name: str, place: int, mark: MarkMaker | None) -> str:
    """Return what stands in the cell; of an identifier its pseudonym alone, since anybody could try out all of them."""
    column = work.places.get(name)
    if column is None:
        return ""
    text = " ".join(work.raw.columns[column][place].split())
    known = work.dataset.columns.get(name)
    if known is None or not known.identifier:
        return text
    return mark("value", [text])[0] if mark is not None else ""


def key_of(case: str, field: str, rule: str, value: str) -> str:
    """Return the identity of a warning."""
    return hashlib.sha256(f"{case}\0{field}\0{rule}\0{value}".encode()).hexdigest()[:DIGITS]
