"""Time-weighted sums of a value over windows: held until the next reading, or on the line between two.

Both are additive: what adjacent windows give adds up to what their union gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_INSTANT: Final = -1


class Weighted(NamedTuple):
    """What `time_weighted` returns, one array of shape (w,) each."""

    integral: NDArray[np.float64]
    covered_s: NDArray[np.float64]


@kernel
def time_weighted(  # noqa: PLR0917 # arrays and scalars: all that a compiled function can take
    ts: NDArray[np.int64],
    value: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    carry_ts: int,
    carry_value: float,
    max_gap_us: int,
    until: int,
    linear: bool,  # noqa: FBT001 # kernels know no keyword-only arguments
) -> Weighted:
    """Return the integral of the value over each window, in value x seconds, and the seconds it covers.

    Held (`linear` false): each value holds until the next one, at most `max_gap_us`; the last one until
    `until` or its longest hold. Linear: a line between neighbours no further apart than `max_gap_us`, cut
    exactly at the windows' edges; nothing is covered after the last reading or before the first.
    integral / covered_s is the time-weighted mean.

    Args:
        ts: shape (r,), microseconds UTC, strictly ascending; readings outside all windows may be among them.
        value: shape (r,); a reading of NaN is passed over as if it were not there.
        start: shape (w,), ascending; windows are disjoint.
        end: shape (w,); a window that ends at or before its start is empty.
        carry_ts: last reading before `ts[0]`; `NO_INSTANT` for none.
        carry_value: its value.
        max_gap_us: longest hold, longest line; negative: no limit.
        until: nothing is known after it, readings included.
        linear: lines instead of holds.
    """
    w = len(start)
    integral = np.zeros(w)
    covered = np.zeros(w, np.int64)
    known = carry_ts != NO_INSTANT and not np.isnan(carry_value)
    held_ts = np.int64(carry_ts)
    held_value = carry_value
    first = 0  # windows before it end at or before the reading that is held
    r = len(ts)
    for i in range(r + 1):
        # The turn after the last reading closes the last hold; a line has nothing to close.
        if i < r:
            t = ts[i]
            v = value[i]
            if t > until:
                continue
            if np.isnan(v):
                continue
        elif linear:
            break
        else:
            t = np.int64(until)
            v = held_value
        if known:
            stop = t
            if max_gap_us >= 0 and t - held_ts > max_gap_us:
                stop = held_ts if linear else held_ts + max_gap_us
            while first < w and end[first] <= held_ts:
                first += 1
            k = first
            while k < w and start[k] < stop:
                low = max(start[k], held_ts)
                high = min(end[k], stop)
                if high > low:
                    length = high - low
                    covered[k] += length
                    if linear:
                        # The line at the middle of the piece times its length is the trapezoid.
                        middle = 0.5 * ((low - held_ts) + (high - held_ts))
                        share = middle / (t - held_ts)
                        integral[k] += (held_value + (v - held_value) * share) * length
                    else:
                        integral[k] += held_value * length
                k += 1
        known = True
        held_ts = t
        held_value = v
    return Weighted(integral * 1e-6, covered.astype(np.float64) * 1e-6)
