import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.disclosure.attacker.audit import Audit
from plenary_stats.disclosure.protect import Work
from plenary_stats.errors import InputError
from plenary_stats.tables import ProtectedTable, ResultTable, text
from tests.unit.plenary_stats.disclosure import known

DIMENSIONS = ("centre", "region")
CENTRES = np.array([[50, 60, 90], [12, 80, 70], [55, 66, 77]])


def with_margins(inside: np.ndarray) -> dict:
    """A table of centres by regions as a dict, with all its margins."""
    values = {(f"C{row}", f"R{column}"): int(value) for (row, column), value in np.ndenumerate(inside)}
    values |= {(f"C{row}", "Total"): int(inside[row].sum()) for row in range(inside.shape[0])}
    values |= {("Total", f"R{column}"): int(inside[:, column].sum()) for column in range(inside.shape[1])}
    return values | {("Total", "Total"): int(inside.sum())}


def as_table(values: dict, order=None) -> ResultTable:
    cells = list(values) if order is None else [list(values)[place] for place in order]
    return known.table([{"centre": c, "region": r, "value": values[c, r]} for c, r in cells], DIMENSIONS)


def shown(table: ProtectedTable) -> dict:
    return {(row["centre"], row["region"]): row["value"] for row in table.rows() if row["status"] == ""}


def attacker(values: dict, visible: dict, least: int) -> dict:
    """An attacker of the tests' own: an integer programme over the inner cells alone, margins as sums of them."""
    inner = [cell for cell in values if "Total" not in cell]

    def sums(cell):
        return [float(all(mine in ("Total", theirs) for mine, theirs in zip(cell, other, strict=True))) for other in inner]

    matrix = np.array([sums(cell) for cell in values])
    low = np.array([visible.get(cell, least) for cell in values], dtype=float)
    high = np.array([visible.get(cell, np.inf) for cell in values], dtype=float)
    found = {}
    for cell in set(values) - set(visible):
        ends = []
        for sign in (1, -1):
            answer = milp(
                sign * np.array(sums(cell)),
                integrality=np.ones(len(inner)),
                bounds=Bounds(0, 10_000),
                constraints=LinearConstraint(matrix, low, high),
            )
            ends.append(round(sign * answer.fun))
        found[cell] = tuple(ends)
    return found


def assert_safe(values: dict, made: ProtectedTable, policy: Policy) -> None:
    visible = shown(made)
    least = 1 if policy.zeros == "publish" else 0
    assert all(values[cell] == value for cell, value in visible.items())
    assert not [cell for cell, value in visible.items() if least <= value < policy.threshold]
    for cell, (low, high) in attacker(values, visible, least).items():
        assert low <= values[cell] <= high
        if values[cell] < policy.threshold:
            assert high - low >= policy.minimum_width, (cell, low, high)


@st.composite
def small_tables(draw):
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    number = st.one_of(st.integers(0, 3), st.integers(0, 60), st.integers(25, 200))
    return np.array(draw(st.lists(number, min_size=rows * columns, max_size=rows * columns))).reshape(rows, columns)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(small_tables(), st.sampled_from(["publish", "protect"]))
def test_an_attacker_of_its_own_finds_nothing(inside, zeros):
    values, policy = with_margins(inside), Policy(zeros=zeros)
    done = protect([as_table(values)], policy)
    assert done.audit.clean
    assert_safe(values, done.tables[0], policy)


def test_the_attacker_of_the_tests_can_find_something():
    values = with_margins(CENTRES)
    assert attacker(values, {cell: value for cell, value in values.items() if value >= 30}, 0) == {("C1", "R0"): (12, 12)}


def test_nothing_small_means_nothing_withheld():
    values = with_margins(np.array([[50, 60], [70, 80]]))
    done = protect([as_table(values)], Policy())
    assert shown(done.tables[0]) == values
    assert done.audit.totals["secondary"] == 0


def test_a_small_cell_takes_three_with_it():
    values = with_margins(CENTRES)
    done = protect([as_table(values)], Policy())
    assert done.audit.totals["primary"] == 1
    assert done.audit.totals["secondary"] == 3
    assert_safe(values, done.tables[0], Policy())


def test_the_only_centre_does_not_give_itself_away():
    values = with_margins(np.array([[70, 12, 31, 20]]))
    done = protect([as_table(values)], Policy())
    for region in ("R1", "R3"):
        assert ("C0", region) not in shown(done.tables[0])
        assert ("Total", region) not in shown(done.tables[0])
    assert_safe(values, done.tables[0], Policy())


def test_a_small_total_takes_everything_with_it():
    values = with_margins(np.array([[3, 4], [5, 6]]))
    assert shown(protect([as_table(values)], Policy()).tables[0]) == {}


def test_the_order_of_rows_changes_nothing():
    values = with_margins(np.array([[3, 40, 45], [50, 12, 61], [33, 38, 8]]))
    order = np.random.default_rng(4).permutation(len(values))
    first, second = (protect([as_table(values, each)], Policy()) for each in (None, order))
    assert shown(first.tables[0]) == shown(second.tables[0])


def test_the_same_tables_give_the_same_answer():
    values = with_margins(np.array([[3, 40, 45], [50, 12, 61], [33, 38, 8]]))
    first, second = (protect([as_table(values)], Policy()) for _ in range(2))
    assert shown(first.tables[0]) == shown(second.tables[0])
    assert first.audit.plain(seconds=False) == second.audit.plain(seconds=False)


def test_one_mark_for_all():
    made = protect([as_table(with_margins(CENTRES))], Policy()).tables[0]
    assert set(made["status"].tolist()) == {"", "c"}
    assert np.isnan(made["value"][made["status"] == "c"]).all()
    assert set(made.columns) == {"centre", "region", "value", "status"}


def test_a_protected_table_is_made_here_alone():
    columns = {"centre": text(["A"]), "value": np.array([3.0]), "status": text([""])}
    with pytest.raises(PermissionError):
        ProtectedTable(columns, name="sly", dimensions=("centre",))


def rates(rows: list[tuple[str, int, int]]) -> ResultTable:
    centre, met, total = zip(*rows, strict=True)
    met, total = np.array(met, dtype=float), np.array(total, dtype=float)
    return ResultTable(
        {
            "service": text(["s"] * len(rows)),
            "centre": text(centre),
            "measure": text(["survival"] * len(rows)),
            "value": met / total,
            "numerator": met,
            "denominator": total,
            "lower": met / total - 0.01,
            "upper": met / total + 0.01,
            "note": text([f"{value:.0f} survived" for value in met]),
        },
        name="outcomes",
        kind="rate",
        dimensions=("service", "centre", "measure"),
    )


def row_of(made: ProtectedTable, centre: str) -> dict:
    return next(row for row in made.rows() if row["centre"] == centre)


def test_a_rate_of_few_patients_goes_whole():
    made = protect([rates([("A", 12, 20), ("B", 30, 40), ("C", 50, 80), ("Total", 92, 140)])], Policy()).tables[0]
    gone = row_of(made, "A")
    assert gone["status"] == "c"
    assert gone["note"] == ""
    assert all(np.isnan(gone[name]) for name in ("value", "numerator", "denominator", "lower", "upper"))
    assert sum(np.isnan(made["denominator"])) >= 2


@pytest.mark.parametrize(("met", "total", "gone"), [(12, 20, True), (58, 60, False)])
def test_with_a_withheld_denominator_goes_who_is_not_counted_in_it_and_else_nobody(met, total, gone):
    table = rates([("A", met, total), ("B", 150, 200), ("C", 50, 80), ("Total", met + 200, total + 280)])
    rest = {"not_eligible": np.array([3.0, 4, 5, 12]), "not_known": np.array([2.0, 2, 2, 6])}
    table = ResultTable(dict(table.columns) | rest, name="outcomes", kind="rate", dimensions=table.dimensions)
    row = row_of(protect([table], Policy()).tables[0], "A")
    assert row["status"] == "c"
    assert np.isnan(row["denominator"]) == gone
    assert np.isnan([row["not_eligible"], row["not_known"]]).tolist() == [gone, gone]


def test_a_rate_with_few_events_keeps_its_denominator():
    made = protect([rates([("A", 58, 60), ("B", 150, 200), ("C", 50, 80), ("Total", 258, 340)])], Policy()).tables[0]
    gone = row_of(made, "A")
    assert gone["denominator"] == 60
    assert all(np.isnan(gone[name]) for name in ("value", "numerator", "lower", "upper"))
    assert sum(np.isnan(made["numerator"])) >= 2


def test_all_or_none_is_shown_as_the_policy_says():
    table = rates([("A", 60, 60), ("B", 150, 200), ("C", 50, 80), ("Total", 260, 340)])
    assert row_of(protect([table], Policy(zeros="publish")).tables[0], "A")["status"] == ""
    assert row_of(protect([table], Policy(zeros="protect")).tables[0], "A")["status"] == "c"


def test_every_centre_but_one_is_not_a_way_in():
    rows = [("A", 12, 20), ("B", 30, 40), ("C", 50, 80), ("D", 66, 99), ("Total", 158, 239)]
    found = protect([rates(rows)], Policy()).audit
    assert found.clean
    assert {"denominator", "numerator"} <= set(found.cells["quantity"].tolist())


def test_last_years_figures_are_part_of_the_attack():
    """A pool of two years, with last year shown, gives this year: the pool must go as well."""
    earlier = known.table([{"centre": "A", "period": "2024", "value": 60}], ("centre", "period"))
    now = known.table(
        [{"centre": "A", "period": "2025", "value": 12}, {"centre": "A", "period": "2024-2025", "value": 72}],
        ("centre", "period"),
    )
    alone = protect([now], Policy())
    assert alone.tables[0]["status"].tolist() == ["c", ""]
    assert not audit(alone.tables, Policy(), [earlier]).clean
    together = protect([now], Policy(), [earlier])
    assert together.tables[0]["status"].tolist() == ["c", "c"]
    assert together.audit.clean


def test_what_earlier_editions_give_away_is_refused_until_it_is_registered():
    earlier = known.table(
        [{"centre": "A", "period": "2024", "value": 60}, {"centre": "A", "period": "2024-2025", "value": 72}],
        ("centre", "period"),
    )
    now = known.table([{"centre": "A", "period": "2025", "value": 12}], ("centre", "period"))
    with pytest.raises(InputError, match="already_public"):
        protect([now], Policy(), [earlier])
    registered = Policy(already_public=({"centre": "A", "period": "2025", "value": 12},))
    done = protect([now], registered, [earlier])
    assert done.tables[0]["status"].tolist() == ["c"]
    assert done.audit.cells["verdict"].tolist() == ["public"]


def test_figures_public_elsewhere_count_as_known():
    """With the rest of its row public, the small cell can be hidden only behind its row's total."""
    public = ({"centre": "C1", "region": "R1", "value": 80}, {"centre": "C1", "region": "R2", "value": 70})
    policy = Policy(already_public=public)
    made = protect([as_table(with_margins(CENTRES))], policy).tables[0]
    assert ("C1", "Total") not in shown(made)
    assert audit([made], policy).clean


def test_a_figure_that_was_not_collected_stays_so():
    columns = dict(as_table(with_margins(np.array([[50, 60], [70, 80]]))).columns)
    columns["value"] = columns["value"].copy()
    columns["value"][0] = np.nan
    columns["status"] = text(["x"] + [""] * (len(columns["value"]) - 1))
    made = protect([ResultTable(columns, name="t", dimensions=DIMENSIONS)], Policy()).tables[0]
    assert made["status"].tolist()[0] == "x"
    assert made["status"].tolist()[1:] == [""] * (len(made) - 1)


def money(dominance: float | None) -> dict:
    rows = [
        {"centre": "A", "value": 900.0},
        {"centre": "B", "value": 50.0},
        {"centre": "C", "value": 50.0},
        {"centre": "Total", "value": 1000.0},
    ]
    table = known.table(rows, ("centre",))
    made = protect(
        [ResultTable(table.columns, name="spend", kind="magnitude", dimensions=("centre",))], Policy(dominance=dominance)
    )
    return {row["centre"]: row["status"] for row in made.tables[0].rows()}


def test_money_is_shown_unless_one_centre_dominates():
    assert set(money(None).values()) == {""}
    assert money(0.8) == {"A": "c", "B": "c", "C": "c", "Total": "c"}
    assert money(0.95)["Total"] == ""


def completeness(measure: str, rows: list[tuple[str, int, int]]) -> ResultTable:
    columns = dict(rates(rows).columns) | {"measure": text([measure] * len(rows))}
    return ResultTable(columns, name="completeness", kind="rate", dimensions=("service", "centre", "measure"))


def activity(values: dict[str, int]) -> ResultTable:
    rows = [{"service": "s", "centre": centre, "measure": "patients", "value": value} for centre, value in values.items()]
    return known.table(rows, ("service", "centre", "measure"), "activity")


def test_cases_received_of_those_expected_do_not_give_the_patients_away():
    """28 received of 35 expected, by a centre whose 28 patients are withheld."""
    done = protect(
        [
            activity({"A": 28, "B": 90, "Total": 118}),
            completeness("ascertainment", [("A", 28, 35), ("B", 90, 100), ("Total", 118, 135)]),
        ],
        Policy(),
    )
    gone = row_of(done.tables[1], "A")
    assert gone["status"] == "c"
    assert np.isnan(gone["numerator"])
    assert np.isnan(gone["value"])


def test_complete_records_have_the_patients_for_denominator():
    done = protect(
        [
            activity({"A": 28, "B": 90, "Total": 118}),
            completeness("complete-records", [("A", 21, 28), ("B", 88, 90), ("Total", 109, 118)]),
        ],
        Policy(),
    )
    assert np.isnan(row_of(done.tables[1], "A")["denominator"])
    assert [row["status"] for row in done.tables[0].rows()] == [row["status"] for row in done.tables[1].rows()]


def test_known_outcomes_are_the_denominator_of_the_outcome():
    """28 of 35 eligible patients have a known outcome: the rate of 28 is withheld, and so must the 28 be here."""
    outcome = rates([("A", 20, 28), ("B", 70, 90), ("Total", 90, 118)])
    done = protect([outcome, completeness("survival", [("A", 28, 35), ("B", 90, 95), ("Total", 118, 130)])], Policy())
    assert np.isnan(row_of(done.tables[0], "A")["denominator"])
    assert np.isnan(row_of(done.tables[1], "A")["numerator"])
    assert done.audit.clean


def pooled_outcome(met: float, total: float, not_eligible: float, not_known: float) -> ResultTable:
    figures = {"numerator": met, "denominator": total, "not_eligible": not_eligible, "not_known": not_known}
    columns = {name: np.array([value], dtype=float) for name, value in figures.items()} | {"value": np.array([met / total])}
    place = {"centre": "A", "period": "2024 to 2025", "measure": "survival"}
    dimensions = tuple(place)
    return ResultTable({name: text([code]) for name, code in place.items()} | columns, "outcomes", "rate", dimensions)


def test_results_stay_when_it_is_enough_to_withhold_how_many_were_not_eligible():
    """90 with a result and 11 and 7 without are 108 in two years; with 96 in the first, 12 would be left for the second."""
    dimensions = ("centre", "period", "measure")
    earlier = known.table([{"centre": "A", "period": "2024", "measure": "patients", "value": 96}], dimensions, "activity")
    now = known.table([{"centre": "A", "period": "2025", "measure": "patients", "value": 12}], dimensions, "activity")
    done = protect([now, pooled_outcome(60, 90, 11, 7)], Policy(), [earlier])
    (row,) = done.tables[1].rows()
    assert (row["status"], row["numerator"], row["denominator"]) == ("", 60, 90)
    assert np.isnan([row["not_eligible"], row["not_known"]]).any()
    assert done.audit.clean
    assert audit(done.tables, Policy(), [earlier]).clean
    told = [done.tables[0], pooled_outcome(60, 90, 11, 7)]
    assert not audit(told, Policy(), [earlier]).clean


def test_the_known_share_does_not_take_the_result_with_it():
    """Completeness gives those not yet known as well; to withhold them there leaves the outcome's own row as it is."""
    dimensions = ("centre", "period", "measure")
    earlier = known.table([{"centre": "A", "period": "2024", "measure": "patients", "value": 96}], dimensions, "activity")
    now = known.table([{"centre": "A", "period": "2025", "measure": "patients", "value": 12}], dimensions, "activity")
    pool = pooled_outcome(60, 90, 11, 7)
    share = ResultTable(
        dict(pool.columns) | {"numerator": np.array([90.0]), "denominator": np.array([97.0])}, "completeness", "rate"
    )
    done = protect([now, pool, share], Policy(), [earlier])
    assert next(done.tables[1].rows())["status"] == ""
    assert audit(done.tables, Policy(), [earlier]).clean


# -- what can no longer be withheld, and how a rate is printed


def places_of(work: Work, numbers) -> set[tuple[str, ...]]:
    return {work.cells.keys[number][1] for number in numbers}


def test_what_was_shown_and_what_everybody_knows_can_no_longer_be_withheld():
    values = with_margins(np.array([[50, 60, 90], [12, 80, 0]]))
    earlier = {("C0", "R0"): 50, ("C0", "R1"): None}
    before = known.table([{"centre": c, "region": r, "value": value} for (c, r), value in earlier.items()], DIMENSIONS)
    policy = Policy(
        structural_zeros=({"centre": "C1", "region": "R2"},), already_public=({"centre": "C1", "region": "R1", "value": 80},)
    )
    work = Work([as_table(values)], policy, [before])
    assert places_of(work, work.frozen) == {("C0", "R0"), ("C1", "R2"), ("C1", "R1")}
    assert places_of(work, work.primary()) == {("C1", "R0")}
    assert places_of(Work([as_table(values)], Policy(), []), Work([as_table(values)], Policy(), []).frozen) == set()


def test_what_was_shown_before_is_withheld_now_only_if_it_is_small_itself():
    """Nothing is gained by taking back a large number; a small one that slipped out is not shown again."""
    values = with_margins(CENTRES)
    work = Work([as_table(values)], Policy(), [as_table({("C1", "R0"): 12, ("C0", "R0"): 50})])
    assert set(values) - set(shown(work.write(set())[0])) == {("C1", "R0")}


def test_rates_are_rounded_to_the_policys_precision_and_numbers_are_not():
    table = rates([("A", 151, 333), ("B", 150, 200), ("Total", 301, 533)])
    made = protect([table], Policy(precision=2)).tables[0]
    for name in ("value", "lower", "upper"):
        assert made[name].tolist() == np.round(table[name], 2).tolist()
        assert made[name].tolist() != table[name].tolist()
    rough = Policy(precision=0, threshold=2, event_threshold=1, minimum_width=1)
    made = protect([table], rough).tables[0]
    assert made["numerator"].tolist() == [151, 150, 301]
    assert set(made["value"].tolist()) <= {0.0, 1.0}
    assert protect([table], Policy()).tables[0]["value"].tolist() == table["value"].tolist()


@pytest.mark.parametrize("lost", ["safe", "public", "exact", "narrow"])
def test_only_what_an_audit_calls_exact_or_narrow_is_bad(lost):
    work = Work([as_table(with_margins(CENTRES))], Policy(), [])
    columns = {"centre": text(["C1"]), "region": text(["R0"]), "quantity": text(["patients"]), "verdict": text([lost])}
    found = work.bad(Audit({**columns, "low": np.array([12.0]), "high": np.array([12.0])}, {}))
    assert found == (set() if lost in {"safe", "public"} else {("patients", "C1", "R0")})


def test_what_earlier_editions_withheld_has_one_possible_value_in_our_own_reckoning():
    """B and C were withheld last year beside a shown total: whole numbers that agree with it stand in for them."""
    before = known.counts({"A": 40, "B": None, "C": None, "Total": 97})
    work = Work([known.counts({"A": 40})], Policy(), [before])
    number = {work.cells.keys[each][1][0]: each for each in range(len(work.cells.keys))}
    assert work.unknown == {number["B"], number["C"]}
    values = work._values()
    assert values[number["A"]] == 40
    assert values[number["B"]] + values[number["C"]] == 57
    assert (values == np.round(values)).all()
    assert (values >= 0).all()


def test_where_noughts_are_published_what_was_withheld_is_taken_for_one_at_least():
    before = known.counts({"A": 40, "B": None, "C": None, "Total": 97})
    work = Work([known.counts({"A": 40})], Policy(zeros="publish"), [before])
    assert min(work._values()[sorted(work.unknown)]) >= 1


def test_without_earlier_editions_the_true_values_are_all_there_is():
    work = Work([known.counts({"A": 40, "B": 12, "Total": 52})], Policy(), [])
    assert sorted(work._values().tolist()) == [12, 40, 52]
    assert work.unknown == set()


def test_a_total_below_its_parts_is_named_and_parts_of_another_place_or_quantity_are_not():
    """Within the women A and B are more than their total; the men, and the regions above, have nothing to do with it."""
    values = {("A", "F"): 12, ("B", "F"): 60, ("Total", "F"): 50, ("A", "M"): 900, ("B", "M"): 900, ("Total", "M"): 1800}
    work = Work([known.counts(values, ("centre", "sex"))], Policy(hierarchies={"centre": (("A", "R"), ("B", "R"))}), [])
    assert work._exceeded(("patients", "A", "F")) == "patients, sex F, centre Total, is less than its parts A, B together."
    assert work._exceeded(("patients", "A", "M")) == ""
    assert work._exceeded(("patients", "A", "Total")) == ""


def test_many_parts_are_counted_when_their_total_is_named():
    values = {f"c{order}": 20 for order in range(9)} | {"Total": 100}
    work = Work([known.counts(values)], Policy(), [])
    said = work._exceeded(("patients", "c0"))
    assert said == "patients, centre Total, is less than its parts c0, c1, c2, c3, c4, c5 and 3 more together."


def test_amounts_beside_rounded_counts_are_protected_as_ever():
    spend = ResultTable(
        {"centre": text(["A", "B", "Total"]), "value": np.array([10.5, 20.25, 30.75])}, "spend", "magnitude", ("centre",)
    )
    done = protect([known.counts({"A": 41, "B": 52, "Total": 93}), spend], Policy(rounding=5, minimum_width=4))
    assert [table.name for table in done.tables] == ["t", "spend"]
    assert done.audit.totals["secondary"] == 0
    assert done.tables[1]["value"].tolist() == [10.5, 20.25, 30.75]
    assert (done.tables[0]["value"] % 5 == 0).all()
    only = protect([known.counts({"A": 41})], Policy(rounding=5, minimum_width=4))
    assert len(only.tables) == 1


def test_what_an_earlier_edition_without_a_dimension_gives_away_is_given_away_at_its_total():
    """C was twelve by subtraction, in an edition that knew neither sexes nor measures."""
    before = known.counts({"B": 40, "C": None, "Total": 52})
    now = known.counts({("A", "f"): 50, ("A", "m"): 60, ("A", "Total"): 110}, ("centre", "sex"))
    assert Work([now], Policy(), [before]).given_away_before() == {("patients", "C", "Total")}
    assert protect([now], Policy(), [before]).tables[0]["value"].tolist() == [50, 60, 110], "that stops nothing of today"
    outcomes = known.outcome([("alive", 40, 90, 0, 0)])
    work = Work([outcomes], Policy(), [before])
    place = dict(zip(work.cells.dimensions, next(iter(work.given_away_before()))[1:], strict=True))
    assert place == {"centre": "C", "measure": ""}


def test_numbers_that_stand_together_are_named_with_their_services():
    work = Work([known.counts({("s", "A"): 12, ("t", "A"): 40}, ("service", "centre"))], Policy(), [])
    assert work.services({("patients", "t", "A"), ("patients", "s", "A")}) == "s, t"
    assert work.describe(("patients", "s", "Total")) == "patients, service s"
    assert Work([known.counts({"A": 12})], Policy(), []).services({("patients", "A")}) == "these tables"


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize(("nobody", "zeros"), [(0, "publish"), (10, "protect")])
def test_what_the_suppressor_finds_nothing_for_takes_all_of_its_own_sums_and_no_others(nobody, zeros, far):
    """The attack calls a number unsafe that no sum seems to tell: its neighbours go, a published nought and another service stay."""
    values = {("s", "A"): 40, ("s", "B"): nobody, ("s", "C"): 50, ("s", "Total"): 90 + nobody}
    values |= {("t", "A"): 40, ("t", "B"): 50, ("t", "Total"): 90}
    work = Work([known.counts(values, ("service", "centre"))], Policy(threshold=1, zeros=zeros), [])
    made = work.suppressor()
    made.run()
    assert made.withheld == set(), "nothing is too small"
    work.widen(made, {("patients", "s", "A")}, far=far)
    found = {work.cells.keys[number][1] for number in made.withheld}
    assert found == {("s", "A"), ("s", "C"), ("s", "Total"), *([("s", "B")] if nobody else [])}


def test_a_row_without_a_value_says_whether_there_was_nobody_or_nothing_was_collected():
    columns = {"centre": text(["A", "B", "C", "D"]), "value": np.array([0.5, np.nan, np.nan, np.nan])}
    columns |= {"numerator": np.array([50.0, 0, np.nan, np.nan]), "denominator": np.array([100.0, 0, np.nan, 100])}
    made = protect([ResultTable(columns, "outcomes", "rate", ("centre",))], Policy(zeros="publish")).tables[0]
    assert made["status"].tolist() == ["", "z", "x", "x"]
    counts = protect(
        [ResultTable({"centre": text(["A"]), "value": np.array([np.nan])}, "activity", "count", ("centre",))], Policy()
    )
    assert counts.tables[0]["status"].tolist() == ["x"]
    given = {**columns, "status": text(["", "low", "x", "z"])}
    made = protect([ResultTable(given, "outcomes", "rate", ("centre",))], Policy(zeros="publish")).tables[0]
    assert made["status"].tolist() == ["", "low", "x", "z"], "what is given stands"


def test_what_earlier_editions_give_away_of_others_is_no_reason_to_refuse_this_one():
    """Last year's table of one service tells that there were twelve women; this year's is of another, and withholds what it must."""
    before = known.counts({("s", "F"): None, ("s", "M"): 40, ("s", "Total"): 52}, ("service", "sex"))
    now = known.counts({("t", "N"): 12, ("t", "S"): 40, ("t", "W"): 41, ("t", "Total"): 93}, ("service", "area"))
    made = protect([now], Policy(), [before])
    assert "N" not in {row["area"] for row in made.tables[0].rows() if row["status"] == ""}
    left = [row for row in audit(made.tables, Policy(), [before]).rows() if row["verdict"] in {"exact", "narrow"}]
    assert {(row["service"], row["sex"]) for row in left} == {("s", "F")}, "what is gone is gone"


def test_a_case_mix_comparison_is_printed_in_few_digits():
    # with all of them, what the shown centres were expected to have gives the model away
    plain = rates([("A", 40, 60), ("B", 50, 80), ("Total", 90, 140)])
    columns = dict(plain.columns) | {"expected": np.array([41.23456789, 48.76543211, 90.0])}
    columns |= {name: np.array([0.97004567, 1.02531234, np.nan]) for name in ("ratio", "ratio_lower", "ratio_upper")}
    made = protect([ResultTable(columns, name=plain.name, kind=plain.kind, dimensions=plain.dimensions)], Policy()).tables[0]
    assert made["expected"].tolist() == [41.2, 48.8, 90.0]
    for name in ("ratio", "ratio_lower", "ratio_upper"):
        assert made[name][:2].tolist() == [0.97, 1.03]
    assert made["value"].tolist() == plain["value"].tolist()


def test_a_total_below_its_parts_is_named_and_how_many_more_there_are():
    """Patients of two centres count at both: their areas add up, their centres do not."""
    inside = {("A", "N"): 40, ("A", "S"): 50, ("B", "N"): 60, ("B", "S"): 70, ("Total", "N"): 90, ("Total", "S"): 100}
    values = inside | {("A", "Total"): 90, ("B", "Total"): 130, ("Total", "Total"): 190}
    [note] = protect([known.counts(values, ("centre", "area"))], Policy()).notes
    assert note.startswith(
        "patients, area N, centre Total, is less than its parts A, B together (and 2 more such totals): no sum"
    )
    assert not [figure for figure in ("40", "60", "90", "100") if figure in note], "the words are kept: no figure is in them"
    whole = values | {("Total", "N"): 100, ("Total", "S"): 120, ("Total", "Total"): 220}
    assert protect([known.counts(whole, ("centre", "area"))], Policy()).notes == ()
    room = whole | {("Total", "Total"): 300, ("Total", "N"): 180}
    assert protect([known.counts(room, ("centre", "area"))], Policy()).notes == (), (
        "a part that is not listed is no contradiction"
    )


def test_what_an_earlier_edition_added_up_wrongly_is_no_note_of_this_one():
    before = known.counts({("A", "2023"): 40, ("B", "2023"): 50, ("Total", "2023"): 60}, ("centre", "period"))
    now = known.counts({("A", "2024"): 40, ("B", "2024"): 50, ("Total", "2024"): 90}, ("centre", "period"))
    assert protect([now], Policy(), [before]).notes == ()
    assert len(protect([before], Policy(), [now]).notes) == 1
