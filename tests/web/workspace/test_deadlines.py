"""The way to a deadline on a page, setting it, and which reminders went out."""

import csv
import io
import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection import actions
from plenary.collection.actions.clarifications import ask_query
from plenary.collection.actions.reminders import remind, set_deadline
from plenary.collection.models import Deadline, NoReminders
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, Reviewer
from plenary.core.queries import today
from plenary.core.terms import SYSTEM
from tests.factories import collection as make
from tests.factories.collection import END, START, case, rules
from tests.factories.registry import DesignationFactory

LIST = "/workspace/deadlines/?service=adult-ecmo&period=2025"
SET = "/workspace/deadlines/adult-ecmo/2025/"


def deadline(centre, due_on):
    return set_deadline(
        service=centre.service, period_start=START, period_end=END, due_on=due_on, by=make.network_lead(centre)
    )  # fmt: skip


def rows(browser, more=""):
    answer = browser.get(f"/workspace/deadlines.csv?service=adult-ecmo&period=2025{more}")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


class TestDashboard:
    def test_step_by_step(self, as_, own, other):
        make.signed_off(own, case("A"))
        make.receive(other, case("SECRET", birth_date="01/01/1990"))
        browser = as_(NetworkLead, "adult-ecmo")
        steps = ("Sent", "Checked", "Accepted", "Explained", "Signed off")
        assert [[row[step] for step in steps] for row in rows(browser)] == [["Yes"] * 5, ["Yes", "No", "No", "No", "No"]]
        page = browser.get(LIST).text
        assert "SECRET" not in page
        assert "no deadline is set" in page

    def test_days_left_and_days_late(self, as_, own, other):
        make.signed_off(own, case("A"))
        browser = as_(NetworkLead, "adult-ecmo")
        deadline(own, max(today(), END) + timedelta(days=10))
        left = (Deadline.objects.get().due_on - today()).days
        assert [row["Days left"] for row in rows(browser)] == ["", str(left)]
        assert f"in {left} days" in browser.get(LIST).text
        Deadline.objects.update(due_on=today() - timedelta(days=3))
        assert [row["Days left"] for row in rows(browser)] == ["", "3 days late"]
        assert "3 days ago" in browser.get(LIST).text

    def test_queries_and_missing_cases_stand_in_the_row(self, as_, own):
        ask_query(centre=own, period_start=START, period_end=END, text="Sure?", due_on=today(), by=make.network_lead(own))
        make.accepted(own, case("A"))
        actions.expect_case(
            centre=own, period_start=START, period_end=END, case_id="SECRET", source="MDT", by=make.network_lead(own)
        )  # fmt: skip
        [row] = rows(as_(NationalCommissioner, "England"))
        assert (row["Queries"], row["Explained"], row["Accepted"]) == ("1", "1 case missing", "Yes")

    def test_the_chart_says_in_words_what_it_shows(self, as_, own, other):
        make.signed_off(own, case("A"))
        page = as_(NetworkLead, "adult-ecmo").get(LIST).text
        [description] = re.findall(r"<desc[^>]*>(.*?)</desc>", page)
        assert "1 of 2 centres signed off" in description
        assert "nothing sent: 1" in description

    @pytest.mark.parametrize(
        ("stage", "shown"),
        [("4", ["Trust RJ1 (RJ1)"]), ("0", ["Trust RM2 (RM2)"]), ("9", ["Trust RJ1 (RJ1)", "Trust RM2 (RM2)"])],
    )
    def test_narrowed_by_stage(self, as_, own, other, stage, shown):
        make.signed_off(own, case("A"))
        assert [row["Centre"] for row in rows(as_(NetworkLead, "adult-ecmo"), f"&stage={stage}")] == shown

    def test_a_centre_sees_itself_and_sets_nothing(self, as_, own, other):
        browser = as_(CentreDataManager, own.key)
        assert [row["Centre"] for row in rows(browser)] == ["Trust RJ1 (RJ1)"]
        assert SET not in browser.get(LIST).text
        assert browser.post(SET, {}).status_code == 403

    def test_not_for_others(self, as_, own):
        browser = as_(Reviewer, "England")
        assert browser.get(LIST).status_code == 403
        assert browser.get("/workspace/reminders/").status_code == 403

    def test_as_many_look_ups_for_three_centres_as_for_one(self, as_, own):
        browser, counts = as_(NetworkLead, "adult-ecmo"), []
        for ods in ("RM2", "RM3", "RM4"):
            make.accepted(make.make_centre(ods=ods), case("A", birth_date=f"0{ods[2]}/01/1990"))
            with CaptureQueriesContext(connection) as found:
                browser.get(LIST)
            counts.append(len(found))
        assert len(set(counts)) == 1


class TestSet:
    def test_the_lead_sets_it(self, as_, own):
        browser = as_(NetworkLead, "adult-ecmo")
        page = browser.post(SET, {"due_on_day": "31", "due_on_month": "3", "due_on_year": "2026"}, follow=True)
        assert "The deadline is 31 March 2026." in page.text
        assert Deadline.objects.get().due_on == date(2026, 3, 31)
        assert 'value="31"' in browser.get(SET).text
        assert "31 March 2026" in as_(CentreLead, own.key).get("/workspace/collection/adult-ecmo/RJ1/2025/").text

    @pytest.mark.parametrize(("year", "part"), [("2025", "before the period"), ("", "must include a year")])
    def test_what_is_wrong_is_said_at_the_form(self, as_, own, year, part):
        page = as_(NetworkLead, "adult-ecmo").post(SET, {"due_on_day": "31", "due_on_month": "3", "due_on_year": year})
        assert part in page.text
        assert not Deadline.objects.exists()

    def test_not_for_another_network(self, as_, own):
        assert as_(NetworkLead, "lam").get(SET).status_code == 403
        assert as_(NetworkLead, "adult-ecmo").get("/workspace/deadlines/adult-ecmo/never/").status_code == 404


class TestReminders:
    @pytest.fixture
    def sent(self, as_, own, other):
        rules(before=[7], after=[1])
        for centre in (own, other):
            DesignationFactory(centre=centre)
        mine, theirs = as_(CentreDataManager, own.key, name="Dana Mine"), as_(CentreDataManager, other.key, name="Otto Theirs")
        deadline(own, date(2026, 3, 31))
        remind(on=date(2026, 3, 24), by=SYSTEM)
        return mine, theirs

    def test_what_went_out_to_oneself_and_in_ones_network(self, as_, sent):
        page = sent[0].get("/workspace/reminders/").text
        assert "Dana Mine" in page
        assert "Otto Theirs" not in page
        assert "7 days before" in page
        page = as_(NetworkLead, "adult-ecmo").get("/workspace/reminders.csv").text
        assert "Dana Mine" in page
        assert "Otto Theirs" in page
        assert "Otto" not in as_(NetworkLead, "lam").get("/workspace/reminders/").text

    def test_early_ones_are_declined_and_asked_for_again(self, sent):
        browser = sent[0]
        page = browser.post("/workspace/reminders/choose/", {"early": "no"}, follow=True)
        assert "reminders of the last days only" in page.text
        assert NoReminders.objects.get().person == browser.person.pk
        assert "Send me early reminders again" in page.text
        browser.post("/workspace/reminders/choose/", {"early": "yes"})
        assert not NoReminders.objects.exists()
        assert browser.get("/workspace/reminders/choose/").status_code == 405
