"""Comparing centres: with a target, with one another, two groups of patients, and many comparisons at once."""

from plenary_stats.comparison.between import Between, between_centres
from plenary_stats.comparison.funnels import FEW_CENTRES, Funnel, Funnels, Kind, Overdispersion, Transform, curve, funnel, funnels
from plenary_stats.comparison.groups import Groups, Stratified, Trend, mantel_haenszel, trend, two_groups
from plenary_stats.comparison.looks import ByChance, Multiplicity, by_chance, multiplicity

__all__ = [
    "FEW_CENTRES",
    "Between",
    "ByChance",
    "Funnel",
    "Funnels",
    "Groups",
    "Kind",
    "Multiplicity",
    "Overdispersion",
    "Stratified",
    "Transform",
    "Trend",
    "between_centres",
    "by_chance",
    "curve",
    "funnel",
    "funnels",
    "mantel_haenszel",
    "multiplicity",
    "trend",
    "two_groups",
]
