"""Hourly means of a station, as the slow reference wants them and as the platform does."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random

import numpy as np

from processing.columns import SiteHours
from processing.grid import HOUR_US, to_us

Series = dict[str, dict[datetime, float]]  # quantity -> local start of the hour (naive) -> mean

HANOI = "Asia/Ho_Chi_Minh"
SCALE = {"pm25": 60, "pm10": 90, "so2": 20, "no2": 60, "co": 1500, "o3": 80}


def shared_air() -> list[Path]:
    """Files of real stations beside the project; none where there are none."""
    chosen = os.environ.get("NHIP_SHARED_DATA")
    roots = [Path(chosen)] if chosen else [parent / "shared" / "data" for parent in Path(__file__).parents]
    return [file for root in roots for file in sorted((root / "beijing_air").glob("*.csv"))]


def synthetic(seed: int, first: datetime, days: int) -> Series:
    """A station with episodes beyond every breakpoint, single gaps, long gaps and dead instruments."""
    random = Random(seed)  # noqa: S311 # weather, not secrets
    series: Series = {}
    for name, scale in SCALE.items():
        values: dict[datetime, float] = {}
        level, gap = 1.0, 0
        for k in range(days * 24):
            level = min(max(level * random.choice((0.8, 0.95, 1.0, 1.05, 1.25)), 0.02), 40.0)
            if gap == 0 and random.random() < 0.02:
                gap = random.choice((1, 1, 2, 3, 5, 7, 8, 30))
            if gap:
                gap -= 1
                continue
            values[first + timedelta(hours=k)] = float(round(scale * level, random.choice((0, 1))))
        series[name] = values
    return series


def site_hours(
    series: Series,
    first: datetime,
    days: int,
    *,
    zone: str = HANOI,
    utc_offset_h: int = 7,
    lead_hours: int = 11,
) -> SiteHours:
    """The series from `lead_hours` before the local midnight `first` over `days` days of 24 hours."""
    local = timezone(timedelta(hours=utc_offset_h))
    start = to_us(first.replace(tzinfo=local))
    rows = {
        name: (
            np.array([to_us(hour.replace(tzinfo=local)) for hour in values], np.int64),
            np.array(list(values.values()), np.float64),
        )
        for name, values in series.items()
    }
    return SiteHours.on_grid(start - lead_hours * HOUR_US, start + days * 24 * HOUR_US, zone, rows)


def flat(first: datetime, hours: range, **levels: float) -> Series:
    """The same mean of each quantity in each of the hours counted from `first`."""
    return {name: {first + timedelta(hours=k): level for k in hours} for name, level in levels.items()}
