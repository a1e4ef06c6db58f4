"""What may be seen, and how cases become the columns that results are computed from."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.collection import actions, queries
from plenary.collection.models import Case, DataSetVersion, Submission
from plenary.collection.terms import Difference, SeriesState
from plenary.core import permissions as roles
from plenary.core.terms import NOBODY, SYSTEM, NotFound, NotPossible, Who
from plenary_stats import spec, tables
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import make_who
from tests.factories.registry import DesignationFactory

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}


@pytest.fixture
def centre():
    return make.make_centre()


@pytest.fixture
def other():
    """A centre of the same service, with cases that must not leak."""
    found = make.make_centre(ods="RJ7")
    make.accepted(found, case("SECRET-7", status="dead"))
    return found


class TestVisibleTo:
    def test_own_cases_and_no_other(self, centre, other):
        make.accepted(centre, case("A1"))
        assert [one.case_id for one in queries.visible_to(make.manager(centre))] == ["A1"]
        assert [one.case_id for one in queries.visible_to(make.lead(other))] == ["SECRET-7"]

    def test_two_posts_see_both(self, centre, other):
        make.accepted(centre, case("A1"))
        who = Who(5, "Two Posts", make.manager(centre).posts + make.lead(other).posts)
        assert {one.case_id for one in queries.visible_to(who)} == {"A1", "SECRET-7"}

    @pytest.mark.parametrize(
        "who",
        [
            make_who(roles.NetworkLead, "adult-ecmo"),
            make_who(roles.NationalCommissioner, "England"),
            make_who(roles.Reviewer, "England"),
            make_who(roles.PatientRepresentative, "adult-ecmo"),
            make_who(roles.Administrator),
            make_who(roles.CentreLead, "lam/RJ7"),
            SYSTEM,
            NOBODY,
        ],
    )
    def test_nobody_else_sees_a_case(self, other, who):
        assert not queries.visible_to(who).exists()
        assert not queries.current_versions(who).exists()
        assert not queries.submissions(who).exists()

    def test_an_erased_case_is_gone(self, centre):
        make.accepted(centre, case("A1"), case("A2"))
        actions.erase_case(centre=centre, case_id="A1", reason="request", by=make.lead(centre))
        assert [one.case_id for one in queries.visible_to(make.lead(centre))] == ["A2"]

    def test_only_current_versions(self, centre):
        make.accepted(centre, case("A1"), case("A2"))
        make.accepted(centre, case("A1", status="dead"))
        found = queries.current_versions(make.manager(centre))
        assert [(one.case.case_id, one.payload["status"]) for one in found] == [("A1", "dead")]

    @pytest.mark.parametrize("count", [1, 3])
    def test_lists_take_one_query_however_long(self, centre, count, django_assert_num_queries):
        make.accepted(centre, *(case(f"N{number}") for number in range(count)))
        with django_assert_num_queries(1):
            assert len([one.case.centre.key for one in queries.current_versions(make.manager(centre))]) == count
        with django_assert_num_queries(1):
            assert len([one.centre.key for one in queries.visible_to(make.manager(centre))]) == count

    @pytest.mark.parametrize("count", [1, 3])
    def test_submissions_take_one_query_however_many(self, centre, count, django_assert_num_queries):
        for number in range(count):
            make.receive(centre, case(f"N{number}"))
        with django_assert_num_queries(1):
            found = [(one.centre.key, one.data_set.version) for one in queries.submissions(make.manager(centre))]
        assert len(found) == count


class TestCaseSeries:
    def test_the_network_follows_every_series(self, centre, other):
        make.signed_off(centre, case("A1"))
        actions.sign_off_series(centre=other, **PERIOD, by=make.lead(other))
        assert queries.case_series(make.network_lead(centre)).count() == 2
        assert queries.case_series(make_who(roles.NationalCommissioner, "England")).count() == 2
        assert [one.centre.ods for one in queries.case_series(make.manager(centre))] == ["RJ1"]
        assert not queries.case_series(make_who(roles.NetworkLead, "lam")).exists()

    def test_one_that_was_never_declared_is_open(self, centre):
        series = queries.series_of(centre, START, END)
        assert (series.state, series.pk) == (SeriesState.OPEN, None)

    def test_its_hash_tells_its_content(self, centre):
        make.accepted(centre, case("A1"), case("A2"))
        series = queries.series_of(centre, START, END)
        first = queries.series_content(series)
        make.accepted(centre, case("A2"), case("A1"))
        assert queries.series_content(series) == first
        make.accepted(centre, case("A1"), case("A2", status="dead"))
        assert queries.series_content(series) != first
        assert first[0] == 2


class TestDataSets:
    def adopt(self, centre, version, on):
        extra = f"extra_{version.replace('-', '_')},case,text,Extra,,,,,,,\n".encode()
        return make.DataSetVersionFactory(
            service=centre.service, version=version, adopted_on=on, content=make.DICTIONARY.encode() + extra
        )

    def test_the_version_of_the_period_is_used(self, centre):
        later = self.adopt(centre, "2026-1", date(2026, 1, 1))
        assert queries.data_set_for(centre.service, END).version == "2025-1"
        assert queries.data_set_for(centre.service, date(2026, 1, 2)) == later

    def test_the_earliest_serves_the_years_before_it(self, centre):
        assert queries.data_set_for(centre.service, date(2019, 1, 1)).version == "2025-1"

    def test_none_is_a_clear_refusal(self, centre):
        DataSetVersion.objects.all().delete()
        with pytest.raises(NotPossible, match="no agreed data set yet"):
            queries.data_set_for(centre.service, END)

    @pytest.mark.parametrize("count", [1, 3])
    def test_versions_take_one_query(self, centre, count, django_assert_num_queries):
        for number in range(1, count):
            self.adopt(centre, f"2026-{number}", date(2026, number, 1))
        with django_assert_num_queries(1):
            assert len([str(one) for one in queries.data_set_versions(centre.service)]) == count


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


class TestDifferences:
    def test_case_by_case_and_field_by_field(self, centre):
        old = make.accepted(centre, case("A1"), case("A2"), case("A3"))
        new = make.accepted(centre, case("A1"), case("A2", status="dead", pf_ratio=""), case("A4"))
        assert queries.differences(make.manager(centre), old, new) == [
            Difference("A2", "changed", "pf_ratio", "9.4", ""),
            Difference("A2", "changed", "status", "alive", "dead"),
            Difference("A3", "removed"),
            Difference("A4", "added"),
        ]

    def test_before_accepting(self, centre):
        old = make.accepted(centre, case("A1"))
        new = make.receive(centre, case("A1", admitted_on="16/06/2025"))
        found = queries.differences(make.manager(centre), old, new)
        assert found == [Difference("A1", "changed", "admitted_on", "2025-06-15", "2025-06-16")]
        assert Case.objects.count() == 1

    def test_the_same_file_differs_in_nothing(self, centre):
        old = make.accepted(centre, case("A1"))
        assert queries.differences(make.manager(centre), old, old) == []

    def test_others_see_nothing(self, centre, other):
        old = make.accepted(centre, case("A1"))
        new = make.accepted(centre, case("A1", status="dead"))
        assert queries.differences(make.manager(other), old, new) == []
        assert queries.differences(make.network_lead(centre), old, new) == []


class TestCaseTable:
    def table(self, centre, **options):
        return queries.case_table(centre.service, START, END, **options)

    def test_typed_columns(self, centre):
        make.signed_off(centre, case("A1"), case("A2", pf_ratio="", area="", status="dead"))
        table = self.table(centre)
        assert (table.service, len(table)) == ("adult-ecmo", 2)
        assert table["centre"].tolist() == ["RJ1", "RJ1"]
        assert table["case_id"].tolist() == ["A1", "A2"]
        assert table["period"].tolist() == ["2025", "2025"]
        assert table["area"].tolist() == ["QE1", ""]
        assert table["age"].tolist() == [45.0, 45.0]
        assert str(table["pf_ratio"].tolist()) == "[9.4, nan]"
        assert table["admitted_on"].tolist() == [date(2025, 6, 15)] * 2

    def test_no_identifier_is_a_column(self, centre):
        make.signed_off(centre, case("A1"))
        assert not {"nhs_number", "birth_date"} & set(self.table(centre).columns)

    def test_it_is_what_the_check_made(self, centre):
        submission = make.accepted(centre, case("B2", pf_ratio=""), case("A1"))
        checked, table = queries.checked(submission).cases, self.table(centre, signed_only=False)
        order = checked["case_id"].argsort()
        assert set(table.columns) == set(checked.columns)
        for name, column in table.columns.items():
            assert str(column.tolist()) == str(checked[name][order].tolist()), name

    def test_only_signed_series_count(self, centre, other):
        make.signed_off(centre, case("A1", birth_date="01/01/1990"))
        assert self.table(centre)["case_id"].tolist() == ["A1"]
        assert self.table(centre, signed_only=False)["case_id"].tolist() == ["A1", "SECRET-7"]

    def test_a_case_belongs_to_the_period_of_its_index_date(self, centre):
        make.accepted(centre, case("NEW"), case("OLD", admitted_on="31/12/2024"))
        assert self.table(centre, signed_only=False)["case_id"].tolist() == ["NEW"]

    def test_earlier_years_may_be_pooled_each_with_its_label(self, centre):
        make.accepted(centre, case("NEW"), case("OLD", admitted_on="31/12/2024"), case("OLDER", admitted_on="01/01/2023"))
        table = self.table(centre, signed_only=False, since=date(2023, 1, 1))
        labels = dict(zip(table["case_id"].tolist(), table["period"].tolist(), strict=True))
        assert labels == {"NEW": "2025", "OLD": "2024", "OLDER": "2023"}

    def test_pooled_years_must_each_be_signed(self, centre):
        make.accepted(centre, case("OLD", admitted_on="31/12/2024"), start=date(2024, 1, 1), end=START)
        make.signed_off(centre, case("NEW"))
        assert self.table(centre, since=date(2024, 1, 1))["case_id"].tolist() == ["NEW"]

    def test_superseded_and_erased_cases_do_not_count(self, centre):
        make.accepted(centre, case("A1"), case("A2"), case("A3"))
        make.accepted(centre, case("A1"), case("A2"))
        actions.erase_case(centre=centre, case_id="A2", reason="request", by=make.lead(centre))
        assert self.table(centre, signed_only=False)["case_id"].tolist() == ["A1"]

    def test_another_service_does_not_count(self, centre):
        lam = make.make_centre(slug="lam", ods="RJ1")
        make.signed_off(lam, case("L1"))
        assert len(self.table(centre)) == 0

    def test_an_empty_table_has_all_its_columns(self, centre):
        table = self.table(centre)
        assert {"centre", "case_id", "period", "status", "pf_ratio", "admitted_on"} <= set(table.columns)
        assert table["pf_ratio"].dtype.kind == "f"
        assert table["admitted_on"].dtype.kind == "M"

    def test_inputs_name_what_it_was_made_from(self, centre, other):
        make.signed_off(centre, case("A1"))
        inputs = queries.case_inputs(centre.service, START, END)
        assert set(inputs) == {"cases/adult-ecmo/RJ1", "data-set/adult-ecmo/2025-1"}
        assert inputs["cases/adult-ecmo/RJ1"] == queries.series_of(centre, START, END).content_hash
        assert "cases/adult-ecmo/RJ7" in queries.case_inputs(centre.service, START, END, signed_only=False)

    @pytest.mark.parametrize(
        ("start", "end", "label"),
        [
            (date(2025, 1, 1), date(2026, 1, 1), "2025"),
            (date(2025, 4, 1), date(2026, 4, 1), "2025/26"),
            (date(1999, 4, 1), date(2000, 4, 1), "1999/00"),
            (date(2025, 1, 1), date(2025, 7, 1), "2025"),
        ],
    )
    def test_period_label(self, start, end, label):
        assert queries.period_label(start, end) == label


class TestAscertainment:
    def expect(self, centre, case_id, explained=""):
        expected = actions.expect_case(centre=centre, **PERIOD, case_id=case_id, source="MDT", by=SYSTEM)
        if explained:
            actions.explain_missing(expected_id=expected.pk, reason=explained, by=make.manager(centre))

    def test_received_explained_missing(self, centre):
        make.accepted(centre, case("A1"))
        self.expect(centre, "A1")
        self.expect(centre, "E2", "treated abroad")
        self.expect(centre, "E3")
        found = queries.expected_and_missing(make.manager(centre), centre, START, END)
        assert [(one.case_id, one.status, one.reason) for one in found] == [
            ("A1", "received", ""),
            ("E2", "explained", "treated abroad"),
            ("E3", "missing", ""),
        ]
        assert queries.expected_counts(centre.service, START, END) == {"RJ1": (3, 2)}

    def test_a_withdrawn_case_is_missing_again(self, centre):
        make.accepted(centre, case("A1"), case("A2"))
        self.expect(centre, "A2")
        make.accepted(centre, case("A1"))
        assert [one.status for one in queries.accounts(centre, START, END)] == ["missing"]

    def test_a_case_at_another_centre_does_not_account_for_it(self, centre, other):
        self.expect(centre, "SECRET-7")
        assert [one.status for one in queries.accounts(centre, START, END)] == ["missing"]

    def test_others_see_none(self, centre, other):
        self.expect(centre, "E3")
        assert queries.expected_and_missing(make.manager(other), centre, START, END) == []
        assert queries.expected_and_missing(make.network_lead(centre), centre, START, END) == []

    @pytest.mark.parametrize("count", [1, 3])
    def test_one_query_however_many(self, centre, count, django_assert_num_queries):
        for number in range(count):
            self.expect(centre, f"E{number}")
        with django_assert_num_queries(1):
            assert len(queries.accounts(centre, START, END)) == count


class TestProgress:
    def test_states_and_numbers_of_every_centre(self, centre, other):
        make.signed_off(centre, case("A1"), case("A2"))
        actions.expect_case(centre=other, **PERIOD, case_id="E1", source="MDT", by=SYSTEM)
        own, theirs = queries.progress(make.network_lead(centre), centre.service, START, END)
        assert (own.centre, own.submission, own.cases, own.missing, own.series) == (
            "adult-ecmo/RJ1",
            "accepted",
            2,
            0,
            "signed_off",
        )
        assert (theirs.centre, theirs.cases, theirs.expected, theirs.missing, theirs.series) == (
            "adult-ecmo/RJ7",
            1,
            1,
            1,
            "open",
        )

    def test_no_case_is_named(self, centre, other):
        shown = str(queries.progress(make.network_lead(centre), centre.service, START, END))
        assert "SECRET" not in shown

    def test_a_centre_sees_its_own(self, centre, other):
        assert [one.centre for one in queries.progress(make.manager(centre), centre.service, START, END)] == ["adult-ecmo/RJ1"]

    def test_strangers_see_none(self, centre, other):
        for who in (NOBODY, SYSTEM, make_who(roles.NetworkLead, "lam"), make_who(roles.Reviewer, "England")):
            assert queries.progress(who, centre.service, START, END) == []

    def test_the_latest_file_speaks(self, centre):
        make.accepted(centre, case("A1"))
        actions.check(submission_id=make.receive(centre, case("A1", status="lost")).pk, by=SYSTEM)
        [row] = queries.progress(make.manager(centre), centre.service, START, END)
        assert (row.submission, row.blocking, row.cases) == ("checked", 1, 1)

    def test_nothing_sent(self, centre):
        [row] = queries.progress(make.manager(centre), centre.service, START, END)
        assert (row.submission, row.cases, row.series) == ("", 0, "open")

    def test_the_same_queries_for_one_and_three_centres(self, centre, django_assert_num_queries):
        who = make.network_lead(centre)
        with django_assert_num_queries(5):
            assert len(queries.progress(who, centre.service, START, END)) == 1
        for ods in ("RJ7", "RJ8"):
            make.accepted(make.make_centre(ods=ods), case("A1"))
        with django_assert_num_queries(5):
            assert len(queries.progress(who, centre.service, START, END)) == 3


def test_expected_cases_leave_out_what_was_explained():
    centre = make.make_centre()
    for case_id, source in (("E2", "MDT"), ("E1", "MDT"), ("E1", "hospital episodes"), ("E3", "MDT")):
        made = actions.expect_case(centre=centre, **PERIOD, case_id=case_id, source=source, by=SYSTEM)
    actions.explain_missing(expected_id=made.pk, reason="never treated", by=make.manager(centre))
    assert queries.expected_cases(centre.service, START, END) == [("RJ1", "E1"), ("RJ1", "E2")]


class TestBefore:
    def test_the_file_that_this_one_superseded_or_would(self, centre):
        first = make.accepted(centre, case("A1"))
        second = make.receive(centre, case("A1"), case("A2"))
        who = make.manager(centre)
        assert queries.before(who, first) is None
        assert queries.before(who, second) == first
        actions.check(submission_id=second.pk, by=SYSTEM)
        actions.accept(submission_id=second.pk, by=who)
        second.refresh_from_db()
        assert queries.before(who, second) == first

    def test_a_file_of_another_period_is_none(self, centre):
        make.accepted(centre, case("A1", admitted_on="05/05/2024"), start=date(2024, 1, 1), end=START)
        assert queries.before(make.manager(centre), make.receive(centre, case("A2"))) is None

    def test_others_see_none(self, centre, other):
        second = make.receive(other, case("A2"))
        assert queries.before(make.manager(centre), second) is None


class TestPeriods:
    def test_those_in_which_something_was_sent_latest_first(self, centre, other):
        early = (date(2024, 1, 1), START)
        make.receive(centre, case("A1"))
        make.receive(centre, case("A1"), start=early[0], end=early[1])
        assert queries.periods([centre.service.slug]) == [(START, END), early]

    def test_other_services_have_their_own(self, centre):
        make.receive(centre, case("A1"))
        elsewhere = make.make_centre("lam", "RJ2")
        early = (date(2024, 1, 1), START)
        make.receive(elsewhere, case("A1"), start=early[0], end=early[1])
        assert queries.periods(["lam"]) == [early]
        assert queries.periods(["lam", centre.service.slug]) == [(START, END), early]
        assert queries.periods([]) == []


class TestUnfinished:
    """Which designated centres have not signed a period off, and whether anything came from them."""

    PERIOD = (make.START, make.END)

    @pytest.fixture
    def centres(self, db):
        found = {ods: make.make_centre(ods=ods) for ods in ("RJ1", "RJ2", "RJ3", "RJ4", "RJ5")}
        for ods, centre in found.items():
            DesignationFactory(centre=centre, valid_from=date(2026, 1, 1) if ods == "RJ5" else date(2015, 4, 1))
        make.signed_off(found["RJ1"], make.case("A"))
        make.accepted(found["RJ2"], make.case("B"))
        make.receive(found["RJ3"], make.case("C"))
        return found

    def test_by_name_with_what_came(self, centres):
        found = queries.unfinished(make.network_lead(centres["RJ1"]), ["adult-ecmo"], *self.PERIOD)
        assert [(one.ods, one.sent) for one in found] == [("RJ2", True), ("RJ3", True), ("RJ4", False)]
        assert (found[0].service, found[0].centre_name) == ("adult-ecmo", "Trust RJ2")

    def test_a_file_that_was_set_aside_is_nothing(self, centres):
        sent = Submission.objects.get(centre=centres["RJ3"])
        actions.check(submission_id=sent.pk, by=SYSTEM)
        actions.refuse(submission_id=sent.pk, reason="the wrong year", by=make.manager(centres["RJ3"]))
        found = queries.unfinished(make.network_lead(centres["RJ1"]), ["adult-ecmo"], *self.PERIOD)
        assert ("RJ3", False) in [(one.ods, one.sent) for one in found]

    @pytest.mark.parametrize("who", [make_who(roles.NetworkLead, "lam"), make_who(roles.CentreLead, "adult-ecmo/RJ2"), SYSTEM])
    def test_nothing_to_those_who_do_not_follow_the_service(self, centres, who):
        assert queries.unfinished(who, ["adult-ecmo"], *self.PERIOD) == []

    def test_one_query_however_many(self, centres, django_assert_num_queries):
        who = make.network_lead(centres["RJ1"])
        with django_assert_num_queries(1):
            assert len(queries.unfinished(who, ["adult-ecmo"], *self.PERIOD)) == 3


class TestPayloads:
    DICTIONARY = spec.read_dictionary(make.DICTIONARY, "adult-ecmo", "1")

    def table(self, **columns):
        number = len(next(iter(columns.values())))
        keys = {"centre": tables.text(["RJ1"] * number), "case_id": tables.text([f"C{place}" for place in range(number)])}
        return tables.CaseTable(keys | columns, service="adult-ecmo")

    def test_each_row_holds_its_collected_fields_that_have_a_value(self):
        found = queries.payloads(
            self.table(
                sex=tables.text(["female", "", "male"]),
                pf_ratio=tables.numbers([9.4, None, 12.0]),
                admitted_on=tables.dates(["2025-06-15", None, "2025-06-15"]),
                nhs_number=tables.text(["9434765919", "", ""]),
                nowhere=tables.text(["x", "y", "z"]),
            ),
            self.DICTIONARY,
        )
        assert found == [
            '{"sex": "female", "pf_ratio": 9.4, "admitted_on": "2025-06-15"}',
            "{}",
            '{"sex": "male", "pf_ratio": 12.0, "admitted_on": "2025-06-15"}',
        ]

    def test_a_case_without_a_collected_field_has_an_empty_payload(self):
        assert queries.payloads(self.table(nowhere=tables.text(["x", "y"])), self.DICTIONARY) == ["{}", "{}"]

    @given(
        st.lists(
            st.tuples(
                st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
                st.none() | st.floats(allow_nan=False, allow_infinity=False),
                st.none() | st.dates(date(1850, 1, 1), date(2100, 1, 1)),
            ),
            min_size=1,
            max_size=12,
        )
    )
    def test_a_payload_is_the_json_of_its_row(self, rows):
        words, figures, days = zip(*rows, strict=True)
        cases = self.table(area=tables.text(words), pf_ratio=tables.numbers(figures), admitted_on=tables.dates(days))
        for given_row, payload in zip(rows, queries.payloads(cases, self.DICTIONARY), strict=True):
            area, figure, day = given_row[0], given_row[1], given_row[2]
            row = {"area": area or None, "pf_ratio": figure, "admitted_on": day and day.isoformat()}
            assert payload == json.dumps({name: value for name, value in row.items() if value is not None}, ensure_ascii=False)

    def test_values_are_those_of_the_column_or_what_stands_for_none(self):
        cases = self.table(sex=tables.text(["female", ""]), age=tables.numbers([44, None]))
        assert queries.values_of(cases, "sex", "unknown") == ["female", "unknown"]
        assert queries.values_of(cases, "age", None) == [44.0, None]
        assert queries.values_of(cases, "area", "") == ["", ""]
