"""The platform's own services as children: `nhip ingest`, `nhip process`, `nhip api`, `nhip simulate`."""

from __future__ import annotations

import http.client
import signal
import sys
from typing import TYPE_CHECKING, Final

from nhip.stack.children import Child, Program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PROBE_S_MAX: Final = 2.0
_OK: Final = 200


class Service:
    """One service of ours; what it answers at `ready_at` tells whether it is ready.

    Args:
        name: the service, as in `pids.json`.
        arguments: the command after `nhip`.
        environment: its settings.
        log: where it writes; None lets it write where we do.
        ready_at: (host, port, path) of a question that is answered 200 when it is ready; None: at once.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log: Path | None,
        ready_at: tuple[str, int, str] | None = None,
    ) -> None:
        self.name = name
        self.ready_at = ready_at
        self.log = log
        self._child = Child(
            Program(
                name=name,
                command=(sys.executable, "-m", "nhip.cli.main", *arguments),
                log=log,
                environment={"PYTHONUNBUFFERED": "1", **environment},
                stop_signals=((signal.SIGTERM, 2.5),),
            )
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Say whether it runs."""
        return self._child.running

    def start(self) -> None:
        """Start it; does not wait."""
        self._child.start()

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until it is ready.

        Raises:
            ChildFailedError: it ended, or the time is over.
        """
        self._child.wait_until(self.ready, timeout_s)

    def ready(self) -> bool:
        """Ask it once."""
        if self.ready_at is None:
            return self.running
        host, port, path = self.ready_at
        connection = http.client.HTTPConnection(host, port, timeout=_PROBE_S_MAX)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == _OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def terminate(self) -> None:
        """Ask it to end; does not wait."""
        self._child.terminate()

    def stop(self) -> None:
        """End it, by force when asking did not help."""
        self._child.stop()
