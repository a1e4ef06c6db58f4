"""Results for the network: outcomes per centre with their four states and intervals, drawn and in tables. Never public."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.access import actions as access
from plenary.collection.queries import period_label
from plenary.core.permissions import NationalCommissioner, NetworkLead, holds
from plenary.core.terms import NotFound, Who
from plenary.outcomes import actions, queries
from plenary.outcomes.permissions import may_comment, may_name_peers, may_see
from plenary.registry import queries as registry
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import moment, number
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Column, Link, Table, Tag, csv_download, table
from plenary.web.routes import Permission, Scope, who
from plenary.web.workspace import drawings
from plenary.web.workspace.drawings import written
from plenary.web.workspace.pages import attempt, form_page, home, list_page, posted
from plenary.web.workspace.periods import Period, offer_periods, read_period
from plenary_stats.tables import TOTAL

SECTION = "Results"
STATES = (("met", "Met"), ("not_met", "Not met"), ("not_eligible", "Not eligible"), ("not_known", "Not yet known"))
Row = Mapping[str, Any]


def scope_of(asking: Who, *, number: int) -> Scope:
    """Return the service of a run that the person may see; for everybody else there is no such run."""
    return Scope(run_of(asking, number).service.slug)


NETWORK = Permission(
    "people of the service's network, national commissioner",
    lambda asking, scope: scope.service is not None and may_see(asking, scope.service),
    scope_of,
    "service",
)


def run_of(asking: Who, number: int) -> Any:
    found = queries.visible_to(asking).filter(pk=number).first()
    if found is None:
        raise NotFound(f"There are no results {number}.")
    return found


# -- the list


class RunFilter(FilterForm):
    """What narrows the list of runs."""

    service = forms.ChoiceField(label="Service")
    cases = forms.ChoiceField(label="Cases", choices=[("", "All"), ("signed", "Signed off"), ("preview", "Preview")])

    def __init__(self, data: Any, runs: Sequence[Any]) -> None:
        super().__init__(data)
        names = {one.service.slug: one.service.name for one in runs}
        self.fields["service"].choices = [("", "All"), *sorted(names.items(), key=lambda pair: pair[1])]  # type: ignore[attr-defined]

    def fits(self, one: Any) -> bool:
        chosen = self.chosen()
        kind = "signed" if one.signed_only else "preview"
        return bool(chosen.get("service", one.service.slug) == one.service.slug and chosen.get("cases", kind) == kind)


def all_runs(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show what was computed for the networks to which a person belongs."""
    asking = who(request)
    runs = list(queries.visible_to(asking))
    form = RunFilter(request.GET, runs)
    may_run = holds(asking, NetworkLead, NationalCommissioner)
    do = (
        ("Run the results", reverse("run_results"))
        if may_run
        else ("The network lead runs them when series are signed off.", None)
    )
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=home(),
        columns=("Results", "Period", "Cases", "Computed"),
        rows=[_run_row(one) for one in runs if form.fits(one)],
        intro=["For the people of the network only: small numbers are not withheld here. Do not pass them on."],
        links=[*([("Run the results", reverse("run_results"))] if may_run else []), ("Equity of access", reverse("equity_runs"))],
        filter=form,
        file="results.csv",
        as_file=as_file,
        download=reverse("results_file"),
        empty=("No results were computed yet.", *do),
    )


def _run_row(one: Any) -> tuple[Cell, ...]:
    period = Period(one.period_start, one.period_end).words
    link = Link(
        one.service.name, reverse("run", args=[one.pk]), hidden=f"{period}, computed {moment(one.ran_at)}, number {one.pk}"
    )
    return link, period, Tag("Signed off", "green") if one.signed_only else Tag("Preview", "yellow"), moment(one.ran_at)


# -- running


class RunForm(forms.Form):
    """Which results to compute."""

    service = forms.ChoiceField(label="Service", error_messages={"invalid_choice": "Choose one of the services that you lead"})
    period = forms.ChoiceField(label="Period", error_messages={"invalid_choice": "Choose one of the periods"})
    preview = forms.BooleanField(
        label="Preview with cases that are not signed off yet",
        help_text="For the network to look at. A preview is never proposed for publication.",
        required=False,
    )

    def __init__(self, data: Any, services: Sequence[Any]) -> None:
        super().__init__(data)
        self.fields["service"].choices = [(one.slug, one.name) for one in services]  # type: ignore[attr-defined]
        offer_periods(self.fields["period"], services)


def run_results(request: HttpRequest) -> HttpResponse:
    """Compute outcomes, and access of residents, of one service and period. The same cases give the same results."""
    asking = who(request)
    services = [one for one in registry.services() if holds(asking, NetworkLead, NationalCommissioner, service=one.slug)]
    form = RunForm(posted(request), services)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: _compute(asking, form.cleaned_data))
        if made is not None:
            messages.success(request, "The results were computed.")
            return redirect("run", made.pk)
    return form_page(
        request,
        form,
        title="Run the results",
        section=SECTION,
        crumbs=[*home(), (SECTION, reverse("results"))],
        intro=[
            "Activity, outcomes, completeness and access are computed from the cases as they stand now, with their provenance."
        ],
        submit="Run",
    )


def _compute(asking: Who, chosen: Mapping[str, Any]) -> Any:
    period = read_period(chosen["period"])
    options: dict[str, Any] = {
        "service": registry.service(chosen["service"]),
        "period_start": period.start,
        "period_end": period.end,
        "label": period_label(period.start, period.end),
        "signed_only": not chosen["preview"],
        "by": asking,
    }
    made = actions.run(**options)
    access.run(**options)
    return made


# -- one run


def run(request: HttpRequest, number: int) -> HttpResponse:
    """Show the results of one service and period: each measure drawn and as a table."""
    asking = who(request)
    one = run_of(asking, number)
    names = {centre.ods: centre.name for centre in registry.centres(one.service.slug)}
    found = queries.results(asking, one)
    period = Period(one.period_start, one.period_end)
    agreed = queries.agreed_with(one)
    rows = [row for each in found if each.name == "outcomes" for row in each.rows() if by_centre(row)]
    curves = next((each for each in found if each.name == "curves"), None)
    measures = [measure_of(group, agreed, names, curves) for group in grouped(rows)]
    return render_page(
        request,
        "workspace/run.jinja",
        title=f"Results of {one.service.name}",
        section=period.words,
        crumbs=[*home(), (SECTION, reverse("results"))],
        preview=not one.signed_only,
        facts=[
            ("Period", period.words),
            ("Cases", "Signed off" if one.signed_only else "Preview: not signed off"),
            ("Computed", moment(one.ran_at)),
            ("Outcome set", f"{agreed.version}{' (proposed)' if agreed.proposed else ''}" if agreed else "None agreed yet"),
            ("Made from", one.inputs_hash),
        ],
        activity=_activity(found, names),
        measures=measures,
        completeness=_completeness(found, names, agreed),
        download=reverse("run_file", args=[one.pk]),
        links=_run_links(asking, one),
    )


def _run_links(asking: Who, one: Any) -> list[tuple[str, str]]:
    """Return the ways on: to the figures of an own centre, to what was said of them, to whether names are shown."""
    slug = one.service.slug
    own = [centre for centre in registry.centres(slug) if may_comment(asking, centre.key)]
    links = [(f"Figures of {each.name} to comment on", reverse("own_results", args=[one.pk, each.ods])) for each in own]
    links.append(("What centres said", reverse("result_comments", args=[one.pk])))
    return links + ([("Names of peers", reverse("peer_names", args=[slug]))] if may_name_peers(asking, slug) else [])


def run_file(request: HttpRequest, number: int) -> HttpResponse:
    """Answer with every table of the run, one row for each figure."""
    one = run_of(who(request), number)
    rows = [{"table": each.name} | row for each in queries.results(who(request), one) for row in each.rows()]
    heads = list(dict.fromkeys(name for row in rows for name in row))
    return csv_download(f"results-{one.pk}.csv", heads, [[_plain(row.get(name)) for name in heads] for row in rows])


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return "" if value != value else int(value) if value.is_integer() else value  # noqa: PLR0124 - NaN alone differs from itself
    return "" if value is None else value


def by_centre(row: Row) -> bool:
    return row["sex"] in {"", TOTAL} and row["age_band"] in {"", TOTAL} and row["area"] in {"", TOTAL}


def grouped(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows of each measure and period together, in their order."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["measure"], row["period"]), []).append(row)
    return list(groups.values())


def _centre(row: Row, names: Mapping[str, str]) -> str:
    if row["centre"] == TOTAL:
        return "All centres"
    name = names.get(row["centre"], "")  # a peer whose name the network does not show has none
    return f"{name} ({row['centre']})" if name else str(row["centre"])


def measure_of(rows: Sequence[Row], agreed: Any, names: Mapping[str, str], curves: Any) -> dict[str, Any]:
    """Return one measure: its title, what it means, its chart, and the table beside it."""
    head = rows[0]
    outcome, _, at = head["measure"].partition("@")
    known = next((one for one in (agreed.outcomes if agreed else ()) if one.id == outcome), None)
    title = (known.label if known else outcome) + (f" at {at}" if at else "")
    percent = "met" in head
    unit = "" if percent or known is None else known.unit
    chart = drawings.comparison_of(rows, names, title=title, percent=percent, known=known, timed=bool(at))
    steps = drawings.curve_of(curves, outcome, at, known, title=known.label if known else outcome) if at else ""
    return {
        "title": title,
        "period": head["period"],
        "definition": str(known.extra.get("definition", known.extra.get("description", ""))) if known else "",
        "benchmark": written(known.benchmark.value, percent=percent) if known and known.benchmark else "",
        "charts": [one for one in (steps, chart) if one],
        "table": _outcome_table(title, rows, names, percent=percent, unit=unit),
    }


def _outcome_table(title: str, rows: Sequence[Row], names: Mapping[str, str], *, percent: bool, unit: str) -> Table:
    states = [(key, label) for key, label in STATES if key in rows[0]]
    columns: list[str | Column] = [
        "Centre",
        Column("Patients", numeric=True),
        Column(f"Value{', ' + unit if unit else ''}", numeric=True),
        Column("95% interval", numeric=True),
        *(Column(label, numeric=True) for _, label in states),
        "Note",
    ]
    body = [
        (
            _centre(row, names),
            number(_finite(row["denominator"])),
            written(_finite(row["value"]), percent=percent) or "None",
            drawings.between(row, percent=percent),
            *(number(_finite(row[key])) for key, _ in states),
            row["note"],
        )
        for row in rows
    ]
    return table(f"{title}, {rows[0]['period']}", columns, body)


def _finite(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 - NaN alone differs from itself


def _activity(found: Sequence[Any], names: Mapping[str, str]) -> Table:
    rows = [row for each in found if each.name == "activity" for row in each.rows() if by_centre(row)]
    body = [(_centre(row, names), number(_finite(row["value"]))) for row in rows]
    return table("Patients", ("Centre", Column("Patients", numeric=True)), body)


COMPLETENESS = {"ascertainment": "Expected cases received", "complete-records": "Records without a gap"}


def _completeness(found: Sequence[Any], names: Mapping[str, str], agreed: Any) -> Table:
    labels = {one.id: f"Outcome known: {one.label}" for one in (agreed.outcomes if agreed else ())} | COMPLETENESS
    rows = [row for each in found if each.name == "completeness" for row in each.rows()]
    body = [
        (
            _centre(row, names),
            labels.get(row["measure"].partition("@")[0], row["measure"]),
            number(_finite(row["numerator"])),
            number(_finite(row["denominator"])),
            written(_finite(row["value"]), percent=True),
        )
        for row in rows
    ]
    heads = ("Centre", "What", Column("Number", numeric=True), Column("Of", numeric=True), Column("Share", numeric=True))
    return table("How complete the data are", heads, body)
