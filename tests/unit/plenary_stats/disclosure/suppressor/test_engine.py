"""Secondary suppression against complete lists of worlds: what is withheld is enough, none of it is needless, nothing else moves."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.disclosure.suppressor.cells import Cells
from plenary_stats.disclosure.suppressor.engine import Suppressor
from plenary_stats.disclosure.suppressor.links import gather, link
from plenary_stats.disclosure.suppressor.needs import primary
from plenary_stats.disclosure.suppressor.questions import Proof
from plenary_stats.errors import InputError
from plenary_stats.tables import TOTAL, ResultTable, numbers, text
from tests.unit.plenary_stats.disclosure import known
from tests.unit.plenary_stats.disclosure.enumeration import Number, covering, patients, places, ranges

SMALL = Policy(threshold=3, event_threshold=2, minimum_width=2)
SMALL_NOUGHTS = Policy(threshold=3, event_threshold=2, minimum_width=2, zeros="publish")
BRISK = settings(max_examples=10, deadline=None, derandomize=True)
SETS = (("A", "B"), ("N", "S", "W"))
POINTS = list(product(*SETS))
CELLS = list(places(SETS, product((False, True), repeat=2)))


def values_of(truth, cells=CELLS, points=POINTS):
    return {place: sum(number for number, point in zip(truth, points, strict=True) if covering(place)(point)) for place in cells}


def table_of(values, dimensions=("centre", "area")):
    return known.table(
        [dict(zip(dimensions, place, strict=True)) | {"value": value} for place, value in values.items()], dimensions
    )


def shown_of(made, dimensions=("centre", "area")):
    return {tuple(row[name] for name in dimensions) for row in made.rows() if row["status"] == ""}


def least(policy):
    return 1 if policy.zeros == "publish" else 0


def told(truth, shown, policy, cells=CELLS, points=POINTS):
    return ranges(points, truth, [Number(place, covering(place), place in shown, least(policy)) for place in cells])


def small(value, policy):
    return least(policy) <= value < policy.threshold


# -- the promise


@BRISK
@given(patients(6, 1, 12), st.sampled_from([SMALL, SMALL_NOUGHTS]))
def test_no_world_gives_a_small_number_away(truth, policy):
    values = values_of(truth)
    shown = shown_of(protect([table_of(values)], policy).tables[0])
    assert not [place for place in shown if small(values[place], policy)]
    if (TOTAL, TOTAL) not in shown:
        return  # then every range is open above: there is nothing to list
    for place, (low, high) in told(truth, shown, policy).items():
        assert low <= values[place] <= high
        if small(values[place], policy):
            assert high - low >= policy.minimum_width, place


@BRISK
@given(patients(8, 6, 10))
def test_no_world_of_two_linked_tables_gives_a_small_number_away(truth):
    sets = (("A", "B"), ("N", "S"), ("F", "M"))
    points, dimensions = list(product(*sets)), ("centre", "area", "sex")
    by_area = list(places(sets, [(False, False, True), (False, True, True), (True, False, True), (True, True, True)]))
    by_sex = list(places(sets, [(False, True, False), (False, True, True), (True, True, False), (True, True, True)]))
    cells = list(dict.fromkeys([*by_area, *by_sex]))
    values = values_of(truth, cells, points)
    done = protect([table_of({place: values[place] for place in part}, dimensions) for part in (by_area, by_sex)], SMALL)
    shown = shown_of(done.tables[0], dimensions) | shown_of(done.tables[1], dimensions)
    withheld = set(cells) - shown
    for made in done.tables:  # one cell, one mark, in whichever table it stands
        assert not shown_of(made, dimensions) & withheld
    if (TOTAL,) * 3 not in shown:
        return
    for place, (low, high) in told(truth, shown, SMALL, cells, points).items():
        if values[place] < SMALL.threshold:
            assert high - low >= SMALL.minimum_width, place


@BRISK
@given(st.one_of(patients(4, 4, 12), patients(6, 6, 12)))
def test_no_world_gives_away_the_events_of_a_rate(truth):
    names = "ABC"[: len(truth) // 2]
    points = [(name, state) for name in names for state in ("met", "not met")]
    met = values_of(truth, [(name, "met") for name in (TOTAL, *names)], points)
    of = values_of(truth, [(name, TOTAL) for name in (TOTAL, *names)], points)
    table = ResultTable(
        {
            "centre": text([TOTAL, *names]),
            "measure": text(["alive"] * (len(names) + 1)),
            "value": numbers([m / n if n else None for m, n in zip(met.values(), of.values(), strict=True)]),
            "numerator": numbers(list(met.values())),
            "denominator": numbers(list(of.values())),
        },
        name="outcomes",
        kind="rate",
        dimensions=("centre", "measure"),
    )
    made = protect([table], SMALL).tables[0]
    listed, wanted = [], {}
    for row in made.rows():
        name = row["centre"]
        whole, part = not np.isnan(row["denominator"]), not np.isnan(row["numerator"])
        events = (met[name, "met"], of[name, TOTAL] - met[name, "met"])
        assert not (whole and of[name, TOTAL] < SMALL.threshold)
        assert not (part and min(events) < SMALL.event_threshold)
        assert whole or not part
        listed += [
            Number((name, "of"), covering((name, TOTAL)), whole),
            Number((name, "met"), covering((name, "met")), part),
            Number((name, "not met"), covering((name, "not met")), part),
        ]
        wanted |= {(name, "of"): SMALL.minimum_width, (name, "met"): SMALL.event_width, (name, "not met"): SMALL.event_width}
    if np.isnan(made["denominator"][0]):
        return
    true = {(name, "of"): of[name, TOTAL] for name in (TOTAL, *names)} | {
        (name, "met"): met[name, "met"] for name in (TOTAL, *names)
    }
    for number, (low, high) in ranges(points, truth, listed).items():
        if number in true and true[number] < SMALL.threshold:
            assert high - low >= wanted[number], (number, low, high)


def needless(truth):
    """The secondary cells that could be shown, one at a time, without giving anything away; and all secondary cells."""
    values = values_of(truth)
    shown = shown_of(protect([table_of(values)], SMALL).tables[0])
    secondary = [place for place in CELLS if place not in shown and values[place] >= SMALL.threshold]
    free = []
    for place in secondary if (TOTAL, TOTAL) in shown else ():
        again = told(truth, shown | {place}, SMALL)
        narrow = (low == high or (values[at] < 3 and high - low < 2) for at, (low, high) in again.items())
        free += [] if any(narrow) else [place]
    return free, secondary


def test_little_is_withheld_in_vain():
    """Of what is chosen, nearly all is needed: each cell by itself, tried by listing every world."""
    random = np.random.default_rng(7)
    found = [needless(random.multinomial(14, [0.25, 0.2, 0.2, 0.15, 0.1, 0.1]).tolist()) for _ in range(8)]
    spare, taken = (sum(len(each[place]) for each in found) for place in (0, 1))
    assert taken > 15
    assert spare <= 0.15 * taken


@BRISK
@given(patients(6, 1, 20))
def test_protecting_what_is_protected_changes_nothing(truth):
    """The published table, protected once more as it stands, is the same table: a withheld figure stays one."""
    once = protect([table_of(values_of(truth))], SMALL).tables[0]
    again = protect([ResultTable(once.columns, name=once.name, kind=once.kind, dimensions=once.dimensions)], SMALL).tables[0]
    assert again["status"].tolist() == once["status"].tolist()
    np.testing.assert_array_equal(again["value"], once["value"])


@BRISK
@given(patients(6, 1, 20), st.permutations(range(len(CELLS))))
def test_the_choice_does_not_hang_on_the_order_of_rows(truth, order):
    values = values_of(truth)
    turned = {list(values)[place]: list(values.values())[place] for place in order}
    assert shown_of(protect([table_of(values)], SMALL).tables[0]) == shown_of(protect([table_of(turned)], SMALL).tables[0])


@BRISK
@given(patients(6, 6, 12), st.sampled_from(CELLS))
def test_a_fact_that_is_public_is_reckoned_with(truth, told_place):
    """With one figure public elsewhere, the tables are protected against readers who know it, or refused; never let go as before."""
    values = values_of(truth)
    fact = {"centre": told_place[0], "area": told_place[1], "value": values[told_place]}
    policy = Policy(threshold=3, event_threshold=2, minimum_width=2, already_public=(fact,))
    try:
        done = protect([table_of(values)], policy)
    except InputError:  # the fact alone says it: a total of one patient leaves its parts nought or one
        assert TOTAL in told_place
        assert fact["value"] < policy.minimum_width
        return
    assert audit(done.tables, policy).clean
    shown = shown_of(done.tables[0]) | {told_place}
    if (TOTAL, TOTAL) not in shown:
        return
    for place, (low, high) in told(truth, shown, SMALL).items():
        if values[place] < SMALL.threshold:
            assert high - low >= SMALL.minimum_width, place


# -- what is small


def rate_cells(numerator, denominator, zeros):
    table = ResultTable(
        {
            "centre": text(["A"]),
            "measure": text(["alive"]),
            "value": numbers([numerator / denominator if denominator else None]),
            "numerator": numbers([numerator]),
            "denominator": numbers([denominator]),
        },
        name="outcomes",
        kind="rate",
        dimensions=("centre", "measure"),
    )
    policy = Policy(zeros=zeros)
    cells, _ = gather([table], ("centre", "measure"), 1)
    link(cells, policy)
    small = primary(cells, np.array(cells.value), policy)
    return {key[0]: bool(small[number]) for key, number in cells.number.items()}


@pytest.mark.parametrize(
    ("numerator", "denominator", "zeros", "primary"),
    [
        (15, 29, "protect", {"denominator"}),
        (15, 30, "protect", set()),
        (4, 30, "protect", {"numerator"}),
        (5, 30, "protect", set()),
        (26, 30, "protect", {"complement"}),
        (25, 30, "protect", set()),
        (0, 30, "protect", {"numerator"}),
        (0, 30, "publish", set()),
        (30, 30, "protect", {"complement"}),
        (30, 30, "publish", set()),
        (1, 30, "publish", {"numerator"}),
        (0, 0, "protect", {"denominator"}),
        (0, 0, "publish", set()),
    ],
)
def test_what_is_too_small_in_itself(numerator, denominator, zeros, primary):
    assert {quantity for quantity, small_ in rate_cells(numerator, denominator, zeros).items() if small_} == primary


# -- the workings


def suppressor(values, policy=SMALL, frozen=(), primary=None, tied=None):
    cells, _ = gather([table_of(values)], ("centre", "area"), 1)
    link(cells, policy)
    number = {key[1]: place for key, place in cells.number.items()}
    first = {number[place] for place, value in values.items() if value < policy.threshold} if primary is None else primary
    made = Suppressor(
        cells,
        np.array(cells.value),
        primary=first,
        frozen={number[place] for place in frozen},
        tied={number[one]: {number[other] for other in others} for one, others in (tied or {}).items()},
        policy=policy,
    )
    return made, number


LARGE = values_of([1, 9, 9, 9, 9, 9])


def test_what_earlier_editions_showed_is_never_withheld():
    free, number = suppressor(LARGE)
    free.run()
    partners = free.withheld - {number["A", "N"]}
    assert len(partners) == 3
    bound, number = suppressor(LARGE, frozen=[("B", "N"), (TOTAL, "N")])
    bound.run()
    bound.protect_more({number["A", "N"]})
    assert not {number["B", "N"], number[TOTAL, "N"]} & bound.withheld


def test_withholding_takes_along_what_is_tied():
    made, number = suppressor(LARGE, tied={("B", "N"): [("B", "S")]})
    made.run()
    assert number["B", "N"] not in made.withheld or number["B", "S"] in made.withheld
    made.withhold([number["B", "N"]])
    assert {number["B", "N"], number["B", "S"]} <= made.withheld
    made.run()
    assert {number["B", "N"], number["B", "S"]} <= made.withheld


def test_what_is_dear_is_shown_if_something_cheaper_will_do():
    """B's cells would go with A's small one; made dear, they stay and C's go."""
    sets = (("A", "B", "C"), ("N", "S"))
    points = list(product(*sets))
    cells = list(places(sets, product((False, True), repeat=2)))
    values = values_of([1, 9, 9, 9, 9, 9], cells, points)
    dimensions = ("centre", "area")
    plain = {name: Policy(threshold=3, minimum_width=2, weights={"centre": {name: 50.0}}) for name in "BC"}
    for dear, cheap in (("B", "C"), ("C", "B")):
        shown = shown_of(protect([table_of(values, dimensions)], plain[dear]).tables[0])
        assert {(dear, "N"), (dear, "S")} <= shown
        assert not {(cheap, "N"), (cheap, "S")} & shown


def test_cells_without_sums_need_no_company():
    empty = Cells(("centre",))
    first = empty.add(("patients", ("A",)), 1.0, published=True)
    other = empty.add(("patients", ("B",)), 9.0, published=True)
    made = Suppressor(empty, np.array(empty.value), primary={first}, frozen=set(), tied={}, policy=SMALL)
    made.run()
    assert made.withheld == {first}
    assert other not in made.withheld


@pytest.mark.parametrize("seed", range(6))
def test_the_first_choice_already_protects(seed):
    """Without the attack that protect() makes afterwards and mends by: what is given back was not needed."""
    truth = np.random.default_rng(seed).multinomial(24, [0.3, 0.25, 0.2, 0.1, 0.1, 0.05]).tolist()
    values = values_of(truth)
    made, number = suppressor(values)
    made.run()
    hidden = {place for place in values if number[place] in made.withheld}
    assert {place for place, value in values.items() if value < SMALL.threshold} <= hidden
    for place, (low, high) in told(truth, set(values) - hidden, SMALL).items():
        if values[place] < SMALL.threshold:
            assert high - low >= SMALL.minimum_width, (place, low, high)


# -- the engine alone, without the attack that mends by and by


def width(made, cell, known=()):
    """How far a cell can move in all, by linear programmes of the test's own; ``known``: cells that this reader knows."""
    fixed = ~made.hidden
    fixed[list(known)] = True
    bounds = [(0, 0) if still else (-fall, 1000) for still, fall in zip(fixed, made.down, strict=True)]
    goal, rows = np.eye(made.sums.size)[cell], made.sums.matrix.toarray()
    return -sum(linprog(sign * goal, A_eq=rows, b_eq=np.zeros(len(rows)), bounds=bounds).fun for sign in (1.0, -1.0))


def test_a_cell_may_fall_to_the_least_that_the_policy_tells_and_no_further():
    values = values_of([1, 9, 0, 9, 9, 9])
    protect_, number = suppressor(values)
    assert protect_.down[[number["A", "N"], number["A", "W"], number["A", "S"]]].tolist() == [1, 0, 9]
    publish, number = suppressor(values, SMALL_NOUGHTS, primary={number["A", "N"]})
    assert publish.down[[number["A", "N"], number["A", "W"], number["A", "S"]]].tolist() == [0, 0, 8]
    assert not publish.free[number["A", "W"]]  # a nought that is shown is no cover
    assert publish.free[number["A", "S"]]


def test_what_is_withheld_in_any_case_costs_nothing_and_the_rest_does():
    made, number = suppressor(LARGE)
    made.run()
    others = made.withheld - {number["A", "N"]}
    assert made.cost[number["A", "N"]] == 0
    assert made.loss == pytest.approx(sum(made.cost[each] for each in others))
    assert 0 < made.bound() <= made.loss + 1e-9


def test_ties_are_followed_to_their_end_but_not_into_what_is_frozen():
    tied = {("A", "N"): [("A", "S")], ("A", "S"): [("A", "W")], ("B", "N"): [("B", "S")], ("B", "S"): [("B", "W")]}
    made, number = suppressor(LARGE, frozen=[("B", "S")], tied=tied)
    assert made.close([number["A", "N"]]) == {number["A", area] for area in "NSW"}
    assert made.close([number["B", "N"]]) == {number["B", "N"]}
    assert made.primary == {number["A", area] for area in "NSW"}
    made.withhold([number["B", "S"], number["B", "N"]])
    assert number["B", "N"] in made.withheld
    assert number["B", "S"] not in made.withheld


BRIDGE = [("A", "N"), ("A", "S"), ("B", "N"), ("B", "S"), ("C", "E"), ("C", "W"), ("D", "E"), ("D", "W"), ("B", "E")]
"""Two squares of withheld cells and one cell between them: no single sum tells it, all together do."""


def test_what_only_all_sums_together_tell_is_asked_about_too():
    sets = (("A", "B", "C", "D"), ("E", "N", "S", "W"))
    points, cells = list(product(*sets)), list(places(sets, product((False, True), repeat=2)))
    values = values_of([9] * 16, cells, points)
    values |= {place: 2 if place in BRIDGE else 9 for place in points}
    for place in cells:
        values[place] = sum(values[point] for point in points if covering(place)(point))
    made, number = suppressor(values)
    between = number["B", "E"]
    made.hidden = made.forced.copy()
    assert width(made, between) == pytest.approx(0)
    assert between in made.narrowed()
    made.run()
    assert len(made.withheld) > len(BRIDGE)
    for place in BRIDGE:
        assert width(made, number[place]) >= SMALL.minimum_width - 1e-6


def test_where_nothing_else_can_go_the_search_ends():
    frozen = [place for place in CELLS if place != ("A", "N")]
    made, number = suppressor(LARGE, frozen=frozen)
    made.run()
    assert made.withheld == {number["A", "N"]}
    made.protect_more({number["A", "N"]})
    assert made.withheld == {number["A", "N"]}


@pytest.mark.parametrize("seed", range(4))
def test_the_first_choice_already_keeps_centres_from_one_another(seed):
    random = np.random.default_rng(seed)
    truth = [int(random.integers(1, 3)), *random.integers(4, 12, 5).tolist()]
    made, number = suppressor(values_of(truth), replace(SMALL, insiders=("centre",)))
    made.run()
    own = [cell for place, cell in number.items() if place[0] == "B"]
    assert width(made, number["A", "N"]) >= SMALL.minimum_width - 1e-6
    assert width(made, number["A", "N"], own) >= SMALL.minimum_width - 1e-6


def test_what_is_chosen_stays_when_more_is_asked_for():
    made, number = suppressor(LARGE)
    made.run()
    before = made.withheld
    made.withhold([number["B", "S"]])
    made.run()
    assert before | {number["B", "S"]} <= made.withheld


def test_showing_a_partner_would_give_the_small_number_away():
    made, number = suppressor(LARGE)
    made.run()
    partner = min(made.withheld - {number["A", "N"]})
    assert number["A", "N"] in made.narrow_without(partner)


ROUND = [("A", "N"), ("A", "S"), ("B", "N"), ("B", "W"), ("C", "S"), ("C", "W")]
"""Six withheld cells in a ring: what A has in the north can rise only as far as what C has in the west can fall."""


def test_a_cell_that_moves_too_little_round_a_ring_gets_help():
    sets = (("A", "B", "C"), ("N", "S", "W"))
    points, cells = list(product(*sets)), list(places(sets, product((False, True), repeat=2)))
    values = values_of([{("A", "N"): 1, ("C", "W"): 1}.get(point, 9) for point in points], cells, points)
    policy = Policy(threshold=3, event_threshold=2, minimum_width=3)
    _, number = suppressor(values, policy)
    made, _ = suppressor(values, policy, primary={number[place] for place in ROUND})
    made.hidden = made.forced.copy()
    assert width(made, number["A", "N"]) == pytest.approx(2)
    assert number["A", "N"] in made.narrowed()
    made.run()
    assert len(made.withheld) > len(ROUND)
    assert width(made, number["A", "N"]) >= 3 - 1e-6
    assert made.hopeless == set()


def told_of(place, low, width, gains, known=None):
    """Whether a proof of one cell is told as a cut, and that cut: by place, with how much each adds; how much is asked for."""
    made, number = suppressor(LARGE)
    named = {each: place for place, each in number.items()}
    before = len(made.cover.cuts)
    cells = np.array([number[each] for each in gains], dtype=np.int64)
    proof = Proof(width, low, cells, np.array(list(gains.values()), dtype=float))
    said = made._told(number[place], proof, None if known is None else np.array([number[each] for each in known]))
    added = [
        (
            {
                named[int(np.flatnonzero(made.group == column)[0])]: factor
                for column, factor in zip(each.columns, each.factors, strict=True)
            },
            each,
        )
        for each in made.cover.cuts[before:]
    ]
    return said, added, made, number


def test_a_small_cell_that_is_too_narrow_is_told_and_a_large_one_need_not_be_wide():
    """9 less 3 is still 6, and 3 may be shown: nobody minds that it is 6 to 7. Of 1 everybody does."""
    said, [(gains, cut)], *_ = told_of(("A", "N"), -1.0, 1.0, {("B", "N"): 5.0, ("A", "S"): 0.25})
    assert said
    assert gains == {("B", "N"): 1.0, ("A", "S"): 0.25}, "no more than what is lacking"
    assert cut.least.tolist() == [1.0]
    assert told_of(("B", "N"), -3.0, 1.0, {("A", "N"): 5.0})[:2] == (False, [])
    assert not told_of(("B", "N"), -6.0, 1.0, {("B", "S"): 5.0})[0], "9 less 6 is 3: that may be shown"
    assert told_of(("B", "N"), -7.0, 1.0, {("B", "S"): 5.0})[0], "9 less 7 is 2: that may not"


def test_a_large_cell_that_is_exactly_known_is_told_all_the_same():
    said, added, _, _ = told_of(("B", "N"), 0.0, 0.0, {("B", "S"): 5.0})
    assert (said, len(added)) == (True, 1)


def test_what_nothing_can_help_is_noted_and_asked_about_no_more():
    said, added, made, number = told_of(("A", "N"), 0.0, 0.0, {})
    assert (said, added) == (False, [])
    assert made.hopeless == {number["A", "N"]}
    said, [(gains, cut)], made, number = told_of(("A", "N"), 0.0, 0.0, {("B", "N"): 0.5})
    assert said
    assert made.hopeless == {number["A", "N"]}
    assert (gains, cut.least.tolist(), cut.sound.tolist()) == ({("B", "N"): 0.5}, [0.5], [False]), "as much as there is"


def test_what_an_insider_knows_does_not_help_against_him_and_is_no_reason_to_give_up():
    said, added, made, _ = told_of(("A", "N"), 0.0, 0.0, {("B", "N"): 5.0, ("B", "S"): 5.0}, known=[("B", "N")])
    assert said
    assert set(added[0][0]) == {("B", "S")}
    said, added, made, _ = told_of(("A", "N"), 0.0, 0.0, {("B", "N"): 5.0}, known=[("B", "N")])
    assert (said, added, made.hopeless) == (False, [], set())
