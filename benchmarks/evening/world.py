"""The world of the evening: 80 invented services with their centres, last year's cases, and people who have a post.

``python -m benchmarks.evening.world PEOPLE SERVICES FILE`` makes it in the installation that the environment names, and writes
who the people are and what they are about to send to a file.
"""

from __future__ import annotations

import csv
import io
import json
import random
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import django

PASSWORD = "an invented evening in June"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LAST, THIS = date(2024, 4, 1), date(2025, 4, 1)
CASES_PER_YEAR = 5_000
SEED = 20_260_630
TASKS = (("send", 0.45), ("key", 0.25), ("lead", 0.15), ("network", 0.125), ("nation", 0.025))
"""What the people of the evening are there for, and which part of them."""


def build(people: int, services: int) -> list[dict[str, Any]]:
    """Make the world; return its people."""
    made = worlds.invent(seed=SEED, services=services, years=1, cases_per_year=CASES_PER_YEAR * services // 80)
    with tempfile.TemporaryDirectory() as folder:
        worlds.write(made, Path(folder))
        centres = [(service, centre) for service in made.services for centre in service.centres]
        for service in made.services:
            _register(service, Path(folder))
    sent = {(service.slug, year): _by_centre(made, service, year) for service in made.services for year in (LAST, THIS)}
    for service, centre in centres:
        _accept(service, centre, LAST, sent[service.slug, LAST].get(centre.code, []))
    draw = random.Random(SEED)
    draw.shuffle(centres)
    tasks = _tasks(people)
    found = []
    for number, task in enumerate(tasks):
        service, centre = centres[number % len(centres)]
        cases = sent[service.slug, THIS].get(centre.code, [])
        if task == "lead" and number < len(centres):
            _accept(service, centre, THIS, cases)
        found.append(_person(number, task, service, centre, cases))
    hashed = make_password(PASSWORD)
    Person.objects.update(password=hashed)
    return found


def _tasks(people: int) -> list[str]:
    """Return what each of the people is there for; at least one for each."""
    named = [task for task, share in TASKS for _ in range(max(1, round(people * share)))]
    return (named + ["send"] * people)[:people]


def _register(service: Any, folder: Path) -> None:
    register.add_service(
        slug=service.slug, name=service.name, category=service.kind.category, confidence="invented", source="Invented",
        description=f"Invented: {service.kind.care} for a condition that does not exist.", by=SYSTEM,
    )  # fmt: skip
    for centre in service.centres:
        register.designate(
            service=service.slug, ods=centre.code, name=centre.name, valid_from=date(2019, 4, 1), authority="Invented",
            confidence="invented", by=SYSTEM,
        )  # fmt: skip
    row = registry.service(service.slug)
    content = (folder / service.slug / "dictionary.csv").read_bytes()
    collection.adopt_data_set(service=row, version="2024-1", content=content, adopted_on=LAST, by=SYSTEM)


def _by_centre(world: Any, service: Any, start: date) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    names = [row[0] for row in service.kind.dictionary()]
    for case in worlds.cases_of(world, service, start):
        found.setdefault(str(case["centre"]), []).append({name: str(case.get(name, "")) for name in names})
    return found


def _accept(service: Any, centre: Any, start: date, cases: list[dict[str, str]]) -> None:
    """Send, check and accept the cases of a centre and year."""
    if not cases:
        return
    row = registry.centre(service.slug, centre.code)
    period = {"period_start": start, "period_end": start.replace(year=start.year + 1)}
    by = Who(None, "The year before", (Post(CentreDataManager.key, "centre", row.key),))
    sent = collection.receive(centre=row, **period, filename="cases.csv", content=written(cases), by=by)
    collection.check(submission_id=sent.pk, by=SYSTEM)
    collection.accept(submission_id=sent.pk, by=by)


def written(cases: list[dict[str, str]]) -> bytes:
    """Return cases as a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, cases[0].keys(), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(cases)
    return text.getvalue().encode()


def _person(number: int, task: str, service: Any, centre: Any, cases: list[dict[str, str]]) -> dict[str, Any]:
    role, scope = {
        "send": (CentreDataManager, f"{service.slug}/{centre.code}"),
        "key": (CentreDataManager, f"{service.slug}/{centre.code}"),
        "lead": (CentreLead, f"{service.slug}/{centre.code}"),
        "network": (NetworkLead, service.slug),
        "nation": (NationalCommissioner, "England"),
    }[task]
    email = f"person.{number:03}@evening.invalid"
    person = core.create_person(email=email, name=f"Person {number}, invented", by=SYSTEM)
    core.appoint(person=person, role=role.key, scope=scope, by=SYSTEM)
    core.enrol_totp(person=person, secret=SECRET, by=SYSTEM)
    place = f"/workspace/collection/{service.slug}/{centre.code}/{THIS.year}-{(THIS.year + 1) % 100}/"
    known = {"number": number, "email": email, "task": task, "service": service.slug, "ods": centre.code}
    return known | {"place": place, "cases": cases if task in {"send", "key"} else []}


def main(people: int, services: int, file: Path) -> None:
    file.write_text(json.dumps({"people": build(people, services), "password": PASSWORD, "secret": SECRET}))


if __name__ == "__main__":
    django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 - Django must be set up before its tables are named

from plenary.collection import actions as collection  # noqa: E402
from plenary.core import actions as core  # noqa: E402
from plenary.core.models import Person  # noqa: E402
from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead  # noqa: E402
from plenary.core.terms import SYSTEM, Post, Who  # noqa: E402
from plenary.demo import world as worlds  # noqa: E402
from plenary.registry import actions as register  # noqa: E402
from plenary.registry import queries as registry  # noqa: E402

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
