"""Life and death told by heartbeats: each proves life for a while, and silence beyond that is an outage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_INSTANT: Final = -1


class Liveness(NamedTuple):
    """What `liveness` returns, one array of shape (w,) each.

    All but `longest_s` are additive over windows: an outage is counted where it begins, a closed one and its
    whole length where it ends. closed_s / closed is the mean time to repair.

    Attributes:
        live_s: seconds alive.
        dead_s: seconds dead; what is neither is unknown.
        outages: outages that begin in the window.
        closed: outages that a heartbeat in the window ends.
        closed_s: the length of those, from the end of the proof of life to the heartbeat.
        longest_s: the longest dead stretch inside the window.
    """

    live_s: NDArray[np.float64]
    dead_s: NDArray[np.float64]
    outages: NDArray[np.int64]
    closed: NDArray[np.int64]
    closed_s: NDArray[np.float64]
    longest_s: NDArray[np.float64]


class Ranges(NamedTuple):
    """Stretches [start, end) in microseconds UTC, shape (k,) each."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]


@kernel
def liveness(  # noqa: PLR0917 # arrays and scalars: all that a compiled function can take
    ts: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    carry_ts: int,
    liveness_us: int,
    until: int,
    unknown_before_first: bool,  # noqa: FBT001 # kernels know no keyword-only arguments
) -> Liveness:
    """Return life and outages of each window. A heartbeat at t proves life over [t, t + liveness_us).

    Proofs that touch or overlap make one live stretch. Windows that begin in the middle of an outage hold its
    dead time and not the outage.

    Args:
        ts: shape (r,), microseconds UTC, ascending, equal ones allowed; some may lie outside all windows.
        start: shape (w,), ascending; windows are disjoint.
        end: shape (w,).
        carry_ts: last heartbeat before `ts[0]`; `NO_INSTANT` for none.
        liveness_us: how long a heartbeat proves life.
        until: nothing is known at and after it, heartbeats included.
        unknown_before_first: without carry the time before the first heartbeat is unknown; otherwise it is an
            outage that begins with the first window, so that live_s + dead_s is the windows' length.
    """
    w = len(start)
    live = np.zeros(w, np.int64)
    dead = np.zeros(w, np.int64)
    outages = np.zeros(w, np.int64)
    closed = np.zeros(w, np.int64)
    closed_us = np.zeros(w, np.int64)
    longest = np.zeros(w, np.int64)
    known = carry_ts != NO_INSTANT
    held = np.int64(carry_ts)
    silent_from = held + liveness_us
    if not known and not unknown_before_first and w > 0:
        known = True
        held = start[0]
        silent_from = start[0]
    first = 0  # windows before it end at or before the last heartbeat
    r = len(ts)
    for i in range(r + 1):
        last = i == r
        t = np.int64(until) if last else ts[i]
        if t > until:
            continue
        if known:
            while first < w and end[first] <= held:
                first += 1
            alive_until = min(t, silent_from)
            k = first
            while k < w and start[k] <= t:
                alive = min(end[k], alive_until) - max(start[k], held)
                if alive > 0:
                    live[k] += alive
                if silent_from < t:
                    silent = min(end[k], t) - max(start[k], silent_from)
                    if silent > 0:
                        dead[k] += silent
                        longest[k] = max(longest[k], silent)
                    if start[k] <= silent_from < end[k]:
                        outages[k] += 1
                    if t < end[k] and t < until:
                        closed[k] += 1
                        closed_us[k] += t - silent_from
                k += 1
        if not last:
            known = True
            held = t
            silent_from = t + liveness_us
    return Liveness(
        live.astype(np.float64) * 1e-6,
        dead.astype(np.float64) * 1e-6,
        outages,
        closed,
        closed_us.astype(np.float64) * 1e-6,
        longest.astype(np.float64) * 1e-6,
    )


@kernel
def live_ranges(ts: NDArray[np.int64], start: int, end: int, carry_ts: int, liveness_us: int) -> Ranges:
    """Return the live stretches of [start, end), touching and overlapping proofs of life merged.

    Args:
        ts: shape (r,), ascending, equal ones allowed.
        start: of the window.
        end: of the window.
        carry_ts: last heartbeat before `ts[0]`; `NO_INSTANT` for none.
        liveness_us: how long a heartbeat proves life.
    """
    r = len(ts)
    starts = np.empty(r + 1, np.int64)
    ends = np.empty(r + 1, np.int64)
    n = 0
    for i in range(-1, r):
        if i < 0 and carry_ts == NO_INSTANT:
            continue
        t = np.int64(carry_ts) if i < 0 else ts[i]
        low = max(t, start)
        high = min(t + liveness_us, end)
        if high <= low:
            continue
        if n > 0 and low <= ends[n - 1]:
            ends[n - 1] = max(ends[n - 1], high)
        else:
            starts[n] = low
            ends[n] = high
            n += 1
    return Ranges(starts[:n].copy(), ends[:n].copy())


@kernel
def dead_ranges(ts: NDArray[np.int64], start: int, end: int, carry_ts: int, liveness_us: int) -> Ranges:
    """Return what `live_ranges` leaves of [start, end); the same arguments."""
    live = live_ranges(ts, start, end, carry_ts, liveness_us)
    count = len(live.start)
    starts = np.empty(count + 1, np.int64)
    ends = np.empty(count + 1, np.int64)
    n = 0
    from_us = np.int64(start)
    for i in range(count + 1):
        to_us = live.start[i] if i < count else np.int64(end)
        if to_us > from_us:
            starts[n] = from_us
            ends[n] = to_us
            n += 1
        if i < count:
            from_us = live.end[i]
    return Ranges(starts[:n].copy(), ends[:n].copy())
