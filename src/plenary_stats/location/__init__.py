"""Where centres stand: distances, who is nearest to which, and where so many centres would serve people best."""

from plenary_stats.location.centres import Catchment, Median, catchment, p_centre, p_median
from plenary_stats.location.ground import EARTH_RADIUS_KM, great_circle_km

__all__ = ["EARTH_RADIUS_KM", "Catchment", "Median", "catchment", "great_circle_km", "p_centre", "p_median"]
