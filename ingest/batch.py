"""Bounded batches: messages are collected until there are enough rows, bytes or age, then judged together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.validate import judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.parcel import Parcel
    from ingest.quarantine import Entry
    from ingest.registry import Snapshot
    from ingest.settings import IngestSettings
    from ingest.validate import Candidates


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Messages that are stored in one transaction.

    Attributes:
        parcels: the messages, in order of reception.
        candidates: readings that may be stored.
        entries: what is set aside.
        snapshot: the registry by which they were judged.
        size: bytes of all payloads.
        redelivered: one of the messages was sent before.
    """

    parcels: tuple[Parcel, ...]
    candidates: Candidates
    entries: tuple[Entry, ...]
    snapshot: Snapshot
    size: int
    redelivered: bool


def closed(parcels: Sequence[Parcel], snapshot: Snapshot, settings: IngestSettings) -> Batch:
    """Return the messages judged, ready to be written."""
    judgement = judged(
        parcels,
        snapshot,
        groups_max=settings.quarantine_groups_max,
        bytes_max=settings.quarantine_payload_bytes_max,
    )
    return Batch(
        parcels=tuple(parcels),
        candidates=judgement.candidates,
        entries=tuple(judgement.entries),
        snapshot=snapshot,
        size=sum(len(parcel.message.payload) for parcel in parcels),
        redelivered=any(parcel.message.duplicate for parcel in parcels),
    )


class Collector:
    """Messages on their way into a batch."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._parcels: list[Parcel] = []
        self._rows = 0
        self._size = 0
        self._opened_s = 0.0

    def __len__(self) -> int:
        return len(self._parcels)

    def add(self, parcel: Parcel) -> None:
        """Take in one message."""
        if not self._parcels:
            self._opened_s = time.monotonic()
        self._parcels.append(parcel)
        self._rows += 0 if parcel.batch is None else len(parcel.batch)
        self._size += len(parcel.message.payload)

    @property
    def is_full(self) -> bool:
        """Rows or bytes have reached their bound."""
        settings = self._settings
        return self._rows >= settings.batch_rows_max or self._size >= settings.batch_bytes_max

    @property
    def wait_s(self) -> float:
        """Seconds until the oldest message has waited long enough."""
        if not self._parcels:
            return self._settings.batch_age_s_max
        return max(self._opened_s + self._settings.batch_age_s_max - time.monotonic(), 0.0)

    def take(self) -> list[Parcel]:
        """Return what was collected and begin anew."""
        parcels, self._parcels = self._parcels, []
        self._rows = self._size = 0
        return parcels
