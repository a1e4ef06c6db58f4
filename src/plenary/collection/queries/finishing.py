"""What keeps a centre from signing a period off under the network's rules, beside missing cases and undecided files."""

from __future__ import annotations

import datetime as dt

from plenary.collection.queries import clarifications, confirmations, shared
from plenary.collection.queries.policies import REFUSE, SIGN_OFF, collection_rules
from plenary.core.queries import today
from plenary.registry.models import Centre


def stops(centre: Centre, period_start: dt.date, period_end: dt.date) -> list[str]:
    """Return what must be done before the sign-off, one sentence each."""
    return [text for text, refuses in _left(centre, period_start, period_end) if refuses]


def warnings(centre: Centre, period_start: dt.date, period_end: dt.date) -> list[str]:
    """Return what is left to do and keeps nobody from signing."""
    return [text for text, refuses in _left(centre, period_start, period_end) if not refuses]


def _left(centre: Centre, start: dt.date, end: dt.date) -> list[tuple[str, bool]]:
    rules = collection_rules(today())
    found = []
    if count := clarifications.unanswered(centre, start, end).count():
        found.append(
            (f"{_many(count, 'query of the network', 'queries of the network')} not answered.", rules.open_queries == REFUSE)
        )
    if count := shared.unsettled(centre, start, end).count():
        told = f"{_many(count, 'patient', 'patients')} reported by another centre too, and nothing is agreed."
        found.append((told, rules.shared_patients == REFUSE))
    if rules.confirming(centre.service.slug) == SIGN_OFF and (count := confirmations.unconfirmed(centre, start, end)):
        found.append((f"{_many(count, 'warning', 'warnings')} neither mended nor confirmed with a reason.", True))
    return found


def _many(count: int, one: str, many: str) -> str:
    return f"{count} {one} is" if count == 1 else f"{count} {many} are"
