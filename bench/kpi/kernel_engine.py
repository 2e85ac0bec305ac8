"""The kernels of Nhịp on arrays: one pass, over as many ranges of sensors as there are threads."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.kpi.workload import CELL, HOUR_US, MAX_GAP_US, Columns, Workload
from processing.executor import executor_of
from processing.kernels.segments import segments_of
from processing.kernels.window_facts import finalise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

P95 = (0.95,)


class Windows(NamedTuple):
    """The hours of all sensors as the kernels take them, shape (c,)."""

    sensor: np.ndarray
    first_row: np.ndarray
    last_row: np.ndarray
    start: np.ndarray

    @property
    def end(self) -> np.ndarray:
        return self.start + HOUR_US

    def take(self, cells: np.ndarray | slice) -> Windows:
        return Windows(*(column[cells] for column in self))


def windows_of(workload: Workload, columns: Columns) -> Windows:
    """Return the windows; rows of a sensor lie together."""
    sensor, start = workload.cells()
    offsets = np.searchsorted(columns.sensor, np.arange(workload.sensors + 1))
    return Windows(sensor, offsets[sensor], offsets[sensor + 1], start)


def segments_in(
    columns: Columns, windows: Windows, liveness_us: int, p: Sequence[float] = P95
) -> tuple[np.ndarray, np.ndarray]:
    """Return segments and quantiles of windows."""
    _, ts, value, counter, good = columns
    rows = windows.first_row, windows.last_row, windows.start, windows.end
    return segments_of(ts, value, counter, good, *rows, MAX_GAP_US, liveness_us, np.array(p, np.float64))


def facts_in(
    segments: np.ndarray, windows: Windows, workload: Workload, asked: np.ndarray | None = None
) -> np.ndarray:
    """Return facts of the windows asked for, of all by default."""
    chosen = np.arange(len(segments)) if asked is None else asked
    rules = MAX_GAP_US, workload.liveness_us, workload.end
    return finalise(segments, windows.sensor, windows.start, windows.end, chosen, *rules)


def prepared(
    workload: Workload, columns: Columns, threads: int, p: Sequence[float] = P95
) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Return what computes all families of all hours."""
    windows = windows_of(workload, columns)
    edges = np.linspace(0, workload.sensors, threads + 1).astype(int) * workload.hours
    ranges = [windows.take(slice(a, b)) for a, b in itertools.pairwise(edges.tolist())]
    executor = executor_of(threads)

    def job(part: Windows) -> tuple[np.ndarray, np.ndarray]:
        segments, quantiles = segments_in(columns, part, workload.liveness_us, p)
        return facts_in(segments, part, workload), quantiles

    def run() -> tuple[np.ndarray, np.ndarray]:
        done = executor.map(job, ranges)
        return np.concatenate([facts for facts, _ in done]), np.concatenate([some for _, some in done])

    return run


def as_cells(facts: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return facts and 95th percentiles as the benchmark compares them."""
    cells = np.zeros(len(facts), CELL)
    for name in ("outages", "mean", "minimum", "maximum", "integral", "covered_s", "dead_s", "increase"):
        cells[name] = facts[name]
    cells["n"] = facts["n_good"]
    several = facts["n_good"] > 1
    cells["std"] = np.nan
    cells["std"][several] = np.sqrt(facts["m2"][several] / (facts["n_good"][several] - 1))
    cells["p95"] = quantiles[:, 0]
    return cells
