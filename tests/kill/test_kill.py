"""Killed at any moment on the way from file to edition: no half state, and what was acknowledged is there.

Receive, check, accept, sign off, run, order, propose, review, freeze, build and publish, on a file database, by real SIGKILL.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """Return the environment of a process with the settings of life, not of these tests: a file database of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLENARY_")}
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return kept | {"PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "plenary.config.settings"}


def world(folder: Path, kills: int, seed: int) -> dict:
    """Let one world live and report."""
    command = [sys.executable, "-m", "tests.kill.nursery", str(folder), str(kills), str(seed)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def holds(report: dict, kills: int) -> None:
    assert report["problems"] == []
    assert report["kills"] == kills
    assert sum(number for step, number in report["killed_in"].items() if step != "between steps") > kills / 3
    assert report["finished"]
    assert report["verified"]
    assert report["integrity"] == "ok"
    assert report["editions"] > 0


def test_ten_kills(tmp_path):
    holds(world(tmp_path, 10, seed=1), 10)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_kills(tmp_path, seed):
    holds(world(tmp_path, 20, seed=100 + seed), 20)


def test_the_lookout_sees_what_it_is_there_for(tmp_path):
    """Break a world by hand in every way that the lookout should notice, and see that it does."""
    script = """
import sys
sys.argv = ["nursery", sys.argv[1]]
import os
os.environ["PLENARY_DATA"] = sys.argv[1]
os.environ["DJANGO_SETTINGS_MODULE"] = "plenary.config.settings"
import django
django.setup()
import json
from tests.kill import nursery as n
n.begin()
year = n.World(n.random.Random(1))
assert n.finish(year)
assert n.half_states() == []
before = [n.forgotten(step, facts) for step, facts in year.acknowledged]
seen = []
n.CaseSeries.objects.filter(centre__ods="RJ7").update(content_hash="0" * 64)
seen.append(n.half_states())
n.Submission.objects.filter(state="accepted").first().versions.all().delete()
seen.append(n.half_states())
path = n.edition_queries.place(n.Edition.objects.get()) / "index.html"
path.chmod(0o644)
path.write_text("other")
seen.append(n.half_states())
n.DBTaskResult.objects.all().delete()
seen.append(n.half_states())
n.Edition.objects.all().delete()
after = [n.forgotten(step, facts) for step, facts in year.acknowledged if step in ("build", "publish")]
print(json.dumps({"before": before, "seen": seen, "after": after}))
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert not any(report["before"])
    words = ["differs from what was declared", "has 0 of", "is not what was built", "never queued"]
    for word, sentences in zip(words, report["seen"], strict=True):
        assert any(word in sentence for sentence in sentences), (word, sentences)
    assert len(report["after"]) == 2
    assert all("is gone" in sentence for sentence in report["after"])
