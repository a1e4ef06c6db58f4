"""Equity of access for the network: by area as table, map and funnel; closed to everybody else."""

import csv
import io
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.access import queries
from plenary.core.permissions import (
    Administrator,
    CentreDataManager,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.registry import queries as registry
from tests.factories import collection as make
from tests.factories.registry import DesignationFactory
from tests.unit.access.test_actions import run as run_access
from tests.web.workspace.test_results import MEMBERS, OTHERS

BOARDS = [board.code for board in registry.icbs(date(2025, 1, 1))]
SECRET = "97"
"""How many patients of one board there are: found on no page of anybody else."""


@pytest.fixture
def service(db):
    """A centre with patients of every board, of one of them ninety-seven, and some whose residence is not known."""
    centre = make.make_centre("adult-ecmo", "RJ1")
    centre.latitude, centre.longitude = 51.5, -0.12
    centre.save()
    areas = [*(code for code in BOARDS for _ in range(3)), *["QE1"] * 94, "", "Wales"]
    make.signed_off(centre, *(make.case(f"N{number:03d}", area=area) for number, area in enumerate(areas)))
    DesignationFactory(centre=centre)
    return centre.service


@pytest.fixture
def computed(service):
    return run_access(service)


def page(browser, made, rest=""):
    return browser.get(f"/workspace/equity/{made.pk}/{rest}")


def rows(answer):
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


@pytest.mark.parametrize(("role", "scope"), MEMBERS, ids=lambda value: getattr(value, "key", value))
def test_the_network_sees_it(as_, computed, role, scope):
    browser = as_(role, scope)
    assert SECRET in page(browser, computed).text
    assert f"/workspace/equity/{computed.pk}/" in browser.get("/workspace/equity/").text


@pytest.mark.parametrize(("role", "scope"), OTHERS, ids=lambda value: getattr(value, "key", value or "all"))
def test_nobody_else_does(as_, computed, role, scope):
    browser = as_(role, scope)
    for rest in ("", "areas.csv", "figures.csv", "?figure=@ratio"):
        answer = page(browser, computed, rest)
        assert answer.status_code == 404
        assert SECRET not in answer.text.replace("97%", "")
    assert f"/workspace/equity/{computed.pk}/" not in browser.get("/workspace/equity/").text


def test_not_without_signing_in(client, computed):
    assert page(client, computed).status_code == 302


def test_the_roles_are_those_of_the_results():
    assert {role for role, _ in MEMBERS} == {CentreDataManager, CentreLead, NetworkLead, NationalCommissioner}
    assert {role for role, _ in OTHERS} >= {Reviewer, PatientRepresentative, Administrator}


def test_the_page_has_map_funnel_and_their_tables(as_, computed):
    text = page(as_(CentreLead, "adult-ecmo/RJ1"), computed).text
    assert "<title>Equity of access of Adult ecmo service – 2025 – Plenary</title>" in text
    assert text.count("<svg") == 3
    assert text.count('role="img"') == 3
    assert "Within 100 km" in text
    assert " style=" not in text
    assert "Lancashire and South Cumbria is above the 99.8% limit" in text
    for words in (
        "Systematic component of variation",
        "Moran",
        "Slope index",
        "To the treating centre",
        "No area of residence was given",
    ):
        assert words in text
    assert "57,106,398" in text


def test_every_area_is_a_row_with_its_interval(as_, computed):
    found = rows(page(as_(NetworkLead, "adult-ecmo"), computed, "areas.csv"))
    assert len(found) == 43
    assert found[0]["Area"] == "England"
    here = next(row for row in found if row["Area"] == "Lancashire and South Cumbria")
    assert (here["Patients"], here["Of"], here["Region"]) == (SECRET, "1,737,241", "North West")
    assert float(here["Lower 95%"]) < float(here["Figure"]) < float(here["Upper 95%"])


@pytest.mark.parametrize(
    ("query", "number", "text"),
    [
        ("?region=London", 6, "North East London"),
        ("?figure=@ratio", 42, "above the 99.8% limit"),
        ("?figure=@direct", 43, "a directly standardised rate would mislead"),
        ("?years=1998", 43, "England"),
        ("?figure=nonsense&region=Atlantis", 43, "England"),
    ],
)
def test_the_filter_narrows_page_and_download(as_, computed, query, number, text):
    browser = as_(NationalCommissioner, "England")
    answer = page(browser, computed, f"areas.csv{query}")
    assert len(rows(answer)) == number
    assert text in answer.text
    shown = page(browser, computed, query)
    assert shown.status_code == 200
    assert text in shown.text


def test_the_download_holds_every_figure(as_, computed):
    found = rows(page(as_(NetworkLead, "adult-ecmo"), computed, "figures.csv"))
    every = sum(len(each) for each in queries.tables_of(computed))
    assert len(found) == every
    assert {row["table"] for row in found} == {"access", "equity", "distances", "residence"}


def test_a_period_of_both_maps_shows_every_board_of_the_later_one(as_, db):
    centre = make.make_centre("adult-ecmo", "RJ1")
    before = [make.case(f"A{number}", area="QMJ", admitted_on="15/02/2026") for number in range(3)]
    after = [make.case(f"B{number}", area="Z9B2Z", admitted_on="15/06/2026") for number in range(4)]
    make.signed_off(centre, *before, *after, start=date(2026, 1, 1), end=date(2027, 1, 1))
    made = run_access(centre.service, period_start=date(2026, 1, 1), period_end=date(2027, 1, 1), label="2026")
    browser = as_(NetworkLead, "adult-ecmo")
    found = {row["Area"]: row for row in rows(page(browser, made, "areas.csv"))}
    assert found["West and North London"]["Patients"] == "7"
    assert any(", " in name for name in found)
    assert page(browser, made).text.count("<title>") >= 37


def test_where_no_residence_is_known_it_says_what_to_do(as_, db):
    centre = make.make_centre("adult-ecmo", "RJ1")
    make.signed_off(centre, *(make.case(f"N{number}", area="") for number in range(5)))
    text = page(as_(NetworkLead, "adult-ecmo"), run_access(centre.service)).text
    assert "Nobody in these years is known to live in an area of England" in text
    assert "Send cases with the board of residence" in text
    assert "No area of residence was given" in text


def test_nothing_computed_yet(as_, db):
    make.make_centre()
    text = as_(NetworkLead, "adult-ecmo").get("/workspace/equity/").text
    assert "not computed yet" in text
    assert "/workspace/results/" in text


def test_as_many_queries_for_three_runs_as_for_one(as_, service):
    browser = as_(NationalCommissioner, "England")
    counted = []
    for number in range(3):
        run_access(service, label=f"label {number}")
        browser.get("/workspace/equity/")
        with CaptureQueriesContext(connection) as seen:
            browser.get("/workspace/equity/")
        counted.append(len(seen))
    assert counted[0] == counted[2]


def test_a_preview_says_so(as_, service):
    made = run_access(service, signed_only=False)
    assert "A preview" in page(as_(NetworkLead, "adult-ecmo"), made).text


def test_the_way_from_the_results(as_, service):
    assert "/workspace/equity/" in as_(NetworkLead, "adult-ecmo").get("/workspace/results/").text
