"""What we send to the broker, as bytes.

Source: OASIS MQTT 5.0 and 3.1.1, whose sections are named in the comments.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ingest.packets.codes import RECEIVE_MAXIMUM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORD: Final = struct.Struct(">H")
_LONG: Final = struct.Struct(">I")


def _encoded_length(value: int) -> bytes:
    encoded = bytearray()
    while True:
        value, byte = value >> 7, value & 0x7F
        encoded.append(byte | 0x80 if value else byte)
        if not value:
            return bytes(encoded)


def _encoded_text(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return _WORD.pack(len(data)) + data


def _packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + _encoded_length(len(body)) + body


@dataclass(frozen=True, slots=True)
class Connect:
    """What CONNECT says (section 3.1).

    Attributes:
        client_id: name of the session.
        keepalive_s: the broker hears from us at least so often.
        username: None for an anonymous client.
        password: likewise.
        session_expiry_s: the broker keeps the session so long.
        receive_maximum: messages that may be under way to us.
        version5: MQTT 5; otherwise 3.1.1, which knows neither of the two above.
    """

    client_id: str
    keepalive_s: int
    username: str | None
    password: str | None
    session_expiry_s: int
    receive_maximum: int
    version5: bool

    def encoded(self) -> bytes:
        """Return the packet; the session that the broker has kept goes on."""
        flags = (0x80 if self.username is not None else 0) | (0x40 if self.password is not None else 0)
        body = (
            _encoded_text("MQTT") + bytes((5 if self.version5 else 4, flags)) + _WORD.pack(self.keepalive_s)
        )
        if self.version5:
            properties = b"\x11" + _LONG.pack(self.session_expiry_s)
            properties += bytes((RECEIVE_MAXIMUM,)) + _WORD.pack(self.receive_maximum)
            body += _encoded_length(len(properties)) + properties
        body += _encoded_text(self.client_id)
        for part in (self.username, self.password):
            if part is not None:
                body += _encoded_text(part)
        return _packet(0x10, body)


def subscribe(packet_id: int, filters: Iterable[tuple[str, int]], *, version5: bool) -> bytes:
    """Return SUBSCRIBE (section 3.8).

    Args:
        packet_id: answered by SUBACK.
        filters: topic filter and options.
        version5: otherwise only the QoS of the options is sent.
    """
    body = _WORD.pack(packet_id) + (b"\0" if version5 else b"")
    for name, options in filters:
        body += _encoded_text(name) + bytes((options if version5 else options & 3,))
    return _packet(0x82, body)


def unsubscribe(packet_id: int, filters: Iterable[str], *, version5: bool) -> bytes:
    """Return UNSUBSCRIBE (section 3.10)."""
    body = _WORD.pack(packet_id) + (b"\0" if version5 else b"") + b"".join(map(_encoded_text, filters))
    return _packet(0xA2, body)


def publish(packet_id: int, topic: str, payload: bytes, *, version5: bool) -> bytes:
    """Return PUBLISH with QoS 1 (section 3.3)."""
    return _packet(
        0x32, _encoded_text(topic) + _WORD.pack(packet_id) + (b"\0" if version5 else b"") + payload
    )


def pubacks(packet_ids: Sequence[int]) -> bytes:
    """Return a PUBACK for each packet id, in order (section 3.4)."""
    return struct.pack(f">{len(packet_ids)}I", *[0x40020000 | packet_id for packet_id in packet_ids])


def pingreq() -> bytes:
    """Return PINGREQ (section 3.12)."""
    return b"\xc0\0"


def disconnect(reason: int = 0, session_expiry_s: int | None = None, *, version5: bool) -> bytes:
    """Return DISCONNECT (section 3.14); an expiry of 0 ends the session."""
    if not version5 or (not reason and session_expiry_s is None):
        return b"\xe0\0"
    properties = b"" if session_expiry_s is None else b"\x11" + _LONG.pack(session_expiry_s)
    return _packet(0xE0, bytes((reason, len(properties))) + properties)
