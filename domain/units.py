"""Conversion between the UCUM units that gateways send and the units in which readings are stored.

Only linear conversions inside one dimension. A mass concentration and a mixing ratio (ppb) are different
dimensions on purpose: between them stands a molar mass and a temperature, which a payload does not state.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class _Linear(NamedTuple):
    """base = factor * x + offset."""

    dimension: str
    factor: float
    offset: float = 0.0


# UCUM code -> its place in a dimension. Sources: UCUM specification 2.2, tables of base and derived units.
_UNITS: Final[dict[str, _Linear]] = {
    "1": _Linear("number", 1.0),
    "%": _Linear("number", 0.01),
    "{count}": _Linear("number", 1.0),
    "ug/m3": _Linear("mass_concentration", 1.0),
    "mg/m3": _Linear("mass_concentration", 1e3),
    "ng/m3": _Linear("mass_concentration", 1e-3),
    "g/m3": _Linear("mass_concentration", 1e6),
    "mg/L": _Linear("mass_concentration", 1e6),
    "ug/L": _Linear("mass_concentration", 1e3),
    "g/L": _Linear("mass_concentration", 1e9),
    "Cel": _Linear("temperature", 1.0),
    "K": _Linear("temperature", 1.0, -273.15),
    "[degF]": _Linear("temperature", 5.0 / 9.0, -160.0 / 9.0),
    "Pa": _Linear("pressure", 1.0),
    "hPa": _Linear("pressure", 1e2),
    "kPa": _Linear("pressure", 1e3),
    "MPa": _Linear("pressure", 1e6),
    "mbar": _Linear("pressure", 1e2),
    "bar": _Linear("pressure", 1e5),
    "m[H2O]": _Linear("pressure", 9806.65),
    "cm[H2O]": _Linear("pressure", 98.0665),
    "[psi]": _Linear("pressure", 6894.757293168361),
    "mm[Hg]": _Linear("pressure", 133.322387415),
    "mm": _Linear("length", 1e-3),
    "cm": _Linear("length", 1e-2),
    "m": _Linear("length", 1.0),
    "km": _Linear("length", 1e3),
    "[ft_i]": _Linear("length", 0.3048),
    "[in_i]": _Linear("length", 0.0254),
    "m/s": _Linear("speed", 1.0),
    "km/h": _Linear("speed", 1.0 / 3.6),
    "[mi_i]/h": _Linear("speed", 0.44704),
    "[kn_i]": _Linear("speed", 1852.0 / 3600.0),
    "deg": _Linear("angle", 1.0),
    "rad": _Linear("angle", 57.29577951308232),
    "m3": _Linear("volume", 1.0),
    "L": _Linear("volume", 1e-3),
    "m3/h": _Linear("flow", 1.0 / 3600.0),
    "m3/s": _Linear("flow", 1.0),
    "L/s": _Linear("flow", 1e-3),
    "L/min": _Linear("flow", 1e-3 / 60.0),
    "m3/d": _Linear("flow", 1.0 / 86_400.0),
    "L/d": _Linear("flow", 1e-3 / 86_400.0),
    "m3/km/d": _Linear("flow_per_length", 1.0),
    "km.d": _Linear("length_time", 1.0),
    "/km2": _Linear("surface_density", 1.0),
    "V": _Linear("voltage", 1.0),
    "mV": _Linear("voltage", 1e-3),
    "kV": _Linear("voltage", 1e3),
    "A": _Linear("current", 1.0),
    "W": _Linear("power", 1.0),
    "kW": _Linear("power", 1e3),
    "MW": _Linear("power", 1e6),
    "W.h": _Linear("energy", 3.6e3),
    "kW.h": _Linear("energy", 3.6e6),
    "MW.h": _Linear("energy", 3.6e9),
    "J": _Linear("energy", 1.0),
    "s": _Linear("time", 1.0),
    "ms": _Linear("time", 1e-3),
    "min": _Linear("time", 60.0),
    "h": _Linear("time", 3600.0),
    "d": _Linear("time", 86_400.0),
    "g": _Linear("mass", 1e-3),
    "kg": _Linear("mass", 1.0),
    "t": _Linear("mass", 1e3),
    "dB[A]": _Linear("sound", 1.0),
    "dB": _Linear("level", 1.0),
    "[NTU]": _Linear("turbidity", 1.0),
    "[FNU]": _Linear("turbidity", 1.0),
    "[pH]": _Linear("acidity", 1.0),
    "lx": _Linear("illuminance", 1.0),
    "[ppb]": _Linear("mixing_ratio", 1.0),
    "[ppm]": _Linear("mixing_ratio", 1e3),
}

# Spellings that devices really send, and the UCUM code they mean.
_SPELLINGS: Final = {
    "": "1",
    "µg/m³": "ug/m3",
    "μg/m³": "ug/m3",
    "µg/m3": "ug/m3",
    "μg/m3": "ug/m3",
    "ug/m^3": "ug/m3",
    "ug/Nm3": "ug/m3",
    "µg/Nm³": "ug/m3",
    "mg/m³": "mg/m3",
    "mg/Nm3": "mg/m3",
    "mg/l": "mg/L",
    "l": "L",
    "l/s": "L/s",
    "°C": "Cel",
    "oC": "Cel",
    "degC": "Cel",
    "celsius": "Cel",
    "°F": "[degF]",
    "degF": "[degF]",
    "mph": "[mi_i]/h",
    "kph": "km/h",
    "m³": "m3",
    "m³/h": "m3/h",
    "m3/hr": "m3/h",
    "kWh": "kW.h",
    "Wh": "W.h",
    "MWh": "MW.h",
    "psi": "[psi]",
    "mH2O": "m[H2O]",
    "mmHg": "mm[Hg]",
    "NTU": "[NTU]",
    "FNU": "[FNU]",
    "pH": "[pH]",
    "dBA": "dB[A]",
    "dB(A)": "dB[A]",
    "ppb": "[ppb]",
    "ppm": "[ppm]",
    "percent": "%",
    "°": "deg",
    "lux": "lx",
    # As stations write them; a normal cubic metre (Nm3) is taken as one, as in the spellings above.
    "µg/Nm3": "ug/m3",
    "μg/Nm3": "ug/m3",
    "μg/Nm³": "ug/m3",
    "ug/Nm³": "ug/m3",
    "mg/Nm³": "mg/m3",
    "ug/l": "ug/L",
    "µg/l": "ug/L",
    "μg/l": "ug/L",
    "µg/L": "ug/L",
    "μg/L": "ug/L",
    "ºC": "Cel",
    "℃": "Cel",
    "m³/s": "m3/s",
    # SenML's names where they differ from UCUM's (the registry begun by RFC 8428 and RFC 8798).
    "%RH": "%",
    "%EL": "%",
    "/": "1",
    "/100": "%",
    "count": "{count}",
}


class UnknownUnitError(ValueError):
    """A unit that Nhịp does not know."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        super().__init__(f"unit {unit!r} is not known; use a UCUM code such as ug/m3, Cel, kW.h")


class IncompatibleUnitError(ValueError):
    """A unit of another dimension than the quantity's."""

    def __init__(self, unit: str, wanted: str) -> None:
        self.unit = unit
        self.wanted = wanted
        super().__init__(f"unit {unit!r} cannot be converted to {wanted!r}")


def canonical_unit(unit: str) -> str:
    """Return the UCUM code that `unit` means.

    Raises:
        UnknownUnitError: neither a UCUM code nor a known spelling.
    """
    code = _SPELLINGS.get(unit, unit)
    if code not in _UNITS:
        raise UnknownUnitError(unit)
    return code


def spelt_unit(unit: str) -> str:
    """Return the UCUM code that `unit` means; `unit` itself where nothing is known of it."""
    return _SPELLINGS.get(unit, unit)


def conversion(unit: str, wanted: str) -> tuple[float, float]:
    """Return (scale, offset) with which value_wanted = scale * value + offset.

    Raises:
        UnknownUnitError: one of the units is not known.
        IncompatibleUnitError: the units measure different things.
    """
    source_code, target_code = canonical_unit(unit), canonical_unit(wanted)
    if source_code == target_code:
        return 1.0, 0.0
    source, target = _UNITS[source_code], _UNITS[target_code]
    if source.dimension != target.dimension:
        raise IncompatibleUnitError(unit, wanted)
    return source.factor / target.factor, (source.offset - target.offset) / target.factor


def units_like(wanted: str) -> list[str]:
    """Return the UCUM codes that can be converted to `wanted`, for a form's choice list."""
    dimension = _UNITS[canonical_unit(wanted)].dimension
    return sorted(code for code, unit in _UNITS.items() if unit.dimension == dimension)
