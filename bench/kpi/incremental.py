"""Late readings: what is made anew, against a rebuild of everything, with equal bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bench.kpi.kernel_engine import facts_in, segments_in, windows_of
from bench.kpi.workload import HOUR_US, MAX_GAP_US, Columns, DifferentError, Workload
from processing.kernels.segments import merged, segments_of
from processing.kernels.window_facts import with_followers

if TYPE_CHECKING:
    from collections.abc import Callable

    Timed = Callable[[Callable[[], Any]], tuple[Any, dict[str, list[float]]]]

SHARES: Final = (0.001, 0.01, 0.1)


def with_late(workload: Workload, columns: Columns, cells: np.ndarray) -> Columns:
    """Return the readings with one more in each of these hours, in order again."""
    sensor, start = workload.cells()
    late = Columns(
        sensor[cells],
        start[cells] + HOUR_US // 2 + 500_001,
        np.full(len(cells), 21.05),
        np.full(len(cells), 1.0),
        np.ones(len(cells), np.bool_),
    )
    both = Columns(*(np.concatenate(pair) for pair in zip(columns, late, strict=True)))
    order = np.lexsort((both.ts, both.sensor))
    return Columns(*(column[order] for column in both))


def measured(workload: Workload, columns: Columns, timed: Timed) -> dict[str, Any]:
    """Return seconds of a full rebuild, of repairs by share of late hours, and of hours rolled up to days."""
    windows = windows_of(workload, columns)
    count = len(windows.sensor)
    life = workload.liveness_us

    def rebuild() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        segments, quantiles = segments_in(columns, windows, life)
        return segments, quantiles, facts_in(segments, windows, workload)

    known, full = timed(rebuild)
    found: dict[str, Any] = {"full": full, "late": {}, "windows": count}
    generator = np.random.default_rng(workload.seed)
    for share in SHARES:
        cells = np.sort(generator.choice(count, max(1, round(count * share)), replace=False))
        after = with_late(workload, columns, cells)
        shifted = windows_of(workload, after)
        segments, quantiles, facts = (part.copy() for part in known)

        def repair(
            parts: tuple[np.ndarray, ...] = (segments, quantiles, facts),
            where: tuple[Any, ...] = (cells, after, shifted),
        ) -> int:
            segments, quantiles, facts = parts
            cells, after, shifted = where
            made, quantiles[cells] = segments_in(after, shifted.take(cells), life)
            _words(segments)[cells] = _words(made)
            asked = with_followers(segments, shifted.sensor, cells)
            _words(facts)[asked] = _words(facts_in(segments, shifted, workload, asked))
            return len(asked)

        finalised, spent = timed(repair)
        whole, whole_quantiles = segments_in(after, shifted, life)
        same = (
            (segments, whole),
            (quantiles, whole_quantiles),
            (facts, facts_in(whole, shifted, workload)),
        )
        if any(left.tobytes() != right.tobytes() for left, right in same):
            raise DifferentError(where=f"late readings, {share:.1%}", what="other bits than a rebuild")
        found["late"][str(share)] = {"cells": len(cells), "finalised": finalised, **spent}
    found["days"] = _days(workload, columns, known[0], timed)
    return found


def _words(records: np.ndarray) -> np.ndarray:
    """Return records as rows of eight-byte words, which numpy copies faster than fields."""
    return records.view(np.int64).reshape(len(records), -1)


def _days(workload: Workload, columns: Columns, hours: np.ndarray, timed: Timed) -> dict[str, list[float]]:
    """Roll hours up to days; the days must be those of the readings themselves."""
    bounds = np.arange(0, len(hours) + 1, 24)
    days, spent = timed(lambda: merged(hours, bounds, MAX_GAP_US, workload.liveness_us))
    every = windows_of(workload, columns).take(np.arange(0, len(hours), 24))
    rows = every.first_row, every.last_row, every.start, every.start + 24 * HOUR_US
    _, ts, value, counter, good = columns
    nothing = np.empty(0)
    direct, _ = segments_of(ts, value, counter, good, *rows, MAX_GAP_US, workload.liveness_us, nothing)
    for name in direct.dtype.names or ():
        if not np.allclose(days[name], direct[name], rtol=1e-9, atol=1e-9):
            raise DifferentError(where="days from hours", what=f"{name} is not that of the readings")
    return spent
