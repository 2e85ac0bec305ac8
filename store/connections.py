"""Connections and pools, all with the same session settings (UTC, time-outs, application name)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from store.errors import StoreUnavailableError

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

    from store.settings import StoreSettings


def _arguments(settings: StoreSettings, application: str) -> dict[str, Any]:
    options = (
        f"-c TimeZone=UTC -c statement_timeout={settings.statement_timeout_ms}"
        f" -c lock_timeout={settings.lock_timeout_ms}"
        # TimescaleDB gives up a statement that has to open more than 100,000 compressed rows: a replayed
        # archive may. On plain PostgreSQL the setting means nothing.
        " -c timescaledb.max_tuples_decompressed_per_dml_transaction=0"
        # Which days' chunks a statement needs is known from its parameters only. A generic plan, even one
        # that is made to be compared and thrown away, opens and locks every chunk of every year.
        " -c plan_cache_mode=force_custom_plan"
    )
    return {
        "options": options,
        "application_name": application,
        "connect_timeout": settings.connect_timeout_s,
        # A dead peer is noticed within about a minute even when nothing is sent.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }


def connect(
    settings: StoreSettings, application: str, *, autocommit: bool = False
) -> psycopg.Connection[TupleRow]:
    """Open one connection.

    Raises:
        StoreUnavailableError: the server cannot be reached or refuses the log-in.
    """
    try:
        return psycopg.connect(
            settings.dsn.get_secret_value(),
            autocommit=autocommit,
            **_arguments(settings, application),
        )
    except psycopg.OperationalError as error:
        raise StoreUnavailableError(str(error).strip()) from error


async def connect_async(
    settings: StoreSettings, application: str, *, autocommit: bool = False
) -> psycopg.AsyncConnection[TupleRow]:
    """Open one asynchronous connection.

    Raises:
        StoreUnavailableError: the server cannot be reached or refuses the log-in.
    """
    try:
        return await psycopg.AsyncConnection.connect(
            settings.dsn.get_secret_value(),
            autocommit=autocommit,
            **_arguments(settings, application),
        )
    except psycopg.OperationalError as error:
        raise StoreUnavailableError(str(error).strip()) from error


def open_pool(settings: StoreSettings, application: str) -> AsyncConnectionPool:
    """Return a pool that is not open yet (use it as an async context manager)."""
    return AsyncConnectionPool(
        settings.dsn.get_secret_value(),
        min_size=1,
        max_size=settings.pool_size_max,
        open=False,
        kwargs=_arguments(settings, application),
        check=AsyncConnectionPool.check_connection,
        name=application,
    )
