"""``plenary collection check``: findings on standard output, progress beside it, exit codes as agreed."""

import json
import tracemalloc

import pytest

from plenary.cli.main import main
from plenary_stats.ingest import RULES
from tests.factories.collection import DICTIONARY
from tests.factories.files import defects

FILES = {
    "collection.toml": 'label = "2025"\nperiod_start = 2025-01-01\nperiod_end = 2026-01-01\n',
    "services.csv": "service,name,category,description\nlam,LAM,,\n",
    "centres.csv": "service,centre,name,designated_from,designated_to\nlam,RX1,Nottingham,,\n",
    "lam/dictionary.csv": "Variable,Field Type,Field Label,Identifier?,Required?\ncase_id,text,Case,,y\nnhs_number,text,NHS,y,\n",
    "lam/cases.csv": "centre,case_id,area,nhs_number\nRX1,1,QHL,9434765919\nRX1,2,W92000004,\n",
}
SECRET = "9434765918"


@pytest.fixture
def collection(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def spoil(collection):
    (collection / "lam" / "cases.csv").write_text(f"centre,case_id,area,nhs_number\nRX1,1,Atlantis,{SECRET}\n", encoding="utf-8")


def test_a_sound_folder_exits_0(collection, capsys):
    assert main(["collection", "check", str(collection)]) == 0
    told = capsys.readouterr()
    assert "0 blocking" in told.err
    assert "2 cases of 1 services" in told.err
    assert "blocking " not in told.out


def test_a_blocking_finding_exits_1_and_says_where(collection, capsys):
    spoil(collection)
    assert main(["collection", "check", str(collection)]) == 1
    told = capsys.readouterr()
    assert "lam/cases.csv:2 nhs_number" in told.out
    assert "[nhs-number]" in told.out
    assert "lam/cases.csv:2 area" in told.out
    assert "0 cases" in told.err


def test_json_alone_on_standard_output(collection, capsys):
    spoil(collection)
    assert main(["collection", "check", str(collection), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["counts"] == {"blocking": 1, "warning": 1, "notice": 1}
    assert document["cases"] == {"lam": 0}
    assert set(document["inputs"]) == set(FILES)
    for finding in document["findings"]:
        assert set(finding) == {"file", "row", "field", "rule", "severity", "message", "remedy"}
        assert finding["rule"] in RULES


def test_an_identifier_is_never_repeated(collection, capsys):
    spoil(collection)
    main(["collection", "check", str(collection)])
    main(["collection", "check", str(collection), "--json"])
    told = capsys.readouterr()
    assert SECRET not in told.out + told.err


def test_no_folder_exits_2(tmp_path, capsys):
    assert main(["collection", "check", str(tmp_path / "nowhere")]) == 2
    assert "no folder" in capsys.readouterr().err


def test_every_file_with_a_defect_is_told_by_its_name(collection, capsys):
    (collection / "lam" / "cases.csv").unlink()
    (collection / "lam" / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
    for defect in defects():
        (collection / "lam" / f"cases-{defect.name}").write_bytes(defect.content)
    main(["collection", "check", str(collection), "--json"])
    document = json.loads(capsys.readouterr().out)
    for defect in defects():
        file = f"lam/cases-{defect.name}"
        found = [one for one in document["findings"] if one["file"] == file]
        told = [f"{one['severity']} {one['rule']} {one['row']} {one['field']}".rstrip() for one in found]
        if defect.refused:
            assert told == ["blocking unusable 0"]
        wanted = {one for one in defect.findings if one.startswith("blocking") and "duplicate-case" not in one}
        assert wanted <= set(told), defect.name
        assert set(defect.findings) - {"blocking missing-column 0 case_id"} <= set(told) | {"blocking missing-column 0 centre"}


def test_a_file_of_a_gigabyte_is_refused_before_it_is_read(collection, capsys):
    with (collection / "lam" / "cases.csv").open("r+b") as file:
        file.truncate(1_000_000_000)  # sparse: it takes no room
    tracemalloc.start()
    assert main(["collection", "check", str(collection)]) == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "'lam/cases.csv' is larger than 500 MB" in capsys.readouterr().out
    assert peak < 100_000_000


def test_another_file_of_a_gigabyte_is_refused_too(collection, capsys):
    with (collection / "lam" / "dictionary.csv").open("r+b") as file:
        file.truncate(1_000_000_000)
    assert main(["collection", "check", str(collection)]) == 2
    assert "'lam/dictionary.csv' is larger than 500 MB" in capsys.readouterr().err
