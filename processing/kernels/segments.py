"""All families of facts in one ordered pass, in a form that can be put together again.

A segment is what a stretch of one sensor's readings says by itself. Segments are an ordered monoid: adjacent
ones merge into that of their union, in any grouping, and one without readings changes nothing. What a window
knows beyond its own readings is added by `window_facts.finalise`.

The engine keeps hour facts (kernels/hours.py), which also know deployment, maintenance and arrival. This pass
takes readings as they are and selects exact quantiles on the way; it is for computing much at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Records = NDArray[np.void]

NO_INSTANT: Final = -1
NO_LIMIT_US: Final = 2**62  # what a negative maximum gap means

# One record per stretch of readings. Without a good reading all is zero but `n`, and both instants are -1.
# mean, m2 (squared deviations from the mean), minimum, maximum: of the good readings. first_*, last_*: of the
# first and last good reading. Between the two: integral (value x microseconds) and covered_us, each value
# held until the next one and at most the maximum gap; outages, dead_us and longest_us, silence beyond the
# liveness; increase of the counter and how often it was reset to zero.
SEGMENT: Final = np.dtype(
    [(name, np.int64) for name in ("n", "n_good", "first_ts", "last_ts", "covered_us")]
    + [(name, np.int64) for name in ("outages", "dead_us", "longest_us", "resets")]
    + [(name, np.float64) for name in ("mean", "m2", "minimum", "maximum", "last_value")]
    + [(name, np.float64) for name in ("first_counter", "last_counter", "integral", "increase")]
)

_SAMPLE: Final = 16
_SORTED_MAX: Final = 24  # so few values are sorted rather than divided once more
_ROUNDS_MAX: Final = 40  # an unlucky selection gives way to a sort
_STRIDE: Final = 8  # of a search from a guess: a line of memory
_MARGIN_PLACES: Final = 2
# Values that may be among the highest are set apart on the way, by what the window before had as high.
_HIGH: Final = 0.8
_MARGIN: Final = 0.6


class Pass(NamedTuple):
    """What `segments_of` returns.

    Attributes:
        segments: shape (c,), records of SEGMENT.
        quantiles: shape (c, q), of the good values; NaN without any.
    """

    segments: Records
    quantiles: Floats


@kernel
def _sort(a: Floats, n: int) -> None:
    """Sort a[:n] as Shell does: few values by insertion, many in n ** 1.5 steps at worst."""
    distance = 1
    while distance < n // _SORTED_MAX:
        distance = 3 * distance + 1
    while distance > 0:
        for i in range(distance, n):
            x = a[i]
            j = i
            while j >= distance and a[j - distance] > x:
                a[j] = a[j - distance]
                j -= distance
            a[j] = x
        distance //= 3


@kernel
def _ranked(a: Floats, n: int, rank: int, spare: Floats, sample: Floats) -> tuple[float, float]:
    """Return the values at `rank` and `rank` + 1 of a[:n] in order (the first again when it is the last).

    A sample names a value a little to the inner side of the rank; what is beyond it is copied without a
    branch, and is a small part of all for a quantile near an end. `a` stays as it is; `spare` is overwritten.
    """
    source = a
    beyond = np.nan  # the smallest value above those that are left; NaN: there is none
    for _ in range(_ROUNDS_MAX):
        if n <= _SORTED_MAX:
            break
        # Elements at even distances: readings of one hour resemble their neighbours.
        step = n / _SAMPLE
        for i in range(_SAMPLE):
            sample[i] = source[int((i + 0.5) * step)]
        _sort(sample, _SAMPLE)
        place = int(rank * _SAMPLE / n)
        inner = place - _MARGIN_PLACES if 2 * rank > n else place + _MARGIN_PLACES
        place = min(max(inner, 0), _SAMPLE - 1)
        pivot = sample[place]
        less = 0
        equal = 0
        for i in range(n):
            less += source[i] < pivot
            equal += source[i] == pivot
        kept = 0
        if rank < less:
            for i in range(n):
                x = source[i]
                spare[kept] = x
                kept += x < pivot
            beyond = pivot
        elif rank >= less + equal:
            for i in range(n):
                x = source[i]
                spare[kept] = x
                kept += x > pivot
            rank -= less + equal
        else:
            if rank + 1 < less + equal:
                return pivot, pivot
            for i in range(n):
                x = source[i]
                if x > pivot and not beyond <= x:
                    beyond = x
            return pivot, pivot if np.isnan(beyond) else beyond
        n = kept
        source = spare
    if source is not spare:
        spare[:n] = source[:n]
    _sort(spare, n)
    x = spare[rank]
    if rank + 1 < n:
        return x, spare[rank + 1]
    return x, x if np.isnan(beyond) else beyond


@kernel
def _first_from(ts: Ints, low: int, high: int, instant: int) -> int:
    """Return the first of the rows [low, high) at or after an instant, `high` for none.

    The search begins where the row would be if readings came evenly: every look far away waits for memory.
    """
    if low >= high or ts[low] >= instant:
        return low
    if ts[high - 1] < instant:
        return high
    # From here on ts[low] < instant <= ts[high].
    high -= 1
    guess = low + int((high - low) * ((instant - ts[low]) / (ts[high] - ts[low])))
    step = _STRIDE
    if ts[guess] < instant:
        low = guess
        while low + step < high and ts[low + step] < instant:
            low += step
            step *= 2
        high = min(high, low + step)
    else:
        high = guess
        while high - step > low and ts[high - step] >= instant:
            high -= step
            step *= 2
        low = max(low, high - step)
    while high - low > 1:
        middle = (low + high) >> 1
        if ts[middle] < instant:
            low = middle
        else:
            high = middle
    return high


@kernel
def segments_of(  # noqa: PLR0917 # arrays and scalars: all that a compiled function can take
    ts: Ints,
    value: Floats,
    counter: Floats,
    good: Bools,
    first_row: Ints,
    last_row: Ints,
    start: Ints,
    end: Ints,
    max_gap_us: int,
    liveness_us: int,
    p: Floats,
) -> Pass:
    """Return the segment and the exact quantiles of every window, windows of many sensors in one call.

    Windows of one sensor that follow one another are filled by going on; where one begins or ends is searched
    for among the rows that are left, so a few windows cost no pass over all rows. A window's quantile tells
    which values of the next one are kept apart as high: a wrong guess costs time and changes no result.

    Args:
        ts: shape (r,), microseconds UTC; the readings of one sensor lie together, ascending.
        value: shape (r,), finite where `good`.
        counter: shape (r,), what counts up, of the same readings; `value` itself for a meter. Finite where
            `good`.
        good: shape (r,), whether the reading counts.
        first_row: shape (c,), where the readings of the window's sensor begin.
        last_row: shape (c,), and end, exclusive.
        start: shape (c,), microseconds UTC; windows of a sensor are disjoint and ascending.
        end: shape (c,), exclusive.
        max_gap_us: how long a value holds at most; negative: no limit.
        liveness_us: how long a good reading proves life.
        p: shape (q,), from 0 to 1: which quantiles.
    """
    cells = len(start)
    segments = np.zeros(cells, SEGMENT)
    quantiles = np.full((cells, len(p)), np.nan)
    longest_hold = np.int64(max_gap_us) if max_gap_us >= 0 else np.int64(NO_LIMIT_US)
    longest_life = np.int64(liveness_us)
    # Beyond this distance something is to be done that most readings need not be asked about.
    unusual = min(longest_hold, longest_life)
    most = 0
    for k in range(cells):
        most = max(most, last_row[k] - first_row[k])
    values = np.empty(most)
    high_values = np.empty(most)
    spare = np.empty(most)
    sample = np.empty(_SAMPLE)
    high_from = np.inf
    i = 0
    for k in range(cells):
        if k == 0 or first_row[k] != first_row[k - 1]:
            i = first_row[k]
            high_from = np.inf
        rows_end = last_row[k]
        if i < rows_end and ts[i] < start[k]:
            i = _first_from(ts, i, rows_end, start[k])
        window_end = end[k]
        first = i
        while i < rows_end and ts[i] < window_end and not good[i]:
            i += 1
        found = segments[k]
        found["first_ts"] = NO_INSTANT
        found["last_ts"] = NO_INSTANT
        if i >= rows_end or ts[i] >= window_end:
            found["n"] = i - first
            continue
        # Deviations from the first value: a plain sum of squares loses all digits at an offset.
        pivot = value[i]
        deviation_sum = 0.0
        square_sum = 0.0
        smallest = pivot
        largest = pivot
        first_ts = ts[i]
        first_counter = counter[i]
        held_ts = first_ts
        held_value = pivot
        held_counter = first_counter
        weighted = 0.0
        uncovered = np.int64(0)
        outages = 0
        dead = np.int64(0)
        longest = np.int64(0)
        fallen = 0.0
        resets = 0
        stop = _first_from(ts, i, rows_end, window_end)
        values[0] = pivot
        count = 1
        high_values[0] = pivot
        high_count = int(pivot >= high_from)
        for j in range(i + 1, stop):
            if good[j]:
                t = ts[j]
                v = value[j]
                reached = counter[j]
                gap = t - held_ts
                if gap > unusual:
                    if gap > longest_life:
                        outages += 1
                        dead += gap - longest_life
                        longest = max(longest, gap - longest_life)
                    if gap > longest_hold:
                        uncovered += gap - longest_hold
                        gap = longest_hold
                weighted += held_value * gap
                if reached < held_counter:
                    resets += 1
                    fallen += held_counter
                deviation = v - pivot
                deviation_sum += deviation
                square_sum += deviation * deviation
                smallest = min(smallest, v)
                largest = max(largest, v)
                values[count] = v
                count += 1
                high_values[high_count] = v
                high_count += v >= high_from
                held_ts = t
                held_value = v
                held_counter = reached
        i = stop
        found["n"] = i - first
        found["n_good"] = count
        found["first_ts"] = first_ts
        found["last_ts"] = held_ts
        found["mean"] = pivot + deviation_sum / count
        found["m2"] = max(0.0, square_sum - deviation_sum * deviation_sum / count)
        found["minimum"] = smallest
        found["maximum"] = largest
        found["last_value"] = held_value
        found["first_counter"] = first_counter
        found["last_counter"] = held_counter
        found["integral"] = weighted
        found["covered_us"] = held_ts - first_ts - uncovered
        found["outages"] = outages
        found["dead_us"] = dead
        found["longest_us"] = longest
        # The steps add up to this: where it fell, it had risen to that height before.
        found["increase"] = held_counter - first_counter + fallen
        found["resets"] = resets
        next_from = np.inf
        for q in range(len(p)):
            h = (count - 1) * p[q]
            rank = min(max(int(np.floor(h)), 0), count - 1)
            low_count = count - high_count
            if rank >= low_count:
                below, above = _ranked(high_values, high_count, rank - low_count, spare, sample)
            else:
                below, above = _ranked(values, count, rank, spare, sample)
            share = h - rank
            # Two forms, as numpy has them: each is exact at its own end. Which of two zeros was found depends
            # on the windows before; adding one makes it the positive one, so that the bits do not.
            if share >= 0.5:  # noqa: PLR2004
                quantiles[k, q] = above - (above - below) * (1.0 - share) + 0.0
            else:
                quantiles[k, q] = below + (above - below) * share + 0.0
            if p[q] >= _HIGH:
                next_from = min(next_from, below - _MARGIN * (largest - below))
        high_from = next_from
    return Pass(segments, quantiles)


@kernel
def merged(segments: Records, bounds: Ints, max_gap_us: int, liveness_us: int) -> Records:
    """Return the segments of longer stretches, shape (g,): stretch k is segments[bounds[k]:bounds[k + 1]].

    What lies between two neighbours (a hold, a silence, a step of the counter) follows from the last good
    reading of the one and the first of the other. Means and squared deviations merge as Chan, Golub and
    LeVeque (1979) say.

    Args:
        segments: shape (c,), those of a stretch in time order, of one sensor.
        bounds: shape (g + 1,), ascending.
        max_gap_us: as the segments were made.
        liveness_us: as the segments were made.
    """
    groups = len(bounds) - 1
    out = np.zeros(groups, SEGMENT)
    longest_hold = np.int64(max_gap_us) if max_gap_us >= 0 else np.int64(NO_LIMIT_US)
    for g in range(groups):
        into = out[g]
        into["first_ts"] = NO_INSTANT
        into["last_ts"] = NO_INSTANT
        for k in range(bounds[g], bounds[g + 1]):
            part = segments[k]
            into["n"] += part["n"]
            if part["n_good"] == 0:
                continue
            if into["n_good"] == 0:
                n = into["n"]
                out[g] = part
                into["n"] = n
                continue
            gap = part["first_ts"] - into["last_ts"]
            hold = min(gap, longest_hold)
            into["integral"] += into["last_value"] * hold + part["integral"]
            into["covered_us"] += hold + part["covered_us"]
            into["outages"] += part["outages"]
            into["dead_us"] += part["dead_us"]
            into["longest_us"] = max(into["longest_us"], part["longest_us"])
            if gap > liveness_us:
                into["outages"] += 1
                into["dead_us"] += gap - liveness_us
                into["longest_us"] = max(into["longest_us"], gap - liveness_us)
            into["resets"] += part["resets"]
            step = part["first_counter"] - into["last_counter"]
            if step < 0.0:
                into["resets"] += 1
                step = part["first_counter"]
            into["increase"] += step + part["increase"]
            n_good = into["n_good"] + part["n_good"]
            difference = part["mean"] - into["mean"]
            share = part["n_good"] / n_good
            into["m2"] += part["m2"] + difference * difference * share * into["n_good"]
            into["mean"] += difference * share
            into["n_good"] = n_good
            into["minimum"] = min(into["minimum"], part["minimum"])
            into["maximum"] = max(into["maximum"], part["maximum"])
            into["last_ts"] = part["last_ts"]
            into["last_value"] = part["last_value"]
            into["last_counter"] = part["last_counter"]
    return out
