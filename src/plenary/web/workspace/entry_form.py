"""The form of one case, made from the data set: its questions under their headings, and what was typed as it writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django import forms

from plenary.collection.queries import entry
from plenary.web.design.fields import MONTHS, SplitDate

FEW = 5
"""As many choices are shown at once: choosing among them is one key or one click."""


IN_A_LINE = 16
"""As many letters of choices stand beside one another: yes and no, female and male."""


class DateBoxes(forms.Field):
    """A date in three boxes, handed on as the data set writes it: what is wrong with it is said by the data set's own check."""

    widget = SplitDate

    def __init__(self, order: str, **options: Any) -> None:
        super().__init__(**options)
        self.order = order

    @property
    def _letters(self) -> Iterator[tuple[str, str]]:
        names = {"d": "day", "m": "month", "y": "year"}
        return ((names[letter], letter) for letter in self.order)

    def clean(self, value: Any) -> str:
        parts = {name: text.replace("\0", "") for name, text in value.items()} if isinstance(value, Mapping) else {}
        if not any(parts.values()):
            return ""
        month = parts.get("month", "")
        parts["month"] = str(MONTHS.get(month.casefold(), month))
        separator = "-" if self.order == "ymd" else "/"
        return separator.join(parts.get(name, "").zfill(0 if letter == "y" else 2) for name, letter in self._letters)

    def taken_apart(self, text: str) -> dict[str, str]:
        """Return what stood in the boxes when a text was typed: the other way round than :meth:`clean`."""
        pieces = [*text.split("-" if self.order == "ymd" else "/"), "", ""]
        return {name: piece.lstrip("0") if letter != "y" else piece for (name, letter), piece in zip(self._letters, pieces)}  # noqa: B905 - what follows is blank


class Asked(forms.CharField):
    """A value as text. Whether it may be left out, and what it may be, is the check's to say."""

    offer_none = False
    inline = False
    """Whether radio buttons have one for "not given": a choice that was made by mistake must be taken back."""

    def validate(self, value: Any) -> None:
        """Find nothing wrong."""


class Boxes(forms.MultipleChoiceField):
    """The boxes of a checkbox. None ticked: the question was not answered. One ticked: the others are not."""

    widget = forms.CheckboxSelectMultiple

    def validate(self, value: Any) -> None:
        """Find nothing wrong."""


@dataclass(frozen=True)
class Shown:
    """One question as the page shows it now."""

    question: Any
    bound: Any
    visible: bool
    note: str = ""
    value: str = ""


class CaseForm(forms.Form):
    """One case. The questions come from the data set; only the data set's check says what is wrong.

    ``kept`` is what stands already: of the case that is corrected, or of the draft that is resumed. What the data set hides or
    shows read-only is taken from there or from its default, never from the page.
    """

    def __init__(self, dataset: Any, data: Any, *, kept: Mapping[str, str] | None, on: date, correcting: bool = False) -> None:
        self.dataset, self.on, self.parts = dataset, on, entry.parts(dataset, on)
        self.questions = {one.name: one for part in self.parts for one in part.questions}
        self.fixed = {one.name: _fixed(one, kept) for one in self.questions.values() if _locked(one, kept)}
        super().__init__(data)
        for one in self.questions.values():
            if one.what in {"value", "boxes"} and one.name not in self.fixed:
                self.fields[one.name] = field_of(one, correcting=correcting)
        start = {one.name: one.default for one in self.questions.values()} if kept is None else kept
        self.initial = self._initial(start)

    def _initial(self, values: Mapping[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field in self.fields.items():
            if isinstance(field, DateBoxes):
                found[name] = field.taken_apart(values.get(name, ""))
            elif isinstance(field, Boxes):
                found[name] = [one.name for one in self.questions[name].fields if values.get(one.name) == "1"]
            else:
                found[name] = values.get(name, "") or (None if getattr(field, "offer_none", False) else "")
        return found

    @cached_property
    def typed(self) -> dict[str, str]:
        """What stands in the form, as the data set writes it: a default of a question that is not asked is left out.

        It is read before an error is put at a field: Django takes the value away with that.
        """
        self.is_valid()
        given = (
            self.cleaned_data if self.is_bound else {name: self.fields[name].clean(self.initial[name]) for name in self.fields}
        )
        typed: dict[str, str] = dict(self.fixed)
        for name, value in given.items():
            if isinstance(self.fields[name], Boxes):
                typed |= {one.name: "" if not value else str(int(one.name in value)) for one in self.questions[name].fields}
            else:
                typed[name] = value.strip()
        standing = entry.standing(self.dataset, typed, self.on)
        for name, question in self.questions.items():
            if question.default and name not in standing.asked and typed.get(name) == question.default:
                typed[name] = ""
        return typed | dict(standing.worked_out if self._keeps_worked_out() else {})

    def _keeps_worked_out(self) -> bool:
        """Whether something that is worked out is a field of the case: a text or date, not a calculation."""
        return any(one.what == "worked out" and one.name in self.dataset.by_name for one in self.questions.values())

    def laid_out(self, notes: Mapping[str, str]) -> list[tuple[str, str, list[Shown]]]:
        """Return form, section and questions, each with whether it shows now: asked, or with a value, or with an error."""
        values = self.typed
        standing = entry.standing(self.dataset, values, self.on)
        found, form = [], ""
        for part in self.parts:
            shown = [self._shown(one, values, standing, notes) for one in part.questions if one.name in self.fields or _read(one)]
            found.append((part.form if part.form != form else "", part.section, shown))
            form = part.form
        return [(title, section, shown) for title, section, shown in found if shown]

    def _shown(self, one: Any, values: Mapping[str, str], standing: Any, notes: Mapping[str, str]) -> Shown:
        bound = self[one.name] if one.name in self.fields else None
        visible = one.name in standing.asked or self.has_value(one, values) or bool(bound is not None and bound.errors)
        value = standing.worked_out.get(one.name, "") if one.what == "worked out" else self.fixed.get(one.name, "")
        if one.field.choices and value:
            value = one.field.choices.get(value, value)
        return Shown(one, bound, visible, notes.get(one.name, ""), value)

    @staticmethod
    def has_value(one: Any, values: Mapping[str, str]) -> bool:
        return one.what in {"value", "boxes"} and any(values.get(known.name) for known in one.fields)

    def question_of(self, field: str) -> str:
        """Return the question that a field belongs to: a box belongs to its checkbox."""
        return field if field in self.fields else field.partition("___")[0]

    def findings(self, found: Sequence[Any]) -> None:
        """Put each blocking finding at its field. The summary of errors stands far from the field, so each names it."""
        for one in found:
            if one.severity == "blocking":
                name = self.question_of(one.field)
                label = str(self.fields[name].label) if name in self.fields else ""
                named = one.message if not label or label in one.message else f"{label}: {one.message}"
                self.add_error(name if label else None, f"{named} {one.remedy}".strip())

    def too_long(self) -> dict[str, str]:
        """Return, by question, that its text is longer than the data set lets it be."""
        lengths = {name: len(self.typed.get(name, "")) for name in self.fields}
        limits = {name: one.longest for name, one in self.questions.items() if one.longest and one.what == "value"}
        return {
            name: f"{self.fields[name].label}: {lengths[name]} characters are more than the {limit} that fit. Shorten it."
            for name, limit in limits.items()
            if name in lengths and lengths[name] > limit
        }


def _locked(one: Any, kept: Mapping[str, str] | None) -> bool:
    """Whether the person may not fill a question. One that must be filled and has nothing in it is asked all the same."""
    return (one.hidden or one.read_only) and bool(_fixed(one, kept) or not one.field.required)


def _fixed(one: Any, kept: Mapping[str, str] | None) -> str:
    return str((kept or {}).get(one.name) or one.default)


def _read(one: Any) -> bool:
    """Whether a question is only read."""
    return not one.hidden and (one.what in {"text", "worked out"} or one.read_only)


def field_of(one: Any, *, correcting: bool = False) -> forms.Field:
    """Return the field of a question. In a correction who the patient is need not be said again."""
    known = one.field
    limit = f"At most {one.longest:,} characters." if one.longest else ""
    usual: dict[str, Any] = {"label": one.label, "help_text": " ".join(filter(None, (one.hint, limit)))}
    required = known.required and not (correcting and known.identifier)
    if one.what == "boxes":
        made: forms.Field = Boxes(choices=[(box.name, _after(box.label, one.label)) for box in one.fields], **usual)
    elif known.kind == "choice":
        made = _choice(known, usual, required=required)
    elif known.kind == "date":
        made = DateBoxes(known.date_order, **usual)
    else:
        made = Asked(widget=forms.Textarea if known.type == "notes" else forms.TextInput, strip=True, **usual)
    made.inputmode = {"integer": "numeric", "number": "decimal"}.get(known.kind, "")  # type: ignore[attr-defined]
    made.required = required
    return made


def _choice(known: Any, usual: dict[str, Any], *, required: bool) -> Asked:
    few = len(known.choices) <= FEW
    made = Asked(widget=forms.RadioSelect if few else forms.Select, **usual)
    made.offer_none = few and not required
    blank = [("", "Not given")] if not required or not few else []
    made.inline = few and sum(map(len, known.choices.values())) <= IN_A_LINE
    made.choices = [*known.choices.items(), *blank] if few else [*blank, *known.choices.items()]  # type: ignore[attr-defined]
    return made


def _after(label: str, shared: str) -> str:
    return label.removeprefix(f"{shared}: ")
