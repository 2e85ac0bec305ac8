"""The account: received = stored + duplicate + conflict + quarantined + rejected, per gateway and hour."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from ingest.quarantine import instant
from store import statement

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import TupleRow

_HOUR_US: Final = 3_600_000_000


class Outcome(IntEnum):
    """What became of a reading; the order is that of the account's columns."""

    STORED = 0
    DUPLICATE = 1
    CONFLICT = 2
    QUARANTINED = 3
    REJECTED = 4


class Tally:
    """Changes to the account, collected in memory and written in the transaction of the readings."""

    def __init__(self) -> None:
        self._messages: dict[tuple[str, int], int] = {}
        self._outcomes: dict[tuple[str, int], list[int]] = {}

    def add_message(self, gateway: str, received_us: int) -> None:
        """Count one message."""
        key = (gateway, received_us // _HOUR_US)
        self._messages[key] = self._messages.get(key, 0) + 1
        self._outcomes.setdefault(key, [0] * len(Outcome))

    def add(self, gateway: str, received_us: int, outcome: Outcome, count: int) -> None:
        """Count readings; a negative count moves them out of a column."""
        counts = self._outcomes.setdefault((gateway, received_us // _HOUR_US), [0] * len(Outcome))
        counts[outcome] += count

    def total(self, outcome: Outcome) -> int:
        """Return the readings with an outcome, over all gateways."""
        return sum(counts[outcome] for counts in self._outcomes.values())

    def write(self, cursor: psycopg.Cursor[TupleRow]) -> None:
        """Add the changes to the account."""
        # In one order always, so that two writers cannot wait for each other in a circle.
        keys = sorted(self._outcomes)
        if not keys:
            return
        columns = zip(*(self._outcomes[key] for key in keys), strict=True)
        parameters: dict[str, object] = {
            outcome.name.lower(): list(counts) for outcome, counts in zip(Outcome, columns, strict=True)
        }
        parameters["gateway"] = [gateway for gateway, _ in keys]
        parameters["hour"] = [instant(hour * _HOUR_US) for _, hour in keys]
        parameters["messages"] = [self._messages.get(key, 0) for key in keys]
        cursor.execute(statement("ingest", "add_accounting"), parameters)
