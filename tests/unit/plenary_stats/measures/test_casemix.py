"""Observed over expected: against a logistic regression by statsmodels and a Cox model by lifelines, and where it is not given."""

import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter
from scipy import stats

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.measures import RATIO
from plenary_stats.measures.casemix import FEW, case_mix
from plenary_stats.measures.readings import implied
from plenary_stats.spec import read_dictionary, read_outcome_set
from tests.unit.plenary_stats.measures.cases import agreed, one, results, table

ASKED = {"met": "status = 'alive'", "adjust": ["age", "asthma"]}


def invented(patients=600, seed=4711):
    """Centre B treats older patients; nobody's chance depends on the centre."""
    rng = np.random.default_rng(seed)
    centre = np.where(rng.random(patients) < 0.5, "A", "B")
    age = np.round(rng.normal(np.where(centre == "B", 60, 45), 10))
    asthma = np.where(rng.random(patients) < 0.3, "yes", "no")
    alive = rng.random(patients) < 1 / (1 + np.exp(-(4 - 0.06 * age + 0.8 * (asthma == "yes"))))
    return table(
        centre=centre.tolist(),
        age=age.tolist(),
        asthma=asthma.tolist(),
        status=np.where(alive, "alive", "dead").tolist(),
    )


CASES = invented()


def row(centre, cases=CASES, **more):
    return one(results("proportion", cases, centres=("A", "B"), **ASKED, **more), centre=centre)


def expected(cases, rows=slice(None)):
    """Each patient's chance by statsmodels."""
    alive = (cases["status"] == "alive")[rows].astype(float)
    design = sm.add_constant(np.column_stack([cases["age"][rows], (cases["asthma"] == "yes")[rows]]).astype(float))
    return alive, sm.Logit(alive, design).fit(disp=0).predict(design)


def test_a_centre_is_compared_with_its_own_case_mix():
    alive, chance = expected(CASES)
    for centre in ("A", "B"):
        own = CASES["centre"] == centre
        found = row(centre)
        assert found["expected"] == pytest.approx(chance[own].sum(), rel=1e-6)
        assert found["ratio"] == pytest.approx(alive[own].sum() / chance[own].sum(), rel=1e-6)
        low = stats.chi2.ppf(0.025, 2 * alive[own].sum()) / 2 / chance[own].sum()
        assert found["ratio_lower"] == pytest.approx(low, rel=1e-6)


def test_adjustment_takes_away_what_the_patients_explain():
    crude = row("A")["value"] / row("B")["value"]
    adjusted = row("A")["ratio"] / row("B")["ratio"]
    assert crude > 1.2
    assert abs(adjusted - 1) < abs(crude - 1) / 2


def test_all_centres_together_are_the_measure():
    assert all(np.isnan(row("Total")[name]) for name in RATIO)
    assert "Expected from age, asthma of all patients (logistic regression)." in row("A")["note"]


def test_a_patient_without_a_covariate_is_left_out_of_both_sides_and_counted():
    columns = {name: column.copy() for name, column in CASES.columns.items()}
    columns["age"][:30] = np.nan
    columns["asthma"][30:40] = ""
    cases = type(CASES)(columns, service=CASES.service)
    alive, chance = expected(cases, slice(40, None))
    own = cases["centre"][40:] == "A"
    found = row("A", cases)
    assert found["ratio"] == pytest.approx(alive[own].sum() / chance[own].sum(), rel=1e-6)
    assert "40 patients who lack one of these are left out." in found["note"]
    assert found["denominator"] == (cases["centre"] == "A").sum()


def test_a_covariate_that_separates_is_met_with_firth_s_penalty():
    cases = table(
        centre=["A", "B"] * 20, age=[30.0 + n % 7 for n in range(40)], asthma=["yes"] * 8 + ["no"] * 32,
        status=["alive"] * 8 + ["alive", "dead"] * 16,
    )  # fmt: skip
    found = case_mix(agreed("proportion", **ASKED).outcomes[0], cases, implied(cases))[""]
    assert "Firth's penalty" in found.note
    assert all(np.isfinite(list(figures.values())).all() for figures in found.centres.values())


def test_nobody_to_compare_says_so():
    cases = table(centre=["A"], age=[40.0], asthma=["yes"], status=[""])
    found = case_mix(agreed("proportion", **ASKED).outcomes[0], cases, implied(cases))[""]
    assert (found.centres, found.note) == ({}, "Not adjusted for case mix. There is nobody to compare.")


def test_the_note_names_the_fields_as_the_data_set_does():
    data = read_dictionary(
        "Variable,Field Type,Field Label,Choices,Text Validation Type\n"
        'status,radio,Status,"alive, Alive | dead, Dead",\nasthma,yesno,Severe asthma,,\nage,text,Age in years,,number\n',
        "lam",
        "1",
    )
    found = case_mix(agreed("proportion", **ASKED).outcomes[0], CASES, data)[""]
    assert found.note.startswith("Expected from Age in years, Severe asthma of all patients")


def test_what_is_no_proportion_stays_unadjusted_and_says_so():
    asked = read_outcome_set(
        'service = "lam"\nversion = "1"\n[[outcome]]\nid = "stay"\nmeasure = "median"\nvalue = "age"\nadjust = ["asthma"]\n'
    )
    assert "which only proportions of patients and survival have" in asked.notices[0]
    found = one(results("median", CASES, centres=("A", "B"), value="age", adjust=["asthma"]), centre="A")
    assert "Not adjusted for case mix." in found["note"]


# ------------------------------------------------------------------------------------------------ survival

FOLLOWED = {"start": "0", "end": "days", "event": "status = 'dead'", "at": ["90d", "1y"], "adjust": ["age", "asthma"]}


def lived(patients=900, seed=20251122, centres=("A", "B", "C"), shares=(0.4, 0.35, 0.25)):
    """Centre B treats older patients; age and asthma alone decide about the hazard. No two times are the same."""
    rng = np.random.default_rng(seed)
    centre = rng.choice(centres, patients, p=shares)
    age = np.round(rng.normal(np.where(centre == "B", 60, 45), 9), 1)
    asthma = np.where(rng.random(patients) < 0.3, "yes", "no")
    hazard = np.exp(-7.6 + 0.03 * (age - 50) + 0.6 * (asthma == "yes"))
    death, leave = rng.exponential(1 / hazard), rng.uniform(20, 700, patients)
    return table(
        centre=centre.tolist(),
        age=age.tolist(),
        asthma=asthma.tolist(),
        days=np.minimum(death, leave).tolist(),
        status=np.where(death <= leave, "dead", "alive").tolist(),
    )


LIVED = lived()


def survived(cases=LIVED, centre="A", at="1y", **more):
    asked = FOLLOWED | more
    return one(results("survival", cases, centres=("A", "B", "C"), **asked), centre=centre, measure=f"it@{at}")


def expected_deaths(cases, until, rows=slice(None)):
    """Return each patient's death by then, and their cumulative hazard while observed, by lifelines."""
    time = cases["days"][rows]
    frame = pd.DataFrame({
        "time": np.minimum(time, until),
        "died": (cases["status"][rows] == "dead") & (time <= until),
        "age": cases["age"][rows],
        "asthma": (cases["asthma"][rows] == "yes").astype(float),
    })  # fmt: skip
    model = CoxPHFitter().fit(frame, "time", "died", fit_options={"precision": 1e-12})
    risk = model.predict_partial_hazard(frame).to_numpy()
    base = model.baseline_cumulative_hazard_.iloc[:, 0]
    steps = np.searchsorted(base.index.to_numpy(), frame["time"].to_numpy(), side="right") - 1
    return frame["died"].to_numpy(), risk * base.to_numpy()[steps]


@pytest.mark.parametrize(("at", "until"), [("90d", 90), ("1y", 365)])
def test_deaths_at_a_centre_stand_beside_those_to_be_expected_of_its_patients(at, until):
    died, due = expected_deaths(LIVED, until)
    for centre in "ABC":
        own = LIVED["centre"] == centre
        found = survived(centre=centre, at=at)
        assert found["observed"] == died[own].sum() == found["denominator"] - found["numerator"]
        assert found["expected"] == pytest.approx(due[own].sum(), rel=1e-5)
        assert found["ratio"] == pytest.approx(died[own].sum() / due[own].sum(), rel=1e-5)
        high = stats.chi2.ppf(0.975, 2 * (died[own].sum() + 1)) / 2 / due[own].sum()
        assert found["ratio_upper"] == pytest.approx(high, rel=1e-5)


def test_expected_deaths_add_up_to_those_observed_and_the_nation_has_no_ratio():
    rows = [survived(centre=centre) for centre in "ABC"]
    assert sum(row["expected"] for row in rows) == pytest.approx(sum(row["observed"] for row in rows), rel=1e-9)
    assert all(np.isnan(survived(centre="Total")[name]) for name in RATIO)
    assert "Expected from age, asthma of all patients (Cox model of the events within 365 days)." in survived()["note"]
    assert "(Cox model of the events within 90 days)" in survived(at="90d")["note"]


def test_plain_survival_is_what_it_is_without_adjustment():
    plain = one(results("survival", LIVED, centres=("A",), **{**FOLLOWED, "adjust": []}), centre="B", measure="it@1y")
    for name in ("value", "lower", "upper", "numerator", "denominator", "met", "not_met"):
        assert survived(centre="B")[name] == plain[name]
    assert np.isnan(plain["ratio"])


def test_adjustment_takes_away_what_age_explains_of_deaths():
    crude = (1 - survived(centre="B")["value"]) / (1 - survived(centre="A")["value"])
    adjusted = survived(centre="B")["ratio"] / survived(centre="A")["ratio"]
    assert crude > 1.3
    assert abs(adjusted - 1) < abs(crude - 1) / 2


def test_too_few_events_are_said_to_be_too_few_and_how_many_there_were_is_not():
    few = lived(patients=90)
    assert 1 <= (few["status"][few["days"] <= 90] == "dead").sum() < 20
    found = survived(few, at="90d")
    assert all(np.isnan(found[name]) for name in RATIO)
    assert found["note"].endswith(
        "Not adjusted for case mix. Too few events within 90 days: fewer than 10 for each of the 2 coefficients."
    )


def test_a_covariate_with_events_on_one_side_only_has_no_fit_and_is_not_named():
    columns = {name: column.copy() for name, column in LIVED.columns.items()}
    columns["asthma"] = np.where(columns["status"] == "dead", "yes", "no")
    found = survived(type(LIVED)(columns, service="lam"))
    assert np.isnan(found["ratio"])
    assert found["note"].endswith("Events fall on one side of a covariate only: the model has no fit.")


def test_nobody_followed_says_so():
    cases = table(centre=["A"], age=[40.0], asthma=["yes"], days=[np.nan], status=["alive"])
    found = case_mix(agreed("survival", **FOLLOWED).outcomes[0], cases, implied(cases))
    assert {one.note for one in found.values()} == {"Not adjusted for case mix. There is nobody to compare."}


def test_those_who_enter_later_than_the_time_are_on_neither_side():
    columns = {name: column.copy() for name, column in LIVED.columns.items()}
    columns["entered"] = np.minimum(columns["days"] * 0.5, 200.0)
    cases = type(LIVED)(columns, service="lam")
    found = survived(cases, at="90d", entry="entered")
    early = columns["entered"] < 90
    died = (columns["status"] == "dead") & (columns["days"] <= 90) & early
    assert found["observed"] == died[columns["centre"] == "A"].sum()
    whole = [survived(cases, centre=centre, at="90d", entry="entered") for centre in "ABC"]
    assert sum(row["expected"] for row in whole) == pytest.approx(died.sum(), rel=1e-9)


def test_covariates_that_say_the_same_are_told_in_words_and_do_not_stop_the_run():
    columns = dict(CASES.columns) | {"twice": CASES["age"] * 2}
    cases = type(CASES)(columns, service=CASES.service)
    found = one(results("proportion", cases, centres=("A", "B"), met="status = 'alive'", adjust=["age", "twice"]), centre="A")
    assert np.isnan(found["ratio"])
    assert "Not adjusted for case mix. covariates: one of them says only what the others say together" in found["note"]


# ------------------------------------------------------------------------------------------------ what must not be opened


def unknown(cases, centre, status, number, name="age"):
    """Return the cases without a covariate of so many patients of a centre with a status."""
    columns = {each: column.copy() for each, column in cases.columns.items()}
    places = np.flatnonzero((columns["centre"] == centre) & (columns["status"] == status) & (columns["days"] <= 365))
    columns[name][places[:number]] = np.nan
    return type(cases)(columns, service=cases.service)


@pytest.mark.parametrize("number", [1, FEW - 1])
def test_a_ratio_never_tells_how_few_of_those_left_out_had_the_event(number):
    """Both figures are published: their difference is how many of the patients without a known age died."""
    cases = unknown(LIVED, "A", "dead", number)
    found = survived(cases)
    assert all(np.isnan(found[name]) for name in RATIO)
    assert found["numerator"] == survived()["numerator"]
    assert not np.isnan(survived(cases, centre="B")["ratio"])
    assert ". Patients who lack one of these are left out." in found["note"]
    assert not re.search(r"\d patients", found["note"])


def test_where_enough_are_left_out_the_ratio_is_of_the_others():
    cases = unknown(LIVED, "A", "dead", FEW)
    found = survived(cases)
    assert found["observed"] == found["denominator"] - found["numerator"] - FEW
    assert f". {FEW} patients who lack one of these are left out." in found["note"]


@pytest.mark.parametrize(
    ("dead", "alive", "told"), [(10, 2, ""), (10, 0, "10 p"), (0, 12, "12 p"), (2, 10, ""), (5, 5, "10 p"), (0, 4, "")]
)
def test_how_many_are_left_out_is_not_said_where_it_would_tell_of_few_on_either_side(dead, alive, told):
    """The plain figure less the ratio's tells how many of them died; the number less that, how many did not."""
    found = survived(unknown(unknown(LIVED, "A", "dead", dead), "A", "alive", alive))
    assert f"). {told or 'P'}atients who lack one of these are left out." in found["note"]
    assert bool(re.search(r"\d patients", found["note"])) is bool(told)


def test_where_everybody_is_counted_nobody_is_said_to_be_left_out():
    assert "left out" not in survived()["note"]


def test_a_ratio_of_few_events_is_not_given_beside_a_figure_of_more():
    deaths = int(survived(centre="C")["observed"])
    found = survived(unknown(LIVED, "C", "dead", deaths - 2), centre="C")
    assert np.isnan(found["ratio"])


def test_a_withheld_row_takes_observed_expected_and_ratio_with_it():
    """Centre C had three deaths: published with its ratio they would be known to the patient."""
    cases = lived(patients=700, shares=(0.5, 0.42, 0.08))
    columns = {name: column.copy() for name, column in cases.columns.items()}
    places = np.flatnonzero((columns["centre"] == "C") & (columns["status"] == "dead"))
    columns["status"][places[3:]] = "alive"
    cases = type(cases)(columns, service="lam")
    result = results("survival", cases, centres=("A", "B", "C"), **FOLLOWED)
    before = one(result, centre="C", measure="it@1y")
    assert (before["denominator"] - before["numerator"], before["observed"]) == (3, 3)
    assert before["ratio"] > 0
    made = protect([result], Policy())
    (published,) = made.tables
    after = one(published, centre="C", measure="it@1y")
    assert after["status"] == "c"
    assert all(np.isnan(after[name]) for name in (*RATIO, "value", "numerator", "lower", "upper", "met", "not_met"))
    assert after["note"] == ""
    hidden = {row["centre"] for row in published.rows() if row["measure"] == "it@1y" and row["status"] == "c"}
    assert len(hidden) >= 2  # or the others and the total would tell
    shown = [row for row in published.rows() if row["status"] == "" and not np.isnan(row["ratio"])]
    assert shown
    found = audit([published], Policy())
    assert (found.totals["exact"], found.totals["narrow"]) == (0, 0)
    # What the shown expected numbers leave of the observed total is that of all hidden centres together, never of one.
    at_year = [row for row in published.rows() if row["measure"] == "it@1y" and row["centre"] != "Total"]
    assert {row["centre"] for row in at_year if np.isnan(row["expected"])} >= hidden


def test_order_of_rows_changes_no_ratio():
    order = np.random.default_rng(1).permutation(len(LIVED))
    shuffled = type(LIVED)({name: column[order] for name, column in LIVED.columns.items()}, service="lam")
    for name in RATIO:
        assert survived(shuffled)[name] == pytest.approx(survived()[name], rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["dead", "alive"]), st.integers(0, 12)), max_size=4))
def test_whoever_is_left_out_no_ratio_tells_of_one_to_four_of_them(gaps):
    """What a reader can work out: events of the plain figure less those of the ratio, which is ratio times expected."""
    cases = LIVED
    for centre, status, number in gaps:
        cases = unknown(cases, centre, status, number)
    result = results("survival", cases, centres=("A", "B", "C"), **FOLLOWED | {"at": ["1y"]})
    for centre in "ABC":
        found = one(result, centre=centre, measure="it@1y")
        if np.isnan(found["ratio"]):
            continue
        seen = found["ratio"] * found["expected"]
        assert seen == pytest.approx(found["observed"])
        lost = found["denominator"] - found["numerator"] - found["observed"]
        assert lost == 0 or min(lost, found["observed"]) >= FEW
        said = re.search(r"(\d+) patients who lack", found["note"])
        absent, late = np.isnan(cases["age"]), cases["status"] == "alive"
        spared = int((absent & (late | (cases["days"] > 365))).sum())
        assert said is None or (int(said[1]) == absent.sum() and (spared == 0 or spared >= FEW))


def test_splitting_the_other_centres_changes_nothing_for_one():
    """Expected events come from one model of all patients, whichever centres they are counted to."""
    columns = {name: column.copy() for name, column in LIVED.columns.items()}
    columns["centre"] = np.where((columns["centre"] == "B") & (columns["age"] > 58), "D", columns["centre"])
    other = type(LIVED)(columns, service="lam")
    for name in RATIO:
        assert survived(other)[name] == pytest.approx(survived()[name], rel=1e-12)
    parts = [
        one(results("survival", other, centres=("A",), **FOLLOWED), centre=centre, measure="it@1y")["expected"] for centre in "BD"
    ]
    assert sum(parts) == pytest.approx(survived(centre="B")["expected"], rel=1e-12)


def test_the_unit_of_a_covariate_changes_no_expected_number():
    columns = dict(LIVED.columns) | {"age": LIVED["age"] * 365.25}
    for name in RATIO:
        assert survived(type(LIVED)(columns, service="lam"))[name] == pytest.approx(survived()[name], rel=1e-8)
