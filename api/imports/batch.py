"""The rows of one import, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from api.errors import Fault


class ImportRow(msgspec.Struct):
    """One checked row; None where it says nothing."""

    row: int
    gateway: str
    sensor: str
    quantity: str
    interval_s: float
    site: str
    unit: str | None = None
    area: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    averaging_s: float | None = None
    title: str | None = None
    deployed_at: str | None = None
    site_name: str | None = None
    site_kind: str | None = None
    customers: int | None = None
    area_name: str | None = None
    area_kind: str | None = None
    area_parent: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What an import may do.

    Attributes:
        create: make gateways, sites and areas that are missing.
        dry_run: keep nothing.
        archive: new gateways accept readings from 1970 on.
        credentials: none, for gateways created now, or anew for every gateway named.
    """

    create: bool
    dry_run: bool
    archive: bool
    credentials: Literal["none", "new", "rotate"]


@dataclass(slots=True)
class Batch:
    """Rows that are still good, and the faults of those that are not."""

    rows: list[ImportRow]
    faults: dict[int, Fault] = field(default_factory=dict)

    def reject(self, check: Callable[[ImportRow], Fault | None]) -> None:
        """Take out the rows in which `check` finds a fault."""
        kept: list[ImportRow] = []
        for row in self.rows:
            fault = check(row)
            if fault is None:
                kept.append(row)
            else:
                self.faults[row.row] = fault
        self.rows = kept

    def first_by(self, key: Callable[[ImportRow], str | None]) -> dict[str, ImportRow]:
        """Return the first row for each value of `key`."""
        found: dict[str, ImportRow] = {}
        for row in self.rows:
            value = key(row)
            if value is not None:
                found.setdefault(value, row)
        return found


def encoded(rows: Iterable[object]) -> str:
    """Return rows as the JSON parameter of a set-based statement."""
    return msgspec.json.encode(list(rows)).decode()
