"""Two centres agree what their cases of one patient are; neither sees the other's."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection import actions
from plenary.collection.actions.across import answer_shared, forget
from plenary.collection.actions.clarifications import ask_query
from plenary.collection.models import Case, CaseMark, Confirmation, QueryMessage, SharedPatient
from plenary.collection.terms import SharedAnswer, SharedState
from plenary.core import permissions as roles
from plenary.core.models import AuditEvent
from plenary.core.queries import event_detail
from plenary.core.terms import NotPossible, Refused
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import make_who

pytestmark = pytest.mark.django_db

NHS = "9434765919"
MOVED = {"moved_on": date(2025, 6, 20)}


@pytest.fixture
def centre():
    return make.make_centre()


@pytest.fixture
def other(centre):
    return make.make_centre(ods="RM2")


@pytest.fixture
def pair(centre, other):
    make.accepted(centre, case("A", nhs_number=NHS))
    make.accepted(other, case("B", nhs_number=NHS))
    return SharedPatient.objects.get()


def say(pair, centre, answer=SharedAnswer.EPISODES, by=None, **values):
    return answer_shared(shared=pair, centre=centre, answer=answer, by=by or make.manager(centre), **values)


class TestNoted:
    def test_once_with_the_earlier_first(self, centre, other, pair):
        assert (pair.first.case_id, pair.second.case_id, pair.sure, pair.state) == ("A", "B", True, SharedState.OPEN)
        make.accepted(centre, case("A", nhs_number=NHS, pf_ratio="8"))
        make.accepted(other, case("B", nhs_number=NHS, pf_ratio="8"))
        assert SharedPatient.objects.count() == 1
        [event] = AuditEvent.objects.filter(verb="note shared patients")
        assert event_detail(event) == {"patients": 1}
        assert NHS not in event.detail

    def test_without_a_number_by_birth_date_sex_and_area(self, centre, other):
        make.accepted(centre, case("A"))
        make.accepted(other, case("B", admitted_on="30/06/2025"), case("C", sex="male"))
        assert [(one.second.case_id, one.sure) for one in SharedPatient.objects.all()] == [("B", False)]

    def test_a_keyed_case_too(self, centre, other):
        make.accepted(centre, case("A", nhs_number=NHS))
        values = case("B", nhs_number=NHS, sex="male")
        actions.key_case(centre=other, period_start=START, period_end=END, values=values, by=make.manager(other))
        assert SharedPatient.objects.get().second.case_id == "B"

    def test_other_services_are_other_networks(self, centre):
        make.accepted(centre, case("A", nhs_number=NHS))
        make.accepted(make.make_centre("lam", "RM2"), case("B", nhs_number=NHS))
        assert not SharedPatient.objects.exists()

    def test_look_ups_do_not_grow_with_the_patients(self, centre, other):
        counts = []
        for number, ratio in ((1, "7"), (1, "8"), (3, "9")):  # the first time there is no file to supersede
            cases = [case(f"C{place}", birth_date=f"0{place + 1}/01/1990", pf_ratio=ratio) for place in range(number)]
            make.accepted(centre, *cases)
            SharedPatient.objects.all().delete()  # so that each time all of them are new
            sent = make.receive(other, *(one | {"case_id": f"D{one['case_id']}"} for one in cases))
            actions.check(submission_id=sent.pk, by=make.manager(other))
            with CaptureQueriesContext(connection) as asked:
                actions.accept(submission_id=sent.pk, by=make.manager(other))
            counts.append(len(asked))
        assert counts[1] == counts[2]


class TestAnswer:
    def test_one_proposes_and_the_other_agrees(self, centre, other, pair):
        moved = {"counts_at": other, "moved_from": centre} | MOVED
        assert say(pair, centre, SharedAnswer.TRANSFER, **moved).state == SharedState.PROPOSED
        assert say(pair, centre, SharedAnswer.TRANSFER, **moved).state == SharedState.PROPOSED  # saying it twice agrees nothing
        made = say(pair, other, SharedAnswer.TRANSFER, **moved)
        assert (made.state, made.counts_at, made.moved_from, made.moved_on) == (
            SharedState.AGREED,
            other,
            centre,
            date(2025, 6, 20),
        )
        assert [event_detail(one)["state"] for one in AuditEvent.objects.filter(verb="answer shared patient")] == [
            "proposed", "agreed"
        ]  # fmt: skip

    @pytest.mark.parametrize("differs", ["counts_at", "moved_from", "moved_on", "answer"])
    def test_another_answer_agrees_nothing(self, centre, other, pair, differs):
        said = {"answer": SharedAnswer.TRANSFER, "counts_at": other, "moved_from": centre} | MOVED
        changed = {"answer": SharedAnswer.DUPLICATE, "counts_at": centre, "moved_from": other, "moved_on": date(2025, 6, 21)}
        say(pair, centre, **said)
        made = say(pair, other, **(said | {differs: changed[differs]}))
        assert (made.state, made.proposed_by) == (SharedState.PROPOSED, other)

    @pytest.mark.parametrize(
        ("answer", "values", "part"),
        [
            (SharedAnswer.TRANSFER, {}, "which of the two centres counts"),
            (SharedAnswer.TRANSFER, {"counts_at": 0}, "which centre handed"),
            (SharedAnswer.TRANSFER, {"counts_at": 0, "moved_from": 1}, "when"),
            (SharedAnswer.DUPLICATE, {}, "which of the two"),
            (SharedAnswer.DUPLICATE, {"counts_at": 2}, "which of the two"),
        ],
    )
    def test_an_answer_is_whole(self, centre, other, pair, answer, values, part):
        places = [centre, other, make.make_centre(ods="RX9")]
        with pytest.raises(NotPossible, match=part):
            say(pair, centre, answer, **{name: places[place] for name, place in values.items()})
        pair.refresh_from_db()
        assert pair.state == SharedState.OPEN

    def test_nobody_else_answers(self, centre, other, pair):
        third = make.make_centre(ods="RX9")
        for by, place in [
            (make.manager(other), centre),
            (make.network_lead(centre), centre),
            (make_who(roles.NationalCommissioner, "England"), centre),
            (make.manager(third), third),
        ]:
            with pytest.raises(Refused):
                say(pair, place, by=by)
        pair.refresh_from_db()
        assert (pair.state, pair.answer) == (SharedState.OPEN, "")

    def test_what_was_signed_off_is_not_taken_back(self, centre, other, pair):
        for place in (centre, other):
            say(pair, place)
        actions.sign_off_series(centre=centre, period_start=START, period_end=END, by=make.lead(centre))
        with pytest.raises(NotPossible, match="signed off"):
            say(pair, other, SharedAnswer.DUPLICATE, counts_at=centre)
        pair.refresh_from_db()
        assert pair.state == SharedState.AGREED

    def test_before_that_it_is_talked_about_again(self, centre, other, pair):
        for place in (centre, other):
            say(pair, place)
        assert say(pair, other, SharedAnswer.DUPLICATE, counts_at=centre).state == SharedState.PROPOSED


class TestForget:
    def test_an_erased_case_leaves_no_mark_and_frees_the_other(self, centre, other, pair):
        ask_query(
            centre=centre, period_start=START, period_end=END, case_id="A", text="Is the ratio right?", due_on=date(2099, 1, 1),
            by=make.network_lead(centre),
        )  # fmt: skip
        Confirmation.objects.create(
            centre=centre, period_start=START, period_end=END, key="k", case_id="A", rule="jump", message="m", reason="r",
            confirmed_at=pair.found_at,
        )  # fmt: skip
        actions.erase_case(centre=centre, case_id="A", reason="asked", by=make.lead(centre))
        assert list(CaseMark.objects.values_list("case__case_id", flat=True)) == ["B"]
        assert not SharedPatient.objects.exists()
        assert not Confirmation.objects.exists()
        assert [one.text for one in QueryMessage.objects.all()] == ["Erased with the case."]

    def test_it_leaves_the_others(self, centre, pair):
        make.accepted(centre, case("A", nhs_number=NHS), case("X", sex="male"))
        with pytest.raises(Refused):
            forget(case=Case.objects.get(case_id="A"), by=make.manager(centre))
        forget(case=Case.objects.get(case_id="X"), by=make.lead(centre))
        assert SharedPatient.objects.exists()
        assert CaseMark.objects.filter(case__case_id="A").exists()
