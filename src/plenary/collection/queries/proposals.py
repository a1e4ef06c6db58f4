"""Proposed versions of data sets: who may see them, what was said of them, and which centres have answered."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from plenary.collection.models import DataSetProposal, DataSetVersion, ProposalRemark
from plenary.collection.queries import of_networks
from plenary.collection.terms import Answered, Stance
from plenary.core.queries import events
from plenary.core.terms import Who
from plenary.registry import queries as registry


def visible_to(who: Who) -> QuerySet[DataSetProposal]:
    """Return the proposals of the services to whose networks ``who`` belongs, the newest first."""
    return DataSetProposal.objects.filter(of_networks(who)).select_related("service")


def subject(proposal: DataSetProposal) -> str:
    """Return by what name the audit knows a proposal."""
    return f"data-set-proposal/{proposal.service.slug}/{proposal.version}/{proposal.pk}"


def compared_with(proposal: DataSetProposal) -> DataSetVersion | None:
    """Return the version that the proposal follows or would follow: the one adopted last, itself left out."""
    others = DataSetVersion.objects.filter(service=proposal.service).exclude(version=proposal.version)
    return others.order_by("adopted_on", "id").last()


def remarks(proposal: DataSetProposal) -> list[tuple[ProposalRemark, str]]:
    """Return what was said of a proposal, the oldest first, each with the name of who said it."""
    names = _names(proposal)
    return [(one, names.get(one.pk, "")) for one in proposal.remarks.select_related("centre")]


def _names(proposal: DataSetProposal) -> dict[int, str]:
    start = f"{subject(proposal)}/"
    told = events(verb="remark on data set").filter(subject__startswith=start)
    return {int(one.subject.removeprefix(start)): one.who_name for one in told}


def answers(proposal: DataSetProposal, on: dt.date) -> list[Answered]:
    """Return each centre that is designated on a day with its last answer."""
    last = {one.centre_id: (one, name) for one, name in remarks(proposal) if one.stance != Stance.COMMENT}
    found: list[Answered] = []
    for centre in registry.centres(proposal.service.slug, on):
        one, name = last.get(centre.pk, (None, ""))
        if one is None:
            found.append(Answered(centre.key, centre.name))
        else:
            found.append(Answered(centre.key, centre.name, one.stance, one.text, one.said_at, name))
    return found
