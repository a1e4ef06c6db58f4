import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.survival.patients import patients
from plenary_stats.survival.risksets import RiskSets, squares

row = st.tuples(st.integers(1, 8), st.booleans(), st.integers(0, 2), st.floats(0, 0.95), st.integers(-2, 2))
lists = st.lists(row, min_size=1, max_size=25)


def built(rows, *, efron, late=True):
    time, event, layer, share, value = map(np.array, zip(*rows, strict=True))
    entry = np.floor(time * share)
    checked = patients(time, event, entry if late else None)
    return RiskSets.of(checked, layer, efron=efron), time, event, layer, entry if late else np.full(len(time), -1.0), value


def one_by_one(sets, time, event, layer, entry):
    """Yield, for each event time, who is at risk and who dies."""
    for moment, stratum in zip(sets.time, sets.layer, strict=True):
        here = layer == stratum
        yield here & (entry < moment) & (moment <= time), here & event & (time == moment)


@settings(deadline=None)
@given(lists, st.booleans())
def test_sums_are_those_counted_one_by_one(rows, late):
    sets, time, event, layer, entry, value = built(rows, efron=True, late=late)
    weight = np.exp(value / 3)
    values = np.column_stack([np.ones(len(time)), value])
    total, dying = sets.sums(weight, values)
    for place, (at_risk, died) in enumerate(one_by_one(sets, time, event, layer, entry)):
        np.testing.assert_allclose(total[place], (weight[:, None] * values)[at_risk].sum(axis=0), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(dying[place], (weight[:, None] * values)[died].sum(axis=0), rtol=1e-9, atol=1e-12)
        assert sets.deaths[place] == died.sum()
    assert len(sets.time) == len({(moment, stratum) for moment, stratum, dead in zip(time, layer, event, strict=True) if dead})


@settings(deadline=None)
@given(lists)
def test_what_lies_between_entry_and_leaving_is_summed(rows):
    sets, time, event, layer, entry, _ = built(rows, efron=False)
    steps = np.arange(1.0, len(sets.time) + 1)
    found = sets.between(steps)
    expected = np.zeros(len(time))
    for place, (at_risk, _) in enumerate(one_by_one(sets, time, event, layer, entry)):
        expected[at_risk] += steps[place]
    np.testing.assert_allclose(found, expected)


def test_tied_deaths_leave_in_shares_or_not_at_all():
    rows = [(3, True, 0, 0.0, 0), (3, True, 0, 0.0, 0), (3, True, 0, 0.0, 0), (5, False, 0, 0.0, 0)]
    for efron, expected in ((True, [4, 3, 2]), (False, [4, 4, 4])):
        sets = built(rows, efron=efron)[0]
        total, dying = sets.sums(np.ones(4), np.ones((4, 1)))
        np.testing.assert_allclose(sets.steps(total[:, 0], dying[:, 0]), expected)
        assert sets.per_time(np.array([1.0, 2, 4])).tolist() == [7]


def test_a_heavy_patient_of_one_stratum_leaves_no_trace_in_another():
    sets = RiskSets.of(patients([1, 1], [1, 1]), np.array([0, 1]), efron=True)
    total, _ = sets.sums(np.array([1e-9, 1e12]), np.ones((2, 1)))
    assert total[:, 0].tolist() == [1e-9, 1e12]


def test_nobody_has_no_risk_sets():
    sets = RiskSets.of(patients([], []), np.zeros(0, dtype=int), efron=True)
    assert len(sets.time) == 0
    assert sets.between(np.zeros(0)).tolist() == []
    assert RiskSets.of(patients([4], [0]), np.zeros(1, dtype=int), efron=True).deaths.tolist() == []


def test_squares_are_those_of_the_whole_in_parts():
    draw = np.random.default_rng(0)
    values, weight = draw.normal(size=(20_000, 3)), draw.random(20_000)
    np.testing.assert_allclose(squares(values, weight), values.T @ (values * weight[:, None]), rtol=1e-12)
