"""The examples of the handbook, run as they stand there against a real server."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from plenary.collection.actions import systems
from plenary.collection.models import Submission
from plenary.core.models import StoredBytes
from tests.factories.collection import case, case_file, lead, make_centre

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(pytestconfig):
    return (pytestconfig.rootpath / "docs" / "handbook" / "api.md").read_text("utf-8")


@pytest.fixture
def key():
    centre = make_centre("adult-ecmo", "RJ1")
    return systems.issue_key(centre=centre, name="PAS", by=lead(centre))


def example(page, language):
    return re.search(rf"```{language}\n(.*?)```", page, re.DOTALL)[1]


def test_the_python_example_sends_a_file(page, key, live_server, tmp_path):
    (tmp_path / "send.py").write_text(example(page, "python"), "utf-8")
    (tmp_path / "cases.csv").write_bytes(case_file(case("A1"), case("B2", sex="x")))
    arguments = [live_server.url, key[0].key_id, key[1], "cases.csv"]
    done = subprocess.run(
        [sys.executable, "send.py", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["state"], told["counts"]["blocking"]) == ("checked", 1)
    assert StoredBytes.objects.filter(pk=told["sha256"], erased_at=None).exists()


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="curl and openssl are not here")
def test_the_curl_example_asks_how_far_it_is(page, key, live_server):
    assert not Submission.objects.exists()
    environment = os.environ | {"SITE": live_server.url, "KEY": key[0].key_id, "SECRET": key[1]}
    done = subprocess.run(
        ["bash", "-c", example(page, "sh")], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert json.loads(done.stdout) == {"error": "There is no submission 1."}, done.stderr
