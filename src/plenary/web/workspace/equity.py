"""Equity of access for the network: rates by area as a table, a tile map and a funnel; distances; what is not known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from markupsafe import Markup

from plenary.access import queries
from plenary.access.permissions import may_plan, may_see
from plenary.core.terms import NotFound, Who
from plenary.registry import queries as registry
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import moment, number
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Column, Link, Table, Tag, csv_download, table
from plenary.web.routes import Permission, Scope, who
from plenary.web.workspace.drawings import FLAGS
from plenary.web.workspace.pages import home, list_page
from plenary.web.workspace.periods import Period
from plenary_stats import charts
from plenary_stats.tables import TOTAL

SECTION = "Equity of access"
Row = Mapping[str, Any]
FIGURES = {"": "Rate per million", "@direct": "Age-standardised rate per million", "@ratio": "Observed over expected"}
TOGETHER = {
    "scv": "Systematic component of variation",
    "quotient": "Highest over lowest ratio",
    "chi-squared": "Chi-squared of observed against expected",
    "moran": "Moran's I: are neighbours alike?",
    "slope": "Slope index over deprivation, per million",
    "relative-slope": "Relative index over deprivation",
    "silent": "Areas from which nobody came",
}
DISTANCES = {"treating": "To the treating centre", "nearest": "To the nearest centre", "extra": "Farther than the nearest"}
NOT_SHOWN = "none"


def run_of(asking: Who, pk: int) -> Any:
    found = queries.visible_to(asking).filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no equity of access {pk}.")
    return found


def scope_of(asking: Who, *, number: int) -> Scope:
    """Return the service of a run that the person may see; for everybody else there is no such run."""
    return Scope(run_of(asking, number).service.slug)


NETWORK = Permission(
    "people of the service's network, national commissioner",
    lambda asking, scope: scope.service is not None and may_see(asking, scope.service),
    scope_of,
    "service",
)


# -- the list


class RunFilter(FilterForm):
    """What narrows the list of runs."""

    service = forms.ChoiceField(label="Service")

    def __init__(self, data: Any, runs: Sequence[Any]) -> None:
        super().__init__(data)
        names = {one.service.slug: one.service.name for one in runs}
        self.fields["service"].choices = [("", "All"), *sorted(names.items(), key=lambda pair: pair[1])]  # type: ignore[attr-defined]

    def fits(self, one: Any) -> bool:
        return bool(self.chosen().get("service", one.service.slug) == one.service.slug)


def all_runs(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show what was computed for the networks to which a person belongs."""
    runs = list(queries.visible_to(who(request)))
    form = RunFilter(request.GET, runs)
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=[*home(), ("Results", reverse("results"))],
        columns=("Service", "Period", "Cases", "Computed"),
        rows=[_run_row(one) for one in runs if form.fits(one)],
        intro=[
            "Who reaches each service, from where, and what could chance alone have done?",
            "For the people of the network only: small numbers are not withheld here. Do not pass them on.",
        ],
        links=[],
        filter=form,
        file="equity-of-access.csv",
        as_file=as_file,
        download=reverse("equity_runs_file"),
        empty=("Equity of access was not computed yet.", "It is computed with the results.", reverse("results")),
    )


def _run_row(one: Any) -> tuple[Cell, ...]:
    period = Period(one.period_start, one.period_end).words
    link = Link(
        one.service.name, reverse("equity_run", args=[one.pk]), hidden=f"{period}, computed {moment(one.ran_at)}, number {one.pk}"
    )
    return link, period, Tag("Signed off", "green") if one.signed_only else Tag("Preview", "yellow"), moment(one.ran_at)


# -- one run


class AreaFilter(FilterForm):
    """Which figure of which years, and in which region."""

    figure = forms.ChoiceField(label="Figure", choices=list(FIGURES.items()))
    years = forms.ChoiceField(label="Years")
    region = forms.ChoiceField(label="Region")

    def __init__(self, data: Any, periods: Sequence[str], regions: Sequence[str]) -> None:
        super().__init__(data)
        self.last = periods[-1] if periods else ""
        self.fields["years"].choices = [("", f"Latest: {self.last}"), *((one, one) for one in reversed(periods[:-1]))]  # type: ignore[attr-defined]
        self.fields["region"].choices = [("", "All"), *((one, one) for one in regions)]  # type: ignore[attr-defined]


class Shown:
    """The rows of one run that a filter chooses, with the names of their areas."""

    def __init__(self, request: HttpRequest, one: Any) -> None:
        self.day = one.period_end - timedelta(days=1)
        found = {each.name: each for each in queries.results(who(request), one)}
        self.tables = {name: list(each.rows()) for name, each in found.items()}
        rows = [row for row in self.tables.get("equity", ()) if not row["sex"] and not row["age_band"]]
        crude = [row for row in rows if row["measure"] == "patients" and row["area"] != TOTAL]
        self.filter = AreaFilter(
            request.GET,
            list(dict.fromkeys(row["period"] for row in crude)),
            sorted({self.region(row["area"]) for row in crude} & {region.name for region in registry.regions()}),
        )
        chosen = self.filter.chosen()
        self.figure, self.years = chosen.get("figure", ""), chosen.get("years") or self.filter.last
        self.title = f"{FIGURES[self.figure]}, {self.years}"
        self.every = [row for row in rows if row["period"] == self.years]
        regions = {region.name for region in registry.regions()}
        own = [row for row in self.every if row["measure"] == f"patients{self.figure}"]
        self.total = next((row for row in own if row["area"] == TOTAL), None)
        self.areas = [row for row in own if row["area"] not in regions | {TOTAL} and self._in_region(row, chosen.get("region"))]

    def _in_region(self, row: Row, region: str | None) -> bool:
        return region is None or self.region(row["area"]) == region

    def region(self, code: str) -> str:
        return registry.region_of(code.split("+", maxsplit=1)[0], self.day) or ""

    def name(self, code: str) -> str:
        """Return the name of a board, or of all boards of an area that two maps have in common."""
        if code == TOTAL:
            return "England"
        found = [registry.areas().find(part, self.day) for part in code.split("+")]
        return ", ".join(area.name for area in found if area is not None) or code


def run(request: HttpRequest, number: int) -> HttpResponse:
    """Show the equity of access of one service and period."""
    asking = who(request)
    one = run_of(asking, number)
    shown = Shown(request, one)
    period = Period(one.period_start, one.period_end)
    query = request.GET.urlencode()
    areas_file = reverse("equity_areas_file", args=[one.pk])
    return render_page(
        request,
        "workspace/equity.jinja",
        title=f"Equity of access of {one.service.name}",
        section=period.words,
        crumbs=[*home(), ("Results", reverse("results")), (SECTION, reverse("equity_runs"))],
        preview=not one.signed_only,
        facts=[
            ("Period", period.words),
            ("Cases", "Signed off" if one.signed_only else "Preview: not signed off"),
            ("Computed", moment(one.ran_at)),
            ("Residents", "Mid-2022 estimates of the Office for National Statistics, England"),
            ("Made from", one.inputs_hash),
        ],
        filter=shown.filter,
        links=_links(asking, one.service.slug),
        nobody=not any(row["numerator"] for row in shown.every if row["measure"] == "patients"),
        map=_map(shown),
        areas=_area_table(shown),
        funnel=_funnel(shown),
        together=_together(shown),
        spread=_spread(shown),
        within=_within_table(shown),
        distances=_distances(shown),
        residence=_residence(shown),
        downloads_of=[
            ("Download the areas as CSV", f"{areas_file}?{query}" if query else areas_file),
            ("Download every figure as CSV", reverse("equity_figures_file", args=[one.pk])),
        ],
    )


def _links(asking: Who, service: str) -> list[tuple[str, str]]:
    """Return the ways on: what if centres were elsewhere, and what was asked before."""
    ask = [("What if a centre were added, closed or moved?", reverse("ask_scenario", args=[service]))]
    return [*(ask if may_plan(asking, service) else []), ("Kept scenarios", reverse("scenarios", args=[service]))]


HEADS = ("Area", "Region", "Patients", "Of", "Figure", "Lower 95%", "Upper 95%", "Beside the limits", "Note")


def areas_file(request: HttpRequest, number: int) -> HttpResponse:
    """Answer with the areas that the filter chooses."""
    shown = Shown(request, run_of(who(request), number))
    return csv_download(f"equity-{number}-areas.csv", HEADS, [_area_row(shown, row) for row in _with_total(shown)])


def figures_file(request: HttpRequest, number: int) -> HttpResponse:
    """Answer with every table of the run, one row for each figure."""
    asking = who(request)
    rows = [{"table": each.name} | row for each in queries.results(asking, run_of(asking, number)) for row in each.rows()]
    heads = list(dict.fromkeys(name for row in rows for name in row))
    return csv_download(f"equity-{number}.csv", heads, [[_plain(row.get(name)) for name in heads] for row in rows])


def _plain(value: Any) -> Any:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value


def _figure(value: float, places: int = 2) -> str:
    return "" if math.isnan(value) else number(value, places)


def _with_total(shown: Shown) -> list[Row]:
    return [*([shown.total] if shown.total else []), *sorted(shown.areas, key=lambda row: shown.name(row["area"]))]


def _area_row(shown: Shown, row: Row) -> tuple[str, ...]:
    places = 1 if shown.figure == "@ratio" else 0
    figures = (_figure(row[name]) for name in ("value", "lower", "upper"))
    of = _figure(row["denominator"], places)
    return (
        shown.name(row["area"]),
        shown.region(row["area"]) if row["area"] != TOTAL else "",
        _figure(row["numerator"], 0),
        of,
        *figures,
        FLAGS.get(row["flag"], ""),
        row["note"],
    )


def _area_table(shown: Shown) -> Table:
    columns = [Column(head, numeric=2 <= place <= 6) for place, head in enumerate(HEADS)]
    return table(f"{shown.title}, by area of residence", columns, [_area_row(shown, row) for row in _with_total(shown)])


def _map(shown: Shown) -> Markup:
    """Draw the boards as tiles; an area of several boards has its figure on each of them."""
    by_board = {part: row for row in shown.areas for part in row["area"].split("+")}
    layout = registry.areas().tiles
    on = max(layout, key=lambda name: len(set(layout[name]) & set(by_board)))
    values = sorted(row["value"] for row in shown.areas if not math.isnan(row["value"]))
    breaks = sorted({round(values[len(values) * part // 4], 2) for part in (1, 2, 3)}) if values else []
    if not breaks:
        return Markup()
    tiles = [
        charts.Tile(
            shown.name(code),
            *place,
            value=None if math.isnan(by_board[code]["value"]) else by_board[code]["value"],
            short=code if len(code) <= 3 else code[:3],
            note=NOT_SHOWN,
        )
        for code, place in layout[on].items()
        if code in by_board
    ]
    drawn = charts.tiles(
        tiles,
        breaks=breaks,
        prefix="equity-map",
        headline=f"{shown.title}: from {values[0]:,.1f} to {values[-1]:,.1f}",
        description=f"{shown.title} by area of residence, one tile each. Every figure is in the table below.",
        places=1,
    )
    return Markup(drawn)  # noqa: S704 - our own SVG: its texts are escaped where it is drawn


def _funnel(shown: Shown) -> Markup:
    """Draw observed over expected of every area beside exact limits: what could chance alone have done?"""
    chosen = {row["area"] for row in shown.areas}
    rows = [row for row in shown.every if row["measure"] == "patients@ratio" and row["area"] in chosen]
    marks = [
        charts.Mark(row["area"][:5], row["value"], denominator=row["expected"], flag=row["flag"])
        for row in rows
        if not math.isnan(row["value"])
    ]
    if len(marks) < 2:
        return Markup()
    beyond = [f"{shown.name(row['area'])} is {FLAGS[row['flag']]}" for row in rows if row["flag"] in FLAGS]
    headline = f"Observed over expected: {'; '.join(beyond) if beyond else 'every area lies within the limits'}"
    drawn = charts.funnel(
        marks,
        target=1.0,
        kind="ratio",
        prefix="equity-funnel",
        headline=headline,
        description=f"{headline}. Expected by the sex and age of each area's residents, at the national rates.",
        x_label="Expected patients",
        y_label="Observed over expected",
        target_label="As expected",
    )
    return Markup(drawn)  # noqa: S704 - as above


def _together(shown: Shown) -> Table:
    found = {row["measure"].partition("@")[2]: row for row in shown.every if row["area"] == TOTAL}
    rows = [(key, label, found[key]) for key, label in TOGETHER.items() if key in found]
    body = [
        (
            label,
            _figure(row["value"], 0 if key == "silent" else 3),
            f"{_figure(row['lower'], 3)} to {_figure(row['upper'], 3)}" if not math.isnan(row["lower"]) else "",
            _figure(row["p"], 3),
            " ".join(filter(None, (_by_chance(key, row), row["note"]))),
        )
        for key, label, row in rows
    ]
    heads = ("What", Column("Figure", numeric=True), Column("95% interval", numeric=True), Column("p", numeric=True), "Note")
    return table(f"All areas together, {shown.years}", heads, body)


def _by_chance(key: str, row: Row) -> str:
    return f"{row['expected']:.1f} by chance alone." if key == "silent" else ""


def _distances(shown: Shown) -> Table:
    rows = [row for row in shown.tables.get("distances", ()) if row["area"] == TOTAL and "@" not in row["measure"]]
    body = [
        (
            DISTANCES[row["measure"].removeprefix("distance-")],
            _figure(row["denominator"], 0),
            *(_figure(row[name], 0) for name in ("lower_quartile", "value", "upper_quartile", "mean")),
        )
        for row in rows
    ]
    heads = ("Patients", "Lower quarter", "Median", "Upper quarter", "Mean")
    return table("Straight-line kilometres", ("Distance", *(Column(head, numeric=True) for head in heads)), body)


def _within(shown: Shown) -> list[tuple[str, float]]:
    """Return which share of the patients live within so many kilometres of the centre that treats them."""
    rows = [row for row in shown.tables.get("distances", ()) if row["area"] == TOTAL and "@" in row["measure"]]
    return [(f"Within {row['measure'].partition('@')[2].removesuffix('km')} km", row["value"]) for row in rows]


def _within_table(shown: Shown) -> Table:
    body = [(label, f"{100 * value:.1f}%") for label, value in _within(shown)]
    return table("Patients by distance from their centre", ("Distance", Column("Share", numeric=True)), body)


def _spread(shown: Shown) -> Markup:
    marks = [charts.Mark(label, value) for label, value in _within(shown)]
    if not marks:
        return Markup()
    said = "; ".join(f"{mark.label.lower()} {100 * (mark.value or 0):.1f}%" for mark in marks)
    headline = "Patients by distance from the centre that treats them"
    drawn = charts.bars(
        marks, prefix="equity-distance", headline=headline, description=f"{headline}: {said}.", percent=True, places=1
    )
    return Markup(drawn)  # noqa: S704 - as above


def _residence(shown: Shown) -> Table:
    rows = shown.tables.get("residence", ())
    body = [(row["area"] or row["note"], _figure(row["value"], 0)) for row in rows]
    return table("Where patients lived on the day of care", ("Residence", Column("Patients", numeric=True)), body)
