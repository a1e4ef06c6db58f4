"""A warning is confirmed with a reason, stays so while the value is the same, and may be demanded before a file counts."""

import pytest

from plenary.collection import actions, queries
from plenary.collection.actions.confirmations import confirm_warning, withdraw_confirmation
from plenary.collection.models import Confirmation
from plenary.collection.queries import confirmations
from plenary.collection.terms import SubmissionState
from plenary.core.models import AuditEvent
from plenary.core.terms import SYSTEM, NotFound, NotPossible, Refused
from tests.factories import collection as make
from tests.factories.collection import END, START, case, rules

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}
TWINS = case("A"), case("B")


@pytest.fixture
def centre():
    return make.make_centre()


def checked(centre, *cases):
    return actions.check(submission_id=make.receive(centre, *cases).pk, by=SYSTEM)


def confirm(submission, reason="They are twins.", by=None, key=None):
    [finding] = confirmations.warnings(submission)
    by = by or make.manager(submission.centre)
    return confirm_warning(submission=submission, key=key or finding.key, reason=reason, by=by)


class TestConfirm:
    def test_it_is_kept_with_the_reason_and_told(self, centre):
        made = confirm(checked(centre, *TWINS), " They are twins. ")
        assert (made.case_id, made.rule, made.reason, made.confirmed_by) == ("B", "near-duplicate", "They are twins.", 11)
        event = AuditEvent.objects.get(verb="confirm warning")
        assert "twins" not in event.detail

    def test_a_second_time_the_reason_is_changed(self, centre):
        sent = checked(centre, *TWINS)
        confirm(sent)
        confirm(sent, "Twins, seen in person.")
        assert [one.reason for one in Confirmation.objects.all()] == ["Twins, seen in person."]

    def test_it_holds_for_the_file_sent_anew_and_not_for_another_value(self, centre):
        confirm(checked(centre, *TWINS))
        again = checked(centre, case("C", sex="male"), *(one | {"pf_ratio": "8"} for one in TWINS))
        assert [one.key in confirmations.confirmed(again) for one in confirmations.warnings(again)] == [True]
        other = checked(centre, case("A2"), case("B"))
        assert [one.key in confirmations.confirmed(other) for one in confirmations.warnings(other)] == [False]

    @pytest.mark.parametrize("person", [make.network_lead])
    def test_only_the_centre_confirms(self, centre, person):
        sent = checked(centre, *TWINS)
        for by in (person(centre), make.manager(make.make_centre(ods="RM2"))):
            with pytest.raises(Refused):
                confirm(sent, by=by)
        assert not Confirmation.objects.exists()

    def test_what_the_file_does_not_have_and_no_reason(self, centre):
        sent = checked(centre, *TWINS)
        with pytest.raises(NotFound):
            confirm(sent, key="0" * 32)
        with pytest.raises(NotPossible, match="why"):
            confirm(sent, "  ")
        assert not Confirmation.objects.exists()

    def test_it_is_taken_back(self, centre):
        made = confirm(checked(centre, *TWINS))
        with pytest.raises(Refused):
            withdraw_confirmation(confirmation=made, by=make.network_lead(centre))
        withdraw_confirmation(confirmation=made, by=make.lead(centre))
        assert not Confirmation.objects.exists()
        assert AuditEvent.objects.filter(verb="withdraw confirmation").count() == 1


class TestDemanded:
    def test_before_a_file_is_accepted(self, centre):
        rules(confirm_warnings_of={centre.service.slug: "acceptance"})
        sent = checked(centre, *TWINS)
        with pytest.raises(NotPossible, match=r"^1 warning must be mended or confirmed"):
            actions.accept(submission_id=sent.pk, by=make.manager(centre))
        sent.refresh_from_db()
        assert sent.state == SubmissionState.CHECKED
        confirm(sent)
        assert actions.accept(submission_id=sent.pk, by=make.manager(centre)).state == SubmissionState.ACCEPTED

    def test_before_the_sign_off(self, centre):
        rules(confirm_warnings="sign-off")
        sent = make.accepted(centre, *TWINS)
        with pytest.raises(NotPossible, match="1 warning is neither mended nor confirmed"):
            actions.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre))
        confirm(sent)
        assert actions.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre)).cases == 2

    def test_another_service_demands_nothing(self, centre):
        rules(confirm_warnings_of={"lam": "acceptance"})
        assert make.accepted(centre, *TWINS).state == SubmissionState.ACCEPTED

    def test_a_file_without_warnings_needs_nothing(self, centre):
        rules(confirm_warnings="acceptance")
        assert make.accepted(centre, case("A")).warnings == 0
        assert queries.pending(centre, START, END) is None
