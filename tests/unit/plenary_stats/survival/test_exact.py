from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.survival.exact import exact_likelihood
from plenary_stats.survival.patients import patients
from plenary_stats.survival.risksets import RiskSets

rows = st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.integers(0, 1), st.integers(-2, 2)), min_size=1, max_size=9)


def counted(time, event, layer, predictor):
    """The likelihood by counting every set of patients who could have died."""
    total = 0.0
    for stratum in np.unique(layer):
        for moment in np.unique(time[event & (layer == stratum)]):
            here = (layer == stratum) & (time >= moment)
            dead = here & event & (time == moment)
            sets = [predictor[list(one)].sum() for one in combinations(np.flatnonzero(here).tolist(), int(dead.sum()))]
            total += predictor[dead].sum() - np.log(np.exp(sets).sum())
    return total


def likelihood(time, event, layer, values, beta):
    sets = RiskSets.of(patients(time, event), layer, efron=False)
    return exact_likelihood(sets, values, values @ beta)


@settings(deadline=None)
@given(rows, st.floats(-1, 1))
def test_it_counts_every_set_that_could_have_died(given_rows, slope):
    time, event, layer, value = map(np.array, zip(*given_rows, strict=True))
    found = likelihood(time, event, layer, value[:, None].astype(float), np.array([slope]))[0]
    assert found == pytest.approx(counted(time, event, layer, value * slope), rel=1e-9, abs=1e-9)


def test_score_and_information_are_its_derivatives():
    draw = np.random.default_rng(3)
    time, event, layer = draw.integers(1, 5, 30), draw.random(30) < 0.7, draw.integers(0, 2, 30)
    values, beta = draw.normal(size=(30, 2)), np.array([0.3, -0.2])
    _, score, information = likelihood(time, event, layer, values, beta)
    for place in range(2):
        step = np.eye(2)[place] * 1e-5
        above, below = (likelihood(time, event, layer, values, beta + side * step) for side in (1, -1))
        assert score[place] == pytest.approx((above[0] - below[0]) / 2e-5, rel=1e-6)
        np.testing.assert_allclose(information[place], -(above[1] - below[1]) / 2e-5, rtol=1e-6)


def test_large_predictors_do_not_overflow():
    time, event, layer = np.array([1, 1, 2]), np.array([True, True, False]), np.zeros(3, dtype=int)
    values = np.array([[1000.0], [1000.0], [999.0]])
    found = likelihood(time, event, layer, values, np.array([1.0]))[0]
    assert found == pytest.approx(-np.log(1 + 2 * np.exp(-1)))
