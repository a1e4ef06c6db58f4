"""What the pages of the workspace share: a list that can be filtered and downloaded, a form that leads to an action."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from plenary.core.terms import NotPossible, Refused
from plenary.web.design.fields import FilterForm
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Column, csv_download, table
from plenary_stats.spec import InputError

SIZE = 100
"""How many rows a page of a list shows. The download has them all."""

LOOK_AGAIN = 5
"""Seconds after which the page of something that runs is asked for again."""

NOT_POSSIBLE = (NotPossible, InputError)
"""What an action answers to a person who may, but cannot at present. The words are fit to show."""

Crumbs = list[tuple[str, str]]
Done = TypeVar("Done")


def posted(request: HttpRequest) -> Any:
    """Return what was sent with a form, None where the page was only asked for: an empty form that was sent has errors."""
    return request.POST if request.method == "POST" else None


def home() -> Crumbs:
    """Return the first crumb of every page of the workspace."""
    return [("My work", reverse("workspace"))]


def collecting() -> Crumbs:
    """Return the crumbs above every page that belongs to the collection."""
    return [*home(), ("Collection", reverse("collection"))]


def list_page(
    request: HttpRequest,
    *,
    title: str,
    columns: Sequence[str | Column],
    rows: Sequence[Sequence[Cell]],
    file: str,
    as_file: bool,
    section: str,
    crumbs: Crumbs,
    download: str,
    template: str = "workspace/list.jinja",
    filter: FilterForm | None = None,  # noqa: A002 - the name that the templates use
    **context: Any,
) -> HttpResponse:
    """Answer with a list, page by page, or with all of it as a CSV file called ``file``; ``download`` is the file's address.

    The template shows ``intro``, ``links`` [(text, address)] and, without rows, ``empty`` (text, what to do, address or None).
    """
    if as_file:
        heads = [column.label if isinstance(column, Column) else column for column in columns]
        return csv_download(file, heads, [[str(cell) for cell in row] for row in rows])
    page = Paginator(rows, SIZE).get_page(request.GET.get("page"))
    query = request.GET.urlencode()
    return render_page(
        request,
        template,
        title=title,
        section=section,
        crumbs=crumbs,
        list=table(title, columns, list(page.object_list), caption_hidden=True),
        page=page,
        filter=filter,
        narrowed=filter.narrowed if filter else False,
        total=len(rows),
        download=f"{download}?{query}" if query else download,
        **context,
    )


def form_page(
    request: HttpRequest, form: forms.Form, *, title: str, section: str, crumbs: Crumbs, **context: Any
) -> HttpResponse:
    """Answer with a form. The template shows ``intro``, ``facts``, ``warnings`` before it, and ``submit`` on the button."""
    template = context.pop("template", "workspace/form.jinja")
    return render_page(request, template, title=title, section=section, crumbs=crumbs, form=form, **context)


def look_again(request: HttpRequest, answer: HttpResponse) -> None:
    """Let the page be asked for again in a while, unless the reader stopped it: not everybody can read in the time between."""
    if "still" not in request.GET:
        answer["Refresh"] = str(LOOK_AGAIN)


def attempt(
    form: forms.Form, act: Callable[[], Done], *, also: tuple[type[Exception], ...] = (), field: str | None = None
) -> Done | None:
    """Do it; what stands in the way becomes an error of the form, with nothing typed lost. None where it did not work."""
    caught: tuple[type[Exception], ...] = (*NOT_POSSIBLE, *also)
    try:
        return act()
    except caught as problem:
        form.add_error(field, str(problem))
        return None


def tried(
    form: forms.Form, act: Callable[[], object], *, also: tuple[type[Exception], ...] = (), field: str | None = None
) -> bool:
    """Do the same for an action that returns nothing: whether it worked."""
    attempt(form, act, also=also, field=field)
    return not form.errors


REFUSALS = (Refused,)
"""For ``also=``: actions that say in the same way that something may not be and that it cannot be."""


class ReasonForm(forms.Form):
    """One text: why."""

    reason = forms.CharField(
        label="Reason", max_length=2000, widget=forms.Textarea, error_messages={"required": "Give the reason"}
    )


class EmptyForm(forms.Form):
    """Nothing to fill in: a page that asks whether one is sure."""
