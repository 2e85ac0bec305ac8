"""Many readings at once out of the database: binary COPY into columns, no object per row, no ORDER BY.

psycopg hands out COPY data message by message, one for each row. Added to one growing buffer at once, a
message costs 0.4 microseconds; kept in a list until the end, or taken through the cursor's iterator, it costs
2.5 to 3.5, because millions of small objects are then alive. A kernel reads the buffer at memory speed and
checks the length of every field on the way.

Measured on two cores, 8,552,987 readings of 1,000 sensors: 1.40 million rows a second (444 ns of CPU here,
600 in the server) against 0.98 (108 and 945) for one row of arrays (`select_readings`), which in turn answers
small questions sooner. The server's part is the limit. `bench/kpi/reading.py` repeats it.

Errors:
    BulkFormatError: the server sent something else than the columns that were asked for.
"""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from psycopg import pq
from psycopg.errors import error_from_result

from processing.grid import HOUR_US
from processing.kernels.copy_stream import BAD_STREAM, parse_readings
from store import statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg
    from numpy.typing import NDArray
    from psycopg.rows import TupleRow

    from processing.columns import Floats, Ints

_COPY_READINGS: Final = "copy_readings"
_READING_BYTES: Final = 2 + 6 * 4 + 4 + 8 + 8 + 2 + 2 + 8


class BulkFormatError(ValueError):
    """The stream is not what the statement's columns should give."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(f"COPY of {table}: NULL, a field of unexpected length, or a stream cut short")


class StoredReadings(NamedTuple):
    """Columns of stored readings, shape (r,), in no order; instants are microseconds UTC.

    Attributes:
        sensor_id: whose they are.
        ts: what they speak of.
        value: raw, as stored.
        flag: QARTOD.
        state: of the device.
        received: when they arrived.
    """

    sensor_id: Ints
    ts: Ints
    value: Floats
    flag: Ints
    state: Ints
    received: Ints


class Spans(NamedTuple):
    """Time of sensors, shape (s,): [start, end) of each, microseconds UTC."""

    sensor_id: Ints
    start: Ints
    end: Ints

    def parameters(self) -> dict[str, str]:
        """Return the spans as texts of arrays: COPY takes no binary parameters."""
        return {
            "sensor_ids": "{" + ",".join(map(str, self.sensor_id.tolist())) + "}",
            "starts": instants_text(self.start),
            "ends": instants_text(self.end),
            "first": instants_text(self.start.min(keepdims=True) // HOUR_US * HOUR_US)[1:-1],
            "last": instants_text(self.end.max(keepdims=True))[1:-1],
        }


def instants_text(instants: Ints) -> str:
    """Return microseconds UTC as the text of a `timestamptz[]`, exactly."""
    texts = np.datetime_as_string(instants.astype("datetime64[us]"), unit="us")
    return "{" + ",".join(f'"{text}Z"' for text in texts.tolist()) + "}"


def no_readings() -> StoredReadings:
    """Return columns without a row."""
    ints = np.empty(0, np.int64)
    return StoredReadings(ints, ints, np.empty(0), ints, ints, ints)


def joined_readings(parts: list[StoredReadings]) -> StoredReadings:
    """Return the parts one after the other."""
    kept = [part for part in parts if len(part.ts)] or [no_readings()]
    if len(kept) == 1:
        return kept[0]
    return StoredReadings(*(np.concatenate(columns) for columns in zip(*kept, strict=True)))


def copy_out(
    connection: psycopg.Connection[TupleRow], name: str, parameters: Mapping[str, object]
) -> NDArray[np.uint8]:
    """Return the whole binary COPY stream of the rows that the statement `name` selects.

    Raises:
        psycopg.Error: as the server says.
    """
    query = b"COPY (" + statement("processing", name) + b"\n) TO STDOUT (FORMAT BINARY)"
    data = bytearray()
    with connection.cursor() as cursor, cursor.copy(query, parameters):
        _drain(connection.pgconn, data)
    return np.frombuffer(data, np.uint8)


def _drain(pgconn: pq.abc.PGconn, data: bytearray) -> None:
    """Add what the server sends to `data`, letting other threads run while nothing is there."""
    take = pgconn.get_copy_data
    while True:
        size, message = take(1)
        if size > 0:
            data += message
        elif size == 0:
            select.select([pgconn.socket], [], [])
            pgconn.consume_input()
        else:
            break
    while result := pgconn.get_result():
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise error_from_result(result)


def read_rows(connection: psycopg.Connection[TupleRow], spans: Spans) -> StoredReadings:
    """Return the rows of `reading` within the spans (a row is given once for each span that holds it).

    Raises:
        BulkFormatError: the stream is not as the columns say.
        psycopg.Error: as the server says.
    """
    if not len(spans.sensor_id):
        return no_readings()
    stream = copy_out(connection, _COPY_READINGS, spans.parameters())
    columns = np.empty((6, len(stream) // _READING_BYTES), np.int64)
    if parse_readings(stream, columns) == BAD_STREAM:
        raise BulkFormatError(_COPY_READINGS)
    sensor_id, ts, value_bits, flag, state, received = columns
    return StoredReadings(sensor_id, ts, value_bits.view(np.float64), flag, state, received)
