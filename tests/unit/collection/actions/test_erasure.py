"""A case is erased with all that holds it."""

from datetime import date

import pytest
from django.db import transaction

from plenary.collection import actions, queries
from plenary.collection.models import Case, Submission
from plenary.core import actions as core
from plenary.core.models import AuditEvent
from plenary.core.queries import erased_on, event_detail, store_path, stored_bytes, verify_chain
from plenary.core.terms import SYSTEM, NotFound, NotPossible, Refused
from tests.factories import collection as make
from tests.factories.collection import START, case
from tests.unit.collection.actions.told import PERIOD, current, events

pytestmark = pytest.mark.django_db


class TestErase:
    def test_nothing_is_left_but_the_identifier(self, centre):
        make.accepted(centre, case("A1"), case("A2"))
        actions.erase_case(centre=centre, case_id="A1", reason="patient's request", by=make.lead(centre))
        one = Case.objects.get(case_id="A1")
        assert (one.erased, one.area, one.sex, one.age) == (True, "", "", None)
        assert list(one.versions.values_list("payload", flat=True)) == [{}]
        assert current(centre) == {"A2": "alive"}

    def test_it_does_not_come_back(self, centre):
        make.accepted(centre, case("A1"))
        actions.erase_case(centre=centre, case_id="A1", reason="patient's request", by=make.lead(centre))
        submission = make.receive(centre, case("A1", status="dead"))
        actions.check(submission_id=submission.pk, by=SYSTEM)
        with pytest.raises(NotPossible, match="is refused: it cannot become accepted"):
            actions.accept(submission_id=submission.pk, by=make.manager(centre))
        assert current(centre) == {}

    def erase(self, centre, case_id="A1"):
        actions.erase_case(centre=centre, case_id=case_id, reason="patient's request", by=make.lead(centre))

    def texts(self):
        """Return everything that lies in the store, whatever the database says of it."""
        return b"".join(path.read_bytes() for path in store_path("0" * 64).parents[1].rglob("*") if path.is_file())

    @pytest.mark.django_db(transaction=True)
    def test_no_kept_file_holds_it_and_the_others_stand(self, centre):
        first = make.accepted(centre, case("A1", status="dead", pf_ratio="7.77"), case("A2"))
        second = make.accepted(centre, case("A1", pf_ratio="7.77"), case("A2", pf_ratio="3.3"))
        assert b"7.77" in self.texts()
        self.erase(centre)
        assert b"7.77" not in self.texts()
        assert current(centre) == {"A2": "alive"}
        for one in (first, second):
            assert not store_path(one.sha256).exists()
            assert erased_on(one.sha256) is not None
            with pytest.raises(NotFound, match="was erased"):
                stored_bytes(one.sha256)
        [event] = events("erase case")
        assert {first.sha256, second.sha256} <= set(event_detail(event)["files"])
        assert event_detail(event)["reason"] == "patient's request"
        assert {one.subject for one in events("erase bytes")} == {f"bytes/{sha}" for sha in event_detail(event)["files"]}
        assert verify_chain().whole

    @pytest.mark.django_db(transaction=True)
    def test_files_of_others_and_without_it_stay(self, centre, elsewhere):
        make.accepted(centre, case("A1"))
        earlier = make.accepted(centre, case("B1", admitted_on="01/02/2024"), start=date(2024, 1, 1), end=START)
        theirs = Submission.objects.get(centre=elsewhere)
        self.erase(centre)
        assert b"B1" in stored_bytes(earlier.sha256)
        assert b"SECRET-7" in stored_bytes(theirs.sha256)
        assert erased_on(earlier.findings_sha256) is None

    @pytest.mark.django_db(transaction=True)
    def test_a_file_that_waits_or_was_set_aside_goes_too_and_an_unreadable_one(self, centre):
        make.accepted(centre, case("A1"))
        waiting = make.receive(centre, case("A1", status="dead"), case("A2"))
        unreadable = actions.receive(
            centre=centre, **PERIOD, filename="x.csv", content=b"A1\0\xff\x81\x8d", by=make.manager(centre)
        )
        self.erase(centre)
        for one in (waiting, unreadable):
            one.refresh_from_db()
            assert one.state == "refused"
            assert erased_on(one.sha256) is not None
        assert b"A1" not in self.texts()

    @pytest.mark.django_db(transaction=True)
    def test_the_same_file_is_not_taken_again(self, centre):
        make.accepted(centre, case("A1"))
        self.erase(centre)
        with pytest.raises(NotPossible, match="Send it without that case"):
            make.receive(centre, case("A1"))
        with pytest.raises(NotPossible, match="erased and must not come back"):
            actions.key_case(centre=centre, **PERIOD, values=case("A1", pf_ratio="8.88"), by=make.lead(centre))
        assert b"8.88" not in self.texts()

    def comes_back(self, centre, *cases, **options):
        """Erase A1, then send a file and have it checked."""
        make.accepted(centre, case("A1"))
        self.erase(centre)
        sent = make.receive(centre, *cases, **options)
        return actions.check(submission_id=sent.pk, by=SYSTEM)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("case_id", ["A1", " A1 ", "a1", "\u00a0A1"])
    def test_a_new_file_that_holds_it_is_refused_row_by_row_and_not_kept(self, centre, case_id):
        sent = self.comes_back(centre, case("A2"), case(case_id, pf_ratio="8.88"), case("A3"), case(case_id, pf_ratio="7.77"))
        assert (sent.state, sent.blocking, sent.cases, sent.warnings, sent.notices) == ("refused", 2, 0, 0, 0)
        found = queries.open_findings(make.manager(centre), sent)
        assert [(one.row, one.field, one.rule, one.severity) for one in found] == [
            (3, "case_id", "erased", "blocking"),
            (5, "case_id", "erased", "blocking"),
        ]
        assert {one.message for one in found} == {"Case A1 was erased and must not come back."}
        assert all("Delete this row and send the file anew" in one.remedy for one in found)
        assert erased_on(sent.sha256) is not None
        assert b"8.88" not in self.texts()
        assert not store_path(sent.sha256).exists()
        assert current(centre) == {}
        assert [event_detail(one) for one in events("refuse")] == [{"reason": "it held a case that was erased"}]
        assert verify_chain().whole

    @pytest.mark.django_db(transaction=True)
    def test_no_other_finding_quotes_what_it_says(self, centre):
        sent = self.comes_back(centre, case("A1", pf_ratio="secret-8.88", status="unheard-of"), case("A2", pf_ratio="999"))
        assert {one.rule for one in queries.open_findings(make.manager(centre), sent)} == {"erased"}
        assert b"secret" not in self.texts()
        assert b"unheard" not in self.texts()

    def test_without_the_row_it_is_taken(self, centre):
        self.comes_back(centre, case("A1"), case("A2"))
        make.accepted(centre, case("A2"))
        assert current(centre) == {"A2": "alive"}

    def test_a_value_that_reads_like_its_identifier_in_another_column_is_no_case(self, centre):
        make.accepted(centre, case("9.4"))
        self.erase(centre, "9.4")
        sent = make.accepted(centre, case("A2", pf_ratio="9.4"))
        assert (sent.state, current(centre)) == ("accepted", {"A2": "alive"})

    @pytest.mark.django_db(transaction=True)
    def test_the_same_bytes_of_another_centre_stand(self, centre, elsewhere):
        content = make.case_file(case("A1", area="QE1"), case("A7"))
        theirs = actions.receive(centre=elsewhere, **PERIOD, filename="a.csv", content=content, by=make.manager(elsewhere))
        sent = self.comes_back(centre, case("A1", area="QE1"), case("A7"))
        assert (sent.sha256, sent.state) == (theirs.sha256, "refused")
        assert stored_bytes(theirs.sha256) == content
        assert actions.check(submission_id=theirs.pk, by=SYSTEM).state == "checked"

    @pytest.mark.django_db(transaction=True)
    def test_by_whatever_heading_and_in_a_file_that_has_other_faults(self, centre):
        make.accepted(centre, case("A1"))
        self.erase(centre)
        content = b"Case identifier;status;status\nA1;alive;dead\n"
        sent = actions.receive(centre=centre, **PERIOD, filename="x.csv", content=content, by=make.manager(centre))
        sent = actions.check(submission_id=sent.pk, by=make.manager(centre))
        assert (sent.state, [one.row for one in queries.open_findings(make.manager(centre), sent)]) == ("refused", [2])
        assert erased_on(sent.sha256) is not None

    def test_a_check_that_comes_twice_changes_nothing_more(self, centre):
        sent = self.comes_back(centre, case("A1", status="dead"))
        before = AuditEvent.objects.count()
        assert actions.check(submission_id=sent.pk, by=SYSTEM).state == "refused"
        assert AuditEvent.objects.count() == before

    def test_sign_off_does_not_wait_for_it(self, centre):
        self.comes_back(centre, case("A1"), case("A2"))
        make.accepted(centre, case("A2"))
        assert actions.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre)).cases == 1

    @pytest.mark.django_db(transaction=True)
    def test_a_kill_before_the_files_went_is_made_good(self, centre, monkeypatch):
        sent = make.accepted(centre, case("A1"))
        monkeypatch.setattr(core, "finish_erasures", lambda by: 0)
        self.erase(centre)
        monkeypatch.undo()
        assert store_path(sent.sha256).exists()
        with pytest.raises(NotFound, match="was erased"):
            stored_bytes(sent.sha256)
        assert core.finish_erasures(by=SYSTEM) >= 1
        assert not store_path(sent.sha256).exists()
        assert core.finish_erasures(by=SYSTEM) == 0

    def test_refused_everything_stands(self, centre):
        sent = make.accepted(centre, case("A1"))
        actions.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre))
        with pytest.raises(NotPossible, match="signed off"), transaction.atomic():
            self.erase(centre)
        assert b"A1" in stored_bytes(sent.sha256)
        assert current(centre) == {"A1": "alive"}

    def test_with_a_reason(self, centre):
        make.accepted(centre, case("A1"))
        with pytest.raises(NotPossible, match="reason"):
            actions.erase_case(centre=centre, case_id="A1", reason=" ", by=make.lead(centre))

    def test_an_unknown_case(self, centre):
        with pytest.raises(NotPossible, match="no case A9"):
            actions.erase_case(centre=centre, case_id="A9", reason="request", by=make.lead(centre))

    def test_only_the_lead(self, centre):
        make.accepted(centre, case("A1"))
        with pytest.raises(Refused):
            actions.erase_case(centre=centre, case_id="A1", reason="request", by=make.manager(centre))
