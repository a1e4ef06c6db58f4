"""A year's collection of 80 services and 250 centres, driven through the pages: all sign off; then with faults put in, each found.

Whatever happens, what came in equals what is accounted for: every row of every file is a case or stands in a file that was not
accepted, every expected case was received, explained or is missing.
"""

import random
from collections import Counter
from itertools import cycle

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from plenary.collection import queries
from plenary.collection.models import ExpectedCase, SharedPatient
from plenary.collection.queries.shared import account
from plenary.collection.terms import Explanation, SeriesState, SharedState
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

    def explain(self, name: str) -> str:
        """Say why an expected case is rightly not among the cases."""
        one = ExpectedCase.objects.get(centre=self.row, case_id=name)
        said = {"kind": Explanation.NOT_ELIGIBLE.value, "reason": "Treated without the service"}
        return self.manager.post(f"{self.place}expected/{one.pk}/", said, follow=True).text

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
    for slug in sorted({each.row.service.slug for each in centres})[::8]:
        page = signed_in((NetworkLead, slug)).get(f"/workspace/collection/?period={PERIOD}").text
        assert page.count("Signed off") >= 3


def missing(centre: Centre) -> None:
    """A case that the MDT knows is not in the file: named, explained, signed."""
    centre.expect("MDT-7")
    centre.send(*centre.cases)
    centre.accept()
    assert "MDT-7" in centre.sign()
    assert state(centre) == SeriesState.OPEN
    assert "is explained" in centre.explain("MDT-7")
    assert "is signed off with" in centre.sign()


def twice(centre: Centre) -> None:
    """One identifier on two rows: both rows are named, nothing of the file counts until it is mended."""
    spoilt = [*centre.cases, centre.cases[0] | {"pf_ratio": "1.5"}]
    page = centre.send(*spoilt)
    assert f"The case &#39;{centre.cases[0]['case_id']}&#39; stands on row 2 already, with other values." in page
    assert "must be mended" in centre.accept()
    assert holds(centre) == 0
    centre.sent["rows"] -= len(spoilt)  # set aside whole: no row of it is a case
    centre.send(*centre.cases, name="mended.csv")
    assert "was accepted" in centre.accept()
    assert "is signed off with" in centre.sign()


def late(centre: Centre) -> None:
    """A correction after the sign-off: refused, until the network lead opens the series again."""
    centre.send(*centre.cases)
    centre.accept()
    centre.sign()
    corrected = [centre.cases[0] | {"pf_ratio": "77.7"}, *centre.cases[1:]]
    centre.sent["rows"] -= len(corrected)  # the later file stands in the place of the earlier
    centre.send(*corrected, name="late.csv")
    assert "Ask the network lead to reopen it first." in centre.accept()
    lead = signed_in((NetworkLead, centre.row.service.slug))
    assert lead.post(f"{centre.place}reopen/", {"reason": "A late result"}).status_code == 302
    assert "77.7" in centre.manager.get(f"{centre.address}changes/").text
    assert "was accepted" in centre.accept()
    assert "is signed off with" in centre.sign()


def sound(centre: Centre) -> None:
    centre.send(*centre.cases)
    centre.accept()
    assert "is signed off with" in centre.sign()


FAULTS = (missing, twice, late, sound)


def moved(first: Centre, second: Centre) -> None:
    """One patient at two centres: told to the second without a name, agreed by both as a transfer, counted once."""
    patient = {"nhs_number": "9434765919", "birth_date": "02/03/1980", "sex": "female"}
    one, other = (each.cases[0] | patient | {"admitted_on": day} for each, day in ((first, "15/06/2025"), (second, "17/06/2025")))
    first.send(one, *first.cases[1:])
    first.accept()
    page = second.send(other, *second.cases[1:])
    assert "Another centre of the service reports" in page
    assert one["case_id"] not in page
    second.accept()
    [pair] = SharedPatient.objects.filter(first__centre=first.row)
    said = {"answer": "transfer", "counts_at": second.row.ods, "moved_from": first.row.ods}
    said |= {"moved_on_day": "17", "moved_on_month": "6", "moved_on_year": "2025"}
    for each in (first, second):
        each.manager.post(f"/workspace/shared-patients/{pair.pk}/", said)
    pair.refresh_from_db()
    assert pair.state == SharedState.AGREED
    for each in (first, second):
        assert "is signed off with" in each.sign()


def state(centre: Centre) -> str:
    return queries.series_of(centre=centre.row, period_start=START, period_end=END).state


def test_every_fault_is_found_and_named_and_the_sum_holds(centres):
    """One service in four has a patient who moved; everywhere else each centre has the next kind of fault."""
    kinds = cycle(FAULTS)
    transfers = Counter()
    for order, slug in enumerate(sorted({each.row.service.slug for each in centres})):
        own = [each for each in centres if each.row.service.slug == slug]
        if order % 4 == 0:
            moved(own[0], own[1])
            transfers[slug] += 1
            own = own[2:]
        for each in own:
            next(kinds)(each)
    assert {state(each) for each in centres} == {SeriesState.SIGNED_OFF}
    assert [holds(each) for each in centres] == [each.sent["rows"] for each in centres]
    for slug in sorted({each.row.service.slug for each in centres}):
        service = next(each.row.service for each in centres if each.row.service.slug == slug)
        sums = account(service, START, END)
        assert sums.cases == sum(each.sent["rows"] for each in centres if each.row.service == service)
        assert (sums.transferred, sums.duplicates, sums.waiting) == (transfers[slug], 0, 0)
        assert sums.counted == sums.cases - transfers[slug]
