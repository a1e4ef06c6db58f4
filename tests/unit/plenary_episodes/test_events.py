"""Events: one expected case a person and window, and identifiers gone before anything else happens."""

from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_episodes import events
from plenary_episodes.events import Episode, expected_cases, once, taken
from plenary_stats.errors import InputError
from tests.unit.plenary_episodes.made import NHS, secret

DAY = date(2025, 6, 1)
BORN = date(2010, 3, 7)


def episode(number=1, days=0, **known):
    usual = {"provider": "R1H", "record": f"{number:03d}", "file": "a.csv", "matched": ("eyes/code",)}
    return Episode(DAY + timedelta(days=days), **usual | known)


def cases(*given, window=0):
    return expected_cases(given, {"eyes": window, "knees": window})


def records(*given, window=0):
    """Return the records of each expected case."""
    return sorted([each.split(": ")[1] for each in case.records] for case in cases(*given, window=window))


def table(**columns):
    usual = {
        "record": ["1"], "nhs_number": [NHS[0]], "local_id": ["L7"], "provider": ["R1H"], "event_date": [DAY], "birth_date": [BORN],
        "sex": ["male"], "area": [None], "matched": ["eyes/a|knees/b"],
    }  # fmt: skip
    return pa.table(usual | columns)


def test_what_is_taken_has_pseudonyms_in_the_place_of_identifiers():
    made = secret()
    (found,) = taken(table(), "a.csv", made)
    assert found.nhs == made.nhs_numbers([NHS[0]])[0]
    assert found.local == made.local_ids(["R1H"], ["L7"])[0]
    assert (found.matched, found.area, found.born_on) == (("eyes/a", "knees/b"), "", BORN)
    assert NHS[0] not in repr(found)
    assert "L7" not in repr(found)
    assert made.gives_away(NHS[0])


@pytest.mark.parametrize("number", [NHS[0], "l-7"])
def test_a_row_number_that_is_an_identifier_is_refused_and_not_repeated(number):
    with pytest.raises(InputError, match=r"a\.csv: the number of a row is an identifier") as refusal:
        taken(table(record=[number]), "a.csv", secret())
    assert number not in str(refusal.value)


def test_no_row_is_taken_from_an_empty_table():
    assert taken(table().slice(0, 0), "a.csv", secret()) == []


def test_each_record_of_a_file_counts_once():
    kept, findings = once([episode(1), episode(1, days=1), episode(1), episode(1, file="b.csv"), episode(2)])
    assert [(one.file, one.record, one.on) for one in kept] == [
        ("a.csv", "001", DAY),
        ("b.csv", "001", DAY),
        ("a.csv", "002", DAY),
    ]
    assert [(finding.file, finding.rule, finding.severity) for finding in findings] == [("a.csv", "repeated-row", "warning")]
    assert "001 stands 3 times" in findings[0].message


def test_one_nhs_number_is_one_case():
    assert records(episode(1, nhs="p"), episode(2, days=200, nhs="p", provider="RQ3"), episode(3, nhs="q")) == [
        ["001", "002"],
        ["003"],
    ]


def test_a_window_parts_events_from_the_first_day_of_each():
    given = [episode(number, days=days, nhs="p") for number, days in enumerate([0, 20, 30, 31, 61, 62], 1)]
    assert records(*given, window=30) == [["001", "002", "003"], ["004", "005"], ["006"]]
    assert records(*given) == [["001", "002", "003", "004", "005", "006"]]


def test_services_are_apart():
    both = episode(1, nhs="p", matched=("eyes/a", "eyes/b", "knees/c"))
    assert [(case.person.service, case.rules) for case in cases(both)] == [("eyes", ("a", "b")), ("knees", ("c",))]


def test_an_episode_without_nhs_number_joins_who_alone_has_its_local_number():
    assert records(episode(1, nhs="p", local="l"), episode(2, local="l")) == [["001", "002"]]
    assert records(episode(1, nhs="p", local="l"), episode(2, nhs="q", local="l"), episode(3, local="l")) == [
        ["001"],
        ["002"],
        ["003"],
    ]
    assert records(episode(1, local="l"), episode(2, local="l"), episode(3, local="k")) == [["001", "002"], ["003"]]


def test_failing_that_it_joins_who_alone_has_birth_date_sex_and_area():
    facts = {"born_on": BORN, "sex": "male", "area": "QAA"}
    assert records(episode(1, nhs="p", **facts), episode(2, **facts)) == [["001", "002"]]
    assert records(episode(1, nhs="p", **facts), episode(2, **facts | {"area": ""})) == [["001"], ["002"]]
    assert records(episode(1, nhs="p", **facts), episode(2, nhs="q", **facts), episode(3, **facts)) == [["001"], ["002"], ["003"]]


def test_twins_have_other_local_numbers_at_one_hospital():
    facts = {"born_on": BORN, "sex": "male", "area": "QAA"}
    twin = episode(2, local="k", **facts)
    assert records(episode(1, nhs="p", local="l", **facts), twin) == [["001"], ["002"]]
    moved = episode(2, local="k", provider="RQ3", **facts)
    assert records(episode(1, nhs="p", local="l", **facts), moved) == [["001", "002"]]


def test_two_without_any_number_are_two():
    assert records(episode(1), episode(2)) == [["001"], ["002"]]


def test_the_nhs_number_of_somebody_else_is_seen_by_the_birth_date():
    usual = [episode(number, nhs="p", local="l", born_on=BORN) for number in (1, 2)]
    stranger = episode(3, nhs="p", local="k", born_on=date(1950, 11, 30))
    assert records(*usual, stranger) == [["001", "002"], ["003"]]
    true_owner = episode(4, nhs="q", local="k", born_on=date(1950, 11, 30))
    assert records(*usual, stranger, true_owner) == [["001", "002"], ["003", "004"]]


@pytest.mark.parametrize("born", [None, BORN, date(2011, 3, 7), date(2010, 4, 7), date(2010, 3, 8), date(2010, 7, 3)])
def test_a_slip_in_the_birth_date_makes_no_stranger(born):
    usual = [episode(number, nhs="p", born_on=BORN) for number in (1, 2)]
    assert records(*usual, episode(3, nhs="p", born_on=born)) == [["001", "002", "003"]]


def test_a_case_is_of_the_first_provider_and_has_what_most_episodes_say():
    given = [
        episode(2, days=1, nhs="p", provider="RQ3", local="x", sex="male", area="QAB"),
        episode(1, nhs="p", sex="female", born_on=BORN),
        episode(3, days=2, nhs="p", provider="R1H", local="l", sex="female", area="QAA"),
    ]
    (case,) = cases(*given)
    assert (case.person.centre, case.person.event_on, case.person.name) == ("R1H", DAY, "001")
    assert (case.person.sex, case.person.area, case.person.born_on, case.person.local) == ("female", "QAB", BORN, "l")
    assert case.providers == ("R1H", "RQ3")
    assert case.records == ("a.csv: 001", "a.csv: 002", "a.csv: 003")


EPISODES = st.builds(
    episode, number=st.integers(1, 40), days=st.integers(0, 100), nhs=st.sampled_from(["", "p", "q", "r"]),
    local=st.sampled_from(["", "k", "l"]), provider=st.sampled_from(["R1H", "RQ3"]), sex=st.sampled_from(["", "male"]),
    born_on=st.sampled_from([None, BORN, date(1950, 11, 30)]), area=st.sampled_from(["", "QAA"]),
)  # fmt: skip


@given(given=st.lists(EPISODES, max_size=14, unique_by=lambda one: one.record), window=st.sampled_from([0, 30]))
def test_every_episode_speaks_for_one_case_whatever_the_order(given, window):
    found = cases(*given, window=window)
    assert sorted(each for case in found for each in case.records) == sorted(f"a.csv: {one.record}" for one in given)
    assert found == cases(*given[::-1], window=window)


@given(given=st.lists(EPISODES, max_size=14, unique_by=lambda one: one.record))
def test_another_key_gives_the_same_cases(given):
    other = {"p": "z", "q": "a", "r": "m", "": ""}
    moved = [Episode(**{**one.__dict__, "nhs": other[one.nhs]}) for one in given]
    assert [case.records for case in cases(*given)] == [case.records for case in cases(*moved)]


def test_the_order_of_an_episode_names_no_pseudonym():
    assert events._order(episode(nhs="a", local="b")) == events._order(episode(nhs="c", local="d"))


def like(number, **known):
    return episode(number, **{"born_on": BORN, "sex": "male", "area": "QAA"} | known)


def test_how_often_likeness_deceives_is_tried_out_on_those_with_a_number():
    once_more = [like(1, nhs="a"), like(2, nhs="a")]
    twins = [like(3, nhs="b", area="QAB"), like(4, nhs="c", area="QAB")]
    alone, unknown = like(5, nhs="d", area="QAC"), like(6, nhs="e", area="")
    assert events._deceiving([once_more]) == pytest.approx(1 / 102)
    assert events._deceiving([[*once_more, *twins, alone, unknown]]) == pytest.approx(3 / 104)
    assert events._deceiving([once_more, twins]) == events._deceiving([[*once_more, *twins]])
    assert events._deceiving([[*twins, like(7, nhs="f", area="QAB")]]) == pytest.approx(
        1 / 100
    )  # two are like each: none is joined


def test_a_case_that_rests_on_likeness_is_in_doubt_and_no_other():
    own, joined, more = like(1, nhs="a"), like(2), like(3)
    by_number, by_local = like(4, nhs="b", local="L", area="QAB"), like(5, local="L", area="")
    found = {case.records: case.person.doubt for case in cases(own, joined, more, by_number, by_local)}
    share = 1 / 100
    assert found["a.csv: 001", "a.csv: 002", "a.csv: 003"] == pytest.approx(1 - (1 - share) ** 2)
    assert found["a.csv: 004", "a.csv: 005"] == 0


def test_a_case_of_nothing_but_likeness_is_one_persons():
    found = {case.records: case.person.doubt for case in cases(like(1, nhs="a"), like(2, days=90), window=30)}
    assert found == {("a.csv: 001",): 0, ("a.csv: 002",): 0}
