"""Interruptions of supply from a file, or from the states of a feeder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processing.columns import NO_INSTANT
from processing.compute.errors import InputError, ParameterError
from processing.compute.sources import opened
from processing.compute.times import EXPECTED, SPAN_MAX_US, SPAN_MAX_Y, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from processing.columns import Bools, Floats, Ints
    from processing.compute.sources import Source
    from processing.compute.times import TimeReader

_NO: Final = frozenset({"", "0", "false", "no", "n", "f", "none", "không", "khong"})
_PLANNED: Final = frozenset({"1", "true", "yes", "y", "t", "planned", "có", "co"})
_ALIASES: Final = {
    "started_at": "start",
    "start_time": "start",
    "begin": "start",
    "ended_at": "end",
    "end_time": "end",
    "customers_affected": "customers",
    "customers_interrupted": "customers",
    "ci": "customers",
    "excluded": "excluded_reason",
    "minutes": "duration_min",
    "duration": "duration_min",
    "duration_minutes": "duration_min",
    "seconds": "duration_s",
    "hours": "duration_h",
}
# Columns of a length in place of an end.
_UNIT_S: Final = {"duration_s": 1.0, "duration_min": 60.0, "duration_h": 3600.0}
_MODES: Final = ("include", "exclude", "only")


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """k interruptions in the order of their start.

    Attributes:
        start: shape (k,), instants.
        end: shape (k,); one that goes on lasts until `until`.
        customers: shape (k,), customers without supply.
        planned: shape (k,).
        excluded: shape (k,), whether a reason excludes it from every index.
        first: start of the time that is known.
        until: end of the time that is known.
        completeness: share of that time in which the supply was watched.
    """

    start: Ints
    end: Ints
    customers: Floats
    planned: Bools
    excluded: Bools
    first: int
    until: int
    completeness: float = 1.0

    def duration_s(self) -> Floats:
        """Return how long each one lasted, shape (k,)."""
        return (self.end - self.start).astype(np.float64) * 1e-6

    def counting(self, planned: str) -> Bools:
        """Return which interruptions count, shape (k,).

        Args:
            planned: "include" counts planned ones like others, "exclude" leaves them out, "only" leaves out
                the others.

        Raises:
            ParameterError: it is none of these.
        """
        if planned not in _MODES:
            raise ParameterError("planned", planned, "include, exclude or only")
        counted: Bools = ~self.excluded
        if planned == "exclude":
            counted &= ~self.planned
        elif planned == "only":
            counted &= self.planned
        return counted


def customers_served(typed: float | None) -> float:
    """Return how many customers are served.

    Raises:
        ParameterError: nobody said so, or it is not a number above 0.
    """
    if typed is None or not 0 < typed < float("inf"):
        found = "nothing" if typed is None else typed
        raise ParameterError("customers", found, "--customers N, the customers served, above 0")
    return typed


def read_events(path: Path, times: TimeReader) -> Events:
    """Return the interruptions of a file with columns `start,end,customers,planned,excluded_reason`.

    `duration_s`, `duration_min` or `duration_h` may stand in place of `end`; without either an interruption
    goes on until the last instant of the file. `planned` and `excluded_reason` may be left out.

    Raises:
        InputError: the file cannot be read, lacks a column, or a cell is wrong.
    """
    source = opened(path)
    columns: dict[str, int] = {}
    for position, name in enumerate(source.header):
        plain = name.strip().lower().replace(" ", "_")
        columns.setdefault(_ALIASES.get(plain, plain), position)
    for wanted in ("start", "customers"):
        if wanted not in columns:
            shown = ",".join(source.header)
            raise InputError(source.name, "header", f"columns {shown}", f"a column {wanted}")
    rows = [_row(_Line(source, columns, times, line, cells)) for line, cells in source.rows]
    rows.sort(key=lambda row: row[0])
    start = np.array([row[0] for row in rows], np.int64)
    end = np.array([row[1] for row in rows], np.int64)
    first = int(start.min()) if rows else 0
    until = max(int(start.max()), int(end.max())) if rows else 0
    if until - first > SPAN_MAX_US:
        ends = " to ".join(text_of(one, times.zone) for one in (first, until))
        raise InputError(source.name, "start", ends, f"times within {SPAN_MAX_Y} years of one another")
    return Events(
        start,
        np.where(end == NO_INSTANT, until, end),
        np.array([row[2] for row in rows], np.float64),
        np.array([row[3] for row in rows], np.bool_),
        np.array([row[4] for row in rows], np.bool_),
        first,
        until,
    )


def of_states(off: Sequence[tuple[int, int]], customers: float, life: tuple[int, int]) -> Events:
    """Return the interruptions that a feeder's states show.

    Args:
        off: [start, end) of each time without supply; an end of `NO_INSTANT` goes on.
        customers: that the feeder serves.
        life: first instant that is known, and the end of what is.
    """
    first, until = life
    start = np.array([one[0] for one in off], np.int64)
    end = np.array([until if one[1] == NO_INSTANT else min(one[1], until) for one in off], np.int64)
    none = np.zeros(len(off), np.bool_)
    return Events(start, end, np.full(len(off), customers), none, none.copy(), first, until)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the file, its cells by column."""

    source: Source
    columns: dict[str, int]
    times: TimeReader
    line: int
    cells: Sequence[Any]

    def wrong(self, column: str, found: object, expected: str) -> InputError:
        return InputError(self.source.name, column, found, expected, row=self.line)

    def text(self, column: str) -> str:
        found = self.cells[self.columns[column]] if column in self.columns else None
        return "" if found is None else str(found).strip()

    def instant(self, column: str) -> int:
        found = self.cells[self.columns[column]]
        try:
            return self.times.instant(found)
        except (ValueError, OverflowError) as error:
            raise self.wrong(column, found or "nothing", EXPECTED) from error

    def number(self, column: str) -> float:
        try:
            found = float(self.text(column))
        except ValueError as error:
            raise self.wrong(column, self.text(column) or "nothing", "a number") from error
        if not 0 <= found < float("inf"):
            raise self.wrong(column, found, "0 or more")
        return found

    def end(self, start: int) -> int:
        if self.text("end"):
            end = self.instant("end")
            if end < start:
                raise self.wrong("end", self.text("end"), "an end not before the start")
            return end
        for column, seconds in _UNIT_S.items():
            if self.text(column):
                return start + round(self.number(column) * seconds * 1e6)
        return NO_INSTANT


def _row(line: _Line) -> tuple[int, int, float, bool, bool]:
    start = line.instant("start")
    planned = line.text("planned").lower()
    if planned not in _NO | _PLANNED:
        raise line.wrong("planned", line.text("planned"), "true or false")
    excluded = line.text("excluded_reason").lower() not in _NO
    return start, line.end(start), line.number("customers"), planned in _PLANNED, excluded
