import json

import pytest

from plenary.cli.main import main
from tests.shared import SHARED, needs_shared

TABLE = "centre,region,value\nA,N,12\nA,S,40\nA,E,77\nA,Total,129\nB,N,50\nB,S,66\nB,E,31\nB,Total,147\nTotal,N,62\nTotal,S,106\nTotal,E,108\nTotal,Total,276\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "table.csv").write_text(TABLE)
    (tmp_path / "policy.toml").write_text("threshold = 30\n")
    return tmp_path


def run(*arguments) -> int:
    return main(["disclosure", *map(str, arguments)])


def test_protect_then_audit(folder, capsys):
    done = run("protect", folder / "in" / "table.csv", "--policy", folder / "policy.toml", "--out", folder / "out", "--json")
    report = json.loads(capsys.readouterr().out)
    assert done == 0
    assert report["totals"]["primary"] == 1
    assert report["totals"]["exact"] == report["totals"]["narrow"] == 0
    written = (folder / "out" / "table.csv").read_text()
    assert "A,N,,c" in written
    assert "A,Total,129," in written
    assert json.loads((folder / "out" / "audit.json").read_text())["cells"] == report["cells"]
    assert run("audit", folder / "out", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again["cells"] == report["cells"]
    assert set(again["cells"][0]) >= {"centre", "region", "low", "high", "verdict"}


def test_audit_fails_and_names_the_cell_where_a_total_gives_it_away(folder, capsys):
    (folder / "in" / "table.csv").write_text(TABLE.replace("A,N,12", "A,N,"))
    assert run("audit", folder / "in") == 1
    assert "centre A, region N, quantity patients, low 12, high 12, verdict exact" in capsys.readouterr().out


def test_audit_uses_earlier_editions(folder, capsys):
    for name, rows in {"now": "A,2025,\nA,2024-2025,72\n", "before": "A,2024,60\n"}.items():
        (folder / name).mkdir()
        (folder / name / "t.csv").write_text("centre,period,value\n" + rows)
    assert run("audit", folder / "now", "--json") == 0
    assert run("audit", folder / "now", "--previous", folder / "before", "--json") == 1
    assert '"low": 12, "high": 12' in capsys.readouterr().out


def test_an_edition_folder_is_read_with_its_own_policy(folder, capsys):
    data = folder / "edition" / "data"
    data.mkdir(parents=True)
    (data / "services.csv").write_text("service,name\ns,S\n")
    (data / "activity.csv").write_text(
        "edition,service,centre,measure,value,status,note\n2025,s,A,patients,,c,\n2025,s,B,patients,,c,\n2025,s,Total,patients,8,,\n"
    )
    (folder / "edition" / "disclosure.json").write_text(json.dumps({"policy": {"threshold": 3, "minimum_width": 8}}))
    assert run("audit", folder / "edition", "--json") == 0
    assert json.loads(capsys.readouterr().out)["cells"][0]["high"] == 8
    (folder / "edition" / "disclosure.json").write_text(json.dumps({"policy": {"minimum_width": 9}}))
    assert run("audit", folder / "edition", "--json") == 1


@needs_shared("oracle", "disclosure", "enumerated", "linked136")
def test_hierarchies_beside_the_tables_are_used(capsys):
    assert run("audit", SHARED / "oracle" / "disclosure" / "enumerated" / "linked136", "--json") == 1
    cells = {cell["region"]: cell for cell in json.loads(capsys.readouterr().out)["cells"]}
    assert (cells["K"]["low"], cells["K"]["high"], cells["K"]["verdict"]) == (3, 3, "exact")


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "nowhere"),
        ("audit", "."),
        ("protect", "in/none.csv", "--policy", "policy.toml", "--out", "out"),
        ("protect", "in/table.csv", "--policy", "none.toml", "--out", "out"),
        ("protect", "in/table.csv", "in/table.csv", "--policy", "policy.toml", "--out", "out"),
        ("protect", "in/table.csv", "--policy", "policy.toml", "--out", "in"),
        ("protect", "policy.toml", "--policy", "policy.toml", "--out", "out"),
    ],
)
def test_unusable_arguments_end_with_2_and_touch_nothing(folder, monkeypatch, capsys, arguments):
    monkeypatch.chdir(folder)
    assert run(*arguments) == 2
    assert capsys.readouterr().err.startswith("plenary: ")
    assert (folder / "in" / "table.csv").read_text() == TABLE
    assert not (folder / "out").exists()
