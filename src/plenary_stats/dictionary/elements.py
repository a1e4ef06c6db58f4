"""Elements that data sets share: codes and numbers with a shape and, some of them, a check digit.

They stand as a document in ``definitions/elements``. A field says ``@PLENARY-ELEMENT='snomed-ct'`` in its annotation; its values
are then held to the element wherever a case is checked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from plenary_stats.dictionary.document import decode
from plenary_stats.errors import InputError


@dataclass(frozen=True)
class Element:
    """One shared element. ``shape`` is a regular expression over the value without the signs of ``spacing`` and the prefix.

    ``identifier``: the value tells who the patient is; it is checked and never kept. ``reduces_to`` names the field that a
    look-up of the value fills, the value itself being dropped.
    """

    id: str
    label: str
    shape: str
    says: str
    example: str
    check: str = ""
    spacing: str = ""
    prefix: str = ""
    system: str = ""
    identifier: bool = False
    reduces_to: str = ""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.shape)

    def tidy(self, text: str) -> str:
        """Return a value in the one form in which it is kept: capital letters, no spaces and points between, no prefix."""
        bare = text.upper().translate(str.maketrans("", "", self.spacing)).strip()
        return bare.removeprefix(self.prefix.upper().translate(str.maketrans("", "", self.spacing))) if self.prefix else bare

    def shaped(self, text: str) -> bool:
        """Whether a value, tidied, has the element's shape."""
        return self._pattern.fullmatch(text) is not None

    def checks(self, text: str) -> bool:
        """Whether a value of the right shape, tidied, has the check digit that belongs to it."""
        return not self.check or CHECKS[self.check](text)


def fits_modulus_11(letters: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return which rows of ten letters are digits, the last the check digit of an NHS, CHI or Health and Care number."""
    digits = letters.astype(np.int64) - ord("0")
    remainder = 11 - (digits[:, :9] @ np.arange(10, 1, -1)) % 11
    fits: npt.NDArray[np.bool_] = np.where(remainder == 11, 0, remainder) == digits[:, 9]
    return fits & ((digits >= 0) & (digits <= 9)).all(axis=1)


def modulus_11(text: str) -> bool:
    """Whether a text is ten digits of which the last is the check digit of the others."""
    letters = np.frombuffer(text.encode(), dtype=np.uint8)
    return len(letters) == 10 and bool(fits_modulus_11(letters.reshape(1, 10))[0])


_TURN: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _product(a: int, b: int) -> int:
    """Multiply in the symmetry group of the pentagon: 0–4 turn it, 5–9 turn it over first."""
    turned = (a + b) % 5 if a < 5 else (a - b) % 5
    return turned + (5 if (a < 5) != (b < 5) else 0)


def verhoeff(text: str) -> bool:
    """Whether the last digit is the check digit of the others, after Verhoeff: that of every SNOMED CT identifier."""
    total = 0
    for place, digit in enumerate(reversed(text)):
        value = int(digit)
        for _ in range(place % 8):
            value = _TURN[value]
        total = _product(total, value)
    return total == 0


CHECKS: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType({"modulus-11": modulus_11, "verhoeff": verhoeff})
"""The check digits by the name that a document gives them."""

_TEXTS: Final = ("id", "label", "shape", "says", "example")
_KEYS: Final = (*_TEXTS, "check", "spacing", "prefix", "system", "identifier", "reduces_to", "source", "note")


def read_library(content: bytes | str) -> Mapping[str, Element]:
    """Return the shared elements of a TOML document by their ids, or raise :class:`InputError` naming the element."""
    try:
        document = tomllib.loads(decode(content))
    except (ValueError, RecursionError) as problem:
        raise InputError(f"The library of elements is not TOML: {problem}.") from problem
    found: dict[str, Element] = {}
    for entry in document.get("element", []):
        element = _element(entry)
        if element.id in found:
            raise InputError(f"The library holds the element '{element.id}' twice.")
        found[element.id] = element
    if not found:
        raise InputError("The library holds no [[element]].")
    return MappingProxyType(found)


def _element(entry: Any) -> Element:
    name = entry.get("id", "?") if isinstance(entry, dict) else "?"
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) and entry[key] for key in _TEXTS):
        raise InputError(f"The element '{name}' needs the texts {', '.join(_TEXTS)}.")
    strange = sorted(set(entry) - set(_KEYS))
    if strange:
        raise InputError(f"The element '{name}' has the unknown key '{strange[0]}'. Known: {', '.join(_KEYS)}.")
    if entry.get("check", "") not in ("", *CHECKS):
        raise InputError(f"The element '{name}' has the unknown check '{entry['check']}'. Known: {', '.join(CHECKS)}.")
    made = Element(**{key: value for key, value in entry.items() if key in Element.__dataclass_fields__})
    try:
        fits = made.shaped(made.tidy(made.example)) and made.checks(made.tidy(made.example))
    except (re.error, ValueError, IndexError) as problem:
        raise InputError(f"The shape of the element '{name}' cannot be used: {problem}.") from problem
    if not fits:
        raise InputError(f"The example of the element '{name}' does not fit its own shape or check digit.")
    return made
