"""What a case file says twice, or says of something else: calculated values, and small areas that stand for a larger one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from plenary_stats.dictionary import logic
from plenary_stats.dictionary.logic import Moment
from plenary_stats.expressions import known_values
from plenary_stats.ingest import values
from plenary_stats.ingest.work import NO_ROWS, Work, with_all
from plenary_stats.spec import DataSet, Field

NEAR: Final = 1e-4
"""The share by which a calculated value may differ from the same worked out again: REDCap writes some with few decimals."""


def calculations(work: Work) -> None:
    """Work out again what REDCap calculated, and say where the file has another value. What rests on today's date is let be."""
    for name, known in work.dataset.calculated.items():
        calculation = known.calculation
        if name not in work.places or calculation is None or any(isinstance(one, Moment) for one in logic.walk(calculation.root)):
            continue
        as_number = replace(known, type="text", validation="number", minimum=None, maximum=None)
        given = values.read_column(as_number, work.raw.columns[work.places[name]], work.on).column
        answer, sure = calculation.values(with_all(work, calculation.fields), work.on)
        if answer.dtype.kind not in "fib":
            continue
        worked = answer.astype(np.float64)
        with np.errstate(invalid="ignore"):
            differs = sure & (np.abs(given - worked) > np.maximum(NEAR * np.abs(worked), NEAR))
        for row in np.flatnonzero(differs).tolist():
            message = f"{known.label} is another when it is worked out again."
            if not known.identifier:
                message = f"{known.label} is {given[row]:g}; worked out again from the other fields it is {worked[row]:g}."
            remedy = "Have REDCap calculate it anew (data quality rule H), or correct the fields that it rests on."
            work.find("calculation", "warning", name, np.array([row]), message, remedy)


def looks_up_areas(dataset: DataSet) -> bool:
    """Whether a field of the data set is a small area or postcode that stands for the area of residence."""
    return any(_reduces(known) for known in dataset.columns.values())


def tidy_place(text: str) -> str:
    """Return a small area or postcode as the cases have it when they are looked up: capital letters, no spaces."""
    return text.upper().replace(" ", "")


def _reduces(known: Field) -> bool:
    return known.element is not None and known.element.reduces_to == "area"


def areas_looked_up(work: Work, places: Mapping[str, str] | None) -> None:
    """Fill the area of residence from small areas and postcodes, which themselves are not kept."""
    for name, known in work.dataset.columns.items():
        if not _reduces(known) or name not in work.readings:
            continue
        if places is None:
            message = f"{known.label} was checked and dropped. There is no table of places, so it tells no area of residence."
            work.find(
                "area-looked-up", "notice", name, NO_ROWS, message, "Give the area of residence itself, or a table of places."
            )
        else:
            _look_up(work, known, places)


def _look_up(work: Work, known: Field, places: Mapping[str, str]) -> None:
    reading = work.readings[known.name]
    found = np.array([places.get(text, "") for text in reading.values.tolist()], dtype=np.str_)[reading.places]
    given = work.columns.get("area", np.full(len(work.raw), ""))
    lost = known_values(reading.column) & (found == "") & (given == "") & ~work.faulty[known.name]
    if lost.any():
        message = f"{known.label} is not in the table of places: the case counts as of unknown residence."
        work.find("area-looked-up", "warning", known.name, np.flatnonzero(lost), message, "Check it, or give the area itself.")
    other = (found != "") & (given != "") & (np.char.upper(found) != np.char.upper(given))
    if other.any():
        message = f"The area of residence is another than that of {known.label}; the area as given was kept."
        work.find("area-looked-up", "warning", "area", np.flatnonzero(other), message, "Correct the one that is wrong.")
    area = np.where(given == "", found, given)
    distinct, rows = np.unique(area, return_inverse=True)
    work.columns["area"] = area
    work.readings["area"] = values.Reading(distinct, rows)
