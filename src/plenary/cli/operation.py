"""Running an installation: one function a verb. Results on standard output, progress on standard error."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

from plenary.cli import backup as backups
from plenary.core import actions, queries
from plenary.core.terms import SYSTEM, NotFound, Refused
from plenary.registry.actions import load_definitions
from plenary.registry.terms import BadDefinition
from plenary_stats.errors import InputError

GRACE = 30  # seconds that a process has to finish what it is doing
PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a worker that died begins again; twice as long after each try

Child = subprocess.Popen[bytes]


def run(arguments: argparse.Namespace) -> int:
    """Run the verb that the arguments name; what a room refuses is an input error with its reason."""
    try:
        return int(arguments.verb(arguments))
    except (Refused, NotFound, BadDefinition) as refusal:
        raise InputError(str(refusal)) from None
    except (OperationalError, ProgrammingError) as problem:  # no file, no server, no tables; anything else is a fault of ours
        raise InputError(f"The database is not ready ({problem}): run 'plenary migrate' first.") from None


def serve(arguments: argparse.Namespace) -> int:
    """Serve until told to stop (0), or until the site dies (1). A worker that dies, or loses its database, begins again."""
    if arguments.check:
        return _report_problems(arguments)
    if _pending():
        raise InputError("The database is not ready: run 'plenary migrate' first.")
    if settings.PLENARY.production and queries.is_demonstration():
        raise InputError("This database has held the invented world: a live installation starts with an empty one.")
    worker = None if arguments.no_worker else _begin_work()
    _say(f"Plenary answers at http://{arguments.host}:{arguments.port}/")
    return _supervise(_start(_web_command(arguments)), worker)


def migrate(arguments: argparse.Namespace) -> int:
    """Bring folders, tables, static files, policies and definitions up to date. Repeatable."""
    for folder in (settings.PLENARY.data, settings.PLENARY.store, settings.PLENARY.editions):
        folder.mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)
    call_command("createcachetable", verbosity=0, stdout=sys.stderr)
    if settings.PLENARY.production:
        call_command("collectstatic", interactive=False, verbosity=0, stdout=sys.stderr)
    policies = actions.adopt_policies(settings.PLENARY.definitions / "policies", by=SYSTEM)
    loaded = load_definitions(by=SYSTEM)
    document = {"database": connection.vendor, "policies": len(policies), "definitions": len(loaded.files)}
    return _answer(arguments, document, "The database is up to date.")


def backup(arguments: argparse.Namespace) -> int:
    """Write one backup file."""
    manifest = backups.write(arguments.out)
    return _answer(arguments, manifest, f"{arguments.out}: {manifest['events']} events, {manifest['stored']} kept files.")


def restore(arguments: argparse.Namespace) -> int:
    """Put a backup into an empty installation and verify it."""
    manifest = backups.read(arguments.file)
    report = queries.verify_chain()
    whole = report.whole and _stands_in_chain(manifest["head"])
    text = "Restored; the audit chain is whole." if whole else "Restored, but the audit chain is NOT as it was."
    _answer(arguments, manifest | {"whole": whole}, text)
    return 0 if whole else 1


def audit_verify(arguments: argparse.Namespace) -> int:
    """Recompute the audit chain: 0 whole, 1 broken."""
    report = queries.verify_chain()
    broken_at, reason = report.broken_at, report.reason
    if report.whole and arguments.head and not _stands_in_chain(arguments.head):
        broken_at, reason = report.events + 1, "the head noted earlier is not in the chain: its end was cut off"
    found = {"events": report.events, "head": report.head, "broken_at": broken_at, "reason": reason}
    whole = f"{report.events} events, whole. Note this head: {report.head}"
    _answer(arguments, found, whole if broken_at is None else f"BROKEN at event {broken_at}: {reason}.")
    return 0 if broken_at is None else 1


def user_add(arguments: argparse.Namespace) -> int:
    """Make an account; without a password the person asks for a link to set one."""
    password = sys.stdin.readline().rstrip("\n") if arguments.password_stdin else None
    person = actions.create_person(email=arguments.email, name=arguments.name, password=password, by=SYSTEM)
    how = "" if password else f" A password is set at {settings.PLENARY.base_url}/account/password/reset/"
    return _answer(arguments, {"id": person.pk, "email": person.email}, f"{person.email} can sign in.{how}")


def user_appoint(arguments: argparse.Namespace) -> int:
    """Give somebody a post."""
    wanted = {name: getattr(arguments, name) for name in ("role", "scope", "starts_on", "ends_on", "reason")}
    post = actions.appoint(person=queries.person(arguments.email), by=SYSTEM, **wanted)
    return _answer(
        arguments, {"id": post.pk}, f"{arguments.email} is {post.role} {post.scope}".rstrip() + f" from {post.starts_on}."
    )


def user_end(arguments: argparse.Namespace) -> int:
    """End somebody's posts of this role and scope from today."""
    posts = queries.held_posts(queries.person(arguments.email)).filter(role=arguments.role, scope=arguments.scope)
    if not posts:
        raise InputError(f"{arguments.email} holds no such post today. See 'plenary user list'.")
    for post in posts:
        actions.end_post(post=post, by=SYSTEM)
    return _answer(arguments, {"ended": len(posts)}, f"{arguments.email} is no longer {arguments.role}.")


def user_close(arguments: argparse.Namespace) -> int:
    """End somebody's access at once."""
    actions.close_person(person=queries.person(arguments.email), by=SYSTEM)
    return _answer(arguments, {"email": arguments.email}, f"{arguments.email} can no longer sign in.")


def user_reset_mfa(arguments: argparse.Namespace) -> int:
    """Remove somebody's second factor."""
    actions.reset_second_factor(person=queries.person(arguments.email), by=SYSTEM)
    return _answer(arguments, {"email": arguments.email}, f"{arguments.email} sets up a new second factor at the next sign-in.")


def user_list(arguments: argparse.Namespace) -> int:
    """List everybody with their posts of today."""
    found = [
        {
            "email": person.email,
            "name": person.name,
            "active": person.is_active,
            "second_factor": queries.has_second_factor(person),
            "posts": [{"role": post.role, "scope": post.scope} for post in queries.who(person).posts],
        }
        for person in queries.people()
    ]
    return _answer(arguments, found, "\n".join(_line(one) for one in found))


def _line(one: dict[str, Any]) -> str:
    posts = ", ".join(f"{post['role']} {post['scope']}".strip() for post in one["posts"]) or "no post"
    state = "" if one["active"] else " (closed)"
    return f"{one['email']}  {one['name']}{state}: {posts}" + ("" if one["second_factor"] else "; no second factor")


def _answer(arguments: argparse.Namespace, document: Any, text: str) -> int:
    """Print the result as words or as JSON; return 0, for verbs that cannot fail the check."""
    print(json.dumps(document, ensure_ascii=False, indent=2) if arguments.json else text)
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stands_in_chain(head: str) -> bool:
    return head == queries.GENESIS or queries.events().filter(hash=head).exists()


def _report_problems(arguments: argparse.Namespace) -> int:
    problems = settings.PLENARY.problems()
    _answer(arguments, {"problems": problems}, "\n".join(problems) or "These settings are fit for production.")
    return 1 if problems else 0


def _pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _web_command(arguments: argparse.Namespace) -> list[str]:
    options = {
        "--bind": f"{arguments.host}:{arguments.port}",
        "--workers": str(arguments.processes),
        "--threads": "4",
        "--timeout": "120",
        "--graceful-timeout": str(GRACE),
        "--log-level": "warning",
    }
    words = [word for option in options.items() for word in option]
    # Loaded once, before the processes part: one that takes the place of another answers at once.
    return [sys.executable, "-m", "gunicorn", "plenary.config.wsgi", *words, "--no-control-socket", "--preload"]


def _begin_work() -> Child:
    """Make good what a killed worker left behind, and start one."""
    actions.requeue_abandoned(by=SYSTEM)
    actions.finish_erasures(by=SYSTEM)
    return _start([sys.executable, "-m", "django", "db_worker", "--queue-name", "*"])


def _start(command: Sequence[str]) -> Child:
    # A session of its own: Ctrl-C reaches this process only, which then stops the others gracefully.
    return subprocess.Popen(command, start_new_session=True, env=os.environ)  # noqa: S603 - our own


def _supervise(site: Child, worker: Child | None) -> int:
    """Watch the site and the worker; when the site ends, or a signal comes, end both in good order."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    pause, begun = PAUSE, time.monotonic()
    while not stopping and site.poll() is None:
        time.sleep(0.1)
        if worker is None or worker.poll() is None or time.monotonic() - begun < pause:
            continue
        pause = PAUSE if time.monotonic() - begun > LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
        begun = time.monotonic()
        worker = _begin_again(worker)
    _stop([site, *([worker] if worker else [])])
    return 0 if stopping else 1


def _begin_again(dead: Child) -> Child:
    """Start another worker in place of a dead one; the dead one stands where the database is still away."""
    _say(f"The worker of background jobs ended with {dead.returncode}: it begins again.")
    connection.close()  # it may be as dead as the worker
    try:
        return _begin_work()
    except (OperationalError, InterfaceError) as problem:
        _say(f"The database is away ({str(problem).strip()}): tried again soon.")
        return dead


def _stop(children: Sequence[Child]) -> None:
    for child in children:
        child.terminate()
    deadline = time.monotonic() + GRACE
    for child in children:
        try:
            child.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
