import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.rates import confint_poisson

from plenary_stats.rates import directly_standardised, indirectly_standardised, interval
from tests.oracle.reference import cases, read, same


@pytest.mark.parametrize("method", ["exact", "byar"])
@pytest.mark.parametrize(("case", "params"), cases("poisson_ci"))
def test_equals_the_reference_answers(case, params, method):
    expected = read("poisson_ci", case, "expected")
    expected = expected[expected["method"] == method]
    assert len(expected) > 20
    for level, rows in expected.groupby("conf_level"):
        found = interval(rows["x"], rows["person_time"], method, level)
        same(found.estimate, rows["rate"])
        # Byar's lower limit of 0 (or 1 at 99.8%) does not exist in the reference; ours is nought, the least a rate can be.
        same(found.lower, rows["rate_lower"].fillna(0))
        same(found.upper, rows["rate_upper"])


@pytest.mark.parametrize(("case", "params"), cases("poisson_ci"))
def test_equals_the_national_rule(case, params):
    expected, per = read("poisson_ci", case, "expected_phe_rate"), params["phe_multiplier"]
    assert {"Exact", "Byars"} == set(expected["method"])
    for level, columns in {0.95: ("lower95_0cl", "upper95_0cl"), 0.998: ("lower99_8cl", "upper99_8cl")}.items():
        found = interval(expected["x"], expected["n"], "national", level)
        same(found.estimate * per, expected["value"])
        same(found.lower * per, expected[columns[0]])
        same(found.upper * per, expected[columns[1]])


def test_equals_statsmodels():
    count, exposure = np.array([1, 5, 30, 200]), np.array([10.0, 2.5, 7.0, 1000.0])
    found = interval(count, exposure, "exact", 0.99)
    expected = [confint_poisson(c, e, method="exact-c", alpha=0.01) for c, e in zip(count, exposure, strict=True)]
    np.testing.assert_allclose(np.column_stack([found.lower, found.upper]), expected, rtol=1e-10)


def test_published_table_of_poisson_limits():
    """Altman, Machin, Bryant and Gardner, Statistics with Confidence, 2000, table 18.3: 95% limits of 0, 1, 5, 10 and 50."""
    found = interval([0, 1, 5, 10, 50], 1, "exact")
    np.testing.assert_array_equal(np.round(found.lower, 3), [0.0, 0.025, 1.623, 4.795, 37.111])
    np.testing.assert_array_equal(np.round(found.upper, 3), [3.689, 5.572, 11.668, 18.390, 65.919])


def test_the_two_byars_are_not_confused():
    """For one event Breslow and Day give 0.013 to 5.564; Rothman's variant would give 0.091 to 4.662."""
    found = interval(1, 1, "byar")
    assert (round(float(found.lower), 3), round(float(found.upper), 3)) == (0.013, 5.564)


def test_worked_example_of_the_method_page():
    found = interval(12, 2.4, "national")
    assert [round(float(x), 3) for x in (found.estimate, found.lower, found.upper)] == [5.0, 2.581, 8.735]
    few = interval(4, 2.4, "national")
    assert [round(float(x), 3) for x in (few.estimate, few.lower, few.upper)] == [1.667, 0.454, 4.267]


def test_byar_is_the_default_at_every_count():
    """Four events: Byar's lower limit is 1.076 and the exact one 1.090; the national rule takes the exact one below ten."""
    usual, byar, national, exact = interval(4, 1), interval(4, 1, "byar"), interval(4, 1, "national"), interval(4, 1, "exact")
    assert (usual.method, usual.lower, usual.upper) == ("byar", byar.lower, byar.upper)
    assert (national.lower, national.upper) == (exact.lower, exact.upper) != (byar.lower, byar.upper)
    ten = interval(10, 1, "national")
    assert (ten.lower, ten.upper) == (interval(10, 1).lower, interval(10, 1).upper)


def test_byar_is_never_below_nought():
    assert interval([0, 1], 1, "byar", 0.998).lower.tolist() == [0.0, 0.0]


def test_no_exposure_is_said_and_not_a_number():
    found = interval([0, 2], [0, 4])
    assert np.isnan(found.estimate[0])
    assert found.why_not.tolist() == ["There is no exposure: nobody was at risk.", ""]


@pytest.mark.parametrize(
    ("count", "exposure", "says"),
    [(-1, 1, "whole number"), (0.5, 1, "whole number"), (1, -1, "cannot be negative"), (1, np.inf, "finite")],
)
def test_impossible_rates_are_refused(count, exposure, says):
    with pytest.raises(ValueError, match=says):
        interval(count, exposure)


def test_unknown_methods_are_refused():
    with pytest.raises(ValueError, match="byar, exact, national"):
        interval(1, 1, "wald")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="byar, exact"):
        indirectly_standardised(1, 1, "wald")  # type: ignore[arg-type]


@given(st.integers(0, 5000), st.floats(0.1, 1e6), st.sampled_from(["national", "byar", "exact"]), st.floats(0.5, 0.999))
def test_limits_enclose_the_rate_and_scale_with_exposure(count, exposure, method, level):
    found, unit = interval(count, exposure, method, level), interval(count, 1, method, level)
    assert 0 <= found.lower <= found.estimate <= found.upper
    assert found.upper * exposure == pytest.approx(unit.upper, rel=1e-12)


@given(st.integers(0, 400))
def test_exact_limits_keep_their_promise(count):
    found = interval(count, 1, "exact")
    assert stats.poisson.cdf(count, found.upper) == pytest.approx(0.025, abs=1e-9)
    if count:
        assert stats.poisson.sf(count - 1, found.lower) == pytest.approx(0.025, abs=1e-9)


@pytest.mark.parametrize(("case", "params"), cases("dsr"))
def test_direct_standardisation_equals_the_reference_answers(case, params):
    given_rows, expected = read("dsr", case, "input"), read("dsr", case, "expected").set_index("area")
    compared = 0
    for area, rows in given_rows.groupby("area"):
        if area not in expected.index:
            continue
        answer, compared = expected.loc[area], compared + 1
        arguments, extra = (rows["x"], rows["n"], rows["stdpop"]), {}
        if not params.get("independent_events", True):
            wide = rows.pivot_table(index="ageband", columns="eventfreq", values="x")
            band = rows.groupby("ageband").first()
            arguments, extra = (wide.to_numpy(), band["n"], band["stdpop"]), {"frequency": wide.columns.to_numpy()}
        for level, name in {0.95: "95_0cl", 0.998: "99_8cl"}.items():
            found = directly_standardised(*arguments, level, **extra)
            figures = np.array([found.estimate, found.lower, found.upper]) * params["multiplier"]
            same(figures, [answer["value"], answer["lower" + name], answer["upper" + name]])
            assert bool(found.why_not) == np.isnan(answer["value"])
    assert compared


@pytest.mark.parametrize(("case", "params"), cases("dsr"))
def test_dobson_formula_equals_the_reference_below_ten_events_too(case, params):
    if not params.get("independent_events", True):
        pytest.skip("the reference has no formula values where one person can have several events")
    given_rows = read("dsr", case, "input")
    expected = read("dsr", case, "expected_formula_and_gamma").set_index("area")
    for area, answer in expected.iterrows():
        rows = given_rows[given_rows["area"].astype(str) == str(area)]
        for level, name in {0.95: "95", 0.998: "998"}.items():
            found = directly_standardised(rows["x"], rows["n"], rows["stdpop"], level, minimum=0, method="exact")
            figures = np.array([found.estimate, found.lower, found.upper]) * params["multiplier"]
            same(figures, [answer["dsr_all"], answer["dobson_exact_lower" + name], answer["dobson_exact_upper" + name]])


DOWNS = {
    # Fleiss, Statistical Methods for Rates and Proportions, 1981, table 14.2: Down's syndrome by mother's age, 5th and later births.
    "events": [0, 8, 63, 112, 262, 295],
    "births": [327, 30666, 123419, 149919, 104088, 34392],
    "standard": [319933, 931318, 786511, 488235, 237863, 61313],
}


def test_published_example_of_direct_standardisation():
    """Fleiss's data, also the example of epitools' ageadjust.direct in R: 75.5 per 100,000 births, adjusted for mother's age."""
    found = directly_standardised(DOWNS["events"], DOWNS["births"], DOWNS["standard"])
    assert round(float(found.estimate) * 1e5, 1) == 75.5
    assert (round(float(found.lower) * 1e5, 1), round(float(found.upper) * 1e5, 1)) == (67.6, 83.9)
    assert found.method == "Dobson"


def test_areas_go_together_in_one_call():
    found = directly_standardised([DOWNS["events"], [1, 1, 1, 1, 1, 1]], DOWNS["births"], DOWNS["standard"])
    assert found.estimate.shape == (2,)
    assert np.isnan(found.estimate[1])
    assert found.why_not.tolist() == ["", "Fewer than 10 events: a directly standardised rate would mislead."]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(100, 10_000)), min_size=2, max_size=8))
def test_standardising_to_oneself_gives_the_crude_rate(strata):
    events, people = np.array(strata).T
    found = directly_standardised(events, people, people, minimum=0)
    assert found.estimate == pytest.approx(events.sum() / people.sum(), rel=1e-12)
    if events.sum():
        crude = interval(events.sum(), people.sum(), "national")
        assert (found.lower, found.upper) == pytest.approx((crude.lower, crude.upper), rel=1e-9)


def test_people_with_one_event_each_are_independent_events():
    alone = directly_standardised(DOWNS["events"], DOWNS["births"], DOWNS["standard"])
    classed = directly_standardised(np.array([DOWNS["events"], [0] * 6]).T, DOWNS["births"], DOWNS["standard"], frequency=[1, 2])
    assert classed.upper == pytest.approx(alone.upper, rel=1e-14)


def test_an_empty_stratum_is_refused():
    with pytest.raises(ValueError, match="merge empty age bands"):
        directly_standardised([1, 2], [10, 0], [1, 1])


@pytest.mark.parametrize(("case", "params"), cases("isr"))
def test_indirect_standardisation_equals_the_reference_answers(case, params):
    expected, per = read("isr", case, "expected_ratio"), params["ratio_refvalue"]
    for level, name in {0.95: "95_0cl", 0.998: "99_8cl"}.items():
        found = indirectly_standardised(expected["observed"], expected["expected"], level=level)
        same(found.estimate * per, expected["value"])
        same(found.lower * per, expected["lower" + name])
        same(found.upper * per, expected["upper" + name])
    exact = read("isr", case, "expected_smr_exact")
    found = indirectly_standardised(expected["observed"], expected["expected"], "exact")
    assert expected["area"].tolist() == exact["area"].tolist()
    same(found.estimate, exact["smr"])
    same(found.lower, exact["exact_lower95"])
    same(found.upper, exact["exact_upper95"])


def test_the_ratio_is_exact_below_ten_events_and_byar_from_ten():
    default = indirectly_standardised([9, 10], 8.0)
    exact = indirectly_standardised([9, 10], 8.0, "exact")
    assert default.upper[0] == exact.upper[0]
    assert default.upper[1] != exact.upper[1]


def test_nothing_expected_is_said():
    found = indirectly_standardised([2, 2], [0.0, 1.0])
    assert np.isnan(found.estimate[0])
    assert found.why_not.tolist() == ["No events are expected: there is no ratio.", ""]
    with pytest.raises(ValueError, match="expected: it cannot be negative"):
        indirectly_standardised(1, -1.0)
