"""Where so many centres would serve people best, and whom each centre serves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, vstack

from plenary_stats.equity import accessibility
from plenary_stats.location.median import CLOSE, Search
from plenary_stats.results import Columns, Numbers, frozen, numbers

Indices = npt.NDArray[np.intp]

MOST_PAIRS = 100_000
"""Places times sites that the integer programme with capacities takes on."""


@dataclass(frozen=True)
class Median:
    """The best sites found. ``sites`` are columns of the cost, ascending; ``assignment`` the site (column) of each place.

    ``bound`` is proved: no choice costs less. ``optimal`` says that the two meet (to one part in 10⁹). Where ``why_not`` is not
    empty there is no answer, and the text says why. ``nodes`` counts the branches that the proof took.
    """

    sites: Indices
    assignment: Indices
    cost: float
    bound: float
    optimal: bool
    method: str
    nodes: int = 0
    why_not: str = ""


def p_median(
    demand: Any, cost: Any, p: int, *, fixed: Any = (), closed: Any = (), capacity: Any = None, most_nodes: int = 10_000
) -> Median:
    """Return the ``p`` sites with the least total of demand times cost to the nearest, and the proof.

    ``demand`` has one number a place, ``cost`` (time, distance) places by sites; ``fixed`` the columns of sites that stay,
    ``closed`` of those that may not be chosen. With ``capacity`` (one number a site) every place goes whole to one site, not
    always the nearest, and the integer programme is solved by HiGHS; without, bounds by Lagrange's multipliers rule out nearly
    all sites, and a search settles the rest. After ``most_nodes`` branches the search stops, and says with ``bound`` how far off
    it may be: no clock, so the same each time.

    Raises ``ValueError`` for shapes that do not match, negative numbers, or a p that does not fit.
    """
    people, whole = _checked(demand, cost)
    open_to, kept = _choice(whole.shape[1], p, fixed, closed)
    apart = whole[:, open_to]
    if capacity is not None:
        room = np.atleast_1d(numbers(capacity, "capacity"))
        if room.shape != (whole.shape[1],) or (room < 0).any():
            raise ValueError("capacity: one number a site, from 0 up.")
        return _renumbered(_with_capacity(people, apart, room[open_to], p=int(p), fixed=kept, nodes=most_nodes), open_to)
    search = Search(np.ascontiguousarray((people[:, None] * apart).T), most_nodes)
    search.run(int(p), kept)
    sites = np.sort(search.best)
    assignment = sites[np.argmin(apart[:, sites], axis=1)]
    proved = search.below >= search.above - CLOSE * search.above
    found = Median(sites, assignment, search.above, search.below, proved, "Lagrange bounds and search", search.nodes)
    return _renumbered(found, open_to)


def _choice(number: int, p: int, fixed: Any, closed: Any) -> tuple[Indices, Indices]:
    """Return the columns of the sites that may be chosen, and the places among them of those that must be."""
    kept, shut = (np.unique(np.asarray(part, dtype=np.intp)) for part in (fixed, closed))
    for name, part in (("fixed", kept), ("closed", shut)):
        if len(part) and (part.min() < 0 or part.max() >= number):
            raise ValueError(f"{name}: there are {number} sites, so positions run from 0.")
    if len(np.intersect1d(kept, shut)):
        raise ValueError("closed: a site cannot stay and be closed.")
    open_to = np.setdiff1d(np.arange(number), shut)
    if p != int(p) or not max(len(kept), 1) <= p <= len(open_to):
        raise ValueError(f"p: {p} is not a whole number from {max(len(kept), 1)} to {len(open_to)}.")
    return open_to, np.searchsorted(open_to, kept)


def _renumbered(found: Median, open_to: Indices) -> Median:
    """Return the answer with the columns of the whole cost: closed sites have left gaps."""
    return replace(found, sites=open_to[found.sites], assignment=open_to[found.assignment])


def _checked(demand: Any, cost: Any) -> tuple[Numbers, Numbers]:
    people, apart = np.atleast_1d(numbers(demand, "demand")), numbers(cost, "cost")
    if apart.ndim != 2 or not apart.size or people.shape != (len(apart),):
        raise ValueError("demand and cost: one number a place, and a row of costs for each, with a column for each site.")
    if (people < 0).any() or (apart < 0).any():
        raise ValueError("demand and cost: they cannot be negative.")
    return people, apart


def _with_capacity(people: Numbers, apart: Numbers, room: Numbers, *, p: int, fixed: Indices, nodes: int) -> Median:
    places, sites = apart.shape
    if places * sites > MOST_PAIRS:
        raise ValueError(
            f"capacity: {places} places by {sites} sites are too many; put places together (at most {MOST_PAIRS} pairs)."
        )
    pair = np.arange(places * sites)
    place, site, one = pair // sites, pair % sites, np.ones(len(pair))
    width = len(pair) + sites  # a column a pair, then one a site

    def rows(row: Any, column: Any, value: Any, number: int) -> csr_array:
        return coo_array((value, (row, column)), shape=(number, width)).tocsr()

    only_open = rows(pair, pair, one, len(pair)) - rows(pair, len(pair) + site, one, len(pair))
    within = rows(site, pair, people[place], sites) - rows(np.arange(sites), len(pair) + np.arange(sites), room, sites)
    served, number = rows(place, pair, one, places), rows(np.zeros(sites), len(pair) + np.arange(sites), np.ones(sites), 1)
    lower = np.zeros(width)
    lower[len(pair) + fixed] = 1
    found = milp(
        np.append((people[:, None] * apart).ravel(), np.zeros(sites)),
        integrality=np.ones(width),
        bounds=Bounds(lower, np.ones(width)),
        constraints=[
            LinearConstraint(vstack([only_open, within]), -np.inf, 0),
            LinearConstraint(served, 1, 1),
            LinearConstraint(number, p, p),
        ],
        options={"mip_rel_gap": 0, "node_limit": nodes},
    )
    if found.x is None:
        none = np.zeros(0, dtype=np.intp)
        why_not = (
            "No choice of so many sites has room for everyone." if found.status == 2 else "The search ended without an answer."
        )
        return Median(none, none, np.nan, np.nan, optimal=False, method="integer programme (HiGHS)", why_not=why_not)
    goes = found.x[: len(pair)].reshape(places, sites).argmax(axis=1)
    total = float((people * apart[np.arange(places), goes]).sum())
    chosen = np.flatnonzero(found.x[len(pair) :] > 0.5)
    bound = min(float(found.mip_dual_bound), total)
    proved = found.status == 0 and bound >= total - 1e-6 * max(total, 1e-300)
    return Median(chosen, goes.astype(np.intp), total, bound, proved, "integer programme (HiGHS)", int(found.mip_node_count))


def p_centre(cost: Any, p: int, *, fixed: Any = (), closed: Any = ()) -> Median:
    """Return the ``p`` sites whose farthest place is least far: ``cost`` of the result is that distance, and it is proved.

    The least distance at which so few sites reach everybody is found by halving among the costs; each question is a covering
    problem, solved by HiGHS. Arguments as in :func:`p_median`.
    """
    _, whole = _checked(np.ones(len(cost)), cost)
    open_to, kept = _choice(whole.shape[1], p, fixed, closed)
    apart = whole[:, open_to]
    distances = np.unique(apart[apart >= apart.min(axis=1).max()])  # somebody's nearest site is so far away at least
    low, high, best = 0, len(distances) - 1, np.zeros(0, dtype=np.intp)
    while low <= high:
        middle = (low + high) // 2
        cover = _cover(apart <= distances[middle], kept, int(p))
        if cover is None:
            low = middle + 1
        else:
            best, high = cover, middle - 1
    spare = np.setdiff1d(np.arange(apart.shape[1]), best)[: int(p) - len(best)]
    sites = np.sort(np.append(best, spare))
    assignment = sites[np.argmin(apart[:, sites], axis=1)]
    farthest = float(distances[low])
    return _renumbered(Median(sites, assignment, farthest, farthest, optimal=True, method="covering (HiGHS)"), open_to)


def _cover(reaches: npt.NDArray[np.bool_], fixed: Indices, most: int) -> Indices | None:
    """Return the fewest sites, the fixed ones among them, that reach every place; None where that takes more than ``most``.

    Few places decide: the answer for some of them is asked again with a few of those that it leaves out, until it leaves out
    none. So many sites are needed for those alone, hence for all.
    """
    lower = np.zeros(reaches.shape[1])
    lower[fixed] = 1
    asked = np.argsort(reaches.sum(axis=1), kind="stable")[:1]
    while True:
        found = milp(
            np.ones(reaches.shape[1]),
            integrality=np.ones(reaches.shape[1]),
            bounds=Bounds(lower, np.ones(reaches.shape[1])),
            constraints=LinearConstraint(csr_array(reaches[asked].astype(np.float64)), 1, np.inf),
            options={"mip_rel_gap": 0},
        )
        sites = np.flatnonzero(found.x > 0.5)
        if len(sites) > most:
            return None
        left = np.flatnonzero(~reaches[:, sites].any(axis=1))
        if not len(left):
            return sites
        asked = np.append(asked, _unlike(reaches, left))


_AT_ONCE = 5


def _unlike(reaches: npt.NDArray[np.bool_], left: Indices) -> Indices:
    """Return a few of the places left out that share no site with one another, those that fewest sites reach first."""
    chosen: list[int] = []
    used = np.zeros(reaches.shape[1], dtype=np.bool_)
    for place in left[np.argsort(reaches[left].sum(axis=1), kind="stable")].tolist():
        if not (reaches[place] & used).any():
            chosen.append(place)
            used |= reaches[place]
        if len(chosen) == _AT_ONCE:
            break
    return np.array(chosen, dtype=np.intp)


@dataclass(frozen=True)
class Catchment:
    """Whom each centre serves.

    ``columns``, one row a centre: site, demand, mean_cost, farthest, and ``within_<band>``, the demand served within each band.
    ``assignment`` is the nearest centre (a column of the cost) of each place; with a gravity share, the one with the largest.
    ``within`` is the share of all demand that is served within each band.
    """

    columns: Columns
    assignment: Indices
    within: dict[float, float]
    method: str


def catchment(
    demand: Any, cost: Any, sites: Any = None, *, bands: Any = (30.0, 60.0, 90.0), supply: Any = None, power: float = 2.0
) -> Catchment:
    """Return whom each of the ``sites`` (columns of the cost; all where left out) serves, and within which bands of cost.

    Everybody goes to the nearest; with ``supply`` (one number a chosen site) people divide themselves as in
    :func:`plenary_stats.equity.accessibility` with the method ``huff`` and ``power``. Raises ``ValueError`` as :func:`p_median`.
    """
    people, apart = _checked(demand, cost)
    chosen = np.arange(apart.shape[1]) if sites is None else np.asarray(sites, dtype=np.intp)
    near = apart[:, chosen]
    if supply is None:
        share = np.zeros_like(near)
        share[np.arange(len(near)), near.argmin(axis=1)] = 1
    else:
        share = accessibility(people, supply, near, "huff", power=power).share
    served = share * people[:, None]
    total = served.sum(axis=0)
    columns: dict[str, Any] = {"site": chosen, "demand": total}
    with np.errstate(invalid="ignore"):
        columns["mean_cost"] = (served * near).sum(axis=0) / np.where(total > 0, total, np.nan)
    columns["farthest"] = np.where(served > 0, near, 0).max(axis=0)
    within = {}
    for band in np.atleast_1d(numbers(bands, "bands")):
        inside = np.where(near <= band, served, 0).sum(axis=0)
        columns[f"within_{band:g}"] = inside
        within[float(band)] = float(inside.sum() / people.sum()) if people.any() else float("nan")
    method = "nearest" if supply is None else f"gravity, power {power:g}"
    return Catchment(frozen(columns), chosen[share.argmax(axis=1)], within, method)
