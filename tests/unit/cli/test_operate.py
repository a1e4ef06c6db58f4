"""The arguments: what is offered, and what is refused before anything runs."""

from __future__ import annotations

import pytest

from plenary.cli import operation
from plenary.cli.main import main, parser

VERBS = [
    ["serve", "--host", "0.0.0.0", "--port", "80", "--processes", "3", "--no-worker", "--check"],
    ["migrate"],
    ["backup", "--out", "x.tar"],
    ["restore", "x.tar"],
    ["user", "add", "a@example.org", "--name", "Ada", "--password-stdin"],
    ["user", "appoint", "a@example.org", "centre-lead", "adult-ecmo/RJ1", "--from", "2026-01-01", "--to", "2027-01-01"],
    ["user", "end", "a@example.org", "centre-lead", "adult-ecmo/RJ1"],
    ["user", "close", "a@example.org"],
    ["user", "reset-mfa", "a@example.org"],
    ["user", "list"],
    ["audit", "verify", "--head", "abc"],
]


@pytest.mark.parametrize("words", VERBS, ids=lambda words: " ".join(words[:2]))
def test_every_verb_is_offered_with_json_and_has_its_function(words):
    arguments = parser().parse_args([*words, "--json"])
    assert arguments.json is True
    assert arguments.run is operation.run
    assert callable(arguments.verb)


@pytest.mark.parametrize(
    "words",
    [
        ["backup"],
        ["restore"],
        ["user"],
        ["user", "add", "a@example.org"],
        ["user", "appoint", "a@example.org"],
        ["user", "appoint", "a@example.org", "centre-lead", "x/RJ1", "--to", "1 May"],
        ["serve", "--port", "http"],
        ["dance"],
    ],
)
def test_unusable_arguments_end_with_2_and_a_reason(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("plenary")
