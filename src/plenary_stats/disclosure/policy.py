"""The rules of disclosure control as one small document."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from plenary_stats.errors import InputError

Pairs = tuple[tuple[str, str], ...]
Spans = Mapping[str, tuple[dt.date, dt.date]]
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
    """

    threshold: int = 30
    event_threshold: int = 5
    zeros: Literal["publish", "protect"] = "protect"
    minimum_width: int = 10
    precision: int | None = None
    dominance: float | None = None
    dimensions: tuple[str, ...] = ()
    hierarchies: Mapping[str, Pairs] = field(default_factory=dict)
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    already_public: tuple[Mapping[str, Any], ...] = ()
    structural_zeros: tuple[Mapping[str, str], ...] = ()
    insiders: tuple[str, ...] = ()
    periods: Spans = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("threshold", "event_threshold", "minimum_width"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise InputError(f"The policy's {name} is a whole number of at least 1.")
        if self.zeros not in {"publish", "protect"}:
            raise InputError("The policy's zeros is 'publish' or 'protect'.")
        if self.dominance is not None and not 0 < self.dominance < 1:
            raise InputError("The policy's dominance is a share between 0 and 1.")

    @property
    def event_width(self) -> int:
        """Events are small by nature: their ranges must be as wide as the event threshold, not as the patients' width."""
        return min(self.event_threshold, self.minimum_width)


def read_policy(content: bytes | str, files: Files | None = None) -> Policy:
    """Read a policy from TOML. Raises ``InputError`` naming what is wrong.

    ``[hierarchies]`` takes, per dimension, a list of ``[child, parent]`` pairs, a table ``parent = [children]``, or the name of a
    CSV file with the columns child and parent, which ``files`` reads.
    """
    try:
        raw = tomllib.loads(content.decode("utf-8-sig") if isinstance(content, bytes) else content)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"The policy is not readable TOML: {problem}") from problem
    return policy_of(raw, files)


def policy_of(raw: Mapping[str, Any], files: Files | None = None) -> Policy:
    """Return the policy that a plain mapping (TOML or JSON) describes."""
    known = {each.name for each in fields(Policy)}
    unknown = sorted(set(raw) - known)
    if unknown:
        raise InputError(f"The policy has unknown entries: {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")
    values = dict(raw)
    for name in ("dimensions", "insiders"):
        values[name] = tuple(str(each) for each in values.get(name, ()))
    values["hierarchies"] = {name: _pairs(name, each, files) for name, each in values.get("hierarchies", {}).items()}
    values["already_public"] = tuple(dict(each) for each in values.get("already_public", ()))
    if any("value" not in each for each in values["already_public"]):
        raise InputError("Each entry of already_public has a 'value'.")
    values["structural_zeros"] = tuple(
        {str(name): str(code) for name, code in each.items()} for each in values.get("structural_zeros", ())
    )
    values["periods"] = {str(label): _span(label, days) for label, days in values.get("periods", {}).items()}
    return Policy(**values)


def read_pairs(content: bytes, filename: str) -> Pairs:
    """Read a hierarchy: a CSV file with the columns ``child`` and ``parent``."""
    lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    if not lines or not {"child", "parent"} <= set(lines[0]):
        raise InputError(f"{filename} has no columns child and parent.")
    return tuple((line["child"], line["parent"]) for line in lines)


def _span(label: str, days: Any) -> tuple[dt.date, dt.date]:
    """Return the days of a period: two dates, or texts of them."""
    try:
        first, after = (each if isinstance(each, dt.date) else dt.date.fromisoformat(each) for each in days)
    except (TypeError, ValueError) as problem:
        raise InputError(f"The policy's period {label} is two dates: its first day and the first day after it.") from problem
    if not first < after:
        raise InputError(f"The policy's period {label} ends before it begins.")
    return first, after


def _pairs(dimension: str, raw: Any, files: Files | None) -> Pairs:
    if isinstance(raw, str) and files is not None:
        return read_pairs(files(raw), raw)
    if isinstance(raw, Mapping):
        return tuple((str(child), str(parent)) for parent, children in raw.items() for child in children)
    try:
        return tuple((str(child), str(parent)) for child, parent in raw)
    except (TypeError, ValueError) as problem:
        raise InputError(f"The hierarchy of {dimension} is a list of [child, parent] pairs.") from problem


def as_plain(policy: Policy) -> dict[str, Any]:
    """Return the policy as plain values, for JSON. ``policy_of`` reads it back."""
    plain = {each.name: getattr(policy, each.name) for each in fields(Policy)}
    plain["dimensions"] = list(policy.dimensions)
    plain["hierarchies"] = {name: [list(pair) for pair in pairs] for name, pairs in policy.hierarchies.items()}
    plain["weights"] = {name: dict(codes) for name, codes in policy.weights.items()}
    plain["periods"] = {label: [day.isoformat() for day in span] for label, span in policy.periods.items()}
    plain["insiders"] = list(policy.insiders)
    for name in ("already_public", "structural_zeros"):
        plain[name] = [dict(each) for each in getattr(policy, name)]
    return plain
