"""Load an invented world the way a network would: every step is the action that a person takes, by an invented person.

Each year's cases are received, checked, accepted and signed off centre by centre; the results are run, proposed, reviewed by two
people and published. A little is left to do, so that every role finds work.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from plenary.access import actions as access_actions
from plenary.collection import actions as collection
from plenary.core import actions as core
from plenary.core import queries as people
from plenary.core.permissions import (
    Administrator,
    CentreDataManager,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
    Role,
)
from plenary.core.terms import DEMONSTRATION, SYSTEM, Who
from plenary.demo import world as worlds
from plenary.demo.world import Service, World
from plenary.editions import actions as editions
from plenary.editions import queries as published
from plenary.outcomes import actions as outcome_actions
from plenary.registry import actions as register
from plenary.registry import queries as registry
from plenary.releases import actions as releases
from plenary.releases.queries import gathered
from plenary.releases.terms import Decision
from plenary.spend import actions as spend_actions
from plenary_stats.folder import read

PASSWORD = "an invented world to try"  # noqa: S105 — printed by make demo; production refuses demonstration data
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 — as above
AUTHORITY = "Invented for demonstration"
NATION = "England"

Say = Callable[[str], None]


@dataclass(frozen=True)
class SignIn:
    """One of the people a visitor may sign in as."""

    role: type[Role]
    email: str
    name: str
    scope: str


def sign_ins(world: World) -> tuple[SignIn, ...]:
    """Return one person per role, and the second reviewer that a release needs."""
    first = world.services[0]
    centre = f"{first.slug}/{first.centres[0].code}"
    return (
        SignIn(CentreDataManager, "data.manager@demo.invalid", "Dilys Invented", centre),
        SignIn(CentreLead, "centre.lead@demo.invalid", "Leo Invented", centre),
        SignIn(NetworkLead, "network.lead@demo.invalid", "Nia Invented", first.slug),
        SignIn(NationalCommissioner, "commissioner@demo.invalid", "Carol Invented", NATION),
        SignIn(Reviewer, "reviewer@demo.invalid", "Ravi Invented", NATION),
        SignIn(Reviewer, "reviewer.two@demo.invalid", "Rosa Invented", NATION),
        SignIn(PatientRepresentative, "patient.voice@demo.invalid", "Pat Invented", first.slug),
        SignIn(Administrator, "administrator@demo.invalid", "Ade Invented", ""),
    )


def load(world: World, say: Say) -> list[Path]:
    """Load the world into an empty database and publish an edition a year. Return the folders of the editions."""
    core.record(by=SYSTEM, verb=DEMONSTRATION, subject="demonstration", detail={"seed": world.seed})
    with tempfile.TemporaryDirectory() as folder:
        say(f"Inventing {len(world.services)} services")
        worlds.write(world, Path(folder))
        who = _appoint(world)
        _register(world)
        story = _Story(world, Path(folder), read(Path(folder))[0].narrative, who, say)
        story.adopt()
        folders = [story.year(start) for start in world.years]
        say("Leaving some work to do")
        story.leave_work()
    return folders


# -- people, centres and documents


def _appoint(world: World) -> dict[str, Who]:
    """Make the people; return those who act in the story, by e-mail address."""
    made: dict[str, Who] = {}
    for one in sign_ins(world):
        person = core.create_person(email=one.email, name=one.name, password=PASSWORD, by=SYSTEM)
        core.appoint(person=person, role=one.role.key, scope=one.scope, by=SYSTEM)
        if one.role.second_factor:
            core.enrol_totp(person=person, secret=TOTP_SECRET, by=SYSTEM)
        made[one.email] = people.who(person)
    for role in (CentreDataManager, CentreLead):
        email = f"{role.key}.elsewhere@demo.invalid"
        person = core.create_person(email=email, name=f"Every other {role.label.lower()}, invented", by=SYSTEM)
        for service in world.services:
            for centre in service.centres:
                core.appoint(person=person, role=role.key, scope=f"{service.slug}/{centre.code}", by=SYSTEM)
        made[role.key] = people.who(person)
    return made


def _register(world: World) -> None:
    opened = world.years[0].replace(year=world.years[0].year - 5)
    for service in world.services:
        register.add_service(
            slug=service.slug, name=service.name, category=service.kind.category, confidence="invented", source=AUTHORITY,
            description=f"{AUTHORITY}: {service.kind.care} for a condition that does not exist.", by=SYSTEM,
        )  # fmt: skip
        for centre in service.centres:
            register.designate(
                service=service.slug, ods=centre.code, name=centre.name, valid_from=opened, valid_to=centre.designated_to,
                authority=AUTHORITY, confidence="invented", by=SYSTEM,
            )  # fmt: skip


# -- the story


@dataclass(frozen=True)
class _Story:
    """The years of a world, told by its people."""

    world: World
    folder: Path
    narrative: Mapping[str, Mapping[str, str]]
    who: Mapping[str, Who]
    say: Say

    def adopt(self) -> None:
        """Put data sets and outcome sets in force before the first year."""
        agreed = self.world.years[0].replace(year=self.world.years[0].year - 1)
        for service in self.world.services:
            row, own = registry.service(service.slug), self.folder / service.slug
            dictionary, outcome_set = (own / "dictionary.csv").read_bytes(), (own / "outcomes.toml").read_bytes()
            collection.adopt_data_set(service=row, version="2026-1", content=dictionary, adopted_on=agreed, by=SYSTEM)
            outcome_actions.adopt_outcome_set(service=row, content=outcome_set, adopted_on=agreed, by=SYSTEM)

    def year(self, start: dt.date) -> Path:
        """Take one year from its files to its edition; return the edition's folder."""
        period = Period(start, start.replace(year=start.year + 1), worlds.year_label(start))
        for service in self.world.services:
            self.say(f"{period.label}: {service.name}: cases received, checked, accepted, signed off")
            self._collect(service, period)
        self.say(f"{period.label}: results run, proposed, reviewed by two people")
        proposal = self._release(period)
        self.say(f"{period.label}: building and publishing the edition")
        commissioner = self.who["commissioner@demo.invalid"]
        edition = editions.build(proposal_id=proposal, by=commissioner)
        return published.place(editions.publish(edition_id=edition.pk, by=commissioner))

    def _collect(self, service: Service, period: Period) -> None:
        """Send each centre's file, and sign off its series."""
        manager, lead = self.who[CentreDataManager.key], self.who[CentreLead.key]
        name = f"cases-{period.start.year}-{period.end.year % 100:02d}.csv"
        rows = _rows(self.folder / service.slug / name)
        for centre in service.centres:
            own = [row for row in rows if row["centre"] == centre.code]
            if not own:  # late, or closed before the year began
                continue
            place = registry.centre(service.slug, centre.code)
            sent = collection.receive(centre=place, filename=name, content=_csv(own), by=manager, **period.dates)
            collection.check(submission_id=sent.pk, by=manager)
            collection.accept(submission_id=sent.pk, by=manager)
            if service.missing_case and centre is service.centres[0]:
                missing = f"{centre.code}-MISSING-{period.start.year}"
                expected = collection.expect_case(centre=place, case_id=missing, source="MDT list", by=manager, **period.dates)
                reason = "Seen once; care stayed with the local hospital."
                collection.explain_missing(expected_id=expected.pk, reason=reason, by=manager)
            collection.sign_off_series(centre=place, by=lead, **period.dates)

    def _release(self, period: Period) -> int:
        """Run the results, propose them, have two people review them, freeze them; return the proposal."""
        commissioner = self.who["commissioner@demo.invalid"]
        for row in _rows(self.folder / "expenditure.csv"):
            spend_actions.record_return(
                centre=registry.centre(row["service"], row["centre"]),
                amount_gbp=Decimal(row["amount_gbp"]),
                basis=row["basis"],
                by=commissioner,
                **period.dates,
            )
        for service in self.world.services:
            known = registry.service(service.slug)
            for room in (outcome_actions, access_actions):
                room.run(service=known, period_start=period.start, period_end=period.end, label=period.label, by=commissioner)
        results, sources = gathered.results((period.start, period.end), period.label)
        proposal = releases.propose(
            label=period.label,
            results=results,
            narrative=self.narrative,
            sources=sources,
            on=period.end,
            note="The whole invented world",
            by=commissioner,
            **period.dates,
        )
        for reviewer in ("reviewer@demo.invalid", "reviewer.two@demo.invalid"):
            words = "Read; nothing further to withhold."
            releases.review(proposal_id=proposal.pk, decision=Decision.APPROVE, comment=words, by=self.who[reviewer])
        releases.freeze(proposal_id=proposal.pk, by=commissioner)
        return proposal.pk

    def leave_work(self) -> None:
        """In the year after the last edition: a file with findings, and a case that a second source knows."""
        service = self.world.services[0]
        centre = registry.centre(service.slug, service.centres[0].code)
        last = self.world.years[-1]
        start = last.replace(year=last.year + 1)
        period = Period(start, start.replace(year=start.year + 1), worlds.year_label(start))
        manager = self.who["data.manager@demo.invalid"]
        cases = [dict(case) for case in worlds.cases_of(self.world, service, start) if case["centre"] == centre.ods][:12]
        cases[1]["sex"], cases[3]["birth_date"], cases[5]["operation_date"], cases[7]["area"] = (
            "F",
            "31/02/1999",
            "soon",
            "Atlantis",
        )
        rows = [{name: str(case.get(name, "")) for name in cases[0]} for case in cases]
        sent = collection.receive(centre=centre, filename="cases-this-year.csv", content=_csv(rows), by=manager, **period.dates)
        collection.check(submission_id=sent.pk, by=manager)
        collection.expect_case(centre=centre, case_id=f"{centre.ods}-MDT-1", source="MDT list", by=manager, **period.dates)
        what = "Mend the findings of this year's file and send it again"
        core.ask(role=CentreDataManager.key, scope=centre.key, what=what, link="/workspace/", due_on=period.end, by=SYSTEM)


@dataclass(frozen=True)
class Period:
    """A year of the story, ``[start, end)``."""

    start: dt.date
    end: dt.date
    label: str

    @property
    def dates(self) -> dict[str, dt.date]:
        return {"period_start": self.start, "period_end": self.end}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _csv(rows: list[dict[str, str]]) -> bytes:
    """Return the rows as a spreadsheet programme saves them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
