"""What leaves and what is asked to leave. The doors to disclosure control stand first: nothing else may use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plenary_stats import disclosure
from plenary_stats.disclosure import Audit, Policy, Protected
from plenary_stats.tables import ProtectedTable, ResultTable


def protected(results: Sequence[ResultTable], policy: Policy, previous: Sequence[ProtectedTable | ResultTable] = ()) -> Protected:
    """Return the tables that may leave, linked with one another and with earlier editions, and their audit."""
    return disclosure.protect(results, policy, previous)


def attacked(
    published: Sequence[ProtectedTable | ResultTable], policy: Policy, previous: Sequence[ProtectedTable | ResultTable] = ()
) -> Audit:
    """Return what a reader can deduce from published tables (read back: a withheld row has status ``c``)."""
    return disclosure.audit(published, policy, previous)


def disclosure_policy(content: bytes | str | Mapping[str, Any] = "") -> Policy:
    """Return the policy of disclosure control in a TOML document or a plain mapping; by default, the house's."""
    return disclosure.policy_of(content) if isinstance(content, Mapping) else disclosure.read_policy(content)


def disclosure_policy_plain(policy: Policy) -> dict[str, Any]:
    """Return a policy as plain values for ``disclosure.json``; ``disclosure_policy`` reads them back."""
    return disclosure.as_plain(policy)
