"""The proportional-hazards model of Cox: how each covariate multiplies the hazard, and how many events were to be expected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_array
from scipy.special import chdtrc

from plenary_stats.covariates import design
from plenary_stats.results import Columns, Numbers, frozen, normal_quantile
from plenary_stats.survival.exact import exact_likelihood
from plenary_stats.survival.patients import Flags, Indices, Labels, Patients, coded, patients
from plenary_stats.survival.risksets import RiskSets, squares

Ties = Literal["efron", "breslow", "exact"]

_ROUNDS = 40
_SETTLED = 1e-6  # the last step, in standard deviations of the covariate: Newton squares it, so 1e-12 is left
_GAIN = 1e-9  # no more log-likelihood than this is to be had, and yet the coefficient still moves: it has no limit

_ALIAS = "It says no more than the covariates before it (or is the same for everyone): it has no coefficient of its own."
_ENDLESS = "Events fall on one side of it only: the coefficient has no limit. Leave it out, or use a penalised model."
_NO_EVENT = "No event happened while anyone else was at risk: nothing can be estimated."


@dataclass(frozen=True)
class Cox:
    """A fitted model. Arrays of covariates stand in the order given; those of patients in the order of the rows.

    ``columns``: name, coefficient, std_err, hazard_ratio, lower, upper, p_value, why_not. ``std_err`` and ``covariance`` are
    robust where clusters were given; ``model_std_err`` is not. ``expected``: events expected of each patient while under
    observation; their sum is that of the events. ``risk``: the linear predictor, taken at 0 for covariates of 0. ``baseline``:
    stratum, time, cumulative_hazard at covariates of 0. ``likelihood_ratio``, ``wald`` and ``score`` are chi-squared on ``df``.
    A coefficient whose ``why_not`` is not empty is missing or infinite, and must not be shown.
    """

    coefficients: Numbers
    std_err: Numbers
    covariance: Numbers
    model_std_err: Numbers
    log_likelihood: float
    log_likelihood_null: float
    likelihood_ratio: float
    wald: float
    score: float
    df: int
    n: int
    n_event: int
    expected: Numbers
    risk: Numbers
    baseline: Columns
    columns: Columns
    level: float
    method: str
    why_not: str
    fit: Fit = field(repr=False)


def cox(  # noqa: PLR0917 -- the agreed order of arguments
    time: Any,
    event: Any,
    covariates: Any,
    ties: Ties = "efron",
    entry: Any = None,
    strata: Any = None,
    *,
    cluster: Any = None,
    level: float = 0.95,
) -> Cox:
    """Return the Cox model of the covariates.

    One row a patient (or, with ``entry``, a period of a patient: at risk when ``entry < t <= time``). ``covariates`` is a
    table of rows by columns, or names to columns; a column of texts becomes one of 0 and 1 for each text but the first in the
    alphabet. ``strata`` each have a baseline of their own; ``cluster`` (a centre, a patient of several rows) makes the standard
    errors robust, as in R. ``ties="exact"`` is the exact conditional likelihood of discrete times, for small sets.

    Raises ``ValueError`` for covariates that are missing or not one row a patient, and as :func:`kaplan_meier` does.
    """
    if ties not in ("efron", "breslow", "exact"):
        raise ValueError(f"ties: {ties!r} is none of efron, breslow, exact.")
    z = normal_quantile(level)
    rows = patients(time, event, entry)
    names, table = design(covariates, len(rows))
    labels, layer = coded(strata, len(rows), "strata")
    groups = None if cluster is None else coded(cluster, len(rows), "cluster")[1]
    if ties == "exact" and rows.start is not None:
        raise ValueError("ties: the exact likelihood is not offered with late entry; use efron.")
    fit = Fit.of(rows, table, RiskSets.of(rows, layer, efron=ties == "efron"), exact=ties == "exact")
    return _result(fit, names, labels, groups, z=z, level=level, ties=ties)


@dataclass(frozen=True)
class _State:
    """The model at some coefficients (of standardised covariates)."""

    beta: Numbers
    weight: Numbers
    log_likelihood: float
    score: Numbers
    information: Numbers
    expected: Numbers


@dataclass(frozen=True)
class Fit:
    """The model where it was found: its risk sets, covariates standardised and what they were divided by."""

    rows: Patients
    sets: RiskSets
    values: Numbers  # a column of ones, then the standardised covariates
    centre: Numbers
    scale: Numbers
    null: _State
    state: _State
    alias: Flags
    endless: Flags

    @staticmethod
    def of(rows: Patients, table: Numbers, sets: RiskSets, *, exact: bool) -> Fit:
        died = rows.died
        centre = table.mean(axis=0) if len(table) else np.zeros(table.shape[1])
        spread = table.std(axis=0) if len(table) else np.zeros(table.shape[1])
        constant = spread <= 1e-12 * np.maximum(np.abs(centre), 1e-300)  # rounding of the mean leaves a trace of spread
        scale = np.where(constant, 1.0, spread)
        values = np.empty((len(table), table.shape[1] + 1))
        values[:, 0] = 1.0
        np.subtract(table, centre, out=values[:, 1:])
        values[:, 1:] /= scale
        values[:, 1:][:, constant] = 0.0
        null = _state(sets, values, died, np.zeros(table.shape[1]), exact=exact)
        moment = np.array([column**2 @ null.expected for column in values.T[1:]])
        alias = ~_independent(null.information, 1e-12 * moment)
        state, endless = _climb(sets, values, died, null, alias, exact=exact)
        return Fit(rows, sets, values, centre, scale, null, state, alias, endless)


def _state(sets: RiskSets, values: Numbers, died: Flags, beta: Numbers, *, exact: bool) -> _State:
    predictor = values[:, 1:] @ beta
    weight = np.exp(predictor - predictor.max(initial=-np.inf)) if len(predictor) else predictor
    total, dying = sets.sums(weight, values)
    hazard, last_share, *squared = increments(sets, total[:, 0], dying[:, 0])
    expected = expected_events(sets, weight, hazard, last_share)
    if exact:
        likelihood, score, information = exact_likelihood(sets, values[:, 1:], predictor)
        return _State(beta, weight, likelihood, score, information, expected)
    with np.errstate(divide="ignore"):
        at_risk = np.log(sets.steps(total[:, 0], dying[:, 0])).sum() + len(sets.died) * predictor.max(
            initial=0.0 if not len(predictor) else -np.inf
        )
    likelihood = float(predictor[sets.died].sum() - at_risk)
    score = values[:, 1:].T @ (died - expected)
    information = spread(values, expected, total, dying, squared)
    return _State(beta, weight, likelihood, score, information, expected)


def increments(sets: RiskSets, total: Numbers, dying: Numbers) -> tuple[Numbers, ...]:
    """Return for each event time the sums over its deaths of 1/w, a/w, 1/w2, a/w2, a2/w2: w at risk, a the share gone."""
    at_risk = sets.steps(total, dying)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        one, two = 1 / at_risk, 1 / at_risk**2
        parts = (one, sets.share * one, two, sets.share * two, sets.share**2 * two)
    return tuple(sets.per_time(part) for part in parts)


def expected_events(sets: RiskSets, weight: Numbers, hazard: Numbers, last_share: Numbers) -> Numbers:
    """Return the events expected of each patient; those who die share the last step with those they are tied with."""
    expected = sets.between(hazard)
    expected[sets.died] -= last_share[sets.step]
    return expected * weight


def spread(values: Numbers, expected: Numbers, total: Numbers, dying: Numbers, squared: list[Numbers]) -> Numbers:
    """Return the sum over all deaths of the covariance of the covariates of those at risk. Column 0, of ones, is left out."""
    whole, cross, part = squared
    mixed = total.T @ (dying * cross[:, None])
    products = squares(total, whole) - mixed - mixed.T + squares(dying, part)
    return (squares(values, expected) - products)[1:, 1:]


def _independent(information: Numbers, rounding: Numbers) -> Flags:
    """Say which covariates tell something that those before them do not: a Cholesky factor that skips the others."""
    left = information.copy()
    kept = np.zeros(len(left), dtype=np.bool_)
    own = np.diag(information).copy()
    for place in range(len(left)):
        kept[place] = left[place, place] > max(1e-10 * own[place], rounding[place])
        if kept[place]:
            left -= np.outer(left[place], left[place]) / left[place, place]
    return kept


def _climb(sets: RiskSets, values: Numbers, died: Flags, null: _State, alias: Flags, *, exact: bool) -> tuple[_State, Flags]:
    """Return the model of the largest likelihood, by Newton's steps, halved where they overshoot, and what has no limit."""
    state, free = null, np.flatnonzero(~alias)
    endless = np.zeros(len(alias), dtype=np.bool_)
    for _ in range(_ROUNDS if len(free) else 0):
        step = np.zeros(len(alias))
        step[free] = np.linalg.lstsq(state.information[np.ix_(free, free)], state.score[free])[0]
        size = np.abs(step).max()
        found = _state(sets, values, died, state.beta + step, exact=exact)
        halvings = 0
        while not found.log_likelihood >= state.log_likelihood - 1e-9 * abs(state.log_likelihood) and halvings < 20:
            step /= 2
            halvings += 1
            found = _state(sets, values, died, state.beta + step, exact=exact)
        gain, state = found.log_likelihood - state.log_likelihood, found
        if size < _SETTLED:
            return state, endless
        if abs(gain) < _GAIN and size > 1e-3:
            break
    if len(free):
        endless = np.abs(step) > 1e-3
    return state, endless


def _result(fit: Fit, names: list[str], labels: Labels, groups: Indices | None, *, z: float, level: float, ties: str) -> Cox:
    state, usable = fit.state, ~(fit.alias | fit.endless)
    model = _inverse(state.information, usable)
    covariance = model if groups is None else _robust(fit, model, groups)
    cover = covariance / np.outer(fit.scale, fit.scale)
    columns = _columns(fit, names, cover, z)
    model_err = np.where(fit.endless, np.inf, np.sqrt(np.diag(model)) / fit.scale)
    predictor = fit.values[:, 1:] @ state.beta
    shift = float((fit.centre / fit.scale) @ state.beta)
    start, own = np.flatnonzero(~fit.alias), np.flatnonzero(usable)
    return Cox(
        coefficients=columns["coefficient"],
        std_err=columns["std_err"],
        covariance=cover,
        model_std_err=model_err,
        log_likelihood=state.log_likelihood,
        log_likelihood_null=fit.null.log_likelihood,
        likelihood_ratio=2 * (state.log_likelihood - fit.null.log_likelihood),
        wald=_quadratic(state.beta / fit.scale, cover, own),
        score=_quadratic(fit.null.score, fit.null.information, start),
        df=len(start),
        n=len(fit.values),
        n_event=len(fit.sets.died),
        expected=state.expected,
        risk=predictor + shift,
        baseline=_baseline(fit, labels, predictor, shift),
        columns=columns,
        level=level,
        method=f"Cox, {ties} ties" + ("" if groups is None else ", robust standard errors"),
        why_not="" if len(start) or not len(names) else _NO_EVENT,
        fit=fit,
    )


def _columns(fit: Fit, names: list[str], covariance: Numbers, z: float) -> Columns:
    coefficient = np.where(fit.endless, np.copysign(np.inf, fit.state.beta), fit.state.beta / fit.scale)
    coefficient[fit.alias] = np.nan
    std_err = np.where(fit.endless, np.inf, np.sqrt(np.diag(covariance)))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        ratio, lower, upper = (np.exp(coefficient + side * std_err) for side in (0, -z, z))
        ratio[fit.endless] = np.exp(coefficient[fit.endless])
        p_value = chdtrc(1, (coefficient / std_err) ** 2)
    columns = {"name": np.array(names, dtype=np.str_), "coefficient": coefficient, "std_err": std_err, "hazard_ratio": ratio}
    why_not = np.select([fit.alias, fit.endless], [_ALIAS, _ENDLESS], "")
    return frozen(columns | {"lower": lower, "upper": upper, "p_value": p_value, "why_not": why_not})


def _quadratic(values: Numbers, matrix: Numbers, places: Indices) -> float:
    own = values[places]
    return float(own @ np.linalg.lstsq(matrix[np.ix_(places, places)], own)[0]) if len(places) else 0.0


def _inverse(information: Numbers, usable: Flags) -> Numbers:
    """Return the inverse for the usable covariates, missing elsewhere."""
    inverse = np.full(information.shape, np.nan)
    places = np.ix_(usable, usable)
    inverse[places] = np.linalg.inv(information[places])
    return inverse


def _robust(fit: Fit, model: Numbers, groups: Indices) -> Numbers:
    usable = ~(fit.alias | fit.endless)
    residuals = score_residuals(fit)[:, usable]
    place = np.asarray(csr_array((np.ones(len(groups)), (groups, np.arange(len(groups))))) @ residuals)
    robust = np.full(model.shape, np.nan)
    own = model[np.ix_(usable, usable)]
    robust[np.ix_(usable, usable)] = own @ (place.T @ place) @ own
    return robust


def score_residuals(fit: Fit) -> Numbers:
    """Return what each row adds to the score of each (standardised) covariate; with tied deaths each takes the average."""
    sets, state = fit.sets, fit.state
    total, dying = sets.sums(state.weight, fit.values)
    one, shared, two, cross, part = increments(sets, total[:, 0], dying[:, 0])
    total, dying = total[:, 1:], dying[:, 1:]
    mean = (total * one[:, None] - dying * shared[:, None]) / sets.deaths[:, None]
    pulled = sets.between(total * two[:, None] - dying * cross[:, None])
    pulled[sets.died] -= (total * cross[:, None] - dying * part[:, None])[sets.step]
    residuals = fit.values[:, 1:] * (fit.rows.died - state.expected)[:, None] + pulled * state.weight[:, None]
    residuals[sets.died] -= mean[sets.step]
    return residuals


def _baseline(fit: Fit, labels: Labels, predictor: Numbers, shift: float) -> Columns:
    sets = fit.sets
    total, dying = sets.sums(fit.state.weight, fit.values[:, :1])
    hazard = increments(sets, total[:, 0], dying[:, 0])[0]
    running = np.empty_like(hazard)
    for begin, end in zip(sets.starts[:-1], sets.starts[1:], strict=True):
        running[begin:end] = np.cumsum(hazard[begin:end])
    top = predictor.max(initial=0.0) if len(predictor) == 0 else predictor.max()
    with np.errstate(over="ignore", invalid="ignore"):  # covariates of 0 can be far from anyone's
        cumulative = running * np.exp(-shift - top)
    return frozen({"stratum": labels[sets.layer] if len(labels) else labels, "time": sets.time, "cumulative_hazard": cumulative})
