"""Files of hourly measurements go in over MQTT and come out as VN_AQI, as the decision's text has it."""

from __future__ import annotations

import csv
import json
import math
import os
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end import vn_aqi_reference as reference

OUTCOMES = ("stored", "duplicate", "conflict", "quarantined", "rejected")
# Every published value with its revision and the time of its computation.
FINGERPRINT = """
    SELECT count(*), md5(string_agg(c::text, '|'
               ORDER BY c.indicator_id, c.subject_kind, c.subject_id, c.period, c.period_start))
    FROM indicator_cell c WHERE NOT c.provisional
"""
HEADER = [
    "No",
    "year",
    "month",
    "day",
    "hour",
    *reference.COLUMNS,
    "TEMP",
    "PRES",
    "DEWP",
    "RAIN",
    "wd",
    "WSPM",
]


def write_station(path: Path, name: str, days: int, seed: int) -> None:
    """Write a made-up station in the format of the Beijing multi-site set, with gaps of hours and of days."""
    rng = random.Random(seed)  # noqa: S311 # made-up weather, not cryptography
    level = {"PM2.5": 60.0, "PM10": 90.0, "SO2": 20.0, "NO2": 50.0, "CO": 1200.0, "O3": 60.0}
    gap_left = dict.fromkeys(level, 0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow([*HEADER, "station"])
        start = datetime(2016, 2, 20)
        for i in range(days * 24):
            hour = start + timedelta(hours=i)
            cells: list[object] = []
            for column, before in level.items():
                level[column] = max(1.0, before * math.exp(rng.gauss(0, 0.12)))
                if gap_left[column] == 0 and rng.random() < 0.01:
                    gap_left[column] = rng.choice([1, 2, 5, 9, 40])
                gap_left[column] = max(0, gap_left[column] - 1)
                swing = 1.6 + math.sin((hour.hour - 9) / 24 * 2 * math.pi) if column == "O3" else 1.0
                cells.append(None if gap_left[column] else round(level[column] * swing))
            row = [i + 1, hour.year, hour.month, hour.day, hour.hour]
            text = [*row, *cells, 1.5, 1020, -8.0, 0, "NW", 2.1]
            file.write(",".join("NA" if cell is None else f'"{cell}"' if isinstance(cell, str) else str(cell)
                                for cell in text) + f',"{name}"\r\n')  # fmt: skip


def computed(platform: Any, code: str, site: str, period: str, **span: str) -> dict[str, dict[str, Any]]:
    values = platform.items(f"/api/v1/indicators/{code}/values", site=site, period=period, **span)
    return {value["period_start"]: value for value in values}


def check_air(platform: Any, path: Path, site: str) -> int:
    """Compare every day and a sample of hours of a station; return the number of days that had a value."""
    series = reference.read_station(path)
    first = min(min(hours) for hours in series.values())
    last = max(max(hours) for hours in series.values())
    days = computed(platform, "vn_aqi_day", site, "day")
    valid = 0
    day = first.date()
    while day <= last.date():
        wanted = reference.daily(series, day)
        got = days.get(f"{day.isoformat()}T00:00:00+08:00")
        if wanted is None:
            assert got is None or got["value"] is None, (day, got)
        else:
            valid += 1
            assert got is not None, day
            assert (got["value"], got["responsible"]) == wanted, day
        day += timedelta(days=1)
    hours = computed(
        platform, "vn_aqi_hour", site, "hour", **{"from": str(first.date()), "to": str(last.date())}
    )
    hour = first
    while hour < datetime(last.year, last.month, last.day):
        wanted = reference.hourly(series, hour)
        got = hours.get(f"{hour.isoformat()}+08:00")
        if wanted is None:
            assert got is None or got["value"] is None, (hour, got)
        else:
            assert got is not None, hour
            assert (got["value"], got["responsible"]) == wanted, hour
        hour += timedelta(hours=1)
    return valid


def replay(platform: Any, *files: Path, mapping: str = "beijing_air") -> dict[str, Any]:
    done = platform.nhip("replay", *map(str, files), "--mapping", mapping, "--json")
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    platform.settle()
    return summary


def cells_of(path: Path) -> tuple[int, int]:
    """(present, missing) pollutant cells of a file."""
    with path.open(newline="", encoding="utf-8") as file:
        cells = [row[column] for row in csv.DictReader(file) for column in reference.COLUMNS]
    missing = cells.count("NA")
    return len(cells) - missing, missing


def ledger(platform: Any, gateway: str) -> dict[str, int]:
    answer = platform.http.get("/api/v1/accounting", params={"gateway": gateway})
    assert answer.status_code == 200, answer.text
    return {key: answer.json()[key] for key in ("received", *OUTCOMES)}


def replay_twice(platform: Any, path: Path, site: str) -> None:
    present, missing = cells_of(path)
    summary = replay(platform, path)
    assert (summary["published"], summary["acknowledged"], summary["missing"]) == (present, present, missing)
    stored = platform.query(
        "SELECT count(*) FROM reading r JOIN sensor s ON s.id = r.sensor_id JOIN site t ON t.id = s.site_id"
        " WHERE t.code = %s",
        site,
    )
    assert stored == [(present,)]
    gateway = platform.query(
        "SELECT g.code FROM gateway g JOIN sensor s ON s.gateway_id = g.id"
        " JOIN site t ON t.id = s.site_id WHERE t.code = %s LIMIT 1",
        site,
    )[0][0]
    counts = ledger(platform, gateway)
    assert counts["stored"] == present
    assert counts["received"] == sum(counts[outcome] for outcome in OUTCOMES)
    assert check_air(platform, path, site) > 0

    before = platform.query(FINGERPRINT)
    replay(platform, path)
    assert platform.query(FINGERPRINT) == before
    assert ledger(platform, gateway)["stored"] == present


def test_made_up_station_equals_the_text_of_the_decision(platform: Any, tmp_path: Path) -> None:
    """Two months with gaps: all cells stored once, all values right, a second replay changes nothing."""
    path = tmp_path / "Hoan Kiem.csv"
    write_station(path, "HoanKiem", days=60, seed=1459)
    replay_twice(platform, path, "hoankiem")


def shared_air() -> Path | None:
    """The folder of real stations, where the machine has one beside the project."""
    chosen = os.environ.get("NHIP_SHARED_DATA")
    roots = [Path(chosen)] if chosen else [parent / "shared" / "data" for parent in Path(__file__).parents]
    return next((root / "beijing_air" for root in roots if (root / "beijing_air").is_dir()), None)


@pytest.mark.skipif(
    shared_air() is None, reason="needs real measurements beside the project (NHIP_SHARED_DATA)"
)
def test_four_real_years_equal_the_text_of_the_decision(platform: Any) -> None:
    """A real station, 2013 to 2017: as above, at the size of the real thing."""
    folder = shared_air()
    assert folder is not None
    replay_twice(platform, folder / "Wanliu.csv", "wanliu")
