"""Follow-up: who is overdue, what is known of one patient, and many updates at once, on a page or in a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.collection import queries
from plenary.collection.actions import follow_up as actions
from plenary.collection.queries import follow_up
from plenary.collection.terms import Followed, FollowState, Problem, Report, Taken
from plenary.core.permissions import CentreDataManager, CentreLead, holds
from plenary.core.queries import today
from plenary.core.terms import NotFound, NotPossible
from plenary.registry import queries as registry
from plenary.web.design.fields import FilterForm, SplitDateField
from plenary.web.design.formats import day, moment, number, plural
from plenary.web.design.tables import Cell, Column, Link, Tag, csv_download, table
from plenary.web.routes import who
from plenary.web.workspace.collection import followed_services
from plenary.web.workspace.pages import NOT_POSSIBLE, Crumbs, EmptyForm, attempt, collecting, form_page, list_page, posted

SECTION = "Follow-up"
STATES = {
    FollowState.OVERDUE: Tag("Overdue", "red"),
    FollowState.DUE: Tag("Due", "yellow"),
    FollowState.LATER: Tag("Later", "grey"),
    FollowState.ENDED: Tag("Nothing due", "grey"),
}
AT_ONCE = 25
"""Patients on a page of many updates: what a person does in one sitting without losing the place."""
FILE = "follow-up.csv"
TOLD = ("case_date", "last_seen_on", "last_status", "due_on", "state")
"""What the download says besides the columns to fill in. Sent back, it is not read."""
REPORTED = ("Seen", "Status", "Died", "Known from", "Reported", "By", "State", "To do")


def _url(name: str, centre: Any, *more: object) -> str:
    return reverse(name, args=[centre.service.slug, centre.ods, *more])


def _top() -> Crumbs:
    return [*collecting(), (SECTION, reverse("follow_up"))]


def _centre(service: str, ods: str) -> Any:
    """Return the centre of an address; raise ``NotFound`` also where no rules of follow-up are in force."""
    centre = registry.centre(service, ods)
    _rules(centre.service)
    return centre


def _rules(service: Any) -> Any:
    try:
        return follow_up.plan(service, today())
    except NotPossible as problem:
        raise NotFound(str(problem)) from problem


def _crumbs(centre: Any) -> Crumbs:
    return [*_top(), (f"Patients of {centre.name}", _url("follow_up_centre", centre))]


# -- how each centre stands


class ServiceFilter(FilterForm):
    """Which service."""

    service = forms.ChoiceField(label="Service")

    def __init__(self, data: Any, services: Sequence[Any]) -> None:
        super().__init__({})
        by_slug = {one.slug: one for one in services}
        self.chosen_service = by_slug.get(data.get("service", ""), services[0] if services else None)
        self.data = {"service": getattr(self.chosen_service, "slug", "")}
        self.fields["service"].choices = [(slug, one.name) for slug, one in by_slug.items()]  # type: ignore[attr-defined]

    @property
    def narrowed(self) -> bool:
        return False


def centres(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show how many patients of each centre are overdue: the own ones, or all of the network for whoever follows it."""
    asking = who(request)
    form = ServiceFilter(request.GET, followed_services(asking))
    chosen, rows, words = form.chosen_service, [], "Who was last seen when, and who is due."
    if chosen is not None:
        rules = _rules(chosen)
        rows = [_centre_row(asking, centre, counted) for centre, counted in follow_up.counts(asking, chosen, today())]
        said = "Proposed rules" if rules.proposed else "Rules"
        words = f"{chosen.name}. {said} {rules.version}: due {_months(rules.due_months)} months after the date of the case."
    return list_page(
        request,
        title=SECTION,
        section="Collection",
        crumbs=collecting(),
        columns=("Centre", *(Column(STATES[state].text, numeric=True) for state in FollowState)),
        rows=rows,
        intro=[words],
        filter=form,
        file="follow-up-centres.csv",
        as_file=as_file,
        download=reverse("follow_up_file"),
        template="workspace/collection.jinja",
        empty=("No centre of this service is yours to see.", "Ask the administrator to appoint you.", None),
    )


def _months(months: Sequence[int]) -> str:
    *first, last = map(str, months)
    return f"{', '.join(first)} and {last}" if first else last


def _centre_row(asking: Any, centre: Any, counted: dict[FollowState, int]) -> tuple[Cell, ...]:
    own = holds(asking, CentreDataManager, CentreLead, centre=centre.key)
    name = f"{centre.name} ({centre.ods})"
    return Link(name, _url("follow_up_centre", centre)) if own else name, *(number(counted[state]) for state in FollowState)


# -- the patients of one centre


class PatientFilter(FilterForm):
    """What narrows the patients."""

    state = forms.ChoiceField(
        label="Follow-up", choices=[("", "All"), *((state.value, tag.text) for state, tag in STATES.items())]
    )
    case_id = forms.CharField(label="Case identifier", max_length=200)

    def keep(self, found: Sequence[Followed]) -> list[Followed]:
        """Return the patients that the filter leaves, the most overdue first."""
        chosen = self.chosen()
        kept = [
            one
            for one in found
            if chosen.get("state", one.state) == one.state and chosen.get("case_id", "").casefold() in one.case_id.casefold()
        ]
        order = list(FollowState)
        return sorted(kept, key=lambda one: (order.index(one.state), one.due_on or one.index_on, one.case_id))


def patients(request: HttpRequest, service: str, ods: str, *, as_file: bool = False) -> HttpResponse:
    """Show the patients of a centre and what is due. That they were read is recorded."""
    centre, form = _centre(service, ods), PatientFilter(request.GET)
    found = actions.open_followed(centre=centre, why="list of follow-up", by=who(request))
    kept = form.keep(found)
    if as_file:
        rows = [(one.case_id, "", "", "", "", *_told(one)) for one in kept]
        return csv_download(f"follow-up-{service}-{ods}.csv", [*follow_up.COLUMNS, *TOLD], rows)
    late = sum(one.state == FollowState.OVERDUE for one in found)
    return list_page(
        request,
        title=f"Patients of {centre.name}",
        section=SECTION,
        crumbs=_top(),
        columns=("Case", "Date", "Last seen", "Status", "Known from", "Due", "Follow-up"),
        rows=[_patient_row(centre, one) for one in kept],
        intro=[
            f"{centre.service.name}: {plural(late, 'patient is', 'patients are')} overdue. That you open this list is recorded.",
            "The download has one row for each patient of this list, with the columns to fill in and send back.",
        ],
        links=[
            ("Update many at once", f"{_url('follow_up_update', centre)}?{request.GET.urlencode()}"),
            ("Send a file of updates", _url("follow_up_upload", centre)),
        ],
        filter=form,
        file=FILE,
        as_file=False,
        download=_url("follow_up_centre_file", centre),
        empty=("No case stands at this centre.", "Send or key its cases", reverse("collection")),
    )


def _told(one: Followed) -> tuple[str, ...]:
    days = (one.index_on, one.died_on or one.seen_on, one.due_on)
    index_on, seen_on, due_on = ("" if at is None else f"{at:%d/%m/%Y}" for at in days)
    return index_on, seen_on, _status(one.status), due_on, STATES[one.state].text


def _patient_row(centre: Any, one: Followed) -> tuple[Cell, ...]:
    return (
        Link(one.case_id, _url("follow_up_case", centre, one.number)),
        day(one.index_on),
        day(one.died_on or one.seen_on) or "Not since",
        _status(one.status),
        follow_up.SOURCES.get(one.source, "The case" if one.source else ""),  # type: ignore[call-overload]
        day(one.due_on),
        STATES[one.state],
    )


def _status(status: str) -> str:
    words = {str(key): word for key, word in follow_up.STATUSES.items()} | {"in_error": "Taken back"}
    return words.get(status, "Not known")


# -- one patient


class ReportForm(forms.Form):
    """What is known of one patient."""

    seen_on = SplitDateField(
        label="Date seen, or on which the status was known",
        error_messages={"required": "Give the date on which the patient was seen, or the status was known"},
    )
    status = forms.ChoiceField(
        label="Status",
        choices=[(str(key), word) for key, word in follow_up.STATUSES.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Say how the patient was"},
    )
    source = forms.ChoiceField(
        label="Known from",
        choices=[(str(key), word) for key, word in follow_up.SOURCES.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Say where it is known from"},
    )
    died_on = SplitDateField(label="Date of death", help_text="Only if the patient died", required=False)

    def report(self, case_id: str, row: int = 0) -> Report:
        said = self.cleaned_data
        return Report(case_id, said["seen_on"], said["status"], said["source"], said["died_on"], row)


def _case(request: HttpRequest, centre: Any, number: int) -> Any:
    found = queries.visible_to(who(request)).filter(centre=centre, pk=number).first()
    if found is None:
        raise NotFound("This case does not stand at this centre.")
    return found


def patient(request: HttpRequest, service: str, ods: str, number: int) -> HttpResponse:
    """Show all that was reported of one patient, and take the next report, or one in the place of a mistaken one."""
    centre, asking = _centre(service, ods), who(request)
    case, form = _case(request, centre, number), ReportForm(posted(request))
    rows = follow_up.reports(asking, case)
    wrong = next((row for row, _, stands in rows if stands and str(row.pk) == request.GET.get("correct")), None)
    if request.method == "POST" and form.is_valid():
        said = form.report(case.case_id)
        if wrong is not None:
            done = attempt(form, lambda: actions.correct(centre=centre, number=wrong.pk, instead=said, by=asking)) is not None
        else:
            done = _taken(form, attempt(form, lambda: actions.report(centre=centre, reports=[said], by=asking)))
        if done:
            messages.success(request, f"The follow-up of case {case.case_id} was kept.")
            return redirect(_url("follow_up_case", centre, number))
    return form_page(
        request,
        form,
        title=f"Follow-up of case {case.case_id}",
        section=SECTION,
        crumbs=_crumbs(centre),
        intro=[f"Instead of what was reported {moment(wrong.reported_at)}. That stays in the history, marked as corrected."]
        if wrong is not None
        else ["What you report is added: nothing reported before is overwritten, and the case itself stays as it is."],
        submit="Keep the follow-up",
        template="workspace/follow_up_case.jinja",
        reports=table("What was reported", REPORTED, [_report_row(centre, number, row) for row in rows]),
        wrong=wrong,
    )


def _taken(form: forms.Form, taken: Taken | None) -> bool:
    for problem in taken.problems if taken is not None else ():
        form.add_error(None, problem.message)
    return taken is not None and not taken.problems


def _report_row(centre: Any, number: int, row: tuple[Any, str, bool]) -> tuple[Cell, ...]:
    one, by, stands = row
    at = _url("follow_up_case", centre, number)
    link = Link("Correct", f"{at}?correct={one.pk}", hidden=f"the report of {moment(one.reported_at)}, number {one.pk}")
    state = Tag("Stands", "green") if stands else Tag("Taken back" if one.status == "in_error" else "Corrected", "grey")
    said = day(one.seen_on), _status(one.status), day(one.died_on), follow_up.SOURCES.get(one.source, "")
    return *said, moment(one.reported_at), by, state, link if stands else ""


def take_back(request: HttpRequest, service: str, ods: str, number: int, row: int) -> HttpResponse:
    """Take a mistaken report back, with nothing in its place, after asking."""
    centre, asking, form = _centre(service, ods), who(request), EmptyForm(posted(request))
    case = _case(request, centre, number)
    if request.method == "POST":
        made = attempt(form, lambda: actions.correct(centre=centre, number=row, instead=None, by=asking))
        if made is not None:
            messages.success(request, f"The report on case {case.case_id} was taken back.")
            return redirect(_url("follow_up_case", centre, number))
    return form_page(
        request,
        form,
        title="Take this report back",
        section=SECTION,
        crumbs=[*_crumbs(centre), (f"Case {case.case_id}", _url("follow_up_case", centre, number))],
        intro=[
            f"A follow-up of case {case.case_id} was reported by mistake, and nothing is known instead. It stays in the history."
        ],
        submit="Take it back",
        kind="warning",
    )


# -- many at once


class ManyForm(forms.Form):
    """One line for each patient; what is left empty is left alone."""

    def __init__(self, found: Sequence[Followed], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = {one.number: one for one in found}
        for key_of, one in self.found.items():
            name = one.case_id
            statuses = [("", "Not seen"), *((str(key), word) for key, word in follow_up.STATUSES.items())]
            sources = [(str(key), word) for key, word in follow_up.SOURCES.items()]
            made = {
                f"status_{key_of}": forms.ChoiceField(label=f"Status of {name}", choices=statuses),
                f"seen_{key_of}": SplitDateField(label=f"Date seen of {name}"),
                f"source_{key_of}": forms.ChoiceField(label=f"Known from, of {name}", choices=sources),
                f"died_{key_of}": SplitDateField(label=f"Date of death of {name}"),
            }
            for key, field in made.items():
                field.required, field.is_filter = False, True  # type: ignore[attr-defined]
                self.fields[key] = field

    def lines(self) -> list[tuple[Followed, list[Any]]]:
        """Return each patient with the four fields."""
        return [
            (one, [self[f"{kind}_{number}"] for kind in ("status", "seen", "source", "died")])
            for number, one in self.found.items()
        ]

    def reports(self) -> list[Report]:
        """Return what was filled in."""
        said = self.cleaned_data
        return [
            Report(one.case_id, said.get(f"seen_{number}"), said[f"status_{number}"], said.get(f"source_{number}", ""),
                   said.get(f"died_{number}"), number)
            for number, one in self.found.items()
            if said.get(f"status_{number}")
        ]  # fmt: skip

    def tell(self, problems: Sequence[Problem]) -> None:
        """Put each problem at the patient's line."""
        for problem in problems:
            self.add_error(f"status_{problem.row}", f"{problem.case_id}: {problem.message}")


def update(request: HttpRequest, service: str, ods: str) -> HttpResponse:
    """Update many patients on one page: those that the filter leaves, the most overdue first."""
    centre, asking, chosen = _centre(service, ods), who(request), PatientFilter(request.GET)
    found = chosen.keep(actions.open_followed(centre=centre, why="update follow-up", by=asking))
    waiting = [one for one in found if one.state != FollowState.ENDED][:AT_ONCE]
    form = ManyForm(waiting, posted(request))
    if request.method == "POST" and form.is_valid():
        said = form.reports()
        if not said:
            form.add_error(None, "Give the status of at least one patient.")
        taken = attempt(form, lambda: actions.report(centre=centre, reports=said, by=asking)) if said else None
        if taken is not None and not taken.problems:
            _tell(request, taken)
            return redirect(_url("follow_up_centre", centre))
        form.tell(taken.problems if taken is not None else ())
    return form_page(
        request,
        form,
        title="Update many patients",
        section=SECTION,
        crumbs=_crumbs(centre),
        intro=[
            (
                f"{centre.name}: {plural(len(waiting), 'patient')}, the longest overdue first. Leave a patient at “Not seen” "
                "to leave the follow-up as it is. All that you fill in is kept together, or nothing is."
            ),
        ],
        stops=[] if waiting else ["No patient of this list is due."],
        submit="Keep all",
        template="workspace/follow_up_many.jinja",
        lines=form.lines(),
    )


def _tell(request: HttpRequest, taken: Taken) -> None:
    messages.success(request, f"{plural(taken.new, 'follow-up was', 'follow-ups were')} kept.")
    if taken.known:
        messages.info(request, f"{plural(taken.known, 'was', 'were')} known already, and not kept twice.")


class FileForm(forms.Form):
    """A file of follow-ups."""

    file = forms.FileField(
        label="File of follow-ups",
        help_text=f"CSV or XLSX with the columns {', '.join(follow_up.COLUMNS)}",
        widget=forms.FileInput,
        error_messages={"required": "Choose the file", "empty": "The file is empty"},
    )


def upload(request: HttpRequest, service: str, ods: str) -> HttpResponse:
    """Take a file of follow-ups: all of it, or nothing with every row named that stands in the way."""
    centre, asking = _centre(service, ods), who(request)
    form = FileForm(posted(request), request.FILES if request.method == "POST" else None)
    problems: Sequence[Problem] = ()
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            said, unread = follow_up.read_reports(sent.read(), sent.name)
            taken = Taken(problems=tuple(unread)) if unread else actions.report(centre=centre, reports=said, by=asking)
        except NOT_POSSIBLE as problem:
            form.add_error("file", str(problem))
        else:
            if not taken.problems:
                _tell(request, taken)
                return redirect(_url("follow_up_centre", centre))
            problems = taken.problems
            form.add_error(
                "file", f"Nothing was kept: {plural(len(problems), 'row', 'rows')} must be mended first. They are below."
            )
    return form_page(
        request,
        form,
        title="Send a file of updates",
        section=SECTION,
        crumbs=_crumbs(centre),
        intro=[
            "Download the list of patients, fill in what you know, and send it back. Rows that you leave empty are left alone."
        ],
        submit="Send",
        upload=True,
        template="workspace/follow_up_upload.jinja",
        mend=table("What must be mended", ("Row", "Case", "What is wrong"), [_problem_row(one) for one in problems]),
    )


def _problem_row(one: Problem) -> tuple[Cell, ...]:
    return str(one.row), one.case_id, one.message
