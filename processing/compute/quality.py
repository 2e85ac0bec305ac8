"""Kernels of quality tests: a flag per reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from processing.columns import Note
from processing.compute.calls import Call, Row
from processing.compute.errors import NothingToComputeError, ParameterError
from processing.kernels import neighbours, quality_tests

if TYPE_CHECKING:
    from processing.columns import Ints
    from processing.compute.readings import Series

_NAN = float("nan")
_NEIGHBOURS_MIN = 2


def _flagged(call: Call, flags: Ints) -> list[Row]:
    """Return one row per reading that lies in a window."""
    series = call.sensor
    rows: list[Row] = []
    for k, at in enumerate(series.ts.tolist()):
        window = int(np.searchsorted(call.start, at, side="right")) - 1
        if window >= 0 and at < call.end[window]:
            detail = {"value": float(series.value[k]), "row": int(series.row[k])}
            rows.append(Row(float(flags[k]), 1, at, at, window, detail=detail))
    return rows


def _limit(call: Call, name: str) -> float:
    found = call.parameters.number(name)
    return _NAN if found is None else found


def gross_range(call: Call) -> list[Row]:
    """Return QARTOD's gross range flags."""
    names = ("suspect_min", "suspect_max", "fail_min", "fail_max")
    low, high, fail_low, fail_high = limits = [_limit(call, name) for name in names]
    if fail_low > fail_high:
        raise ParameterError("fail_max", fail_high, f"fail_min {fail_low:g} or more")
    # As the reference has it: a suspect span may not reach beyond the fail span.
    if low < fail_low or low > fail_high or low > high:
        raise ParameterError("suspect_min", low, f"{fail_low:g} to {fail_high:g}, and at most suspect_max")
    if high > fail_high or high < fail_low:
        raise ParameterError("suspect_max", high, f"{fail_low:g} to {fail_high:g}")
    return _flagged(call, quality_tests.gross_range(call.sensor.value, *limits))


def spike(call: Call) -> list[Row]:
    """Return QARTOD's spike flags."""
    differential = call.parameters.text("method") == "differential"
    suspect, fail = _limit(call, "suspect_threshold"), _limit(call, "fail_threshold")
    if np.isnan(suspect) and np.isnan(fail):
        raise ParameterError("suspect_threshold", "nothing", "suspect_threshold, fail_threshold, or both")
    return _flagged(call, quality_tests.spike(call.sensor.value, suspect, fail, differential))


def rate_of_change(call: Call) -> list[Row]:
    """Return QARTOD's rate of change flags."""
    series, threshold = call.sensor, call.parameters.needed("threshold")
    fail = _limit(call, "fail_threshold")
    return _flagged(call, quality_tests.rate_of_change(series.ts, series.value, threshold, fail))


def flat_line(call: Call) -> list[Row]:
    """Return QARTOD's flat line flags."""
    series = call.sensor
    names = ("suspect_threshold", "fail_threshold", "tolerance")
    needed = (call.parameters.needed(name) for name in names)
    return _flagged(call, quality_tests.flat_line(series.ts, series.value, *needed))


def drift(call: Call) -> list[Row]:
    """Return the offset of a sensor against the median of the others over a trailing window."""
    series = call.sensor
    asked = call.parameters.text("sensor")
    if asked is not None and asked != series.sensor:
        names = sorted({one.sensor for one in call.others})
        if asked not in names:
            raise ParameterError("sensor", asked, f"one of {', '.join(names)}")
        return []
    others = [one for one in call.others if one is not series and one.quantity == series.quantity]
    if len(others) < _NEIGHBOURS_MIN:
        raise NothingToComputeError("kernel.drift", f"{len(others)} neighbours", "two or more")
    interval = call.interval_us
    stamps = np.concatenate([one.ts for one in (series, *others)]) // interval
    first, count = int(stamps.min()), int(stamps.max() - stamps.min()) + 1
    width = max(2, round(call.parameters.needed("window_s") * 1e6 / interval))
    offset_max = _limit(call, "threshold")
    found = neighbours.drift(
        _on_grid(series, interval, first, count),
        np.stack([_on_grid(one, interval, first, count) for one in others]),
        min(width, count),
        _NEIGHBOURS_MIN,
        2,
        np.inf if np.isnan(offset_max) else offset_max,
        np.inf,
    )
    rows: list[Row] = []
    for at in np.unique(series.ts // interval).tolist():
        k = at - first
        detail = {"slope_per_day": found.slope[k] * 86_400e6 / interval, "flag": found.flag[k]}
        start = at * interval
        rows.append(
            Row(
                float(found.offset[k]),
                int(found.n[k]),
                start,
                start + interval,
                note=Note.INCOMPLETE,
                detail=detail,
            )
        )
    return rows


def _on_grid(
    series: Series, interval: int, first: int, count: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the first reading that counts of each step of time, NaN without one."""
    ts, value = series.counting()
    step, at = np.unique(ts // interval - first, return_index=True)
    laid = np.full(count, np.nan)
    laid[step] = value[at]
    return laid
