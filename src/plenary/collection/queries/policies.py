"""The network's rules of collecting, by date: what must be confirmed, answered and agreed, and by when.

They stand in the policy ``collection``. Where none is in force, nothing is demanded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from plenary.core.queries import policy
from plenary.core.terms import NotFound

POLICY: Final = "collection"

NEVER, ACCEPTANCE, SIGN_OFF = "never", "acceptance", "sign-off"
WARN, REFUSE = "warn", "refuse"


@dataclass(frozen=True)
class CollectionRules:
    """One version of the policy, read. ``version`` is empty where none is in force."""

    version: str = ""
    confirm_warnings: str = NEVER
    """When a warning must be confirmed with a reason: never, before acceptance, before sign-off."""
    confirm_warnings_of: Mapping[str, str] = field(default_factory=dict)
    """The same for single services (slugs), whose data sets demand another."""
    open_queries: str = WARN
    """What an unanswered query does to a sign-off."""
    shared_patients: str = WARN
    """What a patient whom another centre reports too, and of whom nothing is agreed, does to a sign-off."""
    same_patient_days: int = 365
    like_patient_days: int = 30
    deadline_days: int = 0
    """Days after the period's end by which it is signed off; 0: no deadline but those that network leads set."""
    before: tuple[int, ...] = ()
    """How many days before the deadline reminders go out."""
    after: tuple[int, ...] = ()
    mandatory_before: int = 1
    """So many days before the deadline, and later, a reminder goes to everybody, whatever they asked for."""

    def confirming(self, service: str) -> str:
        """Return when the warnings on a service's cases must be confirmed."""
        return self.confirm_warnings_of.get(service, self.confirm_warnings)


def collection_rules(on: dt.date) -> CollectionRules:
    """Return the rules in force on a day."""
    try:
        found = policy(POLICY, on)
    except NotFound:
        return CollectionRules()
    body: dict[str, Any] = {name: value for name, value in found.body.items() if name in CollectionRules.__dataclass_fields__}
    for name in ("before", "after"):
        body[name] = tuple(sorted(body.get(name, ())))
    return CollectionRules(**(body | {"version": found.version}))
