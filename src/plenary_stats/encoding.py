"""The text of bytes that people send: UTF-8, UTF-16 or Windows-1252, marked or not, and files put together from two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from plenary_stats.errors import InputError

_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_UTF32_MARKS: Final = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_SAMPLE: Final = 4096


@dataclass(frozen=True)
class Decoded:
    """A text, the name of the encoding it was in, and the first line that was in another one than most (0: none)."""

    text: str
    encoding: str
    other_line: int = 0


def decoded(content: bytes, file: str = "The file") -> Decoded:
    """Return the text of a file, or raise :class:`InputError` naming the line that is in no encoding that is known here."""
    if content[:4] in _UTF32_MARKS:
        raise InputError(f"{file} is UTF-32 text. Save it again as 'CSV UTF-8'.")
    sixteen = _utf16(content)
    if sixteen:
        try:
            return Decoded(content.decode(sixteen).removeprefix("\ufeff"), "UTF-16")
        except UnicodeDecodeError as problem:
            raise InputError(f"{file} begins as UTF-16 text and does not go on so. Save it again as 'CSV UTF-8'.") from problem
    try:
        return Decoded(content.decode("utf-8-sig"), "UTF-8")
    except UnicodeDecodeError:
        return _eight_bits(content, file)


def _utf16(content: bytes) -> str:
    """Return the codec of UTF-16 text: by its mark, or because every second byte of its beginning is nought."""
    if content[:2] in _UTF16_MARKS:
        return "utf-16"
    start = content[:_SAMPLE]
    even, odd = start[0::2], start[1::2]
    if len(start) < 4 or b"\0" not in start:
        return ""
    if odd.count(0) * 10 > len(odd) * 8 and 0 not in even:
        return "utf-16-le"
    return "utf-16-be" if even.count(0) * 10 > len(even) * 8 and 0 not in odd else ""


def _eight_bits(content: bytes, file: str) -> Decoded:
    """Read each line by itself: files pasted together from two sources are in two encodings, and neither may be garbled."""
    lines: list[str] = []
    other = 0
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            lines.append(line.decode("utf-8"))
            other = other or (0 if line.isascii() else number)
        except UnicodeDecodeError:
            lines.append(_old(line, number, file))
    return Decoded("\n".join(lines), "Windows-1252", other)


def _old(line: bytes, number: int, file: str) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError as problem:
        message = f"{file} is neither UTF-8, Windows-1252 nor UTF-16 text: see line {number}."
        raise InputError(f"{message} Save it again as 'CSV UTF-8'.") from problem
