"""Being the recipe of `make`: when make alone is killed or interrupted, what it started ends too, in order.

Ctrl-C reaches both, but `kill -INT`, or the end of a terminal that make leads, reaches make only. Make
then waits for its recipe without telling it, for as long as a demo likes to run; a make that is killed
outright tells nobody anything.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Final

from nhip.stack.child import end_with_parent

_NAMES: Final = frozenset({"make", "gmake"})
# What make keeps to itself; SIGTERM it passes on.
_UNTOLD: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
_LOOK_S: Final = 0.2


def end_with_make(number: int = signal.SIGTERM) -> None:
    """If make started us: send us a signal when it was killed or interrupted.

    After a Ctrl-C the signal comes in addition to the SIGINT of the terminal, so its handler must bear being
    called while we are ending already. To be called from the main thread.
    """
    make = os.getppid()
    try:
        name = Path(f"/proc/{make}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return
    if name not in _NAMES:
        return
    end_with_parent(number)
    if os.getppid() != make:  # it died before we asked to be told
        os.kill(os.getpid(), number)
        return
    threading.Thread(target=_follow, args=(make, number), name="make", daemon=True).start()


def _follow(make: int, number: int) -> None:
    while os.getppid() == make:
        if _is_interrupted(make):
            os.kill(os.getpid(), number)
            return
        time.sleep(_LOOK_S)


def _is_interrupted(make: int) -> bool:
    """Say whether make is inside its handler of a signal, which first makes that signal lethal again."""
    try:
        text = Path(f"/proc/{make}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    blocked, ignored, caught = (int(fields[name], 16) for name in ("SigBlk", "SigIgn", "SigCgt"))
    return any(blocked & ~ignored & ~caught & 1 << (number - 1) for number in _UNTOLD)
