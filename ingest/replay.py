"""Replay what waits in quarantine: the same decoding, judgement and placement as for live readings.

The account moves with it: what was quarantined in an hour of reception becomes stored, duplicate or conflict
in the same hour, in the same transaction.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from domain.quarantine import AWAITING_REGISTRATION, Reason
from ingest import caps, metrics
from ingest.batch import closed
from ingest.births import Births
from ingest.formats.decoded import microseconds
from ingest.inbox import Message
from ingest.ledger import Outcome, Tally
from ingest.opening import of_parcels
from ingest.parcel import decoded, format_of, opened
from ingest.placement import Care, mark_dirty, place
from ingest.quarantine import FORMAT_OF_GATEWAY, instant
from ingest.writer import count_placed, unplaced
from store import DataRejectedError, statement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import psycopg
    from psycopg.rows import TupleRow

    from ingest.parcel import Parcel
    from ingest.quarantine import Entry
    from ingest.registry import Snapshot
    from ingest.settings import IngestSettings
    from ingest.writer import Writer

_LOG: Final = structlog.get_logger("ingest.replay")


class Key(NamedTuple):
    """Rows of the quarantine that are replayed together."""

    gateway: str
    sensor: str | None
    reason: Reason
    requested_only: bool


class ReplayQueue:
    """What is to be replayed, by key; filled by one thread and emptied by another."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        # Key -> the last row that was looked at.
        self._waiting: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(
        self, rows: Iterable[tuple[str, str | None, str, bool]], snapshot: Snapshot, born: Collection[str]
    ) -> None:
        """Take in what can be replayed now.

        Args:
            rows: (gateway, sensor, reason, an operator asked) of open rows.
            snapshot: the registry, which decides whether a registration is still awaited.
            born: gateways whose births have come since the last call.
        """
        found: dict[Key, int] = {}
        for gateway, sensor, code, requested in rows:
            reason = Reason(code)
            ready = reason in AWAITING_REGISTRATION and _is_registered(gateway, sensor, reason, snapshot)
            ready = ready or (reason is Reason.AWAITING_BIRTH and gateway in born)
            if ready or requested:
                found[Key(gateway, sensor, reason, not ready)] = 0
        with self._guard:
            self._waiting |= found

    def first(self) -> tuple[Key, int] | None:
        """Return a key and the last row looked at."""
        with self._guard:
            return next(iter(self._waiting.items()), None)

    def advance(self, key: Key, last_id: int | None) -> None:
        """Note how far a key was replayed; None ends it."""
        with self._guard:
            self._waiting.pop(key, None)
            if last_id is not None:
                self._waiting[key] = last_id


def _is_registered(gateway: str, sensor: str | None, reason: Reason, snapshot: Snapshot) -> bool:
    entry = snapshot.gateways.get(gateway)
    if entry is None:
        return False
    if reason is Reason.UNKNOWN_GATEWAY:
        return True
    return sensor is None or snapshot.slot(entry, sensor) >= 0


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the quarantine, claimed."""

    row_id: int
    reading_count: int
    message: Message
    payload_format: str


@dataclass(frozen=True, slots=True)
class _Chunk:
    last_id: int | None
    changed: int


class Replayer:
    """Replays chunks between live batches, over the writer's connection."""

    def __init__(
        self, settings: IngestSettings, writer: Writer, replays: ReplayQueue, births: Births
    ) -> None:
        self._settings = settings
        self._births = births
        self._writer = writer
        self._replays = replays

    @property
    def has_work(self) -> bool:
        """Something waits."""
        return len(self._replays) > 0

    def replay_chunk(self, snapshot: Snapshot) -> None:
        """Replay the next rows.

        Raises:
            StoreUnavailableError: nothing was changed; the same chunk comes again.
        """
        found = self._replays.first()
        if found is None:
            return
        key, after = found
        try:
            chunk = self._writer.transact(lambda connection: self._replay(connection, key, after, snapshot))
        except DataRejectedError as error:
            # Live readings must go on; the rows stay open for an operator to look at.
            _LOG.exception("replay_refused", gateway=key.gateway, sensor=key.sensor, exc_info=error)
            chunk = _Chunk(None, 0)
        self._replays.advance(key, chunk.last_id)
        if chunk.changed:
            metrics.REPLAYED.inc(chunk.changed)
            _LOG.info(
                "replayed",
                gateway=key.gateway,
                sensor=key.sensor,
                reason=key.reason.value,
                rows=chunk.changed,
            )

    def _replay(
        self, connection: psycopg.Connection[TupleRow], key: Key, after: int, snapshot: Snapshot
    ) -> _Chunk:
        rows = self._claimed(connection, key, after)
        if not rows:
            return _Chunk(None, 0)
        parcels = [_parcel(row, key, snapshot, self._births) for row in rows]
        batch = closed(of_parcels(parcels, snapshot), self._settings)
        self._writer.ensure_partitions(connection, batch.candidates.ts_us)
        placement = place(connection, batch.candidates, Care.BISECTING)
        entries: dict[int, list[Entry]] = {}
        for entry in (*batch.entries, *unplaced(batch, placement, self._settings.quarantine_groups_max)):
            entries.setdefault(entry.parcel, []).append(entry)
        tally = Tally()
        count_placed(tally, batch, placement)
        resolution = _Resolution(connection, key, tally)
        placed = set(batch.candidates.parcel[placement.outcome <= Outcome.DUPLICATE].tolist())
        for position, row in enumerate(rows):
            resolution.add(row, entries.get(position, []), any_placed=position in placed)
        changed = resolution.write()
        mark_dirty(connection, placement)
        return _Chunk(rows[-1].row_id if len(rows) == self._settings.replay_chunk_rows else None, changed)

    def _claimed(self, connection: psycopg.Connection[TupleRow], key: Key, after: int) -> list[_Row]:
        found = connection.execute(
            statement("ingest", "claim_replay"),
            {
                "gateway": key.gateway,
                "sensor": key.sensor,
                "reason": key.reason.value,
                "all": not key.requested_only,
                "after": after,
                "limit": self._settings.replay_chunk_rows,
            },
        ).fetchall()
        return [
            _Row(row_id, count, Message(0, 0, False, topic, bytes(payload), microseconds(received_at)), form)  # noqa: FBT003 # not a duplicate
            for row_id, received_at, topic, form, count, payload in found
        ]


def _parcel(row: _Row, key: Key, snapshot: Snapshot, book: Births) -> Parcel:
    """Return a row decoded: in its own format, or in that which the registry has for the gateway by now.

    Nothing is learned from it: a birth that was set aside may be older than what is known.
    """
    if row.payload_format != FORMAT_OF_GATEWAY:
        return decoded(row.message, key.gateway, row.payload_format, book)
    payload_format = format_of(row.message.topic, snapshot.gateways.get(key.gateway))
    if payload_format is None:
        return opened(row.message, snapshot, len(row.message.payload), Births())
    return decoded(row.message, key.gateway, payload_format, book)


class _Resolution:
    """What becomes of the claimed rows, written in a few statements."""

    def __init__(self, connection: psycopg.Connection[TupleRow], key: Key, tally: Tally) -> None:
        self._connection = connection
        self._key = key
        self._tally = tally
        self._kept: list[int] = []
        self._resolved: list[int] = []
        self._relabelled: list[tuple[_Row, Entry]] = []
        self._fresh: list[Entry] = []

    def add(self, row: _Row, entries: list[Entry], *, any_placed: bool) -> None:
        """Resolve a row.

        Args:
            row: the row.
            entries: what is to be set aside of it again.
            any_placed: some of its readings are stored, or were before.
        """
        unchanged = entries and all(entry.reason is self._key.reason for entry in entries)
        # Of a message that was too large only the beginning was kept, which nobody can read.
        truncated = self._key.reason is Reason.TOO_LARGE and any(
            entry.reason is Reason.MALFORMED for entry in entries
        )
        if not any_placed and (unchanged or truncated):
            self._kept.append(row.row_id)
            return
        self._tally.add(
            self._key.gateway, row.message.received_us, caps.outcome_of(self._key.reason), -row.reading_count
        )
        if not any_placed and len(entries) == 1:
            self._relabelled.append((row, entries[0]))
        else:
            self._resolved.append(row.row_id)
            self._fresh += entries

    def write(self) -> int:
        """Write it all; return how many rows changed."""
        with self._connection.cursor() as cursor:
            inserted = caps.insert(cursor, list({entry.digest: entry for entry in self._fresh}.values()))
            for entry in self._fresh:
                outcome = caps.outcome_of(entry.reason) if entry.digest in inserted else Outcome.DUPLICATE
                inserted.discard(entry.digest)
                self._tally.add(entry.gateway, entry.received_us, outcome, entry.reading_count)
            self._relabel(cursor)
            if self._resolved:
                cursor.execute(statement("ingest", "resolve_quarantine"), {"ids": self._resolved})
            if self._kept:
                cursor.execute(statement("ingest", "keep_quarantine"), {"ids": self._kept})
            self._tally.write(cursor)
        return len(set(self._resolved) | {row.row_id for row, _ in self._relabelled})

    def _relabel(self, cursor: psycopg.Cursor[TupleRow]) -> None:
        """Give rows that still cannot be stored their new reason; one that is kept already is a duplicate."""
        if not self._relabelled:
            return
        changed = cursor.execute(
            statement("ingest", "relabel_quarantine"),
            {
                "id": [row.row_id for row, _ in self._relabelled],
                "reason": [entry.reason.value for _, entry in self._relabelled],
                "detail": [entry.detail for _, entry in self._relabelled],
                "sensor": [entry.sensor for _, entry in self._relabelled],
                "payload_format": [entry.payload_format for _, entry in self._relabelled],
                "reading_count": [entry.reading_count for _, entry in self._relabelled],
                "last_ts": [
                    None if entry.last_us is None else instant(entry.last_us) for _, entry in self._relabelled
                ],
                "last_value": [entry.last_value for _, entry in self._relabelled],
                "last_unit": [entry.last_unit for _, entry in self._relabelled],
                "payload": [entry.payload for _, entry in self._relabelled],
                "digest": [entry.digest for _, entry in self._relabelled],
            },
        ).fetchall()
        relabelled = {row_id for (row_id,) in changed}
        for row, entry in self._relabelled:
            outcome = caps.outcome_of(entry.reason) if row.row_id in relabelled else Outcome.DUPLICATE
            self._tally.add(entry.gateway, entry.received_us, outcome, entry.reading_count)
        self._resolved += [row.row_id for row, _ in self._relabelled if row.row_id not in relabelled]
