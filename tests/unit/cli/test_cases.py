"""``plenary cases ascertain``: files in, the answer in a file, progress beside it, exit codes as agreed."""

import csv
import io
import json
from pathlib import Path

import pytest

from plenary.cli.main import main
from plenary.collection import queries
from plenary_episodes.pseudonyms import VARIABLE, Pseudonyms
from tests.factories import ascertainment as hospital
from tests.factories.collection import END, START, make_centre
from tests.unit.plenary_episodes import made
from tests.unit.plenary_episodes.made import NHS


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Files of a nation of three, and the arguments that name them."""
    monkeypatch.delenv(VARIABLE, raising=False)
    made.layout(tmp_path)
    places = {
        "--episodes": made.episodes(tmp_path, {"NHS NO": NHS[0]}, {"NHS NO": NHS[1]}),
        "--rules": made.rule_file(tmp_path),
        "--cases": made.cases(tmp_path, {"nhs_number": NHS[0]}, {"nhs_number": NHS[2]}),
        "--out": tmp_path / "answer.json",
        "--layouts": tmp_path / "layouts",
    }
    return {name: str(path) for name, path in places.items()}


def run(given, *more):
    return main(["cases", "ascertain", *(word for pair in given.items() for word in pair), *more])


def answer(given):
    return json.loads(Path(given["--out"]).read_text(encoding="utf-8"))


def test_the_answer_is_a_json_document(given, capsys):
    assert run(given) == 0
    told = capsys.readouterr()
    assert told.out == ""
    counts = answer(given)["counts"]
    assert (counts["expected"], counts["matched"], counts["missing"], counts["series_only"]) == (2, 1, 1, 1)
    assert "expected 2, matched 1, review 0, missing 1" in told.err
    assert "No key was given" in told.err
    assert "File 1 of 1" in told.err


def test_json_alone_on_standard_output(given, capsys):
    assert run(given, "--json") == 0
    assert json.loads(capsys.readouterr().out) == answer(given)


def test_a_name_in_csv_gives_the_list_of_cases(given, tmp_path):
    given["--out"] = str(tmp_path / "answer.CSV")
    assert run(given) == 0
    rows = list(csv.DictReader(io.StringIO(Path(given["--out"]).read_text(encoding="utf-8"))))
    assert sorted(row["status"] for row in rows) == ["matched", "missing", "series-only"]


def test_refused_rows_are_blocking_and_the_answer_is_written_all_the_same(given, tmp_path):
    made.cases(tmp_path, {"nhs_number": NHS[0]}, {"centre": ""})
    assert run(given) == 1
    assert answer(given)["counts"]["cases_refused"] == 1


def test_the_key_is_of_a_file_or_of_the_environment(given, tmp_path, monkeypatch, capsys):
    key = "0123456789abcdef" * 2
    (tmp_path / "key").write_text(key, encoding="utf-8")
    wanted = Pseudonyms(key.encode()).nhs_numbers([NHS[0]])[0]
    assert run(given, "--key", str(tmp_path / "key")) == 0
    assert wanted in {row["person"] for row in answer(given)["cases"]}
    monkeypatch.setenv(VARIABLE, key)
    assert run(given) == 0
    assert wanted in {row["person"] for row in answer(given)["cases"]}
    told = capsys.readouterr()
    assert key not in told.out + told.err
    assert "No key" not in told.err


def test_the_shipped_layouts_and_rules_are_known(given, tmp_path):
    headings = ("EPIKEY", "NEWNHSNO", "PROCODET", "EPISTART", "STARTAGE", "DIAG_01")
    row = {"EPIKEY": "1", "NEWNHSNO": NHS[0], "PROCODET": "R1H01", "EPISTART": "2025-06-01", "STARTAGE": "3", "DIAG_01": "C692"}
    made.episodes(tmp_path, row, headings=headings)
    del given["--layouts"]
    given["--rules"] = str(made.FOLDER / "definitions" / "identification")
    made.cases(tmp_path, {"nhs_number": NHS[0], "service": "retinoblastoma"})
    assert run(given) == 0
    assert answer(given)["counts"]["matched"] == 1
    assert {rule["service"] for rule in answer(given)["rules"]} >= {"retinoblastoma", "ecmo-adult"}


@pytest.mark.parametrize("name", ["--episodes", "--rules", "--cases"])
def test_what_is_not_there_exits_2(given, name, capsys):
    given[name] += ".nowhere"
    assert run(given) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["--episodes", "--rules", "--cases"])
def test_no_input_is_written_over(given, place, capsys):
    before = Path(given[place]).read_bytes()
    given["--out"] = given[place]
    assert run(given) == 2
    assert "is an input" in capsys.readouterr().err
    assert Path(given[place]).read_bytes() == before


def test_a_place_that_cannot_be_written_is_known_before_the_work(given, tmp_path, capsys):
    for place in (tmp_path, tmp_path / "no" / "answer.json"):
        assert run({**given, "--out": str(place)}) == 2
        told = capsys.readouterr()
        assert "choose a file in a folder that exists" in told.err
        assert "File 1" not in told.err


def test_an_unknown_engine_and_a_short_key_exit_2(given, tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        run(given, "--engine", "sqlite")
    assert left.value.code == 2
    (tmp_path / "key").write_text("short", encoding="utf-8")
    assert run(given, "--key", str(tmp_path / "key")) == 2
    assert "shorter than 32" in capsys.readouterr().err


def test_an_answer_that_would_leak_is_not_written(given, tmp_path, capsys):
    made.episodes(tmp_path, {"NHS NO": NHS[0]}, {"NHS NO": NHS[1], "ROW": f"x{NHS[0]}"})
    assert run(given) == 2
    assert not (tmp_path / "answer.json").exists()
    told = capsys.readouterr()
    assert "nothing was written" in told.err
    assert NHS[0] not in told.err + told.out


def test_a_policy_of_ones_own_sets_the_thresholds(given, tmp_path):
    (tmp_path / "p.toml").write_text('version = "mine"\n[body]\naccept = 0.95\nreview = 0.3\n', encoding="utf-8")
    assert run(given, "--policy", str(tmp_path / "p.toml")) == 0
    assert answer(given)["linkage"]["policy"] == {"accept": 0.95, "review": 0.3, "version": "mine"}


def test_a_period_is_counted_alone(given):
    assert run(given, "--from", "2026-01-01") == 0
    counts = answer(given)["counts"]
    assert (counts["expected"], counts["expected_outside"], counts["cases_outside"]) == (0, 2, 2)
    assert run(given, "--from", "2025-01-01", "--to", "2026-01-01") == 0
    assert answer(given)["counts"]["expected"] == 2
    assert answer(given)["period"] == {"from": "2025-01-01", "to": "2026-01-01"}


def test_what_is_no_day_is_refused_before_anything_is_read(given, capsys):
    with pytest.raises(SystemExit) as ended:
        run(given, "--from", "June")
    assert ended.value.code == 2
    assert "'June' is no day" in capsys.readouterr().err
    assert run(given, "--from", "2026-01-01", "--to", "2025-01-01") == 2
    assert not Path(given["--out"]).exists()


@pytest.mark.django_db
def test_an_answer_is_taken_into_the_register(tmp_path, capsys):
    centre = make_centre()
    path = tmp_path / "answer.json"
    path.write_bytes(hospital.answer(hospital.row("missing", "ann"), hospital.row("missing", "ben", event_on="2024-01-01")))
    year = ["--from", "2025-01-01", "--to", "2026-01-01"]
    assert main(["cases", "load", str(path), *year, "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["adult-ecmo"]["outside"] == 1
    assert "adult-ecmo: expected 2, matched 0, review 0, missing 1" in told.err
    assert [one.status for one in queries.accounts(centre, START, END)] == ["missing"]
    assert main(["cases", "load", str(path), "--from", "2026-01-01", "--to", "2025-01-01"]) == 2
    path.write_bytes(hospital.answer(hospital.row("missing", "ann", service="eyes")))
    assert main(["cases", "load", str(path), *year]) == 2
    assert "no service that is registered" in capsys.readouterr().err
    assert main(["cases", "load", str(tmp_path / "none.json"), *year]) == 2
