"""Identifiers become keyed pseudonyms as soon as they leave the engine, before anything is stored, linked or written.

A pseudonym is HMAC-SHA-256 under a secret key: without the key nobody can try out all NHS numbers. With the same key a person has
the same pseudonym in every year. Where no key is given one is drawn for the run and forgotten, and no pseudonym is written.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from plenary_stats.errors import InputError
from plenary_stats.ingest.values import nhs_valid, ten_digits_in

VARIABLE: Final = "PLENARY_EPISODES_KEY"
"""The environment variable that holds the key where no file does."""

SHORTEST: Final = 32
"""Characters of a key. ``python -c 'import secrets; print(secrets.token_hex(32))'`` makes one."""

LENGTH: Final = 32
"""Hexadecimal digits of a pseudonym: 128 bits."""

_SIGNS: Final = re.compile(r"[\s-]")
_TEN: Final = re.compile(r"[0-9]{10}")


@dataclass
class Pseudonyms:
    """What makes pseudonyms, and remembers (as pseudonyms) what must not be written. Its key is never shown."""

    key: bytes = field(repr=False)
    kept: bool = True
    _known: set[bytes] = field(default_factory=set, repr=False)
    _keyed: hmac.HMAC = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._keyed = hmac.new(self.key, digestmod=hashlib.sha256)  # the key is worked in once, not for each of 100,000 numbers

    def nhs_numbers(self, texts: Sequence[str | None]) -> list[str]:
        """Return the pseudonym of each NHS number; an empty text where it is missing or its check digit does not fit.

        Valid or not, it is remembered, so that it is never written.
        """
        digits = [_bare(text) for text in texts]
        digests = {number: self._digest("nhs", number) for number in set(digits) if _TEN.fullmatch(number)}
        self._known.update(digests.values())
        valid = nhs_valid(digits).tolist()
        return [
            digests[number].hex()[:LENGTH] if fits and len(set(number)) > 1 else ""  # 0000000000 is nobody's
            for number, fits in zip(digits, valid, strict=True)
        ]

    def local_ids(self, providers: Sequence[str | None], texts: Sequence[str | None]) -> list[str]:
        """Return the pseudonym of each local number within its provider; an empty text where it is missing."""
        pairs = [(provider or "", plain(text)) for provider, text in zip(providers, texts, strict=True)]
        return [self._digest("local", f"{provider}\0{text}").hex()[:LENGTH] if text else "" for provider, text in pairs]

    def gives_away(self, text: str) -> bool:
        """Whether a text that is about to be written holds an NHS number that was read."""
        return any(self._digest("nhs", found) in self._known for found in ten_digits_in(text))

    def of_file(self, path: Path) -> str:
        """Return the keyed digest of a file; an empty text where no key is kept.

        A plain digest would let anybody who knows all of a file but one number try out that number.
        """
        if not self.kept:
            return ""
        with path.open("rb") as stream:
            return hmac.digest(self.key, hashlib.file_digest(stream, "sha256").digest(), hashlib.sha256).hex()

    def _digest(self, kind: str, text: str) -> bytes:
        made = self._keyed.copy()
        made.update(f"{kind}\0{text}".encode())
        return made.digest()


def _bare(text: str | None) -> str:
    """Return a text without spaces and hyphens. Most have none, and need no search for them."""
    return text if text and text.isalnum() else _SIGNS.sub("", text or "")


def plain(text: str | None) -> str:
    """Return an identifier without spaces, hyphens and case."""
    return _bare(text).casefold()


def is_one_of(text: str | None, identifiers: Iterable[str | None]) -> bool:
    """Whether a number that will be written is an identifier of the same row."""
    return bool(plain(text)) and plain(text) in {plain(each) for each in identifiers}


def with_key(file: Path | None, environment: Mapping[str, str] = os.environ) -> Pseudonyms:
    """Return what makes pseudonyms, with the key of a file or of the environment, or one that is forgotten after the run."""
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise InputError(f"The key cannot be read from {file}.") from problem
        where = str(file)
    else:
        text, where = environment.get(VARIABLE, "").strip(), VARIABLE
        if not text:
            return Pseudonyms(secrets.token_bytes(32), kept=False)
    if len(text) < SHORTEST:
        raise InputError(f"The key in {where} is shorter than {SHORTEST} characters: it could be guessed. Draw one at random.")
    return Pseudonyms(text.encode())
