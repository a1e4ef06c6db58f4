"""Identification rules as effective-dated documents: which episodes are of a service, in the manner of the national rules.

A rule includes an episode where all its criteria hold and none of its exclusions does. A rule needs a code (diagnosis, procedure,
drug, device or service code), for a rule without one would take whole hospitals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from plenary_episodes.documents import HEAD, Entries, read
from plenary_episodes.layouts import CODES
from plenary_stats.errors import InputError

Position = Literal["any", "dominant", "secondary"]
POSITIONS: Final[tuple[Position, ...]] = ("any", "dominant", "secondary")
PLACES: Final = ("provider", "treatment_function", "main_specialty", "sex", "area")
"""Criteria that are a list of exact values."""

_WORDS: Final = {
    "diagnosis": "a diagnosis", "procedure": "a procedure", "drug": "the drug", "device": "the device",
    "service_code": "the service code", "provider": "the provider", "treatment_function": "the treatment function",
    "main_specialty": "the main specialty", "sex": "the sex", "area": "the area of residence",
}  # fmt: skip
_AT: Final = {"any": "", "dominant": " in the first position", "secondary": " after the first position"}
_CLASSIFIED: Final = ("diagnosis", "procedure")
_RANGE: Final = re.compile(r"([A-Z])(\d{2})-([A-Z])(\d{2})")


@dataclass(frozen=True)
class Codes:
    """Codes of which one must stand in the wanted positions. A code stands for all that begin with it."""

    kind: str
    written: tuple[str, ...]
    position: Position = "any"

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The codes as they stand in files: in capitals, without the point, a range as its members."""
        return tuple(sorted({code for text in self.written for code in _spread(text, self.kind)}))


@dataclass(frozen=True)
class Criteria:
    """What must all hold at once."""

    codes: tuple[Codes, ...] = ()
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    age_from: int | None = None
    age_below: int | None = None

    def explained(self) -> list[str]:
        """Return each criterion in words."""
        said = [f"{_WORDS[one.kind]}{_AT[one.position]} begins with {_or(one.written)}" for one in self.codes]
        said += [f"{_WORDS[name]} is {_or(values)}" for name, values in self.places.items()]
        if self.age_from is not None:
            said.append(f"the age is {self.age_from} or more")
        if self.age_below is not None:
            said.append(f"the age is below {self.age_below}")
        return said


@dataclass(frozen=True)
class Rule:
    """One way to recognise an episode of the service. ``layouts``: files to which it applies; none: to all."""

    id: str
    label: str
    include: Criteria
    exclude: tuple[Criteria, ...] = ()
    layouts: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None

    def explained(self) -> str:
        """Return the whole rule as a sentence."""
        where = f"in {_or(self.layouts)} files, " if self.layouts else ""
        since = f" from {self.valid_from.isoformat()}" if self.valid_from else ""
        until = f" before {self.valid_to.isoformat()}" if self.valid_to else ""
        unless = "".join(f"; not where {' and '.join(one.explained())}" for one in self.exclude)
        return f"{self.label}: {where}episodes{since}{until} where {' and '.join(self.include.explained())}{unless}."


@dataclass(frozen=True)
class RuleSet:
    """The rules of a service. ``window_days``: events of a person within so many days are one case; nought: one case a person."""

    service: str
    version: str
    rules: tuple[Rule, ...]
    window_days: int = 0
    proposed: bool = True


def read_rules(path: Path) -> tuple[RuleSet, ...]:
    """Return the rule sets of a document, or of every document in a folder. Each service has one version in force a day."""
    paths = sorted(path.rglob("*.toml")) if path.is_dir() else [path]
    if not paths or not path.exists():
        raise InputError(f"There is no identification rule at '{path}'.")
    sets = tuple(_rule_set(each) for each in paths)
    names = [f"{one.service} {rule.id}" for one in sets for rule in one.rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"Two rules are called {', '.join(twice)}.")
    return tuple(sorted(sets, key=lambda one: (one.service, one.version)))


def windows(sets: Sequence[RuleSet]) -> dict[str, int]:
    """Return the window of each service, in days. Versions of one service must agree on it: cases are counted across them."""
    found: dict[str, int] = {}
    for one in sets:
        if found.setdefault(one.service, one.window_days) != one.window_days:
            raise InputError(f"The versions of the rules of {one.service} have different windows: a case would be counted twice.")
    return found


def _rule_set(path: Path) -> RuleSet:
    entries = Entries(read(path), path.name)
    if entries.text("name") != "identification":
        raise InputError(f"{path.name} is no identification document: its name is not 'identification'.")
    service, version = entries.text("service"), entries.text("version")
    since, until = entries.day("valid_from"), entries.day("valid_to")
    window, proposed = entries.whole("window_days", 0), entries.truth("proposed", default=False)
    tables = entries.tables("rule")
    entries.drop(HEAD)
    entries.finish()
    if since is None or not tables or window < 0:
        raise InputError(f"{path.name} must have 'valid_from', one [[rule]] at least, and a window of nought days or more.")
    rules = tuple(_rule(table, f"{path.name} rule {place}", since, until) for place, table in enumerate(tables, 1))
    return RuleSet(_slug(service, path.name), version, rules, window, proposed)


def _rule(table: Any, where: str, since: date, until: date | None) -> Rule:
    entries = Entries(table, where)
    name, label, layouts = _slug(entries.text("id"), where), entries.text("label"), entries.texts("layouts")
    own_since, own_until = entries.day("valid_from") or since, entries.day("valid_to") or until
    if own_until is not None and own_until <= own_since:
        raise InputError(f"{where} ends before it begins.")
    include = _criteria(entries.left.pop("include", None), f"{where} include")
    exclude = tuple(_criteria(each, f"{where} exclude {place}") for place, each in enumerate(entries.tables("exclude"), 1))
    entries.finish()
    if not include.codes:
        raise InputError(f"{where} includes by no code ({', '.join(CODES)}): it would take whole hospitals.")
    return Rule(name, label, include, exclude, layouts, own_since, own_until)


def _criteria(table: Any, where: str) -> Criteria:
    entries = Entries(table, where)
    codes = tuple(_codes(entries.left.pop(kind), kind, where) for kind in CODES if kind in entries.left)
    places = {name: values for name in PLACES if (values := entries.texts(name))}
    age = Entries(entries.left.pop("age", {}), f"{where} age")
    limits = {name: age.whole(name) if name in age.left else None for name in ("from", "below")}
    age.finish()
    entries.finish()
    found = Criteria(codes, places, limits["from"], limits["below"])
    if not found.explained():
        raise InputError(f"{where} has no criterion: it would hold for every episode.")
    return found


def _codes(value: Any, kind: str, where: str) -> Codes:
    """Return the codes of a list, or of a table that also names the position."""
    entries = Entries(value if isinstance(value, Mapping) else {"any": value}, f"{where} {kind}")
    written, position = entries.texts("any"), entries.text("position", "any")
    entries.finish()
    if not written or position not in POSITIONS:
        raise InputError(f"{where} {kind} needs codes, and one of the positions {', '.join(POSITIONS)}.")
    found = Codes(kind, written, position)
    shape = r"[A-Z]\d{2}[A-Z0-9]{0,4}" if kind in _CLASSIFIED else r"[A-Z0-9]{2,40}"
    for code in found.prefixes:
        if not re.fullmatch(shape, code):
            raise InputError(f"{where}: '{code}' is no {kind} code. Write for instance C69.2, or C40-C41.")
    return found


def _spread(text: str, kind: str) -> list[str]:
    code = re.sub(r"[.\s]", "", text).upper()
    ends = _RANGE.fullmatch(code)
    if ends is None or kind not in _CLASSIFIED:
        return [code]
    first, last = ((ord(letter) - ord("A")) * 100 + int(digits) for letter, digits in ((ends[1], ends[2]), (ends[3], ends[4])))
    return [f"{chr(ord('A') + number // 100)}{number % 100:02d}" for number in range(first, last + 1)] or [code]


def _slug(text: str, where: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", text):
        raise InputError(f"{where}: '{text}' must be in small letters, digits and hyphens.")
    return text


def _or(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
