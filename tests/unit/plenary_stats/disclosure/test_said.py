import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.said import in_words


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 29, "fewer than 30"),
        (1, 17, "fewer than 30"),
        (12, 29, "fewer than 30"),
        (0, 30, "up to 30"),
        (0, 1500, "up to 1,500"),
        (12, 45, "12 to 45"),
        (1, 30, "1 to 30"),
        (35, None, "at least 35"),
        (35, math.inf, "at least 35"),
        (12, None, ""),
        (0, math.inf, ""),
    ],
)
def test_a_range_in_words(low, high, words):
    assert in_words(low, high, Policy()) == words


def test_the_threshold_is_the_policys():
    assert in_words(0, 9, Policy(threshold=10)) == "fewer than 10"
    assert in_words(0, 29, Policy(threshold=10)) == "up to 29"


@given(st.integers(0, 100), st.integers(0, 100), st.integers(1, 60))
def test_the_words_never_say_more_than_the_range(low, width, threshold):
    """Every number of the range agrees with its words."""
    words = in_words(low, low + width, Policy(threshold=threshold))
    for number in range(low, low + width + 1):
        if words.startswith("fewer"):
            assert number < threshold
        elif words.startswith("up to"):
            assert number <= int(words.split()[-1])
        else:
            first, last = words.split(" to ")
            assert int(first) <= number <= int(last)
