"""Statements and transactions for the routes; driver errors leave it as errors of the store."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from store import statement
from store.errors import translated

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from psycopg_pool import AsyncConnectionPool

# One row, by column name. Statements are files, so the names are known there and not to the type checker.
Row = dict[str, Any]


class Session:
    """One transaction."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    async def rows(self, name: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run the statement `api/sql/<name>.sql` and return its rows."""
        async with self._connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement("api", name), parameters)
            return await cursor.fetchall()

    async def row(self, name: str, parameters: Mapping[str, object] | None = None) -> Row | None:
        """Run the statement and return its first row, None without any."""
        async with self._connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement("api", name), parameters)
            return await cursor.fetchone()

    async def one(self, name: str, parameters: Mapping[str, object] | None = None) -> Row:
        """Run a statement that always gives a row."""
        found = await self.row(name, parameters)
        if found is None:
            raise LookupError(name)
        return found

    async def execute(self, name: str, parameters: Mapping[str, object] | None = None) -> int:
        """Run a statement without rows; return how many rows it changed."""
        async with self._connection.cursor() as cursor:
            await cursor.execute(statement("api", name), parameters)
            return cursor.rowcount

    async def roll_back(self) -> None:
        """Undo everything done so far (a dry run); the transaction goes on empty."""
        await self._connection.rollback()


class Database:
    """The pool, as the routes see it."""

    def __init__(self, pool: AsyncConnectionPool, wait_s_max: float) -> None:
        self._pool = pool
        self._wait_s_max = wait_s_max

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Session]:
        """Give one transaction: committed at the end, undone by an error.

        Raises:
            StoreUnavailableError: no connection in time, or it broke.
            DataRejectedError: the server refuses the data.
        """
        try:
            async with self._pool.connection(timeout=self._wait_s_max) as connection:
                yield Session(connection)
        except psycopg.Error as error:
            raise translated(error) from error

    async def rows(self, name: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Return the rows of one statement in a transaction of its own."""
        async with self.transaction() as session:
            return await session.rows(name, parameters)

    async def row(self, name: str, parameters: Mapping[str, object] | None = None) -> Row | None:
        """Return the first row of one statement in a transaction of its own."""
        async with self.transaction() as session:
            return await session.row(name, parameters)
