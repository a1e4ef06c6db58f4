"""Comparing centres: with a target, with one another, two groups of patients, and many comparisons at once."""

from plenary_stats.comparison.funnels import FEW_CENTRES, Funnel, Kind, Overdispersion, Transform, curve, funnel

__all__ = ["FEW_CENTRES", "Funnel", "Kind", "Overdispersion", "Transform", "curve", "funnel"]
