"""Keeps the lock of the shard and the picture of the registry, over one connection of its own."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Final

import psycopg
import structlog

from domain.quarantine import AWAITING_REGISTRATION, Reason
from ingest import metrics
from ingest.births import Births
from ingest.registry import Snapshot, empty, load
from store import StoreUnavailableError, connect, statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg.rows import TupleRow

    from ingest.replay import ReplayQueue
    from ingest.settings import IngestSettings
    from store import StoreSettings

_LOG: Final = structlog.get_logger("ingest.keeper")
# "nhip" as a number: the name space of our advisory locks.
_LOCK_SPACE: Final = 0x6E686970
_WAIT_S: Final = 1.0
# How often an operator's requests are looked for without a notification; also shows a dead connection.
_POLL_S: Final = 10.0


class Keeper:
    """One thread: at most one ingester a shard, and the registry one notification behind at most."""

    def __init__(
        self,
        settings: IngestSettings,
        store_settings: StoreSettings,
        replays: ReplayQueue,
        *,
        on_hold: Callable[[], None],
        on_loss: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._store_settings = store_settings
        self._replays = replays
        self._on_hold = on_hold
        self._on_loss = on_loss
        self._stopping = threading.Event()
        self._look = threading.Event()
        self.holds_shard = threading.Event()
        self.waits_for_other = False
        self.births = Births()
        self.snapshot: Snapshot = empty()
        self._loaded_s = self._load_s = 0.0
        self.beat_s = time.monotonic()

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    def look_for_replays(self) -> None:
        """Look soon whether something in quarantine can be replayed."""
        self._look.set()

    def run(self) -> None:
        """Work until `stop`."""
        attempt = 0
        while not self._stopping.is_set():
            self.beat_s = time.monotonic()
            try:
                with connect(self._store_settings, "nhip-ingest-keeper", autocommit=True) as connection:
                    attempt = 0
                    self._serve(connection)
            except (StoreUnavailableError, psycopg.Error) as error:
                attempt += 1
                if attempt == 1 and not self._stopping.is_set():
                    _LOG.warning("keeper_disconnected", cause=str(error).strip())
            finally:
                # The lock went with the connection. What is being received stays: nobody else has it yet.
                self.holds_shard.clear()
                metrics.ACTIVE.set(0)
            delay_s = min(0.1 * 2 ** min(attempt, 12), self._settings.retry_s_max)
            self._stopping.wait(delay_s * random.uniform(0.5, 1.0))  # noqa: S311 # jitter, not a secret

    def _serve(self, connection: psycopg.Connection[TupleRow]) -> None:
        # Before the first load: what changes while it is read is announced.
        connection.execute(b"LISTEN nhip_registry")
        connection.execute(b"LISTEN nhip_replay")
        if not self._acquire(connection):
            return
        self._reload(connection)
        self.births.load(connection)
        self.holds_shard.set()
        metrics.ACTIVE.set(1)
        self._on_hold()
        looked_s = time.monotonic()
        changed = False
        while not self._stopping.is_set():
            self.beat_s = time.monotonic()
            channels = {notify.channel for notify in connection.notifies(timeout=0.2, stop_after=1)}
            channels |= {notify.channel for notify in connection.notifies(timeout=0)}
            changed |= "nhip_registry" in channels
            if self._reload_is_due(changed=changed):
                self._reload(connection)
                changed = False
                self._look.set()
            now_s = time.monotonic()
            if "nhip_replay" in channels or now_s - looked_s > _POLL_S or self._look.is_set():
                self._look.clear()
                self._find_replays(connection)
                looked_s = now_s

    def _reload_is_due(self, *, changed: bool) -> bool:
        """Say whether to load the registry: at once after a change, but for at most a third of the time."""
        since_s = time.monotonic() - self._loaded_s
        return since_s > (2 * self._load_s if changed else self._settings.registry_reload_s)

    def _acquire(self, connection: psycopg.Connection[TupleRow]) -> bool:
        """Wait for the lock of our shard; False when we are to stop."""
        shard = int(self._settings.shard.partition("/")[0])
        parameters = {"space": _LOCK_SPACE, "shard": shard}
        while not self._stopping.is_set():
            self.beat_s = time.monotonic()
            row = connection.execute(statement("ingest", "acquire_shard"), parameters).fetchone()
            if row is not None and row[0]:
                if self.waits_for_other:
                    _LOG.info("shard_acquired", shard=self._settings.shard)
                self.waits_for_other = False
                return True
            if not self.waits_for_other:
                self.waits_for_other = True
                _LOG.warning(
                    "another_ingester_is_active",
                    shard=self._settings.shard,
                    hint="this one waits and takes over when the other ends",
                )
                self._on_loss()
            self._stopping.wait(_WAIT_S)
        return False

    def _reload(self, connection: psycopg.Connection[TupleRow]) -> None:
        began_s = time.monotonic()
        self.snapshot = load(connection, self.snapshot.version + 1)
        self._loaded_s = time.monotonic()
        self._load_s = self._loaded_s - began_s
        metrics.REGISTRY_VERSION.set(self.snapshot.version)
        metrics.REGISTRY_SENSORS.set(len(self.snapshot.sensor_id))

    def _find_replays(self, connection: psycopg.Connection[TupleRow]) -> None:
        awaiting = [reason.value for reason in (*AWAITING_REGISTRATION, Reason.AWAITING_BIRTH)]
        rows = connection.execute(statement("ingest", "select_replayable"), {"awaiting": awaiting}).fetchall()
        self._replays.add(rows, self.snapshot, self.births.take_news())
