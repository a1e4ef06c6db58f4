"""Everything that reads the room. What shows cases starts from ``visible_to(who)``; what computes results says so.

Pages read cases through ``actions.open_cases`` and ``actions.open_differences``, which record that they were read.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from plenary.collection.models import Case, CaseSeries, CaseVersion, DataSetVersion, Deadline, ExpectedCase, Submission
from plenary.collection.queries.across import counted_elsewhere, known_beside
from plenary.collection.terms import (
    Accounted,
    Difference,
    Found,
    Progress,
    Reply,
    Route,
    SeriesState,
    SubmissionState,
    Unfinished,
)
from plenary.core.permissions import ROLES, CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, sees_cases
from plenary.core.queries import erased_on, stored_bytes
from plenary.core.terms import NATION, Damaged, NotFound, NotPossible, Who
from plenary.registry import queries as registry
from plenary.registry.models import Centre, Service
from plenary_stats import ingest, spec, tables
from plenary_stats.dictionary.mapping import FileMapping, read_mapping
from plenary_stats.ingest import Checked, Finding, RawTable
from plenary_stats.ingest.suggestion import fitting
from plenary_stats.spec import DataSet, InputError
from plenary_stats.tables import CaseTable

Payload = dict[str, Any]

_KEYS = ("centre", "case_id", "period")
"""Columns of a case table that stand in the case itself, not in its payload."""


# -- who sees what


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


# -- data sets


def data_set_versions(service: Service) -> QuerySet[DataSetVersion]:
    """Return the versions of a service's data set, the oldest first."""
    return DataSetVersion.objects.filter(service=service).select_related("service").order_by("adopted_on", "id")


def data_set_for(service: Service, period_end: dt.date) -> DataSetVersion:
    """Return the version adopted last before the period ended; the earliest there is where none was adopted by then."""
    versions = data_set_versions(service)
    found = versions.filter(adopted_on__lt=period_end).last() or versions.first()
    if found is None:
        raise NotPossible(f"{service.name} has no agreed data set yet: adopt one before cases are sent.")
    return found


def data_set(version: DataSetVersion) -> DataSet:
    """Return the parsed data dictionary of a version."""
    return _parsed(version.sha256, version.service.slug, version.version)


@lru_cache(maxsize=256)
def _parsed(sha256: str, service: str, version: str) -> DataSet:
    return spec.read_dictionary(stored_bytes(sha256), service, version, registry.elements())


# -- submissions, findings, differences


def checked(submission: Submission) -> Checked:
    """Return what the check makes of the submission's bytes.

    It depends on the bytes, the data set, the day of receipt, the register and the cases accepted so far: repeated, it finds the
    same until one of these changes. Only warnings rest on other cases.
    """
    content, on = stored_bytes(submission.sha256), timezone.localdate(submission.received_at)
    period = submission.period_start, submission.period_end
    return check_bytes(
        content,
        submission.filename,
        version=submission.data_set,
        centre=submission.centre,
        period=period,
        on=on,
        mapping=mapping_of(submission),
        whole=submission.route == Route.FILE,
    )


def mapping_of(submission: Submission) -> FileMapping | None:
    """Return the mapping by which a submission's columns are read; None where its headings are the data set's."""
    if not submission.mapping_sha256:
        return None
    return fitting(read_mapping(stored_bytes(submission.mapping_sha256)), data_set(submission.data_set))


def raw_table(submission: Submission) -> RawTable:
    """Return a submission as it was sent, before any mapping. ``InputError`` where it cannot be read."""
    return ingest.read(stored_bytes(submission.sha256), submission.filename)


def holds_case(submission: Submission, case: Case) -> bool:
    """Whether what was sent holds a case: it was taken from it, or stands in its file, or the file cannot be read to tell."""
    if CaseVersion.objects.filter(submission=submission, case=case).exists():
        return True
    if erased_on(submission.sha256) is not None:
        return False
    try:
        raw = ingest.read(stored_bytes(submission.sha256), submission.filename)
    except (InputError, NotFound, Damaged):
        return True
    wanted = case.case_id.casefold()
    return any(text.strip().casefold() == wanted for column in raw.columns for text in column.texts)


def erased_in(submission: Submission) -> list[tuple[int, str]]:
    """Return each row of a file, with its identifier, in which a case of the centre stands that was erased or objected to.

    Identifiers are compared without regard to large and small letters: a patient who was erased does not come back by one.
    """
    gone = Q(erased=True) | Q(counted_only=True)
    erased = Case.objects.filter(gone, centre=submission.centre).values_list("case_id", flat=True)
    known = {case_id.casefold(): case_id for case_id in erased}
    if not known:
        return []
    raw, mapping = raw_table(submission), mapping_of(submission)
    rows = ingest.rows_of_cases(ingest.mapped(raw, mapping) if mapping else raw, data_set(submission.data_set))
    return sorted((row, known[case_id]) for case_id in known.keys() & rows.keys() for row in rows[case_id])


def counted_only_ids(centre: Centre) -> set[str]:
    """Return the identifiers of the cases of a centre that are counted by number, and no more, because the patient objected."""
    return set(Case.objects.filter(centre=centre, counted_only=True).values_list("case_id", flat=True))


def one_row(values: Mapping[str, str]) -> bytes:
    """Return one case as the file that it would be."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(values)
    writer.writerow(values.values())
    return out.getvalue().encode()


def check_bytes(
    content: bytes,
    filename: str,
    *,
    version: DataSetVersion,
    centre: Centre,
    period: tuple[dt.date, dt.date],
    on: dt.date,
    mapping: FileMapping | None = None,
    without_identifiers: bool = False,
    whole: bool = True,
) -> Checked:
    """Check a file of one centre against the same rules and the same register as a collection folder, and beside other cases.

    Screen and file both come here; ``whole`` is a file of all cases. ``InputError`` where it cannot be read at all.
    ``without_identifiers``: a correction of a case need not say again who the patient is, which was not kept.
    """
    start, end = period
    raw, dataset, label = ingest.read(content, filename), data_set(version), period_label(start, end)
    if without_identifiers:
        asked = tuple(replace(known, required=known.required and not known.identifier) for known in dataset.fields)
        dataset = replace(dataset, fields=asked)
    return ingest.check(
        ingest.mapped(raw, mapping) if mapping else raw,
        dataset,
        centre=centre.ods,
        centres={centre.ods: registry.designated_spans(centre)},
        areas=registry.known_areas(),
        period=label,
        period_start=start,
        period_end=end,
        on=on,
        known=known_beside(centre, (label, start, end), dataset, on=on, whole=whole),
    )


def open_findings(who: Who, submission: Submission) -> list[Finding]:
    """Return the findings of the latest check of a submission of an own centre; none before it was checked."""
    if not submissions(who).filter(pk=submission.pk).exists() or not submission.findings_sha256:
        return []
    if erased_on(submission.findings_sha256):
        return []
    return read_findings(stored_bytes(submission.findings_sha256))


def read_findings(content: bytes) -> list[Finding]:
    return [Finding(**row) for row in json.loads(content)]


def differences(who: Who, old: Submission, new: Submission) -> list[Difference]:
    """Return what changed from one submission to another, case by case and field by field.

    ``new`` need not be accepted yet: this is what the centre looks at before accepting. Empty for other people's centres.
    """
    if submissions(who).filter(pk__in=(old.pk, new.pk)).count() != len({old.pk, new.pk}):
        return []
    return list(compare(_payloads(old), _payloads(new)))


def _payloads(submission: Submission) -> dict[str, Payload]:
    stored = CaseVersion.objects.filter(submission=submission).values_list("case__case_id", "payload")
    if found := dict(stored):
        return found
    cases = checked(submission).cases
    rows = map(json.loads, payloads(cases, data_set(submission.data_set)))
    return dict(zip(cases["case_id"].tolist(), rows, strict=True))


def compare(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Iterator[Difference]:
    """Yield what differs between two sets of named records, by name and then by field."""
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield Difference(name, "added")
        elif name not in after:
            yield Difference(name, "removed")
        else:
            old, new = before[name], after[name]
            for field in sorted(old.keys() | new.keys()):
                if old.get(field) != new.get(field):
                    yield Difference(name, "changed", field, _shown(old.get(field)), _shown(new.get(field)))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


# -- cases as columns


def payloads(cases: CaseTable, dataset: DataSet) -> list[str]:
    """Return the payload of each row as JSON: collected fields with a value, never an identifier.

    It is put together column by column, each distinct text written once: row by row this takes four times as long.
    """
    names = [name for name in cases.columns if name in dataset.collected and name not in _KEYS]
    columns = [_written(name, cases[name]) for name in names]
    rows = zip(*columns, strict=True) if columns else ((),) * len(cases)
    return ["{" + ", ".join(filter(None, row)) + "}" for row in rows]


def _written(name: str, column: tables.Column) -> list[str]:
    """Return ``"name": value`` for each row, and nothing where there is no value."""
    head = f"{_json(name)}: "
    if column.dtype.kind == "f":
        return [f"{head}{value!r}" if not math.isnan(value) else "" for value in column.tolist()]
    words = column.astype("datetime64[D]").astype(str) if column.dtype.kind == "M" else column
    written = {"": "", "NaT": ""} if column.dtype.kind == "M" else {"": ""}
    return [written[value] if value in written else written.setdefault(value, head + _json(value)) for value in words.tolist()]


_json = json.JSONEncoder(ensure_ascii=False).encode


def values_of(cases: CaseTable, name: str, otherwise: Any) -> list[Any]:
    """Return a column's values, ``otherwise`` where there is none, or no such column."""
    column = cases.columns.get(name)
    if column is None:
        return [otherwise] * len(cases)
    return [otherwise if value != value or value == "" else value for value in column.tolist()]  # noqa: PLR0124 - NaN alone


def index_dates(cases: CaseTable, dataset: DataSet, otherwise: dt.date) -> list[dt.date]:
    """Return the date of each case that decides its period: ``otherwise`` where the data set or the row has none."""
    if dataset.index_date is None or dataset.index_date not in cases.columns:
        return [otherwise] * len(cases)
    return [value or otherwise for value in cases[dataset.index_date].tolist()]


def case_table(
    service: Service,
    period_start: dt.date,
    period_end: dt.date,
    *,
    signed_only: bool = True,
    since: dt.date | None = None,
    label: str = "",
    followed: Mapping[tuple[str, str], Payload] | None = None,
) -> CaseTable:
    """Return the current cases of a service whose index date lies in ``[period_start, period_end)``.

    ``since`` reaches further back, for measures that pool years: each case then carries the label of its own period.
    ``signed_only`` leaves out every case that is not in a signed-off series of its centre. ``followed`` gives, by centre and
    case, the fields that follow-up brings forward (``follow_up.brought_forward``). For the rooms that compute results: it asks
    nobody's permission, so no page may call it.
    """
    rows = _chosen(service, since or period_start, period_end, signed_only=signed_only)
    dataset = data_set(data_set_for(service, period_end))
    ordered = rows.order_by("case__centre__ods", "case__case_id")
    picked = ordered.values_list("case__centre__ods", "case__case_id", "case__index_on", "payload")
    period = label or period_label(period_start, period_end), period_start, period_end
    rows_now = _brought_forward(picked.iterator(chunk_size=5000), followed or {})
    return _assembled(rows_now, dataset, period)


def _brought_forward(
    rows: Iterable[tuple[str, str, dt.date, Payload]], followed: Mapping[tuple[str, str], Payload]
) -> Iterator[tuple[str, str, dt.date, Payload]]:
    for ods, case_id, index_on, payload in rows:
        yield ods, case_id, index_on, payload | followed.get((ods, case_id), {})


def _chosen(service: Service, start: dt.date, end: dt.date, *, signed_only: bool) -> QuerySet[CaseVersion]:
    rows = CaseVersion.objects.filter(
        current=True, case__erased=False, case__centre__service=service, case__index_on__gte=start, case__index_on__lt=end
    )
    if not signed_only:
        return rows.exclude(case__in=counted_elsewhere(service, rows))
    signed = CaseSeries.objects.filter(
        centre=OuterRef("case__centre"),
        state=SeriesState.SIGNED_OFF,
        period_start__lte=OuterRef("case__index_on"),
        period_end__gt=OuterRef("case__index_on"),
    )
    rows = rows.filter(Exists(signed))
    return rows.exclude(case__in=counted_elsewhere(service, rows))


def _assembled(
    rows: Iterable[tuple[str, str, dt.date, Payload]], dataset: DataSet, period: tuple[str, dt.date, dt.date]
) -> CaseTable:
    fields = {name: known for name, known in dataset.collected.items() if name not in _KEYS}
    found: dict[str, list[Any]] = {name: [] for name in fields}
    centres, case_ids, dates = [], [], []
    for centre, case_id, index_on, payload in rows:
        centres.append(centre)
        case_ids.append(case_id)
        dates.append(index_on)
        for name, values in found.items():
            values.append(payload.get(name))
    labels, _ = ingest.period_labels(tables.dates(dates), *period)
    columns = {"centre": tables.text(centres), "case_id": tables.text(case_ids), "period": tables.text(labels)}
    makers = {"number": tables.numbers, "integer": tables.numbers, "date": tables.dates}
    columns |= {name: makers.get(known.kind, tables.text)(found[name]) for name, known in fields.items()}
    return CaseTable(columns, service=dataset.service)


def case_inputs(service: Service, start: dt.date, end: dt.date, *, signed_only: bool = True) -> dict[str, str]:
    """Return the hash of what each centre's cases hold now, and of the data set: the provenance of a result."""
    version = data_set_for(service, end)
    digests: dict[str, Any] = {}
    rows = _chosen(service, start, end, signed_only=signed_only).order_by("case__centre__ods", "case__case_id")
    for ods, case_id, payload in rows.values_list("case__centre__ods", "case__case_id", "payload").iterator(chunk_size=5000):
        digests.setdefault(ods, hashlib.sha256()).update(_line(case_id, payload))
    hashes = {f"cases/{service.slug}/{ods}": digest.hexdigest() for ods, digest in digests.items()}
    return hashes | {f"data-set/{service.slug}/{version.version}": version.sha256}


def _line(case_id: str, payload: Payload) -> bytes:
    return json.dumps([case_id, payload], sort_keys=True, ensure_ascii=False).encode() + b"\n"


def period_label(period_start: dt.date, period_end: dt.date) -> str:
    """Name a calendar year by its number, any other period by its first and last year."""
    last = (period_end - dt.timedelta(days=1)).year
    return str(last) if period_start.year == last else f"{period_start.year}/{last % 100:02d}"


# -- case series and ascertainment


def series_of(centre: Centre, period_start: dt.date, period_end: dt.date) -> CaseSeries:
    """Return the series of a centre and period; an unsaved open one where nothing was declared yet."""
    found = CaseSeries.objects.filter(centre=centre, period_start=period_start, period_end=period_end).first()
    return found or CaseSeries(centre=centre, period_start=period_start, period_end=period_end)


def series_content(series: CaseSeries) -> tuple[int, str]:
    """Return the number of cases and the hash over what the series holds now."""
    rows = CaseVersion.objects.filter(
        current=True,
        case__centre=series.centre,
        case__index_on__gte=series.period_start,
        case__index_on__lt=series.period_end,
    )
    digest, count = hashlib.sha256(), 0
    for case_id, payload in rows.order_by("case__case_id").values_list("case__case_id", "payload").iterator(chunk_size=5000):
        count += 1
        digest.update(_line(case_id, payload))
    return count, digest.hexdigest()


def expected_and_missing(who: Who, centre: Centre, period_start: dt.date, period_end: dt.date) -> list[Accounted]:
    """Return every expected case of an own centre and what became of it; empty for other people's centres."""
    return accounts(centre, period_start, period_end) if sees_cases(who, service=centre.service.slug, centre=centre.key) else []


def accounts(centre: Centre, period_start: dt.date, period_end: dt.date) -> list[Accounted]:
    """Return the same, asking nobody's permission: for the sign-off itself."""
    rows = with_received(expected_in(period_start, period_end).filter(centre=centre))
    return [_accounted(row) for row in rows.select_related("linked__centre")]


def expected_in(period_start: dt.date, period_end: dt.date) -> QuerySet[ExpectedCase]:
    """Return the expected cases of a period; those that their source has withdrawn count nowhere."""
    within = ExpectedCase.objects.filter(period_start__gte=period_start, period_end__lte=period_end)
    return within.exclude(found=Found.WITHDRAWN)


def _accounted(row: Any) -> Accounted:
    ours = row.linked is not None and row.linked.centre_id == row.centre_id
    return Accounted(
        row.case_id,
        row.source,
        status_of(row),
        row.explained,
        row.pk,
        row.explained_as,
        row.linked.case_id if ours else "",
        row.linked.centre.name if row.linked is not None and not ours else "",
        row.event_on,
        row.particulars,
    )


SAME = (Q(found=Found.MATCHED) & ~Q(reply=Reply.NO)) | Q(reply__in=(Reply.YES, Reply.OTHER))
"""An expected case that is the case that it is linked with: hospital data say so, or the centre."""


def with_received(expected: QuerySet[ExpectedCase]) -> QuerySet[Any]:
    """Mark what stands in a series now: a match counts only as long as the case that it is has not been withdrawn."""
    sent = CaseVersion.objects.filter(case__centre=OuterRef("centre"), case__case_id=OuterRef("case_id"), current=True)
    stands = CaseVersion.objects.filter(case=OuterRef("linked"), current=True)
    return expected.annotate(received=Q(Exists(sent)) | (SAME & Q(Exists(stands))))


def status_of(row: Any) -> str:
    """Return what became of an expected case that was marked by ``_with_received``: exactly one of four."""
    if row.received:
        return "received"
    if row.explained:
        return "explained"
    return "review" if row.found == Found.REVIEW and row.reply == Reply.NONE else "missing"


def expected_cases(service: Service, period_start: dt.date, period_end: dt.date) -> list[tuple[str, str]]:
    """Return (ODS, case identifier) of every case that should be in the series: known to a source and not explained away."""
    rows = expected_in(period_start, period_end).filter(centre__service=service, explained="")
    return sorted({(ods, case_id) for ods, case_id, _ in _called(rows)})


def _called(rows: QuerySet[ExpectedCase]) -> Iterator[tuple[str, str, Any]]:
    """Yield each expected case by the name under which it is counted, so that two sources that know of it count it once."""
    for row in rows.annotate(same=SAME).select_related("centre", "linked__centre"):
        one = row.linked if row.same and row.linked is not None else row
        yield one.centre.ods, one.case_id, row


def status_by_case(service: Service, period_start: dt.date, period_end: dt.date) -> dict[tuple[str, str], str]:
    """Return what became of every expected case by the centre (ODS) that expects it and the case's name.

    A case that two sources know of is one case; while either asks for it, it is not accounted for.
    """
    found: dict[tuple[str, str], str] = {}
    worst = ("received", "explained", "review", "missing")
    for _, case_id, row in _called(with_received(expected_in(period_start, period_end).filter(centre__service=service))):
        key = row.centre.ods, case_id
        found[key] = max(found.get(key, worst[0]), status_of(row), key=worst.index)
    return found


def expected_counts(service: Service, period_start: dt.date, period_end: dt.date) -> dict[str, tuple[int, int]]:
    """Return, by centre (ODS), the cases expected and those accounted for: numbers for the completeness table."""
    counts: dict[str, tuple[int, int]] = {}
    for (ods, _), status in status_by_case(service, period_start, period_end).items():
        expected, accounted = counts.get(ods, (0, 0))
        counts[ods] = expected + 1, accounted + (status in {"received", "explained"})
    return counts


def progress(who: Who, service: Service, period_start: dt.date, period_end: dt.date) -> list[Progress]:
    """Return how far each centre has come: all centres for whoever follows the service, else the own ones. No case is shown."""
    seen = Centre.objects.filter(of_own_centres(who) | of_followed(who), service=service)
    in_period = {"period_start": period_start, "period_end": period_end}
    latest: dict[int, Submission] = {}
    for submission in Submission.objects.filter(centre__in=seen, route=Route.FILE, **in_period).order_by("received_at", "id"):
        latest[submission.centre_id] = submission
    counted = CaseVersion.objects.filter(
        current=True, case__centre__in=seen, case__index_on__gte=period_start, case__index_on__lt=period_end
    )
    cases = dict(counted.order_by().values_list("case__centre").annotate(number=Count("pk")))
    series = dict(CaseSeries.objects.filter(centre__in=seen, **in_period).values_list("centre", "state"))
    expected = expected_counts(service, period_start, period_end)
    return [
        _progress(centre, latest.get(centre.pk), cases.get(centre.pk, 0), expected.get(centre.ods, (0, 0)), series.get(centre.pk))
        for centre in seen.select_related("service").order_by("ods")
    ]


def _progress(centre: Centre, latest: Submission | None, cases: int, expected: tuple[int, int], state: str | None) -> Progress:
    return Progress(
        centre=centre.key,
        centre_name=centre.name,
        service=centre.service.slug,
        submission=latest.state if latest else "",
        blocking=latest.blocking if latest else 0,
        cases=cases,
        expected=expected[0],
        missing=expected[0] - expected[1],
        series=SeriesState(state or SeriesState.OPEN),
    )


def unfinished(who: Who, services: Iterable[str], period_start: dt.date, period_end: dt.date) -> list[Unfinished]:
    """Return the centres designated in a period that have not signed it off, of the services that ``who`` follows. No case."""
    standing = registry.designated_during(period_start, period_end).values("centre")
    seen = Centre.objects.filter(of_followed(who), service__slug__in=list(services), pk__in=standing)
    signed = CaseSeries.objects.filter(
        state=SeriesState.SIGNED_OFF, period_start__lte=period_start, period_end__gte=period_end
    ).values("centre")
    within = {"period_start": period_start, "period_end": period_end}
    files = Submission.objects.filter(centre=OuterRef("pk"), **within).exclude(state=SubmissionState.REFUSED)
    cases = CaseVersion.objects.filter(
        current=True, case__centre=OuterRef("pk"), case__index_on__gte=period_start, case__index_on__lt=period_end
    )
    late = seen.exclude(pk__in=signed).annotate(sent=Exists(files) | Exists(cases)).select_related("service")
    return [
        Unfinished(one.service.slug, one.service.name, one.name, one.ods, one.sent)
        for one in late.order_by("service__name", "name", "ods")
    ]


def overlaps_signed(series: CaseSeries) -> bool:
    """Whether another signed-off series of the centre shares a day with this one."""
    others = CaseSeries.objects.filter(centre=series.centre, state=SeriesState.SIGNED_OFF).exclude(pk=series.pk)
    return others.filter(period_start__lt=series.period_end, period_end__gt=series.period_start).exists()


def pending(centre: Centre, period_start: dt.date, period_end: dt.date) -> Submission | None:
    """Return a file that came after the accepted one and has not been decided."""
    rows = Submission.objects.filter(centre=centre, route=Route.FILE, period_start=period_start, period_end=period_end)
    latest = rows.order_by("-received_at", "-id").first()
    waiting = {SubmissionState.RECEIVED, SubmissionState.CHECKED}
    return latest if latest is not None and latest.state in waiting else None
