import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from plenary.editions.render import content, write
from plenary.editions.render import verify as module
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
    [problem] = report["problems"]
    assert problem["file"] == "services/adult-ecmo.html"
    assert problem["problem"].startswith("is not what the content document says: ")
    assert ">641<" in problem["problem"].partition(" stands where ")[0]
    assert ">640<" in problem["problem"].partition(" stands where ")[2]


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


def test_a_policy_that_is_not_the_one_that_readers_are_told_is_found(tmp_path):
    said = json.loads(files()["disclosure.json"])
    said["policy"]["threshold"] = 5
    report = verify(lay(tmp_path, rehashed({"disclosure.json": write.canonical(said)})))
    told = "was made with a threshold of 5 patients, where the edition says 30"
    assert {"file": "disclosure.json", "problem": told} in report["problems"]
    assert "The threshold of 5 patients is below the national rule of 30." in report["notes"]


def test_another_rule_of_the_policy_that_is_not_the_editions_is_found(tmp_path):
    said = json.loads(files()["disclosure.json"])
    said["policy"] |= {"minimum_width": 2}
    report = verify(lay(tmp_path, rehashed({"disclosure.json": write.canonical(said)})))
    problem = {"file": "disclosure.json", "problem": "was made under another policy than the edition says"}
    assert problem in report["problems"]


def test_a_threshold_of_the_national_rule_or_more_is_not_noted(tmp_path):
    assert not any("threshold" in note for note in verify(lay(tmp_path))["notes"])


def test_an_edition_that_says_no_threshold_is_a_problem_and_not_a_crash(tmp_path):
    document = json.loads(files()["edition.json"])
    del document["edition"]["threshold"]
    report = verify(lay(tmp_path, rehashed({"edition.json": write.canonical(document)})))
    assert any(one["file"] == "disclosure.json" and "cannot be read back" in one["problem"] for one in report["problems"])


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


# -- whatever is changed, and wherever


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder that holds the edition untouched; a test that changes a file puts it back."""
    return lay(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def unrendered(monkeypatch):
    """Leave the renderings out, which take a second each: what is tested is everything else that a check looks at."""
    monkeypatch.setattr(module.write, "renderings", lambda _: {})


def told(folder):
    """Return the files in which a quick check finds something; a manifest that cannot be read is found too."""
    try:
        return {problem["file"] for problem in changed(folder)}
    except InputError:
        return {"manifest.json"}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choice=some.data())
def test_any_byte_of_any_file_changed_to_any_other_is_found(whole, choice):
    path = choice.draw(some.sampled_from(sorted(files())))
    words = files()[path]
    place = choice.draw(some.integers(0, len(words) - 1))
    other = choice.draw(some.integers(0, 255).filter(lambda byte: byte != words[place]))
    (whole / path).write_bytes(words[:place] + bytes([other]) + words[place + 1 :])
    try:
        found = told(whole)
        assert path in found
        assert path == "manifest.json" or found == {path}
    finally:
        (whole / path).write_bytes(words)
    assert told(whole) == set()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choice=some.data())
def test_a_file_cut_short_lengthened_or_doubled_is_found(whole, choice):
    path = choice.draw(some.sampled_from(sorted(files())))
    words = files()[path]
    cut = choice.draw(some.integers(0, len(words) - 1))
    changed_to = choice.draw(
        some.sampled_from([words[:cut], words + b"\n", words + words, b"", words[cut:] + words[:cut] + b"x"])
    )
    (whole / path).write_bytes(changed_to)
    try:
        assert path in told(whole)
    finally:
        (whole / path).write_bytes(words)


def test_two_files_that_changed_places_are_both_found(whole):
    one, other = "data/activity.csv", "data/outcomes.csv"
    (whole / one).write_bytes(files()[other])
    (whole / other).write_bytes(files()[one])
    try:
        assert told(whole) == {one, other}
    finally:
        for path in (one, other):
            (whole / path).write_bytes(files()[path])


def forged(change):
    """Return the manifest after ``change``, with the digest that it would have had: by somebody who knows how."""
    manifest = json.loads(files()["manifest.json"])
    del manifest["digest"]
    change(manifest)
    return write.canonical(manifest | {"digest": write.digest(write.canonical(manifest))})


@pytest.mark.parametrize("entry", [None, "0" * 64, [], {}, {"bytes": 3}, {"sha256": None}, {"sha256": 7}, {"sha257": "0" * 64}])
def test_a_manifest_that_says_nothing_of_a_file_does_not_vouch_for_it(tmp_path, unrendered, entry):
    words = forged(lambda manifest: manifest["files"].update({"index.html": entry}))
    report = verify(lay(tmp_path, {"manifest.json": words}))
    assert report["verified"] is False
    assert {"file": "index.html", "problem": "has changed since it was published"} in report["problems"]
    assert {"file": "index.html", "problem": "has changed since it was published"} in changed(tmp_path)


@pytest.mark.parametrize("listed", [None, 3, ["index.html"], "index.html"])
def test_a_manifest_without_a_list_of_files_is_no_manifest(tmp_path, listed):
    words = forged(lambda manifest: manifest.update(files=listed))
    for check in (verify, changed):
        with pytest.raises(InputError, match="is not an edition"):
            check(lay(tmp_path, {"manifest.json": words}))


def refused_or_found(folder):
    """Return the files in which a whole check finds something; both documents where there is no edition to check."""
    try:
        report = verify(folder)
    except InputError:
        return {"manifest.json", "edition.json"}
    assert report["verified"] is not bool(report["problems"])
    return files_of(report)


@pytest.mark.parametrize("document", [b"", b"null", b"[]", b"3", b"{}", b'{"files": {}', b"\xff\xfe"])
@pytest.mark.parametrize("path", ["manifest.json", "edition.json"])
def test_what_is_no_document_is_told_in_words(tmp_path, unrendered, path, document):
    folder = lay(tmp_path, {path: document})
    assert path in refused_or_found(folder)


@pytest.mark.parametrize("key", ["draft", "reviewers", "code", "files"])
def test_a_manifest_that_lacks_a_part_is_never_verified(tmp_path, unrendered, key):
    words = forged(lambda manifest: manifest.pop(key))
    assert refused_or_found(lay(tmp_path, {"manifest.json": words})) != set()


@pytest.mark.parametrize("key", ["marks", "index", "services", "previous"])
def test_a_document_that_cannot_be_printed_any_more_is_a_finding_and_not_a_crash(tmp_path, key):
    said = json.loads(files()["edition.json"])
    del said[key]
    report = verify(lay(tmp_path, rehashed({"edition.json": write.canonical(said)})))
    assert report["verified"] is False
    assert any(one["file"] == "edition.json" and one["problem"].startswith("cannot be read back") for one in report["problems"])


def test_a_finding_in_the_document_does_not_hide_one_in_the_data(tmp_path):
    """Each check is made whatever the one before it met."""
    said = json.loads(files()["edition.json"])
    del said["services"]
    words = re.sub(rb"(adult-ecmo,R0A,Total,Total,Total,2025,patients),,c,", rb"\1,17,,", files()["data/activity.csv"])
    report = verify(lay(tmp_path, rehashed({"edition.json": write.canonical(said), "data/activity.csv": words})))
    assert {"edition.json", "disclosure.json"} <= files_of(report)


@pytest.mark.parametrize("path", ["disclosure.json", "data/datapackage.json", *(f"data/{name}.csv" for name in TABLES)])
def test_an_edition_whose_data_or_audit_were_taken_away_is_not_verified(tmp_path, unrendered, path):
    manifest = json.loads(files()["manifest.json"])
    del manifest["digest"], manifest["files"][path]
    words = write.canonical(manifest | {"digest": write.digest(write.canonical(manifest))})
    folder = lay(tmp_path, {"manifest.json": words})
    (folder / path).unlink()
    report = verify(folder)
    assert report["verified"] is False
    assert any(problem["problem"].startswith("cannot be read back") for problem in report["problems"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choice=some.data())
def test_no_shown_figure_of_the_data_can_be_changed_by_somebody_who_rewrites_the_manifest(tmp_path_factory, choice):
    """Every number of the data that a page prints is compared with the page."""
    document = json.loads(files()["edition.json"])
    keys = sorted(
        (service["slug"], key)
        for service in document["services"]
        for key, shown in service["figures"].items()
        if "|" in key and shown["status"] == ""
    )
    slug, key = choice.draw(some.sampled_from(keys))
    shown = next(one for one in document["services"] if one["slug"] == slug)["figures"][key]
    change = choice.draw(some.sampled_from(["value", "text", "status"]))
    shown[change] = {"value": shown["value"] + 1, "text": "1" + shown["text"], "status": "c"}[change]
    found = list(module._figures(files(), document, {}, []))
    assert [problem["file"] for problem in found] == ["edition.json"]
    assert slug in found[0]["problem"]
    assert key in found[0]["problem"]


def test_a_figure_that_has_no_row_in_the_data_is_found():
    document = json.loads(files()["edition.json"])
    document["services"][0]["figures"]["activity|R0A|Total|Total|Total|2024|patients|value"] = {
        "value": 5, "text": "5", "status": "",
    }  # fmt: skip
    (found,) = module._figures(files(), document, {}, [])
    assert "which the data do not say" in found["problem"]


@pytest.mark.parametrize("earlier", ["none", "empty"])
def test_an_earlier_edition_that_is_not_there_is_said_and_not_ignored(tmp_path, whole, earlier):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=f"{earlier} is not an edition: it has no readable manifest.json"):
        verify(whole, [tmp_path / earlier])


def test_an_edition_that_was_not_linked_changes_nothing_when_it_is_given(tmp_path, whole, unrendered):
    assert verify(whole, [lay(tmp_path)]) == verify(whole)


def test_a_later_file_in_a_folder_of_its_own_is_found(whole):
    (whole / "extra" / "deep").mkdir(parents=True)
    (whole / "extra" / "deep" / "Übersicht.txt").write_text("mine")
    try:
        assert changed(whole) == [{"file": "extra/deep/Übersicht.txt", "problem": "is not in the manifest"}]
    finally:
        (whole / "extra" / "deep" / "Übersicht.txt").unlink()
