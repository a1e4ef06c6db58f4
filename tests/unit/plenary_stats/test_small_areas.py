"""The shipped small areas are those of England, whole, on both maps."""

import numpy as np
import pytest

from plenary_stats.areas import SECOND_MAP
from plenary_stats.small_areas import read_small_areas
from tests.unit.plenary_stats.test_areas import AREAS, FOLDER, LAST_DAY

SMALL = read_small_areas(FOLDER)


def test_6791_areas_and_england_of_mid_2020():
    assert len(SMALL) == len(set(SMALL.code.tolist())) == 6791
    assert SMALL.persons.sum() == 56_550_138
    assert (SMALL.under_18 < SMALL.persons).all()
    assert (SMALL.persons > 0).all()


def test_every_one_lies_in_a_board_of_either_map():
    for day in (LAST_DAY, SECOND_MAP):
        boards = {board.code for board in AREAS.icbs(day)}
        assert set(SMALL.board(day).tolist()) == boards


def test_they_are_near_the_point_of_their_board():
    for board in AREAS.icbs(LAST_DAY):
        own = SMALL.icb_2022 == board.code
        weight = SMALL.persons[own]
        assert np.average(SMALL.latitude[own], weights=weight) == pytest.approx(board.latitude, abs=0.03)
        assert np.average(SMALL.longitude[own], weights=weight) == pytest.approx(board.longitude, abs=0.06)


def test_their_residents_are_near_those_of_mid_2022():
    for board in AREAS.icbs(LAST_DAY):
        persons = SMALL.persons[SMALL.icb_2022 == board.code].sum()
        assert persons == pytest.approx(AREAS.population(board.code, LAST_DAY), rel=0.08)


def test_age_groups():
    assert (SMALL.people("children") + SMALL.people("adults") == SMALL.people()).all()
    with pytest.raises(ValueError, match="elderly"):
        SMALL.people("elderly")


def test_a_row_that_is_not_whole_is_refused(tmp_path):
    head = "code,icb_2022,icb_2026,latitude,longitude,persons,under_18"
    (tmp_path / "small_areas.csv").write_text(f"{head}\nE1,QMF,QMF,51,0,10\n", encoding="utf-8")
    with pytest.raises(ValueError):
        read_small_areas(tmp_path)
