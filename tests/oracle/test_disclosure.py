"""What can be deduced from published tables, against integer programming, exhaustive enumeration and worked cases of the literature."""

import json

import pytest

from plenary_stats.disclosure import Policy, audit, behind
from tests.oracle.reference import ORACLE
from tests.unit.plenary_stats.disclosure import known

RATIOS = ORACLE / "disclosure" / "enumerated" / "ratio.json"


def listed(found):
    absent = pytest.mark.skip(reason="reference answers are not here: oracle/disclosure")
    return [pytest.param(name, rest, id=name) for name, *rest in found] or [pytest.param("", [], marks=absent)]


def compared(agree, found, answers):
    cells = sorted(answers)
    for place, name in enumerate(("lowest", "highest")):
        ours, theirs = (
            [float("inf") if cells_of[cell][place] is None else cells_of[cell][place] for cell in cells]
            for cells_of in (found, answers)
        )
        agree(name, ours, theirs)


@pytest.mark.parametrize(("case", "given"), listed(known.published_cases(ORACLE)))
def test_the_ranges_of_published_tables_are_exact(case, given, agree):
    tables, answers = given
    found = known.ranges(audit(tables, Policy()))
    assert set(found) == set(answers)
    compared(agree, found, answers)


@pytest.mark.parametrize(("case", "given"), listed(known.enumerated_cases(ORACLE)))
def test_the_ranges_found_by_enumeration_are_found_again(case, given, agree):
    tables, policy, answers = given
    compared(agree, known.ranges(audit(tables, policy)), answers)


def ratios():
    return [(each["name"], each) for each in json.loads(RATIOS.read_text())["cases"]] if RATIOS.exists() else []


@pytest.mark.parametrize(("case", "given"), listed(ratios()))
def test_what_percentages_tell_of_the_numbers_behind_them(case, given, agree):
    [told] = given
    printed = [entry["v"] for entry in told["entries"]]
    found = behind(printed, told["n_lo"], told["n_hi"], partition=told.get("partition", False))
    if "expect_n" in told:
        agree("denominators", found.denominators, told["expect_n"])
    if "expect_n_count" in told:
        agree("number of denominators", len(found.denominators), told["expect_n_count"])
    for place, expected in enumerate(told.get("expect_k", [])):
        agree(f"numerators of {printed[place]}%", found.numerators[place], expected)
