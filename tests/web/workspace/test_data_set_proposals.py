"""The next version of a data set on pages: proposed, talked about, answered, adopted."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection.actions import proposals as actions
from plenary.collection.models import DataSetProposal, DataSetVersion, ProposalRemark
from plenary.core.permissions import (
    CentreDataManager,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from tests.factories import collection as make
from tests.factories.registry import DesignationFactory

LIST = "/workspace/data-set-proposals/"
NEXT = make.DICTIONARY.replace("0,100", "0,90") + 'mobility,case,radio,Mobility,"1, Walks | 2, Does not walk",,,,,,\n'


@pytest.fixture
def designated(own, other):
    for centre in (own, other):
        DesignationFactory(centre=centre)


@pytest.fixture
def proposal(own, designated):
    return actions.propose_data_set(
        service=own.service, version="2027-1", content=NEXT.encode(), why="The ratio is never above 90.", by=make.manager(own)
    )


@pytest.fixture
def theirs(db):
    lam = make.make_centre("lam", "RX1")
    return actions.propose_data_set(
        service=lam.service, version="secret-1", content=NEXT.encode(), why="secret", by=make.manager(lam)
    )


def at(proposal, rest=""):
    return f"{LIST}{proposal.pk}/{rest}"


class TestWho:
    @pytest.mark.parametrize(
        ("role", "scope"),
        [
            (CentreDataManager, "adult-ecmo/RJ1"),
            (CentreLead, "adult-ecmo/RM2"),
            (NetworkLead, "adult-ecmo"),
            (NationalCommissioner, "England"),
        ],
    )
    def test_the_network_reads_and_comments(self, as_, proposal, role, scope):
        browser = as_(role, scope)
        for address in (LIST, at(proposal), at(proposal, "remark/"), at(proposal, "changes.csv"), f"{LIST}propose/"):
            assert (address, browser.get(address).status_code) == (address, 200)
        assert browser.get(at(proposal, "document/")).content == NEXT.encode()

    @pytest.mark.parametrize(("role", "scope"), [(CentreLead, "adult-ecmo/RJ1"), (NetworkLead, "adult-ecmo")])
    def test_another_network_does_not_show(self, as_, proposal, theirs, role, scope):
        browser = as_(role, scope)
        assert "secret" not in browser.get(LIST).text
        assert "secret" not in browser.get("/workspace/data-set-proposals.csv").text
        for rest in ("", "changes.csv", "document/", "remark/", "withdraw/"):
            answer = browser.get(at(theirs, rest))
            assert (rest, answer.status_code, "secret" in answer.text) == (rest, 404, False)

    @pytest.mark.parametrize(("role", "scope"), [(Reviewer, "England"), (PatientRepresentative, "adult-ecmo")])
    def test_nobody_else(self, as_, proposal, role, scope):
        browser = as_(role, scope)
        assert browser.get(LIST).status_code == 403
        assert browser.get(at(proposal)).status_code in {403, 404}

    def test_a_centre_does_not_adopt(self, as_, proposal):
        browser = as_(CentreLead, "adult-ecmo/RJ1")
        assert browser.get(at(proposal, "adopt/")).status_code == 403
        assert "adopt/" not in browser.get(at(proposal)).text


class TestPropose:
    def send(self, browser, content=NEXT, **values):
        usual = {"service": "adult-ecmo", "version": "2027-1", "why": "The ratio is never above 90."}
        sent = {"file": SimpleUploadedFile("next.csv", content.encode())} if content is not None else {}
        return browser.post(f"{LIST}propose/", usual | sent | values, follow=True)

    def test_a_centre_proposes_a_version(self, as_, own, designated):
        browser = as_(CentreDataManager, own.key)
        page = self.send(browser)
        made = DataSetProposal.objects.get()
        assert page.redirect_chain == [(at(made), 302)]
        for part in (
            "Version 2027-1 is proposed.",
            "The ratio is never above 90.",
            "0 of 2 centres",
            "Values above 90 are refused.",
        ):
            assert part in page.text
        assert "by Sam Example" in browser.get(LIST).text

    @pytest.mark.parametrize(
        ("content", "values", "part"),
        [
            ("a,b\n", {}, "no column"),
            (None, {}, "Choose the data dictionary"),
            (NEXT, {"why": ""}, "Say what it is for"),
            (NEXT, {"version": ""}, "Give the version"),
            (NEXT, {"version": "2025-1"}, "adopted already"),
            (NEXT, {"service": "lam"}, "Select a valid choice"),
            ("x" * 1_000_001, {}, "larger than 1 MB"),
        ],
    )
    def test_what_is_wrong_is_said_at_the_form(self, as_, own, theirs, content, values, part):
        page = self.send(as_(CentreDataManager, own.key), content, **values)
        assert part in page.text
        assert DataSetProposal.objects.filter(service=own.service).count() == 0


class TestTalk:
    def test_a_comment_stands_with_name_and_field(self, as_, own, proposal):
        browser = as_(CentreDataManager, own.key)
        page = browser.post(at(proposal, "remark/"), {"stance": "comment", "field": "pf_ratio", "text": "Why <90>?"}, follow=True)
        assert page.redirect_chain == [(at(proposal), 302)]
        for part in ("Why &lt;90&gt;?", "pf_ratio", "by Sam Example"):
            assert part in page.text

    def test_the_lead_of_a_centre_agrees_for_it(self, as_, own, proposal):
        browser = as_(CentreLead, own.key)
        assert f"{own.name} agrees" in browser.get(at(proposal, "remark/")).text
        page = browser.post(at(proposal, "remark/"), {"stance": "agrees RJ1"}, follow=True)
        assert "1 of 2 centres" in page.text
        assert ProposalRemark.objects.get().centre == own

    def test_others_are_offered_no_answer_and_cannot_send_one(self, as_, own, proposal):
        browser = as_(CentreDataManager, own.key)
        assert "agrees" not in browser.get(at(proposal, "remark/")).text
        page = browser.post(at(proposal, "remark/"), {"stance": "agrees RJ1"})
        assert "Select a valid choice" in page.text
        assert not ProposalRemark.objects.exists()

    @pytest.mark.parametrize(
        ("sent", "part"),
        [
            ({}, "Choose what you say"),
            ({"stance": "comment"}, "The comment is empty"),
            ({"stance": "objects RJ1"}, "why the centre objects"),
        ],
    )
    def test_what_says_nothing_is_told(self, as_, own, proposal, sent, part):
        assert part in as_(CentreLead, own.key).post(at(proposal, "remark/"), sent).text


DAY = {"adopted_on_day": "1", "adopted_on_month": "1", "adopted_on_year": "2027"}


class TestEnd:
    def test_the_lead_adopts_with_the_answers_before_their_eyes(self, as_, own, other, proposal):
        as_(CentreLead, own.key).post(at(proposal, "remark/"), {"stance": "objects RJ1", "text": "Too narrow"})
        browser = as_(NetworkLead, "adult-ecmo")
        page = browser.get(at(proposal, "adopt/")).text
        assert "Not every centre agrees" in page
        assert f"{own.name}: Objects. Too narrow" in page
        assert f"{other.name}: No answer yet." in page
        answer = browser.post(at(proposal, "adopt/"), DAY, follow=True)
        version = DataSetVersion.objects.get(version="2027-1")
        assert answer.redirect_chain == [(f"/workspace/agreed/data-set/{version.pk}/", 302)]
        assert "Adopted" in browser.get(LIST).text
        assert "remark/" not in browser.get(at(proposal)).text
        assert "adopted already" in browser.post(at(proposal, "adopt/"), DAY).text

    def test_the_day_is_asked_for(self, as_, proposal):
        page = as_(NetworkLead, "adult-ecmo").post(at(proposal, "adopt/"), {})
        assert "Give the first day" in page.text
        assert not DataSetVersion.objects.filter(version="2027-1").exists()

    def test_it_is_withdrawn_with_a_reason(self, as_, proposal):
        browser = as_(NetworkLead, "adult-ecmo")
        assert "Give the reason" in browser.post(at(proposal, "withdraw/"), {}).text
        page = browser.post(at(proposal, "withdraw/"), {"reason": "Too early"}, follow=True)
        assert "Withdrawn" in page.text

    def test_another_centre_does_not_withdraw_it(self, as_, other, proposal):
        page = as_(CentreDataManager, other.key).post(at(proposal, "withdraw/"), {"reason": "x"})
        assert "withdraws it" in page.text
        proposal.refresh_from_db()
        assert proposal.state == "open"


def rows(answer):
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))[1:]


class TestNarrowed:
    @pytest.mark.parametrize(("query", "count"), [("", 1), ("state=open", 1), ("state=adopted", 0), ("service=adult-ecmo", 1)])
    def test_the_list(self, as_, proposal, theirs, query, count):
        assert len(rows(as_(NetworkLead, "adult-ecmo").get(f"/workspace/data-set-proposals.csv?{query}"))) == count

    def test_the_commissioner_narrows_by_service(self, as_, proposal, theirs):
        found = rows(as_(NationalCommissioner, "England").get("/workspace/data-set-proposals.csv?service=lam"))
        assert [row[1] for row in found] == ["Lam service"]

    def test_a_service_of_another_network_is_no_choice(self, as_, proposal, theirs):
        page = as_(NetworkLead, "adult-ecmo").get(f"{LIST}?service=lam").text
        assert "Lam service" not in page

    @pytest.mark.parametrize(
        ("query", "names"),
        [("", {"mobility", "pf_ratio"}), ("kind=added", {"mobility"}), ("text=PF", {"pf_ratio"}), ("kind=removed", set())],
    )
    def test_the_changes(self, as_, proposal, query, names):
        found = rows(as_(NetworkLead, "adult-ecmo").get(at(proposal, f"changes.csv?{query}")))
        assert {row[0] for row in found} == names

    def test_the_same_queries_for_one_and_three(self, as_, own, designated):
        browser, counts = as_(NetworkLead, "adult-ecmo"), []
        for versions in (["2027-1"], ["2027-2", "2027-3"]):
            for version in versions:
                actions.propose_data_set(
                    service=own.service, version=version, content=NEXT.encode(), why="so", by=make.manager(own)
                )
            browser.get(LIST)
            with CaptureQueriesContext(connection) as asked:
                browser.get(LIST)
            counts.append(len(asked))
        assert counts[0] == counts[1]


class TestForms:
    """A proposal is talked about with its guide in hand."""

    @pytest.mark.parametrize(
        ("form", "suffix", "part"),
        [
            ("guide", "html", "Proposed: no network has agreed it yet"),
            ("odm", "xml", "<ODM"),
            ("fhir", "json", '"status": "draft"'),
        ],
    )
    def test_it_can_be_printed_and_taken_to_other_systems(self, as_, proposal, form, suffix, part):
        browser = as_(CentreDataManager, "adult-ecmo/RJ1")
        assert at(proposal, f"as/{form}/") in browser.get(at(proposal)).text
        answer = browser.get(at(proposal, f"as/{form}/"))
        assert answer.headers["Content-Disposition"] == f'attachment; filename="adult-ecmo-proposed-2027-1.{suffix}"'
        assert part in answer.text
        assert "mobility" in answer.text.casefold()

    def test_another_networks_proposal_and_other_forms_are_not_there(self, as_, proposal, theirs):
        browser = as_(CentreLead, "adult-ecmo/RJ1")
        assert browser.get(at(proposal, "as/pdf/")).status_code == 404
        answer = browser.get(at(theirs, "as/guide/"))
        assert (answer.status_code, "mobility" in answer.text.casefold()) == (404, False)


def test_the_list_and_the_changes_can_be_taken_away(as_, proposal):
    browser = as_(NetworkLead, "adult-ecmo")
    rows = list(csv.reader(io.StringIO(browser.get("/workspace/data-set-proposals.csv").text.removeprefix("\ufeff"))))
    assert rows[0] == ["Version", "Service", "State", "Proposed"]
    assert rows[1][:3] == ["Data set 2027-1", "Adult ecmo service", "Open"]
    changes = list(csv.reader(io.StringIO(browser.get(at(proposal, "changes.csv")).text.removeprefix("\ufeff"))))
    assert [row[0] for row in changes[1:]] == ["pf_ratio", "mobility"]
    assert "Proposed data sets" in browser.get("/workspace/agreed/").text


def test_without_a_proposal_the_page_says_what_to_do(as_, own):
    assert "Nothing is proposed to your networks." in as_(CentreLead, own.key).get(LIST).text
