"""A child process that cannot outlive us: its own process group, a log, and a signal should we die first."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from nhip.stack import child as launcher
from nhip.stack.errors import ChildFailedError, NotStartedError, PrivilegeError
from nhip.stack.identity import Identity, Mode, may_override, myself

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

_POLL_S: Final = 0.02
_LOG_TAIL_BYTES: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to start, as whom, and how it is asked to end."""

    name: str
    command: Sequence[str]
    log: Path | None  # None: it writes where we do
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    identity: Identity = field(default_factory=myself)
    paths: Sequence[Path] = ()  # what the program must reach besides its binary
    cwd: Path | None = None
    # In this order with the patience before the next, in seconds; after the last one comes SIGKILL.
    stop_signals: Sequence[tuple[int, float]] = ((signal.SIGTERM, 6.0),)
    death_signal: int = signal.SIGKILL


class Child:
    """One running program.

    The kernel sends the death signal when the *thread* that started the child ends, so start children from
    a thread that lives as long as the process: the main thread.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._asked = False

    @property
    def pid(self) -> int:
        """The process id; raises when it was never started."""
        if self._process is None:
            raise NotStartedError(self.program.name)
        return self._process.pid

    def start(self) -> None:
        """Start the program; what it writes goes to its log."""
        program = self.program
        orders: launcher.Orders = {
            "parent": os.getpid(),
            "death_signal": program.death_signal,
            "mode": program.identity.mode,
            "name": program.identity.name,
            "uid": program.identity.uid,
            "gid": program.identity.gid,
            "override": self._needs_override(),
        }
        command = [sys.executable, "-I", "-S", launcher.__file__, json.dumps(orders), *program.command]
        self._asked = False
        with self._output() as output:
            self._process = subprocess.Popen(  # noqa: S603 # a fixed launcher and a program that we chose
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **program.environment},
                cwd=program.cwd or ("/" if program.identity.mode is Mode.USER else None),
                start_new_session=True,
            )

    @contextmanager
    def _output(self) -> Generator[IO[bytes], None, None]:
        path = self.program.log
        if path is None:
            yield sys.stderr.buffer
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log:
            self._log_start = log.tell()
            yield log

    def _needs_override(self) -> bool:
        identity = self.program.identity
        if identity.mode is not Mode.USER:
            return False
        paths = (Path(self.program.command[0]), *self.program.paths)
        closed = [path for path in paths if not identity.reaches(path)]
        if closed and not may_override():
            cause = f"user {identity.name} cannot reach {closed[0]}"
            raise PrivilegeError(cause)
        return bool(closed)

    def poll(self) -> int | None:
        """Return the exit status, None while it runs; a child never started counts as ended."""
        return self._process.poll() if self._process is not None else 0

    @property
    def running(self) -> bool:
        """Say whether the program runs."""
        return self.poll() is None

    def wait(self, timeout_s: float) -> int | None:
        """Wait for the end; None when it still runs after the time-out."""
        if self._process is None:
            return 0
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self._process is not None:
            self._process.send_signal(number)

    def terminate(self) -> None:
        """Ask it to end, once; does not wait."""
        if not self._asked and self.running:
            self._asked = True
            self.signal(self.program.stop_signals[0][0])

    def stop(self) -> None:
        """Ask it to end, ever less politely, and return when it has ended."""
        if self._process is None:
            return
        self.terminate()
        for index, (number, patience_s) in enumerate(self.program.stop_signals):
            if self.poll() is None:
                if index > 0:
                    self.signal(number)
                self.wait(patience_s)
        self.kill()

    def kill(self) -> None:
        """End it and its process group at once."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        except PermissionError:  # a zombie of another user
            self._process.kill()
        self._process.wait()

    def said(self) -> str:
        """Return the last lines that this run wrote to its log."""
        if self.program.log is None:
            return ""
        try:
            with self.program.log.open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(max(self._log_start, size - _LOG_TAIL_BYTES))
                return log.read().decode(errors="replace").strip()
        except OSError:
            return ""

    def failed(self, cause: str) -> Exception:
        """Return the error that says what went wrong with this child."""
        if self.poll() == launcher.EXIT_PRIVILEGE:
            return PrivilegeError(self.said())
        return ChildFailedError(self.program.name, cause, self.program.log, self.said())

    def wait_until(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Wait until `ready()` says so.

        Raises:
            ChildFailedError: the child ended first, or the time is over.
            PrivilegeError: it could not be started as the user chosen.
        """
        deadline = time.monotonic() + timeout_s
        while not ready():
            status = self.poll()
            if status is not None:
                cause = f"ended with status {status} while starting"
                raise self.failed(cause)
            if time.monotonic() > deadline:
                cause = f"is not ready after {timeout_s:.0f} s"
                raise self.failed(cause)
            time.sleep(_POLL_S)
