"""Random systems of tables: the audit finds what a complete list of worlds finds, and no less than an integer programme of points.

Nothing that is called safe can be pinned by either; one more withheld cell narrows nothing, one more edition widens nothing, and
neither order nor names matter.
"""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, audit
from plenary_stats.tables import TOTAL
from tests.unit.plenary_stats.disclosure import known, systems
from tests.unit.plenary_stats.disclosure.systems import (
    AGES,
    AREAS,
    CENTRES,
    CROSSING,
    LINKED,
    NOUGHTS,
    PLAIN,
    POOLED,
    SEXES,
    SMALL,
    System,
    crossed,
    linked,
    mixed,
    plain,
    solved,
    through_time,
    told,
    tried,
    truths,
    unsafe,
)

BRISK, THOROUGH = tried(10), tried(40)


def attacked(system):
    """What the audit says of the cells that the system withholds."""
    now, *before = system.published()
    found = told(audit(now, system.policy, before))
    return {place: ends for place, ends in found.items() if place in system.hidden}


def called_unsafe(system):
    now, *before = system.published()
    rows = audit(now, system.policy, before).rows()
    return {tuple(row[name] for name in system.names) for row in rows if row["verdict"] in {"exact", "narrow"}}


# ------------------------------------------------------------------------------------------------ every world


@pytest.mark.parametrize("name", PLAIN)
def test_a_crossed_table_is_attacked_to_the_patient(name):
    @BRISK
    @given(crossed(PLAIN[name], (1, 7)))
    def agrees(system):
        assert attacked(system) == truths(system)

    agrees()


@pytest.mark.parametrize("name", LINKED)
def test_linked_tables_are_attacked_to_the_patient(name):
    @BRISK
    @given(linked(LINKED[name], (1, 6), [(0, 1), (0, 2)]))
    def agrees(system):
        assert attacked(system) == truths(system)

    agrees()


@pytest.mark.parametrize("listed", [False, True])
def test_services_by_region_are_attacked_to_the_patient_with_and_without_their_centres(listed):
    @tried(20)
    @given(systems.by_service(listed=listed))
    def agrees(system):
        assert attacked(system) == truths(system)

    agrees()


@pytest.mark.parametrize("labels", [POOLED, CROSSING])
def test_editions_by_centre_and_by_region_are_one_to_the_attacker(labels):
    @tried(15)
    @given(systems.through_levels(labels=labels))
    def agrees(system):
        assert attacked(system) == truths(system)

    agrees()


@pytest.mark.slow
@THOROUGH
@given(systems.through_levels((systems.SERVICES,), 4))
def test_so_are_those_of_several_services(system):
    assert attacked(system) == truths(system)


FOUR = (plain("centre", "AB"), plain("area", "NS"), plain("sex", "FM"), plain("age_band", "yo"))


@pytest.mark.parametrize(("name", "ways"), [("crossed", [(0, 1, 2, 3)]), ("linked", [(0, 1), (0, 2), (0, 3)])])
def test_four_dimensions_too(name, ways):
    @tried(5)
    @given(linked(FOUR, (1, 4), ways))
    def agrees(system):
        assert attacked(system) == truths(system)

    agrees()


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (["2021", "2019 to 2021"], [["2020"], ["2019"]]),
        (["2021", "2019 to 2021", "2020 to 2021"], [["2019"]]),
        (["2020 to 2021", "2019 to 2021"], []),
        (["2019 to 2021", "2020"], [["2020", "2020 to 2021"]]),
    ],
)
def test_pooled_years_of_several_editions_are_attacked_to_the_patient(now, before):
    @BRISK
    @given(through_time(POOLED, now, before))
    def agrees(system):
        assert attacked(system) == truths(system)

    agrees()


CYCLE = System(
    (CENTRES, SEXES, AGES),
    truth=(1, 0, 0, 0, 0, 0, 0, 1),
    tables=(
        (
            tuple((centre, sex, TOTAL) for centre, sex in product(CENTRES.codes, SEXES.codes)),
            tuple((centre, TOTAL, age) for centre, age in product(CENTRES.codes, AGES.codes)),
            tuple((TOTAL, sex, age) for sex, age in product(SEXES.codes, AGES.codes)),
        ),
    ),
    hidden=frozenset({("A", "F", TOTAL), ("A", "M", TOTAL), ("B", "F", TOTAL), ("B", "M", TOTAL)}),
    policy=SMALL,
)
"""Two patients; centre by age and sex by age say that one is an A, young and F, the other a B, old and M."""


def test_margins_that_form_a_cycle_are_attacked_through_their_joint_table():
    @BRISK
    @example(CYCLE)
    @given(linked((CENTRES, SEXES, AGES), (1, 6), [(0, 1), (0, 2), (1, 2)]))
    def agrees(system):
        assert attacked(system) == truths(system)

    agrees()


def test_the_cycle_of_the_example_gives_everything_away():
    """The example itself is sound: whoever lists the worlds finds one."""
    assert truths(CYCLE) == {
        ("A", "F", TOTAL): (1, 1), ("A", "M", TOTAL): (0, 0), ("B", "F", TOTAL): (0, 0), ("B", "M", TOTAL): (1, 1),
    }  # fmt: skip


def test_calendar_and_financial_years_are_attacked_to_the_patient():
    @BRISK
    @example(OVERLAP)
    @given(through_time(CROSSING, ["2020", "2019 to 2020"], [["2019/20"], ["2019"]], most=6))
    def agrees(system):
        assert attacked(system) == truths(system)

    agrees()


OVERLAP = System(
    (plain("centre", "AB"), systems.years(CROSSING)),
    truth=(0, 1, 1, 0, 0, 2, 1, 0),
    tables=(
        ((*product(CENTRES.codes, ["2020", "2019 to 2020"]),),),
        ((*product(CENTRES.codes, ["2019/20"]),),),
        ((*product(CENTRES.codes, ["2019"]),),),
    ),
    hidden=frozenset({("A", "2019"), ("A", "2020")}),
    policy=SMALL,
)
"""2 patients of A in both years, and 2 in 2019/20; the whole of B is known: so neither year of A can be 0."""


def test_places_that_are_known_to_be_empty_are_used():
    @BRISK
    @example(KNOWN_EMPTY)
    @given(crossed((CENTRES, AREAS), (0, 7), (SMALL,)).map(_empty_places_known))
    def agrees(system):
        entries = tuple(dict(zip(system.names, point, strict=True)) for point in sorted(system.empty))
        found = attacked(replace(system, policy=replace(system.policy, structural_zeros=entries)))
        assert {place: ends for place, ends in found.items() if place not in system.empty} == {
            place: ends for place, ends in truths(system).items() if place not in system.empty
        }

    agrees()


def _empty_places_known(system):
    """Of the places where nobody is, everybody knows every second one."""
    empty = [point for point, number in zip(system.points, system.truth, strict=True) if not number]
    return replace(system, empty=frozenset(empty[::2]))


KNOWN_EMPTY = System(
    (CENTRES, AREAS),
    truth=(0, 2, 3, 1, 1, 0),
    tables=((tuple(product(CENTRES.codes, AREAS.codes)),),),
    hidden=frozenset({("A", "N"), ("A", "S"), ("B", "N"), ("B", "S")}),
    policy=SMALL,
    empty=frozenset({("A", "N")}),
)
"""A has nobody from N, as everybody knows: so the mark on its 2 from S hides nothing."""


# ------------------------------------------------------------------------------------------------ larger: points by integer programme

LARGER = {
    "centre by area by sex": (
        (plain("centre", "ABCD"), plain("area", "NSWE"), SEXES), [(0, 1, 2)],
    ),
    "three linked margins": (
        (plain("centre", "ABCDE"), plain("area", "NSWE"), SEXES, plain("age_band", "ymo")), [(0, 1), (0, 2), (0, 3)],
    ),
    "groupings": (
        (systems.grouped("area", ({"p": "ab", "q": "cd", "r": "ef"},)), plain("centre", "ABC"), SEXES), [(0, 1), (1, 2)],
    ),
}  # fmt: skip
WIDE = Policy()


def asked(name, policy, patients):
    dimensions, ways = LARGER[name]
    return linked(dimensions, patients, ways).map(lambda system: replace(system, policy=replace(
        policy, hierarchies=system.policy.hierarchies), hidden=_small(system, policy)))  # fmt: skip


def _small(system, policy):
    """Besides what was drawn: whatever is too small to show; never everybody, nor a nought where noughts are shown."""
    small = {place for place in system.cells if system.value(place) < policy.threshold}
    chosen = (system.hidden | small) - {system.grand}
    return frozenset(place for place in chosen if policy.zeros == "protect" or system.value(place))


@pytest.mark.parametrize("name", LARGER)
def test_the_audit_is_never_wider_than_an_integer_programme_of_all_points(name):
    @tried(3)
    @given(st.sampled_from(["publish", "protect"]).flatmap(lambda zeros: asked(name, replace(WIDE, zeros=zeros), (40, 400))))
    def agrees(system):
        ours, theirs = attacked(system), solved(system)
        assert ours.keys() == theirs.keys()
        wider = {place: (ours[place], theirs[place]) for place in theirs if _wider(ours[place], theirs[place])}
        assert wider == {}
        assert unsafe(system, theirs) <= called_unsafe(system)

    agrees()


def _wider(ours, theirs):
    return ours[0] < theirs[0] or ours[1] > theirs[1]


@pytest.mark.slow
@pytest.mark.parametrize("zeros", ["publish", "protect"])
@pytest.mark.parametrize("name", LARGER)
def test_nor_in_many_more(name, zeros):
    @tried(6)
    @given(asked(name, replace(WIDE, zeros=zeros), (40, 900)))
    def agrees(system):
        ours, theirs = attacked(system), solved(system)
        assert {place for place in theirs if _wider(ours[place], theirs[place])} == set()

    agrees()


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAIN)
def test_many_more_worlds(name):
    @THOROUGH
    @given(crossed(PLAIN[name], (0, 8)))
    def agrees(system):
        assert attacked(system) == truths(system)

    agrees()


# ------------------------------------------------------------------------------------------------ what changes nothing, or helps


@BRISK
@given(crossed((CENTRES, AREAS), (1, 12)), st.data())
def test_one_more_withheld_cell_narrows_nothing(system, data):
    shown = [place for place in system.cells if place not in system.hidden and place != system.grand]
    shown = [place for place in shown if system.policy.zeros == "protect" or system.value(place)]
    assume(shown)
    more = replace(system, hidden=system.hidden | {data.draw(st.sampled_from(shown))})
    before, after = attacked(system), attacked(more)
    assert not [place for place in before if _wider(before[place], after[place])]


@BRISK
@given(through_time(POOLED, ["2021", "2019 to 2021"], [["2020"], ["2020 to 2021"]]))
def test_one_more_edition_widens_nothing(system):
    fewer = replace(system, tables=system.tables[:2])
    fewer = replace(fewer, hidden=system.hidden & set(fewer.cells))
    before, after = attacked(fewer), attacked(system)
    assert not [place for place in before if _wider(after[place], before[place])]


@BRISK
@given(linked((CENTRES, SEXES, AREAS), (1, 12), [(0, 1), (0, 2)]), st.randoms(use_true_random=False))
def test_the_order_of_tables_and_rows_changes_nothing(system, random):
    assert attacked(mixed(system, random)) == attacked(system)


@BRISK
@given(crossed((CENTRES, AREAS), (1, 12)), st.permutations(["zz", "A", "10"]))
def test_names_change_nothing(system, names):
    codes = dict(zip("NSW", names, strict=True))
    area = systems.Dimension(
        "area", tuple(names), {codes.get(code, code): frozenset(codes[leaf] for leaf in own) for code, own in AREAS.codes.items()}
    )
    renamed = {place: (place[0], codes.get(place[1], place[1])) for place in system.cells}
    other = replace(
        system,
        dimensions=(CENTRES, area),
        tables=((tuple(renamed.values()),),),
        hidden=frozenset(renamed[place] for place in system.hidden),
    )
    assert attacked(other) == {renamed[place]: ends for place, ends in attacked(system).items()}


# ------------------------------------------------------------------------------------------------ the yardsticks themselves


@BRISK
@given(st.sampled_from(list(PLAIN)).flatmap(lambda name: crossed(PLAIN[name], (1, 6))))
def test_both_yardsticks_agree(system):
    """The list of worlds and the integer programme are written apart and say the same."""
    assert solved(system) == truths(system)


def test_a_system_says_what_it_publishes():
    system = System(
        (CENTRES, SEXES), (1, 2, 3, 4), ((tuple(product("AB", "FM")), (("A", TOTAL), (TOTAL, TOTAL))),), policy=NOUGHTS
    )
    system = replace(system, hidden=frozenset({("A", "M")}))
    [[table, margin]] = system.published()
    assert known.np.isnan(table["value"]).tolist() == [False, True, False, False]
    assert margin["value"].tolist() == [3, 10]
    assert truths(system) == {("A", "M"): (2, 2)}
