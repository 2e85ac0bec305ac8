"""What gateways sent and what was acknowledged to them, and a checker that holds it against the database.

Independent of the ingester: it reads the tables with SQL of its own and decodes nothing the ingester wrote.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterable

# (sensor name, microseconds since 1970, value)
Row = tuple[str, int, float]
_READINGS = """
    SELECT gateway.code, sensor.name, (extract(epoch FROM reading.ts) * 1000000)::bigint, reading.value
    FROM reading JOIN sensor ON sensor.id = reading.sensor_id JOIN gateway ON gateway.id = sensor.gateway_id
    WHERE gateway.code = ANY(%s)
"""
_ACCOUNTS = """
    SELECT coalesce(sum(received), 0)::bigint, coalesce(sum(stored), 0)::bigint,
           coalesce(sum(duplicate), 0)::bigint, coalesce(sum(conflict), 0)::bigint,
           coalesce(sum(quarantined), 0)::bigint, coalesce(sum(rejected), 0)::bigint
    FROM accounting WHERE gateway = ANY(%s)
"""
_QUARANTINE = "SELECT gateway, reason, reading_count FROM quarantine WHERE gateway = ANY(%s)"


class Ledger:
    """What was sent, how often, and when it was acknowledged; may be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.rows: dict[tuple[str, int], tuple[Row, ...]] = {}
        self.rejects: Counter[str] = Counter()
        self.sends: Counter[tuple[str, int]] = Counter()
        self.acks: Counter[tuple[str, int]] = Counter()
        self.sent_s: dict[tuple[str, int], float] = {}
        self.acked_s: dict[tuple[str, int], float] = {}
        self.strangers: list[tuple[str, int]] = []

    def send(self, gateway: str, batch_id: int, rows: Iterable[Row], *, rejects: int = 0) -> None:
        """Note that a batch is about to be sent, for the first time or again."""
        key = (gateway, batch_id)
        with self._lock:
            self.sends[key] += 1
            if key not in self.rows:
                self.rows[key] = tuple(rows)
                self.sent_s[key] = time.monotonic()
                self.rejects[gateway] += rejects

    def acknowledge(self, gateway: str, batch_ids: Iterable[int]) -> None:
        """Note an acknowledgement as the gateway received it."""
        with self._lock:
            for batch_id in batch_ids:
                key = (gateway, batch_id)
                if key not in self.rows:
                    self.strangers.append(key)
                self.acks[key] += 1
                self.acked_s.setdefault(key, time.monotonic())

    def acked(self) -> set[tuple[str, int]]:
        """Return the batches acknowledged so far."""
        with self._lock:
            return set(self.acks)

    def outstanding(self) -> set[tuple[str, int]]:
        """Return the batches sent and not acknowledged."""
        with self._lock:
            return set(self.rows) - set(self.acks)

    @property
    def resend_ratio(self) -> float:
        """Batches sent again, in proportion to all that were sent; 0 when nothing was."""
        with self._lock:
            return (sum(self.sends.values()) - len(self.sends)) / max(len(self.sends), 1)

    def expected(self, keys: Iterable[tuple[str, int]]) -> Counter[tuple[str, str, int, float]]:
        """Return the readings (gateway, sensor, microseconds, value) of the batches."""
        with self._lock:
            return Counter((key[0], *row) for key in keys for row in self.rows[key])


@dataclass(slots=True)
class Report:
    """What the checker found; empty lists throughout when the promise was kept."""

    missing: list[object] = field(default_factory=list)  # acknowledged and not stored
    extra: list[object] = field(default_factory=list)  # stored and never sent
    twice: list[object] = field(default_factory=list)  # stored more than once
    unbalanced: list[str] = field(default_factory=list)  # the account against itself, table and quarantine
    unexplained: list[object] = field(default_factory=list)  # quarantined without a reason, or not at all
    strangers: list[object] = field(default_factory=list)  # acknowledged and never sent

    def faults(self) -> dict[str, object]:
        """Return how many there are of each kind, with the first, for those that there are."""
        names = ("missing", "extra", "twice", "unbalanced", "unexplained", "strangers")
        found = {name: getattr(self, name) for name in names}
        return {name: (len(each), each[0]) for name, each in found.items() if each}


def check(ledger: Ledger, dsn: str, gateways: list[str], *, rejected_max: int = 0) -> Report:
    """Hold the ledger against the database.

    Args:
        ledger: what was sent and acknowledged.
        dsn: a role that may read all tables.
        gateways: all gateways of the ledger; nobody else may have used them.
        rejected_max: how many readings may have been refused unseen, as from a flooding gateway.
    """
    acked = ledger.acked() - set(ledger.strangers)
    with psycopg.connect(dsn) as connection:
        stored = Counter(tuple(row) for row in connection.execute(_READINGS, (gateways,)))
        account = connection.execute(_ACCOUNTS, (gateways,)).fetchone()
        quarantine = connection.execute(_QUARANTINE, (gateways,)).fetchall()
    assert account is not None
    promised, sent = ledger.expected(acked), ledger.expected(ledger.rows)
    report = Report(strangers=list(ledger.strangers))
    report.missing = sorted(set(promised) - set(stored))
    report.extra = sorted(set(stored) - set(sent))
    report.twice = sorted(row for row, count in stored.items() if count > 1)
    report.unbalanced = _unbalanced(account, sum(stored.values()), quarantine, rejected_max)
    report.unexplained = [row for row in quarantine if not row[1]]
    wanted = sum(ledger.rejects.values())
    held = sum(row[2] for row in quarantine)
    if not ledger.outstanding() and held != wanted:
        report.unexplained.append(f"{wanted} readings were to be set aside, the quarantine holds {held}")
    return report


def _unbalanced(
    account: tuple[int, ...], stored_count: int, quarantine: list[tuple[str, str, int]], rejected_max: int
) -> list[str]:
    received, stored, duplicate, conflict, quarantined, rejected = account
    conflicts = sum(row[2] for row in quarantine if row[1] == "conflict")
    others = sum(row[2] for row in quarantine if row[1] != "conflict")
    claims = {
        "received is the sum of its parts": (
            received,
            stored + duplicate + conflict + quarantined + rejected,
        ),
        "stored is what the table holds": (stored, stored_count),
        "conflict is what the quarantine holds": (conflict, conflicts),
        "quarantined is what the quarantine holds": (quarantined, others),
    }
    found = [f"{claim}: {left} and {right}" for claim, (left, right) in claims.items() if left != right]
    if rejected > rejected_max:
        found.append(f"rejected: {rejected}, at most {rejected_max}")
    return found
