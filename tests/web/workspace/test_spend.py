"""What centres were paid: the list of a network, and entering a year's amount."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.core.permissions import (
    Administrator,
    CentreDataManager,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.spend import actions
from plenary.spend.models import Return
from tests.factories import releases
from tests.factories.collection import END, START, make_centre
from tests.factories.registry import DesignationFactory

LIST = "/workspace/expenditure/?service=adult-ecmo&period=2025"
FILE = "/workspace/expenditure.csv?service=adult-ecmo&period=2025"


def address(ods="RJ1"):
    return f"/workspace/expenditure/adult-ecmo/{ods}/2025/"


@pytest.fixture
def centres(own, other):
    for centre in (own, other):
        DesignationFactory(centre=centre)
    pay(other, 987_654)
    return own, other


def pay(centre, amount):
    return actions.record_return(
        centre=centre, period_start=START, period_end=END, amount_gbp=Decimal(amount), basis="contract", by=releases.COMMISSIONER
    )


# -- entering


@pytest.mark.parametrize("role", [CentreLead, CentreDataManager])
def test_the_centre_enters_its_year(as_, centres, role):
    browser = as_(role, "adult-ecmo/RJ1")
    page = browser.get(LIST).text
    assert "Nothing returned" in page
    assert address() in page
    answer = browser.post(address(), {"amount": "£1,250,000.50", "basis": "contract value"}, follow=True)
    assert "was kept." in answer.text
    assert "1,250,000.50" in answer.text
    made = Return.objects.get(centre=centres[0])
    assert (made.amount_gbp, made.basis, made.recorded_by) == (Decimal("1250000.50"), "contract value", browser.person.pk)


def test_a_correction_keeps_the_earlier_amount(as_, centres):
    browser = as_(CentreLead, "adult-ecmo/RJ1")
    pay(centres[0], 100)
    page = browser.get(address()).text
    assert 'value="100.00"' in page
    browser.post(address(), {"amount": "250", "basis": "actual"})
    assert sorted(Return.objects.filter(centre=centres[0]).values_list("amount_gbp", "current")) == [
        (Decimal("100.00"), False),
        (Decimal("250.00"), True),
    ]


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"amount": "", "basis": "contract"}, "id_amount", "Give the amount in pounds"),
        ({"amount": "much", "basis": "contract"}, "id_amount", "in figures"),
        ({"amount": "-5", "basis": "contract"}, "id_amount", "nought or more"),
        ({"amount": "NaN", "basis": "contract"}, "id_amount", "nought or more"),
        ({"amount": "1e99", "basis": "contract"}, "id_amount", "nought or more"),
        ({"amount": "5", "basis": " "}, "id_basis", "Say what the amount is"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(as_, centres, values, field, said):
    page = as_(CentreLead, "adult-ecmo/RJ1").post(address(), values).text
    assert "<title>Error: " in page
    assert f'href="#{field}"' in page
    assert said in page
    assert not Return.objects.filter(centre=centres[0]).exists()


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (CentreLead, "adult-ecmo/RM9"),
        (CentreDataManager, "lam/RM2"),
        (NetworkLead, "adult-ecmo"),
        (Reviewer, "England"),
        (PatientRepresentative, "adult-ecmo"),
        (Administrator, ""),
        (NationalCommissioner, "Wales"),
    ],
    ids=lambda value: getattr(value, "key", value or "all"),
)
def test_nobody_else_enters_it(as_, centres, role, scope):
    browser = as_(role, scope)
    for send in (browser.get, browser.post):
        answer = send(address("RM2"))
        assert answer.status_code == 403
        assert "987,654" not in answer.text
    assert Return.objects.count() == 1


# -- the list


def test_a_centre_sees_no_other_centres_amount(as_, centres):
    browser = as_(CentreLead, "adult-ecmo/RJ1")
    for page in (browser.get(LIST).text, browser.get(FILE).text):
        assert "RJ1" in page
        assert "987" not in page
        assert "RM2" not in page


@pytest.mark.parametrize(("role", "scope", "may"), [(NetworkLead, "adult-ecmo", False), (NationalCommissioner, "England", True)])
def test_the_network_sees_all_and_the_commissioner_corrects(as_, centres, role, scope, may):
    page = as_(role, scope).get(LIST).text
    assert "987,654.00" in page
    assert "Nothing returned" in page
    assert (address("RM2") in page) is may


def test_it_is_downloaded(as_, centres):
    lines = as_(NetworkLead, "adult-ecmo").get(FILE).text.splitlines()
    assert len(lines) == 3
    assert any("RM2" in line and '"987,654.00",contract' in line for line in lines)


def test_another_period_and_another_service(as_, centres):
    browser = as_(NationalCommissioner, "England")
    assert "987,654" not in browser.get("/workspace/expenditure/?service=adult-ecmo&period=2024").text
    make_centre("lam", "RX1")
    page = browser.get("/workspace/expenditure/?service=lam&period=2025").text
    assert "987,654" not in page
    assert "Choose another service or period." in page


def test_three_centres_cost_no_more_look_ups_than_one(as_, own, django_assert_num_queries):
    browser = as_(NetworkLead, "adult-ecmo")
    DesignationFactory(centre=own)
    pay(own, 5)
    browser.get(LIST)
    with CaptureQueriesContext(connection) as for_one:
        browser.get(LIST)
    for ods in ("RK2", "RK3"):
        centre = make_centre(ods=ods)
        DesignationFactory(centre=centre)
        pay(centre, 7)
    with django_assert_num_queries(len(for_one)):
        assert "RK3" in browser.get(LIST).text
