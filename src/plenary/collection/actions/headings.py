"""A person says once what a centre's own headings mean; the files that follow are read so until that is forgotten."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from plenary.collection import permissions, queries
from plenary.collection.models import ColumnMapping, Submission
from plenary.collection.terms import SubmissionState
from plenary.core.actions import record, record_read, store_bytes
from plenary.core.permissions import require
from plenary.core.tasks import enqueue
from plenary.core.terms import NotFound, NotPossible, Who
from plenary.registry.models import Centre
from plenary_stats.dictionary import mapping as document
from plenary_stats.ingest import RawTable, suggestion
from plenary_stats.ingest.work import plain
from plenary_stats.spec import DataSet

LEAVE_OUT = "-"
"""Chosen in place of a field: the column is not to be read."""


def open_columns(*, submission_id: int, by: Who) -> RawTable:
    """Return a file as it was sent, for its columns to be matched, and record that it was read."""
    submission = queries.submission(submission_id)
    require(permissions.may_submit(by, submission.centre), f"Only people of {submission.centre.key} match its columns.")
    with transaction.atomic():
        found = queries.raw_table(submission)
        record_read(by=by, subject=f"submission/{submission.pk}", why="match the columns of a file", detail={"rows": len(found)})
    return found


def match_columns(
    *, submission_id: int, columns: Mapping[str, str], recodes: Mapping[str, Mapping[str, str]], by: Who
) -> Submission:
    """Remember which field each heading of a file means, and read the file so. Its bytes stay as they were sent."""
    submission = queries.submission(submission_id)
    require(permissions.may_submit(by, submission.centre), f"Only people of {submission.centre.key} match its columns.")
    dataset = queries.data_set(submission.data_set)
    content = document.write(_chosen(dataset, columns, recodes))
    document.read_mapping(content)  # what cannot be read again is not kept
    with transaction.atomic():
        rows = Submission.objects.select_for_update(of=("self",)).select_related("centre__service")
        current = rows.get(pk=submission.pk)
        if current.state not in (SubmissionState.RECEIVED, SubmissionState.CHECKED):
            raise NotPossible("This file is decided already. Send it again: the columns can be matched then.")
        sha256 = store_bytes(content, by=by, media_type="application/toml")
        saved = {"sha256": sha256, "saved_at": timezone.now(), "saved_by": by.person_id}
        ColumnMapping.objects.update_or_create(centre=current.centre, defaults=saved)
        current.mapping_sha256 = sha256
        current.save(update_fields=["mapping_sha256"])
        detail = {"centre": current.centre.key, "mapping": sha256}
        record(by=by, verb="match columns", subject=f"submission/{current.pk}", detail=detail)
        enqueue("plenary.collection.tasks.check_again", current.pk)
    return current


def _chosen(dataset: DataSet, columns: Mapping[str, str], recodes: Mapping[str, Mapping[str, str]]) -> document.FileMapping:
    strange = sorted({name for name in columns.values() if name not in ("", LEAVE_OUT) and name not in dataset.columns})
    if strange:
        raise NotPossible(f"The data set has no field '{strange[0]}'.")
    taken: dict[str, str] = {}
    for heading, name in columns.items():
        if name not in ("", LEAVE_OUT) and taken.setdefault(name, heading) != heading:
            raise NotPossible(f"'{taken[name]}' and '{heading}' cannot both be the field '{name}'. Keep one of the two.")
    fields = {heading: name for heading, name in columns.items() if name not in ("", LEAVE_OUT)}
    needed = {
        heading: name
        for heading, name in fields.items()
        if plain(heading) != plain(name) or any(recodes.get(heading, {}).values())
    }
    left_out = [heading for heading, name in columns.items() if name == LEAVE_OUT]
    if not needed and not left_out:
        raise NotPossible("Nothing is matched: choose a field for at least one column.")
    return suggestion.chosen(dataset, needed, recodes, left_out)


def forget_columns(*, centre: Centre, by: Who) -> None:
    """Forget what a centre's headings mean. What was read by it stays as it is, with the mapping that it was read by."""
    require(permissions.may_submit(by, centre), f"Only people of {centre.key} forget its headings.")
    with transaction.atomic():
        known = ColumnMapping.objects.select_for_update().filter(centre=centre).first()
        if known is None:
            raise NotFound(f"Nothing is remembered of the headings of {centre.key}.")
        known.delete()
        record(by=by, verb="forget columns", subject=f"centre/{centre.key}", detail={"mapping": known.sha256})
