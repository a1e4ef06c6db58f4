"""Persons in cells, and the residents of the same areas."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.access import Residents, counted, residents
from plenary_stats.areas import BANDS, SECOND_MAP, SEXES
from plenary_stats.tables import CaseTable
from tests.unit.plenary_stats.test_areas import AREAS, ENGLAND, LAST_DAY

BOARDS = residents(AREAS, LAST_DAY)


def cases(**columns):
    """Cases of the year 2025 unless a column says otherwise, of the service lam unless there is a column of services."""
    number = len(next(iter(columns.values())))
    given = {"period": ["2025"] * number} | columns
    typed = {name: np.array(values, dtype=float if name == "age" else str) for name, values in given.items()}
    return CaseTable(typed, service="lam")


def made(persons, **more):
    """Residents by hand: so many in every cell of each area."""
    names = tuple("ABCDEFGH"[: len(persons)])
    return Residents(names, np.ones((len(names), 2, 19)) * np.array(persons, dtype=float)[:, None, None], **more)


@pytest.mark.parametrize(
    ("on", "geography", "number"),
    [
        (LAST_DAY, "board", 42),
        (SECOND_MAP, "board", 36),
        (LAST_DAY, "common", 32),
        (SECOND_MAP, "common", 32),
        (LAST_DAY, "region", 7),
        (date(2015, 1, 1), "board", 42),
    ],
)
def test_residents_add_up_to_england(on, geography, number):
    found = residents(AREAS, on, geography)
    assert len(found.areas) == number == len(found.region)
    assert found.persons.sum() == ENGLAND
    for sex in range(2):
        for band in range(19):
            assert found.persons[:, sex, band].sum() == AREAS.population("England", LAST_DAY, SEXES[sex], BANDS[band])


def test_nations_with_entitlement_stand_beside():
    found = residents(AREAS, LAST_DAY, nations=("Wales", "Scotland"))
    assert found.areas[-2:] == ("Wales", "Scotland")
    assert found.persons[-2].sum() == AREAS.population("Wales", LAST_DAY)
    assert found.region[-1] == "Scotland"
    assert np.isnan(found.deprived[-2:]).all()


def test_neighbours_are_those_of_the_map():
    assert len(BOARDS.neighbours) == len(AREAS.neighbour_pairs["2022"])
    first, second = BOARDS.neighbours[0]
    pairs = {frozenset(pair) for pair in AREAS.neighbour_pairs["2022"]}
    assert frozenset((BOARDS.areas[first], BOARDS.areas[second])) in pairs


def test_deprivation_is_the_share_in_the_most_deprived_fifth():
    place = BOARDS.areas.index("QE1")
    fifths = AREAS.deprivation["QE1", "2025"]
    assert BOARDS.deprived[place] == pytest.approx(fifths[0] / sum(fifths))
    assert np.isfinite(BOARDS.deprived).all()


def test_boards_of_2026_have_it_where_whole_boards_make_them_up():
    found = residents(AREAS, SECOND_MAP)
    known = dict(zip(found.areas, found.deprived.tolist(), strict=True))
    parts = [AREAS.deprivation[code, "2025"] for code in ("QMJ", "QRV")]
    assert known["Z9B2Z"] == pytest.approx(sum(one[0] for one in parts) / sum(map(sum, parts)))
    assert {code for code, share in known.items() if np.isnan(share)} == {"D7T5G", "QRL", "S0E4D", "S1Y5D", "S9B9J", "T6Y0W"}
    assert np.isfinite(residents(AREAS, SECOND_MAP, "common").deprived).all()


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: Residents((), np.zeros((0, 2, 19))), "one area at least"),
        (lambda: Residents(("A",), np.ones((1, 2, 18))), "19 age bands"),
        (lambda: Residents(("A", "A"), np.ones((2, 2, 19))), "only once"),
        (lambda: Residents(("A",), np.zeros((1, 2, 19))), "has people"),
        (lambda: Residents(("A",), -np.ones((1, 2, 19))), "negative"),
        (lambda: Residents(("A",), np.ones((1, 2, 19)), region=("N", "S")), "region"),
        (lambda: Residents(("A", "B"), np.ones((2, 2, 19)), deprived=np.zeros(1)), "deprived"),
    ],
)
def test_what_cannot_be_residents_is_refused(build, said):
    with pytest.raises(ValueError, match=said):
        build()


def test_persons_fall_into_their_cells():
    people = made([10, 20])
    table = cases(
        area=["A", "A", "B", "C", "Not known"],
        sex=["F", "male", "female", "male", "male"],
        age=[0, 4.9, 97, 30, 30],
        period=["2024", "2025", "2025", "2025", "2025"],
    )
    found = counted(table, people)
    assert (found.services, found.years) == (("lam",), ("2024", "2025"))
    assert found.every.tolist() == [[[1, 0], [1, 1]]]
    assert found.known[0, 0, 0, 0, 0] == found.known[0, 1, 0, 1, 0] == found.known[0, 1, 1, 0, 18] == 1
    assert found.known.sum() == 3
    assert found.elsewhere.tolist() == [[0, 2]]
    assert found.total() == 5


def test_without_sex_or_age_a_person_counts_all_the_same():
    people = made([10])
    found = counted(
        cases(area=["A", "A", "A", "A"], sex=["", "female", "intersex", "male"], age=[3, np.nan, 3, -1], period=["2025"] * 4),
        people,
    )
    assert found.every.sum() == 4
    assert found.known.sum() == 0
    assert counted(cases(area=["A"]), people).every.sum() == 1


def test_services_and_years_that_are_named_stand_even_if_empty():
    table = cases(area=["A"], service=["x"])
    found = counted(table, made([10]), services=["w", "x"], years=["2024", "2025"])
    assert found.every.tolist() == [[[0], [0]], [[0], [1]]]
    assert counted(table, made([10]), services=["w"], years=["2025"]).total() == 0
    assert counted(table, made([10]), where=[False]).total() == 0


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "elsewhere"]),
            st.sampled_from(["f", "m", ""]),
            st.one_of(st.just(np.nan), st.floats(-2, 130)),
            st.sampled_from(["2023", "2024", "2025"]),
            st.sampled_from(["one", "two"]),
        ),
        min_size=1,
        max_size=50,
    )
)
def test_everyone_is_in_one_cell(people):
    area, sex, age, period, service = zip(*people, strict=True)
    found = counted(cases(area=area, sex=sex, age=age, period=period, service=service), made([5, 6]))
    assert found.total() == len(people)
    assert (found.known.sum(axis=(3, 4)) <= found.every).all()
