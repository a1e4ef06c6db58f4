"""Old unfinished cases: their owners are told, and when they do nothing the drafts are cleared. No message names a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from plenary.collection.models import CaseDraft
from plenary.collection.queries import drafts as queries
from plenary.collection.queries import period_label
from plenary.collection.queries.drafts import DraftRules
from plenary.core.actions import record
from plenary.core.models import Person
from plenary.core.permissions import may_administer, require
from plenary.core.terms import Who
from plenary.registry import queries as registry


@dataclass(frozen=True)
class Told:
    """One owner who was told, and of how many drafts. ``problem`` is empty unless the message could not be sent."""

    email: str
    drafts: int
    problem: str = ""


@dataclass(frozen=True)
class Cleared:
    """What was done on a day."""

    told: tuple[Told, ...] = ()
    cleared: int = 0


def clear_drafts(*, on: dt.date, by: Who, dry: bool = False) -> Cleared:
    """Tell the owners of drafts that grow old, and clear those whose owners were told long enough ago. Done twice, done once.

    Whose account is closed cannot be told and cannot go on: their drafts wait for the same days and go then.
    """
    require(may_administer(by), "Only the installation itself and its administrator clear unfinished cases.")
    rules = queries.draft_rules(on)
    if rules is None:
        return Cleared()
    old = list(queries.to_clear(on, rules).values_list("pk", flat=True))
    told = _tell(on, rules, by, dry=dry)
    return Cleared(told, len(old) if dry else sum(_clear(pk, on, rules, by) for pk in old))


def _tell(on: dt.date, rules: DraftRules, by: Who, *, dry: bool) -> tuple[Told, ...]:
    found = []
    rows = list(queries.to_tell(on, rules))
    people = {one.pk: one for one in Person.objects.filter(pk__in={one.owner for one in rows}, is_active=True)}
    for owner, group in groupby(rows, key=lambda one: one.owner):
        drafts, person = list(group), people.get(owner)
        told = Told(person.email if person else "", len(drafts))
        if not dry:
            told = _told(person, drafts, rules, by, told)
        found.append(told)
    return tuple(found)


def _told(person: Person | None, drafts: Sequence[CaseDraft], rules: DraftRules, by: Who, told: Told) -> Told:
    """Send one message and note it, together: where the post refuses it, nothing is noted and the next run tries again."""
    try:
        with transaction.atomic():
            for one in drafts:  # what was saved meanwhile is not told of
                CaseDraft.objects.filter(pk=one.pk, saved_at=one.saved_at).update(told_at=timezone.now())
            detail = {"drafts": [one.pk for one in drafts], "rules": rules.version, "sent": person is not None}
            record(by=by, verb="tell of drafts", subject=f"person/{drafts[0].owner}", detail=detail)
            if person is not None:
                _message(person, drafts, rules).send()
    except (SMTPException, OSError) as problem:
        return Told(told.email, told.drafts, str(problem) or type(problem).__name__)
    return told


def _clear(pk: int, on: dt.date, rules: DraftRules, by: Who) -> bool:
    with transaction.atomic():
        draft = queries.to_clear(on, rules).select_for_update(of=("self",)).filter(pk=pk).first()
        if draft is None:  # finished, deleted or saved meanwhile
            return False
        detail = {"centre": draft.centre.key, "rules": rules.version, "saved_on": timezone.localdate(draft.saved_at)}
        record(by=by, verb="clear draft", subject=f"draft/{draft.pk}", detail=detail)
        draft.delete()
    return True


def _message(person: Person, drafts: Iterable[CaseDraft], rules: DraftRules) -> EmailMessage:
    words = {key: one["en"] for key, one in registry.wording("drafts").items() if isinstance(one, dict)}
    lines = []
    for _, group in groupby(drafts, key=lambda one: (one.centre_id, one.period_start, one.period_end)):
        same = list(group)
        first, now = same[0], timezone.now()
        goes = min(queries.kept_until(one.saved_at, now, rules) for one in same)
        lines.append(
            "- "
            + words["line"].format(
                service=first.centre.service.name,
                centre=first.centre.name,
                period=period_label(first.period_start, first.period_end),
                count=len(same),
                day=f"{goes.day} {goes:%B %Y}",
            )
        )
    address = f"{settings.PLENARY.base_url}/workspace/collection/"
    body = [
        words["greeting"].format(name=person.name),
        words["opening"],
        "\n".join(lines),
        words["closing"].format(address=address),
    ]
    return EmailMessage(subject=words["subject"], body="\n\n".join(body) + "\n", to=[person.email])
