"""What a room above computes is kept with its inputs, once, whole or not at all."""

import pytest

from plenary.access.models import Run
from plenary.collection import actions
from plenary.core.models import AuditEvent
from plenary.core.queries import stored_bytes
from plenary.core.terms import SYSTEM, NotPossible
from plenary_stats.tables import ResultTable, dump, numbers, text
from tests.factories import collection as make
from tests.factories.collection import END, START
from tests.unchanged import DiskFullError, cannot_tell, nothing_changes

pytestmark = pytest.mark.django_db

TABLE = ResultTable({"centre": text(["RJ1"]), "value": numbers([4.0])}, name="access", kind="count", dimensions=("centre",))


@pytest.fixture
def service():
    return make.make_centre().service


def keep(service, *, inputs=lambda: {"cases": "a"}, compute=lambda: [TABLE], **options):
    usual = {"period_start": START, "period_end": END, "label": "2025", "signed_only": True, "by": SYSTEM}
    return actions.keep_run(runs=Run, name="access", inputs=inputs, compute=compute, service=service, **usual | options)


def test_the_tables_are_kept_as_bytes_and_the_run_says_from_what(service):
    made = keep(service)
    assert [stored_bytes(sha256) for sha256 in made.tables] == [dump(TABLE)]
    assert made.inputs == {"cases": "a"}
    assert AuditEvent.objects.filter(verb="run access", subject=f"access-run/{made.pk}").count() == 1


def test_the_same_inputs_are_computed_once(service):
    made = keep(service)

    def again():
        raise AssertionError("it was computed before")

    with nothing_changes():
        assert keep(service, compute=again) == made


@pytest.mark.parametrize(
    "other", [{"inputs": lambda: {"cases": "b"}}, {"label": "2025 again"}, {"signed_only": False}], ids=["cases", "label", "all"]
)
def test_other_inputs_are_another_run(service, other):
    assert keep(service).pk != keep(service, **other).pk


def test_what_changed_while_it_was_computed_is_refused(service):
    seen = iter([{"cases": "before"}, {"cases": "after"}])
    with nothing_changes(), pytest.raises(NotPossible, match="changed while"):
        keep(service, inputs=lambda: next(seen))


def test_a_period_that_runs_backward_is_refused_before_anything_is_computed(service):
    with nothing_changes(), pytest.raises(NotPossible, match="ends after it starts"):
        keep(service, period_end=START, compute=lambda: pytest.fail("it was computed"))


def test_what_cannot_be_told_is_not_kept(service, monkeypatch):
    cannot_tell(monkeypatch, actions)
    with nothing_changes(), pytest.raises(DiskFullError):
        keep(service)
