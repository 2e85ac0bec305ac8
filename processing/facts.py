"""Hour facts of one sensor from its readings: windows and pieces here, arithmetic in the kernel."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

import numpy as np

from processing.columns import NO_INSTANT, HourFacts
from processing.grid import HOUR_US, hour_floor
from processing.kernels.hours import HourColumns, expected_slots, hour_facts
from processing.spans import Life, hours_of_runs, life_of, slot_floor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processing.columns import Ints
    from processing.loading import Readings, Work
    from processing.registry import Sensor
    from processing.spans import FactRules

# What depends on the part of the hour that counts, and adds up over its pieces.
_WINDOWED: Final = ("slots", "integral", "covered_s", "live_s", "outages")


def sensor_facts(work: Work, readings: Readings, rules: FactRules) -> HourFacts | None:
    """Return the facts of all hours that the work's dirty hours touch; None before the first reading."""
    sensor = work.sensor
    life = life_of(sensor, work.extent, readings.ts, rules.now)
    if life is None:
        return None
    first_hour = hour_floor(slot_floor(life.start, sensor.interval_us))
    found: list[HourFacts] = []
    carry_ts, carry_value = NO_INSTANT, float("nan")
    for run, hours in zip(
        work.runs, hours_of_runs(work.runs, work.extent, life, first_hour, work.follow_us), strict=True
    ):
        if not len(hours):
            continue
        # An earlier run may have found a later reading than is stored before this one.
        if run.carry_ts > carry_ts:
            carry_ts, carry_value = run.carry_ts, run.carry_value
        facts = _facts_of_hours(work, readings, hours, life, (carry_ts, carry_value), rules)
        found.append(facts)
        known = np.flatnonzero(facts.n_good)
        if len(known):
            carry_ts = int(facts.last_good_ts[known[-1]])
            carry_value = float(facts.last_good_value[known[-1]])
    return joined(found) if found else None


def joined(parts: Sequence[HourFacts]) -> HourFacts:
    """Return the rows of all parts, in their order."""
    return HourFacts(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(HourFacts))
    )


def _facts_of_hours(
    work: Work, readings: Readings, hours: Ints, life: Life, carry: tuple[int, float], rules: FactRules
) -> HourFacts:
    sensor = work.sensor
    first, last = np.searchsorted(readings.ts, [hours[0], life.end])
    chosen = slice(int(first), max(int(last), int(first)))
    starts, ends = _windows(sensor, hours, life, rules.now)
    pieces = _pieces(hours, starts, ends, _holes(work, readings, chosen))
    carry_ts, carry_value = carry
    passes = [
        hour_facts(
            readings.ts[chosen],
            readings.value[chosen],
            readings.good[chosen],
            readings.delay_us[chosen],
            hours,
            piece_starts,
            piece_ends,
            sensor.interval_us,
            rules.max_gap_us(sensor),
            rules.liveness_us(sensor),
            rules.on_time_limit_us,
            sensor.is_counter,
            carry_ts,
            carry_value,
            carry_ts != NO_INSTANT,
            rules.now if not sensor.archive else life.end,
        )
        for piece_starts, piece_ends in pieces
    ]
    return _assembled(sensor, hours, life, pieces, passes)


def _assembled(
    sensor: Sensor,
    hours: Ints,
    life: Life,
    pieces: Sequence[tuple[Ints, Ints]],
    passes: Sequence[HourColumns],
) -> HourFacts:
    columns = passes[0]._asdict()
    for name in _WINDOWED:
        for other in passes[1:]:
            columns[name] = columns[name] + getattr(other, name)
    expected = np.zeros(len(hours), np.int64)
    window_us = np.zeros(len(hours), np.int64)
    for starts, ends in pieces:
        used = np.maximum(ends, starts)
        expected += expected_slots(starts, used, sensor.interval_us)
        # Before the first reading the sensor was unknown, not down.
        window_us += np.maximum(used - np.maximum(starts, life.start), 0)
    return HourFacts(
        sensor_id=np.full(len(hours), sensor.id, np.int64),
        hour=hours,
        expected=expected,
        window_s=window_us.astype(np.float64) * 1e-6,
        **columns,
    )


def _windows(sensor: Sensor, hours: Ints, life: Life, now: int) -> tuple[Ints, Ints]:
    """Return the part of each hour in which something is expected.

    It begins with the slot of the first reading ever. In an hour that is not over it ends with the last slot
    that is: what is still measuring is not missing yet.
    """
    begin = slot_floor(life.start, sensor.interval_us)
    starts = np.maximum(hours, begin)
    ends = np.minimum(hours + HOUR_US, life.end)
    if not sensor.archive:
        so_far = max(slot_floor(now - sensor.averaging_us, sensor.interval_us), begin)
        ends = np.where(hours + HOUR_US > now, np.minimum(ends, so_far), ends)
    return starts, np.maximum(ends, starts)


def _holes(work: Work, readings: Readings, chosen: slice) -> list[tuple[int, int]]:
    """Return, sorted and disjoint, what leaves the window: planned maintenance and calibrations.

    A reading taken while calibrating takes its slot out, within its hour.
    """
    interval = work.sensor.interval_us
    holes = list(work.maintenance)
    for ts in readings.ts[chosen][readings.calibrating[chosen]].tolist():
        slot = slot_floor(ts, interval)
        hour = hour_floor(ts)
        holes.append((max(slot, hour), min(slot + interval, hour + HOUR_US)))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(holes):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _pieces(
    hours: Ints, starts: Ints, ends: Ints, holes: Sequence[tuple[int, int]]
) -> list[tuple[Ints, Ints]]:
    """Return the windows less the holes as layers: the k-th layer holds the k-th piece of every window."""
    cut: dict[int, list[tuple[int, int]]] = {}
    for hole_start, hole_end in holes:
        first, last = np.searchsorted(hours, [hour_floor(hole_start), hole_end])
        for index in range(int(first), int(last)):
            rest = cut.setdefault(index, [(int(starts[index]), int(ends[index]))])
            # Holes are sorted, so only the newest piece of a window can be cut again.
            start, end = rest.pop()
            rest += [(start, max(min(hole_start, end), start)), (min(max(hole_end, start), end), end)]
    depth = max((len(rest) for rest in cut.values()), default=1)
    layers = [(starts.copy(), ends.copy()), *((starts.copy(), starts.copy()) for _ in range(depth - 1))]
    for index, rest in cut.items():
        for (layer_starts, layer_ends), (start, end) in zip(layers, rest, strict=False):
            layer_starts[index], layer_ends[index] = start, end
    return layers
