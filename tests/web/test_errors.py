"""What a reader is told when something went wrong: the words of the view, never those of the machine."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import Resolver404

from plenary.core.models import Person
from plenary.core.permissions import CentreLead
from plenary.web.errors import bad_request, forbidden, not_found, server_error
from tests.factories.core import PASSWORD, PersonFactory, PostFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_():
    found = RequestFactory().get("/services/nowhere/")
    found.user = AnonymousUser()
    return found


def test_a_page_that_is_not_there_says_what_the_view_said(request_):
    answer = not_found(request_, Http404("No service is called nowhere."))
    assert answer.status_code == 404
    assert "No service is called nowhere." in answer.text
    assert "<title>Page not found – Plenary</title>" in answer.text


def test_what_the_view_said_is_escaped(request_):
    answer = not_found(request_, Http404("<script>alert(1)</script>"))
    assert "<script>alert(1)" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


@pytest.mark.parametrize("problem", [Http404(), Http404(404), Resolver404({"tried": [["secret/address/"]], "path": "x"})])
def test_what_was_not_written_for_readers_is_not_shown(request_, problem):
    answer = not_found(request_, problem)
    assert answer.status_code == 404
    assert "Page not found" in answer.text
    assert "secret/address" not in answer.text
    assert "tried" not in answer.text


def test_a_refusal_says_why_and_is_no_page_of_the_browser(request_):
    answer = forbidden(request_, PermissionDenied("Your browser did not send the form's key."))
    assert answer.status_code == 403
    assert "Your browser did not send the form's key." in unescape(answer.text)


def test_a_fault_of_ours_names_nothing_of_it(request_):
    answer = server_error(request_)
    assert answer.status_code == 500
    assert "<title>Something went wrong – Plenary</title>" in answer.text
    assert "Traceback" not in answer.text


def test_a_fault_in_a_view_is_answered_with_that_page(monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("patient 943 476 5919")

    monkeypatch.setattr("plenary.registry.queries.services", broken)
    answer = Client(raise_request_exception=False).get("/services/")
    assert answer.status_code == 500
    assert "943 476 5919" not in answer.text
    assert "Something went wrong" in answer.text


def test_an_unknown_address_is_answered_for_strangers_and_for_people_at_work(client):
    assert client.get("/no/such/page/").status_code == 404
    person = PersonFactory()
    PostFactory(person=person, role=CentreLead.key, scope="adult-ecmo/RJ1")
    client.force_login(person)
    page = client.get("/services/no-such-service/")
    assert page.status_code in {302, 404}


def test_a_form_from_another_site_is_refused_in_plain_words():
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/account/login/", {"login": "a@example.org", "password": "x"})
    assert answer.status_code == 403


# -- the database is away


@pytest.fixture
def gone(monkeypatch):
    """Take the database away: every question to it fails as it does when its server was killed."""

    def failing(*_, **__):
        raise OperationalError("server closed the connection unexpectedly: patient 943 476 5919")

    def take():
        monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", failing)

    return take


@pytest.fixture
def signed_in():
    person = PersonFactory()
    PostFactory(person=person, role=CentreLead.key, scope="adult-ecmo/RJ1")
    browser = Client(raise_request_exception=False)
    browser.force_login(person)
    return browser


def test_without_a_database_a_page_says_to_try_again_and_nothing_of_the_machine(gone, signed_in):
    gone()
    for address in ("/workspace/", "/services/?q=a", "/workspace/collection/adult-ecmo/RJ1/2025/key/"):
        answer = signed_in.get(address)
        assert answer.status_code == 503
        assert answer["Retry-After"] == "10"
        assert answer["Cache-Control"] == "no-store"
        assert f'href="{address}"' in answer.text
        assert "The site is away for a moment" in answer.text
        assert "943 476 5919" not in answer.text
        assert "Traceback" not in answer.text
        assert answer.text.count("<script") == answer.text.count(f"nonce={chr(34)}")


def test_what_was_typed_stands_in_the_page_that_says_so_and_can_be_sent_again(gone, signed_in):
    gone()
    typed = {"case_id": 'A "1"', "note": "two\nlines", "do": "finish", "csrfmiddlewaretoken": "as it came"}
    page = signed_in.post("/workspace/collection/adult-ecmo/RJ1/2025/key/", typed)
    assert page.status_code == 503
    held = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page.text))
    assert {name: unescape(value) for name, value in held.items()} == typed
    assert '<form method="post" action="/workspace/collection/adult-ecmo/RJ1/2025/key/">' in page.text


def test_a_file_is_asked_for_again(gone, signed_in):
    gone()
    sent = SimpleUploadedFile("cases.csv", b"case_id\nA1\n")
    page = signed_in.post("/workspace/collection/adult-ecmo/RJ1/2025/upload/", {"file": sent})
    assert page.status_code == 503
    assert "cases.csv may not have arrived" in page.text


def test_a_password_is_never_in_the_page(gone):
    gone()
    page = Client(raise_request_exception=False).post("/account/login/", {"login": "a@example.org", "password": PASSWORD})
    assert page.status_code == 503
    assert PASSWORD not in page.text


def test_a_connection_that_is_closed_counts_as_away_and_a_missing_table_does_not(monkeypatch):
    for problem, status in ((InterfaceError("connection already closed"), 503), (ProgrammingError("no such table"), 500)):

        def broken(*_, problem=problem, **__):
            raise problem

        monkeypatch.setattr("plenary.registry.queries.services", broken)
        assert Client(raise_request_exception=False).get("/services/").status_code == status


def test_a_session_that_cannot_be_kept_is_no_fault_of_the_readers(signed_in, monkeypatch):
    """The database goes away between the page and the session: Django calls that a bad request."""
    Person.objects.update(last_login=None)  # so that the session is kept anew with this page

    def failing(*_, **__):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("django.contrib.sessions.base_session.AbstractBaseSession.save", failing)
    assert signed_in.get("/account/").status_code == 503


def test_a_bad_request_stays_one(request_):
    for problem in (BadRequest("no"), SessionInterrupted("signed out meanwhile")):
        problem.__context__ = UpdateError()
        assert bad_request(request_, problem).status_code == 400
        problem.__context__.__context__ = InterfaceError("connection already closed")
        assert bad_request(request_, problem).status_code == 503
