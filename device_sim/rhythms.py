"""What the whole city shares: the clock of its people, slow waves of weather, rain, and the tide.

Everything here is a function of the time alone (and the seed), so it needs no state and can be asked for any
moment, past or present. Times are epoch seconds; local time is UTC+7 without summer time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_S: Final = 86_400
_UTC_OFFSET_S: Final = 7 * 3600
_WEEKDAY_OF_EPOCH: Final = 3  # 1970-01-01 was a Thursday; Monday is 0
_SATURDAY: Final = 5
_WAVE_STREAM: Final = 2
_RAIN_STREAM: Final = 3
_WAVE_COUNT: Final = 6
_WAVE_PERIOD_S: Final = (5 * 3600.0, 9 * 86_400.0)
_RAIN_SHOWERS_PER_DAY: Final = 1.1
_RAIN_LENGTH_S: Final = (900.0, 10_800.0)
_RAIN_MM_PER_HOUR: Final = (2.0, 60.0)
_RUNOFF_S: Final = 5400.0
_RUNOFF_M_PER_MM: Final = 0.012
_RUNOFF_SEEN_S: Final = 12 * _RUNOFF_S
# Constituents M2, S2, K1, O1 (period in seconds); amplitudes of an estuary of the northern coast, where the
# daily tide is the larger one.
_TIDE_PERIOD_S: Final = np.array([44_714.16, 43_200.0, 86_164.09, 92_949.63])
_TIDE_AMPLITUDE_M: Final = np.array([0.12, 0.05, 0.72, 0.78])


def local_hour(ts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the local time of day in hours, [0, 24)."""
    return ((ts + _UTC_OFFSET_S) % DAY_S) / 3600.0


def is_weekend(ts: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say for each moment whether it is a local Saturday or Sunday."""
    weekday = (np.floor((ts + _UTC_OFFSET_S) / DAY_S) + _WEEKDAY_OF_EPOCH) % 7
    return weekday >= _SATURDAY


def bump(hour: NDArray[np.float64], centre: float, width: float) -> NDArray[np.float64]:
    """Return a bell of height 1 around an hour of the day, across midnight too."""
    distance = (hour - centre + 12.0) % 24.0 - 12.0
    height: NDArray[np.float64] = np.exp(-((distance / width) ** 2))
    return height


def rush(ts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much of the day's rush there is, 0 to 1; weekends have less of it, and later."""
    hour = local_hour(ts)
    weekday = bump(hour, 7.5, 1.3) + bump(hour, 17.4, 1.6)
    weekend = 0.55 * (bump(hour, 9.5, 2.5) + bump(hour, 18.5, 2.5))
    both: NDArray[np.float64] = np.minimum(1.0, np.where(is_weekend(ts), weekend, weekday))
    return both


def daylight(ts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the height of the sun, 0 at night and 1 at noon."""
    height: NDArray[np.float64] = np.maximum(0.0, np.sin((local_hour(ts) - 6.0) / 12.0 * np.pi))
    return height


class Waves:
    """A slow, smooth, random-looking course of time for each region; about normal with variance 1."""

    def __init__(self, seed: int, topic: int, regions: int) -> None:
        rng = np.random.default_rng([seed, _WAVE_STREAM, topic])
        low, high = map(math.log, _WAVE_PERIOD_S)
        period_s = np.exp(rng.uniform(low, high, (regions, _WAVE_COUNT)))
        self._frequency = 2 * np.pi / period_s
        self._phase = rng.uniform(0, 2 * np.pi, (regions, _WAVE_COUNT))

    def at(self, ts: NDArray[np.float64], region: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the course of each moment's region, shape (n,)."""
        total = np.zeros(ts.shape, dtype=np.float64)
        for index in range(_WAVE_COUNT):
            total += np.sin(ts * self._frequency[region, index] + self._phase[region, index])
        return total * math.sqrt(2.0 / _WAVE_COUNT)


class Rain:
    """Showers over the whole city, drawn day by day."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._days: dict[int, NDArray[np.float64]] = {}

    def intensity(self, ts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return mm per hour at each moment."""
        total = np.zeros(ts.shape, dtype=np.float64)
        for start_s, length_s, rate in self._showers(ts, 0.0):
            phase = (ts - start_s) / length_s
            total += np.where(
                (phase > 0) & (phase < 1), rate * np.sin(np.pi * np.clip(phase, 0, 1)) ** 2, 0.0
            )
        return total

    def runoff(self, ts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how many metres rain has raised the water: it comes later and leaves slowly."""
        total = np.zeros(ts.shape, dtype=np.float64)
        for start_s, length_s, rate in self._showers(ts, _RUNOFF_SEEN_S):
            phase = np.maximum(0.0, (ts - start_s - length_s / 2) / _RUNOFF_S)
            fallen_mm = rate * length_s / 3600.0 / 2
            total += fallen_mm * _RUNOFF_M_PER_MM * phase * np.exp(1.0 - phase)
        return total

    def _showers(self, ts: NDArray[np.float64], lasting_s: float) -> list[NDArray[np.float64]]:
        if len(ts) == 0:
            return []
        first = int((ts.min() - lasting_s - _RAIN_LENGTH_S[1]) // DAY_S)
        last = int(ts.max() // DAY_S)
        return [shower for day in range(first, last + 1) for shower in self._day(day)]

    def _day(self, day: int) -> NDArray[np.float64]:
        known = self._days.get(day)
        if known is None:
            rng = np.random.default_rng([self._seed, _RAIN_STREAM, day])
            count = int(rng.poisson(_RAIN_SHOWERS_PER_DAY))
            start_s = day * DAY_S + rng.uniform(0, DAY_S, count)
            length_s = rng.uniform(*_RAIN_LENGTH_S, count)
            lowest, highest = map(math.log, _RAIN_MM_PER_HOUR)
            rate = np.exp(rng.uniform(lowest, highest, count))
            known = np.column_stack([start_s, length_s, rate])
            self._days[day] = known
        return known


def tide(ts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the height of the tide above mean water, metres."""
    total = np.zeros(ts.shape, dtype=np.float64)
    for period_s, amplitude_m in zip(_TIDE_PERIOD_S, _TIDE_AMPLITUDE_M, strict=True):
        total += amplitude_m * np.cos(2 * np.pi * ts / period_s)
    return total
