"""What was heard of each gateway: when, its batch ids and those still missing, its clock, its status."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ingest.binary import array_text
from ingest.quarantine import instant
from store import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import psycopg
    from psycopg.rows import TupleRow

    from ingest.opening import Opened
    from ingest.parcel import Status
    from ingest.registry import Snapshot

_SPAN_IDS_MIN: Final = 8
_SPAN_IDS_MAX: Final = 1_000


@dataclass(slots=True)
class _Heard:
    """One gateway in one batch."""

    at_us: int
    batch_ids: list[int] = field(default_factory=list[int])
    skew_s: float | None = None
    status: Status | None = None
    status_us: int = 0
    throttled: int = 0


class Numbering:
    """Which gateways number their batches one by one; shared by all writers.

    Ids need only be unique. A gateway whose ids jump (a time, a counter shared with others) has no gaps that
    mean anything: it is recognised by ids that fill less than a quarter of the span they cover.

    Args:
        shard_count: ingesters that share the messages: each hears one in so many ids.
    """

    def __init__(self, shard_count: int = 1) -> None:
        self._sparse = 4 * shard_count
        # Gateway -> (lowest id, highest id, ids heard, verdict so far); an approximation, so no lock.
        self._spans: dict[str, tuple[int, int, int, bool]] = {}

    def is_sequential(self, gateway: str, batch_ids: Sequence[int]) -> bool:
        """Take in the ids of one batch of messages, not empty; say whether they are worth following."""
        lowest, highest, heard, sequential = self._spans.get(gateway, (batch_ids[0], batch_ids[0], 0, True))
        lowest, highest = min(lowest, *batch_ids), max(highest, *batch_ids)
        heard += len(batch_ids)
        if heard >= _SPAN_IDS_MIN:
            sequential = highest - lowest + 1 <= self._sparse * heard
        if heard < _SPAN_IDS_MAX:
            self._spans[gateway] = (lowest, highest, heard, sequential)
        else:
            # Begin anew now and then: a gateway may change its ways.
            self._spans[gateway] = (highest, highest, 1, sequential)
        return sequential


def write_presence(cursor: psycopg.Cursor[TupleRow], opened: Opened, numbering: Numbering) -> None:
    """Note what the messages say of their gateways.

    Which ids are missing is kept by the database, not here: several writers, and several ingesters, hear
    parts of one gateway's sequence in any order, and an id that comes late closes its gap.
    """
    heard = _heard(opened)
    if not heard:
        return
    # In one order always, so that two writers cannot wait for each other in a circle.
    gateways = sorted(heard)
    ones = [heard[gateway] for gateway in gateways]
    followed = [
        not one.batch_ids or numbering.is_sequential(gateway, one.batch_ids)
        for gateway, one in zip(gateways, ones, strict=True)
    ]
    ranges = [_ranges(one.batch_ids) for one in ones]
    columns: dict[str, Iterable[object]] = {
        "gateway": gateways,
        "heard_at": [instant(one.at_us) for one in ones],
        "last_batch_id": [max(one.batch_ids, default=None) for one in ones],
        "batch_ids": [
            _multirange(heard_ids) if follow else None
            for heard_ids, follow in zip(ranges, followed, strict=True)
        ],
        # Of a gateway that was never heard before; what is missing of the others the database works out.
        "missing": [
            _multirange([(end, start) for (_, end), (start, _) in pairwise(heard_ids)]) if follow else "{}"
            for heard_ids, follow in zip(ranges, followed, strict=True)
        ],
        "clock_skew_s": [one.skew_s for one in ones],
        "online": [None if one.status is None else one.status.online for one in ones],
        "status": [None if one.status is None else one.status.document for one in ones],
        "status_at": [None if one.status is None else instant(one.status_us) for one in ones],
        "throttled": [one.throttled for one in ones],
    }
    parameters = {name: array_text(values) for name, values in columns.items()}
    cursor.execute(statement("ingest", "upsert_gateway_seen"), parameters)


def _ranges(batch_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return ids as ranges [start, end), in order."""
    ranges: list[tuple[int, int]] = []
    for batch_id in sorted(batch_ids):
        if ranges and batch_id <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], batch_id + 1))
        else:
            ranges.append((batch_id, batch_id + 1))
    return ranges


def _multirange(ranges: Iterable[tuple[int, int]]) -> str:
    """Return ranges as PostgreSQL writes a nummultirange; an id is the range from it to the next integer."""
    return "{" + ",".join([f"[{start},{end})" for start, end in ranges]) + "}"


def _heard(opened: Opened) -> dict[str, _Heard]:
    numbers = opened.gateway_index.tolist()
    silent = {
        position
        for position, parcel in opened.parcels.items()
        if not parcel.is_telemetry and parcel.status is None
    }
    # Number of the gateway -> its last message; they are in the order of reception.
    last = {number: position for position, number in enumerate(numbers) if position not in silent}
    heard = {number: _Heard(opened.messages[position].received_us) for number, position in last.items()}
    for number, batch_id in zip(numbers, opened.batch_ids, strict=True):
        if batch_id is not None:
            heard[number].batch_ids.append(batch_id)
    timed = {
        number: position
        for position, (number, middle_us) in enumerate(zip(numbers, opened.middle_us, strict=True))
        if middle_us is not None
    }
    for number, position in timed.items():
        middle_us = opened.middle_us[position]
        if middle_us is not None and not _is_archive(opened.gateways[number], opened.snapshot):
            heard[number].skew_s = (opened.messages[position].received_us - middle_us) / 1e6
    for position in sorted(opened.parcels.keys() - silent):
        parcel, one = opened.parcels[position], heard[numbers[position]]
        if parcel.status is not None:
            one.status, one.status_us = parcel.status, parcel.message.received_us
        one.throttled += parcel.rejected
    return {opened.gateways[number]: one for number, one in heard.items()}


def _is_archive(gateway: str, snapshot: Snapshot) -> bool:
    """History says nothing of the clock of the one who replays it."""
    entry = snapshot.gateways.get(gateway)
    return entry is not None and entry.archive
