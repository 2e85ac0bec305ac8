"""Facts of windows: what a segment says by itself, and what the last reading before it adds.

Everything is split at the edges of windows and nothing looks to the right, so facts add up over windows and
over sensors, and a late reading changes those of its own window and of the next ones up to a reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Records = NDArray[np.void]

NO_LIMIT_US: Final = 2**62  # what a negative maximum gap means

# One record per window. mean, m2, minimum, maximum and increase are NaN without a good reading. integral is
# value x seconds. live_s + dead_s is what is known of the window: nothing before the first good reading ever.
# outages begin in the window; closed ones end in it, closed_s is their whole length; longest_s is the longest
# silence within the window. All but mean, m2, minimum, maximum and longest_s are sums over windows.
FACTS: Final = np.dtype(
    [(name, np.int64) for name in ("n", "n_good", "outages", "closed", "resets")]
    + [(name, np.float64) for name in ("mean", "m2", "minimum", "maximum", "integral", "covered_s")]
    + [(name, np.float64) for name in ("live_s", "dead_s", "closed_s", "longest_s", "increase")]
)


@kernel
def finalise(  # noqa: PLR0917 # arrays and scalars: all that a compiled function can take
    segments: Records,
    sensor: Ints,
    start: Ints,
    end: Ints,
    asked: Ints,
    max_gap_us: int,
    liveness_us: int,
    until: int,
) -> Records:
    """Return the facts of the windows `asked`, shape (k,), records of FACTS.

    What a window carries in is the last good reading of the nearest earlier window of its sensor that has
    one. To carry from before the first window, put a segment of that time in front, and do not ask for it.

    Args:
        segments: shape (c,), by sensor and time; those between two asked ones must not be left out.
        sensor: shape (c,), whose window it is.
        start: shape (c,), microseconds UTC.
        end: shape (c,), exclusive.
        asked: shape (k,), positions among the segments, ascending.
        max_gap_us: as the segments were made.
        liveness_us: as the segments were made.
        until: now: nothing is covered, alive or dead after it, and no reading is later.
    """
    out = np.zeros(len(asked), FACTS)
    longest_hold = np.int64(max_gap_us) if max_gap_us >= 0 else np.int64(NO_LIMIT_US)
    carry = np.int64(-1)
    previous = np.int64(-1)
    for a in range(len(asked)):
        k = asked[a]
        if previous < 0 or previous != k - 1 or sensor[previous] != sensor[k]:
            carry = k - 1
            while carry >= 0 and sensor[carry] == sensor[k] and segments[carry]["n_good"] == 0:
                carry -= 1
            if carry >= 0 and sensor[carry] != sensor[k]:
                carry = np.int64(-1)
        elif segments[previous]["n_good"] > 0:
            carry = previous
        previous = k

        part = segments[k]
        filled = part["n_good"] > 0
        low = start[k]
        high = max(min(end[k], until), low)
        integral = part["integral"]
        covered = part["covered_us"]
        outages = part["outages"]
        closed = part["outages"]
        dead = part["dead_us"]
        closed_us = part["dead_us"]
        longest = part["longest_us"]
        live = part["last_ts"] - part["first_ts"] - dead
        resets = part["resets"]
        increase = part["increase"]
        if carry >= 0:
            before = segments[carry]
            following = part["first_ts"] if filled else high
            silent_from = before["last_ts"] + liveness_us
            hold = min(following, before["last_ts"] + longest_hold) - low
            if hold > 0:
                integral += before["last_value"] * hold
                covered += hold
            live += max(0, min(following, silent_from) - low)
            silence = following - max(silent_from, low)
            if silence > 0:
                dead += silence
                longest = max(longest, silence)
                if silent_from >= low:
                    outages += 1
            if filled:
                if silent_from < following:
                    closed += 1
                    closed_us += following - silent_from
                step = part["first_counter"] - before["last_counter"]
                if step < 0.0:
                    resets += 1
                    step = part["first_counter"]
                increase += step
        if filled:
            last_ts = part["last_ts"]
            silent_from = last_ts + liveness_us
            hold = min(high, last_ts + longest_hold) - last_ts
            integral += part["last_value"] * hold
            covered += hold
            live += min(high, silent_from) - last_ts
            if silent_from < high:
                outages += 1
                dead += high - silent_from
                longest = max(longest, high - silent_from)
        found = out[a]
        found["n"] = part["n"]
        found["n_good"] = part["n_good"]
        found["outages"] = outages
        found["closed"] = closed
        found["resets"] = resets
        found["mean"] = part["mean"] if filled else np.nan
        found["m2"] = part["m2"] if filled else np.nan
        found["minimum"] = part["minimum"] if filled else np.nan
        found["maximum"] = part["maximum"] if filled else np.nan
        found["integral"] = integral * 1e-6
        found["covered_s"] = covered * 1e-6
        found["live_s"] = live * 1e-6
        found["dead_s"] = dead * 1e-6
        found["closed_s"] = closed_us * 1e-6
        found["longest_s"] = longest * 1e-6
        found["increase"] = increase if filled else np.nan
    return out


@kernel
def with_followers(segments: Records, sensor: Ints, changed: Ints) -> Ints:
    """Return which windows to finalise after some were made anew, ascending.

    Beside the changed ones these are the windows that carry from them: the empty ones that follow, and the
    first one with a good reading.

    Args:
        segments: shape (c,), by sensor and time, the changed ones already replaced.
        sensor: shape (c,), whose window it is.
        changed: shape (k,), positions among the segments, ascending.
    """
    asked = np.empty(len(segments), np.int64)
    count = 0
    reached = -1  # the last one that is taken already
    for k in changed:
        if k > reached:
            asked[count] = k
            count += 1
            reached = k
        following = k + 1
        while following < len(segments) and sensor[following] == sensor[k]:
            if following > reached:
                asked[count] = following
                count += 1
                reached = following
            if segments[following]["n_good"] > 0:
                break
            following += 1
    return asked[:count].copy()
