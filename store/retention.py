"""How long raw readings are kept: for ever, unless somebody has set an age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.statements import statement

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import TupleRow


def keep_readings(connection: psycopg.Connection[TupleRow], days: int | None) -> None:
    """Keep readings for `days` (400 at least: gateways may deliver so late), None for ever."""
    if days is None:
        connection.execute(statement("store", "clear_retention"))
    else:
        connection.execute(statement("store", "set_retention"), {"readings_kept": f"{days} days"})


def readings_kept_days(connection: psycopg.Connection[TupleRow]) -> float | None:
    """Return how many days readings are kept, None for ever."""
    row = connection.execute(statement("store", "select_retention")).fetchone()
    return None if row is None else float(row[0])


def drop_expired_readings(connection: psycopg.Connection[TupleRow]) -> int:
    """Drop partitions or chunks that are wholly older than what is kept; return how many."""
    row = connection.execute(statement("store", "drop_expired_readings")).fetchone()
    return 0 if row is None else int(row[0])
