"""The two ways in which REDCap exports records, as the table of a case file: one row a case.

Raw or with labels; the columns that REDCap adds are left out by name; the rows of events and repeats of one record become one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from plenary_stats.dictionary.evaluation import box
from plenary_stats.findings import LISTED, Finding, Findings
from plenary_stats.ingest.cells import Cells
from plenary_stats.ingest.files import RawTable
from plenary_stats.ingest.work import heading_names, plain
from plenary_stats.spec import DataSet

_ADDED: Final = frozenset({
    "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_data_access_group",
    "redcap_survey_identifier", "event_name", "repeat_instrument", "repeat_instance", "data_access_group", "survey_identifier",
    "survey_timestamp", "complete",
})  # fmt: skip
"""Headings that REDCap adds to those of the data set, raw and as labels."""

_SIGNS: Final = _ADDED - {"event_name", "complete", "repeat_instance", "survey_timestamp", "survey_identifier"}
_RECORD: Final = ("record_id", "study_id")
_CHOICE: Final = re.compile(r"(.*) \(choice=(.*)\)", re.DOTALL)
_JOINED: Final = "|"


def recognised(raw: RawTable, dataset: DataSet) -> RawTable:
    """Return the table as a case file has it, where it is REDCap's export or one cell holds several boxes; else as it is."""
    raw = _boxes(raw, dataset)
    names = [plain(heading) for heading in raw.headings]
    if not (_SIGNS.intersection(names) or any("(choice=" in one for one in raw.headings) or _completion(names, dataset)):
        return raw
    return _one_row_a_case(_own_columns(raw, dataset), dataset)


def _completion(names: list[str], dataset: DataSet) -> list[str]:
    """Return the columns that say whether a form is complete."""
    forms = {f"{plain(known.form)}_complete" for known in dataset.fields if known.form}
    own = heading_names(dataset)
    return [name for name in names if name in forms and name not in own]


# -- columns


def _own_columns(raw: RawTable, dataset: DataSet) -> RawTable:
    names, own = [plain(heading) for heading in raw.headings], heading_names(dataset)
    states = set(_completion(names, dataset)) | {"complete"}
    boxes = _labelled_boxes(dataset)
    findings = Findings(raw.findings)
    kept: list[tuple[str, Cells]] = []
    left: list[str] = []
    identified = any(own.get(name) == "case_id" for name in names)
    for heading, name, cells in zip(raw.headings, names, raw.columns, strict=True):
        if name in states and name not in own:
            _unfinished(raw, heading, cells, findings)
        if name not in own and (name in _ADDED or name in states or name.endswith("_timestamp")):
            left.append(heading)
        elif name in _RECORD and name not in own and not identified:
            findings.append(Finding(raw.file, 0, "case_id", "redcap", "notice", f"'{heading}' was read as the case identifier."))
            kept.append(("case_id", cells))
            identified = True
        else:
            asked = _CHOICE.fullmatch(heading)
            kept.append((boxes.get((plain(asked[1]), plain(asked[2])), heading) if asked else heading, cells))
    if left:
        message = f"The file is an export of REDCap's. Its own columns were left out: {', '.join(dict.fromkeys(left))}."
        findings.append(Finding(raw.file, 0, "", "redcap", "notice", message))
    return replace(raw, headings=tuple(name for name, _ in kept), columns=tuple(cells for _, cells in kept), findings=findings)


def _labelled_boxes(dataset: DataSet) -> Mapping[tuple[str, str], str]:
    """Return the field of each box by its question's label and its own, as ``Symptoms (choice=Cough)`` has them."""
    found: dict[tuple[str, str], str] = {}
    for known in dataset.fields:
        if known.type == "checkbox":
            asked, _, choice = known.label.partition(": ")
            while choice:  # a question may hold a colon itself: every cut is tried
                found.setdefault((plain(asked), plain(choice)), known.name)
                more, _, choice = choice.partition(": ")
                asked = f"{asked}: {more}"
    return found


def _unfinished(raw: RawTable, heading: str, cells: Cells, findings: Findings) -> None:
    open_ones = [
        place for place, text in enumerate(cells.texts) if text.strip().casefold() in ("0", "1", "incomplete", "unverified")
    ]
    rows = raw.row_numbers[np.isin(cells.places, open_ones)]
    if len(rows):
        message = (
            f"{len(rows)} rows have a form that is not marked complete in REDCap ('{heading}'); they were read all the same."
        )
        findings.append(
            Finding(raw.file, int(rows[0]), "", "redcap", "notice", message, "Complete the forms, or send them later.")
        )


# -- several boxes in one cell


def _boxes(raw: RawTable, dataset: DataSet) -> RawTable:
    """Cut a column of codes with bars between (``1|3``) into REDCap's columns of boxes."""
    known: dict[str, list[str]] = {}
    for one in dataset.fields:
        if one.type == "checkbox":
            known.setdefault(one.name.partition("___")[0], []).append(one.name)
    whole = [plain(heading) in known for heading in raw.headings]
    if not any(whole):
        return raw
    headings, columns, findings = list[str](), list[Cells](), Findings(raw.findings)
    for heading, cells, is_whole in zip(raw.headings, raw.columns, whole, strict=True):
        if not is_whole:
            headings.append(heading)
            columns.append(cells)
            continue
        question = plain(heading)
        given = [[box(question, code.strip()) for code in text.split(_JOINED) if code.strip()] for text in cells.texts]
        for name in known[question]:
            headings.append(name)
            columns.append(cells.changed(["" if not codes else "1" if name in codes else "0" for codes in given]))
        for place, codes in enumerate(given):
            strange = [code for code in codes if code not in known[question]]
            for row in raw.row_numbers[cells.places == place][:LISTED].tolist() if strange else ():
                message = f"'{cells.texts[place][:60]}' names a box that '{question}' does not have."
                findings.append(
                    Finding(raw.file, row, question, "not-permitted", "blocking", message, "Use the codes of its choices.")
                )
    return replace(raw, headings=tuple(headings), columns=tuple(columns), findings=findings)


# -- rows


def _one_row_a_case(raw: RawTable, dataset: DataSet) -> RawTable:
    """Put the rows of one record together. Where two rows answer one question differently, nobody can say which is meant."""
    names = heading_names(dataset)
    place = next((place for place, heading in enumerate(raw.headings) if names.get(plain(heading)) == "case_id"), None)
    if place is None:
        return raw
    rows: dict[str, list[int]] = {}
    for row, text in enumerate(raw.columns[place]):
        rows.setdefault(text.strip() or f"\0{row}", []).append(row)
    if len(rows) == len(raw):
        return raw
    findings = Findings(raw.findings)
    columns = tuple(
        Cells.of([_answer(raw, names.get(plain(heading), ""), cells, of_case, findings) for of_case in rows.values()])
        for heading, cells in zip(raw.headings, raw.columns, strict=True)
    )
    message = f"The {len(raw)} rows of events and repeats are of {len(rows)} cases, and were read as one row for each."
    findings.append(Finding(raw.file, 0, "", "redcap", "notice", message))
    first = np.array([of_case[0] for of_case in rows.values()], dtype=np.int64)
    return replace(raw, columns=columns, row_numbers=raw.row_numbers[first], findings=findings)


def _answer(raw: RawTable, name: str, cells: Cells, rows: list[int], findings: Findings) -> str:
    """Return the one answer of a case's rows; where there are two, the first, and a finding where the data set asks for it."""
    given = list(dict.fromkeys(text for row in rows if (text := str(cells[row]).strip())))
    if "___" in name and set(map(str.casefold, given)) > {"0"}:  # each event exports its boxes, those it does not ask unticked
        given = [text for text in given if text.casefold() not in ("0", "unchecked")]
    if len(given) > 1 and name:
        at = [int(raw.row_numbers[row]) for row in rows if str(cells[row]).strip()]
        message = f"The rows {', '.join(map(str, at[:5]))} of one record answer '{name}' differently."
        remedy = "Export the one event, or the one repeat, that the data set asks for."
        findings.append(Finding(raw.file, at[0], name, "redcap", "blocking", message, remedy))
    return given[0] if given else ""
