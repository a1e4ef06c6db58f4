"""Chances adjusted for their number against R's p.adjust."""

import pytest

from plenary_stats.comparison import multiplicity
from tests.oracle.reference import cases, read

METHODS = {"bonferroni": "bonferroni", "holm": "holm", "fdr": "bh", "fdr-dependent": "by"}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("case", "params"), cases("multiplicity"))
def test_adjusted(case, params, method, agree):
    rows, expected = read("multiplicity", case, "input"), read("multiplicity", case)
    assert rows["i"].tolist() == expected["i"].tolist()
    agree(method, multiplicity(rows["p"], method).adjusted, expected[METHODS[method]], 1e-12)
