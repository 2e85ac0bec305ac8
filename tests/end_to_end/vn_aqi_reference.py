"""VN_AQI of Quyết định 1459/QĐ-TCMT written out slowly, from the text, without any code of the platform.

The platform is compared with this day by day; it must therefore share nothing with it, not even the tables.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

INDEX = (0, 50, 100, 150, 200, 300, 400, 500)
TABLE = {
    "o3_1h": (0, 160, 200, 300, 400, 800, 1000, 1200),
    "o3_8h": (0, 100, 120, 170, 210, 400),
    "co": (0, 10000, 30000, 45000, 60000, 90000, 120000, 150000),
    "so2": (0, 125, 350, 550, 800, 1600, 2100, 2630),
    "no2": (0, 100, 200, 700, 1200, 2350, 3100, 3850),
    "pm10": (0, 50, 150, 250, 350, 420, 500, 600),
    "pm25": (0, 25, 50, 80, 150, 250, 350, 500),
}
COLUMNS = {"PM2.5": "pm25", "PM10": "pm10", "SO2": "so2", "NO2": "no2", "CO": "co", "O3": "o3"}


def sub_index(parameter: str, concentration: float) -> float:
    steps = TABLE[parameter]
    if concentration >= steps[-1]:
        return float(INDEX[len(steps) - 1])
    for low, high, index_low, index_high in zip(steps, steps[1:], INDEX, INDEX[1:], strict=False):
        if concentration <= high:
            return (index_high - index_low) / (high - low) * (concentration - low) + index_low
    raise AssertionError


def half_up(value: float) -> int:
    return math.floor(value + 0.5)


def read_station(path: Path) -> dict[str, dict[datetime, float]]:
    """Hourly means by pollutant and local start of the hour; missing cells are absent."""
    series: dict[str, dict[datetime, float]] = defaultdict(dict)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            hour = datetime(int(row["year"]), int(row["month"]), int(row["day"]), int(row["hour"]))
            for column, name in COLUMNS.items():
                if row[column] != "NA":
                    series[name][hour] = float(row[column])
    return series


def highest_8h(o3: dict[datetime, float], hours: list[datetime]) -> float | None:
    """Highest trailing 8-hour mean with at least 6 of 8 values."""
    means = []
    for hour in hours:
        window = [o3.get(hour - timedelta(hours=back)) for back in range(8)]
        present = [value for value in window if value is not None]
        if len(present) >= 6:
            means.append(sum(present) / len(present))
    return max(means, default=None)


def daily(series: dict[str, dict[datetime, float]], day: date) -> tuple[int, str] | None:
    """(VN_AQI, responsible parameter) of one local day, None without a valid PM10 or PM2.5."""
    midnight = datetime(day.year, day.month, day.day)
    hours = [midnight + timedelta(hours=h) for h in range(24)]
    parts: dict[str, float] = {}
    for name in COLUMNS.values():
        values = [series[name][h] for h in hours if h in series[name]]
        if len(values) < 18:
            continue
        if name in {"pm25", "pm10"}:
            parts[name] = sub_index(name, sum(values) / len(values))
        elif name != "o3":
            parts[name] = sub_index(name, max(values))
        else:
            parts["o3"] = sub_index("o3_1h", max(values))
            highest = highest_8h(series["o3"], hours)
            if highest is not None and highest <= 400:
                parts["o3"] = max(parts["o3"], sub_index("o3_8h", highest))
    if "pm25" not in parts and "pm10" not in parts:
        return None
    responsible = max(parts, key=lambda name: parts[name])
    return half_up(parts[responsible]), responsible


def nowcast(values: list[float | None]) -> float | None:
    """Nowcast of the 12 latest hourly means, newest first."""
    if sum(value is not None for value in values[:3]) < 2:
        return None
    present = [value for value in values if value is not None]
    if max(present) == 0:
        return 0.0
    weight = max(min(present) / max(present), 0.5)
    pairs = [(weight**i, value) for i, value in enumerate(values) if value is not None]
    return sum(w * v for w, v in pairs) / sum(w for w, _ in pairs)


def hourly(series: dict[str, dict[datetime, float]], hour: datetime) -> tuple[int, str] | None:
    """(VN_AQI, responsible parameter) of one hour, None without PM10 and PM2.5."""
    parts: dict[str, float] = {}
    for name in ("pm25", "pm10"):
        mean = nowcast([series[name].get(hour - timedelta(hours=back)) for back in range(12)])
        if mean is not None:
            parts[name] = sub_index(name, mean)
    if not parts:
        return None
    for name, column in (("so2", "so2"), ("no2", "no2"), ("co", "co"), ("o3", "o3_1h")):
        if hour in series[name]:
            parts[name] = sub_index(column, series[name][hour])
    responsible = max(parts, key=lambda name: parts[name])
    return half_up(parts[responsible]), responsible
