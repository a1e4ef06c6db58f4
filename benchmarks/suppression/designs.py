"""The tables that are timed: what an edition publishes of the invented networks, as one linked table with all its margins."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from benchmarks.suppression.networks import AGES, REGIONS, SEXES, Group, patients

from plenary_stats.tables import TOTAL, ResultTable, text

Place = tuple[str, ...]
DIMENSIONS = ("service", "centre", "area", "sex", "age_band")
NAMES = ("edition", "full", "boards", "three-way", "centre by region")


@dataclass(frozen=True)
class Design:
    """A table, and the hierarchies of its codes (centres lie within their services by the rows themselves)."""

    table: ResultTable
    hierarchies: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


def design(name: str, services: int) -> Design:
    """Return one of the tables for so many services."""
    groups = list(patients(services))
    boards = sorted({(each.board, each.region) for each in groups})
    units = sorted({(each.service, each.centre) for each in groups})
    areas = [*REGIONS, *(board for board, _ in boards)] if name == "boards" else list(REGIONS)
    wanted = sorted(set(_rows(name, units, areas)))
    counted = _counted(groups, set(wanted))
    columns = {each: text([row[order] for row in wanted]) for order, each in enumerate(DIMENSIONS)}
    columns["value"] = np.array([counted[row] for row in wanted], dtype=float)
    table = ResultTable(columns, name="activity", dimensions=DIMENSIONS)
    return Design(table, {"area": tuple(boards)} if name == "boards" else {})


def _rows(name: str, units: list[tuple[str, str]], areas: list[str]) -> Iterator[Place]:
    """Yield the places that a table shows."""
    services = [(service, TOTAL) for service in dict.fromkeys(service for service, _ in units)]
    nation = [(TOTAL, TOTAL)]
    everywhere, sexes, ages = [TOTAL, *areas], [TOTAL, *SEXES], [TOTAL, *AGES]
    if name == "full":
        yield from _crossed([*units, *services, *nation], everywhere, sexes, ages)
    if name == "centre by region":
        yield from _crossed([*units, *services, *nation], everywhere, [TOTAL], [TOTAL])
    if name in {"edition", "boards"}:
        for one_way in ((everywhere, [TOTAL], [TOTAL]), ([TOTAL], sexes, [TOTAL]), ([TOTAL], [TOTAL], ages)):
            yield from _crossed([*units, *services, *nation], *one_way)
        yield from _crossed(nation, everywhere, sexes, ages)
    if name in {"edition", "boards", "three-way"}:
        yield from _crossed([*services, *nation], [TOTAL], sexes, ages)


def _crossed(units: list[tuple[str, str]], *others: list[str]) -> Iterator[Place]:
    return ((*unit, *rest) for unit, *rest in itertools.product(units, *others))


def _counted(groups: list[Group], wanted: set[Place]) -> Counter[Place]:
    """Return the patients of every place that is wanted."""
    found: Counter[Place] = Counter()
    for each in groups:
        units = ((each.service, each.centre), (each.service, TOTAL), (TOTAL, TOTAL))
        where, sex, age = (each.region, each.board, TOTAL), (each.sex, TOTAL), (each.age, TOTAL)
        for unit, *rest in itertools.product(units, where, sex, age):
            place = (*unit, *rest)
            if place in wanted:
                found[place] += each.number
    return found
