from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.survival import kaplan_meier, relative
from plenary_stats.survival.background import YEAR

METHODS = ["pohar-perme", "ederer2", "ederer1", "hakulinen"]


def table(rate=lambda age, year, sex: 1e-4, years=(1990, 2000, 2010)):
    rows = [(age, year, sex, rate(age, year, sex)) for age in range(100) for year in years for sex in ("female", "male")]
    return pd.DataFrame(rows, columns=["age", "year", "sex", "hazard_per_day"])


def invented(seed, n=80):
    draw = np.random.default_rng(seed)
    ages, starts = draw.uniform(30, 80, n), draw.uniform(1995, 2012, n)
    return np.ceil(draw.exponential(700, n)), draw.random(n) < 0.6, ages, draw.choice(["female", "male"], n), starts


def real(age, year, sex):
    return 2e-6 * np.exp(0.09 * age) * (1.4 if sex == "male" else 1) * (1 - (year - 1990) / 60)


@pytest.mark.parametrize("method", METHODS)
def test_without_background_mortality_it_is_survival(method):
    time, event, *who = invented(1)
    found = relative(time, event, *who, table(lambda *_: 0.0), method=method, at=[300, 900]).columns
    curve = kaplan_meier(time, event).columns
    hazard = [(curve["n_event"] / curve["n_risk"])[curve["time"] <= moment].sum() for moment in (300, 900)]
    np.testing.assert_allclose(found["estimate"], np.exp(-np.array(hazard)), rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_patients_of_one_hazard_are_set_against_it(method):
    """Everyone's background hazard is 0.0001 a day: each method then adds it up over the days."""
    time, event, *who = invented(2)
    found = relative(time, event, *who, table(), method=method).columns
    plain = relative(time, event, *who, table(lambda *_: 0.0), method=method).columns
    inside = np.searchsorted(plain["time"], found["time"])
    np.testing.assert_allclose(found["estimate"], plain["estimate"][inside] * np.exp(1e-4 * found["time"]), rtol=1e-10)


def test_two_patients_by_hand():
    """Hazards a day of 0.001 (male) and 0.003; the man dies on day 2, the woman on day 3, and then only she counts."""
    rates = table(lambda age, year, sex: 0.001 if sex == "male" else 0.003)
    found = relative([2, 3], [1, 1], [50, 50], ["male", "female"], [2005, 2005], rates).columns
    weights = np.exp([0.002, 0.006])
    first = np.exp([[0, 0], [0.001, 0.003], [0.002, 0.006]]) @ [[0.001, 1], [0.003, 1]]
    one = (first[0, 0] / first[0, 1] + first[1, 0] / first[1, 1]) / 2
    two = ((first[0] + first[1])[0] / (first[0] + first[1])[1] + (first[1] + first[2])[0] / (first[1] + first[2])[1]) / 2
    excess = weights[0] / weights.sum() - one - two
    np.testing.assert_allclose(found["estimate"], np.exp([-excess, -(excess + 1 - 0.003)]), rtol=1e-12)
    assert found["std_err"][0] == pytest.approx(found["estimate"][0] * weights[0] / weights.sum())
    ederer = relative([2, 3], [1, 1], [50, 50], ["male", "female"], [2005, 2005], rates, method="ederer2").columns
    np.testing.assert_allclose(ederer["estimate"], np.exp([-(0.5 - 0.004), -(1.5 - 0.004 - 0.003)]), rtol=1e-12)
    first = relative([2, 3], [1, 1], [50, 50], ["male", "female"], [2005, 2005], rates, method="ederer1").columns
    expected = [np.exp([-0.001 * t, -0.003 * t]).mean() for t in (2, 3)]
    np.testing.assert_allclose(first["estimate"], np.exp([-0.5, -1.5]) / expected, rtol=1e-12)


def test_birthdays_and_new_years_change_the_hazard_on_their_day():
    rates = table(lambda age, year, sex: (age == 51) * 0.01 + (year == 2010) * 0.1)
    until_birthday = relative([400], [0], [50], ["male"], ["2005-03-01"], rates, at=[365, 366, 367], method="pohar-perme").columns
    np.testing.assert_allclose(-np.log(until_birthday["estimate"]), [0, 0, -0.01], atol=1e-12)
    new_year = relative([400], [0], [30], ["male"], [np.datetime64("2009-12-30")], rates, at=[1, 2, 3]).columns
    np.testing.assert_allclose(np.log(new_year["estimate"]), [0, 0, 0.1], atol=1e-12)


def test_hakulinen_expects_of_the_dead_only_as_long_as_they_could_have_been_followed():
    """By hand. She came 600 days after him and died after 100; the study ends when he leaves, after 1000: of her nothing is
    expected beyond 400 days, where Ederer's first method goes on for ever."""
    his, hers = 0.0002, 0.0009
    rates = table(lambda age, year, sex: his if sex == "male" else hers)
    who = {"age": [50, 60], "sex": ["male", "female"], "year": [np.datetime64("2005-01-01"), np.datetime64("2005-01-01") + 600]}
    found = relative([1000, 100], [0, 1], life_table=rates, at=[100, 400, 1000], method="hakulinen", **who).columns

    def expected(until, days):
        alive = np.exp([-his * until, -hers * until])
        return alive @ [his * days, hers * days] / alive.sum()

    excess = np.cumsum([0.5 - expected(100, 100), -expected(400, 300), -his * 600])
    np.testing.assert_allclose(found["estimate"], np.exp(-excess), rtol=1e-12)
    ederer = relative([1000, 100], [0, 1], life_table=rates, at=[1000], method="ederer1", **who).columns
    assert ederer["estimate"][0] > found["estimate"][2] * 1.02


def test_dates_may_be_written_in_several_ways():
    time, event, age, sex, _ = invented(3, 4)
    days = ["2001-01-01", "2002-07-02", "1999-01-01", "2003-01-01"]
    ways = [
        days,
        np.array(days, dtype="datetime64[D]"),
        [date.fromisoformat(day) for day in days],
        np.array(days, dtype="datetime64[ns]"),
    ]
    found = [relative(time, event, age, sex, way, table(real), at=[500]).columns["estimate"][0] for way in ways]
    assert len(set(found)) == 1
    whole = relative(time, event, age, sex, [2001, 2002 + 182 / 365, 1999, 2003], table(real), at=[500]).columns["estimate"][0]
    assert whole == pytest.approx(found[0], rel=1e-12)


def test_a_time_zone_does_not_move_a_date():
    """Half past midnight in British summer is the day before in Greenwich: the day that was written counts, at a new year's rates."""
    rates = table(lambda age, year, sex: 0.001 * (year - 1990))
    summer, west = timezone(timedelta(hours=1)), timezone(timedelta(hours=-8))
    ways = [
        ["2010-01-01", "2004-12-31"],
        ["2010-01-01T00:30+01:00", "2004-12-31T23:30-08:00"],
        ["2010-01-01T00:30:00Z", "2004-12-31 23:30"],
        [datetime(2010, 1, 1, 0, 30, tzinfo=summer), datetime(2004, 12, 31, 23, 30, tzinfo=west)],
        pd.Series([pd.Timestamp("2010-01-01 00:30", tz=summer), pd.Timestamp("2004-12-31 23:30", tz=west)]),
        pd.Series(["2010-01-01T00:30+01:00", "2004-12-31"], dtype=object),
    ]
    found = [
        relative([9, 9], [1, 0], [50, 60], ["male", "male"], way, rates, at=[5, 9]).columns["estimate"].tolist() for way in ways
    ]
    assert found == [found[0]] * len(ways)
    moved = relative([9, 9], [1, 0], [50, 60], ["male", "male"], ["2009-12-31", "2004-12-31"], rates, at=[5, 9]).columns
    assert moved["estimate"].tolist() != found[0]
    for wrong in ("2010-01-012", "2010-01-01x"):
        with pytest.raises(ValueError, match="give dates such as"):
            relative([9], [1], [50], ["male"], [wrong], rates)


def test_the_last_age_and_year_of_the_table_hold_for_ever():
    rates = table(lambda age, year, sex: 0.001 if age == 99 and year == 2010 else 0.0)
    found = relative([100], [0], [105], ["female"], [2040], rates, at=[100]).columns
    assert found["estimate"][0] == pytest.approx(np.exp(0.1))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 50), st.sampled_from(METHODS), st.randoms())
def test_the_order_of_patients_and_of_the_table_does_not_matter(seed, method, random):
    rows, rates = invented(seed, 25), table(real)
    order = list(range(25))
    random.shuffle(order)
    one = relative(*rows, rates, at=[200, 700], method=method).columns
    other = relative(
        *(column[order] for column in rows), rates.sample(frac=1, random_state=seed), at=[200, 700], method=method
    ).columns
    for name in ("n_risk", "n_event", "estimate", "std_err"):
        np.testing.assert_allclose(one[name], other[name], rtol=1e-10)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 50), st.sampled_from(METHODS))
def test_limits_lie_about_the_estimate_and_excess_lies_above_survival(seed, method):
    time, event, *who = invented(seed, 30)
    found = relative(time, event, *who, table(real), method=method).columns
    known = found["why_not"] == ""
    assert (found["lower"][known] <= found["estimate"][known]).all()
    assert (found["estimate"][known] <= found["upper"][known]).all()
    plain = relative(time, event, *who, table(lambda *_: 0.0), at=found["time"], method=method).columns
    assert (found["estimate"] >= plain["estimate"] - 1e-12).all()


def test_methods_are_close_where_patients_are_alike():
    time, event, *_ = invented(7, 400)
    who = np.full(400, 60.0), np.full(400, "male"), np.full(400, 2001.0)
    leaving = np.sort(time)[[200, 330]]
    found = [relative(time, event, *who, table(real), at=leaving, method=method).columns["estimate"] for method in METHODS]
    for one in found[1:]:
        np.testing.assert_allclose(one, found[0], rtol=1e-3)


def test_patients_who_die_as_people_do_have_net_survival_of_one():
    draw = np.random.default_rng(9)
    time = np.ceil(draw.exponential(1 / 5e-4, 4000))
    died, time = time <= 1500, np.minimum(time, 1500)
    found = relative(
        time, died, np.full(4000, 50.0), np.full(4000, "male"), np.full(4000, 2001.0), table(lambda *_: 5e-4), at=[1000]
    ).columns
    assert found["lower"][0] < 1 < found["upper"][0]


def test_why_not():
    rows = [10, 20], [0, 1], [50, 50], ["male", "male"], [2001, 2001]
    found = relative(*rows, table(), at=[5, 20, 40]).columns
    assert found["why_not"].tolist() == [
        "No event so far: the limits cannot be estimated.",
        "",
        "Follow-up ended before this time.",
    ]
    assert found["n_risk"].tolist() == [2, 1, 0]
    assert found["n_event"].tolist() == [0, 1, 0]
    assert relative([], [], [], [], [], table(), at=[5]).columns["why_not"].tolist() == ["There is nobody in this group."]


def test_a_time_of_nought_is_no_time():
    found = relative([0, 5], [1, 0], [50, 50], ["male", "male"], [2001, 2001], table()).columns
    assert found["estimate"][0] == pytest.approx(np.exp(-0.5))


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"method": "ederer3"}, "pohar-perme, ederer2"),
        ({"sex": ["x", "male"]}, "the life table knows only female, male"),
        ({"year": [1980, 2001]}, "starts before the life table"),
        ({"year": ["soon", "2001-01-01"]}, "year: give dates"),
        ({"year": ["NaT", "2001-01-01"]}, "year: every patient needs a date"),
        ({"age": [-1, 50]}, "younger than the life table"),
        ({"age": [50]}, "one value a patient"),
        ({"age": [np.nan, 50]}, "age: every value"),
        ({"at": [-1]}, "at: a time cannot be negative"),
        ({"life_table": table().iloc[1:]}, "exactly one row"),
        ({"life_table": pd.concat([table(), table().iloc[:1]])}, "exactly one row"),
        ({"life_table": table().drop(columns="sex")}, "it needs the columns"),
        ({"life_table": table(lambda *_: -1.0)}, "a hazard cannot be negative"),
        ({"time": [-1, 2]}, "time: it cannot be negative"),
    ],
)
def test_unusable_input_is_refused(named, says):
    arguments = {
        "time": [10, 20],
        "event": [1, 0],
        "age": [50, 60],
        "sex": ["male", "female"],
        "year": [2001, 2001],
        "life_table": table(),
    }
    with pytest.raises(ValueError, match=says):
        relative(**(arguments | named))


def test_the_year_of_age_is_that_of_the_tables():
    assert YEAR == 365.241
