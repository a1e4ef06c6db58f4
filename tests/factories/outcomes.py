"""Outcome sets and runs for tests."""

from __future__ import annotations

from datetime import date

from plenary.core import permissions
from plenary.core.terms import SYSTEM
from plenary.outcomes import actions
from plenary.outcomes.models import OutcomeSetVersion, Run
from plenary.registry.models import Centre, Service
from tests.factories import collection as make
from tests.factories.core import make_who

OUTCOMES = """
service = "adult-ecmo"
version = "2025-1"
agreed_on = 2025-03-12

[[outcome]]
id = "survival-to-discharge"
label = "Survival to discharge"
measure = "proportion"
met = "status = 'alive'"
direction = "higher"
by = ["centre", "period", "sex"]

[[outcome]]
id = "pf-ratio"
label = "PF ratio at admission"
measure = "median"
value = "pf_ratio"
"""


def adopt(service: Service, content: str = OUTCOMES, on: date = date(2025, 3, 12)) -> OutcomeSetVersion:
    """Put an outcome set in force."""
    return actions.adopt_outcome_set(service=service, content=content.encode(), adopted_on=on, by=SYSTEM)


def many(count: int, dead: int = 0, prefix: str = "N") -> list[dict[str, str]]:
    """Return cases of which the first ``dead`` died."""
    return [make.case(f"{prefix}{number:03d}", status="dead" if number < dead else "alive") for number in range(count)]


def signed_centre(ods: str = "RJ1", count: int = 40, dead: int = 10) -> Centre:
    """Return a centre whose series of the year is signed off."""
    centre = make.make_centre(ods=ods)
    make.signed_off(centre, *many(count, dead))
    return centre


def run(service: Service, **options: object) -> Run:
    """Run the results of the year."""
    period = {"period_start": make.START, "period_end": make.END, "label": "2025"}
    return actions.run(service=service, **period | {"by": SYSTEM} | options)


COMMISSIONER = make_who(permissions.NationalCommissioner, "England", person_id=21)
NETWORK_LEAD = make_who(permissions.NetworkLead, "adult-ecmo", person_id=41)
CENTRE_LEAD = make_who(permissions.CentreLead, "adult-ecmo/RJ1", person_id=42)
OTHER_LEAD = make_who(permissions.NetworkLead, "lam", person_id=43)
REVIEWER = make_who(permissions.Reviewer, "England", person_id=44)
PATIENT = make_who(permissions.PatientRepresentative, "adult-ecmo", person_id=45)
ADMINISTRATOR = make_who(permissions.Administrator, person_id=46)
