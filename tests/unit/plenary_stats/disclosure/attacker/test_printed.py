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


def test_a_rate_of_a_public_population_tells_its_patients():
    access = table("exposure", value=[20.0, 5.0, 3.0], numerator=[40, None, None], denominator=[2e6, 1e6, None])
    assert shown_alone(access).tolist() == [False, True, False]
    assert scale_of(access) == 1e6
    assert scale_of(table("exposure", value=[0.5], numerator=[None], denominator=[10])) == 1e6


def test_percentages_are_told_by_their_size():
    assert scale_of(table(value=[94.7, 0.5], numerator=[None] * 2, denominator=[None] * 2)) == 100
    assert scale_of(table(value=[0.947, np.nan], numerator=[None] * 2, denominator=[None] * 2)) == 1


def test_without_a_method_there_are_no_words():
    assert words_of_method(table(value=[0.5, 0.6])) == ["", ""]
