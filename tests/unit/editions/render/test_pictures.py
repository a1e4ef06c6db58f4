"""Funnel plot and survival curve: what they say, what they leave out, and that they show nothing else than their tables."""

import json
from collections import defaultdict

import pytest

from plenary.editions.render import pictures
from plenary.editions.render.content import build, say
from plenary.editions.render.sheet import Sheet
from plenary.editions.terms import OutcomeEntry
from plenary_stats import comparison
from tests.unit.editions.sample import ECMO, SECRET, curve_rows, outcome_rows, sample
from tests.unit.editions.tables import protected

PROPORTION = OutcomeEntry(ECMO, "discharged", "Discharged")
SURVIVAL = OutcomeEntry(ECMO, "survival", "Survival", measure="survival")


def sheet(**tables):
    """Return the sheet of the sample's first service with these tables alone."""
    given = tuple(protected(name, rows) for name, rows in tables.items())
    rows = defaultdict(list, {table.name: list(table.rows()) for table in given})
    inputs = sample(tables=given)
    return Sheet(inputs.services[0], inputs, rows)


def centre(code, met, of, status=""):
    value = None if status else met / of
    numbers = {"value": value, "numerator": None if status else met, "denominator": None if status else of}
    return outcome_rows()[0] | {"centre": code, "status": status, "lower": None, "upper": None} | numbers


def funnel(*rows, entry=PROPORTION):
    page = sheet(outcomes=rows)
    blocks = pictures.funnel(page, entry, page.rows["outcomes"], "Discharged by centre")
    return (say(blocks[0]["parts"], page.figures), blocks[1], page.figures) if blocks else None


NATION = centre("Total", 800.0, 1000.0)
INSIDE = centre("RJ1", 398.0, 500.0), centre("RQ9", 242.0, 300.0)


def test_centres_within_the_limits_are_said_to_be_so():
    words, block, _ = funnel(NATION, *INSIDE)
    assert words == "The 2 centres shown all lie within the 95% limits around the national figure."
    assert [point["flag"] for point in block["points"]] == ["within", "within"]


def test_a_centre_outside_the_outer_limits_is_named_with_its_side():
    words, block, _ = funnel(NATION, *INSIDE, centre("RT3", 60.0, 100.0))
    assert words == "1 of 3 centres shown lies outside the 99.8% limits around the national figure: Royal Imagined (below)."
    assert [point["flag"] for point in block["points"]] == ["within", "within", "low998"]


def test_centres_between_the_limits_are_told_apart_from_those_beyond_both():
    words, _, _ = funnel(NATION, *INSIDE, centre("RT3", 60.0, 100.0), centre("R0A", 89.0, 100.0))
    assert words.endswith("Besides, 1 lies outside the 95% limits, but not the 99.8% limits: Nowhere General (above).")
    words, _, _ = funnel(NATION, *INSIDE, centre("R0A", 89.0, 100.0))
    assert words == "1 of 3 centres shown lies outside the 95% limits, but not the 99.8% limits: Nowhere General (above)."


def test_several_centres_lie_outside():
    words, _, _ = funnel(NATION, *INSIDE, centre("RT3", 60.0, 100.0), centre("R0A", 98.0, 100.0))
    assert words.startswith("2 of 4 centres shown lie outside the 99.8% limits")
    assert "Royal Imagined (below), Nowhere General (above)." in words


def test_flags_are_the_exact_ones_of_the_statistics():
    rows = [*INSIDE, centre("RT3", 60.0, 100.0), centre("R0A", 89.0, 100.0)]
    _, block, _ = funnel(NATION, *rows)
    found = comparison.funnel([r["numerator"] for r in rows], [r["denominator"] for r in rows], target=0.8)
    assert [point["flag"] for point in block["points"]] == found.columns["flag"].tolist()


def test_withheld_centres_are_counted_and_not_drawn():
    withheld = centre("R0A", 0, 0, "c") | {"value": SECRET}
    words, block, figures = funnel(NATION, *INSIDE, withheld)
    assert words.endswith(" 1 centre whose figures are withheld is not drawn.")
    assert [point["key"] for point in block["points"]] == ["RJ1", "RQ9"]
    assert str(int(SECRET)) not in json.dumps([block, figures])
    words, _, _ = funnel(NATION, *INSIDE, withheld, centre("RT3", 0, 0, "c"))
    assert words.endswith(" 2 centres whose figures are withheld are not drawn.")


@pytest.mark.parametrize(
    "rows",
    [
        [NATION, INSIDE[0]],
        list(INSIDE),
        [centre("Total", 0, 0, "c"), *INSIDE],
        [NATION, INSIDE[0], centre("RT3", 0, 0, "c")],
        [NATION, INSIDE[0], centre("RT3", 1.0, 2.0) | {"numerator": None}],
        [row | {"measure": "discharged@1y"} for row in (NATION, *INSIDE)],
    ],
)
def test_no_plot_without_two_shown_centres_and_a_shown_nation(rows):
    assert funnel(*rows) is None


def test_no_plot_of_what_is_no_proportion():
    assert funnel(NATION, *INSIDE, entry=SURVIVAL) is None


def test_the_page_shows_both_views_and_the_cautions_below_the_table():
    blocks = next(s for s in build(sample())["services"][0]["sections"] if s["id"] == "outcomes")["blocks"]
    kinds = [block.get("chart") or block["kind"] for block in blocks][:7]
    assert kinds == ["subheading", "definition", "headline", "headline", "dots", "funnel", "table"]
    assert blocks[6]["notes"][-2:] == [
        "By chance alone, 1 centre in 20 lies outside the 95% limits and 1 in 500 outside the 99.8% limits.",
        "Centres treat different patients. A difference between centres is a question to ask, not a verdict.",
    ]
    assert blocks[7]["id"] == "outcome-discharged-sex"
    assert blocks[7]["notes"] == []


# -- survival


def curve(rows, outcomes=()):
    page = sheet(curves=rows, outcomes=outcomes)
    return pictures.curve(page, SURVIVAL), page.figures


def test_a_curve_has_its_shown_points_and_the_same_in_a_table():
    (block, table), figures = curve(curve_rows())
    assert [point["label"] for point in block["points"]] == ["30 days", "3 months", "1 year", "2 years"]
    assert [point["days"] for point in block["points"]] == [30.0, 91.0, 365.25, 730.0]
    assert [[say(cell, figures) for cell in row] for row in table["rows"]] == [
        ["30 days", "81.2% (79.0% to 83.3%)"],
        ["3 months", "76.5% (74.1% to 78.8%)"],
        ["1 year", "70.0% (67.4% to 72.5%)"],
        ["2 years", "60.0%"],
    ]


def test_nothing_withheld_is_in_a_curve_and_that_it_is_withheld_is_said():
    (block, table), figures = curve(curve_rows())
    assert str(int(SECRET)) not in json.dumps([block, table, figures])
    assert table["notes"] == ["Times at which the figure is withheld are left out."]
    (_, table), _ = curve(curve_rows()[1:])
    assert table["notes"] == []


def test_where_the_curve_is_level_only_agreed_times_and_the_last_are_told():
    level = [row | {"value": 0.9} for row in curve_rows()[1:]]
    (block, _), _ = curve(level)
    assert [point["key"] for point in block["points"]] == ["survival@30d", "survival@730d"]
    (block, _), _ = curve(level, [outcome_rows()[0] | {"measure": "survival@1y"}])
    assert [point["key"] for point in block["points"]] == ["survival@30d", "survival@1y", "survival@730d"]


def test_one_point_is_no_curve_and_neither_is_another_outcome():
    assert curve(curve_rows()[:2])[0] == []
    assert curve([row | {"measure": row["measure"].replace("survival", "relapse")} for row in curve_rows()])[0] == []
    assert curve([])[0] == []


def test_only_the_latest_period_and_the_nation_are_drawn():
    earlier = [row | {"period": "2025", "value": 0.5} for row in curve_rows()[1:]]
    pooled = [row | {"period": "2024 to 2026"} for row in curve_rows()[1:]]
    one_centre = [row | {"centre": "RJ1", "value": 0.1} for row in curve_rows()[1:]]
    (block, _), figures = curve(earlier + pooled + one_centre)
    assert block["title"] == "Survival over time, 2024 to 2026, all centres together"
    assert {figures[point["value"]["f"]]["text"] for point in block["points"]} == {"81.2%", "76.5%", "70.0%", "60.0%"}


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ("s@30d", "30 days"),
        ("s@90d", "90 days"),
        ("s@91d", "3 months"),
        ("s@60d", "2 months"),
        ("s@365d", "1 year"),
        ("s@730d", "2 years"),
        ("s@1826d", "5 years"),
        ("s@1y", "1 year"),
        ("s@6m", "6 months"),
    ],
)
def test_times_are_said_in_the_words_of_a_reader(measure, words):
    assert pictures.time_label(measure) == words
