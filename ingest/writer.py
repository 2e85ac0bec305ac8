"""One batch, one transaction: readings, quarantine, account, presence and dirty hours commit together."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import psycopg
from psycopg.errors import UniqueViolation

from domain.quarantine import Reason
from ingest import binary, quarantine
from ingest.births import write_births
from ingest.caps import Caps
from ingest.ledger import HOUR_US, Outcome, Tally
from ingest.placement import Care, is_about_data, mark_dirty, place
from ingest.presence import Numbering, write_presence
from ingest.quarantine import instant
from store import DataRejectedError, StoreUnavailableError, connect, statement
from store.errors import translated

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from psycopg.rows import TupleRow

    from ingest.batch import Batch
    from ingest.caps import Kept
    from ingest.opening import Opened
    from ingest.placement import Placement
    from ingest.quarantine import Entry
    from ingest.settings import IngestSettings
    from store import StoreSettings

_MONTHS_KNOWN_MAX: Final = 100_000
_OVERTAKEN_MAX: Final = 10
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Written:
    """What a committed batch changed.

    Attributes:
        tally: readings by outcome.
        care: how the readings had to be put into the table.
    """

    tally: Tally
    care: Care


class Writer:
    """Writes batches over one connection, which it opens when needed.

    Not safe for several threads, but for `abort`, which a watchdog calls from another.
    """

    def __init__(
        self,
        store_settings: StoreSettings,
        settings: IngestSettings,
        caps: Caps | None = None,
        numbering: Numbering | None = None,
    ) -> None:
        self._store_settings = store_settings
        self._settings = settings
        self._caps = caps or Caps(settings)
        self._numbering = numbering or Numbering(settings.shard_count)
        self._connection: psycopg.Connection[TupleRow] | None = None
        self._guard = Lock()
        self._months: set[int] = set()
        self._expect_duplicates = False
        self.busy_since_s: float | None = None

    def write(self, batch: Batch) -> Written:
        """Commit a batch; all of it or nothing.

        Raises:
            StoreUnavailableError: the same batch may succeed later.
            DataRejectedError: it will not, and no single reading is at fault.
        """
        care = Care.CAREFUL if batch.redelivered or self._expect_duplicates else Care.OPTIMISTIC
        overtaken = 0
        while True:
            try:
                written = self._attempt(batch, care)
            except DataRejectedError as error:
                if isinstance(error.__cause__, UniqueViolation) and care > Care.OPTIMISTIC:
                    # The other writer has committed the same keys since they were looked up: look again.
                    overtaken += 1
                    if overtaken <= _OVERTAKEN_MAX:
                        continue
                care = _more_care(error, care)
                continue
            # A redelivery or a replayed file comes in runs; a failed COPY costs more than the look-up.
            self._expect_duplicates = care > Care.OPTIMISTIC and written.tally.total(Outcome.DUPLICATE) > 0
            return written

    def _attempt(self, batch: Batch, care: Care) -> Written:
        # Partitions in a transaction of their own: its locks are not held while readings are copied.
        if self._missing_months(batch.candidates.ts_us):
            self.transact(lambda connection: self.ensure_partitions(connection, batch.candidates.ts_us))
        written, kept = self.transact(lambda connection: self._store(connection, batch, care))
        self._caps.confirm(kept)
        return written

    def transact(self, work: Callable[[psycopg.Connection[TupleRow]], _Result]) -> _Result:
        """Run `work` in a transaction.

        Raises:
            StoreUnavailableError: connection, resources, or a deadline.
            DataRejectedError: the database refuses what it was given.
        """
        self.busy_since_s = time.monotonic()
        try:
            connection = self._connected()
            with connection.transaction():
                return work(connection)
        except psycopg.Error as error:
            # Partitions made in this transaction are gone with it, or somebody has dropped one.
            self._months.clear()
            cause = translated(error)
            if isinstance(cause, StoreUnavailableError):
                self.close()
            raise cause from error
        finally:
            self.busy_since_s = None

    def close(self) -> None:
        """Close the connection; the next write opens another."""
        with self._guard:
            connection, self._connection = self._connection, None
            self._months.clear()
            if connection is not None:
                connection.close()

    def abort(self) -> None:
        """Break the connection under a write that takes too long.

        Time-outs of the driver were measured to overrun by four times on a black-holed link; shutting the
        socket down wakes whoever waits on it at once.
        """
        with self._guard:
            if self._connection is None or self._connection.closed:
                return
            with socket.socket(fileno=os.dup(self._connection.fileno())) as peer:
                try:
                    peer.shutdown(socket.SHUT_RDWR)
                except OSError:  # gone already
                    return

    def _connected(self) -> psycopg.Connection[TupleRow]:
        if self._connection is None or self._connection.closed:
            connection = connect(self._store_settings, "nhip-ingest")
            binary.register(connection)
            with connection.transaction():
                connection.execute(statement("ingest", "ensure_durability"))
            with self._guard:
                self._connection = connection
        return self._connection

    def ensure_partitions(self, connection: psycopg.Connection[TupleRow], ts_us: NDArray[np.int64]) -> None:
        """Make the partitions that readings of these times go to, inside the transaction that is open."""
        missing = self._missing_months(ts_us)
        if not missing:
            return
        starts = np.array(missing, dtype="datetime64[M]").astype("datetime64[us]").astype(np.int64)
        # A transaction of its own: the locks of making partitions are not held while readings are copied.
        with connection.transaction():
            connection.execute(
                statement("ingest", "ensure_partitions"),
                {"moments": [instant(start) for start in starts.tolist()]},
            )
        if len(self._months) > _MONTHS_KNOWN_MAX:
            self._months.clear()
        self._months.update(missing)

    def _missing_months(self, ts_us: NDArray[np.int64]) -> list[int]:
        if not len(ts_us):
            return []
        first, last = (month_of(int(moment)) for moment in (ts_us.min(), ts_us.max()))
        # Nearly always a batch lies in one month, or in the same two.
        if last - first <= 1:
            return [month for month in range(first, last + 1) if month not in self._months]
        months = np.unique(ts_us.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64))
        return [month for month in months.tolist() if month not in self._months]

    def _store(
        self, connection: psycopg.Connection[TupleRow], batch: Batch, care: Care
    ) -> tuple[Written, Kept]:
        placement = place(connection, batch.candidates, care)
        tally = Tally()
        count_messages(tally, batch.opened)
        count_placed(tally, batch, placement)
        entries = [*batch.entries, *unplaced(batch, placement, self._settings.quarantine_groups_max)]
        mark_dirty(connection, placement)
        with connection.cursor() as cursor:
            kept = self._caps.keep(cursor, entries)
            for entry, outcome in zip(entries, kept.outcomes, strict=True):
                tally.add(entry.gateway, entry.received_us, outcome, entry.reading_count)
            # Last, because writers side by side wait here for each other's commit.
            tally.write(cursor)
            write_presence(cursor, batch.opened, self._numbering)
            write_births(cursor, batch.opened.births)
        return Written(tally, care), kept


def _more_care(error: DataRejectedError, care: Care) -> Care:
    """Return how to try again.

    Raises:
        StoreUnavailableError: somebody else wrote the same keys meanwhile, or the schema or a grant is wrong:
            both can pass without us, and giving up would lose readings.
        DataRejectedError: no care helps.
    """
    if not is_about_data(error):
        raise StoreUnavailableError(str(error)) from error
    if isinstance(error.__cause__, UniqueViolation):
        if care == Care.OPTIMISTIC:
            return Care.CAREFUL
        raise StoreUnavailableError(str(error)) from error
    if care == Care.BISECTING:
        raise error
    return Care.BISECTING


def month_of(moment_us: int) -> int:
    """Return the months between 1970-01 and a moment."""
    return int(np.int64(moment_us).astype("datetime64[us]").astype("datetime64[M]").astype(np.int64))


def count_messages(tally: Tally, opened: Opened) -> None:
    """Count the messages of each gateway and hour, and readings that are counted without being kept."""
    counted = np.flatnonzero(opened.telemetry)
    received_us = opened.received_us[counted]
    for gateway, hour, count in _grouped(opened.gateway_index[counted], received_us // HOUR_US):
        tally.add_messages(opened.gateways[gateway], hour * HOUR_US, count)
    for position, parcel in opened.parcels.items():
        if parcel.rejected:
            tally.add(parcel.gateway, opened.messages[position].received_us, Outcome.REJECTED, 1)


def count_placed(tally: Tally, batch: Batch, placement: Placement) -> None:
    """Count stored and duplicate readings; the others are counted with their quarantine entries."""
    opened, candidates = batch.opened, batch.candidates
    gateway = opened.gateway_index[candidates.parcel]
    hour = candidates.received_us // HOUR_US
    for outcome in (Outcome.STORED, Outcome.DUPLICATE):
        chosen = placement.outcome == outcome
        groups = _grouped(gateway, hour) if chosen.all() else _grouped(gateway[chosen], hour[chosen])
        for number, of_hour, count in groups:
            tally.add(opened.gateways[number], of_hour * HOUR_US, outcome, count)


def _grouped(gateway: NDArray[np.int32], hour: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Return (gateway, hour, how many) of each pair that occurs."""
    if not len(hour):
        return []
    first = int(hour.min())
    width = int(hour.max()) - first + 1
    counts = np.bincount(gateway.astype(np.int64) * width + (hour - first))
    found = np.flatnonzero(counts)
    return [
        (code // width, first + code % width, count)
        for code, count in zip(found.tolist(), counts[found].tolist(), strict=True)
    ]


def unplaced(batch: Batch, placement: Placement, groups_max: int) -> list[Entry]:
    """Return entries for conflicts and for what the database refused."""
    candidates = batch.candidates
    rows = np.flatnonzero(placement.outcome >= Outcome.CONFLICT)
    entries: list[Entry] = []
    if not len(rows):
        return entries
    starts = np.flatnonzero(np.diff(candidates.parcel[rows], prepend=-1))
    for run in np.split(rows, starts[1:]):
        position = int(candidates.parcel[run[0]])
        positions = candidates.position[run].astype(np.intp)
        candidate_of = dict(zip(positions.tolist(), run.tolist(), strict=True))

        def described(reading: int, reason: Reason, candidate_of: dict[int, int] = candidate_of) -> str:
            row = candidate_of[reading]
            if reason is Reason.CONFLICT:
                return f"stored {float(placement.stored_value[row])!r}, sent {float(candidates.value[row])!r}"
            return placement.complaints.get(row, "refused together with another value for the same time")

        reasons = [
            Reason.CONFLICT if placement.outcome[row] == Outcome.CONFLICT else Reason.REFUSED
            for row in run.tolist()
        ]
        entries += quarantine.of_readings(
            batch.opened.parcel(position), position, positions, reasons, described, groups_max
        )
    return entries
