import json
import shutil
from dataclasses import replace

import pytest

from plenary.editions.render import content, data, write
from plenary_stats.errors import InputError
from tests.unit.editions.published import approved, files, lay
from tests.unit.editions.sample import SECRET, activity_rows
from tests.unit.editions.tables import protected


def made(out, **changes):
    inputs = approved(**changes)
    return write.write(content.build(inputs), inputs, out)


def test_the_folder_holds_what_was_agreed():
    assert set(files()) == {
        "index.html",
        "assets/edition.css",
        "services/adult-ecmo.html",
        "services/lymphangioleiomyomatosis.html",
        "edition.pdf",
        "slides/adult-ecmo.pptx",
        "slides/lymphangioleiomyomatosis.pptx",
        *(
            f"data/{name}.csv"
            for name in ("services", "centres", "activity", "outcomes", "access", "spend", "completeness", "curves")
        ),
        "data/datapackage.json",
        "edition.json",
        "disclosure.json",
        "manifest.json",
    }


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    made(tmp_path / "again")
    assert write.read_back(tmp_path / "again") == files()


def test_the_manifest_vouches_for_every_file_and_for_itself():
    manifest = json.loads(files()["manifest.json"])
    assert {path: one["sha256"] for path, one in manifest["files"].items()} == {
        path: write.digest(words) for path, words in files().items() if path != "manifest.json"
    }
    rest = {name: value for name, value in manifest.items() if name != "digest"}
    assert manifest["digest"] == write.digest(write.canonical(rest))
    assert manifest["inputs"] == {"collection.toml": "0" * 64}
    assert manifest["definitions"] == {"adult-ecmo/outcomes": "2026-1"}
    assert manifest["code"]["typst"]


def test_nothing_withheld_is_in_any_byte_of_the_edition():
    for path, words in files().items():
        assert f"{SECRET:.0f}".encode() not in words, path
        assert f"{SECRET:,.0f}".encode() not in words, path


def test_a_draft_may_be_built_again_in_its_place(tmp_path):
    out = lay(tmp_path / "edition")
    (out / "left.txt").write_text("from before")
    made(out, nation="Wales")
    assert not (out / "left.txt").exists()
    assert json.loads((out / "edition.json").read_bytes())["edition"]["nation"] == "Wales"
    assert [path.name for path in tmp_path.iterdir()] == ["edition"]


def test_an_approved_edition_never_changes(tmp_path):
    agreed = {"reviewers": ("A", "B"), "draft": False}
    made(tmp_path / "edition", **agreed)
    before = write.read_back(tmp_path / "edition")
    made(tmp_path / "edition", **agreed)
    with pytest.raises(InputError, match="never changes"):
        made(tmp_path / "edition", **agreed, nation="Wales")
    assert write.read_back(tmp_path / "edition") == before


def test_a_folder_that_is_no_edition_is_left_alone(tmp_path):
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(InputError, match="not an edition"):
        made(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_an_empty_folder_is_filled_and_missing_parents_are_made(tmp_path):
    (tmp_path / "empty").mkdir()
    made(tmp_path / "empty")
    made(tmp_path / "a" / "b")
    assert write.read_back(tmp_path / "empty") == write.read_back(tmp_path / "a" / "b") == files()


def test_a_half_written_attempt_is_thrown_away_and_never_seen(tmp_path):
    (tmp_path / ".edition.building").mkdir()
    (tmp_path / ".edition.building" / "half.html").write_text("<ht")
    made(tmp_path / "edition")
    assert write.read_back(tmp_path / "edition") == files()
    assert [path.name for path in tmp_path.iterdir()] == ["edition"]


def test_a_failure_leaves_the_standing_edition_as_it_was(tmp_path, monkeypatch):
    out = lay(tmp_path / "edition")

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(write.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        made(out, nation="Wales")
    assert write.read_back(out) == files()


def given_away():
    """Return tables of which a withheld number is the difference of two shown ones."""
    rows = [row for row in activity_rows() if row["centre"] in {"Total", "RJ1", "R0A"}]
    return (protected("activity", [row | {"value": None} if row["status"] else row for row in rows]),)


def test_tables_that_give_a_withheld_number_away_are_never_written(tmp_path):
    inputs = approved(tables=given_away())
    with pytest.raises(InputError, match="give withheld numbers away"):
        write.write(content.build(inputs), inputs, tmp_path / "edition")
    assert list(tmp_path.iterdir()) == []


def test_tables_that_give_a_withheld_number_away_leave_the_standing_edition_as_it_was(tmp_path):
    out = lay(tmp_path / "edition")
    with pytest.raises(InputError, match="give withheld numbers away"):
        made(out, tables=given_away(), draft=True)
    assert write.read_back(out) == files()


def test_an_earlier_edition_counts_in_the_audit():
    inputs = approved(tables=tuple(table for table in approved().tables if table.name != "completeness"))
    rows = [row | ({"value": 31.0, "status": ""} if row["centre"] == "RT3" else {}) for row in activity_rows()]
    told = data.tables(data.render(approved(tables=(protected("activity", rows),))))
    tables = data.render(inputs)
    alone, linked = (
        {
            (cell["centre"], cell["quantity"]): cell["verdict"]
            for cell in json.loads(write.audit(tables, replace(inputs, earlier=(tuple(earlier),))))["audit"]["cells"]
        }
        for earlier in ((), told)
    )
    assert alone["RT3", "patients"] == "safe"
    assert linked["RT3", "patients"] == "public"


def test_the_version_of_the_code_follows_its_sources(tmp_path):
    assert write.code_version() == write.code_version()
    assert "(" in write.code_version()
    shutil.copy(write.__file__, tmp_path / "one.py")
    assert [name for name, _ in write._sources(tmp_path, "here")] == ["here/one.py"]


def test_progress_is_told(tmp_path):
    said = []
    inputs = approved()
    write.write(content.build(inputs), inputs, tmp_path / "edition", said.append)
    assert said == [
        "Drawing the charts",
        "Attacking what will be published",
        "Writing the slides",
        "Writing the pages",
        "Waiting for the PDF",
        "Writing the folder",
    ]
