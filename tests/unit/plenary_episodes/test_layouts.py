"""Layouts: a file is known by its headings, and nothing is read that a layout does not name."""

from pathlib import Path

import pytest

from plenary_episodes import layouts
from plenary_stats.errors import InputError
from tests.unit.plenary_episodes import made

SHIPPED = Path(__file__).parents[3] / "definitions" / "layouts"
SMALLEST = """
name = "least"
version = "2"
title = "The least"
[[column]]
name = "A"
meaning = "record"
required = true
[[column]]
name = "B"
meaning = "event_date"
required = true
[[column]]
name = "C"
meaning = "provider"
required = true
"""


@pytest.fixture
def small(tmp_path):
    return made.layout(tmp_path)


def test_positions_are_counted_out_with_leading_noughts(small):
    assert [column.name for column in small.of("diagnosis")] == ["DIAG_01", "DIAG_02", "DIAG_03"]
    assert [column.name for column in small.of("procedure")] == ["OP_1", "OP_2"]
    assert [column.position for column in small.of("procedure")] == [1, 2]


def test_required_columns_are_those_marked(small):
    assert [column.name for column in small.required] == ["ROW", "PROV", "START"]


def test_a_column_has_the_kind_of_its_meaning(small):
    kinds = {column.meaning: column.kind for column in small.columns}
    assert (kinds["birth_date"], kinds["age"], kinds["diagnosis"]) == ("date", "whole", "text")


def test_headings_are_found_whatever_their_case_and_signs(small):
    found = small.within(["row", "Nhs_No", "Start ", "Name", "Diag-02"])
    assert {heading: column.meaning for heading, column in found.items()} == {
        "row": "record", "Nhs_No": "nhs_number", "Start ": "event_date", "Diag-02": "diagnosis",
    }  # fmt: skip
    assert found["Diag-02"].position == 2


def test_two_headings_for_one_column_are_refused(small):
    with pytest.raises(InputError, match="Two columns are headed nhs_no"):
        small.within(["NHS NO", "nhs_no"])
    assert list(small.within(["NHS NO", "remark", "Remark"])) == ["NHS NO"]


def test_the_layout_is_that_whose_headings_are_there(tmp_path, small):
    path = tmp_path / "least.toml"
    path.write_text(SMALLEST, encoding="utf-8")
    least = layouts.read_layout(path)
    assert layouts.chosen([small, least], ["A", "B", "C"], "x.csv") is least
    assert layouts.chosen([small, least], ["row", "prov", "start", "dob"], "x.csv") is small


def test_of_two_that_fit_the_one_with_most_headings_is_taken(tmp_path):
    fuller = SMALLEST.replace('"least"', '"fuller"') + '[[column]]\nname = "D"\nmeaning = "sex"\n'
    for name, text in (("least", SMALLEST), ("fuller", fuller)):
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    both = layouts.shipped(tmp_path)
    assert layouts.chosen(both, ["A", "B", "C", "D"], "x.csv").name == "fuller"


def test_a_file_of_no_layout_is_told_what_it_lacks(small):
    with pytest.raises(InputError, match=r"x\.csv fits no known layout \(small\).*nearest is small: the file lacks PROV, START"):
        layouts.chosen([small], ["ROW", "DOB"], "x.csv")


def test_a_folder_without_layouts_is_refused(tmp_path):
    with pytest.raises(InputError, match="There is no layout"):
        layouts.shipped(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('meaning = "provider"', 'meaning = "hospital"', "'hospital' is no meaning"),
        ('meaning = "record"\nrequired = true', 'meaning = "record"', "no required column that means record"),
        ('name = "C"', 'name = "a"', "names a twice"),
        ('name = "A"', 'name = "A_{nn}"', "write {nn}"),
        ('name = "A"', 'name = "A"\npositions = 3', "write {nn}"),
        ('name = "B"', 'name = "B"\nforms = ["us"]', "forms of a date are iso, dmy, compact"),
        ('name = "A"', 'name = "A"\ncolour = "red"', "does not know colour"),
        ('title = "The least"', 'title = "The least"\nowners = "x"', "does not know owners"),
        ('version = "2"', "version = 2", "'version' must be a text"),
        ('meaning = "provider"', 'meaning = "sex"\n[[column]]\nname = "E"\nmeaning = "sex"', "means provider"),
    ],
)
def test_a_faulty_layout_is_refused(tmp_path, old, new, said):
    path = tmp_path / "least.toml"
    path.write_text(SMALLEST.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        layouts.read_layout(path)


def test_two_columns_of_one_meaning_are_refused_but_for_codes(tmp_path):
    path = tmp_path / "least.toml"
    path.write_text(SMALLEST + '[[column]]\nname = "E"\nmeaning = "sex"\n[[column]]\nname = "F"\nmeaning = "sex"\n', "utf-8")
    with pytest.raises(InputError, match="several columns that mean sex"):
        layouts.read_layout(path)


def test_the_shipped_layouts_are_those_of_admitted_care_drugs_and_devices():
    found = layouts.shipped(SHIPPED)
    assert [one.name for one in found] == ["admitted-care", "devices-patient-level", "drugs-patient-level"]
    care = found[0]
    assert len(care.of("diagnosis")) == 20
    assert len(care.of("procedure")) == 24
    assert found[1].of("device")
    assert found[2].of("drug")


def test_no_shipped_layout_reads_a_name_or_an_address():
    for layout in layouts.shipped(SHIPPED):
        assert not [
            column.name for column in layout.columns if layouts.plain(column.name) in ("name", "surname", "postcode", "address")
        ]


def test_each_shipped_layout_is_told_from_the_others():
    found = layouts.shipped(SHIPPED)
    for layout in found:
        assert layouts.chosen(found, [column.name for column in layout.columns], "x") is layout


def test_a_column_may_have_other_headings_of_which_the_best_is_read(tmp_path):
    path = tmp_path / "least.toml"
    path.write_text(SMALLEST.replace('name = "C"', 'name = "C"\nalso = ["C5", "C3"]'), encoding="utf-8")
    layout = layouts.read_layout(path)
    assert layout.lacking(["A", "B", "c3"]) == []
    assert layout.lacking(["A", "B"]) == ["C"]
    assert [heading for heading, column in layout.within(["C3", "B", "c5", "A"]).items() if column.name == "C"] == ["c5"]
    path.write_text(SMALLEST.replace('name = "C"', 'name = "C"\nalso = ["b"]'), encoding="utf-8")
    with pytest.raises(InputError, match="names b twice"):
        layouts.read_layout(path)
