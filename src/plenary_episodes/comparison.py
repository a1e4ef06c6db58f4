"""How alike two records are, field by field, and which pairs are worth comparing at all.

Each field of a pair has a level: 0 where it says nothing (a value is missing), then from full agreement to none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from plenary_episodes.people import People

Places = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int8]

AGREE: Final = 1
DIFFER: Final = 2

LEVELS: Final[Mapping[str, tuple[str, ...]]] = {
    "birth_date": ("the same", "two of day, month and year the same, or day and month exchanged", "another"),
    "sex": ("the same", "another"),
    "place": (
        "centre and area the same", "only the area the same", "only the centre the same", "neither the same",
        "centre the same, area not known", "another centre, area not known",
    ),
    "event_date": ("the same day", "within 3 days", "within 31 days", "within 183 days", "farther apart"),
    "local_id": ("the same at one centre", "another at one centre"),
    "nhs_number": ("the same", "another"),
}  # fmt: skip
"""The levels of each field in words, from 1 up. Centre and area are one field: people live near the centres that treat them."""

GROUPS: Final[Mapping[str, tuple[tuple[int, ...], ...]]] = {"place": ((1, 2, 3, 4), (5, 6))}
"""Levels that are alternatives to one another, where a field's levels are not all so: what is not known is no evidence."""

_STEPS: Final = np.array([0, 3, 31, 183])
_NEAR_DAYS: Final = 3


@dataclass(frozen=True)
class Pairs:
    """Pairs of an expected case and a case of the series, by their places."""

    left: Places
    right: Places

    def __len__(self) -> int:
        return len(self.left)

    def where(self, chosen: Any) -> Pairs:
        return Pairs(self.left[chosen], self.right[chosen])


class Sides:
    """Both lists as numbers that can be compared quickly.

    ``tolerance``: days by service within which two dates may be of one event; nought: any.
    """

    def __init__(self, left: People, right: People, tolerance: Mapping[str, int]) -> None:
        self.left, self.right = left, right
        services = self._coded("service")
        self.service = (services[0] - 1, services[1] - 1)  # none is without a name
        self.centre, self.area, self.sex = (self._coded(name) for name in ("centre", "area", "sex"))
        self.nhs, self.local = self._coded("nhs"), self._coded("local")
        self.born = tuple(side.days("born_on") for side in (left, right))
        self.event = tuple(side.days("event_on").astype(np.int64) for side in (left, right))
        names = np.unique(np.concatenate([left.texts("service"), right.texts("service")]))
        self.services = names.tolist()
        self.tolerance = np.array([tolerance.get(name, 0) for name in self.services], dtype=np.int64)

    def _coded(self, name: str) -> tuple[Places, Places]:
        """Return a text of both sides as numbers, equal for equal texts; 0 where it is missing."""
        texts = [side.texts(name) for side in (self.left, self.right)]
        _, codes = np.unique(np.concatenate([[""], *texts]), return_inverse=True)
        numbers = codes[1:].astype(np.int64)
        return numbers[: len(texts[0])], numbers[len(texts[0]) :]

    @cached_property
    def parts(self) -> tuple[tuple[Places, Places, Places], tuple[Places, Places, Places]]:
        """Year, month and day of each birth date; -1 where it is not known."""
        return _parts(self.born[0]), _parts(self.born[1])

    def near(self, pairs: Pairs) -> npt.NDArray[np.bool_]:
        """Whether the events of a pair may be one, by their dates."""
        most = self.tolerance[self.service[0][pairs.left]]
        return np.asarray((most == 0) | (self._apart(pairs) <= most))

    def _apart(self, pairs: Pairs) -> Places:
        apart: Places = np.abs(self.event[0][pairs.left] - self.event[1][pairs.right])
        return apart

    def levels(self, pairs: Pairs) -> dict[str, Levels]:
        """Return the level of each field of each pair."""
        return {
            "birth_date": self._birth(pairs),
            "sex": self._same(self.sex, pairs),
            "place": self._place(pairs),
            "event_date": (np.searchsorted(_STEPS, self._apart(pairs)) + 1).astype(np.int8),
            "local_id": np.where(self._of(self.centre, pairs), self._same(self.local, pairs), 0).astype(np.int8),
            "nhs_number": self._same(self.nhs, pairs),
        }

    @staticmethod
    def _of(codes: tuple[Places, Places], pairs: Pairs) -> npt.NDArray[np.bool_]:
        return np.asarray(codes[0][pairs.left] == codes[1][pairs.right])

    def _same(self, codes: tuple[Places, Places], pairs: Pairs) -> Levels:
        known = (codes[0][pairs.left] > 0) & (codes[1][pairs.right] > 0)
        return np.where(known, np.where(self._of(codes, pairs), AGREE, DIFFER), 0).astype(np.int8)

    def _place(self, pairs: Pairs) -> Levels:
        area, centre = self._same(self.area, pairs), self._of(self.centre, pairs)
        known = np.where(area == AGREE, np.where(centre, 1, 2), np.where(centre, 3, 4))
        return np.where(area == 0, np.where(centre, 5, 6), known).astype(np.int8)

    def _birth(self, pairs: Pairs) -> Levels:
        (year, month, day), (other_year, other_month, other_day) = (
            tuple(part[places] for part in parts) for parts, places in zip(self.parts, (pairs.left, pairs.right), strict=True)
        )
        same = (year == other_year).astype(np.int8) + (month == other_month) + (day == other_day)
        exchanged = (year == other_year) & (month == other_day) & (day == other_month)
        level = np.where(same == 3, 1, np.where((same == 2) | exchanged, 2, 3))
        return np.where((year < 0) | (other_year < 0), 0, level).astype(np.int8)

    def possible(self) -> Places:
        """Return how many pairs of each service may be one by their dates."""
        found = []
        for service, most in enumerate(self.tolerance.tolist()):
            left = self.event[0][self.service[0] == service]
            right = np.sort(self.event[1][self.service[1] == service])
            if most:
                ends = np.searchsorted(right, left + most, "right") - np.searchsorted(right, left - most, "left")
                found.append(int(ends.sum()))
            else:
                found.append(len(left) * len(right))
        return np.array(found, dtype=np.int64)

    def drawn(self, number: int, seed: int) -> Pairs:
        """Return pairs of one service drawn at random, the same for the same seed; all where they are no more than asked."""
        draw = np.random.default_rng(seed)
        services = range(len(self.services))
        whole = [(np.flatnonzero(self.service[0] == one), np.flatnonzero(self.service[1] == one)) for one in services]
        total = sum(len(left) * len(right) for left, right in whole)
        if total <= number:
            every = [(np.repeat(left, len(right)), np.tile(right, len(left))) for left, right in whole]
        else:
            shares = [round(number * len(left) * len(right) / total) for left, right in whole]
            every = [
                (left[draw.integers(len(left), size=share)], right[draw.integers(len(right), size=share)])
                for share, (left, right) in zip(shares, whole, strict=True)
                if share
            ]
        return _together(every)

    def equal(self, *codes: tuple[Places, Places]) -> Pairs:
        """Return the pairs of one service with the same known values."""
        return _joined(self._keys(codes, 0), self._keys(codes, 1))

    def candidates(self, left: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_]) -> Pairs:
        """Return the pairs worth comparing among the chosen records: those that agree in one of several keys."""
        found = [_joined(one, other) for one, other in self.blocks(left, right)]
        number = len(self.right)
        if not number:
            return _together([])
        codes = np.unique(np.concatenate([pairs.left * number + pairs.right for pairs in found]))
        pairs = Pairs(codes // number, codes % number)
        return pairs.where(self.near(pairs))

    def blocks(self, left: Any, right: Any, *, numbers: bool = True) -> Iterator[tuple[Places, Places]]:
        """Yield the keys of each block on both sides, that of the local number where ``numbers``; -1 where a record has none."""
        (year, month, day), (other_year, other_month, other_day) = self.parts
        born = (year * 10_000 + month * 100 + day, other_year * 10_000 + other_month * 100 + other_day)
        of_year = (year, other_year)
        anniversary = (month * 100 + day, other_month * 100 + other_day)
        of_month = (year * 100 + month, other_year * 100 + other_month)
        chosen = (left, right)
        keys = [(born,), (self.area, of_year, self.sex), (self.area, anniversary), (of_month, self.sex)]
        keys += [(self.centre, self.area, self.sex), *([(self.local, self.centre)] if numbers else [])]
        for codes in keys:
            yield self._keys(codes, 0, chosen[0]), self._keys(codes, 1, chosen[1])
        for shift in range(-_NEAR_DAYS, _NEAR_DAYS + 1):
            moved = (self.event[0] + shift, self.event[1])
            yield self._keys((self.centre, moved, self.sex), 0, left), self._keys((self.centre, moved, self.sex), 1, right)

    def _keys(self, codes: Sequence[tuple[Places, Places]], side: int, chosen: Any = None) -> Places:
        """Return one number a record for a combination of values within its service; -1 where one of them is missing."""
        known = np.ones(len((self.left, self.right)[side]), dtype=bool) if chosen is None else chosen.copy()
        key = self.service[side].copy()
        for pair in codes:
            low = min(int(pair[0].min(initial=0)), int(pair[1].min(initial=0)))
            width = max(int(pair[0].max(initial=0)), int(pair[1].max(initial=0))) - low + 1
            key = key * width + (pair[side] - low)
            known &= pair[side] > 0
        return np.where(known, key, -1)


def _parts(days: Any) -> tuple[Places, Places, Places]:
    known = ~np.isnat(days)
    months = days.astype("datetime64[M]")
    year = np.where(known, days.astype("datetime64[Y]").astype(np.int64) + 1970, -1)
    month = np.where(known, months.astype(np.int64) % 12 + 1, -1)
    day = np.where(known, (days - months.astype("datetime64[D]")).astype(np.int64) + 1, -1)
    return year, month, day


def _joined(left: Places, right: Places) -> Pairs:
    """Return the pairs with equal keys; a key of -1 has no equal."""
    order = np.argsort(right, kind="stable")
    keys = right[order]
    first, last = np.searchsorted(keys, left, "left"), np.searchsorted(keys, left, "right")
    many = np.where(left >= 0, last - first, 0)
    places = np.repeat(np.arange(len(left)), many)
    within = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
    return Pairs(places, order[np.repeat(first, many) + within])


def _together(parts: Sequence[tuple[Places, Places]]) -> Pairs:
    none = np.array([], dtype=np.int64)
    return Pairs(np.concatenate([none, *(one for one, _ in parts)]), np.concatenate([none, *(other for _, other in parts)]))
