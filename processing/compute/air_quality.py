"""Kernels of air quality: NowCast and the index of one parameter."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final

import numpy as np

from processing.columns import Note
from processing.compute.calls import Call, Row
from processing.compute.errors import ParameterError
from processing.compute.readings import quantity_code
from processing.grid import HOUR_US, to_us
from processing.kernels import air
from processing.rulesets.loader import RulesetError

if TYPE_CHECKING:
    from processing.columns import Floats

_NAN = float("nan")
_VN_AVERAGING: Final = {"pm25": "24h", "pm10": "24h", "so2": "1h", "no2": "1h", "co": "1h", "o3": "1h"}
_US_AVERAGING: Final = {"pm25": "24h", "pm10": "24h", "so2": "1h", "no2": "1h", "co": "8h", "o3": "8h"}
_HOURS: Final = 12
_SECOND_US: Final = 1_000_000
# No station measured in the first days of 1970; row numbers lie there.
_EARLIEST_US: Final = 10 * 86_400 * _SECOND_US


def nowcast(call: Call) -> list[Row]:
    """Return the NowCast of the newest hour, or of every hour with windows of an hour."""
    if call.series is None:
        newest_first = call.parameters.numbers("c")
        if not newest_first:
            raise ParameterError("c", "nothing", "--param c=c1,c2,… (newest first), or a file")
        hourly = np.array(newest_first[::-1], np.float64)
        return [_nowcast_row(hourly)]
    ts, value = call.readings
    if not len(ts):
        return [Row(_NAN, 0, note=Note.NO_DATA)]
    # Rows without stamps are numbered by seconds: they are hours, the oldest first.
    numbered = bool(ts[-1] < _EARLIEST_US)
    step = _SECOND_US if numbered else HOUR_US
    hours = ts // step
    distinct, first = np.unique(hours, return_index=True)
    series = np.full(int(distinct[-1] - distinct[0]) + 1, np.nan)
    series[distinct - distinct[0]] = value[first]
    if call.period is None:
        start = int(distinct[-1]) * step
        row = _nowcast_row(series)
        return [Row(row.value, row.n, start, start + step, note=row.note, detail=row.detail)]
    found = air.nowcast(series)
    rows: list[Row] = []
    for k in range(len(series)):
        start = (int(distinct[0]) + k) * step
        rows.append(
            Row(
                float(found.value[k]),
                int(found.n[k]),
                start,
                start + step,
                completeness=float(found.n[k]) / _HOURS,
                note=Note.INCOMPLETE,
            )
        )
    return rows


def _nowcast_row(hourly: Floats) -> Row:
    """Return the NowCast of the last hour of a series."""
    found = air.nowcast(hourly)
    latest = hourly[-_HOURS:]
    known = latest[np.isfinite(latest)]
    ratio = float(known.min() / known.max()) if len(known) and known.max() > 0 else _NAN
    n = int(found.n[-1])
    detail = {"w_star": ratio, "w": max(ratio, 0.5) if ratio == ratio else _NAN}  # noqa: PLR0124 # NaN
    return Row(float(found.value[-1]), n, completeness=n / _HOURS, note=Note.INCOMPLETE, detail=detail)


def sub_index(call: Call) -> list[Row]:
    """Return the index of each concentration."""
    scale = call.parameters.text("scale") or "vn_aqi"
    named = call.parameters.text("pollutant") or (call.series.quantity if call.series else None)
    pollutant = quantity_code((named or "").lower())
    defaults = _VN_AVERAGING if scale == "vn_aqi" else _US_AVERAGING
    if pollutant not in defaults:
        raise ParameterError("pollutant", named or "nothing", f"one of {', '.join(defaults)}")
    averaging = (call.parameters.text("averaging") or defaults[pollutant]).replace(" ", "")
    if call.series is None:
        concentration = np.array(call.parameters.numbers("concentration"), np.float64)
        if not len(concentration):
            raise ParameterError("concentration", "nothing", "--param concentration=NUMBER, or a file")
        at = np.zeros(len(concentration), np.int64)
    else:
        at, concentration = call.readings
    try:
        exact, rounded = _indices(call, scale, (pollutant, averaging), concentration)
    except RulesetError as error:
        raise ParameterError("averaging", averaging, f"another averaging time ({error})") from error
    rows: list[Row] = []
    for k in range(len(exact)):
        detail = {
            "concentration": concentration[k],
            "index": exact[k],
            "rounded": rounded[k],
            "averaging": averaging,
            "scale": scale,
        }
        value = float(exact[k] if scale == "vn_aqi" else rounded[k])
        instant = int(at[k]) if call.series is not None else None
        rows.append(Row(value, 1, instant, instant, responsible=pollutant, note=Note.NO_DATA, detail=detail))
    return rows


def _indices(call: Call, scale: str, column: tuple[str, str], concentration: Floats) -> tuple[Floats, Floats]:
    """Return the unrounded indices, and the whole numbers that are published."""
    from processing.indicators import air_quality_index, us_air  # noqa: PLC0415 # rule sets only when asked

    if scale == "vn_aqi":
        exact = air_quality_index.sub_index(*column, concentration)
    else:
        day = _day(call)
        at = to_us(datetime.combine(day, time(12), call.zone))
        instants = np.full(len(concentration), at, np.int64)
        exact = us_air.sub_index(*column, concentration, instants, call.zone.key)
    return exact, air_quality_index.half_up(exact)


def _day(call: Call) -> date:
    text = call.parameters.text("date")
    if text is None:
        return date(9999, 1, 1)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ParameterError("date", text, "a day such as 2026-11-23") from error
