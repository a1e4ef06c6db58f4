"""Earlier editions that have been corrected since must not blind the attack."""

import math

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.errors import InputError
from plenary_stats.tables import ResultTable, text
from tests.unit.plenary_stats.disclosure import known
from tests.unit.plenary_stats.disclosure.attacker.test_joint import old_women
from tests.unit.plenary_stats.disclosure.attacker.test_shares import rates
from tests.unit.plenary_stats.disclosure.scenes import TO_TOTAL


def counts(cells: dict, service: str = "one") -> ResultTable:
    values = np.array([np.nan if value is None else value for value in cells.values()], dtype=float)
    columns = {"service": text([service] * len(cells))}
    columns |= {"centre": text([centre for centre, _ in cells]), "sex": text([sex for _, sex in cells]), "value": values}
    columns["status"] = text(["c" if math.isnan(value) else "" for value in values])
    return ResultTable(columns, name="activity", kind="count", dimensions=("service", "centre", "sex"))


def verdicts(found) -> dict:
    return {(row["service"], row["centre"], row["sex"]): (row["low"], row["high"], row["verdict"]) for row in found.rows()}


def test_a_contradiction_in_an_earlier_edition_does_not_loosen_the_sums_of_this_one():
    # the women of A were corrected behind their mark: no figure that both editions show differs, yet they cannot both be true
    now = counts({("A", "w"): None, ("A", "m"): 50, ("A", "Total"): 70, ("B", "w"): None})
    before = counts({("A", "w"): None, ("A", "m"): None, ("A", "Total"): None, ("A", "x"): 99, ("B", "w"): None})
    pooled = counts({("A", "w"): 31, ("A", "m"): None, ("A", "Total"): 70})
    found = verdicts(audit([now], Policy(), [[before], [pooled]]))
    assert found["one", "A", "w"][:2] in {(20, 20), (31, 31)}
    alone = counts({("A", "w"): None, ("A", "m"): 50, ("A", "Total"): 70})
    assert verdicts(audit([alone], Policy(), [before]))["one", "A", "w"] == (20, 20, "exact")


def test_another_service_stays_exact_when_one_contradicts_itself():
    now = counts({("A", "w"): 31, ("A", "Total"): 70, ("A", "m"): None})
    other = counts({("B", "w"): None, ("B", "m"): 40, ("B", "Total"): 60}, "two")
    before = counts({("A", "w"): None, ("A", "m"): None, ("A", "x"): 200, ("A", "Total"): 70})
    found = verdicts(audit([now, other], Policy(), [before]))
    assert found["two", "B", "w"] == (20, 20, "exact")
    assert found["one", "A", "m"] == (39, 39, "exact")


def test_a_centre_that_falls_below_the_threshold_in_a_correction_is_not_what_the_others_leave_of_the_total():
    before = counts({("A", "Total"): 40, ("B", "Total"): 31, ("C", "Total"): 50, ("Total", "Total"): 121})
    now = counts({("A", "Total"): 40, ("B", "Total"): 29, ("C", "Total"): 50, ("Total", "Total"): 119})
    done = protect([now], Policy(), [[before]])
    shown = {row["centre"]: row["value"] for row in done.tables[0].rows() if not math.isnan(row["value"])}
    assert shown == {"A": 40, "C": 50}  # published before and as they were: to withhold them now would protect nobody


BEFORE = {("A", "Total"): 40, ("B", "Total"): 35, ("Total", "Total"): 75}


def test_a_correction_that_adds_a_tiny_centre_withholds_the_total_and_keeps_the_others():
    now = counts({("A", "Total"): 40, ("B", "Total"): 35, ("D", "Total"): 3, ("Total", "Total"): 78})
    leak = counts({("A", "Total"): 40, ("B", "Total"): 35, ("D", "Total"): None, ("Total", "Total"): 78})
    assert verdicts(audit([leak], Policy(), [[counts(BEFORE)]]))["one", "D", "Total"] == (3, 3, "exact")
    done = protect([now], Policy(), [[counts(BEFORE)]])
    shown = {row["centre"]: row["value"] for row in done.tables[0].rows() if not math.isnan(row["value"])}
    assert shown == {"A": 40, "B": 35}
    assert done.audit.clean


def test_a_total_that_a_new_centre_leaves_as_it_was_tells_that_the_centre_has_nobody():
    was = {("A", "w"): 40, ("B", "w"): None, ("Total", "w"): 60, ("Total", "Total"): 140}
    now = {**was, ("D", "w"): None, ("Total", "Total"): None}
    assert verdicts(audit([counts(now)], Policy(), [[counts(was)]]))["one", "D", "w"] == (0, 0, "exact")
    assert verdicts(audit([counts({**now, ("Total", "w"): None})], Policy(), [[counts(was)]]))["one", "D", "w"][2] == "safe"


def test_centres_that_stay_are_taken_for_what_they_were_even_where_both_editions_withhold_them():
    was = {("A", "w"): None, ("B", "w"): None, ("Total", "w"): 42}
    now = {("A", "w"): None, ("B", "w"): None, ("D", "w"): None, ("Total", "w"): 43}
    assert verdicts(audit([counts(now)], Policy(), [[counts(was)]]))["one", "D", "w"] == (1, 1, "exact")


def test_a_centre_that_a_correction_takes_away_is_no_part_of_the_new_total():
    was = {("A", "Total"): 40, ("B", "Total"): 35, ("D", "Total"): None, ("Total", "Total"): None}
    now = {("A", "Total"): 40, ("B", "Total"): 35, ("Total", "Total"): 75}
    found = verdicts(audit([counts(now)], Policy(), [[counts(was)]]))
    assert found["one", "D", "Total"][2] == "safe"  # what it had is no more than the old total tells
    told = verdicts(audit([counts(now)], Policy(), [[counts({**was, ("Total", "Total"): 79})]]))
    assert told["one", "D", "Total"] == (4, 4, "exact")


def yearly(rows):
    columns = {"service": text(["one"] * len(rows)), "centre": text([row[0] for row in rows])}
    columns |= {
        "period": text([row[1] for row in rows]),
        "value": np.array([math.nan if row[2] is None else row[2] for row in rows]),
    }
    columns["status"] = text(["c" if row[2] is None else "" for row in rows])
    return ResultTable(columns, name="activity", kind="count", dimensions=("service", "centre", "period"))


def test_a_centre_that_last_year_did_not_have_had_nobody_and_everybody_may_know():
    last = yearly([("A", "2024", 40), ("B", "2024", 35), ("Total", "2024", 75)])
    pool = "2024 to 2025"
    now = [("A", pool, 90), ("B", pool, 80), ("D", pool, 3), ("Total", pool, 173)]
    done = protect([yearly(now)], Policy(), [[last]])
    shown = {row["centre"] for row in done.tables[0].rows() if not math.isnan(row["value"])}
    assert "D" not in shown
    assert len(shown) == 2
    found = [row for row in done.audit.rows() if row["period"] == "2024"]
    assert found == []


def test_a_centre_that_last_year_withheld_is_no_such_centre():
    last = yearly([("A", "2024", 40), ("B", "2024", None), ("D", "2024", None), ("Total", "2024", 75)])
    leak = [("A", "2024 to 2025", 90), ("B", "2024 to 2025", None), ("D", "2024 to 2025", 31), ("D", "2025", 30)]
    found = audit([yearly(leak)], Policy(), [[last]])
    assert not found.clean


def test_whole_numbers_are_withheld_like_any_others():
    table = yearly([("A", "2025", 40), ("B", "2025", 3), ("Total", "2025", 43)])
    assert table["value"].dtype.kind == "i"
    values = protect([table], Policy()).tables[0]["value"].tolist()
    assert 3 not in values
    assert math.isnan(values[1])


def test_what_cannot_be_protected_is_named_with_the_service_and_the_ways_out():
    given = {("A", "Total"): 40, ("B", "Total"): None, ("Total", "Total"): 60}
    with pytest.raises(InputError) as told:
        protect([counts({("A", "Total"): 40, ("B", "Total"): 20, ("Total", "Total"): 60})], Policy(), [[counts(given)]])
    words = str(told.value)
    assert "numbers of one cannot be protected" in words
    assert "patients, service one, centre B" in words
    assert all(way in words for way in ("leave that service out", "next year", "already_public"))


POLICY = Policy()


def refused(values, policy=POLICY):
    with pytest.raises(InputError) as told:
        protect([counts(values)], policy)
    return str(told.value)


def test_a_total_that_is_less_than_its_parts_is_named_where_nothing_is_public():
    """The same figures pass where no small number hangs on them: what is accepted is as before, only the words differ."""
    words = refused({("A", "Total"): 40, ("B", "Total"): 10, ("Total", "Total"): 45})
    assert "because these tables contradict themselves; for example patients, service one, centre B." in words
    assert "patients, service one, centre Total, is less than its parts A, B together. Correct the total or its parts." in words
    assert "public" not in words
    large = {("A", "Total"): 40, ("B", "Total"): 50, ("C", "Total"): 10, ("Total", "Total"): 45}
    assert protect([counts(large)], Policy()).tables[0]["status"].tolist().count("c") == 1


def test_the_refusal_tells_no_figure():
    words = refused({("A", "Total"): 40, ("B", "Total"): 17, ("Total", "Total"): 45})
    assert not {"40", "17", "45", "57"} & set(words.replace(",", " ").replace(".", " ").split())


def test_of_a_long_sum_the_first_parts_are_named():
    many = {(f"C{number}", "Total"): 100 for number in range(8)}
    words = refused(many | {("B", "Total"): 10, ("Total", "Total"): 805})
    assert "is less than its parts B, C0, C1, C2, C3, C4 and 3 more together." in words


def test_what_is_public_is_blamed_where_something_is():
    values = {("A", "Total"): 40, ("B", "Total"): 10, ("Total", "Total"): 45}
    register = ({"service": "one", "centre": "A", "value": 40},)
    assert "figures that are public already give them away" in refused(values, Policy(already_public=register))


POOLS = {("C", "2019 to 2020"): 50, ("C", "2020"): 40}


def by_period(cells: dict) -> ResultTable:
    return known.counts(cells, ("centre", "period"))


@pytest.mark.parametrize("total", [None, 200])
def test_a_year_that_regions_and_pools_tell_together_is_a_leak_though_no_table_lists_it(total):
    """C is the whole of the West: its 2019 is the pool less 2020, and Total less North where that is told and fits."""
    found = verdicts_by_period(
        audit([by_period(POOLS)], TO_TOTAL, [by_period({("North", "2019"): 90, ("Total", "2019"): total})])
    )
    assert found["C", "2019"] == (10, 10, "exact")
    made = protect([by_period(POOLS)], TO_TOTAL, [[by_period({("North", "2019"): 90, ("Total", "2019"): total})]])
    assert made.audit.totals["exact"] == made.audit.totals["narrow"] == 0
    assert made.audit.totals["secondary"] > 0


def test_a_contradiction_elsewhere_hides_neither_a_joint_table_nor_what_a_percentage_tells():
    """C's pools and a wrong Total of the year before contradict one another; that concerns neither the old women nor x.

    By groups that overlap x is 4 or 5, which no single sum tells, and half of x is a whole number.
    """
    before = by_period({("North", "2019"): 90, ("Total", "2019"): 200})
    rows = [{{"centre": "ward"}.get(name, name): code for name, code in row.items()} for row in old_women()]
    women = known.table([{"period": "2021", **row} for row in rows], ("ward", "sex", "age_band", "period"))
    groups = {"xyw": 11, "yz": 8, "xz": 7, "wv": 2}
    half = rates([("x", 0.5, *[None] * 4)] + [(code, None, None, groups.get(code), None, None) for code in (*"yzwv", *groups)])
    pairs = ((code, group) for group in groups for code in group)
    policy = Policy(hierarchies={"centre": (*TO_TOTAL.hierarchies["centre"], *pairs)}, zeros="protect")
    for earlier in ((), [before]):
        ranges = {
            tuple(row[name] for name in ("centre", "ward", "sex", "quantity")): (row["low"], row["high"])
            for row in audit([by_period(POOLS), women, half], policy, earlier).rows()
        }
        assert ranges["Total", "A", "F", "patients"] == (2, 2)
        assert ranges["x", "Total", "Total", "denominator"] == (4, 4)
        assert ranges["y", "Total", "Total", "denominator"] == (5, 5), "and so y is what x leaves of its group"


def test_margins_that_cannot_be_of_the_same_patients_hide_nothing_that_an_earlier_edition_tells():
    """A's one patient is an old woman, and there are no old women: no joint table. D's 2020 is the pool less 2019 of before."""
    by_sex = {("A", "F"): 1, ("A", "M"): 0, ("B", "F"): 0, ("B", "M"): 1, ("C", "F"): None, ("C", "M"): None}
    by_age = {("A", "old"): 1, ("A", "young"): 0, ("B", "old"): 0, ("B", "young"): 1, ("C", "old"): None, ("C", "young"): None}
    both = {("F", "old"): 0, ("F", "young"): 2, ("M", "old"): 2, ("M", "young"): 0}
    rows = [{"ward": ward, "sex": sex, "value": value} for (ward, sex), value in by_sex.items()]
    rows += [{"ward": ward, "age_band": age, "value": value} for (ward, age), value in by_age.items()]
    rows += [{"sex": sex, "age_band": age, "value": value} for (sex, age), value in both.items()]
    rows = [{"period": "2021", **row} for row in [*rows, {"ward": "C", "value": 2}]]
    rows += [{"ward": "D", "period": "2019 to 2020", "value": 50}, {"ward": "D", "period": "2020", "value": None}]
    names = ("ward", "sex", "age_band", "period")
    before = known.table([{"ward": "D", "period": "2019", "value": 40}], names, "old")
    found = audit([known.table(rows, names)], Policy(zeros="protect"), [before])
    assert known.ranges(found)["D", "Total", "Total", "2020"] == (10, 10)
    assert known.ranges(found)["C", "F", "Total", "2021"] == (0, 2)
    assert found.totals["joint"] == "not tried for 1 components"


def test_what_an_earlier_edition_gives_away_of_a_year_stops_no_later_one():
    """Total less North was C's 10 before C was ever listed by year: that stays known, and all else of C is withheld."""
    before = by_period({("North", "2019"): 90, ("Total", "2019"): 100})
    made = protect([by_period(POOLS)], TO_TOTAL, [[before]])
    assert [row["status"] for row in made.tables[0].rows()] == ["c", "c"]
    assert verdicts_by_period(made.audit)["C", "2019"] == (10, 10, "exact")


def verdicts_by_period(found) -> dict:
    return {(row["centre"], row["period"]): (row["low"], row["high"], row["verdict"]) for row in found.rows()}


# A reader who knows which centre was mended: every world of both versions in which the other centres stayed as they were.

CODES = ("A", "B", "C", "D", "E")


def extremes(old: dict, new: dict, mended: set[str], code: str, *, of_old: bool) -> tuple[float, float]:
    """The least and most that one centre's number can be; None is withheld, and a centre that is not listed has nobody."""
    size = len(CODES)
    low, high = np.zeros(2 * size + 2), np.full(2 * size + 2, 2000.0)
    for offset, table in ((0, old), (size + 1, new)):
        for order, name in enumerate((*CODES, "Total")):
            value = table.get(name, 0)
            if value is not None:
                low[offset + order] = high[offset + order] = value
    rows = []
    for offset in (0, size + 1):
        row = np.zeros(2 * size + 2)
        row[offset : offset + size], row[offset + size] = 1.0, -1.0
        rows.append(row)
    for order, name in enumerate(CODES):
        if name not in mended:
            row = np.zeros(2 * size + 2)
            row[order], row[size + 1 + order] = 1.0, -1.0
            rows.append(row)
    costs = np.zeros(2 * size + 2)
    costs[CODES.index(code) + (0 if of_old else size + 1)] = 1.0
    ends = []
    for sign in (1.0, -1.0):
        answer = milp(
            sign * costs,
            integrality=np.ones(len(costs)),
            bounds=Bounds(low, high),
            constraints=LinearConstraint(np.array(rows), 0, 0),
        )
        ends.append(sign * answer.fun)
    return ends[0], ends[1]


def published(values: dict, previous=()) -> dict:
    table = counts({(code, "Total"): value for code, value in values.items()})
    done = protect([table], Policy(), [[each] for each in previous])
    return {row["centre"]: None if math.isnan(row["value"]) else row["value"] for row in done.tables[0].rows()}, done.tables[0]


@st.composite
def corrected(draw):
    """Two versions of a list: one centre's number changes, or one centre goes into another."""
    sizes = st.one_of(st.integers(1, 29), st.integers(30, 90))
    before = {code: draw(sizes) for code in CODES[: draw(st.integers(3, 5))]}
    after, (one, other) = dict(before), draw(st.permutations(sorted(before)))[:2]
    if draw(st.booleans()):
        after[one] = draw(sizes)
        mended = {one}
    else:
        after[other] += after.pop(one)
        mended = {one, other}
    return before | {"Total": sum(before.values())}, after | {"Total": sum(after.values())}, mended


@given(corrected())
@settings(deadline=None)
def test_whoever_knows_what_was_mended_works_out_no_small_number_of_either_version(world):
    before, after, mended = world
    old, table = published(before)
    try:
        new, _ = published(after, [table])
    except InputError:
        event("refused")
        return
    event("built")
    for truth, table, of_old in ((before, old, True), (after, new, False)):
        for code in set(table) - {"Total"}:
            if table[code] is None and truth[code] < 30:
                low, high = extremes(old, new, mended, code, of_old=of_old)
                assert high - low >= 10, (code, of_old, low, high, old, new)
