"""Roads, buses and bins in the engine: values by hand, and late readings against a rebuild."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

if TYPE_CHECKING:
    from tests.processing.engine.city import City

MIDNIGHT = datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
DAYS = 1
CODES = (
    *("tti", "buffer_index", "planning_time_index", "traffic_los", "bus_on_time", "bus_headway_cv"),
    *("bus_excess_wait", "smart_bins"),
)


def steps(minutes: int, value):
    """Return (time, value) of a day."""
    times = [MIDNIGHT + timedelta(minutes=k) for k in range(0, DAYS * 1440, minutes)]
    return [(at, found) for at in times if (found := value(at)) is not None]


def in_peak(at: datetime) -> bool:
    return 6 <= at.hour < 10 or 15 <= at.hour < 19


def set_parameter(city: City, indicator: str, name: str, value: float) -> None:
    city.owner.execute(
        "INSERT INTO indicator_parameter (indicator, name, value, valid_from, source)"
        " VALUES (%s, %s, %s, '2026-01-01', 'test')",
        (indicator, name, value),
    )


@pytest.fixture
def street(city: City) -> tuple[City, int, dict[int, list[tuple[datetime, float]]]]:
    """Two links of a ward (one by speed), a stop with a bus every 20 min, and two bins, one silent early."""
    _ = city.engine  # writes down which parameters there are
    for code in ("bus_headway_cv", "bus_excess_wait"):
        set_parameter(city, code, "scheduled_headway_s", 1200.0)
    set_parameter(city, "smart_bins", "bins_total", 4.0)
    area, gateway = city.area("ward"), city.gateway("g")
    road, stop = city.site("road", area, "road"), city.site("stop", area, "other")
    bins = [city.site(f"bin{k}", area, "bin") for k in (1, 2)]

    def in_service(at: datetime) -> bool:
        return 5 <= at.hour < 22 and not (at.hour == 5 and at.minute == 0)

    readings = {
        city.sensor(gateway, road, "vehicle_speed", 900): steps(15, lambda at: 30.0 if in_peak(at) else 60.0),
        city.sensor(gateway, road, "travel_time", 900): steps(15, lambda at: 130.0 if in_peak(at) else 100.0),
        city.sensor(gateway, stop, "headway", 1200): steps(
            20, lambda at: (400.0 if at.hour % 2 else 1600.0) if in_service(at) else None
        ),
        city.sensor(gateway, stop, "schedule_deviation", 1200): steps(
            20, lambda at: (0.0 if at.minute else 900.0) if in_service(at) else None
        ),
        city.sensor(gateway, bins[0], "bin_fill", 3600): steps(60, lambda _: 50.0),
        city.sensor(gateway, bins[1], "bin_fill", 3600): steps(
            60, lambda at: 50.0 if at < MIDNIGHT + timedelta(hours=10) else None
        ),
    }
    city.now = MIDNIGHT + timedelta(days=DAYS, hours=2)
    return city, area, readings


def test_values_of_a_ward_by_hand(street) -> None:
    """Links of 2.0 and 1.3 make 1.65; 34 of 50 buses are on time; a bin and a half of four bins."""
    city, area, readings = street
    for sensor, rows in readings.items():
        city.read(sensor, rows)
    city.engine.drain()
    found = {
        code: city.value(code, "area", area, "day", MIDNIGHT)
        for code in (*CODES[:5], "bus_excess_wait", "smart_bins")
    }
    # The reading of 09:00 is the second bin's last and holds for three intervals, to 12:00.
    assert found == {
        "tti": pytest.approx(1.65),
        "buffer_index": pytest.approx(0.0),
        "planning_time_index": pytest.approx(1.65),
        "traffic_los": pytest.approx((50 + 100 / 1.3) / 2),
        "bus_on_time": pytest.approx(100 * 34 / 50),
        "bus_excess_wait": pytest.approx(wait(readings) - 600.0),
        "smart_bins": pytest.approx(100 * 1.5 / 4),
    }
    speed, travel = list(readings)[:2]
    assert city.value("tti", "sensor", speed, "day", MIDNIGHT) == pytest.approx(2.0)
    assert city.value("tti", "sensor", travel, "day", MIDNIGHT) == pytest.approx(1.3)


def wait(readings) -> float:
    """Return the mean wait of the first day: Σ H² / 2 Σ H over headways that began in service."""
    rows = list(readings.values())[2]
    opens = MIDNIGHT + timedelta(hours=5)
    kept = [h for at, h in rows if at.date() == MIDNIGHT.date() and at - timedelta(seconds=h) >= opens]
    return sum(h * h for h in kept) / (2 * sum(kept))


def test_late_readings_equal_a_rebuild(street) -> None:
    """All readings in any order, computed in between: bit for bit what one claim of all gives."""
    city, _, readings = street
    chance = random.Random(3)  # noqa: S311 # reproducible on purpose
    rows = [(sensor, row) for sensor, found in readings.items() for row in found]
    chance.shuffle(rows)
    while rows:
        part, rows = rows[:200], rows[200:]
        for sensor in readings:
            mine = [row for one, row in part if one == sensor]
            if mine:
                city.read(sensor, mine)
        city.engine.drain()
    found = city.values()
    city.forget_everything()
    city.mark_everything()
    city.engine.drain()
    assert city.values() == found
    codes = city.owner.execute(
        "SELECT DISTINCT code FROM indicator_cell v JOIN indicator i ON i.id = indicator_id"
        " WHERE value IS NOT NULL AND period = 'day' AND subject_kind = 'area'"
    ).fetchall()
    assert {code for (code,) in codes} >= set(CODES)
