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
_KEY_MAX: Final = 2**63 - 1
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
        hours: shape (2, k), sensor and hour since 1970 of what was stored.
        complaints: for refused candidates what the database said.
    """

    outcome: NDArray[np.int8]
    stored_value: NDArray[np.float64]
    hours: NDArray[np.int64]
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
    # In the order of the key: the index is filled from left to right, and two writers with the same keys wait
    # for each other instead of locking each other out.
    order = key_order(candidates)
    sensor_id, ts_us = candidates.sensor_id[order], candidates.ts_us[order]
    leads = np.ones(len(order), dtype=np.bool_)
    leads[1:] = (sensor_id[1:] != sensor_id[:-1]) | (ts_us[1:] != ts_us[:-1])
    hours = _marked(sensor_id, ts_us // _HOUR_US)
    if care == Care.OPTIMISTIC and leads.all():
        _copy(connection, candidates.take(order))
        return Placement(np.full(len(order), Outcome.STORED, dtype=np.int8), candidates.value, hours)
    return _place_carefully(connection, candidates, care, order, leads, hours)


def key_order(candidates: Candidates) -> NDArray[np.intp]:
    """Return the stable order of (sensor, time)."""
    sensor_id, ts_us = candidates.sensor_id, candidates.ts_us
    if len(sensor_id):
        first_us = int(ts_us.min())
        span_us = int(ts_us.max()) - first_us + 1
        if int(sensor_id.max()) * span_us + span_us < _KEY_MAX:
            # One key of 64 bits: measured 1.8 times as fast as sorting by two columns.
            return np.argsort(sensor_id.astype(np.int64) * span_us + (ts_us - first_us), kind="stable")
    return np.lexsort((ts_us, sensor_id))


def _place_carefully(
    connection: psycopg.Connection[TupleRow],
    candidates: Candidates,
    care: Care,
    order: NDArray[np.intp],
    leads: NDArray[np.bool_],
    hours: NDArray[np.int64],
) -> Placement:
    """Store candidates some of which may be stored already, or stand for the same key."""
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
    stored = heads[head_outcome == Outcome.STORED]
    if len(stored) < len(heads):
        hours = _marked(candidates.sensor_id[stored], candidates.ts_us[stored] // _HOUR_US)
    return Placement(outcome, stored_value, hours, complaints)


def _marked(sensor_id: NDArray[np.int32], hour: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the distinct (sensor, hour) pairs, shape (2, k), of columns in the order of the key."""
    changes = np.ones(len(hour), dtype=np.bool_)
    changes[1:] = (sensor_id[1:] != sensor_id[:-1]) | (hour[1:] != hour[:-1])
    return np.stack((sensor_id[changes].astype(np.int64), hour[changes]))


def mark_dirty(connection: psycopg.Connection[TupleRow], placement: Placement) -> None:
    """Queue the (sensor, hour) keys of stored readings for processing."""
    sensor_id, hour = placement.hours
    if not len(hour):
        return
    stream = copy_stream(((">i4", sensor_id), timestamps(hour * _HOUR_US)))
    with connection.cursor() as cursor:
        with cursor.copy(_COPY_DIRTY) as copy:
            copy.write(stream)
        cursor.execute(statement("ingest", "notify_dirty"))


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
