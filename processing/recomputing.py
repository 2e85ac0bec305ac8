"""Ask the engines to compute hours again; they do it as they do late data.

Errors:
    UnknownSelectionError: a sensor, area or indicator that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from processing.indicators import discover
from processing.indicators.recipes import InterruptionRecipe, SiteSeriesRecipe
from processing.interruptions import QUANTITY
from store import statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    import psycopg
    from psycopg.rows import TupleRow

_SENSORS_PER_STEP: Final = 50


class UnknownSelectionError(LookupError):
    """Something was named that does not exist."""

    def __init__(self, *, option: str, found: str, expected: str) -> None:
        self.option = option
        self.found = found
        self.expected = expected
        super().__init__(f"{option}: found {found!r}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which hours: all of them where nothing is named."""

    start: datetime
    end: datetime
    sensor: str | None = None
    area: str | None = None
    indicator: str | None = None


def _quantities(indicator: str | None) -> list[str] | None:
    """Return the quantities that an indicator reads; None for all."""
    if indicator is None:
        return None
    recipe = discover().get(indicator)
    if recipe is None:
        raise UnknownSelectionError(option="--indicator", found=indicator, expected=", ".join(discover()))
    if isinstance(recipe, SiteSeriesRecipe):
        return list(recipe.quantities)
    return [QUANTITY] if isinstance(recipe, InterruptionRecipe) else None


def select_sensors(connection: psycopg.Connection[TupleRow], selection: Selection) -> list[int]:
    """Return the sensors of a selection.

    Raises:
        UnknownSelectionError: the sensor, area or indicator does not exist.
    """
    quantities = _quantities(selection.indicator)
    if selection.area is not None:
        known = connection.execute(
            statement("processing", "select_area_exists"), {"area": selection.area}
        ).fetchone()
        if known is None or not known[0]:
            raise UnknownSelectionError(option="--area", found=selection.area, expected="the code of an area")
    rows = connection.execute(
        statement("processing", "select_recompute_sensors"),
        {"sensor": selection.sensor, "area": selection.area, "quantities": quantities},
    ).fetchall()
    if selection.sensor is not None and not rows:
        expected = "the code or number of a sensor within the other options"
        raise UnknownSelectionError(option="--sensor", found=selection.sensor, expected=expected)
    return [row[0] for row in rows]


def mark(
    connection: psycopg.Connection[TupleRow],
    sensor_ids: Sequence[int],
    selection: Selection,
    *,
    dry_run: bool,
) -> Iterator[tuple[int, int]]:
    """Mark the sensors' hours some sensors at a time (each its own transaction on autocommit).

    Yields:
        How many sensors are done, and how many hours were marked (or would be) in this step.
    """
    name = "count_hours" if dry_run else "mark_hours"
    for begin in range(0, len(sensor_ids), _SENSORS_PER_STEP):
        step = list(sensor_ids[begin : begin + _SENSORS_PER_STEP])
        row = connection.execute(
            statement("processing", name),
            {"sensor_ids": step, "from": selection.start, "to": selection.end},
        ).fetchone()
        yield begin + len(step), row[0] if row else 0
    if not dry_run:
        connection.execute(statement("processing", "notify_dirty"))
