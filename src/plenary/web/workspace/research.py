"""An extract of a centre's cases for research: what it is for, which fields, and the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from plenary.collection.actions import research as actions
from plenary.collection.queries import research
from plenary.web.design.formats import number, plural
from plenary.web.design.tables import csv_download
from plenary.web.routes import who
from plenary.web.workspace.collection import SECTION, data_set_of, place
from plenary.web.workspace.pages import attempt, form_page, posted

LEFT_OUT = "left out because of what the patient said"


class ExtractForm(forms.Form):
    """What the extract is for, and what of each case it holds."""

    purpose = forms.CharField(
        label="What is the extract for, and who approved it?",
        help_text="For instance the study and the reference of its ethics approval. It is kept in the audit trail.",
        max_length=2000,
        widget=forms.Textarea,
        error_messages={"required": "Say what the extract is for, and who approved it"},
    )
    fields_wanted = forms.MultipleChoiceField(
        label="Fields",
        help_text="Choose only what the purpose needs.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose the fields that the extract needs"},
    )

    def __init__(self, data: Any, dataset: Any, known: Iterable[Any]) -> None:
        super().__init__(data)
        self.fields["fields_wanted"].choices = [(one.name, _words(one, dataset)) for one in known]  # type: ignore[attr-defined]


def _words(one: Any, dataset: Any) -> str:
    name = research.column_of(one, dataset)
    said = {"_year": ": the year alone", "_days": ": days since the date of the case"} if one.kind == "date" else {}
    return f"{one.label or one.name}{next((words for end, words in said.items() if name.endswith(end)), '')}"


def extract(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Ask what an extract is for and what it holds, say how many cases it leaves out, and answer with the file."""
    asking, here = who(request), place(service, ods, period)
    dataset = data_set_of(here)
    form = ExtractForm(posted(request), dataset, research.offered(dataset))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made = attempt(
            form,
            lambda: actions.extract_for_research(
                **here.kept, fields=values["fields_wanted"], purpose=values["purpose"], by=asking
            ),
        )
        if made is not None:
            told = f"The extract holds {plural(len(made.rows), 'case')}; {number(made.left_out)} {LEFT_OUT}."
            messages.info(request, told)
            return csv_download(f"research-{service}-{ods}-{period}.csv", made.columns, made.rows)
    versions = research.standing(asking, here.centre, here.period.start, here.period.end)
    out = len(research.barred(versions))
    return form_page(
        request,
        form,
        title="Extract for research",
        section=SECTION,
        crumbs=here.crumbs(),
        intro=[
            f"{here.centre.service.name}, {here.words}. The file has one row for each case and no identifier.",
            "Free text is never in it, and of dates only the year of the case and days since it.",
            "It is still about single patients: keep it as you would keep the cases.",
        ],
        facts=[("Cases that stand", number(len(versions))), ("Left out", f"{number(out)} {LEFT_OUT}"),
               ("In the extract", number(len(versions) - out))],
        submit="Download the extract",
    )  # fmt: skip
