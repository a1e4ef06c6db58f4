"""The gradient of a rate over a ranking of the population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr, ndtri, stdtrit

from plenary_stats.results import Numbers, normal_quantile, numbers

Scale = Literal["linear", "log", "logit"]


@dataclass(frozen=True)
class SlopeIndex:
    """The gradient over rank, from the one end of the population (0) to the other (1).

    ``slope`` is the fitted rate at the far end less that at the near end, ``lower`` and ``upper`` its limits; ``relative`` their
    ratio with ``relative_lower`` and ``relative_upper``; ``intercept`` the fitted rate at the near end.
    """

    slope: float
    lower: float
    upper: float
    relative: float
    relative_lower: float
    relative_upper: float
    intercept: float
    level: float
    method: str
    why_not: str = ""


def slope_index(
    rate: Any,
    population: Any,
    rank: Any,
    level: float = 0.95,
    *,
    std_err: Any = None,
    limits: Any = None,
    scale: Scale = "linear",
) -> SlopeIndex:
    """Return the slope index of inequality, and the relative one: one rate, population and rank a group.

    Rates (on the ``scale``) are regressed on the middle of each group's stretch of the population when ordered by ``rank``,
    weighted by population; groups of equal rank share one stretch. Ranked from the most deprived, a rate that falls with
    deprivation has a slope above nought. ``log`` is for rates and ``logit`` for proportions: the line is then drawn on that
    scale, and read back at both ends.

    Limits come from the rates' own ``std_err`` on the scale, or from their ``limits`` (lower and upper, at 95%): the
    distribution of the slope that the national tool draws by simulation is worked out here, so the same input always has the
    same limits. Where neither is given they come from the scatter about the line, and a straight line is needed.

    Raises ``ValueError`` for fewer than two ranks (three without standard errors), or rates out of the scale's range.
    Sources: Pamuk, Population Studies 1985;39:17; Mackenbach and Kunst, Social Science & Medicine 1997;44:757.
    """
    value, people, place = (np.atleast_1d(numbers(part, name)) for part, name in _named(rate, population, rank))
    if value.ndim != 1 or value.shape != people.shape or value.shape != place.shape:
        raise ValueError("rate, population and rank: one number a group, of the same length.")
    if (people <= 0).any():
        raise ValueError("population: every group must have people; leave the empty ones out.")
    y = _to_scale(value, scale, "rate")
    own = _own_error(std_err, limits, scale, len(value))
    line = _Line.of(y, people, place)
    if own is None and scale != "linear":
        raise ValueError("std_err: on the log or logit scale the limits need the rates' own std_err or limits.")
    if own is None and (len(value) < 3):
        raise ValueError("rate: without std_err it takes three groups to have limits.")
    covariance = line.scatter if own is None else (line.solve * own**2) @ line.solve.T
    half = float(stdtrit(len(value) - 2, 0.5 + level / 2)) if own is None else normal_quantile(level)
    normal_quantile(level)
    slope = _drawn(line, covariance, half, level, scale, relative=False)
    ratio = _drawn(line, covariance, half, level, scale, relative=True)
    near, far = float(_from_scale(line.ends[0], scale)), float(_from_scale(line.ends[1], scale))
    why_not = "" if np.isfinite(ratio).all() and near > 0 else "The fitted rate at the near end may be 0: no ratio can be given."
    if why_not:
        ratio = (float("nan"), float("nan"))
    source = "scatter about the line" if own is None else "standard errors of the rates"
    return SlopeIndex(
        far - near, *slope, far / near if near > 0 else float("nan"), *ratio, near, level, f"{scale}, {source}", why_not
    )


def _named(rate: Any, population: Any, rank: Any) -> tuple[tuple[Any, str], ...]:
    return (rate, "rate"), (population, "population"), (rank, "rank")


def _to_scale(value: Numbers, scale: Scale, name: str) -> Numbers:
    if scale == "linear":
        return value
    if scale == "log" and (value > 0).all():
        return np.log(value)
    if scale == "logit" and ((value > 0) & (value < 1)).all():
        return np.asarray(logit(value))
    if scale not in {"log", "logit"}:
        raise ValueError(f"scale: {scale!r} is none of linear, log, logit.")
    raise ValueError(f"{name}: the {scale} scale needs values above 0{' and below 1' if scale == 'logit' else ''}.")


def _from_scale(value: Any, scale: Scale) -> Any:
    return {"linear": np.asarray, "log": np.exp, "logit": expit}[scale](value)


def _own_error(std_err: Any, limits: Any, scale: Scale, groups: int) -> Numbers | None:
    if std_err is not None:
        own = np.atleast_1d(numbers(std_err, "std_err"))
    elif limits is not None:
        lower, upper = (_to_scale(np.atleast_1d(numbers(part, "limits")), scale, "limits") for part in limits)
        own = (upper - lower) / (2 * float(ndtri(0.975)))
    else:
        return None
    if own.shape != (groups,) or (own <= 0).any():
        raise ValueError("std_err or limits: one a group, with a standard error above 0.")
    return own


@dataclass(frozen=True)
class _Line:
    """A weighted straight line. ``ends`` are its values at 0 and 1, ``solve`` what turns values into them."""

    ends: Numbers
    solve: Numbers
    scatter: Numbers

    @staticmethod
    def of(y: Numbers, people: Numbers, place: Numbers) -> _Line:
        ranks, group = np.unique(place, return_inverse=True)
        if len(ranks) < 2:
            raise ValueError("rank: there must be at least two.")
        total = np.bincount(group, weights=people)
        middle = ((np.cumsum(total) - total / 2) / total.sum())[group]
        weight = people / people.sum()
        design = np.column_stack((1 - middle, middle))  # so that the two coefficients are the two ends
        inverse = np.linalg.inv(design.T @ (weight[:, None] * design))
        solve = inverse @ (design.T * weight)
        ends = solve @ y
        left = y - design @ ends
        scatter = inverse * float((weight * left**2).sum()) / max(len(y) - 2, 1)
        return _Line(ends, solve, scatter)


def _drawn(line: _Line, covariance: Numbers, half: float, level: float, scale: Scale, *, relative: bool) -> tuple[float, float]:
    """Return the limits of the difference, or of the ratio, of the two ends, which are normal on the scale."""
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    gap, spread = float(line.ends[1] - line.ends[0]), half * float(np.sqrt(variance))
    if scale == "linear":
        return _fieller(line.ends, covariance, half) if relative else (gap - spread, gap + spread)
    if scale == "log" and relative:
        return float(np.exp(gap - spread)), float(np.exp(gap + spread))
    at_most = _Mixture(line.ends, covariance, scale, relative=relative).at_most
    centre = _compared(line.ends, scale, relative=relative)
    tails = (0.5 - level / 2, 0.5 + level / 2)
    lower, upper = (_solved(lambda q, tail=tail: at_most(q) - tail, centre, relative=relative) for tail in tails)
    return lower, upper


def _compared(ends: Numbers, scale: Scale, *, relative: bool) -> float:
    near, far = _from_scale(ends, scale)
    return float(far / near if relative else far - near)


def _fieller(ends: Numbers, covariance: Numbers, half: float) -> tuple[float, float]:
    """Return Fieller's limits of the ratio of two normal values; infinite where the lower one may be nought."""
    near, far = ends
    a = near**2 - half**2 * covariance[0, 0]
    b = near * far - half**2 * covariance[0, 1]
    c = far**2 - half**2 * covariance[1, 1]
    if a <= 0:
        return -np.inf, np.inf
    root = float(np.sqrt(max(b**2 - a * c, 0.0)))
    return float((b - root) / a), float((b + root) / a)


@dataclass(frozen=True)
class _Mixture:
    """The distribution of the difference or ratio of the two ends when read back from the log or logit scale."""

    ends: Numbers
    covariance: Numbers
    scale: Scale
    relative: bool

    def at_most(self, bound: float) -> float:
        """Return the chance that it is at most the bound: over the near end by Gauss and Hermite, over the far one exactly."""
        node, weight = hermegauss(64)
        sd = np.sqrt(np.diag(self.covariance))
        lean = self.covariance[0, 1] / (sd[0] * sd[1])
        near = _from_scale(self.ends[0] + sd[0] * node, self.scale)
        far = near * bound if self.relative else near + bound
        top = 1.0 if self.scale == "logit" else np.inf
        inside = np.clip(far, 1e-300, np.nextafter(top, 0))
        there = np.log(inside) if self.scale == "log" else logit(inside)
        spread = sd[1] * np.sqrt(max(1 - lean**2, 1e-15))
        chance = ndtr((there - self.ends[1] - lean * sd[1] * node) / spread)
        chance = np.where(far <= 0, 0.0, np.where(far >= top, 1.0, chance))
        return float((weight * chance).sum() / weight.sum())


def _solved(function: Any, centre: float, *, relative: bool) -> float:
    """Return where a rising function is nought, from a bracket that widens about the centre."""
    step = max(abs(centre), 1e-6) / 8
    low, high = centre - step, centre + step
    for _ in range(200):
        if relative:
            low = max(low, 0.0)
        if function(low) <= 0 <= function(high):
            break
        step *= 2
        low, high = centre - step, centre + step
    return float(brentq(function, low, high, xtol=1e-13 * max(abs(centre), 1e-300), rtol=1e-13))
