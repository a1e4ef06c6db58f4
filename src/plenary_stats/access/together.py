"""What is said of all areas together, of many maps at once: areas (or years) on the last axis, NaN where there is no figure.

The figures are those of :mod:`plenary_stats.equity`, map by map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import chdtrc, ndtr

from plenary_stats.equity import moran, slope_index
from plenary_stats.results import Numbers, normal_quantile
from plenary_stats.tables import Column

FEWEST_AREAS = 4
"""Fewer areas have no index of neighbours."""


def variations(observed: Numbers, expected: Numbers) -> dict[str, Numbers]:
    """Return ``scv``, ``quotient`` (extremal), ``chi-squared`` and its ``p`` as ``equity.variation`` does."""
    some = np.asarray((expected > 0).all(axis=-1))
    due = np.where(some[..., None], expected, 1.0)
    ratio = observed / due
    lowest = ratio.min(axis=-1)
    chi_squared = ((observed - due) ** 2 / due).sum(axis=-1)
    number = observed.shape[-1]
    found = {
        "scv": (((observed - due) ** 2 - due) / due**2).sum(axis=-1) / number,
        "quotient": np.where(lowest > 0, ratio.max(axis=-1) / np.where(lowest > 0, lowest, 1.0), np.nan),
        "chi-squared": chi_squared,
        "p": chdtrc(max(number - 1, 1), chi_squared),
    }
    return {key: np.where(some & (number > 1), value, np.nan) for key, value in found.items()}


def at_least(chance: Numbers, number: Column) -> Numbers:
    """Return the chance that at least ``number`` of independent events happen, whose chances are on the last axis."""
    spread = np.zeros((*chance.shape[:-1], chance.shape[-1] + 1))
    spread[..., 0] = 1.0
    for place in range(chance.shape[-1]):
        p = chance[..., place, None]
        moved = spread[..., :-1] * p
        spread *= 1 - p
        spread[..., 1:] += moved
    upto = np.cumsum(spread[..., ::-1], axis=-1)[..., ::-1]
    answer = np.take_along_axis(upto, np.asarray(number, dtype=np.intp)[..., None], axis=-1)[..., 0]
    return np.asarray(np.minimum(answer, 1.0), dtype=np.float64)


def morans(observed: Numbers, expected: Numbers, neighbours: Sequence[tuple[int, int]]) -> dict[str, Numbers]:
    """Return ``statistic`` and ``p`` of Moran's index of the ratios, by Assunção and Reis: small areas do not decide.

    ``neighbours`` are pairs of positions; an area that touches none, a nation by itself, is left out.
    """
    found = {key: np.full(observed.shape[:-1], np.nan) for key in ("statistic", "p")}
    weights = np.zeros((observed.shape[-1], observed.shape[-1]))
    for one, other in neighbours:
        weights[one, other] = weights[other, one] = 1
    inner = np.flatnonzero(weights.any(axis=1))
    if len(inner) < FEWEST_AREAS:
        return found
    weights = weights[np.ix_(inner, inner)]
    here, due = observed[..., inner], expected[..., inner]
    for place in np.argwhere((due > 0).all(axis=-1) & (here.sum(axis=-1) > 0)).tolist():
        one_map = moran(here[tuple(place)], weights, population=due[tuple(place)])
        found["statistic"][tuple(place)], found["p"][tuple(place)] = one_map.statistic, one_map.p_value
    return found


SLOPES = ("slope", "slope_lower", "slope_upper", "relative", "relative_lower", "relative_upper")


def slopes(rate: Numbers, persons: Numbers, deprived: Numbers) -> dict[str, Numbers]:
    """Return the slope and relative index over areas ranked by ``deprived`` (one number an area), the highest first.

    Limits come from the scatter of the areas about the line. Areas whose ``deprived`` is NaN are left out; fewer than three
    ranks have no slope, and a rate that is NaN or nought everywhere has none either.
    """
    found = np.full((len(SLOPES), *rate.shape[:-1]), np.nan)
    kept = np.flatnonzero(np.isfinite(deprived))
    here = rate[..., kept]
    if len(np.unique(deprived[kept])) >= 3:
        for place in np.argwhere(np.isfinite(here).all(axis=-1) & (here > 0).any(axis=-1)).tolist():
            one = slope_index(here[tuple(place)], persons[kept], -deprived[kept])
            at: Any = (slice(None), *place)
            found[at] = (one.slope, one.lower, one.upper, one.relative, one.relative_lower, one.relative_upper)
    found = np.where(np.isfinite(found), found, np.nan)
    return dict(zip(SLOPES, found, strict=True))


def trend(events: Any, exposure: Any, level: float = 0.95, *, rounds: int = 100) -> dict[str, Numbers]:
    """Return the yearly ``factor`` of a rate with ``lower`` and ``upper``, and the score test's ``p``: years on the last axis.

    Poisson with a log-linear change. NaN where there are fewer than two persons or years, or where all came in the first year or
    all in the last: the factor then has no end.
    """
    seen = np.asarray(events, dtype=np.float64)
    size = np.broadcast_to(np.asarray(exposure, dtype=np.float64), seen.shape)
    number, time = seen.sum(axis=-1), np.arange(seen.shape[-1]) - (seen.shape[-1] - 1) / 2
    moment = (seen * time).sum(axis=-1)
    inside = (seen[..., 1:].sum(axis=-1) > 0) & (seen[..., :-1].sum(axis=-1) > 0)
    some = np.asarray((number >= 2) & inside & (seen.shape[-1] >= 2))
    total, log = np.where(some, number, 1.0), np.log(size)
    slope, z = np.zeros(number.shape), np.full(number.shape, np.nan)
    for turn in range(rounds):
        line = log + slope[..., None] * time
        share = np.exp(line - line.max(axis=-1, keepdims=True))
        share /= share.sum(axis=-1, keepdims=True)
        mean = (share * time).sum(axis=-1)
        spread = np.maximum((share * (time - mean[..., None]) ** 2).sum(axis=-1), 1e-12)
        if turn == 0:
            z = (moment - total * mean) / np.sqrt(total * spread)
        step = np.where(some, np.clip((moment / total - mean) / spread, -0.5, 0.5), 0.0)
        slope = slope + step
        if np.abs(step).max(initial=0) < 1e-12:
            break
    half = normal_quantile(level) / np.sqrt(total * spread)
    found = {"factor": slope, "lower": slope - half, "upper": slope + half}
    answer = {key: np.where(some, np.exp(np.where(some, value, 0.0)), np.nan) for key, value in found.items()}
    return answer | {"p": np.where(some, 2 * ndtr(-np.abs(z)), np.nan)}
