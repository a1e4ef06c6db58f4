"""Is a published edition what it says it is? Hashes, renderings, figures and the disclosure audit are made again and compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from plenary.editions.render import data, leaks, write
from plenary.editions.render.figures import FORMATS, figure
from plenary.editions.render.ranges import Words, texts
from plenary.editions.render.sheet import EARLIER
from plenary.editions.terms import TABLES, PreviousEdition, standing
from plenary.releases.queries import attacked, disclosure_policy
from plenary.releases.terms import NATIONAL_THRESHOLD
from plenary_stats.errors import InputError
from plenary_stats.tables import LOW, RESULT_DIMENSIONS, SHOWN, WITHHELD, ResultTable

Problem = dict[str, str]


def verify(folder: Path, previous: Sequence[Path] = ()) -> dict[str, Any]:
    """Check a published edition folder: return ``verified``, ``problems`` (file, problem), ``notes``, ``files`` and ``audit``.

    ``previous`` are the folders of the editions that its audit was linked with. Raises ``InputError`` where there is no edition.
    """
    try:
        found = write.read_back(folder)
        manifest = json.loads(found[write.MANIFEST])
        content = json.loads(found["edition.json"])
        listed = dict(manifest["files"])
    except (OSError, KeyError, ValueError, TypeError) as problem:
        raise InputError(f"{folder} is not an edition: it has no readable manifest.json and edition.json.") from problem
    given = {_own_digest(one): one for one in previous}
    notes: list[str] = []
    totals: dict[str, Any] = {}
    problems = [*_manifest(found, manifest), *_hashes(found, listed)]
    problems += _attempted("edition.json", lambda: _renderings(found, manifest, content, notes))
    problems += _attempted("edition.json", lambda: _figures(found, content, given, notes))
    problems += _attempted("edition.json", lambda: (_problem("edition.json", words) for words in leaks.out_of_order(content)))
    problems += _attempted("disclosure.json", lambda: _threshold(found, content, notes))
    problems += _attempted("data", lambda: _in_sight(found))
    problems += _attempted("data", lambda: _audit(found, given, notes, totals))
    return {"verified": not problems, "problems": problems, "notes": notes, "files": len(listed), "audit": totals}


def changed(folder: Path) -> list[Problem]:
    """Return which files of a folder are no longer what its manifest says: a check of hashes alone, in milliseconds.

    Raises ``InputError`` where there is no readable manifest.
    """
    try:
        found = write.read_back(folder)
        manifest = json.loads(found[write.MANIFEST])
        return [*_manifest(found, manifest), *_hashes(found, dict(manifest["files"]))]
    except (OSError, KeyError, ValueError, TypeError) as problem:
        raise InputError(f"{folder} is not an edition: it has no readable manifest.json.") from problem


def published(folder: Path) -> list[ResultTable]:
    """Return the tables of a published edition. Raises ``InputError`` when they cannot be read."""
    try:
        return data.tables(write.read_back(folder))
    except (OSError, KeyError, ValueError) as problem:
        raise InputError(f"{folder} is not an edition whose data can be read.") from problem


def _problem(file: str, words: str) -> Problem:
    return {"file": file, "problem": words}


def _attempted(file: str, check: Callable[[], Iterable[Problem]]) -> list[Problem]:
    """Return what a check finds; a document so changed that the check cannot be made is a finding of its own."""
    try:
        return list(check())
    except Exception as problem:  # noqa: BLE001 - what a forged document does to a rendering cannot be foreseen
        return [_problem(file, f"cannot be read back: {type(problem).__name__} {problem}")]


def _own_digest(folder: Path) -> str:
    try:
        return write.digest((folder / write.MANIFEST).read_bytes())
    except OSError as problem:
        raise InputError(f"{folder} is not an edition: it has no readable manifest.json.") from problem


def _manifest(found: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Iterator[Problem]:
    if found[write.MANIFEST] != write.canonical(manifest):
        yield _problem(write.MANIFEST, "is not written as an edition writes it")
    rest = {name: value for name, value in manifest.items() if name != "digest"}
    if manifest.get("digest") != write.digest(write.canonical(rest)):
        yield _problem(write.MANIFEST, "does not match its own digest")


def _hashes(found: Mapping[str, bytes], listed: Mapping[str, Any]) -> Iterator[Problem]:
    for path in sorted({*found, *listed} - {write.MANIFEST}):
        if path not in found:
            yield _problem(path, "is missing")
        elif path not in listed:
            yield _problem(path, "is not in the manifest")
        elif not isinstance(listed[path], dict) or write.digest(found[path]) != listed[path].get("sha256"):
            yield _problem(path, "has changed since it was published")


def _renderings(
    found: Mapping[str, bytes], manifest: Mapping[str, Any], content: Mapping[str, Any], notes: list[str]
) -> Iterator[Problem]:
    """Make site, PDF and slides again from the content document and compare their bytes."""
    if found["edition.json"] != write.canonical(content):
        yield _problem("edition.json", "is not written as an edition writes it")
    if manifest["draft"] != bool(content["edition"]["draft"]) or manifest["reviewers"] != content["edition"]["reviewers"]:
        yield _problem("edition.json", "tells of other reviewers than the manifest")
    if manifest["code"] != {"plenary": write.code_version(), **write.libraries()}:
        notes.append("Made by another version of the code: the renderings were checked by their hashes and not made again.")
        return
    for path, words in write.renderings(content).items():
        if found.get(path) != words:
            where = leaks.difference(found.get(path, b""), words)
            yield _problem(path, "is not what the content document says" + (f": {where}" if where else ""))


def _linked(found: Mapping[str, bytes], given: Mapping[str, Path]) -> tuple[list[Path], bool]:
    """Return the folders of the editions that this one was linked with, the newest first; and whether they are all there."""
    linked = [one["manifest"] for one in json.loads(found["disclosure.json"])["linked"]]
    return [given[digest] for digest in reversed(linked) if digest in given], set(linked) <= set(given)


def _figures(
    found: Mapping[str, bytes], content: Mapping[str, Any], given: Mapping[str, Path], notes: list[str]
) -> Iterator[Problem]:
    """Compare every displayed figure with its cell in the open data, in both value and mark: in those of its own edition."""
    folders, whole = _linked(found, given)
    for name in TABLES:
        for row in data.rows(found[f"data/{name}.csv"]):
            if row["status"] not in {SHOWN, LOW} and row["value"]:
                yield _problem(f"data/{name}.csv", f"shows a value in a row marked '{row['status']}'")
    report = json.loads(found["disclosure.json"])
    said = texts(report["audit"]["cells"], report["policy"], data.rows(found["data/activity.csv"]))
    cells, unchecked = _cells(found, _standing(folders, content)), False
    for service in content["services"]:
        for key, shown in service["figures"].items():
            if key.startswith(f"{EARLIER}|") and not whole:
                unchecked = True
            elif "|" in key and not _agrees(key, shown, service["slug"], cells, said):
                yield _problem("edition.json", f"shows {shown['text']} for {service['slug']} {key}, which the data do not say")
    if unchecked:
        notes.append("The figures of earlier years were not compared with the editions that gave them: these were not given.")


def _standing(folders: Sequence[Path], content: Mapping[str, Any]) -> list[Path]:
    """Return the folders of the editions that this one may draw on."""
    told = [json.loads((folder / "edition.json").read_bytes())["edition"] for folder in folders]
    known = [PreviousEdition(one["label"], one["number"], period_end=one["period_end"]) for one in told]
    own = content["edition"]
    return [folder for folder, stands in zip(folders, standing(known, own["label"], own["period_end"]), strict=True) if stands]


def _cells(found: Mapping[str, bytes], earlier: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Return every row of the data by table and dimensions; an outcome of an earlier edition as the newest of them gives it."""
    files = [(name, found[f"data/{name}.csv"]) for name in TABLES]
    files += [(EARLIER, (folder / "data" / "outcomes.csv").read_bytes()) for folder in earlier]
    cells: dict[str, dict[str, str]] = {}
    for name, words in files:
        for row in data.rows(words):
            cells.setdefault("|".join([name, *(row[dimension] for dimension in RESULT_DIMENSIONS)]), row)
    return cells


def _agrees(key: str, shown: Mapping[str, Any], slug: str, cells: Mapping[str, Mapping[str, str]], said: Words) -> bool:
    table, *place, column = key.split("|")
    row = cells.get("|".join([table, slug, *place]))
    if row is None:
        return False
    given = row.get(column, "")
    value = float(given) if given else None
    if shown["value"] != value:
        return False
    status = shown["status"] if shown["status"] != LOW else SHOWN
    own = row.get(f"{column}_status", row["status"]) if column == "value" or not given else SHOWN
    if value is None:
        mark = str(figure(None, status, "count")["text"]) if status != SHOWN else ""
        words = said.get((slug, key), mark) if status == WITHHELD else mark
        return status != SHOWN and own in {status, SHOWN} and shown["text"] == words
    return status == own and shown["text"] in {figure(value, SHOWN, form)["text"] for form in FORMATS}


def _threshold(found: Mapping[str, bytes], content: Mapping[str, Any], notes: list[str]) -> Iterator[Problem]:
    """Compare the rule that the audit was made by with the one that readers are told."""
    policy, edition = json.loads(found["disclosure.json"])["policy"], content["edition"]
    used, printed = disclosure_policy(policy).threshold, edition["threshold"]
    if printed != used:
        yield _problem("disclosure.json", f"was made with a threshold of {used} patients, where the edition says {printed}")
    elif edition["policy"] != policy:
        yield _problem("disclosure.json", "was made under another policy than the edition says")
    if used < NATIONAL_THRESHOLD:
        notes.append(f"The threshold of {used} patients is below the national rule of {NATIONAL_THRESHOLD}.")


def _in_sight(found: Mapping[str, bytes]) -> Iterator[Problem]:
    """Look for what needs no working out, under the policy that was published."""
    policy = disclosure_policy(json.loads(found["disclosure.json"])["policy"])
    yield from (_problem(file, words) for file, words in leaks.in_sight(found, policy))


def _audit(found: Mapping[str, bytes], given: Mapping[str, Path], notes: list[str], totals: dict[str, Any]) -> Iterator[Problem]:
    """Attack the tables with nothing but what is published, and compare with the audit that was published; fill ``totals``.

    ``given`` are the folders of earlier editions by the digests of their manifests.
    """
    said = json.loads(found["disclosure.json"])
    policy = disclosure_policy(said["policy"])
    folders, whole = _linked(found, given)
    earlier = [table for folder in folders for table in published(folder)]
    audit = attacked(data.tables(found), policy, earlier).plain(seconds=False)
    if whole:
        if audit["cells"] != said["audit"]["cells"]:
            yield _problem("disclosure.json", "is not the audit that the published files give")
    else:
        notes.append("The audit was linked with earlier editions that were not given: it was rebuilt from this edition alone.")
    yield from (_problem("data", words) for words in leaks.told(audit["cells"]))
    withheld = sum(row["status"] == WITHHELD for name in TABLES for row in data.rows(found[f"data/{name}.csv"]))
    totals |= audit["totals"] | {"withheld_rows": withheld}
