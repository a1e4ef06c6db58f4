"""Equity of access is run and can be run again."""

import json

import pytest

from plenary.access import actions, queries
from plenary.access.models import Run, Scenario
from plenary.access.permissions import may_run
from plenary.core.models import AuditEvent
from plenary.core.terms import NOBODY, SYSTEM, NotPossible, Refused
from plenary.registry import queries as registry
from plenary_stats.location import Assumptions, Wish
from tests.factories import collection as cases
from tests.factories import outcomes as make
from tests.factories.registry import CentreFactory, DesignationFactory, OrganisationFactory

pytestmark = pytest.mark.django_db


def run(service, **options):
    period = {"period_start": cases.START, "period_end": cases.END, "label": "2025"}
    return actions.run(service=service, **period | {"by": SYSTEM} | options)


def centre_with(areas):
    centre = cases.make_centre()
    cases.signed_off(centre, *(cases.case(f"N{number}", area=area) for number, area in enumerate(areas)))
    return centre


def test_patients_per_million_by_region():
    icb = registry.icbs(cases.START)[0]
    region = registry.region_of(icb.code)
    [table] = queries.released(run(centre_with([icb.code] * 4 + [""]).service))
    found = {row["area"]: row for row in table.rows()}
    people = queries.populations(cases.START)
    assert set(found) == set(people)
    assert (found[region]["numerator"], found[region]["denominator"]) == (4, people[region])
    assert found[region]["value"] == pytest.approx(4e6 / people[region])
    assert found[region]["lower"] < found[region]["value"] < found[region]["upper"]
    assert found["Total"]["numerator"] == 4


def test_populations_are_those_of_the_four_nations():
    people = queries.populations(cases.START)
    assert len(people) == 7 + 3 + 1
    assert sum(people.values()) == 2 * people["Total"]
    assert 65e6 < people["Total"] < 70e6


def test_repeated_it_is_the_same_run_and_the_same_bytes():
    service = centre_with(["QE1"]).service
    first = run(service)
    assert run(service) == first
    Run.objects.all().delete()
    assert run(service).tables == first.tables


def test_other_cases_give_another_run():
    service = centre_with(["QE1"]).service
    first = run(service)
    make.signed_centre(ods="RJ7", count=3)
    assert run(service) != first


def test_only_signed_cases_unless_asked():
    centre = cases.make_centre()
    icb = registry.icbs(cases.START)[0]
    cases.accepted(centre, cases.case("A1", area=icb.code))

    def total(made):
        return next(row["numerator"] for row in queries.tables_of(made)[0].rows() if row["area"] == "Total")

    assert total(run(centre.service)) == 0
    assert total(run(centre.service, signed_only=False)) == 1


@pytest.mark.parametrize("who", [make.CENTRE_LEAD, make.OTHER_LEAD, make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, NOBODY])
def test_refused_to_others(who):
    service = centre_with(["QE1"]).service
    assert may_run(who, "adult-ecmo") is False
    with pytest.raises(Refused):
        run(service, by=who)
    assert not Run.objects.exists()


@pytest.mark.parametrize("who", [make.COMMISSIONER, make.NETWORK_LEAD, SYSTEM])
def test_run_by_the_network(who):
    assert may_run(who, "adult-ecmo") is True
    assert run(centre_with(["QE1"]).service, by=who).ran_by == who.person_id


def test_a_period_that_runs_backwards():
    with pytest.raises(NotPossible, match="ends after"):
        run(centre_with(["QE1"]).service, period_start=cases.END, period_end=cases.START)


def test_it_leaves_its_event():
    made = run(centre_with(["QE1"]).service)
    assert AuditEvent.objects.get(verb="run access").subject == f"access-run/{made.pk}"


# -- scenarios


@pytest.fixture
def placed(db):
    """A service with a centre in London and one in Newcastle, and a trust in Bristol."""
    for ods, latitude, longitude in (("RJ1", 51.5, -0.12), ("RTD", 54.98, -1.62)):
        centre = CentreFactory(service__slug="adult-ecmo", ods=ods, latitude=latitude, longitude=longitude)
        DesignationFactory(centre=centre)
    OrganisationFactory(code="RA7", name="Bristol", latitude=51.46, longitude=-2.6)
    return centre.service


GIVEN = Assumptions(patients=300, minimum=50)


def keep(service, **options):
    usual = {"title": "A centre in Bristol", "wish": Wish(add=("RA7",)), "given": GIVEN, "by": make.NETWORK_LEAD}
    return actions.keep_scenario(service=service, **usual | options)


def test_a_scenario_is_kept_with_its_question_its_answer_and_its_event(placed):
    made = keep(placed, note=" For the proposal of March. ")
    kept = Scenario.objects.get()
    assert kept.asked["wish"]["add"] == ["RA7"]
    assert kept.asked["given"]["patients"] == 300
    assert [each["code"] for each in kept.answer["centres"]["after"]] == ["RA7", "RJ1", "RTD"]
    assert kept.answer["questions"]["after"]["mean_minutes"] < kept.answer["questions"]["before"]["mean_minutes"]
    assert (kept.note, kept.kept_by) == ("For the proposal of March.", make.NETWORK_LEAD.person_id)
    event = AuditEvent.objects.get(verb="keep scenario")
    assert event.subject == f"scenario/{made.pk}"
    assert json.loads(event.detail)["asked"] == kept.asked


def test_the_same_question_has_the_same_answer(placed):
    first, second = keep(placed), keep(placed)
    assert first.answer == second.answer
    assert Scenario.objects.count() == 2


@pytest.mark.parametrize("who", [make.CENTRE_LEAD, make.OTHER_LEAD, make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, NOBODY])
def test_only_those_who_lead_keep_scenarios(placed, who):
    with pytest.raises(Refused):
        keep(placed, by=who)
    assert not Scenario.objects.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"title": "  "}, "Give the scenario a title"),
        ({"wish": Wish(add=("ZZZ",))}, "no site whose place is known"),
        ({"wish": Wish(close=("RJ1", "RTD"))}, "No centre would be left"),
        ({"given": Assumptions(patients=300, capacity=10)}, "room for 20 of 300"),
        ({"given": Assumptions(patients=0)}, "must be patients"),
    ],
)
def test_what_cannot_be_answered_is_not_kept(placed, options, said):
    with pytest.raises(NotPossible, match=said):
        keep(placed, **options)
    assert not Scenario.objects.exists()
    assert not AuditEvent.objects.filter(verb="keep scenario").exists()
