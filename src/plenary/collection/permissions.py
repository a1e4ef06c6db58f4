"""Who may do what with cases. Every answer is True or False."""

from __future__ import annotations

from plenary.collection.models import DataSetProposal, Submission
from plenary.core.permissions import (
    CentreDataManager,
    CentreLead,
    CentreSystem,
    NationalCommissioner,
    NetworkLead,
    holds,
    may_administer,
)
from plenary.core.terms import SYSTEM, Who
from plenary.registry.models import Centre, Service


def _service_of(centre: Centre) -> str:
    return centre.key.partition("/")[0]


def may_see_cases(who: Who, centre: Centre) -> bool:
    """Cases are seen by the people of their own centre, and by nobody else by standing right."""
    return holds(who, CentreDataManager, CentreLead, centre=centre.key)


def may_submit(who: Who, centre: Centre) -> bool:
    return holds(who, CentreDataManager, CentreLead, centre=centre.key)


def may_send(who: Who, centre: Centre) -> bool:
    """Whether ``who`` sends a centre's files: people, and systems with its key. Whether they count is for people to say."""
    return may_submit(who, centre) or holds(who, CentreSystem, centre=centre.key)


def may_issue_key(who: Who, centre: Centre) -> bool:
    """Whether ``who`` gives a system of a centre a key, or takes it away."""
    return may_administer(who) or holds(who, CentreLead, centre=centre.key)


def may_check(who: Who, submission: Submission) -> bool:
    return who == SYSTEM or may_send(who, submission.centre)


def may_accept(who: Who, submission: Submission) -> bool:
    return may_submit(who, submission.centre)


def may_see_progress(who: Who, service: Service) -> bool:
    """States and numbers, no cases."""
    return holds(who, NetworkLead, NationalCommissioner, service=service.slug)


def may_expect(who: Who, centre: Centre) -> bool:
    """Rooms above report expected cases as the system; people of the centre and the network lead do so by hand."""
    return who == SYSTEM or may_submit(who, centre) or holds(who, NetworkLead, service=_service_of(centre))


def may_explain(who: Who, centre: Centre) -> bool:
    return may_submit(who, centre)


def may_sign_off(who: Who, centre: Centre) -> bool:
    """Only the clinical lead declares a case series complete."""
    return holds(who, CentreLead, centre=centre.key)


def may_erase(who: Who, centre: Centre) -> bool:
    """Only the clinical lead answers a patient's request to be erased."""
    return holds(who, CentreLead, centre=centre.key)


def may_extract(who: Who, centre: Centre) -> bool:
    """Only the clinical lead lets an extract of the centre's cases go out for research."""
    return holds(who, CentreLead, centre=centre.key)


def may_reopen(who: Who, centre: Centre) -> bool:
    return holds(who, NetworkLead, service=_service_of(centre))


def may_ask(who: Who, centre: Centre) -> bool:
    """Whether ``who`` leads or commissions the network and so asks a centre about its cases. It opens none."""
    return holds(who, NetworkLead, NationalCommissioner, service=_service_of(centre))


def may_set_deadline(who: Who, service: Service) -> bool:
    return holds(who, NetworkLead, NationalCommissioner, service=service.slug)


def may_talk_of_data_set(who: Who, service: Service) -> bool:
    """Whether ``who`` is of the network: whoever is proposes versions of its data set and comments on them."""
    if holds(who, NetworkLead, NationalCommissioner, service=service.slug):
        return True
    roles = {CentreDataManager.key, CentreLead.key}
    return any(post.role in roles and post.scope.startswith(f"{service.slug}/") for post in who.posts)


def may_answer_for(who: Who, centre: Centre) -> bool:
    """Only the clinical lead says for a centre that it agrees or objects."""
    return holds(who, CentreLead, centre=centre.key)


def may_withdraw_proposal(who: Who, proposal: DataSetProposal) -> bool:
    """Whoever proposed it takes it back, and whoever could adopt it."""
    own = who.person_id is not None and who.person_id == proposal.proposed_by
    return own or may_adopt_data_set(who, proposal.service)


def may_adopt_data_set(who: Who, service: Service) -> bool:
    return may_administer(who) or holds(who, NetworkLead, NationalCommissioner, service=service.slug)


def may_load_hospital_data(who: Who, service: Service) -> bool:
    """National hospital data come from the nation: they hold every centre's patients, so that no centre or network loads them."""
    return who == SYSTEM or holds(who, NationalCommissioner, service=service.slug)


def may_expect_list(who: Who, service: Service) -> bool:
    """Whether ``who`` sends a list of a whole network's expected cases: its lead does."""
    return who == SYSTEM or holds(who, NetworkLead, service=service.slug)
