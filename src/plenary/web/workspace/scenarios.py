"""What if a centre were added, closed or moved? Asked with a form, answered beside today, kept as evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.access import actions, queries
from plenary.access.permissions import may_plan, may_see
from plenary.core.terms import NotFound, Who
from plenary.registry import queries as registry
from plenary.web.design.formats import moment, number
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Column, Link, Table, table
from plenary.web.routes import Permission, Scope, who
from plenary.web.workspace.equity import SECTION
from plenary.web.workspace.pages import Crumbs, attempt, home, list_page
from plenary_stats.location import Assumptions, Wish

QUESTIONS = {
    "centres": ("Centres", 0),
    "mean_minutes": ("Mean journey, minutes", 1),
    "median_minutes": ("Median journey, minutes", 1),
    "p90_minutes": ("Nine in ten travel at most, minutes", 1),
    "farthest_minutes": ("Farthest, minutes", 0),
    "residents_far": ("Residents over 2 hours away", 0),
    "patients_far": ("Patients a year over 2 hours away", 1),
    "gap_between_groups": ("Gap between the regions' mean journeys, minutes", 1),
    "inequality": ("Inequality of journeys (Gini, 0 to 1)", 3),
    "smallest_centre": ("Patients a year of the smallest centre", 1),
    "largest_centre": ("Patients a year of the largest centre", 1),
    "centres_under_minimum": ("Centres below the safe minimum", 0),
    "patients_in_centres_under_minimum": ("Patients a year in those", 1),
    "patients_over_capacity": ("Patients a year beyond capacity", 1),
}
NEW = "Where they would shorten journeys most"


def _of_service(asking: Who, *, number: int) -> Scope:
    return Scope(_kept(asking, number).service.slug)


def _kept(asking: Who, pk: int) -> Any:
    found = queries.scenarios(asking).filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no scenario {pk}.")
    return found


def _sees(asking: Who, scope: Scope) -> bool:
    return scope.service is not None and may_see(asking, scope.service)


READERS = Permission("people of the service's network, national commissioner", _sees)
READERS_OF_ONE = Permission("people of the service's network, national commissioner", _sees, _of_service, "service")


def _crumbs(service: Any) -> Crumbs:
    equity = [(SECTION, reverse("equity_runs")), (f"Scenarios of {service.name}", reverse("scenarios", args=[service.slug]))]
    return [*home(), ("Results", reverse("results")), *equity]


# -- those that were kept, side by side


def kept(request: HttpRequest, service: str, *, as_file: bool = False) -> HttpResponse:
    """Show the kept scenarios of a service, side by side: a row each, a column for each question."""
    asking, one = who(request), registry.service(service)
    rows = queries.scenarios(asking).filter(service=one)
    may = may_plan(asking, service)
    ask = ("Ask a new one", reverse("ask_scenario", args=[service]))
    shown = ("mean_minutes", "residents_far", "smallest_centre", "centres_under_minimum", "gap_between_groups")
    return list_page(
        request,
        title=f"Scenarios of {one.name}",
        section=SECTION,
        crumbs=_crumbs(one)[:-1],
        columns=("Scenario", *(Column(QUESTIONS[key][0], numeric=True) for key in shown), "Kept"),
        rows=[
            (
                Link(each.title, reverse("scenario", args=[each.pk]), hidden=f"number {each.pk}"),
                *(_figure(each.answer["questions"]["after"], key) for key in shown),
                moment(each.kept_at),
            )
            for each in rows
        ],
        intro=["Each was answered on the day that it was kept, and has not changed since."],
        links=[ask] if may else [],
        file=f"scenarios-{service}.csv",
        as_file=as_file,
        download=reverse("scenarios_file", args=[service]),
        empty=("No scenario was kept yet.", *(ask if may else ("The lead of the network keeps them.", None))),
    )


def scenario(request: HttpRequest, number: int) -> HttpResponse:
    """Show one kept scenario."""
    one = _kept(who(request), number)
    return render_page(
        request,
        "workspace/scenario.jinja",
        title=one.title,
        section=SECTION,
        crumbs=_crumbs(one.service),
        facts=[("Kept", moment(one.kept_at)), ("Made by", f"Plenary {one.code_version}"), *_asked(one.asked)],
        note=one.note,
        **_answer(one.answer),
    )


def _asked(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    wish, given = asked["wish"], asked["given"]
    said = [
        ("Added", ", ".join(wish["add"])),
        ("Closed", ", ".join(wish["close"])),
        ("Moved", ", ".join(f"{old} to {new}" for old, new in wish["move"])),
        ("New centres looked for", str(wish["best"] or "")),
        ("Patients a year", number(given["patients"])),
        ("Safe minimum a year", number(given["minimum"])),
        ("Capacity of a centre a year", number(given["capacity"])),
        ("Speed", f"{given['speed']:g} km an hour"),
    ]
    return [(label, text) for label, text in said if text]


# -- asking


class AskForm(forms.Form):
    """The wish and the assumptions."""

    patients = forms.IntegerField(label="Patients a year, all centres together", min_value=1, max_value=1_000_000)
    minimum = forms.IntegerField(label="Safe minimum of a centre, patients a year", min_value=0, required=False)
    capacity = forms.IntegerField(
        label="Capacity of a centre, patients a year",
        help_text="Leave empty where nobody is turned away",
        min_value=1,
        required=False,
    )
    speed = forms.IntegerField(
        label="Speed, km an hour",
        help_text="Along a straight line, 1.3 times longer",
        min_value=10,
        max_value=300,
        initial=60,
    )
    add = forms.ChoiceField(label="Add a centre at", required=False)
    close = forms.ChoiceField(label="Close", required=False)
    move_from = forms.ChoiceField(label="Move the centre", required=False)
    move_to = forms.ChoiceField(label="to", required=False)
    best = forms.ChoiceField(label="Look for new centres", help_text=NEW, required=False)

    def __init__(self, data: Any, sites: Sequence[Any], now: Sequence[str]) -> None:
        super().__init__(data)
        names = {site.code: f"{site.name} ({site.code})" for site in sites}
        here = [("", "None"), *((code, names[code]) for code in now)]
        elsewhere = [("", "None"), *((code, name) for code, name in names.items() if code not in set(now))]
        for name, choices in (("add", elsewhere), ("close", here), ("move_from", here), ("move_to", elsewhere)):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        self.fields["best"].choices = [("", "None"), *((str(count), str(count)) for count in (1, 2, 3))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if bool(found.get("move_from")) != bool(found.get("move_to")):
            missing = "move_to" if found.get("move_from") else "move_from"
            self.add_error(missing, "Choose both the centre that moves and where it moves to")
        return found

    def asked(self) -> tuple[Wish, Assumptions]:
        found = self.cleaned_data
        wish = Wish(
            add=(found["add"],) if found["add"] else (),
            close=(found["close"],) if found["close"] else (),
            move=((found["move_from"], found["move_to"]),) if found["move_from"] else (),
            best=int(found["best"] or 0),
        )
        given = Assumptions(
            patients=found["patients"], minimum=found["minimum"] or 0, capacity=found["capacity"], speed=found["speed"]
        )
        return wish, given


class KeepForm(forms.Form):
    """What the scenario is called, when it is kept."""

    title = forms.CharField(label="Title", max_length=120, error_messages={"required": "Give the scenario a title"})
    note = forms.CharField(label="What it is evidence for", widget=forms.Textarea, max_length=2000, required=False)


def ask(request: HttpRequest, service: str) -> HttpResponse:
    """Ask, and see the answer beside today; keep it."""
    asking, one = who(request), registry.service(service)
    form = AskForm(request.GET if "patients" in request.GET else None, *queries.sites(one))
    found = attempt(form, lambda: queries.scenario(one, *form.asked())) if form.is_bound and form.is_valid() else None
    keep = KeepForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and found is not None and keep.is_valid():
        wish, given = form.asked()
        title, note = keep.cleaned_data["title"], keep.cleaned_data["note"]
        made = attempt(
            keep, lambda: actions.keep_scenario(service=one, title=title, wish=wish, given=given, note=note, by=asking)
        )
        if made is not None:
            messages.success(request, "The scenario was kept.")
            return redirect("scenario", made.pk)
    return render_page(
        request,
        "workspace/ask_scenario.jinja",
        title=f"What if? {one.name}",
        section=SECTION,
        crumbs=_crumbs(one),
        form=form,
        keep=keep,
        answered=found is not None and not found.why_not,
        **(_answer(found.document()) if found is not None else {}),
    )


def _answer(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of an answer: today and after, centre by centre, region by region, and what changes."""
    questions = document["questions"]
    rows = [
        (label, _figure(questions["before"], key), _figure(questions["after"], key))
        for key, (label, _) in QUESTIONS.items()
        if key in questions["before"]
    ]
    return {
        "says": document["says"],
        "why_not": document["why_not"],
        "found": _found(document),
        "side_by_side": table("Today and after", ("Question", *_numeric("Today", "After")), rows),
        "centres": [_centres(document, when, caption) for when, caption in (("before", "today"), ("after", "after"))],
        "regions": _regions(document),
        "changes": _changes(document["difference"]),
    }


def _found(document: Mapping[str, Any]) -> str:
    if not document["found"]:
        return ""
    names = {each["code"]: each["name"] for each in document["centres"]["after"]}
    proof = "proved to be the best choice" if document["proved"] else "the best found; a better one was not ruled out"
    return f"New centres found: {'; '.join(names.get(code, code) for code in document['found'])} ({proof})."


def _numeric(*labels: str) -> list[Column]:
    return [Column(label, numeric=True) for label in labels]


def _figure(found: Mapping[str, Any], key: str) -> str:
    return number(found.get(key), QUESTIONS[key][1]) if found.get(key) is not None else ""


def _centres(document: Mapping[str, Any], when: str, caption: str) -> Table:
    heads = ("Residents", "Patients a year", "Mean minutes", "Farthest", "Short of the minimum", "Beyond capacity")
    keys = (("residents", 0), ("patients", 1), ("mean_minutes", 0), ("farthest", 0), ("under", 1), ("over", 1))
    body: list[tuple[Cell, ...]] = [
        (f"{each['name']} ({each['code']})", *(number(each[key], places) for key, places in keys))
        for each in document["centres"][when]
    ]
    return table(f"Centres {caption}", ("Centre", *_numeric(*heads)), body)


def _regions(document: Mapping[str, Any]) -> Table:
    before, after = (document["by_region"][when] for when in ("before", "after"))
    body = [(name, number(before[name], 0), number(after.get(name), 0)) for name in sorted(before)]
    return table("Mean journey by region, minutes", ("Region", *_numeric("Today", "After")), body)


def _changes(found: Mapping[str, Any]) -> Table:
    said = {
        "shorter": "Residents with a shorter journey",
        "longer": "Residents with a longer journey",
        "other_centre": "Residents with another centre",
        "no_longer_far": "Residents no longer over 2 hours away",
        "newly_far": "Residents newly over 2 hours away",
        "largest_gain": "Largest gain, minutes",
        "largest_loss": "Largest loss, minutes",
    }
    body = [(label, number(found[key], 0)) for key, label in said.items() if key in found]
    return table("What becomes otherwise", ("What", *_numeric("Number")), body)
