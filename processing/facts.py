"""Hour facts of one sensor from its readings: windows and pieces here, arithmetic in the kernel."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.columns import NO_INSTANT, HourFacts
from processing.grid import HOUR_US, hour_floor
from processing.kernels.hours import HourColumns, expected_slots, hour_facts
from processing.spans import Life, hours_of_runs, life_of, slot_floor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from processing.columns import Ints
    from processing.spans import FactRules, Run
    from processing.work import Readings, Sensor, Work

# What depends on the part of the hour that counts, and adds up over its pieces.
_WINDOWED: Final = ("slots", "integral", "covered_s", "live_s", "outages")


def sensor_facts(work: Work, readings: Readings, rules: FactRules) -> HourFacts | None:
    """Return the facts of all hours that the work's dirty hours touch; None before the first reading."""
    found = run_facts(work, readings, rules)
    return joined([run.facts for run in found]) if found else None


@dataclass(frozen=True, slots=True, eq=False)
class RunFacts:
    """Facts of one run of hours, and what they were made of.

    Attributes:
        facts: of the hours.
        chosen: which readings of the sensor may speak of them.
        carry: what was known before them.
        pieces: layers of (starts, ends) of the parts of the hours that count, one entry per hour each.
        life: of the sensor.
        until: nothing is known after it.
    """

    facts: HourFacts
    chosen: slice
    carry: Carry
    pieces: Sequence[tuple[Ints, Ints]]
    life: Life
    until: int


def run_facts(work: Work, readings: Readings, rules: FactRules) -> list[RunFacts]:
    """Return the facts of all hours that the work's dirty hours touch, run by run."""
    sensor = work.sensor
    life = life_of(sensor, work.extent, readings.ts, rules.now)
    if life is None:
        return []
    first_hour = hour_floor(slot_floor(life.start, sensor.interval_us))
    found: list[RunFacts] = []
    carry = Carry()
    for run, hours in zip(
        work.runs, hours_of_runs(work.runs, work.extent, life, first_hour, work.follow_us), strict=True
    ):
        if len(hours):
            carry = carry.into(run, [earlier.facts for earlier in found])
            found.append(_facts_of_hours(work, readings, hours, life, carry, rules))
            carry = carry.after(found[-1].facts)
    return found


def joined(parts: Sequence[HourFacts]) -> HourFacts:
    """Return the rows of all parts, in their order."""
    return HourFacts(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(HourFacts))
    )


class Carry(NamedTuple):
    """What a run of hours knows of the time before it.

    Attributes:
        ts: last good reading; `NO_INSTANT` for none.
        value: its value.
        calibrating_ts: last calibrating reading; `NO_INSTANT` for none, or for one that no longer matters.
    """

    ts: int = NO_INSTANT
    value: float = float("nan")
    calibrating_ts: int = NO_INSTANT

    def into(self, run: Run, found: Sequence[HourFacts]) -> Carry:
        """Return what the run knows, from what is stored and from the earlier runs' facts.

        What is stored of an hour that an earlier run computed anew no longer holds.
        """
        known = self
        if run.carry_ts > known.ts and not _computed(found, run.carry_ts):
            known = known._replace(ts=run.carry_ts, value=run.carry_value)
        if run.carry_calibrating_ts > known.calibrating_ts and not _computed(found, run.carry_calibrating_ts):
            known = known._replace(calibrating_ts=run.carry_calibrating_ts)
        return known

    def after(self, facts: HourFacts) -> Carry:
        """Return what is known after the hours of `facts`."""
        known = self
        good = np.flatnonzero(facts.n_good)
        if len(good):
            last = good[-1]
            known = known._replace(ts=int(facts.last_good_ts[last]), value=float(facts.last_good_value[last]))
        latest = int(facts.last_calibrating_ts.max(initial=NO_INSTANT))
        return known._replace(calibrating_ts=max(known.calibrating_ts, latest))


def _computed(found: Sequence[HourFacts], instant: int) -> bool:
    hour = hour_floor(instant)
    return any(hour in facts.hour for facts in found)


def _facts_of_hours(
    work: Work, readings: Readings, hours: Ints, life: Life, carry: Carry, rules: FactRules
) -> RunFacts:
    sensor = work.sensor
    first, last = np.searchsorted(readings.ts, [hours[0], life.end])
    chosen = slice(int(first), max(int(last), int(first)))
    starts, ends = _windows(sensor, hours, life, rules.now)
    pieces = _pieces(hours, starts, ends, _holes(work, readings, chosen))
    until = rules.now if not sensor.archive else life.end
    planned = np.array(_merged(work.maintenance), np.int64).reshape(-1, 2)
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
            carry.ts,
            carry.value,
            carry.ts != NO_INSTANT,
            until,
            readings.calibrating[chosen],
            carry.calibrating_ts,
            planned[:, 0].copy(),
            planned[:, 1].copy(),
        )
        for piece_starts, piece_ends in pieces
    ]
    facts = _assembled(sensor, hours, life, pieces, passes)
    return RunFacts(facts, chosen, carry, pieces, life, until)


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
    return _merged(holes)


def _merged(holes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
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
