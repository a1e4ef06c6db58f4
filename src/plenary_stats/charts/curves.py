"""Charts along time: survival curves and run charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from plenary_stats.charts.canvas import (
    DARK,
    GREY,
    LINE,
    MARGIN,
    ORANGE,
    PALE,
    SERIES,
    TEXT,
    WIDTH,
    Canvas,
    Entry,
    Scale,
    Shape,
    centred,
    measure,
    ticks,
    written,
)
from plenary_stats.charts.marks import Mark

Points = list[tuple[float, float]]

RULES: Final[dict[str, tuple[Shape, str]]] = {
    "above-limit": ("up", "above the upper limit"),
    "below-limit": ("down", "below the lower limit"),
}
"""Shape and words of what :func:`plenary_stats.monitoring.xmr` says of a point beyond its limits."""
PATTERN: Final[tuple[Shape, str]] = ("diamond", "part of a rise, a fall or a run")
"""Shape and words of its other rules, which several points break together."""


@dataclass(frozen=True)
class Curve:
    """One curve: the times of its steps, ascending, and the estimate from each on; before the first it is ``begins``.

    A survival curve begins at 1 and falls; one of cumulative incidence begins at 0 and rises.

    ``lower`` and ``upper`` go with the steps; NaN where they cannot be given. ``at_risk`` has one number for each tick of the
    chart, ``None`` where it may not be shown. The curve is drawn as far as ``until`` (the last step where left out).
    """

    label: str
    time: Sequence[float]
    estimate: Sequence[float]
    lower: Sequence[float] = ()
    upper: Sequence[float] = ()
    at_risk: Sequence[int | None] = ()
    until: float | None = None
    begins: float = 1.0


def survival(
    curves: Sequence[Curve],
    *,
    at: Sequence[tuple[float, str]],
    prefix: str,
    headline: str,
    description: str,
    x_label: str = "Years",
    y_label: str = "Alive",
    floor: float = 0.0,
    ceiling: float = 1.0,
    level: float = 0.95,
) -> str:
    """Return step curves with interval bands, and the number at risk under the ticks.

    ``at`` holds the ticks: a time in the unit of the curves and the label to write, for instance ``(365, "1")``; the last is
    the right edge. ``floor`` and ``ceiling`` are what the scale holds; say so in the description where it does not begin at 0.
    At most four curves.
    Raises ``ValueError`` for more, for fewer than two ticks, or for lengths that do not agree.
    """
    if len(curves) > len(SERIES):
        raise ValueError(f"survival: at most {len(SERIES)} curves can be told apart; draw several charts.")
    if len(at) < 2:
        raise ValueError("survival: give at least two ticks, the first and the last time.")
    canvas = Canvas(prefix, headline, description)
    up = [value for value in ticks(floor, ceiling) if value <= 1]
    left, right, top = canvas.beside(up, percent=True), WIDTH - MARGIN - 12, canvas.y + TEXT * LINE + 8
    x, y = Scale(at[0][0], at[-1][0], left, right), Scale(floor, up[-1], top + 180, top)
    canvas.text(MARGIN, canvas.y + TEXT, y_label, fill=GREY)
    canvas.rule_y(y, up, left, right, percent=True)
    steps = [_steps(curve, at[-1][0]) for curve in curves]
    for (_, band), (colour, _) in zip(steps, SERIES, strict=False):
        canvas.area(
            [(x(t), y(s)) for t, s in band], fill=colour if len(curves) > 1 else PALE, opacity=0.14 if len(curves) > 1 else 1
        )
    for (line, _), (colour, dash) in zip(steps, SERIES, strict=False):
        canvas.line([(x(t), y(s)) for t, s in line], stroke=colour, width=2.5, dash=dash)
    canvas.line([(left, y.start), (right, y.start)], stroke=GREY)
    canvas.rule_x(x, at, y.start)
    canvas.y = y.start + 4 + TEXT * LINE
    canvas.text(right, canvas.y + TEXT, x_label, anchor="end", fill=GREY)
    canvas.y += TEXT * LINE + 2
    _at_risk(canvas, curves, at, x)
    if any(band for _, band in steps):
        canvas.paragraph(f"Shaded: {written(level, percent=True)} interval.", fill=GREY)
    return canvas.svg()


def _steps(curve: Curve, last: float) -> tuple[Points, Points]:
    """Return the step line, and the outline of its band: along the upper limit and back along the lower."""
    _same_length(curve)
    end = min(last, curve.until if curve.until is not None else max([0.0, *curve.time]))
    line = _stairs(curve.time, curve.estimate, end, curve.begins)
    if not curve.lower:
        return line, []
    known = [n for n in range(len(curve.time)) if not math.isnan(curve.lower[n]) and not math.isnan(curve.upper[n])]
    time = [curve.time[n] for n in known]
    stop = next((t for n, t in enumerate(curve.time) if known and n > known[-1]), end)
    stop = min(stop, end)
    if not known or time[0] >= stop:
        return line, []
    upper = _stairs(time, [curve.upper[n] for n in known], stop, curve.begins)[1:]
    lower = _stairs(time, [curve.lower[n] for n in known], stop, curve.begins)[1:]
    return line, upper[1:] + lower[:0:-1]


def _stairs(time: Sequence[float], value: Sequence[float], end: float, begins: float) -> Points:
    """Return the corners of a step curve from time 0 that is level up to ``end``."""
    corners: Points = [(0.0, begins)]
    for moment, level in zip(time, value, strict=True):
        if moment > end:
            break
        corners += [(float(moment), corners[-1][1]), (float(moment), float(level))]
    return [*corners, (float(end), corners[-1][1])]


def _same_length(curve: Curve) -> None:
    lengths = {len(curve.time), len(curve.estimate), len(curve.lower or curve.time), len(curve.upper or curve.time)}
    if len(lengths) > 1 or bool(curve.lower) != bool(curve.upper):
        raise ValueError(f"survival: the columns of curve {curve.label!r} differ in length.")
    if list(curve.time) != sorted(curve.time):
        raise ValueError(f"survival: the times of curve {curve.label!r} must ascend.")


def _at_risk(canvas: Canvas, curves: Sequence[Curve], at: Sequence[tuple[float, str]], x: Scale) -> None:
    """Write the key, and under each curve's name its number at risk below the ticks."""
    for curve, (colour, dash) in zip(curves, SERIES, strict=False):
        if curve.label:
            canvas.key([(curve.label, colour, dash, None)])
            canvas.y -= 4
        if not curve.at_risk:
            continue
        if len(curve.at_risk) != len(at):
            raise ValueError(f"survival: curve {curve.label!r} needs one number at risk for each of the {len(at)} ticks.")
        canvas.paragraph("Number at risk", fill=GREY)
        free = -math.inf
        for (time, _), number in zip(at, curve.at_risk, strict=True):
            label = "c" if number is None else written(number)
            half, place = measure(label) / 2, centred(x(time), label)
            if place - half >= free:
                canvas.text(place, canvas.y + TEXT, label, anchor="middle")
                free = place + half + 6
        canvas.y += TEXT * LINE + 4


def run(
    marks: Sequence[Mark],
    *,
    prefix: str,
    headline: str,
    description: str,
    centre: float | None = None,
    centre_label: str = "Average",
    limits: tuple[float, float] | None = None,
    target: float | None = None,
    percent: bool = False,
    places: int = 0,
    y_label: str = "",
    zero: bool = False,
    note: str = "",
) -> str:
    """Return values over periods, joined where none is missing between, with centre line, limits and target where given.

    Each mark is a period; its ``flag`` is that of :func:`plenary_stats.monitoring.xmr`, and a flagged one has another shape.
    ``zero`` makes the scale begin at 0. Periods without a value leave a gap and are named under the chart; ``note`` stands last.
    """
    canvas = Canvas(prefix, headline, description)
    lines = [v for v in (centre, target, *(limits or ())) if v is not None]
    shown = [v for mark in marks for v in (mark.value, mark.lower, mark.upper) if v is not None]
    up = ticks(*((min([*lines, *shown, *([0.0] if zero else [])]), max([*lines, *shown])) if lines or shown else (0.0, 1.0)))
    up = [v for v in up if v <= 1 + 1e-9] if percent and max([*lines, *shown, 0.0]) <= 1 else up
    left, right, top = canvas.beside(up, percent=percent), WIDTH - MARGIN - 10, canvas.y + (TEXT * LINE if y_label else 0) + 8
    x, y = Scale(0, max(len(marks) - 1, 1), left + 10, right), Scale(up[0], up[-1], top + 170, top)
    if y_label:
        canvas.text(MARGIN, canvas.y + TEXT, y_label, fill=GREY)
    canvas.rule_y(y, up, left, right, percent=percent)
    for value, colour, dash in _levels(centre, limits, target):
        canvas.line([(left, y(value)), (right, y(value))], stroke=colour, width=1.5, dash=dash)
    _joined(canvas, marks, x, y)
    canvas.line([(left, y.start), (right, y.start)], stroke=GREY)
    canvas.rule_x(x, [(place, mark.label) for place, mark in enumerate(marks)], y.start)
    canvas.y = y.start + 4 + TEXT * LINE + 6
    entries: list[Entry] = []
    if centre is not None:
        entries.append((f"{centre_label} {written(centre, percent=percent, places=max(places, 1))}", DARK, "", None))
    if limits is not None:
        entries.append(("Limits", GREY, "5 3", None))
    if target is not None:
        entries.append((f"Target {written(target, percent=percent, places=places)}", ORANGE, "2 3", None))
    broken = sorted({RULES.get(mark.flag, PATTERN) for mark in marks if mark.value is not None and mark.flag})
    canvas.key([*entries, *((words, ORANGE, "", shape) for shape, words in broken)])
    canvas.left_out((mark.label, mark.note) for mark in marks if mark.value is None)
    canvas.paragraph(note, fill=GREY)
    return canvas.svg()


def _levels(centre: float | None, limits: tuple[float, float] | None, target: float | None) -> list[tuple[float, str, str]]:
    found = [(limit, GREY, "5 3") for limit in limits or ()]
    found += [] if centre is None else [(centre, DARK, "")]
    return found + ([] if target is None else [(target, ORANGE, "2 3")])


def _joined(canvas: Canvas, marks: Sequence[Mark], x: Scale, y: Scale) -> None:
    stretch: Points = []
    blue = SERIES[0][0]
    for place, mark in enumerate([*marks, Mark("", None)]):
        if mark.value is not None:
            stretch.append((x(place), y(mark.value)))
            continue
        if len(stretch) > 1:
            canvas.line(stretch, stroke=blue, width=2)
        stretch = []
    for place, mark in enumerate(marks):
        if mark.value is None:
            continue
        if mark.lower is not None and mark.upper is not None:
            canvas.line([(x(place), y(mark.lower)), (x(place), y(mark.upper))], stroke=blue, width=1.5)
        shape, colour = _look(mark.flag)
        canvas.mark(x(place), y(mark.value), shape, fill=colour)


def _look(flag: str) -> tuple[Shape, str]:
    return (RULES.get(flag, PATTERN)[0], ORANGE) if flag else ("circle", SERIES[0][0])
