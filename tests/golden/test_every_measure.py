"""Invented cases with an outcome of every kind go through the one command; what stands in the edition is worked out again here."""

import csv
import json
import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import AalenJohansenFitter, CoxPHFitter, KaplanMeierFitter
from pptx import Presentation
from scipy import stats

from plenary.cli.main import main
from plenary_stats.spec import COMPUTED
from tests.golden import every_measure


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    place = tmp_path_factory.mktemp("every-measure")
    every_measure.write(place / "cases")
    out = place / "edition"
    assert main(["edition", "build", str(place / "cases"), "--out", str(out), "--reviewer", "A", "--reviewer", "B"]) == 0
    return out


@pytest.fixture(scope="module")
def rows(edition):
    with (edition / "data" / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        return {(row["centre"], row["measure"]): row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def cases():
    table = pd.DataFrame(every_measure.cases())
    numeric = ["days", "bleeds", "years", "eyes", "kept", "stay", "before", "after", "fev1"]
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numeric})


@pytest.fixture(scope="module")
def year(cases):
    return cases[cases["reviewed_on"].str.startswith("2025")]


def value(row):
    return float(row["value"])


def interval(row):
    return float(row["lower"]), float(row["upper"])


def test_every_kind_of_measure_is_here():
    asked = {line.split('"')[1] for line in every_measure.OUTCOMES.splitlines() if line.startswith("measure")}
    assert asked == set(COMPUTED)


def test_the_edition_verifies(edition):
    assert main(["edition", "verify", str(edition)]) == 0
    audit = json.loads((edition / "disclosure.json").read_text(encoding="utf-8"))["audit"]["totals"]
    assert audit["exact"] == audit["narrow"] == 0


def test_survival_and_incidence(rows, year):
    died = KaplanMeierFitter().fit(year["days"], year["ended"] == "dead").survival_function_at_times(365).iloc[0]
    assert value(rows["Total", "survival@1y"]) == pytest.approx(died, abs=1e-9)
    cause = year["ended"].map({"none": 0, "graft": 1, "dead": 2})
    jittered = year["days"] + np.linspace(0, 1e-7, len(year))  # lifelines wants no ties
    lost = AalenJohansenFitter(calculate_variance=False).fit(jittered, cause, event_of_interest=1).cumulative_density_
    assert value(rows["Total", "graft-loss@1y"]) == pytest.approx(float(lost[lost.index < 365.5].iloc[-1, 0]), abs=1e-4)


def test_incidence_is_not_one_minus_survival(rows, year):
    naive = 1 - KaplanMeierFitter().fit(year["days"], year["ended"] == "graft").survival_function_at_times(365).iloc[0]
    assert value(rows["Total", "graft-loss@1y"]) < naive - 0.003


def test_a_rate_is_per_patient_year(rows, year):
    for centre, own in [("Total", year), *year.groupby("centre")]:
        row = rows[centre, "bleeding"]
        assert value(row) == pytest.approx(own["bleeds"].sum() / own["years"].sum(), rel=1e-12)
        assert (int(row["numerator"]), int(row["denominator"])) == ((own["bleeds"] > 0).sum(), len(own))
        assert row["note"] == f"{own['bleeds'].sum()} events in {own['years'].sum():g} patient-years."


def test_levels_add_up(rows, year):
    for centre, own in [("Total", year), *year.groupby("centre")]:
        levels = [rows[centre, f"grade@{name}"] for name in ("intact", "mildly-impaired", "significantly-impaired", "dead")]
        assert [int(row["numerator"]) for row in levels] == own["grade"].value_counts().sort_index().tolist()
        assert sum(map(value, levels)) == pytest.approx(1)


def test_eyes_are_counted_and_children_too(rows, year):
    for centre, own in [("Total", year), *year.groupby("centre")]:
        row = rows[centre, "eyes-kept"]
        assert value(row) == pytest.approx(own["kept"].sum() / own["eyes"].sum())
        assert (int(row["numerator"]), int(row["denominator"])) == ((own["kept"] == own["eyes"]).sum(), len(own))


def test_median_and_change(rows, year):
    for centre, own in [("Total", year), *year.groupby("centre")]:
        assert value(rows[centre, "stay"]) == own["stay"].median()
        change = own["after"] - own["before"]
        assert value(rows[centre, "score"]) == pytest.approx(change.mean())
        assert interval(rows[centre, "score"]) == pytest.approx(tuple(stats.ttest_1samp(change, 0).confidence_interval(0.95)))
        assert int(rows[centre, "score@better"]["numerator"]) == (change <= -5).sum()
        assert int(rows[centre, "score@worse"]["numerator"]) == (change >= 5).sum()


def test_slopes_are_within_patients_over_both_years(rows, cases):
    moment = pd.to_datetime(cases["reviewed_on"]).map(pd.Timestamp.toordinal) / 365.25
    own = cases.assign(moment=moment).sort_values("moment").groupby("patient")
    slopes = own["fev1"].agg(lambda v: v.iloc[-1] - v.iloc[0]) / own["moment"].agg(lambda v: v.iloc[-1] - v.iloc[0])
    row = rows["Total", "fev1"]
    assert (row["period"], int(row["denominator"])) == ("followed 2024 to 2025", len(slopes))
    assert value(row) == pytest.approx(slopes.mean())
    assert interval(row) == pytest.approx(tuple(stats.ttest_1samp(slopes, 0).confidence_interval(0.95)))


def test_an_event_that_should_not_happen_is_withheld_where_rare(rows):
    """Nobody was given the wrong blood in 2025, and nought is protected like one to four."""
    assert {rows[centre, "wrong-blood"]["status"] for centre in ("Total", *every_measure.CENTRES)} == {"c"}


def test_centres_stand_beside_what_their_patients_would_lead_one_to_expect(rows, year):
    met = (year["discharged"] == "yes").astype(float)
    ended = pd.get_dummies(year["ended"], dtype=float).drop(columns="dead")
    design = sm.add_constant(pd.concat([year[["stay"]], ended], axis=1))
    chance = sm.Logit(met, design).fit(disp=0).predict(design)
    for centre, own in year.groupby("centre"):
        assert float(rows[centre, "discharge"]["expected"]) == pytest.approx(chance[own.index].sum(), abs=0.0501)
        assert float(rows[centre, "discharge"]["ratio"]) == pytest.approx(
            met[own.index].sum() / chance[own.index].sum(), abs=0.00501
        )
    assert rows["Total", "discharge"]["ratio"] == ""


def test_deaths_stand_beside_those_to_be_expected_of_the_same_patients(rows, year):
    jittered = year["days"] + np.linspace(0, 1e-7, len(year))  # no ties: Efron's and Breslow's hazards are one
    dead = (year["ended"] == "dead") & (year["days"] <= 365)
    frame = year[["stay", "eyes"]].assign(time=np.minimum(jittered, 365.5), dead=dead)
    model = CoxPHFitter().fit(frame, "time", "dead", fit_options={"precision": 1e-12})
    base = model.baseline_cumulative_hazard_.iloc[:, 0]
    steps = np.searchsorted(base.index.to_numpy(), frame["time"].to_numpy(), side="right") - 1
    due = pd.Series(model.predict_partial_hazard(frame).to_numpy() * base.to_numpy()[steps], index=year.index)
    for centre, own in year.groupby("centre"):
        row = rows[centre, "survival@1y"]
        assert int(row["observed"]) == dead[own.index].sum() == int(row["denominator"]) - int(row["numerator"])
        assert float(row["expected"]) == pytest.approx(due[own.index].sum(), abs=0.1)
        assert float(row["ratio"]) == pytest.approx(dead[own.index].sum() / due[own.index].sum(), abs=0.007)
    assert sum(float(rows[centre, "survival@1y"]["expected"]) for centre in every_measure.CENTRES) == pytest.approx(
        dead.sum(), abs=0.05 * len(every_measure.CENTRES)
    )
    assert rows["Total", "survival@1y"]["ratio"] == ""


def test_a_withheld_survival_carries_neither_observed_nor_expected(rows):
    """Few died within a month: the plain figure is withheld, and what would give it away with it."""
    within = [rows[centre, "survival@30d"] for centre in ("Total", *every_measure.CENTRES)]
    withheld = [row for row in within if row["status"] == "c"]
    assert len(withheld) >= 2
    for row in withheld:
        assert {row[name] for name in ("value", "numerator", "observed", "expected", "ratio", "note")} == {""}


def test_the_page_says_each_result_in_words_and_draws_it(edition):
    page = (edition / "services" / "every-measure.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]*>", "", page)
    for words in (
        "Graded outcome, 2025, across all centres: intact ",
        "Patients: those with an event at all, of those observed.",
        "% of eyes (95% interval ",
        "Observed / expected, 95% interval",
        "Observed / expected events at 1 year, 95% interval",
        "Expected from Days in hospital, How follow-up ended of all patients (logistic regression).",
        "Better by 5 or more, 95% interval",
        "Change of FEV1 a year, followed 2024 to 2025: -",
        "Loss of the graft over time, 2025, all centres together",
    ):
        assert words in text, words
    assert page.count("<svg") >= 12


def test_the_slides_hold_a_native_chart_of_the_scale(edition):
    deck = Presentation(edition / "slides" / "every-measure.pptx")
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    [scale] = [
        chart for chart in charts if len(chart.plots[0].series) == 4 and chart.plots[0].categories[0].startswith("Invented")
    ]
    assert [series.name for series in scale.plots[0].series] == ["Intact", "Mildly impaired", "Significantly impaired", "Dead"]
    shares = [list(series.values) for series in scale.plots[0].series]
    assert [sum(at) for at in zip(*shares, strict=True)] == pytest.approx([1] * 4)
