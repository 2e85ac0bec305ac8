"""Facts and hourly means of a file's sensors, by the engine's own functions.

A file is an archive: a sensor lives from its first reading to the end of its last one's slot, and nothing is
expected of it before or after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.quantities import QUANTITIES, QuantityKind
from processing.columns import VALID_SHARE
from processing.facts import sensor_facts
from processing.grid import HOUR_US, hour_floor
from processing.spans import FactRules, Run, slot_floor
from processing.work import Readings, Sensor, Work

if TYPE_CHECKING:
    from processing.columns import Floats, HourFacts, Ints
    from processing.compute.readings import Series

_SECOND_US: Final = 1_000_000
_INTERVAL_US_DEFAULT: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that the service has in its settings, with the same defaults.

    Attributes:
        interval_s: expected distance of readings; None: the median step of each sensor.
        averaging_s: length of the time that a reading speaks of.
        liveness_intervals: how many intervals a good reading proves life.
        max_gap_intervals: how many intervals a value holds at most.
    """

    interval_s: float | None = None
    averaging_s: float = 0.0
    liveness_intervals: float = 2.0
    max_gap_intervals: float = 3.0

    def interval_us(self, series: Series) -> int:
        """Return the expected distance of the sensor's readings."""
        if self.interval_s is not None:
            return max(1, round(self.interval_s * _SECOND_US))
        return series.interval_us() or _INTERVAL_US_DEFAULT

    def max_gap_us(self, series: Series) -> int:
        """Return how long a value holds at most."""
        return max(
            round(self.interval_us(series) * self.max_gap_intervals), round(self.averaging_s * _SECOND_US)
        )

    def life(self, series: Series) -> tuple[int, int]:
        """Return [start, end) of the sensor's life; it must have a reading."""
        interval = self.interval_us(series)
        last = slot_floor(int(series.ts[-1]), interval)
        return int(series.ts[0]), last + max(interval, round(self.averaging_s * _SECOND_US))


def facts_of(series: Series, rules: Rules) -> HourFacts | None:
    """Return the facts of every hour of the sensor's life; None without readings."""
    if not len(series.ts):
        return None
    interval = rules.interval_us(series)
    quantity = QUANTITIES.get(series.quantity or "")
    sensor = Sensor(
        id=0,
        site_id=0,
        quantity=series.quantity or "",
        is_counter=quantity is not None and quantity.kind is QuantityKind.COUNTER,
        interval_us=interval,
        averaging_us=round(rules.averaging_s * _SECOND_US),
        archive=True,
        retired_us=None,
    )
    start, end = rules.life(series)
    work = Work(sensor, None, (Run(hour_floor(slot_floor(start, interval)), hour_floor(end)),))
    readings = Readings(
        ts=series.ts,
        value=series.value,
        good=series.good,
        calibrating=series.calibrating,
        delay_us=np.zeros(len(series.ts), np.int64),
    )
    fact_rules = FactRules(rules.liveness_intervals, rules.max_gap_intervals, 300 * _SECOND_US, end)
    return sensor_facts(work, readings, fact_rules)


def hourly_means(facts: HourFacts) -> tuple[Ints, Floats]:
    """Return hours and means; NaN where the hour holds less than three quarters of what was expected."""
    valid = facts.slots >= VALID_SHARE * facts.expected
    return facts.hour, np.where(valid, facts.mean, np.nan)


def windows_of(series: Series, rules: Rules) -> tuple[Ints, Ints]:
    """Return the parts of UTC hours in which terms are wanted, ascending: calibration is cut out."""
    start, end = rules.life(series)
    interval = rules.interval_us(series)
    hours = np.arange(hour_floor(start), end, HOUR_US, dtype=np.int64)
    starts, ends = np.maximum(hours, start), np.minimum(hours + HOUR_US, end)
    for instant in series.ts[series.calibrating].tolist():
        slot, hour = slot_floor(instant, interval), hour_floor(instant)
        starts, ends = _without(starts, ends, max(slot, hour), min(slot + interval, hour + HOUR_US))
    return starts, ends


def _without(starts: Ints, ends: Ints, hole_start: int, hole_end: int) -> tuple[Ints, Ints]:
    """Return the windows less one hole."""
    left = np.minimum(ends, np.maximum(hole_start, starts))
    right = np.maximum(starts, np.minimum(hole_end, ends))
    pieces = np.stack((np.concatenate((starts, right)), np.concatenate((left, ends))))
    pieces = pieces[:, pieces[0] < pieces[1]]
    pieces = pieces[:, np.argsort(pieces[0], kind="stable")]
    return pieces[0], pieces[1]
