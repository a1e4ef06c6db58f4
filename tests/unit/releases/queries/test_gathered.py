"""An edition is proposed from the latest results of every service, and from nothing that is out of date."""

from decimal import Decimal

import pytest

from plenary.access import actions as access
from plenary.collection import actions as collection
from plenary.core.terms import SYSTEM, NotPossible, Refused
from plenary.registry import queries as registry
from plenary.releases import actions
from plenary.releases.models import Narrative, Proposal
from plenary.releases.queries import gathered, proposals
from plenary.releases.terms import LONGEST_TEXT
from plenary.spend import actions as spend
from tests.factories import collection as cases
from tests.factories import outcomes, releases
from tests.factories.collection import END, START
from tests.factories.releases import COMMISSIONER

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}


def run_all(centre):
    outcomes.run(centre.service)
    access.run(service=centre.service, **PERIOD, label="2025", by=SYSTEM)


def a_year():
    """Return a centre of a service with everything that an edition has."""
    centre = outcomes.signed_centre(count=45, dead=8)
    outcomes.adopt(centre.service)
    run_all(centre)
    spend.record_return(centre=centre, **PERIOD, amount_gbp=Decimal(1_000_000), basis="contract value", by=COMMISSIONER)
    return centre


def propose(**options):
    """Order an edition and let the job prepare it."""
    releases.policy()
    ordered = actions.order_edition(label="2025", **PERIOD, on=releases.ON, **{"by": COMMISSIONER} | options)
    return actions.prepare(proposal_id=ordered.pk, on=releases.ON, by=SYSTEM)


def test_all_tables_with_what_they_were_made_from():
    a_year()
    tables, sources = gathered.results((START, END), "2025")
    assert sorted(table.name for table in tables) == ["access", "activity", "completeness", "outcomes", "outcomes", "spend"]
    kinds = {name.split("/")[0] for name in sources}
    assert {"cases", "data-set", "outcome-set", "spend", "populations"} <= kinds


def test_proposed_and_protected():
    a_year()
    proposal = propose()
    assert [service.slug for service in proposal.services.all()] == ["adult-ecmo"]
    assert {table.name for table in proposals.tables_of(proposal)} == {"access", "activity", "completeness", "outcomes", "spend"}
    assert "outcome-set/adult-ecmo/2025-1" in proposal.sources
    assert proposals.document(proposal.audit_sha256)["totals"]["exact"] == 0


def test_previews_are_not_proposed():
    centre = cases.make_centre()
    cases.accepted(centre, *outcomes.many(40))
    outcomes.run(centre.service, signed_only=False)
    with pytest.raises(NotPossible, match="Run the results first"):
        propose()
    assert not Proposal.objects.exists()


def test_results_older_than_their_cases_are_not_proposed():
    centre = a_year()
    collection.reopen_series(centre=centre, **PERIOD, reason="a late case", by=cases.network_lead(centre))
    cases.signed_off(centre, *outcomes.many(46))
    with pytest.raises(NotPossible, match="changed after its results were run"):
        propose()
    run_all(centre)
    assert propose().pk


def test_a_network_lead_does_not_propose_an_edition_of_others():
    a_year()
    with pytest.raises(NotPossible, match="None of your services"):
        propose(by=outcomes.OTHER_LEAD)
    for who in (outcomes.CENTRE_LEAD, outcomes.REVIEWER, SYSTEM):
        with pytest.raises(Refused):
            propose(by=who)
    assert not Proposal.objects.exists()


class TestOwnServices:
    """A network lead proposes the own service whatever results others have, and nothing of theirs goes along."""

    @pytest.fixture
    def two(self):
        a_year()
        other = cases.make_centre("heart-transplant", "RX1")
        spend.record_return(centre=other, **PERIOD, amount_gbp=Decimal(777_777), basis="contract value", by=COMMISSIONER)
        for service, text in (("adult-ecmo", "Own words."), ("heart-transplant", "Their words.")):
            actions.write_narrative(
                service=registry.service(service), **PERIOD, section="Description", text=text, by=COMMISSIONER
            )

    def test_the_own_alone(self, two):
        proposal = propose(by=outcomes.NETWORK_LEAD)
        assert (proposal.state, proposal.whole, proposal.proposed_by) == ("proposed", False, outcomes.NETWORK_LEAD.person_id)
        assert [one.slug for one in proposal.services.all()] == ["adult-ecmo"]
        named = {str(slug) for table in proposals.tables_of(proposal) for slug in table["service"].tolist()}
        assert named == {"adult-ecmo"}
        assert list(proposals.document(proposal.narrative_sha256)) == ["adult-ecmo"]
        assert not any("heart" in name for name in proposal.sources)

    def test_the_commissioner_proposes_all(self, two):
        proposal = propose()
        assert proposal.whole
        assert {one.slug for one in proposal.services.all()} == {"adult-ecmo", "heart-transplant"}
        named = {str(slug) for table in proposals.tables_of(proposal) for slug in table["service"].tolist()}
        assert named == {"adult-ecmo", "heart-transplant"}

    def test_a_described_service_is_reviewed_with_the_others(self):
        a_year()
        service = cases.make_centre("lam", "RX2").service
        actions.write_narrative(service=service, **PERIOD, section="Description", text="Rare.", by=COMMISSIONER)
        assert {one.slug for one in propose().services.all()} == {"adult-ecmo", "lam"}

    def test_whether_it_is_whole_is_part_of_what_is_reviewed(self, two):
        proposal = propose(by=outcomes.NETWORK_LEAD)
        proposal.whole = True
        assert proposals.content_hash(proposal) != proposal.content_hash


class TestNarrative:
    def write(self, section="Description", text="What it does.", by=outcomes.NETWORK_LEAD, **period):
        service = cases.make_centre().service
        return actions.write_narrative(service=service, **PERIOD | period, section=section, text=text, by=by)

    def test_written_and_written_over(self):
        self.write()
        self.write(text=" Better said. ")
        self.write("Innovation", "A new pump.")
        assert gathered.narrative((START, END)) == {"adult-ecmo": {"Description": "Better said.", "Innovation": "A new pump."}}
        assert Narrative.objects.count() == 2

    def test_it_is_frozen_with_the_proposal(self):
        a_year()
        self.write()
        proposal = propose()
        self.write(text="Changed after.")
        assert proposals.document(proposal.narrative_sha256) == {"adult-ecmo": {"Description": "What it does."}}

    def test_patients_write_their_feedback_and_nothing_else(self):
        assert self.write("Patient feedback", "The ward was kind.", by=outcomes.PATIENT).pk
        with pytest.raises(Refused):
            self.write("Description", by=outcomes.PATIENT)

    @pytest.mark.parametrize(
        "who", [outcomes.OTHER_LEAD, outcomes.CENTRE_LEAD, outcomes.REVIEWER, outcomes.ADMINISTRATOR, SYSTEM]
    )
    def test_refused_to_others(self, who):
        with pytest.raises(Refused):
            self.write(by=who)
        assert not Narrative.objects.exists()

    def test_no_other_section(self):
        with pytest.raises(NotPossible, match="no section 'Outcomes'"):
            self.write("Outcomes")

    def test_not_without_end(self):
        with pytest.raises(NotPossible, match="longer than"):
            self.write(text="x" * (LONGEST_TEXT + 1))

    def test_a_period_runs_forward(self):
        with pytest.raises(NotPossible, match="ends after"):
            self.write(period_end=START)

    def test_every_field_is_classed(self):
        assert Narrative.Privacy.safe | Narrative.Privacy.scrub == {field.name for field in Narrative._meta.fields}
