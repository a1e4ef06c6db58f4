import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.equity import accessibility

PEOPLE, BEDS = np.array([1000.0, 500, 2000]), np.array([6.0, 4])
MINUTES = np.array([[10.0, 80], [45, 50], [200, 15]])


def test_two_steps_by_hand():
    found = accessibility(PEOPLE, BEDS, MINUTES, catchment=60)
    assert found.served.tolist() == [1500, 2500]
    assert found.value == pytest.approx([6 / 1500, 6 / 1500 + 4 / 2500, 4 / 2500])
    assert found.share[0].tolist() == [1, 0]


def test_demand_may_be_in_any_unit():
    assert accessibility(PEOPLE / 10_000, BEDS, MINUTES, catchment=60).value == pytest.approx(
        10_000 * accessibility(PEOPLE, BEDS, MINUTES, catchment=60).value
    )


def test_a_centre_at_the_edge_and_one_at_the_door_are_within_reach():
    found = accessibility([10, 10], [1], [[0.0], [30.0]], catchment=30)
    assert found.value == pytest.approx([0.05, 0.05])


def test_without_a_catchment_everybody_reaches_everything():
    assert accessibility(PEOPLE, BEDS, MINUTES).value == pytest.approx(np.full(3, 10 / 3500))


@settings(deadline=None, max_examples=40)
@given(st.floats(1, 300), st.one_of(st.none(), st.floats(10, 100)))
def test_all_supply_within_reach_is_shared_out_once(catchment, bandwidth):
    found = accessibility(PEOPLE, BEDS, MINUTES, catchment=catchment, bandwidth=bandwidth)
    reached = found.served > 0
    assert PEOPLE @ found.value == pytest.approx(BEDS[reached].sum())
    assert found.share.sum(axis=1) == pytest.approx((found.value > 0).astype(float))


def test_nothing_within_reach_is_nought():
    found = accessibility(PEOPLE, BEDS, MINUTES, catchment=5)
    assert found.value.tolist() == [0, 0, 0]
    assert found.share.tolist() == [[0, 0]] * 3


def test_nearer_ones_weigh_more_with_a_bandwidth():
    found = accessibility([100, 100], [5], [[10.0], [20.0]], bandwidth=15)
    assert (found.method, accessibility([1], [1], [[1]]).method) == ("enhanced 2sfca", "2sfca")
    near, far = np.exp(-(10**2) / 450), np.exp(-(20**2) / 450)
    assert found.value == pytest.approx([5 * near / (100 * (near + far)), 5 * far / (100 * (near + far))])


@settings(deadline=None, max_examples=40)
@given(st.floats(0.1, 100), st.floats(0, 4))
def test_huff_does_not_depend_on_the_unit_of_cost_and_serves_everybody(unit, power):
    one, other = (accessibility(PEOPLE, BEDS, cost, "huff", power=power) for cost in (MINUTES, MINUTES * unit))
    assert other.share == pytest.approx(one.share)
    assert one.served.sum() == pytest.approx(PEOPLE.sum())
    assert one.share.sum(axis=1) == pytest.approx(np.ones(3))


def test_huff_by_hand():
    found = accessibility([100], [2, 8], [[1.0, 2.0]], "huff")
    assert found.share[0] == pytest.approx([0.5, 0.5])
    assert found.value == pytest.approx([4])


def test_a_centre_at_no_cost_takes_everybody_and_one_with_no_supply_nobody():
    found = accessibility([10, 10], [1, 5, 0], [[0.0, 3, 0], [4, 4, 0]], "huff")
    assert found.share[0].tolist() == [1, 0, 0]
    assert found.share[1] == pytest.approx([1 / 6, 5 / 6, 0])


def test_hansen_with_and_without_decay():
    assert accessibility([1], [3], [[10.0]], "hansen", decay=0.05).value == pytest.approx([3 * np.exp(-0.5)])
    assert accessibility([1], [3], [[10.0]], "hansen", power=1).value == pytest.approx([0.3])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((PEOPLE, BEDS, MINUTES.T), "3 places and 2 centres"),
        ((PEOPLE, BEDS, -MINUTES), "cost: it cannot be negative"),
        ((PEOPLE, -BEDS, MINUTES), "supply: it cannot be negative"),
        ((-PEOPLE, BEDS, MINUTES), "demand: it cannot be negative"),
        ((PEOPLE, BEDS, MINUTES, "gravity"), "2sfca, huff, hansen"),
        ((PEOPLE, BEDS, MINUTES * np.nan), "finite"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        accessibility(*arguments)
