"""CPU of processes and of what they started, from `/proc`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_TICKS_S: Final = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat (proc(5)) after the name in brackets, from 0: parent 1, utime 11 … cstime 14.
_LOOKS: Final = 3
_PARENT: Final = 1
_TIMES: Final = slice(11, 15)


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def cpu_s(root: int) -> float:
    """Return seconds of CPU (user and system) of a process, its living descendants and their ended children.

    A child that ends between the look at its parent and the look at itself is seen by neither, so we look
    several times: what a look misses makes it smaller, never larger.
    """
    return max(_seen_s(root) for _ in range(_LOOKS))


def _seen_s(root: int) -> float:
    parents: dict[int, int] = {}
    times: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or (fields := _stat(int(entry.name))) is None:
            continue
        parents[int(entry.name)] = int(fields[_PARENT])
        times[int(entry.name)] = sum(map(int, fields[_TIMES])) / _TICKS_S
    total = 0.0
    for pid, seconds in times.items():
        at = pid
        while at not in {0, 1, root}:
            at = parents.get(at, 0)
        if at == root:
            total += seconds
    return total


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds by role since `begin`."""

    roots: Mapping[str, int]
    before: Mapping[str, float]

    @classmethod
    def begin(cls, **roots: int) -> Self:
        """Note where the processes are now."""
        return cls(roots, {role: cpu_s(pid) for role, pid in roots.items()})

    def spent_s(self) -> dict[str, float]:
        """Return what each has used since; a process that has ended counts nothing."""
        return {role: max(cpu_s(pid) - self.before[role], 0.0) for role, pid in self.roots.items()}
