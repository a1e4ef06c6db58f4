"""The exact conditional likelihood of tied deaths: which of those at risk died, given how many."""

from __future__ import annotations

import numpy as np

from plenary_stats.results import Numbers
from plenary_stats.survival.risksets import RiskSets


def exact_likelihood(sets: RiskSets, values: Numbers, predictor: Numbers) -> tuple[float, Numbers, Numbers]:
    """Return log-likelihood, score and information. Nobody enters late.

    With d of those at risk dying, the denominator is the sum over all sets of d of the products of their weights. It is built
    by adding one patient after another (Gail, Lubin and Rubinstein, Biometrika 1981;68:703), with its first and second
    derivatives: a loop over patients that cannot be avoided, so for small sets only.
    """
    likelihood, count = float(predictor[sets.died].sum()), values.shape[1]
    score, information = values[sets.died].sum(axis=0), np.zeros((count, count))
    for begin, end in zip(sets.starts[:-1], sets.starts[1:], strict=True):
        inside = np.flatnonzero((sets.last > begin) & (sets.last <= end) & (sets.last > sets.first))
        order = inside[np.argsort(-sets.last[inside], kind="stable")]
        most = int(sets.deaths[begin:end].max(initial=0))
        top = predictor[order].max(initial=-np.inf)
        weight = np.exp(predictor[order] - top)
        sums = _Sums(most, count)
        at = 0
        for place in range(end - 1, begin - 1, -1):
            while at < len(order) and sets.last[order[at]] > place:
                sums.add(weight[at], values[order[at]])
                at += 1
            deaths = int(sets.deaths[place])
            mean = sums.slope[deaths] / sums.value[deaths]
            likelihood -= float(np.log(sums.value[deaths]) + deaths * top)
            score = score - mean
            information += sums.bend[deaths] / sums.value[deaths] - np.outer(mean, mean)
    return likelihood, score, information


class _Sums:
    """Sums over all sets of 0, 1, 2 … patients of the products of their weights, with derivatives by the coefficients."""

    def __init__(self, most: int, count: int) -> None:
        self.value = np.zeros(most + 1)
        self.value[0] = 1.0
        self.slope = np.zeros((most + 1, count))
        self.bend = np.zeros((most + 1, count, count))

    def add(self, weight: float, value: Numbers) -> None:
        product = self.slope[:-1, :, None] * value
        square = np.outer(value, value) * self.value[:-1, None, None]
        self.bend[1:] += weight * (self.bend[:-1] + product + product.transpose(0, 2, 1) + square)
        self.slope[1:] += weight * (self.slope[:-1] + self.value[:-1, None] * value)
        self.value[1:] += weight * self.value[:-1]
