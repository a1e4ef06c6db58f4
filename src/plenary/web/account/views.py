"""Pages about the reader's own account that allauth does not have."""

from __future__ import annotations

from collections.abc import Mapping

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse

from plenary.core.permissions import role_of
from plenary.core.terms import Post
from plenary.registry import queries as registry
from plenary.web.design.pages import render_page
from plenary.web.design.tables import table
from plenary.web.routes import who


def own_account(request: HttpRequest) -> HttpResponse:
    """Show who is signed in, which posts are held, and how to change password and codes."""
    held = who(request).posts
    names = service_names() if held else {}
    posts = [(role_of(post.role).label, scope_words(post, names), role_of(post.role).does) for post in held]
    return render_page(
        request,
        "account/account.jinja",
        title="Your account",
        posts=table("Posts that you hold today", ("Role", "For", "What it does"), posts),
        has_codes=is_mfa_enabled(request.user),
    )


def no_sign_up(request: HttpRequest) -> HttpResponse:
    """Say how accounts are made."""
    return render_page(request, "account/no_sign_up.jinja", title="Accounts are made by an administrator")


def service_names() -> dict[str, str]:
    """Return the name of every service by its slug, for ``scope_words``."""
    return {one.slug: one.name for one in registry.services()}


def scope_words(post: Post, names: Mapping[str, str]) -> str:
    """Return what a post is held over, in words, as far as the register knows it."""
    slug, _, ods = post.scope.partition("/")
    if slug not in names:
        return post.scope or "the whole installation"
    return f"{names[slug]}, centre {ods}" if ods else names[slug]
