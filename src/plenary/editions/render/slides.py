"""A service's results pack for its annual meeting: native charts and tables that can be edited; the same bytes each time."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final
from xml.sax.saxutils import escape

from pptx import Presentation
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_MARKER_STYLE
from pptx.oxml import parse_xml
from pptx.util import Emu, Inches, Pt

from plenary.editions.render import plots, prose
from plenary.editions.render.figures import Figure, describe

Block = Mapping[str, Any]
Figures = Mapping[str, Figure]
Box = tuple[int, int, int, int]
"""Left, top, width and height, in the file's units."""

ROWS: Final = 11
"""Lines of a table that fit on one slide."""
WORDS: Final = 900
"""Letters of running text that fit on one slide."""

_rgb: Any = RGBColor.from_string  # the library says nothing of its types here
_chart_data: Any = CategoryChartData
_plane_data: Any = XyChartData
_BLUE, _TEXT, _GREY = "005EB8", "212B32", "4C6272"
_FORMATS: Final = {"count": "#,##0", "percent": "0.0%", "rate": "#,##0.00", "money": "£#,##0", "number": "#,##0.0"}
_LEFT, _TOP, _WIDTH, _HALF, _GAP, _ROW, _FOOT = (int(Inches(size)) for size in (0.6, 1.5, 12.1, 5.9, 0.3, 0.4, 6.95))
_PAGE: Final[Box] = (_LEFT, _TOP, _WIDTH, _FOOT - _TOP)
_SPACE: Final = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_DATES: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")


def render(edition: Mapping[str, Any], service: Mapping[str, Any]) -> bytes:
    """Return the slides of one service. ``edition`` and ``service`` are parts of the content document."""
    deck = _Deck(edition, service)
    deck.cover()
    for section in service["sections"]:
        deck.section(section)
    out = io.BytesIO()
    deck.file.save(out)
    stamp = f"{edition['period_end']}T00:00:00Z".encode()
    return _settled(out.getvalue(), stamp)


@cache
def _empty() -> bytes:
    """Return a presentation without slides and with one layout, its title on the left: made once, read anew for each deck."""
    file = Presentation()
    file.slide_width, file.slide_height = Inches(13.333), Inches(7.5)
    layout = file.slide_layouts[5]
    for placeholder in list(layout.placeholders):
        if placeholder.placeholder_format.type != 1:  # date, footer and slide number would stand where 4:3 put them
            placeholder._element.getparent().remove(placeholder._element)  # noqa: SLF001 - the library has no public way
    title = layout.placeholders[0]
    title.left, title.top, title.width, title.height = (Emu(size) for size in (_LEFT, _ROW, _WIDTH, _TOP - _ROW))
    for other in [one for one in file.slide_layouts if one is not layout]:
        file.slide_layouts.remove(other)
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


class _Deck:
    """A presentation being written."""

    def __init__(self, edition: Mapping[str, Any], service: Mapping[str, Any]) -> None:
        self.edition, self.service = edition, service
        self.figures: Figures = service["figures"]
        self.file = Presentation(io.BytesIO(_empty()))
        self.layout = self.file.slide_layouts[0]
        properties = self.file.core_properties
        properties.title = f"{service['name']}: {edition['title']}"
        properties.author = properties.last_modified_by = "Plenary"
        properties.created = properties.modified = datetime.fromisoformat(edition["period_end"])
        properties.language = "en-GB"

    def slide(self, title: str) -> Any:
        slide = self.file.slides.add_slide(self.layout)
        slide.shapes.turbo_add_enabled = True  # shapes are numbered by counting, not by searching the slide each time
        _write(slide.shapes.title, [title], 26 if len(title) <= 75 else 20, _BLUE, bold=True)
        standing = " · ".join(
            word for word, on in (("DRAFT", self.edition["draft"]), ("Invented data", self.edition["invented"])) if on
        )
        foot = f"{self.service['name']} · {self.edition['label']}{f' · {standing}' if standing else ''}"
        self.words(slide, [foot], (_LEFT, _FOOT, _WIDTH, _ROW), size=11, colour=_GREY)
        return slide

    def words(self, slide: Any, lines: Sequence[str], box: Box = _PAGE, *, size: int = 18, colour: str = _TEXT) -> None:
        _write(slide.shapes.add_textbox(*box), lines, size, colour)

    def cover(self) -> None:
        slide = self.slide(self.service["name"])
        lines = [self.edition["title"], f"{self.edition['nation']}, {self.edition['period_text']}", self.service["category"]]
        self.words(slide, [*lines, self.service["confidence"], self.edition["draft"], self.edition["invented"]])

    def section(self, section: Mapping[str, Any]) -> None:
        for group in _groups(section, self.figures):
            for page in _pages([line for block in group.texts for line in self.lines(block)]):
                self.words(self.slide(group.title), page)
            for pieces in _shared(list(_cut(group.pieces))):
                self.pieces(self.slide(group.finding or group.title), pieces)

    def pieces(self, slide: Any, pieces: Sequence[dict[str, Any]]) -> None:
        """Put charts and tables on one slide: two narrow ones side by side, a wide one by itself."""
        width = _WIDTH if len(pieces) == 1 else _HALF
        for place, piece in enumerate(pieces):
            left = _LEFT + place * (_HALF + _GAP)
            self.words(slide, [piece["title"]], (left, _TOP, width, _ROW), size=14)
            box = (left, _TOP + _ROW, width, _FOOT - _TOP - _ROW)
            if piece["kind"] == "table":
                self.table(slide, piece, box)
            elif piece["chart"] in {"funnel", "survival"}:
                self.plot(slide, piece, box)
            else:
                self.chart(slide, piece, box)

    def lines(self, block: Block) -> list[str]:
        if block["kind"] == "prose":
            return [line for line in prose.plain(block["blocks"]).split("\n") if line]
        if block["kind"] == "definition":
            return [f"{name}: {words}" for name, words in block["items"]]
        return [block["text"]]

    def table(self, slide: Any, block: Block, box: Box) -> None:
        """Put one table on a slide. Its cells are written as XML: by the library's own calls this takes ten times as long."""
        left, top, width, _ = box
        height = _ROW * (len(block["rows"]) + 1)
        frame = slide.shapes.add_table(1, 1, left, top, width, height)
        frame._element.nvGraphicFramePr.cNvPr.set("descr", f"Table: {block['title']}")  # noqa: SLF001 - no public way to set it
        grid = frame._element.graphic.graphicData  # noqa: SLF001 - no public way to reach it
        grid.replace(grid.tbl, parse_xml(_table(block, self.figures, width)))
        if block["notes"]:
            below = (left, min(top + height, _FOOT - _ROW), width, _ROW)
            self.words(slide, [" ".join(block["notes"])], below, size=12, colour=_GREY)

    def chart(self, slide: Any, block: Block, box: Box) -> None:
        """Draw one native chart. A figure that is not shown is a gap, and its label carries the mark."""
        values = [self.figures[point["value"]["f"]] for point in block["points"]]
        data: Any = _chart_data(number_format=_FORMATS[block["form"]])
        data.categories = [
            point["label"] if shown["value"] is not None else f"{point['label']} {shown['text']}"
            for point, shown in zip(block["points"], values, strict=True)
        ]
        data.add_series(block["title"], [shown["value"] for shown in values])
        bars = block["chart"] == "bars"
        kind = XL_CHART_TYPE.BAR_CLUSTERED if bars else XL_CHART_TYPE.LINE_MARKERS
        frame = slide.shapes.add_chart(kind, *box, data)
        frame._element.nvGraphicFramePr.cNvPr.set("descr", describe(block, self.figures))  # noqa: SLF001 - no public way to set it
        _dress(frame.chart, bars=bars, form=_FORMATS[block["form"]])
        frame.chart.value_axis.minimum_scale, frame.chart.value_axis.maximum_scale = self.scale(block)
        if not bars:
            self.whiskers(frame.chart, block)

    def plot(self, slide: Any, block: Block, box: Box) -> None:
        """Draw one native chart of points in a plane: a funnel plot or a survival curve."""
        lines = plots.funnel(block, self.figures) if block["chart"] == "funnel" else plots.survival(block, self.figures)
        data: Any = _plane_data(number_format="General")
        for line in lines:
            series = data.add_series(line.name)
            for x, y in line.points:
                series.add_data_point(x, y)
        frame = slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS, *box, data)
        frame._element.nvGraphicFramePr.cNvPr.set("descr", describe(block, self.figures))  # noqa: SLF001 - no public way to set it
        _dress_plane(frame.chart, lines, "Patients" if block["chart"] == "funnel" else "Days")

    def scale(self, block: Block) -> tuple[float, float]:
        """Return an axis from nought that holds every interval; the program's own choice would cut them off."""
        ends = [
            self.figures[point[name]["f"]]["value"] for point in block["points"] for name in ("value", "upper") if name in point
        ]
        most = max((end for end in ends if end is not None), default=1.0) or 1.0
        step = 10 ** math.floor(math.log10(most))
        return 0.0, step * math.ceil(round(1.05 * most / step, 9)) if block["form"] != "percent" or most > 1 else 1.0

    def whiskers(self, chart: Any, block: Block) -> None:
        """Add the intervals as native error bars, which the library itself cannot make."""
        ends: dict[str, list[str]] = {"plus": [], "minus": []}
        for place, point in enumerate(block["points"]):
            if "lower" in point:
                value, lower, upper = (float(self.figures[point[name]["f"]]["value"]) for name in ("value", "lower", "upper"))
                for name, size in (("plus", upper - value), ("minus", value - lower)):
                    ends[name].append(f'<c:pt idx="{place}"><c:v>{max(size, 0.0)!r}</c:v></c:pt>')
        if not ends["plus"]:
            return
        count = f'<c:ptCount val="{len(block["points"])}"/>'
        bars = "".join(
            f"<c:{name}><c:numLit><c:formatCode>General</c:formatCode>{count}{''.join(points)}</c:numLit></c:{name}>"
            for name, points in ends.items()
        )
        space = "http://schemas.openxmlformats.org/drawingml/2006/chart"
        text = (
            f'<c:errBars xmlns:c="{space}"><c:errDir val="y"/><c:errBarType val="both"/><c:errValType val="cust"/>'
            f'<c:noEndCap val="0"/>{bars}</c:errBars>'
        )
        series = chart.plots[0].series[0]._element  # noqa: SLF001 - no public way to reach it
        series.find(f"{{{space}}}cat").addprevious(parse_xml(text.encode()))


def _dress(chart: Any, *, bars: bool, form: str) -> None:
    chart.has_legend = False
    chart.has_title = False
    chart.font.size, chart.font.name, chart.font.color.rgb = Pt(14), "Arial", _rgb(_TEXT)
    chart.value_axis.tick_labels.number_format, chart.value_axis.tick_labels.number_format_is_linked = form, False
    chart.value_axis.major_gridlines.format.line.color.rgb = _rgb("D8DDE0")
    plot = chart.plots[0]
    series = plot.series[0]
    if bars:
        plot.gap_width = 40
        chart.category_axis.reverse_order = True
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = _rgb(_BLUE)
        plot.has_data_labels = True
        plot.data_labels.number_format, plot.data_labels.number_format_is_linked = form, False
        plot.data_labels.position = XL_LABEL_POSITION.OUTSIDE_END
    else:
        series.format.line.fill.background()
        series.smooth = False
        series.marker.style, series.marker.size = XL_MARKER_STYLE.CIRCLE, 10
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = _rgb(_BLUE)


def _dress_plane(chart: Any, lines: Sequence[plots.Line], across: str) -> None:
    chart.has_title, chart.has_legend = False, True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.font.size, chart.font.name, chart.font.color.rgb = Pt(14), "Arial", _rgb(_TEXT)
    axis = chart.value_axis
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = "0%", False
    axis.minimum_scale, axis.maximum_scale = plots.scale(lines)
    axis.major_gridlines.format.line.color.rgb = _rgb("D8DDE0")
    chart.category_axis.minimum_scale, chart.category_axis.has_major_gridlines = 0, False
    chart.category_axis.has_title = True
    chart.category_axis.axis_title.text_frame.text = across
    for line, series in zip(lines, chart.plots[0].series, strict=True):
        series.smooth = False
        colour = _rgb(_BLUE if line.main else _GREY)
        if not line.marks:
            series.marker.style = XL_MARKER_STYLE.NONE
            series.format.line.color.rgb, series.format.line.width = colour, Pt(2.5 if line.main else 1.5)
            series.format.line.dash_style = line.dash
            continue
        series.format.line.fill.background()
        series.marker.style, series.marker.size = XL_MARKER_STYLE.CIRCLE, 10
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = colour
        for place, name in enumerate(line.labels):
            label = series.points[place].data_label
            label.position = XL_LABEL_POSITION.RIGHT
            label.text_frame.text = name
            label.font.size = Pt(11)


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
            groups[-1].finding = f"{groups[-1].finding} {_say(block['parts'], figures)}".strip()
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


def _table(block: Block, figures: Figures, width: int) -> bytes:
    columns = block["columns"]
    weights = [3 if place == 0 else 2 for place in range(len(columns))]
    grid = "".join(f'<a:gridCol w="{width * weight // sum(weights)}"/>' for weight in weights)
    lines = [_line([column["label"] for column in columns], columns, _BLUE, "FFFFFF", bold=True)]
    for place, row in enumerate(block["rows"]):
        total = place in block["totals"]
        lines.append(_line([_say(cell, figures) for cell in row], columns, "F0F4F5" if total else "FFFFFF", _TEXT, bold=total))
    return f'<a:tbl {_SPACE}><a:tblPr firstRow="1"/><a:tblGrid>{grid}</a:tblGrid>{"".join(lines)}</a:tbl>'.encode()


def _line(cells: Sequence[str], columns: Sequence[Block], fill: str, colour: str, *, bold: bool) -> str:
    back = f'<a:solidFill><a:srgbClr val="{fill}"/></a:solidFill>'
    edge = '<a:lnB w="6350"><a:solidFill><a:srgbClr val="D8DDE0"/></a:solidFill></a:lnB>'
    run = _face(14, colour, bold=bold)
    made = "".join(
        f'<a:tc><a:txBody><a:bodyPr/><a:p><a:pPr algn="{"r" if column["numeric"] else "l"}"/><a:r>{run}<a:t>{_clean(words)}</a:t>'
        f'</a:r></a:p></a:txBody><a:tcPr marT="45720" marB="45720">{edge}{back}</a:tcPr></a:tc>'
        for words, column in zip(cells, columns, strict=True)
    )
    return f'<a:tr h="{_ROW}">{made}</a:tr>'


def _clean(words: str) -> str:
    """Return text for XML, which has no room for control characters."""
    return escape(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", words))


def _write(shape: Any, lines: Sequence[str], size: int, colour: str, *, bold: bool = False) -> None:
    """Write paragraphs into a shape, as XML: by the library's own calls it takes five times as long."""
    made = "".join(
        f'<a:p><a:pPr algn="l"><a:spcAft><a:spcPts val="800"/></a:spcAft></a:pPr><a:r>{_face(size, colour, bold=bold)}'
        f"<a:t>{_clean(line)}</a:t></a:r></a:p>"
        for line in lines
    )
    body = shape._element.txBody  # noqa: SLF001 - no public way to reach it
    text = f'<p:txBody {_SPACE}><a:bodyPr wrap="square" anchor="t"><a:normAutofit/></a:bodyPr>{made}</p:txBody>'
    body.getparent().replace(body, parse_xml(text.encode()))


def _face(size: int, colour: str, *, bold: bool) -> str:
    fill = f'<a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'
    return f'<a:rPr lang="en-GB" sz="{100 * size}" b="{int(bold)}">{fill}<a:latin typeface="Arial"/></a:rPr>'


def _say(parts: Sequence[Any], figures: Figures) -> str:
    return "".join(part if isinstance(part, str) else figures[part["f"]]["text"] for part in parts)


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


def _settled(packed: bytes, stamp: bytes) -> bytes:
    """Return an Office file with no clock in it: zip times fixed, its dates the edition's, and so in every workbook inside."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            words = source.read(name)
            if name.endswith(".xlsx"):
                words = _settled(words, stamp)
            elif name.endswith("docProps/core.xml"):
                words = _DATES.sub(rb"\g<1>" + stamp + rb"\g<2>", words)
            target.writestr(zipfile.ZipInfo(name, _EPOCH), words, zipfile.ZIP_DEFLATED)
    return out.getvalue()
