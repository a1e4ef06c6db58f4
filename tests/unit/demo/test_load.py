"""The invented world is loaded by the actions that people take: every step leaves its trace, and the record is whole."""

import csv
import json
from datetime import date

import pytest

from plenary.collection import queries as collection
from plenary.collection.terms import SeriesState
from plenary.core import queries as core
from plenary.core.actions import adopt_policies
from plenary.core.permissions import ROLES, needs_second_factor
from plenary.core.terms import DEMONSTRATION, SYSTEM
from plenary.demo import load, world
from plenary.editions import queries as editions
from plenary.editions.render.verify import verify
from plenary.registry import queries as registry

LAST = {"period_start": date(2025, 4, 1), "period_end": date(2026, 4, 1)}
NEXT = {"period_start": date(2026, 4, 1), "period_end": date(2027, 4, 1)}


@pytest.fixture(scope="module")
def made():
    return world.invent(seed=3, services=3, years=1, cases_per_year=260)


@pytest.fixture
def loaded(db, settings, made):
    adopt_policies(settings.PLENARY.definitions / "policies", by=SYSTEM)
    said = []
    return made, load.load(made, said.append), said


def test_a_year_goes_from_files_to_a_published_edition(loaded, settings):
    made, [folder], said = loaded

    assert folder.is_relative_to(settings.PLENARY.editions)

    assert [edition.label for edition in editions.current()] == ["2025/26"]
    assert verify(folder)["problems"] == []
    assert "Invented" in (folder / "index.html").read_text(encoding="utf-8")
    assert any("published" in words or "publishing" in words for words in said)
    with (folder / "data" / "services.csv").open(encoding="utf-8", newline="") as file:
        assert {row["service"] for row in csv.DictReader(file)} == {service.slug for service in made.services}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["draft"] is False
    assert len(set(manifest["reviewers"])) == 2

    # the database is marked, so that production refuses it, and its record is whole
    assert core.is_demonstration()
    assert core.events(verb=DEMONSTRATION).count() == 1
    assert core.verify_chain().whole
    for verb in ("receive", "check", "accept", "sign off series", "propose", "review", "freeze", "publish edition"):
        assert core.events(verb=verb).exists(), verb

    # somebody can sign in as each role, with a second factor where the role needs one
    people = {one.role: core.person(one.email) for one in load.sign_ins(made)}
    assert set(people) == set(ROLES)
    for person in people.values():
        assert core.has_second_factor(person) is needs_second_factor(core.who(person))
        assert person.check_password(load.PASSWORD)

    # every centre that sent cases has signed off; a case remains expected next year, and a file waits with findings
    first = made.services[0]
    for centre in first.centres:
        series = collection.series_of(registry.centre(first.slug, centre.code), **LAST)
        assert series.state == SeriesState.SIGNED_OFF
    own = registry.centre(first.slug, first.centres[0].code)
    assert [row.status for row in collection.accounts(own, **NEXT)] == ["missing"]
    waiting = collection.pending(own, **NEXT)
    assert waiting is not None
    assert waiting.blocking >= 4
    manager = core.who(people[load.CentreDataManager])
    assert "Mend the findings of this year's file and send it again" in {todo.what for todo in core.inbox(manager)}
