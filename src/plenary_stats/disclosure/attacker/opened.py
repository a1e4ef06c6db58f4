"""Rounded numbers taken for what they are: unknown, and within so many of what is printed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from plenary_stats.disclosure.attacker import figures as fig
from plenary_stats.disclosure.attacker.figures import AnyTable, Bools
from plenary_stats.disclosure.attacker.view import View
from plenary_stats.disclosure.rounded import is_rounded, within


def open_rounded(view: View, tables: Sequence[AnyTable], base: int, reach: int) -> list[int]:
    """Open the rounded cells of a view; return them. ``reach``: how many multiples away the reader believes a number to be.

    Tables that are not rounded (of an edition before the policy) and figures that are public elsewhere tell their numbers as
    ever. Where a rounded number may be the one that was printed exactly before, the reader takes it for that.
    """
    exact = _exact(view, tables, base)
    counts = np.array([name != "amount" for name in view.quantities()], dtype=np.bool_)
    opened = np.flatnonzero(view.published & ~np.isnan(view.value) & counts & ~exact).tolist()
    for cell in opened:
        view.within[cell] = within(float(view.value[cell]), base, reach)
        view.value[cell] = np.nan
    for cell in np.flatnonzero(exact).tolist():
        twin, value = _as_now(view, cell), float(view.value[cell])
        if twin in view.within and view.within[twin][0] <= value <= view.within[twin][1]:
            view.value[twin] = value
    for cell, value in view.elsewhere.items():
        view.value[cell] = value
    return opened


def _exact(view: View, tables: Sequence[AnyTable], base: int) -> Bools:
    """Return which cells some table that is not rounded tells."""
    figures = view.figures
    plain = [order for order, table in enumerate(tables) if not is_rounded(table, base)]
    told = np.isin(figures.table, plain) & ~np.isnan(figures.value)
    found = np.zeros(len(view), np.bool_)
    found[view.cell_of[told]] = True
    return found


def _as_now(view: View, cell: int) -> int:
    """Return the cell that the same figure is in this edition, where an earlier one stands apart as if it had been corrected."""
    families = view.figures.families
    quantity = fig.quantity_of(families[int(view.family[cell])])
    if quantity not in families:
        return -1
    key = np.array([families.index(quantity), *view.place[cell].tolist()])
    found = np.flatnonzero((view.names == key).all(axis=1))
    return int(view.named[found[0]]) if len(found) else -1
