"""What every survival estimator is given: one row a patient, checked, with times that differ only by rounding made equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from plenary_stats.results import Numbers, numbers

SAME_TIME = float(np.sqrt(np.finfo(np.float64).eps))
"""Times closer than this (about 1e-8, absolutely or of their mean) are one time, as in R's survival package."""

Indices = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]
Labels = npt.NDArray[Any]


@dataclass(frozen=True)
class Patients:
    """One row a patient: under observation while ``start < t <= stop`` (from the beginning where ``start`` is None)."""

    stop: Numbers
    died: Flags
    start: Numbers | None

    def __len__(self) -> int:
        return len(self.stop)


def patients(time: Any, event: Any, entry: Any = None) -> Patients:
    """Return the checked rows. Raise ``ValueError`` for missing or negative times, events other than 0 and 1, or a late entry."""
    happened = np.atleast_1d(np.asarray(event))
    if happened.dtype != np.bool_:
        happened = numbers(happened, "event")
        if not ((happened == 0) | (happened == 1)).all():
            raise ValueError("event: every value must be true or false (1 or 0).")
        happened = happened == 1
    stop, start = times(time, entry)
    if stop.shape != happened.shape:
        raise ValueError("time and event: one value a patient, of the same length.")
    return Patients(stop, happened, start)


def times(time: Any, entry: Any = None) -> tuple[Numbers, Numbers | None]:
    """Return the times of leaving and, where given, of entry, checked and merged."""
    stop = np.atleast_1d(numbers(time, "time"))
    if stop.ndim != 1:
        raise ValueError("time and event: one value a patient, of the same length.")
    if (stop < 0).any():
        raise ValueError("time: it cannot be negative.")
    if entry is None:
        return merged(stop)[0], None
    start = np.atleast_1d(numbers(entry, "entry"))
    if start.shape != stop.shape or (start >= stop).any():
        raise ValueError("entry: every patient must enter before the time of event or of last follow-up.")
    stop, start = merged(stop, start)
    return stop, start


def merged(*parts: Numbers) -> tuple[Numbers, ...]:
    """Return the times with those that differ only by rounding made equal."""
    if all(_small_whole(part) for part in parts):
        return parts
    values = np.unique(np.concatenate(parts) if len(parts) > 1 else parts[0])
    gap = np.diff(values)
    if not len(gap) or not (tied := gap <= SAME_TIME * max(1.0, float(np.abs(values).mean()))).any():
        return parts
    kept = values[np.concatenate(([True], ~tied))]
    return tuple(kept[np.searchsorted(kept, part, side="right") - 1] for part in parts)


def coded(group: Any, length: int, name: str = "group") -> tuple[Labels, Indices]:
    """Return the labels in ascending order, and each row's place among them."""
    if group is None:
        return np.array([""]), np.broadcast_to(np.intp(0), length)
    given = np.atleast_1d(np.asarray(group))
    if given.shape != (length,):
        raise ValueError(f"{name}: one label a patient.")
    if given.dtype.kind in "iu" and length and _small_whole(given):
        labels, code = ranked(given)
        return labels.astype(given.dtype), code
    if given.dtype.kind in "biuf":
        labels, code = np.unique(given, return_inverse=True)
        return labels, code.astype(np.intp, copy=False)
    rows = given.tolist()  # texts: looking each up is ten times quicker than sorting them
    labels = np.unique(np.array(list(dict.fromkeys(rows)), dtype=given.dtype))
    place = {label: number for number, label in enumerate(labels.tolist())}
    return labels, np.fromiter(map(place.__getitem__, rows), dtype=np.intp, count=length)


def ranked(values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Indices]:
    """Return the distinct values in ascending order, and each one's place among them."""
    if _small_whole(values):  # days, ages, numbered centres: a table is quicker than a sort
        whole = values.astype(np.int32, copy=False)
        present = np.zeros(int(whole.max(initial=-1)) + 1, dtype=np.bool_)
        present[whole] = True
        known = np.flatnonzero(present).astype(values.dtype)
        return known, whole if len(known) == len(present) else np.cumsum(present, dtype=np.int32)[whole] - np.int32(1)
    known = np.unique(values)
    return known, np.searchsorted(known, values)


def placed(stop: Numbers) -> tuple[Numbers, Indices]:
    """Return an ascending list of times that has all of these, and each one's place in it. Whole days are their own places."""
    if _small_whole(stop) and stop.max(initial=0) <= 4 * len(stop):  # such a list is no longer than what it is made for
        return np.arange(stop.max(initial=-1) + 1), stop.astype(np.int32)
    return ranked(stop)


def _small_whole(values: npt.NDArray[Any]) -> bool:
    """Say whether these are whole numbers from 0 up, none so large that a table of them would be."""
    small = not len(values) or (values.min() >= 0 and values.max() < 2**20)
    return bool(small and (values.dtype.kind in "iu" or (values == values.astype(np.int32)).all()))


def worded(length: int, *reasons: tuple[Flags, str]) -> Labels:
    """Return for each row the reason that holds, or an empty text: the texts are shared, for a million rows have few."""
    texts: Labels = np.full(length, "", dtype=object)
    for holds, reason in reasons:
        texts[holds] = reason
    return texts
