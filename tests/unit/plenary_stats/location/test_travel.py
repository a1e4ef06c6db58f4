"""Minutes along an assumed straight line, or by a table that is checked line by line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.errors import InputError
from plenary_stats.location import great_circle_km, read_times, straight_line

PLACES, SITES = ["E1", "E2"], ["RJ1", "RGM"]
WHOLE = "place,site,minutes\nE1,RJ1,10\nE1,RGM,50.5\nE2,RJ1,0\nE2,RGM,90\n"


def test_minutes_are_kilometres_at_the_speed_that_is_said():
    found = straight_line([51.5], [-0.1], [52.5, 51.5], [-0.1, -0.1], speed=80, detour=1.25)
    km = great_circle_km(51.5, -0.1, 52.5, -0.1)
    assert found.minutes[0] == pytest.approx([float(km) * 1.25 / 80 * 60, 0])
    assert found.assumed
    assert "1.25 times" in found.says
    assert "80 km an hour" in found.says
    assert "assumption" in found.says


@pytest.mark.parametrize("options", [{"speed": 0}, {"speed": -5}, {"detour": 0.5}, {"speed": np.inf}, {"speed": np.nan}])
def test_no_such_journey(options):
    with pytest.raises(ValueError, match="speed and detour"):
        straight_line([51], [0], [52], [0], **options)


def test_a_missing_coordinate_is_refused():
    with pytest.raises(ValueError, match="latitudes"):
        straight_line([51], [0], [np.nan], [0])


def test_a_table_of_times():
    found = read_times(WHOLE.encode(), PLACES, SITES, source="timetables of May 2026")
    assert found.minutes.tolist() == [[10, 50.5], [0, 90]]
    assert found.says == "Travel times from timetables of May 2026."
    assert not found.assumed


def test_other_places_columns_and_orders_do_not_matter():
    lines = WHOLE.strip().splitlines()
    more = [lines[0] + ",mode", *(line + ",car" for line in reversed(lines[1:])), "E9,RJ1,x,car", "E1,ZZZ,-4,car"]
    content = ("\ufeff" + "\r\n".join(more)).encode()
    assert read_times(content, PLACES, SITES).minutes.tolist() == [[10, 50.5], [0, 90]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "lacks the column 'place'"),
        (b"place,site,minutes\n", "lacks the column"),
        (b"place,site,time\nE1,RJ1,3\n", "lacks the column 'minutes'"),
        (WHOLE.replace("50.5", "-1").encode(), "Line 3, column minutes: '-1' is no time"),
        (WHOLE.replace("50.5", "").encode(), "Line 3, column minutes: '' is no time"),
        (WHOLE.replace("50.5", "inf").encode(), "Line 3, column minutes: 'inf'"),
        (WHOLE.replace("50.5", "nan").encode(), "Line 3, column minutes: 'nan'"),
        (WHOLE.replace("50.5", "1h").encode(), "Write minutes as a number"),
        ((WHOLE + "E1,RJ1,11\n").encode(), "Line 6: the pair E1, RJ1 stands twice"),
        (WHOLE.replace("E2,RGM,90\n", "").encode(), "Times are missing: E2 to RGM"),
        (b"place,site,minutes\nE1,RJ1\n", "Line 2, column minutes"),
        (WHOLE.encode("utf-16"), "not UTF-8"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'place,site,minutes\n"' + b"x" * 200_000, "no CSV"),
    ],
)
def test_what_cannot_be_used_is_named(content, said):
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        read_times(content, PLACES, SITES)


def test_many_missing_pairs_are_counted():
    with pytest.raises(InputError, match="and 7 more"):
        read_times(b"place,site,minutes\nX,Y,1\n", [f"E{number}" for number in range(5)], SITES)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(content):
    with pytest.raises(InputError, match=r"file of times|Times are missing|Line"):
        read_times(content, PLACES, SITES)
