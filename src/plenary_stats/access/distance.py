"""How far patients live from the centre that treats them, and from the nearest one.

Where only the board of residence is known, a patient stands for all small areas of the board in proportion to their residents:
the distances are then those that the board's people have, and say nothing of one person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from plenary_stats.location import great_circle_km
from plenary_stats.location.scenario import quantile
from plenary_stats.measures.sheets import Sheet
from plenary_stats.results import Numbers
from plenary_stats.small_areas import SmallAreas
from plenary_stats.tables import TOTAL, CaseTable, Column, ResultTable, Table

QUARTILES: Final = ("lower_quartile", "upper_quartile", "mean")
METHOD: Final = "Median straight-line kilometres; a patient whose small area is not known stands for those of the board"
BANDS_KM: Final = (25, 50, 100, 150, 200)

Centres = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Spread:
    """Kilometres and how many patients they stand for; ``nearest`` is to the nearest centre, ``row`` the place in the cases."""

    treating: Numbers
    nearest: Numbers
    weight: Numbers
    row: Column

    def quantile(self, which: str, share: float, rows: Column | None = None) -> float:
        kept = np.ones(len(self.row), dtype=bool) if rows is None else rows[self.row]
        values = getattr(self, which)[kept]
        return quantile(values, self.weight[kept], share) if len(values) else float("nan")


_NOBODY: Final = Spread(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.intp))


def distances(
    board: Any, centre: Any, small: SmallAreas, boards: Column, centres: Centres, *, offered: Any = None, place: Any = None
) -> Spread:
    """Return the distances of patients. ``board`` and ``centre`` one a patient; ``boards`` the board of each small area on the
    map of the day; ``centres`` their points by code; ``offered`` those that took patients, the nearest being one of them (all
    where left out); ``place`` the small area of a patient where it is known.

    Patients whose board or centre has no point are left out: the length of ``row``'s distinct values says how many are in.
    """
    live, treat = np.asarray(board, dtype=np.str_), np.asarray(centre, dtype=np.str_)
    exact = np.full(live.shape, "") if place is None else np.asarray(place, dtype=np.str_)
    codes = [code for code, point in centres.items() if np.isfinite(point).all()]
    if not codes or not len(live):
        return _NOBODY
    points = np.array([centres[code] for code in codes])
    km = great_circle_km(small.latitude[:, None], small.longitude[:, None], points[:, 0], points[:, 1])
    open_to = [place for place, code in enumerate(codes) if offered is None or code in offered] or list(range(len(codes)))
    nearest = km[:, open_to].min(axis=1)
    parts: list[tuple[Numbers, Numbers, Numbers, Column]] = []
    for row, (home, where, own) in enumerate(zip(live.tolist(), treat.tolist(), exact.tolist(), strict=True)):
        at = _areas(small, boards, home, own)
        if where not in codes or not len(at):
            continue
        people = small.persons[at]
        parts.append((km[at, codes.index(where)], nearest[at], people / people.sum(), np.full(len(at), row)))
    if not parts:
        return _NOBODY
    treating, near, weight, row_of = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Spread(treating, near, weight, row_of)


def _areas(small: SmallAreas, boards: Column, home: str, own: str) -> Column:
    known = np.flatnonzero(small.code == own) if own else np.zeros(0, dtype=np.intp)
    return known if len(known) else np.flatnonzero(boards == home)


def distance_table(
    cases: CaseTable | Table,
    small: SmallAreas,
    boards: Column,
    centres: Centres,
    *,
    service: str,
    period: str,
    areas: Sequence[str] = (),
    offered: Any = None,
) -> ResultTable:
    """Return the distances of one service and period: ``distance-treating``, ``distance-nearest``, ``distance-extra`` (how
    much farther than to the nearest centre), of all and of each area of residence. ``cases`` have ``board`` and ``centre``.

    The value is the median; ``denominator`` the patients. Shares within distances are ``distance-treating@100km`` and so on.
    """
    found = distances(cases["board"], cases["centre"], small, boards, centres, offered=offered)
    sheet = Sheet(service, period, used=("area",), extra=QUARTILES)
    rows_in = np.isin(np.arange(len(cases)), found.row)
    for area in (TOTAL, *areas):
        rows = rows_in if area == TOTAL else rows_in & (cases["board"] == area)
        patients = int(rows.sum())
        kept = rows[found.row] if len(found.row) else np.zeros(0, dtype=bool)
        columns = {"treating": found.treating, "nearest": found.nearest, "extra": found.treating - found.nearest}
        for name, values in columns.items():
            figures = _figures(values[kept], found.weight[kept])
            note = "" if patients else "Nobody lives there, or no point is known."
            sheet.add(f"distance-{name}", area=area, denominator=patients, method=METHOD, note=note, **figures)
        for band in BANDS_KM if patients else ():
            share = float(found.weight[kept & (found.treating <= band)].sum()) / patients
            sheet.add(f"distance-treating@{band}km", area=area, value=share, denominator=patients, method="Share within")
    return sheet.table("distances", "summary")


def _figures(values: Numbers, weight: Numbers) -> dict[str, float]:
    if not len(values):
        return {}
    quantiles = {"value": 0.5, "lower_quartile": 0.25, "upper_quartile": 0.75}
    found = {name: quantile(values, weight, share) for name, share in quantiles.items()}
    return found | {"mean": float((values * weight).sum() / weight.sum())}
