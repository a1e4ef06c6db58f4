"""What the measures share: a long table under construction, and the groups into which patients are put."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from plenary_stats.spec import DataSet
from plenary_stats.tables import RESULT_DIMENSIONS, RESULT_NUMBERS, TOTAL, CaseTable, Column, Kind, ResultTable, numbers, text

NOT_KNOWN: Final = "Not known"
"""The group of patients whose residence, sex or age is not known. It stands with the others, so that margins add up."""

_BANDS: Final = ((0, "0-4"), (5, "5-17"), (18, "18-39"), (40, "40-64"), (65, "65+"))
AGE_BANDS: Final = tuple(band for _, band in _BANDS)
"""The age bands that are published: whole years at the index date."""

_SEXES: Final = {"f": "female", "female": "female", "woman": "female", "girl": "female"} | {
    "m": "male",
    "male": "male",
    "man": "male",
    "boy": "male",
}


class Sheet:
    """A long result table under construction. A dimension that a row does not name stands at its margin."""

    def __init__(self, service: str, period: str, *, used: Sequence[str], extra: Sequence[str] = ()) -> None:
        self.service, self.period = service, period
        self.used, self.extra = tuple(used), tuple(extra)
        self.lines: list[Mapping[str, object]] = []

    def add(self, measure: str, **cells: object) -> None:
        """Add a row: any of the dimensions, numbers and extra columns; ``period``, ``method`` and ``note`` too."""
        margins = {name: TOTAL if name in self.used else "" for name in RESULT_DIMENSIONS}
        self.lines.append({**margins, "service": self.service, "period": self.period, "measure": measure, **cells})

    def table(self, name: str, kind: Kind) -> ResultTable:
        texts = {key: text([line.get(key, "") for line in self.lines]) for key in (*RESULT_DIMENSIONS, "method", "note")}
        figures = {key: numbers([line.get(key) for line in self.lines]) for key in (*RESULT_NUMBERS, *self.extra)}
        order = (*RESULT_DIMENSIONS, *RESULT_NUMBERS, *self.extra, "method", "note")
        return ResultTable({key: (texts | figures)[key] for key in order}, name=name, kind=kind)


def of_period(cases: CaseTable, *periods: str) -> CaseTable:
    """Return the cases of the named periods."""
    return chosen(cases, np.isin(cases["period"], periods))


def chosen(cases: CaseTable, rows: Column) -> CaseTable:
    return CaseTable({name: column[rows] for name, column in cases.columns.items()}, service=cases.service)


def all_centres(cases: CaseTable, centres: Sequence[str]) -> list[str]:
    """Return the centres of the service and any other that sent a case, so that the total is their sum."""
    return sorted({*centres, *cases["centre"].tolist()})


def sexes(cases: CaseTable, dataset: DataSet | None = None) -> Column:
    """Return ``female``, ``male``, another label of the data set, or "Not known"."""
    choices = dataset.columns["sex"].choices if dataset else {}
    labels = {code: _SEXES.get(label.casefold(), label) for code, label in choices.items()}
    return _grouped(cases["sex"], lambda code: labels.get(code, _SEXES.get(code.casefold(), code)))


def regions_of(cases: CaseTable, regions: Mapping[str, str | None]) -> Column:
    """Return the region of residence by area; letter case does not matter; "Not known" where the area is in none."""
    known = {area.casefold(): region for area, region in regions.items()}
    return _grouped(cases["area"], lambda area: known.get(area.casefold()) or "")


def _grouped(column: Column, label: object) -> Column:
    distinct = {value: (label(value) if value else "") or NOT_KNOWN for value in set(column.tolist())}  # type: ignore[operator]
    return np.array([distinct[value] for value in column.tolist()], dtype=np.str_)


def age_bands(age: Column) -> Column:
    """Return the published age band of every age in years."""
    edges = [low for low, _ in _BANDS]
    names = np.array([*AGE_BANDS, NOT_KNOWN])
    place = np.searchsorted(edges, np.nan_to_num(age, nan=0.0), side="right") - 1
    return names[np.where(np.isnan(age) | (place < 0), len(_BANDS), place)]


def groups(
    cases: CaseTable, regions: Mapping[str, str | None], dataset: DataSet | None = None
) -> dict[str, tuple[Column, list[str]]]:
    """Return, for each dimension that was collected, the group of every case and all groups in order."""
    found: dict[str, tuple[Column, list[str]]] = {}
    if "area" in cases.columns and regions:
        found["area"] = _with_unknown(regions_of(cases, regions), sorted({region for region in regions.values() if region}))
    if "sex" in cases.columns:
        found["sex"] = _with_unknown(sexes(cases, dataset), ["female", "male"])
    if "age" in cases.columns:
        found["age_band"] = _with_unknown(age_bands(cases["age"]), list(AGE_BANDS))
    return found


def _with_unknown(column: Column, usual: list[str]) -> tuple[Column, list[str]]:
    others = sorted(set(column.tolist()) - set(usual) - {NOT_KNOWN})
    return column, [*usual, *others, *([NOT_KNOWN] if NOT_KNOWN in column else [])]
