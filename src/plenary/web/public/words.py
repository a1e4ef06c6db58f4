"""How facts of the register are put into words, with the mark of those that nobody has verified."""

from __future__ import annotations

from plenary.registry.terms import CONFIRMED
from plenary.web.design.tables import Cell, Several, Tag

MILES = 0.621371
SURENESS = {
    CONFIRMED: "Confirmed in a published source",
    "recalled": "Unverified: from memory of published sources, not checked",
    "inferred": "Unverified: worked out from other facts",
    "unconfirmed": "Unverified: a source was looked for and not found",
    "invented": "Invented for the demonstration",
}


def mark(confidence: str) -> Cell:
    """Return the mark of a fact that is not confirmed; nothing for one that is."""
    if confidence == CONFIRMED:
        return ""
    return Tag("Invented", "purple") if confidence == "invented" else Tag("Unverified", "orange")


def marked(cell: Cell, confidence: str) -> Cell:
    """Return a cell with its mark under it where it needs one."""
    said = mark(confidence)
    return Several((cell, said)) if said else cell


def sureness(confidence: str) -> str:
    """Return how surely a fact is known, in a sentence."""
    return SURENESS.get(confidence, "Unverified")


def distance(km: float | None) -> Cell:
    """Return a distance in a straight line, in kilometres and in miles."""
    if km is None:
        return "Not known"
    if km < 1:
        return "Under 1 km"
    miles = round(km * MILES)
    return Several((f"{km:,.0f} km", f"{miles:,} {'mile' if miles == 1 else 'miles'}"))


def first_capital(text: str) -> str:
    """Return text with its first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]
