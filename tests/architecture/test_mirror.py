"""Each source file has a test file of its own, in the same place; the few that have none say where they are tested."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path.relative_to(ROOT / "src")
    for path in sorted((ROOT / "src").rglob("*.py"))
    if path.name != "__init__.py" and "migrations" not in path.parts
]
ELSEWHERE = {
    "plenary/config/wsgi.py": "tests/web/test_boot.py",
    "plenary/editions/tasks.py": "tests/unit/editions/test_actions.py",
    "plenary/editions/permissions.py": "tests/unit/editions/test_actions.py",
    "plenary/editions/models.py": "tests/unit/editions/test_actions.py",
    "plenary/api/private/urls.py": "tests/unit/api/private/test_views.py",
    "plenary/web/urls.py": "tests/web/test_matrix.py",
    "plenary/web/account/urls.py": "tests/web/test_matrix.py",
    "plenary/web/public/urls.py": "tests/web/test_matrix.py",
    "plenary/web/workspace/urls.py": "tests/web/test_matrix.py",
    "plenary_stats/__main__.py": "tests/unit/plenary_stats/test_command.py",
    "plenary_stats/command/offered.py": "tests/unit/plenary_stats/test_command.py",
    "plenary_stats/command/run.py": "tests/unit/plenary_stats/test_command.py",
    "plenary_stats/errors.py": "tests/unit/plenary_stats/test_spec.py",
}
"""Addresses, one-line entry points and tables without behaviour: what tries them."""


def mirrors(source):
    """Return where the tests of a source file may stand: beside the other units, or among the pages."""
    parts = source.parts[1:] if source.parts[0] == "plenary" else source.parts
    own = Path(*parts[:-1], f"test_{parts[-1]}")
    folder = Path(*parts).with_suffix("")
    return [ROOT / "tests" / room / path for room in ("unit", ".") for path in (own, folder)]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_source_file_is_mirrored(source):
    if str(source) in ELSEWHERE:
        assert (ROOT / ELSEWHERE[str(source)]).exists()
        return
    assert any(path.exists() for path in mirrors(source)), f"{source} has no test file of its own"


def test_nothing_is_excused_that_has_tests_of_its_own_or_is_gone():
    assert {Path(name) for name in ELSEWHERE} <= set(SOURCES)
    assert not [name for name in ELSEWHERE if any(path.exists() for path in mirrors(Path(name)))]
