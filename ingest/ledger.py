"""The account: received = stored + duplicate + conflict + quarantined + rejected, per gateway and hour."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from ingest.binary import array_text
from ingest.quarantine import instant
from store import statement

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import TupleRow

HOUR_US: Final = 3_600_000_000


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

    def add_messages(self, gateway: str, received_us: int, count: int) -> None:
        """Count messages."""
        key = (gateway, received_us // HOUR_US)
        self._messages[key] = self._messages.get(key, 0) + count
        self._outcomes.setdefault(key, [0] * len(Outcome))

    def add(self, gateway: str, received_us: int, outcome: Outcome, count: int) -> None:
        """Count readings; a negative count moves them out of a column."""
        counts = self._outcomes.setdefault((gateway, received_us // HOUR_US), [0] * len(Outcome))
        counts[outcome] += count

    def of_gateways(self) -> dict[str, list[int]]:
        """Return the readings of each gateway by outcome."""
        sums: dict[str, list[int]] = {}
        for (gateway, _), counts in self._outcomes.items():
            before = sums.get(gateway)
            sums[gateway] = (
                list(counts) if before is None else [a + b for a, b in zip(before, counts, strict=True)]
            )
        return sums

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
        parameters = {
            outcome.name.lower(): array_text(counts) for outcome, counts in zip(Outcome, columns, strict=True)
        }
        parameters["gateway"] = array_text([gateway for gateway, _ in keys])
        parameters["hour"] = array_text([instant(hour * HOUR_US) for _, hour in keys])
        parameters["messages"] = array_text([self._messages.get(key, 0) for key in keys])
        cursor.execute(statement("ingest", "add_accounting"), parameters)
