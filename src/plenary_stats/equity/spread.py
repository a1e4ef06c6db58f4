"""How far areas differ from what is expected of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc

from plenary_stats.results import Numbers, counts, numbers
from plenary_stats.smallnumbers import moments


@dataclass(frozen=True)
class Variation:
    """How far the areas differ from what is expected of them.

    ``scv`` is the systematic component of variation: the variance of the true ratios, what is left of their variance when
    chance is taken off; below nought there is less than chance, print 0. ``extremal_quotient`` is the highest over the lowest
    rate and ``percentile_ratio`` the 95th percentile over the 5th: NaN where the lower is nought, and ``why_not`` says so.
    ``between`` is the variance of the true ratios relative to their mean, by Clayton and Kaldor's moments: a steadier twin.
    """

    areas: int
    scv: float
    extremal_quotient: float
    percentile_ratio: float
    quartile_ratio: float
    coefficient_of_variation: float
    weighted_coefficient_of_variation: float
    chi_squared: float
    df: int
    p_value: float
    potthoff_whittinghill: float
    between: float
    why_not: str = ""
    method: str = "systematic component of variation"


def variation(observed: Any, expected: Any, population: Any = None) -> Variation:
    """Return how far the areas' events differ from those expected: one observed count and one expected number an area.

    Rates for the quotients and coefficients are events per head of ``population``, or observed over expected where there is
    none. Raises ``ValueError`` for fewer than two areas, counts that are negative or not whole, or nothing expected somewhere.

    Sources: McPherson, Wennberg, Hovind and Clifford, New England Journal of Medicine 1982;307:1310 (SCV); Potthoff and
    Whittinghill, Biometrika 1966;53:183; Clayton and Kaldor, Biometrics 1987;43:671.
    """
    events, due = areas_of(observed, expected, "expected")
    base = due if population is None else areas_of(observed, population, "population")[1]
    rate = events / base
    chi_squared = float(((events - due) ** 2 / due).sum())
    number = len(events)
    lowest, low = float(rate.min()), float(np.quantile(rate, 0.05))
    weight = base / base.sum()
    middle = float((weight * rate).sum())
    why_not = ""
    if not events.any():
        why_not = "There is no event in any area."
    elif lowest == 0:
        why_not = "An area has no events: no quotient can be given over it."
    return Variation(
        areas=number,
        scv=float((((events - due) ** 2 - due) / due**2).sum() / number),
        extremal_quotient=_over(float(rate.max()), lowest),
        percentile_ratio=_over(float(np.quantile(rate, 0.95)), low),
        quartile_ratio=_over(float(np.quantile(rate, 0.75)), float(np.quantile(rate, 0.25))),
        coefficient_of_variation=_over(float(rate.std(ddof=1)), float(rate.mean())),
        weighted_coefficient_of_variation=_over(float(np.sqrt((weight * (rate - middle) ** 2).sum())), middle),
        chi_squared=chi_squared,
        df=number - 1,
        p_value=float(chdtrc(number - 1, chi_squared)),
        potthoff_whittinghill=float(due.sum() * (events * (events - 1) / due).sum()),
        between=1 / moments(events, due)[0],
        why_not=why_not,
    )


def areas_of(observed: Any, base: Any, name: str) -> tuple[Numbers, Numbers]:
    events, size = np.atleast_1d(counts(observed, "observed")), np.atleast_1d(numbers(base, name))
    if events.ndim != 1 or events.shape != size.shape or len(events) < 2:
        raise ValueError(f"observed and {name}: one number an area, of the same length, from two areas up.")
    if (size <= 0).any():
        raise ValueError(f"{name}: every area must have more than 0; merge areas or leave the empty ones out, and say which.")
    return events, size


def _over(above: float, below: float) -> float:
    return above / below if below else float("nan")
