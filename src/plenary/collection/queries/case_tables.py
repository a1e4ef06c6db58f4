"""Cases as columns: what is stored of them, and the tables that results are computed from."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from plenary.collection.models import CaseSeries, CaseVersion
from plenary.collection.queries.across import counted_elsewhere
from plenary.collection.queries.data_sets import data_set, data_set_for
from plenary.collection.terms import SeriesState
from plenary.registry.models import Service
from plenary_stats import ingest, tables
from plenary_stats.spec import DataSet
from plenary_stats.tables import CaseTable

Payload = dict[str, Any]

_KEYS = ("centre", "case_id", "period")
"""Columns of a case table that stand in the case itself, not in its payload."""


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
        digests.setdefault(ods, hashlib.sha256()).update(line_of(case_id, payload))
    hashes = {f"cases/{service.slug}/{ods}": digest.hexdigest() for ods, digest in digests.items()}
    return hashes | {f"data-set/{service.slug}/{version.version}": version.sha256}


def line_of(case_id: str, payload: Payload) -> bytes:
    return json.dumps([case_id, payload], sort_keys=True, ensure_ascii=False).encode() + b"\n"


def period_label(period_start: dt.date, period_end: dt.date) -> str:
    """Name a calendar year by its number, any other period by its first and last year."""
    last = (period_end - dt.timedelta(days=1)).year
    return str(last) if period_start.year == last else f"{period_start.year}/{last % 100:02d}"
