"""A proposal as a table, and one withheld number: why, what shows of it, what showing it would cost."""

import json
import re
from html import unescape
from urllib.parse import urlencode

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
from plenary.releases import actions, tasks
from plenary.releases.models import Proposal, Trial
from plenary.releases.queries import proposals
from plenary.releases.terms import Cost, Reviewed, Rule
from plenary.web.workspace import grids, releases
from plenary_stats.tables import RESULT_DIMENSIONS, ResultTable, numbers, text
from tests.factories import releases as make

PLACE = {"service": "adult-ecmo", "centre": "RJ8", "period": "2025", "measure": "patients"}


def by(dimension, groups, centres=("RJ1", "RJ7", "Total"), name="activity"):
    """Activity of centres by one further dimension: the first group of every centre is small."""
    cells = [(centre, group) for centre in centres for group in (*groups, "Total")]

    def patients(centre, group):
        many = (len(centres) - 1 if centre == "Total" else 1) * 100.0
        return many * len(groups) if group == "Total" else many if group != groups[0] else many * 0.12

    figures = [patients(centre, group) for centre, group in cells]
    total = {centre: sum(patients(centre, group) for group in groups) for centre in centres}
    figures = [total[centre] if group == "Total" else figure for (centre, group), figure in zip(cells, figures, strict=True)]
    columns = {each: text([""] * len(cells)) for each in RESULT_DIMENSIONS}
    columns |= {
        "service": text(["adult-ecmo"] * len(cells)),
        "centre": text([centre for centre, _ in cells]),
        dimension: text([group for _, group in cells]),
        "period": text(["2025"] * len(cells)),
        "measure": text(["patients"] * len(cells)),
        "value": numbers(figures),
    }
    columns |= {each: numbers([None] * len(cells)) for each in ("numerator", "denominator", "lower", "upper")}
    columns |= {word: text([""] * len(cells)) for word in ("method", "note")}
    return ResultTable(columns, name=name)


@pytest.fixture
def proposal(db):
    """One small centre of three: it is withheld, and another with it."""
    return make.proposal()


@pytest.fixture
def reviewer(as_):
    return as_(Reviewer, "England", name="Rita Reviewer")


def url(proposal, rest="grid/", **asked):
    query = f"?{urlencode(asked)}" if asked else ""
    return f"/workspace/releases/{proposal.pk}/{rest}{query}"


def cell_url(proposal, rest="cell/", table="activity", **place):
    return url(proposal, rest, table=table, **(PLACE | place))


def words(answer):
    """The text of a page as it is read."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


# -- who


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (CentreLead, "adult-ecmo/RJ8"),
        (PatientRepresentative, "adult-ecmo"),
        (Administrator, ""),
        (NetworkLead, "heart-transplant"),
        (Reviewer, "heart-transplant"),
        (NationalCommissioner, "Wales"),
    ],
    ids=lambda value: getattr(value, "key", value or "all"),
)
def test_it_is_closed_to_those_whom_the_proposal_does_not_concern(as_, proposal, role, scope):
    browser = as_(role, scope)
    trial = make.ask_cost(proposal)
    actions.answer(trial_id=trial.pk, by=make.FIRST)
    for address in (
        url(proposal),
        url(proposal, "grid.csv"),
        url(proposal, "audit.json"),
        url(proposal, "coarser/"),
        cell_url(proposal),
    ):
        answer = browser.get(address)
        assert answer.status_code in {403, 404}
        for secret in ("412", "250", "exactly 12", "adult-ecmo", "Adult ecmo"):
            assert secret not in answer.content.decode().replace(proposal.content_hash, "")
    assert browser.post(cell_url(proposal, "cell/cost/", centre="RJ7")).status_code in {403, 404}
    assert Trial.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "scope"), [(NetworkLead, "adult-ecmo"), (Reviewer, "adult-ecmo"), (NationalCommissioner, "England")]
)
def test_it_opens_to_those_whom_it_concerns(as_, proposal, role, scope):
    browser = as_(role, scope)
    for address in (url(proposal), url(proposal, "grid.csv"), url(proposal, "audit.json"), cell_url(proposal)):
        assert browser.get(address).status_code == 200


# -- the grid


def test_centres_stand_down_the_page_and_all_of_them_at_the_end(reviewer, db):
    lines = reviewer.get(url(make.proposal(by("sex", ("female", "male"))), "grid.csv")).text.lstrip("\ufeff").splitlines()
    assert lines[0] == "Centre,female,male,All"
    assert [line.split(",")[0] for line in lines[1:]] == ["RJ1", "RJ7", "All"]


def test_many_groups_stand_down_the_page_themselves(reviewer, db):
    areas = [f"Area {number}" for number in range(10)]
    lines = reviewer.get(url(make.proposal(by("area", areas)), "grid.csv")).text.lstrip("\ufeff").splitlines()
    assert lines[0] == "Area,RJ1,RJ7,All"
    assert [line.split(",")[0] for line in lines[1:]] == [*areas, "All"]


def test_a_withheld_figure_says_why_what_is_known_and_leads_to_its_page(reviewer, proposal):
    page = reviewer.get(url(proposal))
    assert "Small [c] 0 " in words(page)
    assert "With another [c]" in words(page)
    assert "412" in page.text
    assert "2 of 4 figures here would be withheld." in words(page)
    [link] = re.findall(r'href="(/workspace/releases/\d+/cell/[^"]*centre=RJ7[^"]*)"', page.text)
    assert reviewer.get(unescape(link)).status_code == 200


def test_what_a_reader_sees_is_one_mark_and_the_number_itself_stands_not_in_the_grid(reviewer, proposal):
    for answer in (reviewer.get(url(proposal)), reviewer.get(url(proposal, "grid.csv"))):
        cells = re.findall(r"\[c\]", answer.text)
        assert len(cells) >= 2
        assert not re.search(r"\b250\b", answer.text)


def test_only_the_reasons_that_occur_are_explained(reviewer, proposal):
    page = words(reviewer.get(url(proposal)))
    assert "fewer patients than the rule allows" in page
    assert "it would give a withheld number away" in page
    assert "few had the outcome" not in page


def test_no_two_links_of_the_grid_sound_alike(reviewer, db):
    page = reviewer.get(url(make.proposal(by("age_band", ("0-4", "5-17", "18-39"))))).text
    links = [re.sub(r"<[^>]+>", "", inner) for inner in re.findall(r'<a href="[^"]*/cell/[^"]*">(.*?)</a>', page)]
    assert len(links) > 2
    assert len(set(links)) == len(links)


def test_another_table_service_or_group_is_chosen(reviewer, db):
    made = make.proposal(by("sex", ("female", "male")), make.results(make.SMALL, service="lam"), services=("adult-ecmo", "lam"))
    page = words(reviewer.get(url(made, service="lam")))
    assert "Lam service: Activity" in page
    assert "412" in page
    assert "Adult ecmo service: Activity" in words(reviewer.get(url(made)))


def test_what_is_not_offered_is_not_chosen(reviewer, proposal):
    usual = words(reviewer.get(url(proposal)))
    asked = url(proposal, service="lam", table="cases", across="name", measure="x", period="1999")
    assert words(reviewer.get(asked)) == usual


def test_a_dimension_with_one_code_is_not_asked_for(reviewer, db):
    page = reviewer.get(url(make.proposal(by("sex", ("female", "male"))))).text
    assert 'name="age_band"' not in page
    assert 'name="sex"' not in page  # it stands across the page


def test_a_proposal_that_is_not_prepared_has_nothing_to_show(as_, reviewer, proposal):
    Proposal.objects.filter(pk=proposal.pk).update(results=[], protected=[])
    assert "There is nothing to review in this proposal." in reviewer.get(url(proposal)).text
    assert reviewer.get(cell_url(proposal)).status_code == 404


def test_three_groups_cost_no_more_look_ups_than_one(reviewer, db, django_assert_num_queries):
    one, three = make.proposal(by("sex", ("female",))), make.proposal(by("sex", ("a", "b", "c")), label="2024")
    reviewer.get(url(one))
    with CaptureQueriesContext(connection) as for_one:
        reviewer.get(url(one))
    with django_assert_num_queries(len(for_one)):
        reviewer.get(url(three))


# -- one number


def test_the_page_of_a_number_has_before_after_why_and_what_is_known(reviewer, proposal):
    page = words(reviewer.get(cell_url(proposal, centre="RJ7")))
    assert "Before protection 12" in page
    assert "Would be published [c]" in page
    assert "fewer than 30 patients" in page
    assert "Wide enough" in page
    assert "Fewer than 30 patients are withheld" in page
    assert "It cannot be shown at any cost" in page


def test_the_page_of_a_further_number_names_whom_it_protects(reviewer, proposal):
    page = words(reviewer.get(cell_url(proposal)))
    assert "it would give another withheld number away" in page
    assert "Whom it protects Adult ecmo service, RJ7, 2025: Patients" in page.replace(" of patients", "")
    assert "Whom it protects" not in words(reviewer.get(cell_url(proposal, centre="RJ7")))


def test_its_sums_are_those_that_a_reader_has(reviewer, proposal):
    page = reviewer.get(cell_url(proposal))
    assert "Patients by centre" in words(page)
    assert "RJ1: 412" in words(page)
    assert "RJ8: [c] this number" in words(page)
    assert "262" in words(page)  # 674 less 412: left for both
    assert re.search(r'href="[^"]*centre=RJ7[^"]*">RJ7: \[c\]', page.text)


def test_a_long_sum_names_what_is_withheld_and_adds_up_the_rest(reviewer, db):
    many = {f"C{number:02}": 100.0 for number in range(20)}
    page = words(reviewer.get(cell_url(make.proposal(make.results({"RJ7": 12.0, **many, "Total": 2012.0})), centre="RJ7")))
    assert "19 others, together 1,900" in page


def test_a_number_that_is_shown_has_no_cost(reviewer, proposal):
    page = words(reviewer.get(cell_url(proposal, centre="RJ1")))
    assert "It is not withheld" in page
    assert "What it would cost" not in page


@pytest.mark.parametrize("wrong", [{"centre": "RX9"}, {"table": "cases"}, {"measure": ""}])
def test_a_place_that_is_not_there_is_not_found(reviewer, proposal, wrong):
    assert reviewer.get(cell_url(proposal, **wrong)).status_code == 404


def test_what_it_would_cost_is_asked_waited_for_and_told(reviewer, proposal):
    ask = cell_url(proposal, "cell/cost/")
    assert f'action="{ask}'.replace("&", "&amp;")[:40] in reviewer.get(cell_url(proposal)).text
    answer = reviewer.post(ask, follow=True)
    assert "It is being worked out" in answer.text
    assert answer.headers["Refresh"] == "5"
    assert "Refresh" not in reviewer.get(cell_url(proposal) + "&still=yes").headers
    tasks.answer.call(Trial.objects.get().pk)
    page = reviewer.get(cell_url(proposal))
    assert "Refresh" not in page.headers
    said = words(page)
    assert "It protects: with it, a reader could work out Adult ecmo service, RJ7, 2025: Patients: exactly 12" in said.replace(
        " of patients", ""
    )
    assert "Would be withheld instead" in said
    assert "1 number would be withheld to protect others: as many as now." in said


def test_why_it_could_not_be_worked_out_is_told(reviewer, proposal):
    make.ask_cost(proposal)
    Trial.objects.update(state="failed", failure="The disk refused.")
    page = reviewer.get(cell_url(proposal)).text
    assert "The disk refused." in page
    assert "Try again" in page
    reviewer.post(cell_url(proposal, "cell/cost/"))
    assert Trial.objects.filter(state="running").count() == 1


def test_asking_about_what_is_shown_changes_nothing(reviewer, proposal):
    page = reviewer.post(cell_url(proposal, "cell/cost/", centre="RJ1"), follow=True)
    assert "This row is shown already." in page.text
    assert not Trial.objects.exists()
    assert reviewer.get(cell_url(proposal, "cell/cost/")).status_code == 405


def test_a_cost_is_told_whole():
    place = ("lam", "RJ1", "Total", "Total", "Total", "2025", "patients")
    one = ("patients", place)
    cost = Cost(True, "", 10, 12, 100.0, 104.5, (one,), (), ((*one, 3, 5),))
    told = grids._cost_words(cost, {"lam": "LAM"})
    assert told["said"] == [
        "With this number shown, 12 numbers would be withheld to protect others: 2 more than now.",
        "Information lost: 104.5, now 100.0.",
    ]
    assert told["newly_withheld"] == ["LAM, RJ1, 2025: Patients"]
    assert told["gives_away"] == ["LAM, RJ1, 2025: Patients: 3 to 5"]
    assert "1 fewer than now" in grids._cost_words(Cost(True, "", 3, 2), {})["said"][0]
    assert grids._cost_words(None, {}) == {}
    assert grids._cost_words(Cost(False, "Because."), {})["said"] == ["It cannot be shown.", "Because."]


# -- the summary


def test_the_summary_tells_the_verdict_and_what_was_lost_where_it_was_measured(reviewer, proposal):
    page = words(reviewer.get(url(proposal, "")))
    assert "Withstood" in page
    assert releases._loss_words({}) == ""
    assert releases._loss_words({"loss": 3.0}) == "3.0 by the policy's weights"
    audit = proposals.document(proposal.audit_sha256)
    audit["totals"] |= {"loss": 120.0, "bound": 100.0, "gap": 0.2, "exact": 1, "narrow": 2}
    Proposal.objects.filter(pk=proposal.pk).update(audit_sha256=actions._keep(audit, make.FIRST))
    page = words(reviewer.get(url(proposal, "")))
    assert "120.0 by the policy's weights; at least 100.0 is proved to be lost whatever is withheld, 20.0% above it" in page
    assert "Do not approve" in page
    assert "a reader can work out 3 withheld numbers" in page


def test_the_audit_is_downloaded_as_it_was_kept(reviewer, proposal):
    answer = reviewer.get(url(proposal, "audit.json"))
    assert answer["Content-Type"] == "application/json"
    assert json.loads(answer.content) == proposals.document(proposal.audit_sha256)
    Proposal.objects.filter(pk=proposal.pk).update(audit_sha256="")
    assert reviewer.get(url(proposal, "audit.json")).status_code == 404


def test_the_picture_counts_the_rows_of_each_service():
    def row(rule):
        place = dict.fromkeys(RESULT_DIMENSIONS, "") | {"service": "lam"}
        return Reviewed("activity", "count", place, {}, {}, "", "", (), rule)

    drawn = grids.service_picture([row(None), row(Rule.PATIENTS), row(Rule.EVENTS), row(Rule.ANOTHER)], {"lam": "LAM"})
    assert "LAM: 1 shown, 2 small, 1 with another." in drawn
    assert grids.service_picture([], {}) == ""


# -- coarser tables


def test_coarser_tables_are_asked_for_waited_for_and_told(reviewer, db):
    made = make.proposal(by("age_band", ("0-4", "5-17", "18-39")))
    assert "Work it out" in reviewer.get(url(made, "coarser/")).text
    answer = reviewer.post(url(made, "coarser/"), follow=True)
    assert "It is being worked out" in answer.text
    assert answer.headers["Refresh"] == "5"
    tasks.answer.call(Trial.objects.get().pk)
    page = reviewer.get(url(made, "coarser/"))
    assert "Refresh" not in page.headers
    said = words(page)
    assert re.search(r"As the tables are, \d+ of 12 figures are shown.", said)
    assert "What they show and hide" in said
    assert "Nothing of the proposal changes by this" in said


def test_why_coarser_tables_could_not_be_worked_out_is_told(reviewer, proposal):
    reviewer.post(url(proposal, "coarser/"))
    Trial.objects.update(state="failed", failure="The disk refused.")
    page = reviewer.get(url(proposal, "coarser/")).text
    assert "The disk refused." in page
    assert "Try again" in page


def test_a_plan_marks_what_shows_most_and_what_is_an_estimate():
    def proposed(title, *, exact):
        return {"title": title, "exact": exact, "words": f"{title}: it shows."}

    found = {
        "baseline": {"title": "as they are", "figures": 1200, "of": 3400},
        "proposals": [proposed("years of two", exact=True), proposed("wider ages", exact=True), proposed("regions", exact=False)],
        "best": "years of two",
    }
    told = grids._plan_words(found)
    assert told["now"] == "As the tables are, 1,200 of 3,400 figures are shown."
    assert [(row[0], str(row[1])) for row in told["proposals"].rows] == [
        ("Years of two", "Shows most"),
        ("Wider ages", ""),
        ("Regions", "Estimate"),
    ]
    assert not told["none"]
    assert grids._plan_words(found | {"best": "as they are"})["none"]
    assert grids._plan_words(None) == {}
