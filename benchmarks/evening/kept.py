"""What was acknowledged, looked for in the database: ``python -m benchmarks.evening.kept BOOK`` prints one JSON report.

Everything acknowledged is there exactly once; nothing that was sent stands twice; the audit chain is whole; no job is left.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import django

PATIENCE = 90
"""Seconds in which the worker must have come through what was queued."""


def look(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is wrong, and how much was looked at."""
    acknowledged = [line for line in lines if "acknowledged" in line]
    jobs = _wait_for_jobs()
    wrong = _uploads([one for one in acknowledged if one["acknowledged"] == "upload"])
    wrong += _accepted([one for one in acknowledged if one["acknowledged"] == "accept"])
    wrong += _cases([one for one in acknowledged if one["acknowledged"] == "case"])
    wrong += _drafts(acknowledged)
    wrong += _twice()
    if jobs["READY"] or jobs["RUNNING"] or jobs["FAILED"]:
        wrong.append(f"jobs are left: {dict(jobs)}")
    chain = verify_chain()
    if not chain.whole:
        wrong.append(f"the audit chain is broken at {chain.broken_at}: {chain.reason}")
    counts = Counter(one["acknowledged"] for one in acknowledged)
    return {"wrong": wrong, "looked": dict(counts), "jobs": dict(jobs), "events": chain.events}


def _wait_for_jobs() -> Counter[str]:
    since = time.monotonic()
    while True:
        jobs = Counter(DBTaskResult.objects.values_list("status", flat=True))
        if not (jobs["READY"] or jobs["RUNNING"]) or time.monotonic() - since > PATIENCE:
            return jobs
        time.sleep(0.5)


def _uploads(told: list[dict[str, Any]]) -> list[str]:
    wrong = []
    for one in told:
        row = Submission.objects.filter(pk=one["submission"]).first()
        if row is None or row.sha256 != one["sha256"]:
            wrong.append(f"the file of submission {one['submission']} was acknowledged and is not there")
            continue
        try:
            stored_bytes(row.sha256)
        except (NotFound, Damaged) as problem:
            wrong.append(str(problem))
        if row.state == "received":
            wrong.append(f"submission {row.pk} was received and never checked")
        again = Submission.objects.filter(centre=row.centre, sha256=row.sha256, route="file").count()
        if again != 1:
            wrong.append(f"submission {row.pk} is there {again} times")
    return wrong


def _accepted(told: list[dict[str, Any]]) -> list[str]:
    wrong = []
    for one in told:
        row = Submission.objects.get(pk=one["submission"])
        versions = CaseVersion.objects.filter(submission=row).count()
        if row.state not in {"accepted", "superseded"} or versions != row.cases:
            wrong.append(f"submission {row.pk} was accepted; it is {row.state} and has {versions} of {row.cases} cases")
    return wrong


def _cases(told: list[dict[str, Any]]) -> list[str]:
    wrong = []
    for one in told:
        _, _, _, service, ods, _, _ = one["place"].split("/")
        found = CaseVersion.objects.filter(
            case__case_id=one["case_id"], case__centre__ods=ods, case__centre__service__slug=service, submission__route="keyed"
        )
        if found.count() != 1:
            wrong.append(f"the keyed case {one['case_id']} has {found.count()} versions")
        if CaseDraft.objects.filter(pk=_number(one["address"])).exists():
            wrong.append(f"the draft of the finished case {one['case_id']} is left")
    return wrong


def _drafts(acknowledged: list[dict[str, Any]]) -> list[str]:
    """A draft holds at least what was acknowledged last, or has become a case."""
    last = {one["address"]: one for one in acknowledged if one["acknowledged"] == "draft"}
    finished = {one["address"] for one in acknowledged if one["acknowledged"] == "case"}
    wrong = []
    for address, one in last.items():
        if address in finished:
            continue
        draft = CaseDraft.objects.filter(pk=_number(address)).first()
        name = one["typed"].get("case_id", "")
        if draft is None:
            if not Case.objects.filter(case_id=name).exists():
                wrong.append(f"the draft {address} was acknowledged and is neither there nor a case")
        elif missing := [key for key, value in _plain(one["typed"]).items() if draft.typed.get(key) != value]:
            wrong.append(f"the draft {address} lacks {missing}")
    return wrong


def _plain(typed: dict[str, str]) -> dict[str, str]:
    """Return what was typed without the boxes of dates, which the page puts together."""
    return {name: value for name, value in typed.items() if value and not name.endswith(("_day", "_month", "_year"))}


def _twice() -> list[str]:
    current: Any = CaseVersion.objects.filter(current=True).order_by().values("case").annotate(n=Count("pk")).filter(n__gt=1)
    return [f"case {one['case']} has {one['n']} current versions" for one in current]


def _number(address: str) -> int:
    return int(address.strip("/").rpartition("/")[2])


if __name__ == "__main__":
    django.setup()

from django.db.models import Count  # noqa: E402 - Django must be set up before its tables are named
from django_tasks_db.models import DBTaskResult  # noqa: E402

from plenary.collection.models import Case, CaseDraft, CaseVersion, Submission  # noqa: E402
from plenary.core.queries import stored_bytes, verify_chain  # noqa: E402
from plenary.core.terms import Damaged, NotFound  # noqa: E402

if __name__ == "__main__":
    told = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    sys.stdout.write(json.dumps(look(told)))
