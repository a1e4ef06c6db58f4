"""A change of the map moves nobody: whole persons, the same totals, and every planted error is named."""

from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.access import FAULTS, LAST_OF_FIRST, common_areas, crosswalk, faults_of_maps, residence
from plenary_stats.access.residence import MAPS, links
from plenary_stats.areas import BANDS, SECOND_MAP, SEXES, Succession
from tests.unit.plenary_stats.test_areas import AREAS, ENGLAND

OLD = [board.code for board in AREAS.icbs(LAST_OF_FIRST)]
NEW = [board.code for board in AREAS.icbs(SECOND_MAP)]


def lived(area, on):
    found = residence(AREAS, [area], [on])
    return found.board[0], found.region[0], found.common[0], found.fault[0]


def test_42_boards_on_the_last_day_and_36_on_the_next():
    before, after = residence(AREAS, OLD, [LAST_OF_FIRST] * 42), residence(AREAS, NEW, [SECOND_MAP] * 36)
    assert len(set(before.board.tolist())) == 42
    assert len(set(after.board.tolist())) == 36
    assert before.faults() == after.faults() == {}
    assert set(before.common.tolist()) == set(after.common.tolist())


@pytest.mark.parametrize(
    ("area", "on", "expected"),
    [
        ("QE1", "2025-06-01", ("QE1", "North West", "QE1", "")),
        ("QE1", "2026-06-01", ("QE1", "North West", "QE1", "")),
        ("E54000048", "2026-06-01", ("QE1", "North West", "QE1", "")),
        ("lancashire and south cumbria", "2026-06-01", ("QE1", "North West", "QE1", "")),
        ("QE1", "2014-06-01", ("QE1", "North West", "QE1", "")),  # before there were boards: the nearest map
        ("QMJ", "2026-03-31", ("QMJ", "London", "Z9B2Z", "")),
        ("QMJ", "2026-04-01", ("Z9B2Z", "London", "Z9B2Z", "renumbered")),
        ("Z9B2Z", "2026-03-31", ("Not known", "London", "Z9B2Z", "not-yet")),
        ("QNQ", "2026-04-01", ("Not known", "South East", "QRL+S0E4D+S9B9J", "abolished")),
        ("Wales", "2025-06-01", ("Wales", "Wales", "Wales", "")),
        ("S08000015", "2025-06-01", ("Scotland", "Scotland", "Scotland", "")),
        ("Y56", "2025-06-01", ("Not known", "London", "Not known", "region-only")),
        ("England", "2025-06-01", ("Not known", "Not known", "Not known", "nation-only")),
        ("", "2025-06-01", ("Not known", "Not known", "Not known", "missing")),
        ("   ", "2025-06-01", ("Not known", "Not known", "Not known", "missing")),
        ("Narnia", "2025-06-01", ("Not known", "Not known", "Not known", "unknown")),
    ],
)
def test_on_the_date_of_care(area, on, expected):
    assert lived(area, on) == expected
    assert expected[3] == "" or expected[3] in FAULTS


def test_the_map_of_today_does_not_rewrite_yesterday():
    """A person of Frimley in 2025 stays one, whatever became of Frimley."""
    assert lived("QNQ", "2025-12-31")[0] == "QNQ"
    assert lived("QRL", "2025-12-31")[:2] == ("QRL", "South East")


def test_what_cannot_be_placed_in_time_is_refused():
    with pytest.raises(ValueError, match="date of care"):
        residence(AREAS, ["QE1"], ["NaT"])
    with pytest.raises(ValueError, match="one area and one date"):
        residence(AREAS, ["QE1", "QF7"], ["2025-01-01"])
    assert len(residence(AREAS, [], np.array([], dtype="datetime64[D]")).board) == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*OLD, *NEW, "Wales", "Y56", "", "?"]), st.booleans()), max_size=60))
def test_nobody_is_lost_or_made(people):
    days = [SECOND_MAP if later else LAST_OF_FIRST for _, later in people]
    found = residence(AREAS, [area for area, _ in people], np.array(days, dtype="datetime64[D]"))
    for part in (found.board, found.region, found.common, found.fault):
        assert len(part) == len(people)
    assert "" not in set(found.board.tolist()) | set(found.region.tolist()) | set(found.common.tolist())
    assert sum(found.faults().values()) == sum(kind != "" for kind in found.fault.tolist())


@settings(deadline=None)
@given(st.lists(st.sampled_from(OLD), max_size=80), st.integers(0, 2**32 - 1))
def test_a_change_of_map_mid_series_keeps_every_total(codes, seed):
    """The same people, some before the change and some after with the code of that day: in each common area as many as if the
    map had never changed."""
    draw = np.random.default_rng(seed)
    heirs = {old: [new for one, new, _ in links(AREAS) if one == old] for old in OLD}
    later = draw.random(len(codes)) < 0.5
    written = [str(draw.choice(heirs[code])) if late else code for code, late in zip(codes, later, strict=True)]
    days = np.where(later, np.datetime64(SECOND_MAP), np.datetime64(LAST_OF_FIRST))
    spanning = residence(AREAS, written, days)
    unchanged = residence(AREAS, codes, np.full(len(codes), np.datetime64(LAST_OF_FIRST)))
    assert Counter(spanning.common.tolist()) == Counter(unchanged.common.tolist())
    assert Counter(spanning.region.tolist()) == Counter(unchanged.region.tolist())
    assert spanning.faults() == {}


def test_common_areas_are_whole_boards_on_both_maps_with_the_same_people():
    joined = common_areas(AREAS)
    assert len(joined) == 42 + 36
    people = {day: Counter() for day in MAPS}
    for (code, day), name in joined.items():
        people[day][name] += AREAS.population(code, day)
    assert people[LAST_OF_FIRST] == people[SECOND_MAP]
    assert people[SECOND_MAP].total() == ENGLAND
    assert sum("+" in name for name in people[SECOND_MAP]) == 2


def test_shares_move_residents_and_keep_their_sum():
    before = {code: AREAS.population(code, LAST_OF_FIRST) for code in OLD}
    after = crosswalk(AREAS, before)
    assert set(after) == set(NEW)
    assert sum(after.values()) == pytest.approx(ENGLAND)
    for code in NEW:
        assert after[code] == pytest.approx(AREAS.population(code, SECOND_MAP), rel=0.01)
    with pytest.raises(ValueError, match="D7T5G"):
        crosswalk(AREAS, {"D7T5G": 3})


def test_the_maps_hold_together():
    assert faults_of_maps(AREAS) == []


def planted(**changes):
    return replace(AREAS, **changes)


def without(code):
    return tuple(one for one in AREAS.successions if one.predecessor != code)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (planted(successions=without("QNQ")), "QNQ: it ended, and its people went nowhere"),
        (planted(successions=AREAS.successions[1:]), "QHG: it ended, and its people went nowhere"),
        (
            planted(successions=(*without("QH8"), Succession("QH8", "D7T5G", SECOND_MAP, "merger", 0.9, "whole"))),
            "QH8: its shares add up to 0.9",
        ),
        (
            planted(successions=(*AREAS.successions, Succession("QZZ", "D7T5G", SECOND_MAP, "merger", 1.0, "whole"))),
            "QZZ is no board of the first map",
        ),
        (
            planted(successions=(*without("QH8"), Succession("QH8", "QXX", SECOND_MAP, "merger", 1.0, "whole"))),
            "QXX is no board of the second map",
        ),
        (
            planted(successions=(*without("QH8"), Succession("QH8", "D7T5G", SECOND_MAP, "merger", 1.4, "whole"))),
            "1.4 is no share",
        ),
        (
            planted(successions=tuple(one for one in AREAS.successions if one.successor != "Z9B2Z")),
            "Z9B2Z: it began, and nobody came",
        ),
    ],
)
def test_planted_errors_of_the_successions_are_named(broken, said):
    assert any(said in fault for fault in faults_of_maps(broken))


@pytest.mark.parametrize("sex", SEXES)
def test_a_person_added_on_one_map_alone_is_found(sex):
    persons = {key: dict(cells) for key, cells in AREAS.persons.items()}
    persons["Z9B2Z", SECOND_MAP][sex, BANDS[3]] += 1
    [fault] = faults_of_maps(planted(persons=persons))
    assert "Z9B2Z" in fault
    assert f"{sex} {BANDS[3]}" in fault


def test_a_day_of_each_map():
    assert (date(2026, 3, 31), date(2026, 4, 1)) == MAPS
