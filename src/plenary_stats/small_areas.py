"""The small areas of England: where residents live, closely enough to say how far they travel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from plenary_stats.areas import SECOND_MAP, rows
from plenary_stats.results import Numbers
from plenary_stats.tables import Column, text


@dataclass(frozen=True)
class SmallAreas:
    """One row a small area: its code, its board on either map, the point where its residents live, and how many they are."""

    code: Column
    icb_2022: Column
    icb_2026: Column
    latitude: Numbers
    longitude: Numbers
    persons: Numbers
    under_18: Numbers

    def __len__(self) -> int:
        return len(self.code)

    def board(self, on: date) -> Column:
        """Return the board of each on the map of a day."""
        return self.icb_2026 if on >= SECOND_MAP else self.icb_2022

    def people(self, age_group: str = "all") -> Numbers:
        """Return the residents of an age group: ``all``, ``children`` (under 18) or ``adults``."""
        whole = {"all": self.persons, "children": self.under_18, "adults": self.persons - self.under_18}
        if age_group not in whole:
            raise ValueError(f"age_group: {age_group!r} is none of {', '.join(whole)}.")
        return whole[age_group]


def read_small_areas(folder: Path) -> SmallAreas:
    """Read ``definitions/areas/small_areas.csv``. Raises ``ValueError`` where a row is not whole."""
    lines = rows(folder / "small_areas.csv")
    numbers = {name: np.array([float(row[name]) for row in lines]) for name in ("latitude", "longitude", "persons", "under_18")}
    return SmallAreas(*(text([row[name] for row in lines]) for name in ("code", "icb_2022", "icb_2026")), **numbers)
