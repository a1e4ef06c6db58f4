"""Who reads and who adopts what a network agrees."""

import pytest

from plenary.collection.models import DataSetVersion
from plenary.core.permissions import (
    Administrator,
    CentreDataManager,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.outcomes.models import OutcomeSetVersion
from tests.web.workspace.agreed.documents import ADOPT, LATER, LIST, OUTCOMES, confirm, of, upload


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
