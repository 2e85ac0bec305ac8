"""The services' log-ins: passwords from files, the first key, and clear words about mistakes."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from domain.credentials import api_key_hash, new_api_key
from nhip.stack.database_roles import admit_admin_key, passwords_in, revoke_key, role_dsn, set_passwords
from nhip.stack.errors import ConfigurationError
from store import statement


def test_passwords_are_read_from_files_named_by_role(tmp_path):
    (tmp_path / "nhip_api").write_text("secret\n")
    (tmp_path / "nhip_ingest.txt").write_text("other")
    (tmp_path / "README").write_text("not a role")
    assert passwords_in(tmp_path) == {"nhip_api": "secret", "nhip_ingest": "other"}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "expected one of nhip_ingest"),
        ({"nhip_grafana": " \n"}, "nhip_grafana: found an empty file, expected a password"),
        ({"somebody": "x"}, "no role's file"),
    ],
)
def test_a_folder_that_does_not_fit_is_refused_with_the_reason(tmp_path, files, message):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        passwords_in(tmp_path)


def test_a_role_logs_in_with_its_password_whatever_is_in_it(dsn, store_settings):
    """The password goes into the statement as a literal; quotes must not end it."""
    password = 'it\'s a "test"; DROP ROLE nhip_api --'
    try:
        set_passwords(store_settings, {"nhip_grafana": password})
        with psycopg.connect(role_dsn(dsn, "nhip_grafana", password)) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("nhip_grafana",)
    finally:
        set_passwords(store_settings, {"nhip_grafana": "nhip-test"})


def test_the_first_key_is_an_administrators_and_a_revoked_one_does_not_come_back(dsn, store_settings):
    key = new_api_key()
    assert admit_admin_key(store_settings, key)
    assert admit_admin_key(store_settings, key)
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT role, key_prefix, key_hash, revoked_at FROM api_key").fetchall()
    assert rows == [("admin", key[:12], api_key_hash(key), None)]
    revoke_key(store_settings, key)
    assert not admit_admin_key(store_settings, key)


NAMES = (
    "insert_admin_key",
    "revoke_key",
    "select_broker_access_version",
    "select_live_credentials",
    "upsert_broker_access_applied",
)


class Nulls(dict):
    """Every parameter is NULL."""

    def __missing__(self, key):
        return None


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_is_valid_for_the_role_that_runs_it(dsn, name):
    with psycopg.connect(make_conninfo(dsn)) as connection:
        connection.execute(b"SET ROLE nhip_api")
        connection.execute(b"EXPLAIN " + statement("nhip.stack", name), Nulls())
