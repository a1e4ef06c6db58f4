"""A real installation in a folder of its own, driven through the command line in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class Installation:
    """One data folder and database; ``run`` is the ``plenary`` command."""

    def __init__(self, data: Path, database_url: str = "", **settings: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLENARY_", "DJANGO_"))}
        self.data = data
        self.environ = kept | {"PLENARY_DATA": str(data), "PYTHONPATH": str(ROOT / "src")} | settings
        if database_url:
            self.environ["PLENARY_DATABASE_URL"] = database_url

    def copy_to(self, data: Path) -> Installation:
        """Return a copy of an installation on SQLite: much quicker than making another."""
        shutil.copytree(self.data, data)
        return Installation(data)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "plenary.cli.main", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.PIPE}
        return subprocess.Popen(command, env=self.environ, text=True, **(pipes | options))

    def run(self, *arguments: str, stdin: str = "", expect: int = 0) -> str:
        process = self.start(*arguments)
        out, errors = process.communicate(stdin, timeout=120)
        assert process.returncode == expect, errors
        return out if expect == 0 else out + errors

    def start_python(self, code: str) -> subprocess.Popen[str]:
        environ = self.environ | {"DJANGO_SETTINGS_MODULE": "plenary.config.settings"}
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", f"import django; django.setup()\n{code}"]
        return subprocess.Popen(command, env=environ, text=True, stdin=pipe, stdout=pipe, stderr=pipe)

    def python(self, code: str, stdin: str = "") -> str:
        process = self.start_python(code)
        out, errors = process.communicate(stdin, timeout=120)
        assert process.returncode == 0, errors
        return out

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))
