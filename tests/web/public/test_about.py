"""The start page and what is said about the site."""

from dataclasses import replace

import pytest

from plenary.registry import queries
from tests.factories.registry import DesignationFactory, ServiceFactory

pytestmark = pytest.mark.django_db


def test_the_start_page_counts_the_register(client):
    DesignationFactory()
    ServiceFactory()
    page = client.get("/").text
    assert "<title>Highly specialised services – Start – Plenary</title>" in page
    assert "2 services, each with" in page
    assert "the nearest of 1 centre," in page


def test_the_sources_are_named(client):
    page = client.get("/about/").text
    for line in queries.attribution():
        assert line in page


def test_what_is_invented_is_said_where_it_is_invented(client, settings):
    words = "Every patient, case, result and edition on this installation is invented"
    assert words not in client.get("/about/").text
    settings.PLENARY = replace(settings.PLENARY, demo=True)
    assert words in client.get("/about/").text


def test_the_public_pages_set_no_cookie_as_they_promise(client):
    assert "The public pages set no cookie." in client.get("/about/").text
    for address in ("/", "/services/", "/find/", "/editions/", "/about/", "/accessibility/"):
        assert not client.get(address).cookies


def test_the_statement_owns_up_to_what_falls_short(client):
    page = client.get("/accessibility/").text
    assert "we do not claim full conformance" in page
    assert "the headers of rows in tables are not tagged" in page
