"""My work: what is asked of me, and the centres and services that I hold a post for."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse

from plenary.core import queries
from plenary.core.permissions import role_of
from plenary.core.terms import Post
from plenary.web.account.views import scope_words
from plenary.web.design.formats import day
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Link, Tag, table
from plenary.web.routes import who

SHOWN = 50


def my_work(request: HttpRequest) -> HttpResponse:
    """Show the inbox and the posts of the person who is signed in."""
    asking = who(request)
    todo = list(queries.inbox(asking)[:SHOWN])
    today = queries.today()
    rows = [(_what(item), _due(item.due_on, today), scope_words_of(item)) for item in todo]
    return render_page(
        request,
        "workspace/my_work.jinja",
        title="My work",
        todo=table("To do", ("What", "Due", "For"), rows),
        posts=table("Posts that you hold", ("Role", "For"), [(role_of(p.role).label, scope_words(p)) for p in asking.posts]),
    )


def _what(item: object) -> Cell:
    what, link = str(getattr(item, "what", "")), str(getattr(item, "link", ""))
    return Link(what, link) if link.startswith("/") else what


def _due(due_on: date | None, today: date) -> Cell:
    if due_on is None:
        return "No date"
    if due_on < today:
        return Tag(f"Late: {day(due_on)}", "red")
    return Tag("Today", "yellow") if due_on == today else day(due_on)


def scope_words_of(item: object) -> str:
    """Return for which object something is asked, in words; a request to one person is "you"."""
    role = str(getattr(item, "role", ""))
    if not role:
        return "You"
    return scope_words(Post(role, str(getattr(item, "scope_kind", "")), str(getattr(item, "scope", ""))))
