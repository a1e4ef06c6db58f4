"""The printed table of agreement names every reference case, and nothing in it is further apart than was allowed."""

from pathlib import Path

import pytest

from tests.oracle.reference import ORACLE
from tests.shared import SHARED

TABLE = Path(__file__).parents[2] / "docs" / "method" / "agreement.md"


def printed():
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines[lines.index("| --- | --- | --- | ---: | ---: | ---: |") + 1 :]
    ]


def test_no_answer_is_further_apart_than_allowed():
    rows = printed()
    assert len(rows) > 1000
    assert [row for row in rows if float(row[4]) > float(row[5])] == []


@pytest.mark.skipif(
    not ORACLE.is_dir() or ORACLE != SHARED / "oracle", reason="the printed table is of the reference beside the project"
)
def test_every_case_is_printed():
    methods = {folder.name for folder in ORACLE.iterdir() if (folder / "cases.csv").exists()}
    listed = {(row[0], row[1]) for row in printed()}
    for method in sorted(methods):
        cases = {line.split(",")[0] for line in (ORACLE / method / "cases.csv").read_text(encoding="utf-8").splitlines()[1:]}
        assert {case for case in cases if (method, case) not in listed} == set(), method
    tables = {path.parent.name for path in ORACLE.glob("disclosure/**/*") if path.name in {"expected.csv", "spec.json"}}
    assert {case for case in tables if ("disclosure", case) not in listed} == set()
