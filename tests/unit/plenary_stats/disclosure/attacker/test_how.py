"""How a leak is told: the figures named must give the number, whatever the table."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, audit
from plenary_stats.tables import ResultTable, numbers, text
from tests.unit.plenary_stats.disclosure.known import counts


def how(*tables, policy=None, previous=()):
    return dict(audit(tables, policy or Policy(), previous).how)


def test_a_total_less_the_rest():
    assert how(counts({"A": 31, "B": 14, "C": None, "Total": 57})) == {
        ("patients", "C"): "patients of Total (57) less A (31) less B (14)"
    }


def test_the_shortest_reckoning_is_told():
    """The row gives it with one figure, the column with two."""
    cells = {("A", "N"): None, ("A", "S"): 40, ("A", "Total"): 52, ("B", "N"): 41, ("C", "N"): 42, ("Total", "N"): 95}
    assert how(counts(cells, ("centre", "area")))["patients", "A", "N"] == "patients of Total (52) less S (40)"


def test_of_a_range_both_ends_are_told():
    told = how(counts({("A", "N"): None, ("A", "S"): None, ("A", "E"): 0, ("A", "Total"): 3}, ("centre", "area")))
    assert told["patients", "A", "N"] == "at most 3: Total (3), with one nought"


def test_noughts_and_many_figures_are_counted():
    cells = {f"c{order}": 30 + order for order in range(9)} | {"x": None, "n": 0, "m": 0, "Total": sum(range(30, 39)) + 7}
    told = how(counts(cells))["patients", "x"]
    assert told.startswith("patients of Total (313) less c8 (38) less c7 (37)")
    assert told.endswith("and 4 more, with 2 noughts")


def test_a_nought_for_all_is_told():
    assert how(counts({"A": None, "B": None, "Total": 0}))["patients", "A"] == "at most 0: noughts alone"


def test_other_quantities_and_editions_are_named():
    columns = {"centre": text(["A"]), "numerator": numbers([None]), "denominator": numbers([60]), "not_met": numbers([57])}
    rate = ResultTable({**columns, "status": text(["c"])}, name="outcomes", kind="rate", dimensions=("centre",))
    known_elsewhere = Policy(already_public=({"quantity": "complement", "centre": "A", "value": 57},))
    assert how(rate, policy=known_elsewhere)["numerator", "A"] == "denominator (60) less complement (57)"
    now, before = counts({"A": 40, "B": None}), counts({"A": None, "B": None, "Total": 52})
    assert how(now, previous=[before])["patients", "B"] == "patients of Total (52, earlier or elsewhere) less A (40)"


def test_what_is_safe_needs_no_words():
    found = audit([counts({"A": None, "B": None, "Total": 90})], Policy())
    assert found.cells["how"].tolist() == ["", ""]
    assert found.how == {}


def test_a_share_is_named():
    columns = {"centre": text(["A"]), "value": numbers([0.947]), "numerator": numbers([None]), "denominator": numbers([None])}
    rate = ResultTable({**columns, "status": text([""])}, name="outcomes", kind="rate", dimensions=("centre",))
    rate = ResultTable({**rate.columns, "value": numbers([0.947])}, name="outcomes", kind="rate", dimensions=("centre",))
    limit = Policy(already_public=({"quantity": "denominator", "centre": "Total", "value": 60},))
    words = how(rate, counts({"A": 40}), policy=limit)
    assert all("the share 0.947 shown beside it" in each for each in words.values())


def reckoned(words):
    """Work out what the words say: each figure's number, with its sign and how often."""
    total = 0.0
    words = re.sub(r"^(patients of )", "", words)
    for sign, times, number in re.findall(r"(?:^|( less | plus ))(?:(\d+(?:\.\d+)?) × )?[^()]*?\((\d+)\)", words):
        total += (-1 if sign == " less " else 1) * float(times or 1) * float(number)
    return total


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 40), min_size=9, max_size=9), st.lists(st.booleans(), min_size=16, max_size=16))
def test_the_figures_named_give_the_number(inner, hidden):
    truth = np.array(inner).reshape(3, 3)
    whole = np.pad(truth, (0, 1))
    whole[3], whole[:, 3] = whole.sum(axis=0), 0
    whole[:, 3] = whole[:, :3].sum(axis=1)
    names = ("0", "1", "2", "Total")
    cells = {
        (names[row], names[column]): None if hidden[4 * row + column] and (row, column) != (3, 3) else int(whole[row, column])
        for row in range(4)
        for column in range(4)
    }
    found = audit([counts(cells, ("centre", "area"))], Policy())
    for row in found.rows():
        if row["verdict"] == "exact" and row["how"].startswith("patients of") and "more" not in row["how"]:
            assert reckoned(row["how"]) == pytest.approx(row["low"]), row["how"]
        if row["verdict"] in {"exact", "narrow"}:
            assert row["how"]


def ends_of(words):
    """Each end that words tell: least or most, the number, what it is reckoned from, and whether by its being whole."""
    for part in words.split("; "):
        found = re.fullmatch(r"at (least|most) (\d+): (.*)", part)
        if found:
            yield found[1], int(found[2]), found[3], "numbers being whole" in found[3]


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 4), min_size=9, max_size=9), st.lists(st.booleans(), min_size=16, max_size=16))
def test_the_figures_named_give_both_ends_of_a_range(inner, hidden):
    """A reader adds up what is named and has the end, or the next whole number beyond which nothing lies."""
    truth = np.pad(np.array(inner).reshape(3, 3), (0, 1))
    truth[3], truth[:, 3] = truth.sum(axis=0), 0
    truth[:, 3] = truth[:, :3].sum(axis=1)
    names = ("0", "1", "2", "Total")
    cells = {
        (names[row], names[column]): None if hidden[4 * row + column] and (row, column) != (3, 3) else int(truth[row, column])
        for row in range(4)
        for column in range(4)
    }
    for row in audit([counts(cells, ("centre", "area"))], Policy()).rows():
        for end, number, told, whole in ends_of(row["how"]):
            assert number == row["low" if end == "least" else "high"]
            if "more" in told or "alone" in told or told == "numbers being whole":
                continue
            exact = reckoned(told)
            if not whole:
                assert exact == pytest.approx(number), row["how"]
            else:
                assert (math.ceil if end == "least" else math.floor)(round(exact, 6)) == number, row["how"]


def test_more_cells_than_are_looked_into_get_the_same_words_where_a_single_sum_tells():
    """A sum with one unknown needs no programme: it is told however many leaks there are."""
    cells = {(f"s{order:02}", centre): value for order in range(70) for centre, value in (("A", None), ("B", 40), ("Total", 52))}
    found = how(counts(cells, ("service", "centre")))
    assert set(found.values()) == {"patients of Total (52) less B (40)"}
    assert len(found) == 70


def test_an_end_without_bound_is_not_told():
    table = counts({("A", "F"): None, ("A", "M"): None, ("B", "F"): None, ("Total", "F"): 3}, ("centre", "sex"))
    told = how(table)
    assert told["patients", "A", "F"] == told["patients", "B", "F"] == "at most 3: Total (3)"
    assert ("patients", "A", "M") not in told
