"""Deadlines and the reminders of them, by e-mail: to whoever holds the posts, once for each stage, and never with a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from plenary.collection import permissions
from plenary.collection.models import Deadline, NoReminders, ReminderSent
from plenary.collection.queries import clarifications, period_label
from plenary.collection.queries import deadlines as queries
from plenary.collection.queries.policies import CollectionRules, collection_rules
from plenary.collection.terms import require_period
from plenary.core.actions import record
from plenary.core.models import Person
from plenary.core.permissions import CentreDataManager, CentreLead, NetworkLead, may_administer, require
from plenary.core.queries import posts_in_force
from plenary.core.terms import NotPossible, Refused, Who
from plenary.registry import queries as registry
from plenary.registry.models import Centre, Service


@dataclass(frozen=True)
class Line:
    """One centre and period that somebody is reminded of."""

    centre: Centre
    start: dt.date
    end: dt.date
    due_on: dt.date
    stage: str
    text: str

    @property
    def key(self) -> tuple[int, dt.date, dt.date, dt.date, str]:
        return self.centre.pk, self.start, self.end, self.due_on, self.stage


@dataclass(frozen=True)
class Sent:
    """What became of the reminders to one person. ``problem`` is empty where they went out."""

    person: Person
    lines: tuple[Line, ...]
    problem: str = ""


def set_deadline(*, service: Service, period_start: dt.date, period_end: dt.date, due_on: dt.date, by: Who) -> Deadline:
    """Set by when the centres of a service sign a period off. A later call moves it; reminders follow the new day."""
    require(permissions.may_set_deadline(by, service), f"Only the network lead of {service.name} sets its deadlines.")
    require_period(period_start, period_end)
    if due_on < period_end:
        raise NotPossible("The deadline lies before the period's end: its last cases could not be in.")
    with transaction.atomic():
        place: dict[str, Any] = {"service": service, "period_start": period_start, "period_end": period_end}
        was = Deadline.objects.filter(**place).values_list("due_on", flat=True).first()
        made, _ = Deadline.objects.update_or_create(
            **place, defaults={"due_on": due_on, "set_at": timezone.now(), "set_by": by.person_id}
        )
        if was != due_on:
            detail = {"due_on": due_on, "was": was}
            record(by=by, verb="set deadline", subject=f"deadline/{service.slug}/{period_start}", detail=detail)
    return made


def choose_reminders(*, early: bool, by: Who) -> None:
    """Say whether one wants early reminders. Those of the last days and after the deadline come all the same."""
    if by.person_id is None:
        raise Refused("Somebody who signs in chooses for themselves.")
    with transaction.atomic():
        if early:
            changed = NoReminders.objects.filter(person=by.person_id).delete()[0] > 0
        else:
            _, changed = NoReminders.objects.get_or_create(person=by.person_id, defaults={"since": timezone.now()})
        if changed:
            record(by=by, verb="choose reminders", subject=f"person/{by.person_id}", detail={"early": early})


def remind(*, on: dt.date, by: Who, dry: bool = False) -> list[Sent]:
    """Send what is due on a day, one message a person, and return what became of each. Sent twice is sent once.

    A message and its record are one transaction: where the post refuses it, nothing is recorded and the next run tries again.
    """
    require(may_administer(by), "Only the installation itself and its administrator send reminders.")
    rules = collection_rules(on)
    wanted = _wanted(on, rules)
    people = {person.pk: person for person in Person.objects.filter(pk__in=wanted, is_active=True)}
    declined = queries.wants_no_early(people)
    found = []
    for pk, person in sorted(people.items()):
        lines = [one for one in wanted[pk] if pk not in declined or queries.is_mandatory(one.stage, rules)]
        if outcome := _send(person, lines, by, dry=dry):
            found.append(outcome)
    return found


def _wanted(on: dt.date, rules: CollectionRules) -> dict[int, list[Line]]:
    """Return by person (key) what they are to be reminded of on a day."""
    words = registry.wording("reminders")
    found: dict[int, list[Line]] = {}
    holders = _holders(on)
    for service in registry.services():
        for start, end in queries.running(service):
            due = queries.due_on(service, start, end)
            stage = queries.stage_on(due, on, rules) if due else ""
            if due is None or not stage:
                continue
            asked = clarifications.counts(service, start, end, on)
            late = queries.unfinished(service, start, end)
            for centre in late:
                text = _text(centre, (start, end, due), on, words, asked.get(centre.pk, (0, 0))[0])
                line = Line(centre, start, end, due, stage, text)
                for pk in holders.get(centre.key, ()):
                    found.setdefault(pk, []).append(line)
            if stage.startswith("after"):
                for pk in holders.get(service.slug, ()):
                    found.setdefault(pk, []).extend(_lead_lines(late, (start, end, due), stage, words))
    return found


def _holders(on: dt.date) -> dict[str, list[int]]:
    """Return the people (keys) who hold the posts, by centre and for leads by service."""
    centre, service = [CentreDataManager.key, CentreLead.key], [NetworkLead.key]
    rows = posts_in_force(on).filter(role__in=[*centre, *service], scope_kind__in=["centre", "service"])
    found: dict[str, list[int]] = {}
    for scope, person in sorted(set(rows.values_list("scope", "person"))):
        found.setdefault(scope, []).append(person)
    return found


def _text(centre: Centre, dates: tuple[dt.date, dt.date, dt.date], on: dt.date, words: Mapping[str, Any], asked: int) -> str:
    start, end, due = dates
    left = (due - on).days
    kind = "due-today" if left == 0 else "before" if left > 0 else "after"
    text = str(words[kind]["en"]).format(
        service=centre.service.name, centre=centre.name, period=period_label(start, end), due=_day(due), days=_days(abs(left))
    )
    if asked:
        text += " " + words["queries"]["en"].format(count=asked)
    return text


def _lead_lines(
    late: Iterable[Centre], dates: tuple[dt.date, dt.date, dt.date], stage: str, words: Mapping[str, Any]
) -> list[Line]:
    start, end, due = dates
    return [
        Line(
            centre, start, end, due, f"lead-{stage}",
            words["lead"]["en"].format(
                service=centre.service.name, centre=centre.name, period=period_label(start, end), due=_day(due)
            ),
        )
        for centre in late
    ]  # fmt: skip


def _send(person: Person, lines: Iterable[Line], by: Who, *, dry: bool) -> Sent | None:
    known = set(
        ReminderSent.objects.filter(person=person.pk).values_list("centre", "period_start", "period_end", "due_on", "stage")
    )
    fresh = tuple(dict.fromkeys(one for one in lines if one.key not in known))
    if not fresh or dry:
        return Sent(person, fresh) if fresh else None
    try:
        with transaction.atomic():
            now = timezone.now()
            ReminderSent.objects.bulk_create(
                ReminderSent(
                    person=person.pk, centre=one.centre, period_start=one.start, period_end=one.end, due_on=one.due_on,
                    stage=one.stage, sent_at=now,
                )
                for one in fresh
            )  # fmt: skip
            record(by=by, verb="send reminder", subject=f"person/{person.pk}", detail={"centres": len(fresh)})
            _message(person, fresh).send()
    except (SMTPException, OSError) as problem:
        return Sent(person, fresh, problem=str(problem) or type(problem).__name__)
    return Sent(person, fresh)


def _message(person: Person, lines: Iterable[Line]) -> EmailMessage:
    words = {key: one["en"] for key, one in registry.wording("reminders").items() if isinstance(one, dict)}
    listed = "\n".join(f"- {one.text}" for one in lines)
    address = f"{settings.PLENARY.base_url}/workspace/collection/"
    body = "\n\n".join(
        [words["greeting"].format(name=person.name), words["opening"], listed, words["closing"].format(address=address)]
    )
    return EmailMessage(subject=words["subject"], body=body + "\n", to=[person.email])


def _day(value: dt.date) -> str:
    return f"{value.day} {value:%B %Y}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
