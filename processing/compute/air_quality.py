"""Kernels of air quality: NowCast and the index of one parameter."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.units import IncompatibleUnitError, UnknownUnitError, conversion
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
_MASS: Final = "ug/m3"
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
        return [_nowcast_row(call, hourly)]
    # An hour that was sent without a value is an hour all the same: the newest one may be missing.
    ts = call.sensor.ts
    if not len(ts):
        return [Row(_NAN, 0, note=Note.NO_DATA)]
    # Rows without stamps are numbered by seconds: they are hours, the oldest first.
    numbered = bool(ts[-1] < _EARLIEST_US)
    step = _SECOND_US if numbered else HOUR_US
    counting, value = call.readings
    hours, first = np.unique(counting // step, return_index=True)
    distinct = np.unique(ts // step)
    series = np.full(int(distinct[-1] - distinct[0]) + 1, np.nan)
    series[hours - distinct[0]] = value[first]
    if call.period is None:
        start = int(distinct[-1]) * step
        row = _nowcast_row(call, series)
        return [Row(row.value, row.n, start, start + step, note=row.note, detail=row.detail)]
    found, reach = _nowcasts(call, series)
    rows: list[Row] = []
    for k in range(len(series)):
        start = (int(distinct[0]) + k) * step
        rows.append(
            Row(
                float(found.value[k]),
                int(found.n[k]),
                start,
                start + step,
                completeness=float(found.n[k]) / reach,
                note=Note.INCOMPLETE,
            )
        )
    return rows


def _nowcasts(call: Call, hourly: Floats) -> tuple[air.NowcastColumns, int]:
    """Return the NowCast of every hour, and the hours that it looks back on."""
    from processing.indicators import us_air  # noqa: PLC0415 # only when asked

    hours = _HOURS
    found = air.nowcast(hourly)
    if call.parameters.text("method") == "ozone":
        hours = us_air.OZONE_HOURS
        there = np.concatenate((np.zeros(hours - 1, np.int64), np.isfinite(hourly).astype(np.int64)))
        n = np.lib.stride_tricks.sliding_window_view(there, hours).sum(axis=1)
        found = air.NowcastColumns(n, us_air.nowcast_ozone(hourly))
    decimals = call.parameters.number("decimals")
    if decimals is None:
        return found, hours
    # Truncated, not rounded; a decimal fraction that binary ones miss by a hair stays whole.
    steps = np.floor(found.value * 10.0**decimals + 1e-7)
    return air.NowcastColumns(found.n, steps / 10.0**decimals), hours


def _nowcast_row(call: Call, hourly: Floats) -> Row:
    """Return the NowCast of the last hour of a series."""
    found, hours = _nowcasts(call, hourly)
    latest = hourly[-hours:]
    known = latest[np.isfinite(latest)]
    ratio = float(known.min() / known.max()) if len(known) and known.max() > 0 else _NAN
    n = int(found.n[-1])
    least = 0.5 if hours == _HOURS else 0.0
    detail = {"w_star": ratio, "w": max(ratio, least) if ratio == ratio else _NAN}  # noqa: PLR0124 # NaN
    return Row(float(found.value[-1]), n, completeness=n / hours, note=Note.INCOMPLETE, detail=detail)


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
    concentration = concentration * _ug_m3(call, pollutant)
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


def _ug_m3(call: Call, pollutant: str) -> float:
    """Return by what concentrations are multiplied to be in ug/m3.

    ppb and ppm by the factors of the US scale (25 degrees), so that a truncation finds what was typed.
    """
    from processing.rulesets.us_aqi import us_aqi  # noqa: PLC0415 # rule sets only when asked

    unit = call.parameters.text("unit") or (call.series.unit if call.series else None) or _MASS
    try:
        return conversion(unit, _MASS)[0]
    except UnknownUnitError as error:
        raise ParameterError("unit", unit, "ug/m3, mg/m3, [ppb] or [ppm]") from error
    except IncompatibleUnitError as error:
        try:
            return conversion(unit, "[ppb]")[0] * us_aqi().ug_m3_per_ppb[pollutant]
        except (IncompatibleUnitError, KeyError):
            raise ParameterError("unit", unit, f"a unit of mass per volume for {pollutant}") from error


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
