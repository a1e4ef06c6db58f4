"""Distances on the ground."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

EARTH_RADIUS_KM: Final = 6371.0088
"""The mean radius of the Earth (International Union of Geodesy and Geophysics)."""


def great_circle_km(latitude: Any, longitude: Any, latitudes: Any, longitudes: Any) -> npt.NDArray[np.float64]:
    """Return the straight-line distance in kilometres over the ground, by the haversine formula.

    Latitudes and longitudes are degrees; scalars and arrays broadcast. A missing coordinate (NaN) gives NaN. The Earth is
    taken as a sphere, so a distance may be wrong by up to 0.5 per cent. It is not a travel distance.
    """
    a = np.radians(np.asarray(latitude, dtype=np.float64))
    b = np.radians(np.asarray(latitudes, dtype=np.float64))
    across = np.radians(np.asarray(longitudes, dtype=np.float64)) - np.radians(np.asarray(longitude, dtype=np.float64))
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(across / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))), dtype=np.float64)
