"""Everything that reads outcome sets and results. Results are for the network, never for the public."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from plenary.collection import queries as collection
from plenary.collection.queries import follow_up
from plenary.collection.queries.agreed import Described, in_words, words
from plenary.collection.queries.runs import Runs, hash_of
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, holds
from plenary.core.queries import events, stored_bytes
from plenary.core.terms import Who
from plenary.outcomes.models import Comment, OutcomeSetVersion, PeerNaming, Run
from plenary.registry import queries as registry
from plenary.registry.models import Service
from plenary_stats import measures, spec, tables
from plenary_stats.folder import Expected
from plenary_stats.spec import Outcome, OutcomeSet
from plenary_stats.tables import TOTAL, ResultTable

_OUTCOME: Final = {
    "label": "Label",
    "measure": "Measure",
    "eligible": "Eligible",
    "met": "Met",
    "event": "Event",
    "events": "Events",
    "competing": "Competing event",
    "person_time": "Person-time",
    "value": "Value",
    "unit": "Unit",
    "baseline": "Baseline",
    "time": "Time",
    "start": "From",
    "end": "To",
    "entry": "Entry",
    "at": "At",
    "levels": "Levels",
    "units": "Organs",
    "units_met": "Organs met",
    "subject": "Patient",
    "direction": "Better",
    "by": "By",
    "adjust": "Adjusted for",
    "window_years": "Years pooled",
    "important": "Important difference",
    "proposed": "Proposed only",
}

_RUNS = Runs(Run, "The results of {} have")
visible_to, tables_of = _RUNS.visible_to, _RUNS.tables_of
latest, services_run = _RUNS.latest, _RUNS.services_run


def results(who: Who, run: Run) -> tuple[ResultTable, ...]:
    """Return the tables of a run to its network; nothing to anybody else.

    Where the network agreed that its centres do not see one another's names, a centre finds the others as "Peer 1" and so on.
    """
    found = _RUNS.results(who, run)
    if sees_every_name(who, run.service.slug) or names_shown(run.service):
        return found
    return tuple(_without_names(table, who, run) for table in found)


def sees_every_name(who: Who, service: str) -> bool:
    """Return whether ``who`` knows every centre by name, whatever was agreed: the lead and the commissioner compare them."""
    return holds(who, NetworkLead, NationalCommissioner, service=service)


def _speaks_for(who: Who, centre: str) -> bool:
    return holds(who, CentreDataManager, CentreLead, centre=centre)


def names_shown(service: Service) -> bool:
    """Return whether the centres of a network see one another's names; so it is until the network agrees otherwise."""
    agreed = PeerNaming.objects.filter(service=service).first()
    return agreed is None or agreed.named


def _without_names(table: ResultTable, who: Who, run: Run) -> ResultTable:
    """Return a table with numbers in the place of other centres, own rows first: the order of codes would give them away.

    Which number a centre has comes from a secret, so that nobody can work it out.
    """
    codes = table.columns["centre"].tolist()
    own = {code for code in set(codes) if _speaks_for(who, f"{run.service.slug}/{code}")}
    peers = sorted(set(codes) - own - {TOTAL, ""}, key=lambda code: salted_hmac("peers", f"{run.pk}/{code}").hexdigest())
    names = {code: f"Peer {number}" for number, code in enumerate(peers, 1)}
    place = {code: number for number, code in enumerate([*sorted(own), *peers, "", TOTAL])}
    order = sorted(range(len(codes)), key=lambda row: place[codes[row]])
    columns = {name: column[order] for name, column in table.columns.items()}
    return replace(table, columns=columns | {"centre": tables.text([names.get(codes[row], codes[row]) for row in order])})


def outcomes_of(run: Run) -> dict[str, str]:
    """Return the outcomes of a run by their ids, with their labels."""
    agreed = agreed_with(run)
    return {one.id: one.label for one in agreed.outcomes} if agreed else {}


def comments(who: Who, run: Run) -> list[tuple[Comment, str]]:
    """Return what centres said of a run, each with the name of who said it: all of it to whoever leads, to a centre its own."""
    rows = Comment.objects.filter(run=run).select_related("centre__service")
    kept = [one for one in rows if sees_every_name(who, run.service.slug) or _speaks_for(who, one.centre.key)]
    start = f"outcomes-run/{run.pk}/comment/"
    names = {one.subject: one.who_name for one in events(verb="comment on results").filter(subject__startswith=start)}
    return [(one, names.get(f"{start}{one.pk}", "")) for one in kept]


def comments_of_period(who: Who, service: Service, period_start: dt.date, period_end: dt.date) -> list[tuple[Comment, str]]:
    """Return what centres said of any results of a service and period, for whoever writes about them."""
    runs = visible_to(who).filter(service=service, period_start=period_start, period_end=period_end)
    return [pair for one in runs.filter(comments__isnull=False).distinct() for pair in comments(who, one)]


def agreed_with(run: Run) -> OutcomeSet | None:
    """Return the outcome set under which a run was computed: the document of then, not of now."""
    name = f"outcome-set/{run.service.slug}/"
    return next((_parsed(sha256) for key, sha256 in run.inputs.items() if key.startswith(name)), None)


# -- outcome sets


def outcome_set_versions(service: Service) -> QuerySet[OutcomeSetVersion]:
    """Return the versions of a service's outcome set, the oldest first."""
    return OutcomeSetVersion.objects.filter(service=service).select_related("service").order_by("adopted_on", "id")


def outcome_sets_visible_to(who: Who) -> QuerySet[OutcomeSetVersion]:
    """Return the outcome sets of the services to whose networks ``who`` belongs, by service, the oldest first."""
    found = OutcomeSetVersion.objects.filter(collection.of_networks(who)).select_related("service")
    return found.order_by("service__name", "service__slug", "adopted_on", "id")


def described(agreed: OutcomeSet) -> Described:
    """Return the outcomes of a set in words, in their order."""
    return {one.id: in_words(one, _OUTCOME) | _written_beside(one) for one in agreed.outcomes}


def _written_beside(one: Outcome) -> dict[str, str]:
    """Return the benchmark, and what is written of an outcome besides: its definition, its note."""
    found = {key.capitalize(): words(text) for key, text in one.extra.items() if text}
    if one.benchmark is not None:
        source = f" ({one.benchmark.source})" if one.benchmark.source else ""
        found["Benchmark"] = f"{one.benchmark.value:g}{source}"
    return found


def misfits(agreed: OutcomeSet, service: Service, on: dt.date) -> list[str]:
    """Return why an outcome set cannot be computed from the service's data set of a day; nothing where it can.

    A service that has no data set yet has nothing that an outcome set could fail to fit.
    """
    known = collection.data_set_versions(service)
    version = known.filter(adopted_on__lte=on).last() or known.first()
    return spec.problems(agreed, collection.data_set(version)) if version else []


def outcome_set_for(service: Service, period_end: dt.date) -> OutcomeSetVersion | None:
    """Return the version adopted last before the period ended, or the earliest there is; None where there is none."""
    versions = outcome_set_versions(service)
    return versions.filter(adopted_on__lt=period_end).last() or versions.first()


def outcome_set(version: OutcomeSetVersion) -> OutcomeSet:
    """Return the parsed outcome set of a version."""
    return _parsed(version.sha256)


@lru_cache(maxsize=256)
def _parsed(sha256: str) -> OutcomeSet:
    return spec.read_outcome_set(stored_bytes(sha256))


# -- what a run computes


def designated_centres(service: Service, period_start: dt.date, period_end: dt.date) -> list[str]:
    """Return the ODS codes of the centres that were designated on any day of the period."""
    during = registry.designated_during(period_start, period_end).filter(centre__service=service)
    return sorted(set(during.values_list("centre__ods", flat=True)))


def inputs(service: Service, period_start: dt.date, period_end: dt.date, *, signed_only: bool) -> dict[str, str]:
    """Return the hash of everything that a run is computed from."""
    chosen = outcome_set_for(service, period_end)
    start = _since(chosen, period_start)
    found = collection.case_inputs(service, start, period_end, signed_only=signed_only)
    if forward := follow_up.brought_forward(service, start, period_end):
        found[f"follow-up/{service.slug}"] = hash_of([[*case, sorted(fields.items())] for case, fields in forward.items()])
    if chosen is not None:
        found[f"outcome-set/{service.slug}/{chosen.version}"] = chosen.sha256
    rest = {
        "centres": designated_centres(service, period_start, period_end),
        "expected": [[one.centre, one.case_id] for one in _expected(service, period_start, period_end)],
        "regions": sorted(registry.region_by_area().items()),
    }
    return found | {f"{name}/{service.slug}": hash_of(value) for name, value in rest.items()}


def compute(
    service: Service, period_start: dt.date, period_end: dt.date, label: str, *, signed_only: bool
) -> tuple[ResultTable, ...]:
    """Return activity, outcomes, survival curves and completeness of a service and period."""
    chosen = outcome_set_for(service, period_end)
    agreed = outcome_set(chosen) if chosen else None
    since = _since(chosen, period_start)
    forward = follow_up.brought_forward(service, since, period_end)
    cases = collection.case_table(
        service, period_start, period_end, signed_only=signed_only, since=since, label=label, followed=forward
    )
    dataset = collection.data_set(collection.data_set_for(service, period_end))
    centres = designated_centres(service, period_start, period_end)
    regions: Mapping[str, str | None] = dict(registry.region_by_area())
    activity = measures.activity(cases, service=service.slug, centres=centres, period=label, regions=regions, dataset=dataset)
    complete = measures.completeness(
        cases,
        service=service.slug,
        centres=centres,
        period=label,
        expected=_expected(service, period_start, period_end),
        dataset=dataset,
        outcome_set=agreed,
    )
    if agreed is None:
        return activity, complete
    span: dict[str, Any] = {"period_start": period_start, "period_end": period_end, "label": label}
    rated = measures.outcomes(agreed, cases, centres=centres, dataset=dataset, **span)
    curves = measures.curve(agreed, cases, centres=centres, dataset=dataset, **span)
    return activity, *rated, *([curves] if len(curves) else []), complete


def _expected(service: Service, period_start: dt.date, period_end: dt.date) -> list[Expected]:
    return [Expected(ods, case_id) for ods, case_id in collection.expected_cases(service, period_start, period_end)]


def _since(chosen: OutcomeSetVersion | None, period_start: dt.date) -> dt.date:
    """Return the first day of the longest window that the outcomes pool."""
    windows = [outcome.window_years for outcome in outcome_set(chosen).outcomes] if chosen else []
    back = max([1, *windows]) - 1
    leap_day = (period_start.month, period_start.day) == (2, 29)
    return period_start.replace(year=period_start.year - back, day=28 if leap_day else period_start.day)
