import numpy as np
import pytest

from plenary_stats import results


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
