"""From batches to the database and back to the session: one thread for each connection that writes."""

from __future__ import annotations

import queue
import random
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from ingest import metrics
from ingest.assembler import judged_together
from ingest.batch import closed
from ingest.gateway_counts import GATEWAY_COUNTS, UNREGISTERED
from ingest.ledger import Outcome
from ingest.opening import isolated, of_parcels
from ingest.session import Completion
from store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.assembler import Numbered
    from ingest.batch import Batch
    from ingest.inbox import Inbox
    from ingest.keeper import Keeper
    from ingest.replay import Replayer
    from ingest.sequence import Sequence
    from ingest.settings import IngestSettings
    from ingest.throttle import Throttle
    from ingest.writer import Writer, Written

_LOG: Final = structlog.get_logger("ingest.pipeline")
_IDLE_S: Final = 0.5


class WritingLoop:
    """Writes batches for as long as it takes, then lets the session acknowledge them.

    Several loops share the batches; one of them also replays what waits in quarantine.

    Args:
        settings: of the ingester.
        batches: what to write; a None ends one loop.
        writer: the connection of this loop.
        keeper: knows whether we may write.
        sequence: takes what is to be acknowledged.
        inbox: is told what is done.
        throttle: is told whether the database is available.
        replayer: replays between two batches; None in all loops but one.
    """

    def __init__(  # noqa: PLR0913 # one end of everything
        self,
        settings: IngestSettings,
        batches: queue.Queue[Numbered | None],
        writer: Writer,
        *,
        keeper: Keeper,
        sequence: Sequence,
        inbox: Inbox,
        throttle: Throttle,
        replayer: Replayer | None = None,
    ) -> None:
        self._settings = settings
        self._batches = batches
        self.writer = writer
        self._keeper = keeper
        self._sequence = sequence
        self._inbox = inbox
        self._throttle = throttle
        self._replayer = replayer
        self._giving_up = threading.Event()
        self.beat_s = time.monotonic()

    def give_up(self) -> None:
        """End `run` even if the database does not come back: what is not committed is not acknowledged."""
        self._giving_up.set()

    def run(self) -> None:
        """Work until a None among the batches, or `give_up`."""
        while not self._giving_up.is_set():
            self.beat_s = time.monotonic()
            replaying = self._replayer is not None and self._replayer.has_work
            try:
                numbered = self._batches.get(timeout=0.0 if replaying else _IDLE_S)
            except queue.Empty:
                self._replay()
                continue
            if numbered is None:
                break
            self._write(numbered)
            # Between two batches at most one chunk, so that live readings never wait for a long replay.
            self._replay()
        self.writer.close()

    def _write(self, numbered: Numbered) -> None:
        batch = numbered.batch
        began_s = time.monotonic()
        try:
            written = self._persistently(partial(self.writer.write, batch))
        except Exception as error:  # noqa: BLE001 # the last line of defence: one message must not stop all
            completions = self._write_one_by_one(batch, error)
        else:
            completions = [] if written is None else [self._done(batch, written)]
            metrics.COMMIT_SECONDS.observe(time.monotonic() - began_s)
        self._sequence.done(numbered.number, completions)
        self._inbox.finish(len(batch), batch.size)

    def _persistently(self, work: Callable[[], Written]) -> Written | None:
        """Do the work, however often the database is not available; None when we gave up."""
        attempt = 0
        while not self._giving_up.is_set():
            self.beat_s = time.monotonic()
            if not self._keeper.holds_shard.wait(_IDLE_S):
                self._throttle.is_open = False
                continue
            try:
                result = work()
            except StoreUnavailableError as error:
                attempt += 1
                self._throttle.is_open = False
                metrics.DATABASE_AVAILABLE.set(0)
                metrics.RETRIES.inc()
                delay_s = min(0.05 * 2 ** min(attempt, 12), self._settings.retry_s_max)
                if attempt == 1 or delay_s >= self._settings.retry_s_max:
                    _LOG.warning("database_unavailable", cause=str(error), attempt=attempt)
                self._giving_up.wait(delay_s * random.uniform(0.5, 1.0))  # noqa: S311 # jitter, not a secret
            else:
                self._throttle.is_open = True
                metrics.DATABASE_AVAILABLE.set(1)
                if attempt:
                    _LOG.info("database_back", attempts=attempt)
                return result
        return None

    def _write_one_by_one(self, batch: Batch, cause: Exception) -> list[Completion]:
        """Find the message at fault and set it aside; when even that fails, the error ends the process."""
        _LOG.exception("batch_not_written", messages=len(batch), exc_info=cause)
        self.writer.close()
        completions: list[Completion] = []
        for message in batch.opened.messages:
            alone = batch
            try:
                alone = judged_together([message], self._keeper, self._settings)
                written = self._persistently(partial(self.writer.write, alone))
            except Exception as error:  # noqa: BLE001 # as above
                self.writer.close()
                parcel = isolated(message, error)
                alone = closed(of_parcels([parcel], self._keeper.snapshot), self._settings)
                written = self._persistently(partial(self.writer.write, alone))
            if written is not None:
                completions.append(self._done(alone, written))
        return completions

    def _done(self, batch: Batch, written: Written) -> Completion:
        """Return what is to be acknowledged of a batch that is committed."""
        opened = batch.opened
        packets: dict[int, list[int]] = {}
        batches: dict[str, list[int]] = {}
        for message in opened.messages:
            if message.packet_id:
                packets.setdefault(message.epoch, []).append(message.packet_id)
        for number, batch_id in zip(opened.gateway_index.tolist(), opened.batch_ids, strict=True):
            if batch_id is not None:
                batches.setdefault(opened.gateways[number], []).append(batch_id)
        self._keeper.births.announce(opened.births)
        if opened.births or opened.snapshot.version != self._keeper.snapshot.version:
            # Somebody registered something meanwhile, or was born: what was set aside may be known now.
            self._keeper.look_for_replays()
        _count(batch, written)
        return Completion(packets, batches, opened.commands)

    def _replay(self) -> None:
        if self._replayer is None or not self._replayer.has_work or not self._keeper.holds_shard.is_set():
            return
        try:
            self._replayer.replay_chunk(self._keeper.snapshot)
        except StoreUnavailableError as error:
            _LOG.warning("replay_postponed", cause=str(error))
            self._giving_up.wait(_IDLE_S)


def _count(batch: Batch, written: Written) -> None:
    GATEWAY_COUNTS.add(written.tally, batch.opened.snapshot.gateways)
    for outcome in Outcome:
        metrics.READINGS.labels(outcome.name.lower()).inc(written.tally.total(outcome))
    messages = batch.opened.messages
    for parcel in batch.opened.parcels.values():
        if parcel.rejected:
            known = parcel.gateway in batch.opened.snapshot.gateways
            metrics.GATEWAY_THROTTLED.labels(parcel.gateway if known else UNREGISTERED).inc()
    telemetry = int(batch.opened.telemetry.sum())
    metrics.MESSAGES.labels("data").inc(telemetry)
    metrics.MESSAGES.labels("status").inc(len(messages) - telemetry)
    unreadable = sum(
        not parcel.is_telemetry and parcel.status is None for parcel in batch.opened.parcels.values()
    )
    metrics.STATUS_UNREADABLE.inc(unreadable)
    if batch.redelivered:
        metrics.REDELIVERED.inc(sum(message.duplicate for message in messages))
    metrics.CARE.labels(written.care.name.lower()).inc()
    metrics.BATCH_ROWS.observe(len(batch.candidates))
    metrics.BATCH_AGE_SECONDS.observe(time.time() - messages[0].received_us / 1e6)
