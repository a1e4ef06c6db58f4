import struct
import unicodedata
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from plenary.editions.render import letters
from plenary.editions.render.letters import MISSING, glyphs, settable, shown

FONTS = letters.files("plenary.editions.render") / "fonts"


def test_the_font_has_the_letters_of_the_four_nations_and_of_its_neighbours():
    wanted = "AZaz09£€ ŵŷâêîôûáéíóúàèìòùäöüßñçøåæœłžš’‘“”–—…§µ²½×÷≤≥±→αβγδμΩЖяאב"
    assert {letter for letter in wanted if ord(letter) not in shown()} == set()


def test_the_sign_that_stands_for_what_is_missing_is_not_missing_itself():
    assert ord(MISSING) in shown()
    assert settable(MISSING) == MISSING


@pytest.mark.parametrize("face", letters.FACES)
def test_the_character_map_is_the_one_that_an_independent_program_reads(face):
    """FreeType draws the same box for every character without a glyph, and something else for one with a glyph."""
    font = ImageFont.truetype(str(FONTS / face), 24, layout_engine=ImageFont.Layout.BASIC)
    has = glyphs((FONTS / face).read_bytes())
    unknown = bytes(font.getmask("\uffff"))
    ranges = (range(0x21, 0x7F), range(0xA1, 0x180), range(0x370, 0x500, 3), range(0x2010, 0x2600, 7), (0x4E00, 0x3042, 0x0E01))
    for code in chain.from_iterable(ranges):
        if unicodedata.category(chr(code)) in {"Cn", "Cf", "Mn", "Me", "Zs"}:
            continue
        drawn = bytes(font.getmask(chr(code)))
        assert (code in has) is (drawn != unknown), hex(code)


@pytest.mark.parametrize(
    ("written", "set_as"),
    [
        ("Thank you 😊", f"Thank you {MISSING}"),
        ("名前", MISSING * 2),
        ("\ue000", MISSING),
        ("\U0010ffff", MISSING),
        ("❤\ufe0f", f"{MISSING}"),
        ("👩\u200d⚕", f"{MISSING}\u200d{MISSING}"),
        ("a\x07b\x00c\x7fd\x85e", "abcde"),
        ("a\ufeffb\ufffec\uffffd", "abcd"),
        ("one\ttwo\nthree\rfour", "one\ttwo\nthree\rfour"),
        ("Ysbyty’r Brenin Ŵ", "Ysbyty’r Brenin Ŵ"),
        ("", ""),
    ],
)
def test_what_the_font_lacks_is_a_sign_and_what_nobody_sees_is_nothing(written, set_as):
    assert settable(written) == set_as


def test_every_text_of_a_document_is_made_settable_and_nothing_else_is_touched():
    document = {"😊": "😊", "rows": [["a", 1.5, None, True, {"t": "\x07b"}]], "empty": [], "figures": {}}
    assert settable(document) == {"😊": MISSING, "rows": [["a", 1.5, None, True, {"t": "b"}]], "empty": [], "figures": {}}
    assert document["😊"] == "😊"


@given(st.text(max_size=30))
def test_what_is_settable_stays_so_and_holds_nothing_else(words):
    made = settable(words)
    assert settable(made) == made
    assert all(ord(letter) in shown() or letter in "\t\n\r" for letter in made)
    assert len(made) <= len(words)


@given(st.text(st.sampled_from("abcŵ é€\n😊\x01"), max_size=20))
def test_what_can_be_shown_is_never_lost(words):
    kept = [letter for letter in words if letter not in "😊\x01"]
    assert [letter for letter in settable(words) if letter != MISSING] == kept
    assert settable(words).count(MISSING) == words.count("😊")


def test_a_character_that_one_face_lacks_is_not_shown_in_the_other_either():
    regular, bold = (glyphs((FONTS / face).read_bytes()) for face in letters.FACES)
    assert shown() == regular & bold


def font_of(segments):
    """Return a font with nothing but a character map: (first, last, delta, [glyphs] or None) a segment, the closing one added."""
    segments = [*segments, (0xFFFF, 0xFFFF, 1, None)]
    ends = b"".join(struct.pack(">H", last) for _, last, _, _ in segments)
    starts = b"".join(struct.pack(">H", first) for first, _, _, _ in segments)
    deltas = b"".join(struct.pack(">H", delta % 0x10000) for _, _, delta, _ in segments)
    offsets, glyph_ids = b"", b""
    for place, (_, _, _, own) in enumerate(segments):
        offsets += struct.pack(">H", 0 if own is None else 2 * (len(segments) - place) + len(glyph_ids))
        glyph_ids += b"".join(struct.pack(">H", glyph) for glyph in own or [])
    body = struct.pack(">HHHH", 2 * len(segments), 0, 0, 0) + ends + b"\0\0" + starts + deltas + offsets + glyph_ids
    table = struct.pack(">HHH", 4, 6 + len(body), 0) + body
    cmap = struct.pack(">HHHHL", 0, 1, 3, 1, 12) + table
    return struct.pack(">LHHHH", 0x10000, 1, 0, 0, 0) + struct.pack(">4sLLL", b"cmap", 0, 28, len(cmap)) + cmap


@pytest.mark.parametrize(
    ("segments", "codes"),
    [
        ([], set()),
        ([(65, 67, 0, None)], {65, 66, 67}),
        ([(65, 67, -66, None)], {65, 67}),
        ([(65, 67, 0, [3, 0, 5])], {65, 67}),
        ([(65, 67, -3, [3, 4, 5])], {66, 67}),
        ([(65, 65, 0, [1]), (70, 72, 0, [0, 2, 3]), (80, 80, 9, None)], {65, 71, 72, 80}),
    ],
    ids=["empty", "a run", "one maps to no glyph", "a list with a gap", "a list that is shifted", "several"],
)
def test_a_character_map_is_read_as_the_standard_says(segments, codes):
    assert glyphs(font_of(segments)) == codes
