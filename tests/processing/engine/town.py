"""A town with every awkward kind of sensor, its history of four days, and how readings arrive."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.processing.engine.city import START

if TYPE_CHECKING:
    import random
    from datetime import datetime

    from tests.processing.engine.city import City

HOUR = timedelta(hours=1)


class Town:
    """Two wards with air stations, a feeder, and sensors of awkward intervals; a history of four days."""

    def __init__(self, city: City) -> None:
        top = city.area("city")
        wards = [city.area("one", top), city.area("two", top)]
        stations = [city.site("s1", wards[0]), city.site("s2", wards[1])]
        live, archive = city.gateway("live"), city.gateway("archive", archive=True)
        self.kinds: dict[int, tuple[str, float]] = {}
        for gateway, site in ((live, stations[0]), (archive, stations[1])):
            for quantity in ("pm25", "pm10", "o3"):
                self.kinds[city.sensor(gateway, site, quantity, 3600, 3600)] = ("hourly", 3600)
        # A second instrument for the same quantity at the first station.
        self.kinds[city.sensor(live, stations[0], "pm25", 1200)] = ("gauge", 1200)
        self.kinds[city.sensor(live, stations[1], "vehicle_count", 420)] = ("counter", 420)
        self.kinds[city.sensor(archive, stations[0], "water_level", 10800)] = ("gauge", 10800)
        feeder = city.site("f1", wards[0], "feeder", customers=120)
        self.kinds[city.sensor(live, feeder, "supply_state", 300)] = ("state", 300)
        self.calibrated = next(iter(self.kinds))
        city.owner.execute(
            "INSERT INTO calibration (sensor_id, performed_at, valid_from, valid_to, scale, value_offset)"
            " VALUES (%s, %s, %s, %s, 1.1, -2)",
            (self.calibrated, START, START + 30 * HOUR, START + 50 * HOUR),
        )

    def history(self, chance: random.Random, days: int = 4) -> list[tuple[int, datetime, float, int, int]]:
        """Readings with gaps of hours, bad flags and states, jitter, and supply that comes and goes."""
        rows = []
        for sensor, (kind, interval_s) in self.kinds.items():
            total, on, ts, silent_until = 0.0, 1.0, START, START
            while ts < START + days * 24 * HOUR:
                jitter = timedelta(seconds=0 if kind == "hourly" else chance.uniform(0, interval_s * 0.4))
                if chance.random() < 0.02:
                    silent_until = ts + chance.uniform(0.5, 12) * HOUR
                total = 0.0 if chance.random() < 0.01 else total + chance.randrange(20)
                on = 1 - on if chance.random() < 0.05 else on
                value = {"counter": total, "state": on}.get(kind, round(chance.uniform(5, 90), 1))
                flag = chance.choice([1] * 18 + [2, 3, 4])
                state = chance.choice([0] * 20 + [1, 2])
                if ts >= silent_until:
                    rows.append((sensor, ts + jitter, value, flag, state))
                ts += timedelta(seconds=interval_s)
        return rows


def deliver(city: City, rows: list[tuple[int, datetime, float, int, int]]) -> None:
    """Store rows and mark their hours, as one batch of ingest."""
    with city.owner.transaction(), city.owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO reading (sensor_id, ts, received_at, value, flag, state)"
            " VALUES (%s, %s, %s + interval '90 minutes', %s, %s, %s)",
            [(sensor, ts, ts, value, flag, state) for sensor, ts, value, flag, state in rows],
        )
        hours = {(row[0], row[1].replace(minute=0, second=0, microsecond=0)) for row in rows}
        cursor.executemany("INSERT INTO dirty_hour (sensor_id, hour) VALUES (%s, %s)", sorted(hours))
