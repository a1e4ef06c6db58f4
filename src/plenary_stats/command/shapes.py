"""Estimators that take matrices, on files with a row a pair: an area and a stratum, a place and a centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from plenary_stats import equity, location, queues, rates, survival
from plenary_stats.errors import InputError
from plenary_stats.results import Columns, Interval, Numbers, frozen

Text = npt.NDArray[np.str_]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Standardised:
    """One row an area, in the order of the file. ``columns``: area, events, then expected (of a ratio), and the figure."""

    columns: Columns
    method: str
    level: float


@dataclass(frozen=True)
class Reach:
    """One figure a row of the file: the value of its place, the share of it that its centre has, and what the centre serves."""

    value: Numbers
    share: Numbers
    served: Numbers
    method: str


@dataclass(frozen=True)
class Sites:
    """The best sites. ``columns``, one row a place: place, demand, site, cost to it. The rest as :func:`location.p_median`."""

    columns: Columns
    sites: Sequence[str]
    cost: float
    bound: float
    optimal: bool
    nodes: int
    method: str
    why_not: str


@dataclass(frozen=True)
class Served:
    """Whom each site serves: as :func:`location.catchment`, with names for sites. ``assignment``: the site of each place."""

    columns: Columns
    assignment: dict[str, str]
    within: dict[float, float]
    method: str


@dataclass(frozen=True)
class Waiting:
    """One figure a row: the chance of refusal, of a wait where nobody is refused; occupancy; the mean wait, the share served."""

    refused: Numbers
    must_wait: Numbers
    occupancy: Numbers
    mean_wait: Numbers
    served_within: Numbers
    method: str = "Erlang B and C"


@dataclass(frozen=True)
class _Grid:
    """Where in the file each pair stands: ``at`` has a row for each of ``rows`` and a column for each of ``columns``."""

    names: tuple[str, str]
    rows: list[str]
    columns: list[str]
    at: Indices

    @staticmethod
    def of(row: Text, column: Text, names: tuple[str, str]) -> _Grid:
        """Return the grid in the order of the file. Raise ``InputError`` unless every pair stands there exactly once."""
        rows, columns = list(dict.fromkeys(row.tolist())), list(dict.fromkeys(column.tolist()))
        if not rows:
            raise InputError("The file has no rows of data.")
        place = {name: number for number, name in enumerate(rows)}, {name: number for number, name in enumerate(columns)}
        at = np.full((len(rows), len(columns)), -1, dtype=np.intp)
        for number, (one, other) in enumerate(zip(row.tolist(), column.tolist(), strict=True)):
            if at[place[0][one], place[1][other]] >= 0:
                raise InputError(f"{names[0]} '{one}' with {names[1]} '{other}' stands twice, in data row {number + 1} again.")
            at[place[0][one], place[1][other]] = number
        if (at < 0).any():
            first, second = np.argwhere(at < 0)[0]
            raise InputError(
                f"There is no row of {names[0]} '{rows[first]}' with {names[1]} '{columns[second]}': every pair needs one."
            )
        return _Grid(names, rows, columns, at)

    def by_row(self, values: Numbers, name: str) -> Numbers:
        """Return one value for each of the rows. Raise ``InputError`` where it differs along the columns."""
        return self._one(values[self.at], self.rows, self.names[0], name)

    def by_column(self, values: Numbers, name: str) -> Numbers:
        """Return one value for each of the columns. Raise ``InputError`` where it differs along the rows."""
        return self._one(values[self.at].T, self.columns, self.names[1], name)

    @staticmethod
    def _one(table: Numbers, labels: Sequence[str], of: str, name: str) -> Numbers:
        differ = np.flatnonzero((table != table[:, :1]).any(axis=1))
        if len(differ):
            raise InputError(f"Column {name} must be the same in every row of {of} '{labels[differ[0]]}'.")
        return table[:, 0]

    def chosen(self, names: Sequence[str], option: str) -> list[int]:
        """Return the positions of some of the columns. Raise ``InputError`` for one that is not in the file."""
        for name in names:
            if name not in self.columns:
                raise InputError(f"{option}: there is no {self.names[1]} '{name}' in the file.")
        return [self.columns.index(name) for name in names]


def standardised_rate(
    *, area: Text, stratum: Text, events: Numbers, population: Numbers, standard: Numbers, **how: Any
) -> Standardised:
    """Return directly standardised rates; ``standard`` must be the same for a stratum wherever it stands."""
    grid = _Grid.of(area, stratum, ("area", "stratum"))
    found = rates.directly_standardised(events[grid.at], population[grid.at], grid.by_column(standard, "standard"), **how)
    return _standardised(grid, events, found)


def standardised_ratio(
    *,
    area: Text,
    stratum: Text,
    events: Numbers,
    population: Numbers,
    reference_events: Numbers | None = None,
    reference_population: Numbers | None = None,
    **how: Any,
) -> Standardised:
    """Return observed over expected events; the reference is all areas of the file together where none is given."""
    grid = _Grid.of(area, stratum, ("area", "stratum"))
    if (reference_events is None) != (reference_population is None):
        raise InputError("standardised-ratio needs --reference-events and --reference-population, or neither.")
    if reference_events is None or reference_population is None:
        happened, people = events[grid.at].sum(axis=0), population[grid.at].sum(axis=0)
    else:
        happened = grid.by_column(reference_events, "reference-events")
        people = grid.by_column(reference_population, "reference-population")
    expected = rates.expected_events(population[grid.at], happened, people)
    found = rates.indirectly_standardised(events[grid.at].sum(axis=1), expected, **how)
    return _standardised(grid, events, found, expected=expected)


def _standardised(grid: _Grid, events: Numbers, found: Interval, **more: Numbers) -> Standardised:
    columns = {"area": np.array(grid.rows), "events": events[grid.at].sum(axis=1), **more}
    columns |= {name: getattr(found, name) for name in ("estimate", "lower", "upper", "why_not")}
    return Standardised(frozen(columns), found.method, found.level)


def relative(*, year: Text, **given: Any) -> survival.RelativeSurvival:
    """Return relative survival; ``year`` holds dates, or numbers such as 2019.5."""
    try:
        moment: Any = year.astype(np.float64)
    except ValueError:
        moment = year
    return survival.relative(**given, year=moment)


def moran(*, area: Text, neighbours: Text, values: Numbers, **how: Any) -> equity.Autocorrelation:
    """Return Moran's I; ``neighbours`` names those of each area, with semicolons between them."""
    names = area.tolist()
    if len(set(names)) < len(names):
        raise InputError(f"area '{next(name for name in names if names.count(name) > 1)}' stands twice: one row an area.")
    position = {name: number for number, name in enumerate(names)}
    lists = [[name.strip() for name in cell.split(";") if name.strip()] for cell in neighbours.tolist()]
    for name, own in zip(names, lists, strict=True):
        if absent := [other for other in own if other not in position]:
            raise InputError(f"area '{name}' has the neighbour '{absent[0]}', which has no row.")
    return equity.moran(values, [[position[other] for other in own] for own in lists], **how)


def accessibility(*, place: Text, centre: Text, demand: Numbers, supply: Numbers, cost: Numbers, **how: Any) -> Reach:
    """Return what is within reach, one figure a row of the file."""
    grid = _Grid.of(place, centre, ("place", "centre"))
    people, offered = grid.by_row(demand, "demand"), grid.by_column(supply, "supply")
    found = equity.accessibility(people, offered, cost[grid.at], **how)
    value, share, served = np.empty((3, len(place)))
    value[grid.at], share[grid.at], served[grid.at] = found.value[:, None], found.share, found.served
    return Reach(value, share, served, found.method)


def p_median(
    *,
    place: Text,
    site: Text,
    demand: Numbers,
    cost: Numbers,
    p: int,
    fixed: Sequence[str] = (),
    capacity: Any = None,
    **how: Any,
) -> Sites:
    """Return the best sites by name, and which of them serves each place."""
    grid = _Grid.of(place, site, ("place", "site"))
    people, apart = grid.by_row(demand, "demand"), cost[grid.at]
    room = None if capacity is None else grid.by_column(capacity, "capacity")
    found = location.p_median(people, apart, p, fixed=grid.chosen(fixed, "fixed"), capacity=room, **how)
    names = np.array(grid.columns)
    columns: dict[str, npt.NDArray[Any]] = {"place": np.array(grid.rows), "demand": people}
    if not found.why_not:
        columns |= {"site": names[found.assignment], "cost": apart[np.arange(len(apart)), found.assignment]}
    chosen = names[found.sites].tolist()
    return Sites(frozen(columns), chosen, found.cost, found.bound, found.optimal, found.nodes, found.method, found.why_not)


def catchment(
    *, place: Text, site: Text, demand: Numbers, cost: Numbers, sites: Sequence[str] = (), supply: Any = None, **how: Any
) -> Served:
    """Return whom each site serves, sites by name."""
    grid = _Grid.of(place, site, ("place", "site"))
    chosen = grid.chosen(sites or grid.columns, "sites")
    offered = None if supply is None else grid.by_column(supply, "supply")[chosen]
    found = location.catchment(grid.by_row(demand, "demand"), cost[grid.at], chosen, supply=offered, **how)
    names = np.array(grid.columns)
    columns = frozen({**found.columns, "site": names[found.columns["site"]]})
    return Served(columns, dict(zip(grid.rows, names[found.assignment].tolist(), strict=True)), found.within, found.method)


def waiting(*, servers: Numbers, load: Numbers, stay: Numbers | None = None, within: float | None = None) -> Waiting:
    """Return refusals, waits and occupancy of each unit; the mean wait and the share served in time where the stay is given."""
    if within is not None and stay is None:
        raise InputError("waiting needs --stay to tell who is served --within a time.")
    nothing = np.full(len(load), np.nan)
    units: list[tuple[Any, float]] = list(zip(servers.tolist(), load.tolist(), strict=True))
    stays = nothing.tolist() if stay is None else stay.tolist()
    refused = np.array([queues.erlang_b(*unit) for unit in units])
    must_wait = np.array([queues.erlang_c(*unit) for unit in units])
    busy = np.array([queues.occupancy(*unit) for unit in units])
    if stay is None:
        return Waiting(refused, must_wait, busy, nothing, nothing)
    mean = np.array([queues.mean_wait(*unit, own) for unit, own in zip(units, stays, strict=True)])
    if within is None:
        return Waiting(refused, must_wait, busy, mean, nothing)
    served = np.array([queues.served_within(*unit, own, within) for unit, own in zip(units, stays, strict=True)])
    return Waiting(refused, must_wait, busy, mean, served)
