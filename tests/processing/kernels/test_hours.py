"""One pass over a sensor's readings: equal to its naive twin, additive, and the same however it is run."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.kernels.hours import HourColumns, expected_slots, hour_facts
from processing.kernels.ordering import sensor_time_order
from tests.processing.kernels import naive
from tests.processing.kernels.naive import HOUR, Reading, Rules

if TYPE_CHECKING:
    from collections.abc import Sequence

SECOND = 1_000_000
MINUTE = 60 * SECOND
START = 472_222 * HOUR  # an hour in November 2023 that no long interval divides
COUNTS = {
    *("n", "n_good", "slots", "first_ts", "last_ts", "last_good_ts", "outages", "on_time", "outages_closed"),
    "last_calibrating_ts",
}
RULES = Rules(MINUTE, 5 * MINUTE, 2 * MINUTE, MINUTE, is_counter=True, horizon=START + 1000 * HOUR)


def run(
    readings: list[Reading],
    hours: list[int],
    rules: Rules,
    windows: list[tuple[int, int]] | None = None,
    carry: Reading | None = None,
    *,
    carry_calibrating: int = -1,
    planned: Sequence[tuple[int, int]] = (),
) -> HourColumns:
    windows = windows or [(hour, hour + HOUR) for hour in hours]
    return hour_facts(
        np.array([reading.ts for reading in readings], np.int64),
        np.array([reading.value for reading in readings], np.float64),
        np.array([reading.good for reading in readings], np.bool_),
        np.array([reading.delay_us for reading in readings], np.int64),
        np.array(hours, np.int64),
        np.array([low for low, _ in windows], np.int64),
        np.array([high for _, high in windows], np.int64),
        rules.interval_us,
        rules.max_gap_us,
        rules.liveness_us,
        rules.on_time_limit_us,
        rules.is_counter,
        carry.ts if carry else 0,
        carry.value if carry else 0.0,
        carry is not None,
        rules.horizon,
        np.array([reading.calibrating for reading in readings], np.bool_),
        carry_calibrating,
        np.array([start for start, _ in planned], np.int64),
        np.array([end for _, end in planned], np.int64),
    )


def expected_of(windows: list[tuple[int, int]], interval_us: int) -> list[int]:
    starts, ends = (np.array(edges, np.int64) for edges in zip(*windows, strict=True))
    return expected_slots(starts, ends, interval_us).tolist()


def row(columns: HourColumns, k: int) -> dict[str, float]:
    return {name: getattr(columns, name)[k].item() for name in HourColumns._fields}


def same_bits(left: HourColumns, right: HourColumns) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(left, right, strict=True))


def assert_alike(found: dict, wanted: dict) -> None:
    for name, expected in wanted.items():
        if name in COUNTS:
            assert found[name] == expected, name
        else:
            assert found[name] == pytest.approx(expected, rel=1e-9, abs=1e-7, nan_ok=True), name


intervals = st.sampled_from([10 * SECOND, MINUTE, 7 * MINUTE, 50 * MINUTE, HOUR, 3 * HOUR, 24 * HOUR])
# Multiples of ten seconds, so that readings often stand exactly on an edge of an hour, a hold or a life.
offsets = st.one_of(
    st.integers(0, 6 * 360 - 1).map(lambda tens: tens * 10 * SECOND), st.integers(0, 6 * HOUR - 1)
)


@st.composite
def sensors(draw: st.DrawFn) -> tuple[list[Reading], Rules]:
    """Six hours of readings, in time order, and the rules of the sensor."""
    times = sorted(draw(st.sets(offsets, max_size=40)))
    readings = [
        Reading(
            START + at,
            draw(st.floats(-1e3, 1e3).map(lambda value: round(value, 3))),
            good,
            draw(st.integers(-MINUTE, 3 * HOUR)),
            calibrating=not good and draw(st.booleans()),
        )
        for at in times
        for good in [draw(st.sampled_from([True, True, True, False]))]
    ]
    rules = Rules(
        interval_us=draw(intervals),
        max_gap_us=draw(st.sampled_from([MINUTE, 30 * MINUTE, 2 * HOUR])),
        liveness_us=draw(st.sampled_from([20 * SECOND, 14 * MINUTE, 2 * HOUR])),
        on_time_limit_us=draw(st.sampled_from([0, MINUTE, HOUR])),
        is_counter=draw(st.booleans()),
        horizon=START + draw(st.integers(0, 7 * HOUR)),
    )
    return readings, rules


HOURS = [START + k * HOUR for k in range(6)]


@given(sensors(), st.integers(0, 6 * HOUR), st.integers(0, 6 * HOUR))
@settings(deadline=None)
def test_every_fact_of_every_hour_equals_the_naive_twin(
    sensor: tuple[list[Reading], Rules], deployed: int, retired: int
) -> None:
    readings, rules = sensor
    window = (START + deployed, START + retired)
    windows = [(max(hour, window[0]), min(hour + HOUR, window[1])) for hour in HOURS]
    planned = [(START + HOUR // 2, START + 2 * HOUR), (START + 4 * HOUR, START + 4 * HOUR + 7 * MINUTE)]
    columns = run(readings, HOURS, rules, windows, planned=planned)
    for k, hour in enumerate(HOURS):
        wanted = naive.facts(readings, hour, hour + HOUR, window, rules)
        closed = naive.closed_outages(readings, (hour, hour + HOUR), rules, planned)
        assert_alike(row(columns, k), wanted | closed)


@given(sensors())
@settings(deadline=None)
def test_facts_of_hours_add_up_to_those_of_the_whole_span(sensor: tuple[list[Reading], Rules]) -> None:
    readings, rules = sensor
    parts = run(readings, HOURS, rules)
    end = HOURS[-1] + HOUR
    whole = naive.facts(readings, START, end, (START, end), rules)
    for name in ("n", "n_good", "slots", "outages", "on_time", "integral", "covered_s", "live_s"):
        assert getattr(parts, name).sum() == pytest.approx(whole[name], rel=1e-9, abs=1e-7), name
    filled = parts.n_good > 0
    if not filled.any():
        return
    # Means and squared deviations merge as Chan, Golub and LeVeque say.
    n, mean, m2 = parts.n_good[filled], parts.mean[filled], parts.m2[filled]
    total = float((n * mean).sum() / n.sum())
    assert total == pytest.approx(whole["mean"], rel=1e-9, abs=1e-9)
    assert float((m2 + n * (mean - total) ** 2).sum()) == pytest.approx(whole["m2"], rel=1e-9, abs=1e-6)
    assert parts.minimum[filled].min() == whole["minimum"]
    assert parts.maximum[filled].max() == whole["maximum"]
    if rules.is_counter:
        assert float(parts.increase[filled].sum()) == pytest.approx(whole["increase"], rel=1e-9, abs=1e-7)


@given(sensors(), st.integers(1, 5))
@settings(deadline=None)
def test_a_run_split_at_any_hour_gives_the_same_bits(sensor: tuple[list[Reading], Rules], cut: int) -> None:
    readings, rules = sensor
    whole = run(readings, HOURS, rules)
    edge = HOURS[cut]
    # The last slot before the edge may reach beyond it.
    earlier = [reading for reading in readings if reading.ts < edge + rules.interval_us]
    later = [reading for reading in readings if reading.ts >= edge]
    before = [reading for reading in readings if reading.ts < edge and reading.good]
    calibrating = [reading.ts for reading in readings if reading.ts < edge and reading.calibrating]
    first = run(earlier, HOURS[:cut], rules)
    second = run(
        later,
        HOURS[cut:],
        rules,
        carry=before[-1] if before else None,
        carry_calibrating=max(calibrating, default=-1),
    )
    joined = HourColumns(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))
    assert same_bits(joined, whole)


@given(sensors(), st.sets(st.integers(0, 5), min_size=1))
@settings(deadline=None)
def test_hours_asked_for_alone_equal_those_of_the_full_run(
    sensor: tuple[list[Reading], Rules], chosen: set[int]
) -> None:
    readings, rules = sensor
    some = run(readings, [HOURS[k] for k in sorted(chosen)], rules)
    whole = run(readings, HOURS, rules)
    assert same_bits(some, HourColumns(*(column[sorted(chosen)] for column in whole)))


@given(sensors(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_arrival_changes_no_bit(sensor: tuple[list[Reading], Rules], random: object) -> None:
    readings, rules = sensor
    arrived = list(readings)
    random.shuffle(arrived)
    order = sensor_time_order(
        np.zeros(len(arrived), np.int64), np.array([reading.ts for reading in arrived], np.int64), 1
    )
    in_order = [arrived[k] for k in order.positions.tolist()]
    assert same_bits(run(in_order, HOURS, rules), run(readings, HOURS, rules))


@given(sensors())
@settings(deadline=None)
def test_no_hour_fills_more_slots_than_it_expects(sensor: tuple[list[Reading], Rules]) -> None:
    readings, rules = sensor
    slots = run(readings, HOURS, rules).slots.tolist()
    expected = expected_of([(hour, hour + HOUR) for hour in HOURS], rules.interval_us)
    assert all(found <= most for found, most in zip(slots, expected, strict=True))


@given(st.integers(0, 5 * HOUR), st.integers(0, 5 * HOUR), st.integers(0, 5 * HOUR), intervals)
def test_expected_slots_of_adjacent_windows_add_up(a: int, b: int, c: int, interval: int) -> None:
    low, middle, high = sorted((a, b, c))
    first, second, both = expected_of([(low, middle), (middle, high), (low, high)], interval)
    assert first + second == both == naive.slot_starts(low, high, interval)


def test_an_empty_window_expects_nothing() -> None:
    assert expected_of([(HOUR, HOUR), (2 * HOUR, HOUR)], MINUTE) == [0, 0]


def test_a_three_hourly_sensor_fills_the_slot_of_the_hour_in_which_it_begins() -> None:
    day = START - START % (24 * HOUR)
    hours = [day + k * HOUR for k in range(6)]
    rules = replace(RULES, interval_us=3 * HOUR)
    readings = [Reading(day + HOUR + 10 * MINUTE, 1.0, good=True, delay_us=0)]  # 01:10, slot 00:00
    assert run(readings, hours, rules).slots.tolist() == [1, 0, 0, 0, 0, 0]
    assert expected_of([(hour, hour + HOUR) for hour in hours], 3 * HOUR) == [1, 0, 0, 1, 0, 0]


def test_several_readings_in_one_slot_count_once() -> None:
    readings = [Reading(START + k * 10 * SECOND, 1.0, good=True, delay_us=0) for k in range(12)]
    columns = run(readings, HOURS[:1], RULES)
    assert (columns.n[0], columns.slots[0]) == (12, 2)


def test_a_value_holds_until_the_next_but_no_longer_than_the_maximum_gap() -> None:
    """10 for 2 minutes, then 20 for 5 of the 58 minutes that are left: 20*300 + 10*120 over 420 s."""
    readings = [
        Reading(START, 10.0, good=True, delay_us=0),
        Reading(START + 2 * MINUTE, 20.0, good=True, delay_us=0),
    ]
    columns = run(readings, HOURS[:1], RULES)
    assert (columns.integral[0], columns.covered_s[0]) == (7200.0, 420.0)


def test_a_value_is_carried_through_an_empty_hour() -> None:
    """Held 3 h from 00:30: half of the first hour, all of the second and third, half of the fourth."""
    rules = replace(RULES, max_gap_us=3 * HOUR)
    readings = [Reading(START + 30 * MINUTE, 4.0, good=True, delay_us=0)]
    columns = run(readings, HOURS[:5], rules)
    assert columns.covered_s.tolist() == [1800.0, 3600.0, 3600.0, 1800.0, 0.0]
    assert columns.integral.tolist() == [7200.0, 14400.0, 14400.0, 7200.0, 0.0]


def test_a_bad_reading_neither_ends_a_hold_nor_proves_life() -> None:
    bad = Reading(START + MINUTE, 999.0, good=False, delay_us=0)
    readings = [Reading(START, 10.0, good=True, delay_us=0), bad]
    columns = run(readings, HOURS[:1], RULES)
    assert (columns.n[0], columns.n_good[0], columns.maximum[0]) == (2, 1, 10.0)
    assert (columns.covered_s[0], columns.live_s[0]) == (300.0, 120.0)


def test_an_outage_is_counted_in_the_hour_in_which_the_silence_begins() -> None:
    """Last sign of life 00:58:30, alive until 01:00:30: the outage is the second hour's."""
    readings = [
        *(Reading(START + k * MINUTE, 1.0, good=True, delay_us=0) for k in range(58)),
        Reading(START + 58 * MINUTE + 30 * SECOND, 1.0, good=True, delay_us=0),
        Reading(START + 2 * HOUR, 1.0, good=True, delay_us=0),
    ]
    columns = run(readings, HOURS[:3], replace(RULES, horizon=START + 2 * HOUR + MINUTE))
    assert columns.outages.tolist() == [0, 1, 0]
    assert columns.live_s.tolist() == [3600.0, 30.0, 60.0]


@pytest.mark.parametrize("later", [[], [Reading(START + HOUR + MINUTE, 1.0, good=True, delay_us=0)]])
def test_an_outage_that_begins_on_the_hour_belongs_to_the_hour_that_begins(later: list[Reading]) -> None:
    """Last sign of life 00:58, alive until 01:00 sharp, with and without a later reading."""
    readings = [Reading(START + k * MINUTE, 1.0, good=True, delay_us=0) for k in range(59)]
    columns = run(readings + later, HOURS[:2], replace(RULES, horizon=START + HOUR + 2 * MINUTE))
    assert columns.outages.tolist() == [0, 1]


def silence(*spans: tuple[float, float]) -> list[Reading]:
    """A reading every minute within [from, to] minutes of the spans."""
    return [
        Reading(START + round(k * MINUTE), 1.0, good=True, delay_us=0)
        for a, b in spans
        for k in range(int(a), int(b) + 1)
    ]


def test_an_outage_is_closed_whole_in_the_hour_in_which_a_reading_ends_it() -> None:
    """Silent after 00:50 (alive to 00:52) until 02:10, and after 02:20 until 02:30: 78 and 8 minutes."""
    columns = run(silence((0, 50), (130, 140), (150, 179)), HOURS[:3], RULES)
    assert columns.outages.tolist() == [1, 0, 1]
    assert columns.outages_closed.tolist() == [0, 0, 2]
    assert columns.outage_closed_s.tolist() == [0.0, 0.0, (78 + 8) * 60.0]


def test_planned_maintenance_and_calibrating_are_no_repair_time() -> None:
    """Out 00:52-02:10, planned 01:00-01:30: 48 minutes; calibrating at 01:40 (alive to 01:42): 28 minutes."""
    readings = silence((0, 50), (130, 179))
    planned = [(START + HOUR, START + HOUR + 30 * MINUTE)]
    assert run(readings, HOURS[:3], RULES, planned=planned).outage_closed_s[2] == 48 * 60
    calibrating = Reading(START + 100 * MINUTE, 1.0, good=False, delay_us=0, calibrating=True)
    columns = run(sorted([*readings, calibrating]), HOURS[:3], RULES)
    assert columns.outage_closed_s[2] == 28 * 60
    assert columns.last_calibrating_ts.tolist() == [-1, calibrating.ts, -1]
    covered = run(readings, HOURS[:3], RULES, planned=[(START, START + 2 * HOUR + 10 * MINUTE)])
    assert (covered.outages_closed[2], covered.outage_closed_s[2]) == (0, 0.0)


def test_an_outage_that_nothing_ends_is_not_closed() -> None:
    columns = run(silence((0, 10)), HOURS[:2], RULES)
    assert columns.outages_closed.tolist() == [0, 0]


def test_lives_that_touch_are_no_outage() -> None:
    readings = [Reading(START + k * 2 * MINUTE, 1.0, good=True, delay_us=0) for k in range(30)]
    columns = run(readings, HOURS[:1], RULES)
    assert (columns.outages[0], columns.live_s[0]) == (0, 3600.0)


def test_time_before_the_first_reading_is_no_outage() -> None:
    readings = [Reading(START + HOUR, 1.0, good=True, delay_us=0)]
    assert run(readings, HOURS[:2], RULES).outages.tolist() == [0, 1]


def test_nothing_is_alive_covered_or_dead_after_the_horizon() -> None:
    rules = replace(RULES, horizon=START + MINUTE)
    columns = run([Reading(START, 2.0, good=True, delay_us=0)], HOURS[:1], rules)
    assert (columns.live_s[0], columns.covered_s[0], columns.outages[0]) == (60.0, 60.0, 0)


def test_a_counter_that_drops_was_reset_to_zero() -> None:
    """90 -> 100 -> (reset) 5 -> 8: 10 + 5 + 3; the step from the carried 90 belongs to this hour."""
    values = [100.0, 5.0, 8.0]
    readings = [Reading(START + k * MINUTE, v, good=True, delay_us=0) for k, v in enumerate(values)]
    carry = Reading(START - 7 * HOUR, 90.0, good=True, delay_us=0)
    assert run(readings, HOURS[:1], RULES, carry=carry).increase[0] == 18.0


def test_the_first_reading_of_a_counter_is_no_increase() -> None:
    columns = run([Reading(START, 1e6, good=True, delay_us=0)], HOURS[:2], RULES)
    assert columns.increase[0] == 0.0
    assert math.isnan(columns.increase[1])


def test_squared_deviations_survive_a_large_offset() -> None:
    """1e6 +- 0.01: a plain sum of squares gives nothing like n * 1e-4."""
    readings = [
        Reading(START + k * SECOND, 1e6 + (0.01 if k % 2 else -0.01), good=True, delay_us=0)
        for k in range(1000)
    ]
    columns = run(readings, HOURS[:1], RULES)
    assert columns.m2[0] == pytest.approx(1000 * 1e-4, rel=1e-6)


def test_lateness_is_told_of_every_reading() -> None:
    readings = [
        Reading(START, 1.0, good=True, delay_us=MINUTE),
        Reading(START + SECOND, 1.0, good=False, delay_us=MINUTE + 1),
        Reading(START + 2 * SECOND, 1.0, good=True, delay_us=-5 * SECOND),
    ]
    columns = run(readings, HOURS[:1], RULES)
    assert (columns.n[0], columns.on_time[0]) == (3, 2)
    assert columns.delay_max_s[0] == pytest.approx(60.000001)
