"""Counters that stand still while there is no electricity, and begin again at zero after a reboot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from device_sim.courses import COMMISSIONED_S
from device_sim.faults import Fault
from device_sim.rhythms import DAY_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device_sim.city import City
    from device_sim.schedule import Schedule
    from device_sim.signals import Signals

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_FED_BY_FEEDER: Final = frozenset({"active_energy"})


class CounterBook:
    """What a counter shows: its course, less what it did not count, less what it showed at its last reboot.

    Between two events that difference is constant, so it is kept per sensor with the span for which it holds.
    """

    def __init__(self, city: City, signals: Signals, schedule: Schedule) -> None:
        count = len(city.sensors)
        self._signals = signals
        self._schedule = schedule
        self._site_of = {
            position: sensor.site
            for position, sensor in enumerate(city.sensors)
            if sensor.kind.quantity in _FED_BY_FEEDER
        }
        self._offset = np.zeros(count, dtype=np.float64)
        self._from_s = np.full(count, np.inf)
        self._until_s = np.full(count, -np.inf)
        self._read_until_s = float(COMMISSIONED_S)
        self._interruptions: dict[int, list[tuple[float, float]]] = {}
        self._reboots: dict[int, list[float]] = {}

    def shown(self, sensor: Integers, ts: Floats, course: Floats) -> Floats:
        """Return what the counters show.

        Args:
            sensor: shape (n,), counters only, ascending.
            ts: shape (n,), epoch seconds, ascending within a sensor.
            course: shape (n,), counts since the city was equipped.
        """
        if len(sensor) == 0:
            return course
        self._read_schedule(float(ts.max()))
        known = (ts >= self._from_s[sensor]) & (ts < self._until_s[sensor])
        result = course - self._offset[sensor]
        for position in np.unique(sensor[~known]):
            first, last = np.searchsorted(sensor, [position, position + 1])
            result[first:last] = self._slowly(int(position), ts[first:last], course[first:last])
        return result

    def _slowly(self, sensor: int, ts: Floats, course: Floats) -> Floats:
        pauses = np.array(self._interruptions.get(self._site_of.get(sensor, -1), []), dtype=np.float64)
        pauses = pauses.reshape(-1, 2)
        reboots = np.array(self._reboots.get(sensor, []), dtype=np.float64)
        counted = course - self._uncounted(sensor, ts, course, pauses)
        if len(reboots):
            at_reboot = self._course(sensor, reboots)
            base = np.concatenate([[0.0], at_reboot - self._uncounted(sensor, reboots, at_reboot, pauses)])
            counted = counted - base[np.searchsorted(reboots, ts, side="right")]
        self._keep_offset(sensor, float(ts[-1]), float(course[-1] - counted[-1]), pauses, reboots)
        return counted

    def _uncounted(self, sensor: int, ts: Floats, course: Floats, pauses: Floats) -> Floats:
        """Return by how much the course ran on while the counter stood still, up to each moment."""
        if len(pauses) == 0:
            return np.zeros(len(ts))
        start_s, end_s = pauses[:, 0], pauses[:, 1]
        at_start = self._course(sensor, start_s)
        lost = np.concatenate([[0.0], np.cumsum(self._course(sensor, end_s) - at_start)])
        ended = np.searchsorted(end_s, ts, side="right")
        current = np.minimum(ended, len(pauses) - 1)
        is_pausing = (ended < len(pauses)) & (ts >= start_s[current])
        return lost[ended] + np.where(is_pausing, course - at_start[current], 0.0)

    def _keep_offset(self, sensor: int, ts: float, offset: float, pauses: Floats, reboots: Floats) -> None:
        events = np.concatenate([pauses.ravel(), reboots])
        is_pausing = bool(len(pauses)) and bool(np.any((pauses[:, 0] <= ts) & (ts < pauses[:, 1])))
        later = events[events > ts]
        self._offset[sensor] = offset
        self._from_s[sensor] = ts
        self._until_s[sensor] = -np.inf if is_pausing else min([*later.tolist(), self._read_until_s])

    def _course(self, sensor: int, ts: Floats) -> Floats:
        return self._signals.values(np.full(len(ts), sensor, dtype=np.int64), ts)

    def _read_schedule(self, until_s: float) -> None:
        """Take over the events of the days up to `until_s`; they are looked up once."""
        if until_s < self._read_until_s:
            return
        end_s = (until_s // DAY_S + 1) * DAY_S
        while self._read_until_s < end_s:
            day_end_s = (self._read_until_s // DAY_S + 1) * DAY_S
            for fault in (Fault.SUPPLY_INTERRUPTION, Fault.COUNTER_REBOOT):
                for episode in self._schedule.between(fault, self._read_until_s, day_end_s):
                    if episode.start_s < self._read_until_s:
                        continue
                    if fault is Fault.COUNTER_REBOOT:
                        self._reboots.setdefault(episode.target, []).append(episode.start_s)
                    else:
                        span = (episode.start_s, episode.end_s)
                        self._interruptions.setdefault(episode.target, []).append(span)
            self._read_until_s = day_end_s
