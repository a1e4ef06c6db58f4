"""A small invented edition: two services, one of them small, with figures of every status."""

from plenary.editions.terms import CentreEntry, EditionInputs, OutcomeEntry, PreviousEdition, ServiceEntry
from tests.unit.editions.tables import protected

REGIONS = {"E40000003": "London", "E40000005": "South East", "E40000006": "South West", "E40000010": "North West"}
SECRET = 171_717.0
"""Left by mistake in a withheld row: it must never come out."""

ECMO, LAM = "adult-ecmo", "lymphangioleiomyomatosis"
HOSPITALS = {"RJ1": "St Invented's Hospital", "RT3": "Royal Imagined", "R0A": "Nowhere General", "RQ9": "Imaginary Infirmary"}


def activity_rows():
    def row(value, service=ECMO, status="", **dimensions):
        base = {"service": service, "centre": "Total", "area": "Total", "sex": "Total", "age_band": "Total"}
        return base | {"period": "2025", "measure": "patients", "value": value, "status": status} | dimensions

    return [
        row(1205.0),
        row(640.0, centre="RJ1"),
        row(SECRET, status="c", centre="R0A"),
        row(None, status="c", centre="RT3"),
        row(None, status="c", centre="RQ9"),
        row(412.0, area="E40000003"),
        row(None, status="c", area="E40000005"),
        row(333.0, area="E40000006"),
        row(None, status="c", area="E40000010"),
        row(700.0, sex="M"),
        row(505.0, sex="F"),
        row(805.0, age_band="18-39"),
        row(400.0, age_band="40-64"),
        row(0.0, age_band="5-17"),
        row(SECRET, status="c", service=LAM),
    ]


def outcome_rows():
    def row(measure, value, numerator, denominator, lower, upper, status="", **dimensions):
        base = {
            "service": ECMO,
            "centre": "Total",
            "sex": "Total",
            "age_band": "Total",
            "period": "2023 to 2025",
            "method": "wilson",
        }
        numbers = {"value": value, "numerator": numerator, "denominator": denominator, "lower": lower, "upper": upper}
        return base | {"measure": measure, "status": status} | numbers | dimensions

    return [
        row("discharged", 887 / 1205, 887.0, 1205.0, 0.7105, 0.7602),
        row("discharged", 0.75, 480.0, 640.0, 0.7151, 0.7819, centre="RJ1"),
        row("discharged", 0.7, 210.0, 300.0, 0.6458, 0.7492, centre="RQ9"),
        row("discharged", None, None, None, None, None, status="c", centre="RT3"),
        row("discharged", None, None, None, None, None, status="c", centre="R0A"),
        row("discharged", 0.74, 518.0, 700.0, 0.7063, 0.7711, sex="M"),
        row("discharged", 0.7307, 369.0, 505.0, 0.6904, 0.7675, sex="F"),
        row("survival@30d", 0.8123, None, 1205.0, 0.79, 0.833),
        row("survival@1y", 0.7001, None, 1205.0, 0.674, 0.725),
        row("stay", 11.25, None, 1205.0, 10.0, 12.5),
    ]


def access_rows():
    def row(area, value, numerator, denominator, lower, upper, status=""):
        numbers = {"value": value, "numerator": numerator, "denominator": denominator, "lower": lower, "upper": upper}
        return {"service": ECMO, "area": area, "period": "2025", "measure": "patients", "status": status} | numbers

    return [
        row("Total", 21.8, 1205.0, 55_275_229.0, 20.6, 23.07),
        row("E40000003", 46.4, 412.0, 8_879_310.0, 42.0, 51.1),
        row("E40000006", 35.9, 333.0, 9_275_676.0, 32.15, 39.97),
        row("E40000005", None, None, 9_379_833.0, None, None, status="c"),
        row("E40000010", None, None, 7_527_000.0, None, None, status="c"),
    ]


def completeness_rows():
    base = {"service": ECMO, "period": "2025"}
    return [
        base | {"centre": "Total", "measure": "discharged", "value": 0.83, "numerator": 1000.0, "denominator": 1205.0},
        base | {"centre": "RJ1", "measure": "discharged", "value": 0.8, "numerator": 512.0, "denominator": 640.0},
        *(base | {"centre": centre, "measure": "discharged", "value": None, "status": "c"} for centre in ("RQ9", "RT3", "R0A")),
        base | {"centre": "Total", "measure": "ascertainment", "value": None, "status": "c"},
    ]


def spend_rows():
    base = {"service": ECMO, "period": "2025", "measure": "expenditure"}
    return [
        base | {"centre": "Total", "value": 12_345_678.0},
        base | {"centre": "RJ1", "value": 8_000_000.0, "note": "Drugs are paid for separately."},
        base | {"centre": "RT3", "value": 4_345_678.0},
    ]


def curve_rows():
    base = {"service": ECMO, "centre": "Total", "period": "2023 to 2025", "method": "Kaplan-Meier", "denominator": 1205.0}

    def row(time, value, numerator, lower, upper):
        return base | {"measure": f"survival@{time}", "value": value, "numerator": numerator, "lower": lower, "upper": upper}

    return [
        base | {"measure": "survival@7d", "value": SECRET, "denominator": None, "status": "c"},
        row("30d", 0.8123, 979.0, 0.79, 0.833),
        row("91d", 0.7654, 925.0, 0.741, 0.788),
        row("121d", 0.7654, 925.0, 0.741, 0.788),
        row("1y", 0.7001, 861.0, 0.674, 0.725),
        row("730d", 0.6002, 790.0, None, None),
    ]


def sample(**changes):
    """Return the inputs of the invented edition."""
    given = {
        "label": "2025",
        "period_start": "2025-01-01",
        "period_end": "2026-01-01",
        "nation": "England",
        "threshold": 30,
        "invented": True,
        "services": (
            ServiceEntry(ECMO, "Adult respiratory ECMO", "Heart and lung", "Support for the *failing* lung.", "", True),
            ServiceEntry(LAM, "Lymphangioleiomyomatosis", "Heart and lung", "", "seen once", True),
        ),
        "centres": (
            *(CentreEntry(ECMO, ods, name, "2011-12-01") for ods, name in HOSPITALS.items()),
            CentreEntry(LAM, "RJ1", "St Invented's Hospital", "", "", "recalled"),
        ),
        "tables": (
            protected("activity", activity_rows()),
            protected("outcomes", outcome_rows()),
            protected("access", access_rows()),
            protected("spend", spend_rows()),
            protected("completeness", completeness_rows()),
            protected("curves", curve_rows()),
        ),
        "outcomes": (
            OutcomeEntry(
                ECMO, "discharged", "Survival to discharge", "Alive on leaving the unit.", "proportion", "higher",
                0.74, "national cohort 2011 to 2017", ("NCT03979222",), True,
            ),
            OutcomeEntry(ECMO, "survival", "Survival", "From the first day of support.", "survival", "higher"),
            OutcomeEntry(ECMO, "stay", "Length of stay", "Days on the unit.", "median", "lower", unit="days"),
            OutcomeEntry(LAM, "fev1", "Loss of lung function", "Millilitres a year.", "slope", "lower"),
        ),
        "areas": REGIONS,
        "narrative": {
            ECMO: {
                "Description": "Patients are supported **outside the body**.\n\n- lungs\n- heart <script>alert(1)</script>",
                "Innovation": "=1+1 is not a formula. See [the paper](https://example.org/paper).",
                "Patient feedback": "> They never left me alone.",
            }
        },
        "policy": {"threshold": 30, "minimum_width": 10},
        "inputs": {"collection.toml": "0" * 64},
        "definitions": {"adult-ecmo/outcomes": "2026-1"},
        "code_version": "0.1.0",
        "previous": (PreviousEdition("2024", 2, "ab" * 32, "", "A centre's figures were wrong."),),
        "attribution": ("Contains public sector information licensed under the Open Government Licence v3.0.",),
    }  # fmt: skip
    return EditionInputs(**(given | changes))
