"""What every command keeps: exit codes, one JSON document alone on standard output, messages beside it."""

from __future__ import annotations

import argparse
import json
import shutil

import pytest

from plenary.cli.main import main, parser
from tests.unit.cli.test_collection import FILES

POLICY = "threshold = 30\n"
TABLE = "centre,value\nA,400\nB,12\nC,350\nTotal,762\n"


def verbs(tree, path=()):
    """Yield the words of every command of the tree, with its parser."""
    below = [action for action in tree._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield path, tree
    for action in below:
        for word, child in action.choices.items():
            yield from verbs(child, (*path, word))


COMMANDS = dict(verbs(parser()))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a sound collection, a broken one, and tables to protect."""
    for name, text in FILES.items():
        for folder in ("sound", "broken"):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    (tmp_path / "broken" / "centres.csv").write_text("service,centre,name\nnobody,RX1,Nottingham\n", encoding="utf-8")
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_command_explains_itself_and_exits_0(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    told = capsys.readouterr()
    assert ended.value.code == 0
    assert told.out.startswith(f"usage: plenary {' '.join(words)}")
    assert told.err == ""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_command_refuses_an_argument_that_it_does_not_know(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*words, "--no-such-option", "x"])
    told = capsys.readouterr()
    assert ended.value.code == 2
    assert told.out == ""
    assert "--help" in told.err


@pytest.mark.parametrize("argv", [[], ["nonsense"], ["collection"], ["edition", "unbuild"], ["disclosure", "protect"]])
def test_half_a_command_exits_2_and_says_how_to_ask(argv, capsys):
    with pytest.raises(SystemExit) as ended:
        main(argv)
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (2, "")
    assert "Try 'plenary" in told.err


UNUSABLE = [
    ["collection", "check", "nowhere"],
    ["collection", "check", "empty"],
    ["collection", "check", "table.csv"],
    ["edition", "build", "nowhere", "--out", "out"],
    ["edition", "build", "empty", "--out", "out"],
    ["edition", "build", "sound", "--out", "out", "--previous", "empty"],
    ["edition", "verify", "nowhere"],
    ["disclosure", "protect", "nowhere.csv", "--policy", "policy.toml", "--out", "out"],
    ["disclosure", "protect", "table.csv", "--policy", "nowhere.toml", "--out", "out"],
    ["disclosure", "protect", "table.csv", "--policy", "table.csv", "--out", "out"],
    ["disclosure", "protect", "policy.toml", "--policy", "policy.toml", "--out", "out"],
    ["disclosure", "audit", "nowhere"],
]


@pytest.mark.parametrize("argv", UNUSABLE, ids=" ".join)
@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
def test_unusable_input_exits_2_with_one_sentence_and_no_output(place, argv, as_json, capsys):
    assert main([*argv, *(["--json"] if as_json else [])]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "plenary: " in told.err
    assert "Traceback" not in told.err
    assert not (place / "out").exists() or not any((place / "out").iterdir())


RUNS = {
    "a sound collection": (["collection", "check", "sound"], 0),
    "a broken collection": (["collection", "check", "broken"], 1),
    "an edition of a broken collection": (["edition", "build", "broken", "--out", "out"], 1),
    "tables protected": (["disclosure", "protect", "table.csv", "--policy", "policy.toml", "--out", "out"], 0),
    "an invented world": (["demo", "world", "--out", "out", "--services", "1", "--years", "1", "--cases-per-year", "60"], 0),
}


@pytest.mark.parametrize("what", RUNS)
def test_json_is_one_document_alone_and_the_exit_code_is_the_same(place, what, capsys):
    argv, code = RUNS[what]
    assert main([*argv, "--json"]) == code
    told = capsys.readouterr()
    assert isinstance(json.loads(told.out), dict)
    shutil.rmtree(place / "out", ignore_errors=True)
    assert main(argv) == code
    assert not capsys.readouterr().out.startswith("{")


@pytest.mark.parametrize("what", RUNS)
def test_said_twice_it_is_the_same(place, what, capsys):
    argv, _ = RUNS[what]
    said = []
    for _ in range(2):
        shutil.rmtree(place / "out", ignore_errors=True)
        main([*argv, "--json"])
        document = json.loads(capsys.readouterr().out)
        said.append({key: value for key, value in document.items() if key != "seconds"})
        for timed in (said[-1].get("totals"), said[-1].get("audit")):
            if isinstance(timed, dict):
                timed.pop("seconds", None)
    assert said[0] == said[1]


@pytest.mark.parametrize("option", ["--services", "--years", "--cases-per-year"])
@pytest.mark.parametrize("number", ["0", "-1", "1.5", "many", ""])
def test_a_world_has_a_positive_size(place, option, number, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["demo", "world", "--out", "out", f"{option}={number}"])
    assert ended.value.code == 2
    assert option in capsys.readouterr().err
    assert not (place / "out").exists()


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(place, capsys):
    def world(out, seed):
        main(["demo", "world", "--out", out, "--seed", seed, "--services", "2", "--years", "1", "--cases-per-year", "80"])
        return {path.relative_to(place / out): path.read_bytes() for path in (place / out).rglob("*") if path.is_file()}

    first = world("one", "5")
    assert first == world("two", "5")
    assert first != world("three", "6")


def test_only_the_noun_that_is_asked_for_is_loaded():
    assert set(dict(verbs(parser(["edition"])))) == {words for words in COMMANDS if words[0] == "edition"}


def test_help_on_the_whole_names_every_noun(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert {words[0] for words in COMMANDS if words[0] not in told} == set()


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (PermissionError(13, "Permission denied", "/the/place"), "plenary: /the/place: Permission denied\n"),
        (OSError(28, "No space left on device"), "plenary: No space left on device\n"),
        (IsADirectoryError(21, "Is a directory", "out"), "plenary: out: Is a directory\n"),
        (OSError("odd"), "plenary: odd\n"),
    ],
)
def test_a_place_that_refuses_is_told_in_one_line(place, monkeypatch, capsys, problem, said):
    def refuse(*_, **__):
        raise problem

    monkeypatch.setattr("plenary.cli.collection.folder.read", refuse)
    assert main(["collection", "check", "sound"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith(said)
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    "argv",
    [
        ["demo", "world", "--out", "table.csv/inside"],
        ["edition", "build", "sound", "--out", "table.csv"],
        ["edition", "verify", "table.csv"],
        ["disclosure", "protect", "table.csv", "--policy", "policy.toml", "--out", "table.csv/inside"],
        ["disclosure", "audit", "table.csv"],
        ["backup", "--out", "empty"],
    ],
    ids=" ".join,
)
def test_a_file_where_a_folder_belongs_is_refused_and_left_alone(place, argv, capsys):
    before = (place / "table.csv").read_bytes()
    assert main(argv) == 2
    told = capsys.readouterr()
    assert (told.out, "Traceback" in told.err) == ("", False)
    assert (place / "table.csv").read_bytes() == before
    assert list((place / "empty").iterdir()) == []


def test_a_fault_of_our_own_is_not_hidden(place, monkeypatch):
    def fault(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("plenary.cli.collection.folder.read", fault)
    with pytest.raises(ZeroDivisionError):
        main(["collection", "check", "sound"])
