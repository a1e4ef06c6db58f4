import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.editions.render.seal import PLAIN, SEALED, WITHHELD, seal
from plenary_stats.folder import SEAL, Collection
from plenary_stats.tables import CaseTable, text

FILES = {
    "collection.toml": b'label = "2025"',
    "centres.csv": b"service,centre\n",
    "lam/dictionary.csv": b"case_id",
    "lam/outcomes.toml": b"",
    "lam/cases-2025.csv": b"AAA,1\n",
    "lam/expected.csv": b"centre,case_id,count\nCCC,,17\n",
    "lam/narrative.md": b"# Description\n",
    "expenditure.csv": b"lam,AAA,1\n",
}
SHORT = {"lam/cases-2025.csv", "lam/expected.csv", "lam/narrative.md", "expenditure.csv"}


def collection(sizes, files=FILES, threshold=30):
    """A collection with so many cases at each centre, and the hashes of its files."""
    centres = [centre for centre, size in sizes.items() for _ in range(size)]
    cases = CaseTable({"centre": text(centres), "case_id": text(range(len(centres)))}, service="lam")
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    made = Collection("2025", np.datetime64("2025-01-01").item(), np.datetime64("2026-01-01").item(), threshold=threshold)
    return replace(made, cases={"lam": cases}, inputs=hashes)


MANY = {"AAA": 50, "BBB": 30}


def test_what_is_public_anyway_has_its_plain_digest_and_the_rest_has_not():
    found = seal(collection(MANY))
    assert set(found.digests) == set(found.kinds) == set(FILES)
    assert {name for name, kind in found.kinds.items() if kind == SEALED} == SHORT
    for name, content in FILES.items():
        assert (found.digests[name] == hashlib.sha256(content).hexdigest()) == (name not in SHORT)
        assert len(found.digests[name]) == 64


@pytest.mark.parametrize("known", ["the public files", "everything but the cases"])
def test_a_count_cannot_be_found_by_trying_all(known):
    true = collection(MANY)
    published = set(seal(true).digests.values())
    if known == "the public files":
        held = {name: content for name, content in FILES.items() if name not in SHORT}
    else:
        held = {name: content for name, content in FILES.items() if not name.startswith("lam/cases")}
    hits = []
    for count in range(100):
        guess = f"centre,case_id,count\nCCC,,{count}\n".encode()
        tried = seal(collection(MANY, held | {"lam/expected.csv": guess})).digests["lam/expected.csv"]
        if published & {tried, hashlib.sha256(guess).hexdigest()}:
            hits.append(count)
    assert hits == []


def test_who_holds_all_files_finds_them_to_be_the_ones():
    assert seal(collection(MANY)) == seal(collection(MANY))
    other = seal(collection(MANY, FILES | {"lam/cases-2025.csv": b"AAA,2\n"})).digests
    assert all(other[name] != digest for name, digest in seal(collection(MANY)).digests.items() if name in SHORT)


@pytest.mark.parametrize("sizes", [{}, {"AAA": 3}, {"AAA": 500, "BBB": 29}, {"AAA": 500, "BBB": 14, "CCC": 15}])
def test_so_few_cases_that_they_could_be_guessed_are_not_vouched_for(sizes):
    found = seal(collection(sizes))
    assert {name for name, kind in found.kinds.items() if kind == WITHHELD} == SHORT
    assert {found.digests[name] for name in SHORT} == {""}
    assert found.digests["collection.toml"] == hashlib.sha256(FILES["collection.toml"]).hexdigest()


def test_a_secret_among_the_inputs_seals_even_the_smallest_collection():
    files = FILES | {SEAL: b"3f9c" * 8}
    found = seal(collection({"AAA": 3}, files))
    assert {name for name, kind in found.kinds.items() if kind == SEALED} == {*SHORT, SEAL}
    guessed = seal(collection({"AAA": 3}, files | {SEAL: b"another of 32 characters or more"}))
    assert not {found.digests[name] for name in SHORT} & {guessed.digests[name] for name in SHORT}
    assert hashlib.sha256(files[SEAL]).hexdigest() not in json.dumps(found.digests)


@given(st.dictionaries(st.sampled_from(["AAA", "BBB", "CCC"]), st.integers(0, 60)), st.integers(1, 40))
def test_nobody_who_knows_one_centre_is_left_with_fewer_cases_than_the_threshold(sizes, threshold):
    kinds = set(seal(collection(sizes, threshold=threshold)).kinds.values())
    unknown = [sum(sizes.values()) - own for own in sizes.values()] or [0]
    assert kinds == {PLAIN, SEALED if min(unknown) >= threshold else WITHHELD}
