import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from plenary_stats.comparison import by_chance, funnel, multiplicity

METHODS = {"bonferroni": "bonferroni", "holm": "holm", "fdr": "fdr_bh", "fdr-dependent": "fdr_by"}
chances = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=30)


@given(chances, st.sampled_from(sorted(METHODS)))
def test_equals_statsmodels(p, method):
    np.testing.assert_allclose(
        multiplicity(p, method).adjusted, multipletests(p, method=METHODS[method])[1], rtol=1e-12, atol=1e-300
    )


@given(chances, st.sampled_from(sorted(METHODS)), st.randoms())
def test_order_does_not_matter_and_no_chance_grows_smaller(p, method, shuffler):
    order = list(range(len(p)))
    shuffler.shuffle(order)
    found = multiplicity(p, method).adjusted
    np.testing.assert_allclose(multiplicity(np.array(p)[order], method).adjusted, found[order], rtol=1e-12)
    assert (found >= np.array(p) - 1e-15).all()
    assert (found <= 1).all()


@given(chances)
def test_holm_is_never_weaker_than_bonferroni(p):
    assert (multiplicity(p, "holm").adjusted <= multiplicity(p, "bonferroni").adjusted + 1e-15).all()


def test_published_example():
    """Benjamini and Hochberg 1995, fifteen chances of a trial: their procedure finds four at 5%, Bonferroni's three."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert multiplicity(p).remaining == 4
    assert multiplicity(p, "bonferroni").remaining == 3


def test_the_finding_in_plain_words():
    found = multiplicity([0.01, 0.02, 0.03] + [0.5] * 57)
    assert found.statement == (
        "3 of 60 comparisons fall outside; 3 of 60 would by chance alone. Allowing for the number of comparisons, 0 do."
    )
    assert multiplicity([0.6, 0.7]).statement.startswith("0 of 2 comparisons fall outside; fewer than one of 2 would by chance")


def test_no_comparison_is_not_counted_and_keeps_its_place():
    found = multiplicity([[0.01, np.nan], [0.04, 0.5]], "bonferroni")
    assert found.comparisons == 3
    np.testing.assert_allclose(found.adjusted, [[0.03, np.nan], [0.12, 1]])
    assert multiplicity([np.nan]).comparisons == 0
    assert multiplicity([]).adjusted.tolist() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([1.2],), "between 0 and 1"),
        (([-0.1],), "between 0 and 1"),
        (([0.1], "sidak"), "bonferroni, holm, fdr"),
    ],
)
def test_unusable_input_is_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        multiplicity(*arguments)
    with pytest.raises(ValueError, match="threshold"):
        multiplicity([0.1], threshold=1.0)


@given(
    st.lists(st.integers(1, 120), min_size=1, max_size=8),
    st.sampled_from([0.02, 0.3, 0.65, 0.99]),
    st.sampled_from([0.9, 0.95, 0.998]),
    st.sampled_from(["proportion", "ratio"]),
)
def test_flags_by_chance_equal_a_sum_over_every_count(sizes, target, level, kind):
    found = funnel([0] * len(sizes), sizes, target, kind=kind)
    tail, expected = 0.5 - level / 2, 0.0
    for size in sizes:
        spread = stats.binom(size, target) if kind == "proportion" else stats.poisson(size * target)
        seen = np.arange(size + 1 if kind == "proportion" else 2000)
        flagged = (spread.cdf(seen) < tail) | (spread.sf(seen - 1) < tail)
        expected += spread.pmf(seen)[flagged].sum()
    assert by_chance(found, level=level).by_chance == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_fewer_are_flagged_by_chance_than_the_level_promises():
    funnels = [funnel([9, 10, 8, 2, 10], [10] * 5, 0.9) for _ in range(48)]
    found = by_chance(*funnels)
    assert found.comparisons == 240
    assert found.outside == 48
    assert 0 < found.by_chance < 0.05 * 240
    assert found.statement == "48 of 240 comparisons fall outside the 95% limits; 3 of 240 would by chance alone."
    assert by_chance(*funnels, level=0.998).statement.startswith("48 of 240 comparisons fall outside the 99.8% limits;")


def test_centres_without_patients_are_no_comparison():
    assert by_chance(funnel([0, 8], [0, 10], 0.8)).comparisons == 1
    assert by_chance().statement == "0 of 0 comparisons fall outside the 95% limits; fewer than one of 0 would by chance alone."


def test_half_a_finding_is_rounded_to_no_nought():
    """Ten comparisons at one in twenty: half a finding is to be expected, and "0 of 10" would say none."""
    found = multiplicity([0.5] * 10, threshold=0.05)
    assert found.by_chance == 0.5
    assert "fewer than one of 10 would by chance alone" in found.statement
    assert "1 of 12 would by chance alone" in multiplicity([0.5] * 12, threshold=0.05).statement
