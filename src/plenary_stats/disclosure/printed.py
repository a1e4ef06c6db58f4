"""What printed percentages tell of the numbers behind them, where those are withheld.

A percentage rounded to the places that it shows leaves only some numerators for each denominator, and for small
denominators often none: 94.7% of fewer than 30 patients is 18 of 19. The arithmetic is exact: whole numbers, no floating point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from plenary_stats.proportions import Method, interval

_SLACK = 1e-9
"""What limits, which are not whole, may lie outside their rounding by."""


@dataclass(frozen=True)
class Behind:
    """What a reader is left with: possible ``denominators``, and for each percentage possible ``numerators``, all ascending."""

    denominators: tuple[int, ...]
    numerators: tuple[tuple[int, ...], ...]

    @property
    def exact(self) -> bool:
        """Whether everything behind the percentages is known."""
        return len(self.denominators) == 1 and all(len(found) == 1 for found in self.numerators)


def behind(
    percentages: Sequence[str],
    least: int,
    most: int,
    *,
    partition: bool = False,
    limits: Sequence[tuple[str, str]] = (),
    method: Method = "wilson",
    level: float = 0.95,
) -> Behind:
    """Return the denominators from ``least`` to ``most``, and the numerators, that agree with percentages of one denominator.

    ``percentages`` as they are printed (``"94.7"``): the places decide how far each may have been rounded, half up or half to
    even. ``partition``: they are the shares of one whole, so that the numerators add up to the denominator. ``limits``: for
    each percentage the interval printed beside it, of this ``method`` and ``level``; it tells more than the percentage itself.

    Raises ``ValueError`` for what is no percentage, a range that is empty or begins below 1, or limits for some of them only.
    """
    if not 1 <= least <= most:
        raise ValueError("least and most: a range of denominators from 1 upwards.")
    if limits and len(limits) != len(percentages):
        raise ValueError("limits: a pair for each percentage, or none.")
    ranges = [_rounded(one) for one in percentages]
    ends = [(_rounded(low), _rounded(high)) for low, high in limits]
    found: dict[int, list[set[int]]] = {}
    for whole in range(least, most + 1):
        parts = [_counts(low, high, whole) for low, high in ranges]
        if ends:
            parts = [_within(part, whole, pair, method, level) for part, pair in zip(parts, ends, strict=True)]
        if partition:
            parts = _adding_up(parts, whole)
        if all(parts):
            found[whole] = parts
    numerators = [sorted(set().union(*(parts[place] for parts in found.values()))) for place in range(len(ranges))]
    return Behind(tuple(found), tuple(tuple(each) for each in numerators))


def _rounded(printed: str) -> tuple[Fraction, Fraction]:
    """Return the lowest and the highest percentage that is printed so, both included."""
    try:
        value = Decimal(printed.removesuffix("%").strip())
        half = Fraction(1, 2) / 10 ** max(-int(value.as_tuple().exponent), 0)
    except (InvalidOperation, ValueError, AttributeError) as problem:
        raise ValueError(f"'{printed}' is no percentage as it is printed, such as '94.7'.") from problem
    if not 0 <= value <= 100:
        raise ValueError(f"'{printed}' is no percentage: it lies outside 0 to 100.")
    return Fraction(value) - half, Fraction(value) + half


def _counts(low: Fraction, high: Fraction, whole: int) -> set[int]:
    """Return the numerators of a denominator whose percentage lies between two, ends included."""
    first, last = -((-low * whole) // 100), (high * whole) // 100
    return set(range(max(int(first), 0), min(int(last), whole) + 1))


def _within(counts: set[int], whole: int, ends: tuple[tuple[Fraction, Fraction], ...], method: Method, level: float) -> set[int]:
    """Keep the numerators whose interval is printed as it is."""
    kept = sorted(counts)
    if not kept:
        return set()
    made = interval(kept, [whole] * len(kept), method, level)
    return {
        count
        for count, *limits in zip(kept, made.lower.tolist(), made.upper.tolist(), strict=True)
        if all(
            float(low) - _SLACK <= 100 * limit <= float(high) + _SLACK for limit, (low, high) in zip(limits, ends, strict=True)
        )
    }


def _adding_up(parts: Sequence[set[int]], whole: int) -> list[set[int]]:
    """Keep, of each share, the numerators that some choice of the others completes to the whole: sums from either end."""
    before, after = [{0}], [{0}]
    for part in parts:
        before.append({total + count for total in before[-1] for count in part if total + count <= whole})
    for part in reversed(parts):
        after.append({total + count for total in after[-1] for count in part if total + count <= whole})
    return [
        {count for count in part if any(whole - count - total in after[len(parts) - place - 1] for total in before[place])}
        for place, part in enumerate(parts)
    ]
