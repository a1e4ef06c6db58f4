"""Case-mix adjustment: logistic regression, also where events are few, and each centre's observed against expected events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.special import chdtrc, expit, ndtr

from plenary_stats.covariates import design
from plenary_stats.rates import exact_limits
from plenary_stats.results import Columns, Numbers, frozen, normal_quantile, numbers

Penalty = Literal["firth"]
STEPS = 100
"""Newton steps after which a fit is given up; a fit that has an answer needs fewer than ten."""
FAR = 1e6
"""A profile limit further than this many standard errors away is infinite."""


@dataclass(frozen=True)
class Logistic:
    """A logistic regression. ``terms`` names the coefficients; the first is the intercept.

    ``log_likelihood`` is the penalised one under Firth's penalty. ``fitted`` holds each patient's probability, in their order.
    ``lower`` and ``upper`` are limits of the coefficients. Where ``why_not`` is not empty there is no fit: the figures are NaN.
    """

    terms: tuple[str, ...]
    coefficients: Numbers
    std_err: Numbers
    p_value: Numbers
    lower: Numbers
    upper: Numbers
    log_likelihood: float
    fitted: Numbers
    method: str
    level: float
    why_not: str = ""

    @property
    def deviance(self) -> float:
        """Return minus twice the log-likelihood."""
        return -2 * self.log_likelihood

    @property
    def aic(self) -> float:
        """Return Akaike's criterion: the deviance and two for each coefficient."""
        return self.deviance + 2 * len(self.terms)


@dataclass(frozen=True)
class Quality:
    """How well probabilities foretell the outcome. ``why_not`` says why there is no area under the curve, if so."""

    auc: float
    auc_lower: float
    auc_upper: float
    brier: float
    nagelkerke: float
    hosmer_lemeshow: float
    df: int
    p_value: float
    method: str = "DeLong; Hosmer-Lemeshow by tenths"
    why_not: str = ""


@dataclass(frozen=True)
class Ratios:
    """Observed against expected events of each centre.

    ``columns``: centre, patients, observed, expected, variance, ratio, lower, upper, z, adjusted (the ratio times the rate
    of all), p_low, p_high (exact, from each patient's own probability), why_not.
    """

    columns: Columns
    level: float
    method: str = "observed/expected, exact Poisson limits, Poisson-binomial chances"


def logistic(
    outcome: Any,
    covariates: Any,
    penalty: Penalty | None = None,
    *,
    limits: Literal["wald", "profile"] = "wald",
    level: float = 0.95,
) -> Logistic:
    """Return the logistic regression of an outcome (0 or 1) on covariates, by maximum likelihood or with Firth's penalty.

    ``covariates`` as :func:`plenary_stats.covariates.design` takes them. An intercept is put before them; a column that is
    the same for all is taken for it. ``limits`` are those of Wald, or of the profile likelihood, which hold where events are few.

    Where some covariates separate the outcome perfectly the likelihood has no maximum: ``why_not`` names them and the remedy,
    ``penalty="firth"`` (Firth, Biometrika 1993;80:27; Heinze and Schemper, Stat Med 2002;21:2409).
    Raises ``ValueError`` for an outcome that is not 0 or 1, missing values, or covariates of which one says what others say.
    """
    if penalty not in {None, "firth"} or limits not in {"wald", "profile"}:
        raise ValueError(f"penalty: None or 'firth', not {penalty!r}; limits: 'wald' or 'profile', not {limits!r}.")
    z = normal_quantile(level)
    happened, terms, columns = _binary(outcome), *_with_intercept(covariates, np.size(outcome))
    method = "Firth's penalised likelihood" if penalty else "maximum likelihood"
    scale = np.sqrt(np.mean(columns**2, axis=0))
    model = _Model(happened, columns / scale, firth=penalty is not None)
    found = model.climb(np.zeros(len(terms)))
    separating = [] if penalty else _separating(model, found, terms)
    if separating or not found.settled:
        none = np.full(len(terms), np.nan)
        reason = _no_fit(happened, separating)
        return Logistic(terms, none, none, none, none, none, np.nan, np.full(len(happened), np.nan), method, level, reason)
    std_err = np.sqrt(np.diag(np.linalg.inv(found.information)))
    lower, upper = found.point - z * std_err, found.point + z * std_err
    if limits == "profile":
        lower, upper = (
            np.array([model.profile(found, term, side * std_err[term], z) for term in range(len(terms))]) for side in (-1, 1)
        )
    jacobian = float(np.log(scale).sum()) if penalty else 0.0  # the penalty in the covariates' own units
    return Logistic(
        terms,
        found.point / scale,
        std_err / scale,
        2 * ndtr(-np.abs(found.point / std_err)),
        lower / scale,
        upper / scale,
        found.height + jacobian,
        expit(model.design @ found.point),
        f"{method}, {limits} limits",
        level,
    )


def quality(outcome: Any, fitted: Any, level: float = 0.95) -> Quality:
    """Return how well each patient's probability foretells the outcome: discrimination, calibration and both together.

    The area under the curve has DeLong's limits (Biometrics 1988;44:837); Hosmer and Lemeshow's test groups by tenths of the
    probabilities, fewer where many are the same; Nagelkerke's R² compares with one probability for all.
    """
    happened, chance = _binary(outcome), _chances(fitted, np.size(outcome))
    brier, events = float(np.mean((happened - chance) ** 2)), int(happened.sum())
    if events in {0, len(happened)}:
        reason = "Everybody had the same outcome: there is nothing to foretell."
        return Quality(np.nan, np.nan, np.nan, brier, np.nan, np.nan, 0, np.nan, why_not=reason)
    auc, error = _area(happened == 1, chance)
    half = normal_quantile(level) * error
    statistic, df = _hosmer_lemeshow(happened, chance)
    size, rate = len(happened), events / len(happened)
    apart = 2 * (_log_likelihood(happened, chance) - _log_likelihood(happened, np.full(size, rate))) / size
    most = -np.expm1(2 * _log_likelihood(happened, np.full(size, rate)) / size)
    p_value = float(chdtrc(df, statistic)) if df > 0 else np.nan
    return Quality(auc, auc - half, auc + half, brier, float(-np.expm1(-apart) / most), statistic, df, p_value)


def centre_ratios(outcome: Any, fitted: Any, centre: Any, level: float = 0.95) -> Ratios:
    """Return each centre's observed and expected events, their ratio with exact limits, and the exact chances of either tail.

    One row a patient in; one row a centre out, in sort order. ``fitted`` is each patient's probability, from ``logistic`` or a
    published model. For a funnel: ``funnel(columns["observed"], None, kind="ratio", expected=columns["expected"])``.
    """
    happened, chance = _binary(outcome), _chances(fitted, np.size(outcome))
    names, place = np.unique(np.asarray(centre), return_inverse=True)
    if place.shape != happened.shape:
        raise ValueError("centre: one a patient, as many as outcomes.")
    observed, expected, variance = (np.bincount(place, values) for values in (happened, chance, chance * (1 - chance)))
    patients = np.bincount(place)
    by_centre = np.split(chance[np.argsort(place, kind="stable")], np.cumsum(patients)[:-1])
    tails = np.array([_tails(of, int(seen)) for of, seen in zip(by_centre, observed, strict=True)])
    nothing, (lower, upper) = expected == 0, exact_limits(observed.astype(np.float64), level)
    per = np.where(nothing, np.nan, expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, (observed - expected) / np.sqrt(variance), np.nan)
    columns = {
        "centre": names,
        "patients": patients,
        "observed": observed,
        "expected": expected,
        "variance": variance,
        "ratio": observed / per,
        "lower": lower / per,
        "upper": upper / per,
        "z": z,
        "adjusted": observed / per * happened.mean(),
        "p_low": tails[:, 0],
        "p_high": tails[:, 1],
        "why_not": np.where(nothing, "No events are expected: there is no ratio.", ""),
    }
    return Ratios(frozen(columns), level)


def _binary(outcome: Any) -> Numbers:
    happened = np.atleast_1d(numbers(outcome, "outcome"))
    if happened.ndim != 1 or not happened.size or not np.isin(happened, (0, 1)).all():
        raise ValueError("outcome: one 0 or 1 a patient, and at least one patient.")
    return happened


def _chances(fitted: Any, patients: int) -> Numbers:
    chance = np.atleast_1d(numbers(fitted, "fitted"))
    if chance.shape != (patients,) or (chance < 0).any() or (chance > 1).any():
        raise ValueError("fitted: one probability a patient, between 0 and 1.")
    return chance


def _with_intercept(covariates: Any, patients: int) -> tuple[tuple[str, ...], Numbers]:
    """Return the names and the columns of the covariates, the intercept first; a column that is the same for all is it again."""
    names, table = design(covariates, patients)
    named = [("intercept", np.ones(patients)), *zip(names, table.T, strict=True)]
    kept = [named[0], *((name, values) for name, values in named[1:] if patients == 0 or np.ptp(values) > 0 or values[0] == 0)]
    columns = np.column_stack([values for _, values in kept])
    spread = np.sqrt(np.mean(columns**2, axis=0))
    if (spread == 0).any() or np.linalg.matrix_rank(columns / spread) < len(kept):
        raise ValueError(
            "covariates: one of them says only what the others say together (or the patients are fewer than the covariates); "
            "leave one out."
        )
    return tuple(name for name, _ in kept), columns


@dataclass(frozen=True)
class _Peak:
    """The highest point found: where, how high, and the information and the slope there."""

    point: Numbers
    height: float
    information: Numbers
    slope: Numbers
    settled: bool


@dataclass(frozen=True)
class _Model:
    happened: Numbers
    design: Numbers
    firth: bool

    def look(self, point: Numbers) -> _Peak:
        """Return height, slope and information at a point."""
        line = self.design @ point
        chance = expit(line)
        weight = chance * (1 - chance)
        information = self.design.T @ (self.design * weight[:, None])
        height = float(self.happened @ line - np.logaddexp(0, line).sum())
        excess = self.happened - chance
        if self.firth:
            sign, size = np.linalg.slogdet(information)
            if sign <= 0:
                return _Peak(point, -np.inf, information, np.zeros_like(point), settled=False)
            solved = np.linalg.solve(information, self.design.T)
            excess = excess + weight * np.einsum("ij,ji->i", self.design, solved) * (0.5 - chance)
            height += float(size) / 2
        return _Peak(point, height, information, self.design.T @ excess, settled=False)

    def climb(self, start: Numbers, held: int | None = None) -> _Peak:
        """Return the peak by Newton's steps, halved where they do not lead up; ``held`` names a coefficient that stays."""
        free = np.arange(len(start)) != (-1 if held is None else held)
        here = self.look(start)
        for _ in range(STEPS):
            step = np.zeros_like(start)
            try:
                step[free] = np.linalg.solve(here.information[np.ix_(free, free)], here.slope[free])
            except np.linalg.LinAlgError:
                return here
            gain = float(here.slope @ step)
            if gain < 1e-22 * (1 + abs(here.height)) or np.abs(step).max(initial=0) < 1e-13 * (1 + np.abs(here.point).max()):
                return _Peak(here.point, here.height, here.information, here.slope, settled=True)
            there = self.look(here.point + step)
            for _half in range(30):
                if there.height >= here.height - 1e-12 * (1 + abs(here.height)):
                    break
                step /= 2
                there = self.look(here.point + step)
            here = there
        # Firth's steps are not quite Newton's, and may end by going to and fro in the last digit.
        return _Peak(here.point, here.height, here.information, here.slope, settled=gain < 1e-12)

    def profile(self, peak: _Peak, term: int, away: float, z: float) -> float:
        """Return where the likelihood, with one coefficient held and the others at their best, has fallen by z²/2."""
        here, edge = peak, float(peak.point[term] + z * away)
        for _ in range(STEPS):
            start = here.point.copy()
            start[term] = edge
            here = self.climb(start, held=term)
            fallen = peak.height - here.height - z**2 / 2
            if abs(fallen) < 1e-12 * (1 + z**2):
                return edge
            slope = float(here.slope[term])
            if slope == 0 or not here.settled or abs(edge - peak.point[term]) > FAR * abs(away):
                return float(np.copysign(np.inf, away))
            # Newton on the root of the fall, which is close to a straight line.
            fall = max(2 * (peak.height - here.height), 1e-300)
            edge += (np.sqrt(fall) - z) * np.sqrt(fall) / slope
        return float(np.copysign(np.inf, away))


def _separating(model: _Model, found: _Peak, terms: tuple[str, ...]) -> list[str]:
    """Name the covariates along which the outcome is separated. Asked only where the fit looks as if (Konis 2007)."""
    if found.settled and np.abs(model.design @ found.point).max() < 15:
        return []
    signed = model.design * (2 * model.happened - 1)[:, None]
    answer = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1), method="highs")
    if answer.x is None or -answer.fun < 1e-7:
        return []
    return [term for term, weight in zip(terms, answer.x, strict=True) if abs(weight) > 1e-9]


def _no_fit(happened: Numbers, separating: list[str]) -> str:
    remedy = 'the likelihood has no maximum; use penalty="firth"'
    if not happened.any() or happened.all():
        return f"{'Everybody' if happened.any() else 'Nobody'} had the outcome: {remedy}."
    if separating:
        return f"The outcome is separated by {', '.join(term for term in separating if term != 'intercept')}: {remedy}."
    return f"The fit did not settle: {remedy}."


def _log_likelihood(happened: Numbers, chance: Numbers) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log(np.where(happened == 1, chance, 1 - chance)).sum())


def _area(event: npt.NDArray[np.bool_], chance: Numbers) -> tuple[float, float]:
    """Return the area under the curve and DeLong's standard error, by ranks."""
    from scipy.stats import rankdata  # noqa: PLC0415 - slow to load, and few editions need it

    ranks, hit, miss = rankdata(chance), int(event.sum()), int((~event).sum())
    beats = (ranks[event] - rankdata(chance[event])) / miss
    beaten = 1 - (ranks[~event] - rankdata(chance[~event])) / hit
    variance = sum(np.var(part, ddof=1) / len(part) if len(part) > 1 else np.nan for part in (beats, beaten))
    return float(beats.mean()), float(np.sqrt(variance))


def _hosmer_lemeshow(happened: Numbers, chance: Numbers) -> tuple[float, int]:
    edges = np.unique(np.quantile(chance, np.linspace(0, 1, 11)))
    group = np.clip(np.searchsorted(edges, chance, side="left") - 1, 0, max(len(edges) - 2, 0))
    size, seen, due = (np.bincount(group, values) for values in (np.ones_like(chance), happened, chance))
    some = size > 0
    size, seen, due = size[some], seen[some], due[some]
    statistic = float(((seen - due) ** 2 / (due * (1 - due / size))).sum())
    return statistic, len(size) - 2


def _tails(chance: Numbers, observed: int) -> tuple[float, float]:
    """Return the chance of so many events or fewer and so many or more, each patient having a probability of their own.

    All terms are positive, so that small chances keep their digits: polynomials are multiplied pair by pair.
    """
    parts = [np.array([1 - one, one]) for one in chance]
    while len(parts) > 1:
        pairs = [np.convolve(a, b) for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = pairs + parts[len(pairs) * 2 :]
    return float(min(parts[0][: observed + 1].sum(), 1.0)), float(min(parts[0][observed:].sum(), 1.0))
