"""Exact quantiles of values by linear interpolation: h = (n - 1) p, as `numpy.percentile` does by default.

One to three quantiles are selected without sorting; more of them are read from a sorted copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SELECTED_MAX: Final = 3
_INSERTION_MAX: Final = 16  # a short run is sorted by insertion
_ROUNDS_PER_BIT: Final = 3  # partitions before an unlucky selection gives way to a sort


@kernel
def _place(a: NDArray[np.float64], low: int, high: int, rank: int) -> None:
    """Reorder a[low:high + 1] so that a[rank] is what a sort would put there, less before, more after."""
    rounds = 2
    size = high - low + 1
    while size > 1:
        size >>= 1
        rounds += _ROUNDS_PER_BIT
    while high - low >= _INSERTION_MAX:
        rounds -= 1
        if rounds < 0:
            a[low : high + 1] = np.sort(a[low : high + 1])
            return
        middle = (low + high) >> 1
        if a[middle] < a[low]:
            a[middle], a[low] = a[low], a[middle]
        if a[high] < a[low]:
            a[high], a[low] = a[low], a[high]
        if a[high] < a[middle]:
            a[high], a[middle] = a[middle], a[high]
        pivot = a[middle]
        i = low
        j = high
        while i <= j:
            while a[i] < pivot:
                i += 1
            while pivot < a[j]:
                j -= 1
            if i <= j:
                a[i], a[j] = a[j], a[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            return
    for i in range(low + 1, high + 1):
        x = a[i]
        j = i
        while j > low and a[j - 1] > x:
            a[j] = a[j - 1]
            j -= 1
        a[j] = x


@kernel
def _quantiles_of(
    a: NDArray[np.float64], n: int, p: NDArray[np.float64], order: NDArray[np.int64], out: NDArray[np.float64]
) -> None:
    """Write the quantiles of a[:n] to `out`, shape (q,); `a` is reordered. `order` sorts `p`."""
    if n == 0:
        out[:] = np.nan
        return
    sorted_already = len(p) > _SELECTED_MAX
    if sorted_already:
        a[:n] = np.sort(a[:n])
    low = 0
    for q in order:
        h = (n - 1) * p[q]
        rank = min(max(int(np.floor(h)), 0), n - 1)
        share = h - rank
        if not sorted_already:
            _place(a, low, n - 1, rank)
            low = rank
        below = a[rank]
        if share <= 0.0 or rank + 1 >= n:
            out[q] = below
            continue
        above = a[rank + 1]
        if not sorted_already:
            for i in range(rank + 2, n):
                above = min(above, a[i])
        # Two forms, as numpy has them: each is exact at its own end.
        if share >= 0.5:  # noqa: PLR2004
            out[q] = above - (above - below) * (1.0 - share)
        else:
            out[q] = below + (above - below) * share


@kernel
def quantiles(value: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quantiles of all values that are not NaN, shape (q,); NaN without any.

    Args:
        value: shape (r,), in any order.
        p: shape (q,), from 0 to 1, in any order.
    """
    kept = np.empty(len(value))
    n = 0
    for v in value:
        if not np.isnan(v):
            kept[n] = v
            n += 1
    out = np.empty(len(p))
    _quantiles_of(kept, n, p, np.argsort(p), out)
    return out


@kernel
def window_quantiles(
    ts: NDArray[np.int64],
    value: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    p: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the quantiles of the readings of each window, shape (w, q); NaN for a window without any.

    Args:
        ts: shape (r,), microseconds UTC, ascending; readings outside all windows may be among them.
        value: shape (r,); NaN counts as no reading.
        start: shape (w,), ascending; windows are disjoint.
        end: shape (w,).
        p: shape (q,), from 0 to 1, in any order.
    """
    w = len(start)
    r = len(ts)
    out = np.empty((w, len(p)))
    order = np.argsort(p)
    kept = np.empty(r)
    i = 0
    for k in range(w):
        while i < r and ts[i] < start[k]:
            i += 1
        n = 0
        while i < r and ts[i] < end[k]:
            if not np.isnan(value[i]):
                kept[n] = value[i]
                n += 1
            i += 1
        _quantiles_of(kept, n, p, order, out[k])
    return out
