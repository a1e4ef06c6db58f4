"""The versions of data sets and outcome sets as a list, in words and as files."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.core.permissions import CentreLead, NationalCommissioner, NetworkLead
from tests.factories import outcomes as make
from tests.factories.collection import DataSetVersionFactory
from tests.factories.registry import ServiceFactory
from tests.web.workspace.agreed.documents import ADOPT, LIST, OUTCOMES, of, table


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
