"""Readings come out by sensor and time, whatever the order in which they came in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.kernels.ordering import sensor_time_order

rows = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60)), max_size=120)


def order_of(pairs: list[tuple[int, int]], sensor_count: int) -> tuple[list[int], list[int]]:
    order = sensor_time_order(
        np.array([sensor for sensor, _ in pairs], np.int64),
        np.array([ts for _, ts in pairs], np.int64),
        sensor_count,
    )
    return order.positions.tolist(), order.offsets.tolist()


@given(rows)
@settings(deadline=None)
def test_the_order_is_that_of_a_stable_sort(pairs: list[tuple[int, int]]) -> None:
    positions, offsets = order_of(pairs, 5)
    assert positions == sorted(range(len(pairs)), key=lambda k: pairs[k])
    assert offsets == [sum(sensor < k for sensor, _ in pairs) for k in range(6)]


@pytest.mark.parametrize("shape", ["reversed", "late burst", "shuffled"])
def test_long_disorder_is_sorted_as_well(shape: str) -> None:
    """Beyond a few moves per reading the insertion gives way to a merge sort, equal times included."""
    ts = np.arange(2000, dtype=np.int64) // 2
    arrived = {
        "reversed": ts[::-1].copy(),
        "late burst": np.roll(ts, 1000),
        "shuffled": np.random.default_rng(7).permutation(ts),
    }[shape]
    order = sensor_time_order(np.zeros(2000, np.int64), arrived, 1)
    assert order.positions.tolist() == np.argsort(arrived, kind="stable").tolist()


def test_no_reading_at_all_gives_empty_runs() -> None:
    assert order_of([], 3) == ([], [0, 0, 0, 0])
