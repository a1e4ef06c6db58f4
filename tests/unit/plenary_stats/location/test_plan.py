"""Scenarios by codes of sites, on the small areas of England."""

import json
from itertools import combinations

import numpy as np
import pytest

from plenary_stats.location import read_times
from plenary_stats.location.plan import Assumptions, Site, Wish, plan
from tests.unit.plenary_stats.test_small_areas import SMALL

SITES = [
    Site("RJ1", "London", 51.5, -0.12),
    Site("RTD", "Newcastle", 54.98, -1.62),
    Site("RA7", "Bristol", 51.46, -2.6),
    Site("RWE", "Leicester", 52.63, -1.13),
    Site("REF", "Truro", 50.27, -5.09),
]
NOW = ["RJ1", "RTD"]
GIVEN = Assumptions(patients=300, minimum=50, years=2)


def asked(**wish):
    return plan(SMALL, SITES, NOW, Wish(**wish), GIVEN, groups=SMALL.icb_2022)


def test_nothing_changes_if_nothing_is_wished():
    found = asked()
    assert found.before.summary == found.after.summary
    assert found.difference.other_centre == found.difference.mean_change == 0
    assert found.found == ()
    assert found.proved


def test_one_more_centre_brings_people_nearer():
    found = asked(add=("RA7",))
    assert [site["code"] for site in found.document()["centres"]["after"]] == ["RJ1", "RTD", "RA7"]
    assert found.difference.longer == 0
    assert found.after.summary["mean_minutes"] < found.before.summary["mean_minutes"]
    assert found.after.summary["patients"] == pytest.approx(300)
    assert found.difference.by_group["QUY"] < -60  # Bristol's own board


def test_close_and_move():
    assert [site["code"] for site in asked(close=("RTD",)).document()["centres"]["after"]] == ["RJ1"]
    moved = asked(move=(("RJ1", "RWE"),))
    assert [site["code"] for site in moved.document()["centres"]["after"]] == ["RTD", "RWE"]
    assert moved.difference.longer > 1e6


def test_the_best_new_centres_are_found_among_all():
    found = asked(best=2)
    every = {pair: asked(add=pair).after.summary["mean_minutes"] for pair in combinations(["RA7", "RWE", "REF"], 2)}
    assert set(found.found) == set(min(every, key=every.get))
    assert found.proved


def test_limited_room_and_a_larger_centre():
    tight = plan(SMALL, SITES, NOW, Wish(), Assumptions(patients=300, capacity=100))
    assert tight.why_not == "The centres have room for 200 of 300 patients a year."
    assert tight.difference is None
    assert tight.document()["difference"] == {}
    larger = plan(SMALL, SITES, NOW, Wish(expand={"RJ1": 250}), Assumptions(patients=300, capacity=150))
    assert larger.before.columns["patients"] == pytest.approx([150, 150])
    assert larger.after.columns["patients"][0] > 200
    assert larger.difference.mean_change < 0


def test_children_live_where_children_live():
    of_all, of_children = asked(), plan(SMALL, SITES, NOW, Wish(), Assumptions(patients=300, age_group="children"))
    assert of_children.before.columns["residents"].sum() == SMALL.under_18.sum()
    assert of_children.before.summary["mean_minutes"] != of_all.before.summary["mean_minutes"]


def test_a_table_of_times_takes_the_place_of_the_line():
    lines = [f"{code},{site.code},{30 if site.code == 'RJ1' else 60}" for code in SMALL.code.tolist() for site in SITES]
    times = read_times("\n".join(["place,site,minutes", *lines]).encode(), SMALL.code.tolist(), [site.code for site in SITES])
    found = plan(SMALL, SITES, NOW, Wish(), GIVEN, travel=times)
    assert found.before.summary["mean_minutes"] == 30
    assert found.says.startswith("Travel times from")


def test_the_document_is_plain_and_has_no_nan():
    text = json.dumps(asked(best=1).document(), allow_nan=False)
    assert json.loads(text)["found"]
    assert "assumption" in text
    empty = plan(SMALL, SITES, ["RJ1"], Wish(), Assumptions(patients=1, capacity=0.5)).document()
    assert empty["why_not"]
    assert empty["centres"] == {"before": [], "after": []}
    assert np.isfinite(json.loads(text)["questions"]["after"]["inequality"])


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(add=("ZZZ",)), "ZZZ: no site whose place is known"),
        (Wish(add=("RJ1",)), "London is open already"),
        (Wish(close=("RA7",)), "not open"),
        (Wish(close=("RJ1", "RTD")), "No centre would be left"),
        (Wish(best=4), "no more than 3"),
        (Wish(add=("RA7", "RWE"), best=2), "only 1 other places"),
        (Wish(expand={"RA7": 9}), "cannot be made larger"),
    ],
)
def test_a_wish_that_cannot_be_is_named(wish, said):
    with pytest.raises(ValueError, match=said):
        plan(SMALL, SITES, NOW, wish, GIVEN)


def test_without_centres_or_patients_there_is_no_plan():
    with pytest.raises(ValueError, match="No centre of this service"):
        plan(SMALL, SITES, [], Wish(), GIVEN)
    with pytest.raises(ValueError, match="must be patients"):
        plan(SMALL, SITES, NOW, Wish(), Assumptions(patients=0))
