"""How long something was in each of its states, and how often it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_INSTANT: Final = -1


class StateTimes(NamedTuple):
    """What `state_durations` returns; all of it is additive over windows.

    Attributes:
        seconds: shape (w, s), time in each asked state.
        covered_s: shape (w,), time in any state, asked for or not.
        transitions: shape (w,), changes to another state, counted where they happen.
    """

    seconds: NDArray[np.float64]
    covered_s: NDArray[np.float64]
    transitions: NDArray[np.int64]


@kernel
def state_durations(  # noqa: PLR0917 # arrays and scalars: all that a compiled function can take
    ts: NDArray[np.int64],
    state: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    carry_ts: int,
    carry_state: int,
    until: int,
    states: NDArray[np.int64],
    hold_last: bool,  # noqa: FBT001 # kernels know no keyword-only arguments
) -> StateTimes:
    """Return the time in each of `states` and the number of changes, per window.

    A state holds until the next record. The last record of all holds until `until` when `hold_last`, else it
    has no length.

    Args:
        ts: shape (r,), microseconds UTC, strictly ascending; records outside all windows may be among them.
        state: shape (r,).
        start: shape (w,), ascending; windows are disjoint.
        end: shape (w,).
        carry_ts: last record before `ts[0]`; `NO_INSTANT` for none.
        carry_state: its state.
        until: nothing is known after it, records included.
        states: shape (s,), distinct; the states whose time is asked for.
        hold_last: whether the last record holds.
    """
    w = len(start)
    s = len(states)
    seconds = np.zeros((w, s), np.int64)
    covered = np.zeros(w, np.int64)
    transitions = np.zeros(w, np.int64)
    known = carry_ts != NO_INSTANT
    held_ts = np.int64(carry_ts)
    held = np.int64(carry_state)
    first = 0  # windows before it end at or before the record that holds
    r = len(ts)
    for i in range(r + 1):
        if i < r:
            t = ts[i]
            now = state[i]
            if t > until:
                continue
        elif hold_last:
            t = np.int64(until)
            now = held
        else:
            break
        if known:
            while first < w and end[first] <= held_ts:
                first += 1
            column = 0
            while column < s and states[column] != held:
                column += 1
            k = first
            while k < w and start[k] <= t:
                length = min(end[k], t) - max(start[k], held_ts)
                if length > 0:
                    covered[k] += length
                    if column < s:
                        seconds[k, column] += length
                if now != held and t < end[k]:
                    transitions[k] += 1
                k += 1
        known = True
        held_ts = t
        held = now
    return StateTimes(seconds.astype(np.float64) * 1e-6, covered.astype(np.float64) * 1e-6, transitions)
