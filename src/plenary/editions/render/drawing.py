"""The charts of the content document as static SVG, and as words for those who do not see them. They use shown figures only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from plenary.editions.render.figures import Figure, describe
from plenary.editions.render.pictures import MONTH
from plenary_stats import charts as kit
from plenary_stats import cores

Block = Mapping[str, Any]

_PLACES: Final = {"count": 0, "percent": 1, "rate": 2, "decimal": 2, "money": 0, "number": 1}
_AXES: Final = {"money": "Pounds", "rate": "Per million people"}

MOST_TICKS: Final = 7
MOST_LETTERS: Final = 5


def charts(content: Mapping[str, Any]) -> Iterator[tuple[str, Block, Mapping[str, Figure]]]:
    """Yield every chart of the document with its name, ``service/chart``, and the figures that it may use."""
    for service in content["services"]:
        for section in service["sections"]:
            for block in section["blocks"]:
                if block["kind"] == "chart":
                    yield f"{service['slug']}/{block['id']}", block, service["figures"]


def grouped(blocks: Iterable[Block]) -> list[Block]:
    """Return the blocks with neighbouring charts, and the table that follows them, as one block of kind ``pictures``.

    Two narrow tables that follow one another are one block of kind ``tables``.
    """
    found: list[Block] = []
    for block in blocks:
        last: Any = found[-1] if found and found[-1]["kind"] == "pictures" and found[-1]["table"] is None else None
        if block["kind"] == "chart":
            if last is None:
                last = {"kind": "pictures", "charts": [], "table": None}
                found.append(last)
            last["charts"].append(block)
        elif block["kind"] == "table" and last is not None:
            last["table"] = block
        elif _narrow(block) and found and _narrow(found[-1]):
            found[-1] = {"kind": "tables", "tables": [found[-1], block]}
        else:
            found.append(block)
    return found


def _narrow(block: Block) -> bool:
    return block["kind"] == "table" and len(block["columns"]) <= 2


def draw(content: Mapping[str, Any]) -> dict[str, str]:
    """Return every chart of the document as SVG text, by its name."""
    every = list(charts(content))
    drawn = cores.each(lambda chart: _svg(chart[1], chart[2]), every)
    return {name: svg for (name, _, _), svg in zip(every, drawn, strict=True)}


def _svg(block: Block, figures: Mapping[str, Figure]) -> str:
    named = {"prefix": block["id"], "headline": block["title"], "description": describe(block, figures)}
    own = {"survival": _survival, "map": _map}.get(block["chart"])
    if own is not None:
        return own(block, figures, named)
    if block["chart"] == "stacked":
        return kit.stacked([_stack(point, figures) for point in block["points"]], levels=block["levels"], **named)
    marks = [_mark(point, figures) for point in block["points"]]
    if block["chart"] == "funnel":
        return kit.funnel(marks, **named, target=figures[block["target"]["f"]]["value"], y_label="Patients with the outcome")
    if block["chart"] == "run":
        return _run(block, marks, figures, named)
    places, axis = _PLACES[block["form"]], _AXES.get(block["form"], "")
    percent = block["form"] == "percent"
    if block["chart"] == "bars" and all(mark.value is None or mark.value >= 0 for mark in marks):
        return kit.bars(marks, **named, percent=percent, places=places, x_label=axis)
    label = f"{axis}, 95% intervals" if axis else ""
    return kit.dots(marks, **named, percent=percent, places=places, benchmark=block.get("benchmark"), x_label=label)


def _mark(point: Mapping[str, Any], figures: Mapping[str, Figure]) -> kit.Mark:
    shown = figures[point["value"]["f"]]
    lower, upper = (figures[point[end]["f"]]["value"] if end in point else None for end in ("lower", "upper"))
    of = figures[point["denominator"]["f"]]["value"] if "denominator" in point else None
    note = "" if shown["value"] is not None else shown["text"]
    return kit.Mark(point["label"], shown["value"], lower, upper, of, point.get("flag", ""), note=note)


def _map(block: Block, figures: Mapping[str, Figure], named: Mapping[str, str]) -> str:
    """Draw areas as tiles of one size, in up to four classes with as many of the shown figures in each."""
    shown = [(point, figures[point["value"]["f"]]) for point in block["points"]]
    values = sorted(float(one["value"]) for _, one in shown if one["value"] is not None)
    breaks = sorted({values[len(values) * part // 4] for part in (1, 2, 3)} - {values[0]}) or [values[0]]
    tiles = []
    for point, one in shown:
        column, row = point["at"]
        tiles.append(kit.Tile(point["label"], column, row, one["value"], _initials(point["label"]), one["text"]))
    told: dict[str, Any] = {**named}
    return kit.tiles(tiles, breaks=breaks, **told, unit=_AXES.get(block["form"], ""), places=_PLACES[block["form"]])


def _initials(name: str) -> str:
    """Return the capitals of a name of several words, else the name or its first letters: what fits on a tile."""
    words = [word for word in name.split() if word[:1].isupper()]
    return "".join(word[0] for word in words) if len(words) > 1 else name if len(name) <= MOST_LETTERS else name[:3]


def _stack(point: Mapping[str, Any], figures: Mapping[str, Figure]) -> kit.Stack:
    shares = [float(figures[part["value"]["f"]]["value"]) for part in point["parts"]]
    return kit.Stack(point["label"], shares, figures[point["of"]["f"]]["value"])


def _run(block: Block, marks: list[kit.Mark], figures: Mapping[str, Figure], named: Mapping[str, str]) -> str:
    """Draw periods as points joined by a line, each with its interval; average and limits where there are any."""
    limits = [float(figures[part["f"]]["value"]) for part in block.get("limits", ())]
    told: dict[str, Any] = {**named}
    return kit.run(
        marks,
        **told,
        centre=figures[block["average"]["f"]]["value"] if limits else None,
        limits=(limits[0], limits[1]) if limits else None,
        percent=block["form"] == "percent",
        places=_PLACES[block["form"]],
        y_label=block["unit"].capitalize(),
        zero=block["zero"],
        note="Upright lines: 95% intervals." if any(mark.lower is not None for mark in marks) else "",
    )


def _survival(block: Block, figures: Mapping[str, Figure], named: Mapping[str, str]) -> str:
    """Draw one curve with its band: survival from nought, or from a half where it stays above; incidence as far as it rises."""
    points = block["points"]
    ends = [[_end(point, figures, name) for point in points] for name in ("lower", "upper")]
    known = any(not math.isnan(value) for value in ends[0])
    estimates = [float(figures[point["value"]["f"]]["value"]) for point in points]
    least = min([*estimates, *(value for value in ends[0] if not math.isnan(value))])
    begins = block.get("begins", 1.0)
    lower, upper = ends if known else ((), ())
    curve = kit.Curve("", [point["days"] for point in points], estimates, lower, upper, begins=begins)
    unit, at = time_axis(points[-1]["days"])
    floor = 0.0 if least < 0.5 or begins == 0 else 0.5
    most = max([*estimates, *(value for value in ends[1] if not math.isnan(value))])
    told: dict[str, Any] = {**named, "description": f"{named['description']} The scale begins at {floor:.0%}."}
    return kit.survival(
        [curve], at=at, **told, x_label=unit, y_label=block["y_label"], floor=floor, ceiling=1 if begins else most
    )


def _end(point: Mapping[str, Any], figures: Mapping[str, Figure], name: str) -> float:
    return float(figures[point[name]["f"]]["value"]) if name in point else math.nan


def time_axis(last: float) -> tuple[str, list[tuple[float, str]]]:
    """Return the unit of a time axis that holds ``last`` days, and its ticks: at most seven, from nought."""
    unit, length = ("Months", MONTH) if last <= 24.5 * MONTH else ("Years", 12 * MONTH)
    whole = max(1, math.ceil(round(last / length - 0.02, 6)))
    step = next(step for step in (1, 2, 3, 6, 10, 20, 50, whole) if math.ceil(whole / step) <= MOST_TICKS - 1)
    return unit, [(number * length, str(number)) for number in range(0, whole + step, step)]
