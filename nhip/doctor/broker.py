"""A broker as it answers: what it grants a client, what it says of itself, and what it has thrown away."""

from __future__ import annotations

import re
import secrets
import ssl
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from domain.text import Text
from domain.topics import Channel, topic
from nhip.doctor.finding import Part, hint, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paho.mqtt.reasoncodes import ReasonCode

    from nhip.doctor.finding import Finding, Limits

_CONNECT_S_MAX: Final = 10.0
# Retained messages and the $SYS tree come at once after the subscription; mosquitto renews $SYS every 10 s.
_LISTEN_S: Final = 2.0
_MESSAGES_MAX: Final = 5_000
_PACKET_BYTES_MIN: Final = 262_144
_KEEPALIVE_S: Final = 30
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_DROPPED: Final = "$SYS/broker/publish/messages/dropped"
_VERSION: Final = "$SYS/broker/version"
# Releases that drop what they should keep when max_queued_messages is 0 (mosquitto issues 1956 and 2879).
_FAULTY: Final = frozenset({(2, 0, 2), (2, 0, 16)})


@dataclass(slots=True)
class Answers:
    """What a broker told a client.

    Attributes:
        refusal: why it did not take the client; empty when it did.
        refused: it answered, and refused this account.
        expiry_s: session expiry that it granted; the one asked for unless it says otherwise.
        packet_bytes_max: largest packet that it takes; None for no bound.
        system: its $SYS topics that came.
        retained: topics of telemetry with a retained message.
    """

    refusal: str = ""
    refused: bool = False
    expiry_s: int = 0
    packet_bytes_max: int | None = None
    system: dict[str, str] = field(default_factory=dict[str, str])
    retained: set[str] = field(default_factory=set[str])


def ask(url: str, expiry_s: int, *, listen_s: float = _LISTEN_S) -> Answers:
    """Ask a broker as a client of our own, with a clean session that ends with the connection.

    Args:
        url: mqtt://user:password@host:port, or mqtts://; the account must not be one whose name becomes the
            client id while somebody else is connected with it: the broker would end that session.
        expiry_s: session expiry to ask for; ended with the connection.
        listen_s: how long to listen.
    """
    return _Conversation(url, expiry_s).run(listen_s)


class _Conversation:
    def __init__(self, url: str, expiry_s: int) -> None:
        self._parts = urlsplit(url)
        self._answers = Answers(expiry_s=expiry_s)
        self._expiry_s = expiry_s
        self._connected = threading.Event()
        self._count = 0

    def run(self, listen_s: float) -> Answers:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"nhip-doctor-{secrets.token_hex(8)}",
            protocol=mqtt.MQTTv5,
        )
        if self._parts.username:
            client.username_pw_set(
                unquote(self._parts.username),
                None if self._parts.password is None else unquote(self._parts.password),
            )
        if self._parts.scheme == "mqtts":
            client.tls_set_context(ssl.create_default_context())
        client.connect_timeout = _CONNECT_S_MAX
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        wanted = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it open
        wanted.SessionExpiryInterval = self._expiry_s
        port = self._parts.port or _PORTS.get(self._parts.scheme, 1883)
        try:
            client.connect(self._parts.hostname or "127.0.0.1", port, _KEEPALIVE_S, properties=wanted)
        except (OSError, ssl.SSLError) as error:
            self._answers.refusal = str(error)
            return self._answers
        client.loop_start()
        try:
            if not self._connected.wait(_CONNECT_S_MAX):
                self._answers.refusal = "no answer"
            elif not self._answers.refusal:
                threading.Event().wait(listen_s)
                self._end(client)
        finally:
            client.loop_stop()
        return self._answers

    def _end(self, client: mqtt.Client) -> None:
        # The session was only asked for to see whether it would be granted: nothing is left behind.
        properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call] # paho leaves it open
        properties.SessionExpiryInterval = 0
        client.disconnect(properties=properties)

    def _on_connect(
        self,
        client: mqtt.Client,
        _data: object,
        _flags: object,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if code.is_failure:
            self._answers.refusal, self._answers.refused = str(code), True
            client.disconnect()
        else:
            self._answers.expiry_s = getattr(properties, "SessionExpiryInterval", self._expiry_s)
            self._answers.packet_bytes_max = getattr(properties, "MaximumPacketSize", None)
            # Telemetry only in so far as it is retained: QoS 0, and not what is published meanwhile again.
            retained = SubscribeOptions(qos=0, retainAsPublished=False)
            client.subscribe(
                [("$SYS/broker/#", SubscribeOptions(qos=0)), (topic("+", Channel.DATA), retained)]
            )
        self._connected.set()

    def _on_message(self, client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self._count += 1
        if message.topic.startswith("$SYS/"):
            self._answers.system[message.topic] = message.payload.decode("utf-8", "replace")
        elif message.retain:
            self._answers.retained.add(message.topic)
        elif self._count > _MESSAGES_MAX:
            client.unsubscribe(topic("+", Channel.DATA))


def version_of(answers: Answers) -> tuple[int, ...] | None:
    """Return the release of mosquitto that a broker says it is."""
    match = re.search(r"mosquitto version (\d+)\.(\d+)\.(\d+)", answers.system.get(_VERSION, ""))
    return None if match is None else tuple(int(number) for number in match.groups())


def examine(answers: Answers, expiry_s: int, limits: Limits) -> Iterator[Finding]:
    """Yield what is wrong with a broker that took the client.

    Args:
        answers: what it told.
        expiry_s: session expiry that was asked for.
        limits: where normal ends.
    """
    yield from _granted(answers, expiry_s)
    dropped = answers.system.get(_DROPPED, "")
    if dropped.isdecimal() and int(dropped) > limits.dropped_messages_max:
        yield problem(
            Part.BROKER,
            "broker.dropped",
            Text(
                f"Broker đã bỏ {dropped} bản tin từ khi khởi động",
                f"The broker has thrown away {dropped} messages since its start",
            ),
            Text(
                "Tăng max_queued_messages và max_inflight_messages, xem bộ nhận có chạy không; gateway gửi"
                " lại"
                " những lô chưa được xác nhận. Con số về 0 khi broker khởi động lại",
                "Raise max_queued_messages and max_inflight_messages, and see that the ingester runs;"
                " gateways send"
                " again what was not acknowledged. The count returns to 0 when the broker restarts",
            ),
        )
    version = version_of(answers)
    if version in _FAULTY:
        name = ".".join(map(str, version or ()))
        yield hint(
            Part.BROKER,
            "broker.release",
            Text(
                f"mosquitto {name} bỏ bản tin khi max_queued_messages là 0",
                f"mosquitto {name} drops messages where max_queued_messages is 0",
            ),
            Text("Nâng cấp mosquitto", "Upgrade mosquitto"),
        )
    if answers.retained:
        shown = ", ".join(sorted(answers.retained)[:5])
        yield hint(
            Part.BROKER,
            "broker.retained",
            Text(
                f"{len(answers.retained)} gateway gửi số đo kèm cờ retain ({shown}): mỗi lần kết nối lại"
                " nhận lặp",
                f"{len(answers.retained)} gateways send readings with the retain flag ({shown}): each new"
                " connection"
                " receives them again",
            ),
            Text(
                "Tắt retain ở gateway, rồi xoá bằng một bản tin retain rỗng",
                "Switch retain off at the gateway, then clear it with an empty retained message",
            ),
        )


def _granted(answers: Answers, expiry_s: int) -> Iterator[Finding]:
    if answers.expiry_s < expiry_s:
        yield problem(
            Part.BROKER,
            "broker.session_expiry",
            Text(
                f"Broker chỉ giữ phiên {answers.expiry_s} s thay vì {expiry_s} s",
                f"The broker keeps a session for {answers.expiry_s} s instead of the {expiry_s} s asked for",
            ),
            Text(
                "Cho phép phiên lâu hơn ở broker, hoặc hạ NHIP_INGEST_SESSION_EXPIRY_S",
                "Let the broker keep sessions longer, or lower NHIP_INGEST_SESSION_EXPIRY_S",
            ),
        )
    if answers.packet_bytes_max is not None and answers.packet_bytes_max < _PACKET_BYTES_MIN:
        yield problem(
            Part.BROKER,
            "broker.packet_size_granted",
            Text(
                f"Broker chỉ nhận gói tới {answers.packet_bytes_max} byte; lô số đo có thể tới 256 KiB",
                f"The broker takes packets of at most {answers.packet_bytes_max} bytes; a batch may have"
                " 256 KiB",
            ),
            Text("Đặt max_packet_size 270336 ở broker", "Set max_packet_size 270336 at the broker"),
        )
