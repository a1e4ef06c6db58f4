"""Run charts over the years: what they say, what may stand in them, and that nothing withheld does."""

import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pptx import Presentation

from plenary.editions.render import drawing, runs, slides
from plenary.editions.render.content import build, say
from plenary.editions.render.figures import RULES, describe
from plenary.editions.render.verify import published, verify
from plenary.editions.render.write import digest, write
from plenary.editions.terms import OutcomeEntry, PreviousEdition, standing
from plenary_stats.monitoring import ENOUGH, xmr
from tests.unit.editions.published import approved
from tests.unit.editions.sample import ECMO, SECRET, outcome_rows, sample
from tests.unit.editions.tables import protected

PROPORTION = OutcomeEntry(ECMO, "discharged", "Discharged alive", direction="higher")


def year(label, share, status="", measure="discharged", half=0.02, **more):
    """Return the national row of one year."""
    shown = status == ""
    ends = {"lower": share - half, "upper": share + half} if shown and half else {"lower": None, "upper": None}
    numbers = {"value": share if shown else None, "numerator": round(share * 1000) if shown else None}
    row = outcome_rows()[0] | numbers | ends | {"denominator": 1000 if shown else None}
    return row | {"period": str(label), "measure": measure, "status": status} | more


def edition(shares, label="2025", entry=PROPORTION, own=(), before=()):
    """Return the inputs of an edition whose predecessors gave these shares, the oldest first; the last is its own.

    ``before``: the rows of corrections of them, the newest first.
    """
    rows = [share if isinstance(share, dict) else year(int(label) + 1 - len(shares) + n, share) for n, share in enumerate(shares)]
    earlier = [[row] for row in rows[:-1]]
    ends = [*((rows[0]["period"], 1) for rows in earlier), *((rows[0]["period"], 2) for rows in reversed(before))]
    known = tuple(PreviousEdition(period, number, period_end=f"{int(period) + 1}-01-01") for period, number in ends)
    return sample(
        label=label,
        period_end=f"{int(label) + 1}-01-01",
        tables=(protected("outcomes", [rows[-1], *own]),),
        earlier=tuple((protected("outcomes", one),) for one in [*before, *reversed(earlier)]),
        previous=known,
        outcomes=(entry,),
    )


def drawn(inputs):
    """Return the finding in words, the chart and the figures of the only run chart, or None."""
    content = build(inputs)
    blocks = next(one for one in content["services"][0]["sections"] if one["title"] == "Outcomes")["blocks"]
    figures = content["services"][0]["figures"]
    found = [place for place, block in enumerate(blocks) if block["kind"] == "chart" and block["chart"] == "run"]
    if not found:
        return None
    (place,) = found
    table = blocks[place + 1]
    assert table["kind"] == "table"
    return say(blocks[place - 1]["parts"], figures), blocks[place], table, figures


def texts(block, figures):
    return [(point["label"], figures[point["value"]["f"]]["text"]) for point in block["points"]]


def test_the_years_stand_in_order_with_their_figures_and_the_finding_goes_before():
    words, block, table, figures = drawn(edition([0.70, 0.72, 0.71]))
    assert texts(block, figures) == [("2023", "70.0%"), ("2024", "72.0%"), ("2025", "71.0%")]
    assert words == (
        "Discharged alive, all centres together, rose: 70.0% in 2023, 71.0% in 2025; the 95% intervals overlap, so that the change "
        "may be chance."
    )
    assert [say(row[0], figures) for row in table["rows"]] == ["2023", "2024", "2025"]
    assert say(table["rows"][0][1], figures) == "70.0% (68.0% to 72.0%)"


def test_a_change_beyond_chance_is_told_apart_from_one_that_may_be_chance():
    words, *_ = drawn(edition([0.80, 0.70]))
    assert words.endswith(
        "fell: 80.0% in 2024, 70.0% in 2025; the 95% intervals lie apart: more than chance would usually explain."
    )
    words, *_ = drawn(edition([0.70, 0.70]))
    assert words.endswith("stayed the same: 70.0% in 2024, 70.0% in 2025.")
    words, *_ = drawn(edition([year(2024, 0.7, half=None), 0.8]))
    assert words.endswith("rose: 70.0% in 2024, 80.0% in 2025.")


def test_a_withheld_year_is_a_gap_with_its_mark_and_leaks_nowhere():
    hidden = year(2024, 0.5, status="c") | {"value": SECRET, "numerator": SECRET}
    inputs = edition([0.70, hidden, 0.72])
    _, block, table, figures = drawn(inputs)
    assert texts(block, figures) == [("2023", "70.0%"), ("2024", "[c]"), ("2025", "72.0%")]
    assert [say(row[1], figures) for row in table["rows"]][1] == "[c]"
    content = build(inputs)
    svg = drawing.draw(content)[f"{ECMO}/{block['id']}"]
    assert "Not shown: 2024 ([c])." in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", svg))
    assert len(re.findall(r'<path [^>]*stroke="#005eb8" stroke-width="2"', svg)) == 0  # no line crosses the gap
    pack = slides.render(content["edition"], content["services"][0])
    everything = json.dumps(content) + svg + pack.decode("latin-1")
    assert f"{SECRET:.0f}" not in everything.replace(",", "")


def test_a_year_withheld_by_a_later_correction_is_a_gap_though_an_older_edition_showed_it():
    corrected = [year(2024, 0.7, status="c")]
    _, block, _, figures = drawn(edition([0.68, 0.70, 0.72], before=[corrected]))
    assert texts(block, figures)[1] == ("2024", "[c]")
    _, block, _, figures = drawn(edition([0.68, 0.70, 0.72], own=corrected))
    assert texts(block, figures)[1] == ("2024", "[c]")


def test_a_correction_takes_the_place_of_what_it_corrects():
    _, block, _, figures = drawn(edition([0.68, 0.70, 0.72], before=[[year(2024, 0.61)]]))
    assert texts(block, figures)[1] == ("2024", "61.0%")


def test_what_a_correction_no_longer_gives_is_not_drawn_from_what_it_corrects():
    inputs = edition([0.68, 0.70, 0.72], before=[[year(2024, 0.7, measure="another")]])
    _, block, _, figures = drawn(inputs)
    assert texts(block, figures) == [("2023", "68.0%"), ("2024", "[x]"), ("2025", "72.0%")]
    assert not [key for key in figures if key.startswith("earlier|") and "|2024|discharged|" in key]
    assert [key for key in figures if key.startswith("earlier|") and "|2023|discharged|" in key]


def test_a_correction_draws_nothing_from_the_edition_that_it_corrects():
    inputs = edition([0.68, 0.70, 0.72])
    again = PreviousEdition("2025", 1, period_end="2026-01-01")
    withdrawn = protected("outcomes", [year(2025, 0.9, measure="survival@1y")])
    found = replace(inputs, number=2, previous=(*inputs.previous, again), earlier=((withdrawn,), *inputs.earlier))
    assert "survival@1y" not in json.dumps(build(found))


@pytest.mark.parametrize(
    ("known", "stands"),
    [
        ([], []),
        ([("2023", 1, "2024-01-01"), ("2024", 1, "2025-01-01")], [True, True]),
        ([("2024", 1, "2025-01-01"), ("2024", 2, "2025-01-01")], [False, True]),
        ([("2024", 2, "2025-01-01"), ("2024", 1, "2025-01-01")], [True, False]),
        ([("2025", 1, "2026-01-01"), ("2024", 1, "2025-01-01")], [False, True]),
        ([("2026", 1, "2027-01-01")], [False]),
        ([("Other", 1, "2026-01-01")], [True]),
        ([("2024", 9, "2025-01-01"), ("2024", 10, "2025-01-01")], [False, True]),
    ],
)
def test_an_edition_draws_on_what_stands_of_periods_up_to_its_own(known, stands):
    editions = [PreviousEdition(label, number, period_end=end) for label, number, end in known]
    assert standing(editions, "2025", "2026-01-01") == stands


def test_a_year_that_no_edition_tells_of_is_a_gap_of_its_own():
    inputs = edition([0.68, year(2024, 0.7, measure="another"), 0.72])
    _, block, _, figures = drawn(inputs)
    assert texts(block, figures) == [("2023", "68.0%"), ("2024", "[x]"), ("2025", "72.0%")]


def test_pooled_years_are_not_drawn_and_earlier_single_years_of_this_edition_are():
    own = [year("2022 to 2025", 0.9), year("2022", 0.6), year("followed 2022 to 2025", 0.9)]
    _, block, _, figures = drawn(edition([0.70, 0.72], own=own))
    assert texts(block, figures) == [("2022", "60.0%"), ("2024", "70.0%"), ("2025", "72.0%")]


def test_a_centre_or_a_sex_is_never_taken_for_the_nation():
    own = [year("2025", 0.1, centre="RJ1"), year("2025", 0.2, sex="F")]
    before = [[year("2024", 0.7), year("2024", 0.1, centre="RJ1"), year("2024", 0.3, age_band="0-4")]]
    _, block, _, figures = drawn(edition([0.70, 0.72], own=own, before=before))
    assert texts(block, figures) == [("2024", "70.0%"), ("2025", "72.0%")]


@pytest.mark.parametrize("inputs", [
    edition([0.7]),
    edition([year(2024, 0.7, status="c"), 0.72]),
    edition([0.7, year(2025, 0.7, status="c")]),
    edition([0.7, year(2025, 0.7, measure="another")]),
    edition([0.7, year(2025, 0.7, status="x")]),
])  # fmt: skip
def test_there_is_no_chart_of_fewer_than_two_points_or_of_what_is_no_longer_measured(inputs):
    assert drawn(inputs) is None


def test_an_edition_of_a_later_period_is_not_drawn_in_the_correction_of_an_earlier_one():
    inputs = edition([0.70, 0.72, 0.74], label="2025")
    late = PreviousEdition("2026", 1, period_end="2027-01-01")
    found = sample(
        label="2025",
        tables=inputs.tables,
        earlier=((protected("outcomes", [year(2026, 0.5)]),), *inputs.earlier),
        previous=(*inputs.previous, late),
        outcomes=inputs.outcomes,
    )
    _, block, _, _ = drawn(found)
    assert [point["label"] for point in block["points"]] == ["2023", "2024", "2025"]


def test_years_measured_under_another_version_of_the_outcome_set_are_said_to_be_so():
    inputs = edition([0.70, 0.72, 0.74, 0.73])
    versions = ("2022-1", "2022-1", "2024-1")

    def notes(own, versions):
        known = tuple(
            replace(one, definitions={f"{ECMO}/outcomes": version})
            for one, version in zip(inputs.previous, versions, strict=True)
        )
        return drawn(replace(inputs, previous=known, definitions={f"{ECMO}/outcomes": own}))[2]["notes"]

    said = "Definitions may differ: version 2022-1 of the outcome set in 2022, from 2024 on version 2024-1."
    assert said in notes("2024-1", versions)
    assert not [note for note in notes("2022-1", ["2022-1"] * 3) if note.startswith("Definitions")]
    assert any("from 2025 on version 2025-1" in note for note in notes("2025-1", versions))


def test_every_time_of_a_survival_has_its_own_chart():
    entry = OutcomeEntry(ECMO, "survival", "Survival", measure="survival", direction="higher")
    rows = [[year(label, 0.8, measure="survival@30d"), year(label, 0.7, measure="survival@1y")] for label in (2024, 2025)]
    inputs = edition([0.7, 0.72], entry=entry)
    content = build(
        sample(
            tables=(protected("outcomes", rows[1]),),
            earlier=((protected("outcomes", rows[0]),),),
            previous=inputs.previous,
            outcomes=(entry,),
        )
    )
    charts = {block["id"]: block["title"] for _, block, _ in drawing.charts(content) if block["chart"] == "run"}
    assert charts == {
        "survival-30d-run": "Survival at 30 days over the years, all centres together",
        "survival-1y-run": "Survival at 1 year over the years, all centres together",
    }


def test_below_the_points_that_limits_need_the_chart_says_how_many_that_are():
    _, block, table, figures = drawn(edition([0.7] * (ENOUGH - 1)))
    assert "limits" not in block
    assert block["note"] == f"Limits of usual variation need {ENOUGH} points; {ENOUGH - 1} are shown."
    assert block["note"] in table["notes"]
    assert block["note"] in describe(block, figures)


STEADY = [0.70, 0.72, 0.69, 0.71, 0.70, 0.73, 0.71, 0.69, 0.72, 0.70, 0.71, 0.72]


def test_with_enough_points_the_limits_are_those_of_the_xmr_chart():
    words, block, table, figures = drawn(edition(STEADY))
    found = xmr(STEADY).columns
    average, low, high = (figures[part["f"]]["value"] for part in (block["average"], *block["limits"]))
    last = [[say(cell, figures) for cell in row] for row in table["rows"][-2:]]
    assert last == [["Average", f"{average:.1%}"], ["Limits of usual variation", f"{low:.1%} to {high:.1%}"]]
    assert [average, low, high] == pytest.approx([found[name][0] for name in ("centre", "lower", "upper")], abs=1e-12)
    assert words.endswith(
        f" All 12 points lie within the limits of usual variation ({low:.1%} to {high:.1%}) and make no pattern."
    )
    assert {point["flag"] for point in block["points"]} == {""}
    assert f"limits of usual variation {low:.1%} to {high:.1%}." in describe(block, figures)


def test_a_point_beyond_the_limits_is_named_and_drawn_as_another_shape():
    inputs = edition([*STEADY, 0.40])
    words, block, _, figures = drawn(inputs)
    assert words.endswith("2023, 2024 (in a row of seven or more above the average); 2025 (below the lower limit).")
    assert ", of 13 points: 20" in words
    assert block["points"][-1]["flag"] == "below-limit"
    assert "2025 40.0%, below the lower limit" in describe(block, figures)
    assert "below the lower limit" in drawing.draw(build(inputs))[f"{ECMO}/{block['id']}"]


def test_limits_come_from_the_shown_points_alone():
    hidden = year(2019, 0.1, status="c") | {"value": 0.1}
    _, block, _, figures = drawn(edition([*STEADY[:6], hidden, *STEADY[6:]]))
    assert figures[block["average"]["f"]]["value"] == pytest.approx(np.mean(STEADY))


def test_limits_of_shares_stay_between_nought_and_one():
    wild = [0.98, 0.80, 0.99, 0.82, 0.97, 0.81, 0.99, 0.80, 0.98, 0.83, 0.99, 0.80]
    assert xmr(wild).columns["upper"][0] > 1
    _, block, _, figures = drawn(edition(wild))
    assert figures[block["limits"][1]["f"]]["text"] == "100.0%"


def test_a_count_that_should_be_nought_has_no_limits_and_a_scale_from_nought():
    entry = OutcomeEntry(ECMO, "discharged", "Never events", measure="count", direction="zero")
    rows = [year(2025 - n, 2.0, half=None) for n in reversed(range(13))]
    _, block, _, figures = drawn(edition(rows, entry=entry))
    assert "limits" not in block
    assert block["zero"] is True
    assert block["note"] == "Rare events have no limits of usual variation: each one is looked into."
    assert texts(block, figures)[0] == ("2013", "2")


def test_a_scale_of_levels_has_no_run_chart():
    entry = OutcomeEntry(ECMO, "grade", "Grade", measure="ordinal")
    rows = [year(label, 0.5, measure="grade@good") for label in (2024, 2025)]
    assert drawn(edition(rows, entry=entry)) is None


def test_every_rule_has_words():
    flags = {str(flag) for flag in np.unique(np.concatenate([
        xmr(values).columns["flag"]
        for values in ([*STEADY, 0.4], [*STEADY, 0.99], list(range(12)), list(range(12, 0, -1)), [1, 2] * 4 + [9] * 7 + [1, 2] * 4)
    ]))} - {""}  # fmt: skip
    assert flags <= set(RULES)
    assert len(flags) >= 4


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0.05, 0.95)), min_size=1, max_size=16))
def test_any_years_make_a_chart_that_shows_what_is_shown_and_nothing_else(shares):
    rows = [year(2010 + n, share or 0.5, status="" if share else "c") for n, share in enumerate(shares)]
    found = drawn(edition(rows, label=str(2009 + len(shares))))
    shown = [share for share in shares if share]
    if len(shown) < runs.FEWEST_POINTS:
        assert found is None
        return
    _, block, _, figures = found
    values = [figures[point["value"]["f"]]["value"] for point in block["points"]]
    assert values == [share or None for share in shares]
    assert ("limits" in block) == (len(shown) >= ENOUGH)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["", "c", "x", "z"]), st.floats(0.05, 0.95)), min_size=2, max_size=15), st.integers(1, 9)
)
def test_what_is_withheld_decides_about_nothing_that_is_shown(years, other):
    """The same edition with other numbers behind the marks is the same edition: nobody can tell them apart."""

    def made(factor):
        rows = []
        for n, (status, share) in enumerate(years):
            row = year(2010 + n, share, status=status)
            hidden = {"value": share * factor, "numerator": 1000 * factor, "lower": 0.1 * factor, "upper": 0.2 * factor}
            rows.append(row | hidden if status else row)
        return build(edition(rows, label=str(2009 + len(years))))

    one, two = made(0.01), made(0.1 * other)
    charts = [[name for name, block, _ in drawing.charts(content) if block["chart"] == "run"] for content in (one, two)]
    assert charts[0] == charts[1]
    pictures = [drawing.draw(content) for content in (one, two)]
    assert pictures[0] == pictures[1]
    for (_, first, figures), (_, second, others) in zip(drawing.charts(one), drawing.charts(two), strict=True):
        assert describe(first, figures) == describe(second, others)
        assert first == second


# ------------------------------------------------------------------------------------------------ of whole editions


def test_every_figure_is_on_a_slide_in_a_native_chart_with_its_limits():
    content = build(edition([*STEADY[:5], year(2017, 0.7, status="c"), *STEADY[5:], 0.40]))
    service = content["services"][0]
    deck = Presentation(io.BytesIO(slides.render(content["edition"], service)))
    shapes = [shape for slide in deck.slides for shape in slide.shapes]
    said = [shape.text_frame.text for shape in shapes if shape.has_text_frame]
    said += [cell.text for shape in shapes if shape.has_table for row in shape.table.rows for cell in row.cells]
    assert {key for key, one in service["figures"].items() if one["text"] not in "\n".join(said)} == set()
    (chart,) = (shape.chart for shape in shapes if shape.has_chart)
    series = {one.name: list(one.values) for one in chart.plots[0].series}
    values = series.pop("Discharged alive over the years, all centres together")
    assert values == [*STEADY[:5], None, *STEADY[5:], 0.40]
    assert list(chart.plots[0].categories)[5] == "2017 [c]"
    assert {name: len(set(own)) for name, own in series.items()} == {"Average": 1, "Lower limit": 1, "Upper limit": 1}
    assert chart.has_legend
    assert chart.value_axis.minimum_scale <= 0.4
    assert chart.value_axis.maximum_scale >= max(STEADY)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Return the folders of an edition and of the one that follows it."""
    place = tmp_path_factory.mktemp("two")
    older = approved(label="2024", period_start="2024-01-01", period_end="2025-01-01", **_with(year(2024, 0.7)))
    write(build(older), older, place / "2024")
    known = PreviousEdition("2024", 1, digest((place / "2024" / "manifest.json").read_bytes()), period_end="2025-01-01")
    given = {"earlier": (tuple(published(place / "2024")),), "previous": (known,)}
    newer = approved(**given, **_with(year(2025, 0.74)))
    write(build(newer), newer, place / "2025")
    return place / "2024", place / "2025"


def _with(row):
    return {"tables": (protected("outcomes", [row]),)}


def test_an_edition_with_a_run_chart_is_verified_beside_the_one_before_it(two):
    older, newer = two
    assert "discharged-run" in (newer / "services" / "adult-ecmo.html").read_text(encoding="utf-8")
    report = verify(newer, [older])
    assert (report["problems"], report["notes"]) == ([], [])


def test_without_the_one_before_it_the_earlier_figures_are_said_to_be_unchecked(two):
    report = verify(two[1])
    assert report["verified"] is True
    assert any("figures of earlier years were not compared" in note for note in report["notes"])


def test_an_earlier_figure_that_was_never_published_is_found_however_well_it_is_hidden(two, tmp_path):
    older, newer = two
    forged = tmp_path / "forged"
    content = json.loads((newer / "edition.json").read_bytes())
    service = content["services"][0]["figures"]
    (key,) = [key for key in service if key.startswith("earlier|") and key.endswith("|value")]
    service[key] |= {"value": 0.99, "text": "99.0%"}
    inputs = approved(
        earlier=(tuple(published(older)),),
        previous=(PreviousEdition("2024", 1, digest((older / "manifest.json").read_bytes()), period_end="2025-01-01"),),
        **_with(year(2025, 0.74)),
    )
    write(content, inputs, forged)
    problems = verify(forged, [older])["problems"]
    assert [problem["file"] for problem in problems] == ["edition.json"]
    assert "99.0%" in problems[0]["problem"]


def test_the_same_inputs_give_the_same_document():
    inputs = edition([*STEADY, 0.4])
    assert build(inputs) == build(inputs)
    reordered = sample(
        label="2025",
        tables=inputs.tables,
        earlier=tuple(reversed(inputs.earlier)),
        previous=tuple(reversed(inputs.previous)),
        outcomes=inputs.outcomes,
    )
    assert build(reordered)["services"] == build(inputs)["services"]
