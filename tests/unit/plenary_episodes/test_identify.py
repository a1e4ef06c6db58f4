"""Rules as one expression: each criterion alone, by hand; the whole, beside a plain reading of the same documents."""

import random
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plenary_episodes import engines, identify, reading, rules
from tests.unit.plenary_episodes import made


def matched(folder, sets, *rows):
    """Return the rules that each row matched, by its number."""
    table = identify.identified(made.sheet(folder, *rows), sets)
    return {} if table is None else {row["record"]: row["matched"] for row in table.to_pylist()}


def holds(folder, criteria, *rows, more=""):
    """Return which rows (from 1) one rule with these criteria chooses."""
    return sorted(int(number) for number in matched(folder, made.one_rule(folder, criteria, more), *rows))


def test_a_code_stands_for_all_that_begin_with_it_in_any_position(tmp_path):
    rows = [{"DIAG_01": "C692"}, {"DIAG_01": "C69.2"}, {"DIAG_01": "c692 "}, {"DIAG_01": "J18", "DIAG_03": "C6921"}]
    others = [{"DIAG_01": "C693"}, {"DIAG_01": "C69"}, {"DIAG_01": "XC692"}, {"DIAG_01": ""}]
    assert holds(tmp_path, 'diagnosis = ["C69.2"]', *rows, *others) == [1, 2, 3, 4]


def test_a_category_takes_its_members_and_the_padded_code(tmp_path):
    assert holds(tmp_path, 'diagnosis = ["C58"]', {"DIAG_01": "C58X"}, {"DIAG_01": "C580"}, {"DIAG_01": "C5"}) == [1, 2]


def test_the_position_matters(tmp_path):
    rule = '\n[[rule]]\nid = "{0}"\nlabel = "x"\n[rule.include]\ndiagnosis = {{ any = ["C69.2"], position = "{0}" }}\n'
    sets = made.one_rule(tmp_path, 'diagnosis = ["X99"]', "".join(rule.format(position) for position in rules.POSITIONS))
    given = [{}, {"DIAG_01": "J18", "DIAG_02": "C692"}, {"DIAG_01": "J18", "DIAG_03": "C692"}, {"DIAG_01": "J18"}]
    assert matched(tmp_path, sets, *given) == {
        "1": "eyes/any|eyes/dominant", "2": "eyes/any|eyes/secondary", "3": "eyes/any|eyes/secondary",
    }  # fmt: skip


def test_an_empty_first_position_is_not_filled_by_the_second(tmp_path):
    rows = [{"DIAG_01": "", "DIAG_02": "C692"}]
    assert holds(tmp_path, 'diagnosis = { any = ["C69.2"], position = "dominant" }', *rows) == []
    assert holds(tmp_path, 'diagnosis = { any = ["C69.2"], position = "secondary" }', *rows) == [1]


def test_all_criteria_must_hold(tmp_path):
    rows = [{"OP_2": "X581"}, {"OP_1": "X58"}, {"DIAG_01": "J18", "OP_1": "X581"}, {}]
    assert holds(tmp_path, 'diagnosis = ["C69.2"]\nprocedure = ["X58.1"]', *rows) == [1]


CRITERIA = {
    'provider = ["R1H", "RQ3"]': ("PROV", ["R1H", "RQ302"], ["RXX"]),
    'treatment_function = ["260"]': ("SPEC", ["260"], ["26", "2600", ""]),
    'sex = ["female"]': ("SEX", ["2"], ["1", "9", ""]),
    'area = ["QAA"]': ("AREA", ["QAA"], ["QAB", "X", ""]),
    "age = { below = 16 }": ("AGE", ["15", "7001", "0"], ["16", ""]),
    "age = { from = 16 }": ("AGE", ["16", "90"], ["15", "7001", ""]),
    "age = { from = 2, below = 4 }": ("AGE", ["2", "3"], ["1", "4"]),
}
"""Criteria, the column that they look at, the values that fit and those that do not."""


def test_each_criterion(tmp_path):
    rule = '\n[[rule]]\nid = "r{}"\nlabel = "x"\n[rule.include]\ndiagnosis = ["C69.2"]\n{}\n'
    sets = made.one_rule(
        tmp_path, 'diagnosis = ["X99"]', "".join(rule.format(place, text) for place, text in enumerate(CRITERIA))
    )
    rows = [
        {"ROW": f"{place}:{heading}:{value}", "AGE": "7", heading: value}
        for place, (heading, fits, fits_not) in enumerate(CRITERIA.values())
        for value in (*fits, *fits_not)
    ]
    found = matched(tmp_path, sets, *rows)
    for place, (heading, fits, fits_not) in enumerate(CRITERIA.values()):
        chosen = [
            value for value in (*fits, *fits_not) if f"eyes/r{place}" in found.get(f"{place}:{heading}:{value}", "").split("|")
        ]
        assert chosen == fits, list(CRITERIA)[place]


def test_an_exclusion_takes_away_what_it_wholly_describes(tmp_path):
    more = '\n[[rule.exclude]]\ndiagnosis = ["Z94"]\nsex = ["male"]\n[[rule.exclude]]\nage = { from = 90 }\n'
    rows = [{}, {"DIAG_02": "Z941", "SEX": "1"}, {"DIAG_02": "Z941", "SEX": "2"}, {"DIAG_02": "Z941"}, {"AGE": "95"}]
    assert holds(tmp_path, 'diagnosis = ["C69.2"]', *rows, more=more) == [1, 3, 4]


def test_a_rule_counts_on_its_days_half_open(tmp_path):
    sets = made.one_rule(tmp_path, 'diagnosis = ["C69.2"]')
    text = made.RULES.format(service="eyes", window=0).replace("2017-04-01", "2025-04-01\nvalid_to = 2026-04-01")
    dated = made.rule_sets(tmp_path, text=text)
    rows = [{"START": day} for day in ("2025-03-31", "2025-04-01", "2026-03-31", "2026-04-01")]
    assert sorted(matched(tmp_path, sets, *rows)) == ["1", "2", "3", "4"]
    assert sorted(matched(tmp_path, dated, *rows)) == ["2", "3"]


def test_every_rule_that_matches_is_named(tmp_path):
    more = '\n[[rule]]\nid = "second"\nlabel = "x"\n[rule.include]\nprocedure = ["X58"]\n'
    sets = [*made.one_rule(tmp_path, 'diagnosis = ["C69.2"]', more), *made.rule_sets(tmp_path, service="knees")]
    found = matched(tmp_path, sets, {"OP_1": "X581"}, {}, {"DIAG_01": "J18", "OP_1": "X581"}, {"DIAG_01": "J18"})
    assert found == {"1": "eyes/code|eyes/second|knees/code", "2": "eyes/code|knees/code", "3": "eyes/second"}


def test_a_rule_of_another_layout_or_of_codes_that_a_file_lacks_says_nothing(tmp_path):
    of_other = made.one_rule(tmp_path, 'diagnosis = ["C69.2"]')
    text = made.RULES.format(service="eyes", window=0).replace('label = "The illness"', 'label = "x"\nlayouts = ["drugs"]')
    assert matched(tmp_path, made.rule_sets(tmp_path, text=text), {}) == {}
    assert matched(tmp_path, made.one_rule(tmp_path, 'device = ["HIP1"]'), {}) == {}
    assert set(matched(tmp_path, of_other, {})) == {"1"}


def test_drugs_are_known_by_name_whatever_the_spaces(tmp_path):
    rows = [{"DRUG": "Eculizumab 300 mg"}, {"DRUG": "ECULIZUMAB"}, {"DRUG": "ravulizumab"}, {"DRUG": ""}]
    assert holds(tmp_path, 'drug = ["eculizumab"]', *rows) == [1, 2]


def test_a_refused_row_is_not_identified(tmp_path):
    assert holds(tmp_path, 'diagnosis = ["C69.2"]', {"START": "32/01/2025"}, {"PROV": ""}, {}) == [3]


def test_only_what_linkage_needs_leaves_the_engine(tmp_path):
    table = identify.identified(made.sheet(tmp_path, {"NHS NO": made.NHS[0]}), made.rule_sets(tmp_path))
    assert table.column_names == [*identify.KEPT, "matched"]


HEADINGS = {"diagnosis": ["DIAG_01", "DIAG_02", "DIAG_03"], "procedure": ["OP_1", "OP_2"]}
CODES = ["C692", "C69.2", "c692", " C 69.3", "C40", "C41X", "J18", "Z941", "z94.1", "XC692", "C6", ""]
OPS = ["X581", "x58.2", "X582", "W05", ""]


def plainly(rule, row):
    """Whether a rule holds, in plain Python, row by row and code by code: the peer of the expression."""

    def codes(one):
        headings = HEADINGS[one.kind]
        places = {"any": headings, "dominant": headings[:1], "secondary": headings[1:]}[one.position]
        written = [row[place].upper().replace(".", "").replace(" ", "") for place in places]
        return any(code.startswith(prefix) for code in written for prefix in one.prefixes)

    def all_of(criteria):
        age = int(row["AGE"]) if row["AGE"] else None
        return (
            all(codes(one) for one in criteria.codes)
            and all(
                {"provider": row["PROV"], "treatment_function": row["SPEC"]}[name] in ok for name, ok in criteria.places.items()
            )
            and (criteria.age_from is None or (age is not None and age >= criteria.age_from))
            and (criteria.age_below is None or (age is not None and age < criteria.age_below))
        )

    in_force = (rule.valid_from is None or date.fromisoformat(row["START"]) >= rule.valid_from) and (
        rule.valid_to is None or date.fromisoformat(row["START"]) < rule.valid_to
    )
    return in_force and all_of(rule.include) and not any(all_of(one) for one in rule.exclude)


def random_rule(draw):
    def criteria(*kinds):
        found = [
            rules.Codes(kind, tuple(draw.sample(of[kind], draw.choice([1, 2]))), draw.choice(rules.POSITIONS)) for kind in kinds
        ]
        places = {"provider": ("R1H", "RQ3")} if draw.random() < 0.4 else {}
        return rules.Criteria(tuple(found), places, draw.choice([None, None, 5]), draw.choice([None, 16]))

    of = {"diagnosis": ["C69", "C69.2", "C40-C41", "Z94", "C4"], "procedure": ["X58", "X58.2", "W05"]}
    kinds = draw.choice([["diagnosis"], ["procedure"], ["diagnosis", "procedure"], ["procedure", "diagnosis"]])
    exclude = [criteria(*kinds[:1])] if draw.random() < 0.5 else []
    days = sorted(draw.sample([date(2025, month, 1) for month in range(1, 13)], 2))
    since, until = draw.choice([(None, None), (days[0], None), (days[0], days[1])])
    return rules.Rule("r", "x", criteria(*kinds), tuple(exclude), (), since, until)


def random_row(draw, number):
    row = {heading: draw.choice(CODES if kind == "diagnosis" else OPS) for kind in HEADINGS for heading in HEADINGS[kind]}
    row |= {"ROW": str(number), "PROV": draw.choice(["R1H", "RQ3", "RXX"]), "AGE": draw.choice(["", "3", "5", "15", "16", "40"])}
    return row | {"SPEC": "260", "START": f"2025-{draw.randint(1, 12):02d}-{draw.choice(('01', '28'))}"}


def written(folder, rows, form):
    """Write the rows as a file of either form; in Parquet what is empty is null, or an empty text."""
    path = made.episodes(folder, *rows)
    if form == "csv":
        return path
    columns = {
        name: [row.get(name, "") or (None if number % 2 else "") for number, row in enumerate(rows)] for name in made.HEADINGS
    }
    columns["START"] = [date.fromisoformat(row["START"]) for row in rows]
    pq.write_table(pa.table({name: pa.array(each, None if name == "START" else pa.string()) for name, each in columns.items()}),
                   folder / "episodes.parquet")  # fmt: skip
    return folder / "episodes.parquet"


@pytest.mark.parametrize(("seed", "form"), [(4, "csv"), (5, "parquet"), (6, "csv"), (7, "parquet")])
def test_the_expression_is_a_plain_reading_of_the_rules(tmp_path, seed, form):
    draw = random.Random(seed)
    rows = [random_row(draw, number) for number in range(300)]
    sheet = reading.read(engines.started("duckdb").opened(written(tmp_path, rows, form)), made.layout(tmp_path))
    sets = [rules.RuleSet(f"s{number}", "1", (random_rule(draw),)) for number in range(40)]
    assert len(sets) > 4 * identify._HANDFUL
    table = identify.identified(sheet, sets)
    found = {row["record"]: row["matched"] for row in table.to_pylist()}
    wanted = {row["ROW"]: "|".join(f"{one.service}/r" for one in sets if plainly(one.rules[0], row)) for row in rows}
    assert found == {record: names for record, names in wanted.items() if names}
    assert 100 < sum(names.count("/r") for names in wanted.values()) < len(rows) * len(sets) / 2


def test_the_answer_has_one_order_whatever_the_order_of_the_file(tmp_path):
    rows = [{"ROW": str(number), "AREA": area} for number in (3, 1, 2) for area in ("QAA", "QAB")]
    sets = made.rule_sets(tmp_path)
    one, other = (identify.identified(made.sheet(tmp_path, *order), sets).to_pylist() for order in (rows, rows[::-1]))
    assert one == other
    assert [row["record"] for row in one] == ["1", "1", "2", "2", "3", "3"]


def test_codes_that_only_stand_side_by_side_are_no_code(tmp_path):
    rows = [{"DIAG_01": "J1C", "DIAG_02": "692"}, {"DIAG_01": "C6", "DIAG_02": "92"}, {"DIAG_01": "C692", "DIAG_02": "92"}]
    assert holds(tmp_path, 'diagnosis = ["C69.2"]', *rows) == [3]
