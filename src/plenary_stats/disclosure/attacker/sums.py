"""Sums of cells as arrays, and the margins that a reader forms: a total is the sum of all that stands beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from plenary_stats.disclosure.attacker.figures import Bools, Floats, Ints, folded

Pair = tuple[int, tuple[int, ...]]


@dataclass(frozen=True)
class Sums:
    """``whole[i]`` is the sum of ``parts[start[i]:start[i + 1]]``; or at least that, where ``open`` (some part is not listed)."""

    whole: Ints
    start: Ints
    parts: Ints
    open: Bools

    @classmethod
    def none(cls) -> Sums:
        """Return no sums."""
        return cls.of([])

    @classmethod
    def of(cls, pairs: Sequence[Pair], *, at_least: bool = False) -> Sums:
        """Return sums from wholes with their parts."""
        lengths = [len(parts) for _, parts in pairs]
        return cls(
            np.array([whole for whole, _ in pairs], dtype=np.int64),
            np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            np.array([part for _, parts in pairs for part in parts], dtype=np.int64),
            np.full(len(pairs), at_least, dtype=np.bool_),
        )

    @classmethod
    def of_rows(cls, rows: Ints) -> Sums:
        """Return sums of equally many parts, from an array with the wholes in its first column."""
        many, wide = len(rows), rows.shape[1] - 1
        return cls(
            rows[:, 0].copy(),
            np.arange(0, many * wide + 1, wide, dtype=np.int64),
            rows[:, 1:].reshape(-1).copy(),
            np.zeros(many, np.bool_),
        )

    @classmethod
    def joined(cls, several: Iterable[Sums]) -> Sums:
        """Return all of several sums."""
        each = list(several)
        lengths = np.concatenate([np.zeros(1, np.int64), *(np.diff(one.start) for one in each)])
        return cls(
            np.concatenate([np.zeros(0, np.int64), *(one.whole for one in each)]),
            np.cumsum(lengths),
            np.concatenate([np.zeros(0, np.int64), *(one.parts for one in each)]),
            np.concatenate([np.zeros(0, np.bool_), *(one.open for one in each)]),
        )

    def __len__(self) -> int:
        return len(self.whole)

    def __iter__(self) -> Iterator[Pair]:
        parts, start = self.parts.tolist(), self.start.tolist()
        for order, whole in enumerate(self.whole.tolist()):
            yield whole, tuple(parts[start[order] : start[order + 1]])

    @property
    def order(self) -> Ints:
        """Which sum each part belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def total(self, values: Floats) -> Floats:
        """Return the sum of the parts' values for each sum."""
        found: Floats = np.bincount(self.order, weights=values[self.parts], minlength=len(self)).astype(np.float64)
        return found

    def chosen(self, which: Bools | Ints) -> Sums:
        """Return some of the sums."""
        orders = np.flatnonzero(which) if which.dtype == np.bool_ else which
        lengths = np.diff(self.start)[orders]
        start = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        places = np.repeat(self.start[:-1][orders] - start[:-1], lengths) + np.arange(start[-1])
        return Sums(self.whole[orders], start, self.parts[places], self.open[orders])

    def distinct(self) -> Sums:
        """Return each sum once."""
        seen: dict[tuple[int, bytes], int] = {}
        for place, (whole, parts) in enumerate(self._bytes()):
            seen.setdefault((whole, parts), place)
        if len(seen) == len(self):
            return self
        return self.chosen(np.array(sorted(seen.values()), dtype=np.int64))

    def _bytes(self) -> Iterator[tuple[int, bytes]]:
        order = np.lexsort((self.parts, self.order))
        words, start = self.parts[order].tobytes(), (self.start * 8).tolist()
        for place, whole in enumerate(self.whole.tolist()):
            yield whole, words[start[place] : start[place + 1]]

    def believed(self, value: Floats) -> Sums:
        """Return the sums that no shown figures contradict: less than its parts is no total, more than all is open."""
        shown = self.total(np.nan_to_num(value, nan=0.0))
        complete = self.total(np.isnan(value).astype(np.float64)) == 0
        whole = value[self.whole]
        with np.errstate(invalid="ignore"):
            kept = ~(whole < shown - 0.5)
            loose = complete & (whole > shown + 0.5)
        made = Sums(self.whole, self.start, self.parts, self.open | loose)
        return made if kept.all() else made.chosen(kept)

    def telling(self, free: Bools) -> Sums:
        """Return the sums without those that a ``free`` cell, standing nowhere else, could always satisfy."""
        kept = self
        while len(kept):
            uses = np.bincount(kept.whole, minlength=len(free)) + np.bincount(kept.parts, minlength=len(free))
            loose = free & (uses == 1)
            idle = loose[kept.whole] | (kept.total((~loose).astype(np.float64)) == 0)
            if not idle.any():
                break
            kept = kept.chosen(~idle)
        return kept


def margins(names: Ints, named: Ints, column: int, total: int) -> Sums:
    """Return that, along one dimension, a total is the sum of all codes beside it. ``names``: rows of family and codes."""
    rest = [each for order, each in enumerate(names.T) if order != column]
    key = folded(rest, len(names))
    order = np.lexsort((names[:, column], key))
    key, code, cell = key[order], names[order, column], named[order]
    change = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    line = np.cumsum(np.concatenate(([0], (key[1:] != key[:-1]).astype(np.int64)))) if len(key) else np.zeros(0, np.int64)
    whole = np.full(len(change), -1, dtype=np.int64)
    is_total = code == total
    whole[line[is_total]] = cell[is_total]
    parts = ~is_total & (whole[line] >= 0)
    lengths = np.bincount(line[parts], minlength=len(change))
    told = lengths > 0
    start = np.concatenate(([0], np.cumsum(lengths[told]))).astype(np.int64)
    return Sums(whole[told], start, cell[parts].astype(np.int64), np.zeros(int(told.sum()), np.bool_))
