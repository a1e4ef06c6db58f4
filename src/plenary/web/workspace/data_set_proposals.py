"""A network talks about the next version of its data set: proposals, comments of the centres, who agrees, and adopting one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.collection import permissions
from plenary.collection.actions import proposals as actions
from plenary.collection.queries import agreed
from plenary.collection.queries import proposals as queries
from plenary.collection.terms import Difference, ProposalState, Stance
from plenary.core.queries import events, stored_bytes, today
from plenary.core.terms import NotFound, Who
from plenary.registry import queries as registry
from plenary.web.design.fields import FilterForm, SplitDateField
from plenary.web.design.formats import day, moment, plural
from plenary.web.design.tables import Cell, Link, Tag, table
from plenary.web.routes import Permission, Scope, who
from plenary.web.workspace.agreed import CHANGES, FORMS, KINDS, LARGEST, NETWORK, SECTION, TOO_LARGE
from plenary.web.workspace.pages import REFUSALS, Crumbs, ReasonForm, attempt, form_page, home, list_page, posted

TITLE = "Proposed data sets"
STATES = {
    ProposalState.OPEN: Tag("Open", "blue"),
    ProposalState.ADOPTED: Tag("Adopted", "green"),
    ProposalState.WITHDRAWN: Tag("Withdrawn", "grey"),
}
STANCES = {Stance.COMMENT: "Comment", Stance.AGREES: "Agrees", Stance.OBJECTS: "Objects", "": "No answer yet"}


def _crumbs() -> Crumbs:
    return [*home(), (SECTION, reverse("agreed_sets")), (TITLE, reverse("data_set_proposals"))]


def _one(asking: Who, number: int) -> Any:
    found = queries.visible_to(asking).filter(pk=number).first()
    if found is None:
        raise NotFound("There is no such proposal.")
    return found


def scope_of(asking: Who, *, number: int) -> Scope:
    """Return the service of a proposal that the person may see; for everybody else there is no such proposal."""
    return Scope(_one(asking, number).service.slug)


OF_NETWORK = Permission(NETWORK.label, NETWORK.allows, scope_of, "service")


class ProposalFilter(FilterForm):
    """What narrows the list of proposals."""

    service = forms.ChoiceField(label="Service")
    state = forms.ChoiceField(label="State", choices=[("", "All"), *((key.value, tag.text) for key, tag in STATES.items())])

    def __init__(self, data: Any, found: Iterable[Any]) -> None:
        super().__init__(data)
        names = {one.service.slug: one.service.name for one in found}
        self.fields["service"].choices = [("", "All"), *sorted(names.items(), key=lambda pair: pair[1])]  # type: ignore[attr-defined]

    def keep(self, found: Iterable[Any]) -> list[Any]:
        """Return the proposals that the filter leaves."""
        chosen = self.chosen()
        return [
            one
            for one in found
            if chosen.get("service", one.service.slug) == one.service.slug and chosen.get("state", one.state) == one.state
        ]


class ChangeFilter(FilterForm):
    """What narrows the changes of a proposal."""

    kind = forms.ChoiceField(label="Change", choices=[("", "All"), *CHANGES.items()])
    text = forms.CharField(label="Field", max_length=100)

    def keep(self, found: Iterable[Difference]) -> list[Difference]:
        """Return the changes that the filter leaves."""
        chosen = self.chosen()
        kind, text = chosen.get("kind"), chosen.get("text", "").casefold()
        return [one for one in found if kind in {None, one.kind} and text in one.name.casefold()]


def all_proposals(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show which versions of data sets are proposed to the own networks, and how they stand."""
    found = list(queries.visible_to(who(request)))
    form = ProposalFilter(request.GET, found)
    names = {one.subject: one.who_name for one in events(verb="propose data set")}
    rows: list[tuple[Cell, ...]] = []
    for one in form.keep(found):
        link = Link(
            f"Data set {one.version}",
            reverse("data_set_proposal", args=[one.pk]),
            hidden=f"of {one.service.name}, number {one.pk}",
        )
        said = f"{moment(one.proposed_at)} by {names.get(queries.subject(one), '')}"
        rows.append((link, one.service.name, STATES[ProposalState(one.state)], said))
    return list_page(
        request,
        title=TITLE,
        section=SECTION,
        crumbs=_crumbs()[:-1],
        columns=("Version", "Service", "State", "Proposed"),
        rows=rows,
        intro=[
            "What the network may agree next. Everybody of the network comments; the clinical lead of each centre answers for it."
        ],
        links=[("Propose a version", reverse("propose_data_set"))],
        filter=form,
        file="proposed-data-sets.csv",
        as_file=as_file,
        download=reverse("data_set_proposals_file"),
        empty=("Nothing is proposed to your networks.", "Propose a version", reverse("propose_data_set")),
    )


def proposal(request: HttpRequest, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show a proposal: why, what it would change, which centres agree, and what was said of it."""
    asking = who(request)
    one = _one(asking, number)
    before, kind = queries.compared_with(one), KINDS["data-set"]
    content = stored_bytes(one.sha256)
    found = agreed.compared(stored_bytes(before.sha256), content) if before else []
    answers, form = queries.answers(one, today()), ChangeFilter(request.GET)
    agree = sum(each.stance == Stance.AGREES for each in answers)
    return list_page(
        request,
        title=f"Proposed data set {one.version} of {one.service.name}",
        section=SECTION,
        crumbs=_crumbs(),
        columns=kind.columns(),
        rows=[kind.cells(each) for each in form.keep(found)],
        facts=[
            ("State", STATES[ProposalState(one.state)]),
            ("Why", one.why),
            ("Compared with", f"version {before.version}" if before else "nothing: it is the first"),
            ("Agreed by", f"{agree} of {plural(len(answers), 'centre')}"),
        ],
        answers=table(
            "Answers of the centres",
            ("Centre", "Answer", "Why", "Said"),
            [(each.centre_name, STANCES[each.stance], each.text, _said(each.said_at, each.said_by)) for each in answers],
        ),
        remarks=table(
            "What was said",
            ("Said", "Of which field", "What", "Text"),
            [
                (_said(each.said_at, name), each.field or "The whole", _whose(each), each.text)
                for each, name in queries.remarks(one)
            ],
        ),
        links=_links(asking, one),
        filter=form,
        file=f"{one.service.slug}-proposed-{one.version}.csv",
        as_file=as_file,
        download=reverse("data_set_proposal_file", args=[one.pk]),
        template="workspace/data_set_proposal.jinja",
        empty=("It changes nothing, or there is no version to compare it with.", "Download the document", _url("document", one)),
    )


def _said(at: Any, name: str) -> str:
    return f"{moment(at)} by {name}" if at else ""


def _whose(one: Any) -> str:
    return f"{STANCES[Stance(one.stance)]}{f' ({one.centre.name})' if one.centre else ''}"


def _url(name: str, one: Any) -> str:
    return reverse(f"data_set_proposal_{name}", args=[one.pk])


def _links(asking: Who, one: Any) -> list[tuple[str, str]]:
    documents = [("Download the document", _url("document", one)), *_forms(one)]
    if one.state != ProposalState.OPEN:
        return documents
    links = [("Comment or answer", _url("remark", one)), *documents]
    if permissions.may_adopt_data_set(asking, one.service):
        links.append(("Adopt it", _url("adopt", one)))
    if permissions.may_withdraw_proposal(asking, one):
        links.append(("Withdraw it", _url("withdraw", one)))
    return links


def _forms(one: Any) -> list[tuple[str, str]]:
    return [(words, reverse("data_set_proposal_export", args=[one.pk, form])) for form, (words, _, _) in FORMS.items()]


def export_scope(asking: Who, *, number: int, form: str) -> Scope:
    """Return the service of a proposal that leaves in a form that there is."""
    if form not in FORMS:
        raise NotFound("A data set cannot be downloaded in this form.")
    return scope_of(asking, number=number)


EXPORT = Permission(NETWORK.label, NETWORK.allows, export_scope, "service")


def export(request: HttpRequest, number: int, form: str) -> HttpResponse:
    """Answer with a proposed data set as a guide to print and talk about, or as a file for other systems."""
    one = _one(who(request), number)
    _, suffix, media_type = FORMS[form]
    answer = HttpResponse(agreed.exported_proposal(one, form).content, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{one.service.slug}-proposed-{one.version}.{suffix}"'
    return answer


def document(request: HttpRequest, number: int) -> HttpResponse:
    """Answer with the proposed dictionary, byte for byte."""
    one = _one(who(request), number)
    answer = HttpResponse(stored_bytes(one.sha256), content_type="text/csv")
    answer["Content-Disposition"] = f'attachment; filename="{one.service.slug}-proposed-{one.version}.csv"'
    return answer


# -- proposing


class ProposeForm(forms.Form):
    """Which dictionary, of which service, and why."""

    service = forms.ChoiceField(label="Service", error_messages={"required": "Choose a service"})
    version = forms.CharField(
        label="Version",
        max_length=40,
        help_text="For example 2027-1",
        error_messages={"required": "Give the version"},
    )
    why = forms.CharField(
        label="What is it for?",
        max_length=2000,
        widget=forms.Textarea,
        error_messages={"required": "Say what it is for"},
    )
    file = forms.FileField(
        label="Data dictionary (CSV)",
        widget=forms.FileInput,
        error_messages={"required": "Choose the data dictionary", "empty": "The file is empty. Choose another"},
    )

    def __init__(self, data: Any, files: Any, services: Any) -> None:
        super().__init__(data, files)
        self.fields["service"].choices = [("", "Choose a service"), *((one.slug, one.name) for one in services)]  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        sent = self.cleaned_data["file"]
        if sent.size > LARGEST:
            raise forms.ValidationError(TOO_LARGE)
        return sent


def propose(request: HttpRequest) -> HttpResponse:
    """Put a version of a data set before the network."""
    asking = who(request)
    services = [one for one in registry.services() if permissions.may_talk_of_data_set(asking, one)]
    form = ProposeForm(posted(request), request.FILES if request.method == "POST" else None, services)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        content, service = values["file"].read(), registry.service(values["service"])
        made = attempt(
            form,
            lambda: actions.propose_data_set(
                service=service, version=values["version"], content=content, why=values["why"], by=asking
            ),
        )
        if made is not None:
            messages.success(request, f"Version {made.version} is proposed. The people of the network find it here.")
            return redirect("data_set_proposal", made.pk)
    return form_page(
        request,
        form,
        title="Propose a version",
        section=SECTION,
        crumbs=_crumbs(),
        intro=["A proposal changes nothing that is collected. The network lead adopts it when the network has agreed."],
        upload=True,
        submit="Propose it",
    )


# -- answering


class RemarkForm(forms.Form):
    """A comment of anybody, or the answer of a centre."""

    stance = forms.ChoiceField(
        label="What do you say?", widget=forms.RadioSelect, error_messages={"required": "Choose what you say"}
    )
    field = forms.ChoiceField(label="Of which field?", required=False)
    text = forms.CharField(label="Text", max_length=2000, required=False, widget=forms.Textarea)

    def __init__(self, data: Any, centres: Any, fields: list[str]) -> None:
        super().__init__(data)
        offered = [("comment", "I comment")]
        offered += [(f"agrees {one.ods}", f"{one.name} agrees") for one in centres]
        offered += [(f"objects {one.ods}", f"{one.name} objects") for one in centres]
        self.fields["stance"].choices = offered  # type: ignore[attr-defined]
        self.fields["field"].choices = [("", "The whole proposal"), *((name, name) for name in fields)]  # type: ignore[attr-defined]


def remark(request: HttpRequest, number: int) -> HttpResponse:
    """Comment on a proposal, or answer for the own centre."""
    asking = who(request)
    one = _one(asking, number)
    centres = [each for each in registry.centres(one.service.slug) if permissions.may_answer_for(asking, each)]
    form = RemarkForm(posted(request), centres, agreed.field_names(stored_bytes(one.sha256)))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        stance, _, ods = values["stance"].partition(" ")
        centre = next((each for each in centres if each.ods == ods), None)
        said = {"text": values["text"], "field": values["field"], "stance": Stance(stance), "centre": centre}
        if attempt(form, lambda: actions.remark(proposal=one, by=asking, **said), also=REFUSALS) is not None:
            messages.success(request, "It is kept with the proposal.")
            return redirect("data_set_proposal", one.pk)
    return form_page(
        request,
        form,
        title="Comment or answer",
        section=SECTION,
        crumbs=[*_crumbs(), (f"Data set {one.version}", reverse("data_set_proposal", args=[one.pk]))],
        intro=[f"{one.service.name}, proposed data set {one.version}. The network reads what you say, with your name."],
        submit="Keep it",
    )


# -- the end of a proposal


class AdoptForm(forms.Form):
    """From when the version holds."""

    adopted_on = SplitDateField(label="In force from", error_messages={"required": "Give the first day on which it is in force"})


def adopt(request: HttpRequest, number: int) -> HttpResponse:
    """Put a proposed version in force, with everybody's answers before one's eyes."""
    asking = who(request)
    one, form = _one(asking, number), AdoptForm(posted(request))
    if request.method == "POST" and form.is_valid():
        adopted_on = form.cleaned_data["adopted_on"]
        made = attempt(form, lambda: actions.adopt_proposal(proposal=one, adopted_on=adopted_on, by=asking), also=REFUSALS)
        if made is not None:
            messages.success(request, f"Version {made.version} was adopted. It is in force from {day(made.adopted_on)}.")
            return redirect("agreed_set", "data-set", made.pk)
    answers = queries.answers(one, today())
    unlike = [
        f"{each.centre_name}: {STANCES[each.stance]}. {each.text}".strip() for each in answers if each.stance != Stance.AGREES
    ]
    return form_page(
        request,
        form,
        title=f"Adopt data set {one.version} of {one.service.name}?",
        section=SECTION,
        crumbs=[*_crumbs(), (f"Data set {one.version}", reverse("data_set_proposal", args=[one.pk]))],
        intro=["The answers of the centres at this moment are kept with the adoption."],
        warning_title="Not every centre agrees",
        warnings=unlike,
        submit="Adopt it",
    )


def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Let a proposal be, with a reason."""
    asking = who(request)
    one, form = _one(asking, number), ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: actions.withdraw_proposal(proposal=one, reason=reason, by=asking), also=REFUSALS) is not None:
            messages.success(request, "The proposal is withdrawn. What was said of it stays.")
            return redirect("data_set_proposal", one.pk)
    return form_page(
        request,
        form,
        title=f"Withdraw the proposed data set {one.version}?",
        section=SECTION,
        crumbs=[*_crumbs(), (f"Data set {one.version}", reverse("data_set_proposal", args=[one.pk]))],
        submit="Withdraw it",
        kind="warning",
    )
