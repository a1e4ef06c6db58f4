"""A case file against its data set: one planted defect, one finding; a blocking one, and nothing is accepted."""

import csv
import io
from datetime import date, timedelta

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.errors import InputError
from plenary_stats.findings import LISTED
from plenary_stats.ingest import RULES, check, days_of_labels, one_row, period_labels, read, rows_of_cases
from plenary_stats.spec import read_dictionary

DICTIONARY = """Variable / Field Name,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",Text Validation Type OR Show Slider Number,Text Validation Min,Text Validation Max,Identifier?,Required Field?,Field Annotation,Branching Logic (Show field only if...)
case_id,text,Case,,,,,,y,,
nhs_number,text,NHS number,,,,,y,,,
listed,text,Date of listing,,date_dmy,,,,y,@INDEXDATE,
seen,text,Last seen,,date_dmy,,,,,@NOTBEFORE=listed,
status,radio,Status at last contact,"1, Alive | 2, Dead",,,,,y,,
died_of,text,Cause of death,,,,,,y,,[status] = '2'
fev1,text,FEV1 (litres),,number,0,8,,,,
"""
DATA = read_dictionary(DICTIONARY, "lam", "2026-1")
HEADINGS = ["centre", "case_id", "nhs_number", "birth_date", "area", "listed", "seen", "status", "died_of", "fev1"]
GOOD = ["RRK", "C1", "9434765919", "01/02/1984", "QHL", "04/03/2025", "05/03/2025", "1", "", "2.5"]
OTHER = ["RRK", "C2", "4505577104", "01/02/1990", "QHL", "04/03/2025", "", "2", "infection", ""]
CONTEXT = {
    "centres": {"RRK": [(date(2020, 1, 1), None)], "RJ1": [(date(2020, 1, 1), date(2024, 1, 1))]},
    "areas": {"QHL", "QOP"},
    "period": "2025",
    "period_start": date(2025, 1, 1),
    "period_end": date(2026, 1, 1),
    "on": date(2026, 6, 1),
}


def sheet(*rows, headings=HEADINGS):
    return read("\n".join(",".join(row) for row in [headings, *rows]).encode(), "cases.csv")


def altered(row=GOOD, **values):
    return [values.get(name, cell) for name, cell in zip(HEADINGS, row, strict=True)]


def found(*rows, headings=HEADINGS, **context):
    return check(sheet(*rows, headings=headings), DATA, **{**CONTEXT, **context})


def told(checked, *severities):
    return [(f.row, f.field, f.rule) for f in checked.findings if not severities or f.severity in severities]


def test_a_sound_file_is_accepted_whole():
    checked = found(GOOD, OTHER)
    assert checked.findings == []
    cases = checked.cases
    assert cases.service == "lam"
    assert cases["centre"].tolist() == ["RRK", "RRK"]
    assert cases["period"].tolist() == ["2025", "2025"]
    assert cases["age"].tolist() == [41.0, 35.0]
    assert cases["status"].tolist() == ["1", "2"]
    assert str(cases["listed"][0]) == "2025-03-04"
    assert np.isnan(cases["fev1"][1])
    assert checked.row_numbers.tolist() == [2, 3]


def test_identifiers_are_not_kept():
    cases = found(GOOD, OTHER).cases
    assert not {"nhs_number", "birth_date"} & set(cases.columns)
    everything = " ".join(str(value) for row in cases.rows() for value in row.values())
    assert "9434765919" not in everything
    assert "1984" not in everything


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"case_id": ""}, ("case_id", "required")),
        ({"listed": ""}, ("listed", "required")),
        ({"status": ""}, ("status", "required")),
        ({"status": "2"}, ("died_of", "required")),
        ({"status": "3"}, ("status", "not-permitted")),
        ({"fev1": "9"}, ("fev1", "out-of-range")),
        ({"fev1": "much"}, ("fev1", "not-a-number")),
        ({"listed": "31/02/2025"}, ("listed", "impossible-date")),
        ({"listed": "spring"}, ("listed", "not-a-date")),
        ({"seen": "01/01/2027"}, ("seen", "future-date")),
        ({"seen": "01/03/2025"}, ("seen", "date-order")),
        ({"birth_date": "01/04/2025"}, ("birth_date", "date-order")),
        ({"nhs_number": "9434765918"}, ("nhs_number", "nhs-number")),
        ({"case_id": "9434765919"}, ("case_id", "nhs-number")),
        ({"case_id": "9.43E+09"}, ("case_id", "scientific")),
        ({"centre": "RRX"}, ("centre", "unknown-centre")),
        ({"fev1": "#REF!"}, ("fev1", "error-cell")),
        ({"fev1": "=A1"}, ("fev1", "formula")),
    ],
)
def test_one_defect_one_finding_and_nothing_accepted(change, expected):
    checked = found(OTHER, altered(**change))
    assert told(checked) == [(3, *expected)]
    assert checked.findings[0].severity == "blocking"
    assert checked.findings[0].remedy
    assert checked.findings[0].rule in RULES
    assert len(checked.cases) == 0
    assert len(checked.row_numbers) == 0


@pytest.mark.parametrize(
    ("change", "expected", "severity"),
    [
        ({"area": "XXX"}, ("area", "unknown-area"), "warning"),
        ({"centre": "RJ1"}, ("centre", "not-designated"), "warning"),
        ({"died_of": "infection"}, ("died_of", "branching"), "warning"),
        ({"listed": "04/03/2026", "seen": ""}, ("listed", "outside-period"), "warning"),
        ({"birth_date": "01/02/84"}, ("birth_date", "two-digit-year"), "warning"),
        ({"status": "alive"}, ("status", "label-for-code"), "notice"),
        ({"listed": "04/03/25"}, ("listed", "two-digit-year"), "notice"),
    ],
)
def test_what_is_told_and_accepted(change, expected, severity):
    checked = found(OTHER, altered(**change))
    assert told(checked) == [(3, *expected)]
    assert checked.findings[0].severity == severity
    assert len(checked.cases) == 2


def test_a_case_stands_once():
    assert told(found(GOOD, altered(fev1="3")), "blocking") == [(3, "case_id", "duplicate-case")]
    assert told(found(GOOD, GOOD), "blocking") == [(3, "case_id", "repeated-row")]
    assert "row 2" in found(GOOD, GOOD).findings[0].message
    assert told(found(GOOD, altered(centre="RJ1")), "blocking") == []


def test_two_cases_with_one_nhs_number():
    checked = found(GOOD, altered(case_id="C9"))
    assert told(checked) == [(3, "nhs_number", "same-person")]
    assert "9434765919" not in str(checked.findings)


def test_ten_digit_identifiers_that_are_not_nhs_numbers():
    rows = [altered(OTHER, case_id=str(1000000000 + number), nhs_number="") for number in range(30)]
    assert found(*rows).findings == []


def test_columns():
    missing_required = [name for name in HEADINGS if name != "status"]
    cells = [cell for name, cell in zip(HEADINGS, GOOD, strict=True) if name != "status"]
    assert told(found(cells, headings=missing_required), "blocking") == [(0, "status", "missing-column")]
    assert told(found(GOOD[:-1], headings=HEADINGS[:-1])) == [(0, "fev1", "missing-column")]
    assert told(found([*GOOD, "x"], headings=[*HEADINGS, "shoe_size"])) == [(0, "shoe_size", "unknown-column")]
    assert told(found([*GOOD, "1"], headings=[*HEADINGS, "status"])) == [(0, "status", "duplicate-heading")]
    assert told(found([*GOOD, "1"], headings=[*HEADINGS, ""])) == [(0, "", "no-heading")]


def test_a_misspelt_heading_is_not_lost_in_silence():
    headings = ["fevl" if name == "fev1" else name for name in HEADINGS]
    checked = found(GOOD, headings=headings)
    assert told(checked, "blocking") == [(0, "fevl", "unknown-column")]
    assert "Did you mean 'fev1'?" in checked.findings.blocking[0].remedy


def test_headings_with_spaces_capitals_and_labels():
    headings = [
        "Centre",
        "Case ID",
        "NHS Number",
        "Date of Birth",
        "AREA",
        "Date of listing",
        " Last seen ",
        "STATUS",
        "died of",
        '"FEV1 (litres)"',
    ]
    checked = found(GOOD, headings=headings)
    assert told(checked, "blocking", "warning") == []
    assert {f.rule for f in checked.findings} == {"heading"}
    assert len(checked.cases) == 1


def test_a_centre_sends_its_own_cases():
    without = [cell for name, cell in zip(HEADINGS, GOOD, strict=True) if name != "centre"]
    checked = found(without, headings=HEADINGS[1:], centre="RRK")
    assert checked.findings == []
    assert checked.cases["centre"].tolist() == ["RRK"]
    assert told(found(OTHER, altered(centre="RJ1"), centre="RRK"), "blocking") == [(3, "centre", "other-centre")]


def test_one_case_keyed_on_screen_meets_the_same_rules():
    raw = one_row(dict(zip(HEADINGS, altered(fev1="99"), strict=True)))
    assert told(check(raw, DATA, **CONTEXT), "blocking") == [(2, "fev1", "out-of-range")]
    good = check(one_row(dict(zip(HEADINGS, GOOD, strict=True))), DATA, **CONTEXT)
    assert len(good.cases) == 1


def test_stated_age():
    headings = [*HEADINGS, "age"]
    checked = found([*GOOD, "60"], [*altered(OTHER, birth_date=""), "12"], headings=headings)
    assert told(checked) == [(2, "age", "age-disagrees")]
    assert checked.cases["age"].tolist() == [41.0, 12.0]


def test_birthdays():
    rows = [
        altered(case_id=f"C{n}", nhs_number="", birth_date=day)
        for n, day in enumerate(["04/03/2000", "05/03/2000", "03/03/2000"])
    ]
    assert found(*rows).cases["age"].tolist() == [25.0, 24.0, 25.0]


def test_an_empty_file_is_told():
    checked = found()
    assert told(checked) == [(0, "", "no-rows")]
    assert len(checked.cases) == 0


def test_many_findings_of_one_kind_are_counted():
    rows = [altered(OTHER, case_id=f"C{number}", nhs_number="", fev1="99") for number in range(600)]
    checked = found(*rows)
    assert len(checked.findings) == 501
    assert checked.findings[0].message.startswith("100 more rows")


@pytest.mark.parametrize("logic", ["[seen]", "[seen] and [status] = '2'", "if([seen], 1, 0)"])
def test_a_field_may_be_asked_where_a_date_is_known(logic):
    """A date that stands for itself in branching logic ended the check of every file of its data set."""
    data = read_dictionary(DICTIONARY.replace("[status] = '2'", f'"{logic}"'), "lam", "2026-1")
    rows = [altered(status="2"), altered(OTHER, seen="", died_of="")]
    checked = check(sheet(*rows), data, **CONTEXT)
    assert told(checked, "blocking") == [(2, "died_of", "required")]


LONG = range(LISTED + 100)


@pytest.mark.parametrize(
    ("rows", "rule", "severity"),
    [
        ([altered(case_id="C", nhs_number="") for _ in [0, *LONG]], "repeated-row", "blocking"),
        ([altered(case_id="C", nhs_number="", fev1=f"{n / 1000:.3f}") for n in [900, *LONG]], "duplicate-case", "blocking"),
        ([altered(case_id=f"C{n}", birth_date="01/02/2026") for n in LONG], "date-order", "blocking"),
        ([altered(case_id=f"C{n}") for n in [-1, *LONG]], "same-person", "warning"),
        ([[*altered(case_id=f"C{n}", nhs_number=""), "male"] for n in [-1, *LONG]], "near-duplicate", "warning"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_findings_that_each_name_another_row_are_counted_too(rows, rule, severity):
    """A file of millions of equal rows would have made as many findings, and filled the memory with them."""
    headings = [*HEADINGS, "sex"][: len(rows[0])]
    ours = [one for one in found(*rows, headings=headings, period_end=date(2027, 1, 1)).findings if one.rule == rule]
    assert len(ours) == LISTED + 1
    assert {one.severity for one in ours} == {severity}
    [rest] = [one for one in ours if one.row == 0]
    assert rest.message == "100 more rows are like these."


# -- periods


def labels(days, period, start, end):
    found, back = period_labels(np.array(days, dtype="datetime64[D]"), period, date.fromisoformat(start), date.fromisoformat(end))
    return found.tolist(), back.tolist()


def test_calendar_years():
    days = ["2025-01-01", "2025-12-31", "2024-12-31", "2023-01-01", "2026-01-01", "NaT"]
    assert labels(days, "2025", "2025-01-01", "2026-01-01") == (
        ["2025", "2025", "2024", "2023", "2026", "2025"],
        [0, 0, 1, 2, -1, 0],
    )


def test_financial_years():
    days = ["2024-04-01", "2025-03-31", "2024-03-31", "2025-04-01"]
    assert labels(days, "2024/25", "2024-04-01", "2025-04-01") == (["2024/25", "2024/25", "2023/24", "2025/26"], [0, 0, 1, -1])


def test_a_period_of_several_years():
    days = ["1967-11-15", "1974-04-01", "1966-01-01"]
    assert labels(days, "1967 to 1974", "1967-01-01", "1975-01-01") == (
        ["1967 to 1974", "1967 to 1974", "1959 to 1966"],
        [0, 0, 1],
    )


def test_a_label_without_a_year():
    assert labels(["2025-05-05", "2024-05-05"], "pilot", "2025-01-01", "2026-01-01")[0] == ["pilot", "2024"]


@settings(max_examples=80, deadline=None)
@given(
    st.dates(date(1970, 1, 1), date(2060, 1, 1)), st.dates(date(1990, 1, 1), date(2040, 1, 1)).filter(lambda day: day.day < 29)
)
def test_every_day_lies_in_the_period_it_is_given(day, start):
    _, back = period_labels(np.array([day], dtype="datetime64[D]"), "x", start, start.replace(year=start.year + 1))
    first = start.replace(year=start.year - int(back[0]))
    assert first <= day < first.replace(year=first.year + 1)


# -- anything at all

cells = st.one_of(
    st.sampled_from([*GOOD, *OTHER, "", "#REF!", "=1", "31/02/2025", "1e999", "é"]), st.text(alphabet="aé1/-,.\"' \t", max_size=8)
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.lists(cells, min_size=0, max_size=12), max_size=5),
    st.lists(st.sampled_from([*HEADINGS, "", "x y"]), min_size=1, max_size=12),
)
def test_any_table_is_checked_without_an_accident(rows, headings):
    try:
        raw = sheet(*rows, headings=headings)
    except InputError:
        return
    checked = check(raw, DATA, **CONTEXT)
    assert all(finding.rule in RULES and finding.message for finding in checked.findings)
    assert len(checked.cases) == (0 if checked.findings.blocking else len(raw))


@pytest.mark.parametrize(
    ("stated", "told_of"), [("41", False), ("40", False), ("42", False), ("42.9", False), ("43", True), ("39", True), ("", False)]
)
def test_a_stated_age_may_be_a_birthday_off(stated, told_of):
    """Born on 1 February 1984 and listed on 4 March 2025: 41. The age on another day of that year may be 40 or 42."""
    checked = found([*GOOD, stated], headings=[*HEADINGS, "age"])
    assert ("age-disagrees" in [finding.rule for finding in checked.findings]) == told_of
    assert checked.cases["age"].tolist() == [41.0]


# -- the same cases in other clothes

DRESSES = {
    "UTF-8 with a mark": lambda text: ("cases.csv", ("\ufeff" + text).encode()),
    "Windows": lambda text: ("cases.csv", text.encode("cp1252")),
    "UTF-16": lambda text: ("cases.csv", text.encode("utf-16")),
    "semicolons": lambda text: ("cases.csv", text.replace(",", ";").encode()),
    "tabs": lambda text: ("cases.csv", text.replace(",", "\t").encode()),
    "old line ends": lambda text: ("cases.csv", text.replace("\n", "\r\n").encode()),
    "a workbook": lambda text: ("cases.xlsx", workbook(text)),
}


def workbook(text):
    book, out = openpyxl.Workbook(), io.BytesIO()
    for line in text.splitlines():
        book.active.append([cell or None for cell in line.split(",")])
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("dress", DRESSES)
def test_however_a_file_is_saved_its_cases_are_the_same(dress):
    third = altered(OTHER, case_id="C3", nhs_number="", died_of="Sepsis – naïve host", fev1="")
    text = "\n".join(",".join(row) for row in [HEADINGS, GOOD, OTHER, third]) + "\n"
    plain = check(read(text.encode(), "cases.csv"), DATA, **CONTEXT)
    name, content = DRESSES[dress](text)
    other = check(read(content, name), DATA, **CONTEXT)
    assert len(plain.cases) == len(other.cases) == 3
    assert not other.findings.blocking
    assert list(plain.cases.columns) == list(other.cases.columns)
    for field, column in plain.cases.columns.items():
        np.testing.assert_array_equal(column, other.cases[field])


cells = st.fixed_dictionaries(
    {
        "listed": st.dates(date(2025, 1, 1), date(2025, 12, 31)),
        "seen_after": st.integers(0, 120) | st.none(),
        "status": st.sampled_from(["1", "2"]),
        "died_of": st.text(st.characters(codec="cp1252", categories=["L", "N", "P"]), min_size=1, max_size=12),
        "fev1": st.decimals(0, 8, places=3) | st.none(),
    }
)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(cells, min_size=1, max_size=12))
def test_typed_cases_survive_the_way_through_text(drawn):
    """Write typed cases as a file, read them, and have the very same dates, codes, numbers and words."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(["centre", "case_id", "listed", "seen", "status", "died_of", "fev1"])
    seen = [None if one["seen_after"] is None else one["listed"] + timedelta(days=one["seen_after"]) for one in drawn]
    cause = [f"x{one['died_of']}" if one["status"] == "2" else "" for one in drawn]
    for number, one in enumerate(drawn):
        last = f"{seen[number]:%d/%m/%Y}" if seen[number] else ""
        volume = "" if one["fev1"] is None else str(one["fev1"])
        writer.writerow(["RRK", f"C{number}", f"{one['listed']:%d/%m/%Y}", last, one["status"], cause[number], volume])
    checked = check(read(lines.getvalue().encode(), "cases.csv"), DATA, **CONTEXT)
    assert not checked.findings.blocking
    cases = checked.cases
    assert cases["listed"].tolist() == [one["listed"] for one in drawn]
    assert cases["seen"].tolist() == seen
    assert cases["status"].tolist() == [one["status"] for one in drawn]
    assert cases["died_of"].tolist() == cause
    np.testing.assert_array_equal(cases["fev1"], [np.nan if one["fev1"] is None else float(one["fev1"]) for one in drawn])
    assert cases["period"].tolist() == ["2025"] * len(drawn)


@pytest.mark.parametrize(
    ("day", "inside"), [("31/12/2023", True), ("01/01/2024", False), ("01/01/2020", True), ("31/12/2019", False)]
)
def test_a_designation_ends_the_day_before_its_end(day, inside):
    """RJ1 was designated from 1 January 2020 until 1 January 2024, the first day on which it no longer was."""
    row = altered(centre="RJ1", listed=day, seen="", birth_date="01/02/1984")
    about = [finding for finding in found(row, period="2025").findings if finding.field == "centre"]
    assert (about == []) == inside


def test_as_many_findings_as_are_listed_have_no_remainder():
    rows = [altered(case_id=f"C{number}", nhs_number="", fev1="99") for number in range(LISTED)]
    messages = [finding.message for finding in found(*rows).findings]
    assert not [message for message in messages if "more rows" in message]
    more = [finding.message for finding in found(*rows, altered(case_id="D", nhs_number="", fev1="99")).findings]
    assert [message for message in more if message.startswith("1 more rows")]


class TestOneCentreSends:
    """The designation of the one centre that sends a file is looked up, whether or not the file says its code."""

    SPANS = {"RRK": [(date(2020, 1, 1), date(2025, 3, 5))]}

    def alone(self, day, *, with_code=True, centres=None):
        row = altered(listed=day, seen="")
        headings, cells = (HEADINGS, row) if with_code else (HEADINGS[1:], row[1:])
        return found(cells, headings=headings, centre="RRK", centres=self.SPANS if centres is None else centres)

    @pytest.mark.parametrize("with_code", [True, False])
    @pytest.mark.parametrize(("day", "rules"), [("04/03/2025", []), ("05/03/2025", ["not-designated"])])
    def test_on_the_last_day_and_after(self, day, rules, with_code):
        checked = self.alone(day, with_code=with_code)
        assert [one.rule for one in checked.findings if one.severity == "warning"] == rules
        assert len(checked.cases) == 1

    def test_a_centre_of_which_no_designation_is_known(self):
        assert self.alone("05/03/2025", centres={"RRK": []}).findings == []

    def test_another_centres_case_is_still_refused(self):
        checked = found(altered(centre="RJ1"), centre="RRK", centres=self.SPANS)
        assert told(checked, "blocking") == [(2, "centre", "other-centre")]


class TestAreaOnTheDate:
    """An area is known on the days on which it stood; whoever carries its code on another day is told, and counted."""

    AREAS = {"QHL": [(None, date(2025, 3, 5))], "QOP": [(date(2025, 3, 5), None)], "Wales": [(None, None)], "Own": []}

    @pytest.mark.parametrize(
        ("area", "day", "told_of"),
        [
            ("QHL", "04/03/2025", []),
            ("QHL", "05/03/2025", [(2, "area", "area-date")]),
            ("qhl", "05/03/2025", [(2, "area", "area-date")]),
            ("QOP", "04/03/2025", [(2, "area", "area-date")]),
            ("QOP", "05/03/2025", []),
            ("Wales", "05/03/2025", []),
            ("Own", "05/03/2025", []),
            ("Atlantis", "05/03/2025", [(2, "area", "unknown-area")]),
            ("", "05/03/2025", []),
        ],
    )
    def test_it_stood_or_not(self, area, day, told_of):
        checked = found(altered(area=area, listed=day, seen=""), areas=self.AREAS)
        assert told(checked) == told_of
        assert len(checked.cases) == 1

    @given(
        st.lists(st.tuples(st.sampled_from(["QHL", "QOP", "Wales"]), st.dates(date(2025, 1, 1), date(2025, 12, 31))), min_size=1)
    )
    @settings(max_examples=30, deadline=None)
    def test_exactly_the_rows_on_which_it_did_not_stand(self, drawn):
        cases = [altered(case_id=f"C{n}", nhs_number="", area=area, listed=f"{day:%d/%m/%Y}", seen="")
                 for n, (area, day) in enumerate(drawn)]  # fmt: skip
        change = date(2025, 3, 5)
        wrong = [row for row, (area, day) in enumerate(drawn, start=2)
                 if (area == "QHL" and day >= change) or (area == "QOP" and day < change)]  # fmt: skip
        checked = found(*cases, areas=self.AREAS, on=date(2026, 6, 1))
        assert sorted(row for row, _, rule in told(checked) if rule == "area-date") == wrong


class TestRowsOfCases:
    """Which rows hold which case, whatever else is wrong with the file."""

    def rows(self, content):
        return rows_of_cases(read(content.encode(), "cases.csv"), DATA)

    @pytest.mark.parametrize("heading", ["case_id", "CASE ID", " Case-id "])
    def test_by_whatever_heading(self, heading):
        assert self.rows(f"{heading},x\nA1,1\n b2 ,A1\n") == {"a1": [2], "b2": [3]}

    def test_a_file_without_the_column_holds_none(self):
        assert self.rows("x,y\nA1,A1\n") == {}

    def test_twice_the_heading_and_twice_the_case(self):
        assert self.rows("case_id,case_id\nA1,B1\nA2,a1\n") == {"a1": [2, 3], "a2": [3], "b1": [2]}

    def test_rows_count_as_a_spreadsheet_shows_them(self):
        assert self.rows("case_id,x\nA1,1\n,\nA2,1\n") == {"a1": [2], "a2": [4]}

    @given(st.lists(st.text(st.sampled_from("aAbB1-"), min_size=1, max_size=3), min_size=1, max_size=20))
    @settings(max_examples=50, deadline=None)
    def test_every_row_stands_once_under_its_case(self, drawn):
        found = self.rows("case_id,x\n" + "".join(f"{name},1\n" for name in drawn))
        assert sorted(row for rows in found.values() for row in rows) == list(range(2, len(drawn) + 2))
        assert {name: [row for row, one in enumerate(drawn, 2) if one.casefold() == name] for name in found} == found


class TestDaysOfLabels:
    """Which days a label and those before it stand for."""

    def test_a_year_that_begins_in_july(self):
        found = days_of_labels("2019/20", date(2019, 7, 1), date(2020, 7, 1), years=2)
        assert found == {
            "2019/20": (date(2019, 7, 1), date(2020, 7, 1)),
            "2018/19": (date(2018, 7, 1), date(2019, 7, 1)),
            "2017/18": (date(2017, 7, 1), date(2018, 7, 1)),
        }

    def test_a_label_without_a_year_names_those_before_by_theirs(self):
        found = days_of_labels("seventh", date(2019, 1, 1), date(2020, 1, 1), years=1)
        assert found == {"seventh": (date(2019, 1, 1), date(2020, 1, 1)), "2018": (date(2018, 1, 1), date(2019, 1, 1))}

    def test_two_years_go_back_two_by_two(self):
        assert list(days_of_labels("2019", date(2018, 1, 1), date(2020, 1, 1), years=5)) == ["2019", "2017", "2015"]

    def test_a_leap_day_has_a_day_before_it_in_other_years(self):
        assert days_of_labels("2020", date(2020, 2, 29), date(2021, 2, 28), years=1)["2019"][0] == date(2019, 2, 28)
