"""Rows and numbers of a proposal in words."""

import pytest

from plenary.core.terms import NOBODY, NotFound
from plenary.releases.terms import Deduced, Rule
from plenary.web.workspace import proposed
from tests.factories import releases as make
from tests.factories.releases import COMMISSIONER

POLICY = {"threshold": 30, "event_threshold": 5}


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0, None, "0 or more"), (1200, None, "1,200 or more"), (12, 12, "exactly 12"), (0, 29, "0 to 29"), (5, 1062, "5 to 1,062")],
)
def test_a_range_is_read_as_people_say_it(low, high, said):
    assert proposed.range_words(Deduced("patients", low, high, "safe")) == said


def test_every_quantity_has_words_and_a_new_one_reads_as_its_name():
    assert proposed.quantity_words("patients") == "Patients"
    assert proposed.quantity_words("numerator") != proposed.quantity_words("denominator")
    assert proposed.quantity_words("bed_days") == "Bed days"


@pytest.mark.parametrize(("rule", "limit"), [(Rule.PATIENTS, 30), (Rule.ANOTHER, 30), (Rule.EVENTS, 5), (None, 30)])
def test_the_limit_is_that_of_the_rule(rule, limit):
    found, words = proposed.limits(rule, POLICY)
    assert found == limit
    assert str(limit) in words


@pytest.mark.django_db
def test_a_proposal_that_one_does_not_see_is_not_there():
    made = make.proposal()
    assert proposed.one_proposal(COMMISSIONER, made.pk) == made
    assert proposed.service_names(made) == {"adult-ecmo": "Adult ecmo service"}
    for who, number in ((NOBODY, made.pk), (COMMISSIONER, made.pk + 1)):
        with pytest.raises(NotFound):
            proposed.one_proposal(who, number)
