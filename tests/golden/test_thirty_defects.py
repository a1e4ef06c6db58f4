"""A collection folder with thirty-five kinds of defect yields exactly the findings planted, and accepts nothing that is defective."""

import pytest

from plenary_stats import folder

DICTIONARY = """Variable / Field Name,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",Text Validation Type OR Show Slider Number,Text Validation Min,Text Validation Max,Identifier?,Required Field?,Field Annotation,Branching Logic (Show field only if...)
case_id,text,Case number,,,,,,y,,
nhs_number,text,NHS number,,,,,y,,,
listed,text,Date of listing,,date_dmy,,,,y,@INDEXDATE,
seen,text,Last seen,,date_dmy,,,,,@NOTBEFORE=listed,
status,radio,Status,"1, Alive | 2, Dead",,,,,y,,
cause,text,Cause of death,,,,,,y,,[status] = '2'
fev1,text,FEV1,,number,0,8,,,,
visits,text,Visits,,integer,,,,,,
story,notes,Remarks,,,,,,,,
"""
HEADINGS = "centre,case_id,nhs_number,birth_date,area,listed,seen,status,cause,fev1,visits,story"
GOOD = "RX1,A{n},,01/02/1980,North,04/03/2025,05/03/2025,1,,2.5,3,fine"

# What is wrong with one row: (column, value, rule, severity)
ROWS = {
    "required value missing": ("status", "", "required", "blocking"),
    "required under a condition": ("status", "2", "required", "blocking"),
    "not a permitted value": ("status", "7", "not-permitted", "blocking"),
    "label in place of the code": ("status", "alive", "label-for-code", "notice"),
    "not a number": ("fev1", "2.5 l", "not-a-number", "blocking"),
    "decimal comma": ("fev1", '"2,5"', "not-a-number", "blocking"),
    "thousands separator": ("visits", '"1,200"', "thousands", "notice"),
    "out of range": ("fev1", "25", "out-of-range", "blocking"),
    "not whole": ("visits", "2.5", "not-whole", "blocking"),
    "not a date": ("listed", "spring", "not-a-date", "blocking"),
    "Excel's number of a day": ("listed", "45720", "not-a-date", "blocking"),
    "a date that does not exist": ("listed", "31/02/2025", "impossible-date", "blocking"),
    "a year of two digits": ("listed", "04/03/25", "two-digit-year", "notice"),
    "in the future": ("seen", "01/01/2032", "future-date", "blocking"),
    "dates in the wrong order": ("seen", "01/01/2025", "date-order", "blocking"),
    "born after the index date": ("birth_date", "01/06/2025", "date-order", "blocking"),
    "outside the period": ("listed", "04/03/2026", "outside-period", "warning"),
    "a value where none should be": ("cause", "infection", "branching", "warning"),
    "no such centre": ("centre", "RXX", "unknown-centre", "blocking"),
    "centre not designated then": ("centre", "RRK", "not-designated", "warning"),
    "no such area": ("area", "Atlantis", "unknown-area", "warning"),
    "wrong check digit": ("nhs_number", "9434765918", "nhs-number", "blocking"),
    "NHS number as case number": ("case_id", "9434765919", "nhs-number", "blocking"),
    "scientific notation": ("case_id", "9.43E+09", "scientific", "blocking"),
    "NHS number in a remark": ("story", "see 943 476 5919", "identifier-in-text", "blocking"),
    "spreadsheet error": ("fev1", "#REF!", "error-cell", "blocking"),
    "formula": ("fev1", "=B2*2", "formula", "blocking"),
    "extra cell": ("story", "one, two", "extra-cells", "blocking"),
}
# What is wrong with the whole table: (what becomes of it, rule, row, field, severity)
TABLES = {
    "the same row twice": (lambda text: text + GOOD.format(n=2) + "\n", "repeated-row", 4, "case_id", "blocking"),
    "one case, two rows": (
        lambda text: text + GOOD.format(n=2).replace("2.5", "3") + "\n",
        "duplicate-case",
        4,
        "case_id",
        "blocking",
    ),
    "duplicated heading": (lambda text: text.replace("story", "fev1"), "duplicate-heading", 0, "fev1", "blocking"),
    "required column missing": (lambda text: text.replace("status", "zzz"), "missing-column", 0, "status", "blocking"),
    "misspelt heading": (lambda text: text.replace("fev1", "fevl"), "unknown-column", 0, "fevl", "blocking"),
    "no rows": (lambda text: HEADINGS + "\n", "no-rows", 0, "", "warning"),
}
# Findings that go with a defect by its nature
COMPANIONS = {
    "required under a condition": {("cause", "required")},
    "duplicated heading": {("story", "missing-column")},
    "required column missing": {("zzz", "unknown-column")},
    "misspelt heading": {("fev1", "missing-column")},
    "outside the period": {("seen", "date-order")},
}


def collection(root, cases):
    files = {
        "collection.toml": 'label = "2025"\nperiod_start = 2025-01-01\nperiod_end = 2026-01-01\n',
        "services.csv": "service,name,category,description\nlam,LAM,,\n",
        "centres.csv": "service,centre,name,designated_from,designated_to\nlam,RX1,Nottingham,,\nlam,RRK,Birmingham,2011-01-01,2020-01-01\n",
        "populations.csv": "area,sex,age_band,persons\nNorth,,,100\n",
        "lam/dictionary.csv": DICTIONARY,
        "lam/outcomes.toml": 'service = "lam"\nversion = "1"\n[[outcome]]\nid = "alive"\nmeasure = "proportion"\nmet = "status = 1"\n',
        "lam/cases.csv": cases,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return folder.read(root)


def with_row(changes):
    cells = dict(zip(HEADINGS.split(","), GOOD.format(n=2).split(","), strict=True)) | changes
    return "\n".join([HEADINGS, GOOD.format(n=1), ",".join(cells.values()), ""])


def test_there_are_at_least_thirty_kinds():
    assert len(ROWS) + len(TABLES) + 1 >= 30


def test_without_a_defect_there_is_no_finding(tmp_path):
    found, findings = collection(tmp_path, with_row({}))
    assert findings == []
    assert len(found.cases["lam"]) == 2


@pytest.mark.parametrize("kind", ROWS)
def test_a_defect_on_one_row(tmp_path, kind):
    column, value, rule, severity = ROWS[kind]
    found, findings = collection(tmp_path, with_row({column: value}))
    field = {"extra-cells": ""}.get(rule, column)
    wanted = COMPANIONS.get(kind, set()) | ({(field, rule)} if kind != "required under a condition" else set())
    assert {(finding.field, finding.rule) for finding in findings} == wanted
    assert {(finding.file, finding.row) for finding in findings} == {("lam/cases.csv", 3)}
    assert severity in {finding.severity for finding in findings}
    accepted = bool(len(found.cases["lam"]))
    assert accepted == (not findings.blocking)


def test_one_american_date_makes_its_column_suspect(tmp_path):
    found, findings = collection(tmp_path, with_row({"seen": "03/25/2025"}))
    told = [(finding.row, finding.field, finding.rule, finding.severity) for finding in findings]
    assert told == [(2, "seen", "ambiguous-date", "warning"), (3, "seen", "impossible-date", "blocking")]
    assert len(found.cases["lam"]) == 0


@pytest.mark.parametrize("kind", TABLES)
def test_a_defect_of_the_table(tmp_path, kind):
    change, rule, row, field, severity = TABLES[kind]
    found, findings = collection(tmp_path, change(with_row({})))
    wanted = COMPANIONS.get(kind, set()) | {(field, rule)}
    assert {(finding.field, finding.rule) for finding in findings} == wanted
    [planted] = [finding for finding in findings if (finding.field, finding.rule) == (field, rule)]
    assert (planted.row, planted.severity) == (row, severity)
    assert len(found.cases["lam"]) == (0 if findings.blocking or kind == "no rows" else 2)


def test_all_row_defects_in_one_file(tmp_path):
    """Every planted defect is found on its own row, and none is found elsewhere."""
    kinds = [kind for kind in ROWS if kind not in COMPANIONS]
    lines, wanted = [HEADINGS, GOOD.format(n=1)], set()
    for row, kind in enumerate(kinds, start=3):
        column, value, rule, _ = ROWS[kind]
        good = GOOD.format(n=row)
        cells = dict(zip(HEADINGS.split(","), good.split(","), strict=True)) | {column: value}
        lines.append(",".join(cells.values()))
        wanted.add((row, "" if rule == "extra-cells" else column, rule))
    found, findings = collection(tmp_path, "\n".join(lines) + "\n")
    assert {(finding.row, finding.field, finding.rule) for finding in findings} == wanted
    assert len(findings) == len(wanted) >= 24
    assert len(found.cases["lam"]) == 0
    assert "943476591" not in str(findings)
