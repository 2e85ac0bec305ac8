"""Bring a database to the schema that this code needs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
import sqlalchemy
from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError, OperationalError

from domain.quantities import QUANTITIES
from store.errors import MigrationError, StoreUnavailableError, UnsupportedServerError
from store.statements import statement
from store.timescale import apply_policies

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

    from store.settings import StoreSettings

_FOLDER: Final = Path(__file__).parent
_SERVER_VERSION_MIN: Final = 150_000
# Any constant will do, as long as every version of the code uses the same.
_ADVISORY_LOCK: Final = 0x6E686970
_LOCK_TIMEOUT_MS: Final = 500
_ATTEMPTS_MAX: Final = 60
_LOCK_NOT_AVAILABLE: Final = "55P03"


def _driver_connection(connection: sqlalchemy.Connection) -> psycopg.Connection[TupleRow]:
    raw = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        message = f"expected a psycopg connection, found {type(raw).__name__}"
        raise MigrationError(message)
    return raw


def execute_files(*names: str) -> None:
    """Run `.sql` files of this folder inside the migration's transaction (called by revisions)."""
    connection = _driver_connection(op.get_bind())
    for name in names:
        connection.execute((_FOLDER / "sql" / name).read_bytes())


def has_timescale() -> bool:
    """Say whether TimescaleDB is, or can be, part of the database under migration; make it so."""
    bind = op.get_bind()
    # First of all, because a role that is no superuser does not see the setting asked for below.
    if bind.execute(sqlalchemy.text("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")).first():
        return True
    offered = bind.execute(
        sqlalchemy.text("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'")
    ).first()
    loaded = bind.execute(
        sqlalchemy.text(
            "SELECT 1 FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting ~ 'timescaledb'"
        )
    ).first()
    if offered is None or loaded is None:
        return False
    bind.execute(sqlalchemy.text("CREATE EXTENSION IF NOT EXISTS timescaledb"))
    return True


def _configuration(connection: sqlalchemy.Connection | None = None) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(_FOLDER))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    return configuration


def revision_wanted() -> str:
    """Return the newest revision that this code knows."""
    return str(ScriptDirectory.from_config(_configuration()).get_current_head())


def _engine(settings: StoreSettings) -> sqlalchemy.Engine:
    def connect() -> psycopg.Connection[TupleRow]:
        return psycopg.connect(
            settings.dsn.get_secret_value(),
            connect_timeout=settings.connect_timeout_s,
            application_name="nhip-migrate",
            options="-c TimeZone=UTC",
        )

    return sqlalchemy.create_engine("postgresql+psycopg://", creator=connect, poolclass=sqlalchemy.NullPool)


def revision_of(settings: StoreSettings) -> str | None:
    """Return the revision of the database, None when it was never migrated.

    Raises:
        StoreUnavailableError: the server cannot be reached.
    """
    try:
        with _engine(settings).connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise StoreUnavailableError(str(error.orig).strip()) from error


def migrate(settings: StoreSettings) -> str:
    """Upgrade the database to the newest revision, fill the quantities, set the policies.

    Safe to run from several places at once: one advisory lock lets one through at a time. Locks on
    tables in use are waited for briefly and asked for again, so that ingest never stalls behind us.

    Returns:
        The revision that the database has now.

    Raises:
        StoreUnavailableError: the server cannot be reached.
        UnsupportedServerError: PostgreSQL is older than 15, or the role may not create what is needed.
        MigrationError: the database is ahead of this code, or a statement failed.
    """
    for attempt in range(_ATTEMPTS_MAX):
        try:
            with _engine(settings).connect() as connection:
                return _migrate(connection)
        except DBAPIError as error:
            _raise_unless_locked(error, attempt)
        except Exception as error:
            if getattr(error, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise _explained(error) from error
        time.sleep(min(0.1 * (attempt + 1), 1.0))
    message = f"a table stayed locked through {_ATTEMPTS_MAX} attempts; end the long query and try again"
    raise MigrationError(message)


def _raise_unless_locked(error: DBAPIError, attempt: int) -> None:
    state = getattr(error.orig, "sqlstate", None)
    if state == _LOCK_NOT_AVAILABLE and attempt + 1 < _ATTEMPTS_MAX:
        return
    if isinstance(error, OperationalError) and (state is None or state.startswith(("08", "57", "3D", "28"))):
        raise StoreUnavailableError(str(error.orig).strip()) from error
    raise _explained(error.orig or error) from error


def _explained(error: BaseException) -> Exception:
    if isinstance(error, MigrationError | UnsupportedServerError):
        return error
    if getattr(error, "sqlstate", None) == "42501":
        return UnsupportedServerError(
            f"the role of this DSN may not migrate ({error}); use the owner of the database with CREATEROLE"
        )
    return MigrationError(f"{type(error).__name__}: {error}")


def _migrate(connection: sqlalchemy.Connection) -> str:
    version = connection.execute(sqlalchemy.text("SHOW server_version_num")).scalar_one()
    if int(version) < _SERVER_VERSION_MIN:
        message = f"PostgreSQL 15 or newer is needed, found server_version_num {version}"
        raise UnsupportedServerError(message)
    connection.execute(sqlalchemy.text(f"SELECT pg_advisory_lock({_ADVISORY_LOCK})"))
    connection.execute(sqlalchemy.text(f"SET lock_timeout = {_LOCK_TIMEOUT_MS}"))
    connection.commit()
    try:
        _refuse_newer(connection)
        command.upgrade(_configuration(connection), "head")
        _fill_quantities(connection)
        apply_policies(connection)
        connection.commit()
        return revision_wanted()
    finally:
        connection.rollback()
        raw = connection.connection.driver_connection
        if raw is not None:
            # Files and quantities go past SQLAlchemy, which then knows nothing of a failed transaction.
            raw.rollback()
        connection.execute(sqlalchemy.text(f"SELECT pg_advisory_unlock({_ADVISORY_LOCK})"))
        connection.commit()


def _refuse_newer(connection: sqlalchemy.Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    known = {script.revision for script in ScriptDirectory.from_config(_configuration()).walk_revisions()}
    if current is not None and current not in known:
        message = (
            f"the database is at revision {current}, newer than this code ({revision_wanted()}): upgrade Nhịp"
        )
        raise MigrationError(message)


def _fill_quantities(connection: sqlalchemy.Connection) -> None:
    with _driver_connection(connection).cursor() as cursor:
        cursor.executemany(
            statement("store", "upsert_quantity"),
            [
                {
                    "code": quantity.code,
                    "title_vi": quantity.title.vi,
                    "title_en": quantity.title.en,
                    "service": quantity.service,
                    "unit": quantity.unit,
                    "kind": quantity.kind,
                    "range_min": quantity.range_min,
                    "range_max": quantity.range_max,
                }
                for quantity in QUANTITIES.values()
            ],
        )
