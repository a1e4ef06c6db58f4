"""Why cells are withheld, and what it would cost to show one."""

import numpy as np
import pytest

from plenary_stats.disclosure import Policy, audit, cost_of_showing, protect, reasons
from plenary_stats.errors import InputError
from tests.unit.plenary_stats.disclosure.test_protect import CENTRES, as_table, rates, with_margins

POLICY = Policy()
TABLE = as_table(with_margins(CENTRES))


def told(tables, policy=POLICY):
    done = protect(tables, policy)
    return done, {(each.quantity, each.place): each for each in reasons(tables, done, policy)}


def test_every_withheld_cell_has_a_reason_and_no_other():
    done, found = told([TABLE])
    hidden = {("patients", (row["centre"], row["region"])) for row in done.tables[0].rows() if row["status"] == "c"}
    assert set(found) == hidden
    assert found["patients", ("C1", "R0")].rule == "patients"
    assert found["patients", ("C1", "R0")].protects == ()


def test_a_further_cell_says_whom_it_protects():
    """The small cell is told by any of its partners, if that is shown."""
    _, found = told([TABLE])
    further = {key: each for key, each in found.items() if each.rule == "secondary"}
    assert len(further) == 3
    protected = {each for reason in further.values() for each in reason.protects}
    assert ("patients", ("C1", "R0")) in protected
    assert all(each.protects for each in further.values())


def test_what_goes_with_a_small_denominator_is_told_apart():
    _, found = told([rates([("A", 40, 60), ("B", 150, 200), ("C", 12, 20), ("Total", 202, 280)])])
    rules = {key[0]: each.rule for key, each in found.items() if "C" in key[1]}
    assert rules["denominator"] == "patients"
    assert rules["numerator"] == "tied"


def test_few_events_and_few_others_are_told_apart():
    _, found = told([rates([("A", 58, 60), ("B", 3, 200), ("C", 50, 80), ("Total", 111, 340)])])
    rules = {(key[0], key[1][1]): each.rule for key, each in found.items()}
    assert rules["complement", "A"] == "complement"
    assert rules["numerator", "B"] == "events"


def second(found):
    return min(key for key, each in found.items() if each.rule == "secondary")


def test_what_it_costs_to_show_a_cell_is_another_pattern_that_is_safe():
    done, found = told([TABLE])
    quantity, place = second(found)
    cost = cost_of_showing([TABLE], POLICY, (), quantity, place)
    assert cost.possible
    assert cost.secondary_before == done.audit.totals["secondary"]
    assert cost.loss_before == done.audit.totals["loss"]
    assert cost.loss_after >= cost.loss_before
    assert cost.newly_withheld
    assert (quantity, place) not in cost.newly_withheld
    dear = Policy(weights={"centre": {place[0]: 1.0}}, already_public=())
    assert audit(protect([TABLE], dear).tables, dear).clean


def test_a_small_cell_cannot_be_shown():
    cost = cost_of_showing([TABLE], POLICY, (), "patients", ("C1", "R0"))
    assert not cost.possible
    assert "too small" in cost.why
    assert cost.newly_withheld == ()


def test_a_shown_cell_costs_nothing():
    shown = next(row for row in protect([TABLE], POLICY).tables[0].rows() if row["status"] == "")
    cost = cost_of_showing([TABLE], POLICY, (), "patients", (shown["centre"], shown["region"]))
    assert cost.possible
    assert cost.newly_withheld == ()
    assert cost.loss_before == cost.loss_after


def test_where_nothing_else_can_go_it_is_impossible():
    """A row of one small cell, one large one and their total: the total and the large one are all the company there is."""
    table = as_table({("A", "N"): 12, ("A", "Total"): 62, ("A", "S"): 50})
    public = Policy(already_public=({"centre": "A", "region": "Total", "value": 62},))
    cost = cost_of_showing([table], public, (), "patients", ("A", "S"))
    assert not cost.possible


def test_a_cell_that_is_not_there_is_named():
    with pytest.raises(InputError, match="no patients at C9, R0"):
        cost_of_showing([TABLE], POLICY, (), "patients", ("C9", "R0"))


def test_a_cell_shown_in_spite_of_all_would_tell():
    """The reason holds: with a further cell shown, the attack finds what it is said to protect."""
    done, found = told([TABLE])
    (quantity, place) = second(found)
    made = done.tables[0]
    value = np.array(made["value"])
    at = [row for row in range(len(made)) if (made["centre"][row], made["region"][row]) == place]
    value[at] = TABLE["value"][[row for row in range(len(TABLE)) if (TABLE["centre"][row], TABLE["region"][row]) == place]]
    status = np.where(np.isnan(value), "c", "")
    opened = type(TABLE)(dict(made.columns) | {"value": value, "status": status}, name="t", dimensions=made.dimensions)
    rows = audit([opened], POLICY).rows()
    unsafe = {(row["quantity"], (row["centre"], row["region"])) for row in rows if row["verdict"] in {"exact", "narrow"}}
    assert set(found[quantity, place].protects) & unsafe
