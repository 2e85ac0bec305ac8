"""Counters and gauges up to the edges of a window: interpolated between readings, or extrapolated.

Sources: TimescaleDB Toolkit, counter_agg (interpolated_delta, extrapolated_delta, idelta, irate, slope), and
Prometheus, rate() and increase(). A counter is made a line that never falls: a drop adds what follows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from processing.columns import Floats, Ints

_NAN = float("nan")
# Prometheus' ranges end a millisecond before the next one begins.
_LAST_MS_US: Final = 1_000
# A bound nearer than this many mean steps is reached; otherwise half a mean step is added.
_NEAR: Final = 1.1
_PARTICULARS: Final = (
    "first",
    "last",
    "delta",
    "time_delta_s",
    "idelta_left",
    "idelta_right",
    "irate_left_per_s",
    "irate_right_per_s",
    "slope_per_s",
    "corr",
)


class Line(NamedTuple):
    """A counter or gauge as the line that is read at edges.

    Attributes:
        ts: shape (r,), microseconds UTC, strictly ascending.
        value: shape (r,), as read.
        level: shape (r,), the value plus all that was lost in drops; a gauge's own value.
    """

    ts: Ints
    value: Floats
    level: Floats


class Change(NamedTuple):
    """What a window adds, and the seconds over which it was added; NaN without two points."""

    delta: float
    seconds: float


def counter_line(ts: Ints, value: Floats, rollover: float = 0.0) -> Line:
    """Return the line of a counter; a drop is a reset to zero, or a run over `rollover` when that is above 0.

    Args:
        ts: shape (r,), microseconds UTC, strictly ascending.
        value: shape (r,).
        rollover: modulus of the counter; 0: none.
    """
    step = np.diff(value)
    ran_over = (rollover > 0.0) & (value[:-1] <= rollover)
    step = np.where(step < 0.0, np.where(ran_over, rollover - value[:-1] + value[1:], value[1:]), step)
    level = value[:1].tolist() + (value[0] + np.cumsum(step)).tolist() if len(value) else []
    return Line(ts, value, np.array(level, np.float64))


def gauge_line(ts: Ints, value: Floats) -> Line:
    """Return the line of a gauge."""
    return Line(ts, value, value)


def interpolated(line: Line, start: int, end: int) -> Change:
    """Return the change over [start, end], edges on the straight line between the readings around them.

    Where no reading lies beyond an edge the window reaches to the outermost reading.
    """
    if not len(line.ts):
        return Change(_NAN, _NAN)
    low, high = max(start, int(line.ts[0])), min(end, int(line.ts[-1]))
    if high <= low:
        return Change(0.0 if start <= line.ts[0] < end else _NAN, _NAN)
    # Counted from the first reading: microseconds since 1970 leave a double no room for a fraction.
    since = (line.ts - line.ts[0]).astype(np.float64)
    edges = np.interp([float(low - line.ts[0]), float(high - line.ts[0])], since, line.level)
    return Change(float(edges[1] - edges[0]), (high - low) * 1e-6)


def extrapolated(line: Line, start: int, end: int, *, from_zero: bool, newer: bool = False) -> Change:
    """Return Prometheus' increase over [start, end) and the seconds by which its rate divides.

    Args:
        line: of the readings.
        start: of the window.
        end: of the window.
        from_zero: whether the line does not go below 0 (counters).
        newer: as Prometheus 3 has it: the way down to 0 is asked for after the half step, and no millisecond
            is taken off the end. Otherwise as the Toolkit and Prometheus before it have it.
    """
    first, last = np.searchsorted(line.ts, [start, end], side="left")
    if last - first < 2:  # noqa: PLR2004 # a line takes two points
        return Change(_NAN, _NAN)
    delta = float(line.level[last - 1] - line.level[first])
    sampled = float(line.ts[last - 1] - line.ts[first]) * 1e-6
    mean_step = sampled / float(last - first - 1)
    till = end if newer else end - _LAST_MS_US
    to_zero = np.inf
    if from_zero and delta > 0.0 <= line.value[first]:
        to_zero = sampled * float(line.value[first]) / delta
    to_start = float(line.ts[first] - start) * 1e-6
    to_start = (
        min(_reached(to_start, mean_step), to_zero) if newer else _reached(min(to_start, to_zero), mean_step)
    )
    to_end = _reached(float(till - line.ts[last - 1]) * 1e-6, mean_step)
    return Change(delta * (to_start + sampled + to_end) / sampled, (till - start) * 1e-6)


def _reached(gap: float, mean_step: float) -> float:
    """Return how far the line is drawn towards a bound."""
    return gap if gap < _NEAR * mean_step else mean_step / 2.0


def particulars(line: Line, start: int, end: int) -> dict[str, Any]:
    """Return what the readings of [start, end) say by themselves: first and last steps, and the fitted line.

    `slope_per_s` is the least-squares slope of the line, `corr` its correlation with time.
    """
    first, last = np.searchsorted(line.ts, [start, end], side="left")
    ts, level = line.ts[first:last], line.level[first:last]
    told: dict[str, Any] = {"num_elements": len(ts), **dict.fromkeys(_PARTICULARS, _NAN)}
    if not len(ts):
        return told
    told |= {"first": line.value[first], "last": line.value[last - 1], "delta": level[-1] - level[0]}
    told |= {"time_delta_s": float(ts[-1] - ts[0]) * 1e-6, "idelta_left": 0.0, "idelta_right": 0.0}
    if len(ts) < 2:  # noqa: PLR2004 # a step takes two points
        return told
    seconds = (ts - ts[0]).astype(np.float64) * 1e-6
    told |= {"idelta_left": level[1] - level[0], "idelta_right": level[-1] - level[-2]}
    told["irate_left_per_s"] = told["idelta_left"] / seconds[1]
    told["irate_right_per_s"] = told["idelta_right"] / (seconds[-1] - seconds[-2])
    x, y = seconds - seconds.mean(), level - level.mean()
    told["slope_per_s"] = float(x @ y / (x @ x))
    told["corr"] = float(x @ y / np.sqrt((x @ x) * (y @ y))) if (y @ y) > 0 else _NAN
    return told
