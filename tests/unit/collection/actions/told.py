"""The period of the tests, what was told of it, and who must not be told."""

from plenary.collection.models import CaseVersion
from plenary.core import permissions as roles
from plenary.core.models import AuditEvent
from plenary.core.terms import NOBODY
from tests.factories import collection as make
from tests.factories.collection import END, START
from tests.factories.core import make_who


def events(verb):
    return list(AuditEvent.objects.filter(verb=verb))


PERIOD = {"period_start": START, "period_end": END}


def outsiders(elsewhere):
    return [
        make.manager(elsewhere),
        make.lead(elsewhere),
        make.network_lead(elsewhere),
        make_who(roles.NationalCommissioner, "England"),
        make_who(roles.Administrator),
        NOBODY,
    ]


def current(centre):
    rows = CaseVersion.objects.filter(case__centre=centre, current=True)
    return dict(rows.values_list("case__case_id", "payload__status"))
