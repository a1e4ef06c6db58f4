"""Findings, differences, and deciding about a file."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection import actions, queries
from plenary.core import queries as core
from plenary.core.permissions import CentreDataManager, CentreLead
from plenary.core.terms import SYSTEM
from plenary.web.workspace import pages
from tests.factories.collection import END, START, accepted, case, case_file, lead, manager, receive, signed_off


@pytest.fixture
def mine(as_, own):
    return as_(CentreDataManager, "adult-ecmo/RJ1")


def checked(centre, *cases, **options):
    made = receive(centre, *cases, **options)
    return actions.check(submission_id=made.pk, by=SYSTEM)


def url(submission, rest=""):
    return f"/workspace/submissions/{submission.pk}/{rest}"


BAD = (case("A", sex="neither"), case("B", birth_date="01/02/91"), case("C"))


def test_every_finding_is_shown_with_its_remedy(mine, own):
    made = checked(own, *BAD)
    page = mine.get(url(made)).text
    for finding in queries.open_findings(manager(own), made):
        assert finding.remedy.replace("'", "&#39;") in page
    assert "Mend 1 finding and send the file again" in page
    assert "accept/" not in page


def test_the_filter_narrows_and_the_download_follows_it(mine, own):
    made = checked(own, *BAD)
    kinds = {found.severity for found in queries.open_findings(manager(own), made)}
    assert kinds == {"blocking", "warning"}
    page = mine.get(url(made, "?severity=warning"))
    assert "Not one of" not in page.text
    assert ">sex<" in page.text.replace('value="sex"', "")  # offered in the filter, absent from the rows
    rows = list(csv.reader(io.StringIO(mine.get(url(made, "findings.csv?severity=warning")).text)))
    assert [row[1:3] for row in rows[1:]] == [["birth_date", "Warning"]]
    assert "Nothing fits this filter." in mine.get(url(made, "?text=nowhere")).text


def test_a_download_is_harmless_in_a_spreadsheet(mine, own):
    content = case_file(case("A")).replace(b"nhs_number", b"@danger")
    options = {"centre": own, "period_start": START, "period_end": END, "filename": "cases.csv"}
    made = actions.receive(**options, content=content, by=manager(own))
    actions.check(submission_id=made.pk, by=SYSTEM)
    assert "@danger" in {found.field for found in queries.open_findings(manager(own), queries.submission(made.pk))}
    text = mine.get(url(made, "findings.csv")).text
    assert "'@danger" in text
    assert ",@danger" not in text


def test_what_a_file_holds_is_shown_and_not_run(mine, own):
    made = checked(own, case("A", sex="<script>alert(1)</script>"))
    page = mine.get(url(made)).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_long_list_comes_page_by_page(mine, own, monkeypatch):
    monkeypatch.setattr(pages, "SIZE", 2)
    made = checked(own, *(case(f"A{number}", sex="x") for number in range(5)))
    first = mine.get(url(made)).text
    assert first.count("plenary-rowheader") == 2
    assert "?page=2" in first
    assert mine.get(url(made, "?page=3")).text.count("plenary-rowheader") == 1
    assert len(mine.get(url(made, "findings.csv")).text.splitlines()) == 6


def test_three_findings_cost_no_more_look_ups_than_one(mine, own, django_assert_num_queries):
    one, three = checked(own, case("A", sex="x")), checked(own, *(case(f"A{number}", sex="x") for number in range(3)))
    mine.get(url(one))
    with CaptureQueriesContext(connection) as for_one:
        mine.get(url(one))
    with django_assert_num_queries(len(for_one)):
        mine.get(url(three))


# -- deciding


def test_a_sound_file_is_accepted_and_its_cases_stand(mine, own):
    made = checked(own, case("A"), case("B"))
    assert "Nothing blocks this file" in mine.get(url(made)).text
    answer = mine.post(url(made, "accept/"), follow=True)
    assert answer.redirect_chain == [("/workspace/collection/adult-ecmo/RJ1/2025/", 302)]
    assert "cases.csv was accepted: 2 cases." in answer.text
    assert queries.visible_to(manager(own)).count() == 2


def test_a_blocked_file_is_not_accepted_even_when_asked(mine, own):
    made = checked(own, *BAD)
    answer = mine.post(url(made, "accept/"), follow=True)
    assert "must be mended before the cases can be accepted" in answer.text
    assert not queries.visible_to(manager(own)).exists()


def test_what_is_signed_off_is_not_changed_by_a_new_file(mine, own):
    signed_off(own, case("A"))
    made = checked(own, case("A"), case("B"))
    answer = mine.post(url(made, "accept/"), follow=True)
    assert "Ask the network lead to reopen it first." in answer.text
    assert queries.visible_to(manager(own)).count() == 1


@pytest.mark.parametrize("rest", ["accept/", "check/"])
def test_a_link_alone_decides_nothing(mine, own, rest):
    made = checked(own, case("A"))
    assert mine.get(url(made, rest)).status_code == 405
    made.refresh_from_db()
    assert made.state == "checked"


def test_a_file_is_set_aside_with_a_reason_only(mine, own):
    made = checked(own, case("A"))
    page = mine.post(url(made, "refuse/"), {"reason": "  "}).text
    assert "Error: Set this file aside" in page
    assert page.count("Give the reason") == 2
    answer = mine.post(url(made, "refuse/"), {"reason": "last year's file"}, follow=True)
    assert "was set aside" in answer.text
    made.refresh_from_db()
    assert made.state == "refused"
    again = mine.post(url(made, "refuse/"), {"reason": "once more"})
    assert "This submission is refused: it cannot become refused." in again.text
    assert "once more" in again.text


# -- differences


def test_the_changes_are_shown_case_by_case_and_the_look_is_recorded(as_, own):
    mine = as_(CentreLead, "adult-ecmo/RJ1")
    accepted(own, case("STAYS"), case("GOES"), case("CHANGES", pf_ratio="9"))
    made = checked(own, case("STAYS"), case("CHANGES", pf_ratio="11"), case("COMES"))
    assert url(made, "changes/") in mine.get(url(made)).text
    before = core.events(verb="read").count()
    rows = list(csv.reader(io.StringIO(mine.get(url(made, "changes.csv")).text)))[1:]
    assert rows == [
        ["CHANGES", "Changed", "pf_ratio", "9", "11"],
        ["COMES", "New case", "", "", ""],
        ["GOES", "No longer sent", "", "", ""],
    ]
    page = mine.get(url(made, "changes/?kind=added")).text
    assert "COMES" in page
    assert "GOES" not in page
    assert core.events(verb="read").count() == before + 2


def test_an_accepted_file_still_says_what_it_changed(mine, own):
    accepted(own, case("A"))
    second = accepted(own, case("A"), case("B"))
    assert "New case" in mine.get(url(second, "changes/")).text


def test_the_first_file_has_nothing_to_compare_with(mine, own):
    made = checked(own, case("A"))
    assert "changes/" not in mine.get(url(made)).text
    assert mine.get(url(made, "changes/")).status_code == 404


def test_other_bytes_with_the_same_cases_change_nothing(mine, own):
    accepted(own, case("A"), case("B"))
    made = checked(own, case("B"), case("A"))
    assert "Both files hold the same cases" in mine.get(url(made, "changes/")).text


def test_a_file_that_brings_an_erased_case_back_is_refused_and_says_which_row(as_, own, other):
    accepted(own, case("A1"))
    actions.erase_case(centre=own, case_id="A1", reason="request", by=lead(own))
    browser = as_(CentreDataManager, own.key)
    sent = receive(own, case("A2"), case("A1", pf_ratio="8.88"))
    page = browser.post(f"/workspace/submissions/{sent.pk}/check/", follow=True).text
    assert "Set aside" in page
    assert "Case A1 was erased and must not come back." in page
    assert "Delete this row and send the file anew" in page
    assert "Erased on" in page
    assert f"/workspace/submissions/{sent.pk}/accept/" not in page
    rows = browser.get(f"/workspace/submissions/{sent.pk}/findings.csv").text.splitlines()
    assert rows[1].startswith("3,case_id,Blocking,")
    assert "8.88" not in page + "".join(rows)
    elsewhere = as_(CentreDataManager, other.key).get(f"/workspace/submissions/{sent.pk}/")
    assert (elsewhere.status_code, "A1" in elsewhere.text) == (403, False)
