import numpy as np
import pytest

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.attacker.linking import link
from plenary_stats.disclosure.attacker.opened import open_rounded
from plenary_stats.disclosure.attacker.view import View, view_of
from plenary_stats.tables import ResultTable, numbers, text
from tests.unit.plenary_stats.disclosure import known

POLICY = Policy(rounding=5, minimum_width=4)


def opened(rows, *, earlier=(), policy=POLICY, reach=1) -> tuple[View, dict]:
    """Return the view, and what is left of each rounded cell."""
    tables = [known.table([{"centre": centre, "value": value} for centre, value in each.items()], ("centre",)) for each in rows]
    before = [
        known.table([{"centre": centre, "value": value} for centre, value in each.items()], ("centre",)) for each in earlier
    ]
    view = view_of(tables, policy, before)
    link(view)
    cells = open_rounded(view, [*tables, *before], 5, reach)
    return view, {view.codes(cell): (view.within[cell], float(view.value[cell])) for cell in cells}


def test_a_rounded_number_is_unknown_within_its_neighbours():
    _, found = opened([{"A": 10, "B": 25, "Total": 35}])
    assert {place: within for place, (within, _) in found.items()} == {("A",): (6, 14), ("B",): (21, 29), ("Total",): (31, 39)}
    assert all(np.isnan(value) for _, value in found.values())


def test_further_multiples_are_believed_only_where_they_must_be():
    _, found = opened([{"A": 10}], reach=2)
    assert found["A",][0] == (1, 19)


def test_a_table_that_is_not_rounded_tells_its_numbers():
    view, found = opened([{"A": 11, "B": 25}])
    assert not found
    assert sorted(view.value.tolist()) == [11, 25]


def test_what_was_printed_exactly_before_is_believed_where_it_fits():
    _, found = opened([{"A": 10, "B": 25}], earlier=[{"A": 12, "B": 99}])
    assert found["A",][1] == 12
    assert np.isnan(found["B",][1])


def test_what_is_public_elsewhere_is_known():
    policy = Policy(rounding=5, minimum_width=4, already_public=({"centre": "A", "value": 12},))
    _, found = opened([{"A": 10, "B": 25}], policy=policy)
    assert found["A",][1] == 12
    assert np.isnan(found["B",][1])


def earlier_told(value, **more):
    """What is believed of A, which rounds to 10, where an earlier edition printed it exactly."""
    _, found = opened([{"A": 10, "B": 25}], earlier=[{"A": value, "B": 99}], **more)
    return found["A",][1]


@pytest.mark.parametrize("value", [6, 14])
def test_the_ends_of_what_a_rounded_number_lies_between_are_within(value):
    assert earlier_told(value) == value


@pytest.mark.parametrize("value", [4, 16])
def test_what_a_rounded_number_cannot_be_was_corrected_since(value):
    assert np.isnan(earlier_told(value))
    assert earlier_told(value, reach=2) == value, "unless it must be further off"


def test_the_same_figure_is_that_of_the_same_place_alone():
    """B stands beside A, and not for it."""
    _, found = opened([{"A": 10, "B": 10}], earlier=[{"A": 99, "B": 12}])
    assert np.isnan(found["A",][1])
    assert found["B",][1] == 12


def test_money_is_not_rounded():
    columns = {"centre": text(["A"]), "value": numbers([10.0])}
    money = ResultTable(columns, name="spend", kind="magnitude", dimensions=("centre",))
    counted = known.table([{"centre": "A", "value": 10}], ("centre",))
    view = view_of([money, counted], POLICY)
    assert [view.quantity(cell) for cell in open_rounded(view, [money, counted], 5, 1)] == ["patients"]
    assert 10.0 in view.value.tolist()


def test_what_stands_in_no_table_and_what_is_withheld_is_not_opened():
    view, found = opened([{"A": None, "B": 25}], earlier=[{"A": None, "C": None}])
    assert list(found) == [("B",)]
    assert len(view) == 3


def test_an_exact_figure_of_what_is_no_longer_published_has_no_twin():
    before = rate(7, 33)
    now = known.table([{"centre": "A", "value": 10}], ("centre",))
    view = view_of([now], POLICY, [before])
    assert [view.quantity(cell) for cell in open_rounded(view, [now, before], 5, 1)] == ["patients"]
    assert sorted(view.value[~np.isnan(view.value)].tolist()) == [7, 26, 33]


def rate(met, of):
    columns = {"centre": text(["A"]), "numerator": numbers([met]), "denominator": numbers([of])}
    return ResultTable(columns, name="outcomes", kind="rate", dimensions=("centre",))


def test_events_are_opened_like_patients_and_so_is_what_is_left():
    view = view_of([rate(10, 35)], POLICY)
    cells = open_rounded(view, [rate(10, 35)], 5, 1)
    assert {view.quantity(cell): view.within[cell] for cell in cells} == {
        "denominator": (31, 39),
        "numerator": (6, 14),
        "complement": (21, 29),
    }
