"""Stories of networks, drawn at random: services that are tiny, single, of one sex or one age, and what becomes of them in some years.

Each story is the case lists of several editions, one after another, the last perhaps a correction of the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.golden.attacked import AREAS, patients

Case = dict[str, object]
SIZES = (1, 3, 7, 12, 29, 30, 31, 35, 42, 60, 90, 150, 400)
ABROAD = ("QMJ", "QOP", "W92000004", "")


@dataclass(frozen=True)
class Story:
    """What is published when: cases and year of each edition; the last year again where it is corrected."""

    editions: tuple[tuple[int, tuple[Case, ...]], ...]
    zeros: str


def story(seed: int, *, services: int = 1, years: int = 2, corrected: bool = False) -> Story:
    """Draw a story. One of several services may begin in the second year, and a centre may come or go."""
    draw = np.random.default_rng(seed)
    kinds = [_kind(draw, order) for order in range(services)]
    cases: list[Case] = []
    editions = []
    for order, year in enumerate(range(2024, 2024 + years)):
        for kind in kinds:
            if order >= kind["begins"]:
                cases += _year(draw, kind, year)
        editions.append((year, tuple(cases)))
    if corrected:
        editions.append((editions[-1][0], tuple(_corrected(draw, cases, editions[-1][0]))))
    return Story(tuple(editions), str(draw.choice(["publish", "protect"])))


def _kind(draw: np.random.Generator, order: int) -> dict[str, Any]:
    """Draw what a service is like."""
    centres = int(draw.choice([1, 2, 3, 4, 5], p=[0.3, 0.3, 0.2, 0.1, 0.1]))
    return {
        "service": "one" if order == 0 else f"other-{order}",
        "sizes": {f"{'ABCDEFG'[order]}{number}": int(draw.choice(SIZES)) for number in range(centres)},
        "begins": int(order > 0 and draw.random() < 0.5),
        "sexes": (("female", "male"), ("female",))[int(draw.random() < 0.2)],
        "ages": ((0, 90), (0, 17), (18, 90))[int(draw.choice([0, 1, 2], p=[0.6, 0.2, 0.2]))],
        "areas": (AREAS, AREAS[:1], AREAS[:2], ABROAD)[int(draw.choice([0, 1, 2, 3], p=[0.55, 0.15, 0.15, 0.15]))],
        "good": float(draw.choice([0.0, 0.03, 0.5, 0.8, 0.97, 1.0])),
        "dead": float(draw.choice([0.0, 0.03, 0.2, 1.0])),
        "unknown": int(draw.choice([0, 0, 1, 3])),
    }


def _year(draw: np.random.Generator, kind: dict[str, Any], year: int) -> list[Case]:
    """Draw one year of a service: each centre about as large as it is; one may be missing, one may be new."""
    sizes = {centre: max(1, round(size * draw.uniform(0.7, 1.3))) for centre, size in kind["sizes"].items()}
    if len(sizes) > 1 and draw.random() < 0.2:
        del sizes[min(sizes)]
    if draw.random() < 0.2:
        sizes[f"{max(sizes)}x"] = int(draw.integers(1, 8))
    rest = {name: value for name, value in kind.items() if name not in {"sizes", "begins"}}
    return patients(int(draw.integers(2**31)), sizes, years=[year], **rest)


def _corrected(draw: np.random.Generator, cases: Sequence[Case], year: int) -> list[Case]:
    """Take a few cases of the last year away, change the outcome of a few and add one."""
    own = [order for order, one in enumerate(cases) if str(one["seen"])[:4] == str(year)]
    chosen = (
        set(draw.choice(own, size=min(len(own) - 1, int(draw.integers(1, 4))), replace=False).tolist()) if len(own) > 1 else set()
    )
    kept = [one for order, one in enumerate(cases) if order not in chosen]
    late = dict(cases[own[-1]], case_id="late")
    return [*kept, late]
