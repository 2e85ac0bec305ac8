"""Put readings into their table: first value wins, the same value is a duplicate, another one a conflict."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import psycopg

from ingest.binary import IntegerArray, TimestampArray, copy_stream, timestamps
from ingest.ledger import Outcome
from ingest.quarantine import instant
from store import statement
from store.errors import DataRejectedError, translated

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from psycopg.rows import TupleRow

    from ingest.validate import Candidates

_COPY_READINGS: Final = (
    b"COPY reading (ts, received_at, value, sensor_id, flag, state) FROM STDIN (FORMAT BINARY)"
)
_COPY_DIRTY: Final = b"COPY dirty_hour (sensor_id, hour) FROM STDIN (FORMAT BINARY)"
_HOUR_US: Final = 3_600_000_000
# SQLSTATE classes that speak of the data: data exception, integrity constraint, raised by a trigger.
_DATA_CLASSES: Final = ("22", "23", "P0", "client")


class Care(IntEnum):
    """How readings are put into the table; each is slower than the one before and copes with more."""

    OPTIMISTIC = 0  # COPY; fails on a key that is there already
    CAREFUL = 1  # look the keys up first
    BISECTING = 2  # besides, find the rows that the database refuses


@dataclass(slots=True, eq=False)
class Placement:
    """What became of each candidate.

    Attributes:
        outcome: shape (n,), `Outcome`; `QUARANTINED` is a row that the database refuses.
        stored_value: shape (n,), what the table holds for the key of each candidate.
        complaints: for refused candidates what the database said.
    """

    outcome: NDArray[np.int8]
    stored_value: NDArray[np.float64]
    complaints: dict[int, str] = field(default_factory=dict[int, str])


def is_about_data(error: DataRejectedError) -> bool:
    """Say whether other data could have been accepted; otherwise the schema or a grant is at fault."""
    return error.sqlstate.startswith(_DATA_CLASSES)


def place(connection: psycopg.Connection[TupleRow], candidates: Candidates, care: Care) -> Placement:
    """Store the candidates, inside the transaction that is open.

    Args:
        connection: in a transaction.
        candidates: readings to store.
        care: how.

    Raises:
        psycopg.Error: the transaction is lost; `UniqueViolation` asks for more care.
    """
    order = np.lexsort((candidates.ts_us, candidates.sensor_id))
    sensor_id, ts_us = candidates.sensor_id[order], candidates.ts_us[order]
    leads = np.ones(len(order), dtype=np.bool_)
    leads[1:] = (sensor_id[1:] != sensor_id[:-1]) | (ts_us[1:] != ts_us[:-1])
    heads, followers = order[leads], order[~leads]
    group = np.cumsum(leads) - 1

    kept = candidates.value[heads].copy()
    head_outcome = np.full(len(heads), Outcome.STORED, dtype=np.int8)
    if care >= Care.CAREFUL and len(heads):
        found, values = _existing(connection, candidates.take(heads))
        same = values == kept[found]
        head_outcome[found] = np.where(same, Outcome.DUPLICATE, Outcome.CONFLICT)
        kept[found] = values
    complaints: dict[int, str] = {}
    fresh = np.flatnonzero(head_outcome == Outcome.STORED)
    if care < Care.BISECTING:
        _copy(connection, candidates.take(heads[fresh]))
    else:
        complaints = _copy_bisecting(connection, candidates, heads[fresh])
        head_outcome[np.isin(heads, list(complaints))] = Outcome.QUARANTINED

    outcome = np.empty(len(order), dtype=np.int8)
    stored_value = np.empty(len(order), dtype=np.float64)
    outcome[heads], stored_value[heads] = head_outcome, kept
    of_head = group[~leads]
    same = candidates.value[followers] == kept[of_head]
    outcome[followers] = np.where(same, Outcome.DUPLICATE, Outcome.CONFLICT)
    refused = head_outcome[of_head] == Outcome.QUARANTINED
    outcome[followers[refused]] = Outcome.QUARANTINED
    stored_value[followers] = kept[of_head]
    return Placement(outcome, stored_value, complaints)


def mark_dirty(
    connection: psycopg.Connection[TupleRow], candidates: Candidates, stored: NDArray[np.bool_]
) -> bool:
    """Queue the (sensor, hour) keys of stored readings for processing; say whether there are any."""
    if not stored.any():
        return False
    hours = candidates.ts_us[stored] // _HOUR_US
    keys = np.unique(np.stack((candidates.sensor_id[stored].astype(np.int64), hours)), axis=1)
    stream = copy_stream(((">i4", keys[0]), timestamps(keys[1] * _HOUR_US)))
    with connection.cursor() as cursor:
        with cursor.copy(_COPY_DIRTY) as copy:
            copy.write(stream)
        cursor.execute(statement("ingest", "notify_dirty"))
    return True


def _existing(
    connection: psycopg.Connection[TupleRow], wanted: Candidates
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return (positions, values) of the candidates whose keys the table holds."""
    rows = connection.execute(
        statement("ingest", "select_existing"),
        {
            "sensor_id": IntegerArray(wanted.sensor_id),
            "ts": TimestampArray(wanted.ts_us),
            # Constants, so that the planner looks at the partitions concerned and no others.
            "first_ts": instant(int(wanted.ts_us.min())),
            "last_ts": instant(int(wanted.ts_us.max())),
        },
        binary=True,
    ).fetchall()
    positions = np.array([position for position, _ in rows], dtype=np.intp) - 1
    return positions, np.array([value for _, value in rows], dtype=np.float64)


def _copy(connection: psycopg.Connection[TupleRow], rows: Candidates) -> None:
    if not len(rows):
        return
    stream = copy_stream(
        (
            timestamps(rows.ts_us),
            timestamps(rows.received_us),
            (">f8", rows.value),
            (">i4", rows.sensor_id),
            (">i2", rows.flag),
            (">i2", rows.state),
        )
    )
    with connection.cursor() as cursor, cursor.copy(_COPY_READINGS) as copy:
        copy.write(stream)


def _copy_bisecting(
    connection: psycopg.Connection[TupleRow], candidates: Candidates, rows: NDArray[np.intp]
) -> dict[int, str]:
    """Copy all rows that the database takes; return the others with its complaint."""
    complaints: dict[int, str] = {}
    parts = [rows]
    while parts:
        part = parts.pop()
        try:
            with connection.transaction():
                _copy(connection, candidates.take(part))
        except psycopg.Error as error:
            cause = translated(error)
            about_data = isinstance(cause, DataRejectedError) and is_about_data(cause)
            if isinstance(error, psycopg.errors.UniqueViolation) or not about_data:
                raise
            if len(part) == 1:
                complaints[int(part[0])] = str(cause)
            else:
                parts += np.array_split(part, 2)
    return complaints
