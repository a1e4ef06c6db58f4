"""Agreed data sets in words, and how a version stands on a day."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.collection import queries
from plenary.collection.queries import agreed
from plenary.collection.terms import Standing
from plenary.core import permissions as roles
from plenary.core.terms import NOBODY, SYSTEM
from tests.factories import outcomes as make
from tests.factories.collection import DICTIONARY, DataSetVersionFactory, make_centre
from tests.factories.core import make_who
from tests.factories.registry import ServiceFactory

days = st.dates(date(2000, 1, 1), date(2040, 1, 1))


class TestStanding:
    @given(st.lists(days).map(sorted), days)
    def test_at_most_one_is_in_force_and_it_is_the_last_that_began(self, adopted, on):
        found = agreed.standing(adopted, on)
        assert len(found) == len(adopted)
        begun = [day for day in adopted if day <= on]
        assert found.count(Standing.IN_FORCE) == (1 if begun else 0)
        for day, standing in zip(adopted, found, strict=True):
            assert (standing == Standing.LATER) == (day > on)
            if standing == Standing.IN_FORCE:
                assert day == max(begun)

    @given(st.lists(days, min_size=1, unique=True).map(sorted))
    def test_a_day_later_the_next_one_stands(self, adopted):
        first = adopted[0]
        assert agreed.standing(adopted, first - timedelta(days=1))[0] == Standing.LATER
        assert agreed.standing(adopted, first)[0] == Standing.IN_FORCE

    def test_of_two_on_one_day_the_later_adopted_stands(self):
        day = date(2026, 1, 1)
        assert agreed.standing([day, day], day) == [Standing.EARLIER, Standing.IN_FORCE]


@pytest.mark.django_db
class TestTheOneInForce:
    """What the list says stands is what cases are checked against."""

    @pytest.mark.parametrize("on", [date(2025, 6, 1), date(2026, 1, 1), date(2026, 12, 31), date(2030, 1, 1)])
    def test_it_is_the_one_of_a_period_that_ends_that_day(self, on):
        service = ServiceFactory(slug="lam")
        for number, adopted in enumerate([date(2025, 1, 1), date(2026, 1, 1), date(2027, 5, 5)]):
            DataSetVersionFactory(service=service, version=f"v{number}", adopted_on=adopted)
        versions = list(queries.data_set_versions(service))
        stand = agreed.standing([one.adopted_on for one in versions], on)
        assert versions[stand.index(Standing.IN_FORCE)] == queries.data_set_for(service, on + timedelta(days=1))


@pytest.mark.django_db
class TestVisibleTo:
    @pytest.mark.parametrize("who", [make.NETWORK_LEAD, make.CENTRE_LEAD, make_who(roles.CentreDataManager, "adult-ecmo/RM2")])
    def test_the_own_network(self, who):
        make_centre("adult-ecmo")
        make_centre("lam")
        assert [one.service.slug for one in agreed.visible_to(who)] == ["adult-ecmo"]

    def test_all_to_the_commissioner_by_service(self):
        make_centre("lam")
        make_centre("adult-ecmo")
        DataSetVersionFactory(service=make_centre("lam").service, version="older", adopted_on=date(2020, 1, 1))
        found = [(one.service.slug, one.version) for one in agreed.visible_to(make.COMMISSIONER)]
        assert found == [("adult-ecmo", "2025-1"), ("lam", "older"), ("lam", "2025-1")]

    @pytest.mark.parametrize(
        "who", [make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, SYSTEM, NOBODY, make_who(roles.NationalCommissioner, "Wales")]
    )
    def test_nothing_to_others(self, who):
        make_centre("adult-ecmo")
        assert not agreed.visible_to(who).exists()

    @pytest.mark.parametrize("count", [1, 3])
    def test_one_query_however_many(self, count, django_assert_num_queries):
        for number in range(count):
            make_centre(f"service-{number}")
        with django_assert_num_queries(1):
            assert len([one.service.name for one in agreed.visible_to(make.COMMISSIONER)]) == count


@pytest.mark.django_db
def test_described_says_what_the_dictionary_says():
    version = DataSetVersionFactory(service=ServiceFactory(slug="lam"))
    found = agreed.described(queries.data_set(version))
    assert list(found) == [line.split(",")[0] for line in DICTIONARY.splitlines()[1:]]
    assert found["nhs_number"] == {
        "Label": "NHS number", "Form": "case", "Kind": "text", "Identifies the patient, not kept": "yes",
    }  # fmt: skip
    assert found["pf_ratio"] == {
        "Label": "PF ratio", "Form": "case", "Kind": "number", "Written as": "number", "At least": "0", "At most": "100",
    }  # fmt: skip
    assert found["sex"]["Choices"] == "female = Female; male = Male"
    assert found["admitted_on"]["Annotation"] == "@INDEXDATE"


@dataclass
class Record:
    text: str = ""
    flag: bool = False
    number: float | None = None
    parts: tuple = ()
    named: dict = field(default_factory=dict)


ALL = {"text": "Text", "flag": "Flag", "number": "Number", "parts": "Parts", "named": "Named"}


class TestInWords:
    def test_what_is_empty_is_left_out(self):
        assert agreed.in_words(Record(), ALL) == {}

    def test_each_kind_of_value(self):
        one = Record("words", flag=True, number=0.74, parts=("30d", 1.0), named={"a": "Alive", "dead": "dead"})
        assert agreed.in_words(one, ALL) == {
            "Text": "words", "Flag": "yes", "Number": "0.74", "Parts": "30d, 1", "Named": "a = Alive; dead",
        }  # fmt: skip

    def test_nought_is_not_nothing(self):
        assert agreed.in_words(Record(number=0.0), ALL) == {"Number": "0"}


names = st.dictionaries(st.sampled_from("abcd"), st.dictionaries(st.sampled_from("xyz"), st.sampled_from(["1", "2"]), max_size=3))


class TestCompare:
    @given(names, names)
    def test_what_it_tells_makes_the_new_out_of_the_old(self, before, after):
        made = {name: dict(values) for name, values in before.items()}
        for one in queries.compare(before, after):
            if one.kind == "added":
                made[one.name] = dict(after[one.name])
            elif one.kind == "removed":
                del made[one.name]
            else:
                assert made[one.name].get(one.field, "") == one.before != one.after
                made[one.name][one.field] = one.after
        assert {name: {key: text for key, text in values.items() if text} for name, values in made.items()} == after

    @given(names, names)
    def test_the_other_way_round_it_tells_the_opposite(self, before, after):
        opposite = {"added": "removed", "removed": "added", "changed": "changed"}
        there = {(one.name, one.kind, one.field, one.before, one.after) for one in queries.compare(before, after)}
        back = {(one.name, opposite[one.kind], one.field, one.after, one.before) for one in queries.compare(after, before)}
        assert there == back
