"""Counts wrong keys per client, so that guessing becomes slow; keeps a bounded amount of memory."""

from __future__ import annotations

import math
from collections import OrderedDict
from time import monotonic
from typing import Final

_CLIENTS_MAX: Final = 10_000
_ACCEPTED_MAX: Final = 10_000
_ACCEPTED_S: Final = 900.0


class FailureThrottle:
    """A fixed window of failures per client; keys accepted lately pass all the same.

    Several people behind one address share its count. Who worked a moment ago goes on working while
    somebody else at that address tries wrong keys; only keys not seen before have to wait.
    """

    def __init__(self, failures_max: int, window_s: float) -> None:
        self._failures_max = failures_max
        self._window_s = window_s
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._accepted: OrderedDict[bytes, float] = OrderedDict()

    def retry_after_s(self, client: str, digest: bytes, now: float | None = None) -> int:
        """Return for how many seconds this key from this client is not looked at; 0: look at it."""
        instant = monotonic() if now is None else now
        started, count = self._failures.get(client, (instant, 0))
        left = started + self._window_s - instant
        if count < self._failures_max or left <= 0:
            return 0
        if instant - self._accepted.get(digest, -math.inf) < _ACCEPTED_S:
            return 0
        return max(1, math.ceil(left))

    def failed(self, client: str, now: float | None = None) -> None:
        """Count one failure."""
        instant = monotonic() if now is None else now
        started, count = self._failures.pop(client, (instant, 0))
        if instant - started >= self._window_s:
            started, count = instant, 0
        self._failures[client] = (started, count + 1)
        if len(self._failures) > _CLIENTS_MAX:
            self._failures.popitem(last=False)

    def accepted(self, digest: bytes, now: float | None = None) -> None:
        """Remember that a key was good."""
        self._accepted.pop(digest, None)
        self._accepted[digest] = monotonic() if now is None else now
        if len(self._accepted) > _ACCEPTED_MAX:
            self._accepted.popitem(last=False)
