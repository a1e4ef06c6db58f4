"""A scenario for one service, by the codes of sites: now, after the change, and where so many new centres would serve best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np

from plenary_stats.location.centres import p_median
from plenary_stats.location.scenario import Change, Difference, Outlook, difference, outlook
from plenary_stats.location.travel import DETOUR, SPEED_KMH, Travel, straight_line
from plenary_stats.small_areas import SmallAreas
from plenary_stats.tables import Column

MOST_NEW: Final = 3
"""So many new centres are looked for at most."""


@dataclass(frozen=True)
class Site:
    """A place where a centre stands or could."""

    code: str
    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Wish:
    """What would be otherwise, by codes of sites; ``best`` new centres are looked for instead of named."""

    add: tuple[str, ...] = ()
    close: tuple[str, ...] = ()
    move: tuple[tuple[str, str], ...] = ()
    expand: Mapping[str, float] = field(default_factory=dict)
    best: int = 0


@dataclass(frozen=True)
class Assumptions:
    """What the figures rest on, shown wherever they are. ``capacity`` is each centre's yearly patients where it is limited."""

    patients: float
    minimum: float = 0.0
    years: float = 1.0
    capacity: float | None = None
    speed: float = SPEED_KMH
    detour: float = DETOUR
    far: float = 120.0
    age_group: str = "all"


@dataclass(frozen=True)
class Plan:
    """The answer: both outlooks, what becomes otherwise, the codes of new centres found, and where the minutes come from."""

    before: Outlook
    after: Outlook
    difference: Difference | None
    found: tuple[str, ...]
    proved: bool
    says: str
    sites: tuple[Site, ...]

    @property
    def why_not(self) -> str:
        return self.before.why_not or self.after.why_not

    def document(self) -> dict[str, Any]:
        """Return all of it as plain values, to keep and to show."""
        return {
            "says": self.says,
            "why_not": self.why_not,
            "found": list(self.found),
            "proved": self.proved,
            "questions": {"before": dict(self.before.summary), "after": dict(self.after.summary)},
            "centres": {"before": self._centres(self.before), "after": self._centres(self.after)},
            "by_region": {"before": dict(self.before.by_group), "after": dict(self.after.by_group)},
            "difference": {} if self.difference is None else _plain(asdict(self.difference)),
        }

    def _centres(self, outlook_of: Outlook) -> list[dict[str, Any]]:
        names = [name for name in outlook_of.columns if name != "site"]
        return [
            {"code": self.sites[site].code, "name": self.sites[site].name}
            | {name: _number(outlook_of.columns[name][row]) for name in names}
            for row, site in enumerate(outlook_of.sites.tolist() if outlook_of.columns else [])
        ]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in found.items()}


def plan(
    small: SmallAreas,
    sites: Sequence[Site],
    now: Sequence[str],
    wish: Wish,
    given: Assumptions,
    *,
    groups: Column | None = None,
    travel: Travel | None = None,
) -> Plan:
    """Return what a wish means. ``now`` are the codes of today's centres; every code is one of the ``sites``.

    Patients come from where people of the age group live, in proportion. ``groups`` names the region of each small area.
    ``travel`` takes the place of the straight line. Raises ``ValueError``, fit to show, for a wish that cannot be.
    """
    place = {site.code: number for number, site in enumerate(sites)}
    _known(place, [*now, *wish.add, *wish.close, *wish.expand, *(code for pair in wish.move for code in pair)])
    if not now:
        raise ValueError("No centre of this service has a known place today.")
    if not given.patients > 0 or not 0 <= wish.best <= MOST_NEW:
        raise ValueError(f"There must be patients, and no more than {MOST_NEW} new centres can be looked for.")
    latitudes, longitudes = [site.latitude for site in sites], [site.longitude for site in sites]
    way = travel or straight_line(small.latitude, small.longitude, latitudes, longitudes, speed=given.speed, detour=given.detour)
    people = small.people(given.age_group)
    open_now = [place[code] for code in now]
    change = Change(
        add=tuple(place[code] for code in wish.add),
        close=tuple(place[code] for code in wish.close),
        move=tuple((place[old], place[new]) for old, new in wish.move),
        expand={place[code]: room for code, room in wish.expand.items()},
    )
    after = change.sites(open_now, len(sites), [site.name for site in sites])
    if len(after) + wish.best > len(sites):
        raise ValueError(f"There are only {len(sites) - len(after)} other places where a new centre could stand.")
    best = p_median(people, way.minutes, len(after) + wish.best, fixed=after) if wish.best else None
    opened = np.setdiff1d(best.sites, after) if best is not None else np.zeros(0, dtype=np.intp)
    rooms = np.full(len(sites), np.nan if given.capacity is None else given.capacity)
    larger = rooms.copy()
    larger[list(change.expand or {})] = list((change.expand or {}).values())
    options: dict[str, Any] = {
        "patients": people * (given.patients / people.sum()),
        "minimum": given.minimum,
        "years": given.years,
        "groups": groups,
        "far": given.far,
        "share_room": given.capacity is not None,
    }
    first = outlook(people, way.minutes, open_now, capacity=rooms, **options)
    second = outlook(people, way.minutes, [*after.tolist(), *opened.tolist()], capacity=larger, **options)
    answered = not (first.why_not or second.why_not)
    return Plan(
        before=first,
        after=second,
        difference=difference(first, second, people, groups=groups, far=given.far) if answered else None,
        found=tuple(sites[site].code for site in opened.tolist()),
        proved=best is None or best.optimal,
        says=way.says,
        sites=tuple(sites),
    )


def _known(place: Mapping[str, int], codes: Sequence[str]) -> None:
    lacking = sorted({code for code in codes if code not in place})
    if lacking:
        raise ValueError(f"{', '.join(lacking)}: no site whose place is known.")
