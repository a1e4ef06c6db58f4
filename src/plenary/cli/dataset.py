"""``plenary dataset``: data sets as documents: check one, compare two, write one for another system, draw up a mapping."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from plenary.registry import queries as registry
from plenary_stats.dictionary import checks, difference, document, fhir, guide, mapping, odm
from plenary_stats.dictionary.document import Dictionary
from plenary_stats.dictionary.exports import About, Export
from plenary_stats.errors import InputError
from plenary_stats.findings import Finding, Findings

FORMATS: Final = {"odm": "CDISC ODM 1.3.2", "fhir": "FHIR R4 Questionnaire", "guide": "a page to print", "redcap": "REDCap's CSV"}


def add(commands: Any) -> None:
    """Add the verbs."""
    noun = commands.add_parser("dataset", help="data sets (REDCap data dictionaries): check, compare, export, map")
    verbs = noun.add_subparsers(required=True, metavar="VERB")
    check = verbs.add_parser("check", help="every finding on a data dictionary, with row, field, and how to mend it")
    check.add_argument("file", type=Path, metavar="FILE", help="REDCap data dictionary (CSV)")
    check.set_defaults(run=_check)
    diff = verbs.add_parser("diff", help="what changed between two versions, and what that does to files of the earlier one")
    _add_two(diff)
    diff.set_defaults(run=_diff)
    export = verbs.add_parser("export", help="write a data set for another system, or for people")
    export.add_argument("file", type=Path, metavar="FILE", help="REDCap data dictionary (CSV)")
    export.add_argument(
        "--as", dest="format", required=True, choices=FORMATS, help=", ".join(f"{k}: {v}" for k, v in FORMATS.items())
    )
    export.add_argument("--out", required=True, type=Path, metavar="FILE")
    export.add_argument("--service", help="the service's name in the document; without it the folder's name")
    export.add_argument("--title", default="", help="the service's name in words")
    export.add_argument("--version", help="the version; without it the file's name")
    export.add_argument("--agreed-on", type=_day, metavar="DATE", help="when the network agreed it; without it, it is proposed")
    export.add_argument("--dated", type=_day, metavar="DATE", help="the day that the document bears; without it, today")
    export.set_defaults(run=_export)
    draft = verbs.add_parser("map", help="draw up a mapping of files of an earlier version, to be looked through")
    _add_two(draft)
    draft.add_argument("--out", required=True, type=Path, metavar="FILE")
    draft.add_argument("--service", help="without it the folder's name")
    draft.set_defaults(run=_map)
    for verb in (check, diff, export, draft):
        verb.add_argument("--json", action="store_true", help="print one JSON document")


def _add_two(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("old", type=Path, metavar="OLD", help="the earlier version")
    verb.add_argument("new", type=Path, metavar="NEW", help="the later version")


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no date: write it as 2026-03-12") from None


# -- the verbs


def _check(arguments: argparse.Namespace) -> int:
    found, findings = _read(arguments.file)
    counts = {severity: len(findings.of(severity)) for severity in ("blocking", "warning", "notice")}
    if arguments.json:
        told = {
            "fields": len(found.entries),
            "forms": len(found.forms),
            "findings": [one.told() for one in findings],
            "counts": counts,
        }
        _print(told)
    else:
        sys.stdout.writelines(f"{_line(one)}\n" for one in findings)
    _say(f"{len(found.entries)} fields in {len(found.forms)} forms. "
         f"{counts['blocking']} blocking, {counts['warning']} warnings, {counts['notice']} notices.")  # fmt: skip
    return 1 if findings.blocking else 0


def _diff(arguments: argparse.Namespace) -> int:
    changes = difference.compare(_usable(arguments.old), _usable(arguments.new))
    breaking = sum(one.breaks for one in changes)
    if arguments.json:
        _print({"changes": [asdict(one) for one in changes], "breaking": breaking})
    else:
        sys.stdout.writelines(f"{_told(one)}\n" for one in changes)
    told = f"{len(changes)} changes; {breaking} of them may have files of the earlier version refused."
    _say(told if changes else "No change.")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    found = _usable(arguments.file)
    about = About(
        service=arguments.service or arguments.file.resolve().parent.name,
        version=arguments.version or arguments.file.stem,
        dated=arguments.dated or dt.date.today(),  # noqa: DTZ011  the day where the person is
        title=arguments.title,
        agreed_on=arguments.agreed_on,
        elements=registry.elements(),
    )
    made = _made(arguments.format, found, about)
    arguments.out.write_bytes(made.content)
    if arguments.json:
        _print({"file": str(arguments.out), "as": arguments.format, "bytes": len(made.content), "left_out": list(made.left_out)})
    for sentence in made.left_out:
        _say(sentence)
    _say(f"{arguments.out}: {FORMATS[arguments.format]}, {len(made.content):,} bytes.")
    return 0


def _made(kind: str, found: Dictionary, about: About) -> Export:
    if kind == "redcap":
        return Export(document.write(found))
    writers: dict[str, Callable[[Dictionary, About], Export]] = {"odm": odm.write, "fhir": fhir.write, "guide": guide.write}
    return writers[kind](found, about)


def _map(arguments: argparse.Namespace) -> int:
    text = mapping.draft(
        _usable(arguments.old),
        _usable(arguments.new),
        service=arguments.service or arguments.new.resolve().parent.name,
        versions=(arguments.old.stem, arguments.new.stem),
    )
    arguments.out.write_text(text, encoding="utf-8")
    rules = text.count("[[field]]")
    if arguments.json:
        _print({"file": str(arguments.out), "fields": rules})
    _say(f"{arguments.out}: {rules} fields to look through. Name the files that it is for before it is used.")
    return 0


# -- reading and telling


def _read(path: Path) -> tuple[Dictionary, Findings]:
    document.refuse_size(path.stat().st_size, path.name)
    found = document.read(path.read_bytes(), path.name)
    return found, checks.check(found, registry.elements(), path.name)


def _usable(path: Path) -> Dictionary:
    """Return a dictionary that can be used; refuse one with blocking findings, naming the first."""
    found, findings = _read(path)
    for one in findings.blocking:
        raise InputError(f"{path} cannot be used: row {one.row}: {one.message} {one.remedy} Try 'plenary dataset check'.")
    return found


def _line(one: Finding) -> str:
    place = one.file + (f":{one.row}" if one.row else "") + (f" {one.field}" if one.field else "")
    return f"{one.severity:8}  {place}  {one.message} {one.remedy}".rstrip() + f"  [{one.rule}]"


def _told(one: difference.Change) -> str:
    what = f": {one.before or '(nothing)'} → {one.after or '(nothing)'}"
    mark = "!" if one.breaks else " "
    return f"{mark} {difference.KINDS[one.kind]:8} {one.field or '(data set)'}  {one.what}{what}. {one.effect}"


def _print(told: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
