"""Static charts as SVG text: the same bytes for the same input, readable at 320 px, in print, by screen readers and in grey.

Every chart takes ``prefix`` (makes the ids unique on a page), ``headline`` (the finding, drawn as text and used as the title) and
``description`` (what a person who cannot see the chart is told). Figures that may not be shown are ``None`` with a ``note``.
Colour never stands alone: shape, dash or text says the same. Plain SVG 1.1 with presentation attributes only: no style
attributes, no scripts, no external fonts, so it passes a strict content security policy and renders in Typst.
"""

from plenary_stats.charts.canvas import shades
from plenary_stats.charts.curves import Curve, run, survival
from plenary_stats.charts.maps import Tile, tiles
from plenary_stats.charts.marks import Mark, bars, dots, funnel
from plenary_stats.charts.stacks import Stack, stacked
from plenary_stats.charts.strips import Reach, Shares, shares, strip

__all__ = [
    "Curve",
    "Mark",
    "Reach",
    "Shares",
    "Stack",
    "Tile",
    "bars",
    "dots",
    "funnel",
    "run",
    "shades",
    "shares",
    "stacked",
    "strip",
    "survival",
    "tiles",
]
