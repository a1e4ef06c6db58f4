"""Insiders: readers who know some withheld figures because they are their own. A centre knows itself, and so its partner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor.cells import Cells
from plenary_stats.disclosure.suppressor.sums import Ints
from plenary_stats.tables import TOTAL


def known_to_members(cells: Cells, policy: Policy) -> Iterator[Ints]:
    """Yield, for each member of the policy's dimensions of insiders, the cells that it knows: all at its own code."""
    for name in policy.insiders:
        if name not in cells.dimensions:
            continue
        position = cells.dimensions.index(name)
        own: dict[str, list[int]] = defaultdict(list)
        for number, (_, place) in enumerate(cells.keys):
            if place[position] not in {"", TOTAL}:
                own[place[position]].append(number)
        yield from (np.array(own[code], dtype=np.int64) for code in sorted(own))


def with_the_same(own: Ints, group: Ints) -> Ints:
    """Return an insider's cells with all that are the same number: of a service with one centre, the total is the centre's."""
    return np.flatnonzero(np.isin(group, np.unique(group[own])))
