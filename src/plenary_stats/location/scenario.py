"""What if a centre is added, closed, moved or made larger? Everybody's journey, and every centre's patients, before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import coo_array

from plenary_stats.results import Columns, Numbers, frozen, numbers

Indices = npt.NDArray[np.intp]

FAR: Final = 120.0
"""Minutes: whoever is farther than this is counted."""
BANDS: Final = (30.0, 60.0, 90.0, 120.0)


@dataclass(frozen=True)
class Change:
    """What would be otherwise: columns of the sites that are added, closed, moved (from, to), and new capacities by site."""

    add: tuple[int, ...] = ()
    close: tuple[int, ...] = ()
    move: tuple[tuple[int, int], ...] = ()
    expand: Mapping[int, float] | None = None

    def sites(self, now: Sequence[int], number: int, names: Sequence[str] = ()) -> Indices:
        """Return the open sites after the change. Raises ``ValueError``, naming the site, where it cannot be made."""
        opened, shut = {*self.add, *(to for _, to in self.move)}, {*self.close, *(old for old, _ in self.move)}
        here = {int(site) for site in now}
        wrong = {
            "is no site": {site for site in opened | shut | set(self.expand or {}) if not 0 <= site < number},
            "is open already": opened & here,
            "is not open": shut - here,
            "is both opened and closed": opened & shut,
            "is not open, so it cannot be made larger": set(self.expand or {}) - ((here - shut) | opened),
        }
        for what, sites in wrong.items():
            if sites:
                first = min(sites)
                raise ValueError(f"{names[first] if names else f'Site {first}'} {what}.")
        after = np.array(sorted((here - shut) | opened), dtype=np.intp)
        if not len(after):
            raise ValueError("No centre would be left.")
        return after


@dataclass(frozen=True)
class Outlook:
    """What the open sites mean. ``why_not`` says why there is no answer: too little room for everybody.

    ``columns``, one row a centre: site, residents, patients, caseload, mean_minutes, farthest, capacity, over (patients beyond
    capacity), minimum, under (patients short of the safe minimum). ``minutes`` and ``assignment`` have one number a place: the
    journey, and the site (with limited room the one that takes most of it). ``summary`` has one number for each question.
    """

    sites: Indices
    columns: Columns
    minutes: Numbers
    assignment: Indices
    summary: Mapping[str, float]
    by_group: Mapping[str, float]
    method: str
    why_not: str = ""


def outlook(
    residents: Any,
    minutes: Any,
    sites: Sequence[int],
    *,
    patients: Any = None,
    capacity: Any = None,
    minimum: float = 0.0,
    years: float = 1.0,
    groups: Any = None,
    far: float = FAR,
    share_room: bool = False,
) -> Outlook:
    """Return what it means for residents and patients if these sites are open (columns of ``minutes``, places by sites).

    ``patients`` has the yearly number from each place, whole or not; the residents themselves where it is left out. ``capacity``
    has one number a site of yearly patients (NaN: no limit), ``minimum`` is the service's safe minimum, ``years`` how long a
    patient stays in care, so that patients times years are the caseload. ``groups`` names each place's area.

    Everybody goes to the nearest open site. With ``share_room`` nobody goes where there is no room: the journeys are then those
    of least total travel (a linear programme, HiGHS), and a place may be divided. Raises ``ValueError`` for what does not fit.
    """
    people, apart, coming, room = _checked(residents, minutes, patients, capacity)
    open_to = np.unique(np.asarray(sites, dtype=np.intp))
    if not len(open_to) or open_to.min() < 0 or open_to.max() >= apart.shape[1]:
        raise ValueError(f"sites: at least one, from 0 to {apart.shape[1] - 1}.")
    near, limits = apart[:, open_to], room[open_to]
    if share_room and np.isfinite(limits).all() and limits.sum() < coming.sum() * (1 - 1e-12):
        why_not = f"The centres have room for {limits.sum():g} of {coming.sum():g} patients a year."
        return Outlook(open_to, frozen({}), np.zeros(0), np.zeros(0, np.intp), {}, {}, "least travel within room", why_not)
    share = _within_room(coming, near, limits) if share_room and np.isfinite(limits).any() else _nearest(near)
    journey = np.where(share > 0, share * near, 0.0).sum(axis=1)
    columns = _centres(open_to, people, coming, near, share, limits) | {"minimum": np.full(len(open_to), float(minimum))}
    columns["caseload"] = columns["patients"] * years
    columns["under"] = np.maximum(minimum - columns["patients"], 0.0)
    summary = _summary(people, coming, journey, columns, far)
    names = np.asarray(groups if groups is not None else np.full(len(people), ""), dtype=np.str_)
    if names.shape != people.shape:
        raise ValueError("groups: one a place.")
    by_group = {str(name): _mean(journey[names == name], people[names == name]) for name in np.unique(names) if name}
    if by_group:
        known = [value for value in by_group.values() if np.isfinite(value)]
        summary["gap_between_groups"] = max(known) - min(known)
    method = "least travel within room" if share_room and np.isfinite(limits).any() else "nearest"
    return Outlook(open_to, frozen(columns), journey, open_to[share.argmax(axis=1)], summary, by_group, method)


def _checked(residents: Any, minutes: Any, patients: Any, capacity: Any) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    people, apart = np.atleast_1d(numbers(residents, "residents")), np.atleast_2d(numbers(minutes, "minutes"))
    coming = people if patients is None else np.atleast_1d(numbers(patients, "patients"))
    if not len(people) or apart.shape[0] != len(people) or coming.shape != people.shape:
        raise ValueError("residents, minutes and patients: one number a place, and a row of minutes for each.")
    if min(people.min(), apart.min(), coming.min()) < 0 or people.sum() <= 0:
        raise ValueError("residents, minutes and patients: they cannot be negative, and somebody lives somewhere.")
    room = np.full(apart.shape[1], np.inf) if capacity is None else np.atleast_1d(np.asarray(capacity, dtype=np.float64))
    if room.shape != (apart.shape[1],) or (room < 0).any():
        raise ValueError("capacity: one number a site from 0 up, or NaN for no limit.")
    return people, apart, coming, np.where(np.isnan(room), np.inf, room)


def _nearest(near: Numbers) -> Numbers:
    share = np.zeros_like(near)
    share[np.arange(len(near)), near.argmin(axis=1)] = 1
    return share


def _within_room(coming: Numbers, near: Numbers, room: Numbers) -> Numbers:
    """Return the shares of least total travel in which no centre has more patients than room; without patients the nearest."""
    share, some = _nearest(near), np.flatnonzero(coming > 0)
    if (coming @ share <= room * (1 + 1e-12)).all():
        return share
    places, sites = len(some), near.shape[1]
    pair = np.arange(places * sites)
    whole = coo_array((np.ones(len(pair)), (pair // sites, pair)), shape=(places, places * sites)).tocsr()
    tight = np.flatnonzero(np.isfinite(room))
    held = coo_array((coming[some][pair // sites], (pair % sites, pair)), shape=(sites, places * sites)).tocsr()[tight]
    cost = (coming[some][:, None] * near[some]).ravel()
    found = linprog(cost, A_ub=held, b_ub=room[tight], A_eq=whole, b_eq=np.ones(places), bounds=(0, 1), method="highs")
    if found.x is None:
        raise RuntimeError(f"The journeys were not found: {found.message}")
    share[some] = np.clip(found.x.reshape(places, sites), 0, 1)
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _centres(  # noqa: PLR0917 -- one place calls it
    sites: Indices, people: Numbers, coming: Numbers, near: Numbers, share: Numbers, room: Numbers
) -> dict[str, Any]:
    served, patients = people @ share, coming @ share
    travelled = (people[:, None] * share * near).sum(axis=0)
    return {
        "site": sites,
        "residents": served,
        "patients": patients,
        "mean_minutes": np.where(served > 0, travelled / np.where(served > 0, served, 1.0), np.nan),
        "farthest": np.where(share > 0, near, 0.0).max(axis=0),
        "capacity": np.where(np.isfinite(room), room, np.nan),
        "over": np.maximum(patients - room, 0.0),
    }


def _summary(people: Numbers, coming: Numbers, journey: Numbers, columns: Mapping[str, Any], far: float) -> dict[str, float]:
    volume = columns["patients"]
    found = {
        "centres": float(len(volume)),
        "mean_minutes": _mean(journey, people),
        "median_minutes": quantile(journey, people, 0.5),
        "p90_minutes": quantile(journey, people, 0.9),
        "farthest_minutes": float(journey.max()),
        "residents_far": float(people[journey > far].sum()),
        "share_far": float(people[journey > far].sum() / people.sum()),
        "patients_far": float(coming[journey > far].sum()),
        "inequality": gini(journey, people),
        "patients": float(coming.sum()),
        "smallest_centre": float(volume.min()),
        "largest_centre": float(volume.max()),
        "centres_under_minimum": float((columns["under"] > 1e-9).sum()),
        "patients_in_centres_under_minimum": float(volume[columns["under"] > 1e-9].sum()),
        "patients_over_capacity": float(columns["over"].sum()),
    }
    return found | {f"within_{band:g}": float(people[journey <= band].sum() / people.sum()) for band in BANDS}


def _mean(values: Numbers, weight: Numbers) -> float:
    return float((values * weight).sum() / weight.sum()) if weight.sum() > 0 else float("nan")


def quantile(values: Numbers, weight: Numbers, share: float) -> float:
    """Return the least value that at least this share of the weight does not pass."""
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(upto, share * upto[-1] * (1 - 1e-12), side="left")])


def gini(values: Numbers, weight: Numbers) -> float:
    """Return how unequal the values are, from 0 (all alike) towards 1, each counted by its weight."""
    order = np.argsort(values, kind="stable")
    here, size = values[order], weight[order]
    total = float((here * size).sum())
    if total <= 0:
        return 0.0
    below = np.cumsum(here * size)
    area = float((size * (below + np.append(0.0, below[:-1]))).sum()) / (total * size.sum())
    return float(1 - area)


@dataclass(frozen=True)
class Difference:
    """What a change does to residents: how many have a shorter journey, a longer one, another centre; and by how much."""

    shorter: float
    longer: float
    other_centre: float
    mean_change: float
    largest_gain: float
    largest_loss: float
    newly_far: float
    no_longer_far: float
    by_group: Mapping[str, float]


def difference(before: Outlook, after: Outlook, residents: Any, *, groups: Any = None, far: float = FAR) -> Difference:
    """Return what becomes otherwise for residents, between two outlooks of the same places. A second is no change."""
    people = np.atleast_1d(numbers(residents, "residents"))
    if before.minutes.shape != people.shape or after.minutes.shape != people.shape:
        raise ValueError("residents: one number a place, and both outlooks must have an answer for the same places.")
    change = after.minutes - before.minutes
    change = np.where(np.abs(change) < 1 / 60, 0.0, change)
    names = np.asarray(groups if groups is not None else np.full(len(people), ""), dtype=np.str_)
    was, will = before.minutes > far, after.minutes > far
    return Difference(
        shorter=float(people[change < 0].sum()),
        longer=float(people[change > 0].sum()),
        other_centre=float(people[before.assignment != after.assignment].sum()),
        mean_change=_mean(change, people),
        largest_gain=float(max(-change.min(), 0.0)),
        largest_loss=float(max(change.max(), 0.0)),
        newly_far=float(people[will & ~was].sum()),
        no_longer_far=float(people[was & ~will].sum()),
        by_group={str(name): _mean(change[names == name], people[names == name]) for name in np.unique(names) if name},
    )
