"""Why cells are withheld, and whom a further one protects."""

import numpy as np

from plenary_stats.disclosure import Policy, audit, protect, reasons
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


def test_a_number_that_is_shown_beside_a_withheld_one_has_no_reason():
    """Few had the outcome: how many patients there were stays, and is no number that somebody could ask about."""
    done, found = told([rates([("A", 58, 60), ("B", 3, 200), ("C", 50, 80), ("Total", 111, 340)])])
    shown = {row["centre"] for row in done.tables[0].rows() if row["denominator"] == row["denominator"]}
    assert {"A", "B"} <= shown
    assert {key[1][1] for key in found if key[0] == "denominator"}.isdisjoint(shown)


def test_a_reason_names_the_rows_that_its_number_stands_in():
    done, found = told([TABLE])
    for (_, place), reason in found.items():
        [(table, row)] = reason.rows
        assert table == 0
        assert place == tuple(done.tables[0][name][row] for name in reason.dimensions)
    assert {row for each in found.values() for _, row in each.rows} == {
        row for row, status in enumerate(done.tables[0]["status"].tolist()) if status == "c"
    }


def test_the_patients_of_two_times_are_one_number_in_two_rows():
    once = rates([("A", 40, 60), ("B", 150, 200), ("C", 12, 20), ("Total", 202, 280)])
    columns = {name: np.concatenate([column, column]) for name, column in once.columns.items()}
    columns["measure"] = np.array(["survival@1y"] * len(once) + ["survival@5y"] * len(once))
    done, found = told([type(once)(columns, name=once.name, kind=once.kind, dimensions=once.dimensions)])
    [small] = [each for key, each in found.items() if key[0] == "denominator" and "C" in key[1]]
    assert small.rule == "patients"
    assert len(small.rows) == 2
    assert {done.tables[0]["measure"][row] for _, row in small.rows} == {"survival@1y", "survival@5y"}


def test_what_is_rounded_is_not_withheld_and_has_no_reason():
    done, found = told([TABLE], Policy(rounding=5, minimum_width=4))
    assert "c" not in done.tables[0]["status"].tolist()
    assert found == {}


def test_an_amount_of_one_contributor_says_so_and_what_goes_with_it_does_not():
    amounts = as_table({("A", "N"): 900, ("B", "N"): 40, ("C", "N"): 35, ("D", "N"): 30, ("Total", "N"): 1005})
    spend = type(amounts)(dict(amounts.columns), name="spend", kind="magnitude", dimensions=amounts.dimensions)
    _, found = told([spend], Policy(dominance=0.8))
    assert found["amount", ("Total", "N")].rule == "amount"
    assert all(each.protects for each in found.values() if each.rule == "secondary")


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
