"""How cells are numbered and told: a figure that the reader knows is never unlearnt, one that is published never unpublished."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats.disclosure.suppressor.cells import (
    EVENTS,
    PEOPLE,
    REMAINDERS,
    UNKNOWN,
    Cells,
    Sum,
    as_patients,
    centres_of,
    children_of,
    leaves_of,
    quantity_of,
)

PLACE = ("adult-ecmo", "RJ1")


def test_a_cell_has_one_number_for_ever():
    cells = Cells(("service", "centre"))
    numbers = [cells.add((quantity, PLACE)) for quantity in ("patients", "numerator", "patients")]
    assert numbers == [0, 1, 0]
    assert cells.keys == [("patients", PLACE), ("numerator", PLACE)]
    assert cells.number == {key: number for number, key in enumerate(cells.keys)}


def test_what_is_not_told_is_not_known():
    cells = Cells(("service", "centre"))
    number = cells.add(("patients", PLACE))
    assert not cells.known(number)
    assert math.isnan(cells.value[number])
    cells.add(("patients", PLACE), 0.0)
    assert cells.known(number), "nought is a figure"


def test_a_known_value_fills_an_unknown_one_and_is_not_lost_again():
    cells = Cells(("service", "centre"))
    for value in (UNKNOWN, 41.0, UNKNOWN, 42.0):
        cells.add(("patients", PLACE), value)
    assert cells.value == [41.0], "the first that was told is believed; the attack says where two contradict"


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.one_of(st.just(UNKNOWN), st.floats(0, 99))), max_size=20))
def test_the_order_of_telling_decides_nothing_but_the_numbers(told):
    cells = Cells(("place",))
    for place, published, value in told:
        cells.add(("patients", (str(place),)), value, published=published)
    for number, (_, (place,)) in enumerate(cells.keys):
        mine = [(published, value) for other, published, value in told if str(other) == place]
        known = [value for _, value in mine if not math.isnan(value)]
        assert cells.published[number] is any(published for published, _ in mine)
        assert cells.known(number) is bool(known)
        assert not known or cells.value[number] == known[0]
    assert len(cells.keys) == len(cells.value) == len(cells.published) == len({place for place, _, _ in told})


def test_the_kinds_of_quantity_do_not_overlap():
    assert not EVENTS & PEOPLE
    assert not EVENTS & REMAINDERS
    assert not PEOPLE & REMAINDERS


@pytest.mark.parametrize(
    ("place", "dimensions", "found"),
    [
        (("ecmo", "survival@1y", "RJ1"), ("service", "measure", "centre"), ("ecmo", "patients", "RJ1")),
        (("survival@1y",), ("measure",), ("patients",)),
        (("ecmo", "RJ1"), ("service", "centre"), ("ecmo", "RJ1")),
        ((), (), ()),
    ],
)
def test_the_patients_of_an_outcome_are_counted_in_the_table_of_activity(place, dimensions, found):
    assert as_patients(place, dimensions) == found


@pytest.mark.parametrize(
    ("name", "quantity"), [("numerator", "numerator"), ("numerator/3", "numerator"), ("patients/a/b", "patients")]
)
def test_a_table_that_was_kept_apart_still_counts_the_same(name, quantity):
    assert quantity_of((name, PLACE)) == quantity


CHILDREN = children_of([("A", "North"), ("B", "North"), ("A", "North"), ("C", "West"), ("North", "England"), ("West", "England")])


def test_each_child_is_named_once():
    assert CHILDREN == {"North": ["A", "B"], "West": ["C"], "England": ["North", "West"]}


def test_a_code_is_made_of_its_innermost_ones():
    assert leaves_of("England", CHILDREN) == {"A", "B", "C"}
    assert leaves_of("A", CHILDREN) == leaves_of("A", {}) == {"A"}


def test_a_list_names_its_centres_and_all_of_a_region_of_which_it_names_none():
    assert centres_of(["A", "C"], CHILDREN) == centres_of(["A", "North", "C", "West"], CHILDREN) == {"A", "C"}
    assert centres_of(["North"], CHILDREN) == {"A", "B"}
    assert centres_of(["A", "West"], CHILDREN) == {"A", "C"}
    assert centres_of(["North", "D"], CHILDREN) == {"A", "B", "D"}
    assert centres_of([], CHILDREN) == set()


def test_what_is_only_worked_out_stands_in_no_table_and_a_sum_lists_all_its_parts_unless_it_says_otherwise():
    cells = Cells(("place",))
    cells.add(("patients", ("A",)), 5.0)
    assert cells.published == [False]
    assert cells.add(("patients", ("A",)), published=True) == 0
    assert cells.published == [True]
    assert not Sum(0, (1, 2)).open
    assert Sum(0, (1, 2), open=True) != Sum(0, (1, 2))


def test_the_years_and_noughts_of_one_system_are_not_those_of_another():
    one, other = Cells(("place",)), Cells(("place",))
    one.add(("patients", ("A",)), 1.0)
    for marks in (one.own, one.implied, one.absent):
        marks.add(0)
    one.wholes[0], one.aliases["patients/1", ("A",)], one.within[0] = 0, 0, (0.0, 4.0)
    one.sums.append(Sum(0, (0,)))
    assert other == Cells(("place",))
    assert other != one


FORESTS = st.dictionaries(st.sampled_from("pqr"), st.lists(st.sampled_from("abcdqr"), min_size=1, max_size=4, unique=True))


def below(code, children):
    """Every code under a code that has none under itself, by walking down."""
    waiting, seen = [code], set()
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting += children.get(each, [])
    return {each for each in seen if not children.get(each)}


@given(FORESTS)
def test_leaves_are_what_walking_down_comes_to(children):
    acyclic = {parent: [each for each in own if each > parent or each in "abcd"] for parent, own in children.items()}
    for code in "abcdpqr":
        assert leaves_of(code, acyclic) == below(code, acyclic)


def test_a_code_that_is_made_of_itself_stands_for_itself():
    """A hierarchy that goes round is refused with the policy; here it must at least come to an end."""
    assert leaves_of("p", {"p": ["q", "a"], "q": ["p", "b"]}) == {"a", "b", "p"}


@given(FORESTS, st.lists(st.sampled_from("abcdpqr"), max_size=5, unique=True))
def test_a_list_of_centres_names_no_group_and_nobody_whom_no_code_of_it_covers(children, codes):
    flat = {parent: [each for each in own if each in "abcd"] for parent, own in children.items()}
    found = centres_of(codes, flat)
    own = {code for code in codes if not flat.get(code)}
    assert own <= found <= own.union(*(flat.get(code, []) for code in codes))
    assert found == centres_of([*codes, *sorted(found)], flat), "to name them one by one says no more"
    for group in set(codes) - own:
        assert found & set(flat[group]), "every group that is listed has somebody"


def test_a_region_of_which_no_centre_is_listed_has_all_of_them_and_one_of_which_one_is_has_that_one():
    assert centres_of(["North", "C", "West"], CHILDREN) == {"A", "B", "C"}
    assert centres_of(["England"], CHILDREN) == {"A", "B", "C"}
    assert centres_of(["England", "A"], CHILDREN) == {"A"}
