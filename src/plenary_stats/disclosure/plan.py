"""The planner: which coarser tables would show the reader more than withholding in the finest ones does.

A step pools years, puts areas together to their parents, merges age bands, or leaves a breakdown out. Of each proposal it is
first worked out what it could show at best (nothing withheld but what is too small in itself); the most promising are then
protected in earnest, attack included, so that what is said of them is so. Nothing is drawn by lot: the
same tables give the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from plenary_stats.disclosure.attacker.audit import Editions
from plenary_stats.disclosure.coarsen import YEAR, Merge, bands, coarsen, parents, pools, together
from plenary_stats.disclosure.measured import Shown, Spot, at_best, level_words, measure, ranges_of, worth_of
from plenary_stats.disclosure.policy import Policy
from plenary_stats.disclosure.protect import Protected, protect
from plenary_stats.disclosure.suppressor.years import NAMES
from plenary_stats.errors import InputError
from plenary_stats.tables import TOTAL, ResultTable

Say = Callable[[int, int, str], None]
"""Told before each piece of work: how many are done, how many there are at most, and what comes."""
YEARS = (2, 3, 5)
BASE = 5
"""The base of rounded numbers that is proposed."""
MOST = 8
"""So many proposals are protected in earnest, unless the caller says otherwise."""
NOUNS = {"age_band": "age band", "area": "area"}


@dataclass(frozen=True)
class Step:
    """One thing that may be done to the tables: what it is called, what it hides, and the merge that does it.

    Or what the policy may do instead: say the ``ranges`` of withheld numbers; round to multiples of a base (``rounding``), which
    lets every number be known more nearly than the policy's minimum width and so is for people to decide.
    """

    words: str
    hides: str
    merge: Merge | None = None
    rounding: int | None = None
    ranges: bool = False


@dataclass(frozen=True)
class Proposal:
    """Some steps, and what the reader is shown after them.

    ``exact``: it was protected in earnest; else ``shown`` is what it could show at most. ``problem`` says why
    it cannot be published at all. ``protected`` holds the tables and the audit of an exact one.
    """

    steps: tuple[Step, ...]
    policy: Policy
    shown: Shown
    exact: bool
    problem: str = ""
    protected: Protected | None = None

    @property
    def title(self) -> str:
        """The steps in words."""
        return "; ".join(step.words for step in self.steps) or "the tables as they are"

    @property
    def rounds(self) -> bool:
        """Whether it asks for another policy, of rounded numbers."""
        return any(step.rounding for step in self.steps)

    @property
    def information(self) -> float:
        """What is shown, as one number: see ``measured.Shown``."""
        return self.shown.information

    def plain(self) -> dict[str, Any]:
        """Return the proposal for JSON."""
        steps = [_plain_step(step) for step in self.steps]
        return {"title": self.title, "steps": steps, "exact": self.exact, "problem": self.problem} | self.shown.plain()


def _plain_step(step: Step) -> dict[str, Any]:
    plain: dict[str, Any] = {"words": step.words, "hides": step.hides}
    if step.merge is not None:
        plain |= {"dimension": step.merge.dimension, "into": dict(step.merge.into)}
        plain |= {"whole_stays": step.merge.whole_stays, "services": list(step.merge.services)}
    return plain | {name: value for name, value in (("rounding", step.rounding), ("ranges", step.ranges)) if value}


@dataclass(frozen=True)
class Plan:
    """The tables as they are, and the proposals: those protected in earnest first, the most telling of them first."""

    baseline: Proposal
    proposals: tuple[Proposal, ...]

    @property
    def best(self) -> Proposal:
        """The proposal, or the tables as they are, that shows most under the policy as it stands: without rounding."""
        known = [each for each in (self.baseline, *self.proposals) if each.exact and not each.problem and not each.rounds]
        return max(known, key=lambda each: each.information, default=self.baseline)

    def words(self, proposal: Proposal) -> str:
        """Return in one or two sentences what a proposal shows and hides, beside the tables as they are."""
        name = proposal.title[:1].upper() + proposal.title[1:]
        if proposal.problem:
            return f"{name}: it cannot be published. {proposal.problem}"
        before, now = self.baseline.shown, proposal.shown
        at_most = "" if proposal.exact else "at most "
        level = _most_changed(before, now)
        parts = [f"{at_most}{now.figures:,} of {now.of:,} figures shown in place of {before.figures:,} of {before.of:,}"]
        if level is not None:
            shown, of = now.levels[level]
            was, had = before.levels.get(level, (0, 0))
            parts.insert(0, f"{at_most}{shown:,} of {of:,} {level_words(level)} shown in place of {was:,} of {had:,}")
        hides = "; ".join(step.hides for step in proposal.steps if step.hides)
        if proposal.steps and before.information:
            change = round(100 * (now.information / before.information - 1))
            parts[-1] += f", which tells {at_most}{abs(change)}% {'less' if change < 0 else 'more'}"
        return f"{name}: {'; in all '.join(parts)}." + (f" It hides {hides}." if hides else "")

    def plain(self) -> dict[str, Any]:
        """Return the plan for JSON."""
        first = self.baseline.plain() | {"words": self.words(self.baseline)}
        others = [each.plain() | {"words": self.words(each)} for each in self.proposals]
        return {"baseline": first, "proposals": others, "best": self.best.title}


def _most_changed(before: Shown, now: Shown) -> tuple[str, ...] | None:
    """Return the level of detail whose share shown rose most: what a proposal is made for."""

    def rise(level: tuple[str, ...]) -> float:
        shown, of = now.levels[level]
        was, had = before.levels.get(level, (0, 0))
        return shown / of - (was / had if had else 0.0)

    rising = [level for level in now.levels if level and now.levels[level][1] and rise(level) > 0]
    return max(rising, key=lambda level: (round(rise(level), 9), -len(level), level), default=None)


def plan(
    tables: Sequence[ResultTable],
    policy: Policy,
    previous: Editions = (),
    *,
    most: int = MOST,
    progress: Say | None = None,
) -> Plan:
    """Propose coarser tables, and say of each what a reader is shown.

    At most ``most`` proposals are protected in earnest, beside the tables as they are: first single steps, then the best with one
    more step, then the best step for those services alone that it shows more of. The others stand behind with what they could
    show at best.
    """
    planner = _Planner(tuple(tables), policy, previous, most, progress)
    baseline = planner.exact(())
    singles = [planner.guess((step,)) for step in steps_of(tables, policy)]
    planner.try_best(singles, most - most // 3 if len(singles) > 1 else most)
    best = planner.best(singles)
    planner.other_policies(baseline)
    if best is not None:
        planner.try_best(planner.narrowed(baseline, best), 1)
        own = best.steps[0].merge
        others = [
            each.steps[0] for each in singles if own and each.steps[0].merge and each.steps[0].merge.dimension != own.dimension
        ]
        planner.try_best([planner.guess((*best.steps, step)) for step in others], most)
    found = sorted(planner.found.values(), key=lambda each: (not each.exact, bool(each.problem), -each.information, each.title))
    return Plan(baseline, tuple(each for each in found if each.steps))


class _Planner:
    """The proposals that were looked at, by their titles, and how many may still be protected in earnest."""

    def __init__(
        self, tables: tuple[ResultTable, ...], policy: Policy, previous: Editions, most: int, progress: Say | None
    ) -> None:
        self.tables, self.policy, self.previous, self.most = tables, policy, previous, most
        self.say: Say = progress or (lambda _done, _most, _words: None)
        self.done = 0
        self.found: dict[str, Proposal] = {}

    def guess(self, steps: tuple[Step, ...]) -> Proposal:
        """Return a proposal with what it could show at best."""
        made, policy = self._taken(steps)
        return self._keep(Proposal(steps, policy, at_best(made, policy, self._worth(steps)), exact=False))

    def exact(self, steps: tuple[Step, ...]) -> Proposal:
        """Protect a proposal in earnest."""
        made, policy = self._taken(steps)
        proposal = Proposal(steps, policy, Shown(), exact=True)
        self.say(self.done, self.most + 1, proposal.title)
        self.done += 1
        try:
            done = protect(made, policy, self.previous)
        except InputError as problem:
            return self._keep(replace(proposal, problem=str(problem)))
        return self._keep(replace(proposal, shown=measure(made, done.tables, policy, self._worth(steps)), protected=done))

    def _worth(self, steps: Sequence[Step]) -> dict[Spot, float]:
        """Return how much each figure is worth that takes the place of several finer ones."""
        return worth_of(self.tables, [step.merge for step in steps if step.merge], self.policy)

    def _keep(self, proposal: Proposal) -> Proposal:
        self.found[proposal.title] = proposal
        return proposal

    def _taken(self, steps: Sequence[Step]) -> tuple[list[ResultTable], Policy]:
        """Return the tables after some steps. What earlier editions show by the finer codes stays tied to the coarser ones."""
        made, hierarchies = list(self.tables), dict(self.policy.hierarchies)
        for step in steps:
            if step.merge is None:
                continue
            made = [coarsen(table, step.merge) for table in made]
            name, pairs = step.merge.dimension, hierarchies.get(step.merge.dimension, ())
            new = tuple((code, coarser) for code, coarser in step.merge.into.items() if coarser != TOTAL)
            if self.previous and name not in NAMES:
                hierarchies[name] = tuple(dict.fromkeys((*pairs, *new)))
        return made, replace(self.policy, hierarchies=hierarchies)

    def try_best(self, proposals: Sequence[Proposal], most: int) -> None:
        """Protect the most promising in earnest, until none that is left could show more than the best that is known."""
        for proposal in sorted(proposals, key=lambda each: (-each.information, each.title))[:most]:
            known = max((each.information for each in self.found.values() if each.exact), default=0.0)
            if self.done > self.most or proposal.information <= known:
                return
            self.exact(proposal.steps)

    def best(self, proposals: Sequence[Proposal]) -> Proposal | None:
        """Return the one of some proposals that shows most, as far as they were protected in earnest."""
        known = [self.found[each.title] for each in proposals]
        exact = [each for each in known if each.exact and not each.problem]
        return max(exact, key=lambda each: each.information, default=None)

    def other_policies(self, baseline: Proposal) -> None:
        """Add what the policy could say of the tables as they are: the ranges of withheld numbers; rounded ones."""
        done = baseline.protected
        if done is None or not done.audit.cells["low"].size or self.policy.rounding is not None:
            return
        ranges = {place: ends for table in self.tables for place, ends in ranges_of(done.audit, table.dimensions).items()}
        step = Step("the ranges of withheld numbers in words", "", ranges=True)
        policy = replace(self.policy, ranges=True)
        shown = measure(self.tables, done.tables, policy, ranges=ranges)
        self._keep(Proposal((step,), policy, shown, exact=True, protected=done))
        width = min(self.policy.minimum_width, BASE - 1)
        asks = f" (it asks for minimum_width = {width})" if width < self.policy.minimum_width else ""
        step = Step(
            f"numbers of patients as multiples of {BASE}{asks}", f"by how much each was rounded, up to {BASE - 1}", rounding=BASE
        )
        policy = replace(self.policy, rounding=BASE, minimum_width=width)
        least = replace(policy, threshold=1, event_threshold=1, zeros="publish")
        self._keep(Proposal((step,), policy, at_best(self.tables, least), exact=False))

    def narrowed(self, baseline: Proposal, best: Proposal) -> list[Proposal]:
        """Return the step for those services alone of which it shows more, where it shows less of others."""
        before, now = baseline.shown.services, best.shown.services
        more = tuple(sorted(name for name in now if name != TOTAL and now[name] > before.get(name, 0.0) + 1e-9))
        step = best.steps[0]
        if not more or len(more) >= len([name for name in now if name != TOTAL]) or step.merge is None:
            return []
        words = f"{step.words}, for {_several(more)} alone"
        return [self.guess((replace(step, words=words, merge=replace(step.merge, services=more)),))]


# -------------------------------------------------------------------------------------------------------------- the steps


def steps_of(tables: Sequence[ResultTable], policy: Policy) -> list[Step]:
    """Return every single step that these tables allow."""
    codes: dict[str, set[str]] = {}
    for table in tables:
        for name in table.dimensions:
            codes.setdefault(name, set()).update(table[name].tolist())
    found: list[Step] = []
    for name, own in codes.items():
        found += _years(name, own, centres="centre" in codes) if name in NAMES else _groups(name, own, policy)
    return found


def _years(name: str, codes: set[str], *, centres: bool) -> Iterator[Step]:
    single = sum(1 for code in codes if YEAR.fullmatch(code))
    for years in YEARS:
        into = pools(codes, years) if years <= single else {}
        if not into:
            continue
        spans = ", ".join(dict.fromkeys(into[code] for code in sorted(into)))
        yield Step(f"pool {years} years ({spans})", "single years", Merge(name, into))
        if centres:
            words = f"pool {years} years of each centre ({spans}), all centres together by year"
            yield Step(words, "single years of centres", Merge(name, into, whole_stays=True))


def _groups(name: str, codes: set[str], policy: Policy) -> Iterator[Step]:
    if name in {"service", "measure"}:
        return
    noun = NOUNS.get(name, name)
    into = parents(codes, policy.hierarchies.get(name, ()))
    if into:
        coarser = ", ".join(dict.fromkeys(into[code] for code in sorted(into)))
        yield Step(f"each {noun} to its parent ({_short(coarser)})", f"single {noun}s", Merge(name, into))
    into = bands(codes) if name == "age_band" else {}
    if into:
        yield Step(f"adjacent age bands merged ({', '.join(dict.fromkeys(into.values()))})", "finer age bands", Merge(name, into))
    into = together(codes)
    if len(into) > 1:
        yield Step(f"no breakdown by {noun}", f"every {noun}", Merge(name, into))


def _several(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 5 else f"{', '.join(names[:4])} and {len(names) - 4} other services"


def _short(words: str) -> str:
    return words if len(words) <= 60 else f"{words[:60].rsplit(', ', 1)[0]} …"


def rows_in_words(found: Plan) -> Iterator[str]:
    """Yield the plan line by line, as it is printed."""
    yield f"As they are: {found.baseline.shown.figures:,} of {found.baseline.shown.of:,} figures shown."
    best = found.best
    for each in found.proposals:
        yield f"{'* ' if each is best else '  '}{found.words(each)}"
    if best is found.baseline:
        yield "No proposal shows more than the tables as they are."
