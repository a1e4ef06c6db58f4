"""People: columns for comparing, in an order that the key does not change."""

from datetime import date

import numpy as np

from plenary_episodes.people import People, Person, ordered


def person(**known):
    return Person(**{"service": "eyes", "centre": "R1H", "event_on": date(2025, 6, 1), "name": "1"} | known)


def test_columns_are_of_the_records_in_order():
    people = People((person(nhs="a", born_on=date(2010, 1, 2)), person(sex="male")))
    assert people.texts("nhs").tolist() == ["a", ""]
    assert people.texts("sex").tolist() == ["", "male"]
    assert people.days("born_on").tolist() == [date(2010, 1, 2), None]
    assert people.days("event_on").dtype == np.dtype("datetime64[D]")


def test_nobody_has_columns_too():
    none = People(())
    assert len(none) == 0
    assert none.texts("nhs").tolist() == []
    assert none.days("born_on").tolist() == []


def test_the_order_does_not_depend_on_pseudonyms():
    people = [person(name=str(number), nhs=f"{9 - number}", local=f"{number % 3}") for number in range(9)]
    others = [person(name=str(number), nhs=f"{number}", local="") for number in range(9)]
    assert [one.name for one in ordered(people[::-1]).records] == [one.name for one in ordered(others).records]


def test_the_order_is_service_centre_day_name():
    late, early = person(event_on=date(2026, 1, 1), name="0"), person(event_on=None, name="9")
    knees, other = person(service="knees"), person(centre="R1A")
    assert ordered([knees, late, early, other]).records == (other, early, late, knees)
