"""Centres compared with what their patients' case mix would lead one to expect: proportions, and survival at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from plenary_stats import adjustment, survival
from plenary_stats.covariates import design
from plenary_stats.measures.readings import Flags, Follow, flags, followed, states
from plenary_stats.results import Columns
from plenary_stats.spec import DataSet, Outcome
from plenary_stats.tables import CaseTable, Column

RATIO: Final = ("observed", "expected", "ratio", "ratio_lower", "ratio_upper")
"""What an adjusted row carries besides: patients observed and expected, and observed over expected with its limits.

Of a proportion they are patients who met it; of survival, patients to whom the event happened by the time of the row.
"""

FEW: Final = 5
"""Fewer patients than this must not follow from what a centre's ratio leaves out of its plain figure."""

EVENTS_EACH: Final = 10
"""Events a coefficient that a Cox model asks for (Peduzzi and others, J Clin Epidemiol 1995;48:1503)."""

Fitted = tuple[Columns | None, str]
"""A row a centre and the model's name; or none, and why not."""


@dataclass(frozen=True)
class CaseMix:
    """Each centre's patients observed and expected; ``note`` says how, or why not."""

    centres: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    note: str = "Not adjusted for case mix."


def case_mix(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> dict[str, CaseMix]:
    """Fit the outcome on its ``adjust`` fields over all centres together; return each centre's observed over expected, by time.

    A proportion has the one time ``""``: logistic regression, with Firth's penalty where a covariate separates the outcome.
    Survival has those of ``at``: one Cox model of the events up to each. Patients who lack a covariate are left out of both
    sides. No centre is given a ratio where the model cannot be fitted: the note says why. A centre is given none, either, where
    what it leaves out would tell of fewer than ``FEW`` patients: both its plain figure and its ratio are published. How many
    lack a covariate is said only where those among them with the event, and those without it, are none or enough.
    """
    known, _ = states(outcome, cases, dataset)
    covariates = {name: cases[name][known] for name in outcome.adjust}
    complete = np.logical_and.reduce([_known(values) for values in covariates.values()])
    people = _People(outcome, dataset, cases["centre"][known], covariates, complete)
    if outcome.measure == "proportion":
        return {"": people.compared(flags(outcome.met, cases, dataset)[0][known])}
    follow = followed(outcome, cases, dataset).of(known)
    return {name: people.followed(follow, day) for name, day in zip(outcome.at, outcome.at_days, strict=True)}


@dataclass(frozen=True)
class _People:
    """The patients whose outcome is known; ``complete``: of whom every covariate is known, too."""

    outcome: Outcome
    dataset: DataSet
    centre: Column
    covariates: Mapping[str, Column]
    complete: Flags

    def given(self, rows: Flags) -> dict[str, Column]:
        return {name: values[rows] for name, values in self.covariates.items()}

    def compared(self, met: Flags) -> CaseMix:
        """Return centres compared by a logistic regression."""
        whole = self.complete
        return self.told(met, _attempted(lambda: _logistic(met[whole].astype(float), self.given(whole), self.centre[whole])))

    def followed(self, follow: Follow, day: int) -> CaseMix:
        """Return centres compared by a Cox model of the events up to a day."""
        whole = self.complete if follow.entry is None else self.complete & (follow.entry < day)
        happened = follow.event & (follow.time <= day)
        return self.told(happened, _attempted(lambda: _cox(follow.of(whole), self.given(whole), self.centre[whole], day)))

    def told(self, happened: Flags, fitted: Fitted) -> CaseMix:
        """Return the ratios of the centres that may have one, and the words about them."""
        columns, how = fitted
        if columns is None:
            return CaseMix(note=f"Not adjusted for case mix. {how}")
        centres = {}
        for centre, *figures in zip(*(columns[name].tolist() for name in ("centre", *RATIO)), strict=True):
            lost = int((happened & ~self.complete & (self.centre == centre)).sum())
            if lost == 0 or min(lost, figures[0]) >= FEW:
                centres[str(centre)] = dict(zip(RATIO, figures, strict=True))
        labels = {name: one.label for name, one in self.dataset.columns.items()}
        fields = ", ".join(labels.get(name) or name for name in self.outcome.adjust)
        return CaseMix(centres, f"Expected from {fields} of all patients ({how}).{self._left_out(happened)}")

    def _left_out(self, happened: Flags) -> str:
        """Return how many lack a covariate; no number where the plain figures beside it would split it into too few."""
        parts = [int((~self.complete & flags).sum()) for flags in (happened, ~happened)]
        if not any(parts):
            return ""
        many = f"{sum(parts)} patients" if all(part == 0 or part >= FEW for part in parts) else "Patients"
        return f" {many} who lack one of these are left out."


def _attempted(fit: Callable[[], Fitted]) -> Fitted:
    """Return the fit; a model that cannot be set up is one that says why not."""
    try:
        return fit()
    except ValueError as problem:
        return None, str(problem)


def _logistic(met: Column, given: Mapping[str, Column], centre: Column) -> Fitted:
    if not len(met):
        return None, "There is nobody to compare."
    fitted, how = adjustment.logistic(met, given), "logistic regression"
    if fitted.why_not:
        fitted, how = adjustment.logistic(met, given, penalty="firth"), "logistic regression with Firth's penalty"
    if fitted.why_not:
        return None, fitted.why_not
    found = adjustment.centre_ratios(met, fitted.fitted, centre).columns
    return {**found, "ratio_lower": found["lower"], "ratio_upper": found["upper"]}, how


def _cox(follow: Follow, given: Mapping[str, Column], centre: Column, day: int) -> Fitted:
    """Return the comparison; no number of events is told where they are too few: it may be withheld."""
    if not len(follow.time):
        return None, "There is nobody to compare."
    terms = len(design(given, len(follow.time))[0])
    if (follow.event & (follow.time <= day)).sum() < EVENTS_EACH * terms:
        return None, f"Too few events within {day} days: fewer than {EVENTS_EACH} for each of the {terms} coefficients."
    found = survival.centre_ratios(follow.time, follow.event, given, centre, until=day, entry=follow.entry)
    if found.model.why_not or found.model.fit.endless.any():
        return None, found.model.why_not or "Events fall on one side of a covariate only: the model has no fit."
    columns = {name: found.columns[name] for name in ("centre", "observed", "expected")}
    limits = {"ratio": "estimate", "ratio_lower": "lower", "ratio_upper": "upper"}
    return columns | {name: found.columns[own] for name, own in limits.items()}, f"Cox model of the events within {day} days"


def _known(values: Column) -> Flags:
    return np.asarray(values != "" if values.dtype.kind == "U" else np.isfinite(values.astype(np.float64)))
