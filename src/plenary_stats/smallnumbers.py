"""Small numbers: pooling years until there are enough patients, and drawing the figures of small centres towards the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize, root
from scipy.special import betaincinv, betaln, expit, gammaincinv, gammaln, logit, logsumexp, psi

from plenary_stats.results import Columns, Numbers, counts, frozen, normal_quantile, numbers

Shrinkage = Literal["gamma-poisson", "log-normal", "beta-binomial", "random-intercept"]
_RATIOS = ("gamma-poisson", "log-normal")
ALIKE = 1e7
"""A prior worth more events (patients) than this says that the centres differ by no more than chance."""

SAME_HEIGHT = 1e-14
"""Likelihoods nearer to each other than this share of their size differ by rounding alone: no search goes on for less."""


@dataclass(frozen=True)
class Pooled:
    """The shortest run of years that ends with each year and holds enough patients.

    ``columns``: first, last (the years of the window), width (how many), total (patients), why_not (not empty: even the longest
    window allowed is too small, and its figures should not be shown).
    """

    columns: Columns
    minimum: int
    method: str = "pooled years"


def pool(years: Mapping[int, int] | Any, minimum: int = 30, *, most: int = 5) -> Pooled:
    """Return, for each year, the shortest window ending with it that reaches ``minimum`` patients.

    ``years`` maps each year to its patients, or holds the patients of consecutive years, oldest first (numbered from 0). A year
    that is absent between others had nobody. No window is longer than ``most`` years: older patients had other care.
    Raises ``ValueError`` for counts that are negative or not whole, or a window of less than a year.
    """
    if most < 1:
        raise ValueError("most: a window is at least one year long.")
    given = years if isinstance(years, Mapping) else dict(enumerate(np.atleast_1d(np.asarray(years)).tolist()))
    if not given:
        return Pooled(frozen({"first": [], "last": [], "width": [], "total": [], "why_not": []}), minimum)
    last = np.arange(min(given), max(given) + 1)
    patients = counts([given.get(int(year), 0) for year in last], "years")
    before = np.append(0.0, np.cumsum(patients))
    width = np.ones(len(last), dtype=np.int64)
    place = np.arange(1, len(last) + 1)
    longest = np.minimum(place, most)
    for _ in range(most - 1):
        width += (before[place] - before[place - width] < minimum) & (width < longest)
    total = before[place] - before[place - width]
    why_not = [_reason(int(years_used), int(found), minimum) for years_used, found in zip(width, total, strict=True)]
    windows = {"first": last - width + 1, "last": last, "width": width, "total": total.astype(np.int64), "why_not": why_not}
    return Pooled(frozen(windows), minimum)


def _reason(width: int, total: int, minimum: int) -> str:
    if total >= minimum:
        return ""
    span = "1 year" if width == 1 else f"{width} years together"
    return f"Fewer than {minimum} patients in {span}."


@dataclass(frozen=True)
class Shrunken:
    """Each centre's figure drawn towards the others, the more the less it rests on.

    ``columns``: observed, expected, raw, estimate, lower, upper (of the posterior), weight (how much of the estimate is the
    centre's own), why_not; ``random-intercept`` adds effect and effect_sd on the scale of log odds, ``log-normal`` on that of
    logarithms. ``parameters`` are those of the prior: shape and rate; alpha and beta; or intercept, intercept_se and sigma2;
    with log_likelihood. ``caution`` says where the centres differ by no more than chance, so that all are given the same figure.
    """

    columns: Columns
    parameters: Mapping[str, float]
    method: str
    level: float
    caution: str = ""


def shrink(
    observed: Any,
    expected: Any,
    *,
    method: Shrinkage = "gamma-poisson",
    prior: tuple[float, float] | None = None,
    points: int = 1,
    level: float = 0.95,
) -> Shrunken:
    """Return empirical-Bayes estimates: one observed count and one expected number (or number of patients) a centre.

    * ``gamma-poisson``: ratios of observed to expected events; (O + a)/(E + b)
    * ``log-normal``: ratios, centres normal on logarithms; ``points`` of quadrature, 1 being Laplace's approximation
    * ``beta-binomial``: proportions of ``expected`` patients; (x + a)/(n + a + b)
    * ``random-intercept``: proportions, centres normal on log odds; ``points`` as above

    a and b are those of greatest likelihood over all centres, or given as ``prior``: (2, 2) is that of the American transplant
    registry, :func:`moments` gives those of Clayton and Kaldor; two infinite ones give all centres the same figure. Raises
    ``ValueError`` for impossible counts, no centre, or a prior that is not above nought.
    """
    if method not in {*_RATIOS, "beta-binomial", "random-intercept"} or points < 1:
        raise ValueError("method: gamma-poisson, log-normal, beta-binomial or random-intercept; points: one or more.")
    if prior is not None and (
        method in _INTERCEPTS or not all(part > 0 for part in prior) or np.isinf(prior[0]) != np.isinf(prior[1])
    ):
        raise ValueError("prior: two numbers above 0 (both may be infinite), for gamma-poisson or beta-binomial.")
    seen = np.atleast_1d(counts(observed, "observed"))
    due = np.atleast_1d((numbers if method in _RATIOS else counts)(expected, "expected"))
    if seen.shape != due.shape or seen.ndim != 1 or (due < 0).any() or not (due > 0).any():
        raise ValueError("observed and expected: one number a centre, of the same length, and something expected somewhere.")
    if method not in _RATIOS and (seen > due).any():
        raise ValueError("observed: a centre has more events than patients.")
    nobody = due == 0
    if (seen[nobody] > 0).any():
        raise ValueError("observed: a centre has events where none was expected.")
    fit = {"gamma-poisson": _gamma_poisson, "beta-binomial": _beta_binomial}.get(method)
    if fit is None:
        found, parameters, caution = _random_intercept(seen, due, points, level, _INTERCEPTS[method])
    else:
        found, parameters, caution = fit(seen, due, prior, level)
    columns = {"observed": seen, "expected": due, "raw": seen / np.where(nobody, np.nan, due), **found}
    columns["why_not"] = np.where(nobody, "Nobody was expected: the figure is that of the other centres.", "")
    return Shrunken(frozen(columns), MappingProxyType(parameters), method, level, caution)


def moments(observed: Any, expected: Any, *, rounds: int = 500) -> tuple[float, float]:
    """Return the gamma prior (shape, rate) of the true ratios by their moments: one over the shape is their relative variance.

    The moments of the shrunken ratios, put in again until they stand still or for so many ``rounds`` (Clayton and Kaldor 1987,
    equation 8). Both are infinite where the ratios vary by no more than chance. Raises ``ValueError`` for impossible counts,
    fewer than two centres, or a centre of which nothing is expected.
    """
    events, due = np.atleast_1d(counts(observed, "observed")), np.atleast_1d(numbers(expected, "expected"))
    if events.shape != due.shape or events.ndim != 1 or len(due) < 2 or (due <= 0).any():
        raise ValueError(
            "observed and expected: one number above 0 expected of each centre, the same length, from two centres up."
        )
    ratio = events / due
    mean, variance = ratio.mean(), ratio.var(ddof=1)
    for _ in range(rounds):  # without true variation it falls towards nought, ever more slowly
        if variance <= 1e-12 * mean**2:
            return np.inf, np.inf
        before = variance
        shape, rate = mean**2 / variance, mean / variance
        shrunken = (events + shape) / (due + rate)
        mean = shrunken.mean()
        variance = ((1 + rate / due) * (shrunken - mean) ** 2).sum() / (len(due) - 1)
        if abs(variance - before) <= 1e-13 * before:
            break
    return float(mean**2 / variance), float(mean / variance)


Found = tuple[dict[str, Numbers], dict[str, float], str]
SAME = "The centres differ by no more than chance: all are given the same figure, without limits."


def _gamma_poisson(seen: Numbers, due: Numbers, prior: tuple[float, float] | None, level: float) -> Found:
    use, tail = due > 0, (1 - level) / 2
    normal_quantile(level)
    o, e = seen[use], due[use]

    def height(a: float, b: float) -> float:
        return float((gammaln(o + a) - gammaln(a) - gammaln(o + 1) + a * np.log(b / (b + e)) + o * np.log(e / (b + e))).sum())

    def slope(a: float, b: float) -> tuple[float, float]:
        by_a = (psi(o + a) - psi(a) + np.log(b / (b + e))).sum()
        return float(by_a), float((a / b - (o + a) / (b + e)).sum())

    overall = float(o.sum() / e.sum())
    a, b = prior or (_peak(height, slope, lambda mean, size: (mean * size, size), overall) if len(o) > 1 else (np.inf, np.inf))
    if not b < ALIKE:
        return _alike(seen, overall)
    shape, rate = seen + a, due + b
    limits = [gammaincinv(shape, part) / rate for part in (tail, 1 - tail)]
    found = {"estimate": shape / rate, "lower": limits[0], "upper": limits[1], "weight": due / rate}
    return found, {"shape": a, "rate": b, "log_likelihood": height(a, b)}, ""


def _beta_binomial(seen: Numbers, due: Numbers, prior: tuple[float, float] | None, level: float) -> Found:
    use, tail = due > 0, (1 - level) / 2
    normal_quantile(level)
    x, n = seen[use], due[use]
    ways = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)

    def height(a: float, b: float) -> float:
        return float((ways + betaln(x + a, n - x + b) - betaln(a, b)).sum())

    def slope(a: float, b: float) -> tuple[float, float]:
        common = psi(a + b) - psi(n + a + b)
        return float((psi(x + a) - psi(a) + common).sum()), float((psi(n - x + b) - psi(b) + common).sum())

    overall = float(x.sum() / n.sum())
    fitted = prior or (
        _peak(height, slope, lambda mean, size: (mean * size, (1 - mean) * size), overall)
        if len(x) > 1 and 0 < overall < 1
        else (np.inf, np.inf)
    )
    a, b = fitted
    if not a + b < ALIKE:
        return _alike(seen, overall)
    met, missed = seen + a, due - seen + b
    limits = [betaincinv(met, missed, part) for part in (tail, 1 - tail)]
    found = {"estimate": met / (met + missed), "lower": limits[0], "upper": limits[1], "weight": due / (met + missed)}
    return found, {"alpha": a, "beta": b, "log_likelihood": height(a, b)}, ""


def _alike(seen: Numbers, overall: float) -> Found:
    same, none = np.full(len(seen), overall), np.full(len(seen), np.nan)
    return {"estimate": same, "lower": none, "upper": none, "weight": np.zeros(len(seen))}, {"mean": overall}, SAME


def _peak(
    height: Callable[[float, float], float],
    slope: Callable[[float, float], tuple[float, float]],
    prior: Callable[[float, float], tuple[float, float]],
    overall: float,
) -> tuple[float, float]:
    """Return the prior of greatest likelihood, or infinite ones where it grows with the prior's size for ever."""
    if overall == 0:
        return np.inf, np.inf

    def centre(shift: float) -> float:
        return overall * float(np.exp(shift))

    def low(place: Numbers) -> float:
        a, b = prior(centre(place[0]), float(np.exp(place[1])))
        return -height(a, b) if a > 0 and b > 0 else np.inf  # a proportion cannot pass 1

    sizes = np.linspace(-3, np.log(ALIKE), 40)
    start = sizes[int(np.argmin([low(np.array([0.0, size])) for size in sizes]))]
    options = {"xatol": 1e-7, "fatol": max(1e-12, SAME_HEIGHT * abs(low(np.array([0.0, start])))), "maxiter": 4000}
    rough = minimize(low, [0.0, start], method="Nelder-Mead", options=options)
    a, b = prior(centre(rough.x[0]), float(np.exp(rough.x[1])))
    if max(a, b) > ALIKE / 10:
        return np.inf, np.inf
    exact = root(lambda logs: np.array(slope(*np.exp(logs))) * np.exp(logs), np.log([a, b]), tol=1e-14)
    near = np.abs(exact.x - np.log([a, b])).max() < 1e-2
    return (float(np.exp(exact.x[0])), float(np.exp(exact.x[1]))) if near else (a, b)


@dataclass(frozen=True)
class _Intercepts:
    """A model whose centres have normal intercepts: their scale, and events of one patient (or one expected event) on it."""

    scale: Callable[[Any], Any]
    cumulant: Callable[[Any], Any]  # its first derivative is the mean, its second the variance
    mean: Callable[[Any], Any]
    variance: Callable[[Any], Any]  # of a mean
    ways: Callable[[Numbers, Numbers], Numbers]
    highest: float  # where all centres stand at it, or at 0, they cannot be told apart


_INTERCEPTS = {
    "random-intercept": _Intercepts(
        logit,
        lambda line: np.logaddexp(0, line),
        expit,
        lambda mean: mean * (1 - mean),
        lambda x, n: gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1),
        1.0,
    ),
    "log-normal": _Intercepts(np.log, np.exp, np.exp, lambda mean: mean, lambda x, n: x * np.log(n) - gammaln(x + 1), np.inf),
}


def _random_intercept(seen: Numbers, due: Numbers, points: int, level: float, model: _Intercepts) -> Found:
    """Return the model whose centres have normal intercepts, by adaptive Gauss-Hermite quadrature."""
    z, use = normal_quantile(level), due > 0
    x, n = seen[use], due[use]
    overall = float(x.sum() / n.sum())
    if len(x) < 2 or overall in {0.0, model.highest}:
        return _alike(seen, overall)
    ways = model.ways(x, n)
    nodes, weights = np.polynomial.hermite.hermgauss(points)

    def height(place: Numbers) -> float:
        intercept, sigma = float(place[0]), abs(float(place[1])) + 1e-12
        mode, spread = _modes(x, n, intercept, sigma, model)
        drawn = mode[:, None] + np.sqrt(2) * spread[:, None] * nodes
        line = intercept + drawn
        joint = x[:, None] * line - n[:, None] * model.cumulant(line) - drawn**2 / (2 * sigma**2)
        each = ways + np.log(spread / sigma) + logsumexp(joint + nodes**2, b=weights / np.sqrt(np.pi), axis=1)
        return float(each.sum())

    start = np.array([float(model.scale(overall)), 0.5])
    # The first steps are given: scipy takes a share of the start, which is no step at all where that is nought.
    options = {
        "xatol": 1e-9,
        "fatol": max(1e-13, SAME_HEIGHT * abs(height(start))),
        "maxiter": 4000,
        "initial_simplex": start + np.array([[0, 0], [0.25, 0], [0, 0.25]]),
    }
    best = minimize(lambda place: -height(place), start, method="Nelder-Mead", options=options).x
    intercept, sigma = float(best[0]), abs(float(best[1]))
    if sigma < 1e-4:
        return _alike(seen, overall)
    mode, spread = _modes(seen, due, intercept, sigma, model)
    line = intercept + mode
    found = {name: model.mean(line + step * spread) for name, step in (("estimate", 0), ("lower", -z), ("upper", z))}
    found |= {"weight": 1 - (spread / sigma) ** 2, "effect": mode, "effect_sd": spread}
    parameters = {
        "intercept": intercept,
        "intercept_se": _error(height, np.array([intercept, sigma])),
        "sigma2": sigma**2,
        "log_likelihood": height(best),
    }
    return found, parameters, ""


def _modes(x: Numbers, n: Numbers, intercept: float, sigma: float, model: _Intercepts) -> tuple[Numbers, Numbers]:
    """Return each centre's likeliest effect and its spread, by Newton's steps on all centres at once."""
    effect = np.zeros_like(x)
    for _ in range(60):
        mean = model.mean(intercept + effect)
        step = (x - n * mean - effect / sigma**2) / (n * model.variance(mean) + sigma**-2)
        effect = effect + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-13:
            break
    return effect, (n * model.variance(model.mean(intercept + effect)) + sigma**-2) ** -0.5


def _error(height: Callable[[Numbers], float], peak: Numbers, apart: float = 1e-4) -> float:
    """Return the standard error of the first parameter from the curvature at the peak."""
    steps = np.eye(2) * apart
    curve = [[sum(i * j * height(peak + i * a + j * b) for i in (1, -1) for j in (1, -1)) for a in steps] for b in steps]
    return float(np.sqrt(np.linalg.inv(-np.array(curve) / (4 * apart**2))[0, 0]))
