"""The texts of a proposal: read as they will be printed, with what they say of few people."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.core.permissions import (
    Administrator,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.releases import actions
from plenary.web.workspace.texts import small_numbers
from tests.factories import releases as make
from tests.factories.registry import ServiceFactory

LEAK = "The Royal Infirmary treated **12 patients**, 9 alive."
TEXTS = {
    "adult-ecmo": {
        "Innovation": f"A *new* pump since 2024.\n\n- {LEAK}\n- Open 24 hours a day.",
        "Description": "What it does <script>alert(1)</script> for 1,200 patients.",
        "Improvement": "",
    },
    "lam": {"Patient feedback": "> One patient said: thank you.\n\n[Read more](javascript:alert(1))"},
}


def propose(texts=TEXTS, **rules):
    make.policy(**rules)
    for slug in ("adult-ecmo", "lam"):
        ServiceFactory(slug=slug)
    return actions.propose(
        label="2025",
        period_start=make.START,
        period_end=make.END,
        results=[make.results(make.SMALL), make.results(make.SMALL, service="lam")],
        narrative=texts,
        sources={},
        on=make.ON,
        by=make.COMMISSIONER,
    )


@pytest.fixture
def proposal(db):
    return propose()


@pytest.fixture
def reviewer(as_):
    return as_(Reviewer, "England")


def url(proposal, rest="texts/"):
    return f"/workspace/releases/{proposal.pk}/{rest}"


def rows(browser, proposal, query=""):
    return list(csv.DictReader(io.StringIO(browser.get(url(proposal, f"texts.csv{query}")).content.decode("utf-8-sig"))))


# -- who


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (CentreLead, "adult-ecmo/RJ1"),
        (PatientRepresentative, "adult-ecmo"),
        (Administrator, ""),
        (NetworkLead, "adult-ecmo"),
        (Reviewer, "heart-transplant"),
        (NationalCommissioner, "Wales"),
    ],
    ids=lambda value: getattr(value, "key", value or "all"),
)
def test_the_texts_are_closed_to_those_whom_the_proposal_does_not_concern(as_, proposal, role, scope):
    """A lead of one of its two services is not of the other: the proposal is not theirs to see, nor are its texts."""
    browser = as_(role, scope)
    for rest in ("texts/", "texts.csv"):
        answer = browser.get(url(proposal, rest))
        assert answer.status_code in {403, 404}
        assert "Infirmary" not in answer.text
        assert "9 alive" not in answer.text


@pytest.mark.parametrize(("role", "scope"), [(Reviewer, "England"), (NationalCommissioner, "England")])
def test_they_open_to_those_whom_it_concerns(as_, proposal, role, scope):
    assert "Infirmary" in as_(role, scope).get(url(proposal)).text


# -- what they read


def test_each_text_stands_as_it_will_be_printed(reviewer, proposal):
    page = reviewer.get(url(proposal)).text
    assert "<em>new</em>" in page
    assert "<li>The Royal Infirmary treated <strong>12 patients</strong>, 9 alive.</li>" in page
    assert "<blockquote><p>One patient said: thank you.</p></blockquote>" in page
    assert "Description, Adult ecmo service" in page
    assert page.index("Description, Adult") < page.index("Innovation, Adult") < page.index("Patient feedback, Lam")
    assert "Improvement, Adult" not in page


def test_what_somebody_wrote_never_becomes_markup(reviewer, proposal):
    page = reviewer.get(url(proposal)).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_the_sentence_that_names_few_people_is_quoted_once(reviewer, proposal):
    page = reviewer.get(url(proposal)).text
    assert page.count("“The Royal Infirmary treated 12 patients, 9 alive.”") == 1
    assert page.count(">Names small numbers</strong>") == 1
    assert page.count(">None found</strong>") == 2


def test_the_threshold_is_the_one_that_the_proposal_was_protected_by(reviewer, db):
    made = propose({"adult-ecmo": {"Description": "12 patients came.", "Innovation": "9 alive."}}, threshold=10)
    assert [row["Small numbers of people"] for row in rows(reviewer, made)] == ["None found", "Names small numbers"]


def test_they_are_narrowed_and_downloaded(reviewer, proposal):
    assert [row["Section"] for row in rows(reviewer, proposal)] == ["Description", "Innovation", "Patient feedback"]
    (named,) = rows(reviewer, proposal, "?named=yes")
    assert named["Service"] == "Adult ecmo service"
    assert named["Sentences"] == "The Royal Infirmary treated 12 patients, 9 alive."
    assert named["Text"].splitlines()[0] == "A new pump since 2024."
    assert [row["Section"] for row in rows(reviewer, proposal, "?named=no")] == ["Description", "Patient feedback"]
    assert [row["Section"] for row in rows(reviewer, proposal, "?service=lam")] == ["Patient feedback"]
    assert "Nothing fits this filter." in reviewer.get(url(proposal, "texts/?service=lam&named=yes")).text
    assert "Royal" not in reviewer.get(url(proposal, "texts/?service=lam")).text
    assert len(rows(reviewer, proposal, "?service=nonsense&named=maybe")) == 3


def test_what_would_run_in_a_spreadsheet_is_defused(reviewer, db):
    (row,) = rows(reviewer, propose({"lam": {"Description": "=HYPERLINK(1) told 3 patients"}}))
    assert row["Text"].startswith("'=")
    assert row["Sentences"].startswith("'=")


def test_without_texts_it_says_so_and_leads_back(reviewer, db):
    made = propose({})
    page = reviewer.get(url(made)).text
    assert "No text leaves with this proposal." in page
    assert f'href="{url(made, "")}"' in page
    assert "No text leaves with it" in reviewer.get(url(made, "")).text
    assert reviewer.get("/workspace/releases/999/texts/").status_code == 404


def test_many_texts_stand_on_several_pages(reviewer, db, monkeypatch):
    monkeypatch.setattr("plenary.web.workspace.pages.SIZE", 1)
    made = propose()
    second = reviewer.get(url(made, "texts/?page=2")).text
    assert "Innovation, Adult" in second
    assert "Description, Adult" not in second
    assert "Patient feedback, Lam" not in second


# -- where they are led there


def test_the_proposal_and_the_vote_lead_to_them_with_a_count(reviewer, proposal):
    for page in ("", "review/"):
        text = reviewer.get(url(proposal, page)).text
        assert "1 text names small numbers of people: read it" in text
        assert f'href="{url(proposal)}?named=yes"' in text


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"lam": dict.fromkeys(("Description", "Innovation"), "4 died")}, "2 texts name small numbers of people: read them"),
        ({"lam": {"Description": "Open since 2019."}}, "Read the 1 text that would leave with it"),
    ],
)
def test_the_way_there_in_words(reviewer, db, texts, said):
    assert said in reviewer.get(url(propose(texts), "")).text


def test_before_it_is_prepared_there_is_nothing_to_read(reviewer, proposal):
    proposal.narrative_sha256 = ""
    proposal.save(update_fields=["narrative_sha256"])
    assert "/texts/" not in reviewer.get(url(proposal, "")).text
    assert "No text leaves with this proposal." in reviewer.get(url(proposal)).text


def test_three_texts_cost_no_more_look_ups_than_one(reviewer, db, django_assert_num_queries):
    one, three = propose({"lam": {"Description": "4 died"}}), propose()
    for page in ("texts/", ""):
        reviewer.get(url(one, page))
        with CaptureQueriesContext(connection) as for_one:
            reviewer.get(url(one, page))
        with django_assert_num_queries(len(for_one)):
            reviewer.get(url(three, page))


# -- for whoever writes


def test_a_writer_is_told_by_the_rules_in_force_or_else_the_houses(db):
    assert small_numbers("**Twelve** patients came. 4 died, 5 alive.") == ("Twelve patients came.", "4 died, 5 alive.")
    make.policy(threshold=10)
    assert small_numbers("**Twelve** patients came. 4 died, 5 alive.") == ("4 died, 5 alive.",)
