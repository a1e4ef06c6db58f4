"""Secondary suppression by cuts: which further numbers to withhold so that no reader narrows a primary one, at the least loss.

Single sums are told as a covering problem at once; its cheapest choice is tried against a reader; each cell that he narrows gives
another cut; and so on until he narrows none. Nothing that keeps the promise is dearer than what the last problem proves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor.cells import Cells
from plenary_stats.disclosure.suppressor.cover import Cover, Cuts, cut
from plenary_stats.disclosure.suppressor.insiders import known_to_members, with_the_same
from plenary_stats.disclosure.suppressor.needs import Needs, wide_enough
from plenary_stats.disclosure.suppressor.questions import Blocks, Proof, Questions
from plenary_stats.disclosure.suppressor.sums import Bools, Ints, Reach, Sums, propagate
from plenary_stats.solver import TOLERANCE, Floats

LONG = 20
"""A sum of more parts than this ties its parts only loosely."""
PAIRS = 30
"""In a sum of more cells than this, nothing is said beforehand about what one withheld cell asks of the others."""
ROUNDS = 60
ASKED = 6
"""So many narrow cells of a block are asked about before the choice is made anew."""
SMALL = 400
"""With so few withheld cells each is asked about; with more, those that single sums or the attack find narrow."""


class Suppressor:
    """The withheld cells. ``values``: every cell's true (or one possible) value, by cell number.

    ``tied``: for each cell, those that go with it. ``frozen``: what can no longer be withheld.
    """

    def __init__(
        self,
        cells: Cells,
        values: Floats,
        *,
        primary: set[int],
        frozen: set[int],
        tied: Mapping[int, set[int]],
        policy: Policy,
    ) -> None:
        self.cells, self.frozen, self.tied, self.policy = cells, frozen, tied, policy
        self.size = len(values)
        self.primary = self.close(primary) - frozen
        self.sums = Sums.of(cells.sums, self.size)
        needs, unlisted = Needs.of(cells, values, policy), self._unlisted(values)
        none = np.zeros(len(unlisted))
        self.values = np.append(values, unlisted)
        floor = np.append(needs.floor, none)
        self.down = np.maximum(self.values - floor, 0.0)
        self.need, self.cost = np.append(needs.width, none), np.append(needs.cost, none)
        self.amount = np.append(needs.amount, none > 0)
        self.forced = np.arange(self.sums.size) >= self.size
        self.forced[sorted(self.primary)] = True
        self.free = self.forced | (self.values >= floor)
        self.free[sorted(frozen)] = False
        self.cost[self.forced] = 0.0
        self.group, self.joint = self._joint()
        self.blocks = Blocks(self.sums, self.free, LONG)
        self.cover = Cover(np.bincount(self.group, self.cost).astype(np.float64), self._grouped(self.forced))
        self.cover.add(self._single(self.sums, self.free))
        self.cover.add(self._pairs())
        self.cover.add(self._ties())
        self.insiders = [with_the_same(own, self.group) for own in known_to_members(cells, policy)]
        for own in self.insiders:
            self.cover.add(self._single(self._touched(own), self._unknown_to(own, self.free)))
        self.hidden = self.forced.copy()
        self.careful: set[int] = set()
        self.hopeless: set[int] = set()
        self.taken: Bools | None = None

    def _unlisted(self, values: Floats) -> Floats:
        """Return the true values of what open sums do not list: the wholes less the parts."""
        listed = self.sums.cells < self.size
        known = np.where(listed, values[np.where(listed, self.sums.cells, 0)], 0.0)
        gap = -self.sums.tally(self.sums.signs * known)
        return gap[self.sums.rows[~listed]]

    @property
    def withheld(self) -> set[int]:
        """The numbers of the withheld cells."""
        return set(np.flatnonzero(self.hidden[: self.size]).tolist())

    @property
    def loss(self) -> float:
        """What the cells that were not too small in themselves cost."""
        return float(self.cost[self.hidden].sum())

    def close(self, numbers: Iterable[int]) -> set[int]:
        """Return the cells with all that must go with them."""
        found = set(numbers)
        waiting = list(found)
        while waiting:
            for other in self.tied.get(waiting.pop(), ()):
                if other not in found and other not in self.frozen:
                    found.add(other)
                    waiting.append(other)
        return found

    def _grouped(self, marks: Bools) -> Bools:
        found = np.zeros(self.joint, dtype=np.bool_)
        found[self.group[marks]] = True
        return found

    def _joint(self) -> tuple[Ints, int]:
        """Give numbers to the groups of cells that go together or not at all: two alone in a sum, and mutual ties."""
        usable = self.free[self.sums.cells]
        twos = usable & (self.sums.tally(usable)[self.sums.rows] == 2)
        pairs = self.sums.cells[twos].reshape(-1, 2)
        pairs = pairs[(self.need[pairs] > 0).all(axis=1)]
        both = [(one, other) for one, others in self.tied.items() for other in others if one in self.tied.get(other, ())]
        both = [pair for pair in both if self.free[list(pair)].all()]
        every = np.concatenate((pairs, np.array(both, dtype=np.int64).reshape(-1, 2)))
        graph = coo_array((np.ones(len(every)), (every[:, 0], every[:, 1])), shape=(self.sums.size, self.sums.size))
        count, group = connected_components(graph, directed=False)
        return np.asarray(group, dtype=np.int64), int(count)

    def _touched(self, own: Ints) -> Sums:
        """Return the sums that some cells stand in."""
        rows = self.sums.by_cell[own].indices if len(own) else own
        return self.sums.of_rows(np.unique(rows))

    @staticmethod
    def _unknown_to(own: Ints, marks: Bools) -> Bools:
        """Return the marked cells that are not an insider's own."""
        found = marks.copy()
        found[own] = False
        return found

    def _single(self, sums: Sums, free: Bools) -> Cuts:
        """Return what each sum by itself asks for the sake of cells that are withheld in any case."""
        sure = self.cover.forced[self.group] & free
        inside = sure[sums.cells]
        whole = sums.signs < 0
        count, open_above = sums.tally(inside), sums.tally(inside & whole) > 0
        room = sums.tally(np.where(inside & ~whole, self.down[sums.cells], 0.0))
        need = np.zeros(sums.count)
        np.maximum.at(need, sums.rows[inside], self.need[sums.cells[inside]])
        lacking = np.where(open_above, 0.0, need - room)
        least = np.where(lacking > TOLERANCE, lacking, np.where((count == 1) & (need > 0), 1.0, 0.0))
        entry = free[sums.cells] & ~inside & (least[sums.rows] > 0)
        rows = sums.rows[entry]
        full = whole[entry] | (lacking[rows] <= TOLERANCE)
        factors = np.where(full, least[rows], np.minimum(least[rows], self.down[sums.cells[entry]]))
        kept, places = np.unique(rows, return_inverse=True)
        none = np.full(len(kept), -1)
        return Cuts(places, self.group[sums.cells[entry]], factors, least[kept], none, np.ones(len(kept), dtype=np.bool_))

    def _pairs(self) -> Cuts:
        """Return, of sums of which nothing is withheld yet, that a withheld cell wants another."""
        sums, sure = self.sums, self.cover.forced[self.group] & self.free
        usable = self.free[sums.cells]
        count = sums.tally(usable)
        quiet = (sums.tally(sure[sums.cells] & usable) == 0) & (count > 1) & (count <= PAIRS)
        entries = np.flatnonzero(usable & quiet[sums.rows])
        lengths = np.bincount(sums.rows[entries], minlength=sums.count)[sums.rows[entries]].astype(np.int64)
        owners = np.repeat(entries, lengths)
        first = np.searchsorted(sums.rows[entries], sums.rows[entries])
        others = entries[np.repeat(first, lengths) + np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths, lengths)]
        places = np.repeat(np.arange(len(entries)), lengths)
        column, owner = self.group[sums.cells[others]], self.group[sums.cells[owners]]
        easy = np.unique(places[(column == owner) & (others != owners)])
        idle = np.flatnonzero(self.need[sums.cells[entries]] == 0)
        keep = (others != owners) & ~np.isin(places, np.concatenate((easy, idle)))
        names, rows = np.unique(places[keep], return_inverse=True)
        ones = np.ones(len(names))
        return Cuts(
            rows,
            column[keep],
            np.ones(len(rows)),
            ones,
            self.group[sums.cells[entries[names]]],
            np.ones(len(names), dtype=np.bool_),
        )

    def _ties(self) -> Cuts:
        """Return that what goes with a cell goes with it."""
        pairs = [(one, other) for one, others in sorted(self.tied.items()) for other in sorted(others)]
        pairs = [(one, other) for one, other in pairs if self.free[[one, other]].all() and self.group[one] != self.group[other]]
        own, with_it = (self.group[np.array([pair[place] for pair in pairs], dtype=np.int64)] for place in (0, 1))
        count = len(pairs)
        return Cuts(np.arange(count), with_it, np.ones(count), np.ones(count), own, np.ones(count, dtype=np.bool_))

    def run(self) -> None:
        """Choose, see what a reader narrows, and choose again, until he narrows nothing."""
        for _ in range(ROUNDS):
            self._choose()
            if not self._learn(self.narrowed()) and not sum(self._learn_from(own) for own in self.insiders):
                break

    def _learn_from(self, own: Ints) -> int:
        """Ask what an insider can narrow of others' small numbers; add a cut for each; return how many."""
        found, hidden = 0, self._unknown_to(own, self.hidden)
        for block in np.unique(self.blocks.of[own[self.hidden[own]]]).tolist():
            small = [each for each in self._narrow_in(block, hidden) if self.values[each] < self.policy.threshold]
            if not small:
                continue
            asked = Questions(self.blocks.sums_of(block), self.down, self.need, hidden)
            for number in small:
                proof = asked.narrow(number)
                found += proof is not None and self._told(number, proof, own)
        return found

    def _choose(self) -> None:
        self.hidden = self.cover.solve(self.taken).chosen[self.group] & self.free
        self.hidden[sorted(self.close(self.withheld))] = True

    def bound(self) -> float:
        """Return what the cells that were not too small in themselves cost at least, however they are chosen."""
        return min(self.cover.solve(sound=True).bound, self.loss)

    def protect_more(self, numbers: Iterable[int]) -> None:
        """Protect cells that the attack finds narrow: where no linear programme says why, another cell of their sums goes."""
        wanted = np.array(sorted(numbers), dtype=np.int64)
        self.need[wanted] = [wide_enough(self.cells.keys[each], self.values[each], self.policy) for each in wanted.tolist()]
        self.careful.update(self.blocks.of[wanted].tolist())
        for number in wanted[self.hidden[wanted]].tolist():
            if not self._learn_in(np.array([number])) and not self._learn_everywhere(number):
                self._insist(number)
        self.run()

    def _learn_everywhere(self, number: int) -> bool:
        """Ask about a cell with every sum in force."""
        proof = Questions(self.sums, self.down, self.need, self.hidden).narrow(number)
        return proof is not None and self._told(number, proof)

    def _insist(self, number: int) -> None:
        """Ask for one more withheld cell in the sums of a cell."""
        inside = np.isin(self.sums.rows, self.sums.rows[self.sums.cells == number])
        near = np.unique(self.sums.cells[inside])
        near = near[self.free[near] & ~self.hidden[near]]
        if len(near):
            columns = np.unique(self.group[near])
            self.cover.add(cut(columns, np.ones(len(columns)), 1.0, int(self.group[number]), sound=False))

    def withhold(self, numbers: Iterable[int]) -> None:
        """Withhold cells, and all that must go with them, for good."""
        new = self.close(numbers) - self.frozen
        self.taken = self._grouped(self.hidden)
        self.taken[self.group[sorted(new)]] = True
        self.hidden[sorted(new)] = True

    def narrowed(self) -> Ints:
        """Return the withheld cells that sums, one after another, narrow too far; of careful blocks all that might be."""
        reach = propagate(self.sums, self.down, self.hidden)
        narrow = self._too_narrow(reach, np.arange(self.sums.size))
        every = self.hidden.sum() <= SMALL
        if every or self.careful:
            asked = np.ones(len(narrow), dtype=np.bool_) if every else np.isin(self.blocks.of, list(self.careful))
            narrow |= asked & self.hidden & (self.need > 0)
        narrow[list(self.hopeless)] = False
        order = np.flatnonzero(narrow)
        return order[np.argsort(reach.width[order], kind="stable")]

    def _too_narrow(self, reach: Reach, cells: Ints) -> Bools:
        """Return which of some cells, of which the reach is given, are withheld and too narrow."""
        low, width = self.values[cells] + reach.low, reach.width
        found: Bools = self.hidden[cells] & (self.need[cells] > 0) & (width < self.need[cells] - TOLERANCE)
        return found & ((low < self.policy.threshold) | (width < TOLERANCE) | self.amount[cells])

    def narrow_without(self, number: int) -> list[int]:
        """Return the withheld cells of a block that single sums would narrow too far if a cell, and its like, were shown."""
        hidden = self._unknown_to(np.flatnonzero(self.group == self.group[number]), self.hidden)
        return self._narrow_in(int(self.blocks.of[number]), hidden)

    def _narrow_in(self, block: int, hidden: Bools) -> list[int]:
        """Return the cells of a block that single sums narrow too far for a reader who does not know the given cells."""
        sums = self.blocks.sums_of(block)
        names, places = np.unique(sums.cells, return_inverse=True)
        rows, numbered = np.unique(sums.rows, return_inverse=True)
        reach = propagate(Sums(numbered, places, sums.signs, len(rows), len(names)), self.down[names], hidden[names])
        return [int(each) for each in names[self._too_narrow(reach, names) & hidden[names]]]

    def _learn(self, numbers: Ints) -> int:
        """Ask about cells that may be too narrow, block by block; add a cut for each that is; return how many."""
        found = 0
        order = np.argsort(self.blocks.of[numbers], kind="stable")
        for part in np.split(numbers[order], np.flatnonzero(np.diff(self.blocks.of[numbers[order]])) + 1):
            found += self._learn_in(part)
        return found

    def _learn_in(self, numbers: Ints) -> int:
        if not len(numbers):
            return 0
        block = int(self.blocks.of[numbers[0]])
        near = Questions(self.blocks.sums_of(block), self.down, self.need, self.hidden)
        wider: Questions | None = None
        found = 0
        for number in numbers.tolist():
            proof = near.narrow(number)
            if proof is None and len(self.blocks.long):
                wider = wider or Questions(self.blocks.with_long([block]), self.down, self.need, self.hidden)
                proof = wider.narrow(number)
            found += proof is not None and self._told(number, proof)
            if found >= ASKED:
                break
        return found

    def _told(self, number: int, proof: Proof, known: Ints | None = None) -> bool:
        """Add the cut that a proof gives; a cell that nothing can help is noted and left. ``known``: what an insider knows."""
        alone = proof.width < TOLERANCE
        if not alone and self.values[number] + proof.low >= self.policy.threshold and not self.amount[number]:
            return False
        lacking, helped = float(self.need[number] - proof.width), True
        useful = self.free[proof.cells] & ~self.hidden[proof.cells]
        if known is not None:
            useful &= ~np.isin(proof.cells, known)
        columns, places = np.unique(self.group[proof.cells[useful]], return_inverse=True)
        factors = np.minimum(np.bincount(places, np.minimum(proof.gains[useful], lacking), minlength=len(columns)), lacking)
        if factors.sum() < lacking - TOLERANCE:
            if known is not None:
                return False
            self.hopeless.add(number)
            if not len(columns):
                return False
            lacking, helped = float(factors.sum()), False
        owner = int(self.group[number])
        sure = bool(self.cover.forced[owner])
        self.cover.add(cut(columns, factors, lacking, -1 if sure else owner, sound=sure and helped))
        return True
