"""What each section says in the less usual cases; the usual ones are shown in test_content."""

import pytest

from plenary.editions.render.content import build, say
from plenary.editions.terms import CentreEntry, OutcomeEntry
from tests.unit.editions.sample import ECMO, access_rows, activity_rows, outcome_rows, sample, spend_rows
from tests.unit.editions.tables import protected


def section(name, slug=ECMO, **changes):
    page = next(one for one in build(sample(**changes))["services"] if one["slug"] == slug)
    return next(one for one in page["sections"] if one["id"] == name)["blocks"], page["figures"]


def lines(name, **changes):
    blocks, figures = section(name, **changes)
    return [say(block["parts"], figures) for block in blocks if block["kind"] == "headline"]


def test_the_networks_own_description_goes_before_the_registers():
    blocks, _ = section("description")
    assert blocks[0]["blocks"][0]["runs"][1] == {"text": "outside the body", "strong": True}
    blocks, _ = section("description", narrative={})
    assert blocks[0]["blocks"][0]["runs"][1] == {"text": "failing", "emphasis": True}


def test_a_service_without_a_description_says_that_none_was_sent():
    blocks, _ = section("description", slug="lymphangioleiomyomatosis")
    assert blocks == [{"kind": "note", "text": "No text was sent for this section."}]


def test_a_service_without_centres_says_so():
    blocks, figures = section("expert-centres", centres=())
    assert blocks == [{"kind": "note", "text": "No centre is recorded for this service."}]
    assert figures["centres"]["value"] == 0


def test_one_centre_provides_and_four_provide():
    blocks, figures = section("expert-centres")
    assert say(blocks[0]["parts"], figures) == "4 expert centres provide this service."
    blocks, figures = section("expert-centres", slug="lymphangioleiomyomatosis")
    assert say(blocks[0]["parts"], figures) == "1 expert centre provides this service."


@pytest.mark.parametrize(
    ("recorded", "written"),
    [("2018-04-01", "1 April 2018"), ("2018", "2018"), ("by 2020", "by 2020"), ("", "not recorded")],
)
def test_the_day_of_a_designation_is_written_as_people_do(recorded, written):
    centre = CentreEntry("lymphangioleiomyomatosis", "RX1", "One Hospital", recorded, recorded)
    blocks, _ = section("expert-centres", slug="lymphangioleiomyomatosis", centres=(centre,))
    assert blocks[1]["rows"][0][2:4] == [[written], [written if recorded else "current"]]


def test_an_unverified_centre_is_marked_as_such():
    blocks, _ = section("expert-centres", slug="lymphangioleiomyomatosis")
    assert blocks[1]["rows"][0][2:] == [["not recorded"], ["current"], ["recalled"]]
    assert blocks[1]["columns"][4]["label"] == "Standing of this entry"
    stated, _ = section("expert-centres")
    assert stated[1]["caption"] != "Expert centres", (
        "the section has that name: two landmarks of one name confuse a screen reader"
    )
    assert [column["label"] for column in stated[1]["columns"]] == ["Centre", "Code", "Designated from", "Designated to"]


def test_a_note_on_a_figure_is_printed_below_its_table():
    blocks, _ = section("expenditure")
    assert blocks[-1]["notes"] == ["Drugs are paid for separately."]


def test_a_withheld_expenditure_shows_its_mark():
    rows = [spend_rows()[0] | {"value": None, "status": "c"}]
    assert lines("expenditure", tables=(protected("spend", rows),)) == ["Expenditure on this service: [c]."]


def test_several_kinds_of_activity_each_have_their_table():
    rows = [*activity_rows(), activity_rows()[0] | {"measure": "referrals", "value": 2345.0}]
    assert lines("activity", tables=(protected("activity", rows),)) == ["1,205 patients in 2025.", "2,345 referrals in 2025."]


def test_activity_that_was_not_collected_is_not_called_withheld():
    rows = [activity_rows()[0] | {"value": None, "status": "x"}]
    assert lines("activity", tables=(protected("activity", rows),)) == ["Patients in 2025: [x]. Not collected for this edition."]


def test_activity_without_a_total_still_has_a_headline():
    assert lines("activity", tables=(protected("activity", activity_rows()[1:2]),)) == ["Patients by centre in 2025."]


def test_only_the_latest_period_of_an_outcome_is_tabled():
    earlier = [row | {"period": "2020 to 2022", "value": 0.5} for row in outcome_rows()]
    blocks, _ = section("outcomes", tables=(protected("outcomes", earlier + outcome_rows()),))
    assert all("2023 to 2025" in block["caption"] for block in blocks if block["kind"] == "table")


def test_a_withheld_national_outcome_has_no_interval():
    row = outcome_rows()[0] | {"value": None, "status": "c", "numerator": None}
    assert lines("outcomes", tables=(protected("outcomes", [row]),)) == [
        "Survival to discharge, 2023 to 2025: [c] across all centres. The benchmark is 74.0%."
    ]


def test_outcomes_by_sex_come_after_outcomes_by_centre():
    blocks, _ = section("outcomes")
    assert [block["id"] for block in blocks if block["kind"] == "table"][:2] == [
        "outcome-discharged-centre",
        "outcome-discharged-sex",
    ]


def test_an_outcome_chart_carries_its_benchmark():
    blocks, _ = section("outcomes")
    charts = [block for block in blocks if block["kind"] == "chart"]
    assert [(one["chart"], one.get("benchmark")) for one in charts] == [("dots", 0.74), ("funnel", None), ("survival", None)]


def test_an_agreed_outcome_without_results_is_listed_as_not_collected():
    blocks, _ = section("outcomes", slug="lymphangioleiomyomatosis")
    assert [block["kind"] for block in blocks] == ["subheading", "definition", "missing"]


def test_access_compares_only_where_two_areas_are_shown():
    assert lines("equity-of-access", tables=(protected("access", access_rows()[:2]),)) == [
        "Too few areas can be shown to compare them."
    ]
    shown = lines("equity-of-access", tables=(protected("access", access_rows()[:3]),))
    assert shown == ["Patients per million people ranged from 35.90 in South West to 46.40 in London."]


def test_access_is_a_map_too_of_every_area_that_has_a_place():
    blocks, figures = section("equity-of-access")
    dots, drawn = (block for block in blocks if block["kind"] == "chart")
    assert (dots["chart"], drawn["chart"]) == ("dots", "map")
    assert {point["label"]: (point["at"], figures[point["value"]["f"]]["text"]) for point in drawn["points"]} == {
        "London": ([3, 3], "46.40"),
        "South West": ([1, 3], "35.90"),
        "South East": ([2, 3], "[c]"),
        "North West": ([1, 1], "[c]"),
    }
    assert drawn["id"] != dots["id"]
    assert drawn["title"].endswith("as a map")


def test_where_areas_have_no_place_there_is_no_map():
    rows = [row | {"area": f"Area {number}"} for number, row in enumerate(access_rows()[1:3])]
    blocks, _ = section("equity-of-access", tables=(protected("access", rows),))
    assert [block["chart"] for block in blocks if block["kind"] == "chart"] == ["dots"]


def test_a_withheld_area_keeps_its_public_population():
    blocks, figures = section("equity-of-access")
    table = next(block for block in blocks if block["kind"] == "table")
    row = next(row for row in table["rows"] if row[0] == ["North West"])
    assert [say(cell, figures) for cell in row] == ["North West", "[c]", "[c]", "7,527,000"]
    assert "Patients are counted where they live" in table["notes"][-1]


def test_the_four_states_of_an_outcome_are_shown_together():
    rows = [outcome_rows()[0] | {"not_eligible": 12.0, "not_known": 23.0}]
    blocks, figures = section("outcomes", tables=(protected("outcomes", rows),))
    table = next(block for block in blocks if block["kind"] == "table")
    assert [column["label"] for column in table["columns"]][-2:] == ["Not eligible", "Not yet known"]
    assert [say(cell, figures) for cell in table["rows"][0]] == [
        "All centres",
        "887 of 1,205",
        "73.6% (71.0% to 76.0%)",
        "12",
        "23",
    ]


def test_a_state_that_is_withheld_beside_a_shown_result_says_so():
    rows = [outcome_rows()[0] | {"not_eligible": None, "not_known": None}]
    blocks, figures = section("outcomes", tables=(protected("outcomes", rows),))
    table = next(block for block in blocks if block["kind"] == "table")
    assert [say(cell, figures) for cell in table["rows"][0]][-3:] == ["73.6% (71.0% to 76.0%)", "[c]", "[c]"]


def test_how_much_of_an_outcome_is_known_stands_with_the_outcome_and_the_rest_with_activity():
    blocks, figures = section("activity")
    table = next(block for block in blocks if block.get("id") == "completeness")
    assert [[say(cell, figures) for cell in row] for row in table["rows"]] == [["All centres", "[c]"]]
    assert [column["label"] for column in table["columns"]] == ["Centre", "Ascertainment"]


def test_completeness_has_a_line_a_centre_and_a_column_a_measure():
    base = {"service": ECMO, "period": "2025"}
    rows = [
        base | {"centre": "Total", "measure": "ascertainment", "value": 0.96, "numerator": 96.0, "denominator": 100.0},
        base | {"centre": "RJ1", "measure": "ascertainment", "value": 1.0, "numerator": 60.0, "denominator": 60.0},
        base | {"centre": "Total", "measure": "complete-records", "value": 0.5, "numerator": 48.0, "denominator": 96.0},
    ]
    blocks, figures = section("activity", tables=(protected("activity", activity_rows()), protected("completeness", rows)))
    table = next(block for block in blocks if block.get("id") == "completeness")
    assert [[say(cell, figures) for cell in row] for row in table["rows"]] == [
        ["St Invented's Hospital", "100.0% (60 of 60)", "[x]"],
        ["All centres", "96.0% (96 of 100)", "50.0% (48 of 96)"],
    ]
    assert table["totals"] == [1]


def test_of_a_median_only_the_note_of_all_centres_is_printed():
    total = outcome_rows()[-1] | {"note": "Half of the patients lie between 8 and 15."}
    rows = [total, total | {"centre": "RJ1", "value": 12.0, "note": "Half of the patients lie between 9 and 17."}]
    blocks, _ = section("outcomes", tables=(protected("outcomes", rows),))
    table = next(block for block in blocks if block["kind"] == "table")
    assert table["notes"] == ["Half of the patients lie between 8 and 15."]


def test_of_an_outcome_counted_in_organs_only_the_note_of_all_centres_is_printed():
    """A row's own note names its organs; of every centre at once they would be a list that nobody can place."""
    entries = (OutcomeEntry(ECMO, "discharged", "Eyes kept", measure="proportion", unit="eyes", units=True),)
    total, *centres = (
        row | {"note": f"{place} of 900 eyes."} for place, row in enumerate(outcome_rows()) if row["measure"] == "discharged"
    )
    blocks, _ = section("outcomes", tables=(protected("outcomes", [total, *centres]),), outcomes=entries)
    table = next(block for block in blocks if block["kind"] == "table")
    assert table["notes"][:2] == ["0 of 900 eyes.", "Patients: those of whom every one met the outcome, of all."]
    assert not any(f"{place} of 900 eyes." in table["notes"] for place in range(1, 7))


@pytest.mark.parametrize("measure", ["proportion", "survival"])
def test_of_an_outcome_of_patients_every_centres_note_is_printed(measure):
    entries = (OutcomeEntry(ECMO, "discharged", "Survival to discharge", measure=measure),)
    rows = [row | {"note": f"Note {place}."} for place, row in enumerate(outcome_rows()[:3])]
    blocks, _ = section("outcomes", tables=(protected("outcomes", rows),), outcomes=entries)
    table = next(block for block in blocks if block["kind"] == "table")
    assert {"Note 0.", "Note 1.", "Note 2."} <= set(table["notes"])


def adjusted(measure, centre, observed=None, expected=None, status=""):
    """Return a centre's row with its observed and expected events; none of them where it is withheld."""
    shown = status == "" and observed is not None
    ratio = observed / expected if shown else None
    numbers = {"value": None if status else 0.8, "numerator": None, "denominator": 300.0, "lower": 0.7, "upper": 0.9}
    row = outcome_rows()[0] | numbers | {"measure": measure, "centre": centre, "status": status}
    limits = {"ratio_lower": ratio / 2 if shown else None, "ratio_upper": ratio * 2 if shown else None}
    return row | {"observed": observed if shown else None, "expected": expected if shown else None, "ratio": ratio} | limits


def centres(*rows):
    """Return the heads of the table by centre, and its lines in words."""
    blocks, figures = section("outcomes", tables=(protected("outcomes", rows),))
    table = next(block for block in blocks if block["kind"] == "table" and block["id"].endswith("-centre"))
    heads = [column["label"] for column in table["columns"]]
    return heads, {say(line[0], figures): [say(cell, figures) for cell in line] for line in table["rows"]}


def test_events_observed_and_expected_stand_beside_survival_at_each_time_that_has_them():
    heads, lines_ = centres(
        adjusted("survival@30d", "Total"), adjusted("survival@1y", "Total"),
        adjusted("survival@30d", "RJ1"), adjusted("survival@1y", "RJ1", 12.0, 9.876),
        adjusted("survival@30d", "RT3"), adjusted("survival@1y", "RT3", 8.0, 16.0),
    )  # fmt: skip
    assert [head for head in heads if "expected" in head] == ["Observed / expected events at 1 year, 95% interval"]
    place = heads.index("Observed / expected events at 1 year, 95% interval")
    assert lines_["St Invented's Hospital"][place] == "12 / 9.9 = 1.22 (0.61 to 2.43)"
    assert lines_["Royal Imagined"][place] == "8 / 16.0 = 0.50 (0.25 to 1.00)"
    assert lines_["All centres"][place] == "[z]"


def test_every_time_that_is_adjusted_has_a_column_of_its_own():
    heads, lines_ = centres(
        adjusted("survival@30d", "Total"), adjusted("survival@1y", "Total"),
        adjusted("survival@30d", "RJ1", 5.0, 10.0), adjusted("survival@1y", "RJ1", 20.0, 10.0),
    )  # fmt: skip
    first, second = (heads.index(f"Observed / expected events at {time}, 95% interval") for time in ("30 days", "1 year"))
    assert lines_["St Invented's Hospital"][first].startswith("5 / 10.0 = 0.50")
    assert lines_["St Invented's Hospital"][second].startswith("20 / 10.0 = 2.00")


def test_a_withheld_centre_shows_a_mark_and_neither_events_nor_what_was_expected():
    _, lines_ = centres(
        adjusted("discharged", "Total"), adjusted("discharged", "RJ1", 12.0, 9.0), adjusted("discharged", "RT3", status="c")
    )
    assert lines_["Royal Imagined"][3] == "[c]"
    assert lines_["St Invented's Hospital"][3] == "12 / 9.0 = 1.33 (0.67 to 2.67)"


def test_a_centre_that_is_given_no_ratio_has_its_plain_figure_alone():
    _, lines_ = centres(adjusted("discharged", "Total"), adjusted("discharged", "RJ1", 12.0, 9.0), adjusted("discharged", "RT3"))
    assert lines_["Royal Imagined"][2:4] == ["80.0% (70.0% to 90.0%)", "[z]"]


def test_where_nothing_is_adjusted_there_is_no_such_column():
    heads, _ = centres(*(row for row in outcome_rows() if row["measure"] == "discharged" and row["sex"] == "Total"))
    assert not [head for head in heads if "expected" in head]
