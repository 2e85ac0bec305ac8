"""Time at or beyond a threshold, and the episodes of it, with hysteresis.

An episode begins with the first reading at or beyond the threshold and ends with the first one that is back
by more than the hysteresis. Both are known when the reading comes, so nothing looks to the right of it; a
gap in the readings ends no episode, but its time counts as unknown, not as beyond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_INSTANT: Final = -1
UNKNOWN: Final = -1  # whether the carried reading stands in an episode: by its value alone


class Exceedances(NamedTuple):
    """What `exceedance` returns, one array of shape (w,) each.

    All but the last two are additive over windows. Those two are what a later run continues with: its
    `carry_inside` and `carry_episode_s`.

    Attributes:
        seconds: time for which the held value is at or beyond the threshold.
        covered_s: time for which a value is held at all.
        episode_s: time in episodes; more than `seconds` where the value stands within the hysteresis.
        crossings: episodes that begin in the window.
        closed: episodes that end in the window.
        closed_s: covered time of those, whole.
        inside: whether the last reading before the window's end stands in an episode.
        open_s: covered time of that episode up to that reading.
    """

    seconds: NDArray[np.float64]
    covered_s: NDArray[np.float64]
    episode_s: NDArray[np.float64]
    crossings: NDArray[np.int64]
    closed: NDArray[np.int64]
    closed_s: NDArray[np.float64]
    inside: NDArray[np.bool_]
    open_s: NDArray[np.float64]


class Episodes(NamedTuple):
    """What `episodes` returns, one array of shape (k,) each.

    Attributes:
        start: first reading at or beyond the threshold.
        end: first reading that is back; for one that goes on, the end of its last hold.
        worst: the value furthest beyond the threshold.
        worst_ts: when it came, the first time.
        covered_s: time for which a value was held in the episode.
        closed: whether it has ended.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    worst: NDArray[np.float64]
    worst_ts: NDArray[np.int64]
    covered_s: NDArray[np.float64]
    closed: NDArray[np.bool_]


@kernel
def exceedance(  # noqa: PLR0917 # arrays and scalars: all that a compiled function can take
    ts: NDArray[np.int64],
    value: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    carry_ts: int,
    carry_value: float,
    max_gap_us: int,
    until: int,
    threshold: float,
    hysteresis: float,
    above: bool,  # noqa: FBT001 # kernels know no keyword-only arguments
    carry_inside: int = UNKNOWN,
    carry_episode_s: float = 0.0,
) -> Exceedances:
    """Return the time at or beyond a threshold and the episodes of each window.

    Each value holds until the next one, at most `max_gap_us`; the last one until `until` or its longest hold.

    Args:
        ts: shape (r,), microseconds UTC, strictly ascending; readings outside all windows may be among them.
        value: shape (r,); a reading of NaN is passed over as if it were not there.
        start: shape (w,), ascending; windows are disjoint.
        end: shape (w,).
        carry_ts: last reading before `ts[0]`; `NO_INSTANT` for none.
        carry_value: its value.
        max_gap_us: longest hold; negative: no limit.
        until: nothing is known after it, readings included.
        threshold: in the value's unit.
        hysteresis: an episode ends below threshold - hysteresis (above threshold + hysteresis if not
            `above`); 0 or more.
        above: beyond means at or above; otherwise at or below.
        carry_inside: 1: the carried reading stands in an episode, 0: it does not, `UNKNOWN`: it does if it is
            beyond the threshold. Without hysteresis the last is always right.
        carry_episode_s: covered time of that episode up to the carried reading.
    """
    w = len(start)
    beyond_us = np.zeros(w, np.int64)
    covered = np.zeros(w, np.int64)
    episode_us = np.zeros(w, np.int64)
    crossings = np.zeros(w, np.int64)
    closed = np.zeros(w, np.int64)
    closed_us = np.zeros(w, np.int64)
    inside_at_end = np.zeros(w, np.bool_)
    open_us = np.zeros(w, np.int64)
    sign = 1.0 if above else -1.0
    enter = threshold * sign
    leave = enter - hysteresis
    known = carry_ts != NO_INSTANT and not np.isnan(carry_value)
    held_ts = np.int64(carry_ts)
    held = carry_value * sign
    inside = known and (carry_inside == 1 or (carry_inside == UNKNOWN and held >= enter))
    inside_us = np.int64(round(carry_episode_s * 1e6)) if inside else np.int64(0)
    first = 0  # windows before it end at or before the reading that is held
    r = len(ts)
    for i in range(r + 1):
        last = i == r
        t = np.int64(until) if last else ts[i]
        v = held if last else value[i] * sign
        if t > until or np.isnan(v):
            continue
        if known:
            stop = t
            if max_gap_us >= 0 and t - held_ts > max_gap_us:
                stop = held_ts + max_gap_us
            while first < w and end[first] <= held_ts:
                first += 1
            k = first
            while k < w and (last or start[k] < t):
                inside_at_end[k] = inside
                open_us[k] = inside_us
                length = min(end[k], stop) - max(start[k], held_ts)
                if length > 0:
                    covered[k] += length
                    if held >= enter:
                        beyond_us[k] += length
                    if inside:
                        episode_us[k] += length
                k += 1
            if inside:
                inside_us += max(0, stop - held_ts)
        if last:
            break
        begins = not inside and v >= enter
        ends = inside and v < leave
        if begins or ends:
            k = first
            while k < w and end[k] <= t:
                k += 1
            if k < w and start[k] <= t:
                if begins:
                    crossings[k] += 1
                else:
                    closed[k] += 1
                    closed_us[k] += inside_us
            inside = begins
            inside_us = np.int64(0)
        known = True
        held_ts = t
        held = v
    return Exceedances(
        beyond_us.astype(np.float64) * 1e-6,
        covered.astype(np.float64) * 1e-6,
        episode_us.astype(np.float64) * 1e-6,
        crossings,
        closed,
        closed_us.astype(np.float64) * 1e-6,
        inside_at_end,
        open_us.astype(np.float64) * 1e-6,
    )


@kernel
def episodes(  # noqa: PLR0917 # arrays and scalars: all that a compiled function can take
    ts: NDArray[np.int64],
    value: NDArray[np.float64],
    max_gap_us: int,
    until: int,
    threshold: float,
    hysteresis: float,
    above: bool,  # noqa: FBT001 # kernels know no keyword-only arguments
) -> Episodes:
    """Return the episodes at or beyond a threshold, in order of time.

    Args:
        ts: shape (r,), microseconds UTC, strictly ascending.
        value: shape (r,); a reading of NaN is passed over as if it were not there.
        max_gap_us: longest hold; negative: no limit.
        until: nothing is known after it, readings included.
        threshold: in the value's unit.
        hysteresis: an episode ends below threshold - hysteresis (above threshold + hysteresis if not
            `above`); 0 or more.
        above: beyond means at or above; otherwise at or below.
    """
    r = len(ts)
    starts = np.empty(r, np.int64)
    ends = np.empty(r, np.int64)
    worst = np.empty(r)
    worst_ts = np.empty(r, np.int64)
    covered = np.zeros(r, np.int64)
    closed = np.zeros(r, np.bool_)
    sign = 1.0 if above else -1.0
    enter = threshold * sign
    leave = enter - hysteresis
    inside = False
    held_ts = np.int64(NO_INSTANT)
    n = 0
    for i in range(r + 1):
        last = i == r
        t = np.int64(until) if last else ts[i]
        v = 0.0 if last else value[i] * sign
        if t > until or np.isnan(v):
            continue
        if inside:
            stop = t
            if max_gap_us >= 0 and t - held_ts > max_gap_us:
                stop = held_ts + max_gap_us
            covered[n] += stop - held_ts
            ends[n] = stop if last else t
        if last:
            break
        if inside and v < leave:
            closed[n] = True
            inside = False
            n += 1
        elif inside:
            if v > worst[n] * sign:
                worst[n] = value[i]
                worst_ts[n] = t
        elif v >= enter:
            inside = True
            starts[n] = t
            ends[n] = t
            worst[n] = value[i]
            worst_ts[n] = t
        held_ts = t
    if inside:
        n += 1
    return Episodes(
        starts[:n].copy(),
        ends[:n].copy(),
        worst[:n].copy(),
        worst_ts[:n].copy(),
        covered[:n].astype(np.float64) * 1e-6,
        closed[:n].copy(),
    )
