"""From a file's text to typed episodes, and an account of every row: read = kept + refused, each refusal with its reason.

A row is refused where a required value is missing or cannot be read. An optional value that cannot be read is set aside and
counted; the row is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import or_
from types import MappingProxyType
from typing import Any, Final

import ibis
from ibis.expr.types import BooleanValue, IntegerValue, StringValue, Table, Value

from plenary_episodes.engines import Opened
from plenary_episodes.layouts import CODES, MEANINGS, Column, Layout
from plenary_episodes.pseudonyms import is_one_of
from plenary_stats.findings import LISTED, Finding, Findings

REFUSED: Final = MappingProxyType(
    {
        "required": "The {name} is missing, so the row was refused.",
        "not-a-date": "The {name} is not a date that exists, so the row was refused.",
        "not-a-number": "The {name} is not a whole number, so the row was refused.",
        "torn-row": "The row has more or fewer cells than there are headings, or is not UTF-8; it was refused.",
    }
)
"""Why a row is refused, by rule."""

_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNREADABLE: Final = {"date": "not-a-date", "whole": "not-a-number"}


@dataclass(frozen=True)
class Account:
    """What became of a file's rows."""

    file: str
    layout: str
    read: int
    refused: Mapping[str, int] = field(default_factory=dict)
    set_aside: Mapping[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        return self.read - sum(self.refused.values())


@dataclass(frozen=True)
class Episodes:
    """A file as typed episodes: one Ibis table, not run yet."""

    opened: Opened
    layout: Layout
    columns: Mapping[str, Column]

    @cached_property
    def rows(self) -> Table:
        """The rows with the text and the typed value of every known column: in two steps, so that neither is written out anew
        wherever it is used. A Parquet column of dates is its own value and never becomes a text.
        """
        given = self.opened.table
        columns = list(enumerate(self.columns.items()))
        typed = {place for place, (heading, column) in columns if column.kind == "date" and given[heading].type().is_date()}
        texts = given.select(
            **{
                f"text{place}": given[heading] if place in typed else _text(given[heading], column)
                for place, (heading, column) in columns
            }
        )
        return texts.mutate(
            **{
                f"value{place}": (_known_day if place in typed else _value)(texts[f"text{place}"], column)
                for place, (_, column) in columns
            }
        )

    @cached_property
    def texts(self) -> dict[str, Value]:
        """What stands in every known column by its heading, as text but for dates of Parquet; what is empty is null."""
        return {heading: self.rows[f"text{place}"] for place, heading in enumerate(self.columns)}

    @cached_property
    def values(self) -> dict[str, Value]:
        """The typed value of every known column by its heading."""
        return {heading: self.rows[f"value{place}"] for place, heading in enumerate(self.columns)}

    def value(self, meaning: str) -> Value:
        """Return the typed value of a meaning; null where the file has no such column."""
        heading = next((heading for heading, column in self.columns.items() if column.meaning == meaning), None)
        if heading is not None:
            return self.values[heading]
        return ibis.null({"text": "string", "date": "date", "whole": "int64"}[MEANINGS[meaning]])

    def codes(self, meaning: str) -> list[Any]:
        """Return the columns of codes of a meaning in the order of their positions, as written."""
        own = [(column.position, heading) for heading, column in self.columns.items() if column.meaning == meaning]
        return [self.texts[heading] for _, heading in sorted(own)]

    @cached_property
    def trouble(self) -> dict[str, BooleanValue]:
        """What a row can be refused for, as ``rule:heading``, in the order in which it is said."""
        found: dict[str, BooleanValue] = {}
        for heading, column in self.columns.items():
            if column.required:
                found[f"required:{heading}"] = self.texts[heading].isnull()
                if column.kind != "text":
                    found[f"{_UNREADABLE[column.kind]}:{heading}"] = self._unreadable(heading)
        return found

    @cached_property
    def reason(self) -> IntegerValue:
        """Why the row is refused, by its place in ``trouble``; -1 where it is kept."""
        return ibis.cases(*((wrong, place) for place, wrong in enumerate(self.trouble.values())), else_=-1)

    @property
    def sound(self) -> BooleanValue:
        """Whether the row is kept."""
        return ~reduce(or_, self.trouble.values())

    def _unreadable(self, heading: str) -> BooleanValue:
        return self.texts[heading].notnull() & self.values[heading].isnull()

    def accounted(self) -> tuple[Account, Findings]:
        """Read every row once; return the account of them and the findings."""
        optional = [h for h, column in self.columns.items() if not column.required and column.kind != "text"]
        reasons = list(self.trouble)
        judged = self.rows.select(
            reason=self.reason, **{f"aside{place}": self._unreadable(heading) for place, heading in enumerate(optional)}
        )
        sums = {f"refused{place}": (judged.reason == place).sum() for place in range(len(reasons))}
        sums |= {f"aside{place}": judged[f"aside{place}"].sum() for place in range(len(optional))}
        counted = self.opened.run(judged.aggregate(read=judged.count(), **sums)).to_pylist()[0]
        torn = self.opened.torn()
        refused = {reason: int(counted[f"refused{place}"] or 0) for place, reason in enumerate(reasons)} | {"torn-row:": torn}
        aside = {heading: int(counted[f"aside{place}"] or 0) for place, heading in enumerate(optional)}
        account = Account(
            self.opened.path.name, f"{self.layout.name} {self.layout.version}", int(counted["read"]) + torn,
            {reason: number for reason, number in refused.items() if number},
            {heading: number for heading, number in aside.items() if number},
        )  # fmt: skip
        return account, self._findings(account)

    def _findings(self, account: Account) -> Findings:
        found = Findings()
        if "torn-row:" in account.refused:
            for row in self.opened.torn_rows(LISTED):
                found.append(self._finding("torn-row", "", row, REFUSED["torn-row"]))
        if set(account.refused) - {"torn-row:"}:
            found.extend(self._refusals())
        for heading, number in account.set_aside.items():
            message = f"{number:,} values cannot be read and were set aside; their rows were kept."
            remedy = f"Dates and numbers are read as layout {account.layout} says."
            rule = _UNREADABLE[self.columns[heading].kind]
            found.append(Finding(account.file, 0, heading, rule, "warning", message, remedy))
        return found.ordered()

    def _refusals(self) -> list[Finding]:
        """Return a finding for each of the first refused rows, named by the file's own number of the row."""
        wrong = self.rows.select(reason=self.reason, **{name: self.value(name) for name in ("record", "nhs_number", "local_id")})
        first = wrong.filter(wrong.reason >= 0).order_by(["reason", "record"]).limit(LISTED)
        listed = self.opened.run(first).to_pylist()
        reasons = list(self.trouble)
        made = []
        for row in sorted(listed, key=lambda one: (one["reason"], one["record"] or "")):
            rule, heading = reasons[row["reason"]].split(":", 1)
            hidden = not row["record"] or is_one_of(row["record"], (row["nhs_number"], row["local_id"]))
            record = "" if hidden else f"Record {row['record']}: "
            made.append(self._finding(rule, heading, 0, record + REFUSED[rule].format(name=heading)))
        return made

    def _finding(self, rule: str, heading: str, row: int, message: str) -> Finding:
        remedy = "Ask the sender for the row as it should be, and send the file again."
        return Finding(self.opened.path.name, row, heading, rule, "blocking", message, remedy)


def read(opened: Opened, layout: Layout) -> Episodes:
    """Return the episodes of a file, by its layout."""
    return Episodes(opened, layout, layout.within(opened.headings))


def age_at(episodes: Episodes) -> Value:
    """Return the age in whole years on the day of the event: from the birth date where it is known, else as the file says."""
    born, on = episodes.value("birth_date"), episodes.value("event_date")
    return ibis.coalesce((_as_number(on) - _as_number(born)) // 10_000, episodes.value("age"))


def _as_number(day: Any) -> Value:
    return (day.year().cast("int64") * 10_000) + (day.month() * 100) + day.day()


def _text(value: Any, column: Column) -> StringValue:
    text = value.cast("string")
    if column.meaning in CODES:  # judged by the rules, and many: an empty one matches nothing
        return text.left(column.take) if column.take else text
    text = text.strip() if value.type().is_string() else text
    if column.take:
        text = text.left(column.take)
    if not value.type().is_string() and not column.missing:
        return text
    return ibis.ifelse(text.isin(("", *column.missing)), ibis.null("string"), text)


def _known_day(day: Any, column: Column) -> Value:
    """Return a date as it stands, null where it is one of those that say that nothing is known."""
    nothing = [ibis.date(text) for text in column.missing if _ISO.fullmatch(text)]
    return ibis.ifelse(day.isin(nothing), ibis.null("date"), day) if nothing else day


def _value(text: StringValue, column: Column) -> Value:
    if column.kind == "date":
        return ibis.coalesce(*(_date(text, form) for form in column.forms))
    if column.kind == "whole":
        number = ibis.ifelse(text.re_search(r"^\d{1,6}$"), text, ibis.null("string")).try_cast("int64")
        return ibis.ifelse(number >= column.infant_from, 0, number) if column.infant_from else number
    if column.values:
        return ibis.cases(*((text == code, meant) for code, meant in column.values.items()), else_=ibis.null("string"))
    return text


def _date(text: StringValue, form: str) -> Value:
    """Return a date, null where the text is none: the engines are asked for nothing but ISO dates, on which they agree."""
    if form == "iso":  # a time of day may follow
        return _like(text, "____-__-__%", text.left(10))
    if form == "dmy":
        return _like(text, "__/__/____", text.right(4) + "-" + text.substr(3, 2) + "-" + text.left(2))
    return _like(text, "________", text.left(4) + "-" + text.substr(4, 2) + "-" + text.right(2))


def _like(text: StringValue, shape: str, day: StringValue) -> Value:
    return ibis.ifelse(text.like(shape), day, ibis.null("string")).try_cast("date")
