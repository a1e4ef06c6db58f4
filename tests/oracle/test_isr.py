"""Indirectly standardised ratios and rates against PHEindicatormethods, and their chances against R's poisson.test."""

import numpy as np
import pytest

from plenary_stats.rates import chance, expected_events, indirectly_standardised
from tests.oracle.reference import cases, read

LEVELS = {0.95: "95_0cl", 0.998: "99_8cl"}


def areas(case):
    """Return observed and expected events of each area, and the rate of the reference, in the order of the answers."""
    rows, answers = read("isr", case, "input"), read("isr", case, "expected_ratio")
    strata = dict(iter(rows.groupby(rows["area"].astype(str), sort=False)))
    chosen = [strata[str(area)] for area in answers["area"]]
    expected = np.array([expected_events(of["n"], of["x_ref"], of["n_ref"]) for of in chosen])
    crude = np.array([of["x_ref"].sum() / of["n_ref"].sum() for of in chosen])
    return np.array([of["x"].sum() for of in chosen]), expected, crude


@pytest.mark.parametrize(("case", "params"), cases("isr"))
def test_ratio(case, params, agree):
    observed, expected, _ = areas(case)
    answers, per = read("isr", case, "expected_ratio"), params["ratio_refvalue"]
    agree("expected events", expected, answers["expected"])
    for level, name in LEVELS.items():
        found = indirectly_standardised(observed, expected, level=level)
        agree(f"ratio, national, {level:.1%}", found.estimate * per, answers["value"])
        agree(f"ratio, national, {level:.1%}: lower", found.lower * per, answers["lower" + name])
        agree(f"ratio, national, {level:.1%}: upper", found.upper * per, answers["upper" + name])


@pytest.mark.parametrize(("case", "params"), cases("isr"))
def test_rate(case, params, agree):
    """The indirectly standardised rate is the ratio times the crude rate of the reference."""
    observed, expected, crude = areas(case)
    answers, per = read("isr", case, "expected_rate"), params["rate_multiplier"]
    agree("reference rate", crude * per, answers["ref_rate"])
    for level, name in LEVELS.items():
        found = indirectly_standardised(observed, expected, level=level)
        agree(f"rate, {level:.1%}", found.estimate * crude * per, answers["value"])
        agree(f"rate, {level:.1%}: lower", found.lower * crude * per, answers["lower" + name])
        agree(f"rate, {level:.1%}: upper", found.upper * crude * per, answers["upper" + name])


@pytest.mark.parametrize(("case", "params"), cases("isr"))
def test_exact(case, params, agree):
    observed, expected, _ = areas(case)
    answers = read("isr", case, "expected_smr_exact")
    found = indirectly_standardised(observed, expected, "exact")
    agree("ratio, exact", found.estimate, answers["smr"])
    agree("ratio, exact: lower", found.lower, answers["exact_lower95"])
    agree("ratio, exact: upper", found.upper, answers["exact_upper95"])
    agree("two-sided chance", chance(observed, expected), answers["p_exact_two_sided"])
    agree("two-sided mid-P", chance(observed, expected, "mid-p"), answers["p_midp"])
