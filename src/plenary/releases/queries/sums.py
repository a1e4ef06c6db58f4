"""The sums that a number of a proposal stands in, with the figures that a reader would have: why one goes with another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from plenary.releases.terms import Reviewed, SumSeen, Term
from plenary_stats.tables import TOTAL

MARGINS = ("centre", "area", "sex", "age_band")
"""The dimensions whose codes add up to a total."""
COUNTED: Mapping[str, Mapping[str, str]] = {
    "count": {"patients": "value"},
    "magnitude": {"amount": "value"},
    "exposure": {"patients": "numerator"},
    "rate": {"denominator": "denominator", "numerator": "numerator"},
    "levels": {"denominator": "denominator", "numerator": "numerator"},
    "summary": {"denominator": "denominator"},
}
"""What a row counts that adds up, and which column holds it, by the kind of its table."""
_POOL = re.compile(r"(?P<first>\d{4})(?P<financial>/\d{2})? to (?P<last>\d{4})(?(financial)/\d{2})")
"""``2023 to 2025``, ``2023/24 to 2025/26``."""

Hierarchies = Mapping[str, Sequence[Sequence[str]]]
Siblings = Mapping[str, Reviewed]


def sums_of(rows: Sequence[Reviewed], row: Reviewed, hierarchies: Hierarchies) -> list[SumSeen]:
    """Return the sums within its own table that tie a row to others: margins, groups of a hierarchy, pooled years."""
    table = [one for one in rows if one.table == row.table]
    found = [_events(row)] if row.kind in {"rate", "levels"} else []
    for dimension in MARGINS:
        siblings = _siblings(table, row, dimension)
        for whole, parts in _families(siblings, hierarchies.get(dimension, ())):
            if _code(row, dimension) in {whole, *parts}:
                found += _sums(row.kind, dimension, siblings, whole, parts)
    years = _siblings(table, row, "period")
    for whole in years:
        match = _POOL.fullmatch(whole)
        parts = _years(match) if match else []
        if parts and row.place["period"] in {whole, *parts}:
            found += _sums(row.kind, "period", years, whole, parts)
    return found


def _years(pool: re.Match[str]) -> list[str]:
    """Return the labels of the single years that are taken together."""
    years = range(int(pool["first"]), int(pool["last"]) + 1)
    return [f"{year}/{(year + 1) % 100:02d}" if pool["financial"] else str(year) for year in years]


def _code(row: Reviewed, dimension: str) -> str:
    """Return where a row stands in a dimension; a blank is a margin like ``Total``."""
    return row.place[dimension] or TOTAL


def _siblings(table: Sequence[Reviewed], row: Reviewed, dimension: str) -> Siblings:
    """Return the rows that differ from a row in this dimension alone, by their code."""
    others = [name for name in row.place if name != dimension]
    found: dict[str, Reviewed] = {}
    for one in table:
        if all(_code(one, name) == _code(row, name) for name in others):
            found.setdefault(_code(one, dimension), one)
    return found


def _families(siblings: Siblings, pairs: Sequence[Sequence[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield each whole with its parts: the total with what has no parent of its own, a parent with its children."""
    inner = {child for child, parent in pairs if parent in siblings}
    roots = [code for code in siblings if code != TOTAL and code not in inner]
    if TOTAL in siblings and roots:
        yield TOTAL, roots
    for parent in dict.fromkeys(parent for _, parent in pairs if parent in siblings and parent != TOTAL):
        yield parent, [child for child, one in pairs if one == parent]


def _sums(kind: str, dimension: str, siblings: Siblings, whole: str, parts: Sequence[str]) -> Iterator[SumSeen]:
    for quantity, column in COUNTED[kind].items():
        terms = [_term(code, siblings.get(code), column) for code in (whole, *parts)]
        yield SumSeen(quantity, dimension, terms[0], tuple(terms[1:]))


def _term(code: str, row: Reviewed | None, column: str) -> Term:
    return Term(code, None if row is None else row.after.get(column), row)


def _events(row: Reviewed) -> SumSeen:
    """Return that those of a rate are those with the outcome and those without."""
    of, met = row.after.get("denominator"), row.after.get("numerator")
    unmet = None if of is None or met is None else of - met
    return SumSeen("denominator", "outcome", Term("all", of, row), (Term("met", met, row), Term("not met", unmet, row)))
