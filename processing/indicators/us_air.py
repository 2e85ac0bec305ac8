"""What the hourly and the daily US AQI share: truncation, sub-indices, their maximum.

Concentrations come in µg/m³ at 25 °C and are turned into ppb or ppm before they are truncated.
"""

from __future__ import annotations

from datetime import datetime, time
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from processing.columns import Bools, Floats, Ints, Note
from processing.grid import to_us
from processing.rulesets.us_aqi import Column, us_aqi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SOURCE: Final = (
    "40 CFR Part 58, Appendix G; EPA-454/B-24-002 (breakpoints from secondary transcriptions; PM2.5 of 2024 "
    "from 2024-05-06)"
)
# Of equal sub-indices the first in this order is named responsible.
PARAMETERS: Final = ("pm25", "pm10", "so2", "no2", "co", "o3")
OZONE_HOURS: Final = 8

# A decimal fraction that binary ones miss by a hair is not truncated to the step below.
_HAIR: Final = 1e-7
_PPB: Final = {"[ppb]": 1.0, "[ppm]": 1e-3}


class Highest(NamedTuple):
    """An index per period, and what decided it.

    Attributes:
        value: shape (k,), whole numbers, NaN without any sub-index.
        responsible: length k, the parameter with the highest sub-index, None where there is no value.
    """

    value: Floats
    responsible: Sequence[str | None]


def sub_index(parameter: str, averaging: str, ug_m3: Floats, instants: Ints, time_zone: str) -> Floats:
    """Return the unrounded index of concentrations by the table of each local day, shape (k,).

    NaN stays NaN; below the first row of a column that begins above 0, and above one that is not extended,
    there is none either. A negative concentration counts as 0.

    Args:
        parameter: quantity code.
        averaging: "1h", "8h" or "24h".
        ug_m3: shape (k,).
        instants: shape (k,), starts of the periods.
        time_zone: local time of the days.
    """
    columns = us_aqi().of(parameter, averaging)
    since = _since(parameter, averaging, time_zone)
    table = np.searchsorted(since, instants, side="right")
    found = np.full(len(ug_m3), np.nan)
    for k, column in enumerate(columns):
        here = table == k + len(since) - len(columns) + 1
        found[here] = _by_column(column, ug_m3[here])
    return found


def truncated(column: Column, ug_m3: Floats) -> Ints:
    """Return concentrations in steps of the column's last decimal, truncated; NaN gives -1."""
    amount = ug_m3
    if column.unit in _PPB:
        amount = ug_m3 / us_aqi().ug_m3_per_ppb[column.parameter] * _PPB[column.unit]
    steps = np.floor(np.maximum(amount, 0.0) * 10.0**column.decimals + _HAIR)
    return np.where(np.isnan(steps), -1, steps).astype(np.int64)


def _by_column(column: Column, ug_m3: Floats) -> Floats:
    steps = truncated(column, ug_m3)
    rows = np.array(column.rows)
    low, high = (np.rint(rows[:, k] * 10.0**column.decimals).astype(np.int64) for k in (0, 1))
    row = np.searchsorted(low, steps, side="right") - 1
    known = (steps >= 0) & (row >= 0)
    if not column.extended:
        known &= steps <= high[-1]
    row = np.maximum(row, 0)
    rise = rows[row, 3] - rows[row, 2]
    index = rise * (steps - low[row]) / (high[row] - low[row]) + rows[row, 2]
    return np.where(known, index, np.nan)


@cache
def _since(parameter: str, averaging: str, time_zone: str) -> Ints:
    zone = ZoneInfo(time_zone)
    days = [one.valid_from for one in us_aqi().of(parameter, averaging) if one.valid_from]
    return np.array([to_us(datetime.combine(day, time(), zone)) for day in days], np.int64)


def highest(sub_indices: Mapping[str, Floats]) -> Highest:
    """Return the maximum of the sub-indices of all `PARAMETERS`, rounded to the nearest whole number.

    Args:
        sub_indices: parameter -> shape (k,), NaN where it has none.
    """
    table = np.stack([sub_indices[name] for name in PARAMETERS])
    filled = np.where(np.isnan(table), -1.0, table)
    decisive, known = filled.argmax(axis=0), filled.max(axis=0) >= 0
    value = np.where(known, np.floor(filled.max(axis=0) + 0.5 + 1e-9), np.nan)
    return Highest(
        value,
        [
            PARAMETERS[one] if valid else None
            for one, valid in zip(decisive.tolist(), known.tolist(), strict=True)
        ],
    )


def ozone(eight_hours: Floats, one_hour: Floats) -> Floats:
    """Return the higher of the 8-hour and the 1-hour index of ozone, NaN without both."""
    return np.fmax(eight_hours, one_hour)


def sulphur(one_hour: Floats, beyond: Bools, day: Floats) -> Floats:
    """Return the index of SO2: by the 1-hour value; where it is `beyond` its column, by the 24-hour mean.

    A 24-hour mean below its own column gives 200, the highest index that a 1-hour value can.
    """
    return np.where(beyond, np.where(np.isnan(day), 200.0, day), one_hour)


def sulphur_beyond(ug_m3: Floats) -> Bools:
    """Return where a 1-hour SO2 concentration is above the last row of its column."""
    column = us_aqi().of("so2", "1h")[-1]
    beyond: Bools = truncated(column, ug_m3) > round(column.rows[-1][1] * 10**column.decimals)
    return beyond


def nowcast_ozone(hourly: Floats) -> Floats:
    """Return the weighted mean of each hour and the 7 before, weights w^(i-1), w = Cmin / Cmax, shape (h,).

    Over the available values; two of the three newest are needed, else NaN. No least weight: where w is 0
    the newest available value stands alone. All 0 gives 0.

    Args:
        hourly: shape (h,), one value per hour without gaps in time; NaN is missing.
    """
    padded = np.concatenate((np.full(OZONE_HOURS, np.nan), np.maximum(hourly, 0.0)))
    newest_first = np.lib.stride_tricks.sliding_window_view(padded, OZONE_HOURS)[1:, ::-1]
    there = ~np.isnan(newest_first)
    largest = np.where(there, newest_first, -np.inf).max(axis=1, initial=-np.inf)
    smallest = np.where(there, newest_first, np.inf).min(axis=1, initial=np.inf)
    step = np.ones(len(hourly))
    np.divide(smallest, largest, out=step, where=there.any(axis=1) & (largest > 0))
    # Counted from the newest available value: a common factor changes no mean, and w = 0 divides by nothing.
    power = np.maximum(np.arange(OZONE_HOURS) - there.argmax(axis=1)[:, None], 0)
    weight = np.where(there, step[:, None] ** power, 0.0)
    total = weight.sum(axis=1)
    mean = np.full(len(hourly), np.nan)
    np.divide((weight * np.where(there, newest_first, 0.0)).sum(axis=1), total, out=mean, where=total > 0)
    return np.where(there[:, :3].sum(axis=1) >= 2, mean, np.nan)  # noqa: PLR2004 # two of the three


def notes(value: Floats, hours: Ints) -> list[str | None]:
    """Return why a value is absent: nothing was measured, or too little of everything."""
    return [
        None if known else Note.INCOMPLETE if count else Note.NO_DATA
        for known, count in zip((~np.isnan(value)).tolist(), hours.tolist(), strict=True)
    ]
