"""Whether areas are like their neighbours, and rates drawn towards the mean of all or of the neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.special import ndtr

from plenary_stats.equity.spread import areas_of
from plenary_stats.results import Columns, Numbers, frozen, numbers

Style = Literal["row", "binary"]
Variance = Literal["randomisation", "normality"]


@dataclass(frozen=True)
class Autocorrelation:
    """One statistic over a map. ``z`` and ``p_value`` (two-sided) are by the normal approximation.

    Where ``why_not`` is not empty there is none, and the figures are NaN.
    """

    statistic: float
    expected: float
    variance: float
    z: float
    p_value: float
    method: str
    why_not: str = ""


def moran(
    values: Any, neighbours: Any, *, style: Style = "row", variance: Variance = "randomisation", population: Any = None
) -> Autocorrelation:
    """Return Moran's I: near 1 where neighbours are alike, near -1/(n-1) where they are as any two areas.

    ``values`` has one number an area. ``neighbours`` is a square matrix of weights (dense or sparse), a list with the
    neighbours' positions of each area, or an array of pairs of positions (i, j), read in that direction only. With ``style``
    "row" the weights of each area sum to one; "binary" takes them as they are. The mean is over all areas; areas without
    neighbours do not count in n.

    With ``population``, ``values`` are *events*, and the index is Assunção and Reis's (Statistics in Medicine 1999;18:2147):
    each rate is measured in standard deviations of its own, so that small areas do not decide.

    Raises ``ValueError`` for fewer than four areas, or weights of another size. Source: Cliff and Ord, Spatial Processes, 1981.
    """
    x, weights = _mapped(values, neighbours, style)
    if population is not None:
        x = _standardised(x, population)
    number, s0, s1, s2 = _sums(weights)
    z = x - x.mean()
    squares = float((z**2).sum())
    if _flat(x) or s0 == 0 or number < 4:
        return _none("Moran's I")
    statistic = number / s0 * float(z @ (weights @ z)) / squares
    expected = -1 / (number - 1)
    if variance == "normality":
        spread = (number**2 * s1 - number * s2 + 3 * s0**2) / (s0**2 * (number**2 - 1)) - expected**2
    elif variance == "randomisation":
        kurtosis = len(x) * float((z**4).sum()) / squares**2
        above = number * ((number**2 - 3 * number + 3) * s1 - number * s2 + 3 * s0**2)
        above -= kurtosis * (number * (number - 1) * s1 - 2 * number * s2 + 6 * s0**2)
        spread = above / ((number - 1) * (number - 2) * (number - 3) * s0**2) - expected**2
    else:
        raise ValueError(f"variance: {variance!r} is none of randomisation, normality.")
    return _tested("Moran's I", statistic, expected, spread)


def geary(values: Any, neighbours: Any, *, style: Style = "row") -> Autocorrelation:
    """Return Geary's C: near 0 where neighbours are alike, 1 where they are as any two areas. Arguments as in :func:`moran`.

    ``z`` is above nought where neighbours are alike. The variance is that of randomisation.
    """
    x, weights = _mapped(values, neighbours, style)
    number, s0, s1, s2 = _sums(weights)
    z = x - x.mean()
    squares = float((z**2).sum())
    if _flat(x) or s0 == 0 or number < 4:
        return _none("Geary's C")
    pairs = weights.tocoo()
    apart = float((pairs.data * (x[pairs.coords[0]] - x[pairs.coords[1]]) ** 2).sum())
    statistic = (number - 1) / (2 * s0) * apart / squares
    kurtosis = len(x) * float((z**4).sum()) / squares**2
    above = (number - 1) * s1 * (number**2 - 3 * number + 3 - kurtosis * (number - 1))
    above -= 0.25 * (number - 1) * s2 * (number**2 + 3 * number - 6 - kurtosis * (number**2 - number + 2))
    above += s0**2 * (number**2 - 3 - kurtosis * (number - 1) ** 2)
    spread = above / (number * (number - 2) * (number - 3) * s0**2)
    return _tested("Geary's C", statistic, 1.0, spread, sign=-1.0)


def getis_ord(values: Any, neighbours: Any, *, style: Style = "binary") -> Autocorrelation:
    """Return Getis and Ord's general G: above its expectation where high values lie together. Arguments as in :func:`moran`.

    Raises ``ValueError`` for negative values: G is for values from nought up. Source: Geographical Analysis 1992;24:189.
    """
    x, weights = _mapped(values, neighbours, style)
    if (x < 0).any():
        raise ValueError("values: G is for values from 0 up; use Moran's I.")
    number, s0, s1, s2 = _sums(weights)
    powers = [float((x**power).sum()) for power in range(1, 5)]
    products = powers[0] ** 2 - powers[1]
    if _flat(x) or s0 == 0 or number < 4 or products <= 0:
        return _none("Getis and Ord's G")
    statistic = float(x @ (weights @ x)) / products
    expected = s0 / (number * (number - 1))
    shares = (
        (number**2 - 3 * number + 3) * s1 - number * s2 + 3 * s0**2,
        -((number**2 - number) * s1 - 2 * number * s2 + 6 * s0**2),
        -(2 * number * s1 - (number + 3) * s2 + 6 * s0**2),
        4 * (number - 1) * s1 - 2 * (number + 1) * s2 + 8 * s0**2,
        s1 - s2 + s0**2,
    )
    moments = (powers[1] ** 2, powers[3], powers[0] ** 2 * powers[1], powers[0] * powers[2], powers[0] ** 4)
    above = sum(share * moment for share, moment in zip(shares, moments, strict=True))
    spread = above / (products**2 * number * (number - 1) * (number - 2) * (number - 3)) - expected**2
    return _tested("Getis and Ord's G", statistic, expected, spread)


@dataclass(frozen=True)
class LocalMoran:
    """Moran's I of every area. ``columns``: statistic, expected, variance, z, p_value, quadrant.

    ``quadrant`` says where the area and its neighbours lie: high-high, low-low, high-low or low-high. Many areas are tested at
    once: correct ``p_value`` for multiplicity before any area is named.
    """

    columns: Columns
    null: str
    method: str = "local Moran's I"


def local_moran(
    values: Any, neighbours: Any, *, style: Style = "row", null: Literal["conditional", "total"] = "conditional"
) -> LocalMoran:
    """Return Moran's I of every area. Arguments as in :func:`moran`.

    ``null``: the others' values are permuted over the other areas ("conditional", Sokal, Oden and Thomson, Geographical
    Analysis 1998;30:331), or all over all ("total", Anselin, Geographical Analysis 1995;27:93). Values are scaled by n, not n-1.
    An area without neighbours has 0, with variance 0, and no z.
    """
    x, weights = _mapped(values, neighbours, style)
    number, z = len(x), x - x.mean()
    if _flat(x) or number < 4:
        raise ValueError("values: from four areas up, and not all alike.")
    m2 = float((z**2).mean())
    lag, first, second = weights @ z, np.asarray(weights.sum(axis=1)), np.asarray((weights**2).sum(axis=1))
    statistic = z / m2 * lag
    if null == "conditional":
        expected = -(z**2) * first / ((number - 1) * m2)
        spread = (z / m2) ** 2 * number / (number - 2) * (second - first**2 / (number - 1)) * (m2 - z**2 / (number - 1))
    elif null == "total":
        kurtosis = float((z**4).mean()) / m2**2
        expected = -first / (number - 1)
        pairs = (2 * kurtosis - number) / ((number - 1) * (number - 2))
        spread = second * (number - kurtosis) / (number - 1) + pairs * (first**2 - second) - expected**2
    else:
        raise ValueError(f"null: {null!r} is none of conditional, total.")
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.where(spread > 0, (statistic - expected) / np.sqrt(np.maximum(spread, 0)), np.nan)
    quadrant = np.char.add(np.where(z > 0, "high-", "low-"), np.where(lag > 0, "high", "low"))
    columns = {"statistic": statistic, "expected": expected, "variance": spread, "z": score, "p_value": 2 * ndtr(-np.abs(score))}
    return LocalMoran(frozen(columns | {"quadrant": quadrant}), null)


@dataclass(frozen=True)
class SmoothedRates:
    """Rates drawn towards the mean, the more the smaller the area. ``columns``: raw, estimate.

    ``overall`` is the rate of all areas together and ``between`` the variance of the true rates (nought: all drawn to the mean).
    """

    columns: Columns
    overall: float
    between: float
    method: str


def smoothed_rates(events: Any, population: Any, neighbours: Any = None) -> SmoothedRates:
    """Return empirical-Bayes rates by Marshall's moments, towards the mean of all areas or of each area's neighbourhood.

    One count and one population an area; ``neighbours`` as in :func:`moran` (the area itself belongs to its neighbourhood).
    Source: Marshall, Applied Statistics 1991;40:283.
    """
    happened, people = areas_of(events, population, "population")
    rate = happened / people
    overall, between = _marshall(happened, people)
    middle, spread = np.full(len(rate), overall), np.full(len(rate), between)
    if neighbours is not None:
        near = _weights(neighbours, len(rate), "binary")
        near = csr_array((near + csr_array(np.eye(len(rate)))) > 0, dtype=np.float64)
        persons, size = near @ people, np.asarray(near.sum(axis=1))
        middle = near @ happened / persons
        squared = near @ (people * (rate - middle) ** 2)  # each neighbour about its own neighbourhood's rate, as in spdep
        spread = np.maximum(squared / persons - middle * size / persons, 0)
    with np.errstate(invalid="ignore"):
        share = np.where(middle > 0, spread / (spread + middle / people), 0.0)
    name = "Marshall, all areas" if neighbours is None else "Marshall, neighbourhood"
    return SmoothedRates(frozen({"raw": rate, "estimate": middle + share * (rate - middle)}), overall, between, name)


def _marshall(events: Numbers, people: Numbers) -> tuple[float, float]:
    overall = float(events.sum() / people.sum())
    squared = float((people * (events / people - overall) ** 2).sum() / people.sum())
    return overall, max(squared - overall * len(events) / float(people.sum()), 0.0)


def _standardised(events: Numbers, population: Any) -> Numbers:
    happened, people = areas_of(events, population, "population")
    overall = float(happened.sum() / people.sum())
    squared = float((people * (happened / people - overall) ** 2).sum() / people.sum())
    spread = squared - overall * len(happened) / float(people.sum()) + overall / people
    spread = np.where(spread <= 0, overall / people, spread)
    with np.errstate(invalid="ignore"):
        return np.where(spread > 0, (happened / people - overall) / np.sqrt(spread), 0.0)


def _flat(x: Numbers) -> bool:
    return bool(np.ptp(x) <= 1e-12 * max(float(np.abs(x).max()), 1e-300))


def _mapped(values: Any, neighbours: Any, style: Style) -> tuple[Numbers, csr_array]:
    x = np.atleast_1d(numbers(values, "values"))
    if x.ndim != 1:
        raise ValueError("values: one number an area.")
    return x, _weights(neighbours, len(x), style)


def _weights(neighbours: Any, areas: int, style: Style) -> csr_array:
    if style not in {"row", "binary"}:
        raise ValueError(f"style: {style!r} is none of row, binary.")
    weights = _matrix(neighbours, areas)
    if (weights.data < 0).any() or weights.diagonal().any():
        raise ValueError("neighbours: weights are from 0 up, and no area is its own neighbour.")
    if style == "row":
        total = np.asarray(weights.sum(axis=1))
        rows = np.repeat(np.arange(areas), np.diff(weights.indptr))
        weights = csr_array((weights.data / total[rows], weights.indices, weights.indptr), shape=weights.shape)
    return weights


def _matrix(neighbours: Any, areas: int) -> csr_array:
    """Return the weights as a sparse matrix, whichever way they were given."""
    if hasattr(neighbours, "tocsr"):
        matrix = csr_array(neighbours, dtype=np.float64)
    elif (pairs := _pairs(neighbours, areas)) is not None:
        if len(pairs) and (pairs.min() < 0 or pairs.max() >= areas):
            raise ValueError(f"neighbours: there are {areas} areas, so positions run from 0 to {areas - 1}.")
        given = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(areas, areas)).tocsr()
        matrix = csr_array((np.ones(given.nnz), given.indices, given.indptr), shape=given.shape)  # a pair given twice is one
    else:
        matrix = csr_array(numbers(neighbours, "neighbours"))
    if matrix.shape != (areas, areas):
        raise _misfit(areas)
    matrix.eliminate_zeros()
    return matrix


def _pairs(neighbours: Any, areas: int) -> npt.NDArray[np.int64] | None:
    """Return pairs of positions from a list an area, or from pairs; nothing where a matrix was given."""
    if isinstance(neighbours, np.ndarray) or not _ragged(neighbours, areas):
        array = np.asarray(neighbours)
        if array.size == 0:
            return np.zeros((0, 2), dtype=np.int64)
        return array.astype(np.int64) if array.ndim == 2 and array.shape[1] == 2 and array.shape != (areas, areas) else None
    length = [len(near) for near in neighbours]
    flat = np.concatenate([np.asarray(near, dtype=np.int64) for near in neighbours])
    return np.column_stack((np.repeat(np.arange(areas), length), flat))


def _ragged(neighbours: Any, areas: int) -> bool:
    """Say whether this is a list of each area's neighbours: it has one entry an area, and they are not rows of a matrix."""
    lengths = {len(near) for near in neighbours}
    if len(lengths) > 1 and len(neighbours) != areas:
        raise _misfit(areas)
    return len(neighbours) == areas and lengths != {areas}


def _misfit(areas: int) -> ValueError:
    return ValueError(f"neighbours: {areas} areas need a {areas} by {areas} matrix, a list an area, or pairs of positions.")


def _sums(weights: csr_array) -> tuple[int, float, float, float]:
    """Return the areas with neighbours, and Cliff and Ord's S0, S1 and S2."""
    both = weights + weights.T
    number = int((np.diff(weights.indptr) > 0).sum())
    s1 = float((both**2).sum()) / 2
    s2 = float(((np.asarray(weights.sum(axis=1)) + np.asarray(weights.sum(axis=0))) ** 2).sum())
    return number, float(weights.sum()), s1, s2


def _tested(method: str, statistic: float, expected: float, variance: float, sign: float = 1.0) -> Autocorrelation:
    z = sign * (statistic - expected) / float(np.sqrt(variance)) if variance > 0 else float("nan")
    why_not = "" if variance > 0 else "The variance is not above 0: too few areas for a test."
    return Autocorrelation(statistic, expected, variance, z, float(2 * ndtr(-abs(z))), method, why_not)


def _none(method: str) -> Autocorrelation:
    nan = float("nan")
    why_not = "It needs values that differ, in at least four areas that have neighbours."
    return Autocorrelation(nan, nan, nan, nan, nan, method, why_not)
