"""Equity of access: who reaches a service, from where, and what could chance alone have done?"""

from plenary_stats.access.counts import Block, Residents, counted, residents
from plenary_stats.access.distance import Spread, distance_table, distances
from plenary_stats.access.figures import equity_of_access
from plenary_stats.access.residence import (
    FAULTS,
    LAST_OF_FIRST,
    Residence,
    common_areas,
    crosswalk,
    faults_of_maps,
    residence,
)
from plenary_stats.access.service import of_service
from plenary_stats.access.together import at_least, morans, slopes, trend, variations

__all__ = [
    "FAULTS",
    "LAST_OF_FIRST",
    "Block",
    "Residence",
    "Residents",
    "Spread",
    "at_least",
    "common_areas",
    "counted",
    "crosswalk",
    "distance_table",
    "distances",
    "equity_of_access",
    "faults_of_maps",
    "morans",
    "of_service",
    "residence",
    "residents",
    "slopes",
    "trend",
    "variations",
]
