"""Equity of access: how far areas differ, whether neighbours are alike, the gradient over deprivation, what is within reach."""

from plenary_stats.equity.gradient import SlopeIndex, slope_index
from plenary_stats.equity.neighbours import (
    Autocorrelation,
    LocalMoran,
    SmoothedRates,
    geary,
    getis_ord,
    local_moran,
    moran,
    smoothed_rates,
)
from plenary_stats.equity.reach import Accessibility, accessibility
from plenary_stats.equity.spread import Variation, variation

__all__ = [
    "Accessibility",
    "Autocorrelation",
    "LocalMoran",
    "SlopeIndex",
    "SmoothedRates",
    "Variation",
    "accessibility",
    "geary",
    "getis_ord",
    "local_moran",
    "moran",
    "slope_index",
    "smoothed_rates",
    "variation",
]
