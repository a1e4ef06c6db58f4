"""A small edition with all its kinds of table, attacked by a programme that was written here from the patients up."""

import itertools

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.tables import RESULT_DIMENSIONS, ResultTable, numbers, text

REGIONS, SEXES = ("London", "North West", "South East", "Wales"), ("F", "M")
STATES = ("met", "not_met", "not_eligible", "not_known")


def patients(seed: int, service: str, centres: int, size: int) -> dict:
    """Number of patients by centre, region, sex and state."""
    random = np.random.default_rng(seed)
    places = list(itertools.product([f"{service}{number}" for number in range(centres)], REGIONS, SEXES, STATES))
    shares = random.dirichlet(np.tile([1.5, 0.5, 0.15, 0.1], len(places) // 4))
    return dict(zip(places, random.multinomial(size, shares).tolist(), strict=True))


def cells_of(centre: str, region: str, sex: str, states: tuple = STATES):
    """Which patients a published number counts. Access counts those of England alone."""
    if region == "Total":
        return lambda place: place[1] != "Wales" and place[3] in states
    return lambda place: (
        place[0] in (centre, centre or place[0])
        and place[1] in (region, region or place[1])
        and (place[2] in (sex, sex or place[2]))
        and place[3] in states
    )


def rows_of(people: dict, service: str):
    """Every row of the edition: table, dimensions, and what its numbers count."""
    centres = sorted({place[0] for place in people})
    for centre in ["", *centres]:
        yield "activity", centre, "", "", {"value": STATES}
        yield from (("activity", centre, region, "", {"value": STATES}) for region in REGIONS)
        yield from (("activity", centre, "", sex, {"value": STATES}) for sex in SEXES)
        known = {"numerator": ("met", "not_met"), "denominator": ("met", "not_met", "not_known")}
        yield "completeness", centre, "", "", known
        yield (
            "outcomes",
            centre,
            "",
            "",
            {
                "numerator": ("met",),
                "denominator": ("met", "not_met"),
                "met": ("met",),
                "not_met": ("not_met",),
                "not_eligible": ("not_eligible",),
                "not_known": ("not_known",),
            },
        )
    yield "access", "", "Total", "", {"numerator": STATES}
    yield from (("access", "", region, "", {"numerator": STATES}) for region in REGIONS[:-1])


def tables_of(worlds: dict[str, dict]) -> list[ResultTable]:
    made = []
    for name, kind in (("activity", "count"), ("outcomes", "rate"), ("access", "exposure"), ("completeness", "rate")):
        rows = []
        for service, people in worlds.items():
            for table, centre, region, sex, figures in rows_of(people, service):
                if table != name:
                    continue
                row = dict.fromkeys(RESULT_DIMENSIONS, "") | {"service": service, "centre": centre or "Total", "period": "2025"}
                row |= {
                    "area": region,
                    "sex": sex,
                    "measure": "alive" if kind == "rate" else "patients",
                }
                row |= {figure: count(people, cells_of(centre, region, sex, states)) for figure, states in figures.items()}
                if name == "access":
                    row["denominator"], row["value"] = 1_000_000, row["numerator"] / 1_000_000
                if kind == "rate":
                    row["value"] = row["numerator"] / row["denominator"] if row["denominator"] else None
                rows.append(row)
        words = {each: text([row[each] for row in rows]) for each in RESULT_DIMENSIONS}
        figures_ = {each: numbers([row[each] for row in rows]) for each in rows[0] if each not in RESULT_DIMENSIONS}
        made.append(ResultTable(words | figures_, name=name, kind=kind))
    return made


def count(people: dict, inside) -> int:
    return sum(number for place, number in people.items() if inside(place))


def attack(worlds: dict, made: tuple) -> list[tuple]:
    """What the shown figures of one edition say about each withheld number, from the patients up."""
    found = []
    for service, people in worlds.items():
        places = list(people)
        shown, hidden = [], []
        by_place = {}
        for table in made:
            for row in table.rows():
                by_place[table.name, row["service"], row["centre"], row["area"], row["sex"]] = row
        for table, centre, region, sex, figures in rows_of(people, service):
            row = by_place[table, service, centre or "Total", region, sex]
            for figure, states in figures.items():
                inside = cells_of(centre, region, sex, states)
                pattern = np.array([float(inside(place)) for place in places])
                (hidden if np.isnan(row[figure]) else shown).append(
                    (pattern, row[figure], (service, table, centre, region, sex, figure))
                )
        matrix, right = np.array([each[0] for each in shown]).reshape(-1, len(places)), np.array([each[1] for each in shown])
        limits = [LinearConstraint(matrix, right, right)] if shown else []
        for pattern, _, label in hidden:
            if label[-1] in {"not_eligible", "not_known"}:
                continue
            ends = []
            for sign in (1, -1):
                answer = milp(sign * pattern, integrality=np.ones(len(places)), bounds=Bounds(0, 5000), constraints=limits)
                ends.append(round(sign * answer.fun))
            true = int(pattern @ np.array(list(people.values())))
            found.append((*ends, true, label))
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("zeros", ["publish", "protect"])
def test_nobody_can_work_out_a_small_number_of_an_edition(seed, zeros):
    sizes = np.random.default_rng(seed).integers(20, 500, 3).tolist()
    worlds = {name: patients(seed * 10 + order, name, order + 1, sizes[order]) for order, name in enumerate("abc")}
    policy = Policy(zeros=zeros)
    done = protect(tables_of(worlds), policy)
    assert done.audit.clean
    assert audit(done.tables, policy).clean
    withheld = attack(worlds, done.tables)
    assert withheld
    for low, high, true, label in withheld:
        assert low <= true <= high, label
        if true < policy.threshold:
            event = label[1] == "outcomes" and label[-1] in {"numerator", "met", "not_met"}
            assert high - low >= (policy.event_threshold if event else policy.minimum_width), (label, low, high, true)


@pytest.mark.parametrize("seed", range(3))
def test_no_small_number_is_shown(seed):
    worlds = {"a": patients(seed, "a", 3, 260)}
    for table in protect(tables_of(worlds), Policy(zeros="publish")).tables:
        for row in table.rows():
            figures = [row["value"]] if table.kind == "count" else [row["denominator"]]
            assert not [figure for figure in figures if 0 < figure < 30]
            if table.name == "outcomes":
                assert not 0 < row["numerator"] < 5
                assert not 0 < row["denominator"] - row["numerator"] < 5
            if table.name in {"access", "completeness"}:
                assert not 0 < row["numerator"] < 30


def test_the_attack_of_this_test_finds_what_primary_suppression_alone_leaves():
    worlds = {"a": patients(1, "a", 3, 260)}
    made = []
    for table in tables_of(worlds):
        columns = dict(table.columns)
        if table.name == "activity":
            columns["value"] = np.where(columns["value"] < 30, np.nan, columns["value"])
        made.append(ResultTable(columns, name=table.name, kind=table.kind))
    assert [each for each in attack(worlds, tuple(made)) if each[0] == each[1]]
