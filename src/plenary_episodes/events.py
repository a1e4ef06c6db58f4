"""From identified episodes to expected cases: one case for each person and event window of a service.

Episodes are one person's where the NHS number is the same. An episode without one, or with the number of somebody of another
birth date, joins the person who alone has its local number at that provider; failing that, the person who alone has its birth
date, sex and area, and no other local number there. No chain of likenesses is followed.

That likeness can deceive: how often it would is tried out on the episodes with a number, and each case that rests on it says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa

from plenary_episodes.people import Person
from plenary_episodes.pseudonyms import Pseudonyms, is_one_of
from plenary_stats.errors import InputError
from plenary_stats.findings import LISTED, Finding, Findings

_DECEIVED: Final = (1, 100)
"""How often likeness is taken to have deceived, and of how many, before the data say otherwise."""


@dataclass(frozen=True, order=True)
class Episode:
    """One identified row of one file, without identifiers. ``matched``: the rules that chose it, as ``service/rule``."""

    on: date
    provider: str
    record: str
    file: str
    matched: tuple[str, ...]
    nhs: str = ""
    local: str = ""
    born_on: date | None = None
    sex: str = ""
    area: str = ""


@dataclass(frozen=True)
class Expected:
    """A case that the national data say there was. ``records`` are the rows that speak for it, as ``file: record``."""

    person: Person
    rules: tuple[str, ...]
    records: tuple[str, ...]
    providers: tuple[str, ...]


def taken(table: pa.Table, file: str, pseudonyms: Pseudonyms) -> list[Episode]:
    """Return the identified rows of a file with pseudonyms in the place of identifiers, in order."""
    columns: dict[str, list[Any]] = {name: table.column(name).to_pylist() for name in table.column_names}
    for row in zip(columns["record"], columns["nhs_number"], columns["local_id"], strict=True):
        if is_one_of(row[0], row[1:]):
            message = (
                "the number of a row is an identifier of the patient, and would be written. Give the rows numbers of their own."
            )
            raise InputError(f"{file}: {message}")
    nhs = pseudonyms.nhs_numbers(columns.pop("nhs_number"))
    local = pseudonyms.local_ids(columns["provider"], columns.pop("local_id"))
    rows = zip(
        columns["event_date"], columns["provider"], columns["record"], columns["matched"], nhs, local, columns["birth_date"],
        columns["sex"], columns["area"], strict=True,
    )  # fmt: skip
    found = [
        Episode(on, provider, record, file, tuple(matched.split("|")), number, own, born, sex or "", area or "")
        for on, provider, record, matched, number, own, born, sex, area in rows
    ]
    return sorted(found, key=_order)


def once(episodes: Iterable[Episode]) -> tuple[list[Episode], Findings]:
    """Return each record once, the first in order; a finding for each repetition within its file."""
    kept: dict[tuple[str, str], Episode] = {}
    repeated: Counter[tuple[str, str]] = Counter()
    for episode in sorted(episodes, key=_order):
        key = (episode.file, episode.record)
        if kept.setdefault(key, episode) is not episode:
            repeated[key] += 1
    remedy = "Ask the sender for each row once."
    found = Findings(
        Finding(file, 0, "", "repeated-row", "warning", f"Record {record} stands {number + 1} times; the first was kept.", remedy)
        for (file, record), number in sorted(repeated.items())[:LISTED]
    )
    return list(kept.values()), found


def expected_cases(episodes: Sequence[Episode], windows: Mapping[str, int]) -> list[Expected]:
    """Return the expected cases of every service, in order."""
    of_service: dict[str, list[Episode]] = defaultdict(list)
    for episode in episodes:
        for service in dict.fromkeys(name.split("/")[0] for name in episode.matched):
            of_service[service].append(episode)
    share = _deceiving(of_service.values())
    made = [
        _case(service, event, alike, share)
        for service, own in sorted(of_service.items())
        for person, alike in _persons(sorted(own, key=_order))
        for event in _events(person, windows[service])
    ]
    return sorted(made, key=lambda one: (one.person.service, one.person.centre, one.person.event_on or date.min, one.records))


def _order(one: Episode) -> tuple[date, str, str, str]:
    """Order by what the file says, never by a pseudonym: another key must not change what is written."""
    return one.on, one.provider, one.record, one.file


def _deceiving(services: Iterable[Sequence[Episode]]) -> float:
    """Return how often an episode that joins a person by likeness alone is another's: tried out on those with an NHS number.

    Each is looked at as though it had no number. Where one person alone is like it, that may be its own, or a twin.
    """
    wrong, tried = _DECEIVED
    for episodes in services:
        alike: dict[str, Counter[str]] = defaultdict(Counter)
        numbered = [one for one in episodes if one.nhs and _facts(one)]
        for one in numbered:
            alike[_facts(one)][one.nhs] += 1
        for one in numbered:
            others = alike[_facts(one)] - Counter([one.nhs])
            tried += len(others) == 1
            wrong += len(others) == 1 and one.nhs not in others
    return wrong / tried


def _persons(episodes: Sequence[Episode]) -> list[tuple[list[Episode], set[Episode]]]:
    """Return the episodes of each person, and which of them joined it by likeness alone.

    An NHS number under another birth date than usual is taken for another person's.
    """
    numbered: dict[str, list[Episode]] = {}
    for episode in episodes:
        if episode.nhs:
            numbered.setdefault(episode.nhs, []).append(episode)
    groups: dict[str, list[Episode]] = {}
    strangers: set[Episode] = set()
    for number, group in numbered.items():
        usual = _usual(group, "born_on", None)
        others = {episode for episode in group if _another_birth(episode.born_on, usual)}
        strangers |= others
        groups[f"nhs {number}"] = [episode for episode in group if episode not in others]
    by_local = _owners(groups, lambda one: one.local)
    by_facts = _owners(groups, _facts)
    places = {name: {(each.provider, each.local) for each in group if each.local} for name, group in groups.items()}
    joined: dict[str, set[Episode]] = defaultdict(set)
    for episode in (one for one in episodes if not one.nhs or one in strangers):
        alike = _only(by_facts, _facts(episode))
        if alike and _another_number(episode, places[alike]):
            alike = ""
        sure = _only(by_local, episode.local)
        owner = sure or alike
        owner = owner or (f"local {episode.local}" if episode.local else f"record {episode.file}\0{episode.record}")
        groups.setdefault(owner, []).append(episode)
        if alike and not sure:
            joined[owner].add(episode)
    return [(sorted(group, key=_order), joined[name]) for name, group in groups.items()]


def _another_birth(born: date | None, usual: date | None) -> bool:
    """Whether two known birth dates differ by more than one part, and not by an exchange of day and month."""
    if born is None or usual is None:
        return False
    same = (born.year == usual.year) + (born.month == usual.month) + (born.day == usual.day)
    return same < 2 and (born.year, born.month, born.day) != (usual.year, usual.day, usual.month)


def _another_number(episode: Episode, known: set[tuple[str, str]]) -> bool:
    """Whether a person has another local number at the episode's provider: twins have the same birth date and address."""
    own = {local for provider, local in known if provider == episode.provider}
    return bool(episode.local and own and episode.local not in own)


def _facts(one: Episode) -> str:
    return f"{one.born_on} {one.sex} {one.area}" if one.born_on and one.sex and one.area else ""


def _owners(groups: Mapping[str, Sequence[Episode]], fact: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name, group in groups.items():
        for episode in group:
            found[fact(episode)].add(name)
    return found


def _only(owners: Mapping[str, set[str]], fact: str) -> str:
    """Return the one person of whom a fact is true; an empty text where there is none, or more than one."""
    names = owners.get(fact, set()) if fact else set()
    return next(iter(names)) if len(names) == 1 else ""


def _events(episodes: Sequence[Episode], window: int) -> list[list[Episode]]:
    """Cut a person's episodes into events: a new one begins when the window of the last has passed."""
    events: list[list[Episode]] = []
    for episode in episodes:
        if events and (not window or episode.on <= events[-1][0].on + timedelta(days=window)):
            events[-1].append(episode)
        else:
            events.append([episode])
    return events


def _case(service: str, event: Sequence[Episode], alike: set[Episode], share: float) -> Expected:
    """Return the case of an event. ``share``: how often an episode that is only ``alike`` is another person's."""
    first = event[0]
    joined = len(alike.intersection(event))
    doubt = 1 - (1 - share) ** joined if joined < len(event) else 0.0
    own = [episode for episode in event if episode.provider == first.provider]
    person = Person(
        service, first.provider, first.on, first.record,
        nhs=_usual(event, "nhs"), local=_usual(own, "local"), born_on=_usual(event, "born_on", None),
        sex=_usual(event, "sex"), area=_usual(event, "area"), doubt=doubt,
    )  # fmt: skip
    rules = {name.split("/")[1] for episode in event for name in episode.matched if name.split("/")[0] == service}
    records = tuple(f"{episode.file}: {episode.record}" for episode in event)
    return Expected(person, tuple(sorted(rules)), records, tuple(dict.fromkeys(episode.provider for episode in event)))


def _usual(event: Sequence[Episode], name: str, otherwise: Any = "") -> Any:
    """Return the value that most episodes of an event have; of equals the earlier."""
    found = Counter(value for episode in event if (value := getattr(episode, name)))
    return found.most_common(1)[0][0] if found else otherwise
