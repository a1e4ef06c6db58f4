"""Other cases are read from the folder that ``PLENARY_ORACLE`` names: the promise that held-back cases can be run at all."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.oracle.reference import same

HERE = Path(__file__).parent
ANSWER = "i,p,bonferroni,holm,bh,by\n1,0.01,{},0.03,0.03,0.055\n2,0.2,0.6,0.4,0.3,0.55\n3,0.5,1,0.5,0.5,0.916666666666667\n"


def run(folder: Path, answer: float) -> subprocess.CompletedProcess:
    """Run one method's test on a folder of one case of our own."""
    case = folder / "multiplicity"
    case.mkdir(parents=True)
    (case / "cases.csv").write_text('case,params\nelsewhere,"{}"\n', encoding="utf-8")
    (case / "elsewhere.input.csv").write_text("i,p\n1,0.01\n2,0.2\n3,0.5\n", encoding="utf-8")
    (case / "elsewhere.expected.csv").write_text(ANSWER.format(answer), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        "bonferroni",
        str(HERE / "test_multiplicity.py"),
    ]
    place = os.environ | {"PLENARY_ORACLE": str(folder), "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=HERE.parents[1], env=place, capture_output=True, text=True, check=False)


def test_a_right_answer_of_another_folder_is_met(tmp_path):
    found = run(tmp_path, 0.03)
    assert found.returncode == 0, found.stdout
    assert found.stdout.startswith(".")


def test_a_wrong_answer_of_another_folder_is_noticed(tmp_path):
    found = run(tmp_path, 0.031)
    assert found.returncode == 1
    assert "test_adjusted[elsewhere-bonferroni]" in found.stdout


def test_what_is_missing_in_one_must_be_missing_in_the_other():
    assert same([1.0, np.nan], [1.0, np.nan]) == 0.0
    for found, expected in (([np.nan], [0.0]), ([0.0], [np.nan]), ([1.0, 1.0], [1.0]), ([1 + 2e-9], [1.0])):
        with pytest.raises(AssertionError):
            same(found, expected)
