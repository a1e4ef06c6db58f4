"""One case on a screen: which questions the data set asks in which order, which of them are asked now, what is worked out.

The conditions and calculations are those of a file: a screen that decided by itself would one day decide otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

import numpy as np

from plenary_stats.dictionary import evaluation
from plenary_stats.dictionary.evaluation import Logic
from plenary_stats.dictionary.tags import CALCULATED, Tag, read_tags
from plenary_stats.errors import InputError
from plenary_stats.expressions import known_values
from plenary_stats.ingest.files import one_row
from plenary_stats.ingest.work import Work, with_all
from plenary_stats.spec import DataSet, Field
from plenary_stats.tables import Column

CENTRE: Final = "centre"
"""Never asked: whoever keys a case keys it for the own centre."""

_HIDDEN: Final = frozenset({"HIDDEN", "HIDDEN-FORM"})
_READ_ONLY: Final = frozenset({"READONLY", "READONLY-FORM"})


@dataclass(frozen=True)
class Question:
    """One thing on the screen: a field, the boxes of a checkbox together, a calculation, or a text that is only read.

    ``what``: ``value``, ``boxes``, ``worked out`` or ``text``. The name of boxes is what stands before their codes.
    """

    name: str
    label: str
    what: str
    fields: tuple[Field, ...]
    hint: str = ""
    default: str = ""
    hidden: bool = False
    read_only: bool = False
    longest: int | None = None

    @property
    def field(self) -> Field:
        return self.fields[0]


@dataclass(frozen=True)
class Part:
    """The questions under one heading: of a form, and within it of a section."""

    form: str
    section: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Standing:
    """How a half-filled screen stands: the questions asked now, and what was worked out (nothing where it is not known yet)."""

    asked: frozenset[str]
    worked_out: Mapping[str, str]


def _parts(fields: tuple[Field, ...], on: date | None) -> tuple[Part, ...]:
    found: list[Part] = []
    form = section = ""
    for name, group in groupby(fields, key=_together):
        members = tuple(group)
        known = members[0]
        if known.form != form:
            form, section = known.form, ""
        section = known.section or section
        question = _question(name, members, on)
        if found and (found[-1].form, found[-1].section) == (_title(form), section):
            found[-1] = Part(found[-1].form, section, (*found[-1].questions, question))
        else:
            found.append(Part(_title(form), section, (question,)))
    return tuple(found)


def parts(dataset: DataSet, on: date | None = None) -> tuple[Part, ...]:
    """Return the questions of a data set under their headings, in its order. ``on`` is the day that ``@TODAY`` means."""
    listed = tuple(known for known in dataset.fields if known.name != CENTRE)
    if any(known.name == "case_id" for known in listed):
        return _parts(listed, on)
    return _parts((dataset.by_name["case_id"], *listed), on)


def questions(dataset: DataSet, on: date | None = None) -> Iterable[Question]:
    """Return every question of a data set in its order."""
    return (one for part in parts(dataset, on) for one in part.questions)


def _together(known: Field) -> str:
    return known.name.partition("___")[0] if known.type == "checkbox" else known.name


def _title(form: str) -> str:
    words = form.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _question(name: str, members: tuple[Field, ...], on: date | None) -> Question:
    known = members[0]
    tags = {tag.name: tag for tag in read_tags(known.annotation)}
    worked_out = known.kind == "none" and known.type == "calc"
    what = "boxes" if known.type == "checkbox" else "worked out" if worked_out or _formula(known) else "value"
    limit = tags.get("CHARLIMIT", Tag("")).value
    return Question(
        name=name,
        label=_shared_label(members) if what == "boxes" else known.label or name,
        what="text" if known.type in ("descriptive", "file") else what,
        fields=members,
        hint=_hint(known),
        default=_default(known, tags, on),
        hidden=bool(_HIDDEN & tags.keys()),
        read_only=bool(_READ_ONLY & tags.keys()),
        longest=int(limit) if limit.isdigit() else None,
    )


def _shared_label(members: tuple[Field, ...]) -> str:
    """Return the label of a checkbox from those of its boxes: ``label: choice``."""
    begins = members[0].label
    while begins and not all(one.label.startswith(f"{begins}: ") for one in members):
        begins = begins.rpartition(": ")[0]
    return begins or members[0].name


def _default(known: Field, tags: Mapping[str, Tag], on: date | None) -> str:
    if "DEFAULT" in tags and "[" not in tags["DEFAULT"].value:  # piping from other fields is REDCap's alone
        return tags["DEFAULT"].value
    today = known.kind == "date" and on is not None and {"TODAY", "TODAY-SERVER"} & tags.keys()
    return _written(on, known) if today and on is not None else ""


def _hint(known: Field) -> str:
    """Return what one must know before typing: the note, the permitted range, the shape of a code, that it is not kept."""
    words = [known.note.strip().rstrip("."), _range(known)]
    if known.element is not None:
        words.append(f"{known.element.says}, for example {known.element.example}")
    if known.identifier and "not kept" not in known.note:
        words.append("checked, and not kept with the case")
    return " ".join(f"{one[:1].upper()}{one[1:]}." for one in words if one)


def _range(known: Field) -> str:
    low, high = (_shown(limit) for limit in (known.minimum, known.maximum))
    limits = " ".join(filter(None, (f"from {low}" if low else "", f"to {high}" if high else "")))
    whole = "a whole number" if known.kind == "integer" else ""
    return " ".join(filter(None, (whole, limits)))


def _shown(limit: float | date | None) -> str:
    if limit is None:
        return ""
    return f"{limit.day} {limit:%B %Y}" if isinstance(limit, date) else f"{limit:g}"


def _written(day: date, known: Field) -> str:
    """Return a date in the order in which the data set writes this field's."""
    return f"{day:{ {'mdy': '%m/%d/%Y', 'ymd': '%Y-%m-%d'}.get(known.date_order, '%d/%m/%Y') }}"


def _formula(known: Field) -> Logic | None:
    """Return how a field is worked out: a calculation, or a text or date that a tag calculates."""
    if known.calculation is not None:
        return known.calculation
    tag = next((tag for tag in read_tags(known.annotation) if tag.name in CALCULATED), None)
    if tag is None:
        return None
    try:
        return evaluation.read(f"calcdate({tag.within})" if tag.name == "CALCDATE" else tag.within)
    except InputError:
        return None


# -- a screen that is half filled


def standing(dataset: DataSet, values: Mapping[str, str], on: date | None = None) -> Standing:
    """Return which questions are asked, given what was typed so far, and what can be worked out of it.

    A condition that cannot be answered here asks its question. A value in a question that is asked no longer is the check's
    to find: it is not thrown away.
    """
    work = Work(one_row({name: text for name, text in values.items() if name in dataset.columns} or {"case_id": ""}), dataset, on)
    work.place_columns(filled=())
    work.read_columns()
    listed = list(questions(dataset, on))
    asked = {one.name for one in listed if _asked(one.field, work)}
    worked_out = {one.name: _worked_out(one.field, work) for one in listed if one.what == "worked out"}
    return Standing(frozenset(asked), worked_out)


def _asked(known: Field, work: Work) -> bool:
    if known.condition is None:
        return True
    answer, _ = known.condition.evaluate(with_all(work, known.condition.fields), work.on)
    return bool(answer[0])


def _worked_out(known: Field, work: Work) -> str:
    formula = _formula(known)
    if formula is None:
        return ""
    try:
        answer, sure = formula.values(with_all(work, formula.fields), work.on)
    except InputError:
        return ""
    return _as_text(answer, known) if sure[0] and known_values(answer)[0] else ""


def _as_text(answer: Column, known: Field) -> str:
    if answer.dtype.kind == "M":
        return _written(answer.astype("datetime64[D]")[0].item(), known)
    if answer.dtype.kind in "fib":
        return f"{np.float64(answer[0]):.10g}"
    return str(answer[0])
