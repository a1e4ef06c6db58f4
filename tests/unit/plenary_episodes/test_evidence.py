"""Evidence: probabilities of levels from counts, what they are worth, and EM where the answer is known."""

import numpy as np
import pytest

from plenary_episodes import evidence
from plenary_episodes.comparison import GROUPS, LEVELS, Sides
from plenary_episodes.evidence import Evidence, probability, share_of_true, starting
from plenary_episodes.people import People
from tests.unit.plenary_episodes.test_comparison import person


def levels(**columns):
    """Return levels of two pairs, all saying nothing but those given."""
    silent = {name: np.zeros(2, dtype=np.int8) for name in LEVELS}
    return silent | {name: np.array(values, dtype=np.int8) for name, values in columns.items()}


def test_starting_values_are_probabilities_for_every_level():
    start = starting()
    for side in (start.m, start.u):
        for name, values in side.items():
            assert len(values) == len(LEVELS[name])
            for group in GROUPS.get(name, (tuple(range(1, len(values) + 1)),)):
                assert sum(values[place - 1] for place in group) == pytest.approx(1)


def test_agreement_speaks_for_a_pair_and_disagreement_against():
    start = starting()
    for name in evidence.FIELDS:
        full, none = (start.log_odds(levels(**{name: [place, place]}))[0] for place in (1, len(LEVELS[name])))
        assert full > 0 > none or name == "place"
    assert start.log_odds(levels(place=[1, 4]))[0] > 0 > start.log_odds(levels(place=[4, 4]))[0]


def test_what_is_missing_says_nothing():
    assert starting().log_odds(levels()).tolist() == [0, 0]


def test_fields_add_up():
    start = starting()
    both = start.log_odds(levels(sex=[1, 2], birth_date=[1, 3]))
    apart = start.log_odds(levels(sex=[1, 2])) + start.log_odds(levels(birth_date=[1, 3]))
    assert both == pytest.approx(apart)
    assert both[0] == pytest.approx(np.log(0.99 / 0.5 * 0.97 / 0.0001))


def test_identifiers_count_only_where_they_are_asked_for():
    start = starting()
    given = levels(local_id=[1, 2])
    assert start.log_odds(given).tolist() == [0, 0]
    asked = start.log_odds(given, (*evidence.FIELDS, "local_id"))
    assert asked[0] > 9
    assert asked[1] < -3


def test_shares_are_counts_with_the_start_for_what_it_is_worth():
    found = evidence.shares("sex", np.array([30.0, 10.0]), np.array([0.5, 0.5]), 20)
    assert found.tolist() == pytest.approx([40 / 60, 20 / 60])
    untouched = evidence.shares("sex", np.zeros(2), np.array([0.9, 0.1]), 5)
    assert untouched.tolist() == pytest.approx([0.9, 0.1])


def test_levels_are_counted_by_weight_and_missing_ones_not():
    given = np.array([0, 1, 1, 2], dtype=np.int8)
    assert evidence.counted("sex", given).tolist() == [2, 1]
    assert evidence.counted("sex", given, np.array([9, 0.5, 0.25, 1])).tolist() == [0.75, 1]


def test_the_same_agree_as_often_as_they_were_seen_to():
    many = {name: np.zeros(10_000, dtype=np.int8) for name in LEVELS}
    many["sex"] = np.where(np.arange(10_000) < 9_000, 1, 2).astype(np.int8)
    found = evidence.of_the_same(many, np.ones(10_000))
    assert found["sex"][0] == pytest.approx((9_000 + 20 * 0.99) / 10_020)
    assert found["birth_date"] == pytest.approx(starting().m["birth_date"])


def test_others_are_those_with_two_numbers_that_differ():
    """The pairs of one person, with one number or with none, must not count: they would make agreement look like chance."""
    left = [person(nhs=f"{number}", sex="male") for number in range(60)]
    right = [person(nhs=f"{number}", sex="female" if number % 4 else "male") for number in range(60)]
    found = evidence.of_others(Sides(People(tuple(left)), People(tuple(right)), {}))
    assert found["sex"][0] == pytest.approx((60 * 59 / 4 + 100) / (60 * 59 + 200), rel=1e-3)
    nameless = Sides(People(tuple(person(nhs="") for _ in range(9))), People(tuple(right)), {})
    assert evidence.of_others(nameless)["sex"].tolist() == pytest.approx([0.5, 0.5])


def test_the_share_of_true_pairs_is_found_by_em():
    draw = np.random.default_rng(1)
    true = draw.random(20_000) < 0.97
    odds = np.where(true, draw.normal(8, 2, 20_000), draw.normal(-8, 2, 20_000))
    share, sure = share_of_true(odds, 0.999)
    assert share == pytest.approx(true.mean(), abs=0.004)
    assert ((sure > 0.5) == true).mean() > 0.999


def test_no_pair_leaves_the_share_as_it_was_trusted():
    share, sure = share_of_true(np.array([]), 0.999)
    assert share == pytest.approx(0.999)
    assert len(sure) == 0


def test_probabilities_are_of_odds_and_never_overflow():
    with np.errstate(all="raise"):
        assert probability(np.array([-1e9, 0.0, np.log(3), 1e9])).tolist() == pytest.approx([0, 0.5, 0.75, 1])


def test_lists_of_pairs_are_joined_field_by_field():
    both = evidence.joined(levels(sex=[1, 1]), levels(sex=[2, 0]))
    assert both["sex"].tolist() == [1, 1, 2, 0]
    assert len(both["place"]) == 4
    assert evidence.same_number(levels(nhs_number=[1, 2])).tolist() == [True, False]


def test_evidence_is_of_both_probabilities():
    coin = Evidence({"sex": np.array([0.8, 0.2])}, {"sex": np.array([0.4, 0.6])})
    assert np.exp(coin.log_odds(levels(sex=[1, 2]), ("sex",))).tolist() == pytest.approx([2, 1 / 3])
