from __future__ import annotations

import importlib
import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from hypothesis import given
from hypothesis import strategies as some

from plenary.core import actions, queries
from plenary.core.models import AuditEvent
from plenary.core.terms import NOBODY, SYSTEM, Damaged, Event, NotFound, Post
from tests.factories.core import PersonFactory, PostFactory

pytestmark = pytest.mark.django_db


class TestWho:
    def test_posts_of_the_day_only_and_of_this_person_only(self):
        person = PersonFactory(name="Jo Doe")
        PostFactory(person=person, starts_on=date(2024, 1, 1), ends_on=date(2025, 1, 1))
        PostFactory(person=person, role="centre-lead", starts_on=date(2025, 1, 1))
        PostFactory(role="network-lead", scope_kind="service", scope="lam")
        assert queries.who(person, date(2024, 12, 31)).posts == (Post("centre-data-manager", "centre", "adult-ecmo/RJ1"),)
        found = queries.who(person, date(2025, 1, 1))
        assert (found.person_id, found.name) == (person.pk, "Jo Doe")
        assert found.posts == (Post("centre-lead", "centre", "adult-ecmo/RJ1"),)

    def test_one_query_whatever_the_number_of_posts(self, django_assert_num_queries):
        person = PersonFactory()
        for count in (1, 3):
            PostFactory.create_batch(count, person=person)
            with django_assert_num_queries(1):
                queries.who(person)

    def test_a_stranger_and_a_closed_account_are_nobody(self):
        closed = PostFactory(person__is_active=False).person
        assert queries.who(AnonymousUser()) == queries.who(closed) == NOBODY

    def test_the_day_begins_in_london(self):
        with time_machine.travel(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)):
            assert queries.today() == date(2026, 7, 1)


class TestPerson:
    def test_by_address_in_any_letter_case(self):
        person = PersonFactory(email="jo@example.org")
        assert queries.person(" JO@example.org") == person
        with pytest.raises(NotFound, match=r"no@example\.org"):
            queries.person("no@example.org")

    def test_people_by_name(self):
        for name in ("Zoe", "Ann"):
            PersonFactory(name=name)
        assert [person.name for person in queries.people()] == ["Ann", "Zoe"]


class TestStoredBytes:
    def test_what_was_never_kept_is_not_found(self):
        with pytest.raises(NotFound):
            queries.stored_bytes("0" * 64)

    def test_a_hash_that_is_a_path_is_not_followed(self):
        with pytest.raises(NotFound):
            queries.stored_bytes("../../../etc/passwd")

    def test_a_changed_file_is_never_returned(self):
        sha = actions.store_bytes(b"as received", by=SYSTEM, media_type="text/csv")
        queries.store_path(sha).write_bytes(b"as forged")
        with pytest.raises(Damaged, match="changed"):
            queries.stored_bytes(sha)

    def test_a_lost_file_says_what_to_do(self):
        sha = actions.store_bytes(b"as received", by=SYSTEM, media_type="text/csv")
        queries.store_path(sha).unlink()
        with pytest.raises(Damaged, match="backup"):
            queries.stored_bytes(sha)


@contextmanager
def unguarded():
    """Lift the database's guard, as somebody with the database's own password could."""
    guard = importlib.import_module("plenary.core.migrations.0002_audit_append_only").GUARDS[connection.vendor]
    with connection.cursor() as cursor:
        for statement in guard["drop"]:
            cursor.execute(statement)
        yield
        for statement in guard["create"]:
            cursor.execute(statement)


class TestVerifyChain:
    def chain(self):
        for number in range(1, 6):
            actions.record(
                by=SYSTEM, verb="try", subject=f"thing/{number}", detail={"text": "naïve – “é”", "number": 0.1 * number}
            )
        return AuditEvent.objects.all()

    def test_an_empty_and_an_untouched_chain_are_whole(self):
        assert queries.verify_chain().whole
        self.chain()
        report = queries.verify_chain()
        assert (report.whole, report.events, report.head) == (True, 5, AuditEvent.objects.last().hash)

    @pytest.mark.parametrize(
        "forged",
        [
            {"verb": "other"},
            {"subject": "thing/9"},
            {"detail": "{}"},
            {"who": 3},
            {"who_name": "Somebody"},
            {"occurred_at": datetime(2020, 1, 1, tzinfo=UTC)},
            {"hash": "f" * 64},
            {"previous_hash": "f" * 64},
        ],
    )
    def test_every_changed_column_is_found(self, forged):
        events = self.chain()
        with unguarded():
            events.filter(pk=3).update(**forged)
        assert queries.verify_chain().broken_at == 3

    def test_a_removed_event_is_found(self):
        events = self.chain()
        with unguarded():
            events.filter(pk=3).delete()
        report = queries.verify_chain()
        assert (report.broken_at, report.reason) == (4, "event 3 is missing")

    def test_an_event_rewritten_with_its_own_new_hash_is_found_at_the_next(self):
        events = self.chain()
        forged = events.get(pk=3)
        forged.verb = "other"
        event = queries.Event(3, forged.occurred_at, None, forged.who_name, "other", forged.subject, forged.detail)
        with unguarded():
            events.filter(pk=3).update(verb="other", hash=queries.event_hash(event, forged.previous_hash))
        assert queries.verify_chain().broken_at == 4

    def test_a_cut_tail_is_found_by_a_noted_head(self):
        events = self.chain()
        noted = queries.verify_chain().head
        with unguarded():
            events.filter(pk=5).delete()
        assert queries.verify_chain().whole
        assert not queries.events().filter(hash=noted).exists()


def test_events_are_found_by_verb_and_subject():
    for verb, subject in [("read", "case/1"), ("read", "case/2"), ("change", "case/1")]:
        actions.record(by=SYSTEM, verb=verb, subject=subject)
    assert [event.sequence for event in queries.events(verb="read")] == [1, 2]
    assert [event.sequence for event in queries.events(subject="case/1")] == [1, 3]


def test_code_version_is_a_version_and_a_digest_of_the_statistics():
    version, _, digest = queries.code_version().partition(" ")
    assert version
    assert len(digest) == len("(0123456789ab)")
    assert queries.code_version() == queries.code_version()


class TestGivenUp:
    """A job counts as given up when it failed and no later one is to do the same."""

    @pytest.fixture
    def job(self, db):
        def make(status, *arguments, task="plenary.editions.tasks.build"):
            return DBTaskResult.objects.create(
                status=status, args_kwargs={"args": list(arguments), "kwargs": {}}, task_path=task,
                backend_name="default", run_after=timezone.now(), exception_class_path="", traceback="",
            )  # fmt: skip

        return make

    def test_those_that_failed(self, job):
        job("FAILED", 7, "note")
        job("SUCCESSFUL", 8)
        job("FAILED", 9, task="plenary.releases.tasks.prepare")
        assert queries.given_up("plenary.editions.tasks.build") == {7}

    @pytest.mark.parametrize("status", ["READY", "RUNNING"])
    def test_not_what_is_tried_again(self, job, status):
        job("FAILED", 7)
        job(status, 7)
        assert queries.given_up("plenary.editions.tasks.build") == set()

    def test_what_is_done_is_not_even_looked_at(self, job, django_assert_num_queries):
        job("FAILED", 7)
        for number in range(20):
            job("SUCCESSFUL", number)
        DBTaskResult.objects.filter(status="SUCCESSFUL").update(args_kwargs={"unreadable": True})
        with django_assert_num_queries(1):
            assert queries.given_up("plenary.editions.tasks.build") == {7}

    def test_nothing_was_ever_queued(self, db):
        assert queries.given_up("plenary.editions.tasks.build") == set()


@given(
    some.text(some.characters(codec="utf-8", exclude_characters="\x00"), max_size=20),
    some.dictionaries(some.text(max_size=5), some.one_of(some.none(), some.integers(), some.text(max_size=8)), max_size=3),
    some.datetimes(timezones=some.just(UTC)),
)
def test_the_hash_of_an_event_depends_on_each_of_its_parts(words, detail, at):
    event = Event(1, at, 7, words, "verb", "subject", json.dumps(detail))
    sound = queries.event_hash(event, queries.GENESIS)
    assert queries.event_hash(replace(event, occurred_at=at.astimezone(ZoneInfo("Asia/Kolkata"))), queries.GENESIS) == sound
    changes = ({"sequence": 2}, {"who": 8}, {"who_name": words + "x"}, {"verb": "verbs"}, {"subject": ""}, {"detail": "[]"})
    others = [queries.event_hash(replace(event, **change), queries.GENESIS) for change in changes]
    others.append(queries.event_hash(event, "1" + queries.GENESIS[1:]))
    assert len({sound, *others}) == len(others) + 1


plain = some.recursive(
    some.one_of(some.none(), some.booleans(), some.integers(), some.text(max_size=6)),
    lambda inner: some.one_of(some.lists(inner, max_size=3), some.dictionaries(some.text(max_size=4), inner, max_size=3)),
    max_leaves=6,
)


@given(some.dictionaries(some.text(some.characters(codec="utf-8", exclude_characters="\x00"), max_size=5), plain, max_size=3))
def test_what_an_event_was_given_is_what_it_tells_whatever_it_is(detail):
    text = json.dumps(detail, sort_keys=True, ensure_ascii=False)
    assert queries.event_detail(AuditEvent(detail=text)) == detail


@pytest.mark.parametrize("content", [b"", b"\0", b"\r\n", "Ŵ".encode(), bytes(range(256)) * 300])
def test_bytes_come_back_as_they_were_kept_and_erased_and_sent_again_they_are_new(content):
    sha256 = actions.store_bytes(content, by=SYSTEM, media_type="text/csv")
    assert queries.stored_bytes(sha256) == content
    assert queries.erased_on(sha256) is None
    actions.erase_bytes(sha256=sha256, why="sent by mistake", by=SYSTEM)
    with pytest.raises(NotFound, match="was erased"):
        queries.stored_bytes(sha256)
    assert queries.erased_on(sha256) == queries.today()
    actions.erase_bytes(sha256=sha256, why="twice", by=SYSTEM)
    assert queries.events(verb="erase bytes").count() == 1
    assert actions.store_bytes(content, by=SYSTEM, media_type="text/csv") == sha256
    assert (queries.stored_bytes(sha256), queries.erased_on(sha256)) == (content, None)
    assert queries.events(verb="store bytes").count() == 2


@pytest.mark.django_db
def test_every_version_of_a_policy_stands_in_the_order_of_its_dates():
    for version, begins in (("2", date(2020, 4, 1)), ("3", date(2030, 4, 1)), ("other", date(2019, 4, 1))):
        name = "quorum" if version == "other" else "disclosure"
        actions.adopt_policy(name=name, version=version, valid_from=begins, body={"threshold": 30}, source="x", by=SYSTEM)
    found = queries.policy_versions("disclosure")
    assert [(one.version, one.valid_to) for one in found] == [("2", date(2030, 4, 1)), ("3", None)]
    assert queries.policy_versions("none") == []


@pytest.mark.django_db
def test_holders_are_those_who_hold_the_post_today_over_exactly_this():
    today = queries.today()
    made = {name: PersonFactory(name=name) for name in ("Zoe", "Ann", "Closed", "Before", "Later", "Other centre", "Other role")}
    for name, values in {
        "Zoe": {},
        "Ann": {"ends_on": today + timedelta(days=1)},
        "Closed": {},
        "Before": {"starts_on": date(2020, 1, 1), "ends_on": today},
        "Later": {"starts_on": today + timedelta(days=1)},
        "Other centre": {"scope": "adult-ecmo/RM2"},
        "Other role": {"role": "centre-data-manager"},
    }.items():
        PostFactory(person=made[name], **({"role": "centre-lead", "scope": "adult-ecmo/RJ1"} | values))
    actions.close_person(person=made["Closed"], by=SYSTEM)
    assert [one.name for one in queries.holders("centre-lead", "adult-ecmo/RJ1")] == ["Ann", "Zoe"]
