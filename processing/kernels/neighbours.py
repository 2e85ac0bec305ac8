"""Drift of a sensor against its neighbours: a robust offset and a robust slope.

The median of the neighbours stands for the truth, so one of them that drifts itself moves nothing; offset and
slope are medians as well (Theil, 1950; Sen, 1968), so single spikes move nothing either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

GOOD: Final = 1
UNKNOWN: Final = 2
SUSPECT: Final = 3


class Drift(NamedTuple):
    """What `drift` returns, one array of shape (t,) each.

    Attributes:
        offset: median of (value - neighbours' median) over the trailing window; NaN where too few.
        slope: median slope of that difference per step of time; NaN where too few.
        n: times of the window at which both are there.
        flag: 3: offset or slope beyond its limit, 1: within both, 2: too little to tell.
    """

    offset: NDArray[np.float64]
    slope: NDArray[np.float64]
    n: NDArray[np.int64]
    flag: NDArray[np.int64]


@kernel
def differences(
    value: NDArray[np.float64], neighbours: NDArray[np.float64], neighbours_min: int
) -> NDArray[np.float64]:
    """Return value - median of the neighbours at each time, shape (t,); NaN where too few are there.

    Args:
        value: shape (t,), NaN is missing.
        neighbours: shape (k, t), NaN is missing.
        neighbours_min: neighbours that must be there.
    """
    k, t = neighbours.shape
    out = np.full(t, np.nan)
    present = np.empty(k)
    for i in range(t):
        n = 0
        for j in range(k):
            if not np.isnan(neighbours[j, i]):
                present[n] = neighbours[j, i]
                n += 1
        if n >= neighbours_min and n > 0:
            out[i] = value[i] - np.median(present[:n])
    return out


@kernel
def drift(  # noqa: PLR0917 # arrays and scalars: all that a compiled function can take
    value: NDArray[np.float64],
    neighbours: NDArray[np.float64],
    width: int,
    neighbours_min: int,
    required: int,
    offset_max: float,
    slope_max: float,
) -> Drift:
    """Return offset and slope against the neighbours over the `width` times up to and with each time.

    Args:
        value: shape (t,), means over equal steps of time without gaps; NaN is missing.
        neighbours: shape (k, t), the same of the neighbours.
        width: times of a window.
        neighbours_min: neighbours that must be there at a time.
        required: times of a window that must have a difference; at least 2 for a slope.
        offset_max: largest believable |offset|.
        slope_max: largest believable |slope| per step.
    """
    t = len(value)
    difference = differences(value, neighbours, neighbours_min)
    offset = np.full(t, np.nan)
    slope = np.full(t, np.nan)
    n = np.zeros(t, np.int64)
    flag = np.full(t, UNKNOWN, np.int64)
    present = np.empty(width)
    place = np.empty(width, np.int64)
    slopes = np.empty(width * (width - 1) // 2)
    for i in range(t):
        count = 0
        for j in range(max(0, i - width + 1), i + 1):
            if not np.isnan(difference[j]):
                present[count] = difference[j]
                place[count] = j
                count += 1
        n[i] = count
        if count < required or count == 0:
            continue
        offset[i] = np.median(present[:count])
        pairs = 0
        for a in range(count):
            for b in range(a + 1, count):
                slopes[pairs] = (present[b] - present[a]) / (place[b] - place[a])
                pairs += 1
        if pairs > 0:
            slope[i] = np.median(slopes[:pairs])
        beyond = abs(offset[i]) > offset_max or abs(slope[i]) > slope_max
        flag[i] = SUSPECT if beyond else GOOD
    return Drift(offset, slope, n, flag)
