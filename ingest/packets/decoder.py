"""What the broker sends: bytes in, messages and control packets out.

Source: OASIS MQTT 5.0 and 3.1.1, whose sections are named in the comments. A decoded message goes straight
into `inbox.Message`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final, NoReturn

from ingest.inbox import Message
from ingest.packets.codes import (
    CONNACK,
    DISCONNECT,
    MALFORMED_PACKET,
    PINGRESP,
    PROTOCOL_ERROR,
    PUBACK,
    PUBLISH,
    REASONS,
    SUBACK,
    UNSUBACK,
    ProtocolError,
)

_FAILURE: Final = 0x80
_LENGTH_BYTES_MAX: Final = 4
_TOPICS_KNOWN_MAX: Final = 100_000
# Topic, packet id and properties of a PUBLISH come on top of its payload.
_HEADER_BYTES_MAX: Final = 70_000
_NEW: Final = tuple.__new__
_WORD: Final = struct.Struct(">H")
_LONG: Final = struct.Struct(">I")

# Section 2.2.2.2: how the values of the properties that we read are written.
_BYTE_PROPERTIES: Final = frozenset({0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A})
_WORD_PROPERTIES: Final = frozenset({0x13, 0x21, 0x22, 0x23})
_LONG_PROPERTIES: Final = frozenset({0x02, 0x11, 0x18, 0x27})
_TEXT_PROPERTIES: Final = frozenset({0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F})
_PAIR_PROPERTY: Final = 0x26


@dataclass(frozen=True, slots=True)
class Control:
    """A packet that is no message.

    Attributes:
        kind: packet type.
        packet_id: 0 where the type has none.
        reasons: reason codes, one for each filter in SUBACK and UNSUBACK.
        session_present: of CONNACK.
        properties: those that are numbers or texts, by identifier.
    """

    kind: int
    packet_id: int = 0
    reasons: tuple[int, ...] = ()
    session_present: bool = False
    properties: dict[int, int | str] = field(default_factory=dict[int, "int | str"])

    @property
    def failure(self) -> str | None:
        """Name of the first reason code that means failure; None when all is well."""
        for reason in self.reasons:
            # 3.1.1 numbers its refusals of a connection from 1.
            if reason >= _FAILURE or (self.kind == CONNACK and reason):
                return REASONS.get(reason, f"reason {reason:#04x}")
        return None


class Decoder:
    """Bytes in, packets out, over arbitrary borders of chunks.

    Measured with 200-byte messages at QoS 1 from a local sender: 3.1 to 3.4 us of CPU a message in the
    session's thread, from receiving to PUBACK (two busy cores).

    Args:
        epoch: of the connection, for its messages.
        version5: MQTT 5; otherwise 3.1.1.
        payload_bytes_max: of a larger payload one byte more than this is kept.
    """

    def __init__(self, epoch: int, *, version5: bool, payload_bytes_max: int) -> None:
        self._epoch = epoch
        self._version5 = version5
        self._payload_bytes_max = payload_bytes_max
        self._packet_bytes_max = payload_bytes_max + _HEADER_BYTES_MAX
        self._rest = b""
        self._large: _Large | None = None
        self._topics: dict[bytes, str] = {}

    def feed(self, data: bytes, received_us: int) -> tuple[list[Message], list[Control]]:
        """Return what the bytes complete.

        Args:
            data: as received.
            received_us: moment of reception, for the messages.

        Raises:
            ProtocolError: the bytes are not MQTT; nothing more can be read from this connection.
        """
        buffer = self._rest + data if self._rest else data
        messages: list[Message] = []
        controls: list[Control] = []
        position, end = 0, len(buffer)
        if self._large is not None:
            position = self._go_on(self._large, buffer, 0, messages, received_us)
        while end - position >= 2:  # noqa: PLR2004 # the shortest packet
            length = buffer[position + 1]
            body = position + 2
            if length & 0x80:
                found = _length(buffer, position + 1)
                if found is None:
                    break
                length, body = found
            stop = body + length
            if stop > end:
                if length > self._packet_bytes_max:
                    large = self._large = self._begun(buffer[position], length)
                    position = self._go_on(large, buffer, body, messages, received_us)
                break
            first = buffer[position]
            if first >> 4 == PUBLISH:
                messages.append(self._message(first, buffer, body, stop, received_us))
            else:
                controls.append(self._control(first, buffer[body:stop]))
            position = stop
        self._rest = buffer[position:]
        return messages, controls

    def _begun(self, first: int, length: int) -> _Large:
        if first >> 4 != PUBLISH:
            _malformed(f"packet type {first >> 4} of {length} bytes")
        return _Large(first, length, version5=self._version5, payload_bytes_max=self._payload_bytes_max)

    def _go_on(
        self, large: _Large, buffer: bytes, position: int, messages: list[Message], received_us: int
    ) -> int:
        """Pass bytes on to the large packet, whose message may be complete then; return where it ends."""
        stop = min(position + large.missing, len(buffer))
        large.add(buffer[position:stop])
        if not large.missing:
            self._large = None
            kept = large.packet()
            messages.append(self._message(large.first, kept, 0, len(kept), received_us))
        return stop

    def _message(  # noqa: C901 # all of a message in one function: it runs for each, and calls would double it
        self, first: int, buffer: bytes, body: int, stop: int, received_us: int
    ) -> Message:
        """Return a PUBLISH (section 3.3)."""
        start = body + 2
        if start > stop:
            _malformed("a PUBLISH without a topic")
        at = start + (buffer[body] << 8 | buffer[body + 1])
        name = buffer[start:at]
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topic(name)
        packet_id = 0
        quality = first & 6
        if quality:
            if quality != 2:  # noqa: PLR2004 # QoS 1; an answer to QoS 2 would be another one
                _malformed("a PUBLISH with a QoS that we did not subscribe with")
            if at + 2 > stop:
                _malformed("a PUBLISH without a packet id")
            packet_id = buffer[at] << 8 | buffer[at + 1]
            if not packet_id:
                raise ProtocolError(PROTOCOL_ERROR, "packet id 0")
            at += 2
        if self._version5 and at < stop:
            size = buffer[at]
            at += 1
            if size & 0x80:
                size, at = self._properties_size(buffer, at - 1, stop)
            at += size
        elif self._version5:
            _malformed("a PUBLISH without properties")
        if at > stop:
            _malformed("a PUBLISH that is shorter than its parts")
        payload = (
            buffer[at:stop]
            if stop - at <= self._payload_bytes_max
            else buffer[at : at + self._payload_bytes_max + 1]
        )
        # Not Message(…): the constructor of a named tuple costs three times as much.
        return _NEW(Message, (self._epoch, packet_id, first & 8 != 0, topic, payload, received_us, False))

    @staticmethod
    def _properties_size(buffer: bytes, at: int, stop: int) -> tuple[int, int]:
        """Return (size, position behind it) of a property list of 128 bytes and more."""
        # Four bytes at most: to copy the buffer for each message that has properties took 8.4 us, this 3.0.
        found = _length(buffer[at : min(at + _LENGTH_BYTES_MAX, stop)], 0)
        if found is None:
            _malformed("a property length that does not end")
        return found[0], at + found[1]

    def _topic(self, name: bytes) -> str:
        try:
            topic = name.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ProtocolError(MALFORMED_PACKET, "a topic that is not UTF-8") from error
        if not topic or "\0" in topic:
            _malformed("an empty topic or one with NUL")
        if len(self._topics) >= _TOPICS_KNOWN_MAX:
            self._topics.clear()
        self._topics[name] = topic
        return topic

    def _control(self, first: int, body: bytes) -> Control:
        kind = first >> 4
        if len(body) > self._packet_bytes_max:
            _malformed(f"packet type {kind} of {len(body)} bytes")
        try:
            if kind == CONNACK:
                return self._connack(body)
            if kind == PUBACK:
                reasons = (body[2],) if len(body) > 2 else (0,)  # noqa: PLR2004 # id, reason
                return Control(kind, _WORD.unpack_from(body)[0], reasons)
            if kind in {SUBACK, UNSUBACK}:
                return self._suback(kind, body)
            if kind == PINGRESP:
                return Control(kind)
            if kind == DISCONNECT and self._version5:
                found = self._properties(body, 1) if len(body) > 1 else {}
                return Control(kind, reasons=(body[0] if body else 0,), properties=found)
        except (IndexError, struct.error, UnicodeDecodeError) as error:
            raise ProtocolError(MALFORMED_PACKET, f"packet type {kind} cut short") from error
        raise ProtocolError(PROTOCOL_ERROR, f"packet type {kind}, which a broker does not send to us")

    def _connack(self, body: bytes) -> Control:
        found = self._properties(body, 2) if self._version5 and len(body) > 2 else {}  # noqa: PLR2004 # flags, code
        return Control(CONNACK, reasons=(body[1],), session_present=body[0] & 1 != 0, properties=found)

    def _suback(self, kind: int, body: bytes) -> Control:
        start = 2
        if self._version5:
            found = _length(body, 2)
            if found is None:
                _malformed("a property length that does not end")
            start = found[1] + found[0]
        return Control(kind, _WORD.unpack_from(body)[0], tuple(body[start:]))

    @staticmethod
    def _properties(body: bytes, at: int) -> dict[int, int | str]:
        """Return the properties at a place; of those that may come more than once the last one."""
        found = _length(body, at)
        if found is None:
            _malformed("a property length that does not end")
        length, at = found
        stop = at + length
        values: dict[int, int | str] = {}
        while at < stop:
            kind = body[at]
            values[kind], at = _property(kind, body, at + 1)
        if at != stop:
            _malformed("a property that is longer than its list")
        return values


class _Large:
    """A PUBLISH that is too large to be held: its head without properties, and the beginning of its payload.

    Properties may be of any size too. They are passed over, never refused: what a gateway sends once would
    come again at every connection, and no other gateway would be heard any more.

    Args:
        first: byte of the packet.
        length: bytes behind its length field.
        version5: it has properties.
        payload_bytes_max: one byte more than this is kept.
    """

    def __init__(self, first: int, length: int, *, version5: bool, payload_bytes_max: int) -> None:
        self.first = first
        self.missing = length
        self._version5 = version5
        self._payload_bytes_max = payload_bytes_max
        self._kept = bytearray()
        # Bytes of `_kept` when it is full; 0 while the head is not complete.
        self._kept_max = 0
        self._passed_over = 0

    def add(self, data: bytes) -> None:
        """Take in bytes of this packet, and of no other."""
        self.missing -= len(data)
        if not self._kept_max:
            self._kept += data
            data = self._behind_head()
        passed_over = min(self._passed_over, len(data))
        self._passed_over -= passed_over
        room = self._kept_max - len(self._kept)
        if room > 0:
            self._kept += data[passed_over : passed_over + room]

    def _behind_head(self) -> bytes:
        """Cut what is kept behind its head and return what stood there; nothing while it is cut short."""
        kept = self._kept
        if len(kept) < 2:  # noqa: PLR2004 # the topic's length
            return b""
        at = 2 + _WORD.unpack_from(kept)[0] + (2 if self.first & 6 else 0)
        behind = at
        if self._version5:
            found = _length(kept, at)
            if found is None:
                return b""
            size, behind = found
            if size > len(kept) - behind + self.missing:
                _malformed("properties that are longer than their packet")
            self._passed_over = size
        elif len(kept) < at:
            return b""
        rest = bytes(kept[behind:])
        del kept[at:]
        if self._version5:
            kept.append(0)
        self._kept_max = len(kept) + self._payload_bytes_max + 1
        return rest

    def packet(self) -> bytes:
        """Return what is kept, as the body of a PUBLISH."""
        return bytes(self._kept)


def _property(kind: int, body: bytes, at: int) -> tuple[int | str, int]:
    """Return (value, position behind it) of a property."""
    if kind in _BYTE_PROPERTIES:
        return body[at], at + 1
    if kind in _WORD_PROPERTIES:
        return _WORD.unpack_from(body, at)[0], at + 2
    if kind in _LONG_PROPERTIES:
        return _LONG.unpack_from(body, at)[0], at + 4
    if kind == _PAIR_PROPERTY:
        return _text(body, _text(body, at)[1])
    if kind not in _TEXT_PROPERTIES:
        _malformed(f"property {kind:#04x}")
    return _text(body, at)


def _malformed(found: str) -> NoReturn:
    raise ProtocolError(MALFORMED_PACKET, found)


def _length(buffer: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Return (value, position behind it) of a variable byte integer (section 1.5.5), None if cut short."""
    value = 0
    for count in range(_LENGTH_BYTES_MAX):
        if at + count >= len(buffer):
            return None
        byte = buffer[at + count]
        value |= (byte & 0x7F) << 7 * count
        if not byte & 0x80:
            return value, at + count + 1
    _malformed("a length of more than four bytes")


def _text(body: bytes, at: int) -> tuple[str, int]:
    size: int = _WORD.unpack_from(body, at)[0]
    stop = at + 2 + size
    if stop > len(body):
        _malformed("a text that is longer than its packet")
    return body[at + 2 : stop].decode("utf-8"), stop
