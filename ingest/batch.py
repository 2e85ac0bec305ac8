"""Bounded batches: messages are collected until bytes, number or age suffice, then judged together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ingest.validate import judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.inbox import Message
    from ingest.opening import Opened
    from ingest.quarantine import Entry
    from ingest.settings import IngestSettings
    from ingest.validate import Candidates

_MANY: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Messages that are stored in one transaction.

    Attributes:
        opened: the messages, in order of reception, decoded.
        candidates: readings that may be stored.
        entries: what is set aside.
        size: bytes of all payloads.
        redelivered: one of the messages was sent before.
    """

    opened: Opened
    candidates: Candidates
    entries: tuple[Entry, ...]
    size: int
    redelivered: bool

    def __len__(self) -> int:
        return len(self.opened.messages)


def closed(opened: Opened, settings: IngestSettings) -> Batch:
    """Return the messages judged, ready to be written."""
    judgement = judged(
        opened,
        groups_max=settings.quarantine_groups_max,
        bytes_max=settings.quarantine_payload_bytes_max,
    )
    return Batch(
        opened=opened,
        candidates=judgement.candidates,
        entries=tuple(judgement.entries),
        size=sum([len(message.payload) for message in opened.messages]),
        redelivered=any(message.duplicate for message in opened.messages),
    )


class Collector:
    """Messages on their way into a batch."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._messages: list[Message] = []
        self._size = 0
        self._opened_s = 0.0

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, messages: Sequence[Message]) -> None:
        """Take in messages; no more than `count_room` and, but for the last one, `bytes_room`."""
        if messages and not self._messages:
            self._opened_s = time.monotonic()
        self._messages += messages
        self._size += sum([len(message.payload) for message in messages])

    @property
    def count_room(self) -> int:
        """Messages that still fit."""
        # With a small window the broker sends nothing more until a batch is done: keep a part of the window
        # free for the next one.
        count_max = min(self._settings.batch_messages_max, max(self._settings.inflight_max // 3, 1))
        return count_max - len(self._messages)

    @property
    def is_many(self) -> bool:
        """So many messages have come in so short a time that waiting for more saves work."""
        return len(self._messages) >= _MANY

    @property
    def bytes_room(self) -> int:
        """Payload bytes that still fit."""
        return self._settings.batch_bytes_max - self._size

    @property
    def is_full(self) -> bool:
        """Messages or bytes have reached their bound."""
        return self.count_room <= 0 or self.bytes_room <= 0

    @property
    def wait_s(self) -> float:
        """Seconds until the oldest message has waited long enough: longer where messages pour in.

        A transaction has a price for each gateway and each (sensor, hour) that it touches. Measured with one
        reading a message from 100 gateways, 100 ms instead of 40 ms saved a third of the database's time.
        """
        settings = self._settings
        if not self._messages:
            return settings.batch_age_s_max
        age_s_max = settings.batch_busy_age_s_max if self.is_many else settings.batch_age_s_max
        return max(self._opened_s + age_s_max - time.monotonic(), 0.0)

    def take(self) -> list[Message]:
        """Return what was collected and begin anew."""
        messages, self._messages = self._messages, []
        self._size = 0
        return messages
