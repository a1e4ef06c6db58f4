"""Counts that add up over every margin; rates with the interval of an independent library."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from plenary_stats.folder import Expected, Spending
from plenary_stats.measures import access, activity, completeness, spend
from plenary_stats.spec import read_dictionary, read_outcome_set
from tests.unit.plenary_stats.measures.cases import found, one, table

REGIONS = {"Q1": "East", "Q2": "East", "Q3": "West", "X": None}
CASES = table(
    centre=["A", "A", "B", "B", "B"],
    area=["Q1", "Q3", "Q2", "X", ""],
    sex=["female", "male", "female", "", "male"],
    age=[3, 12, 70, 40, None],
    period=["2025", "2025", "2025", "2025", "2024"],
)


def test_activity_by_centre_and_group():
    result = activity(CASES, service="lam", centres=["A", "B", "C"], period="2025", regions=REGIONS)
    assert (result.name, result.kind) == ("activity", "count")
    margin = {"area": "Total", "sex": "Total", "age_band": "Total"}
    assert [(row["centre"], row["value"]) for row in found(result, **margin)] == [
        ("Total", 4.0),
        ("A", 2.0),
        ("B", 2.0),
        ("C", 0.0),
    ]
    assert one(result, centre="Total", area="East")["value"] == 2.0
    assert one(result, centre="B", area="Not known")["value"] == 1.0
    assert one(result, centre="A", sex="female")["value"] == 1.0
    assert one(result, centre="Total", age_band="65+")["value"] == 1.0
    assert {row["measure"] for row in result.rows()} == {"patients"}
    assert {row["period"] for row in result.rows()} == {"2025"}


def test_noughts_are_rows():
    result = activity(CASES, service="lam", centres=["C"], period="2025", regions=REGIONS)
    assert one(result, centre="C", area="West")["value"] == 0.0


rows = st.lists(
    st.tuples(
        st.sampled_from("ABC"),
        st.sampled_from(["Q1", "Q3", "X", ""]),
        st.sampled_from(["female", "male", ""]),
        st.integers(0, 99) | st.none(),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_every_margin_adds_up(drawn):
    centre, area, sex, age = (list(column) for column in zip(*drawn, strict=True))
    cases = table(centre=centre, area=area, sex=sex, age=[np.nan if years is None else float(years) for years in age])
    result = list(activity(cases, service="lam", centres=["A", "B", "C"], period="2025", regions=REGIONS).rows())
    names = ("area", "sex", "age_band")

    def value(**cells):
        wanted = dict.fromkeys(names, "Total") | cells
        return sum(row["value"] for row in result if all(row[name] == cell for name, cell in wanted.items()))

    for place in ("Total", "A", "B", "C"):
        for name in names:
            groups = {row[name] for row in result} - {"Total"}
            assert sum(value(centre=place, **{name: group}) for group in groups) == value(centre=place)
    assert sum(value(centre=place) for place in "ABC") == value(centre="Total") == len(drawn)


# -- access


def exact(count, people):
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return low / people * 1e6, chi2.ppf(0.975, 2 * count + 2) / 2 / people * 1e6


def test_access_per_million():
    result = access(CASES, service="lam", period="2025", regions=REGIONS, populations={"East": 2e6, "West": 1e6})
    assert result.kind == "exposure"
    east = one(result, area="East")
    assert (east["value"], east["numerator"], east["denominator"]) == (1.0, 2.0, 2e6)
    assert (east["lower"], east["upper"]) == pytest.approx(exact(2, 2e6))
    total = one(result, area="Total")
    assert (total["numerator"], total["denominator"]) == (3.0, 3e6)
    assert {row["centre"] for row in result.rows()} == {""}


def test_access_of_an_area_without_residents_says_why():
    row = one(access(CASES, service="lam", period="2025", regions=REGIONS, populations={"East": 0.0}), area="East")
    assert np.isnan(row["value"])
    assert row["note"]


def test_access_without_residence_has_no_rows():
    assert len(access(table(fev1=[1.0]), service="lam", period="2025", regions=REGIONS, populations={"East": 1e6})) == 0
    assert len(access(CASES, service="lam", period="2025", regions=REGIONS, populations={})) == 0


# -- completeness

DICTIONARY = (
    "Variable,Field Type,Choices,Branching Logic\n"
    'accepted,radio,"yes, Yes | no, No",\n'
    "status,radio,\"alive, Alive | dead, Dead\",[accepted] = 'yes'\n"
)
SET = """service = "lam"
version = "1"
[[outcome]]
id = "survived"
measure = "proportion"
eligible = "accepted = 'yes'"
met = "status = 'alive'"
"""


def complete(cases, **more):
    return completeness(cases, service="lam", centres=["A", "B"], period="2025", **more)


def share(result, measure, centre="Total"):
    row = one(result, measure=measure, centre=centre)
    return row["numerator"], row["denominator"]


def test_ascertainment_by_identifier_and_by_number():
    cases = table(centre=["A", "A", "A", "B"], case_id=["1", "2", "3", "9"])
    expected = [Expected("A", "1"), Expected("A", "7"), Expected("A", "", 4), Expected("B", "9")]
    result = complete(cases, expected=expected)
    assert share(result, "ascertainment", "A") == (3.0, 6.0)
    assert share(result, "ascertainment", "B") == (1.0, 1.0)
    assert share(result, "ascertainment") == (4.0, 7.0)
    assert one(result, measure="ascertainment", centre="Total")["value"] == 4 / 7


def test_records_are_complete_where_every_asked_field_is_filled():
    data, agreed = read_dictionary(DICTIONARY, "lam", "1"), read_outcome_set(SET)
    cases = table(
        centre=["A", "A", "B", "B"], accepted=["yes", "no", "yes", ""], status=["alive", "", "", ""], sex=["f", "m", "f", "f"]
    )
    result = complete(cases, dataset=data, outcome_set=agreed)
    assert share(result, "complete-records", "A") == (2.0, 2.0)
    assert share(result, "complete-records", "B") == (0.0, 2.0)
    assert share(result, "survived", "A") == (1.0, 1.0)
    assert share(result, "survived", "B") == (0.0, 2.0)


def test_nobody_expected_is_no_row_and_nobody_eligible_says_so():
    result = complete(
        table(accepted=["no"], status=[""]), dataset=read_dictionary(DICTIONARY, "lam", "1"), outcome_set=read_outcome_set(SET)
    )
    assert found(result, measure="ascertainment") == []
    row = one(result, measure="survived", centre="B")
    assert np.isnan(row["value"])
    assert row["note"] == "There was nobody to count."


# -- expenditure


def test_spend():
    amounts = [Spending("lam", "B", 10.5, "block"), Spending("lam", "A", 4.0, "tariff"), Spending("ecmo", "A", 99.0, "block")]
    result = spend(amounts, service="lam", period="2025")
    assert result.kind == "magnitude"
    assert [(row["centre"], row["value"], row["note"]) for row in result.rows()] == [
        ("Total", 14.5, ""),
        ("A", 4.0, "tariff"),
        ("B", 10.5, "block"),
    ]
    assert len(spend(amounts, service="none", period="2025")) == 0
