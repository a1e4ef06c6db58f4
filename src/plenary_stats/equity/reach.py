"""What is within reach of each place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from plenary_stats.results import Numbers, numbers


@dataclass(frozen=True)
class Accessibility:
    """What is within reach of each place.

    ``value`` has one number a place: supply per head (2sfca) or the pull of all centres together (huff). ``share`` (places by
    centres) says where the place's people go (huff), or how much of its supply comes from each centre (2sfca); rows sum to one,
    or to nought where nothing is within reach. ``served`` has one number a centre: the demand that it draws or could draw.
    """

    value: Numbers
    share: Numbers
    served: Numbers
    method: str


def accessibility(
    demand: Any,
    supply: Any,
    cost: Any,
    method: Literal["2sfca", "huff", "hansen"] = "2sfca",
    *,
    catchment: float = np.inf,
    bandwidth: float | None = None,
    power: float = 2.0,
    decay: float | None = None,
) -> Accessibility:
    """Return how well each place is supplied: demand a place, supply a centre, cost (time or distance) places by centres.

    * ``2sfca``: supply over the demand within ``catchment`` of each centre, summed over the centres within ``catchment`` of each
      place (Luo and Wang 2003). With ``bandwidth`` nearer ones weigh more, by a normal curve (enhanced, Luo and Qi 2009)
    * ``huff``: people divide themselves over centres as supply over cost to the ``power`` (Huff 1963)
    * ``hansen``: supply discounted by ``exp(-decay × cost)``, or by cost to the ``power`` without ``decay`` (Hansen 1959)

    A centre at no cost is within reach (and takes everybody under a power). Raises ``ValueError`` for negative numbers or shapes
    that do not match.
    """
    people, offered, apart = _places(demand, supply, cost)
    if method == "2sfca":
        weight = np.where(apart <= catchment, 1.0, 0.0)
        weight = weight if bandwidth is None else weight * np.exp(-(apart**2) / (2 * bandwidth**2))
        served = people @ weight
        per_head = np.where(served > 0, offered / np.where(served > 0, served, 1.0), 0.0)
        parts = weight * per_head
        return Accessibility(parts.sum(axis=1), _shares(parts), served, "2sfca" if bandwidth is None else "enhanced 2sfca")
    if method not in {"huff", "hansen"}:
        raise ValueError(f"method: {method!r} is none of 2sfca, huff, hansen.")
    if method == "hansen" and decay is not None:
        parts = offered * np.exp(-decay * apart)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = np.where(offered > 0, offered * apart**-power, 0.0)
    share = _shares(parts)
    return Accessibility(parts.sum(axis=1), share, people @ share, method)


def _places(demand: Any, supply: Any, cost: Any) -> tuple[Numbers, Numbers, Numbers]:
    people, offered = np.atleast_1d(numbers(demand, "demand")), np.atleast_1d(numbers(supply, "supply"))
    apart = np.atleast_2d(numbers(cost, "cost"))
    if apart.shape != (len(people), len(offered)):
        raise ValueError(f"cost: {len(people)} places and {len(offered)} centres need as many rows and columns.")
    for name, part in (("demand", people), ("supply", offered), ("cost", apart)):
        if (part < 0).any():
            raise ValueError(f"{name}: it cannot be negative.")
    return people, offered, apart


def _shares(parts: Numbers) -> Numbers:
    """Return each row divided by its sum; where some are infinite those take all, and a row of noughts stays so."""
    endless = parts == np.inf
    parts = np.where(endless.any(axis=1, keepdims=True), endless, parts)
    total = parts.sum(axis=1)[:, None]
    return np.asarray(parts / np.where(total > 0, total, 1.0))
