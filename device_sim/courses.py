"""How each quantity goes through the day, the week and the weather: one function per quantity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from device_sim import rhythms

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

# Counters stood at zero when the city was equipped; earlier times have no readings.
COMMISSIONED_S: Final = 1_767_200_400  # 2026-01-01T00:00:00+07:00
_DAY: Final = 2 * np.pi / rhythms.DAY_S
_WEEK: Final = _DAY / 7
_COLLECTION_HOUR: Final = 4.5
_DUSK_HOUR: Final = 17.9
_DAWN_HOUR: Final = 5.4


@dataclass(frozen=True, slots=True)
class Ground:
    """What the sensors of a city share.

    Attributes:
        city_wave: course of the whole city, by topic.
        ward_wave: course of each ward, by topic.
        rain: showers over the city.
    """

    city_wave: dict[str, rhythms.Waves]
    ward_wave: dict[str, rhythms.Waves]
    rain: rhythms.Rain


@dataclass(frozen=True, slots=True)
class Moment:
    """Sensors of one quantity at some times; all arrays have the shape (n,).

    Attributes:
        ground: what the city shares.
        ts: epoch seconds.
        ward: where each sensor is.
        level: factor of each sensor's site.
        shift_s: how much later than the city the site lives.
        interval_s: seconds between two readings of the sensor.
        noise: of the instrument, mean 0 and variance 1.
    """

    ground: Ground
    ts: Floats
    ward: Integers
    level: Floats
    shift_s: Floats
    interval_s: Floats
    noise: Floats

    def local(self) -> Floats:
        """Return the times as the site lives them."""
        return self.ts - self.shift_s

    def wave(self, topic: str) -> Floats:
        """Return the shared course of a topic: mostly the city's, partly the ward's; about variance 1."""
        city = self.ground.city_wave[topic].at(self.ts, np.zeros(len(self.ts), dtype=np.int64))
        return 0.85 * city + 0.5 * self.ground.ward_wave[topic].at(self.ts, self.ward)


@dataclass(frozen=True, slots=True)
class _Rate:
    """A rate with a daily and a weekly swing; their sum stays below 1, so the rate stays above 0."""

    mean: float
    daily: float
    half_daily: float
    weekly: float
    peak_hour: float

    def _peak_s(self, moment: Moment) -> Floats:
        # Hours are local, and the cosines' zero is the epoch: 00:00 UTC is 07:00.
        return (self.peak_hour - 7.0) * 3600.0 + moment.shift_s

    def at(self, moment: Moment) -> Floats:
        """Return the rate."""
        since = moment.ts - self._peak_s(moment)
        swing = (
            self.daily * np.cos(_DAY * since)
            + self.half_daily * np.cos(2 * _DAY * since)
            + self.weekly * np.cos(_WEEK * since)
        )
        return self.mean * moment.level * (1.0 + swing)

    def total(self, moment: Moment, per_s: float) -> Floats:
        """Return the integral since the city was equipped; the rate is per `per_s` seconds."""
        peak_s = self._peak_s(moment)

        def swing(ts: Floats) -> Floats:
            since = ts - peak_s
            return (
                self.daily / _DAY * np.sin(_DAY * since)
                + self.half_daily / (2 * _DAY) * np.sin(2 * _DAY * since)
                + self.weekly / _WEEK * np.sin(_WEEK * since)
            )

        start = np.full(len(moment.ts), float(COMMISSIONED_S))
        spent_s = moment.ts - start + swing(moment.ts) - swing(start)
        total: Floats = self.mean * moment.level * spent_s / per_s
        return total


_POWER_KW: Final = _Rate(420.0, 0.30, 0.16, 0.05, 14.0)
_WATER_M3_H: Final = _Rate(180.0, 0.34, 0.22, 0.04, 13.0)
_VEHICLES_H: Final = _Rate(900.0, 0.50, 0.30, 0.08, 13.0)


def _particles(moment: Moment, mean: float) -> Floats:
    washed = 1.0 - 0.5 * np.minimum(1.0, moment.ground.rain.intensity(moment.ts) / 10.0)
    rhythm = 0.85 + 0.4 * rhythms.rush(moment.local())
    return mean * moment.level * np.exp(0.42 * moment.wave("air")) * rhythm * washed * _wobble(moment, 0.04)


def _gas(moment: Moment, mean: float, rush: float) -> Floats:
    rhythm = 1.0 - 0.4 * rush + rush * rhythms.rush(moment.local())
    return mean * moment.level * np.exp(0.30 * moment.wave("air")) * rhythm * _wobble(moment, 0.03)


def _wobble(moment: Moment, share: float) -> Floats:
    return 1.0 + share * moment.noise


def _ozone(moment: Moment) -> Floats:
    sun = rhythms.daylight(moment.ts - 2.0 * 3600.0)
    return (
        38.0 * moment.level * (0.45 + 1.5 * sun) * np.exp(0.15 * moment.wave("heat")) * _wobble(moment, 0.03)
    )


def _temperature(moment: Moment) -> Floats:
    day = 4.0 * np.sin((rhythms.local_hour(moment.ts) - 9.0) / 12.0 * np.pi)
    return 26.0 + day + 2.2 * moment.wave("heat") + 0.1 * moment.noise


def _humidity(moment: Moment) -> Floats:
    day = -13.0 * np.sin((rhythms.local_hour(moment.ts) - 9.0) / 12.0 * np.pi)
    rain = np.minimum(12.0, moment.ground.rain.intensity(moment.ts))
    return np.clip(76.0 + day - 5.0 * moment.wave("heat") + rain + 0.5 * moment.noise, 20.0, 100.0)


def _demand(moment: Moment) -> Floats:
    hour = rhythms.local_hour(moment.local())
    return 0.3 + 0.6 * rhythms.bump(hour, 6.5, 1.8) + 0.8 * rhythms.bump(hour, 18.5, 2.4)


def _voltage(moment: Moment) -> Floats:
    return 231.0 - 7.0 * _demand(moment) + 1.2 * moment.wave("people") + 0.5 * moment.noise


def _lit(moment: Moment) -> Floats:
    hour = rhythms.local_hour(moment.local())
    return ((hour >= _DUSK_HOUR) | (hour < _DAWN_HOUR)).astype(np.float64)


def _speed(moment: Moment) -> Floats:
    slow = 20.0 * rhythms.rush(moment.local()) + 2.0 * moment.wave("people")
    return np.clip(46.0 / moment.level**0.3 - slow + 2.0 * moment.noise, 3.0, 120.0)


def _occupancy(moment: Moment) -> Floats:
    busy = 5.0 + 24.0 * rhythms.rush(moment.local()) + 2.0 * moment.wave("people")
    return np.clip(moment.level * busy + 1.2 * moment.noise, 0.0, 100.0)


def _bin_fill(moment: Moment) -> Floats:
    since_h = (rhythms.local_hour(moment.local()) - _COLLECTION_HOUR) % 24.0
    return np.clip(85.0 * moment.level * since_h / 24.0 + 0.6 * moment.noise, 0.0, 130.0)


def _water_level(moment: Moment) -> Floats:
    high = rhythms.tide(moment.ts) + moment.level * moment.ground.rain.runoff(moment.ts)
    return 2.1 + high + 0.1 * moment.wave("water") + 0.004 * moment.noise


def _rainfall(moment: Moment) -> Floats:
    return moment.ground.rain.intensity(moment.ts) * moment.interval_s / 3600.0


def _sound(moment: Moment) -> Floats:
    hour = rhythms.local_hour(moment.local())
    awake = 1.0 - rhythms.bump(hour, 2.5, 4.0)
    people = 6.0 * rhythms.rush(moment.local()) + 1.5 * moment.wave("people")
    return 46.0 + 14.0 * awake + people + 5.0 * np.log(moment.level) + 2.2 * moment.noise


COURSES: Final[dict[str, Callable[[Moment], Floats]]] = {
    "pm25": lambda moment: _particles(moment, 28.0),
    "pm10": lambda moment: _particles(moment, 47.0),
    "so2": lambda moment: _gas(moment, 16.0, 0.2),
    "no2": lambda moment: _gas(moment, 34.0, 0.7),
    "co": lambda moment: _gas(moment, 780.0, 0.5),
    "o3": _ozone,
    "air_temperature": _temperature,
    "relative_humidity": _humidity,
    "air_pressure": lambda moment: 1009.0 + 4.0 * moment.wave("heat") + 0.1 * moment.noise,
    "wind_speed": lambda moment: 2.4 * np.exp(0.4 * moment.wave("air") + 0.25 * moment.noise),
    "water_pressure": lambda moment: (
        31.0 - 7.0 * _demand(moment) + moment.wave("water") + 0.15 * moment.noise
    ),
    "water_flow": lambda moment: _WATER_M3_H.at(moment) * _wobble(moment, 0.01),
    "water_volume": lambda moment: _WATER_M3_H.total(moment, 3600.0),
    "free_chlorine": lambda moment: np.maximum(
        0.05, 0.52 - 0.06 * moment.wave("water") + 0.01 * moment.noise
    ),
    "turbidity": lambda moment: (
        0.6 * moment.level * np.exp(0.45 * moment.wave("water") + 0.05 * moment.noise)
    ),
    "supply_state": lambda moment: np.ones(len(moment.ts)),
    "voltage": _voltage,
    "active_power": lambda moment: _POWER_KW.at(moment) * _wobble(moment, 0.02),
    "active_energy": lambda moment: _POWER_KW.total(moment, 3600.0),
    "lamp_state": _lit,
    "lamp_power": lambda moment: _lit(moment) * 1450.0 * moment.level * _wobble(moment, 0.01),
    "vehicle_speed": _speed,
    "occupancy": _occupancy,
    "vehicle_count": lambda moment: np.floor(_VEHICLES_H.total(moment, 3600.0)),
    "bin_fill": _bin_fill,
    "bin_weight": lambda moment: 1.9 * _bin_fill(moment),
    "water_level": _water_level,
    "rainfall": _rainfall,
    "sound_level": _sound,
}
COUNTERS: Final = frozenset({"active_energy", "water_volume", "vehicle_count"})
