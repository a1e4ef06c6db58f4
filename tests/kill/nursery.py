"""One world on a file database in which a process walks the data path again and again and is killed again and again.

``python -m tests.kill.nursery DATA KILLS SEED`` raises the walker by fork, so that each life begins with everything loaded, kills
it with SIGKILL at a random moment of a random step, and looks at what is left: no half state, and everything that was
acknowledged. Prints one JSON report.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import django

STEPS = ("receive", "check", "accept", "sign_off", "run", "order", "propose", "review", "freeze", "build", "publish")
PATIENCE = 120  # seconds in which a walker must begin the step in which it is to be killed


# -- the walker: lives in a process of its own, and never ends by itself


class Walker:
    """Does the steps of a year, tells of each beginning, and acknowledges each end. Begun again, it goes on."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe

    def tell(self, word: str, step: str, **facts: object) -> None:
        os.write(self.pipe, json.dumps([word, step, facts]).encode() + b"\n")

    def step(self, name: str, act, **facts):
        self.tell("begin", name)
        since = time.monotonic()
        result = act()
        self.tell("done", name, **facts, **_facts(result), seconds=time.monotonic() - since)
        return result

    def walk(self, years: int) -> None:
        editions.resume(by=SYSTEM)
        for _ in range(years):
            self.year(2000 + edition_queries.published().count())

    def year(self, year: int) -> None:
        period = {"period_start": date(year, 1, 1), "period_end": date(year + 1, 1, 1)}
        for ods, count in (("RJ1", 60), ("RJ7", 14)):
            self.centre(make.make_centre(ods=ods), count, year, period)
        service = make.make_centre().service
        self.step("run", lambda: outcomes.run(service=service, **period, label=str(year), by=SYSTEM))
        self.step("run", lambda: access.run(service=service, **period, label=str(year), by=SYSTEM))
        proposal = Proposal.objects.filter(label=str(year)).first() or self.step(
            "order", lambda: releases.order_edition(label=str(year), **period, on=released.ON, by=released.COMMISSIONER)
        )
        if proposal.state == "preparing":
            proposal = self.step("propose", lambda: releases.prepare(proposal_id=proposal.pk, on=released.ON, by=SYSTEM))
        for reviewer in (released.FIRST, released.SECOND):
            if may_review(reviewer, proposal):
                self.step("review", lambda who=reviewer: self.vote(proposal.pk, who), reviewer=reviewer.person_id)
            proposal.refresh_from_db()
        self.step("freeze", lambda: releases.freeze(proposal_id=proposal.pk, by=released.COMMISSIONER))
        edition = self.step("build", lambda: editions.build(proposal_id=proposal.pk, by=SYSTEM))
        self.step("publish", lambda: editions.publish(edition_id=edition.pk, by=released.COMMISSIONER))

    def vote(self, proposal_id: int, who):
        return releases.review(proposal_id=proposal_id, decision=Decision.APPROVE, comment="", by=who)

    def centre(self, centre, count: int, year: int, period) -> None:
        series = collection_queries.series_of(centre, **period)
        if series.state == "signed_off":
            return
        for draft in ("alive", "dead"):  # the second file supersedes the first
            cases = [make.case(f"{year}-{n}", admitted_on=f"05/06/{year}", status=draft) for n in range(count)]
            content = make.case_file(*cases)
            sent = self.step(
                "receive",
                lambda content=content: collection.receive(
                    centre=centre, **period, filename="cases.csv", content=content, by=make.manager(centre)
                ),
            )
            self.step("check", lambda pk=sent.pk: collection.check(submission_id=pk, by=SYSTEM))
            self.step("accept", lambda pk=sent.pk: collection.accept(submission_id=pk, by=make.manager(centre)))
        self.step("sign_off", lambda: collection.sign_off_series(centre=centre, **period, by=make.lead(centre)))


def _facts(result) -> dict[str, object]:
    named = ("pk", "state", "cases", "sha256", "content_hash", "digest", "tables")
    return {name: getattr(result, name) for name in named if hasattr(result, name)}


# -- what must be true whatever happened


def half_states() -> list[str]:
    """Return what is neither before nor after a step: one sentence each."""
    wrong: list[str] = []
    for one in Submission.objects.all():
        versions = one.versions.count()
        taken = one.state in ("accepted", "superseded")
        if versions != (one.cases if taken else 0):
            wrong.append(f"submission {one.pk} is {one.state} and has {versions} of {one.cases} cases")
        wrong += _lost(one.sha256, one.findings_sha256)
        waits = DBTaskResult.objects.filter(args_kwargs__args=[one.pk], task_path="plenary.collection.tasks.check").exists()
        if not waits:
            wrong.append(f"submission {one.pk} was received and its check was never queued")
    for one in CaseSeries.objects.filter(state="signed_off"):
        if collection_queries.series_content(one) != (one.cases, one.content_hash):
            wrong.append(f"series {one} is signed off and differs from what was declared")
    for run in [*OutcomesRun.objects.all(), *AccessRun.objects.all()]:
        wrong += _lost(*run.tables)
    for one in Proposal.objects.all():
        named = one.policy_sha256, one.audit_sha256, one.reasons_sha256, one.narrative_sha256
        wrong += _lost(*one.results, *one.protected, *named)
        wrong += _unprepared(one) if one.state == "preparing" else _prepared(one)
    wrong += [sentence for one in Edition.objects.all() for sentence in _edition(one)]
    chain = verify_chain()
    return wrong if chain.whole else [*wrong, f"the audit chain is broken at {chain.broken_at}: {chain.reason}"]


def _unprepared(one: Proposal) -> list[str]:
    if one.results or one.protected or one.content_hash:
        return [f"proposal {one.pk} is being prepared and has content already"]
    job = DBTaskResult.objects.filter(args_kwargs__args__0=one.pk, task_path="plenary.releases.tasks.prepare")
    return [] if job.exists() else [f"proposal {one.pk} was ordered and never queued"]


def _prepared(one: Proposal) -> list[str]:
    return [] if one.content_hash == proposals.content_hash(one) else [f"proposal {one.pk} differs from its hash"]


def _lost(*hashes: str) -> list[str]:
    wrong = []
    for sha256 in hashes:
        try:
            if sha256:
                stored_bytes(sha256)
        except (NotFound, Damaged) as problem:
            wrong.append(str(problem))
    return wrong


def _edition(one: Edition) -> list[str]:
    place = edition_queries.place(one)
    if one.state != "published":
        return []
    try:
        manifest = (place / "manifest.json").read_bytes()
    except OSError:
        return [f"edition {one} is published and its files are not there"]
    if write.digest(manifest) != one.digest:
        return [f"edition {one} is published with another manifest"]
    listed = json.loads(manifest)["files"]
    changed = [path for path, facts in listed.items() if write.digest((place / path).read_bytes()) != facts["sha256"]]
    return [f"edition {one}: {path} is not what was built" for path in changed]


VERBS = {
    "receive": "receive", "check": "check", "accept": "accept", "sign_off": "sign off series", "order": "order proposal", "propose": "propose",
    "review": "review", "freeze": "freeze", "build": "build edition", "publish": "publish edition",
}  # fmt: skip


def forgotten(step: str, facts: dict[str, object]) -> str:
    """Return what is missing of something that was acknowledged, or nothing."""
    tables = {
        "receive": Submission, "check": Submission, "accept": Submission, "sign_off": CaseSeries, "order": Proposal, "propose": Proposal,
        "review": Proposal, "freeze": Proposal, "build": Edition, "publish": Edition,
    }  # fmt: skip
    if step == "run":
        found = [run for run in (*OutcomesRun.objects.all(), *AccessRun.objects.all()) if run.tables == facts["tables"]]
        return "" if found else f"run {facts['pk']} was acknowledged and is gone"
    row = tables[step].objects.filter(pk=facts["pk"]).first()
    if row is None:
        return f"{step} {facts['pk']} was acknowledged and is gone"
    reached = {
        "check": row.state != "received" if step == "check" else True,
        "accept": row.state in ("accepted", "superseded"),
        "sign_off": row.state == "signed_off",
        "review": step != "review" or row.votes.filter(reviewer=facts["reviewer"]).exists(),
        "propose": step != "propose" or row.content_hash != "",
        "freeze": row.state == "frozen",
        "build": step != "build" or AuditEvent.objects.filter(verb="build edition").exists(),
        "publish": row.state == "published",
    }
    if not reached.get(step, True):
        return f"{step} {facts['pk']} was acknowledged and is {row.state}"
    known = AuditEvent.objects.filter(verb=VERBS[step]).exists()
    return "" if known else f"{step} was acknowledged and left no event"


# -- the nursery


@dataclass
class World:
    """The parent's memory of a world: what was acknowledged to it, and how long each step takes."""

    chance: random.Random
    acknowledged: list[tuple[str, dict]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STEPS, 0.05))
    known: set[str] = field(default_factory=set)
    killed_in: Counter = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def life(self, step: str) -> None:
        """Raise a walker and kill it somewhere in a step; gather what it acknowledged until then."""
        pid, pipe = raise_walker(years=1000)
        try:
            rest = self.until(pipe, step)
            time.sleep(self.chance.uniform(0, self.seconds[step]))
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        inside = self.hear(rest + drain(pipe), step)
        os.close(pipe)
        self.killed_in[inside or "between steps"] += 1

    def until(self, pipe: int, step: str) -> bytes:
        """Listen until the step begins. Return what was heard of the line after."""
        heard, since = b"", time.monotonic()
        while time.monotonic() - since < PATIENCE:
            if not select.select([pipe], [], [], 1)[0]:
                continue
            more = os.read(pipe, 65536)
            if not more:
                raise RuntimeError("The walker ended by itself; see its words above.")
            heard += more
            whole, _, rest = heard.rpartition(b"\n")
            begun = self.hear(whole)
            heard = rest
            if begun == step:
                return heard
        raise RuntimeError(f"The walker did not come to {step} in {PATIENCE} seconds.")

    def hear(self, lines: bytes, inside: str = "") -> str:
        """Take note of whole lines; return the step that has begun and not ended (``inside`` before the first line)."""
        for line in lines.splitlines():
            word, step, facts = json.loads(line)
            if word == "begin":
                inside = step
            else:
                self.acknowledged.append((step, facts))
                self.seconds[step] = min(self.seconds[step], facts["seconds"]) if step in self.known else facts["seconds"]
                self.known.add(step)
                inside = ""
        return inside

    def look(self) -> None:
        """Look at what is left, as somebody who comes new to the database."""
        self.problems += half_states()
        self.problems += [missing for step, facts in self.acknowledged if (missing := forgotten(step, facts))]
        connections.close_all()


def raise_walker(years: int) -> tuple[int, int]:
    """Fork a walker; return its process and the pipe on which it speaks."""
    connections.close_all()  # a connection must not be shared across a fork
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, ours
    code = 1
    try:
        os.close(ours)
        Walker(theirs).walk(years)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the parent hears of it and this process ends here
        traceback.print_exc()
    finally:
        os._exit(code)


def drain(pipe: int) -> bytes:
    """Return what a dead walker said last."""
    said = b""
    while more := os.read(pipe, 65536):
        said += more
    return said


def finish(world: World) -> bool:
    """Let one walker do, or finish, a year. Return whether it ended well."""
    pid, pipe = raise_walker(years=1)
    world.hear(drain(pipe))
    os.close(pipe)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def main(kills: int, seed: int) -> dict[str, object]:
    """Kill as often as told, then let one walker finish its year and look at everything once more."""
    world = World(random.Random(seed))
    finish(world)  # an undisturbed year first: it tells how long each step takes
    steps = [STEPS[number % len(STEPS)] for number in range(kills)]
    world.chance.shuffle(steps)
    for step in steps:
        world.life(step)
        world.look()
        if world.problems:
            break
    finished = finish(world)
    world.look()
    folders = [edition_queries.place(one) for one in edition_queries.published().order_by("pk")]
    last = verify.verify(folders[-1], folders[:-1]) if folders else {"verified": False}
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        sound = cursor.fetchone()[0]
    return {
        "kills": sum(world.killed_in.values()),
        "killed_in": dict(world.killed_in),
        "acknowledged": dict(Counter(step for step, _ in world.acknowledged)),
        "editions": len(folders),
        "problems": world.problems,
        "finished": finished,
        "verified": last["verified"],
        "integrity": sound,
    }


if __name__ == "__main__":
    os.environ["PLENARY_DATA"] = sys.argv[1]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plenary.config.settings")
    django.setup()

from django.core.management import call_command  # noqa: E402 - Django must be set up before its tables are named
from django.db import connection, connections  # noqa: E402
from django_tasks_db.models import DBTaskResult  # noqa: E402

from plenary.access import actions as access  # noqa: E402
from plenary.access.models import Run as AccessRun  # noqa: E402
from plenary.collection import actions as collection  # noqa: E402
from plenary.collection import queries as collection_queries  # noqa: E402
from plenary.collection.models import CaseSeries, Submission  # noqa: E402
from plenary.core.models import AuditEvent  # noqa: E402
from plenary.core.queries import stored_bytes, verify_chain  # noqa: E402
from plenary.core.terms import SYSTEM, Damaged, NotFound  # noqa: E402
from plenary.editions import actions as editions  # noqa: E402
from plenary.editions import queries as edition_queries  # noqa: E402
from plenary.editions.models import Edition  # noqa: E402
from plenary.editions.render import verify, write  # noqa: E402
from plenary.outcomes import actions as outcomes  # noqa: E402
from plenary.outcomes.models import Run as OutcomesRun  # noqa: E402
from plenary.releases import actions as releases  # noqa: E402
from plenary.releases.models import Proposal  # noqa: E402
from plenary.releases.permissions import may_review  # noqa: E402
from plenary.releases.queries import proposals  # noqa: E402
from plenary.releases.terms import Decision  # noqa: E402
from tests.factories import collection as make  # noqa: E402
from tests.factories import outcomes as agreed  # noqa: E402
from tests.factories import releases as released  # noqa: E402
from tests.factories.registry import DesignationFactory  # noqa: E402


def begin() -> None:
    """Make the world: an empty database with two centres, their data set, outcome set and policy."""
    call_command("migrate", verbosity=0)
    released.policy()
    for ods in ("RJ1", "RJ7"):
        DesignationFactory(centre=make.make_centre(ods=ods))
    agreed.adopt(make.make_centre().service)
    connections.close_all()


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    begin()
    sys.stdout.write(json.dumps(main(int(sys.argv[2]), int(sys.argv[3]))))
