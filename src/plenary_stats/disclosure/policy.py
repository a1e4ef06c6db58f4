"""The rules of disclosure control as one small document."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from typing import Any, Literal

from plenary_stats.errors import InputError
from plenary_stats.register import MOST, Entry, codes, entry_of, read_register

Pairs = tuple[tuple[str, str], ...]
Spans = Mapping[str, tuple[date, date]]
"""Periods by their label: the first day, and the first day after the last."""
Files = Callable[[str], bytes]


@dataclass(frozen=True)
class Policy:
    """What may be shown, and how wide a withheld number must stay.

    ``threshold`` patients and ``event_threshold`` events (and their complements) are the smallest numbers that are shown.
    ``zeros`` says whether noughts are shown. A reader must not narrow a withheld number of patients to less than
    ``minimum_width`` (high - low). ``hierarchies`` holds, for a dimension, (child, parent) pairs; a child may have several
    parents. ``weights`` holds, for a dimension and a code, how much dearer it is to withhold. ``already_public`` holds figures
    known from elsewhere: dimension codes and ``value``. ``structural_zeros`` holds places that everybody knows to be empty (a
    children's service has no adults): dimension codes; a dimension that an entry leaves out may stand at anything. ``insiders``
    holds dimensions whose members know their own figures: with ``centre``, no centre may narrow another's numbers either.
    ``periods`` says which days a label of the dimension period covers, half-open, where the label itself does not tell.

    Amounts are shown unless ``dominance`` or ``p_percent`` is set: a share of the total that the ``dominant`` largest
    contributors must not exceed; how near, in per cent, the second largest may come to the largest. A withheld amount's range
    must be at least ``amount_width`` of its upper end. ``magnitudes`` names the tables (files, without ``.csv``) of amounts.

    With ``rounding`` numbers of patients are not withheld but rounded to its multiples, so that sums hold. With ``ranges`` an
    edition says of a withheld number the range that its readers can work out anyway.
    """

    threshold: int = 30
    event_threshold: int = 5
    zeros: Literal["publish", "protect"] = "protect"
    minimum_width: int = 10
    precision: int | None = None
    dominance: float | None = None
    dominant: int = 1
    p_percent: float | None = None
    amount_width: float = 0.1
    magnitudes: tuple[str, ...] = ("spend",)
    rounding: int | None = None
    ranges: bool = False
    dimensions: tuple[str, ...] = ()
    hierarchies: Mapping[str, Pairs] = field(default_factory=dict)
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    already_public: tuple[Entry, ...] = ()
    structural_zeros: tuple[Mapping[str, str], ...] = ()
    insiders: tuple[str, ...] = ()
    periods: Spans = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("threshold", "event_threshold", "minimum_width", "dominant"):
            if not _whole(getattr(self, name), 1):
                raise InputError(f"The policy's {name} is a whole number of at least 1.")
        if self.zeros not in ("publish", "protect"):
            raise InputError("The policy's zeros is 'publish' or 'protect'.")
        if self.precision is not None and not (_whole(self.precision, 0) and self.precision <= 15):
            raise InputError("The policy's precision is the number of decimal places of rates: a whole number from 0 to 15.")
        if not isinstance(self.ranges, bool):
            raise InputError("The policy's ranges is true or false.")
        self._check_amounts()
        self._check_rounding()

    def _check_amounts(self) -> None:
        if self.dominance is not None and not _between(self.dominance, 0, 1):
            raise InputError("The policy's dominance is a share between 0 and 1, such as 0.8.")
        if self.p_percent is not None and not _between(self.p_percent, 0, 100):
            raise InputError("The policy's p_percent is a number between 0 and 100, such as 10.")
        if not _between(self.amount_width, 0, 1):
            raise InputError("The policy's amount_width is a share between 0 and 1, such as 0.1.")
        if self.dominance is None and self.dominant != 1:
            raise InputError("The policy's dominant says how many of the largest dominance is about: give dominance too.")
        if self.p_percent is not None and self.amount_width < self.p_percent / 100:
            raise InputError(
                f"The policy's amount_width of {self.amount_width:g} is narrower than its p_percent of {self.p_percent:g} asks: "
                f"give amount_width = {self.p_percent / 100:g} or more."
            )

    def _check_rounding(self) -> None:
        base = self.rounding
        if base is None:
            return
        if not (_whole(base, 2) and base <= 100):
            raise InputError("The policy's rounding is the base of rounded numbers: a whole number from 2 to 100, such as 5.")
        if self.minimum_width > base - 1:
            raise InputError(
                f"The policy's rounding to multiples of {base} tells that a rounded nought is 0 to {base - 1}, which is narrower "
                f"than its minimum_width of {self.minimum_width}: give minimum_width = {base - 1} or less, or a larger base."
            )

    @property
    def event_width(self) -> int:
        """Events are small by nature: their ranges must be as wide as the event threshold, not as the patients' width."""
        return min(self.event_threshold, self.minimum_width)


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST


def _between(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and _number(value) and low < value < high


def read_policy(content: bytes | str, files: Files | None = None) -> Policy:
    """Read a policy from TOML. Raises ``InputError`` naming what is wrong.

    ``[hierarchies]`` takes, per dimension, a list of ``[child, parent]`` pairs, a table ``parent = [children]``, or the name of a
    CSV file with the columns child and parent, which ``files`` reads. ``already_public`` takes a list of tables, or the name of
    a register: a CSV file that ``plenary_stats.register`` describes.
    """
    try:
        raw = tomllib.loads(content.decode("utf-8-sig") if isinstance(content, bytes) else content)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"The policy is not readable TOML: {problem}") from problem
    return policy_of(raw, files)


def policy_of(raw: Mapping[str, Any], files: Files | None = None) -> Policy:
    """Return the policy that a plain mapping (TOML or JSON) describes. Each entry that is wrong is named, with its remedy."""
    if not isinstance(raw, Mapping):
        raise InputError("The policy is a table of entries, such as threshold = 30.")
    known = {each.name for each in fields(Policy)}
    unknown = sorted(str(name) for name in set(raw) - known)
    if unknown:
        raise InputError(f"The policy has unknown entries: {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")
    values = {name: value for name, value in raw.items() if name in _SIMPLE}
    for name in ("dimensions", "insiders", "magnitudes"):
        if name in raw:
            values[name] = _names(name, raw[name])
    values["hierarchies"] = {
        name: _pairs(name, each, files) for name, each in _table("hierarchies", raw.get("hierarchies", {})).items()
    }
    values["weights"] = {name: _weights(name, each) for name, each in _table("weights", raw.get("weights", {})).items()}
    values["already_public"] = _public(raw.get("already_public", ()), files)
    values["structural_zeros"] = tuple(
        _zeros(each, order) for order, each in enumerate(_entries("structural_zeros", raw.get("structural_zeros", ())), 1)
    )
    values["periods"] = {str(label): _span(label, days) for label, days in _table("periods", raw.get("periods", {})).items()}
    return Policy(**values)


_SIMPLE = frozenset(each.name for each in fields(Policy) if each.default is not MISSING and not isinstance(each.default, tuple))


def _table(entry: str, raw: object) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        each = "label" if entry == "periods" else "dimension"
        raise InputError(f"The policy's {entry} is a table with one entry for each {each}: [{entry}].")
    return raw


def _entries(entry: str, raw: object) -> Sequence[Any]:
    if isinstance(raw, str) or not isinstance(raw, Sequence):
        raise InputError(f"The policy's {entry} is a list of tables, such as {entry} = [{{centre = 'A'}}].")
    return raw


def _names(entry: str, raw: object) -> tuple[str, ...]:
    good = not isinstance(raw, str) and isinstance(raw, Sequence) and all(isinstance(each, str) and each for each in raw)
    if not good or not isinstance(raw, Sequence) or len(set(raw)) < len(raw):
        raise InputError(f"The policy's {entry} is a list of different names, such as {entry} = ['centre', 'region'].")
    return tuple(raw)


def _code(value: object, where: str) -> str:
    """Return a code as the tables write it; a date or a year may stand without quotes."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) or _whole(value, 0):
        return str(value)
    raise InputError(f"{where}: '{value}' is no code of a dimension; write it in quotes, as the tables have it.")


def _weights(dimension: str, raw: object) -> dict[str, float]:
    if not isinstance(raw, Mapping):
        raise InputError(f"The weights of {dimension} are a table of codes: [weights.{dimension}] and then Total = 5.")
    for code, weight in raw.items():
        if not _number(weight) or weight <= 0:
            raise InputError(
                f"The weight of {dimension} '{code}' is a number above nought: how many times as dear it is to withhold."
            )
    return {str(code): weight for code, weight in raw.items()}


def _zeros(raw: object, order: int) -> dict[str, str]:
    where = f"Entry {order} of structural_zeros"
    if not isinstance(raw, Mapping) or not raw:
        raise InputError(f"{where} is a table of dimensions and codes, such as {{service = 'A', age_band = '18 and over'}}.")
    return {str(name): _code(code, f"{where}, {name}") for name, code in raw.items()}


def _public(raw: object, files: Files | None) -> tuple[Entry, ...]:
    """Return the register of public figures: listed, or in a file."""
    if isinstance(raw, str):
        return read_register(_file(raw, "already_public", files), raw)
    return tuple(
        entry_of(each, f"Entry {order} of already_public") for order, each in enumerate(_entries("already_public", raw), 1)
    )


def _file(name: str, entry: str, files: Files | None) -> bytes:
    if files is None:
        raise InputError(f"The policy's {entry} names the file '{name}', but no file can be read here: write its lines out.")
    return files(name)


def read_pairs(content: bytes, filename: str) -> Pairs:
    """Read a hierarchy: a CSV file with the columns ``child`` and ``parent``."""
    try:
        lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{filename} is not a CSV file in UTF-8: {problem}") from problem
    if not lines or not {"child", "parent"} <= set(lines[0]):
        raise InputError(f"{filename} has no columns child and parent.")
    for row, line in enumerate(lines, 2):
        if not line["child"] or not line["parent"]:
            raise InputError(f"{filename}, row {row}: each row gives a child and its parent.")
    return _acyclic(filename, tuple((line["child"], line["parent"]) for line in lines))


def _span(label: str, days: Any) -> tuple[date, date]:
    """Return the days of a period: two dates, or texts of them."""
    try:
        first, after = (each if isinstance(each, date) else date.fromisoformat(each) for each in days)
    except (TypeError, ValueError) as problem:
        raise InputError(f"The policy's period {label} is two dates: its first day and the first day after it.") from problem
    if not first < after:
        raise InputError(f"The policy's period {label} ends before it begins.")
    return first, after


def _pairs(dimension: str, raw: Any, files: Files | None) -> Pairs:
    if isinstance(raw, str):
        return read_pairs(_file(raw, f"hierarchy of {dimension}", files), raw)
    where = f"The hierarchy of {dimension}"
    found: list[Any] = []
    try:
        if isinstance(raw, Mapping):
            found = [(child, parent) for parent, children in raw.items() for child in _children(children)]
        else:
            found = [(child, parent) for child, parent in map(_children, raw)]
    except (TypeError, ValueError) as problem:
        raise InputError(f"{where} is a list of [child, parent] pairs, or a table of parent = [children].") from problem
    return _acyclic(where, tuple((_code(child, where), _code(parent, where)) for child, parent in found))


def _children(raw: object) -> Sequence[object]:
    """Return a list as it is: letters of a word are no codes."""
    if isinstance(raw, str) or not isinstance(raw, Sequence):
        raise TypeError(raw)
    return raw


def _acyclic(where: str, pairs: Pairs) -> Pairs:
    """Refuse a code that stands above itself."""
    parents: dict[str, set[str]] = {}
    for child, parent in pairs:
        parents.setdefault(child, set()).add(parent)
    done: set[str] = set()
    for first in sorted(parents):
        waiting, above = [first], set[str]()
        while waiting:
            new = parents.get(waiting.pop(), set()) - above
            above |= new
            waiting += sorted(new - done)
        if first in above:
            raise InputError(f"{where}: '{first}' stands above itself. Each child has parents above it alone.")
        done.add(first)
    return pairs


def strangers(policy: Policy, dimensions: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return, for the policy's entries, the dimensions that they name and that no table has: misspelt, mostly.

    A public figure or an empty place that names one would be taken for another cell's.
    """
    known = set(dimensions)
    named: dict[str, set[str]] = {
        "dimensions": set(policy.dimensions),
        "hierarchies": set(policy.hierarchies),
        "weights": set(policy.weights),
        "insiders": set(policy.insiders),
        "already_public": {name for entry in policy.already_public for name in codes(entry)},
        "structural_zeros": {name for entry in policy.structural_zeros for name in entry},
    }
    return {entry: tuple(sorted(names - known)) for entry, names in named.items() if names - known}


def as_plain(policy: Policy) -> dict[str, Any]:
    """Return the policy as plain values, for JSON. ``policy_of`` reads it back."""
    plain = {each.name: getattr(policy, each.name) for each in fields(Policy)}
    for name in ("dimensions", "insiders", "magnitudes"):
        plain[name] = list(getattr(policy, name))
    plain["hierarchies"] = {name: [list(pair) for pair in pairs] for name, pairs in policy.hierarchies.items()}
    plain["weights"] = {name: dict(codes) for name, codes in policy.weights.items()}
    plain["periods"] = {label: [day.isoformat() for day in span] for label, span in policy.periods.items()}
    for name in ("already_public", "structural_zeros"):
        plain[name] = [dict(each) for each in getattr(policy, name)]
    return plain
