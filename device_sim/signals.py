"""The true course of every sensor: a function of the sensor and the time, nothing else.

Neighbours move together: a value follows its kind's daily rhythm, a wave that the whole city shares, a wave
of the ward and the level of its site, with the instrument's noise on top. Counters are exact integrals of
their rate, so they only grow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from device_sim import chances, rhythms
from device_sim.courses import COUNTERS, COURSES, Ground, Moment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device_sim.city import City

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_LEVEL_STREAM: Final = 4
_NOISE_STREAM: Final = 5
_PHASE_STREAM: Final = 6
_TOPICS: Final = ("air", "heat", "people", "water")
_WARD_TOPICS_FROM: Final = 100


class Signals:
    """The signals of a city's sensors.

    Readings are given as two arrays of the same length: position of the sensor, and epoch seconds.

    Attributes:
        interval_s: shape (sensors,), seconds between two readings.
        phase_s: shape (sensors,), a sensor measures at `phase_s + k * interval_s`.
        is_counter: shape (sensors,).
    """

    def __init__(self, city: City) -> None:
        self._seed = city.seed
        self._kinds = sorted({sensor.kind.quantity for sensor in city.sensors})
        position = {quantity: index for index, quantity in enumerate(self._kinds)}
        self._kind = np.array([position[sensor.kind.quantity] for sensor in city.sensors], dtype=np.int64)
        self._scale = 10.0 ** np.array([sensor.kind.decimals for sensor in city.sensors], dtype=np.float64)
        wards = {area.code: index for index, area in enumerate(city.areas)}
        self._ward = np.array(
            [wards[city.sites[sensor.site].area] for sensor in city.sensors], dtype=np.int64
        )
        self._site = np.array([sensor.site for sensor in city.sensors], dtype=np.int64)
        self.interval_s = np.array([sensor.interval_s for sensor in city.sensors], dtype=np.int64)
        self.is_counter = np.array([sensor.kind.quantity in COUNTERS for sensor in city.sensors])
        rng = np.random.default_rng([city.seed, _LEVEL_STREAM])
        # Sensors of one site share its level: flow and volume, power and energy belong together.
        self._level = np.exp(rng.normal(0.0, 0.16, len(city.sites)))
        self._shift_s = rng.normal(0.0, 900.0, len(city.sites))
        phase_rng = np.random.default_rng([city.seed, _PHASE_STREAM])
        self.phase_s = np.floor(phase_rng.random(len(city.sensors)) * self.interval_s).astype(np.int64)
        self._ground = Ground(
            {topic: rhythms.Waves(city.seed, index, 1) for index, topic in enumerate(_TOPICS)},
            {
                topic: rhythms.Waves(city.seed, _WARD_TOPICS_FROM + index, len(city.areas))
                for index, topic in enumerate(_TOPICS)
            },
            rhythms.Rain(city.seed),
        )

    def due(self, sensors: Integers, start_s: float, end_s: float) -> tuple[Integers, Floats]:
        """Return (sensor, time) of the readings of some sensors in [start, end), sensor by sensor."""
        interval, phase = self.interval_s[sensors], self.phase_s[sensors]
        first = np.ceil((start_s - phase) / interval).astype(np.int64)
        count = np.maximum(0, np.ceil((end_s - phase) / interval).astype(np.int64) - first)
        step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        ts = np.repeat(first * interval + phase, count) + step * np.repeat(interval, count)
        return np.repeat(sensors, count), ts.astype(np.float64)

    def values(self, sensor: Integers, ts: Floats) -> Floats:
        """Return the true values with the instruments' noise, not yet rounded, shape (n,)."""
        moment_ms = np.round(ts * 1000).astype(np.int64)
        noise = chances.normal(self._seed, _NOISE_STREAM, sensor, moment_ms)
        result = np.zeros(len(sensor), dtype=np.float64)
        kind = self._kind[sensor]
        for index in np.unique(kind):
            chosen = np.flatnonzero(kind == index)
            moment = self._moment(sensor[chosen], ts[chosen], noise[chosen])
            result[chosen] = COURSES[self._kinds[index]](moment)
        return result

    def resolved(self, sensor: Integers, values: Floats) -> Floats:
        """Return values at the resolution of their instruments."""
        scale = self._scale[sensor]
        return np.round(values * scale) / scale

    def _moment(self, sensor: Integers, ts: Floats, noise: Floats) -> Moment:
        site = self._site[sensor]
        return Moment(
            self._ground,
            ts,
            self._ward[sensor],
            self._level[site],
            self._shift_s[site],
            self.interval_s[sensor].astype(np.float64),
            noise,
        )
