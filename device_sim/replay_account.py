"""The account of a replayed file: every row and every cell ends up in exactly one place."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from device_sim.replay_faults import Reject, RejectReason

EXAMPLES_MAX: Final = 20
_REJECTS_HEADER: Final = ("file", "line", "column", "reason", "found", "expected", "cells")


class RejectsFile:
    """The full list of what was rejected, as CSV."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("w", newline="", encoding="utf-8", errors="backslashreplace")
        self._writer = csv.writer(self._file)
        self._writer.writerow(_REJECTS_HEADER)

    def add(self, path: Path, reject: Reject) -> None:
        """Append one."""
        self._writer.writerow(
            (
                path,
                reject.line,
                reject.column or "",
                reject.reason,
                reject.found,
                reject.expected,
                reject.cells,
            )
        )

    def close(self) -> None:
        """End the list."""
        self._file.close()


@dataclass(slots=True)
class FileAccount:
    """What became of a file; `cells = published + missing + rejected` always holds.

    Attributes:
        path: the file.
        rows: rows read: lines after the header that are not empty.
        blank_rows: empty lines.
        cells: rows times mapped columns.
        published: cells with a value, handed to the outbox and from there to MQTT.
        pending: of these, not acknowledged yet.
        missing: cells that hold a marker of a missing value.
        rejected: cells that cannot be published.
        rejected_rows: rows of which no cell can be published.
        resumed_rows: rows that an earlier, interrupted run had handed over.
        sites: codes of the sites in the file.
        finished: read to its end, and all acknowledged.
    """

    path: Path
    rows: int = 0
    blank_rows: int = 0
    cells: int = 0
    published: int = 0
    pending: int = 0
    missing: int = 0
    rejected: int = 0
    rejected_rows: int = 0
    resumed_rows: int = 0
    by_reason: Counter[RejectReason] = field(default_factory=Counter["RejectReason"])
    examples: list[Reject] = field(default_factory=list["Reject"])
    sites: list[str] = field(default_factory=list[str])
    finished: bool = False

    @property
    def acknowledged(self) -> int:
        """Cells that ingest has acknowledged."""
        return max(0, self.published - self.pending)

    def reject(self, reject: Reject) -> None:
        """Book one reject."""
        self.rejected += reject.cells
        self.by_reason[reject.reason] += reject.cells
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(reject)

    def as_dict(self) -> dict[str, Any]:
        """Return the account for machines."""
        return {
            "file": str(self.path),
            "sites": self.sites,
            **_counts([self]),
            "examples": [str(reject) for reject in self.examples],
        }


def _counts(accounts: list[FileAccount]) -> dict[str, Any]:
    reasons: Counter[RejectReason] = Counter()
    for account in accounts:
        reasons.update(account.by_reason)
    return {
        "rows": sum(account.rows for account in accounts),
        "blank_rows": sum(account.blank_rows for account in accounts),
        "resumed_rows": sum(account.resumed_rows for account in accounts),
        "cells": sum(account.cells for account in accounts),
        "published": sum(account.published for account in accounts),
        "acknowledged": sum(account.acknowledged for account in accounts),
        "missing": sum(account.missing for account in accounts),
        "rejected": sum(account.rejected for account in accounts),
        "rejected_rows": sum(account.rejected_rows for account in accounts),
        "rejected_by_reason": {str(reason): count for reason, count in sorted(reasons.items())},
        "finished": all(account.finished for account in accounts),
    }


@dataclass(slots=True)
class Summary:
    """The end of a replay.

    Attributes:
        files: their accounts, in the order given.
        elapsed_s: from the first byte read to the last acknowledgement.
        stored: of the cells acknowledged now, new in the database; None where the API does not tell.
        duplicate: the same value was stored already.
        conflict: another value was stored for the same time.
        quarantined: set aside by ingest.
        trouble: why the replay ended before everything was acknowledged.
    """

    files: list[FileAccount]
    elapsed_s: float = 0.0
    stored: int | None = None
    duplicate: int | None = None
    conflict: int | None = None
    quarantined: int | None = None
    trouble: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every file was read to its end and everything published was acknowledged."""
        return all(account.finished for account in self.files)

    def as_dict(self) -> dict[str, Any]:
        """Return the summary for machines: the counts over all files, then file by file."""
        return {
            **_counts(self.files),
            "stored": self.stored,
            "duplicate": self.duplicate,
            "conflict": self.conflict,
            "quarantined": self.quarantined,
            "elapsed_s": round(self.elapsed_s, 3),
            "trouble": self.trouble,
            "files": [account.as_dict() for account in self.files],
        }
