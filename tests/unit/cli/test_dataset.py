"""``plenary dataset``: results on standard output, messages beside it, exit codes as agreed."""

import json
import time
from pathlib import Path

import pytest

from plenary.cli.main import main
from plenary_stats.dictionary.document import Dictionary, entry, write
from plenary_stats.dictionary.mapping import read_mapping
from plenary_stats.findings import RULES

GOLDEN = Path(__file__).parents[2] / "golden" / "dictionaries"
CASE = entry(name="case_id", type="text", label="Case", form="case", required="y")
STATUS = entry(name="status", type="radio", label="Status", form="case", choices="1, Alive | 2, Dead")


@pytest.fixture
def files(tmp_path):
    """Write two versions, and one that cannot be used."""
    folder = tmp_path / "lam"
    folder.mkdir()
    words = entry(name="status", type="radio", label="Status", form="case", choices="alive, Alive | dead, Dead")
    made = {"2026-1": (CASE, STATUS), "2027-1": (CASE, words, entry(name="seen", type="text", label="Seen", form="case", required="y")),
            "broken": (CASE, entry(name="x", type="radio", form="case", choices="Yes"))}  # fmt: skip
    for name, entries in made.items():
        (folder / f"{name}.csv").write_bytes(write(Dictionary(entries)))
    return folder


def run(capsys, *words):
    code = main(["dataset", *map(str, words)])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_sound_dictionary_exits_0(files, capsys):
    assert run(capsys, "check", files / "2026-1.csv") == (0, "", "2 fields in 1 forms. 0 blocking, 0 warnings, 0 notices.\n")


def test_findings_name_row_field_rule_and_remedy(files, capsys):
    code, out, err = run(capsys, "check", files / "broken.csv")
    assert code == 1
    assert out == (
        "blocking  broken.csv:3 x  The choices of 'x' cannot be read. Choices are written '1, Yes | 2, No'; found 'Yes'. "
        "Write 1, Yes | 2, No.  [choices]\n"
    )
    assert "1 blocking" in err


def test_check_as_json(capsys):
    code, out, _ = run(capsys, "check", GOLDEN / "longitudinal.csv", "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["fields"], document["forms"], document["counts"]) == (11, 2, {"blocking": 0, "warning": 0, "notice": 9})
    for one in document["findings"]:
        assert set(one) == {"file", "row", "field", "rule", "severity", "message", "remedy"}
        assert one["rule"] in RULES


def test_a_file_that_is_no_dictionary_exits_2(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("a,b\n", encoding="utf-8")
    code, out, err = run(capsys, "check", tmp_path / "a.csv")
    assert (code, out) == (2, "")
    assert "no column 'Variable / Field Name'" in err
    code, out, err = run(capsys, "check", tmp_path / "absent.csv")
    assert (code, out) == (2, "")
    assert "absent.csv" in err


@pytest.mark.parametrize(
    "words",
    [
        ["check", "HUGE"],
        ["diff", "HUGE", "HUGE"],
        ["export", "HUGE", "--as", "guide", "--out", "OUT"],
        ["map", "HUGE", "HUGE", "--out", "OUT"],
    ],
)
def test_a_gigabyte_is_refused_without_being_read(tmp_path, capsys, words):
    """It has a hole for its bytes, and no memory is asked for them: read whole, it took seven times its size."""
    huge, out = tmp_path / "huge.csv", tmp_path / "out"
    with huge.open("wb") as file:
        file.truncate(1_000_000_000)
    start = time.process_time()
    code, _, said = run(capsys, *(str({"HUGE": huge, "OUT": out}.get(word, word)) for word in words))
    assert (code, "'huge.csv' is larger than 10 MB" in said) == (2, True)
    assert not out.exists()
    assert time.process_time() - start < 5


def test_what_changed_and_what_it_does(files, capsys):
    code, out, err = run(capsys, "diff", files / "2026-1.csv", files / "2027-1.csv")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith(
        "! Changed  status  Choice taken away: 1 = Alive → (nothing). The value '1' is refused until it is recoded."
    )
    assert lines[-1] == "! Added    seen  Field: (nothing) → Seen. Files without this column are refused: it is required."
    assert err == "5 changes; 3 of them may have files of the earlier version refused.\n"


def test_what_changed_as_json(files, capsys):
    code, out, _ = run(capsys, "diff", files / "2026-1.csv", files / "2027-1.csv", "--json")
    document = json.loads(out)
    assert (code, document["breaking"], len(document["changes"])) == (0, 3, 5)
    assert document["changes"][0]["breaks"] is True
    assert run(capsys, "diff", files / "2026-1.csv", files / "2026-1.csv") == (0, "", "No change.\n")


def test_versions_that_cannot_be_used_are_refused(files, capsys):
    code, out, err = run(capsys, "diff", files / "2026-1.csv", files / "broken.csv")
    assert (code, out) == (2, "")
    assert "broken.csv cannot be used: row 3" in err


@pytest.mark.parametrize(
    ("kind", "begins"),
    [("odm", b"<?xml version='1.0'"), ("fhir", b"{\n"), ("guide", b"<!DOCTYPE html>"), ("redcap", b"Variable / Field Name,")],
)
def test_a_data_set_is_written_for_others(files, tmp_path, capsys, kind, begins):
    out = tmp_path / "out"
    code, printed, err = run(capsys, "export", files / "2026-1.csv", "--as", kind, "--out", out, "--dated", "2026-11-30")
    assert (code, printed) == (0, "")
    assert out.read_bytes().startswith(begins)
    assert f"{out}: " in err
    if kind == "redcap":
        assert out.read_bytes() == (files / "2026-1.csv").read_bytes()
    else:
        assert b"2026-1" in out.read_bytes()
        assert b"2026-11-30" in out.read_bytes()
        assert b"Proposed" in out.read_bytes()


def test_an_agreed_data_set_says_when(files, tmp_path, capsys):
    words = [
        "--as",
        "fhir",
        "--out",
        tmp_path / "out",
        "--agreed-on",
        "2026-03-12",
        "--title",
        "LAM",
        "--service",
        "x",
        "--version",
        "9",
    ]
    assert run(capsys, "export", files / "2026-1.csv", *words)[0] == 0
    document = json.loads((tmp_path / "out").read_bytes())
    assert (document["status"], document["title"], document["version"]) == ("active", "LAM", "9")
    assert document["url"] == "urn:plenary:data-set:x"
    assert len(document["date"]) == 10  # today, where no day is given


def test_what_an_export_leaves_out_is_told(tmp_path, capsys):
    words = ["--as", "odm", "--out", tmp_path / "out", "--json"]
    code, out, err = run(capsys, "export", GOLDEN / "every-type.csv", *words)
    document = json.loads(out)
    assert code == 0
    assert (document["as"], document["bytes"]) == ("odm", (tmp_path / "out").stat().st_size)
    assert "'hello' is a text on the form, for which ODM has no place." in document["left_out"]
    assert document["left_out"][0] in err


@pytest.mark.parametrize("words", [["--as", "pdf"], ["--as", "odm", "--dated", "yesterday"], []])
def test_unusable_arguments_exit_2(files, tmp_path, capsys, words):
    with pytest.raises(SystemExit) as ended:
        main(["dataset", "export", str(files / "2026-1.csv"), "--out", str(tmp_path / "out"), *words])
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


def test_a_mapping_is_drawn_up(files, tmp_path, capsys):
    code, out, err = run(capsys, "map", files / "2026-1.csv", files / "2027-1.csv", "--out", tmp_path / "mapping.toml", "--json")
    found = read_mapping((tmp_path / "mapping.toml").read_bytes())
    assert (code, json.loads(out)["fields"]) == (0, 1)
    assert (found.service, found.old, found.new) == ("lam", "2026-1", "2027-1")
    assert dict(found.rules[0].recode) == {"1": "alive", "2": "dead"}
    assert "1 fields to look through" in err
