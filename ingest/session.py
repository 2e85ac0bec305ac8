"""The MQTT session: the only module that knows the MQTT client.

One thread runs the client's network loop by hand, so that reading can pause while the pipeline is full and
acknowledgements keep flowing. Nothing is acknowledged before `complete` says that it is committed, and then
only on the connection it came from: packet ids start again on the next one, and an old acknowledgement would
make the broker forget a message that nobody has stored.
"""

from __future__ import annotations

import random
import select
import socket
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from domain.topics import Channel, topic
from ingest import metrics
from ingest.inbox import Message

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from paho.mqtt.reasoncodes import ReasonCode

    from ingest.inbox import Inbox
    from ingest.settings import IngestSettings

_LOG: Final = structlog.get_logger("ingest.session")
_PACKETS_A_TURN_MAX: Final = 200
_IDS_AN_ACK_MAX: Final = 1_000
_TURN_S_MAX: Final = 0.5
_CONNECT_S_MAX: Final = 10.0
_ATTEMPTS_A_LOG: Final = 12  # about once a minute with the default back-off
# A broker of before MQTT 5 (amqtt, for a demo) bounds what is under way by itself.
_OLD_VERSION: Final = "version=3.1.1"
_HINTS: Final = {
    "Session taken over": "another client connected with the same client id: is a second ingester running?",
    "Not authorized": "the broker refuses this account: check NHIP_INGEST_MQTT_URL",
    "Bad user name or password": "the broker refuses this account: check NHIP_INGEST_MQTT_URL",
    "Keep alive timeout": "the broker heard nothing for too long",
}


@dataclass(frozen=True, slots=True)
class Completion:
    """Messages that are committed.

    Attributes:
        packets: (epoch, packet id) of each that wants an acknowledgement to the broker.
        batches: gateway -> batch ids to acknowledge to it.
    """

    packets: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    batches: dict[str, list[int]] = field(default_factory=dict[str, list[int]])


class Session:
    """Receives into an inbox and acknowledges what is committed, over as many connections as it takes.

    `complete`, `allow`, `forbid`, `end_reading` and `stop` may be called from any thread.
    """

    def __init__(self, settings: IngestSettings, inbox: Inbox) -> None:
        self._settings = settings
        self._inbox = inbox
        self._completions: deque[Completion] = deque()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.settimeout(0)
        self._wake_writer.settimeout(0)
        self._allowed = threading.Event()
        self._stopping = threading.Event()
        self._reading_ended = threading.Event()
        self._client: mqtt.Client | None = None
        self._connected = False
        self._paused = False
        self._epoch = 0
        self._packets_seen = 0
        self._attempts = 0
        self._probe_sent_s = 0.0
        self._probe_id: int | None = None
        self.beat_s = time.monotonic()
        inbox.on_room = self._wake

    @property
    def is_connected(self) -> bool:
        """The broker has accepted the connection."""
        return self._connected

    def complete(self, completion: Completion) -> None:
        """Acknowledge messages that are committed."""
        self._completions.append(completion)
        self._wake()

    def allow(self) -> None:
        """Connect: no other ingester does."""
        self._allowed.set()
        self._wake()

    def forbid(self) -> None:
        """Disconnect and stay away."""
        self._allowed.clear()
        self._wake()

    def end_reading(self) -> None:
        """Receive nothing more, for the drain at the end; acknowledgements still flow."""
        self._reading_ended.set()
        self._wake()

    def stop(self) -> None:
        """Send what is left to acknowledge, disconnect and end `run`."""
        self._stopping.set()
        self._wake()

    def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping.is_set():
            self.beat_s = time.monotonic()
            if not self._allowed.is_set() or (self._reading_ended.is_set() and self._client is None):
                self._disconnect()
                self._sleep(_TURN_S_MAX)
            elif self._client is None:
                self._connect()
            else:
                self._turn(self._client)
        self._flush()
        self._disconnect()
        self._wake_reader.close()
        self._wake_writer.close()

    def _connect(self) -> None:
        if self._attempts:
            delay_s = min(0.1 * 2 ** min(self._attempts, 12), self._settings.reconnect_s_max)
            self._sleep(delay_s * random.uniform(0.5, 1.0))  # noqa: S311 # jitter, not a secret
            if self._stopping.is_set() or not self._allowed.is_set():
                return
        self._attempts += 1
        self._epoch += 1
        url = urlsplit(self._settings.mqtt_url.get_secret_value())
        client = self._new_client(url)
        port = url.port or (8883 if url.scheme == "mqtts" else 1883)
        try:
            client.connect(url.hostname or "", port, self._settings.keepalive_s, **self._version_options(url))
        except (OSError, ValueError) as error:
            if self._attempts % _ATTEMPTS_A_LOG == 1:
                _LOG.warning(
                    "broker_unreachable",
                    host=url.hostname,
                    port=port,
                    cause=str(error),
                    attempt=self._attempts,
                )
            return
        self._client = client
        self._probe_sent_s, self._probe_id = time.monotonic(), None
        deadline_s = time.monotonic() + _CONNECT_S_MAX
        while self._client is client and not self._connected and time.monotonic() < deadline_s:
            self._turn(client)
        if self._client is client and not self._connected:
            _LOG.warning("broker_silent", host=url.hostname, port=port)
            self._lost()

    def _version_options(self, url: SplitResult) -> dict[str, Any]:
        if url.query == _OLD_VERSION:
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it open
        properties.SessionExpiryInterval = self._settings.session_expiry_s
        properties.ReceiveMaximum = self._settings.inflight_max
        return {"clean_start": False, "properties": properties}

    def _new_client(self, url: SplitResult) -> mqtt.Client:
        """Return a client for one connection; the next connection gets another, with nothing left over."""
        old = url.query == _OLD_VERSION
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._settings.client_id,
            protocol=mqtt.MQTTv311 if old else mqtt.MQTTv5,
            clean_session=False if old else None,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if url.username:
            password = url.password
            client.username_pw_set(unquote(url.username), None if password is None else unquote(password))
        if url.scheme == "mqtts":
            client.tls_set()
        client.connect_timeout = _CONNECT_S_MAX
        client.max_inflight_messages_set(1_000)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_socket_open = _send_at_once
        # With this set the client queues what it sends and we write it in one go.
        client.on_socket_register_write = _nothing
        return client

    def _on_connect(
        self, client: mqtt.Client, _data: object, flags: mqtt.ConnectFlags, reason: ReasonCode, _more: object
    ) -> None:
        if reason.is_failure:
            _LOG.warning("broker_refused", reason=str(reason), hint=_HINTS.get(str(reason), ""))
            return
        self._connected, self._attempts = True, 0
        self._paused = False
        metrics.CONNECTIONS.inc()
        metrics.BROKER_CONNECTED.set(1)
        client.subscribe([(topic("+", Channel.DATA), 1), (topic("+", Channel.STATUS), 1)])
        _LOG.info("broker_connected", session_present=flags.session_present, epoch=self._epoch)

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _more: object
    ) -> None:
        if self._client is not None:
            _LOG.warning("broker_disconnected", reason=str(reason), hint=_HINTS.get(str(reason), ""))
        self._lost()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self._packets_seen += 1
        try:
            name = message.topic
        except UnicodeDecodeError:  # the broker checks this; a bad one must not end the loop
            name = "?"
        self._inbox.put(
            Message(
                self._epoch,
                message.mid if message.qos else 0,
                message.dup,
                name,
                bytes(message.payload),
                time.time_ns() // 1_000,
            )
        )

    def _on_publish(
        self, _client: mqtt.Client, _data: object, packet_id: int, _reason: object, _more: object
    ) -> None:
        self._packets_seen += 1
        if packet_id == self._probe_id:
            self._probe_id = None

    def _lost(self) -> None:
        """Forget the connection; the broker will send again what was not acknowledged."""
        client, self._client = self._client, None
        was_connected, self._connected = self._connected, False
        if was_connected:
            metrics.BROKER_CONNECTED.set(0)
        dropped = self._inbox.drop_waiting()
        if dropped:
            _LOG.info("waiting_dropped", messages=dropped, epoch=self._epoch)
        if client is not None and client.socket() is not None:
            client.on_disconnect = None
            client.disconnect()
            client.loop_write()

    def _disconnect(self) -> None:
        if self._client is not None:
            self._lost()

    def _turn(self, client: mqtt.Client) -> None:
        """Wait for something to happen on the socket or in the pipeline, and do it."""
        self.beat_s = time.monotonic()
        self._decide_pause()
        peer = client.socket()
        if peer is None:
            self._lost()
            return
        poll = select.poll()
        poll.register(self._wake_reader, select.POLLIN)
        events = select.POLLOUT if client.want_write() else 0
        reading = not (self._paused or self._reading_ended.is_set())
        if reading or not self._connected:
            events |= select.POLLIN
        # Without POLLIN or POLLOUT the kernel still tells of a hang-up.
        poll.register(peer, events)
        pending = reading and isinstance(peer, ssl.SSLSocket) and peer.pending() > 0
        ready = dict(poll.poll(0 if pending else _TURN_S_MAX * 1_000))
        if self._wake_reader.fileno() in ready:
            self._drain_wake()
        state = ready.get(peer.fileno(), 0)
        if state & (select.POLLIN | select.POLLHUP | select.POLLERR) or pending:
            self._read(client)
        if self._client is client:
            self._send_completions(client)
            self._probe(client)
            if client.want_write() and client.loop_write() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._lost()

    def _read(self, client: mqtt.Client) -> None:
        """Handle packets until there are none, the inbox is full, or others should have a turn."""
        for _ in range(_PACKETS_A_TURN_MAX):
            before = self._packets_seen
            if client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                if self._client is client:
                    self._lost()
                return
            if self._packets_seen == before or self._inbox.is_full:
                return

    def _decide_pause(self) -> None:
        if not self._paused and self._inbox.is_full:
            self._paused = True
        elif self._paused and self._inbox.has_room:
            self._paused = False
            # The answer to the last probe may stand behind many messages.
            self._probe_sent_s = time.monotonic()
        metrics.RECEIVING_PAUSED.set(self._paused)

    def _probe(self, client: mqtt.Client) -> None:
        """Keep the connection alive and see that the broker is.

        The client's own pings give up when their answer stays unread, which is the rule while reading is
        paused. So an empty message to a topic of our own is sent instead; its PUBACK is the answer.
        """
        if not self._connected:
            return
        now_s = time.monotonic()
        quiet_s = now_s - self._probe_sent_s
        if self._probe_id is not None and not self._paused and quiet_s > self._settings.keepalive_s:
            _LOG.warning("broker_silent", seconds=round(quiet_s))
            self._lost()
        elif quiet_s > self._settings.keepalive_s / 3 and (self._probe_id is None or self._paused):
            own = topic(self._settings.client_id, Channel.COMMAND)
            self._probe_sent_s = now_s
            self._probe_id = client.publish(own, b"", qos=1).mid

    def _send_completions(self, client: mqtt.Client) -> None:
        if not self._connected:
            return
        while self._completions:
            completion = self._completions.popleft()
            for gateway, ids in completion.batches.items():
                for start in range(0, len(ids), _IDS_AN_ACK_MAX):
                    payload = msgspec.json.encode({"ids": ids[start : start + _IDS_AN_ACK_MAX]})
                    client.publish(topic(gateway, Channel.ACK), payload, qos=1)
                metrics.ACKNOWLEDGED.inc(len(ids))
            for epoch, packet_id in completion.packets:
                if epoch == self._epoch:
                    client.ack(packet_id, 1)

    def _flush(self) -> None:
        """Send the last acknowledgements, as long as the broker takes them."""
        deadline_s = time.monotonic() + 2.0
        client = self._client
        if client is None or not self._connected:
            return
        self._send_completions(client)
        while self._client is client and client.want_write() and time.monotonic() < deadline_s:
            peer = client.socket()
            if peer is None or client.loop_write() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return
            if client.want_write():
                select.select([], [peer], [], 0.1)

    def _wake(self) -> None:
        try:
            self._wake_writer.send(b"\0")
        except OSError:  # full: it will wake anyway; closed: it has ended
            return

    def _drain_wake(self) -> None:
        try:
            self._wake_reader.recv(4_096)
        except BlockingIOError:
            return

    def _sleep(self, seconds: float) -> None:
        """Wait, but not past a wake-up that matters."""
        ready, _, _ = select.select([self._wake_reader], [], [], seconds)
        if ready:
            self._drain_wake()


def _send_at_once(_client: mqtt.Client, _data: object, peer: Any) -> None:  # noqa: ANN401 # any of paho's sockets
    """Acknowledgements are small and must not wait for each other."""
    if isinstance(peer, socket.socket):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _nothing(_client: mqtt.Client, _data: object, _peer: object) -> None:
    """Take note of nothing."""
