"""Counts of smart devices over what there is in all: alive for how long, of how many."""

from __future__ import annotations

import numpy as np
import pytest

from domain.indicators import SubjectKind
from domain.periods import Period
from processing.indicators import (
    air_stations_per_km2,
    smart_bins,
    smart_electricity_meters,
    smart_street_lights,
    smart_water_meters,
)
from tests.processing.indicators.sensors import finished, hours

DAY = ("2026-03-02T00:00", "2026-03-03T00:00")
SHARES = (smart_bins, smart_electricity_meters, smart_street_lights, smart_water_meters)


def hourly(first: int, last: int) -> list[tuple[str, float]]:
    return [(f"2026-03-02T{hour:02}:00", 1.0) for hour in range(first, last)]


@pytest.mark.parametrize("module", SHARES)
def test_a_share_is_devices_at_work_over_all(module):
    """Of 8 devices one sends all day, one falls silent at 09:00 and holds for 3 h: (24 + 12) / 24 of 8."""
    [total] = module.RECIPE.parameters
    given = {total.name: 8.0}
    sensors = [hours(hourly(0, last), *DAY, module.RECIPE, given) for last in (24, 10)]
    found, terms = finished(module.RECIPE, sensors, Period.DAY, DAY[0], given)
    assert found.value.tolist() == [100 * 1.5 / 8]
    assert found.details == [{"devices": 1.5, "total": 8.0}]
    # Silence is evidence: nothing is missing.
    assert terms.present.tolist() == terms.asked.tolist()


def test_stations_stand_on_a_surface():
    """Two stations on 16 km²."""
    recipe = air_stations_per_km2.RECIPE
    given = {"area_km2": 16.0}
    sensors = [hours(hourly(0, 24), *DAY, recipe, given) for _ in range(2)]
    assert finished(recipe, sensors, Period.DAY, DAY[0], given)[0].value.tolist() == [0.125]


@pytest.mark.parametrize("module", [*SHARES, air_stations_per_km2])
@pytest.mark.parametrize("given", [{}, 0.0])
def test_without_what_there_is_in_all_there_is_no_value(module, given):
    """Nothing typed in, or 0 typed in."""
    [total] = module.RECIPE.parameters
    typed = given if isinstance(given, dict) else {total.name: given}
    sensor = hours(hourly(0, 24), *DAY, module.RECIPE, typed)
    found, _ = finished(module.RECIPE, [sensor], Period.DAY, DAY[0], typed)
    assert np.isnan(found.value).tolist() == [True]
    assert module.INDICATOR.subject_kinds == (SubjectKind.AREA,)
