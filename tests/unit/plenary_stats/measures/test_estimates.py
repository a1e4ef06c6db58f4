"""Each kind of measure against an independent answer, and what is counted of patients beside it."""

import numpy as np
import pytest
from lifelines import AalenJohansenFitter
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from plenary_stats.measures import outcomes
from plenary_stats.spec import read_dictionary
from tests.unit.plenary_stats.measures.cases import YEAR, agreed, found, one, results, table

STATES = ("met", "not_met", "not_eligible", "not_known")


def four(row):
    return tuple(row[name] for name in STATES)


# -- events a patient-year

LAM = table(
    centre=["A", "A", "A", "B", "B"],
    pneumothoraces=[0, 2, 1, 0, None],
    years=[1.0, 1.5, 0.5, 1.0, 2.0],
)


def test_a_rate_is_events_by_time_and_counts_patients_with_an_event():
    row = one(results("rate", LAM, events="pneumothoraces", person_time="years"), centre="Total")
    assert row["value"] == pytest.approx(3 / 4)
    assert (row["numerator"], row["denominator"]) == (2, 4)
    assert four(row) == (2, 2, 0, 1)
    assert "3 events in 4 patient-years." in row["note"]


def test_a_rate_has_byar_s_limits():
    """Byar's formula written out (Breslow and Day 1987, 2.13)."""
    row = one(results("rate", LAM, events="pneumothoraces", person_time="years"), centre="Total")
    z = stats.norm.ppf(0.975)
    low = 3 * (1 - 1 / 27 - z / (3 * np.sqrt(3))) ** 3
    high = 4 * (1 - 1 / 36 + z / (3 * np.sqrt(4))) ** 3
    assert (row["lower"], row["upper"]) == pytest.approx((low / 4, high / 4))


def test_a_rate_where_nobody_was_observed_says_so():
    row = one(results("rate", LAM, centres=("A", "Z"), events="pneumothoraces", person_time="years"), centre="Z")
    assert np.isnan(row["value"])
    assert "nobody was at risk" in row["note"]


def test_observed_time_of_nought_is_not_known():
    cases = table(bleeds=[1, 1], years=[0.0, 1.0])
    assert four(one(results("rate", cases, events="bleeds", person_time="years"), centre="Total")) == (1, 0, 0, 1)


# -- a count that should be nought


def test_a_count_is_of_patients_with_exact_limits():
    """Garwood's limits of 2 events: 0.2422 and 7.2247 (Biometrika 1936;28:437)."""
    cases = table(wrong_blood=["yes", "no", "yes", ""])
    row = one(results("count", cases, met="wrong_blood = 'yes'", direction="zero"), centre="Total")
    assert row["value"] == 2
    assert (row["lower"], row["upper"]) == pytest.approx((0.2422, 7.2247), abs=1e-4)
    assert four(row) == (2, 1, 0, 1)


def test_a_count_of_nought_still_has_an_upper_limit():
    row = one(results("count", table(wrong_blood=["no"] * 40), met="wrong_blood = 'yes'"), centre="Total")
    assert (row["value"], row["lower"]) == (0, 0)
    assert row["upper"] == pytest.approx(-np.log(0.025))


# -- cumulative incidence


def test_incidence_is_aalen_johansen_s_and_not_one_minus_kaplan_meier():
    days = [float(day) for day in range(1, 41)]
    cause = ["graft" if day % 4 == 0 else "death" if day % 4 == 1 else "none" for day in range(1, 41)]
    keys = {"end": "days", "event": "cause = 'graft'", "competing": "cause = 'death'", "at": ["30d"]}
    row = one(results("cumulative_incidence", table(days=days, cause=cause), **keys), centre="Total")
    codes = [{"graft": 1, "death": 2, "none": 0}[word] for word in cause]
    theirs = AalenJohansenFitter(calculate_variance=False).fit(days, codes, event_of_interest=1).cumulative_density_
    assert row["value"] == pytest.approx(float(theirs.loc[30.0].iloc[0]))
    assert (row["numerator"], row["denominator"]) == (7, 40)
    naive = one(
        results("survival", table(days=days, cause=cause), end="days", event="cause = 'graft'", at=["30d"]), centre="Total"
    )
    assert 1 - naive["value"] > row["value"]


def test_incidence_without_a_competing_event_is_the_rest_of_survival():
    cases = table(days=[float(day) for day in range(1, 41)], status=["dead" if day % 3 == 0 else "alive" for day in range(40)])
    keys = {"end": "days", "event": "status = 'dead'", "at": ["30d"]}
    incidence = one(results("cumulative_incidence", cases, **keys), centre="Total")
    survival = one(results("survival", cases, **keys), centre="Total")
    assert incidence["value"] == pytest.approx(1 - survival["value"])
    assert incidence["numerator"] == incidence["denominator"] - survival["numerator"]


# -- an ordered scale

SCALE = read_dictionary(
    'Variable,Field Type,Choices\noutcome,radio,"0, Intact | 1, Mildly impaired | 2, Dead"\n', "vein-of-galen", "1"
)
GRADED = table(outcome=["0", "0", "1", "2", "", "0"], centre=["A", "A", "A", "B", "B", "B"])


def graded(**more):
    return results("ordinal", GRADED, dataset=SCALE, value="outcome", centres=("A", "B"), **more)


def test_levels_are_shares_of_those_known_and_add_up():
    result = graded()
    assert result.kind == "levels"
    rows = found(result, centre="Total")
    assert [row["measure"] for row in rows] == ["it@intact", "it@mildly-impaired", "it@dead"]
    assert [row["numerator"] for row in rows] == [3, 1, 1]
    assert {row["denominator"] for row in rows} == {5}
    assert sum(row["value"] for row in rows) == pytest.approx(1)
    assert {row["not_known"] for row in rows} == {1}


def test_a_level_has_wilson_s_interval():
    row = one(graded(), centre="Total", measure="it@intact")
    assert (row["lower"], row["upper"]) == pytest.approx(proportion_confint(3, 5, method="wilson"))


def test_levels_in_the_order_that_the_network_agreed():
    rows = found(graded(levels=["Dead", "mildly impaired", "Intact"]), centre="Total")
    assert [row["measure"] for row in rows] == ["it@dead", "it@mildly-impaired", "it@intact"]


def test_a_code_outside_the_agreed_levels_is_not_known():
    rows = found(graded(levels=["Intact", "Dead"]), centre="Total")
    assert [(row["numerator"], row["denominator"], row["not_known"]) for row in rows] == [(3, 4, 2), (1, 4, 2)]


# -- organs

EYES = table(centre=["A", "A", "B", "B", "B"], eyes=[2, 1, 2, 1, None], kept=[2, 0, 1, 1, 1])
ORGANS = {"units": "eyes", "units_met": "kept", "unit": "eyes"}


def test_a_share_of_organs_counts_the_children_beside():
    row = one(results("proportion", EYES, **ORGANS), centre="Total")
    assert row["value"] == pytest.approx(4 / 6)
    assert (row["numerator"], row["denominator"]) == (2, 4)
    assert four(row) == (2, 2, 0, 1)
    assert "4 of 6 eyes." in row["note"]


def test_two_eyes_of_one_child_say_less_than_those_of_two():
    pairs = table(eyes=[2] * 20, kept=[2, 0] * 10)
    alone = table(eyes=[1] * 40, kept=[1, 0] * 20)
    wide, narrow = (one(results("proportion", cases, **ORGANS), centre="Total") for cases in (pairs, alone))
    assert wide["value"] == narrow["value"] == 0.5
    assert wide["upper"] - wide["lower"] > 1.3 * (narrow["upper"] - narrow["lower"])
    assert (narrow["lower"], narrow["upper"]) == pytest.approx(proportion_confint(20, 40, method="wilson"), abs=0.005)


# -- change and slope

CAMPHOR = table(centre=["A"] * 4 + ["B"] * 2, before=[20.0, 15, 12, 18, 9, None], after=[8.0, 14, 13, 6, 9, 3])


def test_a_change_is_the_paired_mean():
    result = results("change", CAMPHOR, value="after", baseline="before", direction="lower")
    assert result.kind == "summary"
    row = one(result, centre="Total")
    differences = np.array([-12.0, -1, 1, -12, 0])
    assert row["value"] == pytest.approx(differences.mean())
    assert (row["lower"], row["upper"]) == pytest.approx(tuple(stats.ttest_1samp(differences, 0).confidence_interval(0.95)))
    assert (row["denominator"], row["not_known"]) == (5, 1)
    assert (row["lower_quartile"], row["upper_quartile"]) == (-12, 0)


def test_who_changed_by_what_matters_to_a_patient():
    keys = {"value": "after", "baseline": "before", "direction": "lower", "important": 3}
    tables = outcomes(agreed("change", **keys), CAMPHOR, centres=("A", "B"), **YEAR)
    assert [each.kind for each in tables] == ["rate", "summary"]
    better, worse = (one(tables[0], centre="Total", measure=f"it@{way}") for way in ("better", "worse"))
    assert (better["numerator"], better["denominator"], worse["numerator"]) == (2, 5, 0)


def test_lam_loss_of_lung_function_is_the_mean_of_the_patients_own_slopes():
    """Two patients over three reviews and one with a single review, of whom nothing can be said."""
    cases = table(
        patient=["p", "p", "p", "q", "q", "r"],
        fev1=[2000.0, 1900, 1800, 1500, 1450, 1200],
        reviewed_on=["2023-01-01", "2024-01-01", "2025-01-01", "2024-06-01", "2025-06-01", "2025-03-01"],
        period=["2023", "2024", "2025", "2024", "2025", "2025"],
    )
    result = results("slope", cases, value="fev1", time="reviewed_on", subject="patient", window_years=3)
    row = one(result, centre="Total")
    assert row["period"] == "followed 2023 to 2025"
    own = [
        np.polyfit(np.array(days) / 365.25, values, 1)[0]
        for days, values in (((0, 365, 731), (2000, 1900, 1800)), ((0, 365), (1500, 1450)))
    ]
    assert row["value"] == pytest.approx(np.mean(own))
    assert (row["denominator"], row["not_known"], row["not_eligible"]) == (2, 1, 0)
    assert len({each["period"] for each in result.rows()}) == 1


def test_one_patient_s_slope_has_no_interval():
    cases = table(case_id=["1", "2"], patient=["p", "p"], fev1=[2000.0, 1900], months=[0.0, 1.0])
    row = one(results("slope", cases, value="fev1", time="months", subject="patient"), centre="Total")
    assert (row["value"], row["denominator"]) == (-100, 1)
    assert "Too few patients for an interval." in row["note"]


def test_a_slope_without_a_patient_is_over_all_cases_and_says_so():
    cases = table(fev1=[2000.0, 1900, 1850, 1700], months=[0.0, 1.0, 2.0, 3.0])
    row = one(results("slope", cases, value="fev1", time="months"), centre="Total")
    fitted = stats.linregress([0, 1, 2, 3], [2000, 1900, 1850, 1700])
    assert (row["value"], row["denominator"]) == (pytest.approx(fitted.slope), 4)
    assert row["upper"] - row["value"] == pytest.approx(stats.t.ppf(0.975, 2) * fitted.stderr)
    assert "not within patients" in row["method"]
