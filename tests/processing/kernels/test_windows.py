"""Kernels over windows: equal to slow twins that walk second by second, additive, exact at the edges."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.kernels import (
    counters,
    heartbeat,
    histograms,
    noise,
    quantiles,
    states,
    thresholds,
    weighting,
)

S = 1_000_000
NONE = -1
SPAN = 60
WINDOWS = [(5, 20), (20, 31), (40, 50)]
readings = st.dictionaries(st.integers(0, SPAN), st.integers(-3, 9), max_size=25).map(
    lambda found: sorted(found.items())
)
gaps = st.sampled_from([-1, 1, 3, 10])
quick = settings(deadline=None, max_examples=50)


def arrays(
    pairs: list[tuple[int, int]],
) -> tuple[np.ndarray, np.ndarray]:
    ts, value = ([a for a, _ in pairs], [b for _, b in pairs])
    return np.array(ts, np.int64) * S, np.array(value, np.float64)


def edges(windows: list[tuple[int, int]] = WINDOWS) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.array(side, np.int64) * S for side in zip(*windows, strict=True))


def held(pairs: list[tuple[int, int]], second: int, gap: int, until: int) -> float:
    """The value held over [second, second + 1); NaN for none."""
    before = [(t, v) for t, v in pairs if t <= second]
    if not before or second >= until or (gap >= 0 and second - before[-1][0] >= gap):
        return math.nan
    return before[-1][1]


@given(readings, gaps, st.integers(0, SPAN))
@quick
def test_held_values_equal_a_walk_second_by_second(pairs: list, gap: int, until: int) -> None:
    found = weighting.time_weighted(
        *arrays(pairs), *edges(), NONE, math.nan, gap * S if gap > 0 else -1, until * S, False
    )
    for k, (low, high) in enumerate(WINDOWS):
        values = [held(pairs, second, gap, until) for second in range(low, high)]
        values = [value for value in values if not math.isnan(value)]
        assert found.integral[k] == pytest.approx(sum(values))
        assert found.covered_s[k] == pytest.approx(len(values))


@given(readings, gaps)
@quick
def test_lines_equal_the_trapezoids_of_every_second(pairs: list, gap: int) -> None:
    found = weighting.time_weighted(
        *arrays(pairs), *edges(), NONE, math.nan, gap * S if gap > 0 else -1, SPAN * S, True
    )
    for k, (low, high) in enumerate(WINDOWS):
        total, covered = 0.0, 0
        for (a, x), (b, y) in itertools.pairwise(pairs):
            for second in range(max(a, low), min(b, high)):
                if gap < 0 or b - a <= gap:
                    total += x + (y - x) * (second + 0.5 - a) / (b - a)
                    covered += 1
        assert (found.integral[k], found.covered_s[k]) == pytest.approx((total, covered))


@given(readings, st.integers(1, 8), st.integers(0, SPAN))
@quick
def test_liveness_equals_a_walk_second_by_second(pairs: list, life: int, until: int) -> None:
    ts, _ = arrays(pairs)
    found = heartbeat.liveness(ts, *edges(), NONE, life * S, until * S, True)
    beats = [t for t, _ in pairs if t < until]
    alive = {second for t in beats for second in range(t, t + life)}
    for k, (low, high) in enumerate(WINDOWS):
        seconds = range(low, min(high, until))
        live = sum(second in alive for second in seconds)
        known = sum(bool(beats) and second >= beats[0] for second in seconds)
        begins = sum(second - 1 in alive and second not in alive for second in seconds)
        assert (found.live_s[k], found.dead_s[k], found.outages[k]) == (live, known - live, begins)
        ends = [(a + life, b) for a, b in itertools.pairwise(beats) if b - a > life and low <= b < high]
        assert (found.closed[k], found.closed_s[k]) == (len(ends), sum(b - a for a, b in ends))


@given(readings, st.integers(0, SPAN), st.booleans())
@quick
def test_state_times_equal_a_walk_second_by_second(
    pairs: list,
    until: int,
    hold_last: bool,  # noqa: FBT001 # drawn by hypothesis
) -> None:
    ts, value = arrays(pairs)
    asked = np.array([0, 1], np.int64)
    found = states.state_durations(ts, value.astype(np.int64), *edges(), NONE, 0, until * S, asked, hold_last)
    seen = [(t, v) for t, v in pairs if t <= until]
    stop = until if hold_last else max((t for t, _ in seen), default=0)
    for k, (low, high) in enumerate(WINDOWS):
        values = [held(seen, second, -1, stop) for second in range(low, high)]
        assert found.seconds[k].tolist() == [values.count(0), values.count(1)]
        assert found.covered_s[k] == sum(not math.isnan(value) for value in values)
        assert found.transitions[k] == sum(
            x != y and low <= t < high for (_, x), (t, y) in itertools.pairwise(seen)
        )


@given(readings, st.integers(0, 3), st.booleans(), st.integers(5, 50))
@quick
def test_a_run_cut_anywhere_continues_the_episodes(
    pairs: list,
    hysteresis: int,
    above: bool,  # noqa: FBT001 # drawn by hypothesis
    cut: int,
) -> None:
    windows = [(0, cut), (cut, SPAN + 1)]
    rules = (-1, (SPAN + 1) * S, 4.0, float(hysteresis), above)
    whole = thresholds.exceedance(*arrays(pairs), *edges(windows), NONE, math.nan, *rules)
    before = [pair for pair in pairs if pair[0] < cut]
    later = [pair for pair in pairs if pair[0] >= cut]
    first = thresholds.exceedance(*arrays(before), *edges(windows[:1]), NONE, math.nan, *rules)
    carry = (before[-1][0] * S, float(before[-1][1])) if before else (NONE, math.nan)
    second = thresholds.exceedance(
        *arrays(later), *edges(windows[1:]), *carry, *rules, int(first.inside[0]), first.open_s[0]
    )
    for name in whole._fields:
        joined = [getattr(first, name)[0], getattr(second, name)[0]]
        assert joined == pytest.approx(getattr(whole, name).tolist()), name
    listed = thresholds.episodes(*arrays(pairs), *rules)
    assert len(listed.start) == whole.crossings.sum()
    assert listed.closed.sum() == whole.closed.sum()
    assert listed.covered_s.sum() == pytest.approx(whole.episode_s.sum())


def test_a_counter_through_reset_rollover_and_an_implausible_jump() -> None:
    """90, 100, 5, 8: 10 + 5 + 3; with a modulus of 110 the drop adds 15; 10 in a second is too steep."""
    series = arrays([(5, 90), (6, 100), (7, 5), (8, 8)])
    plain, modulus, limited = (
        counters.increase(*series, *edges([(0, 60)]), NONE, math.nan, *rules)
        for rules in ((0.0, 0.0), (110.0, 0.0), (0.0, 9.0))
    )
    assert (plain.increase[0], plain.resets[0], plain.changes[0]) == (18.0, 1, 3)
    assert modulus.increase[0] == 28.0
    assert (limited.increase[0], limited.suspect[0], counters.rate(limited)[0]) == (8.0, 1, 4.0)


@given(st.lists(st.integers(-500, 500), min_size=1, max_size=200), st.sampled_from([0.1, 0.0]))
@quick
def test_quantiles_equal_those_of_numpy(tenths: list[int], step: float) -> None:
    value = np.array(tenths) / 10
    p = np.array([0.99, 0.5, 0.05])
    wanted = np.percentile(value, p * 100)
    assert quantiles.quantiles(value, p).tolist() == wanted.tolist()
    ts = np.arange(len(value), dtype=np.int64)
    found = histograms.build(ts, value, np.zeros(1, np.int64), np.full(1, 1000, np.int64), step)
    cut = len(value) // 2
    halves = [
        histograms.build(ts[a:b], value[a:b], np.zeros(1, np.int64), np.full(1, 1000, np.int64), step)
        for a, b in ((0, cut), (cut, len(value)))
    ]
    merged = histograms.merge(*(np.concatenate(pair) for pair in zip(*halves, strict=True)))
    assert all(a.tolist() == b.tolist() for a, b in zip(merged, found, strict=True))
    back = histograms.histogram_quantiles(*found, 1, p, step)[0]
    margin = 0.0 if step else histograms.RELATIVE_ERROR * np.abs(value).max()
    assert np.all(np.abs(back - wanted) <= margin + 1e-12)


def test_levels_add_as_energies() -> None:
    """60 dB for half of the time and 50 dB for the other: 10 lg((10^6 + 10^5) / 2) = 57.404 dB."""
    found = noise.energy(*arrays([(0, 60), (10, 50)]), *edges([(0, 20)]), NONE, math.nan, -1, 20 * S)
    assert noise.leq(*found)[0] == pytest.approx(57.40362689)
    assert noise.lden_levels(60.0, 55.0, 50.0) == pytest.approx(60.0)
    assert noise.ldn(60.0, 50.0) == pytest.approx(60.0)
    assert (noise.tni(70.0, 60.0), noise.lnp(65.0, 5.0)) == (pytest.approx(70.0), pytest.approx(77.8))
