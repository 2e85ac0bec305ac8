"""What the database is, as text that two databases can be compared by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable

_SCHEMA = (Path(__file__).parent / "describe_schema.sql").read_bytes()


@pytest.fixture
def schema() -> Callable[[str], list[str]]:
    """A function from a DSN to the sorted description of that database's schema."""

    def described(dsn: str) -> list[str]:
        with psycopg.connect(dsn) as connection:
            return sorted(row[0] for row in connection.execute(_SCHEMA))

    return described


@pytest.fixture
def owner(dsn: str):
    """A superuser connection to a fresh migrated database."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def timescale(owner) -> bool:
    """Whether the server keeps readings in a hypertable."""
    return owner.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is not None


@pytest.fixture(scope="module")
def dsn_of_session(new_migrated_database):
    """A function from a role (None: the owner) to the DSN of a database that these tests share."""
    with new_migrated_database() as dsn:
        yield lambda role: make_conninfo(dsn, user=role, password="nhip-test") if role else dsn
