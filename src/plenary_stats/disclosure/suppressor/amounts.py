"""Expenditure: which amounts would tell too much of one centre's own, and how wide a withheld one must stay.

An amount is made of the contributions of centres, found down the sums: a service's total of its centres' amounts, all services'
total of the same centres over again. What one centre receives from several parts counts as one contribution.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.suppressor.cells import Cells, Sum, quantity_of
from plenary_stats.tables import TOTAL

Shares = Mapping[str, float]
"""What each contributor put into an amount."""
SLACK = 1e-9
"""Sums of pounds and pence differ from their parts by as much as floating point does."""
PENNY = 0.5
"""What is left of a total beyond its parts counts as somebody's contribution from here on, as in the sums."""


def asked(policy: Policy) -> bool:
    """Whether the policy protects amounts at all."""
    return policy.dominance is not None or policy.p_percent is not None


def sensitive(cells: Cells, own: Iterable[int], policy: Policy) -> set[int]:
    """Return the amounts among some cells that must not be shown for their own sake; none where the policy asks for no rule."""
    if not asked(policy):
        return set()
    found = _Contributors(cells)
    return {
        number
        for number in own
        if quantity_of(cells.keys[number]) == "amount" and cells.known(number) and tells(found.of(number).values(), policy)
    }


def tells(contributions: Iterable[float], policy: Policy) -> bool:
    """Whether an amount of these contributions tells too much of the largest.

    ``dominance``: the ``dominant`` largest make up more than this share. ``p_percent``: the second largest contributor, who takes
    its own from the total, would know the largest to within so many per cent of it: total - x1 - x2 < p/100 x1. An amount of
    nought has no contributor; that everybody had nothing is told or not as the policy's ``zeros`` says.
    """
    largest = sorted(contributions, reverse=True)
    total = sum(largest)
    if total <= SLACK:
        return policy.zeros == "protect"
    if policy.dominance is not None and sum(largest[: policy.dominant]) > policy.dominance * total * (1 + SLACK):
        return True
    return policy.p_percent is not None and sum(largest[2:]) < policy.p_percent / 100 * largest[0] * (1 - SLACK)


def needed(value: float, policy: Policy) -> float:
    """Return how far a withheld amount must be able to move, up or down alone, for its range to be wide enough.

    The reader's range from low to high is wide enough where ``high - low`` is ``amount_width`` of ``high``: upwards that takes
    the larger step.
    """
    return max(policy.amount_width * value / (1 - policy.amount_width), 1.0)


class _Contributors:
    """The contributions that make up each amount: its centres', or where no table names centres, its smallest parts."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.centre = cells.dimensions.index("centre") if "centre" in cells.dimensions else None
        self.centres = {place[self.centre] for _, place in cells.keys} - {"", TOTAL} if self.centre is not None else set()
        self.sums: dict[int, list[Sum]] = defaultdict(list)
        for each in cells.sums:
            self.sums[each.whole].append(each)
        self.kept: dict[int, Shares] = {}

    def of(self, number: int, path: tuple[int, ...] = ()) -> Shares:
        """Return each contributor's part of an amount.

        Where several sums make it up (by centre; by region; by what it was spent on) that counts which names centres for most of
        it, then the finest. A cell that no sum takes apart is one contributor's; so is what a total has beyond its listed parts.
        """
        if number in self.kept:
            return self.kept[number]
        place, value = self.cells.keys[number][1], self.cells.value[number]
        name = "|".join(place) if self.centre is None or place[self.centre] == TOTAL else place[self.centre]
        alone: Shares = {name: value}
        ways = [each for each in self.sums[number] if self._usable(each, path)]
        found = [self._together(name, value, [self.of(part, (*path, number)) for part in each.parts]) for each in ways]
        self.kept[number] = max(found, key=self._near, default=alone)
        return self.kept[number]

    def _near(self, shares: Shares) -> tuple[float, int, list[float]]:
        """Rank ways to take an amount apart by how near they come to its contributors; of equal ones what tells most is first."""
        named = sum(amount for name, amount in shares.items() if name in self.centres)
        return round(named, 2), len(shares), sorted(shares.values(), reverse=True)

    def _usable(self, each: Sum, path: tuple[int, ...]) -> bool:
        """Whether a sum leads down: every part is known (a year that only pools tell of is not), and none stands above."""
        return all(self.cells.known(part) and part not in path and part != each.whole for part in each.parts)

    def _together(self, name: str, value: float, parts: Iterable[Shares]) -> Shares:
        added: dict[str, float] = defaultdict(float)
        for shares in parts:
            for contributor, amount in shares.items():
                added[contributor] += amount
        rest = value - sum(added.values())
        if rest > PENNY:
            added[name] += rest
        return added
