"""What leaves and what is asked to leave. The doors to disclosure control stand first: nothing else may use it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from plenary_stats import disclosure
from plenary_stats.disclosure import (
    Audit,
    LongTable,
    Named,
    Plan,
    Policy,
    Protected,
    Reason,
    read_long,
    read_pairs,
    strangers,
    write_long,
)
from plenary_stats.ingest import days_of_labels
from plenary_stats.tables import ProtectedTable, ResultTable

AnyTable = ProtectedTable | ResultTable


def protected(results: Sequence[ResultTable], policy: Policy, previous: Sequence[AnyTable] = ()) -> Protected:
    """Return the tables that may leave, linked with one another and with earlier editions, and their audit."""
    return disclosure.protect(results, policy, previous)


def attacked(published: Sequence[AnyTable], policy: Policy, previous: Sequence[AnyTable] = ()) -> Audit:
    """Return what a reader can deduce from published tables (read back: a withheld row has status ``c``)."""
    return disclosure.audit(published, policy, previous)


def why_withheld(
    results: Sequence[ResultTable], left: Protected, policy: Policy, previous: Sequence[AnyTable] = ()
) -> tuple[Reason, ...]:
    """Return why each number that was taken out is withheld, and whom a further one protects. For reviewers alone."""
    return disclosure.reasons(results, left, policy, previous)


def planned(
    results: Sequence[ResultTable],
    policy: Policy,
    previous: Sequence[AnyTable] = (),
    progress: Callable[[int, int, str], None] | None = None,
) -> Plan:
    """Return which coarser tables would show more than withholding in these, each with what it shows and hides."""
    return disclosure.plan(results, policy, previous, progress=progress)


def plan_in_words(plan: Plan) -> list[str]:
    """Return a plan line by line, the best proposal marked with a star."""
    return list(disclosure.rows_in_words(plan))


def disclosure_policy(content: bytes | str | Mapping[str, Any] = "", files: Callable[[str], bytes] | None = None) -> Policy:
    """Return the policy of disclosure control in a TOML document or a plain mapping; by default, the house's.

    ``files`` reads the files that the document names for its hierarchies.
    """
    return disclosure.policy_of(content, files) if isinstance(content, Mapping) else disclosure.read_policy(content, files)


def with_days(policy: Policy, periods: Iterable[tuple[str, dt.date, dt.date]]) -> Policy:
    """Return the policy with the days that the labels of these periods, and of those before them, stand for.

    Otherwise a year and a financial year that share a label's number would be taken for one, or for strangers.
    """
    days: dict[str, tuple[dt.date, dt.date]] = {}
    for label, start, end in periods:
        for name, span in days_of_labels(label, start, end).items():
            days.setdefault(name, span)
    return disclosure.with_periods(policy, days)


def range_in_words(low: float, high: float | None, policy: Policy) -> str:
    """Return what is said of a withheld number of patients: the range that the audit gives; nothing where it has no end."""
    return disclosure.in_words(low, high, policy)


def named_in(text: str, policy: Policy) -> tuple[Named, ...]:
    """Return the numbers of people below the policy's threshold that a plain text names, each with its sentence."""
    return disclosure.named_in(text, policy)


def public_codes(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the place of a figure of the register of those that are public elsewhere: its dimension codes."""
    return disclosure.codes(entry)


def disclosure_policy_plain(policy: Policy) -> dict[str, Any]:
    """Return a policy as plain values for ``disclosure.json``; ``disclosure_policy`` reads them back."""
    return disclosure.as_plain(policy)


__all__ = [
    "Audit",
    "LongTable",
    "Named",
    "Plan",
    "Policy",
    "Protected",
    "Reason",
    "ResultTable",
    "attacked",
    "disclosure_policy",
    "disclosure_policy_plain",
    "named_in",
    "plan_in_words",
    "planned",
    "protected",
    "public_codes",
    "range_in_words",
    "read_long",
    "read_pairs",
    "strangers",
    "why_withheld",
    "with_days",
    "write_long",
]
