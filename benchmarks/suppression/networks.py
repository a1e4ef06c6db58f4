"""Invented networks of highly specialised services, drawn as the peers' tables were drawn: equal seeds give equal patients.

Every draw stands in a fixed order, because the recorded figures of the peers belong to these very tables: 80 services and the
seed 20190 give the 5,204 cells that R's GaussSuppression was timed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

REGIONS = ("EoE", "LON", "MID", "NEY", "NW", "SE", "SW")
PEOPLE = np.array([6.6, 8.9, 10.9, 8.6, 7.4, 9.2, 5.7])
"""Millions of people of each region."""

BOARDS = (6, 5, 11, 4, 3, 6, 7)
"""Integrated care boards of each region: 42."""

SEXES, AGES = ("M", "F"), ("0-4", "5-17", "18-39", "40-64", "65+")
SEED = 20190


@dataclass(frozen=True)
class Group:
    """Patients of one centre, region, board, sex and age band."""

    service: str
    centre: str
    region: str
    board: str
    sex: str
    age: str
    number: int


@dataclass(frozen=True)
class _Places:
    """Where patients live: for each board its region, its name and its share of the country."""

    region: np.ndarray
    names: tuple[str, ...]
    share: np.ndarray


def patients(services: int, seed: int = SEED) -> Iterator[Group]:
    """Yield every group of patients in which somebody is, of one year, service after service."""
    draw = np.random.default_rng(seed)
    of_people = PEOPLE / PEOPLE.sum()
    places = _Places(
        np.repeat(np.arange(len(REGIONS)), BOARDS),
        tuple(f"{name}-I{order + 1:02d}" for name, count in zip(REGIONS, BOARDS, strict=True) for order in range(count)),
        np.concatenate([draw.dirichlet(np.full(count, 8.0)) * own for count, own in zip(BOARDS, of_people, strict=True)]),
    )
    for order in range(services):
        yield from _service(draw, f"S{order + 1:03d}", of_people, places)


def _service(draw: np.random.Generator, name: str, of_people: np.ndarray, places: _Places) -> Iterator[Group]:
    """Draw one service: one to five centres, from a few patients to some thousands, near and far, perhaps of one age or sex."""
    centres = int(draw.choice([1, 2, 3, 4, 5], p=[0.22, 0.26, 0.22, 0.15, 0.15]))
    size = float(np.clip(np.exp(draw.normal(np.log(150), 1.35)), 4, 5000))
    homes = draw.choice(len(REGIONS), size=centres, p=of_people)
    of_centre = draw.dirichlet(np.full(centres, 3.0))
    whom = draw.choice(["all", "child", "adult"], p=[0.55, 0.2, 0.25])
    of_age = draw.dirichlet(np.array([1.0, 1.5, 2, 2, 1]))
    of_age[{"all": slice(0), "child": slice(2, None), "adult": slice(2)}[str(whom)]] = 0
    men = draw.choice([0.5, 0.95, 0.12], p=[0.85, 0.09, 0.06]) + draw.normal(0, 0.02)
    near = np.ones((centres, len(REGIONS)))
    for centre, home in enumerate(homes):
        near[centre, home] = draw.uniform(2, 8)
    need = draw.gamma(8, 1 / 8, len(REGIONS))
    number = draw.poisson(size * draw.gamma(60, 1 / 60))
    where = of_centre[:, None] * near[:, places.region] * (places.share * need[places.region])
    share = where[:, :, None, None] * np.array([men, 1 - men])[:, None] * (of_age / of_age.sum())
    share = np.clip(share, 0, None)
    drawn = draw.multinomial(number, share.ravel() / share.sum()).reshape(share.shape)
    for place in zip(*np.nonzero(drawn), strict=True):
        centre, board, sex, age = (int(each) for each in place)
        region, own = REGIONS[places.region[board]], f"{name}.C{centre + 1}"
        yield Group(name, own, region, places.names[board], SEXES[sex], AGES[age], int(drawn[place]))
