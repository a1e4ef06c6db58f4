"""How right a linkage is, beside the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.national.invented import Invented


@dataclass(frozen=True)
class Judged:
    """Links made, links that are right, and how many pairs there were."""

    links: int
    right: int
    pairs: int

    @property
    def precision(self) -> float:
        return self.right / self.links if self.links else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.pairs if self.pairs else 1.0


def judged(invented: Invented, links: Iterable[tuple[str, tuple[str, str, str]]]) -> Judged:
    """Judge links, each the number of a hospital record and the key of a case."""
    made = list(links)
    right = sum(invented.of_record[record] == invented.of_case[case] for record, case in made)
    return Judged(len(made), right, len(invented.in_both))
