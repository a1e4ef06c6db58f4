"""Systems of tables drawn at random: one to four dimensions, groupings, links, pooled and overlapping periods, earlier editions.

A system is a world (how many patients stand at each *point*, a tuple of innermost codes) and tables that are margins of it. Which
cells a reader sees is drawn too. ``truths`` lists the ranges that are left by looking at every world, so it needs small systems;
``solved`` asks an integer programme about the same points, so it may be larger. Neither shares anything with disclosure control.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from plenary_stats.disclosure import Policy, protect
from plenary_stats.tables import TOTAL, ProtectedTable, ResultTable
from tests.unit.plenary_stats.disclosure import enumeration, known
from tests.unit.plenary_stats.disclosure.enumeration import Number

Place = tuple[str, ...]
Ranges = dict[Place, tuple[int, int]]


@dataclass(frozen=True)
class Dimension:
    """A dimension: its innermost codes, and every code that a table may use with the innermost codes it stands for.

    ``pairs``: what the policy is told of groupings. ``total``: whether the word Total stands for all (years have pools instead).
    """

    name: str
    leaves: tuple[str, ...]
    codes: Mapping[str, frozenset[str]]
    pairs: tuple[tuple[str, str], ...] = ()
    total: bool = True

    @property
    def whole(self) -> str:
        """The code that stands for everybody."""
        return TOTAL if self.total else next(code for code, leaves in self.codes.items() if leaves == frozenset(self.leaves))


def plain(name: str, leaves: str) -> Dimension:
    """A dimension without groupings."""
    return Dimension(name, tuple(leaves), {leaf: frozenset(leaf) for leaf in leaves} | {TOTAL: frozenset(leaves)})


def grouped(name: str, groupings: Sequence[Mapping[str, str]]) -> Dimension:
    """A dimension with one or more complete groupings of its innermost codes: counties, and again sizes."""
    leaves = sorted({leaf for grouping in groupings for members in grouping.values() for leaf in members})
    codes = {leaf: frozenset(leaf) for leaf in leaves}
    codes |= {code: frozenset(members) for grouping in groupings for code, members in grouping.items()}
    pairs = [(leaf, code) for grouping in groupings for code, members in grouping.items() for leaf in members]
    pairs += [(code, TOTAL) for grouping in groupings for code in grouping]
    return Dimension(name, tuple(leaves), codes | {TOTAL: frozenset(leaves)}, tuple(pairs))


def years(labels: Mapping[str, str]) -> Dimension:
    """Periods: labels, and the pieces of time (one letter each) that each is made of. There is no Total of all periods."""
    leaves = sorted({piece for pieces in labels.values() for piece in pieces})
    return Dimension("period", tuple(leaves), {label: frozenset(pieces) for label, pieces in labels.items()}, total=False)


@dataclass(frozen=True)
class System:
    """A world and the cells that tables of it show or withhold. ``tables``: edition by edition, this one first."""

    dimensions: tuple[Dimension, ...]
    truth: tuple[int, ...]
    tables: tuple[tuple[tuple[Place, ...], ...], ...]
    hidden: frozenset[Place] = frozenset()
    policy: Policy = field(default_factory=Policy)
    empty: frozenset[Place] = frozenset()
    """Points that everybody knows to be empty."""

    @property
    def points(self) -> list[Place]:
        return list(product(*(each.leaves for each in self.dimensions)))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.dimensions)

    @property
    def cells(self) -> list[Place]:
        """Every published place once, in every edition."""
        return list(dict.fromkeys(place for edition in self.tables for table in edition for place in table))

    def covers(self, place: Place):
        """Whether a point lies in a place."""
        sets = [each.codes[code] for each, code in zip(self.dimensions, place, strict=True)]
        return lambda point: all(leaf in own for leaf, own in zip(point, sets, strict=True))

    def value(self, place: Place) -> int:
        inside = self.covers(place)
        return sum(number for number, point in zip(self.truth, self.points, strict=True) if inside(point))

    @property
    def grand(self) -> Place:
        return tuple(each.whole for each in self.dimensions)

    def floor(self) -> int:
        """What the rule tells of a withheld cell."""
        return 1 if self.policy.zeros == "publish" else 0

    def numbers(self) -> list[Number]:
        return [Number(place, self.covers(place), place not in self.hidden, self.floor()) for place in self.cells]

    def published(self, *, masked: bool = True) -> list[list[ResultTable]]:
        """The tables, edition by edition: as a reader sees them, or whole."""
        return [
            [self._table(f"t{order}", places, masked=masked) for order, places in enumerate(edition)] for edition in self.tables
        ]

    def _table(self, name: str, places: Sequence[Place], *, masked: bool) -> ResultTable:
        rows = [
            dict(zip(self.names, place, strict=True)) | {"value": None if masked and place in self.hidden else self.value(place)}
            for place in places
        ]
        return known.table(rows, self.names, name)


def truths(system: System) -> Ranges:
    """The range of every withheld cell by looking at every world: the truth."""
    points = system.points
    every = enumeration.worlds(len(points), sum(system.truth))
    closed = [order for order, point in enumerate(points) if point in system.empty]
    return enumeration.ranges(points, system.truth, system.numbers(), every[(every[:, closed] == 0).all(axis=1)])


def solved(system: System, most: int = 5000, only: Place | None = None) -> dict[Place, tuple[int, float]]:
    """The range of every withheld cell (or of one) by integer programming over all points; infinity where there is no end."""
    numbers, points = system.numbers(), system.points
    matrix = np.array([[float(each.covers(point)) for point in points] for each in numbers])
    true = matrix @ np.array(system.truth)
    low = np.array([value if each.shown else each.least for each, value in zip(numbers, true, strict=True)])
    high = np.array([value if each.shown else math.inf for each, value in zip(numbers, true, strict=True)])
    box = Bounds(0, np.array([0 if point in system.empty else most for point in points]))
    rules, found = LinearConstraint(matrix, low, high), {}
    for row, each in zip(matrix, numbers, strict=True):
        if each.shown or only not in {None, each.name}:
            continue
        ends = [
            milp(sign * row, integrality=np.ones(len(points)), bounds=box, constraints=rules, options={"mip_rel_gap": 0})
            for sign in (1, -1)
        ]
        least, greatest = round(ends[0].fun), round(-ends[1].fun)
        found[each.name] = (least, math.inf if greatest >= most else greatest)
    return found


def protected(system: System) -> System:
    """The system as ``protect`` publishes it, edition by edition, the oldest first, each linked with those before."""
    made: list[list[ProtectedTable]] = []
    for tables in reversed(system.published(masked=False)):
        made.insert(0, list(protect(tables, system.policy, made).tables))
    marks: dict[Place, set[str]] = defaultdict(set)
    for table in (table for tables in made for table in tables):
        places = zip(*(table[name].tolist() for name in system.names), strict=True)
        for place, status in zip(places, table["status"].tolist(), strict=True):
            marks[place].add(status)
    return replace(system, hidden=frozenset(place for place, found in marks.items() if found == {"c"}))


def unsafe(system: System, ranges: Mapping[Place, tuple[int, float]]) -> set[Place]:
    """The withheld cells that a range gives away: exactly, or more narrowly than the policy allows."""
    policy = system.policy
    return {
        place
        for place, (low, high) in ranges.items()
        if low == high or (low < policy.threshold and high - low < policy.minimum_width)
    }


def mixed(system: System, random) -> System:
    """The system with its tables, and the rows of each, in another order."""
    editions = (random.sample(tables, len(tables)) for tables in system.tables)
    return replace(
        system, tables=tuple(tuple(tuple(random.sample(table, len(table))) for table in tables) for tables in editions)
    )


def tried(examples: int) -> settings:
    """So many systems, the same at every run."""
    return settings(max_examples=examples, deadline=None, derandomize=True)


def told(audit) -> dict[Place, tuple[float, float]]:
    """What an audit says, by place; infinity where there is no end."""
    return {place: (low, math.inf if high is None else high) for place, (low, high) in known.ranges(audit).items()}


# ------------------------------------------------------------------------------------------------ what is drawn


SMALL = Policy(threshold=3, event_threshold=2, minimum_width=2)
NOUGHTS = replace(SMALL, zeros="publish")
TWO = ({"p": "ab", "q": "cd"},)
ACROSS = ({"p": "ab", "q": "cd"}, {"x": "ac", "y": "bd"})
UNEVEN = ({"p": "ab", "q": "c"},)
POOLED = {"2019": "a", "2020": "b", "2021": "c", "2019 to 2021": "abc", "2020 to 2021": "bc"}
CROSSING = {"2019": "ab", "2020": "cd", "2019/20": "bc", "2019 to 2020": "abcd"}
"""Calendar years and a financial year from April: a is January to March 2019, b the rest of it, and so on."""

CENTRES, AREAS, SEXES, AGES = plain("centre", "AB"), plain("area", "NSW"), plain("sex", "FM"), plain("age_band", "yo")
PLAIN = {
    "one dimension": (plain("centre", "ABCD"),),
    "two dimensions": (CENTRES, AREAS),
    "three dimensions": (CENTRES, SEXES, AGES),
    "one grouping": (grouped("area", TWO), SEXES),
    "an uneven grouping": (grouped("area", UNEVEN), CENTRES),
    "two groupings": (grouped("area", ACROSS), SEXES),
}
LINKED = {
    "two margins of three": (CENTRES, SEXES, AREAS),
    "a grouping and a link": (grouped("area", UNEVEN), CENTRES, SEXES),
}


@st.composite
def crossed(draw, dimensions: Sequence[Dimension], patients: tuple[int, int], policies=(SMALL, NOUGHTS)) -> System:
    """One table of all codes of all dimensions, everybody shown."""
    cells = tuple(product(*(each.codes for each in dimensions)))
    return _hidden(draw, _world(draw, dimensions, patients, ((cells,),), policies))


@st.composite
def linked(draw, dimensions: Sequence[Dimension], patients: tuple[int, int], ways: Sequence[Sequence[int]]) -> System:
    """Several tables, each of some of the dimensions; they share the cells that stand at Total elsewhere."""
    tables = tuple(
        tuple(product(*(each.codes if order in way else (TOTAL,) for order, each in enumerate(dimensions)))) for way in ways
    )
    return _hidden(draw, _world(draw, dimensions, patients, (tables,), (SMALL, NOUGHTS)))


REGIONS = grouped("centre", ({"North": "ab", "West": "c"},))
SERVICES = Dimension("service", ("s", "t"), {"s": frozenset("s"), "t": frozenset("t"), TOTAL: frozenset("st")})
THEIRS = {"s": "ab", "t": "bc", TOTAL: "abc"}
"""Which centres have each service, as its tables list: with or without patients."""


@st.composite
def by_service(draw, *, listed: bool) -> System:
    """Services by region; with ``listed`` by centre too, and then everybody knows which centres have nobody of a service."""
    cells = [
        (service, code)
        for service, theirs in THEIRS.items()
        for code, inside in REGIONS.codes.items()
        if len(code) > 1 and not (listed and inside.isdisjoint(theirs))
    ]
    if listed:
        cells += [(service, centre) for service, theirs in THEIRS.items() if service != TOTAL for centre in theirs]
    empty = {(service, centre) for service in "st" for centre in "abc" if listed and centre not in THEIRS[service]}
    made = _world(draw, (SERVICES, REGIONS), (1, 8), ((tuple(cells),),), (SMALL, NOUGHTS))
    truth = tuple(0 if point in empty else number for point, number in zip(made.points, made.truth, strict=True))
    return _hidden(draw, replace(made, truth=truth, empty=frozenset(empty)))


LEVELS = {
    "everything": tuple(REGIONS.codes),
    "centres": ("a", "b", "c", TOTAL),
    "regions": ("North", "West", TOTAL),
    "all": (TOTAL,),
}


@st.composite
def through_levels(draw, dimensions: Sequence[Dimension] = (), most: int = 6, labels: Mapping[str, str] = POOLED) -> System:
    """Editions of pooled or overlapping years, one by centre, another by region or of everybody together; the grand total is always shown."""
    every = (*dimensions, REGIONS, years(labels))
    pool = every[-1].whole
    single = [label for label in labels if label != pool]
    tables = []
    for edition in range(draw(st.integers(2, 3))):
        periods = draw(st.lists(st.sampled_from(single), min_size=1, max_size=2, unique=True))
        own = [periods[0], pool] if edition == 0 else periods
        codes = [*(tuple(each.codes) for each in dimensions), LEVELS[draw(st.sampled_from(sorted(LEVELS)))], own]
        tables.append((tuple(product(*codes)),))
    return _hidden(draw, _world(draw, every, (1, most), tuple(tables), (SMALL, NOUGHTS)))


@st.composite
def through_time(draw, labels: Mapping[str, str], now: Sequence[str], before: Sequence[Sequence[str]], most: int = 7) -> System:
    """Centre by period, in several editions; the pool of everything is shown for all centres."""
    dimensions = (CENTRES, years(labels))
    tables = tuple((tuple(product(CENTRES.codes, own)),) for own in (now, *before))
    return _hidden(draw, _world(draw, dimensions, (1, most), tables, (SMALL, NOUGHTS)))


def _world(draw, dimensions, patients, tables, policies) -> System:
    policy = draw(st.sampled_from(list(policies)))
    pairs = {each.name: each.pairs for each in dimensions if each.pairs}
    points = math.prod(len(each.leaves) for each in dimensions)
    truth = draw(enumeration.patients(points, *patients))
    return System(tuple(dimensions), tuple(truth), tables, policy=replace(policy, hierarchies=pairs))


def _hidden(draw, system: System) -> System:
    """Withhold some cells; everybody stays, and under published noughts a nought stays too."""
    few = draw(st.integers(1, 9))
    hidden = {
        place
        for place in system.cells
        if place != system.grand
        and not (system.policy.zeros == "publish" and system.value(place) == 0)
        and draw(st.integers(0, 9)) < few
    }
    return replace(system, hidden=frozenset(hidden))
