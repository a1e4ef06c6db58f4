"""What changed from one version to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from plenary.collection.terms import Difference
from plenary.core.queries import stored_bytes
from plenary.web.design.fields import FilterForm
from plenary.web.routes import who
from plenary.web.workspace.agreed.kinds import CHANGES, KINDS, Kind, crumbs, one_version
from plenary.web.workspace.pages import list_page


class ChangeFilter(FilterForm):
    """Which other version to compare with, and what narrows the changes."""

    other = forms.ChoiceField(label="Compare with")
    kind = forms.ChoiceField(label="Change", choices=[("", "All"), *CHANGES.items()])

    def __init__(self, data: Any, others: Sequence[Any], usual: Any) -> None:
        super().__init__(data)
        self.fields["other"].choices = [(str(one.pk), f"Version {one.version}") for one in others]  # type: ignore[attr-defined]
        self.fields["other"].initial = str(usual.pk) if usual else ""
        self.chosen_other = next((one for one in others if str(one.pk) == self.data.get("other")), usual)
        self.data = {"other": str(getattr(self.chosen_other, "pk", "")), "kind": self.data.get("kind", "")}

    @property
    def narrowed(self) -> bool:
        return "kind" in self.chosen()


def changes(request: HttpRequest, kind: str, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show what is different in a version from another one: from the one before it, unless another is asked for."""
    asking = who(request)
    row = one_version(asking, kind, number)
    others = [one for one in KINDS[kind].visible_to(asking).filter(service=row.service) if one.pk != row.pk]
    before = [one for one in others if (one.adopted_on, one.pk) < (row.adopted_on, row.pk)]
    form = ChangeFilter(request.GET, others, before[-1] if before else next(iter(others), None))
    found = _differences(KINDS[kind], form.chosen_other, row) if form.chosen_other else []
    wanted = form.chosen().get("kind")
    name = f"{KINDS[kind].name} {row.version}"
    nothing = "Both versions agree the same." if form.chosen_other else "There is no other version to compare it with."
    return list_page(
        request,
        title="What changed",
        section=f"{name} of {row.service.name}",
        crumbs=[*crumbs(), (name, reverse("agreed_set", args=[kind, number]))],
        columns=KINDS[kind].columns(),
        rows=[KINDS[kind].cells(one) for one in found if wanted in {None, one.kind}],
        intro=[f"{row.service.name}: version {row.version}, compared with version {form.chosen_other.version}."]
        if form.chosen_other
        else [],
        filter=form,
        file=f"{row.service.slug}-{kind}-{row.version}-changes.csv",
        as_file=as_file,
        download=reverse("agreed_changes_file", args=[kind, number]),
        empty=(nothing, "See all versions", reverse("agreed_sets")),
    )


def _differences(kind: Kind, old: Any, new: Any) -> list[Difference]:
    return list(kind.compared(stored_bytes(old.sha256), stored_bytes(new.sha256)))
