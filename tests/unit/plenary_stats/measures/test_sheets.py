import numpy as np
import pytest

from plenary_stats.measures.sheets import NOT_KNOWN, Sheet, age_bands, all_centres, groups, of_period, regions_of, sexes
from plenary_stats.spec import read_dictionary
from tests.unit.plenary_stats.measures.cases import table


def test_a_margin_is_total_and_an_unused_dimension_is_empty():
    sheet = Sheet("lam", "2025", used=("centre", "sex"), extra=("met",))
    sheet.add("alive", value=0.5, centre="A", met=3)
    result = sheet.table("outcomes", "rate")
    row = next(result.rows())
    assert (row["service"], row["centre"], row["sex"], row["area"], row["age_band"]) == ("lam", "A", "Total", "", "")
    assert (row["period"], row["measure"], row["value"], row["met"], row["note"]) == ("2025", "alive", 0.5, 3.0, "")
    assert np.isnan(row["lower"])
    assert (result.name, result.kind) == ("outcomes", "rate")


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, "0-4"),
        (4.9, "0-4"),
        (5, "5-17"),
        (17.9, "5-17"),
        (18, "18-39"),
        (39, "18-39"),
        (40, "40-64"),
        (64, "40-64"),
        (65, "65+"),
        (104, "65+"),
    ],
)
def test_age_bands(age, band):
    assert age_bands(np.array([age])).tolist() == [band]


def test_an_unknown_age_is_a_group():
    assert age_bands(np.array([np.nan, -1.0])).tolist() == [NOT_KNOWN, NOT_KNOWN]


def test_sexes_as_the_dictionary_codes_them():
    data = read_dictionary('Variable,Field Type,Choices\nsex,radio,"1, Male | 2, Female | 9, Intersex"\n', "lam", "1")
    cases = table(sex=["1", "2", "9", ""])
    assert sexes(cases, data).tolist() == ["male", "female", "Intersex", NOT_KNOWN]
    assert sexes(table(sex=["F", "male", "x"])).tolist() == ["female", "male", "x"]


def test_regions_in_any_letters():
    cases = table(area=["qhl", "QHL", "Midlands", "", "Atlantis"])
    regions = {"QHL": "Midlands", "midlands": "Midlands", "ATLANTIS": None}
    assert regions_of(cases, regions).tolist() == ["Midlands"] * 3 + [NOT_KNOWN] * 2


def test_groups_are_only_what_was_collected():
    assert groups(table(fev1=[1.0]), {"Q": "East"}) == {}
    found = groups(table(area=["Q"], sex=["female"], age=[np.nan]), {"Q": "East", "R": "West"})
    assert found["area"][1] == ["East", "West"]
    assert found["sex"][1] == ["female", "male"]
    assert found["age_band"][1] == ["0-4", "5-17", "18-39", "40-64", "65+", NOT_KNOWN]


def test_centres_and_periods():
    cases = table(centre=["B", "C"], period=["2024", "2025"])
    assert all_centres(cases, ["A"]) == ["A", "B", "C"]
    assert of_period(cases, "2025")["centre"].tolist() == ["C"]
    assert of_period(cases, "2025").service == "lam"
