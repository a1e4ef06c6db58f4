import numpy as np

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.attacker.linking import link
from plenary_stats.disclosure.attacker.opened import open_rounded
from plenary_stats.disclosure.attacker.view import View, view_of
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
