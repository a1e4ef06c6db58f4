"""The form of one case, as the data set makes it."""

from datetime import date

import pytest
from django import forms
from django.http import QueryDict

from plenary.web.design.fields import SplitDate
from plenary.web.workspace import entry_form
from plenary.web.workspace.entry_form import CaseForm, DateBoxes
from plenary_stats import spec
from plenary_stats.findings import Finding
from plenary_stats.ingest.entry import Question
from plenary_stats.spec import Field

# -- fields


@pytest.mark.parametrize(
    ("order", "parts", "text"),
    [
        ("dmy", ("1", "2", "2025"), "01/02/2025"),
        ("mdy", ("1", "2", "2025"), "02/01/2025"),
        ("ymd", ("1", "2", "2025"), "2025-02-01"),
        ("dmy", ("1", "Mar", "2025"), "01/03/2025"),
        ("dmy", ("", "", ""), ""),
        ("dmy", ("", "2", "2025"), "00/02/2025"),
    ],
)
def test_a_date_is_handed_on_as_the_data_set_writes_it(order, parts, text):
    assert DateBoxes(order).clean(dict(zip(("day", "month", "year"), parts, strict=True))) == text


@pytest.mark.parametrize("order", ["dmy", "mdy", "ymd"])
@pytest.mark.parametrize(
    "parts",
    [("1", "2", "2025"), ("", "2", "2025"), ("1", "", ""), ("", "", "80"), ("31", "12", "1999"), ("", "", "")],
)
def test_a_date_that_was_kept_goes_back_into_its_boxes(order, parts):
    boxes = dict(zip(("day", "month", "year"), parts, strict=True))
    field = DateBoxes(order)
    assert field.taken_apart(field.clean(boxes)) == boxes


@pytest.mark.parametrize(
    ("known", "widget"),
    [
        (Field("a", "A", type="radio", choices={"1": "One"}, required=True), forms.RadioSelect),
        (Field("a", "A", type="radio", choices={"1": "One"}), forms.RadioSelect),
        (Field("a", "A", type="dropdown", choices={str(n): str(n) for n in range(9)}, required=True), forms.Select),
        (Field("a", "A", type="notes"), forms.Textarea),
        (Field("a", "A", validation="number"), forms.TextInput),
        (Field("a", "A", validation="date_dmy"), SplitDate),
    ],
)
def test_each_kind_of_field_has_its_control(known, widget):
    assert type(entry_form.field_of(Question("a", "A", "value", (known,))).widget) is widget


DICTIONARY = """Variable / Field Name,Form Name,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",Text Validation Type OR Show Slider Number,Text Validation Min,Identifier?,Branching Logic (Show field only if...),Required Field?,Field Annotation
case_id,case,text,Case identifier,,,,,,y,
birth_date,case,text,Date of birth,,date_dmy,,y,,y,
seen,case,yesno,Seen,,,,,,,
seen_on,case,text,Seen on,,date_dmy,,,[seen] = '1',,@TODAY
story,case,notes,Story,,,,,,,@CHARLIMIT='5'
organs,case,checkbox,Organs,"l, Liver | k, Kidney",,,,,,
state,case,text,State,,,,,,y,@READONLY
band,case,text,Band,,,,,,,"@CALCTEXT(if([seen] = '1', 'seen', 'not seen'))"
note,case,descriptive,Read this first,,,,,,,
"""
ON = date(2025, 3, 9)


@pytest.fixture
def dataset():
    return spec.read_dictionary(DICTIONARY, "adult-ecmo", "1")


def form(dataset, typed=None, kept=None, **more):
    data = None if typed is None else QueryDict(mutable=True)
    for name, value in (typed or {}).items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return CaseForm(dataset, data, kept=kept, on=ON, **more)


def shown(made):
    return {one.question.name: one for _, _, questions in made.laid_out({}) for one in questions}


def test_a_default_of_a_question_that_is_not_asked_is_no_value(dataset):
    assert form(dataset).typed["seen_on"] == ""
    asked = {"seen": "1", "seen_on_day": "9", "seen_on_month": "3", "seen_on_year": "2025"}
    assert form(dataset, asked).typed["seen_on"] == "09/03/2025"
    assert form(dataset, asked | {"seen": "0"}).typed["seen_on"] == ""
    assert form(dataset, asked | {"seen": "0", "seen_on_day": "8"}).typed["seen_on"] == "08/03/2025"


def test_boxes_are_unticked_only_where_one_is_ticked(dataset):
    none = form(dataset, {"case_id": "A"}).typed
    assert (none["organs___l"], none["organs___k"]) == ("", "")
    one = form(dataset, {"organs": ["organs___k"]}).typed
    assert (one["organs___l"], one["organs___k"]) == ("0", "1")
    assert form(dataset, kept=one)["organs"].value() == ["organs___k"]


def test_a_read_only_question_that_must_be_filled_and_is_empty_is_asked_all_the_same(dataset):
    assert "state" in form(dataset).fields
    assert "state" not in form(dataset, kept={"state": "open"}).fields
    assert form(dataset, {"state": "forged"}, kept={"state": "open"}).typed["state"] == "open"


def test_a_text_that_is_worked_out_is_kept_and_shown(dataset):
    made = form(dataset, {"seen": "1", "band": "forged"})
    assert made.typed["band"] == "seen"
    assert shown(made)["band"].value == "seen"


def test_a_correction_does_not_ask_who_the_patient_is(dataset):
    assert form(dataset)["birth_date"].field.required
    assert not form(dataset, correcting=True)["birth_date"].field.required


def test_a_text_is_only_read_and_a_long_one_is_told(dataset):
    made = form(dataset, {"story": "too long"})
    assert shown(made)["note"].bound is None
    assert made.too_long() == {"story": "Story: 8 characters are more than the 5 that fit. Shorten it."}
    assert form(dataset, {"story": "short"}).too_long() == {}
    assert made["story"].help_text == "At most 5 characters."


def test_what_was_typed_is_still_known_when_errors_stand_at_the_fields(dataset):
    made = form(dataset, {"case_id": "A", "seen": "1"})
    assert made.typed["seen"] == "1"
    made.add_error("seen", "Wrong")
    assert made.typed["seen"] == "1"
    assert shown(made)["seen_on"].visible


def test_an_optional_choice_can_be_taken_back(dataset):
    assert form(dataset)["seen"].field.offer_none
    assert ("", "Not given") in form(dataset)["seen"].field.choices
    assert form(dataset)["seen"].value() is None  # nothing is chosen before somebody chooses
    assert form(dataset).typed["seen"] == ""
    assert form(dataset, kept={"seen": "0"})["seen"].value() == "0"


def test_short_choices_stand_in_a_line_and_long_ones_below_one_another():
    yes, long = ({"1": "Yes", "0": "No"}, {"1": "Accepted for ECMO", "0": "Declined"})
    made = [
        entry_form.field_of(Question("a", "A", "value", (Field("a", "A", type="radio", choices=each),))) for each in (yes, long)
    ]
    assert [one.inline for one in made] == [True, False]


def test_a_character_that_no_database_keeps_is_no_value(dataset):
    made = form(dataset, {"case_id": "A\0B", "seen_on_day": "1\0", "seen_on_month": "2", "seen_on_year": "2025", "seen": "1"})
    assert not any("\0" in text for text in made.typed.values())
    assert made.typed["seen_on"] == "01/02/2025"
    assert "case_id" in made.errors


@pytest.mark.parametrize("kept", [None, {}, {"case_id": "A", "seen": "1", "nonsense": "x"}])
def test_the_page_has_every_question_once_whatever_was_kept(dataset, kept):
    names = [one.question.name for _, _, questions in form(dataset, kept=kept).laid_out({}) for one in questions]
    assert names == ["case_id", "birth_date", "seen", "seen_on", "story", "organs", "state", "band", "note"]


def test_a_finding_of_a_box_stands_at_its_checkbox(dataset):
    made = form(dataset, {"case_id": "A"})
    assert made.question_of("organs___l") == "organs"
    assert made.question_of("case_id") == "case_id"
    made.findings([Finding("f", 1, "organs___l", "r", "blocking", "Wrong.", "Mend it.")])
    assert made.errors["organs"] == ["Organs: Wrong. Mend it."]


def test_a_finding_of_no_question_stands_at_the_top_and_a_warning_nowhere(dataset):
    made = form(dataset, {"case_id": "A"})
    made.findings([Finding("f", 1, "", "r", "blocking", "All wrong."), Finding("f", 1, "seen", "r", "warning", "Look.")])
    assert made.non_field_errors() == ["All wrong."]
    assert "seen" not in made.errors


def test_a_note_stands_beside_its_question(dataset):
    notes = {one.question.name: one.note for _, _, found in form(dataset).laid_out({"seen": "Look."}) for one in found}
    assert notes["seen"] == "Look."
    assert notes["case_id"] == ""
