"""The pages of the disclosure policy: its versions, drafting one, seeing what it would do, adopting it."""

import datetime as dt
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from plenary.core import queries as core
from plenary.core.actions import adopt_policy
from plenary.core.permissions import (
    Administrator,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.core.terms import SYSTEM
from plenary.releases import actions, tasks
from plenary.releases.models import Trial
from tests.factories import releases as make

RULES = "/workspace/rules/"
DRAFT = f"{RULES}draft/"
LATER = timezone.localdate() + dt.timedelta(days=100)


@pytest.fixture
def proposal(db):
    return make.proposal()


@pytest.fixture
def commissioner(as_):
    return as_(NationalCommissioner, "England")


def dates(name, day):
    return {f"{name}_day": day.day, f"{name}_month": day.month, f"{name}_year": day.year}


def filled(**changes):
    """A draft that withholds more, as a form sends it."""
    usual = {
        "version": "next",
        **dates("valid_from", LATER),
        "threshold": 500,
        "event_threshold": 5,
        "minimum_width": 10,
        "zeros": "protect",
        "further": "",
        "reason": "More care is asked for.",
        "source": "The reports",
        "owner": "National commissioner",
        **dates("review_on", LATER + dt.timedelta(days=365)),
        "authority": "",
    }
    return usual | changes


def words(answer):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


@pytest.fixture
def tried(commissioner, proposal):
    commissioner.post(DRAFT, filled())
    trial = Trial.objects.get()
    tasks.answer.call(trial.pk)
    trial.refresh_from_db()
    return trial


def address(trial):
    return f"{RULES}tried/{trial.pk}/"


# -- who


@pytest.mark.parametrize(
    ("role", "scope"),
    [(CentreLead, "adult-ecmo/RJ1"), (PatientRepresentative, "adult-ecmo"), (Administrator, "")],
    ids=lambda value: getattr(value, "key", value or "all"),
)
def test_the_rules_are_closed_to_those_who_release_nothing(as_, tried, role, scope):
    browser = as_(role, scope)
    for page in (RULES, "/workspace/rules.csv", f"{RULES}version/1/", DRAFT, address(tried)):
        assert browser.get(page).status_code == 403


@pytest.mark.parametrize(("role", "scope"), [(NetworkLead, "adult-ecmo"), (Reviewer, "England"), (NationalCommissioner, "Wales")])
def test_others_read_the_versions_and_learn_of_no_draft(as_, tried, role, scope):
    browser = as_(role, scope)
    page = browser.get(RULES).text
    assert "Version 1" in page
    assert "next" not in words(browser.get(RULES))
    assert DRAFT not in page
    for closed in (DRAFT, address(tried)):
        answer = browser.get(closed)
        assert answer.status_code == 403
        assert "More care" not in answer.text
    assert browser.post(address(tried), {"sha256": tried.asked_sha256}).status_code == 403
    assert len(core.policy_versions("disclosure")) == 1


# -- the versions


def test_an_empty_list_says_what_to_do(commissioner, db):
    page = commissioner.get(RULES).text
    assert "No version of the policy is adopted." in page
    assert DRAFT in page


def test_every_version_has_its_state_and_dates(commissioner, proposal):
    for version, begins, threshold in (("2", dt.date(2020, 4, 1), 31), ("3", LATER, 32)):
        body = make.draft().body | {"threshold": threshold}
        adopt_policy(name="disclosure", version=version, valid_from=begins, body=body, source="x", by=SYSTEM)
    page = words(commissioner.get(RULES))
    assert re.search(r"Version 3 .*Not yet.*Version 2 .*In force.*Version 1 .*Earlier", page)
    lines = commissioner.get("/workspace/rules.csv").text.lstrip("\ufeff").splitlines()
    assert [line.split(",")[0] for line in lines] == ["Version", "Version 3", "Version 2", "Version 1"]


def test_a_version_is_read_in_words_with_what_it_changed(commissioner, proposal):
    body = make.draft().body | {"threshold": 31, "dominance": 0.8}
    adopt_policy(name="disclosure", version="2", valid_from=dt.date(2020, 4, 1), body=body, source="The board", by=SYSTEM)
    page = words(commissioner.get(f"{RULES}version/2/"))
    assert "What changed from version 1" in page
    assert "Fewest patients that are shown 30 31" in re.sub(
        r"(Before|Now|Rule) ", "", page.split("What changed from version 1")[1]
    )
    assert "The board" in page
    assert "What changed" not in words(commissioner.get(f"{RULES}version/1/"))
    assert commissioner.get(f"{RULES}version/9/").status_code == 404


# -- drafting


def test_a_draft_begins_as_the_latest_version(commissioner, proposal):
    body = make.draft().body | {"threshold": 77, "weights": {"centre": {"Total": 5.0}}}
    adopt_policy(name="disclosure", version="2", valid_from=dt.date(2020, 4, 1), body=body, source="The board", by=SYSTEM)
    page = unescape(commissioner.get(DRAFT).text)
    assert 'value="77"' in page
    assert 'weights = {"centre" = {"Total" = 5.0}}' in page
    assert "The board" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": ""}, "Name the version"),
        ({"version": "1"}, "There is a version 1 already."),
        ({"threshold": ""}, "Give the fewest patients that are shown"),
        ({"threshold": "20"}, "below the national rule of 30"),
        ({"threshold": "30"}, "This changes nothing: version 1 says the same."),
        ({"zeros": "publish", "threshold": 30}, "Noughts would be shown"),
        ({"further": "dominance ="}, "This is not readable TOML"),
        ({"further": "threshold = 5"}, "threshold is asked for above"),
        ({"further": "colour = 'blue'"}, "unknown entries: colour"),
        ({"valid_from_year": "2020"}, "later day than today"),
        ({"reason": ""}, "Say why it changes"),
        ({"owner": ""}, "Say who answers for it"),
        ({"review_on_year": ""}, "Review by must include a year"),
    ],
)
def test_what_stands_in_the_way_is_told_and_nothing_is_lost(commissioner, proposal, changes, said):
    answer = commissioner.post(DRAFT, filled(**changes))
    assert said in words(answer)
    assert "<title>Error: Draft" in answer.text
    assert changes.get("source", "The reports") in answer.text
    assert not Trial.objects.exists()


def test_without_results_to_try_it_on_it_says_what_to_do(commissioner, db):
    make.policy()
    assert "Propose an edition of the nation first." in words(commissioner.post(DRAFT, filled()))


# -- what it would do


def test_the_preview_is_waited_for_and_told(commissioner, proposal):
    answer = commissioner.post(DRAFT, filled(), follow=True)
    trial = Trial.objects.get()
    assert answer.redirect_chain == [(address(trial), 302)]
    assert "The latest results are being protected under it" in answer.text
    assert answer.headers["Refresh"] == "5"
    assert "Adopt it" not in answer.text
    tasks.answer.call(trial.pk)
    page = commissioner.get(address(trial))
    assert "Refresh" not in page.headers
    said = words(page)
    assert "Fewest patients that are shown" in said
    assert "Adult ecmo service: Activity" in said
    assert "Would be withheld" in said
    assert "Worked out exactly by an attack" in said
    assert "Draft next, number" in words(commissioner.get(RULES))


def test_what_it_weakens_is_shown_before_it_is_adopted(commissioner, proposal):
    commissioner.post(DRAFT, filled(threshold=20, authority="The board, minute 7"))
    page = words(commissioner.get(address(Trial.objects.get())))
    assert "What it protects less" in page
    assert "20 protects less than 30." in page
    assert "The board, minute 7" in page


def test_a_preview_without_a_change_says_so(commissioner, db):
    make.proposal(make.results({"RJ1": 412.0, "RJ7": 312.0, "Total": 724.0}))
    commissioner.post(DRAFT, filled(threshold=31))
    tasks.answer.call(Trial.objects.get().pk)
    assert "No row would be withheld or shown that is not so already." in commissioner.get(address(Trial.objects.get())).text


def test_what_could_not_be_tried_says_why_and_is_not_adopted(commissioner, proposal):
    commissioner.post(DRAFT, filled())
    Trial.objects.update(state="failed", failure="The disk refused.")
    page = commissioner.get(address(Trial.objects.get())).text
    assert "The disk refused." in page
    assert "Adopt it" not in page


def test_it_is_adopted_in_a_second_step_with_the_hash_that_was_seen(commissioner, tried):
    page = commissioner.get(address(tried)).text
    assert f'value="{tried.asked_sha256}"' in page
    answer = commissioner.post(address(tried), {"sha256": tried.asked_sha256}, follow=True)
    assert "Version next was adopted." in answer.text
    assert answer.redirect_chain == [(f"{RULES}version/next/", 302)]
    assert "More care is asked for." in answer.text
    assert "Draft next" not in words(commissioner.get(RULES))
    assert "More care is asked for." in words(commissioner.get(RULES))
    assert core.policy("disclosure", LATER).version == "next"


def test_another_hash_adopts_nothing(commissioner, tried):
    assert "not the draft whose preview you saw" in words(commissioner.post(address(tried), {"sha256": "0" * 64}))
    assert len(core.policy_versions("disclosure")) == 1


def test_a_trial_of_another_kind_is_no_draft(commissioner, proposal):
    assert commissioner.get(address(make.ask_cost(proposal, by=make.FIRST))).status_code == 404


def test_three_versions_cost_no_more_look_ups_than_one(commissioner, proposal, django_assert_num_queries):
    commissioner.get(RULES)
    with CaptureQueriesContext(connection) as for_one:
        commissioner.get(RULES)
    for number in (2, 3):
        body = make.draft().body | {"threshold": 30 + number}
        begins = dt.date(2018 + number, 4, 1)
        adopt_policy(name="disclosure", version=str(number), valid_from=begins, body=body, source="x", by=SYSTEM)
    with django_assert_num_queries(len(for_one)):
        commissioner.get(RULES)


def test_three_drafts_cost_no_more_look_ups_than_one(commissioner, proposal, django_assert_num_queries):
    commissioner.post(DRAFT, filled())
    commissioner.get(RULES)
    with CaptureQueriesContext(connection) as for_one:
        commissioner.get(RULES)
    for threshold in (301, 302):
        actions.try_policy(
            draft=make.draft(version=f"v{threshold}", body=make.draft().body | {"threshold": threshold}),
            on=make.ON,
            by=make.COMMISSIONER,
        )
    with django_assert_num_queries(len(for_one)):
        commissioner.get(RULES)
