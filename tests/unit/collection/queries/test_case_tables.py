"""How cases become the columns that results are computed from."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.collection import actions, queries
from plenary_stats import spec, tables
from tests.factories import collection as make
from tests.factories.collection import END, START, case

pytestmark = pytest.mark.django_db


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
