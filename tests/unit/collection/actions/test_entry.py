"""Drafts of a case: kept right or wrong, their owner's alone, and a case only when finished."""

import pytest

from plenary.collection import queries
from plenary.collection.actions import entry as actions
from plenary.collection.actions import erase_case
from plenary.collection.models import Case, CaseDraft, CaseVersion, Submission
from plenary.core.models import AuditEvent
from plenary.core.permissions import Administrator
from plenary.core.terms import NOBODY, SYSTEM, NotFound, NotPossible, Refused
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import make_who

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}


@pytest.fixture
def centre():
    return make.make_centre()


def save(centre, by=None, **more):
    values = more.pop("values", case("K1"))
    return actions.save_draft(centre=centre, **PERIOD, values=values, by=by or make.manager(centre), **more)


def verbs():
    return list(AuditEvent.objects.order_by("sequence").values_list("verb", flat=True))


def test_a_draft_is_no_case(centre):
    draft = save(centre, values={"case_id": "K1", "pf_ratio": "nonsense", "status": ""})
    assert draft.typed == {"case_id": "K1", "pf_ratio": "nonsense"}
    assert not Case.objects.exists()
    assert not Submission.objects.exists()


def test_each_later_saving_keeps_the_last_and_is_no_event(centre):
    draft = save(centre)
    before = verbs()
    again = save(centre, draft_id=draft.pk, values={"case_id": "K2"})
    assert (again.pk, again.typed) == (draft.pk, {"case_id": "K2"})
    assert again.saved_at > draft.saved_at
    assert verbs() == before
    assert before.count("begin draft") == 1


@pytest.mark.parametrize("stranger", ["colleague", "elsewhere", "network lead", "administrator", "nobody"])
def test_nobody_else_saves_opens_finishes_or_deletes_it(centre, stranger):
    draft = save(centre, values={"case_id": "SECRET-7"})
    who = {
        "colleague": make.lead(centre),
        "elsewhere": make.manager(make.make_centre(ods="RM2")),
        "network lead": make.network_lead(centre),
        "administrator": make_who(Administrator),
        "nobody": NOBODY,
    }[stranger]
    for act in (actions.open_draft, actions.finish_draft, actions.drop_draft):
        with pytest.raises(NotFound):
            act(draft_id=draft.pk, by=who)
    with pytest.raises((NotFound, Refused)):
        save(centre, by=who, draft_id=draft.pk, values={"case_id": "X"})
    assert CaseDraft.objects.get().typed == {"case_id": "SECRET-7"}


def test_who_left_the_centre_opens_no_draft_any_more(centre):
    draft = save(centre)
    left = make_who(Administrator, person_id=11)
    with pytest.raises(NotFound):
        actions.open_draft(draft_id=draft.pk, by=left)


def test_the_system_has_no_draft(centre):
    with pytest.raises((NotPossible, Refused)):
        save(centre, by=SYSTEM)


def test_a_finished_draft_is_a_case_and_gone(centre):
    done = actions.finish_draft(draft_id=save(centre).pk, by=make.manager(centre))
    assert (done.case_id, done.blocked, done.corrected) == ("K1", False, False)
    assert done.submission.cases == 1
    assert not CaseDraft.objects.exists()
    assert Case.objects.get().case_id == "K1"


def test_a_blocked_draft_stays_and_nothing_is_stored(centre):
    draft = save(centre, values=case("K1", pf_ratio="1000"))
    done = actions.finish_draft(draft_id=draft.pk, by=make.manager(centre))
    assert done.blocked
    assert done.submission is None
    assert CaseDraft.objects.filter(pk=draft.pk).exists()
    assert not Submission.objects.exists()


def test_what_was_left_out_is_missing_and_not_unknown_to_the_data_set(centre):
    draft = save(centre, values={"case_id": "K1"})
    rules = {one.rule for one in actions.finish_draft(draft_id=draft.pk, by=make.manager(centre)).findings}
    assert "required" in rules
    assert "missing-column" not in rules


def correction(centre, **values):
    known = Case.objects.get(case_id="K1")
    return save(centre, case=known, values={name: text for name, text in case("K1", birth_date="", **values).items() if text})


def test_a_correction_shows_what_it_changed(centre):
    make.accepted(centre, case("K1", pf_ratio="5"))
    done = actions.finish_draft(draft_id=correction(centre, pf_ratio="7").pk, by=make.manager(centre))
    assert [(one.field, one.before, one.after) for one in done.differences] == [("pf_ratio", "5", "7")]
    assert CaseVersion.objects.get(current=True).payload["age"] == 45
    assert [one.current for one in CaseVersion.objects.order_by("number")] == [False, True]


def test_a_correction_with_another_date_of_birth_counts_the_age_anew(centre):
    make.accepted(centre, case("K1"))
    known = Case.objects.get(case_id="K1")
    draft = save(centre, case=known, values=case("K1", birth_date="02/03/1990"))
    done = actions.finish_draft(draft_id=draft.pk, by=make.manager(centre))
    assert [(one.field, one.before, one.after) for one in done.differences] == [("age", "45", "35")]
    assert [found.rule for found in done.findings] == ["other-person"], "it may be somebody else under the same identifier"


def test_a_correction_of_nothing_leaves_no_trace_but_the_draft_is_gone(centre):
    make.accepted(centre, case("K1", pf_ratio="5"))
    done = actions.finish_draft(draft_id=correction(centre, pf_ratio="5").pk, by=make.manager(centre))
    assert done.submission is None
    assert not done.differences
    assert Submission.objects.count() == 1
    assert CaseVersion.objects.get().current
    assert not CaseDraft.objects.exists()


def test_a_case_that_was_withdrawn_is_not_corrected(centre):
    make.accepted(centre, case("K1"))
    draft = correction(centre, pf_ratio="7")
    make.accepted(centre, case("K2"))
    with pytest.raises(NotPossible, match="does not stand any more"):
        actions.finish_draft(draft_id=draft.pk, by=make.manager(centre))
    assert CaseDraft.objects.filter(pk=draft.pk).exists()


def test_a_signed_off_series_is_not_corrected_and_the_draft_stays(centre):
    make.signed_off(centre, case("K1", pf_ratio="5"))
    draft = correction(centre, pf_ratio="7")
    with pytest.raises(NotPossible, match="signed off"):
        actions.finish_draft(draft_id=draft.pk, by=make.manager(centre))
    assert CaseVersion.objects.get(current=True).payload["pf_ratio"] == 5
    assert CaseDraft.objects.exists()


def test_an_erased_case_takes_its_drafts_along(centre):
    make.accepted(centre, case("K1"))
    correction(centre, pf_ratio="7")
    erase_case(centre=centre, case_id="K1", reason="The patient asked", by=make.lead(centre))
    assert not CaseDraft.objects.exists()


def test_a_draft_is_dropped_with_an_event(centre):
    actions.drop_draft(draft_id=save(centre).pk, by=make.manager(centre))
    assert not CaseDraft.objects.exists()
    assert verbs()[-1] == "drop draft"


def test_what_changed_is_read_by_the_own_people_and_the_look_is_recorded(centre):
    make.accepted(centre, case("K1", pf_ratio="5"))
    make.accepted(centre, case("K1", pf_ratio="6"))
    pk = Case.objects.get().pk
    found, changed = actions.open_history(centre=centre, case_pk=pk, by=make.lead(centre))
    assert found.case_id == "K1"
    assert [(one.version, one.difference.field, one.difference.after) for one in changed] == [(2, "pf_ratio", "6")]
    assert verbs()[-1] == "read"
    for who in (make.network_lead(centre), make.manager(make.make_centre(ods="RM2"))):
        with pytest.raises(Refused):
            actions.open_history(centre=centre, case_pk=pk, by=who)
        assert queries.entry.changes(who, found) == []
