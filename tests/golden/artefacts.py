"""Everything that an edition prints, read as a person or a script would: whose row it is, and the numbers in it.

Site, chart texts, PDF and slides (their tables, their charts and the workbooks inside those), each as ``Line``s. Shares no code with
what made them.
"""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

NUMBER = re.compile(r"(?<![\w.,-])£?-?\d[\d,]*(?:\.\d+)?(?:[eE]-?\d+)?%?(?![\w])")
DATES = re.compile(r"\b(?:95|99\.8)% (?=limit|interval)|\b(?:19|20)\d\d-\d\d-\d\d\b|\b(?:19|20)\d\d(?:/\d\d)?\b")
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True)
class Line:
    """One row of something: its file, its first cell or words, and every number in the rest."""

    file: str
    label: str
    numbers: tuple[str, ...]


def line(file: str, label: str, rest: str) -> Line:
    return Line(file, " ".join(label.split()), tuple(NUMBER.findall(DATES.sub("", rest))))


def lines(files: Mapping[str, bytes], labels: set[str]) -> Iterator[Line]:
    """Yield every row of every view; ``labels`` are the groups by which chart texts are known."""
    for path, words in files.items():
        if path.endswith(".html"):
            yield from _page(path, words.decode(), labels)
        elif path.endswith(".svg"):
            yield from _phrases(path, " ".join(ET.fromstring(words).itertext()), labels)
        elif path.endswith(".pptx"):
            yield from _slides(path, words)


class _Rows(HTMLParser):
    """The rows of tables, and all other text with the texts that only a screen reader reads."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.said: list[str] = []
        self.cell: list[str] | None = None
        self.feed(words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.cell = []
        self.said += [value for name, value in attrs if value and name in {"alt", "aria-label", "title", "data-value"}]

    def handle_data(self, data: str) -> None:
        (self.said if self.cell is None else self.cell).append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"} and self.cell is not None:
            self.rows[-1].append("".join(self.cell))
            self.cell = None


def _page(path: str, words: str, labels: set[str]) -> Iterator[Line]:
    found = _Rows(words)
    for row in found.rows:
        if row:
            yield line(path, row[0], " | ".join(row[1:]))
    yield from _phrases(path, ". ".join(found.said), labels)


def _phrases(path: str, words: str, labels: set[str]) -> Iterator[Line]:
    """Yield what is said of each group in running text: 'A 35 of 40 (0.7 to 0.9); B …'."""
    for phrase in re.split(r"[;]|\.\s", words):
        for label in sorted(labels, key=len, reverse=True):
            _, found, rest = phrase.partition(f"{label} ")
            if found:
                yield line(path, label, rest)
                break


def marked_in_pdf(words: bytes, labels: set[str]) -> Iterator[Line]:
    """Yield the rows of the PDF's tables in which something is withheld; on other lines a chart's axis may stand beside a name."""
    text = subprocess.run(["pdftotext", "-layout", "-", "-"], input=words, capture_output=True, check=True).stdout.decode()
    either = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    for row in text.splitlines():  # two tables may stand side by side
        for found in re.finditer(rf"(?:^ ?|  )({either})  (.*?)(?=  (?:{either})  |$)", row):
            if "[c]" in found[2]:  # the axis of a chart beside it may stand at the same height
                yield line("edition.pdf", found[1], re.sub(r"(?<=\[c\]) {6,}(?:[1-9]?0|100)%$", "", found[2]))


def _slides(path: str, words: bytes) -> Iterator[Line]:
    with zipfile.ZipFile(io.BytesIO(words)) as deck:
        for name in sorted(deck.namelist()):
            place = f"{path}/{name}"
            if name.startswith("ppt/slides/slide"):
                for row in ET.fromstring(deck.read(name)).iter(f"{DRAWING}tr"):
                    cells = ["".join(cell.itertext()) for cell in row.iter(f"{DRAWING}tc")]
                    yield line(place, cells[0], " | ".join(cells[1:]))
            elif re.fullmatch(r"ppt/charts/chart[^/]*\.xml", name):
                yield from _chart(place, ET.fromstring(deck.read(name)))
            elif name.endswith(".xlsx"):
                yield from _workbook(place, deck.read(name))


def _chart(place: str, chart: ET.Element) -> Iterator[Line]:
    """Yield what a bar chart caches for each of its categories."""
    for series in chart.iter(f"{CHART}ser"):
        names = {point.get("idx"): "".join(point.itertext()) for point in series.findall(f"{CHART}cat//{CHART}pt")}
        for point in series.findall(f"{CHART}val//{CHART}pt"):
            if point.get("idx") in names:
                yield line(place, names[point.get("idx")], "".join(point.itertext()))


def _workbook(place: str, words: bytes) -> Iterator[Line]:
    with zipfile.ZipFile(io.BytesIO(words)) as book:
        shared = []
        if "xl/sharedStrings.xml" in book.namelist():
            strings = ET.fromstring(book.read("xl/sharedStrings.xml"))
            shared = ["".join(item.itertext()) for item in strings.iter(f"{SHEET}si")]
        for name in (name for name in book.namelist() if name.startswith("xl/worksheets/sheet")):
            for row in ET.fromstring(book.read(name)).iter(f"{SHEET}row"):
                cells = [_cell(cell, shared) for cell in row.iter(f"{SHEET}c")]
                if cells:
                    yield line(place, cells[0], " | ".join(cells[1:]))


def _cell(cell: ET.Element, shared: list[str]) -> str:
    value = cell.findtext(f"{SHEET}v") or ""
    return shared[int(value)] if cell.get("t") == "s" else value
