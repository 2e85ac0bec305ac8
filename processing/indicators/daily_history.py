"""Sums and counts of daily values over local months, quarters and years, for indicators of a history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from domain.periods import Period
from processing.columns import Cells, Note
from processing.grid import HOUR_US, from_us, period_edges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processing.columns import Bools, Detail, Floats, Ints
    from processing.indicators.recipes import DailyHistory

PERIODS: Final = (Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR)
_HALF_DAY_US: Final = 12 * HOUR_US


class Group(NamedTuple):
    """The m local periods that hold days of a history, in order.

    Attributes:
        start: shape (m,), instants.
        end: shape (m,).
        row: shape (d,), which of them holds each day.
        days: shape (m,), calendar days in the period, with or without a value.
    """

    start: Ints
    end: Ints
    row: Ints
    days: Ints

    def sums(self, each: Floats | Bools | Ints) -> Floats:
        """Return the sums of `each`, shape (d,), per period, added in the order of days."""
        return np.bincount(self.row, weights=each, minlength=len(self.start)).astype(np.float64)


def grouped(history: DailyHistory, period: Period) -> Group:
    """Return the periods of one length that hold the days of the history."""
    none = np.empty(0, np.int64)
    if not len(history.day_start):
        return Group(none, none, none, none)
    first, last = int(history.day_start[0]), int(history.day_start[-1])
    edges = period_edges(first, last + 1, period, history.time_zone)
    at = np.searchsorted(edges, history.day_start, side="right") - 1
    held, row = np.unique(at, return_inverse=True)
    start, end = edges[held], edges[held + 1]
    # Days have 23 to 25 hours: half a day more than whole days of 24 hours rounds to the calendar's number.
    return Group(start, end, row.astype(np.int64), (end - start + _HALF_DAY_US) // (24 * HOUR_US))


def years_of(history: DailyHistory) -> Ints:
    """Return the local year of each day, shape (d,)."""
    zone = ZoneInfo(history.time_zone)
    return np.array([from_us(one).astimezone(zone).year for one in history.day_start.tolist()], np.int64)


def cells(group: Group, value: Floats, known: Bools, columns: Detail | None = None) -> Cells:
    """Return the cells of the periods.

    Args:
        group: the periods.
        value: shape (m,), NaN where there is none.
        known: shape (d,), which days went in.
        columns: what belongs beside the values.
    """
    n = group.sums(known).astype(np.int64)
    note: Sequence[str | None] = [
        None if found else Note.INCOMPLETE if count else Note.NO_DATA
        for found, count in zip((~np.isnan(value)).tolist(), n.tolist(), strict=True)
    ]
    return Cells(
        group.start, group.end, value, n, np.minimum(n / group.days, 1.0), note=note, columns=columns
    )
