"""``plenary collection``: check a collection folder before anything is made from it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from plenary.registry import queries as registry
from plenary_stats import folder
from plenary_stats.folder import Collection
from plenary_stats.ingest import Finding, Findings


def add(commands: Any) -> None:
    """Add the verbs."""
    verbs = commands.add_parser("collection", help="collection folders: check them").add_subparsers(required=True, metavar="VERB")
    check = verbs.add_parser("check", help="check a folder: every finding with file, row, field, and how to mend it")
    check.add_argument("folder", type=Path, metavar="FOLDER")
    check.add_argument("--json", action="store_true", help="print one JSON document")
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    sys.stderr.write(f"Checking {arguments.folder} …\n")
    collection, findings = folder.read(arguments.folder, areas=registry.known_areas(), elements=registry.elements())
    if arguments.json:
        sys.stdout.write(json.dumps(_document(collection, findings), ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.writelines(_line(finding) + "\n" for finding in findings)
    sys.stderr.write(_summary(collection, findings) + "\n")
    return 1 if findings.blocking else 0


def _line(finding: Finding) -> str:
    place = finding.file + (f":{finding.row}" if finding.row else "") + (f" {finding.field}" if finding.field else "")
    return f"{finding.severity:8}  {place}  {finding.message} {finding.remedy}".rstrip() + f"  [{finding.rule}]"


def _document(collection: Collection, findings: Findings) -> dict[str, Any]:
    return {
        "label": collection.label,
        "findings": [finding.told() for finding in findings],
        "counts": _counts(findings),
        "cases": {service: len(table) for service, table in sorted(collection.cases.items())},
        "inputs": dict(collection.inputs),
    }


def _counts(findings: Findings) -> dict[str, int]:
    return {"blocking": len(findings.blocking), "warning": len(findings.warnings), "notice": len(findings.notices)}


def _summary(collection: Collection, findings: Findings) -> str:
    counts = _counts(findings)
    cases = sum(len(table) for table in collection.cases.values())
    return (
        f"{counts['blocking']} blocking, {counts['warning']} warnings, {counts['notice']} notices. "
        f"{cases} cases of {len(collection.cases)} services may be accepted."
    )
