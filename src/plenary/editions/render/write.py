"""An edition folder: every rendering, the audit and the manifest, written beside its place and moved there in one step."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import metadata
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from plenary.editions.render import data, drawing, html, leaks, pdf, slides
from plenary.editions.render.figures import describe
from plenary.editions.terms import EditionInputs
from plenary.releases.queries import attacked, disclosure_policy
from plenary_stats.errors import InputError

MANIFEST: Final = "manifest.json"
LIBRARIES: Final = ("numpy", "scipy", "typst", "python-pptx", "Jinja2", "markdown-it-py")
"""What else decides about the bytes of an edition."""

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Say nothing of the progress."""


def write(content: Mapping[str, Any], inputs: EditionInputs, out: Path, say: Say = silent) -> dict[str, Any]:
    """Write the edition into the folder ``out`` and return its manifest.

    The tables are attacked as they will be published, together with those of earlier editions: raises ``InputError``, and writes
    nothing, where they would give a withheld number away. The folder appears whole or not at all. An approved edition
    that stands there already is never changed: raises ``InputError`` when ``out`` holds a different approved edition, or
    anything that is not an edition.
    """

    def audited() -> dict[str, bytes]:
        say("Attacking what will be published")
        tables = data.render(inputs)
        return tables | {"disclosure.json": audit(tables, inputs)}

    made = renderings(content, say, audited) | {"edition.json": canonical(content)}
    manifest = _manifest(made, content, inputs)
    made[MANIFEST] = canonical(manifest)
    _refuse_to_overwrite(out, made[MANIFEST])
    say("Writing the folder")
    _publish(made, out)
    return manifest


def audit(tables: Mapping[str, bytes], inputs: EditionInputs) -> bytes:
    """Return ``disclosure.json``: what a reader can deduce from the data files; ``InputError`` where it is too much."""
    sighted = "; ".join(f"{file} {words}" for file, words in leaks.in_sight(tables, disclosure_policy(inputs.policy)))
    if sighted:
        raise InputError(
            f"The tables show what must not be shown. Nothing was built: propose them anew. What is shown: {sighted}."
        )
    found = attacked(data.tables(tables), disclosure_policy(inputs.policy), [table for each in inputs.earlier for table in each])
    if not found.clean:
        named = "; ".join(leaks.told(found.rows(), most=10))
        raise InputError(
            f"The tables as published would give withheld numbers away. Nothing was built: propose them anew. Told: {named}."
        )
    linked = [{"label": one.label, "number": one.number, "manifest": one.digest} for one in inputs.previous]
    return canonical({"policy": dict(inputs.policy), "linked": linked, "audit": found.plain(seconds=False)})


def canonical(document: Any) -> bytes:
    """Return a JSON document in the one spelling that an edition uses."""
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def renderings(
    content: Mapping[str, Any], say: Say = silent, meanwhile: Callable[[], Mapping[str, bytes]] = dict
) -> dict[str, bytes]:
    """Return every file that follows from the content document alone: site, PDF and slides, by path.

    The PDF is set in a process of its own, and takes longest: ``meanwhile`` makes further files, which are returned too.
    """
    say("Drawing the charts")
    drawings = drawing.draw(content)
    alternatives = {key: describe(block, figures) for key, block, figures in drawing.charts(content)}
    with ThreadPoolExecutor(1) as aside:
        printed = aside.submit(pdf.render, content, drawings, alternatives)
        made = dict(meanwhile())
        say("Writing the slides")
        for service in content["services"]:
            made[f"slides/{service['slug']}.pptx"] = slides.render(content["edition"], service)
        say("Writing the pages")
        made |= html.render(content, drawings)
        say("Waiting for the PDF")
        return made | {"edition.pdf": printed.result()}


def _manifest(made: Mapping[str, bytes], content: Mapping[str, Any], inputs: EditionInputs) -> dict[str, Any]:
    """Return the manifest; ``digest`` is the SHA-256 of the manifest without it, so that the manifest vouches for itself."""
    manifest: dict[str, Any] = {
        "edition": inputs.label,
        "number": inputs.number,
        "draft": bool(content["edition"]["draft"]),
        "reviewers": list(inputs.reviewers),
        "files": {path: {"sha256": digest(words), "bytes": len(words)} for path, words in sorted(made.items())},
        "inputs": dict(sorted(inputs.inputs.items())),
        "input_digests": dict(sorted(inputs.input_digests.items())),
        "definitions": dict(sorted(inputs.definitions.items())),
        "code": {"plenary": inputs.code_version, **libraries()},
        "previous": [one.digest for one in inputs.previous],
    }
    return manifest | {"digest": digest(canonical(manifest))}


@cache
def libraries() -> dict[str, str]:
    """Return the versions of what else decides about the bytes."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}


@cache
def code_version() -> str:
    """Return the version of this code with a digest of the sources that make an edition."""
    state = hashlib.sha256()
    for package in ("plenary_stats", "plenary.editions"):
        for path, words in sorted(_sources(resources(package), package)):
            state.update(f"{path}\0{len(words)}\0".encode() + words)
    try:
        version = metadata.version("plenary")
    except metadata.PackageNotFoundError:  # run from a source tree that was not installed
        version = "source"
    return f"{version} ({state.hexdigest()[:12]})"


def _sources(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found = []
    for one in folder.iterdir():
        name = f"{path}/{one.name}"
        if one.is_dir() and one.name != "__pycache__":
            found += _sources(one, name)
        elif one.name.endswith((".py", ".jinja", ".typ", ".css")):
            found.append((name, one.read_bytes()))
    return found


def _refuse_to_overwrite(out: Path, manifest: bytes) -> None:
    """Refuse to touch what is not an edition, and an approved edition that is not this one."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    try:
        standing = (out / MANIFEST).read_bytes()
        approved = not json.loads(standing)["draft"]
    except (OSError, ValueError, KeyError) as problem:
        raise InputError(f"{out} holds something that is not an edition. Choose another folder.") from problem
    if approved and standing != manifest:
        raise InputError(f"{out} holds an approved edition, which never changes. Publish a correction in a folder of its own.")


def _publish(made: Mapping[str, bytes], out: Path) -> None:
    """Write the files beside ``out`` and move them there in one step. A half-written attempt of before is thrown away."""
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    building, old = out.with_name(f".{out.name}.building"), out.with_name(f".{out.name}.replaced")
    for left in (building, old):
        if left.exists():
            shutil.rmtree(left)
    for path, words in made.items():
        place = building / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            file.write(words)
            file.flush()
            os.fsync(file.fileno())
    if out.exists():
        out.rename(old)
    building.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def read_back(out: Path) -> dict[str, bytes]:
    """Return every file of a folder by its path."""
    return {str(path.relative_to(out).as_posix()): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
