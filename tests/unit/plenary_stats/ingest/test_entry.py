"""One case on a screen: the questions in their order, which are asked, what is worked out."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats import ingest, spec
from plenary_stats.dictionary.elements import Element
from plenary_stats.ingest import entry
from plenary_stats.spec import DataSet, Field

DICTIONARY = """Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",Field Note,Text Validation Type OR Show Slider Number,Text Validation Min,Text Validation Max,Identifier?,Branching Logic (Show field only if...),Required Field?,Field Annotation
case_id,case,,text,Case identifier,,,,,,,,y,
centre,case,,text,Centre,,,,,,,,y,
birth_date,case,,text,Date of birth,,,date_dmy,,,y,,,
decision,case,Care,radio,Decision,"a, Accepted | d, Declined",,,,,,,y,
started_on,case,,text,Started on,,,date_dmy,2020-01-01,,,[decision] = 'a',,
sao2,case,,text,Oxygen,,Per cent,integer,30,100,,[decision] = 'a',,
harm,case,,checkbox,"Harm: any","clot, Clot in the circuit | clot2, Clot: other",,,,,,[decision] = 'a',,
limb,case,,text,Which limb,,,,,,,[harm(clot)] = '1',,
seen_on,follow_up,,text,Last seen,,,date_ymd,,,,,,@TODAY
days,follow_up,,calc,Days,"datediff([started_on], [seen_on], 'd', 'dmy', true)",,,,,,,,
again,follow_up,,calc,Twice the days,[days] * 2,,,,,,,,
next_on,follow_up,,text,Next visit,,,date_dmy,,,,,,"@CALCDATE([seen_on], 30, 'd')"
read_me,follow_up,,descriptive,Read this,,,,,,,,,
story,follow_up,,notes,Story,,No names.,,,,,,,@CHARLIMIT='100'
hidden_one,follow_up,,text,Hidden,,,,,,,,,@HIDDEN @DEFAULT='x'
survey,follow_up,,text,Survey,,,,,,,,,@HIDDEN-SURVEY @DEFAULT='[case_id]'
locked,follow_up,,text,Locked,,,,,,,,,@READONLY
"""
ON = date(2025, 6, 30)


@pytest.fixture(scope="module")
def dataset():
    return spec.read_dictionary(DICTIONARY, "adult-ecmo", "1")


@pytest.fixture(scope="module")
def named(dataset):
    return {one.name: one for one in entry.questions(dataset, ON)}


def asked(dataset, **typed):
    return entry.standing(dataset, typed, ON).asked


def worked_out(dataset, **typed):
    return entry.standing(dataset, typed, ON).worked_out


def test_questions_stand_under_the_heading_that_came_last(dataset):
    found = [(part.form, part.section, [one.name for one in part.questions]) for part in entry.parts(dataset, ON)]
    assert found[0] == ("Case", "", ["case_id", "birth_date"])
    assert found[1] == ("Case", "Care", ["decision", "started_on", "sao2", "harm", "limb"])
    assert found[2][:2] == ("Follow up", "")
    assert len(found) == 3


def test_the_centre_is_never_asked_and_the_case_always(dataset):
    assert "centre" not in {one.name for one in entry.questions(dataset)}
    bare = DataSet("s", "1", (Field("x", "X"),))
    assert [one.name for one in entry.questions(bare)] == ["case_id", "x"]


def test_the_boxes_of_a_checkbox_are_one_question(named):
    assert [one.name for one in named["harm"].fields] == ["harm___clot", "harm___clot2"]
    assert (named["harm"].what, named["harm"].label) == ("boxes", "Harm: any")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sao2", "Per cent. A whole number from 30 to 100."),
        ("started_on", "From 1 January 2020."),
        ("birth_date", "Checked, and not kept with the case."),
        ("story", "No names."),
        ("case_id", ""),
    ],
)
def test_a_hint_says_what_may_be_typed(named, name, hint):
    assert named[name].hint == hint


def test_the_hint_of_a_shared_element_says_its_shape():
    element = Element("ods", "ODS", "[A-Z0-9]+", "three to six letters and digits", "RJ1", identifier=True)
    known = Field("x", "X", note="Checked, and not kept", element=element, identifier=True)
    (question,) = (one for one in entry.questions(DataSet("s", "1", (known,))) if one.name == "x")
    assert question.hint == "Checked, and not kept. Three to six letters and digits, for example RJ1."


def test_action_tags(named):
    assert (named["hidden_one"].hidden, named["hidden_one"].default) == (True, "x")
    assert (named["survey"].hidden, named["survey"].default) == (False, "")
    assert named["locked"].read_only
    assert named["story"].longest == 100
    assert named["seen_on"].default == "2025-06-30"
    assert not named["case_id"].read_only


def test_today_is_no_default_where_the_day_is_not_known(dataset):
    assert {one.name: one for one in entry.questions(dataset)}["seen_on"].default == ""


def test_what_kind_each_question_is(named):
    kinds = {name: named[name].what for name in ("case_id", "harm", "days", "next_on", "read_me")}
    assert kinds == {"case_id": "value", "harm": "boxes", "days": "worked out", "next_on": "worked out", "read_me": "text"}


def test_a_question_is_asked_when_its_condition_holds(dataset):
    assert not {"started_on", "sao2", "harm", "limb"} & asked(dataset)
    assert {"started_on", "sao2", "harm"} <= asked(dataset, decision="a")
    assert "sao2" not in asked(dataset, decision="d")
    assert "limb" not in asked(dataset, decision="a")
    assert "limb" in asked(dataset, decision="a", harm___clot="1")


def test_what_cannot_be_read_asks_nothing_more(dataset):
    assert "sao2" not in asked(dataset, decision="not a code")


def test_calculations_that_rest_on_calculations(dataset):
    found = worked_out(dataset, decision="a", started_on="01/06/2025", seen_on="2025-06-11")
    assert (found["days"], found["again"], found["next_on"]) == ("10", "20", "11/07/2025")


def test_a_calculation_waits_for_what_it_rests_on(dataset):
    assert worked_out(dataset, started_on="01/06/2025") == {"days": "", "again": "", "next_on": ""}
    assert worked_out(dataset, started_on="31/02/2025", seen_on="2025-06-11")["days"] == ""


def test_screen_and_file_ask_the_same(dataset):
    """What a screen would not ask is what the check of a file warns of."""
    values = {"case_id": "1", "decision": "d", "sao2": "90", "limb": "left", "harm___clot": "0"}
    raw = ingest.one_row({"centre": "RJ1"} | values)
    told = {one.field for one in ingest.check(raw, dataset, on=ON).findings if one.rule == "branching"}
    assert told == {name for name in values if name in {"sao2", "limb"}} - asked(dataset, **values)


def test_nothing_typed_yet_is_no_mistake(dataset):
    assert "case_id" in asked(dataset)
    assert "unknown" not in asked(dataset, unknown="1")


@pytest.mark.parametrize("tag", ["@CALCTEXT(if([decision = 1)", "@CALCTEXT(concat([nowhere], 'x'))"])
def test_a_formula_that_cannot_be_used_works_nothing_out(tag):
    odd = DataSet("s", "1", (Field("decision"), Field("odd", annotation=tag)))
    assert entry.standing(odd, {"decision": "1"}).worked_out.get("odd", "") == ""


NAMES = ("case_id", "birth_date", "decision", "started_on", "sao2", "harm___clot", "limb", "seen_on", "story", "locked")
TEXTS = st.one_of(
    st.sampled_from(["", "a", "d", "1", "0", "01/02/2025", "2025-02-01", "31/02/2025", "=1+1"]), st.text(max_size=12)
)


@given(st.dictionaries(st.sampled_from(NAMES), TEXTS))
@settings(max_examples=60)
def test_whatever_is_typed_something_is_asked_and_nothing_breaks(values):
    known = spec.read_dictionary(DICTIONARY, "adult-ecmo", "1")
    found = entry.standing(known, values, ON)
    assert {"case_id", "birth_date", "decision", "seen_on"} <= found.asked
    assert set(found.worked_out) == {"days", "again", "next_on"}
    accepted = values.get("decision", "").strip().casefold() in {"a", "accepted"}
    assert ("sao2" in found.asked) == accepted
