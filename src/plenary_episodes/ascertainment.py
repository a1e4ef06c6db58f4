"""Are all cases there? National episodes and the case series in, every case accounted for out.

Expected cases = matched + under review + missing. Cases sent = matched + in the series only + refused. Both hold by construction,
and are checked before anything is given back. Where a period is asked for, what is of other days is linked first and set aside
after, and counted: a case of December that the centre dates in January is not missing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from plenary_episodes import events, series
from plenary_episodes.capture import Estimate, estimated
from plenary_episodes.engines import Engine, episode_files
from plenary_episodes.events import Episode, Expected
from plenary_episodes.identify import identified
from plenary_episodes.layouts import Layout, chosen
from plenary_episodes.linkage import Link, Linked, Settings, link
from plenary_episodes.people import Person, ordered
from plenary_episodes.pseudonyms import Pseudonyms
from plenary_episodes.reading import Account, read
from plenary_episodes.rules import RuleSet, windows
from plenary_episodes.series import Series
from plenary_stats.errors import InputError
from plenary_stats.findings import Findings

Status = Literal["matched", "review", "missing", "series-only"]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Line:
    """What became of one case: an expected one, one of the series, or both where they are linked or may be.

    A case under review stands on two lines: with the expected case that it may be, and alone, for it is not linked.
    """

    status: Status
    expected: Expected | None = None
    case: Person | None = None
    link: Link | None = None

    @property
    def person(self) -> Person:
        """The record by which the line is counted: the expected case where there is one."""
        if self.expected is not None:
            return self.expected.person
        if self.case is None:
            raise ValueError("A line is of an expected case, of a case of the series, or of both.")
        return self.case


@dataclass(frozen=True)
class Period:
    """The days ``[start, end)``; an end that is None is open."""

    start: date | None = None
    end: date | None = None

    def holds(self, line: Line) -> bool:
        """Whether a line is of the period: by the day of the expected case, of a case alone by its own."""
        on = line.person.event_on
        return on is None or ((self.start is None or on >= self.start) and (self.end is None or on < self.end))


ALWAYS = Period()


@dataclass(frozen=True)
class Tally:
    """The account of a service, or of one centre of it (``Total``: all), and the estimate of the true number.

    ``series``: the cases that the centre sent; ``elsewhere``: expected cases of the centre that another centre sent.
    ``if_reviewed``: the estimate if all pairs under review were one case each. The lower limit of ``estimate`` allows for that,
    and for what the linkage expects to have missed besides: a case that was not linked is counted twice.
    """

    service: str
    centre: str
    expected: int
    matched: int
    review: int
    missing: int
    series: int
    series_only: int
    elsewhere: int
    estimate: Estimate
    if_reviewed: Estimate


@dataclass(frozen=True)
class Ascertainment:
    """The whole answer. ``outside``: the lines that are not of the period; nothing counts them but their own number."""

    lines: tuple[Line, ...]
    tallies: tuple[Tally, ...]
    accounts: tuple[Account, ...]
    identified: int
    repeated: int
    series: Series
    linked: Linked
    settings: Settings
    findings: Findings
    inputs: Mapping[str, str]
    sets: tuple[RuleSet, ...]
    period: Period = ALWAYS
    outside: tuple[Line, ...] = ()

    def counted(self, status: Status) -> int:
        return sum(1 for line in self.lines if line.status == status)


def ascertain(
    *,
    episodes: Path,
    sets: Sequence[RuleSet],
    cases: Path,
    layouts: Sequence[Layout],
    engine: Engine,
    pseudonyms: Pseudonyms,
    settings: Settings | None = None,
    period: Period = ALWAYS,
    say: Say = lambda _: None,
) -> Ascertainment:
    """Return what became of every expected case and of every case of the series that is of the period."""
    if period.start and period.end and period.end <= period.start:
        raise InputError(f"A period ends after it starts: {period.start} to {period.end} does not.")
    of_service = windows(sets)
    files = episode_files(episodes)
    rows, accounts, found = _read(files, sets, layouts, engine, pseudonyms, say)
    kept, repeated = events.once(rows)
    expected = events.expected_cases(kept, of_service)
    say(f"{len(kept):,} episodes identified: {len(expected):,} expected cases. Reading the case series")
    sent = series.read(cases, of_service, pseudonyms)
    say(f"Linking {len(expected):,} expected cases and {len(sent.cases):,} of the series")
    chosen_settings = settings or Settings()
    every, linked = _lines(expected, sent.cases, of_service, chosen_settings)
    lines = tuple(line for line in every if period.holds(line))
    outside = tuple(line for line in every if not period.holds(line))
    tallies = _tallies(lines, _unseen(every, linked))
    return Ascertainment(
        lines, tallies, tuple(accounts), len(kept), len(rows) - len(kept), sent, linked, chosen_settings,
        Findings([*found, *repeated, *sent.findings]), _digests([*files, *sent.files], pseudonyms), tuple(sets),
        period, outside,
    )  # fmt: skip


def _read(  # noqa: PLR0917  the inputs, and what they are read with
    files: Sequence[Path], sets: Sequence[RuleSet], layouts: Sequence[Layout], engine: Engine, pseudonyms: Pseudonyms, say: Say
) -> tuple[list[Episode], list[Account], Findings]:
    rows: list[Episode] = []
    accounts: list[Account] = []
    found = Findings()
    for number, path in enumerate(files, 1):
        opened = engine.opened(path)
        sheet = read(opened, chosen(layouts, opened.headings, path.name))
        account, findings = sheet.accounted()
        say(f"File {number} of {len(files)}, {path.name}: {account.read:,} rows, {account.kept:,} kept. Applying the rules")
        table = identified(sheet, sets)
        if table is not None:
            rows.extend(events.taken(table, path.name, pseudonyms))
        accounts.append(account)
        found.extend(findings)
    return rows, accounts, found


def _lines(
    expected: Sequence[Expected], cases: Sequence[Person], of_service: Mapping[str, int], settings: Settings
) -> tuple[tuple[Line, ...], Linked]:
    left, right = ordered([one.person for one in expected]), ordered(cases)
    by_place = _as(expected, left.records)
    linked = link(left, right, of_service, settings)
    found: dict[int, Line] = {}
    for status, links in (("matched", linked.links), ("review", linked.review)):
        for one in links:
            found[one.left] = Line(status, by_place[one.left], right.records[one.right], one)  # type: ignore[arg-type]
    lines = [found.get(place) or Line("missing", case) for place, case in enumerate(by_place)]
    taken = {one.right for one in linked.links}
    doubtful = {one.right: one for one in linked.review}
    lines += [
        Line("series-only", case=case, link=doubtful.get(place)) for place, case in enumerate(right.records) if place not in taken
    ]
    counts = Counter(line.status for line in lines)
    if counts["matched"] + counts["series-only"] != len(cases) or len(lines) - counts["series-only"] != len(expected):
        raise AssertionError("A case was lost or counted twice on the way: this is a fault of the program.")
    return tuple(lines), linked


def _as(expected: Sequence[Expected], records: Sequence[Person]) -> list[Expected]:
    """Return the expected cases in the order of their persons."""
    places = {id(person): place for place, person in enumerate(records)}
    return sorted(expected, key=lambda one: places[id(one.person)])


def _unseen(lines: Sequence[Line], linked: Linked) -> float:
    """Return the share of the missing that are in the series after all, by what the linkage expects to have missed."""
    alone = sum(1 for line in lines if line.status == "missing")
    return max(0.0, linked.expected_missed - sum(one.probability for one in linked.review)) / max(alone, 1)


def _tallies(lines: Sequence[Line], unseen: float) -> tuple[Tally, ...]:
    """Return the account of each service and of each of its centres."""
    persons = [each for line in lines for each in (line.person, line.case) if each is not None]
    keys = sorted({(one.service, centre) for one in persons for centre in (one.centre, "Total")})
    counts: Counter[tuple[str, str, str]] = Counter()
    for line in lines:
        sent = [] if line.case is None or line.status == "review" else [line.case.centre, "Total"]
        counts.update((line.person.service, centre, "sent") for centre in sent)
        for centre in (line.person.centre, "Total"):
            counts[line.person.service, centre, line.status] += 1
            if line.case is not None and line.status == "matched":
                counts[line.person.service, centre, "elsewhere"] += centre not in {"Total", line.case.centre}
    return tuple(_tally(service, centre, counts, unseen) for service, centre in keys)


def _tally(service: str, centre: str, counts: Mapping[tuple[str, str, str], int], unseen: float) -> Tally:
    """``unseen``: the share of the missing that are in the series after all."""
    matched, review, missing, only, sent, elsewhere = (
        counts[service, centre, what] for what in ("matched", "review", "missing", "series-only", "sent", "elsewhere")
    )
    found = estimated(matched, missing + review, only)
    reviewed = _if_linked(matched, missing + review, only, review)
    if found.lower is not None:
        generous = _if_linked(matched, missing + review, only, review + math.ceil(missing * unseen))
        found = replace(found, lower=min(found.lower, generous.lower or found.lower))
    return Tally(
        service, centre, matched + review + missing, matched, review, missing, sent, only, elsewhere, found, reviewed
    )  # fmt: skip


def _if_linked(both: int, first: int, second: int, more: int) -> Estimate:
    """Return the estimate if so many more pairs were one case each."""
    taken = min(more, first, second)
    return estimated(both + taken, first - taken, second - taken)


def _digests(files: Sequence[Path], pseudonyms: Pseudonyms) -> dict[str, str]:
    """Return the keyed digest of every input by its name; of those with one name, by their folders too."""
    names = Counter(path.name for path in files)
    called = {path: path.name if names[path.name] == 1 else f"{path.parent.name}/{path.name}" for path in files}
    return dict(sorted((name, pseudonyms.of_file(path)) for path, name in called.items()))
