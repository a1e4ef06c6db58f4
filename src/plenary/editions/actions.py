"""Everything that writes editions: build from a frozen release, publish, correct. Step seven of the data path."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from plenary.core.actions import record
from plenary.core.permissions import require
from plenary.core.queries import stored_bytes
from plenary.core.tasks import enqueue
from plenary.core.terms import NotFound, NotPossible, Who, why_failed
from plenary.editions import permissions, queries
from plenary.editions.models import Edition
from plenary.editions.render import content, verify, write
from plenary.editions.render.sheet import shared_words
from plenary.editions.terms import (
    CentreEntry,
    EditionInputs,
    EditionState,
    OutcomeEntry,
    PreviousEdition,
    ServiceEntry,
    move,
)
from plenary.registry import queries as registry
from plenary.registry.models import Centre, Service
from plenary.releases.queries import proposals
from plenary.releases.terms import Release
from plenary_stats import spec


def build(*, proposal_id: int, note: str = "", by: Who) -> Edition:
    """Make the edition of a frozen release in the waiting room. Repeated, also after a kill, it makes the same bytes.

    A label that was published before is corrected: that needs a note, and the edition gets the next number. Where it fails, the
    edition says why, and may be ordered or built again. One that was set aside is built only after it is ordered again.
    """
    require(permissions.may_build(by), "Only the national commissioner builds editions.")
    try:
        return _build(proposal_id, note, by)
    except Exception as problem:
        _note_failure(proposal_id, problem, by)
        raise


def _build(proposal_id: int, note: str, by: Who) -> Edition:
    release = proposals.release(proposals.proposal(proposal_id))
    _refuse_set_aside(release)
    edition = _begin(proposal_id, release, note, by)
    if edition.state == EditionState.PUBLISHED:
        return edition
    digest = _make(release, edition)
    with transaction.atomic():
        current = _locked(edition.pk)
        current.state, current.failure = move(current.state, EditionState.BUILT), ""
        current.digest, current.built_by, current.built_at = digest, by.person_id, timezone.now()
        current.save()
        record(by=by, verb="build edition", subject=_subject(current), detail={"release": release.content_hash, "digest": digest})
    return current


def _refuse_set_aside(release: Release) -> None:
    """Refuse what was set aside: a job that was queued before must not bring it back."""
    known = Edition.objects.filter(release_hash=release.content_hash, state=EditionState.SET_ASIDE).first()
    if known is not None:
        raise NotPossible(f"{known} was set aside. Order it again if it is to be built after all.")


def _make(release: Release, edition: Edition) -> str:
    """Write every file of the edition into the waiting room and return the digest of its manifest."""
    staging = _staging(edition)
    _take_back(edition)
    shutil.rmtree(staging, ignore_errors=True)
    inputs = _inputs_of(release, edition)
    write.write(content.build(inputs), inputs, staging)
    return write.digest((staging / write.MANIFEST).read_bytes())


def _note_failure(proposal_id: int, problem: Exception, by: Who) -> None:
    """Say on the edition why it could not be made, unless another process has made it meanwhile."""
    with transaction.atomic():
        current = Edition.objects.select_for_update().filter(proposal=proposal_id, state=EditionState.BUILDING).first()
        if current is None:
            return
        current.state, current.failure = move(current.state, EditionState.FAILED), why_failed(problem)
        current.save(update_fields=["state", "failure"])
        detail = {"proposal": current.proposal, "why": current.failure}
        record(by=by, verb="build edition failed", subject=_subject(current), detail=detail)


def order(*, proposal_id: int, note: str = "", by: Who) -> Edition:
    """Note who wants the edition of a frozen release, and queue its making. What forbids it is said now, not by the job."""
    require(permissions.may_build(by), "Only the national commissioner builds editions.")
    release = proposals.release(proposals.proposal(proposal_id))
    with transaction.atomic():
        edition = _begin(proposal_id, release, note, by)
        if edition.state != EditionState.PUBLISHED:
            record(by=by, verb="order edition", subject=_subject(edition), detail={"proposal": proposal_id})
            enqueue("plenary.editions.tasks.build", proposal_id, edition.note)
    return edition


def correct(*, proposal_id: int, note: str, by: Who) -> Edition:
    """Build a new numbered version of a published edition, with a note that says what it corrects."""
    require(permissions.may_build(by), "Only the national commissioner builds editions.")
    label = proposals.proposal(proposal_id).label
    if not queries.published().filter(label=label).exists():
        raise NotPossible(f"Edition {label} has not been published: there is nothing to correct yet.")
    return build(proposal_id=proposal_id, note=note, by=by)


def publish(*, edition_id: int, by: Who) -> Edition:
    """Publish a built edition for good. Repeated, also after a kill, it is published once.

    The folder is moved into its place first, and only then does the database say so: what readers are told of is there.
    """
    require(permissions.may_publish(by), "Only the national commissioner publishes editions.")
    _refuse_damaged(edition_id)
    with transaction.atomic():
        edition = _locked(edition_id)
        if edition.state == EditionState.PUBLISHED:
            return edition
        edition.state = move(edition.state, EditionState.PUBLISHED)
        source = _waiting(edition)
        _refuse_unsound(edition, source)
        if source != queries.place(edition):
            _take_back(edition)
            _move_into_place(source, queries.place(edition))
        edition.published_by, edition.published_at = by.person_id, timezone.now()
        edition.save()
        record(
            by=by, verb="publish edition", subject=_subject(edition), detail={"digest": edition.digest, "folder": edition.folder}
        )
    return edition


def set_aside(*, edition_id: int, reason: str, by: Who) -> Edition:
    """Take an edition in which something was found wrong out of the waiting room, before anybody has read it.

    Its files go; the release stands as it was approved and may be ordered again, or another release of the label takes its place.
    Refused once it is published: that is corrected by a new number.
    """
    require(permissions.may_publish(by), "Only the national commissioner sets editions aside.")
    if not reason.strip():
        raise NotPossible("Say what is wrong with the edition.")
    with transaction.atomic():
        edition = _locked(edition_id)
        if edition.state == EditionState.PUBLISHED:
            raise NotPossible(f"{edition} is published and stands for good. Publish a correction.")
        edition.state, edition.failure = move(edition.state, EditionState.SET_ASIDE), ""
        edition.wrong, edition.set_aside_at, edition.digest = reason.strip(), timezone.now(), ""
        _take_back(edition)
        edition.save()
        record(by=by, verb="set edition aside", subject=_subject(edition), detail={"reason": edition.wrong})
        transaction.on_commit(partial(shutil.rmtree, _staging(edition), ignore_errors=True))
    return edition


def resume(*, by: Who) -> list[Edition]:
    """Build again whatever was being built when the process stopped."""
    require(permissions.may_build(by), "Only the national commissioner builds editions.")
    stopped = Edition.objects.filter(state=EditionState.BUILDING).order_by("pk")
    return [build(proposal_id=edition.proposal, note=edition.note, by=by) for edition in stopped]


# -- the row


def _begin(proposal_id: int, release: Release, note: str, by: Who) -> Edition:
    """Return the edition of a release, as one that is being built unless it is published."""
    with transaction.atomic():
        known = Edition.objects.select_for_update().filter(release_hash=release.content_hash).first()
        if known is not None:
            if known.state == EditionState.SET_ASIDE and known.correction_of is not None:
                known.note = note.strip() or known.note
            return known if known.state == EditionState.PUBLISHED else _rebuilding(known)
        earlier = Edition.objects.filter(label=release.label).order_by("-number").first()
        if earlier is not None and earlier.state in (EditionState.FAILED, EditionState.SET_ASIDE):
            return _begin_instead(earlier, proposal_id, release, note, by)
        if earlier is not None and earlier.state != EditionState.PUBLISHED:
            raise NotPossible(f"{earlier} waits to be published. Publish it first.")
        if earlier is not None and not note.strip():
            raise NotPossible(f"Edition {release.label} has been published: say what this version corrects.")
        number = earlier.number + 1 if earlier else 1
        edition = Edition.objects.create(
            label=release.label,
            number=number,
            period_start=release.period_start,
            period_end=release.period_end,
            release_hash=release.content_hash,
            proposal=proposal_id,
            folder=_free_folder(release.label, number),
            correction_of=earlier,
            note=note.strip() if earlier else "",
            built_by=by.person_id,
            built_at=timezone.now(),
        )
        record(by=by, verb="begin edition", subject=_subject(edition), detail={"release": release.content_hash})
    return edition


def _begin_instead(failed: Edition, proposal_id: int, release: Release, note: str, by: Who) -> Edition:
    """Let another release take the place of one whose edition failed or was set aside. No reader has seen that one."""
    instead_of = failed.release_hash
    failed.release_hash, failed.proposal = release.content_hash, proposal_id
    failed.period_start, failed.period_end = release.period_start, release.period_end
    if failed.correction_of is not None:
        failed.note = note.strip() or failed.note
    _rebuilding(failed)
    detail = {"release": release.content_hash, "instead_of": instead_of}
    record(by=by, verb="begin edition", subject=_subject(failed), detail=detail)
    return failed


def _rebuilding(edition: Edition) -> Edition:
    edition.state, edition.failure = move(edition.state, EditionState.BUILDING), ""
    edition.wrong, edition.set_aside_at = "", None
    edition.save()
    return edition


def _locked(edition_id: int) -> Edition:
    found = Edition.objects.select_for_update().filter(pk=edition_id).first()
    if found is None:
        raise NotFound(f"There is no edition {edition_id}.")
    return found


def _plain(label: str) -> str:
    """Return a label as the name of a folder and of an address: 2024/25 becomes 2024-25."""
    return re.sub(r"[^0-9a-z]+", "-", label.lower()).strip("-") or "edition"


def _free_folder(label: str, number: int) -> str:
    """Return the name of an edition's folder; two labels that read alike in an address, 2024/25 and 2024-25, have one each."""
    names = (f"{_plain(label)}{again}-{number}" for again in chain([""], (f"-no{more}" for more in count(2))))
    return next(name for name in names if not Edition.objects.filter(folder=name).exists())


def _subject(edition: Edition) -> str:
    return f"edition/{edition.folder}"


# -- the folder


def _staging(edition: Edition) -> Path:
    root: Path = settings.PLENARY.editions
    return root / queries.STAGING / str(edition.pk)


def _waiting(edition: Edition) -> Path:
    """Return where the built files are: the waiting room, or already in place if a kill came before the database was told."""
    for folder in (_staging(edition), queries.place(edition)):
        if (folder / write.MANIFEST).is_file():
            return folder
    raise NotPossible(f"The files of {edition} are not there. Build it again.")


def _take_back(edition: Edition) -> None:
    """Clear the place of an edition that is not published: a kill came after its folder was moved there.

    Nobody was told of that folder, and it was made from the same release. Any other folder is left alone, and said.
    """
    place = queries.place(edition)
    if not place.exists():
        return
    try:
        release = json.loads((place / write.MANIFEST).read_bytes())["inputs"]["release"]
    except (OSError, ValueError, KeyError, TypeError):
        release = ""
    if release != edition.release_hash:
        raise NotPossible(f"The folder {edition.folder} holds something else than {edition}. Move it away first.")
    aside = _staging(edition).with_suffix(".left")
    shutil.rmtree(aside, ignore_errors=True)
    aside.parent.mkdir(parents=True, exist_ok=True)
    place.rename(aside)  # in one step, so that half a folder is never seen in its place
    shutil.rmtree(aside)


def _refuse_unsound(edition: Edition, folder: Path) -> None:
    manifest = (folder / write.MANIFEST).read_bytes()
    if write.digest(manifest) != edition.digest:
        raise NotPossible(f"The files of {edition} are not the ones that were built. Build it again.")
    before = [one.digest for one in _previous(edition)]
    if json.loads(manifest)["previous"] != before:
        raise NotPossible(f"Another edition was published after {edition} was built. Build it again.")


def _refuse_damaged(edition_id: int) -> None:
    """Compare every file with its hash, before the database is locked. Nothing is made again: the build checked what it wrote."""
    edition = Edition.objects.filter(pk=edition_id, state=EditionState.BUILT).first()
    if edition is None:
        return
    problems = verify.changed(_waiting(edition))
    if problems:
        raise NotPossible(f"The files of {edition} were changed: {problems[0]['file']}. Build it again.")


def _move_into_place(source: Path, place: Path) -> None:
    """Move the folder in one step, read-only, and see it onto the disk."""
    for path in source.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    place.parent.mkdir(parents=True, exist_ok=True)
    source.rename(place)
    for folder in (place.parent, source.parent):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# -- what the content document is made from


def _inputs_of(release: Release, edition: Edition) -> EditionInputs:
    """Return everything that an edition is made from: the release, the register, and nothing of the cases."""
    period = release.period_start, release.period_end
    slugs = {str(slug) for table in release.tables for slug in table["service"].tolist()}
    services = _services(slugs | set(release.services), period if release.whole else None)
    known = _previous(edition)
    return EditionInputs(
        label=release.label,
        period_start=release.period_start.isoformat(),
        period_end=release.period_end.isoformat(),
        nation="England",
        threshold=int(release.policy["threshold"]),
        services=tuple(_service(one) for one in services),
        centres=tuple(entry for one in services for entry in _centres(one, period)),
        tables=release.tables,
        number=edition.number,
        correction_note=edition.note,
        draft=False,
        invented=settings.PLENARY.demo or any(one.confidence == "invented" for one in services),
        reviewers=release.reviewers,
        outcomes=tuple(_outcomes(release)),
        narrative=release.narrative,
        policy=release.policy,
        earlier=tuple(tuple(verify.published(queries.place(one))) for one in reversed(_published_before(edition))),
        inputs={"release": release.content_hash},
        input_digests={"release": "sealed"},
        definitions=_definitions(release),
        code_version=write.code_version(),
        previous=tuple(known),
        attribution=tuple(registry.attribution("ons")),
        wording=shared_words(registry.wording("public")),
    )


def _previous(edition: Edition) -> list[PreviousEdition]:
    return [
        PreviousEdition(
            one.label,
            one.number,
            one.digest,
            f"../{one.folder}/index.html",
            one.note,
            one.period_end.isoformat(),
            json.loads((queries.place(one) / write.MANIFEST).read_bytes()).get("definitions", {}),
        )
        for one in _published_before(edition)
    ]


def _published_before(edition: Edition) -> list[Edition]:
    """Return every other published edition, oldest first."""
    return list(queries.published().exclude(pk=edition.pk).order_by("period_end", "label", "number"))


def _services(slugs: set[str], period: tuple[dt.date, dt.date] | None) -> list[Service]:
    """Return the services of these names; with a period, also those that had a designated centre in it."""
    if period is None:
        return list(registry.services().filter(slug__in=slugs).order_by("name", "slug"))
    standing = registry.designated_during(*period).values("centre__service")
    return list(registry.services().filter(Q(slug__in=slugs) | Q(pk__in=standing)).order_by("name", "slug"))


def _service(one: Service) -> ServiceEntry:
    return ServiceEntry(
        one.slug, one.name, one.category, one.description, _doubt(one.confidence), invented=one.confidence == "invented"
    )


def _centres(service: Service, period: tuple[dt.date, dt.date]) -> list[CentreEntry]:
    """Return a service's centres with their standing in the period, by code."""
    standing = registry.all_designations(service.slug).filter(pk__in=registry.designated_during(*period))
    return [_centre(one.centre, one.valid_from, one.valid_to) for one in standing]


def _centre(centre: Centre, start: dt.date | None, end: dt.date | None) -> CentreEntry:
    first, last = (day.isoformat() if day else "" for day in (start, end))
    return CentreEntry(centre.service.slug, centre.ods, centre.name, first, last, _doubt(centre.confidence))


def _doubt(confidence: str) -> str:
    return "" if confidence == "confirmed" else confidence


def _outcomes(release: Release) -> list[OutcomeEntry]:
    """Return the definitions under which the results were computed: the documents of then, not of now."""
    found: list[OutcomeEntry] = []
    for name, sha256 in sorted(release.sources.items()):
        if name.startswith("outcome-set/"):
            agreed = spec.read_outcome_set(stored_bytes(sha256))
            found += [OutcomeEntry.of(agreed, one) for one in agreed.outcomes]
    return found


def _definitions(release: Release) -> dict[str, Any]:
    """Return the versions of the data sets and outcome sets that the results rest on."""
    found = {}
    for name in release.sources:
        kind, _, rest = name.partition("/")
        if kind in ("data-set", "outcome-set"):
            slug, _, version = rest.partition("/")
            found[f"{slug}/{'dictionary' if kind == 'data-set' else 'outcomes'}"] = version
    return found
