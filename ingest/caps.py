"""Keep quarantine entries, within bounds per gateway and day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from domain.quarantine import Reason
from ingest.ledger import Outcome
from ingest.quarantine import instant
from store import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import psycopg
    from psycopg.rows import TupleRow

    from ingest.quarantine import Entry
    from ingest.settings import IngestSettings


@dataclass(slots=True)
class _Spent:
    rows: int = 0
    size: int = 0


def insert(cursor: psycopg.Cursor[TupleRow], entries: Sequence[Entry]) -> set[bytes]:
    """Insert entries; return the digests of those that were not there yet."""
    if not entries:
        return set()
    rows = cursor.execute(
        statement("ingest", "insert_quarantine"),
        {
            "received_at": [instant(entry.received_us) for entry in entries],
            "gateway": [entry.gateway for entry in entries],
            "topic": [entry.topic for entry in entries],
            "payload_format": [entry.payload_format for entry in entries],
            "reason": [entry.reason.value for entry in entries],
            "detail": [entry.detail for entry in entries],
            "sensor": [entry.sensor for entry in entries],
            "reading_count": [entry.reading_count for entry in entries],
            "payload": [entry.payload for entry in entries],
            "last_ts": [None if entry.last_us is None else instant(entry.last_us) for entry in entries],
            "last_value": [entry.last_value for entry in entries],
            "last_unit": [entry.last_unit for entry in entries],
            "digest": [entry.digest for entry in entries],
        },
    ).fetchall()
    return {bytes(digest) for (digest,) in rows}


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of entries in a transaction that is still open.

    Attributes:
        outcomes: one for each entry.
        fresh: the entries that were inserted.
    """

    outcomes: list[Outcome]
    fresh: list[Entry]


class Caps:
    """How much of its daily room each gateway has used; shared by all writers.

    Counted in memory, started from the database once per gateway and day. What a transaction uses counts only
    after `confirm`, so that one that is rolled back costs nothing; writers side by side may therefore exceed
    a cap by what they have under way.
    """

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._guard = Lock()
        self._day: datetime | None = None
        self._spent: dict[str, _Spent] = {}
        self._total = 0

    def keep(self, cursor: psycopg.Cursor[TupleRow], entries: Sequence[Entry]) -> Kept:
        """Insert what there is room for; return what became of each entry."""
        if not entries:
            return Kept([], [])
        digests = [entry.digest for entry in entries]
        within, beyond = self._divided(cursor, dict(zip(digests, entries, strict=True)))
        inserted = insert(cursor, list(within.values()))
        fresh = [within[digest] for digest in inserted]
        kept_before = self._kept_before(cursor, list(beyond))
        outcomes: list[Outcome] = []
        for digest, entry in zip(digests, entries, strict=True):
            if digest in beyond and digest not in kept_before:
                outcomes.append(Outcome.REJECTED)
            elif digest in inserted:
                inserted.discard(digest)  # a second one of the same batch is a duplicate
                outcomes.append(outcome_of(entry.reason))
            else:
                outcomes.append(Outcome.DUPLICATE)
        return Kept(outcomes, fresh)

    def confirm(self, kept: Kept) -> None:
        """The transaction is committed."""
        with self._guard:
            for entry in kept.fresh:
                used = self._spent.setdefault(entry.gateway, _Spent())
                used.rows += 1
                used.size += len(entry.payload)
            self._total += len(kept.fresh)

    def _divided(
        self, cursor: psycopg.Cursor[TupleRow], entries: dict[bytes, Entry]
    ) -> tuple[dict[bytes, Entry], dict[bytes, Entry]]:
        """Return the entries that there is room for, and the others."""
        within: dict[bytes, Entry] = {}
        beyond: dict[bytes, Entry] = {}
        with self._guard:
            self._prime(cursor, entries.values())
            spent = {
                gateway: replace(self._spent[gateway])
                for gateway in {entry.gateway for entry in entries.values()}
            }
            total = self._total
        for digest, entry in entries.items():
            if self._has_room(spent[entry.gateway], total):
                within[digest] = entry
                spent[entry.gateway].rows += 1
                spent[entry.gateway].size += len(entry.payload)
                total += 1
            else:
                beyond[digest] = entry
        return within, beyond

    def _has_room(self, used: _Spent, total: int) -> bool:
        settings = self._settings
        return (
            used.rows < settings.quarantine_rows_day_max
            and used.size < settings.quarantine_bytes_day_max
            and total < settings.quarantine_total_rows_day_max
        )

    def _prime(self, cursor: psycopg.Cursor[TupleRow], entries: Iterable[Entry]) -> None:
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if self._day is None or day - self._day >= timedelta(days=1):
            row = cursor.execute(statement("ingest", "count_quarantine"), {"day_start": day}).fetchone()
            self._total = 0 if row is None else int(row[0])
            self._day = day
            self._spent = {}
        missing = sorted({entry.gateway for entry in entries} - self._spent.keys())
        if missing:
            found = cursor.execute(
                statement("ingest", "sum_quarantine"), {"day_start": day, "gateways": missing}
            ).fetchall()
            self._spent |= {gateway: _Spent() for gateway in missing}
            self._spent |= {gateway: _Spent(rows, size) for gateway, rows, size in found}

    @staticmethod
    def _kept_before(cursor: psycopg.Cursor[TupleRow], digests: list[bytes]) -> set[bytes]:
        if not digests:
            return set()
        rows = cursor.execute(statement("ingest", "select_kept"), {"digest": digests}).fetchall()
        return {bytes(digest) for (digest,) in rows}


def outcome_of(reason: Reason) -> Outcome:
    """Return the column of the account in which readings set aside for a reason are counted."""
    return Outcome.CONFLICT if reason is Reason.CONFLICT else Outcome.QUARANTINED
