"""Units of gateways become the units of storage, or are refused by name."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quantities import QUANTITIES
from domain.units import IncompatibleUnitError, UnknownUnitError, canonical_unit, conversion, units_like


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "result"),
    [
        (86.0, "[degF]", "Cel", 30.0),
        (-40.0, "°F", "°C", -40.0),
        (300.0, "K", "Cel", 26.85),
        (1.2, "mg/m3", "ug/m3", 1200.0),
        (0.5, "mg/L", "ug/m3", 500_000.0),
        (60.0, "mph", "km/h", 96.56064),
        (1.0, "bar", "m[H2O]", 10.197162),
        (10.0, "L/s", "m3/h", 36.0),
        (1.5, "kWh", "kW.h", 1.5),
        (3.6e6, "J", "kW.h", 1.0),
        (1.0, "psi", "kPa", 6.894757),
        (25.0, "%", "1", 0.25),
        (2.0, "[ft_i]", "m", 0.6096),
        (1.0, "ppm", "ppb", 1000.0),
    ],
)
def test_values_known_from_tables(value: float, unit: str, wanted: str, result: float) -> None:
    """Conversions whose result stands in any table of units."""
    scale, offset = conversion(unit, wanted)
    assert scale * value + offset == pytest.approx(result, rel=1e-6)


@given(st.data(), st.floats(-1e6, 1e6))
def test_there_and_back_is_the_same(data: st.DataObject, value: float) -> None:
    """Converting to any unit of the same dimension and back changes nothing."""
    quantity = data.draw(st.sampled_from(sorted(QUANTITIES.values(), key=lambda found: found.code)))
    unit = data.draw(st.sampled_from(units_like(quantity.unit)))
    there, back = conversion(quantity.unit, unit), conversion(unit, quantity.unit)
    returned = back[0] * (there[0] * value + there[1]) + back[1]
    assert math.isclose(returned, value, rel_tol=1e-9, abs_tol=1e-6)


def test_the_unit_of_storage_is_taken_as_it_is() -> None:
    """No quantity's own unit is touched by arithmetic, and every one is a UCUM code that we know."""
    for quantity in QUANTITIES.values():
        assert canonical_unit(quantity.unit) == quantity.unit
        assert conversion(quantity.unit, quantity.unit) == (1.0, 0.0)
        assert quantity.unit in units_like(quantity.unit)


@pytest.mark.parametrize("unit", ["furlong", "UG/M3", "ug/m3 ", "\x00", "kg kg"])
def test_an_unknown_unit_is_named(unit: str) -> None:
    """The message holds what was found and an example of what is expected."""
    with pytest.raises(UnknownUnitError) as caught:
        canonical_unit(unit)
    assert repr(unit) in str(caught.value)
    assert "UCUM" in str(caught.value)


@pytest.mark.parametrize(
    ("unit", "wanted"), [("kg", "ug/m3"), ("ppb", "ug/m3"), ("Cel", "m"), ("dB", "dB[A]"), ("V", "W")]
)
def test_another_dimension_is_refused(unit: str, wanted: str) -> None:
    """Between a mass concentration and a mixing ratio stands a molar mass that no payload states."""
    with pytest.raises(IncompatibleUnitError) as caught:
        conversion(unit, wanted)
    assert repr(unit) in str(caught.value)
    assert repr(wanted) in str(caught.value)
