"""Counters read at the edges of windows: what adjacent windows add is what their union adds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.compute.edges import counter_line, extrapolated, gauge_line, interpolated, particulars
from processing.kernels import counters

_SECOND = 1_000_000


@st.composite
def _counters(draw):
    steps = draw(st.lists(st.integers(1, 600), min_size=2, max_size=20))
    ts = np.cumsum(np.array(steps, np.int64)) * _SECOND + 1_700_000_000 * _SECOND
    values = draw(st.lists(st.integers(0, 900), min_size=len(ts), max_size=len(ts)))
    return ts, np.array(values, np.float64)


@given(_counters(), st.lists(st.floats(0, 1), min_size=1, max_size=4), st.sampled_from([0.0, 1000.0]))
def test_interpolated_windows_add_up_to_their_union(series, cuts, rollover):
    ts, value = series
    line = counter_line(ts, value, rollover)
    span = int(ts[-1] - ts[0])
    edges = [int(ts[0]), *sorted(int(ts[0]) + int(span * cut) for cut in cuts), int(ts[-1])]
    parts = [interpolated(line, low, high) for low, high in pairwise(edges) if low < high]
    whole = interpolated(line, edges[0], edges[-1])
    assert sum(one.delta for one in parts) == pytest.approx(whole.delta, rel=1e-9, abs=1e-6)
    assert sum(one.seconds for one in parts) == pytest.approx(whole.seconds, rel=1e-9)


# The first call loads a compiled kernel.
@settings(deadline=None)
@given(_counters(), st.sampled_from([0.0, 1000.0]))
def test_the_whole_line_adds_what_the_kernel_adds(series, rollover):
    ts, value = series
    found = counters.increase(
        ts, value, ts[:1], ts[-1:] + 1, counters.NO_INSTANT, float("nan"), rollover, 0.0
    )
    line = counter_line(ts, value, rollover)
    assert interpolated(line, int(ts[0]), int(ts[-1])).delta == pytest.approx(float(found.increase[0]))
    assert particulars(line, int(ts[0]), int(ts[-1]) + 1)["delta"] == pytest.approx(float(found.increase[0]))


@given(_counters(), st.booleans())
def test_a_counter_is_never_extrapolated_below_its_own_increase(series, newer):
    ts, value = series
    line = counter_line(ts, value)
    found = extrapolated(line, int(ts[0]) - _SECOND, int(ts[-1]) + _SECOND, from_zero=True, newer=newer)
    assert found.delta >= (line.level[-1] - line.level[0]) - 1e-9


def test_a_gauge_may_fall():
    ts = np.array([0, 10, 20], np.int64) * _SECOND
    line = gauge_line(ts, np.array([5.0, 3.0, 1.0]))
    assert interpolated(line, 5 * _SECOND, 15 * _SECOND).delta == pytest.approx(-2.0)
    told = particulars(line, 0, 21 * _SECOND)
    assert (told["slope_per_s"], told["corr"]) == (pytest.approx(-0.2), pytest.approx(-1.0))


def test_a_window_outside_of_the_readings_knows_nothing():
    line = counter_line(np.array([10, 20], np.int64) * _SECOND, np.array([1.0, 2.0]))
    assert np.isnan(interpolated(line, 0, 5 * _SECOND).delta)
    assert np.isnan(extrapolated(line, 0, 15 * _SECOND, from_zero=True).delta)
    assert particulars(line, 0, 5 * _SECOND)["num_elements"] == 0
