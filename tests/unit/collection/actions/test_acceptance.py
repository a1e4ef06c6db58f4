"""A checked file becomes cases, or is set aside."""

from datetime import date

import pytest
from django.db import transaction

from plenary.collection import actions, queries
from plenary.collection.models import Case, CaseVersion
from plenary.core.queries import event_detail, stored_bytes
from plenary.core.terms import SYSTEM, NotPossible, Refused
from tests.factories import collection as make
from tests.factories.collection import START, case
from tests.unchanged import cannot_tell
from tests.unit.collection.actions.told import PERIOD, current, events, outsiders

pytestmark = pytest.mark.django_db


class TestAccept:
    def test_cases_with_versions_and_typed_keys(self, centre):
        submission = make.accepted(centre, case("A1"), case("A2", status="dead", area="qjk", pf_ratio=""))
        assert submission.state == "accepted"
        one = Case.objects.get(case_id="A1")
        assert (one.area, one.sex, one.age, one.index_on) == ("QE1", "female", 45.0, date(2025, 6, 15))
        version = CaseVersion.objects.get(case__case_id="A2")
        assert (version.number, version.current, version.payload["status"]) == (1, True, "dead")
        assert "pf_ratio" not in version.payload
        assert version.payload["admitted_on"] == "2025-06-15"

    def test_identifiers_are_never_stored(self, centre):
        make.accepted(centre, case("A1", nhs_number="943 476 5919"))
        payload = CaseVersion.objects.get().payload
        assert not {"nhs_number", "birth_date", "centre", "case_id"} & set(payload)
        assert "943" not in str(payload)
        assert "1980" not in str(payload)

    def test_nothing_is_taken_from_a_file_with_a_blocking_finding(self, centre):
        submission = make.receive(centre, case("A1"), case("A2", status="lost"))
        actions.check(submission_id=submission.pk, by=SYSTEM)
        with pytest.raises(NotPossible, match="1 finding must be mended"):
            actions.accept(submission_id=submission.pk, by=make.manager(centre))
        assert not Case.objects.exists()

    def test_unchecked_is_not_accepted(self, centre):
        submission = make.receive(centre, case("A1"))
        with pytest.raises(NotPossible, match="received: it cannot become accepted"):
            actions.accept(submission_id=submission.pk, by=make.manager(centre))

    def test_accepted_twice_is_accepted_once(self, centre):
        submission = make.accepted(centre, case("A1"))
        actions.accept(submission_id=submission.pk, by=make.manager(centre))
        assert CaseVersion.objects.count() == 1
        assert len(events("accept")) == 1

    def test_a_later_file_supersedes_and_keeps_the_earlier(self, centre):
        first = make.accepted(centre, case("A1"), case("A2"))
        second = make.accepted(centre, case("A1", status="dead"), case("A3"))
        first.refresh_from_db()
        assert (first.state, first.superseded_by) == ("superseded", second)
        assert current(centre) == {"A1": "dead", "A3": "alive"}
        kept = CaseVersion.objects.filter(submission=first)
        assert sorted(kept.values_list("case__case_id", "payload__status", "current")) == [
            ("A1", "alive", False),
            ("A2", "alive", False),
        ]
        assert stored_bytes(first.sha256)

    def test_versions_are_numbered_on(self, centre):
        for status in ("alive", "dead", "alive"):
            make.accepted(centre, case("A1", status=status, pf_ratio=str(len(events("accept")))))
        numbers = CaseVersion.objects.order_by("number").values_list("number", "current")
        assert list(numbers) == [(1, False), (2, False), (3, True)]

    def test_another_period_is_left_alone(self, centre):
        make.accepted(centre, case("OLD", admitted_on="01/02/2024"), start=date(2024, 1, 1), end=START)
        make.accepted(centre, case("A1"))
        assert set(current(centre)) == {"OLD", "A1"}

    def test_another_centre_is_left_alone(self, centre, elsewhere):
        make.accepted(centre, case("SECRET-7"))
        assert current(elsewhere) == {"SECRET-7": "dead"}

    def test_undecided_earlier_files_are_set_aside(self, centre):
        waiting = make.receive(centre, case("A9"))
        make.accepted(centre, case("A1"))
        waiting.refresh_from_db()
        assert waiting.state == "refused"

    def test_a_case_of_another_centre_is_refused(self, centre, elsewhere):
        content = make.case_file(case("A1")).replace(b"case_id,", b"centre,case_id,").replace(b"\r\nA1,", b"\r\nRJ7,A1,")
        submission = actions.receive(centre=centre, **PERIOD, filename="a.csv", content=content, by=make.manager(centre))
        submission = actions.check(submission_id=submission.pk, by=SYSTEM)
        assert [one.rule for one in queries.open_findings(make.manager(centre), submission)] == ["other-centre"]

    def test_people_of_other_places_do_not_accept(self, centre, elsewhere):
        submission = make.receive(centre, case("A1"))
        actions.check(submission_id=submission.pk, by=SYSTEM)
        for who in [*outsiders(elsewhere), SYSTEM]:
            with pytest.raises(Refused):
                actions.accept(submission_id=submission.pk, by=who)
        assert current(centre) == {}

    def test_all_or_nothing(self, centre, monkeypatch):
        make.accepted(centre, case("A1"))
        submission = make.receive(centre, case("A2"))
        actions.check(submission_id=submission.pk, by=SYSTEM)

        cannot_tell(monkeypatch, actions)
        with pytest.raises(OSError, match="disk"), transaction.atomic():
            actions.accept(submission_id=submission.pk, by=make.manager(centre))
        assert current(centre) == {"A1": "alive"}
        submission.refresh_from_db()
        assert submission.state == "checked"

    def test_an_identifier_too_long_to_keep(self, centre):
        submission = make.receive(centre, case("A" * 201))
        actions.check(submission_id=submission.pk, by=SYSTEM)
        with pytest.raises(NotPossible, match="longer than 200"):
            actions.accept(submission_id=submission.pk, by=make.manager(centre))

    def test_queries_do_not_grow_with_the_file(self, centre, django_assert_max_num_queries):
        def queries_for(count):
            submission = make.receive(centre, *(case(f"N{number}") for number in range(count)), filename=f"{count}.csv")
            actions.check(submission_id=submission.pk, by=SYSTEM)
            with django_assert_max_num_queries(200) as captured:
                actions.accept(submission_id=submission.pk, by=make.manager(centre))
            return len(captured)

        queries_for(1)
        assert queries_for(2) == queries_for(30)


class TestRefuse:
    def test_set_aside_with_a_reason(self, centre):
        submission = make.receive(centre, case("A1"))
        assert actions.refuse(submission_id=submission.pk, reason="wrong year", by=make.manager(centre)).state == "refused"
        assert event_detail(events("refuse")[0]) == {"reason": "wrong year"}

    def test_what_is_accepted_stays(self, centre):
        submission = make.accepted(centre, case("A1"))
        with pytest.raises(NotPossible, match="accepted: it cannot become refused"):
            actions.refuse(submission_id=submission.pk, reason="no", by=make.manager(centre))

    def test_not_by_others(self, centre, elsewhere):
        submission = make.receive(centre, case("A1"))
        with pytest.raises(Refused):
            actions.refuse(submission_id=submission.pk, reason="no", by=make.manager(elsewhere))
