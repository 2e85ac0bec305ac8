"""All families in one pass: equal to their twins, a monoid, and repaired exactly after a change."""

from __future__ import annotations

import itertools
import math
import statistics
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.kernels import counters, heartbeat, quantiles, weighting
from processing.kernels.hours import hour_facts
from processing.kernels.ordering import sensor_time_order
from processing.kernels.segments import SEGMENT, merged, segments_of
from processing.kernels.window_facts import FACTS, finalise, with_followers

S = 1_000_000
SPAN = 60
GAP, LIFE = 4 * S, 3 * S
P = np.array([0.0, 0.5, 0.95, 1.0])
NOWHERE = math.nan
quick = settings(deadline=None, max_examples=60)


class Reading(NamedTuple):
    ts: int
    value: float
    counter: float
    good: bool


# Whole seconds, so that readings often stand on the edges of windows, holds and lives.
series = st.dictionaries(
    st.integers(0, SPAN - 1),
    st.tuples(
        st.integers(-3, 9).map(float), st.integers(0, 9).map(float), st.sampled_from([True, True, False])
    ),
    max_size=25,
).map(lambda found: [Reading(ts * S, *rest) for ts, rest in sorted(found.items())])
cities = st.lists(series, min_size=1, max_size=3)
cuts = st.sets(st.integers(1, SPAN - 1), max_size=6).map(lambda found: [0, *sorted(found), SPAN])


class Grid(NamedTuple):
    """The windows of all sensors, as the kernels take them."""

    sensor: np.ndarray
    first_row: np.ndarray
    last_row: np.ndarray
    start: np.ndarray
    end: np.ndarray

    def take(self, cells: np.ndarray) -> Grid:
        return Grid(*(column[cells] for column in self))


def grid(city: list[list[Reading]], windows: list[tuple[int, int]]) -> Grid:
    offsets = [0, *itertools.accumulate(len(readings) for readings in city)]
    rows = [
        (sensor, offsets[sensor], offsets[sensor + 1], low * S, high * S)
        for sensor in range(len(city))
        for low, high in windows
    ]
    return Grid(*np.array(rows, np.int64).T.copy())


def columns(city: list[list[Reading]]) -> tuple[np.ndarray, ...]:
    flat = [reading for readings in city for reading in readings]
    kinds = (np.int64, np.float64, np.float64, np.bool_)
    return tuple(np.array([reading[k] for reading in flat], kind) for k, kind in enumerate(kinds))


def built(city: list[list[Reading]], cells: Grid) -> tuple[np.ndarray, np.ndarray]:
    return segments_of(*columns(city), *cells[1:], GAP, LIFE, P)


def facts(segments: np.ndarray, cells: Grid, until: int = SPAN * S, asked: object = None) -> np.ndarray:
    chosen = np.arange(len(segments)) if asked is None else np.asarray(asked, np.int64)
    return finalise(segments, cells.sensor, cells.start, cells.end, chosen, GAP, LIFE, until)


def naive(readings: list[Reading], low: int, high: int, until: int) -> dict[str, float]:
    """Facts of [low, high) in seconds, of one sensor, by looking at every second."""
    good = [reading for reading in readings if reading.good]
    inside = [reading for reading in good if low * S <= reading.ts < high * S]
    values = [reading.value for reading in inside]
    seen = range(low, max(min(high, until), low))
    held, alive, known = [], 0, 0
    runs = [0]
    for second in seen:
        before = [reading for reading in good if reading.ts <= second * S]
        if not before:
            continue
        known += 1
        age = second * S - before[-1].ts
        if age < GAP:
            held.append(before[-1].value)
        alive += age < LIFE
        runs.append(0 if age < LIFE else runs[-1] + 1)
    pairs = [pair for pair in itertools.pairwise(good) if low * S <= pair[1].ts < high * S]
    silences = [b.ts - a.ts - LIFE for a, b in pairs if b.ts - a.ts > LIFE]
    ends = [a.ts + LIFE for a, b in itertools.pairwise(good) if b.ts - a.ts > LIFE]
    ends += [good[-1].ts + LIFE] if good else []
    drops = [b.counter < a.counter for a, b in pairs]
    rises = [b.counter if b.counter < a.counter else b.counter - a.counter for a, b in pairs]
    return {
        "n": sum(low * S <= reading.ts < high * S for reading in readings),
        "n_good": len(values),
        "outages": sum(low * S <= end < min(high, until) * S for end in ends),
        "closed": len(silences),
        "resets": sum(drops),
        "mean": statistics.fmean(values) if values else NOWHERE,
        "m2": statistics.pvariance(values) * len(values) if values else NOWHERE,
        "minimum": min(values, default=NOWHERE),
        "maximum": max(values, default=NOWHERE),
        "integral": sum(held),
        "covered_s": len(held),
        "live_s": alive,
        "dead_s": known - alive,
        "closed_s": sum(silences) / S,
        "longest_s": max(runs),
        "increase": sum(rises) if values else NOWHERE,
    }


def assert_alike(found: np.ndarray, wanted: np.ndarray) -> None:
    """Whole numbers equal, others to the last digits."""
    for name in found.dtype.names:
        assert found[name] == pytest.approx(wanted[name], rel=1e-9, abs=1e-9, nan_ok=True), name


@given(cities, st.integers(0, SPAN))
@quick
def test_facts_and_quantiles_equal_a_walk_second_by_second(city: list, until: int) -> None:
    city = [[reading for reading in readings if reading.ts < until * S] for readings in city]
    windows = [(0, 7), (7, 20), (20, 23), (23, 24), (24, 50), (50, 60)]
    cells = grid(city, windows)
    segments, selected = built(city, cells)
    found = facts(segments, cells, until * S)
    for k, (readings, (low, high)) in enumerate(itertools.product(city, windows)):
        wanted = naive(readings, low, high, until)
        assert set(wanted) == set(FACTS.names)
        for name, expected in wanted.items():
            assert found[name][k] == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), name
        values = [r.value for r in readings if r.good and low * S <= r.ts < high * S]
        expected = np.quantile(values, P) if values else np.full(len(P), np.nan)
        assert np.array_equal(selected[k], expected, equal_nan=True)


@given(series, cuts, st.data())
@quick
def test_segments_merge_into_that_of_their_union_in_any_grouping(
    readings: list, edges: list, data: st.DataObject
) -> None:
    cells = grid([readings], list(itertools.pairwise(edges)))
    parts, _ = built([readings], cells)
    whole, _ = built([readings], grid([readings], [(0, SPAN)]))
    assert_alike(merged(parts, np.array([0, len(parts)]), GAP, LIFE), whole)
    inner = data.draw(st.sets(st.integers(0, len(parts)), max_size=3))
    bounds = np.array(sorted({0, *inner, len(parts)}), np.int64)
    grouped = merged(parts, bounds, GAP, LIFE)
    assert_alike(merged(grouped, np.array([0, len(grouped)]), GAP, LIFE), whole)


@given(series)
@quick
def test_a_segment_without_readings_changes_nothing(readings: list) -> None:
    one, _ = built([readings], grid([readings], [(0, SPAN)]))
    empty, _ = built([[]], grid([[]], [(0, SPAN)]))
    for pair in ((empty, one), (one, empty)):
        found = merged(np.concatenate(pair), np.array([0, 2]), GAP, LIFE)
        assert found.tobytes() == one.tobytes()
    assert merged(one, np.array([0, 0]), GAP, LIFE).tobytes() == empty.tobytes()


@given(series, cuts)
@quick
def test_facts_of_windows_add_up(readings: list, edges: list) -> None:
    cells = grid([readings], list(itertools.pairwise(edges)))
    parts = facts(built([readings], cells)[0], cells)
    one = grid([readings], [(0, SPAN)])
    whole = facts(built([readings], one)[0], one)[0]
    for name in ("n", "n_good", "outages", "closed", "resets", "integral", "covered_s", "live_s", "dead_s"):
        assert parts[name].sum() == pytest.approx(whole[name], abs=1e-9), name
    assert parts["closed_s"].sum() == pytest.approx(whole["closed_s"], abs=1e-9)
    assert np.nansum(parts["increase"]) == np.nan_to_num(whole["increase"])


@given(series, st.integers(1, SPAN - 1))
@quick
def test_the_segment_in_front_is_all_that_is_carried_in(readings: list, cut: int) -> None:
    """Facts after a cut, from what is stored of the time before it, are bit for bit those of the whole."""
    windows = [(0, cut), (cut, SPAN)]
    cells = grid([readings], windows)
    stored, _ = built([readings], cells)
    later = [reading for reading in readings if reading.ts >= cut * S]
    fresh, _ = built([later], grid([later], windows[1:]))
    again = facts(np.concatenate((stored[:1], fresh)), cells, asked=[1])
    assert again.tobytes() == facts(stored, cells)[1:].tobytes()


@given(cities, cuts, st.data())
@quick
def test_a_late_reading_repairs_to_the_bits_of_a_full_rebuild(
    city: list, edges: list, data: st.DataObject
) -> None:
    windows = list(itertools.pairwise(edges))
    segments, selected = built(city, cells := grid(city, windows))
    known = facts(segments, cells)
    changed = data.draw(st.sets(st.integers(0, len(segments) - 1)))
    late = [list(readings) for readings in city]
    for cell in changed:
        sensor, window = divmod(cell, len(windows))
        low, high = windows[window]
        # What was there is gone, and there may be something else: corrections come in all forms.
        late[sensor] = [r for r in late[sensor] if not low * S <= r.ts < high * S]
        for second in data.draw(st.sets(st.integers(low, high - 1), max_size=3)):
            late[sensor].append(Reading(second * S, data.draw(st.integers(0, 5).map(float)), 1.0, good=True))
        late[sensor].sort()
    now = grid(late, windows)
    rows = np.array(sorted(changed), np.int64)
    segments[rows], selected[rows] = built(late, now.take(rows))
    asked = with_followers(segments, now.sensor, rows)
    known[asked] = facts(segments, now, asked=asked)
    whole, whole_selected = built(late, now)
    assert segments.tobytes() == whole.tobytes()
    assert known.tobytes() == facts(whole, now).tobytes()
    assert np.array_equal(selected, whole_selected, equal_nan=True)


@given(series, st.randoms(use_true_random=False))
@quick
def test_the_order_of_arrival_changes_no_bit(readings: list, random: object) -> None:
    arrived = list(readings)
    random.shuffle(arrived)
    stamps = np.array([reading.ts for reading in arrived], np.int64)
    order = sensor_time_order(np.zeros(len(arrived), np.int64), stamps, 1)
    sorted_again = [arrived[k] for k in order.positions.tolist()]
    cells = grid([readings], [(0, 30), (30, SPAN)])
    assert built([sorted_again], cells)[0].tobytes() == built([readings], cells)[0].tobytes()


@given(cities)
@quick
def test_each_family_equals_its_own_kernel(city: list) -> None:
    windows = [(0, 11), (11, 30), (30, SPAN)]
    cells = grid(city, windows)
    segments, selected = built(city, cells)
    found = facts(segments, cells)
    edges = np.array(windows, np.int64).T.copy() * S
    for sensor, readings in enumerate(city):
        mine = found[sensor * 3 : sensor * 3 + 3]
        good = [reading for reading in readings if reading.good]
        ts, value, counter, _ = columns([good])
        held = weighting.time_weighted(ts, value, *edges, -1, NOWHERE, GAP, SPAN * S, False)
        lived = heartbeat.liveness(ts, *edges, -1, LIFE, SPAN * S, True)
        counted = counters.increase(ts, counter, *edges, -1, NOWHERE, 0.0, 0.0)
        assert mine["integral"].tolist() == pytest.approx(held.integral.tolist())
        assert mine["covered_s"].tolist() == held.covered_s.tolist()
        for name in ("live_s", "dead_s", "outages", "closed", "closed_s", "longest_s"):
            assert mine[name].tolist() == getattr(lived, name).tolist(), name
        assert np.nan_to_num(mine["increase"]).tolist() == counted.increase.tolist()
        assert mine["resets"].tolist() == counted.resets.tolist()
        shares = quantiles.window_quantiles(ts, value, *edges, P)
        assert np.array_equal(selected[sensor * 3 : sensor * 3 + 3], shares, equal_nan=True)


@given(series)
@quick
def test_hours_equal_those_of_the_engine(readings: list) -> None:
    """Ten seconds stretched to an hour: what both passes know is the same."""
    minutes = [reading._replace(ts=reading.ts * 360) for reading in readings if reading.ts < 50 * S]
    hour, rows = 3600 * S, len(minutes)
    hours = np.arange(6) * hour
    ts, value, _, good = columns([minutes])
    cells = (np.zeros(6, np.int64), np.full(6, rows), hours, hours + hour)
    segments, _ = segments_of(ts, value, value, good, *cells, GAP * 360, LIFE * 360, P)
    ours = finalise(segments, cells[0], *cells[2:], np.arange(6), GAP * 360, LIFE * 360, 5 * hour)
    none = np.zeros(rows, np.bool_)
    theirs = hour_facts(
        *(ts, value, good, np.zeros(rows, np.int64), hours, hours, hours + hour, hour, GAP * 360, LIFE * 360),
        *(0, True, -1, NOWHERE, False, 5 * hour, none, -1, np.empty(0, np.int64), np.empty(0, np.int64)),
    )
    for name in set(theirs._fields) & set(FACTS.names):
        wanted = getattr(theirs, name).tolist()
        assert ours[name].tolist() == pytest.approx(wanted, rel=1e-9, abs=1e-6, nan_ok=True), name


@pytest.mark.parametrize("count", [1, 2, 24, 25, 100, 1000])
@pytest.mark.parametrize("order", ["rising", "falling", "equal", "two values", "pipe", "noise", "grid"])
def test_quantiles_are_exact_whatever_the_order_of_the_values(order: str, count: int) -> None:
    random = np.random.default_rng(count)
    at = np.arange(count)
    value = {
        "rising": at,
        "falling": -at,
        "equal": np.ones(count),
        "two values": at % 2,
        "pipe": np.minimum(at, count - at),
        "noise": random.standard_normal(count),
        "grid": np.round(random.standard_normal(count), 1),
    }[order].astype(np.float64)
    p = np.array([0.0, 0.01, 0.05, 0.3, 0.5, 0.95, 0.99, 1.0])
    bounds = np.array([[0], [count], [0], [count]], np.int64)
    _, found = segments_of(at, value, value, np.ones(count, np.bool_), *bounds, -1, 1, p)
    assert found[0].tolist() == np.quantile(value, p).tolist()


def test_a_large_offset_costs_no_digits_also_when_merged() -> None:
    """1e6 +- 0.01: a plain sum of squares gives nothing like n * 1e-4."""
    at = np.arange(1000)
    value = 1e6 + np.where(at % 2, 0.01, -0.01)
    edges = np.arange(0, 1001, 100)
    rows = np.zeros(10, np.int64)
    parts, _ = segments_of(
        at, value, value, np.ones(1000, np.bool_), rows, rows + 1000, edges[:-1], edges[1:], -1, 1, P
    )
    whole = merged(parts, np.array([0, 10]), -1, 1)
    assert whole["m2"][0] == pytest.approx(1000 * 1e-4, rel=1e-6)


def test_a_value_without_a_limit_is_held_through_empty_windows() -> None:
    readings = columns([[Reading(2 * S, 7.0, 0.0, good=True)]])
    start = np.array([0, 10, 20]) * S
    rows = np.zeros(3, np.int64)
    segments, _ = segments_of(*readings, rows, rows + 1, start, start + 10 * S, -1, LIFE, P)
    found = finalise(segments, rows, start, start + 10 * S, np.arange(3), -1, LIFE, 25 * S)
    assert found["covered_s"].tolist() == [8.0, 10.0, 5.0]
    assert found["dead_s"].tolist() == [5.0, 10.0, 5.0]
    assert found["outages"].tolist() == [1, 0, 0]


def test_segments_are_of_eight_bytes_a_field() -> None:
    """They are written and compared as bytes, so there is no padding with chance content."""
    assert SEGMENT.itemsize == 8 * len(SEGMENT.names)
    assert FACTS.itemsize == 8 * len(FACTS.names)


def test_what_the_window_before_held_changes_no_bit_of_a_quantile() -> None:
    """Also where only the sign of a zero could tell in which way it was found."""
    random = np.random.default_rng(5)
    high = np.array([0.9, 0.95, 0.99])
    for level in (-9.0, 0.0, 9.0):
        value = np.concatenate((level + random.standard_normal(80), random.choice([-1.0, -0.0, 0.0], 80)))
        at = np.arange(160)
        rows = np.zeros(2, np.int64), np.full(2, 160)
        edges = np.array([0, 80]), np.array([80, 160])
        both = segments_of(at, value, value, np.ones(160, np.bool_), *rows, *edges, -1, 1, high).quantiles
        alone = (np.array([column[1]]) for column in (*rows, *edges))
        found = segments_of(at, value, value, np.ones(160, np.bool_), *alone, -1, 1, high).quantiles
        assert both[1].tobytes() == found[0].tobytes()
        assert found[0].tolist() == np.quantile(value[80:], high).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_windows_far_apart_find_their_rows_also_where_readings_come_unevenly(seed: int) -> None:
    random = np.random.default_rng(seed)
    ts = np.cumsum(random.choice([0, 1, 2, 50_000], 5000, p=[0.1, 0.5, 0.39, 0.01]))
    edges = np.unique(random.integers(-10, ts[-1] + 10, 400))
    start, end = edges[:-1:3].copy(), edges[1::3].copy()
    start, end = start[: len(end)], end[: len(start)]
    rows = np.zeros(len(start), np.int64)
    value = ts.astype(np.float64)
    yes = np.ones(len(ts), np.bool_)
    found = segments_of(ts, value, value, yes, rows, rows + len(ts), start, end, -1, 1, P).segments
    assert found["n"].tolist() == (np.searchsorted(ts, end) - np.searchsorted(ts, start)).tolist()
    assert found["n"].max() > 20
