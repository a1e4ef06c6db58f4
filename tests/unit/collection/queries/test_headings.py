"""What is remembered of a centre's headings is seen by its own people."""

import pytest

from plenary.collection.actions import headings as actions
from plenary.collection.queries import headings
from tests.factories.collection import make_centre, manager, network_lead, receive

pytestmark = pytest.mark.django_db


def test_what_is_remembered_is_the_centres_own():
    own, other = make_centre("adult-ecmo", "RJ1"), make_centre("adult-ecmo", "RM2")
    assert headings.mapping_sha256(own) == ""
    assert headings.rules_of("") is None
    submission = receive(own)
    actions.match_columns(submission_id=submission.pk, columns={"Hosp No": "case_id"}, recodes={}, by=manager(own))
    found = headings.remembered(manager(own), own)
    assert found.sha256 == headings.mapping_sha256(own)
    assert [(rule.old, rule.new) for rule in headings.rules_of(found.sha256).rules] == [("Hosp No", "case_id")]
    assert headings.remembered(manager(other), own) is None
    assert headings.remembered(network_lead(own), own) is None
    assert headings.mapping_sha256(other) == ""
