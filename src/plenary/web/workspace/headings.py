"""What a centre's own headings mean: matched column by column, looked at, remembered, forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from plenary.collection import queries
from plenary.collection.actions import check
from plenary.collection.actions import headings as actions
from plenary.collection.queries import headings as memory
from plenary.core.terms import NotFound
from plenary.web.design.formats import moment
from plenary.web.design.tables import Table, table
from plenary.web.routes import who
from plenary.web.workspace.collection import place
from plenary.web.workspace.pages import attempt, form_page, list_page, posted
from plenary.web.workspace.submissions import own_submission, submission_crumbs
from plenary_stats.dictionary.mapping import FileMapping
from plenary_stats.ingest import RawTable
from plenary_stats.ingest.suggestion import Suggestion, chosen, effects, suggested, unknown_values
from plenary_stats.spec import DataSet, InputError

ROWS_AT_ONCE = 10_000
"""A file of at most so many rows is checked before the page answers."""

NOT_MATCHED = "Not matched: it is read by its heading, if the data set has it"


class ColumnsForm(forms.Form):
    """One choice for each column of a file, and one for each value that is no code of the field chosen."""

    def __init__(
        self, data: Any, suggestions: tuple[Suggestion, ...], fields: Mapping[str, Any], known: Mapping[str, str]
    ) -> None:
        super().__init__(data)
        self.headings = [one.heading for one in suggestions]
        offered = [("", NOT_MATCHED), (actions.LEAVE_OUT, "Leave this column out")]
        offered += [(name, f"{name} – {one.label}" if one.label != name else name) for name, one in fields.items()]
        for number, one in enumerate(suggestions):
            hint = [f"For instance: {', '.join(one.values)}"] if one.values else ["It holds no values"]
            hint += [f"Suggested: {one.field}, for {one.why}"] if one.field and one.heading not in known else []
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=one.heading or f"Column {number + 1}, without a heading",
                choices=offered,
                required=False,
                initial=known.get(one.heading, one.field),
                help_text=". ".join(hint),
            )

    def columns(self) -> dict[str, str]:
        """Return the field of each heading: as sent, or as first offered."""
        return {
            heading: str(
                (self.data if self.is_bound else {}).get(f"column_{number}", self.fields[f"column_{number}"].initial) or ""
            )
            for number, heading in enumerate(self.headings)
            if heading
        }

    def add_values(self, unknown: Mapping[str, Mapping[str, str]], fields: Mapping[str, Any]) -> None:
        """Ask for the code of each value that is none."""
        columns = self.columns()
        for heading, values in unknown.items():
            choices = fields[columns[heading]].choices
            for number, (text, code) in enumerate(values.items()):
                self.fields[f"value_{self.headings.index(heading)}_{number}"] = forms.ChoiceField(
                    label=f"“{text}” in {heading}",
                    choices=[
                        ("", "Leave it as it is: the check will ask for it"),
                        *((key, f"{key} – {label}") for key, label in choices.items()),
                    ],
                    required=False,
                    initial=code,
                )

    def recodes(self, unknown: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
        """Return the code of each value of each heading."""
        found: dict[str, dict[str, str]] = {}
        for heading, values in unknown.items():
            for number, (text, code) in enumerate(values.items()):
                name = f"value_{self.headings.index(heading)}_{number}"
                chosen = str(self.data.get(name, code) if self.is_bound else code)
                found.setdefault(heading, {})[text] = chosen
        return found


def columns(request: HttpRequest, number: int) -> HttpResponse:
    """Offer a field for each column of a file; show what that makes of the first rows; remember it and check the file."""
    asking = who(request)
    one, here = own_submission(request, number)
    dataset = queries.data_set(one.data_set)
    try:
        raw = actions.open_columns(submission_id=one.pk, by=asking)
    except InputError as problem:
        raise NotFound(str(problem)) from problem
    kept = queries.mapping_of(one)
    known = {rule.old: rule.new or actions.LEAVE_OUT for rule in kept.rules} if kept else {}
    form = ColumnsForm(posted(request), suggested(raw, dataset), dataset.columns, known)
    unknown = {
        heading: values
        for heading, name in form.columns().items()
        if name in dataset.columns and (values := unknown_values(raw, heading, dataset.columns[name]))
    }
    form.add_values(_as_kept(unknown, kept), dataset.columns)
    if request.method == "POST" and form.is_valid() and "look" not in request.POST:
        recodes = form.recodes(unknown)
        done = attempt(
            form, lambda: actions.match_columns(submission_id=one.pk, columns=form.columns(), recodes=recodes, by=asking)
        )
        if done is not None:
            if len(raw) <= ROWS_AT_ONCE:
                check(submission_id=one.pk, by=asking)
            messages.success(request, "The columns are matched. The next files of this centre are read so too.")
            return redirect("submission", one.pk)
    return form_page(
        request,
        form,
        title="Match the columns",
        section=one.filename,
        crumbs=submission_crumbs(one, here),
        intro=[
            "Say which field of the data set each column of your file is. It is remembered for the next files of this centre.",
            "The file itself is kept as you sent it.",
        ],
        submit="Match and check",
        template="workspace/columns.jinja",
        effects=_effects(raw, form, dataset, unknown),
    )


def _as_kept(unknown: Mapping[str, Mapping[str, str]], kept: FileMapping | None) -> dict[str, dict[str, str]]:
    """Return the values that are no code with the code remembered for them, else with the one suggested."""
    remembered = {rule.old: rule.recode for rule in kept.rules} if kept else {}
    return {
        heading: {text: remembered.get(heading, {}).get(text, code) for text, code in values.items()}
        for heading, values in unknown.items()
    }


def _effects(raw: RawTable, form: ColumnsForm, dataset: DataSet, unknown: Mapping[str, Mapping[str, str]]) -> Table:
    columns = form.columns()
    mapping = chosen(
        dataset,
        {heading: name for heading, name in columns.items() if name not in ("", actions.LEAVE_OUT)},
        form.recodes(unknown),
        [heading for heading, name in columns.items() if name == actions.LEAVE_OUT],
    )
    rows = [
        (
            effect.field,
            effect.heading,
            *(f"{sent or '(empty)'} → {read or '(nothing)'}" if sent != read else sent for sent, read in effect.rows),
        )
        for effect in effects(raw, mapping, dataset)
    ]
    width = max((len(row) for row in rows), default=2) - 2
    heads = ("Field", "Your column", *(f"Row {number}" for number in range(1, width + 1)))
    return table("What becomes of the first rows", heads, rows)


def remembered(request: HttpRequest, service: str, ods: str, period: str, *, as_file: bool = False) -> HttpResponse:
    """Show what is remembered of the headings of a centre."""
    asking, here = who(request), place(service, ods, period)
    found = memory.remembered(asking, here.centre)
    mapping = memory.rules_of(found.sha256) if found else None
    rows = [
        (rule.old, rule.new or "Left out", ", ".join(f"{text} → {code}" for text, code in rule.recode.items()))
        for rule in (mapping.rules if mapping else ())
    ]
    return list_page(
        request,
        title="Headings that are remembered",
        section=here.words,
        crumbs=here.crumbs(),
        columns=("Your heading", "Field", "Values"),
        rows=rows,
        file=f"headings-{service}-{ods}.csv",
        as_file=as_file,
        download=here.url("remembered_headings_file"),
        template="workspace/headings.jinja",
        intro=[f"Matched {moment(found.saved_at)}. Each file that the centre sends is read so."] if found else [],
        forget=here.url("forget_headings") if found else "",
        empty=(
            "Nothing is remembered. Send a file with your own headings, and match its columns on the page of the file.",
            "Send a file",
            here.url("upload"),
        ),
    )


@require_POST
def forget(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Forget what the headings of a centre mean."""
    here = place(service, ods, period)
    actions.forget_columns(centre=here.centre, by=who(request))
    messages.success(request, "The headings are forgotten. The next file is read by the data set's own.")
    return redirect(reverse("remembered_headings", args=here.arguments))
