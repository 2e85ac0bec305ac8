"""One gateway's MQTT connection, driven from outside: no thread, no blocking call but the opening.

A fresh paho client is made for every connection, so nothing that an old connection still held (packet ids,
half-sent messages) can be mistaken for the new one's: what was not acknowledged comes from the outbox again.
MQTT 3.1.1, which every broker speaks; the application's acknowledgement carries the promise.
"""

from __future__ import annotations

import ssl
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from domain.topics import Channel, topic

if TYPE_CHECKING:
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from device_sim.endpoint import Endpoint
    from device_sim.outbox import Credential

_BIRTH: Final = b'{"online":true,"software":"nhip device_sim"}'
_WILL: Final = b'{"online":false}'


class Phase(StrEnum):
    """Where a connection is in its life."""

    IDLE = "idle"
    OPENING = "opening"
    SUBSCRIBING = "subscribing"
    ONLINE = "online"
    PAUSED = "paused"


class _Ack(msgspec.Struct):
    ids: list[int]


_ACK_DECODER: Final = msgspec.json.Decoder(_Ack)


@dataclass(slots=True)
class Flight:
    """A batch on its way: how often it was sent, and when it will be sent again."""

    readings: int
    attempts: int = 0
    deadline_s: float = 0.0


class Listener(Protocol):
    """What a connection tells its publisher; all calls come from the publisher's own loop or an opener."""

    def wants_write(self, connection: Connection) -> None:
        """Bytes are waiting; `write` should be called from the loop."""

    def went_online(self, connection: Connection) -> None:
        """The acknowledgements are subscribed: batches may be sent."""

    def was_lost(self, connection: Connection) -> None:
        """The connection is over, wanted or not."""

    def was_refused(self, connection: Connection, reason: str) -> None:
        """The broker refuses the connection or the subscription."""

    def acknowledged(self, connection: Connection, ids: list[int]) -> None:
        """Ingest has stored these batches."""


@dataclass(slots=True, eq=False)
class Connection:
    """A gateway and its connection to the broker.

    Attributes:
        gateway: code; also user name and client id.
        waiting: ids to send, oldest first.
        batches: every batch of the outbox that is known and not acknowledged, by id.
        inflight: ids that were sent on this connection and not acknowledged.
        failures: unsuccessful openings in a row.
    """

    gateway: str
    endpoint: Endpoint
    listener: Listener
    keepalive_s: int
    connect_timeout_s: float
    inflight_max: int
    credential: Credential | None = None
    phase: Phase = Phase.IDLE
    waiting: deque[int] = field(default_factory=deque[int])
    batches: dict[int, Flight] = field(default_factory=dict[int, Flight])
    inflight: set[int] = field(default_factory=set[int])
    failures: int = 0
    _client: Client | None = None
    _descriptor: int = -1

    @property
    def descriptor(self) -> int:
        """File descriptor of the socket, -1 while there is none."""
        return self._descriptor

    def open(self) -> Client:
        """Open a socket and prepare CONNECT; blocks, so call it in a worker thread, then `adopt` the result.

        Raises:
            OSError: the broker cannot be reached.
        """
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.gateway,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = self.connect_timeout_s
        # A resend may join its first sending while the broker's PUBACK is under way.
        client.max_inflight_messages_set(2 * self.inflight_max + 2)
        credential = self.credential or self.endpoint.credential
        if credential is not None:
            client.username_pw_set(credential.username, credential.password)
        if self.endpoint.tls:
            client.tls_set_context(ssl.create_default_context())
        client.will_set(topic(self.gateway, Channel.STATUS), _WILL, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        # With this callback set paho queues and leaves the writing to us.
        client.on_socket_register_write = self._on_register_write
        client.connect(self.endpoint.host, self.endpoint.port, keepalive=self.keepalive_s)
        return client

    def adopt(self, client: Client) -> None:
        """Make an opened client the one of this connection."""
        opened = client.socket()
        self._client = client
        self._descriptor = -1 if opened is None else opened.fileno()
        self.phase = Phase.SUBSCRIBING

    def read(self) -> None:
        """Take what has arrived."""
        client = self._client
        if client is None:
            return
        client.loop_read()
        opened = client.socket()
        while isinstance(opened, ssl.SSLSocket) and opened.pending() and client.socket() is not None:
            client.loop_read()  # decrypted bytes wait where no selector sees them

    def write(self) -> bool:
        """Send what waits; return whether some is left for when the socket takes more."""
        client = self._client
        if client is None:
            return False
        client.loop_write()
        return client.socket() is not None and client.want_write()

    def tick(self) -> None:
        """Keep the connection alive, and notice that it is not."""
        if self._client is not None:
            self._client.loop_misc()

    def publish(self, payload: bytes) -> bool:
        """Queue one data message; return whether the client took it."""
        if self._client is None:
            return False
        info = self._client.publish(topic(self.gateway, Channel.DATA), payload, qos=1)
        return info.rc == MQTT_ERR_SUCCESS

    def say_goodbye(self) -> None:
        """Queue the retained "offline" and DISCONNECT."""
        if self._client is not None and self.phase is Phase.ONLINE:
            self._client.publish(topic(self.gateway, Channel.STATUS), _WILL, qos=0, retain=True)
            self._client.disconnect()

    def abandon(self) -> None:
        """Close the socket without a word, as a cut link does: the broker publishes the will."""
        client, self._client, self._descriptor = self._client, None, -1
        if client is not None:
            close_silently(client)

    def _on_connect(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self.listener.was_refused(self, str(reason))
            return
        client.subscribe(topic(self.gateway, Channel.ACK), qos=1)
        client.publish(topic(self.gateway, Channel.STATUS), _BIRTH, qos=1, retain=True)

    def _on_subscribe(
        self,
        _client: Client,
        _userdata: object,
        _message_id: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            self.listener.was_refused(self, f"subscription to acknowledgements: {refused[0]}")
            return
        self.phase = Phase.ONLINE
        self.failures = 0
        self.listener.went_online(self)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        try:
            ack = _ACK_DECODER.decode(message.payload)
        except msgspec.DecodeError:
            # Somebody else's idea of an ack; ours is sent again when the batch is.
            return
        self.listener.acknowledged(self, ack.ids)

    def _on_disconnect(
        self,
        client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        _reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if client is self._client:
            self.listener.was_lost(self)

    def _on_register_write(self, _client: Client, _userdata: object, _socket: object) -> None:
        self.listener.wants_write(self)


def close_silently(client: Client) -> None:
    """Close a client's socket without DISCONNECT."""
    opened = client.socket()
    if opened is not None:
        opened.close()
