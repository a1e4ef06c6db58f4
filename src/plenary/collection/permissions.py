"""Who may do what with cases. Every answer is True or False."""

from __future__ import annotations

from plenary.collection.models import Submission
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, holds, may_administer
from plenary.core.terms import SYSTEM, Who
from plenary.registry.models import Centre, Service


def _service_of(centre: Centre) -> str:
    return centre.key.partition("/")[0]


def may_see_cases(who: Who, centre: Centre) -> bool:
    """Cases are seen by the people of their own centre, and by nobody else by standing right."""
    return holds(who, CentreDataManager, CentreLead, centre=centre.key)


def may_submit(who: Who, centre: Centre) -> bool:
    return holds(who, CentreDataManager, CentreLead, centre=centre.key)


def may_check(who: Who, submission: Submission) -> bool:
    return who == SYSTEM or may_submit(who, submission.centre)


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


def may_reopen(who: Who, centre: Centre) -> bool:
    return holds(who, NetworkLead, service=_service_of(centre))


def may_adopt_data_set(who: Who, service: Service) -> bool:
    return may_administer(who) or holds(who, NetworkLead, NationalCommissioner, service=service.slug)
