"""What a half-filled case looks like, and whose drafts there are."""

import pytest

from plenary.collection import queries
from plenary.collection.actions import entry as actions
from plenary.collection.queries import entry
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import PersonFactory

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}


@pytest.fixture
def centre():
    return make.make_centre()


def found(centre, **typed):
    version = queries.data_set_for(centre.service, END)
    return {one.field: one.rule for one in entry.found_so_far(version, centre, (START, END), typed, END)}


def test_what_is_missing_yet_is_silent_and_what_is_wrong_is_told(centre):
    assert found(centre) == {}
    assert found(centre, case_id="K1") == {}
    assert set(found(centre, case_id="K1", pf_ratio="1000", admitted_on="31/02/2025")) == {"pf_ratio", "admitted_on"}


def test_a_case_beside_an_accepted_file_does_not_seem_to_withdraw_its_cases(centre):
    make.accepted(centre, case("A1"), case("A2"))
    assert found(centre, case_id="K1", pf_ratio="9.4") == {}


def test_the_own_drafts_of_a_place(centre):
    by = make.manager(centre)
    actions.save_draft(centre=centre, **PERIOD, values={"case_id": "K1", "status": "alive"}, by=by)
    actions.save_draft(centre=centre, **PERIOD, values={"case_id": "L1"}, by=make.lead(centre))
    (one,) = entry.drafts(by, centre, START, END)
    assert (one.case_id, one.filled, one.correcting) == ("K1", 2, False)
    assert entry.drafts(by, centre, END, END.replace(year=2027)) == []
    assert entry.drafts(make.network_lead(centre), centre, START, END) == []


def test_who_has_how_many_is_told_without_what(centre):
    dana = PersonFactory(name="Dana Manager")
    for case_id in ("A", "B"):
        actions.save_draft(centre=centre, **PERIOD, values={"case_id": case_id}, by=make.manager(centre, dana.pk))
    assert entry.unfinished_by_person(centre, START, END) == [("Dana Manager", 2)]


def test_a_case_goes_back_to_what_would_be_typed(centre):
    make.accepted(centre, case("K1", pf_ratio="9.40"))
    known = queries.current_versions(make.manager(centre)).get()
    dataset = queries.data_set(queries.data_set_for(centre.service, END))
    typed = entry.typed_of(known, dataset)
    assert (typed["case_id"], typed["admitted_on"], typed["pf_ratio"]) == ("K1", "15/06/2025", "9.4")
    assert "birth_date" not in typed
    assert entry.carried_over(known, dataset, {}) == {"age": "45"}
    assert entry.carried_over(known, dataset, {"birth_date": "02/03/1980"}) == {}


def test_the_first_version_changes_nothing(centre):
    make.accepted(centre, case("K1"))
    known = queries.current_versions(make.manager(centre)).get()
    assert entry.changes(make.manager(centre), known.case) == []


def test_the_questions_are_those_of_the_data_set(centre):
    dataset = queries.data_set(queries.data_set_for(centre.service, END))
    (part,) = entry.parts(dataset, END)
    assert [one.name for one in part.questions][:2] == ["case_id", "nhs_number"]
    assert "status" in entry.standing(dataset, {}, END).asked
