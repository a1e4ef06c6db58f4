"""Own headings are matched once, remembered for the centre, part of what was received, and forgotten."""

import pytest

from plenary.collection import actions, queries
from plenary.collection.actions import headings
from plenary.collection.actions.headings import LEAVE_OUT
from plenary.collection.models import ColumnMapping
from plenary.collection.queries import headings as memory
from plenary.core.models import AuditEvent
from plenary.core.queries import stored_bytes
from plenary.core.terms import SYSTEM, NotFound, NotPossible, Refused
from tests.factories.collection import END, START, lead, make_centre, manager

pytestmark = pytest.mark.django_db
OWN = b"Hosp No,Gender,Date Admitted,Outcome,Ward\nA1,F,15/06/2025,went home,W1\nB2,M,16/06/2025,dead,W2\n"
COLUMNS = {"Hosp No": "case_id", "Gender": "sex", "Date Admitted": "admitted_on", "Outcome": "status", "Ward": LEAVE_OUT}
RECODES = {"Outcome": {"went home": "alive"}}


@pytest.fixture
def own():
    return make_centre("adult-ecmo", "RJ1")


def send(centre, content=OWN):
    submission = actions.receive(
        centre=centre, period_start=START, period_end=END, filename="own.csv", content=content, by=manager(centre)
    )
    return actions.check(submission_id=submission.pk, by=SYSTEM)


def match(submission, columns=COLUMNS, recodes=RECODES, by=None):
    done = headings.match_columns(
        submission_id=submission.pk, columns=columns, recodes=recodes, by=by or manager(submission.centre)
    )
    return actions.check(submission_id=done.pk, by=SYSTEM)


def test_a_file_with_other_headings_is_read_once_they_are_matched(own):
    before = send(own)
    assert before.blocking
    after = match(before)
    assert (after.pk, after.blocking, after.cases) == (before.pk, 0, 2)
    assert stored_bytes(after.sha256) == OWN, "kept as it was sent"
    accepted = actions.accept(submission_id=after.pk, by=manager(own))
    statuses = [version.payload["status"] for version in queries.current_versions(manager(own))]
    assert (accepted.cases, statuses) == (2, ["alive", "dead"])


def test_the_next_file_is_read_so_by_itself_and_says_by_what(own):
    match(send(own))
    later = send(own, OWN.replace(b"A1", b"C3"))
    assert (later.blocking, later.cases) == (0, 2)
    assert later.mapping_sha256 == memory.mapping_sha256(own) != ""
    said = [one.message for one in queries.open_findings(manager(own), later) if one.rule == "mapped"]
    assert "The column 'Hosp No' was read as 'case_id'." in said
    assert "The column 'Ward' was left out." in said


def test_the_mapping_is_part_of_what_was_received(own):
    submission = match(send(own))
    event = AuditEvent.objects.filter(verb="match columns").get()
    assert submission.mapping_sha256 in event.detail
    again = send(own, OWN.replace(b"A1", b"C3"))
    assert submission.mapping_sha256 in AuditEvent.objects.filter(verb="receive", subject=f"submission/{again.pk}").get().detail


def test_another_centre_remembers_nothing_of_it(own):
    match(send(own))
    other = make_centre("adult-ecmo", "RM2")
    assert send(other).mapping_sha256 == ""
    assert memory.remembered(manager(other), own) is None
    assert memory.remembered(manager(own), own) is not None


def test_what_was_forgotten_is_not_applied_and_what_was_read_by_it_stands(own):
    submission = match(send(own))
    headings.forget_columns(centre=own, by=lead(own))
    assert memory.remembered(manager(own), own) is None
    submission.refresh_from_db()
    assert submission.mapping_sha256
    assert not actions.check(submission_id=submission.pk, by=SYSTEM).blocking, "checked again, it is read as before"
    assert send(own, OWN.replace(b"A1", b"C3")).blocking
    with pytest.raises(NotFound, match="Nothing is remembered"):
        headings.forget_columns(centre=own, by=lead(own))


def test_the_same_bytes_after_another_match_are_another_submission(own):
    first = send(own)
    assert send(own).pk == first.pk
    match(first)
    assert send(own).pk == first.pk, "the same bytes and the same mapping"
    headings.forget_columns(centre=own, by=lead(own))
    assert send(own).pk != first.pk


def test_an_erased_case_is_found_under_another_heading(own):
    submission = match(send(own))
    actions.accept(submission_id=submission.pk, by=manager(own))
    actions.erase_case(centre=own, case_id="A1", reason="asked for", by=lead(own))
    back = send(own, OWN + b"C3,F,15/06/2025,dead,W1\n")
    assert back.state == "refused"
    assert [one.rule for one in queries.open_findings(manager(own), back)] == ["erased"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"Hosp No": "case_id", "Ward": "case_id"}, "'Hosp No' and 'Ward' cannot both be the field 'case_id'"),
        ({"Hosp No": "nonsense"}, "no field 'nonsense'"),
        ({"Hosp No": ""}, "Nothing is matched"),
        ({"case_id": "case_id"}, "Nothing is matched"),
    ],
)
def test_what_cannot_be_is_refused(own, columns, words):
    with pytest.raises(NotPossible, match=words):
        match(send(own), columns, {})
    assert not ColumnMapping.objects.exists()


def test_a_decided_file_is_not_matched_again(own):
    submission = match(send(own))
    actions.accept(submission_id=submission.pk, by=manager(own))
    with pytest.raises(NotPossible, match="decided already"):
        match(submission)


def test_only_people_of_the_centre_match_look_and_forget(own):
    submission = match(send(own))
    stranger = manager(make_centre("adult-ecmo", "RM2"))
    with pytest.raises(Refused):
        match(submission, by=stranger)
    with pytest.raises(Refused):
        headings.open_columns(submission_id=submission.pk, by=stranger)
    with pytest.raises(Refused):
        headings.forget_columns(centre=own, by=stranger)


def test_looking_at_the_columns_is_recorded(own):
    submission = send(own)
    assert len(headings.open_columns(submission_id=submission.pk, by=manager(own))) == 2
    assert AuditEvent.objects.filter(verb="read", subject=f"submission/{submission.pk}").count() == 1
