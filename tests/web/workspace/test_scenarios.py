"""What if? Asked, answered, kept: by those who lead a network, without a script and without a case."""

import csv
import io
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.access.models import Scenario
from plenary.core.models import AuditEvent
from plenary.core.permissions import CentreLead, NationalCommissioner, NetworkLead
from tests.unit.access.test_actions import keep, placed  # noqa: F401 - a fixture
from tests.web.workspace.test_results import MEMBERS, OTHERS

HERE = "/workspace/equity/scenarios/adult-ecmo/"
LEADERS = [each for each in MEMBERS if each[0] in {NetworkLead, NationalCommissioner}]
ASKED = {"patients": "300", "minimum": "50", "speed": "60", "add": "RA7"}


def asked(**more):
    return f"{HERE}ask/?{urlencode(ASKED | more)}"


@pytest.mark.parametrize(("role", "scope"), LEADERS, ids=lambda value: getattr(value, "key", value))
def test_those_who_lead_ask_and_see_both_sides(as_, placed, role, scope):  # noqa: F811
    text = as_(role, scope).get(asked()).text
    for words in ("Mean journey, minutes", "Today", "After", "Bristol (RA7)", "Residents with a shorter journey", "South West"):
        assert words in text
    assert "an assumption, no journey" in text


@pytest.mark.parametrize(
    ("role", "scope"), [(CentreLead, "adult-ecmo/RJ1"), *OTHERS], ids=lambda value: getattr(value, "key", value or "all")
)
def test_nobody_else_asks(as_, placed, role, scope):  # noqa: F811
    answer = as_(role, scope).get(asked())
    assert answer.status_code == 403
    assert "Mean journey" not in answer.text


@pytest.mark.parametrize(("role", "scope"), MEMBERS, ids=lambda value: getattr(value, "key", value))
def test_the_network_reads_what_was_kept(as_, placed, role, scope):  # noqa: F811
    made = keep(placed)
    browser = as_(role, scope)
    assert "A centre in Bristol" in browser.get(HERE).text
    text = browser.get(f"/workspace/equity/scenario/{made.pk}/").text
    assert "Mean journey, minutes" in text
    assert "RA7" in text


@pytest.mark.parametrize(("role", "scope"), OTHERS, ids=lambda value: getattr(value, "key", value or "all"))
def test_nobody_else_reads_it(as_, placed, role, scope):  # noqa: F811
    made = keep(placed)
    browser = as_(role, scope)
    for address, status in ((HERE, 403), (f"{HERE}scenarios.csv", 403), (f"/workspace/equity/scenario/{made.pk}/", 404)):
        answer = browser.get(address)
        assert answer.status_code == status
        assert "A centre in Bristol" not in answer.text


def test_from_the_question_to_kept_evidence(as_, placed):  # noqa: F811
    browser = as_(NetworkLead, "adult-ecmo")
    address = asked(close="RTD")
    assert "Keep this scenario" in browser.get(address).text
    answer = browser.post(address, {"title": "Bristol for Newcastle", "note": "For March"}, follow=True)
    made = Scenario.objects.get()
    assert answer.redirect_chain[-1][0] == f"/workspace/equity/scenario/{made.pk}/"
    assert "The scenario was kept" in answer.text
    assert made.asked["wish"] == {"add": ["RA7"], "close": ["RTD"], "move": [], "expand": {}, "best": 0}
    assert made.kept_by == browser.person.pk
    assert AuditEvent.objects.filter(verb="keep scenario").exists()


def test_without_a_title_nothing_is_kept_and_the_answer_stays(as_, placed):  # noqa: F811
    answer = as_(NetworkLead, "adult-ecmo").post(asked(), {"title": " "})
    assert "Give the scenario a title" in answer.text
    assert "Residents with a shorter journey" in answer.text
    assert not Scenario.objects.exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"patients": "none"}, "Enter a whole number"),
        ({"patients": "0"}, "greater than or equal to 1"),
        ({"add": "ZZZ"}, "Select a valid choice"),
        ({"move_from": "RJ1"}, "Choose both the centre that moves and where it moves to"),
        ({"move_to": "RA7"}, "Choose both the centre that moves"),
        ({"add": "", "close": "RJ1", "move_from": "RTD", "move_to": "RA7", "capacity": "10"}, "room for"),
        ({"capacity": "10"}, "The centres have room for 20 of 300 patients a year"),
        ({"best": "2"}, "There are only 0 other places"),
    ],
)
def test_what_cannot_be_asked_is_said(as_, placed, more, said):  # noqa: F811
    answer = as_(NetworkLead, "adult-ecmo").get(asked(**more))
    assert answer.status_code == 200
    assert said in answer.text


def test_new_centres_are_looked_for(as_, placed):  # noqa: F811
    text = as_(NetworkLead, "adult-ecmo").get(asked(add="", best="1")).text
    assert "New centres found: Bristol (proved to be the best choice)" in text


def test_the_form_alone(as_, placed):  # noqa: F811
    text = as_(NetworkLead, "adult-ecmo").get(f"{HERE}ask/").text
    assert "Patients a year, all centres together" in text
    assert "There is a problem" not in text


def test_none_kept_yet(as_, placed):  # noqa: F811
    assert f"{HERE}ask/" in as_(NetworkLead, "adult-ecmo").get(HERE).text
    text = as_(CentreLead, "adult-ecmo/RJ1").get(HERE).text
    assert "No scenario was kept yet" in text
    assert f"{HERE}ask/" not in text


def test_side_by_side_and_downloaded(as_, placed):  # noqa: F811
    for title in ("One", "Two", "Three"):
        keep(placed, title=title)
    found = list(csv.DictReader(io.StringIO(as_(NetworkLead, "adult-ecmo").get(f"{HERE}scenarios.csv").text.lstrip("\ufeff"))))
    assert {row["Scenario"] for row in found} == {"One", "Two", "Three"}
    assert len({row["Mean journey, minutes"] for row in found}) == 1


def test_as_many_queries_for_three_as_for_one(as_, placed):  # noqa: F811
    browser = as_(NationalCommissioner, "England")
    counted = []
    for _ in range(3):
        keep(placed)
        browser.get(HERE)
        with CaptureQueriesContext(connection) as seen:
            browser.get(HERE)
        counted.append(len(seen))
    assert counted[0] == counted[2]


def test_a_service_whose_centres_have_no_place_says_so(as_, own):
    text = as_(NetworkLead, "adult-ecmo").get(f"{HERE}ask/?patients=30&speed=60").text
    assert "No centre of this service has a known place today" in text


def test_no_such_service_or_scenario(as_, placed):  # noqa: F811
    browser = as_(NationalCommissioner, "England")
    assert browser.get("/workspace/equity/scenarios/nowhere/").status_code == 404
    assert browser.get("/workspace/equity/scenario/999/").status_code == 404
