"""Facts of the hours of one sensor, all families in one pass over its readings.

Everything is split at the hours' edges, so that facts add up over hours and over sensors. Nothing looks to
the right of its hour, but the last slot of an interval that does not divide the hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOUR_US: Final = 3_600_000_000
NO_INSTANT: Final = -1


class HourColumns(NamedTuple):
    """What `hour_facts` returns: one array of shape (h,) per fact, named like the columns of `hour_fact`."""

    n: NDArray[np.int64]
    n_good: NDArray[np.int64]
    slots: NDArray[np.int64]
    mean: NDArray[np.float64]
    m2: NDArray[np.float64]
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    first_ts: NDArray[np.int64]
    last_ts: NDArray[np.int64]
    last_good_ts: NDArray[np.int64]
    last_good_value: NDArray[np.float64]
    integral: NDArray[np.float64]
    covered_s: NDArray[np.float64]
    live_s: NDArray[np.float64]
    outages: NDArray[np.int64]
    increase: NDArray[np.float64]
    on_time: NDArray[np.int64]
    delay_max_s: NDArray[np.float64]
    outages_closed: NDArray[np.int64]
    outage_closed_s: NDArray[np.float64]
    last_calibrating_ts: NDArray[np.int64]


@kernel
def expected_slots(
    window_start: NDArray[np.int64], window_end: NDArray[np.int64], interval_us: int
) -> NDArray[np.int64]:
    """Return how many slots of `interval_us` begin in each [window_start, window_end), shape (h,).

    Slots stand on a grid that begins at 1970-01-01 UTC, so that the counts of adjacent windows add up to the
    count of their union. Slots of an interval beyond an hour belong to the hour in which they begin: most of
    the hours of a three-hourly sensor expect nothing. A window that ends before it begins expects nothing.
    """
    h = len(window_start)
    out = np.zeros(h, np.int64)
    for k in range(h):
        if window_end[k] > window_start[k]:
            out[k] = -(-window_end[k] // interval_us) + (-window_start[k] // interval_us)
    return out


@kernel
def hour_facts(  # noqa: PLR0917 # arrays and scalars: all that a compiled function can take
    ts: NDArray[np.int64],
    value: NDArray[np.float64],
    good: NDArray[np.bool_],
    delay_us: NDArray[np.int64],
    hours: NDArray[np.int64],
    window_start: NDArray[np.int64],
    window_end: NDArray[np.int64],
    interval_us: int,
    max_gap_us: int,
    liveness_us: int,
    on_time_limit_us: int,
    is_counter: bool,  # noqa: FBT001 # kernels know no keyword-only arguments
    carry_good_ts: int,
    carry_good_value: float,
    has_good_carry: bool,  # noqa: FBT001 # kernels know no keyword-only arguments
    horizon: int,
    calibrating: NDArray[np.bool_],
    carry_calibrating_ts: int,
    planned_start: NDArray[np.int64],
    planned_end: NDArray[np.int64],
) -> HourColumns:
    """Return the facts of `hours` from the readings of one sensor.

    Args:
        ts: shape (r,), microseconds UTC, ascending: all readings from the first requested hour to the end of
            the last, those of hours between requested ones included; and, where the interval does not divide
            the hour, of one interval beyond.
        value: shape (r,), calibrated, in the quantity's unit.
        good: shape (r,), whether the reading counts (device measuring, flag not condemning).
        delay_us: shape (r,), arrival less the end of the time that the reading speaks of.
        hours: shape (h,), starts of the requested UTC hours, ascending, gaps allowed.
        window_start: shape (h,), start of the part of the hour that counts (deployed).
        window_end: shape (h,), its end; not after its start means that nothing of the hour counts.
        interval_us: expected distance of readings, length of a slot.
        max_gap_us: how long a value holds at most; at least the averaging time of an averaged value.
        liveness_us: how long a good reading proves life.
        on_time_limit_us: largest delay of a reading that came in time.
        is_counter: whether `increase` is asked for.
        carry_good_ts: the last good reading before `hours[0]`.
        carry_good_value: its value.
        has_good_carry: whether there is one.
        horizon: now; nothing is covered, alive or dead after it.
        calibrating: shape (r,), whether the device was calibrating when it read.
        carry_calibrating_ts: the last such reading before `hours[0]`; -1 for none.
        planned_start: shape (p,), starts of planned maintenance, ascending and disjoint.
        planned_end: shape (p,).

    Returns:
        One entry per requested hour, an empty hour included. `mean`, `m2`, `minimum`, `maximum`,
        `last_good_value`: of the good readings, NaN without any. `first_ts`, `last_ts`: of all readings;
        they and `last_good_ts` are -1 for none. `slots`: slots that begin in the window and hold a good
        reading. `integral` (value x seconds) and `covered_s`: each good value holds until the next one, at
        most `max_gap_us`. `live_s`: union of [ts, ts + liveness) over good readings. `outages`: dead ranges
        that begin in the window; time before the first good reading ever is unknown, not dead. `increase`:
        sum of the steps that end in this hour, a drop counting as a reset to zero; NaN without a good
        reading. `on_time` counts all readings; `delay_max_s` is NaN for none. `outages_closed`: outages that
        a good reading of the hour ends, and `outage_closed_s` their whole length wherever they began, less
        the planned maintenance in it (nothing left: no outage); a device that calibrates is not out, so the
        length counts from the last good or calibrating reading's end of life. `last_calibrating_ts` is -1
        for none.
    """
    h = len(hours)
    r = len(ts)
    n = np.zeros(h, np.int64)
    n_good = np.zeros(h, np.int64)
    slots = np.zeros(h, np.int64)
    mean = np.full(h, np.nan)
    m2 = np.full(h, np.nan)
    minimum = np.full(h, np.nan)
    maximum = np.full(h, np.nan)
    first_ts = np.full(h, NO_INSTANT, np.int64)
    last_ts = np.full(h, NO_INSTANT, np.int64)
    last_good_ts = np.full(h, NO_INSTANT, np.int64)
    last_good_value = np.full(h, np.nan)
    integral = np.zeros(h)
    covered_s = np.zeros(h)
    live_s = np.zeros(h)
    outages = np.zeros(h, np.int64)
    increase = np.full(h, np.nan)
    on_time = np.zeros(h, np.int64)
    delay_max_s = np.full(h, np.nan)
    outages_closed = np.zeros(h, np.int64)
    outage_closed_s = np.zeros(h)
    last_calibrating_ts = np.full(h, NO_INSTANT, np.int64)

    known = has_good_carry
    present_ts = carry_calibrating_ts  # the last calibrating reading so far
    held_ts = carry_good_ts  # the last good reading so far, meaningful when `known`
    held_value = carry_good_value
    grid_fits = HOUR_US % interval_us == 0
    i = 0
    for k in range(h):
        start = hours[k]
        end = start + HOUR_US
        low = max(start, window_start[k])
        high = min(end, window_end[k], horizon)
        slots_end = min(end, window_end[k])
        while i < r and ts[i] < start:
            if good[i]:
                known = True
                held_ts = ts[i]
                held_value = value[i]
            elif calibrating[i]:
                present_ts = ts[i]
            i += 1

        count = 0
        on_time_count = 0
        delay_max = np.int64(0)
        slot_count = 0
        last_slot = np.int64(-1)
        # Deviations from the first good value of the hour: a plain sum of squares loses all digits at an
        # offset (1e6 +- 0.01), and Welford divides once per reading.
        good_count = 0
        pivot = 0.0
        deviation_sum = 0.0
        square_sum = 0.0
        smallest = np.inf
        largest = -np.inf
        steps = 0.0
        weighted = 0.0
        covered_us = np.int64(0)
        live_us = np.int64(0)
        dead_count = 0
        closed_count = 0
        closed_us = np.int64(0)
        hour_first = i
        while i < r and ts[i] < end:
            t = ts[i]
            late = delay_us[i]
            if count == 0 or late > delay_max:
                delay_max = late
            if late <= on_time_limit_us:
                on_time_count += 1
            count += 1
            if good[i]:
                v = value[i]
                if known:
                    hold = min(t, held_ts + max_gap_us, high) - max(held_ts, low)
                    if hold > 0:
                        weighted += held_value * hold
                        covered_us += hold
                    silent_from = held_ts + liveness_us
                    alive = min(t, silent_from, high) - max(held_ts, low)
                    if alive > 0:
                        live_us += alive
                    if silent_from < t and low <= silent_from < high:
                        dead_count += 1
                    present_ts = max(present_ts, held_ts)
                    out_from = present_ts + liveness_us
                    if out_from < t < horizon:
                        out_us = t - out_from
                        for p in range(len(planned_start)):
                            planned = min(t, planned_end[p]) - max(out_from, planned_start[p])
                            if planned > 0:
                                out_us -= planned
                        if out_us > 0:
                            closed_count += 1
                            closed_us += out_us
                    steps += v - held_value if v >= held_value else v
                if good_count == 0:
                    pivot = v
                deviation = v - pivot
                deviation_sum += deviation
                square_sum += deviation * deviation
                good_count += 1
                smallest = min(smallest, v)
                largest = max(largest, v)
                slot = t - t % interval_us
                if slot != last_slot and low <= slot < slots_end:
                    slot_count += 1
                    last_slot = slot
                known = True
                held_ts = t
                held_value = v
            elif calibrating[i]:
                present_ts = t
                last_calibrating_ts[k] = t
            i += 1

        if known:
            hold = min(held_ts + max_gap_us, high) - max(held_ts, low)
            if hold > 0:
                weighted += held_value * hold
                covered_us += hold
            silent_from = held_ts + liveness_us
            alive = min(silent_from, high) - max(held_ts, low)
            if alive > 0:
                live_us += alive
            if low <= silent_from < high:
                dead_count += 1
        if not grid_fits and slots_end > low:
            # The last slot of the window may reach into hours after this one.
            slot = (slots_end - 1) - (slots_end - 1) % interval_us
            if slot >= low and slot != last_slot:
                j = i
                while j < r and ts[j] < slot + interval_us:
                    if good[j]:
                        slot_count += 1
                        break
                    j += 1

        n[k] = count
        n_good[k] = good_count
        slots[k] = slot_count
        on_time[k] = on_time_count
        integral[k] = weighted * 1e-6
        covered_s[k] = covered_us * 1e-6
        live_s[k] = live_us * 1e-6
        outages[k] = dead_count
        outages_closed[k] = closed_count
        outage_closed_s[k] = closed_us * 1e-6
        if count > 0:
            first_ts[k] = ts[hour_first]
            last_ts[k] = ts[i - 1]
            delay_max_s[k] = delay_max * 1e-6
        if good_count > 0:
            mean[k] = pivot + deviation_sum / good_count
            m2[k] = max(0.0, square_sum - deviation_sum * deviation_sum / good_count)
            minimum[k] = smallest
            maximum[k] = largest
            last_good_ts[k] = held_ts
            last_good_value[k] = held_value
            if is_counter:
                increase[k] = steps
    return HourColumns(
        n,
        n_good,
        slots,
        mean,
        m2,
        minimum,
        maximum,
        first_ts,
        last_ts,
        last_good_ts,
        last_good_value,
        integral,
        covered_s,
        live_s,
        outages,
        increase,
        on_time,
        delay_max_s,
        outages_closed,
        outage_closed_s,
        last_calibrating_ts,
    )
