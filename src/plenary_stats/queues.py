"""Beds for patients who come at random: the chance of a full unit, the wait, and what pooling saves (Erlang 1917)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from plenary_stats.results import Numbers, numbers


def erlang_b(servers: int, load: float) -> float:
    """Return the chance that all ``servers`` (beds) are taken and the next patient is refused.

    ``load`` is the offered load: arrivals per day times the mean stay in days, refused patients included. The stay may have
    any distribution. The recurrence of chances is stable for any size: each step is between 0 and 1 and shrinks earlier error.
    Raises ``ValueError`` for numbers of servers that are not whole, or a negative load.
    """
    beds, offered = _checked(servers, load)
    chance = 1.0
    for bed in range(1, beds + 1):
        chance = offered * chance / (bed + offered * chance)
    return chance


def erlang_c(servers: int, load: float) -> float:
    """Return the chance that a patient must wait, where nobody is refused.

    The stay is taken as exponential. A load of ``servers`` or more can never be worked off: everybody waits, and it is 1.
    """
    beds, offered = _checked(servers, load)
    if offered >= beds:
        return 1.0
    refused = erlang_b(beds, offered)
    return refused / (1 - offered / beds * (1 - refused))


def mean_wait(servers: int, load: float, stay: float) -> float:
    """Return the mean wait of all who come, in the unit of ``stay``; infinite where the load is never worked off."""
    beds, offered = _checked(servers, load)
    return erlang_c(beds, offered) * _stay(stay) / (beds - offered) if offered < beds else math.inf


def served_within(servers: int, load: float, stay: float, time: float) -> float:
    """Return the share of those who come whose wait is at most ``time``, in the unit of ``stay``."""
    beds, offered = _checked(servers, load)
    if offered >= beds:
        return 0.0
    return 1 - erlang_c(beds, offered) * math.exp(-(beds - offered) * time / _stay(stay))


def occupancy(servers: int, load: float) -> float:
    """Return the share of beds that is taken on average where patients are refused when all are."""
    beds, offered = _checked(servers, load)
    if beds == 0:
        raise ValueError("servers: without beds there is no occupancy.")
    return offered * (1 - erlang_b(beds, offered)) / beds


def beds_for(load: float, refusal: float) -> int:
    """Return the fewest beds that refuse at most the share ``refusal`` of patients. Nobody who comes needs no bed."""
    _, offered = _checked(0, load)
    if not 0 < refusal <= 1:
        raise ValueError(f"refusal: {refusal} is not above 0 and up to 1; write .05 for 5%.")
    if offered == 0:
        return 0
    beds, chance = 0, 1.0
    while chance > refusal:
        beds += 1
        chance = offered * chance / (beds + offered * chance)
    return beds


def load_for(servers: int, refusal: float) -> float:
    """Return the load that ``servers`` beds carry when the share ``refusal`` of patients is refused."""
    beds, _ = _checked(servers, 0)
    if beds == 0 or not 0 < refusal < 1:
        raise ValueError("load_for: at least one bed, and a refusal between 0 and 1.")
    most = beds / (1 - refusal)  # what is carried is the load less the refused, and never more than the beds
    return float(brentq(lambda load: erlang_b(beds, load) - refusal, 0.0, most, xtol=1e-13, rtol=1e-14))


@dataclass(frozen=True)
class Pooling:
    """What it saves when centres share their beds. ``apart`` has the beds of each centre alone."""

    apart: Numbers
    together: int
    saved: int
    occupancy_apart: float
    occupancy_together: float
    refusal: float
    method: str = "Erlang B"


def pooling(loads: Any, refusal: float) -> Pooling:
    """Return the beds that centres need apart and together for one refusal rate: one load a centre.

    Together any bed takes any patient: it leaves out travel, and beds that only suit some.
    """
    given = np.atleast_1d(numbers(loads, "loads"))
    if given.ndim != 1 or not (given > 0).any():
        raise ValueError("loads: one load a centre, and one at least above 0.")
    apart = np.array([beds_for(float(load), refusal) for load in given])
    total = float(given.sum())
    together = beds_for(total, refusal)
    busy = sum(float(load) * (1 - erlang_b(int(beds), float(load))) for load, beds in zip(given, apart, strict=True))
    return Pooling(apart, together, int(apart.sum()) - together, busy / apart.sum(), occupancy(together, total), refusal)


def _checked(servers: int, load: float) -> tuple[int, float]:
    if servers != int(servers) or servers < 0:
        raise ValueError(f"servers: {servers} is not a whole number from 0 up.")
    if not 0 <= load < math.inf:
        raise ValueError(f"load: {load} is not a number from 0 up (arrivals per day times mean stay in days).")
    return int(servers), float(load)


def _stay(stay: float) -> float:
    if not 0 < stay < math.inf:
        raise ValueError(f"stay: {stay} is not above 0.")
    return stay
