"""Kernels of values alone: statistics, percentiles, units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.units import IncompatibleUnitError, UnknownUnitError, canonical_unit, conversion
from processing.columns import Note
from processing.compute.calls import Call, Row
from processing.compute.errors import ParameterError
from processing.compute.readings import quantity_code

if TYPE_CHECKING:
    from processing.columns import Floats

_NAN = float("nan")
# g/mol, from the standard atomic weights (IUPAC 2021, conventional values).
_MOLAR_MASS: Final = {"no2": 46.005, "so2": 64.06, "o3": 47.997, "co": 28.010, "no": 30.006}
_GAS_CONSTANT: Final = 8.314462618
_ZERO_CELSIUS: Final = 273.15
_MASS: Final = "ug/m3"
_MIXING: Final = "[ppb]"


def stats(call: Call) -> list[Row]:
    """Return the mean of each window; count, std, min, max, sum beside it."""
    ddof = int(call.parameters.number("ddof") or 0)
    rows: list[Row] = []
    for k, (_, value) in enumerate(call.parts()):
        n = len(value)
        if not n:
            rows.append(Row(_NAN, 0, window=k, note=Note.NO_DATA, detail={"count": 0}))
            continue
        # Deviations from the mean: a sum of squares loses all digits at an offset.
        mean = float(np.mean(value))
        deviation = value - mean
        square = float(np.dot(deviation, deviation))
        detail = {
            "count": n,
            "mean": mean,
            "std": float(np.sqrt(square / (n - ddof))) if n > ddof else _NAN,
            "variance": square / (n - ddof) if n > ddof else _NAN,
            "std_population": float(np.sqrt(square / n)),
            "min": value.min(),
            "max": value.max(),
            "sum": float(np.sum(value)),
            "first": value[0],
            "last": value[-1],
            "median": float(np.median(value)),
        }
        rows.append(Row(mean, n, window=k, detail=detail))
    return rows


def weighted_mean(call: Call) -> list[Row]:
    """Return the mean of typed values by typed weights; a missing value leaves its weight out."""
    value = np.array(call.parameters.numbers("values"), np.float64)
    weight = np.array(call.parameters.numbers("weights"), np.float64)
    if len(value) != len(weight):
        raise ParameterError("weights", f"{len(weight)} numbers", f"{len(value)}, one for each value")
    if not (weight >= 0).all():
        raise ParameterError("weights", call.parameters.text("weights"), "numbers of 0 or more")
    known = np.isfinite(value)
    total = float(weight[known].sum())
    mean = float(value[known] @ weight[known]) / total if total > 0 else _NAN
    share = total / float(weight.sum()) if weight.sum() > 0 else _NAN
    detail = {"weight": total, "values": int(known.sum())}
    return [Row(mean, int(known.sum()), completeness=share, note=Note.NO_DATA, detail=detail)]


def percent(name: str, found: float) -> float:
    """Return a percentage; between 0 and 1 it is a share.

    Raises:
        ParameterError: it is outside 0 to 100.
    """
    scaled = found * 100.0 if 0.0 < found < 1.0 else found
    if not 0.0 <= scaled <= 100.0:  # noqa: PLR2004 # per cent
        raise ParameterError(name, found, "0 to 100")
    return scaled


def quantile(value: Floats, per_cent: float) -> float:
    """Return the percentile by linear interpolation, h = (n - 1) p; NaN without values."""
    return float(np.percentile(value, per_cent, method="linear")) if len(value) else _NAN


def percentile(call: Call) -> list[Row]:
    """Return the percentiles of each window, one row each."""
    asked = [percent("p", one) for one in call.parameters.numbers("p")]
    return [
        Row(
            quantile(value, one),
            len(value),
            window=k,
            note=Note.NO_DATA,
            detail={"p": one, "method": "linear, h = (n - 1) p"},
        )
        for k, (_, value) in enumerate(call.parts())
        for one in asked
    ]


def histogram_quantile(call: Call) -> list[Row]:
    """Return the percentiles of each window from a histogram that could be merged with others."""
    from processing.kernels import histograms  # noqa: PLC0415 # compiled only when asked for

    asked = [percent("p", one) for one in call.parameters.numbers("p")]
    step = call.parameters.number("resolution") or 0.0
    made = histograms.build(*call.readings, call.start, call.end, step)
    found = histograms.histogram_quantiles(
        made.row, made.bucket, made.counts, len(call.start), np.array(asked) / 100.0, step
    )
    counts = call.counts()
    return [
        Row(
            float(found[k, j]),
            int(counts[k]),
            window=k,
            note=Note.NO_DATA,
            detail={
                "p": one,
                "buckets": int((made.row == k).sum()),
                "relative_error_max": 0.0 if step else 2**-8,
            },
        )
        for k in range(len(call.start))
        for j, one in enumerate(asked)
    ]


def convert(call: Call) -> list[Row]:
    """Return values in another unit; between ppb and mass per volume through the ideal gas law."""
    wanted = call.parameters.text("to") or ""
    own = call.parameters.text("from")
    series = call.series
    unit = own if own is not None else (series.unit if series is not None else None)
    if unit is None:
        raise ParameterError("from", "nothing", "the unit of the values")
    gas = quantity_code((call.parameters.text("pollutant") or (series and series.quantity) or "").lower())
    scale, offset = _factors(call, unit, wanted, gas)
    detail = {"from": unit, "to": wanted, "scale": scale, "offset": offset}
    if series is None:
        found = call.parameters.numbers("value")
        if not found:
            raise ParameterError("value", "nothing", "--param value=NUMBER, or a file")
        return [Row(one * scale + offset, 1, unit=wanted, detail=detail | {"value": one}) for one in found]
    ts, value = call.readings
    return [
        Row(one * scale + offset, 1, at, at, unit=wanted, detail=detail | {"value": one})
        for at, one in zip(ts.tolist(), value.tolist(), strict=True)
    ]


def _factors(call: Call, unit: str, wanted: str, gas: str) -> tuple[float, float]:
    """Return (scale, offset).

    Raises:
        ParameterError: no conversion is known.
    """
    for name, one in (("from", unit), ("to", wanted)):
        try:
            canonical_unit(one)
        except UnknownUnitError as error:
            raise ParameterError(name, one, "a UCUM code such as ug/m3, [ppb], Cel") from error
    try:
        return conversion(unit, wanted)
    except IncompatibleUnitError:
        pass
    try:
        to_mass = _Gas(call, gas)
        if canonical_unit(wanted) in {"[ppb]", "[ppm]"}:
            return conversion(unit, _MASS)[0] / to_mass.ug_m3_per_ppb * conversion(_MIXING, wanted)[0], 0.0
        return conversion(unit, _MIXING)[0] * to_mass.ug_m3_per_ppb * conversion(_MASS, wanted)[0], 0.0
    except IncompatibleUnitError as error:
        raise ParameterError("to", wanted, f"a unit that {unit} can be converted to") from error


class _Gas:
    """How much 1 ppb of a gas weighs in a cubic metre."""

    def __init__(self, call: Call, gas: str) -> None:
        if gas not in _MOLAR_MASS:
            expected = f"one of {', '.join(_MOLAR_MASS)}: a mixing ratio needs a molar mass"
            raise ParameterError("pollutant", gas or "nothing", expected)
        kelvin = call.parameters.needed("temperature_c") + _ZERO_CELSIUS
        litres = _GAS_CONSTANT * kelvin / (call.parameters.needed("pressure_hpa") * 100.0) * 1000.0
        self.ug_m3_per_ppb = _MOLAR_MASS[gas] / litres
