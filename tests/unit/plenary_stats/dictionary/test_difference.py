"""What changed between two versions, and what that does to files of the earlier one: tried on such a file."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.dictionary.difference import KINDS, NONE, compare, renamings
from plenary_stats.dictionary.document import Dictionary, entry, read, write
from plenary_stats.dictionary.elements import read_library
from plenary_stats.ingest import check
from plenary_stats.ingest import read as read_file
from plenary_stats.spec import read_dictionary

LIBRARY = read_library((Path(__file__).parents[4] / "definitions" / "elements" / "elements.toml").read_bytes())
GOLDEN = Path(__file__).parents[3] / "golden" / "dictionaries"
CASE = entry(name="case_id", type="text", label="Case", required="y")


def one(**cells):
    return entry(**{"name": "x", "type": "text", "label": "X"} | cells)


def changes(old, new):
    return compare(Dictionary((CASE, *old)), Dictionary((CASE, *new)))


def only(old, new):
    (found,) = changes([old], [new])
    return found


CASES = [
    # before, after, what, breaks, a value of an earlier file that is refused now
    (one(), one(validation="integer"), "Type", True, "2.5"),
    (one(), one(validation="number"), "Type", True, "many"),
    (one(), one(validation="date_dmy"), "Type", True, "soon"),
    (one(validation="number"), one(validation="integer"), "Type", True, "2.5"),
    (one(), one(type="yesno"), "Type", True, "maybe"),
    (one(type="radio", choices="1, A | 2, B"), one(type="radio", choices="1, A"), "Choice taken away", True, "2"),
    (one(), one(required="y"), "Required", True, ""),
    (one(validation="integer", minimum="0"), one(validation="integer", minimum="5"), "At least", True, "3"),
    (one(validation="integer"), one(validation="integer", maximum="5"), "At most", True, "7"),
    (one(validation="date_dmy"), one(validation="date_dmy", maximum="2020-01-01"), "At most", True, "01/02/2024"),
    (one(), one(annotation="@PLENARY-ELEMENT='icd-10'"), "Shared element", True, "cough"),
]


@pytest.mark.parametrize(("before", "after", "what", "breaks", "value"), CASES)
def test_a_change_that_breaks_refuses_what_was_accepted(before, after, what, breaks, value):
    found = only(before, after)
    assert (found.field, found.kind, found.what, found.breaks) == ("x", "changed", what, breaks)
    assert found.effect != NONE
    assert not _blocking(before, value)
    assert _blocking(after, value)


def _blocking(field, value):
    data = read_dictionary(write(Dictionary((CASE, field))), "lam", "1", LIBRARY)
    raw = read_file(f"case_id,x\n1,{value}\n".encode(), "cases.csv")
    return check(raw, data, centre="RX1", on=date(2026, 1, 1)).findings.blocking


@pytest.mark.parametrize(
    ("before", "after", "what", "effect"),
    [
        (one(validation="integer"), one(validation="number"), "Type", NONE),
        (one(type="radio", choices="1, A"), one(type="dropdown", choices="1, A"), "Type", NONE),
        (one(validation="number"), one(validation="number_2dp"), "Type", NONE),
        (one(type="text"), one(type="notes"), "Type", NONE),
        (one(type="radio", choices="1, A"), one(type="radio", choices="1, A | 2, B"), "Choice added", NONE),
        (
            one(type="radio", choices="1, A"),
            one(type="radio", choices="1, B"),
            "Choice reworded",
            "check that it still means the same",
        ),
        (one(type="radio", choices="1, A | 2, B"), one(type="radio", choices="2, B | 1, A"), "Order of the choices", NONE),
        (one(required="y"), one(), "Required", "are accepted"),
        (one(), one(identifier="y"), "Identifies the patient", "not kept any more"),
        (one(identifier="y"), one(), "Identifies the patient", "kept with the case"),
        (one(validation="integer", minimum="5"), one(validation="integer"), "At least", "are accepted"),
        (one(validation="integer", maximum="5"), one(validation="integer", maximum="9"), "At most", "are accepted"),
        (one(branching="[case_id] = '1'"), one(branching="[case_id] = '2'"), "Asked where", "get a warning"),
        (one(type="calc", choices="1 + 1"), one(type="calc", choices="1 + 2"), "Calculation", "get a warning"),
        (one(annotation="@PLENARY-ELEMENT='icd-10'"), one(), "Shared element", "not held to it"),
        (one(annotation="@INDEXDATE"), one(), "Action tags", "in which period a case counts"),
        (one(annotation="@HIDDEN"), one(annotation="@READONLY"), "Action tags", NONE),
        (one(annotation="Remark"), one(annotation="Other remark"), "Annotation", NONE),
        (one(label="X"), one(label="Y"), "Label", "earlier label is not understood"),
        (one(note="a"), one(note="b"), "Note", NONE),
        (one(form="a"), one(form="b"), "Form", NONE),
        (one(section="a"), one(), "Section", NONE),
        (one(), one(matrix="m"), "Matrix", NONE),
        (one(), one(number="1a"), "Question number", NONE),
        (one(), one(alignment="LV"), "Alignment", NONE),
    ],
)
def test_a_change_that_breaks_nothing(before, after, what, effect):
    found = only(before, after)
    assert (found.what, found.breaks) == (what, False)
    assert effect in found.effect


def test_a_date_the_other_way_round_and_boxes_break():
    assert "day and month change places" in only(one(validation="date_dmy"), one(validation="date_mdy")).effect
    found = only(one(type="radio", choices="1, A"), one(type="checkbox", choices="1, A"))
    assert (found.what, found.breaks) == ("Type", True)
    assert "one column a box" in found.effect
    assert only(one(), one(type="descriptive")).effect == "The column is not read any more."


def test_a_code_that_moved_is_told_with_the_way_out():
    taken, added = changes([one(type="radio", choices="1, Alive")], [one(type="radio", choices="a, Alive")])
    assert (taken.before, taken.effect) == (
        "1 = Alive",
        "The value '1' is refused until it is recoded. A mapping can make 'a' of it.",
    )
    assert added.after == "a = Alive"


def test_fields_that_come_and_go():
    added, required, heading, gone = changes(
        [one(name="old", label="Old")],
        [
            one(name="new", label="New"),
            one(name="must", label="Must", required="y"),
            one(name="hello", label="Hello", type="descriptive"),
        ],
    )
    assert [(c.field, c.kind, c.breaks) for c in (added, required, heading, gone)] == [
        ("new", "added", False), ("must", "added", True), ("hello", "added", False), ("old", "removed", False),
    ]  # fmt: skip
    assert "required" in required.effect
    assert heading.effect == NONE
    assert "not read any more" in gone.effect


def test_a_field_required_where_something_holds_may_be_absent():
    (found,) = changes([], [one(required="y", branching="[case_id] = '1'")])
    assert not found.breaks


def test_a_field_of_the_same_type_and_label_was_renamed():
    found = only(one(name="fev1", label="FEV1"), one(name="fev1_ml", label="<b>FEV1</b>"))
    assert (found.field, found.kind, found.before, found.after, found.breaks) == ("fev1_ml", "renamed", "fev1", "fev1_ml", False)
    two = [one(name="a", label="Same"), one(name="b", label="Same")]
    assert renamings(Dictionary((one(name="o", label="Same"),)), Dictionary(tuple(two))) == {}


def test_logic_that_means_the_same_did_not_change():
    assert (
        changes([one(branching="[case_id]='1'and [case_id]!=3")], [one(branching="([case_id] = '1') and\n[case_id] <> 3")]) == ()
    )


def test_logic_is_told_in_words():
    status = one(name="status", type="radio", label="Status", choices="1, Alive | 2, Dead")
    (found,) = changes([status, one()], [status, one(branching="[status] = '2'", required="")])
    assert (found.before, found.after) == ("always", "“Status” is “Dead”")


def test_the_order_of_the_fields():
    (found,) = changes([one(name="a", label="A"), one(name="b", label="B")], [one(name="b", label="B"), one(name="a", label="A")])
    assert (found.kind, found.before, found.after, found.breaks) == ("order", "case_id, a, b", "case_id, b, a", False)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.csv")), ids=lambda path: path.stem)
def test_a_version_does_not_differ_from_itself(path):
    assert compare(read(path.read_bytes()), read(path.read_bytes())) == ()


EVERY = [field for path in sorted(GOLDEN.glob("*.csv")) for field in read(path.read_bytes()).entries]


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(EVERY), unique_by=lambda field: field.name),
    st.lists(st.sampled_from(EVERY), unique_by=lambda field: field.name),
)
def test_any_two_versions_can_be_compared(old, new):
    before, after = Dictionary(tuple(old)), Dictionary(tuple(new))
    found = compare(before, after)
    assert {one.kind for one in found} <= set(KINDS)
    named = {one.field for one in found if one.kind == "added"} | set(renamings(before, after))
    assert named == set(after.by_name) - set(before.by_name)
    assert {one.field for one in found if one.kind == "removed"} == set(before.by_name) - set(after.by_name) - set(
        renamings(before, after).values()
    )
    assert (found == ()) == (before == after)
