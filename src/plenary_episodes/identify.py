"""Identification rules compiled to one Ibis expression, run over every row of a file.

First a cheap test keeps the rows that hold any code of any rule; only these are typed, and only on these the rules are tried,
a handful of rules at a time. One scan does all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from operator import and_, or_
from typing import Final

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import BooleanValue, StringValue, Table

from plenary_episodes.layouts import CODES
from plenary_episodes.reading import Episodes, age_at, read
from plenary_episodes.rules import PLACES, Criteria, Position, Rule, RuleSet

KEPT: Final = ("record", "nhs_number", "local_id", "provider", "event_date", "birth_date", "sex", "area")
"""What leaves the engine of an identified episode, besides the rules that it matched."""

_COUNTED: Final = ("event_date", "age", *PLACES)

_HANDFUL: Final = 9
"""How many rules are tried together, after one test for all their codes: about the root of a national number of rules."""


def identified(episodes: Episodes, sets: Sequence[RuleSet]) -> pa.Table | None:
    """Return the identified episodes of a file; ``matched`` names every rule as ``service/rule``, with bars between them.

    None where no rule can match such a file.
    """
    asked = expression(episodes, sets)
    if asked is None:
        return None
    found = episodes.opened.run(asked)
    found = found.filter(pc.and_(found.column("sound"), pc.not_equal(found.column("matched"), ""))).drop_columns("sound")
    return found.sort_by([(name, "ascending") for name in found.column_names])  # neither engine keeps the order of the file


def expression(episodes: Episodes, sets: Sequence[RuleSet]) -> Table | None:
    """Return the one expression of all rules: for each row that holds any of their codes, which of them it matches.

    The rows that match none are left out afterwards: an engine that may would try every rule on every row.
    """
    rules = [(one, rule) for one in sets for rule in one.rules if _applies(rule, episodes)]
    test = _any_code(episodes, [rule for _, rule in rules])
    if test is None:
        return None
    held = replace(episodes.opened, table=episodes.opened.table.filter(test))
    few = read(held, episodes.layout)  # the others are not even typed
    columns = {name: few.value(name) for name in dict.fromkeys((*KEPT, *_COUNTED)) if name != "age"}
    columns |= {f"{kind}_codes": _joined(few.codes(kind)) for kind in CODES}
    rows = few.rows.select(age=age_at(few), sound=few.sound, **columns)
    handfuls = (rules[place : place + _HANDFUL] for place in range(0, len(rules), _HANDFUL))
    return rows.select(*KEPT, "sound", matched=ibis.literal("|").join([_named(some, rows) for some in handfuls]))


def _applies(rule: Rule, episodes: Episodes) -> bool:
    """Whether a rule can match such a file: its layout is meant, and the codes that it asks for are there."""
    meant = not rule.layouts or episodes.layout.name in rule.layouts
    return meant and all(episodes.codes(one.kind) for one in rule.include.codes)


def _any_code(episodes: Episodes, rules: Iterable[Rule]) -> BooleanValue | None:
    """Return a test that every match passes and few other rows do: one code of each rule, in any position.

    One short pattern a column, and what it finds is asked for: DuckDB does that once for each code of a block of Parquet, but
    whether a text fits at all once for each row. A list of codes is many times slower, for an engine makes a join of each.
    """
    wanted = {kind: "|".join(sorted({_as_written(code) for code in codes})) for kind, codes in _first_codes(rules).items()}
    tests = [
        episodes.opened.table[heading].cast("string").re_extract(f"^ *(?:{wanted[column.meaning]})", 0) != ""
        for heading, column in episodes.columns.items()
        if column.meaning in wanted
    ]
    return reduce(or_, tests) if tests else None


def _first_codes(rules: Iterable[Rule]) -> dict[str, set[str]]:
    """Return the first list of codes of each rule, by kind: an episode that matches holds one of them."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        first = rule.include.codes[0]
        found.setdefault(first.kind, set()).update(first.prefixes)
    return found


def _named(rules: Sequence[tuple[RuleSet, Rule]], rows: Table) -> StringValue:
    """Return the names of the rules that a row matches; null where it holds none of their codes, and none was tried."""
    tests = [
        rows[f"{kind}_codes"].re_search(_pattern(sorted(prefixes)))
        for kind, prefixes in _first_codes(rule for _, rule in rules).items()
    ]
    names = [ibis.ifelse(_holds(rule, rows), f"{one.service}/{rule.id}", ibis.null("string")) for one, rule in rules]
    return ibis.ifelse(reduce(or_, tests), ibis.literal("|").join(names).nullif(""), ibis.null("string"))


def _as_written(code: str) -> str:
    """Return the pattern of a code as files write it: in either case, with or without the point; of a name, its beginning."""
    letters = [f"[{each}{each.lower()}]" if each.isalpha() else each for each in code[:4]]
    return r"[. ]*".join(letters)


def _joined(columns: Sequence[StringValue]) -> StringValue:
    """Return all positions as one text, each code after a bar: ``|C692|H330``. The first has its place even where it is empty."""
    if not columns:
        return ibis.literal("")
    joined = ibis.literal("|").join(["", ibis.coalesce(columns[0], ""), *columns[1:]])
    return joined.upper().replace(".", "").replace(" ", "")


def _holds(rule: Rule, rows: Table) -> BooleanValue:
    tests = [_all(rule.include, rows), *(~_all(one, rows) for one in rule.exclude)]
    if rule.valid_from is not None:
        tests.append(rows.event_date >= ibis.literal(rule.valid_from))
    if rule.valid_to is not None:
        tests.append(rows.event_date < ibis.literal(rule.valid_to))
    return reduce(and_, tests)


def _all(criteria: Criteria, rows: Table) -> BooleanValue:
    """Return whether all criteria hold; what is not known does not hold."""
    tests = [rows[f"{one.kind}_codes"].re_search(_pattern(one.prefixes, one.position)) for one in criteria.codes]
    tests += [rows[name].isin(values) for name, values in criteria.places.items()]
    if criteria.age_from is not None:
        tests.append(rows.age >= criteria.age_from)
    if criteria.age_below is not None:
        tests.append(rows.age < criteria.age_below)
    return reduce(and_, [ibis.coalesce(test, ibis.literal(value=False)) for test in tests])


def _pattern(prefixes: Iterable[str], position: Position = "any") -> str:
    """Return the expression that finds codes in the joined text; both engines read it alike."""
    start = {"any": r"\|", "dominant": r"^\|", "secondary": r"^\|[^|]*\|(?:.*\|)?"}[position]
    return f"{start}(?:{'|'.join(prefixes)})"
