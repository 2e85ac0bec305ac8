"""The benchmark of indicators: the same readings from a seed, and no figure where two engines differ."""

from __future__ import annotations

import numpy as np
import pytest

from bench.kpi import incremental, report
from bench.kpi.database import computed
from bench.kpi.kernel_engine import as_cells, prepared
from bench.kpi.measurement import Engine, Results, Start
from bench.kpi.workload import COUNTS, DifferentError, Workload, assert_equal
from processing.bulk import StoredReadings

CITY = Workload(sensors=3, interval_s=20, days=2, seed=3)


@pytest.fixture(scope="module")
def columns():
    return CITY.columns()


@pytest.fixture(scope="module")
def cells(columns):
    return as_cells(*prepared(CITY, columns, 1)())


def test_the_same_seed_gives_the_same_readings(columns):
    again = CITY.columns()
    assert all(np.array_equal(a, b) for a, b in zip(columns, again, strict=True))
    assert not np.array_equal(columns.value, Workload(3, 20, 2, seed=4).columns().value)


def test_readings_are_in_order_with_gaps_bad_ones_and_resets(columns):
    assert (np.diff(columns.sensor) >= 0).all()
    same = np.diff(columns.sensor) == 0
    assert (np.diff(columns.ts)[same] > 0).all()
    assert (np.diff(columns.ts)[same] > CITY.liveness_us).any()
    assert (np.diff(columns.counter)[same] < 0).any()
    assert 0.97 < columns.good.mean() < 1


def test_threads_change_no_bit(columns, cells):
    assert as_cells(*prepared(CITY, columns, 2)()).tobytes() == cells.tobytes()


def test_stored_readings_in_any_order_give_the_same_cells(columns, cells):
    order = np.random.default_rng(1).permutation(len(columns.ts))
    sensor, ts, value, _, good = (column[order] for column in columns)
    none = np.zeros(len(ts), np.int64)
    stored = StoredReadings(sensor + 1, ts, value, np.where(good, 1, 4), none, none)
    _, _, found = computed(stored, CITY)
    for name in set(cells.dtype.names) - {"increase"}:  # of the value here, of the counter there
        assert np.array_equal(found[name], cells[name], equal_nan=True), name


@pytest.mark.parametrize("name", ["n", "mean", "dead_s"])
def test_one_different_cell_is_found(cells, name):
    other = cells.copy()
    other[name][7] += 1 if name in COUNTS else 1e-5
    with pytest.raises(DifferentError, match=f"engine: {name} of 1 cells, the first 7"):
        assert_equal("engine", other, cells)


def test_repairs_are_compared_with_a_rebuild(columns):
    found = incremental.measured(CITY, columns, lambda run: (run(), {"cpu_s": [1.0], "wall_s": [1.0]}))
    assert found["windows"] == 3 * 48
    late = found["late"]["0.1"]
    assert late["cells"] == 14
    assert 14 < late["finalised"] <= 28


def test_figures_take_their_place_between_the_marks(tmp_path):
    results = Results(
        engines=[
            Engine("nhip", 1, 1000, (0.2, 0.1), (0.3,), 10.0),
            Engine("peer", 1, 1000, (1.0,), (1.0,), 9.0),
        ],
        starts=[Start("kernels", 0.5, 0.6)],
        database={
            "readings": 1000,
            "cells": 10,
            "ways": {
                "sql": [(0.0, 4.0, 5.0)],
                "sql by family": [(0.0, 8.0, 9.0)],
                "rows": [(1.0, 1.0, 2.0)],
                "packs": [(0.1, 0.1, 0.2)],
            },
        },
    )
    text = report.markdown(CITY, results, {"processor": "x"}, "python -m bench.kpi")
    assert "| peer | 1 | 1,000.0 | 10.0 |" in text
    assert "| 20.0 times | 40.0 times |" in text
    path = tmp_path / "README.md"
    path.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write_readme(path, text)
    written = path.read_text()
    assert "old" not in written
    assert written.startswith("before")
    assert written.endswith("after\n")
