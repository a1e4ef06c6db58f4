import datetime as dt
import json

import pytest

from plenary_stats.disclosure import Policy, as_plain, policy_of, read_policy
from plenary_stats.errors import InputError


def test_an_empty_document_is_the_default():
    assert read_policy("") == Policy()
    assert (Policy().threshold, Policy().event_threshold, Policy().minimum_width) == (30, 5, 10)


def test_everything_can_be_said_in_toml():
    policy = read_policy(
        b"""
        threshold = 10
        event_threshold = 3
        zeros = "publish"
        minimum_width = 5
        precision = 3
        dominance = 0.8
        dimensions = ["centre", "area"]
        already_public = [{centre = "A", value = 12}]
        insiders = ["centre"]
        structural_zeros = [{service = "children", age_band = "65+"}]
        [periods]
        "2019/20" = [2019-07-01, "2020-07-01"]
        [hierarchies]
        area = [["L", "BIG"], ["M", "BIG"]]
        period = {"2023 to 2024" = ["2023", "2024"]}
        [weights.centre]
        Total = 5
        """
    )
    assert policy.hierarchies["area"] == (("L", "BIG"), ("M", "BIG"))
    assert policy.hierarchies["period"] == (("2023", "2023 to 2024"), ("2024", "2023 to 2024"))
    assert policy.weights["centre"]["Total"] == 5
    assert policy.already_public == ({"centre": "A", "value": 12},)
    assert policy.insiders == ("centre",)
    assert policy.structural_zeros == ({"service": "children", "age_band": "65+"},)
    assert policy.periods == {"2019/20": (dt.date(2019, 7, 1), dt.date(2020, 7, 1))}
    assert policy_of(as_plain(policy)) == policy
    assert policy_of(json.loads(json.dumps(as_plain(policy)))) == policy


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("threshold = 0", "threshold"),
        ("minimum_width = 2.5", "minimum_width"),
        ("zeros = 'hide'", "zeros"),
        ("dominance = 80", "dominance"),
        ("treshold = 5", "unknown entries: treshold"),
        ("hierarchies = {area = ['L']}", "hierarchy of area"),
        ("already_public = [{centre = 'A'}]", "already_public"),
        ("[periods]\n'first' = ['2019-01-01']", "period first is two dates"),
        ("[periods]\n'first' = ['2019-01-01', 'spring']", "period first is two dates"),
        ("[periods]\n'first' = [2019-01-01, 2019-01-01]", "period first ends before"),
        ("threshold = ", "not readable TOML"),
    ],
)
def test_a_wrong_policy_is_refused_with_the_reason(document, says):
    with pytest.raises(InputError, match=says):
        read_policy(document)


def test_events_are_narrower_than_patients_but_never_wider():
    assert Policy().event_width == 5
    assert Policy(minimum_width=3).event_width == 3
