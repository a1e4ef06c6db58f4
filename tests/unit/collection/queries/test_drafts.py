"""How long an unfinished case is kept."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.collection.actions.entry import save_draft
from plenary.collection.queries import drafts, entry
from plenary.collection.queries.drafts import DraftRules
from plenary.core.terms import SYSTEM
from tests.factories import collection as make
from tests.factories.collection import END, START

RULES = DraftRules("1", 90, 14)
SAVED = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "until"),
    [
        (None, date(2026, 4, 1)),
        (datetime(2026, 3, 1, tzinfo=UTC), date(2026, 4, 1)),
        (datetime(2026, 3, 30, 12, tzinfo=UTC), date(2026, 4, 13)),
    ],
)
def test_until_when(told, until):
    assert drafts.kept_until(SAVED, told, RULES) == until


@given(st.integers(0, 2000), st.integers(1, 400), st.integers(0, 400))
def test_nobody_has_less_time_than_the_rules_give(after, keep, warn):
    rules, told = DraftRules("1", keep, warn), SAVED + timedelta(days=after)
    until = drafts.kept_until(SAVED, told, rules)
    assert until - told.date() >= timedelta(days=warn)
    assert until - SAVED.date() >= timedelta(days=keep)


@pytest.mark.django_db
def test_the_shipped_rules_are_read():
    assert drafts.draft_rules(date(2026, 1, 1)) is None
    make.shipped("drafts")
    assert drafts.draft_rules(date(2026, 1, 1)) == RULES
    assert drafts.draft_rules(date(2010, 1, 1)) is None, "before they held"


@pytest.mark.django_db
def test_the_owner_reads_until_when():
    centre = make.make_centre()
    who = make.manager(centre)
    save_draft(centre=centre, period_start=START, period_end=END, values=make.case("A"), by=who)
    [one] = entry.drafts(who, centre, START, END)
    assert one.kept_until is None, "where no rules say so it is kept"
    make.shipped("drafts")
    [one] = entry.drafts(who, centre, START, END)
    assert one.kept_until == one.saved_at.date() + timedelta(days=90)
    assert entry.drafts(SYSTEM, centre, START, END) == []
