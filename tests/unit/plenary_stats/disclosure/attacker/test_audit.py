"""The audit against complete lists of the worlds that small published tables allow: the ranges are exact, every time."""

import json
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, audit
from plenary_stats.disclosure.attacker.audit import GENERAL, PUBLIC, _wide, flat, need, verdict
from plenary_stats.errors import InputError
from plenary_stats.tables import ResultTable, numbers, text
from tests.unit.plenary_stats.disclosure import known
from tests.unit.plenary_stats.disclosure.enumeration import Number, covering, patients, places, ranges, worlds

SMALL = Policy(threshold=3, event_threshold=2, minimum_width=2)
SMALL_NOUGHTS = Policy(threshold=3, event_threshold=2, minimum_width=2, zeros="publish")
POLICIES = st.sampled_from([SMALL, SMALL_NOUGHTS])
BRISK = settings(max_examples=12, deadline=None, derandomize=True)


def count(truth, points, place):
    inside = covering(place)
    return sum(number for number, point in zip(truth, points, strict=True) if inside(point))


def drawn_mask(data, truth, points, cells, policy):
    """Withhold some cells at random; the grand total stays, and under published noughts a nought stays too."""
    hidden = set()
    for place in cells:
        whole = set(place) == {"Total"}
        nought = policy.zeros == "publish" and count(truth, points, place) == 0
        if not whole and not nought and data.draw(st.integers(0, 9)) < 6:
            hidden.add(place)
    return hidden


def table_of(truth, points, cells, hidden, dimensions):
    rows = [
        dict(zip(dimensions, place, strict=True)) | {"value": None if place in hidden else count(truth, points, place)}
        for place in cells
    ]
    return known.table(rows, dimensions)


def expected(truth, points, cells, hidden, policy):
    least = 1 if policy.zeros == "publish" else 0
    return ranges(points, truth, [Number(place, covering(place), place not in hidden, least) for place in cells])


@BRISK
@given(patients(6, 1, 9), POLICIES, st.data())
def test_a_table_of_two_dimensions(truth, policy, data):
    sets = (("A", "B"), ("N", "S", "W"))
    points = list(product(*sets))
    cells = list(places(sets, product((False, True), repeat=2)))
    hidden = drawn_mask(data, truth, points, cells, policy)
    found = known.ranges(audit([table_of(truth, points, cells, hidden, ("centre", "area"))], policy))
    assert found == expected(truth, points, cells, hidden, policy)


@BRISK
@given(patients(8, 1, 8), POLICIES, st.data())
def test_tables_linked_by_their_shared_margin(truth, policy, data):
    """Centre by area and centre by sex share the centres' totals: what one table gives, the other may take."""
    sets = (("A", "B"), ("N", "S"), ("F", "M"))
    points = list(product(*sets))
    by_area = list(places(sets, [(False, False, True), (False, True, True), (True, False, True), (True, True, True)]))
    by_sex = list(places(sets, [(False, True, False), (False, True, True), (True, True, False), (True, True, True)]))
    cells = list(dict.fromkeys([*by_area, *by_sex]))
    hidden = drawn_mask(data, truth, points, cells, policy)
    dimensions = ("centre", "area", "sex")
    tables = [table_of(truth, points, part, hidden, dimensions) for part in (by_area, by_sex)]
    assert known.ranges(audit(tables, policy)) == expected(truth, points, cells, hidden, policy)


@BRISK
@given(patients(6, 1, 9), st.data())
def test_a_pooled_period_and_an_earlier_edition(truth, data):
    """Each edition gives its own year and the pool; together they are one table of centre by year."""
    sets = (("A", "B"), ("2023", "2024", "2025"))
    points = list(product(*sets))
    cells = [(centre, year) for centre in ("A", "B", "Total") for year in (*sets[1], "2023 to 2025")]
    spans = {"2023 to 2025": "Total"}

    def covers(place):
        return covering((place[0], spans.get(place[1], place[1])))

    hidden = {place for place in cells if place != ("Total", "2023 to 2025") and data.draw(st.booleans())}
    listed = [Number(place, covers(place), place not in hidden) for place in cells]

    def table(part):
        rows = []
        for place in part:
            value = sum(number for number, point in zip(truth, points, strict=True) if covers(place)(point))
            rows.append({"centre": place[0], "period": place[1], "value": None if place in hidden else value})
        return known.table(rows, ("centre", "period"))

    now = table([place for place in cells if place[1] in ("2025", "2023 to 2025")])
    before = [[table([place for place in cells if place[1] == year])] for year in ("2023", "2024")]
    assert known.ranges(audit([now], SMALL, before)) == ranges(points, truth, listed)


def rate_table(rows):
    """A rate by centre from (centre, met, not met, numerator shown, denominator shown)."""
    met = [float(m) if part else None for _, m, _, part, _ in rows]
    of = [float(m + n) if whole else None for _, m, n, _, whole in rows]
    columns = {
        "centre": text([row[0] for row in rows]),
        "measure": text(["alive"] * len(rows)),
        "value": numbers([None if m is None or not n else m / n for m, n in zip(met, of, strict=True)]),
        "numerator": numbers(met),
        "denominator": numbers(of),
        "status": text(["" if m is not None else "c" for m in met]),
    }
    return ResultTable(columns, name="outcomes", kind="rate", dimensions=("centre", "measure"))


@BRISK
@given(st.one_of(patients(4, 1, 9), patients(6, 1, 9)), POLICIES, st.data())
def test_rates_with_numerator_complement_and_denominator(truth, policy, data):
    names = "ABC"[: len(truth) // 2]
    points = [(name, state) for name in names for state in ("met", "not met")]
    listed, rows = [], []
    for name in ("Total", *names):
        met, missed = count(truth, points, (name, "met")), count(truth, points, (name, "not met"))
        noughts = policy.zeros == "publish" and 0 in (met, missed)
        whole = name == "Total" or noughts or data.draw(st.booleans())
        part = noughts or (whole and data.draw(st.booleans()))
        rows.append((name, met, missed, part, whole))
        # Where noughts are published, a withheld numerator of a shown denominator is neither nought nor all.
        floor = 1 if policy.zeros == "publish" else 0
        listed.append(Number((name, "denominator"), covering((name, "Total")), whole, floor))
        listed.append(Number((name, "numerator"), covering((name, "met")), part, floor if whole else 0))
        listed.append(Number((name, "complement"), covering((name, "not met")), part, floor if whole else 0))
    found = audit([rate_table(rows)], policy)
    ours = {
        (row["centre"], row["quantity"]): (row["low"], row["high"]) for row in found.rows() if row["quantity"] != "complement"
    }
    theirs = {name: ends for name, ends in ranges(points, truth, listed).items() if name[1] != "complement"}
    assert ours == theirs


@BRISK
@given(patients(3, 1, 9), st.data())
def test_access_gives_the_patients_of_activity(truth, data):
    """A rate per million over a public population is the number of patients under another name."""
    regions = ("E", "N", "W")
    points = [(region,) for region in regions]
    cells = [(region,) for region in (*regions, "Total")]
    both = {name: {cell for cell in cells if data.draw(st.booleans())} for name in ("activity", "access")}
    both["activity"].discard(("Total",))
    truly = {cell: count(truth, points, cell) for cell in cells}

    def columns(name):
        shown = [cell not in both[name] for cell in cells]
        figures = [float(truly[cell]) if each else None for cell, each in zip(cells, shown, strict=True)]
        measure = {"activity": "patients", "access": "patients"}[name]
        return figures, {
            "area": text([cell[0] for cell in cells]),
            "measure": text([measure] * len(cells)),
            "status": text(["" if each else "c" for each in shown]),
        }

    figures, words = columns("activity")
    activity = ResultTable(words | {"value": numbers(figures)}, name="activity", kind="count", dimensions=("area", "measure"))
    figures, words = columns("access")
    rate = numbers([None if each is None else each / 2e6 for each in figures])
    access = ResultTable(
        words | {"value": rate, "numerator": numbers(figures), "denominator": np.full(len(cells), 2e6)},
        name="access",
        kind="exposure",
        dimensions=("area", "measure"),
    )
    either = both["activity"] & both["access"]
    truth_ranges = ranges(points, truth, [Number(cell, covering(cell), cell not in either) for cell in cells])
    found = {(row["area"],): row for row in audit([activity, access], SMALL).rows()}
    for cell in either:
        assert (found[cell]["low"], found[cell]["high"]) == truth_ranges[cell]
    for cell in (both["activity"] | both["access"]) - either:
        seen = "exact" if cell == ("Total",) else PUBLIC  # residents of the listed areas are a number of access alone
        assert (found[cell]["low"], found[cell]["verdict"]) == (truly[cell], seen)


@BRISK
@given(patients(6, 1, 9), st.data())
def test_one_more_fact_never_widens_a_range(truth, data):
    """What is public elsewhere can only help the reader; and the help is exactly that of the fact."""
    sets = (("A", "B"), ("N", "S", "W"))
    points = list(product(*sets))
    cells = list(places(sets, product((False, True), repeat=2)))
    hidden = drawn_mask(data, truth, points, cells, SMALL)
    assume(hidden)
    told = data.draw(st.sampled_from(sorted(hidden)))
    tables = [table_of(truth, points, cells, hidden, ("centre", "area"))]
    fact = {"centre": told[0], "area": told[1], "value": count(truth, points, told)}
    policy = Policy(threshold=3, event_threshold=2, minimum_width=2, already_public=(fact,))
    before, after = known.ranges(audit(tables, SMALL)), known.ranges(audit(tables, policy))
    assert after[told] == (fact["value"], fact["value"])
    assert all(before[cell][0] <= after[cell][0] <= after[cell][1] <= before[cell][1] for cell in before)
    assert {cell: after[cell] for cell in hidden - {told}} == expected(truth, points, cells, hidden - {told}, SMALL)


@BRISK
@given(patients(6, 1, 9), st.randoms(use_true_random=False), st.data())
def test_the_order_of_rows_and_tables_says_nothing(truth, random, data):
    sets = (("A", "B"), ("N", "S", "W"))
    points = list(product(*sets))
    cells = list(places(sets, product((False, True), repeat=2)))
    hidden = drawn_mask(data, truth, points, cells, SMALL)
    half = [place for place in cells if place[1] == "Total"]
    shuffled = list(cells)
    random.shuffle(shuffled)

    def made(order):
        return table_of(truth, points, order, hidden, ("centre", "area"))

    one = audit([made(cells), made(half)], SMALL)
    two = audit([made(half), made(shuffled)], SMALL)
    assert sorted(map(str, one.rows())) == sorted(map(str, two.rows()))
    assert {name: one.totals[name] for name in ("exact", "narrow", "withheld")} == {
        name: two.totals[name] for name in ("exact", "narrow", "withheld")
    }


# -- verdicts


@pytest.mark.parametrize(
    ("quantity", "low", "high", "says"),
    [
        ("patients", 7, 7, "exact"),
        ("patients", 60, 60, "exact"),
        ("patients", 7, 16, "narrow"),
        ("patients", 7, 17, "safe"),
        ("patients", 29, 30, "narrow"),
        ("patients", 30, 31, "safe"),  # both ends may be shown: nothing small is told
        ("patients", 7, np.inf, "safe"),
        ("denominator", 0, 9, "narrow"),
        ("denominator", 0, 10, "safe"),
        ("numerator", 0, 4, "narrow"),
        ("numerator", 0, 5, "safe"),
        ("complement", 3, 3, "exact"),
        ("not_eligible", 3, 3, "safe"),
        ("not_known", 3, 3, "safe"),
        ("amount", 100.0, 100.004, "exact"),
        ("amount", 100.0, 100.006, "narrow"),
        ("amount", 90.0, 99.9, "narrow"),
        ("amount", 90.0, 100.0, "safe"),
        ("amount", 0.0, 12.0, "safe"),
    ],
)
def test_what_a_range_amounts_to(quantity, low, high, says):
    assert verdict(quantity, float(low), float(high), Policy()) == says


def test_events_need_no_more_width_than_patients():
    """A policy that asks patients for 3 cannot ask events for 5."""
    assert need("numerator", Policy(minimum_width=3)) == 3
    assert need("numerator", Policy()) == 5
    assert need("patients", Policy()) == need("denominator", Policy()) == 10
    assert need("not_known", Policy()) == 0


# -- the report


def one_row():
    rows = [{"centre": "A", "value": None}, {"centre": "B", "value": 40}, {"centre": "Total", "value": 52}]
    return known.table(rows, ("centre",))


def test_the_report_says_how_many_and_which():
    found = audit([one_row()], Policy())
    assert {name: found.totals[name] for name in ("cells", "withheld", "exact", "narrow")} == {
        "cells": 3,
        "withheld": 1,
        "exact": 1,
        "narrow": 0,
    }
    assert found.columns is found.cells
    assert "joint" not in found.totals, "nothing was left untried"
    assert found.how == {("patients", "A"): "patients of Total (52) less B (40)"}
    how = "patients of Total (52) less B (40)"
    assert found.rows() == [{"centre": "A", "quantity": "patients", "low": 12, "high": 12, "verdict": "exact", "how": how}]


def test_the_report_is_json_and_the_same_bytes_each_time_without_the_clock():
    open_ended = known.table([{"centre": "A", "value": None}], ("centre",))
    plain = [json.dumps(audit([open_ended], Policy()).plain(seconds=False)) for _ in range(2)]
    assert plain[0] == plain[1]
    assert json.loads(plain[0])["cells"][0]["high"] is None
    assert "seconds" not in json.loads(plain[0])["totals"]
    assert audit([open_ended], Policy()).plain()["totals"]["seconds"] >= 0


def test_amounts_are_reported_to_the_penny_and_patients_whole():
    rows = [{"centre": name, "value": value} for name, value in (("A", None), ("B", 50.25), ("Total", 100.5))]
    table = known.table(rows, ("centre",))
    money = ResultTable(table.columns, name="spend", kind="magnitude", dimensions=("centre",))
    [row] = audit([money], Policy()).rows()
    assert (row["quantity"], row["low"], row["high"], row["verdict"]) == ("amount", 50.25, 50.25, "exact")


def test_nothing_published_gives_nothing_away():
    found = audit([], Policy())
    assert found.clean
    assert found.rows() == []
    assert found.totals["cells"] == 0


def test_earlier_editions_may_come_flat_or_edition_by_edition():
    tables = [one_row(), one_row(), one_row()]
    assert flat(tables) == flat([tables[:1], tables[1:]]) == flat([tables[0], tables[1:]]) == tables
    assert flat([]) == []


def test_the_list_of_worlds_is_complete():
    """Five patients at three points: (5 + 2) over 2 = 21 worlds, all of five patients, none twice."""
    every = worlds(3, 5)
    assert len(every) == len({tuple(row) for row in every.tolist()}) == 21
    assert set(every.sum(axis=1).tolist()) == {5}


# -- what else the report lists, and what it calls safe


def table_over(values, dimensions=("centre",), name="activity"):
    rows = [
        dict(zip(dimensions, at if isinstance(at, tuple) else (at,), strict=True), value=value) for at, value in values.items()
    ]
    return known.table(rows, dimensions, name)


def verdicts(*tables, policy=None, previous=()):
    found = audit(tables, policy or Policy(), previous)
    names = [name for name in found.cells if name not in known.ADDED]
    return {(*(row[name] for name in names), row["quantity"]): (row["low"], row["high"], row["verdict"]) for row in found.rows()}


def test_neither_what_is_exact_nor_what_is_narrow_alone_is_clean():
    exact = audit([table_over({"A": None, "B": 40, "Total": 52})], Policy())
    assert (exact.totals["exact"], exact.totals["narrow"], exact.clean) == (1, 0, False)
    narrow = audit([table_over({"A": None, "B": None, "Total": 3})], Policy())
    assert (narrow.totals["exact"], narrow.totals["narrow"], narrow.clean) == (0, 2, False)
    assert audit([table_over({"A": None, "B": None, "Total": 90})], Policy()).clean


@pytest.mark.parametrize(("total", "below"), [(29, 2), (30, 0)])
def test_numbers_of_people_that_are_certainly_small_are_counted(total, below):
    found = audit([table_over({"A": None, "B": None, "Total": total})], Policy())
    assert found.totals["below"] == below


def test_events_and_what_tells_of_the_data_are_not_counted_as_people():
    columns = {"centre": text(["A"]), "numerator": numbers([None]), "denominator": numbers([60]), "status": text(["c"])}
    columns |= {"not_known": numbers([None])}
    found = audit([ResultTable(columns, name="outcomes", kind="rate", dimensions=("centre",))], Policy(threshold=100))
    assert found.totals["below"] == 0
    assert found.cells["quantity"].tolist() == ["not_known", "numerator"]


@pytest.mark.parametrize(
    ("pool", "policy", "listed"),
    [
        (52, Policy(), {("2025", "patients"): (12, 12, "exact")}),
        (69, Policy(), {("2025", "patients"): (29, 29, "exact")}),
        (70, Policy(), {}),
        (40, Policy(), {("2025", "patients"): (0, 0, "exact")}),
        (40, Policy(zeros="publish"), {}),
        (41, Policy(zeros="publish"), {("2025", "patients"): (1, 1, "exact")}),
    ],
)
def test_a_small_number_of_a_year_that_only_a_pool_gives_is_listed(pool, policy, listed):
    now, before = table_over({"2024 to 2025": pool}, ("period",)), table_over({"2024": 40}, ("period",))
    assert verdicts(now, policy=policy, previous=[before]) == listed
    assert audit([now], policy, [before]).totals["withheld"] == len(listed)


def test_a_year_that_a_pool_leaves_wide_is_not_listed():
    now = table_over({("A", "2024 to 2025"): 52, ("B", "2024 to 2025"): 60}, ("centre", "period"))
    before = table_over({("A", "2024"): None, ("B", "2024"): None, ("Total", "2024"): 70}, ("centre", "period"))
    found = verdicts(now, previous=[before])
    assert set(found) == {("A", "2024", "patients"), ("B", "2024", "patients")}


@pytest.mark.parametrize(("events", "listed"), [(24, {("2025", "numerator"): (4, 4, "exact")}), (25, {})])
def test_so_are_the_few_events_of_such_a_year(events, listed):
    def rate(period, met, of):
        columns = {"period": text([period]), "numerator": numbers([met]), "denominator": numbers([of])}
        return ResultTable(columns, name="outcomes", kind="rate", dimensions=("period",))

    assert verdicts(rate("2024 to 2025", events, 100), previous=[rate("2024", 20, 60)]) == listed


def test_a_year_of_money_that_only_a_pool_gives_is_not_listed():
    def money(period, amount):
        columns = {"period": text([period]), "value": numbers([amount])}
        return ResultTable(columns, name="spend", kind="magnitude", dimensions=("period",))

    assert verdicts(money("2024 to 2025", 52.5), previous=[money("2024", 40.25)]) == {}


ROUNDED = Policy(rounding=5, minimum_width=4)


@pytest.mark.parametrize(
    ("other", "says"), [(40, (38, 38, "safe")), (30, (30, 30, "safe")), (30, (29, 29, "exact")), (10, (8, 8, "exact"))]
)
def test_a_rounded_number_that_may_be_shown_need_not_be_wide(other, says):
    """What was printed exactly before, 33 and a total, gives the rounded one: a large one was rounded for the sums alone."""
    before = table_over({"A": 33, "Total": 33 + says[0]})
    now = table_over({"A": 35, "B": other, "Total": 35 + other})
    assert verdicts(now, policy=ROUNDED, previous=[before])["B", "patients"] == says


def test_a_rounded_number_is_as_wide_as_its_neighbours():
    found = verdicts(table_over({"A": 0, "B": 60, "Total": 60}), policy=ROUNDED)
    assert found["A", "patients"] == (0, 4, "safe")
    assert found["B", "patients"] == (56, 64, "safe")


def crossed(column):
    """Two patients rounded to 5 by sex, of whom the margins by sex say that they are far more."""
    cells = {("A", "F"): None, ("A", "M"): None, ("A", "Total"): 5, ("B", "F"): 10, ("B", "M"): 10, ("B", "Total"): 20}
    return table_over(cells | {("Total", "F"): column, ("Total", "M"): column}, ("centre", "sex"))


def test_rounded_numbers_are_believed_as_near_as_they_add_up_and_refused_beyond():
    near, far = (verdicts(crossed(column), policy=ROUNDED) for column in (10, 40))
    assert near["A", "Total", "patients"][1] <= 9, "the neighbours add up"
    assert near["B", "F", "patients"][0] >= 6
    assert far["A", "Total", "patients"][:2] == (18, 19), "only the third multiples do: at most 34 of B, at least 52 in all"
    with pytest.raises(InputError, match="contradict"):
        audit([crossed(100)], ROUNDED)


def test_without_rounding_a_contradiction_is_refused_at_once():
    with pytest.raises(InputError, match="contradict"):
        audit([crossed(40)], Policy())


def test_every_leak_is_told_in_words_however_many_there_are():
    """Thirty-one services of two withheld centres each: programmes are solved for the first sixty cells alone."""
    cells = {}
    for order in range(31):
        cells |= {(f"s{order:02}", "A"): None, (f"s{order:02}", "B"): None, (f"s{order:02}", "Total"): 3}
    found = audit([table_over(cells, ("service", "centre"))], Policy())
    assert found.totals["narrow"] == 62
    assert all(row["how"] for row in found.rows())
    assert [row["how"] for row in found.rows()].count(GENERAL) == 2
    assert found.rows()[0]["how"].startswith("at most 3")


def test_the_reasons_of_an_insider_and_of_a_share_go_together():
    columns = {"centre": text(["A", "B"]), "value": numbers([0.5, None]), "status": text(["", "c"])}
    columns |= {name: numbers([None, None]) for name in ("numerator", "denominator")}
    rate = ResultTable(columns, name="outcomes", kind="rate", dimensions=("centre",))
    total = ResultTable(
        {"centre": text(["Total"]), "numerator": numbers([9]), "denominator": numbers([20])}, "more", "rate", ("centre",)
    )
    found = audit([rate, total], Policy(threshold=40, insiders=("centre",)))
    words = {(row["centre"], row["quantity"]): row["how"] for row in found.rows() if row["how"]}
    assert words["A", "denominator"] == "B subtracts its own figures; the share 0.5 shown beside it"
    assert "share" not in words["B", "denominator"]


def test_what_stands_elsewhere_is_public_and_neither_exact_nor_narrow():
    found = audit([table_over({"A": None, "B": None, "Total": 90})], Policy(already_public=({"centre": "A", "value": 12},)))
    assert [row["verdict"] for row in found.rows()] == [PUBLIC, "exact"]
    assert found.totals["exact"] == 1, "and B follows from it"


def test_cells_stand_in_the_order_of_quantity_and_place():
    columns = {"centre": text(["B", "A"]), "numerator": numbers([None] * 2), "denominator": numbers([None] * 2)}
    rate = ResultTable({**columns, "status": text(["c", "c"])}, name="outcomes", kind="rate", dimensions=("centre",))
    rows = [(row["quantity"], row["centre"]) for row in audit([rate], Policy()).rows()]
    assert rows == [("denominator", "A"), ("denominator", "B"), ("numerator", "A"), ("numerator", "B")]


def test_the_same_number_withheld_in_two_tables_is_one_row():
    found = audit([table_over({"A": None, "Total": 40}), table_over({"A": None}, name="other")], Policy())
    assert found.totals["withheld"] == found.totals["exact"] == 1


def test_only_what_may_be_small_and_was_wide_counts_as_wide_later():
    """A number that was 30 at least was proved to be no single value, no more; an amount's range must be wider as it rises."""
    columns = {"centre": text(list("ABCD")), "value": numbers([None, None, 40, 80]), "status": text(["c", "c", "", ""])}
    small = audit([table_over({"A": None, "B": None, "Total": 20})], Policy())
    assert _wide(small, Policy()) == {("patients", "A"), ("patients", "B")}
    hidden = dict.fromkeys(product("AB", "mf"))
    for least in (30, 35):
        many = {("A", "Total"): least + 5, ("Total", "m"): least + 5, ("Total", "Total"): least + 10}
        large = audit([table_over(hidden | many | {("B", "Total"): 5, ("Total", "f"): 5}, ("centre", "sex"))], Policy())
        found = [(row["low"], row["verdict"]) for row in large.rows()]
        assert found == [(0, "narrow"), (least, "safe"), (0, "narrow"), (0, "narrow")]
        assert _wide(large, Policy()) == frozenset()
    money = ResultTable(columns, name="spend", kind="magnitude", dimensions=("centre",))
    found = audit([money], Policy())
    assert set(found.cells["verdict"].tolist()) == {"safe"}
    assert _wide(found, Policy()) == frozenset()
