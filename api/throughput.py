"""How many readings per second are being stored, from the ledger."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Final

from store.errors import StoreError

if TYPE_CHECKING:
    from fastapi import Request

    from api.database import Database

_WINDOW_S: Final = 60.0


class ThroughputMeter:
    """Samples the ledger's sum and answers the rate over the last minute."""

    def __init__(self, database: Database, sample_s: float) -> None:
        self._database = database
        self._sample_s = sample_s
        self._stopping = asyncio.Event()
        self._samples: deque[tuple[float, int]] = deque(maxlen=int(_WINDOW_S / sample_s) + 2)
        # The sum runs from a fixed hour on, so that it only grows; an old base would make it slow.
        self._since = _hour_ago()

    def readings_per_s(self) -> float | None:
        """Return the rate over the last minute, None before there are two samples."""
        if len(self._samples) <= 1:
            return None
        (first_at, first), (last_at, last) = self._samples[0], self._samples[-1]
        return max(0.0, (last - first) / (last_at - first_at))

    async def run(self) -> None:
        """Sample until told to stop."""
        while not self._stopping.is_set():
            await self._sample()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._sample_s)

    def stop(self) -> None:
        """Have `run` end.

        An order instead of a cancellation: one that arrives while a connection is being made can come out of
        the driver as an ordinary error, and the loop would go on for ever.
        """
        self._stopping.set()

    async def _sample(self) -> None:
        if datetime.now(UTC) - self._since > timedelta(hours=3):
            self._since = _hour_ago()
            self._samples.clear()
        try:
            row = await self._database.row("sum_stored", {"since": self._since})
        except StoreError:
            # While the database is away there is no rate; requests report the outage themselves.
            self._samples.clear()
            return
        if row is not None:
            instant = monotonic()
            while self._samples and instant - self._samples[0][0] > _WINDOW_S:
                self._samples.popleft()
            self._samples.append((instant, row["stored"]))


def meter_of(request: Request) -> ThroughputMeter:
    """Return the meter of the application that serves `request`."""
    meter = request.app.state.meter
    if not isinstance(meter, ThroughputMeter):
        raise TypeError(meter)
    return meter


def _hour_ago() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
