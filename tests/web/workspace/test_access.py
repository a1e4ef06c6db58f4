"""Every page of one centre is closed to every other centre and to those who see no cases; the refusal shows nothing of it."""

import pytest
from django.test import Client
from django.urls import reverse

from plenary.collection import actions
from plenary.collection.actions import entry
from plenary.collection.models import CaseVersion
from plenary.core.permissions import (
    Administrator,
    CentreDataManager,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.web.routes import ROUTES
from plenary.web.urls import urlpatterns
from tests.factories.collection import END, START, accepted, case, make_centre, manager, receive
from tests.factories.registry import ServiceFactory

assert urlpatterns  # importing the addresses declares them

HERE = [name for name, route in ROUTES.items() if "<slug:service>/<str:ods>/<str:period>/" in route.pattern]
SENT = [name for name, route in ROUTES.items() if route.pattern.startswith("workspace/submissions/<int:number>/")]
POSTED = {"check_submission", "accept_submission", "forget_headings", "drop_draft"}
OF_ONE_PERSON = {"draft", "drop_draft"}
SECRETS = ("SECRET-1", "SECRET-2", "SECRET-4", "secret.csv", "hospital episodes of SECRET")

STRANGERS = [
    (CentreDataManager, "adult-ecmo/RJ1"),
    (CentreLead, "adult-ecmo/RJ1"),
    (NetworkLead, "adult-ecmo"),
    (NationalCommissioner, "England"),
    (Reviewer, "England"),
    (PatientRepresentative, "adult-ecmo"),
    (Administrator, ""),
]


@pytest.fixture
def theirs(other):
    """The other centre, with cases, an expected case and a file that waits."""
    accepted(other, case("SECRET-1"))
    named = {"case_id": "SECRET-2", "source": "hospital episodes of SECRET", "by": manager(other)}
    found = actions.expect_case(centre=other, period_start=START, period_end=END, **named)
    kept = CaseVersion.objects.get(case__centre=other, case__case_id="SECRET-1")
    begun = entry.save_draft(
        centre=other, period_start=START, period_end=END, values=case("SECRET-4"), by=manager(other)
    )  # fmt: skip
    numbers = {"explain": found.pk, "reply_expected": found.pk, "erase_case": kept.pk}
    numbers |= dict.fromkeys(("case_history", "case_history_file"), kept.case_id)
    numbers |= dict.fromkeys(OF_ONE_PERSON, begun.pk)
    return receive(other, case("SECRET-1"), case("SECRET-3"), filename="secret.csv"), numbers


def address(name, submission, numbers):
    if name in SENT:
        key = ["0" * 32] if "<slug:key>" in ROUTES[name].pattern else []
        return reverse(name, args=[submission.pk, *key])
    number = [numbers[name]] if "<int:number>" in ROUTES[name].pattern else []
    return reverse(name, args=["adult-ecmo", "RM2", "2025", *number])


def answer(browser, name, url):
    return browser.post(url) if name in POSTED else browser.get(url)


@pytest.mark.parametrize(("role", "scope"), STRANGERS, ids=lambda value: getattr(value, "key", value or "all"))
def test_no_page_of_another_centre_opens(as_, own, theirs, role, scope):
    browser = as_(role, scope)
    payer = {"enter_expenditure", "send_contract_return"}
    opens = {NetworkLead: {"reopen_series"}, NationalCommissioner: payer}.get(role, set())
    assert len(HERE) + len(SENT) > 15
    for name in [*HERE, *SENT]:
        found = answer(browser, name, address(name, *theirs))
        assert (name, found.status_code) == (name, 200 if name in opens else 403)
        for secret in SECRETS:
            assert secret not in found.text
    theirs[0].refresh_from_db()
    assert theirs[0].state == "received"


def test_nobody_comes_in_without_signing_in(theirs):
    for name in [*HERE, *SENT]:
        found = answer(Client(), name, address(name, *theirs))
        assert found.status_code == 302
        assert found.url.startswith("/account/login/")


@pytest.mark.parametrize("role", [CentreDataManager, CentreLead], ids=lambda role: role.key)
def test_the_people_of_the_centre_open_every_page_that_is_theirs(as_, theirs, role):
    browser = as_(role, "adult-ecmo/RM2")
    closed = {"reopen_series"} | ({"sign_off", "erase_case", "extract_for_research"} if role is CentreDataManager else set())
    for name in [one for one in [*HERE, *SENT] if one not in POSTED]:
        found = browser.get(address(name, *theirs))
        absent = name in OF_ONE_PERSON | {"confirm_warning", "record_consent"}  # of somebody else, or of nothing
        assert (name, found.status_code) == (name, 403 if name in closed else 404 if absent else 200)


def test_what_is_not_there_is_not_found(as_, own):
    browser = as_(CentreLead, "adult-ecmo/RJ1")
    assert browser.get("/workspace/submissions/999/").status_code == 404
    assert browser.get("/workspace/collection/adult-ecmo/RJ1/20xx/").status_code == 404
    assert browser.get("/workspace/collection/adult-ecmo/RJ1/2025/expected/999/").status_code == 404


def test_a_centre_of_the_same_provider_in_another_service_stays_closed(as_, own):
    twin = make_centre("heart-transplant", "RJ1")
    accepted(twin, case("SECRET-1"))
    found = as_(CentreLead, "adult-ecmo/RJ1").get("/workspace/collection/heart-transplant/RJ1/2025/cases/")
    assert found.status_code == 403
    assert "SECRET-1" not in found.text


@pytest.mark.parametrize(("role", "scope"), [(Reviewer, "England"), (PatientRepresentative, "adult-ecmo"), (Administrator, "")])
def test_the_list_of_centres_is_for_those_who_follow_the_collection(as_, own, role, scope):
    for name in ("collection", "collection_file"):
        found = as_(role, scope).get(reverse(name))
        assert found.status_code == 403
        assert "Trust RJ1" not in found.text


def test_a_list_shows_the_own_centre_and_the_whole_network_to_its_lead(as_, own, other):
    accepted(other, case("A"), case("B"))
    ServiceFactory(slug="heart-transplant")
    mine = as_(CentreLead, "adult-ecmo/RJ1").get("/workspace/collection/?period=2025").text
    assert "Trust RJ1" in mine
    assert "Trust RM2" not in mine
    assert "Heart transplant" not in mine
    led = as_(NetworkLead, "adult-ecmo").get("/workspace/collection/?period=2025").text
    assert "Trust RM2 (RM2)" in led
    assert "/RM2/2025/" not in led
    everything = as_(NationalCommissioner, "England").get("/workspace/collection/?period=2025&service=adult-ecmo").text
    assert "Trust RM2" in everything
    assert "Heart transplant" in everything
