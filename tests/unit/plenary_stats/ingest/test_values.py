"""Typed values out of text: exactly what was meant, or a problem that says how to write it."""

import re
from datetime import date

import nhs_number
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.ingest.cells import Cells, cut
from plenary_stats.ingest.values import LONGEST_TEXT, missing, nhs_valid, read_column, ten_digits_in
from plenary_stats.spec import STANDARD, Field

ON = date(2026, 6, 1)
DAY = Field("listed", validation="date_dmy")
NUMBER = Field("fev1", validation="number")
WHOLE = Field("beds", validation="integer")
STATUS = Field("status", type="radio", choices={"1": "Alive", "2": "Died of disease", "9": "Not known"})
YESNO = Field("agreed", type="yesno", choices={"1": "Yes", "0": "No"})


def one(field, text):
    reading = read_column(field, [text], ON)
    problem = reading.problems.get(0)
    remark = reading.remarks.get(0)
    return reading.column[0], problem.rule if problem else None, remark.rule if remark else None


@pytest.mark.parametrize(
    ("text", "expected", "problem", "remark"),
    [
        ("31/12/2025", "2025-12-31", None, None),
        ("1/2/2025", "2025-02-01", None, None),
        ("01-02-2025", "2025-02-01", None, None),
        ("01.02.2025", "2025-02-01", None, None),
        ("2025-02-01", "2025-02-01", None, None),
        ("2025-02-01 10:30:00", "2025-02-01", None, None),
        ("01/02/2025 10:30", "2025-02-01", None, None),
        ("01/02/25", "2025-02-01", None, "two-digit-year"),
        ("01/02/31", "1931-02-01", None, "two-digit-year"),
        ("1-Feb-25", "2025-02-01", None, "two-digit-year"),
        ("1 February 2025", "2025-02-01", None, None),
        ("29/02/2024", "2024-02-29", None, None),
        ("29/02/2025", "NaT", "impossible-date", None),
        ("31/04/2025", "NaT", "impossible-date", None),
        ("04/31/2025", "NaT", "impossible-date", None),
        ("01/01/0205", "NaT", "impossible-date", None),
        ("02/06/2026", "2026-06-02", "future-date", None),
        ("01/06/2026", "2026-06-01", None, None),
        ("45678", "NaT", "not-a-date", None),
        ("soon", "NaT", "not-a-date", None),
        ("1 Fob 2025", "NaT", "not-a-date", None),
        ("", "NaT", None, None),
    ],
)
def test_dates(text, expected, problem, remark):
    value, found, liberty = one(DAY, text)
    assert (str(value), found, liberty) == (expected, problem, remark)


def test_american_dates_are_read_as_agreed_only():
    american = Field("listed", validation="date_mdy")
    assert str(one(american, "02/25/2025")[0]) == "2025-02-25"
    assert one(DAY, "02/25/2025")[1] == "impossible-date"


def test_dates_of_both_orders_in_one_column_are_suspect():
    reading = read_column(DAY, ["04/03/2025", "12/25/2025", "05/05/2025"], ON)
    assert [problem.rule for problem in reading.problems.values()] == ["impossible-date"]
    assert [(place, remark.rule, remark.severity) for place, remark in reading.remarks.items()] == [
        (0, "ambiguous-date", "warning")
    ]


def test_excel_day_numbers_are_explained():
    assert "Excel's number of a day" in read_column(DAY, ["45678"], ON).problems[0].remedy


@pytest.mark.parametrize(
    ("text", "expected", "problem", "remark"),
    [
        ("1.5", 1.5, None, None),
        ("-3", -3.0, None, None),
        ("+3", 3.0, None, None),
        (".5", 0.5, None, None),
        ("1e3", 1000.0, None, None),
        ("1,234.5", 1234.5, None, "thousands"),
        ("12,345,678", 12345678.0, None, "thousands"),
        ("−2", -2.0, None, None),
        ("1,5", None, "not-a-number", None),
        ("12 kg", None, "not-a-number", None),
        ("nan", None, "not-a-number", None),
        ("inf", None, "not-a-number", None),
        ("1e999", None, "not-a-number", None),
        ("1_000", None, "not-a-number", None),
        ("١٢", None, "not-a-number", None),
        ("", None, None, None),
    ],
)
def test_numbers(text, expected, problem, remark):
    value, found, liberty = one(NUMBER, text)
    assert (None if np.isnan(value) else value, found, liberty) == (expected, problem, remark)


def test_one_bad_number_leaves_the_others():
    reading = read_column(NUMBER, ["1", "x", "2", "", "x"], ON)
    assert reading.column[[0, 2]].tolist() == [1.0, 2.0]
    assert np.isnan(reading.column[[1, 3, 4]]).all()
    assert reading.rows_of(next(iter(reading.problems))).tolist() == [1, 4]


def test_decimal_comma_is_explained_or_agreed():
    assert "1.5" in read_column(NUMBER, ["1,5"], ON).problems[0].remedy
    assert one(Field("x", validation="number_comma_decimal"), "1,5")[0] == 1.5


def test_whole_numbers():
    assert one(WHOLE, "3.0") == (3.0, None, None)
    assert one(WHOLE, "3.5")[1] == "not-whole"


def test_limits():
    bounded = Field("fev1", validation="number", minimum=0.0, maximum=8.0)
    reading = read_column(bounded, ["0", "8", "8.01", "-1", ""], ON)
    assert [problem.rule for problem in reading.problems.values()] == ["out-of-range"] * 2
    assert sorted(reading.problems) == [2, 3]
    assert "at least 0 and at most 8" in reading.problems[2].remedy
    day = Field("listed", validation="date_dmy", minimum=date(2020, 1, 1))
    assert one(day, "31/12/2019")[1] == "out-of-range"
    assert one(day, "01/01/2020")[1] is None


@pytest.mark.parametrize(
    ("field", "text", "expected", "problem", "remark"),
    [
        (STATUS, "1", "1", None, None),
        (STATUS, "1.0", "1", None, None),
        (STATUS, "01", "1", None, None),
        (STATUS, "Alive", "1", None, "label-for-code"),
        (STATUS, "died of DISEASE", "2", None, "label-for-code"),
        (STATUS, "3", "", "not-permitted", None),
        (STATUS, "", "", None, None),
        (YESNO, "yes", "1", None, "label-for-code"),
        (YESNO, "N", "0", None, "label-for-code"),
        (YESNO, "FALSE", "0", None, "label-for-code"),
        (YESNO, "maybe", "", "not-permitted", None),
        (STANDARD["sex"], "F", "female", None, "label-for-code"),
        (STANDARD["sex"], "female", "female", None, None),
    ],
)
def test_choices(field, text, expected, problem, remark):
    assert one(field, text) == (expected, problem, remark)


def test_a_choice_that_is_nearly_right_is_suggested():
    remedy = read_column(STATUS, ["Alve"], ON).problems[0].remedy
    assert "Did you mean Alive?" in remedy
    assert "2 (Died of disease)" in remedy


def test_texts_keep_their_noughts_and_lose_their_margins():
    assert read_column(Field("code"), [" 007 ", "a b"], ON).column.tolist() == ["007", "a b"]


def test_identifiers_in_scientific_notation_are_refused():
    assert one(Field("case_id"), "1.23E+09")[1] == "scientific"
    assert one(Field("case_id"), "12E09")[1] is None


# -- identifiers: 943 476 5919 is the NHS's own example of a valid number

NHS = Field("nhs_number", identifier=True)


def test_nhs_numbers_are_checked_and_never_repeated():
    assert one(NHS, "943 476 5919") == ("9434765919", None, None)
    problem = read_column(NHS, ["9434765918"], ON).problems[0]
    assert problem.rule == "nhs-number"
    assert not re.search(r"\d{4}", problem.message + problem.remedy)


def test_identifiers_of_any_kind_are_not_repeated():
    born = Field("birth_date", validation="date_dmy", identifier=True)
    problem = read_column(born, ["31/02/1984"], ON).problems[0]
    assert problem.rule == "impossible-date"
    assert "1984" not in problem.message + problem.remedy


def test_an_nhs_number_in_a_note_is_found_and_not_repeated():
    notes = Field("story", type="notes")
    problem = read_column(notes, ["Mr X, NHS 943 476 5919, well"], ON).problems[0]
    assert problem.rule == "identifier-in-text"
    assert "943" not in problem.message + problem.remedy
    assert read_column(notes, ["telephone 943 476 5918"], ON).problems == {}


@settings(max_examples=80, deadline=None)
@given(st.lists(st.from_regex(r"[0-9]{10}", fullmatch=True), min_size=1, max_size=30))
def test_check_digits_against_the_library(numbers):
    # the library also knows which numbers were ever handed out; the check digit is all that is judged here
    expected = [nhs_number.calculate_checksum(text[:9]) == int(text[9]) for text in numbers]
    assert nhs_valid(numbers).tolist() == expected


def test_missing_columns():
    assert missing(DAY, 2).dtype == np.dtype("datetime64[D]")
    assert np.isnan(missing(NUMBER, 2)).all()
    assert missing(STATUS, 2).tolist() == ["", ""]


@settings(max_examples=120, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=6), st.sampled_from([DAY, NUMBER, WHOLE, STATUS, YESNO, NHS, Field("x")]))
def test_any_text_becomes_a_value_or_a_problem(cells, field):
    reading = read_column(field, cells, ON)
    assert len(reading.column) == len(cells)
    for place, cell in enumerate(cells):
        if field.kind in ("number", "integer") and np.isnan(reading.column[place]):
            assert not cell.strip() or reading.places[place] in reading.problems


@given(st.lists(st.from_regex(r"(18|19|20)\d\d-[01]\d-[0-3]\d", fullmatch=True), min_size=1, max_size=30, unique=True))
def test_plain_dates_are_read_as_the_standard_library_reads_them(texts):
    def expected(text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return np.datetime64("NaT")
        return np.datetime64(day) if day.year >= 1850 else np.datetime64("NaT")

    reading = read_column(DAY, texts)

    assert [str(day) for day in reading.column] == [str(expected(text)) for text in texts]
    assert set(reading.problems) == {place for place, text in enumerate(texts) if str(expected(text)) == "NaT"}


# -- the quick ways give what the careful ones give


def plainly(field, cells):
    """The same column once from bytes, as out of a plain CSV, and once from texts."""
    _, columns, _ = cut(("a\n" + "\n".join(cells)).encode(), ";")
    texts = list(cells)
    carefully = Cells(lambda: texts, np.arange(len(texts)))  # without bytes, so that every text is read by itself
    return read_column(field, columns[0], ON), read_column(field, carefully, ON)


digits = st.from_regex(r"[+-]?[0-9]{0,9}(\.[0-9]{0,9})?", fullmatch=True)
days = st.from_regex(
    r"[0-3][0-9][/.-][01][0-9][/.-](19|20)[0-9]{2}|(17|19|20)[0-9]{2}[/-][01][0-9][-/][0-3][0-9]", fullmatch=True
)
other = st.sampled_from(
    ["12,5", "1e3", "soon", "31/02/2025", "1/2/25", "+", ".", "-.5", "00012", "9434765919", "nan", "1.2.3", "5-"]
)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.one_of(digits, days, other).filter(bool), min_size=1, max_size=12),
    st.sampled_from([DAY, NUMBER, WHOLE, NHS, STATUS, Field("x")]),
)
def test_quick_and_careful_agree(cells, field):
    quick, careful = plainly(field, cells)
    np.testing.assert_array_equal(quick.column, careful.column)
    for told in ("problems", "remarks"):
        by_row = [
            {int(row): one.rule for text, one in getattr(r, told).items() for row in r.rows_of(text)} for r in (quick, careful)
        ]
        assert by_row[0] == by_row[1]


@settings(max_examples=120, deadline=None)
@given(st.lists(st.decimals(min_value=-(10**8), max_value=10**8, places=6, allow_nan=False).map(str), min_size=1, max_size=20))
def test_numbers_are_the_nearest_floats(cells):
    quick, _ = plainly(NUMBER, cells)
    assert quick.column.tolist() == [float(cell) for cell in cells]


def test_the_last_day_of_every_month_is_a_date_and_the_next_is_none():
    months = [(year, month) for year in (1850, 1900, 1999, 2000, 2023, 2024, 9999) for month in range(1, 13)]
    last = [
        (date(year + month // 12, month % 12 + 1, 1) if year < 9999 or month < 12 else None, year, month)
        for year, month in months
    ]
    lengths = [(first - date(year, month, 1)).days if first else 31 for first, year, month in last]
    kept = read_column(
        Field("listed", validation="date_dmy"), [f"{n:02d}/{m:02d}/{y}" for n, (y, m) in zip(lengths, months, strict=True)]
    )
    assert kept.column.tolist() == [date(y, m, n) for n, (y, m) in zip(lengths, months, strict=True)]
    gone = read_column(
        Field("listed", validation="date_dmy"), [f"{n + 1}/{m:02d}/{y}" for n, (y, m) in zip(lengths, months, strict=True)]
    )
    assert np.isnat(gone.column).all()
    assert {problem.rule for problem in gone.problems.values()} == {"impossible-date"}


@pytest.mark.parametrize(("letters", "told_of"), [(4_000, False), (4_001, True)])
def test_a_text_has_an_end(letters, told_of):
    reading = read_column(Field("note", type="notes"), ["x" * letters, "short"])
    assert [problem.rule for problem in reading.problems.values()] == ["too-long"] * told_of
    assert reading.column[1] == "short"
    assert reading.column.dtype.itemsize <= 4 * LONGEST_TEXT, "one long cell must not widen a hundred thousand"
    assert all(len(problem.message) < 200 for problem in reading.problems.values())


def test_what_is_written_as_an_nhs_number_is_found_in_a_text():
    told = "first 943 476 5919, then 943-476-5919 and 9434765919; not 94347659190, nor 943  476 5919, nor 12"
    assert ten_digits_in(told) == ["9434765919"] * 3
    assert ten_digits_in("") == []
