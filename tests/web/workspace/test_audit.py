"""The chain of events, and ticking off what was asked."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.core import actions, queries
from plenary.core.permissions import ROLES, Administrator, CentreLead
from plenary.core.terms import SYSTEM
from plenary.web.workspace import audit
from tests.factories.core import PersonFactory

LIST = "/workspace/events/"


@pytest.fixture
def administrator(as_):
    return as_(Administrator, "", name="Ada Ministrator")


def happen(subject="case-series/1", verb="sign off series", detail=None):
    return actions.record(by=SYSTEM, verb=verb, subject=subject, detail=detail)


@pytest.mark.parametrize("role", [role for role in ROLES if role is not Administrator], ids=lambda role: role.key)
def test_nobody_else_reads_it(as_, db, role):
    happen("case/SECRET-7")
    kind = role.scope_kinds[0]
    browser = as_(role, {"all": "", "nation": "England", "service": "adult-ecmo", "centre": "adult-ecmo/RJ1"}[kind])
    for answer in (browser.get(LIST), browser.get("/workspace/events.csv"), browser.post(f"{LIST}verify/")):
        assert answer.status_code == 403
        assert "SECRET-7" not in answer.text


def test_events_are_listed_newest_first_and_found(administrator):
    happen("case-series/1", detail={"cases": 3})
    happen("case-series/2")
    page = administrator.get(LIST).text
    assert page.index("case-series/2") < page.index("case-series/1")
    assert "&#34;cases&#34;: 3" in page
    assert "case-series/2" not in administrator.get(f"{LIST}?subject=series/1").text
    assert "case-series/1" in administrator.get(f"{LIST}?verb=sign+off+series&who_name=plenary").text
    lines = administrator.get("/workspace/events.csv?subject=case-series/1").text.splitlines()
    assert lines[0].endswith("Number,When,Who,What,About,Detail")
    assert len(lines) == 2


def test_they_are_narrowed_by_day(administrator):
    happen()
    day = queries.today()
    said = f"?from_day_day={day.day}&from_day_month={day.month}&from_day_year="
    assert "case-series/1" in administrator.get(f"{LIST}{said}{day.year}").text
    assert "Nothing fits this filter." in administrator.get(f"{LIST}{said}{day.year + 1}").text


def test_the_newest_only_where_there_are_too_many(administrator, monkeypatch):
    monkeypatch.setattr(audit, "MOST", 2)
    for number in range(3):
        happen(f"case-series/{number}")
    lines = administrator.get("/workspace/events.csv").text.splitlines()[1:]
    assert len(lines) == 2
    assert "case-series/2" in lines[0]


def test_three_events_cost_no_more_look_ups_than_one(administrator, django_assert_num_queries):
    happen()
    administrator.get(LIST)
    with CaptureQueriesContext(connection) as for_one:
        administrator.get(LIST)
    happen()
    happen()
    with django_assert_num_queries(len(for_one)):
        administrator.get(LIST)


def test_a_whole_chain_is_said_to_be_whole(administrator):
    happen()
    answer = administrator.post(f"{LIST}verify/", follow=True)
    assert "The chain is whole:" in answer.text
    assert queries.verify_chain().head in answer.text


def test_a_broken_chain_names_the_event(administrator, monkeypatch):
    number = happen()
    real = queries.event_hash
    monkeypatch.setattr(queries, "event_hash", lambda event, head: real(event, head) if event.sequence != number else "0" * 64)
    answer = administrator.post(f"{LIST}verify/", follow=True)
    assert f"The chain is broken at event {number}: its content does not match its hash." in answer.text
    assert "plenary-message--error" in answer.text


# -- the inbox


@pytest.fixture
def lead(as_):
    return as_(CentreLead, "adult-ecmo/RJ1")


def test_what_was_asked_is_ticked_off(lead):
    todo = actions.ask(by=SYSTEM, what="Sign off 2025", role=CentreLead.key, scope="adult-ecmo/RJ1")
    assert f'action="/workspace/done/{todo.pk}/"' in lead.get("/workspace/").text
    answer = lead.post(f"/workspace/done/{todo.pk}/", follow=True)
    assert "Done: Sign off 2025" in answer.text
    assert f"/workspace/done/{todo.pk}/" not in answer.text
    todo.refresh_from_db()
    assert todo.done_by == lead.person.pk
    assert lead.post(f"/workspace/done/{todo.pk}/").status_code == 404


def test_what_was_asked_of_others_is_not(lead):
    todo = actions.ask(by=SYSTEM, what="The secret of RM2", role=CentreLead.key, scope="adult-ecmo/RM2")
    mine = actions.ask(by=SYSTEM, what="For one person", person=PersonFactory())
    for one in (todo, mine):
        answer = lead.post(f"/workspace/done/{one.pk}/")
        assert answer.status_code == 404
        assert one.what not in answer.text
        one.refresh_from_db()
        assert one.done_at is None


def test_a_link_alone_ticks_nothing_off(lead):
    todo = actions.ask(by=SYSTEM, what="Sign off 2025", role=CentreLead.key, scope="adult-ecmo/RJ1")
    assert lead.get(f"/workspace/done/{todo.pk}/").status_code == 405
    todo.refresh_from_db()
    assert todo.done_at is None
