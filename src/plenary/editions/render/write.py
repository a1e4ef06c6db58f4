"""An edition folder: every rendering, the audit and the manifest, written beside its place and moved there in one step."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import metadata
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from plenary.editions.render import data, drawing, html, pdf, slides
from plenary.editions.render.figures import describe
from plenary.editions.terms import EditionInputs
from plenary_stats.errors import InputError

MANIFEST: Final = "manifest.json"
LIBRARIES: Final = ("numpy", "scipy", "typst", "python-pptx", "Jinja2", "markdown-it-py")
"""What else decides about the bytes of an edition."""

ALONE: Final = 20
"""Services whose slides one process writes in the time that others need to start."""

Say = Callable[[str], None]

_SLIDES_CHILD: Final = """
import json, sys
from pathlib import Path
folder, own, step, path = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
sys.path[:] = path
from plenary.editions.render.slides import render
content = json.loads((folder / "content.json").read_text(encoding="utf-8"))
for service in content["services"][own::step]:
    (folder / f"{service['slug']}.pptx").write_bytes(render(content["edition"], service))
"""


def silent(_: str) -> None:
    """Say nothing of the progress."""


def write(content: Mapping[str, Any], inputs: EditionInputs, out: Path, say: Say = silent) -> dict[str, Any]:
    """Write the edition into the folder ``out`` and return its manifest.

    The folder appears whole or not at all. An approved edition that stands there already is never changed: raises ``InputError``
    when ``out`` holds a different approved edition, or anything that is not an edition.
    """
    made = (
        renderings(content, say) | data.render(inputs) | {"edition.json": canonical(content), "disclosure.json": _audit(inputs)}
    )
    manifest = _manifest(made, content, inputs)
    made[MANIFEST] = canonical(manifest)
    _refuse_to_overwrite(out, made[MANIFEST])
    say("Writing the folder")
    _publish(made, out)
    return manifest


def canonical(document: Any) -> bytes:
    """Return a JSON document in the one spelling that an edition uses."""
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def renderings(content: Mapping[str, Any], say: Say = silent) -> dict[str, bytes]:
    """Return every file that follows from the content document alone: site, PDF and slides, by path."""
    say("Drawing the charts")
    drawings = drawing.draw(content)
    alternatives = {key: describe(block, figures) for key, block, figures in drawing.charts(content)}
    with ThreadPoolExecutor(1) as aside:  # the PDF is set in a process of its own meanwhile
        say("Setting the PDF and writing the slides")
        printed = aside.submit(pdf.render, content, drawings, alternatives)
        decks = _slides(content)
        say("Writing the pages")
        site = html.render(content, drawings)
        return site | decks | {"edition.pdf": printed.result()}


def _slides(content: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the slides of every service; of very many in several processes, where that pays for starting them."""
    services = content["services"]
    if len(services) <= ALONE:
        return {_deck(one["slug"]): slides.render(content["edition"], one) for one in services}
    workers = min(os.cpu_count() or 1, 8)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "content.json").write_bytes(canonical(content))
        path = json.dumps(sys.path)
        commands = [[sys.executable, "-c", _SLIDES_CHILD, folder, str(own), str(workers), path] for own in range(workers)]
        running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]  # noqa: S603 - our own
        failed = [said for said in (process.communicate()[1] for process in running) if said]
        if any(process.returncode for process in running):
            raise RuntimeError("The slides could not be written: " + "\n".join(failed))
        return {_deck(one["slug"]): Path(folder, f"{one['slug']}.pptx").read_bytes() for one in services}


def _deck(slug: str) -> str:
    return f"slides/{slug}.pptx"


def _audit(inputs: EditionInputs) -> bytes:
    linked = [{"label": one.label, "number": one.number, "manifest": one.digest} for one in inputs.previous]
    return canonical({"policy": dict(inputs.policy), "linked": linked, "audit": dict(inputs.audit)})


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
