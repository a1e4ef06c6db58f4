"""A version is read, shown and adopted."""

import base64
import re
from datetime import date

import pytest

from plenary.collection.models import DataSetVersion
from plenary.core.models import AuditEvent
from plenary.core.permissions import NetworkLead
from plenary.core.queries import event_detail
from plenary.outcomes.models import OutcomeSetVersion
from tests.factories.collection import DICTIONARY
from tests.factories.registry import ServiceFactory
from tests.web.workspace.agreed.documents import ADOPT, LATER, LIST, OUTCOMES, confirm, of, upload


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
