"""Who sees what: every read of cases, submissions and series starts here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from plenary.collection.models import Case, CaseSeries, CaseVersion, Deadline, ExpectedCase, Submission
from plenary.collection.terms import Route, SubmissionState
from plenary.core.permissions import ROLES, CentreDataManager, CentreLead, NationalCommissioner, NetworkLead
from plenary.core.terms import NATION, NotFound, Who


def of_networks(who: Who) -> Q:
    """Return the condition on a ``service`` that ``who`` belongs to its network; all services to the commissioner."""
    found = Q(pk__in=())
    for post in who.posts:
        if post.role == NationalCommissioner.key and (post.scope_kind == "all" or post.scope == NATION):
            found |= Q(pk__isnull=False)
        if post.role == NetworkLead.key and post.scope_kind == "service":
            found |= Q(service__slug=post.scope)
        if post.role in (CentreDataManager.key, CentreLead.key) and post.scope_kind == "centre":
            found |= Q(service__slug=post.scope.partition("/")[0])
    return found


def visible_to(who: Who) -> QuerySet[Case]:
    """Return the cases of the centres whose cases ``who`` may see; erased ones are gone for everybody."""
    return Case.objects.filter(of_own_centres(who, "centre__"), erased=False).select_related("centre__service")


def current_versions(who: Who) -> QuerySet[CaseVersion]:
    """Return what stands of the cases that ``who`` may see."""
    rows = CaseVersion.objects.filter(case__in=visible_to(who), current=True)
    return rows.select_related("case__centre__service").order_by("case__case_id")


def submissions(who: Who) -> QuerySet[Submission]:
    """Return what the own centres sent, newest first."""
    return Submission.objects.filter(of_own_centres(who, "centre__")).select_related("centre__service", "data_set")


def submission(submission_id: int) -> Submission:
    """Return one submission or raise ``NotFound``. It asks nobody's permission: actions and jobs do."""
    found = Submission.objects.select_related("centre__service", "data_set__service").filter(pk=submission_id).first()
    if found is None:
        raise NotFound(f"There is no submission {submission_id}.")
    return found


def before(who: Who, submission: Submission) -> Submission | None:
    """Return the file of the same centre and period that this one superseded, or would supersede; None where it is the first."""
    files = submissions(who).filter(
        centre=submission.centre, period_start=submission.period_start, period_end=submission.period_end, route=Route.FILE
    )
    if submission.state in (SubmissionState.RECEIVED, SubmissionState.CHECKED):
        return files.filter(state=SubmissionState.ACCEPTED).first()
    return files.filter(superseded_by=submission).first()


def periods(services: Iterable[str]) -> list[tuple[dt.date, dt.date]]:
    """Return the periods on which these services (slugs) work, the latest first: something was sent or declared, or is asked for.

    It asks nobody's permission: a period says nothing of a case, and people who see no case write for it.
    """
    slugs = list(services)
    rows: list[Any] = [one.objects.filter(centre__service__slug__in=slugs) for one in (Submission, CaseSeries, ExpectedCase)]
    rows.append(Deadline.objects.filter(service__slug__in=slugs))
    found = (one.order_by().values_list("period_start", "period_end").distinct() for one in rows)
    return sorted({pair for pairs in found for pair in pairs}, reverse=True)


def case_series(who: Who) -> QuerySet[CaseSeries]:
    """Return the case series of the own centres and of the networks that ``who`` leads or commissions."""
    return CaseSeries.objects.filter(of_own_centres(who, "centre__") | of_followed(who, "centre__")).select_related(
        "centre__service"
    )


def of_own_centres(who: Who, path: str = "") -> Q:
    """Return the condition on a centre (at ``path``, "" or "centre__") that ``who`` holds a post at it that sees cases."""
    found = Q(pk__in=())
    roles = {role.key for role in ROLES if role.sees_cases}
    for post in who.posts:
        if post.role in roles and post.scope_kind == "centre":
            service, _, ods = post.scope.partition("/")
            found |= Q(**{f"{path}service__slug": service, f"{path}ods": ods})
    return found


def of_followed(who: Who, path: str = "") -> Q:
    """Return the condition on a centre that it is of a service that ``who`` leads or commissions. It opens no case."""
    found = Q(pk__in=())
    for post in who.posts:
        if post.role == NetworkLead.key and post.scope_kind == "service":
            found |= Q(**{f"{path}service__slug": post.scope})
        if post.role == NationalCommissioner.key and (post.scope_kind == "all" or post.scope == NATION):
            found |= Q(pk__isnull=False)
    return found
