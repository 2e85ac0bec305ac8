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
    heard: dict[str, _Heard] = {}
    archives = {code for code in opened.gateways if _is_archive(code, opened.snapshot)}
    numbers = opened.gateway_index.tolist()
    for position, message in enumerate(opened.messages):
        gateway = opened.gateways[numbers[position]]
        parcel = opened.parcels.get(position)
        status = None if parcel is None else parcel.status
        if parcel is not None and not parcel.is_telemetry and status is None:
            continue
        one = heard.get(gateway)
        if one is None:
            one = heard[gateway] = _Heard(message.received_us)
        one.at_us = max(one.at_us, message.received_us)
        batch_id, middle_us = opened.batch_ids[position], opened.middle_us[position]
        if batch_id is not None:
            one.batch_ids.append(batch_id)
        if middle_us is not None and gateway not in archives:
            one.skew_s = (message.received_us - middle_us) / 1e6
        if status is not None:
            one.status, one.status_us = status, message.received_us
        if message.throttled:
            one.throttled += 1
    return heard


def _is_archive(gateway: str, snapshot: Snapshot) -> bool:
    """History says nothing of the clock of the one who replays it."""
    entry = snapshot.gateways.get(gateway)
    return entry is not None and entry.archive
