"""What a reader is shown: how many figures, of how much worth, at which level of detail, of how many patients.

``information`` adds up, over the figures, the policy's weights times how much of each is told: all of it where it is shown; where
it is given within a range, the share of its digits that the range leaves no doubt about. A coarser figure that takes the place of
several finer ones (of three years) tells how things stand in all of them, not how they differ: it counts half of their sum and
half of the greatest, (3 + 1) / 2. A pooled figure that single years add up to tells nothing new and is not counted.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from plenary_stats.disclosure.attacker.audit import Audit
from plenary_stats.disclosure.coarsen import Merge
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.rounded import COUNTED, within
from plenary_stats.disclosure.suppressor.years import NAMES, span_of
from plenary_stats.tables import NOT_APPLICABLE, NOT_COLLECTED, TOTAL, WITHHELD, ProtectedTable, ResultTable

Level = tuple[str, ...]
"""The dimensions by which a figure is broken down, beside service, period and measure."""
Spot = tuple[str, tuple[str, ...]]
"""A row of a table: the table's name and kind, and the code in each of its dimensions."""
Place = tuple[tuple[str, str], ...]
"""A dimension and its code, for every dimension of a table."""
LEVEL_WORDS = {"age_band": "age band"}
NOTHING: Mapping[Spot, float] = MappingProxyType({})
PLAIN = frozenset({"service", "measure", *NAMES})


@dataclass(frozen=True)
class Shown:
    """``figures`` are shown ``of`` so many. ``patients`` stand in shown figures of activity ``of_patients`` in all such figures.

    ``levels``: for each level of detail the figures shown and how many there are. ``services``: the information, service by
    service.
    """

    figures: int = 0
    of: int = 0
    information: float = 0.0
    patients: float = 0.0
    of_patients: float = 0.0
    levels: Mapping[Level, tuple[int, int]] = field(default_factory=dict)
    services: Mapping[str, float] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return what is shown for JSON."""
        return {
            "figures": self.figures,
            "of": self.of,
            "information": round(self.information, 6),
            "patients": self.patients,
            "of_patients": self.of_patients,
            "levels": [{"by": list(level), "figures": shown, "of": of} for level, (shown, of) in sorted(self.levels.items())],
            "services": {name: round(value, 6) for name, value in sorted(self.services.items())},
        }


def level_words(level: Level) -> str:
    """Return the name of the figures of a level: "centre figures", "centre by sex figures"."""
    return f"{' by '.join(LEVEL_WORDS.get(name, name) for name in level) or 'total'} figures"


def told(low: float, high: float) -> float:
    """Return how much of a number is told by its range: 1 where it is known, 0 where it may be anything up to ``high``."""
    if high == low:
        return 1.0
    return 0.0 if math.isinf(high) or high <= 0 else 1.0 - math.log1p(high - low) / math.log1p(high)


def _told_rounded(value: float, base: int) -> float:
    """Return how much of a number its multiple tells."""
    return 0.0 if math.isnan(value) else told(*within(base * round(value / base), base))


@dataclass(frozen=True)
class _Figure:
    table: str
    place: Mapping[str, str]
    value: float
    patients: bool
    shown: bool
    told: float
    worth: float


def weight_of(place: Mapping[str, str], policy: Policy) -> float:
    """Return what the policy's weights make of a figure."""
    return math.prod(policy.weights.get(name, {}).get(code or TOTAL, 1.0) for name, code in place.items())


def worth_of(tables: Sequence[ResultTable], merges: Sequence[Merge], policy: Policy) -> dict[Spot, float]:
    """Return the worth of each figure that some merges make of several finer ones; of all others it is their weight."""
    found: dict[Spot, list[float]] = defaultdict(list)
    standing: set[Spot] = set()
    for table in tables:
        for place in zip(*(table[name].tolist() for name in table.dimensions), strict=True):
            moved = list(place)
            for merge in merges:
                if merge.dimension in table.dimensions and _meant(merge, table, moved):
                    order = table.dimensions.index(merge.dimension)
                    moved[order] = merge.into.get(moved[order], moved[order])
            standing.add((_name(table), place))
            found[_name(table), tuple(moved)].append(weight_of(dict(zip(table.dimensions, place, strict=True)), policy))
    return {spot: (math.fsum(finer) + max(finer)) / 2 for spot, finer in found.items() if spot not in standing}


def _meant(merge: Merge, table: ResultTable, place: Sequence[str]) -> bool:
    return not merge.services or ("service" in table.dimensions and place[table.dimensions.index("service")] in merge.services)


def _name(table: ResultTable) -> str:
    return f"{table.name}/{table.kind}"


def measure(
    tables: Sequence[ResultTable],
    protected: Sequence[ProtectedTable],
    policy: Policy,
    worth: Mapping[Spot, float] = NOTHING,
    ranges: Mapping[Place, tuple[float, float]] | None = None,
) -> Shown:
    """Return what protected tables show of the true ones that they were made from; with ``ranges``, what those tell too."""
    found = []
    for table, made in zip(tables, protected, strict=True):
        withheld = (made["status"] == WITHHELD).tolist()
        found += list(_figures(table, _shares(table, withheld, ranges or {}), worth, policy))
    return _added(found)


def _shares(table: ResultTable, withheld: Sequence[bool], ranges: Mapping[Place, tuple[float, float]]) -> list[float]:
    """Return how much of each row's figure is told: of a withheld number of patients, what its range tells."""
    names = table.dimensions if table.kind == "count" else ()
    places = zip(*(table[name].tolist() for name in names), strict=True) if names else [()] * len(table)
    shares = []
    for place, gone in zip(places, withheld, strict=True):
        spot = tuple((name, code or TOTAL) for name, code in zip(names, place, strict=True))
        low, high = ranges.get(spot, (0.0, math.inf)) if gone else (0.0, 0.0)
        shares.append(min(told(low, high), 0.99) if gone else 1.0)
    return shares


def ranges_of(audit: Audit, dimensions: Sequence[str]) -> dict[Place, tuple[float, float]]:
    """Return the ranges of withheld numbers of patients that an audit gives, by the codes of a table's dimensions.

    Cells that stand elsewhere than at the total of a dimension that the table lacks are not of this table.
    """
    found = {}
    for row in audit.rows():
        codes = {name: code or TOTAL for name, code in row.items() if name not in {"quantity", "low", "high", "verdict"}}
        if row["quantity"] == "patients" and all(code == TOTAL for name, code in codes.items() if name not in dimensions):
            high = math.inf if row["high"] is None else row["high"]
            found[tuple((name, codes.get(name, TOTAL)) for name in dimensions)] = (row["low"], high)
    return found


def at_best(tables: Sequence[ResultTable], policy: Policy, worth: Mapping[Spot, float] = NOTHING) -> Shown:
    """Return what tables could show if only what is too small in itself were withheld: never less than what they do show."""
    found: list[_Figure] = []
    for table in tables:
        found += list(_figures(table, [0.0 if small else 1.0 for small in _small(table, policy)], worth, policy))
    return _added(found)


def _small(table: ResultTable, policy: Policy) -> list[bool]:
    least = 0 if policy.zeros == "protect" else 1
    if table.kind == "magnitude":
        return [False] * len(table)
    if table.kind in {"count", "exposure"}:
        people = table["value" if table.kind == "count" else "numerator"]
        return [least <= value < policy.threshold for value in people.tolist()]
    wholes = table["denominator"].tolist()
    if table.kind == "summary":
        return [least <= whole < policy.threshold for whole in wholes]
    return [
        least <= whole < policy.threshold
        or (whole >= policy.threshold and any(least <= part < policy.event_threshold for part in (met, whole - met)))
        for whole, met in zip(wholes, table["numerator"].tolist(), strict=True)
    ]


def _figures(table: ResultTable, shown: Sequence[float], worth: Mapping[Spot, float], policy: Policy) -> Iterator[_Figure]:
    """Yield the figures of a table that there are: not those that nobody collected or that nobody could have."""
    names = table.dimensions
    columns = [table[name].tolist() for name in names]
    given = table["status"].tolist() if "status" in table.columns else [""] * len(table)
    behind = next((table[name].tolist() for name in COUNTED[table.kind] if name in table.columns), None)
    for row, value in enumerate(table["value"].tolist()):
        if given[row] in {NOT_COLLECTED, NOT_APPLICABLE} or math.isnan(value):
            continue
        place = {name: column[row] or TOTAL for name, column in zip(names, columns, strict=True)}
        spot = (_name(table), tuple(column[row] for column in columns))
        part = shown[row]
        if policy.rounding is not None and part == 1 and behind is not None:
            part = (
                told(*within(policy.rounding * round(behind[row] / policy.rounding), policy.rounding))
                if behind[row] >= 0
                else 0.0
            )
        worthy = worth.get(spot) or weight_of(place, policy)
        yield _Figure(spot[0], place, value, table.kind == "count", shown[row] == 1, part, worthy)


def _added(figures: Sequence[_Figure]) -> Shown:
    """Add the figures up."""
    years = _single_years(figures)
    levels: dict[Level, list[int]] = defaultdict(lambda: [0, 0])
    services: dict[str, float] = defaultdict(float)
    count = patients = of_patients = of = 0.0
    for each in figures:
        if _repeats(each, years):
            continue
        level = tuple(name for name, code in each.place.items() if code != TOTAL and name not in PLAIN)
        levels[level][0] += each.shown
        levels[level][1] += 1
        services[each.place.get("service", TOTAL)] += each.worth * each.told
        count, of = count + (each.shown), of + 1
        if each.patients:
            patients, of_patients = patients + each.value * (each.shown), of_patients + each.value
    return Shown(
        int(count),
        int(of),
        math.fsum(services.values()),
        patients,
        of_patients,
        {level: (shown, number) for level, (shown, number) in levels.items()},
        dict(services),
    )


def _without_period(each: _Figure) -> tuple[str, tuple[tuple[str, str], ...]]:
    return each.table, tuple((name, code) for name, code in each.place.items() if name not in NAMES)


def _single_years(figures: Sequence[_Figure]) -> Mapping[object, set[tuple[int, int]]]:
    """Return, place by place, the single years that a table holds."""
    found: dict[object, set[tuple[int, int]]] = defaultdict(set)
    for each in figures:
        own = _years(each)
        if len(own) == 1:
            found[_without_period(each)] |= own
    return found


def _years(each: _Figure) -> set[tuple[int, int]]:
    """Return the years of a figure's period, each by the year and month in which it begins; none where the label tells none."""
    span = span_of(next((each.place[name] for name in NAMES if name in each.place), ""))
    if span is None:
        return set()
    first, years = dt.date.fromordinal(span[0]), max(1, round((span[1] - span[0]) / 365.25))
    return {(first.year + later, first.month) for later in range(years)}


def _repeats(each: _Figure, years: Mapping[object, set[tuple[int, int]]]) -> bool:
    """Whether a pooled figure's single years stand in the table too."""
    own = _years(each)
    return len(own) > 1 and own <= years.get(_without_period(each), set())
