"""Time to an event, when some have not been followed long enough: curves, tests, competing events, models, relative survival."""

from plenary_stats.survival.background import RelativeSurvival, relative
from plenary_stats.survival.centres import CentreRatios, centre_ratios
from plenary_stats.survival.competing import CumulativeIncidence, Gray, cumulative_incidence, gray
from plenary_stats.survival.curves import KaplanMeier, kaplan_meier
from plenary_stats.survival.diagnostics import Concordance, ProportionalHazards, concordance, proportional_hazards
from plenary_stats.survival.difference import LogRank, logrank
from plenary_stats.survival.regression import Cox, cox

__all__ = [
    "CentreRatios",
    "Concordance",
    "Cox",
    "CumulativeIncidence",
    "Gray",
    "KaplanMeier",
    "LogRank",
    "ProportionalHazards",
    "RelativeSurvival",
    "centre_ratios",
    "concordance",
    "cox",
    "cumulative_incidence",
    "gray",
    "kaplan_meier",
    "logrank",
    "proportional_hazards",
    "relative",
]
