"""What every export says of a data set."""

from datetime import date

import pytest

from plenary_stats.dictionary import fhir, guide, odm
from plenary_stats.dictionary.document import entry
from plenary_stats.dictionary.exports import About, printable
from tests.unit.plenary_stats.dictionary.exported import ABOUT, DATA, LIBRARY


def test_a_data_set_says_whether_it_is_agreed():
    assert ABOUT.standing == "Proposed: no network has agreed it yet"
    assert About("lam", "1", date(2026, 1, 1), agreed_on=date(2026, 3, 1)).standing == "Agreed by the network on 2026-03-01"
    assert (ABOUT.name, About("lam", "1", date(2026, 1, 1)).name) == ("Lymphangioleiomyomatosis", "lam")


def test_the_element_of_a_field():
    assert ABOUT.element(DATA.by_name["disease"]) is LIBRARY["orphacode"]
    assert ABOUT.element(DATA.by_name["age"]) is None
    assert ABOUT.element(entry(name="x", annotation="@PLENARY-ELEMENT='other'")) is None


def test_control_characters_are_taken_out():
    assert printable("a\x00b\x0bc\td\ne\ufffe") == "abc\td\ne"


@pytest.mark.parametrize("export", [odm, fhir, guide])
def test_the_same_data_set_gives_the_same_bytes(export):
    assert export.write(DATA, ABOUT) == export.write(DATA, ABOUT)
