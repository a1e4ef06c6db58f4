"""What a check found, for whom."""

import csv
import io
from datetime import UTC, datetime

import pytest

from plenary.collection import actions, queries
from plenary.collection.actions import headings
from plenary.collection.models import Case, Submission
from plenary.core.actions import erase_bytes
from plenary.core.terms import SYSTEM, NotFound
from plenary_stats.errors import InputError
from tests.factories import collection as make
from tests.factories.collection import END, START, case

pytestmark = pytest.mark.django_db


class TestFindings:
    def test_only_for_the_own_centre(self, centre, other):
        submission = actions.check(submission_id=make.receive(centre, case("A1", status="lost")).pk, by=SYSTEM)
        assert queries.open_findings(make.manager(centre), submission)
        assert queries.open_findings(make.manager(other), submission) == []
        assert queries.open_findings(make.network_lead(centre), submission) == []

    def test_none_before_the_check(self, centre):
        assert queries.open_findings(make.manager(centre), make.receive(centre, case("A1"))) == []

    def test_a_submission_that_is_not_there(self):
        with pytest.raises(NotFound, match="no submission 404"):
            queries.submission(404)

    def test_none_once_they_were_erased(self, centre):
        submission = actions.check(submission_id=make.receive(centre, case("A1", status="lost")).pk, by=SYSTEM)
        erase_bytes(sha256=submission.findings_sha256, why="it held a case that was erased", by=SYSTEM)
        assert queries.open_findings(make.manager(centre), submission) == []

    def test_they_are_read_back_as_they_were_found(self, centre):
        submission = actions.check(submission_id=make.receive(centre, case("A1", status="lost", area="Atlantis")).pk, by=SYSTEM)
        found = queries.checked(submission).findings
        assert {(one.rule, one.row, one.key) for one in queries.open_findings(make.manager(centre), submission)} == {
            (one.rule, one.row, one.key) for one in found
        }


class TestChecked:
    def test_repeated_it_finds_the_same(self, centre):
        submission = make.receive(centre, case("A1", status="lost"), case("B"))
        first, second = queries.checked(submission), queries.checked(submission)
        assert first.findings == second.findings
        assert first.cases.columns.keys() == second.cases.columns.keys()

    def test_it_is_checked_by_the_day_of_its_receipt(self, centre):
        submission = make.receive(centre, case("A1", admitted_on="01/12/2025"))
        Submission.objects.filter(pk=submission.pk).update(received_at=datetime(2025, 11, 30, 12, tzinfo=UTC))
        submission.refresh_from_db()
        assert "future-date" in {one.rule for one in queries.checked(submission).findings}

    def test_a_file_that_cannot_be_read_says_so(self, centre):
        submission = actions.receive(
            centre=centre, period_start=START, period_end=END, filename="x.csv", content=b"\0" * 9, by=make.manager(centre)
        )
        with pytest.raises(InputError, match="NUL"):
            queries.checked(submission)


class TestMapping:
    def test_none_where_the_headings_are_the_data_sets(self, centre):
        assert queries.mapping_of(make.receive(centre, case("A1"))) is None

    def test_that_with_which_it_was_received(self, centre):
        content = make.case_file(case("A1")).replace(b"pf_ratio", b"Ratio")
        sent = actions.receive(
            centre=centre, period_start=START, period_end=END, filename="own.csv", content=content, by=make.manager(centre)
        )
        headings.match_columns(submission_id=sent.pk, columns={"Ratio": "pf_ratio"}, recodes={}, by=make.manager(centre))
        sent.refresh_from_db()
        assert [one.new for one in queries.mapping_of(sent).rules if one.new == "pf_ratio"] == ["pf_ratio"]
        assert queries.raw_table(sent).headings.count("Ratio") == 1, "the file is kept as it came"


class TestHoldsCase:
    def held(self, submission, name):
        return queries.holds_case(submission, Case(pk=0, centre=submission.centre, case_id=name))

    @pytest.mark.parametrize("name", ["A1", "a1"])
    def test_it_stands_in_the_file_in_any_letters(self, centre, name):
        assert self.held(make.receive(centre, case("A1")), name)

    def test_another_does_not(self, centre):
        assert not self.held(make.receive(centre, case("A1")), "A2")

    def test_it_was_taken_from_it_whatever_the_bytes_say(self, centre):
        submission = make.accepted(centre, case("A1"))
        erase_bytes(sha256=submission.sha256, why="test", by=SYSTEM)
        assert queries.holds_case(submission, Case.objects.get(case_id="A1"))

    def test_of_an_erased_file_nothing_more_is_held(self, centre):
        submission = make.receive(centre, case("A1"))
        erase_bytes(sha256=submission.sha256, why="test", by=SYSTEM)
        assert not self.held(submission, "A1")

    def test_a_file_that_cannot_be_read_may_hold_anything(self, centre):
        submission = actions.receive(
            centre=centre, period_start=START, period_end=END, filename="x.csv", content=b"A2\0\xff", by=make.manager(centre)
        )
        assert self.held(submission, "A1")


class TestErasedIn:
    def test_each_row_of_each_erased_case_in_any_letters(self, centre):
        make.accepted(centre, case("Gone"), case("B"))
        actions.erase_case(centre=centre, case_id="Gone", reason="request", by=make.lead(centre))
        assert queries.erased_in(make.receive(centre, case("B"), case("GONE"), case("gone"))) == [(3, "Gone"), (4, "Gone")]
        assert queries.erased_in(make.receive(centre, case("B"), filename="b.csv")) == []

    def test_what_another_centre_erased_is_another_patient(self, centre, other):
        actions.erase_case(centre=other, case_id="SECRET-7", reason="request", by=make.lead(other))
        assert queries.erased_in(make.receive(centre, case("SECRET-7"))) == []

    def test_who_objected_is_told_apart(self, centre):
        make.accepted(centre, case("A"), case("B"))
        Case.objects.filter(case_id="A").update(counted_only=True)
        assert queries.counted_only_ids(centre) == {"A"}
        assert queries.erased_in(make.receive(centre, case("A"))) == [(2, "A")]


@pytest.mark.parametrize("value", ["plain", 'a "quoted" word', "two\nlines", "a,b", "'", "=1+1", "é", ""])
def test_one_keyed_case_is_the_file_that_it_would_be(value):
    [header, row] = list(csv.reader(io.StringIO(queries.one_row({"case_id": "A", "note": value}).decode(), newline="")))
    assert dict(zip(header, row, strict=True)) == {"case_id": "A", "note": value}


def test_a_correction_need_not_say_again_who_the_patient_is(centre):
    version = centre.service.data_set_versions.get()
    content = make.case_file(case("A1", nhs_number="", birth_date=""))
    usual = {"version": version, "centre": centre, "period": (START, END), "on": END}
    assert not queries.check_bytes(content, "x.csv", **usual, without_identifiers=True, whole=False).findings.blocking
