"""What every room's runs have in common: who sees them, which is the latest, and that two rooms do not mix theirs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.access import actions as access
from plenary.access.models import Run as AccessRun
from plenary.collection.models import KeptRun
from plenary.collection.queries.runs import Runs, hash_of
from plenary.core import permissions as roles
from plenary.core.queries import store_path, stored_bytes
from plenary.core.terms import NOBODY, SYSTEM, Damaged, NotFound
from plenary.outcomes.models import Run as OutcomesRun
from plenary_stats.tables import dump
from tests.factories import outcomes as make
from tests.factories.collection import END, START
from tests.factories.core import make_who
from tests.factories.registry import ServiceFactory

pytestmark = pytest.mark.django_db

ROOMS = {AccessRun: access.run, OutcomesRun: make.actions.run}


@pytest.fixture(params=ROOMS, ids=lambda table: table._meta.app_label)
def table(request):
    return request.param


@pytest.fixture
def runs(table):
    return Runs(table, "What {} did has")


@pytest.fixture
def run(table):
    def act(service, **options):
        period = {"period_start": START, "period_end": END, "label": "2025", "by": SYSTEM}
        return ROOMS[table](service=service, **period | options)

    return act


@pytest.fixture
def service(db):
    return make.signed_centre(count=34).service


class TestWhoSeesThem:
    @pytest.mark.parametrize(
        "who", [make.COMMISSIONER, make.NETWORK_LEAD, make.CENTRE_LEAD, make_who(roles.CentreDataManager, "adult-ecmo/RJ9")]
    )
    def test_the_network(self, runs, run, service, who):
        made = run(service)
        assert list(runs.visible_to(who)) == [made]
        assert [dump(table) for table in runs.results(who, made)] == [stored_bytes(sha256) for sha256 in made.tables] != []

    @pytest.mark.parametrize(
        "who",
        [
            make.OTHER_LEAD, make.REVIEWER, make.PATIENT, make.ADMINISTRATOR, SYSTEM, NOBODY,
            make_who(roles.NationalCommissioner, "Wales"), make_who(roles.CentreLead, "adult-ecm/RJ1"),
        ],
    )  # fmt: skip
    def test_nobody_else(self, runs, run, service, who):
        made = run(service)
        assert "34" in str([list(table.rows()) for table in runs.tables_of(made)]), "there is something that could leak"
        assert not runs.visible_to(who).exists()
        assert runs.results(who, made) == ()

    def test_a_room_shows_its_own_runs_alone(self, runs, run, table, service):
        made = run(service)
        others = next(one for one in ROOMS if one is not table)
        assert not Runs(others, "").visible_to(make.COMMISSIONER).exists()
        assert Runs(others, "").services_run(START, END) == set()
        assert runs.services_run(START, END) == {"adult-ecmo"}
        assert made._meta.model is table


class TestLatest:
    def test_it_is_the_last_over_signed_cases_of_this_service_and_period(self, runs, run, service):
        first = run(service, label="first")
        run(service, signed_only=False, label="preview")
        assert runs.latest(service, START, END) == first
        second = run(service, label="second")
        assert runs.latest(service, START, END) == second

    def test_a_preview_alone_is_none_and_the_room_says_so_in_its_words(self, runs, run, service):
        run(service, signed_only=False)
        assert runs.services_run(START, END) == set()
        with pytest.raises(NotFound, match=r"^What Adult ecmo service did has not been run for 2025-01-01 to 2026-01-01\.$"):
            runs.latest(service, START, END)

    def test_another_service_or_period_does_not_stand_in(self, runs, run, service):
        run(service)
        for of, start in ((ServiceFactory(slug="lam"), START), (service, START.replace(year=2024))):
            with pytest.raises(NotFound):
                runs.latest(of, start, END)


def test_what_changed_on_disk_is_not_read(runs, run, service):
    made = run(service)
    path = store_path(made.tables[0])
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(Damaged):
        runs.results(make.NETWORK_LEAD, made)


@pytest.mark.parametrize("count", [1, 3])
def test_one_query_however_many(runs, run, service, count, django_assert_num_queries):
    for number in range(count):
        run(service, label=f"label {number}")
    with django_assert_num_queries(1):
        assert len([str(made) for made in runs.visible_to(make.COMMISSIONER)]) == count


def test_each_room_has_a_table_of_its_own_with_the_same_columns():
    columns = [{field.name for field in table._meta.fields} for table in ROOMS]
    assert columns[0] == columns[1] == KeptRun.Privacy.safe | KeptRun.Privacy.scrub
    names = [constraint.name for table in ROOMS for constraint in table._meta.constraints]
    assert len(set(names)) == len(names) == 4


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), plain))
def test_a_hash_does_not_hang_on_the_order_of_names(value):
    assert hash_of(value) == hash_of(dict(reversed(value.items())))


@given(plain, plain)
def test_other_values_have_other_hashes(one, other):
    assert (hash_of(one) == hash_of(other)) == (repr_of(one) == repr_of(other))


def repr_of(value):
    """Return what tells plain values apart, types included, whatever the order of a mapping."""
    if isinstance(value, dict):
        return "{}", sorted((name, repr_of(one)) for name, one in value.items())
    return [repr_of(one) for one in value] if isinstance(value, list) else repr(value)
