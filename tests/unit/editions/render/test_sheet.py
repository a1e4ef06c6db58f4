from collections import defaultdict

import pytest

from plenary.editions.render.sheet import (
    EARLIER,
    SHARED,
    Sheet,
    base,
    by_measure,
    chart,
    days,
    name_of,
    notes,
    pick,
    sentence,
    shared_words,
    slug,
    time_words,
    timed,
)
from plenary.editions.terms import OutcomeEntry
from plenary.registry import queries as registry
from plenary_stats.measures import RATIO
from tests.unit.editions.sample import ECMO, LAM, REGIONS, SECRET, outcome_rows, sample


def sheet(slug_=ECMO, **changes):
    inputs = sample(**changes)
    rows = defaultdict(list)
    for table in inputs.tables:
        rows[table.name] += [row for row in table.rows() if row["service"] == slug_]
    return Sheet(next(one for one in inputs.services if one.slug == slug_), inputs, rows)


def test_a_figure_is_put_once_and_named_by_its_row_and_column():
    page = sheet()
    total = pick(page.rows["activity"], "")[0]
    first, second = page.put("activity", total), page.put("activity", total)
    assert first == second == {"f": "activity|Total|Total|Total|Total|2025|patients|value"}
    assert page.figures == {first["f"]: {"value": 1205, "text": "1,205", "status": ""}}


def test_a_withheld_row_gives_a_mark_even_where_a_number_was_left_in_it():
    page = sheet()
    row = next(row for row in page.rows["activity"] if row["value"] == SECRET)
    page.put("activity", row)
    assert list(page.figures.values()) == [{"value": None, "text": "[c]", "status": "c"}]


def test_an_interval_is_shown_only_with_a_shown_figure():
    page = sheet()
    shown, *_, withheld = page.pick([row for row in page.rows["outcomes"] if row["measure"] == "discharged"], "centre")[::-1]
    assert [part if isinstance(part, str) else page.figures[part["f"]]["text"] for part in page.interval("outcomes", shown)] == [
        "71.0%",
        " to ",
        "76.0%",
    ]
    withheld = next(row for row in page.rows["outcomes"] if row["status"] == "c")
    assert page.interval("outcomes", withheld | {"lower": 0.1, "upper": 0.9}) == []


def test_how_a_figure_is_printed_follows_its_table_column_and_measure():
    page = sheet()
    forms = {row["measure"]: page.form("outcomes", row, "value") for row in page.rows["outcomes"]}
    assert forms == {"discharged": "percent", "survival@30d": "percent", "survival@1y": "percent", "stay": "number"}
    assert page.form("outcomes", page.rows["outcomes"][0], "denominator") == "count"
    assert page.form("spend", page.rows["spend"][0], "value") == "money"


def test_observed_are_counted_expected_have_a_tenth_and_their_ratio_two_places():
    page, row = sheet(), outcome_rows()[0]
    assert [page.form("outcomes", row, column) for column in RATIO] == ["count", "number", "decimal", "decimal", "decimal"]


def test_a_figure_of_an_earlier_edition_is_printed_as_this_edition_s_is():
    page = sheet()
    for row in page.rows["outcomes"]:
        assert page.form(EARLIER, row, "value") == page.form("outcomes", row, "value")
    assert page.put(EARLIER, page.rows["outcomes"][0]) != page.put("outcomes", page.rows["outcomes"][0])


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ("survival", "Survival"),
        ("survival@1y", "Survival at 1 year"),
        ("survival@30d", "Survival at 30 days"),
        ("survival@mildly-impaired", "Survival, mildly impaired"),
        ("survival@better", "Survival, better by 6 or more"),
    ],
)
def test_an_outcome_is_named_with_its_time_or_part(measure, words):
    assert timed(OutcomeEntry(ECMO, "survival", "Survival", important=6), measure) == words


def test_centres_and_areas_are_read_by_name_and_the_total_comes_last():
    page = sheet()
    rows = page.pick(page.rows["activity"], "centre")
    assert [page.label("centre", row["centre"]) for row in rows] == [
        "Imaginary Infirmary",
        "Nowhere General",
        "Royal Imagined",
        "St Invented's Hospital",
        "All centres",
    ]
    assert page.label("area", "E40000003") == REGIONS["E40000003"]
    assert page.label("area", "Total") == "All areas"
    assert page.label("area", "unknown") == "unknown"


def test_ages_are_in_the_order_of_age_not_of_the_alphabet():
    page = sheet()
    bands = [row["age_band"] for row in page.pick(page.rows["activity"], "age_band")]
    assert bands == ["5-17", "18-39", "40-64", "Total"]
    assert page.label("age_band", "5-17") == "Age 5-17"
    assert page.label("sex", "F") == "Female"


def test_a_margin_in_two_spellings_is_taken_once():
    row = {"centre": "Total", "area": "Total", "sex": "", "age_band": "", "period": "2025", "measure": "patients"}
    assert len(pick([row, row | {"area": ""}], "centre")) == 1


def test_a_cell_of_two_dimensions_is_not_taken_for_a_margin():
    row = {"centre": "RJ1", "area": "E40000003", "sex": "", "age_band": "", "period": "2025", "measure": "patients"}
    assert pick([row], "centre") == []


@pytest.mark.parametrize(
    ("measure", "words", "length"),
    [
        ("s@1y", "at 1 year", 365.25),
        ("s@30d", "at 30 days", 30.0),
        ("s@5y", "at 5 years", 1826.25),
        ("s", "", 0.0),
        ("s@x", "", 0.0),
    ],
)
def test_the_time_of_a_measure_is_said_in_words(measure, words, length):
    assert time_words(measure) == words
    assert days(measure) == pytest.approx(length)
    assert base(measure) == "s"


def test_measures_come_known_ones_first_and_by_time():
    rows = [{"measure": name} for name in ("s@5y", "s@30d", "zeta", "referrals", "s@1y", "patients")]
    assert [name for name, _ in by_measure(rows)] == ["patients", "referrals", "s@30d", "s@1y", "s@5y", "zeta"]


def test_a_chart_needs_two_shown_figures_and_names_figures_only():
    page = sheet()
    rows = [row for row in page.pick(page.rows["activity"], "centre") if row["centre"] != "Total"]
    assert chart(page, "activity", rows, "centre", "Patients") == []
    areas = [row for row in page.pick(page.rows["activity"], "area") if row["area"] != "Total"]
    (drawn,) = chart(page, "activity", areas, "area", "Patients by area")
    assert [page.figures[point["value"]["f"]]["text"] for point in drawn["points"]] == ["412", "[c]", "[c]", "333"]
    assert drawn["chart"] == "bars"


def test_sentences_come_from_the_definitions_first():
    inputs = sample(wording={"low": "Tiny."}, threshold=10)
    assert sentence(inputs, "low") == "Tiny."
    assert "fewer than 10 patients" in sentence(inputs, "withheld")


def test_small_words():
    assert name_of("new_patients") == "New patients"
    assert name_of("time-to-kasai") == "Time to kasai"
    assert slug("Patients by centre, 2019/20") == "patients-by-centre-2019-20"
    assert notes([{"note": "a"}, {"note": ""}, {"note": "a"}]) == ["a"]


def test_a_service_knows_only_its_own_centres_and_outcomes():
    page = sheet(LAM)
    assert [one.ods for one in page.centres] == ["RJ1"]
    assert list(page.outcomes) == ["fev1"]


def test_the_sentences_of_the_definitions_are_taken_word_for_word():
    raw = registry.wording("public")
    taken = shared_words(raw)
    assert set(taken) == set(SHARED)
    assert taken["interval"] == raw["interval"]["en"]
    assert shared_words({"owner": "somebody", "low": {"en": "Small."}}) == {"low": "Small."}
