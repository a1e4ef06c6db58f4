"""What linkage knows of an expected case or of a case of the series: pseudonyms, and the few facts that tell people apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True, order=True)
class Person:
    """One record of a person for one service. ``name`` is the record's own: a case number, or the file's number of a row.

    ``doubt``: the probability that what it was made of is of two people.
    """

    service: str
    centre: str
    event_on: date | None
    name: str
    nhs: str = ""
    local: str = ""
    born_on: date | None = None
    sex: str = ""
    area: str = ""
    doubt: float = 0.0


@dataclass(frozen=True)
class People:
    """Records as columns, in the order in which they are written."""

    records: tuple[Person, ...]

    def __len__(self) -> int:
        return len(self.records)

    def texts(self, name: str) -> npt.NDArray[np.str_]:
        """Return a text of every record; an empty one where it is not known."""
        return np.array([getattr(record, name) for record in self.records], dtype=np.str_)

    def days(self, name: str) -> Days:
        """Return a date of every record; NaT where it is not known."""
        return np.array([getattr(record, name) for record in self.records], dtype="datetime64[D]")


def ordered(records: Sequence[Person]) -> People:
    """Return records in an order that depends on no pseudonym, so that the key does not change what is written."""
    return People(tuple(sorted(records, key=_order)))


def _order(one: Person) -> tuple[str, str, date, str, date]:
    return one.service, one.centre, one.event_on or date.min, one.name, one.born_on or date.min
