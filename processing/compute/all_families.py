"""All families of facts of each window of a sensor, in one pass over its readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from processing.columns import Note
from processing.compute.calls import Call, Row
from processing.compute.errors import ParameterError
from processing.compute.numbers import percent
from processing.kernels.segments import segments_of
from processing.kernels.window_facts import FACTS, finalise

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAN = float("nan")


def facts(call: Call) -> list[Row]:
    """Return the mean of each window; spread, percentiles, coverage, outages and increase beside it."""
    sensor = call.sensor
    asked = [percent("p", one) for one in call.parameters.numbers("p")]
    max_gap_us, liveness_us = call.parameters.gap_us(), _liveness_us(call)
    # Of a reading after the end of all windows nothing is known yet.
    known = slice(0, int(np.searchsorted(sensor.ts, call.until, side="right")))
    ts, value = sensor.ts[known], sensor.value[known]
    # The window in front holds what is carried into the first one that is asked for.
    front = min(int(ts[0]), int(call.start[0])) if len(ts) else int(call.start[0])
    start, end = np.insert(call.start, 0, front), np.insert(call.end, 0, call.start[0])
    none = np.zeros(len(start), np.int64)
    segments, quantiles = segments_of(
        ts,
        value,
        value,
        sensor.good[known],
        none,
        none + len(ts),
        start,
        end,
        max_gap_us,
        liveness_us,
        np.array(asked, np.float64) / 100,
    )
    windows = np.arange(1, len(start))
    found = finalise(segments, none, start, end, windows, max_gap_us, liveness_us, call.until)
    return [
        _row(
            call,
            k,
            dict(zip(FACTS.names or (), record, strict=True)),
            dict(zip(asked, selected, strict=True)),
        )
        for k, (record, selected) in enumerate(zip(found.tolist(), quantiles[1:].tolist(), strict=True))
    ]


def _liveness_us(call: Call) -> int:
    seconds = call.parameters.number("liveness_s")
    if seconds is not None and not seconds > 0:
        raise ParameterError("liveness_s", seconds, "seconds above 0")
    return 2 * call.interval_us if seconds is None else round(seconds * 1e6)


def _row(call: Call, window: int, found: Mapping[str, Any], quantiles: Mapping[float, float]) -> Row:
    length_s = (min(int(call.end[window]), call.until) - int(call.start[window])) * 1e-6
    n, alive, dead = found["n_good"], found["live_s"], found["dead_s"]
    detail = {name: value for name, value in found.items() if name not in {"n_good", "m2"}}
    detail |= {f"p{per_cent:g}": value for per_cent, value in quantiles.items()}
    detail |= {
        "std": (found["m2"] / (n - 1)) ** 0.5 if n > 1 else _NAN,
        "time_weighted_mean": _share(found["integral"], found["covered_s"]),
        "availability": _share(alive, alive + dead),
    }
    covered = _share(found["covered_s"], length_s)
    return Row(found["mean"], n, window=window, completeness=covered, note=Note.NO_DATA, detail=detail)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else _NAN
