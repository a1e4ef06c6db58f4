"""The texts that leave with a proposal as they will be printed, and the small numbers of people that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from plenary.core.queries import policy, today
from plenary.core.terms import NotFound, Who
from plenary.editions.render import prose
from plenary.releases.queries import Policy, disclosure_policy, named_in, proposals
from plenary.releases.terms import POLICY, SECTIONS
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import plural
from plenary.web.design.tables import Cell, Link, Several, Tag
from plenary.web.routes import who
from plenary.web.workspace.pages import home, list_page
from plenary.web.workspace.proposed import SECTION, one_proposal, service_names

NAMES, NAMES_NONE = Tag("Names small numbers", "orange"), Tag("None found", "grey")


@dataclass(frozen=True)
class Written:
    """One text of a proposal: a section of a service, the blocks that an edition prints, and what it says of few people."""

    service: str
    name: str
    section: str
    blocks: list[prose.Block]
    rules: Policy

    @property
    def words(self) -> str:
        return prose.plain(self.blocks)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        return _sentences(self.words, self.rules)

    @property
    def tag(self) -> Tag:
        return NAMES if self.sentences else NAMES_NONE


def small_numbers(markdown: str) -> tuple[str, ...]:
    """Return the sentences of a text that name small numbers of people, by the rules in force today or else the house's."""
    try:
        rules = disclosure_policy(policy(POLICY, today()).body)
    except NotFound:
        rules = disclosure_policy()
    return _sentences(prose.plain(prose.blocks(markdown)), rules)


def _sentences(words: str, rules: Policy) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.sentence for one in named_in(words, rules)))


def texts_of(asking: Who, one: Any) -> list[Written]:
    """Return the texts of a proposal by service, in the order in which an edition prints them."""
    narrative = proposals.narrative_of(asking, one)
    if not narrative:
        return []
    rules, names = disclosure_policy(proposals.document(one.policy_sha256)), service_names(one)
    return [
        Written(slug, names.get(slug, slug), section, blocks, rules)
        for slug in sorted(narrative, key=lambda slug: names.get(slug, slug))
        for section in SECTIONS
        if (blocks := prose.blocks(narrative[slug].get(section, "")))
    ]


def texts_link(asking: Who, one: Any) -> Link | None:
    """Return the way to the texts of a proposal, with how many name small numbers; None before it is prepared."""
    if not one.narrative_sha256:
        return None
    texts = texts_of(asking, one)
    many = sum(bool(text.sentences) for text in texts)
    address = reverse("proposal_texts", args=[one.pk])
    if many == 1:
        return Link("1 text names small numbers of people: read it", f"{address}?named=yes")
    if many:
        return Link(f"{many} texts name small numbers of people: read them", f"{address}?named=yes")
    return Link(f"Read the {plural(len(texts), 'text')} that would leave with it" if texts else "No text leaves with it", address)


class TextFilter(FilterForm):
    """What narrows the texts."""

    service = forms.ChoiceField(label="Service")
    named = forms.ChoiceField(label="Small numbers of people", choices=[("", "All"), ("yes", "Named"), ("no", "None found")])

    def __init__(self, data: Any, texts: Iterable[Written]) -> None:
        super().__init__(data)
        services: Mapping[str, str] = {text.service: text.name for text in texts}
        self.fields["service"].choices = [("", "All"), *services.items()]  # type: ignore[attr-defined]

    def keep(self, texts: Iterable[Written]) -> list[Written]:
        """Return the texts that the filter leaves."""
        chosen = self.chosen()
        return [
            text
            for text in texts
            if chosen.get("service", text.service) == text.service
            and ("named" not in chosen or (chosen["named"] == "yes") == bool(text.sentences))
        ]


def texts(request: HttpRequest, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show every text of a proposal as it will be printed, and the sentences that name small numbers of people."""
    asking = who(request)
    one = one_proposal(asking, number)
    found = texts_of(asking, one)
    form = TextFilter(request.GET, found)
    kept = form.keep(found)
    back = reverse("proposal", args=[one.pk])
    return list_page(
        request,
        title=f"Texts of {one.label}, proposal {one.pk}",
        section=SECTION,
        crumbs=[*home(), (SECTION, reverse("releases")), (str(one), back)],
        columns=("Section", "Service", "Small numbers of people", "Sentences", "Text"),
        rows=[_row(text) for text in kept],
        intro=[
            "These texts leave with the figures. A number in a text is not withheld as one in a table is: read each text.",
            "Quoted sentences name few people. They were found by their words: others may be missed, and some are harmless.",
        ],
        filter=form,
        file=f"proposal-{one.pk}-texts.csv",
        as_file=as_file,
        download=reverse("proposal_texts_file", args=[one.pk]),
        template="workspace/texts.jinja",
        texts=kept,
        empty=("No text leaves with this proposal.", "Back to the proposal", back),
    )


def _row(text: Written) -> tuple[Cell, ...]:
    return text.section, text.name, text.tag, Several(text.sentences), text.words
