"""What the policy's insiders promises, tried by listing worlds: no centre narrows another's small number by taking its own away.

Nothing of the product works out a range here. Services have one, two or three centres, because these are where it matters: with
two, each takes its own from the total and has the other's; with one, the total is its own number and nobody else's.
"""

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.errors import InputError
from plenary_stats.tables import TOTAL
from tests.unit.plenary_stats.disclosure import enumeration, known
from tests.unit.plenary_stats.disclosure.enumeration import Number, covering

BRISK = settings(max_examples=20, deadline=None, derandomize=True)
SMALL = Policy(threshold=3, event_threshold=2, minimum_width=2, insiders=("centre",))
NOUGHTS = replace(SMALL, zeros="publish")
DIMENSIONS = ("service", "centre")
SHAPES = ((1,), (2,), (3,), (1, 1), (1, 2), (2, 2), (1, 3))


def points_of(shape):
    """Each service's centres; a centre belongs to one service."""
    return [(f"s{order}", f"s{order}c{each}") for order, size in enumerate(shape) for each in range(size)]


def cells_of(points, grand=True):
    services = sorted({service for service, _ in points})
    return [*points, *((service, TOTAL) for service in services), *([(TOTAL, TOTAL)] if grand else [])]


def values_of(truth, points, cells):
    return {cell: sum(n for n, point in zip(truth, points, strict=True) if covering(cell)(point)) for cell in cells}


def table_of(values, dimensions=DIMENSIONS, name="activity"):
    rows = [dict(zip(dimensions, place, strict=True)) | {"value": value} for place, value in values.items()]
    return known.table(rows, dimensions, name)


def shown_of(made, dimensions=DIMENSIONS):
    return {tuple(row[name] for name in dimensions) for row in made.rows() if row["status"] == ""}


def boxed(points, most):
    """Every world with at most so many patients at a point: more than the true ones by as much as any promise asks."""
    return np.array(list(product(range(most + 1), repeat=points)), dtype=np.int64)


def narrowed(policy, shown, values, truth, points, possible, place=1):
    """The small numbers of others that some centre, or everybody, narrows: (reader, cell, range)."""
    least, found = 1 if policy.zeros == "publish" else 0, []
    for reader in ("", *sorted({point[place] for point in points})):
        own = {cell for cell in values if cell[place] == reader}
        numbers = [Number(cell, covering(cell), cell in shown | own, least) for cell in values]
        for cell, (low, high) in enumeration.ranges(points, truth, numbers, possible).items():
            theirs = values_without(reader, cell, truth, points, place)
            if least <= values[cell] < policy.threshold and theirs and high - low < policy.minimum_width:
                found.append((reader, cell, (low, high)))
    return found


def values_without(reader, cell, truth, points, place):
    """Whether others than the reader have a place in a number at all."""
    return any(covering(cell)(point) and point[place] != reader for point, _ in zip(points, truth, strict=True))


@st.composite
def services(draw):
    shape = draw(st.sampled_from(SHAPES))
    truth = draw(st.lists(st.integers(0, 6), min_size=sum(shape), max_size=sum(shape)))
    return shape, truth, draw(st.booleans()), draw(st.sampled_from([SMALL, NOUGHTS]))


@BRISK
@given(services())
@example(((2,), [1, 4], False, SMALL))
@example(((1,), [1], False, SMALL))
@example(((1, 2), [1, 5, 6], True, SMALL))
@example(((2, 2), [2, 5, 6, 4], True, NOUGHTS))
def test_no_centre_has_anothers_small_number_by_subtraction(drawn):
    shape, truth, grand, policy = drawn
    points = points_of(shape)
    cells = cells_of(points, grand)
    values = values_of(truth, points, cells)
    done = protect([table_of(values)], policy)
    assert done.audit.clean
    assert narrowed(policy, shown_of(done.tables[0]), values, truth, points, boxed(len(points), max(truth) + 3)) == []


@BRISK
@given(st.lists(st.integers(0, 6), min_size=4, max_size=4).filter(lambda truth: 0 < sum(truth) <= 14))
def test_no_centre_of_two_has_the_others_numbers_by_region(truth):
    points = list(product("AB", "NS"))
    cells = list(enumeration.places(("AB", "NS"), product((False, True), repeat=2)))
    values = values_of(truth, points, cells)
    done = protect([table_of(values, ("centre", "area"))], SMALL)
    shown = shown_of(done.tables[0], ("centre", "area"))
    assert narrowed(SMALL, shown, values, truth, points, boxed(4, max(truth) + 3), place=0) == []


def test_the_reader_of_this_test_finds_what_is_left_without_insiders():
    """Two centres, one of them small, behind their total: the public does not know which, the larger one does."""
    points = points_of((2,))
    values = values_of([1, 5], points, cells_of(points, grand=False))
    plain = protect([table_of(values)], replace(SMALL, insiders=())).tables[0]
    assert plain["status"].tolist() == ["c", "c", ""]
    found = narrowed(SMALL, shown_of(plain), values, [1, 5], points, boxed(2, 8))
    assert [(reader, cell) for reader, cell, _ in found] == [("s0c1", ("s0", "s0c0"))]


# -- services with one centre, and with two


USUAL = Policy(insiders=("centre",))


def statuses(done, table=0):
    return {(row["service"], row["centre"]): row["status"] for row in done.tables[table].rows()}


def edition(**centres):
    """Services by name with the numbers of their centres, with all totals."""
    points = [(service, f"{service}{order}") for service, sizes in centres.items() for order in range(len(sizes))]
    return values_of([number for sizes in centres.values() for number in sizes], points, cells_of(points))


def test_the_total_of_a_small_service_with_one_centre_is_its_own_number():
    """The total of all services goes with it; that the centre knows all three is no reason to refuse the edition."""
    done = protect([table_of(edition(one=[12], other=[50, 60]))], USUAL)
    assert {place for place, status in statuses(done).items() if status == "c"} == {
        ("one", "one0"), ("one", TOTAL), (TOTAL, TOTAL),
    }  # fmt: skip
    assert done.audit.clean
    assert done.audit.totals["loss"] == done.audit.totals["bound"]


def test_nothing_but_small_services_with_one_centre():
    done = protect([table_of(edition(one=[12], two=[14]))], USUAL)
    assert set(statuses(done).values()) == {"c"}


def test_a_large_service_with_one_centre_is_shown():
    assert set(statuses(protect([table_of(edition(one=[50], two=[60, 70]))], USUAL)).values()) == {""}


def test_a_service_with_two_centres_hides_what_each_could_subtract():
    done = protect([table_of(edition(two=[12, 60], other=[50, 40]))], USUAL)
    assert statuses(done)["two", TOTAL] == "c"
    assert statuses(done)[TOTAL, TOTAL] == "c"
    assert statuses(protect([table_of(edition(two=[12, 60], other=[50, 40]))], Policy()))["two", TOTAL] == ""


def test_no_more_goes_than_must():
    """The larger of the two is shown: that the smaller one then knows the total tells it of nobody."""
    totals = protect([table_of(edition(two=[12, 60], other=[50, 40]))], USUAL).audit.totals
    assert (totals["primary"], totals["secondary"]) == (1, 2)
    assert totals["loss"] == totals["bound"]


def by_year(years):
    """Services by year with their totals, and all years together."""
    rows = []
    for service, sizes in years.items():
        for centre, numbers in {**sizes, TOTAL: [sum(each) for each in zip(*sizes.values(), strict=True)]}.items():
            rows += [
                {"service": service, "centre": centre, "period": f"{2023 + order}", "value": n} for order, n in enumerate(numbers)
            ]
            rows.append({"service": service, "centre": centre, "period": "2023 to 2024", "value": sum(numbers)})
    return rows


YEARLY = ("service", "centre", "period")


def later(years, period, before=()):
    rows = [row for row in by_year(years) if row["period"] in period]
    return protect([known.table(rows, YEARLY, "activity")], USUAL, before)


MIXED = {"one": {"A": [12, 40]}, "two": {"B": [50, 14], "C": [70, 80]}}


def test_editions_with_services_of_one_and_of_two_centres_follow_one_another():
    first = later(MIXED, {"2023"})
    second = later(MIXED, {"2024", "2023 to 2024"}, [first.tables])
    assert first.audit.clean
    assert second.audit.clean
    assert audit(second.tables, USUAL, [first.tables]).clean
    status = {(row["service"], row["centre"], row["period"]): row["status"] for row in second.tables[0].rows()}
    assert status["two", "B", "2024"] == "c"
    for period in ("2024", "2023 to 2024"):
        assert status["one", "A", period] == status["one", TOTAL, period]
    assert "c" in {status["one", "A", "2024"], status["one", "A", "2023 to 2024"]}  # 52 less 40 is 12


def test_the_other_centre_cannot_go_round_by_the_years():
    """C knows itself in every year: what is left of the totals, shown or not, must not be B's 14."""
    first = later(MIXED, {"2023"})
    second = later(MIXED, {"2024", "2023 to 2024"}, [first.tables])
    rows = [row for made in (first, second) for row in made.tables[0].rows() if row["service"] == "two"]
    own = {(row["centre"], row["period"]): row["value"] for row in by_year(MIXED) if row["service"] == "two"}
    told = [
        {name: row[name] for name in YEARLY}
        | {"value": own["C", row["period"]] if row["centre"] == "C" else None if row["status"] else row["value"]}
        for row in rows
    ]
    found = audit([known.table(told, YEARLY, "activity")], Policy())
    assert found.clean
    shown = [row | {"value": own[row["centre"], row["period"]]} if row["centre"] == TOTAL else row for row in told]
    assert not audit([known.table(shown, YEARLY, "activity")], Policy()).clean


def test_what_an_earlier_edition_lets_a_centre_subtract_is_refused_and_named():
    """The total of both was shown while nobody thought of insiders: the larger one has the smaller one's number for good."""
    rows = [{"service": "two", "centre": each, "value": n} for each, n in (("B", 12), ("C", 60), (TOTAL, 72))]
    table = known.table(rows, DIMENSIONS, "activity")
    before = protect([table], Policy()).tables
    assert before[0]["status"].tolist() == ["c", "c", ""]
    with pytest.raises(InputError, match=r"of two cannot be protected .* patients, service two, centre B"):
        protect([table], USUAL, [before])


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (3, 5, 0, 2, 4, 1)])
def test_the_order_of_rows_and_of_insiders_changes_nothing(order):
    values = edition(two=[12, 60], other=[50])
    turned = {list(values)[place]: list(values.values())[place] for place in order}
    policies = (USUAL, Policy(insiders=("centre", "service")))
    for policy, reverse in zip(policies, (USUAL, Policy(insiders=("service", "centre"))), strict=True):
        once, again = protect([table_of(values)], policy), protect([table_of(turned)], reverse)
        assert statuses(once) == statuses(again)
        assert once.audit.totals["loss"] == again.audit.totals["loss"]


def test_more_insiders_never_mean_less_withheld():
    values = edition(two=[12, 60], other=[14, 50, 31])
    losses = [protect([table_of(values)], replace(USUAL, insiders=names)).audit.totals["loss"] for names in ((), ("centre",))]
    assert all(one <= other for one, other in pairwise(losses))
