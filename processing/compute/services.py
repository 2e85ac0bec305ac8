"""Kernels of traffic, buses and water supply."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.periods import Period, period_start
from processing.columns import Note
from processing.compute.calls import Call, Row
from processing.compute.errors import ParameterError
from processing.compute.numbers import quantile
from processing.grid import from_us, to_us
from processing.rulesets.operations import street_scale

if TYPE_CHECKING:
    from processing.columns import Floats, Ints

_NAN = float("nan")
_LONGEST_DAY_H: Final = 24.0
_SPEED: Final = "vehicle_speed"
_PER_HOUR: Final = 3600.0


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else _NAN


def _in_hours(call: Call, ts: Ints) -> Ints:
    """Return positions of the readings in the local peak hours; all of them with "all"."""
    text = (call.parameters.text("peak_hours") or "all").strip()
    if text.lower() in {"all", "none", ""}:
        return np.arange(len(ts))
    spans: list[tuple[float, float]] = []
    for part in text.split(","):
        try:
            low, high = (float(one) for one in part.split("-"))
        except ValueError as error:
            raise ParameterError("peak_hours", text, "hours such as 6-10,15-19, or all") from error
        spans.append((low, high))
    local = [from_us(one).astimezone(call.zone) for one in ts.tolist()]
    hour = np.array([one.hour + one.minute / 60 + one.second / 3600 for one in local])
    inside = np.zeros(len(ts), np.bool_)
    for low, high in spans:
        inside |= (low <= hour) & (hour < high)
    return np.flatnonzero(inside)


def _is_speed(call: Call) -> bool:
    return call.series is not None and call.series.quantity == _SPEED


def _times(call: Call, value: Floats) -> Floats:
    """Return travel times: of a speed in km/h, the seconds for each km; a speed of 0 has none."""
    return _PER_HOUR / value[value > 0] if _is_speed(call) else value


def _time_at(call: Call, value: Floats, percent: float) -> float:
    """Return a percentile of the travel times; of speeds, that of the speed at the other end."""
    if _is_speed(call):
        return _share(_PER_HOUR, quantile(value[value > 0], 100.0 - percent))
    return quantile(value, percent)


def _free_flow(call: Call, value: Floats) -> float:
    typed = call.parameters.number("free_flow")
    if typed is not None:
        return typed
    return _time_at(call, value, call.parameters.number("free_flow_percentile") or 15.0)


def tti(call: Call) -> list[Row]:
    """Return mean peak time over free-flow time of each window."""
    peak = call.parameters.number("peak")
    if call.series is None or peak is not None:
        if peak is None:
            raise ParameterError("peak", "nothing", "--param peak=… --param free_flow=…, or a file")
        free = call.parameters.needed("free_flow")
        return [Row(_share(peak, free), 1, detail={"peak": peak, "free_flow": free})]
    _, whole = call.readings
    rows: list[Row] = []
    for k, (ts, value) in enumerate(call.parts()):
        chosen = _times(call, value[_in_hours(call, ts)])
        mean = float(np.mean(chosen)) if len(chosen) else _NAN
        free = _free_flow(call, whole)
        detail = {"mean_peak": mean, "free_flow": free, "peak_readings": len(chosen)}
        rows.append(Row(_share(mean, free), len(chosen), window=k, note=Note.NO_DATA, detail=detail))
    return rows


def buffer_index(call: Call) -> list[Row]:
    """Return (T95 - mean) / mean of each window."""
    rows: list[Row] = []
    for k, (ts, value) in enumerate(call.parts()):
        found = value[_in_hours(call, ts)]
        chosen, high = _times(call, found), _time_at(call, found, 95.0)
        mean = float(np.mean(chosen)) if len(chosen) else _NAN
        detail = {"t95": high, "mean": mean, "buffer_time": high - mean}
        rows.append(Row(_share(high - mean, mean), len(chosen), window=k, note=Note.NO_DATA, detail=detail))
    return rows


def planning_time_index(call: Call) -> list[Row]:
    """Return T95 over free-flow time of each window."""
    _, whole = call.readings
    rows: list[Row] = []
    for k, (ts, value) in enumerate(call.parts()):
        chosen = value[_in_hours(call, ts)]
        high, free = _time_at(call, chosen, 95.0), _free_flow(call, whole)
        detail = {"t95": high, "free_flow": free}
        rows.append(Row(_share(high, free), len(chosen), window=k, note=Note.NO_DATA, detail=detail))
    return rows


def los(call: Call) -> list[Row]:
    """Return mean speed as a share of free-flow speed; the letter beside it."""
    typed = call.parameters.number("speed")
    free = call.parameters.number("free_flow_speed")
    if call.series is None or typed is not None:
        if typed is None or free is None:
            raise ParameterError("speed", "nothing", "--param speed=… --param free_flow_speed=…, or a file")
        return [_los(typed, free, 0, 1)]
    _, whole = call.readings
    free = quantile(whole, 85.0) if free is None else free
    return [
        _los(float(np.mean(value)) if len(value) else _NAN, free, k, len(value))
        for k, (_, value) in enumerate(call.parts())
    ]


def _los(speed: float, free: float, window: int, n: int) -> Row:
    share = _share(speed, free) * 100.0
    letter = None if np.isnan(share) else street_scale().letter(share)
    detail = {"los": letter, "mean_speed": speed, "free_flow_speed": free}
    return Row(share, n, window=window, responsible=letter, note=Note.NO_DATA, detail=detail)


def bus_on_time(call: Call) -> list[Row]:
    """Return the share of passages within the window around the schedule, in per cent."""
    early, late = call.parameters.needed("early_s"), call.parameters.needed("late_s")
    scheduled = call.parameters.number("scheduled")
    rows: list[Row] = []
    for k, (_, value) in enumerate(call.parts()):
        kept = (value >= -early) & (value <= late)
        detail = {
            "on_time": int(kept.sum()),
            "early": int((value < -early).sum()),
            "late": int((value > late).sum()),
            "recorded": len(value),
            "coverage": None if scheduled is None else _share(len(value), scheduled),
        }
        share = _share(float(kept.sum()), len(value)) * 100.0
        rows.append(Row(share, len(value), window=k, note=Note.NO_DATA, detail=detail))
    return rows


def _wait(headways: Floats) -> float:
    """Return the mean wait of passengers who come at random."""
    return _share(float(np.dot(headways, headways)), 2.0 * float(headways.sum()))


def excess_wait(call: Call) -> list[Row]:
    """Return the actual less the scheduled mean wait of each window."""
    scheduled = _wait(np.array(call.parameters.numbers("scheduled"), np.float64))
    rows: list[Row] = []
    for k, (_, value) in enumerate(call.parts()):
        actual = _wait(value)
        detail = {"actual_wait": actual, "scheduled_wait": scheduled}
        rows.append(Row(actual - scheduled, len(value), window=k, note=Note.NO_DATA, detail=detail))
    return rows


def headway_cv(call: Call) -> list[Row]:
    """Return the standard deviation of headway deviations over the mean scheduled headway."""
    ddof = int(call.parameters.number("ddof") or 0)
    typed = call.parameters.number("scheduled")
    rows: list[Row] = []
    for k, (_, value) in enumerate(call.parts()):
        scheduled = typed if typed is not None else float(np.mean(value)) if len(value) else _NAN
        deviation = float(np.std(value - scheduled, ddof=ddof)) if len(value) > ddof else _NAN
        detail = {"deviation": deviation, "scheduled": scheduled}
        rows.append(Row(_share(deviation, scheduled), len(value), window=k, note=Note.NO_DATA, detail=detail))
    return rows


def nrw(call: Call) -> list[Row]:
    """Return (input - billed) / input in per cent."""
    supplied, billed = call.parameters.needed("input"), call.parameters.needed("billed")
    days, lost = call.parameters.needed("days"), supplied - billed
    detail = {"m3": lost}
    for name, unit in (("network_km", "m3_km_day"), ("connections", "m3_connection_day")):
        size = call.parameters.number(name)
        if size is not None:
            detail[unit] = _share(lost, days * size)
    return [Row(_share(lost, supplied) * 100.0, 2, note=Note.NOTHING_EXPECTED, detail=detail)]


def minimum_night_flow(call: Call) -> list[Row]:
    """Return the flow of each local night; without windows one row per night."""
    from_hour, to_hour = call.parameters.needed("from_hour"), call.parameters.needed("to_hour")
    if not 0 <= from_hour < to_hour <= _LONGEST_DAY_H:
        raise ParameterError("to_hour", to_hour, "an hour after from_hour")
    lowest = call.parameters.text("statistic") == "min"
    ts, value = call.readings
    rows: list[Row] = []
    if not len(ts):
        return rows
    day = period_start(from_us(int(call.start[0])), Period.DAY, call.zone)
    while to_us(day) < int(call.end[-1]):
        start, end = to_us(day + timedelta(hours=from_hour)), to_us(day + timedelta(hours=to_hour))
        first, last = np.searchsorted(ts, [start, end])
        part = value[first:last]
        if len(part):
            found = float(part.min() if lowest else part.mean())
            rows.append(Row(found, len(part), start, end, detail={"min": part.min(), "mean": part.mean()}))
        day += timedelta(days=1)
    return rows


def _unavoidable(call: Call) -> float:
    """Return UARL in L/day: (18 Lm + 0.8 Nc + 25 Lp) P."""
    mains, connections = call.parameters.needed("mains_km"), call.parameters.needed("connections")
    private = call.parameters.needed("private_km")
    return (18.0 * mains + 0.8 * connections + 25.0 * private) * call.parameters.needed("pressure_m")


def uarl(call: Call) -> list[Row]:
    """Return the unavoidable real losses."""
    found = _unavoidable(call)
    return [Row(found, 1, detail={"formula": "(18 Lm + 0.8 Nc + 25 Lp) P", "trust": "recalled"})]


def ili(call: Call) -> list[Row]:
    """Return real over unavoidable losses."""
    typed = call.parameters.number("uarl")
    unavoidable = _unavoidable(call) if typed is None else typed
    losses = call.parameters.needed("real_losses")
    return [Row(_share(losses, unavoidable), 1, detail={"uarl": unavoidable, "real_losses": losses})]
