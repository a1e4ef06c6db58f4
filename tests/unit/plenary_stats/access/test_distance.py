"""Distances are those of the small areas in which patients live, or may live."""

import numpy as np
import pytest

from plenary_stats.access import distance_table, distances
from plenary_stats.location import great_circle_km
from plenary_stats.small_areas import SmallAreas
from plenary_stats.tables import TOTAL, Table
from tests.unit.plenary_stats.test_areas import LAST_DAY
from tests.unit.plenary_stats.test_small_areas import SMALL

BOARDS = SMALL.board(LAST_DAY)
CENTRES = {"NORTH": (54.97, -1.61), "SOUTH": (51.5, -0.12)}
TINY = SmallAreas(
    np.array(["a", "b", "c"]),
    np.array(["N", "N", "S"]),
    np.array(["N", "N", "S"]),
    np.array([54.0, 55.0, 51.0]),
    np.zeros(3),
    np.array([100.0, 300.0, 50.0]),
    np.zeros(3),
)
POINTS = {"X": (55.0, 0.0), "Y": (51.0, 0.0)}


def km(one, other):
    return float(great_circle_km(one, 0, other, 0))


def test_a_patient_of_a_board_stands_for_its_residents():
    found = distances(["N"], ["Y"], TINY, TINY.icb_2022, POINTS)
    assert found.treating == pytest.approx([km(54, 51), km(55, 51)])
    assert found.nearest == pytest.approx([km(54, 55), 0])
    assert found.weight.tolist() == [0.25, 0.75]
    assert found.row.tolist() == [0, 0]


def test_a_known_small_area_is_exact():
    found = distances(["N", "N"], ["Y", "X"], TINY, TINY.icb_2022, POINTS, place=["a", "unheard of"])
    assert found.treating[found.row == 0] == pytest.approx([km(54, 51)])
    assert len(found.treating[found.row == 1]) == 2


def test_the_nearest_is_one_that_takes_patients():
    found = distances(["N"], ["Y"], TINY, TINY.icb_2022, POINTS, offered=["Y"])
    assert found.nearest.tolist() == found.treating.tolist()
    assert distances(["N"], ["Y"], TINY, TINY.icb_2022, POINTS, offered=[]).nearest[1] == 0


def test_who_cannot_be_placed_is_left_out():
    found = distances(["N", "Wales", "N", "Not known"], ["X", "X", "elsewhere", "X"], TINY, TINY.icb_2022, POINTS)
    assert set(found.row.tolist()) == {0}
    assert not len(distances([], [], TINY, TINY.icb_2022, POINTS).row)
    assert not len(distances(["N"], ["X"], TINY, TINY.icb_2022, {"X": (np.nan, np.nan)}).row)
    assert not len(distances(["Wales"], ["X"], TINY, TINY.icb_2022, POINTS).row)


def test_every_patient_counts_once_and_nearest_is_never_farther():
    draw = np.random.default_rng(3)
    board, centre = draw.choice(np.unique(BOARDS), 60), draw.choice(list(CENTRES), 60)
    found = distances(board, centre, SMALL, BOARDS, CENTRES)
    assert np.bincount(found.row, found.weight) == pytest.approx(np.ones(60))
    assert (found.nearest <= found.treating + 1e-9).all()
    assert found.quantile("nearest", 0.5) <= found.quantile("treating", 0.5)
    assert found.quantile("treating", 0.5, board == "none") != found.quantile("treating", 0.5)


def test_the_table():
    cases = Table({"board": np.array(["N", "S", "S", "Wales"]), "centre": np.array(["Y", "Y", "X", "Y"])})
    table = distance_table(cases, TINY, TINY.icb_2022, POINTS, service="lam", period="2025", areas=["N", "S", "Z"])
    found = {(row["measure"], row["area"]): row for row in table.rows()}
    assert found["distance-treating", TOTAL]["denominator"] == 3
    assert found["distance-treating", "S"]["value"] == pytest.approx(0)
    assert found["distance-treating", "S"]["mean"] == pytest.approx(km(51, 55) / 2)
    assert found["distance-extra", "S"]["upper_quartile"] == pytest.approx(km(51, 55))
    assert found["distance-nearest", "S"]["mean"] == pytest.approx(0)
    assert found["distance-treating@100km", "S"]["value"] == 0.5
    assert found["distance-treating", "Z"]["denominator"] == 0
    assert found["distance-treating", "Z"]["note"]
    assert ("distance-treating@100km", "Z") not in found
    assert (table.name, table.kind) == ("distances", "summary")


def test_shares_within_grow_with_the_distance():
    draw = np.random.default_rng(4)
    cases = Table({"board": draw.choice(np.unique(BOARDS), 80), "centre": draw.choice(list(CENTRES), 80)})
    table = distance_table(cases, SMALL, BOARDS, CENTRES, service="lam", period="2025")
    shares = [row["value"] for row in table.rows() if "@" in row["measure"]]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1
