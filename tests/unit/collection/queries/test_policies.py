"""The network's rules of collecting, by date."""

from datetime import date

import pytest
from django.conf import settings

from plenary.collection.queries.policies import ACCEPTANCE, NEVER, REFUSE, SIGN_OFF, WARN, CollectionRules, collection_rules
from plenary.core.actions import adopt_policies, adopt_policy
from plenary.core.terms import SYSTEM
from tests.factories.collection import rules

pytestmark = pytest.mark.django_db


def test_without_a_policy_nothing_is_demanded():
    found = collection_rules(date(2026, 1, 1))
    assert found == CollectionRules()
    assert (found.confirming("lam"), found.open_queries, found.shared_patients, found.deadline_days) == (NEVER, WARN, WARN, 0)


def test_the_version_of_the_day_counts():
    rules(version="1", valid_from=date(2017, 4, 1), open_queries=WARN)
    rules(version="2", valid_from=date(2026, 4, 1), open_queries=REFUSE)
    assert [collection_rules(date(2026, month, 1)).open_queries for month in (3, 4)] == [WARN, REFUSE]
    assert collection_rules(date(2026, 5, 1)).version == "2"
    assert collection_rules(date(2016, 1, 1)).version == ""


def test_a_data_set_may_demand_more_than_the_others():
    rules(confirm_warnings=SIGN_OFF, confirm_warnings_of={"lam": ACCEPTANCE})
    found = collection_rules(date(2026, 1, 1))
    assert (found.confirming("lam"), found.confirming("ahus")) == (ACCEPTANCE, SIGN_OFF)


def test_days_are_in_order_and_words_of_later_versions_are_passed_over():
    rules(before=[1, 28, 7], after=[7, 1], something_new="yes")
    found = collection_rules(date(2026, 1, 1))
    assert (found.before, found.after) == ((1, 7, 28), (1, 7))


def test_the_shipped_policy_is_read():
    adopt_policies(settings.PLENARY.definitions / "policies", by=SYSTEM)
    found = collection_rules(date(2026, 6, 1))
    assert (found.version, found.shared_patients, found.open_queries, found.confirm_warnings) == ("1", WARN, WARN, NEVER)
    assert (found.deadline_days, found.mandatory_before) == (90, 1)
    assert set(found.before) >= {7, 1, 0}


def test_the_same_twice_is_once():
    body = {"name": "collection", "version": "1", "valid_from": date(2017, 4, 1), "source": "test", "by": SYSTEM}
    assert adopt_policy(body={"open_queries": REFUSE}, **body) == adopt_policy(body={"open_queries": REFUSE}, **body)
