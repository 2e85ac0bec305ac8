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
from ingest.caps import Caps
from ingest.ledger import Outcome, Tally
from ingest.placement import Care, is_about_data, mark_dirty, place
from ingest.presence import Presence
from ingest.quarantine import instant
from store import DataRejectedError, StoreUnavailableError, connect, statement
from store.errors import translated

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from psycopg.rows import TupleRow

    from ingest.batch import Batch
    from ingest.placement import Placement
    from ingest.quarantine import Entry
    from ingest.settings import IngestSettings
    from store import StoreSettings

_MONTHS_KNOWN_MAX: Final = 100_000
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

    def __init__(self, store_settings: StoreSettings, settings: IngestSettings) -> None:
        self._store_settings = store_settings
        self._settings = settings
        self._connection: psycopg.Connection[TupleRow] | None = None
        self._guard = Lock()
        self._months: set[int] = set()
        self._caps = Caps(settings)
        self._presence = Presence()
        self._expect_duplicates = False
        self.busy_since_s: float | None = None

    def write(self, batch: Batch) -> Written:
        """Commit a batch; all of it or nothing.

        Raises:
            StoreUnavailableError: the same batch may succeed later.
            DataRejectedError: it will not, and no single reading is at fault.
        """
        care = Care.CAREFUL if batch.redelivered or self._expect_duplicates else Care.OPTIMISTIC
        while True:
            try:
                written = self._attempt(batch, care)
            except DataRejectedError as error:
                care = _more_care(error, care)
                continue
            self._caps.confirm()
            self._presence.confirm()
            # A redelivery or a replayed file comes in runs; a failed COPY costs more than the look-up.
            self._expect_duplicates = care > Care.OPTIMISTIC and written.tally.total(Outcome.DUPLICATE) > 0
            return written

    def _attempt(self, batch: Batch, care: Care) -> Written:
        # Partitions in a transaction of their own: its locks are not held while readings are copied.
        if self._missing_months(batch.candidates.ts_us):
            self.transact(lambda connection: self.ensure_partitions(connection, batch.candidates.ts_us))
        return self.transact(lambda connection: self._store(connection, batch, care))

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
        months = np.unique(ts_us.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64))
        return [month for month in months.tolist() if month not in self._months]

    def _store(self, connection: psycopg.Connection[TupleRow], batch: Batch, care: Care) -> Written:
        placement = place(connection, batch.candidates, care)
        tally = Tally()
        for parcel in batch.parcels:
            if parcel.is_telemetry:
                tally.add_message(parcel.gateway, parcel.message.received_us)
        count_placed(tally, batch, placement)
        entries = [*batch.entries, *unplaced(batch, placement, self._settings.quarantine_groups_max)]
        with connection.cursor() as cursor:
            for entry, outcome in zip(entries, self._caps.keep(cursor, entries), strict=True):
                tally.add(entry.gateway, entry.received_us, outcome, entry.reading_count)
            tally.write(cursor)
            self._presence.write(cursor, batch.parcels, batch.snapshot)
        mark_dirty(connection, batch.candidates, placement.outcome == Outcome.STORED)
        return Written(tally, care)


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


def count_placed(tally: Tally, batch: Batch, placement: Placement) -> None:
    """Count stored and duplicate readings; the others are counted with their quarantine entries."""
    width = len(Outcome)
    codes = batch.candidates.parcel.astype(np.int64) * width + placement.outcome
    counts = np.bincount(codes, minlength=len(batch.parcels) * width).reshape(-1, width)
    for parcel, row in zip(batch.parcels, counts.tolist(), strict=True):
        for outcome in (Outcome.STORED, Outcome.DUPLICATE):
            if row[outcome]:
                tally.add(parcel.gateway, parcel.message.received_us, outcome, row[outcome])


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
            batch.parcels[position], position, positions, reasons, described, groups_max
        )
    return entries
