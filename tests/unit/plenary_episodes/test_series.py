"""The case series: in = kept + refused, each refusal said, and identifiers gone."""

import random
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plenary_episodes import series
from plenary_stats.errors import InputError
from tests.unit.plenary_episodes import made
from tests.unit.plenary_episodes.made import NHS, secret

DICTIONARY = (
    "Variable / Field Name,Field Type,Field Label,Text Validation Type OR Show Slider Number,Identifier?,Field Annotation\n"
    "case_id,text,Case,,,\ncentre,text,Centre,,,\nseen_on,text,First seen,date_dmy,,@INDEXDATE\nhsno,text,Number,,y,@NHSNUMBER\n"
)


def read(folder, *rows, services=("eyes",), **options):
    return series.read(made.cases(folder, *rows, **options), services, secret())


def rules_of(found):
    return [(finding.row, finding.field, finding.rule, finding.severity) for finding in found.findings]


def test_a_case_is_read_with_pseudonyms(tmp_path):
    found = read(
        tmp_path, {"nhs_number": NHS[0], "local_id": "L7", "birth_date": "07/03/2010", "sex": "F", "area": "QAA", "centre": "r1h"}
    )
    (case,) = found.cases
    assert (case.service, case.centre, case.name, case.event_on) == ("eyes", "R1H", "C1", date(2025, 6, 1))
    assert (case.born_on, case.sex, case.area) == (date(2010, 3, 7), "female", "QAA")
    assert case.nhs == secret().nhs_numbers([NHS[0]])[0]
    assert case.local == secret().local_ids(["R1H"], ["L7"])[0]
    assert NHS[0] not in repr(found)
    assert (found.read, dict(found.refused), list(found.findings)) == (1, {}, [])


def test_headings_have_other_names_too(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("Provider,CASE ID,Index date,Date of birth,NHS no\nR1H,7,2025-06-01,2010-03-07,\n", encoding="utf-8")
    (case,) = series.read(path, ["eyes"], secret()).cases
    assert (case.service, case.centre, case.name, case.born_on) == ("eyes", "R1H", "7", date(2010, 3, 7))


@pytest.mark.parametrize("name", ["1", "2", "M", "f", "Female", "male", "indeterminate"])
def test_the_sex_is_known_by_word_letter_and_code(tmp_path, name):
    (case,) = read(tmp_path, {"sex": name}).cases
    assert case.sex == {"1": "male", "m": "male", "2": "female", "f": "female"}.get(name.casefold(), name.casefold())


def test_a_row_is_refused_for_what_is_missing_or_double(tmp_path):
    found = read(
        tmp_path, {}, {"centre": ""}, {"event_date": "31/02/2025"}, {"case_id": ""}, {"case_id": "c1"}, {"service": "knees"}
    )
    assert found.read == 6
    assert dict(found.refused) == {"required": 3, "duplicate-case": 1, "other-service": 1}
    assert len(found.cases) == 1
    by_rule = {(row, rule): severity for row, _, rule, severity in rules_of(found)}
    assert by_rule[3, "required"] == by_rule[6, "duplicate-case"] == "blocking"
    assert by_rule[7, "other-service"] == "notice"
    assert "row 2 of cases.csv" in next(finding.message for finding in found.findings if finding.rule == "duplicate-case")


def test_one_case_number_may_stand_at_two_centres(tmp_path):
    assert len(read(tmp_path, {"case_id": "1"}, {"case_id": "1", "centre": "RQ3"}).cases) == 2


def test_what_cannot_be_used_is_set_aside_and_never_repeated(tmp_path):
    found = read(tmp_path, {"nhs_number": "9990000019", "birth_date": "soon", "sex": "x"}, {"sex": "9"})
    assert [(case.nhs, case.born_on, case.sex) for case in found.cases] == [("", None, ""), ("", None, "")]
    assert {(row, field, severity) for row, field, _, severity in rules_of(found)} == {
        (2, "nhs_number", "warning"), (2, "birth_date", "warning"), (2, "sex", "warning"),
    }  # fmt: skip
    assert "9990000019" not in str(found.findings)


@pytest.mark.parametrize(
    "row", [{"case_id": NHS[0], "nhs_number": NHS[0]}, {"case_id": "L-7", "local_id": "l7"}, {"case_id": f"a{NHS[1]}"}]
)
def test_a_case_number_that_is_an_identifier_is_replaced_by_the_row(tmp_path, row):
    found = read(tmp_path, {"nhs_number": NHS[1], "case_id": "ok"}, row)
    assert [case.name for case in found.cases] == ["ok", "cases.csv row 3"]
    assert (3, "case_id", "nhs-number", "notice") in rules_of(found)
    assert row["case_id"] not in str(found)


def test_a_row_with_cells_that_moved_is_refused(tmp_path):
    path = made.cases(tmp_path, {}, {})
    path.write_text(path.read_text() + "eyes,R1H,C3,,,,,,2025-06-01,stray\n", encoding="utf-8")
    found = series.read(path, ["eyes"], secret())
    assert (found.read, len(found.cases), dict(found.refused)) == (3, 2, {"torn-row": 1})


def test_parquet_is_read_too(tmp_path):
    table = pa.table({"centre": ["R1H", None], "case_id": [1, 2], "event_date": [date(2025, 6, 1), date(2025, 6, 2)]})
    pq.write_table(table, tmp_path / "c.parquet")
    found = series.read(tmp_path / "c.parquet", ["eyes"], secret())
    assert [(case.name, case.event_on) for case in found.cases] == [("1", date(2025, 6, 1))]
    assert rules_of(found) == [(3, "", "required", "blocking")]
    (tmp_path / "bad.parquet").write_bytes(b"no")
    with pytest.raises(InputError, match="is not a Parquet file"):
        series.read(tmp_path / "bad.parquet", ["eyes"], secret())


def test_a_column_that_is_needed_must_be_there_once(tmp_path):
    with pytest.raises(InputError, match=r"must have one column 'event_date'\. It has: service, centre, case_id"):
        read(tmp_path, {}, headings=("service", "centre", "case_id"))
    with pytest.raises(InputError, match="must have one column 'centre'"):
        read(tmp_path, {}, headings=("service", "centre", "provider", "case_id", "event_date"))


def test_without_a_column_service_the_rules_must_be_of_one(tmp_path):
    headings = ("centre", "case_id", "event_date")
    assert read(tmp_path, {}, headings=headings).cases[0].service == "eyes"
    with pytest.raises(InputError, match="no column 'service', and the rules are of several"):
        read(tmp_path, {}, services=("eyes", "knees"), headings=headings)


def collection(folder):
    for service in ("eyes", "knees"):
        (folder / service).mkdir()
        (folder / service / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
        rows = f"case_id,centre,seen_on,hsno\n1,R1H,01/06/2025,{NHS[0]}\n"
        (folder / service / "cases-2025.csv").write_text(rows, encoding="utf-8")


def test_a_collection_folder_is_read_by_its_dictionaries(tmp_path):
    collection(tmp_path)
    found = series.read(tmp_path, ["eyes", "lungs"], secret())
    (case,) = found.cases
    assert (case.service, case.event_on, case.name) == ("eyes", date(2025, 6, 1), "1")
    assert case.nhs == secret().nhs_numbers([NHS[0]])[0]
    assert [path.name for path in found.files] == ["cases-2025.csv"]


def test_a_folder_that_does_not_say_which_date_places_a_case_is_refused(tmp_path):
    collection(tmp_path)
    dictionary = tmp_path / "eyes" / "dictionary.csv"
    dictionary.write_text(DICTIONARY.replace("@INDEXDATE", ""), encoding="utf-8")
    with pytest.raises(InputError, match="marks no @INDEXDATE"):
        series.read(tmp_path, ["eyes"], secret())
    dictionary.unlink()
    with pytest.raises(InputError, match=r"has cases and no dictionary\.csv"):
        series.read(tmp_path, ["eyes"], secret())


def test_no_cases_at_all_are_refused(tmp_path):
    with pytest.raises(InputError, match="holds no cases of eyes"):
        series.read(tmp_path, ["eyes"], secret())
    with pytest.raises(InputError, match="There is no file or folder"):
        series.read(tmp_path / "none", ["eyes"], secret())


def test_in_is_kept_and_refused(tmp_path):
    draw = random.Random(8)
    values = {
        "case_id": ["", "1", "2", "3", NHS[0]], "centre": ["", "R1H", "RQ3"], "event_date": ["", "2025-06-01", "x"], "sex": ["1", "q"],
        "service": ["eyes", "knees", ""], "nhs_number": ["", *NHS, "123"], "birth_date": ["", "2010-01-01", "31/02/2010"],
    }  # fmt: skip
    found = read(tmp_path, *({name: draw.choice(own) for name, own in values.items()} for _ in range(500)))
    assert found.read == 500 == len(found.cases) + sum(found.refused.values())
    assert not any(number in str(found) for number in NHS)
    assert {case.name.split()[0] for case in found.cases} == {"1", "2", "3", "cases.csv"}
