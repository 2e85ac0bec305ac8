"""Readings older than what is kept are dropped, whole months at a time, once somebody has said so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from store import statement
from store.retention import drop_expired_readings, keep_readings, readings_kept_days

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = datetime(2015, 3, 10, tzinfo=UTC)
NEW = datetime.now(UTC) - timedelta(days=30)


def store_readings(connection: psycopg.Connection) -> None:
    for ts in (OLD, NEW):
        connection.execute("SELECT ensure_reading_partitions(%s, %s)", (ts, ts))
        connection.execute(
            "INSERT INTO reading (ts, received_at, value, sensor_id, flag, state)"
            " VALUES (%s, %s, 1, 7, 1, 0)",
            (ts, ts),
        )
    connection.commit()


def readings(connection: psycopg.Connection) -> list[datetime]:
    return [row[0] for row in connection.execute("SELECT ts FROM reading ORDER BY ts").fetchall()]


def test_nothing_is_dropped_until_a_retention_is_set(dsn: str, role_dsn: Callable[[str], str]) -> None:
    """Without a row in `retention` readings stay for ever; with one the old month goes and the new stays."""
    with psycopg.connect(dsn) as owner, psycopg.connect(role_dsn("nhip_processing"), autocommit=True) as role:
        store_readings(owner)
        assert drop_expired_readings(role) == 0
        assert readings(owner) == [OLD, NEW]
        keep_readings(owner, 3650)
        owner.commit()
        assert readings_kept_days(owner) == 3650
        assert drop_expired_readings(role) == 1
        assert readings(owner) == [NEW]
        owner.rollback()


def test_a_retention_shorter_than_the_accept_window_is_refused(dsn: str) -> None:
    """A gateway may deliver 400 days late; what is kept cannot be less."""
    with psycopg.connect(dsn) as owner, pytest.raises(psycopg.errors.CheckViolation):
        keep_readings(owner, 399)


def test_hours_whose_readings_are_gone_keep_their_facts(dsn: str) -> None:
    """A dirty hour older than what is kept is taken off the queue and not handed out for computing."""
    with psycopg.connect(dsn) as owner:
        keep_readings(owner, 3650)
        hours = [moment.replace(minute=0, second=0, microsecond=0) for moment in (OLD, NEW)]
        owner.cursor().executemany(
            "INSERT INTO dirty_hour (sensor_id, hour) VALUES (7, %s)", [(hour,) for hour in hours]
        )
        claimed = owner.execute(statement("processing", "claim_hours"), {"claim_max": 10}).fetchone()
        assert claimed is not None
        assert claimed[:3] == ([7], [hours[1]], 2)
        assert owner.execute("SELECT count(*) FROM dirty_hour").fetchone() == (0,)
