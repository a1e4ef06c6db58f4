"""What a network agrees is read in words, compared with what it agreed before, and adopted on a page."""

import base64
import csv
import io
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection.models import DataSetVersion
from plenary.core.models import AuditEvent
from plenary.core.permissions import (
    Administrator,
    CentreDataManager,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.core.queries import event_detail
from plenary.outcomes.models import OutcomeSetVersion
from tests.factories import outcomes as make
from tests.factories.collection import DICTIONARY, DataSetVersionFactory, make_centre
from tests.factories.registry import ServiceFactory

LIST = "/workspace/agreed/"
ADOPT = f"{LIST}adopt/"
LATER = DICTIONARY.replace("PF ratio,", "PaO2 / FiO2,").replace("0,100", "0,90") + (
    'mobility,case,radio,Mobility,"1, Walks | 2, Does not walk",,,,,,\n'
)
OUTCOMES = make.OUTCOMES.replace("2025-1", "2026-1").replace("Survival to discharge", "Alive at discharge")


@pytest.fixture
def sets(own):
    """Two versions of the data set and two of the outcome set of a service; and what another network agreed in private."""
    service = own.service
    elsewhere = make_centre("lam", "RX1").service
    DataSetVersionFactory(service=elsewhere, version="secret-9", content=LATER.encode(), adopted_on=date(2026, 1, 1))
    make.adopt(elsewhere, make.OUTCOMES.replace("adult-ecmo", "lam").replace("2025-1", "secret-8"))
    return {
        "first": service.data_set_versions.get(),
        "second": DataSetVersionFactory(service=service, version="2026-1", content=LATER.encode(), adopted_on=date(2026, 1, 1)),
        "old": make.adopt(service),
        "new": make.adopt(service, OUTCOMES, date(2026, 2, 1)),
        "theirs": elsewhere.data_set_versions.get(version="secret-9"),
        "their set": OutcomeSetVersion.objects.get(version="secret-8"),
    }


@pytest.fixture
def lead(as_):
    return as_(NetworkLead, "adult-ecmo")


def table(answer):
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def of(kind, version, rest=""):
    return f"{LIST}{kind}/{version.pk}/{rest}"


def upload(browser, content=LATER, **values):
    day = {"adopted_on_day": "1", "adopted_on_month": "4", "adopted_on_year": "2026"}
    usual = {"kind": "data-set", "service": "adult-ecmo", "version": "2027-1"} | day
    sent = {"file": SimpleUploadedFile("document.csv", content.encode())} if content is not None else {}
    return browser.post(ADOPT, usual | sent | values)


def confirm(browser, document=LATER, **values):
    usual = {"kind": "data-set", "service": "adult-ecmo", "version": "2027-1", "adopted_on": "2026-04-01"}
    return browser.post(ADOPT, usual | {"content": base64.b64encode(document.encode()).decode()} | values, follow=True)


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
    def test_the_network_reads_them(self, as_, sets, role, scope):
        browser = as_(role, scope)
        for address in (
            LIST,
            of("data-set", sets["second"]),
            of("outcome-set", sets["new"]),
            of("data-set", sets["second"], "changes/"),
        ):
            assert (address, browser.get(address).status_code) == (address, 200)
        assert browser.get(of("data-set", sets["second"], "document/")).content == LATER.encode()

    @pytest.mark.parametrize(("role", "scope"), [(CentreDataManager, "adult-ecmo/RJ1"), (NetworkLead, "adult-ecmo")])
    def test_another_network_does_not_show(self, as_, sets, role, scope):
        browser = as_(role, scope)
        assert "secret" not in browser.get(LIST).text
        assert "secret" not in browser.get("/workspace/agreed.csv").text
        for kind, row in (("data-set", sets["theirs"]), ("outcome-set", sets["their set"])):
            for rest in ("", "words.csv", "document/", "changes/", "changes.csv"):
                answer = browser.get(of(kind, row, rest))
                assert (rest, answer.status_code, "secret" in answer.text) == (rest, 404, False)

    def test_another_networks_version_is_not_compared_with(self, lead, sets):
        page = lead.get(of("data-set", sets["second"], f"changes/?other={sets['theirs'].pk}"))
        assert "secret" not in page.text
        assert "compared with version 2025-1" in page.text

    @pytest.mark.parametrize(
        ("role", "scope"), [(Reviewer, "England"), (PatientRepresentative, "adult-ecmo"), (Administrator, "")]
    )
    def test_others_do_not(self, as_, sets, role, scope):
        browser = as_(role, scope)
        assert browser.get(LIST).status_code == 403
        assert browser.get(of("data-set", sets["second"])).status_code in {403, 404}
        assert "2026-1" not in browser.get(of("data-set", sets["second"])).text

    @pytest.mark.parametrize(
        ("role", "scope"), [(CentreLead, "adult-ecmo/RJ1"), (CentreDataManager, "adult-ecmo/RJ1"), (Reviewer, "England")]
    )
    def test_the_network_lead_and_the_commissioner_alone_adopt(self, as_, sets, role, scope):
        browser = as_(role, scope)
        assert browser.get(ADOPT).status_code == 403
        assert confirm(browser).status_code == 403
        assert "Adopt a version" not in browser.get(LIST).text
        assert not DataSetVersion.objects.filter(version="2027-1").exists()

    @pytest.mark.parametrize("kind", ["data-set", "outcome-set"])
    def test_of_another_service_not_even_the_network_lead(self, lead, sets, kind):
        content = OUTCOMES.replace("adult-ecmo", "lam") if kind == "outcome-set" else LATER
        before = DataSetVersion.objects.count(), OutcomeSetVersion.objects.count()
        assert "Choose a service" in upload(lead, content, kind=kind, service="lam").text
        answer = confirm(lead, content, kind=kind, service="lam")
        assert "Select a valid choice" in answer.text
        assert (DataSetVersion.objects.count(), OutcomeSetVersion.objects.count()) == before


class TestList:
    def test_state_since_and_by_whom(self, lead, sets):
        rows = table(lead.get("/workspace/agreed.csv"))
        assert rows[0] == ["Version", "Service", "State", "In force from", "Agreed", "Adopted"]
        assert [row[:5] for row in rows[1:]] == [
            ["Data set 2026-1", "Adult ecmo service", "In force", "1 January 2026", "1 January 2026"],
            ["Data set 2025-1", "Adult ecmo service", "Earlier", "1 January 2025", "1 January 2025"],
            ["Outcome set 2026-1", "Adult ecmo service", "In force", "1 February 2026", "12 March 2025"],
            ["Outcome set 2025-1", "Adult ecmo service", "Earlier", "12 March 2025", "12 March 2025"],
        ]
        assert all(row[5].endswith(" by Plenary") for row in rows[1:])

    def test_what_begins_later_and_what_is_only_proposed_say_so(self, lead, sets):
        proposed = OUTCOMES.replace("2026-1", "2999-1").replace("agreed_on = 2025-03-12", "proposed = true")
        make.adopt(sets["new"].service, proposed, date(2999, 1, 1))
        _, row = table(lead.get("/workspace/agreed.csv?state=later"))
        assert row[:5] == ["Outcome set 2999-1", "Adult ecmo service", "Not yet Proposed only", "1 January 2999", "Not yet"]

    @pytest.mark.parametrize(
        ("query", "count"),
        [("", 4), ("kind=data-set", 2), ("state=in+force", 2), ("kind=outcome-set&state=earlier", 1), ("service=lam", 4)],
    )
    def test_it_is_narrowed(self, lead, sets, query, count):
        assert len(table(lead.get(f"/workspace/agreed.csv?{query}"))) == count + 1

    def test_the_commissioner_reads_all_and_narrows_by_service(self, as_, sets):
        browser = as_(NationalCommissioner, "England")
        assert "secret-9" in browser.get(LIST).text
        assert {row[1] for row in table(browser.get("/workspace/agreed.csv?service=lam"))[1:]} == {"Lam service"}

    def test_an_empty_list_says_what_to_do(self, as_, db):
        service = ServiceFactory(slug="lam")
        assert f'<a href="{ADOPT}">Adopt a version</a>' in as_(NetworkLead, service.slug).get(LIST).text
        assert "The network lead adopts them." in as_(CentreLead, "lam/RJ1").get(LIST).text

    def test_as_many_queries_for_one_as_for_three(self, as_, own):
        browser = as_(NationalCommissioner, "England")
        browser.get(LIST)
        counts = []
        for number in (1, 2, 3):
            make.adopt(own.service, make.OUTCOMES.replace("2025-1", f"x{number}"), date(2025, 1, number))
            if number > 1:
                DataSetVersionFactory(service=ServiceFactory(slug=f"s{number}"))
            if number != 2:
                with CaptureQueriesContext(
                    connection,
                ) as found:
                    assert browser.get(LIST).text.count("Outcome set x") == number
                counts.append(len(found))
        assert counts[0] == counts[1]


class TestVersion:
    def test_each_field_in_words(self, lead, sets):
        rows = {row[0]: row[1:] for row in table(lead.get(of("data-set", sets["second"], "words.csv")))}
        assert rows["mobility"][0] == "Mobility"
        assert "Choices: 1 = Walks; 2 = Does not walk" in rows["mobility"][1]
        assert "At most: 90" in rows["pf_ratio"][1]
        assert "Required" not in rows["pf_ratio"][1]
        assert "Required: yes" in rows["status"][1]
        assert "Identifies the patient, not kept: yes" in rows["nhs_number"][1]
        assert list(rows)[1:4] == ["case_id", "nhs_number", "birth_date"], "in the order of the document"

    def test_each_outcome_in_words(self, lead, sets):
        page = lead.get(of("outcome-set", sets["new"])).text
        assert "Alive at discharge" in page
        assert "Met: status = &#39;alive&#39;" in page
        assert "Better: higher" in page
        assert "12 March 2025" in page
        assert "does not fit" not in page

    def test_it_says_what_does_not_fit_the_data_set(self, lead, sets):
        wrong = make.adopt(
            sets["new"].service, OUTCOMES.replace("2026-1", "2026-2").replace("status =", "gone ="), date(2026, 3, 1)
        )
        page = lead.get(of("outcome-set", wrong)).text
        assert "It does not fit the data set in force" in page
        assert "gone" in page

    def test_it_is_searched(self, lead, sets):
        rows = table(lead.get(of("data-set", sets["second"], "words.csv?text=WALK")))
        assert [row[0] for row in rows] == ["Field", "mobility"]
        assert "Nothing fits this filter." in lead.get(of("data-set", sets["second"], "?text=zebra")).text

    @pytest.mark.parametrize(
        "address", ["data-set/404/", "outcome-set/404/", "else/1/", "else/1/changes/", "data-set/404/document/"]
    )
    def test_what_is_not_there(self, lead, sets, address):
        assert lead.get(f"{LIST}{address}").status_code == 404

    def test_the_document_is_the_very_bytes(self, lead, sets):
        answer = lead.get(of("outcome-set", sets["new"], "document/"))
        assert answer.content == OUTCOMES.encode()
        assert answer["Content-Disposition"] == 'attachment; filename="adult-ecmo-outcome-set-2026-1.toml"'
        assert answer["Content-Type"] == "application/toml"


class TestChanges:
    def test_from_the_version_before(self, lead, sets):
        rows = table(lead.get(of("data-set", sets["second"], "changes.csv")))
        assert rows == [
            ["Field", "Change", "What", "Before", "Now", "Files of the earlier version"],
            ["pf_ratio", "Changed", "At most", "100", "90", "Values above 90 are refused."],
            [
                "pf_ratio", "Changed", "Label", "PF ratio", "PaO2 / FiO2",
                "A heading that is the earlier label is not understood any more; the field's name is.",
            ],
            ["mobility", "New", "Field", "", "Mobility", "Files without this column are read; its values are not known."],
        ]  # fmt: skip

    def test_the_other_way_round(self, lead, sets):
        rows = table(lead.get(of("data-set", sets["first"], "changes.csv")))
        assert [row[:5] for row in rows[1:]] == [
            ["pf_ratio", "Changed", "At most", "90", "100"],
            ["pf_ratio", "Changed", "Label", "PaO2 / FiO2", "PF ratio"],
            ["mobility", "Gone", "Field", "Mobility", ""],
        ]

    def test_of_outcomes(self, lead, sets):
        rows = table(lead.get(of("outcome-set", sets["new"], f"changes.csv?other={sets['old'].pk}")))
        assert rows[1:] == [["survival-to-discharge", "Changed", "Label", "Survival to discharge", "Alive at discharge"]]

    def test_it_is_narrowed_and_says_so(self, lead, sets):
        address = of("data-set", sets["second"], "changes/")
        assert "PaO2" not in lead.get(f"{address}?kind=added").text
        assert "Nothing fits this filter." in lead.get(f"{address}?kind=removed").text

    def test_what_is_the_same_is_said(self, lead, sets):
        again = DataSetVersionFactory(
            service=sets["first"].service,
            version="2026-2",
            content=LATER.replace("\n", "\r\n").encode(),
            adopted_on=date(2026, 2, 1),
        )
        assert "Both versions agree the same." in lead.get(of("data-set", again, "changes/")).text

    def test_without_another_version(self, as_, own):
        browser = as_(CentreLead, own.key)
        only = own.service.data_set_versions.get()
        assert "There is no other version to compare it with." in browser.get(of("data-set", only, "changes/")).text
        assert "changes/" not in browser.get(of("data-set", only)).text


class TestExports:
    @pytest.mark.parametrize(
        ("form", "suffix", "part"),
        [
            ("guide", "html", "<!DOCTYPE html>"),
            ("odm", "xml", 'ODMVersion="1.3.2"'),
            ("fhir", "json", '"resourceType": "Questionnaire"'),
        ],
    )
    def test_a_data_set_leaves_for_people_and_systems(self, as_, sets, form, suffix, part):
        browser = as_(CentreLead, "adult-ecmo/RJ1")
        address = of("data-set", sets["second"], f"as/{form}/")
        assert f'href="{address}"' in browser.get(of("data-set", sets["second"])).text
        answer = browser.get(address)
        assert answer.status_code == 200
        assert answer["Content-Disposition"] == f'attachment; filename="adult-ecmo-data-set-2026-1.{suffix}"'
        assert part in answer.text
        assert "2026-01-01" in answer.text  # the day of its adoption: the same every time
        assert "Mobility" in answer.text

    def test_what_is_of_another_network_or_in_no_such_form_does_not_leave(self, as_, sets):
        browser = as_(CentreLead, "adult-ecmo/RJ1")
        assert browser.get(of("data-set", sets["theirs"], "as/guide/")).status_code == 404
        assert browser.get(of("data-set", sets["second"], "as/docx/")).status_code == 404

    def test_an_outcome_set_offers_none(self, as_, sets):
        assert "as/odm/" not in as_(CentreLead, "adult-ecmo/RJ1").get(of("outcome-set", sets["new"])).text


class TestAdopt:
    def test_it_shows_what_changes_and_adopts_nothing_yet(self, lead, sets):
        page = upload(lead, LATER.replace("0,90", "0,80"))
        assert "Adopt data set 2027-1 of Adult ecmo service?" in page.text
        assert "version 2026-1" in page.text
        assert "At most" in page.text
        assert not DataSetVersion.objects.filter(version="2027-1").exists()

    def test_confirmed_it_is_in_force_and_the_event_says_who_and_when(self, lead, sets):
        content = LATER.replace("0,90", "0,80")
        page = upload(lead, content)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        assert set(hidden) >= {"kind", "service", "version", "adopted_on", "content"}
        answer = lead.post(ADOPT, hidden, follow=True)
        made = DataSetVersion.objects.get(version="2027-1")
        assert answer.redirect_chain == [(of("data-set", made), 302)]
        assert made.adopted_on == date(2026, 4, 1)
        event = AuditEvent.objects.get(verb="adopt data set", subject="data-set/adult-ecmo/2027-1")
        assert (event.who, event.who_name) == (lead.person.pk, "Sam Example")
        assert event_detail(event) == {"sha256": made.sha256, "adopted_on": "2026-04-01"}
        assert " by Sam Example" in lead.get(LIST).text
        assert lead.get(of("data-set", made, "document/")).content == content.encode()

    def test_an_outcome_set_says_its_own_version_and_day(self, lead, sets):
        content = OUTCOMES.replace("2026-1", "2027-3").replace("2025-03-12", "2026-03-30")
        page = upload(lead, content, kind="outcome-set", version="")
        assert "Adopt outcome set 2027-3 of Adult ecmo service?" in page.text
        assert "30 March 2026" in page.text
        confirm(lead, content, kind="outcome-set", version="2027-3")
        made = OutcomeSetVersion.objects.get(version="2027-3")
        assert (made.agreed_on, made.adopted_on, made.proposed) == (date(2026, 3, 30), date(2026, 4, 1), False)
        event = AuditEvent.objects.get(verb="adopt outcome set", subject="outcome-set/adult-ecmo/2027-3")
        assert event_detail(event)["agreed_on"] == "2026-03-30"

    def test_the_first_of_a_service_is_all_new(self, as_, db):
        browser = as_(NetworkLead, ServiceFactory(slug="lam").slug)
        page = upload(browser, service="lam")
        assert "nothing: it is the first" in page.text
        confirm(browser, service="lam")
        assert DataSetVersion.objects.get(service__slug="lam").version == "2027-1"

    def test_what_does_not_fit_the_data_set_is_said_before(self, lead, sets):
        page = upload(lead, OUTCOMES.replace("2026-1", "2027-3").replace("status =", "gone ="), kind="outcome-set")
        assert "Look at this first" in page.text
        assert "gone" in page.text

    @pytest.mark.parametrize(
        ("values", "content", "said"),
        [
            ({"version": ""}, LATER, "Give the version of the data set"),
            ({"version": "20/26"}, LATER, "names no version"),
            ({"kind": ""}, LATER, "Choose what the network agreed"),
            ({"service": ""}, LATER, "Choose a service"),
            ({"adopted_on_day": ""}, LATER, "must include a day"),
            ({}, None, "Choose the file that holds the document"),
            ({}, "", "The file is empty"),
            ({}, "x" * 1_000_001, "larger than 1 MB"),
            ({}, "not,a,dictionary\n1,2,3\n", "Variable / Field Name"),
            ({"kind": "outcome-set"}, LATER, "not TOML"),
            ({"kind": "outcome-set"}, "a=" + "[" * 5000, "not TOML"),
            ({"kind": "outcome-set"}, "a=" + "1" * 6000, "not TOML"),
            ({"kind": "outcome-set"}, OUTCOMES.replace("adult-ecmo", "lam"), "of the service &#39;lam&#39;"),
            ({"kind": "outcome-set"}, OUTCOMES.replace("2026-1", "v" * 41), "names no version"),
        ],
    )  # fmt: skip
    def test_what_stands_in_the_way_is_said_at_its_field(self, lead, sets, values, content, said):
        before = DataSetVersion.objects.count(), OutcomeSetVersion.objects.count()
        answer = upload(lead, content, **values)
        assert answer.status_code == 200
        assert "<title>Error: " in answer.text
        assert said in answer.text
        assert (DataSetVersion.objects.count(), OutcomeSetVersion.objects.count()) == before

    @pytest.mark.parametrize(
        ("values", "content", "said"),
        [
            ({"version": "2026-1"}, DICTIONARY, "is adopted with other content"),
            ({"content": "!!!"}, LATER, "lost on its way"),
            ({"content": "é"}, LATER, "lost on its way"),
            ({"content": base64.b64encode(b"x" * 1_000_001).decode()}, LATER, "larger than 1 MB"),
            ({"kind": "outcome-set"}, "a=" + "[" * 5000, "not TOML"),
            ({"kind": "outcome-set"}, "a=" + "1" * 6000, "not TOML"),
            ({"adopted_on": "yesterday"}, LATER, "Enter a valid date"),
            ({"version": "../x"}, LATER, "names no version"),
            ({"kind": "outcome-set"}, OUTCOMES.replace("agreed_on = 2025-03-12", "proposed = false"), "say when"),
        ],
    )
    def test_what_was_changed_on_its_way_is_refused(self, lead, sets, values, content, said):
        before = DataSetVersion.objects.count(), OutcomeSetVersion.objects.count()
        answer = confirm(lead, content, **values)
        assert answer.redirect_chain == [(ADOPT, 302)]
        assert said in answer.text
        assert (DataSetVersion.objects.count(), OutcomeSetVersion.objects.count()) == before

    def test_adopted_twice_is_adopted_once(self, lead, sets):
        for _ in range(2):
            confirm(lead)
        assert DataSetVersion.objects.filter(version="2027-1").count() == 1
        assert AuditEvent.objects.filter(subject="data-set/adult-ecmo/2027-1").count() == 1
