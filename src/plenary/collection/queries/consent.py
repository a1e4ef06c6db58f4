"""What patients said of the use of their records, and what that does to cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet

from plenary.collection import queries
from plenary.collection.models import Case, CaseVersion, Consent
from plenary.collection.terms import Answer, Effect, Wish
from plenary.core.queries import policy
from plenary.core.terms import NotFound, NotPossible, Policy, Who
from plenary.registry.models import Centre

POLICY = "objection"
WISHES = {
    Wish.REGISTRY: "Consent to the registry",
    Wish.OPT_OUT: "National data opt-out",
    Wish.OBJECTION: "Objection to use beyond own care",
}
ANSWERS = {
    Answer.GIVEN: "Given",
    Answer.REFUSED: "Refused",
    Answer.WITHDRAWN: "Withdrawn",
    Answer.NOT_ASKED: "Not asked, or recorded by mistake",
}
EFFECTS = {
    Effect.KEPT: "The case is kept",
    Effect.NOT_FOR_RESEARCH: "Not for research",
    Effect.COUNTED_ONLY: "Counted by number only",
}
_STRICTEST = list(Effect)


def visible_to(who: Who) -> QuerySet[Consent]:
    """Return what was recorded at the centres whose cases ``who`` may see, the last first."""
    rows = Consent.objects.filter(queries.of_own_centres(who, "centre__")).select_related("centre__service")
    return rows.order_by("-recorded_at", "-id")


def settings_on(day: dt.date) -> Policy:
    """Return the settings that hold on a day; raise ``NotPossible`` where none are in force."""
    try:
        return policy(POLICY, day)
    except NotFound as problem:
        raise NotPossible("No settings of consent are in force. Ask the administrator to load the definitions.") from problem


def effect_of(settings: Policy, wish: str, answer: str) -> Effect:
    """Return what an answer does; raise ``NotPossible`` where the settings have no such answer to such a question."""
    found = settings.body.get(wish, {}).get(answer)
    if found is None:
        words = WISHES.get(Wish(wish), wish) if wish in set(Wish) else wish
        raise NotPossible(f"The settings, version {settings.version}, have no answer '{answer}' to: {words}.")
    return Effect(found)


def standing_effect(centre: Centre, case_id: str) -> Effect:
    """Return the strictest of what the last answer to each question does to a case."""
    rows = Consent.objects.filter(centre=centre).order_by("said_on", "id")
    last = {row.wish: Effect(row.effect) for row in rows if row.case_id.casefold() == case_id.casefold()}
    return max(last.values(), key=_STRICTEST.index, default=Effect.KEPT)


def counted_only(centre: Centre, period_start: dt.date, period_end: dt.date) -> int:
    """Return how many cases of a centre and period are counted by number and no more: part of the hundred per cent."""
    return CaseVersion.objects.filter(
        current=True,
        case__centre=centre,
        case__counted_only=True,
        case__index_on__gte=period_start,
        case__index_on__lt=period_end,
    ).count()


def not_for_research(cases: Iterable[Case]) -> set[int]:
    """Return which cases (by number) may not be in an extract for research. Whatever makes one asks here."""
    wanted = [(one.pk, one.centre_id, one.case_id.casefold()) for one in cases]
    rows = Consent.objects.filter(centre__in={centre for _, centre, _ in wanted}).order_by("said_on", "id")
    last = {(row.centre_id, row.case_id.casefold(), row.wish): row.effect for row in rows}
    barred = {key[:2] for key, effect in last.items() if effect != Effect.KEPT}
    return {pk for pk, *key in wanted if tuple(key) in barred}


def name_of(centre: Centre, case_id: str) -> str:
    """Return an identifier as the case that stands by it is called: large and small letters make no other patient."""
    known = set(Case.objects.filter(centre=centre).values_list("case_id", flat=True))
    same = sorted(name for name in known if name.casefold() == case_id.casefold())
    if case_id in known or not same:
        return case_id
    if len(same) > 1:
        raise NotPossible(f"{' and '.join(same)} are cases of this centre. Write the identifier exactly as it stands.")
    return same[0]
