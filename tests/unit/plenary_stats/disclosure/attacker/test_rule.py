"""What the rule itself tells: of figures that are withheld together one is too small, and if only one can be, it is.

And those that an outcome leaves out are no cover where it leaves out nobody.
"""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.disclosure.attacker.linking import link
from plenary_stats.disclosure.attacker.ranges import attack
from plenary_stats.disclosure.attacker.rule import small_ones
from plenary_stats.disclosure.attacker.view import view_of
from plenary_stats.tables import TOTAL, ResultTable, text
from tests.unit.plenary_stats.disclosure import enumeration
from tests.unit.plenary_stats.disclosure.enumeration import covering
from tests.unit.plenary_stats.disclosure.known import counts
from tests.unit.plenary_stats.disclosure.test_promise import CELLS, POINTS, shown_of, table_of, values_of

POLICY = Policy(zeros="protect")
CENTRES = {"A": (45, 66), "B": (70, 40), "C": (52, 38)}
YEAR, POOL = "2025/26", "2024/25 to 2025/26"
MEASURE = ("centre", "period", "measure")


def people(own, year, gone=()):
    values = own | {TOTAL: sum(own.values())}
    shown = {(code, year, "patients"): None if code in gone else value for code, value in values.items()}
    return counts(shown, MEASURE, "activity")


def shares(rows, gone=()):
    """Rows of centre, period, denominator, not eligible, not known; two thirds were met. ``gone``: of whom those columns go."""
    centre, period, of, left_out, unknown = zip(*rows, strict=True)
    columns = {"centre": text(centre), "period": text(period), "measure": text(["alive"] * len(rows))}
    columns |= {"denominator": np.array(of, float), "numerator": np.floor(np.array(of) * 2 / 3)}
    columns |= {"not_eligible": np.array(left_out, float), "not_known": np.array(unknown, float)}
    for code, name in gone:
        columns[name][np.array(centre) == code] = np.nan
    columns["value"] = columns["numerator"] / columns["denominator"]
    columns["status"] = text([""] * len(rows))
    return ResultTable(columns, name="outcomes", kind="rate", dimensions=MEASURE)


def world(small, left_out=0, unknown=0):
    """Last year's patients, this year's with so many of D, and outcomes of both years together."""
    own = CENTRES | {"D": (60, small)}
    pool = [(code, POOL, sum(both) - left_out - unknown, left_out, unknown) for code, both in own.items()]
    pool.append((TOTAL, POOL, *np.array([row[2:] for row in pool]).sum(axis=0).tolist()))
    last = people({code: both[0] for code, both in own.items()}, "2024/25")
    return last, {code: both[1] for code, both in own.items()}, pool


def of_d(found):
    [row] = [row for row in found.rows() if (row["centre"], row["period"], row["quantity"]) == ("D", YEAR, "patients")]
    return row["low"], row["high"], row["verdict"], row["how"]


HIDDEN = [(code, name) for code in ("D", TOTAL) for name in ("not_eligible", "not_known")]


def test_the_only_one_that_can_be_too_small_is():
    """D's two years are shown and last year's too: at least 21 were of this year, and less than 30, or why is it withheld?"""
    last, now, pool = world(21)
    low, high, verdict, how = of_d(audit([people(now, YEAR, ("D", TOTAL)), shares(pool, HIDDEN)], POLICY, [[last]]))
    assert (low, high, verdict) == (21, 29, "narrow")
    assert "nothing that is withheld with it can be too small but this" in how


def test_where_another_can_be_the_small_one_nothing_is_concluded():
    """Neither B's outcomes nor everybody's are shown, so B may be as small as D."""
    last, now, pool = world(21)
    pool = [row for row in pool if row[0] not in {"B", TOTAL}]
    low, high, verdict, _ = of_d(audit([people(now, YEAR, ("B", "D", TOTAL)), shares(pool, HIDDEN)], POLICY, [[last]]))
    assert (low, high, verdict) == (21, None, "safe")


def test_what_is_wide_enough_below_the_threshold_is_left_alone():
    last, now, pool = world(19)
    low, high, verdict, _ = of_d(audit([people(now, YEAR, ("D", TOTAL)), shares(pool, HIDDEN)], POLICY, [[last]]))
    assert (low, high, verdict) == (19, None, "safe")


def without(table, *gone):
    """The table with the figures of some rows withheld: a whole row, or what happened alone."""
    columns = {name: np.array(column) for name, column in table.columns.items()}
    for code, period, names in gone:
        row = (columns["centre"] == code) & (columns["period"] == period)
        columns["status"] = text(np.where(row, "c", columns["status"]).tolist())
        for name in (*names, "value"):
            columns[name][row] = np.nan
    return ResultTable(columns, name="outcomes", kind="rate", dimensions=MEASURE)


@pytest.mark.parametrize("events", [False, True])
def test_a_few_events_of_a_shown_denominator_may_be_the_reason_instead(events):
    """How many of D's patients of both years were met is withheld too: it may be that those are few, and nothing else."""
    last, now, pool = world(21)
    year = [(code, YEAR, size, 0, 0) for code, size in (now | {TOTAL: sum(now.values())}).items()]
    whole = ("numerator", "denominator", "not_eligible", "not_known")
    gone = [(code, YEAR, whole) for code in ("D", TOTAL)] + [(code, POOL, ("numerator",)) for code in ("D", TOTAL) if events]
    view = view_of([without(shares([*pool, *year], HIDDEN), *gone)], POLICY, [last])
    link(view)
    bounds = attack(view, POLICY)
    [before] = [cell for cell in range(len(view)) if where(view, cell) == ("denominator", "D", "2024/25")]
    bounds.low[before] = 40  # whoever knows from elsewhere that last year's were not few
    found = {where(view, cell) for cell in small_ones(view, bounds, POLICY)}
    assert (("denominator", "D", YEAR) in found) is not events


def where(view, cell):
    return view.quantity(cell), *view.codes(cell)[:2]


def test_years_that_only_a_shown_pool_is_made_of_are_withheld_for_no_reason():
    """Of both years together everything is shown: nothing there is withheld, so nothing there need be small."""
    last, _, pool = world(21)
    assert not audit([shares(pool, HIDDEN)], POLICY, [[last]]).totals["narrow"]


@pytest.mark.parametrize(("small", "unknown"), [*product((20, 21, 25, 29), (0, 2))])
def test_protect_leaves_enough_room(small, unknown):
    """No reader of both editions has D's patients of this year within ten, be they less than thirty or not."""
    last, now, pool = world(small, unknown=unknown)
    first = protect([last], POLICY).tables
    done = protect([people(now, YEAR), shares(pool)], POLICY, [first])
    assert done.audit.clean
    assert "D" in {row["centre"] for row in done.tables[0].rows() if row["status"] == "c"}
    low, high, *_ = of_d(done.audit)
    assert min(29, high or 29) - low >= POLICY.minimum_width or low == 0


# -- those whom an outcome leaves out


def test_an_outcome_that_leaves_out_nobody_gives_the_patients_by_its_denominators():
    last, now, pool = world(21)
    gone = [(code, "not_eligible") for code in ("D", TOTAL)]
    assert of_d(audit([people(now, YEAR, ("D", TOTAL)), shares(pool, gone)], POLICY, [[last]]))[:3] == (21, 21, "exact")


def test_one_that_is_seen_to_leave_out_somebody_does_not():
    last, now, pool = world(21, left_out=1)
    gone = [(code, "not_eligible") for code in ("D", TOTAL)]
    assert of_d(audit([people(now, YEAR, ("D", TOTAL)), shares(pool, gone)], POLICY, [[last]]))[:2] != (21, 21)


def test_those_left_out_by_nothing_are_not_withheld_as_a_cover():
    last, now, pool = world(29)
    made = protect([people(now, YEAR), shares(pool)], POLICY, [protect([last], POLICY).tables]).tables[1]
    for row in made.rows():
        assert np.isnan(row["denominator"]) or row["not_eligible"] == 0


# -- every world, by a reader who knows the rule


FEW = Policy(threshold=6, event_threshold=2, minimum_width=3, zeros="protect")


def together(places):
    """The withheld places that hang together by a line of the table."""
    left, found = set(places), []
    while left:
        part = more = {left.pop()}
        while more:
            more = {one for one in left if any(one[0] == other[0] or one[1] == other[1] for other in part)}
            left, part = left - more, part | more
        found.append(part)
    return found


@settings(max_examples=25, deadline=None, derandomize=True)
@given(enumeration.patients(6, 5, 14))
def test_no_reader_who_knows_that_one_of_those_withheld_together_is_small_narrows_any(truth):
    values = values_of(truth)
    shown = shown_of(protect([table_of(values)], FEW).tables[0])
    if (TOTAL, TOTAL) not in shown:
        return
    worlds = enumeration.worlds(len(POINTS), sum(truth))
    every = {place: worlds[:, [covering(place)(point) for point in POINTS]].sum(axis=1) for place in CELLS}
    possible = np.logical_and.reduce([every[place] == values[place] for place in shown])
    for part in together(set(CELLS) - shown):
        possible &= np.logical_or.reduce([every[place] < FEW.threshold for place in part])
    for place in set(CELLS) - shown:
        left = every[place][possible]
        assert values[place] >= FEW.threshold or left.max() - left.min() >= FEW.minimum_width, (place, left.min(), left.max())
