"""The network's account of its expected cases, loading hospital data, and sending a list."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection.models import ExpectedCase
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, Reviewer
from tests.factories.ascertainment import answer, load, row
from tests.factories.collection import accepted, case, make_centre

PAGE = "/workspace/ascertainment/"
YEAR = "?service=adult-ecmo&period=2025"


@pytest.fixture
def network(own, other):
    accepted(own, *(case(f"A{number}") for number in range(4)))
    return own.service


def sent(content, name="answer.json"):
    return SimpleUploadedFile(name, content)


def test_each_centre_and_all_of_them_with_the_estimate_and_its_caution(as_, network):
    load(
        row("matched", "ann", "A0"), row("matched", "ben", "A1"), row("missing", "cat"), row("review", "dan", "A2"),
        row("missing", "eve", centre="RM2"), row("missing", "fay", centre="RX9"),
    )  # fmt: skip
    lead = as_(NetworkLead, "adult-ecmo")
    page = lead.get(f"{PAGE}{YEAR}").text
    assert "takes the two sources to be independent" in page
    assert "1 more case was treated where there is no centre: RX9 (1)." in page
    assert "how many are in neither cannot be estimated" in page
    lines = lead.get(f"/workspace/ascertainment.csv{YEAR}").text.splitlines()
    assert lines[0].endswith("Centre,Expected,In the series,Explained,In question,Missing,In the series alone,"
                             "Estimated true number,95% interval")  # fmt: skip
    assert lines[1].startswith("All centres,5,2,0,1,2,2,")
    assert lines[2].startswith("Trust RJ1 (RJ1),4,2,0,1,1,2,")
    assert lines[3] == "Trust RM2 (RM2),1,0,0,0,1,0,,"


def test_no_case_is_shown_to_the_network(as_, network):
    load(row("missing", "ann"))
    for browser in (as_(NetworkLead, "adult-ecmo"), as_(NationalCommissioner, "England")):
        page = browser.get(f"{PAGE}{YEAR}").text
        assert "Trust RJ1 (RJ1)" in page
        assert "H-" not in page
        assert "/expected/" not in page


def test_a_centre_sees_its_own_row_and_the_way_to_its_cases(as_, network):
    load(row("missing", "ann"), row("missing", "eve", centre="RM2"))
    page = as_(CentreDataManager, "adult-ecmo/RJ1").get(f"{PAGE}{YEAR}").text
    assert "/workspace/collection/adult-ecmo/RJ1/2025/expected/" in page
    assert "RM2" not in page
    assert "Load hospital data" not in page


def test_before_hospital_data_it_says_so(as_, network):
    assert "No national hospital data are loaded" in as_(NetworkLead, "adult-ecmo").get(f"{PAGE}{YEAR}").text


def test_somebody_of_another_service_sees_nothing_of_it(as_, network):
    make_centre("lam", "RJ1")
    load(row("missing", "ann"))
    page = as_(NetworkLead, "lam").get(f"{PAGE}{YEAR}").text
    assert "Trust RM2" not in page
    assert as_(Reviewer, "England").get(PAGE).status_code == 403


def test_three_centres_cost_no_more_look_ups_than_one(as_, network, django_assert_num_queries):
    load(row("missing", "ann"))
    lead = as_(NetworkLead, "adult-ecmo")
    lead.get(f"{PAGE}{YEAR}")
    with CaptureQueriesContext(connection) as for_two:
        lead.get(f"{PAGE}{YEAR}")
    make_centre("adult-ecmo", "RX1")
    load(row("missing", "ann"), row("missing", "ben"), row("missing", "eve", centre="RX1"))
    with django_assert_num_queries(len(for_two)):
        lead.get(f"{PAGE}{YEAR}")


def test_the_nation_loads_an_answer(as_, network):
    nation = as_(NationalCommissioner, "England")
    content = answer(row("matched", "ann", "A0"), row("missing", "ben"), row("missing", "cat", event_on="2024-01-01"))
    done = nation.post(f"{PAGE}load/", {"period": "2025", "file": sent(content)}, follow=True)
    assert done.redirect_chain == [(f"{PAGE}{YEAR}", 302)]
    assert "3 expected, 1 matched, 0 in question, 1 missing, 1 of other periods." in done.text
    assert ExpectedCase.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "The file is empty"),
        (b"case,nhs_number\nA,9990000018\n", "no answer"),
        (answer(row("missing", "a", service="x")), "no service"),
    ],
)
def test_a_file_that_cannot_be_loaded_says_why_and_keeps_nothing(as_, network, content, part):
    page = as_(NationalCommissioner, "England").post(f"{PAGE}load/", {"period": "2025", "file": sent(content)}).text
    assert part in page
    assert "There is a problem" in page
    assert "9990000018" not in page
    assert not ExpectedCase.objects.exists()


def test_a_commissioner_of_another_nation_loads_nothing_of_this_one(as_, network):
    page = as_(NationalCommissioner, "Wales").post(
        f"{PAGE}load/", {"period": "2025", "file": sent(answer(row("missing", "ann")))}
    )
    assert not ExpectedCase.objects.exists()
    assert "Only the national commissioner loads hospital data" in page.text


@pytest.mark.parametrize(("role", "scope"), [(NetworkLead, "adult-ecmo"), (CentreLead, "adult-ecmo/RJ1")])
def test_nobody_else_opens_the_page_of_the_nation(as_, network, role, scope):
    done = as_(role, scope).post(f"{PAGE}load/", {"period": "2025", "file": sent(answer(row("missing", "ann")))})
    assert done.status_code == 403
    assert not ExpectedCase.objects.exists()


def test_the_network_sends_a_list(as_, network):
    lead = as_(NetworkLead, "adult-ecmo")
    usual = {"service": "adult-ecmo", "period": "2025", "source": "MDT list"}
    content = b"centre,case_id\nRJ1,A0\nRM2,B9\n"
    done = lead.post(f"{PAGE}list/", usual | {"file": sent(content, "mdt.csv")}, follow=True)
    assert "2 cases are newly expected; 0 known already." in done.text
    refused = lead.post(f"{PAGE}list/", usual | {"file": sent(b"centre,case_id\nRX9,B\n", "mdt.csv")}).text
    assert "row 2, centre: &#39;RX9&#39; is no centre" in refused
    assert ExpectedCase.objects.count() == 2


def test_a_network_sends_no_list_of_another(as_, network):
    make_centre("lam", "RJ1")
    usual = {"service": "adult-ecmo", "period": "2025", "source": "MDT list"}
    page = as_(NetworkLead, "lam").post(f"{PAGE}list/", usual | {"file": sent(b"centre,case_id\nRJ1,A\n", "mdt.csv")}).text
    assert "Choose one of the services that you lead" in page
    assert not ExpectedCase.objects.exists()
