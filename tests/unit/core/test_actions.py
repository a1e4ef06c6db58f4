from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from plenary.core import actions, permissions, queries
from plenary.core.models import ActionToDo, AuditEvent, Person, StoredBytes
from plenary.core.terms import NOBODY, SYSTEM, Refused
from tests.factories.core import PersonFactory, PostFactory, make_person_who, make_who

pytestmark = pytest.mark.django_db

ADMINISTRATOR = make_who(permissions.Administrator, person_id=7, name="Ada Min")
MANAGER = make_who(permissions.CentreDataManager, "adult-ecmo/RJ1", person_id=8)


class TestRecord:
    def test_events_are_numbered_from_one_and_chained(self):
        first = actions.record(by=ADMINISTRATOR, verb="try", subject="thing/1", detail={"n": 1})
        second = actions.record(by=SYSTEM, verb="try", subject="thing/2")
        rows = list(AuditEvent.objects.all())
        assert (first, second) == (1, 2)
        assert [row.previous_hash for row in rows] == [queries.GENESIS, rows[0].hash]
        assert [(row.who, row.who_name) for row in rows] == [(7, "Ada Min"), (None, "Plenary")]

    def test_nobody_cannot_record(self):
        with pytest.raises(Refused, match="signed in"):
            actions.record(by=NOBODY, verb="try", subject="thing/1")
        assert not AuditEvent.objects.exists()

    def test_dates_are_kept_as_text(self):
        actions.record(
            by=SYSTEM, verb="try", subject="x", detail={"on": date(2026, 4, 1), "at": datetime(2026, 4, 1, tzinfo=UTC)}
        )
        assert queries.event_detail(AuditEvent.objects.get()) == {"on": "2026-04-01", "at": "2026-04-01T00:00:00+00:00"}

    @pytest.mark.parametrize("bad", [{"x": float("nan")}, {"x": object()}])
    def test_what_has_no_plain_form_is_refused(self, bad):
        with pytest.raises((TypeError, ValueError)):
            actions.record(by=SYSTEM, verb="try", subject="x", detail=bad)
        assert not AuditEvent.objects.exists()

    def test_an_event_goes_with_its_transaction(self):
        with transaction.atomic():
            actions.record(by=SYSTEM, verb="try", subject="x")
            transaction.set_rollback(True)
        assert not AuditEvent.objects.exists()

    @pytest.mark.parametrize("change", ["UPDATE core_auditevent SET verb = 'other'", "DELETE FROM core_auditevent"])
    def test_the_database_refuses_a_change(self, change):
        actions.record(by=SYSTEM, verb="try", subject="x")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
        assert AuditEvent.objects.get().verb == "try"

    def test_reading_cases_is_an_event(self):
        actions.record_read(by=MANAGER, subject="case/9", why="mending a finding")
        row = AuditEvent.objects.get()
        assert (row.verb, row.who, queries.event_detail(row)) == ("read", 8, {"why": "mending a finding"})


class TestStoreBytes:
    def test_the_same_bytes_twice_are_kept_once(self, store):
        first = actions.store_bytes(b"one", by=SYSTEM, media_type="text/plain")
        second = actions.store_bytes(b"one", by=SYSTEM, media_type="text/plain")
        assert first == second == hashlib.sha256(b"one").hexdigest()
        assert [path.name for path in store.rglob("*") if path.is_file()] == [first]
        assert StoredBytes.objects.count() == AuditEvent.objects.count() == 1
        assert queries.stored_bytes(first) == b"one"

    def test_bytes_that_changed_on_disk_are_kept_again(self):
        sha = actions.store_bytes(b"one", by=SYSTEM, media_type="text/plain")
        queries.store_path(sha).write_bytes(b"two")
        actions.store_bytes(b"one", by=SYSTEM, media_type="text/plain")
        assert queries.stored_bytes(sha) == b"one"

    def test_a_failed_write_leaves_nothing(self, store, monkeypatch):
        def full(_handle):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(actions.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            actions.store_bytes(b"one", by=SYSTEM, media_type="text/plain")
        assert not [path for path in store.rglob("*") if path.is_file()]
        assert not StoredBytes.objects.exists()

    def test_no_bytes_at_all_are_bytes_too(self):
        assert queries.stored_bytes(actions.store_bytes(b"", by=SYSTEM, media_type="text/plain")) == b""


class TestCreatePerson:
    def test_creates_with_a_verified_address_and_an_event(self):
        person = actions.create_person(
            email=" Jo@Example.org ", name=" Jo Doe ", password="a quiet lamp in the hall", by=ADMINISTRATOR
        )
        assert (person.email, person.name) == ("jo@example.org", "Jo Doe")
        assert person.check_password("a quiet lamp in the hall")
        assert person.emailaddress_set.get().verified is True
        assert AuditEvent.objects.get().subject == f"person/{person.pk}"

    def test_without_a_password_nothing_opens_the_account(self):
        assert not actions.create_person(email="jo@example.org", name="Jo", by=SYSTEM).has_usable_password()

    @pytest.mark.parametrize(
        ("email", "name", "password"),
        [
            ("jo@example.org", "Jo", "short"),
            ("not an address", "Jo", None),
            ("jo@example.org", " ", None),
            ("Taken@example.org", "Jo", None),
        ],
    )
    def test_what_cannot_be_used_is_refused(self, email, name, password):
        PersonFactory(email="taken@example.org")
        with pytest.raises(Refused):
            actions.create_person(email=email, name=name, password=password, by=ADMINISTRATOR)
        assert Person.objects.count() == 1

    def test_only_an_administrator(self):
        with pytest.raises(Refused, match="administrator"):
            actions.create_person(email="jo@example.org", name="Jo", by=MANAGER)
        assert not Person.objects.exists()

    def test_the_database_refuses_one_address_in_two_letter_cases(self):
        PersonFactory(email="jo@example.org")
        with pytest.raises(IntegrityError), transaction.atomic():
            PersonFactory(email="JO@example.org")


class TestAppoint:
    def test_appoints_and_ends(self):
        person = PersonFactory()
        post = actions.appoint(person=person, role="centre-lead", scope="adult-ecmo/RJ1", starts_on=date(2026, 1, 1), by=SYSTEM)
        assert queries.who(person, date(2026, 1, 1)).posts[0].scope == "adult-ecmo/RJ1"
        assert queries.who(person, date(2025, 12, 31)).posts == ()
        actions.end_post(post=post, on=date(2026, 2, 1), by=SYSTEM)
        assert queries.who(person, date(2026, 1, 31)).posts
        assert queries.who(person, date(2026, 2, 1)).posts == ()
        assert [event.verb for event in AuditEvent.objects.all()] == ["appoint", "end post"]

    @pytest.mark.parametrize(
        ("role", "scope"),
        [("centre-lead", ""), ("centre-lead", "adult-ecmo"), ("centre-lead", "/RJ1"), ("administrator", "England"), ("king", "")],
    )
    def test_a_role_over_the_wrong_kind_of_object_is_refused(self, role, scope):
        person = PersonFactory()
        with pytest.raises(Refused):
            actions.appoint(person=person, role=role, scope=scope, by=SYSTEM)
        assert not person.posts.exists()

    def test_nobody_appoints_themselves(self):
        person = PersonFactory(id=7)
        with pytest.raises(Refused, match="themselves"):
            actions.appoint(person=person, role="reviewer", by=ADMINISTRATOR)

    def test_only_an_administrator(self):
        with pytest.raises(Refused, match="administrator"):
            actions.appoint(person=PersonFactory(), role="reviewer", by=MANAGER)

    @pytest.mark.parametrize(("days", "reason"), [(None, "ticket 12"), (8, "ticket 12"), (7, " ")])
    def test_support_staff_have_no_standing_access_to_cases(self, days, reason):
        support = PostFactory(role="administrator", scope_kind="all", scope="").person
        start = queries.today()
        ends = start + timedelta(days=days) if days else None
        with pytest.raises(Refused, match="Support staff"):
            actions.appoint(
                person=support, role="centre-lead", scope="a/RJ1", starts_on=start, ends_on=ends, reason=reason, by=SYSTEM
            )

    def test_support_staff_see_cases_for_a_week_with_a_reason(self):
        support = PostFactory(role="administrator", scope_kind="all", scope="").person
        start = queries.today()
        week = start + timedelta(days=7)
        actions.appoint(
            person=support, role="centre-lead", scope="a/RJ1", starts_on=start, ends_on=week, reason="ticket 12", by=SYSTEM
        )
        assert permissions.sees_cases(queries.who(support, start), service="a", centre="a/RJ1") is True
        assert permissions.sees_cases(queries.who(support, week), service="a", centre="a/RJ1") is False

    def test_closing_a_person_ends_everything_at_once(self):
        person = PostFactory().person
        actions.close_person(person=person, by=SYSTEM)
        person.refresh_from_db()
        assert queries.who(person) == NOBODY
        assert person.posts.get().ends_on == queries.today()


class TestInbox:
    def test_the_holder_of_the_post_sees_it_and_completes_it(self):
        holder = make_person_who(permissions.CentreLead, "adult-ecmo/RJ1")
        other = make_person_who(permissions.CentreLead, "adult-ecmo/RRV")
        todo = actions.ask(by=SYSTEM, role="centre-lead", scope="adult-ecmo/RJ1", what="Sign off 2025", due_on=date(2026, 5, 1))
        assert list(queries.inbox(holder)) == [todo]
        assert list(queries.inbox(other)) == []
        with pytest.raises(Refused, match="not yours"):
            actions.complete_action(todo=todo, by=other)
        actions.complete_action(todo=todo, by=holder)
        actions.complete_action(todo=todo, by=holder)
        assert list(queries.inbox(holder)) == []
        assert queries.events(verb="complete action").count() == 1
        assert ActionToDo.objects.get().done_by == holder.person_id

    def test_a_person_may_be_asked_by_name(self):
        person = PersonFactory()
        actions.ask(by=SYSTEM, person=person, what="Read this")
        assert [todo.what for todo in queries.inbox(queries.who(person))] == ["Read this"]

    def test_soonest_first_and_undated_last(self):
        who = make_person_who(permissions.Reviewer)
        for what, due in [("later", date(2026, 6, 1)), ("some day", None), ("soon", date(2026, 5, 1))]:
            actions.ask(by=SYSTEM, role="reviewer", what=what, due_on=due)
        assert [todo.what for todo in queries.inbox(who)] == ["soon", "later", "some day"]

    def test_somebody_must_be_asked(self):
        with pytest.raises(Refused):
            actions.ask(by=SYSTEM, what="Anybody?")


class TestPolicies:
    def adopt(self, version, valid_from, **more):
        return actions.adopt_policy(name="disclosure", version=version, valid_from=valid_from, source="RDAG", by=SYSTEM, **more)

    def test_each_day_has_the_version_then_in_force(self):
        self.adopt("1", date(2024, 4, 1), body={"threshold": 5})
        self.adopt("2", date(2025, 4, 1), body={"threshold": 30})
        assert queries.policy("disclosure", date(2025, 3, 31)).body == {"threshold": 5}
        assert queries.policy("disclosure", date(2025, 4, 1)).body == {"threshold": 30}
        with pytest.raises(queries.NotFound):
            queries.policy("disclosure", date(2024, 3, 31))

    def test_the_same_version_twice_is_once_but_never_other_content(self):
        self.adopt("1", date(2024, 4, 1), body={"threshold": 5})
        self.adopt("1", date(2024, 4, 1), body={"threshold": 5})
        with pytest.raises(Refused, match="new version"):
            self.adopt("1", date(2024, 4, 1), body={"threshold": 6})
        assert queries.events(verb="adopt policy").count() == 1

    def test_the_past_is_not_rewritten(self):
        self.adopt("2", date(2025, 4, 1), body={})
        with pytest.raises(Refused, match="later version"):
            self.adopt("1", date(2024, 4, 1), body={})
        self.adopt("1", date(2024, 4, 1), body={}, valid_to=date(2025, 4, 1))
        with pytest.raises(Refused, match="in force"):
            self.adopt("1b", date(2024, 5, 1), body={}, valid_to=date(2024, 6, 1))

    def test_a_folder_of_policies_is_adopted_in_order_of_date(self, tmp_path):
        for version, year in [("2", 2026), ("1", 2025)]:
            text = f'name = "quorum"\nversion = "{version}"\nvalid_from = {year}-04-01\nsource = "Handbook"\n[body]\nleast = {version}\n'
            (tmp_path / f"quorum-{year}.toml").write_text(text)
        actions.adopt_policies(tmp_path, by=SYSTEM)
        actions.adopt_policies(tmp_path, by=SYSTEM)
        assert queries.policy("quorum", date(2025, 6, 1)).body == {"least": 1}
        assert queries.policy("quorum", date(2026, 6, 1)).body == {"least": 2}
