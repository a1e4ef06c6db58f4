"""Time to an event, when some have not been followed long enough: curves, tests, competing events, models, relative survival."""

from plenary_stats.survival.competing import CumulativeIncidence, Gray, cumulative_incidence, gray
from plenary_stats.survival.curves import KaplanMeier, kaplan_meier
from plenary_stats.survival.difference import LogRank, logrank

__all__ = ["CumulativeIncidence", "Gray", "KaplanMeier", "LogRank", "cumulative_incidence", "gray", "kaplan_meier", "logrank"]
