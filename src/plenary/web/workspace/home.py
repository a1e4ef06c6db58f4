"""My work: what is asked of me, and the centres and services that I hold a post for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from plenary.collection import queries as collection
from plenary.collection.queries.clarifications import waiting
from plenary.core import queries
from plenary.core.permissions import CentreDataManager, CentreLead, role_of
from plenary.core.terms import Post, Who
from plenary.web.account.views import scope_words, service_names
from plenary.web.design.formats import day
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Button, Cell, Link, Table, Tag, table
from plenary.web.routes import who
from plenary.web.workspace.periods import usual

SHOWN = 50


def my_work(request: HttpRequest) -> HttpResponse:
    """Show the inbox and the posts of the person who is signed in."""
    asking = who(request)
    todo = list(queries.inbox(asking)[:SHOWN])
    today = queries.today()
    names = service_names() if asking.posts else {}
    rows = [(_what(item), _due(item.due_on, today), _scope_text(_asked_of(item), names), _done(item)) for item in todo]
    return render_page(
        request,
        "workspace/my_work.jinja",
        title="My work",
        todo=table("To do", ("What", "Due", "For", "Tick off"), rows),
        waiting=table("Queries that wait for you", ("Query", "Centre", "Answer by"), _waiting(asking, today)),
        centres=_own_centres(asking, names),
        posts=_post_table(asking, names),
    )


def _own_centres(asking: Who, names: dict[str, str]) -> Table:
    """Return the way to the cases of each own centre, in the period on which its network works."""
    held = {post.scope for post in asking.posts if post.role in {CentreDataManager.key, CentreLead.key}}
    places = [scope.partition("/") for scope in sorted(held) if scope.partition("/")[0] in names]
    period = usual(collection.periods(slug for slug, _, _ in places)) if places else None
    rows: list[tuple[Cell, ...]] = [
        (
            f"{names[slug]}, centre {ods}",
            Link(f"Cases of {period.words}", reverse("series", args=[slug, ods, period.key]), hidden=f"{names[slug]}, {ods}"),
            Link("Other years", f"{reverse('collection')}?service={slug}", hidden=f"{names[slug]}, {ods}"),
        )
        for slug, _, ods in places
        if period is not None
    ]
    return table("Your centre's cases" if len(rows) == 1 else "Your centres' cases", ("Centre", "Go on with", "Or with"), rows)


def _waiting(asking: Who, today: date) -> list[tuple[Cell, ...]]:
    """Return the queries that a centre of the person has not answered, and the answers that they have not closed."""
    return [
        (
            Link(f"Query {one.pk}", reverse("data_query", args=[one.pk]), hidden=f"to {one.centre.name}"),
            one.centre.name,
            _due(one.due_on, today) if one.state == "open" else "Answered: read and close it",
        )
        for one in waiting(asking)[:SHOWN]
    ]


def _post_table(asking: Who, names: dict[str, str]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (role_of(post.role).label, _scope_link(post, names), role_of(post.role).does) for post in asking.posts
    ]
    return table("Posts that you hold", ("Role", "For", "What it does"), rows)


def _scope_text(post: Post | None, names: dict[str, str]) -> str:
    """Return what something is asked for, in words; what one person is asked for is "You"."""
    if post is None:
        return "You"
    return scope_words(post, names)


def _scope_link(post: Post, names: dict[str, str]) -> Cell:
    """Return what a post is held over, leading to its public page where the register knows it."""
    slug, _, ods = post.scope.partition("/")
    text = _scope_text(post, names)
    if slug not in names:
        return text
    return Link(text, reverse("centre", args=[slug, ods]) if ods else reverse("service", args=[slug]))


def _what(item: object) -> Cell:
    what, link = str(getattr(item, "what", "")), str(getattr(item, "link", ""))
    return Link(what, link) if link.startswith("/") else what


def _due(due_on: date | None, today: date) -> Cell:
    if due_on is None:
        return "No date"
    if due_on < today:
        return Tag(f"Late: {day(due_on)}", "red")
    return Tag("Today", "yellow") if due_on == today else day(due_on)


def _done(item: Any) -> Button:
    return Button("Done", reverse("done", args=[item.pk]), hidden=f"{item.what}, number {item.pk}")


def _asked_of(item: object) -> Post | None:
    role = str(getattr(item, "role", ""))
    return Post(role, str(getattr(item, "scope_kind", "")), str(getattr(item, "scope", ""))) if role else None
