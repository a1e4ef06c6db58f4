"""Centres are designated and de-nominated by the commissioner, on somebody's authority."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.core.permissions import ROLES, NationalCommissioner
from plenary.registry import queries
from tests.factories.registry import CentreFactory, DesignationFactory, OrganisationFactory, ServiceFactory

LIST = "/workspace/designations/"
FROM = {"valid_from_day": "1", "valid_from_month": "4", "valid_from_year": "2025"}
NEW = {"service": "adult-ecmo", "ods": "rj9", "authority": "Board, 3 March 2025"} | FROM


@pytest.fixture
def commissioner(as_):
    return as_(NationalCommissioner, "England")


@pytest.fixture
def standing(db):
    OrganisationFactory(code="RJ9", name="Trust Nine")
    return DesignationFactory(centre=CentreFactory(service__slug="adult-ecmo", ods="RJ1"), authority="Board 2015")


def on(**values):
    return {f"on_{part}": str(value) for part, value in values.items()}


@pytest.mark.parametrize("role", [role for role in ROLES if role is not NationalCommissioner], ids=lambda role: role.key)
def test_nobody_else_changes_the_register(as_, standing, role):
    kind = role.scope_kinds[0]
    browser = as_(role, {"all": "", "nation": "England", "service": "adult-ecmo", "centre": "adult-ecmo/RJ1"}[kind])
    assert browser.get(LIST).status_code == 403
    assert browser.post(f"{LIST}new/", NEW).status_code == 403
    assert browser.post(f"{LIST}adult-ecmo/RJ1/end/", on(day=1, month=1, year=2025) | {"authority": "x"}).status_code == 403
    standing.refresh_from_db()
    assert standing.valid_to is None
    assert queries.all_designations().count() == 1


def test_a_centre_is_designated(commissioner, standing):
    answer = commissioner.post(f"{LIST}new/", NEW, follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert "Trust Nine is designated from 1 April 2025." in answer.text
    assert queries.centre("adult-ecmo", "RJ9").designations.get().valid_from == date(2025, 4, 1)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"service": ""}, "Choose a service"),
        ({"ods": ""}, "Give the provider&#39;s code"),
        ({"authority": ""}, "Say who decided it"),
        ({"valid_from_day": "", "valid_from_month": "", "valid_from_year": ""}, "Give the first day of the designation"),
        ({"valid_from_month": "13"}, "must be a real date"),
        ({"ods": "XX9"}, "The registry does not know XX9: give the provider&#39;s name."),
        ({"ods": "RJ1"}, "is designated for this service already"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_lost(commissioner, standing, values, said):
    page = commissioner.post(f"{LIST}new/", NEW | {"site": "The Hill Hospital"} | values).text
    assert "Error: Designate a centre" in page
    assert said in page
    assert "The Hill Hospital" in page
    assert queries.all_designations().count() == 1


def test_a_designation_ends(commissioner, standing):
    assert f"{LIST}adult-ecmo/RJ1/end/" in commissioner.get(LIST).text
    values = on(day=1, month=4, year=2024) | {"authority": "Board 2024"}
    answer = commissioner.post(f"{LIST}adult-ecmo/RJ1/end/", values, follow=True)
    assert "is designated until 1 April 2024." in answer.text
    assert "ended by Board 2024" in answer.text
    assert f"{LIST}adult-ecmo/RJ1/end/" not in answer.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"authority": "x"}, "Give the day on which the designation ends"),
        (on(day=1, month=4, year=2024), "Say who decided it"),
        (on(day=1, month=4, year=2001) | {"authority": "x"}, "is not designated for this service on the day before"),
    ],
)
def test_an_end_that_cannot_be_is_told(commissioner, standing, values, said):
    page = commissioner.post(f"{LIST}adult-ecmo/RJ1/end/", values).text
    assert "Error: De-nominate" in page
    assert said in page
    standing.refresh_from_db()
    assert standing.valid_to is None


def test_the_list_is_filtered_and_downloaded(commissioner, standing):
    DesignationFactory(centre=CentreFactory(service__slug="heart-transplant", ods="RM2"), valid_to=date(2020, 1, 1))
    assert len(commissioner.get("/workspace/designations.csv").text.splitlines()) == 3
    assert "RM2" not in commissioner.get(f"{LIST}?service=adult-ecmo").text
    lines = commissioner.get("/workspace/designations.csv?standing=not").text.splitlines()
    assert len(lines) == 2
    assert "1 January 2020" in lines[1]


def test_three_designations_cost_no_more_look_ups_than_one(commissioner, standing, django_assert_num_queries):
    commissioner.get(LIST)
    with CaptureQueriesContext(connection) as for_one:
        commissioner.get(LIST)
    for ods in ("RM2", "RM3"):
        DesignationFactory(centre=CentreFactory(service__slug="adult-ecmo", ods=ods))
    with django_assert_num_queries(len(for_one)):
        commissioner.get(LIST)


def test_an_empty_list_says_what_to_do(commissioner):
    ServiceFactory()
    page = commissioner.get(LIST).text
    assert "No centre is designated yet." in page
    assert f'href="{LIST}new/"' in page
