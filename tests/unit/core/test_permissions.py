from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.core import permissions as may
from plenary.core.terms import NOBODY, SYSTEM, Post, Refused, Who, scope_kind
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


# -- whatever posts a person holds

SERVICES, CODES = ("adult-ecmo", "lam"), ("RJ1", "RRV")
scopes = st.sampled_from(
    ["", "England", "Wales", *SERVICES, *(f"{service}/{code}" for service in SERVICES for code in CODES)]
).map(lambda scope: (scope_kind(scope), scope))
posts = st.builds(lambda role, scope: Post(role.key, *scope), st.sampled_from(may.ROLES), scopes)
roles_asked = st.lists(st.sampled_from(may.ROLES), max_size=3, unique=True)
objects = st.fixed_dictionaries(
    {},
    optional={
        "service": st.sampled_from(SERVICES),
        "centre": st.sampled_from([f"{service}/{code}" for service in SERVICES for code in CODES]),
        "nation": st.sampled_from(["England", "Wales"]),
    },
)


@given(st.lists(posts, max_size=5), roles_asked, objects)
def test_what_many_posts_permit_is_what_one_of_them_permits(held, asked, about):
    """Posts do not combine: neither a role of one with the scope of another, nor half of each."""
    alone = [may.holds(Who(1, "Jo", (post,)), *asked, **about) for post in held]
    assert may.holds(Who(1, "Jo", tuple(held)), *asked, **about) is any(alone)


@given(posts, roles_asked, objects)
def test_a_post_never_reaches_beyond_its_scope(post, asked, about):
    if not may.holds(Who(1, "Jo", (post,)), *asked, **about):
        return
    assert post.role in {role.key for role in asked}
    if "service" in about or "centre" in about:
        service = about.get("service", about.get("centre", "").split("/")[0])
        assert about.get("centre", f"{service}/").startswith(f"{service}/")
        assert post.scope in {"", about.get("nation", "England"), service, about.get("centre")}


@given(st.lists(posts, max_size=4), st.sampled_from(SERVICES), st.sampled_from(CODES))
def test_whoever_sees_cases_holds_a_post_of_a_role_that_does(held, service, code):
    seen = may.sees_cases(Who(1, "Jo", tuple(held)), service=service, centre=f"{service}/{code}")
    assert seen is any(
        post.role in {"centre-lead", "centre-data-manager"} and post.scope in {"", "England", service, f"{service}/{code}"}
        for post in held
    )


@given(st.lists(posts, max_size=4))
def test_a_second_factor_is_asked_of_everybody_who_holds_more_than_the_patients_post(held):
    others = [post for post in held if post.role != "patient-representative"]
    assert may.needs_second_factor(Who(1, "Jo", tuple(held))) is bool(others)


@pytest.mark.parametrize("role", may.ROLES, ids=lambda role: role.key)
def test_no_role_that_sees_cases_can_be_held_over_more_than_a_centre(role):
    """Nobody has standing access by being important: over a service, a nation or all, no case is seen."""
    assert role.sees_cases is (role.scope_kinds == ("centre",))


def test_the_disclosure_policy_is_the_national_commissioners_and_no_other_policy_is():
    commissioner, wales = make_who(may.NationalCommissioner, "England"), make_who(may.NationalCommissioner, "Wales")
    assert may.may_adopt_policy(commissioner, "disclosure") is True
    assert may.may_adopt_policy(commissioner, "quorum") is False
    assert may.may_adopt_policy(wales, "disclosure") is False
    assert may.may_adopt_policy(make_who(may.Reviewer, "England"), "disclosure") is False
    assert may.may_adopt_policy(make_who(may.Administrator), "quorum") is True
