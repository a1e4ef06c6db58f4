"""Watching figures as they come: XmR charts, risk-adjusted CUSUM with limits for a run length, and VLAD."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from plenary_stats.results import Columns, Numbers, frozen, numbers

Rules = Literal["making-data-count", "shewhart"]
Direction = Literal["increase", "decrease", "neutral"]
Convention = Literal["vlad", "cusum"]
Truths = npt.NDArray[np.bool_]

LIMIT, NEAR, SCREEN, RUN = 2.66, 2 * (2.66 / 3), 3.267, 7
"""Limits and near limits in average moving ranges; a range from this many averages up is left out; points in a run or trend."""
ENOUGH = 12
"""Points below which the limits of a phase are provisional."""
BLOCK = 200_000
"""So many simulated patients are drawn at a time."""
EXHAUSTIVE = 20
"""Up to so many patients every sequence of outcomes is looked at."""


@dataclass(frozen=True)
class Chart:
    """An XmR chart.

    ``columns``: value, centre, lower, upper, flag (the rule that was broken, empty where none), meaning (``improvement`` or
    ``concern``; ``high`` or ``low`` where no direction is better), phase (0, 1, …), why_not (not empty: the phase has no limits).
    ``moving_range`` is the average of each phase. ``assurance`` says of a target whether the process will meet it by itself:
    ``consistent_pass``, ``consistent_fail`` or ``inconsistent``; empty where there is no target or direction.
    """

    columns: Columns
    moving_range: Numbers
    assurance: str
    rules: Rules
    method: str
    why_not: str = ""


@dataclass(frozen=True)
class Cumulative:
    """A cumulative chart. ``columns``: statistic, signal, and what led to them; where it restarts is the next patient."""

    columns: Columns
    method: str
    limit: float | None = None


@dataclass(frozen=True)
class Simulated:
    """A figure found by simulation, with its standard error, and how it was found."""

    value: float
    std_err: float
    runs: int
    seed: int
    method: str


def xmr(
    values: Any,
    rules: Rules = "making-data-count",
    *,
    phases: Sequence[int] = (),
    fix_after: int | None = None,
    screen: bool = True,
    better: Direction = "increase",
    target: float | None = None,
) -> Chart:
    """Return the XmR chart of values in time order: mean ± 2.66 average moving ranges, and the rules that points break.

    ``phases``: the places (from 0) at which the chart starts anew. ``fix_after``: limits come from a phase's first points.
    ``screen``: moving ranges of 3.267 averages or more are left out once, and the average taken again (NHSRplotthedots does,
    the national spreadsheet does not). ``better``: which way improvement lies.

    The rules of Making Data Count, the first that holds: a point beyond a limit (``above-limit``, ``below-limit``); seven in
    a row each higher or lower than the last (``rising``, ``falling``); two of three between 2 and 3 sigma with all three on one
    side (``near-above``, ``near-below``); seven on one side of the mean (``run-above``, ``run-below``). ``shewhart`` has only
    the first, with limits of 3/1.128 average moving ranges and nothing left out. Raises ``ValueError`` for places outside.
    """
    series = np.atleast_1d(numbers(values, "values"))
    edges = [0, *phases, len(series)]
    if rules not in {"making-data-count", "shewhart"} or better not in {"increase", "decrease", "neutral"}:
        raise ValueError("rules: making-data-count or shewhart; better: increase, decrease or neutral.")
    if series.ndim != 1 or any(a >= b for a, b in pairwise(edges)) or (fix_after is not None and fix_after < 1):
        raise ValueError("values: one row in time order; phases: rising places inside it, from 1; fix_after: one point or more.")
    parts = [_phase(series[a:b], rules, fix_after, screen=screen) for a, b in pairwise(edges)]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in ("centre", "lower", "upper", "flag", "why_not")}
    ranges = np.array([float(part["range"][0]) for part in parts])
    columns = {"value": series, **joined, "meaning": _meaning(joined["flag"], better)}
    columns["phase"] = np.repeat(np.arange(len(parts)), np.diff(edges))
    method = "XmR, 2.66 moving ranges" + (", screened" if screen else "") if rules == "making-data-count" else "Shewhart, 3 sigma"
    caution = f"Fewer than {ENOUGH} points in a phase: the limits are provisional." if min(np.diff(edges)) < ENOUGH else ""
    return Chart(frozen(columns), ranges, _assurance(joined, better, target), rules, method, caution)


def racusum(
    outcome: Any, risk: Any, odds_ratio: float, limit: float, *, convention: Convention = "vlad", reset: bool = True
) -> Cumulative:
    """Return the risk-adjusted CUSUM (Steiner et al., Biostatistics 2000;1:441), patients in time order.

    Each patient adds y·ln(R) − ln(1 − p + R·p), R the ``odds_ratio`` looked for, p the ``risk``; the sum stays above nought.
    An ``odds_ratio`` below 1 looks for improvement; with a negative ``limit`` that chart is drawn downwards. ``signal`` is true
    where the limit is crossed, and the next patient starts from nought (unless ``reset`` is false).

    ``convention`` ``vlad``, ours: a signal *above* the limit, and the crossing value stays. ``cusum``: a signal *at* the
    limit, and nought is written there, so that the crossing is not seen. They are named after the R packages that do so.
    ``columns``: statistic, signal, weight, restarted. Raises ``ValueError`` for impossible outcomes, risks, ratios or limits.
    """
    happened, chance = _patients(outcome, risk)
    if convention not in {"vlad", "cusum"}:
        raise ValueError(f"convention: {convention!r} is neither vlad nor cusum.")
    if limit == 0 or not np.isfinite(limit):
        raise ValueError("limit: a number other than nought; below nought the chart is drawn downwards.")
    weight = _weights(happened, chance, odds_ratio)
    at_limit = convention == "cusum"
    statistic, signal = _sums(weight, abs(limit), at_limit=at_limit, reset=reset)
    restarted = np.roll(signal, 1) & reset
    restarted[:1] = False
    if at_limit and reset:
        statistic = np.where(signal, 0.0, statistic)
    direction = np.copysign(1.0, limit)
    columns = {"statistic": direction * statistic + 0.0, "signal": signal, "weight": weight, "restarted": restarted}
    return Cumulative(frozen(columns), f"risk-adjusted CUSUM, convention of {convention}", limit)


def vlad(outcome: Any, risk: Any, *, odds_ratio: float = 2.0, limit: float | None = None) -> Cumulative:
    """Return the variable life-adjusted display: expected less observed events, added up over patients in time order.

    A line that rises has fewer events than expected. It has no limits of its own: with ``limit`` the ``signal`` is that of the
    risk-adjusted CUSUM for the ``odds_ratio`` or its reverse, else there is none.
    ``columns``: statistic, signal, expected, observed.
    """
    happened, chance = _patients(outcome, risk)
    signal = np.zeros(len(happened), dtype=bool)
    if limit is not None:
        for ratio in (odds_ratio, 1 / odds_ratio):
            signal |= racusum(happened, chance, ratio, abs(limit)).columns["signal"]
    expected, observed = np.cumsum(chance), np.cumsum(happened)
    columns = {"statistic": np.cumsum(chance - happened), "signal": signal, "expected": expected, "observed": observed}
    return Cumulative(frozen(columns), "VLAD", limit)


def racusum_arl(
    risk: Any,
    odds_ratio: float,
    limit: float,
    *,
    true_odds_ratio: float = 1.0,
    weight: Any = None,
    runs: int = 2000,
    seed: int = 1,
) -> Simulated:
    """Return the average number of patients until the CUSUM signals, by simulation.

    ``risk`` holds the risks of the patients who come, each as likely as ``weight`` says (all alike where left out). With a
    ``true_odds_ratio`` of 1 nothing is wrong, and the answer is how long until a false alarm. Same seed, same answer.
    """
    if limit == 0 or not np.isfinite(limit) or runs < 2:
        raise ValueError("limit: a number other than nought; runs: two or more.")
    heights, when = _records(_Mix.of(risk, odds_ratio, true_odds_ratio, weight), abs(limit), runs, seed)
    lengths = _first_above(heights, when, abs(limit))
    return Simulated(float(lengths.mean()), float(lengths.std(ddof=1) / np.sqrt(runs)), runs, seed, "average run length")


def racusum_limit(risk: Any, odds_ratio: float, arl: float, *, weight: Any = None, runs: int = 2000, seed: int = 1) -> Simulated:
    """Return the limit at which the CUSUM signals falsely once in ``arl`` patients on average, by simulation.

    The same simulated patients serve every limit, so that the run length rises with it. The standard error is that of the limit:
    the run length's, divided by how fast it rises there. Same seed, same answer. For an ``odds_ratio`` below 1 use it negative
    if the chart is drawn downwards. Raises ``ValueError`` for a run length that is not above 1.
    """
    if not 1 < arl < np.inf or runs < 2:
        raise ValueError("arl: a number of patients above 1; runs: two or more.")
    mix = _Mix.of(risk, odds_ratio, 1.0, weight)
    top = 1.0
    while True:  # limits whose run length is below what is wanted are passed quickly
        heights, when = _records(mix, top, runs, seed)
        if _first_above(heights, when, top).mean() >= arl:
            break
        top += 0.5
    steps = np.unique(heights[heights <= top])
    low, high = 0, len(steps) - 1
    while low < high:  # the smallest height at which the average run reaches what is wanted
        middle = (low + high) // 2
        low, high = (low, middle) if _first_above(heights, when, steps[middle]).mean() >= arl else (middle + 1, high)
    limit = float(steps[low])
    lengths = _first_above(heights, when, limit)
    apart = 0.05 * limit
    rise = np.log(_first_above(heights, when, limit).mean() / _first_above(heights, when, limit - apart).mean()) / apart
    std_err = float(lengths.std(ddof=1) / np.sqrt(runs) / lengths.mean() / rise) if rise > 0 else np.nan
    return Simulated(limit, std_err, runs, seed, f"limit for a run length of {arl:g}")


def racusum_false_alarm_limit(
    risk: Any, odds_ratio: float, alpha: float, *, exact: bool | None = None, runs: int = 20_000, seed: int = 1
) -> Simulated:
    """Return the limit that is reached by chance with probability ``alpha`` within the patients whose risks are given.

    Up to twenty patients every sequence of outcomes is looked at (``exact``), and the limit is the height whose probability is
    nearest to alpha; its standard error is 0. Beyond that it is simulated.
    """
    chance = np.atleast_1d(numbers(risk, "risk"))
    if not 0 < alpha < 1 or not chance.size:
        raise ValueError("alpha: a probability between 0 and 1; risk: at least one patient.")
    all_of_them = len(chance) <= EXHAUSTIVE if exact is None else exact
    if all_of_them and len(chance) > EXHAUSTIVE:
        raise ValueError(f"exact: at most {EXHAUSTIVE} patients; simulate for more.")
    _patients(np.zeros_like(chance), chance)
    if all_of_them:
        heights, reached = _every_sequence(chance, odds_ratio)
        return Simulated(float(heights[np.argmin(np.abs(reached - alpha))]), 0.0, len(heights), seed, "every sequence")
    draw = np.random.default_rng(seed)
    sums, most = np.zeros(runs), np.zeros(runs)
    for one in chance:
        happened = draw.random(runs) < one
        sums = np.maximum(sums + _weights(happened.astype(float), np.full(runs, one), odds_ratio), 0.0)
        most = np.maximum(most, sums)
    ordered, place = np.sort(most), int(np.ceil((1 - alpha) * runs)) - 1
    spread = int(np.ceil(np.sqrt(runs * alpha * (1 - alpha))))
    near = ordered[max(place - spread, 0)], ordered[min(place + spread, runs - 1)]
    return Simulated(float(ordered[place]), float(near[1] - near[0]) / 2, runs, seed, "simulated sequences")


def _phase(series: Numbers, rules: Rules, fix_after: int | None, *, screen: bool) -> dict[str, npt.NDArray[Any]]:
    """Return centre, limits and flags of one phase. Without two points there are no limits."""
    basis = series[:fix_after]
    # Correctly rounded, so that a value equal to the mean is seen to be.
    mean, ranges = fsum(basis.tolist()) / len(basis), np.abs(np.diff(basis))
    average = fsum(ranges.tolist()) / len(ranges) if len(ranges) else np.nan
    if screen and rules == "making-data-count" and average > 0:
        kept = ranges[ranges < SCREEN * average]
        average = fsum(kept.tolist()) / len(kept) if len(kept) else np.nan
    width = LIMIT if rules == "making-data-count" else 3 / 1.128
    lower, upper = mean - width * average, mean + width * average
    outside, side = (series > upper) | (series < lower), np.sign(series - mean)
    flag = np.full(len(series), "", dtype="<U16")
    if rules == "making-data-count":
        close = ~outside & ((series < mean - NEAR * average) | (series > mean + NEAR * average))
        flag[_runs(side)] = "run"
        flag[_two_of_three(close, side)] = "near"
        sided = np.char.add(flag, np.where(side > 0, "-above", "-below"))
        flag = np.where(flag == "", "", sided).astype("<U16")
        trend = _trend(series)
        flag = np.where(trend == 0, flag, np.where(trend > 0, "rising", "falling"))
    flag = np.where(outside, np.where(side > 0, "above-limit", "below-limit"), flag)
    why_not = "" if np.isfinite(average) else "Fewer than two points: there are no limits."
    same = np.ones(len(series))
    columns = {"centre": mean * same, "lower": lower * same, "upper": upper * same, "range": average * same}
    return {**columns, "flag": flag, "why_not": np.full(len(series), why_not)}


def _windows(true_at_end: Truths, length: int) -> Truths:
    """Return the points that belong to a window of so many points which ends where it says."""
    marks = np.zeros(len(true_at_end) + 1)
    ends = np.flatnonzero(true_at_end)
    np.add.at(marks, ends + 1, -1)
    np.add.at(marks, ends - length + 1, 1)
    return np.cumsum(marks)[:-1] > 0


def _streak(values: Numbers, length: int) -> Truths:
    """Return where so many equal values other than nought end."""
    ends = np.zeros(len(values), dtype=bool)
    if len(values) >= length:
        seen = np.lib.stride_tricks.sliding_window_view(values, length)
        ends[length - 1 :] = (np.abs(seen.sum(axis=1)) == length) & (seen != 0).all(axis=1)
    return ends


def _runs(side: Numbers) -> Truths:
    return _windows(_streak(side, RUN), RUN)


def _two_of_three(close: Truths, side: Numbers) -> Truths:
    """Return the points near a limit that belong to three on one side of which two or more are."""
    ends = _streak(side, 3)
    if len(side) >= 3:
        ends[2:] &= np.lib.stride_tricks.sliding_window_view(close, 3).sum(axis=1) >= 2
    return _windows(ends, 3) & close


def _trend(series: Numbers) -> Numbers:
    """Return 1 or −1 for points of a rising or falling trend. Where two meet, a point takes the later one."""
    step = np.sign(np.diff(series))
    part = np.zeros(len(series), dtype=bool)
    if len(series) >= RUN:
        part = _windows(np.append(False, _streak(step, RUN - 1)), RUN)
    before, after = np.append(0.0, step), np.append(step, step[-1:] if len(step) else 0.0)
    direction = np.where(part & np.append(part[1:], False), after, before)
    return np.where(part, np.where(direction > 0, 1.0, -1.0), 0.0)


_HIGH = ("above-limit", "rising", "near-above", "run-above")


def _meaning(flag: npt.NDArray[Any], better: Direction) -> npt.NDArray[np.str_]:
    high = np.isin(flag, _HIGH)
    words = {"increase": ("improvement", "concern"), "decrease": ("concern", "improvement"), "neutral": ("high", "low")}[better]
    return np.where(flag == "", "", np.where(high, *words))


def _assurance(columns: dict[str, npt.NDArray[Any]], better: Direction, target: float | None) -> str:
    if target is None or better == "neutral" or columns["why_not"][-1]:
        return ""
    above, below = target > columns["upper"][-1], target < columns["lower"][-1]
    if not above and not below:
        return "inconsistent"
    return "consistent_fail" if above == (better == "increase") else "consistent_pass"


def _patients(outcome: Any, risk: Any) -> tuple[Numbers, Numbers]:
    happened, chance = np.atleast_1d(numbers(outcome, "outcome")), np.atleast_1d(numbers(risk, "risk"))
    if happened.ndim != 1 or happened.shape != chance.shape or not np.isin(happened, (0, 1)).all():
        raise ValueError("outcome: one 0 or 1 a patient, in time order, with one risk each.")
    if (chance < 0).any() or (chance > 1).any():
        raise ValueError("risk: every probability must lie between 0 and 1.")
    return happened, chance


def _weights(happened: Numbers, chance: Numbers, odds_ratio: float) -> Numbers:
    if not 0 < odds_ratio < np.inf or odds_ratio == 1:
        raise ValueError("odds_ratio: a number above 0, other than 1: twice the odds is 2, half is .5.")
    weight: Numbers = happened * np.log(odds_ratio) - np.log1p((odds_ratio - 1) * chance)
    return weight


def _sums(weight: Numbers, limit: float, *, at_limit: bool, reset: bool) -> tuple[Numbers, Truths]:
    """Return the sums that never fall below nought, and where they cross the limit; the next then starts from nought."""
    beyond: Callable[[Numbers], Truths] = (lambda sums: sums >= limit) if at_limit else (lambda sums: sums > limit)
    statistic, signal = np.empty(len(weight)), np.zeros(len(weight), dtype=bool)
    start, width, carried = 0, 256, 0.0
    while start < len(weight):
        stretch = np.cumsum(np.append(carried, weight[start : start + width]))
        sums = (stretch - np.minimum(np.minimum.accumulate(stretch), 0.0))[1:]
        crossed = beyond(sums)
        end = int(crossed.argmax()) + 1 if reset and crossed.any() else len(sums)
        statistic[start : start + end], signal[start : start + end] = sums[:end], crossed[:end]
        restarts = reset and bool(crossed[end - 1])
        carried, width = (0.0, 256) if restarts else (float(sums[end - 1]), min(2 * width, 65_536))
        start += end
    return statistic, signal


@dataclass(frozen=True)
class _Mix:
    """The patients who may come, with their outcomes: how likely each is, and what it adds to the chart."""

    share: Numbers
    adds: Numbers

    @property
    def steps(self) -> tuple[Numbers, Numbers]:
        """Return where one draw between 0 and 1 goes from one to the next, and what each adds."""
        return np.cumsum(self.share)[:-1], self.adds

    @staticmethod
    def of(risk: Any, odds_ratio: float, true_odds_ratio: float, weight: Any) -> _Mix:
        _, chance = _patients(np.zeros(np.size(risk)), risk)
        share = np.ones_like(chance) if weight is None else np.atleast_1d(numbers(weight, "weight"))
        if share.shape != chance.shape or (share < 0).any() or share.sum() <= 0:
            raise ValueError("weight: one share a risk, none below 0.")
        if not 0 < true_odds_ratio < np.inf:
            raise ValueError("true_odds_ratio: a number above 0; 1 where nothing is wrong.")
        happens = true_odds_ratio * chance / (1 - chance + true_odds_ratio * chance)
        if (happens[share > 0] == (0 if odds_ratio > 1 else 1)).all():
            raise ValueError("risk: with these risks the chart can never rise to a limit.")
        adds = [_weights(np.full_like(chance, outcome), chance, odds_ratio) for outcome in (1.0, 0.0)]
        share = share / share.sum()
        return _Mix(np.append(share * happens, share * (1 - happens)), np.concatenate(adds))


def _records(mix: _Mix, top: float, runs: int, seed: int) -> tuple[Numbers, Numbers]:
    """Return the new heights of each run and the patient at whom they were reached, until every run is above ``top``.

    A row a run, heights rising along it, filled up with infinity.
    """
    draw, edges, adds = np.random.default_rng(seed), *mix.steps
    alive, sums, most, patient = np.arange(runs), np.zeros(runs), np.zeros(runs), 0
    found: list[tuple[npt.NDArray[np.intp], Numbers, Numbers]] = []
    while len(alive):
        width = int(np.clip(BLOCK // len(alive), 16, 4096))
        come = adds[np.searchsorted(edges, draw.random((len(alive), width)), side="right")]
        come[:, 0] += sums
        path = np.cumsum(come, axis=1)
        path -= np.minimum(np.minimum.accumulate(path, axis=1), 0.0)
        highest = np.maximum.accumulate(np.column_stack([most[alive], path]), axis=1)
        row, column = np.nonzero(highest[:, 1:] > highest[:, :-1])
        found.append((alive[row], path[row, column], (patient + column + 1).astype(np.float64)))
        most[alive], patient = highest[:, -1], patient + width
        going = most[alive] <= top
        alive, sums = alive[going], path[going, -1]
    which, reached, when = (np.concatenate([part[place] for part in found]) for place in range(3))
    return _table(runs, which, reached, when)


def _table(runs: int, which: npt.NDArray[np.intp], reached: Numbers, when: Numbers) -> tuple[Numbers, Numbers]:
    order = np.argsort(which, kind="stable")
    number = np.bincount(which, minlength=runs)
    place = np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)
    heights, times = np.full((runs, number.max()), np.inf), np.full((runs, number.max()), np.inf)
    heights[which[order], place], times[which[order], place] = reached[order], when[order]
    return heights, times


def _first_above(heights: Numbers, when: Numbers, limit: float) -> Numbers:
    """Return the patient at whom each run was first above the limit: heights rise along a row."""
    first = (heights <= limit).sum(axis=1)
    lengths: Numbers = when[np.arange(len(when)), first]
    return lengths


def _every_sequence(chance: Numbers, odds_ratio: float) -> tuple[Numbers, Numbers]:
    """Return every height that a chart of these patients can show, in order, and the chance that it is reached at any time."""
    sums, most, mass, heights = np.zeros(1), np.zeros(1), np.ones(1), np.zeros(1)
    for one in chance.tolist():
        sums = np.maximum(np.add.outer(sums, _as_packaged(one, odds_ratio)), 0.0).ravel()
        most, mass = np.maximum(np.repeat(most, 2), sums), np.multiply.outer(mass, np.array([1 - one, one])).ravel()
        heights = np.union1d(heights, sums)
    at_most = np.bincount(np.searchsorted(heights, most), mass, len(heights)).astype(np.float64)
    return heights, np.cumsum(at_most[::-1])[::-1]


def _as_packaged(chance: float, odds_ratio: float) -> Numbers:
    """Return what either outcome adds, worked out in the order of R's cusum.

    Of heights with one probability it names the smallest, so that the last digit of a height can decide which.
    """
    if chance in {0.0, 1.0}:
        return _weights(np.array([0.0, 1.0]), np.full(2, chance), odds_ratio)
    odds = chance / (1 - chance) * odds_ratio
    worse = odds / (1 + odds)
    adds: Numbers = np.log(np.array([(1 - worse) / (1 - chance), worse / chance]))
    return adds
