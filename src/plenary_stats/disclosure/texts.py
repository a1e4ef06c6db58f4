"""Numbers of people that a text names and that are too small to be shown: a notice for whoever writes or reviews it.

A text is language, so this is a search and no proof: it misses what is said in other ways, and some of what it finds is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from plenary_stats.disclosure.policy import Policy

LONGEST: Final = 300
"""So many characters of a sentence are quoted, around the number."""

_ONES: Final = "one two three four five six seven eight nine"
_TEENS: Final = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS: Final = {word: value for value, word in enumerate(f"zero {_ONES} {_TEENS}".split())} | {
    word: 10 * value for value, word in enumerate(_TENS.split(), start=2)
}
_DOZENS: Final = {"half a dozen": 6, "a dozen": 12, "one dozen": 12, "two dozen": 24, "a couple of": 2}


def _any(words: Iterable[str] | str) -> str:
    """Return a pattern of any of these words, or of those in one text."""
    return "|".join(word.replace(" ", r"\s") for word in (words.split() if isinstance(words, str) else words))


_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+|(?:{_any(_TENS)})[-\s](?:{_any(_ONES)})|{_any(_DOZENS)}|{_any(_WORDS)})"
_BEFORE = r"(?<![\w£$€#'’/+])(?<!\d[.,:])(?<![a-z][-‐–])(?<!\d{4}[-‐–])(?!(?<=\d\s)\d{3}\b)"
_BEHIND = r"(?![\w%£€]|[-‐–]\w|[.,:/]\d|\s?%|['’]s\b)"
_N = rf"{_BEFORE}{_NUMBER}{_BEHIND}"
"""A number that stands by itself: no part of a date, a year's span, a sum of money, a code, a decimal or an age in years."""

_ONE = """patient person child adult baby infant newborn neonate toddler boy girl man woman mother father teenager adolescent
    recipient survivor donor death fatality case individual"""
_MANY = """patients people persons children adults babies infants newborns neonates toddlers boys girls men women mothers fathers
    teenagers adolescents recipients survivors donors deaths fatalities cases individuals transplants admissions"""
_PEOPLE = rf"(?:{_any(_MANY)}|{_any(_ONE)})\b"
_NOT_BETWEEN = """of for in to from the and or with by a an at on per that which who whom whose where when than then is are was
    were be been has have had as but if not so after before during between until since because while we our they
    their it its he she can may will would day days week weeks month months year years hour hours minute minutes
    second seconds time times bed beds centre centres hospital hospitals trust trusts unit units site sites ward
    wards team teams nurse nurses consultant consultants doctor doctors surgeon surgeons staff service services
    network networks clinic clinics meeting meetings session sessions percent million thousand hundred pounds
    pence km miles mg kg g ml mm cm january february march april june july august september october november
    december"""
_BETWEEN = rf"(?:(?!(?:{_any(_NOT_BETWEEN)}|{_any(_WORDS)})\b)[^\W\d_][\w'’-]*\s+){{0,3}}"
_OF = r"(?:of\s+(?:the|our|these|those|all|its|their)\s+)?"
_BEING = "is are was were be been has have had still all now later then sadly also remain remained"
_AUXILIARY = rf"(?:(?:{_any(_BEING)}|of\s+(?:them|whom|these))\s+){{0,4}}"
_OUTCOME = "alive dead died dies survived survive deceased transplanted treated recovered relapsed weaned discharged readmitted"
_COUNTED = rf"(?:{_OF}{_BETWEEN}{_PEOPLE}|{_AUXILIARY}(?:{_any(_OUTCOME)})\b)"

_AFTER_NUMBER = re.compile(rf"({_N})\s+{_COUNTED}", re.IGNORECASE)
_AFTER_VERB = re.compile(
    rf"\b(?:treated|transplanted|admitted|accepted|assessed)\s+(?:only\s+|just\s+)?({_N})"
    r"(?=\s*[,;.)]|\s*\Z|\s+(?:and|in|last|this|of\s+whom)\b)",
    re.IGNORECASE,
)
_SHARE = re.compile(
    rf"({_N})\s+(?:out\s+)?of\s+(?:the\s+|our\s+|these\s+|all\s+)?({_N})(?=(\s+{_COUNTED})?)(?=(\s+\w+)?)", re.IGNORECASE
)
_SLASH = re.compile(rf"(?<![\w./,-])(\d{{1,6}})/(\d{{1,6}})\s+{_COUNTED}", re.IGNORECASE)
_NONE = re.compile(
    rf"\b(?:no|none|nobody|no\s+one)\s+(?:(?:{_BETWEEN}{_PEOPLE}\s+)?{_AUXILIARY}(?:died|survived)\b|(?:deaths|survivors)\b)",
    re.IGNORECASE,
)

_LABELLED = re.compile(
    r"(?:\b(?:aged?|ages|type|grade|stage|phase|class|level|tier|band|version|figure|table|section|step|appendix|page|chapter|standard"
    r"|recommendation|ward|unit|room|bed|day|week|month|year|centre|site|hospital|covid|number|no\.)(?:[\s-]+between)?"
    r"(?:\s+\d+\s*(?:to|and|or|[-–]))?|[£$€]|\bno|\b(?:team|board|panel|committee|staff)\s+of)\s*\Z"
    rf"|\b(?:\d+|{_any(_WORDS)})\s+in\s+\Z",
    re.IGNORECASE,
)
"""What before a number makes it a label, an age, a size of a team or a ratio."""
_SINGLE = re.compile(rf"\b(?:{_any(_ONE)})\Z", re.IGNORECASE)
_ANYBODY = re.compile(r"\b(?:person|individual|case)\Z", re.IGNORECASE)
_HAD_AN_OUTCOME = re.compile(rf"\s+{_AUXILIARY}(?:{_any(_OUTCOME)})\b", re.IGNORECASE)
_NOT_COUNTED = re.compile(
    r"['’]s\b|\s+(?:said|says|told|wrote|writes|described|commented|representatives?|reps?|record|survey|group|pathway|safety"
    r"|experience|care|support|services?|centres?|units?|wards?|clinics?)\b",
    re.IGNORECASE,
)
"""What after "one patient" says that a person speaks, or that no patient is counted."""
_GOES_ON: Final = f"{_BEING} in at who whom and or with did do this last by after within since during".split()
"""What after "3 of 40" goes on with the sentence; any other word is what is counted: "3 of 4 centres"."""
_END = re.compile(r"[.!?][\"'”’)]*(?=\s)|\n")


@dataclass(frozen=True)
class Named:
    """A number of people that a text names, and the sentence it stands in."""

    number: int
    words: str
    sentence: str


def named_in(text: str, policy: Policy) -> tuple[Named, ...]:
    """Return the numbers of people in a plain text that are below the policy's threshold, in the order of the text.

    Of "238 of 240" it is the 2 that are left, where they are fewer than the fewest events that are shown.
    """
    met: dict[int, Named] = {}
    for number, start, end in sorted(_found(text, policy)):
        if number == 0 and policy.zeros == "publish":
            continue
        met.setdefault(start, Named(number, " ".join(text[start:end].split()), _sentence(text, start, end)))
    return tuple(met[start] for start in sorted(met))


def _found(text: str, policy: Policy) -> Iterator[tuple[int, int, int]]:
    """Yield each number below its limit, and where it stands with what it counts."""
    for match in (*_AFTER_NUMBER.finditer(text), *_AFTER_VERB.finditer(text)):
        number = _value(match[1])
        if number is None or number >= policy.threshold or _labelled(text, match.start(1)) or _only_a_word(number, match, text):
            continue
        yield number, match.start(1), match.end() if match.re is _AFTER_NUMBER else match.end(1)
    for match in _NONE.finditer(text):
        yield 0, match.start(), match.end()
    for match in (*_SHARE.finditer(text), *_SLASH.finditer(text)):
        yield from _of_a_share(match, text, policy)


def _of_a_share(match: re.Match[str], text: str, policy: Policy) -> Iterator[tuple[int, int, int]]:
    """Yield the smaller number of "3 of 40", or what "238 of 240" leaves; not of centres, beds or pages."""
    part, whole = _value(match[1]), _value(match[2])
    if part is None or whole is None or part > whole or _labelled(text, match.start(1)):
        return
    if match.re is _SHARE:
        follows = (match[4] or "").strip().casefold()
        if not match[3] and ((follows and follows not in _GOES_ON) or (part, whole) == (1, 2)):
            return
    if part < policy.threshold:
        yield part, match.start(1), match.end(2)
    elif whole - part < policy.event_threshold:
        yield whole - part, match.start(1), match.end(2)


def _labelled(text: str, start: int) -> bool:
    return _LABELLED.search(text[max(0, start - 40) : start]) is not None


def _only_a_word(number: int, match: re.Match[str], text: str) -> bool:
    """Return whether no one is counted: "seven adult centres", "one person to call", "one patient said"."""
    if not _SINGLE.search(match[0]):
        return False
    if number != 1 or _NOT_COUNTED.match(text, match.end()):
        return True
    return _ANYBODY.search(match[0]) is not None and not _HAD_AN_OUTCOME.match(text, match.end())


def _value(words: str) -> int | None:
    """Return the number that words or digits say; None for what is far too large, or no number after all."""
    plain = " ".join(words.casefold().replace("-", " ").split())
    if plain in _DOZENS:
        return _DOZENS[plain]
    digits = plain.replace(",", "")
    if digits.isdecimal():
        return int(digits) if len(digits) < 10 else None
    parts = [_WORDS.get(word) for word in plain.split()]
    return None if None in parts else sum(part for part in parts if part is not None)


def _sentence(text: str, start: int, end: int) -> str:
    """Return the sentence around a number, cut where it is very long."""
    first = max(0, start - LONGEST // 2)
    begins = [match.end() for match in _END.finditer(text, first, start)]
    ends = _END.search(text, end)
    whole = ends.end() if ends else len(text)
    last = min(whole, max(end, first + LONGEST))
    before, behind = "" if begins or not first else "…", "" if last == whole else "…"
    return before + " ".join(text[begins[-1] if begins else first : last].split()) + behind
