"""What is known beside a file: earlier accepted cases and, as pseudonyms alone, those of the service's other centres.

It asks nobody's permission: what comes of it is a finding that names no case of another centre.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from plenary.collection.models import CaseMark, CaseVersion, SharedPatient
from plenary.collection.queries.policies import collection_rules
from plenary.collection.terms import Route, SharedAnswer, SharedState, SubmissionState
from plenary.registry.models import Centre, Service
from plenary_episodes.pseudonyms import Pseudonyms
from plenary_stats import ingest, tables
from plenary_stats.ingest import across
from plenary_stats.ingest.across import Elsewhere, Known, KnownCase, Marks
from plenary_stats.spec import DataSet

YEARS: Final = 5
"""How far back cases are looked at beside a file."""

Row = dict[str, Any]


def mark(kind: str, texts: Sequence[str]) -> list[str]:
    """Return keyed pseudonyms of texts of a kind (``nhs``, ``like``, ``born``, ``value``); an empty text for an empty one."""
    distinct = list(dict.fromkeys(texts))
    maker = _maker()
    made = maker.nhs_numbers(distinct) if kind == "nhs" else maker.local_ids([f"{kind} of a case"] * len(distinct), distinct)
    known = dict(zip(distinct, made, strict=True))
    return [known[text] for text in texts]


def key_id() -> str:
    """Return what tells the pseudonyms of the present key from those of another."""
    return _maker().local_ids(["key"], ["id"])[0][:16]


def _maker() -> Pseudonyms:
    return Pseudonyms(settings.PLENARY.episodes_key.encode())


def known_beside(
    centre: Centre, period: tuple[str, dt.date, dt.date], dataset: DataSet, *, on: dt.date, whole: bool = True
) -> Known:
    """Return what is known beside a file of a centre and period ``(label, start, end)``, on a day."""
    label, start, end = period
    rules = collection_rules(start)
    rows = list(_rows_of(centre, start, end, dataset))
    labels, back = ingest.period_labels(tables.dates([row["case__index_on"] for row in rows]), label, start, end)
    cases = [_known_case(row, name, dataset, start, end) for row, name in zip(rows, labels.tolist(), strict=True)]
    years = Counter(number for number in back.tolist() if number > 0)
    return Known(
        mark=mark,
        cases=cases,
        elsewhere=elsewhere(centre, start, end, rules.same_patient_days),
        counts=[years[number] for number in sorted(years)],
        label=label,
        whole=whole,
        over=end <= on,
        surely=rules.same_patient_days,
        likely=rules.like_patient_days,
    )


def _rows_of(centre: Centre, start: dt.date, end: dt.date, dataset: DataSet) -> QuerySet[CaseVersion, Row]:
    payload = [f"payload__{name}" for name in _asked(dataset)]
    rows = CaseVersion.objects.filter(
        current=True, case__centre=centre, case__erased=False, case__index_on__lt=end,
        case__index_on__gte=start.replace(year=start.year - YEARS, day=min(start.day, 28)),
    )  # fmt: skip
    submission = ("submission__route", "submission__state", "submission__period_start", "submission__period_end")
    marks = ("case__mark__key_id", "case__mark__nhs", "case__mark__like", "case__mark__born")
    found: QuerySet[CaseVersion, Row] = rows.order_by("case__case_id").values(
        "case__case_id", "case__index_on", "case__sex", *marks, *submission, *payload
    )
    return found


def _asked(dataset: DataSet) -> list[str]:
    """Return the fields that tell a death."""
    named = [name for name, known in dataset.collected.items() if across.is_death(name, known.annotation)]
    pair = [name for name in (across.SEEN, across.STATUS) if name in dataset.collected]
    return [*named, *(pair if len(pair) == 2 else [])]


def _known_case(row: Row, label: str, dataset: DataSet, start: dt.date, end: dt.date) -> KnownCase:
    from_file = row["submission__route"] == Route.FILE and row["submission__state"] == SubmissionState.ACCEPTED
    return KnownCase(
        case_id=row["case__case_id"],
        index_on=row["case__index_on"],
        period=label,
        marks=_marks(row, "case__mark__"),
        sex=row["case__sex"],
        died_on=_died_on(row, dataset),
        own=from_file and (row["submission__period_start"], row["submission__period_end"]) == (start, end),
        keyed=row["submission__route"] == Route.KEYED,
    )


def _marks(row: Row, path: str) -> Marks:
    if row[f"{path}key_id"] != key_id():
        return Marks()
    return Marks(row[f"{path}nhs"], row[f"{path}like"], row[f"{path}born"])


def _died_on(row: Row, dataset: DataSet) -> dt.date | None:
    asked = _asked(dataset)
    seen, status = row.get(f"payload__{across.SEEN}"), row.get(f"payload__{across.STATUS}")
    named = [row[f"payload__{name}"] for name in asked if name not in {across.SEEN, across.STATUS}]
    told = next(filter(None, named), None) or (seen if status == across.DEAD else None)
    return dt.date.fromisoformat(told) if told else None


# -- one patient at two centres


def standing_marks(service: Service) -> QuerySet[CaseMark]:
    """Return the pseudonyms, under the present key, of the cases of a service that stand."""
    current = CaseVersion.objects.filter(case=OuterRef("case"), current=True)
    rows = CaseMark.objects.filter(Exists(current), key_id=key_id(), case__centre__service=service, case__erased=False)
    return rows.exclude(nhs="", like="")


def elsewhere(centre: Centre, start: dt.date, end: dt.date, days: int) -> list[Elsewhere]:
    """Return the other centres' cases in a period and so many days around it, as pseudonyms."""
    around = dt.timedelta(days=days)
    rows = standing_marks(centre.service).exclude(case__centre=centre)
    rows = rows.filter(case__index_on__gte=start - around, case__index_on__lt=end + around).order_by("case")
    found: Any = rows.values_list("nhs", "like", "born", "case__index_on", "case", "case__centre")
    agreed = _agreed(centre)
    return [
        Elsewhere(Marks(nhs, like, born), on, case, place, frozenset(agreed.get(case, ())))
        for nhs, like, born, on, case, place in found
    ]


def _agreed(centre: Centre) -> dict[int, set[str]]:
    """Return of each case of another centre the own cases of which it is agreed what the two are."""
    agreed: dict[int, set[str]] = {}
    pairs = SharedPatient.objects.filter(Q(first__centre=centre) | Q(second__centre=centre), state=SharedState.AGREED)
    for pair in pairs.select_related("first", "second"):
        own, other = (pair.first, pair.second) if pair.first.centre_id == centre.pk else (pair.second, pair.first)
        agreed.setdefault(other.pk, set()).add(own.case_id)
    return agreed


def counted_elsewhere(service: Service, rows: QuerySet[CaseVersion]) -> dict[int, str]:
    """Return the cases (keys) that do not count for the network because another centre's of the same patient does, and why.

    As the two agreed; where nothing is agreed (an empty text) the case that was accepted later, if the earlier is among ``rows``:
    no patient is counted twice, and none is lost because one centre has not signed off. A withdrawn case sets the other free.
    """
    found: dict[int, str] = {}
    waiting: dict[int, set[int]] = {}
    for pair in standing_pairs().filter(first__centre__service=service).select_related("first", "second"):
        if pair.state != SharedState.AGREED:
            waiting.setdefault(pair.second_id, set()).add(pair.first_id)
        elif pair.answer != SharedAnswer.EPISODES:
            found[pair.second_id if pair.counts_at_id == pair.first.centre_id else pair.first_id] = pair.answer
    if waiting:
        earlier = set().union(*waiting.values())
        here: set[Any] = set(rows.filter(case__in=earlier).values_list("case", flat=True))
        found = {second: "" for second, first in waiting.items() if first & here} | found
    return found


def standing_pairs() -> QuerySet[SharedPatient]:
    """Return the shared patients of whom both centres' cases stand."""
    first = CaseVersion.objects.filter(case=OuterRef("first"), current=True, case__erased=False)
    second = CaseVersion.objects.filter(case=OuterRef("second"), current=True, case__erased=False)
    return SharedPatient.objects.filter(Exists(first), Exists(second))
