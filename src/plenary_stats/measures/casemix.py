"""Centres compared with what their patients' case mix would lead one to expect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from plenary_stats import adjustment
from plenary_stats.measures.readings import flags, states
from plenary_stats.spec import DataSet, Outcome
from plenary_stats.tables import CaseTable, Column

RATIO: Final = ("expected", "ratio", "ratio_lower", "ratio_upper")
"""What an adjusted row carries besides: expected patients, and observed over expected with its limits."""


@dataclass(frozen=True)
class CaseMix:
    """Each centre's patients observed and expected; ``note`` says how, or why not."""

    centres: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    note: str = "Not adjusted for case mix."


def case_mix(outcome: Outcome, cases: CaseTable, dataset: DataSet) -> CaseMix:
    """Fit the proportion on its ``adjust`` fields over all centres together; return each centre's observed over expected.

    Logistic regression; with Firth's penalty where a covariate separates the outcome. Patients who lack a covariate are left
    out of both sides. A centre is given no ratio where the model cannot be fitted: the note says why.
    """
    known, _ = states(outcome, cases, dataset)
    covariates = {name: cases[name] for name in outcome.adjust}
    complete = known & np.logical_and.reduce([_known(values) for values in covariates.values()])
    met = flags(outcome.met, cases, dataset)[0][complete].astype(float)
    given = {name: values[complete] for name, values in covariates.items()}
    fitted, how = None, "logistic regression"
    if len(met):
        fitted = adjustment.logistic(met, given)
        if fitted.why_not:
            fitted, how = adjustment.logistic(met, given, penalty="firth"), "logistic regression with Firth's penalty"
    if fitted is None or fitted.why_not:
        return CaseMix(note=f"Not adjusted for case mix. {fitted.why_not if fitted else 'There is nobody to compare.'}")
    ratios = adjustment.centre_ratios(met, fitted.fitted, cases["centre"][complete]).columns
    rows = zip(*(ratios[name].tolist() for name in ("centre", "expected", "ratio", "lower", "upper")), strict=True)
    centres = {str(centre): dict(zip(RATIO, figures, strict=True)) for centre, *figures in rows}
    labels = {name: one.label for name, one in dataset.columns.items()}
    fields = ", ".join(labels.get(name) or name for name in outcome.adjust)
    left_out = "" if len(met) == known.sum() else f" {int(known.sum() - len(met))} patients lack one of these and are left out."
    return CaseMix(centres, f"Expected from {fields} of all patients ({how}).{left_out}")


def _known(values: Column) -> Column:
    return values != "" if values.dtype.kind == "U" else np.isfinite(values.astype(np.float64))
