"""Equity of access is for the network."""

from datetime import date

import pytest

from plenary.access import queries
from plenary.access.models import Run, Scenario
from plenary.core.terms import NOBODY, SYSTEM, NotFound, NotPossible
from plenary.registry import queries as registry
from plenary_stats.location import Wish
from tests.factories import collection as cases
from tests.factories import outcomes as make
from tests.unit.access.test_actions import GIVEN, centre_with, keep, placed, run  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("who", [make.COMMISSIONER, make.NETWORK_LEAD, make.CENTRE_LEAD])
def test_the_network_sees_it(who):
    made = run(centre_with(["QE1"]).service)
    assert list(queries.visible_to(who)) == [made]
    assert [table.name for table in queries.results(who, made)] == ["access", "equity", "distances", "residence"]


@pytest.mark.parametrize("who", [make.OTHER_LEAD, make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, SYSTEM, NOBODY])
def test_nobody_else_sees_it(who):
    made = run(centre_with(["QE1"]).service)
    assert not queries.visible_to(who).exists()
    assert queries.results(who, made) == ()


def test_the_latest():
    service = centre_with(["QE1"]).service
    with pytest.raises(NotFound, match="has not been run"):
        queries.latest(service, cases.START, cases.END)
    made = run(service)
    run(service, signed_only=False)
    assert queries.latest(service, cases.START, cases.END) == made


def test_every_field_is_classed():
    for table in (Run, Scenario):
        assert table.Privacy.safe | table.Privacy.scrub == {field.name for field in table._meta.fields}


@pytest.mark.parametrize("count", [1, 3])
def test_one_query_however_many(count, django_assert_num_queries):
    service = centre_with(["QE1"]).service
    for number in range(count):
        run(service, label=f"label {number}")
    with django_assert_num_queries(1):
        assert len([made.service.slug for made in queries.visible_to(make.COMMISSIONER)]) == count


def test_residents_follow_the_map_of_the_day():
    before, after = queries.populations(date(2026, 3, 31)), queries.populations(date(2026, 4, 1))
    assert set(before) == set(after)
    assert before["Total"] == after["Total"]


def test_inputs_name_cases_people_and_regions():
    service = centre_with(["QE1"]).service
    found = queries.inputs(service, cases.START, cases.END, signed_only=True)
    assert {name.split("/")[0] for name in found} == {"cases", "centres", "data-set", "points", "populations", "regions"}
    assert all(len(sha256) == 64 for sha256 in found.values())


def test_inputs_change_with_the_cases_alone():
    service = centre_with(["QE1"]).service
    before = queries.inputs(service, cases.START, cases.END, signed_only=True)
    assert queries.inputs(service, cases.START, cases.END, signed_only=True) == before
    make.signed_centre(ods="RJ7", count=3)
    after = queries.inputs(service, cases.START, cases.END, signed_only=True)
    assert set(after) - set(before) == {"cases/adult-ecmo/RJ7"}


def test_a_service_without_cases_has_noughts():
    service = cases.make_centre().service
    table, equity, *_ = queries.compute(service, cases.START, cases.END, "2025", signed_only=True)
    assert set(equity["numerator"][equity["measure"] == "patients"].tolist()) == {0.0}
    assert set(table["numerator"].tolist()) == {0.0}


def test_no_case_is_named():
    for table in queries.tables_of(run(centre_with(["QE1"]).service)):
        assert "N0" not in str(list(table.rows()))


def test_only_the_rates_by_region_are_proposed():
    made = run(centre_with(["QE1"]).service)
    assert [table.name for table in queries.released(made)] == ["access"]


def test_every_board_for_the_network():
    equity = queries.tables_of(run(centre_with(["QE1", "QE1", "Q99", ""]).service))[1]
    rows = {row["area"]: row for row in equity.rows() if row["measure"] == "patients" and not row["sex"] + row["age_band"]}
    assert rows["QE1"]["numerator"] == 2
    assert rows["Total"]["denominator"] == 57_106_398
    assert sum(rows[board.code]["numerator"] for board in registry.icbs(cases.START)) == 2


def test_earlier_years_are_looked_at_and_asked_for_again():
    centre = cases.make_centre()
    cases.signed_off(centre, *(cases.case(f"N{number}") for number in range(3)))
    before = queries.inputs(centre.service, cases.START, cases.END, signed_only=False)
    cases.accepted(centre, cases.case("A1", admitted_on="03/02/2024"), start=date(2024, 1, 1), end=cases.START)
    assert queries.inputs(centre.service, cases.START, cases.END, signed_only=False) != before
    equity = queries.compute(centre.service, cases.START, cases.END, "2025", signed_only=False)[1]
    assert "2024 to 2025" in set(equity["period"].tolist())


# -- scenarios


@pytest.mark.parametrize("who", [make.COMMISSIONER, make.NETWORK_LEAD, make.CENTRE_LEAD])
def test_the_network_sees_its_scenarios(placed, who):  # noqa: F811
    made = keep(placed)
    assert list(queries.scenarios(who)) == [made]


@pytest.mark.parametrize("who", [make.OTHER_LEAD, make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, NOBODY])
def test_nobody_else_sees_its_scenarios(placed, who):  # noqa: F811
    keep(placed)
    assert not queries.scenarios(who).exists()


def test_sites_are_the_centres_of_today_and_the_trusts(placed):  # noqa: F811
    found, now = queries.sites(placed)
    assert [site.code for site in found] == ["RA7", "RJ1", "RTD"]
    assert now == ["RJ1", "RTD"]


def test_a_scenario_rests_on_no_case(placed, django_assert_num_queries):  # noqa: F811
    queries.scenario(placed, Wish(), GIVEN)
    with django_assert_num_queries(3):
        answer = queries.scenario(placed, Wish(move=(("RTD", "RA7"),)), GIVEN)
    assert set(answer.before.by_group) == {region.name for region in registry.regions()}
    assert answer.difference.newly_far > 0


def test_what_cannot_be_is_said_by_name(placed):  # noqa: F811
    with pytest.raises(NotPossible, match="Trust RJ1, Hospital RJ1 is open already"):
        queries.scenario(placed, Wish(add=("RJ1",)), GIVEN)


def test_a_service_whose_centres_have_no_place():
    with pytest.raises(NotPossible, match="No centre of this service has a known place"):
        queries.scenario(cases.make_centre().service, Wish(), GIVEN)
