"""One connection to the broker with what MQTT keeps for it: packet ids, limits, signs of life."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ingest import packets
from ingest.connection import ConnectionLostError

if TYPE_CHECKING:
    from ingest.connection import Connection
    from ingest.inbox import Message
    from ingest.packets import Control, Decoder

_PACKET_ID_MAX: Final = 65_535
_BUSY_MESSAGES_S: Final = 2_000


class Link:
    """One connection with what MQTT keeps for it."""

    def __init__(self, connection: Connection, decoder: Decoder, *, keepalive_s: float) -> None:
        self.connection = connection
        self.decoder = decoder
        self.keepalive_s = keepalive_s
        self.accepted = False
        # Received in one chunk with others, and more than the inbox had room for.
        self.held: list[Message] = []
        # Our subscriptions are as they should be.
        self.settled = False
        self.subscribe_id = 0
        self.under_way: set[int] = set()
        self.opened_s = self.heard_s = self.message_s = self.pinged_s = time.monotonic()
        self._receive_maximum = _PACKET_ID_MAX
        self._last_id = 0
        self._counted_s = time.monotonic()
        self._counted = 0
        self._busy = False

    def accept(self, control: Control) -> None:
        """Take over what the broker asks for."""
        self.accepted = True
        self._receive_maximum = int(control.properties.get(packets.RECEIVE_MAXIMUM, self._receive_maximum))
        self.keepalive_s = (
            float(control.properties.get(packets.SERVER_KEEP_ALIVE, self.keepalive_s)) or self.keepalive_s
        )

    def new_id(self) -> int:
        """Return a packet id that is not under way."""
        while True:
            self._last_id = self._last_id % _PACKET_ID_MAX + 1
            if self._last_id not in self.under_way:
                return self._last_id

    @property
    def room(self) -> int:
        """Messages that the broker takes before it has acknowledged others."""
        return max(min(self._receive_maximum, _PACKET_ID_MAX - 2) - len(self.under_way), 0)

    def publish(self, topic: str, payload: bytes, *, version5: bool) -> None:
        """Send a message with QoS 1."""
        packet_id = self.new_id()
        self.under_way.add(packet_id)
        self.connection.put(packets.publish(packet_id, topic, payload, version5=version5))

    def is_busy(self, received: int) -> bool:
        """Count messages; say whether they come so fast that it pays to let some gather."""
        self._counted += received
        elapsed_s = time.monotonic() - self._counted_s
        if elapsed_s > 0.1:  # noqa: PLR2004 # long enough for a rate, short enough to notice a change
            self._busy = self._counted > _BUSY_MESSAGES_S * elapsed_s
            self._counted, self._counted_s = 0, time.monotonic()
        return self._busy

    def close(self) -> None:
        """Send what can be sent at once, and close."""
        with suppress(ConnectionLostError):
            self.connection.flush()
        self.connection.close()
