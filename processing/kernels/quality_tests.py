"""QARTOD tests of a series: gross range, spike, rate of change, flat line.

Source: U.S. IOOS QARTOD manuals for real-time quality control, in the forms of the ioos_qc package, version 3
(Apache-2.0), which serves as the reference. Each test returns one flag per reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

GOOD: Final = 1
UNKNOWN: Final = 2
SUSPECT: Final = 3
FAIL: Final = 4
MISSING: Final = 9


@kernel
def gross_range(  # arrays and scalars: all that a compiled function can take
    value: NDArray[np.float64], suspect_low: float, suspect_high: float, fail_low: float, fail_high: float
) -> NDArray[np.int64]:
    """Return 4 outside the fail span, 3 outside the suspect span, else 1; 9 for NaN. Shape (r,).

    Both ends of a span belong to it. A bound of NaN tests nothing.
    """
    r = len(value)
    flags = np.full(r, GOOD, np.int64)
    for i in range(r):
        v = value[i]
        if np.isnan(v):
            flags[i] = MISSING
        elif v < fail_low or v > fail_high:
            flags[i] = FAIL
        elif v < suspect_low or v > suspect_high:
            flags[i] = SUSPECT
    return flags


@kernel
def spike(
    value: NDArray[np.float64],
    suspect_threshold: float,
    fail_threshold: float,
    differential: bool,  # noqa: FBT001 # kernels know no keyword-only arguments
) -> NDArray[np.int64]:
    """Return 4 or 3 where a reading stands out from its two neighbours by more than a threshold. Shape (r,).

    Average form: |x - (before + after) / 2|. Differential form: the smaller of the two differences, where the
    reading is above or below both neighbours. The first, the last and a reading beside NaN lack a neighbour:
    unknown (2). NaN is missing (9).

    Args:
        value: shape (r,), in order of time.
        suspect_threshold: NaN: not tested.
        fail_threshold: NaN: not tested.
        differential: the second form.
    """
    r = len(value)
    flags = np.full(r, GOOD, np.int64)
    for i in range(r):
        if np.isnan(value[i]):
            flags[i] = MISSING
            continue
        if i in (0, r - 1) or np.isnan(value[i - 1]) or np.isnan(value[i + 1]):
            flags[i] = UNKNOWN
            continue
        before = value[i] - value[i - 1]
        after = value[i + 1] - value[i]
        if differential:
            size = min(abs(before), abs(after)) if before * after < 0.0 else 0.0
        else:
            size = abs(value[i] - (value[i - 1] + value[i + 1]) / 2.0)
        if size > fail_threshold:
            flags[i] = FAIL
        elif size > suspect_threshold:
            flags[i] = SUSPECT
    return flags


@kernel
def rate_of_change(
    ts: NDArray[np.int64], value: NDArray[np.float64], threshold_per_s: float, fail_per_s: float = np.nan
) -> NDArray[np.int64]:
    """Return 4 or 3 where |x - before| / seconds is above a threshold, else 1; 9 for NaN. Shape (r,).

    The first reading, and one after NaN, has nothing before it and is good.

    Args:
        ts: shape (r,), microseconds UTC, strictly ascending.
        value: shape (r,).
        threshold_per_s: of suspicion, in the value's unit a second.
        fail_per_s: of failure; NaN: not tested.
    """
    r = len(value)
    flags = np.full(r, GOOD, np.int64)
    for i in range(r):
        if np.isnan(value[i]):
            flags[i] = MISSING
        elif i > 0:
            seconds = (ts[i] - ts[i - 1]) * 1e-6
            rate = abs(value[i] - value[i - 1]) / seconds
            if rate > fail_per_s:
                flags[i] = FAIL
            elif rate > threshold_per_s:
                flags[i] = SUSPECT
    return flags


@kernel
def flat_line(  # arrays and scalars: all that a compiled function can take
    ts: NDArray[np.int64],
    value: NDArray[np.float64],
    suspect_s: float,
    fail_s: float,
    tolerance: float,
) -> NDArray[np.int64]:
    """Return 4 or 3 where the values before and at a reading moved less than the tolerance for so long.

    A threshold of seconds is a number of steps, seconds / median step rounded down, so a reading is judged by
    itself and that many readings before it: largest - smallest < tolerance. Earlier readings are good, and so
    is every reading of a series shorter than that or of fewer than three. NaN is missing (9) and left out of
    the range.

    Args:
        ts: shape (r,), microseconds UTC, strictly ascending.
        value: shape (r,).
        suspect_s: seconds, at least one step.
        fail_s: seconds, at least one step.
        tolerance: in the value's unit.
    """
    r = len(value)
    flags = np.full(r, GOOD, np.int64)
    if r >= 3:  # noqa: PLR2004 # as in the reference
        step_s = np.median(np.diff(ts)) * 1e-6
        for turn in range(2):
            # A whole number of steps that binary fractions miss by a hair is not one step fewer.
            depth = int((suspect_s if turn == 0 else fail_s) / step_s + 1e-9)
            for i in range(depth, r):
                smallest = np.inf
                largest = -np.inf
                for j in range(i - depth, i + 1):
                    if not np.isnan(value[j]):
                        smallest = min(smallest, value[j])
                        largest = max(largest, value[j])
                if largest - smallest < tolerance and largest >= smallest:
                    flags[i] = SUSPECT if turn == 0 else FAIL
    for i in range(r):
        if np.isnan(value[i]):
            flags[i] = MISSING
    return flags
