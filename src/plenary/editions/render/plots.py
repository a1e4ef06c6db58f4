"""Funnel plot and survival curve as series of points: what a native chart of a slide is made from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from plenary.editions.render.figures import Figure
from plenary_stats import comparison

Figures = Mapping[str, Figure]
Points = list[tuple[float, float]]

SIZES: Final = 40
"""Denominators at which the limits are drawn, closer together where they bend."""
MOST_NAMES: Final = 12
"""Centres that can be named in the plane; of more, those outside the limits."""


@dataclass(frozen=True)
class Line:
    """One series. ``marks``: dots without a line, named by ``labels``. ``main``: what the chart is about.
    ``dash``: the file format's name of a broken line.
    """

    name: str
    points: Points
    marks: bool = False
    main: bool = False
    dash: str = ""
    labels: Sequence[str] = ()


def funnel(block: Mapping[str, Any], figures: Figures) -> list[Line]:
    """Return the lower and upper end of both limits, the national line, and the centres: on top, and so last.

    The longest series come first: some programs draw no more points of a later one than the first has.
    """
    points = block["points"]
    dots = [(figures[point["denominator"]["f"]]["value"], figures[point["value"]["f"]]["value"]) for point in points]
    every = len(points) <= MOST_NAMES
    labels = [point["label"] if every or point["flag"] != "within" else "" for point in points]
    target = float(figures[block["target"]["f"]]["value"])
    most = 1.1 * max(x for x, _ in dots)
    sizes = sorted({max(1, round(most * (place / SIZES) ** 2)) for place in range(4, SIZES + 1)})
    national = Line("National", [(0, target), (sizes[-1], target)], main=True)
    lines: list[Line] = []
    for level, name, dash in ((0.95, "95% limits", "dash"), (0.998, "99.8% limits", "sysDot")):
        ends = zip(("lower", "upper"), comparison.curve(sizes, target, level=level), strict=True)
        lines += [Line(f"{name}, {end}", list(zip(sizes, limit.tolist(), strict=True)), dash=dash) for end, limit in ends]
    return [*lines, national, Line("Centres", dots, marks=True, main=True, labels=labels)]


def survival(block: Mapping[str, Any], figures: Figures) -> list[Line]:
    """Return the stairs of the estimate, and those of its interval as far as it is known."""
    points, begins = block["points"], block.get("begins", 1.0)
    estimate = [(p["days"], figures[p["value"]["f"]]["value"]) for p in points]
    lines = [Line(block["y_label"], _stairs(estimate, begins), main=True)]
    for end in ("lower", "upper"):
        known = [(p["days"], figures[p[end]["f"]]["value"]) for p in points if end in p]
        if known:
            lines.append(Line(f"95% interval, {end}", _stairs(known, begins)[2:], dash="dash"))
    return lines


def _stairs(steps: Points, begins: float) -> Points:
    """Return the corners of stairs from time 0."""
    corners: Points = [(0.0, begins)]
    for time, value in steps:
        corners += [(time, corners[-1][1]), (time, value)]
    return corners


def scale(lines: Sequence[Line]) -> tuple[float, float]:
    """Return the ends of the axis in steps of a tenth: the centres, the estimate and what lies beside them are inside."""
    least, most = tenths([y for line in lines for _, y in line.points if line.main or line.points[0][0] > 0])
    return least, 1.0 if most > 0.5 else most


def tenths(shares: Sequence[float]) -> tuple[float, float]:
    """Return the tenths at or below the least and at or above the most of some shares, a tenth or more apart."""
    least = max(0.0, math.floor(10 * min(shares)) / 10)
    return min(least, 0.9), max(math.ceil(10 * max(shares)) / 10, least + 0.1 if least < 0.9 else 1.0)
