"""All that a reader has: numbered cells, what each is known to be, and the sums that tie them.

A cell is one number that several tables may state. Along a dimension the codes that stand side by side are cut into elementary
pieces (:mod:`codes`), and every figure is the sum of its pieces; a row's numerator and complement are its denominator; patients
are those of a rate, those not eligible and those not yet known. What adds up in pooled figures adds up in their pieces too.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from plenary_stats.disclosure.attacker import figures as fig
from plenary_stats.disclosure.attacker.editions import Names, edition_of, told_apart
from plenary_stats.disclosure.attacker.figures import AnyTable, Bools, Figures, Floats, Ints, folded
from plenary_stats.disclosure.attacker.sums import Sums
from plenary_stats.disclosure.policy import Policy
from plenary_stats.tables import TOTAL

Key = tuple[int, ...]
"""A family and a code in every dimension: one of the names of a cell."""


@dataclass
class View:
    """Cells and sums. ``value`` NaN: the reader is not told. ``published``: it stands in a table, shown or withheld.

    ``whole``: of a numerator or complement its denominator, else -1. ``own``: in this edition. ``implied``: a piece of pooled
    years that stands in no table. ``absent``: such a piece of a centre that the lists of the time do not name: everybody knows
    that it had nobody. ``elsewhere``: what other sources tell. ``within``: what a rounded number lies between. ``names``: every
    name that a cell goes by, rows of family and codes; ``named``: whose they are. ``untried``: how many joint tables the attack
    found too large. ``wide``: whose range is known to be wide before this attack. ``supposed``: whose range is narrower where a
    correction changed one thing alone. ``beliefs``: what the measures tell of one another, as far as the reader may believe it;
    what stands the test is taken into ``sums``. ``small``: what the rule itself says is below the threshold.
    """

    figures: Figures
    cell_of: Ints
    family: Ints
    place: Ints
    value: Floats
    published: Bools
    own: Bools
    names: Ints
    named: Ints
    whole: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    implied: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    absent: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    elsewhere: dict[int, float] = field(default_factory=dict)
    within: dict[int, tuple[float, float]] = field(default_factory=dict)
    sums: Sums = field(default_factory=Sums.none)
    untried: int = 0
    wide: list[int] = field(default_factory=list)
    supposed: list[int] = field(default_factory=list)
    account: Sums = field(default_factory=Sums.none)
    beliefs: list[Sums] = field(default_factory=list)
    small: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.value)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The names of the dimensions."""
        return tuple(codes.name for codes in self.figures.dimensions)

    def quantity(self, cell: int) -> str:
        """Return what a cell counts."""
        return fig.quantity_of(self.figures.families[int(self.family[cell])])

    def codes(self, cell: int) -> tuple[str, ...]:
        """Return where a cell stands."""
        return tuple(codes.names[code] for codes, code in zip(self.figures.dimensions, self.place[cell].tolist(), strict=True))

    def quantities(self) -> list[str]:
        """Return what the cells count."""
        meant = [fig.quantity_of(name) for name in self.figures.families]
        return [meant[family] for family in self.family.tolist()]

    def grow(self, keys: Sequence[Key], values: Sequence[float] | None = None) -> None:
        """Add cells that stand in no table."""
        many = len(keys)
        if not many:
            return
        rows = np.array(keys, dtype=np.int64).reshape(many, -1)
        fresh = np.full(many, math.nan) if values is None else np.array(values, dtype=np.float64)
        self.named = np.concatenate((self.named, np.arange(len(self), len(self) + many)))
        self.names = np.vstack((self.names, rows))
        self.family, self.place = np.concatenate((self.family, rows[:, 0])), np.vstack((self.place, rows[:, 1:]))
        self.value = np.concatenate((self.value, fresh))
        none = np.zeros(many, np.bool_)
        self.published, self.own = np.concatenate((self.published, none)), np.concatenate((self.own, none))
        self.implied, self.absent = np.concatenate((self.implied, none)), np.concatenate((self.absent, none))
        self.whole = np.concatenate((self.whole, np.full(many, -1)))


def view_of(published: Sequence[AnyTable], policy: Policy, earlier: Sequence[AnyTable] = ()) -> View:
    """Return all that a reader of the tables and of earlier ones has."""
    tables = [*published, *earlier]
    figures = fig.read(tables, policy)
    view = _numbered(figures, told_apart(figures, tables, edition_of(tables, len(published))), len(published))
    _tell(view, policy)
    rows = _by_row(view)
    view.account = Sums.joined([_splits(view, rows), _scales(view, tables)])
    return view


def _numbered(figures: Figures, told: Names, own: int) -> View:
    """Give every number one cell, and note what is known of it."""
    size = len(told.family)
    key = folded([told.family, *figures.at.T], size)
    _, first, cell_of = np.unique(key, return_index=True, return_inverse=True)
    cell_of = cell_of.reshape(-1).astype(np.int64)
    value = np.full(len(first), math.nan)
    shown = np.flatnonzero(~np.isnan(figures.value))[::-1]
    value[cell_of[shown]] = figures.value[shown]  # the first that was told is believed
    mine = np.zeros(len(first), np.bool_)
    mine[cell_of[figures.table < own]] = True
    keys = np.column_stack((told.family, figures.at))
    names = np.vstack((keys[first], np.column_stack((told.also, figures.at[told.also_figure]))))
    named = np.concatenate((np.arange(len(first)), cell_of[told.also_figure]))
    _, single = np.unique(folded(names.T, len(names)), return_index=True)
    single.sort()
    none = np.zeros(len(first), np.bool_)
    return View(
        figures, cell_of, told.family[first], figures.at[first], value, ~none, mine, names[single], named[single],
        np.full(len(first), -1), none.copy(), none.copy(),
    )  # fmt: skip


def _tell(view: View, policy: Policy) -> None:
    """Tell the reader what is public elsewhere, and which places everybody knows to be empty."""
    dimensions = view.figures.dimensions
    for entry in policy.already_public:
        family = view.figures.family_of(str(entry.get("quantity", "patients")))
        codes = [
            codes.number[str(entry.get(codes.name, "patients" if codes.name == "measure" else TOTAL))] for codes in dimensions
        ]
        key = (family, *codes)
        found = np.flatnonzero((view.names == np.array(key)).all(axis=1))
        if len(found):
            cell = int(view.named[found[0]])
        else:
            cell = len(view)
            view.grow([key])
        view.published[cell] = True
        view.elsewhere[cell] = float(entry["value"])
        if math.isnan(view.value[cell]):
            view.value[cell] = float(entry["value"])
    for zero in policy.structural_zeros:
        where = {
            codes.name: (order, codes.number[zero[codes.name]]) for order, codes in enumerate(dimensions) if codes.name in zero
        }
        if len(where) < len(zero):
            continue
        inside = np.logical_and.reduce([view.place[:, order] == code for order, code in where.values()]) & np.isnan(view.value)
        view.value[inside] = 0.0


Rows = dict[str, Ints]


def _by_row(view: View) -> tuple[Ints, Rows]:
    """Return, for each row of tables of shares, the cell in each of its columns (-1: none)."""
    figures = view.figures
    key = folded([figures.table, figures.row], len(figures.table))
    rows, where = np.unique(key, return_inverse=True)
    found: Rows = {}
    for order, role in enumerate(figures.roles):
        own = figures.role == order
        found[role] = np.full(len(rows), -1, dtype=np.int64)
        found[role][where.reshape(-1)[own]] = view.cell_of[own]
    table = np.zeros(len(rows), np.int64)
    table[where.reshape(-1)] = figures.table
    return table, found


def _splits(view: View, rows: tuple[Ints, Rows]) -> Sums:
    """Return that numerator and complement are the denominator, row by row; and note their wholes."""
    _, found = rows
    if "complement" not in found or "denominator" not in found:
        return Sums.none()
    triples = np.column_stack([found[role] for role in ("denominator", "numerator", "complement")])
    triples = triples[(triples >= 0).all(axis=1)]
    for column in (1, 2):
        view.whole[triples[:, column]] = triples[:, 0]
    return Sums.of_rows(triples)


def _scales(view: View, tables: Sequence[AnyTable]) -> Sums:
    """Return that the patients at the levels of an ordered scale are together those whose outcome is known."""
    figures, measure = view.figures, view.figures.position("measure")
    scales = [order for order, table in enumerate(tables) if table.kind == "levels"]
    mine = np.flatnonzero(np.isin(figures.table, scales))
    if not len(mine):
        return Sums.none()
    place = figures.place.copy()
    if measure is not None:
        codes = figures.dimensions[measure]
        base = np.array([codes.number.get(name.split("@")[0], order) for order, name in enumerate(codes.names)])
        place[:, measure] = base[place[:, measure]]
    group = folded([figures.table, *place.T], len(place))
    wholes: dict[int, int] = {}
    parts: dict[int, set[int]] = defaultdict(set)
    for figure in mine.tolist():
        role = figures.roles[int(figures.role[figure])]
        if role == "denominator":
            wholes[int(group[figure])] = int(view.cell_of[figure])
        elif role == "numerator":
            parts[int(group[figure])].add(int(view.cell_of[figure]))
    return Sums.of([(wholes[each], tuple(sorted(cells))) for each, cells in parts.items() if each in wholes])
