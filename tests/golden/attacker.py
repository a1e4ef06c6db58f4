"""Somebody who wants to know what an edition withholds, with nothing but the published files and a solver.

Shares no code with disclosure control. Written from the patients up: how many there are of each centre, area, sex, age and year,
how many of them are eligible, known, alive. Every published figure is an equation about those numbers; the range of a withheld
number is what the equations leave.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Files = Mapping[str, bytes]
Row = dict[str, str]
Name = tuple[str, ...]
TABLES = ("activity", "outcomes", "access", "completeness", "curves")
SLACK = 5e-7
"""What a printed share may differ from the true one by; editions print nine digits or more."""
MOST = 20_000
"""More patients than any service of the tests has."""


def rows_of(files: Files, table: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(files[f"data/{table}.csv"].decode(), newline="")))


def number(words: str) -> float | None:
    return float(words) if words else None


# ------------------------------------------------------------------------------------------------ equations


@dataclass
class Equations:
    """Whole numbers that are not negative, and what is known of them."""

    place: dict[Name, int] = field(default_factory=dict)
    least: list[float] = field(default_factory=list)
    rows: list[dict[int, float]] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    ready: tuple[tuple[int, int], LinearConstraint] | None = None

    def number(self, *name: str) -> int:
        if name not in self.place:
            self.place[name] = len(self.place)
            self.least.append(0.0)
        return self.place[name]

    def say(self, terms: Sequence[tuple[int, float]], low: float, high: float) -> None:
        row: dict[int, float] = defaultdict(float)
        for at, factor in terms:
            row[at] += factor
        self.rows.append(dict(row))
        self.low.append(low)
        self.high.append(high)

    def adds_up(self, whole: int, parts: Sequence[int]) -> None:
        if parts and list(parts) != [whole]:
            self.say([(whole, -1.0), *((part, 1.0) for part in parts)], 0, 0)

    def at_most(self, less: int, more: int) -> None:
        self.say([(more, 1.0), (less, -1.0)], 0, math.inf)

    def known(self, at: int, value: float) -> None:
        self.say([(at, 1.0)], value, value)

    def solve(self, cost: np.ndarray, *, whole: bool = False) -> np.ndarray | None:
        size = len(self.place)
        if self.ready is None or self.ready[0] != (len(self.rows), size):
            entries = [(order, at, factor) for order, row in enumerate(self.rows) for at, factor in row.items()]
            at, column, factor = zip(*entries, strict=True)
            matrix = csr_array((factor, (at, column)), shape=(len(self.rows), size))
            self.ready = (len(self.rows), size), LinearConstraint(matrix, np.array(self.low), np.array(self.high))
        bounds = Bounds(np.array(self.least), np.full(size, MOST))
        answer = milp(cost, integrality=np.full(size, int(whole)), bounds=bounds, constraints=self.ready[1])
        return None if answer.x is None else np.asarray(answer.x)

    def suppose(self, more: Equations) -> bool:
        """Take over further equations if they can be true together with all that is known."""
        before = len(self.rows)
        for row, low, high in zip(more.rows, more.low, more.high, strict=True):
            self.rows.append(row)
            self.low.append(low)
            self.high.append(high)
        if self.solve(np.zeros(len(self.place))) is not None:
            return True
        del self.rows[before:], self.low[before:], self.high[before:]
        self.ready = None
        return False


@dataclass(frozen=True)
class Found:
    """What was deduced of one number."""

    name: Name
    true: int
    low: int
    high: int

    @property
    def exact(self) -> bool:
        return self.low == self.high


class Attack:
    """All editions that a reader has of one service, oldest first, as equations."""

    def __init__(self, service: str, editions: Sequence[Files]) -> None:
        self.service = service
        self.known = Equations()
        self.guesses: dict[str, Equations] = defaultdict(lambda: Equations(self.known.place, self.known.least))
        self.zeros = [json.loads(files["edition.json"])["edition"]["policy"]["zeros"] for files in editions]
        self.labels: list[str] = []
        self.centres = [{row["centre"] for row in rows_of(files, "activity") if row["service"] == service} for files in editions]
        for files in editions:
            self.labels.append(json.loads(files["edition.json"])["edition"]["label"])
        for order, files in enumerate(editions):
            for table in TABLES:
                own = [row for row in rows_of(files, table) if row["service"] == service]
                getattr(self, f"_{table}")(str(order), own)
            self._sums(str(order))
        self._pooled()
        self._overlapping()
        self._corrections()
        self.consistent = self.known.solve(np.zeros(len(self.known.place))) is not None
        self.believed = [name for name, guess in sorted(self.guesses.items()) if self.known.suppose(guess)]

    # a name is (edition, quantity, period, centre, dimension, group); times of survival stand in the quantity

    def _group(self, row: Row) -> tuple[str, str]:
        for name in ("area", "sex", "age_band"):
            if row[name] not in ("", "Total"):
                return name, row[name]
        return "", ""

    def _name(self, order: str, quantity: str, row: Row) -> Name:
        return (order, quantity, row["period"], row["centre"] or "Total", *self._group(row))

    def _take(self, name: Name, words: str) -> int:
        at = self.known.number(*name)
        if words:
            self.known.known(at, round(float(words)))
        return at

    def _activity(self, order: str, rows: Sequence[Row]) -> None:
        for row in rows:
            at = self._take(self._name(order, "patients", row), row["value"])
            if row["status"] == "c" and self.zeros[int(order)] == "publish":
                self.known.least[at] = 1.0
            unusual = self._group(row)[1] == "Not known" and row["centre"] == "Total"
            if unusual:  # such a row stands only where there is somebody
                self.known.least[at] = 1.0

    def _access(self, order: str, rows: Sequence[Row]) -> None:
        parts, whole = [], None
        for row in rows:
            if row["area"] == "Total":
                whole = self._take((order, "residents", row["period"], "Total", "", ""), row["numerator"])
            else:
                parts.append(self._take(self._name(order, "patients", row), row["numerator"]))
        if whole is not None:
            self.known.adds_up(whole, parts)

    def _outcomes(self, order: str, rows: Sequence[Row]) -> None:
        times: dict[Name, list[tuple[float, int]]] = defaultdict(list)
        for row in rows:
            outcome, _, time = row["measure"].partition("@")
            names = [self._name(order, f"{part}:{outcome}", row) for part in ("of", "not_eligible", "not_known")]
            of, *rest = (
                self._take(name, row[column])
                for name, column in zip(names, ("denominator", "not_eligible", "not_known"), strict=True)
            )
            self.known.adds_up(self.known.number(*self._name(order, "patients", row)), [of, *rest])
            self._percentage(order, row)
            if row["numerator"] or row["method"].startswith(("Wilson", "Kaplan")):
                met = self._take(self._name(order, f"met:{row['measure']}", row), row["numerator"])
                unmet = self.known.number(*self._name(order, f"unmet:{row['measure']}", row))
                self.known.adds_up(of, [met, unmet])
                if time:
                    times[names[0]].append((_days(time), unmet))
        for found in times.values():
            ordered = [at for _, at in sorted(found)]
            for less, more in pairwise(ordered):
                self.known.at_most(less, more)  # the dead stay dead

    def _percentage(self, order: str, row: Row) -> None:
        """A share that is printed beside its denominator is a numerator, whether that is printed or not; so is its interval."""
        value, of = number(row["value"]), number(row["denominator"])
        ends = [number(row[name]) for name in ("lower", "upper")]
        if not of or not row["method"].startswith("Wilson"):
            return
        fits = [
            met
            for met in range(round(of) + 1)
            if (value is None or abs(met / of - value) < SLACK)
            and all(end is None or abs(end - made) < SLACK for end, made in zip(ends, wilson(met, of), strict=True))
        ]
        if fits and len(fits) <= of:
            at = self.known.number(*self._name(order, f"met:{row['measure']}", row))
            self.known.say([(at, 1.0)], min(fits), max(fits))

    def _curves(self, order: str, rows: Sequence[Row]) -> None:
        """The points of a national curve: those without the event by each time, of the patients of the outcome itself."""
        times: dict[Name, list[tuple[float, int]]] = defaultdict(list)
        for row in rows:
            outcome, _, time = row["measure"].partition("@")
            name = self._name(order, f"of:{outcome}", row)
            of = self._take(name, row["denominator"])
            met = self._take(self._name(order, f"met:{row['measure']}", row), row["numerator"])
            unmet = self.known.number(*self._name(order, f"unmet:{row['measure']}", row))
            self.known.adds_up(of, [met, unmet])
            times[name].append((_days(time), unmet))
        for found in times.values():
            for less, more in pairwise(at for _, at in sorted(found)):
                self.known.at_most(less, more)

    def _completeness(self, order: str, rows: Sequence[Row]) -> None:
        for row in rows:
            measure, patients = row["measure"], self.known.number(*self._name(order, "patients", row))
            if measure == "ascertainment":
                expected = self._take(self._name(order, "expected", row), row["denominator"])
                received = self._take(self._name(order, "received", row), row["numerator"])
                self.known.at_most(received, expected)
                self.known.at_most(received, patients)
            elif measure == "complete-records":
                self._take(self._name(order, "patients", row), row["denominator"])
                complete = self._take(self._name(order, "complete", row), row["numerator"])
                self.known.at_most(complete, patients)
            else:
                eligible = self._take(self._name(order, f"eligible:{measure}", row), row["denominator"])
                of = self._take(self._name(order, f"of:{measure}", row), row["numerator"])
                not_known = self.known.number(*self._name(order, f"not_known:{measure}", row))
                not_eligible = self.known.number(*self._name(order, f"not_eligible:{measure}", row))
                self.known.adds_up(eligible, [of, not_known])
                self.known.adds_up(patients, [eligible, not_eligible])

    def _sums(self, order: str) -> None:
        """Centres make the total, groups make everybody, and of a centre's women no more can be eligible than there are."""
        mine = [name for name in self.known.place if name[0] == order]
        centres: dict[Name, list[Name]] = defaultdict(list)
        groups: dict[Name, list[Name]] = defaultdict(list)
        for name in mine:
            _, quantity, period, centre, dimension, group = name
            if centre != "Total":
                centres[quantity, period, dimension, group].append(name)
            if dimension:
                groups[quantity, period, centre, dimension].append(name)
        for (quantity, period, dimension, group), parts in centres.items():
            whole = self.known.number(order, quantity, period, "Total", dimension, group)
            self.known.adds_up(whole, [self.known.number(*part) for part in parts])
        for (quantity, period, centre, _), parts in groups.items():
            whole = self.known.number(order, quantity, period, centre, "", "")
            self.known.adds_up(whole, [self.known.number(*part) for part in parts])
        self._within(order, centres, groups)

    def _within(self, order: str, centres: Mapping[Name, list[Name]], groups: Mapping[Name, list[Name]]) -> None:
        for (quantity, period, centre, dimension), parts in groups.items():
            kind, _, outcome = quantity.partition(":")
            if centre != "Total" or kind not in {"of", "met"}:
                continue
            frame = "patients" if kind == "of" else f"of:{outcome.split('@')[0]}"
            own = [name[3] for name in centres.get((quantity, period, "", ""), [])]
            if not own or (kind == "of" and not centres.get(("patients", period, dimension, parts[0][5]))):
                continue
            cell: Callable[..., int] = lambda *more, q=quantity, p=period: self.known.number(order, q, p, *more)  # noqa: E731
            for place in own:
                for part in parts:
                    self.known.at_most(
                        cell(place, dimension, part[5]), self.known.number(order, frame, period, place, dimension, part[5])
                    )
                self.known.adds_up(cell(place, "", ""), [cell(place, dimension, part[5]) for part in parts])
            for part in parts:
                self.known.adds_up(cell("Total", dimension, part[5]), [cell(place, dimension, part[5]) for place in own])

    def _pooled(self) -> None:
        """Several years are their years, each as its own (latest) edition tells; supposed of each quantity by itself."""
        latest = {label: str(order) for order, label in enumerate(self.labels)}
        for name in list(self.known.place):
            order, quantity, period, *rest = name
            if " to " not in period:
                continue
            years = _years(period)
            own = {year: order if year == self.labels[int(order)] else latest.get(year) for year in years}
            numbers = [(own[year] or order, quantity, year, *rest) for year in years]
            least = self.guesses[f"pooled {quantity.split('@')[0]}"]
            parts = [self.known.number(*each) for each in numbers]
            least.adds_up(self.known.number(*name), parts)

    def _overlapping(self) -> None:
        """Calendar years and years from April are made of the same quarters: of each quantity, supposed by itself."""
        spans = {name[2]: _quarters(name[2]) for name in self.known.place}
        if len({span[0] % 4 for span in spans.values() if span}) < 2:
            return
        edges = sorted({edge for span in spans.values() if span for edge in (span[0], span[-1] + 1)})
        for name in list(self.known.place):
            _, quantity, period, *rest = name
            if not spans[period] or (rest[0] == "Total" and len({frozenset(own) for own in self.centres}) > 1):
                continue
            first, last = spans[period][0], spans[period][-1] + 1
            cuts = [edge for edge in edges if first <= edge <= last]
            pieces = [self.known.number("", quantity, f"{start}-{end}", *rest) for start, end in pairwise(cuts)]
            self.guesses[f"overlapping {quantity.split('@')[0]}"].adds_up(self.known.number(*name), pieces)

    def _corrections(self) -> None:
        """A correction changes little: each centre's figures are supposed unchanged wherever that can be.

        So are the totals, but not where a centre came or went: whoever reads that knows that they must differ.
        """
        first = {label: order for order, label in reversed(list(enumerate(self.labels)))}
        for name in list(self.known.place):
            order, *rest = name
            if not order:  # a quarter that stands in no edition
                continue
            before = first[self.labels[int(order)]]
            for earlier in range(before, int(order)):
                if rest[2] == "Total" and self.centres[earlier] != self.centres[int(order)]:
                    continue
                same = (str(earlier), *rest)
                if self.labels[earlier] == self.labels[int(order)] and same in self.known.place:
                    guess = self.guesses[f"correction {earlier} {order} {rest[2]} {rest[0].split(':')[0]}"]
                    guess.say([(self.known.place[name], 1.0), (self.known.place[same], -1.0)], 0, 0)

    # ---------------------------------------------------------------------------------------- ranges

    def ranges(self, targets: Mapping[Name, int], wanted: Callable[[Name], int]) -> Iterator[Found]:
        """Yield the range of every target that is narrower than wanted: programmes first, whole numbers where it is close."""
        at = {name: self.known.number(*name) for name in targets}
        points: list[np.ndarray] = []
        for name, true in targets.items():
            need = wanted(name)
            seen = [point[at[name]] for point in points]
            if seen and max(seen) - min(seen) >= need + 1:
                continue
            ends = []
            for sign in (1.0, -1.0):
                cost = np.zeros(len(self.known.place))
                cost[at[name]] = sign
                point = self.known.solve(cost)
                if point is None:
                    raise AssertionError(f"{self.service}: what was published contradicts itself")
                points.append(point)
                ends.append(float(point[at[name]]))
            if ends[1] - ends[0] < need + 1:
                ends = [self._whole(at[name], 1.0), self._whole(at[name], -1.0)]
            if ends[1] - ends[0] < need and ends[0] <= true <= ends[1]:  # else the reader supposed what is not so
                yield Found(name, true, round(ends[0]), round(ends[1]))

    def _whole(self, at: int, sign: float) -> float:
        cost = np.zeros(len(self.known.place))
        cost[at] = sign
        point = self.known.solve(cost, whole=True)
        if point is None:
            raise AssertionError(f"{self.service}: no whole numbers agree with what was published")
        return float(round(point[at]))


def wilson(met: int, of: float) -> tuple[float, float]:
    """The 95% interval of a share, from its formula."""
    z = 1.959963984540054
    centre = (met + z * z / 2) / (of + z * z)
    half = z / (of + z * z) * math.sqrt(met * (of - met) / of + z * z / 4)
    return centre - half, centre + half


def _years(period: str) -> list[str]:
    first, last = period.split(" to ")
    count = range(int(first[:4]), int(last[:4]) + 1)
    return [f"{year}/{(year + 1) % 100:02d}" if "/" in first else str(year) for year in count]


def _quarters(period: str) -> range:
    """The quarters of a period, numbered through: 2025, 2025/26, 2023 to 2025; none of what is no period."""
    first, _, last = period.partition(" to ")
    if not first[:4].isdigit():
        return range(0)
    shift = int("/" in first)
    return range(4 * int(first[:4]) + shift, 4 * int((last or first)[:4]) + 4 + shift)


def _days(time: str) -> float:
    return float(time[:-1]) * {"d": 1.0, "w": 7.0, "m": 30.4375, "y": 365.25}[time[-1]]


# ------------------------------------------------------------------------------------------------ targets and plain sight


def truths(order: int, tables: Mapping[str, Sequence[Row]], service: str) -> dict[Name, int]:
    """Return the value of every number of people or events in some rows."""
    found: dict[Name, int] = {}
    blank = Attack.__new__(Attack)
    for table, rows in tables.items():
        for row in (row for row in rows if row["service"] == service):
            for quantity, words in _quantities(table, row):
                if words:
                    found[blank._name(str(order), quantity, row)] = round(float(words))
    return found


def _quantities(table: str, row: Row) -> Iterator[tuple[str, str]]:
    measure = row["measure"]
    if table == "activity":
        yield "patients", row["value"]
    elif table == "access" and row["area"] != "Total":
        yield "patients", row["numerator"]
    elif table in {"outcomes", "curves"}:
        yield f"of:{measure.split('@')[0]}", row["denominator"]
        if row["numerator"]:
            yield f"met:{measure}", row["numerator"]
            yield f"unmet:{measure}", str(float(row["denominator"]) - float(row["numerator"]))
    elif table == "completeness" and measure not in {"ascertainment", "complete-records"}:
        yield f"of:{measure}", row["numerator"]


def is_event(name: Name) -> bool:
    return name[1].startswith(("met:", "unmet:"))


def in_plain_sight(files: Files, threshold: int = 30, events: int = 5) -> list[str]:
    """Return every number that is shown although it is too small, and every figure left in a withheld row."""
    leaks = []
    for table in TABLES:
        for row in rows_of(files, table):
            where = f"{table} {[row[name] for name in ('service', 'centre', 'area', 'sex', 'age_band', 'period', 'measure')]}"
            of, met = number(row["denominator"]), number(row["numerator"])
            people = {"activity": number(row["value"]), "access": met, "outcomes": of, "completeness": of, "curves": of}[table]
            if people is not None and 0 < people < threshold:
                leaks.append(f"{where} shows {people:g} patients")
            if row["status"] == "c":
                left = {name: row[name] for name in ("value", "numerator", "lower", "upper", "note") if row[name]}
                leaks += [f"{where} is withheld but shows {left}"] if left else []
            rate = (met, of - met) if table in {"outcomes", "curves"} and met is not None and of is not None else ()
            leaks += [f"{where} shows {met:g} of {of:g}"] if any(0 < part < events for part in rate) else []
    return leaks


def small(name: Name, true: int, *, zeros: str) -> bool:
    least = 0 if zeros == "protect" else 1
    return least <= true < (5 if is_event(name) else 30)


# ------------------------------------------------------------------------------------------------ money


def amounts_told(files: Files, service: str, truth: Mapping[str, float], share: float = 0.1) -> list[str]:
    """Return every withheld amount of a centre that the others give away to within a share of it.

    Amounts add up to their total and are not negative. ``truth``: what each centre was paid.
    """
    rows = [row for row in rows_of(files, "spend") if row["service"] == service]
    known = {row["centre"] or "Total": number(row["value"]) for row in rows}
    centres = [name for name in known if name != "Total"]
    given = [name for name in centres if known[name] is not None]
    hidden = [name for name in centres if known[name] is None]
    total, told = known.get("Total"), []
    for name in hidden:
        if total is None:
            continue
        high = total - sum(known[one] or 0.0 for one in given)
        low = high if len(hidden) == 1 else 0.0
        if high - low < share * high:
            told.append(f"{service}: {name} was paid {truth[name]:.0f}: between {low:.0f} and {high:.0f}")
    return told


def dominated(truth: Mapping[str, float], dominance: float) -> list[str]:
    """Return the centres whose amount the policy protects: one alone, or all where one takes more than its share."""
    total = sum(truth.values())
    return sorted(truth) if len(truth) == 1 or max(truth.values()) > dominance * total else []
