"""Every figure in the worked examples of the method pages is what the code answers."""

import doctest
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[3] / "docs" / "method"
WORKED = sorted(page.stem for page in PAGES.glob("*.md") if ">>> " in page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", WORKED)
def test_worked_examples_hold(name):
    found = doctest.testfile(str(PAGES / f"{name}.md"), module_relative=False, encoding="utf-8", optionflags=doctest.FAIL_FAST)
    assert found.attempted >= 3
    assert found.failed == 0


@pytest.mark.parametrize("name", WORKED)
def test_the_index_leads_to_every_page(name):
    assert f"({name}.md)" in (PAGES / "README.md").read_text(encoding="utf-8")


def test_a_wrong_figure_would_be_caught(tmp_path):
    page = (PAGES / "proportions.md").read_text(encoding="utf-8").replace("0.6625", "0.6624")
    (tmp_path / "wrong.md").write_text(page, encoding="utf-8")
    found = doctest.testfile(str(tmp_path / "wrong.md"), module_relative=False, encoding="utf-8", report=False, verbose=False)
    assert found.failed == 1
