"""Rules across cases and years: one person twice, a case that vanished or is another's, what cannot follow upon a death.

Everything here is a warning: either of two records may be the wrong one, and a centre that looked confirms with a reason. Who a
case is about travels as keyed pseudonyms (:class:`Marks`) alone: no identifier of another case, and none of another centre's, is
ever in a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
from scipy import stats

from plenary_stats.ingest import values
from plenary_stats.ingest.work import NO_ROWS, Work
from plenary_stats.spec import DataSet
from plenary_stats.tables import Column

NEAR: Final = 3
"""Days between the index dates of two rows of one file that may still be one case."""

RARE: Final = 0.01
"""How improbable a number of cases must be, given those of the earlier years, to be called a jump."""

FEWEST: Final = 5
"""By how many cases, at the least, a number differs that is called a jump: 2 after 6 is no news."""

NAMED: Final = 50
"""Cases that vanished which are named one by one."""

DEATH_FIELDS: Final = frozenset({"died_on", "death_on", "date_of_death", "death_date"})
"""Fields that are a date of death by their name; others say so by the annotation ``@DEATHDATE``."""

SEEN, STATUS, DEAD = "last_seen_on", "vital_status", "dead"
"""The shared form of follow-up: the date last seen is that of death where the status says so."""

MarkMaker = Callable[[str, Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class Marks:
    """Keyed pseudonyms of one person: ``nhs`` of the NHS number, ``like`` of birth date, sex and area, ``born`` of the first.

    An empty text where the file does not tell it.
    """

    nhs: str = ""
    like: str = ""
    born: str = ""


@dataclass(frozen=True)
class KnownCase:
    """What is kept of an accepted case of the centre, as far as the rules ask for it."""

    case_id: str
    index_on: date
    period: str
    marks: Marks = Marks()
    sex: str = ""
    died_on: date | None = None
    own: bool = False
    """Whether it was taken from the file that this one would replace."""
    keyed: bool = False
    """Whether it was keyed by itself, so that no file withdraws it."""


@dataclass(frozen=True)
class Elsewhere:
    """A case of another centre of the service: who, and when. No more of it may be known here."""

    marks: Marks
    index_on: date
    case: int = 0
    centre: int = 0
    agreed_with: frozenset[str] = frozenset()
    """The cases of this centre of which it is agreed what the two are."""


@dataclass(frozen=True)
class Known:
    """What is known beside the file. ``mark`` makes pseudonyms; ``counts`` are of earlier years, the last first."""

    mark: MarkMaker
    cases: Sequence[KnownCase] = ()
    elsewhere: Sequence[Elsewhere] = ()
    counts: Sequence[int] = ()
    label: str = ""
    """That of the collection's own period."""
    whole: bool = True
    """Whether the file is the whole of its period: one keyed case leaves nothing out."""
    over: bool = True
    """Whether the period has ended: before, few cases are no news."""
    surely: int = 365
    """Days between two cases of one NHS number at two centres that are asked about."""
    likely: int = 30
    """The same for two of one birth date, sex and area."""


@dataclass
class _Rows:
    """The rows as the rules ask about them."""

    work: Work
    dated: list[date | None]
    ids: list[str]
    marks: list[Marks]
    died: Column
    by_id: dict[str, int] = field(default_factory=dict)


def within(work: Work, index: Column) -> None:
    """Look at the rows of one file beside each other: two that are one case in all but the identifier, and sequences of dates."""
    died = deaths(work.columns, work.dataset)
    _sequences(work, index, died)
    born, sexes = work.columns.get("birth_date"), work.columns.get("sex")
    if born is None or sexes is None or len(born) < 2 or np.isnat(index).all():
        return
    fit = np.flatnonzero(~np.isnat(born) & ~np.isnat(index) & (sexes != ""))
    letters = np.ascontiguousarray(sexes).view(np.uint32).reshape(len(sexes), -1)[:, 0]  # tells them apart, and is quick to sort
    order = fit[np.lexsort((index[fit], letters[fit], born[fit]))]
    first, then = order[:-1], order[1:]
    close = (index[then] - index[first]).astype(np.int64) <= NEAR
    pairs = np.flatnonzero((born[first] == born[then]) & (sexes[first] == sexes[then]) & close)
    for earlier, place in zip(first[pairs].tolist(), then[pairs].tolist(), strict=True):
        _near(work, *sorted((earlier, place)))


def _near(work: Work, earlier: int, place: int) -> None:
    cases, areas = work.columns["case_id"], work.columns.get("area")
    if cases[earlier] == cases[place] or (
        areas is not None and areas[earlier] and areas[place] and areas[earlier] != areas[place]
    ):
        return
    for name in _nhs_fields(work):
        if (
            work.columns[name][earlier] and work.columns[name][place]
        ):  # the same is told already; another is another person, a twin
            return
    message = f"Birth date, sex and dates are those of row {int(work.raw.row_numbers[earlier])}, or nearly: another case."
    work.find_one("near-duplicate", "warning", "case_id", place, message, "Check whether the two are one case.")
    work.identities["near-duplicate", int(work.raw.row_numbers[place]), "case_id"] = str(cases[earlier])


def deaths(columns: Mapping[str, Column], dataset: DataSet) -> Column:
    """Return the date of death of every row, NaT where none is told."""
    length = len(next(iter(columns.values()), ()))
    found = np.full(length, np.datetime64("NaT", "D"))
    for name, known in dataset.collected.items():
        if is_death(name, known.annotation) and name in columns and columns[name].dtype.kind == "M":
            found = np.where(np.isnat(found), columns[name].astype("datetime64[D]"), found)
    seen, status = columns.get(SEEN), columns.get(STATUS)
    if seen is not None and status is not None and seen.dtype.kind == "M" and status.dtype.kind == "U":
        dead = (status == DEAD) & np.isnat(found)
        found = np.where(dead, seen.astype("datetime64[D]"), found)
    return found


def _sequences(work: Work, index: Column, died: Column) -> None:
    """Say where something is dated after the death, unless the data set has a rule of its own for the two dates."""
    if np.isnat(died).all():
        return
    own = {name for name, known in work.dataset.by_name.items() if "@NOTBEFORE" in known.annotation.upper()}
    index_name = work.dataset.index_date or ""
    for name, known in work.dataset.collected.items():
        column = work.columns.get(name)
        if column is None or column.dtype.kind != "M" or name in own or is_death(name, known.annotation):
            continue
        if name == SEEN and STATUS in work.columns and DEATH_FIELDS.isdisjoint(work.columns):
            continue
        if name == index_name and own & {SEEN, *DEATH_FIELDS}:
            continue  # the order of the two is asked for already
        rows = np.flatnonzero((index if name == index_name else column) > died)
        if len(rows):
            message = f"{known.label or name} lies after the death."
            work.find("after-death", "warning", name, rows, message, "Correct one of the two dates, or say how it can be.")


def is_death(name: str, annotation: str) -> bool:
    """Whether a field is a date of death."""
    return name in DEATH_FIELDS or "@DEATHDATE" in annotation.upper()


def _nhs_fields(work: Work) -> list[str]:
    named = work.dataset.columns.items()
    return [name for name, known in named if known.identifier and values.is_nhs_field(known) and name in work.readings]


# -- beside what was accepted earlier


def marks_of(work: Work, mark: MarkMaker) -> list[Marks]:
    """Return the pseudonyms of every row."""
    length = len(work.raw)
    blank = [""] * length
    nhs = next((_texts(work.columns[name]) for name in _nhs_fields(work)), blank)
    born = _texts(work.columns["birth_date"]) if "birth_date" in work.columns else blank
    sex = _texts(work.columns["sex"]) if "sex" in work.columns else blank
    area = _texts(work.columns["area"]) if "area" in work.columns else blank
    likes = ["|".join(parts) if all(parts) else "" for parts in zip(born, sex, [one.casefold() for one in area], strict=True)]
    columns = mark("nhs", nhs), mark("like", likes), mark("born", born)
    return [Marks(*one) for one in zip(*columns, strict=True)]


def _texts(column: Column) -> list[str]:
    if column.dtype.kind == "M":
        return ["" if one is None else one.isoformat() for one in column.astype("datetime64[D]").tolist()]
    return [str(one) for one in column.tolist()]


def beside(work: Work, index: Column, known: Known) -> list[Marks]:
    """Hold the file against what is known beside it, and return who its rows are about."""
    marks = marks_of(work, known.mark)
    rows = _Rows(work, index.tolist(), _texts(work.columns["case_id"]), marks, deaths(work.columns, work.dataset))
    rows.by_id = {case_id: place for place, case_id in enumerate(rows.ids) if case_id}
    _same_ids(rows, known)
    _same_people(rows, known)
    _other_centres(rows, known)
    if known.whole and len(work.raw):
        _vanished(rows, known)
        _jump(rows, known)
    return marks


def _same_ids(rows: _Rows, known: Known) -> None:
    """Say where an identifier that was given before is another person's now."""
    sexes = rows.work.columns.get("sex")
    for case in known.cases:
        place = rows.by_id.get(case.case_id)
        if place is None:
            continue
        sex = str(sexes[place]) if sexes is not None else ""
        differs = [word for word, one, other in (
            ("NHS number", case.marks.nhs, rows.marks[place].nhs),
            ("date of birth", case.marks.born, rows.marks[place].born),
            ("sex", case.sex, sex),
        ) if one and other and one != other]  # fmt: skip
        if differs:
            message = f"Case {case.case_id} was accepted for {case.period} with another {' and another '.join(differs)}."
            remedy = "If it is another patient, give the case an identifier of its own: this one would replace the earlier case."
            _tell(rows, "other-person", place, "case_id", message, remedy, identity=f"{case.period} {'/'.join(differs)}")
        _death_known(rows, place, case)


def _death_known(rows: _Rows, place: int, case: KnownCase) -> None:
    """Say what is dated after a death that was reported earlier, or that the patient lives again."""
    if case.died_on is None:
        return
    died = rows.died[place]
    last = _last_date(rows.work, place)
    told = f"Case {case.case_id} was reported for {case.period} as a death on {case.died_on.isoformat()}"
    if last is not None and last > case.died_on and np.isnat(died):
        message, identity = f"{told}; this row has a later date, {last.isoformat()}.", f"{case.died_on} {last}"
    elif np.isnat(died) and STATUS in rows.work.columns and rows.work.columns[STATUS][place] not in {"", DEAD}:
        message, identity = f"{told}; this row says otherwise.", f"{case.died_on} alive"
    elif not np.isnat(died) and died.tolist() != case.died_on:
        message, identity = f"{told}; this row has {died.tolist().isoformat()}.", f"{case.died_on} {died.tolist()}"
    else:
        return
    _tell(rows, "after-death-reported", place, "case_id", message, "Correct the one that is wrong.", identity=identity)


def _last_date(work: Work, place: int) -> date | None:
    dated = [work.columns[name][place] for name in work.dataset.collected if name in work.columns]
    days = [one.astype("datetime64[D]").tolist() for one in dated if isinstance(one, np.datetime64) and not np.isnat(one)]
    return max(days, default=None)


def _same_people(rows: _Rows, known: Known) -> None:
    """One person under another identifier at the same time, and what follows upon a death that was reported under another."""
    earlier: dict[str, list[KnownCase]] = {}
    for case in known.cases:
        for mark in filter(None, (case.marks.nhs, case.marks.like)):
            earlier.setdefault(mark, []).append(case)
    for place, marks in enumerate(rows.marks if earlier else ()):
        on = rows.dated[place]
        if on is None:
            continue
        for case in earlier.get(marks.nhs or "-", ()) or earlier.get(marks.like or "-", ()):
            if case.case_id == rows.ids[place] or case.own or _others(case.marks, marks):
                continue
            if abs((case.index_on - on).days) <= NEAR:
                message = f"The patient was accepted for {case.period} as case {case.case_id}, with the same date or nearly."
                _tell(
                    rows, "known-person", place, "case_id", message, "Check whether the two are one case.", identity=case.case_id
                )
            elif case.died_on is not None and on > case.died_on and marks.nhs and marks.nhs == case.marks.nhs:
                message = f"The patient died on {case.died_on.isoformat()} according to case {case.case_id} of {case.period}."
                _tell(
                    rows,
                    "after-death-reported",
                    place,
                    "case_id",
                    message,
                    "Correct the one that is wrong.",
                    identity=case.case_id,
                )


def _others(one: Marks, other: Marks) -> bool:
    """Whether two NHS numbers are known and differ: twins share the rest."""
    return bool(one.nhs and other.nhs and one.nhs != other.nhs)


def _other_centres(rows: _Rows, known: Known) -> None:
    if not known.elsewhere or rows.work.findings.blocking:  # a file that is blocked will be sent again
        return
    pairs = shared_pairs(list(zip(rows.marks, rows.dated, strict=True)), known.elsewhere, (known.surely, known.likely))
    surely: dict[int, bool] = {}
    for place, other, sure in pairs:
        if rows.ids[place] not in other.agreed_with:
            surely[place] = sure or surely.get(place, False)
    for place, sure in surely.items():
        what = "the same patient" if sure else "a patient of the same birth date, sex and area at about this time"
        remedy = "Nothing need be mended: once the file is accepted, agree with the other centre which of you counts the case."
        _tell(rows, "other-centre-reports", place, "case_id", f"Another centre of the service reports {what}.", remedy)


def shared_pairs(
    own: Sequence[tuple[Marks, date | None]], others: Sequence[Elsewhere], days: tuple[int, int]
) -> list[tuple[int, Elsewhere, bool]]:
    """Return (place among the own, the other's case, whether the NHS number says so) of one patient at two centres.

    ``days``: how far apart two of one NHS number may be, and two of one birth date, sex and area. The latter is no evidence where
    several cases of one centre share it. Each case is paired with the nearest in time of each other centre.
    """
    by_nhs, by_like = _by_mark(others)
    likes = Counter(marks.like for marks, _ in own)
    found = []
    for place, (marks, on) in enumerate(own):
        if on is None:
            continue
        best: dict[int, tuple[bool, int, int, Elsewhere]] = {}
        alike = by_like.get(marks.like, []) if marks.like and likes[marks.like] == 1 else []
        for sure, one in [*((True, one) for one in by_nhs.get(marks.nhs, [])), *((False, one) for one in alike)]:
            apart = abs((one.index_on - on).days)
            if apart > days[0 if sure else 1] or (not sure and marks.nhs and one.marks.nhs):
                continue
            this = (not sure, apart, one.case, one)
            if one.centre not in best or this[:3] < best[one.centre][:3]:
                best[one.centre] = this
        found += [(place, one, not unsure) for unsure, _, _, one in best.values()]
    return found


def _by_mark(others: Sequence[Elsewhere]) -> tuple[dict[str, list[Elsewhere]], dict[str, list[Elsewhere]]]:
    often = Counter((one.centre, one.marks.like) for one in others)
    by_nhs: dict[str, list[Elsewhere]] = {}
    by_like: dict[str, list[Elsewhere]] = {}
    for one in others:
        if one.marks.nhs:
            by_nhs.setdefault(one.marks.nhs, []).append(one)
        if one.marks.like and often[one.centre, one.marks.like] == 1:
            by_like.setdefault(one.marks.like, []).append(one)
    return by_nhs, by_like


def _vanished(rows: _Rows, known: Known) -> None:
    """Name the cases that were accepted for a period of which the file has cases, and that it has no more."""
    covered = set(_texts(rows.work.columns["period"])) if "period" in rows.work.columns else set()
    gone = sorted(
        (
            case
            for case in known.cases
            if not case.keyed and case.case_id not in rows.by_id and (case.own or case.period in covered)
        ),
        key=lambda case: case.case_id,
    )
    for case in gone[:NAMED]:
        then = "accepting this file withdraws it" if case.own else "the file has other cases of that period"
        message = f"Case {case.case_id}, accepted for {case.period}, is not in the file: {then}."
        rows.work.find("vanished-case", "warning", "case_id", NO_ROWS, message, "Add the case, or say why it is gone.")
    if len(gone) > NAMED:
        message = f"{len(gone) - NAMED} more cases that were accepted earlier are not in the file."
        rows.work.find("vanished-case", "warning", "case_id", NO_ROWS, message, "See 'What changes', and send the whole series.")


def _jump(rows: _Rows, known: Known) -> None:
    """Say where the number of cases is improbable beside the earlier years': a file lost its end, or is another service's."""
    if not known.counts:
        return
    own = int((rows.work.columns["period"] == known.label).sum())
    mean = sum(known.counts) / len(known.counts)
    if abs(own - mean) < FEWEST or (own < mean and not known.over):
        return
    if chance(own, known.counts) < RARE:
        years = ", ".join(str(one) for one in known.counts)
        message = f"The file has {own} cases; the periods before had {years}."
        rows.work.find("jump", "warning", "", NO_ROWS, message, "Check that the file is whole and of this service; else say why.")


def chance(count: int, earlier: Sequence[int]) -> float:
    """Return the chance of a number as far from the earlier years', were they all of one rate (exact, given their sum)."""
    whole = count + sum(earlier)
    return float(stats.binomtest(count, whole, 1 / (1 + len(earlier))).pvalue) if whole else 1.0


def _tell(rows: _Rows, rule: str, place: int, name: str, message: str, remedy: str, identity: str = "") -> None:  # noqa: PLR0917 - as Work.find
    rows.work.find(rule, "warning", name, np.array([place]), message, remedy)
    if identity:
        rows.work.identities[rule, int(rows.work.raw.row_numbers[place]), name] = identity
