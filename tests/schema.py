"""Does a JSON value fit a JSON schema (2020-12)? The few words that our own documents use; any other word is a failure, not a pass."""

from __future__ import annotations

import re
from typing import Any

KINDS = {"object": dict, "array": list, "string": str, "null": type(None)}
SAID = {"description", "format", "summary", "title"}
"""Words that ask nothing of a value. ``format`` is told beside a pattern that is tried."""


def misfits(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    """Return what of a value does not fit, each with where it stands."""
    found = []
    for word, wanted in schema.items():
        if word not in SAID:
            found += CHECKS[word](value, wanted, root, at, schema)
    return found


def _said(fits: bool, at: str, words: str) -> list[str]:
    return [] if fits else [f"{at}: {words}"]


def _is(value: Any, kind: str) -> bool:
    if kind in {"integer", "number"}:
        return isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)
    return isinstance(value, bool) if kind == "boolean" else isinstance(value, KINDS[kind])


def _type(value, wanted, root, at, schema):
    kinds = [wanted] if isinstance(wanted, str) else wanted
    return _said(any(_is(value, kind) for kind in kinds), at, f"{value!r} is not {wanted}")


def _reference(value, wanted, root, at, schema):
    return misfits(value, resolved(wanted, root), root, at)


def resolved(reference: str, root: dict[str, Any]) -> Any:
    """Return what a reference within the document names."""
    found: Any = root
    assert reference.startswith("#/"), reference
    for part in reference[2:].split("/"):
        found = found[part]
    return found


def _properties(value, wanted, root, at, schema):
    if not isinstance(value, dict):
        return []
    return [said for name in wanted.keys() & value.keys() for said in misfits(value[name], wanted[name], root, f"{at}.{name}")]


def _additional(value, wanted, root, at, schema):
    assert isinstance(wanted, bool)
    extra = value.keys() - schema.get("properties", {}).keys() if isinstance(value, dict) else set()
    return _said(wanted or not extra, at, f"{sorted(extra)} stand in no schema")


def _required(value, wanted, root, at, schema):
    absent = sorted(set(wanted) - value.keys()) if isinstance(value, dict) else []
    return _said(not absent, at, f"{absent} are wanting")


def _items(value, wanted, root, at, schema):
    each = enumerate(value if isinstance(value, list) else [])
    return [said for place, one in each for said in misfits(one, wanted, root, f"{at}[{place}]")]


CHECKS = {
    "$ref": _reference,
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "items": _items,
    "enum": lambda value, wanted, root, at, schema: _said(value in wanted, at, f"{value!r} is none of {wanted}"),
    "pattern": lambda value, wanted, root, at, schema: _said(
        not isinstance(value, str) or re.search(wanted, value) is not None, at, f"{value!r} does not look like {wanted}"
    ),
    "minimum": lambda value, wanted, root, at, schema: _said(
        not _is(value, "number") or value >= wanted, at, f"{value} < {wanted}"
    ),
    "maximum": lambda value, wanted, root, at, schema: _said(
        not _is(value, "number") or value <= wanted, at, f"{value} > {wanted}"
    ),
    "minLength": lambda value, wanted, root, at, schema: _said(
        not isinstance(value, str) or len(value) >= wanted, at, f"fewer than {wanted} letters"
    ),
    "maxLength": lambda value, wanted, root, at, schema: _said(
        not isinstance(value, str) or len(value) <= wanted, at, f"more than {wanted} letters"
    ),
}
