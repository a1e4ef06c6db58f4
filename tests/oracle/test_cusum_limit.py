"""Limits for a chance of false alarm over a fixed number of patients against R's cusum, over all sequences of outcomes."""

import numpy as np
import pytest

from plenary_stats.monitoring import EXHAUSTIVE, racusum_false_alarm_limit
from tests.oracle.reference import cases, read


@pytest.mark.parametrize(("case", "params"), cases("cusum_limit"))
def test_limit(case, params, agree):
    for row in read("cusum_limit", case).itertuples():
        risk = np.full(row.n_patients, row.failure_probability)
        found = racusum_false_alarm_limit(risk, row.odds_multiplier, row.alpha)
        name = f"{row.n_patients} patients at {row.failure_probability:g}, ratio {row.odds_multiplier:g}, alpha {row.alpha:g}"
        if row.n_patients <= EXHAUSTIVE:
            agree(name, found.value, row.limit, 1e-6)
        else:
            assert abs(found.value - row.limit) <= 3 * found.std_err + 1e-9
