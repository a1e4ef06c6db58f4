"""How many cases there were in truth, from two lists that each miss some: capture and recapture.

Chapman's estimate, and an interval from the profile likelihood or from a logarithm. Both take the two lists to be independent,
the links to be right and every record to be a case; the caution says what follows where that fails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from scipy.optimize import brentq
from scipy.special import gammaln
from scipy.stats import chi2, norm

Method = Literal["profile", "log"]

CAUTION: Final = (
    "The estimate takes the two sources to be independent. Where a patient who is in one is likelier to be in the other (a "
    "centre that codes well also reports well), the true number is higher than estimated; where a source holds patients who "
    "are no cases, or links were missed, it is lower."
)
"""What stands beside every estimate."""

_SLACK: Final = 1e-6


@dataclass(frozen=True)
class Estimate:
    """The estimated number of cases with its interval, or why there is none."""

    both: int
    first_only: int
    second_only: int
    estimate: float | None = None
    lower: int | None = None
    upper: int | None = None
    method: str = ""
    why_not: str = ""

    @property
    def known(self) -> int:
        """The cases in either list."""
        return self.both + self.first_only + self.second_only


def estimated(both: int, first_only: int, second_only: int, *, method: Method = "profile", level: float = 0.95) -> Estimate:
    """Return the estimated true number of cases, of which ``both`` lists hold some and each holds some alone."""
    if min(both, first_only, second_only) < 0 or not 0 < level < 1:
        raise ValueError("Counts must not be negative, and the level must lie between 0 and 1.")
    if not both:
        reason = "No case is in both sources: how many are in neither cannot be estimated."
        return Estimate(both, first_only, second_only, why_not=reason)
    chapman = (both + first_only + 1) * (both + second_only + 1) / (both + 1) - 1
    limits = _profile if method == "profile" else _logarithm
    lower, upper = limits(both, first_only, second_only, level)
    whole = math.floor(min(lower, chapman) + _SLACK), math.ceil(max(upper, chapman) - _SLACK)  # patients are whole
    return Estimate(both, first_only, second_only, chapman, *whole, f"Chapman, {method}")


def _logarithm(both: int, first: int, second: int, level: float) -> tuple[float, float]:
    """Return the transformed logit limits (Sadinle 2009): the unseen on a logarithmic scale, half a case added to each cell."""
    z = float(norm.ppf(0.5 + level / 2))
    cells = [count + 0.5 for count in (both, first, second)]
    unseen = cells[1] * cells[2] / cells[0]
    deviation = math.sqrt(1 / cells[1] + 1 / cells[2] + 1 / cells[0] + cells[0] / (cells[1] * cells[2]))
    known = both + first + second
    return (max(known, known - 0.5 + unseen * math.exp(-z * deviation)), known - 0.5 + unseen * math.exp(z * deviation))


def _profile(both: int, first: int, second: int, level: float) -> tuple[float, float]:
    """Return the numbers that the likelihood does not exclude, the chances of each list at their best for every number."""
    known = both + first + second
    best = max(float(known), (both + first) * (both + second) / both)
    top = max(_likelihood(best, both, first, second), _likelihood(float(known), both, first, second))
    depth = float(chi2.ppf(level, 1)) / 2

    def above(number: float) -> float:
        return _likelihood(number, both, first, second) - top + depth

    lower = float(known) if above(known) >= 0 else float(brentq(above, known, best))
    upper = max(best, known + 1.0)
    while above(upper) > 0:
        upper = known + 2 * (upper - known)
    return lower, float(brentq(above, best, upper)) if above(best) > 0 > above(upper) else upper


def _likelihood(number: float, both: int, first: int, second: int) -> float:
    """Return the logarithm of the likelihood of a true number, each list's chance at its best; constants left out."""
    total = float(gammaln(number + 1) - gammaln(number - both - first - second + 1))
    for seen in (both + first, both + second):
        total += _xlogy(seen, seen / number) + _xlogy(number - seen, 1 - seen / number)
    return total


def _xlogy(count: float, share: float) -> float:
    return count * math.log(share) if count > 0 and share > 0 else 0.0
