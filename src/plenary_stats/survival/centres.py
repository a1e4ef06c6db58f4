"""Centres beside a national model: the events observed at each, and those to be expected of its patients anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaincinv

from plenary_stats import rates
from plenary_stats.results import Columns, frozen
from plenary_stats.survival.curves import kaplan_meier
from plenary_stats.survival.patients import coded, patients
from plenary_stats.survival.regression import Cox, Ties, cox

_NO_EXPECTED = "No event was to be expected of these patients: there is nothing to compare with."
_BELOW_NOUGHT = "So many more events than expected that the adjusted survival would fall below 0: show observed and expected."


@dataclass(frozen=True)
class CentreRatios:
    """Observed over expected events of each centre, up to ``until``.

    ``columns``: centre, n, observed, expected, estimate (observed/expected), lower, upper (exact Poisson), adjusted_survival,
    shrunken, shrunken_lower, shrunken_upper, why_not. ``national_survival``: Kaplan-Meier of all patients at ``until``.
    ``model``: the fit; its ``expected`` are those of the patients.
    """

    columns: Columns
    national_survival: float
    until: float
    model: Cox
    prior: float
    level: float
    method: str = "Cox expected events, exact Poisson limits"


def centre_ratios(
    time: Any,
    event: Any,
    covariates: Any,
    centre: Any,
    *,
    until: float,
    ties: Ties = "efron",
    entry: Any = None,
    strata: Any = None,
    prior: float = 2.0,
    level: float = 0.95,
) -> CentreRatios:
    """Return observed over expected events by centre, from one Cox model of all patients, followed up to ``until``.

    A patient's expected events are their cumulative hazard while observed; over all centres they add up to those observed.
    Adjusted survival is 1 - (1 - S) observed/expected, with S the national survival (as transplant services publish it): it can
    fall below 0, and ``why_not`` then says not to show it. ``shrunken`` is (O + prior)/(E + prior), the mean of a gamma
    distribution, with its equal-tailed interval: what is likely of the centre, given that few centres differ much.

    Raises ``ValueError`` as :func:`cox` does, for a time ``until`` or a ``prior`` that is not above 0, or someone who enters
    at ``until`` or later.
    """
    if not 0 < until < np.inf:
        raise ValueError(f"until: {until} is not a time after 0.")
    if not 0 < prior < np.inf:
        raise ValueError(f"prior: {prior} must be above 0; 2 is usual.")
    rows = patients(time, event, entry)
    if rows.start is not None and (rows.start >= until).any():
        raise ValueError("entry: leave out those who enter at the time until, or later; they were never observed before it.")
    stop, died = np.minimum(rows.stop, until), rows.died & (rows.stop <= until)
    model = cox(stop, died, covariates, ties, rows.start, strata, level=level)
    labels, code = coded(centre, len(rows), "centre")
    national = float(kaplan_meier(stop, died, at=[until], entry=rows.start).columns["estimate"][0])
    observed, expected = (np.bincount(code, values, minlength=len(labels)) for values in (died, model.expected))
    possible = expected > 0
    base = np.where(possible, expected, 1.0)
    ratio = rates.interval(observed, base, "exact", level)
    adjusted = 1 - (1 - national) * observed / base
    tails = [gammaincinv(observed + prior, tail) / (expected + prior) for tail in ((1 - level) / 2, (1 + level) / 2)]
    columns = {"centre": labels, "n": np.bincount(code, minlength=len(labels)), "observed": observed, "expected": expected}
    for name, values in {
        "estimate": ratio.estimate,
        "lower": ratio.lower,
        "upper": ratio.upper,
        "adjusted_survival": adjusted,
    }.items():
        columns[name] = np.where(possible, values, np.nan)
    columns |= {"shrunken": (observed + prior) / (expected + prior), "shrunken_lower": tails[0], "shrunken_upper": tails[1]}
    columns |= {"why_not": np.select([~possible, adjusted < 0], [_NO_EXPECTED, _BELOW_NOUGHT], "")}
    return CentreRatios(frozen(columns), national, float(until), model, prior, level)
