"""Local hours of the day as instants: parts of windows in them, readings in them, their length."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from processing.grid import from_us, to_us

if TYPE_CHECKING:
    from processing.columns import Floats, Ints
    from processing.indicators.recipes import SensorWindows

_HOURS_OF_DAY: Final = 24.0


class Spans(NamedTuple):
    """The same local hours of several days: k stretches [start, end), ascending and disjoint."""

    start: Ints
    end: Ints

    def index_of(self, instants: Ints) -> Ints:
        """Return which stretch holds each instant, -1 for none."""
        at = np.searchsorted(self.start, instants, side="right") - 1
        inside = (at >= 0) & (instants < self.end[np.maximum(at, 0)])
        return np.where(inside, at, -1).astype(np.int64)

    def us_before(self, instants: Ints) -> Ints:
        """Return the microseconds of all stretches before each instant; differences are overlaps."""
        at = np.searchsorted(self.start, instants, side="right") - 1
        length = self.end - self.start
        before = np.cumsum(length) - length
        held = np.maximum(at, 0)
        part = np.minimum(instants, self.end[held]) - self.start[held]
        return np.where(at < 0, 0, before[held] + part).astype(np.int64)


class Pieces(NamedTuple):
    """p parts of windows, ascending and disjoint.

    Attributes:
        start: shape (p,), instants.
        end: shape (p,).
        window: shape (p,), which window each is a part of.
        opens: shape (p,), whether the local hours begin where the part begins.
    """

    start: Ints
    end: Ints
    window: Ints
    opens: Ints

    def seconds(self) -> Floats:
        """Return the length of each part, shape (p,)."""
        return (self.end - self.start).astype(np.float64) * 1e-6

    def sums(self, each: Floats, windows: int) -> Floats:
        """Return the sums of `each`, shape (p,), per window, shape (windows,)."""
        return np.bincount(self.window, weights=each, minlength=windows).astype(np.float64)


def spans(start_us: int, end_us: int, time_zone: str, from_hour: float, to_hour: float) -> Spans:
    """Return the stretches from `from_hour` to `to_hour`, local time, that may touch [start_us, end_us].

    Hours may have fractions. With `to_hour` at or before `from_hour` they end on the next day; equal hours
    mean the whole day.
    """
    zone = ZoneInfo(time_zone)
    first = from_us(start_us).astimezone(zone).date() - timedelta(days=1)
    last = from_us(end_us).astimezone(zone).date() + timedelta(days=1)
    return _spans(first, last, time_zone, from_hour, to_hour)


@lru_cache(maxsize=512)
def _spans(first: date, last: date, time_zone: str, from_hour: float, to_hour: float) -> Spans:
    zone = ZoneInfo(time_zone)
    ends_after = to_hour if to_hour > from_hour else to_hour + _HOURS_OF_DAY
    starts: list[int] = []
    ends: list[int] = []
    for k in range((last - first).days + 1):
        midnight = datetime.combine(first + timedelta(days=k), datetime.min.time())
        # Wall-clock hours, so that 18:00 stays 18:00 on days of 23 or 25 hours.
        begin, end = (
            to_us((midnight + timedelta(hours=hour)).replace(tzinfo=zone)) for hour in (from_hour, ends_after)
        )
        starts.append(begin)
        ends.append(max(begin, end))
    return Spans(np.array(starts, np.int64), np.array(ends, np.int64))


def pieces(start: Ints, end: Ints, held: Spans) -> Pieces:
    """Return the parts of windows [start, end), shape (w,), ascending and disjoint, that lie in the spans."""
    first = np.searchsorted(held.end, start, side="right")
    after = np.searchsorted(held.start, end, side="left")
    counts = np.where(end > start, np.maximum(after - first, 0), 0)
    window = np.repeat(np.arange(len(start)), counts)
    within = np.arange(len(window)) - np.repeat(np.cumsum(counts) - counts, counts)
    span = first[window] + within
    begin = np.maximum(start[window], held.start[span])
    stop = np.minimum(end[window], held.end[span])
    return Pieces(begin, stop, window.astype(np.int64), (begin == held.start[span]).astype(np.int64))


def pieces_of(windows: SensorWindows, from_hour: float, to_hour: float) -> Pieces:
    """Return the parts of a sensor's windows that lie between two local hours."""
    start, end = windows.start, windows.end
    first, last = (int(start[0]), int(end[-1])) if len(start) else (0, 0)
    return pieces(start, end, spans(first, last, windows.time_zone, from_hour, to_hour))
