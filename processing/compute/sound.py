"""Kernels of noise: equivalent levels, levels exceeded, day-night levels and indices."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.periods import Period, period_start
from processing.columns import NO_INSTANT, Note
from processing.compute.calls import Call, Row
from processing.compute.errors import ParameterError
from processing.compute.numbers import quantile
from processing.grid import from_us, to_us
from processing.kernels import noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processing.columns import Floats, Ints

_NAN = float("nan")
_HOURS: Final = 24.0
Band = tuple[str, float, float]


def _energies(call: Call, start: Ints, end: Ints) -> noise.Energies:
    ts, level = call.readings
    return noise.energy(ts, level, start, end, NO_INSTANT, _NAN, call.parameters.gap_us(), call.until)


def leq(call: Call) -> list[Row]:
    """Return the equivalent level of each window, or of typed levels; each holds until the next one."""
    if call.series is None:
        return [_typed_leq(call)]
    found = _energies(call, call.start, call.end)
    levels = noise.leq(found.energy, found.covered_s)
    lengths = (call.end - call.start) * 1e-6
    counts = call.counts()
    rows: list[Row] = []
    for k, (_, part) in enumerate(call.parts()):
        # Beside it the plain energy mean of the samples, which does not ask how long each holds.
        mean = float(np.mean(10.0 ** (part / 10.0))) if len(part) else _NAN
        rows.append(
            Row(
                float(levels[k]),
                int(counts[k]),
                window=k,
                completeness=float(found.covered_s[k] / lengths[k]) if lengths[k] > 0 else _NAN,
                note=Note.NO_DATA,
                detail={
                    "covered_s": found.covered_s[k],
                    "leq_of_samples": 10.0 * np.log10(mean) if mean > 0 else _NAN,
                    "sel": levels[k] + 10.0 * np.log10(found.covered_s[k])
                    if found.covered_s[k] > 0
                    else _NAN,
                },
            )
        )
    return rows


def _typed_leq(call: Call) -> Row:
    """Return the equivalent level of typed levels, each weighted by its duration."""
    level = np.array(call.parameters.numbers("levels"), np.float64)
    duration = np.array(call.parameters.numbers("durations") or [1.0] * len(level), np.float64)
    if not len(level) or len(level) != len(duration):
        raise ParameterError("levels", f"{len(level)} numbers", "--param levels=…, one for each duration")
    energy = float(10.0 ** (level / 10.0) @ duration)
    total = float(duration.sum())
    return Row(float(noise.leq(energy, total)), len(level), note=Note.NO_DATA, detail={"duration": total})


def level_exceeded(call: Call) -> list[Row]:
    """Return the levels exceeded N % of the samples of each window, one row per N."""
    for n in call.parameters.numbers("n"):
        if not 0.0 <= n <= 100.0:  # noqa: PLR2004 # per cent
            raise ParameterError("n", n, "0 to 100")
    return [
        Row(
            quantile(level, 100.0 - n),
            len(level),
            window=k,
            note=Note.NO_DATA,
            detail={"name": f"L{n:g}", "n": n, "percentile": 100.0 - n},
        )
        for k, (_, level) in enumerate(call.parts())
        for n in call.parameters.numbers("n")
    ]


def lden(call: Call) -> list[Row]:
    """Return the day-evening-night level of each window, from levels of a file or typed ones."""
    parameters = call.parameters
    starts = [parameters.needed(f"{name}_start") for name in ("day", "evening", "night")]
    bands = _bands(("day", "evening", "night"), starts)
    hours = [_length(band) for band in bands]
    penalties = [0.0, parameters.needed("evening_penalty"), parameters.needed("night_penalty")]
    return _rows(call, bands, hours, penalties)


def ldn(call: Call) -> list[Row]:
    """Return the day-night level of each window, from levels of a file or typed ones."""
    parameters = call.parameters
    starts = [parameters.needed(f"{name}_start") for name in ("day", "night")]
    bands = _bands(("day", "night"), starts)
    return _rows(call, bands, [_length(band) for band in bands], [0.0, parameters.needed("night_penalty")])


def _bands(names: Sequence[str], starts: Sequence[float]) -> list[Band]:
    for name, start in zip(names, starts, strict=True):
        if not 0.0 <= start <= _HOURS:
            raise ParameterError(f"{name}_start", start, "an hour from 0 to 24")
    return [
        (name, start, starts[(k + 1) % len(starts)])
        for k, (name, start) in enumerate(zip(names, starts, strict=True))
    ]


def _length(band: Band) -> float:
    return (band[2] - band[1]) % _HOURS


def _rows(call: Call, bands: Sequence[Band], hours: Sequence[float], penalties: Sequence[float]) -> list[Row]:
    if call.series is None:
        levels = [call.parameters.needed(name) for name, _, _ in bands]
        return [_row(bands, levels, hours, penalties, 0)]
    rows: list[Row] = []
    counts = call.counts()
    for k in range(len(call.start)):
        levels = [_band_level(call, k, band) for band in bands]
        rows.append(_row(bands, levels, hours, penalties, k, int(counts[k])))
    return rows


def _row(  # one formula
    bands: Sequence[Band],
    levels: Sequence[float],
    hours: Sequence[float],
    penalties: Sequence[float],
    window: int,
    n: int = 0,
) -> Row:
    total = sum(
        length * 10.0 ** ((level + penalty) / 10.0)
        for level, length, penalty in zip(levels, hours, penalties, strict=True)
        if length > 0
    )
    value = 10.0 * float(np.log10(total / sum(hours))) if total > 0 else _NAN
    detail = {f"l{name}": level for (name, _, _), level in zip(bands, levels, strict=True)}
    detail |= {f"{name}_h": length for (name, _, _), length in zip(bands, hours, strict=True)}
    return Row(value, n, window=window, note=Note.INCOMPLETE, detail=detail)


def _band_level(call: Call, window: int, band: Band) -> float:
    """Return the equivalent level of one part of the local days in a window."""
    start, end = _local_windows(call, int(call.start[window]), int(call.end[window]), band)
    found = _energies(call, start, end)
    return float(noise.leq(float(found.energy.sum()), float(found.covered_s.sum())))


def _local_windows(call: Call, start: int, end: int, band: Band) -> tuple[Ints, Ints]:
    """Return the parts of [start, end) that lie in the band's local hours."""
    day = period_start(from_us(start), Period.DAY, call.zone) - timedelta(days=1)
    found: list[tuple[int, int]] = []
    _, from_hour, to_hour = band
    while to_us(day) < end:
        # Wall-clock arithmetic: a local day may have 23 or 25 hours.
        low = to_us(day + timedelta(hours=from_hour))
        high = to_us(day + timedelta(hours=to_hour if to_hour > from_hour else to_hour + _HOURS))
        if max(low, start) < min(high, end):
            found.append((max(low, start), min(high, end)))
        day += timedelta(days=1)
    edges = np.array(found, np.int64).reshape(-1, 2)
    return edges[:, 0].copy(), edges[:, 1].copy()


def tni(call: Call) -> list[Row]:
    """Return the traffic noise index 4 (L10 - L90) + L90 - 30 of each window."""
    if call.series is None:
        return [_tni(call.parameters.needed("l10"), call.parameters.needed("l90"), 0, 0)]
    return [
        _tni(quantile(level, 90.0), quantile(level, 10.0), k, len(level))
        for k, (_, level) in enumerate(call.parts())
    ]


def _tni(l10: float, l90: float, window: int, n: int) -> Row:
    detail = {"l10": l10, "l90": l90, "noise_climate": l10 - l90}
    return Row(float(noise.tni(l10, l90)), n, window=window, note=Note.NO_DATA, detail=detail)


def lnp(call: Call) -> list[Row]:
    """Return the noise pollution level Leq + 2.56 sigma of each window."""
    if call.series is None:
        level, sigma = call.parameters.needed("leq"), call.parameters.needed("sigma")
        return [Row(float(noise.lnp(level, sigma)), detail={"leq": level, "sigma": sigma})]
    ddof = int(call.parameters.number("ddof") or 0)
    return [_lnp(level, ddof, k) for k, (_, level) in enumerate(call.parts())]


def _lnp(level: Floats, ddof: int, window: int) -> Row:
    if len(level) <= ddof:
        return Row(_NAN, len(level), window=window, note=Note.NO_DATA)
    equivalent = 10.0 * float(np.log10(np.mean(10.0 ** (level / 10.0))))
    sigma = float(np.std(level, ddof=ddof))
    detail = {"leq": equivalent, "sigma": sigma}
    return Row(float(noise.lnp(equivalent, sigma)), len(level), window=window, detail=detail)
