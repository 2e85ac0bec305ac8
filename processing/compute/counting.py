"""Kernels of counters and gauges: what they add in a window, and how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from processing.columns import NO_INSTANT, Note
from processing.compute.calls import Call, Row
from processing.compute.edges import (
    Change,
    Line,
    counter_line,
    extrapolated,
    gauge_line,
    interpolated,
    particulars,
)
from processing.compute.errors import ParameterError
from processing.kernels import counters

if TYPE_CHECKING:
    from collections.abc import Callable

_NAN = float("nan")


def _increases(call: Call) -> counters.Increases:
    ts, value = call.readings
    return counters.increase(
        ts,
        value,
        call.start,
        call.end,
        NO_INSTANT,
        _NAN,
        call.parameters.number("rollover") or 0.0,
        call.parameters.number("rate_max_per_s") or 0.0,
    )


def _counter_rows(call: Call, *, as_rate: bool) -> list[Row]:
    found, rates = _increases(call), counters.rate(_increases(call))
    line = counter_line(*call.readings, call.parameters.number("rollover") or 0.0)
    change = _change(call, line, from_zero=True)
    rows: list[Row] = []
    for k in range(len(call.start)):
        start, end = int(call.start[k]), int(call.end[k])
        increase, rate = float(found.increase[k]), float(rates[k])
        told: dict[str, Any] = particulars(line, start, end) | {
            "increase": increase,
            "rate_per_s": rate,
            "elapsed_s": found.elapsed_s[k],
            "resets": found.resets[k],
            "changes": found.changes[k],
            "suspect": found.suspect[k],
        }
        known = bool(found.n[k])
        if change is not None:
            increase, seconds = change(start, end)
            rate = increase / seconds if seconds > 0 else _NAN
            told |= {"increase": increase, "rate_per_s": rate, "elapsed_s": seconds}
            known = not np.isnan(increase)
        value = rate if as_rate else increase
        unit = f"{call.sensor.unit or '1'}/s" if as_rate else None
        rows.append(
            Row(
                value if known else _NAN,
                int(found.n[k]),
                window=k,
                unit=unit,
                note=Note.NO_DATA,
                detail=told,
            )
        )
    return rows


def _change(call: Call, line: Line, *, from_zero: bool) -> Callable[[int, int], Change] | None:
    """Return how the change of a window is found; None: by the steps that end in it."""
    method = call.parameters.text("method")
    if method == "interpolated":
        return lambda start, end: interpolated(line, start, end)
    if method not in {"prometheus", "prometheus_3"}:
        return None
    if not call.windowed:
        raise ParameterError("start", "nothing", "start and end, or --period: what to extrapolate to")
    newer = method == "prometheus_3"
    return lambda start, end: extrapolated(line, start, end, from_zero=from_zero, newer=newer)


def counter_increase(call: Call) -> list[Row]:
    """Return what each window adds to a counter."""
    return _counter_rows(call, as_rate=False)


def counter_rate(call: Call) -> list[Row]:
    """Return what each window adds to a counter, per second of the time over which it was added."""
    return _counter_rows(call, as_rate=True)


def gauge_delta(call: Call) -> list[Row]:
    """Return the last value of each window less the last one before it, else less its first one."""
    ts, value = call.readings
    line = gauge_line(ts, value)
    change = _change(call, line, from_zero=False)
    rows: list[Row] = []
    for k in range(len(call.start)):
        start, end = int(call.start[k]), int(call.end[k])
        first, last = np.searchsorted(ts, [start, end], side="left")
        if last <= first and change is None:
            rows.append(Row(_NAN, 0, window=k, note=Note.NO_DATA))
            continue
        base = max(int(first) - 1, 0) if call.windowed else int(first)
        if change is None:
            delta, elapsed = float(value[last - 1] - value[base]), float(ts[last - 1] - ts[base]) * 1e-6
        else:
            delta, elapsed = change(start, end)
        told = particulars(line, start, end) | {
            "elapsed_s": elapsed,
            "rate_per_s": delta / elapsed if elapsed > 0 else _NAN,
            "changes": int(np.count_nonzero(np.diff(value[base:last]))),
        }
        if change is None:
            told["first"] = value[base]
        rows.append(Row(delta, int(last - first), window=k, note=Note.NO_DATA, detail=told))
    return rows
