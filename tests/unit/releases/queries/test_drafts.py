"""Drafts of the policy: what forbids them, what they weaken, and what they change, in words."""

import datetime as dt
import tomllib

import pytest

from plenary.core.actions import adopt_policy
from plenary.core.terms import SYSTEM, NotPossible
from plenary.releases.queries import drafts
from plenary.releases.terms import Changed, Draft
from plenary_stats.errors import InputError
from tests.factories import releases as make

pytestmark = pytest.mark.django_db

ON = dt.date(2026, 3, 1)
BODY = {"threshold": 30, "event_threshold": 5, "minimum_width": 10, "zeros": "protect"}


@pytest.fixture(autouse=True)
def in_force():
    make.policy()


def draft(**changes):
    return make.draft(**changes)


def why_not(**changes):
    with pytest.raises((NotPossible, InputError)) as refused:
        drafts.checked(draft(**changes), ON)
    return str(refused.value)


def test_a_draft_that_protects_more_needs_nobodys_decision():
    assert drafts.checked(draft(), ON).version == "1"


@pytest.mark.parametrize("version", ["", "2027 1", "-1", "x" * 41, "2027/1", "Ünder"])
def test_a_version_is_named_so_that_it_fits_an_address(version):
    assert "Name the version" in why_not(version=version)


def test_a_version_is_not_overwritten():
    assert "There is a version 1 already." in why_not(version="1")


@pytest.mark.parametrize("day", [dt.date(2020, 1, 1), ON])
def test_it_begins_on_a_later_day(day):
    assert "later day than today" in why_not(valid_from=day)
    assert drafts.checked(draft(valid_from=ON + dt.timedelta(days=1)), ON)


def test_it_begins_after_every_version_that_is_adopted():
    adopt_policy(
        name="disclosure", version="2", valid_from=dt.date(2027, 1, 1), body=BODY | {"threshold": 31}, source="x", by=SYSTEM
    )
    assert "Version 2 is in force from 2027-01-01" in why_not(valid_from=dt.date(2026, 12, 1))
    assert "Version 2 is in force from 2027-01-01" in why_not(valid_from=dt.date(2027, 1, 1))
    assert drafts.checked(draft(valid_from=dt.date(2027, 1, 2)), ON).version == "2"


def test_it_is_reviewed_after_it_began():
    assert "Review the version after" in why_not(review_on=dt.date(2027, 4, 1))


def test_it_changes_something():
    assert why_not(body=BODY) == "This changes nothing: version 1 says the same."
    assert "changes nothing" in why_not(body=BODY | {"dominance": None, "weights": {}})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"event_threshold": 41}, "more than the threshold of 40 patients"),
        ({"minimum_width": 41}, "more than the threshold of 40 patients"),
        ({"threshold": 0}, "threshold is a whole number"),
        ({"zeros": "hide"}, "'publish' or 'protect'"),
        ({"colour": "blue"}, "unknown entries: colour"),
        ({"dominance": 2}, "dominance is a share"),
    ],
)
def test_what_the_rules_do_not_allow_is_named(body, said):
    assert said in why_not(body=BODY | {"threshold": 40} | body)


def test_below_the_national_rule_somebody_must_have_decided_it():
    said = why_not(body=BODY | {"threshold": 20})
    assert said.startswith("The threshold of 20 patients is below the national rule of 30.")
    assert "say who decided it and where that is written" in said
    assert drafts.checked(draft(body=BODY | {"threshold": 20}, authority="The board, minute 7"), ON)


def test_a_low_threshold_needs_it_again_even_when_it_was_low_before():
    adopt_policy(
        name="disclosure", version="2", valid_from=dt.date(2026, 6, 1), body=BODY | {"threshold": 20}, source="x", by=SYSTEM
    )
    assert "below the national rule" in why_not(body=BODY | {"threshold": 25})


@pytest.mark.parametrize("blank", ["", "  "])
def test_what_is_weakened_otherwise_needs_it_too(blank):
    said = why_not(body=BODY | {"minimum_width": 5}, authority=blank)
    assert "5 protects less than 10." in said
    assert "Noughts would be shown" in why_not(body=BODY | {"zeros": "publish"}, authority=blank)


@pytest.mark.parametrize(
    ("before", "after", "weaker"),
    [
        ({}, {"threshold": 31}, False),
        ({}, {"threshold": 29}, True),
        ({}, {"event_threshold": 4}, True),
        ({}, {"event_threshold": 6}, False),
        ({}, {"minimum_width": 9}, True),
        ({}, {"zeros": "publish"}, True),
        ({"zeros": "publish"}, {"zeros": "protect"}, False),
        ({"dominance": 0.7}, {}, True),
        ({"dominance": 0.7}, {"dominance": 0.8}, True),
        ({"dominance": 0.8}, {"dominance": 0.7}, False),
        ({}, {"dominance": 0.8}, False),
        ({"p_percent": 10}, {}, True),
        ({"p_percent": 10}, {"p_percent": 5}, True),
        ({}, {"p_percent": 5}, False),
        ({"insiders": ["centre"]}, {}, True),
        ({}, {"insiders": ["centre"]}, False),
        ({"minimum_width": 4}, {"minimum_width": 4, "rounding": 5}, True),
        ({"minimum_width": 4, "rounding": 5}, {"minimum_width": 4}, False),
        ({}, {"weights": {"centre": {"Total": 5}}}, False),
    ],
)
def test_what_protects_less_is_told(before, after, weaker):
    assert bool(drafts.weakened(BODY | before, BODY | after)) is weaker


PUBLIC = {"centre": "RJ7", "value": 12, "source": "A journal", "date": "2024"}
EMPTY = {"service": "lam", "age_band": "0 to 17"}
YEAR, EARLIER_YEAR = ["2024-01-01", "2025-01-01"], ["2023-01-01", "2024-01-01"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"already_public": [PUBLIC]}, "Figures that are public elsewhere: RJ7 12 would need no protection."),
        ({"already_public": [PUBLIC]}, {"already_public": [PUBLIC | {"value": 13}]}, "RJ7 13 would need no protection."),
        ({"already_public": [PUBLIC]}, {"already_public": [PUBLIC | {"quantity": "expected"}]}, "would need no protection."),
        ({}, {"structural_zeros": [EMPTY]}, "Places that everybody knows to be empty: lam 0 to 17 would be shown as empty."),
        (
            {"hierarchies": {"area": [["Leeds", "North"], ["York", "North"]]}},
            {"hierarchies": {"area": [["York", "North"]]}},
            "Groups that add up, area: Leeds in North would not be added up any more.",
        ),
        ({"hierarchies": {"area": [["Leeds", "North"]]}}, {}, "Leeds in North would not be added up any more."),
        ({"periods": {"2024": YEAR}}, {}, "Days that a period covers: those of 2024 would not be known as they are."),
        ({"periods": {"2024": YEAR}}, {"periods": {"2024": EARLIER_YEAR}}, "those of 2024 would not be known"),
        ({"dimensions": ["centre"]}, {"dimensions": ["area"]}, "Dimensions: area in place of centre: other sums would be tried."),
        ({}, {"dimensions": ["centre"]}, "Dimensions: centre in place of none: other sums would be tried."),
        ({"precision": 1}, {"precision": 2}, "Decimal places of rates: 2 protects less than 1."),
        ({"precision": 1}, {}, "Decimal places of rates: not set protects less than 1."),
        (
            {"dominance": 0.8, "dominant": 2},
            {"dominance": 0.8},
            "How many contributors that is about: 1 protects less than 2.",
        ),
        ({"amount_width": 0.2}, {}, "Width that the range of an amount must keep: 0.1 protects less than 0.2."),
        (
            {"rounding": 10, "minimum_width": 4},
            {"rounding": 5, "minimum_width": 4},
            "Multiples to which patients are rounded: 5 protects less than 10.",
        ),
        ({}, {"magnitudes": ["spend", "activity"]}, "Tables of amounts: spend; activity in place of spend: other rules hold"),
        ({"magnitudes": ["spend"]}, {"magnitudes": []}, "Tables of amounts: none in place of spend: other rules hold"),
    ],
)
def test_each_weakening_is_one_sentence_and_needs_an_authority(before, after, said):
    day = dt.date(2026, 4, 1)
    adopt_policy(name="disclosure", version="2", valid_from=day, body=BODY | before, source="x", by=SYSTEM)
    [sentence] = drafts.weakened(BODY | before, BODY | after)
    assert said in sentence
    assert said in why_not(version="3", body=BODY | after)
    decided = draft(version="3", body=BODY | after, authority="The board, minute 7")
    assert drafts.checked(decided, ON).version == "2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"already_public": [PUBLIC]}, {}),
        ({"already_public": [PUBLIC]}, {"already_public": [PUBLIC | {"source": "A centre's page", "quantity": "patients"}]}),
        ({"structural_zeros": [EMPTY]}, {}),
        ({}, {"hierarchies": {"area": [["Leeds", "North"]]}}),
        (
            {"hierarchies": {"area": [["Leeds", "North"], ["York", "North"]]}},
            {"hierarchies": {"area": [["York", "North"], ["Leeds", "North"]]}},
        ),
        ({}, {"periods": {"2024": YEAR}}),
        ({"precision": 2}, {"precision": 1}),
        ({}, {"precision": 1}),
        ({"dominance": 0.8}, {"dominance": 0.8, "dominant": 2}),
        ({"rounding": 5, "minimum_width": 4}, {"rounding": 10, "minimum_width": 4}),
        ({}, {"amount_width": 0.2}),
    ],
)
def test_what_protects_as_much_or_more_is_no_weakening(before, after):
    assert drafts.weakened(BODY | before, BODY | after) == []


def test_of_many_new_figures_the_first_are_named():
    many = [PUBLIC | {"centre": f"R{number}"} for number in range(5)]
    [sentence] = drafts.weakened(BODY, BODY | {"already_public": many})
    assert "R0 12, R1 12, R2 12 and 2 more would need no protection." in sentence


def test_what_changed_is_read_in_words_and_nothing_else_is():
    found = drafts.changed(BODY, BODY | {"threshold": 40, "zeros": "publish", "dominance": 0.8})
    assert found == [
        Changed("Fewest patients that are shown", "30", "40"),
        Changed("Noughts", "withheld like small numbers", "shown"),
        Changed("Largest share of the dominant contributors", "not set", "0.8"),
    ]
    assert drafts.changed(BODY, dict(reversed(BODY.items()))) == []


def test_a_version_is_described_without_what_it_is_silent_about():
    said = dict(drafts.described(BODY | {"weights": {"centre": {"Total": 5}}}))
    assert said["Fewest patients that are shown"] == "30"
    assert said["What is dearer to withhold"] == "centre: Total: 5"
    assert "Largest share of the dominant contributors" not in said
    many = [[f"A{number}", "B"] for number in range(20)]
    assert dict(drafts.described(BODY | {"hierarchies": {"area": many}}))["Groups that add up"] == "area: 20 entries"


FURTHER = {
    "dominance": 0.8,
    "insiders": ["centre"],
    "weights": {"centre": {"Total": 5.0}},
    "hierarchies": {"area": [['Lee"ds', "North\\South"], ["York", "a\nb"]]},
    "already_public": [{"centre": "RJ1", "value": 12, "source": "A journal, £5"}],
}


def test_further_rules_are_written_so_that_they_are_read_back_the_same():
    assert tomllib.loads(drafts.further(BODY | FURTHER)) == FURTHER
    assert drafts.further(BODY) == ""
    assert drafts._toml(True) == "true"


def test_a_draft_is_plain_values_and_back():
    one = draft(body=BODY | FURTHER, authority="The board")
    assert Draft.of(one.plain()) == one
    assert one.plain()["valid_from"] == "2027-04-01"
