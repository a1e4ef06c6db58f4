"""Bytes become text without a letter garbled, or are refused with the line."""

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plenary_stats.dictionary.document import decode
from plenary_stats.encoding import decoded
from plenary_stats.errors import InputError

TEXT = "case_id,note\nZoë,naïve\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "UTF-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "UTF-8"),
        (TEXT.encode("cp1252"), "Windows-1252"),
        (b"\xef\xbb\xbf" + TEXT.encode("cp1252"), "Windows-1252"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "UTF-16"),
        (TEXT.encode("utf-16-le"), "UTF-16"),
        (TEXT.encode("utf-16-be"), "UTF-16"),
    ],
)
def test_every_dress_of_one_text(content, encoding):
    found = decoded(content)
    assert (found.text, found.encoding, found.other_line) == (TEXT, encoding, 0)
    assert decode(content) == TEXT


def test_two_encodings_in_one_file_keep_both_their_letters():
    found = decoded("a,Zoë\n".encode("cp1252") + "b,Jürgen\n".encode() + b"c,plain\n")
    assert found.text == "a,Zoë\nb,Jürgen\nc,plain\n"
    assert (found.encoding, found.other_line) == ("Windows-1252", 2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"plain\nplain\n\x81\n", "'c.csv' is neither .* see line 3"),
        ("a,b\n".encode("utf-32"), "UTF-32"),
        (b"\xff\xfea", "begins as UTF-16"),
        (b"\xff\xfe\x00\xd8a\x00", "begins as UTF-16"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(content, words):
    with pytest.raises(InputError, match=words):
        decoded(content, "'c.csv'")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec="cp1252", exclude_characters="\n\r\x81\x8d\x8f\x90\x9d")), max_size=5))
@example(["Ã©"])
def test_utf_8_comes_back_as_it_was(lines):
    text = "\n".join(lines)
    if not text.startswith("\ufeff"):
        assert decoded(text.encode()).text == text


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_refused(content):
    with contextlib.suppress(InputError):  # every other error fails
        assert isinstance(decoded(content).text, str)
