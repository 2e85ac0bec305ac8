"""Kernels of time: holds, states, heartbeats, thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from processing.columns import NO_INSTANT, Note
from processing.compute.calls import Call, Row
from processing.compute.errors import NothingToComputeError, ParameterError
from processing.compute.times import text_of
from processing.kernels import heartbeat as heartbeats
from processing.kernels import states, thresholds, weighting
from processing.kernels.hours import expected_slots

if TYPE_CHECKING:
    from processing.columns import Floats, Ints

_NAN = float("nan")
# Longer lists of ranges help nobody.
_RANGES_MAX = 1000
# As many as the quantity kind "state" has; a reading with more values is no state.
_STATES_MAX = 256


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
    typed = call.parameters.instant("until")
    until = call.until if typed is None else typed
    if linear and typed is None and len(ts):
        # The line at the end of a window runs to the reading beyond it.
        until = max(until, int(ts[-1]))
    found = weighting.time_weighted(
        ts,
        value,
        call.start,
        call.end,
        NO_INSTANT,
        _NAN,
        call.parameters.gap_us(),
        until,
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


def state_duration(call: Call) -> list[Row]:
    """Return the time in each state in each window, one row per state."""
    ts, value = call.readings
    labels = call.sensor.labels
    present = np.unique(value).astype(np.int64)
    if len(present) > _STATES_MAX:
        seen = f"{len(present)} different values of {call.sensor.sensor or 'the file'}"
        raise NothingToComputeError("kernel.state_duration", seen, f"at most {_STATES_MAX} states")
    hold_last = call.parameters.flag("hold_last")
    holds = call.windowed if hold_last is None else hold_last
    found = states.state_durations(
        ts, value.astype(np.int64), call.start, call.end, NO_INSTANT, 0, call.until, present, holds
    )
    asked = call.parameters.text("state")
    names = [labels[state] for state in present.tolist()]
    chosen = [k for k, name in enumerate(names) if asked is None or _same(name, asked)]
    stretches = _stretches(call, hold_last=holds)
    rows: list[Row] = []
    lengths, counts = _seconds(call), call.counts()
    for k in range(len(call.start)):
        told = {
            "durations_s": {name: found.seconds[k, j] for j, name in enumerate(names)},
            "transitions": found.transitions[k],
            "covered_s": found.covered_s[k],
        }
        periods = _periods_in(call, stretches, k)
        for j in chosen:
            seconds = float(found.seconds[k, j])
            share = _share(seconds, float(found.covered_s[k]))
            rows.append(
                Row(
                    seconds,
                    int(counts[k]),
                    window=k,
                    completeness=_share(float(found.covered_s[k]), float(lengths[k])),
                    detail={"state": names[j], "share": share, "periods": periods.get(names[j], [])} | told,
                )
            )
        if not chosen:
            rows.append(Row(0.0, 0, window=k, detail={"state": asked} | told))
    return rows


class _Stretches(NamedTuple):
    """Times [start, end) of one state each, one after the other."""

    start: Ints
    end: Ints
    state: list[str]


def _stretches(call: Call, *, hold_last: bool) -> _Stretches:
    """Return when the state changed; a last record that does not hold has no length."""
    ts, value = call.readings
    change = np.flatnonzero(np.diff(value, prepend=np.nan) != 0)
    after = call.until if hold_last else ts[-1] if len(ts) else 0
    states_of = [call.sensor.labels[state] for state in value[change].astype(np.int64).tolist()]
    return _Stretches(ts[change], np.append(ts[change[1:]], after)[: len(change)], states_of)


def _periods_in(call: Call, stretches: _Stretches, window: int) -> dict[str, list[list[str]]]:
    """Return the stretches of each state in a window."""
    start, end = int(call.start[window]), int(call.end[window])
    first = int(np.searchsorted(stretches.end, start, side="left"))
    last = int(np.searchsorted(stretches.start, end, side="left"))
    found: dict[str, list[list[str]]] = {}
    for k in range(first, min(last, first + _RANGES_MAX)):
        begins, ends = int(stretches.start[k]), int(stretches.end[k])
        low, high = max(begins, start), min(ends, end)
        if low < high or (begins >= ends and start <= begins):
            periods = found.setdefault(stretches.state[k], [])
            periods.append([text_of(low, call.zone), text_of(max(low, high), call.zone)])
    return found


def state_at(call: Call) -> list[Row]:
    """Return the state of the last record at or before an instant; its name stands in `responsible`."""
    ts, value = call.readings
    at = call.parameters.instant("at")
    if at is None:
        raise ParameterError("at", "nothing", "--param at=TIME")
    before = int(np.searchsorted(ts, at, side="right"))
    if not before:
        return [Row(_NAN, 0, at, at, note=Note.NO_DATA, detail={"state": None})]
    name = call.sensor.labels[int(value[before - 1])]
    try:
        number = float(name)
    except ValueError:
        number = _NAN
    since = text_of(int(ts[before - 1]), call.zone)
    return [
        Row(number, 1, at, at, responsible=name, note="named_state", detail={"state": name, "record": since})
    ]


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
    at = call.parameters.instant("at")
    # A heartbeat proves life at its own instant and no more when the liveness is over.
    asked = {} if at is None else {"live_at": bool(((ts <= at) & (at < ts + liveness_us)).any())}
    counts = call.counts()
    rows: list[Row] = []
    for k in range(len(call.start)):
        live, dead = float(found.live_s[k]), float(found.dead_s[k])
        window = (int(call.start[k]), int(ends[k]))
        if call.parameters.text("before") == "unknown" and len(ts):
            window = (min(max(window[0], int(ts[0])), window[1]), window[1])
        # Earlier heartbeats prove nothing in the window.
        first, last = np.searchsorted(ts, [window[0] - liveness_us, window[1]])
        alive = heartbeats.live_ranges(ts[first:last], *window, NO_INSTANT, liveness_us)
        gone = heartbeats.dead_ranges(ts[first:last], *window, NO_INSTANT, liveness_us)
        rows.append(
            Row(
                live,
                int(counts[k]),
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
                }
                | asked,
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
    counts = call.counts()
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
                int(counts[k]),
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
    if seconds is not None and not seconds > 0:
        raise ParameterError("interval_s", seconds, "seconds above 0")
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
