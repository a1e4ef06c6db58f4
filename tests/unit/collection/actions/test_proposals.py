"""A network talks about a version of its data set: proposed, commented on, answered by centres, adopted or let be."""

from datetime import date

import pytest

from plenary.collection import actions
from plenary.collection.actions import proposals
from plenary.collection.models import DataSetProposal, DataSetVersion, ProposalRemark
from plenary.collection.queries import proposals as queries
from plenary.collection.terms import ProposalState, Stance
from plenary.core.models import AuditEvent
from plenary.core.permissions import CentreLead, NetworkLead, PatientRepresentative
from plenary.core.queries import event_detail, stored_bytes
from plenary.core.terms import NotPossible, Refused
from plenary_stats.spec import InputError
from tests.factories import collection as make
from tests.factories.core import make_who
from tests.factories.registry import DesignationFactory

pytestmark = pytest.mark.django_db

NEXT = make.DICTIONARY.replace("0,100", "0,90").encode()


@pytest.fixture
def centre():
    made = make.make_centre()
    DesignationFactory(centre=made)
    return made


@pytest.fixture
def other(centre):
    made = make.make_centre(ods="RM2")
    DesignationFactory(centre=made)
    return made


def propose(centre, by=None, **values):
    usual = {"service": centre.service, "version": "2027-1", "content": NEXT, "why": "The ratio is never above 90."}
    return proposals.propose_data_set(**(usual | values), by=by or make.manager(centre))


class TestPropose:
    def test_it_is_kept_and_told_and_changes_nothing_in_force(self, centre):
        made = propose(centre)
        assert (made.state, made.why, made.proposed_by) == (ProposalState.OPEN, "The ratio is never above 90.", 11)
        assert stored_bytes(made.sha256) == NEXT
        assert not DataSetVersion.objects.filter(version="2027-1").exists()
        event = AuditEvent.objects.get(verb="propose data set")
        assert (event.subject, event.who_name) == (f"data-set-proposal/adult-ecmo/2027-1/{made.pk}", "Dana Manager")
        assert event_detail(event) == {"sha256": made.sha256}

    @pytest.mark.parametrize("person", [make.manager, make.lead, make.network_lead])
    def test_everybody_of_the_network_proposes(self, centre, person):
        assert propose(centre, by=person(centre)).pk

    @pytest.mark.parametrize(
        "who", [make_who(CentreLead, "lam/RJ1"), make_who(NetworkLead, "lam"), make_who(PatientRepresentative, "adult-ecmo")]
    )
    def test_nobody_else_does(self, centre, who):
        with pytest.raises(Refused, match="network of"):
            propose(centre, by=who)
        assert not DataSetProposal.objects.exists()

    @pytest.mark.parametrize(
        ("values", "error", "part"),
        [
            ({"content": b"a,b\n"}, InputError, "no column"),
            ({"content": NEXT.replace(b"alive, Alive", b"alive")}, InputError, "choices"),
            ({"version": "2027/1"}, NotPossible, "names no version"),
            ({"version": "2025-1"}, NotPossible, "adopted already"),
            ({"why": "  "}, NotPossible, "what the proposal is for"),
        ],
    )
    def test_what_could_not_be_adopted_cannot_be_proposed(self, centre, values, error, part):
        with pytest.raises(error, match=part):
            propose(centre, **values)
        assert not DataSetProposal.objects.exists()

    def test_one_open_proposal_of_a_version(self, centre):
        first = propose(centre)
        with pytest.raises(NotPossible, match="proposed already"):
            propose(centre)
        proposals.withdraw_proposal(proposal=first, reason="Too early", by=make.manager(centre))
        assert propose(centre).pk != first.pk


class TestRemark:
    def test_anybody_of_the_network_comments_on_the_whole_or_a_field(self, centre):
        made = propose(centre)
        proposals.remark(proposal=made, text="  Why 90? ", field="pf_ratio", by=make.network_lead(centre))
        one = ProposalRemark.objects.get()
        assert (one.text, one.field, one.stance, one.centre) == ("Why 90?", "pf_ratio", Stance.COMMENT, None)
        event = AuditEvent.objects.get(verb="remark on data set")
        assert event.subject == f"{queries.subject(made)}/{one.pk}"
        assert event_detail(event) == {"stance": "comment", "centre": "", "field": "pf_ratio"}

    def test_the_clinical_lead_answers_for_the_own_centre_only(self, centre, other):
        made = propose(centre)
        answer = {"proposal": made, "stance": Stance.AGREES}
        assert proposals.remark(**answer, centre=centre, by=make.lead(centre)).centre == centre
        for centre_of_answer, who in [(other, make.lead(centre)), (centre, make.manager(centre)), (centre, make.network_lead(centre)),
                                      (None, make.lead(centre))]:  # fmt: skip
            with pytest.raises(Refused, match="clinical lead"):
                proposals.remark(**answer, centre=centre_of_answer, by=who)

    def test_a_centre_of_another_service_has_no_answer_here(self, centre):
        made, elsewhere = propose(centre), make.make_centre("lam", "RJ1")
        who = make_who(CentreLead, "adult-ecmo/RJ1")
        both = type(who)(who.person_id, who.name, (*who.posts, *make_who(CentreLead, "lam/RJ1").posts))
        with pytest.raises(Refused, match="clinical lead"):
            proposals.remark(proposal=made, stance=Stance.AGREES, centre=elsewhere, by=both)

    @pytest.mark.parametrize(
        ("values", "part"),
        [
            ({"text": " "}, "comment is empty"),
            ({"text": "", "stance": Stance.OBJECTS}, "why the centre objects"),
            ({"text": "x", "field": "colour"}, "no field 'colour'"),
        ],
    )
    def test_what_says_nothing_is_refused(self, centre, values, part):
        made = propose(centre)
        with pytest.raises(NotPossible, match=part):
            proposals.remark(proposal=made, **values, **({"centre": centre} if "stance" in values else {}), by=make.lead(centre))
        assert not ProposalRemark.objects.exists()

    def test_nobody_of_another_network(self, centre):
        with pytest.raises(Refused, match="comments on its data set"):
            proposals.remark(proposal=propose(centre), text="x", by=make_who(NetworkLead, "lam"))


class TestEnd:
    def test_adopted_it_is_in_force_and_who_agreed_is_kept(self, centre, other):
        silent = make.make_centre(ods="RX9")
        DesignationFactory(centre=silent)
        made = propose(centre)
        proposals.remark(proposal=made, stance=Stance.OBJECTS, centre=centre, text="No", by=make.lead(centre))
        proposals.remark(proposal=made, stance=Stance.AGREES, centre=centre, by=make.lead(centre))  # the last answer counts
        proposals.remark(proposal=made, stance=Stance.OBJECTS, centre=other, text="Too narrow", by=make.lead(other))
        version = proposals.adopt_proposal(proposal=made, adopted_on=date(2027, 1, 1), by=make.network_lead(centre))
        assert (version.version, version.sha256, version.adopted_on) == ("2027-1", made.sha256, date(2027, 1, 1))
        made.refresh_from_db()
        assert made.state == ProposalState.ADOPTED
        detail = event_detail(AuditEvent.objects.get(verb="adopt proposed data set"))
        assert detail == {"agrees": ["adult-ecmo/RJ1"], "objects": ["adult-ecmo/RM2"], "silent": ["adult-ecmo/RX9"]}
        assert AuditEvent.objects.filter(verb="adopt data set", subject="data-set/adult-ecmo/2027-1").exists()

    @pytest.mark.parametrize("person", [make.manager, make.lead])
    def test_a_centre_does_not_adopt(self, centre, person):
        made = propose(centre)
        with pytest.raises(Refused, match="adopts its data set"):
            proposals.adopt_proposal(proposal=made, adopted_on=date(2027, 1, 1), by=person(centre))
        assert not DataSetVersion.objects.filter(version="2027-1").exists()

    def test_a_version_that_was_adopted_meanwhile_stops_it_and_nothing_is_half_done(self, centre):
        made = propose(centre)
        late = make.DICTIONARY.replace("0,100", "0,80").encode()
        actions.adopt_data_set(
            service=centre.service, version="2027-1", content=late, adopted_on=date(2026, 1, 1), by=make.network_lead(centre)
        )
        with pytest.raises(NotPossible, match="other content"):
            proposals.adopt_proposal(proposal=made, adopted_on=date(2027, 1, 1), by=make.network_lead(centre))
        made.refresh_from_db()
        assert made.state == ProposalState.OPEN

    def test_whoever_proposed_it_withdraws_it_and_so_does_the_network_lead(self, centre, other):
        for who in (make.manager(centre), make.network_lead(centre)):
            made = propose(centre)
            assert proposals.withdraw_proposal(proposal=made, reason="Too early", by=who).state == ProposalState.WITHDRAWN
        assert event_detail(AuditEvent.objects.filter(verb="withdraw proposed data set").first()) == {"reason": "Too early"}
        with pytest.raises(Refused, match="withdraws it"):
            proposals.withdraw_proposal(proposal=propose(centre), reason="x", by=make.lead(other))

    def test_it_says_why(self, centre):
        with pytest.raises(NotPossible, match="Say why"):
            proposals.withdraw_proposal(proposal=propose(centre), reason=" ", by=make.manager(centre))

    def test_what_is_over_stays_over(self, centre):
        made = propose(centre)
        proposals.withdraw_proposal(proposal=made, reason="Too early", by=make.manager(centre))
        for act in (
            lambda: proposals.remark(proposal=made, text="x", by=make.manager(centre)),
            lambda: proposals.adopt_proposal(proposal=made, adopted_on=date(2027, 1, 1), by=make.network_lead(centre)),
            lambda: proposals.withdraw_proposal(proposal=made, reason="again", by=make.manager(centre)),
        ):
            with pytest.raises(NotPossible, match="withdrawn already"):
                act()
