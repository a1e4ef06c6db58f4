"""Action tags: what a field annotation tells REDCap, and this project, to do with a field.

``@HIDDEN``, ``@DEFAULT='1'``, ``@CALCTEXT(if([a] > 1, 'high', 'low'))``. What is not an action tag is a remark and is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ELEMENT: Final = "PLENARY-ELEMENT"
"""``@PLENARY-ELEMENT='nhs-number'`` names the shared element whose shape and check digit the field's values have."""

OURS: Final = (ELEMENT, "INDEXDATE", "NOTBEFORE", "NHSNUMBER")
"""Tags that mean something here and nothing to REDCap, which leaves unknown ones alone."""

REDCAP: Final = frozenset({
    "APPUSERNAME-APP", "BARCODE-APP", "CALCDATE", "CALCTEXT", "CHARLIMIT", "DEFAULT", "DOWNLOAD-COUNT", "FORCE-MINMAX", "HIDDEN",
    "HIDDEN-APP", "HIDDEN-FORM", "HIDDEN-PDF", "HIDDEN-SURVEY", "HIDEBUTTON", "HIDECHOICE", "IF", "INLINE", "INLINE-PREVIEW",
    "LANGUAGE-CURRENT-FORM", "LANGUAGE-CURRENT-SURVEY", "LANGUAGE-FORCE", "LANGUAGE-FORCE-FORM", "LANGUAGE-FORCE-SURVEY",
    "LANGUAGE-MENU-STATIC", "LANGUAGE-SET", "LATITUDE", "LONGITUDE", "MAXCHECKED", "MAXCHOICE", "MAXCHOICE-SURVEY-COMPLETE",
    "NOMISSING", "NONEOFTHEABOVE", "NOW", "NOW-SERVER", "NOW-UTC", "PASSWORDMASK", "PLACEHOLDER", "PREFILL", "RANDOMORDER",
    "READONLY", "READONLY-APP", "READONLY-FORM", "READONLY-SURVEY", "RICHTEXT", "SAVE-PROMPT-EXEMPT",
    "SAVE-PROMPT-EXEMPT-WHEN-AUTOSET", "SETVALUE", "SHOWCHOICE", "SYNC-APP", "TODAY", "TODAY-SERVER", "TODAY-UTC", "USERNAME",
    "WORDLIMIT", "CONSENT-VERSION", "HIDDEN-CODEBOOK",
})  # fmt: skip
"""REDCap's own action tags."""

CALCULATED: Final = ("CALCTEXT", "CALCDATE")
"""The tags that hold a calculation."""


@dataclass(frozen=True)
class Tag:
    """One action tag: its name without ``@``, and what follows it: after ``=`` a value, in parentheses a list or calculation."""

    name: str
    value: str = ""
    within: str = ""

    @property
    def known(self) -> bool:
        return self.name in REDCAP or self.name in OURS

    @property
    def spelt(self) -> str:
        """The tag as it is written."""
        mark = '"' if "'" in self.value else "'"
        tail = f"={mark}{self.value}{mark}" if self.value else f"({self.within})" if self.within else ""
        return f"@{self.name}{tail}"


_START: Final = re.compile(r"(?<![\w@.])@([A-Z][A-Z0-9]*(?:[-_][A-Z0-9]+)*)(?![\w@])")
_VALUE: Final = re.compile(r"""\s*=\s*(?:'([^']*)'|"([^"]*)"|([^\s'"()]+))""")


def read_tags(annotation: str) -> tuple[Tag, ...]:
    """Return the action tags of a field annotation, in their order. Parentheses that never close belong to no tag."""
    found: list[Tag] = []
    place = 0
    while match := _START.search(annotation, place):
        place = match.end()
        name = match[1].upper()
        if value := _VALUE.match(annotation, place):
            found.append(Tag(name, next(part for part in value.groups() if part is not None)))
            place = value.end()
            continue
        within = _parentheses(annotation, place)
        found.append(Tag(name, within=within.strip()))
        place += len(within) + 2 if within else 0
    return tuple(found)


def _parentheses(text: str, place: int) -> str:
    """Return what stands in the parentheses that open at a place, others within them and texts in quotation marks included."""
    if text[place : place + 1] != "(":
        return ""
    depth, quoted = 0, ""
    for at in range(place, len(text)):
        sign = text[at]
        if quoted:
            quoted = "" if sign == quoted else quoted
        elif sign in "'\"":
            quoted = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
            if not depth:
                return text[place + 1 : at]
    return ""
