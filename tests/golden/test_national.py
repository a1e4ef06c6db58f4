"""The synthetic nation on which linkage is measured: it is what it says it is, and its judge counts right."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from benchmarks.national.invented import AREAS, Errors, Invented, Nation, invent, nhs_numbers
from benchmarks.national.judged import judged
from numpy.random import default_rng

from plenary_episodes import engines, events, identify, layouts, reading, rules, series
from plenary_episodes.linkage import link
from plenary_episodes.people import ordered
from plenary_episodes.pseudonyms import Pseudonyms
from plenary_stats.ingest.values import nhs_valid

LAYOUTS = Path(__file__).parents[2] / "definitions" / "layouts"
NATION = Nation(services=4, patients=150)
NONE = Errors(**dict.fromkeys(Errors.__dataclass_fields__, 0.0))


def rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def nation(tmp_path_factory):
    return invent(tmp_path_factory.mktemp("nation"), NATION, seed=9)


def test_numbers_are_valid_different_and_of_the_range_of_nobody():
    found = nhs_numbers(default_rng(1), 5_000).tolist()
    assert len(set(found)) == 5_000
    assert nhs_valid(found).all()
    assert {number[:3] for number in found} == {"999"}


def test_equal_seeds_give_equal_nations_and_others_do_not(tmp_path, nation):
    again, other = invent(tmp_path / "a", NATION, seed=9), invent(tmp_path / "b", NATION, seed=10)
    for name in ("episodes", "cases"):
        assert getattr(again, name).read_bytes() == getattr(nation, name).read_bytes()
        assert getattr(other, name).read_bytes() != getattr(nation, name).read_bytes()


def test_it_says_that_it_is_synthetic(nation):
    for path in (nation.episodes, nation.cases):
        assert path.name.startswith("synthetic")
    assert all("# SYNTHETIC" in path.read_text() for path in nation.rules.glob("*.toml"))
    assert {row["NAME"] for row in rows(nation.episodes)} == {"Synthetic"}


def test_the_truth_names_every_case_and_every_record_but_noise(nation):
    cases = {(row["service"], row["centre"], row["case_id"]) for row in rows(nation.cases)}
    assert cases == set(nation.of_case)
    records = {row["EPIKEY"]: row for row in rows(nation.episodes)}
    assert set(nation.of_record) == {key for key, row in records.items() if row["DIAG_01"] != "Z999"}
    assert len(records) - len(nation.of_record) == NATION.noise * NATION.services
    assert nation.events == 600


def test_each_source_sees_about_its_share(nation):
    assert len(set(nation.of_record.values())) == pytest.approx(0.95 * 600, abs=25)
    assert len(nation.of_case) == pytest.approx(0.93 * 600, abs=30)
    assert len(nation.in_both) == pytest.approx(0.95 * 0.93 * 600, abs=35)


def test_errors_are_about_as_frequent_as_they_are_said_to_be(tmp_path):
    many = invent(
        tmp_path, Nation(services=4, patients=500, series=Errors(nhs_missing=0.2, sex_missing=0.1, area_missing=0.3)), seed=2
    )
    given = rows(many.cases)
    for name, share in (("nhs_number", 0.2), ("sex", 0.1), ("area", 0.3)):
        assert sum(not row[name] for row in given) / len(given) == pytest.approx(share, abs=0.03)
    wrong = [row["nhs_number"] for row in given if row["nhs_number"] and not nhs_valid([row["nhs_number"]])[0]]
    assert 0 < len(wrong) / len(given) < 0.01


def test_without_errors_both_sources_say_the_same(tmp_path):
    clean = invent(tmp_path, Nation(services=2, patients=100, hospital=NONE, series=NONE), seed=3)
    by_number = {row["nhs_number"]: row for row in rows(clean.cases)}
    met = [(by_number[row["NEWNHSNO"]], row) for row in rows(clean.episodes) if row["NEWNHSNO"] in by_number]
    assert len(met) > 150
    for case, row in met:
        assert clean.of_case[case["service"], case["centre"], case["case_id"]] == clean.of_record[row["EPIKEY"]]
        assert (case["birth_date"], case["area"], case["local_id"]) == (row["DOB"], row["ICB_RESIDENCE"], row["LOPATID"])
        assert case["centre"] == row["PROCODET"][:3]
        assert {"male": "1", "female": "2"}[case["sex"]] == row["SEX"]


def test_twins_share_what_twins_share(tmp_path):
    twins = invent(tmp_path, Nation(services=1, patients=400, twins=0.2, hospital=NONE, series=NONE), seed=4)
    births = Counter((row["birth_date"], row["area"], row["centre"]) for row in rows(twins.cases))
    assert sum(number > 1 for number in births.values()) > 30
    assert len({row["nhs_number"] for row in rows(twins.cases)}) == len(rows(twins.cases))


def test_areas_are_codes_of_their_own():
    assert len(set(AREAS)) == len(AREAS) == 42


def test_the_judge_counts_links_right_ones_and_pairs(tmp_path):
    truth = Invented(
        tmp_path, tmp_path, tmp_path, {"1": 1, "2": 2, "3": 3}, {("s", "c", "a"): 1, ("s", "c", "b"): 2, ("s", "c", "d"): 9}, 9
    )
    found = judged(truth, [("1", ("s", "c", "a")), ("3", ("s", "c", "b"))])
    assert (found.links, found.right, found.pairs) == (2, 1, 2)
    assert (found.precision, found.recall) == (0.5, 0.5)
    nobody = judged(Invented(tmp_path, tmp_path, tmp_path, {}, {}, 0), [])
    assert (nobody.precision, nobody.recall) == (1.0, 1.0)


POOR = Errors(nhs_missing=0.3, local_missing=0.4, nhs_of_another=0.002, birth_part_wrong=0.02, birth_missing=0.02, moved=0.08)
DATA = {
    "usual": Nation(services=6, patients=600),
    "poor": Nation(services=6, patients=600, hospital=POOR, series=POOR, twins=0.02),
}


def linkage(folder, nation, seed):
    """Return what the linkage of a nation made wrong and missed, and what it expected to."""
    given = invent(folder, nation, seed)
    secret, sets = Pseudonyms(b"a key that is long enough for tests"), rules.read_rules(given.rules)
    opened = engines.started("duckdb").opened(given.episodes)
    sheet = reading.read(opened, layouts.chosen(layouts.shipped(LAYOUTS), opened.headings, "episodes"))
    kept, _ = events.once(events.taken(identify.identified(sheet, sets), "episodes", secret))
    windows = rules.windows(sets)
    left = ordered([one.person for one in events.expected_cases(kept, windows)])
    right = ordered(series.read(given.cases, windows, secret).cases)
    found = link(left, right, windows)
    keys = [(one.service, one.centre, one.name) for one in right.records]
    made = judged(given, [(left.records[one.left].name, keys[one.right]) for one in found.links])
    return np.array([made.links - made.right, found.expected_false, made.pairs - made.right, found.expected_missed]), made


@pytest.mark.slow
@pytest.mark.parametrize("errors", DATA)
def test_the_errors_that_linkage_shows_are_those_that_it_makes(tmp_path, errors):
    runs = [linkage(tmp_path / str(seed), DATA[errors], seed) for seed in range(4)]
    wrong, expected_wrong, missed, expected_missed = sum(errors for errors, _ in runs)
    assert wrong <= expected_wrong + 2 * np.sqrt(expected_wrong) + 1
    assert 0.8 * missed - 5 <= expected_missed <= 1.25 * missed + 5
    least = {"usual": (0.999, 0.98), "poor": (0.998, 0.96)}[errors]
    assert sum(made.right for _, made in runs) / sum(made.links for _, made in runs) >= least[0]
    assert sum(made.right for _, made in runs) / sum(made.pairs for _, made in runs) >= least[1]
