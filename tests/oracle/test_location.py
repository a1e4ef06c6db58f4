"""Two p-median instances of the OR-Library with their published optima, and one with other numbers of sites by another solver.

J. E. Beasley, European Journal of Operational Research 1985;21:270 (p-median); W. Pullan, Evolutionary Computation 2008;16:417
(p-centre). The first line of a file says places, roads and p. A road that stands twice counts as written last, and every place is
a possible site with one person.
"""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, hstack, kron
from scipy.sparse.csgraph import shortest_path

from plenary_stats.location import p_centre, p_median

FILES = Path(__file__).parents[1] / "fixtures" / "pmed"


def instance(name):
    """Return the distances of every two places, and the number of sites."""
    (places, _, p), *roads = (map(int, line.split()) for line in (FILES / f"{name}.txt").read_text("utf-8").splitlines())
    direct = np.zeros((places, places))
    for one, other, length in roads:
        direct[one - 1, other - 1] = direct[other - 1, one - 1] = length
    return shortest_path(direct, directed=False), p


def by_highs(cost, p):
    """The textbook model of the p-median, whole."""
    places, sites = cost.shape
    pairs, every = places * sites, np.arange(places * sites)
    served = hstack([kron(coo_array(np.eye(places)), np.ones((1, sites))), coo_array((places, sites))])
    opened = hstack(
        [coo_array((np.ones(pairs), (every, every))), coo_array((-np.ones(pairs), (every, every % sites)), (pairs, sites))]
    )
    number = np.append(np.zeros(pairs), np.ones(sites))
    rules = [LinearConstraint(served, 1, 1), LinearConstraint(opened.tocsr(), -np.inf, 0), LinearConstraint(number, p, p)]
    return milp(np.append(cost.ravel(), np.zeros(sites)), integrality=number, bounds=Bounds(0, 1), constraints=rules).fun


@pytest.mark.parametrize(("name", "published"), [("pmed1", 5819), ("pmed5", 1355)])
def test_the_published_optimum_is_reached_and_proved(name, published):
    apart, p = instance(name)
    found = p_median(np.ones(len(apart)), apart, p)
    assert found.optimal
    assert found.cost == published
    assert found.bound > published - 1


@pytest.mark.parametrize(("name", "published"), [("pmed1", 127), ("pmed5", 48)])
def test_the_published_centre_is_reached(name, published):
    assert p_centre(*instance(name)).cost == published


@pytest.mark.parametrize("p", [2, 10, 20, 33])
def test_other_numbers_of_sites_on_the_same_network_by_another_solver(p):
    apart, _ = instance("pmed1")
    found = p_median(np.ones(len(apart)), apart, p)
    assert found.optimal
    assert found.cost == pytest.approx(by_highs(apart, p))
