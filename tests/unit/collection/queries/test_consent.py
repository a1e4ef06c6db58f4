"""What was recorded of patients' wishes, and who sees it."""

import pytest

from plenary.collection.queries import consent
from plenary.collection.terms import Answer, Effect, Wish
from tests.factories import collection as make
from tests.unit.collection.actions.test_consent import say

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_force(db):
    make.shipped("objection")


@pytest.fixture
def centre():
    return make.make_centre()


def test_the_own_people_see_what_was_recorded_the_last_first(centre):
    say(centre, "A", "registry")
    say(centre, "B", "registry")
    say(make.make_centre(ods="RM2"), "SECRET-7", "registry")
    assert [one.case_id for one in consent.visible_to(make.lead(centre))] == ["B", "A"]
    assert not consent.visible_to(make.network_lead(centre)).exists()


def test_what_nobody_said_keeps_the_case(centre):
    assert consent.standing_effect(centre, "A") == Effect.KEPT


def test_the_last_day_counts_and_not_the_last_typed(centre):
    say(centre, "A", "opt_out", "withdrawn", make.date(2026, 5, 1))
    say(centre, "A", "opt_out", "given", make.date(2026, 4, 1))
    assert consent.standing_effect(centre, "A") == Effect.KEPT


def test_every_answer_that_a_page_offers_has_words():
    assert set(consent.WISHES) == set(Wish)
    assert set(consent.ANSWERS) == set(Answer)
    assert set(consent.EFFECTS) == set(Effect)


@pytest.mark.parametrize("wish", list(consent.WISHES))
def test_the_shipped_settings_know_every_wish(centre, wish):
    settings = consent.settings_on(make.date(2026, 1, 1))
    for answer in ("given", "withdrawn", "not_asked"):
        assert consent.effect_of(settings, wish, answer) in set(Effect)
