"""The disclosure policy: its versions and what changed, drafting one, seeing what it would do, and only then adopting it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from plenary.core.permissions import may_adopt_policy, require
from plenary.core.queries import policy_versions, today
from plenary.core.terms import NotFound, Policy, Who
from plenary.releases import actions
from plenary.releases.queries import drafts, trials
from plenary.releases.terms import POLICY, Changed, Draft, TrialState
from plenary.web.design.fields import SplitDateField
from plenary.web.design.formats import day, moment, number, plural
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Column, Link, Table, Tag, table
from plenary.web.routes import who
from plenary.web.workspace.pages import LOOK_AGAIN, REFUSALS, Crumbs, attempt, form_page, home, list_page, look_again, posted
from plenary.web.workspace.proposed import TABLES, service_names

SECTION = "Disclosure rules"
TEXT = 2000
STATES = {
    TrialState.RUNNING: Tag("Being tried", "blue"),
    TrialState.DONE: Tag("Tried", "yellow"),
    TrialState.FAILED: Tag("Could not be tried", "red"),
    TrialState.ADOPTED: Tag("Adopted", "green"),
}


def _crumbs() -> Crumbs:
    return [*_above(), (SECTION, reverse("rules"))]


def _above() -> Crumbs:
    return [*home(), ("Releases", reverse("releases"))]


def _standing(one: Policy) -> Tag:
    on = today()
    if one.valid_from > on:
        return Tag("Not yet", "blue")
    return Tag("In force", "green") if one.valid_to is None or one.valid_to > on else Tag("Earlier", "grey")


# -- the versions


def all_versions(request: HttpRequest, *, as_file: bool = False) -> HttpResponse:
    """Show every version of the policy, and what was drafted since."""
    asking = who(request)
    found = list(reversed(policy_versions(POLICY)))
    adopted = trials.adopted()
    may = may_adopt_policy(asking, POLICY)
    tried = [_trial_row(one) for one in trials.policies(asking) if one.state != TrialState.ADOPTED] if may else []
    draft = ("Draft a version", reverse("draft_rules"))
    return list_page(
        request,
        title=SECTION,
        section=SECTION,
        crumbs=_above(),
        columns=("Version", "State", "In force from", "Until", "Reason", "Owner", "Review by"),
        rows=[_version_row(one, adopted.get(one.version, {})) for one in found],
        intro=["What may be shown, and how wide what is withheld must stay. A version never changes: a change is a new version."],
        links=[draft] if may else [],
        drafted=table("Drafts", ("Draft", "State", "In force from", "Tried on", "Drafted"), tried) if tried else None,
        file="disclosure-rules.csv",
        as_file=as_file,
        download=reverse("rules_file"),
        template="workspace/rules.jinja",
        empty=("No version of the policy is adopted.", *(draft if may else ("An administrator loads the first.", None))),
    )


def _version_row(one: Policy, about: Mapping[str, Any]) -> tuple[Cell, ...]:
    link = Link(f"Version {one.version}", reverse("rules_version", args=[one.version]))
    until = day(one.valid_to) if one.valid_to else "Open"
    return link, _standing(one), day(one.valid_from), until, about.get("reason", ""), about.get("owner", ""), _review(about)


def _review(about: Mapping[str, Any]) -> str:
    return day(Draft.of(about).review_on) if about else ""


def _trial_row(one: Any) -> tuple[Cell, ...]:
    link = Link(f"Draft {one.asked['version']}, number {one.pk}", reverse("tried_rules", args=[one.pk]))
    return link, STATES[TrialState(one.state)], day(Draft.of(one.asked).valid_from), str(one.proposal), moment(one.asked_at)


def version(request: HttpRequest, name: str) -> HttpResponse:
    """Show what one version says, who answers for it, and what it changed."""
    known = policy_versions(POLICY)
    place = next((order for order, one in enumerate(known) if one.version == name), None)
    if place is None:
        raise NotFound(f"There is no version {name} of the disclosure policy.")
    one, before = known[place], known[place - 1] if place else None
    about = trials.adopted().get(one.version, {})
    changes = _changes(drafts.changed(before.body, one.body), f"What changed from version {before.version}") if before else None
    return render_page(
        request,
        "workspace/rules_version.jinja",
        title=f"Disclosure rules, version {one.version}",
        section=SECTION,
        crumbs=_crumbs(),
        facts=[
            ("State", _standing(one)),
            ("In force from", day(one.valid_from)),
            ("Until", day(one.valid_to)),
            ("Reason", about.get("reason", "")),
            ("Source", one.source),
            ("Owner", about.get("owner", "")),
            ("Who decided what it weakens", about.get("authority", "")),
            ("Review by", _review(about)),
        ],
        says=table("What it says", ("Rule", "Value"), drafts.described(one.body)),
        changes=changes,
    )


def _changes(found: Sequence[Changed], caption: str) -> Table:
    return table(caption, ("Rule", "Before", "Now"), [(one.name, one.before, one.after) for one in found])


# -- drafting


class DraftForm(forms.Form):
    """A version of the policy: its rules, from when they hold, and who answers for them why."""

    version = forms.CharField(
        label="Version", max_length=40, help_text="For example 2027-1", error_messages={"required": "Name the version"}
    )
    valid_from = SplitDateField(label="In force from", error_messages={"required": "Give the first day on which it is in force"})
    threshold = forms.IntegerField(
        label="Fewest patients that are shown",
        min_value=1,
        help_text="The national reports leave out numbers below 30",
        error_messages={"required": "Give the fewest patients that are shown"},
    )
    event_threshold = forms.IntegerField(
        label="Fewest patients with, and without, an outcome",
        min_value=1,
        error_messages={"required": "Give the fewest patients with an outcome"},
    )
    minimum_width = forms.IntegerField(
        label="How wide the range stays that a reader can work out",
        min_value=1,
        error_messages={"required": "Give the width"},
    )
    zeros = forms.ChoiceField(
        label="Noughts",
        choices=[("protect", "Are withheld like small numbers"), ("publish", "Are shown")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what happens to noughts"},
    )
    further = forms.CharField(
        label="Further rules",
        required=False,
        max_length=100_000,
        widget=forms.Textarea,
        help_text="TOML, a rule a line: dominance, weights, hierarchies, already_public and others",
    )
    reason = forms.CharField(
        label="Why it changes", max_length=TEXT, widget=forms.Textarea, error_messages={"required": "Say why it changes"}
    )
    source = forms.CharField(
        label="Where the rules come from",
        max_length=TEXT,
        widget=forms.Textarea,
        error_messages={"required": "Say where the rules come from"},
    )
    owner = forms.CharField(label="Who answers for it", max_length=200, error_messages={"required": "Say who answers for it"})
    review_on = SplitDateField(label="Review by", error_messages={"required": "Give the day by which it is reviewed"})
    authority = forms.CharField(
        label="Who decided what it protects less",
        max_length=TEXT,
        required=False,
        help_text="Needed where it protects less than before, or than the national rule: who, and where that is written",
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        try:
            values["body"] = tomllib.loads(values.get("further", ""))
        except ValueError as problem:
            self.add_error("further", f"This is not readable TOML: {problem}")
            return values
        if double := sorted(set(drafts.MAIN) & set(values["body"])):
            self.add_error("further", f"{', '.join(double)} is asked for above: leave it out here")
        values["body"] = {name: values.get(name) for name in drafts.MAIN} | values["body"]
        return values

    def draft(self) -> Draft:
        """Return what was filled in."""
        names = ("version", "valid_from", "body", "source", "reason", "owner", "review_on", "authority")
        return Draft(**{name: self.cleaned_data[name] for name in names})


def draft(request: HttpRequest) -> HttpResponse:
    """Draft a version from the one in force; what it would do is worked out before it can be adopted."""
    asking = _owner(request)
    form = DraftForm(posted(request), initial=_initial())
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: actions.try_policy(draft=form.draft(), on=today(), by=asking), also=(*REFUSALS, NotFound))
        if made is not None:
            return redirect("tried_rules", made.pk)
    return form_page(
        request,
        form,
        title="Draft a version of the disclosure rules",
        section=SECTION,
        crumbs=_crumbs(),
        intro=["It begins as the latest version. You see what it would withhold of the latest results before it is adopted."],
        submit="See what it would do",
    )


def _owner(request: HttpRequest) -> Who:
    """Return who asks, refused unless the policy is theirs: a commissioner of another nation has no say in it."""
    asking = who(request)
    require(may_adopt_policy(asking, POLICY), "Only the national commissioner drafts and adopts the disclosure rules.")
    return asking


def _initial() -> dict[str, Any]:
    known = policy_versions(POLICY)
    body = known[-1].body if known else {}
    main = drafts.plain(body)
    return {name: main[name] for name in drafts.MAIN} | {
        "further": drafts.further(body),
        "source": known[-1].source if known else "",
        "owner": "National commissioner",
    }


# -- what it would do


class AdoptForm(forms.Form):
    """The draft again, by its hash, after what it would do was shown."""

    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)


def tried(request: HttpRequest, number: int) -> HttpResponse:
    """Show what a draft would do to the latest results, and adopt it when that is confirmed."""
    asking = _owner(request)
    one = _trial(asking, number)
    form = AdoptForm(posted(request), initial={"sha256": one.asked_sha256})
    if request.method == "POST" and form.is_valid():
        sha256 = form.cleaned_data["sha256"]
        options = {"trial_id": one.pk, "sha256": sha256, "on": today(), "by": asking}
        made = attempt(form, lambda: actions.adopt_tried(**options), also=(*REFUSALS, NotFound))
        if made is not None:
            messages.success(request, f"Version {made.version} was adopted. It is in force from {day(made.valid_from)}.")
            return redirect("rules_version", made.version)
    answer = _tried_page(request, one, form)
    if one.state == TrialState.RUNNING and not trials.why_failed(one):
        look_again(request, answer)
    return answer


def _trial(asking: Who, number: int) -> Any:
    found = next((one for one in trials.policies(asking) if one.pk == number), None)
    if found is None:
        raise NotFound(f"There is no trial {number} of a policy.")
    return found


def _tried_page(request: HttpRequest, one: Any, form: forms.Form) -> HttpResponse:
    asked, why = Draft.of(one.asked), trials.why_failed(one)
    found = trials.answer(one) or {}
    before = next((each for each in policy_versions(POLICY) if each.version == one.asked["against"]), None)
    body = before.body if before else {}
    names = service_names(one.proposal)
    return form_page(
        request,
        form,
        title=f"What version {asked.version} would do",
        section=SECTION,
        crumbs=_crumbs(),
        facts=[
            ("State", STATES[TrialState(one.state)]),
            ("In force from", day(asked.valid_from)),
            ("Reason", asked.reason),
            ("Source", asked.source),
            ("Owner", asked.owner),
            ("Who decided what it protects less", asked.authority),
            ("Review by", day(asked.review_on)),
            ("Tried on", Link(str(one.proposal), reverse("proposal", args=[one.proposal_id]))),
            ("Hash of the draft", one.asked_sha256),
        ],
        changes=_changes(drafts.changed(body, asked.body), f"What changes from version {one.asked['against']}"),
        weaker=drafts.weakened(body, asked.body),
        waiting=one.state == TrialState.RUNNING and not why,
        seconds=LOOK_AGAIN,
        why=why or ("" if found.get("possible", True) else found["why"]),
        totals=_totals(found) if found.get("possible") else None,
        by=_by(found, names) if found.get("possible") else None,
        examples=_examples(found, names),
        may=one.state == TrialState.DONE and bool(found.get("possible")),
        template="workspace/rules_tried.jinja",
        submit="Adopt it",
    )


def _totals(found: Mapping[str, Any]) -> Table:
    words = {
        "primary": "Numbers too small in themselves",
        "secondary": "Numbers withheld to protect others",
        "loss": "Information lost",
        "bound": "Information lost at least",
        "exact": "Worked out exactly by an attack",
        "narrow": "Worked out too narrowly",
    }
    rows = [
        (said, *(_figure(found[side].get(name)) for side in ("before", "after")))
        for name, said in words.items()
        if found["after"].get(name) is not None
    ]
    return table("All together", ("What", Column("Now", numeric=True), Column("With it", numeric=True)), rows)


def _figure(value: float | None) -> str:
    return number(value, 0 if value is None or float(value).is_integer() else 1)


def _by(found: Mapping[str, Any], names: Mapping[str, str]) -> Table:
    """Return the tables of which more or fewer rows would be withheld: of many services most stay as they are."""
    rows = [
        (f"{names.get(service, service)}: {TABLES.get(name, name)}", number(all_), number(was), number(now), _change(now - was))
        for service, name, all_, was, now in found["by"]
        if was != now
    ]
    counts = [Column(name, numeric=True) for name in ("Rows", "Withheld now", "With it", "Change")]
    return table("Rows withheld, where that changes", ["Table", *counts], rows)


def _change(more: int) -> str:
    return "none" if not more else f"{'+' if more > 0 else '−'}{abs(more):,}"


def _examples(found: Mapping[str, Any], names: Mapping[str, str]) -> Table | None:
    """Return some rows that would be withheld or shown in its place; None where nothing changes."""
    if not any(found.get("changed", ())):
        return None
    rows = [
        (_place(one, names), said)
        for key, said in (("newly_withheld", Tag("Would be withheld", "orange")), ("newly_shown", Tag("Would be shown", "green")))
        for one in found[key]
    ]
    gone, come = found["changed"]
    return table(f"Examples: {plural(gone, 'row')} more withheld, {plural(come, 'row')} more shown", ("Row", "Change"), rows)


def _place(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    place = one["place"]
    words = [place[name] for name in ("centre", "area", "sex", "age_band") if place[name] not in {"", "Total"}] or ["all"]
    service = names.get(place["service"], place["service"])
    return f"{TABLES.get(one['table'], one['table'])}: {service}, {', '.join(words)}, {place['measure']}, {place['period']}"
