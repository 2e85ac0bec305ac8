"""What gateways would send for a span of time: the signals, with the schedule's faults laid over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from device_sim import chances
from device_sim.counters import CounterBook
from device_sim.faults import SPIKE_FACTOR, Fault, FaultRates
from device_sim.rhythms import DAY_S
from domain.quantities import QuantityKind
from domain.units import IncompatibleUnitError, conversion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device_sim.city import City
    from device_sim.schedule import Episode, Schedule
    from device_sim.signals import Signals
    from device_sim.truth import TruthLog

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_DROPOUT_STREAM: Final = 8
_SPIKE_STREAM: Final = 9
_SPIKE_SIZE_STREAM: Final = 10
_DARK_WITHOUT_SUPPLY: Final = frozenset({"supply_state", "voltage", "active_power"})


@dataclass(slots=True)
class Readings:
    """Readings sensor by sensor; all arrays have the shape (n,).

    Attributes:
        sensor: position in the city, ascending.
        ts_s: epoch seconds by the gateway's clock.
        value: as sent.
        in_wrong_unit: sent in the wrong unit of the sensor's kind.
    """

    sensor: Integers
    ts_s: Floats
    value: Floats
    in_wrong_unit: NDArray[np.bool_]


class Measurement:
    """Measures a city."""

    def __init__(
        self, city: City, signals: Signals, schedule: Schedule, rates: FaultRates, truth: TruthLog
    ) -> None:
        self._city = city
        self._signals = signals
        self._schedule = schedule
        self._rates = rates
        self._truth = truth
        self._counters = CounterBook(city, signals, schedule)
        gateway_of = np.array([sensor.gateway for sensor in city.sensors], dtype=np.int64)
        site_of = np.array([sensor.site for sensor in city.sensors], dtype=np.int64)
        # Sensors are ordered by gateway and site: what belongs to one of them is a range.
        self._gateway_bounds = np.searchsorted(gateway_of, np.arange(len(city.gateways) + 1))
        self._site_bounds = np.searchsorted(site_of, np.arange(len(city.sites) + 1))
        self._is_dark = np.array([sensor.kind.quantity in _DARK_WITHOUT_SUPPLY for sensor in city.sensors])
        self._is_state = np.array(
            [sensor.kind.definition.kind is QuantityKind.STATE for sensor in city.sensors]
        )
        self._conversions = [_wrong_unit(sensor.kind.unit, sensor.kind.wrong_unit) for sensor in city.sensors]

    def readings(self, sensors: Integers, start_s: float, end_s: float) -> Readings:
        """Return what some sensors, given in ascending order, send for [start, end) of the true clock."""
        sensor, ts = self._signals.due(sensors, start_s, end_s)
        course = self._signals.values(sensor, ts)
        work = _Work(sensor, ts, course)
        self._lay_over(work, start_s, end_s)
        value = self._signals.resolved(sensor, work.value)
        value[work.in_wrong_unit] = work.value[work.in_wrong_unit]
        kept = work.kept
        return Readings(sensor[kept], work.clock[kept], value[kept], work.in_wrong_unit[kept])

    def _lay_over(self, work: _Work, start_s: float, end_s: float) -> None:
        for episode in self._schedule.between(Fault.SUPPLY_INTERRUPTION, start_s, end_s):
            hit = work.hit(episode, *self._site_bounds[[episode.target, episode.target + 1]])
            dark = hit[self._is_dark[work.sensor[hit]]]
            work.value[dark] = 0.0
        counters = np.flatnonzero(self._signals.is_counter[work.sensor])
        work.value[counters] = self._counters.shown(
            work.sensor[counters], work.ts[counters], work.value[counters]
        )
        self._distort(work, start_s, end_s)
        self._spike(work)
        for episode in self._schedule.between(Fault.WRONG_UNIT, start_s, end_s):
            hit = work.hit(episode, episode.target, episode.target + 1)
            scale, offset = self._conversions[episode.target]
            work.value[hit] = np.round(scale * work.value[hit] + offset, 6)
            work.in_wrong_unit[hit] = True
        self._silence(work, start_s, end_s)

    def _distort(self, work: _Work, start_s: float, end_s: float) -> None:
        for episode in self._schedule.between(Fault.STUCK, start_s, end_s):
            hit = work.hit(episode, episode.target, episode.target + 1)
            work.value[hit] = self._level_at_start(episode)
        for episode in self._schedule.between(Fault.DRIFT, start_s, end_s):
            hit = work.hit(episode, episode.target, episode.target + 1)
            gone_days = (work.ts[hit] - episode.start_s) / DAY_S
            work.value[hit] += episode.size * gone_days * abs(self._level_at_start(episode))

    def _level_at_start(self, episode: Episode) -> float:
        sensor = np.array([episode.target], dtype=np.int64)
        return float(self._signals.values(sensor, np.array([episode.start_s]))[0])

    def _spike(self, work: _Work) -> None:
        hit = self._chosen(work, self._rates.spike, _SPIKE_STREAM)
        hit = hit[~self._signals.is_counter[work.sensor[hit]]]
        if len(hit) == 0:
            return
        share = chances.uniform(
            self._city.seed, _SPIKE_SIZE_STREAM, work.sensor[hit], work.ts[hit].astype(np.int64)
        )
        factor = SPIKE_FACTOR[0] + share * (SPIKE_FACTOR[1] - SPIKE_FACTOR[0])
        true = work.value[hit]
        work.value[hit] = true * factor
        for index, position in enumerate(hit):
            parameters = {"true": round(float(true[index]), 3), "factor": round(float(factor[index]), 3)}
            self._truth.sensor_event(
                Fault.SPIKE, int(work.sensor[position]), float(work.ts[position]), parameters
            )

    def _silence(self, work: _Work, start_s: float, end_s: float) -> None:
        lost = self._chosen(work, self._rates.dropout, _DROPOUT_STREAM)
        work.kept[lost] = False
        for position in lost:
            self._truth.sensor_event(Fault.DROPOUT, int(work.sensor[position]), float(work.ts[position]), {})
        for episode in self._schedule.between(Fault.SENSOR_OUTAGE, start_s, end_s):
            work.kept[work.hit(episode, episode.target, episode.target + 1)] = False
        for fault in (Fault.OUTAGE, Fault.CLOCK_SKEW):
            for episode in self._schedule.between(fault, start_s, end_s):
                hit = work.hit(episode, *self._gateway_bounds[[episode.target, episode.target + 1]])
                if fault is Fault.OUTAGE:
                    work.kept[hit] = False
                else:
                    work.clock[hit] += episode.size

    def _chosen(self, work: _Work, chance: float, stream: int) -> Integers:
        """Return the positions of readings that a chance falls on; states are spared."""
        if chance == 0.0:
            return np.zeros(0, dtype=np.int64)
        drawn = chances.uniform(self._city.seed, stream, work.sensor, work.ts.astype(np.int64))
        chosen: Integers = np.flatnonzero((drawn < chance) & ~self._is_state[work.sensor])
        return chosen


class _Work:
    """Readings while faults are laid over them."""

    def __init__(self, sensor: Integers, ts: Floats, value: Floats) -> None:
        self.sensor = sensor
        self.ts = ts
        self.value = value
        self.clock = ts.copy()
        self.kept = np.ones(len(sensor), dtype=np.bool_)
        self.in_wrong_unit = np.zeros(len(sensor), dtype=np.bool_)

    def hit(self, episode: Episode, first_sensor: int, end_sensor: int) -> Integers:
        """Return the positions of the readings of a range of sensors that fall into an episode."""
        first, last = np.searchsorted(self.sensor, [first_sensor, end_sensor])
        ts = self.ts[first:last]
        inside: Integers = first + np.flatnonzero((ts >= episode.start_s) & (ts < episode.end_s))
        return inside


def _wrong_unit(unit: str, wrong: str | None) -> tuple[float, float]:
    """Return how the value looks in the wrong unit; where no conversion exists it keeps its number."""
    if wrong is None:
        return 1.0, 0.0
    try:
        return conversion(unit, wrong)
    except IncompatibleUnitError:
        return 1.0, 0.0
