"""Where centres stand: distances, who is nearest, where so many would serve people best, and what would change."""

from plenary_stats.location.centres import Catchment, Median, catchment, p_centre, p_median
from plenary_stats.location.ground import EARTH_RADIUS_KM, great_circle_km
from plenary_stats.location.plan import Assumptions, Plan, Site, Wish, plan
from plenary_stats.location.scenario import Change, Difference, Outlook, difference, outlook
from plenary_stats.location.travel import Travel, read_times, straight_line

__all__ = [
    "EARTH_RADIUS_KM",
    "Assumptions",
    "Catchment",
    "Change",
    "Difference",
    "Median",
    "Outlook",
    "Plan",
    "Site",
    "Travel",
    "Wish",
    "catchment",
    "difference",
    "great_circle_km",
    "outlook",
    "p_centre",
    "p_median",
    "plan",
    "read_times",
    "straight_line",
]
