"""What the benchmark of disclosure control measures: the very tables of the peers, and a greedy suppressor that does what it says.

And the results of all: one script's part is measured anew without touching the others'.
"""

from datetime import UTC, datetime

import numpy as np
import pytest
from benchmarks import run
from benchmarks.suppression import designs, greedy, networks

from plenary_stats.disclosure import Policy, audit
from plenary_stats.tables import ResultTable, text

SIZES = {
    ("edition", 80): (5_204, 2_946, 3_865),
    ("full", 80): (41_040, 17_947, 38_785),
    ("boards", 80): (17_888, 9_721, 15_769),
    ("three-way", 80): (1_458, 612, 972),
    ("centre by region", 80): (2_280, 1_566, 1_782),
}
"""Cells, and too small with noughts published and with noughts protected, as the peers had them."""


SLOW = {("full", 80), ("boards", 80)}


@pytest.mark.parametrize(
    ("name", "services"), [pytest.param(*each, marks=[pytest.mark.slow] if each in SLOW else []) for each in SIZES]
)
def test_the_tables_are_those_on_which_the_peers_were_measured(name, services):
    value = designs.design(name, services).table["value"]
    assert (len(value), int(((value > 0) & (value < 30)).sum()), int((value < 30).sum())) == SIZES[name, services]


def test_equal_seeds_give_equal_patients_and_others_do_not():
    first, again, other = (list(networks.patients(3, seed)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def small(values):
    """Two centres by three areas with margins."""
    places = [(centre, area) for centre in ("A", "B", "Total") for area in ("N", "S", "W", "Total")]
    columns = {name: text([place[order] for place in places]) for order, name in enumerate(("centre", "area"))}
    return ResultTable(columns | {"value": np.array(values, dtype=float)}, name="t", dimensions=("centre", "area"))


def test_the_greedy_one_finds_the_sums_of_a_table():
    sums = greedy.sums_of(small(range(12)), {})
    assert {(each.whole, each.parts) for each in sums} == {
        *((3 + 4 * row, tuple(4 * row + part for part in range(3))) for row in range(3)),
        *((8 + column, (column, 4 + column)) for column in range(4)),
    }


def test_the_greedy_one_puts_a_second_mark_beside_a_single_one():
    table = small([12, 40, 50, 102, 60, 70, 80, 210, 72, 110, 130, 312])
    gone = greedy.withheld(table, {}, table["value"] < 30, zeros="publish", width=10)
    assert gone.tolist() == [True, True, False, False, True, True, False, False, False, False, False, False]
    assert audit([greedy.masked(table, gone)], Policy(zeros="publish")).clean


def test_the_greedy_one_shows_what_needs_no_company():
    table = small([40, 40, 50, 130, 60, 70, 80, 210, 100, 110, 130, 340])
    assert not greedy.withheld(table, {}, table["value"] < 30, zeros="publish", width=10).any()


def test_what_is_masked_is_gone_and_has_its_mark():
    made = greedy.masked(small(range(12)), np.arange(12) == 3)
    assert np.isnan(made["value"][3])
    assert made["status"].tolist() == ["", "", "", "c"] + [""] * 8


def test_a_grouping_is_a_sum_of_its_own():
    places = ["a", "b", "p", "c", "q", "Total"]
    table = ResultTable({"area": text(places), "value": np.array([1, 2, 3, 4, 4, 7.0])}, dimensions=("area",))
    pairs = (("a", "p"), ("b", "p"), ("c", "q"))
    found = {(places[each.whole], *(places[part] for part in each.parts)) for each in greedy.sums_of(table, {"area": pairs})}
    assert found == {("p", "a", "b"), ("q", "c"), ("Total", "p", "q")}


SCRIPTS = {"one": "print('## One\\n\\nfast\\n\\n## One more\\n\\nfaster')", "two": "raise SystemExit('no peer here')"}
OLD = {"one": "## One\n\nslow", "three": "## Three\n\nof a script that is gone", "two": "## Two\n\nas it was"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "benchmarks").mkdir()
    for name, script in SCRIPTS.items():
        (tmp_path / "benchmarks" / f"{name}.py").write_text(script)
    monkeypatch.setattr(run, "HERE", tmp_path / "benchmarks")
    monkeypatch.setattr(run, "RESULTS", tmp_path / "benchmarks" / "RESULTS.md")
    run.RESULTS.write_text(run.whole(OLD))
    return tmp_path


def test_only_the_named_benchmark_is_run_and_the_part_of_another_stays(folder):
    assert run.main(["one"]) == 0
    found = run.parts(run.RESULTS.read_text())
    assert list(found) == ["one", "two"]
    assert found["two"] == OLD["two"]
    assert "slow" not in found["one"]
    assert found["one"].count("\n\nMeasured on ") == 2


def test_all_are_run_where_none_is_named_and_a_failure_is_shown(folder, capsys):
    assert run.main([]) == 1
    found = run.parts(run.RESULTS.read_text())
    assert "faster" in found["one"]
    assert "no peer here" in found["two"]


def test_a_benchmark_that_is_not_there_is_refused_and_nothing_is_written(folder, capsys):
    before = run.RESULTS.read_text()
    assert run.main(["one", "four"]) == 2
    assert "There is no benchmark four. There are one, two." in capsys.readouterr().err
    assert run.RESULTS.read_text() == before


def test_each_heading_says_when_it_was_measured_and_beside_what():
    made = run.dated("## A\n\n### Below\n\n| x |\n", datetime(2026, 11, 3, tzinfo=UTC), 1.26)
    assert made.startswith("## A\n\nMeasured on 3 November 2026 with ")
    assert made.split("\n\n")[1].endswith("; load before it 1.3.")
    assert made.endswith("\n\n### Below\n\n| x |")


def test_the_results_that_are_kept_name_every_benchmark_and_no_other():
    text = run.RESULTS.read_text(encoding="utf-8")
    assert sorted(run.parts(text)) == run.names()
    assert run.whole(run.parts(text)) == text
