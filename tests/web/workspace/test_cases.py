"""The list of cases, and erasing one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection import actions, queries
from plenary.collection.models import Case, CaseVersion, Submission
from plenary.core import queries as core
from plenary.core.permissions import Administrator, CentreDataManager, CentreLead, NetworkLead
from tests.factories import collection as make
from tests.factories.collection import accepted, case

HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"


@pytest.fixture
def mine(as_, own):
    return as_(CentreDataManager, "adult-ecmo/RJ1")


# -- the list


def test_the_list_holds_the_own_cases_only_and_the_look_is_recorded(mine, own, other):
    accepted(own, case("MINE"))
    accepted(other, case("THEIRS"))
    page = mine.get(f"{HERE}cases/").text
    assert "MINE" in page
    assert "THEIRS" not in page
    event = core.events(verb="read").last()
    assert (event.who, event.subject) == (mine.person.pk, "cases/adult-ecmo/RJ1")
    assert core.event_detail(event)["cases"] == 1


def test_the_list_is_filtered_and_downloaded(mine, own):
    accepted(own, case("A-1"), case("A-2"), case("B-1"))
    assert "B-1" not in mine.get(f"{HERE}cases/?case_id=a-").text
    lines = mine.get(f"{HERE}cases.csv?case_id=A-").text.splitlines()
    assert lines == ["\ufeffCase,Date,Area,Sex,Age", "A-1,15 June 2025,QE1,female,45", "A-2,15 June 2025,QE1,female,45"]


def test_an_empty_list_says_what_to_do(mine, own):
    page = mine.get(f"{HERE}cases/").text
    assert "No case stands for this period." in page
    assert f'<a href="{HERE}upload/">Send the file of cases</a>' in page


def test_three_cases_cost_no_more_look_ups_than_one(mine, own, django_assert_num_queries):
    accepted(own, case("A"))
    mine.get(f"{HERE}cases/")
    with CaptureQueriesContext(connection) as for_one:
        mine.get(f"{HERE}cases/")
    accepted(own, case("A"), case("B"), case("C"))
    with django_assert_num_queries(len(for_one)):
        mine.get(f"{HERE}cases/")


class TestErase:
    """The lead erases a case for a reason; nobody else is asked or may."""

    @pytest.fixture
    def kept(self, own):
        make.accepted(own, make.case("SECRET-1", pf_ratio="7.7"), make.case("A2"))
        return CaseVersion.objects.get(case__case_id="SECRET-1")

    def address(self, number):
        return f"/workspace/collection/adult-ecmo/RJ1/2025/cases/{number}/erase/"

    def test_after_asking(self, as_, kept):
        lead = as_(CentreLead, "adult-ecmo/RJ1")
        assert self.address(kept.pk) in lead.get("/workspace/collection/adult-ecmo/RJ1/2025/cases/").text
        assert "Erase case SECRET-1" in lead.get(self.address(kept.pk)).text
        page = lead.post(self.address(kept.pk), {"reason": " "}).text
        assert "Give the reason" in page
        assert Case.objects.filter(erased=False).count() == 2
        answer = lead.post(self.address(kept.pk), {"reason": "The family asked"}, follow=True)
        assert "Case SECRET-1 was erased" in answer.text
        assert list(queries.visible_to(make.lead(kept.case.centre)).values_list("case_id", flat=True)) == ["A2"]
        assert lead.get(self.address(kept.pk)).status_code == 404
        sent = Submission.objects.get()
        assert "Erased on" in lead.get(f"/workspace/submissions/{sent.pk}/").text

    def test_a_signed_series_is_opened_first(self, as_, kept):
        actions.sign_off_series(
            centre=kept.case.centre, period_start=make.START, period_end=make.END, by=make.lead(kept.case.centre)
        )
        page = as_(CentreLead, "adult-ecmo/RJ1").post(self.address(kept.pk), {"reason": "The family asked"}).text
        assert "Ask the network lead to reopen it first." in page
        assert "The family asked" in page
        assert not Case.objects.filter(erased=True).exists()

    @pytest.mark.parametrize(
        ("role", "scope"),
        [(CentreDataManager, "adult-ecmo/RJ1"), (CentreLead, "adult-ecmo/RM2"), (NetworkLead, "adult-ecmo"), (Administrator, "")],
        ids=lambda value: getattr(value, "key", value or "all"),
    )
    def test_nobody_else(self, as_, kept, other, role, scope):
        browser = as_(role, scope)
        for send in (browser.get, browser.post):
            answer = send(self.address(kept.pk))
            assert answer.status_code == 403
            assert "SECRET-1" not in answer.text, "and no two letters of a nonce are taken for it"
        assert not Case.objects.filter(erased=True).exists()

    def test_the_manager_is_not_offered_it(self, as_, kept):
        assert (
            "erase/" not in as_(CentreDataManager, "adult-ecmo/RJ1").get("/workspace/collection/adult-ecmo/RJ1/2025/cases/").text
        )
