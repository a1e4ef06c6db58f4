"""What an edition says of its inputs: a digest that vouches for each file and from which nobody can guess what is in it.

The plain SHA-256 of a short file gives the file away to whoever tries all that it could say: a count of 0 to 29 in 30 tries. So
only files that are public anyway have it. See ``docs/adr/0013-sealed-inputs.md``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from plenary_stats.folder import SEAL, Collection

PLAIN, SEALED, WITHHELD = "sha256", "sealed", "withheld"

PUBLIC: Final = frozenset(
    {"collection.toml", "services.csv", "centres.csv", "populations.csv", "public.csv", "dictionary.csv", "outcomes.toml"}
)
"""The files that hold nothing but what an edition prints, or what is agreed in public. Every other file is sealed."""


@dataclass(frozen=True)
class Sealed:
    """By the name of an input: its digest (hexadecimal, empty where withheld), and of which kind it is."""

    digests: Mapping[str, str]
    kinds: Mapping[str, str]


def seal(collection: Collection) -> Sealed:
    """Return the digests under which an edition names its inputs.

    A sealed digest is HMAC-SHA-256 of the file's name and SHA-256 under a key made of all inputs together. To try a guess of one
    file takes all the others, the cases of every service and centre among them. Where even those are so few that they could be
    guessed, a secret ``seal.txt`` among the inputs takes their place; without it such digests are withheld.
    """
    hashes = collection.inputs
    key = hashlib.sha256(json.dumps(dict(sorted(hashes.items()))).encode()).digest()
    safe = SEALED if SEAL in hashes or _many(collection) else WITHHELD
    kinds = {name: PLAIN if PurePosixPath(name).name in PUBLIC else safe for name in sorted(hashes)}
    return Sealed({name: _digest(kind, key, name, hashes[name]) for name, kind in kinds.items()}, kinds)


def _digest(kind: str, key: bytes, name: str, sha256: str) -> str:
    if kind == SEALED:
        return hmac.new(key, f"{name}\0{sha256}".encode(), hashlib.sha256).hexdigest()
    return sha256 if kind == PLAIN else ""


def _many(collection: Collection) -> bool:
    """Are there, besides those of any one centre (who knows them), still as many cases as a shown figure has at least?"""
    cases = Counter(str(centre) for table in collection.cases.values() for centre in table["centre"].tolist())
    return cases.total() - max(cases.values(), default=0) >= collection.threshold
