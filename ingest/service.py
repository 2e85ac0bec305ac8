"""The ingester as a process: threads, watchdog, orderly end."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

import structlog

from ingest import metrics
from ingest.inbox import Inbox
from ingest.keeper import Keeper
from ingest.pipeline import Assembler, WritingLoop
from ingest.replay import Replayer, ReplayQueue
from ingest.session import Session
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
        self.inbox = Inbox(settings.inflight_max, settings.inflight_bytes_max)
        self.session = Session(settings, self.inbox)
        replays = ReplayQueue()
        self.keeper = Keeper(
            settings, store_settings, replays, on_hold=self.session.allow, on_loss=self.session.forbid
        )
        self.writer = Writer(store_settings, settings)
        replayer = Replayer(settings, self.writer, replays)
        self.writing = WritingLoop(settings, self.writer, replayer, self.keeper, self.session, self.inbox)
        self.assembler = Assembler(settings, self.inbox, self.keeper, self.writing.batches)
        self.stop_requested = threading.Event()
        self._failed = threading.Event()
        parts = {
            "keeper": self.keeper.run,
            "session": self.session.run,
            "assembler": self.assembler.run,
            "writer": self.writing.run,
        }
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
        busy_since_s = self.writer.busy_since_s
        if busy_since_s is not None and now_s - busy_since_s > self._settings.commit_s_max:
            _LOG.warning("commit_too_long", seconds=round(now_s - busy_since_s, 1))
            self.writer.abort()
        beats = {
            "keeper": self.keeper.beat_s,
            "session": self.session.beat_s,
            "assembler": self.assembler.beat_s,
            "writer": self.writing.beat_s,
        }
        name, beat_s = min(beats.items(), key=lambda item: item[1])
        # A write beats only between attempts, and each attempt has its own deadline.
        allowed_s = self._settings.stall_s_max + (self._settings.commit_s_max if name == "writer" else 0.0)
        if now_s - beat_s > allowed_s:
            _LOG.error("part_stalled", part=name, seconds=round(now_s - beat_s))
            os._exit(_EXIT_STALLED)

    def _drain(self) -> int:
        """Store and acknowledge what was received, as far as the time goes; the broker keeps the rest."""
        _LOG.info("draining", messages=self.inbox.open_count)
        deadline_s = time.monotonic() + self._settings.drain_s_max
        self.session.end_reading()
        self.assembler.stop()
        self._join(deadline_s, "assembler", "writer")
        self.writing.give_up()
        self.session.stop()
        self.keeper.stop()
        self.writer.abort() if self._threads["writer"].is_alive() else None
        self._join(time.monotonic() + _END_S_MAX, "session", "writer", "keeper")
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
