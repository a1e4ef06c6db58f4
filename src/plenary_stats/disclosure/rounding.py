"""Controlled rounding: every number of patients becomes a multiple of a base, and all sums still hold.

A number is rounded to one of its two neighbouring multiples (a multiple stays what it is) so that the sums hold exactly and as
little as possible is changed in all: an integer programme, part by part of what the sums tie together. Where no choice of
neighbours adds up, the next multiples are allowed too. What an earlier edition rounded is rounded likewise as long as it is near
enough.

The reader then knows every number to within ``base - 1`` either way and no nearer: see ``rounded``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from plenary_stats import tables as shared
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.rounded import COUNTED, REACHES, is_rounded
from plenary_stats.disclosure.suppressor.cells import AnyTable, Cells, Key, Sum, quantity_of
from plenary_stats.disclosure.suppressor.links import dimensions_of, gather, link
from plenary_stats.errors import InputError
from plenary_stats.solver import Floats
from plenary_stats.tables import LOW, NOT_APPLICABLE, NOT_COLLECTED, SHOWN, WITHHELD, Column, ProtectedTable, ResultTable

KEPT = 1000.0
"""What it costs to round otherwise than an earlier edition did."""
NODES = 20_000
"""The search for the least change ends after so many steps with the best that was found."""


def rounded(tables: Sequence[ResultTable], policy: Policy, previous: Sequence[AnyTable] = ()) -> tuple[ProtectedTable, ...]:
    """Return the tables with every number of patients rounded to the policy's base.

    Shares are worked out from the rounded numbers, and intervals left out. Withheld is a share that does not follow from its
    numerator and denominator (a survival estimate), and a median where fewer than the threshold may stand behind the rounded
    number. Raises ``InputError`` where no rounding adds up.
    """
    base = policy.rounding or 1
    dimensions = dimensions_of([*tables, *previous], policy)
    cells, facts = gather(tables, dimensions, len(tables))
    link(cells, policy)
    before = _printed(previous, dimensions, base)
    made = _solve(cells, base, {cells.number[key]: value for key, value in before.items() if key in cells.number})
    columns: list[dict[str, Floats]] = [
        {name: np.full(len(table), math.nan) for name in ("value", *COUNTED[table.kind])} for table in tables
    ]
    for fact in facts:
        if fact.role in columns[fact.table] and not math.isnan(fact.value):
            columns[fact.table][fact.role][fact.row] = made[cells.number[fact.key]]
    return tuple(_written(table, own, policy) for table, own in zip(tables, columns, strict=True))


def _printed(previous: Sequence[AnyTable], dimensions: tuple[str, ...], base: int) -> dict[Key, float]:
    """Return what earlier editions print of rounded numbers, the latest first."""
    found: dict[Key, float] = {}
    for table in previous:
        if is_rounded(table, base) and table.kind != "magnitude":
            for fact in gather([table], dimensions, 1)[1]:
                if not math.isnan(fact.value):
                    found.setdefault(fact.key, fact.value)
    return found


# ----------------------------------------------------------------------------------------------------------- the programme


def _solve(cells: Cells, base: int, before: Mapping[int, float]) -> Floats:
    """Return every cell's rounded value: part by part, with the neighbouring multiples as far as they add up."""
    values = np.array(cells.value)
    counted = np.array([quantity_of(key) != "amount" for key in cells.keys], dtype=np.bool_) & ~np.isnan(values)
    sums = [each for each in cells.sums if counted[[each.whole, *each.parts]].all()]
    made = np.full(len(values), math.nan)
    for members, own in _parts(len(values), sums):
        inside = [member for member in members if counted[member]]
        if inside:
            made[inside] = _rounded_part(values, inside, own, base, before)
    return made


def _parts(size: int, sums: Sequence[Sum]) -> list[tuple[list[int], list[Sum]]]:
    """Return the cells that sums tie together, with those sums."""
    pairs = [(each.whole, part) for each in sums for part in each.parts]
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    count, home = connected_components(graph, directed=False)
    members: list[list[int]] = [[] for _ in range(count)]
    own: list[list[Sum]] = [[] for _ in range(count)]
    for cell, part in enumerate(home.tolist()):
        members[part].append(cell)
    for each in sums:
        own[home[each.whole]].append(each)
    return list(zip(members, own, strict=True))


def _rounded_part(values: Floats, members: Sequence[int], sums: Sequence[Sum], base: int, before: Mapping[int, float]) -> Floats:
    place = {cell: order for order, cell in enumerate(members)}
    own = values[list(members)]
    floor = np.floor(own / base)
    rest = own - base * floor
    wanted = np.array([before.get(cell, math.nan) for cell in members]) / base - floor
    for reach in REACHES:
        answer = _steps(rest, wanted, _equations(place, sums, floor), base, reach)
        if answer is not None:
            return base * (floor + answer)
    raise InputError(
        f"No rounding to multiples of {base} lets all sums of these tables hold. "
        "Leave out a breakdown, or withhold small numbers instead."
    )


def _equations(place: Mapping[int, int], sums: Sequence[Sum], floor: Floats) -> tuple[csr_array, Floats, Floats] | None:
    """Return the sums as rows over the steps that each cell goes up from the multiple below it."""
    if not sums:
        return None
    rows, columns, factors = list[int](), list[int](), list[float]()
    right = np.zeros(len(sums))
    for order, each in enumerate(sums):
        cells = [*(place[part] for part in each.parts), place[each.whole]]
        signs = [1.0] * len(each.parts) + [-1.0]
        rows += [order] * len(cells)
        columns += cells
        factors += signs
        right[order] = -float(np.dot(signs, floor[cells]))
    low = np.where([each.open for each in sums], -math.inf, right)
    return csr_array((factors, (rows, columns)), shape=(len(sums), len(place))), low, right


def _steps(
    rest: Floats, wanted: Floats, equations: tuple[csr_array, Floats, Floats] | None, base: int, reach: int
) -> Floats | None:
    """Return how many multiples each cell goes up from the one below it; None where no choice within reach adds up."""
    low = np.full(len(rest), 1.0 - reach)
    high = np.where(rest == 0, reach - 1.0, float(reach))
    kept = ~np.isnan(wanted) & (wanted >= low) & (wanted <= high)
    size = len(rest)
    if equations is None:
        nearest = np.round(rest / base)
        return np.where(kept, wanted, nearest)
    matrix, least, most = equations
    # each cell's change is a variable of its own, at least as large as base * steps - rest either way
    identity = np.arange(size)
    target = np.where(kept, base * wanted, rest)
    above = csr_array(
        (np.concatenate((np.full(size, float(base)), np.full(size, -1.0))), (np.tile(identity, 2), np.arange(2 * size)))
    )
    below = csr_array(
        (np.concatenate((np.full(size, float(base)), np.full(size, 1.0))), (np.tile(identity, 2), np.arange(2 * size)))
    )
    wide = csr_array((matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], 2 * size))
    answer = milp(
        np.concatenate((np.zeros(size), np.where(kept, KEPT, 1.0))),
        integrality=np.concatenate((np.ones(size), np.zeros(size))),
        bounds=Bounds(np.concatenate((low, np.zeros(size))), np.concatenate((high, np.full(size, math.inf)))),
        constraints=[
            LinearConstraint(wide, least, most),
            LinearConstraint(above, -math.inf, target),
            LinearConstraint(below, target, math.inf),
        ],
        options={"mip_rel_gap": 1e-4, "node_limit": NODES},
    )
    return None if answer.x is None else np.round(answer.x[:size])


# ------------------------------------------------------------------------------------------------------------ the tables


def _written(table: ResultTable, own: Mapping[str, Floats], policy: Policy) -> ProtectedTable:
    """Return a table with its rounded numbers, and what follows from them."""
    columns: dict[str, Column] = {}
    for name, column in table.columns.items():
        if name in own and name != "value":
            columns[name] = own[name]
        elif name == "note":
            columns[name] = np.full(len(table), "", dtype=np.str_)
        elif column.dtype.kind in "fiu" and not (name == "denominator" and table.kind == "exposure"):
            columns[name] = np.full(len(table), math.nan)
        else:
            columns[name] = column
    columns["value"] = _values(table, own, policy)
    columns["status"] = _statuses(table, columns["value"], own)
    return ProtectedTable(
        MappingProxyType(columns),
        name=table.name,
        kind=table.kind,
        dimensions=table.dimensions,
        token=shared._TOKEN,  # noqa: SLF001 - made from rounded numbers alone
    )


def _values(table: ResultTable, own: Mapping[str, Floats], policy: Policy) -> Floats:
    true = table["value"].astype(np.float64)
    if table.kind == "count":
        return own["value"]
    if table.kind == "summary":
        return np.where(_surely(own["denominator"], table["denominator"], policy), true, math.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = true * table["denominator"] / table["numerator"]
        per = table.kind == "exposure" and np.isfinite(unit).any()  # a rate of residents is per million, say
        usual = float(np.median(unit[np.isfinite(unit)])) if per else 1.0
        whole = table["denominator"] if table.kind == "exposure" else own["denominator"]
        follows = np.isnan(true) | np.isclose(true, usual * table["numerator"] / table["denominator"], rtol=1e-6, equal_nan=True)
        share = usual * own["numerator"] / whole
    share = np.where(follows & np.isfinite(share), share, math.nan)
    return np.round(share, policy.precision) if policy.precision is not None else share


def _surely(rounded: Floats, true: Column, policy: Policy) -> Column:
    """Whether a median is surely of enough patients, as far as the rounded number says: which are shown then tells no more."""
    base = policy.rounding or 1
    far = np.abs(rounded - true)
    reach = int(far[~np.isnan(far)].max(initial=0.0) // base) + 1
    return np.array(rounded - (reach * base - 1) >= policy.threshold, dtype=np.bool_)


def _statuses(table: ResultTable, values: Floats, own: Mapping[str, Floats]) -> Column:
    """Return the statuses: shown, or as given; withheld where there was a figure that rounded numbers do not give.

    Nobody by the rounded number is nobody, whether it was rounded to that or not; one word for both.
    """
    status = np.array(table.columns.get("status", np.full(len(table), SHOWN)), dtype="<U3")
    empty = np.isnan(values)
    status[empty & ~np.isnan(table["value"].astype(np.float64))] = WITHHELD
    status[~empty & np.isin(status, (LOW, NOT_APPLICABLE))] = SHOWN
    if "denominator" in own:
        status[(own["denominator"] == 0) & (status != NOT_COLLECTED)] = NOT_APPLICABLE
    return status
