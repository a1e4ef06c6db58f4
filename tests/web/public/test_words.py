"""How facts are worded: what is not confirmed never reads as if it were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.registry.terms import CONFIRMED
from plenary.web.design.tables import Several, Tag
from plenary.web.public.words import SURENESS, distance, first_capital, mark, marked, sureness


def test_a_confirmed_fact_carries_no_mark():
    assert mark(CONFIRMED) == ""
    assert marked("St Example", CONFIRMED) == "St Example"


@pytest.mark.parametrize("confidence", sorted({*SURENESS} - {CONFIRMED, "invented"}))
def test_what_nobody_verified_is_marked(confidence):
    assert mark(confidence) == Tag("Unverified", "orange")
    assert marked("St Example", confidence) == Several(("St Example", Tag("Unverified", "orange")))
    assert sureness(confidence).startswith("Unverified: ")


def test_what_was_made_up_says_so():
    assert mark("invented") == Tag("Invented", "purple")
    assert sureness("invented") == "Invented for the demonstration"


@given(st.text())
def test_a_confidence_that_nobody_has_heard_of_is_never_taken_for_confirmed(confidence):
    if confidence not in SURENESS:
        assert mark(confidence) == Tag("Unverified", "orange")
        assert sureness(confidence) == "Unverified"


@pytest.mark.parametrize(
    ("km", "said"),
    [
        (None, "Not known"),
        (0.0, "Under 1 km"),
        (0.999, "Under 1 km"),
        (1.0, Several(("1 km", "1 mile"))),
        (1.61, Several(("2 km", "1 mile"))),
        (100.0, Several(("100 km", "62 miles"))),
        (1234.5, Several(("1,234 km", "767 miles"))),
    ],
)
def test_a_distance_is_told_in_both_measures(km, said):
    assert distance(km) == said


@given(st.floats(1, 2000))
def test_miles_are_those_of_the_distance_itself_not_of_the_rounded_one(km):
    kilometres, miles = distance(km).parts
    assert float(kilometres.split()[0].replace(",", "")) == round(km)
    assert int(miles.split()[0].replace(",", "")) == round(km / 1.609344) or abs(km / 1.609344 % 1 - 0.5) < 0.01


@given(st.text())
def test_only_the_first_letter_changes(text):
    assert first_capital(text)[len(text[:1].upper()) :] == text[1:]
    assert first_capital(first_capital(text)) == first_capital(text)


@pytest.mark.parametrize(("given", "said"), [("rare disease", "Rare disease"), ("", ""), ("aHUS", "AHUS"), ("élan", "Élan")])
def test_a_first_letter_becomes_a_capital(given, said):
    assert first_capital(given) == said
