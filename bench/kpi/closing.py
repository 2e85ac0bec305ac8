"""How long after its end the values of an hour are published: one closing hour of a mixed city.

`python -m bench.kpi.closing [--sensors 1000] [--interval 60] [--days 3]` starts a PostgreSQL of its own,
fills some days of history, computes them, lets one more hour arrive, and then closes it the way the service
does. Printed are the seconds of each step, and of the whole claim.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from pydantic import SecretStr

from bench.kpi.reading import START, fill, server_cpu_s
from domain.quantities import QUANTITIES
from nhip.stack.postgres import EmbeddedPostgres
from processing.engine import Engine
from processing.grid import HOUR_US
from processing.settings import ProcessingSettings
from store import StoreSettings, connect
from store.migrations import migrate

if TYPE_CHECKING:
    from processing.engine import Outcome

_SITES_A_WARD = 10
_GRACE_S = 60.0


@dataclass
class Clock:
    """What the engine takes for now."""

    now: int = field(default=START)

    def __call__(self) -> int:
        """Microseconds UTC."""
        return self.now


def register(connection: psycopg.Connection, sensors: int, interval_s: int) -> None:
    """Write a city: sites with one sensor of every quantity each, ten sites a ward."""
    per_site = len(QUANTITIES)
    sites = -(-sensors // per_site)
    connection.execute("INSERT INTO area (code, name, kind) VALUES ('city', 'city', 'city')")
    connection.execute(
        "INSERT INTO area (code, name, kind, parent_id) SELECT 'ward-' || k, 'ward ' || k, 'ward', 1"
        " FROM generate_series(1, %s) k",
        [-(-sites // _SITES_A_WARD)],
    )
    connection.execute(
        "INSERT INTO site (code, name, kind, area_id, customers)"
        " SELECT 'site-' || k, 'site ' || k, 'air_station', 2 + (k - 1) / %s, 100"
        " FROM generate_series(1, %s) k",
        [_SITES_A_WARD, sites],
    )
    connection.execute("INSERT INTO gateway (code, name) VALUES ('gateway', 'gateway')")
    connection.execute(
        "INSERT INTO sensor (code, gateway_id, name, quantity, unit, interval_s, site_id)"
        " SELECT 's-' || k, 1, 's-' || k, q.code, q.unit, %(interval)s, 1 + (k - 1) / %(per_site)s"
        " FROM generate_series(1, %(sensors)s) k"
        " JOIN unnest(%(codes)s::text[]) WITH ORDINALITY w (code, rank) ON rank = 1 + (k - 1) %% %(per_site)s"
        " JOIN quantity q ON q.code = w.code ORDER BY k",
        {
            "interval": interval_s,
            "per_site": per_site,
            "sensors": sensors,
            "codes": list(QUANTITIES),
        },
    )


def mark(connection: psycopg.Connection, hours: range) -> None:
    """Put hours of all sensors into the queue."""
    connection.execute(
        "INSERT INTO dirty_hour (sensor_id, hour) SELECT id, to_timestamp(h / 1e6)"
        " FROM sensor, unnest(%s::bigint[]) h",
        [list(hours)],
    )


def tell(name: str, outcomes: list[Outcome], taken_s: float) -> None:
    """Print what a step came to."""
    keys = sum(one.keys for one in outcomes)
    cells = sum(one.cells for one in outcomes)
    print(f"{name}: {keys:,} sensor-hours, {cells:,} values written, {taken_s:.2f} s", flush=True)


def run(owner: psycopg.Connection, connection: psycopg.Connection, given: argparse.Namespace) -> None:
    """Fill, compute, close."""
    register(owner, given.sensors, given.interval)
    end = START + given.days * 24 * HOUR_US
    # A day more than is closed holds the hour that closes.
    stored = fill(owner, given.sensors, given.interval, given.days + 1)
    owner.execute("VACUUM (ANALYZE) reading")
    print(f"{given.sensors} sensors every {given.interval} s, {given.days} days: {stored:,} readings")
    clock = Clock(end + HOUR_US // 60)
    settings = ProcessingSettings(grace_s=_GRACE_S, threads=given.threads)
    engine = Engine(connection, settings, clock)
    try:
        mark(owner, range(START, end, HOUR_US))
        begun = time.perf_counter()
        tell("history", engine.drain(), time.perf_counter() - begun)
        # What autovacuum does within a minute; a plan made for an empty table is no measure.
        owner.execute("VACUUM (ANALYZE)")
        mark(owner, range(end, end + 1, HOUR_US))
        clock.now = end + HOUR_US // 2
        begun = time.perf_counter()
        tell("the hour as it runs", engine.drain(), time.perf_counter() - begun)
        clock.now = end + HOUR_US + round(_GRACE_S * 1e6)
        close(connection, engine)
    finally:
        engine.close()


def close(connection: psycopg.Connection, engine: Engine) -> None:
    """Close the hour that is over, and print how long each part took."""
    begun = time.perf_counter()
    closed: list[Outcome] = []
    while outcome := engine.process_closing():
        closed.append(outcome)
    hours_s = time.perf_counter() - begun
    tell("the hour closed: sensors", closed, hours_s)
    outcomes: list[Outcome] = []
    server_s, client_s, begun = server_cpu_s(connection), time.process_time(), time.perf_counter()
    while outcome := engine.process_dirty():
        outcomes.append(outcome)
    taken_s = time.perf_counter() - begun
    server_s, client_s = server_cpu_s(connection) - server_s, time.process_time() - client_s
    tell("what is made of it", outcomes, taken_s)
    seconds: dict[str, float] = {}
    for one in outcomes:
        for step, spent_s in one.seconds.items():
            seconds[step] = seconds.get(step, 0.0) + spent_s
    print("\n| step | s |\n|---|---|")
    for step, spent_s in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"| {step} | {spent_s:.2f} |")
    print(f"\nprocessor time: engine {client_s:.2f} s, server {server_s:.2f} s")
    print(f"hours of sensors published {hours_s:.2f} s after end and grace (limit 5 s),")
    print(f"days, months, sites and areas {hours_s + taken_s:.2f} s after it")


def main() -> None:
    """Measure on a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=1000)
    parser.add_argument("--interval", type=int, default=60, help="seconds")
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nhip-bench-") as folder:
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder)) as server:
            migrate(StoreSettings(dsn=SecretStr(server.dsn)))
            settings = StoreSettings(dsn=SecretStr(server.dsn))
            with (
                psycopg.connect(server.dsn, autocommit=True, options="-c TimeZone=UTC") as owner,
                connect(settings, "bench", autocommit=True) as connection,
            ):
                run(owner, connection, given)


if __name__ == "__main__":
    main()
