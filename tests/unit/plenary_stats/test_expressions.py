"""The expressions of outcome sets, with SQLite as the independent judge of what SQL means."""

import sqlite3
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.errors import InputError
from plenary_stats.expressions import parse, parse_value


@dataclass(frozen=True)
class Known:
    name: str
    kind: str
    choices: dict[str, str] = field(default_factory=dict)


FIELDS = {
    known.name: known
    for known in (
        Known("age", "number"),
        Known("score", "integer"),
        Known("note", "text"),
        Known("admitted", "date"),
        Known("discharged", "date"),
        Known("status", "choice", {"alive": "Alive at discharge", "dead": "Died"}),
        Known("accepted", "choice", {"1": "Yes", "0": "No"}),
        Known("stage", "choice", {"1": "I", "2": "II", "10": "X"}),
        Known("organ___2", "choice", {"1": "Checked", "0": "Unchecked"}),
    )
}
COLUMNS = {
    "age": np.array([1.0, np.nan, 50.0, 80.0]),
    "score": np.array([0.0, 3.0, np.nan, -2.0]),
    "note": np.array(["", "a", "b", "it's"]),
    "admitted": np.array(["2025-01-01", "2025-02-01", "NaT", "2025-04-01"], dtype="datetime64[D]"),
    "discharged": np.array(["2025-01-11", "NaT", "2025-03-02", "2025-04-01"], dtype="datetime64[D]"),
    "status": np.array(["alive", "dead", "", "alive"]),
    "accepted": np.array(["1", "0", "1", ""]),
    "stage": np.array(["1", "2", "10", ""]),
    "organ___2": np.array(["1", "0", "", "1"]),
}


def answer(text):
    """One letter a row: T, F or ? for NULL."""
    true, known = parse(text, FIELDS).evaluate(COLUMNS)
    return "".join("T" if t else "F" if k else "?" for t, k in zip(true, known, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TRUE", "TTTT"),
        ("false", "FFFF"),
        ("NULL", "????"),
        ("age >= 50", "F?TT"),
        ("age = NULL", "????"),
        ("NOT age >= 50", "T?FF"),
        ("age >= 50 OR TRUE", "TTTT"),
        ("age >= 50 AND FALSE", "FFFF"),
        ("age >= 50 or score = 3", "FTTT"),
        ("age >= 50 and score = 3", "F??F"),
        ("age IS NULL", "FTFF"),
        ("age IS NOT NULL", "TFTT"),
        ("age BETWEEN 1 AND 50", "T?TF"),
        ("age NOT BETWEEN 1 AND 50", "F?FT"),
        ("age in (1, 80)", "T?FT"),
        ("age not in (1, 80)", "F?TF"),
        ("age in (1, NULL)", "T???"),
        ("age not in (1, null)", "F???"),
        ("note = 'it''s'", "?FFT"),
        ("note < 'b'", "?TFF"),
        ("note = ''", "TFFF"),
        ("note <> ''", "FTTT"),
        ("status = 'alive'", "TF?T"),
        ("status = 'Died'", "FT?F"),
        ("status != 'dead'", "TF?T"),
        ("accepted", "TFT?"),
        ("not accepted", "FTF?"),
        ("accepted = 'yes'", "TFT?"),
        ("accepted = 1", "TFT?"),
        ("accepted = TRUE", "TFT?"),
        ("stage >= 2", "FTT?"),
        ("stage >= '2'", "FTT?"),
        ("stage = 'X'", "FFT?"),
        ("discharged - admitted <= 10", "T??T"),
        ("discharged - admitted = 0", "F??T"),
        ("admitted + 10 = discharged", "T??F"),
        ("discharged >= '2025-03-01'", "F?TT"),
        ("discharged >= DATE '2025-03-01'", "F?TT"),
        ("discharged - '2025-01-01' > 5", "T?TT"),
        ("admitted between '2025-01-01' and '2025-02-01'", "TT?F"),
        ("age * 2 + 1 > 100", "F?TT"),
        ("-age < 0", "T?TT"),
        ("age / score > 0", "??" + "?F"),
        ("(age > 10 OR score > 1) AND status IN ('dead','alive')", "FT?T"),
        ("score > '1'", "FT?F"),
    ],
)
def test_answers(text, expected):
    assert answer(text) == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["empty"]),
        ("   ", ["empty"]),
        ("agee > 3", ["'agee'", "did you mean 'age'", "position 1"]),
        ("age > ", ["breaks off", "position 7"]),
        ("age >> 3", ["position 6"]),
        ("age > 3 3", ["AND or OR", "position 9"]),
        ("(age > 3", ["')' is expected"]),
        ("status = 'alve'", ["'alve' is not a permitted value of 'status'", "'alive'"]),
        ("age = 'old'", ["'old' is not a number"]),
        ("admitted > 'yesterday'", ["YYYY-MM-DD"]),
        ("admitted > '2025-02-30'", ["YYYY-MM-DD"]),
        ("admitted + discharged > 3", ["a date + a date"]),
        ("admitted > 3", ["date cannot be compared with a number"]),
        ("age AND TRUE", ["this is a number"]),
        ("age", ["this is a number"]),
        ("note", ["this is a text"]),
        ("1 + 1", ["gives a number"]),
        ("age = 1 = 1", ["comparison cannot follow"]),
        ("age not 3", ["IN or BETWEEN"]),
        ("age in 3", ["'(' is expected"]),
        ("age between 3", ["'AND' is expected"]),
        ("age is 3", ["'NULL' is expected"]),
        ("note = 'open", ["quotation mark is not closed", "position 8"]),
        ("age ; 3", ["position 5", "';'"]),
        ("upper(note) = 'A'", ["functions are not understood"]),
        ("[age] > 3", ["square brackets"]),
        ("(" * 200 + "TRUE" + ")" * 200, ["nested too deeply"]),
        ("not " * 200 + "TRUE", ["nested too deeply"]),
        ("- " * 200 + "age > 3", ["nested too deeply"]),
        ("TRUE < FALSE", ["no order"]),
    ],
)
def test_refusals_say_where_and_why(text, parts):
    with pytest.raises(InputError) as refusal:
        parse(text, FIELDS)
    for part in parts:
        assert part in str(refusal.value)


def test_a_long_chain_is_not_deep():
    assert answer(" or ".join(["age = 1"] * 3000)) == "T?FF"


def test_a_column_that_is_not_carried_is_named():
    expression = parse("age > 3 and score = 1", FIELDS)
    assert expression.fields == ("age", "score")
    with pytest.raises(InputError, match=r"'score'.*not carry"):
        expression.evaluate({"age": COLUMNS["age"]})


def test_values_of_days():
    values, known = parse_value("discharged - admitted", FIELDS).values(COLUMNS)
    assert known.tolist() == [True, False, False, True]
    assert values[known].tolist() == [10.0, 0.0]


def test_a_constant_fills_every_row():
    true, known = parse("1 = 1", FIELDS).evaluate(COLUMNS)
    assert true.tolist() == known.tolist() == [True] * 4


def test_no_rows():
    none = {name: column[:0] for name, column in COLUMNS.items()}
    true, known = parse("age > 3 or status = 'alive'", FIELDS).evaluate(none)
    assert len(true) == len(known) == 0


# -- the independent judge

TEXTS = ["", "a", "b", "c", "it's", "A"]
literal_numbers = st.integers(-4, 4)


def number_terms():
    atoms = st.sampled_from(["x", "y", "2.5", "0", "1", "-3.0", "NULL"])
    return st.recursive(
        atoms, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*"]), inner), max_leaves=4
    )


def conditions():
    signs = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="])
    words = st.sampled_from(["t", "u", "'a'", "'b'", "'it''s'", "NULL"])
    atoms = st.one_of(
        st.builds("{} {} {}".format, number_terms(), signs, number_terms()),
        st.builds("{} {} {}".format, words, signs, words),
        st.builds("{} IN ({}, {})".format, number_terms(), number_terms(), number_terms()),
        st.builds("{} NOT IN ({}, {})".format, words, words, words),
        st.builds("{} BETWEEN {} AND {}".format, number_terms(), number_terms(), number_terms()),
        st.builds("{} NOT BETWEEN {} AND {}".format, number_terms(), number_terms(), number_terms()),
        st.builds("{} IS NULL".format, st.one_of(number_terms(), words)),
        st.builds("{} IS NOT NULL".format, st.one_of(number_terms(), words)),
        st.sampled_from(["TRUE", "FALSE"]),
    )
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.builds("({}) AND ({})".format, inner, inner),
            st.builds("{} OR {}".format, inner, inner),
            st.builds("{} AND {}".format, inner, inner),
            st.builds("NOT ({})".format, inner),
            st.builds("NOT {}".format, inner),
        ),
        max_leaves=8,
    )


rows = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-3, 3)),
        st.one_of(st.none(), st.floats(-3, 3, allow_nan=False).map(lambda v: round(v, 1))),
        st.sampled_from(TEXTS),
        st.sampled_from(TEXTS),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=120, deadline=None)
@given(text=conditions(), table=rows)
def test_sqlite_agrees(text, table):
    fields = {"x": Known("x", "number"), "y": Known("y", "number"), "t": Known("t", "text"), "u": Known("u", "text")}
    columns = {
        "x": np.array([np.nan if row[0] is None else row[0] for row in table], dtype=float),
        "y": np.array([np.nan if row[1] is None else row[1] for row in table], dtype=float),
        "t": np.array([row[2] for row in table]),
        "u": np.array([row[3] for row in table]),
    }
    true, known = parse(text, fields).evaluate(columns)
    ours = [bool(t) if k else None for t, k in zip(true, known, strict=True)]
    with sqlite3.connect(":memory:") as database:
        database.execute("create table cases (n integer primary key, x real, y real, t text, u text)")
        database.executemany("insert into cases (x, y, t, u) values (?, ?, nullif(?, ''), nullif(?, ''))", table)
        theirs = [None if row[0] is None else bool(row[0]) for row in database.execute(f"select {text} from cases order by n")]
    database.close()
    assert ours == theirs


@settings(max_examples=120, deadline=None)
@given(st.text(alphabet="agestu =<>!()'\"[]+-*/.,0123456789ANDORTINULLBETWEEN\n", max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        expression = parse(text, FIELDS)
    except InputError:
        return
    true, known = expression.evaluate(COLUMNS)
    assert len(true) == len(known) == 4
    assert not (true & ~known).any()
