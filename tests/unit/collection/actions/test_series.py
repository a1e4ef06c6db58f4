"""Cases are expected and explained, and the series is signed off and opened again."""

from datetime import date

import pytest
from django.db import connection, transaction

from plenary.collection import actions
from plenary.collection.models import CaseSeries, ExpectedCase
from plenary.core import permissions as roles
from plenary.core.models import AuditEvent
from plenary.core.queries import event_detail, verify_chain
from plenary.core.terms import SYSTEM, NotPossible, Refused
from tests.factories import collection as make
from tests.factories.collection import END, case
from tests.factories.core import make_who
from tests.unit.collection.actions.told import PERIOD, current, events, outsiders

pytestmark = pytest.mark.django_db


class TestExpectedCases:
    def expect(self, centre, case_id="E1", source="MDT", by=SYSTEM):
        return actions.expect_case(centre=centre, **PERIOD, case_id=case_id, source=source, by=by)

    def test_known_once_a_source(self, centre):
        assert self.expect(centre) == self.expect(centre)
        self.expect(centre, source="hospital episodes")
        assert ExpectedCase.objects.count() == 2

    @pytest.mark.parametrize(("case_id", "source"), [("  ", "MDT"), ("E1", " ")])
    def test_case_and_source_are_said(self, centre, case_id, source):
        with pytest.raises(NotPossible, match="Say which case"):
            self.expect(centre, case_id, source)

    def test_others_do_not_report(self, centre, elsewhere):
        with pytest.raises(Refused):
            self.expect(centre, by=make.manager(elsewhere))
        assert not ExpectedCase.objects.exists()

    def test_explained_with_a_reason(self, centre):
        expected = actions.explain_missing(expected_id=self.expect(centre).pk, reason=" not treated ", by=make.manager(centre))
        assert expected.explained == "not treated"

    def test_an_empty_reason_explains_nothing(self, centre):
        with pytest.raises(NotPossible, match="Give the reason"):
            actions.explain_missing(expected_id=self.expect(centre).pk, reason=" ", by=make.manager(centre))

    def test_others_do_not_explain(self, centre, elsewhere):
        expected = self.expect(centre)
        for who in outsiders(elsewhere):
            with pytest.raises(Refused):
                actions.explain_missing(expected_id=expected.pk, reason="not ours", by=who)
        expected.refresh_from_db()
        assert expected.explained == ""


class TestSignOff:
    def sign(self, centre, by=None):
        return actions.sign_off_series(centre=centre, **PERIOD, by=by or make.lead(centre))

    def test_declared_and_frozen(self, centre):
        make.accepted(centre, case("A1"), case("A2"))
        series = self.sign(centre)
        assert (series.state, series.cases, series.declared_by, len(series.content_hash)) == ("signed_off", 2, 12, 64)

    def test_signed_twice_is_signed_once(self, centre):
        make.accepted(centre, case("A1"))
        assert self.sign(centre) == self.sign(centre)
        assert len(events("sign off series")) == 1

    def test_a_series_without_cases_may_be_declared(self, centre):
        assert self.sign(centre).cases == 0

    def test_refused_while_expected_cases_are_unexplained_and_names_them(self, centre):
        make.accepted(centre, case("A1"))
        for case_id in ("A1", "E2", "E3"):
            actions.expect_case(centre=centre, **PERIOD, case_id=case_id, source="MDT", by=SYSTEM)
        with pytest.raises(NotPossible, match=r"neither received nor explained: E2, E3\."):
            self.sign(centre)
        assert not CaseSeries.objects.filter(state="signed_off").exists()

    def test_many_missing_cases_are_counted(self, centre):
        for number in range(25):
            actions.expect_case(centre=centre, **PERIOD, case_id=f"E{number:02d}", source="MDT", by=SYSTEM)
        with pytest.raises(NotPossible, match=r"E19 and 5 more"):
            self.sign(centre)

    def test_explained_cases_do_not_stand_in_the_way(self, centre):
        expected = actions.expect_case(centre=centre, **PERIOD, case_id="E2", source="MDT", by=SYSTEM)
        actions.explain_missing(expected_id=expected.pk, reason="treated abroad", by=make.manager(centre))
        assert self.sign(centre).state == "signed_off"

    def test_expected_elsewhere_does_not_count(self, centre, elsewhere):
        actions.expect_case(centre=elsewhere, **PERIOD, case_id="E2", source="MDT", by=SYSTEM)
        assert self.sign(centre).state == "signed_off"

    def test_refused_while_a_file_waits(self, centre):
        make.accepted(centre, case("A1"))
        make.receive(centre, case("A2"), filename="later.csv")
        with pytest.raises(NotPossible, match=r"later\.csv is received and waits"):
            self.sign(centre)

    def test_a_frozen_series_takes_no_other_file(self, centre):
        make.signed_off(centre, case("A1"))
        submission = make.receive(centre, case("A1", status="dead"))
        actions.check(submission_id=submission.pk, by=SYSTEM)
        with pytest.raises(NotPossible, match="signed off"), transaction.atomic():
            actions.accept(submission_id=submission.pk, by=make.manager(centre))
        assert current(centre) == {"A1": "alive"}

    def test_a_frozen_series_takes_no_keyed_case_and_no_erasure(self, centre):
        make.signed_off(centre, case("A1"))
        with pytest.raises(NotPossible, match="signed off"), transaction.atomic():
            actions.key_case(centre=centre, **PERIOD, values=case("K1"), by=make.manager(centre))
        with pytest.raises(NotPossible, match="signed off"), transaction.atomic():
            actions.erase_case(centre=centre, case_id="A1", reason="request", by=make.lead(centre))
        assert current(centre) == {"A1": "alive"}

    def test_a_frozen_series_expects_no_more_cases(self, centre):
        make.signed_off(centre, case("A1"))
        with pytest.raises(NotPossible, match="signed off"), transaction.atomic():
            actions.expect_case(centre=centre, **PERIOD, case_id="E2", source="MDT", by=SYSTEM)
        assert not ExpectedCase.objects.exists()

    def test_a_file_of_another_period_may_not_move_a_frozen_case(self, centre):
        make.signed_off(centre, case("A1"))
        later = make.receive(centre, case("A1", admitted_on="01/02/2026"), start=END, end=date(2027, 1, 1))
        actions.check(submission_id=later.pk, by=SYSTEM)
        with pytest.raises(NotPossible, match="2025-01-01 to 2026-01-01, which is signed off"), transaction.atomic():
            actions.accept(submission_id=later.pk, by=make.manager(centre))

    def test_overlapping_periods_are_not_declared_twice(self, centre):
        make.signed_off(centre, case("A1"))
        with pytest.raises(NotPossible, match="part of the same period"):
            actions.sign_off_series(
                centre=centre, period_start=date(2025, 4, 1), period_end=date(2026, 4, 1), by=make.lead(centre)
            )

    def test_only_the_lead_signs(self, centre, elsewhere):
        make.accepted(centre, case("A1"))
        for who in [make.manager(centre), *outsiders(elsewhere)]:
            with pytest.raises(Refused):
                self.sign(centre, by=who)


class TestReopen:
    def reopen(self, centre, reason="a case was missed", by=None):
        return actions.reopen_series(centre=centre, **PERIOD, reason=reason, by=by or make.network_lead(centre))

    def test_open_again_and_the_reason_is_kept(self, centre):
        signed = make.signed_off(centre, case("A1"))
        series = self.reopen(centre)
        assert (series.state, series.content_hash, series.declared_by) == ("open", "", None)
        assert event_detail(events("reopen series")[0]) == {"reason": "a case was missed", "was": signed.content_hash}
        make.accepted(centre, case("A1", status="dead"))
        assert current(centre) == {"A1": "dead"}

    def test_needs_a_reason(self, centre):
        make.signed_off(centre, case("A1"))
        with pytest.raises(NotPossible, match="reason"):
            self.reopen(centre, reason=" ")

    def test_not_what_was_never_signed(self, centre):
        with pytest.raises(NotPossible, match="not declared"):
            self.reopen(centre)

    def test_not_by_the_centre_itself_nor_by_another_network(self, centre):
        make.signed_off(centre, case("A1"))
        for who in (make.lead(centre), make_who(roles.NetworkLead, "lam"), make_who(roles.NationalCommissioner, "England")):
            with pytest.raises(Refused):
                self.reopen(centre, by=who)
        assert CaseSeries.objects.get().state == "signed_off"


def test_every_action_leaves_its_event_in_the_chain(centre):
    make.signed_off(centre, case("A1"))
    assert verify_chain().whole
    verbs = list(AuditEvent.objects.exclude(verb="store bytes").values_list("verb", flat=True))
    assert verbs == ["adopt data set", "receive", "check", "accept", "sign off series"]


def test_the_database_is_the_one_under_test():
    assert connection.vendor in {"sqlite", "postgresql"}
