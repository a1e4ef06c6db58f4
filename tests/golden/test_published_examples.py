"""Worked examples that textbooks and papers print, sent the whole way: written as a centre's file, read, checked and computed."""

import numpy as np
import pytest

from plenary_stats import folder, measures, survival

# Gehan, Biometrika 1965;52:203 (the trial of Freireich and others, Blood 1963;21:699): weeks in remission; a minus: still in it.
SIX_MP = (6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35)
PLACEBO = (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)

# Kleinbaum and Klein, Survival Analysis, 2nd edition, table 2.3; standard errors as Greenwood's formula gives them there.
REMISSION = {6: (0.8571, 0.0764), 7: (0.8067, 0.0869), 10: (0.7529, 0.0963), 13: (0.6902, 0.1068)} | {
    16: (0.6275, 0.1141),
    22: (0.5378, 0.1282),
    23: (0.4482, 0.1346),
}

# Newcombe, Statistics in Medicine 1998;17:857, table I: the score interval (method 3) and the exact one (method 5).
NEWCOMBE = {
    "A": (81, 263, 0.2553, 0.3662),
    "B": (15, 148, 0.0624, 0.1605),
    "C": (0, 20, 0.0000, 0.1611),
    "D": (1, 29, 0.0061, 0.1718),
}

DICTIONARY = """Variable / Field Name,Field Type,Field Label,Choices,Text Validation Type,Required Field?
case_id,text,Case,,,y
weeks,text,Weeks in remission,,number,
status,radio,Status,"well, Well | relapsed, Relapsed",,
"""
SURVIVAL = """service = "example"
version = "1"
[[outcome]]
id = "remission"
measure = "survival"
end = "weeks"
event = "status = 'relapsed'"
at = ["6d", "7d", "10d", "13d", "16d", "22d", "23d"]
"""
PROPORTION = """service = "example"
version = "1"
[[outcome]]
id = "relapsed"
measure = "proportion"
met = "status = 'relapsed'"
"""


def computed(root, cases, outcomes):
    """Write a collection of (centre, weeks, status), and return its outcomes as the yearly run does."""
    lines = [f"{centre},{number},{weeks},{status}" for number, (centre, weeks, status) in enumerate(cases)]
    centres = sorted({centre for centre, _, _ in cases})
    files = {
        "collection.toml": 'label = "2025"\nperiod_start = 2025-01-01\nperiod_end = 2026-01-01\n',
        "services.csv": "service,name,category\nexample,Example,invented\n",
        "centres.csv": "service,centre,name,designated_from\n" + "".join(f"example,{one},{one},2010-01-01\n" for one in centres),
        "example/dictionary.csv": DICTIONARY,
        "example/outcomes.toml": outcomes,
        "example/cases.csv": "centre,case_id,weeks,status\n" + "\n".join(lines) + "\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    collection, findings = folder.read(root)
    assert findings.blocking == []
    [table] = measures.outcomes(
        collection.outcome_sets["example"],
        collection.cases["example"],
        centres=collection.centres_of("example"),
        period_start=collection.period_start,
        period_end=collection.period_end,
        label=collection.label,
        dataset=collection.datasets["example"],
    )
    return {(row["centre"], row["measure"]): row for row in table.rows()}


@pytest.fixture(scope="module")
def remission(tmp_path_factory):
    cases = [("MP", abs(weeks), "relapsed" if weeks > 0 else "well") for weeks in SIX_MP]
    cases += [("PLACEBO", weeks, "relapsed") for weeks in PLACEBO]
    return computed(tmp_path_factory.mktemp("remission"), cases, SURVIVAL)


@pytest.mark.parametrize("week", REMISSION)
def test_remission_under_six_mp(remission, week):
    """At nine weeks one patient was last seen, at ten another: that is why 0.7529 is not 16 of 21."""
    row = remission["MP", f"remission@{week}d"]
    assert row["value"] == pytest.approx(REMISSION[week][0], abs=5e-5)
    assert row["denominator"] == 21


@pytest.mark.parametrize(("week", "left"), [(6, 12), (7, 12), (10, 8), (13, 4), (16, 3), (22, 1), (23, 0)])
def test_remission_under_placebo_is_a_plain_share(remission, week, left):
    """Everyone relapsed, nobody was lost: what is left of 21."""
    row = remission["PLACEBO", f"remission@{week}d"]
    assert row["value"] == pytest.approx(left / 21, abs=1e-12)
    assert (row["numerator"], row["not_met"], row["met"]) == (left, 21 - left, left)


def test_standard_errors_and_medians_as_printed():
    weeks, arm = np.abs([*SIX_MP, *PLACEBO]), np.repeat(["6-MP", "placebo"], 21)
    relapsed = np.array([*SIX_MP, *PLACEBO]) > 0
    found = survival.kaplan_meier(weeks, relapsed, arm)
    mine = found.columns["group"] == "6-MP"
    assert dict(zip(found.columns["time"][mine].tolist(), np.round(found.columns["std_err"][mine], 4).tolist(), strict=True)) == {
        week: error for week, (_, error) in REMISSION.items()
    }
    assert found.columns["n_risk"][mine].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert found.median["estimate"].tolist() == [23, 8]


def test_newcombes_proportions(tmp_path):
    cases = [
        (centre, 1, "relapsed" if patient < met else "well")
        for centre, (met, of, _, _) in NEWCOMBE.items()
        for patient in range(of)
    ]
    rows = computed(tmp_path, cases, PROPORTION)
    for centre, (met, of, low, high) in NEWCOMBE.items():
        row = rows[centre, "relapsed"]
        assert (row["numerator"], row["denominator"]) == (met, of)
        assert (round(row["lower"], 4), round(row["upper"], 4)) == (low, high)
    total = rows["Total", "relapsed"]
    assert (total["numerator"], total["denominator"]) == (97, 460)
