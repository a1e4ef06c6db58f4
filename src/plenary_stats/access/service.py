"""Equity of access of one service, from its cases: where they lived on the day of care, and every figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np

from plenary_stats.access.counts import Geography, residents
from plenary_stats.access.distance import Centres, distance_table
from plenary_stats.access.figures import equity_of_access
from plenary_stats.access.residence import FAULTS, residence
from plenary_stats.areas import SECOND_MAP, Areas
from plenary_stats.measures.sheets import NOT_KNOWN, Sheet, sexes
from plenary_stats.small_areas import SmallAreas
from plenary_stats.spec import DataSet
from plenary_stats.tables import CaseTable, Column, ResultTable, Table

NATIONS: Final = ("Wales", "Scotland", "Northern Ireland")


def of_service(
    cases: CaseTable,
    on: Sequence[date],
    areas: Areas,
    small: SmallAreas,
    centres: Centres,
    *,
    periods: Sequence[str],
    dataset: DataSet | None = None,
    nations: Sequence[str] = (),
    offered: Sequence[str] | None = None,
    minimum: int = 30,
) -> tuple[ResultTable, ...]:
    """Return the tables ``equity``, ``distances`` and ``residence`` of a service. ``on`` has the date of care of each case.

    ``periods`` are the labels of consecutive years, oldest first; the last one is reported. Years before the first case are left
    out: nobody knows whether the service had patients then. Where the years span both maps, areas are those that both have. The
    other ``nations`` are counted among the residents if they are entitled to the service; else their patients stand in
    ``residence`` alone. ``offered`` are the centres that took patients in the period: the nearest is one of them. Without a
    column ``area`` there is nothing to say, and no table.
    """
    if "area" not in cases.columns or not len(periods):
        return ()
    home = residence(areas, cases["area"], np.array(list(on), dtype="datetime64[D]"))
    years = _since_the_first(cases["period"], periods)
    geography = _geography(on, cases["period"], years)
    columns = {"period": cases["period"], "area": home.board if geography == "board" else home.common}
    if "sex" in cases.columns:
        columns["sex"] = sexes(cases, dataset)
    if "age" in cases.columns:
        columns["age"] = cases["age"]
    last = max(on, default=date.min)
    people = residents(areas, last, geography, nations=nations)
    table = CaseTable(columns, service=cases.service)
    found = equity_of_access(table, people, services=[cases.service], years=years, minimum=minimum)
    now = cases["period"] == periods[-1]
    lived = Table({"board": home.board[now], "centre": cases["centre"][now]})
    boards = small.board(last)
    names, service, period = sorted(set(boards.tolist())), cases.service, periods[-1]
    away = distance_table(lived, small, boards, centres, service=service, period=period, areas=names, offered=offered)
    equity = ResultTable(found.columns, name="equity", kind="exposure")
    return equity, away, _placed(home.board[now], home.fault[now], cases.service, periods[-1])


def _since_the_first(period: Column, periods: Sequence[str]) -> list[str]:
    present = [place for place, name in enumerate(periods) if (period == name).any()]
    return list(periods[present[0] if present else len(periods) - 1 :])


def _geography(on: Sequence[date], period: Column, years: Sequence[str]) -> Geography:
    """Return whole boards where one map holds for all cases, else the areas that both maps have."""
    days = [day for day, name in zip(on, period.tolist(), strict=True) if name in years]
    later = {day >= SECOND_MAP for day in days}
    return "common" if len(later) > 1 else "board"


def _placed(board: Column, fault: Column, service: str, period: str) -> ResultTable:
    """Return how many patients of the period live in England, in each other nation, or cannot be placed, and why."""
    sheet = Sheet(service, period, used=())
    elsewhere = [*NATIONS, NOT_KNOWN]
    counts = {"England": int((~np.isin(board, elsewhere)).sum())} | {name: int((board == name).sum()) for name in elsewhere}
    for name, number in counts.items():
        sheet.add("patients", area=name, value=number, method="Residence on the day of care")
    for kind, words in FAULTS.items():
        number = int((fault == kind).sum())
        if number:
            sheet.add(f"residence-{kind}", value=number, method="Residence on the day of care", note=words)
    return sheet.table("residence", "count")
