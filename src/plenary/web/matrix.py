"""The permission matrix: every route, every role, on an own and on another object.

Renew it with ``python manage.py shell -c "from plenary.web import matrix; matrix.renew()"``.

It is made from the declarations that guard the pages, with nobody's data: for each role a person is imagined who holds the post
over one service or centre, and is asked about that one and about another.
"""

from __future__ import annotations

from pathlib import Path

from django.urls import get_resolver

from plenary.core.permissions import ROLES, Role
from plenary.core.terms import NATION, NOBODY, Post, Who
from plenary.web.routes import ROUTES, Permission, Route, Scope

DECLARED = get_resolver().url_patterns  # reading the addresses declares them

PAGE = Path("docs/generated/permissions.md")
OWN = {"service": Scope("own", None), "centre": Scope("own", "own/OWN01"), "": Scope()}
OTHER = {"service": Scope("other", None), "centre": Scope("other", "other/OTHER01"), "": Scope()}
SCOPES = {"all": "", "nation": NATION, "service": "own", "centre": "own/OWN01"}

HEADING = """# Who may open which page

Generated from the declarations in `src/plenary/web`; a test fails while it is out of date. Renew it with
`python manage.py shell -c "from plenary.web import matrix; matrix.renew()"`.
Do not edit it by hand: read the change to it in a review as you would read a change to the locks.

`yes` the page opens · `own` it opens for the person's own centre or service only · `–` refused with 403, or sent to sign in.
A page that opens may still hold less for some: what is on it is decided by the queries of the room (`visible_to`).
A role that is held at several widths (a service, a nation) is judged at its narrowest.

"""


def imagined(role: type[Role]) -> Who:
    """Return a person who holds this one role, at its narrowest, over the object "own"."""
    kind = max(role.scope_kinds, key=("all", "nation", "service", "centre").index)
    return Who(1, role.label, (Post(role.key, kind, SCOPES[kind]),))


def answer(permission: Permission, who: Who) -> str:
    """Return "yes", "own" or "–" for one person and one permission."""
    if not permission.signed_in:
        return "yes"
    if who == NOBODY:
        return "–"
    if permission.allows(who, OTHER[permission.about]):
        return "yes"
    return "own" if permission.allows(who, OWN[permission.about]) else "–"


def line(route: Route) -> str:
    """Return the matrix's row of one route."""
    answers = [answer(route.permission, who) for who in (NOBODY, *map(imagined, ROLES))]
    return f"| {route.name} | `/{route.pattern}` | {route.permission.label} | {' | '.join(answers)} |"


def matrix() -> str:
    """Return the whole page as Markdown."""
    names = ["page", "address", "for", "not signed in", *(role.label.lower() for role in ROLES)]
    rule = "| " + " | ".join("---" for _ in names) + " |"
    rows = [line(ROUTES[name]) for name in sorted(ROUTES)]
    return HEADING + "\n".join([f"| {' | '.join(names)} |", rule, *rows]) + "\n"


def renew() -> None:
    """Write the page where it is committed."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(matrix(), encoding="utf-8")
