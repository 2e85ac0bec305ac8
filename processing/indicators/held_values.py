"""Readings that hold until the next one: how long something is true in each window."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from processing.columns import NO_INSTANT
from processing.kernels import weighting

if TYPE_CHECKING:
    from collections.abc import Callable

    from processing.columns import Bools, Floats, Ints
    from processing.indicators.recipes import SensorWindows


class Held(NamedTuple):
    """Seconds per window (or per part of one).

    Attributes:
        true_s: seconds in which a value holds of which the condition is true.
        covered_s: seconds in which any value holds.
    """

    true_s: Floats
    covered_s: Floats


def seconds_where(
    windows: SensorWindows, condition: Callable[[Floats], Bools], parts: tuple[Ints, Ints] | None = None
) -> Held:
    """Return how long the condition is true of the value that holds (at most the sensor's maximum gap).

    Args:
        windows: readings and windows.
        condition: maps values to truths, element by element.
        parts: (start, end) to look at in place of the windows, ascending and disjoint.
    """
    start, end = parts or (windows.start, windows.end)
    carry = np.array([windows.carry_value])
    found = weighting.time_weighted(
        windows.ts,
        _as_number(windows.value, condition),
        start,
        end,
        windows.carry_ts,
        float(_as_number(carry, condition)[0]),
        windows.max_gap_us,
        windows.until,
        False,  # noqa: FBT003 # kernels know no keyword-only arguments
    )
    return Held(found.integral, found.covered_s)


def _as_number(value: Floats, condition: Callable[[Floats], Bools]) -> Floats:
    """Return 1.0 where the condition is true, 0.0 where it is not, NaN where there is no value."""
    return np.where(np.isnan(value), np.nan, condition(value).astype(np.float64))


def integral(windows: SensorWindows, parts: tuple[Ints, Ints]) -> tuple[Floats, Floats]:
    """Return value x seconds and the seconds covered of each part."""
    found = weighting.time_weighted(
        windows.ts,
        windows.value,
        *parts,
        windows.carry_ts,
        windows.carry_value,
        windows.max_gap_us,
        windows.until,
        False,  # noqa: FBT003 # kernels know no keyword-only arguments
    )
    return found.integral, found.covered_s


def seconds(windows: SensorWindows) -> Floats:
    """Return the length of each window in seconds."""
    length: Floats = np.maximum(windows.end - windows.start, 0).astype(np.float64)
    return length * 1e-6


def readings(windows: SensorWindows) -> Ints:
    """Return the number of readings in each window."""
    first = np.searchsorted(windows.ts, windows.start)
    count: Ints = np.maximum(np.searchsorted(windows.ts, windows.end) - first, 0)
    return count


def window_of(windows: SensorWindows, instants: Ints) -> Ints:
    """Return which window holds each instant, -1 for none."""
    if not len(windows.start):
        return np.full(len(instants), -1, np.int64)
    at = np.searchsorted(windows.start, instants, side="right") - 1
    inside = (at >= 0) & (instants < windows.end[np.maximum(at, 0)])
    return np.where(inside, at, -1).astype(np.int64)


def after_gap(windows: SensorWindows) -> Bools:
    """Return which readings, shape (r,), come when nothing holds any more: first of all, or after a gap.

    What looks further left than the longest hold would change in hours that a late reading does not touch.
    """
    before = np.concatenate((np.array([windows.carry_ts], np.int64), windows.ts))[:-1]
    first: Bools = before == NO_INSTANT
    if windows.max_gap_us < 0:
        return first
    gap: Bools = windows.ts - before > windows.max_gap_us
    return first | gap
