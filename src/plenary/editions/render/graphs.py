"""Native charts of a slide as XML, with the rows of the workbook behind each: bars, dots with whiskers, points in a plane."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from plenary.editions.render import plots

Value = str | float | None
Ends = tuple[float, float]

BLUE, TEXT, GREY, LINE = "005EB8", "212B32", "4C6272", "D8DDE0"
_SPACE: Final = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_NO_LINE: Final = "<c:spPr><a:ln><a:noFill/></a:ln></c:spPr>"
_KEY: Final = '<c:legend><c:legendPos val="b"/><c:overlay val="0"/></c:legend>'
_POINT: Final = 12_700
"""A point of a line's width, in the file's units."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def clean(words: str) -> str:
    """Return text for XML, also between quotes; it has no room for control characters."""
    return escape(_CONTROL.sub("", words), {'"': "&quot;"})


@dataclass(frozen=True)
class Graph:
    """A chart and the rows of the sheet that it was made from; ``form`` is how its figures look."""

    xml: str
    rows: Sequence[Sequence[Value]]
    form: str


def bars(name: str, labels: Sequence[str], values: Sequence[float | None], form: str, scale: Ends) -> Graph:
    """Return horizontal bars, the first on top, each with its figure. A value of None is a gap."""
    inner = f"<c:spPr>{fill(BLUE)}</c:spPr>"
    series = _series(0, 1, name, inner + _categories(labels) + _figures("val", "B", 2, values, form))
    told = f'<c:dLbls><c:numFmt formatCode="{form}" sourceLinked="0"/><c:dLblPos val="outEnd"/>{_shown(value=True)}</c:dLbls>'
    plot = (
        f'<c:barChart><c:barDir val="bar"/><c:grouping val="clustered"/><c:varyColors val="0"/>{series}{told}'
        '<c:gapWidth val="40"/><c:axId val="1"/><c:axId val="2"/></c:barChart>'
    )
    axes = _category_axis("l", "maxMin") + _value_axis("b", scale, form)
    return Graph(_space(plot + axes), [(None, name), *zip(labels, values, strict=True)], form)


def stacked(labels: Sequence[str], levels: Sequence[tuple[str, Sequence[float]]], fills: Sequence[str]) -> Graph:
    """Return horizontal bars of shares that are together 1, cut at the levels of a scale: a series a level, with a key."""
    made = ""
    for order, ((name, values), colour) in enumerate(zip(levels, fills, strict=True)):
        looks = f"<c:spPr>{fill(colour)}<a:ln>{fill(GREY)}</a:ln></c:spPr>"
        letter = chr(ord("B") + order)
        made += _series(order, 1, name, looks + _categories(labels) + _figures("val", letter, 2, values, "0.0%"), letter)
    plot = (
        f'<c:barChart><c:barDir val="bar"/><c:grouping val="stacked"/><c:varyColors val="0"/>{made}'
        '<c:gapWidth val="40"/><c:overlap val="100"/><c:axId val="1"/><c:axId val="2"/></c:barChart>'
    )
    axes = _category_axis("l", "maxMin") + _value_axis("b", (0.0, 1.0), "0%")
    rows = [(None, *(name for name, _ in levels)), *zip(labels, *(values for _, values in levels), strict=True)]
    return Graph(_space(plot + axes, _KEY), rows, "0.0%")


def dots(
    name: str,
    labels: Sequence[str],
    values: Sequence[float | None],
    form: str,
    scale: Ends,
    *,
    whiskers: Mapping[int, Ends],
    joined: bool = False,
    levels: Sequence[tuple[str, float]] = (),
) -> Graph:
    """Return dots from left to right, ``joined`` by a line if so wished, a gap where a value is None.

    ``whiskers``: by place, how far the interval reaches below and above. ``levels``: level lines by their names, in a key.
    """
    looks = f"<c:spPr>{_stroke(BLUE, 2.5)}</c:spPr>" if joined else _NO_LINE
    inner = looks + _dot(BLUE) + (_error_bars(whiskers, len(values)) if whiskers else "")
    inner += _categories(labels) + _figures("val", "B", 2, values, form) + '<c:smooth val="0"/>'
    made = _series(0, 1, name, inner)
    for order, (level, value) in enumerate(levels, start=1):
        letter = chr(ord("B") + order)
        line = _drawn(plots.Line(level, [], dash="dash" if order > 1 else "")) + _categories(labels)
        line += _figures("val", letter, 2, [value] * len(labels), form) + '<c:smooth val="0"/>'
        made += _series(order, 1, level, line, letter)
    plot = (
        f'<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>{made}<c:marker val="1"/>'
        '<c:axId val="1"/><c:axId val="2"/></c:lineChart>'
    )
    axes = _category_axis("b", "minMax") + _value_axis("l", scale, form)
    rows = zip(labels, values, *([value] * len(labels) for _, value in levels), strict=True)
    return Graph(_space(plot + axes, _KEY if levels else ""), [(None, name, *(level for level, _ in levels)), *rows], form)


def plane(lines: Sequence[plots.Line], across: str) -> Graph:
    """Return lines and points in a plane, with a key; ``across`` names the horizontal axis. The vertical one is a proportion."""
    rows: list[tuple[Value, Value]] = []
    made = []
    for order, line in enumerate(lines):
        head = len(rows) + 1
        rows += [(None, line.name), *line.points, (None, None)]
        xs, ys = zip(*line.points, strict=True)
        looks = _dotted(line) if line.marks else _drawn(line)
        points = _figures("xVal", "A", head + 1, xs, "General") + _figures("yVal", "B", head + 1, ys, "General")
        made.append(_series(order, head, line.name, looks + points + '<c:smooth val="0"/>'))
    plot = (
        f'<c:scatterChart><c:scatterStyle val="lineMarker"/><c:varyColors val="0"/>{"".join(made)}<c:axId val="1"/>'
        '<c:axId val="2"/></c:scatterChart>'
    )
    title = f'<c:title><c:tx>{_rich(across)}</c:tx><c:overlay val="0"/></c:title>'
    numbers = f'{title}<c:numFmt formatCode="General" sourceLinked="1"/>'
    placed = _placed("b", '<c:orientation val="minMax"/><c:min val="0"/>')
    flat = _axis("valAx", 1, placed, numbers, '<c:crossBetween val="midCat"/>')
    axes = flat + _value_axis("l", plots.scale(lines), "0%", "midCat")
    return Graph(_space(plot + axes, _KEY), rows[:-1], "General")


def _space(area: str, legend: str = "") -> str:
    return (
        f'<c:chartSpace {_SPACE}><c:date1904 val="0"/><c:chart><c:autoTitleDeleted val="1"/><c:plotArea>{area}</c:plotArea>'
        f'{legend}<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart><c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr>'
        f'<a:defRPr sz="1400">{fill(TEXT)}<a:latin typeface="Arial"/></a:defRPr></a:pPr><a:endParaRPr lang="en-GB"/></a:p>'
        '</c:txPr><c:externalData r:id="rId1"><c:autoUpdate val="0"/></c:externalData></c:chartSpace>'
    )


def _series(order: int, row: int, name: str, inner: str, letter: str = "B") -> str:
    told = f'<c:f>Sheet1!${letter}${row}</c:f><c:strCache><c:ptCount val="1"/>{_point(0, clean(name))}</c:strCache>'
    return f'<c:ser><c:idx val="{order}"/><c:order val="{order}"/><c:tx><c:strRef>{told}</c:strRef></c:tx>{inner}</c:ser>'


def _point(place: int, words: object) -> str:
    return f'<c:pt idx="{place}"><c:v>{words}</c:v></c:pt>'


def _categories(labels: Sequence[str]) -> str:
    points = "".join(_point(place, clean(label)) for place, label in enumerate(labels))
    cells = f"<c:f>Sheet1!$A$2:$A${len(labels) + 1}</c:f>"
    return f'<c:cat><c:strRef>{cells}<c:strCache><c:ptCount val="{len(labels)}"/>{points}</c:strCache></c:strRef></c:cat>'


def _figures(tag: str, column: str, first: int, values: Sequence[float | None], form: str) -> str:
    points = "".join(_point(place, repr(value)) for place, value in enumerate(values) if value is not None)
    cells = f"<c:f>Sheet1!${column}${first}:${column}${first + len(values) - 1}</c:f>"
    kept = f'<c:numCache><c:formatCode>{form}</c:formatCode><c:ptCount val="{len(values)}"/>{points}</c:numCache>'
    return f"<c:{tag}><c:numRef>{cells}{kept}</c:numRef></c:{tag}>"


def _error_bars(whiskers: Mapping[int, Ends], count: int) -> str:
    made = ""
    for name, end in (("plus", 1), ("minus", 0)):
        points = "".join(_point(place, repr(ends[end])) for place, ends in whiskers.items())
        numbers = f'<c:formatCode>General</c:formatCode><c:ptCount val="{count}"/>{points}'
        made += f"<c:{name}><c:numLit>{numbers}</c:numLit></c:{name}>"
    return (
        '<c:errBars><c:errDir val="y"/><c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="0"/>'
        f"{made}</c:errBars>"
    )


def _dotted(line: plots.Line) -> str:
    """Return the looks of a series of dots, each with its name beside it."""
    side = '<c:dLblPos val="r"/>'
    labels = "".join(
        f'<c:dLbl><c:idx val="{place}"/><c:tx>{_rich(name, 11)}</c:tx>{side}{_shown(value=True)}</c:dLbl>'
        for place, name in enumerate(line.labels)
        if name
    )
    told = f"<c:dLbls>{labels}{_shown(value=False)}</c:dLbls>" if labels else ""
    return _NO_LINE + _dot(BLUE if line.main else GREY) + told


def _drawn(line: plots.Line) -> str:
    """Return the looks of a line without dots."""
    colour, width = (BLUE, 2.5) if line.main else (GREY, 1.5)
    dash = f'<a:prstDash val="{line.dash}"/>' if line.dash else ""
    return f'<c:spPr>{_stroke(colour, width, dash)}</c:spPr><c:marker><c:symbol val="none"/></c:marker>'


def _stroke(colour: str, width: float, dash: str = "") -> str:
    return f'<a:ln w="{int(width * _POINT)}">{fill(colour)}{dash}</a:ln>'


def _dot(colour: str) -> str:
    return f'<c:marker><c:symbol val="circle"/><c:size val="10"/><c:spPr>{fill(colour)}</c:spPr></c:marker>'


def fill(colour: str) -> str:
    """Return a filling of one colour."""
    return f'<a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'


def _rich(words: str, size: int = 14) -> str:
    run = f'<a:r><a:rPr lang="en-GB" sz="{100 * size}"/><a:t>{clean(words)}</a:t></a:r>'
    return f"<c:rich><a:bodyPr/><a:lstStyle/><a:p>{run}</a:p></c:rich>"


def _shown(*, value: bool) -> str:
    names = ("LegendKey", "Val", "CatName", "SerName", "Percent", "BubbleSize")
    return "".join(f'<c:show{name} val="{int(value and name == "Val")}"/>' for name in names)


def _category_axis(side: str, order: str) -> str:
    rest = '<c:auto val="1"/><c:lblAlgn val="ctr"/><c:lblOffset val="100"/><c:noMultiLvlLbl val="0"/>'
    return _axis("catAx", 1, _placed(side, f'<c:orientation val="{order}"/>'), "", rest)


def _value_axis(side: str, scale: Ends, form: str, between: str = "between") -> str:
    lines = f"<c:majorGridlines><c:spPr><a:ln>{fill(LINE)}</a:ln></c:spPr></c:majorGridlines>"
    ends = f'<c:orientation val="minMax"/><c:max val="{scale[1]!r}"/><c:min val="{scale[0]!r}"/>'
    numbers = f'{lines}<c:numFmt formatCode="{form}" sourceLinked="0"/>'
    return _axis("valAx", 2, _placed(side, ends), numbers, f'<c:crossBetween val="{between}"/>')


def _placed(side: str, scaling: str) -> str:
    return f'<c:scaling>{scaling}</c:scaling><c:delete val="0"/><c:axPos val="{side}"/>'


def _axis(tag: str, number: int, placed: str, inner: str, rest: str) -> str:
    ticks = '<c:majorTickMark val="out"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>'
    cross = f'<c:crossAx val="{3 - number}"/><c:crosses val="autoZero"/>'
    return f'<c:{tag}><c:axId val="{number}"/>{placed}{inner}{ticks}{cross}{rest}</c:{tag}>'
