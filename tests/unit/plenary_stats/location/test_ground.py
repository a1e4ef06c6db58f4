import numpy as np
import pytest

from plenary_stats.location.ground import EARTH_RADIUS_KM, great_circle_km

LONDON = (51.5074, -0.1278)
EDINBURGH = (55.9533, -3.1883)


def test_a_place_is_no_distance_from_itself():
    assert great_circle_km(*LONDON, *LONDON) == 0


def test_a_quarter_of_the_earth():
    assert great_circle_km(0, 0, 90, 0) == pytest.approx(EARTH_RADIUS_KM * np.pi / 2, rel=1e-12)


def test_the_other_side_of_the_earth_does_not_break_the_arcsine():
    assert great_circle_km(0, 0, 0, 180) == pytest.approx(EARTH_RADIUS_KM * np.pi, rel=1e-12)


def test_london_to_edinburgh_by_the_spherical_law_of_cosines():
    a, b = np.radians(LONDON), np.radians(EDINBURGH)
    angle = np.arccos(np.sin(a[0]) * np.sin(b[0]) + np.cos(a[0]) * np.cos(b[0]) * np.cos(a[1] - b[1]))
    assert great_circle_km(*LONDON, *EDINBURGH) == pytest.approx(EARTH_RADIUS_KM * angle, rel=1e-9)
    assert 533 < float(great_circle_km(*LONDON, *EDINBURGH)) < 536


def test_it_does_not_matter_from_which_end_it_is_measured():
    assert great_circle_km(*LONDON, *EDINBURGH) == pytest.approx(great_circle_km(*EDINBURGH, *LONDON))


def test_arrays_broadcast_and_a_missing_point_gives_nan():
    found = great_circle_km(*LONDON, [55.9533, np.nan, 51.5074], [-3.1883, 0.0, -0.1278])
    assert found.shape == (3,)
    assert np.isnan(found).tolist() == [False, True, False]
