"""The registry's credentials become the broker's accounts, and stop being it, by themselves."""

import threading
import time

import psycopg
import pytest
from pydantic import SecretStr

from domain.credentials import broker_password_hash
from domain.service_accounts import SERVICE_USERS
from nhip.stack.broker_access import AccessFiles
from nhip.stack.broker_reconciler import BrokerReconciler, hang_up_process
from nhip.stack.errors import ConfigurationError
from store import StoreSettings, connect

WAIT_S = 30.0
ADD = """
WITH gw AS (INSERT INTO gateway (code, name) VALUES (%(code)s, %(code)s) RETURNING id)
INSERT INTO gateway_credential (gateway_id, username, password_hash)
SELECT id, %(code)s, %(hash)s FROM gw
"""


@pytest.fixture
def files(tmp_path):
    return AccessFiles(passwords=tmp_path / "passwords", access=tmp_path / "access", service_password="s")


@pytest.fixture
def reloads():
    return []


@pytest.fixture
def reconciler(role_dsn, files, reloads):
    settings = StoreSettings(dsn=SecretStr(role_dsn("nhip_api")))
    return BrokerReconciler(settings, files, reload=lambda: reloads.append(1), interval_s=0.5)


def accounts(files):
    return [line.partition(":")[0] for line in files.passwords.read_text().splitlines()]


def wait_for(condition, what):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def applied(dsn):
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "SELECT version FROM broker_access_applied WHERE broker = 'local'"
        ).fetchone()


def test_live_credentials_are_written_and_revoked_or_retired_ones_are_not(dsn, reconciler, files, reloads):
    with psycopg.connect(dsn) as connection:
        for code in ("gw-live", "gw-revoked", "gw-retired"):
            connection.execute(ADD, {"code": code, "hash": broker_password_hash("x")})
        connection.execute("UPDATE gateway_credential SET revoked_at = now() WHERE username = 'gw-revoked'")
        connection.execute("UPDATE gateway SET retired_at = now() WHERE code = 'gw-retired'")
    with connect(reconciler.settings, "test", autocommit=True) as connection:
        assert reconciler.reconcile(connection)
        assert not reconciler.reconcile(connection)
    assert accounts(files) == [*SERVICE_USERS, "gw-live"]
    assert len(reloads) == 1


def test_an_untouched_registry_is_version_0_and_a_credential_is_newer(dsn, reconciler):
    """So that whoever waits for the first credential does not take the state before it for the one after."""
    with connect(reconciler.settings, "test", autocommit=True) as connection:
        reconciler.reconcile(connection)
        assert applied(dsn) == (0,)
        with psycopg.connect(dsn) as other:
            other.execute(ADD, {"code": "gw-1", "hash": broker_password_hash("x")})
        reconciler.reconcile(connection)
    assert applied(dsn) == (1,)


def test_it_follows_the_registry_and_survives_the_loss_of_its_connection(dsn, reconciler, files):
    stop = threading.Event()
    thread = threading.Thread(target=reconciler.run, args=(stop,))
    thread.start()
    try:
        wait_for(lambda: applied(dsn) == (0,), "the first state")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(ADD, {"code": "gw-1", "hash": broker_password_hash("x")})
            wait_for(lambda: accounts(files) == [*SERVICE_USERS, "gw-1"], "gw-1")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'nhip-broker-access' AND datname = current_database()"
            )
            connection.execute(ADD, {"code": "gw-2", "hash": broker_password_hash("x")})
            wait_for(lambda: accounts(files) == [*SERVICE_USERS, "gw-1", "gw-2"], "gw-2 after the loss")
    finally:
        stop.set()
        thread.join(WAIT_S)
    assert not thread.is_alive()


def test_the_pid_file_must_hold_a_number_and_a_broker_that_is_away_is_no_error(tmp_path):
    hang_up_process(None, tmp_path / "missing")
    hang_up_process(None, None)
    (tmp_path / "pid").write_text("rm -rf\n")
    with pytest.raises(ConfigurationError, match="expected a process id"):
        hang_up_process(None, tmp_path / "pid")
