"""Parts of very many cells: gone through in pieces, nothing is called safe that is not."""

import itertools

import numpy as np
import pytest

from plenary_stats.disclosure import Policy, audit
from plenary_stats.disclosure.attacker import component, ranges
from plenary_stats.disclosure.attacker.component import Component
from plenary_stats.disclosure.attacker.linking import link
from plenary_stats.disclosure.attacker.system import Rows
from plenary_stats.disclosure.attacker.view import view_of
from tests.unit.plenary_stats.disclosure import known


def three_way(draw_from, *, hidden: float, top: int, noughts: bool = True):
    """Two regions by three sexes by four bands with all margins, some of it withheld."""
    codes = [[*(f"{name}{order}" for order in range(size)), "Total"] for name, size in (("r", 3), ("s", 2), ("a", 4))]
    people = {place: int(draw_from.integers(0, top)) for place in itertools.product(*(names[:-1] for names in codes))}
    rows = []
    for place in itertools.product(*codes):
        value = sum(n for at, n in people.items() if all(mine in {"Total", its} for mine, its in zip(place, at, strict=True)))
        rows.append(
            dict(zip("rsa", place, strict=True))
            | {"value": None if (value or noughts) and draw_from.random() < hidden else value}
        )
    return known.table(rows, ("r", "s", "a"))


@pytest.mark.parametrize("zeros", ["publish", "protect"])
@pytest.mark.parametrize("seed", range(25))
def test_in_pieces_nothing_is_called_safe_that_is_not(monkeypatch, seed, zeros):
    """Narrow ranges are the exact ones; wide ones hold the exact ones and are as wide as the policy asks."""
    table = three_way(np.random.default_rng(seed), hidden=0.7, top=9, noughts=zeros == "protect")
    policy = Policy(threshold=8, minimum_width=4, zeros=zeros)
    exact = audit([table], policy)
    small = {"CHUNKS": (3, 6, 6), "LONG": 3, "LARGE": 4, "MENDED": 5}
    for name, value in small.items():
        monkeypatch.setattr(component, name, value)
    monkeypatch.setattr(ranges, "LARGE", 4)
    found = audit([table], policy)
    assert found.cells["verdict"].tolist() == exact.cells["verdict"].tolist()
    for one, other in zip(exact.rows(), found.rows(), strict=True):
        if one["verdict"] != "safe":
            assert (other["low"], other["high"]) == (one["low"], one["high"])
        assert other["low"] <= one["low"]
        assert (other["high"] is None) or (one["high"] is not None and other["high"] >= one["high"])


def test_a_part_of_very_many_cells_is_gone_through_in_pieces(monkeypatch):
    """Each piece moves while all else stands still; what it reaches is reached in the whole."""
    monkeypatch.setattr(component, "CHUNKS", (6, 6, 12))
    table = three_way(np.random.default_rng(3), hidden=0.9, top=30)
    view = view_of([table], Policy())
    link(view)
    rows = Rows.of(view.sums)
    start = ranges.plain(view, Policy())
    part = Component(rows.settled(start), start.copy(), np.full(len(view), 10.0))
    part._in_pieces()
    for point in part.points:
        left = rows.matrix(len(view)) @ point
        assert np.allclose(left, 0)
    wide = part.reached_high - part.reached_low
    assert (wide[np.isnan(view.value)] >= 10).sum() > 20
    assert (part.reached_low >= start.low - 1e-6).all()
    assert (part.reached_high <= start.high + 1e-6).all()
