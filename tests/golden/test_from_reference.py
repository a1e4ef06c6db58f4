"""Real case data from file to figure: survival and proportions equal the reference answers."""

import math

import pytest
from statsmodels.stats.proportion import proportion_confint

from plenary_stats import folder, measures
from tests.golden import from_reference
from tests.golden.from_reference import rows_of
from tests.shared import needs_shared

TOLERANCE = 1e-9


def results(tmp_path, name):
    from_reference.FOLDERS[name](tmp_path / name)
    collection, findings = folder.read(tmp_path / name)
    assert findings.blocking == []
    assert findings.warnings == []
    [service] = [entry.slug for entry in collection.services]
    tables = measures.outcomes(
        collection.outcome_sets[service],
        collection.cases[service],
        centres=collection.centres_of(service),
        period_start=collection.period_start,
        period_end=collection.period_end,
        label=collection.label,
        dataset=collection.datasets[service],
    )
    return {(row["centre"], row["measure"]): row for row in tables[0].rows()}


def compare(figures, expected, centre_of, moments):
    """Compare every reference row whose time is published; return how many figures were compared."""
    compared = 0
    for reference in expected:
        moment = moments.get(float(reference["time"]))
        if moment is None:
            continue
        row = figures[centre_of(reference["stratum"]), f"survival@{moment}"]
        if math.isnan(row["value"]):
            assert "Follow-up ended" in row["note"]
            continue
        assert row["value"] == pytest.approx(float(reference["surv"]), abs=TOLERANCE)
        for ours, theirs in (("lower", "lower"), ("upper", "upper")):
            if reference[theirs] and not math.isnan(row[ours]):
                assert row[ours] == pytest.approx(float(reference[theirs]), abs=TOLERANCE)
        compared += 1
    return compared


@needs_shared("oracle", "km")
def test_lung_cancer_by_institution(tmp_path):
    figures = results(tmp_path, "lung")
    compared = compare(figures, rows_of("km", "lung_inst.expected.csv"), lambda name: f"I{name}", {180.0: "180d", 365.0: "1y"})
    assert compared >= 30


@needs_shared("oracle", "km")
def test_lung_cancer_of_all(tmp_path):
    """The reference has one patient more, whose institution is not known."""
    figures = results(tmp_path, "lung")
    row = figures["Total", "survival@1y"]
    assert row["denominator"] == len(rows_of("km", "lung_inst.input.csv")) == len(rows_of("km", "lung_all.input.csv")) - 1


@needs_shared("oracle", "km")
def test_stanford_heart(tmp_path):
    figures = results(tmp_path, "heart")
    moments = {10.0: "10d", 30.0: "30d", 100.0: "100d", 365.0: "1y", 730.0: "730d"}
    assert compare(figures, rows_of("km", "heart_lefttrunc.expected.csv"), lambda name: f"T{name}", moments) == 10


@needs_shared("oracle", "km")
def test_veterans(tmp_path):
    figures = results(tmp_path, "veterans")
    kinds = sorted({row["celltype"] for row in rows_of("km", "veteran_celltype.input.csv")})
    moments = {30.0: "30d", 60.0: "60d", 100.0: "100d", 200.0: "200d", 365.0: "1y"}
    expected = rows_of("km", "veteran_celltype.expected.csv")
    assert compare(figures, expected, lambda name: f"K{kinds.index(name)}", moments) >= 16


@needs_shared("oracle", "funnel_proportion")
def test_hospital_deaths(tmp_path):
    figures = results(tmp_path, "hospitals")
    expected = rows_of("funnel_proportion", "medpar_died.input.csv")
    assert len(expected) > 10
    for reference in expected:
        row = figures[reference["centre"], "death-in-hospital"]
        met, of = int(reference["x"]), int(reference["n"])
        assert (row["numerator"], row["denominator"]) == (met, of)
        assert row["value"] == pytest.approx(met / of, abs=TOLERANCE)
        assert (row["lower"], row["upper"]) == pytest.approx(proportion_confint(met, of, method="wilson"), abs=TOLERANCE)
