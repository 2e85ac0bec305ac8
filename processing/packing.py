"""Packed hours: the readings of a closed hour as columns of bytes, from which history is computed again.

Rows stay where they are: a pack is a second form of them, made some days after the hour, and lossless. When
retention drops the rows, the pack is what remains. A pack is never stale: whoever adds readings to an hour
marks the hour in `dirty_hour`, and that marks the pack in the same transaction (`invalidate_packs` in
0011_packed.sql). Whoever reads takes valid packs, and rows for the other hours.

Measured on two cores (`bench/kpi/reading.py`), one connection: 29 million readings a second of sensors that
measure every 10 s (32 ns of CPU here, 16 in the server), 11 to 13 of sensors at one minute, against 1.4
by COPY of rows; 22 bytes a reading on disk against 92. Packing reads rows, so it does 0.5 to 0.9 million.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.arrays import Instants, Int4s
from processing.bulk import (
    BulkFormatError,
    Spans,
    StoredReadings,
    copy_out,
    joined_readings,
    no_readings,
    read_rows,
)
from processing.columns import NO_INSTANT
from processing.grid import HOUR_US, from_us, hour_floor
from processing.kernels.copy_stream import BAD_STREAM, count_packs, decode_packs, encode_packs, pack_bytes_max
from processing.kernels.gaps import merged_spans, spans_without_hours
from processing.kernels.ordering import sensor_time_order
from processing.loading import fetch_columns
from store import statement

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import TupleRow

    from processing.columns import Ints

_LOCKS: Final = 0x6E68_7005  # as in 0011_packed.sql
_HORIZON_LOCK: Final = 0
_PACKS_LOCK: Final = 1
# Ingest waits behind a packer that waits for a lock, so the packer soon gives up and comes again later.
_LOCK_TIMEOUT_MS: Final = 2000
_COPY_PACKS: Final = "copy_packs"
_COPY_IN: Final = (
    b"COPY packed_hour (sensor_id, hour, n, ts_offset, value, flag, state, delay) FROM STDIN (FORMAT BINARY)"
)
HOURS_MAX: Final = 5000
READINGS_MAX: Final = 500_000


class Packed(NamedTuple):
    """What one step has packed.

    Attributes:
        looked_at: hours that were looked at.
        hours: hours that were packed.
        readings: readings in them.
        stream_bytes: what was written.
        last_hour: of the last hour that was looked at.
        last_sensor: its sensor.
    """

    looked_at: int = 0
    hours: int = 0
    readings: int = 0
    stream_bytes: int = 0
    last_hour: int = NO_INSTANT
    last_sensor: int = 0


def read_readings(connection: psycopg.Connection[TupleRow], spans: Spans) -> StoredReadings:
    """Return the readings within the spans, from packs where they are valid and from rows elsewhere.

    Where an hour's pack is not valid any more, a reading may come twice; then the row comes first.

    Args:
        connection: as `nhip_processing`.
        spans: whole hours.

    Raises:
        BulkFormatError: the database holds something that is no pack.
        psycopg.Error: as the server says.
    """
    order = np.lexsort((spans.start, spans.sensor_id))
    wanted = Spans(*merged_spans(spans.sensor_id[order], spans.start[order], spans.end[order]))
    if not len(wanted.sensor_id):
        return no_readings()
    packed, sensor_ids, hours = _read_packs(connection, wanted, valid=True)
    by_key = np.lexsort((hours, sensor_ids))
    rest = Spans(*spans_without_hours(*wanted, sensor_ids[by_key], hours[by_key]))
    if not len(rest.sensor_id):
        return packed
    # An old pack still holds what retention has dropped since.
    old, _, _ = _read_packs(connection, rest, valid=False)
    return joined_readings([read_rows(connection, rest), old, packed])


def _read_packs(
    connection: psycopg.Connection[TupleRow], spans: Spans, *, valid: bool
) -> tuple[StoredReadings, Ints, Ints]:
    """Return the readings of packs that touch the spans, and sensor and hour of each pack."""
    parameters = spans.parameters()
    stream = copy_out(connection, _COPY_PACKS, {**parameters, "valid": valid})
    packs, readings = count_packs(stream)
    if packs == BAD_STREAM:
        raise BulkFormatError(_COPY_PACKS)
    columns = np.empty((5, readings), np.int64)
    value = np.empty(readings)
    keys = np.empty((3, packs), np.int64)
    if decode_packs(stream, columns, value, keys) != readings:
        raise BulkFormatError(_COPY_PACKS)
    sensor_id, ts, flag, state, received = columns
    return StoredReadings(sensor_id, ts, value, flag, state, received), keys[0], keys[1]


def raise_horizon(connection: psycopg.Connection[TupleRow], until_us: int) -> int:
    """Let hours that end at `until_us` or before be packed; return the horizon, which never moves back.

    From then on, readings of those hours look for packs to invalidate. Transactions that began before are
    waited for.

    Raises:
        psycopg.errors.LockNotAvailable: one of them takes long; the horizon is where it was.
    """
    with connection.transaction():
        _lock(connection, _HORIZON_LOCK)
        parameters = {"until": from_us(hour_floor(until_us))}
        connection.execute(statement("processing", "raise_horizon"), parameters)
    return horizon(connection)[0]


def horizon(connection: psycopg.Connection[TupleRow]) -> tuple[int, int, int]:
    """Return the horizon and the last (hour, sensor) looked at; `NO_INSTANT` for never."""
    until, last_hour, last_sensor = fetch_columns(connection, "select_packing", {})
    return int(until[0]), int(last_hour[0]), int(last_sensor[0])


def _lock(connection: psycopg.Connection[TupleRow], number: int) -> None:
    connection.execute(
        statement("processing", "set_lock_timeout"), {"lock_timeout_ms": str(_LOCK_TIMEOUT_MS)}
    )
    connection.execute(statement("processing", "lock_numbers"), {"space": _LOCKS, "numbers": [number]})


def pack_due(connection: psycopg.Connection[TupleRow], until_us: int) -> Packed:
    """Pack some of the hours that ended before `until_us` and were not looked at yet, or whose packs are old.

    Returns:
        What was done; nothing looked at means that nothing is left.

    Raises:
        psycopg.errors.LockNotAvailable: somebody else packs, or writes late readings; come again.
    """
    until, last_hour, last_sensor = horizon(connection)
    if hour_floor(until_us) > until:
        until = raise_horizon(connection, until_us)
    done = pack_some(connection, until, last_hour, last_sensor, remember=True)
    return done if done.looked_at else _pack_again(connection)


def pack_some(
    connection: psycopg.Connection[TupleRow],
    until: int,
    after_hour: int,
    after_sensor: int,
    *,
    remember: bool = False,
) -> Packed:
    """Pack some hours that lie behind (hour, sensor) and end at `until` or before, in one transaction.

    Args:
        connection: in autocommit mode, as `nhip_processing`.
        until: not beyond the horizon.
        after_hour: where to begin; `NO_INSTANT` for the first hour.
        after_sensor: the same.
        remember: whether the next `pack_due` goes on behind these.

    Raises:
        psycopg.errors.LockNotAvailable: as `pack_due`.
    """
    with connection.transaction():
        _lock(connection, _PACKS_LOCK)
        sensor_ids, hours = fetch_columns(
            connection,
            "select_unpacked_hours",
            {
                "after_hour": "-infinity" if after_hour == NO_INSTANT else from_us(after_hour),
                "after_sensor": after_sensor,
                "until": from_us(until),
                "hours_max": HOURS_MAX,
                "readings_max": READINGS_MAX,
            },
        )
        if not len(hours):
            return Packed()
        last = {"hour": from_us(int(hours[-1])), "sensor_id": int(sensor_ids[-1])}
        if remember:
            connection.execute(statement("processing", "update_packing"), last)
        return pack_hours(connection, sensor_ids, hours)


def _pack_again(connection: psycopg.Connection[TupleRow]) -> Packed:
    with connection.transaction():
        _lock(connection, _PACKS_LOCK)
        sensor_ids, hours = fetch_columns(connection, "select_invalid_packs", {"hours_max": HOURS_MAX})
        return pack_hours(connection, sensor_ids, hours) if len(hours) else Packed()


def pack_hours(connection: psycopg.Connection[TupleRow], sensor_ids: Ints, hours: Ints) -> Packed:
    """Write the packs of some hours before the horizon anew; the caller holds the lock of packs."""
    order = np.lexsort((hours, sensor_ids))
    keys = Spans(*merged_spans(sensor_ids[order], hours[order], hours[order] + HOUR_US))
    old, _, _ = _read_packs(connection, keys, valid=False)
    found = joined_readings([read_rows(connection, keys), old])
    last_hour, last_sensor = int(hours[-1]), int(sensor_ids[-1])
    looked_at = len(hours)
    if not len(found.ts):
        return Packed(looked_at, last_hour=last_hour, last_sensor=last_sensor)
    stream, packs, readings = packed_stream(found)
    connection.execute(
        statement("processing", "delete_packs"), {"sensor_ids": Int4s(sensor_ids), "hours": Instants(hours)}
    )
    with connection.cursor() as cursor, cursor.copy(_COPY_IN) as copy:
        copy.write(stream)
    return Packed(looked_at, packs, readings, len(stream), last_hour, last_sensor)


def packed_stream(found: StoredReadings) -> tuple[bytes, int, int]:
    """Return readings as the COPY stream of their packs, the number of packs, and of readings in them.

    Of two readings of a sensor and an instant the first is kept.
    """
    sensors, owner = np.unique(found.sensor_id, return_inverse=True)
    positions = sensor_time_order(owner, found.ts, len(sensors)).positions
    sensor_id, ts = found.sensor_id[positions], found.ts[positions]
    first = np.ones(len(ts), np.bool_)
    first[1:] = (sensor_id[1:] != sensor_id[:-1]) | (ts[1:] != ts[:-1])
    positions = positions[first]
    columns = np.stack(
        [column[positions] for column in (found.sensor_id, found.ts, found.flag, found.state, found.received)]
    )
    hour = columns[1] // HOUR_US
    begins = np.ones(len(hour), np.bool_)
    begins[1:] = (columns[0, 1:] != columns[0, :-1]) | (hour[1:] != hour[:-1])
    starts = np.append(np.flatnonzero(begins), len(hour))
    stream = np.empty(pack_bytes_max(len(hour), len(starts) - 1), np.uint8)
    used = encode_packs(columns, found.value[positions], starts, stream)
    return stream[:used].tobytes(), len(starts) - 1, len(hour)
