"""Confirming a warning on the page of a file, and what the network reads of it."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection import actions
from plenary.collection.actions.confirmations import confirm_warning
from plenary.collection.models import Confirmation
from plenary.collection.queries import confirmations
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, Reviewer
from plenary.core.terms import SYSTEM
from tests.factories import collection as make
from tests.factories.collection import case, rules

LIST = "/workspace/confirmations/?service=adult-ecmo&period=2025"
FILE = "/workspace/confirmations.csv?service=adult-ecmo&period=2025"


@pytest.fixture
def sent(own):
    return actions.check(submission_id=make.receive(own, case("A"), case("B")).pk, by=SYSTEM)


def key_of(sent):
    return confirmations.warnings(sent)[0].key


def at(sent):
    return f"/workspace/submissions/{sent.pk}/confirm/{key_of(sent)}/"


def confirmed(centre, *case_ids, reason="They are twins."):
    made = make.accepted(centre, *(case(case_id) for case_id in case_ids))
    for one in confirmations.warnings(made):
        confirm_warning(submission=made, key=one.key, reason=reason, by=make.manager(centre))
    return made


class TestConfirm:
    def test_on_the_page_of_the_file(self, as_, sent):
        browser = as_(CentreDataManager, "adult-ecmo/RJ1")
        page = browser.get(f"/workspace/submissions/{sent.pk}/").text
        assert at(sent) in page
        assert "0 of 1 warning" in page
        assert "B" in browser.get(at(sent)).text
        page = browser.post(at(sent), {"reason": "They are twins."}, follow=True)
        assert page.redirect_chain == [(f"/workspace/submissions/{sent.pk}/", 302)]
        for part in ("The warning is confirmed.", "They are twins.", "1 of 1 warning", "Change the reason"):
            assert part in page.text
        assert "They are twins." in browser.get(at(sent)).text

    def test_confirmed_stand_apart(self, as_, own):
        made = confirmed(own, "A", "B")
        browser = as_(CentreLead, "adult-ecmo/RJ1")
        address = f"/workspace/submissions/{made.pk}/"
        assert "They are twins." in browser.get(f"{address}?confirmed=yes").text
        assert "They are twins." not in browser.get(f"{address}?confirmed=no").text
        rows = list(csv.DictReader(io.StringIO(browser.get(f"{address}findings.csv").content.decode("utf-8-sig"))))
        assert [one["Confirmed"] for one in rows if one["Severity"] == "Warning"] == ["Confirmed They are twins."]

    def test_without_a_reason_it_is_refused(self, as_, sent):
        page = as_(CentreDataManager, "adult-ecmo/RJ1").post(at(sent), {"reason": ""})
        assert "Give the reason" in page.text
        assert not Confirmation.objects.exists()

    def test_what_the_file_does_not_have(self, as_, sent):
        address = at(sent).replace(key_of(sent), "0" * 32)
        assert as_(CentreDataManager, "adult-ecmo/RJ1").get(address).status_code == 404

    @pytest.mark.parametrize(
        ("role", "scope"), [(CentreDataManager, "adult-ecmo/RM2"), (NetworkLead, "adult-ecmo"), (NationalCommissioner, "England")]
    )
    def test_nobody_elses(self, as_, sent, role, scope):
        answer = as_(role, scope).post(at(sent), {"reason": "I say so."})
        assert answer.status_code in {403, 404}
        assert "date" not in answer.text.partition("<main")[2]
        assert not Confirmation.objects.exists()

    def test_a_policy_that_demands_it_is_said_where_the_file_is_accepted(self, as_, sent):
        rules(confirm_warnings="acceptance")
        page = as_(CentreDataManager, "adult-ecmo/RJ1").post(f"/workspace/submissions/{sent.pk}/accept/", follow=True)
        assert "1 warning must be mended or confirmed with a reason first." in page.text


class TestList:
    def test_the_centre_reads_its_cases_the_network_the_reasons(self, as_, own, other):
        confirmed(own, "A", "MINE")
        confirmed(other, "A", "SECRET", reason="Seen in person.")
        for role, scope in ((NetworkLead, "adult-ecmo"), (NationalCommissioner, "England")):
            page = as_(role, scope).get(LIST).text
            assert "They are twins." in page
            assert "Seen in person." in page
            assert "MINE" not in page
            assert "SECRET" not in page
        page = as_(CentreDataManager, "adult-ecmo/RJ1").get(LIST).text
        assert "MINE" in page
        assert "Seen in person." not in page

    def test_it_is_narrowed_and_downloaded(self, as_, own):
        confirmed(own, "A", "B")
        browser = as_(NetworkLead, "adult-ecmo")
        assert "They are twins." in browser.get(f"{LIST}&text=twins").text
        assert "They are twins." not in browser.get(f"{LIST}&text=nothing").text
        [row] = csv.DictReader(io.StringIO(browser.get(FILE).content.decode("utf-8-sig")))
        assert (row["Case"], row["Reason"], row["Rule"]) == (
            "",
            "They are twins.",
            "Two rows that are one case in all but the identifier",
        )

    def test_not_for_others_and_empty(self, as_, own):
        assert as_(Reviewer, "England").get(LIST).status_code == 403
        assert "No warning was confirmed" in as_(NetworkLead, "adult-ecmo").get(LIST).text

    def test_as_many_look_ups_for_three_as_for_one(self, as_, own):
        browser, counts = as_(NetworkLead, "adult-ecmo"), []
        for number in (2, 4):
            confirmed(own, *(f"C{place}" for place in range(number)))
            with CaptureQueriesContext(connection) as found:
                browser.get(LIST)
            counts.append(len(found))
        assert counts[0] == counts[1]
        assert Confirmation.objects.count() == 3
