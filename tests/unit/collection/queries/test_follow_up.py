"""Who is due and overdue, what results use of follow-up, and files of reports."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from plenary.collection import queries
from plenary.collection.actions import follow_up as actions
from plenary.collection.models import Case, FollowUp
from plenary.collection.queries import follow_up
from plenary.collection.terms import FollowState, Plan, months_after
from plenary.core.terms import NotPossible
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.unit.collection.actions.test_follow_up import FOLLOWED, dead, report, seen
from tests.unit.collection.actions.test_follow_up import centre as centre  # noqa: PLC0414 - a fixture

pytestmark = pytest.mark.django_db

RULES = Plan("1", (12, 24), 60, 60, 12, "last_seen_on", "vital_status", "alive", "dead")
INDEX = date(2025, 6, 15)


@pytest.fixture(autouse=True)
def in_force(db):
    make.shipped("follow-up")


@pytest.mark.parametrize(
    ("seen_on", "due"),
    [
        (None, date(2026, 6, 15)),
        (date(2025, 9, 1), date(2026, 6, 15)),
        (date(2026, 4, 16), date(2027, 6, 15)),
        (date(2026, 4, 15), date(2026, 6, 15)),
        (date(2027, 1, 1), date(2027, 6, 15)),
        (date(2027, 6, 1), None),
    ],
)
def test_the_next_date_is_the_first_for_which_the_patient_was_not_seen(seen_on, due):
    if seen_on == date(2026, 4, 16):
        seen_on += timedelta(days=1)
    assert follow_up.next_due(INDEX, seen_on, RULES) == due


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 12, 15), 12, date(2026, 12, 15)),
        (date(2025, 11, 30), 1, date(2025, 12, 30)),
        (date(2025, 6, 15), 60, date(2030, 6, 15)),
    ],
)
def test_months_after(day, months, then):
    assert months_after(day, months) == then


def states(centre, on):
    return {one.case_id: one.state for one in follow_up.followed([centre], on)}


def test_a_patient_becomes_due_and_overdue(centre):
    assert states(centre, date(2026, 4, 15))["A"] == FollowState.LATER
    assert states(centre, date(2026, 4, 16))["A"] == FollowState.DUE
    assert states(centre, date(2026, 8, 14))["A"] == FollowState.DUE
    assert states(centre, date(2026, 8, 15))["A"] == FollowState.OVERDUE


@pytest.mark.parametrize("status", ["dead", "lost", "transferred"])
def test_nothing_is_due_after_an_end(centre, status):
    report(centre, dead() if status == "dead" else seen(status=status))
    assert states(centre, date(2030, 1, 1)) == {"A": FollowState.ENDED, "B": FollowState.OVERDUE}


def test_who_was_lost_and_is_seen_again_is_followed_again(centre):
    report(centre, seen(status="lost"), seen(seen_on=date(2026, 7, 1)))
    assert states(centre, date(2030, 1, 1))["A"] == FollowState.OVERDUE


def test_a_service_may_have_a_schedule_of_its_own(centre):
    centre.service.slug = "ecmo-adult"
    assert follow_up.plan(centre.service, END).due_months == (6, 12)
    assert follow_up.plan(make.make_centre("lam").service, END).due_months == (12, 24, 36, 48, 60)


def test_without_rules_it_says_what_to_do(centre):
    with pytest.raises(NotPossible, match="load the definitions"):
        follow_up.plan(centre.service, date(2000, 1, 1))
    assert follow_up.cut_off(centre.service, date(2000, 1, 1)) is None
    assert follow_up.brought_forward(centre.service, START, date(2000, 1, 1)) == {}


def test_numbers_for_the_network_and_no_case_of_another_centre(centre):
    make.accepted(make.make_centre(ods="RM2"), case("SECRET-7"))
    day = date(2030, 1, 1)
    own = follow_up.counts(make.manager(centre), centre.service, day)
    assert [(one.ods, counted[FollowState.OVERDUE]) for one, counted in own] == [("RJ1", 2)]
    network = follow_up.counts(make.network_lead(centre), centre.service, day)
    assert sorted((one.ods, counted[FollowState.OVERDUE]) for one, counted in network) == [("RJ1", 2), ("RM2", 1)]


def forward(centre):
    return follow_up.brought_forward(centre.service, START, END)


def test_results_know_of_patients_what_was_known_at_the_cut_off(centre):
    report(centre, seen(seen_on=date(2026, 3, 1)), seen(seen_on=date(2026, 5, 1)))
    assert forward(centre) == {("RJ1", "A"): {"last_seen_on": "2026-05-01", "vital_status": "alive"}}
    assert follow_up.cut_off(centre.service, END) == date(2027, 1, 1)


def test_what_was_known_later_than_the_cut_off_does_not_count(centre):
    report(centre, seen(seen_on=date(2026, 3, 1)))
    FollowUp.objects.create(
        case=Case.objects.get(case_id="A"), seen_on=date(2027, 3, 1), status="dead", died_on=date(2027, 2, 1), source="gp",
        reported_at=timezone.now(),
    )  # fmt: skip
    assert forward(centre)["RJ1", "A"] == {"last_seen_on": "2026-03-01", "vital_status": "alive"}
    FollowUp.objects.filter(status="dead").update(died_on=date(2026, 12, 31))
    assert forward(centre)["RJ1", "A"] == {"last_seen_on": "2026-12-31", "vital_status": "dead"}


def test_a_death_counts_on_its_day_and_the_lost_are_alive_when_last_seen(centre):
    report(centre, dead("A", died_on=date(2026, 1, 5)), seen("B", status="lost"))
    assert forward(centre) == {
        ("RJ1", "A"): {"last_seen_on": "2026-01-05", "vital_status": "dead"},
        ("RJ1", "B"): {"last_seen_on": "2026-06-01", "vital_status": "alive"},
    }


def test_a_case_that_knows_more_stands(centre):
    version = queries.current_versions(make.manager(centre)).get(case__case_id="A")
    version.payload |= {"vital_status": "alive", "last_seen_on": "2026-08-01"}
    version.save()
    report(centre, seen(seen_on=date(2026, 3, 1)))
    assert forward(centre) == {}


def test_the_case_table_carries_it_and_the_payload_does_not(centre):
    report(centre, dead("A", died_on=date(2026, 1, 5)))
    table = queries.case_table(centre.service, START, END, signed_only=False, followed=forward(centre))
    rows = {row["case_id"]: row for row in table.rows()}
    assert (rows["A"]["vital_status"], rows["A"]["last_seen_on"]) == ("dead", date(2026, 1, 5))
    assert rows["B"]["vital_status"] == ""
    assert "vital_status" not in queries.current_versions(make.manager(centre)).get(case__case_id="A").payload


def test_what_was_taken_back_counts_nowhere(centre):
    report(centre, dead("A", died_on=date(2026, 1, 5)))
    actions.correct(centre=centre, number=FollowUp.objects.get().pk, instead=None, by=make.manager(centre))
    assert forward(centre) == {}


def test_all_that_was_ever_reported_is_shown_to_the_own_people(centre):
    report(centre, dead())
    actions.correct(centre=centre, number=FollowUp.objects.get().pk, instead=seen(), by=make.manager(centre))
    one = Case.objects.get(case_id="A")
    found = [(row.status, stands) for row, _, stands in follow_up.reports(make.lead(centre), one)]
    assert found == [("alive", True), ("dead", False)]
    assert follow_up.reports(make.network_lead(centre), one) == []


def test_a_file_says_codes_or_words_and_empty_rows_are_left_alone():
    content = (
        b"case_id,seen_on,status,source,died_on,due_on\nA,01/06/2026,alive,Register of deaths,,x\n"
        b"B,2026-06-01,DEAD,gp,5/1/2026,\nC,,,,,15/06/2026\n"
    )
    found, problems = follow_up.read_reports(content, "f.csv")
    assert problems == []
    assert [(one.case_id, one.seen_on, one.status, one.source, one.died_on, one.row) for one in found] == [
        ("A", date(2026, 6, 1), "alive", "register", None, 2),
        ("B", date(2026, 6, 1), "dead", "gp", date(2026, 1, 5), 3),
    ]


def test_a_date_that_is_none_is_named_with_its_row():
    _, problems = follow_up.read_reports(b"case_id,seen_on,status,source\nA,31/02/2026,alive,gp\n", "f.csv")
    assert [(one.row, one.case_id) for one in problems] == [(2, "A")]
    assert problems[0].message.startswith("seen_on: '31/02/2026'")


def test_a_file_without_the_columns_is_refused():
    with pytest.raises(NotPossible, match="no column seen_on, status, source"):
        follow_up.read_reports(b"case_id,when\nA,1\n", "f.csv")


def test_the_data_set_of_these_tests_has_the_fields_that_follow_up_brings_forward():
    assert "last_seen_on" in FOLLOWED
    assert "vital_status" in FOLLOWED
