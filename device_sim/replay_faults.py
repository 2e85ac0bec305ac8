"""Why a row or a cell of a replayed file was not published."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_FOUND_LENGTH_MAX: Final = 60


class RejectReason(StrEnum):
    """Stable reason codes; those of the first group reject a whole row."""

    UNCLOSED_QUOTE = "unclosed_quote"
    LINE_TOO_LONG = "line_too_long"
    COLUMN_COUNT = "column_count"
    TIME_UNREADABLE = "time_unreadable"
    TIME_NOT_IN_ZONE = "time_not_in_zone"
    TIME_AMBIGUOUS = "time_ambiguous"
    TIME_ANCIENT = "time_ancient"
    TIME_FUTURE = "time_future"
    SITE = "site"

    NOT_A_NUMBER = "not_a_number"
    NOT_FINITE = "not_finite"


@dataclass(frozen=True, slots=True)
class Reject:
    """One cell, or one row with all its cells, that was not published.

    Attributes:
        line: line of the file, the header is 1.
        column: name of the column, None when it concerns the whole row.
        reason: why.
        found: what stands there, shortened.
        expected: what should.
        cells: how many cells are lost by it.
    """

    line: int
    column: str | None
    reason: RejectReason
    found: str
    expected: str
    cells: int = 1

    def __str__(self) -> str:
        """Return one line for people."""
        where = f"line {self.line}" + ("" if self.column is None else f", column {self.column}")
        return f"{where}: {self.reason}: found {self.found}, expected {self.expected}"


class RowFaultError(Exception):
    """A row cannot be published; becomes a `Reject`."""

    def __init__(self, reason: RejectReason, column: str | None, found: object, expected: str) -> None:
        self.reason = reason
        self.column = column
        self.found = shown(found)
        self.expected = expected
        super().__init__(f"{column}: found {self.found}, expected {expected}")


def shown(found: object) -> str:
    """Return what was found, printable and short."""
    text = repr(found).encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= _FOUND_LENGTH_MAX else f"{text[:_FOUND_LENGTH_MAX]}…"
