"""A centre sends its contract monitoring, sees where it does not add up, mends it, and accepts the total."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, Reviewer
from plenary.spend import queries
from plenary.spend.models import ContractReturn, Return
from tests.factories.collection import END, START
from tests.factories.registry import DesignationFactory
from tests.unit.plenary_episodes.made import NHS

HERE = "/workspace/expenditure/adult-ecmo/RJ1/2025/file/"
LIST = "/workspace/contract-monitoring/"


def totals(amount="150.00", ods="RJ1"):
    text = f"service,centre,month,category,amount_gbp\nadult-ecmo,{ods},2025-06,drugs,{amount}\nadult-ecmo,{ods},2025-06,activity,1000\n"
    return SimpleUploadedFile("totals.csv", text.encode())


def lines(ods="RJ1"):
    text = "record,service,centre,month,category,amount_gbp,nhs_number\n"
    text += f"1,adult-ecmo,{ods},2025-06,drugs,100,{NHS[0]}\n2,adult-ecmo,{ods},2025-06,drugs,50,{NHS[1]}\n"
    return SimpleUploadedFile("lines.csv", text.encode())


@pytest.fixture
def mine(as_, own):
    DesignationFactory(centre=own)
    return as_(CentreDataManager, "adult-ecmo/RJ1")


def send(browser, amount="150.00", **options):
    return browser.post(HERE, {"totals": totals(amount), "lines": lines()}, follow=True, **options)


def test_what_adds_up_is_accepted_and_counts(mine, own):
    page = send(mine)
    made = ContractReturn.objects.get()
    assert page.redirect_chain == [(f"{LIST}{made.pk}/", 302)]
    assert "£1,150.00" in page.text
    assert "Accept the total" in page.text
    assert not Return.objects.exists()
    done = mine.post(f"{LIST}{made.pk}/", follow=True)
    assert done.redirect_chain == [("/workspace/expenditure/?service=adult-ecmo&period=2025", 302)]
    assert "1,150.00" in done.text
    assert "contract monitoring, actual expenditure" in done.text
    assert [one.amount_gbp for one in queries.amounts(own.service, START, END)] == [1150.0]
    text = mine.get(f"{LIST}{made.pk}/").text
    assert "It was accepted" in text
    assert "Not yet possible" not in text


def test_what_does_not_add_up_is_named_and_cannot_be_accepted(mine):
    page = send(mine, "149.00").text
    made = ContractReturn.objects.get()
    assert "The lines of drugs in 2025-06 add up to £150.00, the total says £149.00: £1.00 more." in page
    assert "Send the files again" in page
    assert "Accept the total" not in page
    refused = mine.post(f"{LIST}{made.pk}/").text
    assert not Return.objects.exists()
    assert "to be mended" in refused
    lines_ = mine.get(f"{LIST}{made.pk}/findings.csv").text.splitlines()
    assert lines_[1].startswith("totals.csv,2,amount_gbp,total-differs,")
    send(mine)
    assert ContractReturn.objects.count() == 2


def test_no_identifier_is_kept_or_shown(mine, store, monkeypatch):
    monkeypatch.setenv("PLENARY_EPISODES_KEY", "k" * 40)
    page = send(mine).text
    made = ContractReturn.objects.get()
    kept = f"{made.lines} {made.findings} {made.balances} {made.filenames} {made.digests}"
    for number in NHS[:2]:
        assert number not in page + kept
    assert len({one["person"] for one in made.lines}) == 2
    assert made.lines[0]["person"] not in page
    written = b"".join(path.read_bytes() for path in store.rglob("*") if path.is_file())
    assert NHS[0].encode() not in written
    assert b"2025-06,drugs" not in written


@pytest.mark.parametrize(
    ("sent", "part"),
    [({}, "Choose the file of totals"), ({"totals": SimpleUploadedFile("t.csv", b"a,b\n1,2\n")}, "must have one column service")],
)
def test_a_file_that_cannot_be_read_says_why(mine, sent, part):
    page = mine.post(HERE, sent).text
    assert part in page
    assert not ContractReturn.objects.exists()


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        (CentreLead, "adult-ecmo/RJ1", 200), (NationalCommissioner, "England", 200), (CentreLead, "adult-ecmo/RM2", 404),
        (NetworkLead, "adult-ecmo", 403), (Reviewer, "England", 404),
    ],
)  # fmt: skip
def test_who_opens_a_return(as_, mine, other, role, scope, status):
    send(mine)
    answer = as_(role, scope).get(f"{LIST}{ContractReturn.objects.get().pk}/")
    assert answer.status_code == status
    assert ("1,150.00" in answer.text) is (status == 200)


def test_the_list_shows_ones_own_and_is_filtered(as_, mine, other):
    send(mine, "149.00")
    send(mine)
    text = mine.get(f"{LIST}?state=differs").text
    assert text.count("plenary-rowheader") == 1
    assert "Nothing fits this filter" in mine.get(f"{LIST}?text=nowhere").text
    assert len(mine.get("/workspace/contract-monitoring.csv").text.splitlines()) == 3
    assert "No contract monitoring was sent yet." in as_(CentreLead, "adult-ecmo/RM2").get(LIST).text
    text = as_(NetworkLead, "adult-ecmo").get(LIST).text
    assert "Trust RJ1 (RJ1)" in text
    assert f"{LIST}{ContractReturn.objects.first().pk}/" not in text


def test_three_returns_cost_no_more_look_ups_than_one(mine, django_assert_num_queries):
    send(mine)
    mine.get(LIST)
    with CaptureQueriesContext(connection) as for_one:
        mine.get(LIST)
    once = len(for_one)
    send(mine, "151.00")
    send(mine, "152.00")
    assert ContractReturn.objects.count() == 3
    with django_assert_num_queries(once):
        mine.get(LIST)


def test_the_list_of_expenditure_leads_there(mine):
    assert HERE in mine.get("/workspace/expenditure/?service=adult-ecmo&period=2025").text
