"""What a file says and what its check finds."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Mapping
from dataclasses import replace

from django.db.models import Q
from django.utils import timezone

from plenary.collection.models import Case, CaseVersion, DataSetVersion, Submission
from plenary.collection.queries.across import known_beside
from plenary.collection.queries.case_tables import period_label
from plenary.collection.queries.data_sets import data_set
from plenary.collection.queries.visibility import submissions
from plenary.collection.terms import Route
from plenary.core.queries import erased_on, stored_bytes
from plenary.core.terms import Damaged, NotFound, Who
from plenary.registry import queries as registry
from plenary.registry.models import Centre
from plenary_stats import ingest
from plenary_stats.dictionary.mapping import FileMapping, read_mapping
from plenary_stats.ingest import Checked, Finding, RawTable
from plenary_stats.ingest.suggestion import fitting
from plenary_stats.spec import InputError


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
