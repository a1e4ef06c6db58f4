"""Everything that writes to the room: the first four steps of the data path."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils import timezone

from plenary.collection import permissions, queries
from plenary.collection.actions import across
from plenary.collection.models import Case, CaseSeries, CaseVersion, DataSetVersion, ExpectedCase, Submission
from plenary.collection.queries import finishing
from plenary.collection.queries.confirmations import left_before_acceptance
from plenary.collection.queries.entry import carried_over
from plenary.collection.queries.headings import mapping_sha256
from plenary.collection.queries.runs import RunRow
from plenary.collection.terms import (
    Difference,
    Explanation,
    Route,
    SeriesState,
    SubmissionState,
    require_period,
    require_version,
    series_move,
    submission_move,
)
from plenary.core.actions import erase_bytes, record, record_read, store_bytes
from plenary.core.permissions import require
from plenary.core.queries import code_version, erased_on
from plenary.core.tasks import enqueue
from plenary.core.terms import NotFound, NotPossible, Who
from plenary.registry import queries as registry
from plenary.registry.models import Centre, Service
from plenary_stats import spec, tables
from plenary_stats.ingest import Checked, Finding, Marks
from plenary_stats.spec import InputError
from plenary_stats.tables import CaseTable, ResultTable

UPSERT_CASE = """
    INSERT INTO collection_case (centre_id, case_id, area, sex, age, index_on, erased) VALUES (%s, %s, %s, %s, %s, %s, FALSE)
    ON CONFLICT (centre_id, case_id)
    DO UPDATE SET area = excluded.area, sex = excluded.sex, age = excluded.age, index_on = excluded.index_on
"""
INSERT_VERSION = """
    INSERT INTO collection_caseversion (case_id, submission_id, number, payload, current) VALUES (%s, %s, %s, %s, TRUE)
"""
BATCH = 500
CASE_ID_LENGTH = 200
KEYED_NAME = "keyed.csv"
NAMED = 20
ERASED = "erased"
HELD_ERASED = "it held a case that was erased"
SEVERITIES = ("blocking", "warning", "notice")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FINDINGS_KEPT = 10_000
"""A file that is wrong in every row needs one cause mended, not a million sentences; the counts are always complete."""


# -- data sets


def adopt_data_set(*, service: Service, version: str, content: bytes, adopted_on: dt.date, by: Who) -> DataSetVersion:
    """Put a version of a service's data set in force. The same bytes again change nothing; other bytes are refused."""
    require(permissions.may_adopt_data_set(by, service), f"Only the network of {service.name} adopts its data set.")
    spec.read_dictionary(content, service.slug, version, registry.elements())
    require_version(version)
    with transaction.atomic():
        sha256 = store_bytes(content, by=by, media_type="text/csv")
        found, is_new = DataSetVersion.objects.get_or_create(
            service=service, version=version, defaults={"sha256": sha256, "adopted_on": adopted_on}
        )
        if found.sha256 != sha256:
            raise NotPossible(f"Version {version} of the data set is adopted with other content. Give the change a new version.")
        if is_new:
            detail = {"sha256": sha256, "adopted_on": adopted_on}
            record(by=by, verb="adopt data set", subject=f"data-set/{service.slug}/{version}", detail=detail)
    return found


def load_definitions(*, folder: Path, by: Who) -> int:
    """Adopt every ``<service>/<version>.csv`` of a folder of data sets for the services that are registered.

    What is only proposed (``proposed-<version>.csv``) waits for the network.
    """
    services = {service.slug: service for service in Service.objects.all()}
    found = [path for path in sorted(folder.glob("*/*.csv")) if not path.stem.startswith(registry.PROPOSED)]
    paths = [path for path in found if path.parent.name in services]
    for path in paths:
        year = re.match(r"\d{4}", path.stem)
        adopted_on = dt.date(int(year[0]), 1, 1) if year else dt.date(2000, 1, 1)
        service = services[path.parent.name]
        adopt_data_set(service=service, version=path.stem, content=path.read_bytes(), adopted_on=adopted_on, by=by)
    return len(paths)


# -- 1 receive


def receive(*, centre: Centre, period_start: dt.date, period_end: dt.date, filename: str, content: bytes, by: Who) -> Submission:
    """Keep what a centre sent and queue its check. The same bytes again, while they are undecided or in force, are the same."""
    require(permissions.may_send(by, centre), f"Only people and systems of {centre.key} send its cases.")
    require_period(period_start, period_end)
    if not content:
        raise NotPossible("The file is empty. Choose the file that holds the cases.")
    with transaction.atomic():
        version = queries.data_set_for(centre.service, period_end)
        if erased_on(hashlib.sha256(content).hexdigest()):
            raise NotPossible("This file was erased because it holds a case that must not come back. Send it without that case.")
        sha256 = store_bytes(content, by=by, media_type=_media_type(filename))
        place = {"centre": centre, "period_start": period_start, "period_end": period_end, "route": Route.FILE}
        mapping = mapping_sha256(centre)
        latest = Submission.objects.filter(**place).order_by("-received_at", "-id").first()
        same = latest is not None and (latest.sha256, latest.mapping_sha256) == (sha256, mapping)
        if latest is not None and same and latest.state != SubmissionState.REFUSED:
            return latest
        submission = Submission.objects.create(
            **place,
            filename=_safe_name(filename),
            sha256=sha256,
            mapping_sha256=mapping,
            data_set=version,
            received_at=timezone.now(),
            received_by=by.person_id,
        )
        record(
            by=by,
            verb="receive",
            subject=_subject(submission),
            detail={"centre": centre.key, "sha256": sha256} | ({"mapping": mapping} if mapping else {}),
        )
        enqueue("plenary.collection.tasks.check", submission.pk)
    return submission


# -- 2 check

CHECKABLE: Final = (SubmissionState.RECEIVED, SubmissionState.CHECKED)


def check(*, submission_id: int, by: Who) -> Submission:
    """Check a submission and keep its findings. It may be repeated, for instance after the process was killed.

    A file that holds a case that was erased is refused at once, and its bytes go with that: nothing else of it is kept.
    """
    submission = queries.submission(submission_id)
    require(permissions.may_check(by, submission), f"Only people of {submission.centre.key} check its cases.")
    if submission.state not in CHECKABLE:  # its file may be erased since
        return submission
    cases, findings, _ = _checked(submission)
    return _keep_findings(submission, cases, findings, by)


def _checked(submission: Submission) -> tuple[CaseTable | None, Sequence[Finding], Sequence[Marks]]:
    """Check; an unreadable file is a finding like any other, so that whoever sent it reads what to do.

    Where an erased case came back its rows alone are told: other findings could quote what it says of that patient.
    """
    try:
        if back := queries.erased_in(submission):
            objected = queries.counted_only_ids(submission.centre)
            told = [_come_back(submission.filename, row, case_id, case_id in objected) for row, case_id in back]
            return None, told, ()
        outcome: Checked = queries.checked(submission)
    except InputError as problem:
        return None, [_unreadable(submission.filename, problem)], ()
    return outcome.cases, outcome.findings, outcome.marks


def _unreadable(filename: str, problem: InputError) -> Finding:
    remedy = "Save the file again as CSV UTF-8 or XLSX and send it anew."
    return Finding(file=filename, row=0, field="", rule="unusable", severity="blocking", message=str(problem), remedy=remedy)


def _come_back(file: str, row: int, case_id: str, objected: bool) -> Finding:
    why = "The patient of case {} objected: it is counted already." if objected else "Case {} was erased and must not come back."
    message = why.format(case_id)
    remedy = "Delete this row and send the file anew: it is checked as a whole then. This file was not kept."
    return Finding(file=file, row=row, field="case_id", rule=ERASED, severity="blocking", message=message, remedy=remedy)


def _keep_findings(submission: Submission, cases: CaseTable | None, findings: Sequence[Finding], by: Who) -> Submission:
    counts = _counts(findings)
    with transaction.atomic():
        current = _locked(submission.pk)
        if current.state not in CHECKABLE:
            return current
        came_back = any(found.rule == ERASED for found in findings)
        current.state = submission_move(current.state, SubmissionState.REFUSED if came_back else SubmissionState.CHECKED)
        current.findings_sha256 = store_bytes(_findings_bytes(findings), by=by, media_type="application/json")
        current.cases = 0 if cases is None else len(cases)
        current.blocking, current.warnings, current.notices = counts["blocking"], counts["warning"], counts["notice"]
        current.save()
        record(by=by, verb="check", subject=_subject(current), detail={"cases": current.cases} | counts)
        if came_back:
            record(by=by, verb="refuse", subject=_subject(current), detail={"reason": HELD_ERASED})
            _erase_file(current, by)
    return current


def _erase_file(submission: Submission, by: Who) -> None:
    """Erase the bytes of a refused file, unless another centre sent the very same: to it, they are other patients."""
    if not Submission.objects.filter(sha256=submission.sha256).exclude(centre=submission.centre).exists():
        erase_bytes(sha256=submission.sha256, why=HELD_ERASED, by=by)


def _findings_bytes(findings: Sequence[Finding]) -> bytes:
    rows = [asdict(found) for found in sorted(findings, key=lambda found: SEVERITIES.index(found.severity))[:FINDINGS_KEPT]]
    return json.dumps(rows, ensure_ascii=False, sort_keys=True).encode()


# -- 3 accept


def accept(*, submission_id: int, by: Who) -> Submission:
    """Turn a checked file into cases and supersede the earlier file, all or nothing. Accepted twice is accepted once."""
    submission = queries.submission(submission_id)
    require(permissions.may_accept(by, submission), f"Only people of {submission.centre.key} accept its cases.")
    if submission.state == SubmissionState.ACCEPTED:
        return submission
    submission_move(submission.state, SubmissionState.ACCEPTED)
    _refuse_blocking(submission.blocking)
    cases, findings, marks = _checked(submission)
    _refuse_blocking(sum(found.severity == "blocking" for found in findings))
    if cases is None:
        raise NotPossible("The file cannot be read any more: send it again.")
    if left := left_before_acceptance(submission, findings):
        raise NotPossible(f"{left} warning{'s' if left > 1 else ''} must be mended or confirmed with a reason first.")
    with transaction.atomic():
        current = _locked(submission.pk)
        if current.state == SubmissionState.ACCEPTED:
            return current
        current.state = submission_move(current.state, SubmissionState.ACCEPTED)
        earlier = _supersede(current)
        current.save()
        _store_cases(current, cases)
        across.keep_marks(current, cases["case_id"].tolist(), marks, by=by)
        _refuse_change_to_signed(current.centre)
        detail = {"cases": len(cases), "supersedes": earlier}
        record(by=by, verb="accept", subject=_subject(current), detail=detail)
    return current


def refuse(*, submission_id: int, reason: str, by: Who) -> Submission:
    """Set a submission aside without taking any case from it."""
    with transaction.atomic():
        current = _locked(submission_id)
        require(permissions.may_submit(by, current.centre), f"Only people of {current.centre.key} refuse its submissions.")
        current.state = submission_move(current.state, SubmissionState.REFUSED)
        current.save(update_fields=["state"])
        record(by=by, verb="refuse", subject=_subject(current), detail={"reason": reason})
    return current


def _refuse_blocking(blocking: int) -> None:
    if blocking:
        raise NotPossible(f"{blocking} finding{'s' if blocking > 1 else ''} must be mended before the cases can be accepted.")


def _supersede(submission: Submission) -> list[int]:
    """Withdraw the earlier file of the same centre and period, and set aside what was left undecided before this one."""
    place = {"centre": submission.centre, "period_start": submission.period_start, "period_end": submission.period_end}
    others = Submission.objects.filter(**place, route=Route.FILE).exclude(pk=submission.pk)
    accepted = others.filter(state=SubmissionState.ACCEPTED)
    earlier = list(accepted.values_list("pk", flat=True))
    CaseVersion.objects.filter(submission__in=earlier, current=True).update(current=False)
    accepted.update(state=SubmissionState.SUPERSEDED, superseded_by=submission)
    undecided = (SubmissionState.RECEIVED, SubmissionState.CHECKED)
    others.filter(state__in=undecided, received_at__lte=submission.received_at).update(state=SubmissionState.REFUSED)
    return earlier


def _store_cases(submission: Submission, cases: CaseTable) -> None:
    """Write cases and their new versions as plain SQL: a hundred thousand rows as model objects take eight times as long."""
    centre, dataset = submission.centre, queries.data_set(submission.data_set)
    case_ids, place, sent = cases["case_id"].tolist(), centre.pk, submission.pk
    _refuse_unfit(centre, case_ids)
    keys = zip(
        *(queries.values_of(cases, name, otherwise) for name, otherwise in (("area", ""), ("sex", ""), ("age", None))),
        [on.isoformat() for on in queries.index_dates(cases, dataset, submission.period_start)],
        strict=True,
    )
    rows: Any = ((place, case_id, *key) for case_id, key in zip(case_ids, keys, strict=True))
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT_CASE, rows)
        pks = dict(Case.objects.filter(centre=centre).values_list("case_id", "pk"))
        own = [pks[case_id] for case_id in case_ids]
        _withdraw_current(centre, set(own))
        versions: Any = CaseVersion.objects.filter(case__centre=centre).order_by()
        numbers = dict(versions.values_list("case").annotate(Max("number")))
        payloads = zip(own, queries.payloads(cases, dataset), strict=True)
        rows = ((pk, sent, numbers.get(pk, 0) + 1, payload) for pk, payload in payloads)
        cursor.executemany(INSERT_VERSION, rows)


def _withdraw_current(centre: Centre, case_pks: set[int]) -> None:
    """End what was current of these cases: keyed earlier, or sent with another period."""
    current: Any = CaseVersion.objects.filter(case__centre=centre, current=True).values_list("pk", "case")
    gone = [pk for pk, case_pk in current if case_pk in case_pks]
    for start in range(0, len(gone), BATCH):
        CaseVersion.objects.filter(pk__in=gone[start : start + BATCH]).update(current=False)


def _refuse_unfit(centre: Centre, case_ids: list[str]) -> None:
    erased = sorted(set(Case.objects.filter(centre=centre, erased=True).values_list("case_id", flat=True)).intersection(case_ids))
    if erased:
        raise NotPossible(f"These cases were erased and must not come back: {_named(erased)}. Remove them from the file.")
    objected = sorted(queries.counted_only_ids(centre).intersection(case_ids))
    if objected:
        raise NotPossible(f"The patient objected: {_named(objected)}. The case is counted by number; nothing of it is sent.")
    long = [case_id for case_id in case_ids if len(case_id) > CASE_ID_LENGTH]
    if long:
        raise NotPossible(f"The case identifier {long[0][:40]}… is longer than {CASE_ID_LENGTH} characters.")


def _refuse_change_to_signed(centre: Centre) -> None:
    """Refuse, at the end of every change of cases, where a frozen series no longer hashes to what was declared."""
    for series in CaseSeries.objects.filter(centre=centre, state=SeriesState.SIGNED_OFF):
        if queries.series_content(series) != (series.cases, series.content_hash):
            raise NotPossible(
                f"This would change the case series {series.period_start} to {series.period_end}, which is signed off. "
                "Ask the network lead to reopen it first."
            )


def key_case(
    *,
    centre: Centre,
    period_start: dt.date,
    period_end: dt.date,
    values: Mapping[str, str],
    by: Who,
    known: CaseVersion | None = None,
) -> tuple[Submission | None, Sequence[Finding]]:
    """Take one case keyed on screen through the same check as a file. With a blocking finding nothing is stored.

    ``known`` is the version that it corrects: who the patient is need not be said again, and what the identifiers told then,
    such as the age, stays where they are left out. Of the row itself what tells who the patient is is not kept either.
    """
    require(permissions.may_submit(by, centre), f"Only people of {centre.key} key its cases.")
    require_period(period_start, period_end)
    version = queries.data_set_for(centre.service, period_end)
    dataset = queries.data_set(version)
    row = {"centre": centre.ods} | {name: value for name, value in values.items() if name != "centre"}
    if known is not None:
        row = carried_over(known, dataset, row) | row
    checked = queries.check_bytes(
        queries.one_row(row),
        KEYED_NAME,
        version=version,
        centre=centre,
        period=(period_start, period_end),
        on=timezone.localdate(),
        without_identifiers=known is not None,
        whole=False,
    )
    kept = {name for name, field in dataset.columns.items() if not field.identifier}
    content = queries.one_row({name: value for name, value in row.items() if name in kept})
    counts = _counts(checked.findings)
    if counts["blocking"]:
        return None, checked.findings
    _refuse_unfit(centre, [values.get("case_id", "").strip()])  # before its bytes are kept
    with transaction.atomic():
        submission = Submission.objects.create(
            centre=centre,
            period_start=period_start,
            period_end=period_end,
            route=Route.KEYED,
            filename=KEYED_NAME,
            sha256=store_bytes(content, by=by, media_type="text/csv"),
            data_set=version,
            state=SubmissionState.ACCEPTED,
            received_at=timezone.now(),
            received_by=by.person_id,
            findings_sha256=store_bytes(_findings_bytes(checked.findings), by=by, media_type="application/json"),
            cases=1,
            warnings=counts["warning"],
            notices=counts["notice"],
        )
        _store_cases(submission, checked.cases)
        if known is None or any(one.nhs or one.like for one in checked.marks):  # or who it is stays as it was said first
            across.keep_marks(submission, checked.cases["case_id"].tolist(), checked.marks, by=by)
        _refuse_change_to_signed(centre)
        record(by=by, verb="key case", subject=_subject(submission), detail={"centre": centre.key})
    return submission, checked.findings


# -- reading cases is an event


def open_cases(*, centre: Centre, period_start: dt.date, period_end: dt.date, why: str, by: Who) -> list[CaseVersion]:
    """Return the current cases of a centre and period with what was reported of them, and record that they were read."""
    require(permissions.may_see_cases(by, centre), f"Only people of {centre.key} see its cases.")
    with transaction.atomic():
        rows = queries.current_versions(by).filter(
            case__centre=centre, case__index_on__gte=period_start, case__index_on__lt=period_end
        )
        found = list(rows)
        record_read(by=by, subject=f"cases/{centre.key}", why=why, detail={"period_start": period_start, "cases": len(found)})
    return found


def open_differences(*, old: Submission, new: Submission, why: str, by: Who) -> list[Difference]:
    """Return what changed between two submissions of an own centre, and record that it was read."""
    for submission in (old, new):
        require(permissions.may_see_cases(by, submission.centre), f"Only people of {submission.centre.key} see its cases.")
    with transaction.atomic():
        found = queries.differences(by, old, new)
        record_read(by=by, subject=_subject(new), why=why, detail={"compared_with": old.pk, "differences": len(found)})
    return found


def erase_case(*, centre: Centre, case_id: str, reason: str, by: Who) -> None:
    """Erase what is known of one patient's case, with every file of the centre that holds it and what was found in that file.

    The other cases of those files stand in the database. Editions stand; the identifier stays, so that the case cannot come
    back. A file that cannot be read any more may hold the case: it goes too. Backups are the operator's (handbook, operation).
    """
    require(permissions.may_erase(by, centre), f"Only the lead of {centre.key} erases a case.")
    if not reason.strip():
        raise NotPossible("Give the reason for erasing the case.")
    with transaction.atomic():
        case = Case.objects.select_for_update().filter(centre=centre, case_id=case_id).first()
        if case is None:
            raise NotPossible(f"{centre.key} has no case {case_id}.")
        files = forget(case=case, by=by)
        case.erased = True
        case.save()
        _refuse_change_to_signed(centre)
        for sha256 in files:
            erase_bytes(sha256=sha256, why=HELD_ERASED, by=by)
        detail = {"centre": centre.key, "reason": reason.strip(), "files": files}
        record(by=by, verb="erase case", subject=f"case/{case.pk}", detail=detail)


def forget(*, case: Case, by: Who, counted: bool = False) -> list[str]:
    """Take away all that is known of a case, and return the hashes of the files that held it, for the caller to erase.

    Part of erasing a case and of honouring an objection, which say what stands of it then; ``counted``: it still counts.
    """
    require(permissions.may_submit(by, case.centre), f"Only people of {case.centre.key} take a case away.")
    files = _files_with(case)
    case.versions.update(payload={}, current=False)
    case.drafts.all().delete()
    case.follow_ups.all().delete()
    case.area, case.sex, case.age = "", "", None
    across.forget(case=case, by=by, counted=counted)
    _forget_expected(case)
    return files


def _forget_expected(case: Case) -> None:
    """Erase what other sources told of a case too. It is expected no more: that it is erased explains it."""
    told = ExpectedCase.objects.filter(Q(linked=case) | Q(centre=case.centre, case_id=case.case_id))
    said = Explanation.ERASED
    told.update(event_on=None, particulars="", explained_as=said, explained=said.value.capitalize())


def _files_with(case: Case) -> list[str]:
    """Return the hashes of the kept files, and of their findings, that hold a case; set aside those that are undecided."""
    ours = Submission.objects.filter(centre=case.centre)
    holding = [one.pk for one in ours if queries.holds_case(one, case)]
    ours.filter(pk__in=holding, state__in=(SubmissionState.RECEIVED, SubmissionState.CHECKED)).update(
        state=SubmissionState.REFUSED
    )
    columns = ("sha256", "findings_sha256")
    gone = {sha256 for pair in ours.filter(pk__in=holding).values_list(*columns) for sha256 in pair}
    kept = {sha256 for pair in Submission.objects.exclude(pk__in=holding).values_list(*columns) for sha256 in pair}
    return sorted(gone - kept - {""})


# -- 4 expected cases and sign-off


def expect_case(
    *, centre: Centre, period_start: dt.date, period_end: dt.date, case_id: str, source: str, by: Who
) -> ExpectedCase:
    """Note that a case exists according to another source. Told twice by the same source, it is known once."""
    require(permissions.may_expect(by, centre), f"You may not report expected cases of {centre.key}.")
    require_period(period_start, period_end)
    if not case_id.strip() or not source.strip():
        raise NotPossible("Say which case is expected, and which source knows of it.")
    with transaction.atomic():
        expected, is_new = ExpectedCase.objects.get_or_create(
            centre=centre,
            period_start=period_start,
            period_end=period_end,
            case_id=case_id.strip(),
            source=source.strip(),
        )
        if is_new:
            _refuse_signed(centre, period_start, period_end)
            record(
                by=by, verb="expect case", subject=f"expected-case/{expected.pk}", detail={"centre": centre.key, "source": source}
            )
    return expected


def explain_missing(*, expected_id: int, by: Who, reason: str = "", kind: Explanation = Explanation.OTHER) -> ExpectedCase:
    """Say why an expected case is rightly not in the series: by one of the fixed explanations, with words for any other."""
    with transaction.atomic():
        rows = ExpectedCase.objects.select_for_update(of=("self",)).select_related("centre__service")
        expected = rows.filter(pk=expected_id).first()
        if expected is None:
            raise NotFound(f"There is no expected case {expected_id}.")
        require(permissions.may_explain(by, expected.centre), f"Only people of {expected.centre.key} explain its missing cases.")
        if not reason.strip() and kind == Explanation.OTHER:
            raise NotPossible("Give the reason why the case is not in the series.")
        _refuse_signed(expected.centre, expected.period_start, expected.period_end)
        expected.explained, expected.explained_as = reason.strip() or kind.value.capitalize(), kind
        expected.save(update_fields=["explained", "explained_as"])
        detail = {"kind": kind.value, "reason": expected.explained}
        record(by=by, verb="explain missing", subject=f"expected-case/{expected.pk}", detail=detail)
    return expected


def sign_off_series(*, centre: Centre, period_start: dt.date, period_end: dt.date, by: Who) -> CaseSeries:
    """Declare that the series holds every case of the period, and freeze it. Refused while an expected case is unexplained."""
    require(permissions.may_sign_off(by, centre), f"Only the lead of {centre.key} signs its case series off.")
    require_period(period_start, period_end)
    with transaction.atomic():
        series, _ = CaseSeries.objects.select_for_update().get_or_create(
            centre=centre, period_start=period_start, period_end=period_end
        )
        if series.state == SeriesState.SIGNED_OFF:
            return series
        _refuse_unfinished(series)
        series.state = series_move(series.state, SeriesState.SIGNED_OFF)
        series.cases, series.content_hash = queries.series_content(series)
        series.declared_by, series.declared_at = by.person_id, timezone.now()
        series.save()
        detail = {"cases": series.cases, "content_hash": series.content_hash}
        record(by=by, verb="sign off series", subject=_series_subject(series), detail=detail)
    return series


def _refuse_unfinished(series: CaseSeries) -> None:
    if queries.overlaps_signed(series):
        raise NotPossible("A signed-off series of this centre covers part of the same period. Reopen it first.")
    waiting = queries.pending(series.centre, series.period_start, series.period_end)
    if waiting is not None:
        raise NotPossible(f"The file {waiting.filename} is {waiting.state} and waits for a decision: accept or refuse it first.")
    accounts = queries.accounts(series.centre, series.period_start, series.period_end)
    missing = {row.case_id for row in accounts if row.status == "missing"}
    if missing:
        raise NotPossible(f"Expected cases are neither received nor explained: {_named(sorted(missing))}.")
    asked = {row.case_id for row in accounts if row.status == "review"}
    if asked:
        raise NotPossible(f"Say of these expected cases whether they are cases of the series: {_named(sorted(asked))}.")
    if stops := finishing.stops(series.centre, series.period_start, series.period_end):
        raise NotPossible(" ".join(stops))


def reopen_series(*, centre: Centre, period_start: dt.date, period_end: dt.date, reason: str, by: Who) -> CaseSeries:
    """Open a signed-off series again, for a stated reason. Editions made from it stand."""
    require(permissions.may_reopen(by, centre), "Only the network lead of the service reopens a case series.")
    if not reason.strip():
        raise NotPossible("Give the reason for reopening the series.")
    with transaction.atomic():
        series = CaseSeries.objects.select_for_update().filter(
            centre=centre, period_start=period_start, period_end=period_end
        ).first()  # fmt: skip
        if series is None:
            raise NotPossible(f"{centre.key} has not declared a series {period_start} to {period_end}.")
        was = series.content_hash
        series.state = series_move(series.state, SeriesState.OPEN)
        series.cases, series.content_hash, series.declared_by, series.declared_at = 0, "", None, None
        series.save()
        record(by=by, verb="reopen series", subject=_series_subject(series), detail={"reason": reason, "was": was})
    return series


# -- what is computed from signed-off cases: the rooms above keep their runs by this


def keep_run(
    *,
    runs: type[RunRow],
    name: str,
    inputs: Callable[[], Mapping[str, str]],
    compute: Callable[[], Sequence[ResultTable]],
    service: Service,
    period_start: dt.date,
    period_end: dt.date,
    label: str,
    signed_only: bool,
    by: Who,
) -> RunRow:
    """Compute the tables of a service and period and keep them with their provenance in the table ``runs`` of a room.

    Repeatable: while inputs and code are the same, the same run is returned. The caller has asked whether ``by`` may.
    """
    require_period(period_start, period_end)
    before = inputs()
    key = {
        "service": service,
        "period_start": period_start,
        "period_end": period_end,
        "signed_only": signed_only,
        "code_version": code_version(),
        "inputs_hash": hashlib.sha256(json.dumps([label, sorted(before.items())]).encode()).hexdigest(),
    }
    rows = runs._default_manager  # noqa: SLF001 - Django's public name for it
    known = rows.filter(**key).first()
    if known is not None:
        return known
    results = compute()
    with transaction.atomic():
        if inputs() != before:
            raise NotPossible("The cases changed while their results were computed. Run them again.")
        kept = [store_bytes(tables.dump(table), by=by, media_type="application/json") for table in results]
        made, is_new = rows.get_or_create(
            **key, defaults={"inputs": before, "tables": kept, "ran_at": timezone.now(), "ran_by": by.person_id}
        )
        if is_new:
            record(by=by, verb=f"run {name}", subject=f"{name}-run/{made.pk}", detail={"service": service.slug, "tables": kept})
    return made


# -- small parts


def _locked(pk: int) -> Submission:
    rows = Submission.objects.select_for_update(of=("self",)).select_related("centre__service", "data_set__service")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no submission {pk}.")
    return found


def _refuse_signed(centre: Centre, period_start: dt.date, period_end: dt.date) -> None:
    """Refuse where a declared series covers the period: a shorter one inside it is declared with it."""
    around = CaseSeries.objects.filter(centre=centre, period_start__lte=period_start, period_end__gte=period_end)
    if around.filter(state=SeriesState.SIGNED_OFF).exists():
        raise NotPossible("The case series of this period is signed off. Ask the network lead to reopen it first.")


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    return {severity: sum(found.severity == severity for found in findings) for severity in SEVERITIES}


def _named(case_ids: Sequence[str]) -> str:
    more = f" and {len(case_ids) - NAMED} more" if len(case_ids) > NAMED else ""
    return ", ".join(case_ids[:NAMED]) + more


def _subject(submission: Submission) -> str:
    return f"submission/{submission.pk}"


def _series_subject(series: CaseSeries) -> str:
    return f"case-series/{series.centre.key}/{series.period_start}"


def _safe_name(filename: str) -> str:
    """Return the last part of the name as it was sent: some browsers send a whole path."""
    return (filename.replace("\\", "/").rpartition("/")[2].strip() or "cases")[-255:]


def _media_type(filename: str) -> str:
    return XLSX if filename.lower().endswith(".xlsx") else "text/csv"
