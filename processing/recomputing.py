"""What is to be computed again: the sensors that a selection names, and how much it comes to.

Errors:
    UnknownSelectionError: a sensor, area or indicator that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from processing.context import recipes_in_force
from processing.defined.stored import put_definitions_in_force
from processing.indicators.recipes import (
    FormulaRecipe,
    HistoryRecipe,
    InterruptionRecipe,
    ReadingsRecipe,
    SiteSeriesRecipe,
)
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
    """Return the quantities that an indicator reads, itself or through others; None for all."""
    if indicator is None:
        return None
    recipes = recipes_in_force()
    recipe = recipes.get(indicator)
    if recipe is None:
        raise UnknownSelectionError(option="--indicator", found=indicator, expected=", ".join(recipes))
    if isinstance(recipe, SiteSeriesRecipe | ReadingsRecipe):
        return list(recipe.quantities)
    if isinstance(recipe, FormulaRecipe | HistoryRecipe):
        inputs = recipe.inputs if isinstance(recipe, FormulaRecipe) else (recipe.daily_input,)
        found = [_quantities(code) for code in inputs]
        named = [quantity for quantities in found for quantity in quantities or ()]
        return None if None in found else sorted(set(named))
    return [QUANTITY] if isinstance(recipe, InterruptionRecipe) else None


def select_sensors(connection: psycopg.Connection[TupleRow], selection: Selection) -> list[int]:
    """Return the sensors of a selection.

    Raises:
        UnknownSelectionError: the sensor, area or indicator does not exist.
    """
    put_definitions_in_force(connection)
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


def data_span(
    connection: psycopg.Connection[TupleRow], sensor_ids: Sequence[int], selection: Selection
) -> tuple[datetime, datetime] | None:
    """Return first and last hour of the sensors within the selection, None when they have nothing there."""
    row = connection.execute(
        statement("processing", "select_data_span"), _span_parameters(sensor_ids, selection)
    ).fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def count(
    connection: psycopg.Connection[TupleRow], sensor_ids: Sequence[int], selection: Selection
) -> Iterator[tuple[int, int]]:
    """Count the hours that would be computed again, some sensors at a time.

    Yields:
        How many sensors are counted, and how many hours they have.
    """
    for begin in range(0, len(sensor_ids), _SENSORS_PER_STEP):
        step = sensor_ids[begin : begin + _SENSORS_PER_STEP]
        row = connection.execute(
            statement("processing", "count_hours"), _span_parameters(step, selection)
        ).fetchone()
        yield begin + len(step), row[0] if row else 0


def count_cells(
    connection: psycopg.Connection[TupleRow], sensor_ids: Sequence[int], selection: Selection
) -> int:
    """Return how many published values the hours go into: of sensors, of their sites, and of areas."""
    row = connection.execute(
        statement("processing", "count_cells"), _span_parameters(sensor_ids, selection)
    ).fetchone()
    return row[0] if row else 0


def _span_parameters(sensor_ids: Sequence[int], selection: Selection) -> dict[str, object]:
    return {"sensor_ids": list(sensor_ids), "starts_at": selection.start, "ends_at": selection.end}
