"""A real database and a real broker for every test that asks for one.

Without options the suite starts its own PostgreSQL and its own broker, once per session. `--dsn` and
`--broker` (or `NHIP_TEST_DSN`, `NHIP_TEST_BROKER`) run the same tests against given servers. The DSN must be
allowed to create databases and roles; every test gets a database of its own, cloned from a migrated template.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from nhip.stack.broker import EmbeddedBroker
from nhip.stack.postgres import EmbeddedPostgres
from store import StoreSettings
from store.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROLES = ("nhip_ingest", "nhip_processing", "nhip_api", "nhip_grafana")
# The same for everybody: roles belong to the server, and two sessions may share a given one.
ROLE_PASSWORD = "nhip-test"
CLONE_ATTEMPTS_MAX = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("nhip")
    group.addoption(
        "--dsn", default=os.environ.get("NHIP_TEST_DSN"), help="PostgreSQL server to test against"
    )
    group.addoption(
        "--broker", default=os.environ.get("NHIP_TEST_BROKER"), help="broker to test against (mqtt:// URL)"
    )


@contextmanager
def scratch_folder(name: str) -> Iterator[Path]:
    """A temporary folder that the servers' own users can reach, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix=f"nhip-test-{name}-") as folder:
        path = Path(folder)
        path.chmod(0o711)
        yield path


@pytest.fixture
def reachable_path() -> Iterator[Path]:
    """Like `tmp_path`, for servers that run as another user."""
    with scratch_folder("path") as folder:
        yield folder


@pytest.fixture(scope="session")
def server_dsn(request: pytest.FixtureRequest) -> Iterator[str]:
    """A DSN that may create databases and roles."""
    given = request.config.getoption("--dsn")
    if given:
        yield given
        return
    with scratch_folder("postgres") as folder, EmbeddedPostgres(folder) as server:
        yield server.dsn


@contextmanager
def _maintenance(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def _disconnect_all(connection: psycopg.Connection, database: str) -> None:
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> pg_backend_pid()",
        (database,),
    )


def _drop(dsn: str, database: str) -> None:
    with _maintenance(dsn) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        )


def _set_role_passwords(dsn: str) -> None:
    with _maintenance(dsn) as connection:
        for role in ROLES:
            statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(role), sql.Literal(ROLE_PASSWORD)
            )
            for attempt in range(CLONE_ATTEMPTS_MAX):
                try:
                    connection.execute(statement)
                    break
                except psycopg.errors.InternalError_:  # "tuple concurrently updated" by another session
                    if attempt + 1 == CLONE_ATTEMPTS_MAX:
                        raise
                    time.sleep(0.1)


@pytest.fixture(scope="session")
def _template(server_dsn: str) -> Iterator[str]:
    """The name of a migrated database that nobody is connected to."""
    name = f"nhip_test_{secrets.token_hex(4)}_template"
    with _maintenance(server_dsn) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        migrate(settings_for(make_conninfo(server_dsn, dbname=name)))
        _set_role_passwords(server_dsn)
        with _maintenance(server_dsn) as connection:
            # TimescaleDB's workers stay connected to every database that lets them, and a database in use
            # cannot be cloned.
            connection.execute(
                sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(sql.Identifier(name))
            )
            _disconnect_all(connection, name)
        yield name
    finally:
        _drop(server_dsn, name)


def _clone(dsn: str, template: str, name: str) -> bool:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    with _maintenance(dsn) as connection:
        for _ in range(CLONE_ATTEMPTS_MAX):
            try:
                connection.execute(statement)
            except psycopg.errors.ObjectInUse:
                _disconnect_all(connection, template)
                time.sleep(0.1)
            else:
                return True
    return False


def settings_for(dsn: str) -> StoreSettings:
    """Store settings for a DSN."""
    return StoreSettings(dsn=SecretStr(dsn))


@pytest.fixture
def empty_dsn(server_dsn: str) -> Iterator[str]:
    """Superuser DSN of a fresh database that was never migrated."""
    name = f"nhip_test_{secrets.token_hex(4)}"
    with _maintenance(server_dsn) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield make_conninfo(server_dsn, dbname=name)
    finally:
        _drop(server_dsn, name)


@pytest.fixture
def dsn(server_dsn: str, _template: str) -> Iterator[str]:
    """Superuser DSN of a fresh, migrated database."""
    name = f"nhip_test_{secrets.token_hex(4)}"
    fresh = make_conninfo(server_dsn, dbname=name)
    try:
        if not _clone(server_dsn, _template, name):
            with _maintenance(server_dsn) as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            migrate(settings_for(fresh))
        yield fresh
    finally:
        _drop(server_dsn, name)


@pytest.fixture
def store_settings(dsn: str) -> StoreSettings:
    """Store settings for `dsn`."""
    return settings_for(dsn)


@pytest.fixture
def role_dsn(dsn: str) -> Callable[[str], str]:
    """A function from a role's name to the DSN of `dsn`'s database with that role."""

    def of(role: str) -> str:
        return make_conninfo(dsn, user=role, password=ROLE_PASSWORD)

    return of


class GivenBroker:
    """A broker named with `--broker`; the URL carries the service account."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url
        self.host = parts.hostname or "127.0.0.1"
        self.port = parts.port or 1883
        self.public_url = f"mqtt://{self.host}:{self.port}"
        self.password = parts.password or ""

    def grant(self, gateway: str) -> str:
        pytest.skip(f"the given broker cannot give gateway {gateway} an account of its own")


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Iterator[EmbeddedBroker | GivenBroker]:
    """A broker as in `nhip demo`: service account `nhip-ingest`, anonymous clients heard."""
    given = request.config.getoption("--broker")
    if given:
        yield GivenBroker(given)
        return
    with scratch_folder("broker") as folder, EmbeddedBroker(folder) as server:
        yield server
