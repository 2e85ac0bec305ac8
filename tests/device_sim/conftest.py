"""A subscriber that stands where ingest does: it keeps what arrives and, when told to, acknowledges it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from domain.topics import Channel, topic
from ingest.formats import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT_S = 60.0


def wait_for(condition: Callable[[], object], complaint: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.02)


class Subscriber:
    """Receives every gateway's data and status through the broker's service account."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.acknowledging = True
        self.messages: list[tuple[str, int]] = []
        self.readings: Counter[tuple[str, str, int, float]] = Counter()
        self.units: set[tuple[str, str, str]] = set()
        self.statuses: dict[str, list[bytes]] = {}
        self._lock = threading.Lock()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=parts.username or "nhip-ingest")
        if parts.username:
            self._client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        self._client.on_connect = self._subscribe
        self._client.on_message = self._receive
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect(parts.hostname or "127.0.0.1", parts.port or 1883)
        self._client.loop_start()
        assert self._subscribed.wait(WAIT_S)

    def _subscribe(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe([(topic("+", Channel.DATA), 1), (topic("+", Channel.STATUS), 1)])

    def _receive(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        gateway = message.topic.split("/")[2]
        if message.topic.endswith("/status"):
            self.statuses.setdefault(gateway, []).append(message.payload)
            return
        batch = decode("native", message.topic, message.payload)
        assert batch.batch_id is not None
        assert not batch.faults
        with self._lock:
            self.messages.append((gateway, batch.batch_id))
            names = batch.sensors()
            for name, ts_us, value in zip(names, batch.ts_us.tolist(), batch.value.tolist(), strict=True):
                self.readings[gateway, name, ts_us, value] += 1
            for name, unit in zip(names, batch.unit_index.tolist(), strict=True):
                if batch.units[unit] is not None:
                    self.units.add((gateway, name, str(batch.units[unit])))
        if self.acknowledging:
            client.publish(topic(gateway, Channel.ACK), b'{"ids":[%d]}' % batch.batch_id, qos=1)

    def of(self, *gateways: str) -> Counter[tuple[str, str, int, float]]:
        """The readings of some gateways, each with the number of times it came."""
        with self._lock:
            return Counter({key: count for key, count in self.readings.items() if key[0] in gateways})

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def subscriber(broker: Any) -> Iterator[Subscriber]:
    listening = Subscriber(broker.url)
    yield listening
    listening.close()


@pytest.fixture
def names(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Gateway codes that no other test of the session uses: status messages are retained."""
    prefix = request.node.name.replace("_", "-").replace("[", "-").replace("]", "")[:40].strip("-").lower()
    return lambda name: f"{prefix}-{name}"
