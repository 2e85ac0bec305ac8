"""The processing service: follow the queue and the clock until told to end, whatever the database does.

A claim that fails for want of the database is simply tried again, for ever. One that the database refuses is
cut smaller until the key that causes it stands alone; that one goes to the end of the queue and is named in
the log, so that nothing waits behind it.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import psycopg
import structlog

from processing import metrics
from processing.engine import Engine, Outcome
from processing.grid import HOUR_US
from processing.packing import pack_due
from processing.scheduling import read_clock
from processing.warming import warm_kernels
from store import StoreError, connect, statement
from store.errors import translated
from store.retention import drop_expired_readings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from psycopg.rows import TupleRow

    from processing.settings import ProcessingSettings
    from store import StoreSettings

_LOG: Final = structlog.get_logger("processing")
_RETRY_S_MAX: Final = 5.0
# Stale values are rare (archives that end within a period), so the clock looks for them seldom.
_STALE_EVERY_S: Final = 60.0
_CLOSE_EVERY_S: Final = 1.0
_BACKLOG_EVERY_S: Final = 2.0
_EXPIRE_EVERY_S: Final = 3600.0
_PACK_EVERY_S: Final = 10.0


@dataclass(slots=True)
class _Turn:
    """When something that is done every so often is due again; at once the first time."""

    every_s: float
    due_s: float = field(default=0.0)

    def take(self) -> bool:
        """Return whether it is due, and count it as done."""
        now_s = time.monotonic()
        if now_s < self.due_s:
            return False
        self.due_s = now_s + self.every_s
        return True


class Service:
    """One engine and what keeps it going."""

    def __init__(self, settings: ProcessingSettings, store_settings: StoreSettings) -> None:
        self._settings = settings
        self._store_settings = store_settings
        self._claim_max = settings.claim_keys_max
        self._problem = "not connected yet"
        self._close = _Turn(_CLOSE_EVERY_S)
        self._refresh = _Turn(settings.refresh_s, time.monotonic() + settings.refresh_s)
        self._stale = _Turn(_STALE_EVERY_S)
        self._backlog = _Turn(_BACKLOG_EVERY_S)
        self._expire = _Turn(_EXPIRE_EVERY_S)
        self._pack = _Turn(_PACK_EVERY_S)
        self.stop_requested = threading.Event()

    def ready(self) -> Mapping[str, str]:
        """Return what is not ready, by name; kernels that are still being compiled keep nobody waiting."""
        return {"database": self._problem} if self._problem else {}

    def run(self) -> int:
        """Work until `stop_requested`; return the exit code."""
        threading.Thread(target=warm_kernels, name="warm-kernels", daemon=True).start()
        failures = 0
        while not self.stop_requested.is_set():
            try:
                with connect(self._store_settings, "nhip process", autocommit=True) as connection:
                    self._follow(connection)
                failures = 0
            except (StoreError, psycopg.Error) as error:
                failures = failures + 1 if self._problem else 1
                self._problem = str(error if isinstance(error, StoreError) else translated(error))
                _LOG.warning("database_unavailable", problem=self._problem)
                # With jitter, so that several engines do not come back in step.
                delay_s = min(_RETRY_S_MAX, 0.25 * 2 ** min(failures, 6)) * random.uniform(0.5, 1.0)  # noqa: S311 # no secret
                self.stop_requested.wait(delay_s)
        return 0

    def _follow(self, connection: psycopg.Connection[TupleRow]) -> None:
        """Work on one connection until it fails or the end is asked for."""
        engine = Engine(connection, self._settings)
        try:
            connection.execute(b"LISTEN nhip_dirty")
            self._problem = ""
            _LOG.info("following", claim_keys_max=self._claim_max)
            while not self.stop_requested.is_set():
                if self._work(connection, engine):
                    # More rows arrive while a burst lasts; claiming them together computes each day once.
                    self.stop_requested.wait(self._settings.debounce_s)
                    continue
                for _ in connection.notifies(timeout=self._wait_s(), stop_after=1):
                    self.stop_requested.wait(self._settings.debounce_s)
        finally:
            engine.close()

    def _wait_s(self) -> float:
        # The clock must be looked at every second, and a request to end must not wait either.
        return min(self._settings.poll_s, _CLOSE_EVERY_S)

    def _work(self, connection: psycopg.Connection[TupleRow], engine: Engine) -> bool:
        """Do one round; return whether there was anything in the queue."""
        if self._backlog.take():
            self._measure(connection)
        if self._close.take():
            self._attempt("closing", engine.process_closing)
        if self._refresh.take():
            self._attempt("open", engine.process_open)
        if self._stale.take():
            self._attempt("stale", engine.process_stale)
        if self._expire.take():
            _drop_expired(connection)
        outcome = self._process_queue(connection, engine)
        while outcome is not None and outcome.rows >= self._claim_max and not self.stop_requested.is_set():
            outcome = self._process_queue(connection, engine)
        # History is packed when nothing new waits, and before what is packed can expire.
        if outcome is None and self._settings.pack_after_h and self._pack.take():
            _pack(connection, self._settings.pack_after_h)
        return outcome is not None

    def _process_queue(self, connection: psycopg.Connection[TupleRow], engine: Engine) -> Outcome | None:
        outcome, refused = self._attempt("queue", lambda: engine.process_dirty(self._claim_max))
        if not refused:
            self._claim_max = min(self._settings.claim_keys_max, self._claim_max * 2)
        elif self._claim_max > 1:
            self._claim_max = max(1, self._claim_max // 8)
        else:
            self._postpone(connection)
        return outcome

    def _attempt(self, source: str, process: Callable[[], Outcome | None]) -> tuple[Outcome | None, bool]:
        """Run one claim; return what it came to, and whether it can never succeed as it is.

        Raises:
            StoreUnavailableError: the same claim may succeed later.
        """
        started_s = time.monotonic()
        try:
            outcome = process()
        except psycopg.Error as error:
            problem = translated(error)
            if problem.retryable:
                raise problem from error
            return self._refused(source, problem)
        except Exception as error:  # noqa: BLE001 # the main loop's last defence: one bad key must not stop a city
            return self._refused(source, error)
        if outcome is not None:
            metrics.CLAIM_S.observe(time.monotonic() - started_s)
            metrics.KEYS.labels(source).inc(outcome.keys)
            metrics.FACTS.inc(outcome.facts_changed)
            metrics.CELLS.inc(outcome.cells)
            for step, seconds in outcome.seconds.items():
                metrics.STEP_S.labels(step).inc(seconds)
            _LOG.debug("claim", source=source, keys=outcome.keys, cells=outcome.cells)
        return outcome, False

    def _refused(self, source: str, problem: Exception) -> tuple[None, bool]:
        metrics.FAILURES.labels(source).inc()
        _LOG.error("claim_refused", source=source, claim_max=self._claim_max, exc_info=problem)
        return None, True

    def _postpone(self, connection: psycopg.Connection[TupleRow]) -> None:
        row = connection.execute(statement("processing", "postpone_hours")).fetchone()
        if row is not None:
            _LOG.error("key_postponed", sensor_id=row[0], hour=row[1].isoformat())
        self.stop_requested.wait(_RETRY_S_MAX)

    @staticmethod
    def _measure(connection: psycopg.Connection[TupleRow]) -> None:
        row = connection.execute(statement("processing", "select_backlog")).fetchone()
        if row is not None:
            rows, oldest = row
            metrics.BACKLOG.set(rows)
            metrics.LAG_S.set(0 if oldest is None else max(0.0, time.time() - oldest.timestamp()))


def _pack(connection: psycopg.Connection[TupleRow], after_h: int) -> None:
    """Pack some of the hours that ended long ago."""
    try:
        done = pack_due(connection, read_clock(connection) - after_h * HOUR_US)
    except psycopg.errors.LockNotAvailable:
        # Another engine packs, or late readings are being written: the next turn will do.
        _LOG.info("packing_postponed")
        return
    if done.hours:
        _LOG.debug("hours_packed", hours=done.hours, readings=done.readings)


def _drop_expired(connection: psycopg.Connection[TupleRow]) -> None:
    """Drop readings that are older than what is kept; without a retention nothing is."""
    try:
        dropped = drop_expired_readings(connection)
    except psycopg.errors.LockNotAvailable:
        # A long query holds the table: the next hour will do.
        _LOG.info("retention_postponed")
        return
    if dropped:
        _LOG.info("readings_dropped", partitions=dropped)


def run(
    settings: ProcessingSettings,
    store_settings: StoreSettings,
    face: Callable[[Callable[[], Mapping[str, str]]], AbstractContextManager[object]] | None = None,
) -> int:
    """Turn readings into indicators until SIGTERM or SIGINT.

    Args:
        settings: of the engine.
        store_settings: of the database.
        face: serves health and metrics while its context lasts, given what says what is not ready.

    Returns:
        0 after an orderly end.
    """
    service = Service(settings, store_settings)

    def on_signal(_number: int, _frame: object) -> None:
        service.stop_requested.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    with nullcontext() if face is None else face(service.ready):
        return service.run()
