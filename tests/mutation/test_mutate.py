"""The tool that changes modules changes what it says, and sees what tests notice."""

import ast
import os
import subprocess
import sys

import pytest

from tests.mutation import mutate

SOURCE = '''
def small(number, threshold, wide):
    """Whether a number is too small."""
    if number < threshold and not wide:
        return min(number, 3) + 1 >= 0
    return False
'''


def test_every_kind_of_change_is_made_and_named():
    words = {change.words for change in mutate.changes(SOURCE)}
    assert {
        "number < threshold  →  number <= threshold",
        "number < threshold  →  number >= threshold",
        "number < threshold and (not wide)  →  number < threshold or not wide",
        "not wide  →  wide",
        "min  →  max",
        "3  →  4",
        "min(number, 3) + 1  →  min(number, 3) - 1",
        "False  →  True",
    } <= words


def test_one_change_leaves_the_rest_as_it_was():
    for change in mutate.changes(SOURCE):
        one, other = ast.unparse(ast.parse(SOURCE)), ast.unparse(mutate.changed(SOURCE, change))
        assert one != other
        assert sum(a != b for a, b in zip(one.splitlines(), other.splitlines(), strict=True)) == 1


def test_texts_are_left_alone():
    assert mutate.changes('NAME = "patients"\n"""Words."""\n') == []


def test_what_no_test_could_notice_is_left_alone():
    source = """
@dataclass(frozen=True)
class Pair:
    one: int | None = 4

    def both(self, other: "Pair | None") -> bool | None:
        return all(a == b for a, b in zip(self, other, strict=True))
"""
    words = {change.words for change in mutate.changes(source)}
    assert words == {"4  →  5", "all  →  any", "a == b  →  a != b"}


def test_a_seed_draws_the_same_changes():
    every = mutate.changes(SOURCE)
    assert mutate.drawn(every, 7, 3) == mutate.drawn(every, 7, 3) != mutate.drawn(every, 8, 3)
    assert len(mutate.drawn(every, 7, 10_000)) == len(every)


TESTS = {
    "sees": "assert not Audit({}, {'exact': 1, 'narrow': 0}).clean",
    "sees nothing": "assert Audit({}, {'exact': 0, 'narrow': 0}).clean",
    "fails anyway": "assert Audit({}, {'exact': 1, 'narrow': 0}).clean",
}
RUN = """
from tests.mutation import mutate
path = mutate.ROOT / "src/plenary_stats/disclosure/attacker/audit.py"
[change] = [one for one in mutate.changes(path.read_text()) if one.words.startswith("not self.totals['exact'] and") and " or " in one.words]
module = "plenary_stats.disclosure.attacker.audit"
print([mutate.noticed(module, path, one, [{test!r}], 120) for one in (None, change)])
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "noticed"), [("sees", [False, True]), ("sees nothing", [False, False]), ("fails anyway", [True, False])]
)
def test_a_change_is_compiled_in_place_of_the_file_and_its_tests_are_run(tmp_path, name, noticed):
    """The whole chain, in a process that runs no other tests: first without a change, then with `and` for `or`."""
    test = tmp_path / "test_one.py"
    test.write_text(f"from plenary_stats.disclosure.attacker.audit import Audit\n\n\ndef test_one():\n    {TESTS[name]}\n")
    paths = os.pathsep.join([str(mutate.ROOT / "src"), str(mutate.ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(test=str(test))],
        capture_output=True, text=True, check=False, cwd=mutate.ROOT, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.stdout.strip().splitlines()[-1:] == [str(noticed)], done.stderr
