"""The way to the schema: repeatable, at once from several places, never backwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from store import MigrationError, StoreSettings, StoreUnavailableError, UnsupportedServerError
from store.migrations import migrate, revision_of, revision_wanted


def settings(dsn):
    return StoreSettings(dsn=SecretStr(dsn))


def test_a_fresh_database_is_brought_to_the_newest_revision(empty_dsn):
    """Before: no revision. After: the one that the code wants."""
    assert revision_of(settings(empty_dsn)) is None
    assert migrate(settings(empty_dsn)) == revision_wanted() == revision_of(settings(empty_dsn))


def test_migrating_again_changes_nothing(empty_dsn, schema):
    """Same tables, rights, comments and quantities after the second run."""
    migrate(settings(empty_dsn))
    before = schema(empty_dsn)
    migrate(settings(empty_dsn))
    assert schema(empty_dsn) == before
    assert len(before) > 200


def test_a_difference_in_the_schema_is_seen(dsn, schema, owner):
    """The description that the other tests compare by does notice a column, an index and a right."""
    before = set(schema(dsn))
    owner.execute("ALTER TABLE area ADD COLUMN extra int")
    owner.execute("CREATE INDEX extra_index ON area (extra)")
    owner.execute("GRANT DELETE ON area TO nhip_ingest")
    kinds = {line.split()[0] for line in set(schema(dsn)) ^ before}
    assert kinds == {"column", "index", "rights"}


def test_three_migrations_at_once_all_succeed(empty_dsn, schema, dsn):
    """One works, two wait, all end with the same schema as a lone one."""
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda _: migrate(settings(empty_dsn)), range(3)))
    assert results == [revision_wanted()] * 3
    assert schema(empty_dsn) == schema(dsn)


def test_a_migration_waits_for_a_table_in_use(empty_dsn):
    """A long query does not fail the migration: it asks again until the table is free."""
    migrate(settings(empty_dsn))
    with psycopg.connect(empty_dsn) as blocker, ThreadPoolExecutor(1) as pool:
        # The policies and quantities are written at every run; this lock is in their way.
        blocker.execute("LOCK TABLE quantity IN ACCESS EXCLUSIVE MODE")
        waiting = pool.submit(migrate, settings(empty_dsn))
        with pytest.raises(TimeoutError):
            waiting.result(timeout=1.5)
        blocker.commit()
        assert waiting.result(timeout=30) == revision_wanted()


def test_a_database_ahead_of_the_code_is_refused_and_left_alone(dsn, owner, schema):
    """An old program must not work on a schema it does not know."""
    owner.execute("UPDATE alembic_version SET version_num = '9999'")
    before = schema(dsn)
    with pytest.raises(MigrationError, match="9999"):
        migrate(settings(dsn))
    assert schema(dsn) == before


def test_an_unreachable_server_is_told_apart_from_a_broken_migration(dsn):
    """So that the caller knows that trying again can help."""
    with pytest.raises(StoreUnavailableError):
        migrate(settings(make_conninfo(dsn, port="1", connect_timeout="2")))


@pytest.mark.usefixtures("dsn")  # the roles exist from the first migrated database on
def test_a_role_without_rights_is_told_so(empty_dsn):
    """A service's role cannot migrate, and the message says who can."""
    with pytest.raises(UnsupportedServerError, match="owner of the database"):
        migrate(settings(make_conninfo(empty_dsn, user="nhip_ingest", password="nhip-test")))
