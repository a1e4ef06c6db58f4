"""The paper that every chart is drawn on: text that is measured and wrapped, lines, shapes, scales."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

WIDTH: Final = 360.0
"""Units across. At 320 px, with the page's margins, a text of 14 units is 11 px high."""

MARGIN: Final = 8.0
TEXT: Final = 14.0
HEADLINE: Final = 16.0
LINE: Final = 1.25  # line height in heights of text

BLUE, DARK, ORANGE, TEAL = "#005eb8", "#212b32", "#d55e00", "#00786c"
GREY, RULE, PALE, WHITE = "#4c6272", "#d8dde0", "#cfe0f2", "#ffffff"
CLASSES: Final = ("#e8f1fa", "#b0cfec", "#6ea6da", "#005eb8", "#00294f")
"""Fills from least to most, told apart in grey and whatever colours one sees; the last two carry white text."""
SERIES: Final = ((BLUE, ""), (ORANGE, "7 4"), (TEAL, "2 3"), (DARK, "10 3 2 3"))
"""Colour and dash of the first, second… series."""

Anchor = Literal["start", "middle", "end"]
Shape = Literal["circle", "diamond", "up", "down"]
Points = Iterable[tuple[float, float]]
Entry = tuple[str, str, str, Shape | None]
"""One entry of a key: label, colour, dash, and mark or none."""

# Widths of Helvetica, and so of Arial and Liberation Sans, in thousandths: from the space to the tilde.
_WIDTHS: Final = [
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556,) * 10,
    *(278, 278, 584, 584, 584, 556, 1015),
    *(667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833),  # A to M
    *(722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611),
    *(278, 278, 278, 469, 556, 333),
    *(556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833),  # a to m
    *(556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500),
    *(334, 260, 334, 584),
]
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def number(value: float) -> str:
    """Return a coordinate with at most two decimals, never an exponent or a minus nought."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def safe(text: str) -> str:
    """Return text that XML may hold."""
    return escape(_FORBIDDEN.sub("", text))


def measure(text: str, size: float = TEXT, *, bold: bool = False) -> float:
    """Return the width of a text in units, a little too wide rather than too narrow."""
    thousandths = sum(_WIDTHS[ord(letter) - 32] if 32 <= ord(letter) < 127 else 600 for letter in text)
    return thousandths / 1000 * size * (1.08 if bold else 1.0)


def centred(x: float, text: str) -> float:
    """Return the middle for a text that should stand at ``x``, moved so that it stays on the paper."""
    half = measure(text) / 2
    return min(max(x, 2 + half), WIDTH - 2 - half)


def wrap(text: str, width: float, size: float = TEXT, *, bold: bool = False) -> list[str]:
    """Return the text in lines no wider than ``width``; a single word that is wider is broken."""
    lines: list[str] = []
    for word in text.split():
        if lines and measure(f"{lines[-1]} {word}", size, bold=bold) <= width:
            lines[-1] += f" {word}"
            continue
        rest = word
        while measure(rest, size, bold=bold) > width and len(rest) > 1:
            fits = max(1, next(n for n in range(len(rest), 0, -1) if n == 1 or measure(rest[:n], size, bold=bold) <= width))
            lines.append(rest[:fits])
            rest = rest[fits:]
        lines.append(rest)
    return lines


FLAT = 1e-10
"""What differs by no more than this share of itself, or of one, is the same for an axis."""


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers from ``low`` or just below to ``high`` or just above, about ``most`` of them."""
    size = max(abs(low), abs(high))
    noise = FLAT * max(size, 1.0)  # equal means differ in their last digits
    span = high - low if high - low > noise else size if size > FLAT else 1.0
    raw = span / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * place, 12) for place in range(first, max(last, first + 1) + 1)]


def written(value: float, *, percent: bool = False, places: int | None = None) -> str:
    """Return a figure as people read it: 76%, 1,234, 0.25."""
    shown = value * 100 if percent else value
    if places is None:
        places = next((n for n in range(4) if abs(shown - round(shown, n)) < 1e-9), 3)
    text = f"{shown:,.{places}f}"
    return (text.removeprefix("-") if float(text.replace(",", "")) == 0 else text) + ("%" if percent else "")


@dataclass(frozen=True)
class Scale:
    """Maps values to units along one axis."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value; values outside stand at the edge, and all in the middle where the axis has no length."""
        if self.high <= self.low:
            return (self.start + self.end) / 2
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


@dataclass
class Canvas:
    """Collects the parts of one chart, from the top down; ``y`` is where the next part begins."""

    prefix: str
    headline: str
    description: str
    y: float = MARGIN
    parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not _IDENTIFIER.fullmatch(self.prefix):
            raise ValueError(f"prefix: {self.prefix!r} cannot begin an id; use a letter, then letters, digits, - or _.")
        if not self.headline.strip() or not self.description.strip():
            raise ValueError("headline and description: a chart needs its finding and a description in words.")
        self.paragraph(self.headline, size=HEADLINE, bold=True)
        self.y += 6

    def text(
        self, x: float, y: float, text: str, *, size: float = TEXT, anchor: Anchor = "start", bold: bool = False, fill: str = DARK
    ) -> None:
        """Write one line with its baseline at ``y``."""
        extra = ("" if anchor == "start" else f' text-anchor="{anchor}"') + (' font-weight="bold"' if bold else "")
        at = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}"'
        self.parts.append(f'<text {at} fill="{fill}"{extra}>{safe(text)}</text>')

    def paragraph(self, text: str, *, size: float = TEXT, bold: bool = False, fill: str = DARK) -> None:
        """Write wrapped lines at ``y``, from margin to margin, and move below them."""
        for line in wrap(text, WIDTH - 2 * MARGIN, size, bold=bold):
            self.text(MARGIN, self.y + size, line, size=size, bold=bold, fill=fill)
            self.y += size * LINE

    def line(
        self,
        points: Iterable[tuple[float, float]],
        *,
        stroke: str = DARK,
        width: float = 1.0,
        dash: str = "",
        close: bool = False,
    ) -> None:
        """Draw a line through the points."""
        self._path(points, f'fill="none" stroke="{stroke}" stroke-width="{number(width)}"' + _dashed(dash), close=close)

    def area(
        self, points: Iterable[tuple[float, float]], *, fill: str, stroke: str = "", opacity: float = 1.0, dash: str = ""
    ) -> None:
        """Fill the shape inside the points."""
        edge = f' stroke="{stroke}" stroke-width="1"{_dashed(dash)}' if stroke else ""
        clear = f' fill-opacity="{number(opacity)}"' if opacity < 1 else ""
        self._path(points, f'fill="{fill}"{clear}{edge}', close=True)

    def _path(self, points: Points, look: str, *, close: bool) -> None:
        steps = " L".join(f"{number(x)} {number(y)}" for x, y in points)
        if steps:
            self.parts.append(f'<path d="M{steps}{" Z" if close else ""}" {look}/>')

    def rectangle(self, x: float, y: float, width: float, height: float, *, fill: str, opacity: float = 1.0) -> None:
        """Fill a rectangle."""
        clear = f' fill-opacity="{number(opacity)}"' if opacity < 1 else ""
        place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        self.parts.append(f'<rect {place} fill="{fill}"{clear}/>')

    def mark(self, x: float, y: float, shape: Shape = "circle", *, fill: str = BLUE) -> None:
        """Draw a point mark, with a white edge so that marks on top of one another stay apart."""
        look = f'fill="{fill}" stroke="{WHITE}" stroke-width="1"'
        if shape == "circle":
            self.parts.append(f'<circle cx="{number(x)}" cy="{number(y)}" r="5" {look}/>')
            return
        wide, tall = 6.25, 5.5
        corners = {
            "diamond": [(0, -wide), (wide, 0), (0, wide), (-wide, 0)],
            "up": [(0, -wide), (wide, tall), (-wide, tall)],
            "down": [(0, wide), (wide, -tall), (-wide, -tall)],
        }[shape]
        self._path([(x + dx, y + dy) for dx, dy in corners], look, close=True)

    def key(self, entries: Sequence[Entry]) -> None:
        """Write a key; entries stand side by side where they fit."""
        if not entries:
            return
        x = MARGIN
        for label, colour, dash, shape in entries:
            needed = 32 + measure(label)
            if x > MARGIN and x + needed > WIDTH - MARGIN:
                x, self.y = MARGIN, self.y + TEXT * LINE
            middle = self.y + TEXT * 0.65
            if shape:
                self.mark(x + 12, middle, shape, fill=colour)
            else:
                self.line([(x, middle), (x + 24, middle)], stroke=colour, width=2, dash=dash)
            lines = wrap(label, WIDTH - MARGIN - x - 30)
            for row, part in enumerate(lines):
                self.y += TEXT * LINE if row else 0
                self.text(x + 30, self.y + TEXT, part)
            x = x + needed + 14 if len(lines) == 1 else WIDTH
        self.y += TEXT * LINE + 4

    def boxes(self, entries: Iterable[tuple[str, str]]) -> None:
        """Write a key of filled boxes, label and fill, side by side where they fit; a white one is dashed."""
        x = MARGIN
        for label, fill in entries:
            needed = 20 + measure(label)
            if x > MARGIN and x + needed > WIDTH - MARGIN:
                x, self.y = MARGIN, self.y + TEXT * LINE + 2
            corners = [(x, self.y + 2), (x + 14, self.y + 2), (x + 14, self.y + 16), (x, self.y + 16)]
            self.area(corners, fill=fill, stroke=GREY, dash="3 2" if fill == WHITE else "")
            lines = wrap(label, WIDTH - MARGIN - x - 20)
            for row, part in enumerate(lines):
                self.y += TEXT * LINE if row else 0
                self.text(x + 20, self.y + TEXT, part)
            x = x + needed + 14 if len(lines) == 1 else WIDTH
        self.y += TEXT * LINE + 8

    @staticmethod
    def beside(values: Sequence[float], *, percent: bool) -> float:
        """Return where a plot begins so that these values fit on its left."""
        places = decimals(values, percent=percent)
        return MARGIN + 6 + max(measure(written(value, percent=percent, places=places)) for value in values)

    def rule_y(self, scale: Scale, values: Sequence[float], left: float, right: float, *, percent: bool) -> None:
        """Draw level rules with their values on the left."""
        places = decimals(values, percent=percent)
        for value in values:
            y = scale(value)
            self.line([(left, y), (right, y)], stroke=RULE)
            self.text(left - 5, y + TEXT * 0.35, written(value, percent=percent, places=places), anchor="end", fill=GREY)

    def rule_x(self, scale: Scale, labels: Sequence[tuple[float, str]], y: float) -> None:
        """Write values under an axis at ``y``, leaving out those that would touch the one before."""
        free = -math.inf
        for value, label in labels:
            half, x = measure(label) / 2, centred(scale(value), label)
            if x - half < free:
                continue
            self.line([(scale(value), y), (scale(value), y + 4)], stroke=GREY)
            self.text(x, y + 4 + TEXT, label, anchor="middle", fill=GREY)
            free = x + half + 6

    def left_out(self, names_and_notes: Iterable[tuple[str, str]]) -> None:
        """Name what is not drawn, and say why."""
        told = "; ".join(f"{name} ({note or 'no figure'})" for name, note in names_and_notes)
        if told:
            self.paragraph(f"Not shown: {told}.", fill=GREY)

    def svg(self) -> str:
        """Return the finished chart."""
        ids = f"{self.prefix}-title", f"{self.prefix}-desc"
        size = f"0 0 {number(WIDTH)} {number(math.ceil(self.y + MARGIN))}"
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{ids[0]} {ids[1]}" viewBox="{size}"'
            f" font-family={quoteattr('Arial, Liberation Sans, sans-serif')}>"
        )
        words = f'<title id="{ids[0]}">{safe(self.headline)}</title>', f'<desc id="{ids[1]}">{safe(self.description)}</desc>'
        paper = f'<rect x="0" y="0" width="{number(WIDTH)}" height="{size.rsplit(maxsplit=1)[-1]}" fill="{WHITE}"/>'
        return "\n".join([head, *words, paper, *self.parts, "</svg>"]) + "\n"


def shades(number: int) -> list[str]:
    """Return so many of the fills, spread from the lightest to the darkest; at most as many as there are."""
    return [CLASSES[round(place * (len(CLASSES) - 1) / max(number - 1, 1))] for place in range(number)]


def ink(shade: str) -> str:
    """Return the colour of text on a fill."""
    return WHITE if shade in CLASSES[3:] else DARK


def decimals(values: Sequence[float], *, percent: bool) -> int:
    """Return the fewest decimals with which all the values are written exactly, at most three."""
    shown = [value * 100 if percent else value for value in values]
    return next((n for n in range(3) if all(abs(value - round(value, n)) < 1e-9 for value in shown)), 3)


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""
