"""The first four steps of the data path: receive, check, accept, sign off."""

from datetime import date

import pytest
from django.db import connection, transaction
from django_tasks_db.models import DBTaskResult

from plenary.collection import actions, queries
from plenary.collection.models import Case, CaseSeries, CaseVersion, DataSetVersion, ExpectedCase, Submission
from plenary.core import actions as core
from plenary.core import permissions as roles
from plenary.core.models import AuditEvent
from plenary.core.queries import erased_on, event_detail, store_path, stored_bytes, verify_chain
from plenary.core.terms import NOBODY, SYSTEM, NotFound, NotPossible, Refused
from plenary.registry import queries as registry
from plenary_stats import folder
from plenary_stats.spec import InputError
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import make_who
from tests.factories.registry import DesignationFactory, ServiceFactory

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}


@pytest.fixture
def centre():
    return make.make_centre()


@pytest.fixture
def elsewhere():
    """Another centre of the same service, with a case of its own that must not leak."""
    other = make.make_centre(ods="RJ7")
    make.accepted(other, case("SECRET-7", status="dead"))
    return other


def events(verb):
    return list(AuditEvent.objects.filter(verb=verb))


def current(centre):
    rows = CaseVersion.objects.filter(case__centre=centre, current=True)
    return dict(rows.values_list("case__case_id", "payload__status"))


def outsiders(elsewhere):
    return [
        make.manager(elsewhere),
        make.lead(elsewhere),
        make.network_lead(elsewhere),
        make_who(roles.NationalCommissioner, "England"),
        make_who(roles.Administrator),
        NOBODY,
    ]


class TestAdoptDataSet:
    def test_adopted_once_and_read_back(self):
        service = ServiceFactory(slug="lam")
        version = make.DataSetVersionFactory(service=service)
        again = make.DataSetVersionFactory(service=service)
        assert again == version
        assert queries.data_set(version).by_name["status"].choices == {"alive": "Alive", "dead": "Dead"}
        assert len(events("adopt data set")) == 1

    def test_a_version_never_changes(self):
        service = ServiceFactory(slug="lam")
        make.DataSetVersionFactory(service=service)
        with pytest.raises(NotPossible, match="new version"):
            make.DataSetVersionFactory(service=service, content=make.DICTIONARY.encode() + b"extra,case,text,Extra,,,,,,,\n")
        assert DataSetVersion.objects.count() == 1

    def test_a_dictionary_that_cannot_be_read_is_refused(self):
        with pytest.raises(InputError, match="Field Type"):
            make.DataSetVersionFactory(content=b"Variable / Field Name\ncase_id\n")
        assert not DataSetVersion.objects.exists()

    def test_a_centre_does_not_adopt(self, centre):
        with pytest.raises(Refused, match="network"):
            actions.adopt_data_set(
                service=centre.service, version="2", content=make.DICTIONARY.encode(), adopted_on=START, by=make.lead(centre)
            )

    def test_definitions_are_loaded_for_registered_services_only(self, tmp_path):
        ServiceFactory(slug="lam")
        for slug in ("lam", "not-registered"):
            (tmp_path / slug).mkdir()
            (tmp_path / slug / "2024-1.csv").write_text(make.DICTIONARY)
        (tmp_path / "lam" / "proposed-2025-1.csv").write_text(make.DICTIONARY)  # waits for the network
        assert actions.load_definitions(folder=tmp_path, by=SYSTEM) == 1
        assert actions.load_definitions(folder=tmp_path, by=SYSTEM) == 1
        version = DataSetVersion.objects.get()
        assert (version.service.slug, version.version, version.adopted_on) == ("lam", "2024-1", date(2024, 1, 1))


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

        def fails(**_):
            raise OSError("the disk is full")

        monkeypatch.setattr(actions, "record", fails)
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


class TestKeyCase:
    def key(self, centre, **values):
        return actions.key_case(centre=centre, **PERIOD, values=case("K1") | values, by=make.manager(centre))

    def test_the_same_check_and_the_same_case(self, centre):
        submission, findings = self.key(centre)
        assert (submission.route, submission.state, submission.cases) == ("keyed", "accepted", 1)
        assert not [one for one in findings if one.severity == "blocking"]
        assert current(centre) == {"K1": "alive"}

    def test_the_same_payload_as_from_a_file(self, centre):
        self.key(centre)
        keyed = CaseVersion.objects.get().payload
        other = make.make_centre(ods="RJ7")
        make.accepted(other, case("K1"))
        assert CaseVersion.objects.get(case__centre=other).payload == keyed

    def test_a_blocking_finding_stores_nothing(self, centre):
        submission, findings = self.key(centre, status="lost")
        assert submission is None
        assert [one.field for one in findings if one.severity == "blocking"] == ["status"]
        assert not Case.objects.exists()
        assert not Submission.objects.exists()

    def test_text_with_commas_quotes_and_lines(self, centre):
        submission, _ = self.key(centre, area='Q"E,1\n')
        assert submission is not None

    def test_keyed_cases_survive_a_file_without_them(self, centre):
        self.key(centre)
        make.accepted(centre, case("A1"))
        assert current(centre) == {"K1": "alive", "A1": "alive"}

    def test_a_keyed_case_replaces_the_sent_one(self, centre):
        make.accepted(centre, case("K1", status="dead"))
        self.key(centre)
        assert current(centre) == {"K1": "alive"}
        assert CaseVersion.objects.count() == 2

    def test_not_for_another_centre_even_if_the_row_says_so(self, centre, elsewhere):
        values = case("K1") | {"centre": "RJ7"}
        actions.key_case(centre=centre, **PERIOD, values=values, by=make.manager(centre))
        assert current(elsewhere) == {"SECRET-7": "dead"}
        assert set(current(centre)) == {"K1"}

    def test_not_by_others(self, centre, elsewhere):
        with pytest.raises(Refused):
            actions.key_case(centre=centre, **PERIOD, values=case("K1"), by=make.manager(elsewhere))
        assert current(centre) == {}


class TestReading:
    def test_reading_cases_is_recorded(self, centre, elsewhere):
        make.accepted(centre, case("A1"))
        found = actions.open_cases(centre=centre, **PERIOD, why="checking a referral", by=make.manager(centre))
        assert [version.case.case_id for version in found] == ["A1"]
        event = events("read")[0]
        assert (event.who, event.subject, event_detail(event)["why"]) == (11, "cases/adult-ecmo/RJ1", "checking a referral")

    def test_others_do_not_read(self, centre, elsewhere):
        for who in outsiders(centre):
            if who not in (make.manager(centre), make.lead(centre)):
                with pytest.raises(Refused):
                    actions.open_cases(centre=elsewhere, **PERIOD, why="curious", by=who)
        with pytest.raises(Refused):
            actions.open_cases(centre=elsewhere, **PERIOD, why="curious", by=make.manager(centre))
        assert not events("read")

    def test_differences_are_recorded(self, centre):
        old = make.accepted(centre, case("A1"))
        new = make.receive(centre, case("A1", status="dead"))
        found = actions.open_differences(old=old, new=new, why="before accepting", by=make.manager(centre))
        assert [(one.name, one.field, one.before, one.after) for one in found] == [("A1", "status", "alive", "dead")]
        assert event_detail(events("read")[0])["differences"] == 1

    def test_differences_with_another_centre_are_refused(self, centre, elsewhere):
        own, other = make.accepted(centre, case("A1")), Submission.objects.get(centre=elsewhere)
        with pytest.raises(Refused):
            actions.open_differences(old=own, new=other, why="curious", by=make.manager(centre))
        assert not events("read")


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
