"""The data dictionary and the outcome set: read whole, or refused with a sentence that says how to mend them."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from plenary_stats import spec
from plenary_stats.dictionary.elements import read_library
from plenary_stats.spec import InputError, read_dictionary, read_outcome_set

LIBRARY = read_library((Path(__file__).parents[3] / "definitions" / "elements" / "elements.toml").read_bytes())
HEADINGS = (
    "Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"
    '"Choices, Calculations, OR Slider Labels",Field Note,Text Validation Type OR Show Slider Number,'
    "Text Validation Min,Text Validation Max,Identifier?,Branching Logic (Show field only if...),Required Field?,"
    "Custom Alignment,Question Number (surveys only),Matrix Group Name,Matrix Ranking?,Field Annotation"
)


def line(
    name,
    kind="text",
    label="",
    choices="",
    validation="",
    low="",
    high="",
    identifier="",
    branching="",
    required="",
    annotation="",
):
    cells = [
        name,
        "form",
        "",
        kind,
        label,
        choices,
        "",
        validation,
        low,
        high,
        identifier,
        branching,
        required,
        "",
        "",
        "",
        "",
        annotation,
    ]
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


def dictionary(*lines):
    return read_dictionary("\n".join([HEADINGS, *lines]), "lam", "2026-1")


def test_every_type_is_understood():
    data = dictionary(
        line("case_id", required="y"),
        line("nhs_number", identifier="y"),
        line("listed", validation="date_dmy", annotation="@HIDDEN @INDEXDATE"),
        line("seen_at", validation="datetime_ymd"),
        line("fev1", validation="number", low="0.1", high="8"),
        line("beds", validation="integer"),
        line("weight", validation="number_1dp"),
        line("status", "radio", choices="1, Alive | 2, Dead, of disease"),
        line("smoker", "yesno"),
        line("agreed", "truefalse"),
        line("story", "notes"),
        line("post_code", validation="postalcode"),
    )
    assert {name: known.kind for name, known in data.by_name.items()} == {
        "centre": "text",
        "case_id": "text",
        "nhs_number": "text",
        "listed": "date",
        "seen_at": "date",
        "fev1": "number",
        "beds": "integer",
        "weight": "number",
        "status": "choice",
        "smoker": "choice",
        "agreed": "choice",
        "story": "text",
        "post_code": "text",
    }
    assert data.by_name["status"].choices == {"1": "Alive", "2": "Dead, of disease"}
    assert (data.by_name["fev1"].minimum, data.by_name["fev1"].maximum) == (0.1, 8.0)
    assert data.index_date == "listed"
    assert data.by_name["listed"].date_order == "dmy"
    assert data.by_name["seen_at"].date_order == "ymd"
    assert data.notices == ("The validation 'postalcode' of 'post_code' is not known here: values are kept as text, unchecked.",)


def test_identifiers_are_no_part_of_what_is_collected():
    data = dictionary(line("case_id"), line("nhs_number", identifier="y"), line("fev1", validation="number"))
    assert "nhs_number" in data.columns
    assert "nhs_number" not in data.collected
    assert "birth_date" in data.columns
    assert "birth_date" not in data.collected
    with pytest.raises(InputError, match="no field 'nhs_number'"):
        spec.compile("nhs_number = '9434765919'", data)


def test_index_date_by_name_or_none():
    assert dictionary(line("index_date", validation="date_ymd")).index_date == "index_date"
    assert dictionary(line("fev1", validation="number")).index_date is None


def test_calculations_and_headings_hold_no_value():
    lines = line("case_id"), line("w"), line("bmi", "calc", choices="[w] / 2"), line("welcome", "descriptive")
    data = dictionary(*lines, line("odd", "calc", choices="[w] / [h]"))
    assert list(data.by_name) == ["centre", "case_id", "w"]
    assert list(data.calculated) == ["bmi"]
    assert data.calculated["bmi"].calculation.fields == ("w",)
    assert data.notices == ("The calculation of 'odd' is not checked: There is no field 'h'.",)


def test_a_field_is_held_to_its_shared_element():
    written = line("disease", annotation="@PLENARY-ELEMENT='orphacode'"), line("home", annotation="@PLENARY-ELEMENT='postcode'")
    without = dictionary(*written)
    assert without.by_name["disease"].element is None
    assert len(without.notices) == 2
    assert "without the library" in without.notices[0]
    data = read_dictionary("\n".join([HEADINGS, *written]), "lam", "1", LIBRARY)
    assert data.by_name["disease"].element is LIBRARY["orphacode"]
    assert "disease" in data.collected
    assert data.by_name["home"].identifier  # a postcode is dropped, whatever the dictionary says of it
    assert data.notices == ()
    with pytest.raises(InputError, match=r"no shared element 'orpha'.* Did you mean orphacode"):
        read_dictionary("\n".join([HEADINGS, line("d", annotation="@PLENARY-ELEMENT='orpha'")]), "lam", "1", LIBRARY)


def test_two_fields_that_give_one_column_are_refused():
    with pytest.raises(InputError, match="'organ___1' twice"):
        dictionary(line("organ", "checkbox", choices="1, Liver"), line("organ___1"))


def test_a_checkbox_is_one_column_a_box():
    data = dictionary(line("organ", "checkbox", "Organs", "1, Liver | 2, Lung"))
    assert [name for name in data.by_name if name.startswith("organ")] == ["organ___1", "organ___2"]
    assert data.by_name["organ___2"].label == "Organs: Lung"


def test_branching_logic_is_compiled_or_named():
    data = dictionary(
        line("case_id"),
        line("status", "radio", choices="1, Alive | 2, Dead"),
        line("died_on", validation="date_dmy", branching="[status] = '2'", required="y"),
        line("far", branching="datediff([died_on], 'today', 'd') > 3"),
        line("late", branching="[died_in] > 3"),
        line("here", branching="[visit_1_arm_1][status] = '2'"),
    )
    true, _ = data.by_name["died_on"].condition.evaluate({"status": np.array(["1", "2", ""])})
    assert true.tolist() == [False, True, False]
    assert data.by_name["far"].condition.fields == ("died_on",)
    assert data.by_name["late"].condition is data.by_name["here"].condition is None
    assert len(data.notices) == 2
    assert "branching logic of 'late' is not checked: There is no field 'died_in'; did you mean died_on?" in data.notices[0]
    assert "branching logic of 'here' reads what its REDCap project alone knows" in data.notices[1]


def test_date_limits():
    data = dictionary(
        line("a", validation="date_dmy", low="2020-01-01", high="today"), line("b", validation="date_dmy", low="first of May")
    )
    assert data.by_name["a"].minimum == date(2020, 1, 1)
    assert data.by_name["a"].maximum is None
    assert data.notices == ("The minimum of 'b', 'first of May', cannot be read: it is not checked.",)


def test_raw_export_headings_and_byte_order_mark():
    text = "\ufefffield_name,field_type,field_label,required_field\r\ncase_id,text,<b>Case</b>,y\r\n"
    data = read_dictionary(text.encode(), "lam", "1")
    assert data.by_name["case_id"].label == "Case"
    assert data.by_name["case_id"].required


def test_windows_1252():
    data = read_dictionary((HEADINGS + "\n" + line("fev1", label="FEV₁ – 5 µm".replace("₁", "1"))).encode("cp1252"), "lam", "1")
    assert data.by_name["fev1"].label == "FEV1 – 5 µm"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "The dictionary is empty"),
        ("a,b\n1,2", "no column 'Variable / Field Name'"),
        (HEADINGS, "no fields"),
        (HEADINGS + "\n" + line("case id"), "(row 2): The field 'case id'"),
        (HEADINGS + "\n" + line("a", "signature"), "unknown type 'signature'"),
        (HEADINGS + "\n" + line("a") + "\n" + line("a"), "(row 3): The dictionary names the field 'a' twice"),
        (HEADINGS + "\n" + line("a", "radio", choices="yes | no"), "'1, Yes | 2, No'; found 'yes'"),
        (HEADINGS + "\n" + line("a", "radio"), "'1, Yes | 2, No'"),
        (HEADINGS + "\n" + line("a", "dropdown", choices="1, A | 1, B"), "The code '1' stands twice"),
    ],
)
def test_a_wrong_dictionary_is_refused(text, part):
    with pytest.raises(InputError) as refusal:
        read_dictionary(text, "lam", "1")
    assert part in str(refusal.value)


# -- outcome sets

SET = """
service = "adult-ecmo"
version = "2026-1"
agreed_on = 2026-03-12
sources = ["Warren 2020"]

[[outcome]]
id = "survival-to-discharge"
label = "Survival to discharge"
measure = "proportion"
eligible = "accepted = 'yes'"
met = "status = 'alive'"
direction = "higher"
benchmark = { value = 0.74, source = "national cohort" }
by = ["centre", "period", "sex"]
adjust = ["age"]
window_years = 3

[[outcome]]
id = "survival"
measure = "survival"
start = "listed"
end = "last_seen"
event = "status = 'dead'"
at = ["30d", "1y", "5y"]

[[outcome]]
id = "decline"
measure = "slope"
value = "fev1"
time = "seen_on"
"""


def test_an_outcome_set_is_read():
    found = read_outcome_set(SET)
    first, second, third = found.outcomes
    assert (found.service, found.version, found.agreed_on, found.proposed) == ("adult-ecmo", "2026-1", date(2026, 3, 12), False)
    assert found.sources == ("Warren 2020",)
    assert first.benchmark == spec.Benchmark(0.74, "national cohort")
    assert (first.window_years, first.by, first.adjust, first.direction) == (3, ("centre", "period", "sex"), ("age",), "higher")
    assert second.at_days == (30, 365, 1826)
    assert (second.eligible, second.start, second.label) == ("TRUE", "listed", "survival")
    assert (third.value, third.time, third.window_years) == ("fev1", "seen_on", 1)


def test_what_the_figures_do_not_hold_is_named():
    asked = SET.replace('measure = "slope"', 'measure = "access"').replace('start = "listed"', 'adjust = ["age"]')
    assert read_outcome_set(asked).notices == (
        "The outcome 'decline' asks for access: it stands in the section on equity of access, not among the outcomes.",
    )
    assert [one.adjusted for one in read_outcome_set(asked).outcomes] == [True, True, False]
    asked = SET.replace('time = "seen_on"', 'time = "seen_on"\nadjust = ["age"]')
    (notice,) = read_outcome_set(asked).notices
    assert notice.startswith(
        "The outcome 'decline' asks for case-mix adjustment, which only proportions of patients and survival"
    )


def test_a_set_without_an_agreement_is_a_proposal():
    assert read_outcome_set(SET.replace("agreed_on = 2026-03-12\n", "")).proposed
    assert read_outcome_set(SET.replace("agreed_on = 2026-03-12", "agreed_on = 2026-03-12\nproposed = true")).proposed


@pytest.mark.parametrize(
    ("moment", "expected"), [("30d", 30), ("2w", 14), ("6m", 182), ("1y", 365), ("5y", 1826), ("10y", 3652), ("0.5y", 182)]
)
def test_days(moment, expected):
    assert spec.days(moment) == expected


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('service = "adult-ecmo"', "", "must say its service"),
        ('version = "2026-1"', "version = 3", "must say its version"),
        ("agreed_on = 2026-03-12", 'agreed_on = "12 March"', "without quotation marks"),
        ("agreed_on = 2026-03-12", "agreed_on = 2026-03-12T10:00:00", "must be a date"),
        ('id = "survival"\n', 'id = "survival-to-discharge"\n', "'survival-to-discharge' twice"),
        ('id = "survival"\n', 'id = "Survival!"\n', "Outcome 2 needs an id"),
        ('measure = "survival"', 'measure = "kaplan"', "measure 'kaplan' of the outcome 'survival' is unknown"),
        ("eligible =", "elligible =", "did you mean eligible?"),
        ("event = \"status = 'dead'\"\n", "", "'survival' of the outcome 'survival' needs the key 'event'"),
        ('"30d"', '"30 days"', "written like 30d"),
        ("value = 0.74", 'value = "most"', "benchmark"),
        ("window_years = 3", "window_years = 0", "from 1 to 50"),
        ('direction = "higher"', 'direction = "up"', "direction 'up'"),
        ('"sex"]', '"colour"]', "by 'colour'"),
        ('adjust = ["age"]', "adjust = 3", "list of texts"),
        ('label = "Survival to discharge"', "label = [1]", "must be a text"),
        ("[[outcome]]", "[[results]]", "no [[outcome]]"),
        ("version =", "version", "not TOML"),
        ("version =", f"a = {'[' * 5000}\nversion =", "not TOML"),
        ("version =", f"a = {'1' * 6000}\nversion =", "not TOML"),
    ],
)
def test_a_wrong_outcome_set_is_refused(old, new, part):
    assert old in SET
    with pytest.raises(InputError) as refusal:
        read_outcome_set(SET.replace(old, new))
    assert part in str(refusal.value)


def test_problems_against_a_data_set():
    data = dictionary(
        line("accepted", "yesno"),
        line("status", "radio", choices="alive, Alive | dead, Dead"),
        line("listed", validation="date_dmy"),
        line("last_seen", validation="date_dmy"),
        line("seen_on", validation="date_dmy"),
        line("fev1", validation="number"),
    )
    assert spec.problems(read_outcome_set(SET), data) == []
    broken = SET.replace('end = "last_seen"', 'end = "status"').replace("status = 'alive'", "status = 'well'")
    first, second = spec.problems(read_outcome_set(broken), data)
    assert "'survival-to-discharge', met" in first
    assert "'well' is not a permitted value" in first
    assert "'survival', end" in second
    assert "must be a date or a number of days" in second


# -- each kind of measure has keys of its own


def asked(measure, **keys):
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return f'service = "lam"\nversion = "1"\n[[outcome]]\nid = "it"\nmeasure = "{measure}"\n{lines}'


@pytest.mark.parametrize(
    ("measure", "keys", "missing"),
    [
        ("rate", {"events": '"bleeds"'}, "person_time"),
        ("slope", {"value": '"fev1"'}, "time"),
        ("change", {"value": '"fev1"'}, "baseline"),
        ("ordinal", {}, "value"),
        ("count", {}, "met"),
        ("cumulative_incidence", {"end": '"days"', "event": '"TRUE"'}, "at"),
        ("proportion", {"units": '"eyes"'}, "units_met"),
    ],
)
def test_a_measure_needs_its_keys(measure, keys, missing):
    with pytest.raises(InputError, match=f"needs the key '{missing}'"):
        read_outcome_set(asked(measure, **keys))


@pytest.mark.parametrize(
    ("measure", "keys", "part"),
    [
        ("change", {"value": '"a"', "baseline": '"b"', "direction": '"lower"', "important": -3}, "a number above 0"),
        ("change", {"value": '"a"', "baseline": '"b"', "direction": '"lower"', "important": "true"}, "a number above 0"),
        ("change", {"value": '"a"', "baseline": '"b"', "important": 3}, "the direction 'higher' or 'lower'"),
        ("median", {"value": '"a"', "direction": '"lower"', "important": 3}, "goes with the measure 'change'"),
        ("count", {"units": '"eyes"', "units_met": '"kept"', "met": '"TRUE"'}, "goes with the measure 'proportion' only"),
    ],
)
def test_a_key_that_does_not_go_with_the_measure_is_refused(measure, keys, part):
    with pytest.raises(InputError) as refusal:
        read_outcome_set(asked(measure, **keys))
    assert part in str(refusal.value)


SCALE = dictionary(
    line("grade", "radio", choices="0, Intact | 1, Dead"),
    line("bleeds", validation="integer"),
    line("years", validation="number"),
)


@pytest.mark.parametrize(
    ("measure", "keys", "part"),
    [
        ("ordinal", {"value": '"bleeds"'}, "'bleeds' must be a field of the data set that has choices"),
        ("ordinal", {"value": '"mood"'}, "'mood' must be a field of the data set that has choices"),
        ("ordinal", {"value": '"grade"', "levels": '["Intact", "Asleep"]'}, "'Asleep' is not a choice of 'grade'"),
        ("rate", {"events": '"grade"', "person_time": '"years"'}, "'grade' must be a number"),
        ("change", {"value": '"bleeds"', "baseline": '"before"'}, "no field 'before'"),
        ("slope", {"value": '"bleeds"', "time": '"years"', "subject": '"nhs"'}, "'nhs' must be a field"),
        (
            "cumulative_incidence",
            {"end": '"years"', "event": '"grade = 1"', "competing": '"grade = 7"', "at": '["1y"]'},
            "competing",
        ),
    ],
)
def test_problems_of_each_kind_of_measure(measure, keys, part):
    [problem] = spec.problems(read_outcome_set(asked(measure, **keys)), SCALE)
    assert part in problem


@pytest.mark.parametrize(
    ("measure", "keys"),
    [
        ("ordinal", {"value": '"grade"', "levels": '["dead", "0"]'}),
        ("rate", {"events": '"bleeds"', "person_time": '"years"'}),
        ("count", {"met": '"grade = 1"'}),
    ],
)
def test_a_measure_that_fits_the_data_set_has_no_problem(measure, keys):
    assert spec.problems(read_outcome_set(asked(measure, **keys)), SCALE) == []
