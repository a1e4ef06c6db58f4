"""The period in an address: ``2025`` is that year, ``2025-26`` the financial year, else the two days."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from plenary.collection.queries import periods
from plenary.collection.terms import require_period
from plenary.core.queries import today
from plenary.core.terms import NotFound, NotPossible
from plenary.web.design.formats import day

OFFERED = 4
"""How many years back a list of periods reaches, when nothing older was sent."""


@dataclass(frozen=True, order=True)
class Period:
    """The days ``[start, end)``."""

    start: date
    end: date

    @property
    def is_year(self) -> bool:
        return self == year(self.start.year)

    @property
    def key(self) -> str:
        """What stands in an address."""
        if self.is_year:
            return str(self.start.year)
        if self == financial_year(self.start.year):
            return f"{self.start.year}-{self.end.year % 100:02d}"
        return f"{self.start.isoformat()}..{self.end.isoformat()}"

    @property
    def words(self) -> str:
        """How the period is called; the last day is included."""
        return str(self.start.year) if self.is_year else f"{day(self.start)} to {day(self.end - timedelta(days=1))}"


def year(number: int) -> Period:
    """Return a calendar year."""
    return Period(date(number, 1, 1), date(number + 1, 1, 1))


def financial_year(number: int) -> Period:
    """Return the financial year that starts in April of a year."""
    return Period(date(number, 4, 1), date(number + 1, 4, 1))


def read_period(key: str) -> Period:
    """Return the period of an address; raise ``NotFound`` for anything that is none."""
    try:
        if re.fullmatch(r"\d{4}", key):
            found, financial = year(int(key)), None
        elif financial := re.fullmatch(r"(\d{4})-(\d{2})", key):
            found = financial_year(int(financial[1]))
        else:
            found = Period(*(date.fromisoformat(part) for part in key.split("..")))
    except (ValueError, TypeError):
        raise NotFound(f"'{key[:40]}' is no period: use 2025, or 2025-26 for April to March.") from None
    if found.end <= found.start or (financial and found.key != key):
        raise NotFound(f"'{key[:40]}' is no period: it must end after it starts.")
    try:
        require_period(found.start, found.end)
    except NotPossible as problem:
        raise NotFound(str(problem)) from problem
    return found


def offered(known: Iterable[tuple[date, date]]) -> list[Period]:
    """Return the periods to choose from, the latest first: recent years and financial years, and those in use (``known``)."""
    now = today()
    recent = {kind(now.year - back) for back in range(OFFERED) for kind in (year, financial_year)}
    return sorted({period for period in recent if period.start <= now} | {Period(*pair) for pair in known}, reverse=True)


def usual(known: Iterable[tuple[date, date]]) -> Period:
    """Return the period that people work on unless they say otherwise: the latest in use that has ended, else last year."""
    ended = [Period(*pair) for pair in known if pair[1] <= today()]
    return max(ended) if ended else year(today().year - 1)


def offer_periods(field: Any, services: Iterable[Any], *asked: str) -> Period:
    """Let a choice field offer the periods of some services, and return the one that stands chosen in it.

    That is the first of those asked for (as addresses name them) that is offered, else the usual one.
    """
    known = periods(one.slug for one in services)
    by_key = {one.key: one for one in offered(known)}
    chosen = next((by_key[key] for key in asked if key in by_key), usual(known))
    field.choices = [(key, one.words) for key, one in by_key.items()]
    field.initial = chosen.key
    return chosen
