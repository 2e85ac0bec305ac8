"""Which hours of a sensor must be computed again when some of them changed.

Facts look to the left only, as far as the last good reading. So a change in hour h touches h, the hours
after it that its last good reading still reaches into, and the next hour that holds one. Besides, a sensor
has facts for every hour of its life, because an hour without readings is evidence too: a new first or last
reading makes the empty hours between it and what was known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.columns import NO_INSTANT
from processing.grid import HOUR_US, hour_floor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processing.columns import Ints
    from processing.work import Sensor

# Dirty hours nearer than this are computed in one run: the hours between cost less than another look-up.
_JOIN_US: Final = 6 * HOUR_US


@dataclass(frozen=True, slots=True)
class FactRules:
    """The rules that every sensor shares, in microseconds and intervals."""

    liveness_intervals: float
    max_gap_intervals: float
    on_time_limit_us: int
    now: int

    def liveness_us(self, sensor: Sensor) -> int:
        """Return how long a good reading proves life."""
        return round(sensor.interval_us * self.liveness_intervals)

    def max_gap_us(self, sensor: Sensor) -> int:
        """Return how long a value holds at most."""
        return max(round(sensor.interval_us * self.max_gap_intervals), sensor.averaging_us)

    def follow_us(self, sensor: Sensor) -> int:
        """Return how far a good reading reaches into the hours after its own, in whole hours."""
        return hour_floor(max(self.liveness_us(sensor), self.max_gap_us(sensor))) + HOUR_US


@dataclass(frozen=True, slots=True)
class Extent:
    """What is stored of a sensor: first and last hour with facts, first and last reading."""

    first_hour: int
    first_ts: int
    last_hour: int
    last_ts: int


class Life(NamedTuple):
    """When something is expected of a sensor: [start, end), from its first reading ever."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring dirty hours of a sensor.

    Attributes:
        first: first dirty hour.
        last: last dirty hour.
        carry_ts: stored last good reading before `first`; `NO_INSTANT` for none.
        carry_value: its value.
        next_hour: next stored hour with a good reading after `last`; `NO_INSTANT` for none.
        carry_calibrating_ts: stored last calibrating reading since the hour of `carry_ts` and before `first`;
            `NO_INSTANT` for none.
    """

    first: int
    last: int
    carry_ts: int = NO_INSTANT
    carry_value: float = float("nan")
    next_hour: int = NO_INSTANT
    carry_calibrating_ts: int = NO_INSTANT


def slot_floor(instant: int, interval_us: int) -> int:
    """Return the start of the interval slot that holds `instant` (slots are counted from 1970)."""
    return instant - instant % interval_us


def slot_reach(interval_us: int) -> int:
    """Return how many hours before its own a reading's slot may begin."""
    return 0 if HOUR_US % interval_us == 0 else -(-interval_us // HOUR_US)


def dirty_hours(sensor: Sensor, hours: Ints, extent: Extent | None, now: int) -> Ints:
    """Return the claimed hours and those that must be looked at with them, sorted and distinct.

    - An interval that does not divide the hour: the hours in which a reading's slot may have begun.
    - A live sensor: every hour since the last one with facts, so that silence is noticed.
    - An archive that grows: its last hour, which ended at the last reading so far.
    """
    wanted = [hours]
    reach = slot_reach(sensor.interval_us)
    wanted.extend(hours - step * HOUR_US for step in range(1, reach + 1))
    if extent is not None:
        if sensor.archive and extent.last_ts != NO_INSTANT and int(hours.max()) > hour_floor(extent.last_ts):
            wanted.append(np.array([hour_floor(extent.last_ts)], np.int64))
        if not sensor.archive:
            end = min(now, sensor.retired_us or now)
            wanted.append(np.arange(extent.last_hour + HOUR_US, end, HOUR_US, dtype=np.int64))
    found = np.unique(np.concatenate(wanted))
    return found[found <= hour_floor(now)] if not sensor.archive else found


def runs_of(hours: Ints) -> list[tuple[int, int]]:
    """Return (first, last) of the runs of sorted hours."""
    breaks = np.flatnonzero(np.diff(hours) > _JOIN_US)
    firsts = hours[np.concatenate((np.zeros(1, np.int64), breaks + 1))]
    lasts = hours[np.concatenate((breaks, np.array([len(hours) - 1])))]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def life_of(sensor: Sensor, extent: Extent | None, ts: Ints, now: int) -> Life | None:
    """Return the life of a sensor of which `ts` (sorted) was just loaded; None before its first reading.

    An archive lives to the end of its last reading's slot, any other sensor until it is retired or to now.
    """
    known = [int(ts[0]), int(ts[-1])] if len(ts) else []
    if extent is not None and extent.first_ts != NO_INSTANT:
        known += [extent.first_ts, extent.last_ts]
    if not known:
        return None
    if sensor.archive:
        end = slot_floor(max(known), sensor.interval_us) + max(sensor.interval_us, sensor.averaging_us)
    else:
        end = max(now, max(known) + 1)
    if sensor.retired_us is not None:
        end = min(end, max(sensor.retired_us, max(known) + 1))
    return Life(min(known), end)


def hours_of_runs(
    runs: Sequence[Run], extent: Extent | None, life: Life, first_hour: int, follow_us: int
) -> list[Ints]:
    """Return the hours to compute for each run, ascending.

    Args:
        runs: of one sensor, in order.
        extent: what was stored before.
        life: with what was loaded now.
        first_hour: hour in which the sensor's first slot begins.
        follow_us: how far a good reading reaches into hours after its own.
    """
    last_hour = hour_floor(life.end - 1)
    found: list[Ints] = []
    reached = first_hour - HOUR_US
    for position, run in enumerate(runs):
        is_last = position + 1 == len(runs)
        limit = last_hour if is_last else runs[position + 1].first - HOUR_US
        first, last = run.first, run.last
        if extent is None or first > extent.last_hour:
            # Beyond what is stored nothing may be left out between.
            first = max(reached + HOUR_US, first_hour if extent is None else extent.last_hour + HOUR_US)
            first = min(first, run.first)
        if extent is None or last >= extent.last_hour:
            last = limit if is_last or extent is None or run.last > extent.last_hour else last
        elif last < extent.first_hour:
            # Before what is stored, up to the hour that was the first.
            last = max(run.next_hour, extent.first_hour)
        hours = np.arange(first, min(max(last, run.last + follow_us), limit) + 1, HOUR_US, dtype=np.int64)
        if run.next_hour != NO_INSTANT:
            hours = hours[hours <= run.next_hour]
            if run.next_hour <= limit:
                hours = np.append(hours, run.next_hour)
        hours = np.unique(hours[(hours >= first_hour) & (hours <= last_hour)])
        reached = int(hours[-1]) if len(hours) else reached
        found.append(hours)
    return found
