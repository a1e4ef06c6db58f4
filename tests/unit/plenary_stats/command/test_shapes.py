"""Files with a row a pair: whatever their order, they are the matrices that the estimators take."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats import equity, location, queues, rates, survival
from plenary_stats.command import shapes
from plenary_stats.errors import InputError

STANDARD = np.array([500.0, 300.0, 200.0])


@st.composite
def journeys(draw):
    """Places, centres, demand, supply and costs as matrices; and the order in which their pairs stand in a file."""
    places, centres = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    whole = st.integers(1, 60).map(float)
    demand, supply = (np.array(draw(st.lists(whole, min_size=n, max_size=n))) for n in (places, centres))
    cost = np.array(draw(st.lists(whole, min_size=places * centres, max_size=places * centres))).reshape(places, centres)
    return demand, supply, cost, draw(st.permutations(range(places * centres)))


def pairs(demand, supply, cost, order):
    """Return the columns of the file."""
    place, centre = (part.ravel()[list(order)] for part in np.indices(cost.shape))
    names = {"place": np.char.add("P", place.astype(str)), "centre": np.char.add("C", centre.astype(str))}
    return names | {"demand": demand[place], "supply": supply[centre], "cost": cost[place, centre]}, place, centre


@settings(deadline=None)
@given(journeys())
def test_reach_is_that_of_the_matrix_in_whatever_order_the_pairs_stand(given_):
    demand, supply, cost, _ = given_
    file, place, centre = pairs(*given_)
    for how in ({"method": "huff"}, {"method": "2sfca", "catchment": 30.0}, {"method": "hansen", "decay": 0.1}):
        found, due = shapes.accessibility(**file, **how), equity.accessibility(demand, supply, cost, **how)
        assert found.value == pytest.approx(due.value[place])
        assert found.share == pytest.approx(due.share[place, centre])
        assert found.served == pytest.approx(due.served[centre])
        assert found.method == due.method


@settings(deadline=None, max_examples=40)
@given(journeys(), st.data())
def test_the_best_sites_cost_the_same_in_whatever_order_the_pairs_stand(given_, choice):
    demand, _, cost, _ = given_
    file, _, _ = pairs(*given_)
    number = choice.draw(st.integers(1, cost.shape[1]))
    asked = {"place": file["place"], "site": file["centre"], "demand": file["demand"], "cost": file["cost"]}
    found, due = shapes.p_median(**asked, p=number), location.p_median(demand, cost, number)
    assert found.cost == pytest.approx(due.cost)
    assert (found.optimal, len(found.sites)) == (due.optimal, number)
    assert (found.columns["demand"] * found.columns["cost"]).sum() == pytest.approx(found.cost)
    assert set(found.columns["site"].tolist()) <= set(found.sites)


@settings(deadline=None, max_examples=40)
@given(journeys())
def test_catchments_hold_all_demand_and_name_their_sites(given_):
    demand, _, cost, _ = given_
    file, _, _ = pairs(*given_)
    asked = {"place": file["place"], "site": file["centre"], "demand": file["demand"], "cost": file["cost"]}
    found = shapes.catchment(**asked, bands=[20.0, 60.0])
    assert found.columns["demand"].sum() == pytest.approx(demand.sum())
    assert found.within[60.0] == pytest.approx(1.0)
    for place, site in found.assignment.items():
        assert cost[int(place[1:]), int(site[1:])] == cost[int(place[1:])].min()


@settings(deadline=None)
@given(journeys(), st.data())
def test_a_pair_that_is_missing_or_stands_twice_is_named(given_, choice):
    file, place, centre = pairs(*given_)
    number = choice.draw(st.integers(0, len(place) - 1))
    twice = {name: np.append(column, column[number]) for name, column in file.items()}
    with pytest.raises(InputError, match=f"place 'P{place[number]}' with centre 'C{centre[number]}' stands twice"):
        shapes.accessibility(**twice)
    others = (place == place[number]).sum() > 1 and (centre == centre[number]).sum() > 1
    without = {name: np.delete(column, number) for name, column in file.items()}
    if others:  # a place or a centre that is wholly absent is not known to be missing
        with pytest.raises(InputError, match=f"no row of place 'P{place[number]}' with centre 'C{centre[number]}'"):
            shapes.accessibility(**without)


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 40)] * 3), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_standardised_figures_are_those_of_the_matrices(counts, shuffle):
    events = np.array(counts, dtype=float)
    people = 1000.0 + 100 * np.arange(events.size).reshape(events.shape)
    order = list(range(events.size))
    shuffle.shuffle(order)
    area, stratum = (part.ravel()[order] for part in np.indices(events.shape))
    file = {"area": area.astype(str), "stratum": stratum.astype(str), "events": events[area, stratum]}
    file |= {"population": people[area, stratum]}
    place = {name: row for row, name in enumerate(dict.fromkeys(file["area"].tolist()))}
    direct = shapes.standardised_rate(**file, standard=STANDARD[stratum])
    due = rates.directly_standardised(events, people, STANDARD)
    for name, row in place.items():
        assert direct.columns["estimate"][row] == pytest.approx(due.estimate[int(name)], nan_ok=True)
    ratio = shapes.standardised_ratio(**file)
    assert ratio.columns["expected"].sum() == pytest.approx(events.sum())
    given_ = shapes.standardised_ratio(
        **file, reference_events=events.sum(axis=0)[stratum], reference_population=people.sum(axis=0)[stratum]
    )
    assert ratio.columns["expected"].tolist() == pytest.approx(given_.columns["expected"].tolist())


def test_a_standard_that_differs_between_areas_is_refused_by_name():
    file = {"area": np.array(["A", "B"]), "stratum": np.array(["x", "x"]), "events": np.array([20.0, 20.0])}
    with pytest.raises(InputError, match="Column standard must be the same in every row of stratum 'x'"):
        shapes.standardised_rate(**file, population=np.array([100.0, 100.0]), standard=np.array([1.0, 2.0]))


NAMES = np.array(["N", "S", "E", "W", "C"])


def test_neighbours_are_read_with_blanks_and_an_island_has_none():
    values = np.array([1.0, 2.0, 4.0, 3.0, 9.0])
    found = shapes.moran(area=NAMES, neighbours=np.array(["S; E", "N;E ;W", "N;S;W", " S;E", ""]), values=values)
    assert found == equity.moran(values, [[1, 2], [0, 2, 3], [0, 1, 3], [1, 2], []])


def test_the_order_of_areas_changes_no_autocorrelation():
    beside, values = np.array(["S;E", "N;E;W", "N;S;W", "S;E;C", "W"]), np.array([1.0, 2.0, 4.0, 3.0, 9.0])
    plain = shapes.moran(area=NAMES, neighbours=beside, values=values)
    turned = shapes.moran(area=NAMES[::-1], neighbours=beside[::-1], values=values[::-1])
    assert turned.statistic == pytest.approx(plain.statistic)
    assert turned.variance == pytest.approx(plain.variance)


@pytest.mark.parametrize("year", [["2005-01-01", "2006-07-02"], ["2005", "2006.5"]])
def test_the_year_is_a_date_or_a_number(year):
    life = {"age": [0, 0], "year": [2000, 2000], "sex": ["female", "male"], "hazard_per_day": [1e-5, 2e-5]}
    who = {"time": np.array([400.0, 900.0]), "event": np.array([1, 0]), "age": np.array([50.0, 60.0])}
    sex = np.array(["female", "male"])
    found = shapes.relative(**who, sex=sex, year=np.array(year), life_table=life)
    assert found.columns["estimate"].tolist() == survival.relative(
        *who.values(), sex, [2005.0, 2006.5], life
    ).columns["estimate"].tolist()  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0.1, 50)), min_size=1, max_size=6))
def test_waits_are_those_of_each_unit_alone(units):
    beds, load = (np.array(part, dtype=float) for part in zip(*units, strict=True))
    found = shapes.waiting(servers=beds, load=load, stay=np.full(len(units), 2.0), within=1.0)
    for row, (servers, offered) in enumerate(units):
        assert found.refused[row] == queues.erlang_b(servers, offered)
        assert found.must_wait[row] == queues.erlang_c(servers, offered)
        assert found.mean_wait[row] == queues.mean_wait(servers, offered, 2.0)
        assert 0 <= found.served_within[row] <= 1
    assert (found.refused <= found.must_wait + 1e-12).all()
