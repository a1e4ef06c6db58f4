"""The PDF: tagged (PDF/UA-1), archival (PDF/A-2a), the same bytes each time.

Typst runs in a short-lived child process: in a long-lived one its memory grows to more than a gibibyte and stays.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

STANDARDS: Final = ("ua-1", "a-2a")

_CHILD: Final = """
import sys, typst
root, fonts, *standards = sys.argv[1:]
compiler = typst.Compiler(root + "/edition.typ", root=root, font_paths=[fonts], ignore_system_fonts=True)
compiler.compile(output=root + "/edition.pdf", format="pdf", pdf_standards=standards)
"""


class PdfError(Exception):
    """The document could not be set; carries what the typesetter said."""


def render(content: Mapping[str, Any], drawings: Mapping[str, str], alternatives: Mapping[str, str]) -> bytes:
    """Return the edition as a PDF. ``alternatives`` are the charts' texts for those who do not see them, by the same keys."""
    resources = files("plenary.editions.render")
    drawn = {key: {"svg": svg, "alt": alternatives[key]} for key, svg in drawings.items()}
    with tempfile.TemporaryDirectory() as folder, as_file(resources / "fonts") as fonts:
        root = Path(folder)
        (root / "edition.typ").write_bytes((resources / "edition.typ").read_bytes())
        (root / "content.json").write_text(json.dumps(content), encoding="utf-8")
        (root / "drawings.json").write_text(json.dumps(drawn), encoding="utf-8")
        command = [sys.executable, "-c", _CHILD, str(root), str(fonts), *STANDARDS]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter and script
        if done.returncode != 0:
            raise PdfError(done.stderr.strip())
        return (root / "edition.pdf").read_bytes()
