"""Own headings: suggested on a page, looked at, matched, remembered, forgotten."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from plenary.collection import queries
from plenary.core.permissions import CentreDataManager, CentreLead, NetworkLead
from tests.factories.collection import manager

pytestmark = pytest.mark.django_db
HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"
OWN = b"Hosp Case ID,Gender,Date Admitted,Discharge status,Ward\nA1,F,15/06/2025,Alive now,W1\nB2,M,16/06/2025,dead,W2\n"


@pytest.fixture
def mine(as_, own):
    return as_(CentreDataManager, "adult-ecmo/RJ1")


@pytest.fixture
def sent(mine, own):
    mine.post(f"{HERE}upload/", {"file": SimpleUploadedFile("own.csv", OWN)})
    return queries.submissions(manager(own)).get()


def chosen(page):
    """Return what is chosen in each list of a page."""
    found = {}
    for name, body in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        options = re.findall(r'<option value="([^"]*)"( selected)?', body)
        found[name] = next((value for value, mark in options if mark), options[0][0])
    return found


def test_the_page_of_a_file_with_other_headings_leads_to_the_match(mine, sent):
    page = mine.get(f"/workspace/submissions/{sent.pk}/").text
    assert f'href="/workspace/submissions/{sent.pk}/columns/">Match your own headings' in page


def test_columns_are_suggested_with_values_and_reason(mine, sent):
    page = mine.get(f"/workspace/submissions/{sent.pk}/columns/").text
    fields = ["case_id", "sex", "admitted_on", "status", ""]
    assert [chosen(page)[f"column_{number}"] for number in range(5)] == fields
    assert "For instance: A1, B2. Suggested: case_id, for a heading like it" in page
    assert chosen(page)["value_3_0"] == "alive"
    assert "“Alive now” in Discharge status" in page
    assert "Alive now → alive" in page
    assert "15/06/2025 → 2025-06-15" in page


def test_a_match_is_looked_at_made_and_used_again(mine, own, sent):
    address = f"/workspace/submissions/{sent.pk}/columns/"
    form = chosen(mine.get(address).text) | {"column_4": "-"}
    looked = mine.post(address, form | {"look": "yes", "value_3_0": "dead"})
    assert "Alive now → dead" in looked.text
    sent.refresh_from_db()
    assert sent.mapping_sha256 == "", "looking changes nothing"
    done = mine.post(address, form, follow=True).text
    assert "The columns are matched" in done
    assert "Accept 2 cases" in done
    assert "Read as the centre matched them" in done
    mine.post(f"{HERE}upload/", {"file": SimpleUploadedFile("own.csv", OWN.replace(b"A1", b"C3"))})
    assert queries.submissions(manager(own)).first().cases == 2
    again = chosen(mine.get(address).text)
    assert (again["column_3"], again["column_4"], again["value_3_0"]) == ("status", "-", "alive")


def test_what_is_remembered_is_shown_downloaded_and_forgotten(mine, sent):
    address = f"/workspace/submissions/{sent.pk}/columns/"
    assert "Send a file with your own headings" in mine.get(f"{HERE}remembered/").text
    mine.post(address, chosen(mine.get(address).text))
    assert "Your headings, matched" in mine.get(f"{HERE}upload/").text
    page = mine.get(f"{HERE}remembered/").text
    assert "Hosp Case ID" in page
    assert "Alive now → alive" in page
    assert "Hosp Case ID,case_id," in mine.get(f"{HERE}remembered.csv").text
    assert "The headings are forgotten" in mine.post(f"{HERE}remembered/forget/", follow=True).text
    assert "Your headings, matched" not in mine.get(f"{HERE}upload/").text
    assert mine.get(f"{HERE}remembered/forget/").status_code == 405
    assert mine.post(f"{HERE}remembered/forget/").status_code == 404


def test_two_columns_for_one_field_are_an_error_and_nothing_is_lost(mine, sent):
    address = f"/workspace/submissions/{sent.pk}/columns/"
    form = chosen(mine.get(address).text) | {"column_4": "sex"}
    page = mine.post(address, form).text
    assert "&#39;Gender&#39; and &#39;Ward&#39; cannot both be the field &#39;sex&#39;" in page
    assert chosen(page)["column_4"] == "sex"


def test_a_value_that_is_not_offered_is_refused(mine, sent):
    address = f"/workspace/submissions/{sent.pk}/columns/"
    page = mine.post(address, {"column_0": "nonsense"}).text
    assert "There is a problem" in page
    sent.refresh_from_db()
    assert sent.mapping_sha256 == ""


def test_a_file_that_cannot_be_read_has_no_columns(mine, own):
    mine.post(f"{HERE}upload/", {"file": SimpleUploadedFile("bad.csv", b"\x81")})
    bad = queries.submissions(manager(own)).get()
    assert mine.get(f"/workspace/submissions/{bad.pk}/columns/").status_code == 404


@pytest.mark.parametrize(("role", "scope"), [(CentreLead, "adult-ecmo/RM2"), (NetworkLead, "adult-ecmo")])
def test_others_see_nothing_of_it(as_, other, sent, role, scope):
    stranger = as_(role, scope)
    for address in (f"/workspace/submissions/{sent.pk}/columns/", f"{HERE}remembered/", f"{HERE}remembered.csv"):
        answer = stranger.get(address)
        assert answer.status_code == 403
        assert "Hosp Case ID" not in answer.text
