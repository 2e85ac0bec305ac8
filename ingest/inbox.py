"""The bounded hand-over from the MQTT session to the pipeline."""

from __future__ import annotations

from collections import deque
from threading import Condition
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Message(NamedTuple):
    """One message as it was received.

    Attributes:
        epoch: which connection it came from; its acknowledgement must not go to another.
        packet_id: MQTT packet id, 0 for QoS 0.
        duplicate: the broker has sent it before.
        topic: where it was published.
        payload: its bytes.
        received_us: reception, microseconds since 1970.
    """

    epoch: int
    packet_id: int
    duplicate: bool
    topic: str
    payload: bytes
    received_us: int


class Inbox:
    """Messages received and not yet done, bounded by number and bytes.

    "Not yet done" counts what waits here and what the pipeline holds: that is what memory is spent on.
    """

    def __init__(self, messages_max: int, bytes_max: int) -> None:
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._changed = Condition()
        self._waiting: deque[Message] = deque()
        self._open_count = 0
        self._open_bytes = 0
        self.on_room: Callable[[], None] = lambda: None

    @property
    def open_count(self) -> int:
        """Messages received and not yet done."""
        return self._open_count

    @property
    def open_bytes(self) -> int:
        """Their bytes."""
        return self._open_bytes

    @property
    def waiting_count(self) -> int:
        """Messages that nobody has taken yet."""
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """No more should be received."""
        return self._open_count >= self._messages_max or self._open_bytes >= self._bytes_max

    @property
    def has_room(self) -> bool:
        """Receiving is worth resuming: well below the bounds, so that it does not flutter."""
        return self._open_count * 4 <= self._messages_max * 3 and self._open_bytes * 4 <= self._bytes_max * 3

    def put(self, message: Message) -> None:
        """Take in a message; the caller stops receiving when `is_full`."""
        with self._changed:
            self._waiting.append(message)
            self._open_count += 1
            self._open_bytes += len(message.payload)
            if len(self._waiting) == 1:
                self._changed.notify()

    def take(self, timeout_s: float, bytes_max: int) -> list[Message]:
        """Return waiting messages in order, up to `bytes_max` and one more; empty after `timeout_s`."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(timeout_s)
            taken: list[Message] = []
            size = 0
            while self._waiting and size < bytes_max:
                taken.append(self._waiting.popleft())
                size += len(taken[-1].payload)
            return taken

    def nudge(self) -> None:
        """Wake whoever waits in `take`."""
        with self._changed:
            self._changed.notify()

    def drop_waiting(self) -> int:
        """Forget what nobody has taken: its connection is gone and the broker will send it again."""
        with self._changed:
            dropped = len(self._waiting)
            self._open_count -= dropped
            self._open_bytes -= sum(len(message.payload) for message in self._waiting)
            self._waiting.clear()
        return dropped

    def finish(self, count: int, size: int) -> None:
        """Note that the pipeline is done with messages that it took."""
        with self._changed:
            self._open_count -= count
            self._open_bytes -= size
        self.on_room()
