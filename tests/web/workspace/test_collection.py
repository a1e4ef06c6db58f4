"""How far a centre has come, and sending a file."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from plenary.collection import actions, queries
from plenary.collection.terms import Progress, SeriesState
from plenary.core.permissions import CentreDataManager, CentreLead, NetworkLead
from plenary.core.terms import SYSTEM
from plenary.web import uploads
from plenary.web.workspace import collection
from tests.factories.collection import END, START, accepted, case, case_file, lead, make_centre, manager, receive, signed_off
from tests.factories.core import PersonFactory, PostFactory, make_who
from tests.factories.files import HOSTILE, SMALL_AREA, defects
from tests.factories.registry import CentreFactory

HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"


@pytest.fixture
def mine(as_, own):
    return as_(CentreDataManager, "adult-ecmo/RJ1")


def sent(*cases, name="cases.csv"):
    return {"file": SimpleUploadedFile(name, case_file(*cases))}


# -- what comes next


def progress(**values):
    usual = {"centre": "adult-ecmo/RJ1", "centre_name": "Trust", "service": "adult-ecmo", "submission": "", "blocking": 0}
    return Progress(**(usual | {"cases": 0, "expected": 0, "missing": 0, "series": SeriesState.OPEN} | values))


@pytest.mark.parametrize(
    ("stands", "text", "route"),
    [
        ({}, "Send the cases", "upload"),
        ({"submission": "received"}, "Wait for the check", ""),
        ({"submission": "checked", "blocking": 1}, "Mend 1 finding", ""),
        ({"submission": "checked", "blocking": 12}, "Mend 12 findings", ""),
        ({"submission": "checked"}, "Accept the file", ""),
        ({"submission": "refused"}, "Send the cases", "upload"),
        ({"submission": "accepted", "cases": 3, "missing": 2}, "Explain 2 missing cases", "expected"),
        ({"submission": "accepted", "cases": 3}, "Sign off", "sign_off"),
        ({"submission": "accepted"}, "Sign off", "sign_off"),
        ({"cases": 1}, "Sign off", "sign_off"),
        ({"cases": 1, "series": SeriesState.SIGNED_OFF}, "Nothing: signed off", "series"),
    ],
)
def test_the_next_step_follows_from_where_the_centre_stands(stands, text, route):
    assert collection.next_step(progress(**stands)) == (text, route)


def lead_of(centre, name, email):
    PostFactory(person=PersonFactory(name=name, email=email), role=CentreLead.key, scope=centre.key)


@pytest.mark.django_db
def test_the_page_of_a_period_leads_to_the_next_step(mine, own):
    assert f'href="{HERE}upload/">Send the cases</a>' in mine.get(HERE).text
    submission = receive(own, case("A"))
    assert f'href="/workspace/submissions/{submission.pk}/">Wait for the check</a>' in mine.get(HERE).text
    actions.check(submission_id=submission.pk, by=SYSTEM)
    assert f'href="/workspace/submissions/{submission.pk}/">Accept the file</a>' in mine.get(HERE).text
    actions.accept(submission_id=submission.pk, by=manager(own))
    assert "Ask the centre&#39;s lead to sign off: there is none yet" in mine.get(HERE).text
    lead_of(own, "Lee Lead", "lee@example.org")
    lead_of(CentreFactory(service=own.service, ods="RM2"), "Other Lead", "other@example.org")
    page = mine.get(HERE).text
    assert "sign off: Lee Lead (lee@example.org)" in page
    assert "other@example.org" not in page


def test_the_lead_is_led_to_the_sign_off(as_, own):
    accepted(own, case("A"))
    page = as_(CentreLead, "adult-ecmo/RJ1").get(HERE).text
    assert f'href="{HERE}sign-off/">Sign off</a>' in page


def test_a_signed_period_says_so_and_offers_no_change(as_, own):
    signed_off(own, case("A"))
    page = as_(CentreLead, "adult-ecmo/RJ1").get(HERE).text
    assert "Nothing: signed off" in page
    assert "Signed off " in page
    assert "upload/" not in page


def test_a_keyed_case_does_not_stand_in_for_the_file_that_waits(mine, own):
    waiting = receive(own, case("A"))
    values = case("B")
    actions.key_case(centre=own, period_start=START, period_end=END, values=values, by=manager(own))
    assert f'href="/workspace/submissions/{waiting.pk}/">Wait for the check</a>' in mine.get(HERE).text


def test_the_page_says_what_was_sent(mine, own):
    receive(own, case("A", sex="neither"), filename="first.csv")
    actions.check(submission_id=queries.submissions(manager(own)).get().pk, by=SYSTEM)
    page = mine.get(HERE).text
    assert "first.csv" in page
    assert "1 blocking finding" in page


# -- the list


@pytest.mark.parametrize("role", [NetworkLead, CentreLead])
def test_three_centres_cost_no_more_look_ups_than_one(as_, own, role, django_assert_num_queries):
    scope = "adult-ecmo" if role is NetworkLead else "adult-ecmo/RJ1"
    mine = as_(role, scope)
    accepted(own, case("A"))
    mine.get("/workspace/collection/?period=2025")
    with CaptureQueriesContext(connection) as for_one:
        mine.get("/workspace/collection/?period=2025")
    for ods in ("RM2", "RM3"):
        accepted(make_centre("adult-ecmo", ods), case("B"))
    with django_assert_num_queries(len(for_one)):
        mine.get("/workspace/collection/?period=2025")


def test_the_filter_chooses_the_period_and_the_download_follows_it(mine, own):
    signed_off(own, case("A"))
    page = mine.get("/workspace/collection/?period=2025").text
    assert "Signed off" in page
    assert "collection.csv?period=2025" in page
    lines = mine.get("/workspace/collection.csv?period=2025").text.splitlines()
    assert lines[0] == "\ufeffCentre,File,Cases,Expected,Not explained,Case series,Next"
    assert lines[1] == "Trust RJ1 (RJ1),Accepted,1,0,0,Signed off,Nothing: signed off"
    assert "Open" in mine.get("/workspace/collection.csv?period=2024").text


def test_a_filter_that_means_nothing_falls_back(mine):
    assert "Trust RJ1" in mine.get("/workspace/collection/?period=1&service=none").text


def test_somebody_whose_service_is_unknown_is_told_what_to_do(as_, db):
    page = as_(NetworkLead, "no-such-service").get("/workspace/collection/")
    assert page.status_code == 200
    assert "Ask the administrator to appoint you." in page.text


def test_the_network_lead_may_open_a_signed_series_again(as_, own):
    signed_off(own, case("A"))
    assert f"{HERE}reopen/" in as_(NetworkLead, "adult-ecmo").get("/workspace/collection/?period=2025").text
    assert f"{HERE}reopen/" not in as_(CentreLead, "adult-ecmo/RJ1").get("/workspace/collection/?period=2025").text


@pytest.mark.django_db
def test_services_that_are_followed():
    CentreFactory(service__slug="adult-ecmo")
    CentreFactory(service__slug="heart-transplant")
    slugs = [one.slug for one in collection.followed_services(make_who(CentreLead, "adult-ecmo/RJ1"))]
    assert slugs == ["adult-ecmo"]


# -- sending


def test_a_file_is_checked_at_once_and_leads_to_its_findings(mine, own):
    answer = mine.post(f"{HERE}upload/", sent(case("A"), case("B")), follow=True)
    [(address, status)] = answer.redirect_chain
    assert (status, address) == (302, f"/workspace/submissions/{queries.submissions(manager(own)).get().pk}/")
    assert "cases.csv was received." in answer.text
    assert "Accept 2 cases" in answer.text
    assert "Refresh" not in answer.headers


def test_a_large_file_waits_for_its_check_and_the_page_looks_again(mine, own, monkeypatch):
    monkeypatch.setattr(collection, "AT_ONCE", 10)
    answer = mine.post(f"{HERE}upload/", sent(case("A")), follow=True)
    assert answer.headers["Refresh"] == "5"
    assert "The file is being checked" in answer.text
    submission = queries.submissions(manager(own)).get()
    assert "Refresh" not in mine.get(f"/workspace/submissions/{submission.pk}/?still=yes").headers
    checked = mine.post(f"/workspace/submissions/{submission.pk}/check/", follow=True)
    assert "Accept 1 case<" in checked.text
    assert "Refresh" not in checked.headers


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "Choose the file that holds the cases"),
        ({"file": SimpleUploadedFile("cases.csv", b"")}, "The file is empty."),
        ({"file": SimpleUploadedFile("cases.pdf", b"%PDF")}, "cases.pdf is neither CSV, XLSX nor a FHIR bundle (JSON)."),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_at_the_field(mine, own, files, said):
    for one in files.values():
        one.seek(0)
    page = mine.post(f"{HERE}upload/", files).text
    assert "<title>Error: Send a file of cases – Collection – Plenary</title>" in page
    assert page.count(said) == 2
    assert 'href="#id_file"' in page
    assert not queries.submissions(manager(own)).exists()


@pytest.mark.slow
def test_every_file_with_a_defect_is_answered_and_no_row_is_lost(mine, own):
    for defect in defects():
        answer = mine.post(f"{HERE}upload/", {"file": SimpleUploadedFile(defect.name, defect.content)}, follow=True)
        assert answer.status_code == 200, defect.name
        submission = queries.submissions(manager(own)).first()
        assert submission.filename == defect.name
        assert bool(submission.blocking) == defect.blocked, defect.name
        found = {f"{one.severity} {one.rule} {one.row} {one.field}".rstrip() for one in actions_found(own, submission)}
        assert {one for one in defect.findings if one.startswith("blocking")} <= found, defect.name
        mine.post(f"/workspace/submissions/{submission.pk}/accept/")
        submission.refresh_from_db()
        kept = queries.current_versions(manager(own)).filter(submission=submission).count()
        assert kept == defect.cases, defect.name
        assert submission.state == ("checked" if defect.blocked else "accepted"), defect.name


def actions_found(own, submission):
    return queries.open_findings(manager(own), submission)


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.endswith((".csv", ".xlsx"))])
def test_what_does_harm_is_a_finding_and_nothing_else(mine, own, name, monkeypatch):
    monkeypatch.setattr("plenary_stats.ingest.workbooks.AREA", SMALL_AREA)
    monkeypatch.setattr(collection, "AT_ONCE", 10_000_000)
    make, words = HOSTILE[name]
    answer = mine.post(f"{HERE}upload/", {"file": SimpleUploadedFile(name, make())}, follow=True)
    assert answer.status_code == 200
    assert "Mend 1 finding and send the file again" in answer.text
    [finding] = queries.open_findings(manager(own), queries.submissions(manager(own)).get())
    assert words in finding.message


@pytest.mark.parametrize("name", [name for name in HOSTILE if not name.endswith((".csv", ".xlsx"))])
def test_what_has_another_name_is_not_received(mine, own, name):
    make, _ = HOSTILE[name]
    page = mine.post(f"{HERE}upload/", {"file": SimpleUploadedFile(name, make())}).text
    assert f"{name} is neither CSV, XLSX nor a FHIR bundle" in page
    assert not queries.submissions(manager(own)).exists()


def test_a_file_beyond_the_limit_is_stopped_on_its_way(mine, own, monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST", 1000)
    page = mine.post(f"{HERE}upload/", {"file": SimpleUploadedFile("cases.csv", b"x" * 2000)}).text
    assert page.count("cases.csv is larger than 50 MB.") == 2
    assert "Choose the file" not in page
    assert not queries.submissions(manager(own)).exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bundle.json", b'{"resourceType": "QuestionnaireResponse", "status": "completed", "item": [%s]}'
         % b", ".join(b'{"linkId": "%s", "answer": [{"valueString": "%s"}]}' % (key.encode(), value.encode())
                      for key, value in case("A1").items() if value)),
        ("redcap.csv", b"record_id,redcap_event_name,sex,admitted_on,status\nA1,base,female,2025-06-15,\nA1,end,,,alive\n"),
    ],
)  # fmt: skip
def test_exports_of_other_systems_become_cases(mine, own, name, content):
    mine.post(f"{HERE}upload/", {"file": SimpleUploadedFile(name, content)})
    submission = queries.submissions(manager(own)).get()
    assert (submission.blocking, submission.cases) == (0, 1)
    mine.post(f"/workspace/submissions/{submission.pk}/accept/")
    [version] = queries.current_versions(manager(own))
    assert (version.case.case_id, version.payload["status"]) == ("A1", "alive")


def test_a_case_that_would_be_a_formula_is_defused_when_it_is_downloaded(mine, own):
    content = case_file(case("+cmd|' /C calc'!A0"), case("@SUM(1)"))
    mine.post(f"{HERE}upload/", {"file": SimpleUploadedFile("cases.csv", content)})
    submission = queries.submissions(manager(own)).get()
    mine.post(f"/workspace/submissions/{submission.pk}/accept/")
    text = mine.get(f"{HERE}cases.csv").text
    assert "cmd|" in text
    assert not [cell for line in text.lstrip("\ufeff").splitlines() for cell in line.split(",") if cell[:1] in ("+", "@", "=")]


def test_a_service_without_a_data_set_says_so(as_, db):
    CentreFactory(service__slug="new-service", ods="RJ1")
    mine = as_(CentreLead, "new-service/RJ1")
    page = mine.post("/workspace/collection/new-service/RJ1/2025/upload/", sent(case("A"))).text
    assert page.count("has no agreed data set yet") == 2


def test_an_unreadable_file_is_a_finding(mine, own):
    answer = mine.post(f"{HERE}upload/", {"file": SimpleUploadedFile("cases.xlsx", b"PK\x03\x04 no workbook")}, follow=True)
    assert "Mend 1 finding and send the file again" in answer.text
    assert "Save the file again as CSV UTF-8 or XLSX" in answer.text


def test_the_headings_are_those_of_the_data_set(mine, own):
    text = mine.get(f"{HERE}headings.csv").text
    assert text.strip("\ufeff\n").split(",")[:3] == ["centre", "case_id", "nhs_number"]


def test_a_form_without_its_token_is_refused(own, as_):
    mine = as_(CentreLead, "adult-ecmo/RJ1")
    mine.handler.enforce_csrf_checks = True
    assert mine.post(f"{HERE}upload/", sent(case("A"))).status_code == 403
    assert not queries.submissions(lead(own)).exists()


def test_what_belongs_to_collecting_is_a_link_away(as_, own):
    page = as_(CentreDataManager, own.key).get("/workspace/collection/").text
    for name in ("deadlines", "data_queries", "ascertainment", "follow_up", "shared_patients", "confirmations"):
        assert f'href="{reverse(name)}"' in page
