"""Disclosure control: what may be shown, what must be withheld beside it, and the attack that proves it."""

from plenary_stats.disclosure.attacker.audit import Audit, audit
from plenary_stats.disclosure.longtable import LongTable, read_long, write_long
from plenary_stats.disclosure.plan import Plan, Proposal, plan, rows_in_words
from plenary_stats.disclosure.policy import Policy, as_plain, policy_of, read_pairs, read_policy, strangers
from plenary_stats.disclosure.printed import Behind, behind
from plenary_stats.disclosure.protect import Protected, protect
from plenary_stats.disclosure.reasons import Reason, reasons
from plenary_stats.disclosure.said import in_words
from plenary_stats.disclosure.suppressor.years import with_periods
from plenary_stats.disclosure.texts import Named, named_in
from plenary_stats.register import codes, read_register

__all__ = [
    "Audit",
    "Behind",
    "LongTable",
    "Named",
    "Plan",
    "Policy",
    "Proposal",
    "Protected",
    "Reason",
    "as_plain",
    "audit",
    "behind",
    "codes",
    "in_words",
    "named_in",
    "plan",
    "policy_of",
    "protect",
    "read_long",
    "read_pairs",
    "read_policy",
    "read_register",
    "reasons",
    "rows_in_words",
    "strangers",
    "with_periods",
    "write_long",
]
