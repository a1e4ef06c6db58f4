"""Applies a mapping to the table of a file: columns renamed, recoded, left out or filled, before any rule is tried."""

from __future__ import annotations

from dataclasses import replace

from plenary_stats.dictionary.mapping import FileMapping, Rule, turned
from plenary_stats.findings import Finding, Findings
from plenary_stats.ingest.cells import Cells
from plenary_stats.ingest.files import RawTable
from plenary_stats.ingest.work import plain


def mapped(raw: RawTable, mapping: FileMapping) -> RawTable:
    """Return the table as the mapping has it. Every liberty is a notice; a column that no rule names stays as it is."""
    rules = {plain(rule.old): rule for rule in mapping.rules if rule.old}
    headings, columns = list[str](), list[Cells]()
    findings = Findings(raw.findings)
    for heading, cells in zip(raw.headings, raw.columns, strict=True):
        rule = rules.get(plain(heading))
        if rule is None:
            headings.append(heading)
            columns.append(cells)
            continue
        findings.append(Finding(raw.file, 0, rule.new or heading, "mapped", "notice", _told(rule, heading)))
        if rule.new:
            headings.append(rule.new)
            columns.append(cells.changed(turned(rule, cells.texts)))
    for rule in mapping.rules:
        if not rule.old and rule.new not in headings:
            headings.append(rule.new)
            columns.append(Cells.of([rule.value] * len(raw)))
            findings.append(Finding(raw.file, 0, rule.new, "mapped", "notice", f"Every row was given '{rule.value}'."))
    return replace(raw, headings=tuple(headings), columns=tuple(columns), findings=findings)


def _told(rule: Rule, heading: str) -> str:
    if not rule.new:
        return f"The column '{heading}' was left out."
    what = [f"read as '{rule.new}'"] if rule.new != heading else []
    what += [f"recoded ({', '.join(f'{code} to {value}' for code, value in rule.recode.items())})"] if rule.recode else []
    what += [f"multiplied by {rule.factor}"] if rule.factor is not None else []
    return f"The column '{heading}' was {', '.join(what) or 'taken as it is'}."
