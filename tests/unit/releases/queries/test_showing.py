"""What it would cost to show a number: worked out by protecting everything else once more."""

import pytest

from plenary.core.terms import NotFound, NotPossible
from plenary.releases.queries import showing
from plenary.releases.queries.reviewed import reviewed_rows
from plenary.releases.terms import Cost, Deduced, Reviewed, Rule
from plenary_stats.tables import ResultTable, numbers, text
from tests.factories import releases as make

pytestmark = pytest.mark.django_db

FOUR = {"RJ1": 412.0, "RJ7": 12.0, "RJ8": 31.0, "RJ9": 40.0, "Total": 495.0}
"""One small centre; the cheapest to go with it is RJ8, the next RJ9."""


def at(proposal, centre, table="activity"):
    return next(row for row in reviewed_rows(proposal) if (row.table, row.place["centre"]) == (table, centre))


def cost_of(proposal, centre):
    return showing.cost_of_showing(proposal, at(proposal, centre))


def with_another(proposal):
    [row] = [row for row in reviewed_rows(proposal) if row.rule is Rule.ANOTHER]
    return row


def test_another_number_is_withheld_in_its_place():
    proposal = make.proposal(make.results(FOUR))
    row = with_another(proposal)
    found = showing.cost_of_showing(proposal, row)
    assert found.possible
    assert (found.secondary_before, found.secondary_after) == (1, 1)
    [(quantity, place)] = found.newly_withheld
    assert quantity == "patients"
    assert place[1] in set(FOUR) - {"RJ7", row.place["centre"]}
    assert [one[1][1] for one in found.newly_shown] == [row.place["centre"]]


def test_it_says_which_number_it_protects_today():
    proposal = make.proposal(make.results(FOUR))
    found = showing.cost_of_showing(proposal, with_another(proposal))
    [(quantity, place, low, high)] = found.gives_away
    assert (quantity, place[0], place[1]) == ("patients", "adult-ecmo", "RJ7")
    assert (low, high) == (12, 12)


def test_where_nothing_else_is_left_the_total_goes():
    proposal = make.proposal(make.results({"RJ7": 12.0, "RJ8": 250.0, "Total": 262.0}))
    row = with_another(proposal)
    [(_, place)] = showing.cost_of_showing(proposal, row).newly_withheld
    assert {row.place["centre"], place[1]} == {"RJ8", "Total"}


def test_what_the_rule_itself_withholds_is_shown_at_no_cost():
    proposal = make.proposal()
    found = cost_of(proposal, "RJ7")
    assert found == Cost(possible=False, why="The rule itself withholds it: fewer than 30 patients.")


def test_what_earlier_releases_would_give_away_cannot_be_shown():
    """The total left last time; with the other centre shown too, the small one would be the difference."""
    both = {"RJ7": 12.0, "RJ8": 250.0, "Total": 262.0}
    released = make.frozen(make.results(both))
    assert {row.place["centre"] for row in reviewed_rows(released) if not row.withheld} & {"RJ8", "Total"}
    again = make.proposal(make.results(both), label="2025 again")
    found = showing.cost_of_showing(again, with_another(again))
    assert not found.possible
    assert "cannot be protected whatever is withheld" in found.why
    assert [place[1] for _, place, *_ in found.gives_away] == ["RJ7"]


def test_the_releases_that_were_known_come_latest_first():
    first = make.frozen(make.results(make.SMALL, period="2024"), label="2024")
    second = make.frozen(make.results(make.SMALL, period="2025"), label="2025")
    third = make.proposal(make.results(make.SMALL, period="2026"), label="2026")
    known = showing.previous_of(third)
    assert [set(table["period"].tolist()) for table in known] == [{"2025"}, {"2024"}]
    assert third.previous == [first.content_hash, second.content_hash]


def test_a_release_that_is_gone_is_no_ground_to_answer_on():
    proposal = make.proposal()
    proposal.previous = ["0" * 64]
    with pytest.raises(NotPossible, match="Restore it from a backup"):
        showing.previous_of(proposal)


def test_a_row_is_found_by_its_table_and_whole_place():
    rows = reviewed_rows(make.proposal())
    one = rows[1]
    assert showing.row_at(rows, "activity", one.place) is one
    for table, place in (("outcomes", one.place), ("activity", one.place | {"sex": "female"}), ("activity", {})):
        with pytest.raises(NotFound):
            showing.row_at(rows, table, place)


def row(kind, table, before):
    place = dict.fromkeys(("service", "centre", "area", "sex", "age_band", "period", "measure"), "")
    return Reviewed(table, kind, place, before, {}, "c", "", (), Rule.ANOTHER)


SHARE = {"denominator": 90.0, "numerator": 80.0, "not_known": 3.0}


@pytest.mark.parametrize(
    ("kind", "table", "quantity", "figure"),
    [
        ("count", "activity", "patients", 7.0),
        ("magnitude", "spend", "amount", 7.0),
        ("exposure", "access", "patients", 80.0),
        ("summary", "outcomes", "denominator", 90.0),
        ("rate", "outcomes", "denominator", 90.0),
        ("rate", "outcomes", "numerator", 80.0),
        ("rate", "outcomes", "not_known", 3.0),
        ("rate", "outcomes", "not_eligible", None),
        ("levels", "outcomes", "numerator", 80.0),
        ("rate", "completeness", "expected", 90.0),
        ("rate", "completeness", "received", 80.0),
        ("rate", "completeness", "missing", 10.0),
        ("rate", "completeness", "patients", 90.0),
        ("rate", "completeness", "complete", 80.0),
        ("rate", "completeness", "incomplete", 10.0),
        ("rate", "completeness", "eligible", 90.0),
        ("rate", "completeness", "denominator", 80.0),
        ("rate", "completeness", "not_known", 10.0),
    ],
)
def test_a_quantity_is_read_from_its_column(kind, table, quantity, figure):
    assert showing.true_figure(row(kind, table, SHARE | {"value": 7.0}), quantity) == figure


def test_a_row_of_several_numbers_is_known_with_all_of_them():
    """A survival's patients stand at the measure without its time, its events at the time."""
    deduced = (Deduced("denominator", 30, None, "safe", "", "survival"), Deduced("numerator", 0, 90, "safe", "", "survival@1y"))
    place = dict.fromkeys(("service", "centre", "area", "sex", "age_band", "period"), "") | {"measure": "survival@1y"}
    one = Reviewed("outcomes", "rate", place, SHARE, {}, "c", "", deduced, Rule.ANOTHER)
    patients, events = showing._entries(one)
    assert (patients["measure"], patients["quantity"], patients["value"]) == ("survival", "denominator", 90.0)
    assert (events["measure"], events["quantity"], events["value"]) == ("survival@1y", "numerator", 80.0)
    assert patients["centre"] == "Total"


def test_a_rate_that_goes_with_another_is_shown_whole():
    """Two centres' outcomes: the second goes with the first, and shown again it takes the total with it."""
    columns = dict(make.results({"RJ1": 0.5, "RJ7": 0.5, "RJ8": 0.5, "Total": 0.5}, name="outcomes").columns)
    columns |= {
        "measure": text(["discharged"] * 4),
        "numerator": numbers([200, 10, 40, 250]),
        "denominator": numbers([400, 20, 80, 500]),
    }
    proposal = make.proposal(ResultTable(columns, name="outcomes", kind="rate"))
    row = next(row for row in reviewed_rows(proposal) if row.rule is Rule.ANOTHER)
    found = showing.cost_of_showing(proposal, row)
    assert found.possible
    assert {one[1][1] for one in found.newly_shown} == {row.place["centre"]}
    assert {one[1][1] for one in found.gives_away} == {"RJ7"}
