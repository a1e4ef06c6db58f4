"""An extract for research is taken by the lead alone, for a purpose, and told with what it held."""

import json

import pytest

from plenary.collection import actions as collection
from plenary.collection.actions import research as actions
from plenary.core import permissions as roles
from plenary.core.models import AuditEvent
from plenary.core.terms import NOBODY, SYSTEM, NotPossible, Refused
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import make_who
from tests.unchanged import DiskFullError, cannot_tell, nothing_changes
from tests.unit.collection.actions.test_consent import say

pytestmark = pytest.mark.django_db

SECRET = "SECRET-1"


@pytest.fixture(autouse=True)
def in_force(db):
    make.shipped("objection")


@pytest.fixture
def centre():
    centre = make.make_centre()
    make.accepted(centre, case(SECRET, nhs_number="9434765919", pf_ratio="66.6"), case("B"), case("C", status="dead"))
    say(centre, SECRET, "opt_out")
    return centre


def extract(centre, by=None, **options):
    usual = {"period_start": START, "period_end": END, "fields": ["status", "pf_ratio"], "purpose": "Study 7, REC 26/1"}
    return actions.extract_for_research(centre=centre, by=by or make.lead(centre), **usual | options)


def test_the_lead_takes_it_and_it_is_told_without_a_case(centre):
    found = extract(centre)
    assert (len(found.rows), found.left_out) == (2, 1)
    event = AuditEvent.objects.get(verb="extract for research")
    told = json.loads(event.detail)
    assert (told["cases"], told["left_out"], told["fields"]) == (2, 1, ["pf_ratio", "status"])
    assert (told["purpose"], told["data_set"], event.who) == ("Study 7, REC 26/1", "2025-1", 12)
    assert SECRET not in event.detail + event.subject
    assert "66.6" not in f"{found}{event.detail}"


@pytest.mark.parametrize(
    "who",
    [
        make_who(roles.CentreDataManager, "adult-ecmo/RJ1"),
        make_who(roles.CentreLead, "adult-ecmo/RJ7"),
        make_who(roles.CentreLead, "lam/RJ1"),
        make_who(roles.NetworkLead, "adult-ecmo"),
        make_who(roles.NationalCommissioner, "England"),
        make_who(roles.Reviewer, "England"),
        make_who(roles.PatientRepresentative, "adult-ecmo"),
        make_who(roles.Administrator),
        SYSTEM,
        NOBODY,
    ],
)
def test_nobody_else_takes_it_and_learns_nothing(centre, who):
    with nothing_changes(), pytest.raises(Refused) as refusal:
        extract(centre, by=who)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("purpose", ["", "  \n"])
def test_without_a_purpose_there_is_none(centre, purpose):
    with nothing_changes(), pytest.raises(NotPossible, match="what the extract is for"):
        extract(centre, purpose=purpose)


@pytest.mark.parametrize("fields", [["case_id"], ["status", "nhs_number"], ["birth_date"], ["nothing such"], ["x" * 9000]])
def test_what_is_not_offered_is_refused_by_name(centre, fields):
    with nothing_changes(), pytest.raises(NotPossible, match="does not hold") as said:
        extract(centre, fields=fields)
    assert len(str(said.value)) < 400


def test_without_a_field_there_is_none(centre):
    with nothing_changes(), pytest.raises(NotPossible, match="Choose the fields"):
        extract(centre, fields=[])


def test_a_period_runs_forward(centre):
    with nothing_changes(), pytest.raises(NotPossible, match="ends after it starts"):
        extract(centre, period_end=START)


def test_what_cannot_be_told_is_not_given(centre, monkeypatch):
    cannot_tell(monkeypatch, collection)
    with nothing_changes(), pytest.raises(DiskFullError):
        extract(centre)


def test_an_objection_that_comes_later_holds_for_the_next_extract(centre):
    assert len(extract(centre).rows) == 2
    say(centre, "C", "opt_out")
    again = extract(centre)
    assert (len(again.rows), again.left_out) == (1, 2)
