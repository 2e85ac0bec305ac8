"""What was heard of each gateway: when, its last batch, batches that were skipped, its clock, its status."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.quarantine import instant
from store import statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg
    from psycopg.rows import TupleRow

    from ingest.parcel import Parcel, Status
    from ingest.registry import Snapshot

# More ids than this at once are not batches that were lost but a gateway that numbers in another way.
_GAP_MAX: Final = 100_000


@dataclass(slots=True)
class _Heard:
    """One gateway in one batch."""

    at_us: int
    batch_ids: set[int] = field(default_factory=set[int])
    skew_s: float | None = None
    status: Status | None = None
    status_us: int = 0


class Presence:
    """Keeps the highest batch id of each gateway, to see which were skipped."""

    def __init__(self) -> None:
        self._last_ids: dict[str, int | None] = {}
        self._pending: dict[str, int] = {}

    def write(
        self, cursor: psycopg.Cursor[TupleRow], parcels: Sequence[Parcel], snapshot: Snapshot | None
    ) -> None:
        """Note what the messages say of their gateways; counts only after `confirm`."""
        heard = _heard(parcels, snapshot)
        self._pending = {}
        if not heard:
            return
        self._prime(cursor, heard.keys() - self._last_ids.keys())
        gateways = sorted(heard)
        gaps = {gateway: self._gap(gateway, heard[gateway].batch_ids) for gateway in gateways}
        cursor.execute(
            statement("ingest", "upsert_gateway_seen"),
            {
                "gateway": gateways,
                "heard_at": [instant(heard[gateway].at_us) for gateway in gateways],
                "last_batch_id": [max(heard[gateway].batch_ids, default=None) for gateway in gateways],
                "gap_count": [gaps[gateway] for gateway in gateways],
                "clock_skew_s": [heard[gateway].skew_s for gateway in gateways],
                "online": [
                    None if (status := heard[gateway].status) is None else status.online
                    for gateway in gateways
                ],
                "status": [
                    None if (status := heard[gateway].status) is None else status.document
                    for gateway in gateways
                ],
                "status_at": [
                    None if heard[gateway].status is None else instant(heard[gateway].status_us)
                    for gateway in gateways
                ],
            },
        )

    def confirm(self) -> None:
        """The transaction is committed."""
        self._last_ids |= self._pending
        self._pending = {}

    def _prime(self, cursor: psycopg.Cursor[TupleRow], missing: set[str]) -> None:
        if not missing:
            return
        found = cursor.execute(
            statement("ingest", "select_last_batches"), {"gateways": sorted(missing)}
        ).fetchall()
        self._last_ids |= dict.fromkeys(missing)
        self._last_ids |= {gateway: None if last_id is None else int(last_id) for gateway, last_id in found}

    def _gap(self, gateway: str, batch_ids: set[int]) -> int:
        """Return how many ids were skipped between the last one known and the highest one now."""
        if not batch_ids:
            return 0
        last_id, highest = self._last_ids[gateway], max(batch_ids)
        if last_id is not None and highest <= last_id:
            return 0
        self._pending[gateway] = highest
        if last_id is None:
            return 0
        gap = highest - last_id - sum(1 for batch_id in batch_ids if batch_id > last_id)
        return gap if gap <= _GAP_MAX else 0


def _heard(parcels: Sequence[Parcel], snapshot: Snapshot | None) -> dict[str, _Heard]:
    heard: dict[str, _Heard] = {}
    for parcel in parcels:
        received_us = parcel.message.received_us
        if not parcel.is_telemetry and parcel.status is None:
            continue
        one = heard.setdefault(parcel.gateway, _Heard(received_us))
        one.at_us = max(one.at_us, received_us)
        if parcel.batch_id is not None:
            one.batch_ids.add(parcel.batch_id)
        if parcel.status is not None:
            one.status, one.status_us = parcel.status, received_us
        if parcel.batch is not None and len(parcel.batch) and not _is_archive(parcel.gateway, snapshot):
            one.skew_s = (received_us - float(np.median(parcel.batch.ts_us))) / 1e6
    return heard


def _is_archive(gateway: str, snapshot: Snapshot | None) -> bool:
    """History says nothing of the clock of the one who replays it."""
    entry = None if snapshot is None else snapshot.gateways.get(gateway)
    return entry is not None and entry.archive
