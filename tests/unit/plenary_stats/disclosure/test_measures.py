"""What measures tell of one another: the audit finds it in tables that leak so, and what protect returns leaks so to nobody.

Worlds are listed in full: so many events of each centre until each time. Nothing of the product works out a range.
"""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.tables import TOTAL, ResultTable, text

BRISK = settings(max_examples=25, deadline=None, derandomize=True)
POLICY = Policy(zeros="protect")
SMALL = Policy(threshold=4, event_threshold=2, minimum_width=2, zeros="protect")
KAPLAN_MEIER, INCIDENCE, SHARE = "Kaplan-Meier, log-log 95% interval", "Aalen-Johansen, 95% interval", "Wilson 95% interval"
METHOD = {"survival": KAPLAN_MEIER, "inc": INCIDENCE}


def rates(rows, *, methods=True):
    """Rows of centre, measure, numerator (None: withheld), denominator."""
    centre, measure, met, of = zip(*rows, strict=True)
    columns = {"centre": text(centre), "measure": text(measure)}
    columns |= {
        "numerator": np.array([np.nan if each is None else each for each in met], float),
        "denominator": np.array(of, float),
    }
    columns |= {"not_eligible": np.zeros(len(rows)), "not_known": np.zeros(len(rows))}
    columns["value"] = columns["numerator"] / columns["denominator"]
    columns["status"] = text(["c" if each is None else "" for each in met])
    if methods:
        columns["method"] = text([METHOD.get(name.split("@")[0], SHARE) for name in measure])
    return ResultTable(columns, name="outcomes", kind="rate", dimensions=("centre", "measure"))


def with_totals(of, **measures):
    """Rows of several measures: numerators by centre, and of all."""
    rows = []
    for name, met in measures.items():
        measure = name.replace("_at_", "@").replace("_", "-")
        rows += [(code, measure, each, size) for code, each, size in zip("ABCDEF", met, of, strict=False)]
        rows.append((TOTAL, measure, sum(met), sum(of)))
    return rows


def hide(rows, *gone):
    return [(centre, name, None if (centre, name) in gone else met, of) for centre, name, met, of in rows]


def bad(found):
    return {
        (row["quantity"], row["centre"], row["measure"]): (row["low"], row["high"])
        for row in found.rows()
        if row["verdict"] != "safe"
    }


def withheld(done):
    return {(row["centre"], row["measure"]) for row in done.tables[0].rows() if row["status"] == "c"}


# -- planted: each leak stands in tables that are otherwise well protected


SIXTY = (60, 60, 60, 60)
SURVIVAL = with_totals((60, 60), survival_at_30d=(56, 55), survival_at_1y=(55, 55))
CHANGE = with_totals(SIXTY, change_at_better=(55, 55, 40, 40), change_at_worse=(4, 5, 9, 8))
DEATHS = with_totals(SIXTY, survival_at_30d=(56, 55, 51, 52), inc_at_30d=(4, 5, 9, 8))
SHARES = with_totals(SIXTY, alive=(56, 55, 51, 52), deaths=(4, 5, 9, 8))
PLANTS = {
    "who died by 30 days died by a year": (SURVIVAL, ["A survival@30d", "B survival@30d"], ("complement", "A", "survival@30d")),
    "nobody is both better and worse": (CHANGE, ["A change@worse", "B change@worse"], ("numerator", "A", "change@worse")),
    "survival and incidence are one count": (
        DEATHS, ["A survival@30d", "C survival@30d", "A inc@30d", "B inc@30d"], ("numerator", "A", "inc@30d"),
    ),
    "those alive are all but the dead": (SHARES, ["A alive", "C alive", "A deaths", "B deaths"], ("numerator", "A", "deaths")),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_leak_is_found(name):
    rows, gone, cell = PLANTS[name]
    assert cell in bad(audit([rates(hide(rows, *(tuple(each.split()) for each in gone)))], POLICY))


@pytest.mark.parametrize("rows", [SURVIVAL, CHANGE], ids=["survival", "change"])
def test_the_same_numbers_of_measures_that_mean_something_else_are_no_leak(rows):
    """So what finds the plants is what the measures tell of one another, and nothing else."""
    other = {"survival@30d": "early", "survival@1y": "late", "change@better": "one", "change@worse": "two"}
    hidden = {(centre, {SURVIVAL[0][1]: "early"}.get(name, "two")) for centre in "AB" for name in {rows[0][1]}}
    assert not bad(audit([rates(hide([(row[0], other[row[1]], *row[2:]) for row in rows], *hidden))], POLICY))


@pytest.mark.parametrize("name", PLANTS)
def test_protect_no_longer_leaves_it(name):
    rows, gone, (_, centre, measure) = PLANTS[name]
    done = protect([rates(rows)], POLICY)
    assert (centre, measure) in withheld(done)
    assert withheld(done) != {tuple(each.split()) for each in gone}
    assert done.audit.clean


def test_two_names_of_one_count_are_withheld_at_the_same_places():
    for rows, one, other in ((DEATHS, "survival@30d", "inc@30d"), (SHARES, "alive", "deaths")):
        gone = withheld(protect([rates(rows)], POLICY))
        assert {centre for centre, name in gone if name == one} == {centre for centre, name in gone if name == other} != set()


def test_what_is_told_of_those_to_whom_it_did_not_happen_is_reported_where_those_are_few():
    """A's survivors are many; how many died is told to within two."""
    found = bad(audit([rates(hide(SURVIVAL, ("A", "survival@30d"), ("B", "survival@30d")))], POLICY))
    assert found == {("complement", "A", "survival@30d"): (4, 5), ("complement", "B", "survival@30d"): (4, 5)}


# -- whom an outcome leaves out


def left_out(rows, few):
    """The rates with a column of those not eligible, of the measures that leave somebody out."""
    table = rates(rows)
    gone = np.array([few.get((centre, name), 0) for centre, name, *_ in rows], float)
    return ResultTable(dict(table.columns) | {"not_eligible": gone}, table.name, table.kind, table.dimensions)


DEAD = {"A": 3, "B": 20, "C": 15, "D": 12, TOTAL: 50}
PEOPLE = {"A": 60, "B": 90, "C": 80, "D": 70, TOTAL: 300}
SURVIVORS = [(code, "dead", DEAD[code], PEOPLE[code]) for code in PEOPLE]
SURVIVORS += [(code, "well", (PEOPLE[code] - DEAD[code]) // 2, PEOPLE[code] - DEAD[code]) for code in "ABCD"]
SURVIVORS += [(TOTAL, "well", sum(met for _, name, met, _ in SURVIVORS if name == "well"), 250)]


NOT_WELL = {(code, "well"): DEAD[code] for code in PEOPLE}


def test_those_not_eligible_who_tell_how_many_died_are_found():
    """A and D are withheld among the dead, and stand among those whom the other outcome leaves out."""
    found = bad(audit([left_out(hide(SURVIVORS, ("A", "dead"), ("D", "dead")), NOT_WELL)], POLICY))
    assert found["numerator", "A", "dead"] == (3, 3)
    rows = [(code, name, met, of - (name == "well" and code in {"B", TOTAL})) for code, name, met, of in SURVIVORS]
    others = left_out(hide(rows, ("A", "dead"), ("D", "dead")), NOT_WELL | {("B", "well"): 21, (TOTAL, "well"): 51})
    assert not bad(audit([others], POLICY))


@pytest.mark.parametrize("zeros", ["publish", "protect"])
def test_those_not_eligible_do_not_tell_how_many_died(zeros):
    done = protect([left_out(SURVIVORS, {(code, "well"): DEAD[code] for code in PEOPLE})], Policy(zeros=zeros))
    rows = {(row["centre"], row["measure"]): row for row in done.tables[0].rows()}
    assert ("A", "dead") in withheld(done)
    assert np.isnan(rows["A", "well"]["not_eligible"])
    assert np.isnan(rows["A", "well"]["denominator"])
    hidden = {code for code in PEOPLE if rows[code, "dead"]["status"] == "c"}
    assert len(hidden) > 1
    assert all(np.isnan(rows[code, "well"]["not_eligible"]) for code in hidden)
    assert done.audit.clean


def test_a_service_of_one_centre_does_not_tell_by_its_survivors_how_many_died():
    rows = [(code, "dead", 3, 180) for code in ("A", TOTAL)] + [(code, "well", 118, 177) for code in ("A", TOTAL)]
    done = protect([left_out(rows, dict.fromkeys([("A", "well"), (TOTAL, "well")], 3))], Policy())
    for row in done.tables[0].rows():
        assert row["status"] == "c"
        assert row["measure"] == "dead" or np.isnan([row["denominator"], row["not_eligible"]]).all()


CAUSES = with_totals((100, 80, 60, 60), heart=(20, 15, 2, 12), other=(14, 9, 12, 8), died=(34, 24, 14, 20))


def test_all_deaths_and_the_others_that_tell_those_of_the_heart_are_found():
    hidden = [("C", "heart"), ("D", "heart")]
    assert bad(audit([rates(hide(CAUSES, *hidden))], POLICY))["numerator", "C", "heart"] == (2, 2)
    rows = [(code, name, met + (name == "died" and code in {"B", TOTAL}), of) for code, name, met, of in CAUSES]
    assert not bad(audit([rates(hide(rows, *hidden))], POLICY))


@pytest.mark.parametrize("zeros", ["publish", "protect"])
def test_all_deaths_and_the_others_do_not_tell_those_of_the_heart(zeros):
    gone = withheld(protect([rates(CAUSES)], Policy(zeros=zeros)))
    assert ("C", "heart") in gone
    assert gone & {("C", "other"), ("C", "died")}


# -- what is no reason to believe it


def test_one_agreeing_share_or_the_same_share_twice_is_chance():
    once = with_totals((60, 60, 60), one=(4, 7, 9), two=(5, 6, 9))
    hidden = [("A", "one"), ("B", "one"), ("A", "two"), ("C", "two")]
    rows = [row for row in hide(once, *hidden) if row[0] != TOTAL or row[1] == "one"]
    assert not bad(audit([rates([*rows, (TOTAL, "two", None, 180)])], POLICY))


def test_nought_and_all_are_no_agreement():
    rows = with_totals((60, 60, 60), one=(0, 60, 7), two=(0, 60, 8))
    found = audit([rates(hide(rows, ("C", "one"), (TOTAL, "one"), ("C", "two"), (TOTAL, "two")))], POLICY)
    assert not bad(found)


def test_a_belief_that_contradicts_the_rest_is_given_up():
    """A and B are hidden and their sums differ, so the two are not one count though all that is shown agrees."""
    rows = [("A", "one", None, 60), ("B", "one", None, 60), ("C", "one", 9, 60), ("D", "one", 8, 60)]
    rows += [(centre, "two", met, of) for centre, _, met, of in rows]
    rows += [("North", "one", 12, 120), ("North", "two", 15, 120)]
    policy = Policy(zeros="protect", hierarchies={"centre": (("A", "North"), ("B", "North"))})
    found = audit([rates(rows)], policy)
    assert {(row["low"], row["high"]) for row in found.rows() if row["measure"] == "one"} == {(0, 12)}
    assert {(row["low"], row["high"]) for row in found.rows() if row["measure"] == "two"} == {(0, 15)}


def test_figures_that_go_both_ways_with_time_say_nothing():
    rows = with_totals((60, 60, 60), well_at_30d=(20, 30, 25), well_at_1y=(25, 20, 28))
    found = audit([rates(hide(rows, ("C", "well@30d"), (TOTAL, "well@30d")))], POLICY)
    assert {(row["low"], row["high"]) for row in found.rows() if row["centre"] == "C"} == {(0, 60)}


# -- every world


OF = 5
TIMES = [(early, late) for late in range(OF + 1) for early in range(late + 1)]


def worlds():
    """Of three centres, events until the first and the second time."""
    return np.array(list(product(TIMES, repeat=3)))


WORLDS = worlds()


def numbers(each):
    """Every share of a world, or of many: of each centre and of all, at two times, and the first time told once more."""
    found = {}
    for name, time in (("inc@30d", 0), ("inc@1y", 1), ("deaths", 0)):
        for order, centre in enumerate("ABC"):
            found[centre, name] = each[..., order, time]
        found[TOTAL, name] = each[..., :, time].sum(axis=-1)
    return found


@BRISK
@given(st.lists(st.sampled_from(TIMES), min_size=3, max_size=3))
def test_no_list_of_all_worlds_narrows_few_events(truth):
    true = {place: int(value) for place, value in numbers(np.array(truth)).items()}
    rows = [(centre, name, met, OF * (3 if centre == TOTAL else 1)) for (centre, name), met in true.items()]
    done = protect([rates(rows)], SMALL)
    hidden, every = withheld(done), numbers(WORLDS)
    possible = np.logical_and.reduce(
        [every[place] == true[place] for place in true if place not in hidden] + [WORLDS[:, 0, 0] >= 0]
    )
    for place in hidden:
        met = every[place][possible]
        few = min(true[place], OF * (3 if place[0] == TOTAL else 1) - true[place]) < SMALL.event_threshold
        assert met.min() <= true[place] <= met.max()
        assert not few or met.max() - met.min() >= SMALL.event_width, (place, met.min(), met.max())
    for row in done.audit.rows():
        if row["quantity"] == "numerator":
            met = every[row["centre"], row["measure"]][possible]
            assert row["low"] <= met.min() and row["high"] >= met.max()  # noqa: PT018
