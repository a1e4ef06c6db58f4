"""A small deadline evening on a real PostgreSQL: the worker and the database are killed, and nothing acknowledged is lost.

The people, the place and the look afterwards are those of the benchmark (``benchmarks/evening``), six people instead of two hundred.
"""

import contextlib
import http.client
import json
import os
import signal
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from benchmarks import deadline_evening as evening
from benchmarks.evening.place import HOST, Place

pytestmark = pytest.mark.slow

PHASES = [
    {"name": "arrivals", "seconds": 10, "think": (1.0, 3.0)},
    {"name": "kills", "seconds": 40, "think": (0.2, 0.6), "typing": (0.2, 0.4), "large": True},
]
"""As in the benchmark, but for people of few thoughts."""


@pytest.fixture(scope="module")
def place():
    # Not in the folder of the test run: another run closes that to others, and where this one is root the database is another user.
    with tempfile.TemporaryDirectory(prefix="evening-") as folder:
        Path(folder).chmod(0o755)
        found = Place(Path(folder))
        try:
            found.plenary("migrate")
            yield found
        finally:
            found.stop()


@pytest.fixture(scope="module")
def lived(place):
    """What the people noted, and what was found afterwards."""
    people, book = place.folder / "people.json", place.folder / "book.jsonl"
    place.run("-m", "benchmarks.evening.world", "6", "3", str(people))
    place.serve()
    found = evening.play(place, json.loads(people.read_text()) | {"phases": PHASES}, book)
    kept = json.loads(place.run("-m", "benchmarks.evening.kept", str(book)))
    return [json.loads(line) for line in book.read_text().splitlines()], found, kept


def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(lived):
    _, _, kept = lived
    assert kept["wrong"] == []
    assert {"upload", "accept", "draft", "case"} <= set(kept["looked"])


def test_nobody_sees_a_fault_and_everybody_goes_on(lived):
    lines, found, _ = lived
    asked = [line for line in lines if "kind" in line]
    assert [line["problem"] for line in lines if "problem" in line] == []
    assert evening.wrong(found["kills"], asked) == []
    assert any(line["status"] == 503 for line in asked)
    after = [line for line in asked if line["at"] > found["kills"]["back"] + evening.SETTLED]
    assert after
    assert all(line["status"] in (200, 302) for line in after)


def test_the_look_afterwards_sees_what_it_is_there_for(lived, place):
    """Something acknowledged that is not there is told, of each kind."""
    book = place.folder / "invented.jsonl"
    told = [
        {"acknowledged": "upload", "submission": 10**9, "sha256": "0" * 64},
        {"acknowledged": "draft", "address": "/drafts/1000000000/", "typed": {"case_id": "nowhere"}},
        {
            "acknowledged": "case",
            "address": "/drafts/1000000001/",
            "case_id": "nowhere",
            "place": "/workspace/collection/s/O/2025/",
        },
    ]
    book.write_text("\n".join(map(json.dumps, told)))
    wrong = json.loads(place.run("-m", "benchmarks.evening.kept", str(book)))["wrong"]
    assert len(wrong) == 3
    for word in ("submission 1000000000 was acknowledged", "draft /drafts/1000000000/", "keyed case nowhere has 0"):
        assert any(word in sentence for sentence in wrong)


def test_without_its_database_the_site_and_its_supervisor_stay(lived, place):
    """A page says to try again while the database is away; afterwards the worker is another one and the site answers."""
    supervisor = psutil.Process(place.serving.pid)
    place.kill_database()
    answers = set()
    for _ in range(20):
        status, text, again = ask(place)
        answers.add(status)
        assert "Traceback" not in text
        assert "The site is away for a moment" in text
        assert again == "10"
        time.sleep(0.1)
    assert answers == {503}
    place.revive_database()
    deadline = time.monotonic() + 60
    while (ask(place)[0] != http.client.OK or place.worker() is None) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert ask(place)[0] == http.client.OK
    assert place.worker() is not None
    assert supervisor.is_running()
    os.kill(supervisor.pid, signal.SIGTERM)
    assert place.serving.wait(60) == 0


def ask(place):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", place.port, timeout=30)) as asked:
        asked.request("GET", "/services/", headers={"Host": HOST, "X-Forwarded-Proto": "https"})
        answer = asked.getresponse()
        return answer.status, answer.read().decode(), answer.getheader("Retry-After")
