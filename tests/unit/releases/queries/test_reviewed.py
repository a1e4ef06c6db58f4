"""What a reviewer is told of each row."""

import datetime as dt

import pytest

from plenary.core import permissions as roles
from plenary.core.actions import adopt_policy
from plenary.core.terms import NOBODY, SYSTEM
from plenary.releases.queries import Reason, proposals
from plenary.releases.queries.reviewed import _deduced, _of_row, reasons_of_rows, reviewed, reviewed_rows, totals
from plenary.releases.terms import Rule
from plenary_stats.tables import ResultTable, numbers, text
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


def outcomes(*rows):
    """Return a table of rates: centre, with the outcome, of how many."""
    columns = dict(make.results({centre: met / of for centre, met, of in rows}, name="outcomes").columns)
    columns |= {
        "measure": text(["discharged"] * len(rows)),
        "numerator": numbers([met for _, met, _ in rows]),
        "denominator": numbers([of for _, _, of in rows]),
    }
    return ResultTable(columns, name="outcomes", kind="rate")


def told(*tables, **policy):
    make.policy()
    if policy:
        body = {"threshold": 30, "event_threshold": 5, "minimum_width": 10, "zeros": "protect"} | policy
        adopt_policy(name="disclosure", version="2", valid_from=dt.date(2018, 1, 1), body=body, source="test", by=SYSTEM)
    return {row.place["centre"]: row for row in reviewed(FIRST, make.proposal(*tables)) if row.withheld}


def test_a_row_is_withheld_by_the_rule_and_not_by_what_its_figures_look_like():
    found = told(outcomes(("RJ1", 300, 400), ("RJ7", 3, 60), ("RJ8", 10, 20), ("RJ9", 58, 62), ("Total", 371, 542)))
    assert (found["RJ7"].rule, found["RJ7"].why) == (Rule.EVENTS, EVENTS)
    assert (found["RJ9"].rule, found["RJ9"].why) == (Rule.EVENTS, EVENTS)
    assert (found["RJ8"].rule, found["RJ8"].why) == (Rule.PATIENTS, PATIENTS)
    others = [row for centre, row in found.items() if centre not in {"RJ7", "RJ8", "RJ9"}]
    assert all((row.rule, row.why) == (Rule.ANOTHER, OTHER) for row in others)


def test_the_words_tell_the_numbers_of_the_policy_that_it_was_protected_under():
    found = told(make.results({"RJ1": 412.0, "RJ7": 90.0, "RJ8": 110.0, "Total": 612.0}), threshold=100)
    assert found["RJ7"].why == "fewer than 100 patients"


def test_a_further_number_says_whom_it_protects_and_a_small_one_protects_nobody():
    found = told()
    assert found["RJ7"].protects == ()
    [(quantity, place)] = found["RJ8"].protects
    assert (quantity, place[:2]) == ("patients", ("adult-ecmo", "RJ7"))
    assert len(place) == 7
    assert place[-1] == "patients"


def test_an_amount_that_goes_for_anothers_sake_may_be_asked_about():
    amounts = make.results({"RJ1": 900.0, "RJ7": 40.0, "RJ8": 35.0, "RJ9": 30.0, "Total": 1005.0}, name="spend")
    found = told(ResultTable(amounts.columns, name="spend", kind="magnitude"), dominance=0.95)
    assert found
    assert {row.rule for row in found.values()} <= {Rule.AMOUNT, Rule.ANOTHER}
    assert all(row.protects for row in found.values() if row.why == OTHER)
    assert found["RJ7"].why == "one contributor's amount shows through"


def test_where_no_reasons_were_kept_none_is_made_up():
    proposal = make.proposal()
    proposal.reasons_sha256 = ""
    found = [row for row in reviewed_rows(proposal) if row.withheld]
    assert {row.why for row in found} == {"the reason was not kept when this was protected"}
    assert {row.rule for row in found} == {Rule.ANOTHER}


def test_the_reasons_are_the_same_bytes_for_the_same_results_and_no_part_of_what_leaves():
    first, second = make.proposal(), make.proposal(label="2025 again")
    assert first.reasons_sha256 == second.reasons_sha256
    kept = first.content_hash
    first.reasons_sha256 = ""
    assert proposals.content_hash(first) == kept


PLACES = ("centre", "service")


@pytest.mark.parametrize(
    ("rules", "first"),
    [
        (("tied", "patients"), "patients"),
        (("secondary", "events"), "events"),
        (("complement", "patients"), "patients"),
        (("secondary", "tied"), "tied"),
        (("secondary", "earlier"), "earlier"),
        (("secondary", "amount"), "amount"),
        (("secondary",), "secondary"),
    ],
)
def test_of_several_rules_the_first_is_said_of_a_row(rules, first):
    reasons = [Reason("denominator", ("A", "lam"), rule, (), ((0, 3),), PLACES) for rule in rules]
    for order in (reasons, reasons[::-1]):
        assert reasons_of_rows(order) == {"0/3": {"rule": first, "protects": []}}


def test_a_row_protects_what_its_numbers_protect_but_for_themselves():
    place, other = ("A", "lam"), ("B", "lam")
    found = reasons_of_rows(
        [
            Reason("denominator", place, "secondary", (("numerator", place), ("denominator", other)), ((1, 0),), PLACES),
            Reason("numerator", place, "secondary", (("numerator", other), ("denominator", other)), ((1, 0),), PLACES),
        ]
    )
    whole = ["lam", "B", "", "", "", "", ""]
    assert found == {"1/0": {"rule": "secondary", "protects": [["denominator", whole], ["numerator", whole]]}}


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
