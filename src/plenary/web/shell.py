"""What stands in the header of every page: the menu and the account links, by who is asking."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from plenary.core.permissions import ROLES
from plenary.web.routes import ROUTES, Scope, who


@dataclass(frozen=True)
class Item:
    """One link of the menu; ``current`` is "page", "true" (a page below it) or ""."""

    text: str
    href: str
    current: str = ""


@dataclass(frozen=True)
class Shell:
    """The header of one page."""

    menu: tuple[Item, ...]
    account: tuple[Item, ...]


PUBLIC_MENU = (("Services", "services"), ("Find a centre", "find"), ("Editions", "editions"), ("About", "about"))
WORKSPACE_MENU: list[tuple[str, str]] = [
    ("My work", "workspace"),
    ("Collection", "collection"),
    ("Agreed sets", "agreed_sets"),
    ("Results", "results"),
    ("Expenditure", "expenditure"),
    ("Releases", "releases"),
    ("Narrative", "narrative"),
    ("Make editions", "manage_editions"),
    ("Designations", "designations"),
    ("People", "people"),
]
"""Pages of the workspace that belong in the menu, as (text, route). A page shows to those whom its route lets in."""


def shell(request: HttpRequest) -> Shell:
    """Return the header for this request. Signed in, the workspace comes first."""
    signed_in = request.user.is_authenticated if hasattr(request, "user") else False
    menu = [*(WORKSPACE_MENU if signed_in else ()), *PUBLIC_MENU]
    return Shell(tuple(_item(request, text, name) for text, name in menu if _shown(request, name)), _account(request, signed_in))


def role_names(request: HttpRequest) -> str:
    """Return the roles of the person in words, for the page of their work."""
    held = {post.role for post in who(request).posts}
    return ", ".join(role.label for role in ROLES if role.key in held)


def _shown(request: HttpRequest, name: str) -> bool:
    if name not in ROUTES:
        return False
    permission = ROUTES[name].permission
    return not permission.signed_in or permission.allows(who(request), Scope())


def _item(request: HttpRequest, text: str, name: str) -> Item:
    href = reverse(name)
    if request.path == href:
        return Item(text, href, "page")
    below = request.path.startswith(href) and name != "workspace"  # every page of the workspace lies below "My work"
    return Item(text, href, "true" if below else "")


def _account(request: HttpRequest, signed_in: bool) -> tuple[Item, ...]:
    if not signed_in:
        return (Item("Sign in", reverse("account_login")),)
    return (Item(who(request).name or "Your account", reverse("account")), Item("Sign out", reverse("account_logout")))
