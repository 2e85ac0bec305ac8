"""From readings in PostgreSQL to stored indicators: SQL in the database, or rows or packs and the kernels.

All take the readings of the platform's own table and write the same cells into a table. One column serves as
gauge and as counter, since the platform keeps one value a reading.
"""

from __future__ import annotations

import gc
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psycopg
from pydantic import SecretStr

from bench.kpi.kernel_engine import as_cells
from bench.kpi.reading import copy_rows, pack, server_cpu_s
from bench.kpi.statements import ALL_AT_ONCE, FAMILIES, TOGETHER
from bench.kpi.workload import (
    CELL,
    HOUR_US,
    MAX_GAP_US,
    START,
    Columns,
    DifferentError,
    Workload,
    assert_equal,
)
from nhip.stack.postgres import EmbeddedPostgres
from processing import packing
from processing.arrays import Float8s, Instants, Int4s, Int8s, adapt
from processing.bulk import Spans, StoredReadings, read_rows
from processing.kernels.ordering import sensor_time_order
from processing.kernels.segments import segments_of
from processing.kernels.window_facts import finalise
from store import StoreSettings
from store.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES: Final = CELL.names or ()
_KINDS: Final = {name: "int8" if CELL[name] == np.int64 else "float8" for name in _NAMES}
_COLUMNS: Final = ", ".join(_NAMES)
_TABLE: Final = (
    "CREATE UNLOGGED TABLE {} (sensor_id int4, hour timestamptz, "
    + ", ".join(f"{name} {kind}" for name, kind in _KINDS.items())
    + ")"
)
_INSERT: Final = (
    "INSERT INTO kpi_nhip SELECT sensor_id, hour, "  # noqa: S608 # names of this file
    + ", ".join(f"nullif({name}, 'NaN')" if kind == "float8" else name for name, kind in _KINDS.items())
    + " FROM unnest(%(sensor_id)s::int4[], %(hour)s::timestamptz[], "
    + ", ".join(f"%({name})s::{kind}[]" for name, kind in _KINDS.items())
    + f") x (sensor_id, hour, {_COLUMNS})"
)
_KEPT_FLAG: Final = 1


@dataclass(slots=True)
class Way:
    """A way from readings to stored cells; its rounds as seconds of the client, the server, the clock."""

    name: str
    table: str
    run: Callable[[], object]
    spent: list[tuple[float, ...]]


def _instant(us: int) -> str:
    return f"{np.datetime64(us, 'us')}Z"


def _seconds(us: int) -> str:
    return f"{us / 1e6} seconds"


def _spans(workload: Workload) -> Spans:
    ids = np.arange(1, workload.sensors + 1)
    return Spans(ids, np.full(len(ids), START), np.full(len(ids), workload.end))


def computed(found: StoredReadings, workload: Workload) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sensor, hour and cells of readings that come in no order."""
    order = sensor_time_order(found.sensor_id - 1, found.ts, workload.sensors)
    ts, value = found.ts[order.positions], found.value[order.positions]
    good = (found.flag == _KEPT_FLAG)[order.positions]
    sensor, start = workload.cells()
    rows = order.offsets[sensor], order.offsets[sensor + 1]
    rules = MAX_GAP_US, workload.liveness_us
    windows = start, start + HOUR_US
    segments, p95 = segments_of(ts, value, value, good, *rows, *windows, *rules, np.array([0.95]))
    facts = finalise(segments, sensor, *windows, np.arange(len(sensor)), *rules, workload.end)
    return sensor + 1, start, as_cells(facts, p95)


def _store(connection: psycopg.Connection, sensor: np.ndarray, hour: np.ndarray, cells: np.ndarray) -> None:
    columns = {name: (Int8s if kind == "int8" else Float8s)(cells[name]) for name, kind in _KINDS.items()}
    connection.execute(_INSERT, {"sensor_id": Int4s(sensor), "hour": Instants(hour), **columns})


def _cells_of(connection: psycopg.Connection, table: str) -> np.ndarray:
    select = f"SELECT {_COLUMNS} FROM {table} ORDER BY sensor_id, hour"  # noqa: S608 # names of this file
    rows = connection.execute(select).fetchall()
    return np.array([tuple(np.nan if one is None else one for one in row) for row in rows], CELL)


def measured(workload: Workload, rounds: int) -> dict[str, Any]:
    """Return seconds by way, and the number of readings and cells.

    Raises:
        DifferentError: two ways stored different cells.
    """
    with tempfile.TemporaryDirectory(prefix="nhip-bench-") as folder:
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder)) as server:
            migrate(StoreSettings(dsn=SecretStr(server.dsn)))
            options = "-c TimeZone=UTC -c plan_cache_mode=force_custom_plan -c work_mem=512MB"
            options += " -c max_parallel_workers_per_gather=0"
            with psycopg.connect(server.dsn, autocommit=True, options=options) as connection:
                adapt(connection)
                return _measured(connection, workload, rounds)


def _measured(connection: psycopg.Connection, workload: Workload, rounds: int) -> dict[str, Any]:
    columns = workload.columns()
    columns = columns._replace(counter=columns.value)
    _fill(connection, workload, columns)
    spans, parameters = _spans(workload), _parameters(workload)

    def from_readings(read: Callable[[psycopg.Connection, Spans], StoredReadings]) -> None:
        _store(connection, *computed(read(connection, spans), workload))

    ways = [
        Way("sql", "kpi_sql", lambda: connection.execute(ALL_AT_ONCE, parameters), []),
        Way("sql by family", "kpi_sql", lambda: _by_family(connection, parameters), []),
        Way("rows", "kpi_nhip", lambda: from_readings(read_rows), []),
        Way("packs", "kpi_nhip", lambda: from_readings(packing.read_readings), []),
    ]
    wanted: np.ndarray | None = None
    for number in range(rounds + 1):  # the first warms buffers and kernels
        for way in ways:
            connection.execute(f"TRUNCATE {way.table}")
            gc.collect()
            before = time.process_time(), server_cpu_s(connection), time.perf_counter()
            way.run()
            after = time.process_time(), server_cpu_s(connection), time.perf_counter()
            if number:
                way.spent.append(tuple(b - a for a, b in zip(before, after, strict=True)))
                continue
            cells = _cells_of(connection, way.table)
            wanted = cells if wanted is None else wanted
            assert_equal(f"{way.name} against sql", cells, wanted)
    return {
        "readings": len(columns.ts),
        "cells": workload.sensors * workload.hours,
        "ways": {way.name: way.spent for way in ways},
    }


def _by_family(connection: psycopg.Connection, parameters: dict[str, object]) -> None:
    for name, statement in FAMILIES.items():
        connection.execute(f"DROP TABLE IF EXISTS {name}")
        connection.execute(f"CREATE UNLOGGED TABLE {name} AS " + statement, parameters)
    connection.execute(TOGETHER, parameters)


def _parameters(workload: Workload) -> dict[str, object]:
    return {
        "first": _instant(START),
        "last": _instant(workload.end),
        "gap": _seconds(MAX_GAP_US),
        "life": _seconds(workload.liveness_us),
        "sensors": workload.sensors,
    }


def _fill(connection: psycopg.Connection, workload: Workload, columns: Columns) -> None:
    flag = np.where(columns.good, _KEPT_FLAG, 4)
    copy_rows(connection, (columns.sensor + 1, columns.ts, columns.value, flag), workload.end)
    packed, _ = pack(connection, workload.sensors, workload.days)
    if packed != len(columns.ts):
        raise DifferentError(where="packing", what=f"{packed} readings of {len(columns.ts)}")
    for table in ("kpi_sql", "kpi_nhip"):
        connection.execute(_TABLE.format(table))
    connection.execute("VACUUM (ANALYZE) reading")
    connection.execute("VACUUM (ANALYZE) packed_hour")


def part_of(workload: Workload, divisor: int) -> Workload:
    """Return the same city with fewer sensors: SQL takes minutes for the whole."""
    return replace(workload, sensors=max(1, workload.sensors // divisor))
