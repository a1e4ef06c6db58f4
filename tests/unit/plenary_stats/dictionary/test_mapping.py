"""The document that says how files of an earlier version become files of this one."""

import pytest

from plenary_stats.dictionary.document import Dictionary, entry
from plenary_stats.dictionary.mapping import Rule, draft, problems, read_mapping, turned
from plenary_stats.errors import InputError

HEAD = 'service = "lam"\nfrom = "2025-1"\nto = "2026-1"\n'
GOOD = (
    HEAD
    + """files = ["cases-2025*.csv"]
[[field]]
old = "fev1"
new = "fev1_ml"
factor = 1000
[[field]]
old = "status"
new = "status"
recode = { "1" = "alive", "2" = "dead" }
note = "numbers became words"
[[field]]
old = "ward"
drop = true
[[field]]
new = "unit"
value = "mL"
"""
)
OLD = Dictionary(
    (
        entry(name="case_id", type="text", label="Case"),
        entry(name="fev1", type="text", label="FEV1"),
        entry(name="status", type="radio", label="Status", choices="1, Alive | 2, Dead | 3, Lost"),
        entry(name="ward", type="text", label="Ward"),
        entry(name="hello", type="descriptive", label="Hello"),
    )
)
NEW = Dictionary(
    (
        entry(name="case_id", type="text", label="Case"),
        entry(name="fev1_ml", type="text", label="FEV1"),
        entry(name="status", type="radio", label="Status", choices="alive, Alive | dead, <i>Dead</i> | 3, Lost"),
        entry(name="unit", type="text", label="Unit"),
    )
)


def test_a_mapping_is_read():
    found = read_mapping(GOOD)
    assert (found.service, found.old, found.new, found.files) == ("lam", "2025-1", "2026-1", ("cases-2025*.csv",))
    assert [(rule.old, rule.new) for rule in found.rules] == [
        ("fev1", "fev1_ml"),
        ("status", "status"),
        ("ward", ""),
        ("", "unit"),
    ]
    assert problems(found, NEW, OLD) == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[[", "not TOML"),
        (GOOD.replace('service = "lam"\n', ""), "must say its service"),
        (GOOD.replace('to = "2026-1"\n', ""), "must say its to"),
        (GOOD.replace('["cases-2025*.csv"]', '"cases.csv"'), "list of names"),
        (HEAD, "no \\[\\[field\\]\\]"),
        (HEAD + "field = [1]", "headed \\[\\[field\\]\\]"),
        (HEAD + '[[field]]\nold = "a"\nnew = "b"\ncolour = 1', "'colour' of \\[\\[field\\]\\] 1 \\('a'\\) is unknown"),
        (HEAD + '[[field]]\nold = 3\nnew = "b"', "must be a text"),
        (HEAD + '[[field]]\nnew = "b"', "needs an old name"),
        (HEAD + '[[field]]\nold = "b"', "either a new name or drop"),
        (HEAD + '[[field]]\nold = "b"\nnew = "c"\ndrop = true', "either a new name or drop"),
        (HEAD + '[[field]]\nold = "b"\nnew = "c"\nrecode = { a = 1 }', "The recode of"),
        (HEAD + '[[field]]\nold = "b"\nnew = "c"\nfactor = "x"', "number other than nought"),
        (HEAD + '[[field]]\nold = "b"\nnew = "c"\nfactor = 0', "number other than nought"),
        (HEAD + '[[field]]\nold = "b"\nnew = "c"\n[[field]]\nold = "d"\nnew = "c"', "'c' twice as new"),
        (HEAD + '[[field]]\nold = "b"\nnew = "c"\n[[field]]\nold = "b"\nnew = "d"', "'b' twice as old"),
    ],
)  # fmt: skip
def test_a_mapping_that_is_wrong_is_refused(text, part):
    with pytest.raises(InputError, match=part):
        read_mapping(text)


def test_a_mapping_that_does_not_fit_its_data_sets():
    text = (
        GOOD.replace('new = "unit"', 'new = "units"')
        .replace('old = "ward"', 'old = "bed"')
        .replace('"2" = "dead"', '"2" = "died"')
    )
    assert problems(read_mapping(text), NEW, OLD) == [
        "'died', which 'status' is recoded to, is not among its choices: alive, dead, 3.",
        "The data set 2025-1 has no field 'bed'.",
        "The data set 2026-1 has no field 'units'.",
    ]


@pytest.mark.parametrize(
    ("text", "becomes"),
    [("2.5", "2500"), ("0.0001", "0.1"), (" 3 ", "3000"), ("", ""), ("many", "many"), ("1e400", "1" + "0" * 403), ("NaN", "NaN")],
)
def test_a_unit_is_changed_without_losing_a_digit(text, becomes):
    rule = read_mapping(GOOD).rules[0]
    assert turned(rule, [text]) == [becomes]


def test_a_code_is_recoded_in_any_letters_and_others_stay():
    assert turned(Rule("a", "a", {"Y": "1", "n": "2"}), ["y", " N ", "?", ""]) == ["1", "2", "?", ""]


def test_a_draft_is_drawn_up_from_names_and_labels():
    text = draft(OLD, NEW, service="lam", versions=("2025-1", "2026-1"))
    found = read_mapping(text)
    assert [(rule.old, rule.new, dict(rule.recode)) for rule in found.rules] == [
        ("fev1", "fev1_ml", {}),
        ("status", "status", {"1": "alive", "2": "dead"}),
        ("ward", "", {}),
    ]
    assert found.files == ()
    assert problems(found, NEW, OLD) == []


def test_a_draft_quotes_what_toml_needs_quoted():
    odd = Dictionary((entry(name="a", type="radio", label="A", choices='"x, One | y\\, Two'),))
    new = Dictionary((entry(name="a", type="radio", label="A", choices="1, One | 2, Two"),))
    assert dict(read_mapping(draft(odd, new, service="lam", versions=("1", "2"))).rules[0].recode) == {'"x': "1", "y\\": "2"}
