"""A year's collection of 80 services and 250 centres, driven through the pages: all sign off; then with faults put in, each found.

Whatever happens, what came in equals what is accounted for: every row of every file is a case or stands in a file that was not
accepted, every expected case was received, explained or is missing.
"""

import random
from collections import Counter

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from plenary.collection import queries
from plenary.core import actions as core
from plenary.core.permissions import CentreDataManager, CentreLead, NetworkLead
from plenary.core.terms import SYSTEM, scope_kind
from tests.factories.collection import END, START, DataSetVersionFactory, case, case_file
from tests.factories.core import TOTP_SECRET, PersonFactory, PostFactory
from tests.factories.registry import CentreFactory, DesignationFactory, ServiceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SERVICES, CENTRES, PERIOD = 80, 250, "2025"


def signed_in(*posts: tuple) -> Client:
    """A browser of somebody who holds these posts, second factor and all."""
    person = PersonFactory()
    for role, scope in posts:
        PostFactory(person=person, role=role.key, scope=scope, scope_kind=scope_kind(scope))
    core.enrol_totp(person=person, secret=TOTP_SECRET, by=SYSTEM)
    browser = Client()
    browser.force_login(person)
    return browser


class Centre:
    """One centre with its two people, who only ever use the pages."""

    def __init__(self, key: str, draw: random.Random) -> None:
        service, ods = key.split("/")
        made = CentreFactory(service__slug=service, ods=ods)
        DesignationFactory(centre=made)
        self.key, self.place, self.row = key, f"/workspace/collection/{service}/{ods}/{PERIOD}/", made
        self.manager, self.lead = signed_in((CentreDataManager, key)), signed_in((CentreLead, key))
        self.cases = [self.case(f"{ods}-{number:03}", draw) for number in range(draw.randint(1, 12))]
        self.sent = Counter()

    def case(self, name: str, draw: random.Random) -> dict[str, str]:
        """An invented case."""
        return case(
            name,
            sex=draw.choice(("female", "male")),
            birth_date=f"{draw.randint(1, 28):02}/{draw.randint(1, 12):02}/{draw.randint(1940, 2024)}",
            admitted_on=f"{draw.randint(1, 28):02}/{draw.randint(1, 12):02}/2025",
            pf_ratio=f"{draw.uniform(1, 90):.1f}",
            status=draw.choice(("alive", "alive", "dead")),
        )

    def send(self, *cases: dict[str, str], name: str = "cases.csv") -> str:
        """Send a file, and answer with the page of its findings."""
        content = SimpleUploadedFile(name, case_file(*cases))
        page = self.manager.post(f"{self.place}upload/", {"file": content}, follow=True)
        self.address = page.redirect_chain[-1][0]
        self.sent["rows"] += len(cases)
        return page.text

    def accept(self) -> str:
        return self.manager.post(f"{self.address}accept/", follow=True).text

    def expect(self, name: str) -> None:
        self.manager.post(f"{self.place}expected/add/", {"case_id": name, "source": "MDT list"}, follow=True)
        self.sent["expected"] += 1

    def sign(self) -> str:
        return self.lead.post(f"{self.place}sign-off/", {"complete": "on"}, follow=True).text


@pytest.fixture
def centres() -> list[Centre]:
    """Three or four centres for each of 80 services."""
    draw = random.Random(2025)
    found = []
    for number in range(SERVICES):
        service = ServiceFactory(slug=f"service-{number:02}")
        DataSetVersionFactory(service=service)
        found += [
            Centre(f"{service.slug}/X{number:02}{order}", draw) for order in range(4 if number < CENTRES - 3 * SERVICES else 3)
        ]
    assert len(found) == CENTRES
    return found


def holds(centre: Centre) -> int:
    count, _ = queries.series_content(queries.series_of(centre=centre.row, period_start=START, period_end=END))
    return count


def test_all_sign_off_and_every_row_is_a_case(centres):
    for centre in centres:
        centre.expect(centre.cases[0]["case_id"])
        assert "Nothing blocks this file" in centre.send(*centre.cases)
        assert "was accepted" in centre.accept()
        assert "is signed off with" in centre.sign()
    assert [holds(each) for each in centres] == [each.sent["rows"] for each in centres]
    for number in range(0, SERVICES, 8):
        commissioner = signed_in((NetworkLead, f"service-{number:02}"))
        page = commissioner.get(f"/workspace/collection/?period={PERIOD}").text
        assert page.count("Signed off") >= 3
