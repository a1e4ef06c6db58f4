"""Outcome sets are adopted, results are run and can be run again."""

from datetime import date

import pytest

from plenary.collection import actions as collection
from plenary.core.models import AuditEvent
from plenary.core.queries import event_detail
from plenary.core.terms import NOBODY, NotPossible, Refused
from plenary.outcomes import actions, queries
from plenary.outcomes.models import Comment, OutcomeSetVersion, Run
from plenary_stats.spec import InputError
from tests.factories import collection as cases
from tests.factories import outcomes as make
from tests.factories.registry import ServiceFactory

pytestmark = pytest.mark.django_db


ALL = {"area": "Total", "sex": "Total", "age_band": "Total"}


def rows(run, table, **cells):
    found = [row for one in queries.tables_of(run) if one.name == table for row in one.rows()]
    return [row for row in found if all(row[name] == value for name, value in cells.items())]


class TestAdoptOutcomeSet:
    def test_adopted_once_and_read_back(self):
        service = ServiceFactory(slug="adult-ecmo")
        assert make.adopt(service) == make.adopt(service)
        version = OutcomeSetVersion.objects.get()
        assert (version.version, version.agreed_on, version.proposed) == ("2025-1", date(2025, 3, 12), False)
        assert [outcome.id for outcome in queries.outcome_set(version).outcomes] == ["survival-to-discharge", "pf-ratio"]
        assert AuditEvent.objects.filter(verb="adopt outcome set").count() == 1

    def test_a_version_never_changes(self):
        service = ServiceFactory(slug="adult-ecmo")
        make.adopt(service)
        with pytest.raises(NotPossible, match="new version"):
            make.adopt(service, make.OUTCOMES.replace("Survival to discharge", "Survival"))

    def test_a_proposal_is_marked_as_one(self):
        content = make.OUTCOMES.replace("agreed_on = 2025-03-12", "proposed = true")
        assert make.adopt(ServiceFactory(slug="adult-ecmo"), content).proposed is True

    def test_what_says_that_it_is_agreed_says_when(self):
        content = make.OUTCOMES.replace("agreed_on = 2025-03-12", "proposed = false")
        with pytest.raises(NotPossible, match="say when"):
            make.adopt(ServiceFactory(slug="adult-ecmo"), content)
        assert not OutcomeSetVersion.objects.exists()

    @pytest.mark.parametrize("version", ["v" * 41, "2026/1", "..", " 2026", "<b>"])
    def test_a_version_has_a_name_that_can_stand_in_a_files_name(self, version):
        with pytest.raises(NotPossible, match="names no version"):
            make.adopt(ServiceFactory(slug="adult-ecmo"), make.OUTCOMES.replace('"2025-1"', f'"{version}"'))
        assert not OutcomeSetVersion.objects.exists()

    def test_the_event_keeps_the_day_of_the_agreement_and_by_whom(self):
        service = ServiceFactory(slug="adult-ecmo")
        content = make.OUTCOMES.encode()
        made = actions.adopt_outcome_set(service=service, content=content, adopted_on=date(2025, 4, 1), by=make.NETWORK_LEAD)
        event = AuditEvent.objects.get(verb="adopt outcome set")
        assert event.who == make.NETWORK_LEAD.person_id
        assert event_detail(event) == {
            "sha256": made.sha256, "adopted_on": "2025-04-01", "agreed_on": "2025-03-12", "proposed": False,
        }  # fmt: skip

    def test_of_another_service(self):
        with pytest.raises(NotPossible, match="of the service 'adult-ecmo', not of 'lam'"):
            make.adopt(ServiceFactory(slug="lam"))

    def test_what_cannot_be_read(self):
        with pytest.raises(InputError, match="not TOML"):
            make.adopt(ServiceFactory(slug="adult-ecmo"), "not a document")
        assert not OutcomeSetVersion.objects.exists()

    @pytest.mark.parametrize("who", [make.CENTRE_LEAD, make.OTHER_LEAD, make.REVIEWER, make.PATIENT, NOBODY])
    def test_refused_to_others(self, who):
        service = ServiceFactory(slug="adult-ecmo")
        with pytest.raises(Refused, match="network"):
            actions.adopt_outcome_set(service=service, content=make.OUTCOMES.encode(), adopted_on=date(2025, 1, 1), by=who)
        assert not OutcomeSetVersion.objects.exists()

    def test_the_shipped_definitions(self):
        ServiceFactory(slug="ahus")
        assert actions.load_definitions(by=make.ADMINISTRATOR) == 1
        assert actions.load_definitions(by=make.ADMINISTRATOR) == 1
        assert OutcomeSetVersion.objects.get().service.slug == "ahus"


class TestRun:
    def test_activity_outcomes_and_completeness(self):
        service = make.signed_centre(count=40, dead=10).service
        make.adopt(service)
        run = make.run(service)
        [all_patients] = rows(run, "activity", centre="Total", **ALL)
        assert all_patients["value"] == 40
        [survival] = rows(run, "outcomes", centre="Total", measure="survival-to-discharge", sex="Total")
        assert (survival["numerator"], survival["denominator"], survival["value"]) == (30, 40, 0.75)
        assert (survival["met"], survival["not_met"], survival["not_known"]) == (30, 10, 0)
        [median] = rows(run, "outcomes", centre="Total", measure="pf-ratio")
        assert median["value"] == 9.4
        assert rows(run, "completeness", centre="RJ1")

    def test_provenance(self):
        service = make.signed_centre().service
        make.adopt(service)
        run = make.run(service)
        assert {name.split("/")[0] for name in run.inputs} == {
            *("cases", "data-set", "outcome-set", "centres", "expected", "regions"),
        }
        assert run.code_version
        assert run.ran_by is None
        assert AuditEvent.objects.get(verb="run outcomes").subject == f"outcomes-run/{run.pk}"

    def test_repeated_it_is_the_same_run(self):
        service = make.signed_centre().service
        make.adopt(service)
        assert make.run(service) == make.run(service, by=make.NETWORK_LEAD)
        assert AuditEvent.objects.filter(verb="run outcomes").count() == 1

    def test_lost_and_run_again_the_tables_are_the_same_bytes(self):
        service = make.signed_centre().service
        make.adopt(service)
        first = make.run(service).tables
        Run.objects.all().delete()
        assert make.run(service).tables == first

    def test_other_cases_give_another_run(self):
        service = make.signed_centre(count=40).service
        before = make.run(service)
        make.signed_centre(ods="RJ7", count=35)
        after = make.run(service)
        assert after != before
        assert rows(after, "activity", centre="Total", **ALL)[0]["value"] == 75

    def test_an_expected_case_changes_completeness(self):
        centre = make.signed_centre()
        before = make.run(centre.service)
        collection.reopen_series(
            centre=centre, period_start=cases.START, period_end=cases.END, reason="late", by=cases.network_lead(centre)
        )
        period = {"period_start": cases.START, "period_end": cases.END}
        for case_id in ("N000", "E1"):
            collection.expect_case(centre=centre, **period, case_id=case_id, source="MDT", by=cases.manager(centre))
        run = make.run(centre.service, signed_only=False)
        assert run != before
        [found] = rows(run, "completeness", centre="RJ1", measure="ascertainment")
        assert (found["numerator"], found["denominator"]) == (1, 2)

    def test_what_was_explained_is_not_expected(self):
        centre = cases.make_centre()
        period = {"period_start": cases.START, "period_end": cases.END}
        expected = collection.expect_case(centre=centre, **period, case_id="E1", source="MDT", by=cases.manager(centre))
        collection.explain_missing(expected_id=expected.pk, reason="another centre's", by=cases.manager(centre))
        make.adopt(centre.service)
        assert not rows(make.run(centre.service), "completeness", measure="ascertainment")

    def test_only_signed_cases_unless_asked(self):
        centre = cases.make_centre()
        cases.accepted(centre, *make.many(12))
        make.adopt(centre.service)
        total = {"centre": "Total"} | ALL
        assert rows(make.run(centre.service), "activity", **total)[0]["value"] == 0
        assert rows(make.run(centre.service, signed_only=False), "activity", **total)[0]["value"] == 12

    def test_no_case_identifier_is_kept(self):
        service = make.signed_centre().service
        run = make.run(service)
        assert "N000" not in str([list(table.rows()) for table in queries.tables_of(run)])

    def test_a_service_without_outcome_set_has_activity(self):
        run = make.run(make.signed_centre().service)
        assert {table.name for table in queries.tables_of(run)} == {"activity", "completeness"}

    def test_a_period_that_runs_backwards(self):
        service = make.signed_centre().service
        with pytest.raises(NotPossible, match="ends after"):
            make.run(service, period_start=cases.END, period_end=cases.START)

    @pytest.mark.parametrize("who", [make.CENTRE_LEAD, make.OTHER_LEAD, make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, NOBODY])
    def test_refused_to_others(self, who):
        service = make.signed_centre().service
        with pytest.raises(Refused):
            make.run(service, by=who)
        assert not Run.objects.exists()

    def test_cases_that_change_meanwhile_stop_it(self, monkeypatch):
        centre = make.signed_centre()
        compute = queries.compute

        def slow(service, *arguments, **options):
            make.signed_centre(ods="RJ7", count=3)
            return compute(service, *arguments, **options)

        monkeypatch.setattr(queries, "compute", slow)
        with pytest.raises(NotPossible, match="changed while"):
            make.run(centre.service)
        assert not Run.objects.exists()


class TestComment:
    @pytest.fixture
    def ran(self):
        centre = make.signed_centre()
        make.adopt(centre.service)
        return make.run(centre.service), centre

    def test_it_is_kept_and_told(self, ran):
        run, centre = ran
        made = actions.comment(run=run, centre=centre, text=" Two moribund. ", outcome="pf-ratio", by=cases.lead(centre))
        assert (made.text, made.outcome, made.said_by) == ("Two moribund.", "pf-ratio", 12)
        event = AuditEvent.objects.get(verb="comment on results")
        assert event.subject == f"outcomes-run/{run.pk}/comment/{made.pk}"
        assert "moribund" not in event.detail
        assert [(one.pk, name) for one, name in queries.comments(make.NETWORK_LEAD, run)] == [(made.pk, "Lee Lead")]

    def test_only_the_centre_speaks_for_itself(self, ran):
        run, centre = ran
        other = cases.make_centre(ods="RM2")
        for who in (cases.lead(other), make.NETWORK_LEAD, make.COMMISSIONER, NOBODY):
            with pytest.raises(Refused):
                actions.comment(run=run, centre=centre, text="x", by=who)
        assert not Comment.objects.exists()

    @pytest.mark.parametrize(("values", "part"), [({"text": " "}, "empty"), ({"text": "x", "outcome": "y"}, "no outcome 'y'")])
    def test_it_says_something_of_what_there_is(self, ran, values, part):
        run, centre = ran
        with pytest.raises(NotPossible, match=part):
            actions.comment(run=run, centre=centre, **values, by=cases.lead(centre))

    def test_no_comment_holds_an_nhs_number(self, ran):
        run, centre = ran[0], ran[1]
        with pytest.raises(NotPossible, match="NHS number"):
            actions.comment(run=run, centre=centre, text="943 476 5919 died abroad", by=cases.lead(centre))

    def test_results_of_another_service_are_not_commented_on(self, ran):
        lam = cases.make_centre("lam", "RJ1")
        with pytest.raises(NotPossible, match="another service"):
            actions.comment(run=ran[0], centre=lam, text="x", by=cases.lead(lam))


class TestAgreeNames:
    def test_the_latest_stands_and_each_is_told(self):
        service = make.signed_centre().service
        assert queries.names_shown(service)
        for named in (False, True, False):
            actions.agree_names(service=service, named=named, why="annual meeting", by=make.NETWORK_LEAD)
            assert queries.names_shown(service) is named
        assert AuditEvent.objects.filter(verb="agree names of peers").count() == 3

    def test_it_is_the_leads_to_note_and_says_where_it_was_agreed(self):
        service = make.signed_centre().service
        for who in (make.OTHER_LEAD, make.CENTRE_LEAD, make.COMMISSIONER):
            with pytest.raises(Refused):
                actions.agree_names(service=service, named=False, why="x", by=who)
        with pytest.raises(NotPossible, match="where the network agreed"):
            actions.agree_names(service=service, named=False, why=" ", by=make.NETWORK_LEAD)
        assert queries.names_shown(service)
