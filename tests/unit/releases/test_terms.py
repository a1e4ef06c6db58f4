import pytest

from plenary.core.terms import NotPossible
from plenary.releases import terms
from plenary.releases.terms import Decision, ProposalState

APPROVE, RETURN = Decision.APPROVE, Decision.RETURN


@pytest.mark.parametrize("present", list(ProposalState))
@pytest.mark.parametrize("wanted", list(ProposalState))
def test_moves_as_the_table_says_and_no_other_way(present, wanted):
    if wanted in terms.MOVES[present]:
        assert terms.move(present, wanted) is wanted
    else:
        with pytest.raises(NotPossible, match="cannot become"):
            terms.move(present, wanted)


def test_every_state_stands_in_the_table():
    assert set(terms.MOVES) == set(ProposalState)


def test_only_what_was_approved_is_frozen():
    assert {state for state, moves in terms.MOVES.items() if ProposalState.FROZEN in moves} == {ProposalState.APPROVED}


@pytest.mark.parametrize("state", [ProposalState.FROZEN, ProposalState.RETURNED, ProposalState.WITHDRAWN])
def test_the_end_is_the_end(state):
    assert not terms.MOVES[state]


@pytest.mark.parametrize(
    ("decisions", "state"),
    [
        ([], ProposalState.UNDER_REVIEW),
        ([APPROVE], ProposalState.UNDER_REVIEW),
        ([RETURN], ProposalState.UNDER_REVIEW),
        ([APPROVE, APPROVE], ProposalState.APPROVED),
        ([APPROVE, RETURN], ProposalState.RETURNED),
        ([RETURN, APPROVE], ProposalState.RETURNED),
        ([RETURN, RETURN], ProposalState.RETURNED),
    ],
)
def test_two_votes_decide(decisions, state):
    assert terms.after_votes(decisions) is state


def test_one_objection_does_not_show_before_the_second_vote():
    assert terms.after_votes([RETURN]) is terms.after_votes([APPROVE])
