"""Hexagonal tile maps: one equal tile an area, so that a small area is as easy to see as a wide one."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from plenary_stats.charts.canvas import CLASSES, GREY, MARGIN, TEXT, WHITE, WIDTH, Canvas, ink, measure, safe, shades, written


@dataclass(frozen=True)
class Tile:
    """One area: its place on the grid (odd rows stand half a tile to the right) and its value, or a note why there is none.

    ``short`` is written on the tile above the value, at most five letters; ``name`` is what a pointer and a reader are told.
    """

    name: str
    column: int
    row: int
    value: float | None
    short: str = ""
    note: str = "c"


def tiles(
    areas: Sequence[Tile],
    *,
    breaks: Sequence[float],
    prefix: str,
    headline: str,
    description: str,
    unit: str = "",
    places: int = 0,
    percent: bool = False,
) -> str:
    """Return a tile map whose shades are classes: up to ``breaks[0]``, from ``breaks[0]``, … from the last break up.

    ``breaks`` ascend, one to four of them. Every tile carries its value as text; tiles without one are white with a dashed edge
    and carry the note. Raises ``ValueError`` for breaks that do not ascend, too many classes, or two tiles on one place.
    """
    if not 1 <= len(breaks) < len(CLASSES) or list(breaks) != sorted(set(breaks)):
        raise ValueError(f"breaks: give one to {len(CLASSES) - 1} ascending values.")
    if any(area.value is not None and not math.isfinite(area.value) for area in areas):
        raise ValueError("tiles: a value is not a number; give None and a note.")
    if len({(area.column, area.row) for area in areas}) < len(areas):
        raise ValueError("tiles: two areas stand on one place of the grid.")
    canvas = Canvas(prefix, headline, description)
    classes = shades(len(breaks) + 1)
    _key(canvas, breaks, classes, unit, places=places, percent=percent, missing=any(area.value is None for area in areas))
    if areas:
        _draw(canvas, areas, breaks, classes, places=places, percent=percent)
    return canvas.svg()


def _draw(
    canvas: Canvas, areas: Sequence[Tile], breaks: Sequence[float], classes: Sequence[str], *, places: int, percent: bool
) -> None:
    first, top = min(area.column for area in areas), min(area.row for area in areas)
    across = max(area.column - first + (0.5 if area.row % 2 else 0.0) for area in areas) + 1
    wide = min((WIDTH - 2 * MARGIN) / across, 64.0)
    side, left = wide / math.sqrt(3), (WIDTH - wide * across) / 2
    size = _text_size([_written(area, places=places, percent=percent) for area in areas] + [area.short for area in areas], wide)
    for area in sorted(areas, key=lambda tile: (tile.row, tile.column)):
        x = left + wide * (area.column - first + (1.0 if area.row % 2 else 0.5))
        y = canvas.y + side + 1.5 * side * (area.row - top)
        shade = WHITE if area.value is None else classes[bisect_right(breaks, area.value)]
        text = _written(area, places=places, percent=percent)
        canvas.parts.append(f"<g><title>{safe(f'{area.name}: {text}')}</title>")
        inner = side - 0.75
        corners = [(x + inner * math.sin(turn * math.pi / 3), y - inner * math.cos(turn * math.pi / 3)) for turn in range(6)]
        canvas.area(corners, fill=shade, stroke=GREY, dash="3 2" if area.value is None else "")
        offset = size * 0.55 if area.short else 0.0
        if area.short:
            canvas.text(x, y - offset + size * 0.35, area.short, size=size, anchor="middle", fill=ink(shade))
        canvas.text(x, y + offset + size * 0.35, text, size=size, anchor="middle", bold=True, fill=ink(shade))
        canvas.parts.append("</g>")
    canvas.y += side * (1.5 * (max(area.row for area in areas) - top) + 2)


def _written(area: Tile, *, places: int, percent: bool) -> str:
    return area.note if area.value is None else written(area.value, percent=percent, places=places)


def _text_size(texts: Sequence[str], wide: float) -> float:
    """Return the largest size, up to the usual, at which every text fits its tile."""
    widest = max(measure(text, 1.0, bold=True) for text in texts)
    return min(TEXT, (wide - 4) / widest) if widest else TEXT


def _key(
    canvas: Canvas, breaks: Sequence[float], classes: Sequence[str], unit: str, *, places: int, percent: bool, missing: bool
) -> None:
    """Write the classes with their bounds, wrapped, and the unit before them."""
    if unit:
        canvas.paragraph(unit, fill=GREY)
    bounds = [written(value, percent=percent, places=places) for value in breaks]
    labels = [f"below {bounds[0]}", *(f"{low} to below {high}" for low, high in pairwise(bounds))]
    canvas.boxes([*zip([*labels, f"{bounds[-1]} and over"], classes, strict=True), *([("not shown", WHITE)] if missing else [])])
