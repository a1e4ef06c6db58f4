"""Equity of access of many services, areas and years at once: rates, variation, gradient and trend, as one long table.

``measure`` is the numerator's name for the crude rate, and the name with a part after ``@`` for everything drawn from it:

* ``@direct``: directly standardised rate; ``@ratio``: observed over expected, with the exact chances of so few and so many
* ``@none``: where nobody came, the chance of that if only chance were at work
* ``@scv``, ``@quotient``, ``@chi-squared``, ``@moran``, ``@slope``, ``@relative-slope``, ``@silent``: of all areas together
* ``@trend``: the yearly factor by which an area's rate changes, over all years
* ``@<group>=<name>``: the crude rate of a group of people, nationally

Rates are per million residents and year. Where a year has fewer than ``minimum`` persons, the years that end with it are pooled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from plenary_stats import rates
from plenary_stats.access.counts import Block, Residents, counted
from plenary_stats.access.long import Long
from plenary_stats.access.together import at_least, morans, slopes, trend, variations
from plenary_stats.areas import BANDS, SEXES
from plenary_stats.comparison import funnels
from plenary_stats.results import Numbers
from plenary_stats.smallnumbers import pool
from plenary_stats.tables import TOTAL, CaseTable, Column, ResultTable, Table

PER: Final = 1_000_000
TO: Final = " to "
FEW_EXPECTED: Final = 1.0
"""Below so many expected persons no ratio is given: the counts are."""
STEADY: Final = 5.0
"""Below so many expected persons an area, on average, variation is said with a caution."""

CRUDE: Final = "Rate per million residents and year, Byar's 95% interval, exact below ten persons"
DIRECT: Final = "Rate per million, standardised by age to the European standard population of 2013, Dobson's 95% interval"
RATIO: Final = "Observed over expected by sex and age, Byar's 95% interval, exact below ten persons; exact funnel"
NONE: Final = "Chance that nobody comes when so many are expected (Poisson)"
SILENT: Final = "Areas with nobody; expected: how many by chance; p: the chance of as many or more"
SPREAD: Final = {
    "scv": "Systematic component of variation of observed over expected; below 0, less than chance, reads 0",
    "quotient": "Extremal quotient: the highest over the lowest ratio",
    "chi-squared": "Chi-squared of observed against expected",
}
MORAN: Final = "Moran's I of ratios measured in standard deviations of their own (Assunção and Reis)"
SLOPE: Final = "over areas ranked by deprivation, the most deprived first; limits from the scatter of the areas"
TREND: Final = "Yearly factor of the rate, Poisson with a log-linear change; p: score test"

NO_FIGURE: Final = "There is no such figure: an area has nobody, nobody is expected, or too few areas can be compared."
NO_TREND: Final = "There is no such figure: too few persons, or all in the first year or the last."
NO_RATIO: Final = "Fewer than one person is expected: no ratio is given."
FEW: Final = "Fewer than 10 persons: a directly standardised rate would mislead."
PARTLY: Final = "Persons whose sex or age is not known are left out."
CAUTION: Final = "Fewer than five persons are expected in an area on average: unsteady, read the chi-squared test."


@dataclass(frozen=True)
class _Ground:
    """The areas that stand in the table: all together, regions, areas. ``join`` (rows by areas) adds the areas up to them."""

    names: Column
    join: Numbers
    persons: Numbers

    @staticmethod
    def of(people: Residents) -> _Ground:
        regions = sorted({name for name in people.region if name} - set(people.areas))
        join = [np.ones(len(people.areas)), *(np.array([one == name for one in people.region], dtype=float) for name in regions)]
        whole = np.vstack([*join, np.eye(len(people.areas))])
        return _Ground(np.array([TOTAL, *regions, *people.areas]), whole, np.tensordot(whole, people.persons, 1))

    @property
    def sizes(self) -> Numbers:
        return np.asarray(self.persons.sum(axis=(1, 2)), dtype=np.float64)


@dataclass(frozen=True)
class _Windows:
    """Persons in pooled years, by service and last year. ``width`` is in years; ``first`` the place of the first of them."""

    every: Numbers
    known: Numbers
    width: Numbers
    first: Column
    labels: Column
    note: Column

    @staticmethod
    def of(block: Block, minimum: int, most: int) -> _Windows:
        yearly = block.every.sum(axis=2)
        pooled = [pool(row, minimum, most=most).columns for row in yearly]
        first = np.array([one["first"] for one in pooled]).reshape(yearly.shape)
        years, last = np.array(block.years), np.broadcast_to(np.arange(len(block.years)), first.shape)
        labels = np.where(first == last, years[last], np.char.add(np.char.add(years[first], TO), years[last]))
        note = np.array([one["why_not"] for one in pooled]).reshape(yearly.shape)
        width = (last - first + 1).astype(np.float64)
        return _Windows(summed(block.every, first), summed(block.known, first), width, first, labels, note)


def summed(cells: Numbers, first: Column) -> Numbers:
    """Return the sums of the years from ``first`` to each year; services and years are on the first two axes."""
    if (first == np.arange(first.shape[1])).all():
        return cells
    upto = np.concatenate([np.zeros_like(cells[:, :1]), np.cumsum(cells, axis=1)], axis=1)
    return np.asarray(upto[:, 1:] - upto[np.arange(len(cells))[:, None], first])


def equity_of_access(
    cases: CaseTable | Table,
    people: Residents,
    *,
    numerators: Mapping[str, Any] | None = None,
    groups: Mapping[str, Mapping[str, float]] | None = None,
    services: Sequence[str] = (),
    years: Sequence[str] = (),
    minimum: int = 30,
    most: int = 5,
) -> ResultTable:
    """Return every figure of equity of access. ``cases`` as :func:`plenary_stats.access.counted` takes them.

    ``numerators`` maps a name (``referrals``, ``new_patients``, ``caseload``, ``treated``) to the rows that are counted; all rows
    are ``patients`` where it is left out. ``groups`` maps a column of the cases to the residents of each of its values, for the
    rates of groups that were collected: ethnicity, deprivation fifth. ``years`` must be consecutive, oldest first. Raises
    ``ValueError`` where cases, residents and groups do not fit.
    """
    lacking = sorted(set(groups or {}) - set(cases.columns))
    if lacking:
        raise ValueError(f"groups: the cases have no column '{lacking[0]}'.")
    long, ground = Long(), _Ground.of(people)
    for name, where in (numerators or {"patients": None}).items():
        block = counted(cases, people, services=services, years=years, where=where)
        if block.services and block.years:
            one = _Numerator(long, name, people, ground, block, _Windows.of(block, minimum, most))
            one.add_all()
            for column, whole in (groups or {}).items():
                one.by_group(column, whole, _of_groups(cases, people, block, column, whole, where))
    return long.table("access")


def _of_groups(  # noqa: PLR0917 -- one place calls it
    cases: CaseTable | Table, people: Residents, block: Block, column: str, whole: Mapping[str, float], where: Any
) -> Numbers:
    """Return the persons of each group by service, year and group."""
    rows = np.ones(len(cases), dtype=bool) if where is None else np.asarray(where, dtype=bool)
    names = {"services": block.services, "years": block.years}
    parts = [counted(cases, people, **names, where=rows & (cases[column] == group)).every.sum(axis=2) for group in whole]
    return np.stack(parts, axis=-1)


@dataclass(frozen=True)
class _Numerator:
    """The rows of one numerator."""

    long: Long
    name: str
    people: Residents
    ground: _Ground
    block: Block
    seen: _Windows

    def add_all(self) -> None:
        national = self._crude()
        if len(self.people.standard):
            self._direct()
        observed, expected = self._ratios()
        self._together(observed, expected, national)
        self._trend()
        nation, persons = self.seen.known.sum(axis=2), self.people.persons.sum(axis=0)
        self._rates(nation.sum(axis=3), persons.sum(axis=1), sex=self._codes(np.array(SEXES)))
        self._rates(nation.sum(axis=2), persons.sum(axis=0), age_band=self._codes(np.array(BANDS)))

    def by_group(self, column: str, whole: Mapping[str, float], yearly: Numbers) -> None:
        """Add the national crude rates of groups of which only the number of residents is known."""
        measures = np.array([f"{self.name}@{column}={group}" for group in whole])
        persons = np.array(list(whole.values()), dtype=np.float64)
        self._rates(summed(yearly, self.seen.first), persons, measure=self._codes(measures))

    def _codes(self, words: Any) -> Column:
        return self.long.codes(words)

    def _either(self, which: Column, then: str, otherwise: Any = "") -> Column:
        return np.where(which, self._codes(then), self._codes(otherwise))

    def _add(self, shape: tuple[int, ...], where: Any = None, **cells: Any) -> None:
        """Add rows of every service and window."""
        service, period = self._codes(np.array(self.block.services)), self._codes(self.seen.labels)
        keys = {"service": service[:, None, None], "period": period[..., None], "measure": self.name}
        self.long.add(shape, where, **keys | cells)

    def _rates(self, count: Numbers, persons: Numbers, **cells: Any) -> Numbers:
        """Add crude rates, and return them."""
        exposure = persons * self.seen.width[..., None]
        rate = rates.interval(count, exposure, "national")
        figures = {"value": rate.estimate * PER, "lower": rate.lower * PER, "upper": rate.upper * PER}
        self._add(count.shape, **{"area": TOTAL} | figures | cells, numerator=count, denominator=exposure, method=CRUDE)
        return np.asarray(rate.estimate * PER)

    def _crude(self) -> Numbers:
        note = self._codes(self.seen.note)[..., None]
        count, area = self.seen.every @ self.ground.join.T, self._codes(self.ground.names)
        return self._rates(count, self.ground.sizes, area=area, note=note)[..., :1]

    def _direct(self) -> None:
        events = np.matmul(self.ground.join, self.seen.known.sum(axis=3))  # services, windows, areas, age bands
        exposure = self.ground.persons.sum(axis=1) * self.seen.width[..., None, None]
        rate = rates.directly_standardised(events, exposure, self.people.standard)
        count, known = self.seen.every @ self.ground.join.T, events.sum(axis=-1)
        self._add(
            known.shape,
            area=self._codes(self.ground.names),
            measure=f"{self.name}@direct",
            value=rate.estimate * PER,
            lower=rate.lower * PER,
            upper=rate.upper * PER,
            numerator=known,
            denominator=exposure.sum(axis=-1),
            method=DIRECT,
            note=self._either(known < rates.FEW_EVENTS, FEW, self._either(known < count, PARTLY)),
        )

    def _ratios(self) -> tuple[Numbers, Numbers]:
        """Add the ratios of all but the total, and the chance of none; return observed and expected of every area."""
        reference = self.seen.known.sum(axis=2) / np.where(self.ground.persons[0] > 0, self.ground.persons[0], 1)
        due = np.tensordot(reference, self.ground.persons[1:], ([2, 3], [1, 2]))
        here = self.seen.known.sum(axis=(3, 4)) @ self.ground.join[1:].T
        ratio = rates.indirectly_standardised(here, due)
        tails = funnels(here.ravel(), due.ravel(), np.zeros(here.size, dtype=np.int8), kind="ratio").columns
        few = due < FEW_EXPECTED
        cells = {"area": self._codes(self.ground.names[1:]), "expected": due, "numerator": here}
        self._add(
            here.shape,
            **cells,
            measure=f"{self.name}@ratio",
            value=np.where(few, np.nan, ratio.estimate),
            lower=np.where(few, np.nan, ratio.lower),
            upper=np.where(few, np.nan, ratio.upper),
            denominator=due,
            p_low=tails["p_low"].reshape(here.shape),
            p_high=tails["p_high"].reshape(here.shape),
            flag=self._codes(tails["flag"]).reshape(here.shape),
            method=RATIO,
            note=self._either(few, NO_RATIO),
        )
        self._add(here.shape, (here == 0) & (due > 0), **cells, measure=f"{self.name}@none", value=np.exp(-due), method=NONE)
        size = len(self.people.areas)
        return here[..., -size:], due[..., -size:]

    def _together(self, observed: Numbers, expected: Numbers, national: Numbers) -> None:
        unsteady = self._either(expected.mean(axis=-1) < STEADY, CAUTION)[..., None]
        size, number = self.people.persons.sum(axis=(1, 2)), len(self.people.areas)
        for key, figures in self._of_all(observed, expected, national, size):
            cells = {column: part if np.ndim(part) == 0 else part[..., None] for column, part in figures.items()}
            self._add(
                (*observed.shape[:2], 1),
                **{"area": TOTAL, "numerator": observed.sum(axis=-1)[..., None], "denominator": float(number)} | cells,
                measure=f"{self.name}@{key}",
                note=self._either(np.isnan(cells["value"]), NO_FIGURE, unsteady if key in {"scv", "quotient"} else ""),
            )

    def _of_all(
        self, observed: Numbers, expected: Numbers, national: Numbers, size: Numbers
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each figure of all areas together: its name, and its columns."""
        spread = variations(observed, expected)
        for key, method in SPREAD.items():
            value = np.maximum(spread[key], 0.0) if key == "scv" else spread[key]
            yield key, {"value": value, "method": method} | ({"p": spread["p"]} if key == "chi-squared" else {})
        by_chance = np.where(expected > 0, np.exp(-expected), 0.0)
        silent = ((observed == 0) & (expected > 0)).sum(axis=-1)
        numbers = {"value": silent.astype(float), "numerator": silent, "expected": by_chance.sum(axis=-1)}
        yield "silent", numbers | {"p": at_least(by_chance, silent), "method": SILENT}
        alike = morans(observed, expected, self.people.neighbours)
        yield "moran", {"value": alike["statistic"], "p": alike["p"], "method": MORAN}
        rate = observed / np.where(expected > 0, expected, np.nan) * national
        line = slopes(rate, size, self.people.deprived if len(self.people.deprived) else np.full(len(size), np.nan))
        for key, start, what in (("slope", "slope", "Slope index"), ("relative-slope", "relative", "Relative index")):
            limits = {"lower": line[f"{start}_lower"], "upper": line[f"{start}_upper"]}
            yield key, {"value": line[start], **limits, "method": f"{what} {SLOPE}"}

    def _trend(self) -> None:
        years = self.block.years
        if len(years) < 2:
            return
        events = np.swapaxes(self.block.every @ self.ground.join.T, 1, 2)
        found = trend(events, self.ground.sizes[:, None])
        self.long.add(
            events.shape[:2],
            service=self._codes(np.array(self.block.services))[:, None],
            period=f"{years[0]}{TO}{years[-1]}",
            area=self._codes(self.ground.names),
            measure=f"{self.name}@trend",
            value=found["factor"],
            lower=found["lower"],
            upper=found["upper"],
            p=found["p"],
            numerator=events.sum(axis=-1),
            denominator=self.ground.sizes * len(years),
            method=TREND,
            note=self._either(np.isnan(found["factor"]), NO_TREND),
        )
