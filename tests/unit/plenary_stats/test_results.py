import numpy as np
import pytest

from plenary_stats import comparison, proportions, rates, results, summaries, survival


def test_scalars_stay_scalars_and_arrays_stay_arrays():
    one = results.interval(np.float64(0.5), 0.1, 0.9, method="m", level=0.95)
    many = results.interval(np.array([0.5, 0.6]), 0.1, 0.9, method="m", level=0.95)
    assert one.estimate.ndim == 0
    assert one.why_not == ""
    assert many.lower.tolist() == [0.1, 0.1]
    assert many.why_not.tolist() == ["", ""]


def test_columns_cannot_be_changed_afterwards():
    columns = results.frozen({"n": [1, 2]})
    with pytest.raises(ValueError, match="read-only"):
        columns["n"][0] = 9
    with pytest.raises(TypeError):
        columns["m"] = np.zeros(2)  # type: ignore[index]


@pytest.mark.parametrize("bad", [[1, np.nan], [np.inf]])
def test_missing_and_infinite_numbers_are_refused_by_name(bad):
    with pytest.raises(ValueError, match="time: every value must be a finite number"):
        results.numbers(bad, "time")


@pytest.mark.parametrize("bad", [[-1], [1.5]])
def test_counts_are_whole_and_not_negative(bad):
    with pytest.raises(ValueError, match="trials: every value must be a whole number"):
        results.counts(bad, "trials")


def test_normal_quantile():
    assert results.normal_quantile(0.95) == pytest.approx(1.959963984540054, abs=1e-12)
    assert results.normal_quantile(0.998) == pytest.approx(3.090232306167813, abs=1e-12)


@pytest.mark.parametrize("level", [0, 1, 95, -0.1])
def test_a_level_is_a_fraction(level):
    with pytest.raises(ValueError, match=r"write \.95 for 95%"):
        results.normal_quantile(level)


PATIENTS = {
    "one event": ([5], [1]),
    "one censored": ([5], [0]),
    "an event at time nought": ([0], [1]),
    "censored at time nought": ([0], [0]),
    "all at time nought": ([0, 0], [1, 1]),
    "all censored": ([1, 2, 3], [0, 0, 0]),
    "all at once": ([4, 4, 4], [1, 1, 1]),
    "tied and censored": ([4, 4, 4, 4], [1, 0, 1, 0]),
    "one event of many": ([1, 2, 3, 4, 5], [0, 0, 1, 0, 0]),
    "nobody": ([], []),
}
LIFE_TABLE = {"age": [0, 0], "year": [2000, 2000], "sex": ["m", "f"], "hazard_per_day": [1e-4, 1e-4]}


def of(time, value):
    """Return so many of a value as there are patients."""
    return [value] * len(time)


def halves(time):
    return np.arange(len(time)) % 2


OF_PATIENTS = {
    "kaplan_meier": lambda time, event: survival.kaplan_meier(time, event, at=[0, 1, 4, 9]),
    "kaplan_meier at events": survival.kaplan_meier,
    "restricted mean": lambda time, event: survival.kaplan_meier(time, event, tau=6).restricted_mean,
    "cumulative_incidence": lambda time, event: survival.cumulative_incidence(time, event, at=[0, 1, 4, 9]),
    "logrank": lambda time, event: survival.logrank(time, event, halves(time)),
    "logrank of one group": lambda time, event: survival.logrank(time, event, of(time, "a")),
    "gray": lambda time, event: survival.gray(time, event, halves(time)),
    **{
        f"cox, {ties}": lambda time, event, ties=ties: survival.cox(time, event, {"x": np.arange(len(time)) ** 2.0}, ties=ties)
        for ties in ("efron", "breslow", "exact")
    },
    "centre_ratios": lambda time, event: survival.centre_ratios(time, event, np.zeros((len(time), 0)), halves(time), until=9),
    "concordance": lambda time, event: survival.concordance(time, event, np.arange(len(time)) * 1.0),
    "relative": lambda time, event: survival.relative(
        time, event, of(time, 50), of(time, "m"), of(time, "2001-01-01"), LIFE_TABLE, at=[0, 1, 4, 9]
    ),
}
CENTRES = {
    "one centre": ([3], [9]),
    "no event": ([0, 0], [5, 7]),
    "nothing but events": ([5, 7], [5, 7]),
    "one of one": ([1], [1]),
    "none of one": ([0], [1]),
    "a centre without patients": ([0, 3], [0, 9]),
    "centres alike": ([3, 3], [9, 9]),
    "nobody": ([0], [0]),
    "no centre": ([], []),
}
OF_CENTRES = {
    **{
        method: lambda met, size, method=method: proportions.interval(met, size, method)
        for method in ("wilson", "clopper-pearson", "jeffreys")
    },
    "rate": rates.interval,
    "indirectly_standardised": rates.indirectly_standardised,
    "funnel": comparison.funnel,
    "funnel of ratios": lambda met, size: comparison.funnel(met, size, kind="ratio"),
    **{
        f"between_centres, {method}": lambda met, size, method=method: comparison.between_centres(met, size, method=method)
        for method in ("dl", "reml", "pm", "ee")
    },
    "two_groups": lambda met, size: comparison.two_groups(met, size, met, size),
    "mantel_haenszel": lambda met, size: comparison.mantel_haenszel(met, size, met, size),
    "trend": comparison.trend,
    "median": lambda met, _: summaries.median(met),
    "mean": lambda met, _: summaries.mean(met),
}
FIGURES = (
    "estimate",
    "lower",
    "upper",
    "lower_95",
    "upper_998",
    "value",
    "ratio",
    "statistic",
    "p_value",
    "coefficient",
    "std_err",
)


def unexplained(found):
    """Return the figures that are missing without a word: in the columns, else in the result itself."""
    columns = found if hasattr(found, "keys") else getattr(found, "columns", {})
    if "why_not" not in columns:
        columns = {name: getattr(found, name) for name in (*FIGURES, "why_not") if hasattr(found, name)}
    silent = np.asarray(columns["why_not"]) == ""
    return [name for name in FIGURES if name in columns and (np.isnan(np.asarray(columns[name], float)) & silent).any()]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", PATIENTS)
@pytest.mark.parametrize("estimator", OF_PATIENTS)
def test_few_or_odd_patients_have_an_answer_or_a_reason(estimator, case):
    """One patient, ties, no event, nobody: no exception, no warning, and no figure that is missing without a word."""
    assert unexplained(OF_PATIENTS[estimator](*PATIENTS[case])) == []


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", CENTRES)
@pytest.mark.parametrize("estimator", OF_CENTRES)
def test_few_or_odd_centres_have_an_answer_or_a_reason(estimator, case):
    assert unexplained(OF_CENTRES[estimator](*CENTRES[case])) == []


def test_a_missing_figure_without_a_word_is_noticed():
    assert unexplained(results.interval(np.nan, 0.1, 0.9, method="m", level=0.95)) == ["estimate"]
    assert unexplained({"estimate": [1.0, np.nan], "why_not": ["", "Nobody."]}) == []
    assert unexplained({"estimate": [1.0, np.nan], "why_not": ["Nobody.", ""]}) == ["estimate"]
