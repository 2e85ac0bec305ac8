"""Where the engine's work comes from: the queue of dirty hours, and the clock.

The clock is needed because silence sends no message. It reads what is due from the tables themselves
(provisional facts and values whose time is over), so it has no memory to lose and catches up after any pause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from processing.arrays import Instants, Int4s
from processing.cells import SubjectHours, distinct_hours
from processing.grid import HOUR_US, from_us, hour_floor, to_us
from processing.loading import fetch_columns
from store import statement

if TYPE_CHECKING:
    from datetime import datetime

    import psycopg
    from psycopg.rows import TupleRow

    from processing.columns import Ints
    from processing.registry import Registry

# Spaces of advisory locks; the migrations use a single number, which is a space of its own.
_SENSOR_LOCKS: Final = 0x6E68_7001
_SITE_LOCKS: Final = 0x6E68_7002
_AREA_LOCKS: Final = 0x6E68_7003
_CLOCK_LOCK: Final = 0x6E68_7004
# So many locks per space at most: the server's lock table is small, and a claim may name 100,000 sensors.
_STRIPES: Final = 512


@dataclass(frozen=True, slots=True)
class Claim:
    """Keys to compute.

    Attributes:
        keys: distinct (sensor, hour), sorted.
        rows: rows of the queue that they came in.
        oldest: when the oldest of them was marked; None from the clock.
    """

    keys: SubjectHours
    rows: int = 0
    oldest: datetime | None = None


def _claim(sensor_ids: Ints, hours: Ints, rows: int = 0, oldest: datetime | None = None) -> Claim | None:
    if not len(sensor_ids):
        return None
    return Claim(distinct_hours(sensor_ids, hours), rows, oldest)


def claim_dirty(connection: psycopg.Connection[TupleRow], claim_max: int) -> Claim | None:
    """Take the oldest keys off the queue, for good when the transaction commits; None when it is empty."""
    sensor_ids, hours, rows, oldest = fetch_columns(connection, "claim_hours", {"claim_max": claim_max})
    return _claim(sensor_ids, hours, rows, oldest)


def claim_closing(
    connection: psycopg.Connection[TupleRow], now: int, grace_us: int, claim_max: int
) -> Claim | None:
    """Return the open hours that are over, unless another engine minds the clock."""
    # An hour H is over when H + one hour + grace <= now.
    return _claim_open(connection, now - grace_us - HOUR_US, claim_max)


def put_back(connection: psycopg.Connection[TupleRow], keys: SubjectHours) -> None:
    """Put keys at the end of the queue, their readings unchanged."""
    connection.execute(
        statement("processing", "mark_keys"),
        {"sensor_ids": Int4s(keys.subject_id), "hours": Instants(keys.hour)},
    )


def claim_open(connection: psycopg.Connection[TupleRow], now: int, claim_max: int) -> Claim | None:
    """Return all open hours: what is silent in them, and what goes on, shows before they are over."""
    return _claim_open(connection, hour_floor(now), claim_max)


def _claim_open(connection: psycopg.Connection[TupleRow], last_hour: int, claim_max: int) -> Claim | None:
    if not _minds_clock(connection):
        return None
    sensor_ids, hours = fetch_columns(
        connection, "select_closing_hours", {"last_hour": from_us(last_hour), "claim_max": claim_max}
    )
    return _claim(sensor_ids, hours)


def claim_stale(
    connection: psycopg.Connection[TupleRow], now: int, grace_us: int, claim_max: int
) -> Claim | None:
    """Return a key for each provisional value whose period is over, and that no open hour will close."""
    if not _minds_clock(connection):
        return None
    sensor_ids, hours = fetch_columns(
        connection, "select_stale_cells", {"ended_before": from_us(now - grace_us), "claim_max": claim_max}
    )
    return _claim(sensor_ids, hours)


def _minds_clock(connection: psycopg.Connection[TupleRow]) -> bool:
    row = connection.execute(statement("processing", "try_clock_lock"), {"space": _CLOCK_LOCK}).fetchone()
    return bool(row and row[0])


def lock_subjects(connection: psycopg.Connection[TupleRow], registry: Registry) -> None:
    """Wait until no other engine works on the sensors of the claim or at their sites, and keep it so.

    Whoever comes second then sees what the first has committed, because each later statement takes a new
    snapshot: the last one to compute a value has all that it is made of.
    """
    _lock(connection, _SENSOR_LOCKS, {sensor % _STRIPES for sensor in registry.sensors})
    _lock(connection, _SITE_LOCKS, {site % _STRIPES for site in registry.site_areas.areas})


def lock_areas(connection: psycopg.Connection[TupleRow], registry: Registry) -> None:
    """Wait until no other engine adds up the areas of the claim, and keep it so; after `lock_subjects`."""
    areas = {area for members in registry.site_areas.areas.values() for area in members}
    _lock(connection, _AREA_LOCKS, {registry.tree.root(area) for area in areas})


def _lock(connection: psycopg.Connection[TupleRow], space: int, numbers: set[int]) -> None:
    connection.execute(statement("processing", "lock_numbers"), {"space": space, "numbers": sorted(numbers)})


def read_clock(connection: psycopg.Connection[TupleRow]) -> int:
    """Return the database's time, microseconds UTC."""
    row = connection.execute(statement("processing", "select_now")).fetchone()
    if row is None:  # a SELECT without FROM always has a row
        raise LookupError
    return to_us(row[0])
