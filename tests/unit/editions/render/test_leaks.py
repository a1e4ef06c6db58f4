import csv
import io
import zipfile

import pytest

from plenary.editions.render import leaks
from plenary.editions.render.data import COLUMNS, columns
from plenary.editions.terms import TABLES
from plenary.releases.queries import Policy
from tests.unit.editions.published import files

PLACE = {
    "service": "s",
    "centre": "Total",
    "area": "Total",
    "sex": "Total",
    "age_band": "Total",
    "period": "2025",
    "measure": "patients",
}
POLICY = Policy()


def cell(low, high, verdict, **more):
    return PLACE | {"quantity": "patients", "low": low, "high": high, "verdict": verdict} | more


# ------------------------------------------------------------------------------------------------ what the audit found


def test_a_number_that_is_known_is_named_with_its_place_and_how():
    [words] = leaks.told([cell(17, 17, "exact", centre="RJ1", sex="F", how="all centres (57) less A (40)")])
    assert words == (
        "patients of s, centre RJ1, sex F, 2025, patients can be worked out (exact): it is 17: all centres (57) less A (40)"
    )


def test_a_number_that_is_nearly_known_is_named_with_its_ends():
    [words] = leaks.told([cell(3, 7, "narrow", age_band="0-4", quantity="not_known")])
    assert words == "not known of s, age band 0-4, 2025, patients can be worked out (narrow): it lies between 3 and 7"


def test_who_works_it_out_is_named_where_not_every_reader_does():
    [words] = leaks.told([cell(3, 3, "exact", centre="A", reader="B", how="")])
    assert words == "patients of s, centre A, 2025, patients can be worked out by B (exact): it is 3"


@pytest.mark.parametrize("verdict", ["safe", "public"])
def test_what_is_safe_or_public_anyway_is_no_leak(verdict):
    assert leaks.told([cell(17, 17, verdict)]) == []


def test_what_is_known_comes_first_and_whole_centres_before_their_groups():
    cells = [
        cell(1, 4, "narrow", centre="A"),
        cell(2, 2, "exact", centre="B", quantity="numerator"),
        cell(3, 3, "exact", centre="C", sex="F"),
        cell(4, 4, "exact", centre="D"),
    ]
    assert [words.split("centre ")[1][0] for words in leaks.told(cells)] == ["D", "C", "B", "A"]


def test_of_very_many_the_first_are_named_and_the_others_counted():
    found = leaks.told([cell(order, order, "exact", centre=f"{order:03}") for order in range(7)], most=3)
    assert len(found) == 4
    assert found[-1] == "4 more withheld figures can be worked out"
    assert len(leaks.told([cell(order, order, "exact") for order in range(3)], most=3)) == 3


# ------------------------------------------------------------------------------------------------ in plain sight


def table(name, *rows):
    """The data files of an edition that has some rows in one table and none in the others."""
    made = {}
    for each in TABLES:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, columns(each), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows([PLACE | {"edition": "2025"} | row for row in rows if each == name])
        made[f"data/{each}.csv"] = out.getvalue().encode()
    return made


def sighted(name, *rows, policy=POLICY):
    return [words for _, words in leaks.in_sight(table(name, *rows), policy)]


@pytest.mark.parametrize(("value", "found"), [("1", True), ("29", True), ("30", False), ("0", False), ("", False)])
def test_patients_below_the_threshold_are_seen(value, found):
    words = sighted("activity", {"centre": "A", "value": value})
    assert words == ([f"shows {value} patients, fewer than 30, of s, centre A, 2025, patients"] if found else [])


def test_the_threshold_is_the_policys():
    assert sighted("activity", {"value": "12"}, policy=Policy(threshold=10)) == []
    assert sighted("activity", {"value": "9"}, policy=Policy(threshold=10)) == [
        "shows 9 patients, fewer than 10, of s, 2025, patients"
    ]


def test_the_file_is_named():
    assert [file for file, _ in leaks.in_sight(table("access", {"numerator": "12", "value": "3.4"}), POLICY)] == [
        "data/access.csv"
    ]


@pytest.mark.parametrize("name", ["outcomes", "curves"])
@pytest.mark.parametrize(
    ("met", "of", "zeros", "found"),
    [
        ("4", "60", "publish", True),
        ("5", "60", "publish", False),
        ("56", "60", "publish", True),
        ("55", "60", "publish", False),
        ("0", "60", "publish", False),
        ("60", "60", "publish", False),
        ("0", "60", "protect", True),
        ("60", "60", "protect", True),
    ],
)
def test_few_events_and_few_without_one_are_seen(name, met, of, zeros, found):
    words = sighted(name, {"numerator": met, "denominator": of, "value": "0.5"}, policy=Policy(zeros=zeros))
    assert bool(words) is found
    assert all(f"shows {met} of {of}, so that fewer than 5 are on one side, of s" in one for one in words)


@pytest.mark.parametrize("name", ["outcomes", "curves", "completeness"])
def test_a_rate_of_few_is_seen(name):
    assert any("shows 29 patients, fewer than 30," in words for words in sighted(name, {"numerator": "12", "denominator": "29"}))


def test_completeness_tells_how_many_patients_an_outcome_has():
    row = {"denominator": "60", "numerator": "12", "value": "0.2"}
    assert sighted("completeness", row | {"measure": "alive"}) == ["shows 12 patients, fewer than 30, of s, 2025, alive"]
    assert sighted("completeness", row | {"measure": "complete-records"}) == []
    assert sighted("completeness", row | {"measure": "ascertainment"}) == []


def test_a_figure_whose_denominator_is_withheld_is_seen():
    assert sighted("outcomes", {"value": "0.947"}) == ["shows a figure without its number of patients of s, 2025, patients"]
    assert sighted("outcomes", {"value": "0.947", "denominator": "60"}) == []


@pytest.mark.parametrize(
    ("value", "zeros", "found"),
    [("1", "protect", True), ("0", "protect", True), ("1", "publish", False), ("0.5", "protect", False)],
)
def test_nobody_and_everybody_are_seen_without_a_numerator(value, zeros, found):
    words = sighted("outcomes", {"value": value, "denominator": "60"}, policy=Policy(zeros=zeros))
    assert words == (["shows that it happened to nobody, or to everybody, of s, 2025, patients"] if found else [])


@pytest.mark.parametrize("column", ["value", "numerator", "lower", "upper", "note", "ratio", "observed", "expected"])
def test_what_is_left_beside_a_mark_is_seen(column):
    name = "activity" if column in COLUMNS else "outcomes"
    assert sighted(name, {"status": "c", column: "7"}) == [f"is withheld but shows its {column}: s, 2025, patients"]


def test_a_denominator_may_stay_beside_a_mark():
    assert sighted("outcomes", {"status": "c", "denominator": "60"}) == []


def test_money_is_no_number_of_patients():
    assert sighted("spend", {"value": "12"}) == []


def test_rows_that_stand_in_another_order_than_their_dimensions_are_seen():
    rows = [{"centre": name, "value": value} for name, value in (("A", "90"), ("B", "40"))]
    assert sighted("activity", *rows) == []
    assert sighted("activity", *reversed(rows)) == [
        "stands in another order than that of its dimensions, which may tell what is withheld"
    ]


def test_the_sample_gives_nothing_away():
    assert list(leaks.in_sight(files(), POLICY)) == []


# ------------------------------------------------------------------------------------------------ order


def document(*rows, kind="table", status="c"):
    """A document with one table or chart of (label, code) rows, all withheld or shown."""
    keys = [f"activity|{code}|Total|Total|Total|2025|patients|value" for _, code in rows]
    cells = [[[label], [{"f": key}]] for (label, _), key in zip(rows, keys, strict=True)]
    points = [{"label": label, "key": code, "value": {"f": key}} for (label, code), key in zip(rows, keys, strict=True)]
    block = (
        {"kind": kind, "caption": "Patients", "rows": cells}
        if kind == "table"
        else {"kind": kind, "title": "Patients", "points": points}
    )
    figures = {key: {"value": None, "text": "[c]", "status": status} for key in keys}
    return {"services": [{"slug": "s", "figures": figures, "sections": [{"blocks": [block]}]}]}


@pytest.mark.parametrize("kind", ["table", "chart"])
@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([("Alder", "R3"), ("Birch", "R1"), ("Cedar", "R2")], False),
        ([("Cedar", "R1"), ("Alder", "R2"), ("Birch", "R3")], False),
        ([("Cedar", "R2"), ("Alder", "R3"), ("Birch", "R1")], True),
        ([("Age 5-17", "5-17"), ("Age 18-39", "18-39"), ("Not known", "Not known")], False),
        ([("Age 18-39", "18-39"), ("Age 5-17", "5-17"), ("Age 40-64", "40-64")], True),
        ([("Alder", "R3"), ("Birch", "R1"), ("All centres", "Total")], False),
    ],
)
def test_groups_stand_by_name_by_code_or_by_age(kind, rows, found):
    words = list(leaks.out_of_order(document(*rows, kind=kind)))
    assert bool(words) is found
    assert all(one.startswith("orders 'Patients' of s by something other than names") for one in words)


def test_an_order_by_what_is_shown_tells_nothing():
    assert list(leaks.out_of_order(document(("Cedar", "R2"), ("Alder", "R3"), ("Birch", "R1"), status=""))) == []


def test_other_blocks_have_no_rows():
    other = {"kind": "headline", "parts": [{"f": "activity|R2|Total|Total|Total|2025|patients|value"}]}
    made = document(("Cedar", "R2"))
    made["services"][0]["sections"][0]["blocks"] = [other]
    assert list(leaks.out_of_order(made)) == []


# ------------------------------------------------------------------------------------------------ where a file differs


def packed(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, words in members.items():
            made.writestr(name, words)
    return out.getvalue()


def test_what_stands_in_a_text_and_what_should_are_quoted():
    assert (
        leaks.difference(b"<td>17</td>", b"<td>[c]</td>")
        == "'\u2026<td>17</td>\u2026' stands where '\u2026<td>[c]</td>\u2026' should"
    )


def test_of_a_long_text_only_what_is_near_is_quoted():
    words = leaks.difference(b"a" * 900 + b"17" + b"b" * 900, b"a" * 900 + b"[c]" + b"b" * 900)
    assert "17b" in words
    assert "[c]b" in words
    assert len(words) < 220


def test_a_text_that_is_longer_differs_where_the_other_ends():
    assert "'\u2026one two\u2026' stands where '\u2026one\u2026'" in leaks.difference(b"one two", b"one")


def test_the_member_of_a_packed_file_is_named_and_within_it_the_next():
    one, other = (packed(sheet=cell) for cell in ("17", "[c]"))
    assert leaks.difference(packed(same="x", book=one), packed(same="x", book=other)).startswith("in book: in sheet: '\u202617")
    assert leaks.difference(packed(same="x", more="17"), packed(same="x")).startswith("in more: '\u202617")


@pytest.mark.parametrize(("found", "made"), [(b"\xff\xfe1", b"\xff\xfe2"), (b"PK1", b"PK2"), (packed(a="x"), packed(a="x"))])
def test_of_what_cannot_be_read_nothing_is_said(found, made):
    assert leaks.difference(found, made) == ""
