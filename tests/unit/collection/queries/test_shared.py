"""Patients of two centres: to each centre its own case, to the network numbers and states."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection.models import SharedPatient
from plenary.collection.queries import shared
from plenary.core import permissions as roles
from plenary.core.terms import NOBODY
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import make_who

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre():
    return make.make_centre()


@pytest.fixture
def other(centre):
    return make.make_centre(ods="RM2")


@pytest.fixture
def pair(centre, other):
    make.accepted(centre, case("MINE"))
    make.accepted(other, case("THEIRS"))
    return SharedPatient.objects.get()


def test_each_sees_its_own_case_and_which_centre_the_other_is(centre, other, pair):
    for place, elsewhere, own in ((centre, other, "MINE"), (other, centre, "THEIRS")):
        [side] = shared.visible_to(make.manager(place), centre.service)
        assert (side.centre, side.other, side.case_id) == (place, elsewhere, own)
        assert shared.side(make.lead(place), pair.pk).case_id == own


def test_the_network_sees_no_case(centre, pair):
    for who in (make.network_lead(centre), make_who(roles.NationalCommissioner, "England")):
        [side] = shared.visible_to(who, centre.service)
        assert side.case_id == ""
        assert shared.side(who, pair.pk) is None


@pytest.mark.parametrize(
    "who",
    [NOBODY, make_who(roles.CentreLead, "adult-ecmo/RX9"), make_who(roles.NetworkLead, "lam"), make_who(roles.Administrator)],
)
def test_nobody_else_sees_that_there_is_one(centre, pair, who):
    assert shared.visible_to(who, centre.service) == []
    assert shared.side(who, pair.pk) is None


def test_it_stands_in_the_own_period(centre, other, pair):
    assert shared.unsettled(centre, START, END).count() == 1
    assert shared.unsettled(centre, END, END.replace(year=2027)).count() == 0
    assert [one.pk for one in shared.of_centre(other)] == [pair.pk]


def test_a_withdrawn_case_ends_it(centre, other, pair):
    make.accepted(centre, case("ELSE", birth_date="01/01/1990"))
    assert not shared.of_centre(other).exists()
    assert shared.unsettled(other, START, END).count() == 0
    assert shared.account(centre.service, START, END).counted == 2


def test_look_ups_do_not_grow(centre, other):
    counts = []
    for number in (1, 3):
        for place in (centre, other):
            make.accepted(place, *(case(f"{place.ods}{day}", birth_date=f"0{day + 1}/01/1990") for day in range(number)))
        with CaptureQueriesContext(connection) as asked:
            found = shared.visible_to(make.manager(centre), centre.service)
        assert len(found) == number
        counts.append(len(asked))
    assert counts[0] == counts[1]
