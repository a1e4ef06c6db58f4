import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.disclosure.suppressor.amounts import asked, needed, sensitive, tells
from plenary_stats.disclosure.suppressor.links import dimensions_of, gather, link
from plenary_stats.errors import InputError
from plenary_stats.tables import ResultTable, text

DIMENSIONS = ("service", "centre")


def spend(rows: dict[tuple[str, ...], float], dimensions: tuple[str, ...] = DIMENSIONS) -> ResultTable:
    columns = {name: text([place[order] for place in rows]) for order, name in enumerate(dimensions)}
    columns["value"] = np.array(list(rows.values()), dtype=float)
    return ResultTable(columns, name="spend", kind="magnitude", dimensions=dimensions)


def service(name: str, *amounts: float) -> dict[tuple[str, str], float]:
    """A service's centres A, B, C … and its total."""
    own = {(name, chr(ord("A") + order)): amount for order, amount in enumerate(amounts)}
    return {**own, (name, "Total"): sum(amounts)}


def primary(rows: dict[tuple[str, ...], float], policy: Policy, dimensions: tuple[str, ...] = DIMENSIONS) -> set[str]:
    tables = [spend(rows, dimensions)]
    cells, _ = gather(tables, dimensions_of(tables, policy), 1)
    link(cells, policy)
    return {" ".join(cells.keys[number][1]) for number in sensitive(cells, cells.own, policy)}


def shown(table) -> dict[tuple[str, ...], float]:
    return {tuple(row[name] for name in table.dimensions): row["value"] for row in table.rows() if row["status"] == ""}


@pytest.mark.parametrize(
    ("contributions", "policy", "answer"),
    [
        ((80, 10, 10), Policy(dominance=0.8), False),  # the share may be reached, not passed
        ((81, 10, 9), Policy(dominance=0.8), True),
        ((50, 40, 10), Policy(dominance=0.8), False),
        ((50, 40, 10), Policy(dominance=0.8, dominant=2), True),
        ((9, 10, 81), Policy(dominance=0.8), True),  # in any order
        ((100, 50, 10), Policy(p_percent=10), False),  # 10 is not less than 10% of 100
        ((100, 50, 9.99), Policy(p_percent=10), True),
        ((100, 9.99), Policy(p_percent=10), True),  # two centres: the one knows the other to the pound
        ((100,), Policy(p_percent=1), True),
        ((100, 50, 5, 5), Policy(p_percent=10), False),  # all the others together hide the largest
        ((100, 50, 9), Policy(dominance=0.9, p_percent=10), True),  # either rule is enough
        ((95, 3, 2), Policy(dominance=0.9), True),
        ((), Policy(dominance=0.5), True),
        ((0, 0), Policy(p_percent=10), True),
        ((0, 0), Policy(p_percent=10, zeros="publish"), False),
        ((0.1, 0.1, 0.1), Policy(dominance=1 / 3), False),  # floating point decides nothing
    ],
)
def test_what_an_amount_tells_of_its_largest_contributor(contributions, policy, answer):
    assert tells(contributions, policy) is answer


def test_amounts_are_shown_unless_the_policy_asks():
    assert not asked(Policy())
    assert asked(Policy(dominance=0.5))
    assert asked(Policy(p_percent=5))
    assert primary(service("s", 900, 50), Policy()) == set()


def test_a_centre_knows_its_own_so_one_or_two_centres_give_the_total_away():
    policy = Policy(p_percent=10)
    assert primary(service("one", 500.0), policy) == {"one A", "one Total"}
    assert primary(service("two", 500.0, 400.0), policy) == {"two A", "two B", "two Total"}
    assert primary(service("three", 500.0, 400.0, 300.0), policy) == {"three A", "three B", "three C"}


def test_contributors_are_followed_down_sums_of_totals_to_the_centres():
    """Each service by itself is balanced, but one centre receives most of all services' money."""
    rows = {}
    for order in range(5):
        name = f"s{order}"
        rows |= {(name, "BIG"): 500.0, (name, f"X{order}"): 300.0, (name, f"Y{order}"): 200.0, (name, "Total"): 1000.0}
    rows |= {("Total", "Total"): 5000.0}
    assert "Total Total" not in primary(rows, Policy(dominance=0.5))
    assert "Total Total" in primary(rows, Policy(dominance=0.49))
    assert "s0 Total" in primary(rows, Policy(dominance=0.49))
    assert "Total Total" in primary(rows, Policy(dominance=0.55, dominant=2))
    assert "Total Total" not in primary(rows, Policy(dominance=0.56, dominant=2))
    assert "s0 Total" in primary(rows, Policy(dominance=0.79, dominant=2))


def test_what_no_part_accounts_for_is_somebodys():
    """A total of 1,000 whose listed centres have 100 and 90: the rest may be one centre's."""
    rows = {("s", "A"): 100.0, ("s", "B"): 90.0, ("s", "Total"): 1000.0}
    assert "s Total" in primary(rows, Policy(dominance=0.8))
    assert "s Total" not in primary(rows, Policy(dominance=0.82))
    assert primary({("s", "Total"): 1000.0}, Policy(dominance=0.99)) == {"s Total"}


def test_a_pound_that_no_part_accounts_for_counts_and_pence_do_not():
    rows = {("s", "A"): 100.0, ("s", "B"): 90.0}
    assert "s Total" not in primary(rows | {("s", "Total"): 191.0}, Policy(p_percent=1))
    assert "s Total" in primary(rows | {("s", "Total"): 190.4}, Policy(p_percent=0.1))


def test_without_centres_the_smallest_parts_count_the_finest_first():
    rows = {
        (region, kind): amount
        for region, amounts in {"N": (60, 40), "S": (50, 50)}.items()
        for kind, amount in zip(("drugs", "beds"), amounts, strict=True)
    }
    rows |= {("N", "Total"): 100, ("S", "Total"): 100, ("Total", "drugs"): 110, ("Total", "beds"): 90, ("Total", "Total"): 200}
    found = primary(rows, Policy(dominance=0.56), ("region", "kind"))
    assert {"N Total", "N drugs", "S beds"} <= found  # one part is a contributor of its own
    assert "Total Total" not in found  # 60 of 200, not 110 of 200
    assert "S Total" not in found


def test_the_rules_of_amounts_are_for_amounts_alone():
    """All patients and all money are one centre's: the money goes, and the patients are many."""
    patients = ResultTable(spend(service("s", 500.0)).columns, name="activity", kind="count", dimensions=DIMENSIONS)
    policy = Policy(p_percent=10)
    tables = [patients, spend(service("s", 7000.0))]
    cells, _ = gather(tables, dimensions_of(tables, policy), 2)
    link(cells, policy)
    assert {cells.value[number] for number in sensitive(cells, cells.own, policy)} == {7000.0}


SPLIT = {("s", "A", "Total"): 950.0, ("s", "B", "Total"): 50.0, ("s", "Total", "Total"): 1000.0}
ITEMS = {("s", "Total", "x"): 333.0, ("s", "Total", "y"): 333.0, ("s", "Total", "z"): 334.0}


def test_what_money_was_spent_on_hides_no_centre_that_received_it():
    """Three alike items beside two centres: whoever receives 95 in a hundred, or is one of two, is not hidden by the items."""
    dimensions = ("service", "centre", "item")
    for policy in (Policy(dominance=0.8), Policy(p_percent=10)):
        assert "s Total Total" in primary(SPLIT | ITEMS, policy, dimensions)
        assert ("s", "Total", "Total") not in shown(protect([spend(SPLIT | ITEMS, dimensions)], policy).tables[0])
    alike = SPLIT | {("s", "A", "Total"): 500.0, ("s", "B", "Total"): 500.0} | ITEMS
    assert "s Total Total" not in primary(alike, Policy(dominance=0.5), dimensions)


def test_items_that_are_listed_by_centre_lead_to_the_centres_that_a_list_of_centres_leaves_out():
    """The list of centres names A alone; by item and centre there are A, B and C, and all of the money is somebody's."""
    by_item = {("s", centre, item): 100.0 for centre in "ABC" for item in "xyz"}
    rows = (
        {("s", "A", "Total"): 300.0, ("s", "Total", "Total"): 900.0} | {("s", "Total", item): 300.0 for item in "xyz"} | by_item
    )
    assert "s Total Total" not in primary(rows, Policy(p_percent=10), ("service", "centre", "item"))


def test_of_ways_that_are_as_fine_the_one_that_tells_most_counts():
    """Nobody knows whether regions or kinds are the contributors: 90 and 10, or 50 and 50."""
    rows = {
        ("N", "Total"): 50.0,
        ("S", "Total"): 50.0,
        ("Total", "drugs"): 90.0,
        ("Total", "beds"): 10.0,
        ("Total", "Total"): 100.0,
    }
    for dimensions in (("region", "kind"), ("kind", "region")):
        turned = {place if dimensions[0] == "region" else place[::-1]: amount for place, amount in rows.items()}
        assert "Total Total" in primary(turned, Policy(dominance=0.8), dimensions)
        assert "Total Total" not in primary(turned, Policy(dominance=0.9), dimensions)


def test_a_hierarchy_of_centres_leads_to_the_centres_too():
    rows = {("s", code): amount for code, amount in {"A": 400.0, "B": 380.0, "Group": 780.0, "C": 300.0, "Total": 1080.0}.items()}
    policy = Policy(p_percent=10, hierarchies={"centre": (("A", "Group"), ("B", "Group"))})
    assert primary(rows, policy) == {"s A", "s B", "s C", "s Group"}


def test_years_that_only_pools_tell_of_hide_no_contributor():
    rows = {("s", centre, period): 100.0 for centre in "ABC" for period in ("2020 to 2021", "2021 to 2022")}
    rows |= {("s", "Total", period): 300.0 for period in ("2020 to 2021", "2021 to 2022")}
    dimensions = ("service", "centre", "period")
    found = primary(rows, Policy(dominance=0.3, zeros="publish"), dimensions)
    assert found == {" ".join(place) for place in rows}
    totals = {" ".join(place) for place in rows if place[1] == "Total"}
    assert primary(rows, Policy(dominance=0.34, zeros="publish"), dimensions) == found - totals


def test_a_pool_of_which_one_year_is_known_and_one_is_not_is_not_taken_apart_by_years():
    """2020 stands in a table and 2021 does not: what a centre received in both years is still one contributor's."""
    rows = {("s", centre, period): 100.0 for centre in "ABC" for period in ("2020", "2020 to 2021")}
    rows |= {("s", "Total", period): 300.0 for period in ("2020", "2020 to 2021")}
    dimensions = ("service", "centre", "period")
    centres = {" ".join(place) for place in rows if place[1] != "Total"}
    assert primary(rows, Policy(dominance=0.34), dimensions) == centres
    rows[("s", "A", "2020 to 2021")] = 500.0
    rows[("s", "Total", "2020 to 2021")] = 700.0
    assert "s Total 2020 to 2021" in primary(rows, Policy(dominance=0.7), dimensions)


def test_a_wide_table_is_followed_down_once_not_along_every_way():
    """Four ways to take each sum apart at every step: without keeping what was found, the ways would be hundreds of thousands."""
    codes = {"service": "st", "centre": "ABC", "item": "xyz", "basis": "pq"}
    rows = {}
    for place in itertools.product(*([*each, "Total"] for each in codes.values())):
        sizes = [len(each) if code == "Total" else 1 for code, each in zip(place, codes.values(), strict=True)]
        rows[place] = 10.0 * math.prod(sizes)
    found = primary(rows, Policy(dominance=0.34), tuple(codes))
    assert found == {" ".join(place) for place in rows if place[1] != "Total"}


@pytest.mark.parametrize("value", [0.0, 3.0, 1000.0, 250_000.0])
@pytest.mark.parametrize("width", [0.1, 0.3, 0.5])
def test_the_movement_that_is_asked_for_makes_the_range_wide_enough_either_way(value, width):
    step = needed(value, Policy(amount_width=width))
    assert step >= 1
    assert (value + step) - value >= width * (value + step) - 1e-9
    if value:
        assert step <= max(1.0, width * value / (1 - width)) + 1e-9


def test_a_withheld_amount_keeps_the_width_of_the_policy():
    """Three alike centres: their own amounts go, each behind the two others, and the total stays."""
    rows = service("s", 1000.0, 900.0, 800.0)
    for width in (0.1, 0.4):
        policy = Policy(p_percent=10, amount_width=width)
        done = protect([spend(rows)], policy)
        assert done.audit.clean
        low, high = done.audit.cells["low"], done.audit.cells["high"]
        assert (high - low >= width * high).all()
        assert ("s", "Total") in shown(done.tables[0])


def test_the_audit_holds_amounts_to_the_same_width():
    rows = [("A", 90.0, ""), ("B", np.nan, "c"), ("C", np.nan, "c"), ("Total", 100.0, ""), ("Group", 10.0, "")]
    columns = {"centre": text([row[0] for row in rows]), "value": np.array([row[1] for row in rows])}
    table = ResultTable(
        columns | {"status": text([row[2] for row in rows])}, name="spend", kind="magnitude", dimensions=("centre",)
    )
    groups = {"centre": (("B", "Group"), ("C", "Group"))}
    assert audit([table], Policy(hierarchies=groups)).clean
    known = Policy(hierarchies=groups, already_public=({"centre": "B", "value": 4.0, "quantity": "amount"},))
    assert not audit([table], known).clean  # C is then 6 to the pound


def test_a_negative_correction_is_refused_in_words():
    with pytest.raises(InputError, match=r"amount of -5 for s A: amounts are not negative: enter a correction in the amount"):
        protect([spend({("s", "A"): -5.0, ("s", "Total"): 10.0})], Policy(dominance=0.8))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.lists(st.sampled_from([0.0, 1.0, 40.0, 100.0, 120.5, 5000.0]), min_size=1, max_size=5), min_size=1, max_size=4),
    st.sampled_from(["publish", "protect"]),
    st.sampled_from([0, 2, 4]),
)
def test_no_amount_that_a_rule_forbids_is_ever_shown(services, zeros, items):
    """The rules are worked out anew from the centres' own amounts; into how many items each service is split says nothing."""
    rows, policy = {}, Policy(dominance=0.7, p_percent=10, zeros=zeros)
    for order, amounts in enumerate(services):
        rows |= service(f"s{order}", *amounts)
    rows[("Total", "Total")] = sum(value for (_, centre), value in rows.items() if centre == "Total")
    split = {(*place, "Total"): amount for place, amount in rows.items()}
    for name, centre in [place for place in rows if place[1] == "Total"]:
        split |= {(name, centre, f"i{order}"): rows[name, centre] / items for order in range(items)}
    made = protect([spend(split, (*DIMENSIONS, "item"))], policy).tables[0]
    for place in shown(made):
        if place[2] != "Total":
            continue
        mine = [
            (centre, value)
            for (name, centre), value in rows.items()
            if centre != "Total" and place[0] in (name, "Total") and place[1] in (centre, "Total")
        ]
        each = sorted((sum(value for who, value in mine if who == centre) for centre in {who for who, _ in mine}), reverse=True)
        total = sum(each)
        if not total:
            assert zeros == "publish"
            continue
        assert each[0] <= 0.7 * total + 1e-6
        assert sum(each[2:]) >= 0.1 * each[0] - 1e-6
    assert audit([made], policy).clean
