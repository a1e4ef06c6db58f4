"""Shared elements: shapes, check digits, and the document that they stand in."""

from pathlib import Path

import nhs_number
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats.dictionary import elements
from plenary_stats.dictionary.elements import modulus_11, read_library, verhoeff
from plenary_stats.errors import InputError

LIBRARY = read_library((Path(__file__).parents[4] / "definitions" / "elements" / "elements.toml").read_bytes())


def fits(name, text):
    element = LIBRARY[name]
    return element.shaped(element.tidy(text)) and element.checks(element.tidy(text))


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("nhs-number", ["999 000 0018", "999-000-0018", "9434765919"], ["9434765918", "943476591", "94347659190", "943476591A"]),
        ("chi-number", ["0101010001"], ["3201010001", "0113010001", "0101010002"]),
        ("hsc-number", ["3200000015"], ["9434765919", "3200000016"]),
        ("orphacode", ["538", "ORPHA:538", "orpha: 538", "ORPHA538"], ["0538", "1234567", "G71.0", ""]),
        ("snomed-ct", ["73211009", "22298006", "404684003", "900000000000207008"],
         ["73211008", "7321100", "754786016", "1234", "0073211009"]),
        ("icd-10", ["K83.1", "K831", "E85", "I10X", "M05.99", "A17.0†", "G01*", "c22.2", "U07.1", "A170D"], ["83.1", "K8", "KK3", "K83123"]),
        ("opcs-4", ["X58.1", "J691", "O16.1", "K40"], ["I58.1", "X5", "X58.11", "581"]),
        ("dmd", ["322236009", "39720311000001101"], ["322236008", "32223600"]),
        ("ods-code", ["RX1", "rx1ra", "7A4", "Y12345"], ["R1", "RX1RA00000", "R-X1"]),
        ("lsoa-2021", ["E01000001", "W01001957", "S01006506", "N20000001"], ["E02000001", "E0100001", "QHL"]),
        ("postcode", ["SW1A 1AA", "m1 1ae", "B33 8TH", "CR26XH", "DN551PT", "GIR 0AA"], ["SW1A", "QQ1 1AA", "SW1A 1CA", "12345"]),
    ],
)  # fmt: skip
def test_what_fits_and_what_does_not(name, good, bad):
    assert [text for text in good if not fits(name, text)] == []
    assert [text for text in bad if fits(name, text)] == []


def test_a_value_is_kept_in_one_form():
    assert LIBRARY["orphacode"].tidy("orpha: 538") == "538"
    assert LIBRARY["icd-10"].tidy("k83.1 ") == "K831"
    assert LIBRARY["postcode"].tidy("sw1a 1aa") == "SW1A1AA"
    assert LIBRARY["nhs-number"].tidy("999 000-0018") == "9990000018"


def test_what_tells_who_the_patient_is_is_never_kept():
    assert {name for name, one in LIBRARY.items() if one.identifier} == {
        "nhs-number", "chi-number", "hsc-number", "lsoa-2021", "postcode",
    }  # fmt: skip
    assert {name for name, one in LIBRARY.items() if one.reduces_to == "area"} == {"lsoa-2021", "postcode"}


@given(st.from_regex(r"[0-9]{10}", fullmatch=True))
def test_the_nhs_check_digit_is_that_of_an_independent_library(text):
    assert modulus_11(text) == (nhs_number.calculate_checksum(text[:9]) == int(text[9]))


DIHEDRAL = [[(a + b) % 5 if b < 5 else 5 + (a + b) % 5 for b in range(10)] if a < 5
            else [5 + (a - b) % 5 if b < 5 else (a - b) % 5 for b in range(10)] for a in range(10)]  # fmt: skip
"""The group's table, written out from its definition."""


def test_verhoeff_multiplies_in_the_symmetry_group_of_the_pentagon():
    assert DIHEDRAL[3] == [3, 4, 0, 1, 2, 8, 9, 5, 6, 7]
    assert DIHEDRAL[7] == [7, 6, 5, 9, 8, 2, 1, 0, 4, 3]
    assert [[elements._product(a, b) for b in range(10)] for a in range(10)] == DIHEDRAL


@given(st.from_regex(r"[0-9]{1,17}", fullmatch=True), st.data())
def test_verhoeff_finds_every_wrong_digit_and_every_exchange_of_neighbours(text, data):
    digit = next(digit for digit in "0123456789" if verhoeff(text + digit))
    whole = text + digit
    assert sum(verhoeff(text + other) for other in "0123456789") == 1
    place = data.draw(st.integers(0, len(whole) - 1))
    wrong = data.draw(st.sampled_from([other for other in "0123456789" if other != whole[place]]))
    assert not verhoeff(whole[:place] + wrong + whole[place + 1 :])
    if place and whole[place] != whole[place - 1]:
        assert not verhoeff(whole[: place - 1] + whole[place] + whole[place - 1] + whole[place + 1 :])


GOOD = '[[element]]\nid = "x"\nlabel = "X"\nshape = "[0-9]+"\nsays = "digits"\nexample = "12"\n'


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "holds no"),
        ("owner = 1", "holds no"),
        ("[[element", "not TOML"),
        (GOOD + GOOD, "'x' twice"),
        (GOOD.replace('id = "x"\n', ""), "element '\\?' needs the texts"),
        (GOOD.replace('says = "digits"', "says = 3"), "'x' needs the texts"),
        (GOOD + 'colour = "red"\n', "unknown key 'colour'"),
        (GOOD + 'check = "luhn"\n', "unknown check 'luhn'. Known: modulus-11, verhoeff"),
        (GOOD.replace("[0-9]+", "[0-9"), "cannot be used"),
        (GOOD.replace('"12"', '"ab"'), "does not fit its own"),
        (GOOD + 'check = "verhoeff"\n', "does not fit its own"),
        (GOOD + 'check = "modulus-11"\n', "cannot be used|does not fit"),
    ],
)
def test_a_library_that_is_wrong_is_refused(text, part):
    with pytest.raises(InputError, match=part):
        read_library(text)


def test_every_shipped_example_fits_and_says_where_it_comes_from():
    document = elements.tomllib.loads(
        (Path(__file__).parents[4] / "definitions" / "elements" / "elements.toml").read_text("utf-8")
    )
    for one in document["element"]:
        assert one["source"], one["id"]
        assert fits(one["id"], one["example"]), one["id"]
    assert {"orphacode", "snomed-ct", "icd-10", "opcs-4", "dmd", "nhs-number", "ods-code", "lsoa-2021", "postcode"} <= set(
        LIBRARY
    )
