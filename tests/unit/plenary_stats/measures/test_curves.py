"""Curves that are published tell of no step of few events, against Kaplan-Meier drawn by brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from plenary_stats.measures import curve
from tests.unit.plenary_stats.measures.cases import YEAR, agreed, found, one, table


def drawn(patients, **more):
    time, died = (list(column) for column in zip(*patients, strict=True))
    cases = table(days=[float(day) for day in time], status=["dead" if dead else "alive" for dead in died])
    asked = agreed("survival", end="days", event="status = 'dead'", at=["30d", "1y"])
    return curve(asked, cases, centres=["A"], **YEAR, **more)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 800), st.booleans()), min_size=1, max_size=200))
def test_no_step_tells_of_few(patients):
    result = drawn(patients)
    left = [len(patients), *(row["numerator"] for row in result.rows())]
    steps = -np.diff(left)
    assert all(step == 0 or step >= 5 for step in steps)
    for row in result.rows():
        moment = row["measure"].removeprefix("it@")
        day = {"30d": 30, "1y": 365}.get(moment) or int(moment.removesuffix("d"))
        assert sum(1 for time, _ in patients if time >= day) >= 30


def test_a_curve_is_drawn_where_there_are_enough():
    patients = [(day, day % 2 == 0) for day in range(1, 700)]
    result = drawn(patients)
    assert len(result) > 15
    assert one(result, measure="it@1y")["value"] == pytest.approx(
        float(KaplanMeierFitter().fit(*zip(*patients, strict=True)).survival_function_at_times(365).iloc[0])
    )
    assert len(found(result, centre="Total")) == len(result)


def test_few_patients_have_no_curve():
    assert len(drawn([(day, True) for day in range(1, 29)])) == 0


def test_a_curve_of_incidence_counts_those_to_whom_it_happened():
    """Against lifelines, where every second patient dies of something else first."""
    days = [float(day) for day in range(1, 700)]
    cause = ["graft" if day % 3 == 0 else "death" if day % 3 == 1 else "none" for day in range(1, 700)]
    asked = agreed("cumulative_incidence", end="days", event="cause = 'graft'", competing="cause = 'death'", at=["1y"])
    result = curve(asked, table(days=days, cause=cause), centres=["A"], **YEAR)
    row = one(result, measure="it@1y")
    codes = [{"graft": 1, "death": 2, "none": 0}[word] for word in cause]
    theirs = AalenJohansenFitter(calculate_variance=False).fit(days, codes, event_of_interest=1).cumulative_density_
    assert row["value"] == pytest.approx(float(theirs.loc[365.0].iloc[0]))
    assert (row["numerator"], row["denominator"]) == (121, 699)
    values = [each["value"] for each in result.rows()]
    assert values == sorted(values)
    assert len(values) > 15
