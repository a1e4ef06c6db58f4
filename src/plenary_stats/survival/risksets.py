"""Who is at risk when an event happens: the sums over risk sets that a Cox model is made of, for all event times at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from plenary_stats.results import Numbers
from plenary_stats.survival.patients import Indices, Patients

_ROWS = 2**13
"""Rows weighted and multiplied at once: a part that stays in the processor's cache, and no second copy of the covariates."""


@dataclass(frozen=True)
class RiskSets:
    """One row an event time, in order of stratum, then time. A patient is at risk at the event times first <= place < last."""

    time: Numbers
    layer: Indices
    first: Indices
    last: Indices
    died: Indices  # rows of those who died, in order of event time
    deaths: Numbers  # at each event time
    starts: list[int]  # where each stratum begins among the event times, and the end
    step: Indices  # the event time of each death ...
    share: Numbers  # ... and the share of the tied deaths (their order unknown) that came before: l/d for Efron, 0 for Breslow
    leaving: csr_array  # event times by patients: who was last at risk then; minus one for who came in after it
    dying: csr_array

    @staticmethod
    def of(rows: Patients, layer: Indices, *, efron: bool) -> RiskSets:
        known = np.unique(rows.stop)
        width, layers = len(known) + 1, int(layer.max(initial=-1)) + 1
        left = layer * width + np.searchsorted(known, rows.stop)
        came = layer * width if rows.start is None else layer * width + np.searchsorted(known, rows.start, side="right")
        keys, deaths = np.unique(left[rows.died], return_counts=True)
        first, last = np.searchsorted(keys, came, side="left"), np.searchsorted(keys, left, side="right")
        starts = np.searchsorted(keys, np.arange(layers + 1) * width)
        died = np.flatnonzero(rows.died)
        died = died[np.argsort(last[died], kind="stable")]
        step = np.repeat(np.arange(len(keys)), deaths)
        share = (np.arange(len(step)) - (np.cumsum(deaths) - deaths)[step]) / deaths[step] if efron else np.zeros(len(step))
        here, late = np.flatnonzero(last > first), np.flatnonzero((last > first) & (first > starts[layer]))
        leaving = _table([here, late], [last[here] - 1, first[late] - 1], (len(keys), len(rows)))
        dying = _table([died], [last[died] - 1], (len(keys), len(rows)))
        time, place = known[keys % width] if len(keys) else known[:0], keys // width
        return RiskSets(time, place, first, last, died, deaths.astype(float), starts.tolist(), step, share, leaving, dying)

    def sums(self, weight: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
        """Return the weighted sums of the values (rows by columns) over each risk set, and over those who die then."""
        total = np.asarray(_weighted(self.leaving, weight) @ values)
        for begin, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            total[begin:end] = np.cumsum(total[begin:end][::-1], axis=0)[::-1]
        return total, np.asarray(_weighted(self.dying, weight) @ values)

    def steps(self, total: Numbers, dying: Numbers) -> Numbers:
        """Return the weight at risk at each death: tied deaths leave one after another, in shares (Efron), or not at all."""
        return total[self.step] - self.share * dying[self.step]

    def per_time(self, values: Numbers) -> Numbers:
        """Add values of the deaths up to one an event time."""
        return np.asarray(np.bincount(self.step, values, minlength=len(self.time)), dtype=np.float64)

    def between(self, values: Numbers) -> Numbers:
        """Return for each patient the sum of the values of the event times at which they were at risk."""
        total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
        inside: Numbers = total[np.maximum(self.last, self.first)] - total[self.first]
        return inside


def _table(rows: list[Indices], places: list[Indices], shape: tuple[int, int]) -> csr_array:
    signs = np.repeat([1.0, -1.0][: len(rows)], [len(part) for part in rows])
    order = np.argsort(np.concatenate(places), kind="stable")
    indptr = np.append(0, np.cumsum(np.bincount(np.concatenate(places), minlength=shape[0])))
    return csr_array((signs[order], np.concatenate(rows)[order], indptr), shape=shape)


def _weighted(table: csr_array, weight: Numbers) -> Any:
    return csr_array((table.data * weight[table.indices], table.indices, table.indptr), shape=table.shape)


def squares(values: Numbers, weight: Numbers) -> Numbers:
    """Return the weighted sum of squares and products of the columns, without a weighted copy of them."""
    total = np.zeros((values.shape[1], values.shape[1]))
    for begin in range(0, len(values), _ROWS):
        part = values[begin : begin + _ROWS]
        total += part.T @ (part * weight[begin : begin + _ROWS, None])
    return total
