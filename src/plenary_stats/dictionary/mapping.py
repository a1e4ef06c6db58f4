"""A mapping: how files of an earlier version of a data set, or with other headings, become files of this one.

It is a document of the network: which columns have another name, which values another code, what is left out. ``draft`` writes
one from the difference between two versions, for people to look through; :func:`plenary_stats.ingest.mapped` turns the table of a
file before it is checked.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from plenary_stats.dictionary import difference
from plenary_stats.dictionary.document import Dictionary, Entry, decode, plain
from plenary_stats.errors import InputError


@dataclass(frozen=True)
class Rule:
    """What becomes of one column. Without ``new`` it is left out; without ``old`` every row has ``value``."""

    old: str = ""
    new: str = ""
    recode: Mapping[str, str] = field(default_factory=dict)
    factor: Decimal | None = None
    value: str = ""


@dataclass(frozen=True)
class FileMapping:
    """The rules for files of one kind. ``files``: patterns of the names of the files that they are for."""

    service: str
    old: str
    new: str
    rules: tuple[Rule, ...]
    files: tuple[str, ...] = ()


_KEYS: Final = ("old", "new", "recode", "factor", "value", "drop", "note")


def read_mapping(content: bytes | str) -> FileMapping:
    """Return the mapping of a TOML document, or raise :class:`InputError` naming the field and what is wrong with it."""
    try:
        document = tomllib.loads(decode(content))
    except (ValueError, RecursionError) as problem:
        raise InputError(f"The mapping is not TOML: {problem}.") from problem
    for key in ("service", "from", "to"):
        if not isinstance(document.get(key), str) or not document[key]:
            raise InputError(f'The mapping must say its {key}, for instance {key} = "{"lam" if key == "service" else "2026-1"}".')
    files = document.get("files", [])
    entries = document.get("field", [])
    if not isinstance(files, list) or not all(isinstance(one, str) for one in files):
        raise InputError('The mapping\'s files are a list of names, for instance files = ["cases-2025.csv"].')
    if not isinstance(entries, list) or not entries:
        raise InputError("The mapping has no [[field]].")
    rules = tuple(_rule(entry, number) for number, entry in enumerate(entries, start=1))
    for key in ("old", "new"):
        names = [getattr(rule, key) for rule in rules if getattr(rule, key)]
        twins = sorted({name for name in names if names.count(name) > 1})
        if twins:
            raise InputError(f"The mapping names '{twins[0]}' twice as {key}. Keep one of the two.")
    return FileMapping(document["service"], document["from"], document["to"], rules, tuple(files))


def _rule(entry: Any, number: int) -> Rule:
    if not isinstance(entry, dict):
        raise InputError("A field of a mapping is written as a table headed [[field]].")
    named = f"[[field]] {number}" + (
        f" ('{entry.get('old') or entry.get('new')}')" if entry.get("old") or entry.get("new") else ""
    )
    strange = sorted(set(entry) - set(_KEYS))
    if strange:
        raise InputError(f"The key '{strange[0]}' of {named} is unknown. Known: {', '.join(_KEYS)}.")
    for key in ("old", "new", "value"):
        if not isinstance(entry.get(key, ""), str):
            raise InputError(f"The {key} of {named} must be a text in quotation marks.")
    old, new = entry.get("old", ""), entry.get("new", "")
    if not old and not (new and entry.get("value")):
        raise InputError(f"{named} needs an old name, or a new name and a value for every row.")
    if old and bool(new) == bool(entry.get("drop", False)):
        raise InputError(f"{named} needs either a new name or drop = true.")
    recode = entry.get("recode", {})
    if not isinstance(recode, dict) or not all(isinstance(value, str) for value in recode.values()):
        raise InputError(f'The recode of {named} is written {{ "1" = "yes", "2" = "no" }}.')
    factor = entry.get("factor")
    if factor is not None and (isinstance(factor, bool) or not isinstance(factor, int | float) or not factor):
        raise InputError(f"The factor of {named} must be a number other than nought.")
    decimal = None if factor is None else Decimal(str(factor))
    return Rule(old, new, MappingProxyType(dict(recode)), decimal, entry.get("value", ""))


def problems(mapping: FileMapping, new: Dictionary, old: Dictionary | None = None) -> list[str]:
    """Return one sentence for everything in a mapping that does not fit the data sets between which it goes."""
    found: list[str] = []
    for rule in mapping.rules:
        if rule.new and rule.new not in new.by_name:
            found.append(f"The data set {mapping.new} has no field '{rule.new}'.")
        if rule.old and old is not None and rule.old not in old.by_name:
            found.append(f"The data set {mapping.old} has no field '{rule.old}'.")
        codes = _codes(new.by_name.get(rule.new))
        found += [
            f"'{value}', which '{rule.new}' is recoded to, is not among its choices: {', '.join(codes)}."
            for value in rule.recode.values()
            if codes and value and value not in codes
        ]
    return found


def _codes(one: Entry | None) -> Sequence[str]:
    try:
        return [choice.code for choice in one.choices] if one is not None else []
    except InputError:
        return []


def turned(rule: Rule, texts: Sequence[str]) -> list[str]:
    """Return the values of a column as the rule has them. A value that it does not name stays."""
    recode = {code.strip().casefold(): value for code, value in rule.recode.items()}
    return [_scaled(recode.get(text.strip().casefold(), text), rule.factor) for text in texts]


def _scaled(text: str, factor: Decimal | None) -> str:
    if factor is None or not text.strip():
        return text
    try:
        product = Decimal(text.strip()) * factor
    except InvalidOperation:
        return text  # the check says what is wrong with it
    return f"{product.normalize():f}" if product.is_finite() else text


def draft(old: Dictionary, new: Dictionary, *, service: str, versions: tuple[str, str]) -> str:
    """Return a mapping from one version to the next, as far as names and labels tell it, for people to look through."""
    lines = [
        "# Drawn up from names and labels: look at every field before it is used.",
        f"service = {_quoted(service)}",
        f"from = {_quoted(versions[0])}",
        f"to = {_quoted(versions[1])}",
        "files = []  # the names of the files that it is for, for instance cases-2025*.csv",
    ]
    renamed = difference.renamings(old, new)
    before = {name: name for name in old.by_name if name in new.by_name} | {was: now for now, was in renamed.items()}
    for one in old.entries:
        now = new.by_name.get(before.get(one.name, ""))
        if one.type in difference.VALUELESS:
            continue
        if now is None:
            lines += ["", "[[field]]", f"old = {_quoted(one.name)}", "drop = true"]
            continue
        recode = _recoded(one, now)
        if recode or now.name != one.name:
            lines += ["", "[[field]]", f"old = {_quoted(one.name)}", f"new = {_quoted(now.name)}"]
            lines += (
                ["recode = { " + ", ".join(f"{_quoted(a)} = {_quoted(b)}" for a, b in recode.items()) + " }"] if recode else []
            )
    return "\n".join(lines) + "\n"


def write(mapping: FileMapping) -> bytes:
    """Return the document of a mapping: what :func:`read_mapping` reads again, the same bytes for the same rules."""
    lines = [
        f"{key} = {_quoted(text)}" for key, text in (("service", mapping.service), ("from", mapping.old), ("to", mapping.new))
    ]
    if mapping.files:
        lines.append(f"files = [{', '.join(map(_quoted, mapping.files))}]")
    for rule in mapping.rules:
        lines += ["", "[[field]]"]
        lines += [f"{key} = {_quoted(text)}" for key, text in (("old", rule.old), ("new", rule.new)) if text]
        lines += [] if rule.new else ["drop = true"]
        pairs = ", ".join(f"{_quoted(old)} = {_quoted(new)}" for old, new in sorted(rule.recode.items()))
        lines += [f"recode = {{ {pairs} }}"] if pairs else []
        lines += [f"factor = {rule.factor}"] if rule.factor is not None else []
        lines += [f"value = {_quoted(rule.value)}"] if not rule.old else []
    return ("\n".join(lines) + "\n").encode()


def _recoded(old: Entry, new: Entry) -> dict[str, str]:
    """Return the new code of each old one whose label has another code now."""
    try:
        by_label = {plain(one.label).casefold(): one.code for one in new.choices}
        found = {one.code: by_label.get(plain(one.label).casefold(), one.code) for one in old.choices}
    except InputError:
        return {}
    return {code: other for code, other in found.items() if code != other}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
