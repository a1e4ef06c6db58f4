"""Every action of the core: refused to those who may not, whole or not at all, and told by one event."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core import mail

from plenary.core import actions, permissions, queries
from plenary.core.models import ActionToDo, Person, Policy, Post
from plenary.core.terms import NOBODY, SYSTEM, NotFound, Refused, Who
from tests.factories.core import TOTP_SECRET, PersonFactory, PostFactory, make_who
from tests.unchanged import DiskFullError, fail_to_record, nothing_changes

pytestmark = pytest.mark.django_db

SCOPES = {"centre": "adult-ecmo/RJ1", "service": "adult-ecmo", "nation": "England", "all": ""}
ADMINISTRATOR = make_who(permissions.Administrator, person_id=7, name="Ada Min")
NOT_ADMINISTRATORS = [
    *(make_who(role, SCOPES[kind], person_id=8) for role in permissions.ROLES for kind in role.scope_kinds if kind != "all"),
    make_who(permissions.NationalCommissioner, person_id=8),
    make_who(permissions.Reviewer, person_id=8),
    Who(8, "No Post"),
    NOBODY,
]


@pytest.fixture
def jo() -> Person:
    """Somebody with a post, something to do and a second factor."""
    jo = PostFactory(person__email="jo@example.org", starts_on=date(2020, 1, 1)).person
    actions.ask(by=SYSTEM, person=jo, what="Read the minutes")
    actions.enrol_totp(person=jo, secret=TOTP_SECRET, by=SYSTEM)
    return jo


ATTEMPTS = {
    "create person": lambda jo, by: actions.create_person(email="new@example.org", name="New", by=by),
    "close person": lambda jo, by: actions.close_person(person=jo, by=by),
    "appoint": lambda jo, by: actions.appoint(person=jo, role="reviewer", by=by),
    "end post": lambda jo, by: actions.end_post(post=jo.posts.get(), by=by),
    "enrol second factor": lambda jo, by: actions.enrol_totp(person=jo, secret=TOTP_SECRET, by=by),
    "reset second factor": lambda jo, by: actions.reset_second_factor(person=jo, by=by),
    "complete action": lambda jo, by: actions.complete_action(todo=ActionToDo.objects.get(), by=by),
    "adopt policy": lambda jo, by: actions.adopt_policy(
        name="quorum", version="1", valid_from=date(2026, 4, 1), body={"least": 3}, source="Handbook", by=by
    ),
}


@pytest.mark.parametrize("verb", ATTEMPTS)
@pytest.mark.parametrize(
    "who", NOT_ADMINISTRATORS, ids=lambda who: who.posts[0].role + who.posts[0].scope if who.posts else who.name
)
def test_refused_to_everybody_but_an_administrator(jo, verb, who):
    with nothing_changes(), pytest.raises(Refused):
        ATTEMPTS[verb](jo, who)
    assert queries.has_second_factor(jo)


@pytest.mark.parametrize("verb", ATTEMPTS)
def test_what_cannot_be_told_is_not_done(jo, verb, monkeypatch):
    monkeypatch.setattr(actions, "record", fail_to_record)
    with nothing_changes(), pytest.raises(DiskFullError):
        ATTEMPTS[verb](jo, ADMINISTRATOR)
    assert queries.has_second_factor(jo)


@pytest.mark.parametrize("verb", ATTEMPTS)
def test_what_is_done_is_told_once_with_who_did_it(jo, verb):
    before = queries.events().count()
    ATTEMPTS[verb](jo, ADMINISTRATOR)
    assert queries.events().count() == before + 1
    event = queries.events().last()
    assert (event.verb, event.who, event.who_name) == (verb, 7, "Ada Min")
    assert queries.verify_chain().whole


class TestSecondFactor:
    def test_enrolling_again_replaces_the_secret_and_its_recovery_codes(self, jo):
        first = actions.enrol_totp(person=jo, secret=TOTP_SECRET, by=ADMINISTRATOR)
        second = actions.enrol_totp(person=jo, secret=TOTP_SECRET, by=ADMINISTRATOR)
        assert len(set(second)) == len(second) == len(first)
        assert not set(first) & set(second)
        assert jo.authenticator_set.count() == 2  # one-time codes and recovery codes

    def test_a_reset_touches_nobody_else(self, jo):
        other = PersonFactory()
        actions.enrol_totp(person=other, secret=TOTP_SECRET, by=ADMINISTRATOR)
        actions.reset_second_factor(person=jo, by=ADMINISTRATOR)
        assert queries.has_second_factor(jo) is False
        assert queries.has_second_factor(other) is True

    def test_nobody_resets_their_own(self):
        me = PersonFactory(id=ADMINISTRATOR.person_id)
        actions.enrol_totp(person=me, secret=TOTP_SECRET, by=SYSTEM)
        with nothing_changes(), pytest.raises(Refused, match="their own"):
            actions.reset_second_factor(person=me, by=ADMINISTRATOR)
        assert queries.has_second_factor(me)

    def test_the_secret_is_nowhere_in_the_audit(self, jo):
        codes = actions.enrol_totp(person=jo, secret=TOTP_SECRET, by=ADMINISTRATOR)
        told = " ".join(event.detail for event in queries.events())
        assert TOTP_SECRET not in told
        assert not any(code in told for code in codes)


class TestClosing:
    def test_nobody_else_loses_anything(self, jo):
        other = PostFactory(starts_on=date(2020, 1, 1))
        actions.close_person(person=jo, by=ADMINISTRATOR)
        other.refresh_from_db()
        assert (other.ends_on, other.person.is_active) == (None, True)

    def test_a_post_that_ended_keeps_its_end_and_one_to_come_gives_no_access(self, jo):
        past = PostFactory(person=jo, starts_on=date(2019, 1, 1), ends_on=date(2019, 6, 1))
        actions.close_person(person=jo, by=ADMINISTRATOR)
        past.refresh_from_db()
        assert past.ends_on == date(2019, 6, 1)
        jo.refresh_from_db()
        assert queries.who(jo, queries.today() + timedelta(days=400)) == NOBODY


class TestEndPost:
    def test_ends_today_where_no_day_is_given(self):
        post = PostFactory(starts_on=date(2020, 1, 1))
        actions.end_post(post=post, by=ADMINISTRATOR)
        assert Post.objects.get().ends_on == queries.today()

    def test_never_held_where_it_ends_on_its_first_day(self):
        post = PostFactory(starts_on=date(2026, 2, 1))
        actions.end_post(post=post, on=date(2026, 2, 1), by=ADMINISTRATOR)
        assert queries.who(post.person, date(2026, 2, 1)).posts == ()

    def test_not_before_it_began(self):
        post = PostFactory(starts_on=date(2026, 2, 1))
        with nothing_changes(), pytest.raises(Refused, match="before it starts"):
            actions.end_post(post=post, on=date(2026, 1, 31), by=ADMINISTRATOR)

    @pytest.mark.parametrize("on", [date(2026, 2, 9), date(2099, 1, 1)])
    def test_a_week_of_support_is_not_prolonged_by_ending_it_later(self, on):
        """Ending a post on a later day than its own end gave it those days."""
        post = PostFactory(starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 8), reason="ticket 12")
        with nothing_changes(), pytest.raises(Refused, match="ends on 2026-02-08 already"):
            actions.end_post(post=post, on=on, by=ADMINISTRATOR)
        assert queries.who(post.person, date(2026, 2, 8)).posts == ()

    def test_a_row_read_long_ago_does_not_prolong_it_either(self):
        post = PostFactory(starts_on=date(2026, 2, 1))
        stale = Post.objects.get()
        actions.end_post(post=post, on=date(2026, 3, 1), by=ADMINISTRATOR)
        with nothing_changes(), pytest.raises(Refused, match="ends on 2026-03-01 already"):
            actions.end_post(post=stale, on=date(2026, 4, 1), by=ADMINISTRATOR)

    def test_ended_twice_on_a_day_it_is_told_once_and_it_may_end_earlier(self):
        post = PostFactory(starts_on=date(2026, 2, 1))
        for on in (date(2026, 3, 1), date(2026, 3, 1), date(2026, 2, 15)):
            actions.end_post(post=post, on=on, by=ADMINISTRATOR)
        assert [queries.event_detail(one)["ends_on"] for one in queries.events(verb="end post")] == ["2026-03-01", "2026-02-15"]
        assert Post.objects.get().ends_on == date(2026, 2, 15)

    def test_an_appointment_does_not_end_before_it_begins(self):
        person = PersonFactory()
        with nothing_changes(), pytest.raises(Refused, match="before it starts"):
            actions.appoint(
                person=person, role="reviewer", starts_on=date(2026, 2, 1), ends_on=date(2026, 1, 31), by=ADMINISTRATOR
            )


class TestSupport:
    """Who runs the installation does not read cases, unless for a reason and for a week."""

    def appoint(self, person, **more):
        week = {"starts_on": date(2026, 2, 1), "ends_on": date(2026, 2, 8), "reason": "ticket 12", "scope": "a/RJ1"} | more
        return actions.appoint(person=person, role="centre-lead", **week, by=SYSTEM)

    def administrator(self, **dates):
        return PostFactory(role="administrator", scope_kind="all", scope="", **dates).person

    @pytest.mark.parametrize(
        ("starts_on", "ends_on", "refused"),
        [
            (date(2020, 1, 1), date(2026, 2, 1), False),
            (date(2020, 1, 1), date(2026, 2, 2), True),
            (date(2020, 1, 1), None, True),
            (date(2026, 2, 8), None, True),
            (date(2030, 1, 1), None, True),
            (date(2026, 1, 1), date(2026, 1, 1), False),
        ],
    )
    def test_what_counts_is_who_is_an_administrator_on_any_of_its_days(self, starts_on, ends_on, refused):
        person = self.administrator(starts_on=starts_on, ends_on=ends_on)
        if refused:
            with nothing_changes(), pytest.raises(Refused, match="Support staff"):
                self.appoint(person, ends_on=None, reason="")
        else:
            assert self.appoint(person, ends_on=None, reason="").ends_on is None

    def test_a_post_that_ends_before_the_administration_begins_needs_no_reason(self):
        person = self.administrator(starts_on=date(2026, 2, 8))
        assert self.appoint(person, starts_on=date(2020, 1, 1), reason="").ends_on == date(2026, 2, 8)
        with pytest.raises(Refused, match="7 days at most"):
            self.appoint(person, starts_on=date(2020, 1, 1), ends_on=date(2026, 2, 9))

    @pytest.mark.parametrize("role", ["centre-lead", "centre-data-manager"])
    @pytest.mark.parametrize(("days", "reason"), [(None, "ticket 12"), (8, "ticket 12"), (7, " ")])
    def test_who_sees_cases_for_good_is_not_made_an_administrator(self, role, days, reason):
        """Given in the other order, the two posts were standing access to cases for who runs the installation."""
        begins = date(2026, 2, 1)
        ends = begins + timedelta(days=days) if days else None
        person = PostFactory(role=role, scope="a/RJ1", starts_on=begins, ends_on=ends, reason=reason).person
        with nothing_changes(), pytest.raises(Refused, match=f"Support staff see cases .*{role} of a/RJ1"):
            actions.appoint(person=person, role="administrator", starts_on=date(2026, 2, 3), by=SYSTEM)

    def test_who_sees_cases_for_a_week_and_a_reason_or_did_so_before_may_be_made_one(self):
        person = PostFactory(scope="a/RJ1", starts_on=date(2020, 1, 1), ends_on=date(2026, 2, 1)).person
        self.appoint(person)
        actions.appoint(person=person, role="administrator", starts_on=date(2026, 2, 1), by=SYSTEM)
        assert {post.role for post in queries.who(person, date(2026, 2, 7)).posts} == {"centre-lead", "administrator"}
        assert {post.role for post in queries.who(person, date(2026, 2, 8)).posts} == {"administrator"}

    def test_every_case_seeing_post_counts_and_not_the_first_alone(self):
        person = PersonFactory()
        self.appoint(person)
        self.appoint(person, scope="a/RJ2", ends_on=None)
        with nothing_changes(), pytest.raises(Refused, match="a/RJ2"):
            actions.appoint(person=person, role="administrator", starts_on=date(2026, 2, 1), by=SYSTEM)

    def test_what_somebody_else_may_see_does_not_matter(self):
        PostFactory(scope="a/RJ1")
        assert actions.appoint(person=PersonFactory(), role="administrator", by=SYSTEM).role == "administrator"

    def test_a_role_that_sees_no_cases_may_be_held_for_good(self):
        support = PostFactory(role="administrator", scope_kind="all", scope="").person
        assert actions.appoint(person=support, role="reviewer", by=SYSTEM).ends_on is None

    def test_a_centres_own_people_need_no_end(self):
        assert self.appoint(PersonFactory(), ends_on=None, reason="").ends_on is None


class TestInbox:
    def test_a_role_over_more_does_not_make_it_mine(self):
        """What is asked of a centre's lead is not asked of the lead of another, nor of the network's."""
        todo = actions.ask(by=SYSTEM, role="network-lead", scope="adult-ecmo", what="Call the meeting")
        assert list(queries.inbox(make_who(permissions.NetworkLead, "adult-ecmo"))) == [todo]
        for who in (make_who(permissions.NetworkLead, "lam"), make_who(permissions.CentreLead, "adult-ecmo/RJ1"), SYSTEM, NOBODY):
            assert not queries.inbox(who).exists()

    def test_what_one_person_is_asked_is_not_shown_to_another_with_the_same_posts(self):
        one, other = PostFactory().person, PostFactory().person
        actions.ask(by=SYSTEM, person=one, what="Your appraisal")
        assert queries.inbox(queries.who(one)).count() == 1
        assert not queries.inbox(queries.who(other)).exists()

    def test_a_post_that_ended_empties_the_inbox(self):
        post = PostFactory(starts_on=date(2020, 1, 1))
        actions.ask(by=SYSTEM, role=post.role, scope=post.scope, what="Mend the findings")
        assert queries.inbox(queries.who(post.person)).count() == 1
        actions.end_post(post=post, by=SYSTEM)
        assert not queries.inbox(queries.who(post.person)).exists()

    def test_one_person_or_one_role_but_never_both(self):
        with nothing_changes(), pytest.raises(Refused, match="Ask one person"):
            actions.ask(by=SYSTEM, person=None, role="", what="Anybody?")
        person = PersonFactory()
        with nothing_changes(), pytest.raises(Refused, match="Ask one person"):
            actions.ask(by=SYSTEM, person=person, role="reviewer", what="Both?")
        with nothing_changes(), pytest.raises(Refused, match="not a role"):
            actions.ask(by=SYSTEM, role="king", what="Rule")

    def test_an_administrator_may_tidy_up_what_others_left(self):
        todo = actions.ask(by=SYSTEM, role="centre-lead", scope="adult-ecmo/RJ1", what="Sign off 2019")
        actions.complete_action(todo=todo, by=ADMINISTRATOR)
        assert ActionToDo.objects.get().done_by == 7


class TestPolicyDates:
    """One version a day, and no gap or overlap that nobody meant."""

    def adopt(self, version, valid_from, valid_to=None, **body):
        return actions.adopt_policy(
            name="quorum", version=version, valid_from=valid_from, valid_to=valid_to, body=body, source="Handbook", by=SYSTEM
        )

    def in_force(self, *days):
        found = []
        for day in days:
            try:
                found.append(queries.policy("quorum", day).version)
            except NotFound:
                found.append(None)
        return found

    def test_an_open_version_ends_where_the_next_begins(self):
        self.adopt("1", date(2024, 4, 1))
        self.adopt("2", date(2025, 4, 1))
        assert Policy.objects.get(version="1").valid_to == date(2025, 4, 1)
        assert self.in_force(date(2025, 3, 31), date(2025, 4, 1)) == ["1", "2"]

    def test_a_version_with_an_end_leaves_a_gap_rather_than_being_stretched(self):
        self.adopt("1", date(2024, 4, 1), date(2024, 10, 1))
        self.adopt("2", date(2025, 4, 1))
        assert self.in_force(date(2024, 9, 30), date(2024, 10, 1), date(2025, 3, 31), date(2025, 4, 1)) == ["1", None, None, "2"]

    def test_a_gap_may_be_filled_exactly(self):
        self.adopt("1", date(2024, 4, 1), date(2024, 10, 1))
        self.adopt("3", date(2025, 4, 1))
        with pytest.raises(Refused, match="later version"):
            self.adopt("2", date(2024, 10, 1), date(2025, 4, 2))
        with pytest.raises(Refused, match="in force on 2024-09-30"):
            self.adopt("2", date(2024, 9, 30), date(2025, 4, 1))
        self.adopt("2", date(2024, 10, 1), date(2025, 4, 1))
        assert self.in_force(date(2024, 9, 30), date(2024, 10, 1), date(2025, 3, 31), date(2025, 4, 1)) == ["1", "2", "2", "3"]

    def test_two_versions_do_not_begin_on_one_day(self):
        self.adopt("1", date(2024, 4, 1))
        with nothing_changes(), pytest.raises(Refused, match="later version"):
            self.adopt("1b", date(2024, 4, 1))

    def test_another_policy_is_another_matter(self):
        self.adopt("1", date(2024, 4, 1))
        actions.adopt_policy(name="expenses", version="1", valid_from=date(2025, 1, 1), body={}, source="Handbook", by=SYSTEM)
        assert Policy.objects.get(name="quorum").valid_to is None

    @pytest.mark.parametrize("changed", [{"body": {"least": 4}}, {"source": "Elsewhere"}, {"valid_from": date(2024, 4, 2)}])
    def test_the_same_version_with_anything_else_in_it_is_refused(self, changed):
        usual = {"name": "quorum", "version": "1", "valid_from": date(2024, 4, 1), "body": {"least": 3}, "source": "Handbook"}
        actions.adopt_policy(**usual, by=SYSTEM)
        with nothing_changes(), pytest.raises(Refused, match="new version"):
            actions.adopt_policy(**usual | changed, by=SYSTEM)

    def test_a_folder_with_one_wrong_file_adopts_none_of_it(self, tmp_path):
        self.adopt("1", date(2024, 4, 1))
        document = 'name = "{}"\nversion = "{}"\nvalid_from = {}\nsource = "Handbook"\n[body]\nleast = 1\n'
        (tmp_path / "expenses.toml").write_text(document.format("expenses", "1", "2024-04-01"))
        (tmp_path / "quorum.toml").write_text(document.format("quorum", "0", "2023-04-01"))
        with nothing_changes(), pytest.raises(Refused, match="later version"):
            actions.adopt_policies(tmp_path, by=SYSTEM)


class TestPolicyFiles:
    """A file that is no policy is named with what it lacks, and nothing of its folder is adopted."""

    SOUND = 'name = "quorum"\nversion = "1"\nvalid_from = 2026-04-01\nsource = "Handbook"\n[body]\nleast = 3\n'

    @pytest.mark.parametrize(
        ("old", "new", "lacks"),
        [
            ('name = "quorum"\n', "", "name"),
            ('version = "1"', "version = 1", "version"),
            ("valid_from = 2026-04-01", 'valid_from = "1 April"', "valid_from"),
            ('source = "Handbook"\n', "", "source"),
            ("[body]\nleast = 3\n", "", "body"),
            ("[body]\nleast = 3\n", "body = 3\n", "body"),
        ],
    )
    def test_a_key_that_is_missing_or_of_another_kind(self, tmp_path, old, new, lacks):
        assert old in self.SOUND
        (tmp_path / "expenses.toml").write_text(self.SOUND.replace("quorum", "expenses"))
        (tmp_path / "quorum.toml").write_text(self.SOUND.replace(old, new))
        with nothing_changes(), pytest.raises(Refused, match=rf"quorum\.toml is not a policy: it does not give its {lacks}"):
            actions.adopt_policies(tmp_path, by=SYSTEM)

    @pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"a = 1\na = 2"])
    def test_a_file_that_cannot_be_read(self, tmp_path, content):
        (tmp_path / "quorum.toml").write_bytes(content)
        with nothing_changes(), pytest.raises(Refused, match=r"quorum\.toml is not a policy: ."):
            actions.adopt_policies(tmp_path, by=SYSTEM)

    def test_what_else_a_file_says_is_for_its_readers(self, tmp_path):
        (tmp_path / "quorum.toml").write_text('owner = "RDAG"\nreviewed = 2026-01-01\n' + self.SOUND)
        [adopted] = actions.adopt_policies(tmp_path, by=SYSTEM)
        assert (adopted.name, adopted.body, adopted.valid_to) == ("quorum", {"least": 3}, None)

    @pytest.mark.parametrize("ends", [date(2026, 4, 1), date(2026, 3, 31)])
    def test_a_version_that_ends_before_it_begins(self, ends):
        with nothing_changes(), pytest.raises(Refused, match="cannot end before it begins"):
            actions.adopt_policy(
                name="q", version="1", valid_from=date(2026, 4, 1), valid_to=ends, body={}, source="H", by=SYSTEM
            )

    def test_an_empty_folder_adopts_nothing(self, tmp_path):
        with nothing_changes():
            assert actions.adopt_policies(tmp_path, by=SYSTEM) == []


class TestTooLong:
    """What PostgreSQL has no room for is refused in words, on SQLite too, which would keep it."""

    @pytest.mark.parametrize("length", [200, 201])
    def test_a_name(self, length):
        given = {"email": "long@example.org", "name": "n" * length, "by": ADMINISTRATOR}
        if length == 200:
            assert actions.create_person(**given).name == "n" * 200
            return
        with nothing_changes(), pytest.raises(Refused, match=r"name: .*200 characters"):
            actions.create_person(**given)

    def test_an_address(self):
        parts = ["a" * 60, "b" * 60, "c" * 60, "d" * 60]
        with nothing_changes(), pytest.raises(Refused, match="254 characters"):
            actions.create_person(email=f"somebody@{'.'.join(parts)}.example.org", name="Long", by=ADMINISTRATOR)

    @pytest.mark.parametrize("length", [120, 121])
    def test_what_a_post_is_over(self, length):
        person, scope = PersonFactory(), "s" * (length - 4) + "/RJ1"
        given = {"person": person, "role": "centre-lead", "scope": scope, "by": ADMINISTRATOR}
        if length == 120:
            assert actions.appoint(**given).scope == scope
            return
        with nothing_changes(), pytest.raises(Refused, match=r"scope: .*120 characters"):
            actions.appoint(**given)


@pytest.mark.parametrize("by", NOT_ADMINISTRATORS)
def test_nobody_but_an_administrator_invites(by):
    person = actions.create_person(email="nina@example.org", name="Nina", by=SYSTEM)
    with pytest.raises(Refused, match="Only an administrator may invite"):
        actions.invite(person=person, by=by)
    assert mail.outbox == []
    assert not queries.events(verb="invite").exists()
