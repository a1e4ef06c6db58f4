"""Branching logic on whole columns: REDCap's answers, and whether they hold whatever a blank would turn out to be."""

import contextlib
from datetime import date

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plenary_stats.dictionary import evaluation, logic
from plenary_stats.errors import InputError

COLUMNS = {
    "status": np.array(["1", "2", ""]),
    "age": np.array([17.0, 40.0, np.nan]),
    "note": np.array(["05", "Kidney", ""]),
    "organ___1": np.array(["1", "0", ""]),
    "organ____9": np.array(["0", "1", ""]),
    "born": np.array(["2008-05-01", "1985-01-31", "NaT"], dtype="datetime64[D]"),
    "seen": np.array(["2025-05-01", "2025-01-31", "2025-06-01"], dtype="datetime64[D]"),
}


def answer(text, on=date(2025, 11, 30)):
    """Return T or F a row, and after each ``?`` where the answer hangs on a blank."""
    true, known = evaluation.read(text).evaluate(COLUMNS, on)
    return "".join(("T" if yes else "F") + ("" if sure else "?") for yes, sure in zip(true, known, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[status] = '2'", "FTF?"),
        ("[status] <> '2'", "TFT?"),
        ("[status] = 2", "FTF?"),
        ("[status] = ''", "FFT"),
        ("[status] <> ''", "TTF"),
        ('"" = [age]', "FFT"),
        ("[age] > 18", "FTF?"),
        ("[age] <= 18", "TFF?"),
        ("[age] > '18'", "FTF?"),
        ("[note] = 5", "TFF?"),
        ("[note] = '5'", "FFF?"),
        ("[note] > 4", "TFF?"),
        ("[note] = 'kidney'", "FFF?"),
        ("[organ(1)] = '1'", "TFF?"),
        ("[organ(-9)] = '1'", "FTF?"),
        ("[organ(1)]", "TFF?"),
        ("[age]", "TTF?"),
        ("[age] = [age]", "TTT?"),
        ("not [status] = '2'", "TFT?"),
        ("[status] = '2' and [age] > 50", "FFF?"),
        ("[seen] < '2025-05-15' and [age] > 18", "FTF"),
        ("[seen] > '2025-05-15' or [age] > 18", "FTT"),
        ("[seen] = '01-05-2025'", "TFF"),
        ("[seen] < 'today'", "TTT"),
        ("datediff([born], [seen], 'y') >= 18", "FTF?"),
        ("datediff([born], 'today', 'y') >= 17.5", "TTF?"),
        ("if([age] < 18, 'child', 'adult') = 'adult'", "FTT?"),
        ("[born]", "TTF?"),
        ("not [born]", "FFT?"),
        ("[born] and [status] = '2'", "FTF?"),
        ("[born] or [status] = '2'", "TTF?"),
        ("if([born], 'yes', 'no') = 'yes'", "TTF?"),
        ("'today'", "TTT"),
        ("calcdate([seen], 1, 'd')", "TTT"),
        ("1 = 1", "TTT"),
        ("[seen] = 5", "FFF"),
    ],
)
def test_answers(text, expected):
    assert answer(text) == expected


def test_without_a_day_today_is_a_blank():
    assert answer("[seen] < 'today'", on=None) == "F?F?F?"
    assert answer("[age] > 18 or [seen] < 'today'", on=None) == "F?TF?"


def test_a_condition_on_no_rows_has_no_answers():
    true, known = evaluation.read("[a] = '1' and [b] > 2").evaluate({"a": np.array([], dtype=np.str_), "b": np.array([])})
    assert (len(true), len(known)) == (0, 0)


def test_a_calculation_gives_values():
    values, known = evaluation.read("round([age] / 3, 1)").values(COLUMNS)
    assert values.tolist()[:2] == [5.7, 13.3]
    assert np.isnan(values[2])
    assert known.tolist() == [True, True, False]
    texts, _ = evaluation.read("if([age] >= 18, 'adult', '')").values(COLUMNS)
    assert texts.tolist() == ["", "adult", ""]
    days, _ = evaluation.read("if([status] = '1', [seen], [born])").values(COLUMNS)
    assert days.astype(str).tolist() == ["2025-05-01", "1985-01-31", "NaT"]


def test_a_blank_beside_a_number_is_a_blank_number():
    values, _ = evaluation.read("if([status] = '2', [age], '')").values(COLUMNS)
    assert np.isnan(values).tolist() == [True, False, True]
    texts, _ = evaluation.read("if([status] = '2', [age], 'none')").values(COLUMNS)
    assert texts.tolist() == ["none", "40", "none"]


def test_the_columns_that_are_read():
    assert evaluation.read("[organ(-9)] = '1' and [age] > [age]").fields == ("organ____9", "age")


def test_a_field_that_the_cases_do_not_carry_is_named():
    with pytest.raises(InputError, match="needs the field 'height'"):
        evaluation.read("[height] > 1").evaluate(COLUMNS)


def test_a_sum_of_thousands_is_worked_out():
    values, _ = evaluation.read("[age]" + " + 1" * 5000).values(COLUMNS)
    assert values.tolist()[:2] == [5017.0, 5040.0]


ATOMS = [
    "[status]", "[age]", "[note]", "[organ(1)]", "[born]", "[seen]", "'today'", "now", "1", "0", "-1", "1e300", "'x'", "''",
    "'2024-02-30'", "'31-12-9999'", "'0001-01-01'", "'d'", "'y'", "'dmy'", "'٣'", "2.5", "400",
]  # fmt: skip


@st.composite
def texts(draw, deepest=3):
    """Return anything that can be said in REDCap's language, sense or nonsense."""
    kind = draw(st.integers(0, 4)) if deepest else 0
    part = texts(deepest - 1)
    if kind == 0:
        return draw(st.sampled_from(ATOMS))
    if kind == 1:
        name = draw(st.sampled_from(sorted(logic.FUNCTIONS)))
        least, most = logic.FUNCTIONS[name]
        count = draw(st.integers(least, min(most or least + 2, least + 2)))
        return f"{name}({', '.join(draw(part) for _ in range(count))})"
    if kind == 4:
        return f"{draw(st.sampled_from(['not ', '-']))}({draw(part)})"
    signs = ["+", "-", "*", "/", "^"] if kind == 2 else ["=", "<>", "<", ">=", "and", "or"]
    return f"({draw(part)} {draw(st.sampled_from(signs))} {draw(part)})"


@settings(max_examples=300, deadline=None)
@given(texts())
@example("[born]")
@example("if([born], 1, 2)")
def test_whatever_is_said_has_an_answer_on_every_row(text):
    """Logic comes from dictionaries that people write: a form that is odd is an odd answer, never the end of a check."""
    with contextlib.suppress(InputError):
        read = evaluation.read(text)
        for found in (read.values(COLUMNS, date(2025, 11, 30)), read.evaluate(COLUMNS, None)):
            assert [len(one) for one in found] == [3, 3]
