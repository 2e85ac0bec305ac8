"""The bounded hand-over from the MQTT session to the pipeline."""

from __future__ import annotations

from collections import deque
from threading import Condition
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.throttle import Throttle


class Message(NamedTuple):
    """One message as it was received.

    Attributes:
        epoch: which connection it came from; its acknowledgement must not go to another.
        packet_id: MQTT packet id, 0 for QoS 0.
        duplicate: the broker has sent it before.
        topic: where it was published.
        payload: its bytes.
        received_us: reception, microseconds since 1970.
        throttled: refused at reception because its gateway floods; its payload is dropped, and it is counted.
    """

    epoch: int
    packet_id: int
    duplicate: bool
    topic: str
    payload: bytes
    received_us: int
    throttled: bool = False


class Inbox:
    """Messages received and not yet done, bounded by number and bytes.

    "Not yet done" counts what waits here and what the pipeline holds: that is what memory is spent on.

    Args:
        messages_max: bound of the messages.
        bytes_max: bound of their payloads.
        throttle: says which messages of a flooding gateway are refused while room is short.
    """

    def __init__(self, messages_max: int, bytes_max: int, throttle: Throttle | None = None) -> None:
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._throttle = throttle
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

    @property
    def room(self) -> int:
        """Messages that may still be put in."""
        return 0 if self.is_full else self._messages_max - self._open_count

    @property
    def is_tight(self) -> bool:
        """Half of a bound is used: from here on a flooding gateway is held back, so that others find room."""
        return self._open_count * 2 >= self._messages_max or self._open_bytes * 2 >= self._bytes_max

    def put_many(self, messages: Sequence[Message]) -> None:
        """Take in messages in order; the caller stops receiving when `is_full`."""
        if self._throttle is not None:
            messages = self._throttle.passed(messages, tight=self.is_tight)
        with self._changed:
            if not self._waiting:
                self._changed.notify()
            self._waiting.extend(messages)
            self._open_count += len(messages)
            self._open_bytes += sum([len(message.payload) for message in messages])

    def take(self, timeout_s: float, bytes_max: int, count_max: int) -> list[Message]:
        """Return waiting messages in order; empty after `timeout_s`.

        Args:
            timeout_s: how long to wait for the first one.
            bytes_max: as many payload bytes, and one message more.
            count_max: at most so many messages.
        """
        with self._changed:
            if not self._waiting:
                self._changed.wait(timeout_s)
            waiting = self._waiting
            taken: list[Message] = []
            size = 0
            while waiting and size < bytes_max and len(taken) < count_max:
                taken.append(waiting.popleft())
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
