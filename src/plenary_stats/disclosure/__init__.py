"""Disclosure control: what may be shown, what must be withheld beside it, and the attack that proves it."""

from plenary_stats.disclosure.audit import Audit, audit
from plenary_stats.disclosure.policy import Policy, as_plain, policy_of, read_policy
from plenary_stats.disclosure.protect import Protected, protect

__all__ = ["Audit", "Policy", "Protected", "as_plain", "audit", "policy_of", "protect", "read_policy"]
