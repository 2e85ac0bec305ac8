"""Acknowledgements in the order of reception, although several writers finish in any order.

MQTT wants a client to acknowledge in the order in which it received [MQTT-4.6.0-2], and a broker that sees it
otherwise may count its window wrongly.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.session import Completion


class Sequence:
    """Passes completions on in the order of their numbers.

    Args:
        deliver: takes a completion; called by one thread at a time.
    """

    def __init__(self, deliver: Callable[[Completion], None]) -> None:
        self._deliver = deliver
        self._guard = Lock()
        self._next = 0
        self._early: dict[int, list[Completion]] = {}

    def done(self, number: int, completions: list[Completion]) -> None:
        """Note that a batch is done, with what is to be acknowledged of it."""
        with self._guard:
            self._early[number] = completions
            while self._next in self._early:
                for completion in self._early.pop(self._next):
                    self._deliver(completion)
                self._next += 1
