"""Shows what the services' logs say in earnest: warnings and errors, and no more than a person can read."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_LOOK_S: Final = 0.3
_SERIOUS: Final = frozenset({"warning", "error", "critical", "exception"})
_WINDOW_S: Final = 10.0
_LINES_PER_WINDOW_MAX: Final = 10
_LINE_LENGTH_MAX: Final = 300
_READ_BYTES_MAX: Final = 1_000_000
_LOG_BYTES_MAX: Final = 100_000_000
_USUAL_KEYS: Final = frozenset({"event", "level", "timestamp", "logger", "exception", "exc_info", "stack"})


@dataclass(slots=True)
class LogWatch:
    """Follows log files of JSON lines in a thread of its own.

    Args:
        logs: files by service; they need not exist yet.
        report: told a line worth reading.
    """

    logs: Mapping[str, Path]
    report: Callable[[str], None]
    _places: dict[str, int] = field(default_factory=dict[str, int])
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _window_start: float = 0.0
    _shown: int = 0
    _held_back: int = 0

    def start(self) -> None:
        """Follow from the present end of each file."""
        for name, path in self.logs.items():
            self._places[name] = path.stat().st_size if path.exists() else 0
        self._thread = threading.Thread(target=self._run, name="log-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_S):
            for name in self.logs:
                for line in self._new_lines(name):
                    self._say(name, line)

    def _new_lines(self, name: str) -> Iterator[str]:
        path = self.logs[name]
        try:
            with path.open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(min(self._places[name], size))
                text = log.read(_READ_BYTES_MAX)
            complete = text.rfind(b"\n") + 1
            self._places[name] = min(self._places[name], size) + complete
            if size > _LOG_BYTES_MAX:
                # Written in append mode, so the writer simply goes on at the new end.
                os.truncate(path, 0)
                self._places[name] = 0
        except OSError:
            return
        for line in text[:complete].splitlines():
            yield line.decode(errors="replace")

    def _say(self, name: str, line: str) -> None:
        serious = _serious_text(line)
        if serious is None:
            return
        now = time.monotonic()
        if now - self._window_start > _WINDOW_S:
            if self._held_back:
                self.report(f"… and {self._held_back} more lines like these in the logs")
            self._window_start, self._shown, self._held_back = now, 0, 0
        if self._shown >= _LINES_PER_WINDOW_MAX:
            self._held_back += 1
            return
        self._shown += 1
        self.report(" ".join(f"{name}: {serious}".split())[:_LINE_LENGTH_MAX])


def _serious_text(line: str) -> str | None:
    try:
        record: Any = json.loads(line)
    except ValueError:
        # Not from a logger: the last line of a traceback starts with the error's name.
        head = line.partition(":")[0]
        return line if head.endswith(("Error", "Exception")) and " " not in head else None
    if not isinstance(record, dict):
        return None
    fields = cast("dict[str, Any]", record)  # keys of a JSON object are strings
    if fields.get("level") not in _SERIOUS:
        return None
    details = " ".join(f"{key}={value}" for key, value in fields.items() if key not in _USUAL_KEYS)
    return f"{fields['level']}: {fields.get('event', '')} {details}".strip()
