"""Reports on patients: added, never changed; all of a file or nothing; what contradicts is refused and named."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plenary.collection import queries as collection
from plenary.collection.actions import follow_up as actions
from plenary.collection.models import CaseSeries, CaseVersion, FollowUp
from plenary.collection.queries import follow_up as queries
from plenary.collection.terms import Report
from plenary.core.models import AuditEvent
from plenary.core.terms import NOBODY, NotFound, NotPossible, Refused
from tests.factories import collection as make
from tests.factories.collection import DICTIONARY, DataSetVersionFactory, case
from tests.factories.registry import ServiceFactory

pytestmark = pytest.mark.django_db

FOLLOWED = DICTIONARY.replace("status,case", "last_seen_on,case,text,Last seen,,date_dmy,,,,,\nvital_status,case,radio,"
                              'Vital status,"alive, Alive | dead, Dead",,,,,,\nstatus,case')  # fmt: skip
SEEN = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def in_force(db):
    make.shipped("follow-up")


@pytest.fixture
def centre():
    DataSetVersionFactory(service=ServiceFactory(slug="adult-ecmo"), content=FOLLOWED.encode())
    centre = make.make_centre()
    make.accepted(centre, case("A"), case("B"))
    return centre


def seen(case_id="A", seen_on=SEEN, status="alive", source="centre", died_on=None, row=0):
    return Report(case_id, seen_on, status, source, died_on, row)


def report(centre, *reports, by=None):
    return actions.report(centre=centre, reports=reports, by=by or make.manager(centre))


def test_a_report_is_added_and_the_case_stays(centre):
    before = list(CaseVersion.objects.values())
    assert report(centre, seen("A"), seen("B")).new == 2
    assert list(CaseVersion.objects.values()) == before
    row = FollowUp.objects.get(case__case_id="A")
    assert (row.seen_on, row.status, row.source, row.reported_by) == (SEEN, "alive", "centre", 11)
    assert AuditEvent.objects.filter(verb="report follow-up").count() == 1


def test_the_same_report_twice_is_known_once(centre):
    report(centre, seen())
    taken = report(centre, seen(), seen("B"))
    assert (taken.new, taken.known) == (1, 1)
    assert FollowUp.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"case_id": "NOBODY"}, "There is no case NOBODY at this centre"),
        ({"status": "unwell"}, "Say the status"),
        ({"status": "in_error"}, "Say the status"),
        ({"source": "rumour"}, "Say where it is known from"),
        ({"seen_on": None}, "Give the date on which"),
        ({"seen_on": date(2199, 1, 1)}, "in the future"),
        ({"seen_on": date(2025, 6, 14)}, "before the date of the case"),
        ({"status": "dead"}, "Give the date of death"),
        ({"died_on": SEEN}, "the status is not dead"),
        ({"status": "dead", "died_on": date(2026, 6, 2)}, "after the day on which it was known"),
        ({"status": "dead", "died_on": date(2025, 1, 2)}, "before the date of the case"),
    ],
)
def test_one_wrong_row_keeps_nothing_and_is_named(centre, wrong, message):
    taken = report(centre, seen("B", row=2), seen(**({"row": 3} | wrong)))
    (problem,) = taken.problems
    assert problem.row == 3
    assert message in problem.message
    assert not FollowUp.objects.exists()
    assert not AuditEvent.objects.filter(verb="report follow-up").exists()


def dead(case_id="A", died_on=SEEN, **more):
    return seen(case_id, **({"seen_on": SEEN, "status": "dead", "died_on": died_on} | more))


def test_the_dead_are_not_seen_alive_again(centre):
    report(centre, dead())
    assert "was reported dead on 2026-06-01" in report(centre, seen(seen_on=date(2026, 7, 1))).problems[0].message
    assert "was reported dead" in report(centre, dead(died_on=date(2026, 5, 1))).problems[0].message
    assert report(centre, dead()).known == 1


BEFORE = date(2026, 5, 1)


@pytest.mark.parametrize("status", ["alive", "lost", "transferred"])
def test_the_time_before_a_death_may_be_told_after_it(centre, status):
    """Whether a file is kept does not hang on the order of its rows."""
    earlier, death = seen(seen_on=BEFORE, status=status), dead()
    assert report(centre, death, earlier).new == 2
    assert [row.status for row in queries.standing_rows()] == [status, "dead"], "the death stands last, and counts"
    FollowUp.objects.all().delete()
    assert report(centre, earlier, death).new == 2


@pytest.mark.parametrize("seen_on", [SEEN, date(2026, 6, 2)])
def test_nothing_is_told_of_the_day_of_a_death_or_later(centre, seen_on):
    report(centre, dead())
    assert "was reported dead" in report(centre, seen(seen_on=seen_on)).problems[0].message
    assert [row.status for row in queries.standing_rows()] == ["dead"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.permutations(
        [seen(seen_on=BEFORE), seen(seen_on=date(2026, 5, 20)), dead(), seen("B"), seen("B", date(2026, 6, 3), "lost")]
    )
)
def test_the_order_of_the_rows_of_a_file_is_nothing(centre, rows):
    FollowUp.objects.all().delete()
    taken = report(centre, *rows)
    assert (taken.new, taken.problems) == (5, ())


def test_a_death_before_a_day_on_which_the_patient_was_seen_is_refused(centre):
    report(centre, seen())
    problem = report(centre, dead(died_on=date(2026, 5, 1))).problems[0]
    assert "was seen alive on 2026-06-01" in problem.message


def test_rows_of_one_file_are_compared_with_one_another(centre):
    assert "was reported dead" in report(centre, dead(), seen(seen_on=date(2026, 7, 1))).problems[0].message


def test_a_death_in_the_case_itself_stands(centre):
    DataSetVersionFactory(service=centre.service, version="2025-2", content=FOLLOWED.encode())
    version = CaseVersion.objects.get(case__case_id="A")
    version.payload |= {"vital_status": "dead", "last_seen_on": "2025-09-01"}
    version.save()
    assert "The case says that the patient died on 2025-09-01" in report(centre, seen()).problems[0].message


def test_a_mistake_is_corrected_by_another_row(centre):
    report(centre, dead())
    wrong = FollowUp.objects.get()
    made = actions.correct(centre=centre, number=wrong.pk, instead=seen(), by=make.manager(centre))
    wrong.refresh_from_db()
    assert (wrong.status, made.status, made.corrects) == ("dead", "alive", wrong)
    assert list(queries.standing_rows()) == [made]
    with pytest.raises(NotPossible, match="corrected already"):
        actions.correct(centre=centre, number=wrong.pk, instead=seen(), by=make.manager(centre))


def test_a_mistake_is_taken_back_with_nothing_in_its_place(centre):
    report(centre, dead())
    actions.correct(centre=centre, number=FollowUp.objects.get().pk, instead=None, by=make.manager(centre))
    assert not queries.standing_rows().exists()
    assert FollowUp.objects.count() == 2
    assert report(centre, seen(seen_on=date(2026, 7, 1))).new == 1


def test_a_correction_must_fit_too(centre):
    report(centre, seen())
    with pytest.raises(NotPossible, match="future"):
        actions.correct(
            centre=centre, number=FollowUp.objects.get().pk, instead=seen(seen_on=date(2199, 1, 1)), by=make.manager(centre)
        )
    assert FollowUp.objects.count() == 1


def test_a_signed_off_series_stays_frozen_and_its_patients_are_followed(centre):
    series = make.actions.sign_off_series(centre=centre, period_start=make.START, period_end=make.END, by=make.lead(centre))
    report(centre, seen())
    again = CaseSeries.objects.get(pk=series.pk)
    assert (again.state, again.content_hash) == ("signed_off", series.content_hash)
    assert collection.series_content(again) == (2, series.content_hash)


def test_people_of_the_centre_alone(centre):
    report(centre, seen())
    number = FollowUp.objects.get().pk
    other = make.make_centre(ods="RM2")
    for who in (make.manager(other), make.network_lead(centre), NOBODY):
        with pytest.raises(Refused):
            report(centre, seen("B"), by=who)
        with pytest.raises(Refused):
            actions.correct(centre=centre, number=number, instead=None, by=who)
        with pytest.raises(Refused):
            actions.open_followed(centre=centre, why="x", by=who)
    with pytest.raises(NotFound):
        actions.correct(centre=other, number=number, instead=None, by=make.manager(other))
    assert FollowUp.objects.count() == 1


def test_the_look_at_patients_is_recorded(centre):
    found = actions.open_followed(centre=centre, why="list of follow-up", by=make.lead(centre))
    assert [one.case_id for one in found] == ["A", "B"]
    assert AuditEvent.objects.last().verb == "read"
