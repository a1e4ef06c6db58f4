"""Pages about the reader's own account that allauth does not have."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse

from plenary.core.permissions import role_of
from plenary.core.terms import Post
from plenary.web.design.pages import render_page
from plenary.web.design.tables import table
from plenary.web.routes import who


def own_account(request: HttpRequest) -> HttpResponse:
    """Show who is signed in, which posts are held, and how to change password and codes."""
    posts = [(role_of(post.role).label, scope_words(post), role_of(post.role).does) for post in who(request).posts]
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


def scope_words(post: Post) -> str:
    """Return what a post is held over, in words."""
    return post.scope or "the whole installation"
