"""What a reviewer is told of each row."""

import pytest

from plenary.core import permissions as roles
from plenary.core.terms import NOBODY
from plenary.releases.queries import proposals
from plenary.releases.queries.reviewed import _deduced, _Limits, _of_row, _why, reviewed, totals
from plenary.releases.terms import Rule
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


PATIENTS, EVENTS, OTHER = (
    "fewer than 30 patients",
    "an outcome of fewer than 5 patients",
    "it would give another withheld number away",
)
HOUSE = {"threshold": 30, "event_threshold": 5, "zeros": "protect"}
PUBLISHED = HOUSE | {"zeros": "publish"}


@pytest.mark.parametrize(
    ("kind", "row", "policy", "why"),
    [
        ("count", {"value": 29.0}, HOUSE, PATIENTS),
        ("count", {"value": 30.0}, HOUSE, OTHER),
        ("count", {"value": 0.0}, HOUSE, PATIENTS),
        ("count", {"value": 0.0}, PUBLISHED, OTHER),
        ("count", {"value": 1.0}, PUBLISHED, PATIENTS),
        ("exposure", {"value": 2.5, "numerator": 29.0, "denominator": 1e6}, HOUSE, PATIENTS),
        ("exposure", {"value": 2.5, "numerator": 30.0, "denominator": 1e6}, HOUSE, OTHER),
        ("rate", {"numerator": 20.0, "denominator": 29.0}, HOUSE, PATIENTS),
        ("rate", {"numerator": 4.0, "denominator": 30.0}, HOUSE, EVENTS),
        ("rate", {"numerator": 26.0, "denominator": 30.0}, HOUSE, EVENTS),
        ("rate", {"numerator": 5.0, "denominator": 30.0}, HOUSE, OTHER),
        ("rate", {"numerator": 25.0, "denominator": 30.0}, HOUSE, OTHER),
        ("rate", {"numerator": 0.0, "denominator": 30.0}, HOUSE, EVENTS),
        ("rate", {"numerator": 0.0, "denominator": 30.0}, PUBLISHED, OTHER),
        ("levels", {"numerator": 4.0, "denominator": 300.0}, HOUSE, EVENTS),
        ("summary", {"numerator": 4.0, "denominator": 300.0}, HOUSE, OTHER),
        ("summary", {"numerator": 4.0, "denominator": 29.0}, HOUSE, PATIENTS),
        ("magnitude", {"value": 12.0}, HOUSE, "one centre's amount, or it would give one away"),
        ("count", {"value": 99.0}, HOUSE | {"threshold": 100}, "fewer than 100 patients"),
        (
            "rate",
            {"numerator": 9.0, "denominator": 100.0},
            HOUSE | {"event_threshold": 10},
            "an outcome of fewer than 10 patients",
        ),
    ],
)
def test_a_reviewer_is_told_the_rule_that_withholds_a_row_to_the_patient(kind, row, policy, why):
    rule, words = _why(row, kind, _Limits.of(policy))
    assert words == why
    kinds = {PATIENTS: Rule.PATIENTS, EVENTS: Rule.EVENTS, OTHER: Rule.ANOTHER}
    by_words = {"one centre's": Rule.AMOUNT, "fewer than": Rule.PATIENTS, "an outcome of": Rule.EVENTS}
    assert rule is kinds.get(why, next((kind for start, kind in by_words.items() if why.startswith(start)), None))


def cell(quantity, measure="survival", **more):
    return {"quantity": quantity, "low": 0, "high": None, "verdict": "safe", "service": "lam", "measure": measure} | more


def test_what_can_be_worked_out_stands_in_the_order_of_what_is_asked_first():
    names = ("value@lower", "complement", "numerator", "something new", "denominator", "amount", "patients")
    [found] = _deduced([cell(name) for name in names]).values()
    assert [one.quantity for one in found] == [
        "patients", "amount", "denominator", "numerator", "complement", "something new", "value@lower",
    ]  # fmt: skip


def test_a_figure_at_a_time_has_its_own_numbers_and_those_of_its_patients_and_no_other_times():
    deduced = _deduced(
        [cell("denominator"), cell("numerator", "survival@1y"), cell("numerator", "survival@5y"), cell("patients", "stay")]
    )
    row = dict.fromkeys(("centre", "area", "sex", "age_band", "period"), "") | {"service": "lam", "measure": "survival@1y"}
    assert [one.quantity for one in _of_row(row, "rate", deduced)] == ["numerator", "denominator"]
    assert [one.quantity for one in _of_row(row | {"measure": "stay"}, "count", deduced)] == ["patients"]
    assert list(_of_row(row | {"centre": "RJ1"}, "rate", deduced)) == []


def test_the_patients_of_an_area_are_those_that_activity_counts():
    deduced = _deduced([cell("patients", "patients"), cell("patients", "per-million")])
    row = dict.fromkeys(("centre", "area", "sex", "age_band", "period"), "") | {"service": "lam", "measure": "per-million"}
    assert [one.measure for one in _of_row(row, "exposure", deduced)] == ["patients"]


def test_how_a_number_leaks_is_told_where_the_audit_tells_it():
    [[plain, told]] = _deduced([cell("denominator"), cell("numerator", how="the total less the rest")]).values()
    assert (plain.how, told.how) == ("", "the total less the rest")


def test_a_shown_row_has_no_rule_and_a_withheld_one_has():
    rows = reviewed(FIRST, make.proposal())
    assert {row.place["centre"]: row.rule for row in rows if row.withheld} == {"RJ7": Rule.PATIENTS, "RJ8": Rule.ANOTHER}
    assert all(row.rule is None for row in rows if not row.withheld)
