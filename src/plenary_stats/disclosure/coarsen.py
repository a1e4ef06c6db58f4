"""Coarser tables: years pooled, areas put together to their region, age bands merged, a breakdown left out.

What is added up is what adds up: patients, numerators and denominators, amounts. A share is worked out anew from them; a median
or an interval cannot be, so that a table made here is for planning: what is published is measured anew from the cases.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plenary_stats.tables import NOT_COLLECTED, SHOWN, TOTAL, Column, ResultTable, text

ADDED = ("numerator", "denominator", "met", "not_met", "not_eligible", "not_known")
YEAR = re.compile(r"(\d{4})(/\d{2})?")
BAND = re.compile(
    r"(?P<low>\d+)(?P<to>\s*(?:to|-|–)\s*)(?P<high>\d+)|[Uu]nder (?P<under>\d+)|(?P<from>\d+)(?P<over>\s*(?:and over|\+))"
)


@dataclass(frozen=True)
class Merge:
    """One step: codes of a dimension ``into`` coarser ones.

    ``whole_stays``: figures of all centres together stay as they were beside the coarser ones. ``services``: of these alone;
    of every service where there are none.
    """

    dimension: str
    into: Mapping[str, str]
    whole_stays: bool = False
    services: tuple[str, ...] = ()


def coarsen(table: ResultTable, step: Merge) -> ResultTable:
    """Return a table with a step taken. A coarser row that stands in the table already is believed."""
    if step.dimension not in table.dimensions:
        return table
    codes = table[step.dimension].tolist()
    moved = np.array([code in step.into for code in codes], dtype=np.bool_) & _among(table, "service", step.services)
    if not moved.any():
        return table
    stays = ~moved
    if step.whole_stays and "centre" in table.dimensions:
        stays |= np.array([code in {TOTAL, ""} for code in table["centre"].tolist()], dtype=np.bool_)
    kept, place = np.flatnonzero(stays), table.dimensions.index(step.dimension)
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    places = list(zip(*(table[name].tolist() for name in table.dimensions), strict=True))
    for row in np.flatnonzero(moved).tolist() if table.kind != "summary" else ():
        here = places[row]
        groups[(*here[:place], step.into[here[place]], *here[place + 1 :])].append(row)
    for row in kept.tolist():
        groups.pop(places[row], None)
    return _with_rows(table, kept, groups)


def _among(table: ResultTable, dimension: str, codes: Sequence[str]) -> Column:
    if not codes:
        return np.ones(len(table), dtype=np.bool_)
    if dimension not in table.dimensions:
        return np.zeros(len(table), dtype=np.bool_)
    return np.isin(table[dimension], list(codes))


def _with_rows(table: ResultTable, kept: Column, groups: Mapping[tuple[str, ...], list[int]]) -> ResultTable:
    """Return the rows that are kept, and behind them each group of rows as one."""
    made: dict[str, Column] = {
        name: text([place[order] for place in groups]) for order, name in enumerate(table.dimensions) if groups
    }
    for name in ADDED:
        if name in table.columns and groups:
            made[name] = np.array([table[name][rows].sum() for rows in groups.values()], dtype=np.float64)
    if groups:
        made["value"] = _values(table, list(groups.values()), made)
    columns = {}
    for name, column in table.columns.items():
        first = [rows[0] for rows in groups.values()]
        if name in made:
            new = made[name]
        elif name == "status":
            new = text([SHOWN if not math.isnan(value) else NOT_COLLECTED for value in made.get("value", np.zeros(0)).tolist()])
        elif column.dtype.kind == "f":
            new = np.full(len(first), math.nan)
        else:
            new = column[first] if name != "note" else text([""] * len(first))
        columns[name] = np.concatenate((column[kept], new)) if first else column[kept]
    return ResultTable(columns, name=table.name, kind=table.kind, dimensions=table.dimensions)


def _values(table: ResultTable, groups: Sequence[list[int]], made: Mapping[str, Column]) -> Column:
    """Return the value of each group: its sum, or its share in the unit of the rows that it is made of."""
    if table.kind in {"count", "magnitude"}:
        return np.array([table["value"][rows].sum() for rows in groups], dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        units = table["value"] * table["denominator"] / table["numerator"]
        usual = units[np.isfinite(units)]
        found: Column = made["numerator"] / made["denominator"] * (np.median(usual) if len(usual) else 1.0)
    return np.where(np.isfinite(found), found, math.nan)


# ------------------------------------------------------------------------------------------------------------ which codes


def pools(codes: Iterable[str], years: int) -> dict[str, str]:
    """Return the period that each single year is pooled into: so many at a time, counted back from the latest.

    Only years that follow on one another are pooled; what is left over at the beginning makes a shorter pool.
    """
    single = sorted(code for code in set(codes) if YEAR.fullmatch(code))
    found: dict[str, str] = {}
    group: list[str] = []
    for code in reversed(single):
        if group and (len(group) == years or int(code[:4]) != int(group[-1][:4]) - 1):
            found |= _pooled(group)
            group = []
        group.append(code)
    return found | _pooled(group)


def _pooled(latest_first: Sequence[str]) -> dict[str, str]:
    if len(latest_first) < 2:
        return {}
    name = f"{latest_first[-1]} to {latest_first[0]}"
    return dict.fromkeys(latest_first, name)


def parents(codes: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the parent of each code that has one and no children of its own among the codes. The first parent counts."""
    first: dict[str, str] = {}
    above = set()
    for child, parent in pairs:
        first.setdefault(child, parent)
        above.add(parent)
    present = set(codes)
    return {code: first[code] for code in sorted(present) if code in first and code not in above and first[code] != TOTAL}


def bands(codes: Iterable[str]) -> dict[str, str]:
    """Return adjacent age bands two by two, from the youngest; of an odd number the oldest three together."""
    known = sorted((code for code in set(codes) if BAND.fullmatch(code)), key=_begins)
    if len(known) < 4:  # three would be all of them together
        return {}
    pairs = [known[place : place + 2] for place in range(0, len(known), 2)]
    if len(pairs[-1]) == 1:
        pairs[-2:] = [pairs[-2] + pairs[-1]]
    return {code: _band(group[0], group[-1]) for group in pairs for code in group}


def _begins(code: str) -> tuple[int, str]:
    match = BAND.fullmatch(code)
    first = (match["low"] or match["from"] or "-1") if match else "-1"
    return int(first), code


def _band(first: str, last: str) -> str:
    """Return a name for two bands and what is between them, in their own manner: "0-17", "Under 10", "65 and over"."""
    young, old = BAND.fullmatch(first), BAND.fullmatch(last)
    if young is not None and old is not None:
        if young["under"] and old["high"]:
            return f"Under {int(old['high']) + 1}"
        if young["low"] and old["high"]:
            return f"{young['low']}{old['to']}{old['high']}"
        if young["low"] and old["from"]:
            return f"{young['low']}{old['over']}"
    return f"{first}, {last}"


def together(codes: Iterable[str]) -> dict[str, str]:
    """Return every code as part of the total: the breakdown is left out."""
    return {code: TOTAL for code in sorted(set(codes)) if code not in {TOTAL, ""}}
