"""What happens when parts are killed or started twice: acknowledged ⊆ stored ⊆ sent, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from psycopg.conninfo import make_conninfo

from nhip.stack.broker import EmbeddedBroker
from nhip.stack.postgres import EmbeddedPostgres
from store.migrations import migrate
from tests.conftest import settings_for
from tests.ingest.conftest import Publisher, Registry, eventually, forget_session

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


class Stream:
    """A gateway with an outbox: publishes at a steady rate, sends again what was not acknowledged."""

    def __init__(self, broker: Any, gateway: str, *, rate: float = 200.0) -> None:
        self.publisher = Publisher(broker, gateway)
        self.sent = 0
        self._rate = rate
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _send(self, batch_id: int) -> None:
        first = batch_id * READINGS_A_BATCH
        rows = [
            ("a", START + number * 0.5, float(number)) for number in range(first, first + READINGS_A_BATCH)
        ]
        self.publisher.readings(batch_id, *rows)

    def _run(self) -> None:
        while not self._ending.wait(1 / self._rate):
            self._send(self.sent)
            self.sent += 1

    def end(self) -> None:
        """Stop and resend until all is acknowledged."""
        self._ending.set()
        self._thread.join()
        for _ in range(10):
            missing = set(range(self.sent)) - self.publisher.acknowledged
            if not missing:
                break
            time.sleep(1.0)
            for batch_id in sorted(set(range(self.sent)) - self.publisher.acknowledged):
                self._send(batch_id)
        eventually(lambda: len(self.publisher.acknowledged) == self.sent, "all batches acknowledged")

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        self.publisher.close()


def check(registry: Registry, gateway: str, batches: int) -> None:
    """Every reading of every batch once, with its value; and a ledger that balances with the table."""
    rows = registry.rows(
        "SELECT extract(epoch FROM ts)::float8, value FROM reading JOIN sensor ON sensor.id = sensor_id"
        " WHERE sensor.code = %s ORDER BY ts",
        f"{gateway}.a",
    )
    assert rows == [(START + number * 0.5, float(number)) for number in range(batches * READINGS_A_BATCH)]
    account = registry.account(gateway)
    assert account["stored"] == len(rows)
    assert account["received"] == account["stored"] + account.get("duplicate", 0)


@pytest.fixture
def gateway(registry: Registry, gateway_code: str) -> str:
    registry.gateway(gateway_code)
    registry.sensor(gateway_code, "a", "active_power", "kW")
    return gateway_code


def test_nothing_acknowledged_is_lost_when_the_ingester_is_killed(
    broker, registry, role_dsn, gateway, record_property
):
    """kill -9 in mid-stream, four times at random moments."""
    forget_session(broker)
    seed = random.randrange(10**6)  # noqa: S311 # a schedule, not a secret
    record_property("seed", seed)
    moments = random.Random(seed)  # noqa: S311 # likewise
    stream = Stream(broker, gateway)
    try:
        for _ in range(4):
            with process(broker, role_dsn("nhip_ingest")) as child:
                before = len(stream.publisher.acknowledged)
                eventually(
                    lambda before=before: len(stream.publisher.acknowledged) > before, "acknowledgements"
                )
                time.sleep(moments.uniform(0.0, 0.6))
                acknowledged = set(stream.publisher.acknowledged)
                child.kill()
            stored = {int(value) for _, _, value, _, _ in registry.readings()}
            assert {batch_id * READINGS_A_BATCH for batch_id in acknowledged} <= stored
        with process(broker, role_dsn("nhip_ingest")):
            stream.end()
    finally:
        stream.close()
    check(registry, gateway, stream.sent)


def test_the_check_finds_the_loss_of_a_receiver_that_acknowledges_first(broker, registry, gateway):
    """Negative control: a receiver with the client's own acknowledgements loses batches on the same kill."""
    forget_session(broker)
    script = (
        "import sys, time, json, psycopg, threading, queue\n"
        "import paho.mqtt.client as mqtt\n"
        "from urllib.parse import urlsplit\n"
        "from paho.mqtt.enums import CallbackAPIVersion\n"
        "from paho.mqtt.packettypes import PacketTypes\n"
        "from paho.mqtt.properties import Properties\n"
        "url, dsn = urlsplit(sys.argv[1]), sys.argv[2]\n"
        "todo = queue.Queue()\n"
        "c = mqtt.Client(CallbackAPIVersion.VERSION2, client_id='nhip-ingest', protocol=mqtt.MQTTv5)\n"
        "c.username_pw_set(url.username, url.password)\n"
        "p = Properties(PacketTypes.CONNECT); p.SessionExpiryInterval = 3600\n"
        "c.on_connect = lambda *a: c.subscribe('nhip/v1/+/data', 1)\n"
        "c.on_message = lambda a, b, m: todo.put(m.payload)\n"
        "c.connect(url.hostname, url.port, clean_start=False, properties=p); c.loop_start()\n"
        "db = psycopg.connect(dsn)\n"
        "while True:\n"
        "    time.sleep(0.2)\n"
        "    for _ in range(todo.qsize()):\n"
        "        for r in json.loads(todo.get())['r']:\n"
        '            db.execute("INSERT INTO reading SELECT to_timestamp(%s), now(), %s, id, 1, 0"\n'
        "              \" FROM sensor WHERE name = 'a' ON CONFLICT DO NOTHING\", (r['t'], r['v']))\n"
        "    db.commit(); print('committed', flush=True)\n"
    )
    registry.connection.execute("SELECT ensure_reading_partitions(now() - interval '2 days', now())")
    publisher = Publisher(broker, gateway)
    dsn = registry.connection.info.dsn + f" password={registry.connection.info.password}"
    sent = 0
    for _ in range(2):
        child = subprocess.Popen([sys.executable, "-c", script, broker.url, dsn], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        for _ in range(200):
            publisher.readings(sent, ("a", START + sent, float(sent)))
            sent += 1
            time.sleep(0.002)
        child.kill()
        child.wait()
        child.stdout.close()
    publisher.close()
    forget_session(broker)
    assert len(registry.readings()) < sent


def test_nothing_acknowledged_is_lost_when_the_database_is_killed(broker, reachable_path):
    """kill -9 of the postmaster in mid-stream: no acknowledgement meanwhile, all of it afterwards."""
    forget_session(broker)
    gateway = "gw-database-killed"
    with EmbeddedPostgres(reachable_path) as server:
        migrate(settings_for(server.dsn))
        registry = Registry(server.dsn)
        registry.gateway(gateway)
        registry.sensor(gateway, "a", "active_power", "kW")
        registry.connection.close()
        stream = Stream(broker, gateway)
        try:
            with process(broker, server.dsn) as child:
                for _ in range(2):
                    before = len(stream.publisher.acknowledged)
                    eventually(lambda before=before: len(stream.publisher.acknowledged) > before + 20)
                    os.kill(server.pid, signal.SIGKILL)
                    acknowledged = set(stream.publisher.acknowledged)
                    server.restart()
                    with psycopg.connect(server.dsn) as connection:
                        rows = connection.execute("SELECT value FROM reading").fetchall()
                    stored = {int(value) for (value,) in rows}
                    assert {batch_id * READINGS_A_BATCH for batch_id in acknowledged} <= stored
                stream.end()
                assert child.poll() is None
        finally:
            stream.close()
        registry = _reopened(server.dsn)
        check(registry, gateway, stream.sent)
        registry.connection.close()


def _reopened(dsn: str) -> Registry:
    registry = Registry.__new__(Registry)
    registry.connection = psycopg.connect(dsn, autocommit=True)
    return registry


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
        eventually(lambda: service.inbox.is_full)
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


def test_an_acknowledgement_never_goes_to_another_connection(registry, gateway, role_dsn, reachable_path):
    """Held messages, broker restarted, the same packet ids: an old commit acknowledges no new message."""
    with EmbeddedBroker(reachable_path) as broker:
        publisher = Publisher(broker, gateway)
        dsn = registry.connection.info.dsn + f" password={registry.connection.info.password}"
        with process(broker, role_dsn("nhip_ingest")) as child:
            said(child, b"broker_connected")
            with psycopg.connect(dsn) as blocker:
                blocker.execute("LOCK TABLE accounting IN ACCESS EXCLUSIVE MODE")
                for batch_id in range(3):
                    publisher.readings(batch_id, ("a", START + batch_id, 1.0))
                time.sleep(0.5)
                os.kill(broker.pid, signal.SIGKILL)
                broker.restart()
                said(child, b"broker_connected")
                again = Publisher(broker, gateway)
                for batch_id in range(10, 13):
                    again.readings(batch_id, ("a", START + batch_id, 1.0))
                time.sleep(0.5)
                blocker.rollback()
            again.wait(10, 11, 12)
            for batch_id in range(3):
                again.readings(batch_id, ("a", START + batch_id, 1.0))
            again.wait(0, 1, 2)
            again.close()
        publisher.close()
    stored = [ts - START for _, ts, _, _, _ in registry.readings()]
    assert stored == [0, 1, 2, 10, 11, 12]


def test_a_second_ingester_waits_and_takes_over(broker, registry, gateway, role_dsn):
    """It says so, touches nothing, and works as soon as the first has gone."""
    forget_session(broker)
    stream = Publisher(broker, gateway)
    with process(broker, role_dsn("nhip_ingest")) as first:
        said(first, b"broker_connected")
        with process(broker, role_dsn("nhip_ingest")) as second:
            assert b"waits" in said(second, b"another_ingester_is_active")
            stream.readings(1, ("a", START, 1.0))
            stream.wait(1)
            first.kill()
            said(second, b"broker_connected")
            stream.readings(2, ("a", START + 1, 1.0))
            stream.wait(2)
    stream.close()
    assert registry.account(gateway) == {"messages": 2, "received": 2, "stored": 2}


def test_sigterm_under_load_drains_and_ends_in_time(broker, registry, gateway, role_dsn):
    """Exit code 0 within ten seconds; what was acknowledged is stored, the rest comes with the next start."""
    forget_session(broker)
    stream = Stream(broker, gateway, rate=400)
    try:
        with process(broker, role_dsn("nhip_ingest")) as child:
            eventually(lambda: len(stream.publisher.acknowledged) > 50)
            child.send_signal(signal.SIGTERM)
            assert child.wait(10) == 0
        stored = {int(value) // READINGS_A_BATCH for _, _, value, _, _ in registry.readings()}
        eventually(lambda: stream.publisher.acknowledged >= stored, "what was stored is acknowledged")
        with process(broker, role_dsn("nhip_ingest")):
            stream.end()
    finally:
        stream.close()
    check(registry, gateway, stream.sent)


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


def test_a_spoofed_topic_stores_nothing(broker, registry, gateway, ingester, gateway_code):
    """The broker refuses a client that publishes as another gateway, with MQTT 3.1.1 as with 5."""
    ingester()
    thief = f"thief-{gateway_code}"
    password = broker.grant(thief)
    own = Publisher(broker, thief, user=thief, password=password)
    for protocol in (mqtt.MQTTv311, mqtt.MQTTv5):
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=thief + str(int(protocol)), protocol=protocol
        )
        client.username_pw_set(thief, password)
        client.connect(broker.host, broker.port)
        client.loop_start()
        info = client.publish(
            f"nhip/v1/{gateway}/data", b'{"id":1,"r":[{"s":"a","t":1764000000,"v":1}]}', qos=1
        )
        info.wait_for_publish(10)
        client.disconnect()
        client.loop_stop()
    own.readings(9, ("a", START, 1.0))
    own.wait(9)
    own.close()
    assert registry.readings() == []
    assert registry.account(gateway) == {}
