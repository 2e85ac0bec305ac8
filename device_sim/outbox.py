"""The outbox of gateways: a batch is kept from before it is sent until ingest has acknowledged it.

One SQLite file serves a whole fleet. A batch id is reserved in the same transaction that stores its batch, so
ids never repeat and never skip. Write-ahead logging with `synchronous = FULL`: a batch counts as kept when
the disk has it, and a disk that fails is told about before anything is sent.

The statements are SQLite's and live here; `sql/` folders hold what the PostgreSQL server runs.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from device_sim.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sequence (gateway TEXT PRIMARY KEY, next_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch (
    gateway TEXT NOT NULL, id INTEGER NOT NULL, readings INTEGER NOT NULL, payload BLOB NOT NULL,
    source TEXT NOT NULL, PRIMARY KEY (gateway, id));
CREATE INDEX IF NOT EXISTS batch_source ON batch (source);
CREATE TABLE IF NOT EXISTS credential (
    gateway TEXT PRIMARY KEY, username TEXT NOT NULL, password TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (source TEXT PRIMARY KEY, rows INTEGER NOT NULL) WITHOUT ROWID;
"""
_NEXT_ID: Final = (
    "INSERT INTO sequence VALUES (?, ? + 1) ON CONFLICT (gateway) DO UPDATE SET next_id = next_id + 1 "
    "RETURNING next_id - 1"
)
_KEEP_CREDENTIAL: Final = (
    "INSERT INTO credential VALUES (?, ?, ?) ON CONFLICT (gateway) "
    "DO UPDATE SET username = excluded.username, password = excluded.password"
)
_KEEP_POSITION: Final = (
    "INSERT INTO position VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET rows = excluded.rows"
)
_BUSY_TIMEOUT_S: Final = 30.0
_DISK_EXPECTED: Final = "a healthy disk with free space: check it, make room, and start again"
# Ids of a gateway whose state was lost start at the clock's milliseconds times this: above all ids it can
# have used before, and below 2^53, which every JSON reader keeps exactly.
_IDS_PER_MS: Final = 1024


@dataclass(frozen=True, slots=True)
class PendingBatch:
    """A batch that ingest has not acknowledged yet."""

    gateway: str
    id: int
    readings: int


@dataclass(frozen=True, slots=True)
class Credential:
    """What a gateway shows the broker."""

    username: str
    password: str

    def __repr__(self) -> str:
        """Return a form without the password."""
        return f"Credential(username={self.username!r})"


class Outbox:
    """The batches, batch ids and credentials of a fleet of gateways, in one SQLite file."""

    def __init__(self, path: Path, *, now_s: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now_s = now_s
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The file holds passwords: created readable by its owner only.
            path.touch(mode=0o600)
            # Autocommit: transactions are opened by `transaction` alone.
            self._database = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise StateError(
                path, str(error), "a folder that can be written, an SQLite file of ours"
            ) from error

    def __enter__(self) -> Self:
        """Return this outbox."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; what it holds stays."""
        self._database.close()

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        """Make what happens inside durable together, or not at all.

        Raises:
            StateError: the disk did not take it; nothing of it is kept.
        """
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield
            self._database.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                found = f"{error}: the batch is not kept and nothing of it was sent"
                raise StateError(self._path, found, _DISK_EXPECTED) from error
            raise

    def _roll_back(self) -> None:
        # SQLite itself has ended a transaction that met a full or broken disk.
        if self._database.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")

    def put(
        self, gateway: str, readings: int, encode: Callable[[int], bytes], *, source: str = ""
    ) -> PendingBatch:
        """Keep a new batch; call it inside `transaction`, and send the batch only after that has ended.

        Args:
            gateway: code of the gateway that sends it.
            readings: how many readings it carries.
            encode: makes the payload that carries the given batch id.
            source: what the readings come from, such as the key of a replayed file.
        """
        first = int(self._now_s() * 1000) * _IDS_PER_MS
        row = self._database.execute(_NEXT_ID, (gateway, first)).fetchone()
        batch_id = int(row[0])
        self._database.execute(
            "INSERT INTO batch (gateway, id, readings, payload, source) VALUES (?, ?, ?, ?, ?)",
            (gateway, batch_id, readings, encode(batch_id), source),
        )
        return PendingBatch(gateway, batch_id, readings)

    def payload(self, gateway: str, batch_id: int) -> bytes | None:
        """Return the payload of a batch, None when it was acknowledged."""
        row = self._database.execute(
            "SELECT payload FROM batch WHERE gateway = ? AND id = ?", (gateway, batch_id)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def pending(self, source: str | None = None) -> list[PendingBatch]:
        """Return the batches that are not acknowledged, oldest first; of one source, or of all."""
        rows = self._database.execute(
            "SELECT gateway, id, readings FROM batch WHERE ?1 IS NULL OR source = ?1 ORDER BY gateway, id",
            (source,),
        )
        return [PendingBatch(*row) for row in rows]

    def forget(self, batches: Iterable[tuple[str, int]]) -> None:
        """Forget batches, given as (gateway, id), that ingest has acknowledged."""
        with self.transaction():
            self._database.executemany("DELETE FROM batch WHERE gateway = ? AND id = ?", batches)

    def forget_source(self, source: str) -> None:
        """Forget the batches and the position of a source, acknowledged or not."""
        with self.transaction():
            self._database.execute("DELETE FROM batch WHERE source = ?", (source,))
            self._database.execute("DELETE FROM position WHERE source = ?", (source,))

    def position(self, source: str) -> int:
        """Return how many rows of a source were put into the outbox and not yet all acknowledged."""
        row = self._database.execute("SELECT rows FROM position WHERE source = ?", (source,)).fetchone()
        return 0 if row is None else int(row[0])

    def keep_position(self, source: str, rows: int) -> None:
        """Remember how many rows of a source were put into the outbox; call it inside `transaction`."""
        self._database.execute(_KEEP_POSITION, (source, rows))

    def credential(self, gateway: str) -> Credential | None:
        """Return what the gateway shows the broker, None when that is not known here."""
        row = self._database.execute(
            "SELECT username, password FROM credential WHERE gateway = ?", (gateway,)
        ).fetchone()
        return None if row is None else Credential(*row)

    def keep_credentials(self, credentials: Sequence[tuple[str, Credential]]) -> None:
        """Remember what gateways show the broker."""
        with self.transaction():
            self._database.executemany(
                _KEEP_CREDENTIAL, [(gateway, kept.username, kept.password) for gateway, kept in credentials]
            )
