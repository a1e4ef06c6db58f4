"""A folder of real case data goes through the one command; what the edition shows equals the reference to six decimals."""

import csv
import json
import math

import pytest

from plenary.cli.main import main
from tests.golden import from_reference
from tests.golden.from_reference import rows_of
from tests.shared import needs_shared

MOMENTS = {10.0: "10d", 30.0: "30d", 60.0: "60d", 100.0: "100d", 180.0: "180d", 200.0: "200d", 365.0: "1y", 730.0: "730d"}


def built(tmp_path, name):
    """Build the edition of one reference folder; return its outcome rows by centre and measure."""
    from_reference.FOLDERS[name](tmp_path / name)
    out = tmp_path / "edition"
    assert main(["edition", "build", str(tmp_path / name), "--out", str(out), "--reviewer", "A", "--reviewer", "B"]) == 0
    assert main(["edition", "verify", str(out)]) == 0
    with (out / "data" / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["centre"], row["measure"]): row for row in csv.DictReader(file)}
    return out, rows


def compared(rows, expected, centre_of):
    """Compare each shown figure with its reference; return how many were compared and how many are withheld."""
    shown = withheld = 0
    for reference in expected:
        row = rows.get((centre_of(reference["stratum"]), f"survival@{MOMENTS.get(float(reference['time']))}"))
        if row is None:
            continue
        if row["status"] == "c":
            assert row["value"] == row["lower"] == row["upper"] == row["numerator"] == ""
            withheld += 1
        elif row["value"]:
            assert float(row["value"]) == pytest.approx(float(reference["surv"]), abs=1e-6)
            for limit in ("lower", "upper"):
                if reference[limit] and row[limit]:
                    assert float(row[limit]) == pytest.approx(float(reference[limit]), abs=1e-6)
            shown += 1
    return shown, withheld


@needs_shared("oracle", "km")
def test_lung_cancer_by_institution(tmp_path):
    out, rows = built(tmp_path, "lung")
    shown, withheld = compared(rows, rows_of("km", "lung_inst.expected.csv"), lambda name: f"I{name}")

    assert shown >= 2
    assert withheld >= 10  # most institutions have fewer than 30 patients
    totals = json.loads((out / "disclosure.json").read_text(encoding="utf-8"))["audit"]["totals"]
    assert totals["exact"] == totals["narrow"] == 0


@needs_shared("oracle", "km")
def test_stanford_heart(tmp_path):
    _, rows = built(tmp_path, "heart")
    shown, _ = compared(rows, rows_of("km", "heart_lefttrunc.expected.csv"), lambda name: f"T{name}")

    assert shown >= 4


@needs_shared("oracle", "km")
def test_veterans_by_tumour_kind(tmp_path):
    _, rows = built(tmp_path, "veterans")
    kinds = sorted({row["celltype"] for row in rows_of("km", "veteran_celltype.input.csv")})
    shown, _ = compared(rows, rows_of("km", "veteran_celltype.expected.csv"), lambda name: f"K{kinds.index(name)}")

    assert shown >= 4


@needs_shared("oracle", "logistic_risk")
def test_hospital_deaths(tmp_path):
    _, rows = built(tmp_path, "hospitals")
    reference = {row["centre"]: row for row in rows_of("funnel_proportion", "medpar_died.input.csv")}
    shown = 0
    for (centre, measure), row in rows.items():
        if measure == "death-in-hospital" and row["value"] and centre in reference:
            met, of = int(reference[centre]["x"]), int(reference[centre]["n"])
            assert (int(row["numerator"]), int(row["denominator"])) == (met, of)
            assert math.isclose(float(row["value"]), met / of, abs_tol=1e-6)
            assert of >= 30
            assert met >= 5
            shown += 1

    assert shown >= 5
