import tomllib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from plenary_stats.areas import BANDS, FIRST_MAP, SECOND_MAP, SEXES, read_areas, rows
from plenary_stats.tables import TOTAL
from tests.shared import SHARED, needs_shared

FOLDER = Path(__file__).parents[3] / "definitions" / "areas"
AREAS = read_areas(FOLDER)
LAST_DAY = date(2026, 3, 31)
ENGLAND = 57_106_398


@pytest.mark.parametrize(
    ("on", "boards"), [(date(2022, 6, 30), 0), (FIRST_MAP, 42), (LAST_DAY, 42), (SECOND_MAP, 36), (date(2026, 11, 22), 36)]
)
def test_boards_by_date(on, boards):
    assert len(AREAS.icbs(on)) == boards
    assert len({board.code for board in AREAS.icbs(on)}) == boards


def test_seven_regions_four_nations_and_the_boards_of_three():
    assert len(AREAS.regions) == 7
    assert [nation.name for nation in AREAS.nations] == ["England", "Wales", "Scotland", "Northern Ireland"]
    counts = {
        nation: sum(board.parent == nation for board in AREAS.boards) for nation in ("Scotland", "Wales", "Northern Ireland")
    }
    assert counts == {"Scotland": 14, "Wales": 7, "Northern Ireland": 5}


@pytest.mark.parametrize(
    ("on", "by_region"),
    [
        (LAST_DAY, {"Y56": 5, "Y58": 7, "Y59": 6, "Y60": 11, "Y61": 6, "Y62": 3, "Y63": 4}),
        (SECOND_MAP, {"Y56": 4, "Y58": 7, "Y59": 4, "Y60": 11, "Y61": 3, "Y62": 3, "Y63": 4}),
    ],
)
def test_boards_of_each_region(on, by_region):
    assert {region.code: sum(board.parent == region.code for board in AREAS.icbs(on)) for region in AREAS.regions} == by_region


@pytest.mark.parametrize("on", [FIRST_MAP, LAST_DAY, SECOND_MAP])
def test_boards_and_regions_add_up_to_england_in_every_cell(on):
    assert AREAS.population("England", on) == ENGLAND
    for parts in (AREAS.icbs(on), AREAS.regions):
        for sex in SEXES:
            for band in BANDS:
                assert sum(AREAS.population(part.code, on, sex, band) for part in parts) == AREAS.population(
                    "England", on, sex, band
                )


def test_a_region_keeps_its_people_when_its_boards_merge():
    for region in AREAS.regions:
        assert AREAS.population(region.code, LAST_DAY) == AREAS.population(region.code, SECOND_MAP)


def test_populations_of_the_nations():
    assert AREAS.population("Wales", SECOND_MAP) == 3_131_640
    assert AREAS.population("S92000003", SECOND_MAP, "female") == 2_801_041
    assert AREAS.population_by_area(LAST_DAY)[TOTAL] == 57_106_398 + 3_131_640 + 5_447_700 + 1_910_543
    assert "England" not in AREAS.population_by_area(LAST_DAY)


def test_a_region_has_people_before_there_were_boards():
    assert AREAS.population("London", date(2019, 1, 1)) == 8_866_180


def test_a_board_that_gained_territory_has_two_populations():
    before, after = AREAS.population("QRL", LAST_DAY), AREAS.population("QRL", SECOND_MAP)
    assert before == 1_842_052
    assert after > before
    assert AREAS.find("QRL", LAST_DAY).ons == "E54000042"
    assert AREAS.find("QRL", SECOND_MAP).ons == "E54000067"


@pytest.mark.parametrize(
    ("area", "on"), [("QNQ", SECOND_MAP), ("D7T5G", LAST_DAY), ("nowhere", LAST_DAY), ("", LAST_DAY), ("S08000015", LAST_DAY)]
)
def test_a_population_that_is_not_known_is_an_error_and_never_nought(area, on):
    with pytest.raises(LookupError):
        AREAS.population(area, on)


@pytest.mark.parametrize(("sex", "band"), [("Female", None), ("persons", None), (None, "5-17"), (None, "90 and over")])
def test_a_sex_or_band_that_is_not_ours_is_refused(sex, band):
    with pytest.raises(ValueError, match="age bands"):
        AREAS.population("England", LAST_DAY, sex, band)


def test_populations_are_listed_without_margins():
    listed = list(AREAS.populations(SECOND_MAP))
    assert len(listed) == 11 * 2 * 19
    assert sum(persons for area, *_, persons in listed if area == "London") == 8_866_180
    assert [band for area, sex, band, _ in listed if (area, sex) == ("London", "female")] == list(BANDS)


@pytest.mark.parametrize(
    ("code", "region"),
    [
        ("QRV", "London"),  # a board of the old map
        ("Z9B2Z", "London"),  # a board of the new map
        ("E54000055", "Midlands"),  # by its ONS code
        ("Kent and Medway", "South East"),  # by name
        ("kent and medway ", "South East"),
        ("Y61", "East of England"),
        ("East of England", "East of England"),
        ("Wales", "Wales"),
        ("W92000004", "Wales"),
        ("7A4", "Wales"),
        ("W11000029", "Wales"),
        ("S08000015", "Scotland"),
        ("BHSCT", "Northern Ireland"),
        ("England", None),
        ("E92000001", None),
        ("", None),
        ("XYZ", None),
    ],
)
def test_region_of_whatever_a_case_says(code, region):
    assert AREAS.region_of(code) == region


@pytest.mark.parametrize("on", [date(2020, 1, 1), LAST_DAY, SECOND_MAP, date(2030, 1, 1)])
def test_an_area_keeps_its_region_whatever_the_date(on):
    assert AREAS.region_of("QNQ", on) == "South East"
    assert AREAS.region_of("S0E4D", on) == "South East"


def test_region_by_area_knows_every_code_of_both_maps():
    found = AREAS.region_by_area()
    assert {board.code for on in (LAST_DAY, SECOND_MAP) for board in AREAS.icbs(on)} <= set(found)
    assert set(found.values()) == {region.name for region in AREAS.regions} | {"Scotland", "Wales", "Northern Ireland"}
    assert all(AREAS.region_of(code) == region for code, region in found.items())
    assert "" not in found


def test_every_board_that_ended_has_successors_that_share_it_out():
    ended = {board.code for board in AREAS.icbs(LAST_DAY)} - {board.code for board in AREAS.icbs(SECOND_MAP)}
    assert len(ended) == 12
    for code in ended:
        assert sum(one.share for one in AREAS.successors(code)) == pytest.approx(1.0, abs=1e-3)
        assert {one.on for one in AREAS.successors(code)} == {SECOND_MAP}
    assert {one.predecessor for one in AREAS.successions} == ended


def test_the_history_of_a_merger_and_of_a_split():
    assert {one.predecessor for one in AREAS.predecessors("Z9B2Z")} == {"QMJ", "QRV"}
    assert [one.kind for one in AREAS.successors("QMJ")] == ["merger"]
    assert {one.successor for one in AREAS.successors("QNQ")} == {"S0E4D", "S9B9J", "QRL"}
    assert {one.basis for one in AREAS.successors("QNQ")} == {"derived"}
    assert AREAS.successors("Z9B2Z") == ()


def test_successors_lie_in_the_region_of_their_predecessor():
    assert all(AREAS.region_of(one.predecessor) == AREAS.region_of(one.successor) for one in AREAS.successions)


def test_shares_agree_with_the_populations_they_explain():
    people: dict[str, float] = {}
    for one in AREAS.successions:
        people[one.successor] = people.get(one.successor, 0) + one.share * AREAS.population(one.predecessor, LAST_DAY)
    people["QRL"] += AREAS.population("QRL", LAST_DAY)
    for code, persons in people.items():
        assert persons == pytest.approx(AREAS.population(code, SECOND_MAP), rel=0.01)


def test_neighbours_stand_on_their_map_and_are_listed_once():
    for name, on in (("2022", LAST_DAY), ("2026", SECOND_MAP)):
        codes = {board.code for board in AREAS.icbs(on)}
        pairs = AREAS.neighbour_pairs[name]
        assert {code for pair in pairs for code in pair} == codes
        assert len({frozenset(pair) for pair in pairs}) == len(pairs)


def test_the_map_of_a_day():
    assert AREAS.map_of(LAST_DAY) == "2022"
    assert AREAS.map_of(SECOND_MAP) == "2026"


def test_deprivation_fifths_of_the_42_boards():
    assert {code for code, edition in AREAS.deprivation if edition == "2025"} == {board.code for board in AREAS.icbs(LAST_DAY)}
    fifths = [
        sum(column) for column in zip(*(AREAS.deprivation[key] for key in AREAS.deprivation if key[1] == "2025"), strict=True)
    ]
    assert [part / sum(fifths) for part in fifths] == pytest.approx([0.2] * 5, abs=0.01)


def test_standard_population_sums_to_one_hundred_thousand():
    assert tuple(AREAS.standard) == BANDS
    assert sum(AREAS.standard.values()) == 100_000


def test_a_version_stands_from_its_first_day_to_the_day_before_its_end():
    area = replace(AREAS.find("QNQ"), valid_from=FIRST_MAP, valid_to=SECOND_MAP)
    assert [area.stood_on(day) for day in (FIRST_MAP - timedelta(1), FIRST_MAP, LAST_DAY, SECOND_MAP)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_torn_row_is_an_error(tmp_path):
    torn = tmp_path / "regions.csv"
    torn.write_text("code,name\nY56,London\nY58\n", encoding="utf-8")
    with pytest.raises(ValueError, match="zip"):
        rows(torn)


def test_every_file_of_the_folder_says_where_it_comes_from():
    index = tomllib.loads((FOLDER / "areas.toml").read_text(encoding="utf-8"))
    attribution = tomllib.loads((FOLDER.parent / "wording" / "attribution.toml").read_text(encoding="utf-8"))
    assert {entry["name"] for entry in index["file"]} == {path.name for path in FOLDER.glob("*.csv")}
    assert index["reviewed"] < index["next_review"]
    for entry in index["file"]:
        assert entry["source"]
        assert entry["licence"]
        assert set(entry["attribution"]) <= set(attribution)


def test_no_file_is_large():
    assert max(path.stat().st_size for path in FOLDER.iterdir()) < 300_000


@needs_shared("reference", "geography")
def test_populations_equal_those_that_were_carried_over():
    for name, on in (("icb_population.csv", LAST_DAY), ("icb_2026/icb_population.csv", SECOND_MAP)):
        for row in rows(SHARED / "reference" / "geography" / name):
            assert AREAS.population(row["icb_ods"], on, row["sex"], row["age_band"]) == int(row["population"])


@pytest.mark.parametrize(
    ("name", "on", "stood"),
    [
        ("QE1", date(2019, 1, 1), True),  # a case older than the first map carries the nearest code there is
        ("QE1", date(2026, 11, 22), True),
        ("D7T5G", LAST_DAY, False),
        ("D7T5G", SECOND_MAP, True),
        ("Wales", date(1990, 1, 1), True),
    ],
)
def test_every_name_says_when_its_area_stood(name, on, stood):
    spans = AREAS.standing[name]
    assert any((start is None or start <= on) and (end is None or on < end) for start, end in spans) is stood


def test_every_code_and_name_has_a_span():
    named = {name for area in AREAS.every for name in (area.code, area.ons, area.name) if name}
    assert set(AREAS.standing) == named
    assert all(AREAS.standing.values())
