"""What is said of a dictionary, row by row."""

from datetime import date

import pytest

from plenary_stats.dictionary import checks
from plenary_stats.dictionary.checks import check, limit
from plenary_stats.dictionary.document import Dictionary, entry, read, write
from plenary_stats.dictionary.elements import Element
from plenary_stats.findings import RULES
from plenary_stats.spec import STANDARD

LIBRARY = {"icd-10": Element("icd-10", "ICD-10", "[A-Z]", "a letter", "A")}
CASE = entry(name="case_id", type="text", form="case")


def found(*entries, library=LIBRARY):
    """Return (row, field, rule, severity, message) of a dictionary that begins with a case number."""
    written = read(write(Dictionary((CASE, *entries))))
    return [(one.row, one.field, one.rule, one.severity, one.message) for one in check(written, library)]


def only(*entries, library=LIBRARY):
    (one,) = found(*entries, library=library)
    return one


def text(name="x", **cells):
    return entry(name=name, form="case", **{"type": "text", **cells})


def test_a_sound_dictionary_has_no_findings():
    assert found(text(), text("y", validation="date_dmy", minimum="2020-01-01", maximum="today", annotation="@INDEXDATE")) == []


@pytest.mark.parametrize(
    ("one", "rule", "part"),
    [
        (text("", label="nameless"), "field-name", "no field name"),
        (text("2nd"), "field-name", "'2nd' must be small letters"),
        (text("Case"), "field-name", "must be small letters"),
        (text("x" * 101), "field-name", "longer than 100"),
        (text("case_id"), "field-name", "'case_id' twice; it stands in row 2"),
        (text(type="txt"), "field-type", "unknown type 'txt'"),
        (text(type="radio", choices="1, A | B"), "choices", "found 'B'"),
        (text(type="radio"), "choices", "cannot be read"),
        (text(type="checkbox", choices="1, A | 1, B"), "choices", "'1' stands twice"),
        (text(validation="number", minimum="5", maximum="4"), "limits", "no value fits"),
        (text(validation="date_dmy", minimum="2021-01-01", maximum="2020-01-01"), "limits", "no value fits"),
        (text(annotation="@PLENARY-ELEMENT='icd10'"), "element", "no shared element 'icd10'"),
    ],
)
def test_what_keeps_a_dictionary_from_being_used(one, rule, part):
    row, field, of_rule, severity, message = only(one)
    assert (row, field, of_rule, severity) == (3, one.name, rule, "blocking")
    assert part in message


@pytest.mark.parametrize(
    ("one", "rule", "part"),
    [
        (text(type="checkbox", choices="a b, A"), "choices", "code with signs"),
        (text(branching="[case_id = 1"), "logic", "bracket is not closed"),
        (text(branching="[case] = '1'"), "logic", "no field 'case'; did you mean case_id?"),
        (text(branching="[x] = '1'"), "logic", "only if it has a value already"),
        (text(type="calc", choices=""), "logic", "It is empty"),
        (text(type="calc", choices="[case_id] +"), "logic", "breaks off"),
        (text(annotation="@CALCTEXT(frob([case_id]))"), "logic", "no function 'frob'"),
        (text(annotation="@CALCDATE([case_id], 3, 'weeks')"), "logic", "one of the units y, M, d"),
        (text(branching="datediff([case_id], 'today', [case_id]) > 3"), "logic", "one of the units"),
        (text(branching="[case_id(1)] = '1'"), "logic", "no checkbox: write [case_id]"),
        (text(annotation="@NOTBEFORE='born'"), "logic", "names 'born', which is no field"),
        (text(type="notes", annotation="@PLENARY-ELEMENT='icd-10'"), "element", "only the values of texts"),
        (text(type="text", matrix="m"), "matrix", "radio buttons or checkboxes"),
        (text(type="radio", choices="1, A", ranking="y"), "matrix", "can be ranked"),
    ],
)
def test_what_cannot_be_held_to(one, rule, part):
    row, field, of_rule, severity, message = only(one)
    assert (row, field, of_rule, severity) == (3, "x", rule, "warning")
    assert part in message


@pytest.mark.parametrize(
    ("one", "part"),
    [
        (text(type="sql", choices="select 1"), "not checked"),
        (text(type="file"), "no value of it is read"),
        (text(type="slider", choices="low | high"), "words at its ends"),
        (text(validation="site_code"), "'site_code' of 'x' is not known"),
        (text(choices="BIOPORTAL:HP"), "stands among the choices"),
        (text(validation="integer", minimum="[case_id]"), "'[case_id]', cannot be read"),
        (text(validation="integer", maximum="many"), "maximum of 'x', 'many'"),
        (text(minimum="3"), "minimum of 'x', '3'"),
        (text(required="perhaps"), "'perhaps' in the column 'Required Field?' was read as no"),
        (text(identifier="x"), "'Identifier?'"),
        (text(alignment="ZZ"), "alignment 'ZZ'"),
        (text(annotation="@NEWTAG"), "@NEWTAG is not known"),
        (text(annotation="@INDEXDATES"), "Did you mean @INDEXDATE?"),
        (text(branching="[visit_arm_1][case_id] = '1'"), "reads what its REDCap project alone knows"),
    ],
)
def test_what_is_carried_through_is_named(one, part):
    row, field, rule, severity, message = only(one)
    assert (row, field, rule, severity) == (3, "x", "carried", "notice")
    assert part in message


SYMPTOMS = text("symptoms", type="checkbox", choices="1, Pain | -9, None")
STATUS = text("status", type="radio", choices="1, Alive | 2, Dead")
WELCOME = text("welcome", type="descriptive")


@pytest.mark.parametrize(
    ("branching", "part"),
    [
        ("[symptoms] = '1'", "say which box, as [symptoms(1)]"),
        ("[symptoms(3)] = '1'", "no box '3'. It has: 1, -9"),
        ("[symptoms(1)] = '2'", "'2' is no code of 'symptoms'. It has: 0, 1"),
        ("[status] = 'Dead'", "'Dead' is no code of 'status'. It has: 1, 2"),
        ("3 <> [status]", "'3' is no code"),
        ("[welcome] <> ''", "has no value"),
    ],
)
def test_boxes_and_codes_that_are_not_there(branching, part):
    row, _, rule, severity, message = only(SYMPTOMS, STATUS, WELCOME, text(branching=branching))
    assert (row, rule, severity) == (6, "logic", "warning")
    assert part in message


@pytest.mark.parametrize(
    "branching",
    [
        "[symptoms(-9)] = '1'",
        "[status] = 2",
        "[status] > 1",
        "[status] = ''",
        "[sex] = 'female'",
        "[age] < 18",
        "[centre] = 'RX1'",
    ],
)
def test_logic_that_can_be_held_to(branching):
    assert found(SYMPTOMS, STATUS, WELCOME, text(branching=branching)) == []


def test_forms_stay_together():
    other = entry(name="b", type="text", form="later")
    (_, field, rule, severity, message), = found(text("a"), other, text("c"))  # fmt: skip
    assert (field, rule, severity) == ("c", "form", "warning")
    assert "'case' goes on here after another form" in message


def test_a_dictionary_begins_with_its_case_number():
    written = Dictionary((entry(name="stage", type="yesno"), CASE))
    assert [(one.rule, one.field) for one in check(written)] == [("form", "stage")]


def test_a_matrix_holds_together():
    row = {"type": "radio", "choices": "1, A | 2, B", "matrix": "m"}
    assert found(text("a", **row), text("b", **row)) == []
    assert "same choices" in only(text("a", **row), text("b", **{**row, "choices": "1, A"}))[4]
    assert "is interrupted" in only(text("a", **row), text("between"), text("b", **row))[4]
    assert found(text("a", **row, ranking="y"), text("b", **row, ranking="y")) == []


def test_a_dictionary_without_fields():
    assert [(one.rule, one.severity) for one in check(Dictionary(()))] == [("no-fields", "blocking")]


def test_without_a_library_elements_are_not_looked_up():
    assert found(text(annotation="@PLENARY-ELEMENT='anything'"), library=None) == []


def test_every_rule_is_known():
    bad = [text(""), text("A"), text(type="b"), text("c", type="radio"), text("d", branching="["), text("e", annotation="@Q")]
    assert {rule for _, _, rule, _, _ in found(*bad)} <= set(RULES)


def test_the_fields_that_are_known_by_name_are_those_of_every_case_file():
    assert set(checks.BY_NAME) == set(STANDARD)


@pytest.mark.parametrize(
    ("validation", "kind", "written", "expected"),
    [
        ("integer", "text", "5", 5.0),
        ("number_comma_decimal", "text", "0,5", 0.5),
        ("datetime_dmy", "text", "2020-02-29 10:00", date(2020, 2, 29)),
        ("date_dmy", "text", "2021-02-29", None),
        ("number", "text", "inf", None),
        ("number", "slider", "100", 100.0),
        ("", "text", "5", None),
        ("number", "radio", "5", None),
    ],
)
def test_limits(validation, kind, written, expected):
    assert limit(entry(name="x", type=kind, validation=validation, minimum=written), "minimum") == expected
