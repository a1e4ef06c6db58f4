"""Calculated values worked out again, and small areas that stand for the area of residence."""

from datetime import date
from pathlib import Path

import pytest

from plenary_stats.dictionary.document import Dictionary, entry, write
from plenary_stats.dictionary.elements import read_library
from plenary_stats.ingest import check, read
from plenary_stats.ingest.derived import tidy_place
from plenary_stats.spec import read_dictionary

LIBRARY = read_library((Path(__file__).parents[4] / "definitions" / "elements" / "elements.toml").read_bytes())
FIELDS = (
    entry(name="case_id", type="text", required="y"),
    entry(name="weight", type="text", validation="number"),
    entry(name="height", type="text", validation="number"),
    entry(name="bmi", type="calc", label="Body mass index", choices="round([weight] / ([height] ^ 2), 1)"),
    entry(name="band", type="calc", choices="if([bmi] >= 30, 2, 1)"),
    entry(name="age_now", type="calc", choices="datediff([born], 'today', 'y')"),
    entry(name="born", type="text", validation="date_dmy"),
    entry(name="diet", type="text", branching="[band] = 2"),
    entry(name="home", type="text", label="Postcode", annotation="@PLENARY-ELEMENT='postcode'"),
    entry(name="disease", type="text", label="Disease", annotation="@PLENARY-ELEMENT='orphacode'"),
    entry(name="drug", type="text", label="Drug", annotation="@PLENARY-ELEMENT='dmd'"),
)
PLACES = {"M11AE": "QOP", "SW1A1AA": "QWE"}


def data(*fields):
    return read_dictionary(write(Dictionary(fields or FIELDS)), "lam", "1", LIBRARY)


def checked(text, *fields, places=None):
    return check(read(text.encode(), "cases.csv"), data(*fields), centre="RX1", places=places, on=date(2026, 6, 1))


def told(found, *rules):
    return [(one.row, one.field, one.rule, one.severity) for one in found.findings if one.rule in rules]


def test_a_calculated_value_is_worked_out_again():
    found = checked("case_id,weight,height,bmi\n1,80,2,20.0\n2,80,2,24\n3,80,,24\n4,,,\n5,70,1.8,21.6\n6,70,1.8,21.601\n")
    assert told(found, "calculation") == [(3, "bmi", "calculation", "warning")]
    (one,) = [one for one in found.findings if one.rule == "calculation"]
    assert one.message == "Body mass index is 24; worked out again from the other fields it is 20."
    assert "bmi" not in found.cases.columns
    assert not found.findings.blocking


def test_a_calculation_that_rests_on_another_is_worked_out_through_it():
    found = checked("case_id,weight,height,band\n1,80,2,1\n2,120,2,1\n")
    assert told(found, "calculation") == [(3, "band", "calculation", "warning")]


def test_branching_on_a_calculation_that_the_file_lacks():
    found = checked("case_id,weight,height,diet\n1,80,2,none\n2,120,2,light\n3,,,light\n")
    assert told(found, "branching") == [(2, "diet", "branching", "warning")]


def test_what_rests_on_the_day_is_let_be():
    assert told(checked("case_id,born,age_now\n1,01/02/1990,3\n"), "calculation", "unknown-column") == []


def test_calculations_in_a_circle_come_to_an_end():
    circle = (FIELDS[0], entry(name="a", type="calc", choices="[b] + 1"), entry(name="b", type="calc", choices="[a] + 1"))
    assert told(checked("case_id,a\n1,3\n", *circle), "calculation") == []


def test_a_calculated_identifier_is_not_repeated():
    secret = (*FIELDS[:3], entry(name="bmi", type="calc", label="Index", choices="[weight] + 1", identifier="y"))
    (one,) = [one for one in checked("case_id,weight,bmi\n1,80,777\n", *secret).findings if one.rule == "calculation"]
    assert one.message == "Index is another when it is worked out again."


@pytest.mark.parametrize(
    ("heading", "text", "rule"),
    [
        ("disease", "R12", "element-shape"),
        ("disease", "ORPHA:538", None),
        ("disease", "", None),
        ("drug", "322236009", None),
        ("drug", "322236008", "check-digit"),
        ("drug", "12", "element-shape"),
        ("home", "m1 1ae", None),
        ("home", "nowhere", "element-shape"),
    ],
)
def test_a_value_is_held_to_its_shared_element(heading, text, rule):
    found = checked(f"case_id,{heading}\n7,{text}\n")
    assert told(found, "element-shape", "check-digit") == ([(2, heading, rule, "blocking")] if rule else [])


def test_a_finding_on_an_element_says_how_it_is_written_and_repeats_no_identifier():
    by_field = {
        one.field: one for one in checked("case_id,disease,home\n7,R12,nowhere\n").findings if one.rule == "element-shape"
    }
    assert by_field["disease"].message == "'R12' is not written as ORPHAcode of the rare disease."
    assert by_field["disease"].remedy.endswith("for instance ORPHA:538.")
    assert "nowhere" not in by_field["home"].message


def test_a_value_is_kept_in_one_form():
    assert checked("case_id,disease\n1,orpha: 538\n2,538\n").cases["disease"].tolist() == ["538", "538"]


def test_an_element_written_with_digits_is_a_text():
    number = entry(name="disease", type="text", validation="integer", annotation="@PLENARY-ELEMENT='orphacode'")
    assert checked("case_id,disease\n1,538\n", FIELDS[0], number).cases["disease"].tolist() == ["538"]


def test_a_postcode_gives_the_area_and_is_dropped():
    found = checked("case_id,home\n1,M1 1AE\n2,sw1a1aa\n3,\n", places=PLACES)
    assert found.cases["area"].tolist() == ["QOP", "QWE", ""]
    assert "home" not in found.cases.columns
    assert told(found, "area-looked-up") == []


def test_an_area_that_is_given_stands_and_a_disagreement_is_told():
    found = checked("case_id,home,area\n1,M1 1AE,qop\n2,M1 1AE,QHL\n3,M1 1AE,\n4,B33 8TH,\n5,B33 8TH,QHL\n", places=PLACES)
    assert found.cases["area"].tolist() == ["qop", "QHL", "QOP", "", "QHL"]
    assert told(found, "area-looked-up") == [
        (3, "area", "area-looked-up", "warning"),
        (5, "home", "area-looked-up", "warning"),
    ]


def test_an_area_that_was_looked_up_must_be_known_too():
    raw = read(b"case_id,home\n1,M1 1AE\n", "cases.csv")
    found = check(raw, data(), centre="RX1", places=PLACES, areas={"QWE"}, on=date(2026, 6, 1))
    assert told(found, "unknown-area") == [(2, "area", "unknown-area", "warning")]


def test_without_a_table_of_places_the_postcode_is_dropped_all_the_same():
    found = checked("case_id,home,area\n1,M1 1AE,QHL\n")
    assert found.cases["area"].tolist() == ["QHL"]
    assert "home" not in found.cases.columns
    assert told(found, "area-looked-up") == [(0, "home", "area-looked-up", "notice")]


def test_a_required_area_may_come_from_the_postcode():
    area = entry(name="area", type="text", required="y")
    found = checked("case_id,home\n1,M1 1AE\n2,B33 8TH\n", *FIELDS, area, places=PLACES)
    assert [one for one in told(found, "missing-column", "required") if one[1] == "area"] == []
    assert told(found, "area-looked-up") == [(3, "home", "area-looked-up", "warning")]
    assert ("missing-column", "area") in [
        (one.rule, one.field) for one in checked("case_id,home\n1,M1 1AE\n", *FIELDS, area).findings.blocking
    ]


def test_a_place_is_looked_up_as_it_is_kept():
    assert tidy_place(" sw1a 1aa ") == LIBRARY["postcode"].tidy("SW1A 1AA")
