"""A reader with a pencil: lists every world of a few patients that the published tables allow, and looks at what they share.

Nothing of the product is used here: the worlds are listed by stars and bars. A world says how many patients stand at each *point* (a tuple of innermost codes); a published
number counts the points that it covers. The lists are complete, so the ranges are the truth, not an estimate of it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

Point = tuple[str, ...]


@dataclass(frozen=True)
class Number:
    """One published number: its name, the points that it counts, and whether a reader sees it."""

    name: tuple[str, ...]
    covers: Callable[[Point], bool]
    shown: bool
    least: int = 0
    """What the policy tells about it where it is withheld: at least so many."""


@cache
def worlds(points: int, total: int) -> npt.NDArray[np.int64]:
    """Return every way to put so many patients at the points, one a row (stars and bars)."""
    rows = []
    for bars in combinations(range(total + points - 1), points - 1):
        edges = (-1, *bars, total + points - 1)
        rows.append([right - left - 1 for left, right in pairwise(edges)])
    return np.array(rows, dtype=np.int64)


def ranges(
    points: Sequence[Point], truth: Sequence[int], numbers: Iterable[Number], possible: npt.NDArray[np.int64] | None = None
) -> dict[tuple[str, ...], tuple[int, int]]:
    """Return the least and the greatest value of every withheld number over all worlds that agree with the shown ones.

    The number of all patients must follow from what is shown, unless the ``possible`` worlds are given.
    """
    listed = list(numbers)
    matrix = np.array([[int(each.covers(point)) for point in points] for each in listed])
    every = worlds(len(points), int(np.sum(truth))) if possible is None else possible
    counted, true = every @ matrix.T, matrix @ np.array(truth)
    fits = np.ones(len(every), dtype=bool)
    for place, each in enumerate(listed):
        fits &= counted[:, place] == true[place] if each.shown else counted[:, place] >= each.least
    left = counted[fits]
    return {
        each.name: (int(left[:, place].min()), int(left[:, place].max())) for place, each in enumerate(listed) if not each.shown
    }


def places(sets: Sequence[Sequence[str]], margins: Iterable[Sequence[bool]]) -> Iterator[Point]:
    """Yield every place of a table: for each pattern of margins, the codes of the free dimensions and Total elsewhere."""
    for pattern in margins:
        found: list[Point] = [()]
        for codes, margin in zip(sets, pattern, strict=True):
            found = [(*before, code) for before in found for code in (("Total",) if margin else codes)]
        yield from found


def covering(place: Point) -> Callable[[Point], bool]:
    """Return whether a point lies in a place: equal in every dimension that does not stand at Total."""
    return lambda point: all(mine in ("Total", theirs) for mine, theirs in zip(place, point, strict=True))


def patients(points: int, fewest: int, most: int) -> st.SearchStrategy[list[int]]:
    """Draw how many patients stand at each point: so many patients in all, each at some point."""
    spread = st.lists(st.integers(0, points - 1), min_size=fewest, max_size=most)
    return spread.map(lambda people: [people.count(point) for point in range(points)])
