"""What agreement and disagreement are worth: Fellegi and Sunter's probabilities, estimated from the data themselves.

``m`` is how often a level is seen among true pairs, ``u`` how often among others. ``u`` comes from pairs that cannot be true (two
valid NHS numbers that differ), ``m`` from pairs with one NHS number; the EM algorithm then goes on with the pairs that have none.
Starting values, worth a few observations, keep small data from jumping to conclusions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from plenary_episodes.comparison import AGREE, DIFFER, GROUPS, LEVELS, Levels, Pairs, Sides

Numbers = npt.NDArray[np.float64]

SEED: Final = 20_260_401
DRAWN: Final = 1_000_000
"""Pairs that are drawn to see how often different people agree by chance."""

FIELDS: Final = ("birth_date", "sex", "place", "event_date")
"""Fields that always count. Identifiers count in their own stage."""

_START: Final[Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]] = MappingProxyType(
    {
        "birth_date": ((0.97, 0.02, 0.01), (0.0001, 0.005, 0.9949)),
        "sex": ((0.99, 0.01), (0.5, 0.5)),
        "place": ((0.90, 0.04, 0.05, 0.01, 0.94, 0.06), (0.05, 0.02, 0.13, 0.80, 0.18, 0.82)),
        "event_date": ((0.60, 0.20, 0.12, 0.06, 0.02), (0.003, 0.017, 0.14, 0.40, 0.44)),
        "local_id": ((0.98, 0.02), (0.0001, 0.9999)),
    }
)
"""Starting values of m and u by level."""

_WORTH: Final = (20.0, 200.0)
"""How many observations the starting values of m and of u are worth."""


@dataclass(frozen=True)
class Evidence:
    """The probabilities m and u of every level of every field."""

    m: Mapping[str, Numbers]
    u: Mapping[str, Numbers]

    def log_odds(self, levels: Mapping[str, Levels], fields: tuple[str, ...] = FIELDS) -> Numbers:
        """Return the logarithm of how much likelier each pair's levels are in a true pair; what is missing adds nothing."""
        total = np.zeros(len(next(iter(levels.values()))))
        for name in fields:
            weights = np.concatenate([[0.0], np.log(self.m[name] / self.u[name])])
            total += weights[levels[name]]
        return total


def starting() -> Evidence:
    """Return the starting values."""
    m, u = ({name: np.array(both[side]) for name, both in _START.items()} for side in (0, 1))
    return Evidence({name: _within_groups(name, values) for name, values in m.items()}, u)


def counted(name: str, levels: Levels, weights: Numbers | None = None) -> Numbers:
    """Return how often each level from 1 up is seen, each pair by its weight."""
    return np.bincount(levels, weights=weights, minlength=len(LEVELS[name]) + 1)[1:].astype(np.float64)


def shares(name: str, counts: Numbers, start: Numbers, worth: float) -> Numbers:
    """Return the probability of each level, from counts and from the starting values for what they are worth."""
    return _within_groups(name, counts + worth * _within_groups(name, start))


def of_others(sides: Sides) -> Mapping[str, Numbers]:
    """Return u: how often records of different people agree. Known to differ: both have a valid NHS number, and not the same."""
    drawn = sides.drawn(DRAWN, SEED)
    levels = sides.levels(drawn.where(sides.near(drawn)))
    others = levels["nhs_number"] == DIFFER
    start = starting().u
    found = {name: shares(name, counted(name, levels[name][others]), start[name], _WORTH[1]) for name in FIELDS}
    return found | {"local_id": start["local_id"]}


def of_the_same(levels: Mapping[str, Levels], weights: Numbers) -> Mapping[str, Numbers]:
    """Return m: how often two records of one person agree, each pair by the probability that it is one person's."""
    start = starting().m
    return {name: shares(name, counted(name, levels[name], weights), start[name], _WORTH[0]) for name in start}


def joined(first: Mapping[str, Levels], second: Mapping[str, Levels]) -> dict[str, Levels]:
    """Return the levels of two lists of pairs, one after the other."""
    return {name: np.concatenate([first[name], second[name]]) for name in first}


def same_number(levels: Mapping[str, Levels]) -> npt.NDArray[np.bool_]:
    """Return which pairs have one valid NHS number."""
    return np.asarray(levels["nhs_number"] == AGREE)


def share_of_true(log_odds: Numbers, start: float, worth: float = 1_000.0) -> tuple[float, Numbers]:
    """Return, of pairs of which most are true, the share that is, and each pair's probability: EM with m and u as they are."""
    share, sure = start, np.ones(len(log_odds))
    for _ in range(100):
        sure = probability(log_odds + np.log(share / (1 - share)))
        last, share = share, float((sure.sum() + start * worth) / (len(sure) + worth))
        if abs(last - share) < 1e-9:
            break
    return share, sure


def probability(log_odds: Numbers) -> Numbers:
    """Return the probability of odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -700.0, 700.0))))


def _within_groups(name: str, values: Numbers) -> Numbers:
    """Return shares that add up to one within each group of alternatives."""
    found = np.empty(len(values))
    for group in GROUPS.get(name, (tuple(range(1, len(values) + 1)),)):
        places = np.array(group) - 1
        found[places] = values[places] / values[places].sum()
    return found


__all__ = [
    "FIELDS", "Evidence", "Numbers", "Pairs", "joined", "of_others", "of_the_same", "probability", "same_number", "share_of_true",
    "starting",
]  # fmt: skip
