"""Capture and recapture: Chapman's estimate, intervals by hand and by simulation, and silence where nothing can be said."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import chi2, norm

from plenary_episodes.capture import CAUTION, estimated

COUNTS = st.integers(0, 400)


def simulated(draw, number, chances):
    seen = draw.random((2, number)) < np.array(chances)[:, None]
    return int((seen[0] & seen[1]).sum()), int((seen[0] & ~seen[1]).sum()), int((~seen[0] & seen[1]).sum())


def coverage(method, number, chances, runs=500, seed=20_260_401):
    draw = np.random.default_rng(seed)
    held = 0
    for _ in range(runs):
        found = estimated(*simulated(draw, number, chances), method=method)
        held += found.lower is not None and found.lower <= number <= found.upper
    return held / runs


def test_chapman_by_hand():
    found = estimated(60, 20, 15)
    assert found.estimate == pytest.approx(81 * 76 / 61 - 1)
    assert (found.known, found.method, found.why_not) == (95, "Chapman, profile", "")


def test_the_logarithmic_limits_by_hand():
    found = estimated(60, 20, 15, method="log")
    z = norm.ppf(0.975)
    unseen = 20.5 * 15.5 / 60.5
    deviation = math.sqrt(1 / 20.5 + 1 / 15.5 + 1 / 60.5 + 60.5 / (20.5 * 15.5))
    assert found.lower == math.floor(94.5 + unseen * math.exp(-z * deviation))
    assert found.upper == math.ceil(94.5 + unseen * math.exp(z * deviation))


def multinomial(number, both, first, second):
    """The likelihood of all four cells, each list's chance maximised by search: the peer of the closed form."""

    def cells(one, two):
        chances = (one * two, one * (1 - two), (1 - one) * two, (1 - one) * (1 - two))
        counts = (both, first, second, number - both - first - second)
        coefficient = math.lgamma(number + 1) - sum(math.lgamma(count + 1) for count in counts)
        return coefficient + sum(count * math.log(chance) for count, chance in zip(counts, chances, strict=True) if count)

    def best(one):
        return -minimize_scalar(
            lambda two: -cells(one, two), bounds=(1e-6, 1 - 1e-6), method="bounded", options={"xatol": 1e-9}
        ).fun

    return -minimize_scalar(lambda one: -best(one), bounds=(1e-6, 1 - 1e-6), method="bounded", options={"xatol": 1e-9}).fun


def test_the_profile_limits_are_where_the_whole_likelihood_falls():
    both, first, second = 40, 12, 9
    heights = {number: multinomial(number, both, first, second) for number in range(61, 90)}
    floor = max(heights.values()) - chi2.ppf(0.95, 1) / 2
    inside = [number for number, height in heights.items() if height >= floor]
    found = estimated(both, first, second)
    assert min(inside) - 1 <= found.lower <= min(inside)  # the limits lie between whole numbers and are rounded outwards
    assert max(inside) <= found.upper <= max(inside) + 1


def test_without_a_common_case_nothing_is_said():
    found = estimated(0, 12, 9)
    assert (found.estimate, found.lower, found.upper) == (None, None, None)
    assert "No case is in both" in found.why_not


def test_two_complete_lists_leave_little_room():
    found = estimated(100, 0, 0)
    assert (found.estimate, found.lower) == (100, 100)
    assert found.upper <= 101


@pytest.mark.parametrize(("counts", "level"), [((-1, 2, 3), 0.95), ((1, 2, 3), 0.0), ((1, 2, 3), 1.0)])
def test_what_makes_no_sense_is_refused(counts, level):
    with pytest.raises(ValueError, match="must not be negative"):
        estimated(*counts, level=level)


@given(both=st.integers(1, 400), first=COUNTS, second=COUNTS, method=st.sampled_from(["profile", "log"]))
def test_the_interval_holds_the_estimate_and_what_is_known(both, first, second, method):
    found = estimated(both, first, second, method=method)
    assert both + first + second <= found.lower <= found.estimate + 1e-6
    assert found.estimate <= found.upper + 1e-6
    assert isinstance(found.lower, int)
    assert isinstance(found.upper, int)


@given(both=st.integers(1, 200), first=COUNTS, second=COUNTS)
def test_the_lists_may_change_places(both, first, second):
    one, other = estimated(both, first, second), estimated(both, second, first)
    assert (one.estimate, one.lower, one.upper) == (pytest.approx(other.estimate), other.lower, other.upper)


@given(both=st.integers(1, 200), first=COUNTS, second=COUNTS)
def test_more_confidence_is_wider(both, first, second):
    narrow, wide = (estimated(both, first, second, level=level) for level in (0.8, 0.99))
    assert wide.lower <= narrow.lower
    assert narrow.upper <= wide.upper


@given(both=st.integers(1, 100), first=st.integers(1, 100), second=st.integers(1, 100))
def test_a_pair_that_is_found_later_lowers_the_estimate(both, first, second):
    assert estimated(both + 1, first - 1, second - 1).estimate <= estimated(both, first, second).estimate + 1e-9


@pytest.mark.parametrize(("number", "chances"), [(150, (0.9, 0.95)), (60, (0.7, 0.8)), (400, (0.95, 0.9))])
def test_the_interval_covers_the_truth_in_93_of_100_simulations_and_more(number, chances):
    assert coverage("profile", number, chances) >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize("number", [30, 80, 250, 800])
@pytest.mark.parametrize("chances", [(0.6, 0.7), (0.8, 0.85), (0.95, 0.97)])
def test_it_covers_in_any_usual_case(number, chances):
    assert coverage("profile", number, chances, runs=2_000) >= 0.93


def test_the_logarithm_is_far_wider_where_the_lists_are_nearly_complete():
    wide, narrow = estimated(97, 1, 0, method="log"), estimated(97, 1, 0)
    assert wide.upper - wide.lower > 5 * (narrow.upper - narrow.lower)


def test_dependent_lists_are_not_covered_which_is_why_there_is_a_caution():
    """Half of the patients are likely to be in both lists, the others in neither: the estimate falls short, as the caution says."""
    draw = np.random.default_rng(5)
    easy, hard = simulated(draw, 200, (0.95, 0.95)), simulated(draw, 200, (0.2, 0.2))
    found = estimated(*(one + other for one, other in zip(easy, hard, strict=True)))
    assert found.upper < 400
    assert "the true number is higher than estimated" in CAUTION
