"""How values are written on a page. Each is a filter of the same name in the templates."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone


def day(value: date | None) -> str:
    """Return a date as ``5 March 2026``; a time is shown on its local day; nothing for none."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return f"{value.day} {value:%B %Y}"


def as_written(text: str) -> str:
    """Return a date that may lack its day or month as people write it: "1999-01" is "January 1999"; other words stay."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return day(date.fromisoformat(text))
        if re.fullmatch(r"\d{4}-\d{2}", text):
            return f"{date.fromisoformat(f'{text}-01'):%B %Y}"
    except ValueError:  # a day or month that the calendar does not have
        return text
    return text


def moment(value: datetime | None) -> str:
    """Return a time as ``5 March 2026 at 14:07`` in the local time zone; nothing for none."""
    if value is None:
        return ""
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{day(local.date())} at {local:%H:%M}"


def number(value: float | Decimal | None, places: int = 0) -> str:
    """Return a number with thousands separated: ``12,345``; a nought has no sign; nothing for none."""
    return "" if value is None else f"{value:z,.{places}f}"


def money(value: float | Decimal | None) -> str:
    """Return whole pounds: ``£1,234,567``; nothing for none."""
    return "" if value is None else f"£{value:z,.0f}".replace("£-", "−£")


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return ``1 centre`` or ``3 centres``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def span(start: date | None, end: date | None) -> str:
    """Return ``from 1 April 2013``, ``until …`` or ``1 April 2013 to …`` (end not included in the data, shown as written)."""
    if start and end:
        return f"{day(start)} to {day(end)}"
    if start:
        return f"from {day(start)}"
    return f"until {day(end)}" if end else ""
