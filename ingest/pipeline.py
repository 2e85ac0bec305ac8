"""From the inbox to the database and back to the session: two threads and the batches between them."""

from __future__ import annotations

import queue
import random
import threading
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from domain.quarantine import Reason
from ingest import metrics
from ingest.batch import Collector, closed
from ingest.ledger import Outcome
from ingest.parcel import Parcel, Refusal, opened
from ingest.session import Completion
from store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.batch import Batch
    from ingest.inbox import Inbox, Message
    from ingest.keeper import Keeper
    from ingest.replay import Replayer
    from ingest.session import Session
    from ingest.settings import IngestSettings
    from ingest.writer import Writer, Written

_LOG: Final = structlog.get_logger("ingest.pipeline")
_IDLE_S: Final = 0.5
# One batch is being written and one waits: more would only hold memory.
_BATCHES_WAITING_MAX: Final = 1


class Assembler:
    """Decodes messages, judges them in batches and hands the batches on, until `stop` and an empty inbox."""

    def __init__(
        self, settings: IngestSettings, inbox: Inbox, keeper: Keeper, batches: queue.Queue[Batch | None]
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._keeper = keeper
        self._batches = batches
        self._collector = Collector(settings)
        self._stopping = threading.Event()
        self.beat_s = time.monotonic()

    def stop(self) -> None:
        """End `run` once nothing waits."""
        self._stopping.set()
        self._inbox.nudge()

    def run(self) -> None:
        """Work until `stop`."""
        while True:
            self.beat_s = time.monotonic()
            wait_s = self._collector.wait_s if self._collector else _IDLE_S
            for message in self._inbox.take(wait_s, self._settings.batch_bytes_max):
                self._collector.add(self._opened(message))
                if self._collector.is_full:
                    self._hand_on()
            stopping = self._stopping.is_set()
            # A full inbox with nobody waiting means that all is in our hands: waiting longer brings nothing.
            if self._collector and (stopping or self._collector.wait_s <= 0 or self._inbox.is_full):
                self._hand_on()
            if stopping and not self._inbox.waiting_count:
                break
        self._put(None)

    def _opened(self, message: Message) -> Parcel:
        try:
            return opened(message, self._keeper.snapshot, self._settings.payload_bytes_max)
        except Exception as error:  # noqa: BLE001 # the last line of defence: one message must not stop all
            return self._isolated(Parcel(message, message.topic.split("/")[2][:64]), error)

    def _isolated(self, parcel: Parcel, error: Exception) -> Parcel:
        _LOG.exception("message_not_processed", topic=parcel.message.topic, exc_info=error)
        refusal = Refusal(Reason.MALFORMED, f"internal error: {type(error).__name__}")
        return Parcel(parcel.message, parcel.gateway, parcel.payload_format, parcel.batch_id, refusal=refusal)

    def _hand_on(self) -> None:
        parcels = self._collector.take()
        try:
            batch = closed(parcels, self._keeper.snapshot, self._settings)
        except Exception:  # noqa: BLE001 # as above; the one at fault is found by judging them one by one
            parcels = [self._judged_alone(parcel) for parcel in parcels]
            batch = closed(parcels, self._keeper.snapshot, self._settings)
        self._put(batch)

    def _judged_alone(self, parcel: Parcel) -> Parcel:
        try:
            closed([parcel], self._keeper.snapshot, self._settings)
        except Exception as error:  # noqa: BLE001 # as above
            return self._isolated(parcel, error)
        return parcel

    def _put(self, batch: Batch | None) -> None:
        while True:
            self.beat_s = time.monotonic()
            try:
                self._batches.put(batch, timeout=_IDLE_S)
            except queue.Full:
                continue
            return


class WritingLoop:
    """Writes batches for as long as it takes, then lets the session acknowledge them; replays in between."""

    def __init__(
        self,
        settings: IngestSettings,
        writer: Writer,
        replayer: Replayer,
        keeper: Keeper,
        session: Session,
        inbox: Inbox,
    ) -> None:
        self._settings = settings
        self._writer = writer
        self._replayer = replayer
        self._keeper = keeper
        self._session = session
        self._inbox = inbox
        self.batches: queue.Queue[Batch | None] = queue.Queue(_BATCHES_WAITING_MAX)
        self._giving_up = threading.Event()
        self.beat_s = time.monotonic()

    def give_up(self) -> None:
        """End `run` even if the database does not come back: what is not committed is not acknowledged."""
        self._giving_up.set()

    def run(self) -> None:
        """Work until a None among the batches, or `give_up`."""
        while not self._giving_up.is_set():
            self.beat_s = time.monotonic()
            try:
                batch = self.batches.get(timeout=0.0 if self._replayer.has_work else _IDLE_S)
            except queue.Empty:
                self._replay()
                continue
            if batch is None:
                break
            self._write(batch)
            # Between two batches at most one chunk, so that live readings never wait for a long replay.
            self._replay()
        self._writer.close()

    def _write(self, batch: Batch) -> None:
        began_s = time.monotonic()
        try:
            written = self._persistently(partial(self._writer.write, batch))
        except Exception as error:  # noqa: BLE001 # the last line of defence: one message must not stop all
            self._write_one_by_one(batch, error)
        else:
            if written is not None:
                metrics.COMMIT_SECONDS.observe(time.monotonic() - began_s)
                self._done(batch, written)
        self._inbox.finish(len(batch.parcels), batch.size)

    def _persistently(self, work: Callable[[], Written]) -> Written | None:
        """Do the work, however often the database is not available; None when we gave up."""
        attempt = 0
        while not self._giving_up.is_set():
            self.beat_s = time.monotonic()
            if not self._keeper.holds_shard.wait(_IDLE_S):
                continue
            try:
                result = work()
            except StoreUnavailableError as error:
                attempt += 1
                metrics.DATABASE_AVAILABLE.set(0)
                metrics.RETRIES.inc()
                delay_s = min(0.05 * 2 ** min(attempt, 12), self._settings.retry_s_max)
                if attempt == 1 or delay_s >= self._settings.retry_s_max:
                    _LOG.warning("database_unavailable", cause=str(error), attempt=attempt)
                self._giving_up.wait(delay_s * random.uniform(0.5, 1.0))  # noqa: S311 # jitter, not a secret
            else:
                metrics.DATABASE_AVAILABLE.set(1)
                if attempt:
                    _LOG.info("database_back", attempts=attempt)
                return result
        return None

    def _write_one_by_one(self, batch: Batch, cause: Exception) -> None:
        """Find the message at fault and set it aside; when even that fails, the error ends the process."""
        _LOG.exception("batch_not_written", messages=len(batch.parcels), exc_info=cause)
        self._writer.close()
        for parcel in batch.parcels:
            alone = closed([parcel], batch.snapshot, self._settings)
            try:
                written = self._persistently(partial(self._writer.write, alone))
            except Exception as error:  # noqa: BLE001 # as above
                self._writer.close()
                refusal = Refusal(Reason.MALFORMED, f"internal error: {type(error).__name__}")
                alone = closed([replace(parcel, batch=None, refusal=refusal)], batch.snapshot, self._settings)
                written = self._persistently(partial(self._writer.write, alone))
            if written is not None:
                self._done(alone, written)

    def _done(self, batch: Batch, written: Written) -> None:
        completion = Completion()
        for parcel in batch.parcels:
            message = parcel.message
            if message.packet_id:
                completion.packets.append((message.epoch, message.packet_id))
            if parcel.batch_id is not None:
                completion.batches.setdefault(parcel.gateway, []).append(parcel.batch_id)
        self._session.complete(completion)
        if batch.snapshot.version != self._keeper.snapshot.version:
            # Somebody registered something meanwhile: what the batch set aside may be known now.
            self._keeper.look_for_replays()
        _count(batch.parcels, written, len(batch.candidates))

    def _replay(self) -> None:
        if not self._replayer.has_work or not self._keeper.holds_shard.is_set():
            return
        try:
            self._replayer.replay_chunk(self._keeper.snapshot)
        except StoreUnavailableError as error:
            _LOG.warning("replay_postponed", cause=str(error))
            self._giving_up.wait(_IDLE_S)


def _count(parcels: Sequence[Parcel], written: Written, rows: int) -> None:
    for outcome in Outcome:
        metrics.READINGS.labels(outcome.name.lower()).inc(written.tally.total(outcome))
    telemetry = sum(parcel.is_telemetry for parcel in parcels)
    metrics.MESSAGES.labels("data").inc(telemetry)
    metrics.MESSAGES.labels("status").inc(len(parcels) - telemetry)
    unreadable = sum(not parcel.is_telemetry and parcel.status is None for parcel in parcels)
    metrics.STATUS_UNREADABLE.inc(unreadable)
    metrics.REDELIVERED.inc(sum(parcel.message.duplicate for parcel in parcels))
    metrics.CARE.labels(written.care.name.lower()).inc()
    metrics.BATCH_ROWS.observe(rows)
    metrics.BATCH_AGE_SECONDS.observe(time.time() - parcels[0].message.received_us / 1e6)
