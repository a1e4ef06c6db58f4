"""Every function of REDCap's calculations against what its help says, or a figure worked out by hand."""

from datetime import date

import numpy as np
import pytest

from plenary_stats.dictionary import evaluation, functions, logic

COLUMNS = {
    "a": np.array([2.5, np.nan]),
    "b": np.array([-4.0, 3.0]),
    "n": np.array([np.nan, np.nan]),
    "t": np.array([" Kidney ", ""]),
    "c": np.array(["7", "-9"]),
    "d": np.array(["2024-02-29", "NaT"], dtype="datetime64[D]"),
}


def first(text):
    """Return the value of the first row."""
    value = evaluation.read(text).values(COLUMNS, date(2025, 3, 1))[0][0]
    return value.item() if isinstance(value, np.generic) and value.dtype.kind != "M" else value


def second(text):
    return evaluation.read(text).values(COLUMNS)[0][1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a] + [b] * 2 - 1", -6.5),
        ("[b] / [a]", -1.6),
        ("2 ^ 10", 1024.0),
        ("-[a]", -2.5),
        ("sum([a], [b], [n], 1)", -0.5),
        ("mean([a], [b], [n])", -0.75),
        ("median([a], [b], 1)", 1.0),
        ("min([a], [b], [n])", -4.0),
        ("max([a], [b])", 2.5),
        ("stdev(2, 4, 4, 4, 5, 5, 7, 9)", pytest.approx(2.138089935)),
        ("round(2.5)", 3.0),
        ("round(-2.5)", -3.0),
        ("round(14.384, 1)", 14.4),
        ("round(1.005, 2)", 1.01),
        ("roundup(14.384, 1)", 14.4),
        ("rounddown(14.384, 1)", 14.3),
        ("roundup(2)", 2.0),
        ("sqrt(2.25)", 1.5),
        ("abs([b])", 4.0),
        ("exponential(0)", 1.0),
        ("log(8, 2)", pytest.approx(3.0)),
        ("log(1)", 0.0),
        ("mod(7, 3)", 1.0),
        ("isnumber([c])", True),
        ("isnumber([t])", False),
        ("isinteger([a])", False),
        ("isblankormissingcode([n])", True),
        ("year([d]) * 10000 + month([d]) * 100 + day([d])", 20240229.0),
        ("left([t], 3)", " Ki"),
        ("right('kidney', 3)", "ney"),
        ("right('kidney', 0)", ""),
        ("mid('kidney', 2, 3)", "idn"),
        ("length(trim([t]))", 6.0),
        ("find('NEY', 'kidney')", 4.0),
        ("find('x', 'kidney')", 0.0),
        ("upper('liver')", "LIVER"),
        ("lower('LIVER')", "liver"),
        ("concat('a', 1, [a])", "a12.5"),
        ("concat_ws(', ', 'a', '', 'b')", "a, b"),
        ("contains([t], 'KID')", True),
        ("not_contain([t], 'liver')", True),
        ("starts_with('liver', 'LI')", True),
        ("ends_with('liver', 'ER')", True),
        ("replace_text('a-b', '-', '+')", "a+b"),
        ("replace_text('ab', '', '+')", "ab"),
        ("datediff('2025-01-01', '2025-12-31', 'd')", 364.0),
        ("datediff('2025-12-31', '2025-01-01', 'd')", 364.0),
        ("datediff('2025-12-31', '2025-01-01', 'd', true)", -364.0),
        ("datediff('01-02-2025', '2025-02-03', 'd', 'dmy')", 2.0),
        ("datediff('01-02-2025', '01-03-2025', 'd', 'mdy', true)", 1.0),
        ("datediff([d], 'today', 'y')", pytest.approx(366 / 365.2425)),
        ("datediff([d], 'today', 'M')", pytest.approx(366 / 30.44)),
        ("datediff([d], 'today', 'h')", 366 * 24.0),
        ("calcdate([d], 10, 'd')", np.datetime64("2024-03-10")),
        ("calcdate([d], -1, 'y')", np.datetime64("2023-03-01")),
    ],
)
def test_values(text, expected):
    assert first(text) == expected


@pytest.mark.parametrize(
    "text",
    ["[a] / 0", "[n] + 1", "sqrt(-1)", "log(0)", "mean([n])", "stdev(4)", "datediff([d], 'tomorrow', 'd')", "datediff([d], [d], 'w')",
     "10 ^ 999", "mod(1, 0)", "[t] * 2", "[d] * 2", "year('31-02-2024')"],
)  # fmt: skip
def test_what_has_no_value_is_blank(text):
    assert np.isnan(first(text))


def test_a_blank_in_a_sum_is_passed_over_and_told():
    values, known = evaluation.read("sum([a], [b])").values(COLUMNS)
    assert values.tolist() == [-1.5, 3.0]
    assert known.tolist() == [True, False]
    assert np.isnan(second("sum([a], [n])"))
    assert np.isnat(second("calcdate([d], 10, 'd')"))
    assert np.isnan(second("year([d])"))


def test_whether_something_is_blank_is_always_known():
    _, known = evaluation.read("isblankormissingcode([a])").values(COLUMNS)
    assert known.tolist() == [True, True]


def test_every_function_that_is_read_can_be_worked_out():
    for name, (least, _) in logic.FUNCTIONS.items():
        arguments = ["'2025-01-01'", "'2025-02-01'", "'d'"] if name in {"datediff", "calcdate"} else ["1", "2", "3"]
        values, known = evaluation.read(f"{name}({', '.join(arguments[:least])})").values(COLUMNS)
        assert len(values) == len(known) == 2, name


@pytest.mark.parametrize(
    ("text", "expected"), [("1_000", np.nan), ("inf", np.nan), ("nan", np.nan), ("1e3", 1000.0), (" 7", 7.0), ("", np.nan)]
)
def test_what_is_a_number(text, expected):
    assert functions.numbers_of(np.array([text])).tolist() == pytest.approx([expected], nan_ok=True)


def test_texts_of_numbers_and_dates_are_as_people_write_them():
    assert functions.as_texts(np.array([1.0, 0.1, np.nan])).tolist() == ["1", "0.1", ""]
    assert functions.as_texts(COLUMNS["d"]).tolist() == ["2024-02-29", ""]
