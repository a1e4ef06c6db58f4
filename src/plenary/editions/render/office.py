"""A presentation as a file: slides with a title, running text, tables and native charts, each chart with its own workbook.

The empty presentation (theme, master, one layout) is made by python-pptx, once. What stands on it is written as XML: through that
library's calls, which search the tree for every shape, the slides of a national edition take twenty times as long.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from string import ascii_uppercase
from typing import Final

from pptx import Presentation
from pptx.util import Emu, Inches

from plenary.editions.render.graphs import BLUE, LINE, TEXT, Graph, Value, clean, fill

Box = tuple[int, int, int, int]
"""Left, top, width and height, in the file's units."""

BAND, WHITE = "F0F4F5", "FFFFFF"
ROW: Final = int(Inches(0.4))
"""The usual height of a line of a table."""

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_DRAWING: Final = "http://schemas.openxmlformats.org/drawingml/2006"
_SHEET: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHOW: Final = "application/vnd.openxmlformats-officedocument.presentationml.slide+xml"
_CHART: Final = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_BOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SPACE: Final = (
    f'xmlns:a="{_DRAWING}/main" xmlns:r="{_OFFICE}" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass
class Slide:
    """One slide being written."""

    shapes: list[str] = field(default_factory=list)
    graphs: list[Graph] = field(default_factory=list)

    def title(self, words: str) -> None:
        """Write the title into its place on the layout."""
        made = _paragraphs([words], 26 if len(words) <= 75 else 20, BLUE, bold=True)
        place = '<a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:spPr/>'
        self.shapes.append(f"<p:sp><p:nvSpPr>{self._named('Title')}<p:cNvSpPr>{place}{made}</p:sp>")

    def words(self, lines: Sequence[str], box: Box, *, size: int = 18, colour: str = TEXT) -> None:
        """Add a box of paragraphs."""
        left, top, width, height = box
        self.shapes.append(
            f'<p:sp><p:nvSpPr>{self._named("TextBox")}<p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>'
            f'<a:off x="{left}" y="{top}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>'
            f"</a:prstGeom><a:noFill/></p:spPr>{_paragraphs(lines, size, colour)}</p:sp>"
        )

    def table(self, rows: Sequence[Sequence[str]], numeric: Sequence[bool], totals: Sequence[int], box: Box, words: str) -> None:
        """Add a table whose lines share the height of the box; its first row is the heading, ``totals`` count from the row below.

        ``words`` is its alternative text.
        """
        self._frame("Table", "table", _table(rows, numeric, totals, box), box, words)

    def chart(self, graph: Graph, box: Box, words: str) -> None:
        """Add a native chart; ``words`` is its alternative text."""
        self.graphs.append(graph)
        own = f'<c:chart xmlns:c="{_DRAWING}/chart" r:id="rId{len(self.graphs) + 1}"/>'
        self._frame("Chart", "chart", own, box, words)

    def _frame(self, name: str, kind: str, inner: str, box: Box, words: str) -> None:
        left, top, width, height = box
        self.shapes.append(
            f"<p:graphicFrame><p:nvGraphicFramePr>{self._named(name, words)}<p:cNvGraphicFramePr>"
            f'<a:graphicFrameLocks noGrp="1"/></p:cNvGraphicFramePr><p:nvPr/></p:nvGraphicFramePr><p:xfrm><a:off x="{left}" '
            f'y="{top}"/><a:ext cx="{width}" cy="{height}"/></p:xfrm><a:graphic><a:graphicData uri="{_DRAWING}/{kind}">{inner}'
            "</a:graphicData></a:graphic></p:graphicFrame>"
        )

    def _named(self, name: str, words: str = "") -> str:
        number = len(self.shapes) + 2  # the slide itself is the first
        told = f' descr="{clean(words)}"' if words else ""
        return f'<p:cNvPr id="{number}" name="{name} {number - 1}"{told}/>'

    def xml(self) -> str:
        """Return the slide."""
        tree = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>' + "".join(self.shapes)
        shown = f"<p:cSld><p:spTree>{tree}</p:spTree></p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr>"
        return f"{_HEAD}<p:sld {_SPACE}>{shown}</p:sld>"


def presentation(slides: Sequence[Slide], title: str, day: str) -> bytes:
    """Return the file: the same slides, title and day (ISO, its only date) give the same bytes."""
    base = _empty()
    layout = next(name for name in base if name.startswith("ppt/slideLayouts/slideLayout"))
    made: dict[str, str | bytes] = {"docProps/core.xml": _core(title, day)}
    types, shown, links, charts = [], [], [], 0
    for number, slide in enumerate(slides, 1):
        own = [("slideLayout", f"../{layout.removeprefix('ppt/')}")]
        for graph in slide.graphs:
            charts += 1
            own.append(("chart", f"../charts/chart{charts}.xml"))
            made[f"ppt/charts/chart{charts}.xml"] = _HEAD + graph.xml
            made[f"ppt/charts/_rels/chart{charts}.xml.rels"] = _links([("package", f"../embeddings/chart{charts}.xlsx")])
            made[f"ppt/embeddings/chart{charts}.xlsx"] = workbook(graph.rows, graph.form)
            types.append(f'<Override PartName="/ppt/charts/chart{charts}.xml" ContentType="{_CHART}"/>')
        made[f"ppt/slides/slide{number}.xml"] = slide.xml()
        made[f"ppt/slides/_rels/slide{number}.xml.rels"] = _links(own)
        types.append(f'<Override PartName="/ppt/slides/slide{number}.xml" ContentType="{_SHOW}"/>')
        shown.append(f'<p:sldId id="{255 + number}" r:id="rId{1000 + number}"/>')
        links.append(f'<Relationship Id="rId{1000 + number}" Type="{_OFFICE}/slide" Target="slides/slide{number}.xml"/>')
    types.append(f'<Default Extension="xlsx" ContentType="{_BOOK}.sheet"/>')
    for name, after, words in (
        ("[Content_Types].xml", "</Types>", types),
        ("ppt/presentation.xml", "<p:sldSz", ["<p:sldIdLst>", *shown, "</p:sldIdLst>"]),
        ("ppt/_rels/presentation.xml.rels", "</Relationships>", links),
    ):
        made[name] = base[name].decode().replace(after, "".join(words) + after, 1)
    return pack({**base, **made})


def workbook(rows: Sequence[Sequence[Value]], form: str) -> bytes:
    """Return a workbook of one sheet, at most 26 columns wide; None is an empty cell. ``form``: of numbers beyond column A."""
    lines = []
    for number, row in enumerate(rows, 1):
        cells = [_cell(f"{letter}{number}", value) for letter, value in zip(ascii_uppercase, row, strict=False)]
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    sheet = f'{_HEAD}<worksheet xmlns="{_SHEET}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
    return pack({**_book(form), "xl/worksheets/sheet1.xml": sheet}, deflate=False)  # the presentation around it is deflated


def pack(parts: Mapping[str, str | bytes], *, deflate: bool = True) -> bytes:
    """Return a package without a clock in it: parts in the order of their names, the table of contents first."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name in sorted(parts, key=lambda one: (one != "[Content_Types].xml", one)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
            target.writestr(entry, parts[name])
    return out.getvalue()


@cache
def _empty() -> Mapping[str, bytes]:
    """Return the parts of a presentation without slides and with one layout, its title on the left."""
    file = Presentation()
    file.slide_width, file.slide_height = Inches(13.333), Inches(7.5)
    layout = file.slide_layouts[5]
    for placeholder in list(layout.placeholders):
        if placeholder.placeholder_format.type != 1:  # date, footer and slide number would stand where 4:3 put them
            placeholder._element.getparent().remove(placeholder._element)  # noqa: SLF001 - the library has no public way
    title = layout.placeholders[0]
    title.left, title.top, title.width, title.height = (Emu(Inches(size)) for size in (0.6, 0.4, 12.1, 1.1))
    for other in [one for one in file.slide_layouts if one is not layout]:
        file.slide_layouts.remove(other)
    out = io.BytesIO()
    file.save(out)
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    parts["ppt/presentation.xml"] = parts["ppt/presentation.xml"].replace(b"<p:sldIdLst/>", b"")
    return parts


@cache
def _book(form: str) -> Mapping[str, str]:
    """Return what every workbook holds besides its sheet; style 1 is the look of its numbers."""
    plain = 'fontId="0" fillId="0" borderId="0"'
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_BOOK}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_BOOK}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_BOOK}.worksheet+xml"/></Types>',
        "_rels/.rels": _links([("officeDocument", "xl/workbook.xml")]),
        "xl/_rels/workbook.xml.rels": _links([("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml")]),
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/styles.xml": f'{_HEAD}<styleSheet xmlns="{_SHEET}"><numFmts count="1"><numFmt numFmtId="164" formatCode="{form}"/>'
        '</numFmts><fonts count="1"><font><sz val="11"/><name val="Arial"/></font></fonts><fills count="2"><fill><patternFill '
        'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/>'
        f'</borders><cellStyleXfs count="1"><xf numFmtId="0" {plain}/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" {plain} '
        f'xfId="0"/><xf numFmtId="164" {plain} xfId="0" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
    }


def _cell(place: str, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{clean(value)}</t></is></c>'
    return f'<c r="{place}" s="{int(place[0] != "A")}"><v>{value!r}</v></c>'


def _links(targets: Sequence[tuple[str, str]]) -> str:
    made = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{made}</Relationships>'


def _core(title: str, day: str) -> str:
    stamp = f'xsi:type="dcterms:W3CDTF">{day}T00:00:00Z'
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{clean(title)}</dc:title><dc:creator>Plenary</dc:creator><cp:lastModifiedBy>Plenary</cp:lastModifiedBy>"
        f"<dcterms:created {stamp}</dcterms:created><dcterms:modified {stamp}</dcterms:modified><dc:language>en-GB</dc:language>"
        "</cp:coreProperties>"
    )


def _paragraphs(lines: Sequence[str], size: int, colour: str, *, bold: bool = False) -> str:
    face = _face(size, colour, bold=bold)
    made = "".join(
        f'<a:p><a:pPr algn="l"><a:spcAft><a:spcPts val="800"/></a:spcAft></a:pPr><a:r>{face}<a:t>{clean(line)}</a:t></a:r></a:p>'
        for line in lines
    )
    return f'<p:txBody><a:bodyPr wrap="square" anchor="t"><a:normAutofit/></a:bodyPr>{made}</p:txBody>'


def _face(size: int, colour: str, *, bold: bool) -> str:
    return f'<a:rPr lang="en-GB" sz="{100 * size}" b="{int(bold)}">{fill(colour)}<a:latin typeface="Arial"/></a:rPr>'


def _table(rows: Sequence[Sequence[str]], numeric: Sequence[bool], totals: Sequence[int], box: Box) -> str:
    weights = [3, *[2] * (len(numeric) - 1)]
    grid = "".join(f'<a:gridCol w="{box[2] * weight // sum(weights)}"/>' for weight in weights)
    looks = {-1: (BLUE, WHITE)} | dict.fromkeys(totals, (BAND, TEXT))
    height = box[3] // len(rows)
    lines = [_line(row, numeric, height, *looks.get(place, (WHITE, TEXT))) for place, row in enumerate(rows, -1)]
    return f'<a:tbl><a:tblPr firstRow="1"/><a:tblGrid>{grid}</a:tblGrid>{"".join(lines)}</a:tbl>'


def _line(cells: Sequence[str], numeric: Sequence[bool], height: int, back: str, colour: str) -> str:
    edge = f'<a:lnB w="6350">{fill(LINE)}</a:lnB>'
    face = _face(14, colour, bold=back != WHITE)
    made = "".join(
        f'<a:tc><a:txBody><a:bodyPr/><a:p><a:pPr algn="{"r" if right else "l"}"/><a:r>{face}<a:t>{clean(words)}</a:t>'
        f'</a:r></a:p></a:txBody><a:tcPr marT="45720" marB="45720">{edge}{fill(back)}</a:tcPr></a:tc>'
        for words, right in zip(cells, numeric, strict=True)
    )
    return f'<a:tr h="{height}">{made}</a:tr>'
