"""What goes together, and what everybody knows to be nought."""

import pytest

from plenary_stats.disclosure import Policy, protect
from plenary_stats.disclosure.suppressor.cells import Cells, Sum
from plenary_stats.disclosure.suppressor.ties import structural, ties
from plenary_stats.errors import InputError
from tests.unit.plenary_stats.disclosure import known


def cells_of(*keys):
    made = Cells(("service", "centre", "measure"))
    for quantity, value in keys:
        made.add((quantity, ("s", "A", "patients")), value, published=True)
    return made


def test_figures_go_with_their_denominator_and_events_with_one_another():
    made = cells_of(("denominator", 50.0), ("numerator", 40.0), ("complement", 10.0))
    tied = ties(made, [{"denominator": 0, "numerator": 1, "complement": 2}])
    assert tied == {0: {1, 2}, 1: {2}, 2: {1}}


def test_a_count_alone_goes_with_nothing():
    assert ties(cells_of(("patients", 50.0)), [{"value": 0}]) == {}


def test_received_cases_go_with_the_patients():
    made = cells_of(("patients", 50.0), ("received", 50.0))
    assert ties(made, []) == {0: {1}, 1: {0}}


@pytest.mark.parametrize(("rest", "same"), [(0.0, True), (3.0, False)])
def test_a_sum_with_nothing_else_in_it_is_one_number_under_two_names(rest, same):
    made = cells_of(("patients", 50.0), ("denominator", 50.0 - rest), ("not_known", rest))
    made.sums.append(Sum(0, (1, 2)))
    assert (ties(made, []) == {0: {1}, 1: {0}}) is same


CHILDREN = Policy(structural_zeros=({"service": "s", "age": "65+"},))


def ages(old=0, service="s"):
    rows = [("0-17", 70), ("18-64", 80), ("65+", old), ("Total", 150 + old)]
    return known.table([{"service": service, "age": age, "value": value} for age, value in rows], ("service", "age"))


def test_a_known_nought_is_shown_and_costs_nothing():
    """A service for children has nobody of 65: to withhold that would take another age with it."""
    plain = protect([ages()], Policy()).tables[0]
    assert plain["status"].tolist().count("c") >= 2
    made = protect([ages()], CHILDREN)
    assert made.tables[0]["status"].tolist() == [""] * 4
    assert made.audit.totals["primary"] == 0


def test_a_known_nought_protects_nobody():
    rows = [("0-17", 70), ("18-64", 12), ("65+", 0), ("Total", 82)]
    table = known.table([{"service": "s", "age": age, "value": value} for age, value in rows], ("service", "age"))
    status = dict(zip(table["age"], protect([table], CHILDREN).tables[0]["status"], strict=True))
    assert status["18-64"] == "c"
    assert status["65+"] == ""
    assert {"0-17", "Total"} & {age for age, mark in status.items() if mark == "c"}


def test_an_entry_speaks_of_its_own_places_alone():
    assert protect([ages(service="t")], CHILDREN).audit.totals["primary"] == 1


def test_somebody_where_nobody_can_be_is_refused():
    with pytest.raises(InputError, match=r"s, 65\+: 7 stands .* structural_zeros"):
        protect([ages(old=7)], CHILDREN)


def test_an_unknown_cell_that_must_be_nought_is_nought():
    made = Cells(("service", "age"))
    made.add(("patients", ("s", "65+")))
    assert structural(made, CHILDREN) == {0}
    assert made.value == [0.0]
    assert structural(made, Policy(structural_zeros=({"ward": "7"},))) == set()
