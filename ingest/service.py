"""The ingester as a process: threads, watchdog, orderly end."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

import structlog

from ingest import metrics
from ingest.assembler import Assembler, Numbered
from ingest.caps import Caps
from ingest.inbox import Inbox
from ingest.keeper import Keeper
from ingest.pipeline import WritingLoop
from ingest.presence import Numbering
from ingest.replay import Replayer, ReplayQueue
from ingest.sequence import Sequence
from ingest.session import Session
from ingest.throttle import Throttle
from ingest.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingest.settings import IngestSettings
    from store import StoreSettings

_LOG: Final = structlog.get_logger("ingest.service")
_TICK_S: Final = 0.1
# What `sysexits.h` calls an internal error; a supervisor starts us again.
_EXIT_STALLED: Final = 70
_END_S_MAX: Final = 1.0


class Service:
    """All parts of one ingester."""

    def __init__(self, settings: IngestSettings, store_settings: StoreSettings) -> None:
        self._settings = settings
        throttle = Throttle(settings)
        self.inbox = Inbox(settings.inflight_max, settings.inflight_bytes_max, throttle)
        self.session = Session(settings, self.inbox)
        replays = ReplayQueue()
        self.keeper = Keeper(
            settings, store_settings, replays, on_hold=self.session.allow, on_loss=self.session.forbid
        )
        # Each writer has one in hand and one waits: more would only hold memory.
        batches: queue.Queue[Numbered | None] = queue.Queue(1)
        self.assembler = Assembler(settings, self.inbox, self.keeper, batches)
        sequence = Sequence(self.session.complete)
        caps, numbering = Caps(settings), Numbering(settings.shard_count)
        self.writing: list[WritingLoop] = []
        for _ in range(settings.writers):
            writer = Writer(store_settings, settings, caps, numbering)
            replayer = None if self.writing else Replayer(settings, writer, replays, self.keeper.births)
            self.writing.append(
                WritingLoop(
                    settings,
                    batches,
                    writer,
                    keeper=self.keeper,
                    sequence=sequence,
                    inbox=self.inbox,
                    throttle=throttle,
                    replayer=replayer,
                )
            )
        self.stop_requested = threading.Event()
        self._failed = threading.Event()
        parts: dict[str, Callable[[], None]] = {
            "keeper": self.keeper.run,
            "session": self.session.run,
            "assembler": self.assembler.run,
        }
        self._writers = [f"writer-{number}" for number in range(1, settings.writers + 1)]
        parts |= {name: loop.run for name, loop in zip(self._writers, self.writing, strict=True)}
        self._threads = {
            name: threading.Thread(target=self._guarded(name, run), name=name, daemon=True)
            for name, run in parts.items()
        }

    def ready(self) -> dict[str, str]:
        """Return what is missing, by name; nothing when messages flow."""
        missing: dict[str, str] = {}
        if self.keeper.waits_for_other:
            missing["shard"] = f"another ingester is active for shard {self._settings.shard}"
        elif not self.keeper.holds_shard.is_set():
            missing["database"] = "not connected"
        if not self.session.is_connected:
            missing["broker"] = "not connected"
        return missing

    def run(self) -> int:
        """Work until `stop_requested`; return the exit code."""
        for thread in self._threads.values():
            thread.start()
        while not self.stop_requested.wait(_TICK_S):
            if self._failed.is_set():
                return 1
            self._watch()
            if self._settings.retire and self._is_drained():
                _LOG.info("shard_retired", shard=self._settings.shard)
                break
        return self._drain()

    def _guarded(self, name: str, run: Callable[[], None]) -> Callable[[], None]:
        def guarded() -> None:
            try:
                run()
            except Exception as error:  # noqa: BLE001 # a thread's last line of defence: end loudly, be restarted
                _LOG.exception("part_failed", part=name, exc_info=error)
                self._failed.set()

        return guarded

    def _watch(self) -> None:
        """Break a commit that takes too long; end the process when a part stands still."""
        metrics.OPEN_MESSAGES.set(self.inbox.open_count)
        metrics.OPEN_BYTES.set(self.inbox.open_bytes)
        metrics.WAITING_MESSAGES.set(self.inbox.waiting_count)
        now_s = time.monotonic()
        for loop in self.writing:
            busy_since_s = loop.writer.busy_since_s
            if busy_since_s is not None and now_s - busy_since_s > self._settings.commit_s_max:
                _LOG.warning("commit_too_long", seconds=round(now_s - busy_since_s, 1))
                loop.writer.abort()
        beats = {
            "keeper": self.keeper.beat_s,
            "session": self.session.beat_s,
            "assembler": self.assembler.beat_s,
        }
        # A write beats only between attempts, and each attempt has its own deadline.
        beats |= {
            name: loop.beat_s + self._settings.commit_s_max
            for name, loop in zip(self._writers, self.writing, strict=True)
        }
        name, beat_s = min(beats.items(), key=lambda item: item[1])
        if now_s - beat_s > self._settings.stall_s_max:
            _LOG.error("part_stalled", part=name, seconds=round(now_s - beat_s))
            os._exit(_EXIT_STALLED)

    def _is_drained(self) -> bool:
        """The session that is to be given up holds nothing any more."""
        return self.session.quiet_s >= self._settings.retire_quiet_s and not self.inbox.open_count

    def _drain(self) -> int:
        """Store and acknowledge what was received, as far as the time goes; the broker keeps the rest."""
        _LOG.info("draining", messages=self.inbox.open_count)
        deadline_s = time.monotonic() + self._settings.drain_s_max
        self.session.end_reading()
        self.assembler.stop()
        self._join(deadline_s, "assembler", *self._writers)
        for name, loop in zip(self._writers, self.writing, strict=True):
            loop.give_up()
            if self._threads[name].is_alive():
                loop.writer.abort()
        self.session.stop()
        self.keeper.stop()
        self._join(time.monotonic() + _END_S_MAX, "session", *self._writers, "keeper")
        _LOG.info("ended", unacknowledged=self.inbox.open_count)
        return 1 if self._failed.is_set() else 0

    def _join(self, deadline_s: float, *names: str) -> None:
        for name in names:
            self._threads[name].join(max(deadline_s - time.monotonic(), 0.0))


def run(
    settings: IngestSettings,
    store_settings: StoreSettings,
    face: Callable[[Callable[[], Mapping[str, str]]], AbstractContextManager[object]] | None = None,
) -> int:
    """Receive, store and acknowledge until SIGTERM or SIGINT.

    Args:
        settings: of the ingester.
        store_settings: of the database.
        face: serves health and metrics while its context lasts, given what says what is not ready.

    Returns:
        0 after an orderly end, 1 when a part failed.
    """
    service = Service(settings, store_settings)

    def on_signal(_number: int, _frame: object) -> None:
        service.stop_requested.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    with nullcontext() if face is None else face(service.ready):
        return service.run()
