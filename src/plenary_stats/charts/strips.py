"""Strips: how far a range reaches beside a limit, and how much of a row of figures is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from plenary_stats.charts.canvas import (
    BLUE,
    CLASSES,
    DARK,
    GREY,
    MARGIN,
    ORANGE,
    RULE,
    TEXT,
    WHITE,
    WIDTH,
    Canvas,
    Scale,
    ticks,
    written,
)

TALL = 18.0
OPEN = 1.25
"""A range without an upper end is drawn a quarter further than the last number that is named."""


@dataclass(frozen=True)
class Reach:
    """What can be worked out of one number: ``low`` to ``high`` (None: no upper end); the ``value`` itself if it may be drawn."""

    label: str
    low: float
    high: float | None
    value: float | None = None


def strip(reaches: Sequence[Reach], *, limit: float, limit_label: str, prefix: str, headline: str, description: str) -> str:
    """Return one bar a number from its low to its high end, on a common axis from nought, with a dashed line at the limit.

    A range without an upper end runs to the edge and ends in an arrow. Raises ``ValueError`` where there is nothing to draw or a
    range runs backwards.
    """
    if not reaches:
        raise ValueError("strip: there is no range to draw.")
    if any(one.high is not None and one.high < one.low for one in reaches):
        raise ValueError("strip: a range ends before it begins.")
    named = [limit, *(end for one in reaches for end in (one.low, one.high, one.value) if end is not None)]
    marks = ticks(0, max(named) * (OPEN if any(one.high is None for one in reaches) else 1.0))
    canvas = Canvas(prefix, headline, description)
    canvas.key(_key(reaches, limit_label))
    scale = Scale(0, marks[-1], MARGIN, WIDTH - MARGIN)
    top = canvas.y
    for one in reaches:
        canvas.y += 4
        canvas.paragraph(f"{one.label}: {said(one)}", bold=True)
        _bar(canvas, one, scale)
    canvas.line([(scale(limit), top + 4), (scale(limit), canvas.y + 6)], stroke=ORANGE, width=2, dash="7 4")
    canvas.line([(scale.start, canvas.y + 6), (scale.end, canvas.y + 6)], stroke=GREY)
    canvas.rule_x(scale, [(mark, written(mark)) for mark in marks], canvas.y + 6)
    canvas.y += 10 + TEXT * 1.25
    return canvas.svg()


def said(one: Reach) -> str:
    """Return a range in words."""
    if one.high is None:
        return f"{written(one.low)} or more"
    return f"exactly {written(one.low)}" if one.low == one.high else f"{written(one.low)} to {written(one.high)}"


def _key(reaches: Sequence[Reach], limit_label: str) -> list[tuple[str, str, str, None]]:
    found: list[tuple[str, str, str, None]] = [("What can be worked out", BLUE, "", None), (limit_label, ORANGE, "7 4", None)]
    return [*found, ("The number itself", DARK, "2 2", None)] if any(one.value is not None for one in reaches) else found


def _bar(canvas: Canvas, one: Reach, scale: Scale) -> None:
    top = canvas.y + 2
    left, right = scale(one.low), scale(scale.high if one.high is None else one.high)
    canvas.rectangle(scale.start, top, scale.end - scale.start, TALL, fill=RULE)
    middle = top + TALL / 2
    if one.high is None:
        tip = max(left, right - 10)
        canvas.area([(left, top), (tip, top), (right, middle), (tip, top + TALL), (left, top + TALL)], fill=BLUE)
    else:
        canvas.rectangle(left, top, max(right - left, 2.0), TALL, fill=BLUE)
    if one.value is not None:
        for stroke, width, dash in ((WHITE, 5.0, ""), (DARK, 2.0, "2 2")):
            canvas.line([(scale(one.value), top - 2), (scale(one.value), top + TALL + 2)], stroke=stroke, width=width, dash=dash)
    canvas.y = top + TALL + 2


@dataclass(frozen=True)
class Shares:
    """One row of figures: how many there are of each of the ``parts`` that a picture tells apart."""

    label: str
    counts: Sequence[int]


def shares(rows: Sequence[Shares], *, parts: Sequence[str], prefix: str, headline: str, description: str) -> str:
    """Return one bar a row, as long as its share of the longest, cut into its parts; each count is written beside its row.

    The first part is white with an edge, the others deepen. Raises ``ValueError`` for rows that do not have one count a part, or
    for more parts than can be told apart.
    """
    if not rows or not 2 <= len(parts) <= len(CLASSES):
        raise ValueError(f"shares: one row at least, and from two to {len(CLASSES)} parts can be told apart.")
    if any(len(row.counts) != len(parts) or min(row.counts) < 0 for row in rows):
        raise ValueError("shares: each row has one count a part, none below nought.")
    fills = [WHITE, *(CLASSES[1 + math.ceil(place * 3 / max(len(parts) - 2, 1))] for place in range(len(parts) - 1))]
    canvas = Canvas(prefix, headline, description)
    canvas.boxes(zip(parts, fills, strict=True))
    scale = Scale(0, max(sum(row.counts) for row in rows) or 1, MARGIN, WIDTH - MARGIN)
    for row in rows:
        canvas.y += 4
        told = ", ".join(f"{count:,} {part.lower()}" for count, part in zip(row.counts, parts, strict=True) if count)
        canvas.paragraph(f"{row.label}: {told or 'no figures'}")
        top, before = canvas.y + 2, 0
        for count, fill in zip(row.counts, fills, strict=True):
            if count:
                left, right = scale(before), scale(before + count)
                canvas.area([(left, top), (right, top), (right, top + TALL), (left, top + TALL)], fill=fill, stroke=GREY)
            before += count
        canvas.y = top + TALL
    return canvas.svg()
