"""Do centres differ among themselves by more than chance, and by how much? A random-effects summary of their proportions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc

from plenary_stats.results import Columns, Numbers, counts, frozen, normal_quantile

Measure = Literal["logit", "arcsine", "double-arcsine"]
Heterogeneity = Literal["dl", "reml", "pm", "ee"]


@dataclass(frozen=True)
class Between:
    """The centres together, on the scale of ``measure``.

    ``estimate`` is their mean with ``lower`` and ``upper``; ``predicted_lower`` and ``predicted_upper`` hold the true value of
    another centre of the same kind (NaN where all are taken to be equal). ``tau2`` is the variance between centres beyond chance,
    ``i2`` its share of all variance (0 to 100). ``statistic`` (Cochran's Q), ``df`` and ``p_value`` test whether there is any.
    ``columns``: effect, variance, weight, why_not for each centre. Where ``why_not`` is not empty there is no comparison.
    """

    estimate: float
    std_err: float
    lower: float
    upper: float
    predicted_lower: float
    predicted_upper: float
    tau2: float
    statistic: float
    df: int
    p_value: float
    i2: float
    columns: Columns
    method: str
    level: float
    why_not: str = ""

    @property
    def statement(self) -> str:
        """Return the finding in plain words."""
        if self.why_not:
            return self.why_not
        share = f"{self.i2:.0f}% of the differences between the {self.df + 1} centres"
        if self.p_value >= 1 - self.level:
            return f"The {self.df + 1} centres differ by no more than chance would have it (p = {self.p_value:.2g})."
        return f"The centres differ by more than chance (p = {self.p_value:.2g}): {share} are beyond chance."


def between_centres(
    events: Any,
    patients: Any,
    *,
    measure: Measure = "logit",
    method: Heterogeneity = "dl",
    tau2: float | None = None,
    level: float = 0.95,
) -> Between:
    """Return how far centres differ, from the events among the patients of each.

    ``measure``: ``logit`` (log odds; ½ is added to both counts of a centre with none or all), ``arcsine`` (of the square root),
    or ``double-arcsine`` (Freeman and Tukey), which needs no correction. ``method`` estimates the variance between centres:
    ``dl`` (DerSimonian and Laird), ``reml`` (restricted likelihood), ``pm`` (Paule and Mandel), or ``ee`` (none: all equal).
    ``tau2`` takes its place where the variance is known, from earlier years for instance. A centre without patients is left out.
    Raises ``ValueError`` for impossible counts or unknown words.
    """
    if measure not in _MEASURES or method not in _TAU2:
        raise ValueError(f"measure: one of {', '.join(_MEASURES)}, and method: one of {', '.join(_TAU2)}.")
    met, of = np.broadcast_arrays(np.atleast_1d(counts(events, "events")), counts(patients, "patients"))
    if met.ndim != 1 or (met > of).any():
        raise ValueError("events: one number a centre, and no more than its patients.")
    z, shown = normal_quantile(level), of > 0
    effect, variance = _MEASURES[measure](met, np.where(shown, of, 1.0))
    y, v = effect[shown], variance[shown]
    if tau2 is not None and not 0 <= tau2 < np.inf:
        raise ValueError("tau2: a variance is a number from 0 up.")
    df = max(len(y) - 1, 0)
    beyond = tau2 if tau2 is not None else _TAU2[method](y, v) if df else 0.0
    mean, std_err = _mean(y, 1 / (v + beyond)) if len(y) else (np.nan, np.nan)
    q = _q(y, v, 0.0) if df else np.nan
    half = z * np.sqrt(std_err**2 + beyond) if method != "ee" else np.nan
    columns = {
        "effect": np.where(shown, effect, np.nan),
        "variance": np.where(shown, variance, np.nan),
        "weight": np.where(shown, 1 / (variance + beyond), 0.0) / max(float(np.sum(1 / (v + beyond))), 1e-300),
        "why_not": np.where(shown, "", "There is nobody in the denominator."),
    }
    return Between(
        estimate=mean,
        std_err=std_err,
        lower=mean - z * std_err,
        upper=mean + z * std_err,
        predicted_lower=mean - half,
        predicted_upper=mean + half,
        tau2=beyond,
        statistic=q,
        df=df,
        p_value=float(chdtrc(df, q)) if df else np.nan,
        i2=_share(q, df, v, beyond, method),
        columns=frozen(columns),
        method=f"{measure}, {method}",
        level=level,
        why_not="" if df else "Fewer than two centres with patients: there is nothing to compare.",
    )


def _logit(met: Numbers, of: Numbers) -> tuple[Numbers, Numbers]:
    more = np.where((met == 0) | (met == of), 0.5, 0.0)
    met, missed = met + more, of - met + more
    return np.log(met / missed), 1 / met + 1 / missed


def _arcsine(met: Numbers, of: Numbers) -> tuple[Numbers, Numbers]:
    return np.arcsin(np.sqrt(met / of)), 1 / (4 * of)


def _double_arcsine(met: Numbers, of: Numbers) -> tuple[Numbers, Numbers]:
    return (np.arcsin(np.sqrt(met / (of + 1))) + np.arcsin(np.sqrt((met + 1) / (of + 1)))) / 2, 1 / (4 * of + 2)


_MEASURES: dict[str, Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]] = {
    "logit": _logit,
    "arcsine": _arcsine,
    "double-arcsine": _double_arcsine,
}


def _mean(y: Numbers, weight: Numbers) -> tuple[float, float]:
    return float((weight * y).sum() / weight.sum()), float(weight.sum() ** -0.5)


def _q(y: Numbers, v: Numbers, tau2: float) -> float:
    """Return the weighted sum of squares round the mean, with so much variance between centres."""
    weight = 1 / (v + tau2)
    return float((weight * (y - _mean(y, weight)[0]) ** 2).sum())


def _room(v: Numbers) -> float:
    weight = 1 / v
    return float(weight.sum() - (weight**2).sum() / weight.sum())


def _dersimonian_laird(y: Numbers, v: Numbers) -> float:
    return max((_q(y, v, 0.0) - (len(y) - 1)) / _room(v), 0.0)


def _root(surplus: Callable[[float], float], start: float) -> float:
    """Return where a falling function crosses nought; nought where it is below from the beginning."""
    if surplus(0.0) <= 0:
        return 0.0
    most = max(start, 1e-8)
    while surplus(most) > 0:
        most *= 2
    return float(brentq(surplus, 0.0, most, xtol=1e-15, rtol=1e-14))


def _paule_mandel(y: Numbers, v: Numbers) -> float:
    return _root(lambda tau2: _q(y, v, tau2) - (len(y) - 1), float(np.var(y)))


def _restricted(y: Numbers, v: Numbers) -> float:
    """Return the variance between centres at which the slope of the restricted likelihood is nought."""

    def slope(tau2: float) -> float:
        weight = 1 / (v + tau2)
        mean = _mean(y, weight)[0]
        return float((weight**2 * (y - mean) ** 2).sum() - weight.sum() + (weight**2).sum() / weight.sum())

    return _root(slope, float(np.var(y)))


_TAU2: dict[str, Callable[[Numbers, Numbers], float]] = {
    "dl": _dersimonian_laird,
    "reml": _restricted,
    "pm": _paule_mandel,
    "ee": lambda y, v: 0.0,  # noqa: ARG005 -- all centres are taken to be equal, whatever they are
}


def _share(q: float, df: int, v: Numbers, tau2: float, method: str) -> float:
    """Return the share of variance that is between centres, in per cent (Higgins and Thompson 2002)."""
    if not df:
        return np.nan
    if method == "ee":
        return max(100 * (q - df) / q, 0.0) if q > 0 else 0.0
    return 100 * tau2 / (tau2 + df / _room(v))
