"""What changed between two versions."""

import csv
import io
from datetime import date

import pytest

from plenary.core.permissions import (
    CentreLead,
    NetworkLead,
)
from plenary.outcomes.models import OutcomeSetVersion
from tests.factories import outcomes as make
from tests.factories.collection import DICTIONARY, DataSetVersionFactory, make_centre

LIST = "/workspace/agreed/"
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
