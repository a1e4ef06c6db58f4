"""Is a Cox model to be believed? Whether hazards stay in proportion, and how well its predictions rank the patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import chdtrc

from plenary_stats.results import Columns, Numbers, frozen, normal_quantile, numbers
from plenary_stats.survival.curves import kaplan_meier
from plenary_stats.survival.patients import Indices, coded, patients
from plenary_stats.survival.regression import Cox, expected_events, increments, spread
from plenary_stats.survival.risksets import RiskSets

Clock = Literal["km", "identity", "log"]

_SAME_RISK = 1e-10


@dataclass(frozen=True)
class ProportionalHazards:
    """Score tests that each coefficient stays the same over time.

    ``columns``: name (the last is ``GLOBAL``), statistic, df, p_value.
    """

    columns: Columns
    method: str


@dataclass(frozen=True)
class Concordance:
    """Share of the comparable pairs in which the one at higher risk had the event first; ties in risk count half."""

    estimate: float
    std_err: float
    lower: float
    upper: float
    concordant: int
    discordant: int
    tied: int
    level: float
    why_not: str
    method: str = "Harrell's C, infinitesimal jackknife"


def proportional_hazards(model: Cox, clock: Clock = "km") -> ProportionalHazards:
    """Return the test of Grambsch and Therneau, as a score test, of each coefficient and of all together.

    The alternative is a coefficient that changes with the ``clock``: one minus Kaplan-Meier just before (the default), time
    itself or its logarithm. The same as ``cox.zph(terms = FALSE)`` of R's survival package from version 3.

    Raises ``ValueError`` for another clock, or a model of exact ties.
    """
    if "exact" in model.method:
        raise ValueError("model: the test is not offered for exact ties; fit it with efron.")
    fit = model.fit
    usable = np.flatnonzero(~(fit.alias | fit.endless))
    names = [*model.columns["name"][usable].tolist(), "GLOBAL"]
    count = len(usable)
    if not count:
        none = np.array([np.nan])
        return ProportionalHazards(
            frozen({"name": names, "statistic": none, "df": np.array([0]), "p_value": none}), f"score, {clock}"
        )
    score, information = _changing(model, _told(model, clock), usable)
    tests = [_statistic(score, information, np.array([place]), count) for place in range(count)]
    statistic = np.array([*tests, _statistic(score, information, np.arange(count), count)])
    df = np.array([1] * count + [count])
    columns = {"name": np.array(names), "statistic": statistic, "df": df, "p_value": chdtrc(df, statistic)}
    return ProportionalHazards(frozen(columns), f"score, {clock}")


def _told(model: Cox, clock: Clock) -> Numbers:
    """Return the clock at each event time, about its mean over the deaths."""
    sets, rows = model.fit.sets, model.fit.rows
    if clock == "km":
        curve = kaplan_meier(rows.stop, rows.died, entry=rows.start).columns
        told = 1 - np.append(1.0, curve["estimate"])[np.searchsorted(curve["time"], sets.time, side="left")]
    elif clock == "identity":
        told = sets.time
    elif clock == "log":
        if (sets.time <= 0).any():
            raise ValueError("clock: an event at time 0 has no logarithm; use km.")
        told = np.log(sets.time)
    else:
        raise ValueError(f"clock: {clock!r} is none of km, identity, log.")
    middle: Numbers = told - (told * sets.deaths).sum() / sets.deaths.sum()
    return middle


def _changing(model: Cox, told: Numbers, usable: Indices) -> tuple[Numbers, Numbers]:
    """Return score and information of the model with each covariate twice: as it is, and times the clock."""
    fit, state = model.fit, model.fit.state
    total, dying = fit.sets.sums(state.weight, fit.values)
    hazard, last_share, *squared = increments(fit.sets, total[:, 0], dying[:, 0])
    parts = []
    for power in range(3):
        by = told**power
        expected = expected_events(fit.sets, state.weight, hazard * by, last_share * by)
        parts.append(spread(fit.values, expected, total, dying, [one * by for one in squared])[np.ix_(usable, usable)])
        if power == 1:
            happened = np.zeros(len(fit.values))
            happened[fit.sets.died] = told[fit.sets.step]
            score = fit.values[:, 1:].T @ (happened - expected)
    return score[usable], np.block([[parts[0], parts[1]], [parts[1], parts[2]]])


def _statistic(score: Numbers, information: Numbers, tested: Indices, count: int) -> float:
    places = np.concatenate([np.arange(count), count + tested])
    values = np.concatenate([np.zeros(count), score[tested]])
    return float(values @ np.linalg.solve(information[np.ix_(places, places)], values))


def concordance(  # noqa: PLR0917 -- the order of R's and of the other estimators
    time: Any, event: Any, risk: Any, entry: Any = None, strata: Any = None, cluster: Any = None, *, level: float = 0.95
) -> Concordance:
    """Return how well a risk (such as ``cox(...).risk``) ranks the patients: Harrell's C.

    A pair is comparable where one had the event while the other was at risk, in the same stratum, and did not have it at
    the same time. The standard error is the infinitesimal jackknife of R's survival package, by ``cluster`` where given.
    Raises ``ValueError`` as :func:`kaplan_meier` does.
    """
    z = normal_quantile(level)
    rows = patients(time, event, entry)
    values = np.atleast_1d(numbers(risk, "risk"))
    if values.shape != rows.stop.shape:
        raise ValueError("risk: one value a patient.")
    groups = np.arange(len(rows)) if cluster is None else coded(cluster, len(rows), "cluster")[1]
    sets = RiskSets.of(rows, coded(strata, len(rows), "strata")[1], efron=False)
    lower, higher, tied = _pairs(sets, _ranks(values), len(rows))
    good, bad, even = (int(part.sum()) // 2 for part in (lower, higher, tied))
    pairs = good + bad + even
    if not pairs:
        missing = float("nan")
        return Concordance(missing, missing, missing, missing, 0, 0, 0, level, "No two patients can be compared.")
    somers = (good - bad) / pairs
    influence = ((lower - higher) - somers * (lower + higher + tied)) / pairs
    std_err = float(np.sqrt((np.bincount(groups, influence) ** 2).sum()) / 2)
    estimate = (somers + 1) / 2
    limits = max(estimate - z * std_err, 0.0), min(estimate + z * std_err, 1.0)
    return Concordance(estimate, std_err, *limits, good, bad, even, level, "")


def _ranks(values: Numbers) -> Indices:
    """Return the place of each risk in ascending order; those that differ by rounding are equal."""
    known = np.unique(values)
    new = np.append(0, np.cumsum(np.diff(known) > _SAME_RISK * (1 + np.abs(known[1:])))) if len(known) else known.astype(np.intp)
    return new.astype(np.intp)[np.searchsorted(known, values)]


def _pairs(sets: RiskSets, rank: Indices, length: int) -> tuple[Numbers, Numbers, Numbers]:
    """Return for each patient the concordant, discordant and tied pairs they are in, as the one with the event or the other."""
    died = np.zeros(length, dtype=np.intp)
    died[sets.died] = 1
    first, last = sets.first, np.maximum(sets.last - died, sets.first)  # two who die together are not compared
    event, place = rank[sets.died], sets.step
    found = []
    for lower, higher in ((rank, event), (-rank, -event)):  # the other at lower risk than the one with the event; at higher
        as_event = _below(first, lower, place + 1, higher) - _below(last, lower, place + 1, higher)
        top = int(max(lower.max(initial=0), higher.max(initial=0)))
        as_other = _below(place, top - higher, last, top - lower) - _below(place, top - higher, first, top - lower)
        as_other[sets.died] += as_event
        found.append(as_other)
    at_risk = np.cumsum(np.bincount(first, minlength=len(sets.time) + 1) - np.bincount(last, minlength=len(sets.time) + 1))
    met = np.append(0, np.cumsum(sets.deaths))
    every = met[last] - met[first]
    every[sets.died] += at_risk[place]
    return found[0].astype(float), found[1].astype(float), every - found[0] - found[1]


def _below(x: Indices, y: Indices, at_x: Indices, at_y: Indices) -> Indices:
    """Count, for each (at_x, at_y), the points with smaller x and smaller y: one pass for each binary digit of y."""
    points = len(x)
    low = min(y.min(initial=0), at_y.min(initial=0))
    height = np.concatenate([y, at_y]) - low
    order = np.argsort(np.concatenate([x * 2 + 1, at_x * 2]), kind="stable")
    counted = np.zeros(len(height), dtype=np.intp)
    for digit in range(int(height.max(initial=0)).bit_length() - 1, -1, -1):
        block = height[order] >> (digit + 1)
        order = order[np.argsort(block, kind="stable")]
        block.sort()
        upper = (height[order] >> digit) & 1
        seen = np.append(0, np.cumsum((upper == 0) & (order < points)))
        begin = np.searchsorted(block, block, side="left")
        asks = np.flatnonzero((upper == 1) & (order >= points))
        counted[order[asks]] += seen[asks] - seen[begin[asks]]
    return counted[points:]
