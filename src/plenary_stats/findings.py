"""What a check found: one rule's result on one row and field, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Final, Literal

Severity = Literal["blocking", "warning", "notice"]

RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # the file as a whole
        "unusable": "The file cannot be read at all",
        "unknown-file": "A file that a collection folder does not know",
        "missing-file": "A file that should be there",
        "encoding": "Not UTF-8: read as another encoding",
        "separator": "Columns are not separated by commas",
        "spaces": "Non-breaking spaces were read as spaces",
        "quotes": "Quotation marks stand where none should",
        "other-sheets": "A workbook with more than one sheet",
        "no-rows": "No case in the file",
        "blank-rows": "Empty rows between the cases",
        "extra-cells": "A row with more cells than headings",
        "short-row": "A row with fewer cells than headings",
        "no-heading": "A column with values and no heading",
        "duplicate-heading": "Two columns with one heading",
        "redcap": "An export of REDCap's: what it adds, and the rows of one record put together",
        "fhir": "A FHIR bundle: what it answers, and how far",
        "mapping": "The mapping of earlier files",
        "mapped": "A column was mapped as the network's mapping says",
        "heading": "A heading that is not the field's name was understood",
        "unknown-column": "A column that the data set does not know",
        "missing-column": "A field of the data set has no column",
        # one value
        "error-cell": "A spreadsheet error",
        "formula": "A formula instead of a value",
        "scientific": "An identifier in scientific notation",
        "too-long": "A text longer than is taken",
        "required": "A required value is missing",
        "not-permitted": "Not one of the permitted values",
        "label-for-code": "A label was read as its code",
        "not-a-number": "Not a number",
        "not-whole": "Not a whole number",
        "thousands": "Thousands separators were left out",
        "out-of-range": "Outside the agreed range",
        "not-a-date": "Not a date",
        "impossible-date": "A date that does not exist",
        "ambiguous-date": "Day and month may be exchanged",
        "two-digit-year": "A year of two digits",
        "future-date": "A date in the future",
        "nhs-number": "Not a valid NHS number",
        "element-shape": "Not written as the shared element is",
        "check-digit": "The check digit does not fit",
        "identifier-in-text": "An NHS number in a text that is kept",
        # one row, several values
        "date-order": "Dates in the wrong order",
        "age-disagrees": "Age and date of birth disagree",
        "branching": "A value where none should be",
        "calculation": "A calculated value that is another when worked out again",
        "outside-period": "The case lies outside the collection's period",
        # the case and its place
        "duplicate-case": "One case identifier on two rows",
        "repeated-row": "The same row twice",
        "same-person": "One NHS number on two cases",
        "near-duplicate": "Two rows that are one case in all but the identifier",
        "after-death": "A date after the death",
        # the case beside those that were accepted earlier
        "other-person": "A case identifier that was another person's",
        "known-person": "A patient who is a case already, under another identifier",
        "after-death-reported": "What cannot follow upon a death that was reported",
        "vanished-case": "A case that was accepted and is in the file no more",
        "jump": "A number of cases that is improbable beside the earlier years'",
        "other-centre-reports": "A patient whom another centre reports too",
        "unknown-centre": "Not a centre of the service",
        "other-centre": "A case of another centre",
        "not-designated": "The centre was not designated on that date",
        "unknown-area": "An area of residence that is not known",
        "area-looked-up": "The area of residence was looked up, or could not be",
        "area-date": "An area of residence that did not stand on the date of care",
        # documents and other files
        "repeated": "Two rows for one thing",
        "dictionary": "The data dictionary",
        "no-fields": "A dictionary without fields",
        "field-name": "A field without a name, with one that cannot be used, or named twice",
        "field-type": "A field of a type that REDCap does not have",
        "choices": "Choices that cannot be read",
        "limits": "Limits between which no value fits",
        "logic": "Branching logic or a calculation that cannot be held to",
        "element": "A shared element that is not in the library",
        "form": "Forms and fields in an order that REDCap refuses",
        "matrix": "A matrix that does not hold together",
        "carried": "Carried through as written, and not used",
        "outcome-set": "The outcome set",
        "narrative": "The narrative sections",
        "unknown-service": "A service that services.csv does not name",
    }
)
"""Every rule by its id. Ids are stable: people and programs refer to them."""

LISTED: Final = 500
"""Findings of one rule on one field that are listed one by one; the rest is counted."""


@dataclass(frozen=True, order=True)
class Finding:
    """One finding. ``row`` is the row as a spreadsheet shows it, the headings being row 1; 0 is the file as a whole."""

    file: str
    row: int
    field: str
    rule: str
    severity: Severity
    message: str
    remedy: str = ""
    case: str = ""
    """The identifier of the case, of a warning on a row."""
    key: str = ""
    """By which a warning is known whatever the file: case, field, rule and value. Empty for what cannot be confirmed."""

    def told(self) -> dict[str, object]:
        """Return what a command says of it. The case and the key are for the app, which lets centres confirm warnings."""
        return {name: value for name, value in asdict(self).items() if name not in {"case", "key"}}


class Findings(list[Finding]):
    """Findings in the order of file, row and field."""

    @property
    def blocking(self) -> Findings:
        """Those that keep the whole file from being accepted."""
        return self.of("blocking")

    @property
    def warnings(self) -> Findings:
        return self.of("warning")

    @property
    def notices(self) -> Findings:
        return self.of("notice")

    def of(self, severity: Severity) -> Findings:
        return Findings(finding for finding in self if finding.severity == severity)

    def ordered(self) -> Findings:
        return Findings(sorted(self))
