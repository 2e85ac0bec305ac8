"""What the sensors of a site or an area say of it together: the worst of them, which is named, or their mean.

A sensor speaks where it stood when the period began. The completeness is the share of sensors with a value
among those with a cell, and n their number.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from domain.indicators import Direction, SubjectKind
from processing.arrays import Instants, Int4s
from processing.cells import Block, SubjectPeriods, row_in
from processing.columns import Cells, Note
from processing.indicators.recipes import AreaRule
from processing.judging import Judged, judge
from processing.loading import fetch_columns
from store import statement

if TYPE_CHECKING:
    from domain.periods import Period
    from processing.columns import Floats, Ints
    from processing.context import Context
    from processing.indicators.recipes import ReadingsRecipe


@dataclass(frozen=True, slots=True, eq=False)
class SensorValues:
    """Values of sensors over periods of one length, one row each.

    Attributes:
        sensor_id: whose they are.
        start: of the periods.
        value: NaN where there is none.
        subject_id: site or area of which they speak; equal to `sensor_id` until placed.
    """

    sensor_id: Ints
    start: Ints
    value: Floats
    subject_id: Ints

    def placed(self, row: Ints, subject_id: Ints) -> SensorValues:
        """Return the rows at these positions (which may repeat) as values of subjects."""
        return SensorValues(self.sensor_id[row], self.start[row], self.value[row], subject_id)


def load_values(context: Context, recipe: ReadingsRecipe, period: Period, starts: Ints) -> SensorValues:
    """Return the values of all sensors over the periods that begin at `starts`."""
    sensor_id, start, value = fetch_columns(
        context.connection,
        "select_sensor_values",
        {
            "starts": Instants(starts),
            "indicator_id": context.indicator_ids[recipe.indicator.code],
            "period": period.value,
        },
    )
    return SensorValues(sensor_id, start, value, sensor_id)


def spoken_block(
    context: Context,
    recipe: ReadingsRecipe,
    level: tuple[SubjectKind, Period],
    periods: SubjectPeriods,
    values: SensorValues,
) -> list[Block]:
    """Return the cells of sites or areas; none where no sensor has a cell.

    Args:
        context: of the claim.
        recipe: whose values they are.
        level: kind of the subjects, and length of the periods.
        periods: that are wanted.
        values: of sensors, placed.
    """
    row = row_in(periods, values.subject_id, values.start)
    # An area in another time zone has other days than its sensor; it has no value then.
    held = np.flatnonzero((row >= 0) & (periods.start[row] == values.start))
    if not len(held):
        return []
    row, value, sensor_id = row[held], values.value[held], values.sensor_id[held]
    lower_is_worse = recipe.indicator.direction is Direction.HIGHER
    badness = np.where(np.isnan(value), np.inf, value if lower_is_worse else -value)
    # The worst first, absent ones last, of equals the lowest number.
    order = np.lexsort((sensor_id, badness, row))
    row, value, sensor_id = row[order], value[order], sensor_id[order]
    rows, first, counts = np.unique(row, return_index=True, return_counts=True)
    known = np.isfinite(value)
    n = np.bincount(row, weights=known, minlength=len(periods.start))[rows].astype(np.int64)
    if recipe.area_rule is AreaRule.MEAN:
        total = np.bincount(row, weights=np.where(known, value, 0.0), minlength=len(periods.start))[rows]
        joint = np.divide(total, n, out=np.full(len(rows), np.nan), where=n > 0)
        leading = None
    else:
        joint, leading = value[first], sensor_id[first]
    kept = SubjectPeriods(*(column[rows] for column in periods))
    return [_block(context, recipe, level, kept, (joint, n, n / counts, leading))]


def _block(
    context: Context,
    recipe: ReadingsRecipe,
    level: tuple[SubjectKind, Period],
    periods: SubjectPeriods,
    found: tuple[Floats, Ints, Floats, Ints | None],
) -> Block:
    kind, period = level
    value, n, completeness, leading = found
    provisional = context.provisional(periods.end)
    verdicts, limits = (
        judge(
            context.targets,
            context.registry.tree.zones,
            Judged(recipe.indicator.code, period, periods, value, completeness, provisional),
        )
        if kind is SubjectKind.AREA
        else ((), None)
    )
    absent = np.isnan(value).tolist()
    cells = Cells(
        periods.start,
        periods.end,
        value,
        n,
        completeness,
        note=[Note.INCOMPLETE if gone else None for gone in absent],
        limit=limits,
        verdict=verdicts,
    )
    details: list[str | None] = [None] * len(value)
    if leading is not None:
        codes = _codes(context, leading)
        details = [
            None if gone else json.dumps({"sensor": codes[one]}, ensure_ascii=False)
            for one, gone in zip(leading.tolist(), absent, strict=True)
        ]
    return Block(
        context.indicator_ids[recipe.indicator.code],
        recipe.indicator,
        kind,
        period,
        periods.subject_id,
        cells,
        provisional,
        None,
        details,
    )


def _codes(context: Context, sensor_ids: Ints) -> dict[int, str]:
    rows = context.connection.execute(
        statement("processing", "select_sensor_codes"), {"sensor_ids": Int4s(np.unique(sensor_ids))}
    ).fetchall()
    return dict(rows)
