"""Directly standardised rates against PHEindicatormethods (Dobson), the formula itself, and epitools (gamma)."""

import numpy as np
import pytest

from plenary_stats.rates import directly_standardised
from tests.oracle.reference import cases, has, read

LEVELS = {0.95: "95", 0.998: "998"}


def areas(case, part):
    """Return pairs of an area's expected answers and its strata."""
    rows, expected = read("dsr", case, "input"), read("dsr", case, part)
    strata = dict(iter(rows.groupby(rows["area"].astype(str), sort=False)))
    pairs = [(answer, strata[str(answer["area"])]) for _, answer in expected.iterrows()]
    assert pairs
    return pairs


def arguments(rows, independent):
    if independent:
        return (rows["x"], rows["n"], rows["stdpop"]), {}
    persons = rows.pivot_table(index="ageband", columns="eventfreq", values="x", sort=False, fill_value=0)
    bands = rows.groupby("ageband", sort=False)[["n", "stdpop"]].first().loc[persons.index]
    return (persons.to_numpy(), bands["n"], bands["stdpop"]), {"frequency": persons.columns.to_numpy()}


@pytest.mark.parametrize(("case", "params"), cases("dsr"))
def test_national(case, params, agree):
    for answer, rows in areas(case, "expected"):
        strata, extra = arguments(rows, params.get("independent_events", True))
        for level, name in {0.95: "95_0cl", 0.998: "99_8cl"}.items():
            found = directly_standardised(*strata, level, **extra)
            figures = np.array([found.estimate, found.lower, found.upper]) * params["multiplier"]
            agree(f"Dobson, national, {level:.1%}", figures, answer[["value", "lower" + name, "upper" + name]].astype(float))
            assert bool(found.why_not) == np.isnan(answer["value"])


@pytest.mark.parametrize(("case", "params"), cases("dsr"))
def test_formula_also_below_ten_events(case, params, agree):
    if not has("dsr", case, "expected_formula_and_gamma"):
        pytest.skip("the reference has no formula values where one person can have several events")
    per = params["multiplier"]
    for answer, rows in areas(case, "expected_formula_and_gamma"):
        strata, _ = arguments(rows, independent=True)
        for level, name in LEVELS.items():
            found = directly_standardised(*strata, level, minimum=0, method="exact")
            figures = np.array([found.estimate, found.lower, found.upper]) * per
            parts = ["dsr_all", f"dobson_exact_lower{name}", f"dobson_exact_upper{name}"]
            agree(f"Dobson, exact, {level:.1%}", figures, answer[parts].astype(float))
        gamma = directly_standardised(*strata, minimum=0, method="gamma")
        agree("Fay-Feuer: lower", gamma.lower * per, answer["fayfeuer_lower95"])
        agree("Fay-Feuer: upper", gamma.upper * per, answer["fayfeuer_upper95"])
        agree("crude", rows["x"].sum() / rows["n"].sum() * per, answer["crude"])
