"""Stacked bars: how the patients of each centre are shared among the levels of an ordered scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from plenary_stats.charts.canvas import CLASSES, GREY, MARGIN, TEXT, WIDTH, Canvas, Scale, ink, measure, shades, written

TALL = 24.0


@dataclass(frozen=True)
class Stack:
    """One centre: its share at each level, in the order of the scale; none where they may not be shown, and a ``note`` why."""

    label: str
    shares: Sequence[float]
    denominator: float | None = None
    note: str = ""


def stacked(stacks: Sequence[Stack], *, levels: Sequence[str], prefix: str, headline: str, description: str) -> str:
    """Return one bar a centre from 0 to 100%, cut at the levels of the scale; the shade deepens along it.

    A share is written on its part where it fits; the key names the levels in their order. ``levels`` are two to five labels.
    Raises ``ValueError`` for more levels than can be told apart, or shares that are not one a level and together 1.
    """
    if not 2 <= len(levels) <= len(CLASSES):
        raise ValueError(f"stacked: from two to {len(CLASSES)} levels can be told apart; put neighbouring ones together.")
    for stack in stacks:
        if stack.shares and (len(stack.shares) != len(levels) or not math.isclose(sum(stack.shares), 1, abs_tol=1e-6)):
            raise ValueError(f"stacked: the shares of {stack.label} must be one a level and together 1.")
    canvas = Canvas(prefix, headline, description)
    fills = shades(len(levels))
    canvas.boxes(zip(levels, fills, strict=True))
    scale = Scale(0, 1, MARGIN, WIDTH - MARGIN)
    for stack in stacks:
        canvas.y += 4
        told = f" (n = {written(stack.denominator)})" if stack.denominator is not None else ""
        why_not = "" if stack.shares else f": {stack.note or 'no figure'}"
        canvas.paragraph(f"{stack.label}{told}{why_not}", bold=True)
        if stack.shares:
            _bar(canvas, stack.shares, fills, scale)
    canvas.line([(scale.start, canvas.y + 4), (scale.end, canvas.y + 4)], stroke=GREY)
    canvas.rule_x(scale, [(place / 4, f"{25 * place}%") for place in range(5)], canvas.y + 4)
    canvas.y += 8 + TEXT * 1.25
    return canvas.svg()


def _bar(canvas: Canvas, shares: Sequence[float], fills: Sequence[str], scale: Scale) -> None:
    """Draw the parts of one bar, each with its share where there is room, and an edge that shows where the next begins."""
    top, before = canvas.y + 2, 0.0
    for share, fill in zip(shares, fills, strict=True):
        left, right = scale(before), scale(before + share)
        before += share
        if share <= 0:
            continue
        corners = [(left, top), (right, top), (right, top + TALL), (left, top + TALL)]
        canvas.area(corners, fill=fill, stroke=GREY)
        text = written(share, percent=True, places=0)
        if measure(text) + 4 <= right - left:
            canvas.text((left + right) / 2, top + TALL / 2 + TEXT * 0.35, text, anchor="middle", fill=ink(fill))
    canvas.y = top + TALL
