"""Kernels of time: holds, counters, states, heartbeats, thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from processing.columns import NO_INSTANT, Note
from processing.compute.calls import Call, Row
from processing.compute.errors import ParameterError
from processing.compute.times import text_of
from processing.kernels import counters, states, thresholds, weighting
from processing.kernels import heartbeat as heartbeats
from processing.kernels.hours import expected_slots

if TYPE_CHECKING:
    from processing.columns import Floats, Ints

_NAN = float("nan")
# Longer lists of ranges help nobody.
_RANGES_MAX = 1000


def _seconds(call: Call) -> Floats:
    """Return the length of each window; the extent of readings ends with the last one itself."""
    end = call.end if call.windowed else np.minimum(call.end, max(call.until, 0))
    return ((end - call.start) * 1e-6).astype(np.float64)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else _NAN


def time_weighted_mean(call: Call) -> list[Row]:
    """Return the time-weighted mean of each window."""
    ts, value = call.readings
    linear = call.parameters.text("method") == "linear"
    until = call.parameters.instant("until")
    found = weighting.time_weighted(
        ts,
        value,
        call.start,
        call.end,
        NO_INSTANT,
        _NAN,
        call.parameters.gap_us(),
        call.until if until is None else until,
        linear,
    )
    lengths, counts = _seconds(call), call.counts()
    return [
        Row(
            _share(float(found.integral[k]), float(found.covered_s[k])),
            int(counts[k]),
            window=k,
            completeness=_share(float(found.covered_s[k]), float(lengths[k])),
            note=Note.NO_DATA,
            detail={"integral": found.integral[k], "covered_s": found.covered_s[k]},
        )
        for k in range(len(call.start))
    ]


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
    return [
        Row(
            _NAN if not found.n[k] else float(rates[k] if as_rate else found.increase[k]),
            int(found.n[k]),
            window=k,
            note=Note.NO_DATA,
            detail={
                "increase": found.increase[k],
                "rate_per_s": rates[k],
                "elapsed_s": found.elapsed_s[k],
                "resets": found.resets[k],
                "changes": found.changes[k],
                "suspect": found.suspect[k],
            },
        )
        for k in range(len(call.start))
    ]


def counter_increase(call: Call) -> list[Row]:
    """Return what each window adds to a counter."""
    return _counter_rows(call, as_rate=False)


def counter_rate(call: Call) -> list[Row]:
    """Return what each window adds to a counter, per second of the steps that end in it."""
    return _counter_rows(call, as_rate=True)


def gauge_delta(call: Call) -> list[Row]:
    """Return the last value of each window less the last one before it, else less its first one."""
    ts, value = call.readings
    rows: list[Row] = []
    for k in range(len(call.start)):
        first, last = np.searchsorted(ts, [call.start[k], call.end[k]], side="left")
        if last <= first:
            rows.append(Row(_NAN, 0, window=k, note=Note.NO_DATA))
            continue
        base = max(int(first) - 1, 0) if call.windowed else int(first)
        delta = float(value[last - 1] - value[base])
        elapsed = float(ts[last - 1] - ts[base]) * 1e-6
        steps = np.diff(value[base:last])
        detail = {
            "first": value[base],
            "last": value[last - 1],
            "elapsed_s": elapsed,
            "rate_per_s": _share(delta, elapsed),
            "changes": int(np.count_nonzero(steps)),
        }
        rows.append(Row(delta, int(last - first), window=k, detail=detail))
    return rows


def state_duration(call: Call) -> list[Row]:
    """Return the time in each state in each window, one row per state."""
    ts, value = call.readings
    labels = call.sensor.labels
    present = np.unique(value).astype(np.int64)
    hold_last = call.parameters.flag("hold_last")
    holds = call.windowed if hold_last is None else hold_last
    found = states.state_durations(
        ts, value.astype(np.int64), call.start, call.end, NO_INSTANT, 0, call.until, present, holds
    )
    asked = call.parameters.text("state")
    names = [labels[state] for state in present.tolist()]
    chosen = [k for k, name in enumerate(names) if asked is None or _same(name, asked)]
    rows: list[Row] = []
    lengths = _seconds(call)
    for k in range(len(call.start)):
        told = {
            "durations_s": {name: found.seconds[k, j] for j, name in enumerate(names)},
            "transitions": found.transitions[k],
            "covered_s": found.covered_s[k],
        }
        for j in chosen:
            seconds = float(found.seconds[k, j])
            share = _share(seconds, float(found.covered_s[k]))
            rows.append(
                Row(
                    seconds,
                    int(call.counts()[k]),
                    window=k,
                    completeness=_share(float(found.covered_s[k]), float(lengths[k])),
                    detail={"state": names[j], "share": share} | told,
                )
            )
        if not chosen:
            rows.append(Row(0.0, 0, window=k, detail={"state": asked} | told))
    return rows


def _same(name: str, asked: str) -> bool:
    try:
        return float(name) == float(asked)
    except ValueError:
        return name == asked


def _liveness_us(call: Call) -> int:
    seconds = call.parameters.number("liveness_s")
    if seconds is not None and not seconds > 0:
        raise ParameterError("liveness_s", seconds, "seconds above 0")
    return 2 * call.interval_us if seconds is None else round(seconds * 1e6)


def _lived(call: Call) -> tuple[heartbeats.Liveness, Ints, int]:
    """Return life and outages, the windows' ends, and the liveness.

    Without a window the series is looked at until its last heartbeat proves nothing any more.
    """
    ts, _ = call.readings
    liveness_us = _liveness_us(call)
    ends = call.end if call.windowed else np.array([int(ts[-1]) + liveness_us if len(ts) else 0])
    unknown = call.parameters.text("before") == "unknown"
    found = heartbeats.liveness(ts, call.start, ends, NO_INSTANT, liveness_us, int(ends[-1]), unknown)
    return found, ends, liveness_us


def heartbeat(call: Call) -> list[Row]:
    """Return the uptime of each window; downtime, outages and ranges beside it."""
    ts, _ = call.readings
    found, ends, liveness_us = _lived(call)
    rows: list[Row] = []
    for k in range(len(call.start)):
        live, dead = float(found.live_s[k]), float(found.dead_s[k])
        window = (int(call.start[k]), int(ends[k]))
        alive = heartbeats.live_ranges(ts, *window, NO_INSTANT, liveness_us)
        gone = heartbeats.dead_ranges(ts, *window, NO_INSTANT, liveness_us)
        rows.append(
            Row(
                live,
                int(call.counts()[k]),
                end=window[1],
                window=k,
                detail={
                    "uptime_s": live,
                    "downtime_s": dead,
                    "availability": _share(live, live + dead),
                    "outages": found.outages[k],
                    "longest_dead_s": found.longest_s[k],
                    "num_live_ranges": len(alive.start),
                    "num_gaps": len(gone.start),
                    "live_ranges": _ranges(call, alive),
                    "dead_ranges": _ranges(call, gone),
                },
            )
        )
    return rows


def _ranges(call: Call, ranges: heartbeats.Ranges) -> list[list[str]]:
    return [
        [text_of(start, call.zone), text_of(end, call.zone)]
        for start, end in zip(
            ranges.start[:_RANGES_MAX].tolist(), ranges.end[:_RANGES_MAX].tolist(), strict=True
        )
    ]


def mtbf_mttr(call: Call) -> list[Row]:
    """Return the mean time between failures of each window in hours; MTTR and availability beside it."""
    found, ends, _ = _lived(call)
    rows: list[Row] = []
    for k in range(len(call.start)):
        live, dead, failures = float(found.live_s[k]), float(found.dead_s[k]), int(found.outages[k])
        detail: dict[str, Any] = {
            "mtbf_h": _share(live / 3600, failures),
            "mttr_h": _share(dead / 3600, failures),
            "mttr_of_closed_h": _share(float(found.closed_s[k]) / 3600, int(found.closed[k])),
            "availability": _share(live, live + dead),
            "failures": failures,
            "uptime_h": live / 3600,
            "downtime_h": dead / 3600,
        }
        rows.append(
            Row(
                detail["mtbf_h"],
                int(call.counts()[k]),
                end=int(ends[k]),
                window=k,
                note="no_failures",
                detail=detail,
            )
        )
    return rows


def completeness(call: Call) -> list[Row]:
    """Return slots with a reading over slots expected of each window."""
    seconds = call.parameters.number("interval_s")
    interval = call.interval_us if seconds is None else max(1, round(seconds * 1e6))
    ts, _ = call.readings
    expected = expected_slots(call.start, call.end, interval)
    rows: list[Row] = []
    for k in range(len(call.start)):
        start, end = int(call.start[k]), int(call.end[k])
        first, last = np.searchsorted(ts, [start, end])
        if call.windowed:
            # Slots are counted from the window's own start, so that a window of whole intervals fits.
            slots = np.unique((ts[first:last] - start) // interval)
            asked = -(-(end - start) // interval)
        else:
            slots, asked = np.unique(ts[first:last] // interval), int(expected[k])
            asked = max(asked, int(ts[-1] // interval - ts[0] // interval) + 1 if len(ts) else 0)
        share = _share(len(slots), asked)
        rows.append(
            Row(
                share,
                int(last - first),
                window=k,
                completeness=share,
                note=Note.NOTHING_EXPECTED,
                detail={"slots": len(slots), "expected": asked, "interval_s": interval * 1e-6},
            )
        )
    return rows


def exceedance(call: Call) -> list[Row]:
    """Return the time at or beyond a threshold of each window, in seconds."""
    ts, value = call.readings
    above = call.parameters.text("direction") != "below"
    found = thresholds.exceedance(
        ts,
        value,
        call.start,
        call.end,
        NO_INSTANT,
        _NAN,
        call.parameters.gap_us(),
        call.until,
        call.parameters.needed("threshold"),
        call.parameters.number("hysteresis") or 0.0,
        above,
    )
    threshold = call.parameters.needed("threshold")
    lengths = _seconds(call)
    rows: list[Row] = []
    for k, (_, part) in enumerate(call.parts()):
        beyond = part >= threshold if above else part <= threshold
        strictly = part > threshold if above else part < threshold
        covered = float(found.covered_s[k])
        rows.append(
            Row(
                float(found.seconds[k]),
                len(part),
                window=k,
                completeness=_share(covered, float(lengths[k])),
                detail={
                    "hours": found.seconds[k] / 3600,
                    "share": _share(float(found.seconds[k]), covered),
                    "covered_s": covered,
                    "crossings": found.crossings[k],
                    "closed": found.closed[k],
                    "closed_s": found.closed_s[k],
                    "episode_s": found.episode_s[k],
                    "readings_beyond": int(beyond.sum()),
                    "readings_strictly_beyond": int(strictly.sum()),
                },
            )
        )
    return rows


def episodes(call: Call) -> list[Row]:
    """Return the episodes at or beyond a threshold, one row each; the value is the worst of it."""
    ts, value = call.readings
    found = thresholds.episodes(
        ts,
        value,
        call.parameters.gap_us(),
        call.until,
        call.parameters.needed("threshold"),
        call.parameters.number("hysteresis") or 0.0,
        call.parameters.text("direction") != "below",
    )
    rows: list[Row] = []
    for k in range(len(found.start)):
        start, end = int(found.start[k]), int(found.end[k])
        window = int(np.searchsorted(call.start, start, side="right")) - 1
        if window < 0 or start >= call.end[window]:
            continue
        held = int(np.searchsorted(ts, end, side="left") - np.searchsorted(ts, start, side="left"))
        detail = {
            "duration_s": (end - start) * 1e-6,
            "covered_s": found.covered_s[k],
            "worst": found.worst[k],
            "worst_at": text_of(int(found.worst_ts[k]), call.zone),
            "closed": bool(found.closed[k]),
        }
        rows.append(Row(float(found.worst[k]), held, start, end, window, detail=detail))
    return rows
