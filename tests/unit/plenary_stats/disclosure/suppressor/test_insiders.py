"""Insiders: what a centre cannot subtract from what is published with what it knows itself."""

import numpy as np
import pytest

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.disclosure.suppressor.cells import Cells
from plenary_stats.disclosure.suppressor.insiders import known_to_members, with_the_same
from plenary_stats.tables import TOTAL
from tests.unit.plenary_stats.disclosure import known

DIMENSIONS = ("centre", "area")
PLAIN = Policy(zeros="publish")
WARY = Policy(zeros="publish", insiders=("centre",))


def crossed(inside):
    """Centres by areas with all margins."""
    inside = np.array(inside)
    centres = [*(f"C{each}" for each in range(inside.shape[0])), TOTAL]
    areas = [*(f"R{each}" for each in range(inside.shape[1])), TOTAL]
    full = np.block([[inside, inside.sum(axis=1, keepdims=True)], [inside.sum(axis=0, keepdims=True), inside.sum()]])
    rows = [
        {"centre": centre, "area": area, "value": int(full[row, column])}
        for row, centre in enumerate(centres)
        for column, area in enumerate(areas)
    ]
    return known.table(rows, DIMENSIONS)


def seen_by(made, centre, truth):
    """What this centre finds: the published table with its own figures filled in, attacked."""
    own = {(row["centre"], row["area"]): row["value"] for row in truth.rows() if row["centre"] == centre}
    told = [
        {"centre": row["centre"], "area": row["area"], "value": own.get((row["centre"], row["area"]), row["value"])}
        for row in made.rows()
    ]
    told = [row | {"value": "" if np.isnan(row["value"]) else row["value"]} for row in told]
    values = {(row["centre"], row["area"]): row["value"] for row in truth.rows()}
    rows = audit([known.table(told, DIMENSIONS)], PLAIN).rows()
    return [row for row in rows if row["verdict"] != "safe" and values[row["centre"], row["area"]] < 30]


TWO = crossed([[22, 80, 70], [24, 60, 90]])


def test_of_two_small_centres_each_would_know_the_other():
    """The public cannot tell 22 and 24 apart; with the total shown each of the two can."""
    made = protect([TWO], PLAIN)
    assert made.audit.clean
    assert seen_by(made.tables[0], "C0", TWO)


def test_with_insiders_neither_knows_the_other():
    made = protect([TWO], WARY)
    for centre in ("C0", "C1"):
        assert seen_by(made.tables[0], centre, TWO) == []
    status = {(row["centre"], row["area"]): row["status"] for row in made.tables[0].rows()}
    assert status[TOTAL, "R0"] == "c"


@pytest.mark.parametrize("seed", range(6))
def test_no_centre_narrows_anothers_small_number(seed):
    random = np.random.default_rng(seed)
    inside = random.integers(1, 60, (3, 4)) * random.choice([1, 3], (3, 4))
    table = crossed(inside)
    made = protect([table], WARY).tables[0]
    assert audit([made], PLAIN).clean
    for centre in ("C0", "C1", "C2"):
        assert seen_by(made, centre, table) == []


def test_insiders_cost_no_less():
    plain, wary = (protect([TWO], policy).audit.totals for policy in (PLAIN, WARY))
    assert wary["loss"] >= plain["loss"]
    assert wary["bound"] >= plain["bound"]


def test_members_know_what_stands_at_their_code():
    cells = Cells(("service", "centre"))
    for place in (("s", "A"), ("s", "B"), ("s", TOTAL), ("t", "A")):
        cells.add(("patients", place), 5.0, published=True)
    assert [own.tolist() for own in known_to_members(cells, WARY)] == [[0, 3], [1]]
    assert list(known_to_members(cells, PLAIN)) == []
    assert list(known_to_members(cells, Policy(insiders=("ward",)))) == []


def test_the_total_of_a_single_centre_is_its_own_number():
    assert with_the_same(np.array([1]), np.array([0, 1, 1, 2])).tolist() == [1, 2]
