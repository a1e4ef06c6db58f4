"""``plenary edition``: from a collection folder to an edition folder, and the check of one. No database is needed."""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from plenary.editions.render import content, prose, seal, verify, write
from plenary.editions.render.sheet import shared_words
from plenary.editions.terms import CentreEntry, EditionInputs, OutcomeEntry, PreviousEdition, ServiceEntry
from plenary.registry import queries as registry
from plenary.releases import queries as releases
from plenary_stats import cores, folder, measures
from plenary_stats.errors import InputError
from plenary_stats.folder import Collection
from plenary_stats.spec import OutcomeSet
from plenary_stats.tables import TOTAL, ResultTable


def add(commands: Any) -> None:
    """Add the verbs."""
    verbs = commands.add_parser("edition", help="annual editions: build, verify").add_subparsers(required=True, metavar="VERB")
    build = verbs.add_parser("build", help="make an edition folder from a collection folder")
    build.add_argument("folder", type=Path, metavar="FOLDER")
    build.add_argument("--out", type=Path, required=True, metavar="DIR", help="the edition folder to write")
    _add_previous(build)
    build.add_argument("--reviewer", action="append", default=[], metavar="NAME", help="twice, two people: else it is a draft")
    build.add_argument("--note", default="", metavar="TEXT", help="what a corrected edition of the same label corrects")
    build.add_argument("--json", action="store_true", help="print one JSON document")
    build.set_defaults(run=_build)
    check = verbs.add_parser("verify", help="recompute every hash, figure and the disclosure audit of an edition folder")
    check.add_argument("folder", type=Path, metavar="DIR")
    _add_previous(check)
    check.add_argument("--inputs", type=Path, metavar="FOLDER", help="the collection folder: is it the one this was made from?")
    check.add_argument("--json", action="store_true", help="print one JSON document")
    check.set_defaults(run=_verify)


def _add_previous(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--previous", nargs="+", action="extend", type=Path, default=[], metavar="DIR", help="earlier editions")


@contextmanager
def seldom_tidied() -> Iterator[None]:
    """Let Python look for unused objects that name one another a hundred times less often.

    An edition makes millions of objects and next to none of that kind: looking took an eighth of the time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(100 * usual[0], *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@seldom_tidied()
def _build(arguments: argparse.Namespace) -> int:
    steps = _Steps()
    steps.say(f"Reading {arguments.folder}")
    collection, findings = folder.read(arguments.folder, areas=registry.known_areas(), elements=registry.elements())
    for finding in findings:
        place = finding.file + (f":{finding.row}" if finding.row else "")
        steps.tell(f"{finding.severity}  {place}  {finding.field}  {finding.message} {finding.remedy}".rstrip())
    report: dict[str, Any] = {"label": collection.label, "findings": [finding.told() for finding in findings]}
    if findings.blocking:
        steps.tell(f"{len(findings.blocking)} blocking findings: nothing was built.")
        return _print(arguments, report | {"built": False}, 1)
    reviewers = tuple(dict.fromkeys(name.strip() for name in arguments.reviewer if name.strip()))
    inputs = inputs_of(
        collection, previous=arguments.previous, reviewers=reviewers, note=arguments.note, out=arguments.out, say=steps.say
    )
    notes = list(_small_numbers_in_texts(inputs))
    for note in notes:
        steps.tell(f"Note: {note}")
    steps.say("Writing the content document")
    manifest = write.write(content.build(inputs), inputs, arguments.out, steps.say)
    steps.say(f"Done: {arguments.out / 'index.html'}{' (DRAFT)' if manifest['draft'] else ''}")
    facts = {name: manifest[name] for name in ("number", "draft", "reviewers", "digest")}
    audit = {"audit": json.loads((arguments.out / "disclosure.json").read_bytes())["audit"]["totals"]}
    report["notes"] = notes
    return _print(arguments, report | facts | audit | {"built": True, "out": str(arguments.out), "seconds": steps.seconds}, 0)


def _small_numbers_in_texts(inputs: EditionInputs) -> Iterator[str]:
    """Yield what each text of the edition says of few people: a notice, for a text is printed as it was written."""
    rules = releases.disclosure_policy(inputs.policy)
    for service in inputs.services:
        for section, text in ({"Description": service.description} | dict(inputs.narrative.get(service.slug, {}))).items():
            named = releases.named_in(prose.plain(prose.blocks(text)), rules)
            if sentences := dict.fromkeys(f"“{one.sentence}”" for one in named):
                yield f"{service.name}, {section}: small numbers of people are named: {' '.join(sentences)}"


def _verify(arguments: argparse.Namespace) -> int:
    report = verify.verify(arguments.folder, arguments.previous)
    if arguments.inputs is not None:
        report["problems"] += _other_inputs(arguments.folder, arguments.inputs)
        report["verified"] = not report["problems"]
    for problem in report["problems"]:
        sys.stderr.write(f"{problem['file']} {problem['problem']}\n")
    for note in report["notes"]:
        sys.stderr.write(f"Note: {note}\n")
    sys.stderr.write(f"{report['files']} files: {'verified' if report['verified'] else 'NOT what was published'}.\n")
    return _print(arguments, report, 0 if report["verified"] else 1)


def _other_inputs(edition: Path, source: Path) -> list[dict[str, str]]:
    """Return which inputs of an edition are not what a collection folder holds, as problems of its manifest."""
    said = json.loads((edition / write.MANIFEST).read_bytes()).get("inputs", {})
    found = seal.seal(folder.read(source)[0]).digests
    differ = sorted(name for name in {*said, *found} if said.get(name) != found.get(name))
    return [{"file": write.MANIFEST, "problem": f"was made from another {name} than {source} holds"} for name in differ]


def _print(arguments: argparse.Namespace, document: Mapping[str, Any], code: int) -> int:
    if arguments.json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    return code


class _Steps:
    """Progress on standard error, and how long each step took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._step, self._since = "", time.monotonic()

    def tell(self, words: str) -> None:
        sys.stderr.write(f"{words}\n")

    def say(self, step: str) -> None:
        now = time.monotonic()
        if self._step:
            self.seconds[self._step] = round(now - self._since, 2)
        self._step, self._since = step, now
        self.tell(f"{step} …")


# ------------------------------------------------------------------------------------------------ from collection to edition


def inputs_of(
    collection: Collection,
    *,
    previous: Sequence[Path] = (),
    reviewers: Sequence[str] = (),
    note: str = "",
    out: Path | None = None,
    say: write.Say = write.silent,
) -> EditionInputs:
    """Return everything that an edition of this collection is made from: measured and protected.

    Earlier editions that stand beside ``out``, where this one will be, are linked to.

    Raises ``InputError`` when an earlier edition cannot be read, or when a label that was published before comes without a note.
    """
    say("Computing the results")
    results = results_of(collection)
    previous = _oldest_first(previous)
    policy = _policy(collection, previous)
    earlier = tuple(tuple(verify.published(one)) for one in reversed(previous))
    say("Protecting small numbers")
    protected = releases.protected(results, policy, [table for tables in earlier for table in tables])
    known = tuple(_previous(one, out) for one in previous)
    number, correction = _number(collection.label, known, note)
    sealed = seal.seal(collection)
    if seal.WITHHELD in sealed.kinds.values():
        say(f"Leaving out the digests of files with so few cases ({folder.SEAL} would seal them)")
    return EditionInputs(
        **_said(collection),
        tables=protected.tables,
        number=number,
        correction_note=correction,
        draft=len(reviewers) < 2,
        reviewers=tuple(reviewers),
        policy=releases.disclosure_policy_plain(policy),
        earlier=earlier,
        inputs=sealed.digests,
        input_digests=sealed.kinds,
        code_version=write.code_version(),
        previous=known,
        wording=shared_words(registry.wording("public")),
    )


def _policy(collection: Collection, previous: Sequence[Path]) -> releases.Policy:
    """Return the disclosure rules of a collection, which know the days of its period and of the earlier editions'."""
    rules = replace(releases.Policy(), threshold=collection.threshold, already_public=collection.public)
    periods = [(collection.label, collection.period_start, collection.period_end), *map(_period, previous)]
    return releases.with_days(rules, periods)


def _said(collection: Collection) -> dict[str, Any]:
    """Return what an edition says as the collection itself says it: its period, services, centres, outcomes and narrative."""
    agreed = _agreed(collection)
    return {
        "label": collection.label,
        "period_start": collection.period_start.isoformat(),
        "period_end": collection.period_end.isoformat(),
        "nation": collection.nation,
        "threshold": collection.threshold,
        "invented": collection.invented,
        "services": tuple(
            ServiceEntry(one.slug, one.name, one.category, one.description, invented=collection.invented)
            for one in collection.services
        ),
        "centres": tuple(_centre(one) for one in collection.centres),
        "outcomes": tuple(OutcomeEntry.of(one_set, one) for one_set in agreed for one in one_set.outcomes),
        "narrative": collection.narrative,
        "definitions": {f"{one.service}/outcomes": one.version for one in agreed}
        | {f"{slug}/dictionary": one.version for slug, one in sorted(collection.datasets.items())},
        "attribution": () if collection.populations else tuple(registry.attribution("ons")),
    }


@dataclass(frozen=True)
class Geography:
    """Where patients live: the region of every area that a case may carry, and the residents of every region."""

    regions: Mapping[str, str | None]
    populations: Mapping[str, float]


def geography(collection: Collection) -> Geography:
    """Return the collection's own populations, or the shipped ones on the map of the period's last day.

    Where the collection has its own, its areas are the regions, and shipped areas count only as far as they lie in one of them.
    """
    own = collection.population_by_area()
    last: date = collection.period_end - timedelta(days=1)
    shipped = registry.region_by_area()
    if own:
        within = {area: region for area, region in shipped.items() if region in own}
        return Geography({**within, **{area: area for area in own if area != TOTAL}}, own)
    return Geography(shipped, registry.areas().population_by_area(last))


def results_of(collection: Collection) -> list[ResultTable]:
    """Return the unprotected results of every service, table by table."""
    where = geography(collection)
    found = cores.each(lambda one: _results(collection, one.slug, where), collection.services)
    return [table for tables in found for table in tables if len(table)]


def _results(collection: Collection, slug: str, where: Geography) -> list[ResultTable]:
    """Return one service's results; a service that sent no cases has its expenditure alone."""
    period, centres = collection.label, collection.centres_of(slug)
    found = [measures.spend(collection.expenditure, service=slug, period=period)]
    cases = collection.cases.get(slug)
    if cases is None:
        return found
    dataset, agreed = collection.datasets.get(slug), collection.outcome_sets.get(slug)
    found.append(measures.activity(cases, service=slug, centres=centres, period=period, regions=where.regions, dataset=dataset))
    found.append(measures.access(cases, service=slug, period=period, regions=where.regions, populations=where.populations))
    expected = collection.expected.get(slug, ())
    found.append(
        measures.completeness(
            cases, service=slug, centres=centres, period=period, expected=expected, dataset=dataset, outcome_set=agreed
        )
    )
    if agreed is not None:
        span: dict[str, Any] = {"period_start": collection.period_start, "period_end": collection.period_end, "label": period}
        given: dict[str, Any] = span | {"centres": centres, "dataset": dataset, "minimum": collection.threshold}
        found += measures.outcomes(agreed, cases, **given)
        found.append(measures.curve(agreed, cases, **given))
    return found


def _agreed(collection: Collection) -> list[OutcomeSet]:
    return [one for _, one in sorted(collection.outcome_sets.items())]


def _centre(one: folder.Centre) -> CentreEntry:
    start, end = (day.isoformat() if day else "" for day in (one.designated_from, one.designated_to))
    return CentreEntry(one.service, one.code, one.name, start, end)


def _oldest_first(previous: Sequence[Path]) -> list[Path]:
    """Return earlier editions in the order in which they appeared, in whatever order they were named."""
    found = []
    for place, one in enumerate(previous):
        try:
            edition = json.loads((one / "edition.json").read_bytes())["edition"]
            found.append((edition["period_end"], edition["label"], edition["number"], place))
        except (OSError, KeyError, ValueError, TypeError) as problem:
            raise InputError(f"{one} is not an edition folder.") from problem
    return [previous[place] for *_, place in sorted(found)]


def _period(folder_: Path) -> tuple[str, date, date]:
    """Return the label and the days of an earlier edition."""
    edition = json.loads((folder_ / "edition.json").read_bytes())["edition"]
    try:
        return edition["label"], date.fromisoformat(edition["period_start"]), date.fromisoformat(edition["period_end"])
    except (KeyError, ValueError, TypeError) as problem:
        raise InputError(f"{folder_ / 'edition.json'} does not say which period the edition is of.") from problem


def _previous(folder_: Path, out: Path | None) -> PreviousEdition:
    try:
        manifest = (folder_ / write.MANIFEST).read_bytes()
        edition = json.loads((folder_ / "edition.json").read_bytes())["edition"]
        return PreviousEdition(
            edition["label"],
            edition["number"],
            write.digest(manifest),
            _beside(folder_, out),
            edition["correction_note"],
            edition["period_end"],
            json.loads(manifest).get("definitions", {}),
        )
    except (OSError, KeyError, ValueError, TypeError) as problem:
        raise InputError(f"{folder_} is not an edition folder.") from problem


def _beside(folder_: Path, out: Path | None) -> str:
    """Return the address of an earlier edition as seen from ``out``, if they stand in one folder; else it may move away."""
    if out is None or folder_.absolute().resolve().parent != out.absolute().resolve().parent:
        return ""
    return f"../{quote(folder_.absolute().resolve().name)}/index.html"


def _number(label: str, known: Sequence[PreviousEdition], note: str) -> tuple[int, str]:
    """Return the number and the note of this edition: the first of its label needs no note, a correction does."""
    same = [one.number for one in known if one.label == label]
    if not same:
        return 1, ""
    if not note.strip():
        raise InputError(f"Edition {label} has been published before: say with --note what this version corrects.")
    return max(same) + 1, note.strip()
