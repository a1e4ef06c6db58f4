import numpy as np
import pytest

from plenary_stats.disclosure.attacker.printed import method_of, scale_of, shown_alone, words_of_method
from plenary_stats.tables import ResultTable, numbers, text


def table(kind="rate", **columns):
    made = {name: text(values) if name in {"method", "status"} else numbers(values) for name, values in columns.items()}
    return ResultTable(
        {"centre": text([str(order) for order in range(len(made["value"]))]), **made}, "outcomes", kind, ("centre",)
    )


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Wilson 95% interval", "wilson"),
        ("Clopper-Pearson", "clopper-pearson"),
        ("jeffreys", "jeffreys"),
        ("share", None),
        ("", None),
        ("Wilson 95% interval for clustered data", False),
        ("Kaplan-Meier", False),
        ("median, 95% interval from order statistics", False),
    ],
)
def test_the_interval_that_words_tell(words, found):
    assert method_of(words) is found or method_of(words) == found


def test_a_share_without_its_numbers_is_found_and_nothing_else():
    shown = table(value=[0.5, 0.5, None, 0.5], numerator=[None, 30, None, None], denominator=[None, 60, None, 60])
    assert shown_alone(shown).tolist() == [True, False, False, True]
    assert shown_alone(table(value=[0.5], numerator=[None], denominator=[None], method=["Kaplan-Meier"])).tolist() == [False]
    assert shown_alone(table("summary", value=[0.5], numerator=[None], denominator=[None])).tolist() == [False]
    assert shown_alone(table(value=[0.5], numerator=[None])).tolist() == [False]
    bare = {name: numbers(values) for name, values in (("value", [0.5]), ("numerator", [None]), ("denominator", [None]))}
    assert shown_alone(ResultTable(bare, "outcomes", "rate", ())).tolist() == [True], "three columns are enough"


def test_a_rate_of_a_public_population_tells_its_patients():
    access = table("exposure", value=[20.0, 5.0, 3.0], numerator=[40, None, None], denominator=[2e6, 1e6, None])
    assert shown_alone(access).tolist() == [False, True, False]
    assert scale_of(access) == 1e6
    assert scale_of(table("exposure", value=[0.5], numerator=[None], denominator=[10])) == 1e6


def test_percentages_are_told_by_their_size():
    assert scale_of(table(value=[94.7, 0.5], numerator=[None] * 2, denominator=[None] * 2)) == 100
    assert scale_of(table(value=[0.947, np.nan], numerator=[None] * 2, denominator=[None] * 2)) == 1
    assert scale_of(table(value=[1.5, 0.2], numerator=[None] * 2, denominator=[None] * 2)) == 100, "few in a hundred"
    assert scale_of(table(value=[np.nan], numerator=[None], denominator=[None])) == 1


def test_rare_events_in_a_hundred_are_no_large_shares():
    """0.8 in a hundred: its interval is beyond one; or other rows show the numbers behind theirs."""
    hidden = {"numerator": [None] * 2, "denominator": [None] * 2}
    assert scale_of(table(value=[0.8, 0.4], lower=[0.1, 0.0], upper=[2.3, 0.9], **hidden)) == 100
    assert scale_of(table(value=[0.8, 0.4], lower=[0.7, 0.3], upper=[0.9, 0.5], **hidden)) == 1
    assert scale_of(table(value=[0.8, 0.4, 0.0], numerator=[None, 2, 0], denominator=[None, 500, 90])) == 100
    assert scale_of(table(value=[0.8, 0.4], numerator=[None, 20], denominator=[None, 50])) == 1
    nearly_none = table(value=[0.8, 0.0], upper=[2.3, 0.1], numerator=[None, 1], denominator=[None, 5000])
    assert scale_of(nearly_none) == 100, "what is rounded to nought says nothing"
    per_thousand = table(value=[12.0, 4.0, 5.0], numerator=[None, 2, 3], denominator=[None, 500, 600])
    assert scale_of(per_thousand) == 1000
    assert shown_alone(per_thousand).tolist() == [True, False, False]


def test_what_is_no_share_says_nothing_of_the_others():
    """A median of twelve days among shares does not make them percentages, nor does a survival of its own kind."""
    words = ["Wilson", "median, 95% interval from order statistics"]
    assert scale_of(table(value=[0.85, 12.0], numerator=[None] * 2, denominator=[None] * 2, method=words)) == 1
    assert scale_of(table(value=[0.85, 12.0], numerator=[None, 40], denominator=[None, 40], method=words)) == 1
    access = table("exposure", value=[3.0, 2.0], numerator=[None, 20], denominator=[1e4, 1e4], method=["direct", "direct"])
    assert scale_of(access) == 1e3, "a rate is a rate whatever its method"


def test_without_a_method_there_are_no_words():
    assert words_of_method(table(value=[0.5, 0.6])) == ["", ""]


@pytest.mark.parametrize(
    ("value", "kind", "found"), [(0.0, "rate", True), (1.0, "rate", True), (-0.1, "rate", False), (0.3, "levels", True)]
)
def test_a_share_lies_between_none_and_all(value, kind, found):
    assert shown_alone(table(kind, value=[value], numerator=[None], denominator=[None])).tolist() == [found]


def test_a_hundred_per_cent_is_all_and_more_is_no_share():
    both = table(value=[100.0, 101.0, 47.0], numerator=[None] * 3, denominator=[None] * 3)
    assert scale_of(both) == 100
    assert shown_alone(both).tolist() == [True, False, True]
    assert scale_of(table(value=[1.0, 0.2], numerator=[None] * 2, denominator=[None] * 2)) == 1


def test_one_number_behind_a_share_is_not_both():
    """Only the denominator, or only the numerator, is there: the other is behind the share."""
    shown = table(value=[0.5, 0.5], numerator=[None, 30], denominator=[60, None])
    assert shown_alone(shown).tolist() == [True, True]


def test_a_rate_of_residents_needs_a_population_and_hides_the_numerator_alone():
    access = table("exposure", value=[None, 5.0], numerator=[None, None], denominator=[1e6, 1e6])
    assert shown_alone(access).tolist() == [False, True]
    per_thousand = table("exposure", value=[2.0, 3.0, 4.0], numerator=[20, 30, None], denominator=[1e4, 1e4, 1e4])
    assert scale_of(per_thousand) == 1e3
    assert scale_of(table("exposure", value=[0.002, 0.003], numerator=[20, None], denominator=[1e4, 1e4])) == 1


def test_words_of_a_method_are_read_without_regard_to_capitals_and_from_their_beginning():
    assert method_of("WILSON") == method_of("wilson score") == "wilson"
    assert method_of("exact (Clopper-Pearson)") == "clopper-pearson"
    assert method_of("corrected Wilson") is False
    assert method_of("Share of all") is None
    assert method_of("share, cluster bootstrap") is False
