"""Watches the children: starts them again when they die, says so, and ends them in order."""

from __future__ import annotations

import json
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from nhip.stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

_WATCH_S: Final = 0.2
_BACK_OFF_S: Final = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
# Who has run this long is well; its next death starts the back-off anew.
_HEALTHY_S: Final = 60.0
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervised(Protocol):
    """What the supervisor needs of a child: our services, the broker and PostgreSQL alike."""

    @property
    def name(self) -> str:
        """The name in `pids.json` and in messages."""
        ...

    @property
    def pid(self) -> int:
        """The process id of the latest start."""
        ...

    @property
    def running(self) -> bool:
        """Say whether it runs."""
        ...

    def start(self) -> None:
        """Start it."""
        ...

    def terminate(self) -> None:
        """Ask it to end; does not wait."""
        ...

    def stop(self) -> None:
        """End it and wait for that."""
        ...


class StopRequested(BaseException):  # an order like KeyboardInterrupt, not an error
    """Somebody asked us to end."""


@contextmanager
def stop_on_signals() -> Generator[None, None, None]:
    """Turn SIGINT, SIGTERM and SIGHUP into `StopRequested`, once; later ones are ignored while we stop."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        for number in _STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise StopRequested

    # A shell starts background jobs with SIGINT ignored, and `kill -INT` should end them all the same; but
    # who said nohup meant it.
    wanted = [
        number
        for number in _STOP_SIGNALS
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, ask) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(slots=True)
class _Watched:
    child: Supervised
    started_at: float
    deaths: int = 0
    retry_at: float | None = None


@dataclass(slots=True)
class Supervisor:
    """Children in the order of their start; they are ended in the opposite order.

    Args:
        pids_file: kept current with the process ids by name.
        report: told in one line what happened.
        on_restart: called after a child was started again.
    """

    pids_file: Path
    report: Callable[[str], None]
    on_restart: Callable[[str], None] | None = None
    _watched: list[_Watched] = field(default_factory=list[_Watched])

    def start(self, child: Supervised) -> None:
        """Start a child and watch it from now on."""
        # Noted before it is started, so that it is ended even when we are interrupted in the middle.
        self._watched.append(_Watched(child, time.monotonic()))
        child.start()
        self._write_pids()

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return dict(self._pids())

    def _pids(self) -> Iterator[tuple[str, int]]:
        for watched in self._watched:
            try:
                yield watched.child.name, watched.child.pid
            except StackError:
                continue  # it never came to life

    def watch(self) -> None:
        """Watch until `StopRequested` is raised in this thread."""
        while True:
            self.look()
            time.sleep(_WATCH_S)

    def look(self) -> None:
        """Look at every child once and start again what died, when its time has come."""
        now = time.monotonic()
        for watched in self._watched:
            if watched.retry_at is None:
                if not watched.child.running:
                    self._note_death(watched, now)
            elif now >= watched.retry_at:
                self._restart(watched)

    def _note_death(self, watched: _Watched, now: float) -> None:
        if now - watched.started_at > _HEALTHY_S:
            watched.deaths = 0
        delay_s = _BACK_OFF_S[min(watched.deaths, len(_BACK_OFF_S) - 1)]
        watched.deaths += 1
        watched.retry_at = now + delay_s
        name = watched.child.name
        self.report(f"{name} (PID {watched.child.pid}) died; starting it again in {delay_s:g} s")

    def _restart(self, watched: _Watched) -> None:
        watched.retry_at = None
        try:
            watched.child.start()
        except StackError as error:
            self.report(str(error))
            self._note_death(watched, time.monotonic())
            return
        watched.started_at = time.monotonic()
        self._write_pids()
        self.report(f"{watched.child.name} runs again (PID {watched.child.pid})")
        if self.on_restart is not None:
            self.on_restart(watched.child.name)

    def stop(self, stages: Sequence[Sequence[str]] = ()) -> None:
        """End all children, the last started first.

        Args:
            stages: names that may end at the same time, in the order of the stages; what is not named ends
                afterwards, one by one.
        """
        children = {watched.child.name: watched.child for watched in reversed(self._watched)}
        named = {name for stage in stages for name in stage}
        order = [*stages, *([name] for name in children if name not in named)]
        for stage in order:
            ending = [children[name] for name in stage if name in children]
            for child in ending:
                child.terminate()
            for child in ending:
                child.stop()
        self._watched.clear()
        self.pids_file.unlink(missing_ok=True)

    def _write_pids(self) -> None:
        self.pids_file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.pids_file.with_name(f".{self.pids_file.name}")
        unfinished.write_text(json.dumps(self.pids) + "\n", encoding="ascii")
        unfinished.replace(self.pids_file)
