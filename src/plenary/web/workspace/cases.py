"""The cases of a centre and period, and erasing one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from plenary.collection import actions
from plenary.collection.permissions import may_erase
from plenary.core.terms import NotFound
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import day, plural
from plenary.web.design.tables import Cell, Link, Several
from plenary.web.routes import who
from plenary.web.workspace.collection import SECTION, Place, place
from plenary.web.workspace.pages import ReasonForm, form_page, list_page, posted, tried

WHY_LIST, WHY_ERASE = "list of cases", "erase one case"


class CaseFilter(FilterForm):
    """What narrows the cases."""

    case_id = forms.CharField(label="Case identifier", max_length=200)


def cases(request: HttpRequest, service: str, ods: str, period: str, *, as_file: bool = False) -> HttpResponse:
    """Show the cases that stand. That they were read is recorded."""
    here, form = place(service, ods, period), CaseFilter(request.GET)
    wanted = form.chosen().get("case_id", "").casefold()
    found = actions.open_cases(**here.kept, why=WHY_LIST, by=who(request))
    kept = [one for one in found if wanted in one.case.case_id.casefold()]
    to_erase = may_erase(who(request), here.centre) and not as_file
    return list_page(
        request,
        title="Cases",
        section=here.words,
        crumbs=here.crumbs(),
        columns=("Case", "Date", "Area", "Sex", "Age", *(() if as_file else ("To do",))),
        rows=[_case_row(here, one, to_erase=to_erase, as_file=as_file) for one in kept],
        intro=[f"{plural(len(found), 'case')} of {here.centre.name}. Everybody who opens this list is recorded."],
        links=[
            ("Key one case", here.url("key_case")),
            ("Send a file", here.url("upload")),
            ("Your unfinished cases", here.url("drafts")),
            ("Consent and objections", here.url("consents")),
        ],
        filter=form,
        file=f"cases-{service}-{ods}-{period}.csv",
        as_file=as_file,
        download=here.url("cases_file"),
        empty=("No case stands for this period.", "Send the file of cases", here.url("upload")),
    )


def _case_row(here: Place, one: Any, *, to_erase: bool, as_file: bool) -> tuple[Cell, ...]:
    history = Link("What changed", here.url("case_history", one.case_id), hidden=f"in case {one.case.case_id}")
    erase = Link("Erase", here.url("erase_case", one.pk), hidden=f"case {one.case.case_id}")
    name: Cell = Link(one.case.case_id, f"{here.url('key_case')}?case={one.pk}")
    if one.case.counted_only:
        name = f"{one.case.case_id} (counted by number only)"
    return (
        name,
        day(one.case.index_on),
        one.case.area,
        one.case.sex,
        "" if one.case.age is None else f"{one.case.age:g}",
        *(() if as_file else (Several((history, erase)) if to_erase else history,)),
    )


def erase(request: HttpRequest, service: str, ods: str, period: str, number: int) -> HttpResponse:
    """Erase one case for good, for a stated reason, after asking."""
    asking, here, form = who(request), place(service, ods, period), ReasonForm(posted(request))
    known = opened(request, here, number, WHY_ERASE)
    case_id = known.case.case_id
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if tried(form, lambda: actions.erase_case(centre=here.centre, case_id=case_id, reason=reason, by=asking)):
            messages.success(request, f"Case {case_id} was erased, with the files that held it.")
            return redirect(here.url("cases"))
    return form_page(
        request,
        form,
        title=f"Erase case {case_id}",
        section=SECTION,
        crumbs=[*here.crumbs(), ("Cases", here.url("cases"))],
        intro=[
            "Everything that was reported of this case is erased for good, with every file that holds it; the other cases stay.",
            "The identifier is kept, so that the case cannot come back. Editions that were published stand.",
            "Do this when a patient asks for it and your information governance lead agrees.",
        ],
        submit="Erase for good",
        kind="warning",
    )


def opened(request: HttpRequest, here: Place, wanted: object, why: str) -> Any:
    """Return one case that stands, by its number. That it was read is recorded."""
    found = actions.open_cases(**here.kept, why=why, by=who(request))
    one = next((one for one in found if str(one.pk) == str(wanted)), None)
    if one is None:
        raise NotFound("This case does not stand any more: it was changed or withdrawn. Open it from the list of cases.")
    return one
