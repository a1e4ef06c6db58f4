"""A centre looks at its own figures beside its peers' before the meeting and comments; the lead reads it all."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead, Reviewer
from plenary.outcomes import actions
from plenary.outcomes.models import Comment
from tests.factories import outcomes as make
from tests.factories.collection import lead as lead_of
from tests.factories.collection import network_lead
from tests.factories.registry import DesignationFactory


@pytest.fixture
def computed(db):
    """Results of three centres with signed-off cases."""
    centres = [make.signed_centre(ods, count, dead) for ods, count, dead in (("RJ1", 40, 10), ("RM2", 50, 3), ("RW3", 30, 6))]
    for centre in centres:
        DesignationFactory(centre=centre)
    make.adopt(centres[0].service)
    return make.run(centres[0].service)


@pytest.fixture
def place(computed):
    return f"/workspace/results/{computed.pk}/centre/RJ1/"


@pytest.fixture
def mine(as_):
    return as_(CentreLead, "adult-ecmo/RJ1", name="Lee Lead")


def unnamed(run):
    centre = run.service.centres.first()
    return actions.agree_names(service=run.service, named=False, why="annual meeting", by=network_lead(centre))


def said(run, ods, text, outcome=""):
    centre = run.service.centres.get(ods=ods)
    return actions.comment(run=run, centre=centre, text=text, outcome=outcome, by=lead_of(centre))


def test_own_figures_stand_beside_the_funnel_of_all(mine, place):
    text = mine.get(place).text
    assert "75.0%" in text
    assert "Survival to discharge: Trust RJ1 and all centres" in text
    assert "Survival to discharge: every centre lies within the limits" in text
    assert "94.0%" not in text.split("<svg")[0]  # another centre's figure stands in the chart alone
    assert "RM2" in text


def test_a_comment_is_kept_and_shown_with_who_said_it(mine, computed, place):
    assert mine.post(f"{place}comment/survival-to-discharge/", {"text": " "}).text.count("Write the comment") == 2
    done = mine.post(f"{place}comment/survival-to-discharge/", {"text": "Two were moribund."}, follow=True)
    assert done.redirect_chain == [(place, 302)]
    assert "Two were moribund." in done.text
    assert "Lee Lead" in done.text
    mine.post(f"{place}comment/all/", {"text": "A new team since May."})
    assert [(one.outcome, one.centre.ods) for one in Comment.objects.all()] == [("", "RJ1"), ("survival-to-discharge", "RJ1")]
    assert mine.get(f"{place}comment/nothing/").status_code == 404


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        (CentreDataManager, "adult-ecmo/RJ1", 200), (CentreLead, "adult-ecmo/RM2", 403), (CentreLead, "lam/RJ1", 404),
        (NetworkLead, "adult-ecmo", 403), (NationalCommissioner, "England", 403), (Reviewer, "England", 404),
    ],
)  # fmt: skip
def test_it_is_the_centres_own_page(as_, computed, place, role, scope, status):
    said(computed, "RJ1", "a quiet word")
    browser = as_(role, scope)
    answer = browser.get(place)
    assert answer.status_code == status
    assert ("a quiet word" in answer.text) is (status == 200)
    assert browser.post(f"{place}comment/all/", {"text": "mine"}).status_code == (302 if status == 200 else status)


def test_the_lead_reads_all_of_it_and_a_centre_its_own(as_, computed, mine):
    said(computed, "RJ1", "ours is well", "survival-to-discharge")
    said(computed, "RM2", "theirs is private")
    address = f"/workspace/results/{computed.pk}/comments"
    for browser in (as_(NetworkLead, "adult-ecmo"), as_(NationalCommissioner, "England")):
        text = browser.get(f"{address}/").text
        assert "ours is well" in text
        assert "theirs is private" in text
    lines = as_(NetworkLead, "adult-ecmo").get(f"{address}.csv?outcome=survival-to-discharge").text.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("Survival to discharge,Trust RJ1 (RJ1),ours is well,")
    text = mine.get(f"{address}/").text
    assert "ours is well" in text
    assert "theirs is private" not in text
    assert as_(CentreLead, "lam/RJ1").get(f"{address}/").status_code == 404


def test_an_empty_list_leads_back(as_, computed):
    text = as_(NetworkLead, "adult-ecmo").get(f"/workspace/results/{computed.pk}/comments/").text
    assert "Nothing was said of these results yet." in text


def test_three_comments_cost_no_more_look_ups_than_one(as_, computed, django_assert_num_queries):
    browser, address = as_(NetworkLead, "adult-ecmo"), f"/workspace/results/{computed.pk}/comments/"
    said(computed, "RJ1", "one")
    browser.get(address)
    with CaptureQueriesContext(connection) as for_one:
        browser.get(address)
    said(computed, "RM2", "two")
    said(computed, "RM2", "three")
    with django_assert_num_queries(len(for_one)):
        browser.get(address)


def test_where_the_network_agreed_so_peers_have_no_names(as_, computed, mine, place):
    unnamed(computed)
    for address in (place, f"/workspace/results/{computed.pk}/", f"/workspace/results/{computed.pk}/figures.csv"):
        text = mine.get(address).text
        assert "Peer 1" in text
        assert "RJ1" in text
        for hidden in ("RM2", "RW3"):
            assert hidden not in text
    assert "do not see one another" in mine.get(place).text
    for browser in (as_(NetworkLead, "adult-ecmo"), as_(NationalCommissioner, "England")):
        assert "RM2" in browser.get(f"/workspace/results/{computed.pk}/").text


def test_the_lead_notes_what_was_agreed(as_, computed, mine):
    lead, address = as_(NetworkLead, "adult-ecmo"), "/workspace/results/names/adult-ecmo/"
    assert lead.post(address, {"named": "no", "why": ""}).text.count("Say where the network agreed it") == 2
    done = lead.post(address, {"named": "no", "why": "annual meeting"}, follow=True)
    assert "see their peers without names" in done.text
    assert "RM2" not in mine.get(f"/workspace/results/{computed.pk}/").text
    lead.post(address, {"named": "yes", "why": "vote of June"})
    assert "RM2" in mine.get(f"/workspace/results/{computed.pk}/").text
    assert mine.post(address, {"named": "yes", "why": "I want it"}).status_code == 403


def test_the_page_of_a_run_leads_there(as_, computed, mine, place):
    text = mine.get(f"/workspace/results/{computed.pk}/").text
    assert place in text
    assert "/workspace/results/names/" not in text
    text = as_(NetworkLead, "adult-ecmo").get(f"/workspace/results/{computed.pk}/").text
    assert "/workspace/results/names/adult-ecmo/" in text
    assert "/centre/" not in text
