"""Parts of very many cells: gone through in pieces, nothing is called safe that is not."""

import itertools

import numpy as np
import pytest

from plenary_stats.disclosure import Policy, audit
from plenary_stats.disclosure.attacker import component, ranges
from plenary_stats.disclosure.attacker.audit import attacked
from plenary_stats.disclosure.attacker.component import Component
from plenary_stats.disclosure.attacker.linking import link
from plenary_stats.disclosure.attacker.system import Rows
from plenary_stats.disclosure.attacker.view import view_of
from plenary_stats.tables import ResultTable
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
    in_pieces(monkeypatch)
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


def in_pieces(monkeypatch):
    """Make small parts count as large ones."""
    for name, value in {"CHUNKS": (3, 6, 6), "LONG": 3, "LARGE": 4, "MENDED": 5}.items():
        monkeypatch.setattr(component, name, value)
    monkeypatch.setattr(ranges, "LARGE", 4)


def withheld_too(table, draw_from, share):
    """The same table, with more of it withheld."""
    gone = draw_from.random(len(table)) < share
    value = np.where(gone, np.nan, table["value"])
    status = np.where(np.isnan(value), "c", "")
    return ResultTable(table.columns | {"value": value, "status": status}, table.name, table.kind, table.dimensions)


@pytest.mark.parametrize("zeros", ["publish", "protect"])
@pytest.mark.parametrize("seed", range(25))
def test_what_was_wide_before_more_was_withheld_is_not_proved_again(monkeypatch, seed, zeros):
    """Every verdict is the one of an attack that knows nothing of the first, whatever the first said."""
    draw = np.random.default_rng(seed)
    first = three_way(draw, hidden=0.5, top=9, noughts=zeros == "protect")
    policy = Policy(threshold=8, minimum_width=4, zeros=zeros)
    may_go = (first["value"] > 0) | (zeros == "protect")
    more = withheld_too(first, draw, np.where(may_go, 0.2, 0.0))
    in_pieces(monkeypatch)
    known = attacked([first], policy)
    told, alone = attacked([more], policy, before=known), audit([more], policy)
    assert told.cells["verdict"].tolist() == alone.cells["verdict"].tolist()
    assert dict(told.totals) | {"seconds": 0} == dict(alone.totals) | {"seconds": 0}


def test_in_a_large_part_only_what_was_wide_is_not_asked_about_again(monkeypatch):
    """Groups that overlap give p to s, which no single sum does; v and w are wide, and beside them u goes as well."""
    groups = {"pqr": 12, "pqs": 15, "prs": 13, "qrs": 14, "pqrsvw": 60}
    policy = Policy(hierarchies={"a": tuple((code, group) for group in groups for code in group)})
    values = dict.fromkeys("pqrsvw") | groups
    first, more = (
        known.table([{"a": code, "value": value} for code, value in (values | {"u": shown}).items()], ("a",))
        for shown in (40, None)
    )
    in_pieces(monkeypatch)
    found = attacked([more], policy, before=attacked([first], policy))
    verdicts = {row["a"]: (row["low"], row["high"], row["verdict"]) for row in found.rows()}
    assert [verdicts[code] for code in "pqrs"] == [(number, number, "exact") for number in (4, 5, 3, 6)]
    assert verdicts["v"][2] == verdicts["w"][2] == verdicts["u"][2] == "safe"


def test_what_was_narrow_before_is_asked_about_again():
    """Two of three sum to a known number of 6 in the first table; the second tells nothing of it."""
    codes = ("A", "B", "C", "Total")
    rows = [known.table([{"a": code, "value": value} for code, value in zip(codes, values, strict=True)], ("a",)) for values in (
        (None, None, 40, 46), (None, None, None, 46),
    )]  # fmt: skip
    first = attacked([rows[0]], Policy())
    assert first.cells["verdict"].tolist() == ["narrow", "narrow"]
    assert attacked([rows[1]], Policy(), before=first).cells["verdict"].tolist() == ["safe", "safe", "safe"]
    assert first.cells["how"].tolist() == ["", ""]


def test_earlier_editions_are_attacked_anew_each_time():
    """Of a corrected edition a reader may believe less when this one tells less: nothing is taken over."""
    old = known.table([{"a": code, "value": value} for code, value in (("A", None), ("B", None), ("Total", 90))], ("a",), "old")
    new = known.table([{"a": code, "value": value} for code, value in (("A", None), ("B", None), ("Total", 95))], ("a",), "new")
    first = attacked([new], Policy(), [old])
    assert first.rows() == attacked([new], Policy(), [old], before=first).rows()
