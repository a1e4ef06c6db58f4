"""What the rule itself tells: figures are withheld together because at least one of them is too small.

Where one number of people is at most each of those that could be the small one, it is small. Only that is concluded: a number of
events of a shown denominator, an amount or a rounded figure may be the reason too, and where one may be, nothing is.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from plenary_stats.disclosure.attacker import figures as fig
from plenary_stats.disclosure.attacker.figures import Bools, Ints, folded
from plenary_stats.disclosure.attacker.system import Bounds
from plenary_stats.disclosure.attacker.view import View
from plenary_stats.disclosure.policy import Policy


def small_ones(view: View, bounds: Bounds, policy: Policy) -> list[int]:
    """Return the cells that must be below the threshold, and are told too nearly by that; those known to be are left out.

    Of a policy that asks for a wider range than there is below its threshold, nothing: no withholding could keep it.
    """
    room = policy.threshold - 1 - (policy.zeros == "publish")
    if policy.rounding or view.within or room < policy.minimum_width:
        return []
    quantities = np.array(view.quantities())
    people, hidden = np.isin(quantities, list(fig.PEOPLE)), np.isnan(view.value)
    low, high, most = bounds.low, bounds.high, policy.threshold - 1
    few = people & hidden & (view.published | view.implied) & (low <= most) & (high > 0)
    near = few & (low > most - policy.minimum_width) & (high > most)
    if not near.any():
        return []
    part = _parts(view, hidden, np.isin(quantities, list(fig.REMAINDERS)) & hidden & (high > 0))
    near &= np.isin(part, np.unique(part[people & hidden & view.published]))
    excused = np.isin(part, np.unique(part[_events(view, bounds, policy, quantities) | (hidden & (quantities == "amount"))]))
    below = _below(view, bounds)
    found = []
    for cell in np.flatnonzero(near & ~excused).tolist():
        others = np.flatnonzero(few & (part == part[cell]))
        above = breadth_first_order(below, cell, return_predecessors=False)
        if np.isin(others, above).all():
            found.append(cell)
    return found


def _events(view: View, bounds: Bounds, policy: Policy, quantities: np.typing.NDArray[np.str_]) -> Bools:
    """Return the withheld events that may be too few themselves: those of a denominator that is shown."""
    told = np.zeros(len(view), np.bool_)
    inside = view.whole >= 0
    told[inside] = ~np.isnan(view.value[view.whole[inside]])
    found: Bools = np.isin(quantities, list(fig.EVENTS)) & told & np.isnan(view.value) & (bounds.low < policy.event_threshold)
    return found


def _parts(view: View, hidden: Bools, between: Bools) -> Ints:
    """Return which withheld cells hang together: by a sum, by a row, or because they are mostly one number.

    ``between``: those not eligible or not known who are withheld. They keep patients and denominator apart: with them, neither
    goes for the other's sake.
    """
    size = len(view)
    sums = view.sums.chosen(view.sums.total(between.astype(np.float64)) == 0)
    own = view.figures
    row = np.unique(folded([own.table, own.row], len(own.table)), return_inverse=True)[1].reshape(-1)
    measure = view.figures.position("measure")
    kept = [order for order in range(view.place.shape[1]) if order != measure]
    alike = np.isin(view.quantities(), ["patients", "received", "expected"])
    place = np.unique(folded([view.place[:, order] for order in kept], size), return_inverse=True)[1].reshape(-1)
    ends = [
        (sums.order, sums.parts),
        (np.arange(len(sums)), sums.whole),
        (len(sums) + row, view.cell_of),
        (len(sums) + len(row) + place[alike], np.flatnonzero(alike)),
    ]
    group, cell = (np.concatenate([each[side] for each in ends]) for side in (0, 1))
    group, cell = group[hidden[cell]], cell[hidden[cell]]
    wide = size + len(sums) + len(row) + size
    graph = coo_array((np.ones(len(cell)), (cell, size + group)), shape=(wide, wide))
    return np.asarray(connected_components(graph.tocsr(), directed=False)[1][:size], dtype=np.int64)


def _below(view: View, bounds: Bounds) -> csr_array:
    """Return, from each cell, what is at least as large: the wholes that it is a part of, and its equals."""
    sums, size = view.sums, len(view)
    loose = bounds.high > 0
    alone = sums.total(loose.astype(np.float64)) == 1
    equal = (alone & ~sums.open)[sums.order] & loose[sums.parts]
    whole = sums.whole[sums.order]
    start, end = np.concatenate((sums.parts, whole[equal])), np.concatenate((whole, sums.parts[equal]))
    return csr_array(coo_array((np.ones(len(start)), (start, end)), shape=(size, size)))
