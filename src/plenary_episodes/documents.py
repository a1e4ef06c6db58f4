"""Reading reviewed TOML documents: a wrong or unknown entry is refused by file and name, never passed over."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from plenary_stats.errors import InputError

HEAD = ("valid_from", "valid_to", "source", "owner", "reviewed", "next_review", "licence", "proposed")
"""What every document says of itself besides its name and version."""


def read(path: Path) -> dict[str, Any]:
    """Return a document, or say why it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise InputError(f"{path} is not a TOML document: {problem}.") from problem


class Entries:
    """The entries of one table of a document. What is asked for is taken away; what then is left was misspelt."""

    def __init__(self, table: Any, where: str) -> None:
        if not isinstance(table, Mapping):
            raise InputError(f"{where} must be a table.")
        self.left, self.where = dict(table), where

    def text(self, name: str, default: str | None = None) -> str:
        return str(self._of(name, str, "a text", default))

    def whole(self, name: str, default: int | None = None) -> int:
        return int(self._of(name, int, "a whole number", default))

    def number(self, name: str, default: float | None = None) -> float:
        return float(self._of(name, (int, float), "a number", default))

    def truth(self, name: str, default: bool) -> bool:
        value: bool = self.left.pop(name, default)
        if not isinstance(value, bool):
            raise InputError(f"{self.where}: '{name}' must be true or false.")
        return value

    def day(self, name: str) -> date | None:
        value = self.left.pop(name, None)
        if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
            raise InputError(f"{self.where}: '{name}' must be a date such as 2026-04-01.")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.left.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            raise InputError(f"{self.where}: '{name}' must be a list of texts such as [\"C69.2\"].")
        return tuple(value)

    def tables(self, name: str) -> list[Any]:
        value = self.left.pop(name, [])
        if not isinstance(value, list):
            raise InputError(f"{self.where}: '{name}' must be written [[{name}]].")
        return value

    def drop(self, names: Iterable[str]) -> None:
        for name in names:
            self.left.pop(name, None)

    def finish(self) -> None:
        """Refuse what nobody asked for: a misspelt entry would otherwise mean nothing."""
        if self.left:
            raise InputError(f"{self.where} does not know {', '.join(sorted(self.left))}.")

    def _of(self, name: str, kind: Any, called: str, default: Any) -> Any:
        value = self.left.pop(name, default)
        if value is None or not isinstance(value, kind) or (isinstance(value, bool)):
            raise InputError(f"{self.where}: '{name}' must be {called}.")
        return value
