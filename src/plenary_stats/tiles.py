"""A tile map: every area a hexagon of the same size, near its true place and beside its true neighbours.

Large rural areas and small urban ones then weigh the same to the eye. The layout is found, not drawn by hand: centroids are
assigned to the cells of a hexagonal grid with the least total squared displacement (Hungarian algorithm), and then improved by
moving and swapping tiles while that brings true neighbours together. Nothing is random: the same areas give the same tiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_ROW_HEIGHT: Final = np.sqrt(3) / 2
"""The distance between rows of hexagons whose centres are one apart in a row."""

_APART: Final = 1.5
"""What one missing step between neighbours weighs against one squared tile of displacement: found by trying; see the tests."""

_SCALES: Final = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
"""Tile sizes that are tried, as shares of the size at which the tiles have the areas' total extent."""


REGIONS: Final = MappingProxyType(
    {
        "Scotland": (2, 0),
        "Northern Ireland": (0, 1),
        "North West": (1, 1),
        "North East and Yorkshire": (2, 1),
        "Wales": (1, 2),
        "Midlands": (2, 2),
        "East of England": (3, 2),
        "South West": (1, 3),
        "South East": (2, 3),
        "London": (3, 3),
    }
)
"""The column and row of each region of England and of the other nations, as they touch on land: so few are placed by hand."""


@dataclass(frozen=True)
class Layout:
    """Cells of an "odd-r" grid: ``row`` counts from the north downwards, odd rows stand half a tile to the right.

    ``kept`` is the share of neighbour pairs that still touch; ``displacement`` the root mean squared shift in tiles.
    """

    column: Integers
    row: Integers
    kept: float
    displacement: float


def steps(column: Integers, row: Integers) -> Integers:
    """Return the matrix of steps between hexagonal cells of an odd-r grid: 1 means that they touch."""
    q = column - (row - (row & 1)) // 2
    dq, dr = q[:, None] - q[None, :], row[:, None] - row[None, :]
    return np.asarray((np.abs(dq) + np.abs(dr) + np.abs(dq + dr)) // 2, dtype=np.int64)


def layout(latitude: Sequence[float], longitude: Sequence[float], neighbours: Sequence[tuple[int, int]]) -> Layout:
    """Return the best layout over a few tile sizes.

    ``latitude`` and ``longitude`` are centroids in degrees; ``neighbours`` holds index pairs. Raises ``ValueError`` where the
    lengths differ, a coordinate is missing or a pair points nowhere.
    """
    points = _flatten(np.asarray(latitude, dtype=np.float64), np.asarray(longitude, dtype=np.float64))
    pairs = np.asarray(neighbours, dtype=np.int64).reshape(-1, 2)
    if len(pairs) and (pairs.min() < 0 or pairs.max() >= len(points)):
        raise ValueError("A neighbour pair points at an area that is not there.")
    if len(points) == 0:
        return Layout(np.zeros(0, np.int64), np.zeros(0, np.int64), 1.0, 0.0)
    found = [_at_scale(points, pairs, scale) for scale in _SCALES]
    return min(found, key=lambda one: (-one.kept, one.displacement))


def _flatten(latitude: Floats, longitude: Floats) -> Floats:
    """Return x to the east and y to the south, both in the same unit, true at the middle latitude."""
    if latitude.shape != longitude.shape or not np.isfinite(latitude).all() or not np.isfinite(longitude).all():
        raise ValueError("Every area needs a latitude and a longitude.")
    if len(latitude) == 0:
        return np.zeros((0, 2))
    middle = np.radians((latitude.min() + latitude.max()) / 2)
    return np.column_stack([longitude * np.cos(middle), -latitude])


def _at_scale(points: Floats, pairs: Integers, scale: float) -> Layout:
    extent = np.ptp(points, axis=0)
    # A long thin country is not to be strung out over empty cells, and a single place needs some size.
    side = scale * max(np.sqrt(extent.prod() / len(points)), extent.max() / len(points), 1e-6)
    placed = (points - points.min(axis=0)) / side
    column, row = _cells(placed)
    where = np.column_stack([column + 0.5 * (row & 1), row * _ROW_HEIGHT])
    cost = ((placed[:, None, :] - where[None, :, :]) ** 2).sum(axis=2)
    _, chosen = linear_sum_assignment(cost)
    chosen = _improve(np.asarray(chosen, dtype=np.int64), cost, steps(column, row), pairs)
    kept = steps(column[chosen], row[chosen])[pairs[:, 0], pairs[:, 1]] == 1
    shift = np.sqrt(cost[np.arange(len(points)), chosen].mean())
    top, left = row[chosen].min(), column[chosen].min()
    top -= top & 1  # an even shift keeps the odd rows odd
    return Layout(column[chosen] - left, row[chosen] - top, float(kept.mean()) if len(pairs) else 1.0, float(shift))


def _cells(placed: Floats) -> tuple[Integers, Integers]:
    """Return every cell of a grid that covers the points with two cells to spare on each side."""
    width, height = placed.max(axis=0)
    columns = np.arange(-2, int(np.ceil(width)) + 3)
    rows = np.arange(-2, int(np.ceil(height / _ROW_HEIGHT)) + 3)
    column, row = np.meshgrid(columns, rows)
    return column.ravel().astype(np.int64), row.ravel().astype(np.int64)


def _improve(chosen: Integers, cost: Floats, distance: Integers, pairs: Integers) -> Integers:
    """Move each tile to the cell, empty or taken, that helps most, until no single move or swap helps."""
    chosen = chosen.copy()
    beside = [np.unique(np.concatenate([pairs[pairs[:, 0] == i, 1], pairs[pairs[:, 1] == i, 0]])) for i in range(len(chosen))]
    better = True
    while better:
        better = False
        for tile in range(len(chosen)):
            cell = _best_cell(tile, chosen, cost, distance, beside)
            if cell != chosen[tile]:
                chosen = _moved(chosen, tile, cell)
                better = True
    return chosen


def _moved(chosen: Integers, tile: int, cell: int) -> Integers:
    """Return the layout with the tile in the cell; a tile that was there takes the place left."""
    after = chosen.copy()
    after[chosen == cell] = chosen[tile]
    after[tile] = cell
    return after


def _best_cell(tile: int, chosen: Integers, cost: Floats, distance: Integers, beside: list[Integers]) -> int:
    holder = {int(cell): other for other, cell in enumerate(chosen)}
    best, gain = int(chosen[tile]), 1e-9
    for cell in range(cost.shape[1]):
        moving = [tile] if cell not in holder else [tile, holder[cell]]
        after = _moved(chosen, tile, cell)
        change = _energy(moving, chosen, cost, distance, beside) - _energy(moving, after, cost, distance, beside)
        if change > gain:
            best, gain = cell, change
    return best


def _energy(tiles: list[int], chosen: Integers, cost: Floats, distance: Integers, beside: list[Integers]) -> float:
    """Return what these tiles cost: squared displacement, and steps that keep true neighbours apart."""
    total = 0.0
    for tile in tiles:
        apart = distance[chosen[tile], chosen[beside[tile]]] - 1
        total += float(cost[tile, chosen[tile]]) + _APART * float(apart.sum())
    return total
