"""Sparse histograms: quantile states that merge by adding counts, in any order, to the same bits.

A histogram is rows of (row, bucket, count), sorted by row and bucket; `row` says whose it is. Two sorts of
buckets, chosen by `step`:

- step > 0: a grid of the sensor's resolution. Values that are multiples of the step come back exactly, so
  quantiles are exact.
- step = 0: log-linear buckets, the upper bits of the float with 7 bits of mantissa. A value comes back with a
  relative error of at most 2^-8 (0.39 %); zero and both signs keep their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

RELATIVE_ERROR: Final = 2.0**-8
_DROPPED_BITS: Final = 45  # of the 52 bits of mantissa; 7 stay
_MAGNITUDE: Final = 0x7FFF_FFFF_FFFF_FFFF
_DENSE_SPAN_MIN: Final = 4096
_DENSE_SPAN_PER_VALUE: Final = 8
_NEAR: Final = 1e-9


class Histogram(NamedTuple):
    """Sparse histograms, shape (s,) each, sorted by row and then bucket; no count is 0."""

    row: NDArray[np.int64]
    bucket: NDArray[np.int64]
    counts: NDArray[np.int64]


@kernel
def _per_unit(step: float) -> float:
    """Return how many steps make 1 where that is a whole number, else 0.

    Dividing by 10 gives the decimal that was written; multiplying by 0.1 does not.
    """
    inverse = np.floor(1.0 / step + 0.5)
    if inverse >= 1.0 and abs(inverse * step - 1.0) < _NEAR:
        return float(inverse)
    return 0.0


@kernel
def bucket_numbers(value: NDArray[np.float64], step: float) -> NDArray[np.int64]:
    """Return the bucket of each value, shape (r,); a larger value is never in a lower bucket.

    Args:
        value: shape (r,), finite.
        step: resolution of the grid, or 0 for log-linear buckets.
    """
    r = len(value)
    out = np.empty(r, np.int64)
    if step > 0.0:
        inverse = _per_unit(step)
        for i in range(r):
            steps = value[i] * inverse if inverse > 0.0 else value[i] / step
            out[i] = np.int64(np.floor(steps + 0.5))
        return out
    bits = np.ascontiguousarray(value).view(np.int64)
    for i in range(r):
        magnitude = bits[i] & _MAGNITUDE
        if magnitude == 0:
            out[i] = 0
        elif bits[i] > 0:
            out[i] = (magnitude >> _DROPPED_BITS) + 1
        else:
            out[i] = -((magnitude >> _DROPPED_BITS) + 1)
    return out


@kernel
def bucket_values(bucket: NDArray[np.int64], step: float) -> NDArray[np.float64]:
    """Return the value that stands for each bucket, shape (s,): on the grid, or in the bucket's middle.

    Args:
        bucket: shape (s,), from `bucket_numbers` with the same step.
        step: resolution of the grid, or 0 for log-linear buckets.
    """
    s = len(bucket)
    out = np.empty(s)
    if step > 0.0:
        inverse = _per_unit(step)
        for i in range(s):
            out[i] = bucket[i] / inverse if inverse > 0.0 else bucket[i] * step
        return out
    edges = np.empty(2, np.int64)
    for i in range(s):
        number = abs(bucket[i])
        if number == 0:
            out[i] = 0.0
            continue
        edges[0] = (number - 1) << _DROPPED_BITS
        edges[1] = number << _DROPPED_BITS
        values = edges.view(np.float64)
        middle = values[0] + 0.5 * (values[1] - values[0])
        out[i] = middle if bucket[i] > 0 else -middle
    return out


@kernel
def build(
    ts: NDArray[np.int64],
    value: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    step: float,
) -> Histogram:
    """Return the histogram of the readings of each window; `row` is the window's number.

    Args:
        ts: shape (r,), microseconds UTC, ascending; readings outside all windows may be among them.
        value: shape (r,), finite or NaN; NaN counts as no reading.
        start: shape (w,), ascending; windows are disjoint.
        end: shape (w,).
        step: resolution of the grid, or 0 for log-linear buckets.
    """
    w = len(start)
    r = len(ts)
    numbers = bucket_numbers(value, step)
    rows = np.empty(r, np.int64)
    buckets = np.empty(r, np.int64)
    counts = np.empty(r, np.int64)
    kept = np.empty(r, np.int64)
    dense = np.zeros(_DENSE_SPAN_MIN, np.int64)
    s = 0
    i = 0
    for k in range(w):
        while i < r and ts[i] < start[k]:
            i += 1
        n = 0
        lowest = np.int64(0)
        highest = np.int64(0)
        while i < r and ts[i] < end[k]:
            if not np.isnan(value[i]):
                number = numbers[i]
                if n == 0 or number < lowest:
                    lowest = number
                if n == 0 or number > highest:
                    highest = number
                kept[n] = number
                n += 1
            i += 1
        if n == 0:
            continue
        # Counting in an array beats sorting as long as few of its places stay empty.
        if highest - lowest < max(_DENSE_SPAN_MIN, _DENSE_SPAN_PER_VALUE * n):
            span = highest - lowest + 1
            if len(dense) < span:
                dense = np.zeros(2 * span, np.int64)
            for j in range(n):
                dense[kept[j] - lowest] += 1
            for j in range(span):
                if dense[j] > 0:
                    rows[s] = k
                    buckets[s] = lowest + j
                    counts[s] = dense[j]
                    dense[j] = 0
                    s += 1
        else:
            run = np.sort(kept[:n])
            for j in range(n):
                if j > 0 and run[j] == run[j - 1]:
                    counts[s - 1] += 1
                else:
                    rows[s] = k
                    buckets[s] = run[j]
                    counts[s] = 1
                    s += 1
    return Histogram(rows[:s].copy(), buckets[:s].copy(), counts[:s].copy())


@kernel
def merge(row: NDArray[np.int64], bucket: NDArray[np.int64], count: NDArray[np.int64]) -> Histogram:
    """Return the histograms with the counts of equal (row, bucket) added.

    To pool several histograms give them the same row first.

    Args:
        row: shape (s,), in any order.
        bucket: shape (s,).
        count: shape (s,); entries of 0 vanish.
    """
    s = len(row)
    by_bucket = np.argsort(bucket, kind="mergesort")
    order = by_bucket[np.argsort(row[by_bucket], kind="mergesort")]
    rows = np.empty(s, np.int64)
    buckets = np.empty(s, np.int64)
    counts = np.empty(s, np.int64)
    n = 0
    for position in order:
        if count[position] == 0:
            continue
        if n > 0 and rows[n - 1] == row[position] and buckets[n - 1] == bucket[position]:
            counts[n - 1] += count[position]
        else:
            rows[n] = row[position]
            buckets[n] = bucket[position]
            counts[n] = count[position]
            n += 1
    return Histogram(rows[:n].copy(), buckets[:n].copy(), counts[:n].copy())


@kernel
def histogram_quantiles(  # arrays and scalars: all that a compiled function can take
    row: NDArray[np.int64],
    bucket: NDArray[np.int64],
    count: NDArray[np.int64],
    rows: int,
    p: NDArray[np.float64],
    step: float,
) -> NDArray[np.float64]:
    """Return the quantiles of each row's histogram, shape (rows, q); NaN for a row without entries.

    Linear interpolation h = (n - 1) p between the values of the buckets, as for the values themselves.

    Args:
        row: shape (s,), 0 <= row < rows, sorted by row and bucket.
        bucket: shape (s,).
        count: shape (s,).
        rows: number of rows.
        p: shape (q,), from 0 to 1, in any order.
        step: what the buckets were made with.
    """
    s = len(row)
    out = np.full((rows, len(p)), np.nan)
    value = bucket_values(bucket, step)
    i = 0
    while i < s:
        j = i
        n = np.int64(0)
        while j < s and row[j] == row[i]:
            n += count[j]
            j += 1
        for q in range(len(p)):
            h = (n - 1) * p[q]
            rank = min(max(int(np.floor(h)), 0), int(n) - 1)
            share = h - rank
            place = i
            passed = count[place]
            while passed <= rank:
                place += 1
                passed += count[place]
            below = value[place]
            above = value[place + 1] if passed == rank + 1 and place + 1 < j else below
            if share >= 0.5:  # noqa: PLR2004
                out[row[i], q] = above - (above - below) * (1.0 - share)
            else:
                out[row[i], q] = below + (above - below) * share
        i = j
    return out
