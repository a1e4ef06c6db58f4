"""A withheld number in the words of its range: what every reader can work out anyway, and not a word more."""

from __future__ import annotations

from plenary_stats.disclosure.policy import Policy


def in_words(low: float, high: float | None, policy: Policy) -> str:
    """Return the range of a withheld number of patients as a reader is told it; nothing where there is no upper end.

    ``low`` and ``high`` come from the attack on what is published, so that the words follow from the published figures alone.
    "Fewer than 30" is said only where the reader can tell that it is: a number that went with another may be larger.
    """
    if high is None or high == float("inf"):
        return f"at least {low:,.0f}" if low >= policy.threshold else ""
    if high < policy.threshold:
        return f"fewer than {policy.threshold:,}"
    return f"up to {high:,.0f}" if low <= 0 else f"{low:,.0f} to {high:,.0f}"
