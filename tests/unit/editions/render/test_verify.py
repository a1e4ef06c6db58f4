import json
import re

import pytest

from plenary.editions.render import content, write
from plenary.editions.render.verify import changed, published, verify
from plenary.editions.terms import TABLES
from plenary_stats.errors import InputError
from tests.unit.editions.published import approved, files, lay


def files_of(report):
    return {problem["file"] for problem in report["problems"]}


def rehashed(changed):
    """Return the manifest that somebody would write who changes files and hides it well."""
    manifest = json.loads(files()["manifest.json"])
    del manifest["digest"]
    for path, words in changed.items():
        manifest["files"][path] = {"sha256": write.digest(words), "bytes": len(words)}
    return {**changed, "manifest.json": write.canonical(manifest | {"digest": write.digest(write.canonical(manifest))})}


def test_an_untouched_edition_is_verified(tmp_path):
    report = verify(lay(tmp_path))
    assert report["problems"] == []
    assert report["verified"] is True
    assert (report["audit"]["exact"], report["audit"]["narrow"]) == (0, 0)
    assert report["audit"]["withheld_rows"] > 0


@pytest.mark.parametrize("path", sorted(files()))
def test_one_changed_byte_in_any_file_is_found(tmp_path, path):
    words = bytearray(files()[path])
    place = len(words) // 2
    words[place] ^= 1
    try:
        report = verify(lay(tmp_path, {path: bytes(words)}))
    except InputError:
        assert path in {"manifest.json", "edition.json"}
        return
    assert report["verified"] is False
    assert path in files_of(report)


def test_a_missing_and_a_strange_file_are_found(tmp_path):
    folder = lay(tmp_path, {"data/extra.csv": b"x\n"})
    (folder / "index.html").unlink()
    assert files_of(verify(folder)) == {"index.html", "data/extra.csv"}


def test_a_changed_figure_in_the_data_is_found_even_when_the_manifest_was_rewritten(tmp_path):
    words = files()["data/activity.csv"].replace(b",patients,640,", b",patients,641,")
    report = verify(lay(tmp_path, rehashed({"data/activity.csv": words})))
    assert any("RJ1" in problem["problem"] and "640" in problem["problem"] for problem in report["problems"])


def test_a_changed_figure_on_a_page_is_found_even_when_the_manifest_was_rewritten(tmp_path):
    words = files()["services/adult-ecmo.html"].replace(b">640<", b">641<")
    report = verify(lay(tmp_path, rehashed({"services/adult-ecmo.html": words})))
    assert report["problems"] == [{"file": "services/adult-ecmo.html", "problem": "is not what the content document says"}]


def test_a_changed_figure_in_the_document_is_found_even_when_the_manifest_was_rewritten(tmp_path):
    words = files()["edition.json"].replace(b'"text": "640"', b'"text": "641"')
    report = verify(lay(tmp_path, rehashed({"edition.json": words})))
    assert {"edition.json", "edition.pdf", "services/adult-ecmo.html", "slides/adult-ecmo.pptx"} <= files_of(report)


def test_a_removed_mark_is_found_even_when_the_manifest_was_rewritten(tmp_path):
    words = re.sub(rb"(adult-ecmo,R0A,Total,Total,Total,2025,patients),,c,", rb"\1,17,,", files()["data/activity.csv"])
    assert words != files()["data/activity.csv"]
    report = verify(lay(tmp_path, rehashed({"data/activity.csv": words})))
    assert {"edition.json", "disclosure.json"} <= files_of(report)


def test_a_value_beside_its_mark_is_found(tmp_path):
    words = re.sub(rb"(adult-ecmo,R0A,Total,Total,Total,2025,patients),,c,", rb"\1,17,c,", files()["data/activity.csv"])
    report = verify(lay(tmp_path, rehashed({"data/activity.csv": words})))
    assert {"file": "data/activity.csv", "problem": "shows a value in a row marked 'c'"} in report["problems"]


def test_a_flattering_audit_is_found_even_when_the_manifest_was_rewritten(tmp_path):
    said = json.loads(files()["disclosure.json"])
    said["audit"]["cells"] = said["audit"]["cells"][1:]
    report = verify(lay(tmp_path, rehashed({"disclosure.json": write.canonical(said)})))
    assert report["problems"] == [{"file": "disclosure.json", "problem": "is not the audit that the published files give"}]


def test_a_withheld_figure_that_can_be_worked_out_is_found(tmp_path):
    words = files()["data/activity.csv"].replace(
        b"E40000005,Total,Total,2025,patients,,c,", b"E40000005,Total,Total,2025,patients,443,,"
    )
    assert words != files()["data/activity.csv"]
    report = verify(lay(tmp_path, rehashed({"data/activity.csv": words})))
    assert any("can be worked out (exact)" in problem["problem"] for problem in report["problems"])


def test_a_draft_cannot_be_passed_off_as_approved(tmp_path):
    manifest = json.loads(files()["manifest.json"])
    del manifest["digest"]
    manifest |= {"draft": False, "reviewers": ["A", "B"]}
    forged = write.canonical(manifest | {"digest": write.digest(write.canonical(manifest))})
    assert files_of(verify(lay(tmp_path, {"manifest.json": forged}))) == {"edition.json"}


def test_an_edition_of_another_version_is_checked_by_its_hashes_and_says_so(tmp_path):
    inputs = approved(code_version="0.0.1 (older)")
    write.write(content.build(inputs), inputs, tmp_path / "edition")
    report = verify(tmp_path / "edition")
    assert report["verified"] is True
    assert report["notes"] == [
        "Made by another version of the code: the renderings were checked by their hashes and not made again."
    ]


def test_data_that_cannot_be_read_are_a_problem_and_not_a_crash(tmp_path):
    report = verify(lay(tmp_path, rehashed({"data/outcomes.csv": b"nothing\nof use\n"})))
    assert report["verified"] is False


def test_a_folder_that_is_no_edition_is_refused(tmp_path):
    with pytest.raises(InputError, match="is not an edition"):
        verify(tmp_path)
    with pytest.raises(InputError, match="is not an edition"):
        published(tmp_path)


def test_the_tables_of_an_edition_can_be_read_for_linking(tmp_path):
    assert {table.name for table in published(lay(tmp_path))} == set(TABLES)


def test_a_linked_edition_that_is_not_given_is_noted(tmp_path):
    said = json.loads(files()["disclosure.json"])
    said["linked"] = [{"label": "2024", "number": 1, "manifest": "ab" * 32}]
    report = verify(lay(tmp_path, rehashed({"disclosure.json": write.canonical(said)})))
    assert any("linked with earlier editions that were not given" in note for note in report["notes"])


def test_the_quick_check_finds_every_changed_missing_and_added_file(tmp_path):
    folder = lay(tmp_path)
    assert changed(folder) == []
    for path in files():
        words = (folder / path).read_bytes()
        (folder / path).write_bytes(words.replace(b"1", b"2", 1) if path.endswith(".json") else words + b" ")
        try:
            found = {problem["file"] for problem in changed(folder)}
        except InputError:
            found = {path}
        assert found == {path}
        (folder / path).write_bytes(words)
    (folder / "index.html").unlink()
    (folder / "extra.html").write_text("<p>mine</p>")
    assert {problem["file"]: problem["problem"] for problem in changed(folder)} == {
        "index.html": "is missing",
        "extra.html": "is not in the manifest",
    }


def test_the_quick_check_needs_a_manifest(tmp_path):
    with pytest.raises(InputError, match="no readable manifest"):
        changed(tmp_path)
