"""Pages of follow-up: who is overdue, one patient, many at once on a page and in a file."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection.actions import follow_up as actions
from plenary.collection.models import Case, FollowUp
from plenary.collection.terms import Report
from plenary.core import queries as core
from plenary.core.permissions import CentreDataManager, NationalCommissioner, NetworkLead
from tests.factories import collection as make
from tests.factories.collection import accepted, case, manager

TOP = "/workspace/follow-up/"
HERE = f"{TOP}adult-ecmo/RJ1/"


@pytest.fixture(autouse=True)
def in_force(db):
    make.shipped("follow-up")


@pytest.fixture
def mine(as_, own):
    return as_(CentreDataManager, "adult-ecmo/RJ1")


def long_ago(centre, *case_ids):
    """Cases whose whole schedule lies in the past."""
    return accepted(
        centre,
        *(case(name, admitted_on="15/06/2015", birth_date="02/03/1970") for name in case_ids),
        start=date(2015, 1, 1),
        end=date(2016, 1, 1),
    )


def number(case_id):
    return Case.objects.get(case_id=case_id).pk


SAID = {
    "seen_on_day": "1", "seen_on_month": "2", "seen_on_year": "2016", "status": "alive", "source": "gp",
    "died_on_day": "", "died_on_month": "", "died_on_year": "",
}  # fmt: skip


def test_the_overdue_are_listed_first_and_the_look_is_recorded(mine, own, other):
    long_ago(own, "LATE")
    day = core.today() - timedelta(days=1)
    new = case("NEW", admitted_on=f"{day:%d/%m/%Y}")
    accepted(own, new, start=date(day.year, 1, 1), end=date(day.year + 1, 1, 1))
    long_ago(other, "THEIRS")
    page = mine.get(HERE).text
    assert "1 patient is overdue" in page
    assert page.index(">LATE<") < page.index(">NEW<")
    assert "THEIRS" not in page
    assert core.events(verb="read").last().subject == "cases/adult-ecmo/RJ1"
    page = mine.get(f"{HERE}?state=overdue").text
    assert ">NEW<" not in page


def test_the_download_has_the_columns_to_fill_in(mine, own):
    long_ago(own, "LATE")
    lines = mine.get(f"{HERE}patients.csv").text.splitlines()
    assert lines[0] == "\ufeffcase_id,seen_on,status,source,died_on,case_date,last_seen_on,last_status,due_on,state"
    assert lines[1] == "LATE,,,,,15/06/2015,,Not known,15/06/2016,Overdue"


def test_three_patients_cost_no_more_look_ups_than_one(mine, own, django_assert_num_queries):
    long_ago(own, "A")
    mine.get(HERE)
    with CaptureQueriesContext(connection) as for_one:
        mine.get(HERE)
    count = len(for_one)
    long_ago(own, "A", "B", "C")
    with django_assert_num_queries(count):
        mine.get(HERE)


def test_the_network_sees_numbers_and_no_patient(as_, own, other):
    long_ago(own, "SECRET-1")
    long_ago(other, "SECRET-2", "SECRET-3")
    for role, scope in ((NetworkLead, "adult-ecmo"), (NationalCommissioner, "England")):
        browser = as_(role, scope)
        lines = browser.get(f"{TOP[:-1]}.csv?service=adult-ecmo").text.splitlines()
        assert lines[0] == "\ufeffCentre,Overdue,Due,Later,Nothing due"
        assert sorted(line.rsplit(",", 4)[1] for line in lines[1:]) == ["1", "2"]
        assert "SECRET" not in browser.get(TOP).text
        assert browser.get(HERE).status_code == 403
        assert browser.get(f"{HERE}cases/{number('SECRET-1')}/").status_code == 403


def test_one_patient_is_reported_and_the_history_grows(mine, own):
    long_ago(own, "A")
    at = f"{HERE}cases/{number('A')}/"
    assert "Nothing was reported besides the case itself." in mine.get(at).text
    page = mine.post(at, SAID, follow=True).text
    assert "The follow-up of case A was kept." in page
    assert "General practice" in page
    assert "1 February 2016" in page


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"status": ""}, "Say how the patient was"),
        ({"seen_on_day": ""}, "must include a day"),
        ({"status": "dead"}, "Give the date of death."),
        ({"seen_on_year": "2014"}, "before the date of the case"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(mine, own, values, said):
    long_ago(own, "A")
    page = mine.post(f"{HERE}cases/{number('A')}/", SAID | values).text
    assert "There is a problem" in page
    assert said in page
    assert not FollowUp.objects.exists()


def test_a_mistake_is_corrected_and_another_taken_back(mine, own):
    long_ago(own, "A")
    at = f"{HERE}cases/{number('A')}/"
    mine.post(at, SAID)
    first = FollowUp.objects.get()
    assert f"{at}?correct={first.pk}" in mine.get(at).text
    assert "Instead of what was reported" in mine.get(f"{at}?correct={first.pk}").text
    mine.post(f"{at}?correct={first.pk}", SAID | {"seen_on_month": "3"})
    second = FollowUp.objects.get(corrects=first)
    assert second.seen_on == date(2016, 3, 1)
    assert "Take this report back" in mine.get(f"{at}{second.pk}/take-back/").text
    page = mine.post(f"{at}{second.pk}/take-back/", follow=True).text
    assert "was taken back" in page
    assert page.count("Corrected") == 2
    assert "Taken back" in page
    assert FollowUp.objects.count() == 3


def test_another_centres_patient_is_not_there(mine, own, other):
    long_ago(other, "THEIRS")
    actions.report(centre=other, reports=[Report("THEIRS", date(2016, 2, 1), "alive", "gp")], by=manager(other))
    row, theirs = FollowUp.objects.get().pk, number("THEIRS")
    for rest in (f"cases/{theirs}/", f"cases/{theirs}/{row}/take-back/"):
        for send in (mine.get, mine.post):
            answer = send(f"{HERE}{rest}")
            assert answer.status_code == 404
            assert "THEIRS" not in answer.text
    assert FollowUp.objects.count() == 1


def line(case_id, status="alive", year="2016", died=""):
    key = number(case_id)
    return {
        f"status_{key}": status, f"source_{key}": "centre", f"seen_{key}_day": "1", f"seen_{key}_month": "2",
        f"seen_{key}_year": year, f"died_{key}_day": died, f"died_{key}_month": died, f"died_{key}_year": died and "2016",
    }  # fmt: skip


def test_many_are_updated_on_one_page_and_the_rest_left_alone(mine, own):
    long_ago(own, "A", "B", "C")
    page = mine.get(f"{HERE}update/").text
    assert page.count('class="plenary-line-of-many"') == 3
    page = mine.post(f"{HERE}update/", line("A") | line("B", "dead", died="1"), follow=True).text
    assert "2 follow-ups were kept." in page
    assert sorted(FollowUp.objects.values_list("case__case_id", "status")) == [("A", "alive"), ("B", "dead")]
    assert mine.get(f"{HERE}update/").text.count('class="plenary-line-of-many"') == 2


def test_one_wrong_line_keeps_none_and_stands_at_its_patient(mine, own):
    long_ago(own, "A", "B")
    page = mine.post(f"{HERE}update/", line("A") | line("B", year="2014")).text
    assert f'<a href="#id_status_{number("B")}">B: The date lies before the date of the case' in page
    assert not FollowUp.objects.exists()
    assert "Give the status of at least one patient." in mine.post(f"{HERE}update/", {}).text


def test_the_page_of_many_says_when_nobody_is_due(mine, own):
    assert "No patient of this list is due." in mine.get(f"{HERE}update/").text


def send(browser, content, name="f.csv"):
    return browser.post(f"{HERE}file/", {"file": SimpleUploadedFile(name, content.encode())}, follow=True)


def test_the_download_filled_in_comes_back(mine, own):
    long_ago(own, "A", "B")
    content = mine.get(f"{HERE}patients.csv").text.replace("A,,,,", "A,01/02/2016,Alive,Seen in the centre,")
    page = send(mine, content).text
    assert "1 follow-up was kept." in page
    assert FollowUp.objects.get().seen_on == date(2016, 2, 1)
    assert "1 was known already" in send(mine, content).text
    assert FollowUp.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("case_id,seen_on,status,source\nA,31/02/2016,alive,gp\n", "31/02/2016"),
        ("case_id,seen_on,status,source\nNONE,01/02/2016,alive,gp\n", "There is no case NONE at this centre."),
        ("case_id,seen_on,status,source\nTHEIRS,01/02/2016,alive,gp\n", "There is no case THEIRS at this centre."),
        ("case_id,when\nA,1\n", "no column seen_on"),
        ("", "The file is empty"),
    ],
)
def test_a_file_with_a_wrong_row_keeps_nothing(mine, own, other, content, said):
    long_ago(own, "A")
    long_ago(other, "THEIRS")
    page = send(mine, content).text
    assert "There is a problem" in page
    assert said in page
    assert not FollowUp.objects.exists()


def test_without_rules_the_pages_say_what_to_do(mine, own):
    make.core_actions.Policy.objects.all().delete()
    for at in (TOP, HERE, f"{HERE}update/", f"{HERE}file/"):
        answer = mine.get(at)
        assert answer.status_code == 404
        assert "load the definitions" in answer.text
