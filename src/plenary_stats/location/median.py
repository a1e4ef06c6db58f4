"""The p-median: bounds from below by Lagrange, from above by swaps, and a search that closes what lies between.

Rows are sites and columns are people's places, as ``cost`` here is demand times cost, transposed: each site's row is contiguous.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from plenary_stats.results import Numbers

Indices = npt.NDArray[np.intp]

FEW = 100
"""So many combinations are tried one by one."""

CLOSE = 1e-9
"""A bound within this share of the cost proves it."""


@dataclass
class Search:
    """What is known so far: the cheapest sites found, and how far below them anything can be."""

    cost: Numbers
    most_nodes: int
    nodes: int = 0
    best: Indices = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    above: float = np.inf
    below: float = np.inf
    tried: set[bytes] = field(default_factory=set)
    whole: bool = False  # whole costs: a better answer would be better by one

    def run(self, p: int, fixed: Indices) -> None:
        """Find the cheapest ``p`` sites that hold the fixed ones."""
        self.whole = bool((self.cost == np.floor(self.cost)).all()) and float(self.cost.sum()) < 2**52
        sites, above = swapped(self.cost, greedy(self.cost, p, fixed), fixed)
        self.best, self.above = sites, above
        first, second, _ = two_nearest(self.cost, sites)
        price = (first + np.minimum(second, 3 * first)) / 2
        pending = [_Node(np.arange(len(self.cost)), fixed, price, -np.inf)]
        while pending and self.nodes < self.most_nodes:
            self.nodes += 1
            node = pending.pop()
            if node.bound < self.enough:
                pending.extend(self._branches(node, p))
        left = min((node.bound for node in pending), default=np.inf)
        self.below = min(left, self.above)

    @property
    def enough(self) -> float:
        """A bound from here up proves that nothing is cheaper than what was found."""
        return self.above - (1 - 1e-6 if self.whole else CLOSE * self.above)

    def _branches(self, node: _Node, p: int) -> list[_Node]:
        """Return what is left of a node: nothing if it is settled, else its two halves, the more promising one last."""
        bound = Lagrange(self, node, p)
        bound.climb(*(400, 1.5) if self.nodes == 1 else (60, 0.3))
        free = bound.free
        to_open = p - len(bound.open)
        if bound.below >= self.enough or len(free) < to_open:
            return []
        if comb(len(free), to_open) <= FEW:
            self._try_all(bound.open, free, to_open)
            return []
        site = free[np.argmin(bound.reduced[~bound.must])]
        without = bound.sites[bound.sites != site]
        return [
            _Node(without, bound.open, bound.price, bound.below),
            _Node(bound.sites, np.append(bound.open, site), bound.price, bound.below),
        ]

    def _try_all(self, opened: Indices, free: Indices, more: int) -> None:
        for extra in combinations(free.tolist(), more):
            self.offer(np.array([*opened.tolist(), *extra], dtype=np.intp))

    def is_new(self, sites: Indices) -> bool:
        """Say whether these sites have not been tried before, and note them."""
        key = np.sort(sites).tobytes()
        new = key not in self.tried
        self.tried.add(key)
        return new

    def offer(self, sites: Indices) -> None:
        """Keep these sites if they are cheaper than the cheapest so far."""
        total = float(self.cost[sites].min(axis=0).sum())
        if total < self.above * (1 - 1e-12):
            self.best, self.above = sites, total


@dataclass(frozen=True)
class _Node:
    """Some sites that may be used, some that must be, and the prices and bound to start from."""

    sites: Indices
    open: Indices
    price: Numbers
    bound: float


class Lagrange:
    """The bound from below: everyone is offered a price for going unserved, and sites are chosen for what they save.

    (Cornuejols, Fisher and Nemhauser, Management Science 1977;23:789; fixing by reduced costs as in Beasley 1993.)
    """

    def __init__(self, search: Search, node: _Node, p: int) -> None:
        """Start from the prices and the sites of a node."""
        self.search, self.p = search, p
        self.sites, self.open, self.price = node.sites, node.open, node.price
        self.below = node.bound
        self.reduced: Numbers = np.zeros(len(self.sites))
        self.rows = search.cost[self.sites]
        self.must = np.isin(self.sites, self.open)

    @property
    def free(self) -> Indices:
        """The sites that may be used and need not be."""
        return self.sites[~self.must]

    def climb(self, steps: int, step: float = 1.5) -> None:
        """Raise the bound by subgradient steps; close and open sites for good as soon as the bound proves it."""
        price, stuck, heading = self.price, 0, np.zeros(len(self.price))
        first = True
        for turn in range(steps):
            reduced = np.minimum(self.rows - price, 0).sum(axis=1)
            chosen = self._chosen(reduced)
            bound = float(price.sum() + reduced[chosen].sum())
            self.search.offer(self.sites[chosen])
            stuck = 0 if bound > self.below + CLOSE * self.search.above else stuck + 1
            if bound >= self.below or first:
                self.below, self.price, self.reduced, first = max(bound, self.below), price, reduced, False
            if self._done():
                return
            if stuck >= 15:
                step, stuck, price, heading = step / 2, 0, self.price, np.zeros(len(price))
            wrong = 1 - (self.rows[chosen] < price).sum(axis=0)
            heading = wrong + 0.3 * heading
            length = float(heading @ heading)
            if length == 0 or step < 1e-4:
                break
            price = price + step * (1.02 * self.search.above - bound) / length * heading
            if turn % 20 == 19 and self._settled(chosen, swap=turn % 100 == 99):
                return
        self._settled(self._chosen(self.reduced), swap=True)

    def _done(self) -> bool:
        return self.below >= self.search.enough

    def _chosen(self, reduced: Numbers) -> Indices:
        """Return the rows of the open sites and of those that save most."""
        order = np.argsort(np.where(self.must, -np.inf, reduced), kind="stable")
        return order[: self.p]

    def _settled(self, chosen: Indices, *, swap: bool) -> bool:
        """Try the chosen sites with all swaps that save, then fix; say whether nothing is left to decide."""
        if swap and self.search.is_new(self.sites[chosen]):
            better, _ = swapped(self.rows, chosen, np.flatnonzero(self.must))
            self.search.offer(self.sites[better])
        return self._done() or self._fix()

    def _fix(self) -> bool:
        """Close and open what the bound proves; say whether nothing is left to decide."""
        bound_of = self.reduced
        chosen = self._chosen(bound_of)
        value = float(self.price.sum() + bound_of[chosen].sum())
        out = np.ones(len(self.sites), dtype=np.bool_)
        out[chosen] = False
        free_in = chosen[~self.must[chosen]]
        if not len(free_in) or not out.any():
            return True
        worst_in, best_out = bound_of[free_in].max(), bound_of[out].min()
        opened = free_in[value + best_out - bound_of[free_in] >= self.search.enough]
        keep = ~(out & (value + bound_of - worst_in >= self.search.enough))
        self.must[opened] = True
        self.open = self.sites[self.must]
        self.sites, self.must = self.sites[keep], self.must[keep]
        self.rows, self.reduced = self.rows[keep], self.reduced[keep]
        return comb(len(self.sites) - len(self.open), max(self.p - len(self.open), 0)) <= FEW


def two_nearest(cost: Numbers, sites: Indices) -> tuple[Numbers, Numbers, Indices]:
    """Return the cheapest and the next cheapest cost of each place among the sites, and which is the cheapest."""
    rows = cost[sites]
    if len(sites) == 1:
        return rows[0], np.full(cost.shape[1], np.inf), np.zeros(cost.shape[1], dtype=np.intp)
    order = np.argpartition(rows, 1, axis=0)[:2]
    two = np.take_along_axis(rows, order, axis=0)
    return two[0], two[1], order[0]


def greedy(cost: Numbers, p: int, fixed: Indices) -> Indices:
    """Return the fixed sites and, one by one, those that save most."""
    sites = fixed.tolist()
    now = cost[sites].min(axis=0) if sites else np.full(cost.shape[1], np.inf)
    while len(sites) < p:
        totals = np.minimum(cost, now).sum(axis=1)
        totals[sites] = np.inf
        sites.append(int(totals.argmin()))
        now = np.minimum(now, cost[sites[-1]])
    return np.array(sites, dtype=np.intp)


def swapped(cost: Numbers, sites: Indices, fixed: Indices) -> tuple[Indices, float]:
    """Return the sites after every swap of one for another that saves has been made (Teitz and Bart 1968)."""
    sites = sites.copy()
    while True:
        first, second, nearest = two_nearest(cost, sites)
        now, joined = float(first.sum()), np.minimum(cost, first)
        lost = csr_array((np.ones(len(first)), (nearest, np.arange(len(first)))), shape=(len(sites), len(first)))
        change = joined.sum(axis=1) - now + lost @ (np.minimum(cost, second) - joined).T  # of each site out, each site in
        change[:, sites] = 0
        change[np.isin(sites, fixed)] = 0
        place, site = np.unravel_index(change.argmin(), change.shape)
        if change[place, site] >= -CLOSE * now:
            return sites, now
        sites[place] = site
