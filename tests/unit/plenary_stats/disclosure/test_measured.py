import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, protect
from plenary_stats.disclosure.coarsen import Merge, coarsen
from plenary_stats.disclosure.measured import Shown, at_best, level_words, measure, ranges_of, told, worth_of
from plenary_stats.tables import ResultTable, text

DIMENSIONS = ("service", "centre", "period")


def table(rows: dict[tuple[str, ...], float], dimensions=DIMENSIONS, kind="count", name="t", status=None, **more) -> ResultTable:
    columns = {each: text([place[order] for place in rows]) for order, each in enumerate(dimensions)}
    columns["value"] = np.array(list(rows.values()), dtype=float)
    columns |= {each: np.array(column, dtype=float) for each, column in more.items()}
    if status is not None:
        columns["status"] = text(status)
    return ResultTable(columns, name=name, kind=kind, dimensions=dimensions)


CENTRES = {("s", "A", "2023"): 12.0, ("s", "B", "2023"): 40.0, ("s", "C", "2023"): 77.0, ("s", "Total", "2023"): 129.0}


def test_what_is_shown_is_counted_by_level_and_by_patients():
    source = table(CENTRES)
    done = protect([source], Policy())
    found = measure([source], done.tables, Policy())
    assert (found.figures, found.of) == (2, 4)  # A is too small, and one other goes with it
    assert found.levels == {("centre",): (1, 3), (): (1, 1)}
    hidden = sum(
        value for value, status in zip(CENTRES.values(), done.tables[0]["status"].tolist(), strict=True) if status == "c"
    )
    assert (found.patients, found.of_patients) == (258 - hidden, 258)
    assert found.information == 2.0
    assert found.services == {"s": 2.0}


def test_at_best_only_what_is_too_small_itself_is_withheld():
    found = at_best([table(CENTRES)], Policy())
    assert (found.figures, found.of) == (3, 4)
    assert at_best([table(CENTRES)], Policy(threshold=10)).figures == 4


@pytest.mark.parametrize(
    ("kind", "numbers", "answer"),
    [
        ("count", {}, [False, False, True, True]),  # noughts are protected
        ("magnitude", {}, [True, True, True, True]),
        ("exposure", {"numerator": [5, 30, 29, 100], "denominator": [9, 9, 9, 9]}, [False, True, False, True]),
        ("summary", {"denominator": [0, 29, 30, 90]}, [False, False, True, True]),
        ("rate", {"numerator": [4, 5, 26, 20], "denominator": [40, 40, 30, 29]}, [False, True, False, False]),
        ("levels", {"numerator": [0, 5, 40, 20], "denominator": [40, 40, 40, 40]}, [False, True, False, True]),
    ],
)
def test_what_is_too_small_depends_on_the_kind_of_table(kind, numbers, answer):
    rows = {("s", code, "2023"): value for code, value in zip("ABCD", (0.0, 12.0, 30.0, 90.0), strict=True)}
    source = table(rows, kind=kind, **numbers)
    for keep, code in zip(answer, "ABCD", strict=True):
        one = {("s", code, "2023"): rows["s", code, "2023"]}
        alone = table(one, kind=kind, **{name: [column["ABCD".index(code)]] for name, column in numbers.items()})
        assert at_best([alone], Policy()).figures == keep, code
    assert at_best([source], Policy()).figures == sum(answer)


def test_noughts_count_where_they_are_published():
    rows = {("s", "A", "2023"): 0.0}
    assert at_best([table(rows)], Policy(zeros="publish")).figures == 1
    assert at_best([table(rows)], Policy()).figures == 0
    rate = table({("s", "A", "2023"): 1.0}, kind="rate", numerator=[40], denominator=[40])
    assert at_best([rate], Policy(zeros="publish")).figures == 1
    assert at_best([rate], Policy()).figures == 0


def test_what_nobody_collected_is_no_figure():
    rows = {("s", "A", "2023"): math.nan, ("s", "B", "2023"): 40.0, ("s", "C", "2023"): 50.0}
    assert at_best([table(rows, status=["x", "", "z"])], Policy()).of == 1
    assert at_best([table(rows)], Policy()).of == 2


def test_weights_say_what_a_figure_is_worth():
    found = at_best([table(CENTRES)], Policy(weights={"centre": {"Total": 5.0, "A": 100.0}, "period": {"2023": 2.0}}))
    assert found.information == 2 * (1 + 1 + 5)
    plain = table({("B", ""): 40.0}, dimensions=("centre", "sex"))
    assert at_best([plain], Policy(weights={"sex": {"Total": 3.0}})).information == 3


def test_a_coarser_figure_is_worth_half_of_what_it_takes_the_place_of_and_half_of_the_dearest():
    rows = {("s", "A", year): 20.0 for year in ("2021", "2022", "2023")}
    merge = Merge("period", dict.fromkeys(("2021", "2022", "2023"), "2021 to 2023"))
    spot = ("t/count", ("s", "A", "2021 to 2023"))
    assert worth_of([table(rows)], [merge], Policy()) == {spot: 2.0}
    assert worth_of([table(rows)], [merge], Policy(weights={"period": {"2023": 4.0}})) == {spot: 5.0}
    assert worth_of([table(rows)], [], Policy()) == {}
    made = coarsen(table(rows), merge)
    assert at_best([made], Policy(), worth_of([table(rows)], [merge], Policy())).information == 2.0
    assert at_best([made], Policy()).information == 1.0


def test_a_figure_that_stood_there_before_is_worth_no_more():
    merge = Merge("centre", {"A": "Total", "B": "Total", "C": "Total"})
    assert worth_of([table(CENTRES)], [merge], Policy()) == {}


def test_merges_follow_one_another_and_keep_to_their_services():
    rows = {(service, centre, year): 9.0 for service in "sr" for centre in "AB" for year in ("2022", "2023")}
    years = Merge("period", dict.fromkeys(("2022", "2023"), "2022 to 2023"), services=("s",))
    centres = Merge("centre", {"A": "North", "B": "North"})
    found = worth_of([table(rows)], [years, centres], Policy())
    assert found == {
        ("t/count", ("s", "North", "2022 to 2023")): 2.5,
        ("t/count", ("r", "North", "2022")): 1.5,
        ("t/count", ("r", "North", "2023")): 1.5,
    }
    alone = table({("A", "2022"): 9.0, ("A", "2023"): 9.0}, dimensions=("centre", "period"))
    assert worth_of([alone], [years], Policy()) == {}


def test_a_pool_of_years_that_are_there_is_not_counted_again():
    rows = {
        ("s", "Total", "2022"): 50.0,
        ("s", "Total", "2023"): 60.0,
        ("s", "Total", "2022 to 2023"): 110.0,
        ("s", "A", "2022 to 2023"): 70.0,
    }
    found = at_best([table(rows)], Policy())
    assert found.of == 3
    other = table({("s", "Total", "2022"): 50.0, ("s", "Total", "2023"): 60.0}, name="other")
    assert (
        at_best([table({("s", "Total", "2022 to 2023"): 110.0}), other], Policy()).of == 3
    )  # another table's years do not count


@pytest.mark.parametrize(("low", "high", "answer"), [(12, 12, 1), (0, 0, 1), (0, 29, 0), (0, math.inf, 0), (5, math.inf, 0)])
def test_how_much_a_range_tells_at_its_ends(low, high, answer):
    assert told(low, high) == answer


def test_the_narrower_range_of_the_same_end_tells_more():
    tells = [told(low, 99) for low in range(100)]
    assert tells == sorted(tells)
    assert 0 < told(90, 99) < told(95, 99) < 1


def test_levels_have_names():
    assert level_words(()) == "total figures"
    assert level_words(("centre", "age_band")) == "centre by age band figures"


def test_what_is_shown_can_be_written_as_json():
    plain = at_best([table(CENTRES)], Policy()).plain()
    assert plain["levels"] == [{"by": [], "figures": 1, "of": 1}, {"by": ["centre"], "figures": 2, "of": 3}]
    assert (plain["figures"], plain["of"], plain["services"]) == (3, 4, {"s": 3.0})
    assert Shown().plain()["information"] == 0


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 90), min_size=1, max_size=7), st.sampled_from(["publish", "protect"]))
def test_never_more_is_shown_than_at_best(numbers, zeros):
    rows = {("s", f"C{order}", "2023"): float(number) for order, number in enumerate(numbers)}
    source, policy = table({**rows, ("s", "Total", "2023"): float(sum(numbers))}), Policy(zeros=zeros)
    found = measure([source], protect([source], policy).tables, policy)
    best = at_best([source], policy)
    assert found.figures <= best.figures
    assert found.information <= best.information
    assert (found.of, found.of_patients) == (best.of, best.of_patients)


def test_ranges_tell_part_of_what_is_withheld_and_show_nothing():
    source = table(CENTRES)
    done = protect([source], Policy())
    plain = measure([source], done.tables, Policy())
    ranges = ranges_of(done.audit, DIMENSIONS)
    assert set(ranges) == {
        (("service", "s"), ("centre", row["centre"]), ("period", "2023"))
        for row in done.audit.rows()
        if row["quantity"] == "patients"
    }
    found = measure([source], done.tables, Policy(), ranges=ranges)
    assert found.figures == plain.figures
    assert found.information == plain.information  # from nought up to all that is left tells nothing of its digits
    narrower = {place: (high - 20, high) for place, (_, high) in ranges.items()}
    assert measure([source], done.tables, Policy(), ranges=narrower).information > plain.information


def test_ranges_of_another_table_are_not_taken_for_this_ones():
    other = table(
        {("s", "A", "F"): 12.0, ("s", "A", "M"): 40.0, ("s", "A", "Total"): 52.0}, dimensions=("service", "centre", "sex")
    )
    done = protect([other], Policy())
    assert ranges_of(done.audit, ("service", "centre")) == {}
    assert len(ranges_of(done.audit, ("service", "centre", "sex"))) == 2


def test_rounded_numbers_are_told_in_part_the_larger_the_more():
    policy = Policy(rounding=5, minimum_width=4, threshold=1, event_threshold=1, zeros="publish")
    tells = [at_best([table({("s", "A", "2023"): value})], policy).information for value in (2.0, 10.0, 100.0, 1000.0)]
    assert tells == sorted(tells)
    assert 0 <= tells[0] < 0.2 < tells[-1] < 1
    assert at_best([table({("s", "A", "2023"): 10.0})], policy).figures == 1
    rate = table({("s", "A", "2023"): 0.5}, kind="rate", numerator=[50], denominator=[100])
    assert 0 < at_best([rate], policy).information < 1
    money = table({("s", "A", "2023"): 123.0}, kind="magnitude")
    assert at_best([money], policy).information == 1
