"""Disclosure control: what may be shown, what must be withheld beside it, and the attack that proves it."""

from plenary_stats.disclosure.attacker.audit import Audit, audit
from plenary_stats.disclosure.longtable import LongTable, read_long, write_long
from plenary_stats.disclosure.policy import Policy, as_plain, policy_of, read_pairs, read_policy, strangers
from plenary_stats.disclosure.printed import Behind, behind
from plenary_stats.disclosure.protect import Protected, protect
from plenary_stats.disclosure.reasons import Cost, Reason, cost_of_showing, reasons
from plenary_stats.disclosure.register import codes, read_register
from plenary_stats.disclosure.suppressor.years import with_periods

__all__ = [
    "Audit",
    "Behind",
    "Cost",
    "LongTable",
    "Policy",
    "Protected",
    "Reason",
    "as_plain",
    "audit",
    "behind",
    "codes",
    "cost_of_showing",
    "policy_of",
    "protect",
    "read_long",
    "read_pairs",
    "read_policy",
    "read_register",
    "reasons",
    "strangers",
    "with_periods",
    "write_long",
]
