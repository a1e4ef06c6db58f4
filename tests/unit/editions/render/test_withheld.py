"""What a reader is told of withheld figures: why, how many, what stands in their place, how it was tried. Never which is which."""

import json
import re
from dataclasses import replace

import pytest

from plenary.editions.render import drawing, withheld
from plenary.editions.render.content import build, say
from plenary.editions.render.html import render as pages
from plenary.editions.render.sheet import SHARED, WORDING, shared_words
from plenary.registry import queries as registry
from tests.unit.editions.sample import ECMO, LAM, activity_rows, outcome_rows, sample
from tests.unit.editions.tables import protected

POLICY = {"threshold": 30, "event_threshold": 5, "minimum_width": 10, "zeros": "protect"}


def service(slug=ECMO, **changes):
    return next(one for one in build(sample(**({"policy": POLICY} | changes)))["services"] if one["slug"] == slug)


def blocks(slug=ECMO, **changes):
    page = service(slug, **changes)
    [section] = [one for one in page["sections"] if one["title"] == "What is withheld"]
    return section["blocks"], page["figures"]


def words(slug=ECMO, **changes):
    found, figures = blocks(slug, **changes)
    return " ".join(say(one["parts"], figures) if "parts" in one else one.get("text", "") for one in found)


def shown_only():
    """Tables without a withheld row."""
    activity = [row for row in activity_rows() if row["status"] != "c"]
    outcomes = [row for row in outcome_rows() if row["status"] != "c"]
    return {"tables": (protected("activity", activity), protected("outcomes", outcomes, kind="rate"))}


def test_it_is_the_last_section_and_counts_every_mark_on_the_page():
    page = service()
    assert page["sections"][-1]["title"] == "What is withheld"
    marks = [one for key, one in page["figures"].items() if "|" in key and one["status"] == "c"]
    assert page["figures"]["withheld"]["value"] == len(marks) > 0
    assert f"{len(marks)} of " in words()


def test_the_table_adds_up_to_the_sentence():
    found, figures = blocks()
    [table] = [one for one in found if one["kind"] == "table"]
    cells = [[say(cell, figures) for cell in row] for row in table["rows"]]
    assert sum(int(row[1]) for row in cells) == figures["withheld"]["value"]
    assert sum(int(row[2]) for row in cells) == figures["printed"]["value"]
    assert [row[0] for row in cells] == [
        name for name in dict.fromkeys(withheld.COUNTED.values()) if name in {row[0] for row in cells}
    ]


def test_it_says_why_with_the_numbers_of_the_policy():
    said = words(threshold=20, policy=POLICY | {"threshold": 20, "event_threshold": 7, "minimum_width": 8})
    assert "fewer than 20 patients is withheld" in said
    assert "fewer than 7 of the patients had" in said
    assert "a range of less than 8" in said


def test_what_the_policy_leaves_open_is_the_house_rule():
    assert "fewer than 5 of the patients had" in words(policy={})


@pytest.mark.parametrize(("zeros", "told"), [("publish", True), ("protect", False)])
def test_that_noughts_are_shown_is_said_where_they_are(zeros, told):
    assert ("A nought is shown." in words(policy=POLICY | {"zeros": zeros})) is told


@pytest.mark.parametrize(("rounding", "told"), [(5, True), (None, False)])
def test_that_numbers_are_rounded_is_said_where_they_are(rounding, told):
    assert ("rounded to multiples of 5" in words(policy=POLICY | {"rounding": rounding, "minimum_width": 4})) is told


def test_one_mark_stands_for_both_kinds_and_neither_is_counted():
    said = words()
    assert "One mark, [c], stands for every withheld figure." in said
    document = json.dumps(build(sample(policy=POLICY)))
    assert not re.search(r"primary|secondary", document)


def test_how_many_were_small_changes_nothing():
    """The same marks with other numbers behind them: the same words."""
    rows = [row | {"value": 29.0 if row["status"] == "c" else row["value"]} for row in activity_rows()]
    assert words(tables=(protected("activity", rows),)) == words(tables=(protected("activity", activity_rows()),))


def test_what_can_be_read_instead_is_said_only_where_it_stands():
    assert "all patients together" in words()
    assert "Several years taken together" in words()
    one_year = [row | {"period": "2025"} for row in outcome_rows()]
    assert "Several years" not in words(
        tables=(protected("activity", activity_rows()), protected("outcomes", one_year, kind="rate"))
    )
    assert "all patients together" not in words(LAM, tables=(protected("activity", activity_rows()),))


def test_where_nothing_is_withheld_it_says_so_and_still_how_it_was_tried():
    said = words(**shown_only())
    assert said.startswith("No figure on these pages is withheld.")
    assert "stands for every withheld figure" not in said
    assert "were attacked" in said
    assert "disclosure.json" in said
    assert "withheld" not in service(**shown_only())["figures"]


def test_one_figure_is_withheld_and_two_are():
    assert " figures on these pages is withheld" in words(LAM, tables=(protected("activity", activity_rows()),))
    assert " figures on these pages are withheld" in words()


def test_the_words_are_those_of_the_definitions():
    raw = registry.wording("public")
    names = [name for name in SHARED if name.startswith("withheld_")]
    assert len(names) == 8
    assert shared_words(raw).items() >= {name: WORDING[name] for name in names}.items()


def test_the_page_leads_to_the_audit():
    content = build(sample(policy=POLICY))
    page = pages(content, drawing.draw(content))[f"services/{ECMO}.html"].decode()
    assert 'href="../disclosure.json"' in page
    assert words().split(". ", maxsplit=1)[0] in re.sub(r"<[^>]+>", "", page)


def test_the_same_edition_says_the_same():
    assert build(sample(policy=POLICY)) == build(replace(sample(policy=POLICY)))
