"""A small city in a real database: areas, sites, sensors, readings; and an engine with the test's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from processing.engine import Engine
from processing.grid import to_us
from processing.settings import ProcessingSettings
from store import StoreSettings, connect

if TYPE_CHECKING:
    from collections.abc import Iterable

START = datetime(2026, 3, 2, tzinfo=UTC)
# What both ways of computing must agree on: everything but when it was computed.
VALUES = """
    SELECT i.code, v.subject_kind, v.subject_id, v.period, v.period_start, v.period_end, v.value, v.n,
           v.completeness, v.verdict, v.limit_value, v.responsible, v.note, v.detail::text, v.terms,
           v.provisional, v.method_version
    FROM indicator_value v JOIN indicator i ON i.id = v.indicator_id ORDER BY 1, 2, 3, 4, 5
"""
FACTS = """
    SELECT sensor_id, hour, n, n_good, slots, expected, mean, m2, minimum, maximum, first_ts, last_ts,
           last_good_ts, last_good_value, integral, covered_s, live_s, window_s, outages, increase, on_time,
           delay_max_s, outages_closed, outage_closed_s, last_calibrating_ts, provisional
    FROM hour_fact ORDER BY 1, 2
"""


class City:
    """Writes what ingest and the registry would write, as the owner; computes as `nhip_processing`."""

    def __init__(self, settings: StoreSettings, role_settings: StoreSettings, **overrides: Any) -> None:
        self.owner = psycopg.connect(settings.dsn.get_secret_value(), autocommit=True)
        self.owner.execute("SET TimeZone = 'UTC'")
        self.settings = ProcessingSettings(**{"threads": 1, "grace_s": 60, **overrides})
        self.role_settings = role_settings
        self.now = START + timedelta(days=30)
        self._connections: list[psycopg.Connection] = []
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The first engine."""
        self._engine = self._engine or self.new_engine()
        return self._engine

    def new_engine(self, **overrides: Any) -> Engine:
        """One more engine, on a connection of its own."""
        connection = connect(self.role_settings, "test engine", autocommit=True)
        self._connections.append(connection)
        settings = self.settings.model_copy(update=overrides)
        return Engine(connection, settings, clock=lambda: to_us(self.now))

    def close(self) -> None:
        for connection in (*self._connections, self.owner):
            connection.close()

    def area(self, code: str, parent: int | None = None, zone: str = "Asia/Ho_Chi_Minh") -> int:
        kind = "city" if parent is None else "ward"
        return self._insert(
            "INSERT INTO area (code, name, kind, parent_id, time_zone)"
            " VALUES (%s, %s, %s, %s, %s) RETURNING id",
            (code, code, kind, parent, zone),
        )

    def site(self, code: str, area: int, kind: str = "air_station", customers: int | None = None) -> int:
        return self._insert(
            "INSERT INTO site (code, name, kind, area_id, customers)"
            " VALUES (%s, %s, %s, %s, %s) RETURNING id",
            (code, code, kind, area, customers),
        )

    def gateway(self, code: str, *, archive: bool = False) -> int:
        return self._insert(
            "INSERT INTO gateway (code, name, archive) VALUES (%s, %s, %s) RETURNING id",
            (code, code, archive),
        )

    def sensor(
        self,
        gateway: int,
        site: int,
        quantity: str = "pm25",
        interval_s: float = 600,
        averaging_s: float = 0,
    ) -> int:
        return self._insert(
            "INSERT INTO sensor (code, gateway_id, name, quantity, unit, interval_s, averaging_s, site_id)"
            " SELECT %(code)s, %(gateway)s, %(code)s, code, unit, %(interval)s, %(averaging)s, %(site)s"
            " FROM quantity WHERE code = %(quantity)s RETURNING id",
            {
                "code": f"{quantity}-{gateway}-{site}-{interval_s}",
                "gateway": gateway,
                "site": site,
                "quantity": quantity,
                "interval": interval_s,
                "averaging": averaging_s,
            },
        )

    def _insert(self, query: str, parameters: Any) -> int:
        row = self.owner.execute(query, parameters).fetchone()
        assert row is not None
        return row[0]

    def read(
        self,
        sensor: int,
        readings: Iterable[tuple[datetime, float]],
        *,
        flag: int = 1,
        state: int = 0,
        delay_s: float = 10,
    ) -> None:
        """Store readings and mark their hours, as ingest does in one transaction."""
        rows = [(sensor, ts, ts + timedelta(seconds=delay_s), value, flag, state) for ts, value in readings]
        with self.owner.transaction(), self.owner.cursor() as cursor:
            self.owner.execute(
                "SELECT ensure_reading_partitions(%s, %s)", (min(r[1] for r in rows), max(r[1] for r in rows))
            )
            cursor.executemany(
                "INSERT INTO reading (sensor_id, ts, received_at, value, flag, state)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                rows,
            )
            hours = sorted({row[1].replace(minute=0, second=0, microsecond=0) for row in rows})
            cursor.executemany(
                "INSERT INTO dirty_hour (sensor_id, hour) VALUES (%s, %s)", [(sensor, hour) for hour in hours]
            )

    def mark(self, sensor: int, hour: datetime) -> None:
        self.owner.execute("INSERT INTO dirty_hour (sensor_id, hour) VALUES (%s, %s)", (sensor, hour))

    def mark_everything(self) -> None:
        """Mark what a full rebuild marks: every hour that holds a reading."""
        self.owner.execute(
            "INSERT INTO dirty_hour (sensor_id, hour)"
            " SELECT DISTINCT sensor_id, date_trunc('hour', ts, 'UTC') FROM reading"
        )

    def forget_everything(self) -> None:
        """Throw away all that processing has written."""
        self.owner.execute(
            "TRUNCATE hour_fact, indicator_value, indicator_value_revision, dirty_hour, interruption"
        )

    def values(self) -> list[tuple[Any, ...]]:
        """All stored indicator values, in one order."""
        return self.owner.execute(VALUES).fetchall()

    def facts(self) -> list[tuple[Any, ...]]:
        """All hour facts, in one order."""
        return self.owner.execute(FACTS).fetchall()

    def interruptions(self) -> list[tuple[Any, ...]]:
        return self.owner.execute(
            "SELECT site_id, sensor_id, started_at, ended_at, customers FROM interruption ORDER BY 1, 3"
        ).fetchall()

    def cell(
        self, code: str, kind: str, subject: int, period: str, start: datetime, *columns: str
    ) -> tuple[Any, ...] | None:
        """The named columns of one published value."""
        query = (
            f"SELECT {', '.join(columns or ('value',))} FROM indicator_cell v"  # noqa: S608 # the test's own words
            " JOIN indicator i ON i.id = v.indicator_id WHERE i.code = %s AND subject_kind = %s"
            " AND subject_id = %s AND period = %s AND period_start = %s"
        )
        return self.owner.execute(query, (code, kind, subject, period, start)).fetchone()

    def value(self, code: str, kind: str, subject: int, period: str, start: datetime) -> Any:
        """One published value; fails when there is no such cell."""
        found = self.cell(code, kind, subject, period, start)
        assert found is not None, f"no {code} of {kind} {subject} for {period} {start}"
        return found[0]


def every(
    start: datetime, count: int, minutes: float = 10, value: float = 1.0
) -> list[tuple[datetime, float]]:
    """Readings in steps."""
    return [(start + timedelta(minutes=minutes * k), value) for k in range(count)]
