from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plenary_stats.queues import beds_for, erlang_b, erlang_c, load_for, mean_wait, occupancy, pooling, served_within

LOADS = st.floats(0.001, 200)


@pytest.mark.parametrize(
    ("servers", "load"),
    [
        (1, 0.0101),
        (2, 0.153),
        (3, 0.455),
        (5, 1.361),
        (10, 4.461),
        (15, 8.108),
        (20, 12.031),
        (30, 20.337),
        (50, 37.901),
        (100, 84.064),
    ],
)
def test_the_printed_table_of_loads_at_one_in_a_hundred(servers, load):
    """The Erlang B table that textbooks print, and calculators give: 15 circuits carry 8.108 erlang at 1%."""
    assert load_for(servers, 0.01) == pytest.approx(load, abs=0.0006)
    assert erlang_b(servers, load_for(servers, 0.01)) == pytest.approx(0.01, rel=1e-10)


@pytest.mark.parametrize("refusal", [0.001, 0.3, 0.5, 0.9, 0.99])
def test_a_load_is_found_for_any_refusal(refusal):
    assert erlang_b(4, load_for(4, refusal)) == pytest.approx(refusal, rel=1e-9)


def exactly(servers, load):
    """The definition, in whole fractions."""
    terms, term = [Fraction(1)], Fraction(1)
    for server in range(1, servers + 1):
        term = term * load / server
        terms.append(term)
    return terms[-1] / sum(terms)


@pytest.mark.parametrize(("servers", "load"), [(5, 3), (6, 4), (10, 8), (30, 20), (30, 25), (200, 170), (400, 100)])
def test_the_definition_in_whole_fractions(servers, load):
    assert erlang_b(servers, load) == pytest.approx(float(exactly(servers, Fraction(load))), rel=1e-12)


@pytest.mark.parametrize(("servers", "load"), [(3, 2.5), (100, 84.064), (5000, 4900.0), (100_000, 99_000.0)])
def test_large_units_against_scipys_poisson(servers, load):
    theirs = np.exp(stats.poisson.logpmf(servers, load) - stats.poisson.logcdf(servers, load))
    assert erlang_b(servers, load) == pytest.approx(theirs, rel=1e-8)


def test_neither_a_huge_load_nor_a_tiny_one_overflows():
    assert erlang_b(1000, 1e12) == pytest.approx(1 - 1000 / 1e12, rel=1e-12)
    assert erlang_b(500, 1e-3) == 0
    assert erlang_b(0, 3) == 1
    assert erlang_b(4, 0) == 0


def test_the_published_call_centre():
    """100 calls in 30 minutes of 3 minutes each (R package ErlangC, README): 14 agents."""
    assert erlang_c(14, 10) == pytest.approx(0.1741319, abs=5e-8)
    assert erlang_c(11, 10) == pytest.approx(0.6821182, abs=5e-8)
    assert served_within(14, 10, 180, 20) == pytest.approx(0.88835, abs=5e-6)
    assert mean_wait(14, 10, 180) == pytest.approx(7.83594, abs=5e-6)


def test_one_server_is_the_textbook_queue():
    assert erlang_c(1, 0.8) == pytest.approx(0.8)
    assert mean_wait(1, 0.8, 1) == pytest.approx(0.8 / 0.2)
    assert erlang_b(1, 0.8) == pytest.approx(0.8 / 1.8)


@pytest.mark.parametrize("load", [3, 3.5])
def test_a_load_that_is_never_worked_off(load):
    assert erlang_c(3, load) == 1
    assert mean_wait(3, load, 1) == np.inf
    assert served_within(3, load, 1, 10) == 0


@settings(deadline=None)
@given(LOADS, st.integers(0, 200))
def test_more_beds_refuse_fewer_and_more_load_more(load, beds):
    assert erlang_b(beds + 1, load) < erlang_b(beds, load) or erlang_b(beds, load) == 0
    assert erlang_b(beds, load * 1.01) >= erlang_b(beds, load)
    assert erlang_b(beds, load) <= erlang_c(beds, load) <= 1


@settings(deadline=None)
@given(LOADS, st.floats(0.001, 0.9))
def test_beds_are_the_fewest_that_do(load, refusal):
    beds = beds_for(load, refusal)
    assert erlang_b(beds, load) <= refusal
    assert erlang_b(beds - 1, load) > refusal


@pytest.mark.parametrize(
    ("refusal", "small", "large"), [(0.1, 7, 23), (0.05, 8, 26), (0.02, 9, 28), (0.01, 10, 30), (0.001, 12, 35)]
)
def test_pooling_five_small_centres(refusal, small, large):
    found = pooling([4] * 5, refusal)
    assert found.apart.tolist() == [small] * 5
    assert (found.together, found.saved) == (large, 5 * small - large)
    assert found.occupancy_together > found.occupancy_apart
    assert found.occupancy_apart == pytest.approx(occupancy(small, 4))


@settings(deadline=None, max_examples=50)
@given(st.lists(LOADS, min_size=1, max_size=6), st.floats(0.01, 0.3))
def test_pooling_never_needs_more_beds(loads, refusal):
    assert pooling(loads, refusal).saved >= 0
    assert pooling(loads[:1], refusal).saved == 0


def test_a_centre_without_load_needs_no_bed():
    assert beds_for(0, 0.05) == 0
    assert pooling([0, 4], 0.05).apart.tolist() == [0, 8]


@pytest.mark.parametrize("beds", [5, 10, 15, 20, 30, 40])
def test_small_units_that_refuse_one_in_twenty_are_far_from_full(beds):
    full = occupancy(beds, load_for(beds, 0.05))
    assert full == pytest.approx({5: 0.42, 10: 0.59, 15: 0.67, 20: 0.72, 30: 0.79, 40: 0.82}[beds], abs=0.006)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: erlang_b(2.5, 1), "servers: 2.5"),
        (lambda: erlang_b(-1, 1), "servers: -1"),
        (lambda: erlang_b(2, -1), "load: -1"),
        (lambda: erlang_c(2, float("nan")), "load: nan"),
        (lambda: beds_for(4, 0), "write .05"),
        (lambda: beds_for(4, 5), "write .05"),
        (lambda: load_for(0, 0.1), "at least one bed"),
        (lambda: mean_wait(3, 2, 0), "stay: 0"),
        (lambda: occupancy(0, 2), "no occupancy"),
        (lambda: pooling([0, 0], 0.1), "above 0"),
    ],
)
def test_what_cannot_be_used_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
