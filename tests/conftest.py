"""A real database and a real broker for every test that asks for one.

Without options the suite starts its own PostgreSQL and its own broker, once per session. `--dsn` and
`--broker` (or `NHIP_TEST_DSN`, `NHIP_TEST_BROKER`) run the same tests against given servers. The DSN must be
allowed to create databases and roles; every test gets a database of its own, cloned from a migrated template.
"""

from __future__ import annotations

import os
import secrets
import signal
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from nhip.stack.broker import EmbeddedBroker
from nhip.stack.make_recipe import end_with_make
from nhip.stack.postgres import EmbeddedPostgres
from store import StoreSettings
from store.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import FrameType

    DatabaseMaker = Callable[..., AbstractContextManager[str]]

ROLES = ("nhip_ingest", "nhip_processing", "nhip_api", "nhip_grafana")
# The same for everybody: roles belong to the server, and two sessions may share a given one.
ROLE_PASSWORD = "nhip-test"
ATTEMPTS_MAX = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("nhip")
    group.addoption(
        "--dsn", default=os.environ.get("NHIP_TEST_DSN"), help="PostgreSQL server to test against"
    )
    group.addoption(
        "--broker", default=os.environ.get("NHIP_TEST_BROKER"), help="broker to test against (mqtt:// URL)"
    )


def pytest_configure() -> None:
    """End in order, with every server stopped, also when make alone is told to end, and only once."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    end_with_make()


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


def _create(dsn: str, database: str, template: str = "template1") -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(database), sql.Identifier(template)
    )
    _insist(dsn, statement, template)


def _drop(dsn: str, database: str) -> None:
    _insist(
        dsn, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)), database
    )


def _insist(dsn: str, statement: sql.Composed, used: str) -> None:
    """Run the statement, disconnecting whoever uses that database: TimescaleDB's workers come and go."""
    with _maintenance(dsn) as connection:
        for attempt in range(ATTEMPTS_MAX):
            try:
                connection.execute(statement)
            except psycopg.errors.ObjectInUse:
                if attempt + 1 == ATTEMPTS_MAX:
                    raise
                _disconnect_all(connection, used)
                time.sleep(0.1)
            else:
                return


def _pause_jobs(dsn: str) -> None:
    """Keep TimescaleDB from compressing in the middle of a test; those about it convert chunks by hand."""
    with _maintenance(dsn) as connection:
        if connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is None:
            return
        connection.execute(
            "SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs"
            " WHERE hypertable_name = 'reading'"
        )


def _set_role_passwords(dsn: str) -> None:
    with _maintenance(dsn) as connection:
        for role in ROLES:
            statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(role), sql.Literal(ROLE_PASSWORD)
            )
            for attempt in range(ATTEMPTS_MAX):
                try:
                    connection.execute(statement)
                    break
                except psycopg.errors.InternalError_:  # "tuple concurrently updated" by another session
                    if attempt + 1 == ATTEMPTS_MAX:
                        raise
                    time.sleep(0.1)


@pytest.fixture(scope="session")
def new_database(server_dsn: str) -> DatabaseMaker:
    """A function that makes an empty database, for the length of a `with`, and gives its superuser DSN."""

    @contextmanager
    def made(template: str = "template1") -> Iterator[str]:
        name = f"nhip_test_{secrets.token_hex(4)}"
        try:
            _create(server_dsn, name, template)
            yield make_conninfo(server_dsn, dbname=name)
        finally:
            _drop(server_dsn, name)

    return made


@pytest.fixture(scope="session")
def _template(server_dsn: str, new_database: DatabaseMaker) -> Iterator[str]:
    """The name of a migrated database that nobody is connected to."""
    with new_database() as dsn:
        migrate(settings_for(dsn))
        _pause_jobs(dsn)
        _set_role_passwords(server_dsn)
        name = str(conninfo_to_dict(dsn)["dbname"])
        with _maintenance(server_dsn) as connection:
            # TimescaleDB's workers stay connected to every database that lets them, and a database in use
            # cannot be cloned.
            connection.execute(
                sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(sql.Identifier(name))
            )
            _disconnect_all(connection, name)
        yield name


@pytest.fixture(scope="session")
def new_migrated_database(new_database: DatabaseMaker, _template: str) -> DatabaseMaker:
    """Like `new_database`, migrated."""
    return lambda: new_database(_template)


def settings_for(dsn: str) -> StoreSettings:
    """Store settings for a DSN."""
    return StoreSettings(dsn=SecretStr(dsn))


@pytest.fixture
def empty_dsn(new_database: DatabaseMaker) -> Iterator[str]:
    """Superuser DSN of a fresh database that was never migrated."""
    with new_database() as dsn:
        yield dsn


@pytest.fixture
def dsn(new_migrated_database: DatabaseMaker) -> Iterator[str]:
    """Superuser DSN of a fresh, migrated database."""
    with new_migrated_database() as dsn:
        yield dsn


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
