"""Gateways with outboxes: several over a few connections, each batch sent again until it is acknowledged."""

from __future__ import annotations

import json
import random
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.faults.ledger import Ledger, Row

WAIT_S = 60.0
SENSORS = ("a", "b")
RESEND_S = 3.0
_TICK_S = 0.02
_RESENDS_A_TICK_MAX = 100
_PAUSE_S_MAX = 30.0


def tell(measured: str) -> None:
    """Print a measurement; pytest shows it with -s."""
    print(measured)  # noqa: T201 # the one place that prints


def eventually(question: Callable[[], object], what: str, wait_s: float = WAIT_S) -> Any:
    """Return the first true answer; the time only bounds how long a broken program is waited for."""
    deadline_s = time.monotonic() + wait_s
    while not (answer := question()):
        assert time.monotonic() < deadline_s, f"did not happen in {wait_s:.0f} s: {what}"
        time.sleep(0.02)
    return answer


def payload_of(batch_id: int, rows: Sequence[Row]) -> bytes:
    """Return a batch in the platform's own format."""
    readings = [{"s": name, "t": ts_us / 1_000_000, "v": value} for name, ts_us, value in rows]
    return json.dumps({"id": batch_id, "r": readings}).encode()


class Line:
    """One connection to the broker, for one or several gateways.

    Args:
        address: host and port.
        gateways: whose acknowledgements it hears.
        on_ack: told the gateway and the batch ids.
        account: user name and password, None for an anonymous broker.
        keepalive_s: seconds.
        will: of the first gateway: the broker says that it is gone.
    """

    def __init__(
        self,
        address: tuple[str, int],
        gateways: Sequence[str],
        on_ack: Callable[[str, list[int]], None],
        *,
        account: tuple[str, str] | None = None,
        keepalive_s: int = 30,
        will: bool = False,
    ) -> None:
        self._gateways = list(gateways)
        self._on_ack = on_ack
        self.ready = threading.Event()
        self.published: set[int] = set()
        name = account[0] if account else secrets.token_hex(8)
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5, clean_session=None
        )
        self.client.max_inflight_messages_set(2_000)
        self.client.reconnect_delay_set(1, 1)
        if account:
            self.client.username_pw_set(*account)
        if will:
            self.client.will_set(f"nhip/v1/{gateways[0]}/status", b'{"online": false}', qos=1)
        self.client.on_connect = self._connected
        self.client.on_disconnect = lambda *_: self.ready.clear()
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_publish = lambda _c, _u, mid, *_: self.published.add(mid)
        self.client.on_message = self._heard
        self.client.connect(*address, keepalive=keepalive_s)
        self.client.loop_start()
        eventually(self.ready.is_set, "a gateway is connected")

    def _connected(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe([(f"nhip/v1/{gateway}/ack", 1) for gateway in self._gateways])

    def _heard(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        self._on_ack(message.topic.split("/")[2], json.loads(message.payload)["ids"])

    def publish(self, gateway: str, body: bytes, channel: str = "data") -> int:
        """Publish with QoS 1; return the packet's id."""
        return self.client.publish(f"nhip/v1/{gateway}/{channel}", body, qos=1).mid

    def close(self) -> None:
        """Disconnect."""
        self.client.disconnect()
        self.client.loop_stop()


class Fleet:
    """Gateways that measure at a rate and keep each batch until it is acknowledged.

    Args:
        address: host and port of the broker.
        gateways: their codes.
        ledger: where everything is noted.
        seed: of values and of which gateway sends.
        rate: batches a second, all together.
        rows: readings a batch.
        connections: how many connections they share.
        accounts: gateway to password; then each gateway has a connection of its own.
        resend_s: a batch is sent again after so long, and then each time after twice as long.
        forgets_on_puback: the known-bad gateway, which takes the broker's word for it.
        start_us: time of the first reading, microseconds since 1970.
    """

    def __init__(
        self,
        address: tuple[str, int],
        gateways: Sequence[str],
        ledger: Ledger,
        *,
        seed: int = 0,
        rate: float = 200.0,
        rows: int = 5,
        connections: int = 2,
        accounts: dict[str, str] | None = None,
        resend_s: float = RESEND_S,
        forgets_on_puback: bool = False,
        start_us: int | None = None,
    ) -> None:
        self.gateways = list(gateways)
        self.ledger = ledger
        self.rate, self._rows = rate, rows
        self._random = random.Random(seed)  # noqa: S311 # measured values, not secrets
        self._start_us = start_us or (int(time.time()) - 7 * 86_400) * 1_000_000
        self._next_id = dict.fromkeys(gateways, 0)
        # Payload, when it is due again, and the pause after that.
        self._kept: dict[tuple[str, int], tuple[bytes, float, float]] = {}
        self._resend_s = resend_s
        self._mids: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()
        self._forgets_on_puback = forgets_on_puback
        self._producing = threading.Event()
        self._ending = threading.Event()
        self.lines: dict[str, Line] = {}
        groups = (
            [[code] for code in gateways]
            if accounts
            else [gateways[i::connections] for i in range(connections)]
        )
        for group in groups:
            if not group:
                continue
            account = (group[0], accounts[group[0]]) if accounts else None
            line = Line(address, group, self._acked, account=account)
            self.lines |= dict.fromkeys(group, line)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Fleet:
        """Begin to measure."""
        self._producing.set()
        self._thread.start()
        return self

    def _acked(self, gateway: str, batch_ids: list[int]) -> None:
        self.ledger.acknowledge(gateway, batch_ids)
        with self._lock:
            for batch_id in batch_ids:
                self._kept.pop((gateway, batch_id), None)

    def _measure(self) -> None:
        gateway = self._random.choice(self.gateways)
        batch_id = self._next_id[gateway]
        self._next_id[gateway] += 1
        first = batch_id * self._rows
        rows = [
            (SENSORS[n % 2], self._start_us + n * 500_000, round(self._random.uniform(0, 100), 3))
            for n in range(first, first + self._rows)
        ]
        body = payload_of(batch_id, rows)
        self.ledger.send(gateway, batch_id, rows)
        with self._lock:
            self._kept[gateway, batch_id] = (body, time.monotonic() + self._resend_s, 2 * self._resend_s)
        self._mids[gateway, batch_id] = self.lines[gateway].publish(gateway, body)

    def _resend(self) -> None:
        now_s = time.monotonic()
        with self._lock:
            due = [key for key, (_, due_s, _) in self._kept.items() if now_s > due_s]
        for key in due[:_RESENDS_A_TICK_MAX]:
            line = self.lines[key[0]]
            with self._lock:
                body, _, pause_s = self._kept.get(key, (None, 0.0, 0.0))
            if body is None or not line.ready.is_set():
                continue
            if self._forgets_on_puback:
                if self._mids[key] in line.published:
                    with self._lock:
                        self._kept.pop(key, None)
                continue
            with self._lock:
                if key not in self._kept:
                    continue
                self._kept[key] = (body, now_s + pause_s, min(2 * pause_s, _PAUSE_S_MAX))
            self.ledger.send(key[0], key[1], ())
            line.publish(key[0], body)

    def _run(self) -> None:
        began_s, made = time.monotonic(), 0
        while not self._ending.wait(_TICK_S):
            if self._producing.is_set():
                due = int((time.monotonic() - began_s) * self.rate)
                # A machine that cannot keep up measures less rather than in bursts.
                for _ in range(min(due - made, int(self.rate))):
                    self._measure()
                made = due
            self._resend()

    def published(self) -> bool:
        """Say whether the broker has taken everything."""
        return all(mid in self.lines[gateway].published for (gateway, _), mid in list(self._mids.items()))

    def pause(self) -> None:
        """Measure nothing more; what is not acknowledged is still sent again."""
        self._producing.clear()
        time.sleep(5 * _TICK_S)

    def resume(self) -> None:
        """Measure again."""
        self._producing.set()

    def drain(self, wait_s: float = 120.0) -> None:
        """Measure nothing more and return when all is acknowledged."""
        self.pause()
        eventually(lambda: not self.ledger.outstanding(), "everything is acknowledged", wait_s)

    def close(self) -> None:
        """End."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        for line in set(self.lines.values()):
            line.close()
