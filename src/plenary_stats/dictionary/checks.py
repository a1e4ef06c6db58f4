"""What is wrong with a data dictionary, row by row.

*Blocking*: the data set cannot be used. *Warning*: something that is agreed cannot be held to. *Notice*: something is carried
through as written.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Final

from plenary_stats.dictionary import logic
from plenary_stats.dictionary.document import LISTING, TYPES, YES, Dictionary, Entry
from plenary_stats.dictionary.elements import Element
from plenary_stats.dictionary.logic import Call, Comparison, Literal, Node, Reference
from plenary_stats.dictionary.tags import CALCULATED, ELEMENT
from plenary_stats.errors import InputError
from plenary_stats.findings import Finding, Findings, Severity

BY_NAME: Final = ("centre", "case_id", "area", "sex", "age", "birth_date")
"""Fields that every case file may have, whether or not the dictionary lists them."""

VALIDATIONS: Final = re.compile(
    r"date_(dmy|mdy|ymd)|datetime_(seconds_)?(dmy|mdy|ymd)|time(_hh_mm_ss|_mm_ss)?|integer|number(_[1-4]dp)?(_comma_decimal)?"
    r"|email|phone(_australia|_uk)?|postalcode_(australia|canada|french|germany|uk)|zipcode|alpha_only|ssn|v?mrn(_10d|_generic)?"
    r"|autocomplete|signature|number"
)
"""The validations that REDCap ships, of texts and (autocomplete, signature, number) of lists, files and sliders."""

_KEPT: Final = {
    "sql": "its list comes from REDCap's own database: values are kept as text and not checked",
    "file": "files are not collected: it is carried through, and no value of it is read",
    "slider": "values are read as numbers; the words at its ends are carried through",
}
_ALIGNMENTS: Final = ("", "RH", "RV", "LH", "LV")


def check(dictionary: Dictionary, library: Mapping[str, Element] | None = None, file: str = "dictionary.csv") -> Findings:
    """Return the findings on a dictionary, those of reading it included. Without a library, elements are not looked up."""
    work = _Check(dictionary, library, file)
    for one in dictionary.entries:
        work.entry(one)
    work.whole()
    return Findings([*dictionary.notices, *work.findings]).ordered()


class _Check:
    def __init__(self, dictionary: Dictionary, library: Mapping[str, Element] | None, file: str) -> None:
        self.dictionary, self.library, self.file = dictionary, library, file
        self.findings = Findings()

    def find(self, rule: str, severity: Severity, one: Entry, message: str, remedy: str = "") -> None:
        self.findings.append(Finding(self.file, one.row, one.name, rule, severity, message, remedy))

    # -- one field

    def entry(self, one: Entry) -> None:
        if not one.name:
            self.find("field-name", "blocking", one, "The row has no field name.", "Name the field, or delete the row.")
            return
        self.name_and_type(one)
        self.choices(one)
        if one.type == "text" and one.validation and not VALIDATIONS.fullmatch(one.validation):
            message = f"The validation '{one.validation}' of '{one.name}' is not known here: values are kept as text, unchecked."
            self.find("carried", "notice", one, message)
        self.limits(one)
        self.cells(one)
        self.annotation(one)
        for where, text in self.logics(one):
            self.logic(one, where, text)

    def name_and_type(self, one: Entry) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", one.name):
            message = f"The field '{one.name}' must be small letters, digits and '_', a letter first."
            self.find("field-name", "blocking", one, message, "Rename it.")
        elif len(one.name) > 100:
            self.find("field-name", "blocking", one, "The field's name is longer than 100 letters.", "Shorten it.")
        if one.type not in TYPES:
            close = difflib.get_close_matches(one.type, TYPES, n=1)
            remedy = f"{f'Did you mean {close[0]}? ' if close else ''}Known: {', '.join(TYPES)}."
            self.find("field-type", "blocking", one, f"The field '{one.name}' has the unknown type '{one.type}'.", remedy)
        elif one.type in _KEPT:
            self.find("carried", "notice", one, f"The field '{one.name}' is of type '{one.type}': {_KEPT[one.type]}.")

    def choices(self, one: Entry) -> None:
        try:
            listed = one.choices
        except InputError as problem:
            self.find(
                "choices", "blocking", one, f"The choices of '{one.name}' cannot be read. {problem}", "Write 1, Yes | 2, No."
            )
            return
        if one.type == "checkbox" and any(not re.fullmatch(r"-?\w+", choice.code) for choice in listed):
            message = f"The checkbox '{one.name}' has a code with signs, which names no column of an export."
            self.find("choices", "warning", one, message, "Use letters and digits for its codes.")
        if one.type not in (*LISTING, "calc", "slider", "sql") and one.choices_as_written:
            message = f"What stands among the choices of '{one.name}', a field of type '{one.type}', is carried through."
            self.find("carried", "notice", one, message)

    def limits(self, one: Entry) -> None:
        for key, written in (("minimum", one.minimum), ("maximum", one.maximum)):
            if written and limit(one, key) is None and written.lower() not in ("today", "now"):
                self.find("carried", "notice", one, f"The {key} of '{one.name}', '{written}', cannot be read: it is not checked.")
        low, high = limit(one, "minimum"), limit(one, "maximum")
        if isinstance(low, float) == isinstance(high, float) and low is not None and high is not None and low > high:  # type: ignore[operator]
            message = f"The minimum of '{one.name}', {one.minimum}, is above its maximum, {one.maximum}: no value fits."
            self.find("limits", "blocking", one, message, "Exchange the two.")

    def cells(self, one: Entry) -> None:
        plain = {"Identifier?": one.identifier_as_written, "Required Field?": one.required_as_written,
                 "Matrix Ranking?": one.ranking_as_written}  # fmt: skip
        for heading, written in plain.items():
            if written.lower() not in ("", *YES, "n", "no", "0", "false"):
                self.find("carried", "notice", one, f"'{written}' in the column '{heading}' was read as no.")
        if one.alignment.upper() not in _ALIGNMENTS:
            self.find("carried", "notice", one, f"The alignment '{one.alignment}' is none of REDCap's: it is carried through.")

    def annotation(self, one: Entry) -> None:
        for tag in one.tags:
            if not tag.known:
                close = difflib.get_close_matches(tag.name, (ELEMENT, "INDEXDATE", "NOTBEFORE"), n=1, cutoff=0.8)
                hint = f" Did you mean @{close[0]}?" if close else ""
                self.find("carried", "notice", one, f"The action tag @{tag.name} is not known: it is carried through.{hint}")
            elif tag.name == "NOTBEFORE" and tag.value not in (*self.dictionary.by_name, *BY_NAME):
                message = f"@NOTBEFORE of '{one.name}' names '{tag.value}', which is no field."
                self.find("logic", "warning", one, message, "Name a date of the data set.")
            elif tag.name == ELEMENT and one.type != "text":
                message = f"'{one.name}' is of type '{one.type}': only the values of texts are held to a shared element."
                self.find("element", "warning", one, message, "Make it a text, or take the tag away.")
            elif tag.name == ELEMENT and self.library is not None and tag.value not in self.library:
                close = difflib.get_close_matches(tag.value, self.library, n=1)
                remedy = f"{f'Did you mean {close[0]}? ' if close else ''}Known: {', '.join(self.library)}."
                self.find("element", "blocking", one, f"There is no shared element '{tag.value}'.", remedy)

    # -- logic

    def logics(self, one: Entry) -> Iterator[tuple[str, str]]:
        if one.branching:
            yield "branching logic", one.branching
        if one.type == "calc":
            yield "calculation", one.choices_as_written
        for tag in one.tags:
            if tag.name in CALCULATED:
                yield f"@{tag.name}", f"calcdate({tag.within})" if tag.name == "CALCDATE" else tag.within

    def logic(self, one: Entry, where: str, text: str) -> None:
        try:
            node = logic.parse(text)
        except InputError as problem:
            message = f"The {where} of '{one.name}' cannot be read and is not checked. {problem}"
            self.find("logic", "warning", one, message, "Correct it in REDCap's designer and export the dictionary again.")
            return
        for sentence in faults(node, self.dictionary):
            message = f"The {where} of '{one.name}' is not checked: {sentence}"
            self.find("logic", "warning", one, message, "Correct the logic, or the field that it names.")
        if any(reference.beyond for reference in logic.references(node)):
            message = f"The {where} of '{one.name}' reads what its REDCap project alone knows: it is carried through, unchecked."
            self.find("carried", "notice", one, message)
        if where == "branching logic" and any(reference.name == one.name for reference in logic.references(node)):
            self.find("logic", "warning", one, f"'{one.name}' is asked only if it has a value already.", "Ask another field.")

    # -- fields together

    def whole(self) -> None:
        entries = self.dictionary.entries
        if not entries:
            nothing = Finding(self.file, 0, "", "no-fields", "blocking", "The dictionary has no fields.",
                              "Export it from REDCap as 'Data Dictionary (CSV)'.")  # fmt: skip
            self.findings.append(nothing)
            return
        self.twins()
        left: set[str] = set()
        for before, after in pairwise(entries):
            if before.form != after.form:
                left.add(before.form)
                if after.form in left:
                    message = f"The form '{after.form}' goes on here after another form: REDCap refuses that."
                    self.find("form", "warning", after, message, "Move the field to the others of its form.")
        if entries[0].type and entries[0].type != "text":
            message = "The first field of a dictionary is REDCap's record identifier, and must be a text."
            self.find("form", "warning", entries[0], message, "Put the case number first.")
        self.matrices()

    def twins(self) -> None:
        seen: dict[str, Entry] = {}
        for one in self.dictionary.entries:
            if one.name in seen and one.name:
                message = f"The dictionary names the field '{one.name}' twice; it stands in row {seen[one.name].row} already."
                self.find("field-name", "blocking", one, message, "Rename one of them.")
            seen.setdefault(one.name, one)

    def matrices(self) -> None:
        first: dict[str, Entry] = {}
        before = ""
        for one in self.dictionary.entries:
            group = one.matrix
            if group and group in first:
                if group != before:
                    self.find("matrix", "warning", one, f"The matrix '{group}' is interrupted.", "Move its fields together.")
                if (one.type, one.choices_as_written) != (first[group].type, first[group].choices_as_written):
                    message = f"The fields of the matrix '{group}' must have one type and the same choices."
                    self.find("matrix", "warning", one, message, "Give them the same, or take the field out of the matrix.")
            elif group and one.type not in ("radio", "checkbox"):
                message = f"A matrix is of radio buttons or checkboxes; '{one.name}' is of type '{one.type}'."
                self.find("matrix", "warning", one, message, "Take the field out of the matrix.")
            if one.ranked and (not group or one.type != "radio"):
                self.find("matrix", "warning", one, "Only a matrix of radio buttons can be ranked.", "Take the ranking out.")
            before = group
            first.setdefault(group, one)


def limit(one: Entry, key: str) -> float | date | None:
    """Return a field's minimum or maximum as a number or date; None where it is none, or is not written so."""
    written = one.minimum if key == "minimum" else one.maximum
    kind = one.validation.partition("_")[0] if one.type == "text" else "number" if one.type == "slider" else ""
    try:
        if kind in ("date", "datetime"):
            return date.fromisoformat(written[:10])
        number = float(written.replace(",", ".")) if kind in ("integer", "number") and written else None
    except ValueError:
        return None
    return number if number is None or abs(number) < float("inf") else None


def faults(node: Node, dictionary: Dictionary) -> list[str]:
    """Return one sentence for everything in a logic that no case could answer: fields, boxes and codes that are not there."""
    found: list[str] = []
    for one in logic.walk(node):
        if isinstance(one, Reference) and not one.beyond:
            found += _reference_faults(one, dictionary)
        elif isinstance(one, Comparison):
            found += _code_faults(one, dictionary)
        elif isinstance(one, Call) and one.name in ("datediff", "calcdate"):
            unit = one.arguments[2]
            if not isinstance(unit, Literal) or unit.value not in logic.UNITS:
                found.append(f"'{one.name}' takes one of the units {', '.join(logic.UNITS)} as its third argument.")
    return list(dict.fromkeys(found))


def _reference_faults(one: Reference, dictionary: Dictionary) -> Iterator[str]:
    named = dictionary.by_name.get(one.name)
    if named is None:
        if one.name not in BY_NAME:
            close = difflib.get_close_matches(one.name, [*dictionary.by_name, *BY_NAME], n=1)
            yield f"There is no field '{one.name}'{f'; did you mean {close[0]}?' if close else '.'}"
    elif named.type == "descriptive":
        yield f"'{one.name}' is a text on the form and has no value."
    elif one.code and named.type != "checkbox":
        yield f"'{one.name}' is no checkbox: write [{one.name}]."
    elif named.type == "checkbox" and not one.code:
        yield f"'{one.name}' is a checkbox: say which box, as [{one.name}({_codes(named)[0]})]."
    elif one.code and one.code.lower() not in [code.lower() for code in _codes(named)]:
        yield f"'{one.name}' has no box '{one.code}'. It has: {', '.join(_codes(named)[:12])}."


def _code_faults(one: Comparison, dictionary: Dictionary) -> Iterator[str]:
    for side, other in ((one.left, one.right), (one.right, one.left)):
        named = dictionary.by_name.get(side.name) if isinstance(side, Reference) and not side.beyond else None
        if named is None or not isinstance(other, Literal) or other.value == "" or one.sign not in ("=", "<>"):
            continue
        codes = ["0", "1"] if named.type == "checkbox" else _codes(named)
        wanted = other.value if isinstance(other.value, str) else f"{other.value:g}"
        if codes and wanted not in codes:
            yield f"'{wanted}' is no code of '{named.name}'. It has: {', '.join(codes[:12])}."


def _codes(named: Entry) -> list[str]:
    try:
        return [choice.code for choice in named.choices] or ([""] if named.type == "checkbox" else [])
    except InputError:
        return [""] if named.type == "checkbox" else []


__all__ = ["BY_NAME", "check", "faults", "limit"]
