"""Whatever the choice of what to withhold gets wrong, nothing small leaves: the attack and the last look have the last word.

Each part of the choice is put out of action in turn. What then leaves is given to a reader who lists every world; if the numbers
cannot be protected so, the tables are refused. That is slower and dearer, and safe.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from plenary_stats.disclosure.protect import Work
from plenary_stats.disclosure.suppressor import engine, links
from plenary_stats.disclosure.suppressor.cells import Cells
from plenary_stats.disclosure.suppressor.cover import Answer, Cover
from plenary_stats.disclosure.suppressor.engine import Suppressor
from plenary_stats.disclosure.suppressor.needs import Needs
from plenary_stats.errors import InputError
from plenary_stats.tables import TOTAL
from tests.unit.plenary_stats.disclosure import least, systems
from tests.unit.plenary_stats.disclosure.systems import (
    AREAS,
    CENTRES,
    NOUGHTS,
    POOLED,
    SEXES,
    SMALL,
    System,
    protected,
    solved,
    truths,
    years,
)


def linked(*ways: tuple[int, ...], dimensions=(CENTRES, SEXES, AREAS)) -> tuple:
    return tuple(
        tuple(product(*(each.codes if order in way else (TOTAL,) for order, each in enumerate(dimensions)))) for way in ways
    )


def by_year(*periods: str) -> tuple:
    return (tuple(product(CENTRES.codes, periods)),)


SYSTEMS = {
    "a table": System((CENTRES, AREAS), (1, 5, 3, 4, 2, 6), ((tuple(product(CENTRES.codes, AREAS.codes)),),), policy=SMALL),
    "a table whose noughts are shown": System(
        (CENTRES, AREAS), (1, 5, 0, 4, 2, 6), ((tuple(product(CENTRES.codes, AREAS.codes)),),), policy=NOUGHTS
    ),
    "two tables that share a margin": System(
        (CENTRES, SEXES, AREAS), (1, 0, 2, 0, 1, 0, 0, 1, 0, 2, 0, 0), (linked((0, 1), (0, 2)),), policy=SMALL
    ),
    "a group": System(
        (systems.grouped("area", ({"p": "ab", "q": "c"},)), CENTRES), (1, 4, 3, 5, 4, 3),
        ((tuple(product(("a", "b", "c", "p", "q", TOTAL), CENTRES.codes)),),),
        policy=replace(SMALL, hierarchies={"area": (("a", "p"), ("b", "p"), ("c", "q"), ("p", TOTAL), ("q", TOTAL))}),
    ),
    "editions of pooled years": System(
        (CENTRES, years(POOLED)), (4, 1, 3, 3, 5, 2), (by_year("2021", "2019 to 2021"), by_year("2020"), by_year("2019")), policy=SMALL
    ),
}  # fmt: skip


def nothing_more(self: Suppressor) -> None:
    """Choose what is too small in itself, and nothing besides."""
    self.hidden = self.forced & self.free


def forced_alone(self: Cover, taken=None, *, sound: bool = False) -> Answer:
    """Never choose anything, whatever the cuts."""
    assert sound in {True, False}
    return Answer(self.forced if taken is None else self.forced | taken, 0.0)


def no_width(of: Callable[..., Needs]) -> Callable[..., Needs]:
    """Believe that no range need be wide."""
    return lambda *given: replace(of(*given), width=np.zeros_like(of(*given).width))


def everybody_absent(cells: Cells, *_: object) -> None:
    """Take every number that is not known for a nought that everybody knows."""
    for number in range(len(cells.keys)):
        if not cells.known(number):
            cells.value[number] = 0.0
            cells.absent.add(number)


SABOTAGE: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "nothing is chosen": lambda patch: patch.setattr(Suppressor, "run", nothing_more),
    "no cut is heeded": lambda patch: patch.setattr(Cover, "solve", forced_alone),
    "nobody narrows anything": lambda patch: patch.setattr(Suppressor, "narrowed", lambda _: np.zeros(0, dtype=np.int64)),
    "no question is asked": lambda patch: patch.setattr(Suppressor, "_learn_in", lambda _self, _numbers: 0),
    "no range need be wide": lambda patch: patch.setattr(engine.Needs, "of", no_width(Needs.of)),
    "no sum is known": lambda patch: patch.setattr(sys.modules[Work.__module__], "link", lambda _cells, _policy: None),
    "no margin is known": lambda patch: patch.setattr(links, "_link_margin", lambda *_: None),
    "no group is known": lambda patch: patch.setattr(links, "_partitions", lambda *_: {}),
    "no year is known": lambda patch: patch.setattr(links, "link_years", lambda *_: None),
    "every year is believed to be empty": lambda patch: patch.setattr(links, "link_years", everybody_absent),
    "every sum is believed to have room": lambda patch: patch.setattr(
        links, "_useful", lambda cells: [replace(each, open=True) for each in cells.sums]
    ),
    "nothing is too small": lambda patch: patch.setattr(Work, "primary", lambda _: set()),
}

DEAR = {"no cut is heeded"}
"""All rounds of the choice are made in vain, time and again."""


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("sabotage", [pytest.param(each, marks=pytest.mark.slow) if each in DEAR else each for each in SABOTAGE])
def test_a_choice_that_is_wrong_costs_cells_or_is_refused_and_tells_nothing(sabotage, name, monkeypatch):
    SABOTAGE[sabotage](monkeypatch)
    refused = ""
    try:
        made = protected(SYSTEMS[name])
    except (InputError, RuntimeError) as problem:
        refused = str(problem)
    if refused:
        assert ("nothing leaves" if sabotage == "nothing is too small" else "cannot be protected") in refused
    else:
        least.tells_nothing(made, solved if made.grand in made.hidden else truths)


@pytest.mark.parametrize("name", SYSTEMS)
def test_without_sabotage_the_same_systems_are_protected_at_less_loss(name, monkeypatch):
    plain = protected(SYSTEMS[name])
    least.tells_nothing(plain, truths)
    assert plain.hidden
    SABOTAGE["nothing is chosen"](monkeypatch)
    assert len(plain.hidden) <= len(protected(SYSTEMS[name]).hidden)
