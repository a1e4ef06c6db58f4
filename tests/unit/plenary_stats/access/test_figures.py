"""Every figure of the long table, against the estimator of its own and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats import rates
from plenary_stats.access import Residents, equity_of_access, residents
from plenary_stats.access.figures import CAUTION, FEW, NO_RATIO, PARTLY, summed
from plenary_stats.areas import BANDS, SEXES
from plenary_stats.comparison import funnel
from plenary_stats.equity import variation
from plenary_stats.measures import access
from plenary_stats.tables import TOTAL, Table, dump
from tests.unit.plenary_stats.access.test_counts import cases
from tests.unit.plenary_stats.test_areas import AREAS, LAST_DAY

BOARDS = residents(AREAS, LAST_DAY)


def drawn(seed, number, people=BOARDS, years=("2024", "2025"), services=("one", "two")):
    draw = np.random.default_rng(seed)
    weight = people.persons.sum(axis=(1, 2))
    return cases(
        service=draw.choice(services, number),
        period=draw.choice(years, number),
        area=draw.choice(people.areas, number, p=weight / weight.sum()),
        sex=draw.choice(SEXES, number),
        age=draw.uniform(0, 100, number),
    )


def rows(table, **wanted):
    chosen = np.ones(len(table), dtype=bool)
    for name, value in wanted.items():
        chosen &= table[name] == value
    return list(table.rows(chosen))


def row(table, **wanted):
    found = [one for one in rows(table, **wanted) if wanted.get("sex") or not (one["sex"] or one["age_band"])]
    assert len(found) == 1
    return found[0]


TABLE = drawn(1, 4000)
FOUND = equity_of_access(TABLE, BOARDS)


def chosen(service, period, **columns):
    here = (TABLE["service"] == service) & (TABLE["period"] == period)
    for name, value in columns.items():
        here &= TABLE[name] == value
    return here


def strata(service, period):
    """Persons of a service and year by area, sex and band, counted one by one."""
    found = np.zeros((42, 2, 19))
    for one in TABLE.rows(chosen(service, period)):
        found[BOARDS.areas.index(one["area"]), SEXES.index(one["sex"]), min(int(one["age"]) // 5, 18)] += 1
    return found


def test_crude_rates_of_areas_regions_and_all():
    for area, where in (
        ("QE1", ["QE1"]),
        ("London", [a for a, r in zip(BOARDS.areas, BOARDS.region, strict=True) if r == "London"]),
    ):
        one = row(FOUND, service="two", period="2025", area=area, measure="patients")
        count = sum(int(chosen("two", "2025", area=board).sum()) for board in where)
        people = sum(AREAS.population(board, LAST_DAY) for board in where)
        expected = rates.interval(count, people, "national")
        assert (one["numerator"], one["denominator"]) == (count, people)
        assert (one["value"], one["lower"], one["upper"]) == pytest.approx(
            (expected.estimate * 1e6, expected.lower * 1e6, expected.upper * 1e6)
        )
    everyone = row(FOUND, service="one", period="2024", area=TOTAL, measure="patients")
    assert everyone["numerator"] == chosen("one", "2024").sum()


def test_regions_and_areas_each_add_up_to_all():
    for service, period in (("one", "2024"), ("two", "2025")):
        found = {one["area"]: one for one in rows(FOUND, service=service, period=period, measure="patients", sex="", age_band="")}
        for parts in (set(BOARDS.region), set(BOARDS.areas)):
            assert sum(found[name]["numerator"] for name in parts) == found[TOTAL]["numerator"]
            assert sum(found[name]["denominator"] for name in parts) == found[TOTAL]["denominator"]


def test_directly_standardised_rates():
    counted = strata("one", "2025")
    for place, area in enumerate(BOARDS.areas[:8]):
        one = row(FOUND, service="one", period="2025", area=area, measure="patients@direct")
        own = rates.directly_standardised(counted[place].sum(axis=0), BOARDS.persons[place].sum(axis=0), BOARDS.standard)
        assert (one["value"], one["lower"], one["upper"]) == pytest.approx(
            (own.estimate * 1e6, own.lower * 1e6, own.upper * 1e6), nan_ok=True
        )
        assert (one["note"] == FEW) == (counted[place].sum() < 10)


def test_ratios_their_exact_tails_and_flags():
    counted = strata("one", "2025")
    expected = rates.expected_events(
        BOARDS.persons.reshape(42, -1), counted.sum(axis=0).ravel(), BOARDS.persons.sum(axis=0).ravel()
    )
    observed = counted.sum(axis=(1, 2))
    drawn_funnel = funnel(observed, expected, kind="ratio").columns
    for place, area in enumerate(BOARDS.areas):
        one = row(FOUND, service="one", period="2025", area=area, measure="patients@ratio")
        assert (one["numerator"], one["expected"]) == pytest.approx((observed[place], expected[place]))
        own = rates.indirectly_standardised(observed[place], expected[place])
        assert (one["value"], one["lower"], one["upper"]) == pytest.approx((own.estimate, own.lower, own.upper))
        assert (one["p_low"], one["p_high"]) == pytest.approx((drawn_funnel["p_low"][place], drawn_funnel["p_high"][place]))
        assert one["flag"] == drawn_funnel["flag"][place]
    spread = variation(observed, expected)
    for key, value in (("scv", max(spread.scv, 0)), ("chi-squared", spread.chi_squared), ("quotient", spread.extremal_quotient)):
        assert row(FOUND, service="one", period="2025", measure=f"patients@{key}")["value"] == pytest.approx(value, nan_ok=True)
    assert row(FOUND, service="one", period="2025", measure="patients@chi-squared")["p"] == pytest.approx(spread.p_value)


def test_expected_adds_up_to_observed():
    for service, period in (("one", "2024"), ("two", "2025")):
        found = [
            one for one in rows(FOUND, service=service, period=period, measure="patients@ratio") if one["area"] in BOARDS.areas
        ]
        assert sum(one["expected"] for one in found) == pytest.approx(sum(one["numerator"] for one in found))


def test_a_silent_area_and_the_chance_of_it():
    table = drawn(2, 3000, services=("one",), years=("2025",))
    kept = (table["area"] != "QE1") & (table["area"] != "QT1")
    quiet = Table({name: column[kept] for name, column in table.columns.items()})
    found = equity_of_access(quiet, BOARDS)
    silent = {one["area"]: one for one in rows(found, measure="patients@none")}
    assert set(silent) == {"QE1", "QT1"}
    for one in silent.values():
        assert one["value"] == pytest.approx(np.exp(-one["expected"]))
        assert row(found, area=one["area"], measure="patients@ratio")["value"] == 0
    together = row(found, measure="patients@silent")
    assert together["value"] == 2
    assert together["p"] < 1e-6
    assert together["expected"] < 0.01


def test_years_too_small_are_pooled_and_residents_counted_each_year():
    table = drawn(3, 45, services=("one",), years=("2022", "2023", "2024", "2025"))
    found = equity_of_access(table, BOARDS, years=["2022", "2023", "2024", "2025"], minimum=30, most=3)
    periods = {one["period"] for one in rows(found, measure="patients", area=TOTAL, sex="", age_band="")}
    assert "2023 to 2025" in periods
    one = row(found, measure="patients", area=TOTAL, period="2023 to 2025")
    assert one["numerator"] == (table["period"] >= "2023").sum()
    assert one["denominator"] == 3 * BOARDS.persons.sum()
    first = row(found, measure="patients", area=TOTAL, period="2022")
    assert "Fewer than 30 patients" in first["note"]
    ratios = rows(found, measure="patients@ratio", period="2023 to 2025")
    assert sum(one["expected"] for one in ratios if one["area"] in BOARDS.areas) == pytest.approx(one["numerator"])


def test_little_expected_has_no_ratio_and_variation_a_caution():
    found = equity_of_access(drawn(4, 20, services=("one",), years=("2025",)), BOARDS)
    assert {one["note"] for one in rows(found, measure="patients@ratio") if one["expected"] < 1} == {NO_RATIO}
    assert all(np.isnan(one["value"]) for one in rows(found, measure="patients@ratio") if one["expected"] < 1)
    assert row(found, measure="patients@scv")["note"] == CAUTION


def test_nobody_at_all():
    found = equity_of_access(drawn(4, 0), BOARDS, services=["one"], years=["2024", "2025"])
    assert row(found, measure="patients", area=TOTAL, period="2024 to 2025")["value"] == 0
    for key in ("scv", "quotient", "chi-squared", "moran", "slope", "relative-slope"):
        one = row(found, measure=f"patients@{key}", period="2024 to 2025")
        assert np.isnan(one["value"])
        assert one["note"]
    assert not rows(found, measure="patients@none")
    assert np.isnan(row(found, measure="patients@trend", area="QE1")["value"])
    assert len(equity_of_access(drawn(4, 0), BOARDS)) == 0


def test_persons_without_age_count_in_crude_rates_alone():
    table = drawn(5, 400, services=("one",), years=("2025",))
    age = table["age"].copy()
    age[:100] = np.nan
    found = equity_of_access(Table({**table.columns, "age": age}), BOARDS)
    assert row(found, measure="patients", area=TOTAL)["numerator"] == 400
    direct = row(found, measure="patients@direct", area=TOTAL)
    assert direct["numerator"] == 300
    assert direct["note"] == PARTLY


def test_by_sex_and_age_nationally():
    for dimension, names in (("sex", SEXES), ("age_band", BANDS)):
        found = [one for one in rows(FOUND, service="one", period="2025", measure="patients") if one[dimension]]
        assert [one[dimension] for one in found] == list(names)
        assert sum(one["numerator"] for one in found) == chosen("one", "2025").sum()
        assert sum(one["denominator"] for one in found) == BOARDS.persons.sum()
    women = next(one for one in rows(FOUND, service="one", period="2025", measure="patients", sex="female"))
    assert women["numerator"] == chosen("one", "2025", sex="female").sum()


def test_numerators_of_a_service_and_groups_that_were_collected():
    table = drawn(6, 2000, services=("one",), years=("2025",))
    fifth = np.random.default_rng(6).choice(["1", "2", "3", "4", "5"], len(table))
    referred = np.arange(len(table)) % 4 > 0
    found = equity_of_access(
        Table({**table.columns, "deprivation": fifth}),
        BOARDS,
        numerators={"referrals": None, "treated": referred},
        groups={"deprivation": dict.fromkeys("12345", 11e6)},
    )
    assert row(found, measure="referrals", area=TOTAL)["numerator"] == 2000
    assert row(found, measure="treated", area=TOTAL)["numerator"] == 1500
    poorest = row(found, measure="treated@deprivation=1")
    assert poorest["numerator"] == (referred & (fifth == "1")).sum()
    assert poorest["value"] == pytest.approx(poorest["numerator"] / 11)
    assert not rows(found, measure="patients")
    with pytest.raises(ValueError, match="no column 'ethnicity'"):
        equity_of_access(table, BOARDS, groups={"ethnicity": {"asian": 5e6}})


def test_the_trend_of_an_area_that_grows():
    years = [str(year) for year in range(2018, 2026)]
    areas = np.repeat("QE1", 8 * 9)
    period = np.repeat(years, [2, 4, 6, 8, 10, 12, 14, 16])
    found = equity_of_access(cases(area=areas, period=period), BOARDS, years=years)
    one = row(found, measure="patients@trend", area="QE1")
    assert one["period"] == "2018 to 2025"
    assert 1.1 < one["lower"] < one["value"] < one["upper"] < 1.6
    assert one["p"] < 1e-4


def test_the_rates_of_regions_are_those_of_the_edition():
    """What the edition has printed so far and the engine are one figure."""
    table = drawn(7, 500, services=("one",), years=("2025",))
    found = equity_of_access(table, BOARDS)
    people = {name: float(count) for name, count in AREAS.population_by_area(LAST_DAY).items()}
    regions = {region.name: people[region.name] for region in AREAS.regions}
    printed = access(table, service="one", period="2025", regions=AREAS.region_by_area(LAST_DAY), populations=regions)
    for one in printed.rows():
        same = row(found, measure="patients", area=one["area"])
        assert (same["value"], same["lower"], same["upper"]) == pytest.approx((one["value"], one["lower"], one["upper"]))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 300))
def test_the_order_of_cases_does_not_matter_and_the_bytes_are_the_same(seed, number):
    table = drawn(seed, number)
    shuffled = np.random.default_rng(seed).permutation(number)
    again = Table({name: column[shuffled] for name, column in table.columns.items()})
    options = {"services": ["one", "two"], "years": ["2024", "2025"]}
    assert dump(equity_of_access(table, BOARDS, **options)) == dump(equity_of_access(again, BOARDS, **options))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.integers(20, 400))
def test_a_service_alone_has_the_figures_it_has_among_others(seed, number):
    table = drawn(seed, number)
    kept = table["service"] == "two"
    alone = equity_of_access(
        Table({name: column[kept] for name, column in table.columns.items()}), BOARDS, services=["two"], years=["2024", "2025"]
    )
    among = equity_of_access(table, BOARDS, services=["one", "two"], years=["2024", "2025"])
    theirs = among["service"] == "two"
    assert alone["value"] == pytest.approx(among["value"][theirs], nan_ok=True)
    assert alone["measure"].tolist() == among["measure"][theirs].tolist()


def test_sums_of_years():
    cells = np.arange(8.0).reshape(1, 4, 2)
    assert summed(cells, np.array([[0, 0, 1, 1]])).tolist() == [[[0, 1], [2, 4], [6, 8], [12, 15]]]
    assert summed(cells, np.array([[0, 1, 2, 3]])) is cells


def test_areas_of_another_country_by_hand():
    people = Residents(("A", "B", "C"), np.full((3, 2, 19), 1000.0))
    found = equity_of_access(cases(area=["A", "A", "B"], sex=["f", "f", "m"], age=[1, 2, 3], period=["2025"] * 3), people)
    assert {one["area"] for one in rows(found, measure="patients")} == {TOTAL, "A", "B", "C"}
    assert not rows(found, measure="patients@direct")
    assert np.isnan(row(found, measure="patients@moran")["value"])
