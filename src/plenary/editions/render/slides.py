"""A service's results pack for its annual meeting: native charts and tables that can be edited; the same bytes each time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pptx.util import Inches

from plenary.editions.render import graphs, office, plots, prose
from plenary.editions.render.content import say
from plenary.editions.render.figures import Figure, describe
from plenary_stats.charts import shades

Block = Mapping[str, Any]
Figures = Mapping[str, Figure]

ROWS: Final = 11
"""Lines of a table that fit on one slide."""
WORDS: Final = 900
"""Letters of running text that fit on one slide."""
ASIDE: Final = 90
"""Letters that need no slide of their own: they stand at the foot of the charts and tables that they belong to."""

_FORMATS: Final = {
    "count": "#,##0",
    "percent": "0.0%",
    "rate": "#,##0.00",
    "decimal": "#,##0.00",
    "money": "£#,##0",
    "number": "#,##0.0",
}
_LEFT, _TOP, _WIDTH, _HALF, _GAP, _FOOT = (int(Inches(size)) for size in (0.6, 1.5, 12.1, 5.9, 0.3, 6.95))
_PAGE: Final[office.Box] = (_LEFT, _TOP, _WIDTH, _FOOT - _TOP)


def render(edition: Mapping[str, Any], service: Mapping[str, Any]) -> bytes:
    """Return the slides of one service. ``edition`` and ``service`` are parts of the content document."""
    deck = _Deck(edition, service)
    deck.cover()
    for section in service["sections"]:
        deck.section(section)
    return office.presentation(deck.slides, f"{service['name']}: {edition['title']}", edition["period_end"])


class _Deck:
    """A presentation being written."""

    def __init__(self, edition: Mapping[str, Any], service: Mapping[str, Any]) -> None:
        self.edition, self.service = edition, service
        self.figures: Figures = service["figures"]
        self.slides: list[office.Slide] = []

    def slide(self, title: str, aside: str = "") -> office.Slide:
        slide = office.Slide()
        self.slides.append(slide)
        slide.title(title)
        standing = " · ".join(
            word for word, on in (("DRAFT", self.edition["draft"]), ("Invented data", self.edition["invented"])) if on
        )
        foot = " · ".join(words for words in (self.service["name"], self.edition["label"], standing, aside) if words)
        slide.words([foot], (_LEFT, _FOOT, _WIDTH, office.ROW), size=11, colour=graphs.GREY)
        return slide

    def cover(self) -> None:
        slide = self.slide(self.service["name"])
        lines = [self.edition["title"], f"{self.edition['nation']}, {self.edition['period_text']}", self.service["category"]]
        slide.words([*lines, self.service["confidence"], self.edition["draft"], self.edition["invented"]], _PAGE)

    def section(self, section: Mapping[str, Any]) -> None:
        for group in _groups(section, self.figures):
            lines = [line for block in group.texts for line in self.lines(block)]
            aside = " ".join(lines) if group.pieces and sum(map(len, lines)) <= ASIDE else ""
            for page in () if aside else _pages(lines):
                self.slide(group.title).words(page, _PAGE)
            for pieces in _shared(list(_cut(group.pieces))):
                self.pieces(self.slide(group.finding or group.title, aside), pieces)

    def pieces(self, slide: office.Slide, pieces: Sequence[dict[str, Any]]) -> None:
        """Put charts and tables on one slide: two narrow ones side by side, a wide one by itself."""
        width = _WIDTH if len(pieces) == 1 else _HALF
        for place, piece in enumerate(pieces):
            left = _LEFT + place * (_HALF + _GAP)
            slide.words([piece["title"]], (left, _TOP, width, office.ROW), size=14)
            box = (left, _TOP + office.ROW, width, _FOOT - _TOP - office.ROW)
            if piece["kind"] == "table":
                self.table(slide, piece, box)
            else:
                slide.chart(self.graph(piece), box, describe(piece, self.figures))

    def lines(self, block: Block) -> list[str]:
        if block["kind"] == "prose":
            return [line for line in prose.plain(block["blocks"]).split("\n") if line]
        if block["kind"] == "definition":
            return [f"{name}: {words}" for name, words in block["items"]]
        return [block["text"]]

    def table(self, slide: office.Slide, block: Block, box: office.Box) -> None:
        left, top, width, room = box
        columns = block["columns"]
        rows = [[column["label"] for column in columns], *([say(cell, self.figures) for cell in row] for row in block["rows"])]
        height = min(office.ROW * len(rows), room - (2 * office.ROW if block["notes"] else 0))
        numeric = [column["numeric"] for column in columns]
        slide.table(rows, numeric, block["totals"], (left, top, width, height), f"Table: {block['title']}")
        if block["notes"]:
            # At the foot, not below the table: cells wrap, so how tall it gets only the program that shows it knows.
            below = (left, _FOOT - 2 * office.ROW, width, 2 * office.ROW)
            slide.words([" ".join(block["notes"])], below, size=12, colour=graphs.GREY)

    def graph(self, block: Block) -> graphs.Graph:
        """Return a block's native chart. A figure that is not shown is a gap, and its label carries the mark."""
        if block["chart"] == "funnel":
            return graphs.plane(plots.funnel(block, self.figures), "Patients")
        if block["chart"] == "survival":
            return graphs.plane(plots.survival(block, self.figures), "Days")
        if block["chart"] == "stacked":
            return self.stack(block)
        shown = [self.figures[point["value"]["f"]] for point in block["points"]]
        labels = [
            point["label"] if one["value"] is not None else f"{point['label']} {one['text']}"
            for point, one in zip(block["points"], shown, strict=True)
        ]
        given = (block["title"], labels, [one["value"] for one in shown], _FORMATS[block["form"]], self.scale(block))
        if block["chart"] == "bars":
            return graphs.bars(*given)
        return graphs.dots(*given, whiskers=self.whiskers(block), joined=block["chart"] == "run", levels=self.levels(block))

    def levels(self, block: Block) -> list[tuple[str, float]]:
        """Return the level lines of a run chart: its average and its limits, where it has them."""
        names = ("Average", "Lower limit", "Upper limit")
        parts = [block["average"], *block["limits"]] if "limits" in block else []
        return [(name, float(self.figures[part["f"]]["value"])) for name, part in zip(names, parts, strict=False)]

    def stack(self, block: Block) -> graphs.Graph:
        """Return stacked bars: a series a level of the scale."""
        levels = [
            (level, [float(self.figures[point["parts"][place]["value"]["f"]]["value"]) for point in block["points"]])
            for place, level in enumerate(block["levels"])
        ]
        fills = [shade.removeprefix("#").upper() for shade in shades(len(levels))]
        return graphs.stacked([point["label"] for point in block["points"]], levels, fills)

    def scale(self, block: Block) -> tuple[float, float]:
        """Return an axis that holds nought and every interval; the program's own choice would cut them off.

        Of a run chart of shares it holds, in tenths, what is drawn: a change shows that would be lost between 0 and 100%.
        """
        names = ("value", "lower", "upper")
        ends = [self.figures[point[name]["f"]]["value"] for point in block["points"] for name in names if name in point]
        drawn = [end for end in ends if end is not None] + [value for _, value in self.levels(block)]
        most, least = max([0.0, *drawn]), min([0.0, *drawn])
        if block["form"] == "percent" and most <= 1:
            return plots.tenths(drawn) if block["chart"] == "run" else (0.0, 1.0)
        step = 10 ** math.floor(math.log10(max(most, -least) or 1.0))
        return step * math.floor(round(1.05 * least / step, 9)), step * math.ceil(round(1.05 * most / step, 9)) or step

    def whiskers(self, block: Block) -> dict[int, tuple[float, float]]:
        """Return, by a point's place, how far its interval reaches below and above it."""
        found = {}
        for place, point in enumerate(block["points"]):
            if "lower" in point:
                value, lower, upper = (float(self.figures[point[name]["f"]]["value"]) for name in ("value", "lower", "upper"))
                found[place] = (max(value - lower, 0.0), max(upper - value, 0.0))
        return found


@dataclass
class _Group:
    """What belongs together: a title, running text, the finding, and the charts and tables that show it."""

    title: str
    texts: list[Block] = field(default_factory=list)
    finding: str = ""
    pieces: list[Block] = field(default_factory=list)


def _groups(section: Mapping[str, Any], figures: Figures) -> list[_Group]:
    groups = [_Group(section["title"])]
    for block in section["blocks"]:
        if block["kind"] == "subheading":
            groups.append(_Group(block["text"]))
        elif block["kind"] == "headline":
            if groups[-1].pieces:
                groups.append(_Group(groups[-1].title))
            groups[-1].finding = f"{groups[-1].finding} {say(block['parts'], figures)}".strip()
        elif block.get("chart") == "map":
            continue  # the same figures stand beside it as a chart that PowerPoint can edit
        elif block["kind"] in {"chart", "table"}:
            groups[-1].pieces.append(block)
        else:
            groups[-1].texts.append(block)
    return groups


def _cut(blocks: Sequence[Block]) -> Iterator[dict[str, Any]]:
    """Yield charts and tables with a title; a long table in pieces that fit a slide."""
    for block in blocks:
        if block["kind"] == "chart":
            yield dict(block)
            continue
        rows = block["rows"]
        for start in range(0, len(rows), ROWS):
            piece = rows[start : start + ROWS]
            yield {
                **block,
                "title": block["caption"] if start == 0 else f"{block['caption']} (continued)",
                "rows": piece,
                "totals": [place - start for place in block["totals"] if start <= place < start + ROWS],
                "notes": block["notes"] if start + ROWS >= len(rows) else [],
            }


def _shared(pieces: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Group pieces by slide: two neighbours share one where both are narrow."""
    waiting: list[dict[str, Any]] = []
    for piece in pieces:
        narrow = piece["kind"] == "chart" or len(piece["columns"]) <= 2
        if waiting and narrow:
            yield [waiting.pop(), piece]
            continue
        if waiting:
            yield [waiting.pop()]
        if narrow:
            waiting.append(piece)
        else:
            yield [piece]
    if waiting:
        yield waiting


def _pages(lines: Sequence[str]) -> Iterator[list[str]]:
    """Share running text among slides: a long paragraph is cut between words."""
    page: list[str] = []
    for line in (piece for whole in lines for piece in _pieces(whole)):
        if page and sum(len(one) + 60 for one in page) + len(line) > WORDS:
            yield page
            page = []
        page.append(line)
    if page:
        yield page


def _pieces(line: str) -> Iterator[str]:
    words: list[str] = []
    for word in line.split():
        if words and len(" ".join(words)) + len(word) >= WORDS:
            yield " ".join(words)
            words = []
        words.append(word)
    if words:
        yield " ".join(words)
