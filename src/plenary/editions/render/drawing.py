"""The charts of the content document as static SVG, and as words for those who do not see them. They use shown figures only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from plenary.editions.render.figures import Figure, describe
from plenary_stats import charts as kit

Block = Mapping[str, Any]

_PLACES: Final = {"count": 0, "percent": 1, "rate": 2, "money": 0, "number": 1}
_AXES: Final = {"money": "Pounds", "count": "", "percent": "", "rate": "Per million people", "number": ""}


def charts(content: Mapping[str, Any]) -> Iterator[tuple[str, Block, Mapping[str, Figure]]]:
    """Yield every chart of the document with its name, ``service/chart``, and the figures that it may use."""
    for service in content["services"]:
        for section in service["sections"]:
            for block in section["blocks"]:
                if block["kind"] == "chart":
                    yield f"{service['slug']}/{block['id']}", block, service["figures"]


def draw(content: Mapping[str, Any]) -> dict[str, str]:
    """Return every chart of the document as SVG text, by its name."""
    return {name: _svg(block, figures) for name, block, figures in charts(content)}


def _svg(block: Block, figures: Mapping[str, Figure]) -> str:
    marks = [_mark(point, figures) for point in block["points"]]
    named = {"prefix": block["id"], "headline": block["title"], "description": describe(block, figures)}
    places, axis = _PLACES[block["form"]], _AXES[block["form"]]
    percent = block["form"] == "percent"
    if block["chart"] == "bars" and all(mark.value is None or mark.value >= 0 for mark in marks):
        return kit.bars(marks, **named, percent=percent, places=places, x_label=axis)
    label = f"{axis}, 95% intervals" if axis else ""
    return kit.dots(marks, **named, percent=percent, places=places, benchmark=block.get("benchmark"), x_label=label)


def _mark(point: Mapping[str, Any], figures: Mapping[str, Figure]) -> kit.Mark:
    shown = figures[point["value"]["f"]]
    lower, upper = (figures[point[end]["f"]]["value"] if end in point else None for end in ("lower", "upper"))
    note = "" if shown["value"] is not None else shown["text"]
    return kit.Mark(point["label"], shown["value"], lower, upper, note=note)
