"""The cases of a centre and period, and keying one on screen: the same check as for a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from plenary.collection import actions, queries
from plenary.collection.permissions import may_erase
from plenary.core.terms import NotFound
from plenary.web.design.fields import MONTHS, FilterForm, SplitDate
from plenary.web.design.formats import day, plural
from plenary.web.design.tables import Cell, Link
from plenary.web.routes import who
from plenary.web.workspace.collection import SECTION, Place, data_set_of, place
from plenary.web.workspace.pages import ReasonForm, attempt, form_page, list_page, posted, tried

WHY_LIST, WHY_CHANGE, WHY_ERASE = "list of cases", "change one case", "erase one case"


class CaseFilter(FilterForm):
    """What narrows the cases."""

    case_id = forms.CharField(label="Case identifier", max_length=200)


def cases(request: HttpRequest, service: str, ods: str, period: str, *, as_file: bool = False) -> HttpResponse:
    """Show the cases that stand. That they were read is recorded."""
    here, form = place(service, ods, period), CaseFilter(request.GET)
    wanted = form.chosen().get("case_id", "").casefold()
    opened = actions.open_cases(**here.kept, why=WHY_LIST, by=who(request))
    kept = [one for one in opened if wanted in one.case.case_id.casefold()]
    to_erase = may_erase(who(request), here.centre) and not as_file
    return list_page(
        request,
        title="Cases",
        section=here.words,
        crumbs=here.crumbs(),
        columns=("Case", "Date", "Area", "Sex", "Age", *(("To do",) if to_erase else ())),
        rows=[_case_row(here, one, to_erase=to_erase) for one in kept],
        intro=[f"{plural(len(opened), 'case')} of {here.centre.name}. Everybody who opens this list is recorded."],
        links=[("Key one case", here.url("key_case")), ("Send a file", here.url("upload"))],
        filter=form,
        file=f"cases-{service}-{ods}-{period}.csv",
        as_file=as_file,
        download=here.url("cases_file"),
        empty=("No case stands for this period.", "Send the file of cases", here.url("upload")),
    )


def _case_row(here: Place, one: Any, *, to_erase: bool) -> tuple[Cell, ...]:
    erase = Link("Erase", here.url("erase_case", one.pk), hidden=f"case {one.case.case_id}")
    return (
        Link(one.case.case_id, f"{here.url('key_case')}?case={one.pk}"),
        day(one.case.index_on),
        one.case.area,
        one.case.sex,
        "" if one.case.age is None else f"{one.case.age:g}",
        *((erase,) if to_erase else ()),
    )


def erase(request: HttpRequest, service: str, ods: str, period: str, number: int) -> HttpResponse:
    """Erase one case for good, for a stated reason, after asking."""
    asking, here, form = who(request), place(service, ods, period), ReasonForm(posted(request))
    known = _open(request, here, number, WHY_ERASE)
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


# -- keying one case


class DateBoxes(forms.Field):
    """A date in three boxes, handed on as the data set writes it: what is wrong with it is said by the data set's own check."""

    widget = SplitDate

    def __init__(self, order: str, **options: Any) -> None:
        super().__init__(**options)
        self.order = order

    def clean(self, value: Any) -> str:
        parts = dict(value) if isinstance(value, Mapping) else {}
        if not any(parts.values()):
            return ""
        month = parts.get("month", "")
        parts["month"] = str(MONTHS.get(month.casefold(), month))
        separator = "-" if self.order == "ymd" else "/"
        names = {"d": "day", "m": "month", "y": "year"}
        return separator.join(parts.get(names[letter], "").zfill(0 if letter == "y" else 2) for letter in self.order)


class Asked(forms.CharField):
    """A value as text. Whether it may be left out, and what it may be, is the check's to say."""

    def validate(self, value: Any) -> None:
        """Find nothing wrong."""


class CaseForm(forms.Form):
    """One case. The fields come from the data set; only the data set's check says what is wrong."""

    def __init__(self, dataset: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, known in dataset.by_name.items():
            if name != "centre":
                self.fields[name] = _field(known)

    def findings(self, found: Sequence[Any]) -> None:
        """Put each blocking finding at its field. The summary of errors stands far from the field, so each names it."""
        for one in found:
            if one.severity == "blocking":
                label = str(self.fields[one.field].label) if one.field in self.fields else ""
                named = one.message if label in one.message else f"{label}: {one.message}"
                self.add_error(one.field if label else None, f"{named} {one.remedy}".strip())


def _field(known: Any) -> forms.Field:
    label, hint = known.label or known.name, known.note
    if known.kind == "choice":
        blank = [] if known.required and len(known.choices) <= 4 else [("", "Not given")]
        few = len(known.choices) <= 4
        made: forms.Field = Asked(label=label, help_text=hint, widget=forms.RadioSelect if few and not blank else forms.Select)
        made.choices = [*blank, *known.choices.items()]  # type: ignore[attr-defined]
    elif known.kind == "date":
        made = DateBoxes(known.date_order, label=label, help_text=hint)
    else:
        limits = [
            f"from {known.minimum:g}" if known.minimum is not None else "",
            f"to {known.maximum:g}" if known.maximum is not None else "",
        ]
        wide = known.type == "notes"
        widget = forms.Textarea if wide else forms.TextInput
        made = Asked(label=label, help_text=hint or " ".join(filter(None, limits)).capitalize(), widget=widget, strip=True)
    made.required = known.required
    return made


def key_case(request: HttpRequest, service: str, ods: str, period: str) -> HttpResponse:
    """Key one case, or change one (``?case=``). Errors stand at their fields and nothing typed is lost."""
    asking, here = who(request), place(service, ods, period)
    dataset = data_set_of(here)
    known = _known(request, here)
    form = CaseForm(dataset, posted(request), initial=_initial(known, dataset))
    if request.method == "POST" and form.is_valid():
        done = _keyed(form, here, asking, known)
        if done is not None:
            _tell(request, here, form.cleaned_data["case_id"].strip(), done[1])
            return redirect(here.url("cases"))
    return form_page(
        request,
        form,
        title=f"Change case {known.case.case_id}" if known else "Key one case",
        section=SECTION,
        crumbs=[*here.crumbs(), ("Cases", here.url("cases"))],
        intro=[
            f"{here.centre.service.name}, {here.words}. Data set {dataset.version}.",
            "What would tell who the patient is, such as the NHS number, is checked and not kept.",
        ],
        submit="Check and keep",
        template="workspace/key_case.jinja",
    )


def _tell(request: HttpRequest, here: Place, case_id: str, found: Sequence[Any]) -> None:
    """Say what was kept, with the warnings of the check, and where the case went if its date is of another period."""
    messages.success(request, f"Case {case_id} was kept.")
    for finding in found:
        messages.warning(request, f"{finding.field}: {finding.message} {finding.remedy}".strip())
    kept = queries.visible_to(who(request)).get(centre=here.centre, case_id=case_id)
    if not here.period.start <= kept.index_on < here.period.end:
        messages.warning(request, f"Its date is {day(kept.index_on)}, so it does not count for {here.period.words}.")


def _known(request: HttpRequest, here: Place) -> Any:
    wanted = request.GET.get("case", "")
    return _open(request, here, wanted, WHY_CHANGE) if wanted else None


def _open(request: HttpRequest, here: Place, wanted: object, why: str) -> Any:
    """Return one case that stands, by its number. That it was read is recorded."""
    opened = actions.open_cases(**here.kept, why=why, by=who(request))
    found = next((one for one in opened if str(one.pk) == str(wanted)), None)
    if found is None:
        raise NotFound("This case does not stand any more: it was changed or withdrawn. Open it from the list of cases.")
    return found


def _initial(known: Any, dataset: Any) -> dict[str, Any]:
    if known is None:
        return {}
    initial: dict[str, Any] = {"case_id": known.case.case_id}
    for name, value in known.payload.items():
        field = dataset.by_name.get(name)
        if field is not None and field.kind == "date":
            initial[name] = date.fromisoformat(value)
        else:
            initial[name] = f"{value:g}" if isinstance(value, float) else value
    return initial


def _keyed(form: CaseForm, here: Place, asking: Any, known: Any) -> tuple[Any, Sequence[Any]] | None:
    case_id = form.cleaned_data.get("case_id", "").strip()
    if known is not None and case_id != known.case.case_id:
        form.add_error("case_id", f"The identifier of this case is {known.case.case_id}. Key another case on a page of its own")
        return None
    if known is None and queries.current_versions(asking).filter(case__centre=here.centre, case__case_id=case_id).exists():
        form.add_error("case_id", f"Case {case_id} stands already. Open it from the list of cases to change it")
        return None
    done = attempt(form, lambda: actions.key_case(**here.kept, values=form.cleaned_data, by=asking))
    if done is None:
        return None
    if done[0] is None:
        form.findings(done[1])
        return None
    return done
