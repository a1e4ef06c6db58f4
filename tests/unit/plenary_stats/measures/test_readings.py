"""What holds of every outcome whatever the cases: states that add up, groups that add up, pools that are their years together."""

from datetime import date

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from plenary_stats.errors import InputError
from plenary_stats.measures import access, activity, completeness, curve, outcomes
from plenary_stats.measures.sheets import chosen
from plenary_stats.spec import read_outcome_set
from tests.unit.plenary_stats.measures.cases import found, one, table

YEAR = {"period_start": date(2025, 1, 1), "period_end": date(2026, 1, 1), "label": "2025"}
STATES = ("met", "not_met", "not_eligible", "not_known")
BRISK = settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])

AGREED = read_outcome_set("""
service = "lam"
version = "1"
[[outcome]]
id = "alive"
measure = "proportion"
eligible = "accepted = 'yes' AND age >= 18"
met = "status = 'alive' OR stay < 3"
by = ["centre", "sex", "age_band"]
window_years = 3
[[outcome]]
id = "survival"
measure = "survival"
eligible = "accepted <> 'no'"
end = "stay"
event = "status = 'dead'"
at = ["3d", "8d"]
by = ["sex"]
window_years = 2
[[outcome]]
id = "stay"
measure = "median"
eligible = "accepted = 'yes'"
value = "stay"
""")

a_case = st.fixed_dictionaries(
    {
        "centre": st.sampled_from("ABC"),
        "period": st.sampled_from(["2025", "2025", "2024", "2023", "2022"]),
        "accepted": st.sampled_from(["yes", "yes", "no", ""]),
        "status": st.sampled_from(["alive", "dead", ""]),
        "sex": st.sampled_from(["female", "male", ""]),
        "age": st.sampled_from([3.0, 17.0, 18.0, 44.0, 80.0, np.nan]),
        "stay": st.sampled_from([0.0, 1.0, 3.0, 5.0, 8.0, 9.0, np.nan]),
        "area": st.sampled_from(["Q1", "Q2", ""]),
    }
)
drawn_cases = st.lists(a_case, min_size=1, max_size=40)


def table_of(cases):
    texts = {name: [case[name] for case in cases] for name in cases[0] if name not in {"age", "stay"}}
    return table(**texts, age=[case["age"] for case in cases], stay=[case["stay"] for case in cases])


def made(cases, minimum=1, centres=("A", "B", "C")):
    return outcomes(AGREED, table_of(cases), centres=centres, minimum=minimum, **YEAR)


def rows(tables):
    return [row for one_table in tables for row in one_table.rows()]


def state_of(case):
    """The rule of the outcome "alive", case by case, in three-valued logic written out."""
    adult = None if np.isnan(case["age"]) else case["age"] >= 18
    accepted = None if case["accepted"] == "" else case["accepted"] == "yes"
    if accepted is False or adult is False:
        return "not_eligible"
    alive = None if case["status"] == "" else case["status"] == "alive"
    short = None if np.isnan(case["stay"]) else case["stay"] < 3
    met = True if alive or short else None if alive is None or short is None else False
    return "not_known" if None in (adult, accepted, met) else "met" if met else "not_met"


@BRISK
@given(drawn_cases)
def test_each_published_count_is_a_count_of_cases(cases):
    for row in found(made(cases)[0], measure="alive"):
        periods = {"2025"} if row["period"] == "2025" else {"2025", "2024", "2023"}
        part = [case for case in cases if case["period"] in periods and row["centre"] in ("Total", case["centre"])]
        if row["sex"] != "Total":
            part = [case for case in part if (case["sex"] or "Not known") == row["sex"]]
        if row["age_band"] != "Total":
            part = [case for case in part if band(case["age"]) == row["age_band"]]
        counted = [state_of(case) for case in part]
        assert [row[name] for name in STATES] == [counted.count(name) for name in STATES], row


def band(age):
    if np.isnan(age):
        return "Not known"
    return next(name for most, name in ((4, "0-4"), (17, "5-17"), (39, "18-39"), (64, "40-64"), (200, "65+")) if age <= most)


@BRISK
@given(drawn_cases, st.sampled_from([1, 30]))
def test_centres_and_groups_add_up_to_the_nation(cases, minimum):
    every = [row for row in rows(made(cases, minimum)) if row["measure"] != "stay"]
    for total in [row for row in every if row["centre"] == row["sex"] == row["age_band"] == "Total"]:
        alike = [row for row in every if (row["measure"], row["period"]) == (total["measure"], total["period"])]
        for dimension in ("centre", "sex", "age_band"):
            parts = [row for row in alike if row[dimension] != "Total"]
            for name in STATES if parts else ():
                assert sum(row[name] for row in parts) == total[name], (dimension, name)


@BRISK
@given(drawn_cases)
def test_a_pool_is_its_years_together(cases):
    """The pooled figures are those of the same cases if they had all been of one year."""
    pooled = [row for row in rows(made(cases, minimum=999)) if " to " in row["period"] and row["measure"] == "alive"]
    inside = [case | {"period": "2025"} for case in cases if case["period"] in {"2025", "2024", "2023"}]
    if not pooled:
        assert not {"2024", "2023"} & {case["period"] for case in cases}
        return
    alone = found(made(inside, minimum=1)[0], measure="alive")
    # With one case a centre is never too small, unless it has none at all: then years are pooled of which there is only one.
    key = ("centre", "sex", "age_band")
    plain = {tuple(row[name] for name in key): row for row in alone}
    for row in pooled:
        other = plain[tuple(row[name] for name in key)]
        for name in (*STATES, "numerator", "denominator", "value", "lower", "upper"):
            np.testing.assert_array_equal(row[name], other[name])
    assert {row["period"] for row in pooled} <= {"2024 to 2025", "2023 to 2025"}
    first = min(case["period"] for case in cases if case["period"] != "2022")
    assert {row["period"] for row in pooled} == {f"{first} to 2025"}


@BRISK
@given(drawn_cases, st.randoms(use_true_random=False))
def test_the_order_of_cases_changes_nothing(cases, random):
    turned = list(cases)
    random.shuffle(turned)
    for one_table, other in zip(made(cases), made(turned), strict=True):
        for name, column in one_table.columns.items():
            np.testing.assert_array_equal(column, other[name])


@BRISK
@given(drawn_cases)
def test_completeness_is_what_the_states_say(cases):
    inside = [case for case in cases if case["period"] == "2025"]
    result = completeness(table_of(cases), service="lam", centres=["A", "B", "C"], period="2025", outcome_set=AGREED)
    for centre in ("Total", "A", "B", "C"):
        states = [state_of(case) for case in inside if centre in ("Total", case["centre"])]
        row = one(result, centre=centre, measure="alive")
        assert row["denominator"] == len(states) - states.count("not_eligible")
        assert row["numerator"] == states.count("met") + states.count("not_met")
    total = one(result, centre="Total", measure="complete-records")
    assert total["denominator"] == len(inside)
    assert total["numerator"] == sum(1 for case in inside if case["area"] and case["sex"] and not np.isnan(case["age"]))


@BRISK
@given(drawn_cases)
def test_activity_and_access_count_the_same_patients(cases):
    regions = {"Q1": "East", "Q2": "West"}
    named = {"service": "lam", "period": "2025", "regions": regions}
    busy = activity(table_of(cases), centres=["A", "B", "C"], **named)
    reached = access(table_of(cases), populations={"East": 1e6, "West": 2e6}, **named)
    for region in ("East", "West"):
        assert one(reached, area=region)["numerator"] == one(busy, centre="Total", area=region)["value"]
    lost = found(busy, centre="Total", area="Not known")
    outside = lost[0]["value"] if lost else 0
    all_of_them = one(busy, centre="Total", area="Total", sex="Total", age_band="Total")["value"]
    assert one(reached, area="Total")["numerator"] == all_of_them - outside


@BRISK
@given(drawn_cases)
def test_a_patient_more_at_one_centre_changes_that_centre_and_the_nation_alone(cases):
    extra = {
        "centre": "A",
        "period": "2025",
        "accepted": "yes",
        "status": "alive",
        "sex": "female",
        "age": 44.0,
        "stay": 5.0,
        "area": "Q1",
    }
    named = {"service": "lam", "centres": ["A", "B", "C"], "period": "2025", "regions": {"Q1": "East"}}
    before, after = (activity(table_of(each), **named) for each in (cases, [*cases, extra]))
    changed = set()
    dimensions = ("centre", "area", "sex", "age_band")
    earlier = {tuple(row[name] for name in dimensions): row["value"] for row in before.rows()}
    for row in after.rows():
        key = tuple(row[name] for name in dimensions)
        if row["value"] != earlier.get(key, 0.0):
            assert row["value"] == earlier.get(key, 0.0) + 1
            changed.add(key)
    groups = [("Total", "Total", "Total"), ("East", "Total", "Total"), ("Total", "female", "Total"), ("Total", "Total", "40-64")]
    assert changed == {(centre, *group) for centre in ("Total", "A") for group in groups}


# -- survival at its edges


def followed(patients, at=("3d", "8d")):
    """Survival of (days, dead) pairs."""
    times = ", ".join(f'"{each}"' for each in at)
    asked = read_outcome_set(
        'service = "lam"\nversion = "1"\n[[outcome]]\nid = "it"\nmeasure = "survival"\nend = "days"\n'
        f"event = \"status = 'dead'\"\nat = [{times}]\n"
    )
    cases = table(days=[float(days) for days, _ in patients], status=["dead" if dead else "alive" for _, dead in patients])
    return outcomes(asked, cases, centres=["A"], **YEAR)[0], asked, cases


def test_a_death_on_the_very_day_is_a_death_by_then():
    result, _, _ = followed([(3, True), (3, False), (2, True), (9, True), (5, False)])
    row = one(result, centre="Total", measure="it@3d")
    assert tuple(row[name] for name in STATES) == (3.0, 2.0, 0.0, 0.0)
    assert (row["numerator"], row["denominator"]) == (3.0, 5.0)
    later = one(result, centre="Total", measure="it@8d")
    assert (later["met"], later["not_met"]) == (1.0, 2.0)  # one was last seen before, and is neither


def test_a_death_on_the_day_of_treatment_counts():
    row = one(followed([(0, True), (0, False), (5, False), (9, False)])[0], centre="Total", measure="it@3d")
    assert (row["denominator"], row["not_met"], row["not_known"]) == (4.0, 1.0, 0.0)
    assert row["value"] == 0.75


def test_a_day_before_treatment_is_a_slip_and_not_a_follow_up():
    row = one(followed([(-1, True), (5, False), (9, False)])[0], centre="Total", measure="it@3d")
    assert (row["denominator"], row["not_met"], row["not_known"]) == (2.0, 0.0, 1.0)


def test_limits_are_those_of_the_log_log_curve():
    patients = [(1, True), (2, False), (3, True), (4, True), (6, False), (9, False), (10, True), (12, False)]
    row = one(followed(patients)[0], centre="Total", measure="it@8d")
    fitter = KaplanMeierFitter().fit(*zip(*patients, strict=True))
    limits = fitter.confidence_interval_survival_function_.loc[4.0].tolist()
    assert row["value"] == pytest.approx(fitter.predict(8))
    assert [row["lower"], row["upper"]] == pytest.approx(limits)
    assert row["lower"] < row["value"] < row["upper"]


def test_no_figure_and_no_limits_after_the_end_of_follow_up():
    row = one(followed([(1, True), (2, False), (4, False), (5, False)])[0], centre="Total", measure="it@8d")
    assert np.isnan([row["value"], row["lower"], row["upper"]]).all()
    assert row["note"] == "Follow-up ended before this time."
    assert (row["numerator"], row["denominator"], row["met"], row["not_met"]) == (3.0, 4.0, 0.0, 1.0)


def test_everyone_alive_is_a_figure_without_limits():
    row = one(followed([(5, False), (9, False), (9, False)])[0], centre="Total", measure="it@8d")
    assert row["value"] == 1.0
    assert np.isnan([row["lower"], row["upper"]]).all()
    assert "cannot be estimated" in row["note"]


# -- curves at their edges


def points(patients, **more):
    _, asked, cases = followed(patients, at=("50d",))
    result = curve(asked, cases, centres=["A"], **YEAR, **more)
    return [row["measure"].removeprefix("it@") for row in result.rows()], result


def test_a_curve_stands_on_months_and_on_the_agreed_times():
    """Deaths on every second day for a hundred days, and many who live: each month holds enough of both."""
    patients = [(day, True) for day in range(2, 101, 2)] + [(130, False)] * 60
    assert points(patients)[0] == ["30d", "50d", "60d", "91d", "121d"]


def test_the_first_month_and_the_last_are_points_too():
    patients = [(day, True) for day in range(1, 21)] + [(61, False)] * 40
    assert points(patients)[0] == ["30d", "50d", "60d"]


def test_a_month_that_tells_of_four_is_left_out():
    """Four died between the 50th and the 60th day; with a fifth the 60th is a point."""
    early, late = [(10, True)] * 9, [(100, False)] * 50
    assert "60d" not in points([*early, *[(55, True)] * 4, *late])[0]
    assert "60d" in points([*early, *[(55, True)] * 5, *late])[0]


def test_a_point_needs_thirty_still_followed():
    assert points([(10, True)] * 5 + [(40, False)] * 30)[0] == ["30d"]
    assert points([(10, True)] * 5 + [(40, False)] * 29)[0] == []
    assert points([(10, True)] * 5 + [(40, False)] * 29, minimum=29)[0] == ["30d"]


def test_a_curve_falls_and_its_counts_agree():
    patients = [(day, day % 3 == 0) for day in range(1, 181)]
    _, result = points(patients)
    values = result["value"].tolist()
    assert values == sorted(values, reverse=True)
    for row in result.rows():
        day = int(row["measure"].removeprefix("it@").removesuffix("d"))
        assert row["denominator"] - row["numerator"] == sum(1 for time, dead in patients if dead and time <= day)
        assert row["lower"] <= row["value"] <= row["upper"]


# -- what cannot be computed is said


def test_an_expression_over_a_field_that_is_not_kept_is_refused():
    bare = chosen(
        table_of([{"centre": "A", "period": "2025", "accepted": "yes", "status": "alive", "age": 1.0, "stay": 2.0}]), [0]
    )
    without = type(bare)({name: column for name, column in bare.columns.items() if name != "status"}, service="lam")
    with pytest.raises(InputError, match="status"):
        outcomes(AGREED, without, centres=["A"], **YEAR)
