"""Results are for the network."""

import tomllib
from datetime import date

import pytest

from plenary.collection import actions as collection
from plenary.collection import queries as stored
from plenary.collection.actions import follow_up
from plenary.collection.terms import Report
from plenary.core.terms import NOBODY, SYSTEM, NotFound
from plenary.outcomes import actions, queries
from plenary.outcomes.models import OutcomeSetVersion
from plenary.registry import queries as registry
from plenary_stats import spec
from tests.factories import collection as cases
from tests.factories import outcomes as make
from tests.factories.registry import CentreFactory, DesignationFactory, ServiceFactory
from tests.unit.collection.actions.test_follow_up import FOLLOWED as FOLLOWED_UP

pytestmark = pytest.mark.django_db


class TestVisibleTo:
    @pytest.mark.parametrize("who", [make.COMMISSIONER, make.NETWORK_LEAD, make.CENTRE_LEAD])
    def test_the_network(self, who):
        run = make.run(make.signed_centre().service)
        assert list(queries.visible_to(who)) == [run]
        assert queries.results(who, run)

    @pytest.mark.parametrize("who", [make.OTHER_LEAD, make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, SYSTEM, NOBODY])
    def test_nobody_else(self, who):
        run = make.run(make.signed_centre().service)
        assert not queries.visible_to(who).exists()
        assert queries.results(who, run) == ()

    @pytest.mark.parametrize("count", [1, 3])
    def test_one_query_however_many(self, count, django_assert_num_queries):
        centre = make.signed_centre()
        for number in range(count):
            make.run(centre.service, label=f"label {number}")
        with django_assert_num_queries(1):
            assert len([run.service.slug for run in queries.visible_to(make.NETWORK_LEAD)]) == count


class TestLatest:
    def test_the_last_over_signed_cases(self):
        service = make.signed_centre().service
        make.run(service)
        make.signed_centre(ods="RJ7", count=3)
        second = make.run(service)
        make.run(service, signed_only=False)
        assert queries.latest(service, cases.START, cases.END) == second

    def test_none_is_a_clear_refusal(self):
        service = ServiceFactory(slug="adult-ecmo")
        with pytest.raises(NotFound, match="have not been run"):
            queries.latest(service, cases.START, cases.END)


class TestOutcomeSetsVisibleTo:
    @pytest.mark.parametrize("who", [make.NETWORK_LEAD, make.CENTRE_LEAD])
    def test_the_own_network(self, who):
        make.adopt(ServiceFactory(slug="lam"), make.OUTCOMES.replace("adult-ecmo", "lam"))
        own = make.adopt(ServiceFactory(slug="adult-ecmo"))
        assert list(queries.outcome_sets_visible_to(who)) == [own]
        assert queries.outcome_sets_visible_to(make.COMMISSIONER).count() == 2

    @pytest.mark.parametrize("who", [make.OTHER_LEAD, make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, SYSTEM, NOBODY])
    def test_nobody_else(self, who):
        make.adopt(ServiceFactory(slug="adult-ecmo"))
        assert not queries.outcome_sets_visible_to(who).exists()

    @pytest.mark.parametrize("count", [1, 3])
    def test_one_query_however_many(self, count, django_assert_num_queries):
        for number in range(count):
            make.adopt(ServiceFactory(slug="adult-ecmo"), make.OUTCOMES.replace("2025-1", f"v{number}"))
        with django_assert_num_queries(1):
            assert len([one.service.name for one in queries.outcome_sets_visible_to(make.COMMISSIONER)]) == count


class TestDescribed:
    def test_an_outcome_in_words(self):
        content = make.OUTCOMES.replace(
            'direction = "higher"',
            'direction = "higher"\nbenchmark = { value = 0.74, source = "cohort" }\ndefinition = "Left alive."\nwindow_years = 3',
        )
        found = queries.described(queries.outcome_set(make.adopt(ServiceFactory(slug="adult-ecmo"), content)))
        assert list(found) == ["survival-to-discharge", "pf-ratio"]
        one = found["survival-to-discharge"]
        assert one["Met"] == "status = 'alive'"
        assert (one["Benchmark"], one["Definition"], one["Years pooled"]) == ("0.74 (cohort)", "Left alive.", "3")
        assert one["By"] == "centre, period, sex"
        assert "Event" not in one

    @pytest.mark.parametrize("slug", ["pseudomyxoma", "lam"])
    def test_every_shipped_outcome_has_every_property_that_its_document_gives(self, slug):
        for content in registry.outcome_set_files(slug).values():
            document = tomllib.loads(content.decode())
            found = queries.described(spec.read_outcome_set(content))
            for entry in document["outcome"]:
                said = " ".join(found[entry["id"]].values())
                wanted = [str(entry[key]) for key in ("label", "met", "event", "value", "unit", "definition") if entry.get(key)]
                assert [text for text in wanted if text not in said] == []


class TestMisfits:
    def test_what_fits(self):
        service = cases.make_centre().service
        assert queries.misfits(queries.outcome_set(make.adopt(service)), service, cases.END) == []

    def test_a_field_that_the_data_set_of_the_day_lacks(self):
        service = cases.make_centre().service
        agreed = queries.outcome_set(make.adopt(service, make.OUTCOMES.replace("pf_ratio", "mobility")))
        [problem] = queries.misfits(agreed, service, date(2026, 1, 1))
        assert "mobility" in problem
        later = cases.DICTIONARY + "mobility,case,text,Mobility,,number,,,,,\n"
        cases.DataSetVersionFactory(service=service, version="2026-6", content=later.encode(), adopted_on=date(2026, 6, 1))
        assert queries.misfits(agreed, service, date(2026, 5, 31)) == [problem]
        assert queries.misfits(agreed, service, date(2026, 6, 1)) == []

    def test_without_a_data_set_nothing_is_said(self):
        service = ServiceFactory(slug="adult-ecmo")
        assert queries.misfits(queries.outcome_set(make.adopt(service)), service, cases.END) == []


class TestOutcomeSets:
    def test_the_version_of_the_period(self):
        service = ServiceFactory(slug="adult-ecmo")
        first = make.adopt(service)
        later = make.adopt(service, make.OUTCOMES.replace("2025-1", "2026-1"), date(2026, 3, 1))
        assert queries.outcome_set_for(service, date(2026, 1, 1)) == first
        assert queries.outcome_set_for(service, date(2027, 1, 1)) == later
        assert queries.outcome_set_for(service, date(2020, 1, 1)) == first

    def test_none(self):
        assert queries.outcome_set_for(ServiceFactory(slug="lam"), date(2026, 1, 1)) is None

    @pytest.mark.parametrize("count", [1, 3])
    def test_one_query_however_many(self, count, django_assert_num_queries):
        service = ServiceFactory(slug="adult-ecmo")
        for number in range(count):
            make.adopt(service, make.OUTCOMES.replace("2025-1", f"2025-{number}"))
        with django_assert_num_queries(1):
            assert len([str(one) for one in queries.outcome_set_versions(service)]) == count

    def test_every_field_is_classed(self):
        for model in (OutcomeSetVersion, queries.Run):
            assert model.Privacy.safe | model.Privacy.scrub == {field.name for field in model._meta.fields}


class TestInputs:
    def test_pooled_years_reach_back(self):
        centre = cases.make_centre()
        pooled = make.OUTCOMES.replace('direction = "higher"', 'direction = "higher"\nwindow_years = 3')
        make.adopt(centre.service, pooled)
        old = [case | {"admitted_on": "05/05/2023"} for case in make.many(5, prefix="O")]
        cases.signed_off(centre, *old, start=date(2023, 1, 1), end=date(2024, 1, 1))
        cases.signed_off(centre, *make.many(5, dead=1))
        run = make.run(centre.service)
        labels = {row["period"] for table in queries.tables_of(run) for row in table.rows()}
        assert labels == {"2025", "2023 to 2025"}

    def test_centres_designated_in_the_period(self):
        service = ServiceFactory(slug="adult-ecmo")
        for ods, start, end in [
            ("RJ1", None, None),
            ("RJ2", date(2025, 12, 31), None),
            ("RJ3", date(2026, 1, 1), None),
            ("RJ4", None, date(2025, 1, 1)),
        ]:
            DesignationFactory(centre=CentreFactory(service=service, ods=ods), valid_from=start, valid_to=end)
        assert queries.designated_centres(service, cases.START, cases.END) == ["RJ1", "RJ2"]

    def test_a_designated_centre_without_cases_stands_in_the_tables(self):
        service = make.signed_centre().service
        DesignationFactory(centre=CentreFactory(service=service, ods="RJ9"))
        [activity, _] = queries.tables_of(make.run(service))
        assert "RJ9" in activity["centre"].tolist()

    def test_a_survival_outcome_brings_its_national_curve(self):
        survival = """
[[outcome]]
id = "survival"
label = "Survival"
measure = "survival"
start = "0"
end = "pf_ratio"
event = "status = 'dead'"
at = ["30d"]
"""
        centre = cases.make_centre()
        make.adopt(centre.service, make.OUTCOMES + survival)
        dead = [case | {"pf_ratio": "20"} for case in make.many(10, dead=10, prefix="D")]
        cases.signed_off(centre, *dead, *(case | {"pf_ratio": "90"} for case in make.many(50)))
        curves = next(table for table in queries.tables_of(make.run(centre.service)) if table.name == "curves")
        assert curves.kind == "rate"
        assert curves["measure"].tolist() == ["survival@30d", "survival@60d"]
        assert set(zip(curves["numerator"].tolist(), curves["denominator"].tolist(), strict=True)) == {(50.0, 60.0)}


FOLLOWED = """
[[outcome]]
id = "survival"
label = "Survival after admission"
measure = "survival"
start = "admitted_on"
end = "last_seen_on"
event = "status = 'dead'"
at = ["6m"]
"""

FOLLOW_UP = "last_seen_on,case,text,Last seen on,,date_dmy,,,,,\n"


def curves(who, run):
    """Return the points of the survival curves that somebody sees in a run; None where there are none."""
    return next((table for table in queries.results(who, run) if table.name == "curves"), None)


class TestCurves:
    @pytest.fixture
    def run(self):
        """Eighty patients, of whom twenty died one after another, the others seen a year later."""
        service = ServiceFactory(slug="adult-ecmo")
        cases.DataSetVersionFactory(service=service, content=(cases.DICTIONARY + FOLLOW_UP).encode())
        centre = CentreFactory(service=service, ods="RJ1")
        made = [
            cases.case(f"N{number:02d}", admitted_on="01/01/2025", status="dead" if number < 20 else "alive")
            | {"last_seen_on": f"{1 + number:02d}/03/2025" if number < 20 else "15/12/2025"}
            for number in range(80)
        ]
        content = "\n".join([",".join(made[0]), *(",".join(one.values()) for one in made)]).encode()
        place = {"centre": centre, "period_start": cases.START, "period_end": cases.END}
        sent = collection.receive(**place, filename="cases.csv", content=content, by=cases.manager(centre))
        collection.check(submission_id=sent.pk, by=SYSTEM)
        collection.accept(submission_id=sent.pk, by=cases.manager(centre))
        collection.sign_off_series(**place, by=cases.lead(centre))
        make.adopt(service, make.OUTCOMES + FOLLOWED)
        return make.run(service)

    def test_the_national_curve_ends_where_the_table_does(self, run):
        found = list(curves(make.CENTRE_LEAD, run).rows())
        assert {row["measure"].split("@")[0] for row in found} == {"survival"}
        assert {row["centre"] for row in found} <= {"Total", ""}
        at = next(row for row in found if row["measure"] == "survival@6m")
        [same] = [
            row
            for table in queries.tables_of(run)
            for row in table.rows()
            if table.name == "outcomes" and row["measure"] == "survival@6m" and row["centre"] == row["sex"] == "Total"
        ]
        assert at["value"] == same["value"] == pytest.approx(0.75)

    @pytest.mark.parametrize("who", [make.OTHER_LEAD, make.REVIEWER, make.PATIENT, NOBODY])
    def test_nobody_else_sees_it(self, run, who):
        assert curves(who, run) is None

    def test_it_stays_what_was_run_when_cases_come_later(self, run):
        before = list(curves(make.NETWORK_LEAD, run).rows())
        cases.signed_off(cases.make_centre(ods="RM2"), *make.many(3))
        assert [row["value"] for row in curves(make.NETWORK_LEAD, run).rows()] == [row["value"] for row in before]

    def test_none_where_nothing_is_a_survival(self):
        service = make.signed_centre().service
        make.adopt(service)
        assert curves(make.NETWORK_LEAD, make.run(service)) is None


class TestAgreedWith:
    def test_the_outcome_set_of_then_and_not_of_now(self):
        service = make.signed_centre().service
        make.adopt(service)
        run = make.run(service)
        make.adopt(service, make.OUTCOMES.replace('"2025-1"', '"2025-2"').replace("Survival to", "Life at"), date(2025, 6, 1))
        assert queries.agreed_with(run).outcomes[0].label == "Survival to discharge"
        assert queries.agreed_with(make.run(service)).outcomes[0].label == "Life at discharge"

    def test_none_where_none_was_agreed(self):
        assert queries.agreed_with(make.run(make.signed_centre().service)) is None


class TestFollowUp:
    """Survival is run again with what is known later, without touching the case."""

    SURVIVAL = """
[[outcome]]
id = "survival"
label = "Survival"
measure = "survival"
start = "admitted_on"
end = "last_seen_on"
event = "vital_status = 'dead'"
at = ["30d"]
by = ["centre", "period"]
"""

    @pytest.fixture
    def centre(self):
        cases.shipped("follow-up")
        service = ServiceFactory(slug="adult-ecmo")
        cases.DataSetVersionFactory(service=service, content=FOLLOWED_UP.encode())
        centre = cases.make_centre()
        cases.signed_off(centre, *make.many(4))
        make.adopt(service, make.OUTCOMES + self.SURVIVAL)
        return centre

    def at_30_days(self, centre):
        tables = queries.compute(centre.service, cases.START, cases.END, "2025", signed_only=True)
        rows = [row for table in tables for row in table.rows()]
        return next(row for row in rows if row["measure"] == "survival@30d" and row["centre"] == "Total")

    def say(self, centre, *reports):
        return follow_up.report(centre=centre, reports=reports, by=cases.manager(centre))

    def test_a_report_changes_the_result_and_the_inputs_and_no_case(self, centre):
        span = centre.service, cases.START, cases.END
        before, frozen = queries.inputs(*span, signed_only=True), stored.series_of(centre, cases.START, cases.END)
        assert "follow-up/adult-ecmo" not in before
        day = date(2025, 9, 1)
        alive = [Report(f"N{number:03d}", day, "alive", "centre") for number in range(3)]
        assert self.say(centre, *alive, Report("N003", day, "dead", "gp", date(2025, 6, 20))).new == 4
        after = queries.inputs(*span, signed_only=True)
        assert after.keys() - before.keys() == {"follow-up/adult-ecmo"}
        assert {name: after[name] for name in before} == before
        assert self.at_30_days(centre)["value"] == pytest.approx(0.75)
        assert stored.series_content(frozen) == (frozen.cases, frozen.content_hash)

    def test_without_a_report_nobody_was_followed(self, centre):
        row = self.at_30_days(centre)
        assert row["value"] != pytest.approx(0.75)
        assert row["numerator"] != 1

    def test_the_same_reports_give_the_same_run_and_another_another(self, centre):
        first = make.run(centre.service)
        assert make.run(centre.service).pk == first.pk
        self.say(centre, Report("N000", date(2025, 9, 1), "alive", "centre"))
        assert make.run(centre.service).pk != first.pk


class TestNames:
    @pytest.fixture
    def run(self):
        centres = [make.signed_centre(ods, 12, 3) for ods in ("RJ1", "RA2", "RM2", "RW3")]
        for centre in centres:
            DesignationFactory(centre=centre)
        make.adopt(centres[0].service)
        made = make.run(centres[0].service)
        actions.agree_names(service=made.service, named=False, why="annual meeting", by=make.NETWORK_LEAD)
        return made

    def test_a_centre_finds_itself_and_numbers(self, run):
        for table in queries.results(make.CENTRE_LEAD, run):
            if "centre" in table.columns:
                assert set(table.columns["centre"].tolist()) <= {"RJ1", "Peer 1", "Peer 2", "Peer 3", "Total", ""}

    def test_no_figure_changes_and_a_peer_is_the_same_in_every_table(self, run):
        codes = {}
        for shown, real in zip(queries.results(make.CENTRE_LEAD, run), queries.tables_of(run), strict=True):
            assert len(shown) == len(real)
            assert set(shown.columns) == set(real.columns)
            for name in ("value", "numerator", "denominator"):
                assert sorted(map(str, shown.columns[name])) == sorted(map(str, real.columns[name]))
            codes[shown.name] = set(shown.columns["centre"].tolist())
        assert {f"Peer {number}" for number in (1, 2, 3)} <= codes["activity"] & codes["outcomes"]

    def test_the_order_of_rows_gives_no_code_away(self, run):
        found = next(table for table in queries.results(make.CENTRE_LEAD, run) if table.name == "outcomes")
        centres = list(dict.fromkeys(found.columns["centre"].tolist()))
        assert centres == ["RJ1", "Peer 1", "Peer 2", "Peer 3", "Total"]

    def test_lead_and_commissioner_see_the_names_and_strangers_nothing(self, run):
        for who in (make.NETWORK_LEAD, make.COMMISSIONER):
            shown = next(table for table in queries.results(who, run) if table.name == "activity")
            kept = next(table for table in queries.tables_of(run) if table.name == "activity")
            assert str(list(shown.rows())) == str(list(kept.rows()))
            assert "RA2" in shown.columns["centre"].tolist()
        assert queries.results(make.OTHER_LEAD, run) == ()


def test_comments_of_a_period_are_for_the_lead_and_each_centres_own():
    first, second = make.signed_centre("RJ1", 12), make.signed_centre("RM2", 12)
    make.adopt(first.service)
    run = make.run(first.service)
    for centre in (first, second):
        actions.comment(run=run, centre=centre, text=f"of {centre.ods}", by=cases.lead(centre))
    period = first.service, cases.START, cases.END

    def texts(who):
        return [one.text for one, _ in queries.comments_of_period(who, *period)]

    assert texts(make.NETWORK_LEAD) == ["of RJ1", "of RM2"]
    assert texts(make.CENTRE_LEAD) == ["of RJ1"]
    assert texts(make.OTHER_LEAD) == texts(make.PATIENT) == []
    assert queries.comments_of_period(make.NETWORK_LEAD, first.service, cases.END, date(2027, 1, 1)) == []
