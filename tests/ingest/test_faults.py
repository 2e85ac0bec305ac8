"""Bounds that hold while the database hangs or is away, and settings that are wrong.

What happens when parts are killed or cut off: `tests/faults`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.ingest.conftest import Publisher, Registry, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

START = float(int(time.time()) - 86_400)
READINGS_A_BATCH = 5


@contextmanager
def process(broker: Any, dsn: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """`nhip ingest` as a process of its own; killed in the end unless it has ended."""
    child = subprocess.Popen(
        [sys.executable, "-m", "nhip", "ingest"],
        env=os.environ | {"NHIP_STORE_DSN": dsn, "NHIP_INGEST_MQTT_URL": broker.url} | environment,
        stderr=subprocess.PIPE,
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        assert child.stderr is not None
        child.stderr.close()


def said(child: subprocess.Popen[bytes], word: bytes) -> bytes:
    """Return the first line of a child's log that holds a word."""
    assert child.stderr is not None
    for line in child.stderr:
        if word in line:
            return line
    raise AssertionError(word)


@pytest.fixture
def gateway(registry: Registry, gateway_code: str) -> str:
    registry.gateway(gateway_code)
    registry.sensor(gateway_code, "a", "active_power", "kW")
    return gateway_code


def test_a_commit_that_hangs_is_broken_off_and_tried_again(broker, registry, gateway, ingester):
    """The hard deadline: a lock on the table holds the write until the connection is closed under it."""
    service = ingester(commit_s_max=0.5)
    stream = Publisher(broker, gateway)
    stream.readings(1, ("a", START, 1.0))
    stream.wait(1)
    dsn = registry.connection.info.dsn + f" password={registry.connection.info.password}"
    with psycopg.connect(dsn) as blocker:
        blocker.execute("LOCK TABLE accounting IN ACCESS EXCLUSIVE MODE")
        stream.readings(2, ("a", START + 1, 2.0))
        eventually(lambda: any(loop.writer.busy_since_s for loop in service.writing))
        time.sleep(1.5)
        assert stream.acknowledged == {1}
        pids = blocker.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'nhip-ingest'"
        ).fetchall()
        assert pids
    stream.wait(2)
    assert registry.account(gateway) == {"messages": 2, "received": 2, "stored": 2}
    stream.close()


def test_the_buffer_is_bounded_while_the_database_does_not_answer(broker, registry, gateway, ingester):
    """With the table locked, receiving stops at the bound, the connection stays, and nothing is lost."""
    service = ingester(inflight_max=50, keepalive_s=2)
    stream = Publisher(broker, gateway)
    dsn = registry.connection.info.dsn + f" password={registry.connection.info.password}"
    with psycopg.connect(dsn) as blocker:
        blocker.execute("LOCK TABLE accounting IN ACCESS EXCLUSIVE MODE")
        for batch_id in range(500):
            stream.readings(batch_id, ("a", START + batch_id, 1.0))
        # A status message that waits for its turn to be acknowledged may use a place of the broker's window.
        eventually(lambda: service.inbox.open_count >= 50 - 2, "the inbox did not fill")
        most = 0
        deadline = time.monotonic() + 4.0  # longer than the keep-alive
        while time.monotonic() < deadline:
            most = max(most, service.inbox.open_count)
            time.sleep(0.02)
        assert service.session.is_connected
        assert stream.acknowledged == set()
    stream.wait(*range(500))
    # The broker's window is the bound too; what one turn reads may come on top of it.
    assert most <= 50 + 1
    assert registry.account(gateway)["stored"] == 500
    assert service.inbox.open_count == 0
    stream.close()


def test_sigterm_without_a_database_still_ends_in_time(broker, role_dsn):
    """An unreachable database does not hold the end up."""
    dsn = make_conninfo(role_dsn("nhip_ingest"), host="127.0.0.1", port=1)
    with process(broker, dsn) as child:
        said(child, b"keeper_disconnected")
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0


def test_wrong_settings_are_told_in_one_line(broker):
    """The environment variable, what was found and what was expected; no traceback and no password."""
    for name, value, expected in (
        ("NHIP_INGEST_MQTT_URL", "http://x:secret@y", b"NHIP_INGEST_MQTT_URL"),
        ("NHIP_INGEST_SHARD", "3/2", b"NHIP_INGEST_SHARD"),
        ("NHIP_INGEST_BATCH_BYTES_MAX", "0", b"NHIP_INGEST_BATCH_BYTES_MAX"),
    ):
        with process(broker, "host=nowhere", **{name: value}) as child:
            assert child.wait(20) == 2
            assert child.stderr is not None
            text = child.stderr.read()
            assert expected in text
            assert b"secret" not in text
            assert b"Traceback" not in text
