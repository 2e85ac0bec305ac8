"""Keeps a broker's accounts what the registry says they are."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, LiteralString

import psycopg
import structlog

from nhip.stack.errors import ConfigurationError
from store import StoreUnavailableError, connect, statement
from store.errors import translated

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from nhip.stack.broker_access import AccessFiles
    from store import StoreSettings

_LISTEN: Final[tuple[LiteralString, ...]] = ("LISTEN nhip_broker_access", "LISTEN nhip_registry")
# How often the order to stop is looked for.
_STOP_S: Final = 0.5
# mosquitto reads the files in its main loop, at once when it is woken by the signal; this is ten times that.
_RELOAD_S: Final = 0.1
_RETRY_S_MAX: Final = 5.0


@dataclass(frozen=True, slots=True)
class BrokerReconciler:
    """One broker's files against one database.

    Args:
        settings: the database; the role needs what `nhip_api` may do.
        files: the broker's files.
        reload: makes the broker read them again.
        broker: the broker's name in `broker_access_applied`.
        interval_s: how long a change may stay unnoticed when its notification was lost.
    """

    settings: StoreSettings
    files: AccessFiles
    reload: Callable[[], None]
    broker: str = "local"
    interval_s: float = 5.0

    def run(self, stop: threading.Event) -> None:
        """Reconcile now, at every change and every few seconds, until told to stop."""
        log = structlog.get_logger(__name__)
        failures = 0
        while not stop.is_set():
            try:
                self._follow(stop)
            except StoreUnavailableError as error:
                failures = min(failures + 1, 10)
                log.warning("broker_access_waits", cause=error.cause)
                stop.wait(min(0.5 * failures, _RETRY_S_MAX))
            else:
                failures = 0

    def _follow(self, stop: threading.Event) -> None:
        with connect(self.settings, "nhip-broker-access", autocommit=True) as connection:
            try:
                for command in _LISTEN:
                    connection.execute(command)
                while not stop.is_set():
                    self.reconcile(connection)
                    self._wait(connection, stop)
            except psycopg.Error as error:
                raise translated(error) from error

    def _wait(self, connection: psycopg.Connection[Any], stop: threading.Event) -> None:
        deadline = time.monotonic() + self.interval_s
        while not stop.is_set() and time.monotonic() < deadline:
            if list(connection.notifies(timeout=min(_STOP_S, self.interval_s), stop_after=1)):
                return

    def reconcile(self, connection: psycopg.Connection[Any]) -> bool:
        """Bring the broker to the credentials that are live now.

        Returns:
            True when the broker had to read its files again.
        """
        # The version first: what is committed after it is read can only make the files newer than we say.
        row = connection.execute(statement("nhip.stack", "select_broker_access_version")).fetchone()
        version = int(row[0]) if row is not None else 0
        rows = connection.execute(statement("nhip.stack", "select_live_credentials")).fetchall()
        changed = self.files.write({str(username): str(kept) for username, kept in rows})
        if changed:
            self.reload()
            time.sleep(_RELOAD_S)
        connection.execute(
            statement("nhip.stack", "upsert_broker_access_applied"),
            {"broker": self.broker, "version": version},
        )
        return changed


def hang_up_process(pid: int | None, pid_file: Path | None) -> None:
    """Send SIGHUP to the broker; one that is not running reads its files when it starts.

    Raises:
        ConfigurationError: the pid file holds something else than a process id, or we may not signal it.
    """
    if pid is None and pid_file is not None:
        try:
            text = pid_file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return
        if not text.isdecimal():
            raise ConfigurationError(name=str(pid_file), found=repr(text[:20]), expected="a process id")
        pid = int(text)
    if pid is None:
        return
    try:
        os.kill(pid, signal.SIGHUP)
    except ProcessLookupError:
        return
    except PermissionError:
        raise ConfigurationError(
            name="broker process",
            found=f"PID {pid} of another user",
            expected="one that this user may signal",
        ) from None
