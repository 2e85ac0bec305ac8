"""A registered gateway, a running ingester, and a gateway that publishes and reads its acknowledgements."""

from __future__ import annotations

import json
import queue
import secrets
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import SecretStr

from ingest.service import Service
from ingest.settings import IngestSettings
from store import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT_S = 20.0


def eventually(check: Callable[[], object], what: str = "") -> Any:
    """Return the first true answer of `check`."""
    deadline = time.monotonic() + WAIT_S
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not in time: {what or check}; last answer {answer!r}"
        time.sleep(0.02)


class Registry:
    """Writes the registry as the API does, and reads the tables that the ingester writes."""

    def __init__(self, dsn: str) -> None:
        self.connection = psycopg.connect(dsn, autocommit=True)
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute("INSERT INTO area (code, name, kind) VALUES ('a', 'A', 'ward')")
        self.connection.execute("INSERT INTO site (code, name, kind, area_id) VALUES ('s', 'S', 'pole', 1)")

    def gateway(self, code: str, payload_format: str = "native", *, archive: bool = False) -> None:
        self.connection.execute(
            "INSERT INTO gateway (code, name, payload_format, archive) VALUES (%s, %s, %s, %s)",
            (code, code, payload_format, archive),
        )

    def sensor(self, gateway: str, name: str, quantity: str = "pm25", unit: str = "ug/m3") -> int:
        row = self.connection.execute(
            "INSERT INTO sensor (code, gateway_id, name, quantity, unit, interval_s, site_id)"
            " SELECT %(gateway)s || '.' || %(name)s, id, %(name)s, %(quantity)s, %(unit)s, 60, 1"
            " FROM gateway WHERE code = %(gateway)s RETURNING id",
            {"gateway": gateway, "name": name, "quantity": quantity, "unit": unit},
        ).fetchone()
        assert row is not None
        return int(row[0])

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters).fetchall()

    def readings(self) -> list[tuple[Any, ...]]:
        """(sensor code, epoch seconds, value, flag, state) in order."""
        return self.rows(
            "SELECT s.code, extract(epoch FROM r.ts)::float8, r.value, r.flag, r.state"
            " FROM reading r JOIN sensor s ON s.id = r.sensor_id ORDER BY 1, 2"
        )

    def account(self, gateway: str) -> dict[str, int]:
        names = ("messages", "received", "stored", "duplicate", "conflict", "quarantined", "rejected")
        rows = self.rows("SELECT * FROM accounting WHERE gateway = %s", gateway)
        sums = [sum(column) for column in list(zip(*rows, strict=True))[2:]] or [0] * len(names)
        return {name: count for name, count in zip(names, sums, strict=True) if count}

    def quarantine(self) -> list[tuple[str, str | None, int, str]]:
        """(reason, sensor, readings, status) in order."""
        return self.rows("SELECT reason, sensor, reading_count, status FROM quarantine ORDER BY id")


class Publisher:
    """A gateway on the broker: publishes with QoS 1 and collects what is acknowledged on its topic."""

    def __init__(
        self, broker: Any, gateway: str, *, user: str | None = None, password: str | None = None
    ) -> None:
        self.gateway = gateway
        self.acknowledged: set[int] = set()
        self._ready = threading.Event()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=secrets.token_hex(8), protocol=mqtt.MQTTv5
        )
        self.client.max_inflight_messages_set(1000)
        if user:
            self.client.username_pw_set(user, password)
        self.client.on_connect = lambda client, *_: client.subscribe(f"nhip/v1/{gateway}/ack", 1)
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._on_message
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        assert self._ready.wait(WAIT_S)

    def _on_message(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        self.acknowledged.update(json.loads(message.payload)["ids"])

    def send(self, payload: bytes | dict[str, Any], channel: str = "data", *, retain: bool = False) -> None:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.client.publish(f"nhip/v1/{self.gateway}/{channel}", body, qos=1, retain=retain)

    def readings(self, batch_id: int, *readings: tuple[str, float, float], **more: object) -> None:
        """Publish (sensor, epoch seconds, value) readings as one batch."""
        self.send({"id": batch_id, "r": [{"s": s, "t": t, "v": v} | more for s, t, v in readings]})

    def wait(self, *batch_ids: int) -> None:
        """Wait until the batches are acknowledged."""
        eventually(lambda: set(batch_ids) <= self.acknowledged, f"acknowledgement of {batch_ids}")

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def registry(dsn: str) -> Iterator[Registry]:
    registry = Registry(dsn)
    yield registry
    registry.connection.close()


@pytest.fixture
def publisher(broker: Any) -> Iterator[Callable[[str], Publisher]]:
    made: list[Publisher] = []

    def make(gateway: str) -> Publisher:
        made.append(Publisher(broker, gateway))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def gateway_code() -> str:
    """A gateway of this test alone: the broker serves many."""
    return f"gw-{secrets.token_hex(4)}"


def settings_for_broker(broker: Any, **overrides: Any) -> IngestSettings:
    return IngestSettings(mqtt_url=SecretStr(broker.url), **({"keepalive_s": 30} | overrides))


def forget_session(broker: Any) -> None:
    """Remove what the broker keeps for the ingester, so that a test does not meet the messages of another."""
    done: queue.Queue[None] = queue.Queue()
    parts = urlsplit(broker.url)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="nhip-ingest", protocol=mqtt.MQTTv5)
    client.username_pw_set(parts.username, parts.password)
    client.on_connect = lambda *_: done.put(None)
    client.connect(parts.hostname or "", parts.port or 1883, clean_start=True)
    client.loop_start()
    done.get(timeout=WAIT_S)
    client.disconnect()
    client.loop_stop()


@contextmanager
def running(settings: IngestSettings, store_settings: StoreSettings) -> Iterator[Service]:
    """A whole ingester inside this process."""
    service = Service(settings, store_settings)
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(service.run()))
    thread.start()
    try:
        eventually(lambda: not service.ready(), "the ingester is ready")
        yield service
    finally:
        service.stop_requested.set()
        thread.join()
    assert codes == [0]


@pytest.fixture
def ingester(
    broker: Any,
    registry: Registry,  # noqa: ARG001 # its database outlives the ingester
    role_dsn: Callable[[str], str],
) -> Iterator[Callable[..., Any]]:
    """Start an ingester with the role of its own and the settings given."""
    forget_session(broker)
    stack: list[Any] = []

    def start(**overrides: Any) -> Service:
        store = StoreSettings(dsn=SecretStr(role_dsn("nhip_ingest")))
        context = running(settings_for_broker(broker, **overrides), store)
        service = context.__enter__()
        stack.append(context)
        return service

    yield start
    for context in stack:
        context.__exit__(None, None, None)
