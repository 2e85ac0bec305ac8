"""How much a counter went up in each window, through resets, roll-overs and implausible jumps.

A step between two readings belongs to the window in which it ends, so the increases of adjacent windows add
up to that of their union. For one window without roll-over and limit the increase is the last value plus the
values before the drops minus the first value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_INSTANT: Final = -1


class Increases(NamedTuple):
    """What `increase` returns, one array of shape (w,) each; all of them are additive.

    Attributes:
        n: readings in the window.
        increase: sum of the steps that end in the window, 0 without any.
        elapsed_s: seconds that these steps took; increase / elapsed_s is the rate.
        resets: drops among the steps, roll-overs included.
        changes: steps between different values, drops included.
        suspect: steps too steep to believe: neither in `increase` nor in `elapsed_s`.
    """

    n: NDArray[np.int64]
    increase: NDArray[np.float64]
    elapsed_s: NDArray[np.float64]
    resets: NDArray[np.int64]
    changes: NDArray[np.int64]
    suspect: NDArray[np.int64]


@kernel
def increase(  # noqa: PLR0917 # arrays and scalars: all that a compiled function can take
    ts: NDArray[np.int64],
    value: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    carry_ts: int,
    carry_value: float,
    rollover: float,
    rate_max_per_s: float,
) -> Increases:
    """Return what each window adds to a counter.

    A drop is a reset to zero: it adds the new value. With `rollover` it is a counter that ran over its
    modulus: it adds modulus - before + after, unless the value before was beyond the modulus.

    Args:
        ts: shape (r,), microseconds UTC, strictly ascending; readings outside all windows may be among them.
        value: shape (r,); a reading of NaN is passed over as if it were not there.
        start: shape (w,), ascending; windows are disjoint.
        end: shape (w,).
        carry_ts: last reading before `ts[0]`; `NO_INSTANT` for none.
        carry_value: its value.
        rollover: modulus of the counter; 0: none.
        rate_max_per_s: steepest step to believe; 0: any.
    """
    w = len(start)
    n = np.zeros(w, np.int64)
    total = np.zeros(w)
    elapsed = np.zeros(w, np.int64)
    resets = np.zeros(w, np.int64)
    changes = np.zeros(w, np.int64)
    suspect = np.zeros(w, np.int64)
    known = carry_ts != NO_INSTANT and not np.isnan(carry_value)
    held_ts = np.int64(carry_ts)
    held_value = carry_value
    k = 0
    for i in range(len(ts)):
        t = ts[i]
        v = value[i]
        if np.isnan(v):
            continue
        while k < w and end[k] <= t:
            k += 1
        if k < w and start[k] <= t:
            n[k] += 1
            if known:
                step = v - held_value
                if step != 0.0:
                    changes[k] += 1
                if step < 0.0:
                    resets[k] += 1
                    ran_over = rollover > 0.0 and held_value <= rollover
                    step = rollover - held_value + v if ran_over else v
                if rate_max_per_s > 0.0 and step > rate_max_per_s * ((t - held_ts) * 1e-6):
                    suspect[k] += 1
                else:
                    total[k] += step
                    elapsed[k] += t - held_ts
        known = True
        held_ts = t
        held_value = v
    return Increases(n, total, elapsed.astype(np.float64) * 1e-6, resets, changes, suspect)


def rate(increases: Increases) -> NDArray[np.float64]:
    """Return the mean rate per second of each window, shape (w,); NaN for one without a believed step."""
    found = np.full(len(increases.increase), np.nan)
    np.divide(increases.increase, increases.elapsed_s, out=found, where=increases.elapsed_s > 0)
    return found
