"""Observed over expected: against a logistic regression by statsmodels, and where it cannot be given."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from plenary_stats.measures import RATIO
from plenary_stats.measures.casemix import case_mix
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
    columns["age"][:7] = np.nan
    columns["asthma"][7:10] = ""
    cases = type(CASES)(columns, service=CASES.service)
    alive, chance = expected(cases, slice(10, None))
    own = cases["centre"][10:] == "A"
    found = row("A", cases)
    assert found["ratio"] == pytest.approx(alive[own].sum() / chance[own].sum(), rel=1e-6)
    assert "10 patients lack one of these and are left out." in found["note"]
    assert found["denominator"] == (cases["centre"] == "A").sum()


def test_a_covariate_that_separates_is_met_with_firth_s_penalty():
    cases = table(
        centre=["A", "B"] * 20, age=[30.0 + n % 7 for n in range(40)], asthma=["yes"] * 8 + ["no"] * 32,
        status=["alive"] * 8 + ["alive", "dead"] * 16,
    )  # fmt: skip
    found = case_mix(agreed("proportion", **ASKED).outcomes[0], cases, implied(cases))
    assert "Firth's penalty" in found.note
    assert all(np.isfinite(list(figures.values())).all() for figures in found.centres.values())


def test_nobody_to_compare_says_so():
    cases = table(centre=["A"], age=[40.0], asthma=["yes"], status=[""])
    found = case_mix(agreed("proportion", **ASKED).outcomes[0], cases, implied(cases))
    assert (found.centres, found.note) == ({}, "Not adjusted for case mix. There is nobody to compare.")


def test_the_note_names_the_fields_as_the_data_set_does():
    data = read_dictionary(
        "Variable,Field Type,Field Label,Choices,Text Validation Type\n"
        'status,radio,Status,"alive, Alive | dead, Dead",\nasthma,yesno,Severe asthma,,\nage,text,Age in years,,number\n',
        "lam",
        "1",
    )
    found = case_mix(agreed("proportion", **ASKED).outcomes[0], CASES, data)
    assert found.note.startswith("Expected from Age in years, Severe asthma of all patients")


def test_what_is_no_proportion_stays_unadjusted_and_says_so():
    asked = read_outcome_set(
        'service = "lam"\nversion = "1"\n[[outcome]]\nid = "stay"\nmeasure = "median"\nvalue = "age"\nadjust = ["asthma"]\n'
    )
    assert "which only proportions of patients have" in asked.notices[0]
    found = one(results("median", CASES, centres=("A", "B"), value="age", adjust=["asthma"]), centre="A")
    assert "Not adjusted for case mix." in found["note"]
