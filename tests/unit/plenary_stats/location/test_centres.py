from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import eye_array, kron
from scipy.sparse.csgraph import shortest_path

from plenary_stats.location import catchment, p_centre, p_median


def total(demand, cost, sites):
    return float((demand * cost[:, list(sites)].min(axis=1)).sum())


def cheapest(demand, cost, p, fixed=()):
    return min(total(demand, cost, sites) for sites in combinations(range(cost.shape[1]), p) if set(fixed) <= set(sites))


def country(seed, places, sites, whole=False):
    rng = np.random.default_rng(seed)
    people, where, centres = rng.integers(0, 50, places), rng.uniform(0, 100, (places, 2)), rng.uniform(0, 100, (sites, 2))
    apart = np.hypot(*(where[:, None] - centres).transpose(2, 0, 1))
    return people.astype(float), np.floor(apart) if whole else apart


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 25), st.integers(1, 9), st.booleans(), st.data())
def test_nothing_is_cheaper(seed, places, sites, whole, data):
    people, apart = country(seed, places, sites, whole)
    p = data.draw(st.integers(1, sites))
    found = p_median(people, apart, p)
    best = cheapest(people, apart, p)
    assert found.cost == pytest.approx(best, rel=1e-9, abs=1e-9)
    assert found.optimal
    assert found.bound <= found.cost
    assert total(people, apart, found.sites) == pytest.approx(found.cost)
    assert (found.assignment == found.sites[apart[:, found.sites].argmin(axis=1)]).all()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.integers(4, 9), st.data())
def test_sites_that_stay(seed, sites, data):
    people, apart = country(seed, 20, sites)
    fixed = data.draw(st.lists(st.integers(0, sites - 1), max_size=3, unique=True))
    p = data.draw(st.integers(max(len(fixed), 1), sites))
    found = p_median(people, apart, p, fixed=fixed)
    assert set(fixed) <= set(found.sites.tolist())
    assert len(found.sites) == p
    assert found.cost == pytest.approx(cheapest(people, apart, p, fixed), rel=1e-9, abs=1e-9)
    assert found.optimal


def by_integer_programme(demand, cost, p):
    """The textbook model, given whole to HiGHS."""
    places, sites = cost.shape
    serves = np.hstack((kron(eye_array(places), np.ones((1, sites))).toarray(), np.zeros((places, sites))))
    only_open = np.hstack((np.eye(places * sites), -np.tile(np.eye(sites), (places, 1))))
    number = np.append(np.zeros(places * sites), np.ones(sites))
    found = milp(
        np.append((demand[:, None] * cost).ravel(), np.zeros(sites)),
        integrality=number,
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(serves, 1, 1), LinearConstraint(only_open, -np.inf, 0), LinearConstraint(number, p, p)],
        options={"mip_rel_gap": 0},
    )
    return found.fun


@pytest.mark.parametrize(("seed", "size", "p"), [(1, 30, 5), (2, 30, 3), (3, 30, 10)])
def test_networks_against_the_integer_programme(seed, size, p):
    """Random road networks as in the OR-Library's instances (Beasley 1985), where every place is a site."""
    rng = np.random.default_rng(seed)
    roads = np.zeros((size, size))
    for one, other in zip(range(size), [*range(1, size), 0], strict=True):
        roads[one, other] = rng.integers(1, 100)
    for one, other in rng.integers(0, size, (size * 2, 2)):
        roads[one, other] = rng.integers(1, 100)
    apart = shortest_path(np.maximum(roads, roads.T), directed=False)
    found = p_median(np.ones(size), apart, p)
    assert found.optimal
    assert found.cost == pytest.approx(by_integer_programme(np.ones(size), apart, p))


def test_clusters_of_equal_places_leave_a_gap_that_the_search_closes():
    """Each of seven places lies equally near three of seven sites: the bound by prices alone stays below."""
    lines = [(0, 1, 2), (0, 3, 4), (0, 5, 6), (1, 3, 5), (1, 4, 6), (2, 3, 6), (2, 4, 5)]
    apart = np.array([[1.0 if site in line else 3.0 for site in range(7)] for line in lines])
    blocks = np.full((14, 14), 50.0)
    for block in range(2):
        blocks[block * 7 : block * 7 + 7, block * 7 : block * 7 + 7] = apart * (1 + 0.01 * block)
    found = p_median(np.ones(14), blocks, 4)
    assert found.optimal
    assert found.cost == pytest.approx(by_integer_programme(np.ones(14), blocks, 4))


def test_when_the_search_is_cut_short_the_bound_is_still_true():
    lines = [(0, 1, 2), (0, 3, 4), (0, 5, 6), (1, 3, 5), (1, 4, 6), (2, 3, 6), (2, 4, 5)]
    apart = np.array([[1.0 if site in line else 3.0 for site in range(7)] for line in lines])
    blocks = np.kron(np.eye(2), apart) + 70 * np.kron(1 - np.eye(2), np.ones((7, 7)))
    blocks *= np.linspace(1, 1.3, 14)[:, None]
    short, long = p_median(np.ones(14), blocks, 4, most_nodes=1), p_median(np.ones(14), blocks, 4)
    assert short.bound <= long.cost + 1e-9 <= short.cost + 2e-9
    assert not short.optimal
    assert long.optimal
    assert long.nodes > 1


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1000))
def test_more_sites_never_cost_more_and_all_sites_cost_least(seed):
    people, apart = country(seed, 30, 8)
    costs = [p_median(people, apart, p).cost for p in range(1, 9)]
    assert all(after <= before + 1e-9 for before, after in pairwise(costs))
    assert costs[-1] == pytest.approx((people * apart.min(axis=1)).sum())


def test_the_same_each_time_and_in_any_unit_and_order():
    people, apart = country(11, 400, 40)
    one, again = p_median(people, apart, 5), p_median(people, apart, 5)
    assert one.sites.tolist() == again.sites.tolist()
    assert p_median(people * 1000, apart / 60, 5).sites.tolist() == one.sites.tolist()
    order = np.random.default_rng(1).permutation(400)
    assert p_median(people[order], apart[order], 5).sites.tolist() == one.sites.tolist()


def test_nobody_to_serve():
    found = p_median([0, 0], [[1, 2], [3, 4]], 1)
    assert found.cost == 0
    assert found.optimal


def test_rooms_are_respected():
    """Every way to choose two of three sites and send five places, tried one by one."""
    people, apart = np.array([4.0, 3, 3, 2, 1]), country(5, 5, 3)[1]
    room = np.array([7.0, 8, 9])
    best = np.inf
    for sites in combinations(range(3), 2):
        for goes in product(sites, repeat=5):
            filled = np.bincount(goes, weights=people, minlength=3)
            if (filled <= room).all():
                best = min(best, (people * apart[np.arange(5), list(goes)]).sum())
    found = p_median(people, apart, 2, capacity=room)
    assert found.optimal
    assert found.cost == pytest.approx(best)
    assert (np.bincount(found.assignment, weights=people, minlength=3) <= room + 1e-9).all()
    assert found.cost >= p_median(people, apart, 2).cost - 1e-9
    assert p_median(people, apart, 2, capacity=[99, 99, 99]).cost == pytest.approx(p_median(people, apart, 2).cost)


def test_rooms_that_cannot_hold_everyone():
    found = p_median([5, 5], [[1, 2], [2, 1]], 1, capacity=[6, 6])
    assert found.why_not == "No choice of so many sites has room for everyone."
    assert np.isnan(found.cost)
    assert not found.optimal


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.integers(2, 8), st.data())
def test_the_farthest_is_as_near_as_can_be(seed, sites, data):
    _, apart = country(seed, 15, sites)
    p = data.draw(st.integers(1, sites))
    best = min(apart[:, list(chosen)].min(axis=1).max() for chosen in combinations(range(sites), p))
    found = p_centre(apart, p)
    assert found.cost == best
    assert len(found.sites) == p
    assert apart[np.arange(15), found.assignment].max() == best


def test_the_farthest_with_a_site_that_stays():
    apart = np.array([[0.0, 5, 9], [5, 0, 4], [9, 4, 0]])
    assert p_centre(apart, 1).cost == 5
    assert p_centre(apart, 1, fixed=[0]).cost == 9
    assert p_centre(apart, 2, fixed=[0]).cost == 4


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 8), st.booleans(), st.data())
def test_closed_sites_are_as_if_they_were_not_there(seed, sites, limited, data):
    people, apart = country(seed, 12, sites)
    closed = data.draw(st.sets(st.integers(0, sites - 1), max_size=sites - 1))
    left = [site for site in range(sites) if site not in closed]
    p = data.draw(st.integers(1, len(left)))
    fixed = left[: data.draw(st.integers(0, p))]
    room = np.full(sites, people.sum()) if limited else None
    found = p_median(people, apart, p, fixed=fixed, closed=list(closed), capacity=room)
    assert set(fixed) <= set(found.sites.tolist()) <= set(left)
    assert set(found.assignment.tolist()) <= set(found.sites.tolist())
    without = p_median(
        people, apart[:, left], p, fixed=[left.index(site) for site in fixed], capacity=None if room is None else room[left]
    )
    assert found.cost == pytest.approx(without.cost)
    centre = p_centre(apart, p, fixed=fixed, closed=list(closed))
    assert set(centre.sites.tolist()) <= set(left)
    assert centre.cost == pytest.approx(p_centre(apart[:, left], p, fixed=[left.index(site) for site in fixed]).cost)


def test_catchments_of_the_nearest():
    people, apart = np.array([10.0, 20, 30]), np.array([[5.0, 40, 99], [50, 20, 99], [70, 80, 99]])
    found = catchment(people, apart, sites=[0, 1], bands=(30, 60))
    assert found.assignment.tolist() == [0, 1, 0]
    assert found.columns["demand"].tolist() == [40, 20]
    assert found.columns["within_30"].tolist() == [10, 20]
    assert found.columns["mean_cost"].tolist() == [(50 + 2100) / 40, 20]
    assert found.columns["farthest"].tolist() == [70, 20]
    assert found.within == {30.0: 0.5, 60.0: 0.5}


def test_a_centre_that_nobody_is_nearest_to():
    found = catchment([1], [[1.0, 2.0]])
    assert found.columns["demand"].tolist() == [1, 0]
    assert np.isnan(found.columns["mean_cost"][1])


def test_catchments_by_gravity():
    found = catchment([90.0], [[1.0, 2.0]], supply=[1, 8], bands=[1.5])
    assert found.columns["demand"] == pytest.approx([30, 60])
    assert found.assignment.tolist() == [1]
    assert found.within == {1.5: pytest.approx(1 / 3)}


@settings(deadline=None)
@given(st.integers(0, 1000), st.booleans())
def test_everybody_is_served_once(seed, by_gravity):
    people, apart = country(seed, 30, 6)
    found = catchment(people, apart + 0.1, supply=np.ones(6) if by_gravity else None)
    assert found.columns["demand"].sum() == pytest.approx(people.sum())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: p_median([1], [[1, 2]], 3), "p: 3 is not"),
        (lambda: p_median([1], [[1, 2]], 0), "p: 0 is not"),
        (lambda: p_median([1], [[1, 2]], 1, fixed=[0, 1]), "from 2 to 2"),
        (lambda: p_median([1], [[1, 2]], 1, fixed=[5]), "fixed: there are 2"),
        (lambda: p_median([1], [[1, 2]], 1, closed=[5]), "closed: there are 2"),
        (lambda: p_median([1], [[1, 2]], 1, fixed=[0], closed=[0]), "cannot stay and be closed"),
        (lambda: p_median([1], [[1, 2]], 2, closed=[0]), "from 1 to 1"),
        (lambda: p_centre([[1, 2]], 1, closed=[0, 1]), "from 1 to 0"),
        (lambda: p_median([1, 2], [[1, 2]], 1), "one number a place"),
        (lambda: p_median([-1], [[1, 2]], 1), "negative"),
        (lambda: p_median([1], [[1, np.inf]], 1), "finite"),
        (lambda: p_median([1], [[1, 2]], 1, capacity=[1]), "capacity: one number a site"),
        (lambda: p_median(np.ones(1001), np.ones((1001, 100)), 1, capacity=np.ones(100)), "too many"),
        (lambda: p_centre([[1, 2]], 3), "p: 3 is not"),
    ],
)
def test_what_cannot_be_used_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
