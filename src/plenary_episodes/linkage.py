"""Expected cases linked to the case series, one to one: by NHS number, then by local number, then by probability.

The first two stages are deterministic, but a pair that agrees in the number and in hardly anything else goes to a person. The
third weighs what agrees (Fellegi and Sunter), and knows rivals: where two records fit equally well, neither is sure. Two valid
NHS numbers that differ are never linked. What lies between the thresholds is listed for review, never linked in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from plenary_episodes import evidence
from plenary_episodes.comparison import AGREE, DIFFER, Pairs, Sides
from plenary_episodes.documents import Entries, read
from plenary_episodes.evidence import FIELDS, Evidence, Numbers
from plenary_episodes.people import People
from plenary_stats.errors import InputError

Stage = Literal["nhs-number", "local-id", "probability"]
Flags = npt.NDArray[np.bool_]

_ROUNDS: Final = 200
_STEADY: Final = 1e-7
_FIRST_SHARE: Final = 0.5
_HALF: Final = 0.5
"""A pair with one number is linked where it is likelier than not."""

_TRUST: Final[Mapping[str, float]] = {"nhs-number": 0.999, "local-id": 0.99}
"""The share of true pairs among those with one number, before the data say otherwise."""


@dataclass(frozen=True)
class Settings:
    """The thresholds, as a reviewed document gives them (``definitions/policies/linkage-1.toml``)."""

    accept: float = 0.99
    review: float = 0.2
    version: str = "built in"


@dataclass(frozen=True, order=True)
class Link:
    """A pair by the places of its records, with the probability that both are one case."""

    left: int
    right: int
    stage: Stage
    probability: float


@dataclass(frozen=True)
class Linked:
    """Links, what a person must look at, and what may be wrong with both.

    ``expected_false``: links that are wrong, by the probabilities; ``expected_missed``: true pairs that are not linked, those
    under review and those of people who stand in another's expected case included. ``found_by_blocks``: the share of true pairs
    that is compared at all where no number decides.
    """

    links: tuple[Link, ...]
    review: tuple[Link, ...]
    expected_false: float
    expected_missed: float
    evidence: Evidence
    found_by_blocks: float = 1.0

    @property
    def precision(self) -> float | None:
        """The estimated share of links that are right; None where there is none."""
        return 1 - self.expected_false / len(self.links) if self.links else None

    @property
    def recall(self) -> float | None:
        """The estimated share of true pairs that are linked; None where there is none."""
        right = len(self.links) - self.expected_false
        return right / (right + self.expected_missed) if right + self.expected_missed > 0 else None


def read_settings(path: Path) -> Settings:
    """Return the settings of a policy document."""
    document = read(path)
    body = Entries(document.get("body"), f"{path.name} [body]")
    found = Settings(body.number("accept"), body.number("review"), str(document.get("version", "")))
    body.finish()
    if not 0 < found.review <= found.accept < 1 or found.accept < _HALF:
        limits = "'review' must not be more than 'accept', 'accept' at least 0.5, and both between 0 and 1"
        raise InputError(f"{path.name}: {limits}.")
    return found


def link(left: People, right: People, tolerance: Mapping[str, int], settings: Settings | None = None) -> Linked:
    """Return the links between expected cases (left) and the case series (right)."""
    return _Work(Sides(left, right, tolerance), settings or Settings()).linked()


class _Work:
    """The linkage while it goes on: what is still free, what was linked, what is for review."""

    def __init__(self, sides: Sides, settings: Settings) -> None:
        self.sides, self.settings = sides, settings
        self.free = (np.ones(len(sides.left), dtype=bool), np.ones(len(sides.right), dtype=bool))
        self.links: list[Link] = []
        self.review: list[Link] = []
        self.doubted: list[Link] = []
        self.missed = 0.0

    def linked(self) -> Linked:
        sides = self.sides
        numbered = self._near(sides.equal(sides.nhs))
        levels = sides.levels(numbered)
        found = Evidence(evidence.of_the_same(levels, np.ones(len(numbered))), evidence.of_others(sides))
        caught = self._caught(numbered)
        self._deterministic("nhs-number", numbered, found)
        local = self._near(sides.equal(sides.local, sides.centre))
        self._deterministic("local-id", local.where(self._may_be(local)), found)
        found = self._probable(numbered, found, caught)
        self._recall_doubted()
        links = self._of_two_people()
        false = sum(1 - one.probability for one in links)
        return Linked(tuple(sorted(links)), tuple(sorted(self.review)), float(false), float(self.missed), found, caught)

    def _of_two_people(self) -> list[Link]:
        """Return the links with the probability that an expected case of two people leaves them, and count the people it hides.

        It is linked to the case of either, and named after one of them: half of such links are wrong.
        """
        doubt = [one.doubt for one in self.sides.left.records]
        self.missed += sum(doubt) * len(self.links) / max(len(doubt), 1)
        return [
            replace(one, probability=one.probability * (1 - doubt[one.left] / 2)) if doubt[one.left] else one
            for one in self.links
        ]

    def _near(self, pairs: Pairs) -> Pairs:
        return pairs.where(self.sides.near(pairs))

    def _may_be(self, pairs: Pairs) -> Flags:
        """Return which pairs are free and have no two NHS numbers that differ."""
        free = self.free[0][pairs.left] & self.free[1][pairs.right]
        return np.asarray(free & (self.sides.levels(pairs)["nhs_number"] != DIFFER))

    def _deterministic(self, stage: Stage, pairs: Pairs, found: Evidence) -> None:
        """Link the pairs with one number, the likeliest first; those that are not likely go to a person."""
        if not len(pairs):
            return
        odds = found.log_odds(self.sides.levels(pairs))
        _, sure = evidence.share_of_true(odds, _TRUST[stage])
        for place in self._best_first(pairs, odds):
            left, right = int(pairs.left[place]), int(pairs.right[place])
            if self.free[0][left] and self.free[1][right]:
                self._settle(Link(left, right, stage, float(sure[place])))

    def _best_first(self, pairs: Pairs, odds: Numbers) -> list[int]:
        apart = np.abs(self.sides.event[0][pairs.left] - self.sides.event[1][pairs.right])
        return [int(place) for place in np.lexsort((pairs.right, pairs.left, apart, -np.round(odds, 9)))]

    def _settle(self, one: Link) -> None:
        """Link a pair, list it for review, or leave it, as its probability says."""
        wanted = self.settings.accept if one.stage == "probability" else _HALF
        if one.probability >= wanted:
            self.links.append(one)
        else:
            self.missed += one.probability
            if one.stage != "probability":
                self.doubted.append(one)  # its records stay free: the number may be another person's
            elif one.probability >= self.settings.review:
                self.review.append(one)
        if one.probability >= (self.settings.review if one.stage == "probability" else _HALF):
            self.free[0][one.left] = self.free[1][one.right] = False

    def _recall_doubted(self) -> None:
        """List for review the pairs with one number and little else whose records found no better partner."""
        for one in self.doubted:
            if self.free[0][one.left] and self.free[1][one.right]:
                self.review.append(one)
                self.free[0][one.left] = self.free[1][one.right] = False

    def _caught(self, numbered: Pairs) -> float:
        """Return the share of pairs with one NHS number that the blocks would have found without it and without local numbers.

        Those of stage 3 have no local number in common either, for it would have linked them.
        """
        if not len(numbered):
            return 1.0
        hit = np.zeros(len(numbered), dtype=bool)
        everyone = (np.ones(len(self.sides.left), dtype=bool), np.ones(len(self.sides.right), dtype=bool))
        for one, other in self.sides.blocks(*everyone, numbers=False):
            hit |= (one[numbered.left] >= 0) & (one[numbered.left] == other[numbered.right])
        return float((hit.sum() + 1) / (len(hit) + 1))

    # -- by probability

    def _probable(self, numbered: Pairs, found: Evidence, caught: float) -> Evidence:
        sides = self.sides
        pairs = sides.candidates(*self.free)
        levels = sides.levels(pairs)
        known = sides.levels(numbered)
        sure = np.zeros(len(pairs))
        if len(pairs):
            found, sure = self._estimated(pairs, levels, known, found)
            self._settle_probable(pairs, levels, sure)
        self.missed += (1 - caught) / caught * float(sure.sum())
        return found

    def _estimated(self, pairs: Pairs, levels: Any, known: Any, found: Evidence) -> tuple[Evidence, Numbers]:
        """Return the evidence and each pair's probability: the EM algorithm over the pairs that no number decides.

        The expected number of true pairs of a service is a share of its shorter list; the share is one for all services, so that
        small ones borrow from the others. All possible pairs count, those outside the blocks as false.
        """
        everything = evidence.joined(known, levels)
        left, right, near = self._sizes()
        shorter = np.minimum(left, right)
        share, sure = _FIRST_SHARE, np.zeros(len(pairs))
        fields = (*FIELDS, "local_id")
        for _ in range(_ROUNDS):
            paired = share * shorter
            prior = (paired + 1e-9) / ((left - paired + 1) * (right - paired + 1) * near)
            odds = found.log_odds(levels, fields) + np.log(prior[self.sides.service[0][pairs.left]])
            last, sure = sure, _with_rivals(pairs, odds, len(self.sides.left), len(self.sides.right))
            if np.abs(last - sure).max() < _STEADY:
                break
            share = float(np.clip((sure.sum() + 1) / (shorter.sum() + 2), 1e-6, 0.999))
            weights = np.concatenate([np.ones(len(known["sex"])), sure])
            found = Evidence(evidence.of_the_same(everything, weights), found.u)
        return found, sure

    def _sizes(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return, by service, how many records of each side are left, and which share of all pairs may be one by their dates."""
        services = len(self.sides.services)
        every = [np.bincount(codes, minlength=services) for codes in self.sides.service]
        near = (self.sides.possible() + 1) / (every[0] * every[1] + 1)
        left, right = (
            np.bincount(codes[free], minlength=services).astype(np.float64)
            for codes, free in zip(self.sides.service, self.free, strict=True)
        )
        return left, right, np.asarray(near, dtype=np.float64)

    def _settle_probable(self, pairs: Pairs, levels: Any, sure: Numbers) -> None:
        """Settle each pair, the surest first. Two valid NHS numbers that differ are for a person at most.

        A probability of a half or more leaves no room for a rival's, so that what is accepted is one to one by itself.
        """
        differ = levels["nhs_number"] == DIFFER
        agree = levels["nhs_number"] == AGREE
        ceiling = np.nextafter(self.settings.accept, 0)
        for place in np.lexsort((pairs.right, pairs.left, -np.round(sure, 12))).tolist():
            left, right = int(pairs.left[place]), int(pairs.right[place])
            if agree[place]:
                continue
            if self.free[0][left] and self.free[1][right]:
                likely = min(float(sure[place]), ceiling) if differ[place] else float(sure[place])
                self._settle(Link(left, right, "probability", likely))
            elif not differ[place]:
                self.missed += float(sure[place])  # a rival took its record, and may be wrong


def _with_rivals(pairs: Pairs, odds: Numbers, lefts: int, rights: int) -> Numbers:
    """Return each pair's probability, given that a record has one partner at most: rivals share what one alone would have."""
    weight = np.exp(np.clip(odds, -700.0, 300.0))
    of_left = np.bincount(pairs.left, weights=weight, minlength=lefts)
    of_right = np.bincount(pairs.right, weights=weight, minlength=rights)
    return np.asarray(weight / (1 + np.maximum(of_left[pairs.left], of_right[pairs.right])))
