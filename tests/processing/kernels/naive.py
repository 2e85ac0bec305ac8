"""Slow, obvious twins of the kernels: lists, sets and fractions instead of one pass over arrays."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

HOUR = 3_600_000_000


class Reading(NamedTuple):
    ts: int
    value: float
    good: bool
    delay_us: int
    calibrating: bool = False


@dataclass(frozen=True)
class Rules:
    interval_us: int
    max_gap_us: int
    liveness_us: int
    on_time_limit_us: int
    is_counter: bool
    horizon: int


def facts(readings: list[Reading], start: int, end: int, window: tuple[int, int], rules: Rules) -> dict:
    """Facts of [start, end), of which `window` counts, from all readings that ever were."""
    low, high = max(start, window[0]), min(end, window[1])
    seen = min(high, rules.horizon)
    inside = [reading for reading in readings if start <= reading.ts < end]
    good = [reading for reading in inside if reading.good]
    values = [reading.value for reading in good]
    mean = math.fsum(values) / len(values) if values else math.nan
    held = holds(readings, rules.max_gap_us)
    pieces = [(min(b, seen) - max(a, low), value) for a, b, value in held if min(b, seen) > max(a, low)]
    alive = union([(reading.ts, reading.ts + rules.liveness_us) for reading in readings if reading.good])
    steps = [(after.ts, step(before.value, after.value)) for before, after in neighbours(readings)]
    return {
        "n": len(inside),
        "n_good": len(good),
        "slots": len(filled_slots(readings, low, high, rules.interval_us)),
        "mean": mean,
        "m2": math.fsum((value - mean) ** 2 for value in values) if values else math.nan,
        "minimum": min(values, default=math.nan),
        "maximum": max(values, default=math.nan),
        "first_ts": min((reading.ts for reading in inside), default=-1),
        "last_ts": max((reading.ts for reading in inside), default=-1),
        "last_good_ts": good[-1].ts if good else -1,
        "last_good_value": good[-1].value if good else math.nan,
        "integral": math.fsum(value * length for length, value in pieces) * 1e-6,
        "covered_s": sum(length for length, _ in pieces) * 1e-6,
        "live_s": sum(max(0, min(b, seen) - max(a, low)) for a, b in alive) * 1e-6,
        "outages": sum(low <= b < seen for _, b in alive),
        "increase": math.fsum(rise for ts, rise in steps if start <= ts < end)
        if good and rules.is_counter
        else math.nan,
        "on_time": sum(reading.delay_us <= rules.on_time_limit_us for reading in inside),
        "delay_max_s": max((reading.delay_us for reading in inside), default=math.nan) * 1e-6,
    }


def closed_outages(
    readings: list[Reading], hour: tuple[int, int], rules: Rules, planned: list[tuple[int, int]]
) -> dict:
    """Outages that a good reading of [start, end) ends, less planned maintenance."""
    lengths = []
    present = [reading.ts for reading in readings if reading.good or reading.calibrating]
    goods = [reading.ts for reading in readings if reading.good]
    for t in goods[1:]:
        out_from = max(ts for ts in present if ts < t) + rules.liveness_us
        if hour[0] <= t < hour[1] and out_from < t < rules.horizon:
            taken = sum(max(0, min(t, b) - max(out_from, a)) for a, b in planned)
            lengths.append(t - out_from - taken)
    seen = [reading.ts for reading in readings if reading.calibrating and hour[0] <= reading.ts < hour[1]]
    return {
        "outages_closed": sum(length > 0 for length in lengths),
        "outage_closed_s": sum(lengths) * 1e-6,
        "last_calibrating_ts": max(seen, default=-1),
    }


def neighbours(readings: list[Reading]) -> list[tuple[Reading, Reading]]:
    good = [reading for reading in readings if reading.good]
    return list(itertools.pairwise(good))


def step(before: float, after: float) -> float:
    """A counter that drops was reset to zero in between."""
    return after - before if after >= before else after


def holds(readings: list[Reading], max_gap_us: int) -> list[tuple[int, int, float]]:
    """[from, to) over which each good value holds."""
    good = [reading for reading in readings if reading.good]
    following = [reading.ts for reading in good[1:]] + [math.inf] * bool(good)
    return [
        (reading.ts, min(reading.ts + max_gap_us, after), reading.value)
        for reading, after in zip(good, following, strict=True)
    ]


def union(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Touching and overlapping ranges merged."""
    merged: list[tuple[int, int]] = []
    for a, b in sorted(ranges):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], b))
        else:
            merged.append((a, b))
    return merged


def filled_slots(readings: list[Reading], low: int, high: int, interval_us: int) -> set[int]:
    """Starts of the slots that begin in [low, high) and hold a good reading."""
    slots = {reading.ts // interval_us * interval_us for reading in readings if reading.good}
    return {slot for slot in slots if low <= slot < high}


def slot_starts(low: int, high: int, interval_us: int) -> int:
    """How many multiples of the interval lie in [low, high)."""
    return sum(1 for number in range(high // interval_us + 2) if low <= number * interval_us < high)


def sub_index(concentration: Fraction, concentrations: list[int], indices: list[int]) -> Fraction:
    if concentration >= concentrations[-1]:
        return Fraction(indices[-1])
    for k in range(1, len(concentrations)):
        if concentration <= concentrations[k]:
            share = (max(concentration, Fraction(0)) - concentrations[k - 1]) / (
                concentrations[k] - concentrations[k - 1]
            )
            return indices[k - 1] + share * (indices[k] - indices[k - 1])
    raise AssertionError


def nowcast(newest_first: list[Fraction | None]) -> Fraction | None:
    if sum(value is not None for value in newest_first[:3]) < 2:
        return None
    present = [value for value in newest_first if value is not None]
    if max(present) <= 0:
        return Fraction(0)
    weight = max(min(present) / max(present), Fraction(1, 2))
    terms = [(weight**age, value) for age, value in enumerate(newest_first) if value is not None]
    return sum((w * v for w, v in terms), Fraction(0)) / sum((w for w, _ in terms), Fraction(0))
