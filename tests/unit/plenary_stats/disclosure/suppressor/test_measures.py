"""Which sums the suppressor adds for measures, from the true numbers."""

import numpy as np
import pytest

from plenary_stats.disclosure.suppressor.links import gather
from plenary_stats.disclosure.suppressor.measures import link_measures, without_condition
from plenary_stats.tables import TOTAL, ResultTable, text
from tests.unit.plenary_stats.disclosure.test_measures import rates, with_totals

DIMENSIONS = ("centre", "measure")


def cells_of(rows, **columns):
    table = rates(rows)
    changed = dict(table.columns) | {name: np.array(values, float) for name, values in columns.items()}
    return gather([ResultTable(changed, table.name, table.kind, table.dimensions)], DIMENSIONS, 1)[0]


def words(cells, number):
    quantity, place = cells.keys[number]
    return " ".join((quantity, *place))


def linked(cells):
    return {
        f"{words(cells, each.whole)} {'>=' if each.open else '='} {' + '.join(sorted(words(cells, part) for part in each.parts))}"
        for each in link_measures(cells)
    }


def of_events(words):
    return {each for each in words if "denominator" not in each}


def test_tables_without_measures_have_nothing_to_tell():
    cells, _ = gather([rates(with_totals((60,), alive=(50,)))], ("centre",), 1)
    assert list(link_measures(cells)) == []
    assert without_condition(cells) == set()


def test_numbers_rise_or_fall_with_time_as_they_truly_do():
    up = with_totals((60, 60), inc_at_30d=(3, 4), inc_at_1y=(5, 4))
    assert {each for each in linked(cells_of(up)) if "Total" not in each} == {
        f"numerator {code} inc@1y >= numerator {code} inc@30d" for code in "AB"
    }
    down = with_totals((60, 60), survival_at_30d=(56, 55), survival_at_1y=(50, 55))
    assert "numerator A survival@30d >= numerator A survival@1y" in linked(cells_of(down))


def test_where_they_never_differ_they_are_one_number_whichever_way_a_reader_takes_them():
    same = with_totals((60, 60), survival_at_30d=(56, 55), survival_at_1y=(56, 55))
    assert "numerator A survival@30d = numerator A survival@1y" in linked(cells_of(same))


def test_where_they_go_both_ways_nothing_is_told():
    assert not linked(cells_of(with_totals((60, 60), well_at_30d=(20, 30), well_at_1y=(25, 20))))


def test_times_at_which_others_are_known_are_not_compared():
    """Fewer are known after a year: those alive then are of other patients."""
    rows = [("A", "inc@30d", 10, 60), ("A", "inc@1y", 20, 50)]
    assert not linked(cells_of(rows, not_known=(0, 10)))


def test_shares_that_exclude_one_another_are_at_most_all():
    rows = with_totals((60,), change_at_better=(30,), change_at_worse=(9,))
    assert "denominator A change >= numerator A change@better + numerator A change@worse" in linked(cells_of(rows))


def test_measures_that_are_equal_everywhere_are_one_straight_or_turned():
    rows = with_totals((60, 60), alive=(56, 55), dead=(4, 5), died=(4, 5))
    found = linked(cells_of(rows))
    assert {"numerator A dead = numerator A died", "complement A dead = complement A died"} <= found
    assert {"numerator A alive = complement A dead", "complement A alive = numerator A dead"} <= found


def test_one_difference_is_enough_to_tell_them_apart():
    assert not of_events(linked(cells_of(with_totals((60, 60, 60), one=(4, 5, 9), two=(4, 5, 8)))))


def test_a_service_of_one_centre_says_each_share_once():
    assert not of_events(linked(cells_of(with_totals((60,), one=(4,), two=(4,)))))


def test_an_outcome_that_leaves_out_nobody_has_no_such_condition():
    rows = with_totals((60, 60), alive=(56, 55), dead=(4, 5))
    cells = cells_of(rows, not_eligible=[0, 0, 0, 0, 1, 1])
    assert {words(cells, number) for number in without_condition(cells)} == {
        f"not_eligible {code} alive" for code in ("A", "B", TOTAL)
    }


def test_what_was_withheld_of_it_before_is_nought_too():
    cells = cells_of(with_totals((60, 60), alive=(56, 55)), not_eligible=[0, np.nan, 0])
    found = without_condition(cells)
    assert len(found) == 3
    assert all(cells.value[number] == 0 for number in found)


def test_one_nought_is_no_rule():
    cells = cells_of([("A", "alive", 50, 60)])
    assert without_condition(cells) == set()


SURVIVED = [("A", "dead", 3, 60), (TOTAL, "dead", 10, 150), ("B", "dead", 7, 90)]
WELL = [("A", "well", 30, 57), (TOTAL, "well", 80, 140), ("B", "well", 50, 83)]


def test_whom_one_outcome_leaves_out_is_whom_another_tells_of():
    found = linked(cells_of([*SURVIVED, *WELL], not_eligible=[0, 0, 0, 3, 10, 7]))
    assert {f"not_eligible {code} well = numerator {code} dead" for code in ("A", "B", TOTAL)} <= found
    assert {f"complement {code} dead = denominator {code} well" for code in ("A", "B", TOTAL)} <= found


def test_those_not_known_may_be_the_dead_too():
    rows = [*SURVIVED, *[(code, "well", met, of) for code, _, met, of in WELL]]
    assert "not_known A well = numerator A dead" in linked(cells_of(rows, not_known=[0, 0, 0, 3, 10, 7]))


@pytest.mark.parametrize("left_out", [[3, 10, 6], [3, 11, 7], [2, 10, 7]])
def test_one_difference_says_that_they_are_others(left_out):
    found = linked(cells_of([*SURVIVED, *WELL], not_eligible=[0, 0, 0, *left_out]))
    assert not {each for each in found if "not_eligible" in each}


def test_one_place_alone_and_nobody_say_nothing():
    one = [SURVIVED[0], WELL[0]]
    assert not {each for each in linked(cells_of(one, not_eligible=[0, 3])) if "not_eligible" in each}
    nobody = [(code, name, 0 if name == "dead" else met, of) for code, name, met, of in [*SURVIVED, *WELL]]
    assert not {each for each in linked(cells_of(nobody)) if "not_eligible" in each or "numerator" in each}


def test_what_happened_to_all_is_not_taken_for_those_of_another_outcome():
    """Else where noughts are protected nothing could hide that it happened to all."""
    rows = with_totals((60, 90), all=(60, 90), some=(20, 30))
    assert not {each for each in linked(cells_of(rows)) if "numerator" in each}


def test_numbers_of_one_row_are_left_to_the_sums_of_the_row():
    rows = [("A", "dead", 3, 60), (TOTAL, "dead", 10, 150), ("B", "dead", 7, 90)]
    assert not linked(cells_of(rows, not_eligible=[3, 10, 7], not_known=[3, 10, 7]))


def test_services_and_periods_are_not_compared():
    rows = [*SURVIVED, *WELL]
    table = rates(rows)
    columns = dict(table.columns) | {"not_eligible": np.array([0, 0, 0, 3, 10, 7], float)}
    for name in ("service", "period"):
        apart = {name: text(["one"] * 3 + ["two"] * 3)}
        each = ResultTable(columns | apart, table.name, table.kind, (*table.dimensions, name))
        assert not linked(gather([each], (*DIMENSIONS, name), 1)[0])


def test_the_women_of_an_outcome_are_the_women_of_the_activity():
    activity = {"centre": text(["A", "A", "B", "B", TOTAL, TOTAL]), "sex": text(["female", "male"] * 3)}
    activity |= {"measure": text(["patients"] * 6), "value": np.array([33, 7, 60, 40, 93, 47], float)}
    women = rates([("A", "alive", 24, 33), ("B", "alive", 45, 60), (TOTAL, "alive", 69, 93)])
    columns = dict(women.columns) | {"not_eligible": np.array([7, 40, 47], float)}
    both = [
        ResultTable(columns, women.name, women.kind, women.dimensions),
        ResultTable(activity, "activity", "count", ("centre", "sex", "measure")),
    ]
    found = linked(gather(both, ("centre", "sex", "measure"), 2)[0])
    assert {
        "not_eligible A Total alive = patients A male patients",
        "denominator A Total alive = patients A female patients",
    } <= found


DIED = {"heart": (20, 15, 2, 12), "other": (14, 9, 12, 8), "died": (34, 24, 14, 20)}
EACH = (100, 80, 60, 60)


def test_deaths_of_two_causes_are_all_deaths():
    found = linked(cells_of(with_totals(EACH, **DIED)))
    assert {each for each in found if "+" in each and " A " in each} == {
        "complement A other = complement A died + numerator A heart"
    }
    alive = DIED | {"died": tuple(of - died for of, died in zip(EACH, DIED["died"], strict=True))}
    turned = linked(cells_of(with_totals(EACH, **alive)))
    assert sum("+" in each for each in turned) == sum("+" in each for each in found) == 5


def test_those_with_a_condition_and_those_without_are_all():
    rows = with_totals((30, 40, 50), asthma=(9, 8, 7)) + with_totals((20, 25, 31), none=(4, 6, 11))
    rows += with_totals((50, 65, 81), all=(11, 12, 13))
    found = linked(cells_of(rows))
    assert {each for each in found if "+" in each and " B " in each} == {
        "denominator B all = denominator B asthma + denominator B none"
    }


@pytest.mark.parametrize("died", [(34, 24, 14, 21), (35, 24, 14, 20)])
def test_one_difference_and_they_do_not_add_up(died):
    assert not {each for each in linked(cells_of(with_totals(EACH, **DIED | {"died": died}))) if "+" in each}


def test_at_one_centre_measures_add_up_by_chance():
    assert not {each for each in linked(cells_of(with_totals((100,), heart=(20,), other=(14,), died=(34,)))) if "+" in each}


def test_shares_of_other_patients_do_not_add_up():
    rows = with_totals(EACH, heart=DIED["heart"], other=DIED["other"]) + with_totals((100, 80, 60, 61), died=DIED["died"])
    assert not {each for each in linked(cells_of(rows)) if "+" in each}
