"""Who reads and who adopts what a network agrees."""

import base64
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

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
from tests.factories import outcomes as make
from tests.factories.collection import DICTIONARY, DataSetVersionFactory, make_centre

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
