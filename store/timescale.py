"""What differs on TimescaleDB once the tables are made: the columnstore policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy

if TYPE_CHECKING:
    from sqlalchemy import Connection

ENABLE_COLUMNSTORE: Final = (
    "ALTER TABLE reading SET (tsdb.enable_columnstore, tsdb.segmentby = 'sensor_id', tsdb.orderby = 'ts')"
)
COMPRESS_AFTER_A_WEEK: Final = (
    "CALL add_columnstore_policy('reading', after => interval '7 days', if_not_exists => true)"
)


def apply_policies(connection: Connection) -> bool:
    """Give `reading` its columnstore policy where the server is TimescaleDB with the community licence.

    Runs at every migration and changes nothing the second time. Retention is not set: raw readings are
    evidence, so dropping them is the operator's decision.

    Returns:
        True when the server compresses by itself, False when our own job has to.
    """
    licence = connection.execute(
        sqlalchemy.text("SELECT setting FROM pg_settings WHERE name = 'timescaledb.license'")
    ).scalar()
    hypertable = connection.execute(
        sqlalchemy.text("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")
    ).first()
    if hypertable is None or licence != "timescale":
        return False
    enabled = connection.execute(
        sqlalchemy.text(
            "SELECT compression_enabled FROM timescaledb_information.hypertables"
            " WHERE hypertable_name = 'reading'"
        )
    ).scalar()
    if not enabled:
        connection.execute(sqlalchemy.text(ENABLE_COLUMNSTORE))
    connection.execute(sqlalchemy.text(COMPRESS_AFTER_A_WEEK))
    return True
