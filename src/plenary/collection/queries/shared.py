"""Patients whom two centres report: each sees its own case and which centre the other is; the network sees numbers and states."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from plenary.collection.models import CaseVersion, SharedPatient
from plenary.collection.queries.across import counted_elsewhere, standing_pairs
from plenary.collection.terms import SharedAnswer, SharedState
from plenary.core.permissions import ROLES, NationalCommissioner, NetworkLead, holds
from plenary.core.terms import Who
from plenary.registry.models import Centre, Service


@dataclass(frozen=True)
class Side:
    """One shared patient as one of the two centres, or the network, sees it. ``case_id`` is empty for the network."""

    pair: SharedPatient
    centre: Centre
    other: Centre
    case_id: str = ""


def of_centre(centre: Centre) -> QuerySet[SharedPatient]:
    """Return the shared patients of a centre of whom both cases stand."""
    return _with_centres(standing_pairs().filter(Q(first__centre=centre) | Q(second__centre=centre)))


def unsettled(centre: Centre, period_start: dt.date, period_end: dt.date) -> QuerySet[SharedPatient]:
    """Return those of a centre, with its own case in a period, of whom nothing is agreed."""
    within = {"index_on__gte": period_start, "index_on__lt": period_end}
    first = Q(first__centre=centre, **{f"first__{name}": value for name, value in within.items()})
    second = Q(second__centre=centre, **{f"second__{name}": value for name, value in within.items()})
    return standing_pairs().filter(first | second).exclude(state=SharedState.AGREED)


def visible_to(who: Who, service: Service) -> list[Side]:
    """Return each shared patient once for every own centre; to the network's lead and the commissioner once, without a case."""
    follows = holds(who, NetworkLead, NationalCommissioner, service=service.slug)
    found = []
    for pair in _with_centres(standing_pairs().filter(first__centre__service=service)):
        own = [case for case in (pair.first, pair.second) if _is_own(who, case.centre)]
        for case in own:
            other = pair.second if case == pair.first else pair.first
            found.append(Side(pair, case.centre, other.centre, case.case_id))
        if not own and follows:
            found.append(Side(pair, pair.first.centre, pair.second.centre))
    return found


def side(who: Who, number: int) -> Side | None:
    """Return one shared patient as an own centre sees it; None for everybody else."""
    pair = _with_centres(standing_pairs()).filter(pk=number).first()
    for case in (pair.first, pair.second) if pair else ():
        if pair and _is_own(who, case.centre):
            other = pair.second if case == pair.first else pair.first
            return Side(pair, case.centre, other.centre, case.case_id)
    return None


def _is_own(who: Who, centre: Centre) -> bool:
    return holds(who, *(role for role in ROLES if role.sees_cases and role.scope_kinds == ("centre",)), centre=centre.key)


def _with_centres(rows: QuerySet[SharedPatient]) -> QuerySet[SharedPatient]:
    return rows.select_related("first__centre__service", "second__centre__service", "counts_at", "moved_from", "proposed_by")


@dataclass(frozen=True)
class Account:
    """How the cases that came in for a service and period are accounted for. The parts sum to ``cases``."""

    cases: int
    counted: int
    transferred: int
    duplicates: int
    waiting: int

    @property
    def whole(self) -> bool:
        return self.cases == self.counted + self.transferred + self.duplicates + self.waiting


def account(service: Service, period_start: dt.date, period_end: dt.date) -> Account:
    """Return how the current cases of a service and period are accounted for: counted, or why another centre's counts."""
    rows = CaseVersion.objects.filter(
        current=True, case__erased=False, case__centre__service=service,
        case__index_on__gte=period_start, case__index_on__lt=period_end,
    )  # fmt: skip
    cases: set[Any] = set(rows.values_list("case", flat=True))
    why = [answer for case, answer in counted_elsewhere(service, rows).items() if case in cases]
    return Account(
        cases=len(cases),
        counted=len(cases) - len(why),
        transferred=why.count(SharedAnswer.TRANSFER),
        duplicates=why.count(SharedAnswer.DUPLICATE),
        waiting=why.count(""),
    )
