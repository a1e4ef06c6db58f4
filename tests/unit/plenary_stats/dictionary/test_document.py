"""The document: what cells mean, what is refused, and that any data set survives the way to the file and back."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.dictionary import document
from plenary_stats.dictionary.document import (
    HEADINGS,
    NAMED,
    Choice,
    Dictionary,
    entry,
    plain,
    read,
    read_choices,
    spelt_choices,
    write,
)
from plenary_stats.dictionary.logic import parse, spelt
from plenary_stats.dictionary.tags import Tag, read_tags
from plenary_stats.errors import InputError


def test_an_entry_says_what_its_cells_mean():
    one = entry(name=" stage ", type="Radio", label="<b>Stage</b> &amp; grade", choices="1, I | 2, II, or more", required="Y",
                identifier="no", ranking="y", annotation="@HIDDEN @DEFAULT='1'", validation="Number")  # fmt: skip
    assert (one.name, one.type, one.title, one.validation) == ("stage", "radio", "Stage & grade", "number")
    assert (one.required, one.identifier, one.ranked) == (True, False, True)
    assert one.choices == (Choice("1", "I"), Choice("2", "II, or more"))
    assert one.tag("DEFAULT") == Tag("DEFAULT", "1")
    assert one.tag("READONLY") is None
    assert entry(name="x").title == "x"


@pytest.mark.parametrize(("kind", "labels"), [("yesno", ["Yes", "No"]), ("truefalse", ["True", "False"]), ("text", [])])
def test_some_types_bring_their_choices_along(kind, labels):
    assert [one.label for one in entry(name="x", type=kind, choices="1, Other").choices] == labels


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="no column 'colour'"):
        entry(name="x", colour="red")


@pytest.mark.parametrize(
    ("text", "part"),
    [("1", "found '1'"), ("1, A |", "found ''"), (", A", "found ', A'"), ("", "found ''"), ("1, A | 1, B", "'1' stands twice")],
)
def test_choices_that_cannot_be_read(text, part):
    with pytest.raises(InputError, match=part):
        read_choices(text)


def test_a_choice_without_label_is_shown_by_its_code():
    assert read_choices("1, | 2, Two") == (Choice("1", "1"), Choice("2", "Two"))


def test_a_bar_in_a_label_ends_no_choice():
    assert spelt_choices([Choice("1", "a|b")]) == "1, a&#124;b"
    assert plain(read_choices("1, a&#124;b")[0].label) == "a|b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b > c", "a < b > c"),
        ("<p>One</p><p>two</p>", "One two"),
        ("5<10", "5<10"),
        ("a&nbsp;b &lt;i&gt;", "a b <i>"),
        (" \n ", ""),
    ],
)
def test_markup_is_taken_off_and_signs_of_comparison_are_not(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a,b\n1,2", "no column 'Variable / Field Name'"),
        (b"field_name\nx", "no column 'Field Type'"),
        (b"field_name,variable,field_type\nx,y,text", "'Variable / Field Name' twice"),
        (b"field_name,field_type\nx,text,stray", "Row 2 has more cells"),
        (b"\xff\xfe\x00", "begins as UTF-16"),
        (b"\x81\x8d", "neither UTF-8"),
        (b'field_name,field_type\n"' + b"x" * 200_000 + b'",text', "not a CSV file"),
    ],
)
def test_a_file_that_is_no_dictionary_is_refused(content, part):
    with pytest.raises(InputError, match=part):
        read(content)


def test_rows_are_numbered_as_a_spreadsheet_numbers_them():
    found = read('field_name,field_type,field_label\na,text,"one\ntwo"\n\n,,\nb,text,x\n')
    assert [(one.name, one.row) for one in found.entries] == [("a", 2), ("b", 5)]
    assert [(one.rule, one.message) for one in found.notices] == [("blank-rows", "2 empty rows were left out.")]


def test_short_rows_are_filled_and_missing_columns_come_back_empty():
    found = read("Variable,Field Type,Note\nx,text\n")
    assert write(found).decode().splitlines()[1] == "x,,,text" + "," * 14
    assert write(found).decode().splitlines()[0].split(",")[0] == HEADINGS[0]


def test_fields_by_form_in_the_order_of_the_document():
    found = Dictionary((entry(name="a", form="x"), entry(name="b", form="y"), entry(name="c", form="x")))
    assert {name: [one.name for one in entries] for name, entries in found.forms.items()} == {"x": ["a", "c"], "y": ["b"]}
    assert list(found.by_name) == ["a", "b", "c"]


# -- any data set

WORDS = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff"), max_size=20)
LINES = st.lists(WORDS, max_size=3).map("\n".join)
CODES = st.from_regex(r"-?[A-Za-z0-9]{1,4}", fullmatch=True)
LABELS = WORDS.map(str.strip).filter(bool).filter(lambda text: "|" not in text)
CHOICES = st.lists(st.builds(Choice, CODES, LABELS), min_size=1, max_size=5, unique_by=lambda one: one.code)
TAGS = st.lists(
    st.one_of(
        st.builds(Tag, st.sampled_from(["HIDDEN", "READONLY", "TODAY"])),
        st.builds(Tag, st.sampled_from(["DEFAULT", "CHARLIMIT"]), st.from_regex(r"[A-Za-z0-9 (),]{1,9}", fullmatch=True)),
        st.just(Tag("CALCTEXT", within="if([a] > (1 + 2), 'a)', \"(b\")")),
    ),
    max_size=3,
)
LOGIC = st.sampled_from(["[a] = '1'", "([a] > 1) and ([b(2)] = '1')", "datediff([a], 'today', 'y') >= 18"]).map(
    lambda text: spelt(parse(text))
)


@st.composite
def entries(draw):
    kind = draw(st.sampled_from(document.TYPES))
    choices = spelt_choices(draw(CHOICES)) if kind in document.LISTING else draw(LOGIC) if kind == "calc" else ""
    cells = {name: draw(LINES) for name in ("section", "label", "note", "matrix", "number")}
    plain_cells = {name: draw(st.sampled_from(["", "y"])) for name in ("required", "identifier", "ranking")}
    return entry(
        name=draw(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)),
        form=draw(st.sampled_from(["case", "follow_up"])),
        type=kind,
        choices=choices,
        branching=draw(st.one_of(st.just(""), LOGIC)),
        annotation=" ".join(tag.spelt for tag in draw(TAGS)),
        minimum=draw(st.sampled_from(["", "0", "2020-01-01"])),
        **cells,
        **plain_cells,
    )


@settings(max_examples=40)
@given(st.lists(entries(), min_size=1, max_size=6))
def test_any_data_set_survives_the_way_to_the_file_and_back(made):
    before = Dictionary(tuple(made))
    after = read(write(before))
    assert after == before
    assert write(after) == write(before)
    for one, other in zip(after.entries, before.entries, strict=True):
        assert (one.choices, one.tags, one.title) == (other.choices, other.tags, other.title)
        assert all(getattr(one, name if hasattr(one, name) else f"{name}_as_written") == other.cells[NAMED.index(name)].strip()
                   for name in ("label", "note", "section", "branching"))  # fmt: skip


@settings(max_examples=60)
@given(TAGS)
def test_action_tags_are_read_as_they_are_spelt(tags):
    assert list(read_tags("Remark " + "\n".join(tag.spelt for tag in tags))) == tags


@settings(max_examples=80)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    for given_bytes in (content, b"field_name,field_type\n" + content):
        try:
            found = read(given_bytes)
        except InputError:
            continue
        assert read(write(found)) == found


def test_a_file_that_is_larger_than_any_dictionary_is_refused_before_it_is_read():
    document.refuse_size(document.LARGEST)
    with pytest.raises(InputError, match=r"'huge.csv' is larger than 10 MB: no data dictionary is"):
        document.refuse_size(document.LARGEST + 1, "huge.csv")
    with pytest.raises(InputError, match="larger than 10 MB"):
        read(b"Variable / Field Name,Field Type\n" + bytes(document.LARGEST), "huge.csv")


@pytest.mark.parametrize(
    "content",
    [
        b"Variable / Field Name,Field Type" + b",x" * 999_998 + b"\na,text\n",
        b"Variable / Field Name,Field Type\na,text" + b",x" * 999_998 + b"\n",
        b",".join(b"c%d" % number for number in range(1_000_000)),
        b'"' * 1_000_000,
        bytes(1_000_000),
    ],
    ids=["a million headings", "a million cells", "a million names", "a million quotation marks", "a million NULs"],
)
def test_a_million_of_anything_is_read_or_refused_in_moments(content):
    start = time.process_time()
    with contextlib.suppress(InputError):
        read(content)
    assert time.process_time() - start < 10


def test_a_dictionary_may_carry_columns_of_its_own_and_no_million_of_them():
    carried = ",".join(f"own {number}" for number in range(document.WIDEST - 2))
    assert len(read(f"Variable / Field Name,Field Type,{carried}\na,text\n").entries) == 1
    with pytest.raises(InputError, match="has 1,001 columns, and a data dictionary 18"):
        read(f"Variable / Field Name,Field Type,{carried},one more\na,text\n")
