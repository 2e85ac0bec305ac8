"""From the inbox to batches that are ready to be written: one thread that decodes and judges."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from ingest.batch import Collector, closed
from ingest.opening import isolated, of_parcels, open_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.batch import Batch
    from ingest.inbox import Inbox, Message
    from ingest.keeper import Keeper
    from ingest.parcel import Parcel
    from ingest.settings import IngestSettings

_LOG: Final = structlog.get_logger("ingest.assembler")
_IDLE_S: Final = 0.5
# The session leaves the socket alone for 3 ms at a time; nothing for three times as long is a lull.
_LULL_S: Final = 0.01
_BURST: Final = 16


class Numbered(NamedTuple):
    """A batch with its place in the order of reception."""

    number: int
    batch: Batch


class Assembler:
    """Decodes messages, judges them in batches and hands the batches on, until `stop` and an empty inbox."""

    def __init__(
        self,
        settings: IngestSettings,
        inbox: Inbox,
        keeper: Keeper,
        batches: queue.Queue[Numbered | None],
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._keeper = keeper
        self._batches = batches
        self._collector = Collector(settings)
        self._number = 0
        self._stopping = threading.Event()
        self.beat_s = time.monotonic()

    def stop(self) -> None:
        """End `run` once nothing waits."""
        self._stopping.set()
        self._inbox.nudge()

    def run(self) -> None:
        """Work until `stop`."""
        collector = self._collector
        while True:
            self.beat_s = time.monotonic()
            wait_s = collector.wait_s if collector else _IDLE_S
            collector.add(self._inbox.take(wait_s, collector.bytes_room, collector.count_room))
            stopping = self._stopping.is_set()
            # A full inbox with nobody waiting means that all is in our hands: waiting longer brings nothing.
            if collector and (stopping or collector.is_full or collector.wait_s <= 0 or self._inbox.is_full):
                self._hand_on()
            if stopping and not self._inbox.waiting_count:
                break
        for _ in range(self._settings.writers):
            self._put(None)

    def _hand_on(self) -> None:
        messages = self._collector.take()
        try:
            batch = judged_together(messages, self._keeper, self._settings)
        except Exception:  # noqa: BLE001 # the last line of defence: one message must not stop all
            batch = self._judged_one_by_one(messages)
        self._put(Numbered(self._number, batch))
        self._number += 1

    def _judged_one_by_one(self, messages: Sequence[Message]) -> Batch:
        """Find the message at fault and set it aside."""
        parcels: list[Parcel] = []
        for message in messages:
            try:
                alone = judged_together([message], self._keeper, self._settings)
            except Exception as error:  # noqa: BLE001 # as above
                _LOG.exception("message_not_processed", topic=message.topic, exc_info=error)
                parcels.append(isolated(message, error))
            else:
                parcels.append(alone.opened.parcel(0))
        return closed(of_parcels(parcels, self._keeper.snapshot), self._settings)

    def _put(self, batch: Numbered | None) -> None:
        while True:
            self.beat_s = time.monotonic()
            try:
                self._batches.put(batch, timeout=_IDLE_S)
            except queue.Full:
                continue
            return


def judged_together(messages: Sequence[Message], keeper: Keeper, settings: IngestSettings) -> Batch:
    """Return messages decoded and judged by the registry as it is now."""
    opened = open_all(messages, keeper.snapshot, settings.payload_bytes_max, keeper.births)
    return closed(opened, settings)
