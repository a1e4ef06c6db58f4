"""Queries on pages: the network asks, the centre answers, both see what is late, and nobody else sees anything."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection.actions.clarifications import ask_query
from plenary.collection.models import DataQuery, QueryMessage
from plenary.collection.terms import QueryState
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, Reviewer
from plenary.core.queries import today
from tests.factories import collection as make
from tests.factories.collection import END, START

LIST = "/workspace/queries/"


def put(centre, text="Is the ratio in kPa?", **values):
    usual = {"due_on": today() + timedelta(days=7), "case_id": "", "field": ""}
    return ask_query(
        centre=centre, period_start=START, period_end=END, text=text, **(usual | values), by=make.network_lead(centre)
    )  # fmt: skip


@pytest.fixture
def asked(own):
    return put(own)


@pytest.fixture
def theirs(other):
    return put(other, "What of secret?", case_id="SECRET-7")


def at(query, rest=""):
    return f"{LIST}{query.pk}/{rest}"


class TestWho:
    @pytest.mark.parametrize(
        ("role", "scope"),
        [(CentreDataManager, "adult-ecmo/RJ1"), (NetworkLead, "adult-ecmo"), (NationalCommissioner, "England")],
    )
    def test_the_centre_and_its_network_read(self, as_, asked, role, scope):
        browser = as_(role, scope)
        assert "Is the ratio in kPa?" in browser.get(LIST).text
        assert "Is the ratio in kPa?" in browser.get(at(asked)).text

    @pytest.mark.parametrize(("role", "scope"), [(CentreLead, "adult-ecmo/RJ1"), (NetworkLead, "lam")])
    def test_another_centres_does_not_show(self, as_, asked, theirs, role, scope):
        browser = as_(role, scope)
        for address in (LIST, "/workspace/queries.csv", "/workspace/"):
            assert "secret" not in browser.get(address).text.casefold()
        for rest in ("", "close/"):
            answer = browser.post(at(theirs, rest), {"text": "Hm."})
            assert (answer.status_code, "secret" in answer.text.casefold()) == (404, False)
        assert QueryMessage.objects.count() == 2

    def test_nobody_else(self, as_, asked):
        browser = as_(Reviewer, "England")
        assert browser.get(LIST).status_code == 403
        assert browser.get(at(asked)).status_code in {403, 404}

    def test_a_centre_does_not_ask_and_does_not_close(self, as_, asked):
        browser = as_(CentreDataManager, "adult-ecmo/RJ1")
        assert browser.get(f"{LIST}ask/").status_code == 403
        assert browser.post(at(asked, "close/")).status_code == 403
        assert "Close the query" not in browser.get(at(asked)).text
        asked.refresh_from_db()
        assert asked.state == QueryState.OPEN


class TestAsk:
    def send(self, browser, **values):
        due = today() + timedelta(days=7)
        usual = {"centre": "adult-ecmo/RJ1", "period": "2025", "text": "Sure?", "due_on_day": due.day, "due_on_month": due.month}
        return browser.post(f"{LIST}ask/", usual | {"due_on_year": due.year} | values, follow=True)

    def test_a_lead_asks_a_centre(self, as_, own):
        page = self.send(as_(NetworkLead, "adult-ecmo"), field="pf_ratio")
        made = DataQuery.objects.get()
        assert page.redirect_chain == [(at(made), 302)]
        assert (made.centre, made.period_start, made.field) == (own, START, "pf_ratio")
        assert "is asked. The answer is due by" in page.text

    @pytest.mark.parametrize(
        ("values", "part"),
        [
            ({"text": ""}, "Say what you want to know"),
            ({"centre": ""}, "Choose a centre"),
            ({"centre": "lam/RX1"}, "Select a valid choice"),
            ({"due_on_year": "2020"}, "lies in the past"),
            ({"due_on_day": ""}, "must include a day"),
            ({"text": "Is it 9434765919?"}, "hold an NHS number"),
        ],
    )
    def test_what_is_wrong_is_said_at_the_form(self, as_, own, values, part):
        make.make_centre("lam", "RX1")
        page = self.send(as_(NetworkLead, "adult-ecmo"), **values)
        assert part in page.text
        assert "<title>Error: " in page.text
        assert not DataQuery.objects.exists()


class TestThread:
    def test_question_answer_closed(self, as_, asked):
        centre, network = as_(CentreDataManager, "adult-ecmo/RJ1"), as_(NetworkLead, "adult-ecmo", name="Nat Work")
        assert f"Query {asked.pk}" in centre.get("/workspace/").text
        assert "Not answered" in centre.get(LIST).text
        page = centre.post(at(asked), {"text": "In kPa."}, follow=True)
        assert "In kPa." in page.text
        assert f"Query {asked.pk}" not in centre.get("/workspace/").text
        assert "read and close it" in network.get("/workspace/").text
        assert "Close the query" in network.get(at(asked)).text
        page = network.post(at(asked, "close/"), follow=True)
        assert "The query is closed." in page.text
        assert "Your message" not in page.text

    def test_an_empty_message_is_refused_with_words(self, as_, asked):
        assert "Write your message" in as_(CentreDataManager, "adult-ecmo/RJ1").post(at(asked), {"text": " "}).text

    def test_on_the_centres_page(self, as_, asked):
        assert "1 not answered" in as_(CentreDataManager, "adult-ecmo/RJ1").get("/workspace/collection/adult-ecmo/RJ1/2025/").text


class TestList:
    @pytest.fixture
    def several(self, own, other, asked):
        late = put(other, "Late one?")
        DataQuery.objects.filter(pk=late.pk).update(due_on=today() - timedelta(days=1))
        return late

    @pytest.mark.parametrize(
        ("query", "shown", "hidden"),
        [
            ("state=late", "Late one?", "kPa"),
            ("state=closed", "Nothing fits this filter", "kPa"),
            ("state=open", "kPa", "Nothing fits"),
            ("text=kpa", "kPa", "Late one?"),
            ("text=RM2", "Late one?", "kPa"),
            ("service=adult-ecmo", "kPa", "Nothing fits"),
        ],
    )
    def test_it_is_narrowed(self, as_, several, query, shown, hidden):
        page = as_(NetworkLead, "adult-ecmo").get(f"{LIST}?{query}").text
        main = page[page.index("Filter the list") :].partition("</form>")[2]
        assert shown in main
        assert hidden not in main

    def test_the_file_has_the_whole_question(self, as_, own):
        put(own, "Why? " * 60)
        answer = as_(NetworkLead, "adult-ecmo").get("/workspace/queries.csv")
        [_, row] = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert row[0].count("Why?") == 60
        assert answer["Content-Disposition"] == 'attachment; filename="queries.csv"'

    def test_empty_it_says_what_to_do(self, as_, own):
        assert "Ask a centre" in as_(NetworkLead, "adult-ecmo").get(LIST).text
        assert "Nothing is asked of your centres." in as_(CentreDataManager, "adult-ecmo/RJ1").get(LIST).text

    def test_as_many_look_ups_for_three_as_for_one(self, as_, own):
        browser, counts = as_(NetworkLead, "adult-ecmo"), []
        for _ in range(3):
            put(own)
            with CaptureQueriesContext(connection) as found:
                browser.get(LIST)
            counts.append(len(found))
        assert counts[0] == counts[2]
