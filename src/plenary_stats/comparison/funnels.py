"""Comparing centres with a target: funnel plots, their exact limits, and flags that small centres can trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammainc, gammaincc, ndtr, ndtri

from plenary_stats.results import Columns, Numbers, counts, frozen, normal_quantile, numbers

Kind = Literal["proportion", "ratio", "rate"]
Overdispersion = Literal["multiplicative", "additive"]
Transform = Literal["arcsine", "square-root", "log", "log-counts"]
Target = float | Numbers

FEW_CENTRES = 10
"""From fewer centres than this, overdispersion cannot be told from chance."""
_NOBODY = "Nothing to compare: the denominator is 0."


@dataclass(frozen=True)
class Funnel:
    """Centres against a target.

    ``columns``: observed, denominator, value, then lower_ and upper_ for each limit (95 and 998), p_low, p_high, mid_low,
    mid_high, z, flag, why_not. ``p_low`` is the chance of so few events or fewer if the centre had the target, ``p_high`` of so
    many or more; the mid chances count the observed number by half. ``z`` is the distance from the target in standard
    deviations before any is drawn in, on the scale on which overdispersion is estimated. ``flag`` is
    ``within``, ``low95``, ``high95``, ``low998`` or ``high998`` from those chances, never from the drawn limit; empty where
    ``why_not`` says why there is none. ``phi`` and ``tau2`` are the estimated overdispersion (1 and 0 where none was asked for).
    ``cautions`` are sentences to print beside the plot.
    """

    columns: Columns
    target: float
    phi: float
    tau2: float
    kind: Kind
    method: str
    cautions: tuple[str, ...] = ()


def funnel(  # noqa: PLR0917 -- the agreed order of arguments
    observed: Any,
    denominator: Any,
    target: float | None = None,
    kind: Kind = "proportion",
    expected: Any = None,
    limits: tuple[float, ...] = (0.95, 0.998),
    exact: bool = True,
    overdispersion: Overdispersion | None = None,
    winsorise: float = 0.1,
    *,
    transform: Transform | None = None,
) -> Funnel:
    """Return centres with control limits and flags.

    ``observed`` and ``denominator`` hold one number a centre: events of patients (``proportion``), events against expected
    events (``ratio``; ``expected`` takes the place of the denominator where both are given) or events per exposure (``rate``).
    ``target`` is the national value: all centres together where left out, and 1 for a ratio.

    Limits are exact with Spiegelhalter's interpolation (Statistics in Medicine 2005;24:1185), or normal where ``exact`` is
    false. With ``overdispersion`` they are normal ones, wider by the root of phi, or by tau² on a transformed scale;
    ``winsorise`` is the share of z-scores drawn in at each end before it is estimated. Normal limits are given as the formula
    has them and may leave the possible range: clip them when drawing. A centre is then flagged only if it is beyond the widened
    normal limit *and* its exact tail probability is small.

    ``transform`` for additive overdispersion: ``arcsine`` (proportions), ``square-root`` (ratios and rates), ``log`` (as the
    national mortality indicator, which leaves the extreme centres out of the estimate instead of drawing them in), or
    ``log-counts`` (a ratio of two counts that both vary).

    Raises ``ValueError`` for impossible numbers, saying which.
    """
    base = denominator if expected is None else expected
    centres = _Centres.of(observed, base, target, kind, expected is not None)
    cautions = list(centres.cautions(given=target is not None))
    chosen = transform or ("arcsine" if kind == "proportion" else "square-root")
    extra = _Extra(overdispersion, chosen, *_dispersion(centres, overdispersion, chosen, winsorise))
    if overdispersion is not None and centres.shown.sum() < FEW_CENTRES:
        cautions.append(f"Fewer than {FEW_CENTRES} centres: overdispersion cannot be told from chance.")
    columns = _columns(centres, limits, extra, exact=exact)
    method = extra.name or ("exact" if exact else "normal")
    return Funnel(frozen(columns), float(centres.target), extra.phi, extra.tau2, kind, method, tuple(cautions))


def _columns(centres: _Centres, limits: tuple[float, ...], extra: _Extra, *, exact: bool) -> dict[str, Any]:
    columns: dict[str, Any] = {"observed": centres.observed, "denominator": centres.denominator, "value": centres.value}
    for level in limits:
        lower, upper = _limits(centres, level, extra, exact=exact)
        columns |= {f"lower_{_name(level)}": lower, f"upper_{_name(level)}": upper}
    columns |= _tails(centres, extra)
    flag = _flags(columns["p_low"], columns["p_high"], limits)
    return columns | {"z": _z(centres, extra), "flag": flag, "why_not": centres.why_not}


@dataclass(frozen=True)
class Funnels:
    """Many funnels at once: ``columns`` as of one, with group and target before them."""

    columns: Columns
    kind: Kind
    method: str = "exact"


def funnels(  # noqa: PLR0917 -- the order of arguments is that of one funnel
    observed: Any,
    denominator: Any,
    group: Any,
    target: Any = None,
    kind: Kind = "proportion",
    limits: tuple[float, ...] = (0.95, 0.998),
) -> Funnels:
    """Return exact funnels of many groups in one go: a row a centre, ``group`` saying to which funnel it belongs.

    ``target`` holds one value, one a row, or nothing: all centres of the group together, and 1 for a ratio. The answers are those
    of ``funnel`` for each group alone. Raises ``ValueError`` as it does.
    """
    names, place = np.unique(np.asarray(group), return_inverse=True)
    events, size = np.atleast_1d(counts(observed, "observed")), np.atleast_1d(numbers(denominator, "denominator"))
    if place.shape != events.shape or events.shape != size.shape:
        raise ValueError("group: one a centre, as many as observed and denominator.")
    if target is None:
        together = np.bincount(place, events) / np.maximum(np.bincount(place, size), 1e-300)
        target = np.ones(len(events)) if kind == "ratio" else together[place]
    goal = np.broadcast_to(numbers(target, "target"), events.shape)
    centres = _Centres.of(events, size, goal, kind, has_expected=False)
    extra = _Extra(None, "arcsine", 1.0, 0.0)
    return Funnels(frozen({"group": names[place], "target": goal.copy(), **_columns(centres, limits, extra, exact=True)}), kind)


def curve(denominator: Any, target: float, kind: Kind = "proportion", level: float = 0.95) -> tuple[Numbers, Numbers]:
    """Return the exact interpolated limits at any denominators, for drawing."""
    size = np.atleast_1d(numbers(denominator, "denominator"))
    return _exact(size, target, kind, level)


def tail_reach(found: Funnel | Funnels, tail: float) -> Numbers:
    """Return, for each centre with a denominator, the exact chance of a flag if it has the target: of a tail below ``tail``."""
    shown = found.columns["denominator"] > 0
    target = found.target if isinstance(found, Funnel) else found.columns["target"][shown]
    case = (found.columns["denominator"][shown], target, found.kind)
    below, above = _quantile(tail, *case)[0] - 1, _quantile(1 - tail, *case)[0] + 1
    fewest = np.where(_at_most(below, *case) < tail, _at_most(below, *case), 0.0)
    beyond = np.where(_at_least(above, *case) < tail, above, above + 1)  # where the distribution meets the probability exactly
    most = _at_least(beyond, *case)
    return fewest + (np.where(beyond > case[0], 0.0, most) if found.kind == "proportion" else most)


@dataclass(frozen=True)
class _Centres:
    observed: Numbers
    denominator: Numbers
    value: Numbers
    target: Target
    kind: Kind
    why_not: npt.NDArray[np.str_]

    @staticmethod
    def of(observed: Any, denominator: Any, target: Target | None, kind: Kind, has_expected: bool) -> _Centres:
        if kind not in {"proportion", "ratio", "rate"}:
            raise ValueError(f"kind: {kind!r} is none of proportion, ratio, rate.")
        if has_expected and kind != "ratio":
            raise ValueError("expected: it belongs to kind='ratio'.")
        check = counts if kind == "proportion" else numbers
        events, size = np.atleast_1d(counts(observed, "observed")), np.atleast_1d(check(denominator, "denominator"))
        if events.shape != size.shape or events.ndim != 1:
            raise ValueError("observed and denominator: one number a centre, of the same length.")
        if (size < 0).any():
            raise ValueError("denominator: it cannot be negative.")
        if kind == "proportion" and (events > size).any():
            raise ValueError("observed: a centre has more events than patients.")
        nobody = size == 0
        goal = target if target is not None else 1.0 if kind == "ratio" else float(events.sum() / max(size.sum(), 1e-300))
        wrong = np.atleast_1d(goal)[(np.atleast_1d(goal) < 0) | ((kind == "proportion") & (np.atleast_1d(goal) > 1))]
        if wrong.size:
            raise ValueError(f"target: {wrong[0]} is out of range for a {kind}.")
        value = events / np.where(nobody, np.nan, size)
        return _Centres(events, size, value, goal, kind, np.where(nobody, _NOBODY if nobody.any() else "", ""))

    @property
    def shown(self) -> npt.NDArray[np.bool_]:
        return self.denominator > 0

    def cautions(self, *, given: bool) -> tuple[str, ...]:
        number = int(self.shown.sum())
        if number == 1 and not given and self.kind != "ratio":
            return ("One centre only: it is compared with itself. Compare it with its past or a published benchmark.",)
        if number < 5:
            return ("Fewer than five centres: read the probabilities, and do not rank.",)
        return ()


@dataclass(frozen=True)
class _Extra:
    """How much more than by chance the centres vary, and on which scale."""

    overdispersion: Overdispersion | None
    transform: Transform
    phi: float
    tau2: float

    @property
    def name(self) -> str:
        scale = f", {self.transform}" if self.overdispersion == "additive" else ""
        return f"{self.overdispersion} overdispersion{scale}" if self.overdispersion else ""

    @property
    def found(self) -> bool:
        return self.tau2 > 0 if self.overdispersion == "additive" else self.overdispersion is not None and self.phi > 1


def _name(level: float) -> str:
    """Return the name of a limit: 95 for .95, 998 for .998."""
    return f"{level:.10g}".partition(".")[2].ljust(2, "0")


def _exact(size: Numbers, target: Target, kind: Kind, level: float) -> tuple[Numbers, Numbers]:
    normal_quantile(level)
    sized = np.where(size > 0, size, 1.0)

    def limit(probability: float) -> Numbers:
        rank, up_to, below = _quantile(probability, sized, target, kind)
        # Continuous where the distribution meets the probability exactly: a rank one too high by rounding gives the same limit.
        found = np.maximum((rank - (up_to - probability) / (up_to - below)) / sized, 0.0)
        return np.where(size > 0, np.minimum(found, 1.0) if kind == "proportion" else found, np.nan)

    return limit(0.5 - level / 2), limit(0.5 + level / 2)


def _at_most(count: Numbers, size: Numbers, target: Target, kind: Kind) -> Numbers:
    """Return the chance of so many events or fewer at the target: binomial for proportions, else Poisson."""
    some = np.maximum(count, 0.0)
    if kind == "proportion":
        chance = np.where(some < size, betainc(np.maximum(size - some, 1.0), some + 1, 1 - target), 1.0)
    else:
        chance = gammaincc(some + 1, size * target)
    return np.where(count < 0, 0.0, chance)


def _at_least(count: Numbers, size: Numbers, target: Target, kind: Kind) -> Numbers:
    """Return the chance of so many events or more at the target."""
    some = np.maximum(count, 1.0)
    binomial = kind == "proportion"
    chance = betainc(some, np.maximum(size - some, 0.0) + 1, target) if binomial else gammainc(some, size * target)
    return np.where(count < 1, 1.0, chance)


def _apart(count: Numbers, size: Numbers, target: Target, kind: Kind) -> tuple[Numbers, Numbers]:
    """Return the chance of so many or fewer, and of more: one is worked out, the other is the rest where that loses no digit."""
    goal = np.broadcast_to(np.asarray(target, dtype=np.float64), size.shape)
    few = count < size * goal
    fewer, more = np.empty(size.shape), np.empty(size.shape)
    fewer[few], more[~few] = _at_most(count[few], size[few], goal[few], kind), _more(count[~few], size[~few], goal[~few], kind)
    more[few], fewer[~few] = 1 - fewer[few], 1 - more[~few]
    lost = np.flatnonzero(few & (fewer > _NEARLY_ALL))  # where next to nothing is expected
    more[lost] = _more(count[lost], size[lost], goal[lost], kind)
    lost = np.flatnonzero(~few & (more > _NEARLY_ALL))
    fewer[lost] = _at_most(count[lost], size[lost], goal[lost], kind)
    return fewer, more


_NEARLY_ALL = 0.9
"""One less a chance above this has lost a digit or more."""


def _more(count: Numbers, size: Numbers, target: Numbers, kind: Kind) -> Numbers:
    """Return the chance of more events at the target; of more than all patients, none."""
    chance = _at_least(count + 1, size, target, kind)
    return np.where(count >= size, 0.0, chance) if kind == "proportion" else chance


def _quantile(probability: float, size: Numbers, target: Target, kind: Kind) -> tuple[Numbers, Numbers, Numbers]:
    """Return the smallest count whose chance of so many or fewer reaches the probability, that chance, and the one below it."""
    goal = np.broadcast_to(np.asarray(target, dtype=np.float64), size.shape)
    # A guess from the normal distribution and the skewness (Cornish and Fisher) is seldom out by more than one; steps mend it.
    z, share = float(ndtri(probability)), goal if kind == "proportion" else np.zeros_like(goal)
    spread = np.sqrt(size * goal * (1 - share))
    near = size * goal + z * spread + (1 - 2 * share) * (z**2 - 1) / 6
    most = size if kind == "proportion" else np.full(size.shape, np.inf)
    rank = np.clip(np.floor(near + 0.5), 0.0, most)
    up_to, below = _at_most(rank, size, goal, kind), np.full(size.shape, np.nan)
    while (low := np.flatnonzero((up_to < probability) & (rank < most))).size:
        rank[low] += 1
        below[low], up_to[low] = up_to[low], _at_most(rank[low], size[low], goal[low], kind)
    unknown = np.flatnonzero(np.isnan(below))
    while unknown.size:
        below[unknown] = _at_most(rank[unknown] - 1, size[unknown], goal[unknown], kind)
        unknown = unknown[below[unknown] >= probability]
        rank[unknown] -= 1
        up_to[unknown] = below[unknown]
    return rank, up_to, below


def _spread(centres: _Centres) -> Numbers:
    """Return the standard deviation of a centre's value if it has the target."""
    share = centres.target * (1 - centres.target) if centres.kind == "proportion" else centres.target
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(share / centres.denominator)


def _scaled(centres: _Centres, transform: Transform) -> tuple[Numbers, float, Numbers]:
    """Return each value, the target, and the standard deviation on the transformed scale."""
    size, value, target = centres.denominator, centres.value, centres.target
    with np.errstate(divide="ignore", invalid="ignore"):
        if transform == "arcsine":
            if centres.kind != "proportion":
                raise ValueError("transform: arcsine is for proportions.")
            return np.arcsin(np.sqrt(value)), float(np.arcsin(np.sqrt(target))), 1 / (2 * np.sqrt(size))
        if transform == "square-root":
            return np.sqrt(value), float(np.sqrt(target)), 1 / (2 * np.sqrt(size))
        if transform == "log":
            return np.log(value), float(np.log(target)), 1 / np.sqrt(size * target)
        if transform == "log-counts":
            more = centres.observed + 0.5, size + 0.5
            spread = np.sqrt(centres.observed / more[0] ** 2 + size / more[1] ** 2)
            return np.log(more[0] / more[1]), float(np.log(target)), spread
    raise ValueError(f"transform: {transform!r} is none of arcsine, square-root, log, log-counts.")


def _back(scaled: Numbers, transform: Transform) -> Numbers:
    if transform == "arcsine":
        return np.sin(np.clip(scaled, 0, np.pi / 2)) ** 2
    return np.maximum(scaled, 0) ** 2 if transform == "square-root" else np.exp(scaled)


def _dispersion(
    centres: _Centres, overdispersion: Overdispersion | None, transform: Transform, winsorise: float
) -> tuple[float, float]:
    """Return phi and tau²: how much more the centres vary than chance alone would have them (Spiegelhalter 2005, section 5)."""
    if not 0 <= winsorise < 0.5:
        raise ValueError("winsorise: a share from 0 to below one half.")
    if overdispersion is None:
        return 1.0, 0.0
    additive = overdispersion == "additive"
    value, middle, spread = _scale(centres, overdispersion, transform)
    usable = centres.shown & np.isfinite(value) & (spread > 0)
    if usable.sum() < 2:
        return 1.0, 0.0
    z, weight = (value[usable] - middle) / spread[usable], spread[usable] ** -2.0
    if additive and transform == "log":
        left_out = int(winsorise * len(z))
        inside = np.sort(np.argsort(z, kind="stable")[left_out : len(z) - left_out])
        z, weight = z[inside], weight[inside]
    else:
        z = np.clip(z, *np.quantile(z, (winsorise, 1 - winsorise)))
    number, phi = len(z), float(np.mean(z**2))
    room = weight.sum() - (weight**2).sum() / weight.sum()
    tau2 = (number * phi - (number - 1)) / room if room > 0 else 0.0
    return phi, float(max(tau2, 0.0))


def _scale(centres: _Centres, overdispersion: Overdispersion | None, transform: Transform) -> tuple[Numbers, Target, Numbers]:
    return _scaled(centres, transform) if overdispersion == "additive" else (centres.value, centres.target, _spread(centres))


def _z(centres: _Centres, extra: _Extra) -> Numbers:
    """Return how many standard deviations each centre is from the target, by chance alone."""
    value, middle, spread = _scale(centres, extra.overdispersion, extra.transform)
    with np.errstate(invalid="ignore", divide="ignore"):
        z: Numbers = (value - middle) / spread
    return z


def _limits(centres: _Centres, level: float, extra: _Extra, *, exact: bool) -> tuple[Numbers, Numbers]:
    if extra.overdispersion is None and exact:
        return _exact(centres.denominator, centres.target, centres.kind, level)
    z = normal_quantile(level)
    if extra.overdispersion == "additive":
        _, middle, spread = _scaled(centres, extra.transform)
        half = round(z, 6) * np.sqrt(spread**2 + extra.tau2)  # six decimals, as the programs that the method comes from have it
        return _back(middle - half, extra.transform), _back(middle + half, extra.transform)
    half = z * _spread(centres) * np.sqrt(max(extra.phi, 1.0))
    return centres.target - half, centres.target + half


def _tails(centres: _Centres, extra: _Extra) -> dict[str, Numbers]:
    """Return P(so few or fewer) and P(so many or more), exact or the larger of the exact and the overdispersed.

    Beside them the exact ones that count the observed number by half.
    """
    sized, case = np.where(centres.shown, centres.denominator, 1.0), (centres.target, centres.kind)
    (low, more), (fewer, high) = _apart(centres.observed, sized, *case), _apart(centres.observed - 1, sized, *case)
    mid = {"mid_low": (low + fewer) / 2, "mid_high": (high + more) / 2}
    if extra.found:
        z = _overdispersed_z(centres, extra)
        low, high = np.fmax(low, ndtr(z)), np.fmax(high, ndtr(-z))
    return {name: np.where(centres.shown, tail, np.nan) for name, tail in ({"p_low": low, "p_high": high} | mid).items()}


def _overdispersed_z(centres: _Centres, extra: _Extra) -> Numbers:
    value, middle, chance = _scale(centres, extra.overdispersion, extra.transform)
    spread = chance * np.sqrt(extra.phi) if extra.overdispersion == "multiplicative" else np.sqrt(chance**2 + extra.tau2)
    with np.errstate(invalid="ignore", divide="ignore"):
        z: Numbers = (value - middle) / spread
    return z


def _flags(low: Numbers, high: Numbers, limits: tuple[float, ...]) -> npt.NDArray[np.str_]:
    """Return the widest limit that each centre is beyond; ``within`` if none, empty where there is no probability."""
    widest = max([6, *(len(f"high{_name(level)}") for level in limits)])
    flag = np.where(np.isnan(low), "", "within").astype(f"<U{widest}")
    for level in sorted(limits):
        tail = 0.5 - level / 2
        flag[low < tail] = f"low{_name(level)}"
        flag[high < tail] = f"high{_name(level)}"
    return flag
