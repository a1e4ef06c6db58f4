from __future__ import annotations

import pytest

from plenary.core import permissions as may
from plenary.core.terms import NOBODY, SYSTEM, Post, Refused, Who
from tests.factories.core import make_who

RJ1, RRV = "adult-ecmo/RJ1", "adult-ecmo/RRV"


@pytest.mark.parametrize(
    ("scope", "asked", "expected"),
    [
        (RJ1, {"centre": RJ1}, True),
        (RJ1, {"centre": RRV}, False),
        (RJ1, {"service": "adult-ecmo"}, False),
        (RJ1, {"service": "adult-ecmo", "centre": RJ1}, True),
        (RJ1, {"service": "lam", "centre": RJ1}, False),
        (RJ1, {}, True),
        ("adult-ecmo", {"service": "adult-ecmo"}, True),
        ("adult-ecmo", {"service": "adult-ecmo-2"}, False),
        ("adult-ecmo", {"centre": RJ1}, True),
        ("adult-ecmo", {"centre": "adult-ecmo-2/RJ1"}, False),
        ("adult-ecmo", {"centre": "lam/RJ1"}, False),
        ("England", {"centre": RJ1}, True),
        ("England", {"centre": RJ1, "nation": "Wales"}, False),
        ("Scotland", {"service": "adult-ecmo"}, False),
        ("Scotland", {"service": "adult-ecmo", "nation": "Scotland"}, True),
        ("", {"centre": RJ1, "nation": "Wales"}, True),
    ],
)
def test_a_post_covers_its_object_and_nothing_else(scope, asked, expected):
    assert may.holds(make_who("reviewer", scope), may.Reviewer, **asked) is expected


def test_another_role_over_the_same_object_is_not_enough():
    who = make_who(may.CentreDataManager, RJ1)
    assert may.holds(who, may.CentreLead, centre=RJ1) is False
    assert may.holds(who, may.CentreLead, may.CentreDataManager, centre=RJ1) is True
    assert may.holds(who, centre=RJ1) is False


def test_any_one_of_several_posts_is_enough_but_they_do_not_combine():
    who = Who(1, "Jo", (Post("centre-lead", "centre", RRV), Post("centre-data-manager", "centre", RJ1)))
    assert may.holds(who, may.CentreDataManager, centre=RJ1) is True
    assert may.holds(who, may.CentreLead, centre=RJ1) is False
    assert may.holds(who, may.CentreDataManager, centre=RRV) is False


@pytest.mark.parametrize("role", may.ROLES)
def test_a_reader_who_is_not_signed_in_holds_nothing(role):
    assert may.holds(NOBODY, role) is False
    assert may.holds(NOBODY, role, centre=RJ1) is False


def test_a_centre_without_its_service_is_a_mistake_in_the_code():
    with pytest.raises(ValueError, match="service/ODS"):
        may.holds(make_who(may.CentreLead, RJ1), may.CentreLead, centre="RJ1")


@pytest.mark.parametrize(
    ("role", "scope", "expected"),
    [
        (may.CentreDataManager, RJ1, True),
        (may.CentreLead, RJ1, True),
        (may.CentreLead, RRV, False),
        (may.NetworkLead, "adult-ecmo", False),
        (may.NationalCommissioner, "England", False),
        (may.NationalCommissioner, "", False),
        (may.Reviewer, "", False),
        (may.PatientRepresentative, "adult-ecmo", False),
        (may.Administrator, "", False),
    ],
)
def test_cases_are_seen_by_their_own_centre_only(role, scope, expected):
    assert may.sees_cases(make_who(role, scope), service="adult-ecmo", centre=RJ1) is expected


def test_jobs_administer_and_see_no_cases():
    assert may.may_administer(SYSTEM) is True
    assert may.sees_cases(SYSTEM, service="adult-ecmo", centre=RJ1) is False
    assert may.may_administer(make_who(may.NationalCommissioner)) is False


@pytest.mark.parametrize("role", may.ROLES)
def test_every_role_but_the_patients_asks_for_a_second_factor(role):
    assert may.needs_second_factor(make_who(role)) is (role is not may.PatientRepresentative)


def test_two_posts_ask_for_what_the_stricter_asks():
    who = Who(1, "Jo", (Post("patient-representative", "service", "lam"), Post("reviewer", "all")))
    assert may.needs_second_factor(who) is True
    assert may.needs_second_factor(NOBODY) is False


def test_the_roles_are_the_agreed_seven_and_readable():
    assert [role.key for role in may.ROLES] == [
        "centre-data-manager",
        "centre-lead",
        "network-lead",
        "national-commissioner",
        "reviewer",
        "patient-representative",
        "administrator",
    ]
    assert all(role.label and role.does.endswith(".") and role.scope_kinds for role in may.ROLES)
    assert may.role_of("reviewer") is may.Reviewer


def test_a_word_that_is_no_role_is_refused_with_the_words_that_are():
    with pytest.raises(Refused, match="centre-lead"):
        may.role_of("king")


@pytest.mark.parametrize("answer", [False, None, 0, 1, "yes"])
def test_only_true_is_permission(answer):
    with pytest.raises(Refused, match="because"):
        may.require(answer, "because")
    may.require(True, "because")


@pytest.mark.parametrize(
    ("role", "scope", "england", "wales"),
    [
        (may.NationalCommissioner, "England", True, False),
        (may.NationalCommissioner, "Wales", False, True),
        (may.NationalCommissioner, "", True, True),
        (may.NationalCommissioner, "adult-ecmo", False, False),
        (may.Reviewer, "England", False, False),
        (may.Administrator, "", False, False),
    ],
)
def test_the_commissioner_of_one_nation_decides_nothing_of_another(role, scope, england, wales):
    who = make_who(role, scope)
    assert (may.commissions(who), may.commissions(who, nation="Wales")) == (england, wales)


def test_two_posts_that_are_each_not_enough_do_not_make_a_commissioner():
    who = Who(1, "Jo", (Post("national-commissioner", "nation", "Wales"), Post("reviewer", "nation", "England")))
    assert may.commissions(who) is False
    assert may.commissions(NOBODY) is False
