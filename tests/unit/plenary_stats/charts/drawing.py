"""Reads a chart back, as a browser, a screen reader and a person with a ruler would."""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import typst

from plenary_stats.charts.canvas import measure

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "desc", "g", "rect", "path", "circle", "text"}
NUMBERS = {"x", "y", "cx", "cy", "r", "width", "height", "font-size", "stroke-width", "fill-opacity"}


@dataclass(frozen=True)
class Words:
    """A text with the box that it takes up."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float

    def touches(self, other: "Words") -> bool:
        """Say whether two texts overlap by more than a hair."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 0.5 and down > 0.5


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def all_words(svg: str) -> list[Words]:
    found = []
    for element in parsed(svg).iter(f"{SVG}text"):
        x, y, size = (float(element.get(name, "nan")) for name in ("x", "y", "font-size"))
        # The layout reckons a little wide; a ruler reckons what Helvetica takes.
        width = measure(element.text or "", size)
        left = x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[element.get("text-anchor", "start")]
        found.append(Words(element.text or "", left, y - size * 0.72, left + width, y + size * 0.2, size))
    return found


def lines(svg: str) -> list[str]:
    return [words.text for words in all_words(svg)]


def check(svg: str, prefix: str, headline: str, description: str) -> None:
    """Assert what holds for every chart."""
    root = parsed(svg)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{prefix}-title {prefix}-desc"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert (title.get("id"), title.text) == (f"{prefix}-title", headline)
    assert (desc.get("id"), desc.text) == (f"{prefix}-desc", description)
    assert root.get("font-family") == "Arial, Liberation Sans, sans-serif"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ALLOWED
    width, height = (float(size) for size in root.get("viewBox").split()[2:])
    assert width == 360
    for element in root.iter():
        assert not {name for name in element.attrib if name in {"style", "class", "href"} or name.startswith("on")}
        for name in NUMBERS & set(element.attrib):
            assert re.fullmatch(r"-?\d+(\.\d\d?)?", element.get(name)), (name, element.get(name))
        for point in re.findall(r"-?[\d.]+ -?[\d.]+", element.get("d", "")):
            x, y = (float(value) for value in point.split())
            assert -1 <= x <= width + 1
            assert -1 <= y <= height + 1
    assert headline.split(maxsplit=1)[0] in " ".join(lines(svg))
    for words in all_words(svg):
        assert words.size >= 9, f"too small to read: {words}"
        assert -0.5 <= words.left <= words.right <= width + 0.5, f"leaves the paper: {words}"
        assert 0 <= words.top < words.bottom <= height, f"leaves the paper: {words}"


def check_apart(svg: str) -> None:
    """Assert that no two texts overlap."""
    words = all_words(svg)
    for place, one in enumerate(words):
        for other in words[place + 1 :]:
            assert not one.touches(other), f"{one} overlaps {other}"


def check_prints(svg: str, folder) -> None:
    """Assert that the typesetter of the PDF accepts it."""
    (folder / "chart.svg").write_text(svg, encoding="utf-8")
    (folder / "page.typ").write_text('#image("chart.svg", width: 8cm, alt: "A chart")', encoding="utf-8")
    assert typst.compile(str(folder / "page.typ"), format="pdf").startswith(b"%PDF")
