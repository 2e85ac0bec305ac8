"""Sparkplug gateways end to end: births teach, aliases are read, deaths are told, none is forgotten."""

from __future__ import annotations

import struct
import threading
import time

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import SecretStr

from domain.topics import SparkplugKind
from ingest.births import Births, Record, write_births
from ingest.formats.sparkplug_types import Alias, Birth, Sparkplug
from ingest.formats.wire import encoded_bytes, encoded_number
from store import StoreSettings, connect
from tests.ingest.conftest import WAIT_S, eventually, forget_session, running, settings_for_broker

NOW_MS = int(time.time()) * 1000 - 3_600_000
DOUBLE, INT64 = 10, 4


def metric(*, name=None, alias=None, value=None, datatype=None, ms=None) -> bytes:
    """One metric of the Sparkplug B payload, written here a second time."""
    body = b"" if name is None else encoded_bytes(1, name.encode())
    body += b"" if alias is None else encoded_number(2, alias)
    body += b"" if ms is None else encoded_number(3, ms)
    body += b"" if datatype is None else encoded_number(4, datatype)
    if isinstance(value, float):
        body += bytes((13 << 3 | 1,)) + struct.pack("<d", value)
    elif value is not None:
        body += encoded_number(11, value)
    return encoded_bytes(2, body)


def payload(*metrics: bytes, seq: int | None = None, ms: int = NOW_MS) -> bytes:
    tail = b"" if seq is None else encoded_number(3, seq)
    return encoded_number(1, ms) + b"".join(metrics) + tail


class Node:
    """An edge node on the broker; hears what it is asked."""

    def __init__(self, broker, gateway: str) -> None:
        self.gateway = gateway
        self.asked: list[bytes] = []
        ready = threading.Event()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"node-{gateway}", protocol=mqtt.MQTTv5
        )
        self.client.username_pw_set(gateway, broker.grant(gateway))
        self.client.on_connect = lambda client, *_: client.subscribe(f"spBv1.0/+/NCMD/{gateway}", 1)
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = lambda _c, _d, message: self.asked.append(message.payload)
        # The broker reads new accounts a moment after it is told; the client tries again by itself.
        self.client.reconnect_delay_set(1, 1)
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        assert ready.wait(WAIT_S)

    def send(self, kind: str, body: bytes, device: str = "") -> None:
        tail = f"/{device}" if device else ""
        self.client.publish(f"spBv1.0/city/{kind}/{self.gateway}{tail}", body, qos=1).wait_for_publish(WAIT_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def node(broker, registry, gateway_code):
    registry.gateway(gateway_code, "sparkplug_b")
    registry.sensor(gateway_code, "power", "active_power", "kW")
    registry.sensor(gateway_code, "meter/energy", "active_power", "kW")
    made = Node(broker, gateway_code)
    yield made
    made.close()


def values(registry) -> list[tuple[str, float]]:
    return [(code.partition(".")[2], value) for code, _, value, _, _ in registry.readings()]


def test_births_teach_and_aliases_are_read(registry, ingester, node):
    """Node and device, the values of the births included; death and birth are the gateway's status."""
    ingester()
    node.send(
        "NBIRTH",
        payload(
            metric(name="bdSeq", value=7, datatype=INT64),
            metric(name="power", alias=1, value=1.0, datatype=DOUBLE),
            seq=0,
        ),
    )
    node.send("DBIRTH", payload(metric(name="energy", alias=2, value=2.0, datatype=DOUBLE), seq=1), "meter")
    node.send("NDATA", payload(metric(alias=1, value=3.0), seq=2, ms=NOW_MS + 1000))
    node.send("DDATA", payload(metric(alias=2, value=4.0), seq=3, ms=NOW_MS + 1000), "meter")
    eventually(lambda: len(registry.readings()) == 4)
    assert sorted(values(registry)) == [
        ("meter/energy", 2.0),
        ("meter/energy", 4.0),
        ("power", 1.0),
        ("power", 3.0),
    ]
    online = "SELECT online FROM gateway_seen WHERE gateway = %s"
    assert registry.rows(online, node.gateway) == [(True,)]
    node.send("NDEATH", payload(metric(name="bdSeq", value=6, datatype=INT64)))
    node.send("NDATA", payload(metric(alias=1, value=5.0), seq=4, ms=NOW_MS + 2000))
    eventually(lambda: len(registry.readings()) == 5)
    assert registry.rows(online, node.gateway) == [(True,)], "the will of an older connection"
    node.send("NDEATH", payload(metric(name="bdSeq", value=7, datatype=INT64)))
    eventually(lambda: registry.rows(online, node.gateway) == [(False,)])
    assert not node.asked


def test_an_alias_without_a_birth_waits_for_it(registry, ingester, node):
    """The reading is set aside, the gateway asked once for its birth, and the reading stored after it."""
    ingester()
    for number in range(3):
        node.send(
            "NDATA", payload(metric(alias=1, value=float(number)), seq=number, ms=NOW_MS + 1000 * number)
        )
    eventually(lambda: len(registry.quarantine()) == 3)
    assert {row[0] for row in registry.quarantine()} == {"awaiting_birth"}
    eventually(lambda: node.asked)
    assert b"Node Control/Rebirth" in node.asked[0]
    node.send(
        "NBIRTH", payload(metric(name="power", alias=1, value=9.0, datatype=DOUBLE), seq=0, ms=NOW_MS + 9000)
    )
    eventually(lambda: len(registry.readings()) == 4)
    assert values(registry) == [("power", 0.0), ("power", 1.0), ("power", 2.0), ("power", 9.0)]
    assert len(node.asked) == 1
    account = registry.account(node.gateway)
    assert account == {"messages": 4, "received": 4, "stored": 4}


def test_births_outlive_the_ingester(registry, broker, role_dsn, node):
    """A new process reads aliases that the old one learned."""
    forget_session(broker)
    store = StoreSettings(dsn=SecretStr(role_dsn("nhip_ingest")))
    with running(settings_for_broker(broker), store):
        node.send("NBIRTH", payload(metric(name="power", alias=1, value=1.0, datatype=DOUBLE), seq=0))
        eventually(lambda: len(registry.readings()) == 1)
    with running(settings_for_broker(broker), store):
        node.send("NDATA", payload(metric(alias=1, value=2.0), seq=1, ms=NOW_MS + 1000))
        eventually(lambda: len(registry.readings()) == 2)
    assert values(registry) == [("power", 1.0), ("power", 2.0)]


def about(kind="NDATA", seq=None, bd_seq=None, birth=None, *, online=None, awaits=False) -> Sparkplug:
    return Sparkplug("g", "city", "", SparkplugKind(kind), seq, bd_seq, birth, online, awaits)


def test_a_gap_in_the_numbers_asks_for_a_birth():
    """0 follows 255; a repeated message is no gap; one request in ten seconds."""
    births = Births()
    for seq in (254, 255, 0, 0, 1):
        births.take_in(about(seq=seq), 0)
    assert births.take_commands() == []
    births.take_in(about(seq=3), 0)
    births.take_in(about(seq=9), 0)
    ((topic, command),) = births.take_commands()
    assert topic == "spBv1.0/city/NCMD/g"
    assert b"Node Control/Rebirth" in command


def test_a_birth_replaces_and_a_lesson_adds():
    """An NBIRTH is the whole truth; a name with its alias on our own topic adds to what is known."""
    births = Births()
    first = Birth("g", "", (Alias("a", 1, 10, None), Alias("b", 2, 10, "kW")), 1, whole=True)
    births.take_in(about("NBIRTH", birth=first), 5)
    births.take_in(about("NDATA", birth=Birth("g", "", (Alias("c", 3, 10, None),), None, whole=False)), 6)
    known = births.entries("g", "")
    assert known is not None
    assert sorted(known.by_alias) == [1, 2, 3]
    ((key, record),) = births.take_changes().items()
    assert (key, record.learned_us) == (("g", ""), 6)
    births.take_in(about("NBIRTH", birth=Birth("g", "", (Alias("a", 9, 10, None),), 2, whole=True)), 7)
    known = births.entries("g", "")
    assert known is not None
    assert sorted(known.by_alias) == [9]


def test_what_is_kept_is_what_was_learned(role_dsn):
    """Through the table and back, with the role of the ingester; a later message wins."""
    births = Births()
    told = (Alias('a"\\,{', 1, 10, "ug/m3"), Alias("n", None, 4, None))
    births.take_in(about("NBIRTH", birth=Birth("g", "", told, 3, whole=True)), 10)
    with connect(StoreSettings(dsn=SecretStr(role_dsn("nhip_ingest"))), "test") as connection:
        with connection.cursor() as cursor:
            write_births(cursor, births.take_changes())
            write_births(cursor, {("g", ""): Record(9, "[]", 5)})
        connection.commit()
        again = Births()
        again.load(connection)
    assert again.entries("g", "") == births.entries("g", "")
    assert again.take_news() == {"g"}
