"""Nobody works out a number that an edition withholds: an attacker who shares no code with disclosure control tries."""

import csv
import io
import re
from dataclasses import replace

import pytest

from tests.golden import attacked, attacker, stories
from tests.golden.attacked import AREAS, patients

BASE = {"A": 12, "B": 35, "C": 50}

FOLDERS = {
    "a single centre": [patients(4, {"A": 35})],
    "two centres, one tiny": [patients(7, {"A": 3, "B": 300})],
    "at the threshold": [patients(3, {"A": 29, "B": 30, "C": 31})],
    "everybody of one sex and region": [patients(1, {"A": 40, "B": 33, "C": 29}, sexes=["female"], areas=["QMJ"])],
    "everybody well": [patients(8, {"A": 50, "B": 40, "C": 12}, good=1)],
    "nobody died": [patients(10, {"A": 50, "B": 40, "C": 35}, dead=0)],
    "one unknown outcome": [patients(11, {"A": 50, "B": 31, "C": 40}, unknown=1)],
    "a few from elsewhere": [patients(15, {"A": 100, "B": 60}, areas=["QMJ", "QOP", "W92000004", ""])],
    "one patient": [patients(13, {"A": 1})],
}
YEARS = [patients(17, {"A": 20, "B": 60}, years=range(2024, last + 1)) for last in (2024, 2025)]
LONGER = {
    "three years, pooled": [patients(17, {"A": 20, "B": 60}, years=range(2023, last + 1)) for last in (2023, 2024, 2025)],
    "sizes that change": [
        patients(20, {"A": 35, "B": 140, "C": 31}, years=[2023]),
        patients(20, {"A": 35, "B": 140, "C": 31}, years=[2023]) + patients(21, {"A": 29, "B": 14, "C": 31}, years=[2024]),
    ],
}  # fmt: skip
CORRECTED = {
    "one more at C": [patients(31, BASE), patients(31, BASE) + [dict(one, case_id="C-new") for one in patients(99, {"C": 1})]],
    "B falls below": [patients(35, {"A": 40, "B": 31, "C": 50}),
                      [one for one in patients(35, {"A": 40, "B": 31, "C": 50})
                       if one["case_id"] not in {"B-2025-0001", "B-2025-0002"}]],
}  # fmt: skip


SIZED = {"A": 40, "B": 35, "C": 50}
NEW_CENTRE = {
    "a correction adds a tiny centre": [patients(31, SIZED), patients(31, SIZED) + patients(99, {"D": 3})],
    "and its neighbour is tiny": [patients(31, BASE), patients(31, BASE) + patients(99, {"D": 1})],
    "beside a single one": [patients(5, {"A": 300}), patients(5, {"A": 300}) + patients(99, {"D": 2})],
    "and goes again": [patients(6, {**SIZED, "D": 4}), patients(6, SIZED)],
}
NEXT_YEAR = [*NEW_CENTRE["a correction adds a tiny centre"],
             patients(31, SIZED) + patients(99, {"D": 3}) + patients(32, {**SIZED, "D": 6}, years=[2026])]  # fmt: skip


def published(place, worlds, note="", zeros="protect", labels=()):
    """Build the editions of some case lists one after another, each linked with those before."""
    made, outs = [], []
    for order, cases in enumerate(worlds):
        label = labels[order] if labels else ""
        year = int(label[:4]) if label else max(int(str(one["seen"])[:4]) for one in cases)
        after = f"{year + 1}-04-01" if "/" in label else f"{year + 1}-01-01"
        told = [one for one in cases if not label or str(one["seen"]) < after]
        source = attacked.small_folder(place / f"cases-{order}", told, year=year, label=label)
        made.append(attacked.build(source, place / f"edition-{order}", outs, note=note, zeros=zeros))
        outs.append(place / f"edition-{order}")
    return made


@pytest.mark.parametrize("name", FOLDERS)
def test_a_small_folder_keeps_its_secrets(tmp_path, name):
    assert attacked.attack(published(tmp_path, FOLDERS[name])) == []


@pytest.mark.parametrize("name", FOLDERS)
def test_so_it_does_where_noughts_are_shown(tmp_path, name):
    made = published(tmp_path, FOLDERS[name], zeros="publish")
    assert attacked.attack(made) == []


def test_years_in_which_noughts_are_shown_keep_theirs(tmp_path):
    assert attacked.attack(published(tmp_path, YEARS, zeros="publish")) == []


def test_years_linked_with_one_another_keep_theirs(tmp_path):
    assert attacked.attack(published(tmp_path, YEARS)) == []


def test_a_centre_that_a_correction_makes_small_stays_hidden(tmp_path):
    assert attacked.attack(published(tmp_path, CORRECTED["B falls below"], note="Two cases were withdrawn.")) == []


def test_an_invented_world_keeps_its_secrets(tmp_path):
    folders = attacked.invented(tmp_path, seed=4, services=1, years=1, cases=60)
    assert attacked.attack([attacked.build(folders[-1], tmp_path / "edition")]) == []


@pytest.mark.parametrize("name", NEW_CENTRE)
def test_a_tiny_centre_that_comes_or_goes_stays_hidden_and_stops_nothing(tmp_path, name):
    before, after = published(tmp_path, NEW_CENTRE[name], note="A centre was missing.")
    assert attacked.attack([before, after]) == []
    large = {row["centre"] for row in attacker.rows_of(after.files, "activity") if row["value"]} - {"Total"}
    assert large == {row["centre"] for row in attacker.rows_of(before.files, "activity") if row["value"]} - {"Total"}


@pytest.mark.slow
def test_nor_does_it_stop_the_year_after(tmp_path):
    made = published(tmp_path, NEXT_YEAR, note="A centre was missing.")
    assert attacked.attack(made) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", LONGER)
def test_more_years_keep_theirs(tmp_path, name):
    assert attacked.attack(published(tmp_path, LONGER[name])) == []


@pytest.mark.slow
def test_a_correction_of_a_large_centre_gives_no_small_one_away(tmp_path):
    assert attacked.attack(published(tmp_path, CORRECTED["one more at C"], note="A late case.")) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "services", "years", "cases"),
    [(1, 3, 1, 300), (5, 2, 3, 60), (6, 3, 2, 120), (7, 6, 1, 600), (8, 5, 2, 900), (10, 4, 4, 250), (11, 2, 4, 500), (9, 12, 1, 3000)],
)  # fmt: skip
def test_larger_worlds_keep_their_secrets_year_after_year(tmp_path, seed, services, years, cases):
    made, outs = [], []
    for order, source in enumerate(attacked.invented(tmp_path, seed=seed, services=services, years=years, cases=cases)):
        made.append(attacked.build(source, tmp_path / f"edition-{order}", outs))
        outs.append(tmp_path / f"edition-{order}")
    assert attacked.attack(made) == []


OTHERS = {
    "nobody well, all died": [patients(41, {"A": 45, "B": 33, "C": 8}, good=0, dead=1)],
    "children of one sex": [patients(42, {"A": 31, "B": 12}, ages=(0, 17), sexes=["male"])],
    "two tiny centres": [patients(43, {"A": 2, "B": 3})],
    "one at the threshold and one below": [patients(44, {"A": 30, "B": 29}, areas=AREAS[:2])],
    "several services": [patients(45, {"A": 40, "B": 5}) + patients(46, {"C": 70}, service="two") + patients(47, {"D": 1}, service="three")],
}  # fmt: skip


@pytest.mark.parametrize("zeros", ["publish", "protect"])
@pytest.mark.parametrize("name", OTHERS)
def test_stranger_folders_keep_theirs(tmp_path, name, zeros):
    assert attacked.attack(published(tmp_path, OTHERS[name], zeros=zeros)) == []


def test_a_service_that_begins_and_one_that_ends_keep_theirs(tmp_path):
    first = patients(51, {"A": 40, "B": 9}, years=[2024]) + patients(52, {"C": 33}, years=[2024], service="two")
    second = (
        first + patients(53, {"A": 38, "B": 12}, years=[2025]) + patients(54, {"D": 31, "E": 4}, years=[2025], service="three")
    )
    assert attacked.attack(published(tmp_path, [first, second])) == []


OVERLAPPING = (("2024", "2024/25", "2025"), ("2023/24", "2024", "2024/25"))


@pytest.mark.slow
@pytest.mark.parametrize("labels", OVERLAPPING, ids=" ".join)
def test_calendar_and_financial_years_that_overlap_keep_theirs(tmp_path, labels):
    cases = patients(61, {"A": 34, "B": 25, "C": 80}, years=[2023, 2024, 2025])
    assert attacked.attack(published(tmp_path, [cases] * len(labels), labels=labels)) == []


SPENT = {
    "one takes nearly everything": {"A": 9_500_000, "B": 300_000, "C": 200_000},
    "one centre": {"A": 4_000_000},
    "two alike": {"A": 4_000_000, "B": 4_100_000},
}


@pytest.mark.parametrize("name", SPENT)
def test_what_a_dominant_centre_was_paid_stays_hidden(tmp_path, name):
    source = attacked.small_folder(tmp_path / "in", patients(71, dict.fromkeys(SPENT[name], 60)), spend=SPENT[name])
    made = attacked.build(source, tmp_path / "out", dominance=0.8)
    shown = {row["centre"] for row in attacker.rows_of(made.files, "spend") if row["value"]}
    assert attacker.amounts_told(made.files, "one", SPENT[name]) == []
    hidden = attacker.dominated(SPENT[name], 0.8)
    largest = max(SPENT[name], key=SPENT[name].get)
    assert not hidden or largest not in shown


def told_of(seed, place, **more):
    drawn = stories.story(seed, **more)
    worlds = [cases for _, cases in drawn.editions]
    return attacked.attack(published(place, worlds, note="Some cases were corrected.", zeros=drawn.zeros))


@pytest.mark.parametrize("seed", range(2))
def test_a_story_drawn_at_random_keeps_its_secrets(tmp_path, seed):
    assert told_of(seed, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 104))
def test_longer_stories_keep_theirs(tmp_path, seed):
    assert told_of(seed, tmp_path, services=1 + seed % 3, years=1 + seed % 4, corrected=seed % 2 == 0) == []


# ------------------------------------------------------------------------------------------------ the attacker is no bluff


def test_the_attacker_finds_what_withholding_small_numbers_alone_would_leave(tmp_path):
    [one] = published(tmp_path, FOLDERS["two centres, one tiny"])
    leaks = attacked.attack([_only_the_small_ones(one)])
    assert any("patients 2025 A   is 3: between 3 and 3" in leak for leak in leaks)


@pytest.mark.slow
def test_the_attacker_subtracts_an_edition_that_was_not_linked(tmp_path):
    worlds = LONGER["three years, pooled"]
    linked = published(tmp_path, worlds[:2])
    alone = attacked.build(attacked.small_folder(tmp_path / "last", worlds[2], year=2025), tmp_path / "alone")
    assert any("2025 A   is 20: between 20 and 20" in leak for leak in attacked.attack([*linked, alone]))


def test_a_small_number_in_plain_sight_is_seen():
    heads = "service,centre,area,sex,age_band,period,measure,value,status,numerator,denominator,lower,upper,method,note\n"
    rows = {"activity": "one,A,,,,2025,patients,29,,,,,,,\n", "outcomes": "one,A,,,,2025,good,,c,3,40,,,,few\n"}
    rows["curves"] = "one,Total,,,,2025,alive@60d,0.95,,38,40,,,,\n"
    leaks = attacker.in_plain_sight({f"data/{name}.csv": (heads + rows.get(name, "")).encode() for name in attacker.TABLES})
    assert [re.sub(r"\[.*\] ", "", leak) for leak in leaks] == [
        "activity shows 29 patients",
        "outcomes is withheld but shows {'numerator': '3', 'note': 'few'}",
        "outcomes shows 3 of 40",
        "curves shows 38 of 40",
    ]


def _only_the_small_ones(one: attacked.Published) -> attacked.Published:
    """Show again every number of patients that is not small in itself."""
    rows = attacker.rows_of(one.files, "activity")
    names = ("service", "centre", "area", "sex", "age_band", "period", "measure")
    true = {tuple(row[name] for name in names): row["value"] for row in one.truth["activity"]}
    for row in rows:
        value = true[tuple(row[name] for name in names)]
        if float(value) >= 30:
            row.update(value=value, status="")
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return replace(one, files={**one.files, "data/activity.csv": out.getvalue().encode()})
