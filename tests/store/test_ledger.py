"""What the database itself enforces: the ledger balances, the audit log only grows."""

from __future__ import annotations

import psycopg
import pytest


def test_the_ledger_must_balance(owner):
    """A reading without an outcome, or an outcome without a reading, cannot be booked."""
    insert = (
        "INSERT INTO accounting (gateway, hour, received, stored, duplicate) VALUES ('g', now(), %s, %s, %s)"
    )
    owner.execute(insert, (10, 7, 3))
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute(insert, (10, 7, 2))
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("UPDATE accounting SET stored = stored + 1")


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
def test_nobody_changes_the_audit_log(owner, role_dsn, statement):
    """Not even the superuser by accident; the API's role lacks the right as well."""
    with psycopg.connect(role_dsn("nhip_api"), autocommit=True) as api:
        api.execute(
            "INSERT INTO audit (actor, action, object_kind, object_code) VALUES ('a', 'create', 'area', 'x')"
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute(statement.encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        owner.execute(statement.encode())
    assert owner.execute("SELECT count(*) FROM audit").fetchone() == (1,)


def test_redelivered_quarantine_adds_nothing(owner):
    """The digest is the key: the same bytes for the same reason are kept once."""
    insert = (
        "INSERT INTO quarantine (gateway, topic, payload_format, reason, reading_count, payload, digest)"
        " VALUES ('g', 't', 'native', 'malformed', 1, '', %s) ON CONFLICT (digest) DO NOTHING"
    )
    for _ in range(2):
        owner.execute(insert, (b"\x01",))
    assert owner.execute("SELECT count(*) FROM quarantine").fetchone() == (1,)


def test_a_changed_credential_is_announced(dsn, owner):
    """The broker's reconciler hears of it at once, and the wanted version grows."""
    owner.execute("LISTEN nhip_broker_access")
    [before] = owner.execute("SELECT last_value FROM broker_access_wanted").fetchone()
    with psycopg.connect(dsn) as other:
        other.execute("INSERT INTO gateway (code, name) VALUES ('gw-1', 'one')")
        other.execute(
            "INSERT INTO gateway_credential (gateway_id, username, password_hash)"
            " SELECT id, code, '$7$' FROM gateway"
        )
    [note] = owner.notifies(timeout=5, stop_after=1)
    assert note.channel == "nhip_broker_access"
    assert owner.execute("SELECT last_value FROM broker_access_wanted").fetchone()[0] >= before


def test_one_live_credential_for_each_name(owner):
    """A second one needs the first to be revoked."""
    owner.execute("INSERT INTO gateway (code, name) VALUES ('gw-1', 'one')")
    insert = (
        "INSERT INTO gateway_credential (gateway_id, username, password_hash)"
        " SELECT id, code, 'x' FROM gateway"
    )
    owner.execute(insert)
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(insert)
    owner.execute("UPDATE gateway_credential SET revoked_at = now()")
    owner.execute(insert)
