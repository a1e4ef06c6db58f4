"""A mapping applied: a file of the earlier version is accepted as one of this version, and every liberty is told."""

from datetime import date

from plenary_stats.dictionary.document import Dictionary, entry, write
from plenary_stats.dictionary.mapping import read_mapping
from plenary_stats.ingest import check, mapped, read
from plenary_stats.spec import read_dictionary

DATA = read_dictionary(
    write(
        Dictionary(
            (
                entry(name="case_id", type="text", required="y"),
                entry(name="fev1_ml", type="text", validation="integer", required="y"),
                entry(name="status", type="radio", choices="1, Alive | 2, Dead"),
                entry(name="unit", type="text"),
            )
        )
    ),
    "lam",
    "2026-1",
)
MAPPING = read_mapping(
    'service = "lam"\nfrom = "1"\nto = "2"\n'
    '[[field]]\nold = "FEV1 (litres)"\nnew = "fev1_ml"\nfactor = 1000\n'
    '[[field]]\nold = "status"\nnew = "status"\nrecode = { "1" = "2", "2" = "1" }\n'
    '[[field]]\nold = "ward"\ndrop = true\n'
    '[[field]]\nnew = "unit"\nvalue = "mL"\n'
)
FILE = b"centre,case_id,FEV1 (Litres),status,ward\nRX1,1,2.5,1,A\nRX1,2,1.75,2,B\nRX1,3,1.75,2,\n"


def test_a_file_of_the_earlier_version_becomes_one_of_this():
    found = check(mapped(read(FILE, "cases.csv"), MAPPING), DATA, on=date(2026, 1, 1))
    assert found.findings.blocking == []
    assert found.cases["fev1_ml"].tolist() == [2500.0, 1750.0, 1750.0]
    assert found.cases["status"].tolist() == ["2", "1", "1"]
    assert found.cases["unit"].tolist() == ["mL", "mL", "mL"]
    assert found.row_numbers.tolist() == [2, 3, 4]


def test_without_the_mapping_it_is_refused():
    assert [one.field for one in check(read(FILE, "cases.csv"), DATA, on=date(2026, 1, 1)).findings.blocking] == ["fev1_ml"]


def test_every_liberty_is_told():
    told = [one for one in mapped(read(FILE, "cases.csv"), MAPPING).findings if one.rule == "mapped"]
    assert [one.message for one in told] == [
        "The column 'FEV1 (Litres)' was read as 'fev1_ml', multiplied by 1000.",
        "The column 'status' was recoded (1 to 2, 2 to 1).",
        "The column 'ward' was left out.",
        "Every row was given 'mL'.",
    ]
    assert {one.severity for one in told} == {"notice"}


def test_a_column_that_is_there_already_is_not_filled():
    turned = mapped(read(b"centre,case_id,unit\nRX1,1,L\n", "cases.csv"), MAPPING)
    assert list(turned.columns[turned.headings.index("unit")]) == ["L"]
    assert turned.headings.count("unit") == 1


def test_two_columns_that_become_one_are_refused_and_not_merged():
    turned = mapped(read(b"centre,case_id,fev1_ml,FEV1 (litres)\nRX1,1,2500,2\n", "cases.csv"), MAPPING)
    assert [one.rule for one in check(turned, DATA, on=date(2026, 1, 1)).findings.blocking] == ["duplicate-heading"]


def test_a_file_without_rows():
    assert len(mapped(read(b"centre,case_id,ward\n", "cases.csv"), MAPPING)) == 0
