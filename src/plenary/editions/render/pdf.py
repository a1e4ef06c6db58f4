"""The PDF: tagged (PDF/UA-1), archival (PDF/A-2a), the same bytes each time.

Typst runs in a short-lived child process: in a long-lived one its memory grows to more than a gibibyte and stays.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

from plenary.editions.render import drawing
from plenary.editions.render.letters import settable

STANDARDS: Final = ("ua-1", "a-2a")

_UNSHOWN: Final = ("could not be displayed with font", "contains the codepoint")
"""What the typesetter says of a character without a glyph, which an archival document may not hold."""

_CHILD: Final = """
import sys, typst
root, fonts, *standards = sys.argv[1:]
compiler = typst.Compiler(root + "/edition.typ", root=root, font_paths=[fonts], ignore_system_fonts=True)
compiler.compile(output=root + "/edition.pdf", format="pdf", pdf_standards=standards)
"""


class PdfError(Exception):
    """The document could not be set; carries what the typesetter said."""


def render(content: Mapping[str, Any], drawings: Mapping[str, str], alternatives: Mapping[str, str]) -> bytes:
    """Return the edition as a PDF. ``alternatives`` are the charts' texts for those who do not see them, by the same keys.

    Where a text holds a character that no font can show, it is set once more with a sign in the place of each such character.
    """
    printed = _printed(content)
    drawn = {key: {"svg": svg, "alt": alternatives[key]} for key, svg in drawings.items()}
    try:
        return _set(printed, drawn)
    except PdfError as problem:
        if not any(sign in str(problem) for sign in _UNSHOWN):
            raise
    return _set(settable(printed), {key: {"svg": settable(one["svg"]), "alt": one["alt"]} for key, one in drawn.items()})


def _set(printed: Mapping[str, Any], drawn: Mapping[str, Mapping[str, str]]) -> bytes:
    resources = files("plenary.editions.render")
    with tempfile.TemporaryDirectory() as folder, as_file(resources / "fonts") as fonts:
        root = Path(folder)
        (root / "edition.typ").write_bytes((resources / "edition.typ").read_bytes())
        (root / "content.json").write_text(json.dumps(printed), encoding="utf-8")
        (root / "drawings.json").write_text(json.dumps(drawn), encoding="utf-8")
        command = [sys.executable, "-c", _CHILD, str(root), str(fonts), *STANDARDS]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter and script
        if done.returncode != 0:
            raise PdfError(done.stderr.strip())
        return (root / "edition.pdf").read_bytes()


def _printed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with every figure in place of its name.

    The typesetter hashes what its functions are given: handed a service's figures for every cell, it takes forty times as long.
    """
    figures = {service["slug"]: service["figures"] for service in content["services"]}

    def say(parts: Iterable[Any], own: Mapping[str, Any]) -> str:
        return "".join(
            part if isinstance(part, str) else part["t"] if "t" in part else figures.get(part.get("s"), own)[part["f"]]["text"]
            for part in parts
        )

    def block(one: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
        if one["kind"] == "table":
            return {**one, "rows": [[say(cell, own) for cell in row] for row in one["rows"]]}
        return {**one, "text": say(one["parts"], own)} if one["kind"] == "headline" else dict(one)

    def section(one: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
        return {**one, "blocks": drawing.grouped(block(each, own) for each in one["blocks"])}

    index, own = content["index"], content["index"]["figures"]
    services = [
        {**one, "figures": {}, "sections": [section(each, one["figures"]) for each in one["sections"]]}
        for one in content["services"]
    ]
    return {**content, "services": services, "index": {"text": say(index["headline"], own), "table": block(index["table"], own)}}
