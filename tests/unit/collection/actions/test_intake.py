"""A file is received and checked."""

from datetime import date

import pytest
from django_tasks_db.models import DBTaskResult

from plenary.collection import actions, queries
from plenary.collection.models import Case, DataSetVersion, Submission
from plenary.core.queries import event_detail, stored_bytes
from plenary.core.terms import SYSTEM, NotFound, NotPossible, Refused
from plenary.registry import queries as registry
from plenary_stats import folder
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.registry import DesignationFactory
from tests.unit.collection.actions.told import PERIOD, events, outsiders

pytestmark = pytest.mark.django_db


class TestReceive:
    def test_bytes_are_kept_and_the_check_is_queued(self, centre):
        content = make.case_file(case("A1"))
        submission = actions.receive(
            centre=centre, **PERIOD, filename="C:\\mine\\cases.csv", content=content, by=make.manager(centre)
        )
        assert (submission.state, submission.filename, submission.received_by) == ("received", "cases.csv", 11)
        assert stored_bytes(submission.sha256) == content
        job = DBTaskResult.objects.get()
        assert (job.task_path, job.args_kwargs["args"]) == ("plenary.collection.tasks.check", [submission.pk])
        assert event_detail(events("receive")[0])["sha256"] == submission.sha256

    def test_nothing_is_accepted_by_receiving(self, centre):
        make.receive(centre, case("A1"))
        assert not Case.objects.exists()

    def test_the_same_bytes_again_are_the_same_submission(self, centre):
        assert make.receive(centre, case("A1")) == make.receive(centre, case("A1"))
        assert Submission.objects.count() == 1

    def test_the_same_bytes_after_a_refusal_are_a_new_one(self, centre):
        first = make.receive(centre, case("A1"))
        actions.refuse(submission_id=first.pk, reason="wrong year", by=make.manager(centre))
        assert make.receive(centre, case("A1")) != first

    def test_other_bytes_are_a_new_submission(self, centre):
        assert make.receive(centre, case("A1")) != make.receive(centre, case("A2"))

    def test_people_of_other_places_do_not_send(self, centre, elsewhere):
        before = Submission.objects.count()
        for who in outsiders(elsewhere):
            with pytest.raises(Refused, match="Only people and systems of adult-ecmo/RJ1"):
                actions.receive(centre=centre, **PERIOD, filename="a.csv", content=make.case_file(case("A1")), by=who)
        assert Submission.objects.count() == before

    def test_an_empty_file_is_refused(self, centre):
        with pytest.raises(NotPossible, match="empty"):
            actions.receive(centre=centre, **PERIOD, filename="a.csv", content=b"", by=make.manager(centre))

    def test_a_period_that_runs_backwards_is_refused(self, centre):
        with pytest.raises(NotPossible, match="ends after"):
            make.receive(centre, case("A1"), start=END, end=START)

    def test_a_service_without_a_data_set_cannot_be_sent_to(self, centre):
        DataSetVersion.objects.all().delete()
        with pytest.raises(NotPossible, match="no agreed data set"):
            make.receive(centre, case("A1"))
        assert not Submission.objects.exists()

    def test_a_name_without_letters_is_still_a_name(self, centre):
        submission = actions.receive(
            centre=centre, **PERIOD, filename="folder/", content=make.case_file(case("A1")), by=make.manager(centre)
        )
        assert submission.filename == "cases"


class TestCheck:
    def test_a_sound_file(self, centre):
        submission = actions.check(submission_id=make.receive(centre, case("A1"), case("A2")).pk, by=SYSTEM)
        assert (submission.state, submission.cases, submission.blocking) == ("checked", 2, 0)

    def test_findings_are_kept_and_counted(self, centre):
        submission = make.receive(centre, case("A1", status="lost"), case("A1", sex=""))
        submission = actions.check(submission_id=submission.pk, by=SYSTEM)
        found = queries.open_findings(make.manager(centre), submission)
        assert submission.blocking == sum(one.severity == "blocking" for one in found) >= 2
        assert {("status", 2), ("sex", 3)} <= {(one.field, one.row) for one in found}
        assert all(one.message for one in found)
        assert not Case.objects.exists()

    def test_repeated_it_finds_the_same(self, centre):
        pk = make.receive(centre, case("A1", status="lost")).pk
        first = actions.check(submission_id=pk, by=SYSTEM)
        again = actions.check(submission_id=pk, by=SYSTEM)
        assert first.findings_sha256 == again.findings_sha256

    def test_a_file_that_cannot_be_read_is_a_blocking_finding(self, centre):
        submission = actions.receive(
            centre=centre, **PERIOD, filename="cases.xlsx", content=b"PK\x03\x04 broken", by=make.manager(centre)
        )
        submission = actions.check(submission_id=submission.pk, by=SYSTEM)
        found = queries.open_findings(make.manager(centre), submission)
        assert (submission.state, submission.blocking, [one.rule for one in found]) == ("checked", 1, ["unusable"])
        assert "workbook" in found[0].message
        assert found[0].remedy

    def test_an_accepted_submission_is_not_checked_again(self, centre):
        done = make.accepted(centre, case("A1"))
        assert actions.check(submission_id=done.pk, by=SYSTEM).state == "accepted"

    def test_people_of_other_places_do_not_check(self, centre, elsewhere):
        submission = make.receive(centre, case("A1"))
        with pytest.raises(Refused):
            actions.check(submission_id=submission.pk, by=make.manager(elsewhere))
        submission.refresh_from_db()
        assert submission.state == "received"

    def test_a_submission_that_is_not_there(self):
        with pytest.raises(NotFound):
            actions.check(submission_id=404, by=SYSTEM)


class TestRegister:
    """What is checked in the database is checked against the register as a collection folder is: designations and areas by date."""

    def findings(self, centre, *cases):
        sent = make.receive(centre, *cases)
        actions.check(submission_id=sent.pk, by=SYSTEM)
        sent.refresh_from_db()
        found = queries.open_findings(make.manager(centre), sent)
        return [(one.row, one.field, one.rule, one.severity) for one in found]

    def test_a_case_treated_when_the_centre_was_not_designated(self):
        centre = make.make_centre()
        DesignationFactory(centre=centre, valid_from=date(2015, 4, 1), valid_to=date(2025, 6, 15))
        found = self.findings(centre, case("A", admitted_on="14/06/2025"), case("B", admitted_on="15/06/2025", sex="male"))
        assert found == [(3, "centre", "not-designated", "warning")]

    def test_designated_again_after_a_gap(self):
        centre = make.make_centre()
        DesignationFactory(centre=centre, valid_from=None, valid_to=date(2025, 3, 1))
        DesignationFactory(centre=centre, valid_from=date(2025, 9, 1))
        days = ("28/02/2025", "01/03/2025", "31/08/2025", "01/09/2025")
        found = self.findings(centre, *(case(f"C{n}", admitted_on=day) for n, day in enumerate(days)))
        assert [row for row, _, rule, _ in found if rule == "not-designated"] == [3, 4]

    def test_areas_are_known_by_the_date_of_care(self):
        centre = make.make_centre()
        found = self.findings(centre, case("A", area="Atlantis"), case("B", area="D7T5G"), case("C", area="QE1"))
        assert sorted(found) == [(2, "area", "unknown-area", "warning"), (3, "area", "area-date", "notice")]

    def test_a_case_keyed_on_screen_is_told_the_same(self):
        centre = make.make_centre()
        DesignationFactory(centre=centre, valid_from=date(2025, 12, 1))
        values = case("A", area="Atlantis")
        kept, found = actions.key_case(centre=centre, **PERIOD, values=values, by=make.manager(centre))
        assert kept is not None
        assert sorted(one.rule for one in found) == ["not-designated", "unknown-area"]
        assert kept.warnings == 2

    def test_a_folder_and_the_database_find_the_same(self, tmp_path):
        centre = make.make_centre(ods="RX1")
        DesignationFactory(centre=centre, valid_from=None, valid_to=date(2025, 6, 15))
        cases = [case("A"), case("B", area="Atlantis", admitted_on="01/02/2025"), case("C", area="D7T5G", pf_ratio="900")]
        content = make.case_file(*cases)
        rows = [line.decode() for line in content.splitlines()]
        files = {
            "collection.toml": 'label = "2025"\nperiod_start = 2025-01-01\nperiod_end = 2026-01-01\n',
            "services.csv": "service,name,category,description\nadult-ecmo,ECMO,,\n",
            "centres.csv": "service,centre,name,designated_from,designated_to\nadult-ecmo,RX1,Trust,,2025-06-15\n",
            "adult-ecmo/dictionary.csv": make.DICTIONARY,
            "adult-ecmo/cases.csv": "\n".join([f"centre,{rows[0]}", *(f"RX1,{row}" for row in rows[1:])]),
        }
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        _, found = folder.read(tmp_path, areas=registry.known_areas())
        ours = sorted((one.row, one.field, one.rule, one.severity) for one in found if one.row)
        assert sorted(self.findings(centre, *cases)) == ours
        assert {rule for _, _, rule, _ in ours} == {"not-designated", "unknown-area", "area-date", "out-of-range"}
