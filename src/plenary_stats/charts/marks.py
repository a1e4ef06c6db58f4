"""Charts of one mark a centre: funnel, dots with intervals, bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plenary_stats import comparison
from plenary_stats.charts.canvas import (
    BLUE,
    DARK,
    GREY,
    LINE,
    MARGIN,
    ORANGE,
    RULE,
    TEXT,
    WHITE,
    WIDTH,
    Canvas,
    Entry,
    Scale,
    Shape,
    measure,
    ticks,
    wrap,
    written,
)
from plenary_stats.results import Numbers

LIMIT_LOOKS = (("5 3", GREY), ("2 2", DARK))
"""Dash and colour of the inner and the outer control limit."""


@dataclass(frozen=True)
class Mark:
    """One centre or one period. ``value`` is ``None`` where it may not be shown, and ``note`` then says why."""

    label: str
    value: float | None
    lower: float | None = None
    upper: float | None = None
    denominator: float | None = None
    flag: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for figure in (self.value, self.lower, self.upper, self.denominator):
            if figure is not None and not math.isfinite(figure):
                raise ValueError(f"{self.label}: a figure is {figure}; give None, and say in the note why there is none.")


def shape_of(flag: str) -> tuple[Shape, str]:
    """Return shape and colour of a mark: beyond the outer limit a triangle, beyond the inner a diamond, else a circle."""
    if flag in {"", "within"}:
        return "circle", BLUE
    if flag.endswith("95"):
        return "diamond", ORANGE
    return ("up" if flag.startswith("high") else "down"), ORANGE


def flag_key(marks: Sequence[Mark], inner: str = "95%", outer: str = "99.8%", *, plain: bool = False) -> list[Entry]:
    """Return what the shapes of the marks mean: those that occur, the plain circle only where asked for."""
    names: dict[Shape, str] = {
        "circle": "within the limits",
        "diamond": f"beyond {inner} limit",
        "up": f"above {outer} limit",
        "down": f"below {outer} limit",
    }
    found = sorted({shape_of(mark.flag) for mark in marks if mark.value is not None})
    return [(names[shape], colour, "", shape) for shape, colour in found if plain or shape != "circle"]


def funnel(
    marks: Sequence[Mark],
    *,
    target: float,
    prefix: str,
    headline: str,
    description: str,
    kind: comparison.Kind = "proportion",
    x_label: str = "Patients",
    y_label: str = "Outcome",
    target_label: str = "National",
    limits: tuple[float, float] = (0.95, 0.998),
) -> str:
    """Return a funnel plot: value by denominator, with the exact control limits around the target.

    Marks without a value or denominator are left out of the plot and named under it. ``flag`` decides the mark's shape; it comes
    from :func:`plenary_stats.comparison.funnel`, never from the drawn limit.
    """
    canvas = Canvas(prefix, headline, description)
    shown = [mark for mark in marks if mark.value is not None and mark.denominator]
    percent = kind == "proportion"
    right, top = WIDTH - MARGIN - 4, canvas.y + TEXT * LINE + 8
    most = max([mark.denominator or 0 for mark in shown] or [10.0])
    across = ticks(0, most * 1.02)
    sizes = _sizes(across[-1], whole=percent)
    curves = [comparison.curve(sizes, target, kind, level) for level in limits]
    inner_lower, inner_upper = curves[-1]
    usual = sizes >= across[-1] * 0.15
    values = [mark.value for mark in shown if mark.value is not None]
    low = min([*values, float(inner_lower[usual].min()), target])
    high = max([*values, float(inner_upper[usual].max()), target])
    up = ticks(max(low, 0), min(high, 1) if percent else high)
    up = [value for value in up if value <= 1 + 1e-9] if percent else up
    left = canvas.beside(up, percent=percent)
    x, y = Scale(0, across[-1], left, right), Scale(up[0], up[-1], top + 190, top)
    canvas.text(MARGIN, canvas.y + TEXT, y_label, fill=GREY)
    canvas.rule_y(y, up, left, right, percent=percent)
    for (lower, upper), (dash, colour) in zip(curves, LIMIT_LOOKS, strict=True):
        for limit in (lower, upper):
            inside = (limit >= up[0]) & (limit <= up[-1])
            points = zip(sizes[inside].tolist(), limit[inside].tolist(), strict=True)
            canvas.line([(x(n), y(v)) for n, v in points], stroke=colour, width=1.5, dash=dash)
    canvas.line([(left, y(target)), (right, y(target))], stroke=BLUE, width=2)
    canvas.line([(left, y.start), (right, y.start)], stroke=GREY)
    canvas.rule_x(x, [(value, written(value)) for value in across], y.start)
    places = [(x(mark.denominator or 0), y(mark.value or 0), mark) for mark in shown]
    for px, py, mark in places:
        shape, colour = shape_of(mark.flag)
        canvas.mark(px, py, shape, fill=colour)
    _label(canvas, places, (left, top, right, y.start))
    canvas.y = y.start + 4 + TEXT * LINE
    canvas.text(right, canvas.y + TEXT, x_label, anchor="end", fill=GREY)
    canvas.y += TEXT * LINE + 6
    _funnel_key(canvas, shown, written(target, percent=percent, places=1 if percent else 2), target_label, limits)
    canvas.left_out((mark.label, mark.note) for mark in marks if mark not in shown)
    return canvas.svg()


def _sizes(most: float, *, whole: bool) -> Numbers:
    """Return the denominators at which the limits are drawn: closer together where they bend."""
    spread = most * np.linspace(0.02, 1, 140) ** 2
    return np.unique(np.maximum(np.round(spread), 1)) if whole else np.unique(np.maximum(spread, most / 500))


def _label(canvas: Canvas, places: Sequence[tuple[float, float, Mark]], box: tuple[float, float, float, float]) -> None:
    """Name the marks where a name fits without touching anything; flagged ones first."""
    taken = [(px - 7, py - 7, px + 7, py + 7) for px, py, _ in places]
    order = sorted(places, key=lambda place: (place[2].flag in {"", "within"}, place[0], place[1]))
    for px, py, mark in order:
        width = measure(mark.label)
        for dx, dy in _beside(width):
            area = (px + dx - 1, py + dy - TEXT * 0.8, px + dx + width + 1, py + dy + TEXT * 0.25)
            within = area[0] >= box[0] and area[1] >= box[1] and area[2] <= box[2] and area[3] <= box[3]
            if within and not any(_touch(area, other) for other in taken if other != (px - 7, py - 7, px + 7, py + 7)):
                canvas.rectangle(area[0], area[1], area[2] - area[0], area[3] - area[1], fill=WHITE, opacity=0.75)
                canvas.text(px + dx, py + dy, mark.label)
                taken.append(area)
                break


def _beside(width: float) -> list[tuple[float, float]]:
    """Return where a name of this width may begin, from its mark: right, left, above, below, then the corners."""
    sides = [(9.0, 5.0), (-9 - width, 5.0), (-width / 2, -9.0), (-width / 2, 20.0)]
    return [*sides, (6.0, -8.0), (6.0, 18.0), (-6 - width, -8.0), (-6 - width, 18.0)]


def _touch(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _funnel_key(canvas: Canvas, shown: Sequence[Mark], target: str, target_label: str, limits: tuple[float, float]) -> None:
    entries: list[Entry] = [(f"{target_label} {target}", BLUE, "", None)]
    entries += [
        (f"{written(level, percent=True)} limits", colour, dash, None)
        for level, (dash, colour) in zip(limits, LIMIT_LOOKS, strict=True)
    ]
    names = tuple(written(level, percent=True) for level in limits)
    canvas.key([*entries, *flag_key(shown, names[0], names[1], plain=True)])


def dots(
    marks: Sequence[Mark],
    *,
    prefix: str,
    headline: str,
    description: str,
    percent: bool = True,
    places: int = 0,
    benchmark: float | None = None,
    benchmark_label: str = "Benchmark",
    x_label: str = "",
    level: float = 0.95,
) -> str:
    """Return one row a centre: name and figures in words, and under them the dot with its interval.

    The dashed vertical line is the benchmark. ``denominator`` is written as "n = 81". Rows without a value show the note.
    """
    canvas = Canvas(prefix, headline, description)
    known = [v for mark in marks for v in (mark.value, mark.lower, mark.upper) if v is not None]
    known += [] if benchmark is None else [benchmark]
    across = _axis(known or [0.0, 1.0], percent=percent)
    scale = Scale(across[0], across[-1], MARGIN + 6, WIDTH - MARGIN - 18)
    told = f"{benchmark_label} {written(benchmark or 0, percent=percent, places=max(places, 1))}"
    canvas.key([*([] if benchmark is None else [(told, DARK, "5 3", None)]), *flag_key(marks)])
    for mark in marks:
        canvas.y += 4
        _row_words(canvas, mark.label, _figures(mark, percent=percent, places=places))
        if mark.value is not None:
            for value in across:
                canvas.line([(scale(value), canvas.y), (scale(value), canvas.y + 16)], stroke=RULE)
            if benchmark is not None:
                canvas.line([(scale(benchmark), canvas.y), (scale(benchmark), canvas.y + 16)], width=1.5, dash="5 3")
            _dot(canvas, mark.value, mark, scale)
        canvas.y += 4
    _axis_below(canvas, scale, across, percent=percent, label=x_label or f"{written(level, percent=True)} intervals")
    return canvas.svg()


def _axis(values: Sequence[float], *, percent: bool) -> list[float]:
    low, high = min(values), max(values)
    if percent and math.isclose(low, high):  # every centre at 100 %: the axis still needs a length
        low = max(0.0, high - 0.2)
    found = ticks(0 if low > 0 and low < high * 0.5 else low, high)
    return [value for value in found if value <= 1 + 1e-9] if percent and high <= 1 else found


def _axis_below(canvas: Canvas, scale: Scale, across: Sequence[float], *, percent: bool, label: str) -> None:
    canvas.line([(scale.start, canvas.y), (scale.end, canvas.y)], stroke=GREY)
    canvas.rule_x(scale, [(value, written(value, percent=percent)) for value in across], canvas.y)
    canvas.y += 4 + TEXT * LINE
    for line in wrap(label, WIDTH - 2 * MARGIN):
        canvas.text(WIDTH - MARGIN, canvas.y + TEXT, line, anchor="end", fill=GREY)
        canvas.y += TEXT * LINE


def _figures(mark: Mark, *, percent: bool, places: int) -> str:
    """Return the figures of a row in words: 77% (66 to 84), n = 81."""
    if mark.value is None:
        return mark.note or "no figure"
    text = written(mark.value, percent=percent, places=places)
    if mark.lower is not None and mark.upper is not None:
        low, high = (written(v, percent=percent, places=places).rstrip("%") for v in (mark.lower, mark.upper))
        text += f" ({low} to {high})"
    return text + (f", n = {written(mark.denominator)}" if mark.denominator else "")


def _row_words(canvas: Canvas, label: str, figures: str) -> None:
    """Write a label on the left and its figures on the right of one line, or under it where they do not fit."""
    room = WIDTH - 2 * MARGIN - measure(figures) - 10
    if measure(label, bold=True) <= room:
        canvas.text(WIDTH - MARGIN, canvas.y + TEXT, figures, anchor="end")
        canvas.paragraph(label, bold=True)
        return
    canvas.paragraph(label, bold=True)
    canvas.paragraph(figures)


def _dot(canvas: Canvas, value: float, mark: Mark, scale: Scale) -> None:
    y = canvas.y + 8
    if mark.lower is not None and mark.upper is not None:
        canvas.line([(scale(mark.lower), y), (scale(mark.upper), y)], stroke=BLUE, width=2)
        for edge in (mark.lower, mark.upper):
            canvas.line([(scale(edge), y - 4), (scale(edge), y + 4)], stroke=BLUE, width=2)
    shape, colour = shape_of(mark.flag)
    canvas.mark(scale(value), y, shape, fill=colour)
    canvas.y += 16


def bars(
    marks: Sequence[Mark],
    *,
    prefix: str,
    headline: str,
    description: str,
    percent: bool = False,
    places: int = 0,
    x_label: str = "",
    benchmark: float | None = None,
    benchmark_label: str = "Benchmark",
) -> str:
    """Return one horizontal bar a row, from nought, with name and figure in words above it: for amounts, not for rates.

    Raises ``ValueError`` for a negative value: a bar has no length for it.
    """
    if any(mark.value is not None and mark.value < 0 for mark in marks):
        raise ValueError("bars: a value is below 0; use dots.")
    canvas = Canvas(prefix, headline, description)
    known = [mark.value for mark in marks if mark.value is not None] + ([] if benchmark is None else [benchmark])
    most = max(known or [1.0]) or 1.0
    scale = Scale(0, most, MARGIN, WIDTH - MARGIN)
    if benchmark is not None:
        canvas.key([(f"{benchmark_label} {written(benchmark, percent=percent, places=places)}", DARK, "5 3", None)])
    for mark in marks:
        canvas.y += 4
        _row_words(canvas, mark.label, _figures(mark, percent=percent, places=places))
        if mark.value is not None:
            canvas.rectangle(scale.start, canvas.y + 3, scale(mark.value) - scale.start, 10, fill=BLUE)
            canvas.line([(scale.start, canvas.y + 1), (scale.start, canvas.y + 15)], stroke=GREY)
            if benchmark is not None:
                place = scale(benchmark)
                canvas.line([(place, canvas.y + 1), (place, canvas.y + 15)], stroke=WHITE, width=3)
                canvas.line([(place, canvas.y + 1), (place, canvas.y + 15)], width=1.5, dash="5 3")
            canvas.y += 16
        canvas.y += 3
    if x_label:
        canvas.y += 2
        canvas.paragraph(x_label, fill=GREY)
    return canvas.svg()
