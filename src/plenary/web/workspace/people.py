"""People and their posts, and the chain of everything that happened: for the administrator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from smtplib import SMTPException
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.core import actions, queries
from plenary.core.permissions import ROLES, Role, role_of
from plenary.core.terms import NATIONS, NotFound, Post
from plenary.registry import queries as registry
from plenary.web.account.views import scope_words, service_names
from plenary.web.design.fields import FilterForm, SplitDateField
from plenary.web.design.formats import day, span
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Link, Several, Tag, table
from plenary.web.routes import who
from plenary.web.workspace.pages import REFUSALS, Crumbs, EmptyForm, attempt, form_page, home, list_page, posted, tried

SECTION = "People"


def _crumbs() -> Crumbs:
    return [*home(), (SECTION, reverse("people"))]


def _person(number: int) -> Any:
    found = queries.people().filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no person {number}.")
    return found


# -- the list


class PeopleFilter(FilterForm):
    """What narrows the list."""

    text = forms.CharField(label="Name or e-mail address", max_length=200)
    role = forms.ChoiceField(label="Role", choices=[("", "All"), *((role.key, role.label) for role in ROLES)])

    def keep(self, found: Iterable[tuple[Any, list[Any]]]) -> list[tuple[Any, list[Any]]]:
        """Return the people, each with the posts held today, whom the filter leaves."""
        chosen = self.chosen()
        text, role = chosen.get("text", "").casefold(), chosen.get("role")
        return [
            (person, posts)
            for person, posts in found
            if text in f"{person.name} {person.email}".casefold() and (role is None or any(post.role == role for post in posts))
        ]


def people(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show everybody who can or could sign in, with the posts held today."""
    form = PeopleFilter(request.GET)
    held: dict[int, list[Any]] = {}
    for post in queries.posts_in_force(queries.today()):
        held.setdefault(post.person_id, []).append(post)
    names = service_names()
    kept = form.keep((person, held.get(person.pk, [])) for person in queries.people())
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=home(),
        columns=("Name", "E-mail address", "Posts today", "Account"),
        rows=[_person_row(person, posts, names) for person, posts in kept],
        links=[
            ("Add a person", reverse("add_person")),
            ("What happened", reverse("audit")),
            ("Systems of centres", reverse("all_systems")),
        ],
        filter=form,
        file="people.csv",
        as_file=as_file,
        download=reverse("people_file"),
        empty=("Nobody can sign in yet.", "Add a person", reverse("add_person")),
    )


def _person_row(person: Any, posts: list[Any], names: Mapping[str, str]) -> tuple[Cell, ...]:
    link = Link(person.name, reverse("person", args=[person.pk]), hidden=person.email)
    words = Several(tuple(_post_words(post, names) for post in posts)) if posts else "None"
    return link, person.email, words, Tag("Open", "green") if person.is_active else Tag("Closed", "grey")


def _post_words(post: Any, names: Mapping[str, str]) -> str:
    return f"{role_of(post.role).label}: {scope_words(Post(post.role, post.scope_kind, post.scope), names)}"


# -- adding


class PersonForm(forms.Form):
    """A new account."""

    name = forms.CharField(label="Name", max_length=200, error_messages={"required": "Give the person's name"})
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        error_messages={"required": "Give the e-mail address", "invalid": "The e-mail address is not complete"},
    )


def add(request: HttpRequest) -> HttpResponse:
    """Make an account. The person chooses the password by the link of the invitation."""
    form = PersonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made = attempt(form, lambda: actions.create_person(**values, by=who(request)), also=REFUSALS, field="email")
        if made is not None:
            messages.success(request, f"{made.name} was added. Appoint them to a post, then send the invitation.")
            return redirect("person", made.pk)
    return form_page(
        request,
        form,
        title="Add a person",
        section=SECTION,
        crumbs=_crumbs(),
        intro=["They choose their own password by the link of an invitation that you send next, and then set up one-time codes."],
        submit="Add",
        template="workspace/person_form.jinja",
    )


# -- one person


def person(request: HttpRequest, number: int) -> HttpResponse:
    """Show one person: posts held now and before, and what can be done."""
    one = _person(number)
    names = service_names()
    posts = sorted(one.posts.all(), key=lambda post: (post.ends_on is not None, post.starts_on))
    return render_page(
        request,
        "workspace/person.jinja",
        title=one.name,
        section=SECTION,
        crumbs=_crumbs(),
        person=one,
        is_self=who(request).person_id == one.pk,
        facts=[
            ("E-mail address", one.email),
            ("Account", Tag("Open", "green") if one.is_active else Tag("Closed", "grey")),
            ("Second factor", "Set up" if queries.has_second_factor(one) else "Not set up"),
            ("Password", "Chosen" if one.has_usable_password() else "Not chosen yet: send the invitation"),
            ("Last signed in", day(one.last_login) or "Never"),
        ],
        posts=table("Posts", ("Post", "Dates", "Reason", "To do"), [_post_row(one, post, names) for post in posts]),
    )


def _post_row(one: Any, post: Any, names: Mapping[str, str]) -> tuple[Cell, ...]:
    ended = post.ends_on is not None and post.ends_on <= queries.today()
    words = _post_words(post, names)
    link = Link("End this post", reverse("end_post", args=[one.pk, post.pk]), hidden=f"{words}, number {post.pk}")
    return words, span(post.starts_on, post.ends_on), post.reason, "" if ended else link


class AppointForm(forms.Form):
    """A post: a role over something, between two dates."""

    role = forms.ChoiceField(
        label="Role", choices=[("", "Choose a role"), *((role.key, role.label) for role in ROLES)],
        error_messages={"required": "Choose a role"},
    )  # fmt: skip
    service = forms.ChoiceField(label="Service", required=False, help_text="For roles of a service or a centre")
    ods = forms.CharField(label="Centre (ODS code)", max_length=20, required=False, help_text="For roles of a centre")
    nation = forms.ChoiceField(
        label="Nation",
        required=False,
        help_text="For the commissioner and reviewers, where no service is chosen",
        choices=[("", "None"), *((name, name) for name in NATIONS)],
    )
    starts_on = SplitDateField(label="First day", required=False, help_text="Today where left out")
    ends_on = SplitDateField(label="Day on which it is not held any more", required=False)
    reason = forms.CharField(
        label="Reason", max_length=500, required=False, help_text="Needed where support staff are to see cases: a week at most"
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["service"].choices = [("", "None"), *((one.slug, one.name) for one in registry.services())]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Put the scope together from its parts, and say at its field what the role lacks."""
        values = dict(super().clean() or {})
        role = next((one for one in ROLES if one.key == values.get("role")), None)
        if role is not None:
            values["scope"] = self._scope(role, values)
        return values

    def _scope(self, role: type[Role], values: dict[str, Any]) -> str:
        service, ods, nation = values.get("service", ""), values.get("ods", "").strip().upper(), values.get("nation", "")
        if "centre" in role.scope_kinds:
            return self._centre(service, ods)
        if service and "service" in role.scope_kinds:
            return str(service)
        if nation and "nation" in role.scope_kinds:
            return str(nation)
        if "all" not in role.scope_kinds:
            self.add_error("service", f"{role.label} is held over a service: choose one")
        return ""

    def _centre(self, service: str, ods: str) -> str:
        if not service:
            self.add_error("service", "Choose the service of the centre")
        if not ods:
            self.add_error("ods", "Give the code of the centre")
        elif service:
            try:
                registry.centre(service, ods)
            except NotFound as missing:
                self.add_error("ods", str(missing))
        return f"{service}/{ods}"


def appoint(request: HttpRequest, number: int) -> HttpResponse:
    """Give somebody a post."""
    one, form = _person(number), AppointForm(posted(request))
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("role", "scope", "starts_on", "ends_on", "reason")}
        if attempt(form, lambda: actions.appoint(person=one, **values, by=who(request)), also=REFUSALS) is not None:
            messages.success(request, f"{one.name} holds the post: {role_of(values['role']).label}.")
            return redirect("person", one.pk)
    return form_page(
        request, form, title=f"Appoint {one.name}", section=SECTION, crumbs=_below(one), submit="Appoint",
        intro=[f"{role.label}: {role.does}" for role in ROLES],
    )  # fmt: skip


def _below(one: Any) -> Crumbs:
    return [*_crumbs(), (one.name, reverse("person", args=[one.pk]))]


class EndForm(forms.Form):
    """From when."""

    on = SplitDateField(label="First day on which it is not held any more", required=False, help_text="Today where left out")


def end_post(request: HttpRequest, number: int, post: int) -> HttpResponse:
    """End a post on a day."""
    one, form = _person(number), EndForm(posted(request))
    held = one.posts.filter(pk=post).first()
    if held is None:
        raise NotFound(f"{one.name} holds no post {post}.")
    if request.method == "POST" and form.is_valid():
        on = form.cleaned_data["on"]
        if tried(form, lambda: actions.end_post(post=held, on=on, by=who(request)), also=REFUSALS, field="on"):
            messages.success(request, f"The post of {one.name} ends.")
            return redirect("person", one.pk)
    return form_page(
        request, form, title=f"End a post of {one.name}", section=SECTION, crumbs=_below(one), submit="End the post",
        intro=[_post_words(held, service_names())], kind="warning",
    )  # fmt: skip


def invite(request: HttpRequest, number: int) -> HttpResponse:
    """Send somebody the link by which they choose their password."""
    one, form = _person(number), EmptyForm(posted(request))
    also = (*REFUSALS, SMTPException, OSError)
    if request.method == "POST" and tried(form, lambda: actions.invite(person=one, by=who(request)), also=also):
        messages.success(request, f"The invitation went to {one.email}.")
        return redirect("person", one.pk)
    return form_page(
        request, form, title=f"Invite {one.name}", section=SECTION, crumbs=_below(one), submit="Send the invitation",
        intro=[f"A link to choose a password goes to {one.email}. Appoint first: without a post they see only the public pages."],
    )  # fmt: skip


def reset(request: HttpRequest, number: int) -> HttpResponse:
    """Remove somebody's second factor, so that they set up a new one."""
    one, form = _person(number), EmptyForm(posted(request))
    if request.method == "POST" and tried(form, lambda: actions.reset_second_factor(person=one, by=who(request)), also=REFUSALS):
        messages.success(request, f"{one.name} sets up a new one-time code at the next sign-in.")
        return redirect("person", one.pk)
    return form_page(
        request, form, title=f"Reset the one-time code of {one.name}", section=SECTION, crumbs=_below(one), submit="Reset",
        intro=["Make sure by another way that it is this person who asks for it."], kind="warning",
    )  # fmt: skip


def close(request: HttpRequest, number: int) -> HttpResponse:
    """End somebody's access at once."""
    one, form = _person(number), EmptyForm(posted(request))
    if request.method == "POST" and tried(form, lambda: actions.close_person(person=one, by=who(request)), also=REFUSALS):
        messages.success(request, f"The account of {one.name} is closed.")
        return redirect("person", one.pk)
    return form_page(
        request, form, title=f"Close the account of {one.name}", section=SECTION, crumbs=_below(one), submit="Close the account",
        intro=["All posts end today and nobody signs in with it any more. What was done stays on record."], kind="warning",
    )  # fmt: skip
