"""Which characters the PDF's own font can show, and what stands for those that it cannot.

An archival PDF may hold no character without a glyph: one picture sign in a patient's words left the whole edition without a PDF.
The page, the slides and the open data keep every character.
"""

from __future__ import annotations

import struct
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any, Final

FACES: Final = ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf")
MISSING: Final = "\N{WHITE SQUARE}"
"""What stands for a character that the font lacks; it has this one."""

_NEVER: Final = frozenset({0xFEFF, 0xFFFE, 0xFFFF})
_SPACES: Final = frozenset({0x09, 0x0A, 0x0D})


class _Shown(dict[int, int | str | None]):
    """What ``str.translate`` asks of each character, found out once."""

    def __missing__(self, code: int) -> int | str | None:
        self[code] = _standing_for(code)
        return self[code]


_SHOWN: Final = _Shown()


def settable(document: Any) -> Any:
    """Return a document of plain JSON values with every text as the font can show it."""
    if isinstance(document, str):
        return document.translate(_SHOWN)
    if isinstance(document, dict):
        return {name: settable(value) for name, value in document.items()}
    return [settable(value) for value in document] if isinstance(document, list) else document


def _standing_for(code: int) -> int | str | None:
    """Return the character itself, the one that stands for it, or None where there is nothing to see."""
    kind = unicodedata.category(chr(code))
    if code in _SPACES:
        return code
    if kind == "Cc" or code in _NEVER:
        return None
    if kind not in {"Co", "Cs"} and code in shown():
        return code
    # Joiners, marks of direction and variants: without a glyph of their own they say how to show their neighbours.
    return None if kind == "Cf" or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF else MISSING


@cache
def shown() -> frozenset[int]:
    """Return the code points for which every face of the font has a glyph."""
    fonts = files("plenary.editions.render") / "fonts"
    return frozenset.intersection(*(glyphs((fonts / face).read_bytes()) for face in FACES))


def glyphs(font: bytes) -> frozenset[int]:
    """Return the code points of a TrueType font that have a glyph: by its map of format 4 (OpenType specification, cmap)."""
    tables = {
        tag: start
        for tag, _, start, _ in (struct.unpack_from(">4sLLL", font, 12 + 16 * number) for number in range(_word(font, 4)))
    }
    cmap = tables[b"cmap"]
    maps = [struct.unpack_from(">HHL", font, cmap + 4 + 8 * number) for number in range(_word(font, cmap + 2))]
    return _format_4(font, next(cmap + start for platform, encoding, start in maps if (platform, encoding) == (3, 1)))


def _format_4(font: bytes, at: int) -> frozenset[int]:
    size = _word(font, at + 6)  # twice the number of segments
    ends, starts, deltas, offsets = at + 14, at + 16 + size, at + 16 + 2 * size, at + 16 + 3 * size
    found = set()
    for place in range(0, size, 2):
        delta, offset = _word(font, deltas + place), _word(font, offsets + place)
        first, last = _word(font, starts + place), _word(font, ends + place)
        for code in range(first, last + 1):
            glyph = _word(font, offsets + place + offset + 2 * (code - first)) if offset else code
            if glyph and (glyph + delta) % 0x10000:
                found.add(code)
    return frozenset(found - _NEVER)


def _word(font: bytes, at: int) -> int:
    return int.from_bytes(font[at : at + 2], "big")
