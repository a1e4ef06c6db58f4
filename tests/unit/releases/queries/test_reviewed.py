"""What a reviewer is told of each row."""

import pytest

from plenary.core import permissions as roles
from plenary.core.terms import NOBODY
from plenary.releases.queries import proposals
from plenary.releases.queries.reviewed import reviewed, totals
from tests.factories import releases as make
from tests.factories.core import make_who
from tests.factories.releases import COMMISSIONER, FIRST

pytestmark = pytest.mark.django_db


def test_every_row_stands_once_as_it_would_leave_and_as_it_was():
    proposal = make.proposal()
    rows = {row.place["centre"]: row for row in reviewed(FIRST, proposal)}
    assert set(rows) == {"RJ1", "RJ7", "RJ8", "Total"}
    small = rows["RJ7"]
    assert (small.table, small.kind, small.status) == ("activity", "count", "c")
    assert small.why == "fewer than 30 patients"
    assert small.before == {"value": 12.0}
    assert small.after == {}


def test_what_is_withheld_for_anothers_sake_says_so():
    whys = {row.place["centre"]: row.why for row in reviewed(FIRST, make.proposal())}
    assert sorted(filter(None, whys.values())) == ["fewer than 30 patients", "it would give another withheld number away"]


def test_what_is_shown_needs_no_reason_and_is_what_was_computed():
    shown = [row for row in reviewed(FIRST, make.proposal()) if row.status != "c"]
    assert shown
    assert all(row.why == "" and row.deduced == () and row.after == row.before for row in shown)


def test_each_withheld_number_says_what_a_reader_could_work_out():
    withheld = [row for row in reviewed(FIRST, make.proposal()) if row.status == "c"]
    for row in withheld:
        [one] = row.deduced
        assert one.quantity == "patients"
        assert one.verdict == "safe"
        assert one.low <= row.before["value"]
        assert one.high is None or row.before["value"] <= one.high


@pytest.mark.parametrize("who", [NOBODY, make_who(roles.NetworkLead, "lam"), make_who(roles.CentreLead, "adult-ecmo/RJ7")])
def test_nothing_to_anybody_else(who):
    assert reviewed(who, make.proposal()) == []


def test_the_totals_are_those_of_the_audit():
    proposal = make.proposal()
    found = totals(proposal)
    assert (found["cells"], found["primary"], found["exact"], found["narrow"]) == (4, 1, 0, 0)
    assert found == proposals.document(proposal.audit_sha256)["totals"]


def test_the_commissioner_sees_the_same_as_the_reviewers():
    proposal = make.proposal()
    assert reviewed(COMMISSIONER, proposal) == reviewed(FIRST, proposal)
