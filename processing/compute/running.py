"""Running a kernel of the catalogue on files or parameters."""

from __future__ import annotations

import difflib
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from domain.quantities import QUANTITIES
from processing.compute.calls import Call, Parameters, Row
from processing.compute.catalogue import ALIASES, KERNELS, kernel_named
from processing.compute.command import KERNEL_PREFIX, Request, read
from processing.compute.errors import NothingToComputeError, ParameterError, UnknownCodeError
from processing.compute.events import read_events
from processing.compute.forms import PARAMETERS_ONLY, WINDOW, Kernel
from processing.compute.items import number, plain
from processing.compute.times import SPAN_MAX_US, SPAN_MAX_Y, TimeReader, text_of
from processing.compute.zones import zone_of
from processing.grid import period_edges

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from processing.columns import Ints
    from processing.compute.readings import Series

METHOD_VERSION: Final = "1"
_WHOLE: Final = "whole"
_HOUR_US: Final = 3_600_000_000
# --param output=KEY makes an entry of the detail the value; these aliases say it by their name.
_OUTPUT: Final = "output"
_ALIAS_OUTPUTS: Final[dict[str, tuple[str, str | None]]] = {
    "integral": ("integral", None),
    "interpolated_integral": ("integral", None),
    "downtime": ("downtime_s", "s"),
    "live_at": ("live_at", "1"),
    "num_gaps": ("num_gaps", "1"),
    "num_live_ranges": ("num_live_ranges", "1"),
    "num_resets": ("resets", "1"),
    "num_changes": ("changes", "1"),
    "idelta_left": ("idelta_left", None),
    "idelta_right": ("idelta_right", None),
    "time_delta": ("time_delta_s", "s"),
    "irate": ("irate_right_per_s", None),
    "irate_left": ("irate_left_per_s", None),
    "irate_right": ("irate_right_per_s", None),
    "mttr": ("mttr_h", "h"),
    "availability": ("availability", "1"),
    "exceedance_hours": ("hours", "h"),
    "buffer_time": ("buffer_time", "s"),
}
_ALIAS_PARAMETERS: Final = {
    "l10": {"n": "10"},
    "l50": {"n": "50"},
    "l90": {"n": "90"},
    "interpolated_delta": {"method": "interpolated"},
    "interpolated_rate": {"method": "interpolated"},
    "extrapolated_delta": {"method": "prometheus"},
    "extrapolated_rate": {"method": "prometheus"},
    "prometheus_increase": {"method": "prometheus"},
    "prometheus_rate": {"method": "prometheus"},
    "wmo_mean": {"rule": "wmo"},
    "nowcast_ozone": {"method": "ozone"},
    "nowcast_o3": {"method": "ozone"},
    "us_aqi": {"scale": "us_aqi"},
    "vn_aqi": {"scale": "vn_aqi"},
}


def run_kernel(request: Request) -> dict[str, Any]:
    """Return {"indicator", "items", "inputs"} of a kernel.

    Raises:
        ComputeError: something that the user can put right.
    """
    typed_name = request.code.removeprefix(KERNEL_PREFIX)
    kernel = kernel_named(typed_name)
    if kernel is None:
        near = difflib.get_close_matches(typed_name.lower(), [*KERNELS, *ALIASES], 2)
        raise UnknownCodeError(request.code, [KERNEL_PREFIX + name for name in near])
    zone = zone_of(request.zone)
    parameters = Parameters(kernel, _checked(kernel, request), zone)
    reader = read(request, kernel.wanted)
    series = _chosen(kernel, reader.series())
    if kernel.columns == PARAMETERS_ONLY and request.files:
        found = ", ".join(str(path) for path in request.files)
        raise ParameterError("FILE", found, f"no file: {request.code} is computed from parameters alone")
    if kernel.needs_file and not series:
        raise NothingToComputeError(request.code, "no readings", f"a file with columns {kernel.columns}")
    module, _, name = kernel.function.partition(":")
    function: Callable[[Call], list[Row]] = getattr(import_module(f"processing.compute.{module}"), name)
    events = None if request.events is None else read_events(request.events, TimeReader(zone))
    items: list[dict[str, Any]] = []
    chosen: list[Series | None] = [*series] if series else [None]
    for one in chosen:
        start, end, until = _windows(kernel, parameters, request, one)
        call = Call(
            kernel,
            parameters,
            one,
            series,
            start,
            end,
            until,
            windowed=request.period is not None or bool(_typed_window(parameters)),
            period=request.period,
            interval_us=_interval_us(request, one),
            zone=zone,
            events=events,
            customers=request.customers,
        )
        output = _output(typed_name, request)
        items += [_item(call, _chosen_output(row, output), request.code) for row in function(call)]
    return {"indicator": request.code, "items": items, "inputs": reader.account.as_dict()}


def _checked(kernel: Kernel, request: Request) -> dict[str, str]:
    """Return the typed parameters when all are known and no needed one is absent."""
    known = {one.name: one for one in (*kernel.parameters, *WINDOW)}
    typed = {name: text for name, text in request.parameters.items() if name != _OUTPUT}
    for name, text in typed.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise ParameterError(name, text, f"one of {', '.join(sorted(known))}{hint}")
        choices = known[name].choices
        if choices and text.lower() not in choices:
            raise ParameterError(name, text, f"one of {', '.join(choices)}")
    for one in kernel.parameters:
        if one.required and one.name not in request.parameters:
            raise ParameterError(one.name, "nothing", f"--param {one.name}=… ({one.meaning.en})")
    found = {name: text.lower() if known[name].choices else text for name, text in typed.items()}
    alias = request.code.removeprefix(KERNEL_PREFIX).lower()
    return _ALIAS_PARAMETERS.get(alias, {}) | found


def _output(name: str, request: Request) -> tuple[str, str | None] | None:
    """Return which entry of the detail is the value, and its unit; None: the kernel's own value."""
    typed = request.parameters.get(_OUTPUT)
    return (typed, None) if typed is not None else _ALIAS_OUTPUTS.get(name.lower())


def _chosen_output(row: Row, output: tuple[str, str | None] | None) -> Row:
    if output is None:
        return row
    key, unit = output
    found = row.detail.get(key)
    if key not in row.detail or isinstance(found, list | dict | str):
        numbers = [name for name, value in row.detail.items() if not isinstance(value, list | dict | str)]
        raise ParameterError(_OUTPUT, key, f"one of {', '.join(numbers)}")
    return replace(row, value=float("nan") if found is None else float(found), unit=unit or row.unit)


def _chosen(kernel: Kernel, series: Sequence[Series]) -> list[Series]:
    """Return the sensors of the kernel's quantity, when the files hold it among others."""
    mine = [one for one in series if one.quantity in kernel.quantities]
    return mine or list(series)


def _interval_us(request: Request, series: Series | None) -> int:
    if request.interval_s is not None:
        return max(1, round(request.interval_s * 1e6))
    return (series.interval_us() if series is not None else 0) or _HOUR_US


def _typed_window(parameters: Parameters) -> dict[str, int]:
    found = {name: parameters.instant(name) for name in ("start", "end")}
    return {name: instant for name, instant in found.items() if instant is not None}


def _windows(
    kernel: Kernel, parameters: Parameters, request: Request, series: Series | None
) -> tuple[Ints, Ints, int]:
    """Return starts and ends of the windows, and until when something is known."""
    typed = _typed_window(parameters)
    ts = series.ts if series is not None else np.empty(0, np.int64)
    if not len(ts) and len(typed) < 2:  # noqa: PLR2004 # start and end
        nothing = np.zeros(1, np.int64)
        return nothing, nothing, 0
    last = int(ts[-1]) if len(ts) else typed["end"]
    if kernel.after_last:
        last += _interval_us(request, series)
    start = typed.get("start", int(ts[0]) if len(ts) else 0)
    # The last reading itself is part of the extent.
    end = typed.get("end", last if kernel.after_last else last + 1)
    if end <= start:
        raise ParameterError("end", text_of(end, parameters.zone), "an end after the start")
    if end - start > SPAN_MAX_US:
        expected = f"at most {SPAN_MAX_Y} years after {text_of(start, parameters.zone)}"
        raise ParameterError("end", text_of(end, parameters.zone), expected)
    if request.period is None:
        return np.array([start]), np.array([end]), typed.get("end", last)
    edges = period_edges(start, end, request.period, parameters.zone.key)
    starts, ends = np.maximum(edges[:-1], typed.get("start", int(edges[0]))), edges[1:]
    if "end" in typed:
        ends = np.minimum(ends, typed["end"])
    return starts, ends, int(ends[-1])


def _item(call: Call, row: Row, code: str) -> dict[str, Any]:
    series = call.series
    subject = _WHOLE
    if series is not None:
        name = series.sensor or series.quantity or "all"
        subject = f"{series.site}/{name}" if series.site and series.site != name else name
    start = int(call.start[row.window]) if row.start is None else row.start
    # Without a window the extent ends with the last reading itself.
    end = row.end if row.end is not None else int(call.end[row.window])
    if row.end is None and not call.windowed:
        end = min(end, call.until)
    quantity = QUANTITIES.get((series.quantity or "") if series is not None else "")
    unit = row.unit or call.kernel.unit or (series.unit if series is not None else None)
    timed = series is not None or end > start
    value = number(float(row.value))
    return {
        "indicator": code,
        "subject": {"kind": "sensor", "code": subject, "name": subject},
        "period": call.period.value if call.period is not None else _WHOLE,
        "period_start": text_of(start, call.zone) if timed else None,
        "period_end": text_of(end, call.zone) if timed else None,
        "value": value,
        "unit": unit or (quantity.unit if quantity is not None else None) or "1",
        "n": int(row.n),
        "completeness": number(float(row.completeness)),
        "quality": "insufficient" if value is None else "good",
        "verdict": None,
        "limit": None,
        "target": None,
        "responsible": row.responsible,
        "note": row.note if value is None else None,
        "provisional": False,
        "signed_off": False,
        "method_version": METHOD_VERSION,
        "revision": 1,
        "detail": plain(row.detail) if row.detail else None,
    }
