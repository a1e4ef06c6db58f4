"""Killed and crowded: nothing acknowledged is lost, nothing half-written is seen, the chain stays one chain."""

from __future__ import annotations

import hashlib
import random
import signal
import threading
import time

import pytest
from django.db import connection, transaction
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from plenary.core import actions, queries
from plenary.core.terms import SYSTEM, Refused
from tests.factories.core import make_who

WRITERS, EVENTS = 6, 8


@pytest.mark.django_db(transaction=True)
class TestCrowded:
    def crowd(self, work) -> list[BaseException]:
        failures: list[BaseException] = []

        def run(number):
            try:
                work(number)
            except BaseException as failure:  # noqa: BLE001 - shown by the assertion in the main thread
                failures.append(failure)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=[number]) for number in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return failures

    def test_many_writers_at_once_make_one_whole_chain(self):
        def work(number):
            for event in range(EVENTS):
                with transaction.atomic():
                    actions.record(by=SYSTEM, verb="try", subject=f"writer/{number}", detail={"event": event})

        assert self.crowd(work) == []
        report = queries.verify_chain()
        assert (report.whole, report.events) == (True, WRITERS * EVENTS)
        for number in range(WRITERS):  # each writer's events stand in the order in which it wrote them
            found = [queries.event_detail(event)["event"] for event in queries.events(subject=f"writer/{number}")]
            assert found == list(range(EVENTS))

    def test_a_writer_that_gives_up_leaves_no_gap(self):
        def work(number):
            for event in range(EVENTS):
                with transaction.atomic():
                    actions.record(by=SYSTEM, verb="try", subject=f"writer/{number}")
                    if event % 2:
                        transaction.set_rollback(True)

        assert self.crowd(work) == []
        report = queries.verify_chain()
        assert (report.whole, report.events) == (True, WRITERS * EVENTS // 2)

    def test_the_same_bytes_from_many_at_once_are_kept_once(self):
        assert self.crowd(lambda number: actions.store_bytes(b"same", by=SYSTEM, media_type="text/plain")) == []
        assert queries.events(verb="store bytes").count() == 1


KEEP = """
import os, sys
from plenary.core import actions
from plenary.core.terms import SYSTEM
for number in range(10_000):
    content = f"{os.getpid()}-{number}-".encode() * 20_000
    print(actions.store_bytes(content, by=SYSTEM, media_type="text/plain"), flush=True)
"""
VERIFY = """
import sys
from plenary.core import queries
for sha in sys.stdin.read().split():
    queries.stored_bytes(sha)
assert queries.verify_chain().whole
print(queries.events(verb="store bytes").count())
"""


def test_a_killed_process_loses_nothing_that_it_acknowledged(migrated, tmp_path):
    place = migrated.copy_to(tmp_path / "data")
    chance = random.Random(20260401)
    acknowledged: list[str] = []
    for _ in range(6):
        process = place.start_python(KEEP)
        acknowledged.append(process.stdout.readline().strip())  # it is at work by now
        time.sleep(chance.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        acknowledged += [line for line in process.communicate()[0].splitlines() if len(line) == 64]
    assert len(set(acknowledged)) == len(acknowledged) > 6
    kept = int(place.python(VERIFY, stdin="\n".join(acknowledged)))
    assert kept >= len(acknowledged)
    for path in (place.data / "store").glob("??/[!.]*"):  # under its own name a file is whole or not there
        assert len(path.read_bytes()) > 0
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


@task
def nothing():
    """Do nothing: stands for any job."""


@pytest.mark.django_db
class TestRequeueAbandoned:
    def abandoned(self, attempts):
        job = nothing.enqueue()
        row = DBTaskResult.objects.filter(pk=job.id)
        row.update(status=TaskResultStatus.RUNNING, worker_ids=["worker"] * attempts)
        return row

    def test_a_job_of_a_killed_worker_is_begun_again_but_not_for_ever(self):
        once, often = self.abandoned(1), self.abandoned(3)
        waiting = nothing.enqueue()
        assert actions.requeue_abandoned(by=SYSTEM) == 2
        assert once.get().status == TaskResultStatus.READY
        assert often.get().status == TaskResultStatus.FAILED
        assert often.get().finished_at is not None
        assert DBTaskResult.objects.get(pk=waiting.id).worker_ids == []
        assert queries.events(verb="begin jobs again").count() == 1

    def test_nothing_abandoned_is_no_event(self):
        assert actions.requeue_abandoned(by=SYSTEM) == 0
        assert not queries.events().exists()

    def test_only_an_administrator(self):
        row = self.abandoned(1)
        with pytest.raises(Refused):
            actions.requeue_abandoned(by=make_who("centre-lead", "adult-ecmo/RJ1"))
        assert row.get().status == TaskResultStatus.RUNNING
