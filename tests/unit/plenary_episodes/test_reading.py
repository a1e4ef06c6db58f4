"""Reading: typed values, and an account of every row."""

import random
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plenary_episodes import engines, reading
from tests.unit.plenary_episodes import made


def values(found, meaning):
    asked = found.rows.select(record=found.value("record"), it=found.value(meaning)).to_pyarrow().to_pylist()
    return {row["record"]: row["it"] for row in asked}


def column(folder, meaning, heading, *texts):
    found = made.sheet(folder, *({heading: text} for text in texts))
    found = values(found, meaning)
    return [found[str(number)] for number in range(1, len(texts) + 1)]


DATES = {
    "2025-06-01": date(2025, 6, 1), "01/06/2025": date(2025, 6, 1), "20250601": date(2025, 6, 1), "2024-02-29": date(2024, 2, 29),
    "2025-06-01 10:30:00": date(2025, 6, 1), " 2025-06-01 ": date(2025, 6, 1), "2025-02-30": None, "31/02/2025": None, "2025": None,
    "2025-6-1": None, "1800-01-01": None, "06/2025": None, "soon": None, "": None, "2025/6/1": None, "20x5-01-01": None,
}  # fmt: skip
AGES = {"12": 12, "7003": 0, "0": 0, "": None, "x": None, "12.5": None, "-3": None}
AGED = [
    ("2010-06-01", "2025-06-01", 15), ("2010-06-02", "2025-06-01", 14), ("2010-05-31", "2025-06-01", 15),
    ("2025-06-01", "2025-06-01", 0), ("2024-02-29", "2025-02-28", 0), ("2024-02-29", "2025-03-01", 1), ("", "2025-06-01", 44),
]  # fmt: skip


def test_a_date_is_read_in_the_declared_forms_and_no_other(tmp_path):
    assert dict(zip(DATES, column(tmp_path, "event_date", "START", *DATES), strict=True)) == DATES


def test_an_age_is_a_whole_number_and_infants_have_codes(tmp_path):
    assert dict(zip(AGES, column(tmp_path, "age", "AGE", *AGES), strict=True)) == AGES


def test_a_provider_is_its_first_letters_and_codes_mean_values(tmp_path):
    assert column(tmp_path, "provider", "PROV", "R1H01", "RQ3") == ["R1H", "RQ3"]
    assert column(tmp_path, "sex", "SEX", "1", "2", "9", "") == ["male", "female", None, None]
    assert column(tmp_path, "area", "AREA", "QAA", "X", " ") == ["QAA", None, None]


def test_a_meaning_without_a_column_is_null(tmp_path):
    found = made.sheet(tmp_path, {}, headings=("ROW", "PROV", "START"))
    assert values(found, "birth_date") == {"1": None}
    assert values(found, "age") == {"1": None}
    assert found.codes("diagnosis") == []


def test_typed_parquet_is_read_like_text(tmp_path):
    table = pa.table(
        {"ROW": [1, 2], "PROV": ["R1H", "R1H"], "START": [date(2025, 6, 1), None], "AGE": [3, 7001], "DIAG_01": ["C692", None]}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    found = reading.read(engines.started("duckdb").opened(tmp_path / "a.parquet"), made.layout(tmp_path))
    assert values(found, "event_date") == {"1": date(2025, 6, 1), "2": None}
    assert values(found, "age") == {"1": 3, "2": 0}
    assert dict(found.accounted()[0].refused) == {"required:START": 1}


def test_the_age_is_of_the_day_of_the_event(tmp_path):
    found = made.sheet(tmp_path, *({"DOB": born, "START": on, "AGE": "44"} for born, on, _ in AGED))
    ages = found.rows.select(record=found.value("record"), age=reading.age_at(found)).to_pyarrow().to_pylist()
    assert [row["age"] for row in sorted(ages, key=lambda row: int(row["record"]))] == [age for _, _, age in AGED]


def test_a_row_is_refused_for_the_first_thing_that_is_wrong(tmp_path):
    found = made.sheet(tmp_path, {}, {"START": ""}, {"START": "32/01/2025"}, {"PROV": "", "START": ""}, {"ROW": ""})
    account, findings = found.accounted()
    assert (account.read, account.kept) == (5, 1)
    assert dict(account.refused) == {
        "required:ROW": 1, "required:PROV": 1, "required:START": 1, "not-a-date:START": 1,
    }  # fmt: skip
    assert {(finding.rule, finding.field) for finding in findings} == {
        ("required", "ROW"), ("required", "PROV"), ("required", "START"), ("not-a-date", "START"),
    }  # fmt: skip
    assert all(finding.severity == "blocking" and finding.remedy for finding in findings)
    assert any(finding.message.startswith("Record 3: The START is not a date that exists") for finding in findings)


def test_an_optional_value_that_cannot_be_read_is_set_aside_and_counted(tmp_path):
    account, findings = made.sheet(
        tmp_path, {"DOB": "soon"}, {"DOB": "1.1.11"}, {"DOB": "2010-01-01"}, {"AGE": "old"}
    ).accounted()
    assert (account.read, account.kept) == (4, 4)
    assert dict(account.set_aside) == {"DOB": 2, "AGE": 1}
    assert [(finding.field, finding.rule, finding.severity) for finding in findings] == [
        ("AGE", "not-a-number", "warning"), ("DOB", "not-a-date", "warning"),
    ]  # fmt: skip


def test_torn_rows_are_in_the_account_by_their_place(tmp_path):
    path = made.episodes(tmp_path, {}, {})
    path.write_text(path.read_text() + "short,row\n", encoding="utf-8")
    account, findings = reading.read(engines.started("duckdb").opened(path), made.layout(tmp_path)).accounted()
    assert (account.read, account.kept, dict(account.refused)) == (3, 2, {"torn-row:": 1})
    assert [(finding.rule, finding.row) for finding in findings] == [("torn-row", 4)]


def test_a_finding_never_repeats_an_identifier(tmp_path):
    number = made.NHS[0]
    found = made.sheet(tmp_path, {"ROW": number, "NHS NO": number, "START": ""}, {"ROW": "L1", "LOCAL": "l-1", "START": "x"})
    said = " ".join(finding.message for finding in found.accounted()[1])
    assert number not in said
    assert "L1" not in said


def test_a_column_that_no_layout_names_is_never_read(tmp_path):
    path = made.episodes(tmp_path, {"NAME": "Ada Lovelace"}, headings=(*made.HEADINGS, "NAME"))
    found = reading.read(engines.started("duckdb").opened(path), made.layout(tmp_path))
    assert "NAME" not in found.columns
    assert "NAME" not in found.values


CELLS = ("", "2025-06-01", "01/06/2025", "2025-02-30", "x", "1800-01-01", "20250601", "R1H")


def accounted_for(folder, rows):
    """Assert that each row is kept, or refused for what is wrong with it."""
    found = made.sheet(folder, *rows)
    account, _ = found.accounted()
    kept = found.rows.filter(found.sound).count().to_pyarrow().as_py()
    assert account.read == len(rows)
    assert account.kept == kept == account.read - sum(account.refused.values())
    assert sum(account.refused.values()) == sum(
        not row["ROW"] or not row["PROV"] or row["START"] in ("", "2025-02-30", "x", "1800-01-01", "R1H") for row in rows
    )


def test_read_is_kept_and_refused(tmp_path):
    draw = random.Random(3)
    accounted_for(tmp_path, [{name: draw.choice(CELLS) for name in ("START", "PROV", "DOB", "ROW")} for _ in range(400)])


@pytest.mark.slow
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries(dict.fromkeys(("START", "PROV", "DOB", "ROW"), st.sampled_from(CELLS))), max_size=12))
def test_read_is_kept_and_refused_of_any_file(tmp_path, rows):
    accounted_for(tmp_path, rows)
