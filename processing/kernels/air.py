"""Arithmetic of air quality indices on hourly means.

Sources: Quyết định 1459/QĐ-TCMT (12/11/2019), sections 2.2 to 2.4. Missing hourly means are NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


class DayColumns(NamedTuple):
    """What `daily` returns, one array of shape (d,) each."""

    n: NDArray[np.int64]
    mean: NDArray[np.float64]
    maximum: NDArray[np.float64]


class NowcastColumns(NamedTuple):
    """What `nowcast` returns, one array of shape (h,) each."""

    n: NDArray[np.int64]
    value: NDArray[np.float64]


@kernel
def sub_index(
    concentration: NDArray[np.float64],
    breakpoint_concentration: NDArray[np.float64],
    breakpoint_index: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the index of each concentration on the broken line through the breakpoints, shape (k,).

    Segments share their end points, so the line has no gaps. At or above the last breakpoint the index is the
    last one. Below the first breakpoint it is the first one: after quality control a negative concentration
    is noise around zero. NaN stays NaN.

    Args:
        concentration: shape (k,), in the unit of the breakpoints.
        breakpoint_concentration: shape (b,), strictly ascending.
        breakpoint_index: shape (b,).
    """
    k = len(concentration)
    last = len(breakpoint_concentration) - 1
    out = np.full(k, np.nan)
    for i in range(k):
        c = concentration[i]
        if np.isnan(c):
            continue
        if c <= breakpoint_concentration[0]:
            out[i] = breakpoint_index[0]
        elif c >= breakpoint_concentration[last]:
            out[i] = breakpoint_index[last]
        else:
            j = 1
            while c > breakpoint_concentration[j]:
                j += 1
            low = breakpoint_concentration[j - 1]
            rise = breakpoint_index[j] - breakpoint_index[j - 1]
            # The division comes last: at a breakpoint the result is then the index itself, exactly.
            out[i] = rise * (c - low) / (breakpoint_concentration[j] - low) + breakpoint_index[j - 1]
    return out


@kernel
def nowcast(hourly: NDArray[np.float64]) -> NowcastColumns:
    """Return the Nowcast of every hour from its own and the 11 hours before, shape (h,).

    w* = Cmin / Cmax over the available values, w = max(w*, 0.5); value = sum(w^(i-1) c_i) / sum(w^(i-1)), c_1
    the newest, over the available i. The decision's form for w = 0.5 is not normalised; with all 12 values
    it differs from this by 0.024 %, with gaps it is biased low, so the normalised form serves both.
    At least two of the three newest values are needed, else NaN. Cmax = 0 gives 0.

    Args:
        hourly: shape (h,), one value per hour without gaps in time; NaN is missing.

    Returns:
        `n`, available values of the 12; `value`.
    """
    h = len(hourly)
    n = np.zeros(h, np.int64)
    value = np.full(h, np.nan)
    for k in range(h):
        smallest = np.inf
        largest = -np.inf
        available = 0
        latest = 0
        depth = min(12, k + 1)
        for i in range(depth):
            c = hourly[k - i]
            if np.isnan(c):
                continue
            available += 1
            if i < 3:  # noqa: PLR2004 # c1, c2, c3
                latest += 1
            smallest = min(smallest, c)
            largest = max(largest, c)
        n[k] = available
        if latest < 2:  # noqa: PLR2004 # two of the three
            continue
        if largest <= 0.0:
            value[k] = 0.0
            continue
        step = max(smallest / largest, 0.5)
        weight = 1.0
        weights = 0.0
        weighted = 0.0
        for i in range(depth):
            c = hourly[k - i]
            if not np.isnan(c):
                weighted += weight * c
                weights += weight
            weight *= step
        value[k] = weighted / weights
    return NowcastColumns(n, value)


@kernel
def trailing_mean(hourly: NDArray[np.float64], width: int, required: int) -> NDArray[np.float64]:
    """Return the mean of each hour and the `width` - 1 hours before it, shape (h,).

    NaN where fewer than `required` of them are available. Each window is summed afresh: a running sum would
    make a value depend on where the series begins.

    Args:
        hourly: shape (h,), one value per hour without gaps in time; NaN is missing.
        width: hours of a window.
        required: values that a window needs.
    """
    h = len(hourly)
    out = np.full(h, np.nan)
    for k in range(h):
        total = 0.0
        available = 0
        for i in range(max(0, k - width + 1), k + 1):
            if not np.isnan(hourly[i]):
                total += hourly[i]
                available += 1
        if available >= required and available > 0:
            out[k] = total / available
    return out


@kernel
def daily(hourly: NDArray[np.float64], day_of_hour: NDArray[np.int64], days: int) -> DayColumns:
    """Return number, mean and maximum of the available hourly values of each day, shape (days,).

    Args:
        hourly: shape (h,); NaN is missing.
        day_of_hour: shape (h,), index of the hour's day; -1 leaves the hour out.
        days: number of days; a day without values has n = 0 and NaN.
    """
    n = np.zeros(days, np.int64)
    mean = np.full(days, np.nan)
    maximum = np.full(days, np.nan)
    total = np.zeros(days)
    for i in range(len(hourly)):
        d = day_of_hour[i]
        c = hourly[i]
        if d < 0 or np.isnan(c):
            continue
        if n[d] == 0 or c > maximum[d]:
            maximum[d] = c
        n[d] += 1
        total[d] += c
    for d in range(days):
        if n[d] > 0:
            mean[d] = total[d] / n[d]
    return DayColumns(n, mean, maximum)
