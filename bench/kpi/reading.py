"""How fast stored readings come back: rows as arrays, rows by COPY, packed hours; and packing itself.

`python -m bench.kpi.reading [--sensors 1000] [--interval 10] [--days 1]` starts a PostgreSQL of its own,
fills it, and prints a table: readings a second (wall, best of the rounds), CPU of this process and of the
server per reading.
All ways must give the same bytes, or the run ends.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psycopg
from pydantic import SecretStr

from bench.kpi.workload import START, Workload
from nhip.stack.postgres import EmbeddedPostgres
from processing import packing
from processing.arrays import adapt
from processing.bulk import Spans, StoredReadings, read_rows
from processing.grid import HOUR_US
from processing.loading import read_arrays
from store import StoreSettings
from store.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_POSTGRES_EPOCH_US = 946_684_800_000_000
_DAY_US = 24 * HOUR_US
_BATCH_US = 600_000_000
_SENSORS_A_PACK = 1000
_ROW = np.dtype(
    [("fields", ">i2")]
    + [
        (f"{part}{name}", ">i4" if part == "size_" else kind)
        for name, kind in (("ts", ">i8"), ("received", ">i8"), ("value", ">f8"), ("sensor", ">i4"),
                           ("flag", ">i2"), ("state", ">i2"))
        for part in ("size_", "")
    ]
)  # fmt: skip


def copy_rows(connection: psycopg.Connection, columns: Sequence[np.ndarray], end: int) -> None:
    """Store readings (sensor, ts, value, flag) as they come: ten minutes of all sensors at a time."""
    sensor, ts, value, flag = columns
    generator = np.random.default_rng(1)
    bounds = [f"{np.datetime64(at, 'us')}Z" for at in (START, end)]
    connection.execute("SELECT ensure_reading_partitions(%s, %s)", bounds)
    statement = b"COPY reading (ts, received_at, value, sensor_id, flag, state) FROM STDIN (FORMAT BINARY)"
    batch = (ts - START) // _BATCH_US
    order = np.argsort(batch, kind="stable")
    edges = np.searchsorted(batch[order], np.arange(batch.max(initial=0) + 2))
    with connection.cursor().copy(statement) as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for low, high in itertools.pairwise(edges.tolist()):
            chosen = order[low:high]
            rows = np.empty(len(chosen), _ROW)
            rows["fields"] = 6
            for name in ("ts", "received", "value", "sensor", "flag", "state"):
                rows[f"size_{name}"] = _ROW[name].itemsize
            rows["ts"] = ts[chosen] - _POSTGRES_EPOCH_US
            rows["received"] = rows["ts"] + generator.integers(1_000_000, 30_000_000, len(rows))
            rows["value"], rows["sensor"] = value[chosen], sensor[chosen]
            rows["flag"], rows["state"] = flag[chosen], 0
            copy.write(rows.tobytes())
        copy.write(b"\xff\xff")


def fill(connection: psycopg.Connection, sensors: int, interval_s: int, days: int) -> int:
    """Store the readings of a made-up city; give their number."""
    workload = Workload(sensors, interval_s, days)
    columns = workload.columns()
    flag = np.where(columns.good, 1, 4)
    copy_rows(connection, (columns.sensor + 1, columns.ts, columns.value, flag), workload.end)
    return len(columns.ts)


def pack(connection: psycopg.Connection, sensors: int, days: int) -> tuple[int, int]:
    """Pack all hours, a thousand sensors at a time; give readings and bytes."""
    readings = size = 0
    packing.raise_horizon(connection, START + days * _DAY_US)
    for hour in range(START, START + days * _DAY_US, HOUR_US):
        for first in range(1, sensors + 1, _SENSORS_A_PACK):
            ids = np.arange(first, min(first + _SENSORS_A_PACK, sensors + 1))
            with connection.transaction():
                done = packing.pack_hours(connection, ids, np.full(len(ids), hour))
            readings, size = readings + done.readings, size + done.stream_bytes
    return readings, size


def digest(found: StoredReadings) -> list[bytes]:
    """The readings in one order, as bytes."""
    order = np.lexsort((found.ts, found.sensor_id))
    return [column[order].tobytes() for column in found]


def server_cpu_s(connection: psycopg.Connection) -> float:
    """User and system time of the connection's backend so far."""
    text = Path(f"/proc/{connection.info.backend_pid}/stat").read_text(encoding="ascii")
    ticks = text.rsplit(")", 1)[1].split()[11:13]
    return sum(map(float, ticks)) / 100


def measure(name: str, connection: psycopg.Connection, read: Callable[[], int], rounds: int) -> None:
    """Print the best of some rounds."""
    best = (float("inf"), 0.0, 0.0, 1)
    for _ in range(rounds):
        server_s, client_s, begun = server_cpu_s(connection), time.process_time(), time.perf_counter()
        count = read()
        taken = time.perf_counter() - begun
        found = (taken, time.process_time() - client_s, server_cpu_s(connection) - server_s, count)
        best = min(best, found)
    taken, client_s, server_s, count = best
    print(
        f"| {name} | {count:,} | {count / taken / 1e6:.2f} | {client_s / count * 1e9:.0f} |"
        f" {server_s / count * 1e9:.0f} |",
        flush=True,
    )


def main() -> None:
    """Fill, pack, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=1000)
    parser.add_argument("--interval", type=int, default=10, help="seconds")
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nhip-bench-") as folder:
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder)) as server:
            migrate(StoreSettings(dsn=SecretStr(server.dsn)))
            options = "-c TimeZone=UTC -c plan_cache_mode=force_custom_plan"
            with psycopg.connect(server.dsn, autocommit=True, options=options) as connection:
                run(connection, given)


def run(connection: psycopg.Connection, given: argparse.Namespace) -> None:
    """Measure on one connection."""
    adapt(connection)
    stored = fill(connection, given.sensors, given.interval, given.days)
    connection.execute("VACUUM (ANALYZE) reading")
    ids = np.arange(1, given.sensors + 1)
    whole = Spans(ids, np.full(len(ids), START), np.full(len(ids), START + given.days * _DAY_US))
    print("| step | readings | million/s | client ns | server ns |\n|---|---|---|---|---|")
    ways = {"rows as arrays": read_arrays, "rows by COPY": read_rows, "packed hours": packing.read_readings}
    measure("packing", connection, lambda: pack(connection, given.sensors, given.days)[0], 1)
    connection.execute("VACUUM (ANALYZE) packed_hour")
    part = Spans(*(column[:100] for column in whole))
    expected = digest(read_rows(connection, part))
    for name, read in ways.items():
        if digest(read(connection, part)) != expected:
            message = f"{name}: other readings than the rows hold"
            raise SystemExit(message)
        measure(name, connection, lambda read=read: len(read(connection, whole).ts), given.rounds)
    sizes = connection.execute(
        "SELECT pg_total_relation_size('packed_hour'),"
        " (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
        " WHERE inhparent = 'reading'::regclass)"
    ).fetchone()
    if sizes is not None:
        print(f"bytes a reading on disk: rows {float(sizes[1]) / stored:.1f}, packs {sizes[0] / stored:.1f}")


if __name__ == "__main__":
    main()
