"""The MQTT session: connects, receives into the inbox, acknowledges what is committed.

One thread. Nothing is acknowledged before `complete` says that it is committed, and then only on the
connection it came from: packet ids start again on the next one, and an old acknowledgement would make the
broker forget a message that nobody has stored. Reading pauses while the pipeline is full; acknowledgements
and pings go on.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import structlog

from ingest import metrics, packets
from ingest.acknowledgement import Acknowledgements
from ingest.connection import Connection, ConnectionLostError
from ingest.link import Link
from ingest.packets import Connect, Decoder, ProtocolError
from ingest.subscription import subscription_of

if TYPE_CHECKING:
    from ingest.inbox import Inbox, Message
    from ingest.packets import Control
    from ingest.settings import IngestSettings

_LOG: Final = structlog.get_logger("ingest.session")
_TURN_S_MAX: Final = 0.5
_CONNECT_S_MAX: Final = 10.0
_FLUSH_S_MAX: Final = 2.0
_FAREWELL_S_MAX: Final = 1.0
_ATTEMPTS_A_LOG: Final = 12  # about once a minute with the default back-off
_CHUNKS_A_TURN_MAX: Final = 16
# A connection that lived so long was good: what ended it may try the next one at once.
_STEADY_S: Final = 10.0
# The broker takes only so many at a time; of more than these the oldest are forgotten, and asked for again.
_COMMANDS_WAITING_MAX: Final = 10_000
# Above this rate the socket is left alone for a moment after each reading: one chunk then holds many
# messages, and neither side is woken for each. With a prototype: 28,800 to 35,100 messages/s.
_BUSY_PAUSE_S: Final = 0.003
# A broker of before MQTT 5 (amqtt, for a demo) bounds what is under way by itself.
_OLD_VERSION: Final = "version=3.1.1"
_HINTS: Final = {
    "Session taken over": "another client connected with the same client id: is a second ingester running?",
    "Not authorized": "the broker refuses this account: check NHIP_INGEST_MQTT_URL",
    "Bad user name or password": "the broker refuses this account: check NHIP_INGEST_MQTT_URL",
    "Keep alive timeout": "the broker heard nothing for too long",
    "Shared Subscriptions not supported": "this broker serves one ingester only: use shard 1/1",
}


@dataclass(frozen=True, slots=True)
class Completion:
    """Messages that are committed.

    Attributes:
        packets: epoch -> packet ids to acknowledge to the broker, in order of reception.
        batches: gateway -> batch ids to acknowledge to it.
        commands: (topic, payload) to publish.
    """

    packets: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    batches: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    commands: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])


class Session:
    """Receives into an inbox and acknowledges what is committed, over as many connections as it takes.

    `complete`, `allow`, `forbid`, `end_reading` and `stop` may be called from any thread.
    """

    def __init__(self, settings: IngestSettings, inbox: Inbox) -> None:
        self._settings = settings
        self._inbox = inbox
        self._url = urlsplit(settings.mqtt_url.get_secret_value())
        self._version5 = self._url.query != _OLD_VERSION
        self._subscription = subscription_of(settings)
        self._completions: deque[Completion] = deque()
        self._commands: deque[tuple[str, bytes]] = deque(maxlen=_COMMANDS_WAITING_MAX)
        self._acknowledgements = Acknowledgements(settings.ack_age_s_max)
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.settimeout(0)
        self._wake_writer.settimeout(0)
        self._allowed = threading.Event()
        self._stopping = threading.Event()
        self._reading_ended = threading.Event()
        self._link: Link | None = None
        self._paused = False
        self._epoch = 0
        self._attempts = 0
        self.beat_s = time.monotonic()
        inbox.on_room = self._wake

    @property
    def is_connected(self) -> bool:
        """The broker has accepted the connection."""
        return self._link is not None and self._link.accepted

    @property
    def quiet_s(self) -> float:
        """Seconds since the last message on a connection that is subscribed; 0 on any other."""
        link = self._link
        return 0.0 if link is None or not link.settled else time.monotonic() - link.message_s

    def complete(self, completion: Completion) -> None:
        """Acknowledge messages that are committed; to be called in the order of their reception."""
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
            link = self._link
            if not self._allowed.is_set() or (self._reading_ended.is_set() and link is None):
                self._leave()
                self._sleep(_TURN_S_MAX)
            elif link is None:
                self._connect()
            else:
                self._attend(link)
        self._flush()
        self._leave()
        self._wake_reader.close()
        self._wake_writer.close()

    def _attend(self, link: Link) -> None:
        """Do one turn; a connection that fails is given up, whatever the reason."""
        try:
            self._turn(link)
        except ConnectionLostError as error:
            self._lost(str(error))
        except ProtocolError as error:
            link.connection.put(packets.disconnect(error.reason, version5=self._version5))
            self._lost(str(error))

    def _connect(self) -> None:
        if self._attempts:
            delay_s = min(0.1 * 2 ** min(self._attempts, 12), self._settings.reconnect_s_max)
            self._sleep(delay_s * random.uniform(0.5, 1.0))  # noqa: S311 # jitter, not a secret
            if not self._wanted:
                return
        self._attempts += 1
        try:
            connection = Connection(self._url, _CONNECT_S_MAX)
        except OSError as error:
            if self._attempts % _ATTEMPTS_A_LOG == 1:
                _LOG.warning(
                    "broker_unreachable",
                    host=self._url.hostname,
                    port=self._url.port,
                    cause=str(error),
                    attempt=self._attempts,
                )
            return
        self._epoch += 1
        self._paused = False
        decoder = Decoder(
            self._epoch, version5=self._version5, payload_bytes_max=self._settings.payload_bytes_max
        )
        link = self._link = Link(connection, decoder, keepalive_s=self._settings.keepalive_s)
        connection.put(self._connect_packet().encoded())
        deadline_s = time.monotonic() + _CONNECT_S_MAX
        while self._link is link and not link.accepted and self._wanted:
            self._attend(link)
            if time.monotonic() > deadline_s:
                self._lost("the broker does not answer")
                return

    @property
    def _wanted(self) -> bool:
        """A connection is."""
        return self._allowed.is_set() and not self._stopping.is_set()

    def _connect_packet(self) -> Connect:
        username = None if self._url.username is None else unquote(self._url.username)
        client_id = self._subscription.client_id
        if username == self._settings.client_id:
            # Brokers of ours make the user name the client id, so each shard has an account of its own.
            username = client_id
        return Connect(
            client_id=client_id,
            keepalive_s=self._settings.keepalive_s,
            username=username,
            password=None if self._url.password is None else unquote(self._url.password),
            session_expiry_s=self._settings.session_expiry_s,
            receive_maximum=self._settings.inflight_max,
            version5=self._version5,
        )

    def _accepted(self, link: Link, control: Control) -> None:
        if control.failure is not None:
            hint = _HINTS.get(control.failure, "")
            _LOG.warning("broker_refused", reason=control.failure, hint=hint)
            raise ConnectionLostError(control.failure)
        link.accept(control)
        metrics.CONNECTIONS.inc()
        metrics.BROKER_CONNECTED.set(1)
        subscription = self._subscription
        # The new filters first: a message in between comes twice rather than never.
        if subscription.filters:
            link.subscribe_id = link.new_id()
            link.connection.put(
                packets.subscribe(link.subscribe_id, subscription.filters, version5=self._version5)
            )
        link.connection.put(
            packets.unsubscribe(link.new_id(), subscription.obsolete, version5=self._version5)
        )
        _LOG.info(
            "broker_connected",
            session_present=control.session_present,
            epoch=self._epoch,
            client_id=subscription.client_id,
        )

    def _handle(self, link: Link, control: Control) -> None:
        if control.kind == packets.CONNACK:
            self._accepted(link, control)
        elif control.kind == packets.PUBACK:
            link.under_way.discard(control.packet_id)
        elif control.kind == packets.SUBACK and control.packet_id == link.subscribe_id:
            for (name, _), reason in zip(self._subscription.filters, control.reasons, strict=False):
                if reason >= 0x80:  # noqa: PLR2004 # section 3.9.3
                    text = packets.REASONS.get(reason, f"reason {reason:#04x}")
                    hint = _HINTS.get(text, "check the broker's access rules of this account")
                    _LOG.warning("subscription_refused", filter=name, reason=text, hint=hint)
        elif control.kind == packets.UNSUBACK:
            link.settled = True
            link.message_s = time.monotonic()
        elif control.kind == packets.DISCONNECT:
            raise ConnectionLostError(control.failure or "ended by the broker")

    def _turn(self, link: Link) -> None:
        """Wait for something to happen on the socket or in the pipeline, and do it."""
        self.beat_s = time.monotonic()
        self._decide_pause(link)
        reading = not ((self._paused or self._reading_ended.is_set()) and link.accepted)
        timeout_s = _TURN_S_MAX
        if self._acknowledgements and link.accepted and link.room:
            timeout_s = min(timeout_s, self._acknowledgements.due_s)
        woken, readable = link.connection.wait(self._wake_reader, timeout_s, reading=reading)
        if woken:
            self._drain_wake()
        received = self._read(link) if readable else 0
        self._send_completions(link)
        self._keep_alive(link)
        link.connection.flush()
        if received and link.is_busy(received):
            time.sleep(_BUSY_PAUSE_S)

    def _read(self, link: Link) -> int:
        """Handle what has arrived, until there is no more or the inbox is full; return the messages."""
        total = 0
        for _ in range(_CHUNKS_A_TURN_MAX):
            data = link.connection.receive()
            if not data:
                break
            link.heard_s = time.monotonic()
            messages, controls = link.decoder.feed(data, time.time_ns() // 1_000)
            for control in controls:
                self._handle(link, control)
            if messages:
                link.message_s = link.heard_s
                self._hand_over(link, messages)
                total += len(messages)
            if self._inbox.is_full or link.held or len(data) < link.connection.chunk_bytes_full:
                break
        return total

    def _hand_over(self, link: Link, messages: list[Message]) -> None:
        """Put messages into the inbox up to its bound; what does not fit waits here, and nothing is read."""
        room = self._inbox.room
        link.held = messages[room:]
        self._inbox.put_many(messages if not link.held else messages[:room])

    def _decide_pause(self, link: Link) -> None:
        if link.held and self._inbox.has_room and not self._reading_ended.is_set():
            self._hand_over(link, link.held)
        if not self._paused and (self._inbox.is_full or link.held):
            self._paused = True
        elif self._paused and self._inbox.has_room and not link.held:
            self._paused = False
            # What the broker has said meanwhile stands behind many messages.
            link.heard_s = time.monotonic()
        metrics.RECEIVING_PAUSED.set(self._paused)

    def _keep_alive(self, link: Link) -> None:
        """Keep the connection alive and see that the broker is.

        The answer to a ping stands behind all messages that are not read yet, so silence means nothing while
        reading is paused.
        """
        if not link.accepted:
            return
        now_s = time.monotonic()
        if now_s - link.pinged_s > link.keepalive_s / 3:
            link.pinged_s = now_s
            link.connection.put(packets.pingreq())
        reading = not (self._paused or self._reading_ended.is_set())
        if reading and now_s - link.heard_s > link.keepalive_s:
            _LOG.warning("broker_silent", seconds=round(now_s - link.heard_s))
            raise ConnectionLostError("the broker is silent")  # noqa: TRY003, EM101 # the cause is the message

    def _send_completions(self, link: Link) -> None:
        if not link.accepted:
            return
        while self._completions:
            completion = self._completions.popleft()
            self._acknowledgements.add(completion.batches)
            self._commands.extend(completion.commands)
            mine = completion.packets.get(self._epoch)
            if mine:
                link.connection.put(packets.pubacks(mine))
        while self._commands and link.room:
            topic, payload = self._commands.popleft()
            link.publish(topic, payload, version5=self._version5)
        if self._acknowledgements and link.room and self._acknowledgements.due_s <= 0:
            for topic, payload in self._acknowledgements.take(link.room):
                link.publish(topic, payload, version5=self._version5)

    def _lost(self, reason: str) -> None:
        """Forget the connection; the broker will send again what was not acknowledged."""
        link, self._link = self._link, None
        if link is None:
            return
        dropped = self._inbox.drop_waiting()
        if link.accepted:
            metrics.BROKER_CONNECTED.set(0)
            # Only a connection that lived ends the back-off: what broke this one may come again on each.
            if time.monotonic() - link.opened_s >= _STEADY_S:
                self._attempts = 0
        if link.accepted or self._attempts % _ATTEMPTS_A_LOG == 1:
            _LOG.warning(
                "broker_disconnected",
                reason=reason,
                hint=_HINTS.get(reason, ""),
                epoch=self._epoch,
                waiting_dropped=dropped,
            )
        link.close()

    def _leave(self) -> None:
        """Disconnect in order; a session that is retired ends with it."""
        link = self._link
        if link is None:
            return
        expiry_s = 0 if self._settings.retire and self.quiet_s >= self._settings.retire_quiet_s else None
        link.connection.put(packets.disconnect(0, expiry_s, version5=self._version5))
        self._link, self._attempts = None, 0
        self._inbox.drop_waiting()
        metrics.BROKER_CONNECTED.set(0)
        link.connection.finish(_FAREWELL_S_MAX)

    def _flush(self) -> None:
        """Send the last acknowledgements, as long as the broker takes them."""
        deadline_s = time.monotonic() + _FLUSH_S_MAX
        link = self._link
        if link is None or not link.accepted:
            return
        try:
            self._send_completions(link)
            for topic, payload in self._acknowledgements.take(link.room):
                link.publish(topic, payload, version5=self._version5)
            while link.connection.unsent_bytes and time.monotonic() < deadline_s:
                link.connection.flush()
                link.connection.wait(self._wake_reader, 0.05, reading=False)
                self._drain_wake()
        except ConnectionLostError as error:
            self._lost(str(error))

    def _wake(self) -> None:
        try:
            self._wake_writer.send(b"\0")
        except (BlockingIOError, OSError):  # full of wakes already, or closed
            return

    def _drain_wake(self) -> None:
        try:
            while self._wake_reader.recv(4_096):
                pass
        except BlockingIOError:
            return

    def _sleep(self, seconds: float) -> None:
        """Sleep, but not through a wake."""
        self._wake_reader.settimeout(seconds)
        try:
            self._wake_reader.recv(4_096)
        except TimeoutError:
            pass
        finally:
            self._wake_reader.settimeout(0)
