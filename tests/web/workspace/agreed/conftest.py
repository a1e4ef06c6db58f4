"""What a network has agreed, and its lead."""

from datetime import date

import pytest

from plenary.core.permissions import NetworkLead
from plenary.outcomes.models import OutcomeSetVersion
from tests.factories import outcomes as make
from tests.factories.collection import DataSetVersionFactory, make_centre
from tests.web.workspace.agreed.documents import LATER, OUTCOMES


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
