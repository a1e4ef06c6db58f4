"""The contracts between the rooms hold, and each of them catches a planted break."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BREAKS = {
    "1 statistics import Django": ("plenary_stats/rates.py", "import django"),
    "2 a lower room imports a higher one": ("plenary/registry/queries.py", "import plenary.collection.terms"),
    "2 siblings know one another": ("plenary/access/queries.py", "import plenary.spend.queries"),
    "3 a lower drawer imports a higher one": ("plenary/collection/terms.py", "import plenary.collection.models"),
    "3 a stray drawer": ("plenary/collection/helpers.py", ""),
    "4 a public page reaches cases directly": ("plenary/web/public/services.py", "import plenary.collection.queries"),
    "4 a public page reaches results through what it imports": ("plenary/web/design/pages.py", "import plenary.outcomes.queries"),
    "4 a public page reaches results through editions": ("plenary/editions/queries.py", "import plenary.outcomes.queries"),
    "5 disclosure control is called past releases": ("plenary/editions/actions.py", "import plenary_stats.disclosure"),
    "6 a page touches the tables": ("plenary/web/workspace/shell.py", "import plenary.collection.models"),
    "6 a command touches the tables": ("plenary/cli/operate.py", "import plenary.core.models"),
    "8 a formula leaks out of the core": ("plenary/outcomes/actions.py", "import numpy"),
    "9 the attacker reads tables as the suppressor does": (
        "plenary_stats/disclosure/attacker/view.py",
        "import plenary_stats.disclosure.suppressor.links",
    ),
    "9 the suppressor asks the attacker": (
        "plenary_stats/disclosure/suppressor/movements.py",
        "import plenary_stats.disclosure.attacker.ranges",
    ),
    "10 hospital episodes import Django": ("plenary_episodes/rules.py", "import django"),
    "10 hospital episodes import a room": ("plenary_episodes/series.py", "import plenary.collection.terms"),
    "11 the statistics know hospital episodes": ("plenary_stats/rates.py", "import plenary_episodes.capture"),
    "11 the statistics know an engine": ("plenary_stats/rates.py", "import duckdb"),
}


def contracts(folder: Path) -> subprocess.CompletedProcess:
    """Run the linter on the tree in ``folder``."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy of the source tree that a test may damage."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("static", "fonts", "__pycache__", "*.egg-info"))
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def test_contracts_hold(house):
    result = contracts(house)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("name", BREAKS)
def test_contract_catches_planted_break(house, name):
    path, line = BREAKS[name]
    file = house / "src" / path
    before = file.read_text() if file.exists() else None
    file.write_text(f"{before or ''}\n{line}\n")
    try:
        result = contracts(house)
    finally:
        file.unlink() if before is None else file.write_text(before)

    broken = [row for row in result.stdout.splitlines() if row.endswith("BROKEN")]
    assert result.returncode != 0
    assert any(row.startswith(f"{name.split()[0]} ") for row in broken) or "helpers" in result.stdout, result.stdout
