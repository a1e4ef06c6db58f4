"""A collection folder of invented cases whose outcome set holds every kind of measure: ``python -m tests.golden.every_measure OUT``."""

import csv
import sys
from pathlib import Path

import numpy as np

CENTRES = {"X01": 320, "X02": 260, "X03": 210}
YEARS = ("2024", "2025")

COLLECTION = """label = "2025"
period_start = 2025-01-01
period_end = 2026-01-01
nation = "Invented"
threshold = 30
"""
HEADINGS = [
    "Variable / Field Name",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Text Validation Type",
]
FIELDS = [
    ["case_id", "text", "Case", "", ""],
    ["patient", "text", "Patient, the same every year", "", ""],
    ["centre", "text", "Centre", "", ""],
    ["reviewed_on", "text", "Day of review", "", "date_ymd", "@INDEXDATE"],
    ["discharged", "yesno", "Alive at discharge", "", ""],
    ["days", "text", "Days followed", "", "number"],
    ["ended", "radio", "How follow-up ended", "none, Still followed | graft, Graft lost | dead, Died", ""],
    ["bleeds", "text", "Bleeds in the year", "", "integer"],
    ["years", "text", "Years observed", "", "number"],
    ["wrong_blood", "yesno", "Given the wrong blood", "", ""],
    ["grade", "radio", "Grade", "0, Intact | 1, Mildly impaired | 2, Significantly impaired | 3, Dead", ""],
    ["eyes", "text", "Affected eyes", "", "integer"],
    ["kept", "text", "Eyes kept", "", "integer"],
    ["stay", "text", "Days in hospital", "", "number"],
    ["before", "text", "Score before", "", "number"],
    ["after", "text", "Score after", "", "number"],
    ["fev1", "text", "FEV1 in mL", "", "number"],
]
OUTCOMES = """service = "every-measure"
version = "1"
agreed_on = 2025-06-01
sources = ["invented for a test"]

[[outcome]]
id = "discharge"
label = "Alive at discharge"
measure = "proportion"
met = "discharged = 'yes'"
adjust = ["stay", "ended"]
direction = "higher"

[[outcome]]
id = "survival"
label = "Survival"
measure = "survival"
end = "days"
event = "ended = 'dead'"
at = ["30d", "1y"]
adjust = ["stay", "eyes"]

[[outcome]]
id = "graft-loss"
label = "Loss of the graft"
measure = "cumulative_incidence"
end = "days"
event = "ended = 'graft'"
competing = "ended = 'dead'"
at = ["30d", "1y"]
direction = "lower"

[[outcome]]
id = "bleeding"
label = "Bleeds a patient-year"
measure = "rate"
events = "bleeds"
person_time = "years"
direction = "lower"

[[outcome]]
id = "wrong-blood"
label = "Patients given the wrong blood"
measure = "count"
met = "wrong_blood = 'yes'"
direction = "zero"

[[outcome]]
id = "grade"
label = "Graded outcome"
measure = "ordinal"
value = "grade"
direction = "higher"

[[outcome]]
id = "eyes-kept"
label = "Eyes kept"
measure = "proportion"
units = "eyes"
units_met = "kept"
unit = "eyes"
direction = "higher"

[[outcome]]
id = "stay"
label = "Stay in hospital"
measure = "median"
value = "stay"
unit = "days"
direction = "lower"

[[outcome]]
id = "score"
label = "Change of the score"
measure = "change"
value = "after"
baseline = "before"
important = 5
unit = "points"
direction = "lower"

[[outcome]]
id = "fev1"
label = "Change of FEV1 a year"
measure = "slope"
value = "fev1"
time = "reviewed_on"
subject = "patient"
unit = "mL a year"
window_years = 2
direction = "higher"
"""


def cases(seed=20251122):
    """Return invented cases as rows of text: every patient is seen in both years."""
    rng = np.random.default_rng(seed)
    rows = []
    for centre, patients in CENTRES.items():
        slope, level = rng.normal(-60, 40, patients), rng.normal(2200, 300, patients)
        for place in range(patients):
            for turn, year in enumerate(YEARS):
                day = np.datetime64(f"{year}-01-01") + int(rng.integers(0, 360))
                since = (day - np.datetime64("2024-01-01")) / np.timedelta64(1, "D") / 365.25
                rows.append(_case(rng, f"{centre}-{place:03d}", centre, str(day), level[place] + slope[place] * since, turn))
    return rows


def _case(rng, name, centre, day, fev1, turn):
    eyes, before = int(rng.integers(1, 3)), float(rng.integers(20, 80))
    return {
        "case_id": f"{name}-{day[:4]}",
        "patient": name,
        "centre": centre,
        "reviewed_on": day,
        "discharged": "yes" if rng.random() < 0.8 else "no",
        "days": str(int(rng.integers(1, 900))),
        "ended": str(rng.choice(["none", "graft", "dead"], p=[0.5, 0.2, 0.3])),
        "bleeds": str(int(rng.poisson(0.4))),
        "years": f"{rng.uniform(0.5, 1.2):.2f}",
        "wrong_blood": "yes" if turn == 0 and rng.random() < 0.02 else "no",
        "grade": str(int(rng.choice(4, p=[0.4, 0.25, 0.2, 0.15]))),
        "eyes": str(eyes),
        "kept": str(int(rng.binomial(eyes, 0.7))),
        "stay": str(int(rng.gamma(3, 5)) + 1),
        "before": f"{before:.0f}",
        "after": f"{before - rng.normal(6, 9):.1f}",
        "fev1": f"{fev1:.0f}",
    }


def write(out: Path):
    """Write the folder."""
    service = out / "every-measure"
    service.mkdir(parents=True)
    (out / "collection.toml").write_text(COLLECTION, encoding="utf-8")
    _table(
        out / "services.csv",
        [
            ["service", "name", "category", "description"],
            ["every-measure", "Invented service: every measure", "Test", "Invented."],
        ],
    )
    centres = [[*("every-measure", code, f"Invented hospital {code}"), "2010-01-01", ""] for code in CENTRES]
    _table(out / "centres.csv", [["service", "centre", "name", "designated_from", "designated_to"], *centres])
    fields = [[*field, *[""] * (6 - len(field))] for field in FIELDS]
    _table(service / "dictionary.csv", [[*HEADINGS, "Field Annotation"], *fields])
    (service / "outcomes.toml").write_text(OUTCOMES, encoding="utf-8")
    rows = cases()
    _table(service / "cases.csv", [list(rows[0]), *(list(row.values()) for row in rows)])


def _table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
