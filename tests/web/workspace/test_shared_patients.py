"""Patients of two centres on pages: each answers for its own case, and sees no other."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection.models import SharedPatient
from plenary.collection.terms import SharedState
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, Reviewer
from tests.factories import collection as make
from tests.factories.collection import case, rules

LIST = "/workspace/shared-patients/?service=adult-ecmo&period=2025"
TRANSFER = {
    "answer": "transfer", "counts_at": "RM2", "moved_from": "RJ1",
    "moved_on_day": "20", "moved_on_month": "6", "moved_on_year": "2025",
}  # fmt: skip


@pytest.fixture
def pair(own, other):
    make.accepted(own, case("MINE", nhs_number="9434765919"))
    make.accepted(other, case("THEIRS", nhs_number="9434765919", admitted_on="17/06/2025", pf_ratio="3.3"))
    return SharedPatient.objects.get()


def at(pair):
    return f"/workspace/shared-patients/{pair.pk}/"


class TestWho:
    def test_each_centre_its_own_case_alone(self, as_, pair):
        for scope, mine, secret in (("adult-ecmo/RJ1", "MINE", "THEIRS"), ("adult-ecmo/RM2", "THEIRS", "MINE")):
            browser = as_(CentreDataManager, scope)
            for address in (LIST, at(pair), "/workspace/shared-patients.csv?service=adult-ecmo"):
                page = browser.get(address).text
                assert mine in page
                assert secret not in page
                assert "9434765919" not in page

    @pytest.mark.parametrize(("role", "scope"), [(NetworkLead, "adult-ecmo"), (NationalCommissioner, "England")])
    def test_the_network_numbers_and_states(self, as_, pair, role, scope):
        browser = as_(role, scope)
        page = browser.get(LIST).text
        assert "Trust RJ1" in page
        assert "2 cases came in. 1 count; of the others, 0 count elsewhere after a transfer, 0 are duplicates, and 1 wait" in page
        assert "MINE" not in page
        assert "THEIRS" not in page
        assert browser.get(at(pair)).status_code in {403, 404}

    def test_nobody_else(self, as_, pair):
        assert as_(Reviewer, "England").get(LIST).status_code == 403
        third = as_(CentreLead, "adult-ecmo/RX9")
        assert third.get(at(pair)).status_code == 404
        assert "Trust RJ1" not in third.get(LIST).text
        assert third.post(at(pair), TRANSFER).status_code == 404
        pair.refresh_from_db()
        assert pair.state == SharedState.OPEN


class TestAnswer:
    def test_both_say_the_same_and_it_is_agreed(self, as_, pair):
        page = as_(CentreDataManager, "adult-ecmo/RJ1").post(at(pair), TRANSFER, follow=True)
        assert "is asked to say the same" in page.text
        second = as_(CentreLead, "adult-ecmo/RM2")
        assert "Transferred from Trust RJ1 on 20 June 2025: counts at Trust RM2" in second.get(at(pair)).text
        page = second.post(at(pair), TRANSFER, follow=True)
        assert "Both centres agree." in page.text
        assert "1 count elsewhere after a transfer" in page.text or "1 count elsewhere" in second.get(LIST).text

    @pytest.mark.parametrize(
        ("values", "part"),
        [
            ({}, "Choose what the two cases are"),
            ({"answer": "transfer"}, "which of the two centres counts"),
            ({"answer": "duplicate"}, "which of the two centres counts"),
            (TRANSFER | {"moved_on_day": "32"}, "must be a real date"),
            (TRANSFER | {"moved_on_day": ""}, "must include a day"),
            (TRANSFER | {"counts_at": "RX9"}, "Select a valid choice"),
        ],
    )
    def test_what_is_wrong_is_said_at_the_form(self, as_, pair, values, part):
        page = as_(CentreDataManager, "adult-ecmo/RJ1").post(at(pair), values)
        assert part in page.text
        pair.refresh_from_db()
        assert pair.state == SharedState.OPEN

    def test_two_episodes_need_nothing_more(self, as_, pair):
        as_(CentreDataManager, "adult-ecmo/RJ1").post(at(pair), {"answer": "two_episodes"})
        pair.refresh_from_db()
        assert (pair.state, pair.answer) == (SharedState.PROPOSED, "two_episodes")


class TestWhere:
    def test_on_the_centres_page_and_at_the_sign_off(self, as_, pair):
        browser, here = as_(CentreLead, "adult-ecmo/RJ1"), "/workspace/collection/adult-ecmo/RJ1/2025/"
        assert "1 not agreed" in browser.get(here).text
        assert "Still open" in browser.get(f"{here}sign-off/").text
        rules(shared_patients="refuse")
        page = browser.get(f"{here}sign-off/").text
        assert "Not yet possible" in page
        assert "1 patient is reported by another centre too, and nothing is agreed." in page

    def test_narrowed_and_downloaded(self, as_, pair):
        browser = as_(CentreDataManager, "adult-ecmo/RJ1")
        assert "MINE" in browser.get(f"{LIST}&state=open").text
        assert "MINE" not in browser.get(f"{LIST}&state=agreed").text
        answer = browser.get("/workspace/shared-patients.csv?service=adult-ecmo")
        [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert (row["Case"], row["State"], row["To do"]) == ("MINE", "Not answered", "")

    def test_empty_it_says_so(self, as_, own):
        assert "No patient of this service is reported by two centres." in as_(CentreDataManager, own.key).get(LIST).text

    def test_as_many_look_ups_for_three_as_for_one(self, as_, own, other):
        browser, counts = as_(CentreDataManager, own.key), []
        for number in (1, 3):
            for place in (own, other):
                make.accepted(place, *(case(f"{place.ods}{day}", birth_date=f"0{day + 1}/01/1990") for day in range(number)))
            with CaptureQueriesContext(connection) as found:
                browser.get(LIST)
            counts.append(len(found))
        assert counts[0] == counts[1]
        assert SharedPatient.objects.count() == 3
