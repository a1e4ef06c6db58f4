from datetime import date

import pytest

from plenary.collection import terms
from plenary.collection.terms import SeriesState, SubmissionState
from plenary.core.terms import NotPossible


@pytest.mark.parametrize("present", list(SubmissionState))
@pytest.mark.parametrize("wanted", list(SubmissionState))
def test_submission_moves_as_the_table_says_and_no_other_way(present, wanted):
    if wanted in terms.SUBMISSION_MOVES[present]:
        assert terms.submission_move(present, wanted) is wanted
    else:
        with pytest.raises(NotPossible, match=f"is {present}: it cannot become {wanted}"):
            terms.submission_move(present, wanted)


def test_every_submission_state_stands_in_the_table():
    assert set(terms.SUBMISSION_MOVES) == set(SubmissionState)


def test_a_file_is_accepted_only_after_its_check():
    before = {state for state, moves in terms.SUBMISSION_MOVES.items() if SubmissionState.ACCEPTED in moves}
    assert before == {SubmissionState.CHECKED}


def test_what_was_refused_or_superseded_stays_so():
    assert not terms.SUBMISSION_MOVES[SubmissionState.REFUSED]
    assert not terms.SUBMISSION_MOVES[SubmissionState.SUPERSEDED]


def test_every_state_can_be_reached_from_received():
    reached, waiting = set(), [SubmissionState.RECEIVED]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting.extend(terms.SUBMISSION_MOVES[state])
    assert reached == set(SubmissionState)


@pytest.mark.parametrize(
    ("present", "wanted"), [(SeriesState.OPEN, SeriesState.SIGNED_OFF), (SeriesState.SIGNED_OFF, SeriesState.OPEN)]
)
def test_series_is_signed_off_and_reopened(present, wanted):
    assert terms.series_move(present, wanted) is wanted


@pytest.mark.parametrize("state", list(SeriesState))
def test_series_does_not_move_to_where_it_is(state):
    with pytest.raises(NotPossible, match="already"):
        terms.series_move(state, state)


def test_a_stored_word_is_understood():
    assert terms.submission_move("received", SubmissionState.CHECKED) == "checked"


def test_an_unknown_word_is_not():
    with pytest.raises(ValueError, match="lost"):
        terms.submission_move("lost", SubmissionState.CHECKED)


@pytest.mark.parametrize("end", [date(2025, 1, 1), date(2024, 12, 31)])
def test_period_that_does_not_run_forward_is_refused(end):
    with pytest.raises(NotPossible, match="ends after it starts"):
        terms.require_period(date(2025, 1, 1), end)


def test_period_of_one_day():
    terms.require_period(date(2025, 1, 1), date(2025, 1, 2))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(1, 1, 1), date(2, 1, 1)),
        (date(1899, 12, 31), date(1900, 6, 1)),
        (date(2025, 1, 1), date.max),
        (date(2199, 1, 1), date(2200, 1, 1)),
    ],
)
def test_a_period_around_which_no_year_can_be_asked_about_is_refused(start, end):
    with pytest.raises(NotPossible, match="between 1900 and 2199"):
        terms.require_period(start, end)


@pytest.mark.parametrize("version", ["2026-1", "1", "v1.0_a", "x" * 40])
def test_a_version_is_named(version):
    terms.require_version(version)


@pytest.mark.parametrize("version", ["", "-1", ".", "../etc", "a b", "a/b", "x" * 41, "2026-1\n", "é"])
def test_what_names_no_version(version):
    with pytest.raises(NotPossible, match="names no version"):
        terms.require_version(version)
