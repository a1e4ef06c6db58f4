"""Run lengths by simulation against R's vlad, which approximates them by a Markov chain to about one per cent."""

import pytest

from plenary_stats.monitoring import racusum_arl, racusum_limit
from tests.oracle.reference import cases, read

APPROXIMATION = 0.01
RUNS = 2000


@pytest.mark.parametrize(("case", "params"), cases("racusum_arl"))
def test_run_length(case, params, agree):
    mix = read("racusum_arl", case, "input")
    for row in read("racusum_arl", case).itertuples():
        found = racusum_arl(mix["risk"], row.RA, row.h, true_odds_ratio=row.RQ, weight=mix["weight"], runs=RUNS)
        name = f"run length, h {row.h:g}, odds ratio {row.RA:g}, true {row.RQ:g}"
        agree(name, found.value, row.arl, 3 * found.std_err / row.arl + APPROXIMATION)
        assert found.std_err < 0.05 * found.value


@pytest.mark.parametrize(("case", "params"), cases("racusum_arl"))
def test_limit(case, params, agree):
    mix, expected = read("racusum_arl", case, "input"), read("racusum_arl", case)
    in_control = expected[(expected["RQ"] == 1) & (expected["arl"] < 2000)]
    for row in in_control.itertuples():
        found = racusum_limit(mix["risk"], row.RA, row.arl, weight=mix["weight"], runs=RUNS)
        name = f"limit for a run length of {row.arl:.4g}, odds ratio {row.RA:g}"
        agree(name, found.value, row.h, (3 * found.std_err + APPROXIMATION) / row.h)
        assert found.std_err < 0.1
