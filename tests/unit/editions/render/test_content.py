import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary.editions.render.content import build, draft, say
from plenary.editions.render.drawing import draw
from plenary.editions.terms import SECTIONS, OutcomeEntry
from tests.unit.editions.sample import ECMO, SECRET, activity_rows, sample
from tests.unit.editions.tables import protected


def service(content, slug=ECMO):
    return next(one for one in content["services"] if one["slug"] == slug)


def parts_of(block):
    if block["kind"] == "headline":
        return [block["parts"]]
    return [cell for row in block["rows"] for cell in row] if block["kind"] == "table" else []


def test_the_document_is_plain_json_and_always_the_same():
    first, second = (json.dumps(build(sample()), allow_nan=False) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("category", "printed"),
    [("surgery", "Surgery"), ("", ""), ("Rare disease", "Rare disease"), ("éclat", "Éclat"), ("<b>", "<b>")],
)
def test_a_category_is_printed_with_a_capital_and_else_as_it_is(category, printed):
    inputs = sample()
    services = tuple(replace(one, category=category) for one in inputs.services)
    content = build(replace(inputs, services=services))
    assert {one["category"] for one in content["services"]} == {printed}


def test_every_section_stands_in_its_order_and_only_unwritten_extras_are_left_out():
    content = build(sample())
    titles = [section["title"] for section in service(content)["sections"]]
    assert titles == [name for name in SECTIONS if name != "Improvement"]
    assert [section["title"] for section in content["services"][1]["sections"]] == [*SECTIONS[:6], SECTIONS[-1]]


def test_every_displayed_number_is_a_figure_and_every_figure_is_displayed():
    page = service(build(sample()))
    blocks = [block for section in page["sections"] for block in section["blocks"]]
    named = [part["f"] for block in blocks for parts in parts_of(block) for part in parts if isinstance(part, dict)]
    assert set(named) == set(page["figures"])


def test_a_withheld_number_is_nowhere_in_the_document():
    words = json.dumps(build(sample()))
    assert str(int(SECRET)) not in words.replace(",", "")
    assert "fewer than 30 patients" in words


def test_charts_use_only_figures_of_the_tables():
    page = service(build(sample()))
    blocks = [block for section in page["sections"] for block in section["blocks"]]
    in_tables = {p["f"] for b in blocks if b["kind"] == "table" for parts in parts_of(b) for p in parts if isinstance(p, dict)}
    drawn = {
        point[end]["f"]
        for b in blocks
        if b["kind"] == "chart"
        for point in b["points"]
        for end in ("value", "lower", "upper")
        if end in point
    }
    assert drawn
    assert drawn <= in_tables


def test_headlines_say_the_result_in_plain_words():
    page = service(build(sample()))
    lines = [say(b["parts"], page["figures"]) for s in page["sections"] for b in s["blocks"] if b["kind"] == "headline"]
    assert "1,205 patients in 2025." in lines
    assert "Expenditure on this service: £12,345,678." in lines
    assert (
        "Survival to discharge, 2023 to 2025: 73.6% (95% interval 71.0% to 76.0%) across all centres. The benchmark is 74.0%."
        in lines
    )
    assert "Survival at 1 year, 2023 to 2025: 70.0% (95% interval 67.4% to 72.5%) across all centres." in lines
    assert "Length of stay, 2023 to 2025: 11.2 days (95% interval 10.0 to 12.5) across all centres." in lines
    assert "Where shown, patients per million ranged from 35.90 in South West to 46.40 in London." in lines


def test_a_withheld_total_is_explained_and_not_left_blank():
    page = service(build(sample()), "lymphangioleiomyomatosis")
    (line,) = (
        say(b["parts"], page["figures"])
        for s in page["sections"]
        if s["id"] == "activity"
        for b in s["blocks"]
        if b["kind"] == "headline"
    )
    assert line == "Patients in 2025: [c]. Withheld: fewer than 30 patients, or withheld to protect another figure."


def test_what_was_not_collected_says_so():
    page = service(build(sample()), "lymphangioleiomyomatosis")
    spend = next(section for section in page["sections"] if section["id"] == "expenditure")
    assert spend["blocks"] == [{"kind": "missing", "status": "x", "text": "[x] Not collected for this edition."}]


def test_completeness_stands_beside_each_rate():
    page = service(build(sample()))
    table = next(b for s in page["sections"] for b in s["blocks"] if b.get("id") == "outcome-discharged-centre")
    assert [column["label"] for column in table["columns"]] == ["Centre", "Patients", "Result, 95% interval", "Outcome known"]
    shown = {say(row[0], page["figures"]): [say(cell, page["figures"]) for cell in row[1:]] for row in table["rows"]}
    assert shown["All centres"] == ["887 of 1,205", "73.6% (71.0% to 76.0%)", "83.0%"]
    assert shown["Nowhere General"] == ["[c]", "[c]", "[c]"]


def test_an_outcome_with_several_times_is_one_table():
    page = service(build(sample()))
    table = next(b for s in page["sections"] for b in s["blocks"] if b.get("id") == "outcome-survival-centre")
    assert [column["label"] for column in table["columns"]][2:] == ["At 30 days, 95% interval", "At 1 year, 95% interval"]


def test_a_definition_carries_benchmark_source_and_standing():
    page = service(build(sample()))
    items = dict(next(b for s in page["sections"] for b in s["blocks"] if b["kind"] == "definition")["items"])
    assert items["Benchmark"] == "74.0% (national cohort 2011 to 2017)"
    assert items["Standing"].startswith("Proposed measure")


def test_an_outcome_that_no_set_names_is_still_shown():
    page = service(build(sample(outcomes=())))
    assert any(b.get("text") == "Discharged" for s in page["sections"] for b in s["blocks"])


def test_unverified_and_invented_entries_are_marked():
    content = build(sample())
    assert "seen once" in content["services"][1]["confidence"]
    assert content["edition"]["invented"].startswith("The data in this edition are invented")
    assert build(sample(invented=False))["edition"]["invented"] == ""


@pytest.mark.parametrize(
    ("reviewers", "said", "expected"),
    [((), False, True), (("A",), False, True), (("A", "A"), False, True), (("A", "B"), False, False), (("A", "B"), True, True)],
)
def test_an_edition_is_a_draft_until_two_different_people_have_reviewed_it(reviewers, said, expected):
    inputs = sample(reviewers=reviewers, draft=said)
    assert draft(inputs) is expected
    assert bool(build(inputs)["edition"]["draft"]) is expected


def test_the_period_is_said_with_its_last_day():
    assert build(sample())["edition"]["period_text"] == "1 January 2025 to 31 December 2025"


def test_the_index_names_the_figures_of_the_services():
    content = build(sample())
    table = content["index"]["table"]
    assert [part["f"] for cell in table["rows"][0][2:] for part in cell] == [
        "centres",
        "activity|Total|Total|Total|Total|2025|patients|value",
        "spend|Total||||2025|expenditure|value",
    ]
    assert table["rows"][1][4] == ["[x]"]
    assert (
        say(content["index"]["headline"], content["index"]["figures"])
        == "2 highly specialised services, provided by 4 organisations."
    )


def test_a_table_of_an_unknown_service_or_name_is_refused():
    with pytest.raises(ValueError, match="no service of this edition"):
        build(sample(tables=(protected("activity", [activity_rows()[0] | {"service": "elsewhere"}]),)))
    with pytest.raises(ValueError, match="no table 'cases'"):
        build(sample(tables=(protected("cases", activity_rows(), kind="count"),)))


def test_an_edition_of_nothing_can_be_built():
    content = build(sample(services=(), centres=(), tables=(), outcomes=(), narrative={}))
    assert content["services"] == []


def test_previous_editions_are_listed_with_their_notes():
    assert build(sample())["previous"] == [
        {"label": "2024", "number": 2, "digest": "ab" * 32, "href": "", "note": "A centre's figures were wrong."}
    ]


# -- names and places inside a page


def blocks_of(page):
    return [block for section in page["sections"] for block in section["blocks"]]


def ids_of(page):
    return [section["id"] for section in page["sections"]] + [block["id"] for block in blocks_of(page) if "id" in block]


def alike(*labels):
    """Return the inputs of an edition with one outcome a label, and centres whose results differ from outcome to outcome."""
    entries, rows = [], []
    for number, label in enumerate(labels):
        entries.append(OutcomeEntry(ECMO, f"o{number}", label, measure="median"))
        base = {"service": ECMO, "sex": "Total", "age_band": "Total", "period": "2025", "measure": f"o{number}"}
        rows += [base | {"centre": one, "value": 100.0 * (number + 1), "denominator": 50.0} for one in ("RJ1", "RQ9", "Total")]
    return sample(outcomes=tuple(entries), tables=(protected("outcomes", rows),))


def test_two_outcomes_that_read_alike_keep_their_own_charts():
    """Both charts had one name, and the second was drawn in the place of the first."""
    content = build(alike("Survival (1 year)", "Survival, 1 year"))
    page = service(content)
    drawings = draw(content)
    charts = [block for block in blocks_of(page) if block["kind"] == "chart"]
    assert [block["title"] for block in charts] == ["Survival (1 year) by centre, 2025", "Survival, 1 year by centre, 2025"]
    for block, shown, other in zip(charts, ("100.0", "200.0"), ("200.0", "100.0"), strict=True):
        svg = drawings[f"{ECMO}/{block['id']}"]
        assert shown in svg
        assert f" {other}" not in svg


@settings(max_examples=40)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12), max_size=5))
def test_every_place_on_a_page_has_a_name_of_its_own_whatever_the_outcomes_are_called(labels):
    page = service(build(alike(*labels)))
    ids = ids_of(page)
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", one) for one in ids)


def test_a_chart_that_reads_like_no_other_keeps_its_plain_name():
    page = service(build(sample()))
    names = {block["id"] for block in blocks_of(page) if block["kind"] == "chart"}
    assert "expenditure-by-centre" in names
    assert not [name for name in names if re.search(r"-[2-9]$", name)]


@pytest.mark.parametrize("label", ["30-day survival", "1-year survival", "5 or more visits", "£ a patient", "2025"])
def test_an_outcome_whose_name_begins_with_a_number_has_its_chart(label):
    """An id that begins with a digit is none: the edition of a network that measures 30-day survival could not be built."""
    content = build(alike(label))
    (chart,) = (block for block in blocks_of(service(content)) if block["kind"] == "chart")
    assert chart["id"][0].isalpha()
    assert label in draw(content)[f"{ECMO}/{chart['id']}"]


@pytest.mark.parametrize("label", ["生存率", "Выживаемость", "…", "§"])
def test_an_outcome_whose_name_has_no_latin_letter_still_has_its_chart(label):
    content = build(alike(label, label))
    charts = [block["id"] for block in blocks_of(service(content)) if block["kind"] == "chart"]
    assert len(set(charts)) == 2
    assert all(f"{ECMO}/{name}" in draw(content) for name in charts)


# -- the edges of what an edition may be of


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2025-04-01", "2026-04-01", "1 April 2025 to 31 March 2026"),
        ("2024-02-29", "2024-03-01", "29 February 2024 to 29 February 2024"),
        ("2024-01-01", "2024-03-01", "1 January 2024 to 29 February 2024"),
        ("2025-01-01", "2025-03-01", "1 January 2025 to 28 February 2025"),
        ("1999-12-31", "2000-01-01", "31 December 1999 to 31 December 1999"),
    ],
)
def test_a_period_ends_on_the_day_before_the_next_begins(start, end, words):
    assert build(sample(period_start=start, period_end=end))["edition"]["period_text"] == words


def test_a_service_is_counted_once_and_an_organisation_once_however_many_services_it_has():
    content = build(sample())
    figures = content["index"]["figures"]
    assert (figures["services"]["text"], figures["centres"]["text"]) == ("2", "4")
    assert say(content["index"]["headline"], figures) == "2 highly specialised services, provided by 4 organisations."


def test_of_one_service_with_one_centre_it_speaks_in_the_singular():
    given_ = sample()
    content = build(sample(services=given_.services[:1], centres=given_.centres[:1], tables=()))
    assert say(content["index"]["headline"], content["index"]["figures"]) == (
        "1 highly specialised service, provided by 1 organisation."
    )


@pytest.mark.parametrize(("threshold", "words"), [(5, "fewer than 5 patients"), (30, "fewer than 30"), (100, "fewer than 100")])
def test_the_sentence_on_small_numbers_names_the_threshold_of_the_edition(threshold, words):
    content = build(sample(threshold=threshold))
    assert words in next(mark["meaning"] for mark in content["marks"] if mark["mark"] == "[c]")


@pytest.mark.parametrize("slug_", ["", "Total"])
def test_a_row_of_all_services_together_belongs_to_no_page(slug_):
    rows = [*activity_rows(), activity_rows()[0] | {"service": slug_, "value": 999_999.0}]
    assert "999999" not in json.dumps(build(sample(tables=(protected("activity", rows),)))).replace(",", "")


def test_the_index_marks_what_a_service_did_not_send():
    content = build(sample(tables=()))
    assert [row[3:] for row in content["index"]["table"]["rows"]] == [[["[x]"], ["[x]"]]] * 2
