"""Keys are issued and revoked by the lead and the administrator; files in parts leave nothing behind."""

from datetime import timedelta

import pytest

from plenary.collection import actions
from plenary.collection.actions import systems
from plenary.collection.models import SystemKey, SystemUpload
from plenary.collection.queries import systems as queries
from plenary.core.models import AuditEvent, StoredBytes
from plenary.core.permissions import ROLES, CentreSystem
from plenary.core.terms import SYSTEM, NotPossible, Refused
from tests.factories.collection import END, START, accepted, case, case_file, lead, make_centre, manager, network_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def own():
    return make_centre("adult-ecmo", "RJ1")


@pytest.fixture
def key(own):
    return systems.issue_key(centre=own, name="PAS", by=lead(own))[0]


def test_a_secret_is_shown_once_and_kept_nowhere(own):
    made, secret = systems.issue_key(centre=own, name=" PAS ", by=lead(own))
    assert made.name == "PAS"
    assert len(secret) == 64
    assert secret == queries.secret(made)
    assert secret not in str(vars(SystemKey.objects.get()))
    assert not AuditEvent.objects.filter(detail__contains=secret).exists()
    other, another = systems.issue_key(centre=own, name="PAS", by=SYSTEM)
    assert another != secret
    assert [one.pk for one in queries.keys(own)] == [other.pk, made.pk]


def test_who_may_issue_and_revoke(own, key):
    other = make_centre("adult-ecmo", "RM2")
    for stranger in (manager(own), network_lead(own), lead(other)):
        with pytest.raises(Refused):
            systems.issue_key(centre=own, name="x", by=stranger)
        with pytest.raises(Refused):
            systems.revoke_key(centre=own, number=key.pk, by=stranger)
    systems.revoke_key(centre=other, number=key.pk, by=lead(other))
    assert queries.key(key.key_id) is not None, "another centre's key is not theirs to revoke"
    systems.revoke_key(centre=own, number=key.pk, by=lead(own))
    systems.revoke_key(centre=own, number=key.pk, by=lead(own))
    assert queries.key(key.key_id) is None
    assert AuditEvent.objects.filter(verb="revoke key").count() == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_key_has_a_name(own, name):
    with pytest.raises(NotPossible, match="Name the system"):
        systems.issue_key(centre=own, name=name, by=lead(own))


def test_keys_are_few(own, key, monkeypatch):
    monkeypatch.setattr(systems, "KEYS", 1)
    with pytest.raises(NotPossible, match="Revoke one"):
        systems.issue_key(centre=own, name="more", by=lead(own))


def test_a_system_sends_and_does_nothing_else(own, key):
    by = queries.acting(key)
    assert CentreSystem not in ROLES, "nobody is appointed a system"
    content = case_file(case("A1"))
    submission = actions.receive(centre=own, period_start=START, period_end=END, filename="c.csv", content=content, by=by)
    actions.check(submission_id=submission.pk, by=by)
    period = {"centre": own, "period_start": START, "period_end": END}
    for forbidden in (
        lambda: actions.accept(submission_id=submission.pk, by=by),
        lambda: actions.refuse(submission_id=submission.pk, reason="x", by=by),
        lambda: actions.sign_off_series(**period, by=by),
        lambda: actions.open_cases(**period, why="x", by=by),
        lambda: actions.key_case(**period, values={}, by=by),
        lambda: actions.erase_case(centre=own, case_id="A1", reason="x", by=by),
        lambda: systems.issue_key(centre=own, name="x", by=by),
        lambda: actions.receive(
            **(period | {"centre": make_centre("adult-ecmo", "RM2")}), filename="c.csv", content=content, by=by
        ),
    ):
        with pytest.raises(Refused):
            forbidden()


def begun(key, size=10):
    return systems.begin_upload(key=key, period_start=START, period_end=END, filename="c.csv", size=size, by=queries.acting(key))


def test_what_was_never_finished_is_forgotten_with_its_bytes(key):
    old = begun(key)
    systems.add_part(key=key, by=queries.acting(key), token=old.token, offset=0, content=b"case A1")
    SystemUpload.objects.update(begun_at=old.begun_at - timedelta(days=2))
    new = begun(key)
    assert list(SystemUpload.objects.all()) == [new]
    assert not StoredBytes.objects.filter(erased_at=None, size=7).exists()


def test_a_part_that_is_a_whole_file_elsewhere_stays(own, key):
    accepted(own, case("A1"))
    content = case_file(case("A1"))
    one = begun(key, len(content) + 1)
    systems.add_part(key=key, by=queries.acting(key), token=one.token, offset=0, content=content)
    SystemUpload.objects.update(begun_at=one.begun_at - timedelta(days=2))
    begun(key)
    assert StoredBytes.objects.filter(erased_at=None, size=len(content)).exists()


@pytest.mark.parametrize("content", [b"", b"x" * 11])
def test_a_part_fits_the_file(key, content):
    one = begun(key)
    with pytest.raises(NotPossible, match="A part has between"):
        systems.add_part(key=key, by=queries.acting(key), token=one.token, offset=0, content=content)


def test_a_finished_file_takes_no_part_more(own, key):
    content = case_file(case("A1"))
    one = begun(key, len(content))
    systems.add_part(key=key, by=queries.acting(key), token=one.token, offset=0, content=content)
    digest = queries.hashlib.sha256(content).hexdigest()
    done = systems.finish_upload(key=key, by=queries.acting(key), token=one.token, sha256=digest.upper())
    assert StoredBytes.objects.get(pk=digest).erased_at is None, "one part that is the whole stays"
    with pytest.raises(NotPossible):
        systems.add_part(key=key, by=queries.acting(key), token=one.token, offset=len(content), content=b"x")
    assert systems.finish_upload(key=key, by=queries.acting(key), token=one.token, sha256=digest).submission == done.submission


def test_others_send_nothing_with_a_key(own, key):
    one = begun(key)
    stranger = manager(make_centre("adult-ecmo", "RM2"))
    asked = {"key": key, "token": one.token, "by": stranger}
    for refused in (
        lambda: systems.begin_upload(key=key, period_start=START, period_end=END, filename="c.csv", size=1, by=stranger),
        lambda: systems.add_part(**asked, offset=0, content=b"x"),
        lambda: systems.finish_upload(**asked, sha256=""),
    ):
        with pytest.raises(Refused):
            refused()
    one.refresh_from_db()
    assert (one.received, SystemUpload.objects.count()) == (0, 1)
