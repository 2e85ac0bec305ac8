"""Who may do what: the exact rights of every role, compared with the committed matrix.

After a wanted change: `NHIP_WRITE_SNAPSHOT=1 pytest tests/store/test_privileges.py`; then read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

SNAPSHOT = Path(__file__).parent / "privileges.txt"
ROLES = ("nhip_ingest", "nhip_processing", "nhip_api", "nhip_grafana")
_RIGHTS = (Path(__file__).parent / "describe_rights.sql").read_bytes()


def test_rights_are_exactly_those_of_the_matrix(owner):
    """Neither more nor less than what stands in privileges.txt."""
    found = sorted(row[0] for row in owner.execute(_RIGHTS, {"roles": list(ROLES)}))
    if os.environ.get("NHIP_WRITE_SNAPSHOT"):
        SNAPSHOT.write_text("\n".join(found) + "\n", encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_nothing_but_a_role(owner, role):
    """No superuser, no maker of roles or databases, member of no other role, no connection to replication."""
    row = owner.execute(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,"
        " (SELECT count(*) FROM pg_auth_members m WHERE m.member = r.oid) FROM pg_roles r WHERE rolname = %s",
        (role,),
    ).fetchone()
    assert row == (False, False, False, False, False, 0)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM reading",
        "TRUNCATE reading",
        "DROP TABLE reading",
        "ALTER TABLE reading DISABLE TRIGGER ALL",
        "CREATE TABLE x ()",
    ],
)
def test_no_role_destroys_readings(role_dsn, role, statement):
    """Raw readings are evidence: no service can remove them, and none can make tables."""
    with (
        psycopg.connect(role_dsn(role)) as connection,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)),
    ):
        connection.execute(b"SET search_path = public; " + statement.encode())


@pytest.mark.parametrize("role", [role for role in ROLES if role != "nhip_api"])
@pytest.mark.parametrize("table", ["gateway_credential", "api_key", "audit", "idempotency"])
def test_secrets_are_for_the_api_only(role_dsn, role, table):
    """Hashes of keys and passwords are not readable by ingest, processing or Grafana."""
    with psycopg.connect(role_dsn(role)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"SELECT * FROM public.{table}".encode())  # noqa: S608 # names of the list above


def test_grafana_is_bounded(role_dsn):
    """Its own schema, read-only by default, a minute for a query, twenty connections."""
    with psycopg.connect(role_dsn("nhip_grafana")) as connection:
        for setting, value in (
            ("search_path", "grafana"),
            ("statement_timeout", "1min"),
            ("default_transaction_read_only", "on"),
        ):
            assert connection.execute(f"SHOW {setting}".encode()).fetchone() == (value,)
        assert connection.execute(
            "SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user"
        ).fetchone() == (20,)
