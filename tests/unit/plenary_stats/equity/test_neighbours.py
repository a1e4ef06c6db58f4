from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from plenary_stats.equity import geary, getis_ord, local_moran, moran, smoothed_rates

CHAIN = [[1], [0, 2], [1, 3], [2, 4], [3, 5], [4]]
X = np.array([1.0, 2.0, 2.5, 4.0, 5.5, 6.0])
MATRIX = np.array([[float(j in near) for j in range(6)] for near in CHAIN])
PAIRS = np.argwhere(MATRIX)


def by_hand(x, weights):
    z = x - x.mean()
    return len(x) / weights.sum() * (weights * np.outer(z, z)).sum() / (z**2).sum()


def test_moran_by_the_definition():
    row = MATRIX / MATRIX.sum(axis=1)[:, None]
    assert moran(X, CHAIN).statistic == pytest.approx(by_hand(X, row), rel=1e-13)
    assert moran(X, CHAIN, style="binary").statistic == pytest.approx(by_hand(X, MATRIX), rel=1e-13)


@pytest.mark.parametrize(
    "neighbours", [CHAIN, MATRIX, MATRIX.tolist(), PAIRS, PAIRS.tolist(), csr_array(MATRIX), np.vstack((PAIRS, PAIRS))]
)
def test_neighbours_may_be_given_in_several_ways(neighbours):
    assert moran(X, neighbours) == moran(X, CHAIN)


def test_expectation_and_variance_are_those_of_all_the_ways_to_deal_the_values_out():
    """Every one of the 720 orders of six values: their mean is -1/5 and their variance what is claimed, exactly."""
    orders = np.array(list(permutations(X)))
    row = MATRIX / MATRIX.sum(axis=1)[:, None]
    found = moran(X, CHAIN)
    every = np.array([by_hand(order, row) for order in orders])
    assert every.mean() == pytest.approx(found.expected, abs=1e-12)
    assert every.var() == pytest.approx(found.variance, rel=1e-10)

    z = orders - X.mean()
    cs = 5 / (2 * 6) * np.einsum("ij,kij->k", row, (orders[:, :, None] - orders[:, None, :]) ** 2) / (z**2).sum(axis=1)
    c = geary(X, CHAIN)
    assert (cs.mean(), cs.var()) == (pytest.approx(1), pytest.approx(c.variance, rel=1e-10))
    assert c.z == pytest.approx((1 - c.statistic) / np.sqrt(c.variance))

    gs = np.einsum("ki,ij,kj->k", orders, MATRIX, orders) / (X.sum() ** 2 - (X**2).sum())
    g = getis_ord(X, CHAIN)
    assert (gs.mean(), gs.var()) == (pytest.approx(g.expected), pytest.approx(g.variance, rel=1e-9))


def test_local_expectation_and_variance_are_those_of_the_permutations():
    row = MATRIX / MATRIX.sum(axis=1)[:, None]
    others = np.array(list(permutations(X[1:])))
    orders = np.column_stack((np.full(len(others), X[0]), others))
    z = orders - X.mean()
    first = z[:, 0] * (z @ row[0]) / (z**2).mean(axis=1)
    found = local_moran(X, CHAIN).columns
    assert found["expected"][0] == pytest.approx(first.mean(), abs=1e-12)
    assert found["variance"][0] == pytest.approx(first.var(), rel=1e-10)

    every = np.array(list(permutations(X))) - X.mean()
    second = every[:, 1] * (every @ row[1]) / (X.var())
    total = local_moran(X, CHAIN, null="total").columns
    assert total["expected"][1] == pytest.approx(second.mean(), abs=1e-12)
    assert total["variance"][1] == pytest.approx(second.var(), rel=1e-10)


def test_the_local_ones_add_up_to_the_whole():
    assert local_moran(X, CHAIN).columns["statistic"].mean() == pytest.approx(moran(X, CHAIN).statistic)


def test_quadrants_say_where_an_area_and_its_neighbours_lie():
    found = local_moran([9.0, 8.0, 1.0, 2.0, 9.0], [[1], [0], [3], [2], [2, 3]]).columns
    assert found["quadrant"].tolist() == ["high-high", "high-high", "low-low", "low-low", "high-low"]


def test_an_area_without_neighbours_does_not_count():
    alone = moran(np.append(X, X.mean()), [*CHAIN, []])
    assert alone.expected == pytest.approx(-1 / 5)
    assert alone.statistic == pytest.approx(moran(X, CHAIN).statistic)
    local = local_moran(np.append(X, 9.0), [*CHAIN, []]).columns
    assert local["variance"][-1] == 0
    assert np.isnan(local["z"][-1])


@settings(deadline=None, max_examples=40)
@given(st.floats(0.001, 1000), st.floats(-100, 100))
def test_the_unit_does_not_matter(unit, zero):
    one, other = moran(X, CHAIN), moran(X * unit + zero, CHAIN)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-6)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.permutations(range(6)))
def test_the_order_of_areas_does_not_matter(order):
    order = np.array(order)
    mixed = MATRIX[np.ix_(order, order)]
    for function in (moran, geary, getis_ord):
        assert function(X[order], mixed).statistic == pytest.approx(function(X, MATRIX).statistic)
        assert function(X[order], mixed).variance == pytest.approx(function(X, MATRIX).variance)


def test_rates_of_equal_areas_have_the_index_of_their_rates():
    events = np.array([3, 5, 4, 9, 12, 10])
    found = moran(events, CHAIN, population=np.full(6, 1000))
    assert found.statistic == pytest.approx(moran(events / 1000, CHAIN).statistic)


def test_a_small_area_does_not_decide_the_index_of_rates():
    events, people = np.array([30, 32, 31, 40, 42, 5]), np.array([1000, 1000, 1000, 1000, 1000, 10])
    plain, careful = moran(events / people, CHAIN).statistic, moran(events, CHAIN, population=people).statistic
    assert abs(careful - plain) > 0.01


def test_smoothed_rates_lie_between_the_raw_rate_and_the_mean():
    events, people = np.array([0, 5, 4, 90, 12, 10]), np.array([10, 1000, 900, 5000, 800, 20])
    for found in (smoothed_rates(events, people), smoothed_rates(events, people, CHAIN)):
        raw, estimate = found.columns["raw"], found.columns["estimate"]
        middle = np.full(6, found.overall)
        if found.method.endswith("neighbourhood"):
            near = MATRIX + np.eye(6)
            middle = near @ events / (near @ people)
        assert (estimate >= np.minimum(raw, middle) - 1e-12).all()
        assert (estimate <= np.maximum(raw, middle) + 1e-12).all()
    everywhere = smoothed_rates(events, people)
    pull = (everywhere.columns["estimate"] - everywhere.overall) / (everywhere.columns["raw"] - everywhere.overall)
    assert pull[np.argmax(people)] == pull.max()


def test_smoothed_rates_and_their_index_by_marshalls_moments():
    """Worked out by hand from the published formulas, area by area."""
    events, people = np.array([3, 9, 2, 14, 6, 1]), np.array([40, 70, 45, 80, 90, 30])
    rate, overall = events / people, 35 / 355
    between = (people * (rate - overall) ** 2).sum() / 355 - overall * 6 / 355
    assert between > 0
    found = smoothed_rates(events, people)
    assert (found.overall, found.between) == pytest.approx((overall, between), rel=1e-12)
    share = between / (between + overall / people)
    np.testing.assert_allclose(found.columns["estimate"], overall + share * (rate - overall), rtol=1e-12)
    standardised = (rate - overall) / np.sqrt(between + overall / people)
    assert moran(events, CHAIN, population=people).statistic == pytest.approx(moran(standardised, CHAIN).statistic, rel=1e-12)


def test_an_index_of_rates_that_vary_less_than_by_chance_takes_chance_alone():
    events, people = np.array([5, 6, 5, 6, 5, 6]), np.array([50, 61, 49, 60, 51, 59])
    rate, overall = events / people, events.sum() / people.sum()
    assert smoothed_rates(events, people).between == 0
    below = (people * (rate - overall) ** 2).sum() / people.sum() - overall * 6 / people.sum()
    spread = np.where(below + overall / people <= 0, overall / people, below + overall / people)
    found = moran(events, CHAIN, population=people).statistic
    assert found == pytest.approx(moran((rate - overall) / np.sqrt(spread), CHAIN).statistic, rel=1e-12)


def test_rates_that_vary_no_more_than_by_chance_are_drawn_to_the_mean():
    found = smoothed_rates([10, 10, 10], [100, 100, 100])
    assert found.between == 0
    assert found.columns["estimate"].tolist() == pytest.approx([0.1] * 3)
    assert smoothed_rates([0, 0], [5, 5]).columns["estimate"].tolist() == [0, 0]


@pytest.mark.parametrize("function", [moran, geary, getis_ord])
@pytest.mark.parametrize(("values", "neighbours"), [(np.ones(6), CHAIN), (X, [[]] * 6), (X[:3], [[1], [0, 2], [1]])])
def test_where_there_is_no_answer_it_says_why(function, values, neighbours):
    found = function(values, neighbours)
    assert np.isnan(found.statistic)
    assert "differ" in found.why_not


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: moran(X, CHAIN[:5]), "6 areas need"),
        (lambda: moran(X, [[7], *CHAIN[1:]]), "positions run from 0 to 5"),
        (lambda: moran(X, np.eye(6)), "own neighbour"),
        (lambda: moran(X, -MATRIX), "from 0 up"),
        (lambda: moran(X, CHAIN, style="w"), "row, binary"),
        (lambda: moran(X, CHAIN, variance="none"), "randomisation, normality"),
        (lambda: moran([X], CHAIN), "one number an area"),
        (lambda: getis_ord(-X, CHAIN), "from 0 up"),
        (lambda: local_moran(np.ones(6), CHAIN), "not all alike"),
        (lambda: local_moran(X, CHAIN, null="other"), "conditional, total"),
    ],
)
def test_what_cannot_be_used_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
