from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from plenary_stats.areas import read_areas
from plenary_stats.tiles import REGIONS, Layout, layout, steps

AREAS = read_areas(Path(__file__).parents[3] / "definitions" / "areas")
MAPS = [("2022", date(2022, 7, 1), 42), ("2026", date(2026, 4, 1), 36)]


def made(name: str, on: date) -> tuple[list[str], Layout]:
    boards = sorted(AREAS.icbs(on), key=lambda board: board.code)
    index = {board.code: position for position, board in enumerate(boards)}
    pairs = [(index[a], index[b]) for a, b in AREAS.neighbour_pairs[name]]
    return list(index), layout([board.latitude for board in boards], [board.longitude for board in boards], pairs)


def test_steps_between_cells_of_even_and_odd_rows():
    column, row = np.array([1, 0, 1, 2, 1, 1, 3]), np.array([1, 1, 0, 0, 3, 2, 1])
    from_first = steps(column, row)[0].tolist()
    # An odd row stands half a tile to the right: (1,1) touches (1,0) and (2,0), but not (0,0).
    assert from_first == [0, 1, 1, 1, 2, 1, 2]
    assert (steps(column, row) == steps(column, row).T).all()


def test_every_cell_has_six_neighbours():
    column, row = (grid.ravel() for grid in np.meshgrid(np.arange(7), np.arange(7)))
    touching = (steps(column, row) == 1).sum(axis=1).reshape(7, 7)
    assert (touching[1:-1, 1:-1] == 6).all()


def test_a_chain_of_areas_stays_a_chain():
    found = layout([50, 51, 52, 53], [0, 0.1, -0.1, 0], list(pairwise(range(4))))
    assert found.kept == 1.0
    assert np.argsort(found.row).tolist() == [3, 2, 1, 0]  # the northernmost on top


def test_areas_in_one_place_do_not_overlap():
    found = layout([51.5] * 5, [0.0] * 5, [])
    assert len(set(zip(found.column.tolist(), found.row.tolist(), strict=True))) == 5
    assert found.kept == 1.0


def test_one_area_and_none():
    assert layout([52.0], [0.0], []).column.tolist() == [0]
    assert len(layout([], [], []).row) == 0


def test_columns_and_rows_count_from_nought_or_one():
    found = layout([50, 51, 52], [0, 1, 2], [(0, 1), (1, 2)])
    assert found.column.min() == 0
    assert found.row.min() in {0, 1}


@pytest.mark.parametrize("bad", [([51.0, np.nan], [0.0, 0.0], []), ([51.0], [0.0, 1.0], []), ([51.0], [0.0], [(0, 1)])])
def test_input_that_cannot_be_laid_out_is_refused(bad):
    with pytest.raises(ValueError, match=r"latitude|neighbour"):
        layout(*bad)


def test_two_runs_give_the_same_tiles():
    latitude, longitude = [50, 51, 51, 52, 53, 50.5], [0, 1, -1, 0, 0.5, 0.2]
    first, second = (layout(latitude, longitude, [(0, 1), (1, 3), (2, 3), (3, 4)]) for _ in range(2))
    assert first.column.tolist() == second.column.tolist()
    assert first.row.tolist() == second.row.tolist()


@pytest.mark.parametrize(("name", "_on", "boards"), MAPS)
def test_the_shipped_tiles_hold_every_board_once(name, _on, boards):
    tiles = AREAS.tiles[name]
    assert set(tiles) == {board.code for board in AREAS.icbs(_on)}
    assert len(set(tiles.values())) == len(tiles) == boards


@pytest.mark.parametrize(("name", "kept"), [("2022", 0.74), ("2026", 0.80)])
def test_most_true_neighbours_still_touch(name, kept):
    codes = list(AREAS.tiles[name])
    cells = np.array([AREAS.tiles[name][code] for code in codes])
    apart = steps(cells[:, 0], cells[:, 1])
    pairs = [(codes.index(a), codes.index(b)) for a, b in AREAS.neighbour_pairs[name]]
    assert np.mean([apart[pair] == 1 for pair in pairs]) >= kept


@pytest.mark.parametrize("name", ["2022", "2026"])
def test_the_shipped_map_is_one_piece_on_land(name):
    cells = np.array(list(AREAS.tiles[name].values()))
    touching = steps(cells[:, 0], cells[:, 1]) == 1
    reached = {0}
    while True:
        further = reached | {int(cell) for one in reached for cell in np.flatnonzero(touching[one])}
        if further == reached:
            break
        reached = further
    assert len(reached) == len(cells)


def test_north_is_above_south_and_east_right_of_west():
    tiles = AREAS.tiles["2022"]
    assert tiles["QHM"][1] < tiles["QYG"][1] < tiles["QT6"][1]
    assert tiles["QT6"][0] < tiles["QKS"][0]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "on", "_boards"), MAPS)
def test_the_shipped_tiles_are_what_the_method_gives(name, on, _boards):
    codes, found = made(name, on)
    cells = zip(found.column.tolist(), found.row.tolist(), strict=True)
    assert dict(zip(codes, cells, strict=True)) == AREAS.tiles[name]


def test_regions_and_nations_have_each_a_place_beside_those_that_they_touch():
    names = list(REGIONS)
    column, row = (np.array(part) for part in zip(*REGIONS.values(), strict=True))
    apart = steps(column, row)
    assert len(set(REGIONS.values())) == 10
    touching = [
        ("Scotland", "North West"), ("Scotland", "North East and Yorkshire"), ("North West", "North East and Yorkshire"),
        ("Wales", "North West"), ("Wales", "South West"), ("Midlands", "North West"), ("Midlands", "North East and Yorkshire"),
        ("Midlands", "East of England"), ("Midlands", "South West"), ("Midlands", "South East"),
        ("East of England", "South East"), ("East of England", "London"), ("South East", "London"), ("South East", "South West"),
    ]  # fmt: skip
    for one, other in touching:
        assert apart[names.index(one), names.index(other)] == 1, (one, other)
