"""Sound levels as energies: added as energies, never averaged as decibels.

Sources: Directive 2002/49/EC, annex I (Lden); the 24 h weights follow the configured hours of day, evening
and night, because countries shift them. Ldn: U.S. EPA 550/9-74-004.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NO_INSTANT: Final = -1
EVENING_PENALTY_DB: Final = 5.0
NIGHT_PENALTY_DB: Final = 10.0


class Energies(NamedTuple):
    """What `energy` returns, one array of shape (w,) each; both are additive over windows."""

    energy: NDArray[np.float64]
    covered_s: NDArray[np.float64]


@kernel
def energy(  # noqa: PLR0917 # arrays and scalars: all that a compiled function can take
    ts: NDArray[np.int64],
    level_db: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    carry_ts: int,
    carry_db: float,
    max_gap_us: int,
    until: int,
) -> Energies:
    """Return the sum of 10^(L/10) x seconds over each window, and the seconds it covers.

    Each level holds until the next one, at most `max_gap_us`; the last one until `until` or its longest hold.

    Args:
        ts: shape (r,), microseconds UTC, strictly ascending; readings outside all windows may be among them.
        level_db: shape (r,), decibels; a reading of NaN is passed over as if it were not there.
        start: shape (w,), ascending; windows are disjoint.
        end: shape (w,).
        carry_ts: last reading before `ts[0]`; `NO_INSTANT` for none.
        carry_db: its level.
        max_gap_us: longest hold; negative: no limit.
        until: nothing is known after it, readings included.
    """
    w = len(start)
    total = np.zeros(w)
    covered = np.zeros(w, np.int64)
    known = carry_ts != NO_INSTANT and not np.isnan(carry_db)
    held_ts = np.int64(carry_ts)
    held_db = carry_db
    first = 0  # windows before it end at or before the reading that is held
    r = len(ts)
    for i in range(r + 1):
        last = i == r
        t = np.int64(until) if last else ts[i]
        level = held_db if last else level_db[i]
        if t > until or np.isnan(level):
            continue
        if known:
            stop = t
            if max_gap_us >= 0 and t - held_ts > max_gap_us:
                stop = held_ts + max_gap_us
            while first < w and end[first] <= held_ts:
                first += 1
            k = first
            while k < w and start[k] < stop:
                length = min(end[k], stop) - max(start[k], held_ts)
                if length > 0:
                    covered[k] += length
                    total[k] += 10.0 ** (held_db * 0.1) * length
                k += 1
        known = True
        held_ts = t
        held_db = level
    return Energies(total * 1e-6, covered.astype(np.float64) * 1e-6)


def leq(energy_s: ArrayLike, seconds: ArrayLike) -> NDArray[np.float64]:
    """Return the level in dB that holds the same energy over `seconds`; NaN where there are no seconds."""
    total = np.asarray(energy_s, np.float64)
    length = np.asarray(seconds, np.float64)
    total, length = np.broadcast_arrays(total, length)
    mean = np.full(total.shape, np.nan)
    np.divide(total, length, out=mean, where=length > 0)
    level = np.full(total.shape, np.nan)
    np.log10(mean, out=level, where=mean > 0)
    return 10.0 * level


def lden_levels(  # noqa: PLR0917 # three levels with their three hours, as in the formula
    day_db: ArrayLike,
    evening_db: ArrayLike,
    night_db: ArrayLike,
    day_h: float = 12.0,
    evening_h: float = 4.0,
    night_h: float = 8.0,
    evening_penalty_db: float = EVENING_PENALTY_DB,
    night_penalty_db: float = NIGHT_PENALTY_DB,
) -> NDArray[np.float64]:
    """Return the day-evening-night level in dB, element by element; NaN where a level is missing.

    10 lg of the mean of 10^(Ld/10), 10^((Le + 5)/10) and 10^((Ln + 10)/10), weighted by the hours of each.
    A part of the day with 0 hours counts nothing and may be NaN.
    """
    total: NDArray[np.float64] = np.zeros(())
    parts = (
        (day_db, day_h, 0.0),
        (evening_db, evening_h, evening_penalty_db),
        (night_db, night_h, night_penalty_db),
    )
    for level, hours, penalty in parts:
        if hours > 0:
            total = total + hours * 10.0 ** ((np.asarray(level, np.float64) + penalty) / 10.0)
    return leq(total, day_h + evening_h + night_h)


def ldn(
    day_db: ArrayLike,
    night_db: ArrayLike,
    day_h: float = 15.0,
    night_h: float = 9.0,
    night_penalty_db: float = NIGHT_PENALTY_DB,
) -> NDArray[np.float64]:
    """Return the day-night level in dB, element by element; NaN where a level is missing."""
    return lden_levels(day_db, np.nan, night_db, day_h, 0.0, night_h, EVENING_PENALTY_DB, night_penalty_db)


def exceeded_share(percent: float) -> float:
    """Return the p of the quantile that is L_N: the level exceeded `percent` % of the time."""
    return (100.0 - percent) / 100.0


def tni(l10: ArrayLike, l90: ArrayLike) -> NDArray[np.float64]:
    """Return the traffic noise index 4 (L10 - L90) + L90 - 30, element by element."""
    low = np.asarray(l90, np.float64)
    return 4.0 * (np.asarray(l10, np.float64) - low) + low - 30.0


def lnp(level_eq: ArrayLike, sigma: ArrayLike) -> NDArray[np.float64]:
    """Return the noise pollution level Leq + 2.56 sigma, element by element.

    Args:
        level_eq: equivalent level, dB.
        sigma: standard deviation of the levels, dB.
    """
    return np.asarray(level_eq, np.float64) + 2.56 * np.asarray(sigma, np.float64)
