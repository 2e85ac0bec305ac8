"""Readings made and put into the outbox: live, and the past behind it.

Gateways send every `batch_s` seconds, not all in the same second: those of group g when the second divided
by `batch_s` leaves g. The past, and what a full outbox held up, is made in long steps, many readings to a
message. How far each group has come is kept in the outbox together with its batches, so a city that was
killed goes on without a gap and without a reading twice.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from device_sim.courses import COMMISSIONED_S
from device_sim.errors import CityError
from device_sim.fleet import Fleet
from device_sim.measurement import Measurement
from device_sim.schedule import Schedule
from device_sim.signals import Signals
from device_sim.truth import TruthLog

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from device_sim.city import City
    from device_sim.faults import FaultRates
    from device_sim.fleet import Batch
    from device_sim.outbox import Outbox, PendingBatch
    from device_sim.settings import DeviceSimSettings

_HOUR_S: Final = 3600
# A past longer than this is filled behind the running hour, which people look at first.
_SHORT_PAST_S: Final = 2 * _HOUR_S
_RESUMED_S_MAX: Final = 3 * 86_400


class Production:
    """Makes a city's readings.

    Attributes:
        schedule: the episodes of the city.
        live_s: up to when each group of gateways has sent, epoch seconds.
        produced_count: readings made by this process.
    """

    def __init__(
        self, city: City, rates: FaultRates, settings: DeviceSimSettings, outbox: Outbox, truth: Path | None
    ) -> None:
        self._city = city
        self._settings = settings
        self._outbox = outbox
        self._truth_path = truth
        self.schedule = Schedule(city, rates)
        self._signals = Signals(city)
        self._rates = rates
        rate = float(np.sum(1.0 / self._signals.interval_s))
        self._step_s = max(60, min(settings.history_batch_s, int(settings.history_readings_max / rate)))
        self.live_s: list[int] = []
        self._past_s: list[int] = []
        self._past_end_s = 0
        self._begun_s = 0
        self._truth_until_s = 0
        self.produced_count = 0
        self._truth: TruthLog
        self._fleet: Fleet
        self._measurement: Measurement
        self._groups: list[np.typing.NDArray[np.int64]] = []

    @property
    def start_s(self) -> int:
        """From when this process makes readings."""
        return self._begun_s

    @property
    def has_past(self) -> bool:
        """Whether some of the past is still to be filled."""
        return min(self._past_s) < self._past_end_s

    def begin(self, history_s: float, *, behind: bool) -> None:
        """Go on where an earlier process was, or begin a new city.

        Args:
            history_s: a new city begins so many seconds ago.
            behind: fill a long past behind the running hour, and not before it.

        Raises:
            CityError: it would begin before it was equipped.
            StateError: the truth file cannot be written.
        """
        goes_on = self._find_start(history_s, behind=behind)
        self._begun_s = min(self._past_s) if self.has_past else min(self.live_s)
        self._truth = TruthLog(self._truth_path, self._city, self.schedule, append=goes_on)
        self._fleet = Fleet(self._city, self._rates, self._truth)
        self._measurement = Measurement(self._city, self._signals, self.schedule, self._rates, self._truth)
        batch_s = self._settings.batch_s
        self._groups = [self._fleet.group(number, batch_s) for number in range(batch_s)]
        city = self._city
        facts = {"seed": city.seed, "gateways": len(city.gateways), "sensors": len(city.sensors)}
        self._truth.begin(self._begun_s, facts, goes_on=goes_on)
        self._truth_until_s = min(self.live_s)
        if not goes_on:
            self._truth.advance(self._begun_s, self._truth_until_s)

    def end(self) -> None:
        """Write up to when readings were made."""
        live_end_s = min(self.live_s)
        if self.has_past:
            self._truth.end(self._begun_s, min(self._past_s))
            self._truth.end(self._past_end_s, live_end_s)
        else:
            self._truth.end(self._begun_s, live_end_s)
        self._truth.close()

    def tick(self, second: int) -> list[PendingBatch]:
        """Return what the gateways of one group send at a second."""
        group = second % self._settings.batch_s
        start_s = self.live_s[group]
        self._advance_truth(second)
        readings = self._measurement.readings(self._groups[group], start_s, second)
        self.schedule.forget_before(second)
        batches = self._fleet.live_batches(readings, start_s, second)
        return self._kept(batches, self.live_s, group, second, "live")

    def catch_up(self, now_s: int) -> list[PendingBatch]:
        """Return a long step of the group that is furthest behind, as far as `now_s` at most."""
        group = int(np.argmin(self.live_s))
        end_s = min(now_s, self.live_s[group] + self._step_s)
        self._advance_truth(end_s)
        return self._long_step(self.live_s, group, end_s, "live")

    def fill(self) -> list[PendingBatch]:
        """Return a long step of the past."""
        group = int(np.argmin(self._past_s))
        return self._long_step(
            self._past_s, group, min(self._past_end_s, self._past_s[group] + self._step_s), "past"
        )

    def _long_step(self, until_s: list[int], group: int, end_s: int, name: str) -> list[PendingBatch]:
        readings = self._measurement.readings(self._groups[group], until_s[group], end_s)
        return self._kept(self._fleet.history_batches(readings), until_s, group, end_s, name)

    def _kept(
        self, batches: Iterable[Batch], until_s: list[int], group: int, end_s: int, name: str
    ) -> list[PendingBatch]:
        with self._outbox.transaction():
            kept = [self._outbox.put(batch.gateway, batch.readings, batch.encode) for batch in batches]
            self._outbox.keep_position(self._position(name, group), end_s)
        until_s[group] = end_s
        self.produced_count += sum(batch.readings for batch in kept)
        return kept

    def _advance_truth(self, until_s: int) -> None:
        if until_s > self._truth_until_s:
            self._truth.advance(self._truth_until_s, until_s)
            self._truth_until_s = until_s

    def _position(self, name: str, group: int) -> str:
        # A city of another make does not go on where this one was.
        city = self._city
        return f"{city.seed}/{len(city.gateways)}/{len(city.sensors)}/{self._settings.batch_s}/{name}/{group}"

    def _find_start(self, history_s: float, *, behind: bool) -> bool:
        """Set how far each group has come; return whether an earlier process goes on."""
        groups = range(self._settings.batch_s)
        now_s = int(time.time())
        known = [self._outbox.position(self._position("live", group)) for group in groups]
        if min(known) > now_s - _RESUMED_S_MAX:
            self.live_s = known
            self._past_s = [self._outbox.position(self._position("past", group)) for group in groups]
            self._past_end_s = self._outbox.position(self._position("past_end", 0))
            return True
        start_s = now_s - int(history_s)
        if start_s < COMMISSIONED_S:
            expected = "a time after the city was equipped, 2026-01-01"
            raise CityError("history", f"{history_s:g} s", expected)  # noqa: EM101 # the option's name
        live_s = now_s - now_s % _HOUR_S if behind and history_s > _SHORT_PAST_S else start_s
        self.live_s = [live_s for _ in groups]
        self._past_s = [start_s for _ in groups]
        self._past_end_s = live_s
        with self._outbox.transaction():
            self._outbox.keep_position(self._position("past_end", 0), live_s)
            for group in groups:
                self._outbox.keep_position(self._position("live", group), live_s)
                self._outbox.keep_position(self._position("past", group), start_s)
        return False
