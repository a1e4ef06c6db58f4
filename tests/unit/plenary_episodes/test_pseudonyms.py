"""Pseudonyms: keyed, the same for the same person, and nothing that was read is written."""

import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_episodes import pseudonyms
from plenary_episodes.pseudonyms import Pseudonyms, is_one_of, with_key
from plenary_stats.errors import InputError
from tests.unit.plenary_episodes.made import KEY, NHS, secret

LONG = "0123456789abcdef" * 2


def test_a_pseudonym_is_hmac_sha_256_of_the_digits():
    (found,) = secret().nhs_numbers([NHS[0]])
    assert found == hmac.new(KEY, b"nhs\0" + NHS[0].encode(), hashlib.sha256).hexdigest()[:32]


def test_spaces_and_hyphens_do_not_make_another_person():
    one = NHS[0]
    found = secret().nhs_numbers([one, f"{one[:3]} {one[3:6]} {one[6:]}", f" {one[:3]}-{one[3:6]}-{one[6:]} "])
    assert len(set(found)) == 1


@given(st.lists(st.text(alphabet="0129 -\t\u00a0aZß", max_size=12) | st.sampled_from(NHS), max_size=8))
def test_many_at_once_are_each_as_alone_and_as_hmac_says(texts):
    alone = [hmac.digest(KEY, b"local\0R\0" + re.sub(r"[\s-]", "", text).casefold().encode(), "sha256").hex() for text in texts]
    made = secret().local_ids(["R"] * len(texts), texts)
    assert made == [digest[:32] if re.sub(r"[\s-]", "", text) else "" for digest, text in zip(alone, texts, strict=True)]
    assert secret().nhs_numbers(texts) == [secret().nhs_numbers([text])[0] for text in texts]


def test_another_person_or_another_key_has_another_pseudonym():
    first, second = secret().nhs_numbers(NHS[:2])
    (other,) = Pseudonyms(b"x" * 32).nhs_numbers(NHS[:1])
    assert len({first, second, other}) == 3


@pytest.mark.parametrize(
    "text", [None, "", " ", "9990000019", "999000001", "99900000188", "0000000000", "1111111111", "abcdefghij"]
)
def test_what_is_no_nhs_number_has_no_pseudonym(text):
    assert secret().nhs_numbers([text]) == [""]


def test_a_local_number_is_of_its_provider():
    same, other, blank = secret().local_ids(["R1H", "RQ3", "R1H"], ["A 12", "a12", " "])
    assert same != other
    assert blank == ""
    assert secret().local_ids(["R1H"], ["a-12"]) == [same]


def test_no_pseudonym_holds_the_number():
    made = secret()
    for found in (*made.nhs_numbers(NHS), *made.local_ids(["R"] * len(NHS), NHS)):
        assert not any(number in found for number in NHS)
        assert len(found) == pseudonyms.LENGTH


def test_the_key_is_never_shown():
    made = secret()
    made.nhs_numbers(NHS)
    assert KEY.decode() not in repr(made)
    assert NHS[0] not in repr(made)


@pytest.mark.parametrize(
    "text",
    [
        NHS[0],
        f"case {NHS[0]}",
        f"x{NHS[0]}y",
        f"{NHS[0][:3]} {NHS[0][3:6]} {NHS[0][6:]}",
        f"{NHS[0][:3]}-{NHS[0][3:6]}-{NHS[0][6:]}",
    ],
)
def test_a_number_that_was_read_is_recognised_in_what_would_be_written(text):
    made = secret()
    made.nhs_numbers([NHS[0]])
    assert made.gives_away(text)


def test_a_mistyped_number_is_recognised_too():
    made = secret()
    made.nhs_numbers(["9990000019"])
    assert made.gives_away("9990000019")


@pytest.mark.parametrize("text", ["", "case 12", NHS[1], f"5{NHS[0]}", f"{NHS[0]}5", "2025-06-01"])
def test_another_text_is_not(text):
    made = secret()
    made.nhs_numbers([NHS[0]])
    assert not made.gives_away(text)


@pytest.mark.parametrize(
    ("text", "others", "found"),
    [("A 1", ["a1", None], True), ("A1", ["A12"], False), ("", [""], False), (None, [None], False), ("7", ["", "7"], True)],
)
def test_a_number_is_an_identifier_of_its_row(text, others, found):
    assert is_one_of(text, others) is found


def test_the_key_is_of_the_file_first(tmp_path):
    path = tmp_path / "key"
    path.write_text(f"{LONG}\n", encoding="utf-8")
    found = with_key(path, {pseudonyms.VARIABLE: "z" * 40})
    assert (found.key, found.kept) == (LONG.encode(), True)


def test_the_key_is_of_the_environment_else():
    assert with_key(None, {pseudonyms.VARIABLE: LONG}).key == LONG.encode()


def test_without_a_key_one_is_drawn_and_not_kept():
    first, second = with_key(None, {}), with_key(None, {})
    assert first.kept is second.kept is False
    assert first.key != second.key
    assert len(first.key) == 32


@pytest.mark.parametrize("text", ["short", "x" * (pseudonyms.SHORTEST - 1), "", "  "])
def test_a_key_that_could_be_guessed_is_refused_and_not_repeated(tmp_path, text):
    path = tmp_path / "key"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="shorter than 32") as refusal:
        with_key(path, {})
    assert "xxx" not in str(refusal.value)


def test_a_key_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        with_key(tmp_path / "none", {})


def test_a_file_has_a_keyed_digest_that_nobody_can_try_numbers_with(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"nhs\n{NHS[0]}\n", encoding="utf-8")
    plain = hashlib.sha256(path.read_bytes())
    found = secret().of_file(path)
    assert found == hmac.new(KEY, plain.digest(), hashlib.sha256).hexdigest()
    assert found not in (plain.hexdigest(), Pseudonyms(b"x" * 32).of_file(path))
    assert secret(kept=False).of_file(path) == ""
