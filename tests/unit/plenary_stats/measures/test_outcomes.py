"""Outcomes against independent libraries: statsmodels for proportions, lifelines for survival, brute force for medians."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from statsmodels.stats.proportion import proportion_confint

from plenary_stats.measures import outcomes
from plenary_stats.spec import read_dictionary
from tests.unit.plenary_stats.measures.cases import YEAR, agreed, one, results, table

# -- proportion

CASES = table(
    centre=["A", "A", "A", "B", "B", "B"],
    accepted=["yes", "yes", "no", "yes", "", "yes"],
    status=["alive", "dead", "alive", "", "alive", "alive"],
    sex=["f", "m", "f", "f", "f", "m"],
    age=[1, 20, 30, 50, 60, 70],
)
ASKED = {"eligible": "accepted = 'yes'", "met": "status = 'alive'"}


def four(row):
    return tuple(row[name] for name in ("met", "not_met", "not_eligible", "not_known"))


def test_four_states_hold_every_case():
    result = results("proportion", CASES, **ASKED)
    assert result.kind == "rate"
    assert four(one(result, centre="Total")) == (2.0, 1.0, 1.0, 2.0)
    assert four(one(result, centre="A")) == (1.0, 1.0, 1.0, 0.0)
    assert four(one(result, centre="B")) == (1.0, 0.0, 0.0, 2.0)


def test_proportion_has_wilsons_interval():
    row = one(results("proportion", CASES, **ASKED), centre="Total")
    assert (row["value"], row["numerator"], row["denominator"]) == (2 / 3, 2.0, 3.0)
    assert (row["lower"], row["upper"]) == pytest.approx(proportion_confint(2, 3, method="wilson"))


def test_by_sex_and_age_for_the_nation_alone():
    result = results("proportion", CASES, by=["centre", "sex", "age_band"], **ASKED)
    assert four(one(result, sex="female")) == (1.0, 0.0, 1.0, 2.0)
    assert one(result, sex="female")["centre"] == one(result, age_band="65+")["centre"] == "Total"
    assert {row["sex"] for row in results("proportion", CASES, **ASKED).rows()} == {""}


def test_a_centre_without_cases_says_so():
    row = one(results("proportion", CASES, centres=("A", "Z"), **ASKED), centre="Z")
    assert four(row) == (0.0, 0.0, 0.0, 0.0)
    assert np.isnan(row["value"])
    assert "nobody" in row["note"]


def test_codes_are_understood_through_the_dictionary():
    data = read_dictionary('Variable,Field Type,Choices\naccepted,yesno,\nstage,radio,"1, I | 2, II | 10, X"\n', "lam", "1")
    cases = table(accepted=["1", "0", "1"], stage=["1", "2", "10"])
    asked = agreed("proportion", eligible="accepted = 'yes'", met="stage >= 2")
    row = one(outcomes(asked, cases, centres=["A"], dataset=data, **YEAR)[0], centre="Total")
    assert (row["numerator"], row["denominator"]) == (1.0, 2.0)


def test_equity_of_access_is_no_outcome():
    assert [len(t) for t in outcomes(agreed("access"), CASES, centres=["A"], **YEAR)] == [0]


# -- pooling


def years(counts):
    """Cases of centres A and B by period: counts[(centre, period)] = number; every second met."""
    centre = [c for (c, p), n in counts.items() for _ in range(n)]
    period = [p for (c, p), n in counts.items() for _ in range(n)]
    status = ["alive" if n % 2 else "dead" for n in range(len(centre))]
    return table(centre=centre, period=period, status=status)


def pooled(counts, window=3, minimum=30):
    result = results(
        "proportion", years(counts), centres=("A", "B"), minimum=minimum, met="status = 'alive'", window_years=window
    )
    return {(row["centre"], row["period"]): row["denominator"] for row in result.rows()}, result


def test_a_year_that_is_large_enough_stands_alone():
    assert pooled({("A", "2025"): 30, ("B", "2025"): 31, ("A", "2024"): 50})[0] == {
        ("Total", "2025"): 61.0,
        ("A", "2025"): 30.0,
        ("B", "2025"): 31.0,
    }


def test_one_small_centre_pools_the_years_of_all():
    rows, result = pooled({("A", "2025"): 29, ("B", "2025"): 31, ("A", "2024"): 10, ("B", "2023"): 5, ("A", "2022"): 99})
    assert rows == {
        ("Total", "2025"): 60.0,
        ("Total", "2023 to 2025"): 75.0,
        ("A", "2023 to 2025"): 39.0,
        ("B", "2023 to 2025"): 36.0,
    }
    assert one(result, centre="A")["note"] == "Years pooled: 2023 to 2025."
    assert one(result, centre="Total", period="2025")["note"] == ""


def test_nothing_to_pool():
    assert pooled({("A", "2025"): 3})[0] == {("Total", "2025"): 3.0, ("A", "2025"): 3.0, ("B", "2025"): 0.0}
    assert pooled({("A", "2025"): 3, ("A", "2024"): 3}, window=1)[0][("A", "2025")] == 3.0
    assert pooled({("A", "2025"): 3, ("A", "2024"): 4})[0][("A", "2024 to 2025")] == 7.0


# -- survival

follow_up = st.lists(st.tuples(st.integers(1, 800), st.booleans()), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(follow_up)
def test_survival_as_lifelines_has_it(patients):
    time, died = (list(column) for column in zip(*patients, strict=True))
    cases = table(days=[float(day) for day in time], status=["dead" if dead else "alive" for dead in died])
    result = results("survival", cases, end="days", event="status = 'dead'", at=["30d", "1y"])
    fitter = KaplanMeierFitter().fit(time, died)
    for name, day in (("30d", 30), ("1y", 365)):
        row = one(result, centre="Total", measure=f"it@{name}")
        if np.isnan(row["value"]):
            assert day > max(time)
            assert "Follow-up ended" in row["note"]
        else:
            assert row["value"] == pytest.approx(float(fitter.survival_function_at_times(day).iloc[0]), abs=1e-12)
        assert row["not_met"] == sum(1 for one_time, dead in patients if dead and one_time <= day)
        assert row["met"] == sum(1 for one_time, dead in patients if one_time > day or (one_time == day and not dead))
        assert (row["numerator"], row["denominator"]) == (len(time) - row["not_met"], len(time))


def test_survival_from_date_to_date():
    cases = table(
        listed_on=["2025-01-01", "2025-01-01", "2025-01-01", "2025-06-01", ""],
        seen_on=["2025-01-11", "2026-01-01", "", "2025-05-01", "2025-02-01"],
        status=["dead", "alive", "alive", "dead", "dead"],
    )
    result = results("survival", cases, start="listed_on", end="seen_on", event="status = 'dead'", at=["30d"])
    row = one(result, centre="Total")
    assert (row["value"], row["denominator"], row["not_known"]) == (0.5, 2.0, 3.0)


def test_an_unknown_status_is_not_yet_known():
    cases = table(days=[10.0, 400.0], status=["", "alive"])
    row = one(results("survival", cases, end="days", event="status = 'dead'", at=["1y"]), centre="Total")
    assert four(row) == (1.0, 0.0, 0.0, 1.0)


def test_delayed_entry():
    cases = table(days=[10.0, 20.0, 30.0, 5.0], came=[0.0, 15.0, 0.0, 7.0], status=["dead", "dead", "alive", "dead"])
    row = one(results("survival", cases, end="days", entry="came", event="status = 'dead'", at=["25d"]), centre="Total")
    assert row["denominator"] == 3.0
    assert row["not_known"] == 1.0
    assert row["value"] == pytest.approx(0.5 * 0.5)


# -- median


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_median_and_quartiles(values):
    cases = table(stay=[float(value) for value in values])
    result = results("median", cases, value="stay")
    assert result.kind == "summary"
    row = one(result, centre="Total")
    assert (row["value"], row["denominator"]) == (np.median(values), len(values))
    assert (row["lower_quartile"], row["upper_quartile"]) == tuple(np.quantile(values, (0.25, 0.75)))
    if len(values) < 6:
        assert np.isnan(row["lower"])
        assert "Too few patients for an interval" in row["note"]
    else:
        assert row["lower"] <= row["value"] <= row["upper"]


def test_a_median_of_days_between_dates():
    cases = table(referred_on=["2025-01-01", "2025-01-01", ""], treated_on=["2025-01-03", "2025-01-05", "2025-01-05"])
    row = one(results("median", cases, value="treated_on - referred_on"), centre="Total")
    assert (row["value"], row["denominator"], row["not_known"]) == (3.0, 2.0, 1.0)
