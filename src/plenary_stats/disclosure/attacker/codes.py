"""What the codes of a dimension stand for: sets of leaves that overlap, contain one another or fill one another up.

A region is its boards, ``2019/20`` is twelve months of which nine are 2019's too, three pooled years are thirty-six months. The
sets that occur side by side cut the leaves into elementary pieces, and every figure is the sum of its pieces. A piece that is a
code is that code's figure; another is a figure that stands in no table, which a reader forms all the same.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from plenary_stats.disclosure.policy import Pairs, Policy, Spans
from plenary_stats.tables import TOTAL

Cut = tuple[tuple[int, tuple[int, ...]], ...]
"""Wholes with their parts, by code."""
PERIODS = frozenset({"period", "year"})
LONGEST = 600
"""More months than this are no pooled years but two numbers with a dash."""
_YEAR = r"(\d{4})(?:/(\d{2}))?"
_TWELVE, _THREE = 12, 3


@dataclass
class Codes:
    """The codes of one dimension. ``masks``: each code's leaves as the bits of a whole number, where leaves overlap at all.

    ``real``: codes of the tables and the policy come first; the rest are pieces that the cutting named.
    """

    name: str
    names: list[str]
    masks: list[int] = field(default_factory=list)
    leaves: list[str] = field(default_factory=list)
    timed: bool = False
    number: dict[str, int] = field(default_factory=dict)
    by_mask: dict[int, int] = field(default_factory=dict)
    tops: list[int] = field(default_factory=list)
    real: int = 0
    _cuts: dict[tuple[tuple[int, ...], int], Cut] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, names: Iterable[str], policy: Policy) -> Codes:
        """Return what the codes of a dimension stand for, by the policy's hierarchy or, for periods, by the calendar."""
        pairs = policy.hierarchies.get(name, ())
        known = {code for pair in pairs for code in pair}
        made = cls(name, sorted({*names, *known, TOTAL}))
        made.number = {code: order for order, code in enumerate(made.names)}
        made.real = len(made.names)
        if pairs:
            made._by_hierarchy(pairs)
        elif name in PERIODS:
            made._by_calendar(policy.periods)
        for order, mask in enumerate(made.masks):
            if mask:
                made.by_mask.setdefault(mask, order)
        return made

    @property
    def structured(self) -> bool:
        """Whether some codes are made of others, besides the total."""
        return bool(self.masks)

    @property
    def total(self) -> int:
        """The code of the total."""
        return self.number[TOTAL]

    def mask(self, code: int) -> int:
        """Return what a code stands for; where no codes are made of others, it alone, and the total nothing."""
        return self.masks[code] if self.structured else 0 if code == self.total else 1 << code

    def listed(self, codes: Iterable[int]) -> int:
        """Return the leaves that a list of codes names; of a group of which it names none (regions by themselves), all."""
        present = set(codes) - {self.total}
        single = {self.number[leaf] for leaf in self.leaves} if self.structured else present
        own = _union(self.mask(code) for code in present & single)
        return own | _union(self.mask(code) for code in present if not self.mask(code) & own)

    def _by_hierarchy(self, pairs: Pairs) -> None:
        children: dict[str, list[str]] = defaultdict(list)
        for child, parent in pairs:
            children[parent].append(child)
        within = {code: _leaves(code, children, ()) for code in self.names}
        self.leaves = sorted(frozenset().union(*(own for code, own in within.items() if code != TOTAL or children.get(TOTAL))))
        bit = {leaf: 1 << order for order, leaf in enumerate(self.leaves)}
        self.masks = [
            sum(bit[leaf] for leaf in within[code]) if code != TOTAL or children.get(TOTAL) else 0 for code in self.names
        ]
        self.tops = _largest(mask for code, mask in zip(self.names, self.masks, strict=True) if code != TOTAL)

    def _by_calendar(self, periods: Spans) -> None:
        """Cut time where a period begins or ends: the leaves are the stretches between, by their first and last day."""
        financial = _dashed_years(self.names)
        spans = {code: days(code, periods, dashed=financial) for code in self.names if code != TOTAL}
        placed = sorted(span for span in spans.values() if span)
        if all(before[1] <= after[0] for before, after in pairwise(placed)):
            return
        stretches = list(pairwise(sorted({end for span in placed for end in span})))
        others = iter(range(len(stretches), len(stretches) + len(self.names)))
        self.leaves = [f"{first}/{after}" for first, after in stretches]
        self.timed = True
        for code in self.names:
            span = spans.get(code)
            if code == TOTAL:
                self.masks.append(0)
            elif span:
                inside = (span[0] <= first and after <= span[1] for first, after in stretches)
                self.masks.append(sum(1 << order for order, within in enumerate(inside) if within))
            else:
                self.masks.append(1 << next(others))
                self.leaves += [code]
        self.tops = _largest(self.masks)

    def cut(self, present: tuple[int, ...], among: int = -1, wanted: tuple[int, ...] = ()) -> Cut:
        """Return how the codes that stand side by side are made of one another and of elementary pieces.

        ``among``: the leaves that there are here at all. ``wanted``: further pieces to cut by, as masks.
        """
        key = (present, among) if not wanted else ((*present, -1, *wanted), among)
        if key not in self._cuts:
            self._cuts[key] = self._made(present, among, wanted)
        return self._cuts[key]

    def _made(self, present: tuple[int, ...], among: int, wanted: tuple[int, ...]) -> Cut:
        sets = {code: self.masks[code] & among for code in present if code != self.total and self.masks[code] & among}
        if self.total in present:
            own = self.masks[self.total] & among
            sets[self.total] = own or self._everything(sets.values()) & among
        atoms = _atoms([*sets.values(), *(mask & among for mask in wanted)])
        order = sorted(sets, key=lambda code: (sets[code].bit_count(), code == self.total, code))
        found = []
        for place, code in enumerate(order):
            rest, parts = sets[code], list[int]()
            for part in reversed(order[:place]):
                if sets[part] and not sets[part] & ~rest:
                    parts.append(part)
                    rest &= ~sets[part]
            inside = [atom for atom in atoms if not atom & ~rest] if rest else []
            if rest == sets[code] and len(inside) == 1:
                continue
            found.append((code, tuple(parts + [self._piece(atom) for atom in inside])))
        return tuple(found)

    def _everything(self, sets: Iterable[int]) -> int:
        """Return the leaves that a total counts: all codes beside it, each with all that belongs with it."""
        own = 0
        for mask in sets:
            own |= mask
        if self.timed:
            return own
        return own | _union(top for top in self.tops if top & own)

    def _piece(self, mask: int) -> int:
        """Return the code of a piece; one that has none is given a name."""
        if mask not in self.by_mask:
            self.by_mask[mask] = len(self.names)
            name = self._name(mask)
            self.number.setdefault(name, len(self.names))
            self.names.append(name)
            self.masks.append(mask)
        return self.by_mask[mask]

    def _name(self, mask: int) -> str:
        inside = [leaf for order, leaf in enumerate(self.leaves) if mask >> order & 1]
        return _spans(inside) if self.timed else " + ".join(inside)


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _largest(masks: Iterable[int]) -> list[int]:
    """Return the sets that lie within no other."""
    found: list[int] = []
    for mask in sorted({mask for mask in masks if mask}, key=lambda each: (-each.bit_count(), each)):
        if all(mask & ~other for other in found):
            found.append(mask)
    return found


def _atoms(sets: Sequence[int]) -> list[int]:
    """Return the pieces that the sets cut one another into: each lies within or outside every set."""
    pieces: list[int] = []
    for mask in dict.fromkeys(sets):
        rest, after = mask, list[int]()
        for piece in pieces:
            inside, outside = piece & mask, piece & ~mask
            after += [each for each in (inside, outside) if each]
            rest &= ~piece
        pieces = [*after, rest] if rest else after
    return sorted(pieces)


def _leaves(code: str, children: Mapping[str, Sequence[str]], path: tuple[str, ...]) -> frozenset[str]:
    if code in path or not children.get(code):
        return frozenset({code})
    return frozenset().union(*(_leaves(child, children, (*path, code)) for child in children[code]))


# ------------------------------------------------------------------------------------------------ the calendar


def days(code: str, periods: Spans, *, dashed: bool = False) -> tuple[int, int] | None:
    """Return the first day of a period and the first after it, as ordinals: as the policy says, else as the code tells."""
    if code in periods:
        return periods[code][0].toordinal(), periods[code][1].toordinal()
    begin, _, end = code.partition(" to ")
    if end and (begin in periods or end in periods):
        ends = days(begin, periods, dashed=dashed), days(end, periods, dashed=dashed)
        return (ends[0][0], ends[1][1]) if ends[0] and ends[1] and ends[0][0] < ends[1][1] else None
    span = months(code, dashed=dashed)
    return (_first_day(span[0]), _first_day(span[1])) if span and span[0] >= _TWELVE else None


def _first_day(month: int) -> int:
    return dt.date(month // 12, month % 12 + 1, 1).toordinal()


def months(code: str, *, dashed: bool = False) -> tuple[int, int] | None:
    """Return the first month of a period and the first after it, counted from the year nought; None for what is no period.

    ``2019``, ``2019/20`` (April to March), ``2018-2020``, ``2018/19 to 2020/21``, ``2019-Q1``, ``2019/20 Q1``, ``2019-04``,
    ``2019-04-01/2020-04-01``. ``dashed``: ``2018-19`` is a financial year and no month.
    """
    code = code.strip()
    if match := re.fullmatch(r"(\d{4})-(\d{2})-01(?:/|\.\.| to )(\d{4})-(\d{2})-01", code):
        span = _month(match[1], match[2]), _month(match[3], match[4])
        return span if span[0] < span[1] <= span[0] + LONGEST else None
    if match := re.fullmatch(r"(\d{4})(/\d{2})?[ -]?(?:Q([1-4])|H([12]))", code):
        many = _THREE if match[3] else 2 * _THREE
        first = 12 * int(match[1]) + (_THREE if match[2] else 0) + many * (int(match[3] or match[4]) - 1)
        return first, first + many
    if match := re.fullmatch(r"(\d{4})-(\d{2})", code):
        if dashed:
            return _year(match[1], match[2])
        return (_month(match[1], match[2]), _month(match[1], match[2]) + 1) if 1 <= int(match[2]) <= _TWELVE else None
    if match := re.fullmatch(rf"{_YEAR}(?:\s*(?:-|–|to)\s*{_YEAR})?", code):
        begin = _year(match[1], match[2])
        end = _year(match[3], match[4]) if match[3] else begin
        alike = not match[3] or bool(match[2]) == bool(match[4])
        if begin and end and alike and begin[0] < end[1] <= begin[0] + LONGEST:
            return begin[0], end[1]
    return None


def _month(year: str, month: str) -> int:
    return 12 * int(year) + int(month) - 1


def _year(year: str, second: str | None) -> tuple[int, int] | None:
    first = 12 * int(year)
    if second is None:
        return first, first + _TWELVE
    return (first + 3, first + 15) if int(second) == (int(year) + 1) % 100 else None


def _dashed_years(names: Iterable[str]) -> bool:
    """Whether ``2010-11`` is a financial year here: every code of this form could be one."""
    found = [match for match in (re.fullmatch(r"(\d{4})-(\d{2})", name) for name in names) if match]
    return bool(found) and all(_year(match[1], match[2]) for match in found)


def _spans(inside: Sequence[str]) -> str:
    """Name stretches: as years where they are whole ones, ``2021``, ``2021/22 to 2022/23``, ``2021, 2023``; else by month."""
    stretches = [(int(leaf.split("/")[0]), int(leaf.split("/")[1])) for leaf in inside if re.fullmatch(r"\d+/\d+", leaf)]
    runs: list[tuple[int, int]] = []
    for first, after in stretches:
        if runs and first == runs[-1][1]:
            runs[-1] = (runs[-1][0], after)
        else:
            runs.append((first, after))
    return ", ".join(_span(*run) for run in runs)


def _span(first: int, after: int) -> str:
    """Name one stretch of days: years begin in January or in April."""
    begin, end = dt.date.fromordinal(first), dt.date.fromordinal(after)
    if begin.day != 1 or end.day != 1:
        return f"{begin} to {dt.date.fromordinal(after - 1)}"
    months_ = 12 * begin.year + begin.month - 1, 12 * end.year + end.month - 1
    for month in (0, 3):
        if months_[0] % 12 == month and months_[1] % 12 == month:
            ends = [_label(each, month) for each in (months_[0], months_[1] - _TWELVE)]
            return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
    ends = [f"{each // 12}-{each % 12 + 1:02}" for each in (months_[0], months_[1] - 1)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _label(month: int, begin: int) -> str:
    year = month // 12
    return f"{year}/{(year + 1) % 100:02}" if begin else str(year)
