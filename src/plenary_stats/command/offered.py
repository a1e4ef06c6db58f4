"""The one table of commands: each estimator, and which of its arguments are columns of the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from plenary_stats import adjustment, allocation, comparison, equity, monitoring, proportions, queues, rates, survival
from plenary_stats.command import shapes


@dataclass(frozen=True)
class Option:
    """An argument of the estimator that is not a column of the file. ``table``: it names a second CSV file, read whole."""

    name: str
    kind: Callable[[str], Any] = str
    help: str = ""
    many: bool = False
    needed: bool = False
    table: bool = False


@dataclass(frozen=True)
class Command:
    """One estimator. ``required`` and ``optional`` name its arguments that are columns of numbers; ``keys``, which are needed,
    and ``labels`` those of any text.

    With ``by_row`` the result has one figure a row of the file, and the file's columns are printed before it.
    """

    name: str
    help: str
    run: Callable[..., Any]
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    by_row: bool = False
    many: frozenset[str] = field(default_factory=frozenset)
    keys: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every argument that is a column of the file."""
        return (*self.keys, *self.required, *self.optional, *self.labels)


_LEVEL = Option("level", float, "confidence, .95 unless told")
_METHOD = Option("method", str, "which method, see the method page")
_AT = Option("at", float, "times at which figures are given", many=True)

COMMANDS: tuple[Command, ...] = (
    Command(
        "proportion",
        "proportions with limits",
        proportions.interval,
        ("successes", "trials"),
        options=(_METHOD, _LEVEL),
        by_row=True,
    ),
    Command("rate", "rates with limits", rates.interval, ("count", "exposure"), options=(_METHOD, _LEVEL), by_row=True),
    Command(
        "ratio",
        "observed against expected events",
        rates.indirectly_standardised,
        ("observed", "expected"),
        options=(_METHOD, _LEVEL),
        by_row=True,
    ),
    Command(
        "standardised-rate",
        "rates of areas as if all had the standard's ages (direct); a row an area and stratum",
        shapes.standardised_rate,
        ("events", "population", "standard"),
        options=(Option("method", str, "national, exact or gamma limits"), _LEVEL),
        keys=("area", "stratum"),
    ),
    Command(
        "standardised-ratio",
        "events of areas over those at the reference's rates (indirect); a row an area and stratum",
        shapes.standardised_ratio,
        ("events", "population"),
        ("reference_events", "reference_population"),
        options=(_METHOD, _LEVEL),
        keys=("area", "stratum"),
    ),
    Command(
        "funnel",
        "centres against a target, with control limits and flags",
        comparison.funnel,
        ("observed", "denominator"),
        options=(
            Option("target", float, "the national value; all centres together unless told"),
            Option("kind", str, "proportion, ratio or rate"),
            Option("overdispersion", str, "multiplicative or additive"),
            Option("winsorise", float, "share of z-scores drawn in at each end"),
        ),
        by_row=True,
    ),
    Command(
        "between-centres",
        "whether centres differ from one another",
        comparison.between_centres,
        ("events", "patients"),
        options=(Option("measure", str), _METHOD, _LEVEL),
    ),
    Command(
        "multiplicity", "p-values corrected for their number", comparison.multiplicity, ("p",), options=(_METHOD,), by_row=True
    ),
    Command(
        "survival",
        "Kaplan-Meier curves",
        survival.kaplan_meier,
        ("time", "event"),
        ("entry",),
        ("group",),
        (_AT, Option("interval", str, "log-log, log or plain"), _LEVEL),
    ),
    Command(
        "cumulative-incidence",
        "events of several causes (Aalen-Johansen)",
        survival.cumulative_incidence,
        ("time", "cause"),
        ("entry",),
        ("group",),
        (_AT, _LEVEL),
    ),
    Command(
        "logrank",
        "whether curves differ",
        survival.logrank,
        ("time", "event"),
        ("entry",),
        ("group", "strata"),
        (Option("rho", float),),
    ),
    Command(
        "relative-survival",
        "survival beside that of people of the same age, sex and year",
        shapes.relative,
        ("time", "event", "age"),
        options=(
            Option("life_table", str, "a CSV file with age, year, sex, hazard_per_day", needed=True, table=True),
            _AT,
            Option("method", str, "pohar-perme, ederer2, ederer1 or hakulinen"),
            _LEVEL,
        ),
        keys=("sex", "year"),
    ),
    Command(
        "logistic",
        "case-mix adjustment by logistic regression",
        adjustment.logistic,
        ("outcome", "covariates"),
        options=(Option("penalty", str, "firth"),),
        many=frozenset({"covariates"}),
    ),
    Command(
        "cox",
        "the Cox model of covariates",
        survival.cox,
        ("time", "event", "covariates"),
        ("entry",),
        ("strata", "cluster"),
        (Option("ties", str, "efron, breslow or exact"), _LEVEL),
        many=frozenset({"covariates"}),
    ),
    Command(
        "xmr",
        "a run chart with process limits and the rules that points break",
        monitoring.xmr,
        ("values",),
        options=(
            Option("better", str, "increase or decrease"),
            Option("target", float, "what is aimed at"),
            Option("fix_after", int, "limits come from so many first points"),
        ),
        by_row=True,
    ),
    Command(
        "racusum",
        "risk-adjusted CUSUM, patients in time order",
        monitoring.racusum,
        ("outcome", "risk"),
        options=(
            Option("odds_ratio", float, "the change looked for", needed=True),
            Option("limit", float, "a signal is above it", needed=True),
        ),
        by_row=True,
    ),
    Command("vlad", "expected less observed events, patients in time order", monitoring.vlad, ("outcome", "risk"), by_row=True),
    Command(
        "variation", "how far areas differ from what is expected", equity.variation, ("observed", "expected"), ("population",)
    ),
    Command(
        "slope-index",
        "the gradient over a ranking",
        equity.slope_index,
        ("rate", "population", "rank"),
        ("std_err",),
        options=(Option("scale", str, "linear, log or logit"), _LEVEL),
    ),
    Command(
        "moran",
        "whether areas are like their neighbours; each row names its area's neighbours, with ; between them",
        shapes.moran,
        ("values",),
        ("population",),
        options=(Option("style", str, "row or binary weights"), Option("variance", str, "randomisation or normality")),
        keys=("area", "neighbours"),
    ),
    Command(
        "accessibility",
        "what is within reach of each place; a row a place and centre",
        shapes.accessibility,
        ("demand", "supply", "cost"),
        options=(
            Option("method", str, "2sfca, huff or hansen"),
            Option("catchment", float, "how far people go (2sfca)"),
            Option("bandwidth", float, "nearer ones weigh more (2sfca)"),
            Option("power", float, "of the cost (huff, hansen), 2 unless told"),
            Option("decay", float, "exponential instead of a power (hansen)"),
        ),
        by_row=True,
        keys=("place", "centre"),
    ),
    Command(
        "p-median",
        "the sites from which so many centres serve people best, with the proof; a row a place and site",
        shapes.p_median,
        ("demand", "cost"),
        ("capacity",),
        options=(
            Option("p", int, "how many sites", needed=True),
            Option("fixed", str, "names of sites that stay", many=True),
            Option("most_nodes", int, "where the search stops"),
        ),
        keys=("place", "site"),
    ),
    Command(
        "catchment",
        "whom each site serves, and within which cost; a row a place and site",
        shapes.catchment,
        ("demand", "cost"),
        ("supply",),
        options=(
            Option("sites", str, "names of the sites there are; all unless told", many=True),
            Option("bands", float, "costs within which people are counted", many=True),
            Option("power", float, "of the cost, with --supply"),
        ),
        keys=("place", "site"),
    ),
    Command(
        "beds",
        "beds for a refusal rate, each unit alone and all together (Erlang B)",
        queues.pooling,
        ("loads",),
        options=(Option("refusal", float, "the share refused, .05 for one in twenty", needed=True),),
        by_row=True,
    ),
    Command(
        "waiting",
        "how often all beds are taken: refusals (Erlang B), waits (Erlang C), occupancy",
        shapes.waiting,
        ("servers", "load"),
        ("stay",),
        options=(Option("within", float, "a wait, in the unit of the stay"),),
        by_row=True,
    ),
    Command(
        "leximin",
        "fair whole-unit shares of a shortage",
        allocation.leximin,
        ("need", "floor"),
        options=(
            Option("supply", float, "how much there is", needed=True),
            Option("unit", float, "the size of one unit, 1 unless told"),
        ),
        by_row=True,
    ),
)
